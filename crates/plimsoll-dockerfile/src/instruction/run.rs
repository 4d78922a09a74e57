use super::{Request, command, mount};
use crate::ast::{Flag, InstructionKind, Network, Run, Security, Word};
use crate::diagnostics::suggestion;

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    let mounts = request.flags.strings("mount", request.diagnostics);
    let network = request.flags.string("network", request.diagnostics);
    let security = request.flags.string("security", request.diagnostics);
    let devices = request.flags.strings("device", request.diagnostics);
    request.finish_flags();
    let mounts = mounts
        .iter()
        .filter_map(|flag| mount::parse(flag, request.diagnostics))
        .collect();
    let networks = [
        ("default", Network::Default),
        ("none", Network::None),
        ("host", Network::Host),
    ];
    let network = one_of(request, "network", network, &networks);
    let securities = [("sandbox", Security::Sandbox), ("insecure", Security::Insecure)];
    let security = one_of(request, "security", security, &securities);
    let devices = devices
        .into_iter()
        .map(|flag| Flag {
            span: flag.span,
            value: flag.value.word(),
        })
        .collect();
    command::warn_if_empty(request);
    let command = request.command(request.arguments)?;
    Some(InstructionKind::Run(Run {
        mounts,
        network,
        security,
        devices,
        command,
    }))
}

fn one_of<T: Copy>(
    request: &mut Request<'_>,
    name: &str,
    flag: Option<Flag<Word>>,
    values: &[(&str, T)],
) -> Option<Flag<T>> {
    let flag = flag?;
    let found = values.iter().find(|(word, _)| *word == flag.value.text);
    if found.is_none() {
        let words: Vec<&str> = values.iter().map(|(word, _)| *word).collect();
        let hint = match suggestion(&flag.value.text, &words) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write one of `{}`", words.join("`, `")),
        };
        request
            .error(
                "bad-flag-value",
                flag.value.span,
                format!("`--{name}` cannot be `{}`", flag.value.text),
            )
            .hint(hint);
    }
    found.map(|(_, value)| Flag {
        span: flag.span,
        value: *value,
    })
}
