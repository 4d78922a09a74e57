//! One line that says what a vulnerability is.

use crate::database::schema::Record;

/// The first title that a record has, else the first sentence of the first description; else nothing.
pub(crate) fn title<'a>(records: impl Iterator<Item = &'a Record> + Clone) -> String {
    let mut titles = records.clone().map(|record| &record.title);
    let mut descriptions = records.map(|record| &record.description);
    titles
        .find(|title| !title.is_empty())
        .cloned()
        .or_else(|| {
            descriptions
                .find(|text| !text.is_empty())
                .map(|text| first_sentence(text))
        })
        .unwrap_or_default()
}

/// The first sentence of a text in Markdown, without headings, in at most 160 characters.
fn first_sentence(text: &str) -> String {
    const MAX: usize = 160;
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or("");
    let sentence = line
        .split_once(". ")
        .map_or(line, |(sentence, _)| sentence)
        .trim_end_matches('.');
    if sentence.len() <= MAX || sentence.chars().count() <= MAX {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(MAX).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(title: &str, description: &str) -> Record {
        Record {
            title: title.to_owned(),
            description: description.to_owned(),
            ..Record::default()
        }
    }

    #[test]
    fn titles_go_before_descriptions() {
        let records = [
            record("", "\n### Impact\nOne thing. Another."),
            record("A title", ""),
        ];
        assert_eq!(title(records.iter()), "A title");
        assert_eq!(title(records[..1].iter()), "One thing");
        assert_eq!(title([].iter()), "");
    }

    #[test]
    fn long_sentences_are_cut_between_words() {
        let text = "wörd ".repeat(100);
        let line = title([record("", &text)].iter());
        assert!(line.ends_with("wörd…") && line.chars().count() <= 161, "{line}");
        assert_eq!(title([record("", &"ü".repeat(200))].iter()).chars().count(), 161);
    }
}
