//! Where words stand in a text, whatever their case.

use std::ops::Range;

/// Looks for many words at once: at every second byte of a text it asks whether a word has these three there, and only then
/// compares the word. An automaton would read every byte, each after the one before.
pub(super) struct Keywords {
    words: Vec<&'static [u8]>,
    /// One bit for every three bytes that a word has at the places by which it is found.
    marks: Box<[u64; MARKS / 64]>,
    /// Where the words with each three bytes begin in `places`, and at last where they end.
    starts: Box<[u16]>,
    /// A word, and how many of its bytes stand before the three.
    places: Vec<(u16, u8)>,
}

/// Five bits tell a letter, whatever its case; some others have the same.
const BITS: u32 = 5;
const MASK: u64 = (1 << BITS) - 1;
/// What the bits of three bytes may be.
const MARKS: usize = 1 << (3 * BITS);

/// Five bits of each of eight bytes.
fn fold(bytes: [u8; 8]) -> u64 {
    let one = u64::from_le_bytes(bytes);
    let two = (one & 0x001f_001f_001f_001f) | (one & 0x1f00_1f00_1f00_1f00) >> 3;
    let four = (two & 0x0000_03ff_0000_03ff) | (two & 0x03ff_0000_03ff_0000) >> 6;
    (four & 0x000f_ffff) | (four & 0x000f_ffff_0000_0000) >> 12
}

/// The bits of the three bytes from the one with this number on.
fn three(folded: u64, from: u32) -> usize {
    (folded >> (BITS * from)) as usize % MARKS
}

impl Keywords {
    /// `words` have two bytes at least.
    pub(super) fn new(words: impl Iterator<Item = &'static str>) -> Self {
        let words: Vec<_> = words.map(str::as_bytes).collect();
        let mut all = Vec::new();
        for (word, bytes) in (0..).zip(&words) {
            // One of two neighbours is at an even place, wherever the word is.
            let first = rarest(bytes);
            for skipped in [first, first + 1] {
                all.extend(threes(&bytes[skipped..]).map(|three| (three, (word, skipped as u8))));
            }
        }
        all.sort_unstable();
        let mut marks = Box::new([0; MARKS / 64]);
        let mut starts = vec![0; MARKS + 1];
        for (three, _) in &all {
            marks[three / 64] |= 1 << (three % 64);
            starts[three + 1] += 1;
        }
        for three in 0..MARKS {
            starts[three + 1] += starts[three];
        }
        Self {
            words,
            marks,
            starts: starts.into(),
            places: all.into_iter().map(|(_, place)| place).collect(),
        }
    }

    /// Tells `found` each word, by its number, and where it stands.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, Range<usize>)) {
        const STEP: usize = 6;
        let mut at = 0;
        while let Some(bytes) = text[at..].first_chunk() {
            self.look(text, at, fold(*bytes), &mut found);
            at += STEP;
        }
        // The last bytes, with nothing behind them.
        let mut last = [0; 8];
        while at < text.len() {
            let rest = &text[at..];
            last[..rest.len()].copy_from_slice(rest);
            last[rest.len()..].fill(0);
            self.look(text, at, fold(last), &mut found);
            at += STEP;
        }
    }

    /// Looks at three places from `at` on.
    #[inline]
    fn look(&self, text: &[u8], at: usize, folded: u64, found: &mut impl FnMut(usize, Range<usize>)) {
        let is_marked = |from| {
            let three = three(folded, from);
            self.marks[three / 64] >> (three % 64) & 1
        };
        for from in [0, 2, 4] {
            if is_marked(from) == 1 {
                self.compare(text, at + from as usize, three(folded, from), found);
            }
        }
    }

    #[inline(never)]
    fn compare(&self, text: &[u8], at: usize, three: usize, found: &mut impl FnMut(usize, Range<usize>)) {
        let range = usize::from(self.starts[three])..usize::from(self.starts[three + 1]);
        for &(word, skipped) in &self.places[range] {
            let bytes = self.words[usize::from(word)];
            let place = at
                .checked_sub(usize::from(skipped))
                .map(|start| start..start + bytes.len());
            let Some(place) = place else { continue };
            let Some(there) = text.get(place.clone()) else {
                continue;
            };
            // Nearly all are told apart by one byte.
            if there[0].to_ascii_lowercase() == bytes[0] && there.eq_ignore_ascii_case(bytes) {
                found(usize::from(word), place);
            }
        }
    }
}

/// From which byte on the first four are the rarest, as English texts go.
fn rarest(word: &[u8]) -> usize {
    /// The first stands for the space. Others than letters have the bits of one.
    const MOST_COMMON_FIRST: &[u8] = b"`etaoinsrhldcumfpgwybvkxjqz";
    let is_letter = |byte: u8, letter: u8| u64::from(byte ^ letter) & MASK == 0;
    let rank = |byte: &u8| {
        let mut letters = MOST_COMMON_FIRST.iter();
        letters.position(|letter| is_letter(*byte, *letter))
    };
    let rareness = |from: &usize| -> usize {
        let four = word[*from..].iter().take(4);
        four.map(|byte| rank(byte).unwrap_or(MOST_COMMON_FIRST.len()))
            .sum()
    };
    (0..word.len().saturating_sub(3))
        .max_by_key(rareness)
        .unwrap_or(0)
}

/// The bits of three bytes that may stand where `bytes` begin: of a short word, with everything that may be behind it.
fn threes(bytes: &'static [u8]) -> impl Iterator<Item = usize> {
    let any = |index: usize| match bytes.get(index) {
        Some(byte) => {
            let bits = u64::from(*byte) & MASK;
            bits..bits + 1
        }
        None => 0..MASK + 1,
    };
    let all = any(2).flat_map(move |third| any(1).map(move |second| third << BITS | second));
    let first = u64::from(bytes[0]) & MASK;
    all.map(move |rest| (rest << BITS | first) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 9] = [
        "sk",
        "q~",
        "://",
        "eyj",
        "api_key",
        "private key",
        "ghp_",
        "key",
        "confluence",
    ];

    fn found(text: &[u8]) -> Vec<(usize, Range<usize>)> {
        let mut all = Vec::new();
        Keywords::new(WORDS.into_iter()).each(text, |word, place| all.push((place.start, word, place)));
        all.sort_by_key(|(start, word, _)| (*start, *word));
        all.into_iter().map(|(_, word, place)| (word, place)).collect()
    }

    fn expected(text: &[u8]) -> Vec<(usize, Range<usize>)> {
        let starts = 0..text.len();
        starts
            .flat_map(|start| {
                let begins = move |word: &&[u8]| {
                    let there = text.get(start..start + word.len());
                    there.is_some_and(|there| there.eq_ignore_ascii_case(word))
                };
                let words = WORDS.iter().map(|word| word.as_bytes()).enumerate();
                words
                    .filter(move |(_, word)| begins(word))
                    .map(move |(index, word)| (index, start..start + word.len()))
            })
            .collect()
    }

    #[test]
    fn words_at_both_ends() {
        for text in [
            "", "s", "sk", "SK", "xsk", "q~", "API_Key", "xapi_key", "a://", "keY", "xxkey",
        ] {
            assert_eq!(found(text.as_bytes()), expected(text.as_bytes()), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_word_is_found_once(text in "([skSK~q:/eEyYjJ _a]|api|key|KEY|_|ghp|private |\u{e9}|x){0,40}") {
            proptest::prop_assert_eq!(found(text.as_bytes()), expected(text.as_bytes()));
        }
    }
}
