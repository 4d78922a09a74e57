use plimsoll_dockerfile::{Instruction, Run, history as text};

pub(super) use crate::run::check;

use crate::error::Result;
use crate::graph::Step;
use crate::run::Job;
use crate::stage::StageBuild;
use crate::state::StageState;

/// `RUN`: what a process changes in the file system.
pub(super) fn apply(
    stage: &mut StageBuild<'_>,
    step: &Step,
    expanded: &Instruction,
    run: &Run,
) -> Result<()> {
    check(step, run, stage.builder.options)?;
    let job = Job::new(stage, step, expanded, run)?;
    let created_by = text::run(job.arguments(), &declared(&stage.state));
    // As it is written: values of variables may be secrets, and progress goes to logs.
    let mut shown = step.instruction.source.clone();
    if let Some(first) = step.instruction.heredocs.first() {
        let mut lines = first.content.trim().lines();
        let more = if lines.clone().count() > 1 { "..." } else { "" };
        shown.push_str(&format!(" ({}{more})", lines.next().unwrap_or_default()));
    }
    stage.file_step(step, &shown, created_by, |stage, id| job.make(stage, id))
}

/// The arguments of the stage with the values that they have for this step, each once.
fn declared(state: &StageState) -> Vec<(String, String)> {
    let mut declared: Vec<(String, String)> = Vec::new();
    for (name, own) in &state.args {
        let value = state.variables.value(name).or(own.as_deref()).unwrap_or_default();
        match declared.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => declared.push((name.clone(), value.to_owned())),
        }
    }
    declared
}
