//! SHA-256 on threads of its own, so that whoever reads a layer does not wait for its digest.
//!
//! Bytes that come by only once are handed over piece by piece ([`Hasher`]). Those that are in a file are read from it once
//! more ([`RangeHash`]): a thread that reads what it hashes has it in its own cache and waits for nobody.

mod handed;
mod range;

pub(crate) use handed::{Hasher, Recycled};
pub(crate) use range::{RangeHash, threads};
