//! BLAKE3: ids, derivation, detection (BLAKE3 specification, sections 2.3 and 3).

use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Hash of the concatenation of `parts`, under a label. Every part but the last must have a fixed size.
#[must_use]
pub fn hash(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    *hasher(label, parts).finalize().as_bytes()
}

/// The output stream of [`hash`], as long as `out`; its first 32 bytes are the hash.
pub fn hash_stream(label: &str, parts: &[&[u8]], out: &mut [u8]) {
    hasher(label, parts).finalize_xof().fill(out);
}

fn hasher(label: &str, parts: &[&[u8]]) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new_derive_key(label);
    for part in parts {
        hasher.update(part);
    }
    hasher
}

/// A key derived from another one, under a label.
#[must_use]
pub fn derive_key(label: &str, key: &[u8; 32]) -> [u8; 32] {
    blake3::derive_key(label, key)
}

/// Keyed hash (BLAKE3 keyed mode).
#[must_use]
pub fn keyed_hash(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(key, message).as_bytes()
}

/// Randomness handed in from outside; everything random in this room is drawn from one of these, in order.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seed {
    key: [u8; 32],
    #[zeroize(skip)]
    drawn: u64,
}

impl Seed {
    /// From 32 bytes that nobody can guess and that are never used again.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self { key: bytes, drawn: 0 }
    }

    /// The next `N` bytes.
    pub fn draw<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    fn fill(&mut self, out: &mut [u8]) {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&self.drawn.to_be_bytes());
        self.drawn += 1;
        hasher.finalize_xof().fill(out);
    }
}

/// What checks many signatures at once draws from it.
impl hpke::rand_core::TryRng for Seed {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_le_bytes(self.draw()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_le_bytes(self.draw()))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
        self.fill(dst);
        Ok(())
    }
}

impl hpke::rand_core::TryCryptoRng for Seed {}

/// Hash over a list of equal-sized things, in the order given.
#[must_use]
pub fn hash_list<'a>(label: &str, items: impl Iterator<Item = &'a [u8; 32]>) -> [u8; 32] {
    let joined: Vec<u8> = items.flatten().copied().collect();
    hash(label, &[&joined])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_repeat() {
        let mut one = Seed::new([7; 32]);
        let mut two = Seed::new([7; 32]);
        let first: [u8; 24] = one.draw();
        assert_eq!(first, two.draw::<24>());
        assert_ne!(first, one.draw::<24>());
    }
}
