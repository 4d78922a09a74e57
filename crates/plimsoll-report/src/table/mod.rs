//! Tables for a terminal.

mod audit;
mod comparison;
mod paint;
mod remedies;
mod scan;

pub use audit::audit;
pub use comparison::comparison;
pub use scan::scan;

use comfy_table::{
    ColumnConstraint, ContentArrangement, ContentLineStyle, Table, TableStyle, Width, presets,
};
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

const LINE: ContentLineStyle = ContentLineStyle::new('│', '│', '│');
const LINES: TableStyle = presets::UTF8_FULL_CONDENSED
    .header_lines(LINE)
    .content_lines(LINE);

impl Style {
    /// Whether there is little room, so that what matters least is left out.
    fn is_narrow(self) -> bool {
        self.width.is_some_and(|width| width < 100)
    }

    /// A table with these column titles.
    fn table(self, header: &[&str]) -> Table {
        let mut table = Table::new();
        table.load_style(LINES);
        if !header.is_empty() {
            table.set_header(header.iter().map(|title| Paint::Bold.of(title)));
        }
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width.max(40));
        }
        table
    }

    /// Puts painted words in their colours, or takes the paint off.
    fn finish(self, text: &str) -> String {
        finish(text, self.color)
    }
}

/// Columns that are not to be broken: ids and versions are copied from a table.
fn keep_whole(table: &mut Table, columns: &[usize]) {
    for index in columns {
        if let Some(column) = table.column_mut(*index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// No column wider than this part of the table, so that one long cell does not starve the others.
fn bound(table: &mut Table, column: usize, percentage: u16) {
    if let Some(column) = table.column_mut(column) {
        column.set_constraint(ColumnConstraint::UpperBoundary(Width::Percentage(percentage)));
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

fn put(text: &mut String, table: &Table) {
    text.push_str(&table.trim_fmt());
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
