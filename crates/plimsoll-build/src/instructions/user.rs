use plimsoll_dockerfile::{User, history as text};

use crate::error::Problem;
use crate::history;
use crate::state::StageState;

/// `USER`: who runs what follows, and the container.
pub(super) fn apply(state: &mut StageState, user: &User) -> Result<(), Problem> {
    let user = &user.user.text;
    if user.is_empty() {
        return Err(Problem::invalid_with(
            "the user comes to nothing",
            "give the variable a value with a default or `--build-arg`",
        ));
    }
    state.config.config.user.clone_from(user);
    history::add(&mut state.config, text::user(user));
    Ok(())
}
