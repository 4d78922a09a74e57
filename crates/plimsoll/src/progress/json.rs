//! One JSON object a line on stderr, for tools.

use plimsoll_build::{Event, OutputStream, Progress, StepId};
use serde_json::json;

use crate::printer::Printer;

pub(super) struct Json {
    printer: Printer,
}

impl Json {
    pub(super) fn new(printer: Printer) -> Self {
        Self { printer }
    }
}

impl Progress for Json {
    fn event(&self, step: &StepId, event: Event<'_>) {
        let mut line = match event {
            Event::Started { instruction } => json!({ "event": "started", "instruction": instruction }),
            Event::Cached => json!({ "event": "cached" }),
            Event::Output { stream, line } => json!({
                "event": "output",
                "stream": match stream { OutputStream::Stdout => "stdout", OutputStream::Stderr => "stderr" },
                "line": String::from_utf8_lossy(line),
            }),
            Event::Copied { bytes } => json!({ "event": "copied", "bytes": bytes }),
            Event::Warning { message } => json!({ "event": "warning", "message": message }),
            Event::Done { duration } => json!({ "event": "done", "seconds": duration.as_secs_f64() }),
            Event::Failed { duration } => json!({ "event": "failed", "seconds": duration.as_secs_f64() }),
        };
        line["step"] =
            json!({ "index": step.index, "stage": step.stage, "number": step.number, "total": step.total });
        self.printer.block(&line.to_string());
    }
}
