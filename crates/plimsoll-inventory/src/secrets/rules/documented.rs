//! Tokens and keys as they stand in files, in the forms that their providers document. They are put together here so that
//! this source has none of them.

/// A rule, and a text in which it finds one secret.
pub(super) fn documented() -> Vec<(&'static str, String)> {
    let uuid = "3f0c9a17-5be2-4d84-9a61-f7ac09e5db38";
    [keys(), clouds(), programming(), talking(), business(), models()]
        .into_iter()
        .flatten()
        .chain(named(uuid))
        .collect()
}

/// So many characters without an order.
fn mixed(count: usize) -> String {
    "x7Kq2mPzR9vwB4nTf8LsYd3HgJ6cWbV1kN5tQeXaZ0uCiMrDhGyFoSpEjUlA"
        .chars()
        .cycle()
        .take(count)
        .collect()
}

fn hex(count: usize) -> String {
    "3f0c9a175be24d849a61f7ac09e5db38c2b6d4e8"
        .chars()
        .cycle()
        .take(count)
        .collect()
}

fn lower(count: usize) -> String {
    mixed(count).to_ascii_lowercase()
}

fn upper(count: usize) -> String {
    mixed(count).to_ascii_uppercase()
}

type Texts = Vec<(&'static str, String)>;

fn keys() -> Texts {
    let bech32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2);
    let hidden = "PRIVATE KEY";
    vec![
        (
            "age-secret-key",
            format!("# age\nAGE-SECRET-{}-1{}", "KEY", &bech32[..58]),
        ),
        (
            "putty-private-key",
            format!(
                "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a\nPublic-Lines: 1\nAAAA\n{}-Lines: 1\n{}",
                "Private",
                mixed(44)
            ),
        ),
        (
            "private-key",
            format!(
                "key: |\n  -----BEGIN OPENSSH {hidden}-----\n  b3BlbnNzaC1rZXktdjEA{}",
                mixed(50)
            ),
        ),
        (
            "private-key",
            format!(
                "-----BEGIN PGP {hidden} BLOCK-----\nVersion: GnuPG v2\n\nlQHYBF{}",
                mixed(58)
            ),
        ),
    ]
}

fn clouds() -> Texts {
    vec![
        (
            "aws-session-token",
            format!("aws_session_token = IQoJb3JpZ2luX2Vj{}", mixed(340)),
        ),
        (
            "aws-secret-access-key",
            format!("[default]\naws_secret_access_{} = {}/+", "key", mixed(38)),
        ),
        (
            "google-service-account",
            format!(
                "{{\n  \"type\": \"service_account\",\n  \"project_id\": \"p\",\n  \"private_key_id\": \"{}\",\n  \
                 \"private_key\": \"-----BEGIN {}-----\\nMIIEvQ{}\"\n}}",
                hex(40),
                "PRIVATE KEY",
                mixed(60)
            ),
        ),
        (
            "google-access-token",
            format!("Bearer ya29.{}{}", "a0AfH6SM", mixed(180)),
        ),
        (
            "azure-sas",
            format!(
                "https://a.blob.test/c?sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2030-01-01T00:00:00Z&spr=https&sig={}%2B{}%3D",
                mixed(20),
                mixed(22)
            ),
        ),
        (
            "azure-service-bus-key",
            format!(
                "Endpoint=sb://a.test/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccess{}={}=",
                "Key",
                mixed(43)
            ),
        ),
        (
            "azure-devops-token",
            format!("{}JQQJ99BAAAAAAAAAAAAAAA{}{}", mixed(54), "AZDO", "4aBc"),
        ),
        (
            "alibaba-access-key-id",
            format!("accessKeyId: {}5t{}", "LTAI", mixed(18)),
        ),
        (
            "cloudflare-key",
            format!("CLOUDFLARE_API_{}={}", "TOKEN", mixed(40)),
        ),
        (
            "cloudflare-key",
            format!("X-Auth-User-Service-Key: {}-{}-{}", "v1.0", hex(24), hex(146)),
        ),
        ("fly-token", format!("FLY_ACCESS={}{}", "fo1_", mixed(43))),
        (
            "fly-token",
            format!("FlyV1 {}lJPECAAAAAAAA{}==", "fm2_", mixed(160)),
        ),
        ("heroku-key", format!("{}-AA{}", "HRKU", mixed(58))),
        ("netlify-token", format!("{}{}", "nfp_", mixed(36))),
        ("supabase-key", format!("{}{}", "sbp_", hex(40))),
        (
            "supabase-key",
            format!("{}{}_{}", "sb_secret_", mixed(22), mixed(8)),
        ),
        ("planetscale-token", format!("{}tkn_{}", "pscale_", mixed(43))),
        ("planetscale-token", format!("{}pw_{}", "pscale_", mixed(43))),
        (
            "snowflake-password",
            format!("snowflake_{} = \"{}\"", "password", mixed(14)),
        ),
        ("clickhouse-key", format!("{}{}", "4b1d", mixed(38))),
        ("yandex-key", format!("{}{}", "AQVN", mixed(36))),
        ("scalingo-token", format!("{}-us-{}", "tk", mixed(48))),
        ("mongodb-public-key", format!("mdb_{}_sk_{}", "sa", mixed(40))),
        (
            "openshift-token",
            format!("oc login --token={}~{}", "sha256", mixed(43)),
        ),
        (
            "kubernetes-registry-secret",
            format!(".dockerconfigjson: eyJhdXRocyI6{}==", mixed(60)),
        ),
        (
            "tailscale-key",
            format!("{}-auth-k{}CNTRL-{}", "tskey", mixed(6), mixed(32)),
        ),
        (
            "defined-networking-key",
            format!("{}-{}-{}", "dnkey", lower(26), lower(52)),
        ),
    ]
}

/// Hosts of sources, registries, builders, what watches programs.
fn programming() -> Texts {
    vec![
        (
            "github-token",
            format!("GH={}_11A{}_{}", "github_pat", mixed(19), mixed(59)),
        ),
        (
            "github-token",
            format!("https://x-access-token:{}_{}@a.test", "ghs", mixed(36)),
        ),
        ("gitlab-token", format!("{}-{}", "glrt", mixed(20))),
        ("nuget-key", format!("{}{}", "oy2", lower(43))),
        ("clojars-token", format!("{}_{}", "CLOJARS", hex(60))),
        ("jfrog-key", format!("{}8{}", "AKCp", mixed(68))),
        ("jfrog-key", format!("{}GtuOjAxO{}", "cmVmd", mixed(51))),
        ("sonar-token", format!("{}_{}", "squ", hex(40))),
        (
            "sentry-token",
            format!("{}_eyJpYXQiOjE3{}=_{}", "sntrys", mixed(120), mixed(43)),
        ),
        ("sentry-token", format!("{}_{}", "sntryu", hex(64))),
        (
            "dynatrace-token",
            format!("{}.{}.{}", "dt0c01", upper(24), upper(64)),
        ),
        ("elastic-key", format!("{}_{}", "essu", mixed(84))),
        ("grafana-token", format!("{}_{}_{}", "glsa", mixed(32), hex(8))),
        (
            "circleci-token",
            format!("{}_{}_{}", "CCIPAT", mixed(22), hex(40)),
        ),
        (
            "harness-key",
            format!("{}.{}.{}.{}", "pat", mixed(22), hex(24), mixed(20)),
        ),
        ("infracost-key", format!("{}-{}", "ico", mixed(32))),
        ("octopus-deploy-key", format!("{}-{}", "API", upper(26))),
        (
            "launchdarkly-key",
            format!("{}-3f0c9a17-5be2-4d84-9a61-f7ac09e5db38", "sdk"),
        ),
        ("postman-key", format!("{}-{}-{}", "PMAK", hex(24), hex(34))),
        ("prefect-token", format!("{}_{}", "pnu", mixed(36))),
        ("readme-token", format!("{}_xn8s9h{}", "rdme", hex(64))),
        ("ionic-token", format!("{}_{}", "ion", mixed(42))),
        ("sourcegraph-token", format!("{}_{}_{}", "sgp", hex(16), hex(40))),
        (
            "sidekiq-secret",
            format!("BUNDLE_ENTERPRISE__CONTRIBSYS__COM={}:{}", hex(8), "9a61f7ac"),
        ),
        ("maxmind-key", format!("{}_{}_{}", mixed(6), mixed(29), "mmk")),
        ("posthog-key", format!("{}_{}", "phx", mixed(43))),
        ("adafruit-key", format!("{}_{}", "aio", mixed(28))),
        (
            "jwt-in-base64",
            format!("token: {}aGJHY2lPaUpJVXpJMU5pSjku{}", "ZXlK", mixed(90)),
        ),
        (
            "onepassword-token",
            format!("{}_eyJzaWduSW5BZGRyZXNz{}", "ops", mixed(400)),
        ),
        (
            "onepassword-secret-key",
            format!(
                "{}-{}-{}-X7K2P-ZR9VW-B4NTF-8LSYD",
                "A3",
                upper(6),
                &upper(12)[6..]
            ),
        ),
        ("doppler-token", format!("{}.st.prd.{}", "dp", mixed(43))),
        ("hashicorp-vault-token", format!("{}.CAESI{}", "hvs", mixed(90))),
        ("settlemint-token", format!("{}_pat_{}", "sm", mixed(16))),
    ]
}

/// What people talk, write and plan with.
fn talking() -> Texts {
    let uuid = "3f0c9a17-5be2-4d84-9a61-f7ac09e5db38";
    vec![
        (
            "slack-token",
            format!("{}-1-A0{}-{}-{}", "xapp", "1234567890", "1234567890123", hex(64)),
        ),
        (
            "slack-token",
            format!("{}-123456789012-123456789012-{}", "xoxp", hex(32)),
        ),
        (
            "teams-webhook",
            format!(
                "https://a.webhook.office.com/webhookb2/{uuid}@{uuid}/{}/{}/{uuid}",
                "IncomingWebhook",
                hex(32)
            ),
        ),
        (
            "discord-webhook",
            format!(
                "https://discord.com/api/{}/1234567890123456789/{}",
                "webhooks",
                mixed(68)
            ),
        ),
        (
            "discord-token",
            format!("discord: {}{}.Gx7Kq2.{}", "MTI", mixed(23), mixed(38)),
        ),
        (
            "telegram-token",
            format!("bot{}:{}{}", "1234567890", "AA", mixed(33)),
        ),
        (
            "atlassian-token",
            format!("{}xFfGF0{}={}", "ATATT3", mixed(170), upper(8)),
        ),
        ("linear-key", format!("{}_api_{}", "lin", mixed(40))),
        ("notion-token", format!("{}_12345678901{}", "ntn", mixed(35))),
        ("notion-secret", format!("notion: {}_{}", "secret", mixed(43))),
        ("figma-token", format!("{}_{}", "figd", mixed(40))),
        ("frameio-token", format!("{}-u-{}", "fio", mixed(64))),
        (
            "airtable-token",
            format!("# airtable\nkey={}{}.{}", "pat", mixed(14), hex(64)),
        ),
        (
            "asana-token",
            format!("asana_{} = \"1/1234567890123456:{}\"", "token", hex(32)),
        ),
        ("typeform-token", format!("{}_{}", "tfp", mixed(59))),
        ("dropbox-token", format!("{}.{}", "sl", mixed(136))),
        ("contentful-token", format!("{}-{}", "CFPAT", mixed(43))),
        ("adobe-secret", format!("{}-{}", "p8e", mixed(32))),
    ]
}

/// What sells, pays, sends and counts.
fn business() -> Texts {
    let uuid = "3f0c9a17-5be2-4d84-9a61-f7ac09e5db38";
    vec![
        ("stripe-key", format!("{}_live_51{}", "rk", mixed(97))),
        ("stripe-key", format!("{}_{}", "whsec", mixed(32))),
        ("square-token", format!("{}-{}", "sq0atp", mixed(22))),
        ("square-token", format!("{}El{}", "EAAA", mixed(58))),
        ("twilio-key", format!("TWILIO_AUTH_{}={}", "TOKEN", hex(32))),
        (
            "sendinblue-key",
            format!("{}-{}-{}", "xkeysib", hex(64), mixed(16)),
        ),
        (
            "brevo-smtp-key",
            format!("{}-{}-{}", "xsmtpsib", hex(64), mixed(16)),
        ),
        ("mailchimp-key", format!("{}-{}", hex(32), "us21")),
        (
            "mailgun-key",
            format!("MAILGUN_API_{}={}-{}-{}", "KEY", hex(32), "9a61f7ac", "09e5db38"),
        ),
        ("facebook-token", format!("{}{}", "EAAC", mixed(160))),
        ("hubspot-token", format!("{}-na1-{uuid}", "pat")),
        ("easypost-key", format!("{}{}", "EZAK", mixed(54))),
        ("shippo-token", format!("{}_live_{}", "shippo", hex(40))),
        ("duffel-token", format!("{}_test_{}", "duffel", mixed(43))),
        ("flutterwave-key", format!("{}_TEST-{}-X", "FLWSECK", hex(32))),
        ("plaid-token", format!("{}-sandbox-{uuid}", "access")),
        ("resend-key", format!("{}_{}_{}", "re", mixed(8), &mixed(32)[8..])),
        (
            "mapbox-token",
            format!("{}.eyJ1Ijoi{}.{}", "sk", mixed(60), mixed(22)),
        ),
    ]
}

/// Language models and what belongs to them.
fn models() -> Texts {
    vec![
        (
            "openai-key",
            format!("{}-{}{}{}", "sk", mixed(20), "T3BlbkFJ", mixed(20)),
        ),
        (
            "openai-key",
            format!("{}-proj-{}{}{}", "sk", mixed(74), "T3BlbkFJ", mixed(74)),
        ),
        ("anthropic-key", format!("{}-ant-api03-{}AA", "sk", mixed(93))),
        ("openrouter-key", format!("{}-or-v1-{}", "sk", hex(64))),
        ("perplexity-key", format!("{}-{}", "pplx", mixed(48))),
        ("xai-key", format!("{}-{}", "xai", mixed(80))),
        ("nvidia-key", format!("{}-{}", "nvapi", mixed(64))),
        ("langsmith-key", format!("{}_pt_{}_{}", "lsv2", hex(32), hex(10))),
        ("pinecone-key", format!("{}_{}_{}", "pcsk", mixed(6), mixed(62))),
        ("hugging-face-token", format!("{}_{}", "api_org", mixed(34))),
    ]
}

/// Those without a form of their own, under the names that their documentation gives them.
fn named(uuid: &str) -> Texts {
    let variable = |name: &str, value: String| format!("{name}={value}");
    vec![
        ("algolia-key", variable("ALGOLIA_ADMIN_KEY", hex(32))),
        (
            "azure-devops-pat",
            variable("AZDO_PERSONAL_ACCESS_TOKEN", lower(52)),
        ),
        ("codecov-token", variable("CODECOV_TOKEN", uuid.to_owned())),
        ("cohere-key", variable("CO_API_KEY", mixed(40))),
        (
            "deepseek-key",
            variable("DEEPSEEK_API_KEY", format!("{}-{}", "sk", hex(32))),
        ),
        ("fastly-token", variable("FASTLY_API_TOKEN", mixed(32))),
        (
            "jenkins-token",
            variable("JENKINS_API_TOKEN", format!("11{}", hex(32))),
        ),
        ("mistral-key", variable("MISTRAL_API_KEY", mixed(32))),
        (
            "okta-token",
            variable("OKTA_API_TOKEN", format!("00{}", mixed(40))),
        ),
        ("sentry-auth-token", variable("SENTRY_AUTH_TOKEN", hex(64))),
        ("splunk-token", variable("SPLUNK_HEC_TOKEN", uuid.to_owned())),
        ("vercel-token", variable("VERCEL_TOKEN", mixed(24))),
        ("meraki-key", variable("MERAKI_DASHBOARD_API_KEY", hex(40))),
        ("plaid-secret", variable("PLAID_SECRET", hex(30))),
        ("confluent-key", variable("CONFLUENT_CLOUD_API_SECRET", mixed(64))),
        ("mattermost-token", variable("MATTERMOST_TOKEN", lower(26))),
        (
            "rapidapi-key",
            format!("\"X-RapidAPI-{}\": \"{}\"", "Key", mixed(50)),
        ),
    ]
}
