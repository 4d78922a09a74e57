use plimsoll_dockerfile::{Add, CopySource, Instruction, history as text};

use super::copy::Job;
use super::fetch::{self, Downloads};
use crate::error::{Problem, Result};
use crate::graph::Step;
use crate::remote::Remote;
use crate::stage::StageBuild;

/// Whether a source is to be downloaded.
pub(super) fn is_remote(source: &str) -> bool {
    Remote::parse(source).is_some()
}

/// That a checksum is given only for what is downloaded.
fn check(step: &Step, add: &Add) -> Result<()> {
    let paths = add.sources.iter().filter_map(|source| match source {
        CopySource::Path(word) => Some(word.text.as_str()),
        CopySource::Heredoc { .. } => None,
    });
    let Some(flag) = &add.checksum else { return Ok(()) };
    let problem = match paths.collect::<Vec<_>>()[..] {
        [only] if is_remote(only) => return Ok(()),
        [_] => Problem::invalid_with("`--checksum` is for downloads only", "take the flag away"),
        _ => Problem::invalid_with(
            "`--checksum` is for a single source",
            "add each download by an `ADD` of its own",
        ),
    };
    Err(step.failed_at(flag.span, problem))
}

/// `ADD`: as `COPY`, but archives of the context are extracted, and addresses downloaded.
pub(super) fn apply(
    stage: &mut StageBuild<'_>,
    step: &Step,
    expanded: &Instruction,
    add: &Add,
) -> Result<()> {
    check(step, add)?;
    let checksum = match &add.checksum {
        Some(flag) => {
            let parsed = fetch::Checksum::parse(&flag.value.text);
            Some(parsed.map_err(|problem| step.failed_at(flag.span, problem))?)
        }
        None => None,
    };
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
        downloads: Some(Downloads {
            checksum,
            keep_git_dir: add.keep_git_dir.map(|flag| flag.value),
            unpack: add.unpack.is_some_and(|flag| flag.value),
        }),
    };
    job.carry_out(stage, text::add(add, &expanded.heredocs))
}
