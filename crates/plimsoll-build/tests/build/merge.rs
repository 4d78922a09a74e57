//! `--squash` and `--max-layers`, the files of an image, and images that are the same on two stores.

use std::num::NonZeroUsize;

use plimsoll_image::{EntryKind, sink};

use crate::Test;
use crate::fixture::{Built, Fixture};

pub(crate) const TESTS: &[Test] = &[
    (
        "merge::a_squashed_image_has_the_same_tree",
        a_squashed_image_has_the_same_tree,
    ),
    (
        "merge::layers_are_joined_until_they_are_few",
        layers_are_joined_until_they_are_few,
    ),
    (
        "merge::two_stores_give_the_same_bytes",
        two_stores_give_the_same_bytes,
    ),
];

const DOCKERFILE: &str = "\
FROM busybox
RUN mkdir -p /d/e && echo a > /d/a && echo b > /d/e/b && ln /d/a /d/hard && chown 5:6 /d/a
RUN mkdir /k && cd /k && ln -s gone s && ln s t && mkfifo p && ln p q
RUN rm -r /d/e && echo c > /c && rm /etc/shadow
ENV X=1
COPY x /d/
RUN true
RUN mv /d /moved && mkdir /d && chmod 0700 /d && ln -s ../c /d/link
";

fn layers_told(built: &Built) -> usize {
    let history = &built.image().config.history;
    history.iter().filter(|entry| !entry.empty_layer).count()
}

fn a_squashed_image_has_the_same_tree() {
    let fixture = Fixture::new();
    fixture.file("x", "x");
    let whole = fixture.build(DOCKERFILE);
    assert_eq!(whole.image().layers.len(), 7);
    let squash = |options: &mut plimsoll_build::BuildOptions| options.squash = true;
    let squashed = fixture.build_with(DOCKERFILE, squash);
    assert_eq!(squashed.executed(), 0);
    for (name, first) in [("k/q", "k/p"), ("k/t", "k/s")] {
        let link = EntryKind::HardLink(first.into());
        assert_eq!(squashed.tree.get(name).kind, link, "{name}");
    }
    assert_eq!(squashed.image().layers.len(), 2);
    assert_eq!(
        squashed.image().layers[0].diff_id,
        whole.image().layers[0].diff_id
    );
    assert_eq!(squashed.tree.0, whole.tree.0);
    assert_eq!(layers_told(&squashed), 2);
    let history = &squashed.image().config.history;
    assert_eq!(history.len(), whole.image().config.history.len());
    let last = history.last().unwrap().comment.as_deref();
    assert_eq!(last, Some("buildkit.dockerfile.v0, one layer of 6"));
    assert_eq!(
        fixture.build_with(DOCKERFILE, squash).image().id,
        squashed.image().id
    );
    // Nothing that could be squashed.
    let plain = fixture.build_with("FROM busybox\nENV A=1\n", squash);
    assert_eq!(plain.image().layers.len(), 1);
    // What a damaged or foreign store would show is not what was built.
    squashed.image().layers[1]
        .write_tar(&mut std::io::sink())
        .unwrap();
    whole.image().layers[1].write_tar(&mut std::io::sink()).unwrap();
}

fn layers_are_joined_until_they_are_few() {
    let fixture = Fixture::new();
    fixture.file("x", "x");
    let whole = fixture.build(DOCKERFILE);
    for goal in 1..8 {
        let built = fixture.build_with(DOCKERFILE, |options| options.max_layers = NonZeroUsize::new(goal));
        assert_eq!(built.image().layers.len(), goal);
        assert_eq!(layers_told(&built), goal);
        assert_eq!(built.tree.0, whole.tree.0, "{goal} layers");
        let base = built.image().layers[0].diff_id == whole.image().layers[0].diff_id;
        assert_eq!(base, goal > 1, "the large base layer stays as long as it can");
    }
}

/// A step that leaves behind what installers do: files made now, a cache, a log, a database written in any order.
const HABITS: &str = "\
FROM busybox
RUN mkdir -p /var/log /var/cache/x && for i in 1 2 3 4 5; do echo $i > /var/cache/x/$i; done
RUN touch -d '2001-02-03 04:05:06' /old && touch /new && mkdir /dir && rm /etc/shadow && hostname > /host
COPY . /context
RUN --mount=type=cache,target=/cache echo more >> /cache/x && ls -l /old > /listed
WORKDIR /work
";

fn two_stores_give_the_same_bytes() {
    let builds: Vec<_> = (0..2)
        .map(|number| {
            let fixture = Fixture::new();
            fixture.file("a/b", "b").file("c", "c");
            if number == 1 {
                let file = std::fs::File::open(fixture.context().join("c")).unwrap();
                file.set_modified(std::time::UNIX_EPOCH).unwrap();
            }
            let built = fixture.build_with(HABITS, |options| {
                options.source_date_epoch = Some(1_000_000_000);
                options.now += std::time::Duration::from_secs(number * 100_000);
                options.max_layers = NonZeroUsize::new(4);
            });
            let mut archive = Vec::new();
            sink::docker_archive::write(std::slice::from_ref(built.image()), &mut archive).unwrap();
            (fixture, built, archive)
        })
        .collect();
    let [(_, first, one), (_, second, two)] = builds.as_slice() else {
        unreachable!();
    };
    let differing: Vec<_> = first
        .tree
        .0
        .iter()
        .filter(|(path, node)| second.tree.0.get(*path) != Some(node))
        .collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert_eq!(first.image().id, second.image().id);
    assert_eq!(first.image().manifest_digest, second.image().manifest_digest);
    assert!(one == two);
}
