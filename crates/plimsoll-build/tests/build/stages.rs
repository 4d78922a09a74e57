//! Stages: which are built, and how they find each other.

use plimsoll_build::Error;

use crate::Test;
use crate::fixture::Fixture;

pub(crate) const TESTS: &[Test] = &[
    ("stages::only_what_the_target_needs", only_what_the_target_needs),
    (
        "stages::files_by_name_index_and_image",
        files_by_name_index_and_image,
    ),
    ("stages::a_stage_on_a_stage", a_stage_on_a_stage),
    ("stages::targets", targets),
    ("stages::later_stages_and_oneself", later_stages_and_oneself),
    ("stages::many_at_once", many_at_once),
];

fn only_what_the_target_needs() {
    let fixture = Fixture::new();
    let built = fixture.build(
        "FROM does-not-exist AS unused\n\
         RUN exit 1\n\
         FROM busybox AS build\n\
         RUN echo built > /out\n\
         FROM busybox AS broken\n\
         RUN exit 1\n\
         FROM scratch\n\
         COPY --from=build /out /\n",
    );
    assert_eq!(built.tree.0.keys().collect::<Vec<_>>(), ["out"]);
    assert_eq!(built.image().layers.len(), 1);
    let log = built.log.lines();
    assert!(
        log.contains(&"[build 2/2] RUN echo built > /out".to_owned()),
        "{log:#?}"
    );
    assert!(
        log.contains(&"[stage-3 1/1] COPY --from=build /out /".to_owned()),
        "{log:#?}"
    );
    assert_eq!(built.image().config.config.working_dir, "/");
}

fn files_by_name_index_and_image() {
    let fixture = Fixture::new();
    fixture.build_with("FROM busybox\nRUN echo image > /i && chown 5:6 /i\n", |options| {
        options.tags = vec!["other:1".parse().unwrap()];
    });
    let built = fixture.build(
        "FROM busybox AS First\n\
         RUN echo first > /f\n\
         FROM busybox\n\
         RUN echo second > /s && rm /bin/true\n\
         FROM scratch\n\
         COPY --from=first /f /\n\
         COPY --from=1 s /bin/fals[e] /\n\
         COPY --from=other:1 /i /\n",
    );
    assert_eq!(built.tree.0.keys().collect::<Vec<_>>(), ["f", "false", "i", "s"]);
    assert_eq!(
        built.tree.get("i").owner,
        (5, 6),
        "files of an image keep their owner"
    );
    let left = std::fs::read_dir(fixture.store.root().join("builds")).unwrap();
    assert_eq!(left.count(), 0);
    let error =
        fixture.fail("FROM busybox AS a\nRUN rm /bin/true\nFROM scratch\nCOPY --from=a /bin/true /\n");
    assert!(
        error.to_string().contains("`/bin/true` is not in the stage `a`"),
        "{error}"
    );
}

fn a_stage_on_a_stage() {
    let fixture = Fixture::new();
    let built = fixture.build(
        "FROM busybox AS base\n\
         ARG V=1\n\
         ENV E=2\n\
         CMD [\"base\"]\n\
         RUN echo base > /base\n\
         FROM base\n\
         RUN echo $V $E\n\
         ENTRYPOINT [\"own\"]\n",
    );
    assert_eq!(built.log.output(), ["1 2"]);
    assert_eq!(built.tree.content("base"), "base\n");
    assert_eq!(built.image().config.config.cmd, None);
    let log = built.log.lines();
    assert!(
        log.contains(&"[stage-1 1/1] RUN echo $V $E".to_owned()),
        "{log:#?}"
    );
}

fn targets() {
    let fixture = Fixture::new();
    let dockerfile =
        "FROM busybox AS one\nENV S=1\nFROM busybox AS two\nENV S=2\nFROM busybox AS three\nENV S=3\n";
    for (target, expected) in [("one", "1"), ("TWO", "2"), ("2", "3"), ("0", "1")] {
        let built = fixture.build_with(dockerfile, |options| options.target = Some(target.to_owned()));
        assert_eq!(built.image().config.config.env_value("S"), Some(expected));
    }
    let error = fixture.fail_with(dockerfile, |options| options.target = Some("thre".to_owned()));
    assert_eq!(error.hint().unwrap().0, "did you mean `three`?");
    assert!(matches!(error, Error::NoSuchTarget { .. }));
}

fn later_stages_and_oneself() {
    let fixture = Fixture::new();
    let error =
        fixture.fail("FROM busybox AS a\nCOPY --from=b /x /\nFROM busybox AS b\nCOPY --from=a /x /\n");
    assert!(error.to_string().contains("comes later"), "{error}");
    let error = fixture.fail("FROM busybox AS a\nRUN --mount=from=a,target=/x true\n");
    assert!(error.to_string().contains("from itself"), "{error}");
}

fn many_at_once() {
    let fixture = Fixture::new();
    let mut dockerfile = String::new();
    for index in 0..12 {
        dockerfile.push_str(&format!(
            "FROM busybox AS s{index}\nRUN echo {index} > /f{index}\n"
        ));
    }
    dockerfile.push_str("FROM scratch\n");
    for index in (0..12).rev() {
        dockerfile.push_str(&format!("COPY --from=s{index} /f{index} /\n"));
    }
    let built = fixture.build(&dockerfile);
    assert_eq!(built.tree.0.len(), 12);
    assert_eq!(built.tree.content("f11"), "11\n");
    let failing = dockerfile.replace("echo 3 >", "exit 3; echo >");
    let error = fixture.fail_with(&failing, |options| options.no_cache = true);
    assert_eq!(error.exit_code(), Some(3));
}
