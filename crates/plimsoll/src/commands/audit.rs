use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_audit::{Gate, Policy};
use plimsoll_build::{BuildOptions, DockerfileText};
use plimsoll_core::{Finding, Line};
use plimsoll_image::{Image, Store};
use plimsoll_report::{AuditReport, table};

use crate::assessing::{Advisories, AgeLimit, AuditRequest, DecisionArgs, audit, secrets_in_context};
use crate::failure::{Failure, with_code};
use crate::invocation::Invocation;
use crate::progress::ProgressForm;
use crate::reports::deliver;
use crate::{building, exit, settings, sources, values};

/// Grade an image against the readiness matrix: at rest, and by running it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A folder with a Dockerfile, which is built first; or an image: a name, `docker-archive:FILE`, `oci:DIR`
    #[arg(required_unless_present_any = ["input", "show_policy"], value_name = "CONTEXT|IMAGE")]
    subject: Option<String>,
    /// An archive that `save` wrote
    #[arg(long, conflicts_with = "subject", value_name = "FILE")]
    input: Option<PathBuf>,
    /// The line that the image must reach: basic, intermediate or production
    #[arg(long, value_name = "LINE")]
    line: Option<Line>,
    /// The policy; by default `plimsoll.toml` in the context, where there is one
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Print the default policy with its comments
    #[arg(long)]
    show_policy: bool,
    /// Write a report: `markdown=FILE`, `json=FILE` or `table=FILE`; `-` for standard output
    #[arg(long, short, value_name = "FORMAT=FILE", value_parser = values::pair)]
    output: Vec<(String, String)>,
    /// The folder that the image was built from, to look for secrets in what is sent
    #[arg(long, value_name = "DIR")]
    context: Option<PathBuf>,
    /// Do not run the image; what would be seen then is not assessed
    #[arg(long)]
    no_run: bool,
    /// The Dockerfile, when a folder is built
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Set an ARG of the Dockerfile, when a folder is built
    #[arg(long, value_name = "K=V", value_parser = values::pair)]
    build_arg: Vec<(String, String)>,
    /// Let RUN trust the certificates that this host trusts, when a folder is built
    #[arg(long)]
    host_ca: bool,
    /// How the build's progress is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    progress: ProgressForm,
    #[command(flatten)]
    decisions: DecisionArgs,
    #[command(flatten)]
    age: AgeLimit,
}

/// What is audited.
struct Subject {
    image: Image,
    name: String,
    context: Option<Vec<Finding>>,
    built: Option<String>,
    /// Where a project's policy would be.
    folder: Option<PathBuf>,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    if args.show_policy {
        invocation.printer.data(Policy::default_text())?;
        return Ok(exit::DONE);
    }
    let outputs = args.output.iter().map(output).collect::<Result<Vec<_>, _>>()?;
    let store = invocation.store()?;
    // Without a database the criterion is not assessed, which the report says.
    let known = Advisories::required(&store.advisories_path(), &args.age, true, invocation.printer)?;
    let subject = subject(invocation, &store, args)?;
    let policy_file = args.policy.clone().or_else(|| {
        let file = subject.folder.as_ref()?.join("plimsoll.toml");
        file.is_file().then_some(file)
    });
    let policy = policy(policy_file.as_deref())?;
    let folder = subject.folder.as_deref().unwrap_or(Path::new("."));
    let decisions = args.decisions.read(folder)?;
    let request = AuditRequest {
        decisions: &decisions,
        image: &subject.image,
        name: &subject.name,
        context: subject.context.as_deref(),
        built: subject.built.as_deref(),
        line: args.line.unwrap_or(Line::Production),
        gate: gate(args.line),
        policy: &policy,
        policy_file: policy_file.as_deref(),
        without_probe: args.no_run.then_some("`--no-run` was given"),
    };
    invocation.printer.status(&format!(
        "auditing `{}` ({})",
        subject.name,
        subject.image.id.short()
    ));
    let report = audit(&store, &known, &request)?;
    let printer = invocation.printer;
    for warning in &report.warnings {
        printer.warn(warning);
    }
    let to_stdout = outputs.iter().any(|(_, file)| *file == Path::new("-"));
    for (form, file) in &outputs {
        write(invocation, &report, *form, file)?;
    }
    if !to_stdout {
        let style = table::Style {
            width: printer.width(),
            color: printer.colors_data(),
        };
        printer.data(&table::audit(&report, style))?;
    }
    Ok(if args.line.is_none() || report.verdict.passed {
        exit::DONE
    } else {
        exit::GATE
    })
}

/// With `--line`, the exit code of this audit is a gate.
fn gate(line: Option<Line>) -> Gate {
    match line {
        Some(line) => Gate::Enforced(format!("`--line {line}`")),
        None => Gate::Advisory,
    }
}

fn subject(invocation: &Invocation, store: &Store, args: &Args) -> anyhow::Result<Subject> {
    if let Some(input) = &args.input {
        let name = input.display().to_string();
        return existing(store, sources::archived(store, input, &name, None)?, name, args);
    }
    let name = args.subject.clone().unwrap_or_default();
    if is_folder(&name) {
        return built(invocation, store, Path::new(&name), args);
    }
    existing(store, sources::named(store, &name, None)?, name, args)
}

/// `.`, `./app` and `/srv/app` are folders; a bare word is an image unless only a folder of that name holds a Dockerfile.
fn is_folder(name: &str) -> bool {
    let path = Path::new(name);
    let written_as_path = name.starts_with(['.', '/']) || name.ends_with('/');
    path.is_dir() && (written_as_path || path.join("Dockerfile").is_file())
}

/// An image that is there already; one in an archive is taken into the store, to be run from there.
fn existing(store: &Store, image: Image, name: String, args: &Args) -> anyhow::Result<Subject> {
    let in_store = image.layers.iter().all(|layer| layer.tree().is_some());
    let image = if in_store { image } else { store.add(&image, &[])? };
    let context = match &args.context {
        Some(folder) => {
            let (context, dockerfile) = building::inputs(args.file.as_deref(), folder, store)?;
            Some(secrets_in_context(&context, &dockerfile)?)
        }
        None => None,
    };
    Ok(Subject {
        image,
        name,
        context,
        built: None,
        folder: args.context.clone(),
    })
}

fn built(invocation: &Invocation, store: &Store, folder: &Path, args: &Args) -> anyhow::Result<Subject> {
    plimsoll_build::prepare_process()?;
    let (context, dockerfile) = building::inputs(args.file.as_deref(), folder, store)?;
    let findings = secrets_in_context(&context, &dockerfile)?;
    let DockerfileText {
        name: dockerfile_name,
        ..
    } = dockerfile.clone();
    let options = BuildOptions {
        build_args: args.build_arg.clone(),
        proxies: settings::proxies(),
        host_ca: if args.host_ca {
            Some(settings::host_ca()?)
        } else {
            None
        },
        source_date_epoch: settings::source_date_epoch()?,
        ..BuildOptions::new(context, dockerfile)
    };
    let outcome = building::build(invocation, store, &options, args.progress, false)?;
    let built = format!(
        "`{dockerfile_name}`: {} steps, {} of them cached",
        outcome.steps, outcome.cached
    );
    Ok(Subject {
        image: outcome.image,
        name: folder.display().to_string(),
        context: Some(findings),
        built: Some(built),
        folder: Some(folder.to_owned()),
    })
}

fn policy(file: Option<&Path>) -> anyhow::Result<Policy> {
    let Some(file) = file else {
        return Ok(Policy::standard()?);
    };
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!(
            "cannot read policy `{}`: {}",
            file.display(),
            crate::failure::system(&error)
        ))
    })?;
    with_code(
        exit::USAGE,
        Policy::with(&text, &file.display().to_string()).map_err(Into::into),
    )
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Table,
    Markdown,
    Json,
}

fn output((form, file): &(String, String)) -> Result<(Form, PathBuf), Failure> {
    let form = match form.as_str() {
        "table" => Form::Table,
        "markdown" | "md" => Form::Markdown,
        "json" => Form::Json,
        other => {
            return Err(Failure::usage(format!(
                "`{other}` is not a report format; use table, markdown or json"
            )));
        }
    };
    if file.is_empty() {
        return Err(Failure::usage(
            "a report needs a file: `--output markdown=report.md`",
        ));
    }
    Ok((form, PathBuf::from(file)))
}

fn write(invocation: &Invocation, report: &AuditReport, form: Form, file: &Path) -> anyhow::Result<()> {
    let text = match form {
        Form::Table => table::audit(
            report,
            table::Style {
                width: None,
                color: false,
            },
        ),
        Form::Markdown => plimsoll_report::markdown::audit(report),
        Form::Json => plimsoll_report::json::render(report)?,
    };
    deliver(
        invocation.printer,
        (file != Path::new("-")).then_some(file),
        &text,
    )
}
