//! The licences in the `pom.xml` that Maven's archiver puts beside `pom.properties` (Maven's documentation, "POM Reference").

/// More than any project has.
const MOST: usize = 10;

/// The names of the licences that a project states, as they stand there. Those of a parent project are not in the file.
pub(super) fn licenses(pom: &str) -> Vec<String> {
    let Some(stated) = element(pom, "licenses") else {
        return Vec::new();
    };
    let each = stated.split("<license>").skip(1);
    let inner = each.filter_map(|part| Some(part.split_once("</license>")?.0));
    let names = inner.filter_map(|license| element(license, "name")).map(plain);
    names
        .filter(|name| !name.is_empty() && name.len() <= 200)
        .take(MOST)
        .collect()
}

/// What is in the first element that is called so.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let start = text.find(&format!("<{name}>"))? + name.len() + 2;
    let inner = &text[start..];
    Some(&inner[..inner.find(&format!("</{name}>"))?])
}

/// The text without line ends and with the references that XML itself knows resolved.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut plain = words.join(" ");
    for (reference, char) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        plain = plain.replace(reference, char);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_licences() {
        let pom = "<project><name>x</name><licenses>\n<license><name>Apache License,\n  Version 2.0</name><url>u</url></license>\
            <license><url>u</url></license><license><name>A &amp; B</name></license></licenses><license><name>no</name></license>";
        assert_eq!(licenses(pom), ["Apache License, Version 2.0", "A & B"]);
        assert_eq!(licenses("<project/>"), [""; 0]);
    }

    proptest! {
        #[test]
        fn no_project_panics(text in "(<licenses>|<license>|</license>|</licenses>|<name>|</name>|é|\\PC){0,20}") {
            licenses(&text);
        }
    }
}
