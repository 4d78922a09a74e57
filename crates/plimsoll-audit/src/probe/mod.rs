//! Runs the image and writes down what is seen.
//!
//! The image is run as hard as the matrix asks; if it does not work so, it is run again a little less hard, until it
//! works or nothing is left to try. What is watched is watched in the run that worked.

mod hardness;
mod health;
mod http;
mod lifecycle;
mod observations;
mod reaping;
mod runs;
mod settle;
mod watch;

use std::time::Duration;

pub use hardness::Hardness;
pub use observations::{Measured, Probed, Seen};
pub use runs::probe;

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
