//! Another process in a running container.

use super::Container;
use crate::attach::{self, End, Streams};
use crate::error::{Error, Result};
use crate::exec;
use crate::helper::{self, Role};
use crate::init::process::ProcessSpec;
use crate::join::Place;
use crate::options::ExecOptions;
use crate::seccomp;
use crate::spec::capabilities::CapabilitySet;
use crate::wire::{self, Kind};

impl Container {
    /// Runs a process in it; gives its exit code, or 0 with `detach` when it has been started.
    ///
    /// # Errors
    /// [`Error::NotRunning`]; [`Error::Exec`] when the program cannot be started, with the exit code 126 or
    /// 127 as Docker has it.
    pub fn exec(&self, options: &ExecOptions, mut streams: Streams<'_>) -> Result<i32> {
        let state = self.running()?;
        let task = exec::Task {
            place: Place {
                init: Self::init(&state),
                cgroups: state.cgroups,
            },
            process: self.process(options)?,
            input: streams.stdin.is_some() && !options.detach,
            detached: options.detach,
        };
        let mut helper = helper::start(Role::Exec, &task, &[])?;
        let end = if options.detach {
            let failed = |source| Error::system("start the process", source);
            match wire::receive(&helper.control).map_err(failed)? {
                Some((Kind::Started, _)) => return Ok(0),
                Some((Kind::Failed, body)) => End::Failed(
                    serde_json::from_slice(&body).map_err(|error| failed(std::io::Error::from(error)))?,
                ),
                _ => End::Lost,
            }
        } else {
            attach::attach(&helper.control, &mut streams, options.tty)?
        };
        drop(helper.control);
        let _ = helper.child.wait();
        match end {
            End::Exited(code) => Ok(code),
            End::Failed(failure) => Err(Error::Exec {
                message: failure.message,
                exit_code: failure.exit_code,
            }),
            End::Lost => Err(Error::Helper {
                helper: "exec",
                message: "it ended without an answer".to_owned(),
            }),
        }
    }

    fn process(&self, options: &ExecOptions) -> Result<ProcessSpec> {
        if options.command.is_empty() {
            return Err(Error::NoCommand);
        }
        let run = &self.record.options;
        let image = &self.record.image_config.config;
        let capabilities = CapabilitySet::docker(&run.cap_add, &run.cap_drop)?;
        let (_, seccomp) = seccomp::filter(&run.security.seccomp, capabilities)?;
        let mut env = self.record.env.clone();
        if options.tty && !env.iter().any(|variable| variable.starts_with("TERM=")) {
            env.push("TERM=xterm".to_owned());
        }
        for (name, value) in &options.env {
            env.retain(|variable| variable.split('=').next() != Some(name));
            env.push(format!("{name}={value}"));
        }
        let working_dir = options
            .working_dir
            .as_ref()
            .or(run.working_dir.as_ref())
            .unwrap_or(&image.working_dir);
        let user = options.user.as_ref().or(run.user.as_ref()).unwrap_or(&image.user);
        Ok(ProcessSpec {
            args: options.command.clone(),
            env,
            working_dir: if working_dir.is_empty() {
                "/".to_owned()
            } else {
                working_dir.clone()
            },
            user: user.clone(),
            capabilities: capabilities.bits(),
            no_new_privileges: run.security.no_new_privileges,
            seccomp,
            tty: options.tty,
            ulimits: Vec::new(),
        })
    }
}
