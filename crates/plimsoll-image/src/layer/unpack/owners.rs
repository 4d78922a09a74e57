//! Owners that the user namespace of this process may not have.

use std::io;

use rustix::io::Errno;

use crate::user_namespace;

/// What came of a change of owner.
///
/// Where the ids of only one user exist, files of others become that user's, as there is nothing better to be had; the
/// exact tar, which is kept beside them, still has their owners.
pub(super) fn settled(changed: Result<(), Errno>) -> io::Result<()> {
    match changed {
        Err(Errno::INVAL) if user_namespace::has_one_id() => Ok(()),
        Err(Errno::INVAL) => Err(io::Error::other(
            "its owner or group is not among the ids of this user: give the user more in `/etc/subuid` and `/etc/subgid`",
        )),
        other => Ok(other?),
    }
}
