use std::fmt;

use plimsoll_core::LicenseCategory;

use crate::category;

/// One licence of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// An identifier of the SPDX licence list that is not deprecated, or a `LicenseRef-`.
    pub license: String,
    /// Whether later versions may be chosen; for the GNU licences the identifier says so instead.
    pub or_later: bool,
    /// An exception of the SPDX list.
    pub exception: Option<String>,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.license)?;
        if self.or_later {
            f.write_str("+")?;
        }
        match &self.exception {
            Some(exception) => write!(f, " WITH {exception}"),
            None => Ok(()),
        }
    }
}

/// A valid SPDX licence expression; its text is canonical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A single licence.
    License(Term),
    /// All of these hold.
    And(Vec<Expression>),
    /// One of these may be chosen.
    Or(Vec<Expression>),
}

impl Expression {
    /// Whether more than one licence is named.
    pub fn is_compound(&self) -> bool {
        !matches!(self, Self::License(_))
    }

    /// The identifier, where the expression is one licence of the SPDX list and nothing else.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::License(term) if !term.or_later && term.exception.is_none() => {
                (!term.license.starts_with("LicenseRef-")).then_some(term.license.as_str())
            }
            _ => None,
        }
    }

    /// The licences that it names, in their order.
    pub fn terms(&self) -> Vec<&Term> {
        match self {
            Self::License(term) => vec![term],
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::terms).collect(),
        }
    }

    /// What it asks of who passes the software on: the worst of licences that all hold, the best of those to choose
    /// from. Where an unknown one could make it worse, it is unknown.
    pub fn category(&self) -> LicenseCategory {
        match self {
            Self::License(term) => category(&term.license),
            Self::And(parts) => {
                // The variants go from the worst to the best, and unknown stands behind.
                let all = parts.iter().map(Self::category);
                let worst = all.clone().min().unwrap_or(LicenseCategory::Unknown);
                let unknown = all.into_iter().any(|one| one == LicenseCategory::Unknown);
                if unknown && worst > LicenseCategory::Restricted {
                    LicenseCategory::Unknown
                } else {
                    worst
                }
            }
            Self::Or(parts) => {
                let known = parts.iter().map(Self::category);
                let known = known.filter(|one| *one != LicenseCategory::Unknown);
                known.max().unwrap_or(LicenseCategory::Unknown)
            }
        }
    }

    /// `parts` joined, nested ones of the same kind taken up; `None` where there are none.
    pub(crate) fn joined(parts: Vec<Self>, and: bool) -> Option<Self> {
        let mut flat: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::And(inner) if and => flat.extend(inner),
                Self::Or(inner) if !and => flat.extend(inner),
                other => flat.push(other),
            }
        }
        let mut once: Vec<Self> = Vec::new();
        for part in flat {
            if !once.contains(&part) {
                once.push(part);
            }
        }
        match once.len() {
            0 | 1 => once.pop(),
            _ if and => Some(Self::And(once)),
            _ => Some(Self::Or(once)),
        }
    }

    /// One expression that says that all of these hold; `None` where there are none.
    pub fn all(parts: Vec<Self>) -> Option<Self> {
        Self::joined(parts, true)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, operator) = match self {
            Self::License(term) => return term.fmt(f),
            Self::And(parts) => (parts, " AND "),
            Self::Or(parts) => (parts, " OR "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(operator)?;
            }
            // AND binds more tightly than OR.
            match (self, part) {
                (Self::And(_), Self::Or(_)) => write!(f, "({part})")?,
                _ => part.fmt(f)?,
            }
        }
        Ok(())
    }
}
