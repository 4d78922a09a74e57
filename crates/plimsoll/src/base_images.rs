//! Where base images come from: the store, else a registry.

use plimsoll_build::{BaseImages, ForeignError};
use plimsoll_core::{Platform, Reference};
use plimsoll_image::registry::{self, PullOptions};
use plimsoll_image::{Error, Image, Store};

use crate::printer::Printer;
use crate::settings;

/// Looks in the store first, and pulls what is not there.
#[derive(Debug)]
pub(crate) struct StoreOrRegistry<'a> {
    store: &'a Store,
    printer: Printer,
    always_pull: bool,
}

impl<'a> StoreOrRegistry<'a> {
    pub(crate) fn new(store: &'a Store, printer: Printer) -> Self {
        Self {
            store,
            printer,
            always_pull: false,
        }
    }

    /// Asks the registry even for what is in the store.
    pub(crate) fn always_pulling(self, always_pull: bool) -> Self {
        Self { always_pull, ..self }
    }

    /// Takes an image from its registry into the store.
    pub(crate) fn pull(&self, reference: &Reference, platform: &Platform) -> anyhow::Result<Image> {
        self.printer
            .status(&format!("pulling `{reference}` for {platform}"));
        let options = PullOptions {
            proxy: settings::proxy("https"),
            ..PullOptions::default()
        };
        Ok(registry::pull(self.store, reference, platform, &options)?)
    }
}

impl BaseImages for StoreOrRegistry<'_> {
    fn resolve(&self, reference: &Reference, platform: &Platform) -> Result<Image, ForeignError> {
        let found = self.store.find(&reference.to_string());
        match found {
            Ok(image)
                if !self.always_pull && image.config.platform().architecture == platform.architecture =>
            {
                Ok(image)
            }
            Ok(_) | Err(Error::NoSuchImage { .. }) => self
                .pull(reference, platform)
                .map_err(|error| crate::failure::message(&error).into()),
            Err(error) => Err(error.into()),
        }
    }
}
