use plimsoll_dockerfile::{Maintainer, history as text};

use crate::history;
use crate::state::StageState;

/// `MAINTAINER`: the image's author.
pub(super) fn apply(state: &mut StageState, maintainer: &Maintainer) {
    state.config.author = Some(maintainer.name.text.clone());
    history::add(&mut state.config, text::maintainer(&maintainer.name.text));
}
