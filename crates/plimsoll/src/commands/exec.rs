use plimsoll_sandbox::{ExecOptions, Streams};

use super::run::{attached, code_of};
use crate::invocation::Invocation;
use crate::values;

/// Run a command in a running container
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run it in the background
    #[arg(long, short)]
    detach: bool,
    /// Set a variable
    #[arg(long, short, value_name = "K=V", value_parser = values::pair)]
    env: Vec<(String, String)>,
    /// Hand standard input on
    #[arg(long, short)]
    interactive: bool,
    /// Give it a terminal
    #[arg(long, short)]
    tty: bool,
    /// The user: `NAME|UID[:GROUP|GID]`
    #[arg(long, short, value_name = "USER")]
    user: Option<String>,
    /// The folder that the command starts in
    #[arg(long, short, value_name = "DIR")]
    workdir: Option<String>,
    /// The container, by name or ID
    container: String,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

pub(crate) fn run(invocation: &Invocation, args: Args) -> anyhow::Result<u8> {
    let container = invocation.engine()?.find(&args.container)?;
    let options = ExecOptions {
        command: args.command,
        env: args.env,
        user: args.user,
        working_dir: args.workdir,
        tty: args.tty,
        detach: args.detach,
    };
    let interactive = args.interactive;
    let code = attached(|streams| {
        let stdin = streams.stdin.filter(|_| interactive);
        container.exec(&options, Streams { stdin, ..streams })
    })?;
    Ok(code_of(code))
}
