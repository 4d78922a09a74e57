//! Whether a record is about Linux.

use serde_json::Value;

/// Whether what is affected is so on Linux too. Go's records name operating systems with each import, those of RustSec
/// with each package; where none is named, all are meant.
pub(super) fn include_linux(specific: &Value) -> bool {
    let imports = specific.get("imports").and_then(Value::as_array);
    let go = imports
        .is_none_or(|imports| imports.is_empty() || imports.iter().any(|import| allows(import.get("goos"))));
    let rust = specific
        .get("affects")
        .is_none_or(|affects| allows(affects.get("os")));
    go && rust
}

fn allows(systems: Option<&Value>) -> bool {
    let systems = systems.and_then(Value::as_array);
    systems.is_none_or(|systems| systems.is_empty() || systems.iter().any(|system| system == "linux"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn systems() {
        for (specific, linux) in [
            (json!({}), true),
            (json!({"imports": null}), true),
            (json!({"imports": [{"path": "os", "goos": ["windows"]}]}), false),
            (
                json!({"imports": [{"path": "os", "goos": ["windows"]}, {"path": "net"}]}),
                true,
            ),
            (
                json!({"imports": [{"path": "os", "goos": ["darwin", "linux"]}]}),
                true,
            ),
            (json!({"affects": {"os": ["windows"], "arch": []}}), false),
            (json!({"affects": {"os": [], "arch": []}}), true),
        ] {
            assert_eq!(include_linux(&specific), linux, "{specific}");
        }
    }
}
