//! What looks like a secret among the files that a build is sent.

use std::path::Path;

use plimsoll_build::{Context, DockerfileText};
use plimsoll_core::{Finding, Place, Span};

/// The findings in the files of `context` that `.dockerignore` lets through.
pub(crate) fn secrets_in_context(
    context: &Context,
    dockerfile: &DockerfileText,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in plimsoll_build::files_sent(context, dockerfile)? {
        let whole = context.root().join(&path);
        for secret in plimsoll_inventory::secrets_in_file(&whole, &path)? {
            findings.push(finding(&path, secret));
        }
    }
    Ok(findings)
}

fn finding(path: &Path, secret: plimsoll_inventory::FileSecret) -> Finding {
    Finding {
        check: secret.rule,
        severity: secret.severity,
        message: format!(
            "{} in `{}` of the build context, line {}",
            secret.title,
            path.display(),
            secret.line
        ),
        place: Place::Dockerfile {
            path: path.display().to_string(),
            span: Span::default(),
        },
        evidence: secret.redacted,
        remedy: Some(plimsoll_core::Hint::new(format!(
            "add `{}` to `.dockerignore`",
            path.display()
        ))),
    }
}
