//! Whether what has the form of a secret is one.

use super::super::names;
use super::{Rule, entropy, fillings};

/// How a rule tells a secret from what only has its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// The form says it.
    Form,
    /// The name before it says that it is of a provider's key; where there is none, the form.
    Named,
    /// The name says that it is a secret, and the value has the look of one.
    Value,
    /// As [`Judged::Value`], in quotes behind its name, with weaker words for passwords.
    Constant,
    /// Where it stands says it.
    Password,
    /// As [`Judged::Password`]; the hosts behind it are no examples.
    Address,
    /// As [`Judged::Password`]; `-p` before it is no part of another option.
    Option,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Secret,
    /// It stands where a secret does, and is an example: it is not told, and not shown either.
    Example {
        /// Whether it is a word that stands in other places, too.
        filling: bool,
    },
    /// Nothing to hide.
    Other,
}

/// What `secret` is, with `name` (or what else the match begins with) before it and `rest` behind it.
pub(super) fn judge(rule: &Rule, before: &[u8], secret: &[u8], rest: &[u8]) -> Verdict {
    let example = Verdict::Example { filling: true };
    let weak = entropy::of(secret) < rule.entropy;
    let name = name(before, usize::from(rule.judged == Judged::Constant));
    let is_password = matches!(rule.judged, Judged::Password | Judged::Address | Judged::Option);
    let is_made_up = is_password || names::names_a_password(&name);
    let filling = fillings::is_filling(secret, is_made_up);
    match rule.judged {
        Judged::Named if !is_named(rule, &name, secret) => return Verdict::Other,
        Judged::Value | Judged::Constant => {
            let is_about = names::is_about_a_secret(&name) || names::is_derived(&name);
            if is_about || rule.judged == Judged::Value && !names::names_a_secret(&name) {
                return Verdict::Other;
            }
            let looks_random = fillings::is_noise(secret)
                || rule.judged == Judged::Constant && names::names_a_password(&name) && is_mixed(secret);
            if !looks_random {
                return example;
            }
        }
        Judged::Option if is_other_option(before, secret) => return Verdict::Other,
        Judged::Password | Judged::Address | Judged::Option if fillings::is_password_of_manuals(secret) => {
            return example;
        }
        Judged::Address if !filling && fillings::are_example_hosts(rest) => {
            return Verdict::Example { filling: false };
        }
        _ => {}
    }
    if filling || weak {
        return example;
    }
    Verdict::Secret
}

/// The name that `before` begins with, behind `skipped` words that are not part of it: `define('NAME',`, `name="NAME"`.
fn name(before: &[u8], skipped: usize) -> String {
    let is_separator = |byte: &u8| b"\"'=:\\,(<".contains(byte);
    let mut parts = before
        .split(is_separator)
        .filter(|part| !part.trim_ascii().is_empty());
    let part = parts.nth(skipped);
    String::from_utf8_lossy(part.unwrap_or_default().trim_ascii()).into_owned()
}

/// Whether `name` is of a key of the rule's provider: it says so, or is nothing but the provider's name and the value looks
/// random. A value with the provider's name in it is a name.
fn is_named(rule: &Rule, name: &str, secret: &[u8]) -> bool {
    if name.is_empty() {
        return true;
    }
    let plain = name.trim_matches('_');
    let is_provider = |word: &&str| plain.eq_ignore_ascii_case(word.trim_matches('_'));
    let lower = secret.to_ascii_lowercase();
    let is_within = |word: &&str| memchr::memmem::find(&lower, word.as_bytes()).is_some();
    let least = match rule.keywords.iter().any(is_provider) {
        true => 3,
        false if names::names_a_key(name) => 1,
        false => return false,
    };
    secret.iter().filter(|byte| byte.is_ascii_digit()).count() >= least
        && !rule.keywords.iter().any(is_within)
}

fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic)
}

/// Options that begin with the letter of `-p`, as programs with long options after one hyphen have them.
const BEGIN_WITH_P: [&str; 10] = [
    "ort",
    "roduction",
    "id-file",
    "id_file",
    "rotocol",
    "lugin",
    "rint",
    "ath",
    "refix",
    "rofile",
];

/// Whether what stands behind `-p` is the rest of another option, whole, with its value: `-port=3306`, `-port3306`; a
/// password may begin as one.
fn is_other_option(before: &[u8], secret: &[u8]) -> bool {
    let short = before.ends_with(b"-p") && !before.ends_with(b"--p");
    let is_whole = |rest: &&str| {
        let value = secret.strip_prefix(rest.as_bytes());
        value.is_some_and(|value| {
            !value.first().is_some_and(u8::is_ascii_alphanumeric) || value.iter().all(u8::is_ascii_digit)
        })
    };
    short && BEGIN_WITH_P.iter().any(is_whole)
}

#[cfg(test)]
mod tests {
    fn rules_in(text: &str) -> Vec<&'static str> {
        let found = super::super::matches(text.as_bytes());
        found.into_iter().map(|found| found.rule).collect()
    }

    #[test]
    fn names_tell_what_a_value_is() {
        let hex = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d";
        let uuid = "0a1b2c3d-0a1b-4c3d-8a1b-0a1b2c3d4e5f";
        let mixed = "R4nd0mT3stV4lu3Th4tIsN0tR34l0123456aBcD3f";
        let other = [
            format!("AIRTABLE_BASE_ID=app{}", &mixed[..14]),
            format!("airtable_table_id: 'tbl{}'", &mixed[..14]),
            format!("SNYK_ORG_ID={uuid}"),
            format!("LINKEDIN_CLIENT_ID={}", &mixed[..14]),
            format!("TWITCH_CLIENT_ID='{}'", &hex[..30]),
            format!("VERCEL_ORG_ID={}", &mixed[..24]),
            format!("LOOKER_CLIENT_ID={}", &hex[..20]),
            format!("CODECOV_UPLOADER_HASH={}", &hex[..32]),
            format!("XRAY_SHA256=\"{}{}\"", &hex[..32], &hex[..32]),
            format!("SENTRY_CLI_SHA256={}{}", &hex[..32], &hex[..32]),
            format!("DATADOG_COMMIT=\"{hex}\""),
            format!("DATADOG_API_RELEASE=\"{hex}\""),
            "MODEL_MISTRAL: \"MistralForSequenceClassification\"".to_owned(),
            "bitbucket_repository: \"my-company-platform-of-services-and-more-2\"".to_owned(),
            "dropbox: \"dropboxfolder01\"".to_owned(),
            "dropbox: \"myfolderofall01\"".to_owned(),
            "dropbox_folder: \"dropboxfolder01\"".to_owned(),
            "algolia_idx: \"productionproductionproductionab\"".to_owned(),
            format!("password_sha={hex}"),
            format!("password_hash = \"{hex}\""),
            format!("next_page_token={mixed}"),
            format!("secretary={mixed}"),
            format!("password_reset_template={mixed}"),
        ];
        for text in &other {
            assert_eq!(rules_in(text), [] as [&str; 0], "{text}");
        }
        for (rule, text) in [
            ("airtable-key", format!("AIRTABLE_API_KEY={}", &mixed[..17])),
            ("snyk-token", format!("snyk: {uuid}")),
            (
                "linkedin-secret",
                format!("LINKEDIN_CLIENT_SECRET={}", &mixed[..16]),
            ),
            ("twitch-token", format!("twitch_token: \"oauth:{}\"", &hex[..30])),
            ("twitch-token", format!("TWITCH_PASS=oauth:{}", &hex[..30])),
            ("fastly-token", format!("FASTLY_TOKEN={}|x", &mixed[..32])),
            ("fastly-token", format!("fastly: {} # comment", &mixed[..32])),
            ("splunk-token", format!("SPLUNK_HEC: {uuid}")),
            (
                "bitbucket-secret",
                format!("BITBUCKET_CREDENTIALS={}", &mixed[..32]),
            ),
            ("okta-token", format!("OKTA_API: 00{}", &mixed[..40])),
            ("configuration-value", format!("HASHICORP_VAULT_TOKEN={mixed}")),
            ("configuration-value", format!("FB_PAGE_ACCESS_TOKEN={mixed}")),
        ] {
            assert_eq!(rules_in(&text), [rule], "{text}");
        }
    }

    #[test]
    fn what_stands_in_the_place_of_a_secret() {
        for text in [
            "mysql --protocol=tcp -port3306 x",
            "mysqldump --single-transaction -production_database x",
            "/var/lib/mysql --user=mysql -pid-file=/var/run/x",
            "curl -sSL https://a.test | sh -s -- --user root:docker_group7",
            "curl -u user:%PASSWORD% https://a.test",
            "Server=db;User Id=sa;Password=REPLACE_ME;",
            "Server=db;User Id=sa;password=@db.password@;",
            r#"<bean name="tokenService" value="org.springframework.TokenService"/>"#,
            r#"<add key="SecretArn" value="arn:aws:secretsmanager:eu-west-1:123456789012:secret:Db-a1B2c3"/>"#,
            r#"<input name="csrf_token" value="placeholder-value-12"/>"#,
            "define('CACHE_KEY', 'hU7x2Qm9ZtR4vLk8WnB3yC6d');",
            "define('GOOGLE_ANALYTICS_KEY', 'UA-hU7x2Qm9ZtR4vLk8');",
            "mysql -u root -profile=production7 db",
            "mysql -u root -prefix_of_tables7 db",
            "postgres://app:example-password1@db/app",
            "DB_PASSWORD=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "API_TOKEN=example-x7Kq2mPzR9vw",
            "Authorization: Bearer your_access_token_goes_here",
            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ] {
            assert_eq!(rules_in(text), [] as [&str; 0], "{text}");
        }
        for (rule, text) in [
            ("command-password", "mysql --protocol=tcp -pOrt3306xQ x"),
            ("command-password", "mysql -u root -porthos42x db"),
            ("command-password", "mysqldump -uroot -profileX9k2z db"),
            ("url-password", "postgres://app:my-example-x7Kq2mPz@db/app"),
            ("configuration-value", "DB_PASSWORD=example-x7Kq2mPzR9vw"),
            (
                "command-password",
                "curl 'https://a.test/?a=1&b=2;3' -u user:hU7x2Qm9ZtR4",
            ),
            ("connection-string", "Server=db;User Id=sa;Password=4youreyes99X;"),
            ("xml-value", r#"<add key="DbPassword" value="Sup3r-S3cret!x"/>"#),
            ("php-constant", "define('AUTH_KEY', 'hU7x2Qm9ZtR4vLk8WnB3yC6d');"),
            ("php-constant", "define('DB_PASSWORD', 'xk9!vbnmqwe2');"),
            (
                "authorization-header",
                "Authorization: Bearer hU7x2Qm9ZtR4vLk8WnB3yC6d",
            ),
        ] {
            assert_eq!(rules_in(text), [rule], "{text}");
        }
    }
}
