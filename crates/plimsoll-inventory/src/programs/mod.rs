//! Programs: what compilers and linkers leave in them about what they are made of, and, of well-known ones, their own
//! version. What is Go's or Rust's is told by how the program is made, whatever it is called.

mod assembly;
mod bundle;
mod go;
mod go_build_info;
mod go_flags;
mod known;
mod native_image;
mod rust;
mod table;

pub(crate) use known::is_known as is_well_known;

use std::io;

use crate::catalogers::{PieceCataloger, Warnings, is_called_archive};
use crate::content::{Content, read_range};
use crate::{EvidenceFile, executable, paths};

/// No program of a compiler that leaves a list is smaller.
const SMALLEST: u64 = 4 << 10;

/// Whether a file is called as programs and libraries for Windows and .NET are. They need no permission bits.
pub(crate) fn is_of_windows(path: &str) -> bool {
    let end = path.len().checked_sub(4).and_then(|at| path.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(".exe") || end.eq_ignore_ascii_case(".dll"))
}

/// Whether a file is called as libraries of Linux and modules of Node.js are, which need no permission bits, and is not
/// where the distribution has its own.
fn is_own_library(path: &str) -> bool {
    let is_called = path.ends_with(".node") || is_shared_object(paths::name(path));
    is_called && !is_in_library_directory(path)
}

/// `libx.so`, `libx.so.1` or `libx.so.1.2.3`.
fn is_shared_object(name: &str) -> bool {
    let is_numbers = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let version = name.rsplit_once(".so").map(|(_, version)| version);
    version.is_some_and(|version| version.is_empty() || version.starts_with('.') && is_numbers(version))
}

/// Whether the distribution's libraries are there, and not modules of Node.js' packages.
fn is_in_library_directory(path: &str) -> bool {
    let is_top = !path.starts_with("usr/");
    let inside = path.strip_prefix("usr/").unwrap_or(path);
    let Some((directory, _)) = inside.split_once('/') else {
        return false;
    };
    matches!(directory, "lib" | "lib32" | "lib64" | "libx32" | "libexec")
        && (is_top || !path.contains("/node_modules/"))
}

/// What nobody can look into: whatever the program is made of is compressed.
const PACKED: &str = "programs packed with UPX";

/// Whether UPX packed a program for Linux: its mark stands behind the headers (UPX' `linker.h`, `l_info`).
fn is_packed(content: &mut dyn Content) -> io::Result<bool> {
    let head = read_range(content, 0, 512)?;
    Ok(head.starts_with(b"\x7fELF") && memchr::memmem::find(&head, b"UPX!").is_some())
}

/// Programs in the formats of Linux, Windows and macOS.
pub(crate) struct Programs;

impl PieceCataloger for Programs {
    fn name(&self) -> &'static str {
        "programs"
    }

    fn version(&self) -> u32 {
        11
    }

    fn may_be(&self, path: &str, mode: u32, size: u64) -> bool {
        let is_known = || is_well_known(paths::name(path));
        let is_called = || is_of_windows(path) || is_own_library(path) || is_called_archive(path);
        let is_program = || mode & 0o111 != 0 || is_called() || is_known();
        size >= SMALLEST && is_program()
    }

    fn is(&self, head: &[u8]) -> bool {
        executable::is_executable(head)
    }

    fn catalog(
        &self,
        content: &mut dyn Content,
        evidence: &mut EvidenceFile,
        warnings: &mut Warnings,
    ) -> io::Result<()> {
        let Some(executable) = executable::read(content)? else {
            return Ok(());
        };
        match go::read(&executable, content)? {
            Some(go::GoProgram::Modules(modules)) => {
                let distribution = go::distribution(&evidence.path, &modules);
                evidence.packages.extend(modules);
                evidence.packages.extend(distribution);
            }
            Some(go::GoProgram::Silent) => evidence.uncatalogued = Some(go::WITHOUT_MODULES.to_owned()),
            None => {}
        }
        match rust::read(&executable, content)? {
            Some(Ok(crates)) => evidence.packages.extend(crates),
            Some(Err(problem)) => {
                evidence.uncatalogued = Some(rust::UNREADABLE.to_owned());
                warnings.add(problem);
            }
            None => {}
        }
        let lists = [
            (
                native_image::read(&executable, content)?,
                native_image::UNREADABLE,
            ),
            (bundle::read(&executable, content)?, bundle::UNREADABLE),
        ];
        for (list, unreadable) in lists {
            match list {
                Some(Ok(listed)) => {
                    evidence.packages.extend(listed.packages);
                    if let Some(beyond) = listed.beyond {
                        evidence.uncatalogued = Some(unreadable.to_owned());
                        warnings.add(beyond);
                    }
                }
                Some(Err(problem)) => {
                    evidence.uncatalogued = Some(unreadable.to_owned());
                    warnings.add(problem);
                }
                None => {}
            }
        }
        evidence
            .packages
            .extend(assembly::read(&evidence.path, &executable, content)?);
        evidence.packages.extend(known::read(&evidence.path, content)?);
        if evidence.packages.is_empty() && evidence.uncatalogued.is_none() && is_packed(content)? {
            evidence.uncatalogued = Some(PACKED.to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_libraries_are_told_by_their_names_and_directories() {
        for path in [
            "app/libx.so",
            "app/libx.so.1.2",
            "library/a.so",
            "libs/a.so.3",
            "usr/libs/a.so",
            "a.so",
            "usr/local/lib/a.so.1",
            "usr/lib/node_modules/x/a.node",
        ] {
            assert!(is_own_library(path), "{path}");
        }
        for path in [
            "lib/a.so",
            "lib64/a.so.1",
            "usr/lib/x86_64-linux-gnu/a.so.6",
            "usr/lib32/a.so",
            "usr/libx32/a.so",
            "usr/libexec/a.so",
            "app/a.so.conf",
            "app/a.sock",
            "app/a.some.1",
        ] {
            assert!(!is_own_library(path), "{path}");
        }
    }

    #[test]
    fn packed_programs_are_noticed() {
        let mut program = b"\x7fELF\x02\x01".to_vec();
        program.resize(0xe8, 0);
        program.extend(b"\x12\x34\x56\x78UPX!\x0d\x16");
        program.resize(8 << 10, 7);
        let mut evidence = EvidenceFile::default();
        let mut warnings = Warnings::of("a");
        Programs
            .catalog(&mut program.as_slice(), &mut evidence, &mut warnings)
            .unwrap();
        assert_eq!(evidence.uncatalogued.as_deref(), Some(PACKED));
        let mut evidence = EvidenceFile::default();
        program[0xec] = b'u';
        Programs
            .catalog(&mut program.as_slice(), &mut evidence, &mut warnings)
            .unwrap();
        assert_eq!(evidence.uncatalogued, None);
    }
}
