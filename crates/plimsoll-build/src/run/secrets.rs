//! Secrets for the process of a `RUN`: in a file system in memory that only this process sees, or in its
//! environment.

use std::path::{Path, PathBuf};

use plimsoll_dockerfile::Mount;
use plimsoll_sandbox::{StepMount, StepMountKind};
use rustix::fs::{Gid, Mode, OFlags, Uid, fchmod, fchown};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::copy::target::shown;
use crate::error::{IoContext, Problem};
use crate::options::{Secret, SecretSource};
use crate::scratch::Scratch;

/// A larger secret is a mistake (BuildKit's limit is the same).
const MAX_SECRET: usize = 500 << 10;
/// A file that only its owner may read.
const DEFAULT_MODE: u32 = 0o400;

/// The secrets of one step, until it is dropped.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    memory: Option<PathBuf>,
    files: usize,
}

/// What the process gets of a secret.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) mount: Option<StepMount>,
    pub(super) setting: Option<String>,
}

/// The name by which a mount asks for its secret.
pub(super) fn id(mount: &Mount) -> String {
    let named = mount.source.as_deref().or(mount.id.as_deref());
    let target = || {
        mount
            .target
            .as_deref()
            .and_then(|target| target.rsplit('/').next())
    };
    named
        .or_else(target)
        .or(mount.env.as_deref())
        .unwrap_or_default()
        .to_owned()
}

impl Secrets {
    /// Shows the secret that `mount` asks for. One that was not given is an error if the mount says so, else there is
    /// nothing to see.
    pub(super) fn show(
        &mut self,
        mount: &Mount,
        given: &[Secret],
        scratch: &Scratch,
    ) -> Result<Shown, Problem> {
        let id = id(mount);
        let Some(secret) = given.iter().rev().find(|secret| secret.id == id) else {
            if mount.required {
                return Err(Problem::invalid_with(
                    format!("the secret `{id}` is required, but was not given"),
                    format!("add `--secret id={id},src=FILE`"),
                ));
            }
            return Ok(Shown::default());
        };
        let bytes = read(secret)?;
        if bytes.len() > MAX_SECRET {
            return Err(Problem::invalid(format!(
                "the secret `{id}` has more than {MAX_SECRET} bytes"
            )));
        }
        let mut result = Shown::default();
        if let Some(name) = &mount.env {
            let value = String::from_utf8(bytes.clone())
                .ok()
                .filter(|value| !value.contains('\0'))
                .ok_or_else(|| {
                    Problem::invalid(format!(
                        "the secret `{id}` is not text, but `{name}` shall hold it"
                    ))
                })?;
            result.setting = Some(format!("{name}={value}"));
        }
        if mount.env.is_none() || mount.target.is_some() {
            let file_name = id.rsplit('/').next().unwrap_or(&id);
            let default = format!("/run/secrets/{file_name}");
            let target = mount.target.clone().unwrap_or(default);
            result.mount = Some(StepMount {
                target: shown(Path::new(target.trim_start_matches('/')))
                    .display()
                    .to_string(),
                kind: StepMountKind::Bind {
                    source: self.write(&bytes, mount, scratch)?,
                    read_only: true,
                },
            });
        }
        Ok(result)
    }

    fn write(&mut self, bytes: &[u8], options: &Mount, scratch: &Scratch) -> Result<PathBuf, Problem> {
        let memory = match &self.memory {
            Some(memory) => memory.clone(),
            None => {
                let directory = scratch.directory()?;
                let flags = MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOEXEC;
                mount("tmpfs", &directory, "tmpfs", flags, Some(c"mode=0700"))
                    .doing("cannot mount memory for secrets on", &directory)?;
                self.memory.insert(directory).clone()
            }
        };
        self.files += 1;
        let path = memory.join(self.files.to_string());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::RUSR).doing("cannot write", &path)?;
        let mut file = std::fs::File::from(file);
        std::io::Write::write_all(&mut file, bytes).doing("cannot write", &path)?;
        let (uid, gid) = (options.uid.unwrap_or(0), options.gid.unwrap_or(0));
        fchown(&file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))).doing("cannot write", &path)?;
        let mode = Mode::from_raw_mode(options.mode.unwrap_or(DEFAULT_MODE));
        fchmod(&file, mode).doing("cannot write", &path)?;
        Ok(path)
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        if let Some(memory) = &self.memory {
            let _ = unmount(memory, UnmountFlags::DETACH);
        }
    }
}

fn read(secret: &Secret) -> Result<Vec<u8>, Problem> {
    match &secret.source {
        SecretSource::Bytes(bytes) => Ok(bytes.clone()),
        SecretSource::File(path) => {
            let file = std::fs::File::open(path).doing("cannot read the secret", path)?;
            let mut bytes = Vec::new();
            let mut limited = std::io::Read::take(file, MAX_SECRET as u64 + 1);
            std::io::Read::read_to_end(&mut limited, &mut bytes).doing("cannot read the secret", path)?;
            Ok(bytes)
        }
    }
}
