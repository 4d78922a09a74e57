//! One run that does the whole job: two Dockerfiles of one Flask app, a bad one and a good one, are built, saved,
//! scanned, run, graded and compared.

mod debian;
mod mirrors;
mod project;
mod provide;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_advisory::decisions::Decisions;
use plimsoll_audit::{Gate, Policy};
use plimsoll_build::BuildOptions;
use plimsoll_core::{Line, SeverityCounts};
use plimsoll_image::{Image, Store};
use plimsoll_report::{AuditReport, table};

use crate::assessing::{
    Advisories, AuditRequest, audit, compared_report, comparison, scan, scan_report, secrets_in_context,
};
use crate::commands::save;
use crate::invocation::Invocation;
use crate::progress::ProgressForm;
use crate::{building, exit, human, settings, sources};

/// What a pipeline would pass: fixed values here, so that a second run finds everything in the cache.
const BUILD_ARGS: [(&str, &str); 3] = [
    ("APP_VERSION", "2.0.0"),
    ("BUILD_DATE", "2026-01-01T00:00:00Z"),
    ("VCS_REF", "0000000000000000000000000000000000000000"),
];

/// What the demo is given.
pub(crate) struct Demo<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) store: &'a Store,
    /// Where everything is put.
    pub(crate) dir: &'a Path,
}

/// One of the two images, built.
struct Built {
    /// `bad` or `good`.
    word: &'static str,
    file: &'static str,
    name: String,
    image: Image,
    told: String,
}

/// Does it all and says where the reports are.
pub(crate) fn run(demo: &Demo<'_>) -> anyhow::Result<u8> {
    fs::create_dir_all(demo.dir).with_context(|| format!("cannot make `{}`", demo.dir.display()))?;
    let project = project::put(&demo.dir.join("flask-demo"))?;
    demo.say(&format!("The project is in `{}`.", project.display()));
    provide::base_images(demo)?;
    let bad = demo.build(&project, "bad", "Dockerfile.bad", &[])?;
    let good = demo.build(&project, "good", "Dockerfile", &BUILD_ARGS)?;
    let known = Advisories::open(demo.store)?;
    for built in [&bad, &good] {
        demo.save_and_scan(built, &known)?;
    }
    let before = demo.audit(&project, &bad, &known)?;
    let after = demo.audit(&project, &good, &known)?;
    demo.report(before, after)?;
    Ok(exit::DONE)
}

impl Demo<'_> {
    fn say(&self, text: &str) {
        self.invocation.printer.status(text);
    }

    fn write(&self, file: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.dir.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(path)
    }

    fn build(
        &self,
        project: &Path,
        word: &'static str,
        file: &'static str,
        build_args: &[(&str, &str)],
    ) -> anyhow::Result<Built> {
        let name = format!("flask-demo:{word}");
        self.say(&format!("\nBuilding `{name}` from `{file}`."));
        let (context, dockerfile) = building::inputs(Some(&project.join(file)), project, self.store)?;
        let options = BuildOptions {
            tags: vec![name.parse()?],
            build_args: build_args
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            proxies: settings::proxies(),
            host_ca: settings::host_ca().ok(),
            source_date_epoch: settings::source_date_epoch()?,
            ..BuildOptions::new(context, dockerfile)
        };
        let outcome = building::build(self.invocation, self.store, &options, ProgressForm::Auto, false)?;
        let told = format!(
            "`{file}`: {} steps, {} of them cached",
            outcome.steps, outcome.cached
        );
        let size = human::size(outcome.image.size()?);
        self.say(&format!(
            "Built `{name}`: {size}, image {}; {told}.",
            outcome.image.id.short()
        ));
        Ok(Built {
            word,
            file,
            name,
            image: outcome.image,
            told,
        })
    }

    /// The archive that a scanner would be given, and its scan in Trivy's shape.
    fn save_and_scan(&self, built: &Built, known: &Advisories) -> anyhow::Result<()> {
        let archive = self.dir.join(format!("flask-{}.tar", built.word));
        let images = std::slice::from_ref(&built.image);
        save::whole_file(&archive, |out| {
            Ok(plimsoll_image::sink::docker_archive::write(images, out)?)
        })?;
        let image = sources::archived(self.store, &archive, &archive.display().to_string(), None)?;
        let scanned = scan(&image, self.store, known)?;
        let report = scan_report(&image, &archive.display().to_string(), &scanned, known)?;
        let file = self.write(
            &format!("scan-{}.json", built.word),
            &plimsoll_report::trivy_json::render(&report)?,
        )?;
        let packages = report.packages.len();
        let found = counted(&report.counts());
        self.say(&format!(
            "\nSaved `{}` and scanned it: {packages} packages, {found} (`{}`).",
            archive.display(),
            file.display()
        ));
        for one in &report.coverage {
            if let Some(reason) = one.shortfall() {
                self.say(&format!("  not fully assessed: {}: {reason}", one.subject));
            }
        }
        Ok(())
    }

    fn audit(&self, project: &Path, built: &Built, known: &Advisories) -> anyhow::Result<AuditReport> {
        self.say(&format!(
            "\nRunning `{}` to grade it: hardened, with its health check, until it is stopped.",
            built.name
        ));
        let (context, dockerfile) = building::inputs(Some(&project.join(built.file)), project, self.store)?;
        let findings = secrets_in_context(&context, &dockerfile)?;
        let policy = Policy::standard()?;
        let request = AuditRequest {
            decisions: &Decisions::default(),
            image: &built.image,
            name: &built.name,
            context: Some(&findings),
            built: Some(&built.told),
            line: Line::Production,
            gate: Gate::Advisory,
            policy: &policy,
            policy_file: None,
            without_probe: None,
        };
        let report = audit(self.store, known, &request)?;
        self.write(
            &format!("audit-{}.json", built.word),
            &plimsoll_report::json::render(&report)?,
        )?;
        Ok(report)
    }

    fn report(&self, before: AuditReport, after: AuditReport) -> anyhow::Result<()> {
        let printer = self.invocation.printer;
        let style = table::Style {
            width: printer.width(),
            color: printer.colors_data(),
        };
        for report in [&before, &after] {
            printer.data(&format!("\n{}", table::audit(report, style)))?;
        }
        let details = [&before, &after].map(plimsoll_report::markdown::audit);
        let comparison = comparison(compared_report(before), compared_report(after));
        let markdown = [plimsoll_report::markdown::comparison(&comparison)]
            .into_iter()
            .chain(details);
        let markdown = self.write("report.md", &markdown.collect::<Vec<_>>().join("\n"))?;
        let json = self.write("report.json", &plimsoll_report::json::render(&comparison)?)?;
        printer.data(&format!("\n{}", table::comparison(&comparison, style)))?;
        printer.line(&format!("\n{}\n{}", markdown.display(), json.display()))?;
        Ok(())
    }
}

/// `2 high, 5 medium`; `no known vulnerability` where there is none.
fn counted(counts: &SeverityCounts) -> String {
    let parts = plimsoll_core::Severity::WORST_FIRST
        .into_iter()
        .filter(|severity| counts[*severity] > 0);
    let parts: Vec<String> = parts
        .map(|severity| format!("{} {}", counts[severity], severity.as_str().to_lowercase()))
        .collect();
    if parts.is_empty() {
        "no known vulnerability".to_owned()
    } else {
        parts.join(", ")
    }
}
