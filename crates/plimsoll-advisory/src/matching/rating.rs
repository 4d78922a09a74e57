//! From what feeds say of how bad something is to one word.

use plimsoll_core::Severity;

use crate::cvss;
use crate::database::schema::{Rating, Record};

/// The severity: the feed's own word where it has one, for it stands for all that its authors weighed, else
/// that of a CVSS vector (3.x before 4.0 before 2.0). `None` where there is neither; nothing is guessed.
pub(crate) fn severity(ratings: &[Rating]) -> Option<Severity> {
    let word = ratings.iter().find_map(|rating| match rating {
        Rating::Word(word) => Some(*word),
        Rating::Cvss(_) => None,
    });
    word.or_else(|| from_cvss(ratings))
}

/// The severity of the best CVSS vector.
pub(crate) fn from_cvss(ratings: &[Rating]) -> Option<Severity> {
    let vectors = ratings.iter().filter_map(|rating| match rating {
        Rating::Cvss(vector) => Some(vector.as_str()),
        Rating::Word(_) => None,
    });
    let preference = |vector: &str| match cvss::version(vector) {
        version if version.starts_with('3') => 0,
        version if version.starts_with('4') => 1,
        _ => 2,
    };
    vectors
        .filter_map(|vector| Some((preference(vector), cvss::severity(vector)?)))
        .min_by_key(|(preference, _)| *preference)
        .map(|(_, severity)| severity)
}

/// Who rates: the feed, and the record in it where that is the word of somebody else
/// (`osv-pypi: GHSA-m2qf-hxjv-5gpq`).
pub(crate) fn rater(record: &Record) -> String {
    match record.id.starts_with("CVE-") {
        true => record.feed.clone(),
        false => [&record.feed, ": ", &record.id].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_before_vectors_and_version_3_before_2() {
        let v3 = Rating::Cvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned());
        let v2 = Rating::Cvss("AV:N/AC:M/Au:N/C:N/I:P/A:N".to_owned());
        let unknown = Rating::Cvss("CVSS:9.0/AV:N".to_owned());
        let word = Rating::Word(Severity::Low);
        assert_eq!(severity(&[v2.clone(), v3.clone(), word]), Some(Severity::Low));
        assert_eq!(severity(&[v2.clone(), v3]), Some(Severity::Critical));
        assert_eq!(severity(&[unknown.clone(), v2]), Some(Severity::Medium));
        assert_eq!((severity(&[unknown]), severity(&[])), (None, None));
    }
}
