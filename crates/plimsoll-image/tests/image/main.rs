//! Tests of images at rest through the public interface, with real tools and data where they are installed.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod archives;
mod bounds;
mod engines;
mod hostile;
mod layers;
mod merge;
mod mutations;
mod real;
mod stores;
mod support;
