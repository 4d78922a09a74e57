use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_sandbox::{Network, Overlay, StepMount, StepMountKind, StepOutcome, StepSpec, Stream, run_step};
use tempfile::TempDir;

use crate::{Case, rootfs};

pub(crate) const CASES: &[Case] = &[
    ("step_gives_output_and_exit_code", output_and_exit_code),
    ("step_is_confined", confined),
    ("step_leaves_only_its_own_changes", only_own_changes),
    ("step_has_mounts_users_and_networks", mounts_users_networks),
    ("step_program_problems_are_exit_codes", program_problems),
    ("step_memory_limit", memory_limit),
    ("step_dies_with_its_caller", dies_with_caller),
];

struct Place {
    directory: TempDir,
    overlay: Overlay,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let lower = rootfs::unpack(directory.path());
        let sub = |name: &str| {
            let path = directory.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let overlay = Overlay {
            lowers: vec![lower],
            upper: sub("upper"),
            work: sub("work"),
        };
        sub("merged");
        Self { directory, overlay }
    }

    fn spec(&self, script: &str) -> StepSpec {
        let args = ["/bin/sh", "-c", script].map(ToOwned::to_owned).to_vec();
        StepSpec {
            overlay: Some(self.overlay.clone()),
            ..StepSpec::new(self.directory.path().join("merged"), args)
        }
    }

    fn changes(&self) -> Vec<PathBuf> {
        fn walk(directory: &Path, base: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.strip_prefix(base).unwrap().to_owned());
                if path.is_dir() && !path.is_symlink() {
                    walk(&path, base, found);
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.overlay.upper, &self.overlay.upper, &mut found);
        found.sort();
        found
    }
}

fn run(spec: &StepSpec) -> (StepOutcome, String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    let outcome = run_step(spec, &mut |stream, line| {
        let text = if stream == Stream::Stdout {
            &mut out
        } else {
            &mut err
        };
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    })
    .unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
    (outcome, out, err)
}

fn output_and_exit_code() {
    let place = Place::new();
    let (outcome, out, err) = run(&place.spec("echo one; echo two >&2; printf three; exit 7"));
    assert_eq!(
        (outcome.exit_code, out.as_str(), err.as_str()),
        (7, "one\nthree\n", "two\n")
    );
    let (outcome, ..) = run(&place.spec("kill -9 $$; sleep 1"));
    assert!(
        outcome.exit_code == 0 || outcome.exit_code == 137,
        "pid 1 cannot kill itself"
    );
}

fn confined() {
    let place = Place::new();
    let script = "grep -E 'CapEff|CapBnd|CapPrm|NoNewPrivs|Seccomp:' /proc/self/status; echo pid $$; \
        mount -t tmpfs x /tmp 2>/dev/null && echo mounted; \
        ls /proc/self/fd | wc -l; ls -A /sys/firmware | wc -l; \
        mknod /dev/disk b 254 0 && cat /dev/disk 2>&1 | head -c 100; \
        mknod /disk b 254 0 && cat /disk 2>&1 | head -c 100; rm /disk; \
        echo x > /proc/sys/kernel/hostname; echo hello > /dev/null && head -c 3 /dev/zero | wc -c; id -u; hostname";
    let (_, out, err) = run(&place.spec(script));
    for expected in [
        "CapEff:\t00000000a80425fb",
        "CapBnd:\t00000000a80425fb",
        "CapPrm:\t00000000a80425fb",
        "NoNewPrivs:\t0",
        "Seccomp:\t2",
        "pid 1\n",
        "cat: can't open '/dev/disk': Permission denied",
        "cat: can't open '/disk': Permission denied",
        "buildkitsandbox",
    ] {
        assert!(out.contains(expected), "{expected} is not in\n{out}\n{err}");
    }
    assert!(!out.contains("mounted"), "{out}");
    assert!(err.contains("Read-only file system"), "{err}");
    let mut spec = place.spec("grep -E 'NoNewPrivs' /proc/self/status");
    spec.security.no_new_privileges = true;
    assert!(run(&spec).1.contains("NoNewPrivs:\t1"));
}

fn only_own_changes() {
    let place = Place::new();
    for entry in ["proc", "sys", "dev"] {
        let path = place.overlay.lowers[0].join(entry);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        }
    }
    run(&place.spec("true"));
    assert_eq!(place.changes(), Vec::<PathBuf>::new());
    let mut spec = place.spec("echo a > /made; mkdir /etc/new; cat /etc/secret/key; test -e /proc/1");
    let source = place.directory.path().join("key");
    fs::write(&source, "secret\n").unwrap();
    spec.mounts.push(StepMount {
        target: "/etc/secret/key".to_owned(),
        kind: StepMountKind::Bind {
            source,
            read_only: true,
        },
    });
    let (outcome, out, _) = run(&spec);
    assert_eq!((outcome.exit_code, out.as_str()), (0, "secret\n"));
    let expected: Vec<PathBuf> = ["etc", "etc/new", "made"].map(PathBuf::from).to_vec();
    assert_eq!(place.changes(), expected);
    let host = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(
        !host.contains(place.directory.path().to_str().unwrap()),
        "nothing stays mounted"
    );
}

fn mounts_users_networks() {
    let place = Place::new();
    let mut spec = place.spec("id -u; id -g; pwd; ip addr show lo | grep -c 'inet 127'; ip link | grep -c '^[0-9]'; df /cache | tail -1 | cut -c1-5; echo $HOME $X");
    spec.user = "1000:1001".to_owned();
    spec.working_dir = "/srv/app".to_owned();
    spec.network = Network::None;
    spec.env = vec!["X=y".to_owned()];
    spec.mounts.push(StepMount {
        target: "/cache".to_owned(),
        kind: StepMountKind::Tmpfs { size: Some(1 << 20) },
    });
    let (_, out, err) = run(&spec);
    assert_eq!(out, "1000\n1001\n/srv/app\n1\n1\ntmpfs\n/ y\n", "{err}");
    spec.user = "nobody-here".to_owned();
    assert!(run_step(&spec, &mut |_, _| {}).is_err());
}

fn program_problems() {
    let place = Place::new();
    let mut spec = place.spec("");
    for (program, code) in [
        ("no-such-program", 127),
        ("/no/such", 127),
        ("/etc/passwd", 126),
        ("/etc", 126),
    ] {
        spec.args = vec![program.to_owned()];
        let (outcome, _, err) = run(&spec);
        assert_eq!(outcome.exit_code, code, "{program}: {err}");
        assert!(err.contains(program), "{err}");
    }
}

fn dies_with_caller() {
    let place = Place::new();
    let mut caller = crate::client::spawn_step(&place.spec("echo started > /mark; sleep 4711"));
    let running = || {
        let commands = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok());
        commands.filter(|command| command == b"sleep\x004711\x00").count()
    };
    let wait_until = |wanted: usize| {
        for _ in 0..500 {
            if running() == wanted {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("there are {} instead of {wanted}", running());
    };
    wait_until(1);
    caller.kill().unwrap();
    caller.wait().unwrap();
    wait_until(0);
}

fn memory_limit() {
    let place = Place::new();
    let mut spec = place.spec("head -c 200m /dev/zero | tail");
    spec.memory = Some(32 << 20);
    let (outcome, ..) = run(&spec);
    assert!(outcome.oom_killed, "{outcome:?}");
}
