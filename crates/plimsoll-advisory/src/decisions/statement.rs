use jiff::Timestamp;
use plimsoll_core::{Decision, Purl};

use super::expiry::Expiry;
use super::plimsollignore::Pattern;

/// The thing that was scanned, as VEX documents may name it.
#[derive(Debug, Clone, Default)]
pub struct Product {
    /// Its package URLs: `pkg:oci/app@sha256:…?repository_url=…`, and whatever else it goes by.
    pub purls: Vec<Purl>,
    /// Its digests: of the manifest and of the configuration.
    pub digests: Vec<String>,
    /// The names that it was asked for by.
    pub names: Vec<String>,
}

/// The kinds of findings that people decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A vulnerability of a package.
    Vulnerability,
    /// A secret, by the check that found it.
    Secret,
    /// A package's licence.
    License,
}

impl Kind {
    /// The kinds of findings that may have this id.
    fn of_id(id: &str) -> &'static [Self] {
        let id = id.to_ascii_lowercase();
        let has_number = || {
            let digits = |run: &str| run.len() >= 4;
            id.split(|c: char| !c.is_ascii_digit()).any(digits)
        };
        // A year, or a count that is as long, is in all ids of vulnerabilities but these.
        let is_vulnerability =
            || has_number() || ["ghsa-", "cga-", "mini-"].iter().any(|of| id.starts_with(of));
        match id.starts_with("secret-") {
            true => &[Self::Secret],
            false if is_vulnerability() => &[Self::Vulnerability],
            false => &[Self::Vulnerability, Self::Secret, Self::License],
        }
    }
}

/// What a decision may be about.
pub(super) struct Subject<'a> {
    pub(super) kind: Kind,
    pub(super) product: &'a Product,
    /// The ids of the vulnerability, or of the check.
    pub(super) ids: Vec<&'a str>,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) path: &'a str,
    pub(super) purl: Option<&'a Purl>,
}

/// One statement of an ignore file or a VEX document.
#[derive(Debug)]
pub(super) struct Statement {
    /// The vulnerabilities, or the checks.
    pub(super) ids: Vec<String>,
    pub(super) about: About,
    /// What was decided; `None` where it says that the vulnerability counts.
    pub(super) decision: Option<Decision>,
    pub(super) source: String,
    pub(super) expires: Option<Expiry>,
    /// When it was said; only VEX documents say.
    pub(super) said: Option<Timestamp>,
}

/// Which packages a statement is about.
#[derive(Debug)]
pub(super) enum About {
    /// Those that an entry of an ignore file describes.
    Pattern(Box<Pattern>),
    /// Those that a VEX document names.
    Products(Vec<Named>),
}

/// A product of a VEX document, and the part of it that is meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    pub(super) purl: Option<Purl>,
    /// An identifier that is no purl: a name or address of the image.
    pub(super) id: Option<String>,
    /// `sha256:…`.
    pub(super) digests: Vec<String>,
    /// Parts of the product; where there are none, all of it is meant.
    pub(super) parts: Vec<Purl>,
}

impl Statement {
    pub(super) fn is_about(&self, subject: &Subject<'_>) -> bool {
        let named = self.ids.iter().any(|id| {
            self.is_wildcard(id) && subject.kind != Kind::License
                || subject.ids.iter().any(|other| other.eq_ignore_ascii_case(id))
        });
        named
            && match &self.about {
                About::Pattern(pattern) => pattern.matches(subject),
                About::Products(products) => products.iter().any(|product| product.holds(subject)),
            }
    }

    /// Whether it stands for all vulnerabilities and checks. It does not in files of other makers, who have no such thing.
    fn is_wildcard(&self, id: &str) -> bool {
        id == "*" && matches!(&self.about, About::Pattern(pattern) if pattern.has_wildcard)
    }

    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires.has_passed(now))
    }

    pub(super) fn is_of_ignore_file(&self) -> bool {
        matches!(self.about, About::Pattern(_))
    }

    /// Whether all that it may be about is of the kinds in `sought`.
    pub(super) fn is_within(&self, sought: &[Kind]) -> bool {
        let is_sought = |kind: &Kind| sought.contains(kind);
        if let About::Pattern(pattern) = &self.about
            && let Some(kind) = pattern.kind
        {
            return is_sought(&kind);
        }
        let kinds = |id: &String| match self.is_wildcard(id) {
            true => &[Kind::Vulnerability, Kind::Secret],
            false => Kind::of_id(id),
        };
        self.ids.iter().flat_map(kinds).all(is_sought)
    }

    /// Whether this counts, and not `other`, where both are about the same. At the same time the later in the file counts.
    pub(super) fn outweighs(&self, other: &Self) -> bool {
        match (self.is_of_ignore_file(), other.is_of_ignore_file()) {
            (mine, theirs) if mine != theirs => mine,
            _ => self.said >= other.said,
        }
    }
}

impl Named {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        // A statement may speak of the package itself as its product.
        if let (Some(purl), Some(package)) = (&self.purl, subject.purl)
            && self.parts.is_empty()
            && purl.covers(package)
        {
            return true;
        }
        let part = self.parts.is_empty()
            || subject
                .purl
                .is_some_and(|package| self.parts.iter().any(|part| part.covers(package)));
        part && self.is(subject.product)
    }

    fn is(&self, product: &Product) -> bool {
        let by_purl = |purl: &Purl| product.purls.iter().any(|other| purl.covers(other));
        let by_digest = || self.digests.iter().any(|digest| product.digests.contains(digest));
        let by_name = |id: &String| product.names.contains(id) || product.digests.contains(id);
        self.purl.as_ref().is_some_and(by_purl) || by_digest() || self.id.as_ref().is_some_and(by_name)
    }
}
