use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_image::Image;
use plimsoll_image::sink::{self, LayerCompression, WriteOptions};

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
    /// How layers are compressed
    #[arg(long, value_enum, default_value_t, value_name = "COMPRESSION")]
    compression: Compression,
    /// How hard: 0 to 9 for gzip, 1 to 22 for zstd
    #[arg(long, value_name = "LEVEL", requires = "compression")]
    compression_level: Option<i32>,
}

/// The compressions that layers are saved with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Compression {
    /// None
    #[default]
    #[value(alias = "none")]
    Uncompressed,
    /// gzip, which everything reads
    Gzip,
    /// zstd: smaller and faster
    Zstd,
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
    let options = WriteOptions {
        compression: args.compression()?,
        ..WriteOptions::new(store.root())
    };
    let images = &images;
    match (&args.output, args.format) {
        (Some(path), Format::OciDir) => drop(sink::oci::write_dir(images, path, &options)?),
        (None, Format::OciDir) => {
            return Err(Failure::usage("an OCI layout is a folder")
                .with_hint("name it with `-o DIR`")
                .into());
        }
        (None, _) if io::stdout().is_terminal() => {
            return Err(Failure::usage("an archive is not written to a terminal")
                .with_hint("use `-o FILE`, or a pipe")
                .into());
        }
        (Some(path), format) if path != Path::new("-") => {
            whole_file(path, |out| to_writer(images, format, out, &options))?;
        }
        (_, format) => to_stdout(|out| to_writer(images, format, out, &options))?,
    }
    Ok(exit::DONE)
}

impl Args {
    fn compression(&self) -> Result<LayerCompression, Failure> {
        let compression = match self.compression {
            Compression::Uncompressed => LayerCompression::None,
            Compression::Gzip => LayerCompression::GZIP,
            Compression::Zstd => LayerCompression::ZSTD,
        };
        match self.compression_level {
            None => Ok(compression),
            Some(level) => compression.with_level(level).ok_or_else(|| {
                Failure::usage(format!("there is no compression level {level}"))
                    .with_hint("gzip has levels 0 to 9, zstd 1 to 22; without `--compression` there is none")
            }),
        }
    }
}

/// Gives `write` standard output.
pub(crate) fn to_stdout<T>(write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let mut out = io::stdout().lock();
    let result = write(&mut out)?;
    out.flush()?;
    Ok(result)
}

/// Gives `write` a file that appears whole: it is written beside `path` and renamed. What is no file, such as a pipe,
/// is written as it is.
pub(crate) fn whole_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let failed = || format!("cannot write `{}`", path.display());
    if path.exists() && !path.is_file() {
        let mut file = File::create(path).with_context(failed)?;
        return write(&mut file).with_context(failed);
    }
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    let mut out = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    let result = write(&mut out).with_context(failed)?;
    out.flush().with_context(failed)?;
    drop(out);
    readable(file.as_file()).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(result)
}

/// Temporary files are for their owner alone; an archive has the mode that any new file has.
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mask = rustix::process::umask(rustix::fs::Mode::empty());
    rustix::process::umask(mask);
    file.set_permissions(std::fs::Permissions::from_mode(0o666 & !mask.bits()))
}

fn to_writer(
    images: &[Image],
    format: Format,
    out: &mut dyn Write,
    options: &WriteOptions<'_>,
) -> anyhow::Result<()> {
    match format {
        Format::DockerArchive => sink::docker_archive::write_with(images, out, options)?,
        Format::OciArchive | Format::OciDir => drop(sink::oci::write_archive(images, out, options)?),
    }
    Ok(())
}
