//! Sources that are not on this machine: files behind `http` and `https`, and git repositories.

pub(crate) mod git;
pub(crate) mod http;
mod location;

pub use location::{GitLocation, Remote};
