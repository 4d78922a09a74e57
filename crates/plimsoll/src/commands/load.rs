use std::path::{Path, PathBuf};

use plimsoll_image::Image;
use plimsoll_image::source;

use crate::invocation::Invocation;
use crate::{exit, sources};

/// Take the images of an archive into the store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The archive, which may be compressed; standard input if it is not given
    #[arg(long, short, value_name = "FILE")]
    input: Option<PathBuf>,
}

pub(crate) fn run(invocation: &Invocation, args: Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let input = args.input.filter(|path| path != Path::new("-"));
    let images = match &input {
        Some(path) => source::open_archive(path, &sources::options(&store, None)?)?,
        None => sources::of_standard_input(&store, None)?,
    };
    for image in &images {
        let loaded = store.add(image, &image.references)?;
        for line in lines(&loaded, image) {
            invocation.printer.line(&line)?;
        }
    }
    Ok(exit::DONE)
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
