use std::net::IpAddr;

use plimsoll_dockerfile::{Expose, history as text};
use plimsoll_image::config::Empty;

use crate::error::{Problem, WordProblem};
use crate::history;
use crate::state::StageState;

/// `EXPOSE`: ports that the container listens on, `80`, `53/udp` or `8000-8010`. What stands before a colon is for
/// `run --publish`; it has to be right, and counts for nothing here.
pub(super) fn apply(state: &mut StageState, expose: &Expose) -> Result<(), WordProblem> {
    let mut ports = Vec::new();
    for word in &expose.ports {
        ports.extend(parse(&word.text).map_err(|problem| WordProblem::new(word.span, problem))?);
    }
    for port in &ports {
        state.config.config.exposed_ports.insert(port.clone(), Empty {});
    }
    history::add(&mut state.config, text::expose(&ports));
    Ok(())
}

fn parse(text: &str) -> Result<Vec<String>, Problem> {
    let wrong =
        |message: String| Problem::invalid_with(message, "write it as `8080`, `8000-8010` or `53/udp`");
    let no_port = || match text.starts_with('#') {
        true => Problem::invalid_with(
            format!("`{text}` is not a port"),
            "put the comment on a line of its own",
        ),
        false => wrong(format!("`{text}` is not a port")),
    };
    let (place, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "" => "tcp".to_owned(),
        known @ ("tcp" | "udp" | "sctp") => known.to_owned(),
        other => {
            return Err(wrong(format!(
                "`{other}` is not a protocol; it is `tcp`, `udp` or `sctp`"
            )));
        }
    };
    let (host, container) = match place.rsplit_once(':') {
        Some((host, container)) => (Some(host), container),
        None => (None, place),
    };
    let (first, last) = range(container).ok_or_else(no_port)?;
    if let Some(host) = host {
        let (address, host) = host.rsplit_once(':').unwrap_or(("", host));
        let host = match host {
            "" => None,
            host => Some(range(host).ok_or_else(no_port)?),
        };
        if !address.is_empty() && !is_address(address) {
            return Err(wrong(format!("`{address}` is not an address")));
        }
        // One port may go to any of a range of the host's.
        if host.is_some_and(|(from, to)| to - from != last - first && last != first) {
            return Err(wrong(format!("`{text}` has two ranges of different length")));
        }
    }
    Ok((first..=last).map(|port| format!("{port}/{protocol}")).collect())
}

/// `80` or `8000-8010`.
fn range(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| is_number)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

fn is_address(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.unwrap_or(text).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::parse;

    #[test]
    fn ports_ranges_and_protocols() {
        assert_eq!(parse("80").unwrap(), ["80/tcp"]);
        assert_eq!(parse("53/UDP").unwrap(), ["53/udp"]);
        assert_eq!(
            parse("8000-8002/tcp").unwrap(),
            ["8000/tcp", "8001/tcp", "8002/tcp"]
        );
        assert_eq!(parse("127.0.0.1:80:8080").unwrap(), ["8080/tcp"]);
        assert_eq!(parse("80/").unwrap(), ["80/tcp"]);
        assert_eq!(parse("[::1]:80-81:90-91").unwrap(), ["90/tcp", "91/tcp"]);
        assert_eq!(parse("80-82:90").unwrap(), ["90/tcp"]);
        for wrong in [
            "",
            "x",
            "70000",
            "2-1",
            "80/icmp",
            "1-2-3",
            "-1",
            "+80",
            "80:",
            "99999:80",
            "a:1:80",
            "1-3:80-81",
            "80/tcp/udp",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_are_expanded_and_split() {
        let state = testing::run("ENV P='80 443'\nEXPOSE $P 53/udp");
        let ports: Vec<_> = state.config.config.exposed_ports.keys().collect();
        assert_eq!(ports, ["443/tcp", "53/udp", "80/tcp"]);
        assert_eq!(testing::history(&state)[1], "EXPOSE [80/tcp 443/tcp 53/udp]");
    }
}
