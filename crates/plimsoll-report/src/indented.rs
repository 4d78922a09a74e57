//! Documents as indented JSON, on their way to where they are wanted.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::{Error, Result};

/// Writes `value` to `out` as JSON that is indented by two spaces, with a final line feed.
///
/// # Errors
/// [`Error::Write`] when it has no JSON form, [`Error::Output`] when `out` does not take it.
pub(crate) fn write(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    value
        .serialize(&mut Serializer::with_formatter(&mut out, Indented::default()))
        .map_err(|error| match error.is_io() {
            true => Error::Output(error.into()),
            false => Error::Write(error),
        })?;
    let end = out.write_all(b"\n").and_then(|()| out.flush());
    end.map_err(Error::Output)
}

/// What `write` writes, as a text.
///
/// # Errors
/// Those of `write`.
pub(crate) fn text(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<String> {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    String::from_utf8(bytes).map_err(|error| Error::Write(serde::ser::Error::custom(error)))
}

/// As serde_json's own, but for writing each line's indentation at once: documents are full of short lines.
#[derive(Default)]
struct Indented {
    depth: usize,
    /// Whether the array or object that was opened last has something in it.
    has_value: bool,
}

const SPACES: [u8; 64] = [b' '; 64];

impl Indented {
    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        let mut left = self.depth * 2;
        while left > 0 {
            let some = left.min(SPACES.len());
            out.write_all(&SPACES[..some])?;
            left -= some;
        }
        Ok(())
    }

    fn begin<W: ?Sized + Write>(&mut self, out: &mut W, mark: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        out.write_all(mark)
    }

    fn end<W: ?Sized + Write>(&mut self, out: &mut W, mark: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.has_value {
            self.line(out)?;
        }
        out.write_all(mark)
    }

    fn next<W: ?Sized + Write>(&self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.line(out)
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_written_as_by_serde_json() {
        let mut deep = json!([]);
        for _ in 0..40 {
            deep = json!({ "a": [deep, {}], "b": null });
        }
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!([[], {}, [1, "x\n"]]),
            deep,
        ] {
            let expected = serde_json::to_string_pretty(&value).unwrap() + "\n";
            assert_eq!(text(|out| write(&value, out)).unwrap(), expected);
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let long = "a".repeat(1 << 17);
        for value in [json!([1]), json!([long])] {
            let error = write(&value, &mut Full).unwrap_err();
            assert!(matches!(error, Error::Output(error) if error.kind() == io::ErrorKind::StorageFull));
        }
    }
}
