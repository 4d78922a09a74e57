//! Whole builds, over a real base image, with real processes.
//!
//! Steps are run by this binary started again, so `main` is not the usual one: it offers itself as that helper
//! first, and then runs the tests in a mount namespace of its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these are tests"
)]

mod cache;
mod copy;
mod fixture;
mod instructions;
mod merge;
mod remote;
mod robustness;
mod run;
mod shared;
mod stages;
mod transfer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

type Test = (&'static str, fn());

fn main() -> ExitCode {
    if let Some(code) = plimsoll_sandbox::dispatch_helper(std::env::args_os()) {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == robustness::CHILD
    {
        return robustness::child(rest);
    }
    let filters: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let all = [
        instructions::TESTS,
        stages::TESTS,
        copy::TESTS,
        cache::TESTS,
        shared::TESTS,
        run::TESTS,
        remote::TESTS,
        robustness::TESTS,
        merge::TESTS,
        transfer::TESTS,
    ];
    let tests: Vec<&Test> = all
        .into_iter()
        .flatten()
        .filter(|(name, _)| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())))
        .collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for (name, _) in tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", tests.len());
    if let Err(reason) = fixture::prepare() {
        eprintln!("skipped: whole builds need {reason}");
        println!("\ntest result: ok. 0 passed; 0 failed; {} ignored\n", tests.len());
        return ExitCode::SUCCESS;
    }
    let mut failed = Vec::new();
    for (name, test) in &tests {
        let result = catch_unwind(AssertUnwindSafe(test));
        println!("test {name} ... {}", if result.is_ok() { "ok" } else { "FAILED" });
        if result.is_err() {
            failed.push(name);
        }
    }
    let (word, passed) = if failed.is_empty() {
        ("ok", tests.len())
    } else {
        ("FAILED", tests.len() - failed.len())
    };
    if !failed.is_empty() {
        println!("\nfailures: {failed:?}");
    }
    println!(
        "\ntest result: {word}. {passed} passed; {} failed; 0 ignored\n",
        failed.len()
    );
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
