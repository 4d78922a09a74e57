//! The arguments of the global scope: those that are always there, and `ARG` before the first `FROM`.

use std::collections::{BTreeSet, HashMap};

use plimsoll_core::Platform;
use plimsoll_dockerfile::expand::ExpandedArg;
use plimsoll_dockerfile::{Arg, Dockerfile, InstructionKind};

use crate::error::{Error, Problem, Result};
use crate::options::BuildOptions;
use crate::state::Variables;

/// Proxy settings that a `RUN` sees without their being declared.
const PROXIES: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/// The values given to the build, by name. `SOURCE_DATE_EPOCH` and the host's proxies count as given, too.
pub(crate) fn given(options: &BuildOptions) -> HashMap<String, String> {
    let mut given: HashMap<String, String> = options.proxies.iter().cloned().collect();
    if let Some(epoch) = options.source_date_epoch {
        given.insert("SOURCE_DATE_EPOCH".to_owned(), epoch.to_string());
    }
    given.extend(options.build_args.iter().cloned());
    given
}

/// The variables that `FROM` is expanded with and that `ARG` without a default takes its value from.
pub(crate) fn globals(
    dockerfile: &Dockerfile,
    given: &HashMap<String, String>,
    options: &BuildOptions,
) -> Result<Variables> {
    let host = Platform::host();
    let target = options.platform.as_ref().unwrap_or(&host);
    let mut globals = Variables::default();
    for (prefix, platform) in [("BUILD", &host), ("TARGET", target)] {
        for (suffix, value) in [
            ("PLATFORM", platform.to_string()),
            ("OS", platform.os.clone()),
            ("OSVERSION", String::new()),
            ("ARCH", platform.architecture.clone()),
            ("VARIANT", platform.variant.clone().unwrap_or_default()),
        ] {
            globals.set(format!("{prefix}{suffix}"), value);
        }
    }
    let last = dockerfile.stages.last().and_then(|stage| stage.name.as_deref());
    let stage = options.target.as_deref().or(last).unwrap_or("default");
    globals.set("TARGETSTAGE", stage);
    let predefined: Vec<String> = globals.iter().map(|(name, _)| name.to_owned()).collect();
    for name in predefined {
        if let Some(value) = given.get(&name) {
            globals.set(name, value);
        }
    }
    for instruction in &dockerfile.global_args {
        let InstructionKind::Arg(arg) = &instruction.kind else {
            continue;
        };
        let mut value_of = |name: &str, _: bool| given.get(name).cloned();
        for declaration in &arg.declarations {
            // Here, and only here, those before it in the same line count.
            let one = Arg {
                declarations: vec![declaration.clone()],
            };
            let (declared, _) = one
                .resolve(dockerfile.escape, &globals, &mut value_of)
                .map_err(|error| {
                    let span = error.span().unwrap_or(instruction.span);
                    Error::at(span, &instruction.source, Problem::from(error))
                })?;
            for ExpandedArg { name, value } in declared {
                if let Some(value) = value {
                    globals.set(name, value);
                }
            }
        }
    }
    Ok(globals)
}

/// The given arguments that nothing declares, in the order of their names.
pub(crate) fn unused(dockerfile: &Dockerfile, options: &BuildOptions) -> Vec<String> {
    let stages = dockerfile.stages.iter().flat_map(|stage| &stage.instructions);
    let declared: BTreeSet<&str> = dockerfile
        .global_args
        .iter()
        .chain(stages)
        .filter_map(|instruction| match &instruction.kind {
            InstructionKind::Arg(arg) => Some(arg.declarations.iter()),
            _ => None,
        })
        .flatten()
        .map(|declaration| declaration.name.text.as_str())
        .collect();
    let is_predefined = |name: &str| {
        let upper = name.to_ascii_uppercase();
        PROXIES.contains(&upper.as_str()) || name.starts_with("BUILDKIT_") || name == "SOURCE_DATE_EPOCH"
    };
    let given: BTreeSet<&String> = options.build_args.iter().map(|(name, _)| name).collect();
    given
        .into_iter()
        .filter(|name| !declared.contains(name.as_str()) && !is_predefined(name))
        .cloned()
        .collect()
}

/// The proxy settings for the process of a `RUN`, in both cases in which programs look for them.
pub(crate) fn proxies(given: &HashMap<String, String>) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    for name in PROXIES {
        let lower = name.to_ascii_lowercase();
        if let Some(value) = given.get(name).or_else(|| given.get(&lower)) {
            settings.push((name.to_owned(), given.get(name).unwrap_or(value).clone()));
            settings.push((lower.clone(), given.get(&lower).unwrap_or(value).clone()));
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_come_in_both_cases() {
        let given = HashMap::from([
            ("https_proxy".to_owned(), "a".to_owned()),
            ("NO_PROXY".to_owned(), "b".to_owned()),
            ("no_proxy".to_owned(), "c".to_owned()),
        ]);
        let settings = proxies(&given);
        let text: Vec<String> = settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            text,
            ["HTTPS_PROXY=a", "https_proxy=a", "NO_PROXY=b", "no_proxy=c"]
        );
    }
}
