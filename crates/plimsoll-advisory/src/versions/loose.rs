//! The order of versions that follow no scheme of their own: runs of digits by value, everything else by its text.

use std::cmp::Ordering;

use super::{ParseVersionError, compare_digits, split_digits};

/// Compares `a` and `b` run by run. A longer version is the later one where all runs of the shorter are equal.
pub fn compare(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() && !b.is_empty() {
        let (text_a, rest_a) = a.split_at(a.find(|c: char| c.is_ascii_digit()).unwrap_or(a.len()));
        let (text_b, rest_b) = b.split_at(b.find(|c: char| c.is_ascii_digit()).unwrap_or(b.len()));
        let (digits_a, rest_a) = split_digits(rest_a);
        let (digits_b, rest_b) = split_digits(rest_b);
        let order = text_a
            .cmp(text_b)
            .then_with(|| compare_digits(digits_a, digits_b));
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    a.len().cmp(&b.len())
}

/// Whether `version` can be compared: it begins with a number.
///
/// # Errors
/// Anything else.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    match version.trim().starts_with(|c: char| c.is_ascii_digit()) {
        true => Ok(()),
        false => Err(ParseVersionError {
            version: version.to_owned(),
            scheme: "common",
            reason: "it does not begin with a number",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_value() {
        for (a, b) in [
            ("1.9", "1.10"),
            ("1.36.0", "1.36.1"),
            ("1.2", "1.2.1"),
            ("9e", "9f"),
        ] {
            assert_eq!(compare(a, b), Ordering::Less, "{a} {b}");
            assert_eq!(compare(b, a), Ordering::Greater, "{b} {a}");
        }
        assert_eq!(compare("1.02", "1.2"), Ordering::Equal);
    }
}
