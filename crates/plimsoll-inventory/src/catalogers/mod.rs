//! One cataloger per kind of package database, each in its own file.

pub(crate) mod alpm;
mod apk;
mod bitnami;
pub(crate) mod chisel;
mod clues;
mod conda;
mod cyclonedx;
mod dotnet;
pub(crate) mod dpkg;
mod erlang;
mod java;
mod json;
mod lua;
mod node;
pub(crate) mod opkg;
mod pear;
mod php;
pub(crate) mod portage;
pub(crate) mod python;
mod r;
pub(crate) mod release;
mod releases;
mod rpm;
mod ruby;
mod sbom;
mod uncatalogued;
mod wordpress;

use std::borrow::Cow;
use std::io;

use bstr::ByteSlice as _;
use clues::Clue;
pub(crate) use cyclonedx::cyclonedx_packages;
pub(crate) use dotnet::dotnet_packages;
use plimsoll_core::Ecosystem;

use crate::content::{Content, read_range};
use crate::programs::{self, Programs};
use crate::{EvidenceFile, FoundPackage, Warning, owned, paths};

/// Reads one kind of evidence. It is given the content of the files that it asks for, one by one, and knows
/// nothing of layers. A new one is a file of its own and a line in [`CATALOGERS`].
pub(crate) trait Cataloger: Sync {
    /// A short stable name, which the evidence carries.
    fn name(&self) -> &'static str;

    /// A number that is raised when the same file would give something else.
    fn version(&self) -> u32;

    /// What its packages are; `None` for one that names none.
    fn ecosystem(&self) -> Option<Ecosystem>;

    /// What the paths of the files that it asks for have; without any of these, [`Cataloger::limit`] is not called.
    fn clues(&self) -> &'static [Clue] {
        &[Clue::End("")]
    }

    /// The most bytes that a file at `path` may have, if it is evidence; 0 where the path alone says it all.
    fn limit(&self, path: &str) -> Option<u64>;

    /// The content as the methods below are given it, where the file is compressed.
    fn plain<'a>(&self, content: &'a [u8], _warnings: &mut Warnings) -> Cow<'a, [u8]> {
        Cow::Borrowed(content)
    }

    /// Adds what the file `evidence.path` with this `content` proves.
    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings);

    /// The file that the one at `path` holds changes of, which count as if they were made: the database of a write-ahead
    /// log. It is not read by itself then.
    fn amends(&self, _path: &str) -> Option<String> {
        None
    }

    /// Makes the changes in `amendment` to the content of the file that it amends.
    fn amend(&self, _content: &mut Vec<u8>, _amendment: &[u8]) {}

    /// Whether packages of the image may be missing from the inventory when the file at `path` cannot be read.
    fn names_packages(&self, _path: &str) -> bool {
        self.ecosystem().is_some()
    }

    /// Whether what the file at `path` proves is left out where a package of the distribution owns that file: the
    /// distribution's package stands for it, with the distribution's advisories.
    fn is_ownable(&self, _path: &str) -> bool {
        self.ecosystem()
            .is_some_and(|ecosystem| !ecosystem.is_distribution())
    }

    /// Whether its files may hold anything else as well, and are searched for secrets like others: those that no
    /// distribution made.
    fn is_searched(&self) -> bool {
        self.ecosystem()
            .is_none_or(|ecosystem| !ecosystem.is_distribution())
    }

    /// Adds the files of the packages that `evidence.path` with this `content` names, or is about. Called after
    /// `catalog`, and only where files are asked for.
    fn files(&self, _content: &[u8], _evidence: &mut EvidenceFile) {}

    /// Gives each path that the file at `path` says a distribution's package owns to `sink`, with or without a leading
    /// slash. What is wrong with the file is told by `catalog`.
    fn owned(&self, _path: &str, _content: &[u8], _sink: &mut dyn FnMut(&[u8])) {}
}

/// All catalogers. No two ask for the same file.
pub(crate) static CATALOGERS: [&dyn Cataloger; 25] = [
    &release::Release,
    &dpkg::Dpkg,
    &apk::Apk,
    &rpm::Rpm,
    &alpm::Alpm,
    &portage::Portage,
    &opkg::Opkg,
    &chisel::Chisel,
    &python::Python,
    &python::Vendored,
    &python::LicenseText,
    &node::Node,
    &ruby::Ruby,
    &php::Php,
    &dotnet::DotNet,
    &conda::Conda,
    &r::R,
    &lua::Lua,
    &erlang::Erlang,
    &pear::Pear,
    &wordpress::WordPress,
    &releases::Releases,
    &bitnami::Bitnami,
    &sbom::Sbom,
    &uncatalogued::Uncatalogued,
];

/// Reads one kind of evidence in files that may be too large to be read whole: archives and programs. Their packages say
/// what they are, each for itself.
pub(crate) trait PieceCataloger: Sync {
    /// A short stable name, which the evidence carries.
    fn name(&self) -> &'static str;

    /// A number that is raised when the same file would give something else.
    fn version(&self) -> u32;

    /// Whether a file may be evidence, going by its path, its permission bits and its size.
    fn may_be(&self, path: &str, mode: u32, size: u64) -> bool;

    /// Whether a file that may be evidence is, going by its first bytes.
    fn is(&self, head: &[u8]) -> bool;

    /// Whether a script may stand before what it reads. Where one does, [`PieceCataloger::is`] is given all of it.
    fn may_start_with_script(&self) -> bool {
        false
    }

    /// Adds what the file `evidence.path` with this `content` proves.
    ///
    /// # Errors
    /// When `content` cannot be read. What is damaged is a warning.
    fn catalog(
        &self,
        content: &mut dyn Content,
        evidence: &mut EvidenceFile,
        warnings: &mut Warnings,
    ) -> io::Result<()>;
}

/// All of them; the first that a file is evidence for reads it.
static PIECE_CATALOGERS: [&dyn PieceCataloger; 4] = [&java::Java, &python::Egg, &node::YarnCache, &Programs];

/// The catalogers that a file may be evidence for. Files that [`cataloger_of`] knows are not asked about.
pub(crate) fn piece_catalogers_of(path: &str, mode: u32, size: u64) -> PieceCatalogers {
    let asked = PIECE_CATALOGERS.map(|cataloger| Some(cataloger).filter(|one| one.may_be(path, mode, size)));
    PieceCatalogers(asked)
}

/// Catalogers that a file may be evidence for.
pub(crate) struct PieceCatalogers([Option<&'static dyn PieceCataloger>; PIECE_CATALOGERS.len()]);

impl PieceCatalogers {
    /// How many of the first bytes tell a program or an archive.
    const MAGIC: u64 = 64;
    /// The scripts that stand before archives are no longer.
    const SCRIPT: u64 = 64 << 10;

    /// The first bytes of a file of `size` bytes, as many as [`PieceCatalogers::choose`] is to be given: none where no file
    /// of this path is evidence. `more` reads on until there are so many of them as it is told, or all of the file.
    ///
    /// # Errors
    /// What `more` returns.
    pub(crate) fn head<E>(
        &self,
        size: u64,
        mut more: impl FnMut(&mut Vec<u8>, u64) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        let mut head = Vec::new();
        loop {
            let known = head.len();
            let needed = self.needs(&head);
            if known as u64 >= needed.min(size) {
                return Ok(head);
            }
            more(&mut head, needed)?;
            if head.len() == known {
                return Ok(head);
            }
        }
    }

    /// How many of the first bytes are needed when these are known.
    fn needs(&self, known: &[u8]) -> u64 {
        let mut asked = self.0.iter().flatten();
        match known.starts_with(b"#!") && asked.any(|cataloger| cataloger.may_start_with_script()) {
            true => Self::SCRIPT,
            false if self.0.iter().any(Option::is_some) => Self::MAGIC,
            false => 0,
        }
    }

    /// The first that a file with these first bytes is evidence for.
    pub(crate) fn choose(&self, head: &[u8]) -> Option<&'static dyn PieceCataloger> {
        self.0
            .iter()
            .flatten()
            .copied()
            .find(|cataloger| cataloger.is(head))
    }

    /// As [`PieceCatalogers::choose`], of the file with this `content`.
    ///
    /// # Errors
    /// When `content` cannot be read.
    pub(crate) fn choose_for(
        &self,
        content: &mut dyn Content,
    ) -> io::Result<Option<&'static dyn PieceCataloger>> {
        let size = content.size();
        let head = self.head(size, |head, most| -> io::Result<()> {
            *head = read_range(content, 0, usize::try_from(most).unwrap_or(usize::MAX))?;
            Ok(())
        })?;
        Ok(self.choose(&head))
    }
}

/// Whether a file is called as archives are, whatever it is: programs called so must not be overlooked.
pub(crate) fn is_called_archive(path: &str) -> bool {
    java::is_archive(path.as_bytes()) || python::is_archive(path)
}

/// Whether a program is told by what it is called, and not only by what is in it.
pub(crate) fn is_well_known(path: &str) -> bool {
    programs::is_well_known(paths::name(path))
}

/// The cataloger that asks for `path`, and the most bytes that it reads.
pub(crate) fn cataloger_of(path: &str) -> Option<(&'static dyn Cataloger, u64)> {
    clues::candidates(path).find_map(|cataloger| Some((cataloger, cataloger.limit(path)?)))
}

/// The names and versions of all catalogers, which decide whether a kept analysis is still good.
pub(crate) fn cataloger_set() -> String {
    let whole = CATALOGERS.iter().map(|one| (one.name(), one.version()));
    let pieces = PIECE_CATALOGERS.iter().map(|one| (one.name(), one.version()));
    let names = whole
        .chain(pieces)
        .map(|(name, version)| format!("{name}/{version}"));
    names.collect::<Vec<_>>().join(" ")
}

/// What a list of packages names, of a kind that programs have in them, too.
#[derive(Default)]
pub(crate) struct Listed {
    pub(crate) packages: Vec<FoundPackage>,
    /// What was left out because there is more than any real list has, a sentence.
    pub(crate) beyond: Option<String>,
}

/// Who supplies a package, where its database says.
fn supplier(text: &str) -> Option<String> {
    let text = text.trim();
    let is_said = !text.is_empty() && text != "(none)" && text.len() <= 300;
    is_said.then(|| text.to_owned())
}

/// What is before the quotation mark that ends a text, and what is behind it; a backslash takes the next character's meaning.
fn quoted(rest: &str, quote: char) -> (&str, &str) {
    let mut is_escaped = false;
    let end = rest.find(|c| {
        let ends = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    let (text, rest) = rest.split_at(end.unwrap_or(rest.len()));
    (text, rest.strip_prefix(quote).unwrap_or(rest))
}

/// Gives each path that the evidence with this `content` says a distribution's package owns to `sink`, and notes those
/// that may be evidence of packages of their own.
pub(crate) fn owned(
    cataloger: &dyn Cataloger,
    content: &[u8],
    evidence: &mut EvidenceFile,
    sink: &mut dyn FnMut(&[u8]),
) {
    let mut owns = Vec::new();
    cataloger.owned(&evidence.path, content, &mut |path| {
        sink(path);
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let text = path.to_str_lossy();
        if is_ownable(&text) {
            owns.extend(owned::merged(path).map(|path| String::from_utf8_lossy(&path).into_owned()));
            owns.push(text.into_owned());
        }
    });
    evidence.owns = owns;
}

/// Whether a file that a distribution's package owns would otherwise be taken for a package of its own. What a program
/// is made of is not told from its path, so every program counts.
fn is_ownable(path: &str) -> bool {
    match cataloger_of(path) {
        Some((cataloger, _)) => cataloger.is_ownable(path),
        None => {
            let (directory, name) = paths::split(path);
            let is_program = || matches!(paths::name(directory), "bin" | "sbin" | "libexec");
            // Few directories end so, and it is found out sooner.
            (directory.ends_with("bin") || directory.ends_with("libexec")) && is_program()
                || is_called_archive(path)
                || programs::is_of_windows(path)
                || programs::is_well_known(name)
        }
    }
}

/// Whether packages cannot be told, or not all of them, where the file cannot be read.
pub(crate) fn names_packages(evidence: &EvidenceFile) -> bool {
    let same = |cataloger: &&&dyn Cataloger| cataloger.name() == evidence.cataloger;
    CATALOGERS
        .iter()
        .find(same)
        .is_some_and(|cataloger| cataloger.names_packages(&evidence.path))
}

/// What is wrong with one file; no more than a few, so that a wholly damaged file does not fill the report.
#[derive(Debug)]
pub(crate) struct Warnings {
    path: String,
    messages: Vec<String>,
    more: usize,
}

impl Warnings {
    const MOST: usize = 20;

    pub(crate) fn of(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            messages: Vec::new(),
            more: 0,
        }
    }

    pub(crate) fn add(&mut self, message: impl Into<String>) {
        if self.messages.len() < Self::MOST {
            self.messages.push(message.into());
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Warning> {
        let more = (self.more > 0).then(|| format!("and {} more like these", self.more));
        let path = &self.path;
        let messages = self.messages.into_iter().chain(more);
        messages
            .map(|message| Warning {
                path: path.clone(),
                message,
            })
            .collect()
    }
}

#[cfg(test)]
pub(crate) fn catalog(path: &str, content: &[u8]) -> (EvidenceFile, Vec<Warning>) {
    let (cataloger, _) = cataloger_of(path).expect("a cataloger asks for the path");
    let mut evidence = EvidenceFile {
        path: path.to_owned(),
        ..EvidenceFile::default()
    };
    let mut warnings = Warnings::of(path);
    let content = &cataloger.plain(content, &mut warnings);
    cataloger.catalog(content, &mut evidence, &mut warnings);
    owned(cataloger, content, &mut evidence, &mut |_| {});
    (evidence, warnings.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn warnings_are_bounded() {
        let mut warnings = Warnings::of("a");
        for _ in 0..100 {
            warnings.add("x");
        }
        let all = warnings.into_vec();
        assert_eq!(all.len(), Warnings::MOST + 1);
        assert_eq!(all.last().unwrap().to_string(), "`a`: and 80 more like these");
    }

    /// What each kind of metadata says that its packages need: `package: needed needed`.
    #[test]
    fn what_packages_need() {
        for (path, content, expected) in [
            (
                "var/lib/dpkg/status",
                "Package: a\nVersion: 1\nMaintainer: A <a@b>\nPre-Depends: dpkg (>= 1.17.14)\nDepends: libc6:any (>= 2.34), x [amd64] | y <!nocheck>,z\n\
                 Recommends: no\nProvides: mta, a-api (= 3)\n",
                "a: dpkg libc6 x|y z / a-api mta",
            ),
            (
                "var/lib/dpkg/status.d/a",
                "Package: a\nVersion: 1\nDepends:\n b [amd64 i386],\n c (>= 1) |\n d,\nSection: x\n",
                "a: b c|d",
            ),
            (
                "lib/apk/db/installed",
                "P:busybox-binsh\nV:1\nD:busybox=1.36 /etc/x so:libc.musl-x86_64.so.1\np:/bin/sh cmd:sh=1.36\n\n\
                 P:busybox\nV:1\nD:!old so:libc.musl-x86_64.so.1>=1 pinned@edge\n\nP:musl\nV:1\np:so:libc.musl-x86_64.so.1=1\n\n\
                 P:ssl_client\nV:1\nD:/bin/sh cmd:sh old busybox~1\n\nP:old\nV:1\n",
                "busybox-binsh: busybox musl; busybox: musl; musl:; ssl_client: busybox busybox-binsh old; old:",
            ),
            (
                "a/x-1.dist-info/METADATA",
                "Name: x\nVersion: 1\nRequires-Dist: Foo.Bar[baz] (>=1.0)\nRequires-Dist: y>=2;python_version<'4'\n\
                 Requires-Dist: test ; extra == 'test'\nRequires-Dist: z @ https://example.com/z.whl\n",
                "x: Foo.Bar y z",
            ),
            (
                "a/node_modules/x/package.json",
                r#"{"name":"x","version":"1","dependencies":{"@a/b":"^1","c":{}},"optionalDependencies":{"d":"*"},
                   "peerDependencies":["e"],"devDependencies":{"f":"1"}}"#,
                "x: @a/b c d",
            ),
            (
                "a/specifications/x-1.gemspec",
                "s.name = 'x'\ns.version = '1'\n  s.add_runtime_dependency(%q<rack>.freeze, [\">= 2\"])\n\
                 s.add_dependency 'a-b', '~> 1'\n s.add_development_dependency(%q<c>, [\"0\"])\n",
                "x: a-b rack",
            ),
            (
                "a/conda-meta/x-1-0.json",
                r#"{"name":"x","version":"1","depends":["python >=3.8,<3.9.0a0","libgcc-ng","_openmp_mutex[version='>=4']"]}"#,
                "x: _openmp_mutex libgcc-ng python",
            ),
            (
                "vendor/composer/installed.json",
                r#"[{"name":"a/b","version":"1","require":{"php":">=7","C/D":"*"},"provide":{"psr/log-implementation":"1"},"replace":[]}]"#,
                "a/b: c/d php / psr/log-implementation",
            ),
            (
                "app/A.deps.json",
                r#"{"runtimeTarget":{"name":"t"},"targets":{"t":{"A/1":{"dependencies":{"B":"2","runtimepack.C":"3"},"runtime":{"a":{}}},
                   "B/2":{"runtime":{"b":{}}}}},"libraries":{"A/1":{"type":"project"},"B/2":{"type":"package"}}}"#,
                "A: B@2 C@3; B:",
            ),
        ] {
            let (evidence, warnings) = catalog(path, content.as_bytes());
            assert!(warnings.is_empty(), "{path}: {warnings:?}");
            let shown = evidence.packages.iter().map(|package| {
                let of = |names: &[String], before: &str| match names {
                    [] => String::new(),
                    names => format!("{before} {}", names.join(" ")),
                };
                let provided = of(&package.provides, " /");
                format!("{}:{}{provided}", package.name, of(&package.requires, ""))
            });
            assert_eq!(shown.collect::<Vec<_>>().join("; "), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_content_panics(
            path in prop::sample::select(vec![
                "var/lib/dpkg/status", "var/lib/dpkg/status.d/base", "var/lib/dpkg/status.d/base.md5sums",
                "var/lib/dpkg/info/a.list", "usr/share/doc/a/copyright", "lib/apk/db/installed",
                "var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages.db", "var/lib/rpm/Packages",
                "var/lib/rpmmanifest/container-manifest-2",
                "a.dist-info/METADATA", "a.egg-info", "etc/os-release", "etc/debian_version",
                "a/pip/_vendor/vendor.txt", "a.dist-info/LICENSE", "a/node_modules/b/package.json", "a/specifications/b-1.gemspec",
                "a/vendor/composer/installed.json", "a.deps.json", "a/conda-meta/b.json", "opt/java/release", "opt/bitnami/a/.spdx-a.spdx", "a.cdx.json", "a.spdx",
                "a/releases/25/OTP_VERSION", "a/wp-includes/version.php", "installed.json", "etc/system-release-cpe",
                "var/lib/pacman/local/a-1/desc", "var/lib/chisel/manifest.wall", "var/lib/pacman/local/a-1/files", "var/db/pkg/a/b-1/CONTENTS",
                "var/db/pkg/a/b-1/LICENSE", "usr/lib/opkg/status", "usr/lib/opkg/info/a.list", "a/library/b/DESCRIPTION",
                "a/b.rockspec", "a/ebin/b.app", "a/.registry/b.reg", "wp-content/plugins/a/a.php",
            ]),
            lines in prop::collection::vec(prop_oneof![
                "(Package|Name|Version|Status|Source|License|P|V|F|R|ID|VERSION_ID|Format)[:=] ?.{0,20}",
                "(s|x)\\.(name|version|licenses) ?= ?[\"'\\[]{0,2}.{0,10}", "[a-z]{1,3}==.{0,6}",
                "(JAVA_VERSION|\\$wp_version) ?= ?['\"]?[0-9.]{0,5}['\"]?",
                "[{\\[]?\"(name|version|license|packages|libraries|targets)\": ?[\\[{]?\"[a-z/1]{0,6}\"?[,}\\]]{0,2}",
                "%(NAME|VERSION|FILES|DEPENDS)%", "(package|version|dependencies) ?= ?[\"'{]?.{0,8}[\"'}]?",
                "\\{(application|vsn), ?[\"']?.{0,6}[\"']?[,}]", "[as]:[0-9]:[\"{].{0,9}[\"}];?", "(obj|sym) .{0,9}",
                "[ *]{0,2}(Plugin Name|Version): ?.{0,6}",
                "\\PC{0,20}", Just(String::new()),
            ], 0..20),
            noise in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut content = lines.join("\n").into_bytes();
            content.extend(noise);
            let (evidence, _) = catalog(path, &content);
            for package in &evidence.packages {
                prop_assert!(!package.name.is_empty() && !package.version.is_empty());
            }
        }
    }
}
