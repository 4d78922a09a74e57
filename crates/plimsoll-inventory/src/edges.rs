//! The first and the last bytes of texts as numbers: a text is compared so with many others of which it begins or ends with
//! hardly any.

/// How a text begins, or how it ends.
pub(crate) struct Edge {
    bits: u64,
    mask: u64,
}

impl Edge {
    /// Of texts that begin with `start`.
    pub(crate) fn start(start: &str) -> Self {
        Self::of(first_bytes(start), start.len())
    }

    /// Of texts that end with `end`.
    pub(crate) fn end(end: &str) -> Self {
        Self::of(last_bytes(end), end.len())
    }

    fn of(bits: u64, length: usize) -> Self {
        let mask = match length {
            ..8 => (1 << (8 * length)) - 1,
            _ => u64::MAX,
        };
        Self { bits, mask }
    }

    /// Whether a text may begin so, going by its [`first_bytes`], or end so, going by its [`last_bytes`]; no more than
    /// eight bytes are compared.
    pub(crate) fn may_be(&self, bits: u64) -> bool {
        bits & self.mask == self.bits
    }
}

/// The first eight bytes, the first of them in the lowest bits; zeros where there are fewer.
pub(crate) fn first_bytes(text: &str) -> u64 {
    let text = text.as_bytes();
    let bytes = text.first_chunk().copied();
    u64::from_le_bytes(bytes.unwrap_or_else(|| {
        let mut bytes = [0; 8];
        bytes[..text.len()].copy_from_slice(text);
        bytes
    }))
}

/// The last eight bytes, the last of them in the lowest bits; zeros where there are fewer.
pub(crate) fn last_bytes(text: &str) -> u64 {
    let text = text.as_bytes();
    let bytes = text.last_chunk().copied();
    u64::from_be_bytes(bytes.unwrap_or_else(|| {
        let mut bytes = [0; 8];
        bytes[8 - text.len()..].copy_from_slice(text);
        bytes
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn edges_are_those_of_texts(text in "[ab]{0,12}", edge in "[ab]{0,10}") {
            let short = edge.get(..8).unwrap_or(&edge);
            prop_assert_eq!(Edge::start(&edge).may_be(first_bytes(&text)), text.starts_with(short));
            let short = edge.get(edge.len().saturating_sub(8)..).unwrap_or_default();
            prop_assert_eq!(Edge::end(&edge).may_be(last_bytes(&text)), text.ends_with(short));
        }
    }
}
