//! A store of its own for each test, and the program to run on it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The test images and feeds: `$PLIMSOLL_SHARED`, else `shared` beside the project.
pub(crate) fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("PLIMSOLL_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    [named, Some(beside)]
        .into_iter()
        .flatten()
        .find(|path| path.join("images/rootfs").is_dir())
}

/// Says that a test does nothing here, and why: past the test runner, which keeps what passing tests print.
pub(crate) fn skipped(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: needs {reason}");
}

/// What a test needs beyond the program; a missing one is told, and the test is skipped.
pub(crate) fn needs_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skipped("root");
    }
    root
}

/// Whether a tool can be called.
pub(crate) fn needs_tool(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        skipped(tool);
    }
    found
}

pub(crate) fn rootfs(name: &str) -> Option<PathBuf> {
    let found = shared()
        .map(|shared| shared.join("images/rootfs").join(name))
        .filter(|path| path.is_file());
    if found.is_none() {
        skipped(&format!(
            "the root file system `{name}` of the shared test images"
        ));
    }
    found
}

/// A root file system with busybox: a shared one, else one made of this machine's statically linked busybox.
pub(crate) fn busybox_rootfs(dir: &Path) -> Option<PathBuf> {
    let shared = shared().map(|shared| shared.join("images/rootfs/busybox-musl.tar.gz"));
    if let Some(path) = shared.filter(|path| path.is_file()) {
        return Some(path);
    }
    if !Path::new("/usr/share/doc/busybox-static").is_dir() {
        skipped("the shared test images, or Debian's busybox-static");
        return None;
    }
    let path = dir.join("busybox.tar");
    let mut tar = tar::Builder::new(File::create(&path).unwrap());
    tar.append_path_with_name("/bin/busybox", "bin/busybox").unwrap();
    let mut add = |kind, path: &str, mode, text: &str| {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    };
    for (folder, mode) in [
        ("tmp", 0o1777),
        ("root", 0o700),
        ("dev", 0o755),
        ("proc", 0o755),
        ("sys", 0o755),
        ("usr", 0o755),
        ("usr/bin", 0o755),
    ] {
        add(tar::EntryType::Directory, folder, mode, "");
    }
    add(
        tar::EntryType::Regular,
        "etc/passwd",
        0o644,
        "root:x:0:0:root:/root:/bin/sh\n",
    );
    add(tar::EntryType::Regular, "etc/group", 0o644, "root:x:0:\n");
    add(tar::EntryType::Regular, "etc/shadow", 0o640, "root:*:::::::\n");
    let applets = Command::new("/bin/busybox").arg("--list").output().unwrap();
    for applet in text(&applets.stdout)
        .lines()
        .filter(|applet| *applet != "busybox")
    {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, format!("bin/{applet}"), "busybox")
            .unwrap();
    }
    tar.finish().unwrap();
    Some(path)
}

pub(crate) fn feeds() -> Option<PathBuf> {
    let found = shared()
        .map(|shared| shared.join("feeds"))
        .filter(|path| path.is_dir());
    if found.is_none() {
        skipped("the shared advisory feeds");
    }
    found
}

/// A folder with a store in it. What containers are left are removed at the end.
pub(crate) struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    /// A store that holds `busybox`; nothing where root or the image is missing.
    pub(crate) fn with_busybox() -> Option<Self> {
        if !needs_root() {
            return None;
        }
        let sandbox = Self::new();
        let rootfs = busybox_rootfs(sandbox.dir.path())?;
        sandbox.ok(&[
            "import",
            "--change",
            "CMD [\"sh\"]",
            rootfs.to_str().unwrap(),
            "busybox",
        ]);
        Some(sandbox)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes files into a folder of this name and gives its path.
    pub(crate) fn folder(&self, name: &str, files: &[(&str, &str)]) -> String {
        let folder = self.path(name);
        for (file, text) in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command
            .args(args)
            .env("PLIMSOLL_ROOT", self.path("store"))
            .env_remove("CI")
            .env("NO_COLOR", "1");
        command.current_dir(self.dir.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs what must succeed and gives its standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(
            output.status.success(),
            "plimsoll {args:?}: {}\n{}",
            output.status,
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Runs what must fail and gives its exit code and standard error, the test's own folder left out of it.
    pub(crate) fn fails(&self, args: &[&str]) -> (i32, String) {
        let output = self.run(args);
        assert!(
            !output.status.success(),
            "plimsoll {args:?} succeeded: {}",
            text(&output.stdout)
        );
        let message = text(&output.stderr).replace(self.dir.path().to_str().unwrap(), "DIR");
        (output.status.code().unwrap_or(-1), message)
    }

    pub(crate) fn inspect(&self, name: &str, format: &str) -> String {
        self.ok(&["inspect", "--format", format, name])
            .trim_end()
            .to_owned()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let listed = self.run(&["ps", "-aq"]);
        for id in text(&listed.stdout).lines() {
            self.run(&["rm", "-f", id]);
        }
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Asks again until `done` or a minute is over: a deadline against hanging, not a measurement.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The whole answer to `GET path`, or nothing while nobody answers.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    (!answer.is_empty()).then(|| text(&answer))
}
