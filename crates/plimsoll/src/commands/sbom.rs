use std::path::PathBuf;

use plimsoll_core::Platform;

use crate::exit;
use crate::invocation::Invocation;
use crate::reports::{Format, Output};
use crate::subject::Named;

/// List what is in an image or a directory as an SBOM: its packages, with the layers and files that prove them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A name or ID in the store or a container engine, or `docker-archive:FILE`, `oci-archive:FILE`, `oci:DIR`,
    /// `docker-daemon:NAME`, `podman:NAME`, `registry:NAME`, `rootfs:DIR`
    #[arg(required_unless_present_any = ["input", "rootfs"])]
    image: Option<String>,
    /// An archive that `save` wrote; `-` for standard input
    #[arg(long, conflicts_with = "image", value_name = "FILE")]
    input: Option<PathBuf>,
    /// A directory with an unpacked root file system, or any other directory with packages in it
    #[arg(long, conflicts_with_all = ["image", "input"], value_name = "DIR")]
    rootfs: Option<PathBuf>,
    /// Also list packages that a later layer removed: the image still holds them
    #[arg(long)]
    all_layers: bool,
    /// Also list the files of every package: in CycloneDX, SPDX, Trivy's JSON and Plimsoll's own
    #[arg(long)]
    files: bool,
    /// The form of the SBOM
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: SbomFormat,
    /// Write the SBOM to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The platform, if the image is made for several
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum SbomFormat {
    /// CycloneDX 1.6 JSON
    #[default]
    #[value(alias = "cyclonedx")]
    CyclonedxJson,
    /// SPDX 2.3 JSON
    SpdxJson,
    /// SPDX 2.3 tag-value
    #[value(alias = "spdx-tag-value")]
    Spdx,
    /// GitHub's dependency snapshot
    Github,
    /// Trivy's report shape, with the packages only
    #[value(alias = "json")]
    TrivyJson,
    /// Plimsoll's own document
    PlimsollJson,
}

impl Args {
    /// What the SBOM is of.
    pub(crate) fn named(&self) -> Named<'_> {
        Named {
            image: self.image.as_deref(),
            input: self.input.as_deref(),
            rootfs: self.rootfs.as_deref(),
            platform: self.platform.as_ref(),
            all_layers: self.all_layers,
            files: self.files,
        }
    }
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let (mut report, warnings) = args.named().report(invocation, |report, _| Ok(report))?;
    report.warnings.extend(warnings);
    // An SBOM says what packages there are; secrets are for `scan`.
    report.secrets.clear();
    report.secret_scope = None;
    for warning in &report.warnings {
        invocation.printer.warn(warning);
    }
    for unread in report.coverage.iter().filter_map(|one| one.shortfall()) {
        invocation.printer.warn(&format!("not listed: {unread}"));
    }
    let output = Output {
        format: match args.format {
            SbomFormat::CyclonedxJson => Format::Cyclonedx,
            SbomFormat::SpdxJson => Format::SpdxJson,
            SbomFormat::Spdx => Format::Spdx,
            SbomFormat::Github => Format::Github,
            SbomFormat::TrivyJson => Format::Json,
            SbomFormat::PlimsollJson => Format::PlimsollJson,
        },
        file: args.output.clone().filter(|file| file.as_os_str() != "-"),
    };
    output.write(invocation.printer, &report)?;
    Ok(exit::DONE)
}
