//! JUnit XML, so that a build server shows findings as failed tests.

use std::fmt::Write as _;

use crate::ScanReport;
use crate::facts::place;
use crate::shown::{NONE, fixed, nothing_in};
use crate::targets::targets;
use crate::text::shortfalls_first;

/// The report as test suites: one for each target, one for secrets and one for licences. A finding is a failed case;
/// what was not assessed is a skipped one, and a target without findings has a single passed case.
pub fn render(report: &ScanReport) -> String {
    let mut suites: Vec<Suite> = Vec::new();
    for target in targets(report) {
        let mut suite = Suite::new(&target.title);
        for found in &target.vulnerabilities {
            let package = &found.package;
            let fix = fixed(found).map(|version| format!("; fixed in {version}"));
            suite.failed(
                &format!("{} {}", package.name, package.version),
                &format!("[{}] {}", found.severity, found.id),
                &format!("{}{}\n{}", found.title, fix.unwrap_or_default(), found.reason),
            );
        }
        let about: Vec<_> = report
            .coverage
            .iter()
            .filter(|one| one.ecosystem == Some(target.ecosystem))
            .collect();
        for one in &about {
            if let Some(reason) = one.shortfall() {
                suite.skipped(&one.subject, reason);
            }
        }
        if suite.cases.is_empty() {
            let word = nothing_in(&target, report);
            match word.strip_prefix(NONE) {
                Some(of) => suite.passed(&format!("no known vulnerabilities{of}")),
                None => suite.skipped("vulnerabilities", &word),
            }
        }
        suites.push(suite);
    }
    let mut unread = Suite::new("Not read");
    for one in shortfalls_first(&report.coverage)
        .into_iter()
        .filter(|one| one.ecosystem.is_none())
    {
        unread.skipped(&one.subject, one.shortfall().unwrap_or_default());
    }
    let mut secrets = Suite::new("Secrets");
    for found in &report.secrets {
        let text = format!("{}\n{}", found.message, found.evidence);
        secrets.failed(
            &place(&found.place),
            &format!("[{}] {}", found.severity, found.check),
            &text,
        );
    }
    let mut licenses = Suite::new("Licences");
    for found in &report.licenses {
        let name = format!("{} {}", found.package.name, found.package.version);
        let category = crate::text::category(found.category);
        licenses.failed(
            &name,
            &format!("[{}] {}", found.severity, found.license),
            category,
        );
    }
    suites.extend(
        [unread, secrets, licenses]
            .into_iter()
            .filter(|suite| !suite.cases.is_empty()),
    );
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        escape(&report.artifact.name),
        sum(|suite| suite.cases.len()),
        sum(|suite| suite.failures),
        sum(|suite| suite.skips),
    );
    for suite in &suites {
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\" time=\"0\" timestamp=\"{}\">",
            escape(&suite.name),
            suite.cases.len(),
            suite.failures,
            suite.skips,
            escape(&report.created_at),
        );
        suite.cases.iter().for_each(|case| text.push_str(case));
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

struct Suite {
    name: String,
    cases: Vec<String>,
    failures: usize,
    skips: usize,
}

impl Suite {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            cases: Vec::new(),
            failures: 0,
            skips: 0,
        }
    }

    fn case(&mut self, class: &str, name: &str, inner: &str) {
        let (class, name) = (escape(class), escape(name));
        self.cases.push(format!(
            "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\">{inner}</testcase>\n"
        ));
    }

    fn failed(&mut self, class: &str, name: &str, text: &str) {
        self.failures += 1;
        let message = escape(text.lines().next().unwrap_or_default());
        let failure = format!(
            "<failure message=\"{message}\" type=\"finding\">{}</failure>",
            escape(text)
        );
        self.case(class, name, &failure);
    }

    fn skipped(&mut self, name: &str, reason: &str) {
        self.skips += 1;
        self.case(
            "not assessed",
            name,
            &format!("<skipped message=\"{}\"/>", escape(reason)),
        );
    }

    fn passed(&mut self, name: &str) {
        self.case("vulnerabilities", name, "");
    }
}

/// A foreign text in XML 1.0, which has no place for most control characters.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_stay_texts() {
        assert_eq!(
            escape("<a b=\"c\">&\u{1b}\n]]>"),
            "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}&#10;]]&gt;"
        );
    }
}
