use super::*;
use crate::error::Error;

fn environment() -> BTreeMap<String, String> {
    [
        ("HOME", "/home/ship"),
        ("SHELL", "bash"),
        ("HANGUL", "한국어"),
        ("EMPTY", ""),
        ("TWO", "a b"),
        ("FILE", "/srv/lib/app.tar.gz"),
        ("STARS", "xx**"),
        ("SLASHES", "/a/foo/b/c.txt"),
        ("DOTS", "()[]{}^$.*?|\\x"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn check(cases: &[(&str, &str)]) {
    for (word, expected) in cases {
        let result = expand_word(word, '\\', &environment());
        assert_eq!(result.as_deref(), Ok(*expected), "{word}");
    }
}

#[test]
fn quotes_and_escapes() {
    check(&[
        ("plain", "plain"),
        ("he'll'o", "hello"),
        ("he\"ll\"o", "hello"),
        ("he'll\"o'", "hell\"o"),
        ("he\\'llo", "he'llo"),
        ("he\\\\'llo'", "he\\llo"),
        ("abc\\tdef", "abctdef"),
        ("\"abc\\tdef\"", "abc\\tdef"),
        ("\"abc\\\\tdef\"", "abc\\tdef"),
        ("'abc\\tdef'", "abc\\tdef"),
        ("hello\\", "hello"),
        ("hello\\\\", "hello\\"),
        ("'he\\$SHELL'", "he\\$SHELL"),
        ("\"\\\"\"", "\""),
        ("''", ""),
        ("'a b'  c", "a b  c"),
        ("안녕\\$X", "안녕$X"),
        ("a < b << c", "a < b << c"),
    ]);
}

#[test]
fn plain_variables() {
    check(&[
        ("$SHELL", "bash"),
        ("${SHELL}", "bash"),
        ("$SHELL.x", "bash.x"),
        ("$SHELLx", ""),
        ("\\$SHELL", "$SHELL"),
        ("he$SHELL$", "hebash$"),
        ("he$HOME/x", "he/home/ship/x"),
        ("'$SHELL'", "$SHELL"),
        ("\"$SHELL\"", "bash"),
        ("\"\\$SHELL\"", "$SHELL"),
        ("\"a $SHELL 'b'\"", "a bash 'b'"),
        ("$", "$"),
        ("$.", "$."),
        ("a$ b", "a$ b"),
        ("$1x", "x"),
        ("$12", ""),
        ("$@$$$*", ""),
        ("$HANGUL!", "한국어!"),
        ("한${HANGUL}", "한한국어"),
    ]);
}

#[test]
fn defaults_and_alternatives() {
    check(&[
        ("${NOT:-w}", "w"),
        ("${NOT-w}", "w"),
        ("${EMPTY:-w}", "w"),
        ("${EMPTY-w}", ""),
        ("${SHELL:-w}", "bash"),
        ("${NOT:+w}", ""),
        ("${NOT+w}", ""),
        ("${EMPTY:+w}", ""),
        ("${EMPTY+w}", "w"),
        ("${SHELL:+w}", "w"),
        ("${SHELL:?w}", "bash"),
        ("${EMPTY?w}", ""),
        ("${NOT:-}", ""),
        ("${NOT:-${SHELL}}", "bash"),
        ("${NOT:-$SHELL:$HOME}", "bash:/home/ship"),
        ("${NOT:-${NEITHER:-x}y}z", "xyz"),
        ("${NOT:-'}'}", "}"),
        ("${NOT:-\"a b\"}", "a b"),
        ("${NOT:-\\}}", "}"),
        ("${SHELL:+-${HOME}}", "-/home/ship"),
        ("\"${NOT:-a b}\"", "a b"),
    ]);
}

#[test]
fn prefixes_and_suffixes() {
    check(&[
        ("${FILE#*/}", "srv/lib/app.tar.gz"),
        ("${FILE##*/}", "app.tar.gz"),
        ("${FILE%.*}", "/srv/lib/app.tar"),
        ("${FILE%%.*}", "/srv/lib/app"),
        ("${FILE#}", "/srv/lib/app.tar.gz"),
        ("${FILE##}", "/srv/lib/app.tar.gz"),
        ("${FILE%}", "/srv/lib/app.tar.gz"),
        ("${FILE#?srv}", "/lib/app.tar.gz"),
        ("${FILE#no}", "/srv/lib/app.tar.gz"),
        ("${FILE#*}", "/srv/lib/app.tar.gz"),
        ("${FILE##*}", ""),
        ("${FILE%%$HOME}", "/srv/lib/app.tar.gz"),
        ("${STARS%%\\**}", "xx"),
        ("${STARS%\\*}", "xx*"),
        ("${DOTS#()[]{\\}^$.\\*\\?|\\\\}", "x"),
        ("${NOT#x}", ""),
        ("${HANGUL#?}", "국어"),
        ("${HANGUL%어}", "한국"),
    ]);
}

#[test]
fn substitutions() {
    check(&[
        ("${SLASHES/foo/bar}", "/a/bar/b/c.txt"),
        ("${SLASHES//\\//-}", "-a-foo-b-c.txt"),
        ("${SLASHES/\\/?\\//-}", "-foo/b/c.txt"),
        ("${SLASHES//?/.}", ".............."),
        ("${SLASHES/c*/}", "/a/foo/b/"),
        ("${SHELL/b/$HOME}", "/home/shipash"),
        ("${NOT/a/b}", ""),
        ("${SHELL///}", "bash"),
        ("${SHELL/$EMPTY/x}", "xbash"),
        ("${SLASHES//\\//\\/}", "\\/a\\/foo\\/b\\/c.txt"),
    ]);
}

#[test]
fn errors() {
    let unsupported = |name: &str, modifier: &str| Error::UnsupportedModifier {
        name: name.to_owned(),
        modifier: modifier.to_owned(),
    };
    let required = |name: &str, message: &str| Error::RequiredVariable {
        name: name.to_owned(),
        message: message.to_owned(),
    };
    for (word, expected) in [
        ("'abc", Error::UnclosedQuote('\'')),
        ("\"abc", Error::UnclosedQuote('"')),
        ("a\"b\\\"", Error::UnclosedQuote('"')),
        ("${SHELL", Error::UnclosedBrace),
        ("${", Error::UnclosedBrace),
        ("${SHELL:", Error::UnclosedBrace),
        ("${SHELL:-x", Error::UnclosedBrace),
        ("${}", Error::NoVariableName),
        ("${:x}", Error::NoVariableName),
        ("${{x}", Error::NoVariableName),
        ("${SHELL=x}", unsupported("SHELL", "=")),
        ("${SHELL:=x}", unsupported("SHELL", ":=")),
        ("${SHELL:0:3}", unsupported("SHELL", ":0")),
        ("${SHELL:#x}", unsupported("SHELL", ":#")),
        ("${SHELL x}", unsupported("SHELL", " ")),
        ("${SHELL^}", unsupported("SHELL", "^")),
        ("${NOT?}", required("NOT", "is not allowed to be unset")),
        ("${EMPTY:?}", required("EMPTY", "is not allowed to be empty")),
        ("${NOT:?needs $SHELL}", required("NOT", "needs bash")),
        (
            "${SHELL//ww}",
            Error::NoReplacement {
                name: "SHELL".to_owned(),
            },
        ),
        ("${SHELL/a/b", Error::UnclosedBrace),
        ("${SHELL#\\x}", Error::BadEscape("\\x".to_owned())),
    ] {
        assert_eq!(expand_word(word, '\\', &environment()), Err(expected), "{word}");
    }
}

#[test]
fn the_escape_character_may_be_a_backtick() {
    for (word, expected) in [
        ("C:\\app", "C:\\app"),
        ("`$SHELL", "$SHELL"),
        ("\"`\"\"", "\""),
        ("\\$SHELL", "\\bash"),
    ] {
        assert_eq!(
            expand_word(word, '`', &environment()).as_deref(),
            Ok(expected),
            "{word}"
        );
    }
}

#[test]
fn splitting() {
    for (word, expected) in [
        ("", &[] as &[&str]),
        ("  ", &[]),
        ("hello", &["hello"]),
        ("hel lo  there ", &["hel", "lo", "there"]),
        ("'hel lo' there", &["hel lo", "there"]),
        ("hel\\ lo", &["hel lo"]),
        ("$TWO", &["a", "b"]),
        ("x$TWO\"$TWO\"", &["xa", "ba b"]),
        ("\"$TWO\"", &["a b"]),
        ("${NOT:-8000 8001}", &["8000", "8001"]),
        ("$EMPTY", &[]),
        ("\"\"", &[]),
        ("a''b", &["ab"]),
        ("$EMPTY a", &["a"]),
        ("\t80/tcp\t443 ", &["80/tcp", "443"]),
    ] {
        let words = expand_words(word, '\\', &environment()).unwrap();
        assert_eq!(words, expected, "{word}");
    }
}

#[test]
fn what_was_looked_up_is_told() {
    let expansion = expand(
        "$SHELL ${NOT:-$HOME} ${EMPTY+$NEITHER} '$QUOTED'",
        '\\',
        &environment(),
    )
    .unwrap();
    assert_eq!(
        expansion.used.into_iter().collect::<Vec<_>>(),
        ["EMPTY", "HOME", "SHELL"]
    );
    assert_eq!(
        expansion.unset.into_iter().collect::<Vec<_>>(),
        ["NEITHER", "NOT"]
    );
}

#[test]
fn heredocs_keep_their_quotes() {
    let expansion = expand_heredoc("echo \"$SHELL\" '$HOME' \\$X\n", &environment()).unwrap();
    assert_eq!(expansion.text, "echo \"bash\" '/home/ship' $X\n");
}

#[test]
fn words_for_display_keep_what_is_unset() {
    let word = "echo \"$SHELL\" $NOT ${NOT} ${NOT:-x} ${NOT/a/b}";
    assert_eq!(
        expand_for_display(word, '\\', &environment()),
        "echo \"bash\" $NOT ${NOT} ${NOT:-x} ${NOT/a/b}"
    );
    assert_eq!(expand_for_display("it's", '\\', &environment()), "it's");
}

#[test]
fn attacks_end_in_errors() {
    let deep = "${a:-".repeat(10_000);
    assert_eq!(expand_word(&deep, '\\', &NoVariables), Err(Error::TooDeep(100)));
    let big: BTreeMap<_, _> = [("a".to_owned(), "x".repeat(9 << 20))].into();
    assert!(matches!(expand_word("$a$a", '\\', &big), Err(Error::TooLong(_))));
    assert!(matches!(
        expand_word(&format!("${{a#{}}}", "*".repeat(1000)), '\\', &big),
        Err(Error::TooLong(_))
    ));
}

proptest::proptest! {
    #[test]
    fn no_word_panics(word in "[${}:/#%?+a'\"\\\\` <*-]{0,24}|\\PC{0,24}") {
        let environment: BTreeMap<_, _> = [("a".to_owned(), "b a".to_owned())].into();
        for escape in ['\\', '`'] {
            let _ = expand(&word, escape, &environment);
            let _ = expand_for_display(&word, escape, &environment);
        }
    }
}
