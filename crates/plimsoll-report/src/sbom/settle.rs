//! What is told of packages by others of the same document, once all of it is read. Each package stands with what the
//! document's dependencies call it.

use std::collections::{HashMap, HashSet, VecDeque};

use plimsoll_core::{Ecosystem, Package, SourceEpochs};

/// Gives each source RPM the epoch of its binary package.
pub(super) fn set_source_epochs(packages: &mut [(Package, String)]) {
    let is_rpm = |package: &Package| package.ecosystem == Ecosystem::Rpm;
    let rpms = packages
        .iter()
        .map(|(package, _)| package)
        .filter(|one| is_rpm(one));
    let told = rpms.filter_map(|package| {
        let source = package.source.as_ref()?;
        Some((package.name.as_str(), package.version.as_str(), source))
    });
    let epochs = SourceEpochs::of(told);
    let rpms = packages.iter_mut().filter(|(package, _)| is_rpm(package));
    let sources = rpms.filter_map(|(package, _)| package.source.as_mut());
    sources.for_each(|source| epochs.set(source));
}

/// What a package of the distribution brought is not there twice. `owned` has owners, each with what it brought.
pub(super) fn leave_out_owned(packages: &mut Vec<(Package, String)>, owned: &[(String, String)]) {
    if owned.is_empty() {
        return;
    }
    let owners = of_distribution(packages);
    let owned = owned.iter().filter(|(owner, _)| owners.contains(owner));
    let owned: HashSet<&str> = owned.map(|(_, owned)| owned.as_str()).collect();
    packages.retain(|(package, reference)| {
        package.ecosystem.is_distribution() || !owned.contains(reference.as_str())
    });
}

/// Packages are proven by the files that hold them, where nothing else is said. Trivy hangs only the main module of a
/// program on its file, and the other modules on that: what is needed by what a file holds is in it, too.
///
/// `applications` are the paths of the files, by what the document calls them; `held` has holders, each with one that it
/// holds or needs.
pub(super) fn find_in_applications<'a>(
    packages: &mut [(Package, String)],
    applications: &HashMap<String, String>,
    held: impl Iterator<Item = &'a (String, String)>,
) {
    if applications.is_empty() {
        return;
    }
    let mut inner: HashMap<&str, Vec<&str>> = HashMap::new();
    for (holder, one) in held {
        inner.entry(holder).or_default().push(one);
    }
    let of_distribution = of_distribution(packages);
    let is_inside =
        |one: &str| !one.is_empty() && !of_distribution.contains(one) && !applications.contains_key(one);
    let files = applications.iter();
    let mut next: Vec<(&str, &str)> = files.map(|(holder, path)| (&**holder, &**path)).collect();
    next.sort_unstable();
    let mut next = VecDeque::from(next);
    // Nearest first, and nothing twice, so that circles end.
    let mut paths: HashMap<&str, &str> = HashMap::new();
    while let Some((holder, path)) = next.pop_front() {
        for &one in inner.get(holder).into_iter().flatten() {
            if is_inside(one) && !paths.contains_key(one) {
                paths.insert(one, path);
                next.push_back((one, path));
            }
        }
    }
    for (package, reference) in packages {
        if let Some(path) = paths
            .get(reference.as_str())
            .filter(|_| package.evidence.is_empty())
        {
            (*path).clone_into(&mut package.evidence);
        }
    }
}

fn of_distribution(packages: &[(Package, String)]) -> HashSet<String> {
    let of_distribution = packages
        .iter()
        .filter(|(package, _)| package.ecosystem.is_distribution());
    of_distribution.map(|(_, reference)| reference.clone()).collect()
}
