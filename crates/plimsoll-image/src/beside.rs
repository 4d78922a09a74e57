//! A hash that is computed beside the work that gives its bytes.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use plimsoll_core::{Digest, Sha256};

/// How many bytes are handed over at a time. What has less is hashed where it is.
const PIECE: usize = 256 * 1024;
/// How many pieces may wait to be hashed.
const WAITING: usize = 4;

/// Hashes what is written to it, on a thread of its own once there is enough of it.
pub(crate) struct BesideHash {
    hash: Hash,
    piece: Vec<u8>,
}

enum Hash {
    Here(Sha256),
    Beside(Worker),
}

struct Worker {
    full: SyncSender<Vec<u8>>,
    /// Pieces that were hashed, to be filled again.
    done: Receiver<Vec<u8>>,
    thread: JoinHandle<Sha256>,
}

impl BesideHash {
    pub(crate) fn new() -> Self {
        Self {
            hash: Hash::Here(Sha256::new()),
            piece: Vec::new(),
        }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = bytes.len().min(PIECE - self.piece.len());
            self.piece.extend_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            if self.piece.len() == PIECE {
                self.hand_over();
            }
        }
    }

    pub(crate) fn finish(mut self) -> Digest {
        if let Hash::Beside(_) = self.hash {
            self.hand_over();
        }
        match self.hash {
            Hash::Here(mut hash) => {
                hash.update(&self.piece);
                hash.finish()
            }
            Hash::Beside(worker) => {
                drop(worker.full);
                match worker.thread.join() {
                    Ok(hash) => hash.finish(),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        }
    }

    fn hand_over(&mut self) {
        if let Hash::Here(hash) = &mut self.hash {
            match Worker::start(hash) {
                Ok(worker) => self.hash = Hash::Beside(worker),
                // Without another thread it takes longer, that is all.
                Err(_) => {
                    hash.update(&self.piece);
                    self.piece.clear();
                    return;
                }
            }
        }
        if let Hash::Beside(worker) = &mut self.hash {
            let empty = worker
                .done
                .try_recv()
                .unwrap_or_else(|_| Vec::with_capacity(PIECE));
            let piece = std::mem::replace(&mut self.piece, empty);
            // It fails only when the thread panicked, which shows when it is joined.
            drop(worker.full.send(piece));
        }
    }
}

impl Write for BesideHash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Worker {
    /// Starts a thread that goes on with `hash`.
    fn start(hash: &Sha256) -> io::Result<Self> {
        let hash = hash.clone();
        let (full, pieces) = sync_channel(WAITING);
        let (hashed, done) = channel();
        let thread = std::thread::Builder::new()
            .name("hash".to_owned())
            .spawn(move || work(hash, &pieces, &hashed))?;
        Ok(Self { full, done, thread })
    }
}

fn work(mut hash: Sha256, pieces: &Receiver<Vec<u8>>, hashed: &Sender<Vec<u8>>) -> Sha256 {
    while let Ok(mut piece) = pieces.recv() {
        hash.update(&piece);
        piece.clear();
        // Nobody may want it back any more.
        drop(hashed.send(piece));
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let bytes: Vec<u8> = (0..PIECE * 12 + 7).map(|index| (index % 251) as u8).collect();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, bytes.len()] {
            for part in [1000, PIECE, 3 * PIECE + 1] {
                let mut hash = BesideHash::new();
                for part in bytes[..length].chunks(part) {
                    hash.update(part);
                }
                assert_eq!(hash.finish(), Digest::of(&bytes[..length]), "{length} by {part}");
            }
        }
    }
}
