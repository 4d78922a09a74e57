use crate::invocation::Invocation;

/// Wait until containers have ended and print their exit codes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Containers, by name or ID
    #[arg(required = true, value_name = "CONTAINER")]
    containers: Vec<String>,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let engine = invocation.engine()?;
    super::for_each(invocation, &args.containers, |name| {
        let code = engine.find(name)?.wait()?;
        Ok(invocation.printer.line(&code.to_string())?)
    })
}
