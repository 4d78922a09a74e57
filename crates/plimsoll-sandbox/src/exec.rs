//! placeholder while the crate is being written
use std::os::unix::net::UnixStream;
pub(crate) fn helper(_control: &UnixStream) -> u8 {
    125
}
