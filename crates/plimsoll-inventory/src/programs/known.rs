//! Well-known programs and libraries, by the version that stands in them. What each pattern looks for was seen in the files
//! of several versions.

use std::borrow::Cow;
use std::io;
use std::sync::{LazyLock, OnceLock};

use plimsoll_core::Ecosystem;
use regex::bytes::Regex;

use super::table::{KNOWN, Known};
use crate::content::{Content, read_range};
use crate::edges::{Edge, first_bytes};
use crate::{FoundPackage, paths};

/// So much is searched at a time.
const WINDOW: usize = 1 << 20;
/// No match is longer.
const OVERLAP: usize = 512;
/// The largest programs have some 100 MB.
const FURTHEST: u64 = 512 << 20;

/// The patterns, each made when it is first wanted; those with `SERIES` are made for each file.
static PATTERNS: [OnceLock<Option<Regex>>; KNOWN.len()] = [const { OnceLock::new() }; KNOWN.len()];

fn pattern(place: usize) -> Option<&'static Regex> {
    let made = || Regex::new(KNOWN[place].pattern).ok();
    PATTERNS[place].get_or_init(made).as_ref()
}

/// What the names of files are, or begin with.
struct Called {
    start: &'static str,
    is_whole: bool,
    edge: Edge,
    /// The place in the list.
    place: usize,
}

impl Called {
    fn new(pattern: &'static str, place: usize) -> Self {
        let start = pattern.strip_suffix('*').unwrap_or(pattern);
        Self {
            start,
            is_whole: start == pattern,
            edge: Edge::start(start),
            place,
        }
    }

    /// Whether `name`, whose first bytes are `bits`, is one.
    fn is(&self, name: &str, bits: u64) -> bool {
        self.edge.may_be(bits)
            && name
                .strip_prefix(self.start)
                .is_some_and(|rest| rest.is_empty() || !self.is_whole)
    }
}

/// The names by their first byte. Every path that a package owns is asked about, and nearly none is one of them.
static BY_FIRST_BYTE: LazyLock<Vec<Vec<Called>>> = LazyLock::new(|| {
    let mut names: Vec<Vec<Called>> = (0..256).map(|_| Vec::new()).collect();
    for (place, known) in KNOWN.iter().enumerate() {
        for pattern in known.names {
            if let Some(first) = pattern.bytes().next() {
                names[usize::from(first)].push(Called::new(pattern, place));
            }
        }
    }
    names
});

/// Those that a file with this name may be, with their places in the list.
fn candidates(name: &str) -> impl Iterator<Item = (usize, &'static Known)> {
    let first = name.bytes().next();
    let called = first.map_or(&[][..], |first| &BY_FIRST_BYTE[usize::from(first)]);
    let bits = first_bytes(name);
    let found = called.iter().filter(move |called| called.is(name, bits));
    found.map(|called| (called.place, &KNOWN[called.place]))
}

/// Whether one of them is called so.
pub(crate) fn is_known(name: &str) -> bool {
    candidates(name).next().is_some()
}

/// The program that a file is, if it is called like a well-known one and has a version in it.
///
/// # Errors
/// When `content` cannot be read.
pub(super) fn read(path: &str, content: &mut dyn Content) -> io::Result<Option<FoundPackage>> {
    let name = paths::name(path);
    for (place, known) in candidates(name) {
        let of_series = |series: String| Regex::new(&known.pattern.replace("SERIES", &series)).ok();
        let found = match known.pattern.contains("SERIES") {
            false => pattern(place).map(Cow::Borrowed),
            true => series(name).and_then(of_series).map(Cow::Owned),
        };
        let Some(pattern) = found else { continue };
        if let Some(version) = search(&pattern, content)? {
            return Ok(Some(FoundPackage {
                name: known.package.to_owned(),
                version,
                ecosystem: Some(Ecosystem::Generic),
                ..FoundPackage::default()
            }));
        }
    }
    Ok(None)
}

/// `3\.11` for `libpython3.11.so.1.0`.
fn series(name: &str) -> Option<String> {
    let start = name.find(|first: char| first.is_ascii_digit())?;
    let mut numbers = name[start..].split('.');
    let digits = |text: &str| -> String { text.chars().take_while(char::is_ascii_digit).collect() };
    let (major, minor) = (digits(numbers.next()?), digits(numbers.next()?));
    (!major.is_empty() && !minor.is_empty()).then(|| format!(r"{major}\.{minor}"))
}

/// The first match's group.
fn search(pattern: &Regex, content: &mut dyn Content) -> io::Result<Option<String>> {
    let end = content.size().min(FURTHEST);
    let mut offset = 0;
    while offset < end {
        let window = read_range(content, offset, WINDOW + OVERLAP)?;
        if window.is_empty() {
            break;
        }
        let found = pattern.captures(&window).and_then(|captures| captures.get(1));
        if let Some(version) = found {
            return Ok(Some(String::from_utf8_lossy(version.as_bytes()).into_owned()));
        }
        offset += WINDOW as u64;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str, content: &[u8]) -> Option<String> {
        let found = read(path, &mut &*content).unwrap();
        found.map(|package| format!("{} {}", package.name, package.version))
    }

    #[test]
    fn every_pattern_is_one() {
        for (place, known) in KNOWN.iter().enumerate() {
            let groups = pattern(place).map(Regex::captures_len);
            assert_eq!(groups, Some(2), "{}", known.package);
        }
    }

    #[test]
    fn names_are_told_as_the_list_has_them() {
        let is_called = |name: &str, pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        let listed = KNOWN.iter().flat_map(|known| known.names);
        let near = listed.flat_map(|name| {
            let start = name.trim_end_matches('*');
            let shorter = start.chars().take(start.len() - 1).collect();
            [
                start.to_owned(),
                format!("{start}.so"),
                format!("x{start}"),
                shorter,
                start.to_uppercase(),
            ]
        });
        for name in near.chain([String::new(), "\0".to_owned(), "é".to_owned()]) {
            let of = |known: &&Known| known.names.iter().any(|pattern| is_called(&name, pattern));
            let expected: Vec<&str> = KNOWN.iter().filter(of).map(|known| known.pattern).collect();
            let found: Vec<&str> = candidates(&name).map(|(_, known)| known.pattern).collect();
            assert_eq!(found, expected, "{name}");
            assert_eq!(is_known(&name), !expected.is_empty(), "{name}");
        }
    }

    #[test]
    fn versions_are_told_by_name_and_content() {
        for (path, content, expected) in [
            (
                "usr/local/bin/python3.11",
                "\0 3.2.0\0x\x003.11.7\0",
                Some("python 3.11.7"),
            ),
            (
                "usr/lib/libpython3.12.so.1.0",
                "/versions/3.12.1\0",
                Some("python 3.12.1"),
            ),
            (
                "usr/lib/libpython3.13t.so.1.0",
                "\x003.13.0rc1+\0",
                Some("python 3.13.0rc1"),
            ),
            ("usr/local/bin/python3.11", "\x0013.11.7\0", None),
            ("usr/local/bin/python3.11-config", "#!/bin/sh", None),
            ("bin/[", "BusyBox v1.37.0 (2026-05-13)", Some("busybox 1.37.0")),
            ("bin/[", "test (GNU coreutils) 9.1", None),
            (
                "usr/bin/openssl",
                "\0OpenSSL 3.0.11 19 Sep 2023\0",
                Some("openssl 3.0.11"),
            ),
            (
                "lib/libcrypto.so.10",
                "OpenSSL 1.0.2k-fips  26 Jan 2017",
                Some("openssl 1.0.2k"),
            ),
            ("lib/libcrypto.so.52", "LibreSSL 3.8.2\0", Some("libressl 3.8.2")),
            (
                "usr/lib/postgresql/15/bin/postgres",
                "PostgreSQL 9.1.\0PostgreSQL 15.5 on x86_64",
                Some("postgresql 15.5"),
            ),
            (
                "usr/sbin/mysqld",
                "/build/mysql-8.0.35/sql/x.cc",
                Some("mysql 8.0.35"),
            ),
            (
                "usr/sbin/mysqld",
                "10.11.6-MariaDB-log\0",
                Some("mariadb 10.11.6"),
            ),
            (
                "usr/local/bin/ruby",
                "ruby 3.2.1 (2023-02-08 revision 31819e82c8) [x86_64-linux]",
                Some("ruby 3.2.1"),
            ),
            ("opt/redis-server", "\x007.2.4\0", Some("redis 7.2.4")),
            (
                "bin/deno",
                "Exporter-Deno/0.82.0grpc\x002.9.8Deno/2.9.8+fe7ed01",
                Some("deno 2.9.8"),
            ),
            ("opt/other", "\x007.2.4\0", None),
            (
                "usr/sbin/sshd",
                "OpenSSH_2.5.0p1*,OpenSSH_2.5.1p1*\0OpenSSH_9.2p1 Debian-2\0",
                Some("openssh 9.2p1"),
            ),
            ("usr/sbin/dnsmasq", "\0dnsmasq-2.90\0", Some("dnsmasq 2.90")),
            ("usr/sbin/squid", "squid/5.7\0", Some("squid 5.7")),
            ("usr/bin/tor", "\0tor 0.4.9.11\0", Some("tor 0.4.9.11")),
            ("usr/bin/node", "\0node v0.10.48\0", Some("node 0.10.48")),
            (
                "lib64/libcrypto.so.3",
                "\0OpenSSL 1.1.1 (compatible; AWS-LC 1.69.0)\0",
                Some("aws-lc 1.69.0"),
            ),
            (
                "usr/sbin/haproxy",
                "HA-Proxy version 1.5.19 2016",
                Some("haproxy 1.5.19"),
            ),
            (
                "lib/libstd-d1237ef7159db0a2.so",
                "LLVM (rustc version 1.95.0 (59807616e 2026-04-14))",
                Some("rust 1.95.0"),
            ),
            ("usr/local/bin/gcc", "GCC: (Debian 12.2.0-14) 12.2.0\0", None),
            ("usr/local/bin/gcc", "\0GCC: (GNU) 13.2.0\0", Some("gcc 13.2.0")),
            (
                "usr/local/julia/lib/julia/libjulia-internal.so.1.10",
                "__init__\x001.10.2\0verify",
                Some("julia 1.10.2"),
            ),
            (
                "usr/lib/dart/bin/dart",
                "\"%s\"\x003.6.0-216.1.beta (beta)",
                Some("dart 3.6.0-216.1.beta"),
            ),
            (
                "opt/ghc/bin/ghc-9.4.7",
                "\0libHSghc-9.4.7-ghc9.4.7.so\0",
                Some("ghc 9.4.7"),
            ),
            (
                "usr/bin/mongod",
                "\x007.0.28\0\0heap_size",
                Some("mongodb 7.0.28"),
            ),
            (
                "usr/bin/arangod",
                "3.11.8 enterprise [linux] 64bit",
                Some("arangodb 3.11.8"),
            ),
            (
                "opt/fluent-bit",
                "\x002.2.3\0Fluent Bit",
                Some("fluent-bit 2.2.3"),
            ),
            (
                "usr/local/bin/envoy",
                "\x001.2.3\0x\x001.36.4\0ab\nc\0envoy_reloadable_features",
                Some("envoy 1.36.4"),
            ),
            (
                "usr/bin/ldapsearch",
                "$OpenLDAP: ldapsearch 2.5.13+dfsg-5",
                Some("openldap 2.5.13"),
            ),
            (
                "opt/lib/libQt6Core.so.6",
                "\0Qt 6.5.0 (x86_64-little_endian",
                Some("qtbase 6.5.0"),
            ),
            (
                "opt/chrome/chrome",
                "\x00127.0.6533.119\0Default",
                Some("chrome 127.0.6533.119"),
            ),
            (
                "usr/bin/getopt",
                "\0util-linux 2.38.1\0",
                Some("util-linux 2.38.1"),
            ),
            ("usr/bin/gzip", "\x001.12\0", Some("gzip 1.12")),
            ("usr/bin/jq", "failed: %s\x001.6\0DEBUG", Some("jq 1.6")),
            (
                "usr/bin/zstd",
                "Enabled\0v1.5.4\0Zstandard CLI",
                Some("zstd 1.5.4"),
            ),
        ] {
            assert_eq!(
                shown(path, content.as_bytes()).as_deref(),
                expected,
                "{path} {content}"
            );
        }
    }

    #[test]
    fn versions_are_found_across_the_ends_of_what_is_read_at_a_time() {
        for at in [WINDOW - 8, WINDOW, WINDOW + OVERLAP - 4, 2 * WINDOW - 3] {
            let mut content = vec![b'.'; at];
            content.extend(b"nginx/1.25.3\0");
            content.extend([0; 100]);
            assert_eq!(
                shown("usr/sbin/nginx", &content).as_deref(),
                Some("nginx 1.25.3"),
                "{at}"
            );
        }
    }

    /// What is installed here is found, and is what it says of itself.
    #[test]
    fn installed_programs() {
        let mut seen = 0;
        for (program, argument) in [
            ("bash", "--version"),
            ("openssl", "version"),
            ("curl", "--version"),
            ("git", "--version"),
            ("perl", "--version"),
            ("nginx", "-v"),
            ("php8.2", "--version"),
            ("redis-server", "--version"),
            ("busybox", "--help"),
            ("xz", "--version"),
            ("python3.11", "--version"),
            ("sqlite3", "--version"),
            ("jq", "--version"),
            ("zstd", "--version"),
            ("ssh", "-V"),
            ("gzip", "--version"),
            ("getopt", "--version"),
        ] {
            let places = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"];
            let path = places
                .iter()
                .map(|place| std::path::Path::new(place).join(program));
            let Some(path) = path.filter_map(|path| path.canonicalize().ok()).next() else {
                continue;
            };
            let content = std::fs::read(&path).unwrap();
            if !content.starts_with(b"\x7fELF") {
                continue;
            }
            let output = std::process::Command::new(&path).arg(argument).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said).into_owned();
            let Some(found) = read(&path.to_string_lossy(), &mut content.as_slice()).unwrap() else {
                // A program may have its version in a library.
                let needs_library = matches!(program, "python3.11" | "sqlite3" | "perl");
                assert!(needs_library, "{} has no version", path.display());
                continue;
            };
            assert!(
                said.contains(&found.version),
                "{}: {} is not in {said}",
                path.display(),
                found.version
            );
            seen += 1;
        }
        if seen == 0 {
            eprintln!("skipped: none of the well-known programs is installed");
        }
    }
}
