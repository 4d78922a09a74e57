//! Parts of JSON documents that some programs write in other forms than the usual one: a wrong form is as good as nothing, and
//! does not make the rest unreadable.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A value if it has the form of `T`; anything else is none.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Maybe<T> {
    Is(T),
    Other(IgnoredAny),
}

/// A text that is not empty, without white space around it; anything else is none, and costs nothing.
#[derive(Default)]
pub(super) struct Text(Option<String>);

/// An object of the form of `T`; what is no object is none, and costs nothing.
pub(super) struct Object<T>(pub(super) Option<T>);

/// The first `MOST` elements of a list; what is no list has none.
pub(super) struct List<T, const MOST: usize> {
    pub(super) items: Vec<T>,
    /// How many more there are.
    pub(super) more: usize,
}

/// The keys of an object.
pub(super) type Keys = Maybe<BTreeMap<String, IgnoredAny>>;

/// The first `MOST` entries of an object.
pub(super) struct Entries<T, const MOST: usize> {
    pub(super) items: BTreeMap<String, T>,
    /// How many more there are.
    pub(super) more: usize,
}

/// Whether an object has entries; what is no object has none.
#[derive(Default)]
pub(super) struct HasEntries(pub(super) bool);

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
        self.0
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// The methods of a visitor that give the same value for each of these forms, whatever is in them.
macro_rules! other_forms {
    ($none:expr; $($form:ident)*) => { $(other_forms!(@$form $none);)* };
    (@scalars $none:expr) => {
        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("a value")
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($none)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($none)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($none)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($none)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($none)
        }
    };
    (@texts $none:expr) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($none)
        }
    };
    (@lists $none:expr) => {
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok($none)
        }
    };
    (@objects $none:expr) => {
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            use serde::de::IgnoredAny;
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($none)
        }
    };
}
pub(super) use other_forms;

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Text;

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(Some(text.trim().to_owned()).filter(|text| !text.is_empty())))
            }

            other_forms!(Text(None); scalars lists objects);
        }
        from.deserialize_any(Texts)
    }
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Objects<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
            type Value = Object<T>;

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|object| Object(Some(object)))
            }

            other_forms!(Object(None); scalars texts lists);
        }
        from.deserialize_any(Objects(PhantomData))
    }
}

impl<T, const MOST: usize> Default for List<T, MOST> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            more: 0,
        }
    }
}

struct Lists<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Lists<T, MOST> {
    type Value = List<T, MOST>;

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T, MOST>, A::Error> {
        let mut found = List::default();
        while found.items.len() < MOST {
            match list.next_element()? {
                Some(item) => found.items.push(item),
                None => return Ok(found),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            found.more += 1;
        }
        Ok(found)
    }

    other_forms!(List::default(); scalars texts objects);
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for List<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Lists(PhantomData))
    }
}

impl<T, const MOST: usize> Default for Entries<T, MOST> {
    fn default() -> Self {
        Self {
            items: BTreeMap::new(),
            more: 0,
        }
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Entries<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Objects<T, const MOST: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Objects<T, MOST> {
            type Value = Entries<T, MOST>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = Entries::default();
                while found.items.len() < MOST {
                    match map.next_entry()? {
                        Some((key, value)) => drop(found.items.insert(key, value)),
                        None => return Ok(found),
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    found.more += 1;
                }
                Ok(found)
            }
        }
        from.deserialize_map(Objects(PhantomData))
    }
}

impl<'de> Deserialize<'de> for HasEntries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Objects;
        impl<'de> Visitor<'de> for Objects {
            type Value = HasEntries;

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HasEntries, A::Error> {
                let mut found = HasEntries(false);
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    found.0 = true;
                }
                Ok(found)
            }

            other_forms!(HasEntries(false); scalars texts lists);
        }
        from.deserialize_any(Objects)
    }
}

impl Keys {
    pub(super) fn names(self) -> impl Iterator<Item = String> {
        self.get().unwrap_or_default().into_keys()
    }
}
