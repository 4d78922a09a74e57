use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_dockerfile::Level;

use crate::diagnostics::DockerfileErrors;
use crate::exit;
use crate::invocation::Invocation;

/// Work with Dockerfiles as text
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the syntax tree as JSON, places included
    Parse {
        /// The Dockerfile; `-` for standard input
        file: PathBuf,
    },
}

pub(crate) fn run(invocation: &Invocation, command: Command) -> anyhow::Result<u8> {
    let Command::Parse { file } = command;
    let text = read(&file)?;
    let parsed = plimsoll_dockerfile::parse(&text);
    invocation
        .printer
        .line(&serde_json::to_string_pretty(&plimsoll_dockerfile::to_json(
            &text, &parsed,
        ))?)?;
    if parsed
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.level == Level::Error)
    {
        let name = file.display().to_string();
        return Err(DockerfileErrors {
            name,
            text,
            diagnostics: parsed.diagnostics,
        }
        .into());
    }
    Ok(exit::DONE)
}

fn read(file: &Path) -> anyhow::Result<String> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
        bytes
    } else {
        fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?
    };
    plimsoll_dockerfile::decode(&bytes).with_context(|| format!("cannot read `{}`", file.display()))
}
