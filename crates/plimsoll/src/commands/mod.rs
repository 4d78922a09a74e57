//! One command, one file: its `Args` and its `run`, which gives the exit code.

pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod db;
pub(crate) mod demo;
pub(crate) mod df;
pub(crate) mod docker_words;
pub(crate) mod dockerfile;
pub(crate) mod exec;
pub(crate) mod history;
pub(crate) mod images;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod kill;
pub(crate) mod load;
pub(crate) mod logs;
pub(crate) mod prune;
pub(crate) mod ps;
pub(crate) mod pull;
pub(crate) mod restart;
pub(crate) mod rm;
pub(crate) mod rmi;
pub(crate) mod run;
pub(crate) mod save;
pub(crate) mod sbom;
pub(crate) mod scan;
pub(crate) mod start;
pub(crate) mod stats;
pub(crate) mod stop;
pub(crate) mod tag;
pub(crate) mod top;
pub(crate) mod version;
pub(crate) mod wait;

use crate::cli::Command;
use crate::exit;
use crate::invocation::Invocation;
use docker_words::Pruned;

/// Runs one command and gives its exit code.
pub(crate) fn run(invocation: &Invocation, command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Build(args) => build::run(invocation, *args),
        Command::Run(args) => run::run(invocation, *args),
        Command::Audit(args) => audit::run(invocation, &args),
        Command::Compare(args) => compare::run(invocation, &args),
        Command::Scan(args) => scan::run(invocation, &args),
        Command::Sbom(args) => sbom::run(invocation, &args),
        Command::Demo(args) => demo::run(invocation, &args),
        Command::Db(command) => db::run(invocation, command),
        Command::Images(args) => images::run(invocation, &args),
        Command::Inspect(args) => inspect::run(invocation, &args),
        Command::History(args) => history::run(invocation, &args),
        Command::Tag(args) => tag::run(invocation, &args),
        Command::Rmi(args) => rmi::run(invocation, &args),
        Command::Save(args) => save::run(invocation, &args),
        Command::Load(args) => load::run(invocation, args),
        Command::Import(args) => import::run(invocation, args),
        Command::Pull(args) => pull::run(invocation, args),
        Command::Ps(args) => ps::run(invocation, &args),
        Command::Logs(args) => logs::run(invocation, &args),
        Command::Exec(args) => exec::run(invocation, args),
        Command::Stats(args) => stats::run(invocation, &args),
        Command::Top(args) => top::run(invocation, &args),
        Command::Start(args) => start::run(invocation, &args),
        Command::Stop(args) => stop::run(invocation, &args),
        Command::Restart(args) => restart::run(invocation, &args),
        Command::Kill(args) => kill::run(invocation, &args),
        Command::Wait(args) => wait::run(invocation, &args),
        Command::Rm(args) => rm::run(invocation, &args),
        Command::Prune(args) => prune::run(invocation, &args),
        Command::Df(args) => df::run(invocation, &args),
        Command::System(command) => docker_words::run_system(invocation, &command),
        Command::Builder(command) | Command::Buildx(command) => {
            docker_words::run_builder(invocation, command, Pruned::Cache)
        }
        Command::Image(command) => docker_words::run_builder(invocation, command, Pruned::Images),
        Command::Container(command) => docker_words::run_prune(invocation, command, Pruned::Containers),
        Command::Dockerfile(command) => dockerfile::run(invocation, command),
        Command::Completions(args) => completions::run(invocation, &args),
        Command::Version(args) => version::run(invocation, &args),
    }
}

/// Does one thing to each name: what fails is told at once and the rest is still done.
fn for_each(
    invocation: &Invocation,
    names: &[String],
    mut act: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<u8> {
    let mut code = exit::DONE;
    for name in names {
        if let Err(error) = act(name) {
            invocation.printer.error(&crate::failure::message(&error));
            if let Some(hint) = crate::failure::hint(&error) {
                invocation.printer.hint(&hint);
            }
            code = crate::failure::code(&error);
        }
    }
    Ok(code)
}
