use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Digest;

const DEFAULT_REGISTRY: &str = "docker.io";
const DEFAULT_TAG: &str = "latest";

/// The name of an image, in the grammar of the distribution project: `[registry/]path[:tag][@digest]`.
///
/// Names are kept in full (`docker.io/library/python:3.11-slim`) and shown as people write them
/// (`python:3.11-slim`), as Docker does. A name with neither tag nor digest has the tag `latest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    registry: String,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is not an image name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing stands before the tag or digest.
    #[error("`{0}` has no repository name")]
    Empty(String),
    /// The repository has upper-case letters.
    #[error("`{0}` has upper-case letters; a repository name is lower case")]
    UpperCase(String),
    /// A part does not follow the grammar.
    #[error("`{0}` is not an image name; write it as `[registry/]name[:tag]`")]
    Grammar(String),
}

impl Reference {
    /// The host, with port if there is one: `docker.io` where none is written.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository's path in the registry, such as `library/python`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag; `None` only where a digest stands instead.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest behind `@`, if there is one.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The repository as people write it: `python`, `flask-demo`, `localhost:5000/app`.
    pub fn repository(&self) -> String {
        if self.registry == DEFAULT_REGISTRY {
            return self
                .path
                .strip_prefix("library/")
                .unwrap_or(&self.path)
                .to_owned();
        }
        format!("{}/{}", self.registry, self.path)
    }

    /// The name with nothing left out: `docker.io/library/python:3.11-slim`.
    pub fn full(&self) -> String {
        format!("{}/{}{}", self.registry, self.path, self.suffix())
    }

    fn suffix(&self) -> String {
        let tag = self.tag.iter().map(|tag| format!(":{tag}"));
        let digest = self.digest.iter().map(|digest| format!("@{digest}"));
        tag.chain(digest).collect()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.repository(), self.suffix())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let grammar = || ReferenceError::Grammar(text.to_owned());
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(|_| grammar())?)),
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if name.is_empty() {
            return Err(ReferenceError::Empty(text.to_owned()));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(grammar());
        }
        let (registry, path) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (host, path.to_owned()),
            Some(_) => (DEFAULT_REGISTRY, name.to_owned()),
            None => (DEFAULT_REGISTRY, format!("library/{name}")),
        };
        let registry = if registry == "index.docker.io" {
            DEFAULT_REGISTRY
        } else {
            registry
        };
        let path = if registry == DEFAULT_REGISTRY && !path.contains('/') {
            format!("library/{path}")
        } else {
            path
        };
        if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(ReferenceError::UpperCase(text.to_owned()));
        }
        if path.len() > 255 || !path.split('/').all(is_path_component) {
            return Err(grammar());
        }
        let tag = match (tag, digest) {
            (None, None) => Some(DEFAULT_TAG.to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        Ok(Self {
            registry: registry.to_owned(),
            path,
            tag,
            digest,
        })
    }
}

/// Whether the first component names a registry: Docker's rule is a dot, a colon, or `localhost`.
fn is_host(component: &str) -> bool {
    let host_bytes = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let marked = component == "localhost" || component.contains(['.', ':']);
    marked && component.bytes().all(host_bytes) && !component.starts_with(['.', '-'])
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = tag.as_bytes();
    (1..=128).contains(&bytes.len())
        && word(bytes[0])
        && bytes.iter().all(|byte| word(*byte) || b".-".contains(byte))
}

/// Lower-case letters and digits, parted by one dot, one or two underscores, or any number of dashes.
fn is_path_component(component: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = component.split(plain).filter(|separator| !separator.is_empty());
    let allowed =
        |separator: &str| matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-');
    component.starts_with(plain) && component.ends_with(plain) && separators.into_iter().all(allowed)
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.full())
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_and_full_names() {
        for (text, shown, full) in [
            ("python", "python:latest", "docker.io/library/python:latest"),
            (
                "python:3.11-slim",
                "python:3.11-slim",
                "docker.io/library/python:3.11-slim",
            ),
            ("org/app", "org/app:latest", "docker.io/org/app:latest"),
            (
                "docker.io/python",
                "python:latest",
                "docker.io/library/python:latest",
            ),
            ("localhost/app:1", "localhost/app:1", "localhost/app:1"),
            (
                "example.test:5000/a/b:c",
                "example.test:5000/a/b:c",
                "example.test:5000/a/b:c",
            ),
            (
                "localhost:5000/app",
                "localhost:5000/app:latest",
                "localhost:5000/app:latest",
            ),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(
                (reference.to_string().as_str(), reference.full().as_str()),
                (shown, full)
            );
        }
    }

    #[test]
    fn a_digest_replaces_the_default_tag() {
        let text = format!("python@{}", Digest::of(b""));
        let reference: Reference = text.parse().unwrap();
        assert_eq!(reference.tag(), None);
        assert_eq!(reference.to_string(), text);
    }

    #[test]
    fn wrong_names_are_refused() {
        for text in [
            "",
            ":1",
            "a//b",
            "a:b:c",
            "-a",
            "a-",
            "a..b",
            "a:",
            "a:-x",
            "a@sha256:1",
            "a b",
            "a/./b",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text:?} was accepted");
        }
        assert!(matches!(
            "App".parse::<Reference>(),
            Err(ReferenceError::UpperCase(_))
        ));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_shown_reads_back(text in "\\PC{0,40}|[a-z./:_@-]{0,40}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(&reference.to_string().parse::<Reference>().unwrap(), &reference);
                prop_assert_eq!(&reference.full().parse::<Reference>().unwrap(), &reference);
            }
        }
    }
}
