use std::time::Duration;

use crate::invocation::Invocation;

/// Ask containers to end, and kill those that do not
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Containers, by name or ID
    #[arg(required = true, value_name = "CONTAINER")]
    containers: Vec<String>,
    /// Seconds to wait before the kill; the container's own by default
    #[arg(long, short, visible_alias = "timeout", value_name = "SECONDS")]
    time: Option<u64>,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let engine = invocation.engine()?;
    super::for_each(invocation, &args.containers, |name| {
        engine.find(name)?.stop(args.time.map(Duration::from_secs))?;
        Ok(invocation.printer.line(name)?)
    })
}
