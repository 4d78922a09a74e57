use plimsoll_dockerfile::{Shell, history as text};

use crate::history;
use crate::state::StageState;

/// `SHELL`: what the shell form of `RUN`, `CMD` and `ENTRYPOINT` is run with from here on.
pub(super) fn apply(state: &mut StageState, shell: &Shell) {
    let arguments: Vec<String> = shell.arguments.iter().map(|word| word.text.clone()).collect();
    history::add(&mut state.config, text::shell(&shell.arguments));
    state.config.config.shell = Some(arguments);
}
