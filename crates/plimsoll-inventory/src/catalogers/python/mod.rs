use plimsoll_core::Ecosystem;

mod egg;
mod license;
mod vendored;

pub(super) use egg::{Egg, is_archive};
pub(super) use license::LicenseText;
pub(crate) use license::license_files;
pub(super) use vendored::Vendored;

use super::{Cataloger, Clue, Warnings};
use crate::dependencies::bounded;
use crate::fields::{Field, Paragraph, header};
use crate::{EvidenceFile, FoundPackage, paths};

/// Installed Python distributions, in whatever directory: `*.dist-info/METADATA` (wheels), `*.egg-info/PKG-INFO`,
/// `EGG-INFO/PKG-INFO` and single-file `*.egg-info` (setuptools), after the core metadata specification.
pub(super) struct Python;

impl Cataloger for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn version(&self) -> u32 {
        5
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::PyPi)
    }

    fn clues(&self) -> &'static [Clue] {
        &[
            Clue::End("METADATA"),
            Clue::End("PKG-INFO"),
            Clue::End(".egg-info"),
        ]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let last = paths::name(directory);
        let found = match name {
            "METADATA" => is_called(last, "dist-info"),
            "PKG-INFO" => is_called(last, "egg-info"),
            // The interpreter itself, which is no distribution.
            _ if name.starts_with("Python-") => false,
            _ => name.ends_with(".egg-info") && name.len() > ".egg-info".len(),
        };
        // The long description stands in the same file; some distributions fill megabytes.
        found.then_some(8 << 20)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        evidence.packages.extend(distribution(content, warnings));
    }
}

/// Whether a directory is called `kind`, in either case, or has it behind a point.
fn is_called(directory: &str, kind: &str) -> bool {
    let stem = directory.len().checked_sub(kind.len());
    stem.and_then(|at| directory.split_at_checked(at))
        .is_some_and(|(stem, end)| end.eq_ignore_ascii_case(kind) && (stem.is_empty() || stem.ends_with('.')))
}

/// The distribution that core metadata are about.
fn distribution(metadata: &[u8], warnings: &mut Warnings) -> Option<FoundPackage> {
    // The description follows behind the first blank line.
    let header = header(metadata);
    for problem in &header.problems {
        warnings.add(problem);
    }
    package(&header).map_err(|problem| warnings.add(problem)).ok()
}

fn package(header: &Paragraph<'_>) -> Result<FoundPackage, String> {
    let required = |field| {
        header
            .text(field)?
            .ok_or_else(|| format!("there is no `{field}`"))
    };
    Ok(FoundPackage {
        name: required("Name")?.to_owned(),
        version: required("Version")?.to_owned(),
        licenses: licenses(header),
        requires: bounded(
            header
                .all("Requires-Dist")
                .filter_map(Field::text)
                .filter_map(needed),
        ),
        ..FoundPackage::default()
    })
}

/// The name in `name[extra] (>=1) ; marker` (PEP 508); `None` for what is needed for an extra alone, which nobody may have
/// asked for.
fn needed(requirement: &str) -> Option<&str> {
    let (requirement, marker) = requirement.split_once(';').unwrap_or((requirement, ""));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = requirement.find(|c| !is_part(c)).unwrap_or(requirement.len());
    (!marker.contains("extra")).then_some(&requirement[..end])
}

/// `License-Expression` (PEP 639) where there is one, else `License` where it is a name and not a whole text, else
/// the last parts of the classifiers.
fn licenses(header: &Paragraph<'_>) -> Vec<String> {
    if let Ok(Some(expression)) = header.text("License-Expression") {
        return vec![expression.to_owned()];
    }
    // Some put the whole text there, over many lines.
    let is_name = |text: &&str| !text.is_empty() && text.len() <= 100 && *text != "UNKNOWN";
    let whole = header.field("License").and_then(Field::whole).unwrap_or_default();
    let words: Vec<&str> = whole.split_whitespace().collect();
    let is_text = header.field("License").is_some_and(|field| field.continued) && whole.len() > 80;
    if let Some(name) = Some(words.join(" ").as_str()).filter(|name| is_name(name) && !is_text) {
        return vec![name.to_owned()];
    }
    let classifiers = header.all("Classifier").filter_map(Field::text);
    let licenses = classifiers.filter_map(|text| text.strip_prefix("License :: "));
    let last = |text: &str| text.rsplit(" :: ").next().unwrap_or(text).to_owned();
    let classified: Vec<String> = licenses.map(last).filter(|name| name != "OSI Approved").collect();
    match (classified.is_empty(), plimsoll_license::recognized(whole)) {
        (true, Some(license)) => vec![license.to_owned()],
        _ => classified,
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    fn one(text: &str) -> FoundPackage {
        let (evidence, warnings) = catalog("app/lib/x.dist-info/METADATA", text.as_bytes());
        assert!(warnings.is_empty(), "{warnings:?}");
        evidence.packages.into_iter().next().unwrap()
    }

    #[test]
    fn paths() {
        for path in [
            "usr/lib/python3/dist-packages/six-1.16.0.egg-info",
            "usr/lib/python3/dist-packages/pip-23.dist-info/METADATA",
            "x.egg-info/PKG-INFO",
            "opt/x.egg/EGG-INFO/PKG-INFO",
            "opt/x/dist-info/METADATA",
            "opt/x/DIST-INFO/METADATA",
        ] {
            assert!(Python.limit(path).is_some(), "{path}");
        }
        for path in [
            "METADATA",
            "a/METADATA",
            "a.dist-info/RECORD",
            "PKG-INFO",
            "a/.egg-info",
            "x.dist-info",
            "xdist-info/METADATA",
            "usr/lib/python2.7/lib-dynload/Python-2.7.egg-info",
        ] {
            assert!(Python.limit(path).is_none(), "{path}");
        }
    }

    #[test]
    fn licence_expression_then_name_then_classifiers() {
        let head = "Metadata-Version: 2.1\nName: Flask\nVersion: 2.3.0\n";
        let flask = one(&format!(
            "{head}License-Expression: BSD-3-Clause\nLicense: x\n\nVersion: 9\n"
        ));
        assert_eq!((flask.name.as_str(), flask.version.as_str()), ("Flask", "2.3.0"));
        assert_eq!(flask.licenses, ["BSD-3-Clause"]);
        assert_eq!(one(&format!("{head}License: MIT\n")).licenses, ["MIT"]);
        assert_eq!(
            one(&format!(
                "{head}License: Apache\n        License\n        Version 2.0\n"
            ))
            .licenses,
            ["Apache License Version 2.0"]
        );
        let long = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and\n  associated \
            documentation files\n  The above copyright notice and this permission notice shall be included\n  THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND\n";
        assert_eq!(one(&format!("{head}License: {long}")).licenses, ["MIT"]);
        let classified = "License: Permission is hereby granted to nobody whatsoever, not even to those who would rather have it\n than not\nClassifier: License :: OSI Approved\n\
            Classifier: License :: OSI Approved :: MIT License\nClassifier: Topic :: X\n";
        assert_eq!(one(&format!("{head}{classified}")).licenses, ["MIT License"]);
        let text = "License: Copyright of all those who have ever had anything to do with this, and of many others\n        \n        All rights\nClassifier: License :: OSI Approved :: BSD License\n\
            Requires-Dist: numpy\n";
        let scipy = one(&format!("{head}{text}"));
        assert_eq!(
            (scipy.licenses, scipy.requires),
            (vec!["BSD License".to_owned()], vec!["numpy".to_owned()])
        );
    }

    #[test]
    fn what_is_missing_is_noted() {
        let (evidence, warnings) = catalog("a.egg-info", b"Name: a\n\nVersion: 1\n");
        assert!(evidence.packages.is_empty());
        assert_eq!(warnings[0].to_string(), "`a.egg-info`: there is no `Version`");
        assert_eq!(catalog("a.egg-info", b"").1.len(), 1);
    }
}
