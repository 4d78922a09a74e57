//! SHA-256 with the SHA instructions of x86-64, of one stream and of two in turn.
//!
//! Each of a block's rounds needs the one before, so the processor waits most of the time; the rounds of another stream fit
//! in between.

use std::arch::x86_64::*;

/// The first bits of the cube roots of the first 64 primes.
const ROUND_CONSTANTS: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];

/// A stream's state as the instructions want it: the words a, b, e, f and c, d, g, h.
#[derive(Clone, Copy)]
struct Lane(__m128i, __m128i);

/// Compresses the blocks of a stream.
#[target_feature(enable = "sha,ssse3,sse4.1")]
pub(super) fn compress(state: &mut [u32; 8], blocks: &[[u8; 64]]) {
    let mut lane = self::lane(state);
    for block in blocks {
        lane = self::block(lane, block);
    }
    store(lane, state);
}

/// Compresses the blocks of two streams: as many of each as there are of both.
#[target_feature(enable = "sha,ssse3,sse4.1")]
pub(super) fn compress_both(
    state: &mut [u32; 8],
    blocks: &[[u8; 64]],
    other: &mut [u32; 8],
    other_blocks: &[[u8; 64]],
) {
    let mut lanes = [lane(state), lane(other)];
    for (block, other_block) in blocks.iter().zip(other_blocks) {
        lanes = both_blocks(lanes, block, other_block);
    }
    store(lanes[0], state);
    store(lanes[1], other);
}

// Written out: loops, and closures, which are not made of the same instructions and so not inlined, cost a quarter of
// the speed.
macro_rules! first_twelve {
    ($step:ident) => {
        $step!(0 1 2 3 4 5 6 7 8 9 10 11)
    };
}

/// One block of a stream: sixteen times four rounds. The first twelve also make the four words of the message that are
/// needed four times later.
#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn block(before: Lane, block: &[u8; 64]) -> Lane {
    let mut lane = before;
    let mut words = words(block);
    macro_rules! steps {
        ($($step:literal)*) => {$(
            lane = four_rounds(lane, words[0], $step);
            words = extended(words);
        )*};
    }
    first_twelve!(steps);
    for (step, words) in words.into_iter().enumerate() {
        lane = four_rounds(lane, words, 12 + step);
    }
    sum(before, lane)
}

/// As [`block`], of two streams in turn.
#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn both_blocks(before: [Lane; 2], block: &[u8; 64], other_block: &[u8; 64]) -> [Lane; 2] {
    let [mut one, mut other] = before;
    let mut words = words(block);
    let mut other_words = self::words(other_block);
    macro_rules! steps {
        ($($step:literal)*) => {$(
            one = four_rounds(one, words[0], $step);
            other = four_rounds(other, other_words[0], $step);
            words = extended(words);
            other_words = extended(other_words);
        )*};
    }
    first_twelve!(steps);
    for step in 0..4 {
        one = four_rounds(one, words[step], 12 + step);
        other = four_rounds(other, other_words[step], 12 + step);
    }
    [sum(before[0], one), sum(before[1], other)]
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn four_rounds(Lane(abef, cdgh): Lane, words: __m128i, step: usize) -> Lane {
    let sum = _mm_add_epi32(words, four(&ROUND_CONSTANTS, 4 * step));
    let cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
    let abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32::<0b1110>(sum));
    Lane(abef, cdgh)
}

/// The words of the message without the first four, and with the four that come next.
#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn extended([first, second, third, fourth]: [__m128i; 4]) -> [__m128i; 4] {
    let sum = _mm_add_epi32(
        _mm_sha256msg1_epu32(first, second),
        _mm_alignr_epi8::<4>(fourth, third),
    );
    [second, third, fourth, _mm_sha256msg2_epu32(sum, fourth)]
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn sum(a: Lane, b: Lane) -> Lane {
    Lane(_mm_add_epi32(a.0, b.0), _mm_add_epi32(a.1, b.1))
}

/// The sixteen words of a block: loads of 16 bytes, whose words are then turned around.
#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn words(block: &[u8; 64]) -> [__m128i; 4] {
    let halves: &[[u8; 8]] = block.as_chunks().0;
    [
        four_words(&halves[0], &halves[1]),
        four_words(&halves[2], &halves[3]),
        four_words(&halves[4], &halves[5]),
        four_words(&halves[6], &halves[7]),
    ]
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn four_words(low: &[u8; 8], high: &[u8; 8]) -> __m128i {
    let bytes = _mm_set_epi64x(i64::from_le_bytes(*high), i64::from_le_bytes(*low));
    let turned = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    _mm_shuffle_epi8(bytes, turned)
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn four<const N: usize>(words: &[u32; N], at: usize) -> __m128i {
    let [a, b, c, d] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
    vector(a, b, c, d)
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn vector(a: u32, b: u32, c: u32, d: u32) -> __m128i {
    _mm_set_epi32(d.cast_signed(), c.cast_signed(), b.cast_signed(), a.cast_signed())
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn lane([a, b, c, d, e, f, g, h]: &[u32; 8]) -> Lane {
    Lane(vector(*f, *e, *b, *a), vector(*h, *g, *d, *c))
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn store(Lane(abef, cdgh): Lane, state: &mut [u32; 8]) {
    let ([f, e, b, a], [h, g, d, c]) = (parts(abef), parts(cdgh));
    *state = [a, b, c, d, e, f, g, h];
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn parts(vector: __m128i) -> [u32; 4] {
    [
        _mm_extract_epi32::<0>(vector).cast_unsigned(),
        _mm_extract_epi32::<1>(vector).cast_unsigned(),
        _mm_extract_epi32::<2>(vector).cast_unsigned(),
        _mm_extract_epi32::<3>(vector).cast_unsigned(),
    ]
}
