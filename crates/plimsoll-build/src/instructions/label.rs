use plimsoll_dockerfile::{Label, history as text};

use crate::history;
use crate::state::StageState;

/// `LABEL`: names and values for people and tools.
pub(super) fn apply(state: &mut StageState, label: &Label) {
    for pair in &label.labels {
        state
            .config
            .config
            .labels
            .insert(pair.key.text.clone(), pair.value.text.clone());
    }
    history::add(&mut state.config, text::label(label));
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    #[test]
    fn keys_and_values_are_expanded() {
        let state = testing::run("ENV V=1.0\nLABEL version=\"$V\" \"a b\"='c d'");
        assert_eq!(state.config.config.labels["version"], "1.0");
        assert_eq!(state.config.config.labels["a b"], "c d");
        assert_eq!(testing::history(&state)[1], "LABEL version=1.0 a b=c d");
    }
}
