//! What is kept about a container on disk: one directory for each, with a record that never changes, a
//! state that its monitor rewrites, and its log.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nix::fcntl::{Flock, FlockArg};
use plimsoll_core::Digest;
use plimsoll_image::ImageConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cgroup::Limits;
use crate::error::{Error, Result, chain};
use crate::init::Volume;
use crate::options::{PortMapping, RunOptions};
use crate::state::{ContainerState, Status};

/// What is fixed when a container is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) image_id: Digest,
    pub(crate) image_name: String,
    pub(crate) image_config: ImageConfig,
    pub(crate) options: RunOptions,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) hostname: String,
    /// The image's layers, topmost first.
    pub(crate) layers: Vec<PathBuf>,
    pub(crate) mounts: Vec<MountPoint>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) ports: Vec<PortMapping>,
    pub(crate) health: Option<HealthCheck>,
    pub(crate) stop_signal: i32,
    /// Seconds.
    pub(crate) stop_timeout: u64,
    pub(crate) limits: Limits,
}

/// A mount of a container, as Docker's inspection shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountPoint {
    /// `bind`, `volume` or `tmpfs`.
    pub kind: String,
    /// The path on the host; empty for `tmpfs`.
    pub source: PathBuf,
    /// The path inside.
    pub destination: String,
    /// Whether it can be written.
    pub writable: bool,
}

/// A health check with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HealthCheck {
    /// The program and its arguments.
    pub(crate) args: Vec<String>,
    pub(crate) interval: std::time::Duration,
    pub(crate) timeout: std::time::Duration,
    pub(crate) start_period: std::time::Duration,
    pub(crate) start_interval: std::time::Duration,
    pub(crate) retries: u32,
}

impl Record {
    /// What can be said of a container whose record cannot be read. Its id is its directory's name; the rest is
    /// what is left in the record, if that is JSON at least.
    pub(crate) fn remains(directory: &Directory) -> Self {
        let path = directory.path();
        let id = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let left: serde_json::Value = read(&directory.join("container.json")).unwrap_or_default();
        let text = |name: &str| left[name].as_str().map(ToOwned::to_owned);
        let changed = path.metadata().and_then(|metadata| metadata.modified()).ok();
        Self {
            created: text("created")
                .and_then(|text| text.parse().ok())
                .or_else(|| changed.and_then(|time| Timestamp::try_from(time).ok()))
                .unwrap_or_default(),
            name: text("name").unwrap_or_else(|| id.chars().take(12).collect()),
            image_id: text("image_id")
                .and_then(|text| text.parse().ok())
                .unwrap_or_else(|| Digest::of(b"")),
            image_name: text("image_name").unwrap_or_default(),
            image_config: ImageConfig::default(),
            options: RunOptions::default(),
            args: Vec::new(),
            env: Vec::new(),
            labels: BTreeMap::new(),
            hostname: String::new(),
            layers: Vec::new(),
            mounts: Vec::new(),
            volumes: Vec::new(),
            ports: Vec::new(),
            health: None,
            stop_signal: libc::SIGTERM,
            stop_timeout: 10,
            limits: Limits::default(),
            id,
        }
    }
}

/// The directory of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directory(PathBuf);

/// What state.json holds: what everybody may know, and who keeps it up to date.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    pub(crate) state: ContainerState,
    pub(crate) monitor: Option<Process>,
}

/// A process that is told from a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// Clock ticks since boot.
    pub(crate) start_time: u64,
}

impl Process {
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let (_, start_time) = stat(pid)?;
        Some(Self { pid, start_time })
    }

    /// Whether it still runs: an unreaped end does not count.
    pub(crate) fn alive(self) -> bool {
        stat(self.pid).is_some_and(|(state, start_time)| {
            start_time == self.start_time && !matches!(state, b'Z' | b'X' | b'x')
        })
    }

    /// A descriptor of it, if it is still the same process.
    pub(crate) fn open(self) -> Option<std::os::fd::OwnedFd> {
        let pid = rustix::process::Pid::from_raw(self.pid)?;
        let opened = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()?;
        // Checked after opening: from now on the number cannot pass to another one unseen.
        self.alive().then_some(opened)
    }
}

/// The state and start time of a process, from `/proc/<pid>/stat`.
fn stat(pid: i32) -> Option<(u8, u64)> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<(u8, u64)> {
    // The name, in parentheses, may contain anything.
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_whitespace();
    let state = fields.next()?.bytes().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

impl Directory {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.join("log.jsonl")
    }

    pub(crate) fn record(&self) -> Result<Record> {
        read(&self.join("container.json"))
    }

    pub(crate) fn kept(&self) -> Result<Kept> {
        match read(&self.join("state.json")) {
            // It goes with its directory.
            Err(error) if self.0.exists() => Ok(Kept {
                state: ContainerState {
                    status: Status::Dead,
                    error: chain(&error),
                    ..ContainerState::default()
                },
                monitor: self.monitor(),
            }),
            kept => kept,
        }
    }

    /// The monitor that wrote its name into the lock, if it lives.
    fn monitor(&self) -> Option<Process> {
        read(&self.join("lock"))
            .ok()
            .filter(|process: &Process| process.alive())
    }

    /// Writes the monitor's name into the lock that it holds.
    pub(crate) fn sign(mut lock: &File, monitor: Process) -> io::Result<()> {
        lock.set_len(0)?;
        lock.write_all(&serde_json::to_vec(&monitor)?)
    }

    /// Notes the state. It is not synced, not to keep a start waiting for the disk: losing it loses what
    /// happened last, and the container can be started again.
    pub(crate) fn keep(&self, kept: &Kept) -> Result<()> {
        self.write("state.json", kept)
    }

    /// Writes a file whole or not at all, as long as the machine does not go down.
    fn write(&self, name: &str, value: &impl Serialize) -> Result<()> {
        self.write_with(name, value, false)
    }

    /// Writes a file whole or not at all; with `durable` it is on the disk when this returns.
    pub(crate) fn write_with(&self, name: &str, value: &impl Serialize, durable: bool) -> Result<()> {
        let (path, temporary) = (
            self.join(name),
            self.join(&format!(".{name}.{}", std::process::id())),
        );
        let write = || -> io::Result<()> {
            let mut file = File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&temporary)?;
            file.write_all(&serde_json::to_vec(value)?)?;
            if durable {
                file.sync_all()?;
            }
            fs::rename(&temporary, &path)?;
            if durable { sync_directory(&self.0) } else { Ok(()) }
        };
        write().map_err(|error| Error::file("write", &path, error))
    }

    /// The lock that the monitor holds as long as it lives; `None` where somebody has it.
    pub(crate) fn try_lock(&self) -> Result<Option<Flock<File>>> {
        let path = self.join("lock");
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::file("open", &path, error))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Some(lock)),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(Error::file("lock", &path, error.into())),
        }
    }

    /// The lock, after waiting for a monitor that has noted the end of its container and is about to go.
    pub(crate) fn lock(&self) -> Result<Option<Flock<File>>> {
        for _ in 0..200 {
            let lock = self.try_lock()?;
            if lock.is_some() || self.kept()?.monitor.is_some_and(Process::alive) {
                return Ok(lock);
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Ok(None)
    }

    /// Notes that the container is to end and not to be started again.
    pub(crate) fn ask_to_stop(&self) -> Result<()> {
        let path = self.join("stop");
        File::create(&path)
            .map(drop)
            .map_err(|error| Error::file("create", &path, error))
    }

    pub(crate) fn asked_to_stop(&self) -> bool {
        self.join("stop").exists()
    }

    pub(crate) fn forget_stop(&self) {
        let _ = fs::remove_file(self.join("stop"));
    }

    /// Takes the container out of sight at once, and then off the disk.
    pub(crate) fn remove(&self) -> Result<()> {
        let name = self.0.file_name().unwrap_or_default().to_string_lossy();
        let gone = self.0.with_file_name(format!(".removing-{name}"));
        // Another process may be at the same.
        let done = |result: io::Result<()>| match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        };
        done(fs::rename(&self.0, &gone)).map_err(|error| Error::file("remove", &self.0, error))?;
        done(fs::remove_dir_all(&gone)).map_err(|error| Error::file("remove", &gone, error))
    }
}

/// Puts the names in a directory on the disk.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).map_err(|error| Error::file("read", path, error))?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Record {
        path: path.to_owned(),
        message: error.to_string(),
    })
}

/// The text of `/etc/hosts`.
pub(crate) fn hosts(hostname: &str, address: Option<IpAddr>, extra: &[(String, String)]) -> String {
    let mut text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
        fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
        .to_owned();
    let own = address.map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string());
    for (name, address) in extra {
        text.push_str(&format!("{address}\t{name}\n"));
    }
    text.push_str(&format!("{own}\t{hostname}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_names_do_not_confuse() {
        let mut text = String::from("7 (a) b) S 1");
        for field in 5..=21 {
            text.push_str(&format!(" {field}"));
        }
        text.push_str(" 4711 23");
        assert_eq!(parse_stat(&text), Some((b'S', 4711)));
        assert_eq!(parse_stat("7 (x"), None);
    }

    #[test]
    fn this_process_is_alive_and_another_with_its_id_is_not() {
        let process = Process::of(std::process::id() as i32).unwrap();
        assert!(process.alive() && process.open().is_some());
        let later = Process {
            start_time: process.start_time + 1,
            ..process
        };
        assert!(!later.alive() && later.open().is_none());
    }

    #[test]
    fn removing_twice_is_removing() {
        let parent = tempfile::tempdir().unwrap();
        let directory = Directory::new(parent.path().join("c"));
        fs::create_dir(directory.path()).unwrap();
        directory.remove().unwrap();
        directory.remove().unwrap();
    }

    #[test]
    fn a_lost_state_is_dead_and_its_monitor_is_known() {
        let parent = tempfile::tempdir().unwrap();
        let directory = Directory::new(parent.path().to_owned());
        for text in [None, Some(""), Some("{"), Some("[1]")] {
            if let Some(text) = text {
                fs::write(directory.join("state.json"), text).unwrap();
            }
            let kept = directory.kept().unwrap();
            assert!(kept.state.status == Status::Dead && kept.state.error.contains("state.json"));
            assert_eq!(kept.monitor, None);
        }
        let own = Process::of(std::process::id() as i32).unwrap();
        let lock = directory.try_lock().unwrap().unwrap();
        Directory::sign(&lock, own).unwrap();
        assert_eq!(directory.kept().unwrap().monitor, Some(own));
        let remains = Record::remains(&directory);
        assert!(!remains.name.is_empty());
        drop(parent);
        assert!(directory.kept().is_err());
    }

    #[test]
    fn state_is_kept_and_a_lock_is_held_once() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Directory::new(directory.path().to_owned());
        directory.keep(&Kept::default()).unwrap();
        assert_eq!(directory.kept().unwrap().state, ContainerState::default());
        let lock = directory.try_lock().unwrap();
        assert!(lock.is_some() && directory.try_lock().unwrap().is_none());
        drop(lock);
        assert!(directory.try_lock().unwrap().is_some());
    }
}
