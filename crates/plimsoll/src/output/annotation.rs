//! Annotations as `--annotation` and `--output` name them.

/// Where an annotation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Manifest,
    Index,
    ManifestDescriptor,
}

/// What `--annotation` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) places: Vec<Place>,
    pub(crate) key: String,
    pub(crate) value: String,
}

fn place(name: &str) -> Result<Place, String> {
    match name {
        "manifest" => Ok(Place::Manifest),
        "index" => Ok(Place::Index),
        "manifest-descriptor" => Ok(Place::ManifestDescriptor),
        "index-descriptor" => Err("there is no index within the index that could be described".to_owned()),
        _ if name.contains('[') => Err(format!(
            "`{name}` names a platform, but a build is for one platform alone"
        )),
        _ => Err(format!("`{name}` is no place for an annotation")),
    }
}

/// Reads `[PLACE[,PLACE]...:]KEY=VALUE`; the place is the manifest where none is said.
pub(crate) fn parse(text: &str) -> Result<Annotation, String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "an annotation is `[manifest:|index:]KEY=VALUE`".to_owned())?;
    let (places, key) = match name.split_once(':') {
        Some((places, key)) => (places.split(',').map(place).collect::<Result<_, _>>()?, key),
        None => (vec![Place::Manifest], name),
    };
    if key.is_empty() {
        return Err("an annotation needs a key".to_owned());
    }
    Ok(Annotation {
        places,
        key: key.to_owned(),
        value: value.to_owned(),
    })
}

/// The place and key of an option `annotation[-PLACE].KEY`; `None` for another option.
pub(super) fn option(option: &str) -> Result<Option<(Place, &str)>, String> {
    let Some(rest) = option.strip_prefix("annotation") else {
        return Ok(None);
    };
    match rest.split_once('.') {
        Some(("", key)) if !key.is_empty() => Ok(Some((Place::Manifest, key))),
        Some((name, key)) if !key.is_empty() => {
            Ok(Some((place(name.strip_prefix('-').unwrap_or(name))?, key)))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stand_before_the_key() {
        let parsed = |text| parse(text).map(|one| (one.places, one.key, one.value));
        assert_eq!(
            parsed("org.x=a=b"),
            Ok((vec![Place::Manifest], "org.x".into(), "a=b".into()))
        );
        assert_eq!(
            parsed("index,manifest:k=v"),
            Ok((vec![Place::Index, Place::Manifest], "k".into(), "v".into()))
        );
        for wrong in ["k", "=v", "index:=v", "here:k=v", "manifest[linux/amd64]:k=v"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
