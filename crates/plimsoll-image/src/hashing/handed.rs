//! Hashes pieces as they are handed over.
//!
//! A stream's pieces are hashed in their order, different streams at the same time. Where a thread hashes two streams
//! in less time than one after the other, there are half as many threads as the machine has processors: the others are
//! busy with what reads the streams. The threads are started with the first stream and sleep when there is nothing to
//! hash.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use plimsoll_core::{Digest, Sha256};

/// How many pieces of one stream may wait: enough that neither side waits for the other at every piece.
const WAITING: usize = 6;

/// How many pieces of a stream a thread is called for: several streams have as many at the same time more often than one,
/// and threads are woken less often.
const BATCH: usize = 3;

/// Bytes that are hashed while their giver goes on.
pub(crate) struct Hasher(Arc<Stream>);

struct Stream {
    state: Mutex<State>,
    /// Pieces were hashed.
    advanced: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Arc<Vec<u8>>>,
    /// `None` while a thread is at it.
    hash: Option<Sha256>,
    /// Whether somebody waits for [`Stream::advanced`]: to tell nobody costs as much as to tell somebody.
    is_awaited: bool,
}

/// Pieces that were handed over, to be filled again as soon as they are hashed.
#[derive(Default)]
pub(crate) struct Recycled(Vec<Arc<Vec<u8>>>);

impl Recycled {
    /// A piece that nobody else has: with what was in it, or an empty one.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let free = self.0.iter_mut().position(|piece| Arc::get_mut(piece).is_some());
        let free = free.and_then(|index| Arc::into_inner(self.0.swap_remove(index)));
        free.unwrap_or_default()
    }

    /// Makes a piece one to hand over, and to take again later.
    pub(crate) fn share(&mut self, piece: Vec<u8>) -> Arc<Vec<u8>> {
        let piece = Arc::new(piece);
        self.0.push(piece.clone());
        piece
    }
}

struct Pool {
    ready: Mutex<Ready>,
    added: Condvar,
    threads: usize,
}

#[derive(Default)]
struct Ready {
    /// The streams that have a batch of pieces and no thread.
    streams: VecDeque<Arc<Stream>>,
    /// How many threads have no stream.
    idle: usize,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = match Sha256::is_faster_together() {
        true => processors.div_ceil(2),
        false => processors,
    };
    let started = (0..threads).take_while(|_| {
        let builder = thread::Builder::new().name("sha256".to_owned());
        builder.spawn(|| POOL.serve()).is_ok()
    });
    Pool {
        threads: started.count(),
        ready: Mutex::default(),
        added: Condvar::new(),
    }
});

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Stream {
            state: Mutex::new(State {
                hash: Some(Sha256::new()),
                ..State::default()
            }),
            advanced: Condvar::new(),
        }))
    }

    /// Adds a piece. Waits while too many of this stream are not hashed yet.
    pub(crate) fn add(&self, piece: Arc<Vec<u8>>) {
        if POOL.threads == 0 {
            // No thread could be started.
            if let Some(hash) = &mut lock(&self.0.state).hash {
                hash.update(&piece);
            }
            return;
        }
        let mut state = lock(&self.0.state);
        while state.waiting.len() >= WAITING {
            state = self.0.wait(state);
        }
        state.waiting.push_back(piece);
        let is_ready = state.waiting.len() == BATCH && state.hash.is_some();
        let is_full = state.waiting.len() == WAITING;
        drop(state);
        if is_ready {
            POOL.push(self.0.clone());
        } else if is_full {
            POOL.press();
        }
    }

    /// The digest of all pieces.
    pub(crate) fn finish(self) -> Digest {
        loop {
            if let Some(mut rest) = self.0.take() {
                rest.finish();
                return rest.hash.finish();
            }
            let state = lock(&self.0.state);
            if state.hash.is_none() {
                drop(self.0.wait(state));
            }
        }
    }
}

impl Stream {
    fn wait<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.is_awaited = true;
        self.advanced.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether who adds to it has to wait.
    fn is_full(&self) -> bool {
        lock(&self.state).waiting.len() >= WAITING
    }

    /// Takes what waits, and the hash to add it to.
    fn take(&self) -> Option<Work> {
        let mut state = lock(&self.state);
        let hash = state.hash.take()?;
        let pieces = std::mem::take(&mut state.waiting);
        // There is room again.
        self.tell(state);
        Some(Work { hash, pieces })
    }

    /// Gives the hash back, and the pieces that are not in it yet. Tells whether there are enough, with those that came
    /// meanwhile.
    fn put_back(&self, mut work: Work) -> bool {
        let mut state = lock(&self.state);
        state.hash = Some(work.hash);
        work.pieces.append(&mut state.waiting);
        state.waiting = work.pieces;
        let more = state.waiting.len() >= BATCH;
        self.tell(state);
        more
    }

    /// Wakes who waits for the stream to advance.
    fn tell(&self, mut state: MutexGuard<'_, State>) {
        let is_awaited = std::mem::take(&mut state.is_awaited);
        drop(state);
        if is_awaited {
            self.advanced.notify_all();
        }
    }
}

/// Pieces of a stream, and the hash of those before.
struct Work {
    hash: Sha256,
    pieces: VecDeque<Arc<Vec<u8>>>,
}

impl Work {
    fn finish(&mut self) {
        for piece in self.pieces.drain(..) {
            self.hash.update(&piece);
        }
    }

    /// Does as much of both at the same time as there is of both.
    fn advance_both(&mut self, other: &mut Self) {
        let both = self.pieces.len().min(other.pieces.len());
        for (piece, of_other) in self.pieces.drain(..both).zip(other.pieces.drain(..both)) {
            self.hash.update_both(&piece, &mut other.hash, &of_other);
        }
    }
}

impl Ready {
    /// The next stream to hash. For the last thread that has nothing to do, a stream on its own is none before it is
    /// full: together with another one it takes less time.
    fn due(&mut self) -> Option<Arc<Stream>> {
        let alone = |only: &Arc<Stream>| self.idle > 0 || !Sha256::is_faster_together() || only.is_full();
        let is_due = self.streams.len() > 1 || self.streams.front().is_some_and(alone);
        is_due.then(|| self.streams.pop_front()).flatten()
    }
}

impl Pool {
    /// Calls a thread for a stream that has a batch.
    fn push(&self, stream: Arc<Stream>) {
        let mut ready = lock(&self.ready);
        ready.streams.push_back(stream);
        self.wake(ready);
    }

    /// Calls a thread for a stream that became full after it was pushed.
    fn press(&self) {
        self.wake(lock(&self.ready));
    }

    fn wake(&self, ready: MutexGuard<'_, Ready>) {
        let is_awaited = ready.idle > 0;
        drop(ready);
        if is_awaited {
            self.added.notify_one();
        }
    }

    fn serve(&self) {
        let mut ready = lock(&self.ready);
        loop {
            let Some(stream) = ready.due() else {
                ready.idle += 1;
                ready = self.added.wait(ready).unwrap_or_else(PoisonError::into_inner);
                ready.idle -= 1;
                continue;
            };
            // Where threads have nothing to do, each stream on its own is done sooner.
            let other = match ready.streams.len() > ready.idle {
                true => ready.streams.pop_front(),
                false => None,
            };
            if !ready.streams.is_empty() && ready.idle > 0 {
                self.added.notify_one();
            }
            drop(ready);
            let unfinished = advance(stream, other);
            ready = lock(&self.ready);
            // Behind the others: every stream gets on.
            ready.streams.extend(unfinished.into_iter().flatten());
        }
    }
}

/// Hashes what waits of one stream, or as much as both have. Gives those of which there is enough now.
fn advance(stream: Arc<Stream>, other: Option<Arc<Stream>>) -> [Option<Arc<Stream>>; 2] {
    let taken = |stream: Arc<Stream>| Some((stream.take()?, stream));
    let (mut one, mut other) = (taken(stream), other.and_then(taken));
    match (&mut one, &mut other) {
        // What one has more of may be done together with what comes of the other.
        (Some((work, _)), Some((of_other, _))) => work.advance_both(of_other),
        (Some((work, _)), None) | (None, Some((work, _))) => work.finish(),
        (None, None) => {}
    }
    [one, other].map(|taken| {
        let (work, stream) = taken?;
        stream.put_back(work).then_some(stream)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_at_the_same_time_have_their_own_digests() {
        let threads: Vec<_> = (0..8_u8)
            .map(|number| {
                thread::spawn(move || {
                    let hasher = Hasher::new();
                    let mut whole = Vec::new();
                    for piece in 0..40_usize {
                        let bytes = vec![number; piece * 37];
                        whole.extend_from_slice(&bytes);
                        hasher.add(Arc::new(bytes));
                    }
                    (hasher.finish(), Digest::of(&whole))
                })
            })
            .collect();
        for thread in threads {
            let (actual, expected) = thread.join().unwrap();
            assert_eq!(actual, expected);
        }
        assert_eq!(Hasher::new().finish(), Digest::of(b""));
    }
}
