//! `--squash` and `--max-layers`: several layers made into one before the image is committed.

use std::ops::Range;

use plimsoll_image::{ImageConfig, Layer};

use crate::build::Builder;
use crate::cache::{KeyBuilder, StepRecord};
use crate::error::{Problem, Result};
use crate::state::{StageState, chain, diff_ids};

/// The layers and the configuration of an image whose build wants fewer of them than its steps made.
pub(crate) fn merge(builder: &Builder<'_>, state: &StageState) -> Result<(Vec<Layer>, ImageConfig), Problem> {
    let options = builder.options;
    let layers = &state.layers;
    let inherited = state.inherited_layers.min(layers.len());
    let mut groups: Vec<Range<usize>> = (0..layers.len()).map(|layer| layer..layer + 1).collect();
    if options.squash && inherited < layers.len() {
        groups.truncate(inherited);
        groups.push(inherited..layers.len());
    }
    if let Some(goal) = options.max_layers
        && groups.len() > goal.get()
    {
        let size = |group: &Range<usize>| layers[group.clone()].iter().map(Layer::size).sum();
        let sizes: Vec<u64> = groups.iter().map(size).collect::<Result<_, _>>()?;
        let joined = cheapest(&sizes, goal.get());
        let whole = |some: Range<usize>| groups[some.start].start..groups[some.end - 1].end;
        groups = joined.into_iter().map(whole).collect();
    }
    let mut config = state.config.clone();
    rewrite_history(&mut config, layers.len(), &groups);
    let mut merged = Vec::new();
    for group in groups {
        let layer = match group.len() {
            1 => layers[group.start].clone(),
            _ => one(builder, &layers[..group.start], &layers[group])?,
        };
        merged.push(layer);
    }
    Ok((merged, config))
}

/// One layer that does over `beneath` what `layers` do; it is remembered as that of a step is.
fn one(builder: &Builder<'_>, beneath: &[Layer], layers: &[Layer]) -> Result<Layer, Problem> {
    let mut key = KeyBuilder::new("merge", &chain(&diff_ids(beneath)));
    let merged: Vec<String> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    key.list(&merged);
    let key = key.finish();
    let known = builder.steps.get(&key)?.and_then(|hit| hit.layer);
    if let Some(layer) = known {
        return Ok(layer);
    }
    let layer = builder.store.merge_layers(beneath, layers)?.commit()?;
    let record = StepRecord {
        diff_id: Some(layer.diff_id),
        created: builder.created.clone(),
        instruction: format!("{} layers made into one", layers.len()),
    };
    builder.steps.put(&key, &record, Some(&layer))?;
    Ok(layer)
}

/// Splits layers of these sizes into `goal` groups of neighbours, so that as few bytes as can be are in layers that have
/// to be made anew: what stays as it is stays shared with other images.
fn cheapest(sizes: &[u64], goal: usize) -> Vec<Range<usize>> {
    let count = sizes.len();
    let goal = goal.clamp(1, count.max(1));
    let mut sums = vec![0_u64; count + 1];
    for (index, size) in sizes.iter().enumerate() {
        sums[index + 1] = sums[index].saturating_add(*size);
    }
    // Bytes first, then the number of layers.
    let cost = |group: &Range<usize>| match group.len() {
        1 => (0, 0),
        length => (sums[group.end] - sums[group.start], length),
    };
    // best[end]: what the first `end` layers cost in as many groups as rounds were made, and where the last one begins.
    let mut rounds = vec![vec![Some(((0, 0), 0)); 1]];
    rounds[0].resize(count + 1, None);
    for round in 1..=goal {
        let before = &rounds[round - 1];
        let best_at = |end: usize| {
            (0..end)
                .filter_map(|start| {
                    let ((bytes, layers), _) = before[start]?;
                    let (more_bytes, more_layers) = cost(&(start..end));
                    Some((
                        (u64::saturating_add(bytes, more_bytes), layers + more_layers),
                        start,
                    ))
                })
                .min()
        };
        let next = (0..=count).map(best_at).collect();
        rounds.push(next);
    }
    let mut groups = Vec::new();
    let mut end = count;
    for round in (1..=goal).rev() {
        let Some((_, start)) = rounds[round][end] else {
            break;
        };
        groups.push(start..end);
        end = start;
    }
    groups.reverse();
    groups
}

/// The last entry of each group has its layer and says so; those before it have none any more. A history that does not
/// tell of every layer stays as it is.
fn rewrite_history(config: &mut ImageConfig, layers: usize, groups: &[Range<usize>]) {
    let told = config.history.iter().filter(|entry| !entry.empty_layer);
    if told.count() != layers {
        return;
    }
    let mut entries = config.history.iter_mut().filter(|entry| !entry.empty_layer);
    for group in groups {
        let length = group.len();
        for (entry, number) in entries.by_ref().take(length).zip(1..) {
            if number < length {
                entry.empty_layer = true;
            } else if length > 1 {
                let comment = entry.comment.take().filter(|comment| !comment.is_empty());
                let merged = format!("one layer of {length}");
                entry.comment =
                    Some(comment.map_or(merged.clone(), |comment| format!("{comment}, {merged}")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_image::History;
    use proptest::prelude::*;

    use super::*;

    fn rewritten(sizes: &[u64], groups: &[Range<usize>]) -> u64 {
        let merged = groups.iter().filter(|group| group.len() > 1);
        merged.map(|group| sizes[group.clone()].iter().sum::<u64>()).sum()
    }

    #[test]
    fn the_small_ones_are_joined() {
        assert_eq!(cheapest(&[100, 1, 1, 50, 2], 4), [0..1, 1..3, 3..4, 4..5]);
        assert_eq!(cheapest(&[100, 1, 1, 50, 2], 3), [0..1, 1..4, 4..5]);
        assert_eq!(cheapest(&[100, 1, 1, 50, 2], 1).first(), Some(&(0..5)));
        assert_eq!(cheapest(&[0, 0, 7], 2), [0..2, 2..3]);
        assert_eq!(cheapest(&[5], 3).first(), Some(&(0..1)));
    }

    proptest! {
        #[test]
        fn no_other_split_is_cheaper(sizes in prop::collection::vec(0..50_u64, 1..8), goal in 1..8_usize) {
            let goal = goal.min(sizes.len());
            let found = cheapest(&sizes, goal);
            prop_assert_eq!(found.len(), goal);
            prop_assert_eq!(found.iter().map(ExactSizeIterator::len).sum::<usize>(), sizes.len());
            // Every way to cut: a bit for each gap.
            for cuts in 0..1_u32 << (sizes.len() - 1) {
                if cuts.count_ones() as usize + 1 != goal {
                    continue;
                }
                let ends = (1..sizes.len()).filter(|gap| cuts >> (gap - 1) & 1 == 1).chain([sizes.len()]);
                let mut start = 0;
                let groups: Vec<Range<usize>> = ends.map(|end| std::mem::replace(&mut start, end)..end).collect();
                prop_assert!(rewritten(&sizes, &found) <= rewritten(&sizes, &groups));
            }
        }
    }

    #[test]
    fn the_history_tells_of_as_many_layers_as_there_are() {
        let entry = |line: &str, empty_layer| History {
            created_by: Some(line.to_owned()),
            comment: Some("buildkit.dockerfile.v0".to_owned()),
            empty_layer,
            ..History::default()
        };
        let mut config = ImageConfig {
            history: vec![
                entry("a", false),
                entry("b", false),
                entry("env", true),
                entry("c", false),
            ],
            ..ImageConfig::default()
        };
        rewrite_history(&mut config, 3, &[0..1, 1..3]);
        let shown = |entry: &History| (entry.empty_layer, entry.comment.clone().unwrap_or_default());
        let shown: Vec<_> = config.history.iter().map(shown).collect();
        let plain = || "buildkit.dockerfile.v0".to_owned();
        let merged = "buildkit.dockerfile.v0, one layer of 2".to_owned();
        assert_eq!(
            shown,
            [
                (false, plain()),
                (true, plain()),
                (true, plain()),
                (false, merged)
            ]
        );
    }
}
