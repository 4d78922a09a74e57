use plimsoll_dockerfile::{Add, CopySource, Instruction, history as text};

use super::copy::Job;
use crate::error::{Problem, Result};
use crate::graph::Step;
use crate::stage::StageBuild;

/// Whether a source is to be downloaded.
pub(super) fn is_remote(source: &str) -> bool {
    const SCHEMES: [&str; 5] = ["http://", "https://", "git://", "ssh://", "git@"];
    SCHEMES.iter().any(|scheme| source.starts_with(scheme))
}

/// Downloads are not supported.
pub(super) fn check(step: &Step, add: &Add) -> Result<()> {
    for source in &add.sources {
        if let CopySource::Path(word) = source
            && is_remote(&word.text)
        {
            let problem = Problem::unsupported(
                format!("`ADD` of `{}`", word.text),
                Some("download it in a `RUN`, or put it into the build context"),
            );
            return Err(step.failed_at(word.span, problem));
        }
    }
    match &add.checksum {
        Some(flag) => Err(step.failed_at(
            flag.span,
            Problem::invalid_with("`--checksum` is for downloads only", "take the flag away"),
        )),
        None => Ok(()),
    }
}

/// `ADD`: as `COPY`, but archives of the context are extracted.
pub(super) fn apply(
    stage: &mut StageBuild<'_>,
    step: &Step,
    expanded: &Instruction,
    add: &Add,
) -> Result<()> {
    check(step, add)?;
    let job = Job {
        step,
        kind: "add",
        options: &add.options,
        from: None,
        parents: false,
        sources: &add.sources,
        heredocs: &expanded.heredocs,
        destination: &add.destination,
        unpack: add.unpack.is_none_or(|flag| flag.value),
    };
    job.carry_out(stage, text::add(add, &expanded.heredocs))
}
