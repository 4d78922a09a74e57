//! Forms that tell a secret wherever they stand.

mod assigned;
mod business;
mod clouds;
mod development;
#[cfg(test)]
mod documented;
mod entropy;
mod fillings;
mod generic;
mod judgement;
mod keywords;
mod kubernetes;
mod named;
mod near;
#[cfg(test)]
mod samples;

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use plimsoll_core::Severity;
use regex::bytes::{Regex, RegexBuilder};

use judgement::{Judged, Verdict, judge};
use keywords::Keywords;
use near::Near;

/// A form that secrets have whatever they are called.
struct Rule {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    /// Lower-case words; without any of them in a text the pattern is not tried.
    keywords: &'static [&'static str],
    /// Whether the pattern may match at a keyword; where it matches nowhere it is not tried either.
    near: Near,
    /// The group `secret`, or `other`, is what is taken out.
    pattern: &'static str,
    /// The least entropy of the secret in bits a character; 0 where the form alone is enough.
    entropy: f32,
    judged: Judged,
    shown: Shown,
    /// Whether people write such things in manuals and tests, too: the form does not tell whether it is real.
    generic: bool,
    /// The parts of a text where the pattern is tried, when it is not the whole.
    parts: Option<Parts>,
}

/// Tells the parts of a text.
type Parts = fn(&[u8]) -> Vec<Range<usize>>;

/// What a rule has that says nothing else: the form is that of a provider.
const FORM: Rule = Rule {
    id: "",
    title: "",
    severity: Severity::Low,
    keywords: &[],
    near: near::token::<16>,
    pattern: "",
    entropy: 0.0,
    judged: Judged::Form,
    shown: Shown::Beginning,
    generic: false,
    parts: None,
};

/// What is shown of a match.
#[derive(Clone, Copy)]
enum Shown {
    /// The first four characters of the secret, which tell the kind.
    Beginning,
    /// The line that it begins with.
    FirstLine,
    /// What stands before the secret: not even the beginning of what people may have made up themselves.
    Before,
    /// The first word of what stands before it.
    Program,
    /// Nothing but this.
    Only(&'static str),
}

/// The tables of rules, by what they know of a secret: its own form, its provider's name, where it stands, or only its look.
/// What an earlier one tells goes before what the later ones see around it.
const TABLES: [&[&[Rule]]; 5] = [
    &[clouds::RULES, development::RULES, business::RULES],
    &[assigned::RULES],
    &[named::RULES],
    &[kubernetes::RULES],
    &[generic::RULES],
];

/// All rules. Where two see the same secret, the first counts.
static RULES: LazyLock<Vec<&'static Rule>> =
    LazyLock::new(|| TABLES.into_iter().flatten().copied().flatten().collect());

/// The place of each rule's tables in [`TABLES`].
static RANKS: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let ranks = TABLES.iter().enumerate();
    ranks
        .flat_map(|(rank, tables)| tables.iter().copied().flatten().map(move |_| rank))
        .collect()
});

/// Rules for what people write in manuals and tests, too: the form does not tell whether it is real.
pub(super) fn is_generic(rule: &str) -> bool {
    RULES.iter().any(|known| known.generic && known.id == rule)
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
    keywords: Keywords,
    /// The rule of each keyword.
    rule_of: Vec<usize>,
    /// Made when they are first needed, as nearly no text needs any.
    patterns: Vec<OnceLock<Regex>>,
}

impl Matcher {
    /// Whether `text` has a keyword of each rule where its pattern may match.
    fn wanted(&self, text: &[u8]) -> Vec<bool> {
        let mut wanted = vec![false; RULES.len()];
        self.keywords.each(text, |word, place| {
            let rule = self.rule_of[word];
            if !wanted[rule] {
                wanted[rule] = (RULES[rule].near)(text, place);
            }
        });
        wanted
    }

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
        keywords: Keywords::new(keywords().map(|(_, word)| word)),
        rule_of: keywords().map(|(index, _)| index).collect(),
        patterns: RULES.iter().map(|_| OnceLock::new()).collect(),
    }
});

/// No more matches than this are told of one text.
const MOST: usize = 20;
/// No more than this are looked at with one rule in a file, which may be made to have as many as it has bytes.
const MOST_TRIED: usize = 1000;

/// What has the form of a secret in a text.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The secrets, in the order of the text, and each once.
    pub(super) told: Vec<Match>,
    /// What is not shown in any output: the secrets, and the examples in their places.
    pub(super) hidden: Vec<Hidden>,
}

/// The place of something that is not shown.
#[derive(Debug)]
pub(super) struct Hidden {
    pub(super) start: usize,
    pub(super) secret: Range<usize>,
    /// Whether it is a word that stands in other places, too.
    pub(super) filling: bool,
}

/// The secrets in `text`, in the order of the text.
pub(super) fn matches(text: &[u8]) -> Vec<Match> {
    look(text, MOST_TRIED).told
}

/// What has the form of a secret in `text`: all of it, as nothing of it is to be shown.
pub(super) fn search(text: &[u8]) -> Search {
    look(text, usize::MAX)
}

fn look(text: &[u8], most: usize) -> Search {
    let matcher = &*MATCHER;
    let wanted = matcher.wanted(text);
    let mut all = Search::default();
    let mut ranked = Vec::new();
    for (index, rule) in RULES.iter().enumerate().filter(|(index, _)| wanted[*index]) {
        let whole = || std::iter::once(0..text.len()).collect();
        let parts = rule.parts.map_or_else(whole, |parts| parts(text));
        let mut told = 0;
        let pattern = matcher.pattern(index);
        let found = parts.into_iter().flat_map(|part| {
            let captures = pattern.captures_iter(&text[part.clone()]);
            captures.map(move |captures| (part.start, captures))
        });
        for (offset, captures) in found.take(most) {
            let secret = captures.name("secret").or_else(|| captures.name("other"));
            let (Some(whole), Some(secret)) = (captures.get(0), secret) else {
                continue;
            };
            let named = match rule.judged {
                Judged::Value | Judged::Named => name_start(text, offset + whole.start()),
                _ => offset + whole.start(),
            };
            let start = match rule.judged {
                Judged::Value => named,
                _ => offset + whole.start(),
            };
            let secret = offset + secret.start()..offset + secret.end();
            // The form alone tells those of a provider that has one.
            let before = match secret.start == offset + whole.start() {
                true => &[][..],
                false => &text[named..secret.start],
            };
            let verdict = judge(rule, before, &text[secret.clone()], &text[secret.end..]);
            if verdict == Verdict::Other {
                continue;
            }
            all.hidden.push(Hidden {
                start,
                secret: secret.clone(),
                filling: matches!(verdict, Verdict::Example { filling: true }),
            });
            if verdict == Verdict::Secret && told < MOST {
                told += 1;
                let redacted = rule.shown.of(
                    whole.as_bytes(),
                    &text[start..secret.start],
                    &text[secret.clone()],
                );
                let found = Match {
                    rule: rule.id,
                    title: rule.title,
                    severity: rule.severity,
                    start,
                    secret,
                    redacted,
                };
                ranked.push((RANKS[index], found));
            }
        }
    }
    // Where several rules see the same secret, the one that knows more of its form stands first among the rules.
    ranked.sort_by_key(|(_, found)| found.secret.start);
    ranked.dedup_by(|later, earlier| {
        let is_within = later.1.secret.start < earlier.1.secret.end;
        if is_within && later.0 < earlier.0 {
            std::mem::swap(later, earlier);
        }
        is_within
    });
    all.told = ranked.into_iter().map(|(_, found)| found).collect();
    all.told.truncate(MOST);
    all
}

impl Shown {
    fn of(self, whole: &[u8], before: &[u8], secret: &[u8]) -> String {
        const STARS: &str = "********";
        match self {
            Self::Beginning => {
                let head = secret.get(..4).unwrap_or_default();
                format!("{}{STARS}", String::from_utf8_lossy(head))
            }
            Self::FirstLine => first_line(whole),
            Self::Before => format!("{}{STARS}", String::from_utf8_lossy(before)),
            Self::Program => {
                let program = whole.split(u8::is_ascii_whitespace).next().unwrap_or_default();
                format!("{} {STARS}", String::from_utf8_lossy(program))
            }
            Self::Only(text) => text.to_owned(),
        }
    }
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

    /// What some rules ask for anywhere in a text.
    const CONTEXT: &str = "discord airtable launchdarkly datadog lob.com\n";

    #[test]
    fn every_form_is_found_and_redacted() {
        for (rule, text) in samples().into_iter().chain(documented::documented()) {
            let found = rules_in(&format!("before\n{text}\nafter\n"));
            assert_eq!(found.len(), 1, "{rule} in {text}: {found:?}");
            assert_eq!(found[0].0, rule);
            assert!(!found[0].1.contains("MIIB") && found[0].1.len() < 40, "{found:?}");
        }
    }

    /// What leads to a secret says less of it than its form does.
    #[test]
    fn a_form_goes_before_what_leads_to_it() {
        let ids = |tables: &[&[&[Rule]]]| -> Vec<&str> {
            let rules = tables.iter().copied().flatten().copied().flatten();
            rules.map(|rule| rule.id).collect()
        };
        let (exact, assigned, generic) = (ids(&TABLES[..1]), ids(&TABLES[..2]), ids(&TABLES[4..]));
        let all = samples().into_iter().chain(documented::documented());
        for (rule, text) in all.filter(|(_, text)| !text.contains('\n')) {
            let mut texts = Vec::new();
            if !generic.contains(&rule) {
                texts.push(format!("kind: {}\nstringData:\n  b: {text}", "Secret"));
            }
            if assigned.contains(&rule) {
                texts.push(format!("cloudflare_token={text}"));
            }
            if exact.contains(&rule) {
                texts.push(format!("snowflake_password: \"{text}\""));
                let providers = [
                    "linear",
                    "asana",
                    "facebook",
                    "twitter",
                    "atlassian",
                    "mailgun",
                    "npm",
                ];
                texts.extend(providers.map(|name| format!("{name}_token: \"{text}\"")));
            }
            for text in texts {
                let found: Vec<_> = matches(text.as_bytes()).iter().map(|found| found.rule).collect();
                assert_eq!(found, [rule], "{text}");
            }
        }
    }

    #[test]
    fn a_token_in_a_manifest_keeps_its_severity() {
        let token = format!("{}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a", "ghp_");
        let text = format!(
            "kind: {}\nstringData:\n  a: x7Kq2mPzR9vw\n  b: https://u:{token}@a.test\n",
            "Secret"
        );
        let found = matches(text.as_bytes());
        let told: Vec<_> = found.iter().map(|found| (found.rule, found.severity)).collect();
        assert_eq!(
            told,
            [
                ("kubernetes-secret", Severity::High),
                ("github-token", Severity::Critical)
            ]
        );
    }

    /// A form that is told by itself is known from what the provider says of it, not from the rule.
    #[test]
    fn every_provider_with_a_form_has_a_sample() {
        let samples = samples().into_iter().chain(documented::documented());
        let known: std::collections::HashSet<&str> = samples.map(|(rule, _)| rule).collect();
        let forms = TABLES[..2].iter().copied().flatten().copied().flatten();
        let without: Vec<_> = forms
            .map(|rule| rule.id)
            .filter(|id| !known.contains(id))
            .collect();
        assert!(without.is_empty(), "{without:?}");
    }

    /// A rule whose pattern or keywords are wrong finds nothing of what it describes.
    #[test]
    fn every_rule_finds_what_its_pattern_describes() {
        let described = |rule: &&&Rule| {
            let mut texts = samples::generated(rule.pattern);
            let found = |text: String| {
                rules_in(&format!("{CONTEXT}{text}\n"))
                    .iter()
                    .any(|(id, _)| *id == rule.id)
            };
            !texts.any(found)
        };
        let everywhere = RULES.iter().filter(|rule| rule.parts.is_none());
        let wrong: Vec<_> = everywhere.filter(described).map(|rule| rule.id).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    /// What stands around a keyword is asked before the pattern is: it must not refuse what the pattern takes.
    #[test]
    fn what_a_pattern_takes_is_not_refused_before() {
        let everywhere = RULES.iter().enumerate().filter(|(_, rule)| rule.parts.is_none());
        for (index, rule) in everywhere {
            let has_keyword = |text: &str| {
                let text = text.to_ascii_lowercase();
                rule.keywords.iter().any(|word| text.contains(word))
            };
            let mut taken = 0;
            for text in samples::described(rule.pattern) {
                for (before, after) in [("", ""), ("a \"", "\"\n"), (CONTEXT, " b"), ("=", "@x.test")] {
                    let text = format!("{before}{text}{after}");
                    if has_keyword(&text) && MATCHER.pattern(index).is_match(text.as_bytes()) {
                        taken += 1;
                        assert!(MATCHER.wanted(text.as_bytes())[index], "{} in {text}", rule.id);
                    }
                }
            }
            assert!(taken > 9, "{}", rule.id);
        }
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

    proptest::proptest! {
        #[test]
        fn any_text_is_searched(parts in proptest::collection::vec(proptest::sample::select(PIECES), 0..24), other in ".{0,9}") {
            let text = parts.concat() + &other;
            let found = search(text.as_bytes());
            for hidden in &found.hidden {
                proptest::prop_assert!(hidden.start <= hidden.secret.start && hidden.secret.end <= text.len());
            }
            proptest::prop_assert!(found.told.len() <= MOST && found.told.len() <= found.hidden.len());
        }
    }

    const PIECES: &[&str] = &[
        "kind: Secret\n",
        "data:\n",
        "stringData:",
        "  a: b7\n",
        "---",
        "- ",
        "\n",
        " ",
        "\t",
        "'",
        "\"",
        "{{",
        ":",
        "=",
        "@",
        "/",
        "redis://u:",
        "example.com",
        ",",
        "curl -u a:",
        "mysql -p",
        "name=\"token\" value=\"",
        "define('API_KEY', '",
        "fastly",
        "_id",
        "password",
        "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "your",
        "\u{e9}",
        "-----BEGIN PRIVATE KEY-----",
    ];
}
