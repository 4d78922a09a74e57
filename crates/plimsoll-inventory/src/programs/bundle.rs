//! Applications of .NET in one file: behind the program that starts them stand their files, the list of their packages among
//! them (dotnet/designs, "Single-file Bundler"; dotnet/runtime, `bundle/header.cpp`).

use std::io;

use crate::catalogers::{Listed, dotnet_packages};
use crate::content::{Content, read_range};
use crate::executable::Executable;

/// What a program has that cannot be taken apart.
pub(super) const UNREADABLE: &str =
    ".NET applications in one file with a damaged or overlong list of packages";
/// Stands in the program that starts an application, behind the place of the list of its files.
const SIGNATURE: [u8; 32] = [
    0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32, 0x13,
    0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
];
/// Where it stands.
const SECTIONS: [&str; 3] = [".data", ".rodata", ".rdata"];
/// No program has more of these.
const LARGEST_SECTION: usize = 32 << 20;
/// What follows an ELF file's last section, the table of them, takes no more, and an application takes more.
const LEAST_BEHIND: u64 = 4 << 10;
/// The list of an application's files takes no more.
const LARGEST_HEADER: usize = 2 << 20;
/// A list of packages takes no more.
const LARGEST: u64 = 8 << 20;
/// The kind of a file that is the list of packages.
const LIST_OF_PACKAGES: u64 = 3;

/// The packages of the application in the program, or what is wrong with the list; `None` where there is none.
///
/// # Errors
/// When `content` cannot be read.
pub(super) fn read(
    executable: &Executable,
    content: &mut dyn Content,
) -> io::Result<Option<Result<Listed, String>>> {
    if content.size() <= executable.end().saturating_add(LEAST_BEHIND) {
        return Ok(None);
    }
    let Some(header) = header(executable, content)? else {
        return Ok(None);
    };
    let header = read_range(content, header, LARGEST_HEADER)?;
    let Some((offset, size)) = list_of_packages(&header) else {
        return Ok(Some(Err("the list of its files is damaged".to_owned())));
    };
    if size > LARGEST {
        return Ok(Some(Err(format!(
            "its list of packages has {size} bytes; no more than {LARGEST} are read"
        ))));
    }
    if size == 0 {
        return Ok(None);
    }
    let list = read_range(content, offset, usize::try_from(size).unwrap_or(0))?;
    let packages = dotnet_packages(&list);
    Ok(Some(packages.map_err(|error| {
        format!("its list of packages cannot be read: {error}")
    })))
}

/// Where the list of the application's files is.
fn header(executable: &Executable, content: &mut dyn Content) -> io::Result<Option<u64>> {
    for name in SECTIONS {
        let Some(section) = executable.section(name) else {
            continue;
        };
        let size = usize::try_from(section.size).unwrap_or(usize::MAX);
        let bytes = read_range(content, section.offset, size.min(LARGEST_SECTION))?;
        if let Some(at) = memchr::memmem::find(&bytes, &SIGNATURE) {
            let before = at.checked_sub(8).and_then(|start| bytes.get(start..at));
            let offset = before.and_then(|mut bytes| number(&mut bytes, 8));
            // Zero in a program that has no application behind it.
            return Ok(offset.filter(|offset| *offset > 0 && *offset < content.size()));
        }
    }
    Ok(None)
}

/// Where the list of packages is, and how long; of no length where there is none.
fn list_of_packages(mut header: &[u8]) -> Option<(u64, u64)> {
    let header = &mut header;
    let major = number(header, 4)?;
    let _minor = number(header, 4)?;
    let files = number(header, 4)?;
    skip_text(header)?;
    if major >= 2 {
        return Some((number(header, 8)?, number(header, 8)?));
    }
    // .NET Core 3 has it among the others only.
    for _ in 0..files {
        let place = (number(header, 8)?, number(header, 8)?);
        let kind = number(header, 1)?;
        skip_text(header)?;
        if kind == LIST_OF_PACKAGES {
            return Some(place);
        }
    }
    Some((0, 0))
}

/// Takes a number of so many bytes, the lowest first.
fn number(bytes: &mut &[u8], length: usize) -> Option<u64> {
    let (number, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(
        number
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}

/// Skips a text, before which its length stands, seven bits in a byte.
fn skip_text(bytes: &mut &[u8]) -> Option<()> {
    let mut length = 0;
    for shift in [0, 7, 14] {
        let byte = usize::try_from(number(bytes, 1)?).ok()?;
        length |= (byte & 0x7f) << shift;
        if byte < 0x80 {
            *bytes = bytes.get(length..)?;
            return Some(());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_list_of_packages_of_each_version() {
        let mut three = vec![1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0];
        three.extend(b"\x03abc");
        for (offset, kind) in [(7u64, 1), (9, 3)] {
            three.extend(offset.to_le_bytes());
            three.extend(100u64.to_le_bytes());
            three.extend([kind, 1, b'x']);
        }
        assert_eq!(list_of_packages(&three), Some((9, 100)));
        assert_eq!(list_of_packages(&three[..three.len() - 1]), None);
        let mut six = vec![6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x81, 0x01];
        six.extend([b'a'; 129]);
        six.extend(5u64.to_le_bytes());
        six.extend(6u64.to_le_bytes());
        assert_eq!(list_of_packages(&six), Some((5, 6)));
    }

    proptest! {
        #[test]
        fn no_list_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            list_of_packages(&bytes);
        }
    }
}
