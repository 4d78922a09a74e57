use serde::{Deserialize, Serialize};

/// Until when a release of a distribution gets security updates. Days are as RFC 3339 writes them: `2028-06-30`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EndOfLife {
    /// The last day on which everybody gets them.
    pub date: String,
    /// The last day for those who pay or enrol for more, where the publisher offers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended: Option<String>,
    /// Whether the image is set up to get these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_extended: bool,
}

impl EndOfLife {
    /// The last day on which the image gets security updates.
    pub fn last_day(&self) -> &str {
        let extended = self.extended.as_deref().filter(|_| self.is_extended);
        extended.unwrap_or(&self.date)
    }

    /// Whether that day is over at `time`, a day or a time as RFC 3339 writes them.
    pub fn is_over(&self, time: &str) -> bool {
        time.get(..10).is_some_and(|day| day > self.last_day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_still_counts() {
        let mut end = EndOfLife {
            date: "2023-05-31".to_owned(),
            extended: Some("2028-04-26".to_owned()),
            is_extended: false,
        };
        assert!(!end.is_over("2023-05-31T23:59:59Z") && end.is_over("2023-06-01"));
        assert!(!end.is_over(""));
        end.is_extended = true;
        assert!(!end.is_over("2023-06-01") && end.is_over("2028-04-27"));
    }
}
