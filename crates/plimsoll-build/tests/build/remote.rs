//! What builds take from elsewhere: downloads, repositories, named contexts, agents.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use plimsoll_build::{
    Context, Entitlements, NamedContext, NamedSource, Remote, RemoteContext, RemoteSettings, SshAgent,
    StepNetwork,
};
use plimsoll_core::Digest;
use plimsoll_image::EntryKind;

use crate::fixture::{Fixture, chain};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("downloads_are_named_and_owned_as_docker_does", downloads),
    ("a_download_is_asked_for_again_only_if_it_changed", conditional),
    ("checksums_of_downloads", checksums),
    ("failed_downloads_say_why", failures),
    ("repositories_are_added", repositories),
    ("a_repository_or_an_archive_is_a_context", remote_contexts),
    ("submodules_of_a_repository_come_with_it", submodules),
    ("an_archive_is_a_context_as_it_is", archives_as_contexts),
    ("named_contexts_of_files", named_files),
    ("named_contexts_stand_in_for_images_and_stages", named_images),
    ("an_agent_is_behind_its_socket", agent),
    ("what_is_not_allowed_is_refused", entitlements),
    ("hosts_limits_and_shared_memory_reach_steps", surroundings),
    ("one_stage_is_built_without_the_cache", cache_filter),
];

/// Files behind `http` on a loopback address, and what was asked for.
struct Server {
    address: String,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    log: Arc<Mutex<Vec<String>>>,
}

const DATE: &str = "Sat, 03 Feb 2001 04:05:06 GMT";
const TIME: i64 = 981_173_106;

impl Server {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            files: Arc::default(),
            log: Arc::default(),
        };
        let (files, log) = (Arc::clone(&server.files), Arc::clone(&server.log));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, log) = (Arc::clone(&files), Arc::clone(&log));
                std::thread::spawn(move || answer(stream, &files, &log));
            }
        });
        server
    }

    fn put(&self, path: &str, content: &[u8]) -> String {
        self.files
            .lock()
            .unwrap()
            .insert(path.to_owned(), content.to_owned());
        format!("{}{path}", self.address)
    }

    /// Serves every file of a folder.
    fn put_folder(&self, prefix: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => self.put_folder(&path, &entry.path()),
                false => drop(self.put(&path, &std::fs::read(entry.path()).unwrap())),
            }
        }
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, files: &Mutex<HashMap<String, Vec<u8>>>, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut known = None;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) <= 2 {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("if-none-match:") {
            known = Some(value.trim().to_owned());
        }
    }
    let path = target.split('?').next().unwrap_or_default();
    let content = files.lock().unwrap().get(path).cloned();
    let (status, body) = match content {
        None => ("404 Not Found".to_owned(), Vec::new()),
        Some(content) => {
            let tag = format!("\"{}\"", Digest::of(&content).hex());
            let headers = format!("ETag: {tag}\r\nLast-Modified: {DATE}");
            match known.as_deref() == Some(&tag) {
                true => (format!("304 Not Modified\r\n{headers}"), Vec::new()),
                false => (format!("200 OK\r\n{headers}"), content),
            }
        }
    };
    log.lock().unwrap().push(format!("{path} {}", &status[..3]));
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&body);
}

fn archive() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in [("Dockerfile", "FROM busybox\nCOPY a /a\n"), ("a", "in\n")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(7);
        header.set_cksum();
        builder
            .append_data(&mut header, path, content.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

fn downloads() {
    let (fixture, server) = (Fixture::new(), Server::new());
    server.put("/dir/a%20b.txt", b"hello");
    let tar = server.put("/x.tar", &archive());
    let http = &server.address;
    let built = fixture.build(&format!(
        "FROM busybox\nADD {http}/dir/a%20b.txt?q=1 /into/\nADD {http}/dir/a%20b.txt /as\nADD {http}/dir/a%20b.txt /tmp\n\
         ADD --chown=5:6 --chmod=640 {http}/dir/a%20b.txt /owned\nADD {tar} /whole/\nADD --unpack {tar} /opened/\n\
         ADD {tar} {http}/dir/a%20b.txt /both/"
    ));
    let tree = &built.tree;
    for path in ["into/a b.txt", "as", "tmp/a b.txt", "both/a b.txt"] {
        let node = tree.get(path);
        assert_eq!(
            (node.mode, node.owner, node.mtime),
            (0o600, (0, 0), TIME),
            "{path}"
        );
        assert_eq!(node.content, "hello");
    }
    assert_eq!((tree.get("owned").mode, tree.get("owned").owner), (0o640, (5, 6)));
    assert_eq!(tree.get("whole/x.tar").mode, 0o600);
    assert_eq!(tree.content("opened/a"), "in\n");
    assert!(tree.has("both/x.tar") && !tree.has("both/a"));
}

fn conditional() {
    let (fixture, server) = (Fixture::new(), Server::new());
    let url = server.put("/f", b"one");
    let dockerfile = format!("FROM busybox\nADD {url} /f\nRUN true");
    assert_eq!(fixture.build(&dockerfile).executed(), 2);
    assert_eq!(server.log(), ["/f 200"]);
    assert_eq!(fixture.build(&dockerfile).executed(), 0);
    assert_eq!(server.log(), ["/f 304"]);
    server.put("/f", b"two");
    let built = fixture.build(&dockerfile);
    assert_eq!(built.executed(), 2);
    assert_eq!(built.tree.content("f"), "two");
    // What a process holds is not forgotten.
    drop(built);
    let all = plimsoll_build::CacheLimits {
        all: true,
        ..plimsoll_build::CacheLimits::default()
    };
    plimsoll_build::prune_cache(&fixture.store, &all).unwrap();
    server.log();
    fixture.build(&dockerfile);
    assert_eq!(server.log(), ["/f 200"]);
    // The same content under another address is the same step.
    let other = server.put("/dir/f", b"two");
    assert_eq!(
        fixture
            .build(&format!("FROM busybox\nADD {other} /f\nRUN true"))
            .executed(),
        0
    );
}

fn checksums() {
    let (fixture, server) = (Fixture::new(), Server::new());
    let url = server.put("/f", b"content");
    let digest = Digest::of(b"content");
    let dockerfile = format!("FROM busybox\nADD --checksum={digest} {url} /f");
    assert_eq!(fixture.build(&dockerfile).tree.content("f"), "content");
    server.log();
    // What has the checksum already need not be asked for.
    server.put("/f", b"changed");
    assert_eq!(fixture.build(&dockerfile).executed(), 0);
    assert_eq!(server.log(), [""; 0]);
    let other = Digest::of(b"other");
    let error = fixture.fail(&format!("FROM busybox\nADD --checksum={other} {url} /f"));
    assert!(
        chain(&error).contains(&format!("has the digest `{}`", Digest::of(b"changed"))),
        "{error}"
    );
    for (flag, reason) in [("md5:x", "is not a checksum"), ("0123456", "cannot be a commit")] {
        let error = fixture.fail(&format!("FROM busybox\nADD --checksum={flag} {url} /f"));
        assert!(chain(&error).contains(reason), "{error}");
    }
    fixture.file("local", "");
    let error = fixture.fail(&format!("FROM busybox\nADD --checksum={digest} local /f"));
    assert!(chain(&error).contains("for downloads only"), "{error}");
}

fn failures() {
    let (fixture, server) = (Fixture::new(), Server::new());
    let error = fixture.fail(&format!("FROM busybox\nADD {}/none /f", server.address));
    assert!(
        chain(&error).contains("the server answered `404 Not Found`"),
        "{error}"
    );
    assert!(error.span().is_some());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = fixture.fail(&format!("FROM busybox\nADD http://{nobody}/f /f"));
    assert!(chain(&error).contains("cannot be downloaded"), "{error}");
    let error = fixture.fail(&format!("FROM busybox\nCOPY {}/f /f", server.address));
    assert!(chain(&error).contains("`COPY` cannot take"), "{error}");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.com",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository behind `http` with two commits, the first of which is tagged; gives its address and the commits.
fn repository(fixture: &Fixture, server: &Server) -> Option<(String, String, String)> {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: no git");
        return None;
    }
    let work = fixture.dir.path().join("work");
    std::fs::create_dir_all(work.join("sub")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(work.join(path), text).unwrap();
    git(&work, &["init", "-q"]);
    write("Dockerfile", "FROM busybox\nCOPY . /c\n");
    write("sub/f", "one");
    write("run.sh", "#!/bin/sh\n");
    write(".dockerignore", "ignored\n");
    write("ignored", "");
    std::fs::set_permissions(
        work.join("run.sh"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    git(&work, &["add", "-A"]);
    git(&work, &["commit", "-qm", "one"]);
    git(&work, &["tag", "-a", "-m", "first", "v1"]);
    let first = git(&work, &["rev-parse", "HEAD"]);
    write("sub/f", "two");
    git(&work, &["commit", "-qam", "two"]);
    let second = git(&work, &["rev-parse", "HEAD"]);
    git(fixture.dir.path(), &["clone", "-q", "--bare", "work", "bare"]);
    let bare = fixture.dir.path().join("bare");
    git(&bare, &["update-server-info"]);
    server.put_folder("/r.git", &bare);
    Some((format!("{}/r.git", server.address), first, second))
}

fn repositories() {
    let (fixture, server) = (Fixture::new(), Server::new());
    let Some((url, first, second)) = repository(&fixture, &server) else {
        return;
    };
    let dockerfile = format!(
        "FROM busybox\nADD {url} /head\nADD {url}#v1:sub /tag\nADD --keep-git-dir {url}#main /git\n\
         ADD --checksum={first} {url}?tag=v1&subdir=sub /query\nADD --chown=5:6 {url}#{first} /commit\n\
         ADD {url}#{} /short",
        &second[..10]
    );
    let built = fixture.build(&dockerfile);
    let tree = &built.tree;
    assert_eq!(tree.content("head/sub/f"), "two");
    assert_eq!(
        (tree.get("head/run.sh").mode, tree.get("head/sub").mode),
        (0o755, 0o755)
    );
    assert_eq!(
        (
            tree.content("tag/f"),
            tree.content("query/f"),
            tree.content("short/sub/f")
        ),
        ("one", "one", "two")
    );
    assert_eq!(
        (tree.content("commit/sub/f"), tree.get("commit/sub/f").owner),
        ("one", (5, 6))
    );
    assert!(!tree.has("head/.git") && tree.has("git/.git/HEAD"));
    assert_eq!(fixture.build(&dockerfile).executed(), 0);

    for (source, reason) in [
        (format!("{url}#none"), "has no `none`"),
        (format!("{url}#v1:none"), "`none` is not a directory"),
        (format!("{url}#v1:../.."), "is not a directory"),
        (format!("{}/none.git", server.address), "failed"),
        (format!("--checksum={second} {url}#v1"), "as the checksum demands"),
        ("git@localhost:none".to_owned(), "failed"),
    ] {
        let error = fixture.fail(&format!("FROM busybox\nADD {source} /x"));
        assert!(chain(&error).contains(reason), "{source}: {}", chain(&error));
    }
    // Neither a path nor a `file` address is a repository.
    let error = fixture.fail("FROM busybox\nADD file:///bare.git /x");
    assert!(chain(&error).contains("is not in the build context"), "{error}");
}

fn remote_contexts() {
    let (fixture, server) = (Fixture::new(), Server::new());
    let settings = RemoteSettings::default();
    let fetch = |text: &str| {
        let remote = Remote::of_context(text).unwrap().unwrap();
        RemoteContext::fetch(&remote, &fixture.store, &settings)
    };
    let tar = server.put("/c.tar", &archive());
    let RemoteContext::Files(files) = fetch(&tar).unwrap() else {
        panic!("an archive holds files");
    };
    let built = fixture.build_with("FROM busybox\nCOPY a /a", |options| options.context = files);
    assert_eq!(built.tree.content("a"), "in\n");
    let dockerfile = server.put("/D", b"FROM busybox\n");
    assert!(
        matches!(fetch(&dockerfile).unwrap(), RemoteContext::Dockerfile(text) if text == "FROM busybox\n")
    );
    assert!(fetch(&server.put("/b", b"\xff\xfe")).is_err());
    let Some((url, ..)) = repository(&fixture, &server) else {
        return;
    };
    let RemoteContext::Files(files) = fetch(&format!("{url}#v1")).unwrap() else {
        panic!("a repository holds files");
    };
    let root = files.root().to_owned();
    let built = fixture.build_with("FROM busybox\nCOPY . /c", |options| options.context = files);
    assert_eq!(built.tree.content("c/sub/f"), "one");
    assert!(!built.tree.has("c/.git"));
    assert!(built.tree.has("c/ignored"), "ignore files are for folders");
    assert!(!root.exists(), "what was fetched goes away");
}

/// A repository with a submodule that has one, behind a server that hands out nothing but whole repositories.
fn submodules() {
    let (fixture, server) = (Fixture::new(), Server::new());
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: no git");
        return;
    }
    let mut inner: Option<&str> = None;
    for name in ["leaf", "middle", "top"] {
        let work = folder(&fixture, name, &[(name, name)]);
        git(&work, &["init", "-q"]);
        if let Some(inner) = inner {
            let url = format!("../{inner}.git");
            git(&work, &["remote", "add", "origin", &work.display().to_string()]);
            let add = [
                "-c",
                "protocol.file.allow=always",
                "submodule",
                "--quiet",
                "add",
                &url,
                "in",
            ];
            git(&work, &add);
        }
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "-qm", name]);
        let bare = format!("{name}.git");
        git(fixture.dir.path(), &["clone", "-q", "--bare", name, &bare]);
        let bare_dir = fixture.dir.path().join(&bare);
        git(&bare_dir, &["update-server-info"]);
        server.put_folder(&format!("/{bare}"), &bare_dir);
        inner = Some(name);
    }
    let url = format!("{}/top.git", server.address);
    let remote = Remote::of_context(&url).unwrap().unwrap();
    let RemoteContext::Files(files) =
        RemoteContext::fetch(&remote, &fixture.store, &RemoteSettings::default()).unwrap()
    else {
        panic!("a repository holds files");
    };
    let built = fixture.build_with("FROM busybox\nCOPY . /c", |options| options.context = files);
    let tree = &built.tree;
    assert_eq!(
        (
            tree.content("c/top"),
            tree.content("c/in/middle"),
            tree.content("c/in/in/leaf")
        ),
        ("top", "middle", "leaf")
    );
    assert!(!tree.has("c/in/.git") && !tree.has("c/in/in/.git"));
    let built = fixture.build(&format!("FROM busybox\nADD {url}?submodules=false /c"));
    assert!(built.tree.has("c/top") && !built.tree.has("c/in/middle"));
}

/// What is in an archive keeps its owner, and everything in it counts.
fn archives_as_contexts() {
    let fixture = Fixture::new();
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind: tar::EntryType, content: &str, owner: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o640);
        header.set_size(content.len() as u64);
        header.set_uid(owner);
        header.set_gid(owner + 1);
        header.set_path(path).unwrap();
        if kind == tar::EntryType::Link {
            header.set_link_name("d/f").unwrap();
        }
        header.set_cksum();
        archive.append(&header, content.as_bytes()).unwrap();
    };
    add(".dockerignore", tar::EntryType::Regular, "d", 0);
    add("d/f", tar::EntryType::Regular, "f", 5);
    add("d/g", tar::EntryType::Link, "", 5);
    add("d/p", tar::EntryType::Fifo, "", 7);
    let archive = archive.into_inner().unwrap();
    let context = Context::tar(archive.as_slice(), "-", fixture.store.root()).unwrap();
    let built = fixture.build_with("FROM busybox\nCOPY . /c", |options| options.context = context);
    let tree = &built.tree;
    assert_eq!(
        (
            tree.get("c/d/f").owner,
            tree.get("c/d/f").mode,
            tree.get("c/d/p").owner
        ),
        ((5, 6), 0o640, (7, 8))
    );
    assert_eq!(tree.content("c/d/f"), "f");
    assert!(tree.has("c/d/g") && tree.has("c/.dockerignore"));

    let error = Context::tar(&archive[..700], "-", fixture.store.root()).unwrap_err();
    assert!(chain(&error).contains("cannot extract `-`"), "{}", chain(&error));
}

fn folder(fixture: &Fixture, name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = fixture.dir.path().join(name);
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

fn named(name: &str, source: NamedSource) -> NamedContext {
    NamedContext {
        name: name.to_owned(),
        source,
    }
}

fn named_files() {
    let fixture = Fixture::new();
    let other = folder(
        &fixture,
        "other",
        &[("d/f", "f"), ("out", ""), (".dockerignore", "out\n")],
    );
    let dockerfile = "FROM other AS files\nFROM busybox\nCOPY --from=other /d /copied\nCOPY --from=files /d/f /from\n\
                      RUN --mount=from=other,target=/m cp /m/d/f /mounted && ls /m >/list";
    let files = || NamedSource::Files(Context::directory(&other).unwrap());
    let built = fixture.build_with(dockerfile, |options| {
        options.contexts.push(named("other", files()));
    });
    let tree = &built.tree;
    assert_eq!(
        (
            tree.content("copied/f"),
            tree.content("from"),
            tree.content("mounted")
        ),
        ("f", "f", "f")
    );
    assert_eq!(tree.content("list"), "d\n");
    let again = |fixture: &Fixture| {
        fixture
            .build_with(dockerfile, |options| {
                options.contexts.push(named("other:latest", files()));
            })
            .executed()
    };
    assert_eq!(again(&fixture), 0);
    std::fs::write(other.join("d/f"), "changed").unwrap();
    assert!(again(&fixture) > 0);
    let error = fixture.fail("FROM busybox\nCOPY --from=other /d /copied");
    assert!(chain(&error).contains("other"), "{error}");
}

fn named_images() {
    let fixture = Fixture::new();
    let own = fixture.build_with("FROM busybox\nRUN echo own >/own", |options| {
        options.tags.push("own".parse().unwrap());
    });
    let dockerfile = "FROM nowhere/base:1 AS a\nRUN touch /a\nFROM busybox AS b\nRUN echo original >/b\nFROM a\nCOPY --from=b / /b/";
    let built = fixture.build_with(dockerfile, |options| {
        options.contexts = vec![
            named("nowhere/base:1", NamedSource::Reference("own".parse().unwrap())),
            named("b", NamedSource::Image(Box::new(own.image().clone()))),
        ];
    });
    assert_eq!(
        (built.tree.content("own"), built.tree.content("b/own")),
        ("own\n", "own\n")
    );
    assert!(built.tree.has("a") && !built.tree.has("b/b"));
    let built = fixture.build_with(
        "FROM busybox AS s\nRUN echo 1 >/s\nFROM x\nCOPY --from=x /s /t",
        |options| {
            options
                .contexts
                .push(named("x", NamedSource::Stage("s".to_owned())));
        },
    );
    assert_eq!(built.tree.content("t"), "1\n");
}

fn agent() {
    let fixture = Fixture::new();
    let socket = fixture.dir.path().join("agent");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut question = [0_u8; 4];
            let _ = stream.read_exact(&mut question);
            let _ = stream.write_all(b"pong");
        }
    });
    assert!(UnixStream::connect(&socket).is_ok());
    let dockerfile = "FROM busybox\nRUN --mount=type=ssh,uid=5,mode=0660 stat -c '%a %u %F' $SSH_AUTH_SOCK >/s && \
                      printf ping | nc local:$SSH_AUTH_SOCK >/answer; true\n\
                      RUN --mount=type=ssh,id=none echo $SSH_AUTH_SOCK >/n; [ ! -e $SSH_AUTH_SOCK ]\n\
                      RUN --mount=type=ssh,target=/x/y echo $SSH_AUTH_SOCK >/t\n\
                      ENV SSH_AUTH_SOCK=/own\nRUN --mount=type=ssh echo $SSH_AUTH_SOCK >/o";
    let built = fixture.build_with(dockerfile, |options| {
        options.ssh.push(SshAgent {
            id: "default".to_owned(),
            socket: socket.clone(),
        });
    });
    assert_eq!(built.tree.content("s"), "660 5 socket\n");
    assert_eq!(built.tree.content("t"), "/x/y\n");
    assert_eq!(built.tree.content("n"), "/run/buildkit/ssh_agent.0\n");
    assert_eq!(built.tree.content("o"), "/own\n");
    assert!(!built.tree.has("x") && !built.tree.has("run/buildkit"));
    let error = fixture.fail("FROM busybox\nRUN --mount=type=ssh,required=true true");
    assert!(
        chain(&error).contains("the SSH agent `default` is required"),
        "{error}"
    );
}

fn entitlements() {
    let fixture = Fixture::new();
    let insecure = "FROM busybox\nRUN --security=insecure grep CapEff /proc/self/status >/c; mount -t tmpfs x /tmp && echo done >/m";
    let error = fixture.fail(insecure);
    assert_eq!(
        error.hint().unwrap().0,
        "add `--allow security.insecure` if you trust the Dockerfile with that"
    );
    let built = fixture.build_with(insecure, |options| {
        options.allow = Entitlements {
            insecure: true,
            ..Entitlements::default()
        };
    });
    assert_eq!(built.tree.content("m"), "done\n");
    let network = "FROM busybox\nRUN --network=host true";
    fixture.build(network);
    let error = fixture.fail_with(network, |options| options.network = StepNetwork::None);
    assert!(chain(&error).contains("is not allowed"), "{error}");
    fixture.build_with(network, |options| {
        options.network = StepNetwork::None;
        options.allow.host_network = true;
    });
    let error = fixture.fail("FROM busybox\nRUN --device=vendor.com/class=x true");
    assert!(
        chain(&error).contains("`RUN --device` is not supported"),
        "{error}"
    );
}

fn surroundings() {
    let fixture = Fixture::new();
    let dockerfile =
        "FROM busybox\nRUN grep example.internal /etc/hosts >/h; df -k /dev/shm | tail -1 >/d; ulimit -n >/n";
    let built = fixture.build_with(dockerfile, |options| {
        options
            .hosts
            .push(("example.internal".to_owned(), "10.1.2.3".parse().unwrap()));
        options.shm_size = Some(1 << 20);
        options.ulimits.push("nofile=100:200".parse().unwrap());
    });
    assert_eq!(built.tree.content("h"), "10.1.2.3\texample.internal\n");
    assert!(
        built.tree.content("d").contains(" 1024 "),
        "{}",
        built.tree.content("d")
    );
    assert_eq!(built.tree.content("n"), "100\n");
    assert_ne!(
        built.tree.0.get("etc/hosts").map(|node| &node.kind),
        Some(&EntryKind::Fifo)
    );
    // They are part of what a step depends on.
    assert_eq!(fixture.build(dockerfile).executed(), 1);
}

fn cache_filter() {
    let fixture = Fixture::new();
    let dockerfile = "FROM busybox AS one\nRUN echo 1 >/1\nFROM busybox AS two\nRUN echo 2 >/2\nFROM one\nCOPY --from=two /2 /2";
    assert_eq!(fixture.build(dockerfile).executed(), 3);
    let filtered = |names: &[&str]| {
        let built = fixture.build_with(dockerfile, |options| {
            options.no_cache_filter = names.iter().map(|name| (*name).to_owned()).collect();
        });
        built.executed()
    };
    assert_eq!(filtered(&["TWO"]), 1);
    assert_eq!(filtered(&["0", "2"]), 2);
    assert_eq!(filtered(&["none"]), 0);
}
