use std::path::PathBuf;

use plimsoll_build::{BuildOptions, Secret, SecretSource, StepNetwork};
use plimsoll_core::{Platform, Reference};
use plimsoll_image::Image;

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::output::OutputArgs;
use crate::progress::ProgressForm;
use crate::{building, exit, human, settings, values};

/// Build an image from a Dockerfile
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The Dockerfile; by default `Dockerfile` in the context; `-` for standard input
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Name the image
    #[arg(long, short, value_name = "NAME[:TAG]")]
    tag: Vec<Reference>,
    /// Set an ARG of the Dockerfile; `K` alone takes it from the environment
    #[arg(long, value_name = "K=V", value_parser = values::variable)]
    build_arg: Vec<(String, Option<String>)>,
    /// Build this stage and what it needs
    #[arg(long, value_name = "STAGE")]
    target: Option<String>,
    /// Add a label
    #[arg(long, value_name = "K=V", value_parser = values::pair)]
    label: Vec<(String, String)>,
    /// Give a secret to `RUN --mount=type=secret`: `id=NAME[,src=FILE|,env=VARIABLE]`
    #[arg(long, value_name = "SECRET")]
    secret: Vec<String>,
    /// Run every step, even those that are cached
    #[arg(long)]
    no_cache: bool,
    /// Pull base images even if they are in the store
    #[arg(long)]
    pull: bool,
    /// The network of RUN
    #[arg(long, value_enum, default_value_t, value_name = "NETWORK")]
    network: NetworkName,
    /// Let RUN trust the certificates that this host trusts; nothing of it gets into the image
    #[arg(long)]
    host_ca: bool,
    /// The platform to build for
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    progress: ProgressForm,
    #[command(flatten)]
    output: OutputArgs,
    /// The folder to build from; `-` for a tar or a Dockerfile on standard input
    context: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum NetworkName {
    #[default]
    #[value(alias = "default")]
    Host,
    None,
}

pub(crate) fn run(invocation: &Invocation, args: Args) -> anyhow::Result<u8> {
    plimsoll_build::prepare_process()?;
    let epoch = settings::source_date_epoch()?;
    let outputs = args.output.check(epoch)?;
    let store = invocation.store()?;
    let (context, dockerfile) = building::inputs(args.file.as_deref(), &args.context, &store)?;
    let given = |(name, value): (String, Option<String>)| Some((name, value?));
    let options = BuildOptions {
        build_args: args.build_arg.into_iter().filter_map(given).collect(),
        proxies: settings::proxies(),
        target: args.target,
        labels: args.label,
        annotations: outputs.manifest_annotations(),
        tags: [args.tag, outputs.names()].concat(),
        no_cache: args.no_cache,
        network: match args.network {
            NetworkName::Host => StepNetwork::Host,
            NetworkName::None => StepNetwork::None,
        },
        host_ca: if args.host_ca {
            Some(settings::host_ca()?)
        } else {
            None
        },
        secrets: args
            .secret
            .iter()
            .map(|text| secret(text))
            .collect::<Result<_, _>>()?,
        platform: args.platform,
        source_date_epoch: epoch,
        ..BuildOptions::new(context, dockerfile)
    };
    let outcome = building::build(invocation, &store, &options, args.progress, args.pull)?;
    let image = &outcome.image;
    outputs.write(&store, image, &options.tags)?;
    if !(outputs.uses_stdout() && invocation.printer.is_quiet()) {
        told(invocation, image, &options.tags)?;
    }
    Ok(exit::DONE)
}

/// With `--quiet` only the ID is printed, as data; else what was built is told.
fn told(invocation: &Invocation, image: &Image, tags: &[Reference]) -> anyhow::Result<()> {
    let printer = invocation.printer;
    if printer.is_quiet() {
        return Ok(printer.line(&image.id.to_string())?);
    }
    let size = human::size(image.size()?);
    printer.status(&format!(
        "built {} ({size}, {} layers)",
        image.id,
        image.layers.len()
    ));
    for tag in tags {
        printer.status(&format!("named {tag}"));
    }
    Ok(())
}

fn secret(text: &str) -> Result<Secret, Failure> {
    let wrong = |reason: &str| {
        Failure::usage(format!("`{text}` is not a secret: {reason}"))
            .with_hint("use `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`")
    };
    let (mut id, mut file, mut variable) = (None, None, None);
    for part in text.split(',') {
        match part.split_once('=') {
            Some(("id", value)) => id = Some(value.to_owned()),
            Some(("src" | "source", value)) => file = Some(PathBuf::from(value)),
            Some(("env", value)) => variable = Some(value.to_owned()),
            Some(("type", "file" | "env")) => {}
            _ => return Err(wrong(&format!("`{part}` is not known"))),
        }
    }
    let id = id.ok_or_else(|| wrong("it has no `id`"))?;
    let source = match (file, variable) {
        (Some(file), None) => SecretSource::File(file),
        (None, variable) => {
            let name = variable.unwrap_or_else(|| id.clone());
            let value =
                std::env::var(&name).map_err(|_| wrong(&format!("the variable `{name}` is not set")))?;
            SecretSource::Bytes(value.into_bytes())
        }
        (Some(_), Some(_)) => return Err(wrong("it has both a file and a variable")),
    };
    Ok(Secret { id, source })
}
