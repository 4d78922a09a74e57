use plimsoll_dockerfile::{Expose, history as text};
use plimsoll_image::config::Empty;

use crate::error::Problem;
use crate::history;
use crate::state::StageState;

/// `EXPOSE`: ports that the container listens on, `80`, `53/udp` or `8000-8010`. What stands before a colon is for
/// `run --publish` and counts for nothing here.
pub(super) fn apply(state: &mut StageState, expose: &Expose) -> Result<(), Problem> {
    let mut ports = Vec::new();
    for word in &expose.ports {
        ports.extend(parse(&word.text)?);
    }
    for port in &ports {
        state.config.config.exposed_ports.insert(port.clone(), Empty {});
    }
    history::add(&mut state.config, text::expose(&ports));
    Ok(())
}

fn parse(text: &str) -> Result<Vec<String>, Problem> {
    let wrong = || {
        Problem::invalid_with(
            format!("`{text}` is not a port"),
            "write it as `8080`, `8000-8010` or `53/udp`",
        )
    };
    let port = text.rsplit(':').next().unwrap_or(text);
    let (range, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "" => "tcp".to_owned(),
        known @ ("tcp" | "udp" | "sctp") => known.to_owned(),
        _ => return Err(wrong()),
    };
    let number = |text: &str| text.parse::<u16>().map_err(|_| wrong());
    let (first, last) = match range.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(range)?, number(range)?),
    };
    if last < first {
        return Err(wrong());
    }
    Ok((first..=last).map(|port| format!("{port}/{protocol}")).collect())
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
        for wrong in ["", "x", "70000", "2-1", "80/icmp", "1-2-3", "-1"] {
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
