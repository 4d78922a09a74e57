//! A line for each step on a terminal: a spinner, the instruction, the last line that it wrote; what is done stays.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use plimsoll_build::{Event, Progress, StepId};

use crate::human;

pub(super) struct Drawn {
    bars: MultiProgress,
    style: ProgressStyle,
    color: bool,
    steps: Mutex<HashMap<usize, Step>>,
}

struct Step {
    bar: ProgressBar,
    title: String,
    cached: bool,
    copied: u64,
}

impl Drawn {
    pub(super) fn new(color: bool) -> Self {
        let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg:.dim}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        Self {
            bars: MultiProgress::new(),
            style,
            color,
            steps: Mutex::default(),
        }
    }

    fn keep(&self, mark: &str, mark_color: &str, text: &str) {
        let mark = if self.color {
            format!("\x1b[{mark_color}m{mark}\x1b[0m")
        } else {
            mark.to_owned()
        };
        // A terminal that cannot be written to is no reason to end a build.
        let _ = self.bars.println(format!("{mark} {text}"));
    }
}

impl Progress for Drawn {
    fn event(&self, id: &StepId, event: Event<'_>) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Event::Started { instruction } = event {
            let bar = self
                .bars
                .add(ProgressBar::new_spinner().with_style(self.style.clone()));
            let title = format!("{id} {instruction}");
            bar.set_prefix(title.chars().take(70).collect::<String>());
            bar.enable_steady_tick(Duration::from_millis(100));
            steps.insert(
                id.index,
                Step {
                    bar,
                    title,
                    cached: false,
                    copied: 0,
                },
            );
            return;
        }
        let Some(step) = steps.get_mut(&id.index) else {
            return;
        };
        match event {
            Event::Started { .. } => {}
            Event::Cached => step.cached = true,
            Event::Output { line, .. } => step
                .bar
                .set_message(String::from_utf8_lossy(line).trim().to_owned()),
            Event::Copied { bytes } => {
                step.copied = bytes;
                step.bar.set_message(human::size(bytes));
            }
            Event::Warning { message } => self.keep("!", "33", &format!("{}: {message}", step.title)),
            Event::Done { duration } => {
                step.bar.finish_and_clear();
                let note = match (step.cached, step.copied) {
                    (true, _) => "cached".to_owned(),
                    (false, 0) => format!("{:.1}s", duration.as_secs_f64()),
                    (false, bytes) => format!("{:.1}s, {}", duration.as_secs_f64(), human::size(bytes)),
                };
                self.keep(
                    if step.cached { "=" } else { "✓" },
                    "32",
                    &format!("{}  {note}", step.title),
                );
            }
            Event::Failed { duration } => {
                step.bar.finish_and_clear();
                self.keep(
                    "✗",
                    "31",
                    &format!("{}  {:.1}s", step.title, duration.as_secs_f64()),
                );
            }
        }
    }
}
