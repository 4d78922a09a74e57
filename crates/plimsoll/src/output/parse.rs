//! `--output` in the forms that buildx has.

use std::path::{Path, PathBuf};

use plimsoll_image::sink::{Annotations, LayerCompression};

use super::annotation::{self, Place};
use super::fields::{split, truth};
use super::{Destination, Kind, Output};
use crate::failure::Failure;

const HINT: &str =
    "use `DIR`, `-`, or `type=local|tar|docker|oci|image[,dest=PATH][,name=NAME][,compression=gzip|zstd]`";

/// What stands in the fields.
#[derive(Default)]
struct Fields {
    kind: Option<String>,
    dest: Option<PathBuf>,
    names: Vec<String>,
    tar: Option<bool>,
    compression: Option<String>,
    level: Option<i32>,
    rewrite: bool,
    annotations: Annotations,
}

impl Output {
    /// Reads `DIR`, `-`, or `type=…` with its options.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong =
            |reason: String| Failure::usage(format!("`{text}` is not an output: {reason}")).with_hint(HINT);
        let fields = split(text).map_err(wrong)?;
        // A path may have `=` in it, but `dest=DIR` alone is an option whose `type` was forgotten.
        let is_option = |(key, _): (&str, &str)| key.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if let [path] = fields.as_slice()
            && path == text
            && !text.split_once('=').is_some_and(is_option)
        {
            return match text {
                "" => Err(wrong("it is empty".to_owned())),
                "-" => Ok(Self::new(Kind::Tar(Destination::Stdout))),
                path => Ok(Self::new(Kind::Local(path.into()))),
            };
        }
        let mut known = Fields::default();
        for field in &fields {
            known.take(field).map_err(wrong)?;
        }
        known.output().map_err(wrong)
    }
}

impl Fields {
    fn take(&mut self, field: &str) -> Result<(), String> {
        let (key, value) = field
            .split_once('=')
            .ok_or_else(|| format!("`{field}` has no value"))?;
        if let Some((place, key)) = annotation::option(key)? {
            place
                .of(&mut self.annotations)
                .insert(key.to_owned(), value.to_owned());
            return Ok(());
        }
        match key {
            "type" => self.kind = Some(value.to_owned()),
            "dest" if value.is_empty() => return Err("`dest` is empty".to_owned()),
            "dest" => self.dest = Some(value.into()),
            "name" => self.names.extend(value.split(',').map(str::to_owned)),
            "tar" => self.tar = Some(truth(key, value)?),
            "compression" => self.compression = Some(value.to_owned()),
            "compression-level" => {
                let level = value.parse();
                self.level = Some(level.map_err(|_| format!("`{value}` is not a compression level"))?);
            }
            "rewrite-timestamp" => self.rewrite = truth(key, value)?,
            // The store keeps no compressed layers that could be taken over, so it is always so.
            "force-compression" => _ = truth(key, value)?,
            // Every image is in the store, unpacked.
            "store" | "unpack" => _ = truth(key, value)?,
            "oci-mediatypes" if truth(key, value)? => {}
            "push" | "push-by-digest" | "platform-split" | "oci-artifact" if !truth(key, value)? => {}
            "push" | "push-by-digest" => {
                return Err("images are not pushed by a build".to_owned());
            }
            "oci-mediatypes" | "platform-split" | "oci-artifact" => {
                return Err(format!("`{key}={value}` is not supported"));
            }
            _ => return Err(format!("`{key}` is not known")),
        }
        Ok(())
    }

    fn output(self) -> Result<Output, String> {
        let compression = compression(self.compression.as_deref(), self.level)?;
        let kind = self.kind.as_deref().ok_or("it has no `type`")?;
        let to = |dest: &Option<PathBuf>| match dest {
            Some(path) if path != Path::new("-") => Destination::File(path.clone()),
            _ => Destination::Stdout,
        };
        let is_directory = self.tar == Some(false);
        let kind = match (kind, &self.dest) {
            ("local", Some(dest)) => Kind::Local(dest.clone()),
            ("local", None) => return Err("it has no `dest`".to_owned()),
            ("tar", dest) => Kind::Tar(to(dest)),
            ("image", None) => Kind::Store,
            ("image", Some(_)) => return Err("an image is put into the store, it has no `dest`".to_owned()),
            ("docker", None) if !is_directory => Kind::Store,
            ("docker" | "docker-archive", _) if is_directory => {
                return Err("`tar=false` is for `type=oci`".to_owned());
            }
            ("docker" | "docker-archive", dest) => Kind::DockerArchive(to(dest)),
            // A folder that is there cannot be meant as a file.
            ("oci" | "oci-archive", Some(dest)) if is_directory || (self.tar.is_none() && dest.is_dir()) => {
                Kind::OciDirectory(dest.clone())
            }
            ("oci" | "oci-archive", None) if is_directory => {
                return Err("an OCI layout is a folder and needs `dest=DIR`".to_owned());
            }
            ("oci" | "oci-archive", dest) => Kind::OciArchive(to(dest)),
            ("registry", _) => return Err("images are not pushed by a build".to_owned()),
            ("cacheonly", _) => Kind::Store,
            (other, _) => return Err(format!("type `{other}` is not known")),
        };
        let has_layers = matches!(
            kind,
            Kind::DockerArchive(_) | Kind::OciArchive(_) | Kind::OciDirectory(_)
        );
        if compression != LayerCompression::None && !has_layers {
            return Err("only archives and OCI layouts have layers to compress".to_owned());
        }
        if self.tar.is_some()
            && !matches!(
                kind,
                Kind::OciArchive(_) | Kind::OciDirectory(_) | Kind::DockerArchive(_)
            )
        {
            return Err("`tar` is for `type=oci` and `type=docker`".to_owned());
        }
        let is_oci = matches!(kind, Kind::OciArchive(_) | Kind::OciDirectory(_));
        if !is_oci && self.annotations != Annotations::default() {
            return Err(
                "only `type=oci` has a place for annotations of its own; use `--annotation`".to_owned(),
            );
        }
        let names = self
            .names
            .iter()
            .map(|name| name.parse().map_err(|error| format!("{error}")));
        Ok(Output {
            names: names.collect::<Result<_, _>>()?,
            compression,
            annotations: self.annotations,
            needs_epoch: self.rewrite,
            ..Output::new(kind)
        })
    }
}

/// A compression by its name, at its usual level where none is said.
pub(super) fn compression(name: Option<&str>, level: Option<i32>) -> Result<LayerCompression, String> {
    let compression = match name {
        None | Some("uncompressed") => LayerCompression::None,
        Some("gzip") => LayerCompression::GZIP,
        Some("zstd") => LayerCompression::ZSTD,
        Some(other) => return Err(format!("compression `{other}` is not supported")),
    };
    let Some(level) = level else {
        return Ok(compression);
    };
    compression.with_level(level).ok_or_else(|| {
        let name = name.unwrap_or("uncompressed");
        format!("`{name}` has no compression level {level}")
    })
}

impl Place {
    fn of(self, annotations: &mut Annotations) -> &mut std::collections::BTreeMap<String, String> {
        match self {
            Self::Manifest => &mut annotations.manifest,
            Self::Index => &mut annotations.index,
            Self::ManifestDescriptor => &mut annotations.manifest_descriptor,
        }
    }
}

/// Adds what `--annotation` says.
pub(super) fn add(annotations: &mut Annotations, given: &[annotation::Annotation]) {
    for one in given {
        for place in &one.places {
            place.of(annotations).insert(one.key.clone(), one.value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Output, String> {
        Output::parse(text).map_err(|failure| failure.to_string())
    }

    #[test]
    fn every_form_of_buildx() {
        let file = |name: &str| Destination::File(name.into());
        for (text, kind) in [
            ("out", Kind::Local("out".into())),
            ("./a=b", Kind::Local("./a=b".into())),
            ("-", Kind::Tar(Destination::Stdout)),
            ("type=local,dest=out", Kind::Local("out".into())),
            ("type=tar", Kind::Tar(Destination::Stdout)),
            ("type=tar,dest=-", Kind::Tar(Destination::Stdout)),
            ("type=tar,dest=x.tar", Kind::Tar(file("x.tar"))),
            ("type=docker", Kind::Store),
            ("type=docker,dest=-", Kind::DockerArchive(Destination::Stdout)),
            (
                "type=docker-archive,dest=x.tar",
                Kind::DockerArchive(file("x.tar")),
            ),
            ("type=oci,dest=x.tar", Kind::OciArchive(file("x.tar"))),
            ("type=oci,dest=x,tar=false", Kind::OciDirectory("x".into())),
            ("type=oci,dest=/", Kind::OciDirectory("/".into())),
            ("type=image,name=a:1,push=false", Kind::Store),
        ] {
            assert_eq!(parsed(text).unwrap().kind, kind, "{text}");
        }
    }

    #[test]
    fn options_are_read() {
        let output = parsed(
            r#"type=oci,dest=x,"name=a:1,b",compression=zstd,compression-level=9,annotation.k=v,annotation-index.i=w,force-compression=true"#,
        )
        .unwrap();
        assert_eq!(output.names.len(), 2);
        assert_eq!(output.compression, LayerCompression::Zstd { level: 9 });
        assert_eq!(output.annotations.manifest["k"], "v");
        assert_eq!(output.annotations.index["i"], "w");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let reasons: Vec<String> = [
            "",
            "type=local",
            "type=oci,dest=",
            "type=nothing,dest=x",
            "dest=x",
            "type=oci,dest=x,compression=brotli",
            "type=oci,dest=x,compression=gzip,compression-level=12",
            "type=oci,dest=x,compression-level=1",
            "type=local,dest=x,compression=gzip",
            "type=docker,dest=x,annotation.k=v",
            "type=image,push=true",
            "type=registry,name=a",
            "type=oci,tar=false",
            "type=oci,dest=x,tar=maybe",
            "type=oci,dest=x,colour=red",
            "type=oci,dest=x,name=A",
            "type=oci,\"dest=x",
            "type=oci,dest=x,annotation[linux/amd64].k=v",
        ]
        .into_iter()
        .map(|text| parsed(text).unwrap_err())
        .collect();
        insta::assert_snapshot!(reasons.join("\n"));
    }
}
