//! CVSS 3.0 and 3.1, section 7.1 "Base Metrics Equations" and section 7.4 "Metric Values".

use super::metrics;

/// The base score of the part of a vector behind `CVSS:3.x/`.
pub(super) fn base_score(text: &str) -> Option<f64> {
    let names = ["AV", "AC", "PR", "UI", "S", "C", "I", "A"];
    let [vector, complexity, privileges, interaction, scope, c, i, a] = metrics(text, names)?;
    let changed = match scope {
        "U" => false,
        "C" => true,
        _ => return None,
    };
    let vector = match vector {
        "N" => 0.85,
        "A" => 0.62,
        "L" => 0.55,
        "P" => 0.2,
        _ => return None,
    };
    let complexity = match complexity {
        "L" => 0.77,
        "H" => 0.44,
        _ => return None,
    };
    let privileges = match (privileges, changed) {
        ("N", _) => 0.85,
        ("L", false) => 0.62,
        ("L", true) => 0.68,
        ("H", false) => 0.27,
        ("H", true) => 0.5,
        _ => return None,
    };
    let interaction = match interaction {
        "N" => 0.85,
        "R" => 0.62,
        _ => return None,
    };
    let sub_score = 1.0 - (1.0 - impact(c)?) * (1.0 - impact(i)?) * (1.0 - impact(a)?);
    let impact = if changed {
        7.52 * (sub_score - 0.029) - 3.25 * (sub_score - 0.02f64).powi(15)
    } else {
        6.42 * sub_score
    };
    if impact <= 0.0 {
        return Some(0.0);
    }
    let exploitability = 8.22 * vector * complexity * privileges * interaction;
    let sum = impact + exploitability;
    Some(round_up(if changed { 1.08 * sum } else { sum }.min(10.0)))
}

fn impact(value: &str) -> Option<f64> {
    match value {
        "H" => Some(0.56),
        "L" => Some(0.22),
        "N" => Some(0.0),
        _ => None,
    }
}

/// The smallest number with one decimal that is not less; appendix A of version 3.1 gives the way to do it
/// that does not depend on how floating-point numbers are rounded.
fn round_up(value: f64) -> f64 {
    let scaled = (value * 100_000.0).round() as u64;
    if scaled.is_multiple_of(10_000) {
        scaled as f64 / 100_000.0
    } else {
        (scaled / 10_000 + 1) as f64 / 10.0
    }
}
