use super::{COMMENT_HINT, Request};
use crate::ast::{Flag, Word};

/// What a `FROM` says.
pub(crate) struct FromParts {
    pub(crate) platform: Option<Flag<Word>>,
    pub(crate) image: Word,
    pub(crate) alias: Option<Word>,
}

const FORM: &str = "FROM IMAGE [AS NAME]";

pub(crate) fn parse(request: &mut Request<'_>) -> Option<FromParts> {
    let platform = request.flags.string("platform", request.diagnostics);
    request.finish_flags();
    let words = request.arguments.split();
    let (image, alias) = match words.as_slice() {
        [] => {
            request.missing("an image", FORM);
            return None;
        }
        [image] => (image, None),
        [image, keyword, alias] if keyword.text().eq_ignore_ascii_case("as") => (image, Some(alias)),
        [image, others @ ..] => {
            let span = others[0].span().to(others[others.len() - 1].span());
            request
                .error(
                    "bad-from",
                    span,
                    "behind the image of `FROM` stands nothing or `AS` and one name",
                )
                .hint(match others[0].text().starts_with('#') {
                    true => COMMENT_HINT.to_owned(),
                    false => format!("write `{FORM}`"),
                });
            // The stage counts all the same, so that what follows it is looked at.
            (image, None)
        }
    };
    let alias = alias.filter(|alias| {
        let valid = is_stage_name(&alias.text().to_lowercase());
        if !valid {
            request
                .error(
                    "bad-stage-name",
                    alias.span(),
                    format!("`{}` cannot be the name of a stage", alias.text()),
                )
                .hint("a name starts with a letter, and letters, digits, `-`, `_` and `.` follow");
        }
        valid
    });
    Some(FromParts {
        platform,
        image: image.word(),
        alias: alias.map(|alias| alias.word()),
    })
}

fn is_stage_name(name: &str) -> bool {
    let follows = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(follows)
}
