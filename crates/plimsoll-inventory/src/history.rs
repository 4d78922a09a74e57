//! What an image's history says about its layers.

use plimsoll_image::History;

/// The history entry of each of `layers` layers, without the entries that made none; nothing but empty texts where the
/// history tells of another number of layers.
pub(crate) fn created_by(history: &[History], layers: usize) -> Vec<String> {
    let entries = history.iter().filter(|entry| !entry.empty_layer);
    let lines: Vec<String> = entries
        .map(|entry| entry.created_by.clone().unwrap_or_default())
        .collect();
    if lines.len() == layers {
        lines
    } else {
        vec![String::new(); layers]
    }
}

/// How many layers the base image has, as far as the history tells: nearly every base image ends with the `CMD`
/// that runs a shell or an interpreter, so the last `CMD` below a later layer is where the base ends. `None`
/// where there is no such entry or the history tells of another number of layers.
pub(crate) fn base_layers(history: &[History], layers: usize) -> Option<usize> {
    let with_layer = |entries: &[History]| entries.iter().filter(|entry| !entry.empty_layer).count();
    if with_layer(history) != layers {
        return None;
    }
    let top = history.iter().rposition(|entry| !entry.empty_layer)?;
    let end = history[..top]
        .iter()
        .rposition(|entry| entry.empty_layer && is_cmd(entry))?;
    Some(with_layer(&history[..end]))
}

fn is_cmd(entry: &History) -> bool {
    let line = entry.created_by.as_deref().unwrap_or_default();
    let line = line
        .strip_prefix("/bin/sh -c #(nop)")
        .unwrap_or(line)
        .trim_start();
    line.starts_with("CMD ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(lines: &[(&str, bool)]) -> Vec<History> {
        let entry = |&(line, empty_layer): &(&str, bool)| History {
            created_by: Some(line.to_owned()),
            empty_layer,
            ..History::default()
        };
        lines.iter().map(entry).collect()
    }

    #[test]
    fn the_base_ends_at_its_cmd() {
        let lines = [
            ("/bin/sh -c #(nop) ADD file:0 in / ", false),
            ("/bin/sh -c #(nop)  CMD [\"bash\"]", true),
            ("RUN apt-get install python3 # buildkit", false),
            ("CMD [\"python3\"]", true),
            ("COPY . . # buildkit", false),
            ("USER 1000", true),
            ("CMD [\"gunicorn\"]", true),
        ];
        let history = history(&lines);
        assert_eq!(base_layers(&history, 3), Some(2));
        assert_eq!(
            created_by(&history, 3)[1],
            "RUN apt-get install python3 # buildkit"
        );
        assert_eq!(base_layers(&history, 2), None);
        assert_eq!(created_by(&history, 2), ["", ""]);
    }

    #[test]
    fn without_a_cmd_below_a_layer_nothing_is_said() {
        let history = history(&[("ADD rootfs", false), ("RUN x", false), ("CMD [\"a\"]", true)]);
        assert_eq!(base_layers(&history, 2), None);
        assert_eq!(base_layers(&[], 0), None);
    }
}
