use plimsoll_dockerfile::{Command, history as text};

use super::cmd;
use crate::history;
use crate::state::StageState;

/// `ENTRYPOINT`: what every command is put behind. A `CMD` that the base image brought goes away.
pub(super) fn apply(state: &mut StageState, command: &Command) {
    let arguments = cmd::arguments(state, command);
    history::add(&mut state.config, text::entrypoint(&arguments));
    let config = &mut state.config.config;
    config.entrypoint = Some(arguments).filter(|arguments| !arguments.is_empty());
    if !state.has_cmd {
        config.cmd = None;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use crate::state::StageState;

    #[test]
    fn an_inherited_cmd_goes_away_and_an_own_one_stays() {
        let base = testing::run("CMD [\"base\"]");
        let state = testing::run_on(StageState::from_stage(&base), "ENTRYPOINT [\"e\"]");
        assert_eq!(state.config.config.cmd, None);
        let state = testing::run_on(StageState::from_stage(&base), "CMD [\"own\"]\nENTRYPOINT [\"e\"]");
        assert_eq!(state.config.config.cmd.clone().unwrap(), ["own"]);
        let state = testing::run_on(state, "ENTRYPOINT []");
        assert_eq!(state.config.config.entrypoint, None);
    }
}
