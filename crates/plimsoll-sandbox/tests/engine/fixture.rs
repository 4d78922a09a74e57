//! A store with one busybox image, and containers of it that are removed again.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use plimsoll_image::{Image, ImageConfig, Store};
use plimsoll_sandbox::{
    Container, ContainerState, Engine, Error, ExecOptions, LogOptions, RunOptions, Stream, Streams,
};
use tempfile::TempDir;

use crate::rootfs;

struct Fixture {
    directory: TempDir,
    store: Store,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("store")).unwrap();
    Fixture { directory, store }
});

/// Removes the store; statics are not dropped.
pub(crate) fn clean_up() {
    let _ = std::fs::remove_dir_all(FIXTURE.directory.path());
}

pub(crate) fn store_root() -> PathBuf {
    FIXTURE.store.root().to_owned()
}

pub(crate) fn engine() -> Engine {
    Engine::new(&FIXTURE.store)
}

pub(crate) fn containers_dir() -> PathBuf {
    FIXTURE.store.containers_dir()
}

/// The busybox image with this `config`.
pub(crate) fn image(config: &serde_json::Value) -> Image {
    let text = serde_json::json!({
        "architecture": if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" }, "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": [] }, "config": config,
    });
    let config = ImageConfig::from_slice(text.to_string().as_bytes()).unwrap();
    let file = File::open(rootfs::tarball()).unwrap();
    FIXTURE
        .store
        .import(Box::new(file), Path::new("busybox"), &config, &[], None)
        .unwrap()
}

/// A container that is removed when the case is over, however it went.
pub(crate) struct Guard(pub(crate) Container);

impl Deref for Guard {
    type Target = Container;

    fn deref(&self) -> &Container {
        &self.0
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // One that was removed already is fine.
        let _ = self.0.remove(true);
    }
}

pub(crate) fn container_of(config: &serde_json::Value, script: &str, options: RunOptions) -> Guard {
    let command = if script.is_empty() {
        Vec::new()
    } else {
        ["/bin/sh", "-c", script].map(ToOwned::to_owned).to_vec()
    };
    let command = if options.command.is_empty() {
        command
    } else {
        options.command.clone()
    };
    Guard(
        engine()
            .create(&image(config), &RunOptions { command, ..options })
            .unwrap_or_else(|error| fail(&error)),
    )
}

pub(crate) fn container(script: &str, options: RunOptions) -> Guard {
    container_of(&serde_json::json!({}), script, options)
}

pub(crate) fn fail(error: &Error) -> ! {
    let source = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    panic!("{error}: {source}")
}

/// Runs it attached: its code and what it wrote.
pub(crate) fn run(container: &Container) -> (i32, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let streams = Streams {
        stdin: None,
        stdout: &mut stdout,
        stderr: &mut stderr,
    };
    let code = container
        .start_attached(streams)
        .unwrap_or_else(|error| fail(&error));
    (
        code,
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

pub(crate) fn exec(container: &Container, script: &str) -> (i32, String, String) {
    exec_with(container, script, ExecOptions::default()).unwrap_or_else(|error| fail(&error))
}

pub(crate) fn exec_with(
    container: &Container,
    script: &str,
    options: ExecOptions,
) -> Result<(i32, String, String), Error> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let streams = Streams {
        stdin: None,
        stdout: &mut stdout,
        stderr: &mut stderr,
    };
    let command = ["/bin/sh", "-c", script].map(ToOwned::to_owned).to_vec();
    let command = if options.command.is_empty() {
        command
    } else {
        options.command.clone()
    };
    let code = container.exec(&ExecOptions { command, ..options }, streams)?;
    Ok((
        code,
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr).into_owned(),
    ))
}

pub(crate) fn logs(container: &Container, options: &LogOptions) -> String {
    let mut text = String::new();
    let mut add = |_: Stream, line: &[u8]| {
        text.push_str(&String::from_utf8_lossy(line));
        Ok(())
    };
    container
        .logs(options, &mut add)
        .unwrap_or_else(|error| fail(&error));
    text
}

/// Waits until the state is as wanted; panics after a long time.
pub(crate) fn until(container: &Container, wanted: impl Fn(&ContainerState) -> bool) -> ContainerState {
    let start = Instant::now();
    loop {
        let state = container.state().unwrap_or_else(|error| fail(&error));
        if wanted(&state) {
            return state;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it stays so: {state:?}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
