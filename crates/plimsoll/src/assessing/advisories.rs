//! Which advisories an image is compared with: the store's database, else the small set that is built in.

use plimsoll_advisory::{Coverage, CoverageState, Database, Error, builtin};
use plimsoll_image::Store;
use plimsoll_report::{CoverageStatus, DatabaseSummary, FeedSummary};

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
        match Database::open_read_only(&store.advisories_path()) {
            Ok(database) => Ok(Self::Store(Box::new(database))),
            Err(Error::NoDatabase { .. }) => Ok(Self::Builtin),
            Err(error) => Err(error.into()),
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
