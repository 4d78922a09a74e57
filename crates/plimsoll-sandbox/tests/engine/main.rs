//! The engine against the real kernel. Its helpers are this very program started again, so it has a `main`
//! of its own that lets them through first.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test program"
)]

mod client;
mod containers;
mod fixture;
mod rootfs;
mod steps;

use std::panic::catch_unwind;
use std::process::ExitCode;

/// A case: its name, and what panics when it fails.
type Case = (&'static str, fn());

fn main() -> ExitCode {
    if let Some(code) = plimsoll_sandbox::dispatch_helper(std::env::args_os()) {
        return code;
    }
    let cases = steps::CASES.iter().chain(containers::cases());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = client::play(&arguments) {
        return code;
    }
    let filters: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let chosen: Vec<&Case> = cases
        .filter(|(name, _)| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter)))
        .collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for (name, _) in chosen {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: needs root");
        return ExitCode::SUCCESS;
    }
    if !rootfs::available() {
        eprintln!("skipped: needs the busybox root file system of the shared directory");
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", chosen.len());
    let mut failed = 0;
    for (name, case) in &chosen {
        let passed = catch_unwind(case).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    fixture::clean_up();
    println!(
        "\ntest result: {} passed; {failed} failed\n",
        chosen.len() - failed
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
