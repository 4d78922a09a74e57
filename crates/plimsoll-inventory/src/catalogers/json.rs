//! Parts of JSON documents that some programs write in other forms than the usual one: a wrong form is as good as nothing, and
//! does not make the rest unreadable.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A value if it has the form of `T`; anything else is none.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Maybe<T> {
    Is(T),
    Other(IgnoredAny),
}

/// A text that is not empty, without white space around it.
pub(super) type Text = Maybe<String>;

/// The keys of an object.
pub(super) type Keys = Maybe<BTreeMap<String, IgnoredAny>>;

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl<T> Maybe<T> {
    pub(super) fn get(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl Text {
    pub(super) fn text(self) -> Option<String> {
        let text = self.get()?.trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    }
}

impl Keys {
    pub(super) fn names(self) -> impl Iterator<Item = String> {
        self.get().unwrap_or_default().into_keys()
    }
}
