//! As much of HTTP/1.1 (RFC 9112) as a container engine on a local socket needs: one request without a body, one
//! answer.

use std::io::{self, BufRead, BufReader, Read, Write};

/// The most bytes that the status line and the headers of an answer may have.
const HEAD_LIMIT: u64 = 64 << 10;
/// The most bytes of a line that says how long a chunk is.
const CHUNK_LINE_LIMIT: u64 = 1 << 10;

/// An answer whose body is still to be read.
pub(super) struct Answer<S> {
    pub(super) status: u16,
    body: Body<S>,
}

/// How the body's end is told.
enum Body<S> {
    /// So many bytes are left.
    Length(BufReader<S>, u64),
    /// In chunks; so many bytes are left of this one, `None` behind the last.
    Chunked(BufReader<S>, Option<u64>),
    /// It goes on until the connection is closed.
    Open(BufReader<S>),
}

/// Sends `GET target` over `stream` and reads the head of the answer.
pub(super) fn get<S: Read + Write>(mut stream: S, target: &str) -> io::Result<Answer<S>> {
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: plimsoll/{}\r\nConnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    )?;
    stream.flush()?;
    let mut input = BufReader::with_capacity(256 << 10, stream);
    let mut head = (&mut input).take(HEAD_LIMIT);
    let status = line(&mut head)?;
    let status = status
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1)?.parse().ok())
        .ok_or_else(|| invalid("the answer is not HTTP"))?;
    let (mut length, mut chunked) = (None, false);
    loop {
        let header = line(&mut head)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| invalid("a header has no colon"))?;
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(
                value
                    .trim()
                    .parse()
                    .map_err(|_| invalid("the content's length is no number"))?,
            );
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.trim().eq_ignore_ascii_case("chunked");
            if !chunked {
                return Err(invalid("the transfer encoding is not known"));
            }
        }
    }
    let body = match (chunked, length) {
        (true, _) => Body::Chunked(input, Some(0)),
        (false, Some(length)) => Body::Length(input, length),
        (false, None) => Body::Open(input),
    };
    Ok(Answer { status, body })
}

impl<S: Read> Read for Answer<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        match &mut self.body {
            Body::Open(input) => input.read(buffer),
            Body::Length(_, 0) | Body::Chunked(_, None) => Ok(0),
            Body::Length(input, left) => some(input, buffer, left),
            Body::Chunked(input, chunk) => {
                let Some(mut left) = *chunk else { return Ok(0) };
                if left == 0 {
                    left = chunk_length(input)?;
                }
                if left == 0 {
                    *chunk = None;
                    return Ok(0);
                }
                let count = some(input, buffer, &mut left)?;
                if left == 0 && !line(&mut input.take(CHUNK_LINE_LIMIT))?.is_empty() {
                    return Err(invalid("a chunk is longer than it says"));
                }
                *chunk = Some(left);
                Ok(count)
            }
        }
    }
}

/// Reads some of the `left` bytes that there must be.
fn some(input: &mut impl Read, buffer: &mut [u8], left: &mut u64) -> io::Result<usize> {
    let wanted = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
    match input.read(&mut buffer[..wanted])? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            *left -= count as u64;
            Ok(count)
        }
    }
}

fn chunk_length(input: &mut impl BufRead) -> io::Result<u64> {
    let line = line(&mut input.take(CHUNK_LINE_LIMIT))?;
    let digits = line.split(';').next().unwrap_or_default().trim();
    u64::from_str_radix(digits, 16).map_err(|_| invalid("a chunk's length is no number"))
}

/// One line without its end.
fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    match line.strip_suffix('\n') {
        Some(whole) => Ok(whole.strip_suffix('\r').unwrap_or(whole).to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives an answer and keeps the request.
    struct Engine<'a>(&'a [u8], Vec<u8>);

    impl Read for Engine<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Engine<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn answer(bytes: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let mut answer = get(Engine(bytes, Vec::new()), "/x")?;
        let mut body = Vec::new();
        answer.read_to_end(&mut body)?;
        Ok((answer.status, body))
    }

    #[test]
    fn bodies_end_where_they_say() {
        for (text, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", (200, "abc")),
            ("HTTP/1.0 404 No\r\n\r\nabcd", (404, "abcd")),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
                (200, "abc0123456789"),
            ),
        ] {
            let (status, body) = answer(text.as_bytes()).unwrap();
            assert_eq!(
                (status, body.as_slice()),
                (expected.0, expected.1.as_bytes()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_cut_off_or_wrong_is_an_error() {
        for text in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(answer(text.as_bytes()).is_err(), "{text}");
        }
        let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".repeat(20_000)].concat();
        assert!(answer(&endless).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            let _ = answer(&[head, bytes].concat());
        }
    }
}
