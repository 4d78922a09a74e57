//! RPM packages that are built as parts of modules (Red Hat's modularity): each stream of a module has versions of its
//! own, so a version says nothing about that of another stream.

use plimsoll_core::Package;

use crate::database::schema::{Affected, Extent, Interval, Until};
use crate::versions::rpm;

/// Whether what is said of a package of this name is about the installed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Yes.
    Installed,
    /// No: it is about the package outside of modules, or in another stream.
    Another,
    /// The record or the package does not say which stream it is of.
    Unknown,
}

/// Compares the streams of an installed package and of a statement.
pub(super) fn about(package: &Package, statement: &Affected) -> About {
    let Extent::Versions { intervals, .. } = &statement.extent else {
        return About::Installed;
    };
    let fixed_as_module = intervals.iter().filter_map(end).any(rpm::is_modular);
    let installed_as_module = rpm::is_modular(&package.version) || package.module.is_some();
    match (installed_as_module, fixed_as_module) {
        (false, false) => About::Installed,
        (true, false) | (false, true) => About::Another,
        (true, true) => match &package.module {
            Some(_) if statement.modules.is_empty() => About::Unknown,
            Some(module) if statement.modules.iter().any(|of| is_stream(module, of)) => About::Installed,
            Some(_) => About::Another,
            None => About::Unknown,
        },
    }
}

fn end(interval: &Interval) -> Option<&str> {
    match &interval.until {
        Until::Fixed(version) | Until::LastAffected(version) | Until::Limit(version) => Some(version),
        Until::Open => None,
    }
}

/// Whether a modularity label (`nodejs:18:8080020230306170042:abcdef`) is of a stream (`nodejs:18`).
fn is_stream(label: &str, stream: &str) -> bool {
    label
        .strip_prefix(stream)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_core::Ecosystem;

    #[test]
    fn streams() {
        let statement = |fixed: &str, modules: &[&str]| Affected {
            record: 0,
            ratings: Vec::new(),
            extent: Extent::Versions {
                intervals: vec![Interval {
                    from: None,
                    until: Until::Fixed(fixed.to_owned()),
                }],
                listed: Vec::new(),
            },
            modules: modules.iter().map(|module| (*module).to_owned()).collect(),
            extended: false,
        };
        let package = |version: &str, module: Option<&str>| Package {
            module: module.map(str::to_owned),
            ..Package::new(Ecosystem::Rpm, "nodejs", version)
        };
        let (plain, modular) = ("18.1-1.el9", "1:18.1-1.module_el8.8.0+1+a");
        for (version, module, fixed, modules, said) in [
            (plain, None, "18.2-1.el9", &[][..], About::Installed),
            (plain, None, modular, &["nodejs:18"], About::Another),
            (modular, Some("nodejs:18"), "18.2-1.el9", &[], About::Another),
            (
                modular,
                Some("nodejs:18:8080020230306:abc"),
                modular,
                &["nodejs:18"],
                About::Installed,
            ),
            (
                modular,
                Some("nodejs:16"),
                modular,
                &["nodejs:18"],
                About::Another,
            ),
            (modular, Some("nodejs:1"), modular, &["nodejs:18"], About::Another),
            (modular, Some("nodejs:18"), modular, &[], About::Unknown),
            (modular, None, modular, &["nodejs:18"], About::Unknown),
        ] {
            assert_eq!(
                about(&package(version, module), &statement(fixed, modules)),
                said,
                "{version} {module:?} {fixed}"
            );
        }
    }
}
