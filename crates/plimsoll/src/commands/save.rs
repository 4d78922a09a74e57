use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_image::Image;
use plimsoll_image::sink::{self, LayerCompression};

use crate::exit;
use crate::failure::Failure;
use crate::invocation::Invocation;

/// Write images into an archive that Docker, Podman and skopeo load
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Images, by name or ID
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// The file to write, or the folder for `oci-dir`; standard output if it is not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The form of the archive
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The forms that an image is saved in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    DockerArchive,
    OciArchive,
    OciDir,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let mut images = Vec::new();
    for name in &args.images {
        let mut image = store.find(name)?;
        // As Docker does: what was asked for by name is saved with that name alone, what was asked for by ID with none.
        let asked = name.parse::<plimsoll_core::Reference>().ok();
        image
            .references
            .retain(|reference| Some(reference) == asked.as_ref());
        images.push(image);
    }
    match &args.output {
        Some(path) => to_path(&images, args.format, path, store.root())?,
        None if args.format == Format::OciDir => {
            return Err(Failure::usage("an OCI layout is a folder")
                .with_hint("name it with `-o DIR`")
                .into());
        }
        None if io::stdout().is_terminal() => {
            return Err(Failure::usage("an archive is not written to a terminal")
                .with_hint("use `-o FILE`, or a pipe")
                .into());
        }
        None => to(&images, args.format, Path::new("-"), store.root())?,
    }
    Ok(exit::DONE)
}

/// Writes `images` to `path`, or to standard output where it is `-`.
pub(crate) fn to(images: &[Image], format: Format, path: &Path, temporary: &Path) -> anyhow::Result<()> {
    if path != Path::new("-") {
        return to_path(images, format, path, temporary);
    }
    let mut out = io::stdout().lock();
    to_writer(images, format, &mut out, temporary)?;
    Ok(out.flush()?)
}

/// Writes `images` to `path`, which appears whole: an archive is written beside it and renamed.
pub(crate) fn to_path(images: &[Image], format: Format, path: &Path, temporary: &Path) -> anyhow::Result<()> {
    if format == Format::OciDir {
        return Ok(sink::oci::write_dir(images, path, LayerCompression::None)?);
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let failed = || format!("cannot write `{}`", path.display());
    if path.exists() && !path.is_file() {
        let mut file = File::create(path).with_context(failed)?;
        return to_writer(images, format, &mut file, temporary);
    }
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    let mut out = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    to_writer(images, format, &mut out, temporary)?;
    out.flush().with_context(failed)?;
    drop(out);
    readable(file.as_file()).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

/// Temporary files are for their owner alone; an archive has the mode that any new file has.
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mask = rustix::process::umask(rustix::fs::Mode::empty());
    rustix::process::umask(mask);
    file.set_permissions(std::fs::Permissions::from_mode(0o666 & !mask.bits()))
}

fn to_writer(images: &[Image], format: Format, out: &mut dyn Write, temporary: &Path) -> anyhow::Result<()> {
    match format {
        Format::DockerArchive => sink::docker_archive::write(images, out)?,
        Format::OciArchive | Format::OciDir => {
            sink::oci::write_archive(images, out, LayerCompression::None, temporary)?;
        }
    }
    Ok(())
}
