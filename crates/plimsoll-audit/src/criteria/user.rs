use plimsoll_core::{Criterion, Row};

use super::row_of;
use crate::{Observed, Subject};

/// Who the image's processes run as: by its configuration, and when it was run.
pub(super) fn row(subject: &Subject<'_>) -> Row {
    let user = &subject.image.config.config.user;
    let configured = if user.is_empty() {
        "no USER, so root".to_owned()
    } else {
        format!("USER {user}")
    };
    let ran_as = subject.probed.uid();
    let explicit = match explicit_uid(user) {
        Some(uid) => Observed::when(uid != 0, configured.clone()),
        None => Observed::unmet(configured.clone()),
    };
    row_of(
        Criterion::User,
        [
            ("any".to_owned(), Observed::met(configured.clone())),
            ("non-root".to_owned(), non_root(user, configured, &ran_as)),
            (
                "non-root by explicit UID, and it runs so".to_owned(),
                explicit.and(runs_as(explicit_uid(user), ran_as)),
            ),
        ],
    )
}

/// A number says all there is to say; a name may stand for UID 0, which only the run shows.
fn non_root(user: &str, configured: String, ran_as: &std::result::Result<u32, String>) -> Observed {
    if is_root(user) {
        return Observed::unmet(configured);
    }
    match (explicit_uid(user), ran_as) {
        (Some(_), _) => Observed::met(configured),
        (None, Ok(uid)) => Observed::when(*uid != 0, format!("{configured}, which is UID {uid}")),
        (None, Err(reason)) => {
            Observed::not_assessed(format!("{configured}, whose UID is not known: {reason}"))
        }
    }
}

fn runs_as(asked: Option<u32>, ran_as: std::result::Result<u32, String>) -> Observed {
    match ran_as {
        Err(reason) => Observed::not_assessed(reason),
        Ok(uid) => Observed::when(
            asked == Some(uid) && uid != 0,
            format!("its first process runs with UID {uid}"),
        ),
    }
}

/// Whether the user part names root. Other names may still have UID 0; the run shows it.
pub(crate) fn is_root(user: &str) -> bool {
    matches!(user.split(':').next().unwrap_or_default(), "" | "root") || explicit_uid(user) == Some(0)
}

/// The UID, where the user part is a number.
pub(crate) fn explicit_uid(user: &str) -> Option<u32> {
    user.split(':').next().and_then(|user| user.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_core::Assessment;

    #[test]
    fn names_and_numbers() {
        for user in ["", "root", "0", "0:0", "root:1000", "00"] {
            assert!(is_root(user), "{user}");
        }
        for user in ["1000", "app", "1000:0", "app:root"] {
            assert!(!is_root(user), "{user}");
        }
        assert_eq!(
            (explicit_uid("1000:1000"), explicit_uid("app")),
            (Some(1000), None)
        );
    }

    #[test]
    fn a_configured_uid_counts_only_if_it_runs_so() {
        assert_eq!(runs_as(Some(1000), Ok(1000)).assessment, Assessment::Met);
        assert_eq!(runs_as(Some(1000), Ok(0)).assessment, Assessment::Unmet);
        assert_eq!(
            runs_as(Some(1000), Err("it was not run".into())).assessment,
            Assessment::NotAssessed
        );
    }

    #[test]
    fn a_name_may_stand_for_root() {
        let seen = |user: &str, uid: std::result::Result<u32, String>| {
            non_root(user, String::new(), &uid).assessment
        };
        assert_eq!(seen("admin", Ok(0)), Assessment::Unmet);
        assert_eq!(seen("app", Ok(1000)), Assessment::Met);
        assert_eq!(seen("app", Err("it was not run".into())), Assessment::NotAssessed);
        assert_eq!(seen("1000", Err("it was not run".into())), Assessment::Met);
    }
}
