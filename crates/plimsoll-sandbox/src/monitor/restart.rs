//! When a container that ended is started again, and how long that waits.

use std::time::Duration;

use crate::options::RestartPolicy;

/// A run so long makes the next wait short again.
const LONG_RUN: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Docker's restart rules.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    pub(super) count: u32,
    wait: Duration,
}

impl Restarts {
    /// How long to wait before the next start; `None` where there is none.
    pub(super) fn next(&mut self, policy: RestartPolicy, exit_code: i32, ran: Duration) -> Option<Duration> {
        let again = match policy {
            RestartPolicy::No => false,
            RestartPolicy::OnFailure(most) => exit_code != 0 && (most == 0 || self.count < most),
            RestartPolicy::Always | RestartPolicy::UnlessStopped => true,
        };
        if !again {
            return None;
        }
        self.wait = if self.wait.is_zero() || ran >= LONG_RUN {
            FIRST_WAIT
        } else {
            (self.wait * 2).min(LONGEST_WAIT)
        };
        self.count += 1;
        Some(self.wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_shrink() {
        let mut restarts = Restarts::default();
        let mut next = |ran| {
            restarts
                .next(RestartPolicy::Always, 0, Duration::from_secs(ran))
                .unwrap()
                .as_millis()
        };
        assert_eq!(
            [next(0), next(0), next(1), next(20), next(0)],
            [100, 200, 400, 100, 200]
        );
        for _ in 0..20 {
            assert!(next(0) <= 60_000);
        }
    }

    #[test]
    fn failures_are_counted() {
        let mut restarts = Restarts::default();
        let mut next = |code| {
            restarts
                .next(RestartPolicy::OnFailure(2), code, Duration::ZERO)
                .is_some()
        };
        assert_eq!([next(0), next(1), next(1), next(1)], [false, true, true, false]);
        assert_eq!(
            Restarts::default().next(RestartPolicy::No, 1, Duration::ZERO),
            None
        );
    }
}
