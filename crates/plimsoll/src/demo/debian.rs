//! Base images made from Debian's packages, for where no registry answers.
//!
//! They stand in for the official `python:3.11-slim` and `python:latest`: Debian 12 with its own Python 3.11,
//! from the mirror that this machine's apt uses, with all updates. `mmdebstrap` does the work.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use plimsoll_core::Platform;
use plimsoll_image::{ContainerConfig, ImageConfig};
use rustix::process::geteuid;

use super::mirrors::Mirrors;
use crate::failure::Failure;

/// The files of a base image, and what they are to be imported with.
#[derive(Debug)]
pub(super) struct Base {
    /// The tar of the root file system, not compressed.
    pub(super) rootfs: PathBuf,
    /// The configuration: platform, environment and command.
    pub(super) config: ImageConfig,
    /// What the history is to say of the layer.
    pub(super) message: String,
}

/// What goes into a base image.
struct Recipe {
    name: &'static str,
    packages: &'static [&'static str],
    with_documentation: bool,
}

const SUITE: &str = "bookworm";

/// As `python:3.11-slim`: enough to make a virtual environment, and nothing to read.
const SLIM: Recipe = Recipe {
    name: "slim",
    packages: &["ca-certificates", "python3", "python3-venv"],
    with_documentation: false,
};

/// As `python:latest`: a compiler, version control, header files, pip, and all documentation.
const FULL: Recipe = Recipe {
    name: "full",
    packages: &[
        "build-essential",
        "ca-certificates",
        "curl",
        "git",
        "libffi-dev",
        "libsqlite3-dev",
        "libssl-dev",
        "openssh-client",
        "procps",
        "python3",
        "python3-dev",
        "python3-pip",
        "python3-venv",
        "wget",
        "zlib1g-dev",
    ],
    with_documentation: true,
};

/// Directories below `usr/share` that the slim image leaves empty; the copyright files stay, as their licences
/// ask.
const DOCUMENTATION: &str = "doc groff info linda lintian locale man";

/// Makes the file system of an image that stands in for `python:3.11-slim`.
///
/// The work is done in `dir`, which must not be small: about 300 MB are needed for a time. `report` is told of
/// each phase.
///
/// # Errors
/// When `mmdebstrap` is not installed or fails, or when `dir` cannot be written.
pub(super) fn make_slim(dir: &Path, report: &mut dyn FnMut(&str)) -> anyhow::Result<Base> {
    make(&SLIM, dir, report)
}

/// Makes the file system of an image that stands in for `python:latest`; about 1.5 GB are needed for a time.
///
/// # Errors
/// As [`make_slim`].
pub(super) fn make_full(dir: &Path, report: &mut dyn FnMut(&str)) -> anyhow::Result<Base> {
    make(&FULL, dir, report)
}

fn make(recipe: &Recipe, dir: &Path, report: &mut dyn FnMut(&str)) -> anyhow::Result<Base> {
    let rootfs = dir.join(format!("{}.tar", recipe.name));
    let mut file = File::create(&rootfs).with_context(|| format!("cannot write `{}`", rootfs.display()))?;
    // mmdebstrap writes the tar without `/dev`, or with device nodes in it; an image has the empty directory.
    file.write_all(dev_directory()?.as_bytes())
        .with_context(|| format!("cannot write `{}`", rootfs.display()))?;

    let mirrors = Mirrors::of_this_machine();
    let mut child = mmdebstrap(recipe, &mirrors, dir)
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                Failure::new("`mmdebstrap` is needed to make a base image, and is not installed")
                    .with_hint("run `apt-get install mmdebstrap`")
                    .into()
            }
            _ => anyhow::Error::new(error).context("cannot run `mmdebstrap`"),
        })?;
    let messages = child
        .stderr
        .take()
        .context("`mmdebstrap` has no standard error")?;
    let seen = watch(BufReader::new(messages), report).context("cannot read what `mmdebstrap` says")?;
    let status = child.wait().context("cannot wait for `mmdebstrap`")?;
    if !status.success() {
        return Err(
            Failure::new(format!("`mmdebstrap` failed ({status}):\n{}", seen.reason()))
                .with_hint(format!("see that `{}` answers and offers {SUITE}", mirrors.main))
                .into(),
        );
    }
    let python = seen
        .python_version
        .context("the image that `mmdebstrap` made has no Python")?;
    Ok(Base {
        rootfs,
        config: config(&python),
        message: format!("mmdebstrap {SUITE}, from {}", mirrors.main),
    })
}

fn mmdebstrap(recipe: &Recipe, mirrors: &Mirrors, dir: &Path) -> Command {
    let mut command = Command::new("mmdebstrap");
    command.args(["--variant=minbase", "--format=tar", "--skip=output/dev"]);
    command.args([
        r#"--aptopt=APT::Install-Recommends "false""#,
        r#"--aptopt=Acquire::Languages "none""#,
        r#"--aptopt=Acquire::Retries "3""#,
        "--dpkgopt=force-unsafe-io",
    ]);
    // With `/usr` merged from the start, Perl is not needed to merge it.
    command.arg("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr");
    command.arg(format!("--include=usr-is-merged,{}", recipe.packages.join(",")));
    if !recipe.with_documentation {
        // dpkg is told by a file, not by `--dpkgopt`: with that, mmdebstrap sends each package through a slow
        // filter of its own.
        command.arg(format!("--setup-hook={}", leave_out_documentation()));
        command.arg(format!("--customize-hook={}", remove_documentation()));
    }
    command.arg(format!("--customize-hook={FINISH}"));
    // The tar goes to standard output, behind what is in the file already.
    command.args([SUITE, "-"]).args(mirrors.sources(SUITE));
    command.envs(mirrors.proxies.iter().map(|(name, value)| (name, value)));
    if geteuid().is_root() {
        // `/tmp` may be small. Without root it must do: `dir` may be closed to the user that mmdebstrap becomes.
        command.env("TMPDIR", dir);
    }
    command
}

/// A hook that lets dpkg leave out the documentation of packages, those installed later too.
fn leave_out_documentation() -> String {
    let settings = "$1/etc/dpkg/dpkg.cfg.d/no-documentation";
    format!(
        r#"set -e
        mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
        printf 'path-exclude=/usr/share/%s/*\n' {DOCUMENTATION} > "{settings}"
        printf 'path-include=/usr/share/doc/*/copyright\n' >> "{settings}""#
    )
}

/// A hook that removes what was unpacked before dpkg heeded its settings.
fn remove_documentation() -> String {
    format!(
        r#"set -e
        cd "$1/usr/share"
        for directory in {DOCUMENTATION}; do
            [ -d "$directory" ] || continue
            find "$directory" ! -type d ! -path 'doc/*/copyright' -delete
            find "$directory" -mindepth 1 -type d -empty -delete
        done"#
    )
}

/// The last hook. It removes what this machine, the build and caches left; gives Python the name and pip the
/// freedom that they have in the official images; and shows the version.
const FINISH: &str = r#"set -e
        cd "$1"
        rm -f etc/resolv.conf etc/hostname var/cache/debconf/*-old var/lib/dpkg/*-old
        find var/log -type f -delete
        find usr -depth -type d -name __pycache__ -exec rm -rf {} +
        rm -f usr/lib/python3*/EXTERNALLY-MANAGED
        ln -s /usr/bin/python3 usr/local/bin/python
        chroot . python3 -B --version >&2"#;

/// What was learned from the messages of mmdebstrap.
#[derive(Default)]
struct Seen {
    python_version: Option<String>,
    last_lines: VecDeque<String>,
}

impl Seen {
    /// Why mmdebstrap failed: its errors, else the last that it said.
    fn reason(&self) -> String {
        let lines = || self.last_lines.iter().map(String::as_str);
        let mut reason: Vec<&str> = lines().filter(|line| line.starts_with("E: ")).collect();
        if reason.is_empty() {
            reason = lines().collect();
        }
        reason.join("\n")
    }
}

/// Reads the messages to their end and reports the phases among them.
fn watch(messages: impl BufRead, report: &mut dyn FnMut(&str)) -> std::io::Result<Seen> {
    const KEPT: usize = 12;
    let mut seen = Seen::default();
    for line in messages.split(b'\n') {
        let line = String::from_utf8_lossy(&line?).trim_end().to_owned();
        if let Some(version) = line.strip_prefix("Python ") {
            seen.python_version = Some(version.to_owned());
        }
        if let Some(phase) = phase(&line) {
            report(phase);
        }
        if seen.last_lines.len() == KEPT {
            seen.last_lines.pop_front();
        }
        seen.last_lines.push_back(line);
    }
    Ok(seen)
}

/// What a message says about how far the work is, if it does.
fn phase(message: &str) -> Option<&'static str> {
    const PHASES: [(&str, &str); 6] = [
        ("running apt-get update", "reading the package lists"),
        ("downloading packages", "downloading packages"),
        ("extracting archives", "unpacking the base system"),
        ("installing essential", "setting up the base system"),
        ("installing remaining", "installing packages"),
        ("creating tarball", "writing the file system"),
    ];
    let message = message.strip_prefix("I: ")?;
    PHASES
        .into_iter()
        .find(|(start, _)| message.starts_with(start))
        .map(|(_, phase)| phase)
}

/// The tar header of an empty `/dev`.
fn dev_directory() -> std::io::Result<tar::Header> {
    let mut header = tar::Header::new_ustar();
    header.set_path("dev/")?;
    header.set_entry_type(tar::EntryType::Directory);
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(0);
    header.set_cksum();
    Ok(header)
}

fn config(python_version: &str) -> ImageConfig {
    let config = ContainerConfig {
        env: vec![
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            "LANG=C.UTF-8".to_owned(),
            format!("PYTHON_VERSION={python_version}"),
        ],
        cmd: Some(vec!["python3".to_owned()]),
        ..ContainerConfig::default()
    };
    let mut config = ImageConfig {
        config,
        ..ImageConfig::default()
    };
    config.set_platform(&Platform::host());
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_and_the_version_are_found_among_the_messages() {
        let messages = "I: automatically chosen mode: root\nI: running apt-get update...\nReading package lists...\n\
                        I: running --customize-hook in shell: sh -c 'x'\nPython 3.11.2\nI: creating tarball...\n";
        let mut reported = Vec::new();
        let seen = watch(messages.as_bytes(), &mut |phase| reported.push(phase.to_owned())).unwrap();
        assert_eq!(reported, ["reading the package lists", "writing the file system"]);
        assert_eq!(seen.python_version.as_deref(), Some("3.11.2"));
        assert_eq!(seen.last_lines.len(), 6);
    }

    #[test]
    fn the_reason_is_the_errors_among_the_last_messages() {
        let messages = "line\n".repeat(100) + "E: the reason\nI: cleaning up\n";
        let seen = watch(messages.as_bytes(), &mut |_| {}).unwrap();
        assert_eq!(seen.last_lines.len(), 12);
        assert_eq!(seen.reason(), "E: the reason");
    }

    #[test]
    fn without_errors_the_reason_is_the_last_messages() {
        let seen = watch("one\ntwo\n".as_bytes(), &mut |_| {}).unwrap();
        assert_eq!(seen.reason(), "one\ntwo");
    }

    #[test]
    fn the_first_entry_is_an_empty_dev() {
        let mut archive = dev_directory().unwrap().as_bytes().to_vec();
        archive.extend([0; 1024]);
        let mut archive = tar::Archive::new(&*archive);
        let paths: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().into_owned())
            .collect();
        assert_eq!(paths, [Path::new("dev/")]);
    }

    #[test]
    fn the_environment_is_that_of_the_official_image() {
        let config = config("3.11.2");
        assert_eq!(config.config.cmd.as_deref(), Some(&["python3".to_owned()][..]));
        assert!(config.config.env.contains(&"PYTHON_VERSION=3.11.2".to_owned()));
        assert_eq!(config.os, "linux");
    }
}
