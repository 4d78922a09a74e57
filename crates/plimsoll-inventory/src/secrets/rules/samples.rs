//! Texts in the forms of the rules.

/// Put together here so that this source has none of them.
pub(super) fn samples() -> Vec<(&'static str, String)> {
    let mixed = "R4nd0mT3stV4lu3Th4tIsN0tR34l0123456aBcD3fGh1jKlMn0pQrStUvWx";
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
            "pypi-token",
            format!("{}{}", "pypi-AgEIcHlwaS5vcmc", &mixed[..55]),
        ),
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

/// Some texts that the pattern of a rule describes, made from the pattern itself.
pub(super) fn generated(pattern: &str) -> Vec<String> {
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
    (0..8)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}
