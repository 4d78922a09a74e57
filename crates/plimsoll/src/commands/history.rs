use jiff::Timestamp;
use plimsoll_image::Image;

use crate::columns::columns;
use crate::invocation::Invocation;
use crate::template::Template;
use crate::{exit, human};

/// Show how the layers of an image came to be
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image, by name or ID
    image: String,
    /// Do not shorten IDs and instructions
    #[arg(long)]
    no_trunc: bool,
    /// Give sizes in bytes and times as RFC 3339
    #[arg(long, short = 'H', default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    human: bool,
    /// A Go template for each line, or `json`
    #[arg(long, value_name = "TEMPLATE")]
    format: Option<String>,
}

struct Row {
    id: String,
    created: String,
    created_by: String,
    size: String,
    comment: String,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let image = invocation.store()?.find(&args.image)?;
    let rows = rows(&image, args)?;
    let printer = invocation.printer;
    if printer.is_quiet() {
        printer.data(&rows.iter().map(|row| format!("{}\n", row.id)).collect::<String>())?;
        return Ok(exit::DONE);
    }
    if let Some(format) = &args.format {
        let template = Template::parse(if format == "json" { "{{json .}}" } else { format })?;
        for row in &rows {
            let line = template.apply(&serde_json::json!({
                "ID": row.id, "CreatedSince": row.created, "CreatedAt": row.created,
                "CreatedBy": row.created_by, "Size": row.size, "Comment": row.comment,
            }))?;
            printer.line(&line)?;
        }
        return Ok(exit::DONE);
    }
    let lines: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| vec![row.id, row.created, row.created_by, row.size, row.comment])
        .collect();
    printer.data(&columns(
        &["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"],
        &lines,
    ))?;
    Ok(exit::DONE)
}

/// The newest first; the first has the image's ID, the others have none of their own.
fn rows(image: &Image, args: &Args) -> anyhow::Result<Vec<Row>> {
    let now = Timestamp::now();
    let mut layers = image.layers.iter();
    let mut rows = Vec::new();
    for entry in &image.config.history {
        let layer = if entry.empty_layer { None } else { layers.next() };
        let bytes = layer.map_or(Ok(0), plimsoll_image::Layer::size)?;
        let created = entry.created.clone().unwrap_or_default();
        let since = created.parse().map(|then| human::ago(then, now));
        let created_by = entry.created_by.clone().unwrap_or_default();
        rows.push(Row {
            id: "<missing>".to_owned(),
            created: if args.human {
                since.unwrap_or_else(|_| "N/A".to_owned())
            } else {
                created
            },
            created_by: if args.no_trunc {
                created_by
            } else {
                shortened(&created_by)
            },
            size: if args.human {
                human::size(bytes)
            } else {
                bytes.to_string()
            },
            comment: entry.comment.clone().unwrap_or_default(),
        });
    }
    if let Some(last) = rows.last_mut() {
        last.id = if args.no_trunc {
            image.id.to_string()
        } else {
            image.id.short()
        };
    }
    rows.reverse();
    Ok(rows)
}

fn shortened(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= 45 {
        return flat;
    }
    flat.chars().take(44).chain(['…']).collect()
}
