//! What stands in files that are made to hold credentials, each in its own form.

use std::sync::LazyLock;

use plimsoll_core::Severity;
use regex::bytes::{Match, Regex, RegexBuilder};

use super::names::{is_literal, names_a_secret};
use crate::FileSecret;

/// No more than this are told of one file.
pub(super) const MOST: usize = 20;

/// What is what in a file whose path ends so. The group `secret` is what is taken out.
const FORMS: [(&[&str], &str, &str); 7] = [
    (
        &[".netrc", "_netrc"],
        "password of a host",
        r"\bpassword\s+(?P<secret>\S+)",
    ),
    (
        &[".git-credentials"],
        "password in an address",
        r"://[^:/@\s]*:(?P<secret>[^@/\s]+)@",
    ),
    (
        &[".dockercfg", ".docker/config.json"],
        "registry password",
        r#""(?:auth|identitytoken|registrytoken)"\s*:\s*"(?P<secret>[^"\s]{4,})""#,
    ),
    (
        &[".npmrc"],
        "registry password",
        r#"(?m)(?:^|:)_(?:auth|password)\s*=\s*(?P<secret>\S+)"#,
    ),
    (
        &[".pgpass"],
        "database password",
        r"(?m)^[^#:\n][^:\n]*:[^:\n]*:[^:\n]*:[^:\n]*:(?P<secret>[^:\n]+)$",
    ),
    (
        &["kubeconfig", ".kube/config"],
        "cluster credentials",
        r#"\b(?:token|password|client-key-data):\s*["']?(?P<secret>[^\s"']{4,})"#,
    ),
    (
        // What stands in comments is the example that Maven comes with.
        &[".m2/settings.xml", "conf/settings.xml", "maven/settings.xml"],
        "password of a Maven repository",
        r"<!--(?s:.*?)-->|<(?:password|passphrase)>\s*(?P<secret>[^<\s$]{3,})\s*</",
    ),
];

static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |(_, _, pattern): &(&[&str], &str, &str)| RegexBuilder::new(pattern).unicode(false).build();
    FORMS
        .iter()
        .map(compile)
        .collect::<Result<_, _>>()
        .expect("the patterns are constant")
});

/// The credentials in the file at `path`, which is made to hold some.
pub(super) fn find(content: &[u8], path: &str) -> Vec<FileSecret> {
    let mut found: Vec<FileSecret> = assignments(content, path).take(MOST).collect();
    for ((ends, title, _), pattern) in FORMS.iter().zip(PATTERNS.iter()) {
        if !ends.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        let is_literal = |secret: &Match<'_>| is_literal(&String::from_utf8_lossy(secret.as_bytes()));
        let secrets = pattern
            .captures_iter(content)
            .filter_map(|captures| captures.name("secret"));
        for secret in secrets.filter(is_literal).take(MOST) {
            found.push(FileSecret {
                rule: "secret-credentials-file".to_owned(),
                title: (*title).to_owned(),
                severity: Severity::High,
                path: path.to_owned(),
                line: super::line_of(content, secret.start()),
                redacted: "********".to_owned(),
            });
        }
    }
    found.sort_by_key(|secret| secret.line);
    found.dedup_by_key(|secret| secret.line);
    found.truncate(MOST);
    found
}

/// The lines that give a literal value to a variable with the name of a secret.
fn assignments<'a>(content: &'a [u8], path: &'a str) -> impl Iterator<Item = FileSecret> + 'a {
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    lines.filter_map(move |(index, line)| {
        let line = std::str::from_utf8(line).ok()?.trim();
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        let name = name.trim();
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        (plain && names_a_secret(name) && is_literal(value)).then(|| FileSecret {
            rule: "secret-environment-file".to_owned(),
            title: format!("value of `{name}`"),
            severity: Severity::High,
            path: path.to_owned(),
            line: index + 1,
            redacted: format!("{name}=********"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_tells_no_more_than_some() {
        let text: String = (0..300)
            .map(|n| format!("machine h{n}.test login u password hunter{n}\n"))
            .collect();
        assert_eq!(find(text.as_bytes(), "root/.netrc").len(), MOST);
        let examples = "password $P\n".repeat(300) + "password hunter2\n";
        assert_eq!(find(examples.as_bytes(), "root/.netrc").len(), 1);
    }

    #[test]
    fn every_form_is_found_and_none_where_it_refers_to_a_variable() {
        for (path, good, bad) in [
            (
                "root/.netrc",
                "machine a\n login b\n password hunter2\n",
                "machine a password $P\n",
            ),
            (
                "root/.git-credentials",
                "x\ny\nhttps://u:hunter2@a.test\n",
                "https://u@a.test\n",
            ),
            (
                "root/.docker/config.json",
                "{\"auths\":{\n\"a\":{\n\"auth\":\"dTpodW50ZXIy\"}}}",
                "{\"credsStore\":\"pass\"}",
            ),
            (
                "root/.m2/settings.xml",
                "<!-- <password>p</password>\n -->\n<server><password>hunter2</password></server>\n",
                "<!-- <password>\nmy_password</password> --><password>${env.P}</password>",
            ),
            (
                "root/.npmrc",
                "a=b\n\n//r.test/:_password=aHVudGVyMg==\n",
                "//r.test/:_password=${P}\n",
            ),
            (
                "root/.pgpass",
                "#\n\n*:*:*:u:hunter2\n",
                "# host:port:db:user:password\n",
            ),
            (
                "root/.kube/config",
                "users:\n- user:\n    token: abcdefgh\n",
                "contexts: []\n",
            ),
            (
                "root/.pypirc",
                "[pypi]\nusername=u\npassword = hunter2\n",
                "password =\n",
            ),
            (
                "root/.aws/credentials",
                "[default]\n\naws_secret_access_key = abc\n",
                "region = x\n",
            ),
        ] {
            let found = find(good.as_bytes(), path);
            assert_eq!(found.len(), 1, "{path}: {found:?}");
            assert_eq!(found[0].line, 3, "{path}: {found:?}");
            assert!(!format!("{found:?}").contains("hunter2"));
            assert_eq!(find(bad.as_bytes(), path), [], "{path}");
        }
    }
}
