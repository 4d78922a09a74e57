//! Which steps are known from an earlier build, and which are not.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use crate::Test;
use crate::fixture::Fixture;

pub(crate) const TESTS: &[Test] = &[
    (
        "cache::an_unchanged_build_is_the_same_image",
        an_unchanged_build_is_the_same_image,
    ),
    (
        "cache::content_and_mode_count_but_times_do_not",
        content_and_mode_count_but_times_do_not,
    ),
    ("cache::what_a_run_sees_counts", what_a_run_sees_counts),
    (
        "cache::files_of_a_stage_by_their_content",
        files_of_a_stage_by_their_content,
    ),
    (
        "cache::no_cache_runs_everything_and_remembers",
        no_cache_runs_everything_and_remembers,
    ),
    (
        "cache::a_layer_that_is_gone_is_made_again",
        a_layer_that_is_gone_is_made_again,
    ),
    ("cache::a_damaged_record_is_none", a_damaged_record_is_none),
    (
        "cache::steps_without_changes_have_an_empty_layer",
        steps_without_changes_have_an_empty_layer,
    ),
];

fn an_unchanged_build_is_the_same_image() {
    let fixture = Fixture::new();
    fixture.file("a", "1");
    let dockerfile = "FROM busybox\nWORKDIR /w\nCOPY a .\nRUN date +%N > when\nENV A=1\n";
    let first = fixture.build(dockerfile);
    assert_eq!((first.outcome.steps, first.outcome.cached), (3, 0));
    let second = fixture.build(dockerfile);
    assert_eq!((second.outcome.steps, second.outcome.cached), (3, 3));
    assert_eq!(
        second.image().id,
        first.image().id,
        "the times of the history are those of the steps"
    );
    assert!(
        second.log.lines().contains(&"[4/4] CACHED".to_owned()),
        "{:#?}",
        second.log.lines()
    );
}

fn content_and_mode_count_but_times_do_not() {
    let fixture = Fixture::new();
    fixture.file("d/a", "1").file("d/b", "2").file("other", "3");
    let dockerfile = "FROM busybox\nCOPY d /d\nRUN cat /d/a\n";
    let executed = || fixture.build(dockerfile).executed();
    let path = fixture.context().join("d/a");
    assert_eq!(executed(), 2);
    std::fs::File::open(&path)
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(9))
        .unwrap();
    assert_eq!(executed(), 0, "a time");
    fixture.file("other", "changed");
    assert_eq!(executed(), 0, "a file that is not copied");
    std::os::unix::fs::chown(&path, Some(9), Some(9)).unwrap();
    assert_eq!(
        executed(),
        0,
        "an owner, as the context's files belong to root in the image"
    );
    fixture.file("d/a", "9");
    assert_eq!(executed(), 2, "content of the same length");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(executed(), 2, "a mode");
    std::fs::rename(fixture.context().join("d/b"), fixture.context().join("d/c")).unwrap();
    assert_eq!(executed(), 2, "a name");
    fixture.link("d/l", "a");
    assert_eq!(executed(), 2, "a link");
    std::fs::remove_file(fixture.context().join("d/l")).unwrap();
    assert_eq!(executed(), 0, "as it was before");
}

fn what_a_run_sees_counts() {
    let fixture = Fixture::new();
    let executed = |dockerfile: &str, value: &str| {
        let built = fixture.build_with(dockerfile, |options| {
            options.build_args = vec![("V".to_owned(), value.to_owned())];
        });
        built.executed()
    };
    let before = "FROM busybox\nRUN echo a > /a\nARG V\n";
    assert_eq!(executed(before, "1"), 1);
    assert_eq!(executed(before, "2"), 0, "the argument comes later");
    let after = "FROM busybox\nARG V\nRUN echo a > /a\n";
    assert_eq!(executed(after, "1"), 1);
    assert_eq!(executed(after, "1"), 0);
    assert_eq!(executed(after, "2"), 1);
    assert_eq!(executed("FROM busybox\nENV E=1\nRUN echo a > /a\n", ""), 1);
    assert_eq!(executed("FROM busybox\nUSER 1\nRUN echo a > /tmp/a\n", ""), 1);
    assert_eq!(executed("FROM busybox\nUSER 2\nRUN echo a > /tmp/a\n", ""), 1);
    assert_eq!(
        executed("FROM busybox\nLABEL l=1\nRUN echo a > /a\n", ""),
        0,
        "a label"
    );
    assert_eq!(executed("FROM busybox\nRUN echo a  > /a\n", ""), 1);
}

fn files_of_a_stage_by_their_content() {
    let fixture = Fixture::new();
    let dockerfile = |noise: &str| {
        format!(
            "FROM busybox AS build\nRUN echo {noise} > /noise; echo out > /out\nFROM scratch\nCOPY --from=build /out /\n"
        )
    };
    assert_eq!(fixture.build(&dockerfile("a")).executed(), 2);
    assert_eq!(fixture.build(&dockerfile("a")).executed(), 0);
    let built = fixture.build(&dockerfile("b"));
    assert_eq!(built.executed(), 1, "another stage, but the same file");
    assert_eq!(
        fixture
            .build(&dockerfile("b").replace("out >", "other >"))
            .executed(),
        2
    );
}

fn no_cache_runs_everything_and_remembers() {
    let fixture = Fixture::new();
    let dockerfile = "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /id\n";
    let first = fixture.build(dockerfile);
    let second = fixture.build_with(dockerfile, |options| options.no_cache = true);
    assert_eq!(second.executed(), 1);
    assert_ne!(first.tree.content("id"), second.tree.content("id"));
    let third = fixture.build(dockerfile);
    assert_eq!(third.executed(), 0);
    assert_eq!(third.tree.content("id"), second.tree.content("id"));
}

fn a_layer_that_is_gone_is_made_again() {
    let fixture = Fixture::new();
    let dockerfile = "FROM busybox\nRUN echo x > /x\n";
    let built = fixture.build(dockerfile);
    let diff_id = built.image().layers[1].diff_id;
    let id = built.image().id.to_string();
    drop(built);
    fixture.store.remove(&id, true, &|_| None).unwrap();
    for entry in std::fs::read_dir(fixture.store.steps_dir()).unwrap() {
        let path = entry.unwrap().path();
        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        fixture.store.prune_unreferenced().unwrap();
        std::fs::write(&path, kept).unwrap();
    }
    assert!(fixture.store.layer(&diff_id).unwrap().is_none());
    let built = fixture.build(dockerfile);
    assert_eq!(built.executed(), 1);
    assert_eq!(built.tree.content("x"), "x\n");
}

fn a_damaged_record_is_none() {
    let fixture = Fixture::new();
    let dockerfile = "FROM busybox\nRUN echo x > /x\n";
    fixture.build(dockerfile);
    for entry in std::fs::read_dir(fixture.store.steps_dir()).unwrap() {
        std::fs::write(entry.unwrap().path(), "{\"diff_id\": ").unwrap();
    }
    assert_eq!(fixture.build(dockerfile).executed(), 1);
    assert_eq!(fixture.build(dockerfile).executed(), 0);
}

fn steps_without_changes_have_an_empty_layer() {
    let fixture = Fixture::new();
    let dockerfile = "FROM busybox\nRUN true\nWORKDIR /tmp\nWORKDIR /\nRUN echo x > /x\n";
    for executed in [3, 0] {
        let built = fixture.build(dockerfile);
        assert_eq!(built.executed(), executed);
        let layers = &built.image().layers;
        let empty: Vec<bool> = layers.iter().map(|layer| layer.is_empty().unwrap()).collect();
        assert_eq!(empty, [false, true, true, false]);
        // The digest of the empty tar, as BuildKit has it.
        assert!(layers[1].diff_id.hex().starts_with("5f70bf18a086"));
        assert_eq!(
            built.history(),
            [
                "RUN /bin/sh -c true # buildkit",
                "WORKDIR /tmp",
                "WORKDIR / (empty)",
                "RUN /bin/sh -c echo x > /x # buildkit"
            ]
        );
    }
}
