use std::io::IsTerminal;
use std::thread;
use std::time::Duration;

use plimsoll_sandbox::{Container, Stats};
use serde_json::json;

use crate::columns::columns;
use crate::invocation::Invocation;
use crate::template::Template;
use crate::{exit, human};

/// Show what containers use
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Containers, by name or ID; all that run by default
    #[arg(value_name = "CONTAINER")]
    containers: Vec<String>,
    /// Show it once
    #[arg(long)]
    no_stream: bool,
    /// A Go template for each line, or `json`
    #[arg(long, value_name = "TEMPLATE")]
    format: Option<String>,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let engine = invocation.engine()?;
    let template = match args.format.as_deref() {
        Some("json") => Some(Template::parse("{{json .}}")?),
        Some(format) => Some(Template::parse(format)?),
        None => None,
    };
    loop {
        let mut containers = Vec::new();
        if args.containers.is_empty() {
            for (container, state) in engine.list()? {
                if state.running() {
                    containers.push(container);
                }
            }
        } else {
            for name in &args.containers {
                containers.push(engine.find(name)?);
            }
        }
        let rows: Vec<Row> = containers.iter().map(row).collect::<anyhow::Result<_>>()?;
        let text = match &template {
            Some(template) => {
                let lines: Result<Vec<String>, _> =
                    rows.iter().map(|row| template.apply(&row.json())).collect();
                lines?.iter().map(|line| format!("{line}\n")).collect()
            }
            None => {
                let head = [
                    "CONTAINER ID",
                    "NAME",
                    "CPU %",
                    "MEM USAGE / LIMIT",
                    "MEM %",
                    "NET I/O",
                    "BLOCK I/O",
                    "PIDS",
                ];
                columns(&head, &rows.into_iter().map(Row::cells).collect::<Vec<_>>())
            }
        };
        // On a terminal each picture takes the place of the last.
        let redraw = !args.no_stream && std::io::stdout().is_terminal();
        invocation.printer.data(&if redraw {
            format!("\x1b[H\x1b[J{text}")
        } else {
            text
        })?;
        if args.no_stream {
            return Ok(exit::DONE);
        }
        thread::sleep(Duration::from_secs(1));
    }
}

struct Row {
    id: String,
    name: String,
    cpu: String,
    memory: String,
    memory_share: String,
    network: String,
    block: String,
    pids: String,
}

/// What the machine cannot tell is `--`, not zero.
fn shown<T>(value: Option<T>, text: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "--".to_owned(), text)
}

fn row(container: &Container) -> anyhow::Result<Row> {
    let stats: Stats = container.stats()?;
    let limit = stats.memory_limit;
    let pair =
        |pair: Option<(u64, u64)>| shown(pair, |(a, b)| format!("{} / {}", human::size(a), human::size(b)));
    Ok(Row {
        id: container.id().chars().take(12).collect(),
        name: container.name().to_owned(),
        cpu: shown(stats.cpu_percent, |percent| format!("{percent:.2}%")),
        memory: format!(
            "{} / {}",
            shown(stats.memory_usage, human::binary_size),
            shown(limit, human::binary_size)
        ),
        memory_share: shown(
            stats.memory_usage.zip(limit).filter(|(_, limit)| *limit > 0),
            |(used, limit)| format!("{:.2}%", used as f64 * 100.0 / limit as f64),
        ),
        network: pair(stats.network_io),
        block: pair(stats.block_io),
        pids: shown(stats.pids, |pids| pids.to_string()),
    })
}

impl Row {
    fn cells(self) -> Vec<String> {
        vec![
            self.id,
            self.name,
            self.cpu,
            self.memory,
            self.memory_share,
            self.network,
            self.block,
            self.pids,
        ]
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "ID": self.id, "Container": self.id, "Name": self.name, "CPUPerc": self.cpu, "MemUsage": self.memory,
            "MemPerc": self.memory_share, "NetIO": self.network, "BlockIO": self.block, "PIDs": self.pids,
        })
    }
}
