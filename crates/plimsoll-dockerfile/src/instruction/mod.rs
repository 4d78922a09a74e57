//! One file per instruction: from flags and arguments to a typed instruction.
//!
//! A parser that cannot make sense of its instruction says why and gives nothing.

mod add;
mod arg;
mod command;
mod copy;
mod expose;
mod from;
mod healthcheck;
mod key_value;
mod maintainer;
mod mount;
mod onbuild;
mod run;
mod shell;
mod sources;
mod stop_signal;
mod user;
mod volume;
mod workdir;

use plimsoll_core::Span;

use crate::ast::{Command, Heredoc, InstructionKind, Word};
use crate::diagnostics::{Diagnostic, suggestion};
use crate::flags::Flags;
use crate::lines::{LineNumbers, Piece};
use crate::words::{Json, json_array};

pub(crate) use from::parse as parse_from;

/// The keywords, in upper case.
const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// What an instruction's parser works on.
pub(crate) struct Request<'a> {
    /// The keyword in upper case; as it is written if it is none.
    pub(crate) name: &'a str,
    /// The keyword as written.
    pub(crate) keyword: Piece<'a>,
    pub(crate) flags: Flags,
    /// What is behind the flags, trimmed.
    pub(crate) arguments: Piece<'a>,
    /// Whether it stands behind `ONBUILD`.
    pub(crate) is_trigger: bool,
    pub(crate) heredocs: &'a [Heredoc],
    /// Offset behind the whole instruction, here-documents included.
    pub(crate) end: usize,
    pub(crate) line_numbers: &'a LineNumbers,
    pub(crate) escape: char,
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
}

/// What to do about a comment behind an instruction.
const COMMENT_HINT: &str = "put the comment on a line of its own";

/// A line split into its keyword, its flags and the rest.
pub(crate) struct Head<'a> {
    pub(crate) keyword: Piece<'a>,
    pub(crate) name: String,
    pub(crate) flags: Flags,
    pub(crate) arguments: Piece<'a>,
}

impl<'a> Head<'a> {
    pub(crate) fn parse(line: Piece<'a>) -> Self {
        let line = line.trim();
        let (keyword, rest) = line.split_first();
        let (flags, arguments) = Flags::take(rest.unwrap_or(line.from(line.text().len())));
        Self {
            keyword,
            name: keyword.text().to_ascii_uppercase(),
            flags,
            arguments,
        }
    }

    /// Whether here-documents may follow.
    pub(crate) fn may_have_heredocs(&self) -> bool {
        match self.name.as_str() {
            "ADD" | "COPY" | "RUN" => !matches!(json_array(self.arguments), Json::Array(_)),
            "ONBUILD" => {
                let inner = Head::parse(self.arguments);
                inner.name != "ONBUILD" && inner.may_have_heredocs()
            }
            _ => false,
        }
    }
}

impl<'a> Request<'a> {
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> Reported<'_> {
        self.diagnostics.push(Diagnostic::error(code, span, message));
        Reported(self.diagnostics.last_mut())
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> Reported<'_> {
        self.diagnostics.push(Diagnostic::warning(code, span, message));
        Reported(self.diagnostics.last_mut())
    }

    /// Complains about arguments that are not there, at the keyword.
    fn missing(&mut self, what: &str, form: &str) {
        let (span, name) = (self.keyword.span(), self.name);
        self.error("missing-argument", span, format!("`{name}` needs {what}"))
            .hint(format!("write `{form}`"));
    }

    /// Complains about the flags that were not taken.
    fn finish_flags(&mut self) {
        std::mem::take(&mut self.flags).finish(self.name, self.diagnostics);
    }

    /// Warns of what was surely meant as a comment, but is taken as part of the instruction.
    fn warn_of_comment(&mut self) {
        let words = self.arguments.split();
        let Some(start) = words.iter().skip(1).find(|word| word.text().starts_with('#')) else {
            return;
        };
        let span = Span::new(start.span().start, self.arguments.span().end);
        let message = format!("this is no comment here, but belongs to the `{}`", self.name);
        self.warning("comment-behind", span, message).hint(COMMENT_HINT);
    }

    /// The whole of the arguments as one word; complains if there is none.
    fn single(&mut self, what: &str, form: &str) -> Option<Word> {
        if self.arguments.is_empty() {
            self.missing(what, form);
            return None;
        }
        Some(self.arguments.word())
    }

    /// The arguments as a JSON array, or `None` for any other form. An array with something other than
    /// strings in it is complained about, as BuildKit refuses it.
    fn json(&mut self, arguments: Piece<'a>) -> Result<Option<Vec<Word>>, ()> {
        match json_array(arguments) {
            Json::Array(words) => Ok(Some(words)),
            Json::NotStrings(span) => {
                let name = self.name;
                self.error(
                    "json-not-strings",
                    span,
                    format!("the JSON array of `{name}` has an element that is no string"),
                )
                .hint("put every element in double quotes");
                Err(())
            }
            Json::No => {
                self.warn_of_almost_json(arguments);
                Ok(None)
            }
        }
    }

    /// Warns of text that was surely meant as a JSON array, such as one with single quotes.
    fn warn_of_almost_json(&mut self, arguments: Piece<'a>) {
        let text = arguments.text();
        let Some(rest) = text.strip_prefix('[') else {
            return;
        };
        let hint = match rest.strip_suffix(']') {
            Some(inside) => {
                // `RUN [ "$a" = "$b" ]` is a shell's test, which needs the space.
                let start = if self.name == "RUN" {
                    inside
                } else {
                    inside.trim_start()
                };
                if !start.starts_with(['"', '\'']) {
                    return;
                }
                if inside.contains('\'') {
                    "JSON strings have double quotes"
                } else {
                    "part the strings with commas, and escape backslashes in them"
                }
            }
            None if !rest.starts_with('"') => return,
            None => match text.rfind(']') {
                None => "close it with `]`",
                Some(end) if matches!(json_array(arguments.slice(0..end + 1)), Json::Array(_)) => {
                    "nothing may stand behind the `]`, not even a comment"
                }
                Some(_) => return,
            },
        };
        let message = "this looks like a JSON array but is none, so it is taken as plain text";
        self.warning("malformed-json", arguments.span(), message)
            .hint(hint);
    }

    /// The arguments as a command line: a JSON array or text for the shell.
    fn command(&mut self, arguments: Piece<'a>) -> Option<Command> {
        match self.json(arguments) {
            Ok(Some(words)) => Some(Command::Exec(words)),
            Ok(None) => Some(Command::Shell(arguments.word())),
            Err(()) => None,
        }
    }

    /// The arguments as a list: a JSON array, or words parted by white space. Tells whether it is JSON.
    fn list(&mut self) -> Option<(Vec<Word>, bool)> {
        match self.json(self.arguments).ok()? {
            Some(words) => Some((words, true)),
            None => Some((
                self.arguments.split().into_iter().map(Piece::word).collect(),
                false,
            )),
        }
    }
}

/// A diagnostic that was just reported and may get a hint.
pub(crate) struct Reported<'d>(Option<&'d mut Diagnostic>);

impl Reported<'_> {
    pub(crate) fn hint(self, hint: impl Into<String>) {
        if let Some(diagnostic) = self.0 {
            diagnostic.hint = Some(plimsoll_core::Hint::new(hint));
        }
    }
}

/// Reads any instruction but `FROM`.
pub(crate) fn parse(mut request: Request<'_>) -> Option<InstructionKind> {
    let request = &mut request;
    match request.name {
        "ADD" => add::parse(request),
        "ARG" => arg::parse(request),
        "CMD" => command::cmd(request),
        "COPY" => copy::parse(request),
        "ENTRYPOINT" => command::entrypoint(request),
        "ENV" => key_value::env(request),
        "EXPOSE" => expose::parse(request),
        "HEALTHCHECK" => healthcheck::parse(request),
        "LABEL" => key_value::label(request),
        "MAINTAINER" => maintainer::parse(request),
        "ONBUILD" => onbuild::parse(request),
        "RUN" => run::parse(request),
        "SHELL" => shell::parse(request),
        "STOPSIGNAL" => stop_signal::parse(request),
        "USER" => user::parse(request),
        "VOLUME" => volume::parse(request),
        "WORKDIR" => workdir::parse(request),
        _ => {
            unknown(request);
            None
        }
    }
}

/// The keyword that a word which is none most likely stands for.
pub(crate) fn meant(written: &str) -> Option<&'static str> {
    suggestion(written, &KEYWORDS)
}

/// The keyword that a word begins with which has its arguments right behind it: `CMD["x"]`.
fn glued(written: &str) -> Option<&'static str> {
    let begins = |keyword: &&&str| {
        let start = written.get(..keyword.len());
        let next = written.get(keyword.len()..).and_then(|rest| rest.chars().next());
        start.is_some_and(|start| start.eq_ignore_ascii_case(keyword))
            && next.is_some_and(|next| !next.is_alphanumeric())
    };
    KEYWORDS.iter().find(begins).copied()
}

fn unknown(request: &mut Request<'_>) {
    let written = request.keyword.text();
    let shown: String = written.chars().take(40).collect();
    let cut = if shown.len() < written.len() { "…" } else { "" };
    let hint = match (glued(written), meant(written)) {
        (Some(keyword), _) => format!("put a space behind `{keyword}`"),
        (None, Some(known)) => format!("did you mean `{known}`?"),
        (None, None) if request.is_trigger => {
            "write `ONBUILD INSTRUCTION`, such as `ONBUILD COPY . /app`".to_owned()
        }
        (None, None) => "if it continues the line above, end that line with the escape character".to_owned(),
    };
    let span = request.keyword.span();
    request
        .error(
            "unknown-instruction",
            span,
            format!("unknown instruction `{shown}{cut}`"),
        )
        .hint(hint);
}
