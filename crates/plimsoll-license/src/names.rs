use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt as _};

use crate::expression::{Expression, Term};

/// The SPDX identifiers by their names in lower case.
static IDS: LazyLock<HashMap<Vec<u8>, &'static str>> = LazyLock::new(|| {
    let all = spdx::identifiers::LICENSES.iter();
    all.map(|license| (license.name.to_ascii_lowercase().into_bytes(), license.name))
        .collect()
});

/// The SPDX identifiers by the licences' full names, written as [`key`] writes them.
static FULL_NAMES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut names = HashMap::with_capacity(spdx::identifiers::LICENSES.len());
    for license in spdx::identifiers::LICENSES {
        // The same text has more than one identifier where one is deprecated; the list has the current one first or
        // last, so it is asked for.
        if license.flags & spdx::flags::IS_DEPRECATED == 0 {
            names.entry(key(license.full_name)).or_insert(license.name);
        }
    }
    names
});

/// Names that are not the full name of the list, as [`key`] writes them, and what they stand for. Sources are the names
/// that PyPI's classifiers, Maven's and npm's packages, Debian's copyright files and Fedora's and SUSE's former lists use.
const LOOSE: &[(&str, &str)] = &[
    ("apache", "Apache-2.0"),
    ("apache 2", "Apache-2.0"),
    ("apache 2.0", "Apache-2.0"),
    ("apache2", "Apache-2.0"),
    ("apache2.0", "Apache-2.0"),
    ("apache software", "Apache-2.0"),
    ("apache software 2", "Apache-2.0"),
    ("apache software 2.0", "Apache-2.0"),
    ("apache 1.1", "Apache-1.1"),
    ("apache software 1.1", "Apache-1.1"),
    ("asl 1.0", "Apache-1.0"),
    ("asl 1.1", "Apache-1.1"),
    ("asl 2", "Apache-2.0"),
    ("asl 2.0", "Apache-2.0"),
    ("asl2.0", "Apache-2.0"),
    ("al 2.0", "Apache-2.0"),
    ("mit", "MIT"),
    ("expat", "MIT"),
    ("mit expat", "MIT"),
    ("mit x11", "MIT"),
    ("mit modern variant", "MIT-Modern-Variant"),
    ("mit with no attribution", "MIT-0"),
    ("x11", "X11"),
    ("bsd", "LicenseRef-BSD"),
    ("bsd style", "LicenseRef-BSD"),
    ("bsd like", "LicenseRef-BSD"),
    ("bsd 0 clause", "0BSD"),
    ("zero clause bsd", "0BSD"),
    ("bsd 1 clause", "BSD-1-Clause"),
    ("bsd 2", "BSD-2-Clause"),
    ("bsd2", "BSD-2-Clause"),
    ("bsd 2 clause", "BSD-2-Clause"),
    ("bsd 2clause", "BSD-2-Clause"),
    ("2 clause bsd", "BSD-2-Clause"),
    ("bsd 2 clause simplified", "BSD-2-Clause"),
    ("simplified bsd", "BSD-2-Clause"),
    ("freebsd", "BSD-2-Clause"),
    ("bsd 3", "BSD-3-Clause"),
    ("bsd3", "BSD-3-Clause"),
    ("bsd 3 clause", "BSD-3-Clause"),
    ("bsd 3clause", "BSD-3-Clause"),
    ("3 clause bsd", "BSD-3-Clause"),
    ("new bsd", "BSD-3-Clause"),
    ("revised bsd", "BSD-3-Clause"),
    ("modified bsd", "BSD-3-Clause"),
    ("bsd new", "BSD-3-Clause"),
    ("new bsd 3 clause", "BSD-3-Clause"),
    ("bsd 3 clause new or revised", "BSD-3-Clause"),
    ("edl 1.0", "BSD-3-Clause"),
    ("eclipse distribution 1.0", "BSD-3-Clause"),
    ("bsd 4 clause", "BSD-4-Clause"),
    ("4 clause bsd", "BSD-4-Clause"),
    ("bsd with advertising", "BSD-4-Clause"),
    ("bsd 4 clause uc", "BSD-4-Clause-UC"),
    ("isc", "ISC"),
    ("isc iscl", "ISC"),
    ("iscl", "ISC"),
    ("zlib", "Zlib"),
    ("zlib libpng", "Zlib"),
    ("libpng", "Libpng"),
    ("openssl", "OpenSSL"),
    ("openssl ssleay", "OpenSSL"),
    ("curl", "curl"),
    ("ntp", "NTP"),
    ("mpl", "MPL-2.0"),
    ("mpl 1.0", "MPL-1.0"),
    ("mpl1.0", "MPL-1.0"),
    ("mpl 1.1", "MPL-1.1"),
    ("mpl1.1", "MPL-1.1"),
    ("mpl 2", "MPL-2.0"),
    ("mpl 2.0", "MPL-2.0"),
    ("mpl2.0", "MPL-2.0"),
    ("mpl2", "MPL-2.0"),
    ("mozilla public 1.0 mpl", "MPL-1.0"),
    ("mozilla public 1.1", "MPL-1.1"),
    ("mozilla public 1.1 mpl 1.1", "MPL-1.1"),
    ("mozilla public 2", "MPL-2.0"),
    ("mozilla public 2.0", "MPL-2.0"),
    ("mozilla public 2.0 mpl 2.0", "MPL-2.0"),
    ("epl 1.0", "EPL-1.0"),
    ("epl1.0", "EPL-1.0"),
    ("epl 2.0", "EPL-2.0"),
    ("epl2.0", "EPL-2.0"),
    ("eclipse public 1.0", "EPL-1.0"),
    ("eclipse public 1.0 epl 1.0", "EPL-1.0"),
    ("eclipse public 2.0", "EPL-2.0"),
    ("eclipse public 2.0 epl 2.0", "EPL-2.0"),
    ("cddl", "CDDL-1.0"),
    ("cddl 1.0", "CDDL-1.0"),
    ("cddl 1.1", "CDDL-1.1"),
    ("common development and distribution 1.0 cddl 1.0", "CDDL-1.0"),
    ("cpl", "CPL-1.0"),
    ("common public", "CPL-1.0"),
    ("ibm", "IPL-1.0"),
    ("psf", "PSF-2.0"),
    ("psfl", "PSF-2.0"),
    ("psf 2.0", "PSF-2.0"),
    ("psf 2", "PSF-2.0"),
    ("python software foundation", "PSF-2.0"),
    ("python", "Python-2.0"),
    ("python 2.0", "Python-2.0"),
    ("artistic", "Artistic-1.0-Perl"),
    ("artistic clarified", "ClArtistic"),
    ("artistic 2", "Artistic-2.0"),
    ("artistic 2.0", "Artistic-2.0"),
    ("perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("same as perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("ruby", "Ruby"),
    ("php", "PHP-3.01"),
    ("php 3.0", "PHP-3.0"),
    ("php 3.01", "PHP-3.01"),
    ("zpl", "ZPL-2.1"),
    ("zpl 2.0", "ZPL-2.0"),
    ("zpl 2.1", "ZPL-2.1"),
    ("zpl2.1", "ZPL-2.1"),
    ("zope public", "ZPL-2.1"),
    ("boost", "BSL-1.0"),
    ("boost software", "BSL-1.0"),
    ("boost software 1.0", "BSL-1.0"),
    ("boost software 1.0 bsl 1.0", "BSL-1.0"),
    ("bsl", "BSL-1.0"),
    ("bsl 1.0", "BSL-1.0"),
    ("unlicense", "Unlicense"),
    ("cc0", "CC0-1.0"),
    ("cc0 1.0", "CC0-1.0"),
    ("cc0 1.0 universal", "CC0-1.0"),
    ("cc0 1.0 universal cc0 1.0 public domain dedication", "CC0-1.0"),
    ("cc by 3.0", "CC-BY-3.0"),
    ("cc by 4.0", "CC-BY-4.0"),
    ("cc by sa 3.0", "CC-BY-SA-3.0"),
    ("cc by sa 4.0", "CC-BY-SA-4.0"),
    ("public domain", "LicenseRef-public-domain"),
    ("wtfpl", "WTFPL"),
    ("beerware", "Beerware"),
    ("ofl", "OFL-1.1"),
    ("ofl 1.1", "OFL-1.1"),
    ("sil open font 1.1", "OFL-1.1"),
    ("sil open font 1.1 ofl 1.1", "OFL-1.1"),
    ("ncsa", "NCSA"),
    ("university of illinois ncsa open source", "NCSA"),
    ("unicode", "Unicode-DFS-2016"),
    ("unicode dfs 2016", "Unicode-DFS-2016"),
    ("ucd", "Unicode-DFS-2016"),
    ("vim", "Vim"),
    ("w3c", "W3C"),
    ("tcl", "TCL"),
    ("tcl tk", "TCL"),
    ("hpnd", "HPND"),
    ("historical permission notice and disclaimer hpnd", "HPND"),
    ("postgresql", "PostgreSQL"),
    ("sleepycat", "Sleepycat"),
    ("ssleay", "OpenSSL"),
    ("sgi", "SGI-B-2.0"),
    ("qpl", "QPL-1.0"),
    ("ftl", "FTL"),
    ("freetype", "FTL"),
    ("ijg", "IJG"),
    ("fsful", "FSFUL"),
    ("fsfullr", "FSFULLR"),
    ("fsfap", "FSFAP"),
    ("all permissive", "FSFAP"),
    ("openldap 2.8", "OLDAP-2.8"),
    ("gfdl niv 1.2", "GFDL-1.2-no-invariants-only"),
    ("gfdl niv 1.2+", "GFDL-1.2-no-invariants-or-later"),
    ("gfdl niv 1.3", "GFDL-1.3-no-invariants-only"),
    ("gfdl niv 1.3+", "GFDL-1.3-no-invariants-or-later"),
    ("bzip2", "bzip2-1.0.6"),
    ("universal permissive 1.0", "UPL-1.0"),
    ("upl", "UPL-1.0"),
    ("upl 1.0", "UPL-1.0"),
    ("afl 2.1", "AFL-2.1"),
    ("afl", "AFL-3.0"),
    ("academic free", "AFL-3.0"),
    ("ms pl", "MS-PL"),
    ("microsoft public", "MS-PL"),
    ("bouncy castle", "MIT"),
    ("blue oak model 1.0.0", "BlueOak-1.0.0"),
    ("eupl 1.1", "EUPL-1.1"),
    ("eupl 1.2", "EUPL-1.2"),
];

static LOOSE_NAMES: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| LOOSE.iter().copied().collect());

/// The identifier of the SPDX list that `name` is, in any case.
pub(crate) fn spdx_id(name: &str) -> Option<&'static str> {
    /// None is longer.
    const LONGEST: usize = 64;
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    IDS.get(&*lower).copied()
}

/// What a name stands for: an identifier, or a name of the tables.
pub(crate) fn find(name: &str) -> Option<Expression> {
    let key = key(name);
    let listed = || {
        LOOSE_NAMES
            .get(key.as_str())
            .or_else(|| FULL_NAMES.get(&key))
            .copied()
    };
    let text = spdx_id(name).or_else(listed)?;
    let term = |id: &str| {
        Expression::License(Term {
            license: id.to_owned(),
            or_later: false,
            exception: None,
        })
    };
    Expression::joined(text.split(" OR ").map(term).collect(), false)
}

/// The licence whose text is at an address, as Maven's and .NET's packages name them.
pub(crate) fn of_page(address: &str) -> Option<Expression> {
    let lower = address.to_ascii_lowercase();
    let rest = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"))?;
    let rest = rest.strip_prefix("www.").unwrap_or(rest).trim_end_matches('/');
    let rest = [".html", ".txt", ".php"]
        .into_iter()
        .find_map(|extension| rest.strip_suffix(extension))
        .unwrap_or(rest);
    let (host, page) = rest.split_once('/')?;
    let name = page.rsplit('/').next()?;
    match host {
        "apache.org" => find(&name.replace("license-", "apache-")),
        "opensource.org" | "spdx.org" | "gnu.org" => match crate::gnu::read(name) {
            Some(id) => find(&id),
            None => find(spdx_id(name)?),
        },
        "mozilla.org" => find(&format!("mpl-{name}")),
        "eclipse.org" => find(&name.replace("epl-v10", "epl-1.0").replace("epl-v20", "epl-2.0")),
        _ => None,
    }
}

/// The exception of the SPDX list that `name` is: its identifier in any case, with or without the word `exception`, or
/// one of the short names of Debian's copyright files.
pub(crate) fn exception(name: &str) -> Option<&'static str> {
    let listed = |name: &str| {
        let mut all = spdx::identifiers::EXCEPTIONS.iter();
        all.find(|known| known.name.eq_ignore_ascii_case(name))
            .map(|known| known.name)
    };
    let lower = name.to_lowercase();
    let short = lower
        .trim_end_matches(" exceptions")
        .trim_end_matches(" exception");
    let dashed = short.replace(' ', "-");
    let found = listed(name)
        .or_else(|| listed(&dashed))
        .or_else(|| listed(&format!("{dashed}-exception")));
    found.or(match dashed.as_str() {
        "autoconf" => Some("Autoconf-exception-2.0"),
        "bison" | "bison-2.2" => Some("Bison-exception-2.2"),
        "classpath" => Some("Classpath-exception-2.0"),
        "font" => Some("Font-exception-2.0"),
        "gcc" | "gcc-runtime-library" => Some("GCC-exception-3.1"),
        _ => None,
    })
}

/// A name without what differs from one writer to the next: case, punctuation, `the`, `license`, `version`.
fn key(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '+'));
    let mut key = String::with_capacity(lower.len());
    let mut count = 0;
    for word in words {
        let word = word.trim_matches('.');
        let word = match word.strip_prefix('v') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
            _ => word,
        };
        let said = !matches!(
            word,
            "" | "the" | "license" | "licence" | "licenses" | "version" | "v" | "licensed" | "under"
        );
        if said {
            if count > 0 {
                key.push(' ');
            }
            key.push_str(word);
            count += 1;
        }
    }
    // `MIT License (MIT)` says it twice.
    if let (2, Some((first, second))) = (count, key.split_once(' '))
        && first == second
    {
        key.truncate(first.len());
    }
    let has = |part: &[u8]| key.as_bytes().windows(part.len()).any(|there| there == part);
    if has(b"mplv") || has(b"eplv") {
        key = key.replace("mplv", "mpl").replace("eplv", "epl");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_is_found() {
        for license in spdx::identifiers::LICENSES {
            assert_eq!(spdx_id(&license.name.to_uppercase()), Some(license.name));
        }
    }

    #[test]
    fn the_table_leads_to_the_list_only() {
        for (name, expression) in LOOSE {
            assert_eq!(&key(name), name, "not as `key` writes it");
            for id in expression.split(" OR ") {
                let known = spdx::license_id(id).is_some_and(|known| !known.is_deprecated());
                assert!(known || id.starts_with("LicenseRef-"), "{id}");
            }
        }
    }
}
