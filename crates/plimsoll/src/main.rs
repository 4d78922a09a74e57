//! Plimsoll: builds, runs, scans and grades container images.
//!
//! Each command is one file under `commands/`: its `Args` and its `run`. They take an [`Invocation`], do their work
//! with the libraries, and write through the [`printer`].

mod assessing;
mod base_images;
mod build_values;
mod building;
mod cli;
mod columns;
mod commands;
mod demo;
mod diagnostics;
mod docker_flags;
mod docker_json;
mod exit;
mod failure;
mod human;
mod invocation;
mod output;
mod printer;
mod progress;
mod reports;
mod settings;
mod sources;
mod ssh_agent;
mod subject;
mod template;
mod values;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::invocation::Invocation;
use crate::printer::Printer;

fn main() -> ExitCode {
    if let Some(code) = plimsoll_sandbox::dispatch_helper(std::env::args_os()) {
        return code;
    }
    let cli = Cli::parse();
    let printer = Printer::new(cli.global.quiet, cli.global.color, cli.log_format());
    start_tracing(&cli);
    let invocation = Invocation::new(&cli.global, printer);
    let entered = match cli.command.uses_store() {
        true => invocation.enter_user_namespace(),
        false => Ok(()),
    };
    match entered.and_then(|()| commands::run(&invocation, cli.command)) {
        Ok(code) => ExitCode::from(code),
        Err(error) if failure::is_broken_pipe(&error) => ExitCode::from(exit::BROKEN_PIPE),
        Err(error) => {
            report(printer, &error);
            ExitCode::from(failure::code(&error))
        }
    }
}

fn report(printer: Printer, error: &anyhow::Error) {
    if printer.is_json() {
        return diagnostics::as_json(error)
            .iter()
            .for_each(|line| printer.block(line));
    }
    if let Some(excerpt) = diagnostics::excerpt(error, printer.colors_messages()) {
        printer.block(&excerpt);
        return;
    }
    printer.error(&failure::message(error));
    if let Some(hint) = failure::hint(error) {
        printer.hint(&hint);
    }
}

fn start_tracing(cli: &Cli) {
    let level = match cli.global.verbose {
        0 => return,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr);
    match cli.log_format() {
        printer::LogFormat::Text => subscriber.init(),
        printer::LogFormat::Json => subscriber.json().init(),
    }
}
