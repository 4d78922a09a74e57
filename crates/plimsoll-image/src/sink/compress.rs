//! Compresses streams on several threads, block by block.
//!
//! Blocks have a fixed size and are compressed each for itself, so the result does not depend on how many threads there
//! are. What comes out is what every reader takes: for gzip one member (the blocks end on byte boundaries, as a
//! sync flush leaves them), for zstd one frame for each block.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::LayerCompression;

/// How many bytes are compressed at a time.
const BLOCK: usize = 1 << 20;

/// The most threads; more would mean more blocks in memory.
const MAX_THREADS: usize = 16;

/// RFC 1952: deflate, no name, no time, no flags, an unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The last block of a deflate stream, with nothing in it (RFC 1951).
const DEFLATE_END: [u8; 2] = [3, 0];

/// A block on its way to a thread, and where the answer goes.
struct Job {
    block: Vec<u8>,
    answer: SyncSender<io::Result<Compressed>>,
}

struct Compressed {
    bytes: Vec<u8>,
    /// Of what was compressed, for gzip.
    crc: crc32fast::Hasher,
}

/// Threads that compress. They end with the value.
pub(super) struct Pool {
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
    compression: LayerCompression,
}

impl Pool {
    /// As many threads as this machine runs at once.
    pub(super) fn new(compression: LayerCompression) -> io::Result<Self> {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_threads(compression, count.min(MAX_THREADS))
    }

    fn with_threads(compression: LayerCompression, count: usize) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel::<Job>(count);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        for _ in 0..count {
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new().name("compress".to_owned());
            threads.push(thread.spawn(move || work(compression, &waiting))?);
        }
        Ok(Self {
            jobs: Some(jobs),
            threads,
            compression,
        })
    }

    /// Compresses what is written into `out`; [`Stream::finish`] has to be called at the end.
    pub(super) fn stream<W: Write>(&self, mut out: W) -> io::Result<Stream<'_, W>> {
        if matches!(self.compression, LayerCompression::Gzip { .. }) {
            out.write_all(&GZIP_HEADER)?;
        }
        Ok(Stream {
            pool: self,
            out,
            block: Vec::with_capacity(BLOCK),
            pending: VecDeque::new(),
            crc: crc32fast::Hasher::new(),
            length: 0,
            blocks: 0,
        })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has been seen by whoever waited for its answer.
            thread.join().ok();
        }
    }
}

fn work(compression: LayerCompression, waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Whoever asked may have failed and gone.
        job.answer.send(compress(compression, &job.block)).ok();
    }
}

fn compress(compression: LayerCompression, block: &[u8]) -> io::Result<Compressed> {
    let mut crc = crc32fast::Hasher::new();
    let bytes = match compression {
        LayerCompression::None => block.to_owned(),
        LayerCompression::Gzip { level } => {
            crc.update(block);
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
            encoder.write_all(block)?;
            encoder.flush()?;
            std::mem::take(encoder.get_mut())
        }
        LayerCompression::Zstd { level } => {
            let mut compressor = zstd::bulk::Compressor::new(level)?;
            compressor.include_checksum(true)?;
            compressor.compress(block)?
        }
    };
    Ok(Compressed { bytes, crc })
}

/// One stream on its way through the threads.
pub(super) struct Stream<'a, W> {
    pool: &'a Pool,
    out: W,
    block: Vec<u8>,
    pending: VecDeque<Receiver<io::Result<Compressed>>>,
    crc: crc32fast::Hasher,
    length: u64,
    blocks: u64,
}

impl<W: Write> Stream<'_, W> {
    fn submit(&mut self) -> io::Result<()> {
        // One block more than there are threads is enough to keep them at work.
        if self.pending.len() > self.pool.threads.len() {
            self.take_one()?;
        }
        self.length += self.block.len() as u64;
        self.blocks += 1;
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
        let (answer, pending) = sync_channel(1);
        let gone = || io::Error::other("the threads that compress are gone");
        let jobs = self.pool.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Job { block, answer }).map_err(|_| gone())?;
        self.pending.push_back(pending);
        Ok(())
    }

    fn take_one(&mut self) -> io::Result<()> {
        let Some(pending) = self.pending.pop_front() else {
            return Ok(());
        };
        let gone = |_| io::Error::other("a thread that compresses is gone");
        let compressed = pending.recv().map_err(gone)??;
        self.crc.combine(&compressed.crc);
        self.out.write_all(&compressed.bytes)
    }

    /// Writes what is left and the end of the format, and gives back what was written into.
    pub(super) fn finish(mut self) -> io::Result<W> {
        // Nothing at all is no zstd frame.
        if !self.block.is_empty() || self.blocks == 0 {
            self.submit()?;
        }
        while !self.pending.is_empty() {
            self.take_one()?;
        }
        if matches!(self.pool.compression, LayerCompression::Gzip { .. }) {
            self.out.write_all(&DEFLATE_END)?;
            self.out.write_all(&self.crc.finalize().to_le_bytes())?;
            // RFC 1952 keeps the length modulo 2^32.
            self.out.write_all(&self.length.to_le_bytes()[..4])?;
        }
        Ok(self.out)
    }
}

impl<W: Write> Write for Stream<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..count]);
        if self.block.len() == BLOCK {
            self.submit()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn compressed(compression: LayerCompression, threads: usize, content: &[u8]) -> Vec<u8> {
        let pool = Pool::with_threads(compression, threads).unwrap();
        let mut stream = pool.stream(Vec::new()).unwrap();
        stream.write_all(content).unwrap();
        stream.finish().unwrap()
    }

    #[test]
    fn what_comes_out_is_read_by_every_reader_and_is_always_the_same() {
        let mut content = Vec::new();
        for number in 0..600_000_u32 {
            content.extend_from_slice(&(number / 3).to_le_bytes());
        }
        for length in [0, 1, BLOCK - 1, BLOCK, content.len()] {
            let content = &content[..length];
            for compression in [
                LayerCompression::Gzip { level: 6 },
                LayerCompression::Gzip { level: 0 },
                LayerCompression::Zstd { level: 3 },
            ] {
                let one = compressed(compression, 1, content);
                assert!(
                    one == compressed(compression, 4, content),
                    "{compression:?} {length}"
                );
                let mut read = Vec::new();
                match compression {
                    // A reader of one member: some know no others.
                    LayerCompression::Gzip { .. } => {
                        let mut reader = flate2::bufread::GzDecoder::new(one.as_slice());
                        reader.read_to_end(&mut read).unwrap();
                        assert!(reader.into_inner().is_empty());
                    }
                    _ => {
                        let mut reader = zstd::Decoder::new(one.as_slice()).unwrap();
                        reader.read_to_end(&mut read).unwrap();
                    }
                }
                assert!(read == content, "{compression:?} {length}");
            }
        }
    }

    #[test]
    fn a_reader_that_fails_ends_it() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let pool = Pool::with_threads(LayerCompression::Zstd { level: 1 }, 2).unwrap();
        let mut stream = pool.stream(Full).unwrap();
        let result = (0..16).try_for_each(|_| stream.write_all(&vec![1; BLOCK]));
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
