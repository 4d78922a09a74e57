use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings};
use crate::{EvidenceFile, FoundPackage};

/// Gentoo's packages: `var/db/pkg/CATEGORY/NAME-VERSION/CONTENTS`, with the licences in `LICENSE` beside it (Package Manager
/// Specification, "Version specifications"; Portage's documentation of its database).
pub(super) struct Portage;

enum File {
    Contents,
    License,
}

/// The file, and the category and the name with its version that stand in its path.
fn at(path: &str) -> Option<(File, &str, &str)> {
    let mut parts = path.strip_prefix("var/db/pkg/")?.split('/');
    let (category, package, name) = (parts.next()?, parts.next()?, parts.next()?);
    let file = match name {
        "CONTENTS" => File::Contents,
        "LICENSE" => File::License,
        _ => return None,
    };
    // `-MERGING-NAME-VERSION` is what Portage was still installing, or left behind when that failed.
    if package.starts_with('-') {
        return None;
    }
    parts.next().is_none().then_some((file, category, package))
}

/// Where the licences of the package stand that `evidence` names.
pub(crate) fn license_file(evidence: &str) -> Option<String> {
    Some(format!("{}/LICENSE", evidence.strip_suffix("/CONTENTS")?))
}

impl Cataloger for Portage {
    fn name(&self) -> &'static str {
        "portage"
    }

    fn version(&self) -> u32 {
        2
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Portage)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::Start("var/db/pkg/")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        at(path).map(|(file, ..)| match file {
            File::Contents => 64 << 20,
            File::License => 64 << 10,
        })
    }

    fn names_packages(&self, path: &str) -> bool {
        matches!(at(path), Some((File::Contents, ..)))
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let path = evidence.path.clone();
        match at(&path) {
            Some((File::Contents, category, package)) => match split(package) {
                Some((name, version)) => evidence.packages.push(FoundPackage {
                    name: format!("{category}/{name}"),
                    version: version.to_owned(),
                    ..FoundPackage::default()
                }),
                None => warnings.add("its directory does not name a package and its version"),
            },
            Some((File::License, ..)) => evidence.licenses = licenses(&String::from_utf8_lossy(content)),
            None => {}
        }
    }

    fn files(&self, content: &[u8], evidence: &mut EvidenceFile) {
        let path = evidence.path.clone();
        let mut files = Vec::new();
        self.owned(&path, content, &mut |path| {
            let path = path.strip_prefix(b"/").unwrap_or(path);
            files.push(String::from_utf8_lossy(path).into_owned());
        });
        if let Some(package) = evidence.packages.first_mut() {
            package.files = files;
        }
    }

    /// `obj PATH MD5 TIME` and `sym PATH -> TARGET TIME`; a path may have spaces in it.
    fn owned(&self, path: &str, content: &[u8], sink: &mut dyn FnMut(&[u8])) {
        if !matches!(at(path), Some((File::Contents, ..))) {
            return;
        }
        for line in content.split(|byte| *byte == b'\n') {
            if let Some(rest) = line.strip_prefix(b"obj ") {
                let mut parts = rest.rsplitn(3, |byte| *byte == b' ').skip(2);
                if let Some(path) = parts.next() {
                    sink(path);
                }
            } else if let Some(rest) = line.strip_prefix(b"sym ")
                && let Some(at) = memchr::memmem::find(rest, b" -> ")
            {
                sink(&rest[..at]);
            }
        }
    }
}

/// Name and version of `NAME-VERSION`, where the version may end in `-rN`.
fn split(package: &str) -> Option<(&str, &str)> {
    let is_revision = |text: &str| {
        let number = text.strip_prefix('r').unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (before, last) = package.rsplit_once('-')?;
    let at = match is_revision(last) {
        true => before.rfind('-')?,
        false => before.len(),
    };
    let (name, version) = (&package[..at], &package[at + 1..]);
    let starts = version.starts_with(|first: char| first.is_ascii_digit());
    (!name.is_empty() && starts).then_some((name, version))
}

/// The licences in `MIT || ( GPL-2 BSD )`: all of them apply, but of those in brackets behind two bars one will do.
fn licenses(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut choice: Option<Vec<&str>> = None;
    for word in text.split_ascii_whitespace() {
        match (word, &mut choice) {
            ("||", _) => choice = Some(Vec::new()),
            ("(", _) => {}
            (")", Some(_)) => found.extend(choice.take().map(|all| all.join(" OR "))),
            (")", None) => {}
            (condition, _) if condition.ends_with('?') => {}
            (name, Some(all)) => all.push(name),
            (name, None) => found.push(name.to_owned()),
        }
    }
    found.retain(|one| !one.is_empty() && one.len() <= 300);
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    #[test]
    fn names_and_versions() {
        for (package, expected) in [
            ("skopeo-1.5.1", Some(("skopeo", "1.5.1"))),
            ("bash-5.2_p21-r2", Some(("bash", "5.2_p21-r2"))),
            ("gtk+-2.24.33-r3", Some(("gtk+", "2.24.33-r3"))),
            ("font-adobe-100dpi-1.0.3", Some(("font-adobe-100dpi", "1.0.3"))),
            ("nothing", None),
            ("-1", None),
            ("a-r1", None),
        ] {
            assert_eq!(split(package), expected, "{package}");
        }
    }

    #[test]
    fn a_package_and_what_it_owns() {
        let contents = b"dir /usr/bin\nobj /usr/bin/a tool d41d8cd98f00b204e9800998ecf8427e 1649284372\n\
            sym /usr/bin/b -> a tool 1649284372\nobj short\nobj /usr/share/x d41d 1\n";
        let path = "var/db/pkg/app-misc/tool-1.5.1-r1/CONTENTS";
        let (mut evidence, warnings) = catalog(path, contents);
        assert!(warnings.is_empty());
        let tool = &evidence.packages[0];
        assert_eq!(
            (tool.name.as_str(), tool.version.as_str()),
            ("app-misc/tool", "1.5.1-r1")
        );
        assert_eq!(evidence.owns, ["usr/bin/a tool", "usr/bin/b"]);
        Portage.files(contents, &mut evidence);
        assert_eq!(
            evidence.packages[0].files,
            ["usr/bin/a tool", "usr/bin/b", "usr/share/x"]
        );
        assert_eq!(catalog("var/db/pkg/x/y/CONTENTS", b"").1.len(), 1);
        assert!(Portage.limit("var/db/pkg/a/b-1/c/CONTENTS").is_none());
        assert!(Portage.limit("var/db/pkg/a/b-1/SLOT").is_none());
        for name in ["CONTENTS", "LICENSE"] {
            let merging = format!("var/db/pkg/a/-MERGING-foo-1.0/{name}");
            assert!(Portage.limit(&merging).is_none());
        }
    }

    #[test]
    fn licences_that_one_may_choose_from() {
        let text = b"Apache-2.0 BSD || ( GPL-2 Artistic ) doc? ( FDL-1.3 )\n";
        let (evidence, _) = catalog("var/db/pkg/a/b-1/LICENSE", text);
        assert_eq!(
            evidence.licenses,
            ["Apache-2.0", "BSD", "GPL-2 OR Artistic", "FDL-1.3"]
        );
        assert_eq!(license_file("a/CONTENTS").as_deref(), Some("a/LICENSE"));
    }
}
