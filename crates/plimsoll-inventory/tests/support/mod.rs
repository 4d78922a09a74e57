//! Images made of small tars.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "no test program uses all of it, and tests say what they skip"
)]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_core::{Digest, Package};
use plimsoll_image::{History, Image, ImageConfig, Layer};
use plimsoll_inventory::Inventory;

/// What to put into a layer.
#[derive(Clone, Copy)]
pub(crate) enum Put<'a> {
    Directory(&'a str),
    File(&'a str, &'a [u8]),
    Symlink(&'a str, &'a str),
    HardLink(&'a str, &'a str),
}
pub(crate) use Put::{File as F, HardLink as H, Symlink as S};

pub(crate) fn layer(dir: &Path, entries: &[Put<'_>]) -> Layer {
    let path = tempfile::Builder::new()
        .suffix(".tar")
        .tempfile_in(dir)
        .unwrap()
        .keep()
        .unwrap()
        .1;
    let mut tar = tar::Builder::new(File::create(&path).unwrap());
    for entry in entries {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        match entry {
            Put::Directory(path) => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(0o755);
                header.set_size(0);
                tar.append_data(&mut header, path, std::io::empty()).unwrap();
            }
            F(path, content) => {
                header.set_size(content.len() as u64);
                tar.append_data(&mut header, path, *content).unwrap();
            }
            S(path, target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_size(0);
                tar.append_link(&mut header, path, target).unwrap();
            }
            H(path, target) => {
                header.set_entry_type(tar::EntryType::Link);
                header.set_size(0);
                tar.append_link(&mut header, path, target).unwrap();
            }
        }
    }
    tar.into_inner().unwrap().sync_all().unwrap();
    Layer::from_tar(&path).unwrap()
}

pub(crate) fn image(layers: Vec<Layer>, history: &[(&str, bool)]) -> Image {
    let mut config = ImageConfig::default();
    let entry = |&(line, empty_layer): &(&str, bool)| History {
        created_by: Some(line.to_owned()),
        empty_layer,
        ..History::default()
    };
    config.history = history.iter().map(entry).collect();
    Image {
        id: Digest::of(b"test"),
        manifest_digest: None,
        annotations: Default::default(),
        config_bytes: Arc::from(config.to_vec()),
        config,
        references: Vec::new(),
        layers,
        name: "test".to_owned(),
    }
}

pub(crate) fn inventory(layers: Vec<Layer>) -> Inventory {
    Inventory::of(&image(layers, &[]), None).unwrap()
}

/// `NAME VERSION LAYER`, in the inventory's order.
pub(crate) fn shown(inventory: &Inventory) -> Vec<String> {
    let show = |package: &Package| {
        let layer = package.layer.as_ref().unwrap().index;
        format!("{} {} {layer}", package.name, package.version)
    };
    inventory.packages.iter().map(show).collect()
}

pub(crate) fn dpkg(packages: &[(&str, &str)]) -> Vec<u8> {
    let paragraph = |(name, version): &(&str, &str)| {
        format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
    };
    packages.iter().map(paragraph).collect::<String>().into_bytes()
}

pub(crate) fn metadata(name: &str, version: &str) -> Vec<u8> {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\n").into_bytes()
}

pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("PLIMSOLL_SHARED").map_or(beside, PathBuf::from);
    let found = root.join(path);
    if !found.exists() {
        eprintln!("skipped: there is no {}", found.display());
        return None;
    }
    Some(found)
}

pub(crate) fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut content)
        .unwrap();
    content
}
