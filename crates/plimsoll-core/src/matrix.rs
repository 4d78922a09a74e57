//! The readiness matrix: nine criteria, three lines, and what was seen for each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A level of the readiness matrix, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the three words of the matrix")]
pub enum Line {
    Basic,
    Intermediate,
    Production,
}

impl Line {
    /// All lines, the lowest first.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Intermediate, Self::Production];

    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Intermediate => "intermediate",
            Self::Production => "production",
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a line; use basic, intermediate or production")]
pub struct ParseLineError(String);

impl FromStr for Line {
    type Err = ParseLineError;

    fn from_str(word: &str) -> Result<Self, ParseLineError> {
        Self::ALL
            .into_iter()
            .find(|line| line.as_str() == word)
            .ok_or_else(|| ParseLineError(word.to_owned()))
    }
}

/// A row of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the nine words of the matrix")]
pub enum Criterion {
    Size,
    Layers,
    User,
    Health,
    Labels,
    Vulnerabilities,
    Secrets,
    Hardening,
    Lifecycle,
}

impl Criterion {
    /// All criteria, in the order in which the matrix shows them.
    pub const ALL: [Self; 9] = [
        Self::Size,
        Self::Layers,
        Self::User,
        Self::Health,
        Self::Labels,
        Self::Vulnerabilities,
        Self::Secrets,
        Self::Hardening,
        Self::Lifecycle,
    ];

    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Layers => "layers",
            Self::User => "user",
            Self::Health => "health",
            Self::Labels => "labels",
            Self::Vulnerabilities => "vulnerabilities",
            Self::Secrets => "secrets",
            Self::Hardening => "hardening",
            Self::Lifecycle => "lifecycle",
        }
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What came of looking at one requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assessment {
    /// It was looked at and holds.
    Met,
    /// It was looked at and does not hold.
    Unmet,
    /// It could not be looked at; the evidence says why. This never counts as met.
    NotAssessed,
}

/// One requirement of a criterion at one line, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The line that asks for it.
    pub line: Line,
    /// What is asked: `< 150 MB`, `non-root by explicit UID, and it runs so`.
    pub requirement: String,
    /// What came of it.
    pub assessment: Assessment,
    /// What was seen, or why nothing could be.
    pub evidence: String,
}

/// One criterion with a cell for each line, the lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Which criterion.
    pub criterion: Criterion,
    /// Its cells, the lowest line first.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The highest line whose cell and all lower ones are met; `None` below basic.
    pub fn reached(&self) -> Option<Line> {
        self.cells
            .iter()
            .take_while(|cell| cell.assessment == Assessment::Met)
            .last()
            .map(|cell| cell.line)
    }

    /// The first cell that stands in the way of the next line.
    pub fn obstacle(&self) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.assessment != Assessment::Met)
    }
}

/// The whole matrix of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// One row for each criterion.
    pub rows: Vec<Row>,
}

impl Matrix {
    /// The line that the image reaches: the lowest that any criterion reaches. `None` below basic, and
    /// for a matrix with no row.
    pub fn reached(&self) -> Option<Line> {
        self.rows.iter().map(Row::reached).min().flatten()
    }

    /// What the matrix says about a required line.
    pub fn verdict(&self, required: Line) -> Verdict {
        let below = |row: &&Row| row.reached() < Some(required);
        let criteria = |rows: &mut dyn Iterator<Item = &Row>| rows.map(|row| row.criterion).collect();
        let not_assessed = |row: &&Row| {
            row.obstacle()
                .is_some_and(|cell| cell.assessment == Assessment::NotAssessed)
        };
        let reached = self.reached();
        let assessed = self
            .rows
            .iter()
            .filter(|row| !not_assessed(row))
            .map(Row::reached)
            .min()
            .flatten();
        Verdict {
            reached,
            assessed,
            required,
            passed: reached >= Some(required),
            below: criteria(&mut self.rows.iter().filter(below)),
            not_assessed: criteria(&mut self.rows.iter().filter(below).filter(|row| not_assessed(row))),
        }
    }
}

/// The line reached against the line required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The image's line; `None` below basic.
    pub reached: Option<Line>,
    /// The line that the criteria reach which could be assessed, the others left aside; `None` below basic. What is not
    /// assessed still caps the image's line.
    #[serde(default)]
    pub assessed: Option<Line>,
    /// The line asked for.
    pub required: Line,
    /// Whether the image is at or above it.
    pub passed: bool,
    /// The criteria below the required line.
    pub below: Vec<Criterion>,
    /// Those of them that are below only because something could not be assessed.
    pub not_assessed: Vec<Criterion>,
}

/// One point of the checklist that stands beside the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistItem {
    /// The point: `health check present and active`.
    pub title: String,
    /// What came of it.
    pub assessment: Assessment,
    /// What was seen, or why nothing could be.
    pub evidence: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(criterion: Criterion, assessments: [Assessment; 3]) -> Row {
        let cell = |(line, assessment)| Cell {
            line,
            requirement: String::new(),
            assessment,
            evidence: String::new(),
        };
        Row {
            criterion,
            cells: Line::ALL.into_iter().zip(assessments).map(cell).collect(),
        }
    }

    #[test]
    fn the_lowest_row_sets_the_line() {
        use Assessment::{Met, NotAssessed, Unmet};
        let matrix = Matrix {
            rows: vec![
                row(Criterion::Size, [Met, Met, Met]),
                row(Criterion::Layers, [Met, Met, Unmet]),
                row(Criterion::Vulnerabilities, [Met, NotAssessed, Met]),
            ],
        };
        assert_eq!(matrix.reached(), Some(Line::Basic));
        let verdict = matrix.verdict(Line::Production);
        assert!(!verdict.passed);
        assert_eq!(verdict.below, [Criterion::Layers, Criterion::Vulnerabilities]);
        assert_eq!(verdict.not_assessed, [Criterion::Vulnerabilities]);
        assert_eq!(verdict.assessed, Some(Line::Intermediate));
        assert!(matrix.verdict(Line::Basic).passed);
    }

    #[test]
    fn nothing_met_and_nothing_graded_are_below_basic() {
        let unmet = Matrix {
            rows: vec![row(Criterion::User, [Assessment::Unmet; 3])],
        };
        assert_eq!(unmet.reached(), None);
        assert!(!unmet.verdict(Line::Basic).passed);
        assert_eq!(Matrix { rows: Vec::new() }.reached(), None);
    }
}
