//! What stands where secrets do, whoever's they are.

use plimsoll_core::Severity::{High, Medium};

use super::{FORM, Judged, Rule, Shown};

/// They come last: a rule that knows more of the form goes before them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "jwt",
        title: "JSON web token",
        severity: Medium,
        keywords: &["eyj"],
        pattern: r"\b(?P<secret>eyJ[A-Za-z0-9_-]{12,}\.eyJ[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{20,})",
        ..FORM
    },
    Rule {
        id: "url-password",
        title: "password in an address",
        severity: High,
        keywords: &["://"],
        pattern: r#"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?|mssql|sqlserver|clickhouse|ldaps?|smtps?|ftp|sftp|https?|ssh|git)(?:\+[a-z0-9]{2,12})?://[^\s:/@"'<>$\{]{0,64}:(?P<secret>[^\s:/@"'<>$\{]{3,128})@[A-Za-z0-9\[.-]"#,
        judged: Judged::Address,
        shown: Shown::Before,
        generic: true,
        ..FORM
    },
    Rule {
        id: "high-entropy-value",
        title: "value of high entropy under the name of a secret",
        severity: Medium,
        keywords: &[
            "secret",
            "token",
            "password",
            "passwd",
            "api_key",
            "apikey",
            "api-key",
            "private_key",
            "access_key",
            "auth_key",
            "encryption_key",
            "signing_key",
        ],
        pattern: concat!(
            r#"(?i:(?:secret|token|passw(?:or)?d|api[_-]?key|(?:access|auth|private|encryption|signing)[_-]?key)[a-z0-9_.-]{0,20})"#,
            r#"\\?["']?\s{0,4}(?:=>|:=|=|:)\s{0,4}\\?["'](?P<secret>[A-Za-z0-9+/=_!@#%^&*~-]{16,120})\\?["']"#,
        ),
        entropy: 3.6,
        judged: Judged::Value,
        shown: Shown::Before,
        generic: true,
        ..FORM
    },
    Rule {
        id: "configuration-value",
        title: "value of high entropy under the name of a secret",
        severity: Medium,
        keywords: &[
            "secret",
            "token",
            "password",
            "passwd",
            "api_key",
            "apikey",
            "api-key",
            "access_key",
            "auth_key",
        ],
        pattern: r"(?i:(?:secret|token|passw(?:or)?d|api[_-]?key|(?:access|auth)[_-]?key)[a-z0-9_.-]{0,20})[ \t]{0,4}[=:][ \t]{0,4}(?P<secret>[A-Za-z0-9+/=_-]{16,120})[ \t\r]*(?:\n|$)",
        entropy: 3.6,
        judged: Judged::Value,
        shown: Shown::Before,
        generic: true,
        ..FORM
    },
    Rule {
        id: "authorization-header",
        title: "credentials in an `Authorization` header",
        severity: Medium,
        keywords: &["authorization"],
        pattern: r#"(?i:authorization)\\?["']?\s{0,4}(?:,\s{0,8}\\?["']value\\?["']\s{0,4})?[:=,]\s{0,4}\\?["']?(?:(?i:bearer|token|apikey)\s{1,4}(?P<secret>[A-Za-z0-9_.~+/=-]{20,2000})|(?i:basic)\s{1,4}(?P<other>[A-Za-z0-9+/]{12,400}={0,2}))"#,
        entropy: 3.5,
        generic: true,
        ..FORM
    },
    Rule {
        id: "php-constant",
        title: "value of high entropy under the name of a secret",
        severity: Medium,
        keywords: &["define"],
        pattern: r#"\bdefine\(\s{0,4}["'][A-Z0-9_]{0,30}(?:PASSWORD|SECRET|TOKEN|SALT|(?:AUTH|LOGGED_IN|NONCE|API|SECRET|ACCESS|PRIVATE|ENCRYPTION|SIGNING|CRYPT|MASTER|APP)_?KEY)["']\s{0,4},\s{0,4}["'](?P<secret>[^"'\s]{12,128})["']"#,
        entropy: 3.0,
        judged: Judged::Constant,
        shown: Shown::Only("********"),
        generic: true,
        ..FORM
    },
    Rule {
        id: "django-secret-key",
        title: "Django secret key",
        severity: High,
        keywords: &["secret_key"],
        pattern: r#"\bSECRET_KEY["']?\s{0,4}[=:]\s{0,4}["'](?P<secret>django-insecure-[^"'\n]{20,100}|[a-z0-9!@#$%^&*()_=+-]{50})["']"#,
        entropy: 3.8,
        shown: Shown::Only("********"),
        generic: true,
        ..FORM
    },
    Rule {
        id: "connection-string",
        title: "password in a connection string",
        severity: High,
        keywords: &["password=", "pwd="],
        pattern: concat!(
            r#"(?i:server|data source|host|addr(?:ess)?|account)=[^;"'\n]{1,200};[^"'\n]{0,300}?(?i:password|pwd)=(?P<secret>[^;"'\s<>{}$%]{4,128})"#,
            r#"|\bjdbc:[^\s"'<>]{3,300}?[?&;](?i:password|pwd)=(?P<other>[^&;"'\s<>{}$%]{4,128})"#,
        ),
        entropy: 2.0,
        judged: Judged::Password,
        shown: Shown::Only("password=********"),
        generic: true,
        ..FORM
    },
    Rule {
        id: "command-password",
        title: "password on a command line",
        severity: High,
        keywords: &["curl", "wget", "docker login", "podman login", "sshpass", "mysql"],
        pattern: concat!(
            r#"\bcurl\b(?:[^\n|;&"']|"[^"\n]*"|'[^'\n]*'){0,300}?\s(?:-u|--user)[ =]?["']?[^\s:"'$<{/]{1,64}:(?P<secret>[^\s"'`$<{]{4,128})"#,
            r#"|\b(?:wget\b[^\n|;]{0,300}?\s--(?:http-|ftp-)?password[ =]|(?:docker|podman) login\b[^\n|;&]{0,200}?\s(?:-p|--password)[ =]|"#,
            r#"sshpass\s{1,4}-p ?|mysql(?:dump|admin)?\b[^\n|;&]{0,100}?\s(?:--password=|-p))["']?(?P<other>[^\s"'`$<{-][^\s"'`$<{]{5,128})"#,
        ),
        entropy: 2.5,
        judged: Judged::Option,
        shown: Shown::Program,
        generic: true,
        ..FORM
    },
    Rule {
        id: "putty-private-key",
        title: "private key",
        severity: High,
        keywords: &["putty-user-key-file-"],
        pattern: r"\bPuTTY-User-Key-File-\d: [^\n]{1,60}\n(?:[^\n]{0,200}\n){1,60}?Private-Lines: \d{1,4}\r?\n(?P<secret>[A-Za-z0-9+/]{24,}={0,2})",
        ..FORM
    },
    Rule {
        id: "xml-value",
        title: "value of high entropy under the name of a secret",
        severity: Medium,
        keywords: &["value="],
        pattern: r#"(?i:name|key)=["'][^"'\n]{0,40}(?i:password|passwd|secret|token|api_?key)[^"'\n]{0,20}["']\s{1,20}(?i:value)=["'](?P<secret>[^"'\s<>{}$%]{12,120})["']"#,
        entropy: 3.0,
        judged: Judged::Constant,
        shown: Shown::Only("********"),
        generic: true,
        ..FORM
    },
];
