//! CVSS 2.0, section 3.2.1 "Base Equation".

use super::metrics;

/// The base score of a vector such as `AV:N/AC:L/Au:N/C:P/I:P/A:P`.
pub(super) fn base_score(text: &str) -> Option<f64> {
    let [vector, complexity, authentication, c, i, a] = metrics(text, ["AV", "AC", "Au", "C", "I", "A"])?;
    let vector = match vector {
        "L" => 0.395,
        "A" => 0.646,
        "N" => 1.0,
        _ => return None,
    };
    let complexity = match complexity {
        "H" => 0.35,
        "M" => 0.61,
        "L" => 0.71,
        _ => return None,
    };
    let authentication = match authentication {
        "M" => 0.45,
        "S" => 0.56,
        "N" => 0.704,
        _ => return None,
    };
    let impact = 10.41 * (1.0 - (1.0 - part(c)?) * (1.0 - part(i)?) * (1.0 - part(a)?));
    let exploitability = 20.0 * vector * complexity * authentication;
    let factor = if impact == 0.0 { 0.0 } else { 1.176 };
    let score = (0.6 * impact + 0.4 * exploitability - 1.5) * factor;
    Some((score * 10.0).round() / 10.0)
}

fn part(value: &str) -> Option<f64> {
    match value {
        "N" => Some(0.0),
        "P" => Some(0.275),
        "C" => Some(0.66),
        _ => None,
    }
}
