//! Layers over each other: what is there, and which of them brought or removed it.

use plimsoll_core::Origin;
use plimsoll_inventory::{Inventory, InventoryOptions};

use crate::STATUS;
use crate::support::{F, H, Put, S, dpkg, image, inventory, layer, metadata, shown};

#[test]
fn the_topmost_database_counts_and_each_package_knows_its_layer() {
    let dir = tempfile::tempdir().unwrap();
    let layers = vec![
        layer(
            dir.path(),
            &[F(
                STATUS,
                &dpkg(&[("base", "1"), ("gone", "1"), ("old", "1"), ("back", "1")]),
            )],
        ),
        layer(
            dir.path(),
            &[F(STATUS, &dpkg(&[("base", "1"), ("gone", "1"), ("old", "2")]))],
        ),
        layer(dir.path(), &[F("etc/motd", b"hello")]),
        layer(
            dir.path(),
            &[F(
                STATUS,
                &dpkg(&[("base", "1"), ("old", "2"), ("new", "1"), ("back", "1")]),
            )],
        ),
    ];
    let history = [
        ("ADD rootfs", false),
        ("RUN upgrade", false),
        ("CMD [\"sh\"]", true),
        ("COPY motd", false),
        ("RUN install", false),
    ];
    let found = Inventory::of(&image(layers, &history), None).unwrap();
    assert_eq!(shown(&found), ["back 1 3", "base 1 0", "new 1 3", "old 2 1"]);
    let new = found
        .packages
        .iter()
        .find(|package| package.name == "new")
        .unwrap();
    assert_eq!(new.layer.as_ref().unwrap().created_by, "RUN install");
    assert_eq!(found.base_layers, Some(2));
    assert_eq!(
        (new.origin, found.packages[1].origin),
        (Origin::App, Origin::Base)
    );
    assert_eq!(found.distribution, None);
}

#[test]
fn the_caller_may_know_where_the_base_ends() {
    let dir = tempfile::tempdir().unwrap();
    let layers = vec![
        layer(dir.path(), &[F("a.dist-info/METADATA", &metadata("a", "1"))]),
        layer(dir.path(), &[F("b.dist-info/METADATA", &metadata("b", "1"))]),
    ];
    let image = image(layers, &[]);
    let origins = |base_layers| {
        let options = InventoryOptions {
            base_layers,
            ..InventoryOptions::default()
        };
        let found = Inventory::with_options(&image, options).unwrap();
        found
            .packages
            .iter()
            .map(|package| package.origin)
            .collect::<Vec<_>>()
    };
    assert_eq!(origins(None), [Origin::Unknown, Origin::Unknown]);
    assert_eq!(origins(Some(1)), [Origin::Base, Origin::App]);
}

#[test]
fn whiteouts_and_what_stands_in_the_way_remove_packages() {
    let dir = tempfile::tempdir().unwrap();
    let site = |name: &str| format!("usr/lib/python3/site-packages/{name}-1.dist-info/METADATA");
    let (a, b, c) = (site("a"), site("b"), site("c"));
    let lower = layer(
        dir.path(),
        &[
            F(&a, &metadata("a", "1")),
            F(&b, &metadata("b", "1")),
            F(&c, &metadata("c", "1")),
            F("opt/venv/d.dist-info/METADATA", &metadata("d", "1")),
            F("opt/venv-2/e.dist-info/METADATA", &metadata("e", "1")),
            F("srv/f.egg-info/PKG-INFO", &metadata("f", "1")),
            F("srv/g.egg-info", &metadata("g", "1")),
        ],
    );
    let upper = layer(
        dir.path(),
        &[
            F("usr/lib/python3/site-packages/.wh.a-1.dist-info", b""),
            F("opt/venv/.wh..wh..opq", b""),
            F("opt/venv/h.dist-info/METADATA", &metadata("h", "1")),
            S("usr/lib/python3/site-packages/b-1.dist-info", "/elsewhere"),
            F("srv/f.egg-info", &metadata("f", "2")),
            F("srv/.wh.g.egg-info", b""),
        ],
    );
    assert_eq!(
        shown(&inventory(vec![lower.clone(), upper.clone()])),
        ["c 1 0", "e 1 0", "f 2 1", "h 1 1"]
    );
    // A layer that only touches a package's files does not bring the package.
    let touched = layer(dir.path(), &[F(&c, &metadata("c", "1"))]);
    assert!(shown(&inventory(vec![lower, upper, touched])).contains(&"c 1 0".to_owned()));
}

#[test]
fn a_directory_in_the_place_of_a_link_of_its_layer_shows_what_is_below() {
    let dir = tempfile::tempdir().unwrap();
    let lower = layer(dir.path(), &[F("opt/a.dist-info/METADATA", &metadata("a", "1"))]);
    let both = layer(dir.path(), &[S("opt", "/elsewhere"), Put::Directory("opt")]);
    assert_eq!(shown(&inventory(vec![lower.clone(), both])), ["a 1 0"]);
    let link = layer(dir.path(), &[Put::Directory("opt"), S("opt", "/elsewhere")]);
    assert!(shown(&inventory(vec![lower, link])).is_empty());
}

#[test]
fn hard_links_are_read_by_their_targets() {
    let dir = tempfile::tempdir().unwrap();
    let linked = layer(
        dir.path(),
        &[
            F("cache/blob", &metadata("a", "1")),
            H("app/a.dist-info/METADATA", "cache/blob"),
            F("cache/b.dist-info/METADATA", &metadata("b", "1")),
            H("app/b.dist-info/METADATA", "cache/b.dist-info/METADATA"),
        ],
    );
    assert_eq!(shown(&inventory(vec![linked])), ["a 1 0", "b 1 0", "b 1 0"]);
}

#[test]
fn what_later_layers_removed_is_told_where_all_layers_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let site = |name: &str| format!("usr/lib/python3/dist-packages/{name}.dist-info/METADATA");
    let (six, pip) = (site("six"), site("pip"));
    let list = format!("/{six}\n");
    let layers = vec![
        layer(
            dir.path(),
            &[
                F(STATUS, &dpkg(&[("a", "1"), ("b", "1"), ("python3-six", "1")])),
                F("var/lib/dpkg/info/python3-six.list", list.as_bytes()),
                F(&six, &metadata("six", "1")),
                F(&pip, &metadata("pip", "9")),
            ],
        ),
        layer(
            dir.path(),
            &[
                F(STATUS, &dpkg(&[("a", "2")])),
                F("var/lib/dpkg/info/.wh.python3-six.list", b""),
                F("usr/lib/python3/.wh.dist-packages", b""),
            ],
        ),
        layer(dir.path(), &[F(STATUS, &dpkg(&[("a", "2"), ("b", "1")]))]),
    ];
    let history = [("ADD rootfs", false), ("RUN remove", false), ("RUN again", false)];
    let image = image(layers, &history);
    assert_eq!(shown(&Inventory::of(&image, None).unwrap()), ["a 2 1", "b 1 2"]);
    let options = InventoryOptions {
        all_layers: true,
        ..InventoryOptions::default()
    };
    let found = Inventory::with_options(&image, options).unwrap();
    let removed = found.packages.iter().filter_map(|package| {
        let by = package.removed_by.as_ref()?;
        let layer = package.layer.as_ref()?.index;
        Some(format!(
            "{} {} {layer} {} {}",
            package.name, package.version, by.index, by.created_by
        ))
    });
    // `b` is there again, and the distribution's `python3-six` stands for `six`.
    assert_eq!(
        removed.collect::<Vec<_>>(),
        [
            "a 1 0 1 RUN remove",
            "python3-six 1 0 1 RUN remove",
            "pip 9 0 1 RUN remove"
        ]
    );
    assert_eq!(found.packages.len(), 5);
}

#[test]
fn instructions_of_packages_are_told_without_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let layers = vec![layer(
        dir.path(),
        &[F("var/lib/dpkg/status", &dpkg(&[("bash", "5.2-1")]))],
    )];
    let line = "RUN |1 NPM_TOKEN=s3cr3t-0f-the-registry /bin/sh -c npm ci --token s3cr3t-0f-the-registry";
    let found = Inventory::of(&image(layers, &[(line, false)]), None).unwrap();
    let made_by = &found.packages[0].layer.as_ref().unwrap().created_by;
    assert_eq!(
        made_by,
        "RUN |1 NPM_TOKEN=******** /bin/sh -c npm ci --token ********"
    );
    assert_eq!(found.secrets.len(), 1);
}
