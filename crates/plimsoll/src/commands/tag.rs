use plimsoll_core::Reference;

use crate::exit;
use crate::failure::Failure;
use crate::invocation::Invocation;

/// Give an image another name
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image, by name or ID
    image: String,
    /// Its new name
    #[arg(value_name = "NAME[:TAG]")]
    name: Reference,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    if args.name.digest().is_some() {
        return Err(Failure::usage(format!(
            "`{}` has a digest; a new name is `NAME[:TAG]`",
            args.name
        ))
        .into());
    }
    let store = invocation.store()?;
    store.tag(&store.find(&args.image)?, &args.name)?;
    Ok(exit::DONE)
}
