use plimsoll_core::Assessment;

/// What came of looking at one thing, with what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Whether it holds, does not, or could not be looked at.
    pub assessment: Assessment,
    /// What was seen, or why nothing could be.
    pub evidence: String,
}

impl Observed {
    /// It holds.
    pub fn met(evidence: impl Into<String>) -> Self {
        Self {
            assessment: Assessment::Met,
            evidence: evidence.into(),
        }
    }

    /// It does not hold.
    pub fn unmet(evidence: impl Into<String>) -> Self {
        Self {
            assessment: Assessment::Unmet,
            evidence: evidence.into(),
        }
    }

    /// It could not be looked at.
    pub fn not_assessed(reason: impl Into<String>) -> Self {
        Self {
            assessment: Assessment::NotAssessed,
            evidence: reason.into(),
        }
    }

    /// [`Observed::met`] or [`Observed::unmet`].
    pub fn when(holds: bool, evidence: impl Into<String>) -> Self {
        if holds {
            Self::met(evidence)
        } else {
            Self::unmet(evidence)
        }
    }

    /// Both must hold; the first that does not is what is told.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.assessment, other.assessment) {
            (Assessment::Unmet, _) => self,
            (_, Assessment::Unmet) => other,
            (Assessment::NotAssessed, _) => self,
            (_, Assessment::NotAssessed) => other,
            (Assessment::Met, Assessment::Met) => Self::met(
                [self.evidence, other.evidence]
                    .iter()
                    .filter(|text| !text.is_empty())
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        }
    }
}
