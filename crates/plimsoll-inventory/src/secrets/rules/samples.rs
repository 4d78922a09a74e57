//! Texts in the forms of the rules.

/// Put together here so that this source has none of them.
pub(super) fn samples() -> Vec<(&'static str, String)> {
    let mixed = "R4nd0mT3stV4lu3Th4tIsN0tR34l0123456aBcD3fGh1jKlMn0pQrStUvWx";
    let uuid = "0a1b2c3d-0a1b-4c3d-8a1b-0a1b2c3d4e5f";
    vec![
        (
            "private-key",
            format!(
                "-----BEGIN RSA {}-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf",
                "PRIVATE KEY"
            ),
        ),
        (
            "private-key",
            format!(
                "-----BEGIN {}-----\\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf",
                "PRIVATE KEY"
            ),
        ),
        (
            "private-key",
            format!(
                "-----BEGIN RSA {}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf",
                "PRIVATE KEY"
            ),
        ),
        ("aws-access-key-id", format!("id = {}QYLPMN5HFIQR7XYA", "AKIA")),
        (
            "aws-secret-access-key",
            format!(
                "AWS_SECRET_ACCESS_KEY={}FEMIzK7MDENGzbPxRfiCYzzzzz0key1",
                "wJ4lrXUtn"
            ),
        ),
        ("github-token", format!("{}{}", "ghp_", &mixed[..36])),
        ("gitlab-token", format!("{}{}", "glpat-", &mixed[..20])),
        ("slack-token", format!("{}123456789012-{}", "xoxb-", &mixed[..24])),
        (
            "slack-webhook",
            format!(
                "https://hooks.slack.com/services/{}/B01234567/{}",
                "T01234567",
                &mixed[..24]
            ),
        ),
        ("stripe-key", format!("{}{}", "sk_live_", &mixed[..24])),
        ("npm-token", format!("{}{}", "npm_", &mixed[..36])),
        (
            "grafana-token",
            format!("g={}{}{}", "eyJrIjoi", &mixed[..40], &mixed[..40]),
        ),
        ("hugging-face-token", format!("HF={}{}", "hf_", &mixed[..34])),
        ("gocardless-token", format!("\"{}{}\"", "live_", &mixed[..40])),
        (
            "beamer-token",
            format!("beamer_key = \"{}{}\"", "b_", &mixed[..44]),
        ),
        (
            "private-packagist-token",
            format!("packagist_{}_{}", "uut", "0a1b".repeat(17)),
        ),
        (
            "mapbox-token",
            format!("{}.eyJ{}.{}", "sk", &mixed[..50], &mixed[..22]),
        ),
        (
            "alibaba-secret-key",
            format!("alibaba_{} = \"{}\"", "key", &mixed[..30]),
        ),
        (
            "discord-token",
            format!("discord_client_{}={}", "secret", &mixed[..32]),
        ),
        (
            "twitter-token",
            format!("twitter_{} = '{}'", "key", "0a1b2c3d".repeat(5)),
        ),
        (
            "lob-key",
            format!("lob_pub = \"live_{}_{}1\"", "pub", "0a1b2c".repeat(5)),
        ),
        (
            "npm-token",
            format!("//registry.example.test/:_authToken={}", &mixed[..36]),
        ),
        (
            "airtable-key",
            format!("\\\"AIRTABLE_{}\\\": \\\"{}\\\"", "KEY", &mixed[..17]),
        ),
        (
            "snyk-token",
            format!("SNYK_{}=0a1b2c3d-0a1b-4c3d-8a1b-0a1b2c3d4e5f", "TOKEN"),
        ),
        (
            "django-secret-key",
            format!("SECRET_{} = 'django-insecure-{}('", "KEY", &mixed[..40]),
        ),
        (
            "connection-string",
            format!(
                "\"Server=db;Database=x;User Id=sa;{}={}\"",
                "Password",
                &mixed[..12]
            ),
        ),
        (
            "command-password",
            format!("docker login -u me -{} {}", "p", &mixed[..16]),
        ),
        (
            "kubernetes-secret",
            format!(
                "data:\n  password: {}\n{}: Secret\nmetadata:\n",
                "aHVudGVyMmh1bnRlcjI=", "kind"
            ),
        ),
        (
            "configuration-value",
            format!("POSTGRES_{}: {}", "PASSWORD", &mixed[..24]),
        ),
        (
            "xml-value",
            format!("<add key=\"Api{}\" value=\"{}\"/>", "Key", &mixed[..24]),
        ),
        (
            "php-constant",
            format!("define( 'DB_{}', '{}' );", "PASSWORD", &mixed[..16]),
        ),
        (
            "authorization-header",
            format!(
                "{{\"name\":\"{}\",\"value\":\"Bearer {}\"}}",
                "Authorization",
                &mixed[..40]
            ),
        ),
        (
            "pypi-token",
            format!("{}{}", "pypi-AgEIcHlwaS5vcmc", &mixed[..55]),
        ),
        ("rubygems-key", format!("{}_{}", "rubygems", "0a1b2c3d".repeat(6))),
        (
            "crates-io-token",
            format!("token = \"{}{}\"", "cio", &mixed[..32]),
        ),
        ("docker-hub-token", format!("{}{}", "dckr_pat_", &mixed[..27])),
        (
            "digitalocean-token",
            format!("{}{}", "dop_v1_", "0a1b2c3d".repeat(8)),
        ),
        ("heroku-key", format!("HEROKU_API_{}={uuid}", "KEY")),
        ("hashicorp-vault-token", format!("{}{}", "hvs.", &mixed[..24])),
        (
            "terraform-token",
            format!("{}.atlasv1.{}{}", &mixed[..14], &mixed[..59], "abcdefgh"),
        ),
        ("pulumi-token", format!("{}{}", "pul-", "0a1b2c3d".repeat(5))),
        ("doppler-token", format!("{}{}", "dp.pt.", &mixed[..40])),
        ("databricks-token", format!("{}{}", "dapi", "0a1b2c3d".repeat(4))),
        (
            "new-relic-key",
            format!("{}{}", "NRAK-", "0A1B2C3D4E5F6G7H8I9J0K1L2M3"),
        ),
        (
            "postman-key",
            format!(
                "{}{}-{}",
                "PMAK-",
                "0a1b2c3d".repeat(3),
                &"0a1b2c3d".repeat(5)[..34]
            ),
        ),
        ("shopify-token", format!("{}{}", "shpat_", "0a1b2c3d".repeat(4))),
        (
            "sendgrid-key",
            format!("{}{}.{}", "SG.", &mixed[..22], &mixed[..43]),
        ),
        ("mailgun-key", format!("{}{}", "key-", "0a1b2c3d".repeat(4))),
        (
            "telegram-token",
            format!("{}:{}{}", "123456789", "AA", &mixed[..33]),
        ),
        (
            "azure-storage-key",
            format!(
                "AccountName=a;Account{}={}{}==;",
                "Key",
                &mixed[..43],
                &mixed[..43]
            ),
        ),
        ("azure-client-secret", format!("\"{}8Q~{}\"", "aB3", &mixed[..34])),
        ("twilio-api-key", format!("{}{}", "SK", "0a1b2c3d".repeat(4))),
        ("groq-key", format!("{}{}", "gsk_", &mixed[..52])),
        ("replicate-token", format!("{}{}", "r8_", &mixed[..37])),
        ("buildkite-token", format!("{}{}", "bkua_", &mixed[..40])),
        (
            "cloudinary-url",
            format!(
                "CLOUDINARY_URL=cloudinary://123456789012345:{}@name",
                &mixed[..27]
            ),
        ),
        (
            "url-password",
            format!("mongodb+srv://app:{}@cluster0.a.test/db", &mixed[..14]),
        ),
        (
            "command-password",
            format!("sshpass -p '{}' ssh a.test", &mixed[..14]),
        ),
        (
            "datadog-key",
            format!("DD_API_{}={}", "KEY", "0a1b2c3d".repeat(4)),
        ),
        (
            "wandb-key",
            format!("WANDB_API_{}={}", "KEY", "0a1b2c3d".repeat(5)),
        ),
        ("travis-token", format!("travis_{}: '{}'", "token", &mixed[..22])),
        ("google-api-key", format!("{}{}", "AIza", &mixed[..35])),
        ("google-oauth-secret", format!("{}{}", "GOCSPX-", &mixed[..28])),
        (
            "jwt",
            format!(
                "{}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{}",
                "eyJhbGciOiJIUzI1NiJ9",
                &mixed[..43]
            ),
        ),
    ]
}

/// Some texts that the pattern of a rule describes, made from the pattern itself, with a name of a key.
pub(super) fn generated(pattern: &str) -> impl Iterator<Item = String> {
    // Names are judged, too.
    let named = pattern
        .replace("[A-Za-z0-9_. -]{0,25}", "_key")
        .replace("[a-z0-9_.-]{0,20}", "");
    described(&named)
}

/// Some texts that `pattern` describes.
pub(super) fn described(pattern: &str) -> impl Iterator<Item = String> + use<> {
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;

    // What is around a secret says where it may stand, and cannot be made.
    let plain = pattern
        .replace(r"\b", "")
        .replace("(?:^|[^0-9])", "")
        .replace("(?:^|[^A-Za-z0-9_~.-])", "")
        .replace("|$)", ")")
        .replace("[^", r"[^\x00-\x1f\x7f-\u{10ffff}")
        .replace(r"\s", " ")
        .replace(r"\d", "[0-9]")
        .replace("(?P<secret>", "(?:")
        .replace("(?P<other>", "(?:");
    let strategy = proptest::string::string_regex(&plain).unwrap();
    let mut runner = TestRunner::deterministic();
    (0..64).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}
