//! SSH agents that a build starts for the keys that it is given.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Agents that end with the value.
#[derive(Debug, Default)]
pub(crate) struct Agents(Vec<Agent>);

#[derive(Debug)]
struct Agent {
    process: Child,
    _directory: TempDir,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How long an agent may take to make its socket.
const PATIENCE: Duration = Duration::from_secs(10);

impl Agents {
    /// Starts an agent with these keys, and gives its socket, or says why not.
    pub(crate) fn start(&mut self, keys: &[PathBuf]) -> Result<PathBuf, String> {
        if let Some(missing) = keys.iter().find(|key| !key.is_file()) {
            return Err(format!("there is no key `{}`", missing.display()));
        }
        let cannot = |what: &str, error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("`{what}` is not installed"),
            _ => format!("`{what}` cannot be run: {error}"),
        };
        let directory = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let socket = directory.path().join("agent");
        let process = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| cannot("ssh-agent", error))?;
        self.0.push(Agent {
            process,
            _directory: directory,
        });
        wait_for(&socket)?;
        let added = Command::new("ssh-add")
            .arg("-q")
            .args(keys)
            .env("SSH_AUTH_SOCK", &socket)
            // Without a terminal there is nobody to ask for a passphrase.
            .env("SSH_ASKPASS_REQUIRE", "never")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| cannot("ssh-add", error))?;
        if added.status.success() {
            return Ok(socket);
        }
        let said = String::from_utf8_lossy(&added.stderr);
        Err(format!(
            "the key cannot be used: {}",
            said.lines().last().unwrap_or("ssh-add does not say why")
        ))
    }
}

fn wait_for(socket: &Path) -> Result<(), String> {
    let start = Instant::now();
    while !socket.exists() {
        if start.elapsed() > PATIENCE {
            return Err("`ssh-agent` does not start".to_owned());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
