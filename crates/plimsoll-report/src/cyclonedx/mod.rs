//! CycloneDX, written as version 1.6 in JSON and read from versions 1.2 to 1.7.

mod model;
mod read;
mod vulnerabilities;
mod write;

pub use read::read;
pub use write::write;
