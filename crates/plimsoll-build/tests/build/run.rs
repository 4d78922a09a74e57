//! What a `RUN` does, sees and leaves.

use plimsoll_build::{Secret, SecretSource, StepNetwork};
use plimsoll_image::EntryKind;

use crate::Test;
use crate::fixture::Fixture;

pub(crate) const TESTS: &[Test] = &[
    ("run::forms", forms),
    ("run::failures", failures),
    ("run::removed_and_replaced_files", removed_and_replaced_files),
    ("run::leaves_nothing_of_its_mounts", leaves_nothing_of_its_mounts),
    ("run::bind_mounts", bind_mounts),
    ("run::cache_mounts", cache_mounts),
    ("run::tmpfs_mounts", tmpfs_mounts),
    ("run::build_arguments_name_host_and_caches", named_surroundings),
    ("run::secrets", secrets),
    ("run::host_certificates", host_certificates),
    ("run::network", network),
];

fn forms() {
    let fixture = Fixture::new();
    let built = fixture.build(
        "FROM busybox\n\
         ENV A=value\n\
         RUN echo \"$A\"\n\
         RUN [\"echo\", \"$A\"]\n\
         RUN echo one && \\\n    # a comment\n    echo two\n\
         RUN <<EOF\n\
         X=3\n\
         echo three $X\n\
         EOF\n\
         RUN <<EOF\n\
         #!/bin/awk -f\n\
         BEGIN { print \"awk\" }\n\
         EOF\n\
         RUN cat <<A <<B\n\
         ignored\n\
         A\n\
         last $A\n\
         B\n\
         SHELL [\"/bin/sh\", \"-xc\"]\n\
         RUN true\n",
    );
    assert_eq!(
        built.log.output(),
        [
            "value",
            "$A",
            "one",
            "two",
            "three 3",
            "awk",
            "last value",
            "+ true"
        ]
    );
    assert_eq!(built.changing_layers(), 1);
    assert!(
        built
            .log
            .lines()
            .iter()
            .any(|line| line.contains("RUN <<EOF (X=3...)"))
    );
}

fn failures() {
    let fixture = Fixture::new();
    let dockerfile =
        "FROM busybox\nRUN touch /done\nRUN for i in $(seq 1 30); do echo line $i; done; exit 7\n";
    let error = fixture.fail(dockerfile);
    assert_eq!(error.exit_code(), Some(7));
    assert_eq!(error.output().len(), 20);
    assert_eq!(error.output().last().unwrap(), "line 30");
    let span = error.span().unwrap();
    assert!(dockerfile[span.start..span.end].starts_with("RUN for i"));
    assert_eq!(
        fixture.fail("FROM busybox\nRUN no-such-program\n").exit_code(),
        Some(127)
    );
    assert_eq!(
        fixture
            .fail("FROM busybox\nRUN [\"/no/such/program\"]\n")
            .exit_code(),
        Some(127)
    );
    assert_eq!(
        fixture
            .fail("FROM busybox\nRUN sh -c 'kill -9 $$'; exit $?\n")
            .exit_code(),
        Some(137)
    );
    let built = fixture.build("FROM busybox\nRUN touch /done\n");
    assert_eq!(built.executed(), 0, "what was done before a failure is known");
}

fn removed_and_replaced_files() {
    let fixture = Fixture::new();
    let built = fixture.build(
        "FROM busybox\n\
         RUN mkdir -p /d/sub && touch /d/old /d/sub/old /gone\n\
         RUN rm /gone && rm -rf /d && mkdir /d && touch /d/new\n\
         RUN ls -A /d\n",
    );
    assert_eq!(built.log.output(), ["new"]);
    assert!(!built.tree.has("gone") && !built.tree.has("d/old") && !built.tree.has("d/sub"));
    let mut kinds = Vec::new();
    built.image().layers[2]
        .walk(|entry| {
            kinds.push((entry.path_lossy().into_owned(), entry.kind.clone()));
            Ok::<_, plimsoll_image::Error>(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
    assert!(
        kinds.contains(&("gone".to_owned(), EntryKind::Whiteout)),
        "{kinds:?}"
    );
    assert!(kinds.contains(&("d".to_owned(), EntryKind::Opaque)), "{kinds:?}");
}

fn leaves_nothing_of_its_mounts() {
    let fixture = Fixture::new();
    let built = fixture.build_with("FROM busybox\nRUN touch /made\n", |options| {
        options.host_ca = Some("/etc/hostname".into());
    });
    let mut paths = Vec::new();
    built.image().layers[1]
        .walk(|entry| {
            paths.push(entry.path_lossy().into_owned());
            Ok::<_, plimsoll_image::Error>(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(paths, ["made"]);
}

fn bind_mounts() {
    let fixture = Fixture::new();
    fixture
        .file("src/f", "context")
        .file("src/secret", "x")
        .file(".dockerignore", "src/secret\n");
    let dockerfile = "FROM busybox AS other\n\
         RUN mkdir /o && echo other > /o/f\n\
         FROM busybox\n\
         RUN --mount=source=src,target=/m ls /m && cat /m/f && ! touch /m/x 2>/dev/null\n\
         RUN --mount=type=bind,source=src/f,target=/m/f,rw cat /m/f && echo changed > /m/f\n\
         RUN --mount=from=other,source=/o,target=/o cat /o/f && ! touch /o/x 2>/dev/null\n\
         RUN --mount=from=other,target=/o su -s /bin/sh nobody -c 'cat /o/o/f'\n\
         RUN --mount=from=other,target=/o,rw rm -r /o/o && ls /o/o 2>/dev/null || echo gone\n";
    let built = fixture.build(dockerfile);
    assert_eq!(
        built.log.output(),
        ["f", "context", "context", "other", "other", "gone"]
    );
    assert_eq!(
        std::fs::read_to_string(fixture.context().join("src/f")).unwrap(),
        "context"
    );
    assert_eq!(built.changing_layers(), 1, "mounts leave nothing");
    fixture.file("src/f", "changed");
    assert_eq!(fixture.build(dockerfile).executed(), 2, "what is mounted counts");
    let error = fixture.fail("FROM busybox\nRUN --mount=source=none,target=/m true\n");
    assert!(
        error.to_string().contains("`none` is not in the build context"),
        "{error}"
    );
}

fn cache_mounts() {
    let fixture = Fixture::new();
    let dockerfile = |word: &str| {
        format!(
            "FROM busybox\n\
             RUN --mount=type=cache,target=/c,uid=5 echo {word} >> /c/log; cat /c/log; stat -c %u /c\n\
             RUN --mount=type=cache,id=/c,uid=5,target=/elsewhere,sharing=locked wc -l < /elsewhere/log\n\
             RUN --mount=type=cache,target=/p,sharing=private echo {word} >> /p/log; wc -l < /p/log\n"
        )
    };
    assert_eq!(fixture.build(&dockerfile("a")).log.output(), ["a", "5", "1", "1"]);
    let built = fixture.build_with(&dockerfile("b"), |options| options.no_cache = true);
    assert_eq!(built.log.output(), ["a", "b", "5", "2", "2"]);
    assert_eq!(built.changing_layers(), 1);
    let built = fixture.build(
        "FROM busybox AS start\nRUN mkdir -m 700 /s && echo first > /s/f && chown 5:6 /s\nFROM busybox\n\
         RUN --mount=type=cache,target=/filled,from=start,source=/s cat /filled/f; stat -c '%a %u:%g' /filled\n",
    );
    assert_eq!(built.log.output(), ["first", "700 5:6"]);
    // What a cache starts with belongs to its identity.
    let built = fixture.build(
        "FROM busybox\n\
         RUN --mount=type=cache,target=/c ls -A /c | wc -l\n\
         RUN --mount=type=cache,target=/c,uid=5,mode=0700 ls -A /c | wc -l; stat -c '%a %u' /c\n\
         RUN --mount=type=cache,target=/filled ls -A /filled | wc -l\n",
    );
    assert_eq!(built.log.output(), ["0", "0", "700 5", "0"]);
}

fn named_surroundings() {
    let fixture = Fixture::new();
    let dockerfile = "FROM busybox\n\
         RUN --mount=type=cache,target=/c hostname; ls /c; touch /c/here\n";
    let build = |name: &str, value: &str| {
        fixture.build_with(dockerfile, |options| {
            options.build_args = vec![(name.to_owned(), value.to_owned())];
            options.no_cache = name.ends_with("NS");
        })
    };
    assert_eq!(fixture.build(dockerfile).log.output(), ["buildkitsandbox"]);
    let named = build("BUILDKIT_SANDBOX_HOSTNAME", "elsewhere");
    assert_eq!(named.log.output(), ["elsewhere", "here"]);
    assert!(named.outcome.unused_build_args.is_empty());
    for (namespace, output) in [
        ("a", &["buildkitsandbox"][..]),
        ("a", &["buildkitsandbox", "here"]),
        ("b", &["buildkitsandbox"]),
    ] {
        assert_eq!(build("BUILDKIT_CACHE_MOUNT_NS", namespace).log.output(), output);
    }
}

fn tmpfs_mounts() {
    let fixture = Fixture::new();
    let built = fixture
        .build("FROM busybox\nRUN --mount=type=tmpfs,target=/t touch /t/x && df -T /t | grep -c tmpfs\n");
    assert_eq!(built.log.output(), ["1"]);
    assert_eq!(built.changing_layers(), 1);
    let built = fixture.build(
        "FROM busybox\nRUN mkdir -m 710 /there\n\
         RUN --mount=type=tmpfs,target=/there --mount=type=tmpfs,target=/new stat -c %a /there /new\n",
    );
    assert_eq!(built.log.output(), ["710", "1777"]);
}

fn secrets() {
    let fixture = Fixture::new();
    let file = fixture.dir.path().join("token");
    std::fs::write(&file, "from-file").unwrap();
    let dockerfile = "FROM busybox\n\
         RUN --mount=type=secret,id=token cat /run/secrets/token; stat -c ' %a %u' /run/secrets/token\n\
         RUN --mount=type=secret,id=token,target=/t,mode=0444,uid=9 stat -c '%a %u' /t\n\
         RUN --mount=type=secret,id=key,env=KEY echo $KEY\n\
         RUN --mount=type=secret,id=absent ls /run/secrets/absent 2>/dev/null || echo none\n";
    let build = |value: &str| {
        fixture.build_with(dockerfile, |options| {
            let secret = |id: &str, source| Secret {
                id: id.to_owned(),
                source,
            };
            options.secrets = vec![
                secret("token", SecretSource::File(file.clone())),
                secret("key", SecretSource::Bytes(value.as_bytes().to_vec())),
            ];
        })
    };
    let built = build("one");
    assert_eq!(built.log.output(), ["from-file 400 0", "444 9", "one", "none"]);
    assert_eq!(built.changing_layers(), 1);
    assert!(!String::from_utf8_lossy(&built.image().config_bytes).contains("from-file"));
    assert_eq!(build("two").executed(), 0, "a secret is not part of the key");
    let error = fixture.fail("FROM busybox\nRUN --mount=type=secret,id=must,required true\n");
    assert!(
        error.to_string().contains("the secret `must` is required"),
        "{error}"
    );
}

fn host_certificates() {
    let fixture = Fixture::new();
    let bundle = fixture.dir.path().join("bundle.pem");
    std::fs::write(&bundle, "certificates").unwrap();
    let dockerfile = "FROM busybox\nENV CURL_CA_BUNDLE=/own\nRUN cat $SSL_CERT_FILE; echo \" $CURL_CA_BUNDLE $PIP_CERT\"\n";
    let built = fixture.build_with(dockerfile, |options| options.host_ca = Some(bundle.clone()));
    assert_eq!(
        built.log.output(),
        ["certificates /own /run/plimsoll/ca-certificates.crt"]
    );
    assert_eq!(built.image().config.config.env_value("SSL_CERT_FILE"), None);
    assert_eq!(built.changing_layers(), 1);
    assert_eq!(fixture.build(dockerfile).executed(), 0);
}

fn network() {
    let fixture = Fixture::new();
    let interfaces = "ls /sys/class/net | wc -l";
    let host = std::fs::read_dir("/sys/class/net").unwrap().count();
    let dockerfile = format!(
        "FROM busybox\nRUN {interfaces}\nRUN --network=none {interfaces}\nRUN --network=host {interfaces}\n"
    );
    let built = fixture.build(&dockerfile);
    assert_eq!(built.log.output()[1], "1");
    assert_eq!(built.log.output()[0], host.to_string());
    let built = fixture.build_with(&dockerfile, |options| {
        options.network = StepNetwork::None;
        options.allow.host_network = true;
    });
    assert_eq!(built.executed(), 1, "the others have a network of their own");
}
