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

/// What `package` states, read.
pub(crate) fn declared(package: &Package) -> Declared {
    let licenses: Vec<License> = package.licenses.iter().map(|stated| read(stated)).collect();
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
