use plimsoll_dockerfile::{Instruction, Onbuild};

use crate::error::Problem;
use crate::state::StageState;

/// `ONBUILD`: an instruction for builds on top of this image.
pub(super) fn apply(state: &mut StageState, onbuild: &Onbuild) {
    state.config.config.on_build.push(onbuild.expression.clone());
}

/// The instruction that a trigger of a base image means.
pub(crate) fn parse_trigger(trigger: &str) -> Result<Instruction, Problem> {
    let wrong = |why: &str| {
        Problem::invalid(format!(
            "the base image has the trigger `{}`, which {why}",
            crate::graph::one_line(trigger)
        ))
    };
    let mut parsed = plimsoll_dockerfile::parse(&format!("FROM scratch\n{trigger}\n"));
    if parsed.has_errors() {
        let first = parsed
            .diagnostics
            .iter()
            .find(|diagnostic| diagnostic.level == plimsoll_dockerfile::Level::Error);
        let message = first
            .map(|diagnostic| diagnostic.message.as_str())
            .unwrap_or_default();
        return Err(wrong(&format!("cannot be understood: {message}")));
    }
    let mut stages = parsed.dockerfile.stages.drain(..);
    match (stages.next(), stages.next()) {
        (Some(mut stage), None) if stage.instructions.len() == 1 => Ok(stage.instructions.remove(0)),
        _ => Err(wrong("is not one instruction")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::parse_trigger;

    #[test]
    fn triggers_are_recorded_and_read_back() {
        let state = testing::run("ONBUILD COPY . /app\nONBUILD RUN make\\\n  all");
        let triggers = &state.config.config.on_build;
        assert_eq!(triggers[0], "COPY . /app");
        for trigger in triggers {
            assert_eq!(parse_trigger(trigger).unwrap().source, *trigger);
        }
        assert!(parse_trigger("FROM x").is_err());
        assert!(parse_trigger("NONSENSE").is_err());
        assert!(parse_trigger("RUN a\nRUN b").is_err());
        assert!(parse_trigger("").is_err());
    }
}
