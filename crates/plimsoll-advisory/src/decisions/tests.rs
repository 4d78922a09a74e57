use plimsoll_core::{DecisionStatus, Ecosystem, FixState, LicenseCategory, Severity};

use super::*;
use crate::testing::{self, deb};

/// The first instant of 2026-05-01.
const NOW: Timestamp = Timestamp::constant(1_777_593_600, 0);
const ALL: [Kind; 3] = [Kind::Vulnerability, Kind::Secret, Kind::License];

fn found(id: &str, alias: &str, name: &str, version: &str) -> Vulnerability {
    let package = Package {
        evidence: "var/lib/dpkg/status".to_owned(),
        ..deb(name, version)
    };
    Vulnerability {
        aliases: vec![alias.to_owned()],
        ..testing::found(id, package, FixState::Affected)
    }
}

fn both() -> Vec<Vulnerability> {
    vec![
        found("CVE-2026-1", "GHSA-one", "openssl", "3.0.9-1"),
        found("CVE-2026-2", "GHSA-two", "zlib1g", "1.2.13"),
    ]
}

fn product() -> Product {
    Product {
        purls: vec![
            "pkg:oci/app@sha256:aa?repository_url=example.test%2Fapp"
                .parse()
                .unwrap(),
        ],
        digests: vec!["sha256:aa".to_owned()],
        names: vec!["app:1".to_owned()],
    }
}

type Decided = (String, DecisionStatus, String);

/// The ids that still count, and those that do not with status and reason.
fn applied(decisions: &Decisions) -> (Vec<String>, Vec<Decided>) {
    let purl = |package: &Package| format!("pkg:deb/debian/{}@{}?arch=amd64", package.name, package.version);
    let decided = decisions.on_vulnerabilities(&product(), both(), purl, NOW);
    let suppressed = decided.suppressed.into_iter().map(|one| {
        let decision = one.decision;
        (one.finding.id, decision.status, decision.reason)
    });
    (
        decided.counted.into_iter().map(|one| one.id).collect(),
        suppressed.collect(),
    )
}

fn ignored(text: &str) -> (Vec<String>, Vec<Decided>, Vec<String>) {
    let mut decisions = Decisions::default();
    decisions.read_ignore_file(PLIMSOLLIGNORE, text).unwrap();
    let (counted, suppressed) = applied(&decisions);
    (counted, suppressed, decisions.remarks(&ALL, NOW))
}

fn by_vex(text: &str) -> Vec<Decided> {
    let mut decisions = Decisions::default();
    decisions.read_vex("a.json", text.as_bytes()).unwrap();
    applied(&decisions).1
}

#[test]
fn an_entry_of_an_ignore_file_needs_its_reason_and_holds_until_it_expires() {
    let (counted, suppressed, remarks) =
        ignored("[[ignore]]\nid = 'ghsa-ONE'\nreason = 'not reachable'\nexpires = 2026-05-01\n");
    assert_eq!(counted, ["CVE-2026-2"]);
    assert_eq!(
        suppressed,
        [(
            "CVE-2026-1".to_owned(),
            DecisionStatus::Accepted,
            "not reachable".to_owned()
        )]
    );
    assert!(remarks.is_empty());

    let (counted, _, remarks) =
        ignored("[[ignore]]\nid = 'CVE-2026-1'\nreason = 'x'\nexpires = 2026-04-30\n");
    assert_eq!(counted.len(), 2);
    assert_eq!(
        remarks,
        ["`.plimsollignore`: the decision on CVE-2026-1 expired on 2026-04-30 and counts no more"]
    );

    let (_, _, remarks) = ignored("[[ignore]]\nid = 'CVE-1999-1'\nreason = 'x'\n");
    assert_eq!(
        remarks,
        ["`.plimsollignore`: the decision on CVE-1999-1 matches nothing"]
    );
}

#[test]
fn an_entry_may_be_narrower_than_an_id() {
    for (more, counted) in [
        ("package = 'open*'", 1),
        ("package = 'zlib*'", 2),
        ("version = '3.0.*'", 1),
        ("version = '3.1.*'", 2),
        ("path = '/var/lib/**'", 1),
        ("path = 'opt/**'", 2),
        ("purl = 'pkg:deb/debian/openssl'", 1),
        ("purl = 'pkg:deb/ubuntu/openssl'", 2),
    ] {
        let text = format!("[[ignore]]\nid = ['CVE-2026-1', 'CVE-2026-9']\nreason = 'x'\n{more}\n");
        assert_eq!(ignored(&text).0.len(), counted, "{more}");
    }
}

#[test]
fn mistakes_in_ignore_files_are_errors_with_their_place() {
    for (text, expected) in [
        ("[[ignore]]\nid = 'a'\n", "missing field `reason`"),
        (
            "[[ignore]]\nid = 'a'\nreason = ' '\n",
            "entry 1: `reason` is empty",
        ),
        (
            "[[ignore]]\nid = 'a'\nreason = 'x'\npackge = 'y'\n",
            "unknown field `packge`",
        ),
        (
            "[[ignore]]\nid = 'a'\nreason = 'x'\npurl = 'y'\n",
            "entry 1: `y` is not a package URL",
        ),
        (
            "[[ignore]]\nid = 'a'\nreason = 'x'\nexpires = 10:00:00\n",
            "not a day",
        ),
    ] {
        let error = Decisions::default()
            .read_ignore_file(PLIMSOLLIGNORE, text)
            .unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("`.plimsollignore`"), "{message}");
    }
    for (text, expected) in [
        ("CVE-1\nCVE-2 because\n", "line 2: `because`"),
        ("CVE-1 exp:soon", "line 1: `soon` is not a day"),
    ] {
        let error = Decisions::default()
            .read_ignore_file(TRIVYIGNORE, text)
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// As ids they would match nothing, and a person would believe that they count.
#[test]
fn what_is_no_text_is_no_ignore_file() {
    for name in [PLIMSOLLIGNORE, TRIVYIGNORE, TRIVYIGNORE_YAML] {
        for text in ["# a\nC\0V\0E\0-\0", "\n\u{1b}[31mCVE-2026-1"] {
            let error = Decisions::default().read_ignore_file(name, text).unwrap_err();
            let expected = "line 2: it has control characters, so it is no text file";
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
    let mut decisions = Decisions::default();
    let text = "\u{feff}CVE-2026-1\t# a mark of the byte order before, and the ends of Windows\r\n";
    decisions.read_ignore_file(TRIVYIGNORE, text).unwrap();
    assert_eq!(applied(&decisions).0.len(), 1);
}

#[test]
fn trivys_list_of_ids() {
    let mut decisions = Decisions::default();
    let text = "# all of these\n\nCVE-2026-1 # harmless here\nCVE-2026-2 exp:2026-01-01\n";
    decisions.read_ignore_file(TRIVYIGNORE, text).unwrap();
    let (counted, suppressed) = applied(&decisions);
    assert_eq!(counted, ["CVE-2026-2"]);
    assert_eq!(suppressed[0].2, "harmless here");
    assert_eq!(decisions.remarks(&ALL, NOW).len(), 1);
}

#[test]
fn openvex_speaks_of_the_image_its_parts_or_a_package() {
    let document = |products: &str, status: &str| {
        format!(
            r#"{{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-01-01T00:00:00Z","statements":[
            {{"vulnerability":{{"name":"CVE-2026-1"}},"products":[{products}],"status":"{status}",
              "justification":"vulnerable_code_not_present","impact_statement":"built without it"}}]}}"#
        )
    };
    for (products, matches) in [
        (r#"{"@id":"pkg:oci/app@sha256:aa"}"#, true),
        (r#"{"@id":"pkg:oci/app"}"#, true),
        (r#"{"@id":"pkg:oci/other"}"#, false),
        (r#"{"@id":"app:1"}"#, true),
        (r#""pkg:oci/app""#, true),
        (r#"{"@id":"x","hashes":{"sha-256":"aa"}}"#, true),
        (
            r#"{"@id":"pkg:oci/app","subcomponents":[{"@id":"pkg:deb/debian/openssl"}]}"#,
            true,
        ),
        (
            r#"{"@id":"pkg:oci/app","subcomponents":[{"@id":"pkg:deb/debian/zlib1g"}]}"#,
            false,
        ),
        (
            r#"{"@id":"pkg:oci/other","subcomponents":[{"@id":"pkg:deb/debian/openssl"}]}"#,
            false,
        ),
        (r#"{"@id":"pkg:deb/debian/openssl@3.0.9-1"}"#, true),
        (r#"{"@id":"pkg:deb/debian/openssl@3.0.9-2"}"#, false),
        (r#"{"identifiers":{"purl":"pkg:deb/debian/openssl"}}"#, true),
    ] {
        let suppressed = by_vex(&document(products, "not_affected"));
        assert_eq!(!suppressed.is_empty(), matches, "{products}");
        assert!(by_vex(&document(products, "affected")).is_empty());
        assert!(by_vex(&document(products, "under_investigation")).is_empty());
    }
    let suppressed = by_vex(&document(r#"{"@id":"pkg:oci/app"}"#, "fixed"));
    assert_eq!(
        suppressed,
        [(
            "CVE-2026-1".to_owned(),
            DecisionStatus::Fixed,
            "built without it".to_owned()
        )]
    );
}

#[test]
fn the_latest_statement_counts() {
    let document = |first: &str, second: &str| {
        format!(
            r#"{{"@context":"https://openvex.dev/ns/v0.2.0","statements":[
            {{"vulnerability":"CVE-2026-1","timestamp":"2026-02-02T00:00:00Z","products":["app:1"],"status":"{first}"}},
            {{"vulnerability":"CVE-2026-1","timestamp":"2026-01-01T00:00:00Z","products":["app:1"],"status":"{second}"}}]}}"#
        )
    };
    assert!(by_vex(&document("affected", "not_affected")).is_empty());
    assert_eq!(by_vex(&document("not_affected", "affected")).len(), 1);
}

#[test]
fn cyclonedx_by_reference_and_by_address() {
    let document = |reference: &str, state: &str| {
        format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6",
            "components":[{{"bom-ref":"c1","name":"openssl","type":"library","purl":"pkg:deb/debian/openssl@3.0.9-1"}}],
            "vulnerabilities":[{{"id":"CVE-2026-1","analysis":{{"state":"{state}","detail":"no"}},"affects":[{{"ref":"{reference}"}}]}}]}}"#
        )
    };
    for (reference, matches) in [
        ("c1", true),
        ("c2", false),
        ("pkg:deb/debian/openssl@3.0.9-1", true),
        (
            "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Adeb%2Fdebian%2Fopenssl%403.0.9-1",
            true,
        ),
        (
            "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:deb/debian/openssl@3.0.9-1",
            true,
        ),
        ("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#nothing", false),
    ] {
        assert_eq!(
            !by_vex(&document(reference, "not_affected")).is_empty(),
            matches,
            "{reference}"
        );
    }
    assert!(by_vex(&document("c1", "exploitable")).is_empty());
    assert!(by_vex(&document("c1", "in_triage")).is_empty());
    assert_eq!(by_vex(&document("c1", "resolved"))[0].1, DecisionStatus::Fixed);
}

#[test]
fn csaf_by_product_tree() {
    let document = |state: &str, platform: &str| {
        format!(
            r#"{{"document":{{"csaf_version":"2.0","category":"csaf_vex","tracking":{{"current_release_date":"2026-01-01T00:00:00Z"}}}},
            "product_tree":{{"branches":[{{"category":"vendor","name":"v","branches":[
               {{"category":"product_version","name":"p","product":{{"name":"openssl","product_id":"openssl","product_identification_helper":{{"purl":"pkg:deb/debian/openssl"}}}}}},
               {{"category":"product_name","name":"platform","product":{{"name":"platform","product_id":"platform"{platform}}}}}]}}],
              "relationships":[{{"category":"default_component_of","product_reference":"openssl","relates_to_product_reference":"platform",
                "full_product_name":{{"name":"both","product_id":"both"}}}}]}},
            "vulnerabilities":[{{"cve":"CVE-2026-1","product_status":{{"{state}":["both"]}},
              "flags":[{{"label":"component_not_present","product_ids":["both"]}}],"threats":[{{"category":"impact","details":"no","product_ids":["both"]}}]}}]}}"#
        )
    };
    let helper = |purl: &str| format!(r#","product_identification_helper":{{"purl":"{purl}"}}"#);
    for (platform, matches) in [
        (String::new(), true),
        (helper("pkg:oci/app"), true),
        (helper("pkg:oci/other"), false),
    ] {
        let suppressed = by_vex(&document("known_not_affected", &platform));
        assert_eq!(!suppressed.is_empty(), matches, "{platform}");
    }
    assert_eq!(by_vex(&document("fixed", ""))[0].2, "no");
    assert!(by_vex(&document("known_affected", "")).is_empty());
}

#[test]
fn other_documents_are_refused() {
    for text in [
        "{}",
        "[]",
        "nonsense",
        r#"{"bomFormat":"other"}"#,
        r#"{"@context":"https://schema.org"}"#,
    ] {
        let error = Decisions::default()
            .read_vex("a.json", text.as_bytes())
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot use the decisions in `a.json`: "),
            "{error}"
        );
    }
}

#[test]
fn secrets_by_check_and_file() {
    let secret = |path: &str| Finding {
        check: "secret-private-key".to_owned(),
        severity: Severity::High,
        message: String::new(),
        place: Place::Layer {
            diff_id: plimsoll_core::Digest::of(b""),
            path: path.to_owned(),
            line: Some(3),
        },
        evidence: String::new(),
        remedy: None,
    };
    let mut decisions = Decisions::default();
    let text = "[[ignore]]\nid = 'secret-private-key'\npath = 'app/tests/**'\nreason = 'a test key'\n";
    decisions.read_ignore_file(PLIMSOLLIGNORE, text).unwrap();
    let decided = decisions.on_secrets(vec![secret("app/tests/a.pem"), secret("app/b.pem")], NOW);
    assert_eq!((decided.counted.len(), decided.suppressed.len()), (1, 1));
}

const YAML: &str = "
# as Trivy documents it
vulnerabilities:
  - id: CVE-2026-1
    paths:
      - 'usr/lib/*/site-packages/**'
    statement: not reachable
  - id: CVE-2026-2
    purls: ['pkg:pypi/other']
    expired_at: 2030-01-31
misconfigurations:
  - id: AVD-DS-0002
secrets:
  - {id: aws-key, paths: [app/*]}
licenses:
  - id: GPL-3.0-only
    purls: [pkg:pypi/flask@2.0.0]
    expired_at: 2030-01-31T10:00:00Z
";

#[test]
fn trivys_lists_in_yaml() {
    let mut decisions = Decisions::default();
    decisions.read_ignore_file(TRIVYIGNORE_YAML, YAML).unwrap();
    let flask = || Package::new(Ecosystem::PyPi, "flask", "2.0.0");
    let found = |id: &str, path: &str| {
        let evidence = path.to_owned();
        testing::found(id, Package { evidence, ..flask() }, FixState::Affected)
    };
    let all = vec![
        found("CVE-2026-1", "usr/lib/python3/site-packages/flask/METADATA"),
        found("CVE-2026-1", "usr/lib/a/b/site-packages/flask/METADATA"),
        found("CVE-2026-2", "x"),
        found("aws-key", "app/x"),
        found("GPL-3.0-only", "x"),
    ];
    let url = |_: &Package| "pkg:pypi/flask@2.0.0".to_owned();
    let decided = decisions.on_vulnerabilities(&Product::default(), all, url, NOW);
    assert_eq!(decided.counted.len(), 4);
    let [suppressed] = &decided.suppressed[..] else {
        panic!()
    };
    assert_eq!(suppressed.decision.reason, "not reachable");
    assert_eq!(suppressed.decision.source, TRIVYIGNORE_YAML);
    // What was not looked for is not said to match nothing.
    let remarks = decisions.remarks(&[Kind::Vulnerability], NOW);
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].contains("misconfigurations") && remarks[1].contains("CVE-2026-2"));

    let license = |name: &str| LicenseFinding {
        license: name.to_owned(),
        category: LicenseCategory::Restricted,
        severity: Severity::High,
        package: flask(),
    };
    let licenses = vec![license("GPL-3.0-only"), license("CVE-2026-1")];
    let decided = decisions.on_licenses(licenses, url, NOW);
    assert_eq!((decided.counted.len(), decided.suppressed.len()), (1, 1));
    assert_eq!(
        decided.suppressed[0].decision.expires.as_deref(),
        Some("2030-01-31T10:00:00Z")
    );
}

#[test]
fn wrong_lists_in_yaml() {
    for (text, expected) in [
        (
            "vulnerabilities:\n  - paths: [a]\n",
            "line 2: the entry has no `id`",
        ),
        (
            "vulnerabilities:\n  - id: A\n    expires: 2030-01-01\n",
            "line 3: `expires` says nothing",
        ),
        (
            "vulnerabilities:\n  - id: A\n    expired_at: soon\n",
            "line 3: `soon` is not a day",
        ),
        (
            "vulnerabilities:\n  - id: A\n    paths: a\n",
            "line 3: `paths` is not a list",
        ),
        ("vulnerabilities:\n  - id: A\n    paths: ['[a']\n", "line 3: "),
        ("vulnerabilities:\n  - id: A\n    purls: [flask]\n", "line 3: "),
        (
            "vulnerabilities:\n  - CVE-1\n",
            "line 2: an entry is not a mapping",
        ),
        (
            "vulnerabilites: []\n",
            "line 1: `vulnerabilites` is no list of findings",
        ),
        ("- id: A\n", "line 1: the file is not a mapping"),
        ("a: b: c\n", "line 1: "),
    ] {
        let error = Decisions::default().read_ignore_file("i.yml", text).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("`i.yml`") && message.contains(expected),
            "{text}: {message}"
        );
    }
    for nothing in ["", "# only a comment\n", "vulnerabilities:\nsecrets: []\n"] {
        Decisions::default().read_ignore_file("i.yml", nothing).unwrap();
    }
}

/// Only what was looked for can be said to match nothing, whatever the other kinds of findings are decided upon by.
#[test]
fn entries_on_what_was_not_sought_are_not_said_to_match_nothing() {
    let mut decisions = Decisions::default();
    let own = "[[ignore]]\nid = ['CVE-1999-1', 'GHSA-x']\nreason = 'x'\n\
               [[ignore]]\nid = 'secret-jwt'\nreason = 'x'\n\
               [[ignore]]\nid = 'MIT'\nreason = 'x'\n\
               [[ignore]]\nid = '*'\npackage = 'none'\nreason = 'x'\n";
    decisions.read_ignore_file(PLIMSOLLIGNORE, own).unwrap();
    let lists = "secrets: [{id: token}]\nvulnerabilities: [{id: CVE-1999-2}]\nlicenses: [{id: ISC}]\n";
    decisions.read_ignore_file(TRIVYIGNORE_YAML, lists).unwrap();
    applied(&decisions);
    decisions.on_secrets(Vec::new(), NOW);
    let told = |sought: &[Kind]| {
        let remarks = decisions.remarks(sought, NOW);
        let id = |remark: &String| {
            let (_, rest) = remark.split_once("the decision on ").unwrap();
            rest.strip_suffix(" matches nothing").unwrap().to_owned()
        };
        remarks.iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(told(&[Kind::Vulnerability]), ["CVE-1999-1, GHSA-x", "CVE-1999-2"]);
    assert_eq!(told(&[Kind::Secret]), ["secret-jwt", "token"]);
    assert_eq!(told(&[Kind::License]), ["ISC"]);
    assert_eq!(
        told(&[Kind::Vulnerability, Kind::Secret]),
        ["CVE-1999-1, GHSA-x", "secret-jwt", "*", "token", "CVE-1999-2"]
    );
    assert_eq!(told(&ALL).len(), 7);
}

/// `*` is a word of our own form alone, for vulnerabilities and checks; a licence is named.
#[test]
fn a_star_stands_for_all_in_our_own_form_alone() {
    let (counted, suppressed, _) = ignored("[[ignore]]\nid = '*'\npackage = 'openssl'\nreason = 'x'\n");
    assert_eq!((counted.len(), suppressed.len()), (1, 1));
    for (name, text, line) in [
        (TRIVYIGNORE, "# all?\n*\n", 2),
        (TRIVYIGNORE_YAML, "vulnerabilities:\n  - id: '*'\n", 2),
    ] {
        let mut decisions = Decisions::default();
        decisions.read_ignore_file(name, text).unwrap();
        assert_eq!(applied(&decisions).0.len(), 2, "{name}");
        let remarks = decisions.remarks(&ALL, NOW);
        let [remark] = &remarks[..] else {
            panic!("{remarks:?}")
        };
        assert!(
            remark.starts_with(&format!("`{name}`: line {line}: `*` is no id here")),
            "{remark}"
        );
    }
    let vex = r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":"*","products":["app:1"],
        "status":"fixed"}]}"#;
    assert!(by_vex(vex).is_empty());

    let licenses = |ids: &str| {
        let mut decisions = Decisions::default();
        let text = format!("[[ignore]]\nid = {ids}\npackage = 'libexpat1'\nreason = 'x'\n");
        decisions.read_ignore_file(PLIMSOLLIGNORE, &text).unwrap();
        let license = LicenseFinding {
            license: "MIT".to_owned(),
            category: LicenseCategory::Notice,
            severity: Severity::Low,
            package: deb("libexpat1", "2.5.0-1"),
        };
        decisions
            .on_licenses(vec![license], |_| String::new(), NOW)
            .suppressed
            .len()
    };
    assert_eq!(
        (licenses("'*'"), licenses("'MIT'"), licenses("['*', 'mit']")),
        (0, 1, 1)
    );
}

/// A time counts to the instant, with its offset.
#[test]
fn a_decision_may_expire_within_a_day() {
    for (text, holds) in [
        ("2026-05-01T01:00:00Z", true),
        ("2026-05-01T01:00:00+02:00", false),
        ("2026-04-30T23:00:00-02:00", true),
        ("2026-05-01", true),
        ("2026-04-30", false),
    ] {
        let list = format!("vulnerabilities: [{{id: CVE-2026-1, expired_at: '{text}'}}]\n");
        let own = format!("[[ignore]]\nid = 'CVE-2026-1'\nreason = 'x'\nexpires = {text}\n");
        for (name, text) in [(TRIVYIGNORE_YAML, list), (PLIMSOLLIGNORE, own)] {
            let mut decisions = Decisions::default();
            decisions.read_ignore_file(name, &text).unwrap();
            assert_eq!(applied(&decisions).1.len(), usize::from(holds), "{text}");
            assert_eq!(decisions.remarks(&ALL, NOW).len(), usize::from(!holds), "{text}");
        }
    }
}
