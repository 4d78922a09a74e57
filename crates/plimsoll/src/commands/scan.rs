use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_core::{Platform, Severity};
use plimsoll_image::{Image, Store};
use plimsoll_report::ScanReport;

use crate::assessing::{Advisories, AgeLimit, scan_layers, scan_report};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::{exit, sources};

/// Find the packages of an image and the known vulnerabilities in them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A name or ID in the store or a container engine, or `docker-archive:FILE`, `oci-archive:FILE`, `oci:DIR`,
    /// `docker-daemon:NAME`, `podman:NAME`, `registry:NAME`
    #[arg(required_unless_present = "input")]
    image: Option<String>,
    /// An archive that `save` wrote; `-` for standard input
    #[arg(long, conflicts_with = "image", value_name = "FILE")]
    input: Option<PathBuf>,
    /// Show these severities only
    #[arg(long, short, value_delimiter = ',', value_name = "SEVERITY,...")]
    severity: Vec<Severity>,
    /// Leave out vulnerabilities that no version fixes
    #[arg(long)]
    ignore_unfixed: bool,
    /// Also tell packages that a later layer removed: the image still holds them
    #[arg(long)]
    all_layers: bool,
    /// The form of the report
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write the report to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The exit code when vulnerabilities are shown
    #[arg(long, default_value_t = 0, value_name = "CODE")]
    exit_code: u8,
    /// The platform, if the image is made for several
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    #[command(flatten)]
    age: AgeLimit,
    /// Where there is no database, use the small built-in set of the demo
    #[arg(long)]
    demo_db: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    #[default]
    Table,
    /// Trivy's report shape.
    Json,
    /// Plimsoll's own document, with everything that is known.
    PlimsollJson,
    Markdown,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let known = Advisories::required(&store, &args.age, args.demo_db, invocation.printer)?;
    let (image, name) = subject(args, &store)?;
    let scanned = scan_layers(&image, &store, &known, args.all_layers)?;
    let mut report = scan_report(&image, &name, &scanned, &known)?;
    let shown_to_people = args.output.is_none() && matches!(args.format, Format::Table | Format::Markdown);
    told(invocation, &report, shown_to_people)?;
    report.vulnerabilities.retain(|found| {
        (args.severity.is_empty() || args.severity.contains(&found.severity))
            && (!args.ignore_unfixed || found.fix.fixed_version().is_some())
    });
    let text = rendered(invocation, &report, args)?;
    match &args.output {
        Some(file) => fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))?,
        None => invocation.printer.data(&text)?,
    }
    Ok(if report.vulnerabilities.is_empty() {
        exit::DONE
    } else {
        args.exit_code
    })
}

/// The image, and what to call it.
fn subject(args: &Args, store: &Store) -> anyhow::Result<(Image, String)> {
    let platform = args.platform.as_ref();
    match (&args.input, &args.image) {
        (Some(path), _) if path == Path::new("-") => {
            let images = sources::of_standard_input(store, platform)?;
            Ok((sources::one(images, "-")?, "-".to_owned()))
        }
        (Some(path), _) => {
            let name = path.display().to_string();
            Ok((sources::archived(store, path, &name, platform)?, name))
        }
        (None, Some(name)) => Ok((sources::named(store, name, platform)?, name.clone())),
        (None, None) => Err(Failure::usage("name an image, or an archive with `--input`").into()),
    }
}

/// Says on stderr what the report cannot speak of, unless the report itself says it to the same person. When nothing at all could be compared with advisories, there is no
/// result to report.
fn told(invocation: &Invocation, report: &ScanReport, shown_to_people: bool) -> anyhow::Result<()> {
    let printer = invocation.printer;
    let looked_at = |one: &plimsoll_report::Coverage| {
        !matches!(one.status, plimsoll_report::CoverageStatus::NotAssessed { .. })
    };
    let builtin = report.database.as_ref().is_some_and(|database| database.builtin);
    if builtin && !report.packages.is_empty() && !report.coverage.iter().any(looked_at) {
        return Err(Failure::new(
            "there is no advisory database, so nothing can be said about these packages",
        )
        .with_hint("fetch one with `plimsoll db update`, or make one with `plimsoll db build --from DIR`")
        .into());
    }
    if builtin {
        printer.warn(
            "no advisory database: only the small built-in demo set was used; see `plimsoll db update`",
        );
    }
    if shown_to_people {
        return Ok(());
    }
    for one in &report.coverage {
        if let Some(reason) = one.shortfall() {
            printer.warn(&format!("not fully assessed: {}: {reason}", one.subject));
        }
    }
    for warning in &report.warnings {
        printer.warn(warning);
    }
    Ok(())
}

fn rendered(invocation: &Invocation, report: &ScanReport, args: &Args) -> anyhow::Result<String> {
    let printer = invocation.printer;
    Ok(match args.format {
        Format::Table => {
            let to_terminal = args.output.is_none() && io::stdout().is_terminal();
            let style = plimsoll_report::table::Style {
                width: if to_terminal { printer.width() } else { None },
                color: to_terminal && printer.colors_data(),
            };
            plimsoll_report::table::scan(report, style)
        }
        Format::Json => plimsoll_report::trivy_json::render(report)?,
        Format::PlimsollJson => plimsoll_report::json::render(report)?,
        Format::Markdown => plimsoll_report::markdown::scan(report),
    })
}
