//! Names of Java packages as Maven has them.

/// No part of a package's coordinates is longer.
const LONGEST: usize = 300;

/// A package's group, name and version; an empty text for what is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Coordinates {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: String,
}

impl Coordinates {
    /// `group:artifact`, or the artifact alone where no group is known.
    pub(super) fn name(&self) -> String {
        match self.group.is_empty() {
            true => self.artifact.clone(),
            false => format!("{}:{}", self.group, self.artifact),
        }
    }

    /// Whether it says which package it is.
    pub(super) fn is_known(&self) -> bool {
        // A build may leave its placeholders in: `${project.version}`.
        let is_plain = [&self.group, &self.artifact, &self.version]
            .iter()
            .all(|text| text.len() <= LONGEST && !text.contains("${"));
        is_plain && !self.artifact.is_empty() && !self.version.is_empty()
    }
}

/// What `pom.properties` says (Maven's archiver writes it).
pub(super) fn from_properties(text: &str) -> Coordinates {
    let mut found = Coordinates::default();
    for line in text.lines() {
        let line = line.trim();
        let Some((key, value)) = line.split_once(['=', ':']).filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let field = match key.trim() {
            "groupId" => &mut found.group,
            "artifactId" => &mut found.artifact,
            "version" => &mut found.version,
            _ => continue,
        };
        *field = value.trim().to_owned();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties() {
        let found = from_properties("#Created\r\nversion=1.2\r\ngroupId = org.a\nartifactId=b\n");
        assert_eq!(
            (found.name().as_str(), found.version.as_str()),
            ("org.a:b", "1.2")
        );
        assert!(!from_properties("groupId=a\n").is_known());
        let left = from_properties("groupId=a\nartifactId=b\nversion=${project.version}\n");
        assert!(!left.is_known());
    }
}
