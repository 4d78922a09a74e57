//! Images of a container engine, read through its API: Docker's Engine API, which Podman speaks, too.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::http;
use crate::{Error, Result};

/// An engine that silent for so long has died; the export of a large image begins late.
const TIMEOUT: Duration = Duration::from_secs(600);
/// The most bytes of an error's text.
const MESSAGE_LIMIT: u64 = 64 << 10;

/// A container engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Docker,
    Podman,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
        }
    }

    /// Spools the docker-archive of the image `name` to `temporary_directory`, in a file without a name: the list of
    /// its layers comes last, and says what the bytes before it must be.
    pub(super) fn export(self, socket: &Path, name: &str, temporary_directory: &Path) -> Result<File> {
        let failed = |answered: bool, reason: String| Error::Engine {
            engine: self.name(),
            socket: socket.to_owned(),
            answered,
            reason,
        };
        let refused = |error: io::Error| failed(false, error.to_string());
        let stream = UnixStream::connect(socket).map_err(refused)?;
        stream.set_read_timeout(Some(TIMEOUT)).map_err(refused)?;
        let target = format!("/images/{}/get", escaped(name));
        let mut answer = http::get(stream, &target).map_err(refused)?;
        match answer.status {
            200 => {}
            404 => {
                return Err(Error::NotInSource {
                    name: name.to_owned(),
                    place: self.name().to_owned(),
                    names: None,
                });
            }
            status => {
                return Err(failed(
                    true,
                    format!("it answers {status}: {}", message(&mut answer)),
                ));
            }
        }
        let mut spooled =
            tempfile::tempfile_in(temporary_directory).map_err(Error::io("write", temporary_directory))?;
        super::archive::copy(
            &mut answer,
            &mut spooled,
            |error| failed(true, format!("the image breaks off: {error}")),
            temporary_directory,
        )?;
        Ok(spooled)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Docker => "docker-daemon",
            Self::Podman => "podman",
        }
    }

    /// What stands for the archive in messages.
    pub(super) fn place(self, name: &str) -> PathBuf {
        PathBuf::from(format!("{}:{name}", self.prefix()))
    }
}

/// The error's text: `{"message": "…"}`, or whatever it is.
fn message(answer: &mut impl Read) -> String {
    let mut text = Vec::new();
    // What came before it broke off is said.
    let _ = answer.take(MESSAGE_LIMIT).read_to_end(&mut text);
    let json: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
    let said = json.as_ref().and_then(|json| json.get("message")?.as_str());
    match said {
        Some(said) => said.to_owned(),
        None => String::from_utf8_lossy(&text).trim().to_owned(),
    }
}

/// A name as a part of a path. Slashes stay, for engines read them as parts of the name.
fn escaped(name: &str) -> String {
    let mut path = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'@' => {
                path.push(char::from(byte));
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_request_line() {
        assert_eq!(escaped("a/b:1@sha256:0"), "a/b:1@sha256:0");
        assert_eq!(escaped("a b\r\nX: y?#%"), "a%20b%0D%0AX:%20y%3F%23%25");
    }
}
