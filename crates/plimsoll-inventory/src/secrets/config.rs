use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use plimsoll_core::{Finding, Hint, Place, Severity};
use plimsoll_image::ImageConfig;
use regex::Regex;

use super::names::{is_literal, names_a_secret};
use super::redaction::{Redaction, Taken};
use super::rules::search;

/// Secrets in the configuration of an image: `Env`, `Labels`, the commands, and the history with its `ENV`, `ARG` and
/// build arguments.
pub(crate) fn in_config(config: &ImageConfig) -> (Vec<Finding>, Redaction) {
    let mut found = Found::default();
    for variable in &config.config.env {
        if let Some((name, value)) = variable.split_once('=') {
            found.variable("Env", name, value);
        }
    }
    for (name, value) in &config.config.labels {
        found.variable(&format!("Labels.{name}"), name, value);
    }
    let commands = [
        ("Entrypoint", config.config.entrypoint.as_deref()),
        ("Cmd", config.config.cmd.as_deref()),
        (
            "Healthcheck",
            config
                .config
                .healthcheck
                .as_ref()
                .map(|check| check.test.as_slice()),
        ),
        ("OnBuild", Some(config.config.on_build.as_slice())),
    ];
    for (field, words) in commands {
        found.text(field, &words.unwrap_or_default().join(" "));
    }
    for (index, entry) in config.history.iter().enumerate() {
        let field = format!("History[{index}]");
        let line = entry.created_by.as_deref().unwrap_or_default();
        for (name, value) in assignments(line) {
            found.variable(&field, &name, &value);
        }
        found.text(&field, line);
    }
    (found.findings, Redaction::new(&found.taken))
}

#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    /// What has been told: a variable stands in `Env` and once more in the history.
    told: BTreeSet<(String, String)>,
    /// What is not shown.
    taken: BTreeSet<Taken>,
}

impl Found {
    fn variable(&mut self, field: &str, name: &str, value: &str) {
        if names_a_secret(name) && is_literal(value) {
            for before in ["=", "=\"", "='", " "] {
                self.taken.insert(Taken {
                    before: format!("{name}{before}"),
                    secret: value.to_owned(),
                    anywhere: true,
                });
            }
            if self.told.insert((name.to_owned(), value.to_owned())) {
                let message = format!("`{name}` has a value in the image's configuration");
                self.add(
                    field,
                    "secret-variable",
                    Severity::High,
                    message,
                    format!("{name}=********"),
                );
            }
            return;
        }
        self.text(field, value);
    }

    fn text(&mut self, field: &str, text: &str) {
        let part = |range: Range<usize>| {
            let bytes = text.as_bytes().get(range).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        let found = search(text.as_bytes());
        for hidden in found.hidden {
            self.taken.insert(Taken {
                before: part(hidden.start..hidden.secret.start),
                secret: part(hidden.secret),
                anywhere: !hidden.filling,
            });
        }
        for found in found.told {
            let secret = part(found.secret.clone());
            let with_name = part(found.start..found.secret.end);
            let is_told = |(_, value): &(String, String)| *value == secret || value.contains(&with_name);
            if self.told.iter().any(is_told) {
                continue;
            }
            self.told.insert((String::new(), secret));
            let message = format!("secret in the image's configuration: {}", found.title);
            self.add(
                field,
                &format!("secret-{}", found.rule),
                found.severity,
                message,
                found.redacted,
            );
        }
    }

    fn add(&mut self, field: &str, check: &str, severity: Severity, message: String, evidence: String) {
        self.findings.push(Finding {
            check: check.to_owned(),
            severity,
            message,
            place: Place::Config {
                field: field.to_owned(),
            },
            evidence,
            remedy: Some(Hint::new(
                "revoke it, give it at run time, and where the build needs it use `RUN --mount=type=secret`",
            )),
        });
    }
}

/// The assignments that a history line makes or records: `ENV A=b C="d"`, `ENV A b`, `ARG A=b`, the build arguments of
/// `RUN |1 A=b /bin/sh -c ...`, and upper-case shell variables of a `RUN`.
fn assignments(line: &str) -> Vec<(String, String)> {
    let line = line.trim().trim_end_matches("# buildkit").trim();
    let line = line.strip_prefix("/bin/sh -c #(nop)").unwrap_or(line).trim();
    if let Some(rest) = line.strip_prefix("ENV ").or_else(|| line.strip_prefix("ARG ")) {
        let rest = rest.trim();
        let (first, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        if !first.contains('=') {
            return vec![(first.to_owned(), value.trim().to_owned())];
        }
        return ASSIGNMENT
            .captures_iter(rest)
            .map(|captures| pair(&captures))
            .collect();
    }
    let shell =
        |(name, _): &(String, String)| !name.contains(|character: char| character.is_ascii_lowercase());
    let run = line.strip_prefix("RUN ").unwrap_or(line);
    let recorded = run
        .strip_prefix('|')
        .and_then(|rest| rest.split_once(" /bin/sh -c "));
    let (arguments, command) = recorded.unwrap_or(("", run));
    let arguments = ASSIGNMENT
        .captures_iter(arguments)
        .map(|captures| pair(&captures));
    arguments
        .chain(
            ASSIGNMENT
                .captures_iter(command)
                .map(|captures| pair(&captures))
                .filter(shell),
        )
        .collect()
}

fn pair(captures: &regex::Captures<'_>) -> (String, String) {
    (
        captures[1].to_owned(),
        captures[2].trim_matches(['"', '\'']).to_owned(),
    )
}

static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:^|[ \t\r\n;&|('"])([A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^ \t\r\n;&|)'"]*)"#)
        .expect("the pattern is constant")
});

#[cfg(test)]
mod tests {
    use plimsoll_image::History;

    use super::*;

    fn config(env: &[&str], history: &[&str]) -> ImageConfig {
        let mut config = ImageConfig::default();
        config.config.env = env.iter().map(|&text| text.to_owned()).collect();
        let entry = |line: &&str| History {
            created_by: Some((*line).to_owned()),
            ..History::default()
        };
        config.history = history.iter().map(entry).collect();
        config
    }

    fn shown(config: &ImageConfig) -> Vec<String> {
        let place = |place: &Place| match place {
            Place::Config { field } => field.clone(),
            other => format!("{other:?}"),
        };
        in_config(config)
            .0
            .iter()
            .map(|finding| format!("{} {} {}", place(&finding.place), finding.check, finding.evidence))
            .collect()
    }

    #[test]
    fn variables_by_name() {
        let config = config(
            &[
                "PATH=/bin",
                "DB_PASSWORD=hunter2",
                "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
                "TOKEN_FILE=x",
            ],
            &[
                "/bin/sh -c #(nop)  ENV DB_PASSWORD=hunter2",
                "ENV OLD_TOKEN old value # buildkit",
                "ARG NPM_TOKEN=abc",
                "RUN |2 API_KEY=k VERSION=1 /bin/sh -c make # buildkit",
                "RUN /bin/sh -c SECRET_KEY='s' ./build && X_TOKEN=$TOKEN y",
                "RUN /bin/sh -c curl --token=abc",
            ],
        );
        assert_eq!(
            shown(&config),
            [
                "Env secret-variable DB_PASSWORD=********",
                "History[1] secret-variable OLD_TOKEN=********",
                "History[2] secret-variable NPM_TOKEN=********",
                "History[3] secret-variable API_KEY=********",
                "History[4] secret-variable SECRET_KEY=********",
            ]
        );
    }

    #[test]
    fn forms_in_values_and_lines() {
        let token = format!("{}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a", "ghp_");
        let config = config(
            &[
                "DATABASE_URL=postgres://app:s3cret@db/app",
                &format!("CI={token}"),
            ],
            &[
                &format!("RUN /bin/sh -c git clone https://{token}@example.test/r"),
                "ENV URL=http://u:$P@h",
            ],
        );
        let found = shown(&config);
        assert_eq!(found[0], "Env secret-url-password postgres://app:********");
        assert_eq!(found[1], "Env secret-github-token ghp_********");
        // What stands in the history is the same token.
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn each_password_of_a_command_is_told_once() {
        let config = config(
            &[],
            &[
                "RUN /bin/sh -c curl -u a:hU7x2Qm9ZtR4 https://a.test",
                "RUN /bin/sh -c curl -u a:kP4w9Vn2XsL6 https://a.test",
                "RUN /bin/sh -c curl -u a:kP4w9Vn2XsL6 https://b.test",
                "RUN /bin/sh -c mysql -pyD5r8Tc3BmJ1 x",
            ],
        );
        assert_eq!(
            shown(&config),
            [
                "History[0] secret-command-password curl ********",
                "History[1] secret-command-password curl ********",
                "History[3] secret-command-password mysql ********",
            ]
        );
    }

    #[test]
    fn examples_are_not_told_and_not_shown() {
        let lines = [
            (
                "RUN git clone https://deploy:hunter2@git.example.com/x",
                0,
                "RUN git clone https://deploy:********@git.example.com/x",
            ),
            (
                "RUN git clone https://deploy:hunter2@git.myexample.com/x",
                1,
                "RUN git clone https://deploy:********@git.myexample.com/x",
            ),
            (
                "RUN redis-cli -u redis://:s3cr3tpw@example.com:6379,prod.test:6379",
                1,
                "RUN redis-cli -u redis://:********@example.com:6379,prod.test:6379",
            ),
            (
                "RUN x postgres://app:4youreyes99X@db/app",
                1,
                "RUN x postgres://app:********@db/app",
            ),
            (
                "RUN x https://user:password@a.test password",
                0,
                "RUN x https://user:********@a.test password",
            ),
            (
                "RUN x https://u:abc@a.test abc",
                1,
                "RUN x https://u:********@a.test abc",
            ),
            (
                "RUN x https://a.test/@scope:1",
                0,
                "RUN x https://a.test/@scope:1",
            ),
        ];
        for (line, count, redacted) in lines {
            let config = config(&[], &[line]);
            let (found, redaction) = in_config(&config);
            assert_eq!(found.len(), count, "{line}: {found:?}");
            assert_eq!(redaction.text(line), redacted);
            let label = &format!("URL={}", &line[4..]);
            let config = self::config(&[label], &[]);
            assert_eq!(Redaction::of(&config).text(line), redacted);
        }
    }
}
