//! Forms that tell a secret wherever they stand.

mod entropy;
mod generic;
mod named;
mod providers;
#[cfg(test)]
mod samples;
mod services;

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use plimsoll_core::Severity;
use regex::bytes::{Regex, RegexBuilder};

use super::names;

/// A form that secrets have whatever they are called.
struct Rule {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    /// Lower-case words; without any of them in a text the pattern is not tried.
    keywords: &'static [&'static str],
    /// The group `secret`, or `other`, is what is taken out.
    pattern: &'static str,
    /// The least entropy of the secret in bits a character; 0 where the form alone is enough.
    entropy: f32,
}

/// All rules. Where two see the same secret, the first counts.
static RULES: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let tables = [providers::RULES, services::RULES, named::RULES, generic::RULES];
    tables.into_iter().flatten().collect()
});

/// Rules for what people write in manuals and tests, too: the form does not tell whether it is real.
pub(super) fn is_generic(rule: &str) -> bool {
    generic::RULES.iter().any(|generic| generic.id == rule) && rule != "jwt" && rule != "putty-private-key"
}

/// A match with the secret taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) rule: &'static str,
    pub(super) title: &'static str,
    pub(super) severity: Severity,
    /// Offset of its first byte.
    pub(super) start: usize,
    /// The bytes of the secret itself.
    pub(super) secret: Range<usize>,
    pub(super) redacted: String,
}

struct Matcher {
    keywords: AhoCorasick,
    /// The rule of each keyword.
    rule_of: Vec<usize>,
    /// Made when they are first needed, as nearly no text needs any.
    patterns: Vec<OnceLock<Regex>>,
}

impl Matcher {
    fn pattern(&self, rule: usize) -> &Regex {
        self.patterns[rule].get_or_init(|| {
            let pattern = RegexBuilder::new(RULES[rule].pattern).unicode(false).build();
            pattern.expect("the patterns are constant, and a test tries them all")
        })
    }
}

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let keywords = || {
        RULES
            .iter()
            .enumerate()
            .flat_map(|(index, rule)| rule.keywords.iter().map(move |word| (index, *word)))
    };
    Matcher {
        keywords: AhoCorasick::builder()
            .ascii_case_insensitive(true)
            // So many words would otherwise make it one that is half as fast.
            .kind(Some(AhoCorasickKind::DFA))
            .build(keywords().map(|(_, word)| word))
            .expect("the keywords are constant and few"),
        rule_of: keywords().map(|(index, _)| index).collect(),
        patterns: RULES.iter().map(|_| OnceLock::new()).collect(),
    }
});

/// No more matches than this are told of one text.
const MOST: usize = 20;

/// What has the form of a secret in `text`, in the order of the text.
pub(super) fn matches(text: &[u8]) -> Vec<Match> {
    let matcher = &*MATCHER;
    let mut wanted = vec![false; RULES.len()];
    for found in matcher.keywords.find_overlapping_iter(text) {
        wanted[matcher.rule_of[found.pattern().as_usize()]] = true;
    }
    let mut all = Vec::new();
    for (index, rule) in RULES.iter().enumerate().filter(|(index, _)| wanted[*index]) {
        for captures in matcher.pattern(index).captures_iter(text).take(MOST) {
            let secret = captures.name("secret").or_else(|| captures.name("other"));
            let (Some(whole), Some(secret)) = (captures.get(0), secret) else {
                continue;
            };
            if is_placeholder(rule, secret.as_bytes()) || entropy::of(secret.as_bytes()) < rule.entropy {
                continue;
            }
            let start = match rule.id {
                "high-entropy-value" | "configuration-value" => name_start(text, whole.start()),
                _ => whole.start(),
            };
            let is_value = matches!(rule.id, "high-entropy-value" | "configuration-value")
                || named::RULES.iter().any(|named| named.id == rule.id);
            if is_value && tells_about_a_secret(&text[start..secret.start()])
                || rule.id == "url-password" && is_example_host(&text[secret.end()..])
            {
                continue;
            }
            let redacted = match rule.id {
                "command-password" => {
                    let program = whole.as_bytes().split(u8::is_ascii_whitespace).next();
                    format!(
                        "{} ********",
                        String::from_utf8_lossy(program.unwrap_or_default())
                    )
                }
                "connection-string" => "password=********".to_owned(),
                "django-secret-key" | "php-constant" | "xml-value" | "kubernetes-secret" => {
                    "********".to_owned()
                }
                "private-key" => first_line(whole.as_bytes()),
                // Not even the beginning of what people may have made up themselves.
                "url-password" | "high-entropy-value" | "configuration-value" | "snowflake-password" => {
                    let head = &text[start..secret.start()];
                    format!("{}********", String::from_utf8_lossy(head))
                }
                _ => redact(secret.as_bytes()),
            };
            let Rule {
                id, title, severity, ..
            } = **rule;
            all.push(Match {
                rule: id,
                title,
                severity,
                start,
                secret: secret.range(),
                redacted,
            });
        }
    }
    // Where several rules see the same secret, the one that knows more of its form stands first among the rules.
    all.sort_by_key(|found| found.secret.start);
    all.dedup_by(|later, earlier| later.secret.start < earlier.secret.end);
    all.truncate(MOST);
    all
}

/// Where the name begins that has one of a rule's words at `word`. A pattern that begins with any name would try it at every
/// byte of the text.
fn name_start(text: &[u8], word: usize) -> usize {
    const LONGEST: usize = 40;
    let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    word - text[..word]
        .iter()
        .rev()
        .take(LONGEST)
        .take_while(is_of_name)
        .count()
}

/// Whether an address goes on with a host of the examples of manuals (RFC 2606), after `@`.
fn is_example_host(rest: &[u8]) -> bool {
    let rest = &rest[..rest.len().min(100)];
    let end = rest.iter().position(|byte| b"/ \"'\n?#)>".contains(byte));
    let host = rest[..end.unwrap_or(rest.len())].to_ascii_lowercase();
    let host = host.rsplit(|byte| *byte == b':').next_back().unwrap_or(&host);
    [
        &b"example.com"[..],
        b"example.org",
        b"example.net",
        b".example",
        b"@example",
    ]
    .iter()
    .any(|end| host.ends_with(end))
}

/// Whether the name before a value is that of something about a secret, and not of the secret: of its hash, or of where it is.
fn tells_about_a_secret(before: &[u8]) -> bool {
    let text = String::from_utf8_lossy(before);
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-'));
    let name = &text[..end.unwrap_or(text.len())];
    let lower = name.to_ascii_lowercase();
    names::is_about_a_secret(name) || lower.contains("hash") || lower.contains("encrypted")
}

/// Words that stand where a password goes in the examples of manuals.
const FILLINGS: [&str; 15] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "pw",
    "secret",
    "token",
    "user",
    "username",
    "changeme",
    "pass123",
    "mypassword",
    "mypass",
    "guest",
    "redacted",
];

/// The examples of manuals, fillings of one character, and values that are names rather than noise.
fn is_placeholder(rule: &Rule, secret: &[u8]) -> bool {
    let contains = |word: &[u8]| {
        secret
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    let tail = secret.get(secret.len().saturating_sub(12)..).unwrap_or(secret);
    let filling = || {
        FILLINGS
            .iter()
            .any(|word| secret.eq_ignore_ascii_case(word.as_bytes()))
    };
    contains(b"EXAMPLE")
        || contains(b"xxxxxxxx")
        || (tail.len() > 2 && tail.iter().all(|byte| Some(byte) == tail.first()))
        || match rule.id {
            "url-password" | "connection-string" | "command-password" => {
                filling() || contains(b"***") || contains(b"your")
            }
            "high-entropy-value" | "configuration-value" => !is_noise(secret),
            "kubernetes-secret" => contains(b"ZXhhbXBsZ"),
            _ => false,
        }
}

/// Whether a value mixes digits and letters as random ones do: hexadecimal digits, or letters of both cases.
fn is_noise(value: &[u8]) -> bool {
    let count = |wanted: fn(&u8) -> bool| value.iter().filter(|byte| wanted(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let hexadecimal = value.len() >= 32 && value.iter().all(u8::is_ascii_hexdigit);
    digits > 2 && (hexadecimal || (count(u8::is_ascii_lowercase) > 2 && count(u8::is_ascii_uppercase) > 2))
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
    use super::samples::samples;
    use super::*;

    fn rules_in(text: &str) -> Vec<(&'static str, String)> {
        matches(text.as_bytes())
            .into_iter()
            .map(|found| (found.rule, found.redacted))
            .collect()
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

    /// A rule whose pattern or keywords are wrong finds nothing of what it describes.
    #[test]
    fn every_rule_finds_what_its_pattern_describes() {
        let described = |rule: &&&Rule| {
            let mut texts = samples::generated(rule.pattern);
            let context = "discord telegram airtable okta launchdarkly twilio gocardless lob_api alibaba";
            let found = |text: String| {
                rules_in(&format!("{context}\n{text}\n"))
                    .iter()
                    .any(|(id, _)| *id == rule.id)
            };
            !texts.any(found)
        };
        let wrong: Vec<_> = RULES.iter().filter(described).map(|rule| rule.id).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn rules_have_names_of_their_own() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES.iter() {
            assert!(
                rule.keywords
                    .iter()
                    .all(|word| word.len() > 1 && *word == word.to_lowercase()),
                "{}",
                rule.id
            );
        }
    }

    #[test]
    fn a_value_is_told_by_its_entropy_and_its_name() {
        for (text, found) in [
            (r#"secret_key = "hU7x2Qm9ZtR4vLk8WnB3yC6d""#, true),
            (r#"'sessionToken': 'a93f0c17be2d48561f7ac09e5db38246'"#, true),
            (r#"password = "the-password-of-the-database""#, false),
            (r#"token = "11111111222222223333""#, false),
            (r#"secret_name = "projects/prod/secrets/db-password""#, false),
            (r#"colour = "hU7x2Qm9ZtR4vLk8WnB3yC6d""#, false),
            (r#"snyk_org_id = "0a1b2c3d-0a1b-4c3d-8a1b-0a1b2c3d4e5f""#, false),
            (r#"private_key_id: "a93f0c17be2d48561f7ac09e5db38246""#, false),
            (r#"password_hash = "a93f0c17be2d48561f7ac09e5db38246""#, false),
        ] {
            assert_eq!(rules_in(text).len(), usize::from(found), "{text}");
        }
        let text = r#"x: 1, app.my_secret_key2 = "hU7x2Qm9ZtR4vLk8WnB3yC6d""#;
        let shown = r#"app.my_secret_key2 = "********"#;
        assert_eq!(rules_in(text), [("high-entropy-value", shown.to_owned())]);
    }

    #[test]
    fn a_password_in_an_address() {
        for (text, found) in [
            ("DATABASE_URL=postgres://app:s3cr3tpw@db:5432/app", true),
            ("see https://user:password@example.test", false),
            ("postgres://app:${PASSWORD}@db", false),
            ("postgres://app:<password>@db", false),
            ("http://localhost:8080/@scope", false),
        ] {
            assert_eq!(rules_in(text).len(), usize::from(found), "{text}");
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
