//! Options of `docker build` that have nothing to do here: command lines that have them work all the same.

use crate::failure::Failure;
use crate::printer::Printer;

/// Those options. None is shown in the help.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct DockerFlags {
    // What is made on the way is never left behind, and the whole context is never sent.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    rm: Option<Option<bool>>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    force_rm: Option<Option<bool>>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    compress: Option<Option<bool>>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    disable_content_trust: Option<Option<bool>>,
    #[arg(long, hide = true, value_name = "NAME")]
    builder: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    isolation: Option<String>,
    #[arg(long, hide = true)]
    push: bool,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    provenance: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    sbom: Option<String>,
    #[arg(long, hide = true)]
    attest: Vec<String>,
    #[arg(long, short, hide = true)]
    memory: Option<String>,
    #[arg(long, hide = true)]
    memory_swap: Option<String>,
    #[arg(long, short, hide = true)]
    cpu_shares: Option<String>,
    #[arg(long, hide = true)]
    cpu_period: Option<String>,
    #[arg(long, hide = true)]
    cpu_quota: Option<String>,
    #[arg(long, hide = true)]
    cpuset_cpus: Option<String>,
    #[arg(long, hide = true)]
    cpuset_mems: Option<String>,
    #[arg(long, hide = true)]
    cgroup_parent: Option<String>,
    #[arg(long, hide = true)]
    security_opt: Vec<String>,
}

impl DockerFlags {
    /// Warns of those that would have an effect with Docker.
    ///
    /// # Errors
    /// For what one would count on afterwards.
    pub(crate) fn check(&self, printer: Printer) -> Result<(), Failure> {
        if self.push {
            return Err(Failure::usage("`--push` is not supported: images are not written to registries")
                .with_hint("write an archive with `--output type=oci,dest=FILE`, and push that with skopeo or Docker"));
        }
        let is_wanted = |value: &Option<String>| value.as_deref().is_some_and(|value| value != "false");
        let attestations = [
            ("--provenance", is_wanted(&self.provenance)),
            ("--sbom", is_wanted(&self.sbom)),
            ("--attest", !self.attest.is_empty()),
        ];
        for (name, _) in attestations.into_iter().filter(|(_, given)| *given) {
            printer.warn(&format!(
                "`{name}` has no effect: no attestation is made; `plimsoll sbom IMAGE` tells what is in an image"
            ));
        }
        let limits = [
            ("--memory", self.memory.is_some()),
            ("--memory-swap", self.memory_swap.is_some()),
            ("--cpu-shares", self.cpu_shares.is_some()),
            ("--cpu-period", self.cpu_period.is_some()),
            ("--cpu-quota", self.cpu_quota.is_some()),
            ("--cpuset-cpus", self.cpuset_cpus.is_some()),
            ("--cpuset-mems", self.cpuset_mems.is_some()),
            ("--cgroup-parent", self.cgroup_parent.is_some()),
            ("--security-opt", !self.security_opt.is_empty()),
        ];
        for (name, _) in limits.into_iter().filter(|(_, given)| *given) {
            printer.warn(&format!("`{name}` has no effect on a build, as with BuildKit"));
        }
        Ok(())
    }
}
