use plimsoll_core::{LicenseCategory, Severity};

/// Identifiers by category, after Google's classification of licences and, where that is silent, by the same
/// measure. A name that ends with `*` stands for all that begin with it. The first entry that fits holds.
const CATEGORIES: &[(&str, LicenseCategory)] = {
    use LicenseCategory::{Forbidden, Notice, Reciprocal, Restricted, Unencumbered};
    &[
        ("AGPL-*", Forbidden),
        ("Aladdin", Forbidden),
        ("BUSL-*", Forbidden),
        ("CC-BY-NC-*", Forbidden),
        ("Elastic-*", Forbidden),
        ("JSON", Forbidden),
        ("PolyForm-*", Forbidden),
        ("SSPL-*", Forbidden),
        ("WTFPL", Forbidden),
        ("CC-BY-ND-*", Restricted),
        ("CC-BY-SA-*", Restricted),
        ("EUPL-*", Restricted),
        ("GFDL-*", Restricted),
        ("GPL-*", Restricted),
        ("LGPL-*", Restricted),
        ("LGPLLR", Restricted),
        ("LiLiQ-R*", Restricted),
        ("NPL-*", Restricted),
        ("OSL-*", Restricted),
        ("QPL-*", Restricted),
        ("RPL-*", Restricted),
        ("Sleepycat", Restricted),
        ("copyleft-next-*", Restricted),
        ("APSL-*", Reciprocal),
        ("CDDL-*", Reciprocal),
        ("CPL-*", Reciprocal),
        ("EPL-*", Reciprocal),
        ("FreeImage", Reciprocal),
        ("IPL-*", Reciprocal),
        ("MPL-*", Reciprocal),
        ("Ruby", Reciprocal),
        ("0BSD", Unencumbered),
        ("CC-PDDC", Unencumbered),
        ("CC0-*", Unencumbered),
        ("LicenseRef-public-domain", Unencumbered),
        ("LicenseRef-Fedora-Public-Domain", Unencumbered),
        ("LicenseRef-SUSE-Public-Domain", Unencumbered),
        ("PDDL-*", Unencumbered),
        ("SAX-PD*", Unencumbered),
        ("Unlicense*", Unencumbered),
        ("blessing", Unencumbered),
        ("libselinux-1.0", Unencumbered),
        ("AFL-*", Notice),
        ("AMPAS", Notice),
        ("Apache-*", Notice),
        ("Artistic-*", Notice),
        ("BSD-*", Notice),
        ("BSL-*", Notice),
        ("Beerware", Notice),
        ("BlueOak-*", Notice),
        ("CC-BY-*", Notice),
        ("CNRI-*", Notice),
        ("ClArtistic", Notice),
        ("FSF*", Notice),
        ("FTL", Notice),
        ("HPND*", Notice),
        ("ICU", Notice),
        ("IJG*", Notice),
        ("ISC*", Notice),
        ("Libpng", Notice),
        ("libpng-*", Notice),
        ("LicenseRef-BSD", Notice),
        ("MIT*", Notice),
        ("MS-PL", Notice),
        ("MirOS", Notice),
        ("NCSA", Notice),
        ("NTP*", Notice),
        ("OFL-*", Notice),
        ("OLDAP-*", Notice),
        ("OpenSSL*", Notice),
        ("PHP-*", Notice),
        ("PSF-*", Notice),
        ("PostgreSQL", Notice),
        ("Python-*", Notice),
        ("SGI-*", Notice),
        ("SSH-*", Notice),
        ("Spencer-*", Notice),
        ("TCL", Notice),
        ("UPL-*", Notice),
        ("Unicode-*", Notice),
        ("Vim", Notice),
        ("W3C*", Notice),
        ("X11*", Notice),
        ("Xnet", Notice),
        ("ZPL-*", Notice),
        ("Zend-*", Notice),
        ("Zlib", Notice),
        ("zlib-*", Notice),
        ("bzip2-*", Notice),
        ("curl", Notice),
    ]
};

/// What the licence with this SPDX identifier asks of who passes the software on. For one that nobody has classified,
/// the SPDX list itself decides: copyleft is restricted, what is free and no copyleft asks for notice.
pub fn category(id: &str) -> LicenseCategory {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => id.starts_with(prefix),
        None => id == pattern,
    };
    if let Some((_, category)) = CATEGORIES.iter().find(|(pattern, _)| fits(pattern)) {
        return *category;
    }
    match spdx::license_id(id) {
        Some(known) if known.is_copyleft() => LicenseCategory::Restricted,
        Some(known) if known.is_osi_approved() || known.is_fsf_free_libre() => LicenseCategory::Notice,
        _ => LicenseCategory::Unknown,
    }
}

/// How bad a category is, as Trivy grades them.
pub fn severity(category: LicenseCategory) -> Severity {
    match category {
        LicenseCategory::Forbidden => Severity::Critical,
        LicenseCategory::Restricted => Severity::High,
        LicenseCategory::Reciprocal => Severity::Medium,
        LicenseCategory::Notice | LicenseCategory::Permissive | LicenseCategory::Unencumbered => {
            Severity::Low
        }
        LicenseCategory::Unknown => Severity::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{License, read};

    #[test]
    fn categories_of_expressions() {
        use LicenseCategory::*;
        for (text, expected) in [
            ("MIT", Notice),
            ("GPL-2.0-only", Restricted),
            ("GPL-2.0-or-later WITH Classpath-exception-2.0", Restricted),
            ("AGPL-3.0-only", Forbidden),
            ("MPL-2.0", Reciprocal),
            ("CC0-1.0", Unencumbered),
            ("public domain", Unencumbered),
            ("MIT OR GPL-2.0-only", Notice),
            ("MIT AND GPL-2.0-only", Restricted),
            ("MIT AND LicenseRef-x", Unknown),
            ("GPL-2.0-only AND LicenseRef-x", Restricted),
            ("MIT OR LicenseRef-x", Notice),
            ("LicenseRef-x", Unknown),
            ("CECILL-2.1", Restricted),
            ("ECL-2.0", Notice),
            ("CC-BY-NC-SA-4.0", Forbidden),
            ("CC-BY-SA-4.0", Restricted),
            ("CC-BY-4.0", Notice),
        ] {
            let License::Expression(expression) = read(text) else {
                panic!("{text}")
            };
            assert_eq!(expression.category(), expected, "{text}");
        }
    }

    #[test]
    fn every_pattern_fits_something() {
        for (pattern, _) in CATEGORIES {
            let prefix = pattern.trim_end_matches('*');
            let fits = |license: &spdx::License| match pattern.ends_with('*') {
                true => license.name.starts_with(prefix),
                false => license.name == prefix,
            };
            let known = spdx::identifiers::LICENSES.iter().any(fits);
            assert!(known || prefix.starts_with("LicenseRef-"), "{pattern}");
        }
    }
}
