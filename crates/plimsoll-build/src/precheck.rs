//! What can be told of the words of instructions before anything is pulled or built: all of it at once.

use std::collections::BTreeSet;

use plimsoll_dockerfile::{Diagnostic, InstructionKind, Level, MountFlag, MountKind, Run};

use crate::error::{Error, Result};
use crate::graph::{Base, Graph, Origin, Step};
use crate::run::NO_TARGET;

/// Finds what is wrong, whatever the variables are, in the stages that the target needs. As with BuildKit, it does no
/// harm in others. `known` are the warnings of the parser.
///
/// # Errors
/// [`Error::Dockerfile`] with everything that is wrong, and the warnings.
pub(crate) fn words(graph: &Graph<'_>, escape: char, known: &[Diagnostic]) -> Result<()> {
    let mut wrong = Vec::new();
    for index in needed(graph) {
        for instruction in &graph.stages[index].stage.instructions {
            wrong.extend(instruction.check_words(escape));
            if let InstructionKind::Run(run) = &instruction.kind {
                wrong.extend(without_target(run));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.extend_from_slice(known);
    wrong.sort_by_key(|diagnostic| diagnostic.span);
    Err(Error::Dockerfile(wrong))
}

/// The stages that the target needs, as far as the Dockerfile itself says so.
fn needed(graph: &Graph<'_>) -> BTreeSet<usize> {
    let mut needed = BTreeSet::new();
    let mut next = vec![graph.target];
    while let Some(index) = next.pop() {
        let plan = &graph.stages[index];
        if plan.is_replaced || !needed.insert(index) {
            continue;
        }
        if let Base::Stage(base) = plan.base {
            next.push(base);
        }
        let steps: Vec<Step> = plan.stage.instructions.iter().map(Step::own).collect();
        // A stage that is not there is told of when the stages are planned.
        let origins = graph.origins(steps.iter(), index).unwrap_or_default();
        next.extend(origins.into_iter().filter_map(|(origin, ..)| match origin {
            Origin::Stage(stage) => Some(stage),
            _ => None,
        }));
    }
    needed
}

/// Mounts that do not say where.
fn without_target(run: &Run) -> impl Iterator<Item = Diagnostic> + '_ {
    let lacks = |flag: &&MountFlag| {
        let named = |option: &plimsoll_dockerfile::MountOption| {
            let key = option.key.text.to_ascii_lowercase();
            matches!(key.as_str(), "target" | "dst" | "destination")
        };
        let needs = |kind| !matches!(kind, MountKind::Secret | MountKind::Ssh);
        !flag.options.iter().any(named) && flag.resolve().is_ok_and(|mount| needs(mount.kind))
    };
    run.mounts.iter().filter(lacks).map(|flag| {
        let (message, hint) = NO_TARGET;
        Diagnostic {
            level: Level::Error,
            code: "bad-mount",
            message: message.to_owned(),
            span: flag.span,
            hint: Some(plimsoll_core::Hint::new(hint)),
        }
    })
}
