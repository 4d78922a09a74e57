//! An ordinary user builds and runs, in a user namespace.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{busybox_rootfs, needs_root, needs_tool, skipped, text};

/// A folder of an ordinary user, with the program and a store in it.
struct Home {
    dir: TempDir,
    id: u32,
}

impl Home {
    fn of(id: u32) -> Option<Self> {
        if !needs_root() || !needs_tool("setpriv") {
            return None;
        }
        let home = Self {
            dir: TempDir::new().unwrap(),
            id,
        };
        std::fs::set_permissions(home.dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::copy(env!("CARGO_BIN_EXE_plimsoll"), home.program()).unwrap();
        std::os::unix::fs::chown(home.dir.path(), Some(id), Some(id)).unwrap();
        let namespaces = home
            .as_user("unshare", &["--user", "true"])
            .is_ok_and(|output| output.status.success());
        if !namespaces {
            skipped("user namespaces for ordinary users");
            return None;
        }
        let rootfs = busybox_rootfs(home.dir.path())?;
        // The shared images may lie where only root looks.
        let copy = home.dir.path().join("rootfs.tar");
        std::fs::copy(rootfs, &copy).unwrap();
        home.ok(&[
            "import",
            "--change",
            "CMD [\"sh\"]",
            copy.to_str().unwrap(),
            "busybox",
        ]);
        Some(home)
    }

    fn program(&self) -> PathBuf {
        self.dir.path().join("plimsoll")
    }

    fn as_user(&self, program: impl AsRef<Path>, args: &[&str]) -> std::io::Result<Output> {
        let id = self.id.to_string();
        Command::new("setpriv")
            .args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"])
            .arg(program.as_ref())
            .args(args)
            .env("PLIMSOLL_ROOT", self.dir.path().join("store"))
            .env_remove("CI")
            .env("NO_COLOR", "1")
            .current_dir(self.dir.path())
            .output()
    }

    fn ok(&self, args: &[&str]) -> String {
        let output = self.as_user(self.program(), args).unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn context(&self, dockerfile: &str) -> String {
        let folder = self.dir.path().join("context");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("Dockerfile"), dockerfile).unwrap();
        std::fs::write(folder.join("file"), "content\n").unwrap();
        folder.to_str().unwrap().to_owned()
    }

    /// Builds, runs, and works with a running container from calls of their own.
    fn works(&self) {
        let context = self.context(
            "FROM busybox\nRUN id -u > /made && rm /etc/group && mkdir -p /var/x && : > /dev/null\nCOPY file /copied\n\
             RUN --network=none rm -r /var/x && mkdir /var/x && ls /sys > /dev/null\n",
        );
        self.ok(&["build", "-q", "-t", "app", &context]);
        let seen = self.ok(&[
            "run",
            "--rm",
            "app",
            "sh",
            "-c",
            "cat /made /copied; ls /etc/group /var/x 2>&1; id -u",
        ]);
        assert!(seen.starts_with("0\ncontent\n"), "{seen}");
        assert!(
            seen.contains("/etc/group: No such file") && seen.ends_with("\n0\n"),
            "{seen}"
        );

        self.ok(&["run", "-d", "--name", "box", "app", "sleep", "1000"]);
        assert_eq!(self.ok(&["exec", "box", "cat", "/copied"]), "content\n");
        assert!(self.ok(&["top", "box"]).contains("sleep 1000"));
        self.ok(&["stop", "-t", "0", "box"]);
        self.ok(&["rm", "box"]);
        self.ok(&["rmi", "app"]);
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.as_user(self.program(), &["rm", "-f", "box"]);
    }
}

#[test]
fn with_only_the_own_id() {
    // No user has this number, so nobody has given it further ids.
    let Some(home) = Home::of(4_100_200_300) else {
        return;
    };
    home.works();
    let output = home
        .as_user(home.program(), &["run", "--rm", "-u", "7", "busybox", "true"])
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    let message = text(&output.stderr);
    assert!(
        message.contains("7:0") && message.contains("/etc/subuid"),
        "{message}"
    );
}

#[test]
fn with_subordinate_ids() {
    let Some(id) = user_with_subordinate_ids() else {
        skipped("a user with subordinate ids");
        return;
    };
    let Some(home) = Home::of(id) else { return };
    home.works();
    let context = home.context("FROM busybox\nRUN touch /theirs && chown 7:8 /theirs\nCOPY --chown=9:10 file /copied\nUSER 7\nRUN id -u\n");
    home.ok(&["build", "-q", "-t", "app", &context]);
    let seen = home.ok(&["run", "--rm", "app", "stat", "-c", "%u:%g", "/theirs", "/copied"]);
    assert_eq!(seen, "7:8\n9:10\n");
}

/// The id of a user of this machine to whom `/etc/subuid` and `/etc/subgid` give ranges.
fn user_with_subordinate_ids() -> Option<u32> {
    let named = |file: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let names = text
            .lines()
            .filter_map(|line| Some(line.split_once(':')?.0.to_owned()));
        names.collect::<Vec<_>>()
    };
    let (uids, gids) = (named("/etc/subuid"), named("/etc/subgid"));
    Command::new("newuidmap").output().ok()?;
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, ..] = fields[..] else {
            return None;
        };
        // The test gives both the same number.
        let listed = |names: &[String]| names.iter().any(|known| known == name);
        (uid == gid && uid != "0" && listed(&uids) && listed(&gids)).then(|| uid.parse().ok())?
    })
}
