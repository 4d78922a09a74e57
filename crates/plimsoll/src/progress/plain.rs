//! Lines as BuildKit's plain progress has them: `#5 [builder 2/5] RUN make`, `#5 CACHED`, `#5 1.234 text`, `#5 DONE 2.1s`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use plimsoll_build::{Event, Progress, StepId};

use super::text;
use crate::human;
use crate::printer::Printer;

pub(super) struct Plain {
    printer: Printer,
    steps: Mutex<HashMap<usize, Step>>,
}

struct Step {
    began: Instant,
    copied: u64,
}

impl Plain {
    pub(super) fn new(printer: Printer) -> Self {
        Self {
            printer,
            steps: Mutex::default(),
        }
    }
}

impl Progress for Plain {
    fn event(&self, step: &StepId, event: Event<'_>) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let number = step.index + 1;
        let known = steps.entry(step.index).or_insert_with(|| Step {
            began: Instant::now(),
            copied: 0,
        });
        let line = match event {
            Event::Started { instruction } => format!("#{number} {step} {instruction}"),
            Event::Cached => format!("#{number} CACHED"),
            Event::Output { line, .. } => {
                format!(
                    "#{number} {:.3} {}",
                    known.began.elapsed().as_secs_f64(),
                    String::from_utf8_lossy(line)
                )
            }
            Event::Copied { bytes } => {
                known.copied = bytes;
                return;
            }
            Event::Warning { message } => format!("#{number} WARNING: {message}"),
            Event::Done { duration } if known.copied > 0 => {
                format!(
                    "#{number} DONE {}, {} copied",
                    text::seconds(duration),
                    human::size(known.copied)
                )
            }
            Event::Done { duration } => format!("#{number} DONE {}", text::seconds(duration)),
            Event::Failed { duration } => format!("#{number} ERROR after {}", text::seconds(duration)),
        };
        self.printer.status(&line);
    }
}
