use plimsoll_core::Digest;

use crate::invocation::Invocation;

/// Remove names and images from the store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Images, by name or ID
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// Remove all names of an image, even if containers use it
    #[arg(long, short)]
    force: bool,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let containers = invocation.engine()?.containers()?;
    let in_use = |image: &Digest| {
        let user = containers
            .iter()
            .find(|container| container.image_id() == *image)?;
        Some(format!("container `{}`", user.name()))
    };
    super::for_each(invocation, &args.images, |name| {
        let removed = store.remove(name, args.force, &in_use)?;
        let untagged = removed.untagged.iter().map(|name| format!("Untagged: {name}\n"));
        let deleted = removed
            .deleted
            .iter()
            .map(|digest| format!("Deleted: {digest}\n"));
        Ok(invocation
            .printer
            .data(&untagged.chain(deleted).collect::<String>())?)
    })
}
