use std::collections::HashSet;
use std::fs;
use std::path::Path;

use plimsoll_core::Digest;
use plimsoll_image::Store;
use serde_json::json;

use crate::columns::columns;
use crate::invocation::Invocation;
use crate::template::Template;
use crate::{exit, human};

/// Show what images, containers and the build cache take on the disk
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A Go template for each line, or `json`
    #[arg(long, value_name = "TEMPLATE")]
    format: Option<String>,
}

/// One line: things of one kind.
#[derive(Debug, Default)]
struct Row {
    kind: &'static str,
    total: usize,
    active: usize,
    size: u64,
    reclaimable: u64,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let (containers, used) = containers(invocation)?;
    let rows = [images(&store, &used)?, containers, cache(&store)?];
    let text = match args.format.as_deref() {
        None | Some("table") => table(&rows),
        Some(format) => formatted(&rows, format)?,
    };
    invocation.printer.data(&text)?;
    Ok(exit::DONE)
}

/// Each layer counts once, however many images have it. `used` are the images of containers.
fn images(store: &Store, used: &HashSet<Digest>) -> anyhow::Result<Row> {
    let mut row = Row {
        kind: "Images",
        ..Row::default()
    };
    let (mut all, mut needed) = (HashSet::new(), HashSet::new());
    for image in store.images()? {
        row.total += 1;
        let is_used = used.contains(&image.id);
        row.active += usize::from(is_used);
        for layer in &image.layers {
            all.insert(layer.diff_id);
            if is_used {
                needed.insert(layer.diff_id);
            }
        }
    }
    for layer in store.layer_uses()? {
        if all.contains(&layer.diff_id) {
            row.size += layer.size;
            row.reclaimable += if needed.contains(&layer.diff_id) {
                0
            } else {
                layer.size
            };
        }
    }
    Ok(row)
}

/// What containers wrote; with the images that they are made of.
fn containers(invocation: &Invocation) -> anyhow::Result<(Row, HashSet<Digest>)> {
    let mut row = Row {
        kind: "Containers",
        ..Row::default()
    };
    let store = invocation.store()?;
    let mut images = HashSet::new();
    for (container, state) in invocation.engine()?.list()? {
        let size = size(&store.containers_dir().join(container.id()));
        images.insert(container.image_id());
        row.total += 1;
        row.size += size;
        match state.running() {
            true => row.active += 1,
            false => row.reclaimable += size,
        }
    }
    Ok((row, images))
}

/// The layers of steps that no image or container has, and the directories of cache mounts.
fn cache(store: &Store) -> anyhow::Result<Row> {
    let usage = plimsoll_build::cache_usage(store)?;
    Ok(Row {
        kind: "Build Cache",
        total: usage.entries,
        active: usage.active,
        size: usage.bytes,
        reclaimable: usage.reclaimable,
    })
}

/// The bytes of the files below a directory; what goes meanwhile takes none.
fn size(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) if metadata.is_file() => metadata.len(),
        _ => 0,
    });
    sizes.sum()
}

impl Row {
    /// With the share of the whole, as Docker shows it.
    fn reclaimable(&self) -> String {
        let size = human::size(self.reclaimable);
        match (self.reclaimable * 100).checked_div(self.size) {
            Some(percent) => format!("{size} ({percent}%)"),
            None => size,
        }
    }
}

fn table(rows: &[Row]) -> String {
    let cells = |row: &Row| {
        vec![
            row.kind.to_owned(),
            row.total.to_string(),
            row.active.to_string(),
            human::size(row.size),
            row.reclaimable(),
        ]
    };
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    columns(&["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"], &cells)
}

fn formatted(rows: &[Row], format: &str) -> anyhow::Result<String> {
    let format = if format == "json" { "{{json .}}" } else { format };
    let template = Template::parse(&format.replace("\\t", "\t").replace("\\n", "\n"))?;
    let mut text = String::new();
    for row in rows {
        text += &template.apply(&json!({
            "Type": row.kind,
            "TotalCount": row.total.to_string(),
            "Active": row.active.to_string(),
            "Size": human::size(row.size),
            "Reclaimable": row.reclaimable(),
        }))?;
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_docker_shows_it() {
        let row = |kind, size, reclaimable| Row {
            kind,
            total: 3,
            active: 1,
            size,
            reclaimable,
        };
        let rows = [row("Images", 133_000_000, 33_250_000), row("Build Cache", 0, 0)];
        insta::assert_snapshot!(table(&rows) + &formatted(&rows, "{{.Type}}: {{.Size}}").unwrap());
    }
}
