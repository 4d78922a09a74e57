use jiff::Timestamp;
use plimsoll_sandbox::{Container, ContainerState, Status};
use serde_json::json;

use crate::columns::columns;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::template::Template;
use crate::{exit, human};

/// List containers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also show those that do not run
    #[arg(long, short)]
    all: bool,
    /// Only those that `name=N`, `id=I`, `status=S`, `label=K[=V]`, `ancestor=IMAGE` or `health=H` lets through
    #[arg(long, short, value_name = "FILTER")]
    filter: Vec<String>,
    /// Show whole IDs and commands
    #[arg(long)]
    no_trunc: bool,
    /// A Go template for each line, or `json`
    #[arg(long, value_name = "TEMPLATE")]
    format: Option<String>,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let now = Timestamp::now();
    let asks_status = args.filter.iter().any(|filter| filter.starts_with("status="));
    let mut listed = Vec::new();
    for (container, state) in invocation.engine()?.list()? {
        if !(args.all || asks_status || state.running()) {
            continue;
        }
        let mut fits = true;
        for filter in &args.filter {
            fits &= lets_through(filter, &container, &state)?;
        }
        if fits {
            listed.push((container, state));
        }
    }
    let printer = invocation.printer;
    let id = |container: &Container| {
        let length = if args.no_trunc { container.id().len() } else { 12 };
        container.id().chars().take(length).collect::<String>()
    };
    if printer.is_quiet() {
        printer.data(
            &listed
                .iter()
                .map(|(container, _)| id(container) + "\n")
                .collect::<String>(),
        )?;
        return Ok(exit::DONE);
    }
    let rows = listed.iter().map(|(container, state)| Row {
        id: id(container),
        image: container.image_name().to_owned(),
        command: command(container, args.no_trunc),
        created: human::ago(container.created(), now),
        status: status(state, now),
        ports: ports(state),
        name: container.name().to_owned(),
    });
    match &args.format {
        None => {
            let lines: Vec<Vec<String>> = rows.map(Row::cells).collect();
            let head = [
                "CONTAINER ID",
                "IMAGE",
                "COMMAND",
                "CREATED",
                "STATUS",
                "PORTS",
                "NAMES",
            ];
            printer.data(&columns(&head, &lines))?;
        }
        Some(format) => {
            let template = Template::parse(if format == "json" { "{{json .}}" } else { format })?;
            for (row, (container, state)) in rows.zip(&listed) {
                printer.line(&template.apply(&json!({
                    "ID": row.id, "Image": row.image, "Command": row.command, "RunningFor": row.created,
                    "CreatedAt": container.created().to_string(), "Status": row.status, "State": state.status.as_str(),
                    "Ports": row.ports, "Names": row.name,
                }))?)?;
            }
        }
    }
    Ok(exit::DONE)
}

struct Row {
    id: String,
    image: String,
    command: String,
    created: String,
    status: String,
    ports: String,
    name: String,
}

impl Row {
    fn cells(self) -> Vec<String> {
        vec![
            self.id,
            self.image,
            self.command,
            self.created,
            self.status,
            self.ports,
            self.name,
        ]
    }
}

fn command(container: &Container, whole: bool) -> String {
    let text = container.args().join(" ");
    if whole || text.chars().count() <= 20 {
        return format!("\"{text}\"");
    }
    format!("\"{}…\"", text.chars().take(19).collect::<String>())
}

/// Docker's words: `Up 3 minutes (healthy)`, `Exited (137) 2 seconds ago`, `Created`.
fn status(state: &ContainerState, now: Timestamp) -> String {
    let since = |time: Option<Timestamp>| human::duration(now.duration_since(time.unwrap_or(now)));
    let health = state.health.as_ref().map(|health| match health.status {
        plimsoll_sandbox::HealthStatus::Starting => " (health: starting)".to_owned(),
        other => format!(" ({other})"),
    });
    match state.status {
        Status::Created => "Created".to_owned(),
        Status::Running => format!("Up {}{}", since(state.started_at), health.unwrap_or_default()),
        Status::Paused => format!("Up {} (Paused)", since(state.started_at)),
        Status::Restarting => format!(
            "Restarting ({}) {} ago",
            state.exit_code,
            since(state.finished_at)
        ),
        Status::Exited => format!("Exited ({}) {} ago", state.exit_code, since(state.finished_at)),
        Status::Dead => "Dead".to_owned(),
    }
}

fn ports(state: &ContainerState) -> String {
    let shown = state.ports.iter().map(|port| {
        let host = match port.host_ip {
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
            std::net::IpAddr::V4(ip) => ip.to_string(),
        };
        format!(
            "{host}:{}->{}/{}",
            port.host_port, port.container_port, port.protocol
        )
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn lets_through(filter: &str, container: &Container, state: &ContainerState) -> Result<bool, Failure> {
    let wrong = || {
        Failure::usage(format!("`{filter}` is not a filter"))
            .with_hint("use name=, id=, status=, label=, ancestor= or health=")
    };
    let (kind, value) = filter.split_once('=').ok_or_else(wrong)?;
    Ok(match kind {
        "name" => container.name().contains(value.trim_start_matches('/')),
        "id" => container.id().starts_with(value),
        "status" => state.status.as_str() == value,
        "health" => match &state.health {
            Some(health) => health.status.to_string() == value,
            None => value == "none",
        },
        "ancestor" => {
            let reference = value
                .parse::<plimsoll_core::Reference>()
                .map(|name| name.to_string());
            container
                .image_id()
                .hex()
                .starts_with(value.trim_start_matches("sha256:"))
                || reference.is_ok_and(|name| name == container.image_name())
                || container.image_name() == value
        }
        "label" => match value.split_once('=') {
            Some((key, value)) => container.labels().get(key).is_some_and(|found| found == value),
            None => container.labels().contains_key(value),
        },
        _ => return Err(wrong()),
    })
}
