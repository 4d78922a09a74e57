//! Instructions that change the configuration alone, carried out without a store.

use std::collections::HashMap;

use plimsoll_core::Platform;
use plimsoll_dockerfile::InstructionKind;

use super::{arg, configure};
use crate::state::{StageState, Variables};

pub(super) fn run(instructions: &str) -> StageState {
    run_with(instructions, &[], &[])
}

pub(super) fn run_on(state: StageState, instructions: &str) -> StageState {
    apply(state, instructions, &HashMap::new(), &Variables::default())
}

pub(super) fn run_with(instructions: &str, given: &[(&str, &str)], globals: &[(&str, &str)]) -> StageState {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut variables = Variables::default();
    for (name, value) in globals {
        variables.set(*name, *value);
    }
    let state = StageState::scratch(&Platform::host());
    apply(
        state,
        instructions,
        &given.iter().map(owned).collect(),
        &variables,
    )
}

fn apply(
    mut state: StageState,
    instructions: &str,
    given: &HashMap<String, String>,
    globals: &Variables,
) -> StageState {
    let parsed = plimsoll_dockerfile::parse(&format!("FROM scratch\n{instructions}\n"));
    assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
    for instruction in &parsed.dockerfile.stages[0].instructions {
        if let InstructionKind::Arg(arg) = &instruction.kind {
            arg::apply(&mut state, arg, '\\', given, globals).unwrap();
            continue;
        }
        let (expanded, _) = instruction.expand('\\', &state.variables).unwrap();
        configure(&mut state, &expanded.kind).unwrap();
    }
    state
}

/// What the history says of each instruction.
pub(super) fn history(state: &StageState) -> Vec<String> {
    let entries = state.config.history.iter();
    entries.filter_map(|entry| entry.created_by.clone()).collect()
}
