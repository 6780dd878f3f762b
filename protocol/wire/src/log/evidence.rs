//! Evidence: proofs of a relay's misconduct that a stranger can check with the relay's log key alone
//! (`docs/protocol/01-wire.md`, section 5).
//!
//! As a file: a line `pursuance evidence 1`, one byte for the kind, then the fields in order, byte
//! strings after their length in 32 bits, numbers and lengths big-endian.

use alloc::vec::Vec;

use crate::cell::LeafHash;
use crate::limits::{MAX_EVIDENCE_BYTES, MAX_NOTE_BYTES};
use crate::log::checkpoint::{Checkpoint, CheckpointError};
use crate::log::note::LogKey;
use crate::log::receipt::{Receipt, ReceiptError};
use crate::log::span::{Span, SpanError};
use crate::log::tile::{HashTile, TileError, TileId};
use crate::log::tree::Frontier;

/// A proof of misconduct. [`Evidence::verify`] says whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Two checkpoints that no honest log has both: one slot with two trees, a later slot with a
    /// smaller tree, or one size with two roots.
    TwoTrees {
        /// A signed checkpoint.
        one: Vec<u8>,
        /// Another.
        other: Vec<u8>,
    },
    /// An older tree that is not the beginning of a newer one.
    NotAPrefix {
        /// The signed checkpoint of the smaller tree.
        older: Vec<u8>,
        /// The signed checkpoint of the larger tree.
        newer: Vec<u8>,
        /// First cell of the span that the tiles prove.
        first: u64,
        /// The tiles of `tiles_for_span(first, size of newer)`.
        tiles: Vec<HashTile>,
    },
    /// A receipt for a cell that is not in the tree although its slot is over.
    BrokenReceipt {
        /// The signed receipt.
        receipt: Vec<u8>,
        /// A signed checkpoint of the receipt's slot or a later one.
        checkpoint: Vec<u8>,
        /// All leaves of the checkpoint's tree.
        leaves: Vec<LeafHash>,
    },
}

/// Why evidence does not hold, or is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// A checkpoint in it is none of this relay.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The receipt in it is none of this relay.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The tiles in it do not prove the newer checkpoint.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// A tile in it is malformed.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The leaves in it are not those of the checkpoint.
    #[error("the leaves are not those of the checkpoint")]
    LeavesMismatch,
    /// Everything in it is genuine, and an honest relay may have signed it.
    #[error("an honest relay may have signed this")]
    Honest,
    /// Beyond the limit.
    #[error("evidence of {found_bytes} bytes is too long")]
    TooLong {
        /// Bytes found.
        found_bytes: usize,
    },
    /// Not an evidence file of a known version and kind.
    #[error("this is no evidence file that this version knows")]
    UnknownForm,
    /// The file ends early, or goes on after its end.
    #[error("the evidence file is cut off or has something after its end")]
    Cut,
}

const HEADING: &[u8] = b"pursuance evidence 1\n";
const TWO_TREES: u8 = 1;
const NOT_A_PREFIX: u8 = 2;
const BROKEN_RECEIPT: u8 = 3;

impl Evidence {
    /// Checks that it convicts the relay whose log key is `key`. // W27
    ///
    /// # Errors
    /// It does not; anything in it is not genuine, or is what an honest relay may do.
    pub fn verify(&self, key: &LogKey) -> Result<(), EvidenceError> {
        match self {
            Self::TwoTrees { one, other } => {
                let one = Checkpoint::verify(one, key)?;
                let other = Checkpoint::verify(other, key)?;
                let same_tree = (one.size(), one.root()) == (other.size(), other.root());
                let (older, newer) = if one.slot() <= other.slot() { (&one, &other) } else { (&other, &one) };
                let one_slot = one.slot() == other.slot();
                let guilty = !same_tree && (one_slot || older.size() >= newer.size());
                if guilty { Ok(()) } else { Err(EvidenceError::Honest) }
            }
            Self::NotAPrefix { older, newer, first, tiles } => {
                let older = Checkpoint::verify(older, key)?;
                let newer = Checkpoint::verify(newer, key)?;
                let span = Span::verify(*first, newer.size(), newer.root(), tiles)?;
                match span.frontier_at(older.size()) {
                    Some(then) if then.root() != *older.root() => Ok(()),
                    _ => Err(EvidenceError::Honest),
                }
            }
            Self::BrokenReceipt { receipt, checkpoint, leaves } => {
                let receipt = Receipt::verify(receipt, key)?;
                let checkpoint = Checkpoint::verify(checkpoint, key)?;
                let mut frontier = Frontier::new();
                leaves.iter().for_each(|leaf| frontier.append(*leaf));
                if frontier.size() != checkpoint.size() || frontier.root() != *checkpoint.root() {
                    return Err(EvidenceError::LeavesMismatch);
                }
                let due = checkpoint.slot() >= receipt.slot();
                let missing = receipt.leaves().iter().any(|leaf| !leaves.contains(leaf));
                if due && missing { Ok(()) } else { Err(EvidenceError::Honest) }
            }
        }
    }

    /// The evidence as a file.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = HEADING.to_vec();
        match self {
            Self::TwoTrees { one, other } => {
                bytes.push(TWO_TREES);
                put(&mut bytes, one);
                put(&mut bytes, other);
            }
            Self::NotAPrefix { older, newer, first, tiles } => {
                bytes.push(NOT_A_PREFIX);
                put(&mut bytes, older);
                put(&mut bytes, newer);
                bytes.extend_from_slice(&first.to_be_bytes());
                for tile in tiles {
                    let id = tile.id();
                    bytes.push(id.level());
                    bytes.extend_from_slice(&id.index().to_be_bytes());
                    put(&mut bytes, &tile.encode());
                }
            }
            Self::BrokenReceipt { receipt, checkpoint, leaves } => {
                bytes.push(BROKEN_RECEIPT);
                put(&mut bytes, receipt);
                put(&mut bytes, checkpoint);
                leaves.iter().for_each(|leaf| bytes.extend_from_slice(&leaf.0));
            }
        }
        bytes
    }

    /// Reads an evidence file; what is in it is not verified by this.
    ///
    /// # Errors
    /// Too long, of an unknown form, or cut.
    pub fn decode(bytes: &[u8]) -> Result<Self, EvidenceError> {
        if bytes.len() > MAX_EVIDENCE_BYTES {
            return Err(EvidenceError::TooLong { found_bytes: bytes.len() });
        }
        let rest = bytes.strip_prefix(HEADING).ok_or(EvidenceError::UnknownForm)?;
        let (kind, mut rest) = rest.split_first().ok_or(EvidenceError::Cut)?;
        match *kind {
            TWO_TREES => {
                let one = take_note(&mut rest)?;
                let other = take_note(&mut rest)?;
                if rest.is_empty() { Ok(Self::TwoTrees { one, other }) } else { Err(EvidenceError::Cut) }
            }
            NOT_A_PREFIX => {
                let older = take_note(&mut rest)?;
                let newer = take_note(&mut rest)?;
                let first = take_number(&mut rest)?;
                let mut tiles = Vec::new();
                while let Some((level, after)) = rest.split_first() {
                    rest = after;
                    let index = take_number(&mut rest)?;
                    let body = take(&mut rest, 256 * 32)?;
                    let id = TileId::new(*level, index, (body.len() / 32) as u16)?;
                    tiles.push(HashTile::decode(id, body)?);
                }
                Ok(Self::NotAPrefix { older, newer, first, tiles })
            }
            BROKEN_RECEIPT => {
                let receipt = take_note(&mut rest)?;
                let checkpoint = take_note(&mut rest)?;
                let (leaves, after) = rest.as_chunks::<32>();
                if !after.is_empty() {
                    return Err(EvidenceError::Cut);
                }
                let leaves = leaves.iter().map(|leaf| LeafHash(*leaf)).collect();
                Ok(Self::BrokenReceipt { receipt, checkpoint, leaves })
            }
            _ => Err(EvidenceError::UnknownForm),
        }
    }
}

fn put(bytes: &mut Vec<u8>, field: &[u8]) {
    let length = u32::try_from(field.len()).expect("notes and tiles are far below 4 GiB");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(field);
}

fn take<'a>(rest: &mut &'a [u8], limit_bytes: usize) -> Result<&'a [u8], EvidenceError> {
    let (length, after) = rest.split_first_chunk().ok_or(EvidenceError::Cut)?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > limit_bytes {
        return Err(EvidenceError::TooLong { found_bytes: length });
    }
    let (field, after) = after.split_at_checked(length).ok_or(EvidenceError::Cut)?;
    *rest = after;
    Ok(field)
}

fn take_note(rest: &mut &[u8]) -> Result<Vec<u8>, EvidenceError> {
    Ok(take(rest, MAX_NOTE_BYTES)?.to_vec())
}

fn take_number(rest: &mut &[u8]) -> Result<u64, EvidenceError> {
    let (number, after) = rest.split_first_chunk().ok_or(EvidenceError::Cut)?;
    *rest = after;
    Ok(u64::from_be_bytes(*number))
}
