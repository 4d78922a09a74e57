use super::instruction;
use crate::{Error, InstructionKind, Mount, MountKind, Sharing, parse};

fn mount(options: &str) -> Result<Mount, Error> {
    let parsed = parse(&format!("FROM x\nRUN --mount={options} x\n"));
    if let Some(diagnostic) = parsed.diagnostics.into_iter().next() {
        return Err(Error::Invalid(diagnostic));
    }
    let InstructionKind::Run(run) = &parsed.dockerfile.stages[0].instructions[0].kind else {
        panic!()
    };
    run.mounts[0].resolve()
}

#[test]
fn options() {
    let some = |text: &str| Some(text.to_owned());
    let bind = || Mount {
        read_only: true,
        ..Mount::default()
    };
    let cache = || Mount {
        kind: MountKind::Cache,
        ..Mount::default()
    };
    let secret = || Mount {
        kind: MountKind::Secret,
        read_only: true,
        ..Mount::default()
    };
    for (options, expected) in [
        (
            "target=/a",
            Mount {
                target: some("/a"),
                ..bind()
            },
        ),
        (
            "type=bind,src=a,dst=/b,from=c",
            Mount {
                source: some("a"),
                target: some("/b"),
                from: some("c"),
                ..bind()
            },
        ),
        (
            "type=bind,destination=/b,rw",
            Mount {
                target: some("/b"),
                read_only: false,
                ..Mount::default()
            },
        ),
        (
            "TYPE=BIND,readwrite=false,target=/b",
            Mount {
                target: some("/b"),
                ..bind()
            },
        ),
        (
            "type=cache,target=/c,id=x,sharing=Locked,mode=0755,uid=1,gid=2,ro",
            Mount {
                target: some("/c"),
                id: some("x"),
                sharing: Some(Sharing::Locked),
                mode: Some(0o755),
                uid: Some(1),
                gid: Some(2),
                read_only: true,
                ..cache()
            },
        ),
        (
            "type=cache,target=/c,readonly=0",
            Mount {
                target: some("/c"),
                ..cache()
            },
        ),
        (
            "type=tmpfs,target=/t,size=64m",
            Mount {
                kind: MountKind::Tmpfs,
                target: some("/t"),
                size: Some(64 << 20),
                ..Mount::default()
            },
        ),
        (
            "type=tmpfs,target=/t,size=1.5GiB",
            Mount {
                kind: MountKind::Tmpfs,
                target: some("/t"),
                size: Some(3 << 29),
                ..Mount::default()
            },
        ),
        (
            "type=secret,id=token",
            Mount {
                id: some("token"),
                ..secret()
            },
        ),
        (
            "type=secret,id=token,env=TOKEN,required",
            Mount {
                id: some("token"),
                env: some("TOKEN"),
                required: true,
                ..secret()
            },
        ),
        (
            "type=secret,target=/run/x,required=true,mode=400",
            Mount {
                target: some("/run/x"),
                required: true,
                mode: Some(0o400),
                ..secret()
            },
        ),
        (
            "type=ssh",
            Mount {
                kind: MountKind::Ssh,
                read_only: true,
                ..Mount::default()
            },
        ),
        (
            "'type=cache,\"target=/a,b\"'",
            Mount {
                target: some("/a,b"),
                ..cache()
            },
        ),
        (
            "'type=cache,\"target=/a \"\"b\"\"\"'",
            Mount {
                target: some("/a \"b\""),
                ..cache()
            },
        ),
    ] {
        assert_eq!(mount(options), Ok(expected), "{options}");
    }
}

#[test]
fn wrong_options() {
    for (options, message) in [
        ("", "the value of `--mount` is no list of options"),
        ("'a\"b'", "the value of `--mount` is no list of options"),
        ("'\"a\"b'", "the value of `--mount` is no list of options"),
        ("'\"a'", "the value of `--mount` is no list of options"),
        ("type=x", "`x` is no mount type"),
        ("typ=cache", "`--mount` has no option `typ`"),
        ("target", "`target` has no value"),
        ("foo", "`--mount` has no option `foo`"),
        ("target=/a,", "`--mount` has no option ``"),
        ("ro=maybe", "`maybe` is neither true nor false"),
        ("type=cache,mode=9", "`9` is not an octal mode"),
        ("type=cache,uid=a", "`a` is not a numeric user id"),
        ("type=cache,gid=-1", "`-1` is not a numeric group id"),
        (
            "type=cache,uid=4294967296",
            "`4294967296` is not a numeric user id",
        ),
        ("type=cache,sharing=x", "`x` is no sharing mode"),
        (
            "target=/a,mode=755",
            "`mode` does not go with a mount of type `bind`",
        ),
        (
            "target=/a,sharing=locked",
            "`sharing` does not go with a mount of type `bind`",
        ),
        (
            "target=/a,required",
            "`required` does not go with a mount of type `bind`",
        ),
        (
            "required,type=secret",
            "`required` does not go with a mount of type `bind`",
        ),
        (
            "size=1m,type=tmpfs",
            "`size` does not go with a mount of type `bind`",
        ),
        ("type=tmpfs,size=x", "`x` is no size"),
        ("type=tmpfs,size=99999999p", "`99999999p` is no size"),
        (
            "type=cache,env=A",
            "`env` does not go with a mount of type `cache`",
        ),
        ("type=secret", "the mount does not say which secret"),
        (
            "type=secret,id=a,src=b",
            "a secret is named by `id` or `source`, not both",
        ),
        (
            "type=secret,id=a,from=b",
            "`from` does not go with a mount of type `secret`",
        ),
        ("from=$X", "variables are not expanded in the `from` of a mount"),
    ] {
        assert_eq!(mount(options).unwrap_err().to_string(), message, "{options}");
    }
}

#[test]
fn what_names_variables_is_checked_after_expansion() {
    let run = instruction("RUN --mount=type=$T,target=/x a");
    let resolve = |value: &str| {
        let environment = vec![("T".to_owned(), value.to_owned())];
        let (run, _) = run.expand('\\', &environment)?;
        let InstructionKind::Run(run) = run.kind else {
            panic!()
        };
        run.mounts[0].resolve()
    };
    assert_eq!(resolve("cache").unwrap().kind, MountKind::Cache);
    let error = resolve("cach").unwrap_err();
    assert_eq!(error.to_string(), "`cach` is no mount type");
    assert_eq!(error.hint().unwrap().to_string(), "did you mean `cache`?");
    assert_eq!(error.span(), Some(plimsoll_core::Span::new(24, 26)));
}
