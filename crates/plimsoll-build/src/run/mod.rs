//! `RUN`: a process in the file system that the steps before it made.

mod caches;
mod host_ca;
mod mounts;
mod script;
mod secrets;

use std::collections::VecDeque;

use plimsoll_dockerfile::{MountKind, Network as RunNetwork, Run, Security};
use plimsoll_sandbox::{Network, Overlay, StepSpec, Stream, run_step};

use crate::arguments;
use crate::build::BuildProblem;
use crate::cache::KeyBuilder;
use crate::error::{Problem, Result};
use crate::graph::{Step, one_line};
use crate::options::StepNetwork;
use crate::progress::{Event, OutputStream, StepId};
use crate::rootfs;
use crate::stage::{Made, StageBuild};
use mounts::{Shown, Wanted};
use script::Execution;

/// How many of the last lines of output an error holds.
const LAST_LINES: usize = 20;
/// How much of such a line.
const LAST_LINE_BYTES: usize = 4096;

/// Finds what is not supported.
pub(crate) fn check(step: &Step, run: &Run) -> Result<()> {
    if let Some(flag) = &run.security
        && flag.value == Security::Insecure
    {
        let hint = "a step runs with Docker's default capabilities; take the flag away if they suffice";
        let problem = Problem::unsupported("`RUN --security=insecure`", Some(hint));
        return Err(step.failed_at(flag.span, problem));
    }
    if let Some(flag) = run.devices.first() {
        return Err(step.failed_at(flag.span, Problem::unsupported("`RUN --device`", None)));
    }
    for flag in &run.mounts {
        let is_ssh = flag.options.iter().any(|option| {
            let value = option.value.as_ref().map(|value| value.text.as_str());
            option.key.text.eq_ignore_ascii_case("type") && value == Some("ssh")
        });
        if is_ssh {
            return Err(step.failed_at(flag.span, mounts::ssh()));
        }
        // A mount whose options name variables can be looked at only when these have values.
        if let Ok(mount) = flag.resolve()
            && mount.kind == MountKind::Ssh
        {
            return Err(step.failed_at(flag.span, mounts::ssh()));
        }
    }
    Ok(())
}

/// A `RUN` whose words are expanded.
pub(crate) struct Job<'i> {
    step: &'i Step,
    execution: Execution,
    wanted: Vec<Wanted>,
    network: Network,
}

impl<'i> Job<'i> {
    pub(crate) fn new(
        stage: &StageBuild<'_>,
        step: &'i Step,
        expanded: &plimsoll_dockerfile::Instruction,
        run: &Run,
    ) -> Result<Self> {
        let default = match stage.builder.options.network {
            StepNetwork::Host => Network::Host,
            StepNetwork::None => Network::None,
        };
        Ok(Self {
            step,
            execution: Execution::new(&stage.state, expanded).map_err(|problem| step.failed(problem))?,
            wanted: mounts::resolve(stage, step, run)?,
            network: match run.network.map(|flag| flag.value) {
                None | Some(RunNetwork::Default) => default,
                Some(RunNetwork::None) => Network::None,
                Some(RunNetwork::Host) => Network::Host,
            },
        })
    }

    /// What is executed.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.execution.arguments
    }

    pub(crate) fn make(&self, stage: &StageBuild<'_>, id: &StepId) -> Result<Made, BuildProblem> {
        let state = &stage.state;
        let mut key = KeyBuilder::new("run", &state.chain());
        key.list(self.arguments());
        let variables: Vec<String> = state
            .variables
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        key.list(&variables);
        key.text(state.working_dir());
        key.text(&state.config.config.user);
        key.text(match self.network {
            Network::Host => "host",
            Network::None => "none",
            Network::Private => "private",
        });
        key.optional(self.execution.file_content());
        key.optional(stage.epoch().as_deref());
        key.number(self.wanted.len() as u64);
        for wanted in &self.wanted {
            wanted.key(stage, &mut key)?;
        }
        let keys = [key.finish()];
        if let Some(made) = stage.known(&keys)? {
            return Ok(made);
        }

        let builder = stage.builder;
        let mut shown = Shown::default();
        for wanted in &self.wanted {
            wanted.show(stage, self.step, &mut shown)?;
        }
        shown.mounts.extend(self.execution.mount(&builder.scratch)?);
        let mut environment = variables;
        let is_set = |name: &str| state.variables.value(name).is_some();
        for (name, value) in arguments::proxies(&builder.given) {
            if !is_set(&name) {
                environment.push(format!("{name}={value}"));
            }
        }
        if let Some(bundle) = &builder.options.host_ca {
            shown.mounts.push(host_ca::mount(bundle));
            environment.extend(host_ca::settings(is_set));
        }
        environment.append(&mut shown.settings);

        let new = stage.new_layer()?;
        let mut spec = StepSpec::new(builder.scratch.directory()?, self.arguments().to_vec());
        spec.overlay = Some(Overlay {
            lowers: rootfs::lowers(builder.store, &builder.scratch, &state.layers)?,
            upper: new.fs().to_owned(),
            work: new.work().to_owned(),
        });
        spec.env = environment;
        state.working_dir().clone_into(&mut spec.working_dir);
        spec.user.clone_from(&state.config.config.user);
        spec.network = self.network;
        spec.mounts = std::mem::take(&mut shown.mounts);
        self.run(stage, id, &spec)?;
        drop(shown);
        Ok(stage.commit(new, &keys, self.step)?)
    }

    fn run(&self, stage: &StageBuild<'_>, id: &StepId, spec: &StepSpec) -> Result<(), Problem> {
        let mut last: VecDeque<String> = VecDeque::new();
        let outcome = run_step(spec, &mut |stream, line| {
            let stream = match stream {
                Stream::Stdout => OutputStream::Stdout,
                Stream::Stderr => OutputStream::Stderr,
            };
            stage.event(id, Event::Output { stream, line });
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            let start = &line[..line.len().min(LAST_LINE_BYTES)];
            last.push_back(String::from_utf8_lossy(start).into_owned());
        })?;
        if outcome.exit_code == 0 {
            return Ok(());
        }
        Err(Problem::RunFailed {
            command: one_line(&self.step.instruction.source),
            code: outcome.exit_code,
            output: last.into(),
        })
    }
}
