use plimsoll_core::{Ecosystem, LicenseFinding};

use super::file_path;
use super::model::{Entry, License};

/// One entry for the distribution's packages and one for each language, as Trivy has them.
pub(super) fn licenses(findings: &[LicenseFinding]) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for finding in findings {
        let package = &finding.package;
        let target = license_target(package.ecosystem);
        let license = License {
            severity: finding.severity.as_str(),
            category: finding.category,
            pkg_name: &package.name,
            file_path: file_path(package).unwrap_or_default(),
            name: &finding.license,
            text: "",
            confidence: 1,
            link: license_page(&finding.license),
        };
        match entries.iter_mut().find(|entry| entry.target == target) {
            Some(entry) => entry.licenses.push(license),
            None => entries.push(Entry {
                target: target.to_owned(),
                class: "license",
                licenses: vec![license],
                ..Entry::default()
            }),
        }
    }
    entries
}

fn license_target(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Deb
        | Ecosystem::Apk
        | Ecosystem::Rpm
        | Ecosystem::Alpm
        | Ecosystem::Portage
        | Ecosystem::Opkg => "OS Packages",
        Ecosystem::PyPi => "Python",
        Ecosystem::Npm => "Node.js",
        Ecosystem::Gem => "Ruby",
        Ecosystem::Maven => "Java",
        Ecosystem::Go => "Go",
        Ecosystem::Cargo => "Rust",
        Ecosystem::Composer => "PHP",
        Ecosystem::NuGet => ".NET",
        Ecosystem::Conda => "Conda",
        Ecosystem::Cran => "R",
        Ecosystem::LuaRocks => "Lua",
        Ecosystem::Otp => "Erlang",
        Ecosystem::Pear => "PEAR",
        Ecosystem::WordPress => "WordPress",
        Ecosystem::Generic => "Programs",
    }
}

/// The page of the SPDX list for a licence of that list.
fn license_page(license: &str) -> String {
    match plimsoll_license::read(license) {
        plimsoll_license::License::Expression(expression) => match expression.id() {
            Some(id) => format!("https://spdx.org/licenses/{id}.html"),
            None => String::new(),
        },
        plimsoll_license::License::Name(_) => String::new(),
    }
}
