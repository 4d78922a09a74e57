use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_build::{BuildOptions, Secret, SecretSource, StepNetwork};
use plimsoll_core::{Platform, Reference};
use plimsoll_image::Image;
use plimsoll_image::sink::{self, LayerCompression};
use serde_json::json;

use super::save;
use crate::failure::Failure;
use crate::invocation::Invocation;
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
    /// Also write the image: `type=docker-archive|oci-archive|oci,dest=PATH`
    #[arg(long, short, value_name = "OUTPUT")]
    output: Vec<String>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    progress: ProgressForm,
    /// Write the image's ID to a file
    #[arg(long, value_name = "FILE")]
    iidfile: Option<PathBuf>,
    /// Write what was built to a file, as JSON
    #[arg(long, value_name = "FILE")]
    metadata_file: Option<PathBuf>,
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
    let outputs = args
        .output
        .iter()
        .map(|text| Output::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    let store = invocation.store()?;
    let (context, dockerfile) = building::inputs(args.file.as_deref(), &args.context, &store)?;
    let given = |(name, value): (String, Option<String>)| Some((name, value?));
    let options = BuildOptions {
        build_args: args.build_arg.into_iter().filter_map(given).collect(),
        proxies: settings::proxies(),
        target: args.target,
        labels: args.label,
        tags: args.tag,
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
        source_date_epoch: settings::source_date_epoch()?,
        ..BuildOptions::new(context, dockerfile)
    };
    let outcome = building::build(invocation, &store, &options, args.progress, args.pull)?;
    let image = &outcome.image;
    for output in &outputs {
        output.write(image, &options.tags, store.root())?;
    }
    if let Some(file) = &args.iidfile {
        fs::write(file, image.id.to_string())
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    if let Some(file) = &args.metadata_file {
        let metadata = json!({
            "containerimage.config.digest": image.id,
            "containerimage.digest": image.manifest_digest,
            "image.name": options.tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        });
        fs::write(file, serde_json::to_string_pretty(&metadata)? + "\n")
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    told(invocation, image, &options.tags)?;
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

/// Where else an image is written to.
#[derive(Debug)]
struct Output {
    kind: OutputKind,
    dest: PathBuf,
}

#[derive(Debug, Clone, Copy)]
enum OutputKind {
    DockerArchive,
    OciArchive,
    Oci,
}

impl Output {
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |reason: String| {
            Failure::usage(format!("`{text}` is not an output: {reason}"))
                .with_hint("use `type=docker-archive|oci-archive|oci,dest=PATH`")
        };
        let (mut kind, mut dest) = (None, None);
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("type", "docker-archive" | "docker")) => kind = Some(OutputKind::DockerArchive),
                Some(("type", "oci-archive")) => kind = Some(OutputKind::OciArchive),
                Some(("type", "oci")) => kind = Some(OutputKind::Oci),
                Some(("type", other)) => return Err(wrong(format!("type `{other}` is not supported"))),
                Some(("dest", path)) => dest = Some(PathBuf::from(path)),
                _ => return Err(wrong(format!("`{part}` is not known"))),
            }
        }
        match (kind, dest) {
            (Some(kind), Some(dest)) => Ok(Self { kind, dest }),
            (None, _) => Err(wrong("it has no `type`".to_owned())),
            (_, None) => Err(wrong("it has no `dest`".to_owned())),
        }
    }

    /// Writes the image with the names that this build gives it, and no others that it may have had before.
    fn write(&self, image: &Image, tags: &[Reference], temporary: &Path) -> anyhow::Result<()> {
        let image = Image {
            references: tags.to_vec(),
            ..image.clone()
        };
        let images = [image];
        match self.kind {
            OutputKind::DockerArchive => {
                save::to(&images, save::Format::DockerArchive, &self.dest, temporary)
            }
            OutputKind::OciArchive => save::to(&images, save::Format::OciArchive, &self.dest, temporary),
            OutputKind::Oci => Ok(sink::oci::write_dir(&images, &self.dest, LayerCompression::Gzip)?),
        }
    }
}
