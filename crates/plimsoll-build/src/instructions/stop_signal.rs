use plimsoll_dockerfile::{StopSignal, history as text};
use plimsoll_sandbox::parse_signal;

use crate::error::{Problem, WordProblem};
use crate::history;
use crate::state::StageState;

/// `STOPSIGNAL`: the signal that asks the container to end, by name or number.
pub(super) fn apply(state: &mut StageState, stop: &StopSignal) -> Result<(), WordProblem> {
    let signal = &stop.signal.text;
    // Docker does not ask whether there is a signal with the number.
    let is_number = signal.parse::<i64>().is_ok_and(|number| number != 0);
    if !is_number && parse_signal(signal).is_none() {
        let problem = Problem::invalid_with(
            format!("`{signal}` is not a signal"),
            "use a name like `SIGTERM` or a number from 1 to 64",
        );
        return Err(WordProblem::new(stop.signal.span, problem));
    }
    state.config.config.stop_signal = Some(signal.clone());
    history::add(&mut state.config, text::stop_signal(signal));
    Ok(())
}
