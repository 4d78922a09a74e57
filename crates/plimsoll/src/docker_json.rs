//! Images and containers in the JSON that `docker inspect` prints.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_image::{ContainerConfig, Image};
use plimsoll_sandbox::{Container, ContainerState, HealthOptions, Network, RestartPolicy, RunOptions};
use serde_json::{Map, Value, json};

/// An image as `docker image inspect` has it.
pub(crate) fn image(image: &Image) -> anyhow::Result<Value> {
    let references = &image.references;
    // A digest is a name in a registry only where one was pulled by it; what is built or loaded here has none.
    let digests = references
        .iter()
        .filter(|reference| reference.digest().is_some())
        .map(ToString::to_string);
    let digests: Vec<String> = digests.collect();
    let config = &image.config;
    let comment = config.history.last().and_then(|entry| entry.comment.clone());
    let mut value = json!({
        "Id": image.id,
        "RepoTags": references.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "RepoDigests": digests,
        "Parent": "",
        "Comment": comment.unwrap_or_default(),
        "Created": config.created.clone().unwrap_or_default(),
        "DockerVersion": "",
        "Author": config.author.clone().unwrap_or_default(),
        "Config": container_config(&config.config)?,
        "Architecture": config.architecture,
        "Os": config.os,
        "Size": image.size()?,
        "GraphDriver": { "Name": "overlay2", "Data": null },
        "RootFS": { "Type": "layers", "Layers": config.rootfs.diff_ids },
        "Metadata": { "LastTagTime": "0001-01-01T00:00:00Z" },
    });
    if let Some(variant) = &config.variant {
        value["Variant"] = json!(variant);
    }
    Ok(value)
}

/// The configuration with every field that Docker always shows.
fn container_config(config: &ContainerConfig) -> anyhow::Result<Value> {
    let mut shown = json!({
        "Hostname": "", "Domainname": "", "User": "", "AttachStdin": false, "AttachStdout": false,
        "AttachStderr": false, "Tty": false, "OpenStdin": false, "StdinOnce": false, "Env": null, "Cmd": null,
        "Image": "", "Volumes": null, "WorkingDir": "", "Entrypoint": null, "OnBuild": null, "Labels": null,
    });
    if let (Value::Object(shown), Value::Object(known)) = (&mut shown, serde_json::to_value(config)?) {
        shown.extend(known);
    }
    Ok(shown)
}

/// A container as `docker container inspect` has it.
pub(crate) fn container(container: &Container) -> anyhow::Result<Value> {
    let state = container.state()?;
    let options = container.options();
    let args = container.args();
    let mut config = container_config(&container.image_config().config)?;
    config["Hostname"] = json!(container.hostname());
    config["Image"] = json!(container.image_name());
    config["Env"] = json!(container.env());
    config["Labels"] = json!(container.labels());
    config["Tty"] = json!(options.tty);
    config["OpenStdin"] = json!(options.interactive);
    if let Some(user) = &options.user {
        config["User"] = json!(user);
    }
    if let Some(dir) = &options.working_dir {
        config["WorkingDir"] = json!(dir);
    }
    if !options.command.is_empty() {
        config["Cmd"] = json!(options.command);
    }
    if let Some(entrypoint) = &options.entrypoint {
        config["Entrypoint"] = json!(entrypoint);
    }
    health_options(&mut config, &options.health);
    Ok(json!({
        "Id": container.id(),
        "Created": container.created().to_string(),
        "Path": args.first(),
        "Args": args.get(1..).unwrap_or_default(),
        "State": state_json(&state),
        "Image": container.image_id(),
        "LogPath": container.log_path(),
        "Name": format!("/{}", container.name()),
        "RestartCount": state.restart_count,
        "Driver": "overlay2",
        "Platform": "linux",
        "HostConfig": host_config(options),
        "Mounts": mounts(container),
        "Config": config,
        "NetworkSettings": network(options, &state),
    }))
}

/// The health check as the command line changed it.
fn health_options(config: &mut Value, options: &HealthOptions) {
    if options.disable {
        config["Healthcheck"] = json!({ "Test": ["NONE"] });
        return;
    }
    if let Some(command) = &options.command {
        config["Healthcheck"]["Test"] = json!(["CMD-SHELL", command]);
    }
    let times = [
        ("Interval", options.interval),
        ("Timeout", options.timeout),
        ("StartPeriod", options.start_period),
        ("StartInterval", options.start_interval),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            config["Healthcheck"][name] = json!(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        }
    }
    if let Some(retries) = options.retries {
        config["Healthcheck"]["Retries"] = json!(retries);
    }
}

fn time(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |time| time.to_string())
}

fn state_json(state: &ContainerState) -> Value {
    let is = |status| state.status == status;
    let mut value = json!({
        "Status": state.status.as_str(),
        "Running": state.running(),
        "Paused": is(plimsoll_sandbox::Status::Paused),
        "Restarting": is(plimsoll_sandbox::Status::Restarting),
        "OOMKilled": state.oom_killed,
        "Dead": is(plimsoll_sandbox::Status::Dead),
        "Pid": state.pid,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": time(state.started_at),
        "FinishedAt": time(state.finished_at),
    });
    if let Some(health) = &state.health {
        let log = health.log.iter().map(|result| {
            json!({
                "Start": result.start.to_string(), "End": result.end.to_string(),
                "ExitCode": result.exit_code, "Output": result.output,
            })
        });
        value["Health"] = json!({
            "Status": health.status.to_string(),
            "FailingStreak": health.failing_streak,
            "Log": log.collect::<Vec<_>>(),
        });
    }
    value
}

fn host_config(options: &RunOptions) -> Value {
    let mut bindings: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for port in &options.ports {
        let host_port = if port.host_port == 0 {
            String::new()
        } else {
            port.host_port.to_string()
        };
        let binding = json!({ "HostIp": port.host_ip.to_string(), "HostPort": host_port });
        bindings
            .entry(format!("{}/{}", port.container_port, port.protocol))
            .or_default()
            .push(binding);
    }
    let binds = options.mounts.iter().filter_map(|mount| {
        let source = mount.source.as_ref()?.display();
        Some(format!(
            "{source}:{}{}",
            mount.target,
            if mount.read_only { ":ro" } else { "" }
        ))
    });
    let retries = match options.restart {
        RestartPolicy::OnFailure(retries) => retries,
        RestartPolicy::No | RestartPolicy::Always | RestartPolicy::UnlessStopped => 0,
    };
    json!({
        "Binds": binds.collect::<Vec<_>>(),
        "NetworkMode": network_mode(options.network),
        "PortBindings": bindings,
        "RestartPolicy": { "Name": options.restart.to_string(), "MaximumRetryCount": retries },
        "AutoRemove": options.auto_remove,
        "CapAdd": options.cap_add,
        "CapDrop": options.cap_drop,
        "ReadonlyRootfs": options.read_only,
        "SecurityOpt": if options.security.no_new_privileges { json!(["no-new-privileges"]) } else { json!([]) },
        "ShmSize": options.shm_size.unwrap_or(64 << 20),
        "Tmpfs": options.tmpfs.iter().map(|tmpfs| (tmpfs.target.clone(), json!(tmpfs.options))).collect::<Map<_, _>>(),
        "Memory": options.memory.unwrap_or(0),
        "NanoCpus": options.cpus.map_or(0, |cpus| (cpus * 1e9).round() as u64),
        "PidsLimit": options.pids_limit,
        "Privileged": false,
    })
}

fn network_mode(network: Network) -> &'static str {
    match network {
        Network::Private => "private",
        Network::Host => "host",
        Network::None => "none",
    }
}

fn mounts(container: &Container) -> Vec<Value> {
    let mount = |mount: &plimsoll_sandbox::MountPoint| {
        json!({
            "Type": mount.kind,
            "Source": mount.source,
            "Destination": mount.destination,
            "Mode": "",
            "RW": mount.writable,
            "Propagation": if mount.kind == "bind" { "rprivate" } else { "" },
        })
    };
    container.mounts().iter().map(mount).collect()
}

fn network(options: &RunOptions, state: &ContainerState) -> Value {
    let mut ports: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for port in &state.ports {
        let binding = json!({ "HostIp": port.host_ip.to_string(), "HostPort": port.host_port.to_string() });
        ports
            .entry(format!("{}/{}", port.container_port, port.protocol))
            .or_default()
            .push(binding);
    }
    let address = state
        .ip_address
        .map(|address| address.to_string())
        .unwrap_or_default();
    json!({
        "Ports": ports,
        "IPAddress": address,
        "Networks": { network_mode(options.network): { "IPAddress": address } },
    })
}
