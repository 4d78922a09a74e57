//! The one owner of stdout and stderr: data goes to stdout, everything else to stderr.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use plimsoll_core::Hint;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` or `CI` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// How messages on stderr are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Writes for one command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    quiet: bool,
    log_format: LogFormat,
    color: ColorChoice,
    ci: bool,
}

impl Printer {
    pub(crate) fn new(quiet: bool, color: ColorChoice, log_format: LogFormat) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let color = if color == ColorChoice::Auto && set("NO_COLOR") {
            ColorChoice::Never
        } else {
            color
        };
        Self {
            quiet,
            log_format,
            color,
            ci: set("CI"),
        }
    }

    /// Whether stderr is a terminal where progress can be drawn.
    pub(crate) fn draws_progress(&self) -> bool {
        !self.quiet && !self.ci && self.log_format == LogFormat::Text && io::stderr().is_terminal()
    }

    /// Whether data on stdout is coloured.
    pub(crate) fn colors_data(&self) -> bool {
        self.colors(io::stdout().is_terminal())
    }

    /// Whether messages on stderr are coloured.
    pub(crate) fn colors_messages(&self) -> bool {
        self.log_format == LogFormat::Text && self.colors(io::stderr().is_terminal())
    }

    fn colors(&self, terminal: bool) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !self.ci,
        }
    }

    /// How many columns tables on stdout may take; `None` in a pipe, where nothing is shortened.
    pub(crate) fn width(&self) -> Option<u16> {
        if !io::stdout().is_terminal() {
            return None;
        }
        rustix::termios::tcgetwinsize(io::stdout())
            .ok()
            .map(|size| size.ws_col)
            .filter(|width| *width > 0)
    }

    /// Whether messages are JSON, a line each.
    pub(crate) fn is_json(&self) -> bool {
        self.log_format == LogFormat::Json
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Data: one or more whole lines.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Data that need not be text.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// One line of data.
    pub(crate) fn line(&self, text: &str) -> io::Result<()> {
        self.data(&format!("{text}\n"))
    }

    /// What is going on, for people; `--quiet` drops it.
    pub(crate) fn status(&self, text: &str) {
        if !self.quiet {
            self.message("info", None, text);
        }
    }

    pub(crate) fn warn(&self, text: &str) {
        self.message("warning", Some(WARNING), text);
    }

    pub(crate) fn error(&self, text: &str) {
        self.message("error", Some(ERROR), text);
    }

    pub(crate) fn hint(&self, hint: &Hint) {
        self.message("hint", Some(HINT), &hint.0);
    }

    /// Text for stderr that is already laid out (a Dockerfile excerpt with its caret).
    pub(crate) fn block(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
    }

    /// Nothing can be done about a stderr that cannot be written to, so that is let go.
    fn message(&self, level: &str, style: Option<Style>, text: &str) {
        let mut err = io::stderr().lock();
        let harmless = harmless(text);
        let text = match self.log_format {
            LogFormat::Json => text,
            LogFormat::Text => &*harmless,
        };
        let _ = match (self.log_format, style) {
            (LogFormat::Json, _) => {
                writeln!(err, "{}", serde_json::json!({ "level": level, "message": text }))
            }
            (LogFormat::Text, None) => writeln!(err, "{text}"),
            (LogFormat::Text, Some(style)) if self.colors_messages() => {
                writeln!(err, "{style}{level}{style:#}: {text}")
            }
            (LogFormat::Text, Some(_)) => writeln!(err, "{level}: {text}"),
        };
    }
}

/// A message without what could move the cursor of a terminal or turn the direction of the text: names from foreign files
/// are told in messages.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match text.contains(is_harmful) {
        true => Cow::Owned(text.replace(is_harmful, "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_do_not_steer_the_terminal() {
        assert_eq!(
            harmless("a `\u{1b}[31m\u{202e}b`\n\tc\r"),
            "a `\u{fffd}[31m\u{fffd}b`\n\tc\u{fffd}"
        );
        assert!(matches!(harmless("grün – ok"), Cow::Borrowed(_)));
    }
}
