use crate::columns::columns;
use crate::exit;
use crate::invocation::Invocation;

/// List the processes of a container
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The container, by name or ID
    container: String,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let processes = invocation.engine()?.find(&args.container)?.top()?;
    let rows: Vec<Vec<String>> = processes
        .into_iter()
        .map(|process| {
            vec![
                process.uid.to_string(),
                process.pid.to_string(),
                process.ppid.to_string(),
                process.state.to_string(),
                process.command,
            ]
        })
        .collect();
    invocation
        .printer
        .data(&columns(&["UID", "PID", "PPID", "STATE", "CMD"], &rows))?;
    Ok(exit::DONE)
}
