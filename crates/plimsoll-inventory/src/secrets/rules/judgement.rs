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
    let filling = fillings::is_filling(secret);
    let example = Verdict::Example { filling: true };
    let weak = entropy::of(secret) < rule.entropy;
    let name = name(before, usize::from(rule.judged == Judged::Constant));
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
    "ath=",
    "refix",
    "rofile",
];

/// Whether what stands behind `-p` is the rest of another option.
fn is_other_option(before: &[u8], secret: &[u8]) -> bool {
    let short = before.ends_with(b"-p") && !before.ends_with(b"--p");
    short
        && BEGIN_WITH_P
            .iter()
            .any(|rest| secret.starts_with(rest.as_bytes()))
}
