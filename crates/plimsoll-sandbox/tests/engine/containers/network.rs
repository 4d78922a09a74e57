//! Networks and published ports.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use plimsoll_sandbox::{Error, Network, PortMapping, RunOptions, Status};

use crate::Case;
use crate::fixture::{container, run};

pub(super) const CASES: &[Case] = &[
    ("run_networks", networks),
    ("ports_are_forwarded", ports),
    ("ports_in_use", ports_in_use),
];

fn networks() {
    let with = |network| RunOptions {
        network,
        ..RunOptions::default()
    };
    let script = "readlink /proc/self/ns/net; ip -4 addr show lo | grep -c inet; ip link | grep -c '^[0-9]'";
    let host = fs::read_link("/proc/self/ns/net").unwrap().display().to_string();
    let (_, private, _) = run(&container(script, with(Network::Private)));
    let (_, none, _) = run(&container(script, with(Network::None)));
    let (_, hosts, _) = run(&container(script, with(Network::Host)));
    assert!(
        private.ends_with("\n2\n1\n") && !private.contains(&host),
        "{private}"
    );
    assert!(none.ends_with("\n1\n1\n") && !none.contains(&host), "{none}");
    assert!(hosts.contains(&host), "{hosts}");
}

fn get(port: u16) -> String {
    for _ in 0..100 {
        let mut text = String::new();
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port))
            && stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok()
            && stream.read_to_string(&mut text).is_ok()
            && !text.is_empty()
        {
            return text;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing answers");
}

fn ports() {
    let options = RunOptions {
        ports: PortMapping::parse("127.0.0.1::8080").unwrap(),
        user: Some("1000".to_owned()),
        ..RunOptions::default()
    };
    let script = "mkdir -p /tmp/www; head -c 2000000 /dev/zero | tr '\\0' y > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www";
    let container = container(script, options);
    container.start_detached().unwrap();
    let port = container.state().unwrap().ports[0].host_port;
    let answers: Vec<_> = (0..8).map(|_| std::thread::spawn(move || get(port))).collect();
    for answer in answers {
        let answer = answer.join().unwrap();
        assert!(
            answer.starts_with("HTTP/1.") && answer.len() > 2_000_000,
            "{} bytes",
            answer.len()
        );
    }
    container.stop(Some(Duration::ZERO)).unwrap();
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "nobody listens any more"
    );
}

fn ports_in_use() {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = RunOptions {
        ports: PortMapping::parse(&format!("{port}:80")).unwrap(),
        ..RunOptions::default()
    };
    let container = container("sleep 100", options);
    let error = container.start_detached().unwrap_err();
    assert!(
        matches!(error, Error::PortInUse { .. }) && error.exit_code() == 125,
        "{error}"
    );
    assert!(error.to_string().contains("port is already in use"), "{error}");
    assert!(error.is_of_host());
    let state = container.state().unwrap();
    assert_eq!((state.status, state.pid), (Status::Created, 0));
    drop(taken);
    container.start_detached().unwrap();
    assert!(container.state().unwrap().running());
}
