//! What the targets share: layers and archives made of fuzzed bytes.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;
use std::path::Path;

use plimsoll_image::{Error, Image, Layer};

/// A tar with one member for each name and content.
pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, content) in members {
        let mut block = [0_u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[100..108].copy_from_slice(b"0000755\0");
        block[108..116].copy_from_slice(b"0000000\0");
        block[116..124].copy_from_slice(b"0000000\0");
        block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        block[136..148].copy_from_slice(b"00000000000\0");
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend_from_slice(&block);
        tar.extend_from_slice(content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

/// A file with these bytes, in memory where the system has such a place.
pub fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let memory = Path::new("/dev/shm");
    let mut file = match memory.is_dir() {
        true => tempfile::NamedTempFile::new_in(memory),
        false => tempfile::NamedTempFile::new(),
    }
    .expect("a temporary file can be made");
    file.write_all(bytes).expect("a temporary file can be written");
    file
}

/// Reads every entry of a layer with its content, both ways.
pub fn read(layer: &Layer) {
    let verification = layer.start_verifying();
    let walked = layer.walk(|entry| {
        let size = entry.size;
        let content = entry.read(1 << 20);
        assert!(content.is_err() || size <= 1 << 20);
        Ok::<_, Error>(ControlFlow::Continue(()))
    });
    drop(walked);
    drop(verification.finish());
    drop(layer.is_empty());
    drop(layer.size());
}

/// Reads every layer of images.
pub fn read_all(images: &[Image]) {
    for image in images {
        image.layers.iter().for_each(read);
    }
}

/// A zip archive with one member that is stored as it is.
pub fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file(name, options).expect("the name is short");
    zip.write_all(content).expect("memory can be written");
    zip.finish().expect("memory can be written").into_inner()
}
