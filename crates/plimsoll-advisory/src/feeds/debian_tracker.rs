//! The Debian security tracker's JSON: source package, CVE, release.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::BufRead;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{Advisory, Statement, debian_urgency};
use crate::database::schema::{Extent, Interval, Rating, Record, Unfixed, Until};
use crate::release;

/// The feed's id.
pub(crate) const ID: &str = "debian-tracker";

/// Why the tracker's file cannot be used.
pub(crate) struct TrackerError {
    /// The source package that was being read.
    pub(crate) package: Option<String>,
    pub(crate) error: serde_json::Error,
}

/// What the file is about.
#[derive(Default)]
pub(crate) struct Tracked {
    /// How many CVEs of packages there are.
    pub(crate) records: u64,
    /// The releases that it speaks of, as the database names them.
    pub(crate) releases: BTreeSet<String>,
}

/// Reads the file package by package and gives each CVE of each package to `sink`.
pub(crate) fn read(input: impl BufRead, sink: &mut dyn FnMut(Advisory)) -> Result<Tracked, TrackerError> {
    let mut package = None;
    let mut deserializer = serde_json::Deserializer::from_reader(input);
    let packages = Packages {
        sink,
        package: &mut package,
    };
    let read = deserializer.deserialize_map(packages).and_then(|tracked| {
        deserializer.end()?;
        Ok(tracked)
    });
    read.map_err(|error| TrackerError { package, error })
}

#[derive(Deserialize)]
struct Cve {
    #[serde(default)]
    description: Option<String>,
    releases: BTreeMap<String, State>,
}

#[derive(Deserialize)]
struct State {
    status: Status,
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default)]
    urgency: Option<String>,
    #[serde(default)]
    nodsa: Option<String>,
    #[serde(default)]
    nodsa_reason: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Status {
    Open,
    Resolved,
    Undetermined,
}

struct Packages<'a> {
    sink: &'a mut dyn FnMut(Advisory),
    package: &'a mut Option<String>,
}

impl<'de> Visitor<'de> for Packages<'_> {
    type Value = Tracked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("source packages with their vulnerabilities")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tracked, A::Error> {
        let mut tracked = Tracked::default();
        while let Some(package) = map.next_key::<String>()? {
            *self.package = Some(package.clone());
            for (id, cve) in map.next_value::<BTreeMap<String, Cve>>()? {
                tracked.records += 1;
                for codename in cve.releases.keys() {
                    let release = release::debian_by_codename(codename);
                    if !tracked.releases.contains(&release) {
                        tracked.releases.insert(release);
                    }
                }
                (self.sink)(advisory(&package, id, cve));
            }
            *self.package = None;
        }
        Ok(tracked)
    }
}

fn advisory(package: &str, id: String, cve: Cve) -> Advisory {
    let statement = |(codename, state): (&String, &State)| {
        Some(Statement {
            release: release::debian_by_codename(codename),
            package: package.to_owned(),
            ratings: urgency(state)
                .and_then(debian_urgency)
                .map(Rating::Word)
                .into_iter()
                .collect(),
            extent: extent(state)?,
            modules: Vec::new(),
            extended: false,
        })
    };
    let statements = cve.releases.iter().filter_map(statement).collect();
    Advisory {
        record: Record {
            feed: ID.to_owned(),
            references: vec![format!("https://security-tracker.debian.org/tracker/{id}")],
            description: cve.description.unwrap_or_default(),
            id,
            ..Record::default()
        },
        statements,
        warnings: Vec::new(),
    }
}

fn urgency(state: &State) -> Option<&str> {
    state.urgency.as_deref()
}

/// `None` where the release is not affected.
fn extent(state: &State) -> Option<Extent> {
    let fixed = state
        .fixed_version
        .as_deref()
        .filter(|version| !version.is_empty());
    match (state.status, fixed) {
        (Status::Resolved, Some("0")) => None,
        (Status::Resolved, Some(fixed)) => Some(Extent::Versions {
            intervals: vec![Interval {
                from: None,
                until: Until::Fixed(fixed.to_owned()),
            }],
            listed: Vec::new(),
        }),
        // Resolved, and nothing says since when: the publisher's word that nothing is to be done.
        (Status::Resolved, None) => None,
        (Status::Undetermined, _) => Some(Extent::Undetermined),
        (Status::Open, _) => Some(Extent::Unfixed(unfixed(state))),
    }
}

/// Why an open vulnerability is so.
fn unfixed(state: &State) -> Unfixed {
    if urgency(state) == Some("end-of-life") {
        return Unfixed::EndOfLife;
    }
    match (state.nodsa_reason.as_deref(), &state.nodsa) {
        (Some("postponed"), _) => Unfixed::Postponed,
        (Some("ignored"), _) => Unfixed::Ignored,
        (Some(_), _) | (None, Some(_)) => Unfixed::NotOnItsOwn,
        (None, None) => Unfixed::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_core::Severity;

    fn read_all(json: &str) -> Result<Vec<Advisory>, TrackerError> {
        let mut all = Vec::new();
        read(json.as_bytes(), &mut |advisory| all.push(advisory))?;
        Ok(all)
    }

    #[test]
    fn every_status() {
        let json = r#"{"openssl":{"CVE-2023-1":{"description":"A flaw. More.","scope":"remote","debianbug":1,"releases":{
            "bookworm":{"status":"resolved","repositories":{"bookworm":"1"},"fixed_version":"3.0.11-1","urgency":"high"},
            "bullseye":{"status":"open","urgency":"low","nodsa":"Minor issue","nodsa_reason":""},
            "buster":{"status":"open","urgency":"end-of-life"},
            "forky":{"status":"open","urgency":"not yet assigned"},
            "sid":{"status":"undetermined","urgency":"unimportant"},
            "trixie":{"status":"resolved","fixed_version":"0","urgency":"medium**"}}}}}"#;
        let all = read_all(json).ok().unwrap();
        let [advisory] = &all[..] else { panic!() };
        assert_eq!(
            (advisory.record.id.as_str(), advisory.record.description.as_str()),
            ("CVE-2023-1", "A flaw. More.")
        );
        let said: Vec<(&str, String, Vec<Rating>)> = advisory
            .statements
            .iter()
            .map(|s| (s.release.as_str(), format!("{:?}", s.extent), s.ratings.clone()))
            .collect();
        let word = |severity| vec![Rating::Word(severity)];
        assert_eq!(said.len(), 5);
        assert_eq!((said[0].0, &said[0].2), ("debian:12", &word(Severity::High)));
        assert!(said[0].1.contains("Fixed(\"3.0.11-1\")"));
        assert_eq!(
            (said[1].0, said[1].1.as_str()),
            ("debian:11", "Unfixed(NotOnItsOwn)")
        );
        assert_eq!(
            (said[2].0, said[2].1.as_str()),
            ("debian:10", "Unfixed(EndOfLife)")
        );
        assert_eq!(
            (said[3].0, said[3].1.as_str(), said[3].2.len()),
            ("debian:14", "Unfixed(Open)", 0)
        );
        assert_eq!(
            (said[4].0, said[4].1.as_str(), &said[4].2),
            ("debian:unstable", "Undetermined", &word(Severity::Low))
        );
    }

    #[test]
    fn an_error_names_the_package() {
        let error = read_all(r#"{"a":{},"bash":{"CVE-1":{"releases":{"sid":{"status":"odd"}}}}}"#)
            .err()
            .unwrap();
        assert_eq!(error.package.as_deref(), Some("bash"));
        assert!(read_all("{\"a\":{}").is_err() && read_all("{}x").is_err() && read_all("[]").is_err());
    }

    #[test]
    fn why_it_is_open() {
        for (state, unfixed) in [
            (r#""urgency":"medium""#, "Open"),
            (r#""nodsa":"Minor issue","nodsa_reason":"""#, "NotOnItsOwn"),
            (r#""nodsa":"Minor issue","nodsa_reason":"postponed""#, "Postponed"),
            (r#""nodsa":"Too intrusive","nodsa_reason":"ignored""#, "Ignored"),
            (
                r#""urgency":"end-of-life","nodsa":"EOL","nodsa_reason":"ignored""#,
                "EndOfLife",
            ),
        ] {
            let json = format!(r#"{{"a":{{"CVE-1":{{"releases":{{"sid":{{"status":"open",{state}}}}}}}}}}}"#);
            let all = read_all(&json).ok().unwrap();
            assert_eq!(
                format!("{:?}", all[0].statements[0].extent),
                format!("Unfixed({unfixed})")
            );
        }
    }
}
