//! What is to be done for a target: the stages that it needs, with their base images and triggers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use plimsoll_core::{Hint, Platform, Reference, Span};
use plimsoll_dockerfile::InstructionKind;
use plimsoll_image::Image;

use crate::build::BaseImages;
use crate::error::{Error, Problem, Result};
use crate::graph::{Base, Graph, Origin, Step, at_from, one_line};
use crate::instructions;
use crate::options::BuildOptions;

/// A stage that is to be built.
#[derive(Debug)]
pub(crate) struct NeededStage {
    /// The image that it starts from, where it starts from one, and how long it took to get it.
    pub(crate) base: Option<(Image, Duration)>,
    /// The triggers of its base, then its own instructions.
    pub(crate) steps: Vec<Step>,
    /// The number of its first step among all steps of the build.
    pub(crate) first_index: usize,
    /// How many steps it has that work on files, its `FROM` included where that names an image.
    pub(crate) total: usize,
}

/// Everything that has to be built, in an order in which it can be built.
#[derive(Debug)]
pub(crate) struct Plan {
    /// By index; a stage needs only those before it.
    pub(crate) stages: BTreeMap<usize, NeededStage>,
    /// The images that files are taken from.
    pub(crate) images: HashMap<Reference, Image>,
}

/// Finds out what the target needs. All images are looked for before anything is built.
pub(crate) fn plan(
    graph: &Graph<'_>,
    platform: &Platform,
    options: &BuildOptions,
    bases: &dyn BaseImages,
) -> Result<Plan> {
    let mut stages: BTreeMap<usize, NeededStage> = BTreeMap::new();
    let mut sources: Vec<Wanted> = Vec::new();
    let mut round = BTreeSet::from([graph.target]);
    while !round.is_empty() {
        let mut wanted = Vec::new();
        for index in &round {
            wanted.extend(base_image(graph, *index)?);
        }
        let mut found = resolve(&wanted, bases)?;
        let mut next = BTreeSet::new();
        for index in round {
            let plan = &graph.stages[index];
            let base = match &plan.base {
                Base::Image(_) => wanted
                    .iter()
                    .position(|wanted| wanted.stage == Some(index))
                    .and_then(|position| found[position].take()),
                Base::Stage(stage) => {
                    next.insert(*stage);
                    None
                }
                Base::Scratch | Base::Files(_) => None,
            };
            let steps = steps(graph, index, base.as_ref().map(|(image, _)| image))?;
            for step in &steps {
                instructions::check(step, options)?;
            }
            for (origin, step, span) in graph.origins(steps.iter(), index)? {
                match origin {
                    Origin::Scratch | Origin::Files(_) => {}
                    Origin::Stage(stage) => {
                        next.insert(stage);
                    }
                    Origin::Image(reference) => sources.push(Wanted {
                        stage: None,
                        platform: platform.clone(),
                        hint: graph.stage_instead(&reference.to_string(), index),
                        reference,
                        span,
                        instruction: one_line(&step.instruction.source),
                    }),
                }
            }
            let makes_files = |step: &&Step| instructions::works_on_files(&step.instruction.kind);
            let has_base_step = base.is_some() || matches!(plan.base, Base::Files(_));
            let total = steps.iter().filter(makes_files).count() + usize::from(has_base_step);
            let needed = NeededStage {
                base,
                steps,
                first_index: 0,
                total,
            };
            stages.insert(index, needed);
        }
        round = next
            .into_iter()
            .filter(|index| !stages.contains_key(index))
            .collect();
    }
    let mut first_index = 0;
    for stage in stages.values_mut() {
        stage.first_index = first_index;
        first_index += stage.total;
    }
    sources.sort_by(|a, b| a.reference.cmp(&b.reference));
    sources.dedup_by(|a, b| a.reference == b.reference);
    let found = resolve(&sources, bases)?;
    let images = sources
        .into_iter()
        .zip(found)
        .filter_map(|(wanted, found)| Some((wanted.reference, found?.0)))
        .collect();
    Ok(Plan { stages, images })
}

/// An image that is needed, and by whom.
struct Wanted {
    stage: Option<usize>,
    reference: Reference,
    platform: Platform,
    span: Span,
    instruction: String,
    /// What to say if there is no such image.
    hint: Option<String>,
}

fn base_image(graph: &Graph<'_>, index: usize) -> Result<Option<Wanted>> {
    let plan = &graph.stages[index];
    let Base::Image(name) = &plan.base else {
        return Ok(None);
    };
    let reference = name.parse().map_err(|error: plimsoll_core::ReferenceError| {
        let problem = match graph.nearest(name) {
            Some(near) => {
                Problem::invalid_with(error.to_string(), format!("did you mean the stage `{near}`?"))
            }
            None => Problem::invalid(error.to_string()),
        };
        at_from(plan.stage, problem)
    })?;
    Ok(Some(Wanted {
        stage: Some(index),
        reference,
        platform: plan.platform.clone(),
        span: plan.stage.from.image.span,
        instruction: plan.stage.from.source.clone(),
        hint: graph.stage_instead(name, index),
    }))
}

/// Gets the images, all at the same time. The first that fails, in the order of the list, is the error.
fn resolve(wanted: &[Wanted], bases: &dyn BaseImages) -> Result<Vec<Option<(Image, Duration)>>> {
    let one = |wanted: &Wanted| {
        let start = Instant::now();
        match bases.resolve(&wanted.reference, &wanted.platform) {
            Ok(image) => Ok(Some((image, start.elapsed()))),
            Err(source) => {
                let reference = wanted.reference.to_string();
                let hint = wanted.hint.clone().map(Hint::new);
                let problem = Problem::MissingBase {
                    reference,
                    source,
                    hint,
                };
                Err(Error::at(wanted.span, &wanted.instruction, problem))
            }
        }
    };
    if let [single] = wanted {
        return Ok(vec![one(single)?]);
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = wanted
            .iter()
            .map(|wanted| scope.spawn(move || one(wanted)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

fn steps(graph: &Graph<'_>, index: usize, base: Option<&Image>) -> Result<Vec<Step>> {
    let plan = &graph.stages[index];
    if plan.is_replaced {
        return Ok(Vec::new());
    }
    let stage = plan.stage;
    let triggers: Vec<String> = match (&plan.base, base) {
        (_, Some(image)) => image.config.config.on_build.clone(),
        (Base::Stage(base), None) => {
            let instructions = &graph.stages[*base].stage.instructions;
            let trigger = |kind: &InstructionKind| match kind {
                InstructionKind::Onbuild(onbuild) => Some(onbuild.expression.clone()),
                _ => None,
            };
            instructions
                .iter()
                .filter_map(|instruction| trigger(&instruction.kind))
                .collect()
        }
        _ => Vec::new(),
    };
    let mut steps = Vec::new();
    for trigger in triggers {
        steps.push(Step {
            instruction: instructions::parse_trigger(&trigger).map_err(|problem| at_from(stage, problem))?,
            span: stage.from.span,
            is_trigger: true,
        });
    }
    steps.extend(stage.instructions.iter().map(Step::own));
    Ok(steps)
}
