//! The loopback device of a new network namespace.

use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsFd;

use crate::error::{Error, Result};
use crate::sys;

/// The address that a container has beside 127.0.0.1. Published ports are forwarded to it, so that, as with
/// Docker, a program that listens on 127.0.0.1 alone is not reached from outside.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(172, 17, 0, 2);

/// Brings `lo` up, with `address` beside 127.0.0.1 if there is one.
pub(crate) fn up(address: Option<Ipv4Addr>) -> Result<()> {
    let raise = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        sys::interface_up(socket.as_fd(), c"lo", None)?;
        match address {
            Some(address) => sys::interface_up(socket.as_fd(), c"lo:0", Some(address)),
            None => Ok(()),
        }
    };
    raise().map_err(|error| Error::system("bring up the loopback device", error))
}
