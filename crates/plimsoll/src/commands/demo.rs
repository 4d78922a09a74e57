use std::path::PathBuf;

use crate::demo::{self, Demo};
use crate::invocation::Invocation;

/// Build, run, scan, grade and compare a bad and a good Dockerfile of one Flask app
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the project, the saved images and the reports are put; a project that is there is used as it is
    #[arg(value_name = "DIR", default_value = "demo-out")]
    dir: PathBuf,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    plimsoll_build::prepare_process()?;
    let store = invocation.store()?;
    demo::run(&Demo {
        invocation,
        store: &store,
        dir: &args.dir,
    })
}
