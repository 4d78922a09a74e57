//! CVSS 4.0 base scores, section 8 "Scoring": the vector's equivalence sets choose a macrovector, whose score
//! is then lowered by how far the vector lies below the worst one of its macrovector.
//!
//! Threat and environmental metrics are taken as not defined, which leaves of the specification's table the
//! macrovectors with the worst exploit maturity (EQ5 0) and no safety impact (EQ4 1 or 2).

use super::metrics;

/// By EQ1, EQ2, EQ3 with EQ6 (00, 01, 10, 11, 21), EQ4 (1, 2): the scores of the specification's table.
const SCORES: [[[[f64; 2]; 5]; 2]; 3] = [
    [
        [[10.0, 9.3], [9.6, 9.0], [9.3, 8.8], [9.2, 8.0], [7.9, 6.9]],
        [[9.5, 9.2], [9.1, 8.1], [9.2, 8.4], [8.2, 7.0], [7.1, 6.3]],
    ],
    [
        [[9.4, 8.7], [8.9, 7.5], [8.6, 7.2], [7.6, 5.7], [6.5, 5.3]],
        [[9.0, 7.7], [7.7, 6.6], [7.4, 6.1], [5.9, 5.2], [5.8, 2.3]],
    ],
    [
        [[8.6, 7.0], [7.4, 5.4], [7.2, 5.3], [5.7, 3.6], [4.7, 2.4]],
        [[7.3, 5.4], [5.5, 4.3], [6.1, 4.6], [5.1, 1.8], [2.4, 1.0]],
    ],
];

/// One equivalence set of a vector.
struct Set {
    /// Which of the set's levels the vector is at, from 0.
    level: usize,
    /// How many steps the vector is below the worst one of this level.
    distance: u8,
    /// How many steps there are in this level.
    depth: u8,
}

/// The base score of the part of a vector behind `CVSS:4.0/`.
pub(super) fn base_score(text: &str) -> Option<f64> {
    let names = ["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];
    let [av, ac, at, pr, ui, vc, vi, va, sc, si, sa] = metrics(text, names)?;
    let exploitability = exploitability(steps(av, "NALP")?, steps(pr, "NLH")?, steps(ui, "NPA")?)?;
    let complexity = complexity(steps(ac, "LH")?, steps(at, "NP")?);
    let (impact, row) = impact(steps(vc, "HLN")?, steps(vi, "HLN")?, steps(va, "HLN")?)?;
    let subsequent = subsequent(steps(sc, "HLN")?, steps(si, "HLN")?, steps(sa, "HLN")?);
    if [vc, vi, va, sc, si, sa].iter().all(|value| *value == "N") {
        return Some(0.0);
    }

    let score = |eq1: usize, eq2: usize, eq36: usize, eq4: usize| {
        SCORES.get(eq1)?.get(eq2)?.get(eq36)?.get(eq4).copied()
    };
    let (eq1, eq2, eq4) = (exploitability.level, complexity.level, subsequent.level);
    let here = score(eq1, eq2, row, eq4)?;
    let below_impact = match row {
        // Of the two that are next below, the higher score counts.
        0 => Some(score(eq1, eq2, 1, eq4)?.max(score(eq1, eq2, 2, eq4)?)),
        2 => score(eq1, eq2, 3, eq4),
        _ => None,
    };
    let lower = [
        (score(eq1 + 1, eq2, row, eq4), exploitability),
        (score(eq1, eq2 + 1, row, eq4), complexity),
        (below_impact, impact),
        (score(eq1, eq2, row, eq4 + 1), subsequent),
    ];
    // The set of exploit maturity has a lower level too, to which the distance is nothing.
    let (mut sum, mut count) = (0.0, 1.0);
    for (next, set) in lower {
        if let Some(next) = next {
            sum += (here - next) * f64::from(set.distance) / f64::from(set.depth);
            count += 1.0;
        }
    }
    // The small number keeps what is half a step up to rounding errors from being rounded down.
    let value: f64 = here - sum / count + 1e-6;
    Some((value.clamp(0.0, 10.0) * 10.0).round() / 10.0)
}

/// How many steps a metric is below its worst value; the values stand in their order.
fn steps(value: &str, values: &str) -> Option<u8> {
    let [letter] = value.as_bytes() else { return None };
    let at = values.bytes().position(|known| known == *letter)?;
    u8::try_from(at).ok()
}

/// EQ1: attack vector, privileges required, user interaction.
fn exploitability(av: u8, pr: u8, ui: u8) -> Option<Set> {
    let physical = 3;
    let (level, worst, depth): (_, &[[u8; 3]], _) = if [av, pr, ui] == [0, 0, 0] {
        (0, &[[0, 0, 0]], 1)
    } else if av != physical && (av == 0 || pr == 0 || ui == 0) {
        (1, &[[1, 0, 0], [0, 1, 0], [0, 0, 1]], 4)
    } else {
        (2, &[[3, 0, 0], [1, 1, 1]], 5)
    };
    set(level, [av, pr, ui], worst, depth)
}

/// EQ2: attack complexity and requirements.
fn complexity(ac: u8, at: u8) -> Set {
    match ac + at {
        0 => Set {
            level: 0,
            distance: 0,
            depth: 1,
        },
        steps => Set {
            level: 1,
            distance: steps - 1,
            depth: 2,
        },
    }
}

/// EQ3 and EQ6: impact on the vulnerable system; and the row of both in the table.
fn impact(vc: u8, vi: u8, va: u8) -> Option<(Set, usize)> {
    let (row, worst, depth): (_, &[[u8; 3]], _) = if vc == 0 && vi == 0 {
        (0, &[[0, 0, 0]], 7)
    } else if vc == 0 || vi == 0 || va == 0 {
        (2, &[[1, 0, 0], [0, 1, 0]], 8)
    } else {
        (4, &[[1, 1, 1]], 10)
    };
    Some((set(row, [vc, vi, va], worst, depth)?, row))
}

/// EQ4: impact on subsequent systems.
fn subsequent(sc: u8, si: u8, sa: u8) -> Set {
    if sc == 0 || si == 0 || sa == 0 {
        Set {
            level: 0,
            distance: sc + si + sa,
            depth: 5,
        }
    } else {
        Set {
            level: 1,
            distance: sc + si + sa - 3,
            depth: 4,
        }
    }
}

/// The distance is that to the first of the worst vectors that is at least as bad in every metric.
fn set(level: usize, steps: [u8; 3], worst: &[[u8; 3]], depth: u8) -> Option<Set> {
    worst.iter().find_map(|worst| {
        let distances = steps
            .iter()
            .zip(worst)
            .map(|(steps, worst)| steps.checked_sub(*worst));
        let distance = distances.sum::<Option<u8>>()?;
        Some(Set {
            level,
            distance,
            depth,
        })
    })
}
