//! Packages against small feeds, in which each rule decides something.

mod coverage;
mod distributions;
mod records;
mod rpm;

use plimsoll_advisory::{Database, Matcher, Matches, builtin};
use plimsoll_core::FixState;

use crate::{database, python, write, zip};

fn osv(id: &str, aliases: &str, package: &str, events: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2024-05-01T00:00:00Z","aliases":[{aliases}],"summary":"about {id}","affected":[{{
        "package":{{"ecosystem":"PyPI","name":"{package}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{events}]}}]}}]{rest}}}"#
    )
}

fn pypi(records: &[String]) -> Database {
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    database(|root| write(root, "osv/PyPI/all.zip", zip(&records))).0
}

fn fixed(version: &str) -> FixState {
    FixState::Fixed(version.to_owned())
}

fn ids(matches: &Matches) -> Vec<&str> {
    matches
        .vulnerabilities
        .iter()
        .map(|vulnerability| vulnerability.id.as_str())
        .collect()
}

#[test]
fn matches_read_back() {
    let matches = Matcher::new(Some(builtin::database()))
        .match_all(None, &[python("Flask", "2.3.0")])
        .unwrap();
    let json = serde_json::to_string(&matches).unwrap();
    assert_eq!(serde_json::from_str::<Matches>(&json).unwrap(), matches);
}
