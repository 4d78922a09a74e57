//! The exit codes, the same for every command.

/// Done; for gates: at or above the line.
pub(crate) const DONE: u8 = 0;
/// The gate failed: findings, below the line, or a verification that does not hold.
pub(crate) const GATE: u8 = 1;
/// Wrong usage or configuration.
pub(crate) const USAGE: u8 = 2;
/// The work itself failed: a build step, a missing image, no network.
pub(crate) const FAILED: u8 = 3;
/// `run`: the container could not be made or started. 126 and 127 (not executable, not found) and the
/// container's own code come from the container, as with Docker.
pub(crate) const ENGINE: u8 = 125;
/// Whoever read standard output closed it: the code that shells show for a program that `SIGPIPE` ended.
pub(crate) const BROKEN_PIPE: u8 = 128 + 13;
