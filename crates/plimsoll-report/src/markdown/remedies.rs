use plimsoll_core::Remedies;

use super::{Table, heading, literal, message, plain};
use crate::shown::{NotCounted, base_remedy, move_to};
use crate::text::{count, decision};

/// What would make vulnerabilities vanish.
pub(super) fn remedies(text: &mut String, remedies: &Remedies) {
    if remedies.is_empty() {
        return;
    }
    heading(text, 2, "Remedies");
    for base in &remedies.bases {
        text.push_str(&format!("- {}\n", plain(&base_remedy(base))));
    }
    if !remedies.bases.is_empty() {
        text.push('\n');
    }
    if remedies.packages.is_empty() {
        return;
    }
    let mut table = Table::new(&["Package", "Installed", "Move to", "Resolves", "Left"]);
    for one in &remedies.packages {
        table.row([
            literal(&one.package),
            literal(&one.installed),
            literal(&move_to(one)),
            one.resolves.len().to_string(),
            one.remaining.to_string(),
        ]);
    }
    table.write_folded(text, &count(remedies.packages.len(), "package"));
}

/// What does not count, and why.
pub(super) fn suppressed(text: &mut String, suppressed: &[NotCounted<'_>]) {
    if suppressed.is_empty() {
        return;
    }
    heading(text, 2, "Not counted, by decision");
    let mut table = Table::new(&["Finding", "Where", "Decision", "Reason", "Source"]);
    for one in suppressed {
        table.row([
            literal(one.what),
            literal(&one.subject),
            decision(one.decision.status).to_owned(),
            message(&one.decision.reason),
            plain(&one.decision.source),
        ]);
    }
    table.write(text);
}
