/// Shannon's entropy of the bytes, in bits a byte: 0 for a run of one character, near 6 for random Base64.
pub(super) fn of(bytes: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let length = bytes.len() as f32;
    let shares = counts
        .into_iter()
        .filter(|count| *count > 0)
        .map(|count| count as f32 / length);
    -shares.map(|share| share * share.log2()).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_less_than_noise() {
        assert!(of(b"aaaaaaaa").abs() < 0.001);
        assert!(of(b"abababab") < 1.01);
        assert!(of(b"password-of-the-database") < 3.7);
        assert!(of(b"9fK2mQ7xZr4LtW8vYb3NcJ6h") > 4.0);
    }
}
