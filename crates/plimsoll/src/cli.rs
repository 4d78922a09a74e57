//! The command line: global options and the list of commands.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands;
use crate::printer::{ColorChoice, LogFormat};

/// Build, run, scan and grade container images: one binary, no daemon
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 done, 1 the gate failed, 2 wrong usage, 3 the work failed; \
    `run` and `exec` give the container's own code, 125, 126 or 127, as Docker does."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// How messages are written: as JSON, too, where the progress of a build is, so that all of stderr is.
    pub(crate) fn log_format(&self) -> LogFormat {
        match &self.command {
            Command::Build(args) if args.shows_json() => LogFormat::Json,
            _ => self.global.log_format,
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The folder that holds images, containers and advisories
    #[arg(long, global = true, env = "PLIMSOLL_ROOT", value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Print data and errors only
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more of what is done; repeat for more still
    #[arg(long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// How messages on stderr are written
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Build(Box<commands::build::Args>),
    Run(Box<commands::run::Args>),
    Audit(commands::audit::Args),
    Compare(commands::compare::Args),
    Scan(Box<commands::scan::Args>),
    Sbom(commands::sbom::Args),
    Demo(commands::demo::Args),
    #[command(subcommand)]
    Db(commands::db::Command),
    Images(commands::images::Args),
    Inspect(commands::inspect::Args),
    History(commands::history::Args),
    Tag(commands::tag::Args),
    Rmi(commands::rmi::Args),
    Save(commands::save::Args),
    Load(commands::load::Args),
    Import(commands::import::Args),
    Pull(commands::pull::Args),
    Ps(commands::ps::Args),
    Logs(commands::logs::Args),
    Exec(commands::exec::Args),
    Stats(commands::stats::Args),
    Top(commands::top::Args),
    Start(commands::start::Args),
    Stop(commands::stop::Args),
    Restart(commands::restart::Args),
    Kill(commands::kill::Args),
    Wait(commands::wait::Args),
    Rm(commands::rm::Args),
    Prune(commands::prune::Args),
    Df(commands::df::Args),
    #[command(subcommand, hide = true)]
    System(commands::docker_words::SystemCommand),
    #[command(subcommand, hide = true)]
    Builder(commands::docker_words::BuilderCommand),
    #[command(subcommand, hide = true)]
    Buildx(commands::docker_words::BuilderCommand),
    #[command(subcommand, hide = true)]
    Image(commands::docker_words::BuilderCommand),
    #[command(subcommand, hide = true)]
    Container(commands::docker_words::PruneCommand),
    #[command(subcommand)]
    Dockerfile(commands::dockerfile::Command),
    Completions(commands::completions::Args),
    Version(commands::version::Args),
}

impl Command {
    /// Whether it works with images or containers in the store.
    pub(crate) fn uses_store(&self) -> bool {
        match self {
            Self::Db(_) | Self::Dockerfile(_) | Self::Completions(_) | Self::Version(_) => false,
            Self::Scan(args) => !args.reads_sbom() && !args.named().is_directory(),
            Self::Sbom(args) => !args.named().is_directory(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// `docs/commands.md` is made from the command line itself: `PLIMSOLL_WRITE_DOCS=1 cargo test -p plimsoll` writes it.
    #[test]
    fn the_reference_of_the_commands_is_current() {
        let mut reference = "# Commands\n\nMade from `plimsoll help COMMAND`; do not edit.\n".to_owned();
        let mut cli = Cli::command().disable_help_subcommand(true).term_width(100);
        cli.build();
        for command in cli.get_subcommands_mut().filter(|command| !command.is_hide_set()) {
            describe(command, &mut reference);
        }
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
        if std::env::var_os("PLIMSOLL_WRITE_DOCS").is_some() {
            std::fs::write(&file, &reference).unwrap();
        }
        assert!(
            std::fs::read_to_string(&file).unwrap() == reference,
            "docs/commands.md is not current"
        );
    }

    fn describe(command: &mut clap::Command, reference: &mut String) {
        if command.has_subcommands() {
            for inner in command
                .get_subcommands_mut()
                .filter(|inner| inner.get_name() != "help")
            {
                describe(inner, reference);
            }
            return;
        }
        let name = command.get_bin_name().unwrap_or_default().to_owned();
        let help = command
            .clone()
            .color(clap::ColorChoice::Never)
            .render_help()
            .to_string();
        let own = help.split("\nGlobal options:").next().unwrap_or_default();
        let lines: Vec<&str> = own.lines().map(str::trim_end).collect();
        let _ = write!(
            reference,
            "\n## {name}\n\n```text\n{}\n```\n",
            lines.join("\n").trim_end()
        );
    }
}
