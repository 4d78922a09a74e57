use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_image::source::{self, Options};
use plimsoll_image::{Image, Store};

use crate::exit;
use crate::failure::{self, Failure};
use crate::invocation::Invocation;

/// Take the images of an archive into the store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The archive, which may be compressed; standard input if it is not given
    #[arg(long, short, value_name = "FILE")]
    input: Option<PathBuf>,
}

pub(crate) fn run(invocation: &Invocation, args: Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let options = Options {
        temporary_directory: store.root().to_owned(),
        ..Options::default()
    };
    let input = args.input.filter(|path| path != Path::new("-"));
    let images = match &input {
        Some(path) => source::open_archive(path, &options)?,
        None => {
            let spooled = spooled(&store)?;
            let images = source::open_archive(spooled.path(), &options);
            images.map_err(|error| of_standard_input(&error.into(), spooled.path()))?
        }
    };
    for image in &images {
        let loaded = store.add(image, &image.references)?;
        for line in lines(&loaded, image) {
            invocation.printer.line(&line)?;
        }
    }
    Ok(exit::DONE)
}

/// Standard input in a file, for archives are read at more than one place.
pub(crate) fn spooled(store: &Store) -> anyhow::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new_in(store.root()).context("cannot keep standard input")?;
    io::copy(&mut io::stdin().lock(), &mut file).context("cannot read standard input")?;
    Ok(file)
}

/// The file that standard input is kept in means nothing to anybody else.
pub(crate) fn of_standard_input(error: &anyhow::Error, file: &Path) -> anyhow::Error {
    let message = failure::message(error).replace(&file.display().to_string(), "standard input");
    let failure = Failure::new(message);
    match failure::hint(error) {
        Some(hint) => failure.with_hint(hint.0).into(),
        None => failure.into(),
    }
}

fn lines(loaded: &Image, from: &Image) -> Vec<String> {
    if from.references.is_empty() {
        return vec![format!("Loaded image ID: {}", loaded.id)];
    }
    from.references
        .iter()
        .map(|name| format!("Loaded image: {name}"))
        .collect()
}
