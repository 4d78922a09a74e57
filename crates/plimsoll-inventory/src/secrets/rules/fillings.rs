//! What stands where a secret goes in manuals, samples and templates.

/// Words that stand where a password goes in the examples of manuals.
const PASSWORDS: [&str; 15] = [
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

/// Words of values that stand for others.
const WORDS: [&str; 4] = ["example", "placeholder", "changeme", "change_me"];

/// Parts of values that nobody has as a secret. The last three are `Aladdin:open sesame` of RFC 7617, as people write it,
/// and `example` in Base64.
const PARTS: [&str; 5] = [
    "xxxxxxxx",
    "***",
    "qwxhzgrpbjpvcgvuihnlc2ftzq",
    "qwxhzgrpbjpvcgvuu2vzyw1l",
    "zxhhbxbsz",
];

/// Whether `value` is a word of which manuals make passwords.
pub(super) fn is_password_of_manuals(value: &[u8]) -> bool {
    PASSWORDS
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether `value` asks for a value, or says that it is none: `your_token`, `REPLACE_ME`, `@password@`, `aaaaaaaaaaaa`,
/// `example-token`. What people make up themselves, a password, may have such a word in it and be one.
pub(super) fn is_filling(value: &[u8], is_made_up: bool) -> bool {
    let lower = value.to_ascii_lowercase();
    let tail = value.get(value.len().saturating_sub(12)..).unwrap_or(value);
    let contains = |part: &&str| memchr::memmem::find(&lower, part.as_bytes()).is_some();
    PARTS.iter().any(contains)
        || (WORDS.iter().any(contains) && !(is_made_up && has_noise_beside(value, &lower)))
        || (tail.len() > 2 && tail.iter().all(|byte| Some(byte) == tail.first()))
        || is_between_marks(value)
        || asks(
            &lower,
            "your",
            &["pass", "pwd", "token", "secret", "api", "key", "access", "auth"],
        )
        || asks(&lower, "replace", &["me", "with", "this"])
}

/// Whether a part of `value` mixes letters and digits, and stands apart from the words for fillings: `example-Tr0ub4dor`;
/// not `example-12`, and not the `...EXAMPLEKEY` of manuals.
fn has_noise_beside(value: &[u8], lower: &[u8]) -> bool {
    const SHORTEST: usize = 8;
    let has_word = |part: &[u8]| {
        let mut words = WORDS.iter();
        words.any(|word| memchr::memmem::find(part, word.as_bytes()).is_some())
    };
    let is_glued = |part: &[u8]| has_word(part) && !WORDS.iter().any(|word| part == word.as_bytes());
    let is_noise = |part: &[u8]| {
        let digit = part.iter().position(u8::is_ascii_digit);
        // Digits behind a word number it.
        let mixes = digit.is_some_and(|digit| part[digit..].iter().any(u8::is_ascii_alphabetic));
        part.len() >= SHORTEST && mixes && !has_word(&part.to_ascii_lowercase())
    };
    let is_between = |byte: &u8| !byte.is_ascii_alphanumeric();
    !lower.split(is_between).any(is_glued) && value.split(is_between).any(is_noise)
}

/// `@name@`, `%NAME%`, `<name>`, `__NAME__`, as templates have them.
fn is_between_marks(value: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.- ".contains(byte);
    [("@", "@"), ("%", "%"), ("<", ">"), ("__", "__")]
        .iter()
        .any(|(before, after)| {
            let within = value.strip_prefix(before.as_bytes());
            within
                .and_then(|rest| rest.strip_suffix(after.as_bytes()))
                .is_some_and(|name| !name.is_empty() && name.iter().all(is_name))
        })
}

/// Whether `word` begins a word of `text`, and ends there or goes on with one of `further`.
fn asks(text: &[u8], word: &str, further: &[&str]) -> bool {
    memchr::memmem::find_iter(text, word.as_bytes()).any(|at| {
        let rest = &text[at + word.len()..];
        let begins = at == 0 || !text[at - 1].is_ascii_alphanumeric();
        let ends = rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric());
        begins && (ends || further.iter().any(|next| rest.starts_with(next.as_bytes())))
    })
}

/// Whether an address goes on, after `@`, with hosts of the examples of manuals (RFC 2606) only.
pub(super) fn are_example_hosts(rest: &[u8]) -> bool {
    const LONGEST: usize = 1000;
    let rest = rest.strip_prefix(b"@").unwrap_or(rest);
    let rest = &rest[..rest.len().min(LONGEST)];
    let end = rest
        .iter()
        .position(|byte| b"/ \t\r\"'\\\n?#)>;&|`".contains(byte));
    if end.is_none() && rest.len() == LONGEST {
        return false;
    }
    let hosts = &rest[..end.unwrap_or(rest.len())];
    hosts.split(|byte| *byte == b',').all(is_example_host)
}

fn is_example_host(host: &[u8]) -> bool {
    let name = host.split(|byte| *byte == b':').next().unwrap_or(host);
    let name = name.to_ascii_lowercase();
    ["example.com", "example.org", "example.net", "example"]
        .iter()
        .any(|known| {
            let before = name.strip_suffix(known.as_bytes());
            before.is_some_and(|before| before.is_empty() || before.ends_with(b"."))
        })
}

/// Whether a value mixes digits and letters as random ones do: hexadecimal digits, or letters of both cases.
pub(super) fn is_noise(value: &[u8]) -> bool {
    let count = |wanted: fn(&u8) -> bool| value.iter().filter(|byte| wanted(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let hexadecimal = value.len() >= 32 && value.iter().all(u8::is_ascii_hexdigit);
    digits > 2 && (hexadecimal || (count(u8::is_ascii_lowercase) > 2 && count(u8::is_ascii_uppercase) > 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fillings_are_no_words_within_words() {
        for value in [
            "your_access_token_goes_here",
            "<your-token>",
            "yourpassword",
            "put_your_key_here",
            "REPLACE_ME",
            "replaceme",
            "@db.password@",
            "%PASSWORD%",
            "__TOKEN__",
            "placeholder-value-12",
            "xxxxxxxxxxxx",
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ] {
            assert!(is_filling(value.as_bytes(), true), "{value}");
        }
        for value in [
            "4youreyes99X",
            "youreyes99",
            "irreplaceable7",
            "p@ss@w0rd",
            "50%off",
            "hunter2",
        ] {
            assert!(!is_filling(value.as_bytes(), false), "{value}");
        }
    }

    #[test]
    fn a_password_may_have_a_word_for_fillings_in_it() {
        for value in [
            "example-Tr0ub4dor",
            "Pa55w0rd9x.placeholder",
            "my_example_x7Kq2mPz!",
        ] {
            assert!(!is_filling(value.as_bytes(), true), "{value}");
            assert!(is_filling(value.as_bytes(), false), "{value}");
        }
        for value in [
            "example",
            "example-12",
            "example-password12",
            "my.example.password",
            "placeholder-2024-01-31",
            "change_me_now",
            "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
            "ZXhhbXBsZS1wYXNzd29yZA==",
        ] {
            assert!(is_filling(value.as_bytes(), true), "{value}");
        }
    }

    #[test]
    fn example_hosts_are_whole_and_all() {
        for rest in [
            "@example.com",
            "@git.example.com/x",
            "@EXAMPLE.org:80,a.example:1/0",
            "@example",
        ] {
            assert!(are_example_hosts(rest.as_bytes()), "{rest}");
        }
        for rest in [
            "@myexample.com/x",
            "@counterexample.org",
            "@example.com:6379,prod.corp:6379/0",
            "@example.com.corp/x",
            "@db",
            "",
        ] {
            assert!(!are_example_hosts(rest.as_bytes()), "{rest}");
        }
    }
}
