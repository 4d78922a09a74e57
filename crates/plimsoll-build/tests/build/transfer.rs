//! The build cache on its way from one store to another, and what is forgotten of it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use plimsoll_build::{CacheLimits, CacheMode, ImportedCache, cache_usage, prune_cache};
use plimsoll_image::sink::LayerCompression;

use crate::Test;
use crate::fixture::{Built, Fixture};

pub(crate) const TESTS: &[Test] = &[
    ("transfer::another_store_runs_nothing", another_store_runs_nothing),
    (
        "transfer::a_damaged_cache_is_told_of_and_not_used",
        a_damaged_cache_is_told_of_and_not_used,
    ),
    (
        "transfer::the_least_recently_used_goes_first",
        the_least_recently_used_goes_first,
    ),
    (
        "transfer::cache_mounts_go_unless_they_are_in_use",
        cache_mounts_go_unless_they_are_in_use,
    ),
];

const DOCKERFILE: &str = "\
FROM busybox AS builder
COPY x /x
RUN cat /proc/sys/kernel/random/uuid > /made
FROM busybox
RUN cat /proc/sys/kernel/random/uuid > /own
COPY --from=builder /made /copied
";

fn export(fixture: &Fixture, built: &Built, path: &Path, mode: CacheMode) {
    let steps = &built.outcome.used_steps;
    steps
        .write(&fixture.store, path, mode, LayerCompression::GZIP)
        .unwrap();
}

fn from(path: &Path) -> impl FnOnce(&mut plimsoll_build::BuildOptions) {
    let cache = ImportedCache::open(path).unwrap();
    move |options| options.cache_from.push(cache)
}

fn another_store_runs_nothing() {
    let first = Fixture::new();
    first.file("x", "x");
    let built = first.build(DOCKERFILE);
    let path = first.dir.path().join("cache");
    export(&first, &built, &path, CacheMode::Max);
    let count = || fs::read_dir(path.join("blobs/sha256")).unwrap().count();
    assert_eq!(count(), 6, "four layers, the list of steps, the manifest");

    let second = Fixture::new();
    second.file("x", "x");
    let again = second.build_with(DOCKERFILE, from(&path));
    assert_eq!((again.executed(), again.image().id), (0, built.image().id));
    assert!(again.outcome.cache_complaints.is_empty());
    // From now on the store knows them itself, and gives them on.
    let known = second.build(DOCKERFILE);
    assert_eq!((known.executed(), known.image().id), (0, built.image().id));
    let other = second.dir.path().join("cache");
    export(&second, &known, &other, CacheMode::Max);
    let third = Fixture::new();
    third.file("x", "x");
    assert_eq!(
        third.build_with(DOCKERFILE, from(&other)).image().id,
        built.image().id
    );

    // A killed build leaves a file behind, which goes with the next one.
    fs::write(path.join(".tmpAbCdEf"), "half").unwrap();
    // The layers of other stages are not needed as long as nothing has changed.
    export(&first, &built, &path, CacheMode::Min);
    assert_eq!(count(), 4, "what was there before is gone");
    assert_eq!(
        fs::read_dir(&path).unwrap().count(),
        3,
        "blobs, index, oci-layout"
    );
    let fourth = Fixture::new();
    fourth.file("x", "x");
    let again = fourth.build_with(DOCKERFILE, from(&path));
    assert_eq!((again.executed(), again.image().id), (0, built.image().id));
    let told = again.log.lines();
    assert_eq!(
        told.iter().filter(|line| line.ends_with("CACHED")).count(),
        4,
        "{told:?}"
    );
    // What is known without its layers is given on like that.
    let other = fourth.dir.path().join("cache");
    export(&fourth, &again, &other, CacheMode::Max);
    let fifth = Fixture::new();
    fifth.file("x", "x");
    let again = fifth.build_with(DOCKERFILE, from(&other));
    assert_eq!((again.executed(), again.image().id), (0, built.image().id));
    // Once something has, they are made again, and each step is told of once.
    let sixth = Fixture::new();
    sixth.file("x", "y");
    let other = sixth.build_with(DOCKERFILE, from(&path));
    assert_eq!(other.executed(), 3);
    let started = other
        .log
        .lines()
        .iter()
        .filter(|line| line.contains("RUN"))
        .count();
    assert_eq!(started, 2);
    let changed = DOCKERFILE.replace("/copied", "/elsewhere");
    let seventh = Fixture::new();
    seventh.file("x", "x");
    let other = seventh.build_with(&changed, from(&path));
    assert_eq!(other.executed(), 3);
    assert!(other.tree.has("elsewhere") && other.tree.has("own"));

    // An image is no cache.
    let layout = first.dir.path().join("layout");
    let options = plimsoll_image::sink::WriteOptions::new(first.dir.path());
    plimsoll_image::sink::oci::write_dir(std::slice::from_ref(built.image()), &layout, &options).unwrap();
    assert!(ImportedCache::open(&layout).is_err());
    let steps = &built.outcome.used_steps;
    assert!(
        steps
            .write(&first.store, &layout, CacheMode::Max, LayerCompression::None)
            .is_err()
    );
    assert!(layout.join("index.json").is_file());
    assert!(ImportedCache::open(&first.dir.path().join("none")).is_err());
}

fn a_damaged_cache_is_told_of_and_not_used() {
    let first = Fixture::new();
    first.file("x", "x");
    let built = first.build(DOCKERFILE);
    let path = first.dir.path().join("cache");
    export(&first, &built, &path, CacheMode::Max);
    let blobs: Vec<_> = fs::read_dir(path.join("blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for blob in &blobs {
        let mut bytes = fs::read(blob).unwrap();
        let is_layer = bytes.starts_with(b"\x1f\x8b");
        let middle = bytes.len() / 2;
        let good = bytes.clone();
        bytes[middle] ^= 0x10;
        fs::write(blob, &bytes).unwrap();
        match ImportedCache::open(&path) {
            Err(_) => assert!(!is_layer),
            Ok(cache) => {
                assert!(is_layer);
                let second = Fixture::new();
                second.file("x", "x");
                let again = second.build_with(DOCKERFILE, |options| options.cache_from.push(cache));
                assert!(again.executed() > 0);
                let told = again.outcome.cache_complaints.join("\n");
                assert!(told.contains("is not used for a step"), "{told}");
                again
                    .image()
                    .layers
                    .iter()
                    .for_each(|layer| layer.write_tar(&mut std::io::sink()).unwrap());
            }
        }
        fs::write(blob, good).unwrap();
    }
}

fn the_least_recently_used_goes_first() {
    let fixture = Fixture::new();
    let size = 100_000;
    let text = |name: &str| {
        format!("FROM busybox\nRUN head -c {size} /dev/zero > /{name} && echo {name} >> /{name}\n")
    };
    let mut records: Vec<String> = Vec::new();
    for (age, name) in [(40, "old"), (20, "middle"), (0, "new")] {
        drop(fixture.build(&text(name)));
        for entry in fs::read_dir(fixture.store.steps_dir()).unwrap() {
            let path = entry.unwrap().path();
            let text = path.display().to_string();
            if !records.contains(&text) {
                let file = fs::File::options().write(true).open(path).unwrap();
                file.set_modified(SystemTime::now() - Duration::from_secs(3600 * age))
                    .unwrap();
                records.push(text);
            }
        }
    }
    // Behind images, nothing is forgotten unless all is.
    assert_eq!(
        prune_cache(&fixture.store, &CacheLimits::default())
            .unwrap()
            .steps,
        0
    );
    let images = fixture.store.images().unwrap();
    for image in images.iter().filter(|image| image.references.is_empty()) {
        fixture.store.remove(&image.id.hex(), true, &|_| None).unwrap();
    }
    drop(images);
    let before = cache_usage(&fixture.store).unwrap();
    assert_eq!(
        (before.entries, before.active, before.reclaimable > 3 * size),
        (3, 0, true)
    );

    // A cached build makes the oldest the newest.
    let held = fixture.build(&text("old"));
    assert_eq!(held.executed(), 0);
    fixture
        .store
        .remove(&held.image().id.hex(), true, &|_| None)
        .unwrap();
    let unused = |hours: u64| CacheLimits {
        unused_for: Some(Duration::from_secs(3600 * hours)),
        ..CacheLimits::default()
    };
    assert_eq!(prune_cache(&fixture.store, &unused(30)).unwrap().steps, 0);
    assert_eq!(
        prune_cache(&fixture.store, &unused(10)).unwrap().steps,
        1,
        "the one in the middle"
    );
    let keep = |bytes| CacheLimits {
        keep: Some(bytes),
        ..CacheLimits::default()
    };
    assert_eq!(prune_cache(&fixture.store, &keep(10 * size)).unwrap().steps, 0);
    // What a build still holds stays, though it would have to go.
    assert_eq!(prune_cache(&fixture.store, &keep(0)).unwrap().steps, 1);
    fixture.store.prune_unreferenced().unwrap();
    assert!(
        fixture
            .store
            .layer(&held.image().layers[1].diff_id)
            .unwrap()
            .is_some()
    );
    drop(held);
    assert_eq!(prune_cache(&fixture.store, &keep(0)).unwrap().steps, 1);
    assert_eq!(fixture.store.prune_unreferenced().unwrap().layers.len(), 1);
    assert_eq!(cache_usage(&fixture.store).unwrap().entries, 0);
}

fn cache_mounts_go_unless_they_are_in_use() {
    let fixture = Fixture::new();
    let text = "FROM busybox\nRUN --mount=type=cache,target=/c head -c 50000 /dev/zero > /c/$$\n";
    let caches = fixture.store.root().join("caches");
    drop(fixture.build(text));
    let lock = fs::read_dir(&caches)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path()
        .join("lock");
    let file = fs::File::open(&lock).unwrap();
    file.lock_shared().unwrap();
    let all = CacheLimits {
        all: true,
        ..CacheLimits::default()
    };
    assert_eq!(prune_cache(&fixture.store, &all).unwrap().mounts, 0);
    drop(file);
    let forgotten = prune_cache(&fixture.store, &all).unwrap();
    assert_eq!((forgotten.mounts, forgotten.bytes_freed), (1, 50_000));
    fixture.build_with(text, |options| options.no_cache = true);
    assert_eq!(prune_cache(&fixture.store, &all).unwrap().mounts, 1);
}
