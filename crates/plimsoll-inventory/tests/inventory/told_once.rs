//! Packages that several files speak of.

use plimsoll_core::Package;
use plimsoll_inventory::{AnalysisCache, Inventory, InventoryOptions};

use crate::STATUS;
use crate::support::{F, dpkg, image, inventory, layer, metadata, shown};

#[test]
fn python_packages_of_the_distribution_are_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = "usr/lib/python3/dist-packages/six-1.16.0.egg-info";
    let list = format!("/.\n/usr\n/{path}\n");
    let base = layer(
        dir.path(),
        &[
            F(STATUS, &dpkg(&[("python3-six", "1.16.0-4")])),
            F("var/lib/dpkg/info/python3-six.list", list.as_bytes()),
            F(path, &metadata("six", "1.16.0")),
            F(
                "usr/local/lib/python3.11/dist-packages/six-1.17.0.dist-info/METADATA",
                &metadata("six", "1.17.0"),
            ),
        ],
    );
    assert_eq!(
        shown(&inventory(vec![base.clone()])),
        ["python3-six 1.16.0-4 0", "six 1.17.0 0"]
    );
    let removed = layer(dir.path(), &[F("var/lib/dpkg/info/.wh.python3-six.list", b"")]);
    assert_eq!(shown(&inventory(vec![base, removed])).len(), 3);
}

#[test]
fn what_has_metadata_of_its_own_is_told_by_them() {
    let dir = tempfile::tempdir().unwrap();
    let site = "opt/conda/envs/a/lib/python3.11/site-packages";
    let record =
        |name: &str, version: &str| format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}").into_bytes();
    let image = layer(
        dir.path(),
        &[
            F(
                "opt/conda/envs/a/conda-meta/num-py-1.json",
                &record("num-py", "1"),
            ),
            F("opt/conda/envs/a/conda-meta/zlib-2.json", &record("zlib", "2")),
            F("opt/conda/conda-meta/num-py-1.json", &record("num-py", "1.1")),
            F(
                &format!("{site}/Num.Py-1.dist-info/METADATA"),
                &metadata("Num.Py", "1"),
            ),
            F(
                &format!("{site}/pip/_vendor/vendor.txt"),
                b"idna==3.4\nurllib3==1.26.15\n",
            ),
            F(
                &format!("{site}/pip/_vendor/idna-3.4.dist-info/METADATA"),
                &metadata("idna", "3.4"),
            ),
            F(
                "app/urllib3-1.26.15.dist-info/METADATA",
                &metadata("urllib3", "1.26.15"),
            ),
        ],
    );
    assert_eq!(
        shown(&inventory(vec![image])),
        [
            "Num.Py 1 0",
            "idna 3.4 0",
            "urllib3 1.26.15 0",
            "urllib3 1.26.15 0",
            "num-py 1.1 0",
            "zlib 2 0"
        ]
    );
}

#[test]
fn a_program_with_a_document_of_its_maker_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let document = br#"{"packages":[{"name":"apache","versionInfo":"2.4.58","externalRefs":[
        {"referenceType":"purl","referenceLocator":"pkg:bitnami/apache@2.4.58-0"}]}]}"#;
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(8 << 10, 0);
    program.extend(b"Apache/2.4.58 (Unix)");
    let found = inventory(vec![layer(
        dir.path(),
        &[
            F("opt/bitnami/apache/.spdx-apache.spdx", document),
            F("opt/bitnami/apache/bin/httpd", &program),
            F("srv/bin/httpd", &program),
        ],
    )]);
    assert_eq!(shown(&found), ["apache 2.4.58 0", "httpd 2.4.58 0"]);
    assert_eq!(found.packages[1].evidence, "srv/bin/httpd");
}

#[test]
fn packages_have_their_files_where_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let base = layer(
        dir.path(),
        &[
            F(STATUS, &dpkg(&[("libc6", "1"), ("bash", "1")])),
            F(
                "var/lib/dpkg/info/libc6:amd64.list",
                b"/.\n/lib\n/lib/libc.so.6\n",
            ),
            F("var/lib/dpkg/info/bash.list", b"/.\n/bin/bash\n"),
            F("var/lib/dpkg/status.d/tzdata", b"Package: tzdata\nVersion: 1\n"),
            F(
                "var/lib/dpkg/status.d/tzdata.md5sums",
                b"d41d8cd98f00b204e9800998ecf8427e  usr/share/zoneinfo/UTC\n",
            ),
            F(
                "lib/apk/db/installed",
                b"P:musl\nV:1\nF:lib\nR:ld-musl.so\nF:\nR:init\n\nP:no\nV:1\n",
            ),
            F("app/a.dist-info/METADATA", &metadata("a", "1")),
        ],
    );
    let image = image(vec![base], &[]);
    let cache = AnalysisCache::new(dir.path().join("cache"));
    let files = |files| {
        let options = InventoryOptions {
            files,
            cache: Some(&cache),
            ..InventoryOptions::default()
        };
        let found = Inventory::with_options(&image, options).unwrap();
        let shown = |package: &Package| format!("{}: {}", package.name, package.files.join(" "));
        found.packages.iter().map(shown).collect::<Vec<_>>()
    };
    assert!(files(false).iter().all(|line| line.ends_with(": ")));
    // An analysis without files is kept now, and is not enough.
    assert_eq!(
        files(true),
        [
            "bash: bin/bash",
            "libc6: lib/libc.so.6",
            "tzdata: usr/share/zoneinfo/UTC",
            "musl: lib/ld-musl.so init",
            "no: ",
            "a: app/a.dist-info/METADATA",
        ]
    );
    assert!(files(false).iter().all(|line| line.ends_with(": ")));
}
