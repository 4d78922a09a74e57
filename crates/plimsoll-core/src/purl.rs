use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::Ecosystem;

/// A package URL: `pkg:type/namespace/name@version?qualifiers#subpath`, after ECMA-427 (the purl specification).
///
/// The parts are decoded. Type and qualifier keys are in lower case; nothing else is normalized, since how names
/// are depends on the type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl {
    /// The type: `deb`, `npm`.
    pub kind: String,
    /// The segments before the name, joined by slashes: `debian`, `@angular`.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The version.
    pub version: Option<String>,
    /// `arch`, `distro` and the like; those without a value are left out.
    pub qualifiers: BTreeMap<String, String>,
    /// The path inside the package.
    pub subpath: Option<String>,
}

/// A text that is no package URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurlError {
    text: String,
    reason: &'static str,
}

impl fmt::Display for PurlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a package URL: {}", self.text, self.reason)
    }
}

impl std::error::Error for PurlError {}

impl Purl {
    /// The name that a package of `ecosystem` has by this package URL: `org.apache:log4j`, `@angular/core`, and of
    /// distributions' packages the name alone.
    pub fn package_name(&self, ecosystem: Ecosystem) -> String {
        let separator = match ecosystem {
            Ecosystem::Deb
            | Ecosystem::Apk
            | Ecosystem::Rpm
            | Ecosystem::Alpm
            | Ecosystem::Opkg
            | Ecosystem::Pear => return self.name.clone(),
            Ecosystem::Maven => ':',
            _ => '/',
        };
        match &self.namespace {
            None => self.name.clone(),
            Some(namespace) => format!("{namespace}{separator}{}", self.name),
        }
    }

    /// Whether what is said of this package is said of `other` too: everything that this one names, `other` has.
    /// So `pkg:deb/debian/openssl` covers `pkg:deb/debian/openssl@3.0.9-1?arch=amd64`.
    pub fn covers(&self, other: &Self) -> bool {
        let same = |mine: &Option<String>, theirs: &Option<String>| mine.is_none() || mine == theirs;
        self.kind == other.kind
            && self.vendor() == other.vendor()
            && self.name == other.name
            && same(&self.version, &other.version)
            && same(&self.subpath, &other.subpath)
            && self
                .qualifiers
                .iter()
                .all(|(key, value)| other.qualifiers.get(key) == Some(value))
    }

    /// The namespace; of RPM packages by the distribution's own name, for which tools have several.
    fn vendor(&self) -> Option<&str> {
        let namespace = self.namespace.as_deref()?;
        Some(match (self.kind.as_str(), namespace) {
            ("rpm", "alma") => "almalinux",
            ("rpm", "amzn") => "amazon",
            ("rpm", "mariner") => "cbl-mariner",
            ("rpm", "ol" | "oraclelinux") => "oracle",
            ("rpm", "rhel") => "redhat",
            ("rpm", "rockylinux") => "rocky",
            ("rpm", "sles") => "suse",
            _ => namespace,
        })
    }
}

impl FromStr for Purl {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<Self, PurlError> {
        let wrong = |reason| PurlError {
            text: text.to_owned(),
            reason,
        };
        let decode =
            |part: &str| decode(part).ok_or_else(|| wrong("a percent sign without two hexadecimal digits"));
        let segments = |path: &str| -> Result<Option<String>, PurlError> {
            if !path.is_empty() && !path.contains(['/', '%']) {
                return Ok(Some(path.to_owned()));
            }
            let segments: Vec<String> = path
                .split('/')
                .filter(|segment| !segment.is_empty())
                .map(decode)
                .collect::<Result<_, _>>()?;
            Ok((!segments.is_empty()).then(|| segments.join("/")))
        };
        let rest = text
            .split_once(':')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("pkg"))
            .map(|(_, rest)| rest.trim_start_matches('/'))
            .ok_or_else(|| wrong("it does not start with `pkg:`"))?;
        let (rest, subpath) = match rest.rsplit_once('#') {
            Some((rest, subpath)) => (rest, segments(subpath)?),
            None => (rest, None),
        };
        let (rest, qualifiers) = rest.rsplit_once('?').unwrap_or((rest, ""));
        let (kind, rest) = rest.split_once('/').ok_or_else(|| wrong("it has no name"))?;
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".+-".contains(&byte);
        if kind.is_empty() || !kind.bytes().all(valid) {
            return Err(wrong(
                "its type is empty or holds other than letters, digits, `.`, `+` and `-`",
            ));
        }
        // An npm scope begins with an at sign that some writers leave unencoded, so only one behind the name counts.
        let last_slash = rest.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1);
        let (path, version) = match rest[last_slash..].rfind('@') {
            Some(at) if at > 0 => (&rest[..last_slash + at], Some(&rest[last_slash + at + 1..])),
            _ => (rest, None),
        };
        let path = path.trim_matches('/');
        let (namespace, name) = match path.rsplit_once('/') {
            Some((namespace, name)) => (segments(namespace)?, decode(name)?),
            None => (None, decode(path)?),
        };
        if name.is_empty() {
            return Err(wrong("it has no name"));
        }
        let mut all = BTreeMap::new();
        for qualifier in qualifiers.split('&').filter(|one| !one.is_empty()) {
            let (key, value) = qualifier
                .split_once('=')
                .ok_or_else(|| wrong("a qualifier has no `=`"))?;
            if !value.is_empty() {
                all.insert(key.to_ascii_lowercase(), decode(value)?);
            }
        }
        Ok(Self {
            kind: kind.to_ascii_lowercase(),
            namespace,
            name,
            version: version
                .filter(|version| !version.is_empty())
                .map(decode)
                .transpose()?,
            qualifiers: all,
            subpath,
        })
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pkg:")?;
        f.write_str(&self.kind)?;
        f.write_str("/")?;
        if let Some(namespace) = &self.namespace {
            for segment in namespace.split('/') {
                encode(f, segment)?;
                f.write_str("/")?;
            }
        }
        encode(f, &self.name)?;
        if let Some(version) = &self.version {
            f.write_str("@")?;
            encode(f, version)?;
        }
        for (index, (key, value)) in self.qualifiers.iter().enumerate() {
            f.write_str(if index == 0 { "?" } else { "&" })?;
            f.write_str(key)?;
            f.write_str("=")?;
            encode(f, value)?;
        }
        if let Some(subpath) = &self.subpath {
            for (index, segment) in subpath.split('/').enumerate() {
                f.write_str(if index == 0 { "#" } else { "/" })?;
                encode(f, segment)?;
            }
        }
        Ok(())
    }
}

/// Writes `text` with everything percent-encoded but the characters that the specification leaves as they are.
fn encode(f: &mut fmt::Formatter<'_>, mut text: &str) -> fmt::Result {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':');
    while !text.is_empty() {
        let end = text.bytes().position(|byte| !plain(byte)).unwrap_or(text.len());
        let (same, rest) = text.split_at(end);
        f.write_str(same)?;
        let mut characters = rest.chars();
        if let Some(character) = characters.next() {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                f.write_char('%')?;
                f.write_char(char::from(DIGITS[usize::from(byte >> 4)]))?;
                f.write_char(char::from(DIGITS[usize::from(byte & 15)]))?;
            }
        }
        text = characters.as_str();
    }
    Ok(())
}

/// Decodes percent-encoding; bytes that are not UTF-8 are replaced.
fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()?);
        rest = tail;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_specification() {
        for text in [
            "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=debian-12.5",
            "pkg:npm/%40angular/animation@12.3.1",
            "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
            "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?classifier=sources",
            "pkg:generic/openssl@1.1.10g",
            "pkg:oci/app@sha256:244fd47e07d1004f0aed9c",
        ] {
            let purl: Purl = text.parse().unwrap();
            assert_eq!(purl.to_string(), text);
        }
        let scoped: Purl = "pkg:NPM/@babel/core@7.0.0".parse().unwrap();
        assert_eq!(
            (
                scoped.kind.as_str(),
                scoped.namespace.as_deref(),
                scoped.name.as_str()
            ),
            ("npm", Some("@babel"), "core")
        );
        assert_eq!(scoped.version.as_deref(), Some("7.0.0"));
        let bare: Purl = "pkg://npm/foo?x=".parse().unwrap();
        assert_eq!((bare.version, bare.qualifiers.len()), (None, 0));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "npm/foo@1",
            "pkg:npm",
            "pkg:npm/",
            "pkg:/foo",
            "pkg:npm/a%2",
            "pkg:npm/a?b",
            "pkg:n_m/a",
        ] {
            let error = text.parse::<Purl>().unwrap_err();
            assert!(error.to_string().contains("is not a package URL"), "{text}");
        }
    }

    #[test]
    fn less_said_covers_more() {
        let purl = |text: &str| text.parse::<Purl>().unwrap();
        let installed = purl("pkg:deb/debian/openssl@3.0.9-1?arch=amd64");
        for (statement, covers) in [
            ("pkg:deb/debian/openssl", true),
            ("pkg:deb/debian/openssl@3.0.9-1", true),
            ("pkg:deb/debian/openssl?arch=amd64", true),
            ("pkg:deb/debian/openssl@3.0.9-2", false),
            ("pkg:deb/debian/openssl?arch=arm64", false),
            ("pkg:deb/ubuntu/openssl", false),
            ("pkg:deb/openssl", false),
            ("pkg:apk/debian/openssl", false),
        ] {
            assert_eq!(purl(statement).covers(&installed), covers, "{statement}");
        }
        assert!(purl("pkg:rpm/almalinux/bash").covers(&purl("pkg:rpm/alma/bash@5")));
        assert!(!purl("pkg:rpm/rocky/bash").covers(&purl("pkg:rpm/alma/bash@5")));
    }
}
