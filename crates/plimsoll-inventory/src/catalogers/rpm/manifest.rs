//! `container-manifest-2`: the packages of images without an RPM database, as CBL-Mariner and Azure Linux leave it in their
//! distroless images. A line a package, its fields between tabs.

use super::header::{full_version, source};
use crate::FoundPackage;
use crate::catalogers::{Warnings, supplier};

/// Name, version and release, time of installation, time of the build, vendor, epoch or `(none)`, size, architecture,
/// epoch as a number, source package.
const FIELDS: usize = 10;

pub(super) fn packages(content: &[u8], warnings: &mut Warnings) -> Vec<FoundPackage> {
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let mut packages = Vec::new();
    for (index, line) in lines {
        match package(line) {
            Some(package) if package.name == "gpg-pubkey" => {}
            Some(package) => packages.push(package),
            None => warnings.add(format!("line {} does not name a package", index + 1)),
        }
    }
    packages
}

fn package(line: &[u8]) -> Option<FoundPackage> {
    let line = std::str::from_utf8(line).ok()?;
    let fields: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
    if fields.len() < FIELDS {
        return None;
    }
    let (version, release) = fields[1].rsplit_once('-')?;
    let epoch = fields[8].trim().parse().ok();
    (!fields[0].is_empty() && !version.is_empty()).then(|| FoundPackage {
        name: fields[0].to_owned(),
        version: full_version(epoch, version, release),
        architecture: Some(fields[7].to_owned()).filter(|name| !matches!(name.as_str(), "" | "(none)")),
        source: source(fields[9].trim(), epoch),
        supplier: supplier(fields[4]),
        ..FoundPackage::default()
    })
}
