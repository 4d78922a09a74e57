//! Tables for a terminal.

mod audit;
mod comparison;
mod grid;
mod paint;
mod remedies;
mod scan;

pub use audit::audit;
pub use comparison::comparison;
pub use scan::scan;

use grid::Grid;
use paint::{Paint, finish};

use crate::text::{clean, count, coverage, shortfalls_first};
use crate::{Coverage, DatabaseSummary};

/// How tables are drawn. Nothing about the terminal is found out here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// The columns of the terminal; `None` for tables as wide as their content.
    pub width: Option<u16>,
    /// Whether words are coloured.
    pub color: bool,
}

impl Style {
    /// Whether there is little room, so that what matters least is left out.
    fn is_narrow(self) -> bool {
        self.width.is_some_and(|width| width < 100)
    }

    /// A table with these column titles.
    fn table<'a>(self, header: &[&str]) -> Grid<'a> {
        Grid::new(self, header)
    }

    /// Puts painted words in their colours, or takes the paint off.
    fn finish(self, text: &str) -> String {
        finish(text, self.color)
    }
}

fn heading(text: &mut String, title: &str) {
    text.push('\n');
    text.push_str(&Paint::Bold.of(title));
    text.push('\n');
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// What was assessed, what was not being first.
fn coverage_lines(text: &mut String, all: &[Coverage], database: Option<&DatabaseSummary>) {
    if all.is_empty() {
        let word = Paint::Bad.of("not assessed");
        line(text, &format!("{word}: no packages of a known kind were found"));
    }
    for one in shortfalls_first(all) {
        let (word, why) = coverage(one);
        let paint = if one.is_assessed() {
            Paint::Good
        } else {
            Paint::Bad
        };
        let packages = one
            .packages
            .map(|number| format!(", {}", count(number, "package")));
        let packages = packages.unwrap_or_default();
        line(
            text,
            &format!(
                "{}: {}{packages}: {}",
                paint.of(word),
                clean(&one.subject),
                clean(&why)
            ),
        );
    }
    line(
        text,
        &format!("advisories: {}", clean(&crate::text::database(database))),
    );
}
