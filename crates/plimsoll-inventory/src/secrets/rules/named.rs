//! Tokens without a form of their own, told by the name that they stand under: the provider's.

use plimsoll_core::Severity::{Critical, High, Medium};

use super::{FORM, Judged, Rule, near};

/// Rules for values of the form `$form` under names with one of the words `$name` in them, in quotes or bare; whether the name
/// is of a key is judged then. A text within a text has a backslash before its quotes.
macro_rules! named {
    ($(
        $id:literal, $title:literal, $severity:ident, [$($keyword:literal),+], $name:literal,
        $form:literal, $entropy:literal $(, $near:expr)?;
    )+) => {
        &[$(Rule {
            id: $id,
            title: $title,
            severity: $severity,
            keywords: &[$($keyword),+],
            near: named!(@near $($near)?),
            pattern: concat!(
                "(?i:",
                $name,
                r#")[A-Za-z0-9_. -]{0,25}\\?["']?\s{0,4}(?:=>|:=|=|:)\s{0,4}(?:\\?["'](?:oauth:)?(?P<secret>"#,
                $form,
                r#")\\?["']|(?:oauth:)?(?P<other>"#,
                $form,
                r#")(?:[\s,;&#|<)}\]"'\\]|$))"#
            ),
            entropy: $entropy,
            judged: Judged::Named,
            ..FORM
        }),+]
    };
    (@near $near:expr) => { $near };
    // No form is shorter.
    (@near) => { near::value::<14> };
}

pub(super) const RULES: &[Rule] = named! {
    // Id, title, severity, words in lower case without any of which it is not tried, name, form, least entropy.
    "adafruit-token", "Adafruit IO key", High, ["adafruit"], "adafruit", "[a-z0-9_-]{32}", 3.0;
    "airtable-key", "Airtable key", High, ["airtable"], "airtable", "[A-Za-z0-9]{17}", 3.0;
    "algolia-key", "Algolia key", High, ["algolia"], "algolia", "[a-z0-9]{32}", 3.0;
    "alibaba-secret-key", "Alibaba Cloud secret key", High, ["alibaba", "aliyun"], "alibaba|aliyun",
        "[A-Za-z0-9]{30}", 3.5;
    "artifactory-key", "JFrog key", High, ["jfrog", "artifactory", "bintray", "xray"],
        "jfrog|artifactory|bintray|xray",
        "[a-z0-9]{64}|[a-z0-9]{73}", 3.5;
    "azure-devops-pat", "Azure DevOps token", Critical, ["azdevops", "azure_devops", "azdo", "vsts"],
        "azdevops|azure_devops|azdo|vsts", "[a-z0-9]{52}", 3.5;
    "beamer-token", "Beamer token", High, ["beamer"], "beamer", "b_[A-Za-z0-9=_-]{44}", 0.0;
    "bitbucket-secret", "Bitbucket client secret", High, ["bitbucket"], "bitbucket", "[A-Za-z0-9_-]{32,64}", 3.5;
    "bittrex-key", "Bittrex key", High, ["bittrex"], "bittrex", "[a-z0-9]{32}", 3.0;
    "codecov-token", "Codecov token", Medium, ["codecov"], "codecov",
        "[a-z0-9]{32}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", 3.0;
    "cohere-key", "Cohere key", High, ["cohere", "co_api"], "cohere|co_api", "[A-Za-z0-9]{40}", 3.5;
    "coinbase-key", "Coinbase key", High, ["coinbase"], "coinbase", "[A-Za-z0-9_-]{64}", 3.5;
    "confluent-key", "Confluent key", High, ["confluent"], "confluent", "[A-Za-z0-9+/]{64}|[A-Z0-9]{16}", 3.0;
    "datadog-access-token", "Datadog key", High, ["datadog"], "datadog", "[a-z0-9]{40}", 3.0;
    "deepseek-key", "DeepSeek key", High, ["deepseek"], "deepseek", "sk-[a-f0-9]{32}", 0.0;
    "discord-api-token", "Discord token", High, ["discord"], "discord", "[a-f0-9]{64}", 3.0;
    "drone-token", "Drone token", High, ["droneci", "drone_"], "droneci|drone_", "[A-Za-z0-9]{32}", 3.0;
    "etsy-key", "Etsy key", High, ["etsy"], "etsy", "[a-z0-9]{24}", 3.0;
    "fastly-token", "Fastly token", High, ["fastly"], "fastly", "[A-Za-z0-9_-]{32}", 3.5;
    "finicity-key", "Finicity key", High, ["finicity"], "finicity", "[a-f0-9]{32}|[A-Za-z0-9]{20}", 3.0;
    "finnhub-key", "Finnhub key", High, ["finnhub"], "finnhub", "[a-z0-9]{20}(?:[a-z0-9]{20})?", 3.0;
    "flickr-key", "Flickr key", High, ["flickr"], "flickr", "[a-z0-9]{32}", 3.0;
    "freemius-key", "Freemius key", High, ["freemius"], "freemius", r#"sk_[^"'\s]{29}"#, 3.0, near::value::<3>;
    "gitter-token", "Gitter token", High, ["gitter"], "gitter", "[a-z0-9_-]{40}", 3.0;
    "intercom-key", "Intercom key", High, ["intercom"], "intercom",
        "[A-Za-z0-9_=-]{60}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", 3.0;
    "jenkins-token", "Jenkins token", High, ["jenkins"], "jenkins", "11[0-9a-f]{32}|[0-9a-f]{34}", 3.0;
    "kraken-key", "Kraken key", High, ["kraken"], "kraken", "[A-Za-z0-9/=_+-]{80,90}", 3.5;
    "kucoin-key", "KuCoin key", High, ["kucoin"], "kucoin",
        "[a-f0-9]{24}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", 3.0;
    "launchdarkly-token", "LaunchDarkly key", High, ["launchdarkly"], "launchdarkly",
        "[a-z0-9=_-]{40}|(?:sdk|api|mob)-[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", 3.0;
    "linkedin-secret", "LinkedIn client secret", Medium, ["linkedin"], "linkedin", "[A-Za-z0-9]{14,16}", 3.0;
    // Its keywords do not all stand in the name.
    "lob-key", "Lob key", High, ["lob_api", "lob-api", "lob_key", "lob-key", "lob_pub", "lob-pub", "lobapi", "lobkey", "lob.com"],
        "lob",
        "(?:live|test)_(?:[a-f0-9]{35}|pub_[a-f0-9]{31})", 0.0, near::anywhere;
    "looker-key", "Looker key", High, ["looker"], "looker", "[a-z0-9]{20}|[a-z0-9]{24}", 3.0;
    "mattermost-token", "Mattermost token", High, ["mattermost"], "mattermost", "[a-z0-9]{26}", 3.0;
    "meraki-key", "Cisco Meraki key", High, ["meraki"], "meraki", "[0-9a-f]{40}", 3.0;
    "messagebird-key", "MessageBird key", High, ["messagebird", "message_bird"], "messagebird|message_bird",
        "[A-Za-z0-9]{25}", 3.0;
    "mistral-key", "Mistral key", High, ["mistral"], "mistral", "[A-Za-z0-9]{32}", 3.5;
    "netlify-access-token", "Netlify token", High, ["netlify"], "netlify", "[A-Za-z0-9=_-]{40,46}", 3.5;
    "nytimes-key", "New York Times key", Medium, ["nytimes", "newyorktimes"], "nytimes|newyorktimes",
        "[A-Za-z0-9=_-]{32}", 3.0;
    "okta-token", "Okta token", High, ["okta"], "okta", "00[A-Za-z0-9_-]{40}", 3.0;
    "plaid-secret", "Plaid secret", High, ["plaid"], "plaid", "[a-z0-9]{30}", 3.5;
    "private-ai-key", "Private AI key", High, ["private_ai", "private-ai", "privateai"], "private[_-]?ai",
        "[a-z0-9]{32}", 3.0;
    "rapidapi-key", "RapidAPI key", High, ["rapidapi", "rapid_api", "rapid-api"], "rapid[_-]?api",
        "[A-Za-z0-9_-]{50}", 3.0;
    "sendbird-token", "Sendbird token", High, ["sendbird"], "sendbird", "[a-f0-9]{40}", 3.0;
    "sentry-auth-token", "Sentry token", High, ["sentry"], "sentry", "[a-f0-9]{64}", 3.0;
    "snyk-token", "Snyk token", High, ["snyk"], "snyk",
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", 3.0;
    "splunk-token", "Splunk token", High, ["splunk"], "splunk",
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", 3.0;
    "squarespace-token", "Squarespace token", High, ["squarespace"], "squarespace",
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", 3.0;
    "sumologic-key", "Sumo Logic key", High, ["sumo"], "sumo", "[A-Za-z0-9]{64}|su[A-Za-z0-9]{12}", 3.0;
    "telegram-bot-token", "Telegram bot token", High, ["telegr"], "telegram|telegr",
        r"\d{5,16}:A[A-Za-z0-9_-]{34}", 0.0;
    "travis-token", "Travis CI token", High, ["travis"], "travis", "[A-Za-z0-9]{22}", 3.5;
    "twitch-token", "Twitch token", High, ["twitch"], "twitch", "[a-z0-9]{30}", 3.0;
    "vercel-token", "Vercel token", High, ["vercel"], "vercel", "[A-Za-z0-9]{24}", 3.5;
    "wandb-key", "Weights & Biases key", High, ["wandb"], "wandb", "[a-f0-9]{40}", 3.0;
    "zendesk-key", "Zendesk secret", High, ["zendesk"], "zendesk", "[a-z0-9]{40}", 3.0;
    "facebook-secret", "Facebook secret", High, ["facebook"], "facebook", "[a-f0-9]{32}", 3.0;
    "asana-secret", "Asana secret", High, ["asana"], "asana", "[A-Za-z0-9]{32}", 3.0;
    "atlassian-key", "Atlassian token", High, ["atlassian", "confluence", "jira"], "atlassian|confluence|jira",
        "[A-Za-z0-9]{24}", 3.5;
    "contentful-key", "Contentful token", High, ["contentful"], "contentful", "[A-Za-z0-9_-]{43}", 3.5;
    "dropbox-secret", "Dropbox secret", High, ["dropbox"], "dropbox",
        "[a-z0-9]{15}|[a-z0-9]{11}AAAAAAAAAA[A-Za-z0-9_=-]{43}", 3.0;
    "hubspot-key", "HubSpot key", High, ["hubspot"], "hubspot",
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", 3.0;
};
