//! Hashes ranges of files.
//!
//! As many threads as hash are threads of their own, half as many as the machine has processors; and everybody who waits
//! for a digest helps. Whoever has nothing else to do takes the ranges of which most is left, two at a time where that is
//! faster, reads and hashes a part of them and puts them back. So they come to their ends at the same time, and none is
//! left to be hashed alone.

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use plimsoll_core::{Digest, Sha256};

use crate::mapped::{Leased, View};

/// How much is read at a time: what is read of two ranges fits into a processor's own cache.
const PIECE: usize = 128 << 10;

/// How many pieces of a range are hashed before another one may have its turn.
const TURN: usize = 64;

/// The digest of a range of a file, which is computed from now on. Nobody goes on with it once this is dropped.
pub(crate) struct RangeHash(Arc<Outcome>);

/// The digest once it is known, or why it cannot be.
type Outcome = Mutex<Option<io::Result<Digest>>>;

/// A range of which a part is hashed.
struct Job {
    rest: Rest,
    hash: Sha256,
    outcome: Weak<Outcome>,
}

/// What is not yet hashed of a range.
struct Rest {
    file: Arc<File>,
    view: View,
    position: u64,
    end: u64,
    /// Why it cannot be read any further.
    failed: Option<io::Error>,
}

/// The ranges that nobody is at, and who could be.
struct Pool {
    state: Mutex<State>,
    /// A range was put back, or its digest is known.
    changed: Condvar,
    processors: usize,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    /// How many threads hash.
    active: usize,
    /// How many threads have nothing to hash.
    idle: usize,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let processors = processors();
    for _ in 0..threads() {
        // Without it, those who wait do all the work.
        let builder = thread::Builder::new().name("sha256".to_owned());
        drop(builder.spawn(|| POOL.work_until(|| None::<()>)));
    }
    Pool {
        state: Mutex::default(),
        changed: Condvar::new(),
        processors,
    }
});

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// How many threads do nothing but hash.
pub(crate) fn threads() -> usize {
    processors().div_ceil(2)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RangeHash {
    /// Begins to hash the `length` bytes of `file` from `offset` on, which need not be copied if it is `leased`.
    pub(crate) fn start(file: Arc<File>, leased: Option<Arc<Leased>>, offset: u64, length: u64) -> Self {
        let outcome = Arc::<Outcome>::default();
        POOL.put([Some(Job {
            rest: Rest {
                file,
                view: View::new(leased),
                position: offset,
                end: offset.saturating_add(length),
                failed: None,
            },
            hash: Sha256::new(),
            outcome: Arc::downgrade(&outcome),
        })]);
        Self(outcome)
    }

    /// The digest. Helps to compute it, and others, until it is there.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the file ends before the range does, and when it cannot be read.
    pub(crate) fn finish(self) -> io::Result<Digest> {
        POOL.work_until(|| lock(&self.0).take())
    }
}

impl Pool {
    /// Adds ranges that nobody is at.
    fn put<const N: usize>(&self, jobs: [Option<Job>; N]) {
        lock(&self.state).jobs.extend(jobs.into_iter().flatten());
        self.changed.notify_all();
    }

    /// Hashes whatever there is until `wanted` gives something.
    fn work_until<T>(&self, wanted: impl Fn() -> Option<T>) -> T {
        let mut buffers = [Vec::new(), Vec::new()];
        let mut state = lock(&self.state);
        loop {
            if let Some(found) = wanted() {
                return found;
            }
            if state.active >= self.processors || state.jobs.is_empty() {
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            }
            let jobs = state.take(self.processors);
            state.active += 1;
            drop(state);
            let jobs = turn(jobs, &mut buffers);
            state = lock(&self.state);
            state.active -= 1;
            state.jobs.extend(jobs.into_iter().flatten());
            if state.idle > 0 {
                self.changed.notify_all();
            }
        }
    }
}

impl State {
    /// Takes the range of which most is left, and another one unless somebody else could hash that now.
    fn take(&mut self, processors: usize) -> [Option<Job>; 2] {
        self.jobs.retain(|job| job.outcome.strong_count() > 0);
        self.jobs
            .sort_unstable_by_key(|job| job.rest.end - job.rest.position);
        let others = self.idle.min(processors - self.active - 1);
        let together = Sha256::is_faster_together() && self.jobs.len() > 1 + others;
        [self.jobs.pop(), together.then(|| self.jobs.pop()).flatten()]
    }
}

/// Hashes a part of both ranges, and gives back those that are not at their ends.
fn turn(jobs: [Option<Job>; 2], buffers: &mut [Vec<u8>; 2]) -> [Option<Job>; 2] {
    let [mut job, mut other] = jobs;
    let [buffer, other_buffer] = buffers;
    for _ in 0..TURN {
        match (&mut job, &mut other) {
            (Some(one), Some(two)) => {
                let (bytes, other_bytes) = (one.rest.next(buffer), two.rest.next(other_buffer));
                // What one has more is for the next time, when there is as much of the other.
                let count = bytes.len().min(other_bytes.len());
                one.hash
                    .update_both(&bytes[..count], &mut two.hash, &other_bytes[..count]);
                one.rest.position += count as u64;
                two.rest.position += count as u64;
            }
            (Some(one), None) | (None, Some(one)) => {
                let bytes = one.rest.next(buffer);
                let count = bytes.len();
                one.hash.update(bytes);
                one.rest.position += count as u64;
            }
            (None, None) => break,
        }
        job = job.and_then(Job::unless_ended);
        other = other.and_then(Job::unless_ended);
    }
    [job, other].map(|job| {
        job.map(|mut job| {
            job.rest.view.close();
            job
        })
    })
}

impl Job {
    /// Tells the outcome, if it is known; then this is no more.
    fn unless_ended(self) -> Option<Self> {
        let Self { rest, hash, outcome } = self;
        let result = match rest.failed {
            None if rest.position < rest.end => return Some(Self { rest, hash, outcome }),
            None => Ok(hash.finish()),
            Some(error) => Err(error),
        };
        if let Some(outcome) = outcome.upgrade() {
            *lock(&outcome) = Some(result);
        }
        None
    }
}

impl Rest {
    /// The next bytes, at most a piece. None at the end of the range, and where they cannot be read.
    fn next<'a>(&'a mut self, buffer: &'a mut Vec<u8>) -> &'a [u8] {
        let wanted = usize::try_from(self.end - self.position).map_or(PIECE, |left| PIECE.min(left));
        if let Some(bytes) = self.view.bytes(self.position, self.end) {
            return &bytes[..wanted.min(bytes.len())];
        }
        if wanted == 0 {
            return &[];
        }
        buffer.resize(PIECE, 0);
        match self.file.read_at(&mut buffer[..wanted], self.position) {
            Ok(0) => self.failed = Some(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => return &buffer[..count],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.failed = Some(error),
        }
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::Write;

    /// A file that is open for writing, so that it is not mapped; the same when it can be; and what is in it.
    fn files(length: usize) -> ([Arc<File>; 2], Vec<u8>) {
        let bytes: Vec<u8> = (0..length).map(|at| (at / 7 % 251) as u8).collect();
        let mut written = tempfile::tempfile().unwrap();
        written.write_all(&bytes).unwrap();
        let closed = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&closed, &bytes).unwrap();
        ([written, File::open(&closed).unwrap()].map(Arc::new), bytes)
    }

    fn hash(file: &Arc<File>, offset: usize, length: usize) -> RangeHash {
        let leased = Leased::take(file).map(Arc::new);
        RangeHash::start(file.clone(), leased, offset as u64, length as u64)
    }

    #[test]
    fn ranges_at_the_same_time_have_their_own_digests() {
        let (files, bytes) = files(PIECE * TURN * 3 + 5);
        let ranges: Vec<_> = (0..9)
            .map(|number| number * 1_000_003..bytes.len() - number * number * 3_001)
            .chain([0..0, 5..6, 0..PIECE])
            .collect();
        let ranges = ranges
            .iter()
            .flat_map(|range| files.iter().map(move |file| (file, range)));
        let begun = ranges.map(|(file, range)| (range.clone(), hash(file, range.start, range.len())));
        let begun: Vec<_> = begun.collect();
        thread::scope(|scope| {
            for (range, hash) in begun {
                let bytes = &bytes;
                scope.spawn(move || assert_eq!(hash.finish().unwrap(), Digest::of(&bytes[range])));
            }
        });
    }

    #[test]
    fn a_file_that_ends_early_is_told() {
        let (files, bytes) = files(PIECE + 5);
        for file in files {
            let whole = hash(&file, 0, bytes.len());
            let longer = hash(&file, 0, bytes.len() + 1);
            assert_eq!(longer.finish().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(whole.finish().unwrap(), Digest::of(&bytes));
        }
    }

    #[test]
    fn nobody_goes_on_with_what_nobody_waits_for() {
        let (files, bytes) = files(PIECE);
        for file in files {
            drop(hash(&file, 0, usize::MAX));
            let hash = hash(&file, 0, bytes.len());
            assert_eq!(hash.finish().unwrap(), Digest::of(&bytes));
        }
    }
}
