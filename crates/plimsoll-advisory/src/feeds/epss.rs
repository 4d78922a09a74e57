//! FIRST's Exploit Prediction Scoring System: a CSV file, plain or compressed with gzip.

use std::io::{self, BufRead};

/// The feed's id.
pub(crate) const ID: &str = "first-epss";

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Score {
    pub(crate) cve: String,
    /// The probability of exploitation within 30 days, from 0 to 1.
    pub(crate) probability: f32,
    /// The share of all vulnerabilities with this probability or a lower one, from 0 to 1.
    pub(crate) percentile: f32,
}

/// Reads the rows and gives each to `sink`; returns the date that the comment in the first line names.
///
/// # Errors
/// That of reading, or `InvalidData` naming the line.
pub(crate) fn read(input: impl BufRead, sink: &mut dyn FnMut(Score)) -> io::Result<Option<String>> {
    let mut date = None;
    for (number, line) in input.lines().enumerate() {
        let line = line?;
        if let Some(comment) = line.strip_prefix('#') {
            date = date.or_else(|| {
                comment
                    .split_once("score_date:")
                    .map(|(_, date)| date.trim().to_owned())
            });
        } else if !line.is_empty() && !line.starts_with("cve,") {
            let wrong = || {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("line {} is no score", number + 1),
                )
            };
            sink(score(&line).ok_or_else(wrong)?);
        }
    }
    Ok(date)
}

fn score(line: &str) -> Option<Score> {
    let mut fields = line.split(',').map(str::trim);
    let (cve, probability, percentile) = (fields.next()?, fields.next()?, fields.next()?);
    let share = |text: &str| {
        text.parse::<f32>()
            .ok()
            .filter(|share| (0.0..=1.0).contains(share))
    };
    Some(Score {
        cve: Some(cve).filter(|cve| cve.starts_with("CVE-"))?.to_owned(),
        probability: share(probability)?,
        percentile: share(percentile)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let csv = "#model_version:v2025.03.14,score_date:2025-06-01T12:55:00Z\ncve,epss,percentile\nCVE-2024-1,0.5,0.99\n";
        let mut rows = Vec::new();
        let date = read(csv.as_bytes(), &mut |row| rows.push(row)).unwrap();
        assert_eq!(date.as_deref(), Some("2025-06-01T12:55:00Z"));
        assert_eq!(
            rows,
            [Score {
                cve: "CVE-2024-1".to_owned(),
                probability: 0.5,
                percentile: 0.99
            }]
        );
        let error = read("CVE-2024-1,many,0\n".as_bytes(), &mut |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "line 1 is no score");
    }
}
