use jiff::Timestamp;
use plimsoll_core::Hint;
use plimsoll_image::{Damaged, Image, Store};
use serde_json::json;

use crate::columns::columns;
use crate::invocation::Invocation;
use crate::printer::Printer;
use crate::template::Template;
use crate::{exit, human};

mod filter;

use filter::Filter;

/// List the images of the store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only images of this repository, or with this name
    #[arg(value_name = "REPOSITORY[:TAG]")]
    name: Option<String>,
    /// Only those that `label=K[=V]`, `reference=PATTERN`, `dangling=BOOL`, `before=IMAGE` or `since=IMAGE` lets through
    #[arg(long, short, value_name = "FILTER")]
    filter: Vec<String>,
    /// Also show images without a name, as is always done
    #[arg(long, short)]
    all: bool,
    /// Show whole IDs
    #[arg(long)]
    no_trunc: bool,
    /// Show the digests of the manifests
    #[arg(long)]
    digests: bool,
    /// A Go template for each line, `table TEMPLATE`, or `json`
    #[arg(long, value_name = "TEMPLATE")]
    format: Option<String>,
}

/// One line of the list: an image under one of its names.
struct Row {
    image: Image,
    repository: String,
    tag: String,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let printer = invocation.printer;
    let listing = store.list()?;
    for damaged in &listing.damaged {
        tell(printer, damaged);
    }
    let rows = rows(&store, listing.images, args)?;
    if printer.is_quiet() {
        let ids: Vec<String> = rows.iter().map(|row| id(row, args) + "\n").collect();
        printer.data(&ids.concat())?;
        return Ok(exit::DONE);
    }
    let now = Timestamp::now();
    match args.format.as_deref() {
        None | Some("table") => printer.data(&table(&rows, args, now)?)?,
        Some(format) => printer.data(&formatted(&rows, args, format, now)?)?,
    }
    Ok(exit::DONE)
}

/// An image that cannot be shown does not keep the others from being shown.
fn tell(printer: Printer, damaged: &Damaged) {
    let name = match damaged.references.first() {
        Some(reference) => reference.to_string(),
        None => damaged.manifest_digest.to_string(),
    };
    printer.warn(&format!("the image `{name}` is damaged: {}", damaged.error));
    printer.hint(&Hint::new(format!("`plimsoll rmi {name}` removes it")));
}

fn rows(store: &Store, images: Vec<Image>, args: &Args) -> anyhow::Result<Vec<Row>> {
    let mut filter = Filter::parse(&args.filter, store)?;
    if let Some(name) = &args.name {
        filter.only_named(name);
    }
    let mut rows = Vec::new();
    for image in images {
        if !filter.lets_through(&image) {
            continue;
        }
        let names: Vec<_> = image
            .references
            .iter()
            .filter(|reference| filter.names(reference))
            .cloned()
            .collect();
        for name in &names {
            let tag = name.tag().unwrap_or("<none>").to_owned();
            rows.push(Row {
                image: image.clone(),
                repository: name.repository(),
                tag,
            });
        }
        if image.references.is_empty() && filter.shows_nameless() {
            rows.push(Row {
                image,
                repository: "<none>".to_owned(),
                tag: "<none>".to_owned(),
            });
        }
    }
    Ok(rows)
}

fn id(row: &Row, args: &Args) -> String {
    if args.no_trunc {
        row.image.id.to_string()
    } else {
        row.image.id.short()
    }
}

fn created(image: &Image) -> Option<Timestamp> {
    image.config.created.as_deref().and_then(|time| time.parse().ok())
}

fn since(image: &Image, now: Timestamp) -> String {
    created(image).map_or_else(|| "N/A".to_owned(), |then| human::ago(then, now))
}

fn digest(row: &Row) -> String {
    row.image
        .manifest_digest
        .map_or_else(|| "<none>".to_owned(), |digest| digest.to_string())
}

fn table(rows: &[Row], args: &Args, now: Timestamp) -> anyhow::Result<String> {
    let mut head = vec!["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"];
    if args.digests {
        head.insert(2, "DIGEST");
    }
    let mut lines = Vec::new();
    for row in rows {
        let size = human::size(row.image.size()?);
        let mut cells = vec![
            row.repository.clone(),
            row.tag.clone(),
            id(row, args),
            since(&row.image, now),
            size,
        ];
        if args.digests {
            cells.insert(2, digest(row));
        }
        lines.push(cells);
    }
    Ok(columns(&head, &lines))
}

fn formatted(rows: &[Row], args: &Args, format: &str, now: Timestamp) -> anyhow::Result<String> {
    let (format, tabled) = match format.strip_prefix("table ") {
        Some(format) => (format, true),
        None => (format, false),
    };
    let format = if format == "json" { "{{json .}}" } else { format };
    let format = format.replace("\\t", "\t").replace("\\n", "\n");
    let template = Template::parse(&format)?;
    let mut lines = Vec::new();
    for row in rows {
        lines.push(template.apply(&json!({
            "ID": id(row, args),
            "Repository": row.repository,
            "Tag": row.tag,
            "Digest": digest(row),
            "CreatedSince": since(&row.image, now),
            "CreatedAt": created(&row.image).map(|time| time.to_string()),
            "Size": human::size(row.image.size()?),
            "Labels": labels(&row.image),
        }))?);
    }
    if !tabled {
        return Ok(lines.iter().map(|line| format!("{line}\n")).collect());
    }
    let cells: Vec<Vec<String>> = lines
        .iter()
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect();
    let head: Vec<String> = format.split('\t').map(title).collect();
    Ok(columns(
        &head.iter().map(String::as_str).collect::<Vec<_>>(),
        &cells,
    ))
}

fn labels(image: &Image) -> String {
    let pairs: Vec<String> = image
        .config
        .config
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join(",")
}

/// The head of a column: the name of its field in capitals, as `{{.CreatedSince}}` gives `CREATED`.
fn title(column: &str) -> String {
    let name: String = column.chars().filter(|c| c.is_alphanumeric()).collect();
    match name.as_str() {
        "ID" => "IMAGE ID".to_owned(),
        "CreatedSince" => "CREATED".to_owned(),
        "CreatedAt" => "CREATED AT".to_owned(),
        other => other.to_uppercase(),
    }
}
