//! Which ids exist for this process (user_namespaces(7)).

use std::sync::OnceLock;

/// The lines of `/proc/self/uid_map`. It is read once, so enter a user namespace before anything here is called.
fn map() -> &'static str {
    static MAP: OnceLock<String> = OnceLock::new();
    MAP.get_or_init(|| std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default())
}

/// Whether this process is in the first user namespace, in which all ids mean themselves.
pub fn is_first() -> bool {
    map().is_empty() || map().split_whitespace().eq(["0", "0", "4294967295"])
}

/// Whether the ids of only one user exist, as for an ordinary user without subordinate ids.
pub fn has_one_id() -> bool {
    map().lines().count() == 1 && map().split_whitespace().nth(2) == Some("1")
}
