//! The network of a container: its loopback device and its published ports.

pub(crate) mod forward;
pub(crate) mod lo;
pub(crate) mod ports;
