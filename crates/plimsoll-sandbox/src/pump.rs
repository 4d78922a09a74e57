//! Reading what processes write.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::step::Stream;

/// A line longer than this is given in pieces.
const LONGEST_LINE: usize = 16 << 10;

/// Cuts a stream of bytes into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Adds bytes; every whole line, with its newline, goes to `line`, and so does every piece of
    /// [`LONGEST_LINE`] bytes of a longer one.
    pub(crate) fn add(&mut self, mut bytes: &[u8], line: &mut dyn FnMut(&[u8])) {
        while !bytes.is_empty() {
            let room = LONGEST_LINE - self.rest.len();
            let window = &bytes[..bytes.len().min(room)];
            let newline = window.iter().position(|byte| *byte == b'\n');
            let taken = newline.map_or(window.len(), |index| index + 1);
            let (piece, rest) = bytes.split_at(taken);
            bytes = rest;
            let complete = newline.is_some() || taken == room;
            if complete && self.rest.is_empty() {
                line(piece);
                continue;
            }
            self.rest.extend_from_slice(piece);
            if complete {
                line(&self.rest);
                self.rest.clear();
            }
        }
    }

    /// Gives what is left without a newline.
    pub(crate) fn finish(&mut self, line: &mut dyn FnMut(&[u8])) {
        if !self.rest.is_empty() {
            line(&self.rest);
            self.rest.clear();
        }
    }
}

/// Reads two streams to their ends and gives each line without its newline.
pub(crate) fn lines(streams: [&OwnedFd; 2], output: &mut dyn FnMut(Stream, &[u8])) -> io::Result<()> {
    let kinds = [Stream::Stdout, Stream::Stderr];
    let mut open = [true; 2];
    let mut cutters = [Lines::default(), Lines::default()];
    let mut buffer = vec![0; 64 << 10];
    while open.contains(&true) {
        let mut polled: Vec<PollFd<'_>> = Vec::new();
        let mut which = Vec::new();
        for index in [0, 1] {
            if open[index] {
                polled.push(PollFd::new(streams[index].as_fd(), PollFlags::POLLIN));
                which.push(index);
            }
        }
        match poll(&mut polled, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        for (fd, index) in polled.iter().zip(which) {
            if fd.any() != Some(true) {
                continue;
            }
            let mut line = |line: &[u8]| {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                output(kinds[index], line.strip_suffix(b"\r").unwrap_or(line));
            };
            match nix::unistd::read(streams[index], &mut buffer) {
                Ok(0) => {
                    open[index] = false;
                    cutters[index].finish(&mut line);
                }
                Ok(count) => cutters[index].add(&buffer[..count], &mut line),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut cutter = Lines::default();
        for chunk in chunks {
            cutter.add(chunk, &mut |line| lines.push(line.to_vec()));
        }
        cutter.finish(&mut |line| lines.push(line.to_vec()));
        lines
    }

    #[test]
    fn lines_are_cut_whatever_the_chunks() {
        let expected: [&[u8]; 3] = [b"one\n", b"\n", b"two"];
        assert_eq!(cut(&[b"one\n\ntwo"]), expected);
        assert_eq!(cut(&[b"o", b"ne", b"\n", b"\nt", b"wo"]), expected);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(chunks in proptest::collection::vec("[a\n]{0,40}", 0..20)) {
            let slices: Vec<&[u8]> = chunks.iter().map(String::as_bytes).collect();
            let lines = cut(&slices);
            proptest::prop_assert_eq!(lines.concat(), slices.concat());
            proptest::prop_assert!(lines.iter().rev().skip(1).all(|line| line.ends_with(b"\n")));
        }
    }

    #[test]
    fn long_lines_come_in_pieces() {
        let long = vec![b'x'; LONGEST_LINE * 2 + 1];
        let sizes: Vec<usize> = cut(&[&long[..7], &long[7..]]).iter().map(Vec::len).collect();
        assert_eq!(sizes, [LONGEST_LINE, LONGEST_LINE, 1]);
    }
}
