use plimsoll_core::{Platform, Reference};

use crate::base_images::StoreOrRegistry;
use crate::exit;
use crate::invocation::Invocation;

/// Take an image from its registry into the store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image
    #[arg(value_name = "NAME[:TAG|@DIGEST]")]
    name: Reference,
    /// The platform, if the image is made for several
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
}

pub(crate) fn run(invocation: &Invocation, args: Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let platform = args.platform.unwrap_or_else(Platform::host);
    let image = StoreOrRegistry::new(&store, invocation.printer).pull(&args.name, &platform)?;
    invocation.printer.status(&format!("image {}", image.id));
    invocation.printer.line(&args.name.to_string())?;
    Ok(exit::DONE)
}
