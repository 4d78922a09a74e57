//! Secrets that providers' names lead to, in forms that other providers' tokens have, too; some of them have a form of their
//! own besides.
//!
//! Those with a form of their own stand first. The exact forms go before all of these.

use plimsoll_core::Severity::{Critical, High};

use super::{FORM, Judged, Rule, Shown, near};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "heroku-key",
        title: "Heroku key",
        severity: High,
        keywords: &["heroku", "hrku-"],
        near: near::prefix_or_value::<36, 36>,
        pattern: r#"(?:(?i:heroku)[A-Za-z0-9_. -]{0,25}\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<secret>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}))|\b(?P<other>HRKU-[A-Za-z0-9_-]{36,60})"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "mailgun-key",
        title: "Mailgun key",
        severity: High,
        keywords: &["key-", "mailgun"],
        near: near::prefix_or_value::<32, 50>,
        pattern: r#"\b(?P<secret>key-[a-f0-9]{32})\b|(?i:mailgun)[A-Za-z0-9_. -]{0,25}\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<other>[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8})"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "atlassian-token",
        title: "Atlassian token",
        severity: High,
        keywords: &["atatt3", "atctt3", "atbb", "atlassian", "jira", "confluence"],
        near: near::prefix_or_value::<24, 24>,
        pattern: r#"\b(?P<secret>AT[AC]TT3[A-Za-z0-9_=-]{100,}|ATBB[A-Za-z0-9]{24,40})|(?i:atlassian|jira|confluence)[A-Za-z0-9_. -]{0,25}["']?\s{0,4}[=:]\s{0,4}["'](?P<other>[A-Za-z0-9]{24})["']"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "linear-key",
        title: "Linear key",
        severity: High,
        keywords: &["lin_api_", "linear"],
        near: near::prefix_or_value::<40, 32>,
        pattern: r#"\b(?P<secret>lin_api_[A-Za-z0-9]{40})\b|(?i:linear)[A-Za-z0-9_. -]{0,25}["']?\s{0,4}[=:]\s{0,4}["'](?P<other>[a-f0-9]{32})["']"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "facebook-token",
        title: "Facebook token",
        severity: High,
        keywords: &["facebook", "eaacedeose0cba", "eaam", "eaac"],
        near: near::prefix_or_value::<10, 32>,
        pattern: r#"\b(?P<secret>EAACEdEose0cBA[0-9A-Za-z]{10,}|EAA[MC][A-Za-z0-9]{100,})|(?i:facebook)[A-Za-z0-9_. -]{0,25}["']?\s{0,4}[=:]\s{0,4}["'](?P<other>[a-f0-9]{32})["']"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "hubspot-token",
        title: "HubSpot token",
        severity: High,
        keywords: &["pat-na1-", "pat-eu1-", "hubspot"],
        near: near::prefix_or_value::<36, 36>,
        pattern: r#"\b(?P<secret>pat-(?:na|eu)\d-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})\b|(?i:hubspot)[A-Za-z0-9_. -]{0,25}["']?\s{0,4}[=:]\s{0,4}["'](?P<other>[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})["']"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "dropbox-token",
        title: "Dropbox token",
        severity: High,
        keywords: &["sl.", "dropbox"],
        near: near::prefix_or_value::<130, 15>,
        pattern: r#"\b(?P<secret>sl\.[A-Za-z0-9_-]{130,})|(?i:dropbox)[A-Za-z0-9_. -]{0,25}["']?\s{0,4}[=:]\s{0,4}["'](?P<other>[a-z0-9]{15}|[a-z0-9]{11}AAAAAAAAAA[A-Za-z0-9_=-]{43})["']"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "contentful-token",
        title: "Contentful token",
        severity: High,
        keywords: &["cfpat-", "contentful"],
        near: near::prefix_or_value::<43, 43>,
        pattern: r#"\b(?P<secret>CFPAT-[A-Za-z0-9_-]{43})|(?i:contentful)[A-Za-z0-9_. -]{0,25}["']?\s{0,4}[=:]\s{0,4}["'](?P<other>[A-Za-z0-9_-]{43})["']"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "discord-token",
        title: "Discord token",
        severity: High,
        keywords: &["discord"],
        near: near::anywhere,
        pattern: r#"\b(?P<secret>[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})|(?i:discord[a-z0-9_. -]{0,15}secret)\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<other>[A-Za-z0-9_-]{32})(?:[^A-Za-z0-9_-]|$)"#,
        ..FORM
    },
    Rule {
        id: "npm-token",
        title: "npm token",
        severity: Critical,
        keywords: &["npm_", "_authtoken"],
        near: near::prefix_or_value::<36, 16>,
        pattern: r#"\b(?P<secret>npm_[A-Za-z0-9]{36})\b|:_authToken\s{0,4}=\s{0,4}["']?(?P<other>[A-Za-z0-9_+/=.-]{16,200})"#,
        ..FORM
    },
    Rule {
        id: "cloudflare-key",
        title: "Cloudflare key",
        severity: High,
        keywords: &["cloudflare", "v1.0-"],
        near: near::prefix_or_value::<171, 37>,
        pattern: r#"(?:(?i:cloudflare)[A-Za-z0-9_. -]{0,25}\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<secret>[A-Za-z0-9_-]{37,40})(?:[^A-Za-z0-9_-]|$))|\b(?P<other>v1\.0-[a-f0-9]{24}-[a-f0-9]{146})\b"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "datadog-key",
        title: "Datadog key",
        severity: High,
        keywords: &["datadog", "dd_api_key", "dd_app_key"],
        near: near::anywhere,
        pattern: r#"(?i:datadog|dd)[A-Za-z0-9_. -]{0,10}(?i:api|app|application)[_.-]?(?i:key)\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<secret>[a-f0-9]{32}(?:[a-f0-9]{8})?)(?:[^A-Za-z0-9]|$)"#,
        ..FORM
    },
    Rule {
        id: "asana-token",
        title: "Asana token",
        severity: High,
        keywords: &["asana"],
        near: near::value::<32>,
        pattern: r#"(?i:asana)[A-Za-z0-9_. -]{0,25}["']?\s{0,4}[=:]\s{0,4}["'](?P<secret>[A-Za-z0-9]{32}|\d/\d{16}(?:/\d{16})?:[a-f0-9]{32})["']"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "twilio-key",
        title: "Twilio key",
        severity: High,
        keywords: &["twilio"],
        near: near::value::<32>,
        pattern: r#"(?i:twilio)[A-Za-z0-9_. -]{0,25}\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<secret>[0-9a-f]{32})(?:[^0-9a-fA-F]|$)"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "twitter-token",
        title: "Twitter token",
        severity: High,
        keywords: &["twitter"],
        near: near::value::<35>,
        pattern: r#"(?i:twitter)[A-Za-z0-9_. -]{0,25}\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<secret>A{22}[A-Za-z0-9%]{60,120}|[0-9]{15,25}-[A-Za-z0-9]{20,45}|[A-Za-z0-9]{45,50}|[a-f0-9]{35,44})(?:[^A-Za-z0-9]|$)"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "snowflake-password",
        title: "Snowflake password",
        severity: High,
        keywords: &["snowflake"],
        near: near::quoted::<0>,
        pattern: r#"(?i:snowflake)[A-Za-z0-9_.-]{0,20}(?i:password|pwd)["']?\s{0,4}[=:]\s{0,4}["'](?P<secret>[^"'\s$<{]{8,128})["']"#,
        judged: Judged::Password,
        shown: Shown::Before,
        ..FORM
    },
];
