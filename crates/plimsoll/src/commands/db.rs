use std::path::PathBuf;

use plimsoll_advisory::{Database, FetchOptions, Mirror, Progress, Query, Status, Summary};

use crate::assessing::AgeLimit;
use crate::columns::columns;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::printer::Printer;
use crate::{exit, settings};

/// Keep the advisory database
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make the database from feeds in a folder, in their publishers' layout
    Build {
        /// The folder
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
    /// Fetch what has changed of the feeds and make the database
    Update {
        /// A folder or address with the publishers' layout, instead of the publishers
        #[arg(long, value_name = "DIR|URL")]
        mirror: Option<String>,
        /// Fetch the advisories of these ecosystems only, as OSV names them: `PyPI,Debian`
        #[arg(long, value_delimiter = ',', value_name = "NAME,...")]
        ecosystem: Vec<String>,
    },
    /// Say what is in the database and how old it is
    Status {
        /// The form
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: Format,
        #[command(flatten)]
        age: AgeLimit,
    },
    /// Look up a package, or a CVE or another ID; the exit code is 3 where the database knows nothing of it
    Query {
        /// The name of a package (the source package for most distributions), a package URL, or an ID
        #[arg(value_name = "PACKAGE|PURL|ID")]
        what: String,
        /// In this ecosystem, distribution or release only: `npm`, `debian`, `debian:12`
        #[arg(long, value_name = "NAME")]
        ecosystem: Option<String>,
        /// The form
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: Format,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Table,
    Json,
}

pub(crate) fn run(invocation: &Invocation, command: Command) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let path = store.advisories_path();
    let printer = invocation.printer;
    let progress = Told(printer);
    match command {
        Command::Build { from } => {
            let summary = Database::build(&from, &path, &progress)?;
            told(printer, &summary);
        }
        Command::Update { mirror, ecosystem } => {
            let mirror = mirror.map_or(Ok(Mirror::Publishers), |text| text.parse())?;
            let options = FetchOptions {
                proxy: settings::proxy("https"),
                http_proxy: settings::proxy("http"),
                no_proxy: settings::no_proxy(),
                ecosystems: ecosystem,
                root_certificates: settings::host_ca().ok(),
            };
            let cache = store.root().join("feeds");
            let summary = Database::update(&mirror, &cache, &path, &options, &progress)?;
            told(printer, &summary);
        }
        Command::Status { format, age } => {
            let database = Database::open_read_only(&path)?;
            let status = database.status();
            match format {
                Format::Json => printer.line(&serde_json::to_string_pretty(status)?)?,
                Format::Table => printer.data(&table(status))?,
            }
            for warning in doubts(status, jiff::Timestamp::now()) {
                printer.warn(&warning);
            }
            age.check(status, printer)?;
        }
        Command::Query {
            what,
            ecosystem,
            format,
        } => {
            let query = Query::new(&what).map_err(Failure::usage)?;
            let query = match &ecosystem {
                Some(ecosystem) => query.within(ecosystem),
                None => query,
            };
            let found = Database::open_read_only(&path)?.query(&query)?;
            if format == Format::Json {
                printer.line(&serde_json::to_string_pretty(&found)?)?;
            }
            // A script that looks at the code alone must not take this for an answer, whatever the form.
            if found.is_empty() {
                return Err(Failure::new(format!(
                    "the database knows no package and no advisory `{what}`"
                ))
                .with_hint(
                    "distributions' advisories name source packages, such as `glibc` and not `libc6`; \
                     `plimsoll db status` lists what the database covers",
                )
                .into());
            }
            match format {
                Format::Json => {}
                Format::Table => {
                    let rows: Vec<Vec<String>> = found
                        .into_iter()
                        .map(|one| {
                            let exploited = if one.known_exploited { " (exploited)" } else { "" };
                            let id = format!("{}{exploited}", one.id);
                            vec![
                                one.release,
                                one.package,
                                id,
                                one.severity.to_string(),
                                one.affected,
                                one.title,
                            ]
                        })
                        .collect();
                    printer.data(&columns(
                        &["RELEASE", "PACKAGE", "ID", "SEVERITY", "AFFECTED", "TITLE"],
                        &rows,
                    ))?;
                }
            }
        }
    }
    Ok(exit::DONE)
}

/// What a person should know before relying on the database.
fn doubts(status: &Status, now: jiff::Timestamp) -> Vec<String> {
    const OLD: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);
    let mut doubts = Vec::new();
    for feed in &status.feeds {
        let newest = feed
            .newest
            .as_deref()
            .and_then(|date| date.parse::<jiff::Timestamp>().ok());
        let age = newest
            .map(|newest| now.duration_since(newest))
            .filter(|age| *age > OLD);
        if let Some(age) = age {
            let age = crate::human::duration(age);
            doubts.push(format!("the newest record of {} is {age} old", feed.feed.name));
        }
    }
    if !status.has_known_exploited() {
        doubts.push("CISA KEV is not in it, so nothing is known to be exploited".to_owned());
    }
    doubts
}

/// Tells on stderr which feed is read.
struct Told(Printer);

impl Progress for Told {
    fn fetched(&self, file: &str, changed: bool) {
        self.0.status(&format!(
            "{} {file}",
            if changed { "fetched" } else { "unchanged" }
        ));
    }

    fn waiting(&self, whom: &str) {
        self.0.status(&format!("waiting for {whom}"));
    }

    fn read(&self, file: &str, records: u64) {
        self.0.status(&format!("read {file}: {records} records"));
    }
}

fn told(printer: Printer, summary: &Summary) {
    for unused in &summary.status.unused {
        printer.warn(&format!("`{}` is not used: {}", unused.path, unused.reason));
    }
    for warning in &summary.warnings {
        printer.warn(warning);
    }
    let records: u64 = summary.status.feeds.iter().map(|feed| feed.records).sum();
    printer.status(&totals(records, summary.status.feeds.len(), summary.size));
}

/// How much is in a database of so many bytes.
fn totals(records: u64, feeds: usize, size: u64) -> String {
    let plural = |number: u64| if number == 1 { "" } else { "s" };
    format!(
        "{records} record{} of {feeds} feed{} in {}",
        plural(records),
        plural(feeds as u64),
        crate::human::size(size)
    )
}

fn table(status: &Status) -> String {
    let rows: Vec<Vec<String>> = status
        .feeds
        .iter()
        .map(|feed| {
            let newest = feed.newest.clone().unwrap_or_else(|| "unknown".to_owned());
            vec![
                feed.feed.id.clone(),
                feed.feed.name.clone(),
                feed.records.to_string(),
                newest,
            ]
        })
        .collect();
    let age = crate::human::duration(status.age(jiff::Timestamp::now())).to_lowercase();
    let newest = status.newest().unwrap_or("unknown");
    let head = format!("built {} ({age} ago), newest record {newest}\n", status.built_at);
    let releases: Vec<Vec<String>> = status
        .releases
        .iter()
        .map(|release| {
            vec![
                release.name.clone(),
                release.feed.clone(),
                release.advisories.to_string(),
                release.as_of.clone(),
            ]
        })
        .collect();
    let feeds = columns(&["FEED", "NAME", "RECORDS", "NEWEST"], &rows);
    let covered = columns(&["COVERS", "FEED", "ADVISORIES", "AS OF"], &releases);
    let unused = status
        .unused
        .iter()
        .map(|unused| format!("not used: `{}`: {}\n", unused.path, unused.reason));
    format!("{head}\n{feeds}\n{covered}\n{}", unused.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!(totals(10, 1, 133_000), "10 records of 1 feed in 133kB");
        assert_eq!(totals(1, 2, 999), "1 record of 2 feeds in 999B");
    }
}
