use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_image::Image;
use plimsoll_image::sink::{self, LayerCompression, WriteOptions};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat};
use rustix::io::Errno;

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

/// Gives `write` a file that appears whole: it gets its name when it is complete, and nothing is left of it should this
/// process be killed before. What is no file, such as a pipe, is written as it is.
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
    let mut file = NewFile::create_in(folder).with_context(failed)?;
    let mut out = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    let result = write(&mut out).with_context(failed)?;
    out.flush().with_context(failed)?;
    drop(out);
    file.name(folder, path).with_context(failed)?;
    Ok(result)
}

/// A file that does not have its name yet.
enum NewFile {
    /// It has none at all, and so vanishes with the process.
    Nameless(File),
    /// Where the file system has no such files.
    Temporary(tempfile::NamedTempFile),
}

impl NewFile {
    fn create_in(folder: &Path) -> io::Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        match rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)) {
            Ok(file) => Ok(Self::Nameless(file.into())),
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
                let file = tempfile::NamedTempFile::new_in(folder)?;
                readable(file.as_file())?;
                Ok(Self::Temporary(file))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn as_file_mut(&mut self) -> &mut File {
        match self {
            Self::Nameless(file) => file,
            Self::Temporary(file) => file.as_file_mut(),
        }
    }

    /// Gives the file, which was made in `folder`, the name `path` there, whatever has it now.
    fn name(self, folder: &Path, path: &Path) -> io::Result<()> {
        let temporary = match self {
            Self::Nameless(file) => {
                let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
                // A link never takes the place of another file, so it needs a name of its own first.
                let link = |name: &Path| linkat(CWD, &unnamed, CWD, name, AtFlags::SYMLINK_FOLLOW);
                let linked = tempfile::Builder::new().make_in(folder, |name| Ok(link(name)?))?;
                linked.into_temp_path()
            }
            Self::Temporary(file) => file.into_temp_path(),
        };
        temporary.persist(path).map_err(|error| error.error)
    }
}

/// Temporary files are for their owner alone; an archive has the mode that any new file has.
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mask = rustix::process::umask(Mode::empty());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_no_name_until_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        for content in ["first", "second"] {
            let before = names();
            whole_file(&path, |out| {
                out.write_all(content.as_bytes())?;
                assert_eq!(names(), before);
                Ok(())
            })
            .unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        let failed = whole_file(&path, |_| -> anyhow::Result<()> { anyhow::bail!("no") });
        assert!(failed.is_err());
        assert_eq!(
            (names(), std::fs::read_to_string(&path).unwrap().as_str()),
            (1, "second")
        );
        let error = whole_file(&folder.path().join("none/out"), |_| Ok(())).unwrap_err();
        assert!(
            format!("{error:#}").ends_with("No such file or directory (os error 2)"),
            "{error:#}"
        );
    }

    #[test]
    fn a_file_system_without_nameless_files_will_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut file = NewFile::Temporary(tempfile::NamedTempFile::new_in(folder.path()).unwrap());
        file.as_file_mut().write_all(b"x").unwrap();
        file.name(folder.path(), &path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "x");
    }
}
