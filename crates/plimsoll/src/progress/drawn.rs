//! What a build does, drawn on a terminal: a line above for the whole, a line for each step at work with the time that it
//! takes, and below it the last lines that its process wrote. What is done stays as a line of its own.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_build::{Event, Progress, StepId};

use super::text;

/// How many of the last lines of a process are shown.
const LAST_LINES: usize = 5;
/// How much of a title is shown.
const TITLE_WIDTH: usize = 100;
/// How often times are drawn anew.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Drawn {
    bars: MultiProgress,
    color: bool,
    state: Mutex<State>,
}

struct State {
    whole: ProgressBar,
    began: Instant,
    steps: HashMap<usize, Step>,
    done: usize,
    cached: usize,
    copied: u64,
}

struct Step {
    bar: ProgressBar,
    title: String,
    cached: bool,
    copied: u64,
    /// The last lines of the process, and where they are drawn.
    last: VecDeque<String>,
    lines: Vec<ProgressBar>,
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Drawn {
    pub(super) fn new(color: bool) -> Self {
        Self::on(ProgressDrawTarget::stderr(), color)
    }

    fn on(target: ProgressDrawTarget, color: bool) -> Self {
        let bars = MultiProgress::with_draw_target(target);
        let whole = bars.add(ProgressBar::new_spinner().with_style(style("{spinner} {wide_msg}")));
        whole.enable_steady_tick(TICK);
        Self {
            bars,
            color,
            state: Mutex::new(State {
                whole,
                began: Instant::now(),
                steps: HashMap::new(),
                done: 0,
                cached: 0,
                copied: 0,
            }),
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

    fn start(&self, state: &mut State, id: &StepId, instruction: &str) {
        let bar =
            ProgressBar::new_spinner().with_style(style("{spinner} {prefix} {elapsed} {wide_msg:.dim}"));
        let bar = self.bars.add(bar);
        let title = format!("{id} {instruction}");
        bar.set_prefix(title.chars().take(TITLE_WIDTH).collect::<String>());
        bar.enable_steady_tick(TICK);
        let step = Step {
            bar,
            title,
            cached: false,
            copied: 0,
            last: VecDeque::new(),
            lines: Vec::new(),
        };
        state.steps.insert(id.index, step);
    }

    fn output(&self, step: &mut Step, line: &[u8]) {
        if step.last.len() == LAST_LINES {
            step.last.pop_front();
        }
        step.last.push_back(text::printable(line));
        if step.lines.len() < step.last.len() {
            let after = step.lines.last().unwrap_or(&step.bar);
            let bar = ProgressBar::new_spinner().with_style(style("    {wide_msg:.dim}"));
            let bar = self.bars.insert_after(after, bar);
            step.lines.push(bar);
        }
        for (bar, line) in step.lines.iter().zip(&step.last) {
            bar.set_message(line.clone());
        }
    }

    /// Takes the step's lines away; what it was is to be kept by the caller.
    fn finish(state: &mut State, id: &StepId) -> Option<Step> {
        let step = state.steps.remove(&id.index)?;
        for line in &step.lines {
            line.finish_and_clear();
        }
        step.bar.finish_and_clear();
        state.done += 1;
        state.cached += usize::from(step.cached);
        state.copied += step.copied;
        Some(step)
    }
}

impl Progress for Drawn {
    fn event(&self, id: &StepId, event: Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { instruction } => self.start(&mut state, id, instruction),
            Event::Done { duration } => {
                if let Some(step) = Self::finish(&mut state, id) {
                    let mark = if step.cached { "=" } else { "✓" };
                    let note = text::done(duration, step.cached, step.copied);
                    self.keep(mark, "32", &format!("{}  {note}", step.title));
                }
            }
            Event::Failed { duration } => {
                if let Some(step) = Self::finish(&mut state, id) {
                    let note = text::seconds(duration);
                    self.keep("✗", "31", &format!("{}  {note}", step.title));
                }
            }
            event => {
                if let Some(step) = state.steps.get_mut(&id.index) {
                    match event {
                        Event::Cached => step.cached = true,
                        Event::Output { line, .. } => self.output(step, line),
                        Event::Copied { bytes } => {
                            step.copied = bytes;
                            step.bar.set_message(crate::human::size(bytes));
                        }
                        Event::Warning { message } => {
                            self.keep("!", "33", &format!("{}: {message}", step.title));
                        }
                        Event::Started { .. } | Event::Done { .. } | Event::Failed { .. } => {}
                    }
                }
            }
        }
        let told = text::whole(
            state.began.elapsed(),
            state.steps.len(),
            state.done,
            state.cached,
            state.copied,
        );
        state.whole.set_message(told);
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.whole.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use indicatif::TermLike;
    use plimsoll_build::OutputStream;

    use super::*;

    /// A terminal that keeps everything that was ever written to it.
    #[derive(Debug, Clone, Default)]
    struct Recorded(Arc<Mutex<String>>);

    impl TermLike for Recorded {
        fn width(&self) -> u16 {
            100
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(&format!("{line}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.write_str("\n")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn steps_at_work_and_steps_done() {
        let terminal = Recorded::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 255);
        let drawn = Drawn::on(target, false);
        let id = |index: usize, stage: &str| StepId {
            index,
            stage: stage.to_owned(),
            number: index + 1,
            total: 3,
        };
        let duration = Duration::from_millis(1500);
        let (one, two, three) = (id(0, "builder"), id(1, "builder"), id(2, ""));
        drawn.event(
            &one,
            Event::Started {
                instruction: "COPY . .",
            },
        );
        drawn.event(&one, Event::Copied { bytes: 2_500_000 });
        drawn.event(&one, Event::Done { duration });
        drawn.event(
            &two,
            Event::Started {
                instruction: "RUN true",
            },
        );
        drawn.event(&two, Event::Cached);
        drawn.event(&two, Event::Done { duration });
        drawn.event(
            &three,
            Event::Started {
                instruction: "RUN make",
            },
        );
        for number in 1..=7 {
            let line = format!("line {number}");
            let stream = OutputStream::Stdout;
            drawn.event(
                &three,
                Event::Output {
                    stream,
                    line: line.as_bytes(),
                },
            );
        }
        let last = drawn.state.lock().unwrap().steps[&2].last.clone();
        assert_eq!(last, ["line 3", "line 4", "line 5", "line 6", "line 7"]);
        drawn.event(&three, Event::Failed { duration });
        drop(drawn);
        let seen = terminal.0.lock().unwrap().clone();
        for kept in [
            "✓ [builder 1/3] COPY . .  1.5s, 2.5MB",
            "= [builder 2/3] RUN true  CACHED",
            "[3/3] RUN make",
            "✗ [3/3] RUN make  1.5s",
        ] {
            assert!(seen.contains(kept), "{kept}: {seen}");
        }
    }
}
