use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage, paths};

/// Installed Ruby gems, the ones that come with Ruby too: `specifications/NAME-VERSION.gemspec`, as RubyGems writes it, and
/// `bundler/gems/REPOSITORY-COMMIT/NAME.gemspec`, as Bundler does for gems that it takes from git.
pub(super) struct Ruby;

/// What is in the image and has no version that can be told.
const COMPUTED: &str = "gems from git whose versions are computed";

impl Cataloger for Ruby {
    fn name(&self) -> &'static str {
        "ruby"
    }

    fn version(&self) -> u32 {
        7
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Gem)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End(".gemspec")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (directory, name) = path.rsplit_once('/')?;
        let directory = directory.strip_suffix("/default").unwrap_or(directory);
        let is_installed = directory == "specifications" || directory.ends_with("/specifications");
        (name.ends_with(".gemspec") && (is_installed || is_from_git(path))).then_some(2 << 20)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        match specification(&String::from_utf8_lossy(content), &evidence.path) {
            Some(package) => evidence.packages.push(package),
            // Of a repository's specifications, Bundler writes only those that it installs: the others are as their authors
            // left them, and their versions may be calculated.
            None if is_from_git(&evidence.path) => evidence.uncatalogued = Some(COMPUTED.to_owned()),
            None => warnings.add("it names no gem"),
        }
    }
}

/// Whether it is the specification of a gem from git: at the top of the repository, or in a directory that is called like it.
fn is_from_git(path: &str) -> bool {
    let Some((_, inside)) = path.rsplit_once("bundler/gems/") else {
        return false;
    };
    let parts: Vec<&str> = inside.split('/').collect();
    match parts.as_slice() {
        [_, _] => true,
        [_, directory, name] => name.strip_suffix(".gemspec") == Some(directory),
        _ => false,
    }
}

/// The gem that a specification is about. What is no literal, because the file was written by hand, is told from the
/// file's name.
fn specification(text: &str, path: &str) -> Option<FoundPackage> {
    let (mut name, mut version, mut licenses) = (None, None, Vec::new());
    let mut requires = Vec::new();
    for line in text.lines() {
        requires.extend(required(line));
        let Some((variable, value)) = line.split_once('=') else {
            continue;
        };
        // `s.name = "a"`, whatever the variable is called.
        let Some((object, attribute)) = variable.trim().split_once('.') else {
            continue;
        };
        let is_variable = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !object.bytes().all(is_variable) {
            continue;
        }
        match attribute {
            // What is in `#{…}` is known to Ruby alone.
            "name" => name = name.or_else(|| literals(value).next().filter(|name| !name.contains("#{"))),
            "version" => version = version.or_else(|| literals(value).next()),
            "license" | "licenses" if licenses.is_empty() => licenses = literals(value).take(20).collect(),
            _ => {}
        }
    }
    let is_version =
        |text: &String| text.starts_with(|first: char| first.is_ascii_digit()) && !text.contains("#{");
    let file = paths::name(path).strip_suffix(".gemspec")?;
    let (named, numbered) = from_file_name(file)?;
    Some(FoundPackage {
        name: name.unwrap_or_else(|| named.to_owned()),
        version: version.filter(is_version).unwrap_or_else(|| numbered.to_owned()),
        licenses: licenses
            .into_iter()
            .filter(|license| !license.is_empty())
            .collect(),
        requires: bounded(requires),
        ..FoundPackage::default()
    })
    .filter(|package| !package.name.is_empty() && !package.version.is_empty())
}

/// The gem in `s.add_runtime_dependency(%q<rack>.freeze, ["~> 2.0"])`; development needs others besides.
fn required(line: &str) -> Option<String> {
    let (_, call) = line.split_once(".add_")?;
    let name = call
        .strip_prefix("runtime_dependency")
        .or_else(|| call.strip_prefix("dependency"))?;
    literals(name).next()
}

/// The texts in literals: `"a".freeze`, `["a", 'b'.freeze]`, `Gem::Version.new("1")`, `%q{a}`, `%w[a b]`.
fn literals(value: &str) -> impl Iterator<Item = String> {
    let mut rest = value;
    let mut words = Vec::new().into_iter();
    std::iter::from_fn(move || {
        loop {
            if let Some(word) = words.next() {
                return Some(word);
            }
            let start = rest.find(['"', '\'', '%'])?;
            let (before, after) = rest.split_at(start);
            let mut chars = after.chars();
            let quote = chars.next()?;
            let (close, is_list) = match quote {
                // After a value, it is a calculation.
                '%' if !before
                    .trim_end()
                    .ends_with(|c: char| c.is_alphanumeric() || c == ')') =>
                {
                    match (chars.next(), chars.next().and_then(closing)) {
                        (Some('q' | 'Q'), Some(close)) => (close, false),
                        (Some('w' | 'W'), Some(close)) => (close, true),
                        _ => {
                            rest = &after[1..];
                            continue;
                        }
                    }
                }
                '%' => {
                    rest = &after[1..];
                    continue;
                }
                quote => (quote, false),
            };
            let inner = chars.as_str();
            let end = inner.find(close)?;
            rest = &inner[end + close.len_utf8()..];
            words = match is_list {
                true => inner[..end]
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
                false => vec![inner[..end].to_owned()],
            }
            .into_iter();
        }
    })
}

/// What ends a literal that `%q` begins.
fn closing(open: char) -> Option<char> {
    match open {
        '<' => Some('>'),
        '{' => Some('}'),
        '(' => Some(')'),
        '[' => Some(']'),
        '|' | '!' | '/' => Some(open),
        _ => None,
    }
}

/// `name-1.2.3` or `name-1.2.3-platform`.
fn from_file_name(file: &str) -> Option<(&str, &str)> {
    let is_version = |at: &usize| file[at + 1..].starts_with(|first: char| first.is_ascii_digit());
    let at = file.match_indices('-').map(|(at, _)| at).find(is_version);
    match at {
        Some(at) => {
            let version = &file[at + 1..];
            Some((&file[..at], version.split('-').next().unwrap_or(version)))
        }
        None => Some((file, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    const PATH: &str = "usr/local/bundle/specifications/rack-test-2.0.2.gemspec";

    fn one(path: &str, text: &str) -> (String, String, Vec<String>) {
        let package = catalog(path, text.as_bytes()).0.packages.remove(0);
        (package.name, package.version, package.licenses)
    }

    #[test]
    fn paths() {
        for path in [
            PATH,
            "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec",
            "app/vendor/bundle/ruby/3.1.0/bundler/gems/rails-3bcf20cc9766/rails.gemspec",
            "bundler/gems/rails-3bcf20cc9766/activerecord/activerecord.gemspec",
        ] {
            assert!(Ruby.limit(path).is_some(), "{path}");
        }
        for path in [
            "gems/a-1/a.gemspec",
            "a.gemspec",
            "myspecifications/a-1.gemspec",
            "app/specifications/x/t.gemspec",
            "app/specifications/default/x/t.gemspec",
            "specifications/a/default/t.gemspec",
            "default/t.gemspec",
            "specifications/a-1.rb",
            "bundler/gems/a-3bcf20cc9766/a.rb",
            "bundler/gems/a-3bcf20cc9766/spec/b.gemspec",
            "bundler/gems/a-3bcf20cc9766/x/b/b.gemspec",
        ] {
            assert!(Ruby.limit(path).is_none(), "{path}");
        }
    }

    #[test]
    fn specifications_in_both_forms() {
        let text = "# -*- encoding: utf-8 -*-\n# stub: rack-test 2.0.2 ruby lib\n\nGem::Specification.new do |s|\n  \
            s.name = \"rack-test\".freeze\n  s.version = \"2.0.2\"\n\n  s.required_rubygems_version = Gem::Requirement.new(\">= 0\")\n  \
            s.licenses = [\"MIT\".freeze, \"Ruby\".freeze]\n  s.metadata = { \"a.version\" => \"9\" }\n";
        let expected = (
            "rack-test".to_owned(),
            "2.0.2".to_owned(),
            vec!["MIT".to_owned(), "Ruby".to_owned()],
        );
        assert_eq!(one(PATH, text), expected);
        let text = "Gem::Specification.new do |spec|\n  spec.name    = 'x'\n  spec.version = Gem::Version.new('1.0.a')\n  spec.license = 'MIT'";
        let expected = ("x".to_owned(), "1.0.a".to_owned(), vec!["MIT".to_owned()]);
        assert_eq!(one("specifications/y-2.gemspec", text), expected);
    }

    #[test]
    fn literals_of_every_form() {
        for (value, expected) in [
            (" \"a\".freeze", vec!["a"]),
            (" ['a', \"b\"]", vec!["a", "b"]),
            (" %q{a b}", vec!["a b"]),
            (" %q<rack>.freeze, [\">= 2\"]", vec!["rack", ">= 2"]),
            (" %w[MIT GPL-2.0] + ['X']", vec!["MIT", "GPL-2.0", "X"]),
            (" 5 % 3", vec![]),
            (" x %q{a}", vec![]),
            (" %", vec![]),
            (" %q", vec![]),
            (" %qé", vec![]),
            (" \"a", vec![]),
            (" %w[]", vec![]),
        ] {
            assert_eq!(literals(value).collect::<Vec<_>>(), expected, "{value}");
        }
    }

    #[test]
    fn what_is_computed_is_told_from_the_file_name() {
        let text = "s.name = \"noko#{kind}\"\ns.version = \"1#{minor}\"\n";
        let expected = ("a".to_owned(), "2.0".to_owned(), Vec::new());
        assert_eq!(one("specifications/a-2.0.gemspec", text), expected);
        let text = "s.name = NAME\ns.version = File.read(\"VERSION\").strip\n";
        let expected = ("nokogiri".to_owned(), "1.15.4".to_owned(), Vec::new());
        assert_eq!(
            one("specifications/nokogiri-1.15.4-x86_64-linux.gemspec", text),
            expected
        );
        let (evidence, warnings) = catalog("specifications/a.gemspec", b"");
        assert!(evidence.packages.is_empty());
        assert_eq!(warnings.len(), 1);
        let from_git = "bundler/gems/a-3bcf20cc9766/a.gemspec";
        let (evidence, warnings) = catalog(from_git, b"s.name = 'a'\ns.version = A::VERSION\n");
        assert!(evidence.packages.is_empty() && warnings.is_empty());
        assert_eq!(evidence.uncatalogued.as_deref(), Some(COMPUTED));
        let expected = ("a".to_owned(), "0.4.2".to_owned(), Vec::new());
        assert_eq!(
            one(from_git, "s.name = \"a\".freeze\ns.version = \"0.4.2\"\n"),
            expected
        );
    }
}
