//! The tar that `docker load`, `podman load` and skopeo read.

use std::collections::HashSet;
use std::io::{self, Write};

use plimsoll_core::Reference;
use serde::Serialize;

use super::spool::{self, AT_ONCE, Compressor};
use super::{BUFFER, LayerCompression, WriteOptions, put_layer};
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
    // Nothing is spooled, so no directory is needed.
    write_with(images, out, &WriteOptions::new(std::path::Path::new("")))
}

/// The same with layers compressed as `options` say, which Docker, Podman and skopeo read as well. The form has no
/// place for annotations.
///
/// # Errors
/// As [`write()`].
pub fn write_with(images: &[Image], out: &mut dyn Write, options: &WriteOptions<'_>) -> Result<()> {
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
        let new = image.layers.iter().filter(|layer| written.insert(layer.diff_id));
        put_layers(&mut tar, &new.collect::<Vec<_>>(), options)?;
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

fn put_layers<W: Write>(tar: &mut Writer<W>, layers: &[&Layer], options: &WriteOptions<'_>) -> Result<()> {
    let directory = |tar: &mut Writer<W>, layer: &Layer| tar.directory(&layer.diff_id.hex());
    if options.compression == LayerCompression::None {
        for layer in layers {
            directory(tar, layer).map_err(Error::Write)?;
            put_layer(tar, &path(layer), layer)?;
        }
        return Ok(());
    }
    let temporary = options.temporary_directory;
    let compressor = Compressor::new(options.compression)?;
    let new_spool = || tempfile::tempfile_in(temporary).map_err(Error::io("write", temporary));
    for some in layers.chunks(AT_ONCE) {
        let new = some.iter().map(|layer| Ok((*layer, new_spool()?)));
        let spooled = compressor.spool(new.collect::<Result<_>>()?)?;
        for (layer, spooled) in some.iter().zip(spooled) {
            directory(tar, layer).map_err(Error::Write)?;
            spool::copy_into(tar, &path(layer), spooled, temporary)?;
        }
    }
    Ok(())
}

fn path(layer: &Layer) -> String {
    format!("{}/layer.tar", layer.diff_id.hex())
}
