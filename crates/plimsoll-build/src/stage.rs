//! Carrying out the instructions of one stage.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use plimsoll_core::{Digest, Hint, Span};
use plimsoll_dockerfile::{Diagnostic, Level};
use plimsoll_image::{Layer, NewLayer};

use crate::build::{BuildProblem, Builder, lock};
use crate::cache::StepRecord;
use crate::error::{Error, Problem, Result};
use crate::graph::{Base, Step, at_from, one_line};
use crate::history;
use crate::instructions;
use crate::progress::{Event, StepId};
use crate::state::StageState;

/// Builds a stage from its `FROM` to its last instruction.
pub(crate) fn build(builder: &Builder<'_>, index: usize) -> Result<StageState> {
    let mut stage = StageBuild::start(builder, index)?;
    for step in &builder.plan.stages[&index].steps {
        if builder.is_stopped() {
            return Err(Error::Abandoned);
        }
        let (expanded, _) = step
            .instruction
            .expand(builder.escape, &stage.state.variables)
            .map_err(|error| step.failed_at(error.span().unwrap_or(step.span), Problem::from(error)))?;
        instructions::apply(&mut stage, step, &expanded)?;
    }
    Ok(stage.state)
}

/// A stage while its instructions are carried out.
pub(crate) struct StageBuild<'b> {
    pub(crate) builder: &'b Builder<'b>,
    pub(crate) index: usize,
    pub(crate) state: StageState,
    /// How many steps that work on files were begun.
    begun: usize,
}

/// What came of a step that works on files.
#[derive(Debug)]
pub(crate) struct Made {
    /// Nothing if it changed no file, or where the layer is not here.
    layer: Option<Layer>,
    /// Nothing if it changed no file.
    diff_id: Option<Digest>,
    created: String,
    cached: bool,
}

impl Made {
    /// The layer that it made; nothing if it changed no file, or where the layer is not here.
    pub(crate) fn layer(&self) -> Option<&Layer> {
        self.layer.as_ref()
    }
}

impl<'b> StageBuild<'b> {
    fn start(builder: &'b Builder<'b>, index: usize) -> Result<Self> {
        let plan = &builder.graph.stages[index];
        let needed = &builder.plan.stages[&index];
        let state = match (&plan.base, &needed.base) {
            (Base::Stage(base), _) => StageState::from_stage(&*builder.stage(*base)?),
            (_, Some((image, _))) => StageState::from_image(image),
            (Base::Scratch | Base::Image(_) | Base::Files(_), None) => StageState::scratch(&plan.platform),
        };
        let mut stage = Self {
            builder,
            index,
            state,
            begun: 0,
        };
        if let Some((image, duration)) = &needed.base {
            stage.check_layers(image)?;
            let id = stage.next_step();
            let instruction = one_line(&plan.stage.from.source);
            stage.event(
                &id,
                Event::Started {
                    instruction: &instruction,
                },
            );
            stage.event(&id, Event::Done { duration: *duration });
        }
        if let Base::Files(index) = plan.base {
            stage.start_from_files(index)?;
        }
        Ok(stage)
    }

    /// The files of a named context become the first layer.
    fn start_from_files(&mut self, index: usize) -> Result<()> {
        let from = &self.builder.graph.stages[self.index].stage.from;
        let id = self.next_step();
        let start = Instant::now();
        let instruction = one_line(&from.source);
        self.event(
            &id,
            Event::Started {
                instruction: &instruction,
            },
        );
        let failed = |problem: Problem| Error::at(from.span, &from.source, problem);
        let made = crate::instructions::take_files(self, index, &instruction).map_err(failed)?;
        if made.cached {
            self.event(&id, Event::Cached);
        }
        self.take(made);
        self.event(
            &id,
            Event::Done {
                duration: start.elapsed(),
            },
        );
        Ok(())
    }

    /// A base image whose layers are still in an archive cannot be mounted.
    fn check_layers(&self, image: &plimsoll_image::Image) -> Result<()> {
        if image.layers.iter().all(|layer| layer.tree().is_some()) {
            return Ok(());
        }
        let message = format!("the image `{}` is not unpacked in the store", image.name);
        let stage = self.builder.graph.stages[self.index].stage;
        Err(at_from(stage, Problem::invalid(message)))
    }

    fn next_step(&mut self) -> StepId {
        let needed = &self.builder.plan.stages[&self.index];
        let id = StepId {
            index: needed.first_index + self.begun,
            stage: self.builder.graph.label(self.index),
            number: self.begun + 1,
            total: needed.total,
        };
        self.begun += 1;
        id
    }

    pub(crate) fn event(&self, id: &StepId, event: Event<'_>) {
        self.builder.progress.event(id, event);
    }

    /// Carries out one step that works on files, and takes what it made into the stage. `created_by` is its entry in
    /// the history; `work` looks it up or does it.
    pub(crate) fn file_step(
        &mut self,
        step: &Step,
        shown: &str,
        created_by: String,
        work: impl FnOnce(&Self, &StepId) -> Result<Made, BuildProblem>,
    ) -> Result<()> {
        let id = self.next_step();
        let start = Instant::now();
        let instruction = one_line(shown);
        self.event(
            &id,
            Event::Started {
                instruction: &instruction,
            },
        );
        let made = match work(self, &id) {
            Ok(made) => made,
            Err(error) => {
                let duration = start.elapsed();
                self.event(&id, Event::Failed { duration });
                return Err(match error {
                    BuildProblem::Error(error) => error,
                    BuildProblem::Problem(problem) => step.failed(problem),
                });
            }
        };
        self.builder.step_count.fetch_add(1, Ordering::Relaxed);
        if made.cached {
            self.builder.cached_count.fetch_add(1, Ordering::Relaxed);
            self.event(&id, Event::Cached);
        }
        let duration: Duration = start.elapsed();
        self.event(&id, Event::Done { duration });
        history::add_step(
            &mut self.state.config,
            created_by,
            &made.created,
            made.diff_id.is_some(),
        );
        self.take(made);
        Ok(())
    }

    /// What comes next stands on the layer that a step made.
    fn take(&mut self, made: Made) {
        self.state.diff_ids.extend(made.diff_id);
        self.state.layers.extend(made.layer);
    }

    /// Keeps a warning about a word that comes to nothing, for the outcome of the build.
    pub(crate) fn complain(&self, step: &Step, span: Span, message: &str) {
        let hint = "give the variable a value with a default or `--build-arg`";
        lock(&self.builder.complaints).push(Diagnostic {
            level: Level::Warning,
            code: "empty-word",
            message: message.to_owned(),
            span: step.place(span),
            hint: Some(Hint::new(hint)),
        });
    }

    /// Whether `--no-cache-filter` names this stage.
    fn ignores_cache(&self) -> bool {
        let stage = self.builder.graph.stages[self.index].stage;
        self.builder.options.no_cache_filter.iter().any(|wanted| {
            let own = stage.name.as_ref();
            own.is_some_and(|name| name.eq_ignore_ascii_case(wanted)) || *wanted == self.index.to_string()
        })
    }

    /// What a step with one of these keys made earlier.
    pub(crate) fn known(&self, keys: &[Digest]) -> Result<Option<Made>, Problem> {
        if self.builder.options.no_cache || self.ignores_cache() {
            return Ok(None);
        }
        for key in keys {
            if let Some(hit) = self.builder.steps.get(key)? {
                return Ok(Some(Made {
                    layer: hit.layer,
                    diff_id: hit.diff_id,
                    created: hit.created,
                    cached: true,
                }));
            }
        }
        Ok(None)
    }

    /// A directory for what a step changes.
    pub(crate) fn new_layer(&self) -> Result<NewLayer, Problem> {
        self.builder.may_work()?;
        let mut new = self.builder.store.new_layer()?;
        if let Some(seconds) = self.builder.options.source_date_epoch {
            new.clamp_mtime(seconds);
        }
        Ok(new)
    }

    /// Makes a layer of what a step changed and remembers it under its keys.
    pub(crate) fn commit(&self, new: NewLayer, keys: &[Digest], step: &Step) -> Result<Made, Problem> {
        self.commit_as(new, keys, &step.instruction.source)
    }

    /// As [`StageBuild::commit`], for an instruction given by its text.
    pub(crate) fn commit_as(
        &self,
        new: NewLayer,
        keys: &[Digest],
        instruction: &str,
    ) -> Result<Made, Problem> {
        // A step that changes nothing has a layer, too, as with BuildKit.
        let layer = new.commit()?;
        let made = Made {
            diff_id: Some(layer.diff_id),
            layer: Some(layer),
            created: self.builder.created.clone(),
            cached: false,
        };
        self.remember_as(&made, keys, instruction)?;
        Ok(made)
    }

    /// Remembers what is known already under further keys.
    pub(crate) fn remember(&self, made: &Made, keys: &[Digest], step: &Step) -> Result<(), Problem> {
        self.remember_as(made, keys, &step.instruction.source)
    }

    fn remember_as(&self, made: &Made, keys: &[Digest], instruction: &str) -> Result<(), Problem> {
        let record = StepRecord {
            diff_id: made.diff_id,
            created: made.created.clone(),
            instruction: one_line(instruction),
        };
        keys.iter()
            .try_for_each(|key| self.builder.steps.put(key, &record, made.layer.as_ref()))
    }

    /// `SOURCE_DATE_EPOCH` as part of a key: it decides the times in a layer.
    pub(crate) fn epoch(&self) -> Option<String> {
        self.builder
            .options
            .source_date_epoch
            .map(|seconds| seconds.to_string())
    }

    /// Counts a step for which there is nothing to do.
    pub(crate) fn empty_step(&mut self, shown: &str) {
        let id = self.next_step();
        let duration = Duration::ZERO;
        self.event(&id, Event::Started { instruction: shown });
        self.event(&id, Event::Done { duration });
    }
}
