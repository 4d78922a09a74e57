//! Runs the image and writes down what is seen.
//!
//! The image is run as hard as the matrix asks; if it does not work so, it is run again a little less hard, until it
//! works or nothing is left to try. What is watched is watched in the run that worked.

mod health;
mod http;
mod lifecycle;
mod observations;
mod reaping;
mod runs;

pub use observations::{Measured, Probed, Seen};
pub use runs::{Hardness, probe};
