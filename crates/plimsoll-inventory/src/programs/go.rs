//! Go programs: their main module, the modules that they are made of, and the standard library.

use std::collections::BTreeMap;
use std::io;

use plimsoll_core::Ecosystem;

use super::go_build_info::{self, BuildInfo};
use super::go_flags::stamped_version;
use crate::content::{Content, read_range};
use crate::dependencies::bounded;
use crate::executable::Executable;
use crate::{FoundPackage, paths};

/// What a program has that no cataloger can take apart.
pub(super) const WITHOUT_MODULES: &str = "Go binaries without build information";
/// The version of a main module that was not fetched from anywhere, as Go shows it.
const DEVELOPMENT: &str = "(devel)";
/// The note with a program's build ID, in both byte orders: its type and its owner.
const BUILD_ID_NOTES: [&[u8]; 2] = [b"\x04\0\0\0Go\0\0", b"\0\0\0\x04Go\0\0"];
/// The note is among the first pages of a program.
const NOTE_WITHIN: usize = 8 << 10;

/// What is known of a Go program.
pub(super) enum GoProgram {
    /// Its modules and the standard library.
    Modules(Vec<FoundPackage>),
    /// It was made by Go and does not say what of.
    Silent,
}

/// What the program is made of; `None` where it was not made by Go.
///
/// # Errors
/// When `content` cannot be read.
pub(super) fn read(executable: &Executable, content: &mut dyn Content) -> io::Result<Option<GoProgram>> {
    if let Some(info) = go_build_info::read(executable, content)? {
        return Ok(Some(GoProgram::Modules(packages(&info))));
    }
    let start = read_range(content, 0, NOTE_WITHIN)?;
    let noted = |note: &&[u8]| memchr::memmem::find(&start, note).is_some();
    Ok(BUILD_ID_NOTES.iter().any(noted).then_some(GoProgram::Silent))
}

/// A module as a line names it, with what replaces it.
struct Module<'a> {
    path: &'a str,
    version: &'a str,
}

impl<'a> Module<'a> {
    fn of(fields: &[&'a str]) -> Self {
        let field = |index: usize| fields.get(index).copied().unwrap_or_default();
        Self {
            path: field(0),
            version: field(1),
        }
    }

    /// A module in a directory beside it has no name and no version that anybody else knows.
    fn replace(&mut self, by: &Self) {
        let is_directory = by.path.starts_with(['.', '/']);
        if !is_directory {
            self.path = by.path;
        }
        self.version = by.version;
    }
}

fn packages(info: &BuildInfo) -> Vec<FoundPackage> {
    let mut main: Option<Module<'_>> = None;
    let mut dependencies: Vec<Module<'_>> = Vec::new();
    let mut link_flags = String::new();
    let mut path = "";
    let mut replaced_is_main = false;
    for line in info.modules.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.split_first() {
            Some((&"path", [named, ..])) => path = named,
            Some((&"mod", rest)) => {
                main = Some(Module::of(rest));
                replaced_is_main = true;
            }
            Some((&"dep", rest)) => {
                dependencies.push(Module::of(rest));
                replaced_is_main = false;
            }
            Some((&"=>", rest)) => {
                let replaced = match replaced_is_main {
                    true => main.as_mut(),
                    false => dependencies.last_mut(),
                };
                if let Some(module) = replaced {
                    module.replace(&Module::of(rest));
                }
            }
            Some((&"build", [setting, ..])) => {
                if let Some(flags) = setting.strip_prefix("-ldflags=") {
                    link_flags = unquoted(flags);
                }
            }
            _ => {}
        }
    }
    // The same module may be named twice; a map keeps one of each.
    let mut found: BTreeMap<(&str, String), ()> = BTreeMap::new();
    for module in dependencies.iter().filter(|module| !module.path.is_empty()) {
        let version = match module.version {
            "" => DEVELOPMENT,
            version => version,
        };
        found.insert((module.path, version.to_owned()), ());
    }
    if let Some(version) = standard_library(&info.go_version) {
        found.insert(("stdlib", version), ());
    }
    let main = main.filter(|main| !main.path.is_empty());
    // Some build systems leave out the module that the program's package is in.
    let built = || Some(Module::of(&[path])).filter(|module| is_import_path(module.path));
    let main = main.or_else(built);
    let main = main.map(|main| (main.path, main_version(&main, &link_flags)));
    // Which of them another module needs is not said.
    let needed = bounded(found.keys().map(|(path, version)| format!("{path}@{version}")));
    if let Some(main) = &main {
        found.insert(main.clone(), ());
    }
    found
        .into_keys()
        .map(|module| FoundPackage {
            requires: match main.as_ref() == Some(&module) {
                true => needed.clone(),
                false => Vec::new(),
            },
            name: module.0.to_owned(),
            version: module.1,
            ecosystem: Some(Ecosystem::Go),
            ..FoundPackage::default()
        })
        .collect()
}

/// Whether it leads to somewhere: its first part is a domain. What is Go's own has none.
fn is_import_path(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    first.contains('.') && !first.starts_with('.') && path.contains('/')
}

/// The version of the main module: the one that it was fetched in, else the one that its makers stamped on it.
fn main_version(main: &Module<'_>, link_flags: &str) -> String {
    let is_known = !main.version.is_empty() && main.version != DEVELOPMENT;
    // Without a tag in reach, Go makes a version out of the commit.
    let says_more = is_known && !main.version.starts_with("v0.0.0");
    let stamped = match says_more {
        true => None,
        false => stamped_version(main.path, link_flags),
    };
    match stamped {
        Some(version) => version,
        None if is_known => main.version.to_owned(),
        None => DEVELOPMENT.to_owned(),
    }
}

/// The Go distribution itself, which the program `go` stands for.
pub(super) fn distribution(path: &str, modules: &[FoundPackage]) -> Option<FoundPackage> {
    let name = paths::name(path);
    let library = modules.iter().find(|module| module.name == "stdlib")?;
    let is_alone = modules
        .iter()
        .all(|module| module.name == "stdlib" || module.name.starts_with("cmd"));
    (matches!(name, "go" | "go.exe") && is_alone).then(|| FoundPackage {
        name: "go".to_owned(),
        version: library.version.trim_start_matches('v').to_owned(),
        ecosystem: Some(Ecosystem::Generic),
        ..FoundPackage::default()
    })
}

/// The version of Go as modules have it: `v1.22.3` for `go1.22.3 X:boringcrypto`. `None` for one between releases, such as
/// `devel +a1b2c3`.
fn standard_library(go_version: &str) -> Option<String> {
    let version = go_version.strip_prefix("go")?;
    let version = version.split([' ', '\t']).next()?;
    let version = version.split("-X:").next()?;
    version
        .starts_with(|first: char| first.is_ascii_digit())
        .then(|| format!("v{version}"))
}

/// A setting's value, which Go quotes where it has white space or quotation marks.
fn unquoted(value: &str) -> String {
    let is_quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    match is_quoted {
        true => serde_json::from_str(value).unwrap_or_else(|_| value[1..value.len() - 1].to_owned()),
        false => value.trim_matches('`').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(go_version: &str, modules: &str) -> Vec<String> {
        let info = BuildInfo {
            go_version: go_version.to_owned(),
            modules: modules.to_owned(),
        };
        packages(&info)
            .iter()
            .map(|package| format!("{} {}", package.name, package.version))
            .collect()
    }

    #[test]
    fn modules_are_told_as_they_were_built() {
        let modules = "path\texample.com/app/cmd\nmod\texample.com/app\tv1.2.0\th1:x=\n\
            dep\tgithub.com/a/b\tv0.1.0\th1:y=\ndep\tgithub.com/c/d\tv1.0.0\n=>\tgithub.com/e/f\tv1.0.1\th1:z=\n\
            dep\t\t(devel)\ndep\tgithub.com/g/h\tv1.0.0\n=>\t./h\t(devel)\n\
            dep\tgithub.com/i/j/v2\tv2.0.0-20210101000000-abcdefabcdef+incompatible\tx\nbuild\t-compiler=gc\n";
        assert_eq!(
            shown("go1.22.3 X:boringcrypto", modules),
            [
                "example.com/app v1.2.0",
                "github.com/a/b v0.1.0",
                "github.com/e/f v1.0.1",
                "github.com/g/h (devel)",
                "github.com/i/j/v2 v2.0.0-20210101000000-abcdefabcdef+incompatible",
                "stdlib v1.22.3",
            ]
        );
    }

    #[test]
    fn without_a_main_module_the_package_stands_for_it() {
        let told = |path: &str| {
            shown(
                "go1.20",
                &format!("path\t{path}\ndep\tgithub.com/x/y\tv0.2.1\th1:z=\n"),
            )
        };
        assert_eq!(
            told("example.com/a/b"),
            ["example.com/a/b (devel)", "github.com/x/y v0.2.1", "stdlib v1.20"]
        );
        for own in ["cmd/go", "command-line-arguments", "./a.b/c"] {
            assert_eq!(told(own), ["github.com/x/y v0.2.1", "stdlib v1.20"], "{own}");
        }
    }

    #[test]
    fn the_main_module_needs_all_others() {
        let info = BuildInfo {
            go_version: "go1.22.3".to_owned(),
            modules: "mod\texample.com/app\t(devel)\ndep\tgithub.com/a/b\tv0.1.0\n".to_owned(),
        };
        let found = packages(&info);
        assert_eq!(found[0].requires, ["github.com/a/b@v0.1.0", "stdlib@v1.22.3"]);
        assert!(found[1..].iter().all(|module| module.requires.is_empty()));
    }

    #[test]
    fn a_main_module_without_a_version_may_be_stamped() {
        let with = |version: &str, flags: &str| {
            let modules = format!("mod\texample.com/app\t{version}\nbuild\t-ldflags={flags}\n");
            shown("go1.20", &modules)[0].clone()
        };
        assert_eq!(with("(devel)", "-s -w"), "example.com/app (devel)");
        assert_eq!(
            with("", "\"-s -w -X main.version=1.4.0\""),
            "example.com/app 1.4.0"
        );
        assert_eq!(
            with(
                "v0.0.0-20240101000000-abcdefabcdef",
                "\"-X 'main.Version=v1.4.0'\""
            ),
            "example.com/app v1.4.0"
        );
        assert_eq!(
            with("v2.0.0", "\"-X main.version=1.4.0\""),
            "example.com/app v2.0.0"
        );
    }

    #[test]
    fn versions_of_go() {
        assert_eq!(
            standard_library("go1.26.0-X:nodwarf5").as_deref(),
            Some("v1.26.0")
        );
        assert_eq!(standard_library("go1.21rc2").as_deref(), Some("v1.21rc2"));
        assert_eq!(standard_library("devel +a1b2c3 Mon"), None);
        assert!(shown("devel +a1b2c3", "").is_empty());
    }
}
