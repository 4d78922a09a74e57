//! Until when the releases of distributions get security updates.

use plimsoll_core::{Distribution, EndOfLife};

/// The table; its first lines say of when it is and where its facts come from.
const TABLE: &str = include_str!("end-of-life.tsv");

/// When security updates for a release end, for everybody and for those who enrol for more; `None` for a distribution
/// that is always current and for a release that the table does not have.
pub fn end_of_life(distribution: &Distribution) -> Option<EndOfLife> {
    let id = match distribution.id.as_str() {
        "centos" if is_stream(distribution) => "centos-stream",
        id => id,
    };
    let mut numbers = distribution.version_id.split('.');
    let major = numbers.next().filter(|major| !major.is_empty())?;
    let minor = format!("{major}.{}", numbers.next().unwrap_or("0"));
    row(id, &minor).or_else(|| row(id, major))
}

fn is_stream(distribution: &Distribution) -> bool {
    let name = distribution.pretty_name.as_deref();
    name.is_some_and(|name| name.contains("Stream"))
}

fn row(id: &str, release: &str) -> Option<EndOfLife> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split('\t').collect::<Vec<_>>())
        .find(|columns| columns.starts_with(&[id, release]))
        .and_then(|columns| {
            Some(EndOfLife {
                date: (*columns.get(2)?).to_owned(),
                extended: columns.get(3).map(|date| (*date).to_owned()),
                is_extended: false,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(id: &str, version_id: &str) -> Distribution {
        Distribution {
            id: id.to_owned(),
            version_id: version_id.to_owned(),
            codename: None,
            pretty_name: None,
        }
    }

    fn date(id: &str, version_id: &str) -> Option<String> {
        end_of_life(&distribution(id, version_id)).map(|end| end.date)
    }

    #[test]
    fn releases_are_found_by_as_much_as_the_table_has() {
        for (id, version, expected) in [
            ("debian", "12", Some("2028-06-30")),
            ("debian", "6.0.10", Some("2016-02-29")),
            ("alpine", "3.20.3", Some("2026-04-01")),
            ("alpine", "3.99.1", None),
            ("rhel", "9.4", Some("2032-05-31")),
            ("amzn", "2", Some("2026-06-30")),
            ("amzn", "2018.03", Some("2023-12-31")),
            ("sles", "15", Some("2019-12-31")),
            ("sles", "15.99", None),
            ("wolfi", "20230201", None),
            ("debian", "", None),
        ] {
            assert_eq!(date(id, version).as_deref(), expected, "{id} {version}");
        }
        let ubuntu = end_of_life(&distribution("ubuntu", "20.04")).unwrap();
        assert_eq!(ubuntu.date, "2025-05-29");
        assert_eq!(ubuntu.extended.as_deref(), Some("2030-04-23"));
        assert_eq!(date("centos", "8").as_deref(), Some("2021-12-31"));
        let stream = Distribution {
            pretty_name: Some("CentOS Stream 8".to_owned()),
            ..distribution("centos", "8")
        };
        assert_eq!(end_of_life(&stream).unwrap().date, "2024-05-31");
    }

    #[test]
    fn every_row_has_days_and_stands_once() {
        let is_day = |text: &&str| {
            text.len() == 10
                && text.bytes().enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                })
        };
        let mut seen = std::collections::HashSet::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<_> = line.split('\t').collect();
            assert!((3..=4).contains(&columns.len()), "{line}");
            assert!(
                columns[2..].iter().all(is_day) && columns[2..].is_sorted(),
                "{line}"
            );
            assert!(seen.insert((columns[0], columns[1])), "{line}");
        }
    }
}
