use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use plimsoll_sandbox::{LogOptions, Stream};

use crate::exit;
use crate::failure::Failure;
use crate::invocation::Invocation;

/// Show what a container wrote
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The container, by name or ID
    container: String,
    /// Go on until the container has ended
    #[arg(long, short)]
    follow: bool,
    /// Only so many lines from the end, or `all`
    #[arg(long, short = 'n', default_value = "all", value_name = "NUMBER")]
    tail: String,
    /// Only what was written since a time (RFC 3339) or for so long (`10m`)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Put the time before each line
    #[arg(long, short)]
    timestamps: bool,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let container = invocation.engine()?.find(&args.container)?;
    let options = LogOptions {
        follow: args.follow,
        tail: match args.tail.as_str() {
            "all" => None,
            number => Some(
                number
                    .parse()
                    .map_err(|_| Failure::usage(format!("`{number}` is not a number of lines")))?,
            ),
        },
        since: args.since.as_deref().map(since).transpose()?,
        timestamps: args.timestamps,
    };
    container.logs(&options, &mut |stream, bytes| match stream {
        Stream::Stdout => flushed(io::stdout().lock(), bytes),
        Stream::Stderr => flushed(io::stderr().lock(), bytes),
    })?;
    Ok(exit::DONE)
}

fn flushed(mut out: impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}

fn since(text: &str) -> Result<Timestamp, Failure> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let wrong = || {
        Failure::usage(format!(
            "`{text}` is not a time such as `2024-01-31T12:00:00Z` or `10m`"
        ))
    };
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).map_err(|_| wrong());
    }
    let length = crate::values::duration(text).map_err(|_| wrong())?;
    let length = SignedDuration::try_from(length).map_err(|_| wrong())?;
    Timestamp::now().checked_sub(length).map_err(|_| wrong())
}
