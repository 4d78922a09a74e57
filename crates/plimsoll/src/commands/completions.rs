use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit;
use crate::invocation::Invocation;

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "plimsoll", &mut script);
    invocation.printer.bytes(&script)?;
    Ok(exit::DONE)
}
