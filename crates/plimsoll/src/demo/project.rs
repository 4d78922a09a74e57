//! The project, as it is in `examples/flask-demo`, carried in the program.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../../examples/flask-demo/", $name)),
        )
    };
}

const FILES: &[(&str, &str)] = &[
    file!("app.py"),
    file!("healthcheck.py"),
    file!("gunicorn.conf.py"),
    file!("requirements.txt"),
    file!("requirements-bad.txt"),
    file!(".dockerignore"),
    file!("Dockerfile"),
    file!("Dockerfile.bad"),
    file!("Dockerfile.bad.dockerignore"),
];

/// Puts the files that are missing into `dir`; those that are there may have been changed on purpose, and stay.
pub(super) fn put(dir: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    for (name, text) in FILES {
        let path = dir.join(name);
        if !path.exists() {
            fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
    }
    Ok(dir.to_owned())
}
