use plimsoll_dockerfile::{Volume, history as text};
use plimsoll_image::config::Empty;

use crate::error::{Problem, WordProblem};
use crate::history;
use crate::state::StageState;

/// `VOLUME`: directories that hold data outside of the image.
pub(super) fn apply(state: &mut StageState, volume: &Volume) -> Result<(), WordProblem> {
    if let Some(empty) = volume.paths.iter().find(|path| path.text.is_empty()) {
        let problem = Problem::invalid("a volume cannot be an empty path");
        return Err(WordProblem::new(empty.span, problem));
    }
    for path in &volume.paths {
        state.config.config.volumes.insert(path.text.clone(), Empty {});
    }
    history::add(&mut state.config, text::volume(&volume.paths));
    Ok(())
}
