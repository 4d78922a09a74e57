//! The store: names, removal, what is seen in an overlay mount, and several writers at once.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use plimsoll_core::{Digest, Reference};
use plimsoll_image::{Error, ImageConfig, Layer, Store};

use crate::support::{Tar, import, is_root, leftovers, run, store, written};

fn name(text: &str) -> Reference {
    text.parse().unwrap()
}

fn layer(store: &Store, content: &str) -> Layer {
    let new = store.new_layer().unwrap();
    fs::write(new.fs().join("file"), content).unwrap();
    let mut new = new;
    new.clamp_mtime(0);
    new.commit().unwrap()
}

fn created(time: &str) -> ImageConfig {
    ImageConfig {
        created: Some(time.to_owned()),
        ..ImageConfig::default()
    }
}

#[test]
fn images_are_found_by_name_and_id() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let base = layer(&store, "base");
    let old = store
        .commit(
            &created("2024-01-01T00:00:00Z"),
            std::slice::from_ref(&base),
            &[name("app:1"), name("app")],
        )
        .unwrap();
    let top = layer(&store, "top");
    let new = store
        .commit(
            &created("2024-01-01T00:00:00.5+00:00"),
            &[base.clone(), top],
            &[name("app")],
        )
        .unwrap();
    assert_eq!(new.config.rootfs.diff_ids.len(), 2);
    let ids =
        |images: Vec<plimsoll_image::Image>| images.into_iter().map(|image| image.id).collect::<Vec<_>>();
    assert_eq!(ids(store.images().unwrap()), [new.id, old.id]);
    let find = |name: &str| store.find(name).map(|image| image.id);
    for (name, id) in [
        ("app", new.id),
        ("app:1", old.id),
        ("docker.io/library/app:latest", new.id),
    ] {
        assert_eq!(find(name).unwrap(), id, "{name}");
    }
    assert_eq!(find(&new.id.to_string()).unwrap(), new.id);
    assert_eq!(find(&new.id.short()).unwrap(), new.id);
    assert_eq!(find(&format!("sha256:{}", &new.id.hex()[..20])).unwrap(), new.id);
    assert_eq!(find(&new.manifest_digest.unwrap().to_string()).unwrap(), new.id);
    assert_eq!(
        find(&format!("app@{}", new.manifest_digest.unwrap())).unwrap(),
        new.id
    );
    for missing in [
        "app:2",
        "other",
        "",
        "ffffffffffffffffffffffff",
        &format!("other@{}", new.manifest_digest.unwrap()),
    ] {
        assert!(
            matches!(find(missing), Err(Error::NoSuchImage { .. })),
            "{missing}"
        );
    }
    // Sooner or later two IDs begin with the same digit.
    let more: Vec<Digest> = (0..20)
        .map(|index| {
            store
                .commit(
                    &created(&format!("20{index:02}")),
                    std::slice::from_ref(&base),
                    &[],
                )
                .unwrap()
                .id
        })
        .collect();
    let first = more[0].hex()[..1].to_owned();
    if more[1..].iter().any(|id| id.hex().starts_with(&first)) {
        assert!(matches!(find(&first), Err(Error::Ambiguous { .. })));
    }
    // The very same image again is the same, and keeps its names.
    let again = store
        .commit(&created("2024-01-01T00:00:00Z"), &[base], &[])
        .unwrap();
    assert_eq!((again.id, again.references), (old.id, vec![name("app:1")]));
}

#[test]
fn file_trees_are_for_their_owner_alone_whatever_the_folder_was() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("store");
    let set_mode = |path: &Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    // The folder was made by somebody else, and one of an older version has open directories.
    fs::create_dir_all(root.join("layers")).unwrap();
    set_mode(&root);
    set_mode(&root.join("layers"));
    store(directory.path());
    for name in ["builds", "caches", "containers", "implied", "layers", "tmp"] {
        let mode = fs::metadata(root.join(name)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700, "{name}");
    }
}

#[test]
fn an_image_that_is_removed_meanwhile_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let base = layer(&store, "base");
    store
        .commit(
            &created("2024-01-01T00:00:00Z"),
            std::slice::from_ref(&base),
            &[name("kept")],
        )
        .unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..60 {
                let config = created(&format!("{}-01-01T00:00:00Z", 1900 + round));
                store
                    .commit(&config, std::slice::from_ref(&base), &[name("short-lived")])
                    .unwrap();
                store.remove("short-lived", false, &|_| None).unwrap();
            }
        });
        let reader = Store::open(store.root()).unwrap();
        while !writer.is_finished() {
            let count = reader.images().unwrap().len();
            assert!((1..=2).contains(&count), "{count} images");
            assert!(matches!(
                reader.find("ffffffffffffffff"),
                Err(Error::NoSuchImage { .. })
            ));
            match reader.find("short-lived") {
                Ok(_) | Err(Error::NoSuchImage { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
    assert_eq!(store.images().unwrap().len(), 1);
}

#[test]
fn names_are_moved_and_images_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let (base, top) = (layer(&store, "base"), layer(&store, "top"));
    let (base_id, top_id) = (base.diff_id, top.diff_id);
    let one = store
        .commit(
            &created("1"),
            std::slice::from_ref(&base),
            &[name("one"), name("uno")],
        )
        .unwrap();
    let two = store.commit(&created("2"), &[base, top], &[name("two")]).unwrap();
    store.tag(&two, &name("zwei")).unwrap();
    assert_eq!(store.find("two").unwrap().references, [name("two"), name("zwei")]);
    let nobody = |_: &Digest| None;
    let somebody = |_: &Digest| Some("container web".to_owned());

    assert!(matches!(
        store.remove("none", false, &nobody),
        Err(Error::NoSuchImage { .. })
    ));
    assert!(matches!(
        store.remove(&two.id.short(), false, &nobody),
        Err(Error::SeveralNames { .. })
    ));
    let removed = store.remove("zwei", false, &somebody).unwrap();
    assert_eq!((removed.untagged, removed.deleted), (vec![name("zwei")], vec![]));
    assert!(matches!(
        store.remove("two", false, &somebody),
        Err(Error::InUse { .. })
    ));
    drop(two.clone());

    // An image that is in use loses its name only.
    let removed = store.remove("two", true, &somebody).unwrap();
    assert_eq!((removed.untagged, removed.deleted), (vec![name("two")], vec![]));
    assert!(store.find(&two.id.hex()).unwrap().references.is_empty());

    // As long as a value holds the layer it stays, whatever the index says.
    let removed = store.remove(&two.id.hex(), false, &nobody).unwrap();
    assert_eq!(removed.deleted, [two.id]);
    assert!(store.layer(&top_id).unwrap().is_some());
    drop(two);
    let pruned = store.prune_unreferenced().unwrap();
    assert_eq!((pruned.layers, pruned.bytes), (vec![top_id], 3));
    assert!(store.layer(&top_id).unwrap().is_none());
    assert!(store.layer(&base_id).unwrap().is_some());

    let id = one.id;
    drop(one);
    let removed = store.remove(&id.hex(), true, &nobody).unwrap();
    assert_eq!(removed.untagged, [name("one"), name("uno")]);
    assert_eq!(removed.deleted, [id, base_id]);
    assert!(leftovers(&store).is_empty());
}

#[test]
fn steps_and_containers_keep_layers() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let [step, container, neither] =
        ["step", "container", "neither"].map(|content| layer(&store, content).diff_id);
    fs::write(
        store.steps_dir().join("key"),
        format!(r#"{{"diff_id":"{step}","more":1}}"#),
    )
    .unwrap();
    fs::write(store.steps_dir().join("damaged"), "{").unwrap();
    fs::create_dir(store.containers_dir().join("abc")).unwrap();
    fs::write(
        store.containers_dir().join("abc/config.json"),
        format!(r#"{{"layers":["{container}"]}}"#),
    )
    .unwrap();
    assert_eq!(store.prune_unreferenced().unwrap().layers, [neither]);
    assert!(store.layer(&step).unwrap().is_some() && store.layer(&container).unwrap().is_some());
}

#[test]
fn layers_of_another_store_are_copied() {
    let directory = tempfile::tempdir().unwrap();
    let from = Store::open(&directory.path().join("from")).unwrap();
    let to = Store::open(&directory.path().join("to")).unwrap();
    let image = from
        .commit(&created("1"), &[layer(&from, "x")], &[name("x")])
        .unwrap();
    let copied = to.add(&image, &image.references).unwrap();
    assert_eq!(copied.id, image.id);
    assert!(copied.layers[0].tree().unwrap().starts_with(to.root()));
    assert_eq!(written(&copied.layers[0]), written(&image.layers[0]));
}

#[test]
fn what_a_killed_process_left_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let alive = store.new_layer().unwrap();
    fs::write(alive.fs().join("x"), "x").unwrap();
    let tmp = store.root().join("tmp");
    fs::create_dir_all(tmp.join("dead/0/fs")).unwrap();
    fs::write(tmp.join("dead.lock"), "process 1").unwrap();
    let _other = Store::open(store.root()).unwrap();
    assert!(!tmp.join("dead").exists() && !tmp.join("dead.lock").exists());
    assert!(alive.fs().join("x").exists());
    drop(alive);
    drop(store);
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
}

#[test]
fn a_layer_that_was_not_on_the_disk_when_the_machine_went_down_is_not_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let (lost, kept) = (layer(&store, "lost"), layer(&store, "kept"));
    let image = store
        .commit(&created("1"), std::slice::from_ref(&kept), &[])
        .unwrap();
    let ids = (lost.diff_id, kept.diff_id);
    let meta = |id: &Digest| store.root().join("layers").join(id.hex()).join("meta");
    assert!(!fs::read_to_string(meta(&ids.1)).unwrap().contains("boot"));
    for id in [ids.0, ids.1] {
        let text =
            r#"{"kind":"canonical","tar_size":2048,"size":4,"entries":1,"unsynced_boot":"an earlier one"}"#;
        fs::write(meta(&id), text).unwrap();
    }
    drop((lost, kept, image));
    let store = Store::open(store.root()).unwrap();
    assert!(store.layer(&ids.0).unwrap().is_none());
    assert!(store.layer(&ids.1).unwrap().is_some());
}

/// What processes do at once, done by threads with a store of their own each.
#[test]
fn many_writers_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("store");
    let tar = Tar::new()
        .file("a", &[1; 100_000])
        .dir("d")
        .file("d/b", b"b")
        .end();
    let archive = {
        let other = Store::open(&directory.path().join("other")).unwrap();
        let image = import(&other, &tar).unwrap();
        let path = directory.path().join("x.tar");
        let mut file = fs::File::create(&path).unwrap();
        plimsoll_image::sink::docker_archive::write(&[image], &mut file).unwrap();
        path
    };
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (root, archive) = (&root, &archive);
            scope.spawn(move || {
                let store = Store::open(root).unwrap();
                for round in 0..5 {
                    let image = plimsoll_image::source::open_archive(archive, &Default::default())
                        .unwrap()
                        .remove(0);
                    let own = format!("own-{thread}-{round}");
                    let added = store.add(&image, &[name(&own), name("shared")]).unwrap();
                    assert!(added.layers[0].tree().unwrap().join("d/b").is_file());
                    let built = store
                        .commit(
                            &created(&own),
                            &[added.layers[0].clone(), layer(&store, &own)],
                            &[name("built")],
                        )
                        .unwrap();
                    assert_eq!(store.find(&built.id.hex()).unwrap().layers.len(), 2);
                    store.prune_unreferenced().unwrap();
                    store.remove(&own, true, &|_| None).unwrap();
                    store.images().unwrap();
                }
            });
        }
    });
    let store = Store::open(&root).unwrap();
    let found = store.find("shared").unwrap();
    assert_eq!(found.references, [name("shared")]);
    assert_eq!(written(&found.layers[0]), tar);
    assert_eq!(store.images().unwrap().len(), 1 + 30);
    for image in store.images().unwrap() {
        for layer in &image.layers {
            assert!(layer.tree().unwrap().is_dir());
        }
    }
}

#[test]
fn implied_directories_keep_the_attributes_from_below() {
    if !is_root("an overlay mount") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let base = store.new_layer().unwrap();
    for (path, mode, owner) in [
        ("tmp", 0o1777, 0),
        ("home", 0o755, 0),
        ("home/user", 0o700, 1000),
        ("gone", 0o700, 5),
    ] {
        fs::create_dir(base.fs().join(path)).unwrap();
        fs::set_permissions(base.fs().join(path), fs::Permissions::from_mode(mode)).unwrap();
        std::os::unix::fs::chown(base.fs().join(path), Some(owner), Some(owner)).unwrap();
    }
    fs::write(base.fs().join("home/user/below"), "below").unwrap();
    let base = base.commit().unwrap();
    let top = Tar::new()
        .file("tmp/x", b"x")
        .file("home/user/new/y", b"y")
        .file(".wh.gone", b"")
        .end();
    let top = import(&store, &top).unwrap().layers[0].clone();
    assert_eq!(store.mount_layers(std::slice::from_ref(&base)).unwrap().len(), 1);
    let again = Tar::new().file("gone/z", b"z").end();
    let again = import(&store, &again).unwrap().layers[0].clone();
    let chain = [base, top, again];
    let lowers = store.mount_layers(&chain).unwrap();
    assert_eq!(lowers.len(), 4);
    assert_eq!(store.mount_layers(&chain).unwrap(), lowers);

    let target = directory.path().join("merged");
    fs::create_dir(&target).unwrap();
    let list: Vec<&str> = lowers.iter().map(|path| path.to_str().unwrap()).collect();
    let options = format!("lowerdir={}", list.join(":"));
    let mounted = Command::new("mount")
        .args(["-t", "overlay", "overlay", "-o", &options])
        .arg(&target)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: needs overlay mounts");
        return;
    }
    let seen = |path: &str| {
        let metadata = fs::metadata(target.join(path)).unwrap();
        (metadata.mode() & 0o7777, metadata.uid())
    };
    let result = std::panic::catch_unwind(|| {
        assert_eq!(seen("tmp"), (0o1777, 0));
        assert_eq!(seen("home/user"), (0o700, 1000));
        assert_eq!(seen("home/user/new"), (0o755, 0));
        assert_eq!(seen("home"), (0o755, 0));
        assert_eq!(seen("gone"), (0o755, 0));
        assert_eq!(fs::read(target.join("home/user/below")).unwrap(), b"below");
        assert_eq!(fs::read(target.join("home/user/new/y")).unwrap(), b"y");
        assert_eq!(fs::read(target.join("gone/z")).unwrap(), b"z");
    });
    run(Command::new("umount").arg(&target));
    result.unwrap();

    // It goes with its layers.
    assert!(fs::read_dir(store.root().join("implied")).unwrap().count() == 1);
    drop(chain);
    for image in store.images().unwrap() {
        store.remove(&image.id.hex(), true, &|_| None).unwrap();
    }
    store.prune_unreferenced().unwrap();
    assert!(leftovers(&store).is_empty());
}

#[test]
fn an_opaque_root_hides_all_layers_below() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let base = layer(&store, "base");
    let top = import(
        &store,
        &Tar::new().file(".wh..wh..opq", b"").file("x", b"x").end(),
    )
    .unwrap();
    let lowers = store.mount_layers(&[base, top.layers[0].clone()]).unwrap();
    assert_eq!(lowers, [top.layers[0].tree().unwrap().to_owned()]);
}

#[test]
fn a_store_that_cannot_be_made_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("store")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(Store::open(Path::new("/proc/none/store")).is_err());
}

/// Not a test of its own: what `a_killed_process_does_no_harm` starts and kills.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(root) = std::env::var_os("PLIMSOLL_TEST_CHILD_STORE") else {
        return;
    };
    let store = Store::open(Path::new(&root)).unwrap();
    let tar = Tar::new()
        .file("a", &vec![1; 300_000])
        .dir("d")
        .file("d/b", b"b")
        .end();
    for round in 0.. {
        let base = import(&store, &tar).unwrap();
        let layers = [base.layers[0].clone(), layer(&store, &format!("{round}"))];
        let image = store
            .commit(&created(&format!("{round}")), &layers, &[name("child")])
            .unwrap();
        store.tag(&image, &name(&format!("child:{round}"))).unwrap();
        store
            .remove(&format!("child:{}", round - 1), true, &|_| None)
            .ok();
    }
}

#[test]
fn a_killed_process_does_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("store");
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "stores::child_that_writes_until_it_is_killed"])
            .env("PLIMSOLL_TEST_CHILD_STORE", &root)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(60 + 23 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = Store::open(&root).unwrap();
        for image in store.images().unwrap() {
            for layer in &image.layers {
                written(layer);
            }
        }
        let own = store
            .commit(&created("own"), &[layer(&store, "own")], &[name("own")])
            .unwrap();
        assert_eq!(store.find("own").unwrap().id, own.id);
        drop(own);
        store.remove("own", false, &|_| None).unwrap();
        store.prune_unreferenced().unwrap();
        drop(store);
        let left: Vec<_> = fs::read_dir(root.join("tmp"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, [] as [&str; 0]);
    }
    let store = Store::open(&root).unwrap();
    for image in store.images().unwrap() {
        store.remove(&image.id.hex(), true, &|_| None).unwrap();
    }
    store.prune_unreferenced().unwrap();
    assert!(leftovers(&store).is_empty());
}

#[test]
fn a_full_disk_leaves_the_store_usable() {
    if !is_root("a small file system") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(directory.path())
        .status();
    if !mount.is_ok_and(|status| status.success()) {
        eprintln!("skipped: needs tmpfs mounts");
        return;
    }
    let result = std::panic::catch_unwind(|| {
        let store = store(directory.path());
        let small = import(&store, &Tar::new().file("a", b"a").end()).unwrap();
        let error = import(&store, &Tar::new().file("big", &vec![1; 2 << 20]).end()).unwrap_err();
        assert!(
            matches!(&error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull),
            "{error}"
        );
        assert!(error.hint().is_some());
        assert_eq!(store.images().unwrap().len(), 1);
        assert_eq!(written(&small.layers[0]).len(), 2048);
        assert!(layer(&store, "still works").tree().is_some());
    });
    run(Command::new("umount").arg("-l").arg(directory.path()));
    result.unwrap();
}

#[test]
fn a_damaged_image_does_not_hide_the_others_and_can_be_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let good = import(&store, &Tar::new().file("a", b"a").end()).unwrap();
    let layers = [layer(&store, "one"), layer(&store, "two")];
    for (number, what) in ["config", "manifest"].into_iter().enumerate() {
        let config = created(&format!("2024-01-0{}T00:00:00Z", number + 1));
        let bad = store
            .commit(&config, &layers[number..=number], &[name(what)])
            .unwrap();
        let digest = if what == "config" {
            bad.id
        } else {
            bad.manifest_digest.unwrap()
        };
        drop(bad);
        let blob = store.root().join("blobs/sha256").join(digest.hex());
        let text = fs::read_to_string(&blob).unwrap().replace("2", "3");
        fs::write(&blob, text).unwrap();
        let listing = store.list().unwrap();
        assert_eq!(
            listing.images.iter().map(|image| image.id).collect::<Vec<_>>(),
            [good.id]
        );
        assert_eq!(listing.damaged[0].references, [name(what)]);
        assert!(listing.damaged[0].error.to_string().contains(&digest.short()));
        assert!(store.find(what).is_err());
        store.find(&good.id.hex()).unwrap();
        // As long as nobody knows which layers it has, all are kept.
        assert_eq!(store.prune_unreferenced().is_err(), what == "manifest");
        store.remove(what, false, &|_| None).unwrap();
        assert!(store.list().unwrap().damaged.is_empty());
    }
    drop(layers);
    store.prune_unreferenced().unwrap();
    assert_eq!(store.layer_uses().unwrap().len(), 1);
    drop(good);
    // Its layer, manifest and configuration.
    assert_eq!(leftovers(&store).len(), 3);
}
