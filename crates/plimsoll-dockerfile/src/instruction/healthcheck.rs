use super::{COMMENT_HINT, Request};
use crate::ast::{Command, Duration, Flag, Healthcheck, HealthcheckKind, InstructionKind, Word};
use crate::duration::{self, DurationError};
use crate::lines::Piece;

const MILLISECOND: i64 = 1_000_000;
const FORM: &str = "HEALTHCHECK [OPTIONS] CMD COMMAND";

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    let text = request.arguments.text();
    // BuildKit looks at bytes here, so that other white space than that of ASCII belongs to the command.
    let blank = |c: char| c.is_ascii_whitespace() || c == '\u{b}';
    let end = text.find(blank).unwrap_or(text.len());
    let kind = request.arguments.slice(0..end);
    let start = text.len() - text[end..].trim_start_matches(blank).len();
    let rest = request.arguments.from(start);
    let test = match kind.text().to_ascii_uppercase().as_str() {
        "NONE" => {
            std::mem::take(&mut request.flags).ignore("HEALTHCHECK NONE", request.diagnostics);
            none(request, rest)?
        }
        "CMD" => HealthcheckKind::Command {
            command: command(request, kind, rest)?,
        },
        "" => {
            request.missing("`CMD` and a command, or `NONE`", FORM);
            return None;
        }
        _ => {
            request
                .error(
                    "bad-healthcheck",
                    kind.span(),
                    format!("`HEALTHCHECK` has no form `{}`", kind.text()),
                )
                .hint(format!("write `{FORM}` or `HEALTHCHECK NONE`"));
            return None;
        }
    };
    let interval = duration(request, "interval");
    let timeout = duration(request, "timeout");
    let start_period = duration(request, "start-period");
    let start_interval = duration(request, "start-interval");
    let retries = retries(request);
    request.finish_flags();
    Some(InstructionKind::Healthcheck(Healthcheck {
        interval,
        timeout,
        start_period,
        start_interval,
        retries,
        test,
    }))
}

fn none(request: &mut Request<'_>, rest: Piece<'_>) -> Option<HealthcheckKind> {
    if !rest.is_empty() {
        request
            .error(
                "too-many-arguments",
                rest.span(),
                "`HEALTHCHECK NONE` takes no arguments",
            )
            .hint(match rest.text().starts_with('#') {
                true => COMMENT_HINT,
                false => "take them away",
            });
        return None;
    }
    Some(HealthcheckKind::None)
}

fn command<'a>(request: &mut Request<'a>, kind: Piece<'a>, rest: Piece<'a>) -> Option<Command> {
    let command = request.command(rest)?;
    let is_empty = match &command {
        Command::Shell(word) => word.text.is_empty(),
        Command::Exec(words) => words.is_empty(),
    };
    if is_empty {
        request
            .error(
                "missing-argument",
                kind.span(),
                "`HEALTHCHECK CMD` has no command",
            )
            .hint(format!("write `{FORM}`"));
        return None;
    }
    Some(command)
}

fn duration(request: &mut Request<'_>, name: &'static str) -> Option<Flag<Duration>> {
    let flag = request.flags.string(name, request.diagnostics)?;
    match duration::parse(&flag.value.text) {
        Ok(nanoseconds) if nanoseconds == 0 || nanoseconds >= MILLISECOND => Some(Flag {
            span: flag.span,
            value: Duration {
                nanoseconds,
                word: flag.value,
            },
        }),
        Ok(_) => {
            request
                .error(
                    "bad-duration",
                    flag.value.span,
                    format!("`--{name}` cannot be less than a millisecond"),
                )
                .hint("`0s` means the default");
            None
        }
        Err(error) => {
            let text = &flag.value.text;
            let hint = match error {
                DurationError::NoUnit => format!("add a unit: `{text}s`"),
                _ => "write numbers with the units `ms`, `s`, `m` and `h`, such as `1m30s`".to_owned(),
            };
            request
                .error(
                    "bad-duration",
                    flag.value.span,
                    format!("`{text}` is no duration"),
                )
                .hint(hint);
            None
        }
    }
}

fn retries(request: &mut Request<'_>) -> Option<Flag<u32>> {
    let flag: Flag<Word> = request.flags.string("retries", request.diagnostics)?;
    let value = flag
        .value
        .text
        .parse::<i32>()
        .ok()
        .and_then(|number| u32::try_from(number).ok());
    if value.is_none() {
        request
            .error(
                "bad-flag-value",
                flag.value.span,
                format!("`{}` is no number of retries", flag.value.text),
            )
            .hint("write a whole number that is not negative");
    }
    value.map(|value| Flag {
        span: flag.span,
        value,
    })
}
