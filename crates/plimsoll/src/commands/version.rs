use crate::exit;
use crate::invocation::Invocation;
use crate::template::Template;

/// Show the version
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A Go template, or `json`
    #[arg(long, short, value_name = "TEMPLATE")]
    format: Option<String>,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let version = serde_json::json!({
        "Version": env!("CARGO_PKG_VERSION"),
        "Os": std::env::consts::OS,
        "Arch": plimsoll_core::Platform::host().architecture,
    });
    let text = match args.format.as_deref() {
        None => format!("plimsoll {}", env!("CARGO_PKG_VERSION")),
        Some("json") => version.to_string(),
        Some(format) => Template::parse(format)?.apply(&version)?,
    };
    invocation.printer.line(&text)?;
    Ok(exit::DONE)
}
