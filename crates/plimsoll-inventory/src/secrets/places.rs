//! Which files of an image or a folder are searched, going by their paths and sizes.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Larger files are not searched.
pub(crate) const MAX_FILE: u64 = 8 << 20;

/// Directories that the packages of a distribution fill. Keys in files of a package are samples and tests, and anybody
/// has them; in other files they are searched as everywhere.
const OF_PACKAGES: &[&str] = &[
    "bin/",
    "boot/",
    "lib/",
    "lib32/",
    "lib64/",
    "sbin/",
    "usr/",
    "var/cache/",
    "var/lib/",
];

/// Directories of language runtimes and package managers, of which no list says what belongs to them.
const UNLISTED: &[&str] = &[
    "usr/local/go/",
    "usr/local/include/",
    "usr/local/lib/node_modules/",
    "usr/local/lib/python",
    "usr/local/lib/ruby/",
    "usr/src/python/",
    "var/lib/apt/",
    "var/lib/dpkg/",
    "var/lib/gems/",
    "var/lib/rpm/",
];

/// The same at any depth.
static UNLISTED_ANYWHERE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let directories = [
        "site-packages/",
        "dist-packages/",
        "node_modules/",
        ".git/objects/",
        "vendor/bundle/",
        "gems/",
        "pkg/mod/",
    ];
    AhoCorasick::new(directories).expect("the directories are constant and few")
});

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

/// Ends of paths that do the same.
const CREDENTIAL_PATHS: &[&str] = &[
    ".docker/config.json",
    ".kube/config",
    ".aws/config",
    ".m2/settings.xml",
    "conf/settings.xml",
    "maven/settings.xml",
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
    let within = |directories: &[&str]| directories.iter().any(|directory| path.starts_with(directory));
    // Files that are made for credentials are searched everywhere.
    if !holds_credentials(path) {
        // Test keys abound there.
        if within(UNLISTED) || is_unlisted_anywhere(path) {
            return Choice::Skip(Skip::Packaged);
        }
        if extension(path).is_some_and(|extension| is_no_text(&extension)) {
            return Choice::Skip(Skip::NoText);
        }
    }
    if size > MAX_FILE {
        return Choice::Skip(Skip::Large);
    }
    match within(OF_PACKAGES) {
        true => Choice::SearchUnlessOwned,
        false => Choice::Search,
    }
}

fn is_unlisted_anywhere(path: &str) -> bool {
    let is_whole = |start: usize| path[..start].is_empty() || path[..start].ends_with('/');
    UNLISTED_ANYWHERE
        .find_iter(path)
        .any(|found| is_whole(found.start()))
}

fn name(path: &str) -> &str {
    memchr::memrchr(b'/', path.as_bytes()).map_or(path, |slash| &path[slash + 1..])
}

/// What stands behind the last point of the file's name, in lower case; no ending that matters is longer.
fn extension(path: &str) -> Option<String> {
    let name = name(path);
    let point = memchr::memrchr(b'.', name.as_bytes())?;
    Some(name[point + 1..].to_ascii_lowercase())
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
        || extension(path).is_some_and(|extension| ENDS.contains(&extension.as_str()))
}

/// Whether the file is the source of a program, going by its name.
pub(super) fn is_source(path: &str) -> bool {
    const ENDS: [&str; 32] = [
        "c", "cc", "coffee", "cpp", "cs", "css", "dart", "erl", "ex", "exs", "go", "h", "hpp", "hs", "j2",
        "java", "js", "jsx", "kt", "lua", "m", "mjs", "php", "pl", "pm", "py", "rb", "rs", "scala", "swift",
        "ts", "tsx",
    ];
    extension(path).is_some_and(|extension| ENDS.contains(&extension.as_str()))
}

/// Whether the file is made to hold credentials, going by its name.
pub(super) fn holds_credentials(path: &str) -> bool {
    let name = name(path);
    let is_called = |known: &&str| name.eq_ignore_ascii_case(known);
    let is_at = |end: &&str| {
        path.strip_suffix(end)
            .is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
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
            ("app/logo.png", Choice::Skip(Skip::NoText)),
        ] {
            assert_eq!(choose(path, 10), expected, "{path}");
        }
        assert_eq!(choose("app/.env", 0), Choice::Skip(Skip::Empty));
        assert_eq!(choose("app/.env", MAX_FILE + 1), Choice::Skip(Skip::Large));
        assert_eq!(choose("app/dump.sql", 2 << 20), Search);
    }
}
