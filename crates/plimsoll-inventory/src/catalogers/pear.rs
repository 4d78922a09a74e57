use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings};
use crate::{EvidenceFile, FoundPackage};

/// PHP packages and extensions that PEAR or PECL installed: `.registry/NAME.reg`, an array that PHP serialized (PHP's manual,
/// `serialize`). Those of other channels than PEAR's own stand in `.registry/.channel.CHANNEL`.
pub(super) struct Pear;

impl Cataloger for Pear {
    fn name(&self) -> &'static str {
        "pear"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Pear)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End(".reg")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (directory, name) = path.rsplit_once('/')?;
        let (above, last) = directory.rsplit_once('/').unwrap_or(("", directory));
        let is_registry = match last.starts_with(".channel.") {
            true => above == ".registry" || above.ends_with("/.registry"),
            false => last == ".registry",
        };
        // The list of files stands in it.
        (is_registry && name.ends_with(".reg")).then_some(8 << 20)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        match package(content) {
            Some(package) => evidence.packages.push(package),
            None => warnings.add("it names no package of PEAR with its version"),
        }
    }
}

fn package(content: &[u8]) -> Option<FoundPackage> {
    let mut reader = Reader { rest: content };
    let entry = reader.value(0)?;
    let text = |value: Option<&Value<'_>>| match value {
        Some(Value::Text(text)) => Some(String::from_utf8_lossy(text).trim().to_owned()),
        _ => None,
    };
    // The first form of the registry has `package` for the name and texts for the others.
    let name = text(entry.get("name")).or_else(|| text(entry.get("package")))?;
    let version = entry.get("version");
    let version = text(version).or_else(|| text(version?.get("release")))?;
    let license = entry.get("license");
    let license = text(license).or_else(|| text(license?.get("_content")));
    let is_said = |text: &String| !text.is_empty() && text.len() <= 300;
    (is_said(&name) && is_said(&version)).then(|| FoundPackage {
        name,
        version,
        licenses: license.filter(is_said).into_iter().collect(),
        ..FoundPackage::default()
    })
}

/// A value as far as it matters here.
enum Value<'a> {
    Text(&'a [u8]),
    Array(Vec<(&'a [u8], Value<'a>)>),
    Other,
}

impl<'a> Value<'a> {
    fn get(&self, key: &str) -> Option<&Value<'a>> {
        match self {
            Self::Array(entries) => {
                let found = entries.iter().find(|(name, _)| *name == key.as_bytes());
                found.map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

/// The keys that are asked for; what stands under others is read and forgotten, however much it is.
const KEYS: &[&[u8]] = &[
    b"name",
    b"package",
    b"version",
    b"release",
    b"license",
    b"_content",
];
/// From this depth on nothing is asked for.
const FORGOTTEN: usize = 2;
/// No registry is deeper.
const DEEPEST: usize = 32;

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        match self.until(if self.rest.starts_with(b"N") { b';' } else { b':' })? {
            b"N" => Some(Value::Other),
            b"b" | b"i" | b"d" => self.until(b';').map(|_| Value::Other),
            b"s" => {
                let length = self.number()?;
                let text = self.rest.strip_prefix(b"\"")?.get(..length)?;
                self.rest = self.rest[1 + length..].strip_prefix(b"\";")?;
                Some(Value::Text(text))
            }
            b"a" if depth < DEEPEST => {
                let length = self.number()?;
                self.rest = self.rest.strip_prefix(b"{")?;
                let mut entries = Vec::new();
                for _ in 0..length {
                    let key = self.value(depth + 1)?;
                    let value = self.value(depth + 1)?;
                    if let Value::Text(key) = key
                        && depth < FORGOTTEN
                        && KEYS.contains(&key)
                        && !entries.iter().any(|(name, _)| *name == key)
                    {
                        entries.push((key, value));
                    }
                }
                self.rest = self.rest.strip_prefix(b"}")?;
                Some(Value::Array(entries))
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<usize> {
        std::str::from_utf8(self.until(b':')?).ok()?.parse().ok()
    }

    fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let at = memchr::memchr(end, self.rest)?;
        let (taken, rest) = self.rest.split_at(at);
        self.rest = &rest[1..];
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    const PATH: &str = "usr/local/lib/php/.registry/.channel.pecl.php.net/redis.reg";

    #[test]
    fn registries_in_both_forms() {
        let second = br#"a:5:{s:7:"attribs";a:1:{i:0;N;}s:4:"name";s:5:"redis";s:7:"version";a:2:{s:7:"release";s:5:"6.0.2";s:3:"api";s:5:"6.0.0";}
s:1:"x";d:1.5;s:7:"license";a:2:{s:7:"attribs";b:1;s:8:"_content";s:11:"PHP License";}}"#;
        let second: Vec<u8> = second.iter().copied().filter(|byte| *byte != b'\n').collect();
        let first = br#"a:3:{s:7:"package";s:11:"Archive_Tar";s:7:"version";s:6:"1.4.14";s:7:"license";s:12:"New BSD "1"!";}"#;
        for (content, expected) in [
            (second.as_slice(), "redis 6.0.2 [\"PHP License\"]"),
            (first, "Archive_Tar 1.4.14 [\"New BSD \\\"1\\\"!\"]"),
        ] {
            let (evidence, warnings) = catalog(PATH, content);
            assert!(warnings.is_empty(), "{warnings:?}");
            let found = &evidence.packages[0];
            let shown = format!("{} {} {:?}", found.name, found.version, found.licenses);
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn only_what_is_asked_for_is_kept() {
        let entries = [
            "N;N;".repeat(1000),
            "i:0;s:1:\"x\";".repeat(1000),
            "s:4:\"name\";s:1:\"a\";s:4:\"name\";s:1:\"b\";".repeat(500),
            "s:7:\"version\";a:2:{s:1:\"x\";N;s:7:\"release\";a:1:{s:4:\"name\";N;}}".to_owned(),
        ];
        let content = format!("a:3001:{{{}}}", entries.concat());
        let mut reader = Reader {
            rest: content.as_bytes(),
        };
        let Some(Value::Array(kept)) = reader.value(0) else {
            panic!("no array");
        };
        assert!(reader.rest.is_empty());
        assert_eq!(kept.len(), 2);
        assert!(matches!(kept[0], (b"name", Value::Text(b"a"))));
        let Value::Array(version) = &kept[1].1 else {
            panic!("no array");
        };
        assert!(matches!(version.as_slice(), [(b"release", Value::Array(none))] if none.is_empty()));
    }

    #[test]
    fn what_is_none_is_noted() {
        let deep = [b"a:1:{i:0;".repeat(100), b"}".repeat(100)].concat();
        for content in [
            b"".as_slice(),
            b"a:9999999999:{",
            br#"s:99:"x";"#,
            br#"a:1:{s:4:"name";s:1:"a";}"#,
            &deep,
        ] {
            assert_eq!(catalog(PATH, content).1.len(), 1);
        }
        for path in ["a/.registry/x.reg", ".registry/x.reg"] {
            assert!(Pear.limit(path).is_some(), "{path}");
        }
        for path in ["a/x.reg", "a/.channel.b/x.reg", ".registry/a/x.reg"] {
            assert!(Pear.limit(path).is_none(), "{path}");
        }
    }
}
