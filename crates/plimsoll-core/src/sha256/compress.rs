//! Compresses blocks with the fastest instructions that there are.

use super::Block;
#[cfg(target_arch = "x86_64")]
use super::x86;

/// Whether two streams at the same time take less time than one after the other.
pub(super) fn is_faster_together() -> bool {
    has_instructions()
}

/// Whether the processor has SHA instructions that are used here.
fn has_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("sha")
        && is_x86_feature_detected!("ssse3")
        && is_x86_feature_detected!("sse4.1");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Compresses a stream's blocks.
pub(super) fn one(state: &mut [u32; 8], blocks: &[Block]) {
    #[cfg(target_arch = "x86_64")]
    if has_instructions() {
        // SAFETY: the processor has the instructions that the function is compiled with; nothing else is asked of it.
        #[allow(unsafe_code)]
        unsafe {
            x86::compress(state, blocks);
        }
        return;
    }
    sha2::block_api::compress256(state, blocks);
}

/// Compresses the blocks of two streams, of which both have as many.
pub(super) fn both(state: &mut [u32; 8], blocks: &[Block], other: &mut [u32; 8], other_blocks: &[Block]) {
    #[cfg(target_arch = "x86_64")]
    if has_instructions() {
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            x86::compress_both(state, blocks, other, other_blocks);
        }
        return;
    }
    one(state, blocks);
    one(other, other_blocks);
}
