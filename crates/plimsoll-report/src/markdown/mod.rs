//! GitHub-flavoured Markdown.

mod audit;
mod comparison;
mod remedies;
mod scan;

pub use audit::audit;
pub use comparison::comparison;
pub use scan::scan;

use plimsoll_core::{Finding, SeverityCounts, Vulnerability};

use crate::facts::place;
use crate::shown::{fixed, urgency, whence};
use crate::text::{self, clean, count, counts, name, shortened, shortfalls_first, status, worst_first};
use crate::{Coverage, DatabaseSummary};

/// More rows than this are folded.
const FOLD: usize = 15;

/// A foreign text as it stands, without meaning anything to Markdown or HTML. Code spans in it stay code spans where
/// `code` is true: our own messages have literals in backticks.
fn escape(text: &str, code: bool) -> String {
    let text = clean(text);
    let balanced = code && text.matches('`').count().is_multiple_of(2);
    let mut escaped = String::with_capacity(text.len());
    let mut in_code = false;
    for character in text.chars() {
        match character {
            '`' if balanced => in_code = !in_code,
            '|' => escaped.push('\\'),
            '<' if !in_code => {
                escaped.push_str("&lt;");
                continue;
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' if !in_code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(character);
    }
    escaped
}

/// Our own message, with its literals in backticks.
fn message(text: &str) -> String {
    escape(text, true)
}

/// A foreign text.
fn plain(text: &str) -> String {
    escape(text, false)
}

/// A foreign text as code: an id, a version, a path, a command.
fn literal(text: &str) -> String {
    let text = clean(text);
    if text.is_empty() {
        return String::new();
    }
    let text = text.replace('|', "\\|");
    let fence = if text.contains('`') { "``" } else { "`" };
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A table of cells that are Markdown already.
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|&title| title.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    fn write(&self, text: &mut String) {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        text.push_str(&line(&self.header));
        text.push_str(&line(&vec!["---".to_owned(); self.header.len()]));
        self.rows.iter().for_each(|row| text.push_str(&line(row)));
        text.push('\n');
    }

    /// As [`Table::write`], folded away under `summary` when it is long.
    fn write_folded(&self, text: &mut String, summary: &str) {
        if self.rows.len() <= FOLD {
            return self.write(text);
        }
        text.push_str(&format!("<details>\n<summary>{summary}</summary>\n\n"));
        self.write(text);
        text.push_str("</details>\n\n");
    }
}

fn heading(text: &mut String, level: usize, title: &str) {
    text.push_str(&format!("{} {title}\n\n", "#".repeat(level)));
}

/// What was assessed, what was not being first.
fn coverage(text: &mut String, all: &[Coverage], database: Option<&DatabaseSummary>) {
    if all.is_empty() {
        text.push_str("- **not assessed**: no packages of a known kind were found\n");
    }
    for one in shortfalls_first(all) {
        let (word, why) = text::coverage(one);
        let word = if one.is_assessed() {
            word.to_owned()
        } else {
            format!("**{word}**")
        };
        let packages = one
            .packages
            .map(|number| format!(", {}", count(number, "package")))
            .unwrap_or_default();
        text.push_str(&format!(
            "- {word}: {}{packages}: {}\n",
            plain(&one.subject),
            message(&why)
        ));
    }
    text.push_str(&format!("- advisories: {}\n\n", plain(&text::database(database))));
}

fn warnings(text: &mut String, all: &[String]) {
    if !all.is_empty() {
        all.iter()
            .for_each(|warning| text.push_str(&format!("- **warning**: {}\n", message(warning))));
        text.push('\n');
    }
}

fn vulnerabilities(text: &mut String, found: &[Vulnerability]) {
    let total: SeverityCounts = found.iter().map(|one| one.severity).collect();
    text.push_str(&format!("Total: {} ({})\n\n", total.total(), counts(&total)));
    let mut table = Table::new(&[
        "Severity",
        "Vulnerability",
        "Package",
        "Installed",
        "Fixed",
        "Status",
        "From",
        "Title",
    ]);
    for one in worst_first(found) {
        let known = match urgency(one) {
            word if word.is_empty() => word,
            word => format!(" **{word}**").into(),
        };
        let title = if one.title.is_empty() {
            &one.description
        } else {
            &one.title
        };
        table.row([
            one.severity.to_string(),
            format!("{}{known}", literal(&one.id)),
            literal(&name(&one.package)),
            literal(&one.package.version),
            literal(&fixed(one).unwrap_or_default()),
            status(&one.fix).replace('_', " "),
            literal(&whence(&one.package)),
            plain(&shortened(clean(title), 120)),
        ]);
    }
    table.write_folded(text, &count(found.len(), "vulnerability"));
}

fn findings(text: &mut String, found: &[Finding]) {
    let mut sorted: Vec<&Finding> = found.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut table = Table::new(&["Severity", "Check", "Place", "Finding", "Evidence", "Remedy"]);
    for finding in sorted {
        table.row([
            finding.severity.to_string(),
            literal(&finding.check),
            literal(&place(&finding.place)),
            message(&finding.message),
            literal(&shortened(clean(&finding.evidence), 120)),
            finding
                .remedy
                .as_ref()
                .map(|hint| message(&hint.0))
                .unwrap_or_default(),
        ]);
    }
    table.write_folded(text, &count(found.len(), "finding"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_stay_texts() {
        assert_eq!(
            plain("a|b <img> *x* [l](u)\nc"),
            "a\\|b &lt;img> \\*x\\* \\[l\\](u) c"
        );
        assert_eq!(message("`a|b*` and *c*"), "`a\\|b*` and \\*c\\*");
        assert_eq!(message("one ` only"), "one \\` only");
        assert_eq!(
            (literal("a|`b"), literal("")),
            ("``a\\|`b``".to_owned(), String::new())
        );
    }
}
