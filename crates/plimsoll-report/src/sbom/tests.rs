use plimsoll_core::{Digest, Distribution, Ecosystem, Origin, Package, PackageLayer, SourcePackage};
use proptest::prelude::*;

use super::*;
use crate::format_tests::written;
use crate::{ArtifactKind, ScanReport, SubjectKind, sample};

/// Packages of every kind, with everything that can be known of one.
fn packages() -> Vec<Package> {
    let mut all = Vec::new();
    for (ecosystem, name, version) in [
        (Ecosystem::Deb, "libssl3", "1:3.0.9-1"),
        (Ecosystem::Deb, "libssl3", "1:3.0.9-2"),
        (Ecosystem::PyPi, "Flask_Login.x", "0.6+local"),
        (Ecosystem::Npm, "@Angular/Core", "1.0.0-rc.1"),
        (Ecosystem::Maven, "org.apache:Log4j", "2.0"),
        (Ecosystem::Maven, "nogroup", "1"),
        (Ecosystem::Go, "github.com/Azure/sdk", "v1.2.3"),
        (Ecosystem::Go, "stdlib", "v1.22.3"),
        (Ecosystem::Cargo, "serde_json", "1.0.0"),
        (Ecosystem::Composer, "Symfony/Http", "v6.4"),
        (Ecosystem::NuGet, "Newtonsoft.Json", "13.0.1"),
        (Ecosystem::Gem, "rails", "7.0"),
        (Ecosystem::Conda, "numpy", "1.26"),
        (Ecosystem::Generic, "node", "22.1.0"),
    ] {
        let mut package = sample::package(ecosystem, name, version);
        package.licenses = vec!["GPL-2+".to_owned(), "see COPYING".to_owned(), "MIT".to_owned()];
        all.push(package);
    }
    let twice = Package {
        evidence: "srv/other/METADATA".to_owned(),
        licenses: vec!["MIT".to_owned()],
        ..all[2].clone()
    };
    all.push(twice);
    all.push(Package {
        evidence: String::new(),
        licenses: vec!["MIT or Apache-2.0".to_owned()],
        source: None,
        layer: None,
        origin: Origin::Unknown,
        supplier: Some("A (B) <a@example.test>".to_owned()),
        ..Package::new(Ecosystem::Gem, "bare", "1")
    });
    all.push(Package {
        files: vec!["usr/bin/a".to_owned(), "usr/bin/ü b".to_owned()],
        module: Some("nodejs:18".to_owned()),
        removed_by: Some(PackageLayer {
            diff_id: Digest::of(b"x"),
            index: 3,
            created_by: "RUN a\\\n  && rm \"b\"".to_owned(),
        }),
        source: Some(SourcePackage {
            name: "full".to_owned(),
            version: String::new(),
        }),
        architecture: Some("x86_64".to_owned()),
        supplier: Some("Red Hat (UK), Inc. <https://example.test/a>".to_owned()),
        ..Package::new(Ecosystem::Rpm, "Full", "0:1-2.el9")
    });
    all.sort_by(|a, b| {
        let key = |one: &Package| {
            (
                one.ecosystem,
                one.name.clone(),
                one.version.clone(),
                one.evidence.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    all
}

fn report() -> ScanReport {
    let mut report = sample::scan();
    report.packages = packages();
    report
}

fn both(report: &ScanReport) -> [Sbom; 2] {
    [
        written(|out| cyclonedx::write(report, out)),
        written(|out| spdx::write(report, out)),
    ]
    .map(|text| read(text.as_bytes(), &report.artifact.name).unwrap())
}

#[test]
fn what_is_written_is_read_back_whole() {
    let report = report();
    for sbom in both(&report) {
        for (found, expected) in sbom.packages.iter().zip(&report.packages) {
            assert_eq!(found, expected, "{:?}", sbom.artifact.kind);
        }
        assert_eq!(sbom.packages.len(), report.packages.len());
        assert_eq!(sbom.dependencies, report.dependencies);
        let subject = sbom.artifact.subject.clone().unwrap();
        assert_eq!(
            (subject.name.as_str(), subject.kind),
            (report.artifact.name.as_str(), SubjectKind::Container)
        );
        let expected = Artifact {
            kind: sbom.artifact.kind,
            subject: Some(subject),
            image_config: None,
            ..report.artifact.clone()
        };
        assert_eq!(sbom.artifact, expected);
        assert_eq!(sbom.warnings, report.warnings);
        let unread: Vec<_> = report
            .coverage
            .iter()
            .filter(|one| one.ecosystem.is_none())
            .collect();
        assert_eq!(sbom.unread.iter().collect::<Vec<_>>(), unread);
    }
}

/// Syft says it the other way around in SPDX; what is named is put in order, and other things are no packages.
#[test]
fn what_needs_what_in_documents_of_others() {
    let cyclonedx = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
        {"type":"library","bom-ref":"b","name":"b","version":"1","purl":"pkg:npm/b@1"},
        {"type":"library","bom-ref":"a","name":"a","version":"1","purl":"pkg:npm/a@1"},
        {"type":"library","name":"c","version":"1","purl":"pkg:npm/c@1"}],
        "dependencies":[{"ref":"a","dependsOn":["b","a","file",""]},{"ref":"b","dependsOn":null},{"ref":"x","dependsOn":["a"]},{}]}"#;
    let package = |name: &str| {
        format!(
            r#"{{"name":"{name}","SPDXID":"SPDXRef-{name}","versionInfo":"1","externalRefs":[{{"referenceCategory":
            "PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/{name}@1"}}]}}"#
        )
    };
    let relation = |a: &str, kind: &str, b: &str| {
        format!(
            r#"{{"spdxElementId":"SPDXRef-{a}","relationshipType":"{kind}","relatedSpdxElement":"SPDXRef-{b}"}}"#
        )
    };
    let spdx = format!(
        r#"{{"spdxVersion":"SPDX-2.3","packages":[{},{},{}],"relationships":[{},{},{}]}}"#,
        package("b"),
        package("a"),
        package("c"),
        relation("b", "DEPENDENCY_OF", "a"),
        relation("c", "CONTAINS", "a"),
        relation("DOCUMENT", "DEPENDS_ON", "a"),
    );
    let mut expected = Dependencies::default();
    expected.add(0, [1]);
    for text in [cyclonedx, &spdx] {
        let sbom = read(text.as_bytes(), "x").unwrap();
        assert_eq!(sbom.dependencies, expected, "{text}");
    }
}

#[test]
fn references_are_unique_and_documents_repeat() {
    let report = report();
    let text = written(|out| cyclonedx::write(&report, out));
    assert_eq!(text, written(|out| cyclonedx::write(&report, out)));
    let bom: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut references: Vec<&str> = bom["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["bom-ref"].as_str().unwrap())
        .collect();
    let all = references.len();
    references.sort_unstable();
    references.dedup();
    assert_eq!(
        (references.len(), all),
        (
            all,
            report.packages.len() + 1 + applications(&report.packages).len()
        )
    );
    let serial = bom["serialNumber"].as_str().unwrap();
    assert_eq!(serial.len(), "urn:uuid:".len() + 36);
    let later = ScanReport {
        created_at: "2027-01-01T00:00:00Z".to_owned(),
        ..report
    };
    assert!(!written(|out| cyclonedx::write(&later, out)).contains(serial));
}

#[test]
fn documents_of_other_tools() {
    let trivy = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {"type": "container",
      "name": "a.tar", "properties": [{"name": "aquasecurity:trivy:ImageID",
      "value": "sha256:679d03cacc4d7521e1d6f45a03f9c71a715761f4533c64b73d3caef60833f977"}]}},
     "components": [
      {"type": "operating-system", "name": "debian", "version": "12.5"},
      {"type": "application", "name": "app/package-lock.json"},
      {"type": "library", "name": "libc6", "version": "2.36-9", "purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12.5",
       "licenses": [{"license": {"name": "LGPL-2.1"}}],
       "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "glibc"}, {"name": "aquasecurity:trivy:SrcVersion", "value": "2.36"},
        {"name": "aquasecurity:trivy:SrcRelease", "value": "9"}, {"name": "aquasecurity:trivy:SrcEpoch", "value": "1"}]},
      {"type": "library", "name": "jason", "version": "1", "purl": "pkg:hex/jason@1"},
      {"type": "library", "name": "lonely", "version": "1"},
      {"type": "library", "name": "odd", "version": "1", "purl": "not a purl"},
      {"type": "library", "group": "@angular", "name": "Core", "version": "17.0.0", "purl": "pkg:npm/%40angular/core@17.0.0",
       "components": [{"type": "library", "name": "inner", "purl": "pkg:npm/inner@1"}]}
     ], "dependencies": null}"#;
    let sbom = read(trivy.as_bytes(), "a.json").unwrap();
    let debian = sbom.artifact.distribution.as_ref().unwrap();
    assert_eq!(
        (&*debian.version_id, sbom.artifact.release.as_deref()),
        ("12", Some("12.5"))
    );
    assert!(sbom.artifact.image_id.is_some());
    let names: Vec<&str> = sbom.packages.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["libc6", "@angular/Core", "inner"]);
    let source = sbom.packages[0].source.as_ref().unwrap();
    assert_eq!((&*source.name, &*source.version), ("glibc", "1:2.36-9"));
    let unread: Vec<&str> = sbom.unread.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(
        unread,
        [
            "`hex` packages",
            "components whose package URL cannot be read",
            "components without a package URL"
        ]
    );
    assert_eq!(
        sbom.warnings,
        ["`not a purl` is not a package URL: it does not start with `pkg:`"]
    );

    let syft = r#"{"spdxVersion": "SPDX-2.3", "name": "a", "packages": [
      {"name": "musl", "SPDXID": "SPDXRef-a", "versionInfo": "1.1.22-r2", "licenseDeclared": "LicenseRef-x",
       "sourceInfo": "acquired package info from APK DB: /lib/apk/db/installed",
       "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
         "referenceLocator": "pkg:apk/alpine/musl@1.1.22-r2?arch=x86_64&distro=alpine-3.10.3"}]},
      {"name": "a.tar", "primaryPackagePurpose": "CONTAINER"}],
      "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-x", "extractedText": "custom"}]}"#;
    let sbom = read(syft.as_bytes(), "a.json").unwrap();
    assert_eq!(sbom.artifact.distribution.as_ref().unwrap().id, "alpine");
    assert_eq!(sbom.packages[0].evidence, "lib/apk/db/installed");
    assert_eq!(sbom.packages[0].licenses, ["custom"]);
    assert_eq!(sbom.warnings, [""; 0]);
}

/// What nobody could look at must not pass for a package without vulnerabilities.
#[test]
fn bad_package_urls_are_not_assessed() {
    for bad in ["pkg:pypi/%00%zz@", "%zz", "django 3.2.10"] {
        let cyclonedx = format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
            {{"type":"library","name":"six","version":"1.16.0","purl":"pkg:pypi/six@1.16.0"}},
            {{"type":"library","name":"dj","version":"3.2.10","purl":"{bad}"}}]}}"#
        );
        let spdx = format!(
            r#"{{"spdxVersion":"SPDX-2.3","packages":[
            {{"name":"six","SPDXID":"SPDXRef-a","versionInfo":"1.16.0","externalRefs":[{{"referenceType":"purl",
            "referenceLocator":"pkg:pypi/six@1.16.0"}}]}},
            {{"name":"dj","SPDXID":"SPDXRef-b","versionInfo":"3.2.10","externalRefs":[{{"referenceType":"purl",
            "referenceLocator":"{bad}"}}]}}]}}"#
        );
        for text in [cyclonedx, spdx] {
            let sbom = read(text.as_bytes(), "x").unwrap();
            assert_eq!(sbom.packages.len(), 1, "{text}");
            let [one] = sbom.unread.as_slice() else {
                panic!("{text}: {:?}", sbom.unread);
            };
            assert_eq!(
                (one.subject.as_str(), one.packages, one.shortfall()),
                (
                    "components whose package URL cannot be read",
                    Some(1),
                    Some("they cannot be compared with advisories; one is `dj`")
                )
            );
        }
    }
}

/// Syft says which packages brought the files of others; what stands in a program is proven by it.
#[test]
fn packages_within_packages_and_programs() {
    let package = |name: &str, purl: &str| {
        format!(
            r#"{{"name":"{name}","SPDXID":"SPDXRef-{name}","externalRefs":[{{"referenceCategory":"PACKAGE-MANAGER",
            "referenceType":"purl","referenceLocator":"{purl}"}}]}}"#
        )
    };
    let relation = |a: &str, kind: &str, b: &str, comment: &str| {
        format!(
            r#"{{"spdxElementId":"SPDXRef-{a}","relationshipType":"{kind}","relatedSpdxElement":"SPDXRef-{b}","comment":"{comment}"}}"#
        )
    };
    let overlap = "ownership-by-file-overlap: one claims the files of the other";
    let text = format!(
        r#"{{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","documentDescribes":["SPDXRef-device"],"packages":[{},{},{},{},
        {{"name":"usr/bin/a","SPDXID":"SPDXRef-a","primaryPackagePurpose":"APPLICATION"}},
        {{"name":"router","SPDXID":"SPDXRef-device","versionInfo":"7","primaryPackagePurpose":"DEVICE"}}],
        "relationships":[{},{},{}]}}"#,
        package("deb", "pkg:deb/debian/python3-pip@1?distro=debian-12"),
        package("pip", "pkg:pypi/pip@1"),
        package("kept", "pkg:pypi/kept@1"),
        package("go", "pkg:golang/stdlib@1.22"),
        relation("deb", "OTHER", "pip", overlap),
        relation("pip", "OTHER", "kept", overlap),
        relation("a", "CONTAINS", "go", ""),
    );
    let sbom = read(text.as_bytes(), "x").unwrap();
    let shown: Vec<_> = sbom
        .packages
        .iter()
        .map(|one| (one.name.as_str(), one.evidence.as_str()))
        .collect();
    assert_eq!(
        shown,
        [("python3-pip", ""), ("kept", ""), ("stdlib", "usr/bin/a")]
    );
    let subject = sbom.artifact.subject.unwrap();
    assert_eq!(
        (&*subject.name, subject.kind, subject.version.as_deref()),
        ("router", SubjectKind::Device, Some("7"))
    );
}

/// Trivy hangs the main module of a program on its file and the other modules on that; the main module may have no
/// version. Circles end.
#[test]
fn modules_stand_in_the_program_of_their_main_module() {
    let module = |name: &str, purl: &str| {
        format!(r#"{{"type":"library","bom-ref":"{name}","name":"{name}","purl":"{purl}"}}"#)
    };
    let text = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{},{},{},{},{},
        {{"type":"library","name":"unreferenced","version":"1","purl":"pkg:npm/unreferenced@1"}},
        {{"type":"application","bom-ref":"file","name":"usr/bin/app"}},
        {{"type":"application","bom-ref":"other","name":"usr/bin/other"}}],
        "dependencies":[{{"ref":"file","dependsOn":["main",""]}},{{"ref":"main","dependsOn":["a","deb"]}},
        {{"ref":"a","dependsOn":["b","other"]}},{{"ref":"b","dependsOn":["a","main","file"]}},
        {{"ref":"other","dependsOn":["c"]}}]}}"#,
        module("main", "pkg:golang/example.test/main"),
        module("a", "pkg:golang/example.test/a@v1"),
        module("b", "pkg:golang/example.test/b@v1"),
        module("c", "pkg:golang/example.test/c@v1"),
        module("deb", "pkg:deb/debian/deb@1?distro=debian-12"),
    );
    let sbom = read(text.as_bytes(), "x").unwrap();
    let packages = sbom.packages.iter();
    let shown: Vec<_> = packages
        .map(|one| (one.name.as_str(), one.evidence.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("deb", ""),
            ("unreferenced", ""),
            ("example.test/a", "usr/bin/app"),
            ("example.test/b", "usr/bin/app"),
            ("example.test/c", "usr/bin/other"),
        ]
    );
}

/// The name of a source RPM has no epoch: it is the binary package's, or that of the one that is named as the source.
#[test]
fn source_packages_of_rpms_have_their_epoch() {
    let library = |purl: &str| format!(r#"{{"type":"library","name":"a","purl":"{purl}&distro=rocky-9.4"}}"#);
    let text = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{},{},{},{}]}}"#,
        library("pkg:rpm/rocky/openssl-libs@3.0.7-25.el9?epoch=1&upstream=openssl-3.0.7-25.el9.src.rpm"),
        library("pkg:rpm/rocky/perl@5.32.1-481.el9?epoch=4&upstream=perl-5.32.1-481.el9.src.rpm"),
        library("pkg:rpm/rocky/perl-B@1.80-481.el9?epoch=0&upstream=perl-5.32.1-481.el9.src.rpm"),
        library("pkg:rpm/rocky/zlib@1.2.11-40.el9?upstream=zlib-1.2.11-40.el9.src.rpm"),
    );
    let sbom = read(text.as_bytes(), "x").unwrap();
    let sources = sbom.packages.iter().map(|one| one.source.as_ref().unwrap());
    let versions: Vec<&str> = sources.map(|source| source.version.as_str()).collect();
    let perl = "4:5.32.1-481.el9";
    assert_eq!(versions, ["1:3.0.7-25.el9", perl, perl, "1.2.11-40.el9"]);
    assert_eq!(sbom.warnings, [""; 0]);
}

/// The namespace is of the vendor and in lower case; only an `ID` of another distribution is another one.
#[test]
fn a_vendor_is_no_other_distribution() {
    let warnings = |id: &str, version: &str, purl: &str| {
        let text = format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
            {{"type":"operating-system","name":"{id}","version":"{version}"}},
            {{"type":"library","name":"a","purl":"{purl}"}}]}}"#
        );
        read(text.as_bytes(), "x").unwrap().warnings
    };
    for (id, version, purl) in [
        ("openEuler", "24.03", "pkg:rpm/openeuler/a@1"),
        (
            "openEuler",
            "24.03",
            "pkg:rpm/openeuler/a@1?distro=openeuler-24.03",
        ),
        (
            "openeuler",
            "24.03",
            "pkg:rpm/openeuler/a@1?distro=openEuler-24.03",
        ),
        ("sles", "15.5", "pkg:rpm/suse/a@1"),
        ("sles", "15.5", "pkg:rpm/suse/a@1?distro=15.5"),
        ("sled", "15.5", "pkg:rpm/suse/a@1"),
        ("slem", "5.4", "pkg:rpm/suse/a@1"),
        ("sl-micro", "6.0", "pkg:rpm/suse/a@1"),
        ("opensuse-leap", "15.5", "pkg:rpm/opensuse/a@1"),
        ("opensuse-leap", "", "pkg:rpm/opensuse/a@1?distro=15.5"),
    ] {
        assert_eq!(warnings(id, version, purl), [""; 0], "{id} {purl}");
    }
    for (id, version, purl) in [
        ("openEuler", "24.03", "pkg:rpm/suse/a@1"),
        ("sles", "15.5", "pkg:rpm/suse/a@1?distro=opensuse-leap-15.5"),
    ] {
        let warnings = warnings(id, version, purl);
        assert!(
            warnings[0].contains("several distributions"),
            "{id} {purl}: {warnings:?}"
        );
    }
}

/// An SBOM made again of an SBOM is about the same thing.
#[test]
fn the_subject_stays_what_it_is() {
    let mut report = report();
    report.artifact = Artifact::new("/srv/app", ArtifactKind::Directory);
    for sbom in both(&report) {
        let again = ScanReport {
            artifact: sbom.artifact,
            packages: sbom.packages,
            ..report.clone()
        };
        for sbom in both(&again) {
            let subject = sbom.artifact.subject.unwrap();
            assert_eq!((&*subject.name, subject.kind), ("/srv/app", SubjectKind::File));
        }
    }
}

#[test]
fn what_the_document_does_not_say_is_a_warning() {
    let without_release = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
      {"type": "library", "name": "a", "version": "1", "purl": "pkg:deb/debian/a@1"}]}"#;
    let sbom = read(without_release.as_bytes(), "a").unwrap();
    assert_eq!(
        sbom.warnings,
        ["the SBOM does not say which release of `debian` it is about"]
    );
    let empty = read(br#"{"bomFormat": "CycloneDX", "specVersion": "1.6"}"#, "a").unwrap();
    assert_eq!(
        empty.warnings,
        ["the SBOM names no package that can be compared with advisories"]
    );
    let two = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
      {"type": "library", "name": "a", "purl": "pkg:deb/debian/a@1?distro=debian-12"},
      {"type": "library", "name": "b", "purl": "pkg:deb/debian/b@1?distro=debian-12"},
      {"type": "library", "name": "c", "purl": "pkg:rpm/fedora/c@1?distro=fedora-40"}]}"#;
    let sbom = read(two.as_bytes(), "a").unwrap();
    assert_eq!(sbom.artifact.distribution.unwrap().id, "debian");
    assert!(
        sbom.warnings[0].contains("several distributions"),
        "{:?}",
        sbom.warnings
    );
}

#[test]
fn other_documents_are_refused() {
    let error = |text: &str| read(text.as_bytes(), "a").unwrap_err();
    assert!(matches!(error(""), Error::NotSbom));
    assert!(matches!(error("{}"), Error::NotSbom));
    assert!(matches!(error("SPDXVersion: SPDX-2.3"), Error::NotSbom));
    assert!(matches!(
        error(r#"{"bomFormat": "CycloneDX", "specVersion": "#),
        Error::SbomJson { .. }
    ));
    let version = error(r#"{"bomFormat": "CycloneDX", "specVersion": "9.9"}"#);
    assert_eq!(version.to_string(), "CycloneDX version `9.9` is not read");
    assert!(version.hint().is_some());
    assert!(matches!(
        error(r#"{"spdxVersion": "SPDX-3.0"}"#),
        Error::SbomVersion { .. }
    ));
}

#[test]
fn a_distribution_that_only_its_id_tells_is_kept() {
    let mut report = report();
    report.artifact.distribution = Some(Distribution {
        id: "opensuse-tumbleweed".to_owned(),
        version_id: String::new(),
        codename: None,
        pretty_name: Some("openSUSE Tumbleweed".to_owned()),
    });
    report.artifact.release = None;
    for sbom in both(&report) {
        assert_eq!(sbom.artifact.distribution, report.artifact.distribution);
        assert_eq!(sbom.artifact.release, None);
    }
}

proptest! {
    #[test]
    fn nothing_panics(
        key in prop::sample::select(vec!["bomFormat", "spdxVersion", "components", "packages", "purl"]),
        text in "\\PC{0,30}",
        noise in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let mut bytes = format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "{key}": [{{"type": "library",
          "name": "{text}", "purl": "pkg:{text}"}}], "a": "#).into_bytes();
        bytes.extend(noise);
        let _ = read(&bytes, "a");
        let whole = format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{{"type": "library",
          "name": "x", "purl": {}}}]}}"#, serde_json::json!(format!("pkg:{text}")));
        prop_assert!(read(whole.as_bytes(), "a").is_ok());
    }
}
