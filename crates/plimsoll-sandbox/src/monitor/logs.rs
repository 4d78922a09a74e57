//! The log of a container, in the form of Docker's `json-file`: one object for each line.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::pump::Lines;
use crate::step::Stream;

/// One line, with its newline if it has one: a piece of a long line has none.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LogEntry<'a> {
    #[serde(borrow)]
    pub(crate) log: std::borrow::Cow<'a, str>,
    pub(crate) stream: Stream,
    pub(crate) time: Timestamp,
}

/// Writes the log.
pub(super) struct LogWriter {
    file: File,
    lines: [Lines; 2],
}

impl LogWriter {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::options().append(true).create(true).open(path)?,
            lines: [Lines::default(), Lines::default()],
        })
    }

    /// Adds what a stream gave; only whole lines are written. A full disk loses lines, not the container.
    pub(super) fn add(&mut self, stream: Stream, bytes: &[u8]) {
        let mut entries = Vec::new();
        let lines = &mut self.lines[usize::from(stream == Stream::Stderr)];
        lines.add(bytes, &mut |line| append(&mut entries, stream, line));
        let _ = self.file.write_all(&entries);
    }

    /// Writes what is left without a newline.
    pub(super) fn finish(&mut self) {
        let mut entries = Vec::new();
        for stream in [Stream::Stdout, Stream::Stderr] {
            let lines = &mut self.lines[usize::from(stream == Stream::Stderr)];
            lines.finish(&mut |line| append(&mut entries, stream, line));
        }
        let _ = self.file.write_all(&entries);
    }
}

fn append(entries: &mut Vec<u8>, stream: Stream, line: &[u8]) {
    let entry = LogEntry {
        log: String::from_utf8_lossy(line),
        stream,
        time: Timestamp::now(),
    };
    if serde_json::to_writer(&mut *entries, &entry).is_ok() {
        entries.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_apart_by_stream() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut log = LogWriter::open(&path).unwrap();
        log.add(Stream::Stdout, b"a\nb");
        log.add(Stream::Stderr, b"\xff\n");
        log.add(Stream::Stdout, b"c\nrest");
        log.finish();
        let text = std::fs::read_to_string(path).unwrap();
        let shown: Vec<(String, Stream)> = text
            .lines()
            .map(|line| {
                let entry: LogEntry<'_> = serde_json::from_str(line).unwrap();
                (entry.log.into_owned(), entry.stream)
            })
            .collect();
        let expected = [
            ("a\n".to_owned(), Stream::Stdout),
            ("\u{fffd}\n".to_owned(), Stream::Stderr),
            ("bc\n".to_owned(), Stream::Stdout),
            ("rest".to_owned(), Stream::Stdout),
        ];
        assert_eq!(shown, expected);
    }
}
