use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use plimsoll_build::{BuildOptions, Entitlements, RemoteSettings, StepNetwork, Ulimit};
use plimsoll_core::{Platform, Reference};
use plimsoll_image::Image;

use crate::docker_flags::DockerFlags;
use crate::invocation::Invocation;
use crate::output::{CacheArgs, OutputArgs};
use crate::progress::ProgressForm;
use crate::ssh_agent::Agents;
use crate::{build_values, building, exit, human, settings, values};

/// Build an image from a Dockerfile
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The Dockerfile; by default `Dockerfile` in the context; `-` for standard input
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Name the image
    #[arg(long, short, value_name = "NAME[:TAG]")]
    tag: Vec<Reference>,
    /// Set an ARG of the Dockerfile; `K` alone takes it from the environment
    #[arg(long, value_name = "K=V", value_parser = values::variable)]
    build_arg: Vec<(String, Option<String>)>,
    /// Build this stage and what it needs
    #[arg(long, value_name = "STAGE")]
    target: Option<String>,
    /// Add a label
    #[arg(long, value_name = "K=V", value_parser = build_values::label)]
    label: Vec<(String, String)>,
    /// Give a secret to `RUN --mount=type=secret`: `id=NAME[,src=FILE|,env=VARIABLE]`
    #[arg(long, value_name = "SECRET")]
    secret: Vec<String>,
    /// Give an SSH agent to `RUN --mount=type=ssh`: `default`, `ID=SOCKET` or `ID=KEY`
    #[arg(long, value_name = "AGENT")]
    ssh: Vec<String>,
    /// Name another place to take files from: `NAME=FOLDER|docker-image://IMAGE|oci-layout://FOLDER|ADDRESS`
    #[arg(long, value_name = "NAME=CONTEXT")]
    build_context: Vec<String>,
    /// Run every step, even those that are cached
    #[arg(long)]
    no_cache: bool,
    /// Run every step of these stages
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    no_cache_filter: Vec<String>,
    /// Let steps do what they may not do otherwise
    #[arg(long, value_name = "ENTITLEMENT")]
    allow: Vec<Entitlement>,
    /// Add a line to `/etc/hosts` of RUN
    #[arg(long, value_name = "NAME:ADDRESS", value_parser = build_values::host)]
    add_host: Vec<(String, IpAddr)>,
    /// The size of `/dev/shm` of RUN
    #[arg(long, value_name = "BYTES", value_parser = values::bytes)]
    shm_size: Option<u64>,
    /// Limit the processes of RUN, as `nofile=1024:2048`
    #[arg(long, value_name = "NAME=SOFT[:HARD]")]
    ulimit: Vec<Ulimit>,
    /// Pull base images even if they are in the store
    #[arg(long)]
    pull: bool,
    /// The network of RUN
    #[arg(long, value_enum, default_value_t, value_name = "NETWORK")]
    network: NetworkName,
    /// Let RUN trust the certificates that this host trusts; nothing of it gets into the image
    #[arg(long)]
    host_ca: bool,
    /// The platform to build for
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    progress: ProgressForm,
    #[command(flatten)]
    output: OutputArgs,
    /// Make one layer of everything that the build adds to its base
    #[arg(long)]
    squash: bool,
    /// Join neighbouring layers until the image has no more than so many
    #[arg(long, value_name = "NUMBER")]
    max_layers: Option<NonZeroUsize>,
    /// Give the same image wherever and whenever it is built: times are those of `SOURCE_DATE_EPOCH`, else of the
    /// context's last commit, else 1970
    #[arg(long)]
    reproducible: bool,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    docker: DockerFlags,
    /// The folder to build from, or the address of a git repository, an archive or a Dockerfile; `-` for a tar or a
    /// Dockerfile on standard input
    context: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum NetworkName {
    #[default]
    #[value(alias = "default")]
    Host,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Entitlement {
    #[value(name = "network.host")]
    NetworkHost,
    #[value(name = "security.insecure")]
    SecurityInsecure,
}

impl Args {
    /// Whether the progress is for tools.
    pub(crate) fn shows_json(&self) -> bool {
        self.progress == ProgressForm::Json
    }
}

pub(crate) fn run(invocation: &Invocation, args: Args) -> anyhow::Result<u8> {
    plimsoll_build::prepare_process()?;
    args.docker.check(invocation.printer)?;
    let given = |(name, value): (String, Option<String>)| Some((name, value?));
    let build_args: Vec<(String, String)> = args.build_arg.into_iter().filter_map(given).collect();
    let argument = |wanted: &str| {
        let found = build_args.iter().rev().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let epoch = match argument("SOURCE_DATE_EPOCH").filter(|value| !value.is_empty()) {
        Some(text) => Some(settings::epoch(text)?),
        None => settings::source_date_epoch()?,
    };
    let epoch = match epoch {
        None if args.reproducible => Some(settings::commit_time(&args.context).unwrap_or(0)),
        epoch => epoch,
    };
    let caches = args.cache.check()?;
    let outputs = args.output.check(epoch)?;
    let store = invocation.store()?;
    let mut agents = Agents::default();
    let ssh = args
        .ssh
        .iter()
        .map(|text| build_values::ssh(text, &mut agents))
        .collect::<Result<Vec<_>, _>>()?;
    let remote = RemoteSettings {
        keep_git_dir: argument("BUILDKIT_CONTEXT_KEEP_GIT_DIR")
            .is_some_and(|value| matches!(value, "1" | "true")),
        agent: ssh
            .iter()
            .rev()
            .find(|agent| agent.id == "default")
            .map(|agent| agent.socket.clone()),
        ..settings::remote()
    };
    let (context, dockerfile) = building::inputs_with(args.file.as_deref(), &args.context, &store, &remote)?;
    let contexts = args
        .build_context
        .iter()
        .map(|text| build_values::context(text, &store, &remote))
        .collect::<anyhow::Result<_>>()?;
    let options = BuildOptions {
        build_args,
        ssh,
        contexts,
        no_cache_filter: args.no_cache_filter,
        allow: Entitlements {
            insecure: args.allow.contains(&Entitlement::SecurityInsecure),
            host_network: args.allow.contains(&Entitlement::NetworkHost),
        },
        hosts: args.add_host,
        shm_size: args.shm_size,
        ulimits: args.ulimit,
        root_certificates: remote.root_certificates.clone(),
        proxies: settings::proxies(),
        target: args.target,
        labels: args.label,
        squash: args.squash,
        max_layers: args.max_layers,
        cache_from: caches.open(invocation.printer),
        annotations: outputs.manifest_annotations(),
        tags: [args.tag, outputs.names()].concat(),
        no_cache: args.no_cache,
        network: match args.network {
            NetworkName::Host => StepNetwork::Host,
            NetworkName::None => StepNetwork::None,
        },
        host_ca: if args.host_ca {
            Some(settings::host_ca()?)
        } else {
            None
        },
        secrets: args
            .secret
            .iter()
            .map(|text| build_values::secret(text))
            .collect::<Result<_, _>>()?,
        platform: args.platform,
        source_date_epoch: epoch,
        ..BuildOptions::new(context, dockerfile)
    };
    let outcome = building::build(invocation, &store, &options, args.progress, args.pull)?;
    let image = &outcome.image;
    caches.write(&store, &outcome.used_steps, invocation.printer)?;
    outputs.write(&store, image, &options.tags)?;
    if !(outputs.uses_stdout() && invocation.printer.is_quiet()) {
        told(invocation, image, &options.tags)?;
    }
    Ok(exit::DONE)
}

/// With `--quiet` only the ID is printed, as data; else what was built is told.
fn told(invocation: &Invocation, image: &Image, tags: &[Reference]) -> anyhow::Result<()> {
    let printer = invocation.printer;
    if printer.is_quiet() {
        return Ok(printer.line(&image.id.to_string())?);
    }
    if printer.is_json() {
        let names: Vec<String> = tags.iter().map(ToString::to_string).collect();
        let line = serde_json::json!({
            "event": "built",
            "id": image.id.to_string(),
            "size": image.size()?,
            "layers": image.layers.len(),
            "names": names,
        });
        printer.block(&line.to_string());
        return Ok(());
    }
    let size = human::size(image.size()?);
    printer.status(&format!(
        "built {} ({size}, {} layers)",
        image.id,
        image.layers.len()
    ));
    for tag in tags {
        printer.status(&format!("named {tag}"));
    }
    Ok(())
}
