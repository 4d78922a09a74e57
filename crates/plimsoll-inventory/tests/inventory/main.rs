//! Images made of small tars and of real root file systems, taken stock of as a whole.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests say what fails and what they skip"
)]

mod gaps;
mod kept;
mod layers;
mod real;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod told_once;

const STATUS: &str = "var/lib/dpkg/status";
