//! The checksums that publishers give, and whether a file has them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use plimsoll_core::{Digest, Sha256};
use ureq::http::HeaderMap;

/// What a file's bytes must give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checksum {
    Sha256(Digest),
    /// CRC-32C (Castagnoli), as Google's storage gives it.
    Crc32c(u32),
}

/// The checksums in an answer's headers: `Repr-Digest` and `Content-Digest` (RFC 9530), `Digest` (RFC 3230), and
/// Google's `x-goog-hash`.
pub(super) fn of_headers(headers: &HeaderMap) -> Vec<Checksum> {
    let mut checksums = Vec::new();
    for name in ["repr-digest", "content-digest", "digest", "x-goog-hash"] {
        let values = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        for (algorithm, value) in values
            .flat_map(|value| value.split(','))
            .filter_map(|part| part.split_once('='))
        {
            let bytes = base64(value.trim().trim_matches(':'));
            let checksum = match (algorithm.trim().to_ascii_lowercase().as_str(), bytes) {
                ("sha-256", Some(bytes)) => sha256(&hex(&bytes)),
                ("crc32c", Some(bytes)) => bytes
                    .try_into()
                    .ok()
                    .map(u32::from_be_bytes)
                    .map(Checksum::Crc32c),
                _ => None,
            };
            checksums.extend(checksum);
        }
    }
    checksums
}

/// The digest in a file that `sha256sum` wrote, or in one of NVD's `.meta` files.
pub(super) fn of_text(text: &str) -> Option<Checksum> {
    text.split_whitespace()
        .map(|word| word.strip_prefix("sha256:").unwrap_or(word))
        .find_map(|word| sha256(&word.to_ascii_lowercase()))
}

fn sha256(hex: &str) -> Option<Checksum> {
    format!("sha256:{hex}").parse().ok().map(Checksum::Sha256)
}

/// Whether a file has the checksum.
pub(super) fn holds(path: &Path, checksum: &Checksum) -> io::Result<bool> {
    holds_of(&mut File::open(path)?, checksum)
}

/// Whether the bytes of a reader have the checksum.
pub(super) fn holds_of(input: &mut dyn Read, checksum: &Checksum) -> io::Result<bool> {
    match checksum {
        Checksum::Sha256(expected) => {
            let mut hash = Sha256::new();
            io::copy(input, &mut hash)?;
            Ok(hash.finish() == *expected)
        }
        Checksum::Crc32c(expected) => {
            let table = crc32c_table();
            let mut crc = u32::MAX;
            let mut buffer = vec![0; 128 << 10];
            loop {
                let count = match input.read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    count => count?,
                };
                if count == 0 {
                    return Ok(!crc == *expected);
                }
                for byte in &buffer[..count] {
                    crc = table[usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
                }
            }
        }
    }
}

fn crc32c_table() -> [u32; 256] {
    /// The polynomial of Castagnoli, reflected.
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 }
        })
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for symbol in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|known| *known == symbol)?;
        bits = (bits << 6 | value as u32) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_files() {
        let mut headers = HeaderMap::new();
        headers.append("x-goog-hash", "crc32c=4waSgw==".parse().unwrap());
        headers.append("x-goog-hash", "md5=AAAA".parse().unwrap());
        headers.append(
            "repr-digest",
            "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"
                .parse()
                .unwrap(),
        );
        let checksums = of_headers(&headers);
        let digest = Checksum::Sha256(Digest::of(b"abc"));
        // The check value of CRC-32C is that of `123456789`.
        assert_eq!(checksums, [digest.clone(), Checksum::Crc32c(0xe306_9283)]);
        assert!(holds_of(&mut &b"123456789"[..], &checksums[1]).unwrap());
        assert!(!holds_of(&mut &b"12345678"[..], &checksums[1]).unwrap());
        assert!(holds_of(&mut &b"abc"[..], &digest).unwrap());
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of_text(&format!("{hex}  all.zip\n")), Some(digest.clone()));
        assert_eq!(
            of_text(&format!("size:3\r\nsha256:{}\r\n", hex.to_uppercase())),
            Some(digest)
        );
        assert_eq!(of_text("<html>"), None);
        headers.clear();
        headers.append("digest", "sha-256=!!".parse().unwrap());
        assert_eq!(of_headers(&headers), []);
    }
}
