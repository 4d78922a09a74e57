//! RPM versions: `[epoch:]version[-release]`, in the order of rpm 4.15 and later, with `~` and `^`.

use std::cmp::Ordering;

use super::{ParseVersionError, compare_digits, split_digits};

/// Compares two versions: by epoch, where a missing one is 0, by version, and by release. A missing release comes
/// before every other, so that the order is total; rpm itself does not compare releases then.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a_epoch, a_version, a_release) = split(a);
    let (b_epoch, b_version, b_release) = split(b);
    compare_digits(a_epoch, b_epoch)
        .then_with(|| compare_part(a_version, b_version))
        .then_with(|| compare_part(a_release, b_release))
}

/// Whether `version` can be compared.
///
/// # Errors
/// An empty version, an epoch that is not a number, and characters that no package has in its version.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    let wrong = |reason| ParseVersionError {
        version: version.to_owned(),
        scheme: "RPM",
        reason,
    };
    let (_, name, release) = split(version);
    if name.is_empty() {
        return Err(wrong("it is empty"));
    }
    if name.contains(':') {
        return Err(wrong("the epoch is not a number"));
    }
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"<>=&|()".contains(&byte);
    if !name.bytes().chain(release.bytes()).all(allowed) {
        return Err(wrong("it has a character that no version may have"));
    }
    Ok(())
}

/// Whether the package was built as part of a module (Red Hat's modularity): its release says so.
pub fn is_modular(version: &str) -> bool {
    version.contains(".module+") || version.contains(".module_el") || version.contains(".module_f")
}

/// Epoch, version and release; `0` and nothing where they are missing.
fn split(text: &str) -> (&str, &str, &str) {
    let text = text.trim();
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("0", text),
    };
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, version, release)
}

/// Compares two versions or two releases run by run. Runs are of digits or of letters; everything else only parts
/// them, save `~`, which comes before the end, and `^`, which comes behind the end and before everything else.
fn compare_part(mut a: &str, mut b: &str) -> Ordering {
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^';
    loop {
        a = a.trim_start_matches(is_separator);
        b = b.trim_start_matches(is_separator);
        match (a.strip_prefix('~'), b.strip_prefix('~')) {
            (Some(a_rest), Some(b_rest)) => {
                (a, b) = (a_rest, b_rest);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (a.strip_prefix('^'), b.strip_prefix('^')) {
            (Some(a_rest), Some(b_rest)) => {
                (a, b) = (a_rest, b_rest);
                continue;
            }
            (Some(_), None) if b.is_empty() => return Ordering::Greater,
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) if a.is_empty() => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        if a.is_empty() || b.is_empty() {
            return a.len().min(1).cmp(&b.len().min(1));
        }
        let (a_digits, a_rest) = split_digits(a);
        let (b_digits, b_rest) = split_digits(b);
        let order = match (a_digits.is_empty(), b_digits.is_empty()) {
            (false, false) => {
                (a, b) = (a_rest, b_rest);
                compare_digits(a_digits, b_digits)
            }
            // Numbers are newer than letters.
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (true, true) => {
                let (a_letters, a_rest) = split_letters(a);
                let (b_letters, b_rest) = split_letters(b);
                (a, b) = (a_rest, b_rest);
                a_letters.cmp(b_letters)
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn split_letters(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_alphabetic());
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::vectors::check_order;
    use proptest::prelude::*;

    #[test]
    fn rpm_agrees() {
        check_order(include_str!("testdata/rpm-vectors.tsv"), 1000, compare);
    }

    #[test]
    fn missing_parts() {
        assert_eq!(compare("1.0-1", "0:1.0-1"), Ordering::Equal);
        assert_eq!(compare("1:1.0-1", "9.9-1"), Ordering::Greater);
        assert_eq!(compare("1.0", "1.0-1"), Ordering::Less);
        assert_eq!(compare("1.0", "1.0"), Ordering::Equal);
    }

    #[test]
    fn valid_and_invalid() {
        for text in [
            "1.0-1.el9",
            "2:8.2.2637-16.el9_0.2",
            "1.0~rc1^git1-1.module_el8.5.0+119+9a9ec082",
            "20230101",
        ] {
            assert!(validate(text).is_ok(), "{text}");
        }
        for text in ["", "1:", "a:1-1", "1 2", "1-ü", "-1"] {
            assert!(validate(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn modular_releases() {
        assert!(is_modular("16.20.2-1.module_el8.8.0+3615+4a2e2e4c") && is_modular("1-1.module+el8.9.0+1+a"));
        assert!(!is_modular("7.76.1-14.el9_0.5") && !is_modular("1-1.modules"));
    }

    fn versions() -> impl Strategy<Value = String> {
        "([0-2]:)?[0-2a.~^_]{0,6}(-[0-2a.~^]{1,3})?"
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in versions(), b in versions(), c in versions()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le());
            }
        }

        #[test]
        fn no_text_panics(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let _ = validate(&a);
        }
    }
}
