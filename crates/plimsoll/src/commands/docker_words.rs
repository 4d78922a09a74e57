//! Commands that Docker has in groups: the same ones by other words.

use super::{build, df, prune};
use crate::invocation::Invocation;

/// What one of Docker's `prune` commands is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pruned {
    Images,
    Containers,
    Cache,
}

/// Prune images, or containers, or the build cache: `prune` with `--images`, `--containers` or `--cache`
#[derive(Debug, clap::Subcommand)]
pub(crate) enum PruneCommand {
    Prune(prune::Args),
}

/// As [`PruneCommand`], and `build`
#[derive(Debug, clap::Subcommand)]
pub(crate) enum BuilderCommand {
    Build(Box<build::Args>),
    Prune(prune::Args),
}

/// What the store takes, and pruning: `df` and `prune`
#[derive(Debug, clap::Subcommand)]
pub(crate) enum SystemCommand {
    Df(df::Args),
    Prune(prune::Args),
}

pub(crate) fn run_prune(invocation: &Invocation, command: PruneCommand, what: Pruned) -> anyhow::Result<u8> {
    let PruneCommand::Prune(args) = command;
    prune::run(invocation, &args.only(what))
}

pub(crate) fn run_builder(
    invocation: &Invocation,
    command: BuilderCommand,
    what: Pruned,
) -> anyhow::Result<u8> {
    match command {
        BuilderCommand::Build(args) => build::run(invocation, *args),
        BuilderCommand::Prune(args) => prune::run(invocation, &args.only(what)),
    }
}

pub(crate) fn run_system(invocation: &Invocation, command: &SystemCommand) -> anyhow::Result<u8> {
    match command {
        SystemCommand::Df(args) => df::run(invocation, args),
        SystemCommand::Prune(args) => prune::run(invocation, args),
    }
}
