//! RPM packages, from the databases of every kind that RPM has had, read from their bytes.

mod bdb;
mod header;
mod manifest;
mod ndb;
mod relations;
mod sqlite;
mod wal;

use plimsoll_core::Ecosystem;

use self::header::Header;
use self::relations::Relations;
use super::{Cataloger, Clue, Warnings};
use crate::EvidenceFile;

/// RPM's database where distributions keep it: `rpmdb.sqlite`, `Packages.db` (ndb) or `Packages` (Berkeley DB); and the
/// `container-manifest-2` of images without one.
pub(super) struct Rpm;

/// No database is larger in practice: some thousand packages take 100 MB.
const MAX_DATABASE: u64 = 512 << 20;

enum File {
    Sqlite,
    /// Changes that have not been written to the database beside it.
    WriteAheadLog,
    Ndb,
    BerkeleyDb,
    Manifest,
}

impl File {
    fn at(path: &str) -> Option<Self> {
        if path == "var/lib/rpmmanifest/container-manifest-2" {
            return Some(Self::Manifest);
        }
        let (directory, name) = path.rsplit_once('/')?;
        let is_database = matches!(
            directory,
            "var/lib/rpm" | "usr/lib/sysimage/rpm" | "usr/share/rpm"
        );
        match name {
            _ if !is_database => None,
            "rpmdb.sqlite" => Some(Self::Sqlite),
            "rpmdb.sqlite-wal" => Some(Self::WriteAheadLog),
            "Packages.db" => Some(Self::Ndb),
            "Packages" => Some(Self::BerkeleyDb),
            _ => None,
        }
    }

    /// Gives each package's header in the database to `visit`.
    fn headers(&self, content: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        match self {
            Self::Sqlite => {
                let database = sqlite::Database::open(content)?;
                database.blobs(database.table("Packages")?, visit)
            }
            Self::Ndb => ndb::headers(content, visit),
            Self::BerkeleyDb => bdb::headers(content, visit),
            Self::WriteAheadLog | Self::Manifest => Ok(()),
        }
    }
}

impl Cataloger for Rpm {
    fn name(&self) -> &'static str {
        "rpm"
    }

    fn version(&self) -> u32 {
        5
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Rpm)
    }

    fn clues(&self) -> &'static [Clue] {
        &[
            Clue::Start("var/lib/rpm"),
            Clue::Start("usr/lib/sysimage/rpm"),
            Clue::Start("usr/share/rpm"),
        ]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        File::at(path).map(|file| match file {
            File::Manifest => 32 << 20,
            _ => MAX_DATABASE,
        })
    }

    fn amends(&self, path: &str) -> Option<String> {
        match File::at(path)? {
            File::WriteAheadLog => path.strip_suffix("-wal").map(str::to_owned),
            _ => None,
        }
    }

    fn amend(&self, content: &mut Vec<u8>, amendment: &[u8]) {
        wal::apply(content, amendment);
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let Some(file) = File::at(&evidence.path) else {
            return;
        };
        if let File::Manifest = file {
            evidence.packages = manifest::packages(content, warnings);
            header::set_source_epochs(&mut evidence.packages);
            return;
        }
        let mut relations = Relations::default();
        let read = file.headers(content, &mut |blob| match Header::parse(blob)
            .and_then(|header| Ok((header.package()?, header)))
        {
            Ok((Some(package), header)) => {
                relations.add(evidence.packages.len(), &header);
                evidence.packages.push(package);
                header.paths(&mut |path| relations.add_file(path));
            }
            Ok((None, _)) => {}
            Err(problem) => warnings.add(problem),
        });
        relations.tell(&mut evidence.packages);
        header::set_source_epochs(&mut evidence.packages);
        if let Err(problem) = read {
            warnings.add(problem);
        }
    }

    fn files(&self, content: &[u8], evidence: &mut EvidenceFile) {
        let Some(file) = File::at(&evidence.path) else {
            return;
        };
        // The same order as that of the packages; what is wrong with the file has been said.
        let mut packages = evidence.packages.iter_mut();
        let _ = file.headers(content, &mut |blob| {
            let Ok(header) = Header::parse(blob) else {
                return;
            };
            if matches!(header.package(), Ok(Some(_)))
                && let Some(package) = packages.next()
            {
                header.paths(&mut |path| {
                    let path = path.strip_prefix(b"/").unwrap_or(path);
                    package.files.push(String::from_utf8_lossy(path).into_owned());
                });
            }
        });
    }

    fn owned(&self, path: &str, content: &[u8], sink: &mut dyn FnMut(&[u8])) {
        if let Some(file) = File::at(path) {
            let _ = file.headers(content, &mut |blob| {
                if let Ok(header) = Header::parse(blob) {
                    header.paths(sink);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::super::catalog;

    proptest! {
        #[test]
        fn no_damage_panics(
            which in 0..3_usize,
            place in any::<prop::sample::Index>(),
            noise in prop::collection::vec(any::<u8>(), 1..8),
        ) {
            let (path, zipped) = [
                ("var/lib/rpm/rpmdb.sqlite", include_bytes!("../../../tests/rpm/rpmdb.sqlite.gz").as_slice()),
                ("var/lib/rpm/Packages.db", include_bytes!("../../../tests/rpm/Packages.db.gz")),
                ("var/lib/rpm/Packages", include_bytes!("../../../tests/rpm/Packages.gz")),
            ][which];
            let mut content = Vec::new();
            flate2::read::GzDecoder::new(zipped).read_to_end(&mut content).unwrap();
            let place = place.index(content.len());
            content.iter_mut().skip(place).zip(noise).for_each(|(byte, noise)| *byte = noise);
            let (evidence, _) = catalog(path, &content);
            prop_assert!(evidence.packages.len() <= 4);
        }
    }
}
