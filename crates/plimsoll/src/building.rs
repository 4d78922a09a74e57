//! A build as commands ask for it: from paths to an image in the store.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_build::{
    BuildOptions, BuildOutcome, Context, DockerfileText, Remote, RemoteContext, RemoteSettings,
};
use plimsoll_image::Store;

use crate::base_images::StoreOrRegistry;
use crate::diagnostics::{self, BuildFailed};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::progress::ProgressForm;
use crate::settings;

/// The Dockerfile and the context that a command line names. `context` is a folder, or `-` for standard input: a tar
/// with the context, or a Dockerfile alone.
pub(crate) fn inputs(
    file: Option<&Path>,
    context: &Path,
    store: &Store,
) -> anyhow::Result<(Context, DockerfileText)> {
    inputs_with(file, context, store, &settings::remote())
}

/// As [`inputs`], with what is said for fetching a context that is not here.
pub(crate) fn inputs_with(
    file: Option<&Path>,
    context: &Path,
    store: &Store,
    settings: &RemoteSettings,
) -> anyhow::Result<(Context, DockerfileText)> {
    if context != Path::new("-") {
        if !context.is_dir() {
            if let Some(remote) = context.to_str().and_then(Remote::of_context) {
                return fetched(file, &remote?, store, settings);
            }
            let error = Failure::usage(format!("`{}` is not a folder to build from", context.display()));
            return Err(error
                .with_hint("name the folder that holds the Dockerfile, such as `.`")
                .into());
        }
        let dockerfile = dockerfile(file, context)?;
        return Ok((Context::directory(context)?, dockerfile));
    }
    let mut start = Vec::new();
    let mut input = io::stdin();
    input
        .by_ref()
        .take(512)
        .read_to_end(&mut start)
        .context("cannot read standard input")?;
    if is_archive(&start) {
        let context = Context::tar(start.as_slice().chain(input), "-", store.root())?;
        let dockerfile = dockerfile_inside(file, &context)?;
        return Ok((context, dockerfile));
    }
    if file.is_some() {
        return Err(Failure::usage("standard input is no tar archive, so it cannot hold `--file`").into());
    }
    input
        .read_to_end(&mut start)
        .context("cannot read standard input")?;
    let text = decoded(&start, "-")?;
    Ok((Context::empty(store.root())?, DockerfileText::new("-", text)))
}

/// A context from an address, with its Dockerfile.
fn fetched(
    file: Option<&Path>,
    remote: &Remote,
    store: &Store,
    settings: &RemoteSettings,
) -> anyhow::Result<(Context, DockerfileText)> {
    match RemoteContext::fetch(remote, store, settings)? {
        RemoteContext::Files(context) => {
            let dockerfile = match file {
                Some(file) if file == Path::new("-") => dockerfile(Some(file), context.root())?,
                file => dockerfile_inside(file, &context)?,
            };
            Ok((context, dockerfile))
        }
        RemoteContext::Dockerfile(text) if file.is_none() => Ok((
            Context::empty(store.root())?,
            DockerfileText::new("Dockerfile", text),
        )),
        RemoteContext::Dockerfile(_) => Err(Failure::usage(
            "the address is of a Dockerfile alone, so there is no place for `--file`",
        )
        .into()),
    }
}

/// A Dockerfile that is in the context itself.
fn dockerfile_inside(file: Option<&Path>, context: &Context) -> anyhow::Result<DockerfileText> {
    let given = file.map(|file| file.display().to_string());
    let names = match &given {
        Some(name) => vec![name.as_str()],
        None => vec!["Dockerfile", "dockerfile"],
    };
    for name in &names {
        if let Some(text) = context.read_text(name)? {
            let mut dockerfile = DockerfileText::new(*name, text);
            dockerfile.ignore = context.read_text(&format!("{name}.dockerignore"))?;
            return Ok(dockerfile);
        }
    }
    Err(Failure::new(format!("there is no `{}` in the context", names[0])).into())
}

/// Whether bytes begin a tar archive or something compressed; no Dockerfile does.
fn is_archive(start: &[u8]) -> bool {
    let magics: [&[u8]; 4] = [b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"];
    magics.iter().any(|magic| start.starts_with(magic)) || start.get(257..262) == Some(b"ustar")
}

fn dockerfile(file: Option<&Path>, context: &Path) -> anyhow::Result<DockerfileText> {
    if file == Some(Path::new("-")) {
        let mut bytes = Vec::new();
        io::stdin()
            .read_to_end(&mut bytes)
            .context("cannot read the Dockerfile from standard input")?;
        return Ok(DockerfileText::new("-", decoded(&bytes, "-")?));
    }
    let path = match file {
        Some(file) => file.to_owned(),
        None => {
            let usual = context.join("Dockerfile");
            let lower = context.join("dockerfile");
            if !usual.exists() && lower.exists() {
                lower
            } else {
                usual
            }
        }
    };
    let bytes = fs::read(&path).map_err(|error| missing(&path, &error, file.is_some().then_some(context)))?;
    let text = decoded(&bytes, &path.display().to_string())?;
    let mut ignore_path = path.clone().into_os_string();
    ignore_path.push(".dockerignore");
    let ignore_path = PathBuf::from(ignore_path);
    let mut dockerfile = DockerfileText::new(path.display().to_string(), text);
    dockerfile.ignore = match fs::read(&ignore_path) {
        Ok(bytes) => Some(decoded(&bytes, &ignore_path.display().to_string())?),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
        Err(error) => return Err(missing(&ignore_path, &error, Some(context)).into()),
    };
    Ok(dockerfile)
}

fn decoded(bytes: &[u8], name: &str) -> Result<String, Failure> {
    plimsoll_dockerfile::decode(bytes).map_err(|error| {
        let failure = Failure::new(format!("cannot read `{name}`: {error}"));
        match error.hint() {
            Some(hint) => failure.with_hint(hint.0),
            None => failure,
        }
    })
}

/// `context` is given where the path was: one who names it from there is told.
fn missing(path: &Path, error: &io::Error, context: Option<&Path>) -> Failure {
    let failure = Failure::new(format!(
        "cannot read `{}`: {}",
        path.display(),
        crate::failure::system(error)
    ));
    let Some(context) = context else {
        return failure.with_hint("name the Dockerfile with `--file`, or another folder");
    };
    let inside = context.join(path);
    if error.kind() == ErrorKind::NotFound && inside.is_file() {
        return failure.with_hint(format!("`{}` is there", inside.display()));
    }
    failure
}

/// Builds, shows the progress, and gives errors their place in the Dockerfile.
pub(crate) fn build(
    invocation: &Invocation,
    store: &Store,
    options: &BuildOptions,
    form: ProgressForm,
    always_pull: bool,
) -> anyhow::Result<BuildOutcome> {
    let bases = StoreOrRegistry::new(store, invocation.printer).always_pulling(always_pull);
    let progress = form.start(invocation.printer);
    let built = plimsoll_build::build(store, options, &bases, progress.as_ref());
    drop(progress);
    let dockerfile = &options.dockerfile;
    let outcome = built.map_err(|source| BuildFailed {
        name: dockerfile.name.clone(),
        text: dockerfile.text.clone(),
        source,
    })?;
    for name in &outcome.unused_build_args {
        invocation
            .printer
            .warn(&format!("no `ARG` of the Dockerfile takes `--build-arg {name}`"));
    }
    for complaint in &outcome.cache_complaints {
        invocation.printer.warn(complaint);
    }
    if !outcome.warnings.is_empty() {
        diagnostics::warn(
            invocation.printer,
            &dockerfile.name,
            &dockerfile.text,
            &outcome.warnings,
        );
    }
    Ok(outcome)
}
