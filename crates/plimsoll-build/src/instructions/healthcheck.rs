use plimsoll_dockerfile::{Command, Duration, Flag, Healthcheck, HealthcheckKind, history as text};

use crate::history;
use crate::state::StageState;

/// `HEALTHCHECK`: how to ask a container whether it is well, or `NONE`.
pub(super) fn apply(state: &mut StageState, check: &Healthcheck) {
    let test = match &check.test {
        HealthcheckKind::None => vec!["NONE".to_owned()],
        HealthcheckKind::Command {
            command: Command::Shell(line),
        } => vec!["CMD-SHELL".to_owned(), line.text.clone()],
        HealthcheckKind::Command {
            command: Command::Exec(words),
        } => std::iter::once("CMD".to_owned())
            .chain(words.iter().map(|word| word.text.clone()))
            .collect(),
    };
    let given = |flag: &Option<Flag<Duration>>| {
        flag.as_ref()
            .map(|flag| flag.value.nanoseconds)
            .filter(|time| *time != 0)
    };
    let health = plimsoll_image::Healthcheck {
        test,
        interval: given(&check.interval),
        timeout: given(&check.timeout),
        start_period: given(&check.start_period),
        start_interval: given(&check.start_interval),
        retries: check
            .retries
            .map(|flag| flag.value)
            .filter(|retries| *retries != 0),
        ..plimsoll_image::Healthcheck::default()
    };
    state.config.config.healthcheck = Some(health);
    history::add(&mut state.config, text::healthcheck(check));
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    #[test]
    fn command_forms_and_none() {
        let state = testing::run(
            "HEALTHCHECK --interval=30s --timeout=3s --start-period=0s --retries=3 CMD wget -q localhost || exit 1",
        );
        let health = state.config.config.healthcheck.clone().unwrap();
        assert_eq!(health.test, ["CMD-SHELL", "wget -q localhost || exit 1"]);
        assert_eq!(health.interval, Some(30_000_000_000));
        assert_eq!((health.start_period, health.retries), (None, Some(3)));
        assert!(testing::history(&state)[0].starts_with("HEALTHCHECK &{[\"CMD-SHELL\" \"wget -q"));
        let state = testing::run_on(state, "HEALTHCHECK CMD [\"/check\", \"-v\"]");
        let health = state.config.config.healthcheck.clone().unwrap();
        assert_eq!(health.test, ["CMD", "/check", "-v"]);
        let state = testing::run_on(state, "HEALTHCHECK NONE");
        assert_eq!(state.config.config.healthcheck.unwrap().test, ["NONE"]);
    }
}
