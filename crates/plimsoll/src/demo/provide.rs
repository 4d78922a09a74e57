//! The base images that the two Dockerfiles name: from the store, else pulled, else made from Debian's packages.

use std::fs::{self, File};
use std::path::Path;

use anyhow::Context as _;
use plimsoll_core::{Platform, Reference};
use plimsoll_image::ImageConfig;
use tempfile::TempDir;

use super::Demo;
use super::debian::{self, Base};
use crate::base_images::StoreOrRegistry;

type Maker = fn(&Path, &mut dyn FnMut(&str)) -> anyhow::Result<Base>;

const BASES: [(&str, Maker); 2] = [
    ("python:3.11-slim", debian::make_slim),
    ("python:latest", debian::make_full),
];

/// Sees to it that both base images are in the store.
pub(super) fn base_images(demo: &Demo<'_>) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    for (name, make) in BASES {
        let reference: Reference = name.parse()?;
        if demo.store.find(name).is_ok() {
            demo.say(&format!("Base `{name}` is in the store."));
            continue;
        }
        let registry = StoreOrRegistry::new(demo.store, demo.invocation.printer);
        if let Err(error) = registry.pull(&reference, &Platform::host()) {
            demo.say(&format!("{}.", crate::failure::message(&error)));
            missing.push((reference, make));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = missing.iter().map(|(name, _)| format!("`{name}`")).collect();
    demo.say(&format!(
        "Making {} from Debian's packages instead, to stand in for the official images.",
        names.join(" and ")
    ));
    made_at_once(demo, &missing)
}

/// Fetching and unpacking wait for different things, so the images are made side by side.
fn made_at_once(demo: &Demo<'_>, missing: &[(Reference, Maker)]) -> anyhow::Result<()> {
    let work = TempDir::new_in(demo.store.root()).context("cannot make a folder for the base images")?;
    std::thread::scope(|scope| {
        let makers: Vec<_> = missing
            .iter()
            .enumerate()
            .map(|(number, (name, make))| {
                let dir = work.path().join(number.to_string());
                scope.spawn(move || -> anyhow::Result<()> {
                    fs::create_dir(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
                    let base = make(&dir, &mut |line| demo.say(&format!("  {name}: {line}")))?;
                    imported(demo, name, &base)
                })
            })
            .collect();
        for maker in makers {
            maker
                .join()
                .map_err(|_| anyhow::anyhow!("making a base image broke off"))??;
        }
        Ok(())
    })
}

fn imported(demo: &Demo<'_>, name: &Reference, base: &Base) -> anyhow::Result<()> {
    let tar = File::open(&base.rootfs).with_context(|| format!("cannot read `{}`", base.rootfs.display()))?;
    let names = [name.clone()];
    let config = ImageConfig {
        created: Some(crate::assessing::now()),
        ..base.config.clone()
    };
    let image = demo
        .store
        .import(Box::new(tar), &base.rootfs, &config, &names, Some(&base.message))?;
    fs::remove_file(&base.rootfs).with_context(|| format!("cannot remove `{}`", base.rootfs.display()))?;
    demo.say(&format!(
        "Imported `{name}`: {}.",
        crate::human::size(image.size()?)
    ));
    Ok(())
}
