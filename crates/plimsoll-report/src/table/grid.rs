use std::borrow::Cow;

use comfy_table::{
    ColumnConstraint, ContentArrangement, ContentLineStyle, Table, TableStyle, Width, presets,
};
use unicode_width::UnicodeWidthStr;

use super::Style;
use super::paint::Paint;

/// One table: cells between lines, none of them with a line feed in it. Without a width to fit into it is drawn here at
/// once, since each column is as wide as its widest cell; else another library finds out what goes where.
pub(super) struct Grid<'a> {
    header: Vec<String>,
    rows: Vec<Vec<Cow<'a, str>>>,
    /// Columns that are not to be broken.
    whole: Vec<usize>,
    /// The largest part of the table that a column may take, in percent.
    bounds: Vec<(usize, u16)>,
    width: Option<u16>,
}

const LINE: ContentLineStyle = ContentLineStyle::new('│', '│', '│');
const LINES: TableStyle = presets::UTF8_FULL_CONDENSED
    .header_lines(LINE)
    .content_lines(LINE);

impl<'a> Grid<'a> {
    /// A table with these column titles, or none at all.
    pub(super) fn new(style: Style, header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|title| Paint::Bold.of(title)).collect(),
            rows: Vec::new(),
            whole: Vec::new(),
            bounds: Vec::new(),
            width: style.width,
        }
    }

    /// Adds a row, which has as many cells as every other one and the header.
    pub(super) fn row(&mut self, cells: impl Into<Vec<Cow<'a, str>>>) {
        self.rows.push(cells.into());
    }

    /// Columns that are not to be broken: ids and versions are copied from a table.
    pub(super) fn keep_whole(&mut self, columns: &[usize]) {
        self.whole.extend(columns);
    }

    /// No column wider than this part of the table, so that one long cell does not starve the others.
    pub(super) fn bound(&mut self, column: usize, percentage: u16) {
        self.bounds.push((column, percentage));
    }

    /// Appends the table and a line feed.
    pub(super) fn put(&self, text: &mut String) {
        match self.width {
            Some(_) => text.push_str(&self.arranged().trim_fmt()),
            None => self.draw(text),
        }
        text.push('\n');
    }

    fn arranged(&self) -> Table {
        let mut table = Table::new();
        table.load_style(LINES);
        if !self.header.is_empty() {
            table.set_header(&self.header);
        }
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width.max(40));
        }
        for row in &self.rows {
            table.add_row(row);
        }
        let whole = self.whole.iter();
        let whole = whole.map(|column| (*column, ColumnConstraint::ContentWidth));
        let bounds = self.bounds.iter().map(|(column, percentage)| {
            let width = Width::Percentage(*percentage);
            (*column, ColumnConstraint::UpperBoundary(width))
        });
        for (column, constraint) in whole.chain(bounds) {
            if let Some(column) = table.column_mut(column) {
                column.set_constraint(constraint);
            }
        }
        table
    }

    fn draw(&self, text: &mut String) {
        let mut widths: Vec<usize> = self.header.iter().map(|title| columns(title).max(1)).collect();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 1);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(columns(cell));
            }
        }
        draw_line(text, &widths, ["┌", "─", "┬", "┐"]);
        if !self.header.is_empty() {
            text.push('\n');
            draw_row(text, &widths, &self.header);
            text.push('\n');
            draw_line(text, &widths, ["╞", "═", "╪", "╡"]);
        }
        for row in &self.rows {
            text.push('\n');
            draw_row(text, &widths, row);
        }
        text.push('\n');
        draw_line(text, &widths, ["└", "─", "┴", "┘"]);
    }
}

fn draw_line(text: &mut String, widths: &[usize], [left, fill, junction, right]: [&str; 4]) {
    for (column, width) in widths.iter().enumerate() {
        text.push_str(if column == 0 { left } else { junction });
        text.extend(std::iter::repeat_n(fill, width + 2));
    }
    text.push_str(right);
}

fn draw_row(text: &mut String, widths: &[usize], cells: &[impl AsRef<str>]) {
    for (cell, width) in cells.iter().map(AsRef::as_ref).zip(widths) {
        text.push_str("│ ");
        text.push_str(cell);
        let mut left = width.saturating_sub(columns(cell)) + 1;
        while left > 0 {
            let some = left.min(SPACES.len());
            text.push_str(&SPACES[..some]);
            left -= some;
        }
    }
    text.push('│');
}

const SPACES: &str = "                                                                ";

/// How many columns of a terminal a text without control characters takes.
fn columns(text: &str) -> usize {
    match text.is_ascii() {
        true => text.len(),
        false => text.width(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tables_are_drawn_as_by_the_library(
            has_header in any::<bool>(),
            rows in prop::collection::vec(prop::array::uniform3("[a-z 長é\u{301}👍🏽\u{2062}]{0,12}"), 1..5),
        ) {
            let header: &[&str] = if has_header { &["One", "", "Three"] } else { &[] };
            let mut grid = Grid::new(Style::default(), header);
            for row in &rows {
                grid.row(row.each_ref().map(Cow::from));
            }
            grid.keep_whole(&[1]);
            grid.bound(2, 30);
            let mut text = String::new();
            grid.put(&mut text);
            prop_assert_eq!(text.trim_end_matches('\n'), grid.arranged().trim_fmt());
        }
    }
}
