use std::collections::HashMap;

use plimsoll_dockerfile::{Arg, history as text};

use crate::error::Problem;
use crate::history;
use crate::state::{StageState, Variables};

/// `ARG`: declares variables for what follows in the stage. A value given to the build goes before the default; a
/// declaration without default takes the value of the global scope.
pub(super) fn apply(
    state: &mut StageState,
    arg: &Arg,
    escape: char,
    given: &HashMap<String, String>,
    globals: &Variables,
) -> Result<(), Problem> {
    let mut value_of = |name: &str, has_default: bool| match given.get(name) {
        Some(value) => Some(value.clone()),
        None if has_default => None,
        None => globals.value(name).map(str::to_owned),
    };
    let (declared, _) = arg.resolve(escape, &state.variables, &mut value_of)?;
    history::add(&mut state.config, text::arg(&declared));
    for declaration in declared {
        if let Some(value) = &declaration.value {
            state.variables.set(&declaration.name, value);
        }
        state.args.push((declaration.name, declaration.value));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    #[test]
    fn what_is_given_goes_before_defaults_and_the_global_scope_fills_in() {
        let state = testing::run_with(
            "ARG A=a\nARG B=b\nARG C\nARG D\nARG E=$A$B",
            &[("A", "given")],
            &[("B", "global"), ("C", "global")],
        );
        let value = |name: &str| state.variables.value(name).map(str::to_owned);
        assert_eq!(value("A").as_deref(), Some("given"));
        assert_eq!(value("B").as_deref(), Some("b"));
        assert_eq!(value("C").as_deref(), Some("global"));
        assert_eq!(value("D"), None);
        assert_eq!(value("E").as_deref(), Some("givenb"));
        assert_eq!(
            testing::history(&state),
            ["ARG A=given", "ARG B=b", "ARG C=global", "ARG D", "ARG E=givenb"]
        );
        assert_eq!(
            state.config.config.env.len(),
            1,
            "no argument gets into the image"
        );
    }

    #[test]
    fn of_an_argument_and_a_variable_the_later_counts() {
        let state = testing::run("ARG A=arg\nENV A=env\nLABEL first=$A\nARG A=again\nLABEL second=$A");
        let labels = &state.config.config.labels;
        assert_eq!(
            (labels["first"].as_str(), labels["second"].as_str()),
            ("env", "again")
        );
    }
}
