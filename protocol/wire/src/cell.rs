//! The cell: the one size in which everything travels (`docs/protocol/01-wire.md`, section 1).
//!
//! ```text
//! | detection tag 8 | nonce 24 | XChaCha20-Poly1305 ciphertext 2,016 (2,000 of plaintext + 16) |
//! ```
//! To whoever lacks the keys all 2,048 bytes are random; nothing here can open one.

use alloc::boxed::Box;
use core::fmt;

use crate::log::tree;

/// Bytes of a cell. // W1
pub const CELL_BYTES: usize = 2_048;
/// Bytes of the detection tag at its start.
pub const CELL_TAG_BYTES: usize = 8;
/// Bytes of the nonce after the tag.
pub const CELL_NONCE_BYTES: usize = 24;
/// Bytes of the ciphertext with its authentication tag.
pub const CELL_SEALED_BYTES: usize = CELL_BYTES - CELL_TAG_BYTES - CELL_NONCE_BYTES;
/// Bytes of plaintext that a cell seals.
pub const CELL_PLAIN_BYTES: usize = CELL_SEALED_BYTES - 16;

const SEALED_AT: usize = CELL_TAG_BYTES + CELL_NONCE_BYTES;

/// One cell: 2,048 bytes of which a relay understands nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(Box<[u8; CELL_BYTES]>);

/// Something offered as cells has another length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellLengthError {
    /// Not the length of one cell.
    #[error("a cell has 2,048 bytes, not {found_bytes}")]
    NotOneCell {
        /// Bytes offered.
        found_bytes: usize,
    },
    /// Not a whole number of cells.
    #[error("{found_bytes} bytes are not a whole number of cells")]
    NotWholeCells {
        /// Bytes offered.
        found_bytes: usize,
    },
    /// More cells than the caller takes.
    #[error("{found} cells are more than the {limit} allowed here")]
    TooMany {
        /// Cells offered.
        found: usize,
        /// Cells allowed.
        limit: usize,
    },
}

impl Cell {
    /// Takes 2,048 bytes as a cell; any are one.
    pub fn from_bytes(bytes: [u8; CELL_BYTES]) -> Self {
        Self(Box::new(bytes))
    }

    /// Puts a cell together from tag, nonce and ciphertext.
    pub fn from_parts(
        tag: &[u8; CELL_TAG_BYTES],
        nonce: &[u8; CELL_NONCE_BYTES],
        sealed: &[u8; CELL_SEALED_BYTES],
    ) -> Self {
        let mut bytes = Box::new([0; CELL_BYTES]);
        bytes[..CELL_TAG_BYTES].copy_from_slice(tag);
        bytes[CELL_TAG_BYTES..SEALED_AT].copy_from_slice(nonce);
        bytes[SEALED_AT..].copy_from_slice(sealed);
        Self(bytes)
    }

    /// The whole cell.
    pub fn as_bytes(&self) -> &[u8; CELL_BYTES] {
        &self.0
    }

    /// The detection tag: a keyed hash of the nonce, if this is a cell of one's own group.
    pub fn tag(&self) -> &[u8; CELL_TAG_BYTES] {
        self.0.first_chunk().expect("a cell is longer than its tag")
    }

    /// The nonce of the cipher.
    pub fn nonce(&self) -> &[u8; CELL_NONCE_BYTES] {
        self.0[CELL_TAG_BYTES..].first_chunk().expect("a cell is longer than tag and nonce")
    }

    /// The ciphertext and its authentication tag.
    pub fn sealed(&self) -> &[u8; CELL_SEALED_BYTES] {
        self.0.last_chunk().expect("a cell is longer than its ciphertext")
    }

    /// The cell's leaf in a relay's Merkle tree (RFC 6962, section 2.1).
    pub fn leaf_hash(&self) -> LeafHash {
        tree::leaf_hash(self.as_bytes())
    }

    /// Cuts a body of whole cells, at most `limit` of them.
    ///
    /// # Errors
    /// The length is not a whole number of cells, or they are more than `limit`; nothing was
    /// allocated then.
    pub fn split(bytes: &[u8], limit: usize) -> Result<alloc::vec::Vec<Self>, CellLengthError> {
        let (cells, rest) = bytes.as_chunks::<CELL_BYTES>();
        if !rest.is_empty() {
            return Err(CellLengthError::NotWholeCells { found_bytes: bytes.len() }); // W2
        }
        if cells.len() > limit {
            return Err(CellLengthError::TooMany { found: cells.len(), limit });
        }
        Ok(cells.iter().map(|cell| Self::from_bytes(*cell)).collect())
    }
}

impl TryFrom<&[u8]> for Cell {
    type Error = CellLengthError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        match <&[u8; CELL_BYTES]>::try_from(bytes) {
            Ok(bytes) => Ok(Self::from_bytes(*bytes)),
            Err(_) => Err(CellLengthError::NotOneCell { found_bytes: bytes.len() }), // W1
        }
    }
}

impl fmt::Debug for Cell {
    /// Names the cell by its leaf; content never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({:?})", self.leaf_hash())
    }
}

/// Hash of a cell as a leaf of the relay's tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafHash(pub [u8; 32]);

impl LeafHash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for LeafHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0[..8] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered() -> Cell {
        Cell::from_bytes(core::array::from_fn(|at| (at % 251) as u8))
    }

    #[test]
    fn parts_lie_one_after_another() {
        let cell = numbered();
        let joined = [cell.tag().as_slice(), cell.nonce(), cell.sealed()].concat();
        assert_eq!(joined, cell.as_bytes());
        assert_eq!(Cell::from_parts(cell.tag(), cell.nonce(), cell.sealed()), cell);
        assert_eq!((CELL_SEALED_BYTES, CELL_PLAIN_BYTES), (2_016, 2_000));
    }

    #[test]
    fn other_lengths_are_refused() {
        for found_bytes in [0, 1, 2_047, 2_049, 4_096] {
            let bytes = std::vec![0; found_bytes];
            assert_eq!(Cell::try_from(&bytes[..]), Err(CellLengthError::NotOneCell { found_bytes }));
        }
        assert_eq!(
            Cell::split(&[0; CELL_BYTES + 1], 4),
            Err(CellLengthError::NotWholeCells { found_bytes: CELL_BYTES + 1 })
        );
        assert_eq!(Cell::split(&[0; CELL_BYTES * 3], 2), Err(CellLengthError::TooMany { found: 3, limit: 2 }));
        assert_eq!(Cell::split(&[], 2), Ok(std::vec![]));
        assert_eq!(Cell::split(&[0; CELL_BYTES * 2], 2).map(|cells| cells.len()), Ok(2));
    }

    #[test]
    fn debug_output_holds_no_content() {
        assert!(!std::format!("{:?}", numbered()).contains("0, 1, 2"));
        assert!(std::format!("{:?}", numbered()).len() < 40);
    }
}
