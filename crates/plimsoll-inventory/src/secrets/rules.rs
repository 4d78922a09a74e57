use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use plimsoll_core::Severity;
use regex::bytes::{Regex, RegexBuilder};

/// A form that secrets have whatever they are called.
struct Rule {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    /// Lower-case words; without any of them in a text the pattern is not tried.
    keywords: &'static [&'static str],
    /// The group `secret` is what is taken out; without one it is the whole match.
    pattern: &'static str,
}

/// A match with the secret taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) rule: &'static str,
    pub(super) title: &'static str,
    pub(super) severity: Severity,
    /// Offset of its first byte.
    pub(super) start: usize,
    pub(super) redacted: String,
}

const RULES: [Rule; 13] = [
    Rule {
        id: "private-key",
        title: "private key",
        severity: Severity::High,
        keywords: &["private key"],
        // Behind the first line a key has headers at most, then its Base64; a line that only names the form has not.
        // In JSON the line breaks are written as `\n`.
        pattern: r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?P<secret>(?:\s|\\[nr]|[A-Za-z-]{1,30}: [^\n]{0,200}\n)*[A-Za-z0-9+/]{32,}=*)",
    },
    Rule {
        id: "aws-access-key-id",
        title: "AWS access key ID",
        severity: Severity::Critical,
        keywords: &["akia", "asia"],
        pattern: r"\b(?P<secret>(?:AKIA|ASIA)[A-Z2-7]{16})\b",
    },
    Rule {
        id: "aws-secret-access-key",
        title: "AWS secret access key",
        severity: Severity::Critical,
        keywords: &["aws"],
        pattern: r#"(?i:aws_?-?(?:secret_?-?)?(?:access_?-?)?(?:secret_?-?)?key)["']?\s{0,4}(?:=>|=|:)\s{0,4}["']?(?P<secret>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
    },
    Rule {
        id: "github-token",
        title: "GitHub token",
        severity: Severity::Critical,
        keywords: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: r"\b(?P<secret>gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{82})\b",
    },
    Rule {
        id: "gitlab-token",
        title: "GitLab token",
        severity: Severity::Critical,
        keywords: &["glpat-", "glptt-", "gldt-", "glrt-"],
        pattern: r"\b(?P<secret>(?:glpat|glptt|gldt|glrt)-[A-Za-z0-9_-]{20,64})",
    },
    Rule {
        id: "slack-token",
        title: "Slack token",
        severity: Severity::High,
        keywords: &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-"],
        pattern: r"\b(?P<secret>xox[abprs]-[0-9A-Za-z]{8,}[0-9A-Za-z-]{8,200})",
    },
    Rule {
        id: "slack-webhook",
        title: "Slack webhook",
        severity: Severity::Medium,
        keywords: &["hooks.slack.com"],
        pattern: r"https://hooks\.slack\.com/services/(?P<secret>T[A-Za-z0-9_]{8,12}/B[A-Za-z0-9_]{8,12}/[A-Za-z0-9_]{20,26})",
    },
    Rule {
        id: "stripe-key",
        title: "Stripe key",
        severity: Severity::Critical,
        keywords: &["sk_live_", "rk_live_"],
        pattern: r"\b(?P<secret>[rs]k_live_[0-9A-Za-z]{16,247})",
    },
    Rule {
        id: "npm-token",
        title: "npm token",
        severity: Severity::Critical,
        keywords: &["npm_", "_authtoken"],
        pattern: r#"\b(?P<secret>npm_[A-Za-z0-9]{36})\b|:_authToken\s{0,4}=\s{0,4}["']?(?P<other>[A-Za-z0-9_+/=.-]{16,200})"#,
    },
    Rule {
        id: "pypi-token",
        title: "PyPI token",
        severity: Severity::Critical,
        keywords: &["pypi-ageichlwas5vcmc", "pypi-agendgvzdc5wexbpl"],
        pattern: r"\b(?P<secret>pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)[A-Za-z0-9_-]{50,1000})",
    },
    Rule {
        id: "google-api-key",
        title: "Google API key",
        severity: Severity::High,
        keywords: &["aiza"],
        pattern: r"\b(?P<secret>AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)",
    },
    Rule {
        id: "google-oauth-secret",
        title: "Google OAuth client secret",
        severity: Severity::High,
        keywords: &["gocspx-"],
        pattern: r"\b(?P<secret>GOCSPX-[0-9A-Za-z_-]{28})(?:[^0-9A-Za-z_-]|$)",
    },
    Rule {
        id: "jwt",
        title: "JSON web token",
        severity: Severity::Medium,
        keywords: &["eyj"],
        pattern: r"\b(?P<secret>eyJ[A-Za-z0-9_-]{12,2000}\.eyJ[A-Za-z0-9_-]{12,8000}\.[A-Za-z0-9_-]{20,2000})",
    },
];

struct Matcher {
    keywords: AhoCorasick,
    /// The rule of each keyword.
    rule_of: Vec<usize>,
    patterns: Vec<Regex>,
}

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let keywords = || {
        RULES
            .iter()
            .enumerate()
            .flat_map(|(index, rule)| rule.keywords.iter().map(move |word| (index, *word)))
    };
    let pattern = |rule: &Rule| RegexBuilder::new(rule.pattern).unicode(false).build();
    Matcher {
        keywords: AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(keywords().map(|(_, word)| word))
            .expect("the keywords are constant and few"),
        rule_of: keywords().map(|(index, _)| index).collect(),
        patterns: RULES
            .iter()
            .map(pattern)
            .collect::<Result<_, _>>()
            .expect("the patterns are constant"),
    }
});

/// No more matches than this are told of one text.
const MOST: usize = 20;

/// What has the form of a secret in `text`, in the order of the text.
pub(super) fn matches(text: &[u8]) -> Vec<Match> {
    let matcher = &*MATCHER;
    let mut wanted = [false; RULES.len()];
    for found in matcher.keywords.find_overlapping_iter(text) {
        wanted[matcher.rule_of[found.pattern().as_usize()]] = true;
    }
    let mut all = Vec::new();
    for (index, rule) in RULES.iter().enumerate().filter(|(index, _)| wanted[*index]) {
        for captures in matcher.patterns[index].captures_iter(text).take(MOST) {
            let secret = captures.name("secret").or_else(|| captures.name("other"));
            let (Some(whole), Some(secret)) = (captures.get(0), secret) else {
                continue;
            };
            if is_placeholder(secret.as_bytes()) {
                continue;
            }
            let redacted = match rule.id {
                "private-key" => first_line(whole.as_bytes()),
                _ => redact(secret.as_bytes()),
            };
            let Rule {
                id, title, severity, ..
            } = *rule;
            all.push(Match {
                rule: id,
                title,
                severity,
                start: whole.start(),
                redacted,
            });
        }
    }
    all.sort_by_key(|found| found.start);
    all.truncate(MOST);
    all
}

/// The examples of manuals, and fillings of one character.
fn is_placeholder(secret: &[u8]) -> bool {
    let contains = |word: &[u8]| {
        secret
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    let tail = secret.get(secret.len().saturating_sub(12)..).unwrap_or(secret);
    contains(b"EXAMPLE") || contains(b"xxxxxxxx") || tail.iter().all(|byte| Some(byte) == tail.first())
}

/// The first four characters, which tell the kind, and as many stars as do not tell the length.
fn redact(secret: &[u8]) -> String {
    let head = secret.get(..4).unwrap_or_default();
    format!("{}********", String::from_utf8_lossy(head))
}

fn first_line(text: &[u8]) -> String {
    let end = text
        .windows(5)
        .skip(5)
        .position(|part| part == b"-----")
        .map_or(0, |at| at + 10);
    String::from_utf8_lossy(&text[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_in(text: &str) -> Vec<(&'static str, String)> {
        matches(text.as_bytes())
            .into_iter()
            .map(|found| (found.rule, found.redacted))
            .collect()
    }

    /// Put together here so that this source has none of them.
    fn samples() -> Vec<(&'static str, String)> {
        let mixed = "R4nd0mT3stV4lu3Th4tIsN0tR34l0123456aBcD3fGh1jKlMn0pQrStUvWx";
        vec![
            (
                "private-key",
                format!(
                    "-----BEGIN RSA {}-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf",
                    "PRIVATE KEY"
                ),
            ),
            (
                "private-key",
                format!(
                    "-----BEGIN {}-----\\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf",
                    "PRIVATE KEY"
                ),
            ),
            (
                "private-key",
                format!(
                    "-----BEGIN RSA {}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf",
                    "PRIVATE KEY"
                ),
            ),
            ("aws-access-key-id", format!("id = {}QYLPMN5HFIQR7XYA", "AKIA")),
            (
                "aws-secret-access-key",
                format!(
                    "AWS_SECRET_ACCESS_KEY={}FEMIzK7MDENGzbPxRfiCYzzzzz0key1",
                    "wJ4lrXUtn"
                ),
            ),
            ("github-token", format!("{}{}", "ghp_", &mixed[..36])),
            ("gitlab-token", format!("{}{}", "glpat-", &mixed[..20])),
            ("slack-token", format!("{}123456789012-{}", "xoxb-", &mixed[..24])),
            (
                "slack-webhook",
                format!(
                    "https://hooks.slack.com/services/{}/B01234567/{}",
                    "T01234567",
                    &mixed[..24]
                ),
            ),
            ("stripe-key", format!("{}{}", "sk_live_", &mixed[..24])),
            ("npm-token", format!("{}{}", "npm_", &mixed[..36])),
            (
                "npm-token",
                format!("//registry.example.test/:_authToken={}", &mixed[..36]),
            ),
            (
                "pypi-token",
                format!("{}{}", "pypi-AgEIcHlwaS5vcmc", &mixed[..55]),
            ),
            ("google-api-key", format!("{}{}", "AIza", &mixed[..35])),
            ("google-oauth-secret", format!("{}{}", "GOCSPX-", &mixed[..28])),
            (
                "jwt",
                format!(
                    "{}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{}",
                    "eyJhbGciOiJIUzI1NiJ9",
                    &mixed[..43]
                ),
            ),
        ]
    }

    #[test]
    fn every_form_is_found_and_redacted() {
        for (rule, text) in samples() {
            let found = rules_in(&format!("before\n{text}\nafter\n"));
            assert_eq!(found.len(), 1, "{rule} in {text}: {found:?}");
            assert_eq!(found[0].0, rule);
            assert!(!found[0].1.contains("MIIB") && found[0].1.len() < 40, "{found:?}");
        }
    }

    #[test]
    fn every_rule_has_a_sample() {
        for rule in &RULES {
            assert!(samples().iter().any(|(id, _)| *id == rule.id), "{}", rule.id);
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "if '-----BEGIN RSA PRIVATE KEY-----' in text: # a key follows",
            "-----BEGIN PUBLIC KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "npm_config_registry",
            "eyJhbGciOiJIUzI1NiJ9",
        ] {
            assert_eq!(rules_in(text), [], "{text}");
        }
    }
}
