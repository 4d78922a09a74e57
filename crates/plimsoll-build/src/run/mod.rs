//! `RUN`: a process in the file system that the steps before it made.

mod caches;
mod host_ca;
mod mounts;
mod script;
mod secrets;
mod ssh;

use std::collections::VecDeque;
use std::path::Path;

use plimsoll_dockerfile::{Network as RunNetwork, Run, Security};
use plimsoll_sandbox::{Network, Overlay, Seccomp, StepMount, StepMountKind, StepSpec, Stream, run_step};

use crate::arguments;
use crate::build::BuildProblem;
use crate::cache::KeyBuilder;
use crate::error::{IoContext, Problem, Result};
use crate::graph::{Step, one_line};
use crate::options::{BuildOptions, StepNetwork};
use crate::progress::{Event, OutputStream, StepId};
use crate::rootfs;
use crate::stage::{Made, StageBuild};
pub(crate) use mounts::NO_TARGET;
use mounts::{Shown, Wanted};
use script::Execution;

/// How many of the last lines of output an error holds.
const LAST_LINES: usize = 20;
/// The build argument that gives the host name which steps see.
const HOSTNAME: &str = "BUILDKIT_SANDBOX_HOSTNAME";
/// Where names of hosts are looked up.
const HOSTS: &str = "/etc/hosts";
/// How much of such a line.
const LAST_LINE_BYTES: usize = 4096;

/// Finds what is not supported or not allowed.
pub(crate) fn check(step: &Step, run: &Run, options: &BuildOptions) -> Result<()> {
    if let Some(flag) = &run.security
        && flag.value == Security::Insecure
        && !options.allow.insecure
    {
        return Err(step.failed_at(
            flag.span,
            not_allowed("`RUN --security=insecure`", "security.insecure"),
        ));
    }
    if let Some(flag) = &run.network
        && flag.value == RunNetwork::Host
        && options.network != StepNetwork::Host
        && !options.allow.host_network
    {
        return Err(step.failed_at(flag.span, not_allowed("`RUN --network=host`", "network.host")));
    }
    if let Some(flag) = run.devices.first() {
        return Err(step.failed_at(flag.span, Problem::unsupported("`RUN --device`", None)));
    }
    Ok(())
}

fn not_allowed(what: &str, entitlement: &str) -> Problem {
    Problem::invalid_with(
        format!("{what} is not allowed in this build"),
        format!("add `--allow {entitlement}` if you trust the Dockerfile with that"),
    )
}

/// A `RUN` whose words are expanded.
pub(crate) struct Job<'i> {
    step: &'i Step,
    execution: Execution,
    wanted: Vec<Wanted>,
    network: Network,
    insecure: bool,
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
            insecure: run.security.is_some_and(|flag| flag.value == Security::Insecure),
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
        let options = stage.builder.options;
        key.number(u64::from(self.insecure));
        key.list(&host_lines(options));
        key.number(options.shm_size.unwrap_or(0));
        key.text(&format!("{:?}", options.ulimits));
        let hostname = stage.builder.given.get(HOSTNAME).filter(|name| !name.is_empty());
        if let Some(hostname) = hostname {
            key.text(hostname);
        }
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
        let new = stage.new_layer()?;
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

        let mut spec = StepSpec::new(builder.scratch.directory()?, self.arguments().to_vec());
        spec.overlay = Some(Overlay {
            lowers: rootfs::lowers(builder.store, &builder.scratch, &state.layers)?,
            upper: new.fs().to_owned(),
            work: new.work().to_owned(),
        });
        spec.env = environment;
        state.working_dir().clone_into(&mut spec.working_dir);
        spec.user = match state.config.config.user.as_str() {
            // Without `USER` the groups that root is a member of do not count, as with BuildKit.
            "" => "0:0".to_owned(),
            user => user.to_owned(),
        };
        spec.network = self.network;
        spec.hostname = hostname.cloned().unwrap_or_default();
        spec.shm_size = options.shm_size;
        spec.ulimits.clone_from(&options.ulimits);
        if self.insecure {
            spec.cap_add = vec!["ALL".to_owned()];
            spec.security.seccomp = Seccomp::Unconfined;
            spec.unprotected = true;
        }
        if !options.hosts.is_empty() {
            shown.mounts.push(self.hosts(stage)?);
        }
        spec.mounts = std::mem::take(&mut shown.mounts);
        self.run(stage, id, &spec)?;
        drop(shown);
        Ok(stage.commit(new, &keys, self.step)?)
    }

    /// A file for `/etc/hosts`: what the step would see there anyway, and the names that were given.
    fn hosts(&self, stage: &StageBuild<'_>) -> Result<StepMount, Problem> {
        let usual = match self.network {
            Network::Host => std::fs::read_to_string(HOSTS).unwrap_or_default(),
            Network::None | Network::Private => "127.0.0.1\tlocalhost\n::1\tlocalhost\n".to_owned(),
        };
        let mut text = usual;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&host_lines(stage.builder.options).concat());
        let path = stage.builder.scratch.directory()?.join("hosts");
        std::fs::write(&path, text).doing("cannot write", &path)?;
        Ok(StepMount {
            target: HOSTS.to_owned(),
            kind: StepMountKind::Bind {
                source: path,
                read_only: true,
            },
        })
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
            disk_is_full: is_full(stage.builder.store.root()),
        })
    }
}

/// The lines of `/etc/hosts` that `--add-host` makes.
fn host_lines(options: &BuildOptions) -> Vec<String> {
    options
        .hosts
        .iter()
        .map(|(name, address)| format!("{address}\t{name}\n"))
        .collect()
}

/// Whether a file system has less space left than a step could do anything with. What processes make of that is often
/// no more than an input or output error.
fn is_full(path: &Path) -> bool {
    const LEAST: u64 = 256 << 10;
    rustix::fs::statvfs(path).is_ok_and(|status| status.f_bavail.saturating_mul(status.f_frsize) < LEAST)
}
