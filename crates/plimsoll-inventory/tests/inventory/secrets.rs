//! Secrets in files of layers.

use plimsoll_core::Place;
use plimsoll_inventory::Inventory;

use crate::support::{F, image, inventory, layer};

#[test]
fn secrets_stay_in_the_layers_below_a_whiteout() {
    let dir = tempfile::tempdir().unwrap();
    let key = format!(
        "-----BEGIN {}-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n",
        "PRIVATE KEY"
    );
    let lower = layer(
        dir.path(),
        &[
            F("app/.env", b"DEBUG=1\nDB_PASSWORD=hunter2\n"),
            F("root/.ssh/id_rsa", key.as_bytes()),
            F("usr/lib/python3/dist-packages/x/key.pem", key.as_bytes()),
            F("app/blob", &[b"\0".as_slice(), key.as_bytes()].concat()),
        ],
    );
    let upper = layer(dir.path(), &[F("app/.wh..env", b"")]);
    let mut image = image(vec![lower, upper], &[]);
    image.config.config.env.push("API_KEY=abcdef".to_owned());
    let found = Inventory::of(&image, None).unwrap().secrets;
    let shown = found.iter().map(|finding| {
        let place = match &finding.place {
            Place::Layer { path, .. } => path.clone(),
            other => format!("{other:?}"),
        };
        format!("{place}: {}: {}", finding.message, finding.evidence)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "Config { field: \"Env\" }: `API_KEY` has a value in the image's configuration: API_KEY=********",
            "app/.env: value of `DB_PASSWORD` in line 2, which a later layer deletes and the image still holds: \
             DB_PASSWORD=********",
            "root/.ssh/id_rsa: private key in line 1: -----BEGIN PRIVATE KEY-----",
        ]
    );
}

/// Where, and what kind.
fn secret_places(found: &Inventory) -> Vec<String> {
    let place = |finding: &plimsoll_core::Finding| match &finding.place {
        Place::Layer { path, .. } => path.clone(),
        other => format!("{other:?}"),
    };
    found.secrets.iter().map(place).collect()
}

#[test]
fn secrets_in_package_directories_count_unless_a_package_owns_them() {
    let dir = tempfile::tempdir().unwrap();
    let key = format!(
        "-----BEGIN {}-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n",
        "PRIVATE KEY"
    );
    let key = key.as_bytes();
    let large = [vec![b'\n'; 2 << 20], key.to_vec()].concat();
    let mixed = layer(
        dir.path(),
        &[
            F("app/dump.sql", &large),
            F("app/huge.sql", &vec![b'\n'; 9 << 20]),
            F("app/logo.png", b"\x89PNG"),
            F("app/tool", b"\0\0"),
            F("usr/lib/ssl/sample.key", key),
            F("usr/lib/x/owned.txt", key),
            F("usr/lib/python3/dist-packages/t/test.key", key),
            F("usr/share/app/.npmrc", b"//r.test/:_password=aHVudGVyMg==\n"),
            F("usr/share/app/settings.py", key),
            F("usr/share/doc/x/key.pem", key),
            F("var/cache/app/.env", b"DB_PASSWORD=hunter2\n"),
            F(
                "var/lib/dpkg/info/x.list",
                b"/.\n/usr\n/usr/share/doc/x/key.pem\n/lib/x/owned.txt\n",
            ),
        ],
    );
    let found = inventory(vec![mixed]);
    assert_eq!(
        secret_places(&found),
        [
            "app/dump.sql",
            "usr/lib/ssl/sample.key",
            "usr/share/app/.npmrc",
            "usr/share/app/settings.py",
            "var/cache/app/.env",
        ]
    );
    assert_eq!(
        found.secret_scope.to_string(),
        "5 files searched; not: 2 owned by the distribution's packages, 1 of languages' packages and runtimes, \
         2 that are no text, 1 larger than 8 MiB"
    );
    // Alpine names directories and files apart.
    let alpine = layer(
        dir.path(),
        &[
            F("lib/apk/db/installed", b"P:x\nV:1\nF:usr/share/x\nR:key.pem\n\n"),
            F("usr/share/x/key.pem", key),
            F("usr/share/x/other.pem", key),
        ],
    );
    assert_eq!(secret_places(&inventory(vec![alpine])), ["usr/share/x/other.pem"]);
}

#[test]
fn scripts_that_are_called_like_archives_are_searched() {
    let dir = tempfile::tempdir().unwrap();
    let token = format!("ghp_{}", "1aB2cD3eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX");
    let script = format!("#!/bin/sh\nexport T={token}\n");
    let names = ["app/run.pex", "app/run.pyz", "app/run.egg"];
    let layer = layer(dir.path(), &names.map(|name| F(name, script.as_bytes())));
    let found = inventory(vec![layer]);
    let mut places = secret_places(&found);
    places.sort();
    assert_eq!(places, ["app/run.egg", "app/run.pex", "app/run.pyz"]);
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
}
