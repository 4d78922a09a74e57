//! Which stages a target needs, and in which order they can be built.

use std::collections::BTreeSet;

use plimsoll_core::{Platform, Reference, Span};
use plimsoll_dockerfile::expand::Environment;
use plimsoll_dockerfile::{Dockerfile, Instruction, InstructionKind, Stage, Word};

use crate::error::{Error, InstructionError, Problem, Result};
use crate::named::{Named, NamedContexts};
use crate::state::Variables;

/// What a stage starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    Scratch,
    /// An earlier stage, by index.
    Stage(usize),
    /// An image; by name only, as an unneeded stage may name one that does not exist.
    Image(String),
    /// The files of a named context, by index.
    Files(usize),
}

/// Where `COPY --from` or `RUN --mount=from=` takes files from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    Scratch,
    Stage(usize),
    Image(Reference),
    /// A named context of files, by index.
    Files(usize),
}

/// A stage with its `FROM` worked out.
#[derive(Debug)]
pub(crate) struct StagePlan<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) base: Base,
    pub(crate) platform: Platform,
    /// Whether a named context stands in for the stage, so that its instructions do not count.
    pub(crate) is_replaced: bool,
}

/// The stages of a Dockerfile.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    pub(crate) stages: Vec<StagePlan<'a>>,
    pub(crate) target: usize,
    contexts: NamedContexts<'a>,
}

impl<'a> Graph<'a> {
    /// Works out every `FROM` and finds the target. `variables` are those of the global scope.
    pub(crate) fn new(
        dockerfile: &'a Dockerfile,
        variables: &Variables,
        target: Option<&str>,
        platform: &Platform,
        contexts: NamedContexts<'a>,
    ) -> Result<Self> {
        let mut stages: Vec<StagePlan<'a>> = Vec::new();
        for stage in &dockerfile.stages {
            let failed = |problem| at_from(stage, problem);
            let (from, _) = stage
                .from
                .expand(dockerfile.escape, variables as &dyn Environment)
                .map_err(|error| failed(Problem::from(error)))?;
            let image = from.image.text;
            if image.is_empty() {
                let message = format!(
                    "`{}` comes to nothing, but `FROM` needs an image",
                    stage.from.image.text
                );
                let hint =
                    "give the variable a default in an `ARG` before the first `FROM`, or use `--build-arg`";
                return Err(failed(Problem::invalid_with(message, hint)));
            }
            let platform = match from.platform {
                Some(flag) => flag
                    .value
                    .text
                    .parse()
                    .map_err(|error: plimsoll_core::PlatformError| {
                        failed(Problem::invalid(error.to_string()))
                    })?,
                None => platform.clone(),
            };
            let stage_named = |name: &str| {
                stages
                    .iter()
                    .rposition(|earlier: &StagePlan<'_>| earlier.is_named(name))
            };
            let stands_in = stage.name.as_deref().and_then(|name| contexts.find(name));
            let base = match stands_in {
                Some(Named::Files(index)) => Base::Files(index),
                Some(Named::Image) => Base::Image(stage.name.clone().unwrap_or_default()),
                Some(Named::Stage(other)) => {
                    Base::Stage(stage_named(other).ok_or_else(|| failed(no_stage(other)))?)
                }
                None => match (stage_named(&image), contexts.find(&image)) {
                    (Some(index), _) => Base::Stage(index),
                    (None, Some(Named::Files(index))) => Base::Files(index),
                    (None, Some(Named::Stage(other))) => {
                        Base::Stage(stage_named(other).ok_or_else(|| failed(no_stage(other)))?)
                    }
                    (None, None) if image == "scratch" => Base::Scratch,
                    (None, Some(Named::Image) | None) => Base::Image(image),
                },
            };
            stages.push(StagePlan {
                stage,
                base,
                platform,
                is_replaced: stands_in.is_some(),
            });
        }
        let target = find_target(&stages, target)?;
        Ok(Self {
            stages,
            target,
            contexts,
        })
    }

    /// What `--from=NAME` in the stage `current` means: a stage before it by name or index, else an image.
    pub(crate) fn origin(&self, name: &str, current: usize) -> Result<Origin, Problem> {
        if name.contains('$') {
            return Err(Problem::invalid_with(
                format!("`{name}`: variables are not expanded in `from`"),
                "name a stage with `FROM ${VARIABLE} AS name` and copy from that",
            ));
        }
        let named = |name: &str| self.stages.iter().rposition(|stage| stage.is_named(name));
        let index = match name.parse::<usize>() {
            Ok(index) if index < self.stages.len() => Some(index),
            Ok(_) if self.contexts.find(name).is_some() => None,
            Ok(index) => {
                return Err(Problem::invalid(format!(
                    "there is no stage with the index {index}"
                )));
            }
            Err(_) => named(name),
        };
        let index = match (index, self.contexts.find(name)) {
            (None, Some(Named::Files(index))) => return Ok(Origin::Files(index)),
            (None, Some(Named::Stage(other))) => Some(named(other).ok_or_else(|| no_stage(other))?),
            (index, _) => index,
        };
        match index {
            Some(index) if index < current => Ok(Origin::Stage(index)),
            Some(index) if index == current => Err(Problem::invalid(format!(
                "stage `{name}` cannot take files from itself"
            ))),
            Some(_) => Err(Problem::invalid_with(
                format!("stage `{name}` comes later than this one"),
                "move that stage before this one",
            )),
            None if name == "scratch" && self.contexts.find(name).is_none() => Ok(Origin::Scratch),
            None => match name.parse() {
                Ok(reference) => Ok(Origin::Image(reference)),
                Err(error) => {
                    let message = format!("there is no stage `{name}`, and it is no image either: {error}");
                    match self.nearest(name) {
                        Some(near) => Err(Problem::invalid_with(message, format!("did you mean `{near}`?"))),
                        None => Err(Problem::invalid(message)),
                    }
                }
            },
        }
    }

    /// What the instructions take files from, in the order of the text, without repetition, and where each is named.
    pub(crate) fn origins<'i>(
        &self,
        instructions: impl Iterator<Item = &'i Step>,
        current: usize,
    ) -> Result<Vec<(Origin, &'i Step, Span)>> {
        let mut seen = BTreeSet::new();
        let mut origins = Vec::new();
        for step in instructions {
            for name in origin_names(&step.instruction) {
                let origin = self
                    .origin(&name.text, current)
                    .map_err(|problem| step.failed_at(name.span, problem))?;
                if seen.insert(origin.clone()) {
                    origins.push((origin, step, step.place(name.span)));
                }
            }
        }
        Ok(origins)
    }

    /// The name that progress and messages have for a stage.
    pub(crate) fn label(&self, index: usize) -> String {
        match &self.stages[index].stage.name {
            Some(name) => name.clone(),
            None if self.stages.len() == 1 => String::new(),
            None => format!("stage-{index}"),
        }
    }

    /// What to say of an image that cannot be had, if `name` was perhaps meant for a stage.
    pub(crate) fn stage_instead(&self, name: &str, current: usize) -> Option<String> {
        let name = name.strip_suffix(":latest").unwrap_or(name);
        if name.contains([':', '/', '@']) {
            return None;
        }
        if self.stages[current + 1..]
            .iter()
            .any(|stage| stage.is_named(name))
        {
            return Some(format!("the stage `{name}` comes later; move it before this one"));
        }
        if name.parse().is_ok_and(|index: usize| index < self.stages.len()) {
            return Some("`FROM` takes a stage by its name: give it one with `AS`".to_owned());
        }
        let near = self.nearest(name)?;
        Some(format!("did you mean the stage `{near}`?"))
    }

    /// The stage name that is most like `name`.
    pub(crate) fn nearest(&self, name: &str) -> Option<String> {
        nearest(&self.stages, name)
    }
}

impl StagePlan<'_> {
    fn is_named(&self, name: &str) -> bool {
        self.stage
            .name
            .as_ref()
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

fn no_stage(name: &str) -> Problem {
    Problem::invalid(format!("there is no stage `{name}` for the context to stand for"))
}

/// One instruction to carry out: of the stage itself, or a trigger of its base image.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) instruction: Instruction,
    /// Where in the Dockerfile; of the `FROM` for a trigger.
    pub(crate) span: Span,
    /// Whether the spans inside the instruction are places in the Dockerfile.
    pub(crate) is_trigger: bool,
}

impl Step {
    /// An instruction of the Dockerfile itself.
    pub(crate) fn own(instruction: &Instruction) -> Self {
        Self {
            instruction: instruction.clone(),
            span: instruction.span,
            is_trigger: false,
        }
    }

    pub(crate) fn failed(&self, problem: Problem) -> Error {
        self.failed_at(self.span, problem)
    }

    /// As [`Step::failed`], at a part of the instruction.
    pub(crate) fn failed_at(&self, span: Span, problem: Problem) -> Error {
        Error::Instruction(Box::new(InstructionError {
            span: self.place(span),
            instruction: one_line(&self.instruction.source),
            is_trigger: self.is_trigger,
            problem,
        }))
    }

    /// The place in the Dockerfile that `span`, a part of the instruction, has; of a trigger that of the `FROM`.
    pub(crate) fn place(&self, span: Span) -> Span {
        if self.is_trigger { self.span } else { span }
    }
}

/// An error about the image that a `FROM` names.
pub(crate) fn at_from(stage: &Stage, problem: Problem) -> Error {
    Error::at(stage.from.image.span, &stage.from.source, problem)
}

/// The first line of an instruction's text, if need be cut.
pub(crate) fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// The values of `from` in an instruction. A tmpfs, secret or agent takes nothing from anywhere.
fn origin_names(instruction: &Instruction) -> Vec<Word> {
    match &instruction.kind {
        InstructionKind::Copy(copy) => copy.from.iter().map(|flag| flag.value.clone()).collect(),
        InstructionKind::Run(run) => {
            let mut names = Vec::new();
            for mount in &run.mounts {
                let value = |key: &str| {
                    let mut options = mount.options.iter().rev();
                    let found = options.find(|option| option.key.text.eq_ignore_ascii_case(key))?;
                    found.value.clone()
                };
                let kind = value("type").map(|kind| kind.text.to_ascii_lowercase());
                if matches!(kind.as_deref(), None | Some("bind" | "cache")) {
                    names.extend(value("from").filter(|name| !name.text.is_empty()));
                }
            }
            names
        }
        _ => Vec::new(),
    }
}

fn find_target(stages: &[StagePlan<'_>], target: Option<&str>) -> Result<usize> {
    let last = stages.len().checked_sub(1);
    let found = match target {
        None | Some("") => last,
        Some(name) => stages
            .iter()
            .rposition(|stage| stage.is_named(name))
            .or_else(|| name.parse().ok().filter(|index| *index < stages.len())),
    };
    found.ok_or_else(|| {
        let target = target.unwrap_or_default();
        Error::NoSuchTarget {
            target: target.to_owned(),
            suggestion: nearest(stages, target),
            stages: stages
                .iter()
                .filter_map(|stage| stage.stage.name.clone())
                .collect(),
        }
    })
}

fn nearest(stages: &[StagePlan<'_>], name: &str) -> Option<String> {
    let wanted = name.to_lowercase();
    stages
        .iter()
        .filter_map(|stage| stage.stage.name.as_deref())
        .map(|name| (strsim::jaro_winkler(&wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.to_owned())
}
