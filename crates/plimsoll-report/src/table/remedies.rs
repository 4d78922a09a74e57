use plimsoll_core::Remedies;

use super::{Style, heading, line};
use crate::shown::{NotCounted, base_remedy, move_to};
use crate::text::{clean, cleaned, count, decision, shortened};

/// More packages than these are counted, not listed.
const MOST: usize = 12;

/// What would make vulnerabilities vanish.
pub(super) fn remedies(text: &mut String, remedies: &Remedies, style: Style) {
    if remedies.is_empty() {
        return;
    }
    heading(text, "Remedies");
    for base in &remedies.bases {
        line(text, &clean(&base_remedy(base)));
    }
    if remedies.packages.is_empty() {
        return;
    }
    let mut table = style.table(&["Package", "Installed", "Move to", "Resolves", "Left"]);
    for one in remedies.packages.iter().take(MOST) {
        table.row([
            clean(&one.package),
            clean(&one.installed),
            cleaned(move_to(one)),
            one.resolves.len().to_string().into(),
            one.remaining.to_string().into(),
        ]);
    }
    table.bound(0, 40);
    table.put(text);
    if remedies.packages.len() > MOST {
        line(
            text,
            &format!("and {} more", count(remedies.packages.len() - MOST, "package")),
        );
    }
}

/// What does not count, and why.
pub(super) fn suppressed(text: &mut String, suppressed: &[NotCounted<'_>], style: Style) {
    if suppressed.is_empty() {
        return;
    }
    heading(text, "Not counted, by decision");
    let mut table = style.table(&["Finding", "Where", "Decision", "Reason", "Source"]);
    for one in suppressed {
        table.row([
            clean(one.what),
            clean(&one.subject),
            decision(one.decision.status).into(),
            shortened(clean(&one.decision.reason), 120),
            clean(&one.decision.source),
        ]);
    }
    table.keep_whole(&[0, 2]);
    table.put(text);
}
