//! The history of an image, as BuildKit writes it. What an entry says of an instruction is the language's matter.

use plimsoll_image::{History, ImageConfig};

const COMMENT: &str = "buildkit.dockerfile.v0";

/// Adds an entry for a change of the configuration alone.
pub(crate) fn add(config: &mut ImageConfig, created_by: String) {
    push(config, created_by, None, false);
}

/// Adds the entry of a step that works on files; `created` is when it was done.
pub(crate) fn add_step(config: &mut ImageConfig, created_by: String, created: &str, has_layer: bool) {
    push(config, created_by, Some(created.to_owned()), has_layer);
}

fn push(config: &mut ImageConfig, created_by: String, created: Option<String>, has_layer: bool) {
    config.history.push(History {
        created,
        created_by: Some(created_by),
        comment: Some(COMMENT.to_owned()),
        empty_layer: !has_layer,
        ..History::default()
    });
}

/// Gives every entry a time that has none: that of the first step after the first such entry, then of the step
/// before it. So an image whose steps were all known already is the same image as before. `now` is used
/// where nothing has a time; `fixed` takes the place of all of them in the entries behind the first `inherited`.
pub(crate) fn set_times(config: &mut ImageConfig, inherited: usize, now: &str, fixed: Option<&str>) {
    if let Some(fixed) = fixed {
        for entry in config.history.iter_mut().skip(inherited) {
            entry.created = Some(fixed.to_owned());
        }
        config.created = Some(fixed.to_owned());
        return;
    }
    let mut time = None;
    let mut seen_gap = false;
    for entry in &config.history {
        match &entry.created {
            Some(created) => {
                time = Some(created.clone());
                if seen_gap {
                    break;
                }
            }
            None => seen_gap = true,
        }
    }
    let mut time = time.unwrap_or_else(|| now.to_owned());
    let mut seen_gap = false;
    for entry in &mut config.history {
        match &entry.created {
            Some(created) => {
                if seen_gap {
                    time.clone_from(created);
                }
            }
            None => {
                seen_gap = true;
                entry.created = Some(time.clone());
            }
        }
    }
    let last = config
        .history
        .iter()
        .rev()
        .find_map(|entry| entry.created.clone());
    config.created = Some(last.unwrap_or_else(|| now.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_without_a_time_get_one() {
        let mut config = ImageConfig::default();
        add_step(&mut config, "base".to_owned(), "1", true);
        add(&mut config, "ENV".to_owned());
        add_step(&mut config, "RUN".to_owned(), "5", true);
        add(&mut config, "CMD".to_owned());
        set_times(&mut config, 1, "9", None);
        let times: Vec<_> = config
            .history
            .iter()
            .filter_map(|entry| entry.created.clone())
            .collect();
        assert_eq!(times, ["1", "5", "5", "5"]);
        assert_eq!(config.created.as_deref(), Some("5"));
        set_times(&mut config, 1, "9", Some("0"));
        let times: Vec<_> = config
            .history
            .iter()
            .filter_map(|entry| entry.created.clone())
            .collect();
        assert_eq!(times, ["1", "0", "0", "0"]);
        let mut empty = ImageConfig::default();
        set_times(&mut empty, 0, "9", None);
        assert_eq!(empty.created.as_deref(), Some("9"));
    }
}
