use std::str::FromStr;

use super::Purl;

/// Why a text is no package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParsePurlError {
    #[error("it does not begin with `pkg:`")]
    Scheme,
    #[error("it has no {0}")]
    Missing(&'static str),
    #[error("`{0}` is not a type")]
    Type(String),
    #[error("a percent-encoded part of it is not UTF-8")]
    Encoding,
}

impl FromStr for Purl {
    type Err = ParsePurlError;

    /// Takes a text apart in the order that the specification gives: from the right.
    fn from_str(text: &str) -> Result<Self, ParsePurlError> {
        let (rest, subpath) = text.trim().split_once('#').unwrap_or((text.trim(), ""));
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let rest = match rest.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("pkg") => rest.trim_matches('/'),
            _ => return Err(ParsePurlError::Scheme),
        };
        let (kind, rest) = rest.split_once('/').ok_or(ParsePurlError::Missing("name"))?;
        let is_type_character = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
        if kind.is_empty() || !kind.chars().all(is_type_character) {
            return Err(ParsePurlError::Type(kind.to_owned()));
        }
        // An `@` that is not encoded may also begin an npm scope, which stands before a slash.
        let (path, version) = match rest.rsplit_once('@') {
            Some((path, version)) if !path.is_empty() && !version.contains('/') => (path, version),
            _ => (rest, ""),
        };
        let path = path.trim_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let segments = namespace.split('/').filter(|segment| !segment.is_empty());
        let namespace = segments.map(decode).collect::<Result<Vec<_>, _>>()?.join("/");
        let name = decode(name)?;
        if name.is_empty() {
            return Err(ParsePurlError::Missing("name"));
        }
        let mut pairs = Vec::new();
        for pair in qualifiers.split('&') {
            match pair.split_once('=') {
                Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                    pairs.push((key.to_ascii_lowercase(), decode(value)?));
                }
                _ => {}
            }
        }
        pairs.sort();
        Ok(Self {
            kind: kind.to_ascii_lowercase(),
            namespace,
            name,
            version: decode(version)?,
            qualifiers: pairs,
            subpath: decode(subpath.trim_matches('/'))?,
        })
    }
}

/// Undoes percent-encoding; a `%` without two hexadecimal digits stands for itself.
fn decode(text: &str) -> Result<String, ParsePurlError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let digits = text.get(index + 1..index + 3).filter(|_| byte == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                decoded.push(value);
                index += 3;
            }
            None => {
                decoded.push(byte);
                index += 1;
            }
        }
    }
    String::from_utf8(decoded).map_err(|_| ParsePurlError::Encoding)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Purl {
        text.parse().unwrap()
    }

    #[test]
    fn the_parts_of_a_url() {
        let purl = parsed("pkg:deb/debian/attr@1:2.4.47-2%2Bb1?distro=debian-12&arch=amd64#a/b");
        assert_eq!(
            (&*purl.namespace, &*purl.name, &*purl.version, &*purl.subpath),
            ("debian", "attr", "1:2.4.47-2+b1", "a/b")
        );
        assert_eq!(purl.qualifier("arch"), Some("amd64"));
        let scoped = parsed("pkg:npm/%40angular/core@17.0.0");
        assert_eq!((&*scoped.namespace, &*scoped.name), ("@angular", "core"));
        let unencoded = parsed("pkg:npm/@angular/core");
        assert_eq!((&*unencoded.namespace, &*unencoded.version), ("@angular", ""));
        let go = parsed("pkg://golang/github.com/a/b@v1.2.3");
        assert_eq!((&*go.namespace, &*go.name), ("github.com/a", "b"));
    }

    #[test]
    fn what_is_no_package_url() {
        for (text, error) in [
            ("", ParsePurlError::Scheme),
            ("npm/a@1", ParsePurlError::Scheme),
            ("pkg:npm", ParsePurlError::Missing("name")),
            ("pkg:npm/", ParsePurlError::Missing("name")),
            ("pkg:n m/a", ParsePurlError::Type("n m".to_owned())),
            ("pkg:npm/%ff", ParsePurlError::Encoding),
        ] {
            assert_eq!(text.parse::<Purl>(), Err(error), "{text}");
        }
        assert_eq!(parsed("pkg:npm/100%").name, "100%");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC*") {
            let _ = text.parse::<Purl>();
            let _ = format!("pkg:{text}").parse::<Purl>();
        }

        #[test]
        fn what_is_written_is_read_back(
            namespace in "([a-z@. ü+%]{1,4}(/[a-z@%?#]{1,4}){0,2})?",
            name in "[a-zA-Z0-9@/#?%&=+ü]{1,8}",
            version in "[0-9a-z+~:%@/]{0,8}",
            value in "[ -~]{1,8}",
        ) {
            let purl = Purl {
                kind: "npm".to_owned(),
                namespace,
                name,
                version,
                qualifiers: vec![("arch".to_owned(), value)],
                subpath: String::new(),
            };
            prop_assert_eq!(purl.to_string().parse::<Purl>(), Ok(purl));
        }
    }
}
