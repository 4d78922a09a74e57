use crate::invocation::Invocation;

/// Remove containers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Containers, by name or ID
    #[arg(required = true, value_name = "CONTAINER")]
    containers: Vec<String>,
    /// Kill those that run
    #[arg(long, short)]
    force: bool,
    /// Also remove their anonymous volumes, as is always done
    #[arg(long, short)]
    volumes: bool,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let engine = invocation.engine()?;
    super::for_each(invocation, &args.containers, |name| {
        engine.find(name)?.remove(args.force)?;
        Ok(invocation.printer.line(name)?)
    })
}
