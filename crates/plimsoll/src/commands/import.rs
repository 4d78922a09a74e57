use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_core::{Platform, Reference};
use plimsoll_dockerfile::InstructionKind;
use plimsoll_image::ImageConfig;

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
    let mut config = ImageConfig { created: Some(jiff::Timestamp::now().to_string()), ..ImageConfig::default() };
    config.set_platform(&args.platform.unwrap_or_else(Platform::host));
    for change in &args.change {
        apply(change, &mut config)?;
    }
    let input: Box<dyn Read + Send> = if args.file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(&args.file).with_context(|| format!("cannot read `{}`", args.file.display()))?)
    };
    let names: Vec<Reference> = args.name.into_iter().collect();
    let image = invocation.store()?.import(input, &args.file, &config, &names, args.message.as_deref())?;
    invocation.printer.line(&image.id.to_string())?;
    Ok(exit::DONE)
}

/// Applies one instruction that changes the configuration alone.
fn apply(change: &str, config: &mut ImageConfig) -> anyhow::Result<()> {
    let text = format!("FROM scratch\n{change}\n");
    let parsed = plimsoll_dockerfile::parse(&text);
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(Failure::usage(format!("`{change}`: {}", diagnostic.message)).into());
    }
    let stages = &parsed.dockerfile.stages;
    let instruction: Option<&InstructionKind> = stages.first().and_then(|stage| stage.instructions.first()).map(|one| &one.kind);
    let applied = instruction.is_some_and(|kind| plimsoll_build::apply_to_config(kind, config));
    if !applied {
        return Err(Failure::usage(format!("`{change}` does not change the configuration alone"))
            .with_hint("use CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR")
            .into());
    }
    Ok(())
}
