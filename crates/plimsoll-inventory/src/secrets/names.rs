//! What the name of a variable says about its value.

/// Words that name a secret wherever they stand in a name.
const SECRET_WORDS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "CREDENTIAL",
    "CREDENTIALS",
    "APIKEY",
    "PWD",
];

/// Pairs of words that do.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("API", "KEY"),
    ("ACCESS", "KEY"),
    ("PRIVATE", "KEY"),
    ("SECRET", "KEY"),
    ("AUTH", "KEY"),
    ("ENCRYPTION", "KEY"),
    ("SIGNING", "KEY"),
];

/// Last words of names that tell something about a secret, or where it is, and not the secret.
const HARMLESS_ENDS: &[&str] = &[
    "FILE",
    "PATH",
    "DIR",
    "URL",
    "URI",
    "ENDPOINT",
    "NAME",
    "ID",
    "TTL",
    "TIMEOUT",
    "EXPIRY",
    "EXPIRES",
    "EXPIRATION",
    "LENGTH",
    "SIZE",
    "LIMIT",
    "TYPE",
    "ALGORITHM",
    "POLICY",
    "ENABLED",
    "REQUIRED",
    "HEADER",
    "PREFIX",
    "ARN",
    "AGE",
    "LIFETIME",
    "COUNT",
    "MAX",
    "MIN",
    "VERSION",
    "ISSUER",
    "AUDIENCE",
    "HASHER",
    "HASHERS",
    "VALIDATORS",
    "TEMPLATE",
    "FIELD",
    "LABEL",
    "PLACEHOLDER",
];

/// Words of names of values that are made from secrets, or of what they belong to, wherever they stand in a name that does
/// not end with [`KEYS`].
const DERIVED: &[&str] = &[
    "HASH", "HASHES", "MD5", "DIGEST", "CHECKSUM", "COMMIT", "RELEASE", "VERSION", "URL",
];

/// Last words of names that are of a secret whatever stands before them: `URL_SIGNING_SECRET`.
const KEYS: &[&str] = &[
    "KEY",
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PWD",
    "CREDENTIAL",
    "CREDENTIALS",
];

/// Words of names of providers' keys.
const KEY_WORDS: &[&str] = &[
    "AUTH",
    "AUTHORIZATION",
    "OAUTH",
    "PAT",
    "PASS",
    "PUB",
    "API",
    "HEC",
    "CREDENTIAL",
    "CREDENTIALS",
];

/// Last words of names of what stands beside a secret in the same place.
const COMPANIONS: &[&str] = &[
    "USERNAME",
    "USER",
    "LOGIN",
    "HOST",
    "HOSTNAME",
    "PORT",
    "DATABASE",
    "DBNAME",
    "NAMESPACE",
    "EMAIL",
    "REGION",
    "CRT",
    "CERT",
];

/// Whether a variable called `name` holds a secret, going by its name: `DB_PASSWORD`, `api-key`, `githubToken`; not
/// `PUBLIC_KEY`, `TOKEN_FILE`, `PWD`.
pub(super) fn names_a_secret(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if matches!(words[..], ["PWD"] | ["OLDPWD"]) || words.contains(&"PUBLIC") {
        return false;
    }
    if is_about(&words) {
        return false;
    }
    words
        .iter()
        .any(|word| SECRET_WORDS.contains(word) || run_together(word))
        || words
            .windows(2)
            .any(|pair| SECRET_PAIRS.contains(&(pair[0], pair[1])))
}

/// Whether `name` is of something about a secret, and not of the secret: `TOKEN_FILE`, `private_key_id`.
pub(super) fn is_about_a_secret(name: &str) -> bool {
    let words = words(name);
    is_about(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Whether `name` is of something made from a secret, or of a place or a state: `password_sha256`, `next_page_token`.
pub(super) fn is_derived(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_digest = |word: &str| {
        let bits = word.strip_prefix("SHA");
        bits.is_some_and(|bits| bits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match words[..] {
        [.., "PAGE" | "NEXT" | "CONTINUATION", "TOKEN"] => true,
        _ if words.iter().any(|word| matches!(*word, "HASHED" | "ENCRYPTED")) => true,
        [.., last] if KEYS.contains(&last) => false,
        _ => words.iter().any(|word| DERIVED.contains(word) || is_digest(word)),
    }
}

/// Whether `name`, which has that of a provider in it, is of a key: `SPLUNK_HEC`, `okta api key`; not `SNYK_ORG_ID`.
pub(super) fn names_a_key(name: &str) -> bool {
    let words = words(name);
    let is_key = |word: &String| {
        KEY_WORDS.contains(&word.as_str())
            || ["KEY", "SECRET", "TOKEN", "PASSWORD", "PASSWD", "PWD"]
                .iter()
                .any(|end| word.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with(end))
    };
    !is_derived(name)
        && !is_about_a_secret(name)
        && !words.iter().any(|word| word == "ID")
        && words.iter().any(is_key)
}

/// Whether `name` is of a password.
pub(super) fn names_a_password(name: &str) -> bool {
    words(name).iter().any(|word| {
        ["PASSWORD", "PASSWD", "PWD"]
            .iter()
            .any(|end| word.ends_with(end))
    })
}

/// Whether `name` is of what stands beside a secret: a user, a host, a certificate.
pub(super) fn names_a_companion(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map(String::as_str);
    last.is_some_and(|last| COMPANIONS.contains(&last)) || is_about_a_secret(name) && last != Some("URL")
}

fn is_about(words: &[&str]) -> bool {
    match words {
        // What HashiCorp's Vault calls so is one half of a log-in.
        [.., "SECRET", "ID"] => false,
        [.., last] => HARMLESS_ENDS.contains(last),
        [] => false,
    }
}

/// Words with nothing between them: `PGPASSWORD`, `MYSQLPASSWORD`, `AUTHTOKEN`.
fn run_together(word: &str) -> bool {
    let word = word.trim_end_matches(|character: char| character.is_ascii_digit());
    [
        "PASSWORD",
        "PASSWD",
        "TOKEN",
        "APIKEY",
        "SECRET",
        "SECRETKEY",
        "ACCESSKEY",
    ]
    .iter()
    .any(|end| word.ends_with(end))
}

/// The words of a name, in upper case; parted by anything but letters and digits, or where `camelCase` parts them.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for character in name.chars() {
        let parts = !character.is_ascii_alphanumeric();
        if parts || (lower_before && character.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if let (false, Some(word)) = (parts, words.last_mut()) {
            word.push(character.to_ascii_uppercase());
        }
        lower_before = character.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether `value` could be a secret itself: not empty, not a reference to a variable or a place, not a switch, not a
/// filling for an example.
pub(super) fn is_literal(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let lower = value.to_ascii_lowercase();
    let switch = matches!(
        lower.as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "null" | "nil" | "0" | "1"
    );
    let filling = value.bytes().all(|byte| b"*xX.-_".contains(&byte))
        || (value.starts_with('<') && value.ends_with('>'))
        || (value.starts_with("{{") && value.ends_with("}}"));
    let reference = value.starts_with(['$', '/', '`']) || value.starts_with("./") || value.starts_with('%');
    !(value.is_empty() || switch || filling || reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "DB_PASSWORD",
            "PASSWORD",
            "PGPASSWORD",
            "SECRET_KEY",
            "API_KEY",
            "apiKey",
            "GITHUB_TOKEN",
            "NPM_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "MYSQL_ROOT_PASSWORD",
            "jwt-secret",
            "DB_PWD",
            "DJANGO_SECRET",
            "githubToken",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "PUBLIC_KEY",
            "DB_PASSWORD_FILE",
            "TOKEN_URL",
            "PWD",
            "OLDPWD",
            "GPG_KEY",
            "PATH",
            "PASSWORD_MAX_AGE",
            "KEY",
            "TOKENIZERS_PARALLELISM",
            "SECRETARY",
            "MONKEY",
            "ACCESS_LOG",
            "PASSENGER_VERSION",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn what_is_made_from_a_secret_is_none() {
        for name in [
            "password_sha",
            "passwordSha256",
            "token_hash_hex",
            "next_page_token",
            "hashed_password",
            "api_release",
        ] {
            assert!(is_derived(name), "{name}");
        }
        for name in [
            "HASHICORP_VAULT_TOKEN",
            "FB_PAGE_ACCESS_TOKEN",
            "URL_SIGNING_SECRET",
            "shared_secret",
            "RELEASE_SIGNING_KEY",
        ] {
            assert!(!is_derived(name), "{name}");
        }
    }

    #[test]
    fn values() {
        for value in ["hunter2", "changeme", "\"abc\"", "a b"] {
            assert!(is_literal(value), "{value}");
        }
        for value in [
            "",
            "\"\"",
            "$PASSWORD",
            "${X:-y}",
            "/run/secrets/db",
            "true",
            "xxxx",
            "<your token>",
            "{{ x }}",
        ] {
            assert!(!is_literal(value), "{value}");
        }
    }
}
