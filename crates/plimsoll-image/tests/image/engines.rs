//! Images of container engines: an engine of a few lines, and the real ones where they answer.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};

use plimsoll_image::source::{self, Options, Source};
use plimsoll_image::{Error, Image};

use crate::archives::{assert_same, layers, old_docker};
use crate::support::{has, run, store};

/// Answers one request with `answer`, and gives its first line.
fn engine(socket: &Path, answer: Vec<u8>) -> JoinHandle<String> {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        // Whoever has had enough goes away.
        let _ = (&stream).write_all(&answer);
        first
    })
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for chunk in body.chunks(3000) {
        answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        answer.extend_from_slice(chunk);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"0\r\n\r\n");
    answer
}

fn options(directory: &Path, socket: &Path) -> Options {
    Options {
        temporary_directory: directory.to_owned(),
        docker_socket: socket.to_owned(),
        podman_socket: socket.to_owned(),
        ..Options::default()
    }
}

fn asked(source: &str, answer: Vec<u8>) -> (Result<Vec<Image>, Error>, String) {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let engine = engine(&socket, answer);
    let store = store(directory.path());
    let source: Source = source.parse().unwrap();
    let images = source::open(&source, &store, &options(directory.path(), &socket));
    (images, engine.join().unwrap())
}

#[test]
fn an_engine_gives_a_docker_archive() {
    let archive = old_docker(&layers(), r#"["a/b:1"]"#).end();
    for prefix in ["docker-daemon", "podman"] {
        let (images, request) = asked(&format!("{prefix}:a/b:1"), chunked(&archive));
        let [image] = &images.unwrap()[..] else {
            panic!("there is one image");
        };
        assert_eq!(request, "GET /images/a/b:1/get HTTP/1.1");
        let directory = tempfile::tempdir().unwrap();
        assert_same(image, &store(directory.path()));
    }
}

#[test]
fn what_an_engine_refuses_is_told() {
    let message = br#"{"message":"no such image: a"}"#;
    let answer = |status: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let (images, _) = asked("docker-daemon:a", answer("404 Not Found", message));
    let error = images.unwrap_err();
    assert_eq!(error.to_string(), "there is no image `a` in Docker");
    assert!(error.hint().unwrap().0.contains("`docker pull a`"));
    let (images, _) = asked("docker-daemon:a", answer("500 Oh", br#"{"message":"disk full"}"#));
    let told = images.unwrap_err().to_string();
    assert!(
        told.contains("Docker") && told.contains("500: disk full"),
        "{told}"
    );
    let mut cut = chunked(&old_docker(&layers(), "[]").end());
    cut.truncate(cut.len() / 2);
    let (images, _) = asked("podman:a", cut);
    let told = images.unwrap_err().to_string();
    assert!(told.contains("breaks off"), "{told}");
}

#[test]
fn an_engine_that_is_not_there_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("none");
    let store = store(directory.path());
    for (source, hint) in [
        ("docker-daemon:a", "DOCKER_HOST"),
        ("podman:a", "podman system service"),
    ] {
        let opened = source::open(
            &source.parse().unwrap(),
            &store,
            &options(directory.path(), &socket),
        );
        let error = opened.unwrap_err();
        assert!(error.to_string().contains(socket.to_str().unwrap()), "{error}");
        assert!(error.hint().unwrap().0.contains(hint));
    }
    assert!("containerd:a".parse::<Source>().is_err());
    assert!("docker-daemon:".parse::<Source>().is_err());
    assert_eq!(
        "containerd:1".parse::<Source>().unwrap(),
        Source::Store("containerd:1".into())
    );
}

/// Loads an image into a real engine and reads it from there.
fn through_engine(tool: &str, source: &str, socket: &Path) {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let archive = directory.path().join("image.tar");
    let name = "plimsoll-test.local/engine:1";
    std::fs::write(&archive, old_docker(&layers(), &format!("[\"{name}\"]")).end()).unwrap();
    run(Command::new(tool).args(["load", "-i"]).arg(&archive));
    let source: Source = format!("{source}:{name}").parse().unwrap();
    let images = source::open(&source, &store, &options(directory.path(), socket));
    run(Command::new(tool).args(["rmi", name]));
    let [image] = &images.unwrap()[..] else {
        panic!("there is one image");
    };
    assert_same(image, &store);
}

#[test]
fn docker_gives_its_images() {
    let socket = PathBuf::from("/var/run/docker.sock");
    let answers = || {
        Command::new("docker")
            .arg("info")
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !socket.exists() || !has("docker") || !answers() {
        eprintln!("skipped: no docker engine answers");
        return;
    }
    through_engine("docker", "docker-daemon", &socket);
}

#[test]
fn podman_gives_its_images() {
    if !has("podman") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("podman.sock");
    let address = format!("unix://{}", socket.display());
    let service = Command::new("podman")
        .args(["system", "service", "--time=60", &address])
        .spawn();
    let mut service = service.unwrap();
    for _ in 0..100 {
        if socket.exists() {
            break;
        }
        thread::sleep(std::time::Duration::from_millis(100));
    }
    let usable = || {
        Command::new("podman")
            .arg("info")
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if socket.exists() && usable() {
        through_engine("podman", "podman", &socket);
    } else {
        eprintln!("skipped: podman does not work here");
    }
    let _ = service.kill();
    let _ = service.wait();
}
