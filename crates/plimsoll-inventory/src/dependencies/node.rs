//! What Node.js loads: for a name, the first `node_modules` that has it, from the package's own directory upwards (Node.js
//! documentation, "Loading from `node_modules` folders").
//!
//! The directories are gone through in the order of a walk, with a stack of packages for each name, as a compiler keeps
//! the scopes of variables. So each requirement is looked up once, however deep its manifest lies.

use foldhash::HashMap;
use plimsoll_core::Ecosystem;

use crate::merge::MergedPackage;

/// What is of interest in a directory.
#[derive(Default)]
struct Directory<'a> {
    /// The packages of the `node_modules` in it, by the names of their own directories.
    modules: HashMap<&'a str, usize>,
    /// The packages whose manifests lie in it.
    manifests: Vec<usize>,
}

/// For each package of Node.js, by its place in `packages`, what would be loaded for each name that it requires. What a layer
/// removed is not there. `step` is called for each thing that is done.
pub(super) fn loaded(
    packages: &[MergedPackage<'_>],
    mut step: impl FnMut(),
) -> HashMap<usize, Vec<Option<usize>>> {
    let mut directories: HashMap<&str, Directory<'_>> = HashMap::default();
    for (index, package) in packages.iter().enumerate() {
        if package.ecosystem != Ecosystem::Npm || package.removed_by.is_some() {
            continue;
        }
        step();
        let Some(own) = package.file.path.strip_suffix("package.json") else {
            continue;
        };
        let own = own.trim_end_matches('/');
        directories.entry(own).or_default().manifests.push(index);
        if let Some((above, name)) = installed(own) {
            directories.entry(above).or_default().modules.insert(name, index);
        }
    }
    let mut sorted: Vec<(&str, Directory<'_>)> = directories.into_iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.split('/').cmp(b.split('/')));

    let mut loaded = HashMap::default();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::default();
    let mut open: Vec<(&str, Vec<&str>)> = Vec::new();
    for (path, directory) in sorted {
        while let Some((_, names)) = open.pop_if(|(scope, _)| !is_within(path, scope)) {
            for name in names {
                step();
                by_name.get_mut(name).and_then(Vec::pop);
            }
        }
        if !directory.modules.is_empty() {
            for (name, index) in &directory.modules {
                step();
                by_name.entry(name).or_default().push(*index);
            }
            open.push((path, directory.modules.into_keys().collect()));
        }
        for index in directory.manifests {
            let nearest = |name: &String| {
                step();
                by_name.get(name.as_str()).and_then(|all| all.last()).copied()
            };
            loaded.insert(
                index,
                packages[index].package.requires.iter().map(nearest).collect(),
            );
        }
    }
    loaded
}

/// The directory whose `node_modules` a package's directory lies in, and the name by which it is found there: `NAME` or
/// `@SCOPE/NAME`. A `node_modules` is not looked for in another one.
fn installed(directory: &str) -> Option<(&str, &str)> {
    let parent = |path: &str| path.rfind('/');
    let last = parent(directory)?;
    let before = parent(&directory[..last]).map_or(0, |at| at + 1);
    let (modules, name) = match directory[before..last].starts_with('@') {
        true => (directory[..before].strip_suffix('/')?, &directory[before..]),
        false => (&directory[..last], &directory[last + 1..]),
    };
    let above = modules.strip_suffix("node_modules")?;
    let above = match above.strip_suffix('/') {
        Some(above) => above,
        None if above.is_empty() => above,
        // `xnode_modules`
        None => return None,
    };
    let is_modules = above == "node_modules" || above.ends_with("/node_modules");
    (!is_modules).then_some((above, name))
}

fn is_within(path: &str, scope: &str) -> bool {
    let below = path.strip_prefix(scope);
    scope.is_empty() || below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EvidenceFile, FoundPackage};

    fn file(path: &str, requires: &[String]) -> EvidenceFile {
        EvidenceFile {
            path: path.to_owned(),
            packages: vec![FoundPackage {
                requires: requires.to_vec(),
                ..FoundPackage::default()
            }],
            ..EvidenceFile::default()
        }
    }

    fn merged(files: &[EvidenceFile]) -> Vec<MergedPackage<'_>> {
        let package = |file| MergedPackage {
            ecosystem: Ecosystem::Npm,
            file,
            package: &file.packages[0],
            layer: 0,
            removed_by: None,
        };
        files.iter().map(package).collect()
    }

    #[test]
    fn where_packages_are_installed() {
        for (directory, found) in [
            ("node_modules/a", Some(("", "a"))),
            ("app/node_modules/a", Some(("app", "a"))),
            ("app/node_modules/@s/a", Some(("app", "@s/a"))),
            ("node_modules/@s/a", Some(("", "@s/a"))),
            ("node_modules/a/node_modules/b", Some(("node_modules/a", "b"))),
            ("node_modules/node_modules/a", None),
            ("app/xnode_modules/a", None),
            ("app/node_modules/a/lib", None),
            ("@s/a", None),
            ("app", None),
            ("", None),
        ] {
            assert_eq!(installed(directory), found, "{directory}");
        }
    }

    /// The same as asking for each name in each directory upwards.
    #[test]
    fn the_nearest_is_loaded() {
        let names = ["a", "b", "@s/c"].map(str::to_owned);
        let files: Vec<EvidenceFile> = [
            "package.json",
            "node_modules/a/package.json",
            "node_modules/a/node_modules/b/package.json",
            "node_modules/a/node_modules/b/test/package.json",
            "node_modules/a-b/package.json",
            "node_modules/a-b/node_modules/@s/c/package.json",
            "node_modules/a-b/node_modules/node_modules/b/package.json",
            "node_modules/b/package.json",
            "app/package.json",
            "app/node_modules/a/package.json",
            "app.old/package.json",
            "app.old/node_modules/b/package.json",
            "app.old/node_modules/@s/c/package.json",
            "app.old/node_modules/@s/c/deep/er/package.json",
        ]
        .iter()
        .map(|path| file(path, &names))
        .collect();
        let place = |path: &str| files.iter().position(|file| file.path == path);
        let packages = merged(&files);
        let loaded = loaded(&packages, || ());
        for (index, file) in files.iter().enumerate() {
            let upwards = |name: &String| {
                let mut directory = file
                    .path
                    .strip_suffix("package.json")
                    .unwrap()
                    .trim_end_matches('/');
                loop {
                    let is_modules = directory.rsplit('/').next() == Some("node_modules");
                    let candidate = format!("{directory}/node_modules/{name}/package.json");
                    match place(candidate.trim_start_matches('/')) {
                        Some(found) if !is_modules => return Some(found),
                        _ if directory.is_empty() => return None,
                        _ => directory = directory.rsplit_once('/').map_or("", |(above, _)| above),
                    }
                }
            };
            let expected: Vec<Option<usize>> = names.iter().map(upwards).collect();
            assert_eq!(loaded[&index], expected, "{}", file.path);
        }
    }

    /// Each of a thousand directories above has modules, and none has what is required.
    #[test]
    fn depth_costs_nothing_for_each_requirement() {
        let (depth, many) = (1000, 2000);
        let mut files: Vec<EvidenceFile> = (0..depth)
            .map(|level| file(&format!("{}node_modules/x/package.json", "d/".repeat(level)), &[]))
            .collect();
        let requires: Vec<String> = (0..many).map(|number| format!("n{number}")).collect();
        files.push(file(&format!("{}package.json", "d/".repeat(depth)), &requires));
        let packages = merged(&files);
        let mut steps = 0;
        let loaded = loaded(&packages, || steps += 1);
        assert_eq!(loaded[&depth], vec![None; many]);
        assert!(steps <= 3 * (depth + 1) + many, "{steps} steps");
    }
}
