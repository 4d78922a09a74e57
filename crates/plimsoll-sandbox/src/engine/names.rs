//! Names of containers: which are allowed, and ones made up.

use crate::error::{Error, Result};

const QUALITIES: [&str; 32] = [
    "able", "bold", "brisk", "bright", "calm", "clever", "dapper", "eager", "even", "fair", "fleet",
    "gentle", "hardy", "jolly", "keen", "level", "lively", "lucky", "merry", "nimble", "patient", "plucky",
    "proud", "quick", "quiet", "sharp", "steady", "stout", "sturdy", "swift", "trusty", "wise",
];

const SHIPS: [&str; 32] = [
    "barge", "bark", "brig", "caravel", "clipper", "coaster", "cog", "corvette", "cutter", "dhow", "dinghy",
    "dory", "drifter", "ferry", "frigate", "galleon", "galley", "hulk", "junk", "ketch", "launch", "lugger",
    "packet", "pinnace", "punt", "schooner", "skiff", "sloop", "tender", "trawler", "wherry", "yawl",
];

/// Docker's rule: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`.
pub(super) fn check(name: &str) -> Result<()> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    if first && rest && name.len() > 1 {
        return Ok(());
    }
    Err(Error::InvalidOption(format!(
        "`{name}` is not a container name; only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
    )))
}

/// A name that is not taken.
pub(super) fn random(taken: impl Fn(&str) -> bool) -> Result<String> {
    for attempt in 0.. {
        let [a, b, c, d] = random_bytes()?;
        let mut name = format!(
            "{}_{}",
            QUALITIES[usize::from(a % 32)],
            SHIPS[usize::from(b % 32)]
        );
        if attempt > 3 {
            name.push_str(&u16::from_ne_bytes([c, d]).to_string());
        }
        if !taken(&name) {
            return Ok(name);
        }
    }
    Err(Error::InvalidOption("no name is free".to_owned()))
}

/// Bytes from the kernel's random number generator.
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
            .map_err(|error| Error::system("get random numbers", error))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["a1", "web-1", "A.b_c"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", "a", "-a", "a b", "a/b", "ä1"] {
            assert!(check(name).is_err(), "{name}");
        }
        assert!(check(&random(|_| false).unwrap()).is_ok());
        assert!(random(|name| !name.ends_with(|c: char| c.is_ascii_digit())).is_ok());
    }
}
