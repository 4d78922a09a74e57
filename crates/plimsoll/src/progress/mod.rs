//! How a build is shown while it works: drawn on a terminal, plain lines in a pipe, JSON for tools.

mod drawn;
mod json;
mod plain;
mod text;

use clap::ValueEnum;
use plimsoll_build::{Progress, Silent};

use crate::printer::Printer;

/// The form of a build's progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ProgressForm {
    /// Drawn on a terminal, plain elsewhere.
    #[default]
    Auto,
    /// Drawn, where there is a terminal.
    Tty,
    /// Lines, with everything that the steps write.
    Plain,
    /// A JSON object a line.
    #[value(alias = "rawjson")]
    Json,
    /// Nothing.
    Quiet,
}

impl ProgressForm {
    /// The progress to give to a build.
    pub(crate) fn start(self, printer: Printer) -> Box<dyn Progress> {
        match self {
            Self::Quiet => Box::new(Silent),
            _ if printer.is_quiet() => Box::new(Silent),
            Self::Auto | Self::Tty if printer.draws_progress() => {
                Box::new(drawn::Drawn::new(printer.colors_messages()))
            }
            Self::Auto if printer.is_json() => Box::new(json::Json::new(printer)),
            Self::Auto | Self::Tty | Self::Plain => Box::new(plain::Plain::new(printer)),
            Self::Json => Box::new(json::Json::new(printer)),
        }
    }
}
