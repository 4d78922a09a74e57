//! SHA-256 on threads of its own, so that whoever reads a layer does not wait for its digest.
//!
//! A stream's pieces are hashed in their order, different streams at the same time. The threads are as many as the
//! machine has processors, are started with the first stream and sleep when there is nothing to hash.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use plimsoll_core::{Digest, Sha256};

/// How many pieces of one stream may wait: enough that neither side waits for the other at every piece.
const WAITING: usize = 6;

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

/// The streams that have pieces and no thread.
struct Pool {
    ready: Mutex<VecDeque<Arc<Stream>>>,
    added: Condvar,
    threads: usize,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let started = (0..processors).take_while(|_| {
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
                waiting: VecDeque::new(),
                hash: Some(Sha256::new()),
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
        let is_ready = state.waiting.len() == 1 && state.hash.is_some();
        drop(state);
        if is_ready {
            POOL.push(self.0.clone());
        }
    }

    /// The digest of all pieces.
    pub(crate) fn finish(self) -> Digest {
        let mut state = lock(&self.0.state);
        loop {
            if state.waiting.is_empty()
                && let Some(hash) = state.hash.take()
            {
                return hash.finish();
            }
            state = self.0.wait(state);
        }
    }
}

impl Stream {
    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.advanced.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Hashes what waits. Tells whether more came meanwhile.
    fn advance(&self) -> bool {
        let mut state = lock(&self.state);
        let pieces = std::mem::take(&mut state.waiting);
        let Some(mut hash) = state.hash.take() else {
            return false;
        };
        drop(state);
        // There is room again.
        self.advanced.notify_all();
        for piece in pieces {
            hash.update(&piece);
        }
        let mut state = lock(&self.state);
        state.hash = Some(hash);
        let more = !state.waiting.is_empty();
        drop(state);
        self.advanced.notify_all();
        more
    }
}

impl Pool {
    fn push(&self, stream: Arc<Stream>) {
        lock(&self.ready).push_back(stream);
        self.added.notify_one();
    }

    fn serve(&self) {
        let mut ready = lock(&self.ready);
        loop {
            match ready.pop_front() {
                Some(stream) => {
                    drop(ready);
                    let more = stream.advance();
                    ready = lock(&self.ready);
                    if more {
                        // Behind the others: every stream gets on.
                        ready.push_back(stream);
                    }
                }
                None => ready = self.added.wait(ready).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
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
