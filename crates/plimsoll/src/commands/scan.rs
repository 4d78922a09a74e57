mod conclusion;

use std::fs::{self, File};
use std::io::{self, BufRead as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use conclusion::Conclusion;
use plimsoll_core::{Platform, Severity};
use plimsoll_report::sbom;

use crate::assessing::{Advisories, AgeLimit, DecisionArgs, Gate, Scanners, sbom_report};
use crate::exit;
use crate::failure::{self, Failure};
use crate::invocation::Invocation;
use crate::reports::{Format, Output, outputs};
use crate::subject::Named;

/// Find the packages of an image, a directory or an SBOM, the known vulnerabilities in them, secrets and licences
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A name or ID in the store or a container engine, or `docker-archive:FILE`, `oci-archive:FILE`, `oci:DIR`,
    /// `docker-daemon:NAME`, `podman:NAME`, `registry:NAME`, `rootfs:DIR`, `sbom:FILE`
    #[arg(required_unless_present_any = ["input", "sbom", "rootfs"])]
    image: Option<String>,
    /// An archive that `save` wrote, or an SBOM; `-` for standard input
    #[arg(long, conflicts_with = "image", value_name = "FILE")]
    input: Option<PathBuf>,
    /// A directory with an unpacked root file system, or any other directory with packages in it
    #[arg(long, conflicts_with_all = ["image", "input", "sbom"], value_name = "DIR")]
    rootfs: Option<PathBuf>,
    /// Scan what SBOMs list: CycloneDX or SPDX in JSON; a folder stands for all of them in it, `-` for standard input
    #[arg(long, conflicts_with_all = ["image", "input"], value_name = "FILE", num_args = 1..)]
    sbom: Vec<PathBuf>,
    /// What to look for [default: vuln,secret; of an SBOM: vuln]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SCANNER,...")]
    scanners: Vec<Scanner>,
    /// Show these severities only
    #[arg(long, short, value_delimiter = ',', value_name = "SEVERITY,...")]
    severity: Vec<Severity>,
    /// Leave out vulnerabilities that no version fixes
    #[arg(long)]
    ignore_unfixed: bool,
    /// Show vulnerabilities only that are exploited in the wild, by CISA's list
    #[arg(long)]
    only_kev: bool,
    /// Show vulnerabilities only that are exploited within 30 days with at least this probability (EPSS), from 0 to 1
    #[arg(long, value_name = "PROBABILITY", value_parser = probability)]
    min_epss: Option<f32>,
    #[command(flatten)]
    decisions: DecisionArgs,
    /// Say how many vulnerabilities vanish by building on this image instead; repeat to compare several
    #[arg(long, value_name = "IMAGE")]
    base: Vec<String>,
    /// Also tell packages that a later layer removed: the image still holds them
    #[arg(long)]
    all_layers: bool,
    /// Also tell the files of every package: in CycloneDX, SPDX, Trivy's JSON and Plimsoll's own
    #[arg(long)]
    files: bool,
    /// The form of the report [default: table]
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write the report to a file; `FORMAT=FILE`, given as often as wanted, writes several from one scan, `-` for standard output
    #[arg(long, short, value_name = "[FORMAT=]FILE")]
    output: Vec<String>,
    /// The exit code when vulnerabilities, secrets or licences are shown; where no package could be compared with
    /// advisories, it is 3
    #[arg(long, default_value_t = 0, value_name = "CODE")]
    exit_code: u8,
    /// Exit with 3 unless every package could be compared with advisories
    #[arg(long)]
    require_assessed: bool,
    /// The platform, if the image is made for several
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    #[command(flatten)]
    age: AgeLimit,
    /// Where there is no database, use the small built-in set of the demo
    #[arg(long)]
    demo_db: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scanner {
    /// Known vulnerabilities of packages
    Vuln,
    /// Secrets in the layers, the configuration and the history
    Secret,
    /// Licences of packages, classified
    License,
    /// Secrets in the configuration and the history alone
    #[value(alias = "misconfig")]
    Config,
}

/// No SBOM is larger.
const LARGEST_SBOM: u64 = 512 << 20;

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    if args.require_assessed && !args.scanners().vulnerabilities {
        return Err(Failure::usage(
            "`--require-assessed` is about vulnerabilities, which `--scanners` leaves out",
        )
        .into());
    }
    let outputs = outputs(args.format, &args.output)?;
    let known = advisories(invocation, args)?;
    let known = known.as_ref();
    if !args.sbom.is_empty() {
        return scan_sboms(invocation, args, &outputs, known);
    }
    let named = args.image.as_deref().and_then(|name| name.strip_prefix("sbom:"));
    let file = args.input.as_deref().filter(|file| is_sbom(file));
    if let Some(file) = named.map(Path::new).or(file) {
        return scan_sbom(invocation, args, &outputs, file, known);
    }
    let (mut conclusion, warnings) = args.named().report(invocation, |report, store| {
        Conclusion::of(invocation, args, &outputs, report, known, store)
    })?;
    conclusion.warn(warnings);
    conclusion.tell(invocation, args, &outputs)
}

impl Args {
    /// Whether an SBOM is scanned, and no image.
    pub(crate) fn reads_sbom(&self) -> bool {
        let named = self.image.as_ref().is_some_and(|name| name.starts_with("sbom:"));
        named || !self.sbom.is_empty() || self.input.as_deref().is_some_and(is_sbom)
    }

    /// What is scanned where it is no SBOM.
    pub(crate) fn named(&self) -> Named<'_> {
        Named {
            image: self.image.as_deref(),
            input: self.input.as_deref(),
            rootfs: self.rootfs.as_deref(),
            platform: self.platform.as_ref(),
            all_layers: self.all_layers,
            files: self.files,
        }
    }

    /// How much must have been assessed for the result to be one.
    fn gate(&self) -> Gate {
        match (self.scanners().vulnerabilities, self.require_assessed) {
            (false, _) => Gate::None,
            (true, true) => Gate::Everything,
            (true, false) if self.exit_code != exit::DONE => Gate::Something,
            (true, false) => Gate::None,
        }
    }

    fn scanners(&self) -> Scanners {
        if self.scanners.is_empty() {
            return Scanners::default();
        }
        let asked = |scanner| self.scanners.contains(&scanner);
        Scanners {
            vulnerabilities: asked(Scanner::Vuln),
            secrets: asked(Scanner::Secret),
            licenses: asked(Scanner::License),
            configuration: asked(Scanner::Config),
        }
    }
}

/// The advisories, where they are asked for. No store is opened or made for them.
fn advisories(invocation: &Invocation, args: &Args) -> anyhow::Result<Option<Advisories>> {
    if !args.scanners().vulnerabilities {
        return Ok(None);
    }
    let path = invocation.advisories_path()?;
    Advisories::required(&path, &args.age, args.demo_db, invocation.printer).map(Some)
}

/// Whether the file, or standard input, begins as an SBOM does: images never begin with a brace.
fn is_sbom(file: &Path) -> bool {
    if file == Path::new("-") {
        // What was looked at stays to be read.
        let mut input = io::stdin().lock();
        let start = input.fill_buf().unwrap_or_default().trim_ascii_start();
        return start
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(start)
            .starts_with(b"{");
    }
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(4096).read_to_end(&mut head));
    read.is_ok() && sbom::is_sbom(&head)
}

fn scan_sboms(
    invocation: &Invocation,
    args: &Args,
    outputs: &[Output],
    known: Option<&Advisories>,
) -> anyhow::Result<u8> {
    let files = sbom_files(&args.sbom)?;
    if let [file] = files.as_slice() {
        return scan_sbom(invocation, args, outputs, file, known);
    }
    for folder in outputs.iter().filter_map(|output| output.file.as_ref()) {
        fs::create_dir_all(folder).with_context(|| {
            format!(
                "several SBOMs need a folder to write to, and `{}` cannot be made",
                folder.display()
            )
        })?;
    }
    let names = distinct_names(&files);
    let mut code = exit::DONE;
    for (file, name) in files.iter().zip(names) {
        let outputs: Vec<Output> = outputs.iter().map(|output| output.within(&name)).collect();
        let scanned = scan_sbom(invocation, args, &outputs, file, known);
        code = code.max(match scanned {
            Ok(code) => code,
            Err(error) if failure::is_broken_pipe(&error) => return Err(error),
            Err(error) => {
                invocation.printer.error(&failure::message(&error));
                failure::code(&error)
            }
        });
    }
    Ok(code)
}

/// The files that are meant: in a folder, those that are SBOMs.
fn sbom_files(given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let listed = fs::read_dir(path).with_context(|| format!("cannot list `{}`", path.display()))?;
        let mut within = Vec::new();
        for entry in listed {
            let file = entry
                .with_context(|| format!("cannot list `{}`", path.display()))?
                .path();
            if file.extension().is_some_and(|extension| extension == "json") && is_sbom(&file) {
                within.push(file);
            }
        }
        if within.is_empty() {
            return Err(Failure::usage(format!(
                "`{}` holds no SBOM: no CycloneDX or SPDX `.json` file",
                path.display()
            ))
            .into());
        }
        within.sort();
        files.append(&mut within);
    }
    Ok(files)
}

/// The files' names without `.json`, told apart by a number where two are the same.
fn distinct_names(files: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for file in files {
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let stem = stem
            .filter(|stem| stem != "-")
            .unwrap_or_else(|| "stdin".to_owned());
        let mut name = stem.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{stem}-{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}

fn scan_sbom(
    invocation: &Invocation,
    args: &Args,
    outputs: &[Output],
    file: &Path,
    known: Option<&Advisories>,
) -> anyhow::Result<u8> {
    let name = file.display().to_string();
    let in_file = || format!("cannot read SBOM `{name}`");
    let bytes = bytes_of(file).with_context(in_file)?;
    if bytes.len() as u64 > LARGEST_SBOM {
        return Err(Failure::new(format!("SBOM `{name}` is larger than {} MiB", LARGEST_SBOM >> 20)).into());
    }
    let mut report = sbom_report(sbom::read(&bytes, &name).with_context(in_file)?)?;
    if args
        .scanners
        .iter()
        .any(|one| matches!(one, Scanner::Secret | Scanner::Config))
    {
        report
            .warnings
            .push("an SBOM does not tell of secrets, so they were not looked for".to_owned());
    }
    Conclusion::of(invocation, args, outputs, report, known, None)?.tell(invocation, args, outputs)
}

/// What is in a file or comes from standard input, cut off where it is larger than an SBOM may be.
fn bytes_of(file: &Path) -> io::Result<Vec<u8>> {
    const BOUND: u64 = LARGEST_SBOM + 1;
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(BOUND).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let file = File::open(file)?;
    // With room for one byte more, the end is found without a larger buffer.
    let size = file.metadata()?.len().min(LARGEST_SBOM);
    bytes.reserve_exact(usize::try_from(size).unwrap_or_default() + 1);
    file.take(BOUND).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn probability(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| "not a number".to_owned())?;
    match (0.0..=1.0).contains(&number) {
        true => Ok(number),
        false => Err("a probability lies between 0 and 1".to_owned()),
    }
}
