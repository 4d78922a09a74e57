//! Java archives: what `pom.properties` in them name, and what the archive itself is; archives in archives, too.

mod coordinates;
mod file_name;
mod groups;
mod guess;
mod manifest;
mod project;

use std::collections::HashMap;
use std::io;

use coordinates::{Coordinates, from_properties};
use file_name::from_file_name;
use guess::guessed;
use manifest::Manifest;
use plimsoll_core::Ecosystem;

use super::{PieceCataloger, Warnings};
use crate::content::{Content, Part, Spooled};
use crate::executable::is_executable;
use crate::zip::{Member, ZipError, members};
use crate::{EvidenceFile, FoundPackage};

/// What is in the image and was not looked at.
const UNREAD: &str = "Java archives beyond the bounds";
/// An archive in an archive in an archive: no real one goes deeper.
const DEEPEST: usize = 6;
/// Members of one archive that are looked at; the largest real ones have some thousand archives in them.
const MOST_MEMBERS: usize = 20_000;
/// All bytes that are decompressed for one file of the image.
const MOST_BYTES: u64 = 1 << 30;
/// All archives that are opened for one file of the image.
const MOST_ARCHIVES: usize = 20_000;
/// All packages that one file of the image names.
const MOST_PACKAGES: usize = 20_000;
/// A manifest or a `pom.properties` is no larger.
const LARGEST_TEXT: u64 = 2 << 20;

/// Java archives, in whatever directory (JAR file specification; the layout of Maven's archiver).
pub(super) struct Java;

impl PieceCataloger for Java {
    fn name(&self) -> &'static str {
        "java"
    }

    fn version(&self) -> u32 {
        8
    }

    fn may_be(&self, path: &str, _mode: u32, size: u64) -> bool {
        size > 0 && is_archive(path.as_bytes())
    }

    fn is(&self, head: &[u8]) -> bool {
        // A script may stand before the archive.
        !is_executable(head)
    }

    fn catalog(
        &self,
        content: &mut dyn Content,
        evidence: &mut EvidenceFile,
        warnings: &mut Warnings,
    ) -> io::Result<()> {
        let path = evidence.path.clone();
        let mut stock = Stock {
            file: &path,
            packages: Vec::new(),
            bytes: MOST_BYTES,
            archives: MOST_ARCHIVES,
            beyond: false,
            warnings,
        };
        stock.archive(&path, content, 0)?;
        if stock.beyond {
            evidence.uncatalogued = Some(UNREAD.to_owned());
        }
        let mut packages = stock.packages;
        packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        packages.dedup_by(|a, b| (&a.name, &a.version) == (&b.name, &b.version));
        evidence.packages.extend(packages);
        Ok(())
    }
}

/// Whether it is called as Java archives are.
pub(super) fn is_archive(name: &[u8]) -> bool {
    const EXTENSIONS: [&[u8]; 10] = [
        b"jar", b"war", b"ear", b"par", b"sar", b"nar", b"kar", b"jpi", b"hpi", b"lpkg",
    ];
    let Some(point) = name.iter().rposition(|byte| *byte == b'.') else {
        return false;
    };
    let extension = &name[point + 1..];
    EXTENSIONS
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// What a member of an archive is for.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Manifest,
    Properties,
    /// Maven's `pom.xml`, for its licences.
    Project,
    /// The text of its licence.
    License,
    Archive,
}

fn kind(name: &[u8]) -> Option<Kind> {
    if name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") {
        return Some(Kind::Manifest);
    }
    const LICENSES: [&[u8]; 3] = [b"LICENSE", b"LICENSE.txt", b"LICENSE.md"];
    if LICENSES.contains(&name.strip_prefix(b"META-INF/").unwrap_or(name)) {
        return Some(Kind::License);
    }
    let base = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
    match base {
        b"pom.properties" => Some(Kind::Properties),
        b"pom.xml" if name.starts_with(b"META-INF/maven/") => Some(Kind::Project),
        _ if is_archive(base) => Some(Kind::Archive),
        _ => None,
    }
}

/// The directory that a member is in.
fn directory(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// What has been found in a file of the image, and how much more may be read.
struct Stock<'w> {
    /// The file's path.
    file: &'w str,
    packages: Vec<FoundPackage>,
    bytes: u64,
    archives: usize,
    /// Whether something was left out for being beyond the bounds.
    beyond: bool,
    warnings: &'w mut Warnings,
}

impl Stock<'_> {
    /// Takes stock of the archive in `content`, which is called `path` in the file.
    fn archive(&mut self, path: &str, content: &mut dyn Content, depth: usize) -> io::Result<()> {
        self.archives = self.archives.saturating_sub(1);
        if self.archives == 0 || depth > DEEPEST {
            self.leave_out(path, "it is one archive too many or too deep in others");
            return Ok(());
        }
        let (listed, more) = match members(content, MOST_MEMBERS, &|name| kind(name).is_some()) {
            Ok(listed) => listed,
            Err(error) => return self.damaged(path, error),
        };
        if more > 0 {
            self.leave_out(path, &format!("{more} of its members are not looked at"));
        }
        let mut manifest = Manifest::default();
        let mut named = Vec::new();
        let mut licenses = HashMap::new();
        let mut texts = Vec::new();
        for member in &listed {
            match kind(member.name.as_bytes()) {
                Some(Kind::Manifest) => {
                    if let Some(text) = self.text(path, member, content)? {
                        manifest = Manifest::parse(&text);
                    }
                }
                Some(Kind::Properties) => {
                    if let Some(text) = self.text(path, member, content)? {
                        let coordinates = from_properties(&String::from_utf8_lossy(&text));
                        named.push((directory(&member.name), coordinates));
                    }
                }
                Some(Kind::Project) => {
                    if let Some(text) = self.text(path, member, content)? {
                        let stated = project::licenses(&String::from_utf8_lossy(&text));
                        licenses.insert(directory(&member.name), stated);
                    }
                }
                Some(Kind::License) => texts.push(member),
                Some(Kind::Archive) => self.nested(path, member, content, depth)?,
                None => {}
            }
        }
        let mut own = manifest.licenses();
        if let ([text], true) = (texts.as_slice(), own.is_empty()) {
            let text = self.text(path, text, content)?.unwrap_or_default();
            let license = plimsoll_license::recognized(&String::from_utf8_lossy(&text));
            own.extend(license.map(str::to_owned));
        }
        self.name(path, &manifest, &named, &licenses, &own);
        Ok(())
    }

    /// Tells the packages that are named, and the archive itself where none of them is it. Its `own` licences are those
    /// that it states, or has the text of.
    fn name(
        &mut self,
        path: &str,
        manifest: &Manifest,
        named: &[(&str, Coordinates)],
        licenses: &HashMap<&str, Vec<String>>,
        own: &[String],
    ) {
        let stem = file_name::stem(path);
        let has_version = !from_file_name(path).version.is_empty();
        let alone = named.len() == 1;
        let unqualified = |one: &Coordinates| {
            // `com.example.some-artifact-1.0.jar`.
            let rest = stem.strip_prefix(&one.group)?.strip_prefix('.')?;
            rest.strip_prefix(&one.artifact)
        };
        let is_itself =
            |one: &Coordinates| match stem.strip_prefix(&one.artifact).or_else(|| unqualified(one)) {
                // `log4j-1.2-api.jar` has no version in its name.
                Some(rest) => {
                    let has_its_version = |rest: &str| rest.starts_with(&one.version);
                    rest.is_empty() || alone || rest.strip_prefix('-').is_some_and(has_its_version)
                }
                // `app.jar` may be called anything.
                None => alone && !has_version,
            };
        let mut has_itself = false;
        for (directory, one) in named.iter().filter(|(_, one)| one.is_known()) {
            let itself = is_itself(one);
            has_itself |= itself;
            let stated = licenses
                .get(directory)
                .filter(|stated| !stated.is_empty())
                .cloned();
            let else_stated = || if itself { own.to_vec() } else { Vec::new() };
            self.add(one, stated.unwrap_or_else(else_stated));
        }
        let mut guess = guessed(path, manifest, named.len() > 1);
        // A build may leave its own version out, or its placeholder in.
        if let [(_, one)] = named
            && !one.group.is_empty()
            && is_itself(one)
        {
            let version = guess.version.clone();
            let whole = Coordinates {
                version,
                ..one.clone()
            };
            if whole.is_known() {
                guess = whole;
            }
        }
        if !has_itself && guess.is_known() {
            self.add(&guess, own.to_vec());
        }
    }

    fn add(&mut self, coordinates: &Coordinates, licenses: Vec<String>) {
        if self.packages.len() >= MOST_PACKAGES {
            self.beyond = true;
            return;
        }
        self.packages.push(FoundPackage {
            name: coordinates.name(),
            version: coordinates.version.clone(),
            licenses,
            ecosystem: Some(Ecosystem::Maven),
            ..FoundPackage::default()
        });
    }

    /// The content of a small member; `None` where it cannot be read.
    fn text(
        &mut self,
        path: &str,
        member: &Member,
        content: &mut dyn Content,
    ) -> io::Result<Option<Vec<u8>>> {
        let limit = LARGEST_TEXT.min(self.bytes);
        match member.read(content, limit) {
            Ok(Some(text)) => {
                self.bytes -= text.len() as u64;
                Ok(Some(text))
            }
            Ok(None) => {
                self.leave_out(path, &format!("`{}` is too large", member.name));
                Ok(None)
            }
            Err(error) => self.damaged(path, error).map(|()| None),
        }
    }

    /// Takes stock of an archive in an archive: where it is, if it is not compressed, else as it is decompressed.
    fn nested(
        &mut self,
        path: &str,
        member: &Member,
        content: &mut dyn Content,
        depth: usize,
    ) -> io::Result<()> {
        let inner = format!("{path}/{}", member.name);
        let place = match member.place(content) {
            Ok(place) => place,
            Err(error) => return self.damaged(&inner, error),
        };
        if place.is_stored {
            let mut part = Part {
                whole: content,
                offset: place.offset,
                size: place.size,
            };
            return self.archive(&inner, &mut part, depth + 1);
        }
        if member.size > self.bytes {
            self.leave_out(&inner, "it has more bytes than are decompressed");
            return Ok(());
        }
        self.bytes -= member.size;
        let mut inflated = place.inflated(content);
        let mut spooled = Spooled::new(Vec::new(), &mut inflated, member.size);
        self.archive(&inner, &mut spooled, depth + 1)
    }

    fn leave_out(&mut self, path: &str, why: &str) {
        self.beyond = true;
        self.warn(path, why);
    }

    /// A damaged archive is nothing that Java would read, either; a source that cannot be read is.
    fn damaged(&mut self, path: &str, error: ZipError) -> io::Result<()> {
        match error {
            ZipError::Source(error) => Err(error),
            ZipError::Damaged(why) => {
                self.warn(path, why);
                Ok(())
            }
        }
    }

    /// Notes what is wrong with the file, or with an archive in it.
    fn warn(&mut self, path: &str, why: &str) {
        match path
            .strip_prefix(self.file)
            .and_then(|inner| inner.strip_prefix('/'))
        {
            Some(inner) => self.warnings.add(format!("`{inner}` in it: {why}")),
            None => self.warnings.add(why),
        }
    }
}

#[cfg(test)]
mod tests;
