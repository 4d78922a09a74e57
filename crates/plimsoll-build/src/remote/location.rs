use crate::error::Problem;

/// Where a remote source is, told from its text as BuildKit tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remote {
    /// A file behind `http` or `https`: the whole address.
    Http(String),
    /// A git repository.
    Git(GitLocation),
}

/// A git repository, and what is taken of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitLocation {
    /// What `git` is told to fetch from.
    pub repository: String,
    /// A branch, tag or commit; the remote's default branch where there is none.
    pub reference: Option<String>,
    /// The directory that is taken.
    pub subdirectory: Option<String>,
    /// The commit, perhaps shortened, that the reference has to be.
    pub checksum: Option<String>,
    /// Whether the address says that `.git` is kept.
    pub keep_git_dir: Option<bool>,
    /// Whether the address says that submodules are fetched.
    pub submodules: Option<bool>,
}

impl Remote {
    /// Reads a source; `None` for a path. `http` and `https` addresses whose path ends in `.git` are repositories, as
    /// are those with `git://` and `ssh://` and `user@host:path`.
    ///
    /// # Errors
    /// When a repository's fragment or query is not understood.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, Problem>> {
        let scheme = text
            .split_once("://")
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("http" | "https") => {
                let path = text.split(['#', '?']).next().unwrap_or(text);
                if path.ends_with(".git") {
                    return Some(GitLocation::parse(text).map(Self::Git));
                }
                Some(Ok(Self::Http(text.to_owned())))
            }
            Some("git" | "ssh") => Some(GitLocation::parse(text).map(Self::Git)),
            Some(_) => None,
            None => is_scp_like(text).then(|| GitLocation::parse(text).map(Self::Git)),
        }
    }

    /// As it is given for the context of a build, where `github.com/...` is a repository, too.
    ///
    /// # Errors
    /// When a repository's fragment or query is not understood.
    pub fn of_context(text: &str) -> Option<crate::Result<Self>> {
        let parsed = match text.strip_prefix("github.com/") {
            Some(_) => Some(GitLocation::parse(&format!("https://{text}")).map(Self::Git)),
            None => Self::parse(text),
        };
        parsed.map(|parsed| parsed.map_err(|problem| crate::Error::Context { problem }))
    }
}

/// `user@host:path`, as `ssh` and `scp` have it.
fn is_scp_like(text: &str) -> bool {
    let Some((user, rest)) = text.split_once('@') else {
        return false;
    };
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    word(user)
        && rest
            .split_once(':')
            .is_some_and(|(host, path)| word(host) && !path.is_empty())
}

impl GitLocation {
    /// `REPOSITORY[?QUERY][#REFERENCE[:SUBDIRECTORY]]`
    fn parse(text: &str) -> Result<Self, Problem> {
        let (rest, fragment) = match text.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (text, None),
        };
        let (repository, query) = match rest.split_once('?') {
            Some((repository, query)) => (repository, query),
            None => (rest, ""),
        };
        let mut location = Self {
            repository: repository.to_owned(),
            ..Self::default()
        };
        if let Some(fragment) = fragment {
            let (reference, directory) = fragment.split_once(':').unwrap_or((fragment, ""));
            location.reference = not_empty(reference);
            location.subdirectory = not_empty(directory);
        }
        location.read_query(query)?;
        // Neither may be taken for an option of `git`.
        let option = |text: &Option<String>| text.as_deref().is_some_and(|text| text.starts_with('-'));
        if location.repository.starts_with('-') || option(&location.reference) {
            return Err(Problem::invalid(format!(
                "`{text}` is not the address of a repository"
            )));
        }
        Ok(location)
    }

    fn read_query(&mut self, query: &str) -> Result<(), Problem> {
        let mut named: Option<String> = None;
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = percent_decoded(value);
            let flag = |value: &str| match value {
                "" | "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Some(true)),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Some(false)),
                other => Err(Problem::invalid(format!(
                    "`{key}` is `true` or `false`, not `{other}`"
                ))),
            };
            match key {
                "keep-git-dir" => self.keep_git_dir = flag(&value)?,
                "submodules" => self.submodules = flag(&value)?,
                _ if value.is_empty() => {
                    return Err(Problem::invalid(format!(
                        "`{key}` has no value in the repository's address"
                    )));
                }
                "ref" => set(&mut self.reference, key, value)?,
                "subdir" => set(&mut self.subdirectory, key, value)?,
                "checksum" | "commit" => self.checksum = Some(value),
                "tag" => set(&mut named, key, qualified("refs/tags/", &value))?,
                "branch" => set(&mut named, key, qualified("refs/heads/", &value))?,
                _ => {
                    return Err(Problem::invalid_with(
                        format!("the address of a repository has no query `{key}`"),
                        "it can have `ref`, `branch`, `tag`, `subdir`, `checksum`, `keep-git-dir` and `submodules`",
                    ));
                }
            }
        }
        if let Some(named) = named {
            set(&mut self.reference, "ref", named)?;
        }
        if self.reference.is_none() {
            self.reference.clone_from(&self.checksum);
        }
        Ok(())
    }
}

fn qualified(prefix: &str, name: &str) -> String {
    if name.starts_with(prefix) {
        name.to_owned()
    } else {
        format!("{prefix}{name}")
    }
}

/// Sets what may be said in two ways, but not differently.
fn set(place: &mut Option<String>, key: &str, value: String) -> Result<(), Problem> {
    match place {
        Some(known) if *known != value => Err(Problem::invalid(format!(
            "the address of the repository says `{known}` and `{value}` for `{key}`"
        ))),
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}

fn not_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// `%2F` and its like; what is not such stays.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, decoded) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn git(text: &str) -> GitLocation {
        match Remote::parse(text).unwrap().unwrap() {
            Remote::Git(location) => location,
            Remote::Http(_) => panic!("{text} is no repository"),
        }
    }

    #[test]
    fn paths_files_and_repositories_are_told_apart() {
        for path in [
            "a.git",
            "./x",
            "file:///a.git",
            "a@b",
            "@a:b",
            "dir/a@b:c",
            "git",
            "http:/x",
            "C:\\x",
        ] {
            assert!(Remote::parse(path).is_none(), "{path}");
        }
        for address in [
            "http://h/a",
            "https://h/a.git/x",
            "HTTPS://h",
            "http://h/a?x=.git",
        ] {
            assert_eq!(
                Remote::parse(address).unwrap().unwrap(),
                Remote::Http(address.to_owned())
            );
        }
        for address in [
            "https://h/a.git",
            "git://h/a",
            "ssh://git@h/a",
            "git@h:a/b.git",
            "me@h.x:~/a",
        ] {
            assert_eq!(git(address).repository, address);
        }
        assert!(Remote::of_context("github.com/a/b").is_some());
        assert!(Remote::parse("github.com/a/b").is_none());
    }

    #[test]
    fn fragments_and_queries() {
        let location = git("https://h/a.git#v1:sub/dir");
        assert_eq!(location.reference.as_deref(), Some("v1"));
        assert_eq!(location.subdirectory.as_deref(), Some("sub/dir"));
        assert_eq!(git("https://h/a.git#:sub").reference, None);
        let location =
            git("https://h/a.git?branch=b%2Fc&subdir=d&keep-git-dir&submodules=false&checksum=abc");
        assert_eq!(location.repository, "https://h/a.git");
        assert_eq!(location.reference.as_deref(), Some("refs/heads/b/c"));
        assert_eq!(location.subdirectory.as_deref(), Some("d"));
        assert_eq!(
            (location.keep_git_dir, location.submodules),
            (Some(true), Some(false))
        );
        assert_eq!(location.checksum.as_deref(), Some("abc"));
        assert_eq!(git("git://h/a?commit=abc").reference.as_deref(), Some("abc"));
        for wrong in [
            "https://h/a.git?x=1",
            "https://h/a.git?ref",
            "https://h/a.git?tag=a&branch=b",
            "https://h/a.git?ref=a#b",
            "https://h/a.git?submodules=maybe",
            "https://h/a.git#-x",
        ] {
            assert!(Remote::parse(wrong).unwrap().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(https?|git|ssh)://[a-z.%?#=&:@-]{0,20}|\\PC{0,20}") {
            let _ = Remote::of_context(&text);
        }
    }
}
