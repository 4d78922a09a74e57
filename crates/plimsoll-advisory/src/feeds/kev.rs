//! CISA's catalogue of vulnerabilities that are known to be exploited.

use std::io::BufRead;

use serde::Deserialize;

/// The feed's id.
pub(crate) const ID: &str = "cisa-kev";

/// The catalogue, as far as it is used.
#[derive(Deserialize)]
pub(crate) struct Catalogue {
    #[serde(rename = "dateReleased")]
    pub(crate) released: Option<String>,
    pub(crate) vulnerabilities: Vec<Exploited>,
}

/// One vulnerability of the catalogue.
#[derive(Deserialize)]
pub(crate) struct Exploited {
    #[serde(rename = "cveID")]
    pub(crate) id: String,
}

/// Reads the catalogue's JSON.
pub(crate) fn read(input: impl BufRead) -> serde_json::Result<Catalogue> {
    serde_json::from_reader(input)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_catalogue() {
        let json = br#"{"title":"t","count":1,"dateReleased":"2025-08-25T17:04:19.9Z","vulnerabilities":[
            {"cveID":"CVE-2025-48384","vendorProject":"Git"}]}"#;
        let catalogue = super::read(&json[..]).unwrap();
        assert_eq!(catalogue.vulnerabilities[0].id, "CVE-2025-48384");
        assert_eq!(catalogue.released.as_deref(), Some("2025-08-25T17:04:19.9Z"));
    }
}
