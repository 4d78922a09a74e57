//! Which advisories an image is compared with: the store's database, else the small set that is built in.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use plimsoll_advisory::{Coverage, CoverageState, Database, Error, Status, builtin};
use plimsoll_image::Store;
use plimsoll_report::{CoverageStatus, DatabaseSummary, FeedSummary};

use crate::failure::Failure;
use crate::printer::Printer;
use crate::{human, values};

/// A database that is older is warned of, where no other age is asked for.
const OLD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How old the advisory database may be.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct AgeLimit {
    /// Fail when the advisory database was made longer ago: `12h`, `7d`
    #[arg(long, value_name = "AGE", value_parser = values::age)]
    max_db_age: Option<Duration>,
}

impl AgeLimit {
    /// Fails when the database is older than is asked for; warns of an old one where nothing is.
    pub(crate) fn check(&self, status: &Status, printer: Printer) -> Result<(), Failure> {
        let age = status.age(Timestamp::now());
        match self.max_db_age {
            Some(limit) if age > SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX) => {
                Err(Failure::new(format!(
                    "the advisory database is older than `--max-db-age` allows: it was made {} ago",
                    human::duration(age).to_lowercase()
                ))
                .with_hint("bring it up to date with `plimsoll db update`"))
            }
            None if age > OLD => {
                printer.warn(&format!(
                    "the advisory database was made {} ago; bring it up to date with `plimsoll db update`",
                    human::duration(age)
                ));
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn is_asked_for(&self) -> bool {
        self.max_db_age.is_some()
    }
}

/// An open advisory database.
pub(crate) enum Advisories {
    /// The store's.
    Store(Box<Database>),
    /// The set that is built into the program: it knows a few Python packages and nothing else.
    Builtin,
}

impl Advisories {
    /// The store's database, or the built-in set where there is none.
    pub(crate) fn open(store: &Store) -> anyhow::Result<Self> {
        Self::open_file(&store.advisories_path())
    }

    /// The database at `path`, or the built-in set where there is none.
    pub(crate) fn open_file(path: &Path) -> anyhow::Result<Self> {
        match Database::open_read_only(path) {
            Ok(database) => Ok(Self::Store(Box::new(database))),
            Err(Error::NoDatabase { .. }) => Ok(Self::Builtin),
            Err(error) => Err(error.into()),
        }
    }

    /// The database at `path`. Fails when there is none, unless the built-in set is asked for, and when it is older than allowed.
    pub(crate) fn required(
        path: &Path,
        limit: &AgeLimit,
        builtin: bool,
        printer: Printer,
    ) -> anyhow::Result<Self> {
        let known = Self::open_file(path)?;
        match &known {
            Self::Builtin if !builtin || limit.is_asked_for() => Err(Failure::new(
                "there is no advisory database, so nothing can be said about vulnerabilities",
            )
            .with_hint("fetch one with `plimsoll db update`, or make one with `plimsoll db build --from DIR`")
            .into()),
            Self::Builtin => Ok(known),
            Self::Store(database) => {
                limit.check(database.status(), printer)?;
                Ok(known)
            }
        }
    }

    pub(crate) fn is_builtin(&self) -> bool {
        matches!(self, Self::Builtin)
    }

    pub(crate) fn database(&self) -> &Database {
        match self {
            Self::Store(database) => database,
            Self::Builtin => builtin::database(),
        }
    }

    /// Whether it says which vulnerabilities are exploited.
    pub(crate) fn knows_exploited(&self) -> bool {
        self.database().has_known_exploited()
    }

    /// What reports say of it.
    pub(crate) fn summary(&self) -> DatabaseSummary {
        let status = self.database().status();
        let feeds = status.feeds.iter().map(|feed| FeedSummary {
            id: feed.feed.id.clone(),
            name: feed.feed.name.clone(),
            as_of: feed.newest.clone(),
            records: feed.records,
        });
        DatabaseSummary {
            builtin: self.is_builtin(),
            built_at: (!self.is_builtin()).then(|| status.built_at.to_string()),
            feeds: feeds.collect(),
        }
    }
}

/// The coverage as reports have it.
pub(super) fn coverage(coverage: &Coverage) -> plimsoll_report::Coverage {
    let kind = format!("{}s", coverage.ecosystem);
    let subject = match &coverage.release {
        Some(release) => format!("{kind} ({release})"),
        None => kind,
    };
    let status = match &coverage.state {
        CoverageState::Assessed { feed, as_of } => CoverageStatus::Assessed {
            feeds: vec![feed.name.clone()],
            as_of: Some(as_of.clone()),
        },
        CoverageState::Partial { feed, as_of, reason } => CoverageStatus::Partial {
            feeds: vec![feed.name.clone()],
            as_of: Some(as_of.clone()),
            reason: reason.clone(),
        },
        CoverageState::NotAssessed { reason } => CoverageStatus::NotAssessed {
            reason: reason.clone(),
        },
    };
    plimsoll_report::Coverage {
        subject,
        ecosystem: Some(coverage.ecosystem),
        packages: Some(coverage.packages),
        status,
    }
}
