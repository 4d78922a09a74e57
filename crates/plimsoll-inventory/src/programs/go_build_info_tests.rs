//! Programs made by hand, with the build information in both forms.

use super::*;
use crate::executable;

const MODULES: &str = "path\texample.com/app\nmod\texample.com/app\tv1.0.0\n";

fn sentinels(modules: &str) -> Vec<u8> {
    [&[b'<'; SENTINEL], modules.as_bytes(), &[b'>'; SENTINEL]].concat()
}

/// A number of `length` bytes.
fn number(value: u64, length: usize, little: bool) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    let mut bytes = bytes[..length].to_vec();
    if !little {
        bytes.reverse();
    }
    bytes
}

/// An ELF file with one segment of data at 4096, which is at `address` in memory.
fn elf(wide: bool, little: bool, address: u64, data: &[u8]) -> Vec<u8> {
    let word = if wide { 8 } else { 4 };
    let mut file = b"\x7fELF".to_vec();
    file.extend([if wide { 2 } else { 1 }, if little { 1 } else { 2 }]);
    file.resize(4096, 0);
    let mut put = |at: usize, value: u64, length: usize| {
        file[at..at + length].copy_from_slice(&number(value, length, little));
    };
    let (table, size, count) = if wide {
        (0x20, 0x36, 0x38)
    } else {
        (0x1c, 0x2a, 0x2c)
    };
    put(table, 64, word);
    put(size, if wide { 56 } else { 32 }, 2);
    put(count, 1, 2);
    let (flags, offset, memory, length) = if wide { (4, 8, 16, 32) } else { (24, 4, 8, 16) };
    put(64, 1, 4);
    put(64 + flags, 6, 4);
    put(64 + offset, 4096, word);
    put(64 + memory, address, word);
    put(64 + length, data.len() as u64, word);
    file.extend(data);
    file
}

fn told(file: &[u8]) -> Option<BuildInfo> {
    let executable = executable::read(&mut &*file).unwrap()?;
    read(&executable, &mut &*file).unwrap()
}

fn expected() -> Option<BuildInfo> {
    Some(BuildInfo {
        go_version: "go1.20.1".to_owned(),
        modules: MODULES.to_owned(),
    })
}

/// The form with the texts behind the header.
fn inline() -> Vec<u8> {
    let modules = sentinels(MODULES);
    let mut data = vec![0; 64];
    data.extend(MAGIC);
    data.extend([8, 2]);
    data.resize(64 + HEADER, 0);
    data.push(8);
    data.extend(b"go1.20.1");
    data.push(modules.len() as u8);
    data.extend(modules);
    data
}

/// The form with pointers to Go's strings.
fn pointers(word: usize, little: bool, address: u64) -> Vec<u8> {
    let modules = sentinels(MODULES);
    let (strings, version_at) = (128, 256);
    let modules_at = version_at + 8;
    let mut data = vec![0; modules_at];
    data[..14].copy_from_slice(MAGIC);
    data[14] = word as u8;
    data[15] = u8::from(!little);
    let mut put = |at: usize, value: u64| data[at..at + word].copy_from_slice(&number(value, word, little));
    put(16, address + strings);
    put(16 + word, address + strings + 32);
    put(strings as usize, address + version_at as u64);
    put(strings as usize + word, 8);
    put(strings as usize + 32, address + modules_at as u64);
    put(strings as usize + 32 + word, modules.len() as u64);
    data[version_at..].copy_from_slice(b"go1.20.1");
    data.extend(modules);
    data
}

#[test]
fn both_forms_in_every_word_size_and_byte_order() {
    for (wide, little) in [(true, true), (true, false), (false, true), (false, false)] {
        assert_eq!(
            told(&elf(wide, little, 0x40_0000, &inline())),
            expected(),
            "{wide} {little}"
        );
        let data = pointers(if wide { 8 } else { 4 }, little, 0x40_0000);
        assert_eq!(
            told(&elf(wide, little, 0x40_0000, &data)),
            expected(),
            "{wide} {little}"
        );
    }
}

#[test]
fn damaged_blobs_say_nothing() {
    assert_eq!(told(&elf(true, true, 0, b"nothing here")), None);
    let cut = inline();
    assert_eq!(
        told(&elf(true, true, 0, &cut[..cut.len() - 5])).unwrap().modules,
        ""
    );
    assert_eq!(told(&elf(true, true, 0, &cut[..100])), None);
    let mut nowhere = pointers(8, true, 0x1000);
    nowhere[16..24].fill(0xff);
    assert_eq!(told(&elf(true, true, 0x1000, &nowhere)), None);
    let mut endless = inline();
    endless[96..106].fill(0xff);
    assert_eq!(told(&elf(true, true, 0, &endless)), None);
    // Not where the linker puts it.
    let mut odd = vec![0; 5];
    odd.extend(inline());
    assert_eq!(told(&elf(true, true, 0, &odd)), None);
}

mod hostile {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_program_panics(
            at in 0..4500_usize, bytes in prop::collection::vec(any::<u8>(), 1..40), inlined: bool, wide: bool,
            magic in prop::sample::select(vec![
                b"\x7fELF".as_slice(), b"MZ", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe",
            ]),
        ) {
            let data = if inlined { inline() } else { pointers(8, true, 0x1000) };
            let mut file = elf(wide, true, 0x1000, &data);
            file[..magic.len()].copy_from_slice(magic);
            for (index, byte) in bytes.into_iter().enumerate() {
                if let Some(place) = file.get_mut(at + index) {
                    *place = byte;
                }
            }
            told(&file);
        }

        #[test]
        fn no_header_panics(mut file in prop::collection::vec(any::<u8>(), 64..600), kind in 0..5_usize) {
            let magic: [&[u8]; 5] = [
                b"\x7fELF\x02\x01", b"\x7fELF\x01\x02", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe\0\0\0\x01",
            ];
            file[..magic[kind].len()].copy_from_slice(magic[kind]);
            if kind == 2 {
                // The place of the header proper.
                file[0x3c..0x40].copy_from_slice(&[0x40, 0, 0, 0]);
                file.splice(0x40..0x40, *b"PE\0\0");
            }
            told(&file);
        }
    }
}
