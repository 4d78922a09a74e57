use plimsoll_sandbox::ExecOptions;

use super::run::{code_of, engine_error};
use crate::failure::with_code;
use crate::invocation::Invocation;
use crate::{exit, values};

/// Run a command in a running container
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run it in the background
    #[arg(long, short)]
    detach: bool,
    /// Set a variable
    #[arg(long, short, value_name = "K=V", value_parser = values::pair)]
    env: Vec<(String, String)>,
    /// Keep standard input open, as is always done
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
    let container = with_code(exit::GATE, invocation.engine())?.find(&args.container).map_err(|error| anyhow::Error::from(error))?;
    let options = ExecOptions {
        command: args.command,
        env: args.env,
        user: args.user,
        working_dir: args.workdir,
        tty: args.tty,
        detach: args.detach,
    };
    let code = container.exec(&options).map_err(engine_error)?;
    Ok(code_of(code))
}
