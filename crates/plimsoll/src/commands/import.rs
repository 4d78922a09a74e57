use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_build::{BaseImages, BuildOptions, Context, DockerfileText, ForeignError, Silent};
use plimsoll_core::{Platform, Reference};
use plimsoll_dockerfile::InstructionKind;
use plimsoll_image::{Image, ImageConfig, Store};

use crate::exit;
use crate::failure::Failure;
use crate::invocation::Invocation;

/// Make an image of one layer from the tar of a root file system
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The tar, which may be compressed; `-` for standard input
    file: PathBuf,
    /// The name of the image
    #[arg(value_name = "NAME[:TAG]")]
    name: Option<Reference>,
    /// A Dockerfile instruction for the configuration: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR
    #[arg(long, short, value_name = "INSTRUCTION")]
    change: Vec<String>,
    /// What the history says of the layer
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// The platform that the files are for
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
}

pub(crate) fn run(invocation: &Invocation, args: Args) -> anyhow::Result<u8> {
    let changes = args.change.join("\n");
    check(&changes)?;
    let mut config = ImageConfig {
        created: Some(jiff::Timestamp::now().to_string()),
        ..ImageConfig::default()
    };
    config.set_platform(&args.platform.unwrap_or_else(Platform::host));
    let input: Box<dyn Read + Send> = if args.file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(&args.file).with_context(|| format!("cannot read `{}`", args.file.display()))?)
    };
    let store = invocation.store()?;
    let names: Vec<Reference> = args.name.into_iter().collect();
    if !changes.is_empty() {
        plimsoll_build::prepare_process()?;
    }
    let plain = if changes.is_empty() { &names[..] } else { &[] };
    let mut image = store.import(input, &args.file, &config, plain, args.message.as_deref())?;
    if !changes.is_empty() {
        image = changed(&store, image, &changes, names)?;
    }
    invocation.printer.line(&image.id.to_string())?;
    Ok(exit::DONE)
}

/// Refuses instructions that need more than the configuration.
fn check(changes: &str) -> anyhow::Result<()> {
    let parsed = plimsoll_dockerfile::parse(&format!("FROM imported\n{changes}\n"));
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(Failure::usage(format!("`--change`: {}", diagnostic.message)).into());
    }
    for stage in &parsed.dockerfile.stages {
        for instruction in &stage.instructions {
            use InstructionKind as Kind;
            if matches!(
                instruction.kind,
                Kind::Add(_) | Kind::Arg(_) | Kind::Copy(_) | Kind::Run(_) | Kind::Onbuild(_)
            ) {
                return Err(Failure::usage(format!("`{}` does not change the configuration alone", instruction.source))
                    .with_hint("use CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR")
                    .into());
            }
        }
    }
    Ok(())
}

/// The image that was just imported, whatever name is asked for.
struct Imported(Image);

impl BaseImages for Imported {
    fn resolve(&self, _: &Reference, _: &Platform) -> Result<Image, ForeignError> {
        Ok(self.0.clone())
    }
}

/// The image with the changes, built like any other; the one without them is not kept.
fn changed(store: &Store, image: Image, changes: &str, names: Vec<Reference>) -> anyhow::Result<Image> {
    let text = format!("FROM imported\n{changes}\n");
    let options = BuildOptions {
        tags: names,
        platform: Some(image.config.platform()),
        ..BuildOptions::new(
            Context::empty(store.root())?,
            DockerfileText::new("--change", text),
        )
    };
    let plain = image.id;
    let outcome = plimsoll_build::build(store, &options, &Imported(image), &Silent)?;
    if outcome.image.id != plain {
        store.remove(&plain.to_string(), false, &|_| None)?;
    }
    Ok(outcome.image)
}
