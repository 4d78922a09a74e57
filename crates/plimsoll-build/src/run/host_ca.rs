//! The host's certificate authorities, shown to the process of a `RUN` and to nothing else.

use std::path::Path;

use plimsoll_sandbox::{StepMount, StepMountKind};

/// Where the bundle is seen inside. The mount point is taken away again after the step.
const TARGET: &str = "/run/plimsoll/ca-certificates.crt";

/// What OpenSSL, pip, requests, curl and Node.js look at for a bundle.
const VARIABLES: [&str; 5] = [
    "SSL_CERT_FILE",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];

pub(super) fn mount(bundle: &Path) -> StepMount {
    StepMount {
        target: TARGET.to_owned(),
        kind: StepMountKind::Bind {
            source: bundle.to_owned(),
            read_only: true,
        },
    }
}

/// The settings that point to the bundle, but for variables that the image sets itself.
pub(super) fn settings(is_set: impl Fn(&str) -> bool) -> Vec<String> {
    let names = VARIABLES.iter().filter(|name| !is_set(name));
    names.map(|name| format!("{name}={TARGET}")).collect()
}
