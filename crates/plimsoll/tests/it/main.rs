//! The program as a user runs it: real images, real containers, real feeds, in a store of its own.
//!
//! What needs root, or the test images and feeds beside the project, says so and is skipped where they are absent.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod audit;
mod builds;
mod containers;
mod crash;
mod directories;
mod documents;
mod errors;
mod images;
mod outputs;
mod registry;
mod rootless;
mod scans;
mod space;
mod support;
