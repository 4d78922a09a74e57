//! An OCI seccomp description made into BPF.

use std::collections::BTreeMap;

use oci_spec::runtime::{LinuxSeccomp, LinuxSeccompAction, LinuxSeccompOperator, LinuxSyscall};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::syscalls;
use crate::error::{Error, Result};

/// One BPF program as its raw instructions; a filter is a list of them, all installed.
pub(crate) type Program = Vec<u64>;

/// The rules of one program, by number of the system call; no rule at all means every call of it.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Compiles a description. The first program allows what has a rule and gives everything else the default
/// action; each other one gives its calls an action of their own. The kernel takes the strictest of what
/// the programs say, and of two errno values the last installed one.
///
/// System calls that this architecture does not have are left out, as libseccomp does.
pub(crate) fn compile(seccomp: &LinuxSeccomp) -> Result<Vec<Program>> {
    let default = action(seccomp.default_action(), seccomp.default_errno_ret())?;
    let rules = seccomp.syscalls().as_deref().unwrap_or_default();
    let mut groups: Vec<(SeccompAction, Rules)> = Vec::new();
    let mut allowed = Rules::new();
    for rule in rules {
        let action = action(rule.action(), rule.errno_ret())?;
        if action == default {
            continue;
        }
        if default != SeccompAction::Allow {
            add(&mut allowed, rule)?;
        }
        if action != SeccompAction::Allow {
            let index = match groups.iter().position(|(known, _)| *known == action) {
                Some(index) => index,
                None => {
                    groups.push((action, Rules::new()));
                    groups.len() - 1
                }
            };
            add(&mut groups[index].1, rule)?;
        }
    }
    let mut programs = Vec::new();
    if default != SeccompAction::Allow {
        programs.push(program(allowed, default, SeccompAction::Allow)?);
    }
    for (action, rules) in groups {
        programs.push(program(rules, SeccompAction::Allow, action)?);
    }
    Ok(programs)
}

fn wrong(error: &dyn std::fmt::Display) -> Error {
    Error::Seccomp(error.to_string())
}

fn program(rules: Rules, mismatch: SeccompAction, matched: SeccompAction) -> Result<Program> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| wrong(&error))?;
    let filter = SeccompFilter::new(rules, mismatch, matched, architecture).map_err(|error| wrong(&error))?;
    let program: BpfProgram = filter
        .try_into()
        .map_err(|error: seccompiler::BackendError| wrong(&error))?;
    Ok(program
        .iter()
        .map(|instruction| {
            let [code_low, code_high] = instruction.code.to_ne_bytes();
            let [k0, k1, k2, k3] = instruction.k.to_ne_bytes();
            u64::from_ne_bytes([
                code_low,
                code_high,
                instruction.jt,
                instruction.jf,
                k0,
                k1,
                k2,
                k3,
            ])
        })
        .collect())
}

/// Adds the calls of a rule. A call that is matched without conditions once needs none afterwards.
fn add(rules: &mut Rules, rule: &LinuxSyscall) -> Result<()> {
    for number in rule.names().iter().filter_map(|name| syscalls::number(name)) {
        let conditions = conditions(rule)?;
        match (rules.get_mut(&number), conditions) {
            (Some(known), Some(conditions)) if !known.is_empty() => known.push(conditions),
            (Some(_), Some(_)) => {}
            (None, Some(conditions)) => {
                rules.insert(number, vec![conditions]);
            }
            (_, None) => {
                rules.insert(number, Vec::new());
            }
        }
    }
    Ok(())
}

fn conditions(rule: &LinuxSyscall) -> Result<Option<SeccompRule>> {
    let mut conditions = Vec::new();
    for arg in rule.args().iter().flatten() {
        use LinuxSeccompOperator as Operator;
        let (op, value) = match arg.op() {
            Operator::ScmpCmpNe => (SeccompCmpOp::Ne, arg.value()),
            Operator::ScmpCmpLt => (SeccompCmpOp::Lt, arg.value()),
            Operator::ScmpCmpLe => (SeccompCmpOp::Le, arg.value()),
            Operator::ScmpCmpEq => (SeccompCmpOp::Eq, arg.value()),
            Operator::ScmpCmpGe => (SeccompCmpOp::Ge, arg.value()),
            Operator::ScmpCmpGt => (SeccompCmpOp::Gt, arg.value()),
            // The first value is the mask, the second what the masked argument must be.
            Operator::ScmpCmpMaskedEq => (SeccompCmpOp::MaskedEq(arg.value()), arg.value_two().unwrap_or(0)),
        };
        let index = u8::try_from(arg.index()).map_err(|error| wrong(&error))?;
        let condition = SeccompCondition::new(index, SeccompCmpArgLen::Qword, op, value);
        conditions.push(condition.map_err(|error| wrong(&error))?);
    }
    if conditions.is_empty() {
        return Ok(None);
    }
    SeccompRule::new(conditions)
        .map(Some)
        .map_err(|error| wrong(&error))
}

fn action(action: LinuxSeccompAction, errno: Option<u32>) -> Result<SeccompAction> {
    let errno = errno.unwrap_or(libc::EPERM as u32);
    Ok(match action {
        LinuxSeccompAction::ScmpActKill | LinuxSeccompAction::ScmpActKillThread => SeccompAction::KillThread,
        LinuxSeccompAction::ScmpActKillProcess => SeccompAction::KillProcess,
        LinuxSeccompAction::ScmpActTrap => SeccompAction::Trap,
        LinuxSeccompAction::ScmpActErrno => SeccompAction::Errno(errno),
        LinuxSeccompAction::ScmpActTrace => SeccompAction::Trace(errno),
        LinuxSeccompAction::ScmpActLog => SeccompAction::Log,
        LinuxSeccompAction::ScmpActAllow => SeccompAction::Allow,
        LinuxSeccompAction::ScmpActNotify => {
            return Err(Error::Seccomp(
                "the action `SCMP_ACT_NOTIFY` is not supported".to_owned(),
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::{default_profile, parse_profile};
    use super::*;
    use crate::spec::capabilities::CapabilitySet;

    #[test]
    fn the_default_profile_is_two_programs() {
        let profile = default_profile(&CapabilitySet::docker_default()).unwrap();
        let programs = compile(&profile).unwrap();
        assert_eq!(
            programs.len(),
            2,
            "one that allows, one that says that there is no clone3"
        );
        assert!(programs.iter().all(|program| program.len() < 4096));
        // Every call of the profile is in it, none twice: a call without conditions takes five instructions.
        assert!(programs[0].len() > 1500);
    }

    #[test]
    fn a_deny_list_has_no_allow_program() {
        let json = r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
            {"names":["mkdir","mkdirat","no_such_call"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}"#;
        let profile = parse_profile(json, &CapabilitySet::all()).unwrap();
        assert_eq!(compile(&profile).unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_honoured_is_an_error() {
        let json = r#"{"defaultAction":"SCMP_ACT_NOTIFY"}"#;
        let profile = parse_profile(json, &CapabilitySet::all()).unwrap();
        assert!(compile(&profile).is_err());
    }
}
