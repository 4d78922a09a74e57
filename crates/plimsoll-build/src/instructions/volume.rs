use plimsoll_dockerfile::{Volume, history as text};
use plimsoll_image::config::Empty;

use crate::error::Problem;
use crate::history;
use crate::state::StageState;

/// `VOLUME`: directories that hold data outside of the image.
pub(super) fn apply(state: &mut StageState, volume: &Volume) -> Result<(), Problem> {
    let paths: Vec<&str> = volume.paths.iter().map(|path| path.text.as_str()).collect();
    if paths.contains(&"") {
        return Err(Problem::invalid("a volume cannot be an empty path"));
    }
    for path in &paths {
        state.config.config.volumes.insert((*path).to_owned(), Empty {});
    }
    history::add(&mut state.config, text::volume(&volume.paths));
    Ok(())
}
