//! System call filters: Docker's default profile, profiles in Docker's JSON format, and their compilation
//! to BPF.

mod compile;
mod profile;
mod syscalls;

pub(crate) use compile::Program;
use compile::compile;
use profile::{default_profile, parse_profile};

use std::collections::HashMap;
use std::sync::Mutex;

use oci_spec::runtime::LinuxSeccomp;

use crate::error::Result;
use crate::options::Seccomp;
use crate::spec::capabilities::CapabilitySet;

/// A filter as the specification describes it, and compiled.
type Filter = (Option<LinuxSeccomp>, Vec<Program>);

/// The filter for a container with these capabilities. The default one is compiled once for each set.
pub(crate) fn filter(choice: &Seccomp, capabilities: CapabilitySet) -> Result<Filter> {
    static COMPILED: Mutex<Option<HashMap<u64, Filter>>> = Mutex::new(None);
    let profile = match choice {
        Seccomp::Unconfined => return Ok((None, Vec::new())),
        Seccomp::Profile(json) => parse_profile(json, &capabilities)?,
        Seccomp::Default => {
            let mut compiled = COMPILED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let compiled = compiled.get_or_insert_default();
            if let Some(filter) = compiled.get(&capabilities.bits()) {
                return Ok(filter.clone());
            }
            let profile = default_profile(&capabilities)?;
            let programs = compile(&profile)?;
            let filter = (Some(profile), programs);
            compiled.insert(capabilities.bits(), filter.clone());
            return Ok(filter);
        }
    };
    let programs = compile(&profile)?;
    Ok((Some(profile), programs))
}
