//! `--cache-to` and `--cache-from` in the forms that buildx has.

use std::path::PathBuf;

use plimsoll_build::{CacheMode, ImportedCache, UsedSteps};
use plimsoll_image::Store;
use plimsoll_image::sink::LayerCompression;

use super::fields::{split, truth};
use super::parse::compression;
use crate::failure::Failure;
use crate::printer::Printer;

/// The options of `build` by which several stores share what was built.
#[derive(Debug, clap::Args)]
pub(crate) struct CacheArgs {
    /// Write what the build made, for other stores: `type=local,dest=DIR[,mode=min|max][,compression=gzip|zstd]`; with
    /// `mode=max`, the layers of all stages
    #[arg(long, value_name = "CACHE")]
    cache_to: Vec<String>,
    /// Look up steps that the store does not know: `type=local,src=DIR`
    #[arg(long, value_name = "CACHE")]
    cache_from: Vec<String>,
}

/// The caches to read and to write.
#[derive(Debug)]
pub(crate) struct Caches {
    to: Vec<Export>,
    from: Vec<PathBuf>,
}

#[derive(Debug)]
struct Export {
    directory: PathBuf,
    mode: CacheMode,
    compression: LayerCompression,
    /// Whether a build is done even if its cache cannot be written.
    ignore_error: bool,
}

impl CacheArgs {
    pub(crate) fn check(&self) -> Result<Caches, Failure> {
        let wrong = |option: &str, text: &str, reason: String| {
            let form = match option {
                "--cache-to" => "use `type=local,dest=DIR`, with `mode=max` for the layers of all stages",
                _ => "use `type=local,src=DIR`",
            };
            Failure::usage(format!("`{option} {text}`: {reason}")).with_hint(form)
        };
        let to = self
            .cache_to
            .iter()
            .map(|text| export(text).map_err(|reason| wrong("--cache-to", text, reason)));
        let from = self.cache_from.iter();
        let from = from.map(|text| import(text).map_err(|reason| wrong("--cache-from", text, reason)));
        Ok(Caches {
            to: to.collect::<Result<_, _>>()?,
            from: from.collect::<Result<_, _>>()?,
        })
    }
}

impl Caches {
    /// Opens the caches to read. One that is not there, or damaged, is told of and passed over: the build only takes
    /// longer.
    pub(crate) fn open(&self, printer: Printer) -> Vec<ImportedCache> {
        let mut caches = Vec::new();
        for directory in &self.from {
            match ImportedCache::open(directory) {
                Ok(cache) => caches.push(cache),
                Err(error) => printer.warn(&crate::failure::message(&error.into())),
            }
        }
        caches
    }

    /// Writes what a build used and made.
    pub(crate) fn write(&self, store: &Store, steps: &UsedSteps, printer: Printer) -> anyhow::Result<()> {
        for export in &self.to {
            match steps.write(store, &export.directory, export.mode, export.compression) {
                Err(error) if export.ignore_error => printer.warn(&crate::failure::message(&error.into())),
                other => other?,
            }
        }
        Ok(())
    }
}

fn export(text: &str) -> Result<Export, String> {
    let (mut kind, mut directory, mut mode) = (None, None, CacheMode::Min);
    let (mut form, mut level, mut ignore_error) = (None, None, false);
    for field in split(text)? {
        match pair(&field)? {
            ("type", value) => kind = Some(value.to_owned()),
            ("dest", value) => directory = Some(PathBuf::from(value)),
            ("mode", "min") => mode = CacheMode::Min,
            ("mode", "max") => mode = CacheMode::Max,
            ("mode", other) => return Err(format!("mode `{other}` is neither `min` nor `max`")),
            ("compression", value) => form = Some(value.to_owned()),
            ("compression-level", value) => {
                let value = value.parse();
                level = Some(value.map_err(|_| format!("`{field}` is not a compression level"))?);
            }
            ("ignore-error", value) => ignore_error = truth("ignore-error", value)?,
            // The cache is always an image in OCI's form, compressed anew.
            (key @ ("force-compression" | "oci-mediatypes" | "image-manifest"), value) => {
                _ = truth(key, value)?;
            }
            (key, _) if kind.as_deref().is_none_or(|kind| kind == "local") => {
                return Err(format!("`{key}` is not known"));
            }
            _ => {}
        }
    }
    local(kind.as_deref())?;
    let directory = directory.filter(|path| !path.as_os_str().is_empty());
    Ok(Export {
        directory: directory.ok_or("it has no `dest`")?,
        mode,
        compression: compression(form.as_deref().or(Some("gzip")), level)?,
        ignore_error,
    })
}

fn import(text: &str) -> Result<PathBuf, String> {
    let (mut kind, mut directory) = (None, None);
    let fields = split(text)?;
    if let [name] = fields.as_slice()
        && !name.contains('=')
    {
        return Err("caches are not read from registries".to_owned());
    }
    for field in fields {
        match pair(&field)? {
            ("type", value) => kind = Some(value.to_owned()),
            ("src", value) => directory = Some(PathBuf::from(value)),
            (key, _) if kind.as_deref().is_none_or(|kind| kind == "local") => {
                return Err(format!("`{key}` is not known"));
            }
            _ => {}
        }
    }
    local(kind.as_deref())?;
    let directory = directory.filter(|path| !path.as_os_str().is_empty());
    directory.ok_or_else(|| "it has no `src`".to_owned())
}

fn pair(field: &str) -> Result<(&str, &str), String> {
    field
        .split_once('=')
        .ok_or_else(|| format!("`{field}` has no value"))
}

fn local(kind: Option<&str>) -> Result<(), String> {
    match kind {
        Some("local") => Ok(()),
        Some(kind @ ("registry" | "inline" | "gha" | "s3" | "azblob")) => {
            Err(format!("caches of type `{kind}` are not supported"))
        }
        Some(kind) => Err(format!("type `{kind}` is not known")),
        None => Err("it has no `type`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named() {
        let to = export("type=local,dest=d,mode=max,compression=zstd,compression-level=5,ignore-error=true")
            .unwrap();
        assert_eq!(
            (to.directory, to.mode, to.ignore_error),
            ("d".into(), CacheMode::Max, true)
        );
        assert_eq!(to.compression, LayerCompression::Zstd { level: 5 });
        assert_eq!(import("type=local,src=d"), Ok("d".into()));
        let wrong: Vec<String> = [
            export("type=registry,ref=x/y").map(|_| ()),
            export("type=inline").map(|_| ()),
            export("type=local").map(|_| ()),
            export("type=local,dest=d,mode=some").map(|_| ()),
            export("type=local,dest=d,src=e").map(|_| ()),
            export("dest=d").map(|_| ()),
            import("some/image").map(|_| ()),
            import("type=gha").map(|_| ()),
            import("type=local,dest=d").map(|_| ()),
            import("type=local,src=").map(|_| ()),
        ]
        .into_iter()
        .map(Result::unwrap_err)
        .collect();
        insta::assert_snapshot!(wrong.join("\n"));
    }
}
