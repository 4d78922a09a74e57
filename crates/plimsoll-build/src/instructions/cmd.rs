use plimsoll_dockerfile::{Command, history as text};

use crate::history;
use crate::state::StageState;

/// The arguments that a command comes to: as they are, or a line for the shell.
pub(super) fn arguments(state: &StageState, command: &Command) -> Vec<String> {
    match command {
        Command::Exec(words) => words.iter().map(|word| word.text.clone()).collect(),
        Command::Shell(line) => {
            let mut arguments = state.shell();
            arguments.push(line.text.clone());
            arguments
        }
    }
}

/// `CMD`: the default command, or the default arguments of the entrypoint.
pub(super) fn apply(state: &mut StageState, command: &Command) {
    let arguments = arguments(state, command);
    history::add(&mut state.config, text::cmd(&arguments));
    let config = &mut state.config.config;
    config.cmd = Some(arguments);
    config.args_escaped = Some(true);
    state.has_cmd = true;
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    #[test]
    fn both_forms_and_the_shell_in_force() {
        let state = testing::run("CMD echo $HOME");
        assert_eq!(
            state.config.config.cmd.clone().unwrap(),
            ["/bin/sh", "-c", "echo $HOME"]
        );
        let state = testing::run("SHELL [\"/bin/bash\", \"-ec\"]\nCMD [\"a\", \"$b\"]\nENTRYPOINT x y");
        assert_eq!(state.config.config.cmd.clone().unwrap(), ["a", "$b"]);
        assert_eq!(
            state.config.config.entrypoint.clone().unwrap(),
            ["/bin/bash", "-ec", "x y"]
        );
        assert_eq!(
            testing::history(&state),
            [
                "SHELL [/bin/bash -ec]",
                r#"CMD ["a" "$b"]"#,
                r#"ENTRYPOINT ["/bin/bash" "-ec" "x y"]"#
            ]
        );
    }
}
