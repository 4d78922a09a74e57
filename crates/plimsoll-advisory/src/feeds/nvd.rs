//! NVD's JSON 2.0: what the API gives, the yearly files of the same layout, and single CVEs (the layout of
//! `cve_items`), plain or compressed.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use serde::Deserialize;
use zip::ZipArchive;

use super::broken;
use crate::database::schema::{Rating, Record};
use crate::{Error, Result};

/// The feed's id.
pub(crate) const ID: &str = "nvd";

/// The document: an answer of the API, or a file with a list of CVEs as its authors' mirrors write it.
#[derive(Deserialize)]
struct Document {
    vulnerabilities: Option<Vec<Item>>,
    cve_items: Option<Vec<Cve>>,
}

#[derive(Deserialize)]
struct Item {
    cve: Cve,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve {
    id: String,
    published: Option<String>,
    last_modified: Option<String>,
    #[serde(default)]
    vuln_status: Option<String>,
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    weaknesses: Vec<Weakness>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Text {
    lang: String,
    value: String,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    description: Vec<Text>,
}

#[derive(Deserialize)]
struct Reference {
    url: String,
}

#[derive(Deserialize, Default)]
struct Metrics {
    #[serde(default, rename = "cvssMetricV40")]
    v40: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV31")]
    v31: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV30")]
    v30: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV2")]
    v2: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(default, rename = "type")]
    kind: String,
    cvss_data: CvssData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CvssData {
    vector_string: String,
}

/// No document is near this large, decompressed.
const MAX_DOCUMENT: u64 = 8 << 30;

/// Reads a file by the end of its name (`.json`, `.json.gz`, `.json.xz`, `.zip`), and gives the record of each CVE that
/// was not rejected to `sink`; returns how many there are, or `None` for a file of another kind.
pub(crate) fn read_file(path: &Path, sink: &mut dyn FnMut(Record)) -> Result<Option<u64>> {
    let name = path.to_string_lossy();
    let open = || -> Result<BufReader<File>> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        Ok(BufReader::with_capacity(256 << 10, file))
    };
    let mut document = |input: &mut dyn Read, record: Option<&str>| {
        // Parsing in small steps is slow, so it is read through a buffer.
        let input = BufReader::with_capacity(256 << 10, input.take(MAX_DOCUMENT));
        read(input, sink).map_err(|error| broken(path, record, error))
    };
    if name.ends_with(".json") {
        return document(&mut open()?, None).map(Some);
    }
    if name.ends_with(".json.gz") {
        return document(&mut MultiGzDecoder::new(open()?), None).map(Some);
    }
    if name.ends_with(".json.xz") {
        return document(&mut XzReader::new(open()?, true), None).map(Some);
    }
    if !name.ends_with(".zip") {
        return Ok(None);
    }
    let mut archive = ZipArchive::new(open()?).map_err(|error| broken(path, None, error))?;
    let mut records = 0;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|error| broken(path, None, error))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !entry.is_dir() && name.ends_with(".json") {
            records += document(&mut { entry }, Some(&name))?;
        }
    }
    Ok(Some(records))
}

/// Reads a document and gives the record of each CVE that was not rejected to `sink`; returns how many there are.
fn read(input: impl Read, sink: &mut dyn FnMut(Record)) -> serde_json::Result<u64> {
    let document: Document = serde_json::from_reader(input)?;
    if document.vulnerabilities.is_none() && document.cve_items.is_none() {
        return Err(serde::de::Error::custom("it is no list of NVD's vulnerabilities"));
    }
    let items = document
        .vulnerabilities
        .into_iter()
        .flatten()
        .map(|item| item.cve);
    let mut records = 0;
    for cve in items.chain(document.cve_items.into_iter().flatten()) {
        if cve.vuln_status.as_deref() != Some("Rejected") {
            records += 1;
            sink(record(cve));
        }
    }
    Ok(records)
}

fn record(cve: Cve) -> Record {
    let Metrics { v40, v31, v30, v2 } = cve.metrics;
    // NVD's own rating goes before what others sent it, and a newer version before an older one.
    let mut metrics: Vec<Metric> = v31.into_iter().chain(v30).chain(v40).chain(v2).collect();
    metrics.sort_by_key(|metric| metric.kind != "Primary");
    let mut cwes = Vec::new();
    for text in cve.weaknesses.iter().flat_map(|weakness| &weakness.description) {
        if text.value.starts_with("CWE-") && !cwes.contains(&text.value) {
            cwes.push(text.value.clone());
        }
    }
    let english = cve.descriptions.into_iter().find(|text| text.lang == "en");
    Record {
        feed: ID.to_owned(),
        description: english.map(|text| text.value).unwrap_or_default(),
        references: cve
            .references
            .into_iter()
            .map(|reference| reference.url)
            .collect(),
        ratings: metrics
            .into_iter()
            .map(|metric| Rating::Cvss(metric.cvss_data.vector_string))
            .collect(),
        cwes,
        published: cve.published.map(in_utc),
        modified: cve.last_modified.map(in_utc),
        id: cve.id,
        ..Record::default()
    }
}

/// NVD's times have no zone and are in UTC.
fn in_utc(time: String) -> String {
    let zoned = time.ends_with('Z') || !time.contains('T') || time.contains('+');
    if zoned { time } else { format!("{time}Z") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_api() {
        let json = r#"{"resultsPerPage":2,"format":"NVD_CVE","version":"2.0","vulnerabilities":[
            {"cve":{"id":"CVE-2024-1","published":"2024-01-02T03:04:05.678","lastModified":"2024-02-01T00:00:00.000","vulnStatus":"Analyzed",
             "descriptions":[{"lang":"es","value":"Un fallo."},{"lang":"en","value":"A flaw."}],
             "metrics":{"cvssMetricV31":[{"source":"a@b","type":"Secondary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:L/A:N"}},
                {"source":"nvd@nist.gov","type":"Primary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
                "cvssMetricV2":[{"type":"Primary","cvssData":{"vectorString":"AV:N/AC:L/Au:N/C:P/I:P/A:P"}}]},
             "weaknesses":[{"type":"Primary","description":[{"lang":"en","value":"CWE-79"},{"lang":"en","value":"NVD-CWE-noinfo"}]}],
             "references":[{"url":"https://example.com/1"}]}},
            {"cve":{"id":"CVE-2024-2","vulnStatus":"Rejected"}}]}"#;
        let mut all = Vec::new();
        assert_eq!(read(json.as_bytes(), &mut |record| all.push(record)).unwrap(), 1);
        let record = &all[0];
        assert_eq!(
            (record.id.as_str(), record.description.as_str()),
            ("CVE-2024-1", "A flaw.")
        );
        assert_eq!(record.published.as_deref(), Some("2024-01-02T03:04:05.678Z"));
        assert_eq!(record.cwes, ["CWE-79"]);
        let Rating::Cvss(first) = &record.ratings[0] else {
            panic!()
        };
        assert!(first.ends_with("C:H/I:H/A:H") && record.ratings.len() == 3);
    }

    #[test]
    fn files_of_all_kinds() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let json = br#"{"cve_items":[{"id":"CVE-2024-3"}]}"#;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(json).unwrap();
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive
            .start_file("a/CVE-2024-3.json", zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(json).unwrap();
        for (name, content, records) in [
            ("a.json", json.to_vec(), Some(1)),
            ("a.json.gz", gzip.finish().unwrap(), Some(1)),
            ("a.zip", archive.finish().unwrap().into_inner(), Some(1)),
            ("a.txt", json.to_vec(), None),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            assert_eq!(read_file(&path, &mut |_| ()).unwrap(), records, "{name}");
        }
        let broken = folder.path().join("b.json.xz");
        std::fs::write(&broken, json).unwrap();
        assert!(read_file(&broken, &mut |_| ()).is_err());
    }

    #[test]
    fn a_yearly_file_of_a_mirror() {
        let json = r#"{"feed":"CVE-2024","cve_items":[{"id":"CVE-2024-3","descriptions":[],"metrics":{}}]}"#;
        assert_eq!(read(json.as_bytes(), &mut |_| ()).unwrap(), 1);
        assert!(read(&b"[]"[..], &mut |_| ()).is_err());
    }
}
