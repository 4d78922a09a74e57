use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use anyhow::Context as _;
use plimsoll_core::{Platform, Reference};
use plimsoll_image::Image;
use plimsoll_sandbox::{
    Engine, HealthOptions, Mount, Network, PortMapping, RestartPolicy, RunOptions, Seccomp, SecurityOptions,
    Streams, Tmpfs,
};

use crate::base_images::StoreOrRegistry;
use crate::failure::{Failure, with_code};
use crate::invocation::Invocation;
use crate::{exit, values};

/// Run a command in a new container
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Print help; `-h` is the host name, as Docker has it
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Run in the background and print the container's ID
    #[arg(long, short)]
    detach: bool,
    /// Remove the container when it has ended
    #[arg(long)]
    rm: bool,
    /// The container's name
    #[arg(long)]
    name: Option<String>,
    /// Publish a port: `[[IP:]HOST:]CONTAINER[/tcp]`
    #[arg(long, short, value_name = "PORTS")]
    publish: Vec<String>,
    /// Publish every port that the image exposes on a free port of the host
    #[arg(long, short = 'P')]
    publish_all: bool,
    /// Set a variable; `K` alone takes it from the environment
    #[arg(long, short, value_name = "K=V", value_parser = values::variable)]
    env: Vec<(String, Option<String>)>,
    /// Read variables from a file
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// Add a label
    #[arg(long, short, value_name = "K=V", value_parser = values::pair)]
    label: Vec<(String, String)>,
    /// Show a folder or file of the host inside: `SOURCE:TARGET[:ro]`; `TARGET` alone is a new volume
    #[arg(long, short, value_name = "VOLUME")]
    volume: Vec<String>,
    /// Mount a temporary file system: `TARGET[:OPTIONS]`
    #[arg(long, value_name = "TARGET")]
    tmpfs: Vec<String>,
    /// The folder that the command starts in
    #[arg(long, short, value_name = "DIR")]
    workdir: Option<String>,
    /// The user: `NAME|UID[:GROUP|GID]`
    #[arg(long, short, value_name = "USER")]
    user: Option<String>,
    /// Replace the image's entrypoint
    #[arg(long, value_name = "COMMAND")]
    entrypoint: Option<String>,
    /// The host name inside
    #[arg(long, short = 'h')]
    hostname: Option<String>,
    /// Add a line to /etc/hosts
    #[arg(long, value_name = "HOST:IP")]
    add_host: Vec<String>,
    /// Limit the memory: `256m`, `1g`
    #[arg(long, short, value_name = "BYTES", value_parser = values::bytes)]
    memory: Option<u64>,
    /// Limit the processors
    #[arg(long, value_name = "NUMBER")]
    cpus: Option<f64>,
    /// Limit the number of processes
    #[arg(long, value_name = "NUMBER")]
    pids_limit: Option<i64>,
    /// The size of /dev/shm
    #[arg(long, value_name = "BYTES", value_parser = values::bytes)]
    shm_size: Option<u64>,
    /// Mount the root file system read-only
    #[arg(long)]
    read_only: bool,
    /// Add a capability
    #[arg(long, value_name = "CAPABILITY")]
    cap_add: Vec<String>,
    /// Drop a capability, or `ALL`
    #[arg(long, value_name = "CAPABILITY")]
    cap_drop: Vec<String>,
    /// `no-new-privileges[=false]`, `seccomp=unconfined`, `seccomp=PROFILE.json`
    #[arg(long, value_name = "OPTION")]
    security_opt: Vec<String>,
    /// `private` (or `bridge`), `host`, `none`
    #[arg(long, alias = "net", value_name = "NETWORK")]
    network: Option<String>,
    /// The command that tells whether the container is well
    #[arg(long, value_name = "COMMAND")]
    health_cmd: Option<String>,
    /// The time between two health checks
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    health_interval: Option<Duration>,
    /// The time that a health check may take
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    health_timeout: Option<Duration>,
    /// The time in which failing health checks do not count
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    health_start_period: Option<Duration>,
    /// The time between two health checks within the start period
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    health_start_interval: Option<Duration>,
    /// How many failures in a row make the container unhealthy
    #[arg(long, value_name = "NUMBER")]
    health_retries: Option<u32>,
    /// Run no health check
    #[arg(long)]
    no_healthcheck: bool,
    /// `no`, `on-failure[:N]`, `always`, `unless-stopped`
    #[arg(long, value_name = "POLICY", default_value_t)]
    restart: RestartPolicy,
    /// The signal that asks it to stop
    #[arg(long, value_name = "SIGNAL")]
    stop_signal: Option<String>,
    /// Seconds between the stop signal and the kill
    #[arg(long, value_name = "SECONDS")]
    stop_timeout: Option<u64>,
    /// Keep standard input open
    #[arg(long, short)]
    interactive: bool,
    /// Give it a terminal
    #[arg(long, short)]
    tty: bool,
    /// The platform, where the image must be pulled
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// The image, by name or ID
    image: String,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

pub(crate) fn run(invocation: &Invocation, args: Args) -> anyhow::Result<u8> {
    let (detach, name) = (args.detach, args.image.clone());
    let platform = args.platform.clone();
    let options = with_code(exit::ENGINE, options(args))?;
    let store = with_code(exit::ENGINE, invocation.store())?;
    let image = with_code(exit::ENGINE, image(invocation, &store, &name, platform))?;
    with_code(exit::ENGINE, make_sources(&options))?;
    let container = Engine::new(&store)
        .create(&image, &options)
        .map_err(engine_error)?;
    if detach {
        container.start_detached().map_err(engine_error)?;
        for warning in container.state().map_err(engine_error)?.warnings {
            invocation.printer.warn(&warning);
        }
        invocation.printer.line(container.id())?;
        return Ok(exit::DONE);
    }
    let code = attached(|streams| container.start_attached(streams))?;
    Ok(code_of(code))
}

/// As Docker does, makes the folders of the host that `-v` names and that are not there.
fn make_sources(options: &RunOptions) -> anyhow::Result<()> {
    for source in options.mounts.iter().filter_map(|mount| mount.source.as_ref()) {
        if !source.exists() {
            fs::create_dir_all(source).with_context(|| format!("cannot make `{}`", source.display()))?;
        }
    }
    Ok(())
}

/// The image in the store; where there is none of this name, it is pulled.
fn image(
    invocation: &Invocation,
    store: &plimsoll_image::Store,
    name: &str,
    platform: Option<Platform>,
) -> anyhow::Result<Image> {
    match store.find(name) {
        Err(error @ plimsoll_image::Error::NoSuchImage { .. }) => {
            let Ok(reference) = name.parse::<Reference>() else {
                return Err(error.into());
            };
            let platform = platform.unwrap_or_else(Platform::host);
            StoreOrRegistry::new(store, invocation.printer).pull(&reference, &platform)
        }
        found => Ok(found?),
    }
}

/// Connects a process with this program's own streams.
pub(super) fn attached(
    start: impl FnOnce(Streams<'_>) -> plimsoll_sandbox::Result<i32>,
) -> anyhow::Result<i32> {
    let (input, mut out, mut err) = (io::stdin(), io::stdout(), io::stderr());
    let streams = Streams {
        stdin: Some(input.as_fd()),
        stdout: &mut out,
        stderr: &mut err,
    };
    start(streams).map_err(engine_error)
}

/// Keeps the code that Docker has for an error of `run` and `exec`: 125, 126 or 127.
pub(super) fn engine_error(error: plimsoll_sandbox::Error) -> anyhow::Error {
    let code = u8::try_from(error.exit_code()).unwrap_or(exit::ENGINE);
    let failed: anyhow::Result<()> = with_code(code, Err(error.into()));
    match failed {
        Err(error) => error,
        Ok(()) => unreachable!("an error stays one"),
    }
}

pub(super) fn code_of(code: i32) -> u8 {
    u8::try_from(code & 0xff).unwrap_or(exit::ENGINE)
}

fn options(args: Args) -> anyhow::Result<RunOptions> {
    let mut env = Vec::new();
    for file in &args.env_file {
        env.extend(values::env_file(file)?);
    }
    env.extend(args.env);
    // A variable that was named without a value and is not set here is not set there either.
    let env = env
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let mut ports = Vec::new();
    for text in &args.publish {
        ports.extend(PortMapping::parse(text).map_err(|error| Failure::usage(error.to_string()))?);
    }
    Ok(RunOptions {
        name: args.name,
        command: args.command,
        entrypoint: args.entrypoint.map(|command| {
            if command.is_empty() {
                Vec::new()
            } else {
                vec![command]
            }
        }),
        env,
        labels: args.label.into_iter().collect(),
        user: args.user,
        working_dir: args.workdir,
        hostname: args.hostname,
        extra_hosts: args
            .add_host
            .iter()
            .map(|text| extra_host(text))
            .collect::<Result<_, _>>()?,
        ports,
        publish_all: args.publish_all,
        publish_address: None,
        mounts: args
            .volume
            .iter()
            .map(|text| mount(text))
            .collect::<Result<_, _>>()?,
        tmpfs: args.tmpfs.iter().map(|text| tmpfs(text)).collect(),
        memory: args.memory.filter(|bytes| *bytes > 0),
        cpus: args.cpus.filter(|cpus| *cpus > 0.0),
        pids_limit: args
            .pids_limit
            .and_then(|limit| u64::try_from(limit).ok())
            .filter(|limit| *limit > 0),
        shm_size: args.shm_size,
        read_only: args.read_only,
        cap_add: args.cap_add,
        cap_drop: args.cap_drop,
        security: security(&args.security_opt)?,
        network: network(args.network.as_deref())?,
        health: HealthOptions {
            disable: args.no_healthcheck,
            command: args.health_cmd,
            interval: args.health_interval,
            timeout: args.health_timeout,
            start_period: args.health_start_period,
            start_interval: args.health_start_interval,
            retries: args.health_retries,
        },
        restart: args.restart,
        stop_signal: args.stop_signal,
        stop_timeout: args.stop_timeout,
        auto_remove: args.rm,
        interactive: args.interactive,
        tty: args.tty,
    })
}

fn extra_host(text: &str) -> Result<(String, String), Failure> {
    let parted = text.split_once('=').or_else(|| text.split_once(':'));
    let wrong = || Failure::usage(format!("`{text}` is not `HOST:IP`"));
    parted
        .map(|(host, address)| (host.to_owned(), address.to_owned()))
        .ok_or_else(wrong)
}

fn mount(text: &str) -> Result<Mount, Failure> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, mode) = match parts[..] {
        [target] => (None, target, ""),
        [source, target] => (Some(source), target, ""),
        [source, target, mode] => (Some(source), target, mode),
        _ => return Err(Failure::usage(format!("`{text}` is not `SOURCE:TARGET[:ro]`"))),
    };
    let mut read_only = false;
    for word in mode.split(',').filter(|word| !word.is_empty()) {
        match word {
            "ro" => read_only = true,
            "rw" => read_only = false,
            "z" | "Z" | "cached" | "delegated" | "consistent" => {}
            word => {
                return Err(Failure::usage(format!(
                    "`{text}`: `{word}` is not supported; use `ro` or `rw`"
                )));
            }
        }
    }
    if !target.starts_with('/') {
        return Err(Failure::usage(format!(
            "`{text}`: the target must be an absolute path"
        )));
    }
    let source = match source {
        None => None,
        Some(source) if source.starts_with(['/', '.', '~']) => {
            let path = std::path::absolute(source)
                .map_err(|error| Failure::usage(format!("`{source}`: {error}")))?;
            Some(path)
        }
        Some(source) => {
            return Err(
                Failure::usage(format!("`{text}`: named volumes are not supported"))
                    .with_hint(format!("name a folder: `./{source}:{target}`")),
            );
        }
    };
    Ok(Mount {
        source,
        target: target.to_owned(),
        read_only,
    })
}

fn tmpfs(text: &str) -> Tmpfs {
    let (target, options) = text.split_once(':').unwrap_or((text, ""));
    Tmpfs {
        target: target.to_owned(),
        options: options.to_owned(),
    }
}

fn security(options: &[String]) -> Result<SecurityOptions, Failure> {
    let mut security = SecurityOptions::default();
    for option in options {
        let (name, value) = option.split_once(['=', ':']).unwrap_or((option, ""));
        match (name, value) {
            ("no-new-privileges", "" | "true") => security.no_new_privileges = true,
            ("no-new-privileges", "false") => security.no_new_privileges = false,
            ("seccomp", "unconfined") => security.seccomp = Seccomp::Unconfined,
            ("seccomp", "" | "builtin") => security.seccomp = Seccomp::Default,
            ("seccomp", file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| Failure::usage(format!("`{file}`: {error}")))?;
                security.seccomp = Seccomp::Profile(text);
            }
            _ => {
                return Err(
                    Failure::usage(format!("`{option}` is not supported as a security option")).with_hint(
                        "use no-new-privileges[=false], seccomp=unconfined or seccomp=PROFILE.json",
                    ),
                );
            }
        }
    }
    Ok(security)
}

fn network(name: Option<&str>) -> Result<Network, Failure> {
    match name {
        None | Some("private" | "bridge" | "default") => Ok(Network::Private),
        Some("host") => Ok(Network::Host),
        Some("none") => Ok(Network::None),
        Some(other) => Err(Failure::usage(format!(
            "`{other}` is not a network; use private, host or none"
        ))),
    }
}
