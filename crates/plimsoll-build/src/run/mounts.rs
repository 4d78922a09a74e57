//! What `RUN --mount` shows to a step.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_core::Span;
use plimsoll_dockerfile::{Mount, MountKind, Run};
use plimsoll_sandbox::{StepMount, StepMountKind};

use super::caches::{self, CacheDirectory};
use super::secrets::Secrets;
use super::ssh::Agents;
use crate::build::BuildProblem;
use crate::cache::KeyBuilder;
use crate::context::walk::{Everything, join};
use crate::copy::chown::Owner;
use crate::copy::pending::Pending;
use crate::copy::sources::{Source, SourceTree, find_literal};
use crate::copy::target::{Attributes, Target};
use crate::copy::tree;
use crate::error::{IoContext, Problem, Result};
use crate::graph::{Origin, Step};
use crate::rooted::Rooted;
use crate::rootfs::Mounted;
use crate::stage::StageBuild;
use crate::state::absolute;

/// What is said of a mount without a place, and what to do about it.
pub(crate) const NO_TARGET: (&str, &str) = (
    "the mount has no target",
    "add `target=PATH` with a path other than `/`",
);

/// A mount whose options are worked out; nothing is mounted yet.
pub(super) struct Wanted {
    mount: Mount,
    span: Span,
    /// The absolute path inside; of a secret perhaps none.
    target: String,
    /// Where a bind mount or the start of a cache comes from, if not from the context.
    origin: Option<Origin>,
    /// What is taken of the context.
    source: Option<Source>,
}

/// What a step's mounts need to stay as long as it runs.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) mounts: Vec<StepMount>,
    pub(super) settings: Vec<String>,
    secrets: Secrets,
    agents: Agents,
    caches: Vec<CacheDirectory>,
    views: Vec<Arc<Mounted>>,
}

/// Works out the mounts of a `RUN`, and reads what they take of the context.
pub(super) fn resolve(stage: &StageBuild<'_>, step: &Step, run: &Run) -> Result<Vec<Wanted>> {
    let mut wanted = Vec::new();
    for flag in &run.mounts {
        let at = |problem: Problem| step.failed_at(flag.span, problem);
        let mount = flag
            .resolve()
            .map_err(|error| step.failed_at(error.span().unwrap_or(flag.span), Problem::from(error)))?;
        let target = mount.target.clone().unwrap_or_default();
        let target = absolute(stage.state.working_dir(), &target);
        let needs_target = !matches!(mount.kind, MountKind::Secret | MountKind::Ssh);
        if needs_target && (mount.target.is_none() || target == "/") {
            let (message, hint) = NO_TARGET;
            return Err(at(Problem::invalid_with(message, hint)));
        }
        let origin = match (&mount.from, mount.kind) {
            (Some(name), MountKind::Bind | MountKind::Cache) => {
                Some(stage.builder.graph.origin(name, stage.index).map_err(at)?)
            }
            _ => None,
        };
        let source = match (mount.kind, &origin) {
            (MountKind::Bind, None) => {
                let path = mount.source.as_deref().unwrap_or("/");
                Some(find_literal(&stage.builder.context, path).map_err(at)?)
            }
            (MountKind::Bind | MountKind::Cache, Some(origin)) => {
                match stage.builder.files(origin).map_err(at)? {
                    Some(files) => {
                        let path = mount.source.as_deref().unwrap_or("/");
                        Some(find_literal(&files, path).map_err(at)?)
                    }
                    None => None,
                }
            }
            _ => None,
        };
        wanted.push(Wanted {
            mount,
            span: flag.span,
            target,
            origin,
            source,
        });
    }
    Ok(wanted)
}

impl Wanted {
    /// Everything about the mount that decides what a step makes. What is in a cache or secret does not.
    pub(super) fn key(&self, stage: &StageBuild<'_>, key: &mut KeyBuilder) -> Result<()> {
        let mount = &self.mount;
        key.text(match mount.kind {
            MountKind::Bind => "bind",
            MountKind::Cache => "cache",
            MountKind::Tmpfs => "tmpfs",
            MountKind::Secret => "secret",
            MountKind::Ssh => "ssh",
        });
        key.text(&self.target);
        key.number(u64::from(mount.read_only));
        key.optional(mount.source.as_deref());
        key.optional(mount.id.as_deref());
        key.optional(mount.env.as_deref());
        for number in [mount.uid, mount.gid, mount.mode] {
            key.number(number.map_or(u64::MAX, u64::from));
        }
        key.number(mount.size.unwrap_or(u64::MAX));
        if let Some(origin) = &self.origin {
            key.text(&stage.builder.origin_chain(origin)?.hex());
        }
        if let Some(source) = &self.source {
            key.source(source);
        }
        Ok(())
    }

    /// Makes what the step shall see.
    pub(super) fn show(
        &self,
        stage: &StageBuild<'_>,
        step: &Step,
        shown: &mut Shown,
    ) -> Result<(), BuildProblem> {
        let builder = stage.builder;
        let at = |problem: Problem| step.failed_at(self.span, problem);
        let kind = match self.mount.kind {
            MountKind::Tmpfs => StepMountKind::Tmpfs {
                size: self.mount.size,
            },
            MountKind::Secret => {
                let secret = shown
                    .secrets
                    .show(&self.mount, &builder.options.secrets, &builder.scratch)
                    .map_err(at)?;
                shown.mounts.extend(secret.mount);
                shown.settings.extend(secret.setting);
                return Ok(());
            }
            MountKind::Cache => {
                let name = self.cache_name(stage)?;
                let fill = |directory: &Path| match self.origin {
                    Some(_) => self.fill(stage, step, directory),
                    None => Ok(()),
                };
                let cache = caches::open(builder.store, &name, &self.mount, &fill)?;
                let source = cache.path.clone();
                shown.caches.push(cache);
                StepMountKind::Bind {
                    source,
                    read_only: self.mount.read_only,
                }
            }
            MountKind::Bind => StepMountKind::Bind {
                source: self.bind_source(stage, step, shown)?,
                read_only: self.mount.read_only,
            },
            MountKind::Ssh => {
                let (target, socket) = shown
                    .agents
                    .show(&self.mount, &builder.options.ssh, &builder.scratch)
                    .map_err(at)?;
                // As with BuildKit, the variable is there even if no agent is.
                let is_set = stage.state.variables.value(SSH_VARIABLE).is_some();
                let prefix = format!("{SSH_VARIABLE}=");
                if !is_set && !shown.settings.iter().any(|setting| setting.starts_with(&prefix)) {
                    shown.settings.push(prefix + &target);
                }
                shown.mounts.extend(socket);
                return Ok(());
            }
        };
        shown.mounts.push(StepMount {
            target: self.target.clone(),
            kind,
        });
        Ok(())
    }

    /// What a cache is kept under: as with BuildKit, its ID and what it starts with.
    fn cache_name(&self, stage: &StageBuild<'_>) -> Result<String> {
        let mount = &self.mount;
        let id = mount.id.as_deref().unwrap_or(&self.target);
        let id = match stage.builder.given.get(CACHE_NAMESPACE) {
            Some(namespace) if !namespace.is_empty() => &format!("{namespace}/{id}"),
            _ => id,
        };
        if let Some(origin) = &self.origin {
            let mut start = KeyBuilder::new("cache", &stage.builder.origin_chain(origin)?);
            start.optional(mount.source.as_deref());
            if let Some(source) = &self.source {
                start.source(source);
            }
            return Ok(format!("{id}\n{}", start.finish().hex()));
        }
        Ok(match [mount.mode, mount.uid, mount.gid] {
            [None, None, None] => id.to_owned(),
            [mode, uid, gid] => format!(
                "{id}\n{:o} {}:{}",
                mode.unwrap_or(caches::DEFAULT_MODE),
                uid.unwrap_or(0),
                gid.unwrap_or(0)
            ),
        })
    }

    /// The path on the host that a bind mount shows. Whatever the step writes there is thrown away, so what is taken
    /// of the context is copied, less what an ignore file leaves out.
    fn bind_source(
        &self,
        stage: &StageBuild<'_>,
        step: &Step,
        shown: &mut Shown,
    ) -> Result<PathBuf, BuildProblem> {
        let builder = stage.builder;
        let at = |problem: Problem| step.failed_at(self.span, problem);
        if let Some(source) = &self.source {
            let directory = builder.scratch.directory()?;
            let files = match &self.origin {
                Some(origin) => builder.files(origin)?,
                None => None,
            };
            copy(files.as_ref().unwrap_or(&builder.context), source, &directory)?;
            return Ok(directory.join(TOP));
        }
        let Some(origin) = &self.origin else {
            return Ok(builder.scratch.directory()?);
        };
        let view = if self.mount.read_only {
            builder.view(origin)?
        } else {
            let layers = builder.origin_layers(origin)?;
            Arc::new(Mounted::view(builder.store, &builder.scratch, &layers)?)
        };
        let wanted = self.mount.source.as_deref().unwrap_or("/");
        let root = view.open()?;
        let found = root
            .resolve(Path::new(wanted))
            .doing("cannot read", wanted)
            .map_err(at)?;
        let stat = root.stat(&found).doing("cannot read", wanted).map_err(at)?;
        if stat.is_none() {
            return Err(at(Problem::MissingSource {
                path: wanted.to_owned(),
                place: builder.origin_name(origin),
                suggestion: None,
                ignored: false,
            })
            .into());
        }
        let path = join(view.path(), &found);
        shown.views.push(view);
        Ok(path)
    }

    /// Puts into a new cache what it starts with.
    fn fill(&self, stage: &StageBuild<'_>, step: &Step, cache: &Path) -> Result<(), BuildProblem> {
        let Some(origin) = &self.origin else { return Ok(()) };
        let builder = stage.builder;
        if let (Some(files), Some(source)) = (builder.files(origin)?, &self.source) {
            copy_to(&files, source, cache, Path::new(""))?;
            return Ok(self.take_attributes(source, cache)?);
        }
        let view = builder.view(origin)?;
        let tree = SourceTree {
            root: view.open()?,
            place: builder.origin_name(origin),
            filter: &Everything,
            owner: None,
            cache: None,
        };
        let path = self.mount.source.as_deref().unwrap_or("/");
        let source = find_literal(&tree, path).map_err(|problem| step.failed_at(self.span, problem))?;
        copy_to(&tree, &source, cache, Path::new(""))?;
        Ok(self.take_attributes(&source, cache)?)
    }

    /// A cache that starts with a directory belongs to whom that does, where the mount does not say otherwise.
    fn take_attributes(&self, source: &Source, cache: &Path) -> Result<(), Problem> {
        let Some(top) = source.entries.first().filter(|_| source.is_dir()) else {
            return Ok(());
        };
        let owner = Owner {
            uid: self.mount.uid.unwrap_or(top.metadata.uid),
            gid: self.mount.gid.unwrap_or(top.metadata.gid),
        };
        caches::give(cache, owner, self.mount.mode.unwrap_or(top.metadata.mode))
    }
}

/// The build argument that keeps the caches of builds apart.
const CACHE_NAMESPACE: &str = "BUILDKIT_CACHE_MOUNT_NS";

/// Where programs look for the agent's socket.
const SSH_VARIABLE: &str = "SSH_AUTH_SOCK";

/// What a copied bind source is called in its directory.
const TOP: &str = "top";

/// Copies a source into a directory, under the name [`TOP`].
fn copy(tree: &SourceTree<'_>, source: &Source, directory: &Path) -> Result<(), Problem> {
    copy_to(tree, source, directory, Path::new(OsStr::new(TOP)))
}

fn copy_to(tree: &SourceTree<'_>, source: &Source, directory: &Path, place: &Path) -> Result<(), Problem> {
    let root = Rooted::open(directory).doing("cannot open", directory)?;
    let attributes = Attributes::default();
    let target = Target {
        root: &root,
        attributes: &attributes,
    };
    let mut pending = Pending::of_one();
    tree::copy(tree, source, &target, place, &mut pending)?;
    pending.write(&root, &attributes, None, &|_| {}).map(|_| ())
}
