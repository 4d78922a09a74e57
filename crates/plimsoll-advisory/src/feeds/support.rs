//! Ubuntu's two words on one package: that of the release, and that of its paid extension (Ubuntu Pro).

use super::Statement;
use crate::database::schema::{Extent, Until};

/// One word for each package of a release. The release's own fix counts where there is one, since the extension comes
/// later and higher; else that of the extension does, so that neither a package which has it is taken for affected, nor
/// one which lacks it for fixed.
pub(super) fn merge(statements: Vec<Statement>) -> Vec<Statement> {
    if !statements.iter().any(|one| one.extended) {
        return statements;
    }
    let has = |of: &Statement, extended: bool, fixed: bool| {
        statements.iter().any(|one| {
            one.extended == extended
                && (&one.release, &one.package) == (&of.release, &of.package)
                && (!fixed || is_fixed(one))
        })
    };
    let counts = |one: &Statement| match one.extended {
        true => !has(one, false, true) && (is_fixed(one) || !has(one, false, false)),
        false => is_fixed(one) || !has(one, true, true),
    };
    let kept: Vec<bool> = statements.iter().map(counts).collect();
    let all = statements.into_iter().zip(kept);
    all.filter(|(_, kept)| *kept).map(|(one, _)| one).collect()
}

fn is_fixed(statement: &Statement) -> bool {
    match &statement.extent {
        Extent::Versions { intervals, .. } => intervals
            .iter()
            .any(|interval| matches!(interval.until, Until::Fixed(_))),
        Extent::Unfixed(_) | Extent::Undetermined | Extent::Unreadable => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::schema::Interval;

    fn supported(extended: bool, fixed: Option<&str>) -> Statement {
        let until = fixed.map_or(Until::Open, |version| Until::Fixed(version.to_owned()));
        Statement {
            release: "ubuntu:18.04".to_owned(),
            package: "curl".to_owned(),
            ratings: Vec::new(),
            extent: Extent::Versions {
                intervals: vec![Interval { from: None, until }],
                listed: Vec::new(),
            },
            modules: Vec::new(),
            extended,
        }
    }

    #[test]
    fn one_word_remains() {
        for (own, extended, kept) in [
            (Some(Some("1")), Some(Some("2")), "(…, 1)"),
            (Some(None), Some(Some("2")), "(…, 2)"),
            (None, Some(Some("2")), "(…, 2)"),
            (Some(None), Some(None), "(…, …)"),
            (None, Some(None), "(…, …)"),
            (Some(Some("1")), None, "(…, 1)"),
        ] {
            let own = own.map(|fixed| supported(false, fixed));
            let extended = extended.map(|fixed| supported(true, fixed));
            let merged = merge(own.into_iter().chain(extended).collect());
            let shown: Vec<String> = merged.iter().map(|one| one.extent.to_string()).collect();
            assert_eq!(shown, [kept]);
        }
    }
}
