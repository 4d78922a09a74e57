//! A store with a base image, a context, and what builds over them give.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use plimsoll_build::{
    BaseImages, BuildOptions, BuildOutcome, Context, DockerfileText, Error, Event, ForeignError, Progress,
    StepId, build,
};
use plimsoll_core::{Platform, Reference};
use plimsoll_image::{EntryKind, Image, ImageConfig, Layer, Store};
use tempfile::TempDir;

/// Makes the process fit for builds; else says what is missing.
pub(crate) fn prepare() -> Result<(), String> {
    let rootfs = rootfs();
    if !rootfs.is_file() {
        return Err(format!("`{}`", rootfs.display()));
    }
    plimsoll_build::prepare_process().map_err(|error| format!("root ({error})"))?;
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let part = |name: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let (lower, upper, work, target) = (part("l"), part("u"), part("w"), part("t"));
    plimsoll_sandbox::mount_overlay(&[&lower], &upper, &work, &target)
        .map_err(|error| format!("overlay ({error})"))?;
    rustix::mount::unmount(&target, rustix::mount::UnmountFlags::DETACH).map_err(|error| error.to_string())
}

fn rootfs() -> PathBuf {
    let shared = match std::env::var_os("PLIMSOLL_SHARED") {
        Some(shared) => PathBuf::from(shared),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    shared.join("images/rootfs/busybox-musl.tar.gz")
}

/// A store that has `busybox`, and an empty context.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
}

/// The base images are those of the store.
pub(crate) struct FromStore(pub(crate) Store);

impl BaseImages for FromStore {
    fn resolve(&self, reference: &Reference, _platform: &Platform) -> Result<Image, ForeignError> {
        Ok(self.0.find(&reference.to_string())?)
    }
}

/// Keeps what it is told.
#[derive(Default)]
pub(crate) struct Log(pub(crate) Mutex<Vec<String>>);

impl Progress for Log {
    fn event(&self, step: &StepId, event: Event<'_>) {
        let line = match event {
            Event::Started { instruction } => format!("{step} {instruction}"),
            Event::Cached => format!("{step} CACHED"),
            Event::Output { line, .. } => format!("{step}\t{}", String::from_utf8_lossy(line)),
            Event::Warning { message } => format!("{step} WARNING {message}"),
            Event::Failed { .. } => format!("{step} FAILED"),
            Event::Copied { .. } | Event::Done { .. } => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Log {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// What processes wrote.
    pub(crate) fn output(&self) -> Vec<String> {
        let lines = self.lines();
        lines
            .iter()
            .filter_map(|line| line.split_once('\t').map(|(_, text)| text.to_owned()))
            .collect()
    }
}

/// What a build gave.
pub(crate) struct Built {
    pub(crate) outcome: BuildOutcome,
    pub(crate) log: Log,
    pub(crate) tree: Tree,
}

impl Built {
    pub(crate) fn image(&self) -> &Image {
        &self.outcome.image
    }

    pub(crate) fn history(&self) -> Vec<String> {
        let history = self.image().config.history.iter().skip(1);
        history
            .map(|entry| {
                let empty = if entry.empty_layer { " (empty)" } else { "" };
                format!("{}{empty}", entry.created_by.clone().unwrap_or_default())
            })
            .collect()
    }

    /// How many layers have something in them.
    pub(crate) fn changing_layers(&self) -> usize {
        let layers = self.image().layers.iter();
        layers.filter(|layer| !layer.is_empty().unwrap()).count()
    }

    /// The keys of steps that were not known.
    pub(crate) fn executed(&self) -> usize {
        self.outcome.steps - self.outcome.cached
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        std::fs::create_dir(dir.path().join("context")).unwrap();
        let mut config = ImageConfig::default();
        config.set_platform(&Platform::host());
        config.config.cmd = Some(vec!["sh".to_owned()]);
        let name = "busybox".parse().unwrap();
        let tar = Box::new(File::open(rootfs()).unwrap());
        store.import(tar, &rootfs(), &config, &[name], None).unwrap();
        Self { dir, store }
    }

    pub(crate) fn context(&self) -> PathBuf {
        self.dir.path().join("context")
    }

    /// Writes a file of the context, and its directories.
    pub(crate) fn file(&self, path: &str, content: &str) -> &Self {
        let path = self.context().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn directory(&self, path: &str) -> &Self {
        std::fs::create_dir_all(self.context().join(path)).unwrap();
        self
    }

    pub(crate) fn link(&self, path: &str, target: &str) -> &Self {
        std::os::unix::fs::symlink(target, self.context().join(path)).unwrap();
        self
    }

    pub(crate) fn options(&self, dockerfile: &str) -> BuildOptions {
        let context = Context::directory(&self.context()).unwrap();
        BuildOptions::new(context, DockerfileText::new("Dockerfile", dockerfile))
    }

    pub(crate) fn try_build(&self, options: &BuildOptions) -> Result<Built, Box<(Error, Log)>> {
        let log = Log::default();
        match build(&self.store, options, &FromStore(self.store.clone()), &log) {
            Ok(outcome) => {
                let tree = Tree::of(&outcome.image.layers);
                Ok(Built { outcome, log, tree })
            }
            Err(error) => Err(Box::new((error, log))),
        }
    }

    pub(crate) fn build_with(&self, dockerfile: &str, change: impl FnOnce(&mut BuildOptions)) -> Built {
        let mut options = self.options(dockerfile);
        change(&mut options);
        match self.try_build(&options) {
            Ok(built) => built,
            Err(failed) => panic!("{}\n{:#?}", chain(&failed.0), failed.1.lines()),
        }
    }

    pub(crate) fn build(&self, dockerfile: &str) -> Built {
        self.build_with(dockerfile, |_| {})
    }

    pub(crate) fn fail_with(&self, dockerfile: &str, change: impl FnOnce(&mut BuildOptions)) -> Error {
        let mut options = self.options(dockerfile);
        change(&mut options);
        match self.try_build(&options) {
            Ok(_) => panic!("the build did not fail"),
            Err(failed) => failed.0,
        }
    }

    pub(crate) fn fail(&self, dockerfile: &str) -> Error {
        self.fail_with(dockerfile, |_| {})
    }
}

pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

/// One file of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: EntryKind,
    pub(crate) mode: u32,
    pub(crate) owner: (u64, u64),
    pub(crate) mtime: i64,
    pub(crate) content: String,
}

/// The file system of an image, found out from its layers alone.
#[derive(Debug)]
pub(crate) struct Tree(pub(crate) BTreeMap<String, Node>);

impl Tree {
    pub(crate) fn of(layers: &[Layer]) -> Self {
        let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
        for layer in layers {
            let mut added: BTreeMap<String, Node> = BTreeMap::new();
            layer
                .walk(|entry| {
                    let path = entry.path_lossy().into_owned();
                    let below = format!("{path}/");
                    match &entry.kind.clone() {
                        EntryKind::Whiteout => {
                            nodes.retain(|known, _| *known != path && !known.starts_with(&below));
                        }
                        EntryKind::Opaque => nodes.retain(|known, _| !known.starts_with(&below)),
                        kind => {
                            let content = match kind {
                                EntryKind::File => {
                                    String::from_utf8_lossy(&entry.read(1 << 24)?).into_owned()
                                }
                                _ => String::new(),
                            };
                            let node = Node {
                                kind: kind.clone(),
                                mode: entry.mode,
                                owner: (entry.uid, entry.gid),
                                mtime: entry.mtime,
                                content,
                            };
                            added.insert(path, node);
                        }
                    }
                    Ok::<_, plimsoll_image::Error>(ControlFlow::Continue(()))
                })
                .unwrap();
            for (path, node) in added {
                if node.kind != EntryKind::Directory {
                    let below = format!("{path}/");
                    nodes.retain(|known, _| !known.starts_with(&below));
                }
                nodes.insert(path, node);
            }
        }
        Self(nodes)
    }

    pub(crate) fn get(&self, path: &str) -> &Node {
        match self.0.get(path) {
            Some(node) => node,
            None => panic!("`{path}` is not in the image"),
        }
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    pub(crate) fn content(&self, path: &str) -> &str {
        match &self.get(path).kind {
            EntryKind::HardLink(target) => self.content(std::str::from_utf8(target).unwrap()),
            _ => &self.get(path).content,
        }
    }

    /// The paths below a directory, relative to it.
    pub(crate) fn below(&self, directory: &str) -> Vec<&str> {
        let prefix = format!("{directory}/");
        self.0
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix))
            .collect()
    }
}
