//! What `build` is given in the grammar of `docker build`: secrets, agents, contexts, hosts.

use std::net::IpAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use plimsoll_build::{
    Context, NamedContext, NamedSource, Remote, RemoteContext, RemoteSettings, Secret, SecretSource,
};
use plimsoll_image::{Store, source};

use crate::failure::Failure;
use crate::ssh_agent::Agents;

/// `id=NAME[,src=FILE|,env=VARIABLE][,type=file|env]`
pub(crate) fn secret(text: &str) -> Result<Secret, Failure> {
    let wrong = |reason: &str| {
        Failure::usage(format!("`{text}` is not a secret: {reason}"))
            .with_hint("use `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`")
    };
    let (mut id, mut file, mut variable, mut kind) = (None, None, None, None);
    for part in text.split(',') {
        match part.split_once('=') {
            Some(("id", value)) => id = Some(value.to_owned()),
            Some(("src" | "source", value)) => file = Some(PathBuf::from(value)),
            Some(("env", value)) => variable = Some(value.to_owned()),
            Some(("type", value @ ("file" | "env"))) => kind = Some(value),
            _ => return Err(wrong(&format!("`{part}` is not known"))),
        }
    }
    let id = id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| wrong("it has no `id`"))?;
    // Of a variable, `src` is its name.
    if kind == Some("env")
        && let Some(name) = file.take()
    {
        variable = Some(name.display().to_string());
    }
    let source = match (file, variable) {
        (Some(_), Some(_)) => return Err(wrong("it has both a file and a variable")),
        (Some(file), None) => SecretSource::File(readable(file, &wrong)?),
        (None, Some(name)) => {
            from_variable(&name).ok_or_else(|| wrong(&format!("the variable `{name}` is not set")))?
        }
        // As with Docker: the variable of that name, and else the file.
        (None, None) => match (from_variable(&id), kind) {
            (Some(value), None | Some("env")) => value,
            (None, Some("env")) => return Err(wrong(&format!("the variable `{id}` is not set"))),
            _ => SecretSource::File(readable(PathBuf::from(&id), &wrong)?),
        },
    };
    Ok(Secret { id, source })
}

fn from_variable(name: &str) -> Option<SecretSource> {
    use std::os::unix::ffi::OsStringExt;
    std::env::var_os(name).map(|value| SecretSource::Bytes(value.into_vec()))
}

fn readable(file: PathBuf, wrong: &dyn Fn(&str) -> Failure) -> Result<PathBuf, Failure> {
    match std::fs::File::open(&file) {
        Ok(_) => Ok(file),
        Err(error) => Err(wrong(&format!(
            "cannot read `{}`: {}",
            file.display(),
            crate::failure::system(&error)
        ))),
    }
}

/// `default`, `ID`, `ID=SOCKET` or `ID=KEY[,KEY...]`. Keys get an agent of their own, which `agents` holds.
pub(crate) fn ssh(text: &str, agents: &mut Agents) -> Result<plimsoll_build::SshAgent, Failure> {
    let wrong = |reason: String| {
        Failure::usage(format!("`{text}` is not an SSH agent: {reason}"))
            .with_hint("use `default`, `ID=SOCKET` or `ID=KEY`")
    };
    let (id, paths) = match text.split_once('=') {
        Some((id, paths)) => (id, paths.split(',').map(PathBuf::from).collect()),
        None => (text, Vec::new()),
    };
    if id.is_empty() {
        return Err(wrong("it has no name".to_owned()));
    }
    let is_socket =
        |path: &Path| std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    let socket = match paths.as_slice() {
        [] => match std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from) {
            Some(socket) if is_socket(&socket) => socket,
            Some(socket) => {
                return Err(wrong(format!(
                    "`{}` (SSH_AUTH_SOCK) is not a socket",
                    socket.display()
                )));
            }
            None => return Err(wrong("no agent runs: SSH_AUTH_SOCK is not set".to_owned())),
        },
        [one] if is_socket(one) => one.clone(),
        keys => agents.start(keys).map_err(wrong)?,
    };
    Ok(plimsoll_build::SshAgent {
        id: id.to_owned(),
        socket,
    })
}

/// `NAME=FOLDER`, `NAME=docker-image://REFERENCE`, `NAME=oci-layout://FOLDER[:TAG][@DIGEST]`, `NAME=target:STAGE`, or
/// `NAME=ADDRESS` of a repository or an archive.
pub(crate) fn context(text: &str, store: &Store, settings: &RemoteSettings) -> anyhow::Result<NamedContext> {
    let wrong = |reason: String| {
        Failure::usage(format!("`{text}` is not a context: {reason}")).with_hint(
            "use `NAME=FOLDER`, `NAME=docker-image://IMAGE`, `NAME=oci-layout://FOLDER`, `NAME=target:STAGE` or an address",
        )
    };
    let Some((name, value)) = text
        .split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
    else {
        return Err(wrong("it is not `NAME=VALUE`".to_owned()).into());
    };
    let source = if let Some(image) = value.strip_prefix("docker-image://") {
        NamedSource::Reference(image.parse().map_err(|error| wrong(format!("{error}")))?)
    } else if let Some(layout) = value.strip_prefix("oci-layout://") {
        NamedSource::Image(Box::new(from_layout(layout, store)?))
    } else if let Some(stage) = value.strip_prefix("target:") {
        NamedSource::Stage(stage.to_owned())
    } else if Path::new(value).is_dir() {
        NamedSource::Files(Context::directory(Path::new(value))?)
    } else if let Some(remote) = Remote::of_context(value) {
        match RemoteContext::fetch(&remote?, store, settings)? {
            RemoteContext::Files(files) => NamedSource::Files(files),
            RemoteContext::Dockerfile(_) => return Err(wrong(format!("`{value}` is not an archive")).into()),
        }
    } else {
        return Err(wrong(format!("`{value}` is not a folder")).into());
    };
    Ok(NamedContext {
        name: name.to_owned(),
        source,
    })
}

/// An image of an OCI layout: the one with the digest or tag, else the only one.
fn from_layout(text: &str, store: &Store) -> anyhow::Result<plimsoll_image::Image> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let (folder, tag) = match rest.rsplit_once(':') {
        Some((folder, tag)) if !tag.contains('/') => (folder, Some(tag)),
        _ => (rest, None),
    };
    let options = crate::sources::options(store, None)?;
    let images = source::open(&source::Source::Oci(PathBuf::from(folder)), store, &options)?;
    let fits = |image: &&plimsoll_image::Image| {
        let by_digest = |digest: &str| image.manifest_digest.is_some_and(|own| own.to_string() == digest);
        let by_tag = |tag: &str| {
            image
                .references
                .iter()
                .any(|reference| reference.tag() == Some(tag))
        };
        digest.is_none_or(by_digest) && tag.is_none_or(by_tag)
    };
    let mut found = images.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(image), None) => Ok(store.add(image, &[])?),
        (Some(_), Some(_)) => Err(
            Failure::usage(format!("the layout `{folder}` has several images"))
                .with_hint("name one with `@DIGEST`")
                .into(),
        ),
        (None, _) => Err(Failure::usage(format!("the layout `{folder}` has no such image")).into()),
    }
}

/// `KEY=VALUE` or `KEY`, as Docker takes it.
pub(crate) fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = crate::values::pair(text)?;
    if key.contains(char::is_whitespace) {
        return Err(format!("the key `{key}` has white space in it"));
    }
    Ok((key, value))
}

/// `NAME:ADDRESS` or `NAME=ADDRESS`; `host-gateway` is this machine.
pub(crate) fn host(text: &str) -> Result<(String, IpAddr), String> {
    let wrong = || format!("`{text}` is not a host; write `NAME:ADDRESS`");
    let (name, address) = match text.split_once('=') {
        Some(pair) => pair,
        None => text.split_once(':').ok_or_else(wrong)?,
    };
    let plain = address
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(address);
    let address = match plain {
        "host-gateway" => IpAddr::from([127, 0, 0, 1]),
        plain => plain.parse().map_err(|_| wrong())?,
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(wrong());
    }
    Ok((name.to_owned(), address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        assert_eq!(label("a=b c=d"), Ok(("a".to_owned(), "b c=d".to_owned())));
        assert_eq!(label("a"), Ok(("a".to_owned(), String::new())));
        for text in ["=a", "", "a b=c"] {
            assert!(label(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts() {
        assert_eq!(
            host("a:10.0.0.1").unwrap(),
            ("a".to_owned(), IpAddr::from([10, 0, 0, 1]))
        );
        assert_eq!(host("a=::1").unwrap().1, "::1".parse::<IpAddr>().unwrap());
        assert_eq!(host("a:[::1]").unwrap().1, "::1".parse::<IpAddr>().unwrap());
        assert_eq!(host("a:host-gateway").unwrap().1, IpAddr::from([127, 0, 0, 1]));
        for text in ["", "a", "a:", ":10.0.0.1", "a:b", "a b:10.0.0.1"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_without_its_file_is_refused() {
        let error = secret("id=a,src=/nowhere/secret").unwrap_err();
        assert!(
            error.to_string().contains("cannot read `/nowhere/secret`"),
            "{error}"
        );
        assert!(secret("src=x").is_err());
        assert!(secret("id=a,src=x,env=Y").is_err());
        assert!(secret("id=a,type=env,src=PLIMSOLL_NO_SUCH_VARIABLE").is_err());
        let file = tempfile::NamedTempFile::new().unwrap();
        let given = secret(&format!("id=a,type=file,src={}", file.path().display())).unwrap();
        assert_eq!(given.source, SecretSource::File(file.path().to_owned()));
    }
}
