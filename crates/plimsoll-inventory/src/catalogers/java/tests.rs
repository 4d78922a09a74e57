use super::*;
use crate::Warning;
use crate::zip::tests::archive;

fn read(path: &str, content: &[u8]) -> (EvidenceFile, Vec<Warning>) {
    let mut evidence = EvidenceFile {
        path: path.to_owned(),
        ..EvidenceFile::default()
    };
    let mut warnings = Warnings::of(path);
    Java.catalog(&mut &*content, &mut evidence, &mut warnings)
        .unwrap();
    (evidence, warnings.into_vec())
}

fn shown(path: &str, content: &[u8]) -> Vec<String> {
    let (evidence, warnings) = read(path, content);
    assert!(warnings.is_empty(), "{warnings:?}");
    let show = |package: &FoundPackage| format!("{} {}", package.name, package.version);
    evidence.packages.iter().map(show).collect()
}

fn properties(group: &str, artifact: &str, version: &str) -> (String, Vec<u8>) {
    (
        format!("META-INF/maven/{group}/{artifact}/pom.properties"),
        format!("groupId={group}\nartifactId={artifact}\nversion={version}\n").into_bytes(),
    )
}

fn jar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<_> = members
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_slice(), true))
        .collect();
    archive(&members)
}

#[test]
fn archives_are_known_by_their_names() {
    for path in ["a.jar", "lib/A.WAR", "x/plugin.hpi", "a.b.ear"] {
        assert!(Java.may_be(path, 0o644, 10), "{path}");
    }
    for path in ["jar", "a.jar.asc", "a.zip", "a.jar/b"] {
        assert!(!Java.may_be(path, 0o644, 10), "{path}");
    }
}

#[test]
fn an_archive_is_what_its_properties_say_else_what_its_name_and_manifest_do() {
    let own = jar(&[properties("org.a", "b", "1.0")]);
    assert_eq!(shown("lib/b-1.0.jar", &own), ["org.a:b 1.0"]);
    assert_eq!(shown("app.jar", &own), ["org.a:b 1.0"]);
    assert_eq!(shown("other-2.jar", &own), ["org.a:b 1.0", "other 2"]);
    assert_eq!(shown("org.a.b-1.0.jar", &own), ["org.a:b 1.0"]);
    let numbered = jar(&[properties("org.apache.logging.log4j", "log4j-1.2-api", "2.17.1")]);
    let expected = ["org.apache.logging.log4j:log4j-1.2-api 2.17.1"];
    assert_eq!(shown("log4j-1.2-api.jar", &numbered), expected);
    assert_eq!(shown("log4j-1.2-api-2.17.1.jar", &numbered), expected);
    let manifest = b"Implementation-Title: x\nImplementation-Version: 5.3.4\nBundle-License: MIT\n".to_vec();
    let without = jar(&[("META-INF/MANIFEST.MF".to_owned(), manifest)]);
    assert_eq!(
        shown("spring-core.jar", &without),
        ["org.springframework:spring-core 5.3.4"]
    );
    assert_eq!(read("x.jar", &without).0.packages[0].licenses, ["MIT"]);
    assert_eq!(shown("nothing.jar", &jar(&[])), [""; 0]);
}

#[test]
fn shaded_packages_are_told_beside_the_archive() {
    let shaded = jar(&[
        properties("org.a", "a", "1"),
        properties("org.b", "b", "2"),
        properties("org.b", "b", "2"),
        (
            "META-INF/maven/x/pom.properties".to_owned(),
            b"groupId=x\n".to_vec(),
        ),
    ]);
    assert_eq!(
        shown("all-3.0.jar", &shaded),
        ["all 3.0", "org.a:a 1", "org.b:b 2"]
    );
    assert_eq!(shown("a-1.jar", &shaded), ["org.a:a 1", "org.b:b 2"]);
}

#[test]
fn a_version_that_the_properties_lack_stands_in_the_name_or_the_manifest() {
    let manifest = b"Implementation-Version: 8.8\n".to_vec();
    for version in ["", "${revision}"] {
        let file = jar(&[
            properties("g.x", "app", version),
            ("META-INF/MANIFEST.MF".to_owned(), manifest.clone()),
        ]);
        assert_eq!(shown("app.jar", &file), ["g.x:app 8.8"]);
        assert_eq!(shown("app-9.jar", &file), ["g.x:app 9"]);
        assert_eq!(shown("other-9.jar", &file), ["other 9"]);
    }
    let file = jar(&[properties("", "", "1")]);
    assert_eq!(shown("other-9.jar", &file), ["other 9"]);
}

#[test]
fn licences_are_those_of_the_project_else_of_the_bundle() {
    let project = b"<project><licenses><license><name>EPL-2.0</name></license></licenses></project>";
    let manifest = b"Bundle-License: MIT\n".to_vec();
    let file = jar(&[
        properties("org.a", "a", "1"),
        properties("org.b", "b", "2"),
        ("META-INF/maven/org.b/b/pom.xml".to_owned(), project.to_vec()),
        ("META-INF/MANIFEST.MF".to_owned(), manifest),
    ]);
    let licenses = |path: &str| {
        let packages = read(path, &file).0.packages;
        packages
            .into_iter()
            .map(|package| package.licenses)
            .collect::<Vec<_>>()
    };
    let of = |text: &str| vec![text.to_owned()];
    assert_eq!(licenses("a-1.jar"), [of("MIT"), of("EPL-2.0")]);
    assert_eq!(licenses("b-2.jar"), [Vec::new(), of("EPL-2.0")]);
}

#[test]
fn the_text_of_a_licence_tells_it_where_nothing_else_does() {
    let text = b"Apache License\n Version 2.0, January 2004\n TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION".to_vec();
    let with = |name: &str, manifest: &str| {
        let file = jar(&[
            properties("org.a", "a", "1"),
            ("META-INF/MANIFEST.MF".to_owned(), manifest.as_bytes().to_vec()),
            (name.to_owned(), text.clone()),
        ]);
        read("a-1.jar", &file).0.packages.remove(0).licenses
    };
    assert_eq!(with("META-INF/LICENSE.txt", ""), ["Apache-2.0"]);
    assert_eq!(with("LICENSE", "Bundle-License: MIT\n"), ["MIT"]);
    assert_eq!(with("org/x/LICENSE", ""), [""; 0]);
}

#[test]
fn archives_in_archives_are_read() {
    let inner = jar(&[properties("org.a", "a", "1")]);
    let middle = archive(&[
        ("WEB-INF/lib/a-1.jar", &inner, true),
        ("WEB-INF/lib/b-2.jar", &inner, false),
    ]);
    let outer = archive(&[
        ("web.war", &middle, true),
        ("BOOT-INF/lib/c-3.jar", &inner, false),
    ]);
    assert_eq!(shown("x.ear", &outer), ["b 2", "c 3", "org.a:a 1"]);
    // With a script before it, as a self-starting archive has.
    assert_eq!(
        shown("x.jar", &[b"#!/bin/sh\n", outer.as_slice()].concat()).len(),
        3
    );
}

#[test]
fn what_is_beyond_the_bounds_is_said_and_the_rest_is_read() {
    let mut nested = jar(&[properties("org.a", "deep", "1")]);
    for _ in 0..10 {
        nested = archive(&[("a.jar", &nested, true)]);
    }
    let (evidence, warnings) = read("x.jar", &nested);
    assert!(evidence.packages.is_empty());
    assert_eq!(evidence.uncatalogued.as_deref(), Some(UNREAD));
    assert!(warnings[0].message.contains("too deep in others"), "{warnings:?}");

    // A few bytes that would become a thousand times as many.
    let zeros = vec![0; 3 << 20];
    let bomb = archive(&[
        ("META-INF/MANIFEST.MF", &zeros, true),
        (
            "x/pom.properties",
            properties("org.a", "a", "1").1.as_slice(),
            true,
        ),
    ]);
    let (evidence, warnings) = read("x.jar", &bomb);
    assert_eq!(evidence.packages.len(), 1);
    assert!(
        warnings[0]
            .message
            .contains("`META-INF/MANIFEST.MF` is too large"),
        "{warnings:?}"
    );
    assert!(evidence.uncatalogued.is_some());
}

#[test]
fn an_inner_archive_may_not_say_that_it_is_larger_than_all_may_be() {
    let inner = jar(&[properties("org.a", "a", "1")]);
    let mut outer = archive(&[("a.jar", &inner, true)]);
    let at = outer.len() - 22 - 5 - 46 + 24;
    outer[at..at + 4].copy_from_slice(&0xf000_0000_u32.to_le_bytes());
    let (evidence, warnings) = read("x.jar", &outer);
    assert!(evidence.packages.is_empty() && evidence.uncatalogued.is_some());
    assert!(
        warnings[0].message.contains("more bytes than are decompressed"),
        "{warnings:?}"
    );
}

#[test]
fn damaged_archives_are_noted_and_hold_nothing_up() {
    let (evidence, warnings) = read("x.jar", b"PK no archive");
    assert!(evidence.packages.is_empty() && evidence.uncatalogued.is_none());
    assert_eq!(warnings[0].to_string(), "`x.jar`: it is no zip archive");
    let own = properties("org.a", "a", "1");
    let outer = archive(&[("broken.jar", b"x", true), (&own.0, &own.1, true)]);
    let (evidence, warnings) = read("y.jar", &outer);
    assert_eq!(evidence.packages.len(), 1);
    assert_eq!(
        warnings[0].to_string(),
        "`y.jar`: `broken.jar` in it: it is no zip archive"
    );
}
