use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings, quoted};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage, paths};

/// Lua rocks, by their rockspecs: LuaRocks puts that of each into `rocks-5.4/NAME/VERSION` (LuaRocks' documentation,
/// "Rockspec format"). A rockspec is a Lua program that sets a few variables.
pub(super) struct Lua;

impl Cataloger for Lua {
    fn name(&self) -> &'static str {
        "lua"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::LuaRocks)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End(".rockspec")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        path.ends_with(".rockspec").then_some(1 << 20)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let name = paths::name(&evidence.path);
        match rock(&String::from_utf8_lossy(content), name) {
            Some(rock) => evidence.packages.push(rock),
            None => warnings.add("it names no rock with its version"),
        }
    }
}

/// What stands in a rockspec; what is computed there is told from the file's name, `NAME-VERSION-REVISION.rockspec`.
fn rock(text: &str, file: &str) -> Option<FoundPackage> {
    let mut found = FoundPackage::default();
    let mut tables: Vec<&str> = Vec::new();
    let mut tokens = Tokens { rest: text }.peekable();
    // The name before an equals sign.
    let mut assigned: Option<&str> = None;
    let mut previous: Option<&str> = None;
    while let Some(token) = tokens.next() {
        match token {
            Token::Name(name) => previous = Some(name),
            Token::Symbol('=') => assigned = previous.take(),
            Token::Symbol('{') => tables.push(assigned.take().unwrap_or_default()),
            Token::Symbol('}') => _ = tables.pop(),
            Token::Text(text) => {
                // `"a" .. b` is computed.
                let is_whole = !matches!(tokens.peek(), Some(Token::Symbol('.')));
                match (tables.as_slice(), assigned.take()) {
                    ([], Some("package")) if is_whole => found.name = text.to_owned(),
                    ([], Some("version")) if is_whole => found.version = text.to_owned(),
                    (["description"], Some("license")) => found.licenses = vec![text.to_owned()],
                    (["dependencies"], None) => {
                        found
                            .requires
                            .extend(text.split_whitespace().next().map(str::to_owned));
                    }
                    _ => {}
                }
            }
            Token::Symbol(_) => assigned = None,
        }
    }
    let mut parts = file.strip_suffix(".rockspec")?.rsplitn(3, '-');
    if let (Some(revision), Some(version), Some(name)) = (parts.next(), parts.next(), parts.next()) {
        if found.name.is_empty() {
            name.clone_into(&mut found.name);
        }
        if found.version.is_empty() {
            found.version = format!("{version}-{revision}");
        }
    }
    // The language itself is no rock.
    found.requires.retain(|name| name != "lua");
    found.requires = bounded(found.requires);
    let is_said = |text: &str| !text.is_empty() && text.len() <= 300;
    (is_said(&found.name) && is_said(&found.version)).then_some(found)
}

/// What a Lua program is made of, as far as it matters here.
enum Token<'a> {
    Name(&'a str),
    /// A text between quotation marks or long brackets.
    Text(&'a str),
    Symbol(char),
}

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    /// Takes what is before `end`, and `end`.
    fn until(&mut self, end: &str) -> &'a str {
        let (taken, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes what is between long brackets of one level: `[[…]]`, `[=[…]=]` (Lua's manual, 3.1).
    fn long_text(&mut self) -> Option<&'a str> {
        let within = self.rest.strip_prefix('[')?;
        let level = within.len() - within.trim_start_matches('=').len();
        self.rest = within[level..].strip_prefix('[')?;
        Some(self.until(&format!("]{}]", &within[..level])))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(comment) = self.rest.strip_prefix("--") {
                self.rest = comment;
                if self.long_text().is_none() {
                    self.until("\n");
                }
                continue;
            }
            let first = self.rest.chars().next()?;
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            if first.is_alphabetic() || first == '_' {
                let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
                let (name, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Token::Name(name));
            }
            if let Some(text) = self.long_text() {
                return Some(Token::Text(text.trim()));
            }
            self.rest = &self.rest[first.len_utf8()..];
            if !matches!(first, '\'' | '"') {
                return Some(Token::Symbol(first));
            }
            let (text, rest) = quoted(self.rest, first);
            self.rest = rest;
            return Some(Token::Text(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    fn shown(file: &str, text: &str) -> Vec<String> {
        let path = format!("usr/local/lib/luarocks/rocks-5.1/x/1/{file}");
        let (evidence, _) = catalog(&path, text.as_bytes());
        let show = |one: &FoundPackage| {
            format!(
                "{} {} {:?} {:?}",
                one.name, one.version, one.licenses, one.requires
            )
        };
        evidence.packages.iter().map(show).collect()
    }

    #[test]
    fn rockspecs() {
        let text = "-- package = \"no\"\nrockspec_format = \"3.0\"\npackage = 'LPeg'\nversion=\"1.0.2-1\"\n--[[ version\n = \"0\" ]]\n\
            source = { url = \"x\", tag = \"v1\", version = \"9\" }\ndescription = {\n  summary = [[ A \"text\" ]],\n  license = \"MIT/X11\",\n}\n\
            dependencies = {\n  \"lua >= 5.1\", \"lua-cjson == 2.1\",\n}\nbuild = { modules = { a = \"b.c\" } }\n";
        assert_eq!(
            shown("lpeg-1.0.2-1.rockspec", text),
            ["LPeg 1.0.2-1 [\"MIT/X11\"] [\"lua-cjson\"]"]
        );
    }

    #[test]
    fn what_is_computed_is_told_from_the_name() {
        let text = "local v = \"2.0\"\npackage = \"lua-resty-x\"\nversion = v .. \"-1\"\ndescription = { license = \"BSD\" }";
        assert_eq!(
            shown("lua-resty-x-2.0-1.rockspec", text),
            ["lua-resty-x 2.0-1 [\"BSD\"] []"]
        );
        let text = "package = \"a\"\nversion = \"2.\" .. 0\n";
        assert_eq!(shown("a-2.0-1.rockspec", text), ["a 2.0-1 [] []"]);
        assert_eq!(catalog("x/bad.rockspec", b"\n\n").1.len(), 1);
        let text =
            "--[==[\npackage = \"no\" ]]\n]==]\ndescription = {license = [=[MIT]=]}\nversion = \"0\"..x";
        assert_eq!(shown("real-2.0-1.rockspec", text), ["real 2.0-1 [\"MIT\"] []"]);
    }
}
