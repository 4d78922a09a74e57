//! What the tests share: a writer of tars that says exactly what it is told, and small helpers.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_core::Digest;
use plimsoll_image::{EntryKind, Error, Image, ImageConfig, Layer, Store};

/// A tar in the making.
#[derive(Default, Clone)]
pub(crate) struct Tar(Vec<u8>);

impl Tar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn raw(
        mut self,
        name: &[u8],
        typeflag: u8,
        link: &[u8],
        data: &[u8],
        device: (u32, u32),
    ) -> Self {
        let mut block = [0_u8; 512];
        block[..name.len()].copy_from_slice(name);
        let mut octal = |range: std::ops::Range<usize>, value: u64| {
            let digits = format!("{value:0width$o}\0", width = range.len() - 1);
            block[range].copy_from_slice(digits.as_bytes());
        };
        octal(100..108, if typeflag == b'5' { 0o755 } else { 0o644 });
        octal(108..116, 0);
        octal(116..124, 0);
        octal(124..136, data.len() as u64);
        octal(136..148, 1_600_000_000);
        octal(329..337, device.0.into());
        octal(337..345, device.1.into());
        block[156] = typeflag;
        block[157..157 + link.len()].copy_from_slice(link);
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.0.extend_from_slice(&block);
        self.0.extend_from_slice(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn file(self, name: &str, data: &[u8]) -> Self {
        self.raw(name.as_bytes(), b'0', b"", data, (0, 0))
    }

    pub(crate) fn dir(self, name: &str) -> Self {
        self.raw(name.as_bytes(), b'5', b"", b"", (0, 0))
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Self {
        self.raw(name.as_bytes(), b'2', target.as_bytes(), b"", (0, 0))
    }

    pub(crate) fn hard_link(self, name: &str, target: &str) -> Self {
        self.raw(name.as_bytes(), b'1', target.as_bytes(), b"", (0, 0))
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

pub(crate) fn store(directory: &Path) -> Store {
    Store::open(&directory.join("store")).unwrap()
}

/// Puts a tar into the store as the one layer of an image.
pub(crate) fn import(store: &Store, tar: &[u8]) -> Result<Image, Error> {
    let tar = Box::new(Cursor::new(tar.to_owned()));
    store.import(tar, Path::new("test.tar"), &ImageConfig::default(), &[], None)
}

pub(crate) fn written(layer: &Layer) -> Vec<u8> {
    let mut tar = Vec::new();
    layer.write_tar(&mut tar).unwrap();
    assert_eq!(Digest::of(&tar), layer.diff_id);
    assert_eq!(tar.len() as u64, layer.tar_size().unwrap());
    tar
}

/// Everything that a layer shows, with the content of files.
pub(crate) fn entries(layer: &Layer) -> Vec<(String, EntryKind, u32, u64, i64, Vec<u8>)> {
    let mut entries = Vec::new();
    layer
        .walk::<Error, _>(|entry| {
            let content = entry.read(1 << 30)?;
            let path = entry.path_lossy().into_owned();
            entries.push((
                path,
                entry.kind.clone(),
                entry.mode,
                entry.uid,
                entry.mtime,
                content,
            ));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    entries
}

/// The names of everything in the store's directories that hold layers and unfinished things.
pub(crate) fn leftovers(store: &Store) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in ["layers", "implied", "blobs/sha256"] {
        for entry in std::fs::read_dir(store.root().join(directory)).unwrap() {
            found.push(entry.unwrap().path());
        }
    }
    found
}

pub(crate) fn is_root(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: {what} needs root");
    }
    root
}

pub(crate) fn has(tool: &str) -> bool {
    let found = Command::new(tool)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: needs {tool}");
    }
    found
}

/// Runs a command that has to succeed; gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// The directory with shared test data, if it is there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or_else(beside, PathBuf::from);
    let path = shared.join(path);
    if !path.exists() {
        eprintln!("skipped: needs {}", path.display());
        return None;
    }
    Some(path)
}
