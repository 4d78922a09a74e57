//! What `COPY` and `ADD` put where.

use std::os::unix::fs::PermissionsExt;

use plimsoll_image::EntryKind;

use crate::Test;
use crate::fixture::Fixture;

pub(crate) const TESTS: &[Test] = &[
    ("copy::directories_that_are_there", directories_that_are_there),
    ("copy::where_things_go", where_things_go),
    ("copy::what_is_kept", what_is_kept),
    ("copy::over_what_is_there", over_what_is_there),
    (
        "copy::directories_below_get_the_attributes",
        directories_below_get_the_attributes,
    ),
    ("copy::links_do_not_lead_out", links_do_not_lead_out),
    ("copy::owners_and_modes", owners_and_modes),
    ("copy::ignored_files", ignored_files),
    ("copy::excluded_files", excluded_files),
    ("copy::with_parents", with_parents),
    ("copy::here_documents", here_documents),
    ("copy::linked", linked),
    ("copy::archives", archives),
    ("copy::large_and_sparse_files", large_and_sparse_files),
];

fn context() -> Fixture {
    let fixture = Fixture::new();
    fixture
        .file("f", "f")
        .file("a.txt", "a")
        .file("b.txt", "b")
        .file("d/x", "x")
        .file("d/sub/y", "y")
        .file("e/x", "other x")
        .directory("empty")
        .file("odd/a[b", "brackets");
    fixture
}

/// Each line of the table is a Dockerfile of its own, over a base that has a few directories and links.
fn where_things_go() {
    let fixture = context();
    fixture.build_with(
        "FROM busybox AS make\n\
         RUN mkdir -p /t/dir/sub /t/real && ln -s real /t/link && ln -s /t/real /t/abs && ln -s gone /t/dangling && \
             echo old > /t/file && ln -s file /t/filelink\n\
         FROM scratch\n\
         COPY --from=make /t /t\n",
        |options| options.tags = vec!["table".parse().unwrap()],
    );
    for (instruction, path, content) in [
        ("COPY f /new", "new", "f"),
        ("COPY f /new/", "new/f", "f"),
        ("COPY f /a/b/new", "a/b/new", "f"),
        ("COPY f /t/dir", "t/dir/f", "f"),
        ("COPY f /t/file", "t/file", "f"),
        ("COPY d /new", "new/sub/y", "y"),
        ("COPY d/ /new/", "new/x", "x"),
        ("COPY d /t/dir", "t/dir/sub/y", "y"),
        ("COPY d e /new/", "new/x", "other x"),
        ("COPY *.txt /new/", "new/b.txt", "b"),
        ("COPY [ab].txt /new/", "new/a.txt", "a"),
        ("COPY d/s* /new/", "new/y", "y"),
        ("COPY */x /new/", "new/x", "other x"),
        ("COPY none* f /new/", "new/f", "f"),
        ("COPY odd/a[[]b /new/", "new/a[b", "brackets"),
        ("COPY . /new", "new/d/sub/y", "y"),
        ("COPY ../f /new", "new", "f"),
        ("COPY /d/./../f /new", "new", "f"),
        ("COPY f /t/link", "t/real/f", "f"),
        ("COPY f /t/link/", "t/real/f", "f"),
        ("COPY f /t/link/deep/new", "t/real/deep/new", "f"),
        ("COPY f /t/abs/new", "t/real/new", "f"),
        ("COPY f /t/dangling/", "t/gone/f", "f"),
        ("COPY f /t/dangling", "t/gone", "f"),
        ("COPY f /t/filelink", "t/file", "f"),
        ("COPY d /t/link", "t/real/sub/y", "y"),
        ("COPY [\"f\", \"/with space\"]", "with space", "f"),
        ("WORKDIR /w\nCOPY f .", "w/f", "f"),
        ("WORKDIR /w\nCOPY f sub/", "w/sub/f", "f"),
        ("WORKDIR /w\nCOPY f ../new", "new", "f"),
        ("ENV D=/dir N=f\nCOPY $N ${D}/", "dir/f", "f"),
        ("ADD f /new", "new", "f"),
    ] {
        let built = fixture.build(&format!("FROM table\n{instruction}\n"));
        assert!(built.tree.has(path), "{instruction}: {:#?}", built.tree.0.keys());
        assert_eq!(built.tree.content(path), content, "{instruction}");
    }
    let built = fixture.build("FROM table\nCOPY empty /new\nCOPY d /t/dangling\n");
    assert_eq!(built.tree.get("new").kind, EntryKind::Directory);
    assert!(built.tree.has("t/gone/sub/y"));
    assert_eq!(
        built.tree.get("t/link").kind,
        EntryKind::Symlink(b"real".to_vec())
    );
    for (instruction, message) in [
        ("COPY none /", "`none` is not in the build context"),
        ("COPY f/ none/ /", "`none/` is not in the build context"),
        ("COPY d /t/file", "`/t/file` in the image is not a directory"),
        ("COPY f /t/file/", "`/t/file` in the image is not a directory"),
    ] {
        let error = fixture.fail(&format!("FROM table\n{instruction}\n"));
        assert!(error.to_string().contains(message), "{instruction}: {error}");
    }
}

fn what_is_kept() {
    let fixture = context();
    let context = fixture.context();
    std::os::unix::fs::chown(context.join("f"), Some(42), Some(43)).unwrap();
    std::fs::set_permissions(context.join("f"), PermissionsExt::from_mode(0o4750)).unwrap();
    std::fs::set_permissions(context.join("d/sub"), PermissionsExt::from_mode(0o2711)).unwrap();
    std::fs::hard_link(context.join("d/x"), context.join("d/z")).unwrap();
    fixture.link("d/to", "../nowhere").link("top", "d/sub");
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_234_567);
    std::fs::File::open(context.join("f"))
        .unwrap()
        .set_modified(time)
        .unwrap();
    let attribute = rustix::fs::setxattr(
        context.join("f"),
        "user.note",
        b"kept",
        rustix::fs::XattrFlags::empty(),
    );
    let built = fixture.build("FROM scratch\nCOPY f /\nCOPY d /d\nCOPY top /top\n");
    let f = built.tree.get("f");
    assert_eq!((f.mode, f.owner, f.mtime), (0o4750, (0, 0), 1_234_567));
    assert_eq!(built.tree.get("d/sub").mode, 0o2711);
    assert_eq!(built.tree.get("d").mode, 0o755);
    assert_eq!(
        built.tree.get("d/to").kind,
        EntryKind::Symlink(b"../nowhere".to_vec())
    );
    assert_eq!(built.tree.get("d/z").kind, EntryKind::HardLink(b"d/x".to_vec()));
    assert_eq!(
        built.tree.content("top/y"),
        "y",
        "a link that is named itself is followed"
    );
    if attribute.is_ok() {
        let tree = built.image().layers[0].tree().unwrap().join("f");
        let mut value = [0_u8; 16];
        let length = rustix::fs::getxattr(tree, "user.note", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"kept");
    }
}

fn over_what_is_there() {
    let fixture = context();
    let built = fixture.build(
        "FROM busybox\n\
         RUN mkdir -p /t/sub /t/keep && chmod 700 /t && chown -R 7:7 /t && echo old > /t/x && ln -s x /t/sub/y\n\
         COPY d /t\n\
         COPY f /t\n",
    );
    assert_eq!(built.tree.content("t/x"), "x");
    assert_eq!(
        built.tree.get("t/sub/y").kind,
        EntryKind::File,
        "the link itself was replaced"
    );
    assert!(built.tree.has("t/keep") && built.tree.has("t/f"));
    let top = built.tree.get("t");
    assert_eq!(
        (top.mode, top.owner),
        (0o700, (7, 7)),
        "the destination keeps what it had"
    );
    assert_eq!(built.tree.get("t/sub").owner, (0, 0), "what is below it does not");
    let error = fixture.fail("FROM busybox\nRUN mkdir -p /t/x\nCOPY d /t\n");
    assert!(
        error.to_string().contains("`/t/x` is a directory in the image"),
        "{error}"
    );
    let error = fixture.fail("FROM busybox\nRUN mkdir /t && ln -s / /t/sub\nCOPY d /t\n");
    assert!(
        error
            .to_string()
            .contains("`/t/sub` in the image is not a directory"),
        "{error}"
    );
}

/// Also where nothing else in them is changed.
fn directories_below_get_the_attributes() {
    let built = Fixture::new().build(
        "FROM busybox AS from\n\
         RUN mkdir -p /t/empty /t/full && chmod 0711 /t/empty && chmod 0710 /t/full && echo x > /t/full/x\n\
         FROM busybox\n\
         RUN mkdir -p /t/empty /t/full/below\n\
         COPY --from=from /t /t\n",
    );
    assert_eq!(built.tree.get("t/empty").mode, 0o711);
    assert_eq!(built.tree.get("t/full").mode, 0o710);
    assert!(built.tree.has("t/full/below") && built.tree.has("t/full/x"));
}

fn links_do_not_lead_out() {
    let fixture = context();
    let outside = fixture.dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "host").unwrap();
    fixture
        .link("out", outside.to_str().unwrap())
        .link("up", "../outside/secret");
    let target = outside.to_str().unwrap();
    let built = fixture.build(&format!(
        "FROM busybox\nRUN ln -s {target} /escape && ln -s ../../../../../..{target} /relative\nCOPY f /escape/\nCOPY d /relative/\n"
    ));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(built.tree.content(&format!("{}/f", &target[1..])), "f");
    assert_eq!(built.tree.content(&format!("{}/x", &target[1..])), "x");
    for source in ["out/secret", "up"] {
        let error = fixture.fail(&format!("FROM busybox\nCOPY {source} /\n"));
        assert!(
            error.to_string().contains("is not in the build context"),
            "{error}"
        );
    }
}

fn owners_and_modes() {
    let fixture = context();
    let built = fixture.build(
        "FROM busybox\n\
         RUN adduser -D -u 1001 app && addgroup -g 2002 web\n\
         ARG MODE=640\n\
         COPY --chown=app f /by-name/deep/f\n\
         COPY --chown=app:web f /by-names\n\
         COPY --chown=55 f /by-number\n\
         COPY --chown=55:66 --chmod=$MODE d /d\n\
         COPY --chmod=u=rwX,go=rX d /symbolic\n",
    );
    assert_eq!(built.tree.get("by-name/deep/f").owner, (1001, 1001));
    assert_eq!(built.tree.get("by-name/deep").owner, (1001, 1001));
    assert_eq!(built.tree.get("by-names").owner, (1001, 2002));
    assert_eq!(built.tree.get("by-number").owner, (55, 55));
    assert_eq!(built.tree.get("d/x").owner, (55, 66));
    assert_eq!(built.tree.get("d/x").mode, 0o640);
    assert_eq!(built.tree.get("d/sub").mode, 0o640);
    assert_eq!(built.tree.get("symbolic/sub/y").mode, 0o644);
    assert_eq!(built.tree.get("symbolic/sub").mode, 0o755);
    assert_eq!(
        built.history()[5],
        "COPY --chown=55:66 --chmod=640 d /d # buildkit"
    );
}

fn ignored_files() {
    let fixture = context();
    fixture
        .file(
            ".dockerignore",
            "# comment\n*.txt\n!b.txt\nd\n!d/sub/y\nDockerfile\n.dockerignore\n",
        )
        .file("Dockerfile", "FROM scratch\n");
    let built = fixture.build("FROM scratch\nCOPY . /\nCOPY *.txt /only/\n");
    let paths: Vec<_> = built.tree.0.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "b.txt",
            "d",
            "d/sub",
            "d/sub/y",
            "e",
            "e/x",
            "empty",
            "f",
            "odd",
            "odd/a[b",
            "only",
            "only/b.txt"
        ]
    );
    let error = fixture.fail("FROM scratch\nCOPY d/x /\n");
    assert!(
        error.to_string().contains("`.dockerignore` leaves it out"),
        "{error}"
    );
    let built = fixture.build_with("FROM scratch\nCOPY *.txt /\n", |options| {
        options.dockerfile.ignore = Some("b.txt\n".to_owned());
    });
    assert_eq!(built.tree.0.keys().collect::<Vec<_>>(), ["a.txt"]);
}

fn excluded_files() {
    let fixture = context();
    let built = fixture.build(
        "FROM scratch\nCOPY --exclude=a.* *.txt /t/\nCOPY --exclude=sub --exclude=*.txt . /all/\n\
         COPY --exclude=sub d /d\n",
    );
    assert_eq!(built.tree.below("t"), ["b.txt"]);
    assert_eq!(built.tree.below("d"), ["x"]);
    assert!(built.tree.has("all/d/sub/y") && !built.tree.has("all/a.txt") && built.tree.has("all/f"));
}

fn with_parents() {
    let fixture = context();
    std::fs::set_permissions(fixture.context().join("d"), PermissionsExt::from_mode(0o711)).unwrap();
    let built = fixture.build(
        "FROM scratch\nCOPY --parents d/sub/y f /p/\nCOPY --parents d/./sub/* /q\nCOPY --parents **/x /r/\n",
    );
    assert_eq!(built.tree.below("p"), ["d", "d/sub", "d/sub/y", "f"]);
    assert_eq!(built.tree.get("p/d").mode, 0o711);
    assert_eq!(built.tree.below("q"), ["sub", "sub/y"]);
    assert_eq!(built.tree.below("r"), ["d", "d/x", "e", "e/x"]);
    let error = fixture.fail("FROM scratch\nCOPY --parents d/none /\n");
    assert!(error.to_string().contains("`d/none` is not in"), "{error}");
}

fn here_documents() {
    let fixture = context();
    let built = fixture.build(
        "FROM busybox\n\
         ENV V=value\n\
         COPY <<one <<\"two\" f /docs/\n\
         $V\n\
         one\n\
         $V\n\
         two\n\
         COPY --chmod=755 <<-EOF /script\n\
         \t#!/bin/sh\n\
         \techo ran\n\
         EOF\n\
         RUN /script\n",
    );
    assert_eq!(built.tree.content("docs/one"), "value\n");
    assert_eq!(built.tree.content("docs/two"), "$V\n");
    assert_eq!(built.tree.content("docs/f"), "f");
    assert_eq!(built.tree.get("docs/one").mode, 0o644);
    assert_eq!(built.log.output(), ["ran"]);
    let built = fixture.build("FROM scratch\nCOPY <<../../up/x /docs/\ntext\n../../up/x\n");
    assert_eq!(built.tree.content("docs/x"), "text\n");
}

fn linked() {
    let fixture = context();
    let built = fixture.build("FROM busybox\nRUN touch /one\nCOPY --link d /linked/\n");
    let layer = built.image().layers.last().unwrap().diff_id;
    let other = fixture.build("FROM busybox\nRUN touch /two\nCOPY --link d /linked/\n");
    assert_eq!(other.image().layers.last().unwrap().diff_id, layer);
    assert_eq!(other.outcome.cached, 1, "it does not depend on what is below");
    assert!(other.tree.has("linked/sub/y") && other.tree.has("two") && !other.tree.has("one"));
}

fn archives() {
    let fixture = context();
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind: tar::EntryType, link: Option<&str>, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o750);
        header.set_uid(11);
        header.set_gid(12);
        header.set_mtime(77);
        match link {
            Some(link) => builder.append_link(&mut header, path, link).unwrap(),
            None => builder.append_data(&mut header, path, content).unwrap(),
        }
    };
    add("top/", tar::EntryType::Directory, None, b"");
    add("top/file", tar::EntryType::Regular, None, b"content");
    add("top/soft", tar::EntryType::Symlink, Some("/"), b"");
    add("top/hard", tar::EntryType::Link, Some("top/file"), b"");
    add("top/soft/through", tar::EntryType::Regular, None, b"inside");
    // As `tar` wrote directories before it had a type for them; what is blank means 0.
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..8].copy_from_slice(b"top/old/");
    header.set_entry_type(tar::EntryType::new(0));
    header.as_mut_bytes()[156] = 0;
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, &b""[..]).unwrap();
    let tar = builder.into_inner().unwrap();
    let context = fixture.context();
    std::fs::write(context.join("plain.tar"), &tar).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &tar).unwrap();
    let gzip = gzip.finish().unwrap();
    std::fs::write(context.join("x.tgz"), &gzip).unwrap();
    std::fs::write(context.join("x.tar.zst"), zstd::encode_all(&tar[..], 1).unwrap()).unwrap();
    std::fs::write(context.join("broken.tar.gz"), &gzip[..20]).unwrap();
    for name in ["plain.tar", "x.tgz", "x.tar.zst"] {
        let built = fixture.build(&format!("FROM scratch\nADD {name} /into\n"));
        let file = built.tree.get("into/top/file");
        assert_eq!(
            (file.owner, file.mode, file.mtime),
            ((11, 12), 0o750, 77),
            "{name}"
        );
        assert_eq!(built.tree.content("into/top/hard"), "content");
        assert_eq!(
            built.tree.content("into/through"),
            "inside",
            "a link is followed inside the image"
        );
        assert_eq!(built.tree.get("into/top").mtime, 77);
        assert_eq!(built.tree.get("into/top/old").kind, EntryKind::Directory);
    }
    let built = fixture.build(
        "FROM scratch\nADD broken.tar.gz f /as-is/\nADD --unpack=false plain.tar /kept.tar\nCOPY plain.tar /copied.tar\n\
         ADD --chown=3:4 plain.tar /owned/\n",
    );
    assert!(built.tree.has("as-is/broken.tar.gz") && built.tree.has("as-is/f"));
    assert_eq!(built.tree.get("kept.tar").kind, EntryKind::File);
    assert_eq!(built.tree.get("copied.tar").kind, EntryKind::File);
    assert_eq!(built.tree.get("owned/top/file").owner, (3, 4));
}

fn large_and_sparse_files() {
    let fixture = context();
    let sparse = std::fs::File::create(fixture.context().join("sparse")).unwrap();
    std::os::unix::fs::FileExt::write_at(&sparse, b"middle", 5 << 20).unwrap();
    sparse.set_len(9 << 20).unwrap();
    let large: Vec<u8> = (0..6_000_000_u32).map(|number| (number % 251) as u8).collect();
    std::fs::write(fixture.context().join("large"), &large).unwrap();
    let built = fixture.build(
        "FROM busybox\nCOPY sparse large /\nRUN md5sum /large; stat -c %s /sparse; grep -c middle /sparse\n",
    );
    let output = built.log.output();
    assert_eq!(output[1..], ["9437184", "1"]);
    let tree = built.image().layers[1].tree().unwrap();
    assert_eq!(std::fs::read(tree.join("large")).unwrap(), large);
    let copied = std::fs::read(tree.join("sparse")).unwrap();
    assert_eq!(copied.len(), 9 << 20);
    assert_eq!(&copied[5 << 20..(5 << 20) + 6], b"middle");
}

/// Also those in which nothing is copied, and which only a layer below has.
fn directories_that_are_there() {
    let fixture = Fixture::new();
    fixture.directory("r/tmp").directory("r/etc/new");
    std::fs::set_permissions(
        fixture.context().join("r/tmp"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let built = fixture.build("FROM busybox\nCOPY r /\nCOPY --chown=5:6 r /");
    assert_eq!(
        (built.tree.get("tmp").mode, built.tree.get("tmp").owner),
        (0o700, (5, 6))
    );
    assert!(built.tree.has("etc/new") && built.tree.has("etc/passwd"));
}
