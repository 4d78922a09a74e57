//! The tokens of what software is made and watched with, as their providers describe them: hosts of sources, registries,
//! builders, monitors, language models.
//!
//! The more a rule knows of a form, the earlier it stands: where two see the same secret, the first counts.

use plimsoll_core::Severity::{Critical, High, Medium};

use super::{FORM, Rule, near};

pub(super) const RULES: &[Rule] = &[
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
        id: "postman-key",
        title: "Postman key",
        severity: High,
        keywords: &["pmak-"],
        pattern: r"\b(?P<secret>PMAK-[a-fA-F0-9]{24}-[a-fA-F0-9]{34})\b",
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
        id: "launchdarkly-key",
        title: "LaunchDarkly key",
        severity: High,
        keywords: &["launchdarkly", "sdk-"],
        near: near::anywhere,
        pattern: r"\b(?P<secret>(?:sdk|api)-[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12})\b",
        ..FORM
    },
    Rule {
        id: "adafruit-key",
        title: "Adafruit IO key",
        severity: High,
        keywords: &["aio_"],
        near: near::prefix::<28>,
        pattern: r"\b(?P<secret>aio_[A-Za-z0-9]{28})\b",
        entropy: 3.0,
        ..FORM
    },
    Rule {
        id: "buildkite-token",
        title: "Buildkite token",
        severity: High,
        keywords: &["bkua_", "bkaj_", "bkct_", "bkpt_"],
        pattern: r"\b(?P<secret>bk(?:ua|aj|ct|pt)_[A-Za-z0-9]{40})\b",
        ..FORM
    },
    Rule {
        id: "circleci-token",
        title: "CircleCI token",
        severity: High,
        keywords: &["ccipat_", "cciprj_"],
        pattern: r"\b(?P<secret>CCI(?:PAT|PRJ)_[A-Za-z0-9]{22}_[a-f0-9]{40})\b",
        ..FORM
    },
    Rule {
        id: "groq-key",
        title: "Groq key",
        severity: High,
        keywords: &["gsk_"],
        pattern: r"\b(?P<secret>gsk_[A-Za-z0-9]{52})\b",
        ..FORM
    },
    Rule {
        id: "harness-key",
        title: "Harness key",
        severity: High,
        keywords: &["pat.", "sat."],
        near: near::token::<72>,
        pattern: r"\b(?P<secret>[ps]at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20})\b",
        ..FORM
    },
    Rule {
        id: "infracost-key",
        title: "Infracost key",
        severity: High,
        keywords: &["ico-"],
        near: near::prefix::<32>,
        pattern: r"\b(?P<secret>ico-[A-Za-z0-9]{32})\b",
        entropy: 3.5,
        ..FORM
    },
    Rule {
        id: "langsmith-key",
        title: "LangSmith key",
        severity: High,
        keywords: &["lsv2_"],
        pattern: r"\b(?P<secret>lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10})\b",
        ..FORM
    },
    Rule {
        id: "maxmind-key",
        title: "MaxMind licence key",
        severity: High,
        keywords: &["_mmk"],
        near: near::token::<40>,
        pattern: r"\b(?P<secret>[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk)\b",
        ..FORM
    },
    Rule {
        id: "nvidia-key",
        title: "NVIDIA key",
        severity: High,
        keywords: &["nvapi-"],
        pattern: r"\b(?P<secret>nvapi-[A-Za-z0-9_-]{60,70})",
        ..FORM
    },
    Rule {
        id: "octopus-deploy-key",
        title: "Octopus Deploy key",
        severity: High,
        keywords: &["api-"],
        near: near::prefix::<26>,
        pattern: r"\b(?P<secret>API-[A-Z0-9]{26})\b",
        entropy: 3.0,
        ..FORM
    },
    Rule {
        id: "openrouter-key",
        title: "OpenRouter key",
        severity: Critical,
        keywords: &["sk-or-v1-"],
        pattern: r"\b(?P<secret>sk-or-v1-[0-9a-f]{64})\b",
        ..FORM
    },
    Rule {
        id: "perplexity-key",
        title: "Perplexity key",
        severity: High,
        keywords: &["pplx-"],
        pattern: r"\b(?P<secret>pplx-[A-Za-z0-9]{48})\b",
        ..FORM
    },
    Rule {
        id: "pinecone-key",
        title: "Pinecone key",
        severity: High,
        keywords: &["pcsk_"],
        pattern: r"\b(?P<secret>pcsk_[A-Za-z0-9]{5,8}_[A-Za-z0-9]{50,64})\b",
        ..FORM
    },
    Rule {
        id: "posthog-key",
        title: "PostHog personal key",
        severity: High,
        keywords: &["phx_"],
        near: near::prefix::<40>,
        pattern: r"\b(?P<secret>phx_[A-Za-z0-9]{40,50})\b",
        entropy: 3.5,
        ..FORM
    },
    Rule {
        id: "replicate-token",
        title: "Replicate token",
        severity: High,
        keywords: &["r8_"],
        near: near::prefix::<37>,
        pattern: r"\b(?P<secret>r8_[A-Za-z0-9]{37})\b",
        entropy: 3.5,
        ..FORM
    },
    Rule {
        id: "settlemint-token",
        title: "SettleMint token",
        severity: High,
        keywords: &["sm_aat_", "sm_pat_", "sm_sat_"],
        pattern: r"\b(?P<secret>sm_[aps]at_[A-Za-z0-9]{16})\b",
        ..FORM
    },
    Rule {
        id: "sourcegraph-token",
        title: "Sourcegraph token",
        severity: High,
        keywords: &["sgp_", "slk_"],
        pattern: r"\b(?P<secret>sgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}|slk_[a-f0-9]{64})\b",
        ..FORM
    },
    Rule {
        id: "xai-key",
        title: "xAI key",
        severity: Critical,
        keywords: &["xai-"],
        pattern: r"\b(?P<secret>xai-[A-Za-z0-9]{80})\b",
        ..FORM
    },
    Rule {
        id: "sidekiq-secret",
        title: "Sidekiq Enterprise credentials",
        severity: High,
        keywords: &["contribsys"],
        near: near::value::<17>,
        pattern: r"(?i:bundle_(?:enterprise|gems)__contribsys__com)\s{0,4}[=:]\s{0,4}[\x22']?(?P<secret>[a-f0-9]{8}:[a-f0-9]{8})\b",
        ..FORM
    },
    Rule {
        id: "jwt-in-base64",
        title: "JSON web token in Base64",
        severity: Medium,
        keywords: &["zxlk"],
        near: near::token::<64>,
        pattern: r"\b(?P<secret>ZXlK(?:aGJHY2lPaU|MGVYQWlPaU|cmFXUWlPaU)[A-Za-z0-9+/_-]{60,4000})",
        ..FORM
    },
];
