//! Every instruction, and what it leaves in the image.

use plimsoll_build::Error;

use crate::Test;
use crate::fixture::Fixture;

pub(crate) const TESTS: &[Test] = &[
    ("instructions::all_of_them", all_of_them),
    ("instructions::arguments_and_variables", arguments_and_variables),
    ("instructions::predefined_arguments", predefined_arguments),
    (
        "instructions::workdir_is_made_for_its_user",
        workdir_is_made_for_its_user,
    ),
    (
        "instructions::labels_and_tags_of_the_build",
        labels_and_tags_of_the_build,
    ),
    ("instructions::triggers_of_the_base", triggers_of_the_base),
    (
        "instructions::the_same_epoch_gives_the_same_image",
        the_same_epoch_gives_the_same_image,
    ),
    ("instructions::errors_have_their_place", errors_have_their_place),
    ("instructions::words_are_checked_first", words_are_checked_first),
];

fn all_of_them() {
    let fixture = Fixture::new();
    fixture.file("a", "a\n");
    let built = fixture.build(
        "FROM busybox\n\
         MAINTAINER me\n\
         ARG V=1\n\
         ENV A=$V\n\
         LABEL version=$V\n\
         WORKDIR /app\n\
         COPY a .\n\
         ADD a b\n\
         SHELL [\"/bin/sh\", \"-ec\"]\n\
         RUN echo $A > out\n\
         USER 1000:1000\n\
         EXPOSE 8080\n\
         VOLUME /data\n\
         STOPSIGNAL SIGINT\n\
         HEALTHCHECK --interval=5s CMD true\n\
         ENTRYPOINT [\"/bin/sh\"]\n\
         CMD [\"-c\", \"true\"]\n\
         ONBUILD RUN true\n",
    );
    let config = &built.image().config;
    assert_eq!(config.author.as_deref(), Some("me"));
    let container = &config.config;
    assert!(
        container.env.contains(&"A=1".to_owned()) && !container.env.iter().any(|setting| setting == "V=1")
    );
    assert_eq!(container.labels["version"], "1");
    assert_eq!(container.working_dir, "/app");
    assert_eq!(container.user, "1000:1000");
    assert!(container.exposed_ports.contains_key("8080/tcp"));
    assert!(container.volumes.contains_key("/data"));
    assert_eq!(container.stop_signal.as_deref(), Some("SIGINT"));
    assert_eq!(
        container.healthcheck.as_ref().unwrap().test,
        ["CMD-SHELL", "true"]
    );
    assert_eq!(container.entrypoint.as_deref(), Some(&["/bin/sh".to_owned()][..]));
    assert_eq!(container.cmd.as_ref().unwrap(), &["-c", "true"]);
    assert_eq!(container.on_build, ["RUN true"]);
    assert_eq!(built.tree.content("app/out"), "1\n");
    assert_eq!(built.tree.content("app/a"), "a\n");
    assert_eq!(built.tree.content("app/b"), "a\n");
    assert_eq!(
        built.history(),
        [
            "MAINTAINER me (empty)",
            "ARG V=1 (empty)",
            "ENV A=1 (empty)",
            "LABEL version=1 (empty)",
            "WORKDIR /app",
            "COPY a . # buildkit",
            "ADD a b # buildkit",
            "SHELL [/bin/sh -ec] (empty)",
            "RUN |1 V=1 /bin/sh -ec echo $A > out # buildkit",
            "USER 1000:1000 (empty)",
            "EXPOSE [8080/tcp] (empty)",
            "VOLUME [/data] (empty)",
            "STOPSIGNAL SIGINT (empty)",
            &built.history()[13],
            "ENTRYPOINT [\"/bin/sh\"] (empty)",
            "CMD [\"-c\" \"true\"] (empty)",
        ]
    );
    let with_layer = config.history.iter().filter(|entry| !entry.empty_layer).count();
    assert_eq!(with_layer, config.rootfs.diff_ids.len());
    assert!(config.history.iter().all(|entry| entry.created.is_some()));
    let log = built.log.lines();
    assert!(log.contains(&"[2/5] WORKDIR /app".to_owned()), "{log:#?}");
    assert!(log.contains(&"[5/5] RUN echo $A > out".to_owned()), "{log:#?}");
}

fn arguments_and_variables() {
    let fixture = Fixture::new();
    let built = fixture.build_with(
        "ARG BASE=nothing\n\
         ARG TAG=latest\n\
         FROM ${BASE}:${TAG}\n\
         RUN echo \"[$BASE] [$A]\"\n\
         ARG BASE\n\
         ARG A=default\n\
         ENV B=${A:-x}\n\
         ENV A=env\n\
         RUN echo \"[$BASE] [$A] [$B] [$C]\"\n\
         ARG A=late\n\
         RUN echo \"[$A]\"\n",
        |options| {
            options.build_args = vec![
                ("BASE".to_owned(), "busybox".to_owned()),
                ("C".to_owned(), "undeclared".to_owned()),
            ];
        },
    );
    assert_eq!(
        built.log.output(),
        ["[] []", "[busybox] [env] [default] []", "[late]"]
    );
    assert_eq!(built.outcome.unused_build_args, ["C"]);
}

fn predefined_arguments() {
    let fixture = Fixture::new();
    let dockerfile =
        "FROM busybox\nARG TARGETARCH\nARG BUILDPLATFORM\nRUN echo $HTTP_PROXY $http_proxy $TARGETARCH\n";
    let with_proxy = |proxy: &str| {
        fixture.build_with(dockerfile, |options| {
            options.proxies = vec![("HTTP_PROXY".to_owned(), proxy.to_owned())];
        })
    };
    let built = with_proxy("http://one");
    let host = plimsoll_core::Platform::host();
    assert_eq!(
        built.log.output(),
        [format!("http://one http://one {}", host.architecture)]
    );
    assert!(!format!("{:?}", built.image().config).contains("http://one"));
    let again = with_proxy("http://other");
    assert_eq!(again.executed(), 0, "a proxy is not part of the key");
}

fn workdir_is_made_for_its_user() {
    let fixture = Fixture::new();
    let built = fixture.build(
        "FROM busybox\n\
         ENV DIR=work\n\
         RUN adduser -D -u 1234 app\n\
         WORKDIR /srv\n\
         USER app\n\
         WORKDIR $DIR/deep\n\
         RUN pwd; id -u; touch mine\n\
         WORKDIR /srv\n",
    );
    assert_eq!(built.log.output(), ["/srv/work/deep", "1234"]);
    assert_eq!(built.tree.get("srv").owner, (0, 0));
    let made = built.tree.get("srv/work");
    assert_eq!((made.owner, made.mode), ((1234, 1234), 0o755));
    assert_eq!(built.tree.get("srv/work/deep/mine").owner, (1234, 1234));
    assert_eq!(built.image().config.config.working_dir, "/srv");
    assert_eq!(built.history().last().unwrap(), "WORKDIR /srv");
}

fn labels_and_tags_of_the_build() {
    let fixture = Fixture::new();
    let built = fixture.build_with("FROM scratch\nLABEL a=1 b=1\n", |options| {
        options.labels = vec![("b".to_owned(), "2".to_owned()), ("c".to_owned(), "3".to_owned())];
        options.tags = vec!["app:1".parse().unwrap(), "app:2".parse().unwrap()];
    });
    let labels: Vec<_> = built.image().config.config.labels.values().collect();
    assert_eq!(labels, ["1", "2", "3"]);
    for name in ["app:1", "app:2"] {
        assert_eq!(fixture.store.find(name).unwrap().id, built.image().id);
    }
    assert!(built.image().layers.is_empty());
}

fn triggers_of_the_base() {
    let fixture = Fixture::new();
    fixture.file("f", "from the context");
    fixture.build_with(
        "FROM busybox\nONBUILD COPY f /triggered\nONBUILD ENV T=1\nCMD [\"base\"]\n",
        |options| options.tags = vec!["triggers".parse().unwrap()],
    );
    let built = fixture.build("FROM triggers\nRUN echo $T\n");
    assert_eq!(built.tree.content("triggered"), "from the context");
    assert_eq!(built.log.output(), ["1"]);
    assert!(built.image().config.config.on_build.is_empty());
    let built = fixture.build("FROM busybox AS base\nONBUILD RUN echo fired\nFROM base\n");
    assert_eq!(built.log.output(), ["fired"]);
    assert!(built.image().config.config.on_build.is_empty());
    let error = fixture.fail("FROM busybox AS base\nONBUILD RUN exit 3\nFROM base\n");
    assert_eq!(
        error.to_string(),
        "the base image's `ONBUILD RUN exit 3`: `RUN exit 3` ended with exit code 3"
    );
}

fn the_same_epoch_gives_the_same_image() {
    let dockerfile =
        "FROM busybox\nWORKDIR /w\nCOPY . .\nRUN date > /dev/null; touch made; rm /bin/true\nCMD [\"x\"]\n";
    let build = |content_time: u64| {
        let fixture = Fixture::new();
        fixture.file("d/f", "f");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(content_time);
        let file = std::fs::File::open(fixture.context().join("d/f")).unwrap();
        file.set_modified(time).unwrap();
        let base = fixture.store.find("busybox").unwrap();
        let built = fixture.build_with(dockerfile, |options| {
            options.source_date_epoch = Some(1_000_000_000);
        });
        let config = &built.image().config;
        assert_eq!(config.created.as_deref(), Some("2001-09-09T01:46:40Z"));
        assert!(
            built
                .tree
                .below("w")
                .iter()
                .all(|path| { built.tree.get(&format!("w/{path}")).mtime == 1_000_000_000 })
        );
        (
            built.image().layers[1..]
                .iter()
                .map(|layer| layer.diff_id)
                .collect::<Vec<_>>(),
            base.id,
        )
    };
    let (first, _) = build(5);
    let (second, _) = build(2_000_000_000);
    assert_eq!(first, second);
    assert_eq!(first.len(), 3);
}

fn errors_have_their_place() {
    let fixture = Fixture::new();
    fixture
        .file("readme.txt", "x")
        .file("secret.key", "x")
        .file(".dockerignore", "*.key\n");
    for (dockerfile, at, message, hint) in [
        (
            "FROM nowhere\n",
            "nowhere",
            "the image `nowhere:latest` could not be had",
            None,
        ),
        (
            "FROM busybox\nCOPY redme.txt /\n",
            "redme.txt",
            "`redme.txt` is not in the build context",
            Some("`readme.txt` is there"),
        ),
        (
            "FROM busybox\nCOPY secret.key /\n",
            "secret.key",
            "`secret.key` is not in the build context: `.dockerignore` leaves it out",
            Some("add `!secret.key` to `.dockerignore`"),
        ),
        (
            "FROM busybox\nCOPY --chmod=999 readme.txt /\n",
            "--chmod=999",
            "`999` is not a file mode",
            None,
        ),
        (
            "FROM busybox\nCOPY readme.txt . /x\n",
            "/x",
            "several sources need a directory to be copied to",
            None,
        ),
        (
            "FROM busybox\nADD https://x.test/y.git?z=1 /y\n",
            "https://x.test/y.git?z=1",
            "the address of a repository has no query `z`",
            None,
        ),
        (
            "FROM busybox\nRUN --mount=type=ssh,required true\n",
            "--mount=type=ssh,required",
            "the SSH agent `default` is required, but was not given",
            None,
        ),
        ("FROM busybox\nEXPOSE x\n", "x", "`x` is not a port", None),
        (
            "FROM busybox\nSTOPSIGNAL NO\n",
            "NO",
            "`NO` is not a signal",
            None,
        ),
        ("FROM busybox\nENV A=${B?}\n", "${B?}", "", None),
        (
            "FROM busybox AS builder\nFROM bilder\n",
            "bilder",
            "the image `bilder:latest` could not be had",
            Some("did you mean the stage `builder`?"),
        ),
        (
            "FROM b AS a\nFROM a AS b\n",
            "b",
            "the image `b:latest` could not be had",
            Some("the stage `b` comes later; move it before this one"),
        ),
        (
            "FROM busybox AS a\nFROM 0\n",
            "0",
            "the image `0:latest` could not be had",
            Some("`FROM` takes a stage by its name: give it one with `AS`"),
        ),
        (
            "FROM busybox AS output\nRUN true\nFROM busybox\nCOPY --from=outptu a b\n",
            "outptu",
            "the image `outptu:latest` could not be had",
            Some("did you mean the stage `output`?"),
        ),
        (
            "ARG X\nFROM $X\n",
            "$X",
            "`$X` comes to nothing, but `FROM` needs an image",
            None,
        ),
        (
            "FROM busybox\nCOPY --from=2 a b\n",
            "2",
            "there is no stage with the index 2",
            None,
        ),
    ] {
        let error = fixture.fail(dockerfile);
        let span = error.span().unwrap_or_else(|| panic!("{error}"));
        assert_eq!(&dockerfile[span.start..span.end], at, "{dockerfile}");
        assert!(error.to_string().contains(message), "{error}");
        if let Some(hint) = hint {
            assert_eq!(error.hint().unwrap().0, hint);
        }
    }
    let Error::Dockerfile(diagnostics) = fixture.fail("FROM busybox\nRNU true\nCOPY a\n") else {
        panic!("another error");
    };
    assert!(diagnostics.len() >= 2, "{diagnostics:?}");
}

/// Before anything is run, and only of what is needed.
fn words_are_checked_first() {
    let fixture = Fixture::new();
    let dockerfile = "FROM busybox AS unneeded\nENV A=\"\n\
        FROM busybox AS needed\nRUN echo first\nENV A='x\n\
        FROM busybox\nCOPY --from=needed /a /b\nLABEL a=${B^^} b=${C\nRUN --mount=type=cache true\nWORKDIR ${D:?}\n";
    let Error::Dockerfile(diagnostics) = fixture.fail(dockerfile) else {
        panic!("another error");
    };
    let found: Vec<_> = diagnostics
        .iter()
        .map(|one| (&dockerfile[one.span.start..one.span.end], one.code))
        .collect();
    assert_eq!(
        found,
        [
            ("'x", "unclosed-quote"),
            ("${B^^}", "unsupported-modifier"),
            ("--mount=type=cache", "bad-mount")
        ]
    );
    assert!(
        fixture
            .build("FROM busybox AS unneeded\nENV A=\"\nFROM busybox\n")
            .executed()
            == 0
    );
}
