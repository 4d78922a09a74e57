use plimsoll_sandbox::Error;

use crate::invocation::Invocation;
use crate::{exit, human};

/// Remove images without a name, stopped containers, and the layers that nothing refers to then
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also remove what the build cache remembers
    #[arg(long, short)]
    all: bool,
    /// Do not ask; nothing is asked anyway
    #[arg(long, short)]
    force: bool,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let engine = invocation.engine()?;
    for (container, state) in engine.list()? {
        if state.running() {
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
    let containers = engine.containers()?;
    let used = |id| containers.iter().any(|container| container.image_id() == id);
    for image in store
        .images()?
        .into_iter()
        .filter(|image| image.references.is_empty() && !used(image.id))
    {
        store.remove(&image.id.to_string(), false, &|_| None)?;
        invocation.printer.line(&format!("Deleted image: {}", image.id))?;
    }
    if args.all {
        plimsoll_build::forget_steps(&store)?;
    }
    let pruned = store.prune_unreferenced()?;
    invocation.printer.line(&format!(
        "Reclaimed: {} layers, {}",
        pruned.layers.len(),
        human::size(pruned.bytes)
    ))?;
    Ok(exit::DONE)
}
