use std::cell::Cell;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_core::{Digest, Span};
use plimsoll_dockerfile::{
    Copy, CopyOptions, CopySource, DockerIgnore, Heredoc, Instruction, Word, history as text,
};

use super::fetch::{Downloads, Fetched, Upcoming};
use crate::build::{BuildProblem, contexts_dir};
use crate::cache::KeyBuilder;
use crate::context::walk::Everything;
use crate::copy::chmod::ModeChange;
use crate::copy::chown::{self, Owner};
use crate::copy::donor::Donor;
use crate::copy::pending::Pending;
use crate::copy::sources::{Source, SourceTree, find, find_literal, find_with_parents};
use crate::copy::target::{Attributes, Target};
use crate::copy::{archive, tree};
use crate::error::{IoContext, Problem, Result};
use crate::graph::{Origin, Step};
use crate::progress::{Event, StepId};
use crate::rooted::{Rooted, is_dir};
use crate::rootfs::Mounted;
use crate::stage::{Made, StageBuild};
use crate::state::{absolute_destination, chain};

/// `COPY`: files of the context, of a stage or of an image.
pub(super) fn apply(
    stage: &mut StageBuild<'_>,
    step: &Step,
    expanded: &Instruction,
    copy: &Copy,
) -> Result<()> {
    for source in &copy.sources {
        if let CopySource::Path(word) = source
            && super::add::is_remote(&word.text)
        {
            let message = format!("`COPY` cannot take `{}`", word.text);
            let problem = Problem::invalid_with(message, "use `ADD`, or download it in a `RUN`");
            return Err(step.failed_at(word.span, problem));
        }
    }
    let job = Job {
        step,
        kind: "copy",
        options: &copy.options,
        from: copy
            .from
            .as_ref()
            .map(|flag| (flag.value.text.as_str(), flag.span)),
        parents: copy.parents.is_some_and(|flag| flag.value),
        sources: &copy.sources,
        heredocs: &expanded.heredocs,
        destination: &copy.destination,
        unpack: false,
        downloads: None,
    };
    job.carry_out(stage, text::copy(copy, &expanded.heredocs))
}

/// A `COPY` or `ADD` whose words are expanded.
pub(super) struct Job<'i> {
    pub(super) step: &'i Step,
    /// What keeps the keys of the two apart.
    pub(super) kind: &'static str,
    pub(super) options: &'i CopyOptions,
    /// `--from`, and where it stands.
    pub(super) from: Option<(&'i str, Span)>,
    pub(super) parents: bool,
    pub(super) sources: &'i [CopySource],
    pub(super) heredocs: &'i [Heredoc],
    pub(super) destination: &'i Word,
    /// Whether archives are extracted.
    pub(super) unpack: bool,
    /// What holds for downloads, where there may be some.
    pub(super) downloads: Option<Downloads>,
}

/// Something to copy, and the tree that it is in.
struct Item<'t> {
    tree: &'t SourceTree<'t>,
    source: Source,
    unpack: bool,
}

impl Job<'_> {
    pub(super) fn carry_out(&self, stage: &mut StageBuild<'_>, created_by: String) -> Result<()> {
        let shown = plimsoll_dockerfile::expand::expand_for_display(
            &self.step.instruction.source,
            stage.builder.escape,
            &stage.state.variables,
        );
        stage.file_step(self.step, &shown, created_by, |stage, id| self.make(stage, id))
    }

    fn make(&self, stage: &StageBuild<'_>, id: &StepId) -> Result<Made, BuildProblem> {
        let destination = absolute_destination(stage.state.working_dir(), &self.destination.text);
        let mode = match &self.options.chmod {
            Some(flag) => Some(self.at(flag.span, ModeChange::parse(&flag.value.text))?),
            None => None,
        };
        let origin = match self.from {
            Some((name, span)) => Some(self.at(span, stage.builder.graph.origin(name, stage.index))?),
            None => None,
        };

        // What is in a stage or image is known by its layers, so that it need not be read if they did not change.
        let mut keys = Vec::new();
        if let Some(origin) = origin
            .as_ref()
            .filter(|origin| !matches!(origin, Origin::Files(_)))
        {
            let below = stage.builder.origin_chain(origin)?;
            let mut key = self.key(stage, "from", &destination);
            key.text(&below.hex());
            for source in self.paths() {
                key.text(&source.text);
            }
            self.heredoc_key(&mut key);
            keys.push(key.finish());
            if let Some(made) = stage.known(&keys)? {
                return Ok(made);
            }
        }

        let files = match &origin {
            Some(origin) => stage.builder.files(origin)?,
            None => None,
        };
        let view = match origin.as_ref().filter(|_| files.is_none()) {
            Some(origin) => Some((stage.builder.view(origin)?, stage.builder.origin_name(origin))),
            None => None,
        };
        let taken = match &view {
            Some((mounted, place)) => Some(SourceTree {
                root: mounted.open()?,
                place: place.clone(),
                filter: &Everything,
                owner: None,
                cache: None,
            }),
            None => files,
        };
        let pending = self.look_up(stage)?;
        // A commit names all that it holds, so that it need not be fetched if it was already.
        let fingerprints: Option<Vec<String>> = pending
            .iter()
            .map(|one| one.as_ref().and_then(Upcoming::fingerprint))
            .collect();
        if let Some(fingerprints) = fingerprints.filter(|fingerprints| !fingerprints.is_empty()) {
            let mut key = self.key(stage, "commits", &destination);
            key.list(&fingerprints);
            keys.push(key.finish());
            if let Some(made) = stage.known(&keys[keys.len() - 1..])? {
                return Ok(made);
            }
        }
        let fetched = self.fetch(stage, id, &pending)?;
        let tree = taken.as_ref().unwrap_or(&stage.builder.context);
        let written = self.write_heredocs(stage)?;
        let items = self.find(stage, id, tree, written.as_ref(), &fetched)?;

        let mut key = self.key(stage, "content", &destination);
        key.number(items.len() as u64);
        for item in &items {
            key.source(&item.source);
        }
        keys.push(key.finish());
        if let Some(made) = stage.known(&keys[keys.len() - 1..])? {
            stage.remember(&made, &keys[..keys.len() - 1], self.step)?;
            return Ok(made);
        }
        self.copy(stage, id, &items, &destination, mode, &keys)
    }

    /// Finds out what the sources are that are not here; `None` for those that are.
    fn look_up(&self, stage: &StageBuild<'_>) -> Result<Vec<Option<Upcoming>>> {
        let Some(downloads) = &self.downloads else {
            return Ok(Vec::new());
        };
        let one = |source: &CopySource| match source {
            CopySource::Path(word) => self.at(word.span, downloads.look_up(stage, &word.text)),
            CopySource::Heredoc { .. } => Ok(None),
        };
        self.sources.iter().map(one).collect()
    }

    fn fetch(
        &self,
        stage: &StageBuild<'_>,
        id: &StepId,
        pending: &[Option<Upcoming>],
    ) -> Result<Vec<Option<Fetched>>> {
        let Some(downloads) = &self.downloads else {
            return Ok(Vec::new());
        };
        let total = Cell::new(0_u64);
        let copied = |bytes: u64| {
            let before = total.replace(total.get() + bytes);
            if before / PROGRESS_STEP < total.get() / PROGRESS_STEP {
                stage.event(id, Event::Copied { bytes: total.get() });
            }
        };
        let one = |(pending, source): (&Option<Upcoming>, &CopySource)| match (pending, source) {
            (Some(pending), CopySource::Path(word)) => {
                let got = pending.get(stage, downloads, &copied);
                self.at(word.span, got).map(Some)
            }
            _ => Ok(None),
        };
        pending.iter().zip(self.sources).map(one).collect()
    }

    /// Makes a layer of its own: one that does not depend on those below it.
    fn is_linked(&self) -> bool {
        self.options.link.is_some_and(|flag| flag.value)
    }

    fn at<T>(&self, span: Span, result: Result<T, Problem>) -> Result<T> {
        result.map_err(|problem| self.step.failed_at(span, problem))
    }

    fn paths(&self) -> impl Iterator<Item = &Word> {
        self.sources.iter().filter_map(|source| match source {
            CopySource::Path(word) => Some(word),
            CopySource::Heredoc { .. } => None,
        })
    }

    /// What keys by layers and keys by content have in common.
    fn key(&self, stage: &StageBuild<'_>, what: &str, destination: &str) -> KeyBuilder {
        let below = if self.is_linked() {
            chain(&[])
        } else {
            stage.state.chain()
        };
        let mut key = KeyBuilder::new(self.kind, &below);
        key.text(what);
        key.text(destination);
        key.optional(self.options.chown.as_ref().map(|flag| flag.value.text.as_str()));
        key.optional(self.options.chmod.as_ref().map(|flag| flag.value.text.as_str()));
        let excludes: Vec<&str> = self
            .options
            .exclude
            .iter()
            .map(|flag| flag.value.text.as_str())
            .collect();
        key.list(&excludes);
        let unpack_downloads = self.downloads.as_ref().is_some_and(|downloads| downloads.unpack);
        key.number(
            u64::from(self.parents)
                | u64::from(self.unpack) << 1
                | u64::from(self.is_linked()) << 2
                | u64::from(unpack_downloads) << 3,
        );
        key.optional(stage.epoch().as_deref());
        key
    }

    fn heredoc_key(&self, key: &mut KeyBuilder) {
        for heredoc in self.heredocs {
            key.text(&heredoc.name);
            key.text(&heredoc.content);
        }
    }

    /// Here-documents become files of a tree of their own.
    fn write_heredocs(&self, stage: &StageBuild<'_>) -> Result<Option<SourceTree<'static>>, Problem> {
        if self.heredocs.is_empty() {
            return Ok(None);
        }
        let directory = stage.builder.scratch.directory()?;
        for (index, heredoc) in self.heredocs.iter().enumerate() {
            // Its name is the Dockerfile's choice and may hold slashes.
            let path = directory.join(index.to_string());
            std::fs::write(&path, &heredoc.content)
                .and_then(|()| {
                    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644))
                })
                .doing("cannot write", &path)?;
        }
        Ok(Some(SourceTree {
            root: Rooted::open(&directory).doing("cannot open", &directory)?,
            place: "the here-documents".to_owned(),
            filter: &Everything,
            owner: Some(Owner::ROOT),
            cache: None,
        }))
    }

    /// Looks for everything that is to be copied, in the order of the instruction.
    fn find<'t>(
        &self,
        stage: &StageBuild<'_>,
        id: &StepId,
        tree: &'t SourceTree<'t>,
        written: Option<&'t SourceTree<'t>>,
        fetched: &'t [Option<Fetched>],
    ) -> Result<Vec<Item<'t>>> {
        let patterns = self.options.exclude.iter().map(|flag| flag.value.text.as_str());
        let excluded =
            DockerIgnore::from_patterns(patterns).map_err(|error| self.step.failed(Problem::from(error)))?;
        let exclude = |path: &Path| !excluded.is_empty() && excluded.matches(&path.to_string_lossy());
        let mut items = Vec::new();
        let unpack = self.unpack;
        for (index, source) in self.sources.iter().enumerate() {
            if let Some(Some(fetched)) = fetched.get(index) {
                let source = fetched.source().map_err(|problem| self.step.failed(problem))?;
                items.push(Item {
                    tree: &fetched.tree,
                    source: source.without(&exclude),
                    unpack: fetched.unpack,
                });
                continue;
            }
            match source {
                CopySource::Path(word) if self.parents => {
                    let found = self.at(word.span, find_with_parents(tree, &word.text, &exclude))?;
                    items.extend(found.map(|source| Item { tree, source, unpack }));
                }
                CopySource::Path(word) => {
                    let found = self.at(word.span, find(tree, &word.text, &exclude))?;
                    if found.is_empty() {
                        let message = format!("`{}` fits nothing in {}", word.text, tree.place);
                        stage.event(id, Event::Warning { message: &message });
                    }
                    items.extend(found.into_iter().map(|source| Item { tree, source, unpack }));
                }
                CopySource::Heredoc { index, span } => {
                    if let (Some(heredoc), Some(tree)) = (self.heredocs.get(*index), written) {
                        let mut source = self.at(*span, find_literal(tree, &index.to_string()))?;
                        source.name = heredoc.name.rsplit('/').next().unwrap_or_default().into();
                        items.push(Item {
                            tree,
                            source,
                            unpack: false,
                        });
                    }
                }
            }
        }
        Ok(items)
    }

    /// Copies everything into a new layer.
    fn copy(
        &self,
        stage: &StageBuild<'_>,
        id: &StepId,
        items: &[Item<'_>],
        destination: &str,
        mode: Option<ModeChange>,
        keys: &[Digest],
    ) -> Result<Made, BuildProblem> {
        let builder = stage.builder;
        let new = stage.new_layer()?;
        let layers = if self.is_linked() {
            &[]
        } else {
            stage.state.layers.as_slice()
        };
        let mounted = Mounted::for_step(builder.store, &builder.scratch, layers, &new)?;
        let root = mounted.open()?;
        let owner = match &self.options.chown {
            Some(flag) => {
                let found = self.at(flag.span, chown::resolve(&root, &flag.value.text))?;
                for unknown in &found.unknown {
                    let message = format!("the image has no {unknown}, so root's number is taken");
                    stage.event(id, Event::Warning { message: &message });
                }
                Some(found.owner)
            }
            None => None,
        };
        let attributes = Attributes {
            owner,
            mode,
            time: builder.options.source_date_epoch,
        };
        let target = Target {
            root: &root,
            attributes: &attributes,
        };
        let total = AtomicU64::new(0);
        let copied = |bytes: u64| {
            let before = total.fetch_add(bytes, Ordering::Relaxed);
            let now = before + bytes;
            if before / PROGRESS_STEP < now / PROGRESS_STEP {
                stage.event(id, Event::Copied { bytes: now });
            }
        };
        // The first directory makes one of the destination.
        let starts_with_directory = items.first().is_some_and(|item| item.source.is_dir());
        if self.sources.len() > 1 && !destination.ends_with('/') && !starts_with_directory {
            self.at(
                self.destination.span,
                self.check_is_directory(&target, destination),
            )?;
        }
        let mut pending = match items {
            [_] => Pending::of_one(),
            _ => Pending::of_several(),
        };
        let mut changed = false;
        for item in items {
            changed |= self.copy_item(item, &target, destination, &mut pending, &copied)?;
        }
        drop(root);
        mounted.unmount()?;
        let record = self.record(stage, destination);
        let donor = match &record {
            Some(record) if !builder.options.no_cache => Donor::load(builder.store, record),
            _ => None,
        };
        let root = Rooted::open(new.fs()).doing("cannot open", new.fs())?;
        let written = pending.write(&root, &attributes, donor.as_ref(), &copied)?;
        drop(donor);
        changed |= written.changed;
        let bytes = total.into_inner();
        if !bytes.is_multiple_of(PROGRESS_STEP) {
            stage.event(id, Event::Copied { bytes });
        }
        if changed {
            let message = "files changed while they were copied, so this step is not remembered";
            stage.event(id, Event::Warning { message });
        }
        let keys = if changed { &[] } else { keys };
        let made = stage.commit(new, keys, self.step)?;
        if let (Some(record), Some(layer), false) = (record, made.layer(), changed) {
            // It can be found out again, so a store that cannot take it is no reason to fail.
            drop(Donor::save(
                &record,
                &layer.diff_id,
                written.contents,
                builder.scratch.path(),
            ));
        }
        Ok(made)
    }

    /// Where it is remembered which layer this instruction made last of this context. What is spooled is another
    /// context each time.
    fn record(&self, stage: &StageBuild<'_>, destination: &str) -> Option<PathBuf> {
        let context = &stage.builder.options.context;
        if context.is_spooled() {
            return None;
        }
        let mut key = KeyBuilder::new(self.kind, &chain(&[]));
        key.text("last layer");
        key.bytes(context.root().as_os_str().as_bytes());
        key.optional(self.from.map(|(name, _)| name));
        let sources: Vec<&str> = self.paths().map(|word| word.text.as_str()).collect();
        key.list(&sources);
        key.text(destination);
        Some(contexts_dir(stage.builder.store).join(key.finish().hex()))
    }

    /// Without a slash at its end, the destination of several sources, of which the first is a file, must be there as a
    /// directory.
    fn check_is_directory(&self, target: &Target<'_>, destination: &str) -> Result<(), Problem> {
        let found = target.resolve(destination)?;
        match target.root.stat(&found).doing_inside("cannot read", &found)? {
            Some(stat) if is_dir(&stat) => Ok(()),
            _ => Err(Problem::invalid_with(
                "several sources need a directory to be copied to",
                format!("write the destination as `{}/`", self.destination.text),
            )),
        }
    }

    /// Gives whether a file was changed since it was looked at.
    fn copy_item<'i>(
        &self,
        item: &'i Item<'_>,
        target: &Target<'_>,
        destination: &str,
        pending: &mut Pending<'i>,
        copied: &(dyn Fn(u64) + Sync),
    ) -> Result<bool, Problem> {
        let source = &item.source;
        if item.unpack && source.is_file() {
            let mut file = item
                .tree
                .root
                .open_file(&source.top)
                .doing("cannot read", &source.top)?;
            if archive::is_archive(&mut file) {
                // What is in the archive may replace what was copied before it.
                let before = std::mem::replace(pending, Pending::of_several());
                let written = before.write(target.root, target.attributes, None, copied)?;
                let place = target.resolve(destination)?;
                target.make_dirs(&place)?;
                archive::extract(&file, &source.top, target, &place, copied)?;
                return Ok(written.changed);
            }
        }
        let place = if self.parents {
            target.place(&format!("{destination}/"), true, &source.name)?
        } else {
            target.place(destination, source.is_dir(), &source.name)?
        };
        tree::copy(item.tree, source, target, &place, pending)?;
        Ok(false)
    }
}

/// How many bytes are copied between two events about it.
const PROGRESS_STEP: u64 = 1 << 20;
