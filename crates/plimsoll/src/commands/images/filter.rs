//! The filters of `images`.

use plimsoll_core::Reference;
use plimsoll_dockerfile::glob::go_match;
use plimsoll_image::{Image, Store};

use crate::failure::Failure;

/// Which images and which of their names are listed.
#[derive(Debug, Default)]
pub(super) struct Filter {
    labels: Vec<(String, Option<String>)>,
    /// One of them must fit a name.
    patterns: Vec<String>,
    /// What was named on the command line: a repository, or a name with its tag.
    named: Option<String>,
    dangling: Option<bool>,
    before: Option<String>,
    since: Option<String>,
}

impl Filter {
    pub(super) fn parse(filters: &[String], store: &Store) -> anyhow::Result<Self> {
        let mut result = Self::default();
        let created = |name: &str| anyhow::Ok(store.find(name)?.config.created.unwrap_or_default());
        for filter in filters {
            let (kind, value) = filter.split_once('=').ok_or_else(|| wrong(filter))?;
            match kind {
                "label" => result.labels.push(match value.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                    None => (value.to_owned(), None),
                }),
                "reference" => result.patterns.push(value.to_owned()),
                "dangling" => result.dangling = Some(truth(value).ok_or_else(|| wrong(filter))?),
                "before" => result.before = Some(created(value)?),
                "since" => result.since = Some(created(value)?),
                _ => return Err(wrong(filter).into()),
            }
        }
        Ok(result)
    }

    pub(super) fn only_named(&mut self, name: &str) {
        self.named = Some(name.to_owned());
    }

    pub(super) fn lets_through(&self, image: &Image) -> bool {
        let created = image.config.created.as_deref().unwrap_or_default();
        let labels = &image.config.config.labels;
        let has = |(key, wanted): &(String, Option<String>)| match (labels.get(key), wanted) {
            (Some(value), Some(wanted)) => value == wanted,
            (Some(_), None) => true,
            (None, _) => false,
        };
        self.labels.iter().all(has)
            && self
                .dangling
                .is_none_or(|dangling| image.references.is_empty() == dangling)
            && self.before.as_deref().is_none_or(|before| created < before)
            && self.since.as_deref().is_none_or(|since| created > since)
    }

    /// Whether a name is among those to list.
    pub(super) fn names(&self, reference: &Reference) -> bool {
        let (repository, name) = (reference.repository(), reference.to_string());
        let fits = |pattern: &String| {
            let known = |text: &str| go_match(pattern, text).unwrap_or(false);
            known(&repository) || known(&name) || known(&reference.full())
        };
        (self.patterns.is_empty() || self.patterns.iter().any(fits))
            && self
                .named
                .as_ref()
                .is_none_or(|named| *named == repository || *named == name || fits(named))
    }

    pub(super) fn shows_nameless(&self) -> bool {
        self.patterns.is_empty() && self.named.is_none()
    }
}

fn truth(word: &str) -> Option<bool> {
    match word {
        "true" | "1" | "t" | "T" | "TRUE" | "True" => Some(true),
        "false" | "0" | "f" | "F" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn wrong(filter: &str) -> Failure {
    Failure::usage(format!("`{filter}` is not a filter"))
        .with_hint("use label=K[=V], reference=PATTERN, dangling=true|false, before=IMAGE or since=IMAGE")
}
