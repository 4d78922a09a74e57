//! Packages that two files tell of: one of them is enough.

use foldhash::HashSet;
use plimsoll_core::Ecosystem;

use crate::merge::MergedPackage;

/// A Python distribution: the directory above its evidence, its name as PyPI compares names, its version.
type Distribution<'a> = (&'a str, String, &'a str);

/// Leaves out Conda packages and packages on a list of carried ones that have metadata of their own as Python
/// distributions: those are what advisories are about.
///
/// Also leaves out programs whose maker's document tells of them.
pub(crate) fn once(packages: Vec<MergedPackage<'_>>) -> Vec<MergedPackage<'_>> {
    let packages = listed(documented(packages));
    let doubtful = |package: &MergedPackage<'_>| place(package).is_some();
    if !packages.iter().any(doubtful) {
        return packages;
    }
    let distributions: HashSet<Distribution<'_>> = packages
        .iter()
        .filter(|package| package.ecosystem == Ecosystem::PyPi && !doubtful(package))
        .flat_map(|package| above(&package.file.path).map(|directory| distribution(directory, package)))
        .collect();
    packages
        .into_iter()
        .filter(|package| {
            place(package).is_none_or(|place| !distributions.contains(&distribution(place, package)))
        })
        .collect()
}

/// Leaves out programs that are told by the version in them, where a document above them (`opt/bitnami/NAME/.spdx-NAME.spdx`)
/// names them.
fn documented(packages: Vec<MergedPackage<'_>>) -> Vec<MergedPackage<'_>> {
    let mut documents: HashSet<(String, String)> = HashSet::default();
    for package in &packages {
        if let Some(directory) = documents_in(package) {
            documents.insert((directory.to_owned(), program(package)));
        }
    }
    if documents.is_empty() {
        return packages;
    }
    let is_told = |package: &MergedPackage<'_>| {
        package.ecosystem == Ecosystem::Generic
            && documents_in(package).is_none()
            && above(&package.file.path)
                .any(|directory| documents.contains(&(directory.to_owned(), program(package))))
    };
    packages.into_iter().filter(|package| !is_told(package)).collect()
}

/// Leaves out .NET assemblies that stand beside a list of what is there (`NAME.deps.json`), or below one that names the same
/// package.
fn listed(packages: Vec<MergedPackage<'_>>) -> Vec<MergedPackage<'_>> {
    let is_assembly = |package: &MergedPackage<'_>| {
        package.ecosystem == Ecosystem::NuGet && package.file.cataloger == "programs"
    };
    if !packages.iter().any(is_assembly) {
        return packages;
    }
    let directory = |path: &str| {
        path.rsplit_once('/')
            .map_or("", |(directory, _)| directory)
            .to_owned()
    };
    let name = |package: &MergedPackage<'_>| package.package.name.to_ascii_lowercase();
    let lists = || {
        packages
            .iter()
            .filter(|one| one.ecosystem == Ecosystem::NuGet && !is_assembly(one))
    };
    let with_list: HashSet<String> = lists().map(|one| directory(&one.file.path)).collect();
    let named: HashSet<(String, String)> = lists()
        .map(|one| (directory(&one.file.path), name(one)))
        .collect();
    let is_told = |package: &MergedPackage<'_>| {
        with_list.contains(&directory(&package.file.path))
            || above(&package.file.path).any(|above| named.contains(&(above.to_owned(), name(package))))
    };
    let told: Vec<bool> = packages
        .iter()
        .map(|one| is_assembly(one) && is_told(one))
        .collect();
    let mut told = told.into_iter();
    packages
        .into_iter()
        .filter(|_| !told.next().unwrap_or_default())
        .collect()
}

/// The directory of the document that names a package, if one does.
fn documents_in<'a>(package: &MergedPackage<'a>) -> Option<&'a str> {
    let (directory, file) = package.file.path.rsplit_once('/')?;
    file.starts_with(".spdx-").then_some(directory)
}

/// A program's name where documents have another one for it.
fn program(package: &MergedPackage<'_>) -> String {
    match package.package.name.as_str() {
        "apache" => "httpd",
        "java" | "jre" | "jdk" => "openjdk",
        name => name,
    }
    .to_owned()
}

/// The directory below which the metadata of the same package would be.
fn place<'a>(package: &MergedPackage<'a>) -> Option<&'a str> {
    let path = package.file.path.as_str();
    match package.ecosystem {
        Ecosystem::Conda => Some(path.rsplit_once("conda-meta/")?.0.trim_end_matches('/')),
        Ecosystem::PyPi if path.ends_with("/vendor.txt") || path.ends_with("/vendored.txt") => {
            Some(path.rsplit_once('/')?.0)
        }
        _ => None,
    }
}

fn distribution<'a>(directory: &'a str, package: &MergedPackage<'a>) -> Distribution<'a> {
    (
        directory,
        normalized(&package.package.name),
        &package.package.version,
    )
}

/// The directories above a file, the root of the image as an empty text.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at);
    std::iter::once(0).chain(ends).map(|end| &path[..end])
}

/// The name as PyPI compares it (PEP 503).
pub(crate) fn normalized(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for char in name.chars() {
        match char {
            '-' | '_' | '.' if normalized.ends_with('-') => {}
            '-' | '_' | '.' => normalized.push('-'),
            _ => normalized.push(char.to_ascii_lowercase()),
        }
    }
    normalized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_directories() {
        assert_eq!(normalized("Foo__Bar.-baz"), "foo-bar-baz");
        assert_eq!(above("a/b/c").collect::<Vec<_>>(), ["", "a", "a/b"]);
    }
}
