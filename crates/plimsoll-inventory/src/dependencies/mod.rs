//! Which of the packages of an image need which others.
//!
//! Databases of distributions are complete, so a name is enough there. A language's package needs what its own loader would
//! find: the search follows that, and where several candidates are left and the metadata alone do not say which one it
//! is, none is told.

mod node;

use std::borrow::Cow;

use foldhash::HashMap;
use plimsoll_core::{Dependencies, Ecosystem};

use crate::merge::MergedPackage;
use crate::told_once::normalized;

/// No package has more in practice.
const MOST: usize = 2000;
/// No more packages of one list of Composer's have the same name or stand for it.
const MOST_PROVIDERS: usize = 100;
/// Where pnpm keeps every package; elsewhere it only makes links to them.
const PNPM: &str = "node_modules/.pnpm/";
/// No name is longer.
const LONGEST: usize = 300;

/// What a package needs, or is needed by, as far as it is within the bounds; each once.
pub(crate) fn bounded<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Vec<String> {
    let names = names.into_iter().map(Into::into);
    let mut kept: Vec<String> = names
        .filter(|name: &String| !name.is_empty() && name.len() <= LONGEST)
        .take(MOST)
        .collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// Which of `packages` need which others. Those that a layer removed need none, and none needs them.
pub(crate) fn resolve(packages: &[MergedPackage<'_>]) -> Dependencies {
    let found = Packages::of(packages);
    let mut dependencies = Dependencies::default();
    let loaded = node::loaded(packages, || ());
    for (index, package) in packages.iter().enumerate() {
        if package.removed_by.is_some() {
            continue;
        }
        let needed = package.package.requires.iter();
        match loaded.get(&index) {
            Some(loaded) => {
                let one = |(name, loaded): (&String, &Option<usize>)| match loaded {
                    Some(loaded) => vec![*loaded],
                    None => found.needed(package, name),
                };
                dependencies.add(index, needed.zip(loaded).flat_map(one));
            }
            None => dependencies.add(index, needed.flat_map(|needed| found.needed(package, needed))),
        }
    }
    dependencies
}

/// Places in a list of packages, by names.
type Names<'a> = HashMap<(Ecosystem, Cow<'a, str>), Vec<usize>>;
/// The same among those alike, so that nobody has to look through all of a name: an image may have any number of them.
type Alike<'a> = HashMap<(Ecosystem, Cow<'a, str>, Group<'a>), Vec<usize>>;
/// What packages have in common that can need each other, as [`group`] tells it.
type Group<'a> = (&'a str, &'a str);

/// The packages that may be needed, by their names.
struct Packages<'a> {
    by_name: Names<'a>,
    alike: Alike<'a>,
    /// By the other names that they have.
    provided: Names<'a>,
    provided_alike: Alike<'a>,
}

impl<'a> Packages<'a> {
    fn of(all: &'a [MergedPackage<'a>]) -> Self {
        let mut found = Self {
            by_name: HashMap::default(),
            alike: HashMap::default(),
            provided: HashMap::default(),
            provided_alike: HashMap::default(),
        };
        for (index, package) in all.iter().enumerate().filter(|(_, one)| one.removed_by.is_none()) {
            let ecosystem = package.ecosystem;
            let name = compared(ecosystem, &package.package.name);
            let group = group(package);
            let by_name = found.by_name.entry((ecosystem, name.clone())).or_default();
            by_name.push(index);
            if let Some(group) = group {
                let alike = found.alike.entry((ecosystem, name, group)).or_default();
                alike.push(index);
            }
            for name in &package.package.provides {
                let name = Cow::Borrowed(name.as_str());
                let provided = found.provided.entry((ecosystem, name.clone())).or_default();
                provided.push(index);
                if let Some(group) = group {
                    let alike = found.provided_alike.entry((ecosystem, name, group));
                    alike.or_default().push(index);
                }
            }
        }
        found
    }

    /// The packages that `by` needs where it says `needed`.
    fn needed(&self, by: &MergedPackage<'_>, needed: &str) -> Vec<usize> {
        let path = by.file.path.as_str();
        match by.ecosystem {
            // Any of several will do: `default-mta | mail-transport-agent`.
            Ecosystem::Deb | Ecosystem::Opkg => {
                let alternatives = needed.split('|').filter_map(|name| self.installed(by, name));
                alternatives.collect()
            }
            Ecosystem::Apk | Ecosystem::Rpm | Ecosystem::Alpm => {
                self.installed(by, needed).into_iter().collect()
            }
            // Of what Node.js does not find as it is.
            Ecosystem::Npm => self.linked_by_pnpm(by, needed),
            // These list everything in one file, with the versions that are in use.
            Ecosystem::Go | Ecosystem::Cargo | Ecosystem::NuGet => {
                let (name, version) = needed.rsplit_once('@').unwrap_or((needed, ""));
                only(self.alike(by, name, (path, version)))
            }
            Ecosystem::Composer => {
                let provided = (by.ecosystem, Cow::Borrowed(needed), (path, ""));
                let provided = self.provided_alike.get(&provided).into_iter().flatten();
                let all = self.alike(by, needed, (path, "")).iter().chain(provided);
                all.copied().take(MOST_PROVIDERS).collect()
            }
            Ecosystem::PyPi | Ecosystem::Gem | Ecosystem::Conda => {
                let here = only(self.alike(by, needed, (library(path), "")));
                match here.is_empty() && by.ecosystem != Ecosystem::Conda {
                    true => only(self.named(by, needed)),
                    false => here,
                }
            }
            Ecosystem::Cran | Ecosystem::LuaRocks | Ecosystem::Otp => only(self.named(by, needed)),
            Ecosystem::Maven
            | Ecosystem::Portage
            | Ecosystem::Pear
            | Ecosystem::WordPress
            | Ecosystem::Generic => Vec::new(),
        }
    }

    fn named<'s>(&'s self, by: &MergedPackage<'_>, name: &'s str) -> &'s [usize] {
        let found = self.by_name.get(&(by.ecosystem, compared(by.ecosystem, name)));
        found.map_or(&[], Vec::as_slice)
    }

    fn alike<'s>(&'s self, by: &MergedPackage<'_>, name: &'s str, group: Group<'s>) -> &'s [usize] {
        let key = (by.ecosystem, compared(by.ecosystem, name), group);
        self.alike.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The package of the distribution that has this name or stands for it, for the same processor if there are several.
    fn installed(&self, by: &MergedPackage<'_>, name: &str) -> Option<usize> {
        let key = (by.ecosystem, Cow::Borrowed(name));
        let (any, alike) = match self.by_name.get(&key) {
            Some(named) => (named, &self.alike),
            None => (self.provided.get(&key)?, &self.provided_alike),
        };
        let same = match any.len() {
            1 => None,
            _ => alike.get(&(key.0, key.1, group(by)?)),
        };
        same.unwrap_or(any).first().copied()
    }

    /// The package that pnpm's links would lead to: all versions lie side by side in its own directory, so nothing tells
    /// which of several it is.
    fn linked_by_pnpm(&self, by: &MergedPackage<'_>, name: &str) -> Vec<usize> {
        match group(by) {
            Some(store) => only(self.alike(by, name, store)),
            None => Vec::new(),
        }
    }
}

/// What `package` has in common with those that it may need and that may need it, where its ecosystem asks for more than the
/// name: the processor, the file that lists all of them and the version, the library.
fn group<'a>(package: &MergedPackage<'a>) -> Option<Group<'a>> {
    let path = package.file.path.as_str();
    match package.ecosystem {
        Ecosystem::Deb | Ecosystem::Opkg | Ecosystem::Apk | Ecosystem::Rpm | Ecosystem::Alpm => {
            Some((package.package.architecture.as_deref().unwrap_or_default(), ""))
        }
        Ecosystem::Npm => Some((&path[..path.find(PNPM)? + PNPM.len()], "")),
        Ecosystem::Go | Ecosystem::Cargo | Ecosystem::NuGet => Some((path, &package.package.version)),
        Ecosystem::Composer => Some((path, "")),
        Ecosystem::PyPi | Ecosystem::Gem | Ecosystem::Conda => Some((library(path), "")),
        _ => None,
    }
}

/// The only one of `candidates`; none where there are several.
fn only(candidates: &[usize]) -> Vec<usize> {
    match candidates {
        [one] => vec![*one],
        _ => Vec::new(),
    }
}

/// The name as its ecosystem compares names.
fn compared(ecosystem: Ecosystem, name: &str) -> Cow<'_, str> {
    match ecosystem {
        Ecosystem::PyPi => Cow::Owned(normalized(name)),
        Ecosystem::NuGet | Ecosystem::Composer => Cow::Owned(name.to_ascii_lowercase()),
        _ => Cow::Borrowed(name),
    }
}

/// The directory in which a language's loader looks for packages: `site-packages` for
/// `site-packages/a-1.dist-info/METADATA`, the directory of `specifications` for a gem's.
fn library(path: &str) -> &str {
    let above = |path: &'_ str| -> usize { path.rfind('/').unwrap_or(0) };
    let directory = &path[..above(path)];
    let directory = directory.strip_suffix("/default").unwrap_or(directory);
    if directory.ends_with(".egg-info") || directory.ends_with(".dist-info") {
        return &directory[..above(directory)];
    }
    directory
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EvidenceFile, FoundPackage};

    /// Files with their packages: name, version, what it needs.
    type Given<'a> = &'a [(&'a str, Ecosystem, &'a [(&'a str, &'a str, &'a [&'a str])])];

    /// What needs what, in the order in which it is given: `a>b`.
    fn shown(given: Given<'_>) -> Vec<String> {
        let files: Vec<EvidenceFile> = given
            .iter()
            .map(|(path, _, packages)| EvidenceFile {
                path: (*path).to_owned(),
                packages: packages
                    .iter()
                    .map(|(name, version, requires)| {
                        let (name, provides) = name.split_once('=').unwrap_or((name, ""));
                        let (name, architecture) = name.split_once(':').unwrap_or((name, ""));
                        FoundPackage {
                            name: name.to_owned(),
                            version: (*version).to_owned(),
                            requires: bounded(requires.iter().copied()),
                            provides: bounded([provides]),
                            architecture: Some(architecture.to_owned()).filter(|one| !one.is_empty()),
                            ..FoundPackage::default()
                        }
                    })
                    .collect(),
                ..EvidenceFile::default()
            })
            .collect();
        let merged: Vec<MergedPackage<'_>> = files
            .iter()
            .zip(given)
            .flat_map(|(file, (_, ecosystem, _))| {
                file.packages.iter().map(|package| MergedPackage {
                    ecosystem: *ecosystem,
                    file,
                    package,
                    layer: 0,
                    removed_by: None,
                })
            })
            .collect();
        let dependencies = resolve(&merged);
        let pairs =
            (0..merged.len()).flat_map(|from| dependencies.of(from).iter().map(move |to| (from, *to)));
        let name = |index: usize| format!("{}@{}", merged[index].package.name, merged[index].package.version);
        pairs
            .map(|(from, to)| format!("{}>{}", name(from), name(to)))
            .collect()
    }

    #[test]
    fn debian_by_name_alternative_and_virtual_name() {
        let found = shown(&[(
            "var/lib/dpkg/status",
            Ecosystem::Deb,
            &[
                ("a", "1", &["b|c", "mta", "gone", "a"]),
                ("c", "1", &[]),
                ("exim=mta", "1", &["a"]),
            ],
        )]);
        assert_eq!(found, ["a@1>c@1", "a@1>exim@1", "exim@1>a@1"]);
    }

    #[test]
    fn of_the_same_processor_first() {
        let found = shown(&[(
            "var/lib/dpkg/status",
            Ecosystem::Deb,
            &[
                ("x:i386", "1", &["c", "m"]),
                ("x:amd64", "2", &["c", "m", "d|d"]),
                ("x:arm64", "3", &["c", "m"]),
                ("c:amd64", "1", &[]),
                ("c:i386", "2", &[]),
                ("e:amd64=m", "1", &[]),
                ("e:i386=m", "2", &[]),
                ("d:all", "1", &[]),
            ],
        )]);
        let expected = [
            "x@1>c@2", "x@1>e@2", "x@2>c@1", "x@2>e@1", "x@2>d@1", "x@3>c@1", "x@3>e@1",
        ];
        assert_eq!(found, expected);
    }

    /// Each of many packages of one name was looked at for each alternative of each requirement: hours where it is linear now.
    #[test]
    fn any_number_of_packages_has_one_name() {
        let name = |ecosystem, requires: &[String]| FoundPackage {
            name: "a".to_owned(),
            version: "1".to_owned(),
            architecture: Some("x".to_owned()).filter(|_| ecosystem == Ecosystem::Deb),
            requires: requires.to_vec(),
            ..FoundPackage::default()
        };
        for ecosystem in [
            Ecosystem::Deb,
            Ecosystem::Cargo,
            Ecosystem::Composer,
            Ecosystem::PyPi,
            Ecosystem::Npm,
            Ecosystem::Cran,
        ] {
            let many = 20_000;
            let mut packages: Vec<FoundPackage> = (0..many).map(|_| name(ecosystem, &[])).collect();
            let requires: Vec<String> = (0..MOST).map(|n| format!("{}c{n}", "a|".repeat(100))).collect();
            let asking = ["a".to_owned(), "a@1".to_owned()];
            packages.extend((0..many).map(|_| name(ecosystem, &asking)));
            packages.extend((0..5).map(|_| FoundPackage {
                architecture: Some("y".to_owned()),
                ..name(ecosystem, &requires)
            }));
            let file = EvidenceFile {
                path: "n/node_modules/.pnpm/a/package.json".to_owned(),
                ..EvidenceFile::default()
            };
            let merged: Vec<MergedPackage<'_>> = packages
                .iter()
                .map(|package| MergedPackage {
                    ecosystem,
                    file: &file,
                    package,
                    layer: 0,
                    removed_by: None,
                })
                .collect();
            let dependencies = resolve(&merged);
            let needed = dependencies.of(2 * many - 1).len();
            let expected = match ecosystem {
                Ecosystem::Deb => 1,
                Ecosystem::Composer => MOST_PROVIDERS,
                _ => 0,
            };
            assert_eq!(needed, expected, "{ecosystem:?}");
        }
    }

    #[test]
    fn node_as_it_loads() {
        let found = shown(&[
            ("app/package.json", Ecosystem::Npm, &[("app", "1", &["a", "b"])]),
            (
                "app/node_modules/a/package.json",
                Ecosystem::Npm,
                &[("a", "1", &["b", "@s/c"])],
            ),
            (
                "app/node_modules/a/node_modules/b/package.json",
                Ecosystem::Npm,
                &[("b", "1", &["a"])],
            ),
            (
                "app/node_modules/b/package.json",
                Ecosystem::Npm,
                &[("b", "2", &[])],
            ),
            (
                "node_modules/@s/c/package.json",
                Ecosystem::Npm,
                &[("@s/c", "3", &["b"])],
            ),
        ]);
        let expected = ["app@1>a@1", "app@1>b@2", "a@1>b@1", "a@1>@s/c@3", "b@1>a@1"];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_pnpm_links_is_told_if_there_is_but_one() {
        let store = "app/node_modules/.pnpm";
        let at =
            |name: &str, version: &str| format!("{store}/{name}@{version}/node_modules/{name}/package.json");
        let found = shown(&[
            (&at("a", "1"), Ecosystem::Npm, &[("a", "1", &["b", "c"])]),
            (&at("b", "1"), Ecosystem::Npm, &[("b", "1", &[])]),
            (&at("c", "1"), Ecosystem::Npm, &[("c", "1", &[])]),
            (&at("c", "2"), Ecosystem::Npm, &[("c", "2", &[])]),
            (
                "other/node_modules/b/package.json",
                Ecosystem::Npm,
                &[("b", "3", &[])],
            ),
        ]);
        assert_eq!(found, ["a@1>b@1"]);
    }

    #[test]
    fn python_in_the_same_place_first_and_never_by_guess() {
        let found = shown(&[
            (
                "v/s/A_x-1.dist-info/METADATA",
                Ecosystem::PyPi,
                &[("A_x", "1", &["b.y", "c", "d"])],
            ),
            (
                "v/s/b_y-1.dist-info/METADATA",
                Ecosystem::PyPi,
                &[("B-Y", "1", &["a-x"])],
            ),
            (
                "w/s/b_y-2.dist-info/METADATA",
                Ecosystem::PyPi,
                &[("b.y", "2", &[])],
            ),
            ("w/s/c-1.egg-info", Ecosystem::PyPi, &[("c", "1", &[])]),
            ("w/s/d-1.egg-info", Ecosystem::PyPi, &[("d", "1", &[])]),
            ("x/s/d-2.egg-info", Ecosystem::PyPi, &[("d", "2", &[])]),
        ]);
        assert_eq!(found, ["A_x@1>B-Y@1", "A_x@1>c@1", "B-Y@1>A_x@1"]);
    }

    #[test]
    fn files_that_list_everything_are_worlds_of_their_own() {
        let found = shown(&[
            (
                "bin/a",
                Ecosystem::Cargo,
                &[
                    ("app", "1", &["x@1", "x@2"]),
                    ("x", "1", &[]),
                    ("x", "2", &["y@1"]),
                ],
            ),
            ("bin/b", Ecosystem::Cargo, &[("y", "1", &[])]),
            (
                "v/composer/installed.json",
                Ecosystem::Composer,
                &[
                    ("a/b", "1", &["php", "C/d", "psr/log"]),
                    ("c/d", "1", &[]),
                    ("e/f=psr/log", "1", &[]),
                ],
            ),
        ]);
        assert_eq!(found, ["app@1>x@1", "app@1>x@2", "a/b@1>c/d@1", "a/b@1>e/f@1"]);
    }

    #[test]
    fn bounds() {
        assert_eq!(bounded((0..MOST + 5).map(|n| n.to_string())).len(), MOST);
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(bounded(["b", "", "a", "b", &long]), ["a", "b"]);
    }
}
