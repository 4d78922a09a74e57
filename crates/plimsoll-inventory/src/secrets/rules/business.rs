//! The tokens of what people talk, plan, sell, pay and send with, as their providers describe them.
//!
//! The more a rule knows of a form, the earlier it stands: where two see the same secret, the first counts.

use plimsoll_core::Severity::{Critical, High, Medium};

use super::{FORM, Judged, Rule, near};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "slack-token",
        title: "Slack token",
        severity: High,
        keywords: &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe", "xapp-"],
        near: near::prefix::<13>,
        pattern: r"\b(?P<secret>xox[abeprs](?:\.xox[bp])?-[0-9A-Za-z]{1,}[0-9A-Za-z-]{12,240}|xapp-\d-[A-Z0-9]{8,16}-\d{8,16}-[a-z0-9]{40,80})",
        ..FORM
    },
    Rule {
        id: "slack-webhook",
        title: "Slack webhook",
        severity: Medium,
        keywords: &["hooks.slack.com"],
        pattern: r"https://hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>T[A-Za-z0-9_]{8,12}/[AB]?[A-Za-z0-9_]{8,20}/[A-Za-z0-9_/]{20,60})",
        ..FORM
    },
    Rule {
        id: "teams-webhook",
        title: "Microsoft Teams webhook",
        severity: Medium,
        keywords: &["webhook.office.com"],
        pattern: r"https://[a-z0-9-]{1,60}\.webhook\.office\.com/webhookb2/(?P<secret>[a-z0-9@-]{36,80}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36})",
        ..FORM
    },
    Rule {
        id: "discord-webhook",
        title: "Discord webhook",
        severity: Medium,
        keywords: &["discord.com/api/webhooks", "discordapp.com/api/webhooks"],
        pattern: r"https://discord(?:app)?\.com/api/webhooks/(?P<secret>\d{17,20}/[A-Za-z0-9_-]{60,80})",
        ..FORM
    },
    Rule {
        id: "stripe-key",
        title: "Stripe key",
        severity: Critical,
        keywords: &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"],
        pattern: r"\b(?P<secret>[rs]k_(?:live|test)_[0-9A-Za-z]{16,247}|whsec_[0-9A-Za-z]{32,64})",
        ..FORM
    },
    Rule {
        id: "notion-token",
        title: "Notion token",
        severity: High,
        keywords: &["ntn_"],
        pattern: r"\b(?P<secret>ntn_[A-Za-z0-9]{43,50})\b",
        ..FORM
    },
    Rule {
        id: "figma-token",
        title: "Figma token",
        severity: High,
        keywords: &["figd_"],
        pattern: r"\b(?P<secret>figd_[A-Za-z0-9_-]{40,60})",
        ..FORM
    },
    Rule {
        id: "airtable-token",
        title: "Airtable token",
        severity: High,
        keywords: &["airtable"],
        near: near::anywhere,
        pattern: r"\b(?P<secret>pat[A-Za-z0-9]{14}\.[a-f0-9]{64})\b",
        ..FORM
    },
    Rule {
        id: "shopify-token",
        title: "Shopify token",
        severity: High,
        keywords: &["shpat_", "shpca_", "shppa_", "shpss_"],
        pattern: r"\b(?P<secret>shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})\b",
        ..FORM
    },
    Rule {
        id: "square-token",
        title: "Square token",
        severity: High,
        keywords: &["sq0atp-", "sq0csp-", "eaaa"],
        near: near::prefix::<22>,
        pattern: r"\b(?P<secret>sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}|EAAA[A-Za-z0-9_-]{60})",
        ..FORM
    },
    Rule {
        id: "sendgrid-key",
        title: "SendGrid key",
        severity: Critical,
        keywords: &["sg."],
        near: near::token::<63>,
        pattern: r"\b(?P<secret>SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50})",
        ..FORM
    },
    Rule {
        id: "sendinblue-key",
        title: "Brevo key",
        severity: High,
        keywords: &["xkeysib-"],
        pattern: r"\b(?P<secret>xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16})\b",
        ..FORM
    },
    Rule {
        id: "mailchimp-key",
        title: "Mailchimp key",
        severity: High,
        keywords: &[
            "-us1", "-us2", "-us3", "-us4", "-us5", "-us6", "-us7", "-us8", "-us9",
        ],
        near: near::behind_digits::<32>,
        pattern: r"\b(?P<secret>[a-f0-9]{32}-us\d{1,2})\b",
        ..FORM
    },
    Rule {
        id: "telegram-token",
        title: "Telegram bot token",
        severity: High,
        keywords: &[":aa"],
        near: near::token::<44>,
        pattern: r"(?:^|[^0-9])(?P<secret>\d{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)",
        ..FORM
    },
    Rule {
        id: "easypost-key",
        title: "EasyPost key",
        severity: High,
        keywords: &["ezak", "eztk"],
        near: near::prefix::<54>,
        pattern: r"\b(?P<secret>EZ[AT]K[A-Za-z0-9]{54})\b",
        ..FORM
    },
    Rule {
        id: "shippo-token",
        title: "Shippo token",
        severity: High,
        keywords: &["shippo_"],
        pattern: r"\b(?P<secret>shippo_(?:live|test)_[a-f0-9]{40})\b",
        ..FORM
    },
    Rule {
        id: "duffel-token",
        title: "Duffel token",
        severity: High,
        keywords: &["duffel_"],
        pattern: r"\b(?P<secret>duffel_(?:live|test)_[A-Za-z0-9_-]{43})",
        ..FORM
    },
    Rule {
        id: "flutterwave-key",
        title: "Flutterwave key",
        severity: High,
        keywords: &["flwseck"],
        pattern: r"\b(?P<secret>FLWSECK(?:_TEST)?-[A-Za-z0-9-]{12,40}|FLWSECK_TEST[a-f0-9]{12}\b)",
        ..FORM
    },
    Rule {
        id: "frameio-token",
        title: "Frame.io token",
        severity: High,
        keywords: &["fio-u-"],
        pattern: r"\b(?P<secret>fio-u-[A-Za-z0-9_=-]{64})",
        ..FORM
    },
    Rule {
        id: "gocardless-token",
        title: "GoCardless token",
        severity: High,
        keywords: &["gocardless", "\"live_", "'live_"],
        near: near::prefix_or_value::<40, 45>,
        pattern: r#"(?:(?i:gocardless)[A-Za-z0-9_. -]{0,25}\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?|["'])(?P<secret>live_[A-Za-z0-9_=-]{40})(?:[^A-Za-z0-9_=-]|$)"#,
        judged: Judged::Named,
        ..FORM
    },
    Rule {
        id: "typeform-token",
        title: "Typeform token",
        severity: High,
        keywords: &["tfp_"],
        pattern: r"\b(?P<secret>tfp_[A-Za-z0-9_.=-]{40,60})",
        ..FORM
    },
    Rule {
        id: "adobe-secret",
        title: "Adobe client secret",
        severity: High,
        keywords: &["p8e-"],
        pattern: r"\b(?P<secret>p8e-[A-Za-z0-9]{32})\b",
        ..FORM
    },
    Rule {
        id: "plaid-token",
        title: "Plaid token",
        severity: High,
        keywords: &["access-sandbox-", "access-development-", "access-production-"],
        pattern: r"\b(?P<secret>access-(?:sandbox|development|production)-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})\b",
        ..FORM
    },
    Rule {
        id: "mapbox-token",
        title: "Mapbox secret token",
        severity: High,
        keywords: &["sk.eyj"],
        pattern: r"\b(?P<secret>sk\.eyJ[A-Za-z0-9_-]{40,200}\.[A-Za-z0-9_-]{20,40})",
        ..FORM
    },
    Rule {
        id: "brevo-smtp-key",
        title: "Brevo SMTP key",
        severity: High,
        keywords: &["xsmtpsib-"],
        pattern: r"\b(?P<secret>xsmtpsib-[a-f0-9]{64}-[A-Za-z0-9]{16})\b",
        ..FORM
    },
    Rule {
        id: "cloudinary-url",
        title: "Cloudinary secret",
        severity: High,
        keywords: &["cloudinary://"],
        pattern: r"\bcloudinary://[0-9]{10,20}:(?P<secret>[A-Za-z0-9_-]{20,40})@",
        ..FORM
    },
    Rule {
        id: "notion-secret",
        title: "Notion token",
        severity: High,
        keywords: &["secret_"],
        near: near::prefix::<43>,
        pattern: r"\b(?P<secret>secret_[A-Za-z0-9]{43})\b",
        entropy: 4.0,
        ..FORM
    },
    Rule {
        id: "resend-key",
        title: "Resend key",
        severity: High,
        keywords: &["re_"],
        near: near::prefix::<33>,
        pattern: r"\b(?P<secret>re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24})\b",
        entropy: 4.0,
        ..FORM
    },
    Rule {
        id: "twilio-api-key",
        title: "Twilio key",
        severity: High,
        keywords: &["sk"],
        near: near::digits::<32>,
        pattern: r"\bSK(?P<secret>[0-9a-f]{32})\b",
        entropy: 3.0,
        ..FORM
    },
];
