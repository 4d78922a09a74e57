//! Keys of any kind, and the tokens of clouds, of what runs in them and of what keeps secrets, as their providers describe
//! them.
//!
//! The more a rule knows of a form, the earlier it stands: where two see the same secret, the first counts.

use plimsoll_core::Severity::{Critical, High, Medium};

use super::{FORM, Rule, Shown, near};

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
        id: "elastic-key",
        title: "Elastic Cloud key",
        severity: High,
        keywords: &["essu_"],
        pattern: r"\b(?P<secret>essu_[A-Za-z0-9+/=_-]{60,200})",
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
        id: "mongodb-public-key",
        title: "MongoDB Atlas key",
        severity: High,
        keywords: &["mdb_sa_sk_"],
        pattern: r"\b(?P<secret>mdb_sa_sk_[A-Za-z0-9_-]{40})",
        ..FORM
    },
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
        id: "openshift-token",
        title: "OpenShift token",
        severity: High,
        keywords: &["sha256~"],
        pattern: r"\b(?P<secret>sha256~[A-Za-z0-9_-]{43})",
        entropy: 3.5,
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
        id: "yandex-key",
        title: "Yandex Cloud key",
        severity: High,
        keywords: &["aqvn", "t1."],
        near: near::prefix::<10>,
        pattern: r"\b(?P<secret>AQVN[A-Za-z0-9_-]{35,38}|t1\.[A-Za-z0-9_-]{10,200}\.[A-Za-z0-9_-]{86})(?:[^A-Za-z0-9_-]|$)",
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
];
