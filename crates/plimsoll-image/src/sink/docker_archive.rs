//! The tar that `docker load`, `podman load` and skopeo read.

use std::collections::HashSet;
use std::io::{self, Write};

use plimsoll_core::Reference;
use serde::Serialize;

use super::{BUFFER, put_layer};
use crate::manifest::to_vec;
use crate::tar::Writer;
use crate::{Error, Image, Layer, Result};

/// One image in `manifest.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

/// Writes `images` with all their names into one archive; the same images always give the same bytes. Layers are not
/// compressed, and those that images share are written once.
///
/// # Errors
/// When a layer cannot be read, and [`Error::Write`] when `out` fails.
pub fn write(images: &[Image], out: &mut dyn Write) -> Result<()> {
    let mut tar = Writer::new(io::BufWriter::with_capacity(BUFFER, out));
    let mut written = HashSet::new();
    let mut items: Vec<Item> = Vec::new();
    for image in images {
        let config = format!("{}.json", image.id.hex());
        // Docker writes and reads tags here, never digests.
        let tags = image
            .references
            .iter()
            .filter(|reference| reference.tag().is_some() && reference.digest().is_none());
        let tags: Vec<String> = tags.map(Reference::to_string).collect();
        if let Some(known) = items.iter_mut().find(|item| item.config == config) {
            for tag in tags {
                if !known.repo_tags.contains(&tag) {
                    known.repo_tags.push(tag);
                }
            }
            continue;
        }
        tar.file(&config, &image.config_bytes).map_err(Error::Write)?;
        for layer in &image.layers {
            if written.insert(layer.diff_id) {
                tar.directory(&layer.diff_id.hex()).map_err(Error::Write)?;
                put_layer(&mut tar, &path(layer), layer)?;
            }
        }
        items.push(Item {
            config,
            repo_tags: tags,
            layers: image.layers.iter().map(path).collect(),
        });
    }
    tar.file("manifest.json", &to_vec(&items)).map_err(Error::Write)?;
    let (mut out, _) = tar.finish().map_err(Error::Write)?;
    out.flush().map_err(Error::Write)
}

fn path(layer: &Layer) -> String {
    format!("{}/layer.tar", layer.diff_id.hex())
}
