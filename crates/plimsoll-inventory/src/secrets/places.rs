//! Which files of an image or a folder are searched, going by their paths and sizes.

use crate::paths;

/// Larger files are not searched.
pub(crate) const MAX_FILE: u64 = 8 << 20;

/// Whether a file with this ending, in lower case, holds no text, or no secret.
fn is_no_text(extension: &str) -> bool {
    matches!(
        extension,
        "a" | "bin"
            | "bmp"
            | "bz2"
            | "class"
            | "dat"
            | "db"
            | "deb"
            | "dll"
            | "eot"
            | "exe"
            | "gif"
            | "gz"
            | "ico"
            | "jar"
            | "jpeg"
            | "jpg"
            | "lock"
            | "map"
            | "mo"
            | "mp3"
            | "mp4"
            | "o"
            | "otf"
            | "pdf"
            | "png"
            | "pyc"
            | "pyd"
            | "rpm"
            | "so"
            | "sum"
            | "svg"
            | "tar"
            | "tgz"
            | "ttf"
            | "wasm"
            | "webp"
            | "whl"
            | "woff"
            | "woff2"
            | "xz"
            | "zip"
            | "zst"
    )
}

/// Names of files whose purpose is to hold credentials.
const CREDENTIALS: &[&str] = &[
    ".boto",
    ".dockercfg",
    ".git-credentials",
    ".htpasswd",
    ".my.cnf",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".s3cfg",
    ".vault-token",
    "_netrc",
    "application_default_credentials.json",
    "credentials",
    "credentials.json",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "kubeconfig",
    "terraform.tfstate",
];

/// Directories, and names of files that do the same in these.
const CREDENTIAL_PATHS: &[(&str, &str)] = &[
    (".docker", "config.json"),
    (".kube", "config"),
    (".aws", "config"),
    (".m2", "settings.xml"),
    ("conf", "settings.xml"),
    ("maven", "settings.xml"),
];

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Search,
    /// It is searched unless a package of the distribution owns it.
    SearchUnlessOwned,
    Skip(Skip),
}

/// Why a file is not searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skip {
    Empty,
    /// It belongs to a language's packages or runtime.
    Packaged,
    NoText,
    Large,
}

/// Whether the file at `path`, with `size` bytes, is searched.
pub(crate) fn choose(path: &str, size: u64) -> Choice {
    if size == 0 {
        return Choice::Skip(Skip::Empty);
    }
    let (directory, name) = paths::split(path);
    // Files that are made for credentials are searched everywhere.
    if !is_for_credentials(directory, name) {
        // Test keys abound there.
        if is_unlisted(path) || is_unlisted_anywhere(path) {
            return Choice::Skip(Skip::Packaged);
        }
        if Ending::of(name).is_some_and(|ending| is_no_text(ending.text())) {
            return Choice::Skip(Skip::NoText);
        }
    }
    if size > MAX_FILE {
        return Choice::Skip(Skip::Large);
    }
    match is_of_packages(path) {
        true => Choice::SearchUnlessOwned,
        false => Choice::Search,
    }
}

/// Whether the packages of a distribution fill the directory that the file is in. Keys in files of a package are samples
/// and tests, and anybody has them; in other files they are searched as everywhere.
fn is_of_packages(path: &str) -> bool {
    match path.split_once('/') {
        Some(("bin" | "boot" | "lib" | "lib32" | "lib64" | "sbin" | "usr", _)) => true,
        Some(("var", rest)) => rest.starts_with("cache/") || rest.starts_with("lib/"),
        _ => false,
    }
}

/// Whether the file is in the directory of a language's runtime or of a package manager, of which no list says what
/// belongs to it.
fn is_unlisted(path: &str) -> bool {
    if let Some(path) = path.strip_prefix("usr/local/") {
        path.starts_with("go/")
            || path.starts_with("include/")
            || path.starts_with("lib/node_modules/")
            || path.starts_with("lib/python")
            || path.starts_with("lib/ruby/")
    } else if let Some(path) = path.strip_prefix("var/lib/") {
        path.starts_with("apt/")
            || path.starts_with("dpkg/")
            || path.starts_with("gems/")
            || path.starts_with("rpm/")
    } else {
        path.starts_with("usr/src/python/")
    }
}

/// The same of directories at any depth.
fn is_unlisted_anywhere(path: &str) -> bool {
    let path = path.as_bytes();
    let mut start = 0;
    memchr::memchr_iter(b'/', path).any(|slash| {
        let (directory, within) = (&path[start..slash], &path[slash + 1..]);
        start = slash + 1;
        match directory {
            b"site-packages" | b"dist-packages" | b"node_modules" | b"gems" => true,
            b".git" => within.starts_with(b"objects/"),
            b"vendor" => within.starts_with(b"bundle/"),
            b"pkg" => within.starts_with(b"mod/"),
            _ => false,
        }
    })
}

/// What stands behind the last point of a file's name, in lower case. No ending that matters is longer.
struct Ending {
    bytes: [u8; 8],
    length: usize,
}

impl Ending {
    fn of(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        let point = name.iter().rposition(|byte| *byte == b'.')?;
        let ending = &name[point + 1..];
        let mut bytes = [0; 8];
        bytes.get_mut(..ending.len())?.copy_from_slice(ending);
        bytes.make_ascii_lowercase();
        Some(Self {
            bytes,
            length: ending.len(),
        })
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// Whether the file is of a manual, a test or a sample, going by its path.
pub(super) fn is_sample(path: &str) -> bool {
    const DIRECTORIES: [&str; 18] = [
        "test",
        "tests",
        "testing",
        "testdata",
        "__tests__",
        "spec",
        "specs",
        "example",
        "examples",
        "sample",
        "samples",
        "fixture",
        "fixtures",
        "mock",
        "mocks",
        "__mocks__",
        "doc",
        "docs",
    ];
    const ENDS: [&str; 7] = ["md", "rst", "adoc", "html", "htm", "markdown", "example"];
    let is_directory = |part: &str| DIRECTORIES.iter().any(|known| part.eq_ignore_ascii_case(known));
    path.split('/').rev().skip(1).any(is_directory)
        || Ending::of(paths::name(path)).is_some_and(|ending| ENDS.contains(&ending.text()))
}

/// Whether the file is the source of a program, going by its name.
pub(super) fn is_source(path: &str) -> bool {
    const ENDS: [&str; 32] = [
        "c", "cc", "coffee", "cpp", "cs", "css", "dart", "erl", "ex", "exs", "go", "h", "hpp", "hs", "j2",
        "java", "js", "jsx", "kt", "lua", "m", "mjs", "php", "pl", "pm", "py", "rb", "rs", "scala", "swift",
        "ts", "tsx",
    ];
    Ending::of(paths::name(path)).is_some_and(|ending| ENDS.contains(&ending.text()))
}

/// Whether the file is made to hold credentials, going by its name.
pub(super) fn holds_credentials(path: &str) -> bool {
    let (directory, name) = paths::split(path);
    is_for_credentials(directory, name)
}

fn is_for_credentials(directory: &str, name: &str) -> bool {
    let is_called = |known: &&str| name.eq_ignore_ascii_case(known);
    let is_at = |(within, known): &(&str, &str)| name == *known && paths::name(directory) == *within;
    is_environment_file(name) || CREDENTIALS.iter().any(is_called) || CREDENTIAL_PATHS.iter().any(is_at)
}

/// `.env`, `NAME.env`, `.env.NAME`; not the samples that stand beside them.
fn is_environment_file(name: &str) -> bool {
    let begins = name
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case(".env."));
    let ends = name.len().checked_sub(4).and_then(|at| name.get(at..));
    if !begins && !ends.is_some_and(|end| end.eq_ignore_ascii_case(".env")) {
        return false;
    }
    let name = name.to_ascii_lowercase();
    !["example", "sample", "template", "dist", "defaults"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_chosen_by_place_and_name() {
        use Choice::{Search, SearchUnlessOwned};
        for (path, expected) in [
            ("app/conf/deploy.env", Search),
            ("root/.ssh/id_rsa", Search),
            (".env", Search),
            ("etc/app/config", Search),
            ("home/u/.npmrc", Search),
            ("srv/app.py", Search),
            ("usr/share/app/settings.py", SearchUnlessOwned),
            ("usr/lib/ssl/private.key", SearchUnlessOwned),
            ("var/cache/app/.netrc", SearchUnlessOwned),
            ("usr/local/bin/entrypoint", SearchUnlessOwned),
            // Made for credentials, wherever they are.
            ("app/node_modules/a/.npmrc", Search),
            ("usr/local/lib/python3.11/.env", SearchUnlessOwned),
            ("app/venv/lib/site-packages/.pypirc", Search),
            ("root/.docker/config.json", Search),
            ("app/kubeconfig", Search),
            (
                "usr/lib/python3/dist-packages/a/test.key",
                Choice::Skip(Skip::Packaged),
            ),
            ("node_modules/a/key.pem", Choice::Skip(Skip::Packaged)),
            (
                "usr/local/lib/python3.11/test/keycert.pem",
                Choice::Skip(Skip::Packaged),
            ),
            ("vendor/bundle/a/key.pem", Choice::Skip(Skip::Packaged)),
            ("srv/go/pkg/mod/a/key.pem", Choice::Skip(Skip::Packaged)),
            ("var/lib/dpkg/info/a.config", Choice::Skip(Skip::Packaged)),
            ("app/.git/objects/aa/0", Choice::Skip(Skip::Packaged)),
            ("app/.git/config", Search),
            ("app/vendor/a.toml", Search),
            ("app/my-gems/a.toml", Search),
            ("app/gems", Search),
            ("maven/settings.xml", Search),
            ("node_modules/xmaven/settings.xml", Choice::Skip(Skip::Packaged)),
            ("node_modules/a/conf/settings.xml", Search),
            ("var/log/a.log", Search),
            ("var/lib/a.toml", SearchUnlessOwned),
            ("usr", Search),
            ("app/logo.png", Choice::Skip(Skip::NoText)),
            ("app/logo.PNG", Choice::Skip(Skip::NoText)),
            ("app/a.properties", Search),
        ] {
            assert_eq!(choose(path, 10), expected, "{path}");
        }
        assert_eq!(choose("app/.env", 0), Choice::Skip(Skip::Empty));
        assert_eq!(choose("app/.env", MAX_FILE + 1), Choice::Skip(Skip::Large));
        assert_eq!(choose("app/dump.sql", 2 << 20), Search);
    }
}
