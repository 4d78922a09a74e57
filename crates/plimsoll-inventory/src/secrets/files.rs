use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::credentials;
use super::places::{Choice, MAX_FILE, choose, holds_credentials, is_sample, is_source};
use super::rules::{is_generic, matches};
use super::utf16;
use crate::{Error, FileSecret, Result};

/// The secrets in `file`, which stands at `path` in the directory that it belongs to, such as a build context. Large
/// files, files that are no text, and those that languages' package managers put there are not searched, as in an image.
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
    if !metadata.is_file() || matches!(choose(&path, metadata.len()), Choice::Skip(_)) {
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

    /// Whether what has been read has no NUL byte, as git tells text, or is UTF-16 and says so.
    pub(crate) fn looks_like_text(&self) -> bool {
        memchr::memchr(0, &self.content).is_none() || utf16::is_text(&self.content)
    }

    /// The secrets in the whole content of the file at `path`.
    pub(crate) fn finish(self, path: &str) -> Vec<FileSecret> {
        let content = self.content.strip_prefix(UTF_8_MARK).unwrap_or(&self.content);
        // Any text may begin with the bytes of the mark of UTF-16; what is UTF-16 has NUL bytes, as `looks_like_text` asks.
        let head = content.len().min(Self::HEAD as usize);
        let decoded = memchr::memchr(0, &content[..head]).and_then(|_| utf16::decoded(content));
        let Some(decoded) = decoded else {
            return secrets_in(content, path);
        };
        let mut secrets = secrets_in(decoded.as_bytes(), path);
        // Programs that know nothing of the mark append lines of single bytes; the first stands behind half of a line feed.
        let bytes = content.iter().enumerate();
        let is_half = |(index, byte): &(usize, &u8)| **byte == 0 && content[..*index].ends_with(b"\n");
        let bytes: Vec<u8> = bytes
            .filter(|byte| !is_half(byte))
            .map(|(_, byte)| *byte)
            .collect();
        let appended = secrets_in(&bytes, path);
        let is_told = |new: &FileSecret| {
            let mut all = secrets.iter();
            all.any(|old| (old.line, &old.rule) == (new.line, &new.rule))
        };
        let appended: Vec<_> = appended.into_iter().filter(|new| !is_told(new)).collect();
        secrets.extend(appended);
        secrets.truncate(credentials::MOST);
        secrets
    }
}

/// What texts in UTF-8 may begin with.
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// The secrets in `content`, a whole text with ASCII characters as single bytes.
fn secrets_in(content: &[u8], path: &str) -> Vec<FileSecret> {
    let is_sample = is_sample(path);
    let is_source = is_source(path);
    let counts = |rule: &str| match rule {
        // Without quotes it is a name in a program, and a value in a configuration.
        "configuration-value" => !is_source && !is_sample,
        rule => !is_sample || !is_generic(rule),
    };
    let mut secrets: Vec<FileSecret> = matches(content)
        .into_iter()
        .filter(|found| counts(found.rule))
        .map(|found| FileSecret {
            rule: format!("secret-{}", found.rule),
            title: found.title.to_owned(),
            severity: found.severity,
            path: path.to_owned(),
            line: line_of(content, found.start),
            redacted: found.redacted,
        })
        .collect();
    if holds_credentials(path) {
        let found = credentials::find(content, path);
        // The file's own form tells more than the look of a value does.
        secrets.retain(|secret| {
            let is_told = || found.iter().any(|other| other.line == secret.line);
            !matches!(
                secret.rule.as_str(),
                "secret-high-entropy-value" | "secret-configuration-value"
            ) || !is_told()
        });
        let known: Vec<usize> = secrets.iter().map(|secret| secret.line).collect();
        secrets.extend(found.into_iter().filter(|secret| !known.contains(&secret.line)));
        secrets.truncate(credentials::MOST);
    }
    secrets
}

pub(super) fn line_of(content: &[u8], offset: usize) -> usize {
    1 + content[..offset].iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_form_alone_does_not_count_in_samples() {
        let text = "curl -u app:hU7x2Qm9ZtR4 https://a.test\nredis://:hU7x2Qm9ZtR4@db/0\nclient_token: hU7x2Qm9ZtR4vLk8WnB3yC6d\n";
        let scan = |path: &str, text: &str| {
            FileScan {
                content: text.as_bytes().to_vec(),
            }
            .finish(path)
            .len()
        };
        for (path, count) in [
            ("app/run.sh", 3),
            ("app/run.py", 2),
            ("app/README.md", 0),
            ("app/tests/conftest.py", 0),
            ("app/examples/run.sh", 0),
            ("app/latest/run.sh", 3),
        ] {
            assert_eq!(scan(path, text), count, "{path}");
        }
        let token = format!("{}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a\n", "ghp_");
        assert_eq!(scan("app/tests/a.md", &token), 1);
    }

    #[test]
    fn files_outside_an_image() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("any");
        std::fs::write(&file, "PASSWORD=hunter2\n").unwrap();
        let found = |path: &str| secrets_in_file(&file, Path::new(path)).unwrap().len();
        assert_eq!(
            (found("lib/.env"), found("lib/x"), found("node_modules/a/.env")),
            (1, 0, 1)
        );
        let missing = secrets_in_file(&dir.path().join("none"), Path::new(".env"));
        assert!(matches!(missing, Err(Error::ReadFile { .. })));
    }

    #[test]
    fn texts_in_utf_16_are_searched() {
        let text = format!("a\r\n\u{e9} {}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a\r\n", "ghp_");
        let little: Vec<u8> = format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        for content in [little, big] {
            let scan = FileScan { content };
            assert!(scan.looks_like_text());
            let found = scan.finish("app/setup.ps1");
            assert_eq!(found.len(), 1);
            assert_eq!(
                (found[0].rule.as_str(), found[0].line),
                ("secret-github-token", 2)
            );
        }
    }

    #[test]
    fn the_marks_of_unicode_hide_nothing() {
        let token = format!("{}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a", "ghp_");
        let scan = |content: &[u8], path: &str| {
            let scan = FileScan {
                content: content.to_vec(),
            };
            assert!(scan.looks_like_text());
            let found = scan.finish(path);
            let told = found.into_iter().map(|found| (found.rule, found.line));
            told.collect::<Vec<_>>()
        };
        let github = "secret-github-token".to_owned();
        let variable = "secret-environment-file".to_owned();
        // The mark of UTF-16 before something else.
        for mark in [&b"\xff\xfe"[..], b"\xfe\xff"] {
            let text = [mark, b"\n", token.as_bytes()].concat();
            assert_eq!(scan(&text, "app/a.txt"), [(github.clone(), 2)]);
        }
        let text = b"\xef\xbb\xbfDB_PASSWORD=hunter2\n";
        assert_eq!(scan(text, "app/.env"), [(variable.clone(), 1)]);
        // Lines of single bytes behind those in UTF-16.
        let encoded = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let text = [
            encoded(&format!("\u{feff}a\r\nb={token}\r\n")).as_slice(),
            format!("c={token}\r\n").as_bytes(),
        ]
        .concat();
        assert_eq!(
            scan(&text, "app/a.txt"),
            [(github.clone(), 2), (github.clone(), 3)]
        );
        let text = [
            encoded("\u{feff}DB_PASSWORD=hunter2\r\n").as_slice(),
            b"API_KEY=hunter3\r\n",
        ]
        .concat();
        assert_eq!(
            scan(&text, "app/.env"),
            [(variable.clone(), 1), (variable.clone(), 2)]
        );
        let lines = format!("t={token}\n").repeat(15);
        let text = [encoded(&format!("\u{feff}{lines}")).as_slice(), lines.as_bytes()].concat();
        assert_eq!(scan(&text, "app/a.txt").len(), credentials::MOST);
        // What is seen both ways is told once.
        let text = encoded("\u{feff}*:*:*:u:hunter2\n");
        assert_eq!(
            scan(&text, "root/.pgpass"),
            [("secret-credentials-file".to_owned(), 1)]
        );
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
