//! Working as an ordinary user: a user namespace in which the user is root and has further ids of their own.
//!
//! The user's own ids become 0, and the ranges that `/etc/subuid` and `/etc/subgid` give become 1 and up, with the help
//! of `newuidmap` and `newgidmap`. Without such ranges only the user's own ids exist.
//!
//! Containers belong to the namespace that they were started in, so later calls of the program join it as long as a
//! process lives in it. Which ones do stands in a file of the store.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use nix::sched::{CloneFlags, setns, unshare};
use rustix::fs::FlockOperation;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::error::{Error, Result};
use crate::record::Process;
use crate::sys::{self, Fork};

/// The file that names the processes of the user namespace, where this process has entered one.
static MEMBERS: OnceLock<PathBuf> = OnceLock::new();

/// Whether this process may do what containers need: mount, and make files of any owner.
pub fn is_privileged() -> bool {
    rustix::thread::capabilities(None)
        .is_ok_and(|sets| sets.effective.contains(rustix::thread::CapabilitySet::SYS_ADMIN))
}

/// Whether this process has entered a user namespace, in which its user is root.
pub fn has_entered() -> bool {
    MEMBERS.get().is_some()
}

/// Makes this process, which must be single-threaded, root in a user namespace: in that of the processes listed in
/// `members` if one of them lives, else in a new one. The file is made where there is none; its folder must be there.
///
/// # Errors
/// [`Error::NotPrivileged`] where the system forbids user namespaces, [`Error::Mapping`] where the ids cannot be
/// mapped, or what the system says of the file.
pub fn enter(members: &Path) -> Result<()> {
    let failed = |action: &'static str| move |error: io::Error| Error::file(action, members, error);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(members)
        .map_err(failed("open"))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive).map_err(|error| failed("lock")(error.into()))?;
    let mut living = read(&mut file).map_err(failed("read"))?;
    if !living.iter().any(|process| join(*process)) {
        living.clear();
        make()?;
    }
    living.extend(Process::of(std::process::id() as i32));
    write(&mut file, &living).map_err(failed("write"))?;
    let _ = MEMBERS.set(members.to_owned());
    Ok(())
}

/// The file that names the processes of the user namespace, if this process has entered one.
pub(crate) fn members() -> Option<PathBuf> {
    MEMBERS.get().cloned()
}

/// Lists a process that will outlive its caller among the members.
pub(crate) fn register(members: &Path, pid: i32) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(members)?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    let mut living = read(&mut file)?;
    living.extend(Process::of(pid));
    write(&mut file, &living)
}

/// The processes in the file that live.
fn read(file: &mut File) -> io::Result<Vec<Process>> {
    let mut text = String::new();
    file.rewind()?;
    file.take(1 << 20).read_to_string(&mut text)?;
    let line = |line: &str| {
        let (pid, start_time) = line.split_once(' ')?;
        Some(Process {
            pid: pid.parse().ok()?,
            start_time: start_time.parse().ok()?,
        })
    };
    Ok(text
        .lines()
        .filter_map(line)
        .filter(|process| process.alive())
        .collect())
}

fn write(file: &mut File, living: &[Process]) -> io::Result<()> {
    let text: String = living
        .iter()
        .map(|process| format!("{} {}\n", process.pid, process.start_time))
        .collect();
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

/// Joins the user namespace of a process, if it still runs and has another one than this process.
fn join(process: Process) -> bool {
    process
        .open()
        .is_some_and(|process| setns(process.as_fd(), CloneFlags::CLONE_NEWUSER).is_ok())
}

/// Makes a user namespace and maps the ids of this user into it.
fn make() -> Result<()> {
    let (uid, gid) = (
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw(),
    );
    let name = user_name(uid);
    let of_user = |file: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        ranges(&text, &name, uid)
    };
    let (uids, gids) = (of_user("/etc/subuid"), of_user("/etc/subgid"));
    if uids.is_empty() || gids.is_empty() || !has_program("newuidmap") || !has_program("newgidmap") {
        new_namespace()?;
        return map_one(uid, gid);
    }
    map_ranges(uid, gid, &uids, &gids)
}

fn new_namespace() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|_| Error::NotPrivileged)
}

/// Maps the user's own ids alone, which needs nobody's help.
fn map_one(uid: u32, gid: u32) -> Result<()> {
    let put = |file: &str, text: String| {
        fs::write(file, text).map_err(|error| Error::Mapping(format!("`{file}`: {error}")))
    };
    put("/proc/self/setgroups", "deny".to_owned())?;
    put("/proc/self/uid_map", format!("0 {uid} 1"))?;
    put("/proc/self/gid_map", format!("0 {gid} 1"))
}

/// Maps whole ranges, which only the two privileged programs may do, and only from outside of the namespace: a child
/// stays behind for that.
fn map_ranges(uid: u32, gid: u32, uids: &[Range], gids: &[Range]) -> Result<()> {
    let failed = |error: io::Error| Error::system("map the user's ids", error);
    let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|error| failed(error.into()));
    let (go, gone) = pipe()?;
    let (answer, answered) = pipe()?;
    let parent = std::process::id();
    let child = match sys::clone3(0).map_err(failed)? {
        Fork::Child => {
            drop((gone, answer));
            let mut answered = File::from(answered);
            let mut word = [0; 1];
            // Nothing comes when the parent has failed.
            let told = File::from(go).read(&mut word).is_ok_and(|count| count == 1);
            let mapped = told.then(|| {
                run("newuidmap", parent, uid, uids).and_then(|()| run("newgidmap", parent, gid, gids))
            });
            if let Some(Err(reason)) = mapped {
                let _ = answered.write_all(reason.as_bytes());
            }
            sys::exit_now(0);
        }
        Fork::Parent(child) => child,
    };
    drop((go, answered));
    let made = new_namespace();
    if made.is_ok() {
        File::from(gone).write_all(b"g").map_err(failed)?;
    } else {
        drop(gone);
    }
    let mut reason = String::new();
    let _ = File::from(answer).take(1 << 16).read_to_string(&mut reason);
    crate::step::wait(child)?;
    made?;
    match reason.is_empty() {
        true => Ok(()),
        false => Err(Error::Mapping(reason)),
    }
}

/// Calls `newuidmap` or `newgidmap` for the process `pid`.
fn run(program: &str, pid: u32, own: u32, ranges: &[Range]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.arg(pid.to_string()).args(["0", &own.to_string(), "1"]);
    let mut inside = 1;
    for range in ranges {
        command.args([inside, range.first, range.count].map(|number| number.to_string()));
        inside += range.count;
    }
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{program}`: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "`{program}`: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}

/// A range of ids that belongs to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u32,
    count: u32,
}

/// The ranges that a text in the form of `/etc/subuid` gives to a user.
fn ranges(text: &str, name: &str, uid: u32) -> Vec<Range> {
    let uid = uid.to_string();
    let mut left = u32::MAX - 1;
    let line = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let first: u32 = fields.next()?.parse().ok()?;
        let count: u32 = fields.next()?.parse().ok()?;
        ((owner == name && !name.is_empty()) || owner == uid).then_some(())?;
        // No range runs past the last id, neither outside nor inside.
        let count = count.min(u32::MAX - first).min(left);
        left -= count;
        (count > 0).then_some(Range { first, count })
    };
    text.lines().filter_map(line).collect()
}

/// The name of a user, where the machine knows it.
fn user_name(uid: u32) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let uid = uid.to_string();
    let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(&uid));
    let name = line.and_then(|line| line.split(':').next());
    name.unwrap_or_default().to_owned()
}

fn has_program(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_by_name_and_by_number() {
        let text = "other:1:5\nme:100000:65536\n# no\n1000:500000:10\nme:x:1\nme:7:0\n";
        let range = |first, count| Range { first, count };
        assert_eq!(
            ranges(text, "me", 1000),
            [range(100_000, 65536), range(500_000, 10)]
        );
        assert_eq!(ranges(text, "", 1), []);
        assert_eq!(ranges("me:4294967290:100", "me", 1), [range(4_294_967_290, 5)]);
    }

    #[test]
    fn only_the_living_are_members() {
        let mut file = tempfile::tempfile().unwrap();
        let own = Process::of(std::process::id() as i32).unwrap();
        let gone = Process {
            start_time: own.start_time + 1,
            ..own
        };
        write(&mut file, &[gone, own]).unwrap();
        let living = read(&mut file).unwrap();
        assert_eq!(living.len(), 1);
        assert_eq!(living[0].start_time, own.start_time);
    }
}
