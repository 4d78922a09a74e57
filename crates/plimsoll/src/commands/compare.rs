use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_image::Store;
use plimsoll_report::{AuditReport, Compared, table};

use crate::assessing::{Advisories, compared, compared_report, comparison, scan};
use crate::invocation::Invocation;
use crate::{exit, sources};

/// Put two images side by side: size, layers, user, health, labels, packages, vulnerabilities
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An image: a name, an archive, `oci:DIR`; or the JSON report of an audit
    #[arg(value_name = "A")]
    before: String,
    /// The image to compare it with
    #[arg(value_name = "B")]
    after: String,
    /// The form of the comparison
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write it to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    #[default]
    Table,
    Markdown,
    Json,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let known = Advisories::open(&store)?;
    let before = side(&store, &known, &args.before)?;
    let after = side(&store, &known, &args.after)?;
    let result = comparison(before, after);
    let printer = invocation.printer;
    let text = match args.format {
        Format::Table => {
            let to_terminal = args.output.is_none();
            let width = if to_terminal { printer.width() } else { None };
            table::comparison(
                &result,
                table::Style {
                    width,
                    color: to_terminal && printer.colors_data(),
                },
            )
        }
        Format::Markdown => plimsoll_report::markdown::comparison(&result),
        Format::Json => plimsoll_report::json::render(&result)?,
    };
    match &args.output {
        Some(file) => fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))?,
        None => printer.data(&text)?,
    }
    Ok(exit::DONE)
}

/// One side: a saved report as it is, anything else scanned now.
fn side(store: &Store, known: &Advisories, name: &str) -> anyhow::Result<Compared> {
    let path = Path::new(name);
    if path.is_file() && path.extension().is_some_and(|extension| extension == "json") {
        let text = fs::read(path).with_context(|| format!("cannot read `{name}`"))?;
        let report: AuditReport = plimsoll_report::json::read(&text).with_context(|| format!("`{name}`"))?;
        return Ok(compared_report(report));
    }
    let image = if path.is_file() {
        sources::archived(store, path, name, None)?
    } else {
        sources::named(store, name, None)?
    };
    let scanned = scan(&image, store, known)?;
    compared(&image, name, &scanned)
}
