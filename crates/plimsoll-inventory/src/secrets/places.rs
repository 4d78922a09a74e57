//! Which files of an image or a folder are searched, going by their paths and sizes.

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
const UNLISTED_ANYWHERE: &[&str] = &[
    "/site-packages/",
    "/dist-packages/",
    "/node_modules/",
    "/.git/objects/",
    "/vendor/bundle/",
    "/gems/",
    "/pkg/mod/",
];

/// Endings of files that hold no text, or no secret.
const NO_TEXT: &[&str] = &[
    "a", "bin", "bmp", "bz2", "class", "dat", "db", "deb", "dll", "eot", "exe", "gif", "gz", "ico", "jar",
    "jpeg", "jpg", "lock", "map", "mo", "mp3", "mp4", "o", "otf", "pdf", "png", "pyc", "pyd", "rpm", "so",
    "sum", "svg", "tar", "tgz", "ttf", "wasm", "webp", "whl", "woff", "woff2", "xz", "zip", "zst",
];

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
const CREDENTIAL_PATHS: &[&str] = &["/.docker/config.json", "/.kube/config", "/.aws/config"];

/// Endings of files with keys, or certificates.
const KEYS: &[&str] = &["key", "p8", "pem", "ppk"];

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
    let credentials = holds_credentials(path);
    let extension = extension(path);
    let within = |directories: &[&str]| directories.iter().any(|directory| path.starts_with(directory));
    let below = |part: &&str| path.contains(*part) || path.starts_with(&part[1..]);
    let is_one_of = |endings: &[&str]| {
        extension
            .as_deref()
            .is_some_and(|extension| endings.contains(&extension))
    };
    if size == 0 {
        return Choice::Skip(Skip::Empty);
    }
    // Test keys abound there, so only files that are made for credentials are searched.
    if !credentials && (within(UNLISTED) || UNLISTED_ANYWHERE.iter().any(below)) {
        return Choice::Skip(Skip::Packaged);
    }
    if !credentials && !is_one_of(KEYS) && is_one_of(NO_TEXT) {
        return Choice::Skip(Skip::NoText);
    }
    if size > MAX_FILE {
        return Choice::Skip(Skip::Large);
    }
    match within(OF_PACKAGES) {
        true => Choice::SearchUnlessOwned,
        false => Choice::Search,
    }
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn extension(path: &str) -> Option<String> {
    let (_, extension) = name(path).rsplit_once('.')?;
    Some(extension.to_ascii_lowercase())
}

/// Whether the file is made to hold credentials, going by its name.
pub(super) fn holds_credentials(path: &str) -> bool {
    let at_root = |end: &str| path == end.trim_start_matches('/');
    is_environment_file(path)
        || CREDENTIALS.contains(&name(path).to_ascii_lowercase().as_str())
        || CREDENTIAL_PATHS
            .iter()
            .any(|end| path.ends_with(end) || at_root(end))
}

/// `.env`, `NAME.env`, `.env.NAME`; not the samples that stand beside them.
fn is_environment_file(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    let sample = ["example", "sample", "template", "dist", "defaults"]
        .iter()
        .any(|word| name.contains(word));
    !sample && (name == ".env" || name.ends_with(".env") || name.starts_with(".env."))
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
