//! JUnit XML, so that a build server shows findings as failed tests.

use std::fmt::{self, Display, Write as _};

use crate::ScanReport;
use crate::facts::place;
use crate::shown::{NONE, fixed, nothing_in};
use crate::targets::targets;
use crate::text::{runs, shortfalls_first};

/// The report as test suites: one for each target, one for secrets and one for licences. A finding is a failed case;
/// what was not assessed is a skipped one, and a target without findings has a single passed case.
pub fn render(report: &ScanReport) -> String {
    let mut suites: Vec<Suite> = Vec::new();
    for target in targets(report) {
        let mut suite = Suite::new(&target.title);
        for found in &target.vulnerabilities {
            let package = &found.package;
            let fixed = fixed(found);
            let fix = fixed
                .as_deref()
                .map_or(["", ""], |version| ["; fixed in ", version]);
            suite.failed(
                &[&package.name, " ", &package.version].concat(),
                &["[", found.severity.as_str(), "] ", &found.id].concat(),
                &[&found.title, fix[0], fix[1], "\n", &found.reason].concat(),
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
        if suite.tests == 0 {
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
            .filter(|suite| suite.tests > 0),
    );
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        Escaped(&report.artifact.name),
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.skips),
    );
    for suite in &suites {
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\" time=\"0\" timestamp=\"{}\">",
            Escaped(&suite.name),
            suite.tests,
            suite.failures,
            suite.skips,
            Escaped(&report.created_at),
        );
        text.push_str(&suite.cases);
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

struct Suite {
    name: String,
    /// The cases in XML, one after another.
    cases: String,
    tests: usize,
    failures: usize,
    skips: usize,
}

impl Suite {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            cases: String::new(),
            tests: 0,
            failures: 0,
            skips: 0,
        }
    }

    /// Adds a case, with what came of it in XML.
    fn case(&mut self, class: &str, name: &str, outcome: impl Display) {
        self.tests += 1;
        let (class, name) = (Escaped(class), Escaped(name));
        let _ = writeln!(
            self.cases,
            "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\">{outcome}</testcase>"
        );
    }

    fn failed(&mut self, class: &str, name: &str, text: &str) {
        self.failures += 1;
        let message = Escaped(text.lines().next().unwrap_or_default());
        let text = Escaped(text);
        self.case(
            class,
            name,
            format_args!("<failure message=\"{message}\" type=\"finding\">{text}</failure>"),
        );
    }

    fn skipped(&mut self, name: &str, reason: &str) {
        self.skips += 1;
        let reason = Escaped(reason);
        self.case(
            "not assessed",
            name,
            format_args!("<skipped message=\"{reason}\"/>"),
        );
    }

    fn passed(&mut self, name: &str) {
        self.case("vulnerabilities", name, "");
    }
}

/// A foreign text in XML 1.0, which has no place for most control characters.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte| matches!(byte, b' '..=b'~') && !b"<>&\"".contains(&byte);
        for (plain, other) in runs(self.0, is_plain) {
            f.write_str(plain)?;
            match other {
                None => {}
                Some('<') => f.write_str("&lt;")?,
                Some('>') => f.write_str("&gt;")?,
                Some('&') => f.write_str("&amp;")?,
                Some('"') => f.write_str("&quot;")?,
                Some('\n') => f.write_str("&#10;")?,
                Some('\t') => f.write_str("&#9;")?,
                Some(control) if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                    f.write_char('\u{fffd}')?;
                }
                Some(other) => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_stay_texts() {
        assert_eq!(
            Escaped("<a b=\"c\">&\u{1b}\n]]>").to_string(),
            "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}&#10;]]&gt;"
        );
    }
}
