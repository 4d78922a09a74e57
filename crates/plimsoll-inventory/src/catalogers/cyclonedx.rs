//! CycloneDX documents in JSON. They are read as they come by, and nothing is kept of what is no package: a document may
//! have millions of components that are none.

use std::fmt;

use plimsoll_core::Purl;
use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Listed;
use super::json::{List, Object, Text, other_forms};
use super::sbom::package;
use crate::FoundPackage;

/// The components of one document that are looked at; real ones have some thousand.
const MOST: usize = 50_000;
/// The licences of one component that are kept.
const MOST_LICENSES: usize = 20;

/// What is found in a document.
#[derive(Default)]
struct Named {
    packages: Vec<FoundPackage>,
    /// How many components were looked at.
    read: usize,
    /// How many more there are.
    more: usize,
}

/// The packages of languages that a CycloneDX document in JSON names.
///
/// # Errors
/// When it is no JSON object, or its components are no list.
pub(crate) fn cyclonedx_packages(content: &[u8]) -> serde_json::Result<Listed> {
    let mut named = Named::default();
    let mut json = serde_json::Deserializer::from_slice(content);
    json.deserialize_map(Document(&mut named))?;
    json.end()?;
    let more = named.more;
    Ok(Listed {
        packages: named.packages,
        beyond: (more > 0)
            .then(|| format!("{more} more components in its bill of materials are not looked at")),
    })
}

struct Document<'a>(&'a mut Named);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "components" => map.next_value_seed(TopComponents(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The document's own components, which must be a list.
struct TopComponents<'a>(&'a mut Named);

impl<'de> DeserializeSeed<'de> for TopComponents<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(Components(self.0))
    }
}

struct Components<'a>(&'a mut Named);

impl<'de> DeserializeSeed<'de> for Components<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(InnerComponents(self.0))
    }
}

impl<'de> Visitor<'de> for Components<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of components")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while self.0.read < MOST {
            if list.next_element_seed(Component(self.0))?.is_none() {
                return Ok(());
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            self.0.more += 1;
        }
        Ok(())
    }
}

/// Components in a component; anything else there is none.
struct InnerComponents<'a>(&'a mut Named);

impl<'de> Visitor<'de> for InnerComponents<'_> {
    type Value = ();

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        Components(self.0).visit_seq(list)
    }

    other_forms!((); scalars texts objects);
}

/// One component and what is in it. What is only needed to build or test is not in the image.
struct Component<'a>(&'a mut Named);

impl<'de> DeserializeSeed<'de> for Component<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.0.read += 1;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Component<'_> {
    type Value = ();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let before = self.0.packages.len();
        let (mut purl, mut version, mut scope) = (Text::default(), Text::default(), Text::default());
        let mut licenses = List::<Object<Choice>, MOST_LICENSES>::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "purl" => purl = map.next_value()?,
                "version" => version = map.next_value()?,
                "scope" => scope = map.next_value()?,
                "licenses" => licenses = map.next_value()?,
                "components" => map.next_value_seed(Components(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if scope.text().as_deref() == Some("excluded") {
            self.0.packages.truncate(before);
            return Ok(());
        }
        let Some(purl) = purl.text().and_then(|purl| purl.parse::<Purl>().ok()) else {
            return Ok(());
        };
        let choices = licenses.items.into_iter().filter_map(|choice| choice.0);
        let stated = choices.filter_map(Choice::stated);
        self.0
            .packages
            .extend(package(&purl, version.text(), stated.collect()));
        Ok(())
    }

    other_forms!((); scalars texts lists);
}

#[derive(serde::Deserialize)]
struct Choice {
    #[serde(default)]
    expression: Text,
    #[serde(default)]
    license: Object<License>,
}

#[derive(serde::Deserialize)]
struct License {
    #[serde(default)]
    id: Text,
    #[serde(default)]
    name: Text,
}

impl Choice {
    fn stated(self) -> Option<String> {
        let named = self.license.0;
        let named = named.and_then(|license| license.id.text().or(license.name.text()));
        self.expression.text().or(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_beyond_the_bound_are_counted() {
        for element in ["0", "[]", "{}", r#"{"components":[]}"#, r#"{"purl":"x"}"#] {
            let list = vec![element; MOST + 10].join(",");
            let named = cyclonedx_packages(format!(r#"{{"components":[{list}]}}"#).as_bytes()).unwrap();
            assert!(named.packages.is_empty());
            assert_eq!(
                named.beyond.unwrap(),
                "10 more components in its bill of materials are not looked at"
            );
            // Those in others count as well.
            let nested = format!(r#"{{"components":[{{"components":[{list}]}},1]}}"#);
            let beyond = cyclonedx_packages(nested.as_bytes()).unwrap().beyond.unwrap();
            assert!(beyond.starts_with("12 "), "{beyond}");
        }
    }

    #[test]
    fn other_forms_are_nothing() {
        let document = br#"{"components":[1,"a",null,true,1.5,[{}],{"purl":["a"],"components":{"a":[]}},
            {"components":[{"purl":"pkg:npm/a@1"}],"scope":"excluded"},
            {"purl":"pkg:npm/b@2","version":3,"scope":[],"licenses":{"a":1},"components":null}]}"#;
        let named = cyclonedx_packages(document).unwrap();
        let names: Vec<_> = named.packages.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((names, named.beyond), (vec!["b"], None));
        for damaged in ["[]", r#"{"components":{}}"#, r#"{"components":["#, "{} x"] {
            assert!(cyclonedx_packages(damaged.as_bytes()).is_err(), "{damaged}");
        }
    }
}
