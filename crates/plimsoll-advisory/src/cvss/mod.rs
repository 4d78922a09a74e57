//! Base scores of CVSS vectors, computed by FIRST's specifications, one file for each version.

mod v2;
mod v3;
mod v4;

use plimsoll_core::Severity;

/// The base score of a CVSS 2.0, 3.0, 3.1 or 4.0 vector, from 0.0 to 10.0; temporal, threat and environmental
/// metrics are read over. `None` for a vector of another version, and for one that lacks a base metric or
/// has one twice or with an unknown value.
pub fn base_score(vector: &str) -> Option<f64> {
    let vector = vector.trim();
    match vector.split_once('/') {
        Some(("CVSS:3.0" | "CVSS:3.1", metrics)) => v3::base_score(metrics),
        Some(("CVSS:4.0", metrics)) => v4::base_score(metrics),
        Some((prefix, _)) if prefix.starts_with("CVSS:") => None,
        _ => v2::base_score(vector.trim_start_matches('(').trim_end_matches(')')),
    }
}

/// The version that a vector says it is of: `2.0`, `3.1`, `4.0`.
pub fn version(vector: &str) -> &str {
    let prefix = vector.trim().split('/').next().unwrap_or("");
    prefix.strip_prefix("CVSS:").unwrap_or("2.0")
}

/// The word for a score: the qualitative scale of CVSS 3 and 4, which NVD uses for version 2 as well, save
/// that its scale there has no critical.
pub fn severity(vector: &str) -> Option<Severity> {
    let score = base_score(vector)?;
    let critical = if version(vector) == "2.0" {
        Severity::High
    } else {
        Severity::Critical
    };
    Some(match (score * 10.0).round() as u32 {
        // The scale's word is "none"; the nearest that there is.
        0..=39 => Severity::Low,
        40..=69 => Severity::Medium,
        70..=89 => Severity::High,
        _ => critical,
    })
}

/// The values of the named metrics in a vector's part behind the version; each must be there once.
fn metrics<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Option<[&'a str; N]> {
    let mut values = [""; N];
    for metric in text.split('/') {
        let (name, value) = metric.split_once(':')?;
        if let Some(at) = names.iter().position(|wanted| *wanted == name) {
            if !values[at].is_empty() {
                return None;
            }
            values[at] = value;
        }
    }
    Some(values).filter(|values| values.iter().all(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_vectors() {
        for (vector, score, word) in [
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                9.8,
                Severity::Critical,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:P",
                10.0,
                Severity::Critical,
            ),
            (
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
                7.5,
                Severity::High,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
                6.1,
                Severity::Medium,
            ),
            ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:L/A:N", 3.3, Severity::Low),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
                6.9,
                Severity::Medium,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
                10.0,
                Severity::Critical,
            ),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, Severity::High),
            ("AV:N/AC:M/Au:N/C:N/I:P/A:N", 4.3, Severity::Medium),
        ] {
            assert_eq!(base_score(vector), Some(score), "{vector}");
            assert_eq!(severity(vector), Some(word), "{vector}");
        }
    }

    #[test]
    fn wrong_vectors_have_no_score() {
        for vector in [
            "",
            "HIGH",
            "7.5",
            "CVSS:3.1/AV:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X",
            "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:9.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "AV:N/AC:L/C:C/I:C/A:C",
        ] {
            assert_eq!(severity(vector), None, "{vector}");
        }
    }

    /// All base vectors of a version, in the order in which `testdata/scores.py` writes the scores.
    fn all(prefix: &str, metrics: &[(&str, &str)]) -> Vec<String> {
        metrics
            .iter()
            .fold(vec![prefix.to_owned()], |vectors, (name, values)| {
                let longer = |vector: &String| {
                    let separator = if vector.is_empty() { "" } else { "/" };
                    let add = |value| format!("{vector}{separator}{name}:{value}");
                    values.chars().map(add).collect::<Vec<_>>()
                };
                vectors.iter().flat_map(longer).collect()
            })
    }

    fn check(scores: &str, vectors: &[String]) {
        let scores: Vec<f64> = scores
            .split_whitespace()
            .map(|score| score.parse().unwrap())
            .collect();
        assert_eq!(scores.len(), vectors.len());
        for (vector, score) in vectors.iter().zip(scores) {
            assert_eq!(base_score(vector), Some(score), "{vector}");
        }
    }

    #[test]
    fn every_vector_of_version_3() {
        let metrics = [
            ("AV", "NALP"),
            ("AC", "LH"),
            ("PR", "NLH"),
            ("UI", "NR"),
            ("S", "UC"),
            ("C", "HLN"),
            ("I", "HLN"),
            ("A", "HLN"),
        ];
        check(include_str!("testdata/scores-v3.txt"), &all("CVSS:3.1", &metrics));
    }

    #[test]
    fn every_vector_of_version_2() {
        let metrics = [
            ("AV", "LAN"),
            ("AC", "HML"),
            ("Au", "MSN"),
            ("C", "NPC"),
            ("I", "NPC"),
            ("A", "NPC"),
        ];
        check(include_str!("testdata/scores-v2.txt"), &all("", &metrics));
    }

    #[test]
    fn a_sample_of_version_4() {
        let names = ["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];
        let sample = include_str!("testdata/scores-v4.txt");
        assert!(sample.lines().count() > 1000);
        for line in sample.lines() {
            let (values, score) = line.split_once(' ').unwrap();
            let metrics: Vec<String> = names
                .iter()
                .zip(values.chars())
                .map(|(name, value)| format!("{name}:{value}"))
                .collect();
            let vector = format!("CVSS:4.0/{}", metrics.join("/"));
            assert_eq!(base_score(&vector), Some(score.parse().unwrap()), "{vector}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|CVSS:[34].[01](/[A-Z]{1,2}:[A-Z]){0,12}") {
            let _ = severity(&text);
        }
    }
}
