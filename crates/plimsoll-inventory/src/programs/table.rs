//! The well-known programs and libraries, and what their versions stand in.

/// A program or library.
pub(super) struct Known {
    pub(super) package: &'static str,
    /// What its file is called: whole names, or the beginning of one with a `*` behind it.
    pub(super) names: &'static [&'static str],
    /// What its version stands in, as the first group. `SERIES` stands for the first two numbers in the file's name.
    pub(super) pattern: &'static str,
}

/// The first of several for one name that matches counts.
pub(super) const KNOWN: &[Known] = &[
    Known {
        package: "python",
        names: &["python2.*", "python3.*", "libpython2.*", "libpython3.*"],
        // It may be the end of a longer text, such as a path, but not of a longer number.
        pattern: r"(?-u)[^0-9.](SERIES\.[0-9]+(?:(?:a|b|rc)[0-9]+)?)\+?\x00",
    },
    Known {
        package: "pypy",
        names: &["libpypy*", "pypy*"],
        pattern: r"(?-u)\[PyPy ([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "node",
        names: &["node", "nodejs", "libnode.so*"],
        pattern: r"(?-u)(?:node\.js/|/download/[a-z-]+/)v([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "node",
        // The first versions do not say where they can be had.
        names: &["node", "nodejs"],
        pattern: r"(?-u)\x00(?:node )?v(0\.[0-9]+\.[0-9]+)\x00",
    },
    Known {
        package: "deno",
        names: &["deno"],
        // `OTel-OTLP-Exporter-Deno/0.82.0` is the name of a part of it.
        pattern: r"(?-u)[^-]Deno/([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "nginx",
        names: &["nginx", "nginx-debug"],
        pattern: r"(?-u)nginx/([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "busybox",
        // Its hundreds of names are links to the one that sorts first.
        names: &["busybox", "busybox-*", "busybox.*", "["],
        pattern: r"(?-u)BusyBox v([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "openssl",
        names: &[
            "openssl",
            "libcrypto.so*",
            "libssl.so*",
            "libcrypto-*.so*",
            "libssl-*.so*",
        ],
        pattern: r"(?-u)OpenSSL ([0-9]+\.[0-9]+\.[0-9]+[a-z]*(?:-(?:alpha|beta|rc|pre)[0-9]+)?)(?:-fips)? +[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4}",
    },
    Known {
        package: "aws-lc",
        names: &["openssl", "libcrypto.so*", "libssl.so*"],
        pattern: r"(?-u)\(compatible; AWS-LC ([0-9]+\.[0-9]+\.[0-9]+)\)",
    },
    Known {
        package: "libressl",
        names: &["openssl", "libcrypto.so*", "libssl.so*"],
        pattern: r"(?-u)LibreSSL ([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "bash",
        names: &["bash"],
        pattern: r"(?-u)@\(#\)Bash version ([0-9]+\.[0-9]+\.[0-9]+)\(",
    },
    Known {
        package: "httpd",
        names: &["httpd", "apache2"],
        pattern: r"(?-u)Apache/([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "lighttpd",
        names: &["lighttpd"],
        pattern: r"(?-u)lighttpd/([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "haproxy",
        names: &["haproxy"],
        pattern: r"(?-u)version ([0-9]+\.[0-9]+(?:\.[0-9]+|-(?:dev|rc)[0-9]+))[^,\x00]{0,60}, released [0-9]{4}",
    },
    Known {
        package: "haproxy",
        names: &["haproxy"],
        pattern: r"(?-u)HA-Proxy version ([0-9]+\.[0-9]+(?:\.[0-9]+|-dev[0-9]+))",
    },
    Known {
        package: "varnish",
        names: &["varnishd"],
        pattern: r"(?-u)varnish-([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "unbound",
        names: &["unbound"],
        pattern: r"(?-u)unbound ([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "proftpd",
        names: &["proftpd"],
        pattern: r"(?-u)ProFTPD Version ([0-9]+\.[0-9]+\.[0-9]+[a-z]?)",
    },
    Known {
        package: "redis",
        names: &["redis-server", "redis-check-rdb", "redis-check-aof"],
        pattern: r"(?-u)\x00([2-9]\.[0-9]{1,2}\.[0-9]{1,3})\x00",
    },
    Known {
        package: "valkey",
        names: &["valkey-server", "valkey-check-rdb", "valkey-check-aof"],
        pattern: r"(?-u)\x00([7-9]\.[0-9]{1,2}\.[0-9]{1,3})\x00",
    },
    Known {
        package: "memcached",
        names: &["memcached"],
        pattern: r"(?-u)memcached ([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "postgresql",
        names: &["postgres"],
        pattern: r"(?-u)PostgreSQL ([0-9]+\.[0-9]+(?:\.[0-9]+)?|[0-9]+(?:beta|rc)[0-9]+) (?:\(|on )",
    },
    Known {
        package: "mariadb",
        names: &["mariadb", "mariadbd", "mysql", "mysqld"],
        pattern: r"(?-u)([0-9]+\.[0-9]+\.[0-9]+)-MariaDB",
    },
    Known {
        package: "mysql",
        names: &["mysql", "mysqld"],
        pattern: r"(?-u)/mysql-([0-9]+\.[0-9]+\.[0-9]+)(?:-[a-z]+)?/",
    },
    Known {
        package: "ruby",
        names: &["ruby", "ruby2*", "ruby3*", "libruby*"],
        pattern: r"(?-u)ruby ([0-9]+\.[0-9]+\.[0-9]+(?:(?:preview|rc|dev)[0-9]*)?)(?:p[0-9]+)? \([0-9]{4}-",
    },
    Known {
        package: "php",
        names: &["php", "php-cgi", "php-fpm*", "php5*", "php7*", "php8*", "libphp*"],
        pattern: r"(?-u)PHP/([0-9]+\.[0-9]+\.[0-9]+(?:(?:alpha|beta|RC)[0-9]+)?)",
    },
    Known {
        package: "perl",
        names: &["perl", "perl5*", "libperl.so*"],
        pattern: r"(?-u)/perl5?/(5\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "lua",
        names: &["lua", "lua5*", "liblua5*", "liblua.so*"],
        pattern: r"(?-u)Lua (5\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "curl",
        names: &["curl"],
        pattern: r"(?-u)curl/([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "curl",
        names: &["libcurl.so*", "libcurl-*"],
        pattern: r"(?-u)libcurl/([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "git",
        names: &["git"],
        pattern: r"(?-u)git/([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-rc[0-9]+)?)",
    },
    Known {
        package: "glibc",
        names: &["libc.so.6", "libc-2.*"],
        pattern: r"(?-u)GNU C Library \([^\x00\n]{1,100}\) (?:stable|development) release version ([0-9]+\.[0-9]+)",
    },
    Known {
        package: "musl",
        names: &["ld-musl-*"],
        pattern: r"(?-u)\x00([01]\.[0-9]{1,2}\.[0-9]{1,2})\x00",
    },
    Known {
        package: "zlib",
        names: &["libz.so*"],
        pattern: r"(?-u)deflate ([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?) Copyright",
    },
    Known {
        package: "sqlite",
        names: &["sqlite3", "libsqlite3.so*"],
        pattern: r"(?-u)\x00(3\.[0-9]+\.[0-9]+)\x00",
    },
    Known {
        package: "expat",
        names: &["libexpat.so*"],
        pattern: r"(?-u)expat_([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "xz",
        names: &["xz", "xzdec"],
        pattern: r"(?-u)\(XZ Utils\) ([0-9]+\.[0-9]+\.[0-9]+(?:alpha|beta)?)",
    },
    Known {
        package: "openssh",
        names: &["ssh", "sshd", "sshd-session", "ssh-keygen"],
        // Lists of others' versions that need a workaround have commas and asterisks.
        pattern: r"(?-u)OpenSSH_([0-9]+\.[0-9]+(?:\.[0-9]+)?p[0-9]+)[ \x00]",
    },
    Known {
        package: "dnsmasq",
        names: &["dnsmasq"],
        pattern: r"(?-u)dnsmasq-([0-9]+\.[0-9]+(?:rc[0-9]+|test[0-9]+)?)",
    },
    Known {
        package: "squid",
        names: &["squid"],
        pattern: r"(?-u)squid/([0-9]+\.[0-9]+(?:\.[0-9]+)?)",
    },
    Known {
        package: "tor",
        names: &["tor"],
        pattern: r"(?-u)[^A-Za-z][Tt]or (0\.[0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "jq",
        names: &["jq", "jq-linux*"],
        pattern: r"(?-u)\x00(?:jq-)?(1\.[5-9](?:\.[0-9]+)?)\x00",
    },
    Known {
        package: "zstd",
        names: &["zstd"],
        pattern: r"(?-u)[^0-9.]v(1\.[0-9]+\.[0-9]+)\x00",
    },
    Known {
        package: "ffmpeg",
        names: &["ffmpeg", "ffprobe"],
        pattern: r"(?-u)%s version n?([0-9]+\.[0-9]+(?:\.[0-9]+)?)",
    },
    Known {
        package: "ffmpeg",
        names: &["libavcodec.so*", "libavformat.so*", "libavutil.so*"],
        pattern: r"(?-u)FFmpeg version n?([0-9]+\.[0-9]+(?:\.[0-9]+)?)",
    },
    Known {
        package: "rust",
        names: &["libstd-*"],
        pattern: r"(?-u)rustc version ([0-9]+\.[0-9]+\.[0-9]+(?:-(?:nightly|beta\.[0-9]+))?) \(",
    },
    Known {
        package: "gcc",
        names: &["gcc"],
        // What a distribution made says which one it was.
        pattern: r"(?-u)GCC: \(GNU\) ([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "julia",
        names: &["libjulia-internal.so*"],
        pattern: r"(?-u)__init__\x00([0-9]+\.[0-9]+\.[0-9]+)\x00verify",
    },
    Known {
        package: "dart",
        names: &["dart"],
        pattern: r"(?-u)\x00([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9]+(?:\.[0-9]+)?\.(?:beta|dev))?) \((?:stable|beta|dev)\)",
    },
    Known {
        package: "ghc",
        names: &["ghc", "ghc-*"],
        pattern: r"(?-u)libHSghc-([0-9]+\.[0-9]+\.[0-9]+)-",
    },
    Known {
        package: "swipl",
        names: &["swipl", "libswipl.so*"],
        pattern: r"(?-u)swipl-([0-9]+\.[0-9]+\.[0-9]+)/",
    },
    Known {
        package: "mongodb",
        names: &["mongod"],
        pattern: r"(?-u)([0-9]+\.[0-9]+\.[0-9]+)\x00+(?:tcmalloc|heap_size|cppdefines)",
    },
    Known {
        package: "arangodb",
        names: &["arangosh", "arangod"],
        pattern: r"(?-u)([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9]+)?) (?:enterprise )?\[linux\]",
    },
    Known {
        package: "fluent-bit",
        names: &["fluent-bit"],
        pattern: r"(?-u)\x00([0-9]+\.[0-9]+\.[0-9]+)\x00{1,3}(?:\x1b\[1m\x00)?(?:%s)?Fluent",
    },
    Known {
        package: "envoy",
        names: &["envoy"],
        pattern: r"(?-u)(?s)\x00(1\.[0-9]{2}\.[0-9]+(?:-dev)?)\x00.{0,400}envoy[._]reloadable_features",
    },
    Known {
        package: "openldap",
        names: &["ldapsearch", "slapd"],
        pattern: r"(?-u)\$OpenLDAP: (?:ldapsearch|slapd) ([0-9]+\.[0-9]+\.[0-9]+)",
    },
    Known {
        package: "qtbase",
        names: &["libQt5Core.so*", "libQt6Core.so*"],
        pattern: r"(?-u)\x00Qt ([0-9]+\.[0-9]+\.[0-9]+) \(",
    },
    Known {
        package: "chrome",
        names: &["chrome", "headless_shell", "chrome-headless-shell"],
        pattern: r"(?-u)\x00([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)\x00Default",
    },
    Known {
        package: "util-linux",
        names: &["getopt"],
        pattern: r"(?-u)\x00util-linux ([0-9]+\.[0-9]+(?:\.[0-9]+)?)\x00",
    },
    Known {
        package: "gzip",
        names: &["gzip"],
        pattern: r"(?-u)\x00(1\.[0-9]{1,2})\x00",
    },
];
