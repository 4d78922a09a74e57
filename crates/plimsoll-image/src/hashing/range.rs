//! Hashes ranges of files.
//!
//! As many threads as hash are threads of their own, half as many as the machine has processors; and everybody who waits
//! for a digest helps. Whoever has nothing else to do takes the ranges of which most is left, two at a time where that is
//! faster, reads and hashes a part of them and puts them back. So they come to their ends at the same time, and none is
//! left to be hashed alone. One that is so long that it would be is hashed alone from the time when that is seen, for that
//! is how it is hashed fastest.

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use plimsoll_core::{Digest, Sha256};

/// How much is read at a time: what is read of two ranges fits into a processor's own cache.
const PIECE: usize = 128 << 10;

/// How many pieces of a range are hashed before another one may have its turn.
const TURN: usize = 32;

/// The digest of a range of a file, which is computed from now on. Nobody goes on with it once this is dropped.
pub(crate) struct RangeHash(Arc<Outcome>);

/// The digest once it is known, or why it cannot be.
type Outcome = Mutex<Option<io::Result<Digest>>>;

/// A range of which a part is hashed.
struct Job {
    file: Arc<File>,
    position: u64,
    end: u64,
    hash: Sha256,
    outcome: Weak<Outcome>,
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
    /// How many threads hash one range alone because it is late.
    alone: usize,
    /// How many bytes are left of the ranges that the other threads have.
    taken: u64,
}

/// What a thread hashes until it looks for what else there is.
struct Turn {
    jobs: [Option<Job>; 2],
    /// How many bytes of it count as [taken](State::taken); `None` for a range that is late.
    taken: Option<u64>,
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
    /// Begins to hash the `length` bytes of `file` from `offset` on.
    pub(crate) fn start(file: Arc<File>, offset: u64, length: u64) -> Self {
        let outcome = Arc::<Outcome>::default();
        POOL.put([Some(Job {
            file,
            position: offset,
            end: offset.saturating_add(length),
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
            let Some(mut turn) = state.take(self.processors) else {
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            };
            drop(state);
            turn.hash(&mut buffers);
            state = lock(&self.state);
            state.put_back(turn);
            if state.idle > 0 {
                self.changed.notify_all();
            }
        }
    }
}

/// How many bytes are left of all of them.
fn left<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> u64 {
    jobs.into_iter().map(Job::left).fold(0, u64::saturating_add)
}

impl State {
    /// Takes the range of which most is left, and another one unless somebody else could hash that now.
    fn take(&mut self, processors: usize) -> Option<Turn> {
        if self.active >= processors {
            return None;
        }
        self.jobs.retain(|job| job.outcome.strong_count() > 0);
        self.jobs.sort_unstable_by_key(Job::left);
        let is_late = self.is_late();
        let longest = self.jobs.pop()?;
        let others = self.idle.min(processors - self.active - 1);
        let together = Sha256::is_faster_together() && self.jobs.len() > others && !is_late;
        let jobs = [Some(longest), together.then(|| self.jobs.pop()).flatten()];
        let taken = (!is_late).then(|| left(jobs.iter().flatten()));
        self.active += 1;
        match taken {
            Some(left) => self.taken = self.taken.saturating_add(left),
            None => self.alone += 1,
        }
        Some(Turn { jobs, taken })
    }

    /// Whether the longest range would be left over when all others are hashed. Two at a time, each takes about one and a
    /// half times as long.
    fn is_late(&self) -> bool {
        let longest = self.jobs.last().map_or(0, Job::left);
        let left = left(&self.jobs).saturating_add(self.taken);
        let threads = (1 + self.idle + self.active).saturating_sub(self.alone).max(1);
        longest.saturating_add(longest / 2) > left / threads as u64
    }

    /// Gives back what is not at its end.
    fn put_back(&mut self, turn: Turn) {
        self.active -= 1;
        match turn.taken {
            Some(left) => self.taken = self.taken.saturating_sub(left),
            None => self.alone -= 1,
        }
        self.jobs.extend(turn.jobs.into_iter().flatten());
    }
}

impl Turn {
    /// Hashes a part of the ranges. Those that come to their ends are no more.
    fn hash(&mut self, buffers: &mut [Vec<u8>; 2]) {
        let [job, other] = &mut self.jobs;
        let [buffer, other_buffer] = buffers;
        for _ in 0..TURN {
            let piece = Job::read(job, buffer);
            let other_piece = Job::read(other, other_buffer);
            match (&mut *job, &mut *other) {
                (Some(job), Some(other)) => job.hash.update_both(piece, &mut other.hash, other_piece),
                (Some(job), None) => job.hash.update(piece),
                (None, Some(other)) => other.hash.update(other_piece),
                (None, None) => break,
            }
        }
    }
}

impl Job {
    fn left(&self) -> u64 {
        self.end - self.position
    }

    /// The next piece of the range. At its end, and when it cannot be read, its outcome is told and it is no more.
    fn read<'a>(this: &mut Option<Self>, buffer: &'a mut Vec<u8>) -> &'a [u8] {
        let Some(job) = this else {
            return &[];
        };
        let left = usize::try_from(job.left()).unwrap_or(usize::MAX);
        buffer.resize(PIECE, 0);
        let wanted = &mut buffer[..PIECE.min(left)];
        let read = match wanted {
            [] => Ok(0),
            wanted => match job.file.read_at(wanted, job.position) {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return &[],
                read => read,
            },
        };
        match read {
            Ok(count) if count > 0 => {
                job.position += count as u64;
                &buffer[..count]
            }
            read => {
                if let Some(job) = this.take()
                    && let Some(outcome) = job.outcome.upgrade()
                {
                    *lock(&outcome) = Some(read.map(|_| job.hash.finish()));
                }
                &[]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::Write;

    /// A file, and what is in it.
    fn file(length: usize) -> (Arc<File>, Vec<u8>) {
        let bytes: Vec<u8> = (0..length).map(|at| (at / 7 % 251) as u8).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        (Arc::new(file), bytes)
    }

    #[test]
    fn ranges_at_the_same_time_have_their_own_digests() {
        let (file, bytes) = file(PIECE * TURN * 3 + 5);
        let ranges: Vec<_> = (0..9)
            .map(|number| number * 1_000_003..bytes.len() - number * number * 3_001)
            .chain([0..0, 5..6, 0..PIECE])
            .collect();
        let begun = ranges.iter().map(|range| {
            let hash = RangeHash::start(file.clone(), range.start as u64, range.len() as u64);
            (range.clone(), hash)
        });
        let begun: Vec<_> = begun.collect();
        thread::scope(|scope| {
            for (range, hash) in begun {
                let bytes = &bytes;
                scope.spawn(move || assert_eq!(hash.finish().unwrap(), Digest::of(&bytes[range])));
            }
        });
    }

    #[test]
    fn a_range_that_would_be_left_over_is_hashed_alone() {
        let (file, _) = file(1);
        let outcome = Arc::default();
        let taken = |lengths: &[u64]| {
            let job = |length: &u64| Job {
                file: file.clone(),
                position: 0,
                end: *length,
                hash: Sha256::new(),
                outcome: Arc::downgrade(&outcome),
            };
            let mut state = State {
                jobs: lengths.iter().map(job).collect(),
                idle: 1,
                ..State::default()
            };
            let mut lengths = || {
                let turn = state.take(2)?;
                // The other thread takes the next.
                state.idle = 0;
                let jobs = turn.jobs.iter().flatten();
                Some(jobs.map(Job::left).collect::<Vec<u64>>())
            };
            [lengths(), lengths(), lengths()]
        };
        let pair = |longer, shorter| match Sha256::is_faster_together() {
            true => Some(vec![longer, shorter]),
            false => Some(vec![longer]),
        };
        assert_eq!(taken(&[30, 31, 32, 33]), [pair(33, 32), pair(31, 30), None]);
        assert_eq!(taken(&[90, 30, 20, 10]), [Some(vec![90]), pair(30, 20), None]);
    }

    #[test]
    fn a_file_that_ends_early_is_told() {
        let (file, bytes) = file(PIECE + 5);
        let whole = RangeHash::start(file.clone(), 0, bytes.len() as u64);
        let longer = RangeHash::start(file, 0, bytes.len() as u64 + 1);
        assert_eq!(longer.finish().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(whole.finish().unwrap(), Digest::of(&bytes));
    }

    #[test]
    fn nobody_goes_on_with_what_nobody_waits_for() {
        let (file, bytes) = file(PIECE);
        drop(RangeHash::start(file.clone(), 0, u64::MAX));
        let hash = RangeHash::start(file, 0, bytes.len() as u64);
        assert_eq!(hash.finish().unwrap(), Digest::of(&bytes));
    }
}
