//! Go's `text/template` as Docker's `--format` uses it, over JSON values.
//!
//! Supported: fields (`.A.B`), variables, pipelines, `if`, `with`, `range`, `define`-free nesting, trim
//! markers, comments, and the functions that Docker documents (`json`, `join`, `lower`, `upper`, `title`,
//! `split`, `println`, `pad`, `truncate`) beside Go's own (`index`, `len`, `print`, `printf`, `eq` and its kin, `and`,
//! `or`, `not`). What is not supported is an error that names it.

mod eval;
mod functions;
mod lex;
mod parse;

use serde_json::Value;

/// A template that was read without error.
#[derive(Debug)]
pub(crate) struct Template {
    nodes: Vec<parse::Node>,
}

/// Why a template cannot be read or applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("template: at byte {at}: {reason}")]
    Syntax { at: usize, reason: String },
    #[error("template: {0}")]
    Apply(String),
}

impl Template {
    /// Reads the text of a `--format` option.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let tokens = lex::tokens(text)?;
        Ok(Self {
            nodes: parse::nodes(&tokens)?,
        })
    }

    /// The text that the template makes of `data`.
    pub(crate) fn apply(&self, data: &Value) -> Result<String, TemplateError> {
        eval::text(&self.nodes, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn image() -> Value {
        json!({
            "Id": "sha256:00", "Size": 12, "RepoTags": ["a:1", "b:2"],
            "Config": {"Labels": {"version": "2.0.0", "org.opencontainers.image.source": "s"}, "User": "", "Cmd": null},
            "State": {"Health": {"Status": "healthy"}, "Running": true},
        })
    }

    fn apply(text: &str) -> String {
        match Template::parse(text).and_then(|template| template.apply(&image())) {
            Ok(text) => text,
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn what_docker_prints() {
        for (text, expected) in [
            ("{{.Id}}", "sha256:00"),
            ("{{ .State.Health.Status }} now", "healthy now"),
            (
                "{{json .Config.Labels}}",
                r#"{"version":"2.0.0","org.opencontainers.image.source":"s"}"#,
            ),
            ("{{index .Config.Labels \"version\"}}", "2.0.0"),
            ("{{index .RepoTags 1}}", "b:2"),
            ("{{.RepoTags}}", "[a:1 b:2]"),
            ("{{range .RepoTags}}<{{.}}>{{end}}", "<a:1><b:2>"),
            (
                "{{range $i, $t := .RepoTags}}{{$i}}={{$t}};{{end}}",
                "0=a:1;1=b:2;",
            ),
            (
                "{{range $k, $v := .Config.Labels}}{{$k}} {{end}}",
                "org.opencontainers.image.source version ",
            ),
            ("{{if .Config.User}}u{{else}}root{{end}}", "root"),
            ("{{if .State.Running}}up{{end}}", "up"),
            ("{{with .State}}{{.Running}}{{end}}", "true"),
            ("{{join .RepoTags \", \"}}", "a:1, b:2"),
            ("{{.Id | upper | printf \"%s!\"}}", "SHA256:00!"),
            (
                "{{printf \"%-5s|%5d|%q\" \"ab\" .Size \"x\"}}",
                "ab   |   12|\"x\"",
            ),
            ("{{len .RepoTags}}", "2"),
            ("{{if and (eq .Size 12) (not .Config.Cmd)}}yes{{end}}", "yes"),
            ("a {{- /* note */ -}} b", "ab"),
            ("{{$x := .Size}}{{$x}}", "12"),
            ("{{range .Config.Cmd}}x{{else}}none{{end}}", "none"),
            (
                "{{.Config.Labels.version}}{{.Config.Labels.absent}}",
                "2.0.0<no value>",
            ),
            ("{{range .RepoTags}}{{$.Size}}{{end}}", "1212"),
            ("{{if false}}a{{else if true}}b{{end}}", "b"),
        ] {
            assert_eq!(apply(text), expected, "{text}");
        }
    }

    #[test]
    fn errors_name_what_is_wrong() {
        insta::assert_snapshot!(["{{.Nope}}", "{{", "{{end}}", "{{if .Id}}", "{{nope .Id}}", "{{index .RepoTags 9}}", "{{.Id.X}}", "{{\"a}}"]
            .map(apply).join("\n"), @r#"
        error: template: no entry for key "Nope"
        error: template: at byte 0: `{{` is not closed
        error: template: at byte 2: `end` without `if`, `with` or `range`
        error: template: at byte 8: `{{end}}` is missing
        error: template: at byte 2: function `nope` is not defined
        error: template: index 9 is out of range: there are 2
        error: template: can't look up `X` in a string
        error: template: at byte 2: the string is not closed
        "#);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}|(\\{\\{|\\}\\}|[.$|()\" a-zA-Z0-9:=-]|if |end|range ){0,20}") {
            let _ = apply(&text);
        }
    }
}
