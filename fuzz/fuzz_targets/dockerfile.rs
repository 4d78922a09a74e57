#![no_main]
//! Parses a Dockerfile, writes its tree, and expands its words.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = plimsoll_dockerfile::parse(text);
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span;
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
    }
    drop(plimsoll_dockerfile::to_json(text, &parsed));
});
