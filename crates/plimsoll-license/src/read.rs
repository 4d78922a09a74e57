use std::borrow::Cow;

use crate::expression::{Expression, Term};
use crate::{gnu, names};

/// A licence as a package states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum License {
    /// It could be read as SPDX.
    Expression(Expression),
    /// It could not; this is the text as stated, on one line.
    Name(String),
}

impl License {
    /// The canonical expression, or the text as stated.
    pub fn text(&self) -> String {
        match self {
            Self::Expression(expression) => expression.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

/// More than this many bytes are no name of a licence; whole texts are not looked into.
const LONGEST: usize = 2000;
/// Parentheses that are nested more deeply are not followed.
const DEEPEST: usize = 20;

/// Reads what a package states as its licence: an SPDX expression, also one with deprecated identifiers or in the wrong
/// case; names as people write them (`Apache License, Version 2.0`); the short names of Debian and of Fedora's and
/// SUSE's RPMs (`GPL-2+`, `LGPLv2+`, `ASL 2.0`); and several of them joined by `and`, `or`, `/`, `,` and `&`.
///
/// Nothing is guessed: where a part is not known, the whole is a name.
pub fn read(stated: &str) -> License {
    let text = on_one_line(stated);
    let expression = if text.len() <= LONGEST {
        license(&text).or_else(|| parsed(&without_commas(&text)))
    } else {
        None
    };
    match expression {
        Some(expression) => License::Expression(expression),
        None => License::Name(text.into_owned()),
    }
}

/// `text` with one space between its words.
fn on_one_line(text: &str) -> Cow<'_, str> {
    let plain = |byte: &u8| byte.is_ascii_graphic();
    let mut words = text.as_bytes().split(|byte| *byte == b' ');
    match words.all(|word| !word.is_empty() && word.iter().all(plain)) {
        true => text.into(),
        false => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
    }
}

/// In `A, and B` the word decides, not the comma.
fn without_commas(text: &str) -> Cow<'_, str> {
    if !text.contains([',', '/']) {
        return text.into();
    }
    let text = text.replace(", and ", " and ").replace(", or ", " or ");
    text.replace(" and/or ", " or ").into()
}

/// The expression of a text without operators.
fn license(text: &str) -> Option<Expression> {
    let text = text.trim();
    let text = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    if let Some(term) = identifier(text) {
        return Some(Expression::License(term));
    }
    if let Some(id) = gnu::read(text) {
        return Some(Expression::License(Term {
            license: id,
            or_later: false,
            exception: None,
        }));
    }
    names::of_page(text).or_else(|| names::find(text))
}

/// An identifier of the SPDX list, in any case, with or without `+`.
fn identifier(text: &str) -> Option<Term> {
    let (name, or_later) = match text.strip_suffix('+') {
        Some(name) => (name, true),
        None => (text, false),
    };
    let term = |license: &str, or_later| {
        Some(Term {
            license: license.to_owned(),
            or_later,
            exception: None,
        })
    };
    let reference = name.strip_prefix("LicenseRef-").is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
    });
    if reference && !or_later {
        return term(name, false);
    }
    let id = names::spdx_id(name)?;
    match gnu::current(id, or_later) {
        Some(current) => term(&current, false),
        None => term(id, or_later),
    }
}

#[derive(Debug, PartialEq, Clone, Copy)]
enum Operator {
    And,
    Or,
    With,
    Open,
    Close,
}

#[derive(Debug, PartialEq)]
enum Token<'a> {
    Operator(Operator),
    Text(&'a str),
}

/// The operators of `text` and what stands between them.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let Some((operator, length)) = operator(text, at) else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let before = text[start..at].trim();
        if !before.is_empty() {
            tokens.push(Token::Text(before));
        }
        tokens.push(Token::Operator(operator));
        at += length;
        start = at;
    }
    let rest = text[start..].trim();
    if !rest.is_empty() {
        tokens.push(Token::Text(rest));
    }
    tokens
}

/// The operator at `at`, and how long it is.
fn operator(text: &str, at: usize) -> Option<(Operator, usize)> {
    let rest = &text[at..];
    match rest.as_bytes().first()? {
        b'(' => return Some((Operator::Open, 1)),
        b')' => return Some((Operator::Close, 1)),
        b'/' | b'|' => {
            return Some((
                Operator::Or,
                rest.len() - rest.trim_start_matches(['/', '|']).len(),
            ));
        }
        b',' | b'&' | b';' => {
            let length = rest.len() - rest.trim_start_matches([',', '&', ';', ' ']).len();
            return Some((Operator::And, length));
        }
        _ => {}
    }
    let begins = at == 0 || text[..at].ends_with([' ', ')', ',', ';']);
    let words = [
        ("and", Operator::And),
        ("or", Operator::Or),
        ("with", Operator::With),
    ];
    let (word, operator) = words
        .into_iter()
        .find(|(word, _)| begins && starts_with(rest, word))?;
    let ends = rest[word.len()..].starts_with([' ', '(']);
    let later = operator == Operator::Or && is_later(&rest[word.len()..]);
    (ends && !later).then_some((operator, word.len()))
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

/// Whether `or` is a part of `or later`, `or newer`, `or any later version`.
fn is_later(rest: &str) -> bool {
    let rest = rest.trim_start();
    [
        "later",
        "newer",
        "any later",
        "greater",
        "above",
        "(at your option) any later",
        "at your option",
    ]
    .iter()
    .any(|words| starts_with(rest, words))
}

/// The expression of a text with operators.
fn parsed(text: &str) -> Option<Expression> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.+".contains(byte);
    if text.as_bytes().iter().all(is_part) {
        return None;
    }
    let tokens = tokens(text);
    if tokens.len() < 2 {
        return None;
    }
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
    };
    let expression = parser.or(0)?;
    (parser.at == tokens.len()).then_some(expression)
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

impl Parser<'_> {
    fn takes(&mut self, operator: Operator) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Operator(operator));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self, depth: usize) -> Option<Expression> {
        let mut parts = vec![self.and(depth)?];
        while self.takes(Operator::Or) {
            parts.push(self.and(depth)?);
        }
        Expression::joined(parts, false)
    }

    fn and(&mut self, depth: usize) -> Option<Expression> {
        let mut parts = vec![self.part(depth)?];
        while self.takes(Operator::And) {
            parts.push(self.part(depth)?);
        }
        Expression::joined(parts, true)
    }

    fn part(&mut self, depth: usize) -> Option<Expression> {
        if depth > DEEPEST {
            return None;
        }
        if self.takes(Operator::Open) {
            let inner = self.or(depth + 1)?;
            return self.takes(Operator::Close).then_some(inner);
        }
        let Some(Token::Text(text)) = self.tokens.get(self.at) else {
            return None;
        };
        self.at += 1;
        let found = license(text)?;
        if !self.takes(Operator::With) {
            return Some(found);
        }
        let Some(Token::Text(exception)) = self.tokens.get(self.at) else {
            return None;
        };
        self.at += 1;
        let exception = names::exception(exception)?;
        match found {
            Expression::License(term) if term.exception.is_none() => Some(Expression::License(Term {
                exception: Some(exception.to_owned()),
                ..term
            })),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        match read(text) {
            License::Expression(expression) => expression.to_string(),
            License::Name(name) => panic!("`{name}` is not read"),
        }
    }

    #[test]
    fn expressions_become_canonical() {
        for (text, expected) in [
            ("MIT", "MIT"),
            ("mit", "MIT"),
            ("GPL-2.0", "GPL-2.0-only"),
            ("GPL-2.0+", "GPL-2.0-or-later"),
            ("Apache-2.0+", "Apache-2.0+"),
            ("mit or apache-2.0", "MIT OR Apache-2.0"),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            ("(MIT OR Apache-2.0) AND Zlib", "(MIT OR Apache-2.0) AND Zlib"),
            ("MIT OR Apache-2.0 AND Zlib", "MIT OR Apache-2.0 AND Zlib"),
            (
                "GPL-2.0-or-later WITH Classpath-exception-2.0",
                "GPL-2.0-or-later WITH Classpath-exception-2.0",
            ),
            ("MIT AND (MIT AND ISC)", "MIT AND ISC"),
            (
                "LicenseRef-Fedora-Public-Domain AND MIT",
                "LicenseRef-Fedora-Public-Domain AND MIT",
            ),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn names_of_several_worlds() {
        for (text, expected) in [
            ("Apache 2", "Apache-2.0"),
            ("Apache License, Version 2.0", "Apache-2.0"),
            ("The Apache Software License, Version 2.0", "Apache-2.0"),
            ("Apache Software License", "Apache-2.0"),
            ("ASL 2.0", "Apache-2.0"),
            ("BSD-3-clause", "BSD-3-Clause"),
            ("BSD 3-Clause \"New\" or \"Revised\" License", "BSD-3-Clause"),
            ("3-Clause BSD License", "BSD-3-Clause"),
            ("New BSD License", "BSD-3-Clause"),
            ("MIT License", "MIT"),
            ("The MIT License (MIT)", "MIT"),
            ("Expat", "MIT"),
            ("GPLv2+", "GPL-2.0-or-later"),
            ("GPLv2", "GPL-2.0-only"),
            ("GPL-2+", "GPL-2.0-or-later"),
            ("GPL-3", "GPL-3.0-only"),
            ("LGPLv2.1+", "LGPL-2.1-or-later"),
            ("LGPL-2.1", "LGPL-2.1-only"),
            ("AGPLv3", "AGPL-3.0-only"),
            ("GFDL-1.3+", "GFDL-1.3-or-later"),
            ("GNU GPL v3 or later", "GPL-3.0-or-later"),
            ("GNU General Public License v2 (GPLv2)", "GPL-2.0-only"),
            ("GNU Lesser General Public License, version 2.1", "LGPL-2.1-only"),
            (
                "GNU Library or Lesser General Public License (LGPL)",
                "LGPL-2.0-or-later",
            ),
            (
                "GNU General Public License, version 2 or any later version",
                "GPL-2.0-or-later",
            ),
            ("GPL+", "GPL-1.0-or-later"),
            ("GPL", "GPL-1.0-or-later"),
            ("MPLv2.0", "MPL-2.0"),
            ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
            ("PSF", "PSF-2.0"),
            ("Python Software Foundation License", "PSF-2.0"),
            ("ISC License (ISCL)", "ISC"),
            ("zlib", "Zlib"),
            ("Public Domain", "LicenseRef-public-domain"),
            ("GPLv2+ and MIT", "GPL-2.0-or-later AND MIT"),
            (
                "MPLv1.1 or LGPLv3+ or ASL 2.0",
                "MPL-1.1 OR LGPL-3.0-or-later OR Apache-2.0",
            ),
            (
                "(MIT or BSD) and GPLv3",
                "(MIT OR LicenseRef-BSD) AND GPL-3.0-only",
            ),
            (
                "GPL-2+ with Autoconf exception",
                "GPL-2.0-or-later WITH Autoconf-exception-2.0",
            ),
            (
                "GPL-3+ with GCC exception",
                "GPL-3.0-or-later WITH GCC-exception-3.1",
            ),
            ("Artistic or GPL-1+", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
            ("MIT, BSD-3-Clause", "MIT AND BSD-3-Clause"),
            ("MIT, or ISC", "MIT OR ISC"),
            ("MIT and/or ISC", "MIT OR ISC"),
            ("MIT/X11", "MIT"),
            ("all-permissive", "FSFAP"),
            ("http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
            ("https://opensource.org/licenses/MIT", "MIT"),
            ("https://spdx.org/licenses/BSD-3-Clause.html", "BSD-3-Clause"),
            ("https://www.gnu.org/licenses/lgpl-2.1.html", "LGPL-2.1-only"),
            ("OpenLDAP-2.8", "OLDAP-2.8"),
            ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
            ("Historical Permission Notice and Disclaimer (HPND)", "HPND"),
            (
                "GPL-2 with Linux-syscall-note exception",
                "GPL-2.0-only WITH Linux-syscall-note",
            ),
            (
                "GPL-3+ with Bison-2.2 exception",
                "GPL-3.0-or-later WITH Bison-exception-2.2",
            ),
            (
                "GPL-2+ with Texinfo exception",
                "GPL-2.0-or-later WITH Texinfo-exception",
            ),
            ("EPL-2.0 OR GPL2 w/ CPE", ""),
        ] {
            match expected {
                "" => assert!(matches!(read(text), License::Name(_)), "{text}"),
                _ => assert_eq!(canonical(text), expected, "{text}"),
            }
        }
    }

    #[test]
    fn what_is_not_known_stays_a_name() {
        for text in [
            "",
            "see COPYING",
            "MIT AND whatever",
            "(MIT AND ISC",
            "MIT AND ISC)",
            "AND",
            "MIT OR",
            "MIT ISC",
            "with MIT",
        ] {
            assert_eq!(read(text), License::Name(text.to_owned()));
        }
        let deep = format!("{}MIT AND ISC{}", "(".repeat(900), ")".repeat(900));
        assert!(matches!(read(&deep), License::Name(_)));
    }

    proptest! {
        #[test]
        fn what_is_canonical_stays_as_it_is(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "MIT", "GPLv2+", "(", ")", "and", "OR", "with", "Classpath-exception-2.0", "/", ",", "Apache 2",
                    "ü", "or later", "BSD",
                ]),
                0..12,
            )
        ) {
            if let License::Expression(expression) = read(&parts.join(" ")) {
                let text = expression.to_string();
                prop_assert_eq!(read(&text), License::Expression(expression));
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,60}") {
            let _ = read(&text);
        }
    }
}
