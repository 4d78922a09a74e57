//! What the name of a Java archive's file says of the package.

use super::coordinates::Coordinates;
use crate::paths;

/// The file name without its directories and its extension.
pub(super) fn stem(path: &str) -> &str {
    let name = paths::name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The artifact and the version in a file name such as `spring-core-5.3.4.jar`; without a version, the whole stem is the
/// artifact. Of several numbers, the last one with a point in it starts the version: `log4j-1.2-api-2.17.1`. But one that
/// goes on from the one before it does not: `1.0.5-beta-2.2`.
pub(super) fn from_file_name(path: &str) -> Coordinates {
    let stem = stem(path);
    if let Some((name, version)) = of_plugin(stem) {
        return Coordinates {
            group: String::new(),
            artifact: name.to_owned(),
            version: version.to_owned(),
        };
    }
    let starts: Vec<usize> = stem
        .match_indices('-')
        .map(|(at, _)| at)
        .filter(|at| *at > 0 && starts_version(&stem[at + 1..]))
        .collect();
    let pointed = starts.iter().rfind(|at| {
        let number = stem[*at + 1..].trim_start_matches(|char: char| char.is_ascii_digit());
        // `1.0-20210101.123456-7` is one version, of a snapshot.
        let is_date = stem.len() - **at - 1 - number.len() == 8;
        number.starts_with('.') && !is_date && !stem[..**at].rsplit('-').next().is_some_and(is_qualifier)
    });
    match pointed.or(starts.first()) {
        Some(at) => Coordinates {
            group: String::new(),
            artifact: stem[..*at].to_owned(),
            version: version(&stem[at + 1..]).to_owned(),
        },
        None => Coordinates {
            artifact: stem.to_owned(),
            ..Coordinates::default()
        },
    }
}

/// Name and version in `org.eclipse.osgi_3.18.200.v20221110-1645`, as Eclipse calls its plugins: the version has three
/// numbers at least, and the name may have `_` in it, too. `kind-projector_2.13.10-0.13.2` is no plugin.
fn of_plugin(stem: &str) -> Option<(&str, &str)> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = |text: &str| {
        let numbers = text.split('.').take(3);
        numbers.filter(|part| is_number(part)).count() == 3
    };
    let mut parts = stem
        .match_indices('_')
        .map(|(at, _)| (&stem[..at], &stem[at + 1..]));
    parts.find(|(name, version)| name.contains('.') && is_version(version))
}

/// What Maven's assemblies have behind their version is not of it.
fn version(text: &str) -> &str {
    text.strip_suffix("-jar-with-dependencies").unwrap_or(text)
}

/// Whether a number behind it goes on with the version before it: `beta` in `1.0-beta-2.1`.
fn is_qualifier(word: &str) -> bool {
    const WORDS: [&str; 14] = [
        "alpha",
        "beta",
        "b",
        "cr",
        "dev",
        "ga",
        "m",
        "milestone",
        "patch",
        "pre",
        "preview",
        "rc",
        "release",
        "sp",
    ];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// `1…`, `v1…`, `r1…`, `build1…`; what is one word with letters behind a `v` or an `r`, such as `r2dbc`, is none.
fn starts_version(text: &str) -> bool {
    let marked = ["v", "r", "build"]
        .iter()
        .find_map(|mark| text.strip_prefix(mark));
    let Some(number) = marked else {
        return text.starts_with(|first: char| first.is_ascii_digit());
    };
    let rest = number.trim_start_matches(|char: char| char.is_ascii_digit());
    rest.len() < number.len() && !rest.starts_with(|next: char| next.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names() {
        for (path, artifact, version) in [
            ("lib/spring-core-5.3.4.jar", "spring-core", "5.3.4"),
            ("a/guava-31.1-jre.jar", "guava", "31.1-jre"),
            ("log4j-1.2-api-2.17.1.jar", "log4j-1.2-api", "2.17.1"),
            ("x-1.0-20210101.123456-7.jar", "x", "1.0-20210101.123456-7"),
            ("guava-r09.jar", "guava", "r09"),
            ("app.war", "app", ""),
            ("tabula-1.0.5-jar-with-dependencies.jar", "tabula", "1.0.5"),
            ("x-1.0-SNAPSHOT.jar", "x", "1.0-SNAPSHOT"),
            ("commons-lang3.jar", "commons-lang3", ""),
            ("kafka_2.13-3.1.0.jar", "kafka_2.13", "3.1.0"),
            ("-1.jar", "-1", ""),
            (
                "wagon-1.0.2-beta-2.2.3a-hudson.jar",
                "wagon",
                "1.0.2-beta-2.2.3a-hudson",
            ),
            ("jelly-1.1-hudson-20100305.jar", "jelly", "1.1-hudson-20100305"),
            ("tidy-4aug2000r7-dev-1.jar", "tidy", "4aug2000r7-dev-1"),
            ("ssh2-build212-hudson-5.jar", "ssh2", "build212-hudson-5"),
            (
                "saaj-api_1.4_spec-1.0.2.Final.jar",
                "saaj-api_1.4_spec",
                "1.0.2.Final",
            ),
            ("pool-r2dbc.jar", "pool-r2dbc", ""),
            ("data-r2dbc-1.1.0.RELEASE.jar", "data-r2dbc", "1.1.0.RELEASE"),
            (
                "plugins/org.eclipse.osgi_3.18.200.v20221110-1645.jar",
                "org.eclipse.osgi",
                "3.18.200.v20221110-1645",
            ),
            (
                "plugins/org.eclipse.swt.gtk.linux.x86_64_3.122.0.v20221123-2302.jar",
                "org.eclipse.swt.gtk.linux.x86_64",
                "3.122.0.v20221123-2302",
            ),
            ("javax.servlet_3.1.0.jar", "javax.servlet", "3.1.0"),
            (
                "kind-projector_2.13.10-0.13.2.jar",
                "kind-projector_2.13.10",
                "0.13.2",
            ),
            ("a.b_2.13-1.0.jar", "a.b_2.13", "1.0"),
            ("", "", ""),
        ] {
            let found = from_file_name(path);
            assert_eq!(
                (found.artifact.as_str(), found.version.as_str()),
                (artifact, version),
                "{path}"
            );
        }
    }
}
