//! Scan reports on their way out: which formats there are, and where each goes.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;
use plimsoll_report::table::Style;
use plimsoll_report::{
    ScanReport, cyclonedx, github, gitlab, json, junit, markdown, openvex, sarif, spdx, table, trivy_json,
};

use crate::failure::{self, Failure};
use crate::printer::Printer;
use crate::settings;

/// The forms that a scan report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Table,
    /// Trivy's report shape
    Json,
    /// Plimsoll's own document, with everything that is known
    PlimsollJson,
    #[value(alias = "md")]
    Markdown,
    /// CycloneDX 1.6 JSON, with the vulnerabilities
    #[value(alias = "cyclonedx-json")]
    Cyclonedx,
    /// SPDX 2.3 JSON
    SpdxJson,
    /// SPDX 2.3 tag-value
    #[value(alias = "spdx-tag-value")]
    Spdx,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// GitHub's dependency snapshot
    Github,
    /// GitLab's container scanning report
    Gitlab,
    /// OpenVEX 0.2.0: what was decided about each vulnerability
    Openvex,
    /// JUnit XML, a test case for each finding
    Junit,
}

impl Format {
    /// Whether it is written for people, who read warnings in it.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Markdown)
    }

    /// Whether it says what would make vulnerabilities vanish.
    pub(crate) fn shows_remedies(self) -> bool {
        self.is_for_people() || self == Self::PlimsollJson
    }

    /// How files of this format end.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Json => "json",
            Self::PlimsollJson => "plimsoll.json",
            Self::Markdown => "md",
            Self::Cyclonedx => "cdx.json",
            Self::SpdxJson => "spdx.json",
            Self::Spdx => "spdx",
            Self::Sarif => "sarif",
            Self::Github => "github.json",
            Self::Gitlab => "gitlab.json",
            Self::Openvex => "vex.json",
            Self::Junit => "xml",
        }
    }

    /// All of them, for people.
    fn names() -> String {
        let all = Self::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = all.map(|format| format!("`{}`", format.get_name())).collect();
        names.join(", ")
    }

    /// Writes `report` in this format.
    fn write(self, report: &ScanReport, style: Style, out: &mut dyn Write) -> anyhow::Result<()> {
        match self {
            Self::Table => out.write_all(table::scan(report, style).as_bytes())?,
            Self::Json => trivy_json::write(report, out)?,
            Self::PlimsollJson => json::write(report, out)?,
            Self::Markdown => out.write_all(markdown::scan(report).as_bytes())?,
            Self::Cyclonedx => cyclonedx::write(report, out)?,
            Self::SpdxJson => spdx::write(report, out)?,
            Self::Spdx => out.write_all(spdx::render_tag_value(report).as_bytes())?,
            Self::Sarif => sarif::write(report, out)?,
            Self::Github => github::write(report, &settings::github_job(), out)?,
            Self::Gitlab => gitlab::write(report, out)?,
            Self::Openvex => openvex::write(report, out)?,
            Self::Junit => out.write_all(junit::render(report).as_bytes())?,
        }
        Ok(())
    }
}

/// One format and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) format: Format,
    /// `None` for standard output.
    pub(crate) file: Option<PathBuf>,
}

/// What the options `--format` and `--output` ask for: `--output FILE` takes what `--format` names, `--output
/// FORMAT=FILE` adds a format of its own, and what has no file goes to standard output.
pub(crate) fn outputs(format: Option<Format>, values: &[String]) -> Result<Vec<Output>, Failure> {
    let file = |text: &str| (text != "-").then(|| PathBuf::from(text));
    let mut outputs = Vec::new();
    let mut plain = None;
    for value in values {
        let pair = value.split_once('=');
        let named = pair.and_then(|(name, path)| Some((Format::from_str(name, true).ok()?, path)));
        match named {
            Some((_, "")) => {
                return Err(Failure::usage(format!(
                    "`{value}` names no file; use `FORMAT=FILE`"
                )));
            }
            Some((format, path)) => outputs.push(Output {
                format,
                file: file(path),
            }),
            None if pair.is_some_and(|(name, _)| is_word(name)) => {
                let name = pair.map_or("", |(name, _)| name);
                return Err(
                    Failure::usage(format!("`{name}` in `--output {value}` is no format")).with_hint(
                        format!(
                            "the formats are {}; a file of this name is written as `./{value}`",
                            Format::names()
                        ),
                    ),
                );
            }
            None if value.is_empty() => return Err(Failure::usage("`--output` names no file")),
            None if plain.is_some() => {
                return Err(Failure::usage(
                    "`--output` names two files for one format; use `--output FORMAT=FILE` for each",
                ));
            }
            None => plain = Some(file(value)),
        }
    }
    if let Some(file) = plain {
        outputs.push(Output {
            format: format.unwrap_or_default(),
            file,
        });
    } else if outputs.is_empty() || format.is_some() {
        outputs.push(Output {
            format: format.unwrap_or_default(),
            file: None,
        });
    }
    let files: Vec<_> = outputs.iter().filter_map(|output| output.file.as_ref()).collect();
    if let Some(twice) = files
        .iter()
        .enumerate()
        .find(|(index, file)| files[..*index].contains(file))
    {
        return Err(Failure::usage(format!(
            "two reports go to `{}`, and only the last would be left",
            twice.1.display()
        )));
    }
    let to_stdout = outputs.iter().filter(|output| output.file.is_none()).count();
    if to_stdout > 1 {
        return Err(Failure::usage("only one format can go to standard output"));
    }
    Ok(outputs)
}

/// Whether it looks like the name of a format, and not like that of a file.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// Writes `report` in every form; that one cannot be written does not keep back the others. `first` is what goes to the
/// first output, where that is made already.
pub(crate) fn write_all(
    outputs: &[Output],
    printer: Printer,
    report: &ScanReport,
    mut first: Option<Vec<u8>>,
) -> anyhow::Result<()> {
    let mut written = outputs.iter().map(|output| match first.take() {
        Some(bytes) => output.deliver(&bytes),
        None => output.write(printer, report),
    });
    let failure = written.find(Result::is_err);
    for failed in written.filter_map(Result::err) {
        printer.error(&failure::message(&failed));
    }
    failure.unwrap_or(Ok(()))
}

impl Output {
    /// Writes `report`.
    pub(crate) fn write(&self, printer: Printer, report: &ScanReport) -> anyhow::Result<()> {
        self.fill(|out| self.format.write(report, self.style(printer), out))
    }

    /// What is to be delivered.
    pub(crate) fn rendered(&self, printer: Printer, report: &ScanReport) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.format.write(report, self.style(printer), &mut bytes)?;
        Ok(bytes)
    }

    fn deliver(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.fill(|out| Ok(out.write_all(bytes)?))
    }

    fn style(&self, printer: Printer) -> Style {
        let to_terminal = self.file.is_none() && io::stdout().is_terminal();
        Style {
            width: if to_terminal { printer.width() } else { None },
            color: self.file.is_none() && printer.colors_data(),
        }
    }

    /// Lets `write` write to where it goes.
    fn fill(&self, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
        match &self.file {
            None => {
                let mut out = io::stdout().lock();
                let written = write(&mut out);
                written
                    .and_then(|()| Ok(out.flush()?))
                    .context("cannot write to standard output")
            }
            Some(file) => {
                let created = File::create(file).map_err(anyhow::Error::from);
                created
                    .and_then(|mut out| write(&mut out))
                    .with_context(|| format!("cannot write `{}`", file.display()))
            }
        }
    }

    /// The same output in the folder that it names, in a file for the report that is called `name`.
    pub(crate) fn within(&self, name: &str) -> Self {
        let file = self
            .file
            .as_ref()
            .map(|folder| folder.join(format!("{name}.{}", self.format.extension())));
        Self { file, ..self.clone() }
    }
}

/// Writes `text` to `file`, or to standard output where there is none.
pub(crate) fn deliver(printer: Printer, file: Option<&Path>, text: &str) -> anyhow::Result<()> {
    match file {
        None => printer.data(text).context("cannot write to standard output"),
        Some(file) => fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(format: Option<Format>, values: &[&str]) -> Result<Vec<(Format, Option<String>)>, String> {
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        let shown = |output: Output| (output.format, output.file.map(|file| file.display().to_string()));
        match outputs(format, &values) {
            Ok(outputs) => Ok(outputs.into_iter().map(shown).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn formats_and_files() {
        let file = |name: &str| Some(name.to_owned());
        assert_eq!(of(None, &[]), Ok(vec![(Format::Table, None)]));
        assert_eq!(
            of(Some(Format::Json), &["a.json"]),
            Ok(vec![(Format::Json, file("a.json"))])
        );
        assert_eq!(
            of(None, &["sarif=a.sarif", "cyclonedx-json=b", "md=-"]),
            Ok(vec![
                (Format::Sarif, file("a.sarif")),
                (Format::Cyclonedx, file("b")),
                (Format::Markdown, None),
            ])
        );
        assert_eq!(
            of(Some(Format::Table), &["json=a"]),
            Ok(vec![(Format::Json, file("a")), (Format::Table, None)])
        );
        // A file may have an equals sign in its name.
        assert_eq!(of(None, &["./x=y"]), Ok(vec![(Format::Table, file("./x=y"))]));
        assert_eq!(of(None, &["v1=y"]), Ok(vec![(Format::Table, file("v1=y"))]));
        for wrong in [
            &["a", "b"][..],
            &["json="],
            &["json=-", "md=-"],
            &[""],
            &["sarfi=x"],
            &["json=a", "sarif=a"],
            &["sarif=a", "a"],
        ] {
            assert!(of(None, wrong).is_err(), "{wrong:?}");
        }
    }
}
