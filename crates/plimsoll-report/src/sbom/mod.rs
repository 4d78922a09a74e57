//! What SBOM documents of either form have in common, and reading one without knowing its form.

mod distribution;
mod facts;
mod gather;
mod licenses;
mod settle;
#[cfg(test)]
mod tests;

pub(crate) use distribution::{cpe_of_distribution, cpe_of_package};
pub(crate) use facts::{
    Facts, PackageFacts, application_facts, applications, artifact_facts, distribution_facts,
};
pub(crate) use gather::{Found, Gathered};
pub(crate) use licenses::{Declared, ReadLicenses};

use plimsoll_core::{Dependencies, Package};
use serde::Deserialize;

use crate::{Artifact, Coverage, Error, Result, cyclonedx, spdx};

/// What an SBOM document says of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Sbom {
    /// What it is about.
    pub artifact: Artifact,
    /// The packages, in the order of the inventory.
    pub packages: Vec<Package>,
    /// Which of them need which others.
    pub dependencies: Dependencies,
    /// What is in it, or was in the image that it describes, and cannot be compared with advisories.
    pub unread: Vec<Coverage>,
    /// What it does not say, or what could not be read as it should be.
    pub warnings: Vec<String>,
}

/// Reads a CycloneDX (1.2 to 1.7) or SPDX (2.2, 2.3) document in JSON. `name` is what the user called it.
///
/// Packages are known by their package URLs; the properties that Trivy, Syft and this program write beside them are
/// taken too.
///
/// # Errors
/// [`Error::NotSbom`], [`Error::SbomJson`] and [`Error::SbomVersion`].
pub fn read(bytes: &[u8], name: &str) -> Result<Sbom> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match form(bytes) {
        Some(Form::Cyclonedx) => cyclonedx::read(bytes, name),
        Some(Form::Spdx) => spdx::read(bytes, name),
        None => Err(Error::NotSbom),
    }
}

/// Whether `bytes` are an SBOM that [`read`] can make something of, as far as their first key words tell.
pub fn is_sbom(bytes: &[u8]) -> bool {
    form(bytes).is_some()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Cyclonedx,
    Spdx,
}

/// Both forms name themselves in a key at the top, which stands first in nearly every document.
fn form(bytes: &[u8]) -> Option<Form> {
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let keys = |bytes| {
        let at = |key: &str| memchr::memmem::find(bytes, key.as_bytes());
        (at("\"bomFormat\""), at("\"spdxVersion\""))
    };
    match keys(&bytes[..bytes.len().min(4096)]) {
        (Some(_), None) => return Some(Form::Cyclonedx),
        (None, Some(_)) => return Some(Form::Spdx),
        _ => {}
    }
    match keys(bytes) {
        (Some(cyclonedx), Some(spdx)) if spdx < cyclonedx => Some(Form::Spdx),
        (Some(_), _) => Some(Form::Cyclonedx),
        (None, Some(_)) => Some(Form::Spdx),
        (None, None) => None,
    }
}

/// Reads a document, which borrows from `bytes`.
pub(crate) fn document<'a, D: Deserialize<'a>>(bytes: &'a [u8], form: &'static str) -> Result<D> {
    // What is UTF-8 as a whole need not be looked at again, text by text.
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    read.map_err(|source| Error::SbomJson { form, source })
}
