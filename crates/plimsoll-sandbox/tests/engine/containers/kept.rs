//! What is kept of containers: names, lists, removal, damage.

use std::fs;
use std::time::Duration;

use plimsoll_sandbox::{Error, LogOptions, RunOptions, Status};
use serde_json::json;

use super::words;
use crate::Case;
use crate::fixture::{container, containers_dir, engine, image, logs, run};

pub(super) const CASES: &[Case] = &[
    ("remove_and_names", remove_and_names),
    ("damaged_files_harm_one_container", damaged),
    ("lists_beside_removals", lists_beside_removals),
    ("auto_remove_and_wait", auto_remove),
];

fn remove_and_names() {
    let options = RunOptions {
        name: Some("the-one".to_owned()),
        ..RunOptions::default()
    };
    let container = container("sleep 100", options.clone());
    let again = RunOptions {
        command: words(&["true"]),
        ..options
    };
    assert!(matches!(
        engine().create(&image(&json!({})), &again),
        Err(Error::NameInUse { .. })
    ));
    assert_eq!(engine().find("the-one").unwrap().id(), container.id());
    assert_eq!(engine().find(&container.id()[..8]).unwrap().id(), container.id());
    assert!(matches!(engine().find("nothing"), Err(Error::NoSuchContainer(_))));
    container.start_detached().unwrap();
    assert!(matches!(container.remove(false), Err(Error::Running(_))));
    container.remove(true).unwrap();
    assert!(matches!(engine().find("the-one"), Err(Error::NoSuchContainer(_))));
}

fn damaged() {
    let files = |container: &plimsoll_sandbox::Container| containers_dir().join(container.id());
    let named = RunOptions {
        name: Some("damaged-one".to_owned()),
        ..RunOptions::default()
    };
    let one = container("true", named);
    let record = files(&one).join("container.json");
    let text = fs::read_to_string(&record).unwrap();
    for (text, name) in [
        (text.replace("\"created\":\"", "\"created\":\"x"), "damaged-one"),
        (String::new(), one.short_id()),
        ("null".to_owned(), one.short_id()),
    ] {
        fs::write(&record, text).unwrap();
        let listed = engine().list().unwrap();
        let (found, state) = listed
            .iter()
            .find(|(container, _)| container.id() == one.id())
            .unwrap();
        assert_eq!((found.name(), state.status), (name, Status::Dead));
        assert!(state.error.contains("container.json"), "{}", state.error);
        assert!(matches!(found.start_detached(), Err(Error::Record { .. })));
    }
    // A directory or nothing at all instead of the file is no better.
    fs::remove_file(&record).unwrap();
    assert_eq!(engine().list().unwrap().len(), 1);
    fs::create_dir(&record).unwrap();
    let two = container("echo two", RunOptions::default());
    assert_eq!(run(&two).1, "two\n", "others are made and run");
    engine().find(one.short_id()).unwrap().remove(true).unwrap();
    assert!(!files(&one).exists());

    fs::write(files(&two).join("state.json"), "").unwrap();
    let state = two.state().unwrap();
    assert!(
        state.status == Status::Dead && state.error.contains("state.json"),
        "{state:?}"
    );
    assert_eq!(run(&two).1, "two\n", "only the state was lost");
    let three = container(
        "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done",
        RunOptions::default(),
    );
    three.start_detached().unwrap();
    while !logs(&three, &LogOptions::default()).contains("up") {
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = three.state().unwrap().pid;
    fs::write(files(&three).join("state.json"), "").unwrap();
    assert!(matches!(three.remove(false), Err(Error::Running(_))));
    three.remove(true).unwrap();
    assert!(!files(&three).exists());
    assert_eq!(
        fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default(),
        ""
    );
}

fn lists_beside_removals() {
    let removing = std::thread::spawn(|| {
        for _ in 0..40 {
            let container = container("true", RunOptions::default());
            container.remove(true).unwrap();
        }
    });
    while !removing.is_finished() {
        engine().list().unwrap();
    }
    removing.join().unwrap();
    let both = container("sleep 1000", RunOptions::default());
    both.start_detached().unwrap();
    let others: Vec<_> = (0..4)
        .map(|_| {
            let container = both.0.clone();
            std::thread::spawn(move || match container.remove(true) {
                Ok(()) | Err(Error::NoSuchContainer(_)) => {}
                Err(error) => crate::fixture::fail(&error),
            })
        })
        .collect();
    others.into_iter().for_each(|other| other.join().unwrap());
    assert!(matches!(both.state(), Err(Error::NoSuchContainer(_))));
}

fn auto_remove() {
    let options = RunOptions {
        auto_remove: true,
        ..RunOptions::default()
    };
    let attached = container("exit 2", options.clone());
    assert_eq!(run(&attached).0, 2);
    assert!(matches!(
        engine().find(attached.id()),
        Err(Error::NoSuchContainer(_))
    ));
    let detached = container("sleep 0.3; exit 8", options);
    detached.start_detached().unwrap();
    assert_eq!(detached.wait().unwrap(), 8);
}
