//! The forms of the tokens and keys of well-known providers, as their documentation describes them.
//!
//! The more a rule knows of a form, the earlier it stands: where two see the same secret, the first counts.

use plimsoll_core::Severity::{Critical, High, Medium};

use super::{FORM, Judged, Rule, Shown, near};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "private-key",
        title: "private key",
        severity: High,
        keywords: &["private key-----", "private key block-----"],
        near: near::key,
        pattern: r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?P<secret>(?:\s|\\[nr]|[A-Za-z-]{1,30}: [^\n]{0,200}\n)*[A-Za-z0-9+/]{32,}=*)",
        shown: Shown::FirstLine,
        ..FORM
    },
    Rule {
        id: "age-secret-key",
        title: "age secret key",
        severity: High,
        keywords: &["age-secret-key-1"],
        pattern: r"\b(?P<secret>AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})\b",
        ..FORM
    },
    Rule {
        id: "aws-access-key-id",
        title: "AWS access key ID",
        severity: Critical,
        keywords: &["akia", "asia", "abia", "acca"],
        near: near::prefix::<16>,
        pattern: r"\b(?P<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b",
        ..FORM
    },
    Rule {
        id: "aws-secret-access-key",
        title: "AWS secret access key",
        severity: Critical,
        keywords: &["aws"],
        near: near::value::<40>,
        pattern: r#"(?i:aws_?-?(?:secret_?-?)?(?:access_?-?)?(?:secret_?-?)?key)\\?["']?\s{0,4}(?:=>|=|:)\s{0,4}\\?["']?(?P<secret>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
        ..FORM
    },
    Rule {
        id: "aws-session-token",
        title: "AWS session token",
        severity: High,
        keywords: &["aws_session_token"],
        near: near::value::<100>,
        pattern: r#"(?i:aws_session_token)\\?["']?\s{0,4}(?:=>|=|:)\s{0,4}\\?["']?(?P<secret>[A-Za-z0-9/+=]{100,})"#,
        ..FORM
    },
    Rule {
        id: "github-token",
        title: "GitHub token",
        severity: Critical,
        keywords: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: r"\b(?P<secret>gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{82})\b",
        ..FORM
    },
    Rule {
        id: "gitlab-token",
        title: "GitLab token",
        severity: Critical,
        keywords: &[
            "glpat-",
            "glptt-",
            "gldt-",
            "glrt-",
            "glcbt-",
            "glagent-",
            "glsoat-",
            "gloas-",
            "glffct-",
            "glwt-",
            "glimt-",
            "glft-",
            "gr1348941",
        ],
        pattern: r"\b(?P<secret>(?:glpat|glptt|gldt|glrt|glcbt|glagent|glsoat|glimt|glft|gloas|glffct|glwt)-[A-Za-z0-9_-]{20,64}|GR1348941[A-Za-z0-9_-]{20})",
        ..FORM
    },
    Rule {
        id: "hugging-face-token",
        title: "Hugging Face token",
        severity: Critical,
        keywords: &["hf_", "api_org_"],
        near: near::prefix::<34>,
        pattern: r"\b(?P<secret>(?:hf|api_org)_[A-Za-z0-9]{34,40})\b",
        ..FORM
    },
    Rule {
        id: "openai-key",
        title: "OpenAI key",
        severity: Critical,
        keywords: &["t3blbkfj", "sk-proj-", "sk-svcacct-", "sk-admin-"],
        pattern: r"\b(?P<secret>sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,200}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})|sk-[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100})",
        ..FORM
    },
    Rule {
        id: "anthropic-key",
        title: "Anthropic key",
        severity: Critical,
        keywords: &["sk-ant-"],
        pattern: r"\b(?P<secret>sk-ant-(?:api|admin)\d{2}-[A-Za-z0-9_-]{80,120})",
        ..FORM
    },
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
        id: "discord-token",
        title: "Discord token",
        severity: High,
        keywords: &["discord"],
        near: near::anywhere,
        pattern: r#"\b(?P<secret>[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})|(?i:discord[a-z0-9_. -]{0,15}secret)\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<other>[A-Za-z0-9_-]{32})(?:[^A-Za-z0-9_-]|$)"#,
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
        id: "npm-token",
        title: "npm token",
        severity: Critical,
        keywords: &["npm_", "_authtoken"],
        near: near::prefix_or_value::<36, 16>,
        pattern: r#"\b(?P<secret>npm_[A-Za-z0-9]{36})\b|:_authToken\s{0,4}=\s{0,4}["']?(?P<other>[A-Za-z0-9_+/=.-]{16,200})"#,
        ..FORM
    },
    Rule {
        id: "pypi-token",
        title: "PyPI token",
        severity: Critical,
        keywords: &["pypi-ageichlwas5vcmc", "pypi-agendgvzdc5wexbpl"],
        pattern: r"\b(?P<secret>pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)[A-Za-z0-9_-]{50,1000})",
        ..FORM
    },
    Rule {
        id: "rubygems-key",
        title: "RubyGems key",
        severity: High,
        keywords: &["rubygems_"],
        near: near::prefix::<48>,
        pattern: r"\b(?P<secret>rubygems_[a-f0-9]{48})\b",
        ..FORM
    },
    Rule {
        id: "crates-io-token",
        title: "crates.io token",
        severity: High,
        keywords: &["cio"],
        near: near::prefix::<32>,
        pattern: r"\b(?P<secret>cio[A-Za-z0-9]{32})\b",
        entropy: 4.0,
        ..FORM
    },
    Rule {
        id: "nuget-key",
        title: "NuGet key",
        severity: High,
        keywords: &["oy2"],
        near: near::prefix::<43>,
        pattern: r"\b(?P<secret>oy2[a-z0-9]{43})\b",
        entropy: 3.5,
        ..FORM
    },
    Rule {
        id: "clojars-token",
        title: "Clojars token",
        severity: High,
        keywords: &["clojars_"],
        pattern: r"\b(?P<secret>(?i:clojars_)[a-z0-9]{60})\b",
        ..FORM
    },
    Rule {
        id: "docker-hub-token",
        title: "Docker Hub token",
        severity: Critical,
        keywords: &["dckr_pat_", "dckr_oat_"],
        pattern: r"\b(?P<secret>dckr_[po]at_[A-Za-z0-9_-]{27,40})",
        ..FORM
    },
    Rule {
        id: "google-api-key",
        title: "Google API key",
        severity: High,
        keywords: &["aiza"],
        near: near::prefix::<35>,
        pattern: r"\b(?P<secret>AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)",
        ..FORM
    },
    Rule {
        id: "google-oauth-secret",
        title: "Google OAuth client secret",
        severity: High,
        keywords: &["gocspx-"],
        pattern: r"\b(?P<secret>GOCSPX-[0-9A-Za-z_-]{28})(?:[^0-9A-Za-z_-]|$)",
        ..FORM
    },
    Rule {
        id: "google-service-account",
        title: "Google service account key",
        severity: Critical,
        keywords: &["\"service_account\""],
        near: near::anywhere,
        pattern: r#""type"\s{0,8}:\s{0,8}"service_account"[^}]{0,4000}?"private_key"\s{0,8}:\s{0,8}"(?P<secret>-----BEGIN[^"]{40,})""#,
        ..FORM
    },
    Rule {
        id: "azure-storage-key",
        title: "Azure storage key",
        severity: Critical,
        keywords: &["accountkey", "azure"],
        near: near::value::<88>,
        pattern: r#"(?i:accountkey|azure_?storage_?(?:account_?)?key)\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?(?P<secret>[A-Za-z0-9+/]{86}==)"#,
        ..FORM
    },
    Rule {
        id: "azure-client-secret",
        title: "Azure client secret",
        severity: Critical,
        keywords: &[
            "0q~", "1q~", "2q~", "3q~", "4q~", "5q~", "6q~", "7q~", "8q~", "9q~",
        ],
        near: near::token::<37>,
        pattern: r"(?:^|[^A-Za-z0-9_~.-])(?P<secret>[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34})(?:[^A-Za-z0-9_~.-]|$)",
        ..FORM
    },
    Rule {
        id: "azure-sas",
        title: "Azure shared access signature",
        severity: High,
        keywords: &["sig="],
        near: near::token::<44>,
        pattern: r"\b(?:sv=[0-9]{4}-[0-9]{2}-[0-9]{2}&[A-Za-z0-9&=%:_.+-]{0,300}sig=(?P<secret>[A-Za-z0-9%+/=]{40,100})|sig=(?P<other>[A-Za-z0-9%+/=]{40,100})&[A-Za-z0-9&=%:_.+-]{0,300}sv=[0-9]{4}-[0-9]{2}-[0-9]{2})",
        ..FORM
    },
    Rule {
        id: "alibaba-access-key-id",
        title: "Alibaba Cloud access key ID",
        severity: High,
        keywords: &["ltai"],
        near: near::prefix::<12>,
        pattern: r"\b(?P<secret>LTAI[A-Za-z0-9]{12,20})\b",
        ..FORM
    },
    Rule {
        id: "digitalocean-token",
        title: "DigitalOcean token",
        severity: Critical,
        keywords: &["dop_v1_", "doo_v1_", "dor_v1_"],
        pattern: r"\b(?P<secret>do[opr]_v1_[a-f0-9]{64})\b",
        ..FORM
    },
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
        id: "netlify-token",
        title: "Netlify token",
        severity: High,
        keywords: &["nfp_"],
        pattern: r"\b(?P<secret>nfp_[A-Za-z0-9]{36})\b",
        ..FORM
    },
    Rule {
        id: "supabase-key",
        title: "Supabase key",
        severity: High,
        keywords: &["sbp_", "sb_secret_"],
        pattern: r"\b(?P<secret>sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{31,40})",
        ..FORM
    },
    Rule {
        id: "planetscale-token",
        title: "PlanetScale token",
        severity: High,
        keywords: &["pscale_"],
        pattern: r"\b(?P<secret>pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64})",
        ..FORM
    },
    Rule {
        id: "databricks-token",
        title: "Databricks token",
        severity: Critical,
        keywords: &["dapi"],
        near: near::prefix::<32>,
        pattern: r"\b(?P<secret>dapi[a-f0-9]{32}(?:-\d)?)\b",
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
    Rule {
        id: "hashicorp-vault-token",
        title: "HashiCorp Vault token",
        severity: Critical,
        keywords: &["hvs.", "hvb.", "hvr."],
        pattern: r"\b(?P<secret>hv[sbr]\.[A-Za-z0-9_-]{24,300})",
        ..FORM
    },
    Rule {
        id: "terraform-token",
        title: "HCP Terraform token",
        severity: Critical,
        keywords: &[".atlasv1."],
        pattern: r"\b(?P<secret>[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70})",
        ..FORM
    },
    Rule {
        id: "pulumi-token",
        title: "Pulumi token",
        severity: High,
        keywords: &["pul-"],
        pattern: r"\b(?P<secret>pul-[a-f0-9]{40})\b",
        ..FORM
    },
    Rule {
        id: "doppler-token",
        title: "Doppler token",
        severity: High,
        keywords: &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."],
        pattern: r"\b(?P<secret>dp\.(?:pt|ct|sa|scim|audit|st(?:\.[a-z0-9_-]{2,35})?)\.[A-Za-z0-9]{40,44})\b",
        ..FORM
    },
    Rule {
        id: "onepassword-token",
        title: "1Password service account token",
        severity: Critical,
        keywords: &["ops_eyj"],
        pattern: r"\b(?P<secret>ops_eyJ[A-Za-z0-9+/_-]{100,2000}={0,3})",
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
        id: "jfrog-key",
        title: "JFrog key",
        severity: High,
        keywords: &["akcp", "cmvmd"],
        near: near::prefix::<59>,
        pattern: r"\b(?P<secret>AKCp[0-9A-Za-z]{69}|cmVmd[0-9A-Za-z]{59})\b",
        ..FORM
    },
    Rule {
        id: "sonar-token",
        title: "SonarQube token",
        severity: High,
        keywords: &["sqp_", "squ_", "sqa_"],
        pattern: r"\b(?P<secret>sq[pua]_[a-z0-9]{40})\b",
        ..FORM
    },
    Rule {
        id: "sentry-token",
        title: "Sentry token",
        severity: High,
        keywords: &["sntrys_", "sntryu_"],
        pattern: r"\b(?P<secret>sntrys_eyJ[A-Za-z0-9+/=_-]{60,400}|sntryu_[a-f0-9]{64})",
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
        id: "new-relic-key",
        title: "New Relic key",
        severity: High,
        keywords: &["nrak-", "nrjs-", "nrii-", "nrra-", "nraa-", "nral"],
        near: near::prefix_or_digits::<19, 36>,
        pattern: r"\b(?P<secret>NR(?:AK|RA)-[A-Z0-9]{27}|NRJS-[a-f0-9]{19}|NRII-[A-Za-z0-9_-]{32}|NRAA-[a-f0-9]{27}|[a-f0-9]{36}NRAL)",
        ..FORM
    },
    Rule {
        id: "grafana-token",
        title: "Grafana token",
        severity: High,
        keywords: &["glsa_", "glc_", "eyjrijoi"],
        near: near::token::<36>,
        pattern: r"\b(?P<secret>glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2}|eyJrIjoi[A-Za-z0-9]{70,400}={0,2})",
        ..FORM
    },
    Rule {
        id: "dynatrace-token",
        title: "Dynatrace token",
        severity: High,
        keywords: &["dt0c01.", "dt0s01.", "dt0s16."],
        pattern: r"\b(?P<secret>dt0(?:c01|s01|s16)\.[A-Z0-9]{24}\.[A-Z0-9]{64})\b",
        ..FORM
    },
    Rule {
        id: "elastic-key",
        title: "Elastic Cloud key",
        severity: High,
        keywords: &["essu_"],
        pattern: r"\b(?P<secret>essu_[A-Za-z0-9+/=_-]{60,200})",
        ..FORM
    },
    Rule {
        id: "postman-key",
        title: "Postman key",
        severity: High,
        keywords: &["pmak-"],
        pattern: r"\b(?P<secret>PMAK-[a-fA-F0-9]{24}-[a-fA-F0-9]{34})\b",
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
        id: "readme-token",
        title: "ReadMe token",
        severity: High,
        keywords: &["rdme_"],
        pattern: r"\b(?P<secret>rdme_[a-z0-9]{70})\b",
        ..FORM
    },
    Rule {
        id: "prefect-token",
        title: "Prefect token",
        severity: High,
        keywords: &["pnu_"],
        pattern: r"\b(?P<secret>pnu_[A-Za-z0-9]{36})\b",
        ..FORM
    },
    Rule {
        id: "tailscale-key",
        title: "Tailscale key",
        severity: High,
        keywords: &["tskey-"],
        pattern: r"\b(?P<secret>tskey-(?:auth|api|client|scim|webhook)?-?[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40})",
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
        id: "mongodb-public-key",
        title: "MongoDB Atlas key",
        severity: High,
        keywords: &["mdb_sa_sk_"],
        pattern: r"\b(?P<secret>mdb_sa_sk_[A-Za-z0-9_-]{40})",
        ..FORM
    },
    Rule {
        id: "ionic-token",
        title: "Ionic token",
        severity: High,
        keywords: &["ion_"],
        near: near::prefix::<42>,
        pattern: r"\b(?P<secret>ion_[A-Za-z0-9]{42})\b",
        entropy: 3.5,
        ..FORM
    },
    Rule {
        id: "private-packagist-token",
        title: "Private Packagist token",
        severity: High,
        keywords: &["packagist_"],
        pattern: r"\b(?P<secret>packagist_(?:[ou][ru]t|ac[ku])_[a-f0-9]{68})\b",
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
        id: "launchdarkly-key",
        title: "LaunchDarkly key",
        severity: High,
        keywords: &["launchdarkly", "sdk-"],
        near: near::anywhere,
        pattern: r"\b(?P<secret>(?:sdk|api)-[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12})\b",
        ..FORM
    },
];
