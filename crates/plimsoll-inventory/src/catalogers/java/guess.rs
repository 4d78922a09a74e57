//! The name of a Java package, told from the file name and the manifest where the archive does not say it.

use super::coordinates::Coordinates;
use super::file_name::from_file_name;
use super::groups::group_of;
use super::manifest::Manifest;

/// What the archive itself is, going by its file name and its manifest.
///
/// The manifest of a shaded archive may be that of anything in it. So a group is believed only where what it was taken
/// from has to do with the artifact's name, and where the archive is not `shaded` otherwise.
pub(super) fn guessed(path: &str, manifest: &Manifest, shaded: bool) -> Coordinates {
    let file = from_file_name(path);
    if let Some(plugin) = plugin(manifest, &file) {
        return plugin;
    }
    let symbolic = manifest.symbolic_name().unwrap_or_default();
    let has_version = !file.version.is_empty();
    let version = match file.version.is_empty() {
        true => manifest.version().unwrap_or_default().to_owned(),
        false => file.version,
    };
    let artifact = match file.artifact.is_empty() {
        true => symbolic.rsplit('.').next().unwrap_or_default().to_owned(),
        false => file.artifact,
    };
    let of_bundle = || bundled(symbolic, manifest).filter(|_| !has_version && !is_like(&artifact, symbolic));
    if let Some((group, artifact)) = qualified(&artifact, manifest).or_else(of_bundle) {
        return Coordinates {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version,
        };
    }
    let group = group_of(&artifact).map(str::to_owned);
    let group = group
        .or_else(|| group_from(&artifact, manifest, shaded))
        .unwrap_or_default();
    Coordinates {
        group,
        artifact,
        version,
    }
}

/// A plugin of Jenkins, whose manifest says what it is (Jenkins' documentation, "Plugin structure").
fn plugin(manifest: &Manifest, file: &Coordinates) -> Option<Coordinates> {
    let group = manifest.get("Group-Id").filter(|group| is_group(group))?;
    let name = manifest
        .get("Short-Name")
        .or_else(|| manifest.get("Extension-Name"))?;
    Some(Coordinates {
        group: group.to_owned(),
        artifact: name.to_owned(),
        version: manifest.plugin_version().unwrap_or(&file.version).to_owned(),
    })
}

/// Group and artifact in `com.example.group.some-artifact`, as some tools call the archives that they put together. Only
/// where something else says that it is no artifact with points in its name: OSGi bundles are called like that, too.
fn qualified<'a>(name: &'a str, manifest: &Manifest) -> Option<(&'a str, &'a str)> {
    let starts_word = |(at, _): &(usize, &str)| name[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic());
    let (at, _) = name.match_indices('.').rfind(starts_word)?;
    let (group, artifact) = (&name[..at], &name[at + 1..]);
    let is_known =
        group_of(artifact) == Some(group) || manifest.get("Implementation-Vendor-Id") == Some(group);
    let is_bundle = group.starts_with("org.eclipse") || group.ends_with(".bundles");
    let is_compound = artifact.contains(['-', '_']) && !is_bundle && manifest.symbolic_name() != Some(name);
    (is_group(group) && (is_known || is_compound)).then_some((group, artifact))
}

/// Group and artifact of a bundle that Maven's plugin made, which calls it `GROUP.ARTIFACT`: what a file is that was
/// renamed.
fn bundled<'a>(symbolic: &'a str, manifest: &Manifest) -> Option<(&'a str, &'a str)> {
    let is_mavens = manifest
        .get("Created-By")
        .is_some_and(|maker| maker.starts_with("Apache Maven Bundle Plugin"));
    let (group, artifact) = symbolic.rsplit_once('.')?;
    // An artifact that begins like the last part of its group has lost that part.
    (is_mavens && is_group(group) && artifact.contains('-')).then_some((group, artifact))
}

/// The group that the manifest lets one suppose.
fn group_from(artifact: &str, manifest: &Manifest, shaded: bool) -> Option<String> {
    let stated = manifest
        .get("Implementation-Vendor-Id")
        .filter(|id| is_group(id) && !shaded);
    let names = [manifest.symbolic_name(), manifest.get("Automatic-Module-Name")];
    let derived = || {
        names
            .into_iter()
            .flatten()
            .find_map(|name| group_in(artifact, name))
    };
    // Scala's tools have the group for the vendor's name.
    let vendor = || {
        let vendors = ["Implementation-Vendor", "Specification-Vendor"].map(|name| manifest.get(name));
        let group = vendors.into_iter().flatten().find(|name| is_group(name));
        group.filter(|_| !shaded)
    };
    stated
        .map(str::to_owned)
        .or_else(derived)
        .or_else(|| vendor().map(str::to_owned))
}

/// The group in a module's name: what is before the artifact, `com.a.b` in `com.a.b.c` for `c`, or the whole name without
/// its last part, if that is like a part of the artifact: `org.apache.commons` in `org.apache.commons.lang3` for
/// `commons-lang3`.
fn group_in(artifact: &str, name: &str) -> Option<String> {
    let named = name
        .strip_suffix(artifact)
        .and_then(|group| group.strip_suffix('.'));
    let derived = || name.rsplit_once('.').filter(|(_, last)| is_like(artifact, last));
    let before = named.or_else(|| derived().map(|(group, _)| group))?;
    is_group(before).then(|| before.to_owned())
}

/// Whether one of two names holds the other's beginning, whatever their case and their numbers.
fn is_like(artifact: &str, part: &str) -> bool {
    let letters = |text: &str| -> String {
        let kept = text.chars().filter(char::is_ascii_alphabetic);
        kept.map(|char| char.to_ascii_lowercase()).collect()
    };
    let (artifact, part) = (letters(artifact), letters(part));
    !artifact.is_empty() && !part.is_empty() && (artifact.contains(&part) || part.contains(&artifact))
}

/// Whether it has the form of a group: a domain turned around.
fn is_group(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let first = text.split('.').next().unwrap_or_default();
    const FIRST: [&str; 22] = [
        "com", "org", "io", "net", "edu", "gov", "de", "uk", "fr", "dev", "me", "ch", "at", "nl", "ru", "cz",
        "jp", "tech", "info", "javax", "jakarta", "software",
    ];
    text.contains('.') && text.bytes().all(is_plain) && FIRST.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses() {
        let guess = |path: &str, manifest: &str| {
            let found = guessed(path, &Manifest::parse(manifest.as_bytes()), false);
            (found.name(), found.version)
        };
        let is = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(
            guess("spring-web-5.3.1.jar", "Implementation-Title: spring-web\n"),
            is("org.springframework:spring-web", "5.3.1")
        );
        assert_eq!(
            guess(
                "x.jar",
                "Implementation-Vendor-Id: com.example\nImplementation-Version: 2\n"
            ),
            is("com.example:x", "2")
        );
        assert_eq!(
            guess(
                "core-1.jar",
                "Bundle-SymbolicName: org.example.thing.core;singleton:=true\n"
            ),
            is("org.example.thing:core", "1")
        );
        let commons = "Bundle-SymbolicName: org.apache.commons.lang3\n";
        assert_eq!(
            guess("commons-lang3-3.9.jar", commons),
            is("org.apache.commons:commons-lang3", "3.9")
        );
        let jenkins =
            "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 4.11.0 (private-1)\n";
        let plugin = is("org.jenkins-ci.plugins:git", "4.11.0");
        assert_eq!(guess("plugins/git.jpi", jenkins), plugin);
        // The manifest of something else.
        let other = "Bundle-SymbolicName: org.yaml.snakeyaml\nImplementation-Vendor-Id: org.glassfish\n";
        assert_eq!(guess("app-1.jar", other), is("org.glassfish:app", "1"));
        let shaded = guessed("app-1.jar", &Manifest::parse(other.as_bytes()), true);
        assert_eq!(shaded.name(), "app");
        assert_eq!(guess("lib-1.jar", "Automatic-Module-Name: lib\n"), is("lib", "1"));
        for (path, expected) in [
            (
                "com.example.tools.tools-api.jar",
                ("com.example.tools:tools-api", ""),
            ),
            (
                "com.example.akka.actor_2.13-2.6.20.jar",
                ("com.example.akka:actor_2.13", "2.6.20"),
            ),
            (
                "com.google.guava.guava-31.1-jre.jar",
                ("com.google.guava:guava", "31.1-jre"),
            ),
            ("http4s-crypto_2.12-0.1.0.jar", ("http4s-crypto_2.12", "0.1.0")),
            (
                "org.eclipse.ant.core-3.7.0.jar",
                ("org.eclipse.ant.core", "3.7.0"),
            ),
            (
                "org.example.bundles.spring-beans-5.jar",
                ("org.example.bundles.spring-beans", "5"),
            ),
        ] {
            assert_eq!(guess(path, ""), is(expected.0, expected.1), "{path}");
        }
        assert_eq!(
            guess(
                "com.example.config-1.jar",
                "Implementation-Vendor-Id: com.example\n"
            ),
            is("com.example:config", "1")
        );
        let mavens = "Created-By: Apache Maven Bundle Plugin 5.1\nBundle-SymbolicName: com.example.gadgets.gadgets-api\nBundle-Version: 1.2\n";
        assert_eq!(
            guess("omg.jar", mavens),
            is("com.example.gadgets:gadgets-api", "1.2")
        );
        assert_eq!(guess("omg-3.jar", mavens), is("omg", "3"));
        let bundle = "Bundle-SymbolicName: org.example.some-bundle\n";
        assert_eq!(
            guess("org.example.some-bundle-1.jar", bundle),
            is("org.example:org.example.some-bundle", "1")
        );
        assert_eq!(guess("lib.jar", ""), is("lib", ""));
        assert_eq!(
            guess("fansi_2.13-0.5.1.jar", "Implementation-Vendor: com.lihaoyi\n"),
            is("com.lihaoyi:fansi_2.13", "0.5.1")
        );
        assert_eq!(
            guess("a-1.0.jar", "Implementation-Vendor: The a.b Foundation\n"),
            is("a", "1.0")
        );
        assert_eq!(
            guess(
                "org.eclipse.osgi_3.18.200.v20221110-1645.jar",
                "Bundle-SymbolicName: org.eclipse.osgi; singleton:=true\nBundle-Version: 3.18.200.v20221110-1645\n"
            ),
            is("org.eclipse.platform:org.eclipse.osgi", "3.18.200.v20221110-1645")
        );
    }
}
