use plimsoll_dockerfile::{User, history as text};

use crate::history;
use crate::state::StageState;

/// `USER`: who runs what follows, and the container. A variable that comes to nothing stands for root, as with BuildKit.
pub(super) fn apply(state: &mut StageState, user: &User) {
    let user = &user.user.text;
    state.config.config.user.clone_from(user);
    history::add(&mut state.config, text::user(user));
}
