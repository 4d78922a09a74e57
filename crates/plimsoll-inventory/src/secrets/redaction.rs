use std::collections::BTreeSet;

use plimsoll_image::ImageConfig;
use serde_json::Value;

use super::in_config;

/// What stands for a secret.
const STARS: &str = "********";
/// A shorter value is replaced only where its variable is named: it may be part of any word.
const SHORTEST: usize = 6;

/// A text that is not shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Taken {
    /// What stands before it.
    pub(super) before: String,
    pub(super) secret: String,
    /// Whether it is taken out wherever it stands; a short one, or one that is a word, only behind `before`.
    pub(super) anywhere: bool,
}

/// Takes the secrets of an image's configuration out of what is shown of it: the configuration itself, and the
/// instructions that made its layers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redaction {
    /// What is replaced, and by what; the longest first, so that nothing is left of it when another is a part of it.
    texts: Vec<(String, String)>,
}

impl Redaction {
    /// That of an image with this configuration.
    pub fn of(config: &ImageConfig) -> Self {
        in_config(config).1
    }

    /// The one that takes out `all`.
    pub(super) fn new(all: &BTreeSet<Taken>) -> Self {
        let mut texts = BTreeSet::new();
        for taken in all.iter().filter(|taken| !taken.secret.is_empty()) {
            let Taken { before, secret, .. } = taken;
            if taken.anywhere && secret.len() >= SHORTEST {
                texts.insert((secret.clone(), STARS.to_owned()));
            } else if !before.is_empty() {
                texts.insert((format!("{before}{secret}"), format!("{before}{STARS}")));
            }
        }
        let mut texts: Vec<(String, String)> = texts.into_iter().collect();
        texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self { texts }
    }

    /// `text` with stars in the place of every secret.
    pub fn text(&self, text: &str) -> String {
        let mut redacted = text.to_owned();
        for (secret, stars) in &self.texts {
            if redacted.contains(secret.as_str()) {
                redacted = redacted.replace(secret.as_str(), stars);
            }
        }
        redacted
    }

    /// Puts stars in the place of every secret in the texts of `value`.
    pub fn json(&self, value: &mut Value) {
        if self.texts.is_empty() {
            return;
        }
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(all) => all.iter_mut().for_each(|one| self.json(one)),
            Value::Object(fields) => fields.values_mut().for_each(|one| self.json(one)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let token = format!("{}_{}", "ghp", "R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a");
        let mut config = ImageConfig::default();
        config.config.env = vec![
            "PATH=/usr/bin:/bin".to_owned(),
            "DB_PASSWORD=s3cr3t-of-the-db".to_owned(),
            "PIN_PASSWORD=1234".to_owned(),
            format!("HEADER=Bearer {token}"),
        ];
        let redaction = Redaction::of(&config);
        for (text, expected) in [
            ("PATH=/usr/bin:/bin", "PATH=/usr/bin:/bin"),
            ("DB_PASSWORD=s3cr3t-of-the-db", "DB_PASSWORD=********"),
            ("RUN |1 X=s3cr3t-of-the-db make", "RUN |1 X=******** make"),
            (
                "ENV PIN_PASSWORD=1234 PORT=1234",
                "ENV PIN_PASSWORD=******** PORT=1234",
            ),
            (token.as_str(), "********"),
        ] {
            assert_eq!(redaction.text(text), expected);
        }
        let mut json =
            serde_json::json!({"config": {"Env": config.config.env, "Labels": {"t": token}}, "n": 1});
        redaction.json(&mut json);
        let shown = json.to_string();
        assert!(
            !shown.contains(&token) && !shown.contains("s3cr3t") && shown.contains("/usr/bin"),
            "{shown}"
        );
        assert_eq!(Redaction::default().text("x"), "x");
    }
}
