//! Where Debian's packages are fetched from: the mirrors and proxies that this machine's apt uses.

use std::env;
use std::path::Path;
use std::process::Command;

const MAIN: &str = "http://deb.debian.org/debian/";
const SECURITY: &str = "http://deb.debian.org/debian-security/";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The mirrors of a Debian release, and how they are reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mirrors {
    /// The mirror of the release and its updates.
    pub(super) main: String,
    /// The mirror of its security updates.
    pub(super) security: String,
    /// Environment variables that name proxies.
    pub(super) proxies: Vec<(&'static str, String)>,
}

impl Mirrors {
    /// Those that apt is set up with; Debian's own addresses where it has none.
    pub(super) fn of_this_machine() -> Self {
        // What apt has fetched says whose it is. Where nothing has been fetched, the addresses must do.
        let targets = index_targets(&[]) + &index_targets(&["--no-release-info"]);
        Self {
            main: first(&targets, Target::is_main).unwrap_or_else(|| MAIN.to_owned()),
            security: first(&targets, Target::is_security).unwrap_or_else(|| SECURITY.to_owned()),
            proxies: proxies(),
        }
    }

    /// The lines of `sources.list` for a suite, its updates and its security updates.
    pub(super) fn sources(&self, suite: &str) -> [String; 3] {
        let signed = if Path::new(KEYRING).exists() {
            format!("[signed-by={KEYRING}] ")
        } else {
            String::new()
        };
        [
            format!("deb {signed}{} {suite} main", self.main),
            format!("deb {signed}{} {suite}-updates main", self.main),
            format!("deb {signed}{} {suite}-security main", self.security),
        ]
    }
}

/// One package list that apt fetches, as [`index_targets`] writes it. A field that apt does not know is left as
/// `$(FIELD)`.
struct Target<'a> {
    origin: &'a str,
    label: &'a str,
    release: &'a str,
    component: &'a str,
    uri: &'a str,
}

impl<'a> Target<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split('|');
        Some(Self {
            origin: fields.next()?,
            label: fields.next()?,
            release: fields.next()?,
            component: fields.next()?,
            uri: fields.next()?,
        })
    }

    /// Whether it can be fetched from within an image as well.
    fn is_remote(&self) -> bool {
        self.component == "main" && (self.uri.starts_with("http://") || self.uri.starts_with("https://"))
    }

    fn origin_is_known(&self) -> bool {
        !self.origin.starts_with("$(")
    }

    fn is_main(&self) -> bool {
        let by_name = self.origin == "Debian" && self.label == "Debian";
        let by_address =
            !self.origin_is_known() && !self.release.contains('-') && self.uri.ends_with("/debian/");
        self.is_remote() && (by_name || by_address)
    }

    fn is_security(&self) -> bool {
        let by_name = self.origin == "Debian" && self.label == "Debian-Security";
        let by_address =
            !self.origin_is_known() && self.release.ends_with("-security") && self.uri.contains("debian");
        self.is_remote() && (by_name || by_address)
    }
}

fn first<'a>(targets: &'a str, wanted: fn(&Target<'a>) -> bool) -> Option<String> {
    targets
        .lines()
        .filter_map(Target::parse)
        .find(wanted)
        .map(|target| target.uri.to_owned())
}

/// The package lists that apt fetches, one a line; empty where there is no apt.
fn index_targets(options: &[&str]) -> String {
    let format = [
        "--format",
        "$(ORIGIN)|$(LABEL)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)",
        "Identifier: Packages",
    ];
    output(
        Command::new("apt-get")
            .arg("indextargets")
            .args(options)
            .args(format),
    )
}

/// The proxies in apt's settings, as the environment variables that mmdebstrap hands on; those that are set stay.
fn proxies() -> Vec<(&'static str, String)> {
    [
        ("http_proxy", "Acquire::http::Proxy"),
        ("https_proxy", "Acquire::https::Proxy"),
    ]
    .into_iter()
    .filter(|(variable, _)| env::var_os(variable).is_none())
    .map(|(variable, setting)| {
        (
            variable,
            output(Command::new("apt-config").args(["dump", "--format", "%v%n", setting])),
        )
    })
    .map(|(variable, value)| (variable, value.trim().to_owned()))
    .filter(|(_, value)| value.starts_with("http"))
    .collect()
}

/// What a command writes; nothing where it cannot be run.
fn output(command: &mut Command) -> String {
    command
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetched_lists_say_whose_they_are() {
        let targets = "Docker|Docker CE|bookworm|main|https://example.test/linux/debian/\n\
                       Debian|Debian|bookworm|main|http://mirror.test/os/\n\
                       Debian|Debian-Security|bookworm-security|main|http://mirror.test/sec/\n";
        assert_eq!(
            first(targets, Target::is_main).as_deref(),
            Some("http://mirror.test/os/")
        );
        assert_eq!(
            first(targets, Target::is_security).as_deref(),
            Some("http://mirror.test/sec/")
        );
    }

    #[test]
    fn lists_not_fetched_yet_are_known_by_their_addresses() {
        let targets = "$(ORIGIN)|$(LABEL)|bookworm|stable|https://example.test/linux/debian/\n\
                       $(ORIGIN)|$(LABEL)|bookworm-updates|main|http://other.test/debian/\n\
                       $(ORIGIN)|$(LABEL)|bookworm|main|http://mirror.test/debian/\n\
                       $(ORIGIN)|$(LABEL)|bookworm-security|main|http://mirror.test/debian-security/\n";
        assert_eq!(
            first(targets, Target::is_main).as_deref(),
            Some("http://mirror.test/debian/")
        );
        assert_eq!(
            first(targets, Target::is_security).as_deref(),
            Some("http://mirror.test/debian-security/")
        );
    }

    #[test]
    fn mirrors_that_an_image_cannot_reach_are_passed_over() {
        let targets = "Debian|Debian|bookworm|main|file:/srv/debian/\nUbuntu|Ubuntu|jammy|main|http://ubuntu.test/\nnonsense\n";
        assert_eq!(first(targets, Target::is_main), None);
    }

    #[test]
    fn sources_name_the_suite_its_updates_and_its_security_updates() {
        let mirrors = Mirrors {
            main: MAIN.to_owned(),
            security: SECURITY.to_owned(),
            proxies: Vec::new(),
        };
        let [release, updates, security] = mirrors.sources("bookworm");
        assert!(release.ends_with("http://deb.debian.org/debian/ bookworm main"));
        assert!(updates.ends_with("http://deb.debian.org/debian/ bookworm-updates main"));
        assert!(security.ends_with("http://deb.debian.org/debian-security/ bookworm-security main"));
    }
}
