use foldhash::{HashMap, HashMapExt as _};
use plimsoll_core::Package;
use plimsoll_license::{Expression, License, read};

/// The licences of a package in the terms of SBOM documents.
pub(crate) struct Declared<'a> {
    /// Each licence that it states, read.
    pub(crate) licenses: Vec<&'a License>,
    /// Whether the canonical texts are not the stated ones, so that those are to be kept beside them.
    pub(crate) differs: bool,
}

impl Declared<'_> {
    /// One expression for all of them, where all could be read.
    pub(crate) fn expression(&self) -> Option<Expression> {
        let expressions = self.licenses.iter().map(|license| match license {
            License::Expression(expression) => Some(expression.clone()),
            License::Name(_) => None,
        });
        expressions.collect::<Option<_>>().and_then(Expression::all)
    }
}

/// What packages state, each text read once: packages of one distribution state the same ones again and again.
pub(crate) struct ReadLicenses<'a>(HashMap<&'a str, Read>);

struct Read {
    license: License,
    /// Whether its canonical text is not the stated one.
    differs: bool,
}

impl<'a> ReadLicenses<'a> {
    /// Reads all that `packages` state.
    pub(crate) fn new(packages: &'a [Package]) -> Self {
        let mut all = HashMap::new();
        for stated in packages.iter().flat_map(|package| &package.licenses) {
            all.entry(stated.as_str()).or_insert_with(|| {
                let license = read(stated);
                let differs = license.text() != *stated;
                Read { license, differs }
            });
        }
        Self(all)
    }

    /// What `package`, which is one of those, states.
    pub(crate) fn declared(&self, package: &Package) -> Declared<'_> {
        let stated = package.licenses.iter();
        let read: Vec<&Read> = stated.filter_map(|stated| self.0.get(stated.as_str())).collect();
        Declared {
            differs: read.iter().any(|one| one.differs),
            licenses: read.into_iter().map(|one| &one.license).collect(),
        }
    }
}
