use std::collections::HashMap;

use plimsoll_core::Package;
use plimsoll_license::{Expression, License, read};

/// The licences of a package in the terms of SBOM documents.
pub(crate) struct Declared {
    /// Each licence that it states, read.
    pub(crate) licenses: Vec<License>,
    /// One expression for all of them, where all could be read.
    pub(crate) expression: Option<Expression>,
    /// Whether the canonical texts are not the stated ones, so that those are to be kept beside them.
    pub(crate) differs: bool,
}

/// Reads what packages state, each text once: packages of one distribution state the same ones again and again.
#[derive(Default)]
pub(crate) struct ReadLicenses<'a>(HashMap<&'a str, License>);

impl<'a> ReadLicenses<'a> {
    /// What `package` states, read.
    pub(crate) fn declared(&mut self, package: &'a Package) -> Declared {
        let Self(known) = self;
        let stated = package.licenses.iter();
        let licenses: Vec<License> = stated
            .map(|stated| known.entry(stated).or_insert_with(|| read(stated)).clone())
            .collect();
        let expressions: Option<Vec<Expression>> = licenses
            .iter()
            .map(|license| match license {
                License::Expression(expression) => Some(expression.clone()),
                License::Name(_) => None,
            })
            .collect();
        let texts = licenses.iter().map(License::text);
        Declared {
            differs: !texts.eq(package.licenses.iter().cloned()),
            expression: expressions.and_then(Expression::all),
            licenses,
        }
    }
}
