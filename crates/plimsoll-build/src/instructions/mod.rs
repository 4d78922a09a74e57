//! One file for each instruction. Those that change the configuration alone are functions of the stage's state;
//! those that work on files are steps, which are looked up before they are carried out.

mod add;
mod arg;
mod cmd;
mod copy;
mod entrypoint;
mod env;
mod expose;
mod fetch;
mod files;
mod healthcheck;
mod label;
mod maintainer;
mod onbuild;
mod run;
mod shell;
mod stop_signal;
#[cfg(test)]
mod testing;
mod user;
mod volume;
mod workdir;

use plimsoll_dockerfile::{Instruction, InstructionKind as Kind};

pub(crate) use files::take_files;
pub(crate) use onbuild::parse_trigger;

use crate::error::{Result, WordProblem};
use crate::graph::Step;
use crate::options::BuildOptions;
use crate::stage::StageBuild;
use crate::state::StageState;

/// Whether an instruction is a step of its own, with progress and cache.
pub(crate) fn works_on_files(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Add(_) | Kind::Copy(_) | Kind::Run(_) | Kind::Workdir(_)
    )
}

/// Finds what is not supported, before anything is built.
pub(crate) fn check(step: &Step, options: &BuildOptions) -> Result<()> {
    match &step.instruction.kind {
        Kind::Run(run) => run::check(step, run, options),
        _ => Ok(()),
    }
}

/// Carries out one instruction. `expanded` is that of `step` with its words expanded.
pub(crate) fn apply(stage: &mut StageBuild<'_>, step: &Step, expanded: &Instruction) -> Result<()> {
    match &expanded.kind {
        Kind::Add(add) => add::apply(stage, step, expanded, add),
        Kind::Copy(copy) => copy::apply(stage, step, expanded, copy),
        Kind::Run(run) => run::apply(stage, step, expanded, run),
        Kind::Workdir(workdir) => workdir::apply(stage, step, workdir),
        // Its defaults see the declarations before them, so it expands them itself.
        Kind::Arg(_) => match &step.instruction.kind {
            Kind::Arg(arg) => {
                let builder = stage.builder;
                let result = arg::apply(
                    &mut stage.state,
                    arg,
                    builder.escape,
                    &builder.given,
                    &builder.globals,
                );
                result.map_err(|problem| step.failed(problem))
            }
            _ => Ok(()),
        },
        kind => {
            if let Kind::User(user) = kind
                && user.user.text.is_empty()
            {
                stage.complain(
                    step,
                    user.user.span,
                    "the user comes to nothing, which stands for root",
                );
            }
            configure(&mut stage.state, kind).map_err(|wrong| step.failed_at(wrong.span, *wrong.problem))
        }
    }
}

/// Carries out an instruction that changes the configuration alone. An error comes with the word that it is about.
fn configure(state: &mut StageState, kind: &Kind) -> Result<(), WordProblem> {
    match kind {
        Kind::Cmd { command } => cmd::apply(state, command),
        Kind::Entrypoint { command } => entrypoint::apply(state, command),
        Kind::Env(env) => env::apply(state, env),
        Kind::Expose(expose) => expose::apply(state, expose)?,
        Kind::Healthcheck(check) => healthcheck::apply(state, check),
        Kind::Label(label) => label::apply(state, label),
        Kind::Maintainer(maintainer) => maintainer::apply(state, maintainer),
        Kind::Onbuild(onbuild) => onbuild::apply(state, onbuild),
        Kind::Shell(shell) => shell::apply(state, shell),
        Kind::StopSignal(stop) => stop_signal::apply(state, stop)?,
        Kind::User(user) => user::apply(state, user),
        Kind::Volume(volume) => volume::apply(state, volume)?,
        Kind::Add(_) | Kind::Arg(_) | Kind::Copy(_) | Kind::Run(_) | Kind::Workdir(_) => {}
    }
    Ok(())
}
