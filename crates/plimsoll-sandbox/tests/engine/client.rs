//! This program as a user of the engine, to be killed from outside.

use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

use plimsoll_image::Store;
use plimsoll_sandbox::{Container, Engine, Overlay, StepSpec, Streams, run_step};

use crate::fixture;

fn spawn(args: &[&str]) -> Child {
    let program = std::env::current_exe().unwrap();
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

pub(crate) fn spawn_run(container: &Container) -> Child {
    spawn(&[
        "client-run",
        fixture::store_root().to_str().unwrap(),
        container.id(),
    ])
}

pub(crate) fn spawn_supervisor(container: &Container) -> Child {
    spawn(&[
        "client-supervise",
        fixture::store_root().to_str().unwrap(),
        container.id(),
    ])
}

pub(crate) fn spawn_step(spec: &StepSpec) -> Child {
    let overlay = spec.overlay.as_ref().unwrap();
    let paths = [&spec.rootfs, &overlay.lowers[0], &overlay.upper, &overlay.work];
    let mut args = vec!["client-step"];
    args.extend(paths.map(|path| path.to_str().unwrap()));
    args.extend(spec.args.iter().map(String::as_str));
    spawn(&args)
}

/// Plays the part if these are its arguments.
pub(crate) fn play(args: &[String]) -> Option<ExitCode> {
    match args {
        [part, root, id] if part == "client-run" => {
            let store = Store::open(root.as_ref()).unwrap();
            let container = Engine::new(&store).find(id).unwrap();
            let streams = Streams {
                stdin: None,
                stdout: &mut std::io::stdout(),
                stderr: &mut std::io::stderr(),
            };
            Some(ExitCode::from(
                u8::try_from(container.start_attached(streams).unwrap()).unwrap(),
            ))
        }
        [part, root, id] if part == "client-supervise" => {
            let store = Store::open(root.as_ref()).unwrap();
            let container = Engine::new(&store).find(id).unwrap();
            let supervision = container.start_supervised().unwrap();
            println!("{}", supervision.container().state().unwrap().pid);
            std::thread::sleep(std::time::Duration::from_secs(1000));
            Some(ExitCode::SUCCESS)
        }
        [part, rootfs, lower, upper, work, command @ ..] if part == "client-step" => {
            let overlay = Overlay {
                lowers: vec![PathBuf::from(lower)],
                upper: PathBuf::from(upper),
                work: PathBuf::from(work),
            };
            let spec = StepSpec {
                overlay: Some(overlay),
                ..StepSpec::new(rootfs, command.to_vec())
            };
            run_step(&spec, &mut |_, _| {}).unwrap();
            Some(ExitCode::SUCCESS)
        }
        _ => None,
    }
}
