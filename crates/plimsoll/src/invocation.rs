//! What every command is given: where to print, and the store.

use std::path::PathBuf;

use plimsoll_image::Store;
use plimsoll_sandbox::Engine;

use crate::cli::GlobalArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::settings;

/// One call of the program.
#[derive(Debug)]
pub(crate) struct Invocation {
    store_root: Option<PathBuf>,
    pub(crate) printer: Printer,
}

impl Invocation {
    pub(crate) fn new(global: &GlobalArgs, printer: Printer) -> Self {
        Self {
            store_root: global.store.clone(),
            printer,
        }
    }

    /// Opens the store, and makes it where there is none.
    pub(crate) fn store(&self) -> anyhow::Result<Store> {
        let root = settings::store_root(self.store_root.clone())?;
        let absolute = std::path::absolute(&root)
            .map_err(|error| Failure::usage(format!("`{}`: {error}", root.display())))?;
        Ok(Store::open(&absolute)?)
    }

    pub(crate) fn engine(&self) -> anyhow::Result<Engine> {
        Ok(Engine::new(&self.store()?))
    }
}
