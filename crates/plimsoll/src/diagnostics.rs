//! What is wrong in a Dockerfile, shown as compilers show it: the line, a caret, the cause and a hint.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use plimsoll_core::Span;
use plimsoll_dockerfile::Diagnostic;
use serde_json::json;

use crate::failure;
use crate::printer::Printer;

/// A Dockerfile that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` has errors")]
pub(crate) struct DockerfileErrors {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A build that failed, with the Dockerfile that it was of.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub(crate) struct BuildFailed {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) source: plimsoll_build::Error,
}

/// The error with its place, if it has one in a Dockerfile.
pub(crate) fn excerpt(error: &anyhow::Error, color: bool) -> Option<String> {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    if let Some(errors) = error.downcast_ref::<DockerfileErrors>() {
        return Some(listed(&renderer, &errors.name, &errors.text, &errors.diagnostics));
    }
    let failed = error.downcast_ref::<BuildFailed>()?;
    if let plimsoll_build::Error::Dockerfile(diagnostics) = &failed.source {
        return Some(listed(&renderer, &failed.name, &failed.text, diagnostics));
    }
    let span = failed.source.span()?;
    let message = failure::message(error);
    let hint = failure::hint(error).map(|hint| hint.0);
    let mut text = String::new();
    let output = failed.source.output();
    if !output.is_empty() {
        text.push_str("the last lines that it wrote:\n");
        for line in output {
            text.push_str(&format!("  | {line}\n"));
        }
        text.push('\n');
    }
    Some(
        text + &rendered(
            &renderer,
            Level::ERROR,
            &failed.name,
            &failed.text,
            span,
            &message,
            hint.as_deref(),
        ),
    )
}

/// The error as JSON objects: one for each diagnostic of a Dockerfile, else one.
pub(crate) fn as_json(error: &anyhow::Error) -> Vec<String> {
    if let Some(errors) = error.downcast_ref::<DockerfileErrors>() {
        return listed_as_json(&errors.name, &errors.text, &errors.diagnostics);
    }
    let failed = error.downcast_ref::<BuildFailed>();
    if let Some(failed) = failed
        && let plimsoll_build::Error::Dockerfile(diagnostics) = &failed.source
    {
        return listed_as_json(&failed.name, &failed.text, diagnostics);
    }
    let mut line =
        json!({ "level": "error", "message": failure::message(error), "hint": failure::hint(error) });
    if let Some(failed) = failed {
        line["place"] = failed
            .source
            .span()
            .map(|span| placed(&failed.name, &failed.text, span))
            .into();
        line["output"] = json!(failed.source.output());
        line["exit_code"] = json!(failed.source.exit_code());
    }
    vec![line.to_string()]
}

fn placed(name: &str, text: &str, span: Span) -> serde_json::Value {
    let start = floor(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let column = text[line_start..start].chars().count() + 1;
    json!({ "path": name, "line": span.line(text), "column": column })
}

fn listed_as_json(name: &str, text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let each = diagnostics.iter().map(|one| {
        let place = placed(name, text, one.span);
        json!({ "level": one.level, "code": one.code, "message": one.message, "hint": one.hint, "place": place }).to_string()
    });
    each.collect()
}

/// Every diagnostic, in the order of the text.
pub(crate) fn listed(renderer: &Renderer, name: &str, text: &str, diagnostics: &[Diagnostic]) -> String {
    let shown = diagnostics.iter().map(|diagnostic| {
        let level = match diagnostic.level {
            plimsoll_dockerfile::Level::Error => Level::ERROR,
            plimsoll_dockerfile::Level::Warning => Level::WARNING,
        };
        let hint = diagnostic.hint.as_ref().map(|hint| hint.0.as_str());
        rendered(
            renderer,
            level,
            name,
            text,
            diagnostic.span,
            &diagnostic.message,
            hint,
        )
    });
    shown.collect::<Vec<_>>().join("\n\n")
}

/// Tells the warnings of a Dockerfile that can be built.
pub(crate) fn warn(printer: Printer, name: &str, text: &str, diagnostics: &[Diagnostic]) {
    if printer.is_json() {
        for line in listed_as_json(name, text, diagnostics) {
            printer.block(&line);
        }
        return;
    }
    let renderer = if printer.colors_messages() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    printer.block(&listed(&renderer, name, text, diagnostics));
}

fn rendered(
    renderer: &Renderer,
    level: Level<'_>,
    name: &str,
    text: &str,
    span: Span,
    message: &str,
    hint: Option<&str>,
) -> String {
    let start = floor(text, span.start);
    // Only the first line is underlined: a heredoc of fifty lines need not be shown whole.
    let line_end = text[start..].find('\n').map_or(text.len(), |end| start + end);
    let end = floor(text, span.end).clamp(start, line_end);
    let annotation = AnnotationKind::Primary.span(start..end);
    let snippet = Snippet::source(text).path(name).annotation(annotation);
    let mut groups = vec![level.primary_title(message).element(snippet)];
    if let Some(hint) = hint {
        groups.push(Group::with_title(Level::HELP.secondary_title(hint)));
    }
    renderer.render(&groups)
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}
