//! RPM package headers as databases keep them: an index of tags, then their values, all big-endian (RPM's file format,
//! version 4, without the lead and the magic).

use plimsoll_core::{SourceEpochs, SourcePackage};

use crate::FoundPackage;
use crate::catalogers::supplier;

/// The tags that are read (`rpmtag.h`).
mod tag {
    pub(super) const NAME: u32 = 1000;
    pub(super) const VERSION: u32 = 1001;
    pub(super) const RELEASE: u32 = 1002;
    pub(super) const EPOCH: u32 = 1003;
    pub(super) const VENDOR: u32 = 1011;
    pub(super) const LICENSE: u32 = 1014;
    pub(super) const ARCH: u32 = 1022;
    pub(super) const OLD_FILE_NAMES: u32 = 1027;
    pub(super) const SOURCE_RPM: u32 = 1044;
    pub(super) const PROVIDE_NAME: u32 = 1047;
    pub(super) const REQUIRE_NAME: u32 = 1049;
    pub(super) const DIRECTORY_INDEXES: u32 = 1116;
    pub(super) const BASE_NAMES: u32 = 1117;
    pub(super) const DIRECTORY_NAMES: u32 = 1118;
    pub(super) const MODULARITY_LABEL: u32 = 5096;
}

/// The types of values that are read.
const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// The bytes of one entry of the index: tag, type, offset and count.
const ENTRY: usize = 16;

/// One package's header.
pub(super) struct Header<'a> {
    index: &'a [u8],
    values: &'a [u8],
}

struct Entry {
    kind: u32,
    offset: usize,
    count: usize,
}

impl<'a> Header<'a> {
    /// # Errors
    /// A fragment for people when the index and the values do not fit into `blob`.
    pub(super) fn parse(blob: &'a [u8]) -> Result<Self, String> {
        let number = |at: usize| be32(blob, at).and_then(|number| usize::try_from(number).ok());
        let cut = || format!("a package header of {} bytes is cut off", blob.len());
        let (entries, length) = number(0).zip(number(4)).ok_or_else(cut)?;
        let rest = &blob[8..];
        let index = entries.checked_mul(ENTRY).and_then(|length| rest.get(..length));
        let index = index.ok_or_else(cut)?;
        let values = rest[index.len()..].get(..length).ok_or_else(cut)?;
        Ok(Self { index, values })
    }

    fn find(&self, tag: u32) -> Option<Entry> {
        let entry = self
            .index
            .chunks_exact(ENTRY)
            .find(|entry| be32(entry, 0) == Some(tag))?;
        Some(Entry {
            kind: be32(entry, 4)?,
            offset: usize::try_from(be32(entry, 8)?).ok()?,
            count: usize::try_from(be32(entry, 12)?).ok()?,
        })
    }

    /// The strings of `tag`; none where there is none. The last is cut off where the values end too early.
    fn strings(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let entry = self
            .find(tag)
            .filter(|entry| matches!(entry.kind, STRING | STRING_ARRAY | I18N_STRING));
        let (offset, count) = entry.map_or((0, 0), |entry| (entry.offset, entry.count));
        let values = self.values.get(offset..).unwrap_or_default();
        values.split(|byte| *byte == 0).take(count)
    }

    /// The first string of `tag`; `None` where there is none or an empty one.
    ///
    /// # Errors
    /// A fragment for people when it is not UTF-8.
    fn string(&self, tag: u32, name: &str) -> Result<Option<&'a str>, String> {
        let Some(bytes) = self.strings(tag).next() else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes).map_err(|_| format!("`{name}` of a package is not UTF-8"))?;
        Ok(Some(text.trim()).filter(|text| !text.is_empty()))
    }

    fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> + use<'a> {
        let entry = self.find(tag).filter(|entry| entry.kind == INT32);
        let (offset, count) = entry.map_or((0, 0), |entry| (entry.offset, entry.count));
        let values = self.values.get(offset..).unwrap_or_default();
        values
            .chunks_exact(4)
            .filter_map(|bytes| be32(bytes, 0))
            .take(count)
    }

    /// The package; `None` for a signing key, which RPM keeps among them.
    ///
    /// # Errors
    /// A fragment for people when it has no name, version or release.
    pub(super) fn package(&self) -> Result<Option<FoundPackage>, String> {
        let Some(name) = self.string(tag::NAME, "NAME")? else {
            return Err("a package has no `NAME`".to_owned());
        };
        if name == "gpg-pubkey" {
            return Ok(None);
        }
        let required = |tag, field| {
            self.string(tag, field)?
                .ok_or_else(|| format!("the package `{name}` has no `{field}`"))
        };
        let version = required(tag::VERSION, "VERSION")?;
        let release = required(tag::RELEASE, "RELEASE")?;
        let epoch = self.numbers(tag::EPOCH).next();
        let license = self.string(tag::LICENSE, "LICENSE")?;
        // Whoever sells it may write as they like.
        let vendor = self.string(tag::VENDOR, "VENDOR").unwrap_or_default();
        Ok(Some(FoundPackage {
            name: name.to_owned(),
            version: full_version(epoch, version, release),
            architecture: self.string(tag::ARCH, "ARCH")?.map(str::to_owned),
            source: self
                .string(tag::SOURCE_RPM, "SOURCERPM")?
                .and_then(|file| source(file, epoch)),
            licenses: license.map(str::to_owned).into_iter().collect(),
            supplier: supplier(vendor.unwrap_or_default()),
            module: self
                .string(tag::MODULARITY_LABEL, "MODULARITYLABEL")?
                .and_then(module),
            ..FoundPackage::default()
        }))
    }

    /// The names of what the package needs: of packages, libraries, files; some several times, in several versions.
    pub(super) fn required(&self) -> impl Iterator<Item = &'a [u8]> {
        self.strings(tag::REQUIRE_NAME)
    }

    /// The names of what the package has for others, its own among them.
    pub(super) fn provided(&self) -> impl Iterator<Item = &'a [u8]> {
        self.strings(tag::PROVIDE_NAME)
    }

    /// Gives each path of the package to `sink`, with its leading slash.
    pub(super) fn paths(&self, sink: &mut dyn FnMut(&[u8])) {
        let directories: Vec<&[u8]> = self.strings(tag::DIRECTORY_NAMES).collect();
        let names = self.strings(tag::BASE_NAMES);
        let mut path = Vec::new();
        for (name, index) in names.zip(self.numbers(tag::DIRECTORY_INDEXES)) {
            let directory = usize::try_from(index)
                .ok()
                .and_then(|index| directories.get(index));
            if let Some(directory) = directory {
                path.clear();
                path.extend_from_slice(directory);
                path.extend_from_slice(name);
                sink(&path);
            }
        }
        // Packages of RPM 3 have whole paths.
        self.strings(tag::OLD_FILE_NAMES).for_each(sink);
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_be_bytes)
}

/// `[EPOCH:]VERSION-RELEASE`; an epoch of 0 is the same as none.
pub(super) fn full_version(epoch: Option<u32>, version: &str, release: &str) -> String {
    match epoch {
        None | Some(0) => format!("{version}-{release}"),
        Some(epoch) => format!("{epoch}:{version}-{release}"),
    }
}

/// The source package after the name of its file, `NAME-VERSION-RELEASE.src.rpm`. The file's name has no epoch;
/// binary packages take over that of their source.
pub(super) fn source(file: &str, epoch: Option<u32>) -> Option<SourcePackage> {
    let stem = file.strip_suffix(".rpm")?;
    let stem = stem
        .strip_suffix(".src")
        .or_else(|| stem.strip_suffix(".nosrc"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    (!name.is_empty()).then(|| SourcePackage {
        name: name.to_owned(),
        version: full_version(epoch, version, release),
    })
}

/// Gives each source package the epoch of its binary package.
pub(super) fn set_source_epochs(packages: &mut [FoundPackage]) {
    let told = packages.iter().filter_map(|package| {
        let source = package.source.as_ref()?;
        Some((package.name.as_str(), package.version.as_str(), source))
    });
    let epochs = SourceEpochs::of(told);
    let sources = packages.iter_mut().filter_map(|package| package.source.as_mut());
    sources.for_each(|source| epochs.set(source));
}

/// `NAME:STREAM` of a label `NAME:STREAM:VERSION:CONTEXT[:ARCH]`.
fn module(label: &str) -> Option<String> {
    let mut parts = label.split(':');
    let (name, stream) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !stream.is_empty()).then(|| format!("{name}:{stream}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A header with the given string, string array and number values.
    pub(crate) fn header(strings: &[(u32, &[&str])], numbers: &[(u32, &[u32])]) -> Vec<u8> {
        let (mut index, mut values) = (Vec::new(), Vec::new());
        let mut entry = |tag: u32, kind: u32, offset: usize, count: usize| {
            for number in [
                tag,
                kind,
                u32::try_from(offset).unwrap(),
                u32::try_from(count).unwrap(),
            ] {
                index.extend(number.to_be_bytes());
            }
        };
        for (tag, texts) in strings {
            entry(*tag, STRING_ARRAY, values.len(), texts.len());
            for text in *texts {
                values.extend(text.as_bytes());
                values.push(0);
            }
        }
        for (tag, all) in numbers {
            values.resize(values.len().next_multiple_of(4), 0);
            entry(*tag, INT32, values.len(), all.len());
            values.extend(all.iter().flat_map(|number| number.to_be_bytes()));
        }
        let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
        [
            length(index.len() / ENTRY).as_slice(),
            &length(values.len()),
            &index,
            &values,
        ]
        .concat()
    }

    /// A header of a package that needs and has some names.
    pub(crate) fn related(name: &str, required: &[&str], provided: &[&str]) -> Vec<u8> {
        header(
            &[
                (tag::NAME, &[name]),
                (tag::REQUIRE_NAME, required),
                (tag::PROVIDE_NAME, provided),
            ],
            &[],
        )
    }

    /// A header of a package with a few files.
    pub(crate) fn package(name: &str, version: &str) -> Vec<u8> {
        header(
            &[
                (tag::NAME, &[name]),
                (tag::VERSION, &[version]),
                (tag::RELEASE, &["1.el9"]),
                (tag::ARCH, &["x86_64"]),
                (tag::LICENSE, &["MIT"]),
                (tag::SOURCE_RPM, &[&format!("{name}-src-{version}-1.el9.src.rpm")]),
                (tag::BASE_NAMES, &[name, "README"]),
                (tag::DIRECTORY_NAMES, &["/usr/bin/", "/usr/share/doc/"]),
            ],
            &[(tag::DIRECTORY_INDEXES, &[0, 1])],
        )
    }

    #[test]
    fn a_package_with_everything() {
        let blob = header(
            &[
                (tag::NAME, &["nodejs"]),
                (tag::VERSION, &["18.20.2"]),
                (tag::RELEASE, &["1.module+el8.9.0+21767+537f34ee"]),
                (
                    tag::SOURCE_RPM,
                    &["nodejs-18.20.2-1.module+el8.9.0+21767+537f34ee.src.rpm"],
                ),
                (
                    tag::MODULARITY_LABEL,
                    &["nodejs:18:8090020240422:a75119d5:x86_64"],
                ),
            ],
            &[(tag::EPOCH, &[1])],
        );
        let package = Header::parse(&blob).unwrap().package().unwrap().unwrap();
        assert_eq!(package.version, "1:18.20.2-1.module+el8.9.0+21767+537f34ee");
        let source = package.source.unwrap();
        assert_eq!(source.name, "nodejs");
        assert_eq!(source.version, package.version);
        assert_eq!(package.module.as_deref(), Some("nodejs:18"));
        assert_eq!(package.architecture, None);
    }

    #[test]
    fn paths_are_put_together() {
        let blob = package("tool", "1");
        let mut paths = Vec::new();
        Header::parse(&blob)
            .unwrap()
            .paths(&mut |path| paths.push(String::from_utf8_lossy(path).into_owned()));
        assert_eq!(paths, ["/usr/bin/tool", "/usr/share/doc/README"]);
    }

    #[test]
    fn keys_and_damaged_headers() {
        let key = header(&[(tag::NAME, &["gpg-pubkey"])], &[]);
        assert_eq!(Header::parse(&key).unwrap().package(), Ok(None));
        let nameless = header(&[(tag::VERSION, &["1"])], &[]);
        let problem = Header::parse(&nameless).unwrap().package().unwrap_err();
        assert_eq!(problem, "a package has no `NAME`");
        let half = header(&[(tag::NAME, &["a"]), (tag::VERSION, &["1"])], &[]);
        let problem = Header::parse(&half).unwrap().package().unwrap_err();
        assert_eq!(problem, "the package `a` has no `RELEASE`");
        let blob = package("a", "1");
        for length in [0, 4, 7, 8, 100, blob.len() - 1] {
            assert!(Header::parse(&blob[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_source_has_the_epoch_of_its_namesake() {
        let package = |name: &str, version: &str, epoch| FoundPackage {
            name: name.to_owned(),
            version: full_version(epoch, version, "481.el9"),
            source: source("perl-5.32.1-481.el9.src.rpm", epoch),
            ..FoundPackage::default()
        };
        let mut packages = [
            package("perl-Errno", "1.30", None),
            package("perl", "5.32.1", Some(4)),
            package("perl-libs", "5.32.1", Some(4)),
        ];
        assert_eq!(packages[0].source.as_ref().unwrap().version, "5.32.1-481.el9");
        set_source_epochs(&mut packages);
        for package in packages {
            assert_eq!(
                package.source.unwrap().version,
                "4:5.32.1-481.el9",
                "{}",
                package.name
            );
        }
    }

    #[test]
    fn names_of_source_files() {
        let of = |file| source(file, None).map(|source| (source.name, source.version));
        let found = Some(("gcc-c".to_owned(), "1.2-3.fc40".to_owned()));
        assert_eq!(of("gcc-c-1.2-3.fc40.src.rpm"), found);
        assert_eq!(of("gcc-c-1.2-3.fc40.nosrc.rpm"), found);
        assert_eq!((of("(none)"), of("a-1.src.rpm")), (None, None));
    }
}
