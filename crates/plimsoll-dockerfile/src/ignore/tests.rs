use super::*;

fn ignore(patterns: &[&str]) -> DockerIgnore {
    DockerIgnore::parse(&patterns.join("\n")).unwrap()
}

#[test]
fn single_patterns() {
    for (pattern, path, expected) in [
        ("**", "file", true),
        ("**", "dir/file", true),
        ("**/", "dir/file", true),
        ("**/**", "dir/file", true),
        ("dir/**", "dir/file", true),
        ("dir/**", "dir/a/b", true),
        ("dir/**", "dir", false),
        ("dir/**", "dirx/a", false),
        ("dir**", "dirx/a", true),
        ("**/dir", "dir", true),
        ("**/dir", "dir/file", true),
        ("**/dir", "a/b/dir", true),
        ("**/dir", "xdir", false),
        ("**/dir2/*", "dir/dir2/file", true),
        ("**/dir2/**", "dir/dir2/dir3/file", true),
        ("**file", "dir/xfile", true),
        ("**/file*txt", "dir/dir/file.txt", true),
        ("**/*.txt", "file.txt", true),
        ("**/**/*.txt", "a/b/file.txt", true),
        ("**/*.txt2", "file.txt", false),
        ("a**/*.txt", "a/file.txt", true),
        ("a**/*.txt", "a/dir/dir/file.txt", true),
        ("a/*.txt", "a/dir/file.txt", false),
        ("a/*.txt**", "a/file.txt", true),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b", true),
        ("a/**/b", "a/xb", false),
        ("a[b-d]e", "ace", true),
        ("a[b-d]e", "aae", false),
        ("a[^b-d]e", "aze", true),
        (".*", ".foo", true),
        (".*", "foo", false),
        ("abc.def", "abcZdef", false),
        ("abc?def", "abcZdef", true),
        ("abc?def", "abc/def", false),
        ("a\\*b", "a*b", true),
        ("a\\*b", "axb", false),
        ("a(b)c/d.+{e}|$", "a(b)c/d.+{e}|$", true),
        ("*", "a/b", true),
        ("docs", "docs/a/b", true),
        ("docs/", "docs/a", true),
        ("/docs", "docs", true),
        ("./docs", "docs/a", true),
        ("docs/../src", "src/a", true),
        ("a//b", "a/b", true),
        ("src", "a/src", false),
        ("[a-ζ]*", "α", true),
        ("a???b", "a☺b", false),
        ("  spaced  ", "spaced", true),
        (".", "a", false),
        ("/", "a", false),
    ] {
        assert_eq!(
            ignore(&[pattern]).matches(path),
            expected,
            "{pattern:?} on {path:?}"
        );
    }
}

#[test]
fn the_last_match_decides() {
    for (patterns, path, expected) in [
        (&["!file.go", "*.go"] as &[&str], "file.go", true),
        (&["*.go", "!file.go"], "file.go", false),
        (&["docs", "!docs/README.md"], "docs/README.md", false),
        (&["docs", "!docs/README.md"], "docs/other.md", true),
        (&["docs/*", "!docs/README.md"], "docs/README.md", false),
        (
            &["docs", "!docs/README.md", "docs/README.md"],
            "docs/README.md",
            true,
        ),
        (&["**", "!util/docker/web"], "util/docker/web/foo", false),
        (
            &["**", "!util/docker/web", "util/docker/web/foo"],
            "util/docker/web/foo",
            true,
        ),
        (&["*", "!src"], "src/a/b", false),
        (&["*", "!src", "src/a"], "src/a/b", true),
        (&["*", "! src"], "src/a", false),
        (&["*", "!/src/"], "src/a", false),
        (
            &["*.md", "!README*.md", "README-secret.md"],
            "README-secret.md",
            true,
        ),
        (&["*.md", "!README*.md", "README-secret.md"], "README.md", false),
        (&["#docs", "", "\t"], "#docs", false),
        (&["\\#docs"], "#docs", true),
    ] {
        assert_eq!(
            ignore(patterns).matches(path),
            expected,
            "{patterns:?} on {path:?}"
        );
    }
}

#[test]
fn the_context_itself_stays() {
    let all = ignore(&["**", "*"]);
    assert!(!all.matches("") && !all.matches(".") && !all.matches("./"));
    assert!(ignore(&[]).is_empty() && !ignore(&[]).matches("a"));
}

#[test]
fn paths_may_be_written_in_other_ways() {
    let ignore = ignore(&["a/b"]);
    for path in ["a/b", "./a/b", "/a/b", "a/b/", "a/b/c"] {
        assert!(ignore.matches(path), "{path}");
    }
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_no_part() {
    let ignore = DockerIgnore::parse("\u{feff}a\r\nb\r\n").unwrap();
    assert!(ignore.matches("a") && ignore.matches("b"));
}

#[test]
fn wrong_patterns_are_named_with_their_line() {
    for pattern in ["!", "! ", "[", "a[", "[]a]", "[x-]", "a\\"] {
        let error = DockerIgnore::parse(&format!("ok\n\n{pattern}\n")).unwrap_err();
        let expected = Error::BadIgnorePattern {
            line: 3,
            pattern: pattern.trim().to_owned(),
        };
        assert_eq!(error, expected, "{pattern:?}");
    }
    assert!(DockerIgnore::from_patterns(["*.md", "["]).is_err());
    assert!(DockerIgnore::from_patterns(["*.md"]).unwrap().matches("a.md"));
}

#[test]
fn walkers_may_prune() {
    for (patterns, directory, expected) in [
        (&["*", "!src/app"] as &[&str], "src", true),
        (&["*", "!src/app"], "other", false),
        (&["*", "!src/app"], "src/app", false),
        (&["*", "!src"], "src", false),
        (&["*", "!**/keep"], "any/where", true),
        (&["*", "!a*/b"], "ab", true),
        (&["*", "!a*/b"], "cb", false),
        (&["*", "!a[^x]b"], "a", true),
        (&["*", "src/app"], "src", false),
        (&["*", "!a**"], "b", true),
    ] {
        assert_eq!(
            ignore(patterns).may_reinclude_below(directory),
            expected,
            "{patterns:?} below {directory:?}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "([!#]?[a*?/.\\[\\]^\\\\-]{0,8}\n){0,3}", path in "[a/.*]{0,8}") {
        if let Ok(ignore) = DockerIgnore::parse(&text) {
            let _ = ignore.matches(&path);
            let _ = ignore.may_reinclude_below(&path);
        }
    }

    #[test]
    fn nothing_is_taken_back_below_a_pruned_directory(
        lines in proptest::collection::vec("!?[ab*?][ab*/]{0,4}", 1..5),
        path in "[ab]{1,2}(/[ab]{1,2}){1,3}",
    ) {
        let Ok(ignore) = DockerIgnore::parse(&lines.join("\n")) else { return Ok(()) };
        for (at, _) in path.match_indices('/') {
            let directory = &path[..at];
            if ignore.matches(directory) && !ignore.may_reinclude_below(directory) {
                proptest::prop_assert!(ignore.matches(&path), "{lines:?}: {path} below {directory}");
            }
        }
    }
}
