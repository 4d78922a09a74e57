use std::fs::File;
use std::io::Read;
use std::path::Path;

use plimsoll_core::Severity;

use super::names::{is_literal, names_a_secret};
use super::rules::matches;
use crate::{Error, FileSecret, Result};

/// Larger files are not searched.
pub(crate) const MAX_FILE: u64 = 1 << 20;

/// Directories that package managers fill. Keys in them are samples, tests and documentation, in practice.
const PACKAGED: &[&str] = &[
    "bin/",
    "boot/",
    "dev/",
    "lib/",
    "lib32/",
    "lib64/",
    "proc/",
    "sbin/",
    "sys/",
    "usr/bin/",
    "usr/games/",
    "usr/include/",
    "usr/lib/",
    "usr/lib32/",
    "usr/lib64/",
    "usr/libexec/",
    "usr/local/go/",
    "usr/local/include/",
    "usr/local/lib/python",
    "usr/local/lib/node_modules/",
    "usr/local/lib/ruby/",
    "usr/local/share/",
    "usr/sbin/",
    "usr/share/",
    "usr/src/python/",
    "var/cache/",
    "var/lib/apt/",
    "var/lib/dpkg/",
    "var/lib/gems/",
    "var/lib/rpm/",
];

/// The same at any depth.
const PACKAGED_ANYWHERE: &[&str] = &[
    "/site-packages/",
    "/dist-packages/",
    "/node_modules/",
    "/.git/objects/",
    "/vendor/bundle/",
    "/gems/",
    "/pkg/mod/",
];

/// Endings of files that hold no text, or no secret.
const NO_TEXT: &[&str] = &[
    "a", "bin", "bmp", "bz2", "class", "dat", "db", "deb", "dll", "eot", "exe", "gif", "gz", "ico", "jar",
    "jpeg", "jpg", "lock", "map", "mo", "mp3", "mp4", "o", "otf", "pdf", "png", "pyc", "pyd", "rpm", "so",
    "sum", "svg", "tar", "tgz", "ttf", "wasm", "webp", "whl", "woff", "woff2", "xz", "zip", "zst",
];

/// Whether the file at `path` of an image, with `size` bytes, is worth searching.
pub(crate) fn is_candidate(path: &str, size: u64) -> bool {
    !PACKAGED.iter().any(|directory| path.starts_with(directory)) && is_candidate_anywhere(path, size)
}

/// The same for a path that does not start at the root of an image.
fn is_candidate_anywhere(path: &str, size: u64) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    (1..=MAX_FILE).contains(&size)
        && !PACKAGED_ANYWHERE
            .iter()
            .any(|part| path.contains(part) || path.starts_with(&part[1..]))
        && !extension.is_some_and(|extension| NO_TEXT.contains(&extension.as_str()))
}

/// The secrets in `file`, which stands at `path` in the directory that it belongs to, such as a build context. Large
/// files, files that are no text, and those that package managers put there are not searched, as in an image.
///
/// # Errors
/// [`Error::ReadFile`] when the file cannot be read.
pub fn secrets_in_file(file: &Path, path: &Path) -> Result<Vec<FileSecret>> {
    let unreadable = |source| Error::ReadFile {
        path: file.to_owned(),
        source,
    };
    let metadata = file.symlink_metadata().map_err(unreadable)?;
    let path = path.to_string_lossy();
    if !metadata.is_file() || !is_candidate_anywhere(&path, metadata.len()) {
        return Ok(Vec::new());
    }
    let mut scan = FileScan::default();
    let opened = File::open(file).map_err(unreadable)?;
    opened
        .take(MAX_FILE)
        .read_to_end(&mut scan.content)
        .map_err(unreadable)?;
    Ok(if scan.looks_like_text() {
        scan.finish(&path)
    } else {
        Vec::new()
    })
}

/// The content of a file on its way to being searched.
#[derive(Default)]
pub(crate) struct FileScan {
    pub(crate) content: Vec<u8>,
}

impl FileScan {
    /// How many bytes tell whether it is text.
    pub(crate) const HEAD: u64 = 8 << 10;

    /// Whether what has been read has no NUL byte, as git tells text.
    pub(crate) fn looks_like_text(&self) -> bool {
        !self.content.contains(&0)
    }

    /// The secrets in the whole content of the file at `path`.
    pub(crate) fn finish(self, path: &str) -> Vec<FileSecret> {
        let mut secrets: Vec<FileSecret> = matches(&self.content)
            .into_iter()
            .map(|found| FileSecret {
                rule: format!("secret-{}", found.rule),
                title: found.title.to_owned(),
                severity: found.severity,
                path: path.to_owned(),
                line: line_of(&self.content, found.start),
                redacted: found.redacted,
            })
            .collect();
        if is_environment_file(path) {
            let known: Vec<usize> = secrets.iter().map(|secret| secret.line).collect();
            let named = assignments(&self.content, path).filter(|secret| !known.contains(&secret.line));
            secrets.extend(named.take(20));
        }
        secrets
    }
}

fn line_of(content: &[u8], offset: usize) -> usize {
    1 + content[..offset].iter().filter(|byte| **byte == b'\n').count()
}

/// `.env`, `NAME.env`, `.env.NAME`; not the samples that stand beside them.
fn is_environment_file(path: &str) -> bool {
    let name = path
        .rsplit_once('/')
        .map_or(path, |(_, name)| name)
        .to_ascii_lowercase();
    let sample = ["example", "sample", "template", "dist", "defaults"]
        .iter()
        .any(|word| name.contains(word));
    !sample && (name == ".env" || name.ends_with(".env") || name.starts_with(".env."))
}

/// The lines that give a literal value to a variable with the name of a secret.
fn assignments<'a>(content: &'a [u8], path: &'a str) -> impl Iterator<Item = FileSecret> + 'a {
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    lines.filter_map(move |(index, line)| {
        let line = std::str::from_utf8(line).ok()?.trim();
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        let name = name.trim();
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        (plain && names_a_secret(name) && is_literal(value)).then(|| FileSecret {
            rule: "secret-environment-file".to_owned(),
            title: format!("value of `{name}`"),
            severity: Severity::High,
            path: path.to_owned(),
            line: index + 1,
            redacted: format!("{name}=********"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates() {
        for path in [
            "app/conf/deploy.env",
            "root/.ssh/id_rsa",
            ".env",
            "etc/app/config",
            "srv/app.py",
            "home/u/.npmrc",
        ] {
            assert!(is_candidate(path, 10), "{path}");
        }
        for path in [
            "usr/share/doc/x",
            "usr/lib/python3/test/key.pem",
            "app/venv/lib/site-packages/tornado/test/test.key",
            "node_modules/a/key.pem",
            "app/logo.png",
            "usr/local/lib/python3.11/test/keycert.pem",
        ] {
            assert!(!is_candidate(path, 10), "{path}");
        }
        assert!(!is_candidate("app/x", 0) && !is_candidate("app/x", MAX_FILE + 1));
    }

    #[test]
    fn environment_files_are_read_by_names() {
        let content =
            b"# settings\nexport DB_PASSWORD=hunter2\nDEBUG=1\nTOKEN=$X\nAPI_KEY=\"k\"\nPUBLIC_KEY=abc\n";
        let scan = |path| {
            FileScan {
                content: content.to_vec(),
            }
            .finish(path)
        };
        let found = scan("app/.env");
        let shown: Vec<_> = found
            .iter()
            .map(|secret| (secret.line, secret.redacted.as_str()))
            .collect();
        assert_eq!(shown, [(2, "DB_PASSWORD=********"), (5, "API_KEY=********")]);
        assert_eq!(scan("app/.env.example"), []);
        assert_eq!(scan("app/settings.txt"), []);
    }

    #[test]
    fn files_outside_an_image() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("any");
        std::fs::write(&file, "PASSWORD=hunter2\n").unwrap();
        let found = |path: &str| secrets_in_file(&file, Path::new(path)).unwrap().len();
        assert_eq!(
            (found("lib/.env"), found("lib/x"), found("node_modules/a/.env")),
            (1, 0, 0)
        );
        let missing = secrets_in_file(&dir.path().join("none"), Path::new(".env"));
        assert!(matches!(missing, Err(Error::ReadFile { .. })));
    }

    #[test]
    fn a_form_and_a_name_on_one_line_are_one_secret() {
        let content =
            format!("a\nGITHUB_TOKEN={}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a\n", "ghp_").into_bytes();
        let found = FileScan { content }.finish("app/deploy.env");
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].rule.as_str(), found[0].line),
            ("secret-github-token", 2)
        );
    }
}
