//! What every command is given: where to print, and the store.

use std::path::PathBuf;

use anyhow::Context as _;
use plimsoll_image::Store;
use plimsoll_sandbox::{Engine, rootless};

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
        Ok(Store::open(&self.root()?)?)
    }

    /// Gives an ordinary user the means to work with files of any owner, and to run containers. It must come before
    /// there is a second thread. Where the system forbids it, what can be done without goes on.
    pub(crate) fn enter_user_namespace(&self) -> anyhow::Result<()> {
        if rustix::process::geteuid().is_root() {
            return Ok(());
        }
        let root = self.root()?;
        std::fs::create_dir_all(&root)
            .with_context(|| format!("cannot make the store `{}`", root.display()))?;
        match rootless::enter(&root.join("userns")) {
            Ok(()) | Err(plimsoll_sandbox::Error::NotPrivileged) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the store's advisory database is or would be, whether or not there is a store.
    pub(crate) fn advisories_path(&self) -> anyhow::Result<PathBuf> {
        Ok(Store::advisories_path_in(&self.root()?))
    }

    fn root(&self) -> anyhow::Result<PathBuf> {
        let root = settings::store_root(self.store_root.clone())?;
        Ok(std::path::absolute(&root)
            .map_err(|error| Failure::usage(format!("`{}`: {error}", root.display())))?)
    }

    pub(crate) fn engine(&self) -> anyhow::Result<Engine> {
        Ok(Engine::new(&self.store()?))
    }
}
