//! Containers that do not outlive the program that started them.

use std::os::unix::net::UnixStream;

use super::Container;
use crate::error::Result;
use crate::monitor::Client;

/// Keeps a container in being. When this is dropped, or this program ends in whatever way, the container is
/// killed and removed, whether it still runs or has ended by itself.
#[derive(Debug)]
#[must_use = "the container is removed when this is dropped"]
pub struct Supervision {
    container: Container,
    /// The monitor holds the other end, and sees when this one closes.
    _control: UnixStream,
}

impl Container {
    /// Starts it in the background as [`Container::start_detached`] does, to be there only as long as the
    /// [`Supervision`].
    ///
    /// # Errors
    /// As [`Container::start_detached`]; the container is removed then.
    pub fn start_supervised(&self) -> Result<Supervision> {
        match self.start_in_background(Client::Supervising) {
            Ok(control) => Ok(Supervision {
                container: self.clone(),
                _control: control,
            }),
            Err(error) => {
                // The monitor has done so, unless there was none.
                if !self.state().is_ok_and(|state| state.running()) {
                    let _ = self.remove(false);
                }
                Err(error)
            }
        }
    }
}

impl Supervision {
    /// The container.
    pub fn container(&self) -> &Container {
        &self.container
    }
}

impl Drop for Supervision {
    fn drop(&mut self) {
        // Done here so that it is gone on return. What fails, the monitor tries again: the socket closes next.
        let _ = self.container.remove(true);
    }
}
