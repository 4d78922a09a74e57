use plimsoll_dockerfile::{Env, history as text};

use crate::history;
use crate::state::StageState;

/// `ENV`: sets variables of the image and of what follows.
pub(super) fn apply(state: &mut StageState, env: &Env) {
    for pair in &env.variables {
        state.set_env(&pair.key.text, &pair.value.text);
    }
    history::add(&mut state.config, text::env(env));
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    #[test]
    fn later_settings_see_earlier_ones_but_not_their_own_line() {
        let state = testing::run("ENV A=1\nENV A=2 B=$A C='$A'\nENV D=$A");
        assert_eq!(state.config.config.env[1..], ["A=2", "B=1", "C=$A", "D=2"]);
        assert_eq!(
            testing::history(&state),
            ["ENV A=1", "ENV A=2 B=1 C=$A", "ENV D=2"]
        );
    }
}
