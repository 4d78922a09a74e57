use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings};
use crate::dependencies::bounded;
use crate::fields::{Field, Paragraph, paragraphs};
use crate::{EvidenceFile, FoundPackage};

/// Installed R packages: the `DESCRIPTION` in the directory of each, mostly `…/library/NAME` (Writing R Extensions, "The
/// DESCRIPTION file"). What is not installed has no `Built` in it.
pub(super) struct R;

impl Cataloger for R {
    fn name(&self) -> &'static str {
        "r"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Cran)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End("/DESCRIPTION")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        path.ends_with("/DESCRIPTION").then_some(1 << 20)
    }

    fn names_packages(&self, path: &str) -> bool {
        is_in_library(path)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let is_in_library = is_in_library(&evidence.path);
        let description = paragraphs(content).next().unwrap_or_default();
        if !is_in_library && description.field("Built").is_none() {
            return;
        }
        match package(&description) {
            Some(package) => evidence.packages.push(package),
            None if is_in_library => warnings.add("it names no R package with its version"),
            None => {}
        }
    }
}

/// Whether it is where R keeps its packages: `…/library/NAME/DESCRIPTION`.
fn is_in_library(path: &str) -> bool {
    let library = path.rsplit('/').nth(2);
    matches!(library, Some("library" | "site-library"))
}

fn package(description: &Paragraph<'_>) -> Option<FoundPackage> {
    let text = |field| description.field(field).and_then(Field::text).unwrap_or_default();
    let whole = |field| {
        description
            .field(field)
            .and_then(Field::whole)
            .unwrap_or_default()
    };
    let (name, version) = (text("Package"), text("Version"));
    let license = whole("License").split_whitespace().collect::<Vec<_>>().join(" ");
    let needed = ["Depends", "Imports", "LinkingTo"].map(whole);
    let needed = needed.iter().flat_map(|field| field.split(','));
    let needed = needed.map(|one| one.split('(').next().unwrap_or(one).trim());
    (!name.is_empty() && !version.is_empty()).then(|| FoundPackage {
        name: name.to_owned(),
        version: version.to_owned(),
        licenses: licenses(&license).into_iter().collect(),
        requires: bounded(needed.filter(|name| *name != "R")),
        ..FoundPackage::default()
    })
}

/// The licence as an expression: `GPL-2 | file LICENSE` lets one choose, `MIT + file LICENSE` has more to say in a file, and
/// `GPL (>= 2)` is of that version or a later one (Writing R Extensions, "Licensing").
fn licenses(stated: &str) -> Option<String> {
    let alternatives = stated.split('|').filter_map(|one| {
        let name = one.split('+').next().unwrap_or(one).trim();
        let is_file = ["file ", "Part of R "]
            .iter()
            .any(|start| name.starts_with(start));
        (!name.is_empty() && !is_file).then(|| one_license(name))
    });
    let all: Vec<String> = alternatives.take(10).collect();
    Some(all.join(" OR ")).filter(|text| !text.is_empty() && text.len() <= 200)
}

fn one_license(name: &str) -> String {
    match name {
        "BSD_2_clause" => return "BSD-2-Clause".to_owned(),
        "BSD_3_clause" => return "BSD-3-Clause".to_owned(),
        _ => {}
    }
    let bounded = name.strip_suffix(')').and_then(|name| name.split_once(" ("));
    let Some((family, bound)) = bounded else {
        return name.to_owned();
    };
    let family = match family {
        "Apache License" => "Apache",
        family => family,
    };
    match (bound.strip_prefix(">="), bound.strip_prefix("==")) {
        // The first version of each that there is.
        (Some(version), _) if matches!(family, "GPL" | "LGPL" | "AGPL") => {
            format!("{family}-{}+", version.trim())
        }
        (Some(version), _) | (_, Some(version)) => format!("{family}-{}", version.trim()),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    #[test]
    fn what_is_installed_is_told() {
        let text = "Package: stringr\nTitle: Simple\n  and more\nVersion: 1.5.0.9000\nLicense: MIT + file\n LICENSE\n\
            Depends: R (>= 3.5)\nImports: cli,\n    glue (>= 1.6.1),\n    stringi\nLinkingTo: cpp11\nBuilt: R 4.3.0; ; ; unix\n";
        for path in [
            "usr/lib/R/library/stringr/DESCRIPTION",
            "opt/app/packages/stringr/DESCRIPTION",
        ] {
            let (evidence, warnings) = catalog(path, text.as_bytes());
            assert!(warnings.is_empty(), "{warnings:?}");
            let stringr = &evidence.packages[0];
            assert_eq!(
                (stringr.name.as_str(), stringr.version.as_str()),
                ("stringr", "1.5.0.9000")
            );
            assert_eq!(stringr.licenses, ["MIT"]);
            assert_eq!(stringr.requires, ["cli", "cpp11", "glue", "stringi"]);
        }
    }

    #[test]
    fn licences_in_every_form() {
        for (stated, expected) in [
            ("GPL (>= 2)", Some("GPL-2+")),
            ("GPL-2 | GPL-3", Some("GPL-2 OR GPL-3")),
            ("LGPL (== 2.1) | file LICENCE", Some("LGPL-2.1")),
            ("BSD_3_clause + file LICENSE", Some("BSD-3-Clause")),
            ("Apache License (>= 2.0)", Some("Apache-2.0")),
            ("Apache License 2.0", Some("Apache License 2.0")),
            ("Part of R 4.3.0", None),
            ("file LICENSE", None),
            ("", None),
        ] {
            assert_eq!(licenses(stated).as_deref(), expected, "{stated}");
        }
    }

    #[test]
    fn what_is_not_is_nothing() {
        let source = b"Package: a\nVersion: 1\n";
        let (evidence, warnings) = catalog("src/a/DESCRIPTION", source);
        assert!(evidence.packages.is_empty() && warnings.is_empty());
        assert_eq!(catalog("x/library/a/DESCRIPTION", b"Package: a\n").1.len(), 1);
        assert!(R.limit("DESCRIPTION").is_none());
    }
}
