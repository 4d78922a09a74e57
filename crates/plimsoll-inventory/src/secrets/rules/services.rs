//! The forms of more tokens that tell by themselves whose they are, as their providers describe them.

use plimsoll_core::Severity::{Critical, High, Medium};

use super::{FORM, Judged, Rule, Shown, kubernetes, near};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "onepassword-secret-key",
        title: "1Password secret key",
        severity: High,
        keywords: &["a3-"],
        near: near::prefix::<36>,
        pattern: r"\b(?P<secret>A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3})\b",
        entropy: 3.0,
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
        id: "azure-devops-token",
        title: "Azure DevOps token",
        severity: Critical,
        keywords: &["azdo"],
        pattern: r"\b(?P<secret>[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})\b",
        ..FORM
    },
    Rule {
        id: "azure-service-bus-key",
        title: "Azure shared access key",
        severity: High,
        keywords: &["sharedaccesskey="],
        pattern: r"(?i:sharedaccesskey)=(?P<secret>[A-Za-z0-9+/]{43}=)",
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
        id: "clickhouse-key",
        title: "ClickHouse Cloud key",
        severity: High,
        keywords: &["4b1d"],
        near: near::prefix::<38>,
        pattern: r"\b(?P<secret>4b1d[A-Za-z0-9]{38})\b",
        entropy: 3.0,
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
        id: "defined-networking-key",
        title: "Defined Networking key",
        severity: High,
        keywords: &["dnkey-"],
        pattern: r"\b(?P<secret>dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52})",
        ..FORM
    },
    Rule {
        id: "fly-token",
        title: "Fly.io token",
        severity: High,
        keywords: &["fo1_", "fm1a_", "fm1r_", "fm2_"],
        pattern: r"\b(?P<secret>fo1_[A-Za-z0-9_-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{100,4000}={0,3})",
        ..FORM
    },
    Rule {
        id: "google-access-token",
        title: "Google access token",
        severity: Medium,
        keywords: &["ya29."],
        pattern: r"\b(?P<secret>ya29\.[A-Za-z0-9_-]{60,1000})",
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
        id: "openshift-token",
        title: "OpenShift token",
        severity: High,
        keywords: &["sha256~"],
        pattern: r"\b(?P<secret>sha256~[A-Za-z0-9_-]{43})",
        entropy: 3.5,
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
        id: "scalingo-token",
        title: "Scalingo token",
        severity: High,
        keywords: &["tk-us-"],
        pattern: r"\b(?P<secret>tk-us-[A-Za-z0-9_-]{48})",
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
        id: "twilio-api-key",
        title: "Twilio key",
        severity: High,
        keywords: &["sk"],
        near: near::digits::<32>,
        pattern: r"\bSK(?P<secret>[0-9a-f]{32})\b",
        entropy: 3.0,
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
        id: "yandex-key",
        title: "Yandex Cloud key",
        severity: High,
        keywords: &["aqvn", "t1."],
        near: near::prefix::<10>,
        pattern: r"\b(?P<secret>AQVN[A-Za-z0-9_-]{35,38}|t1\.[A-Za-z0-9_-]{10,200}\.[A-Za-z0-9_-]{86})(?:[^A-Za-z0-9_-]|$)",
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
    Rule {
        id: "kubernetes-registry-secret",
        title: "registry credentials in a Kubernetes secret",
        severity: High,
        keywords: &["dockerconfigjson", "dockercfg"],
        near: near::anywhere,
        pattern: r"\.(?:dockerconfigjson|dockercfg):\s{0,20}\|?\s{0,20}[\x22']?(?P<secret>e[yw][A-Za-z0-9+/]{30,}={0,2})",
        ..FORM
    },
    Rule {
        id: "kubernetes-secret",
        title: "value of a Kubernetes secret",
        severity: High,
        keywords: &["kind: secret"],
        near: near::anywhere,
        pattern: kubernetes::ENTRY,
        judged: Judged::Password,
        shown: Shown::Only("********"),
        parts: Some(kubernetes::entries),
        ..FORM
    },
];
