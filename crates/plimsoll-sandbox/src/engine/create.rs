//! A container made from an image and what the user asked for.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_image::{Healthcheck, Image, ImageConfig};

use super::names;
use super::specification::specification;
use crate::cgroup::Limits;
use crate::container::Container;
use crate::error::{Error, Result};
use crate::init::Volume;
use crate::net::lo;
use crate::options::{HealthOptions, Network, PortMapping, Protocol, RunOptions};
use crate::record::{Directory, HealthCheck, Kept, MountPoint, Record, hosts, sync_directory};
use crate::signal::parse_signal;
use crate::spec::DEFAULT_PATH;
use crate::spec::capabilities::CapabilitySet;

/// The least memory limit that Docker takes.
const LEAST_MEMORY: u64 = 6 << 20;

/// Writes a new container's directory, which appears whole.
pub(super) fn create(
    containers: &Path,
    name: String,
    layers: &[PathBuf],
    image: &Image,
    options: &RunOptions,
) -> Result<Container> {
    check(options)?;
    let id: String = names::random_bytes::<32>()?
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let directory = Directory::new(containers.join(&id));
    let unfinished = Directory::new(containers.join(format!(".new-{id}")));
    let made = record(&directory, id, name.clone(), layers, image, options)
        .and_then(|record| write(&unfinished, &directory, &record));
    match made {
        Ok(()) => Container::open(directory).ok_or(Error::NoSuchContainer(name)),
        Err(error) => {
            let _ = fs::remove_dir_all(unfinished.path());
            Err(error)
        }
    }
}

fn check(options: &RunOptions) -> Result<()> {
    let wrong = |message: &str| Err(Error::InvalidOption(message.to_owned()));
    if options.memory.is_some_and(|memory| memory < LEAST_MEMORY) {
        return wrong("the least memory limit is 6 MB");
    }
    if options.cpus.is_some_and(|cpus| !cpus.is_finite() || cpus <= 0.0) {
        return wrong("the number of cpus must be above 0");
    }
    if options.pids_limit == Some(0) {
        return wrong("the pids limit must be above 0");
    }
    if options.network != Network::Private && !options.ports.is_empty() {
        return wrong("ports can be published only with the private network");
    }
    if options.auto_remove && options.restart != crate::options::RestartPolicy::No {
        return wrong("`--rm` and `--restart` exclude each other");
    }
    let targets = options.mounts.iter().map(|mount| &mount.target);
    for target in targets.chain(options.tmpfs.iter().map(|tmpfs| &tmpfs.target)) {
        if !target.starts_with('/') {
            return Err(Error::InvalidOption(format!(
                "the mount target `{target}` is not absolute"
            )));
        }
        if target.trim_end_matches('/').is_empty() {
            return wrong("nothing can be mounted on `/`");
        }
    }
    for mount in &options.mounts {
        if mount.source.as_ref().is_some_and(|source| !source.is_absolute()) {
            return Err(Error::InvalidOption(format!(
                "the source of the mount `{}` is not absolute",
                mount.target
            )));
        }
    }
    Ok(())
}

fn record(
    directory: &Directory,
    id: String,
    name: String,
    layers: &[PathBuf],
    image: &Image,
    options: &RunOptions,
) -> Result<Record> {
    let config = &image.config.config;
    let hostname = match (&options.hostname, options.network) {
        (Some(hostname), _) => hostname.clone(),
        (None, Network::Host) => nix::unistd::gethostname()
            .map_err(|error| Error::system("read the host name", error))?
            .to_string_lossy()
            .into_owned(),
        (None, _) => id[..12].to_owned(),
    };
    let (mounts, volumes) = mounts(directory, &image.config, options);
    let stop_signal = options.stop_signal.as_deref().or(config.stop_signal.as_deref());
    let image_timeout = config
        .stop_timeout
        .and_then(|seconds| u64::try_from(seconds).ok());
    let mut labels = config.labels.clone();
    labels.extend(options.labels.clone());
    Ok(Record {
        created: Timestamp::now(),
        image_id: image.id,
        image_name: image.name.clone(),
        image_config: image.config.clone(),
        args: args(&image.config, options)?,
        env: env(&image.config, options, &hostname),
        labels,
        hostname,
        layers: layers.to_vec(),
        mounts,
        volumes,
        ports: ports(&image.config, options)?,
        health: health(&image.config, &options.health)?,
        stop_signal: stop_signal
            .filter(|text| !text.is_empty())
            .map_or(Ok(libc::SIGTERM), |text| {
                parse_signal(text).ok_or_else(|| Error::no_signal(text))
            })?,
        stop_timeout: options.stop_timeout.or(image_timeout).unwrap_or(10),
        limits: Limits {
            memory: options.memory,
            cpus: options.cpus,
            pids: options.pids_limit,
            devices: CapabilitySet::docker(&options.cap_add, &options.cap_drop)?
                .contains_name("CAP_SYS_ADMIN"),
        },
        options: options.clone(),
        id,
        name,
    })
}

/// The command: a new entrypoint resets the image's command too.
fn args(image: &ImageConfig, options: &RunOptions) -> Result<Vec<String>> {
    let mut args = match &options.entrypoint {
        Some(entrypoint) => entrypoint.clone(),
        None => image.config.entrypoint.clone().unwrap_or_default(),
    };
    if !options.command.is_empty() {
        args.extend(options.command.iter().cloned());
    } else if options.entrypoint.is_none() {
        args.extend(image.config.cmd.iter().flatten().cloned());
    }
    if args.is_empty() {
        Err(Error::NoCommand)
    } else {
        Ok(args)
    }
}

/// The environment in Docker's order: the engine's own variables, the image's, the user's; `HOME` is added
/// inside, where the user is known.
fn env(image: &ImageConfig, options: &RunOptions, hostname: &str) -> Vec<String> {
    let mut env = vec![DEFAULT_PATH.to_owned(), format!("HOSTNAME={hostname}")];
    if options.tty {
        env.push("TERM=xterm".to_owned());
    }
    let given = options.env.iter().map(|(name, value)| format!("{name}={value}"));
    for variable in image.config.env.iter().cloned().chain(given) {
        let name = variable.split('=').next().unwrap_or_default();
        match env.iter_mut().find(|known| known.split('=').next() == Some(name)) {
            Some(known) => *known = variable,
            None => env.push(variable),
        }
    }
    env
}

/// The user's mounts and the image's volumes; what the user mounts at a volume's place takes it.
fn mounts(
    directory: &Directory,
    image: &ImageConfig,
    options: &RunOptions,
) -> (Vec<MountPoint>, Vec<Volume>) {
    let (mut mounts, mut volumes) = (Vec::new(), Vec::new());
    let mut taken = BTreeSet::new();
    let place = |target: &str| target.trim_end_matches('/').to_owned();
    let mut volume = |target: String, writable: bool, mounts: &mut Vec<MountPoint>| {
        let data = directory.join("volumes").join(volumes.len().to_string());
        mounts.push(MountPoint {
            kind: "volume".to_owned(),
            source: data.clone(),
            destination: target.clone(),
            writable,
        });
        volumes.push(Volume { target, data });
    };
    for tmpfs in &options.tmpfs {
        taken.insert(place(&tmpfs.target));
        mounts.push(MountPoint {
            kind: "tmpfs".to_owned(),
            source: PathBuf::new(),
            destination: tmpfs.target.clone(),
            writable: true,
        });
    }
    for mount in &options.mounts {
        taken.insert(place(&mount.target));
        match &mount.source {
            Some(source) => mounts.push(MountPoint {
                kind: "bind".to_owned(),
                source: source.clone(),
                destination: mount.target.clone(),
                writable: !mount.read_only,
            }),
            None => volume(mount.target.clone(), !mount.read_only, &mut mounts),
        }
    }
    for target in image
        .config
        .volumes
        .keys()
        .filter(|target| target.starts_with('/'))
    {
        if !place(target).is_empty() && taken.insert(place(target)) {
            volume(target.clone(), true, &mut mounts);
        }
    }
    (mounts, volumes)
}

fn ports(image: &ImageConfig, options: &RunOptions) -> Result<Vec<PortMapping>> {
    let mut ports = options.ports.clone();
    if options.publish_all && options.network == Network::Private {
        for exposed in image.config.exposed_ports.keys() {
            let (port, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
            if protocol != "tcp" {
                continue;
            }
            for mapping in
                PortMapping::parse(port).map_err(|error| Error::InvalidOption(error.to_string()))?
            {
                if !ports
                    .iter()
                    .any(|known| known.container_port == mapping.container_port)
                {
                    ports.push(PortMapping {
                        host_ip: options.publish_address.unwrap_or(mapping.host_ip),
                        protocol: Protocol::Tcp,
                        ..mapping
                    });
                }
            }
        }
    }
    Ok(ports)
}

/// The health check with Docker's defaults; `None` where there is none or it is switched off.
fn health(image: &ImageConfig, options: &HealthOptions) -> Result<Option<HealthCheck>> {
    let none = Healthcheck::default();
    let given = image.config.healthcheck.as_ref().unwrap_or(&none);
    if options.disable {
        return Ok(None);
    }
    let shell = image.config.shell.clone().filter(|shell| !shell.is_empty());
    let shell = || {
        shell
            .clone()
            .unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned()])
    };
    let args = match (&options.command, given.test.split_first()) {
        (Some(command), _) => [shell(), vec![command.clone()]].concat(),
        (None, None) => return Ok(None),
        (None, Some((kind, rest))) => match kind.as_str() {
            "NONE" => return Ok(None),
            "CMD" if !rest.is_empty() => rest.to_vec(),
            "CMD-SHELL" if !rest.is_empty() => [shell(), rest.to_vec()].concat(),
            _ => {
                return Err(Error::InvalidOption(format!(
                    "the health check `{}` has no command",
                    given.test.join(" ")
                )));
            }
        },
    };
    let time = |option: Option<Duration>, image: Option<i64>, default: u64| {
        let image = image
            .and_then(|nanoseconds| u64::try_from(nanoseconds).ok())
            .map(Duration::from_nanos);
        option
            .or(image)
            .filter(|time| !time.is_zero())
            .unwrap_or(Duration::from_secs(default))
    };
    Ok(Some(HealthCheck {
        args,
        interval: time(options.interval, given.interval, 30),
        timeout: time(options.timeout, given.timeout, 30),
        start_period: time(options.start_period, given.start_period, 0),
        start_interval: time(options.start_interval, given.start_interval, 5),
        retries: options
            .retries
            .or(given.retries)
            .filter(|retries| *retries > 0)
            .unwrap_or(3),
    }))
}

fn write(unfinished: &Directory, directory: &Directory, record: &Record) -> Result<()> {
    let create = |path: PathBuf| {
        fs::create_dir_all(&path)
            .and_then(|()| open_to_all(&path, 0o755))
            .map_err(|error| Error::file("create", &path, error))
    };
    // The mode of `upper` becomes that of the container's `/`.
    for name in ["upper", "work", "rootfs", "volumes"] {
        create(unfinished.join(name))?;
    }
    if record.layers.is_empty() {
        create(unfinished.join("empty"))?;
    }
    let private = record.options.network == Network::Private;
    let address = private.then_some(IpAddr::V4(lo::ADDRESS));
    let mut hosts_file = hosts(&record.hostname, address, &record.options.extra_hosts);
    if record.options.network == Network::Host
        && let Ok(of_the_host) = fs::read_to_string("/etc/hosts")
    {
        hosts_file = record
            .options
            .extra_hosts
            .iter()
            .fold(of_the_host, |text, (name, address)| {
                text + &format!("{address}\t{name}\n")
            });
    }
    let resolver = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    for (name, text) in [
        ("hostname", format!("{}\n", record.hostname)),
        ("hosts", hosts_file),
        ("resolv.conf", resolver),
        ("log.jsonl", String::new()),
        ("exit-code", String::new()),
    ] {
        let path = unfinished.join(name);
        fs::write(&path, text)
            .and_then(|()| open_to_all(&path, 0o644))
            .map_err(|error| Error::file("write", &path, error))?;
    }
    // A container is to be there after a crash of the machine, unless it goes when it ends anyway.
    let durable = !record.options.auto_remove;
    unfinished.keep(&Kept::default())?;
    unfinished.write_with("config.json", &specification(directory, record)?, durable)?;
    unfinished.write_with("container.json", record, durable)?;
    let failed = |error: io::Error| Error::file("create", directory.path(), error);
    fs::rename(unfinished.path(), directory.path()).map_err(failed)?;
    match directory.path().parent().filter(|_| durable) {
        Some(containers) => sync_directory(containers).map_err(failed),
        None => Ok(()),
    }
}

/// Gives a file that a container sees the mode that it shall have there, whatever the caller's umask.
fn open_to_all(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn image(json: &Value) -> ImageConfig {
        let text = json!({ "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": [] }, "config": json });
        ImageConfig::from_slice(text.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn commands_follow_dockers_rules() {
        let image = image(&json!({ "Entrypoint": ["/entry"], "Cmd": ["a", "b"] }));
        let strings = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let with = |entrypoint: Option<&[&str]>, command: &[&str]| {
            args(
                &image,
                &RunOptions {
                    entrypoint: entrypoint.map(strings),
                    command: strings(command),
                    ..RunOptions::default()
                },
            )
        };
        assert_eq!(with(None, &[]).unwrap(), ["/entry", "a", "b"]);
        assert_eq!(with(None, &["c"]).unwrap(), ["/entry", "c"]);
        assert_eq!(with(Some(&["sh"]), &[]).unwrap(), ["sh"]);
        assert_eq!(with(Some(&[]), &["c"]).unwrap(), ["c"]);
        assert!(matches!(with(Some(&[]), &[]), Err(Error::NoCommand)));
    }

    #[test]
    fn variables_take_the_place_of_earlier_ones() {
        let image = image(&json!({ "Env": ["PATH=/x", "A=1"] }));
        let options = RunOptions {
            env: vec![("A".into(), "2".into()), ("B".into(), "3".into())],
            ..RunOptions::default()
        };
        assert_eq!(
            env(&image, &options, "box"),
            ["PATH=/x", "HOSTNAME=box", "A=2", "B=3"]
        );
    }

    #[test]
    fn health_checks_get_dockers_defaults() {
        let image_with = |test: Value| {
            image(
                &json!({ "Healthcheck": { "Test": test, "Interval": 5_000_000_000_i64 }, "Shell": ["/bin/ash", "-c"] }),
            )
        };
        let check = |test: Value| health(&image_with(test), &HealthOptions::default()).unwrap();
        let shell = check(json!(["CMD-SHELL", "true || false"])).unwrap();
        assert_eq!(shell.args, ["/bin/ash", "-c", "true || false"]);
        assert_eq!(
            (shell.interval.as_secs(), shell.timeout.as_secs(), shell.retries),
            (5, 30, 3)
        );
        assert_eq!(
            (shell.start_period.as_secs(), shell.start_interval.as_secs()),
            (0, 5)
        );
        assert_eq!(
            check(json!(["CMD", "/check", "x"])).unwrap().args,
            ["/check", "x"]
        );
        assert_eq!(check(json!(["NONE"])), None);
        assert!(health(&image_with(json!(["CMD"])), &HealthOptions::default()).is_err());
        let disabled = HealthOptions {
            disable: true,
            ..HealthOptions::default()
        };
        assert_eq!(health(&image_with(json!(["CMD", "x"])), &disabled).unwrap(), None);
    }

    #[test]
    fn exposed_ports_are_published_where_it_was_asked_for() {
        let image = image(&json!({ "ExposedPorts": { "80/tcp": {}, "53/udp": {} } }));
        let mut options = RunOptions {
            publish_all: true,
            ..RunOptions::default()
        };
        assert!(ports(&image, &options).unwrap()[0].host_ip.is_unspecified());
        options.publish_address = Some([127, 0, 0, 1].into());
        let published = ports(&image, &options).unwrap();
        assert!(published.len() == 1 && published[0].host_ip.is_loopback() && published[0].host_port == 0);
    }

    #[test]
    fn a_users_mount_takes_the_place_of_a_volume() {
        let image = image(&json!({ "Volumes": { "/data": {}, "/logs": {} } }));
        let options = RunOptions {
            mounts: vec![crate::options::Mount {
                source: Some("/host".into()),
                target: "/data/".into(),
                read_only: true,
            }],
            ..RunOptions::default()
        };
        let (mounts, volumes) = mounts(&Directory::new("/c".into()), &image, &options);
        assert_eq!(
            mounts.iter().map(|mount| mount.kind.as_str()).collect::<Vec<_>>(),
            ["bind", "volume"]
        );
        assert_eq!(
            volumes
                .iter()
                .map(|volume| volume.target.as_str())
                .collect::<Vec<_>>(),
            ["/logs"]
        );
    }
}
