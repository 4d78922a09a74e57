use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener};
use std::os::fd::AsRawFd;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::state::PublishedPort;

/// A transport protocol whose ports can be published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tcp")
    }
}

/// One container port and where on the host it appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PortMapping {
    /// The address on the host to listen on; every one by default.
    pub host_ip: IpAddr,
    /// The port on the host; 0 for one that the kernel chooses.
    pub host_port: u16,
    /// The port inside.
    pub container_port: u16,
    /// The transport protocol.
    pub protocol: Protocol,
}

/// Why a text is not a port mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParsePortError {
    /// It does not have one of the forms.
    #[error("`{0}` is not a port mapping; use [[ip:]host-port:]container-port[/tcp]")]
    Form(String),
    /// A number is not a port.
    #[error("`{0}` is not a port number")]
    Number(String),
    /// The two ranges differ in length.
    #[error("the port ranges of `{0}` do not have the same length")]
    Range(String),
    /// The protocol is not forwarded.
    #[error("`{0}` is not supported as a protocol; only tcp ports can be published")]
    Protocol(String),
}

impl PortMapping {
    /// Reads `C`, `H:C`, `IP:H:C`, `IP::C`, `[IPv6]:H:C`, each with ranges (`8000-8010:9000-9010`) and an
    /// optional `/tcp`. A range gives one mapping for each port.
    ///
    /// # Errors
    /// [`ParsePortError`] for any other text, and for protocols other than TCP.
    pub fn parse(text: &str) -> Result<Vec<Self>, ParsePortError> {
        let form = || ParsePortError::Form(text.to_owned());
        let (rest, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
        if !protocol.eq_ignore_ascii_case("tcp") {
            return Err(ParsePortError::Protocol(protocol.to_owned()));
        }
        let (rest, container) = match rest.rsplit_once(':') {
            Some((rest, container)) => (Some(rest), container),
            None => (None, rest),
        };
        let (ip, host) = match rest.map(|rest| rest.rsplit_once(':').unwrap_or(("", rest))) {
            None => (None, ""),
            Some(("", host)) => (None, host),
            Some((ip, host)) => {
                let bare = ip
                    .strip_prefix('[')
                    .and_then(|ip| ip.strip_suffix(']'))
                    .unwrap_or(ip);
                (Some(bare.parse::<IpAddr>().map_err(|_| form())?), host)
            }
        };
        if rest == Some("") || container.is_empty() {
            return Err(form());
        }
        let container = range(container)?;
        let host = if host.is_empty() { None } else { Some(range(host)?) };
        let length = |(first, last): (u16, u16)| last - first;
        if let Some(host) = host
            && length(host) != length(container)
        {
            return Err(ParsePortError::Range(text.to_owned()));
        }
        Ok((container.0..=container.1)
            .map(|container_port| Self {
                host_ip: ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
                host_port: host.map_or(0, |(first, _)| first + (container_port - container.0)),
                container_port,
                protocol: Protocol::Tcp,
            })
            .collect())
    }
}

impl FromStr for PortMapping {
    type Err = ParsePortError;

    /// Reads a mapping of a single port; [`PortMapping::parse`] takes ranges too.
    fn from_str(text: &str) -> Result<Self, ParsePortError> {
        match Self::parse(text)?.as_slice() {
            [mapping] => Ok(*mapping),
            _ => Err(ParsePortError::Form(text.to_owned())),
        }
    }
}

/// Listens on the host for every mapping: the listeners, and the ports in the same order. Where a mapping
/// names no address, IPv6 is listened on too if the host has it.
pub(crate) fn listen(mappings: &[PortMapping]) -> Result<(Vec<TcpListener>, Vec<PublishedPort>)> {
    let (mut listeners, mut published) = (Vec::new(), Vec::new());
    for mapping in mappings {
        let address = SocketAddr::new(mapping.host_ip, mapping.host_port);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => Error::PortInUse {
                address: address.to_string(),
            },
            _ => Error::system(format!("publish `{address}`"), error),
        };
        let mut add = |listener: TcpListener| -> io::Result<u16> {
            let address = listener.local_addr()?;
            published.push(PublishedPort {
                host_ip: address.ip(),
                host_port: address.port(),
                container_port: mapping.container_port,
                protocol: mapping.protocol,
            });
            listeners.push(listener);
            Ok(address.port())
        };
        let port = TcpListener::bind(address).and_then(&mut add).map_err(failed)?;
        if mapping.host_ip == IpAddr::V4(Ipv4Addr::UNSPECIFIED)
            && let Ok(listener) = listen_on_ipv6(port)
        {
            add(listener).map_err(failed)?;
        }
    }
    Ok((listeners, published))
}

/// Listens on every IPv6 address, and only on those.
fn listen_on_ipv6(port: u16) -> io::Result<TcpListener> {
    use nix::sys::socket::{
        AddressFamily, Backlog, SockFlag, SockType, SockaddrIn6, bind, listen, setsockopt, socket, sockopt,
    };
    let listener = socket(
        AddressFamily::Inet6,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    setsockopt(&listener, sockopt::Ipv6V6Only, &true)?;
    setsockopt(&listener, sockopt::ReuseAddr, &true)?;
    let address = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0);
    bind(listener.as_raw_fd(), &SockaddrIn6::from(address))?;
    listen(&listener, Backlog::new(128)?)?;
    Ok(listener.into())
}

fn range(text: &str) -> Result<(u16, u16), ParsePortError> {
    let number = |text: &str| match text.parse::<u16>() {
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(ParsePortError::Number(text.to_owned())),
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    if first > last {
        return Err(ParsePortError::Range(text.to_owned()));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |port: PortMapping| format!("{}|{}|{}", port.host_ip, port.host_port, port.container_port);
        PortMapping::parse(text).unwrap().into_iter().map(show).collect()
    }

    #[test]
    fn the_forms_docker_takes() {
        assert_eq!(shown("80"), ["0.0.0.0|0|80"]);
        assert_eq!(shown("8080:80"), ["0.0.0.0|8080|80"]);
        assert_eq!(shown("8080:80/tcp"), ["0.0.0.0|8080|80"]);
        assert_eq!(shown("127.0.0.1:8080:80"), ["127.0.0.1|8080|80"]);
        assert_eq!(shown("127.0.0.1::80"), ["127.0.0.1|0|80"]);
        assert_eq!(shown("[::1]:8080:80"), ["::1|8080|80"]);
        assert_eq!(
            shown("8000-8001:9000-9001"),
            ["0.0.0.0|8000|9000", "0.0.0.0|8001|9001"]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}|[0-9:.\\[\\]/-]{0,30}") {
            if let Ok(mappings) = PortMapping::parse(&text) {
                proptest::prop_assert!(!mappings.is_empty());
                proptest::prop_assert!(mappings.iter().all(|mapping| mapping.container_port > 0));
            }
        }
    }

    #[test]
    fn a_taken_port_is_said_to_be_taken() {
        let (listeners, published) = listen(&PortMapping::parse("127.0.0.1::80").unwrap()).unwrap();
        let taken = format!("127.0.0.1:{}:80", published[0].host_port);
        assert!(published[0].host_port > 0 && listeners.len() == 1);
        assert!(matches!(
            listen(&PortMapping::parse(&taken).unwrap()),
            Err(Error::PortInUse { .. })
        ));
        drop(listeners);
        assert!(listen(&PortMapping::parse(&taken).unwrap()).is_ok());
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "", ":", "80:", ":80", "x", "0", "65536", "80/udp", "1-2:3", "2-1", "+80", "a:1:2", "1:2:3:4",
        ] {
            assert!(PortMapping::parse(text).is_err(), "{text:?} was accepted");
        }
    }
}
