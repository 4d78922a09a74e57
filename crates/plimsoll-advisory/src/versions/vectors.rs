//! Reads the tables in `testdata/` that the reference implementations' scripts wrote.

use std::cmp::Ordering;

/// The rows of a kind, as the three fields behind the kind.
pub(super) fn rows<'a>(table: &'a str, kind: &str) -> Vec<[&'a str; 3]> {
    table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                [found, a, b, c] if found == kind => Some([a, b, c]),
                _ => None,
            }
        })
        .collect()
}

/// Checks `compare` with all rows `order  A  <|=|>  B`, both ways round.
pub(super) fn check_order(table: &str, at_least: usize, compare: fn(&str, &str) -> Ordering) {
    let rows = rows(table, "order");
    assert!(rows.len() >= at_least, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for [a, sign, b] in rows {
        let order = match sign {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            _ => Ordering::Greater,
        };
        if compare(a, b) != order || compare(b, a) != order.reverse() {
            wrong.push(format!("{a} {sign} {b}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(12)]
    );
}
