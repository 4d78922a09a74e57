use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings, quoted};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage};

/// Applications of Erlang/OTP, what is written in Elixir included: `ebin/NAME.app`, an Erlang term
/// `{application, NAME, [{vsn, "VERSION"}, …]}.` (Erlang's documentation, app(4)).
pub(super) struct Erlang;

/// The largest applications have some thousand modules, which are all named.
const MOST_TOKENS: usize = 100_000;

impl Cataloger for Erlang {
    fn name(&self) -> &'static str {
        "erlang"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Otp)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End(".app")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (directory, name) = path.rsplit_once('/')?;
        // Programs of other systems are called so, too.
        let is_installed = is_installed(directory);
        (name.len() > ".app".len() && name.ends_with(".app")).then_some(match is_installed {
            true => 2 << 20,
            false => 256 << 10,
        })
    }

    fn names_packages(&self, path: &str) -> bool {
        path.rsplit_once('/')
            .is_some_and(|(directory, _)| is_installed(directory))
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        match application(&String::from_utf8_lossy(content)) {
            Some(package) => evidence.packages.push(package),
            None if self.names_packages(&evidence.path) => {
                warnings.add("it names no Erlang application with its version");
            }
            None => {}
        }
    }
}

fn is_installed(directory: &str) -> bool {
    directory == "ebin" || directory.ends_with("/ebin")
}

fn application(text: &str) -> Option<FoundPackage> {
    let tokens: Vec<Token<'_>> = Tokens { rest: text }.take(MOST_TOKENS).collect();
    let [
        Token::Symbol('{'),
        Token::Word("application"),
        Token::Symbol(','),
        Token::Word(name),
        rest @ ..,
    ] = tokens.as_slice()
    else {
        return None;
    };
    let version = rest.windows(4).find_map(|window| match window {
        [
            Token::Symbol('{'),
            Token::Word("vsn"),
            Token::Symbol(','),
            Token::Text(version),
        ] => Some(*version),
        _ => None,
    })?;
    let key = [
        Token::Symbol('{'),
        Token::Word("applications"),
        Token::Symbol(','),
        Token::Symbol('['),
    ];
    let needed = rest.windows(key.len()).position(|window| window == key);
    let needed = needed.map_or(&[][..], |at| &rest[at + key.len()..]);
    let needed = needed.iter().take_while(|token| **token != Token::Symbol(']'));
    let needed = needed.filter_map(|token| match token {
        Token::Word(name) => Some(*name),
        _ => None,
    });
    let is_said = |text: &str| !text.is_empty() && text.len() <= 300;
    (is_said(name) && is_said(version)).then(|| FoundPackage {
        name: (*name).to_owned(),
        version: version.to_owned(),
        requires: bounded(needed),
        ..FoundPackage::default()
    })
}

#[derive(PartialEq)]
enum Token<'a> {
    /// An atom or a number.
    Word(&'a str),
    Text(&'a str),
    Symbol(char),
}

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.rest = self.rest.trim_start();
        while let Some(comment) = self.rest.strip_prefix('%') {
            self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
        let first = self.rest.chars().next()?;
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@');
        if is_word(first) {
            let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
            let (word, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Some(Token::Word(word));
        }
        self.rest = &self.rest[first.len_utf8()..];
        if !matches!(first, '\'' | '"') {
            return Some(Token::Symbol(first));
        }
        let (text, rest) = quoted(self.rest, first);
        self.rest = rest;
        Some(match first {
            '"' => Token::Text(text),
            _ => Token::Word(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    #[test]
    fn applications() {
        let text = b"%% made by a tool\n{application, 'rabbit',\n [{description, \"A \\\"text\\\", {vsn, \\\"0\\\"}\"},\n  {vsn,\"3.12.10\"},\n\
            {id,\"v1\"}, {modules, [a, b]}, {registered, []},\n  {applications, [kernel,stdlib, 'Elixir.x']},\n  {env, [{vsn, \"9\"}]}]}.\n";
        let (evidence, warnings) = catalog("opt/rabbitmq/plugins/rabbit-3.12.10/ebin/rabbit.app", text);
        assert!(warnings.is_empty());
        let rabbit = &evidence.packages[0];
        assert_eq!(
            (rabbit.name.as_str(), rabbit.version.as_str()),
            ("rabbit", "3.12.10")
        );
        assert_eq!(rabbit.requires, ["Elixir.x", "kernel", "stdlib"]);
    }

    #[test]
    fn what_is_none_is_noted_where_one_should_be() {
        for other in [
            b"".as_slice(),
            b"{application, a, [{vsn, git}]}.",
            b"PK\x03",
            b"{application",
        ] {
            assert_eq!(catalog("lib/a/ebin/a.app", other).1.len(), 1);
            let (evidence, warnings) = catalog("home/a.app", other);
            assert!(evidence.packages.is_empty() && warnings.is_empty());
        }
        assert!(Erlang.limit("x/.app").is_none());
    }
}
