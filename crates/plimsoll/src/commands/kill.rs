use crate::invocation::Invocation;

/// Send a signal to containers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Containers, by name or ID
    #[arg(required = true, value_name = "CONTAINER")]
    containers: Vec<String>,
    /// The signal, by name or number
    #[arg(long, short, default_value = "KILL")]
    signal: String,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let engine = invocation.engine()?;
    super::for_each(invocation, &args.containers, |name| {
        engine.find(name)?.kill(&args.signal)?;
        Ok(invocation.printer.line(name)?)
    })
}
