//! One plain HTTP request to a published port.

use std::fmt;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use plimsoll_image::Image;
use plimsoll_sandbox::{PortMapping, PublishedPort};

/// What a port answered to `GET /`.
pub(super) struct Answer {
    port: u16,
    status: u16,
}

impl Answer {
    /// Whether the server is in order; that `/` is not there (404) is its own affair.
    pub(super) fn is_good(&self) -> bool {
        self.status < 500
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {} answers `GET /` with {}", self.port, self.status)
    }
}

/// The image's TCP ports on free ports of this machine alone: what is probed need not be seen by anybody else.
pub(super) fn published_to_this_machine(image: &Image) -> Vec<PortMapping> {
    let exposed = image.config.config.exposed_ports.keys();
    let tcp = exposed.filter_map(|port| {
        port.strip_suffix("/tcp")
            .or((!port.contains('/')).then_some(port))
    });
    let mappings = tcp.filter_map(|port| PortMapping::parse(&format!("127.0.0.1::{port}")).ok());
    mappings.flatten().collect()
}

/// Asks once; nothing if it is no HTTP server, or not yet.
pub(super) fn ask(port: &PublishedPort) -> Option<Answer> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let ip = if port.host_ip.is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        port.host_ip
    };
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(ip, port.host_port), PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: plimsoll\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut head = Vec::new();
    stream.take(4096).read_to_end(&mut head).ok()?;
    status(&head).map(|status| Answer {
        port: port.container_port,
        status,
    })
}

/// The code of the status line `HTTP/1.1 200 OK`.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let code = words.next()?.strip_prefix("HTTP/1.").and(words.next())?;
    code.parse().ok().filter(|code| (100..600).contains(code))
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn status_lines() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 404 \r\n"), Some(404));
        for other in [
            &b""[..],
            b"SSH-2.0-x\r\n",
            b"HTTP/1.1\r\n",
            b"HTTP/1.1 9 x\r\n",
            b"\xff\xfe",
        ] {
            assert_eq!(status(other), None);
        }
    }
}
