use plimsoll_core::{Distribution, Ecosystem, Package};

/// The names of a distribution in NVD's dictionary, where they are known for certain: vendor, product.
fn distribution_names(id: &str) -> Option<(&'static str, &'static str)> {
    Some(match id {
        "almalinux" => ("almalinux", "almalinux"),
        "alpine" => ("alpinelinux", "alpine_linux"),
        "amzn" => ("amazon", "linux"),
        "centos" => ("centos", "centos"),
        "debian" => ("debian", "debian_linux"),
        "fedora" => ("fedoraproject", "fedora"),
        "ol" => ("oracle", "linux"),
        "opensuse-leap" => ("opensuse", "leap"),
        "photon" => ("vmware", "photon_os"),
        "rhel" => ("redhat", "enterprise_linux"),
        "rocky" => ("rocky", "rocky"),
        "sles" => ("suse", "linux_enterprise_server"),
        "ubuntu" => ("canonical", "ubuntu_linux"),
        _ => return None,
    })
}

/// The names of well-known programs in NVD's dictionary: vendor, product. Only programs that are known by their own
/// file have one: the version of a distribution's package is not its upstream's.
fn program_names(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "arangodb" => ("arangodb", "arangodb"),
        "bash" => ("gnu", "bash"),
        "busybox" => ("busybox", "busybox"),
        "chrome" => ("google", "chrome"),
        "composer" => ("getcomposer", "composer"),
        "curl" => ("haxx", "curl"),
        "elixir" => ("elixir-lang", "elixir"),
        "envoy" => ("envoyproxy", "envoy"),
        "ffmpeg" => ("ffmpeg", "ffmpeg"),
        "fluent-bit" => ("treasuredata", "fluent_bit"),
        "gcc" => ("gnu", "gcc"),
        "go" => ("golang", "go"),
        "gzip" => ("gnu", "gzip"),
        "haproxy" => ("haproxy", "haproxy"),
        "httpd" => ("apache", "http_server"),
        "jq" => ("jqlang", "jq"),
        "julia" => ("julialang", "julia"),
        "lighttpd" => ("lighttpd", "lighttpd"),
        "mariadb" => ("mariadb", "mariadb"),
        "memcached" => ("memcached", "memcached"),
        "mongodb" => ("mongodb", "mongodb"),
        "mysql" => ("oracle", "mysql"),
        "nginx" => ("f5", "nginx"),
        "node" => ("nodejs", "node.js"),
        "openldap" => ("openldap", "openldap"),
        "openssl" => ("openssl", "openssl"),
        "perl" => ("perl", "perl"),
        "php" => ("php", "php"),
        "postgres" | "postgresql" => ("postgresql", "postgresql"),
        "python" => ("python", "python"),
        "redis" | "redis-server" => ("redis", "redis"),
        "proftpd" => ("proftpd", "proftpd"),
        "qtbase" => ("qt", "qt"),
        "ruby" => ("ruby-lang", "ruby"),
        "rust" => ("rust-lang", "rust"),
        "traefik" => ("traefik", "traefik"),
        "util-linux" => ("kernel", "util-linux"),
        "wordpress" => ("wordpress", "wordpress"),
        "xz" => ("tukaani", "xz"),
        "zstd" => ("facebook", "zstandard"),
        _ => return None,
    })
}

/// The CPE 2.3 name of a distribution, where it is known for certain.
pub(crate) fn cpe_of_distribution(distribution: &Distribution, release: Option<&str>) -> Option<String> {
    let names = distribution_names(&distribution.id)?;
    cpe('o', names, release.unwrap_or(&distribution.version_id))
}

/// The CPE 2.3 name of a package, where it is known for certain.
pub(crate) fn cpe_of_package(package: &Package) -> Option<String> {
    let names = (package.ecosystem == Ecosystem::Generic).then(|| program_names(&package.name))??;
    cpe('a', names, &package.version)
}

/// The formatted string of NIST IR 7695: characters other than letters, digits and `_` are escaped, but for `.` and `-`
/// within a version.
fn cpe(part: char, (vendor, product): (&str, &str), version: &str) -> Option<String> {
    if version.is_empty() || version.starts_with('-') {
        return None;
    }
    let escape = |text: &str| {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            if !character.is_ascii_graphic() {
                return None;
            }
            if !character.is_ascii_alphanumeric() && !"_.-".contains(character) {
                escaped.push('\\');
            }
            escaped.push(character.to_ascii_lowercase());
        }
        Some(escaped)
    };
    Some(format!(
        "cpe:2.3:{part}:{vendor}:{product}:{}:*:*:*:*:*:*:*",
        escape(version)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_has_a_name() {
        let node = Package::new(Ecosystem::Generic, "node", "22.1.0+x");
        assert_eq!(
            cpe_of_package(&node).as_deref(),
            Some(r"cpe:2.3:a:nodejs:node.js:22.1.0\+x:*:*:*:*:*:*:*")
        );
        assert_eq!(
            cpe_of_package(&Package::new(Ecosystem::Deb, "openssl", "3.0.9-1")),
            None
        );
        assert_eq!(
            cpe_of_package(&Package::new(Ecosystem::Generic, "mine", "1")),
            None
        );
    }
}
