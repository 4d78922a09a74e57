//! The main section of a jar's manifest (JAR file specification, "Manifest format").

/// The attributes of the archive as a whole, and those of its parts.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    main: Vec<(String, String)>,
    /// Of packages and files in the archive; only what may tell a version.
    parts: Vec<(String, String)>,
}

impl Manifest {
    /// Reads the lines up to the first blank one, and versions behind it; a line that starts with a space goes on from the
    /// one before. Bytes that are not UTF-8 are replaced.
    pub(super) fn parse(content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut lines = text.lines();
        let main = attributes(lines.by_ref().take_while(|line| !line.is_empty()));
        let mut parts = attributes(lines);
        parts.retain(|(name, _)| VERSIONS.iter().any(|known| name.eq_ignore_ascii_case(known)));
        Self { main, parts }
    }

    /// The value of an attribute, whatever the case of its name; `None` for an empty one and for one that a build left its
    /// placeholder in.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        value_of(&self.main, name)
    }

    /// The name of an OSGi bundle without its directives.
    pub(super) fn symbolic_name(&self) -> Option<&str> {
        let name = self.get("Bundle-SymbolicName")?;
        name.split(';')
            .next()
            .map(str::trim)
            .filter(|name| !name.is_empty())
    }

    /// The version of what is in the archive. Some say it of the packages in it alone.
    pub(super) fn version(&self) -> Option<&str> {
        let of = |attributes| VERSIONS.iter().find_map(|name| version_in(attributes, name));
        of(&self.main).or_else(|| of(&self.parts))
    }

    /// The version of a plugin of Jenkins.
    pub(super) fn plugin_version(&self) -> Option<&str> {
        version_in(&self.main, "Plugin-Version")
    }

    /// The licences that an OSGi bundle states.
    pub(super) fn licenses(&self) -> Vec<String> {
        let stated = self.get("Bundle-License").unwrap_or_default();
        let names = stated.split(',').map(|one| one.split(';').next().unwrap_or(one));
        let names = names.map(|name| name.trim().trim_matches('"').to_owned());
        names
            .filter(|name| !name.is_empty() && name.len() <= 200)
            .take(10)
            .collect()
    }
}

/// What may tell a version, the most telling first.
const VERSIONS: [&str; 4] = [
    "Implementation-Version",
    "Bundle-Version",
    "Plugin-Version",
    "Specification-Version",
];

fn attributes<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    for line in lines {
        if let Some(more) = line.strip_prefix(' ') {
            if let Some((_, value)) = attributes.last_mut() {
                value.push_str(more);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let value = value.strip_prefix(' ').unwrap_or(value);
            attributes.push((name.trim().to_owned(), value.to_owned()));
        }
    }
    attributes
}

fn value_of<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let value = found.map(|(_, value)| value.trim())?;
    (!value.is_empty() && !value.contains("${")).then_some(value)
}

/// The version in an attribute. Some write `1.2.3, build 4` or `1.2.3 2020-01-01`.
fn version_in<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let version = value_of(attributes, name)?.split([' ', ',', ';']).next()?;
    version
        .bytes()
        .any(|byte| byte.is_ascii_digit())
        .then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_joined_and_later_sections_left_out() {
        let manifest = Manifest::parse(
            b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.exam\r\n ple.a;x:=1\r\nimplementation-version: 1.2 beta\r\n\
              Bundle-License: \"Apache-2.0\";link=\"x\", MIT\r\nEmpty:\r\nLeft: ${v}\r\n\r\nName: a\r\nOther: 1\r\n",
        );
        assert_eq!(manifest.symbolic_name(), Some("org.example.a"));
        assert_eq!(manifest.version(), Some("1.2"));
        assert_eq!(manifest.licenses(), ["Apache-2.0", "MIT"]);
        for absent in ["Empty", "Left", "Other", "None"] {
            assert_eq!(manifest.get(absent), None, "{absent}");
        }
        assert_eq!(Manifest::parse(b"A: 1\n\nB: 2\n").get("B"), None);
        let parts = Manifest::parse(
            b"A: 1\n\nName: x/\nSpecification-Version: 1\n\nName: y/\nImplementation-Version: 1.8\n",
        );
        assert_eq!(
            (parts.version(), parts.get("Implementation-Version")),
            (Some("1.8"), None)
        );
        assert_eq!(Manifest::parse(b"A: 1\rB: 2\r").get("B"), Some("2"));
    }

    proptest! {
        #[test]
        fn no_manifest_panics(content in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b' '), Just(b':')], 0..60)) {
            let manifest = Manifest::parse(&content);
            manifest.version();
            manifest.licenses();
        }
    }
}
