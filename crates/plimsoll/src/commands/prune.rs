use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use plimsoll_build::CacheLimits;
use plimsoll_image::{Image, Store};
use plimsoll_sandbox::{Container, Engine, Error};

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::{exit, human, values};

/// Remove images without a name, stopped containers, and the layers that nothing refers to then
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Also remove what the build cache remembers; with `--images`, every image that no container uses
    #[arg(long, short)]
    all: bool,
    /// Do not ask; nothing is asked anyway
    #[arg(long, short)]
    force: bool,
    /// Prune containers, and what else is named
    #[arg(long)]
    containers: bool,
    /// Prune images, and what else is named
    #[arg(long)]
    images: bool,
    /// Prune the build cache, and what else is named: without `--all`, what is behind no image
    #[arg(long, alias = "builder")]
    cache: bool,
    /// Only what is older than `until=24h`, or than the time `until=2026-01-02T03:04:05Z`; of the build cache, what was
    /// not used since
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Prune the build cache, the least recently used first, until it takes no more than so much: `10g`
    #[arg(long, alias = "max-used-space", alias = "reserved-space", value_name = "SIZE", value_parser = values::bytes)]
    keep_storage: Option<u64>,
}

impl Args {
    /// `docker image prune`, `docker builder prune` and `docker container prune` are about one thing each.
    pub(crate) fn only(mut self, what: super::docker_words::Pruned) -> Self {
        use super::docker_words::Pruned;
        match what {
            Pruned::Images => self.images = true,
            Pruned::Containers => self.containers = true,
            Pruned::Cache => self.cache = true,
        }
        self
    }

    /// Whether things of a kind are pruned: those that are named, else all but the cache.
    fn prunes(&self, named: bool) -> bool {
        named || !(self.containers || self.images || self.cache || self.keep_storage.is_some())
    }

    /// Whether the build cache is pruned, and how.
    fn cache_limits(&self, until: Option<Timestamp>, now: Timestamp) -> Option<CacheLimits> {
        let asked = self.cache || self.keep_storage.is_some() || (self.all && self.prunes(false));
        let age = until.map(|until| Duration::try_from(now.duration_since(until)).unwrap_or_default());
        asked.then_some(CacheLimits {
            all: self.all,
            unused_for: age,
            keep: self.keep_storage,
        })
    }
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let now = Timestamp::now();
    let until = until(&args.filter, now)?;
    let store = invocation.store()?;
    let engine = invocation.engine()?;
    if args.prunes(args.containers) {
        prune_containers(invocation, &engine, until)?;
    }
    if args.prunes(args.images) {
        prune_images(invocation, &store, &engine, args, until)?;
    }
    let mut bytes = 0;
    if let Some(limits) = args.cache_limits(until, now) {
        let forgotten = plimsoll_build::prune_cache(&store, &limits)?;
        bytes += forgotten.bytes_freed;
        invocation.printer.line(&format!(
            "Forgotten: {} steps, {} cache mounts",
            forgotten.steps, forgotten.mounts
        ))?;
    }
    let pruned = store.prune_unreferenced()?;
    bytes += pruned.bytes;
    invocation.printer.line(&format!(
        "Reclaimed: {} layers, {}",
        pruned.layers.len(),
        human::size(bytes)
    ))?;
    Ok(exit::DONE)
}

fn prune_containers(
    invocation: &Invocation,
    engine: &Engine,
    until: Option<Timestamp>,
) -> anyhow::Result<()> {
    for (container, state) in engine.list()? {
        if state.running() || until.is_some_and(|until| container.created() > until) {
            continue;
        }
        match container.remove(false) {
            // Somebody else removed or started it meanwhile.
            Err(Error::NoSuchContainer(_) | Error::Running(_)) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => invocation
                .printer
                .line(&format!("Deleted container: {}", container.id()))?,
        }
    }
    Ok(())
}

fn prune_images(
    invocation: &Invocation,
    store: &Store,
    engine: &Engine,
    args: &Args,
    until: Option<Timestamp>,
) -> anyhow::Result<()> {
    let containers = engine.containers()?;
    let is_used = |image: &Image| {
        containers
            .iter()
            .any(|container: &Container| container.image_id() == image.id)
    };
    let is_young = |image: &Image| {
        let created = image.config.created.as_deref().and_then(|time| time.parse().ok());
        until.is_some_and(|until| created.is_none_or(|created: Timestamp| created > until))
    };
    let named_too = args.all && args.images;
    for image in store.images()? {
        let goes = image.references.is_empty() || named_too;
        if !goes || is_used(&image) || is_young(&image) {
            continue;
        }
        match store.remove(&image.id.to_string(), true, &|_| None) {
            // Somebody else removed it meanwhile.
            Err(plimsoll_image::Error::NoSuchImage { .. }) => continue,
            other => drop(other?),
        }
        for name in &image.references {
            invocation.printer.line(&format!("Untagged: {name}"))?;
        }
        invocation.printer.line(&format!("Deleted image: {}", image.id))?;
    }
    Ok(())
}

/// The time that `until=` names: so long ago, or as it is written.
fn until(filters: &[String], now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let mut until = None;
    for filter in filters {
        let wrong = || {
            Failure::usage(format!("`{filter}` is not a filter of `prune`"))
                .with_hint("use `until=24h`, or `until=2026-01-02T03:04:05Z`")
        };
        // Docker has a word of its own for the build cache.
        let Some(("until" | "unused-for", value)) = filter.split_once('=') else {
            return Err(wrong());
        };
        let ago = |length| now.checked_sub(SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX));
        let time = match values::duration(value) {
            Ok(length) => ago(length).map_err(|_| wrong())?,
            Err(_) => value.parse().map_err(|_| wrong())?,
        };
        until = Some(until.map_or(time, |known: Timestamp| known.min(time)));
    }
    Ok(until)
}
