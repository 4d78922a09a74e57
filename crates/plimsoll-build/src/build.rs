use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use plimsoll_core::{Digest, Platform, Reference};
use plimsoll_dockerfile::{Diagnostic, DockerIgnore, Dockerfile};
use plimsoll_image::{Image, Store};

use crate::cache::{ImportedCache, StepCache, UsedSteps};
use crate::context::ignore::IgnoreFilter;
use crate::context::stat_cache::StatCache;
use crate::copy::sources::SourceTree;
use crate::error::{Error, ForeignError, IoContext, Problem, Result};
use crate::graph::{Graph, Origin};
use crate::merge::merge;
use crate::named::{NamedContexts, NamedImages, OpenContext};
use crate::options::BuildOptions;
use crate::plan::Plan;
use crate::progress::{Progress, Recorder};
use crate::rooted::Rooted;
use crate::rootfs::Mounted;
use crate::scratch::Scratch;
use crate::state::{StageState, Variables, chain, diff_ids};
use crate::{arguments, history, plan, precheck, stage};

/// Where the images that a Dockerfile names come from. It is called from several threads at once.
pub trait BaseImages: Send + Sync {
    /// The image that `reference` names, for `platform`, with its layers unpacked in the store.
    ///
    /// # Errors
    /// Whatever hinders; the build shows it as the cause.
    fn resolve(&self, reference: &Reference, platform: &Platform)
    -> std::result::Result<Image, ForeignError>;
}

/// What a build made.
#[derive(Debug)]
pub struct BuildOutcome {
    /// The image, in the store and with its tags.
    pub image: Image,
    /// How many steps there were that work on files.
    pub steps: usize,
    /// How many of them were known already.
    pub cached: usize,
    /// The steps and their layers, to be written where another store can use them.
    pub used_steps: UsedSteps,
    /// What was wrong with imported caches.
    pub cache_complaints: Vec<String>,
    /// What the parser warns of, and words that came to nothing, in the order of the Dockerfile.
    pub warnings: Vec<Diagnostic>,
    /// The names among `--build-arg` that no `ARG` declares.
    pub unused_build_args: Vec<String>,
}

/// Makes this process fit for builds: gives it a mount namespace of its own, in which the mounts of a build
/// vanish together with it, however it ends. To be called once, before any thread is started.
///
/// # Errors
/// [`Error::Prepare`], when the process may not have one.
pub fn prepare_process() -> Result<()> {
    plimsoll_sandbox::private_mount_namespace().map_err(Error::Prepare)
}

/// Builds the image that `options` describe and puts it into `store`.
///
/// # Errors
/// [`Error::Dockerfile`] when the Dockerfile cannot be understood; [`Error::Instruction`] when an instruction
/// failed; the others as they are described there.
pub fn build(
    store: &Store,
    options: &BuildOptions,
    bases: &dyn BaseImages,
    progress: &dyn Progress,
) -> Result<BuildOutcome> {
    let parsed = plimsoll_dockerfile::parse(&options.dockerfile.text);
    if parsed.has_errors() {
        return Err(Error::Dockerfile(parsed.diagnostics));
    }
    let dockerfile = &parsed.dockerfile;
    let given = arguments::given(options);
    let globals = arguments::globals(dockerfile, &given, options)?;
    let platform = options.platform.clone().unwrap_or_else(Platform::host);
    let contexts = NamedContexts::new(&options.contexts);
    let graph = Graph::new(
        dockerfile,
        &globals,
        options.target.as_deref(),
        &platform,
        contexts,
    )?;
    precheck::words(&graph, dockerfile.escape, &parsed.diagnostics)?;
    let others = bases;
    let plan = plan::plan(&graph, &platform, options, &NamedImages { contexts, others })?;

    let inputs = Inputs {
        store,
        options,
        dockerfile,
        graph: &graph,
        plan: &plan,
        given,
        globals,
        ignore: read_ignore(&options.context, &options.dockerfile)?,
        cache: (!options.context.is_spooled())
            .then(|| StatCache::load(&contexts_dir(store), options.context.root())),
    };
    // Where everything is known already, the layers of other stages are not needed.
    let (mut outcome, mut complaints) = match known_outcome(&inputs, progress) {
        Some(known) => known,
        None => attempt(&inputs, progress, false)?,
    };
    outcome.unused_build_args = arguments::unused(dockerfile, options);
    outcome.warnings = parsed.diagnostics;
    outcome.warnings.append(&mut complaints);
    outcome.warnings.sort_by_key(|warning| warning.span);
    Ok(outcome)
}

/// What a build starts from.
struct Inputs<'a> {
    store: &'a Store,
    options: &'a BuildOptions,
    dockerfile: &'a Dockerfile,
    graph: &'a Graph<'a>,
    plan: &'a Plan,
    given: HashMap<String, String>,
    globals: Variables,
    ignore: IgnoreFilter,
    cache: Option<StatCache>,
}

/// What the build makes if every step of it is known, be it without its layer; nothing otherwise. Caches of other stores
/// have such steps. What it has to say is said only if it succeeds.
fn known_outcome(inputs: &Inputs<'_>, progress: &dyn Progress) -> Option<(BuildOutcome, Vec<Diagnostic>)> {
    if !inputs.options.cache_from.iter().any(ImportedCache::lacks_layers) {
        return None;
    }
    let recorder = Recorder::default();
    let known = attempt(inputs, &recorder, true).ok()?;
    recorder.replay(progress);
    Some(known)
}

/// Builds; with `known_only`, as long as there is no work to do. Gives also what there is to say of the Dockerfile.
fn attempt(
    inputs: &Inputs<'_>,
    progress: &dyn Progress,
    known_only: bool,
) -> Result<(BuildOutcome, Vec<Diagnostic>)> {
    let (store, options) = (inputs.store, inputs.options);
    let scratch = Scratch::new(store.root()).map_err(context_error)?;
    let root = Rooted::open(options.context.root())
        .doing("cannot open", options.context.root())
        .map_err(context_error)?;
    let steps = StepCache::new(store, scratch.path(), &options.cache_from);
    let builder = Builder {
        store,
        options,
        progress,
        graph: inputs.graph,
        plan: inputs.plan,
        escape: inputs.dockerfile.escape,
        contexts: OpenContext::all(&options.contexts)?,
        given: inputs.given.clone(),
        globals: inputs.globals.clone(),
        context: SourceTree {
            root,
            place: "the build context".to_owned(),
            filter: &inputs.ignore,
            owner: options.context.owner(),
            cache: inputs.cache.as_ref(),
        },
        steps: if known_only { steps.without_layers() } else { steps },
        known_only,
        created: rfc3339(options.now),
        slots: inputs.graph.stages.iter().map(|_| Slot::default()).collect(),
        views: Mutex::default(),
        scratch,
        stop: AtomicBool::new(false),
        step_count: AtomicUsize::new(0),
        cached_count: AtomicUsize::new(0),
        complaints: Mutex::default(),
    };
    let built = builder.build_stages();
    if let Some(cache) = &inputs.cache {
        // What it knows can be found out again, so a store that cannot take it is no reason to fail.
        drop(cache.save(builder.scratch.path()));
    }
    let state = built?;
    if !state.is_complete() {
        return Err(Error::Abandoned);
    }
    let image = builder.commit(&state)?;
    let (mut used_steps, cache_complaints) = builder.steps.finish();
    let layers = state.layers.iter().chain(&image.layers);
    used_steps.image.extend(layers.map(|layer| layer.diff_id));
    let outcome = BuildOutcome {
        image,
        steps: builder.step_count.load(Ordering::Relaxed),
        cached: builder.cached_count.load(Ordering::Relaxed),
        used_steps,
        cache_complaints,
        unused_build_args: Vec::new(),
        warnings: Vec::new(),
    };
    let complaints = std::mem::take(&mut *lock(&builder.complaints));
    Ok((outcome, complaints))
}

/// What all stages of one build have in common.
pub(crate) struct Builder<'a> {
    pub(crate) store: &'a Store,
    pub(crate) options: &'a BuildOptions,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) graph: &'a Graph<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) escape: char,
    /// The values given to the build, by name.
    pub(crate) given: HashMap<String, String>,
    /// The variables of the global scope.
    pub(crate) globals: Variables,
    pub(crate) context: SourceTree<'a>,
    /// The named contexts that are files, by index.
    pub(crate) contexts: Vec<Option<OpenContext>>,
    pub(crate) steps: StepCache<'a>,
    /// Whether to give up where there is work to do.
    known_only: bool,
    /// When the steps of this build are said to be done (RFC 3339).
    pub(crate) created: String,
    slots: Vec<Slot>,
    views: Mutex<BTreeMap<Origin, Arc<Mounted>>>,
    /// Behind what is mounted in it, so that it goes last.
    pub(crate) scratch: Scratch,
    stop: AtomicBool,
    pub(crate) step_count: AtomicUsize,
    pub(crate) cached_count: AtomicUsize,
    /// What is odd about words once they are expanded.
    pub(crate) complaints: Mutex<Vec<Diagnostic>>,
}

/// Where the result of a stage appears; nothing in it means that the stage failed.
#[derive(Default)]
struct Slot {
    result: Mutex<Option<Option<Arc<StageState>>>>,
    filled: Condvar,
}

impl Slot {
    fn fill(&self, result: Option<Arc<StageState>>) {
        *lock(&self.result) = Some(result);
        self.filled.notify_all();
    }

    fn wait(&self) -> Option<Arc<StageState>> {
        let mut result = lock(&self.result);
        loop {
            if let Some(result) = &*result {
                return result.clone();
            }
            result = self.filled.wait(result).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Fills the slot of a stage even if its thread panics, so that nobody waits for ever.
struct FillSlot<'a>(&'a Slot, Option<Arc<StageState>>);

impl Drop for FillSlot<'_> {
    fn drop(&mut self) {
        self.0.fill(self.1.take());
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Builder<'_> {
    /// Builds every stage that is needed, independent ones at the same time.
    ///
    /// Threads take the stages in the order of the Dockerfile and wait where they need another one. As a stage needs
    /// only earlier ones, which all were taken before, the earliest that is not done never waits.
    fn build_stages(&self) -> Result<Arc<StageState>> {
        let order: Vec<usize> = self.plan.stages.keys().copied().collect();
        let next = AtomicUsize::new(0);
        let errors: Mutex<Vec<(usize, Error)>> = Mutex::default();
        let work = || {
            while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                let mut slot = FillSlot(&self.slots[index], None);
                match stage::build(self, index) {
                    Ok(state) => slot.1 = Some(Arc::new(state)),
                    Err(error) => {
                        self.stop.store(true, Ordering::Relaxed);
                        lock(&errors).push((index, error));
                    }
                }
            }
        };
        let threads = std::thread::available_parallelism().map_or(2, |number| number.get().max(2));
        std::thread::scope(|scope| {
            for _ in 1..threads.min(order.len()) {
                scope.spawn(work);
            }
            work();
        });
        let mut errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
        // A stage that was given up is the consequence of another one's error.
        errors.sort_by_key(|(index, error)| (matches!(error, Error::Abandoned), *index));
        match errors.into_iter().next() {
            Some((_, error)) => Err(error),
            None => self.stage(self.graph.target),
        }
    }

    /// The result of a stage, once it is there.
    pub(crate) fn stage(&self, index: usize) -> Result<Arc<StageState>> {
        self.slots[index].wait().ok_or(Error::Abandoned)
    }

    /// Whether another stage failed, so that there is no use in going on.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// That there may be work to do at all.
    pub(crate) fn may_work(&self) -> Result<(), Problem> {
        match self.known_only {
            true => Err(Problem::invalid("not everything is known already")),
            false => Ok(()),
        }
    }

    /// A digest of the layers that files of an origin are taken from.
    pub(crate) fn origin_chain(&self, origin: &Origin) -> Result<Digest> {
        match origin {
            Origin::Stage(index) => Ok(self.stage(*index)?.chain()),
            _ => Ok(chain(&diff_ids(&self.origin_layers(origin)?))),
        }
    }

    /// The layers that files of an origin are taken from.
    pub(crate) fn origin_layers(&self, origin: &Origin) -> Result<Vec<plimsoll_image::Layer>> {
        Ok(match origin {
            Origin::Scratch | Origin::Files(_) => Vec::new(),
            Origin::Stage(index) => self.stage(*index)?.layers.clone(),
            Origin::Image(reference) => match self.plan.images.get(reference) {
                Some(image) => image.layers.clone(),
                None => Vec::new(),
            },
        })
    }

    /// The mounted file system of an origin; it stays until the build ends.
    pub(crate) fn view(&self, origin: &Origin) -> Result<Arc<Mounted>, BuildProblem> {
        self.may_work()?;
        let layers = self.origin_layers(origin)?;
        let mut views = lock(&self.views);
        if let Some(view) = views.get(origin) {
            return Ok(Arc::clone(view));
        }
        let view = Arc::new(Mounted::view(self.store, &self.scratch, &layers)?);
        views.insert(origin.clone(), Arc::clone(&view));
        Ok(view)
    }

    /// The tree of an origin that is files.
    pub(crate) fn files(&self, origin: &Origin) -> Result<Option<SourceTree<'_>>, Problem> {
        match origin {
            Origin::Files(index) => self.contexts[*index].as_ref().map(OpenContext::tree).transpose(),
            _ => Ok(None),
        }
    }

    /// Its name for people.
    pub(crate) fn origin_name(&self, origin: &Origin) -> String {
        match origin {
            Origin::Scratch => "the empty image `scratch`".to_owned(),
            Origin::Stage(index) => match self.graph.stages[*index].stage.name.as_deref() {
                Some(name) => format!("the stage `{name}`"),
                None => format!("the stage {index}"),
            },
            Origin::Image(reference) => format!("the image `{reference}`"),
            Origin::Files(index) => format!(
                "the context `{}`",
                NamedContexts::new(&self.options.contexts).name(*index)
            ),
        }
    }

    fn commit(&self, state: &StageState) -> Result<Image> {
        let (layers, mut config) = merge(self, state).map_err(|problem| Error::Merge {
            problem: Box::new(problem),
        })?;
        if let Some(platform) = &self.options.platform {
            config.set_platform(platform);
        }
        let labels = self.options.labels.iter().cloned();
        config.config.labels.extend(labels);
        let fixed = self.options.source_date_epoch.map(epoch_rfc3339);
        history::set_times(
            &mut config,
            state.inherited_history,
            &self.created,
            fixed.as_deref(),
        );
        let annotations = self.options.annotations.iter().cloned().collect();
        let tags = &self.options.tags;
        Ok(self
            .store
            .commit_annotated(&config, &layers, tags, &annotations)?)
    }
}

/// The ignore file of a named context: its own.
pub(crate) fn read_ignore_of(context: &crate::Context) -> Result<IgnoreFilter> {
    read_ignore(context, &crate::DockerfileText::new("", ""))
}

/// An error that knows its place already, or a problem that does not.
#[derive(Debug)]
pub(crate) enum BuildProblem {
    Error(Error),
    Problem(Problem),
}

impl From<Error> for BuildProblem {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl<P: Into<Problem>> From<P> for BuildProblem {
    fn from(problem: P) -> Self {
        Self::Problem(problem.into())
    }
}

/// Where it is kept what was found out about contexts.
pub(crate) fn contexts_dir(store: &Store) -> PathBuf {
    store.root().join("contexts")
}

fn context_error(problem: Problem) -> Error {
    Error::Context { problem }
}

/// The ignore file that counts: the Dockerfile's own, else that of the context. Only a folder has one.
pub(crate) fn read_ignore(
    context: &crate::Context,
    dockerfile: &crate::DockerfileText,
) -> Result<IgnoreFilter> {
    if context.is_spooled() {
        return Ok(IgnoreFilter::default());
    }
    let (name, text) = match &dockerfile.ignore {
        Some(text) => (format!("{}.dockerignore", dockerfile.name), text.clone()),
        None => (
            ".dockerignore".to_owned(),
            context.read_text(".dockerignore")?.unwrap_or_default(),
        ),
    };
    DockerIgnore::parse(&text)
        .map(IgnoreFilter::new)
        .map_err(|error| context_error(Problem::invalid(format!("`{name}`: {error}"))))
}

fn rfc3339(time: SystemTime) -> String {
    match jiff::Timestamp::try_from(time) {
        Ok(timestamp) => timestamp.to_string(),
        Err(_) => epoch_rfc3339(0),
    }
}

fn epoch_rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .unwrap_or_default()
        .to_string()
}
