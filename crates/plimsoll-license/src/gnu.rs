//! The names of the GNU licences, which are written in more ways than any others.

use crate::names::spdx_id;

/// The identifier that takes the place of a deprecated GNU one, such as `GPL-2.0` or `GPL-2.0+`; `None` for what is no
/// such identifier.
pub(crate) fn current(id: &str, or_later: bool) -> Option<String> {
    let family = ["GPL-", "LGPL-", "AGPL-", "GFDL-"]
        .iter()
        .any(|family| id.starts_with(family));
    if !family
        || id
            .split('-')
            .any(|part| matches!(part, "exception" | "invariants"))
    {
        return None;
    }
    let base = id.strip_suffix('+').unwrap_or(id);
    let base = base.strip_suffix("-only").unwrap_or(base);
    let later = or_later || id.ends_with('+') || base.ends_with("-or-later");
    let base = base.strip_suffix("-or-later").unwrap_or(base);
    let current = format!("{base}-{}", if later { "or-later" } else { "only" });
    Some(spdx_id(&current).map_or_else(|| id.to_owned(), str::to_owned))
}

/// The identifier of a GNU licence as people and distributions write it; `None` for anything else.
pub(crate) fn read(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let words = lower
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '+'))
        .filter(|word| !word.is_empty());
    let mut family = None;
    let mut version = None;
    let mut later = false;
    for word in words {
        if let Some((abbreviation, suffix)) = abbreviated(word) {
            if family.is_some_and(|known| known != abbreviation) {
                return None;
            }
            family = Some(abbreviation);
            later |= suffix.ends_with('+');
            version = number(suffix).or(version);
            continue;
        }
        match word {
            "affero" => family = Some("AGPL"),
            "lesser" | "library" => family = Some("LGPL"),
            "documentation" => family = Some("GFDL"),
            "general" if family.is_none() => family = Some("GPL"),
            "gnu" | "public" | "free" | "license" | "licence" | "version" | "the" | "v" | "of"
            | "general" => {}
            "only" => later = false,
            "or" | "and" | "any" | "at" | "your" | "option" | "lgpl" => {}
            "later" | "newer" | "greater" | "above" => later = true,
            "+" => later = true,
            other => match number(other) {
                Some(found) if version.is_none_or(|known| known == found) => {
                    version = Some(found);
                    later |= other.ends_with('+');
                }
                _ => return None,
            },
        }
    }
    let family = family?;
    // Without a version any version may be chosen, as these licences themselves say.
    let (version, later) = match (version, family) {
        (Some(version), _) => (version, later),
        (None, "LGPL") => ("2.0", true),
        (None, "GFDL") => ("1.1", true),
        (None, _) => ("1.0", true),
    };
    let suffix = if later { "or-later" } else { "only" };
    spdx_id(&format!("{family}-{version}-{suffix}")).map(str::to_owned)
}

/// `gpl`, `lgplv2.1+` and their kin: the family and what stands behind its name.
fn abbreviated(word: &str) -> Option<(&'static str, &str)> {
    let families = [
        ("agpl", "AGPL"),
        ("lgpl", "LGPL"),
        ("gfdl", "GFDL"),
        ("fdl", "GFDL"),
        ("gpl", "GPL"),
    ];
    let (name, family) = families.iter().find(|(name, _)| word.starts_with(name))?;
    let suffix = &word[name.len()..];
    let plausible = suffix.is_empty() || suffix == "+" || number(suffix).is_some();
    plausible.then_some((family, suffix))
}

/// The version that a word such as `v2+` or `3.0` stands for.
fn number(word: &str) -> Option<&'static str> {
    let word = word.strip_suffix('+').unwrap_or(word);
    let word = word.strip_prefix('v').unwrap_or(word);
    match word {
        "1" | "1.0" => Some("1.0"),
        "1.1" => Some("1.1"),
        "1.2" => Some("1.2"),
        "1.3" => Some("1.3"),
        "2" | "2.0" => Some("2.0"),
        "2.1" => Some("2.1"),
        "3" | "3.0" => Some("3.0"),
        _ => None,
    }
}
