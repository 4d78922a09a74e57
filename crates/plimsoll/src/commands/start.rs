use crate::invocation::Invocation;

/// Start containers that do not run
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Containers, by name or ID
    #[arg(required = true, value_name = "CONTAINER")]
    containers: Vec<String>,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let engine = invocation.engine()?;
    super::for_each(invocation, &args.containers, |name| {
        engine.find(name)?.start_detached()?;
        Ok(invocation.printer.line(name)?)
    })
}
