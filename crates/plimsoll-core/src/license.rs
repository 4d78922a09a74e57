use serde::{Deserialize, Serialize};

use crate::{Package, Severity};

/// What a licence asks of who passes the software on, after Google's classification of licences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseCategory {
    /// May not be used.
    Forbidden,
    /// The source of the whole work is to be shared.
    Restricted,
    /// The source of the licensed part and of changes to it is to be shared.
    Reciprocal,
    /// The licence is to be shown.
    Notice,
    /// Few conditions.
    Permissive,
    /// No conditions.
    Unencumbered,
    /// Not known here.
    Unknown,
}

/// A licence of a package, classified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseFinding {
    /// The licence: an SPDX identifier where it has one, else its text as stated.
    pub license: String,
    /// Its category.
    pub category: LicenseCategory,
    /// How bad that is.
    pub severity: Severity,
    /// The package.
    pub package: Package,
}
