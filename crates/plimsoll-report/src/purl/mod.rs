//! What the type definitions of package URLs say of each kind of package.

mod of_image;
mod of_package;
mod to_package;

use std::fmt::Write as _;

pub use of_image::image_purls;
pub(crate) use of_package::{distribution_namespace, normal_name, purl_of};
use plimsoll_core::{Distribution, Package};
pub(crate) use to_package::{NotAPackage, PurlPackage, module_and_stream, names_as, package_of};

/// The package URL of `package`.
///
/// A distribution's packages have the distribution as namespace and in the qualifier `distro`
/// (`debian-12.5`), with `release` in place of `VERSION_ID` where it is known more exactly. Names are normalized as
/// their type says: PyPI names are in lower case with dashes, npm scopes and Maven groups are namespaces.
pub fn purl(package: &Package, distribution: Option<&Distribution>, release: Option<&str>) -> String {
    // Most are shorter than this.
    let mut text = String::with_capacity(128);
    // A text takes all that is written to it.
    let _ = write!(text, "{}", purl_of(package, distribution, release));
    text
}
