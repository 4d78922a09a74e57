//! Git repositories, by the `git` that is installed.

use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use super::GitLocation;
use crate::error::{IoContext, Problem};
use crate::rooted::Rooted;

/// How `git` is run for a build.
#[derive(Debug, Clone, Default)]
pub(crate) struct GitSettings {
    /// Proxy variables.
    pub(crate) environment: Vec<(String, String)>,
    /// The socket of the agent that was given to the build.
    pub(crate) agent: Option<PathBuf>,
}

/// The commit that a location means now.
pub(crate) fn commit(location: &GitLocation, settings: &GitSettings) -> Result<String, Problem> {
    let wanted = location.reference.as_deref().unwrap_or("HEAD");
    let found = if is_full_commit(wanted) {
        wanted.to_owned()
    } else {
        // A tag is listed with the commit that it stands for behind it.
        let peeled = format!("{wanted}^{{}}");
        let arguments = ["ls-remote", "--", &location.repository, wanted, &peeled];
        let listed = run(Path::new("/"), settings, &arguments, location)?;
        match pick(&listed, wanted) {
            Some(commit) => commit,
            // Perhaps it is a shortened commit, which only a clone can tell.
            None if is_short_commit(wanted) => return Ok(wanted.to_owned()),
            None => {
                return Err(Problem::invalid_with(
                    format!("`{}` has no `{wanted}`", location.repository),
                    "name a branch, a tag or a commit of the repository",
                ));
            }
        }
    };
    check(location, &found)?;
    Ok(found)
}

/// That the commit is the one that the location demands.
fn check(location: &GitLocation, commit: &str) -> Result<(), Problem> {
    match &location.checksum {
        Some(checksum) if !commit.starts_with(checksum.as_str()) => Err(Problem::invalid(format!(
            "`{}` is at the commit `{commit}`, not `{checksum}` as the checksum demands",
            location.repository
        ))),
        _ => Ok(()),
    }
}

/// Of what `ls-remote` lists: the tag's commit, the exact name, the branch, the tag, in this order of trust.
fn pick(listed: &str, wanted: &str) -> Option<String> {
    let rows: Vec<(&str, &str)> = listed
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(commit, _)| is_full_commit(commit))
        .collect();
    let named = |name: &str| {
        let of = |name: String| {
            rows.iter()
                .find(|(_, row)| *row == name)
                .map(|(commit, _)| (*commit).to_owned())
        };
        of(format!("{name}^{{}}")).or_else(|| of(name.to_owned()))
    };
    named(wanted)
        .or_else(|| named(&format!("refs/heads/{wanted}")))
        .or_else(|| named(&format!("refs/tags/{wanted}")))
        .or_else(|| named(&format!("refs/{wanted}")))
}

/// A SHA-1 or SHA-256 commit in full.
fn is_full_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_short_commit(text: &str) -> bool {
    (7..64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Fetches the commit into `directory`, which is empty, and gives the directory that the location means, which is
/// inside. Modes are those that git knows, whatever the umask. Without `keep_git_dir` there is no `.git` anywhere.
pub(crate) fn checkout(
    location: &GitLocation,
    commit: &str,
    keep_git_dir: bool,
    settings: &GitSettings,
    directory: &Path,
) -> Result<PathBuf, Problem> {
    let git = |arguments: &[&str]| run(directory, settings, arguments, location);
    git(&["init", "--quiet", "."])?;
    git(&["remote", "add", "--", "origin", &location.repository])?;
    // A server may refuse to hand out a bare commit; then everything is fetched.
    let shallow = is_full_commit(commit)
        .then(|| git(&["fetch", "--quiet", "--depth=1", "origin", commit]))
        .transpose();
    if !matches!(shallow, Ok(Some(_))) {
        git(&[
            "fetch",
            "--quiet",
            "--tags",
            "--force",
            "origin",
            "+refs/heads/*:refs/remotes/origin/*",
        ])?;
        if let Some(reference) = location
            .reference
            .as_deref()
            .filter(|name| name.starts_with("refs/"))
        {
            git(&["fetch", "--quiet", "origin", reference])?;
        }
    }
    git(&["checkout", "--quiet", "--detach", commit, "--"])?;
    check(location, git(&["rev-parse", "HEAD"])?.trim())?;
    if location.submodules.unwrap_or(true) && directory.join(".gitmodules").exists() {
        let update = ["submodule", "--quiet", "update", "--init", "--recursive"];
        let shallow = [&update[..], &["--depth=1"]].concat();
        if git(&shallow).is_err() {
            // Not every server hands out a bare commit, or less than everything.
            git(&["submodule", "--quiet", "deinit", "--force", "--all"])?;
            let modules = directory.join(".git/modules");
            if modules.exists() {
                std::fs::remove_dir_all(&modules).doing("cannot remove", &modules)?;
            }
            git(&update)?;
        }
    }
    normalise(directory, !keep_git_dir)?;
    let Some(subdirectory) = &location.subdirectory else {
        return Ok(directory.to_owned());
    };
    let missing = || {
        Problem::invalid(format!(
            "`{subdirectory}` is not a directory in `{}`",
            location.repository
        ))
    };
    if Path::new(subdirectory)
        .components()
        .any(|part| part == Component::ParentDir)
    {
        return Err(missing());
    }
    let root = Rooted::open(directory).doing("cannot open", directory)?;
    let found = root.resolve(Path::new(subdirectory)).map_err(|_| missing())?;
    let path = crate::context::walk::join(directory, &found);
    if path.is_dir() { Ok(path) } else { Err(missing()) }
}

/// Gives files and directories the modes that they have everywhere, and takes `.git` away.
fn normalise(directory: &Path, without_git: bool) -> Result<(), Problem> {
    use std::os::unix::fs::PermissionsExt;
    let mut todo = vec![directory.to_owned()];
    while let Some(directory) = todo.pop() {
        for entry in std::fs::read_dir(&directory).doing("cannot list", &directory)? {
            let entry = entry.doing("cannot list", &directory)?;
            let path = entry.path();
            let metadata = std::fs::symlink_metadata(&path).doing("cannot read", &path)?;
            if entry.file_name() == ".git" {
                if without_git && metadata.is_dir() {
                    std::fs::remove_dir_all(&path).doing("cannot remove", &path)?;
                } else if without_git {
                    std::fs::remove_file(&path).doing("cannot remove", &path)?;
                }
                continue;
            }
            let mode = match metadata.permissions().mode() & 0o111 {
                _ if metadata.is_symlink() => continue,
                _ if metadata.is_dir() => 0o755,
                0 => 0o644,
                _ => 0o755,
            };
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))
                .doing("cannot write", &path)?;
            if metadata.is_dir() {
                todo.push(path);
            }
        }
    }
    Ok(())
}

/// Of what a failing `git` said, the line with the cause: the first that calls itself fatal, unless that only says that
/// something before it went wrong.
fn reason(said: &str) -> &str {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let fatal = lines.iter().position(|line| line.starts_with("fatal: "));
    let chosen = match fatal {
        Some(at) if at > 0 && lines[at] == "fatal: Could not read from remote repository." => {
            lines.get(at - 1)
        }
        Some(at) => lines.get(at),
        None => lines.last(),
    };
    match chosen {
        Some(line) => line.trim_start_matches("fatal: "),
        None => "it does not say why",
    }
}

/// Runs `git`, gives what it wrote, or an error with its last words.
fn run(
    directory: &Path,
    settings: &GitSettings,
    arguments: &[&str],
    location: &GitLocation,
) -> Result<String, Problem> {
    let mut command = Command::new("git");
    command
        // Nothing of the repository is executed, and no protocol but those that a Dockerfile may name is used.
        .args(["-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"])
        .args([
            "-c",
            "protocol.http.allow=always",
            "-c",
            "protocol.https.allow=always",
        ])
        .args([
            "-c",
            "protocol.git.allow=always",
            "-c",
            "protocol.ssh.allow=always",
        ])
        .args(["-c", "advice.detachedHead=false", "-c", "core.autocrlf=false"])
        .args(arguments)
        .current_dir(directory)
        .envs(settings.environment.iter().map(|(name, value)| (name, value)))
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null());
    if let Some(agent) = &settings.agent {
        command.env("SSH_AUTH_SOCK", agent);
    }
    let output = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem::invalid_with(
            format!("`{}` needs `git`, which is not installed", location.repository),
            "install git, or download the files another way",
        ),
        _ => Problem::io("cannot run", "git", error),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = reason(&said);
    Err(Problem::invalid(format!(
        "`git {}` of `{}` failed: {reason}",
        arguments.first().unwrap_or(&""),
        location.repository
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_in_what_git_says() {
        for (said, cause) in [
            ("", "it does not say why"),
            ("fatal: no such ref\n", "no such ref"),
            (
                "git@x: Permission denied (publickey).\r\nfatal: Could not read from remote repository.\n\n\
                 Please make sure you have the correct access rights\nand the repository exists.\n",
                "git@x: Permission denied (publickey).",
            ),
            (
                "Cloning into 'm'...\nfatal: repository 'm' not found\nfatal: clone of 'm' failed\n\
                 Failed to clone 'm' a second time, aborting\n",
                "repository 'm' not found",
            ),
            ("error: odd\n", "error: odd"),
        ] {
            assert_eq!(reason(said), cause);
        }
    }

    #[test]
    fn a_tag_is_the_commit_that_it_stands_for() {
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let listed =
            format!("{a}\trefs/heads/v1\n{b}\trefs/tags/v2\n{c}\trefs/tags/v2^{{}}\n{b}\tHEAD\nnonsense\n");
        assert_eq!(pick(&listed, "v1"), Some(a));
        assert_eq!(pick(&listed, "v2"), Some(c.clone()));
        assert_eq!(pick(&listed, "refs/tags/v2"), Some(c));
        assert_eq!(pick(&listed, "HEAD"), Some(b));
        assert_eq!(pick(&listed, "x"), None);
    }
}
