#![no_main]
//! Takes stock of a layer with one file, whose first byte chooses what it is called.

use libfuzzer_sys::fuzz_target;
use plimsoll_image::Layer;

const PATHS: &[&str] = &[
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/base",
    "var/lib/dpkg/status.d/base.md5sums",
    "var/lib/dpkg/info/base.list",
    "usr/share/doc/base/copyright",
    "lib/apk/db/installed",
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/Packages",
    "var/lib/rpmmanifest/container-manifest-2",
    "etc/os-release",
    "etc/debian_version",
    "usr/lib/python3/dist-packages/a-1.dist-info/METADATA",
    "usr/lib/python3/dist-packages/a.egg-info",
    "opt/conda/conda-meta/a.json",
    "app/node_modules/a/package.json",
    "usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec",
    "app/vendor/composer/installed.json",
    "app/app.deps.json",
    "app/app.jar",
    "usr/local/bin/program",
    "usr/bin/python3.11",
    "usr/lib/libssl.so.3",
    "app/.env",
    "root/.docker/config.json",
    "app/settings.py",
    "app/app.pyz",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, content)) = bytes.split_first() else {
        return;
    };
    let path = PATHS[usize::from(*choice) % PATHS.len()];
    let file = plimsoll_fuzz::file(&plimsoll_fuzz::tar(&[(path, content)]));
    let layer = Layer::from_tar(file.path()).expect("the tar is whole");
    let analysis = plimsoll_inventory::analyze_layer(&layer).expect("the layer is whole");
    for package in analysis.evidence.iter().flat_map(|file| &file.packages) {
        assert!(!package.name.is_empty());
    }
});
