//! The values in manifests of Kubernetes secrets.

use std::ops::Range;

use plimsoll_core::Severity::High;

use super::super::names;
use super::{FORM, Judged, Rule, Shown, near};

/// It knows nothing of the value but where it stands.
pub(super) const RULES: &[Rule] = &[Rule {
    id: "kubernetes-secret",
    title: "value of a Kubernetes secret",
    severity: High,
    keywords: &["kind: secret"],
    near: near::anywhere,
    pattern: ENTRY,
    judged: Judged::Password,
    shown: Shown::Only("********"),
    parts: Some(entries),
    ..FORM
}];

/// One line of `data` or `stringData` with a literal value: no template, no block, nothing empty.
const ENTRY: &str = concat!(
    r"^[ \t]*[\x22']?[A-Za-z0-9._-]{1,253}[\x22']?:[ \t]+",
    r#"(?:["'](?P<secret>[^{"'][^\n]*?)["']|(?P<other>[^\s"'#{\[|>&*!][^\n]*?))[ \t\r]*(?:[ \t]#[^\n]*)?$"#
);

/// The lines of `text` that are entries of `data` and `stringData` in documents of `kind: Secret`, save those whose keys are
/// of what nobody hides.
fn entries(text: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut document = Document::default();
    let mut start = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let range = start..start + line.len();
        start += line.len() + 1;
        if begins_document(line) {
            document.finish(&mut all);
        }
        document.line(line, range);
    }
    document.finish(&mut all);
    all
}

/// Whether a document begins at `line`, or an object in a list of them.
fn begins_document(line: &[u8]) -> bool {
    let item = line
        .trim_ascii_start()
        .strip_prefix(b"- ")
        .map(<[u8]>::trim_ascii_start);
    line.starts_with(b"---")
        || item.is_some_and(|item| item.starts_with(b"apiVersion:") || item.starts_with(b"kind:"))
}

#[derive(Default)]
struct Document {
    /// How far `kind: Secret` is indented.
    secret: Option<usize>,
    /// How far the last `data:` or `stringData:` is indented, and its entries, while it lasts.
    data: Option<(usize, Option<usize>)>,
    /// The entries, with how far their `data:` is indented.
    entries: Vec<(usize, Range<usize>)>,
}

impl Document {
    fn line(&mut self, line: &[u8], range: Range<usize>) {
        let is_indent = |byte: &&u8| matches!(**byte, b' ' | b'-');
        let indent = line.iter().take_while(is_indent).count();
        let content = line[indent..].trim_ascii();
        if content.is_empty() || content.starts_with(b"#") || content.starts_with(b"{{") {
            return;
        }
        if let Some((outer, inner)) = &mut self.data {
            if indent > *outer {
                // Deeper lines are of a block.
                if *inner.get_or_insert(indent) == indent && !is_public(content) {
                    self.entries.push((*outer, range));
                }
                return;
            }
            self.data = None;
        }
        let mut words = content.splitn(3, u8::is_ascii_whitespace);
        let (key, value, rest) = (words.next(), words.next(), words.next());
        let is_comment =
            |text: Option<&[u8]>| text.is_none_or(|text| text.trim_ascii_start().starts_with(b"#"));
        match key {
            Some(b"kind:") if value == Some(b"Secret") && is_comment(rest) => self.secret = Some(indent),
            Some(b"data:" | b"stringData:") if is_comment(value) => self.data = Some((indent, None)),
            _ => {}
        }
    }

    /// Tells the entries to `all`, and begins anew.
    fn finish(&mut self, all: &mut Vec<Range<usize>>) {
        let document = std::mem::take(self);
        if let Some(secret) = document.secret {
            let of_secret = document
                .entries
                .into_iter()
                .filter(|(indent, _)| *indent == secret);
            all.extend(of_secret.map(|(_, range)| range));
        }
    }
}

/// Whether the key of an entry is of what stands beside a secret.
fn is_public(content: &[u8]) -> bool {
    let key = content.split(|byte| *byte == b':').next().unwrap_or_default();
    names::names_a_companion(&String::from_utf8_lossy(key))
}

#[cfg(test)]
mod tests {
    use super::super::search;

    fn told(text: &str) -> Vec<(usize, String)> {
        let found = search(text.as_bytes()).told;
        let line = |start: usize| 1 + text[..start].matches('\n').count();
        found
            .iter()
            .map(|found| (line(found.start), text[found.secret.clone()].to_owned()))
            .collect()
    }

    #[test]
    fn every_value_is_told_with_its_line() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  username: app-user\n  password: hunter2!pa$$-zZ9\n  \
                    other: \"a b # c\" # why\ndata:\n  key: aHVudGVyMmh1bnRlcjI=\n";
        assert_eq!(
            told(text),
            [
                (7, "hunter2!pa$$-zZ9".to_owned()),
                (8, "a b # c".to_owned()),
                (10, "aHVudGVyMmh1bnRlcjI=".to_owned())
            ]
        );
        let list = "kind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  data:\n    a: plain-value-7\n- kind: Secret\n  data:\n    \
                    b: c2VjcmV0LXZhbHVl\n";
        assert_eq!(told(list), [(9, "c2VjcmV0LXZhbHVl".to_owned())]);
    }

    #[test]
    fn other_documents_and_templates_are_none() {
        for text in [
            "kind: Secret\nmetadata:\n  name: x\n---\nkind: ConfigMap\ndata:\n  mode: production-7\n",
            "kind: ConfigMap\ndata:\n  mode: production-7\n---\nkind: Secret\ntype: Opaque\n",
            "kind: Secret\ndata:\n  a: {{ .Values.a | b64enc }}\n  b: \"{{ .Values.b }}\"\n  c: \"\"\n  d:\n  login: app-user\n",
            "kind: Secret\ndata:\n  password: ZXhhbXBsZS12YWx1ZQ==\nstringData:\n  token: REPLACE_ME\n",
            "kind: SealedSecret\nspec:\n  template:\n    kind: Secret\n  data:\n    a: aHVudGVyMmh1bnRlcjI=\n",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }
}
