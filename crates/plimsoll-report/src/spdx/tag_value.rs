use std::borrow::Cow;

use super::model::{Document, Package};
use super::write::Described;
use crate::ScanReport;

/// The report as an SPDX 2.3 document in tag-value form, with what [`super::write`] has.
pub fn render(report: &ScanReport) -> String {
    let described = Described::new(report);
    let document = described.document();
    // Most packages have less than this.
    let mut text = Lines(String::with_capacity(2048 * (1 + document.packages.len())));
    header(&mut text, &document);
    document.packages.iter().for_each(|one| package(&mut text, one));
    for license in &document.has_extracted_licensing_infos {
        text.line("\nLicenseID", &license.license_id);
        text.block("ExtractedText", &license.extracted_text);
        if let Some(name) = &license.name {
            text.line("LicenseName", name);
        }
    }
    text.0.push('\n');
    for one in &document.relationships {
        let words = [
            &*one.spdx_element_id,
            &one.relationship_type,
            &one.related_spdx_element,
        ];
        text.line("Relationship", &words.join(" "));
    }
    text.0
}

struct Lines(String);

impl Lines {
    /// A tag with a value on one line, with one space between its words.
    fn line(&mut self, tag: &str, value: &str) {
        let Self(text) = self;
        text.push_str(tag);
        text.push_str(": ");
        if is_one_line(value) {
            text.push_str(value);
            text.push('\n');
            return;
        }
        let start = text.len();
        let mut between = false;
        for character in value.chars().map(printable) {
            if character.is_whitespace() {
                between = text.len() > start;
                continue;
            }
            if std::mem::take(&mut between) {
                text.push(' ');
            }
            text.push(character);
        }
        text.push('\n');
    }

    /// A tag with a value that may take several lines.
    fn block(&mut self, tag: &str, value: &str) {
        let mut value = Cow::Borrowed(value);
        if value.chars().any(|character| printable(character) != character) {
            value = value.chars().map(printable).collect();
        }
        if value.contains("</text>") {
            value = value.replace("</text>", "<\u{200b}/text>").into();
        }
        for part in [tag, ": <text>", &value, "</text>\n"] {
            self.0.push_str(part);
        }
    }
}

/// Whether `value` is ASCII words with one space between them.
fn is_one_line(value: &str) -> bool {
    let mut words = value.as_bytes().split(|byte| *byte == b' ');
    words.all(|word| !word.is_empty() && word.iter().all(u8::is_ascii_graphic))
}

/// A character of a foreign text, or what stands for a control character other than those that part lines and words: a
/// tag-value document has no way to write them.
fn printable(character: char) -> char {
    match character {
        '\n' | '\t' => character,
        control if control.is_control() => '\u{fffd}',
        other => other,
    }
}

fn header(text: &mut Lines, document: &Document<'_>) {
    text.line("SPDXVersion", &document.spdx_version);
    text.line("DataLicense", &document.data_license);
    text.line("SPDXID", &document.id);
    text.line("DocumentName", &document.name);
    text.line("DocumentNamespace", &document.document_namespace);
    document
        .creation_info
        .creators
        .iter()
        .for_each(|creator| text.line("Creator", creator));
    text.line("Created", &document.creation_info.created);
}

fn package(text: &mut Lines, package: &Package<'_>) {
    text.line("\nPackageName", &package.name);
    text.line("SPDXID", &package.id);
    if let Some(version) = &package.version_info {
        text.line("PackageVersion", version);
    }
    if let Some(supplier) = &package.supplier {
        text.line("PackageSupplier", supplier);
    }
    text.line("PackageDownloadLocation", package.download_location);
    if let Some(purpose) = &package.primary_package_purpose {
        text.line("PrimaryPackagePurpose", purpose);
    }
    text.line(
        "FilesAnalyzed",
        if package.files_analyzed { "true" } else { "false" },
    );
    for checksum in &package.checksums {
        text.line(
            "PackageChecksum",
            &format!("{}: {}", checksum.algorithm, &*checksum.checksum_value),
        );
    }
    if let Some(info) = &package.source_info {
        text.block("PackageSourceInfo", info);
    }
    for (tag, value) in [
        ("PackageLicenseConcluded", &package.license_concluded),
        ("PackageLicenseDeclared", &package.license_declared),
    ] {
        if let Some(value) = value {
            text.line(tag, value);
        }
    }
    if let Some(copyright) = package.copyright_text {
        text.line("PackageCopyrightText", copyright);
    }
    if let Some(description) = &package.description {
        text.block("PackageDescription", description);
    }
    for one in &package.external_refs {
        let words = [
            &*one.reference_category,
            &one.reference_type,
            &one.reference_locator,
        ];
        text.line("ExternalRef", &words.join(" "));
    }
    for one in &package.annotations {
        text.line("Annotator", &one.annotator);
        text.line("AnnotationDate", &one.annotation_date);
        text.line("AnnotationType", &one.annotation_type);
        text.line("SPDXREF", &package.id);
        text.block("AnnotationComment", &one.comment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_make_no_tags_and_steer_no_terminal() {
        let mut text = Lines(String::new());
        text.line("PackageName", "a\nSPDXID: x\u{1b}[31m");
        text.block("PackageDescription", "b\n</text>\u{7}");
        text.line("PackageVersion", " 1  2 ");
        text.line("PackageVersion", "1 2");
        text.block("PackageDescription", "\u{e9}");
        assert_eq!(
            text.0,
            "PackageName: a SPDXID: x\u{fffd}[31m\nPackageDescription: <text>b\n<\u{200b}/text>\u{fffd}</text>\n\
             PackageVersion: 1 2\nPackageVersion: 1 2\nPackageDescription: <text>\u{e9}</text>\n"
        );
    }
}
