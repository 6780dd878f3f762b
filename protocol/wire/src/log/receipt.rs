//! Receipts: a relay's signed promise to have cells in its tree by a slot
//! (`docs/protocol/01-wire.md`, section 5).
//!
//! ```text
//! pursuance.relay/<log key> receipt
//! slot <slot by whose checkpoint the cells are in the tree>
//! <leaf hash, base64>          one line for each cell, in the order posted, 1 to 4
//! ```

use alloc::{format, string::String, vec::Vec};

use data_encoding::BASE64;

use crate::cell::LeafHash;
use crate::limits::MAX_POST_CELLS;
use crate::log::checkpoint::{Checkpoint, slot_line};
use crate::log::evidence::Evidence;
use crate::log::note::{LogKey, LogSigner, Note, NoteError, UnverifiedNote};
use crate::log::slot::SlotNumber;
use crate::log::span::Span;
use crate::text::base64_hash;

/// A verified receipt, with the note it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    slot: SlotNumber,
    leaves: Vec<LeafHash>,
    note: Note,
}

/// Why bytes are not a receipt for these cells by the expected relay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not a note of the relay's key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The first line is not that of a receipt of this log.
    #[error("the receipt is of another log, or is no receipt")]
    WrongOrigin,
    /// The second line is no slot.
    #[error("the receipt's slot line is missing or malformed")]
    Slot,
    /// A leaf line is malformed.
    #[error("leaf line {line} of the receipt is malformed")]
    Leaf {
        /// Which one, counted from 1.
        line: usize,
    },
    /// No leaf, or more than a post may carry.
    #[error("a receipt is for 1 to 4 cells")]
    LeafCount,
    /// The receipt is for other cells than those posted.
    #[error("the receipt is for other cells")]
    OtherCells,
}

/// What is known about a receipt's promise after a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptState {
    /// Every cell is in the tree; the index of each in the order of the receipt.
    Kept(Vec<u64>),
    /// The slot of the promise has no published checkpoint at or after it yet.
    NotDue,
    /// A cell is not in what was looked at, which did not begin at the log's first cell: visit again
    /// from an earlier window, at last from 0, to find it or to be able to prove its absence.
    NotSeen,
    /// The promise is broken, and this proves it to anyone.
    Broken(Evidence),
}

impl Receipt {
    /// Signs a receipt for 1 to 4 cells, in the order posted.
    ///
    /// # Errors
    /// [`ReceiptError::LeafCount`].
    pub fn sign(signer: &LogSigner, slot: SlotNumber, leaves: &[LeafHash]) -> Result<Self, ReceiptError> {
        if leaves.is_empty() || leaves.len() > MAX_POST_CELLS {
            return Err(ReceiptError::LeafCount);
        }
        let mut text = format!("{}\nslot {slot}\n", first_line(&signer.key()));
        for leaf in leaves {
            text.push_str(&BASE64.encode(&leaf.0));
            text.push('\n');
        }
        let note = signer.sign(&text)?;
        Ok(Self { slot, leaves: leaves.to_vec(), note })
    }

    /// Reads and verifies a receipt of the relay whose log key is `key`. // W14
    ///
    /// # Errors
    /// Not a note, another first line, not signed by the key, or malformed lines.
    pub fn verify(bytes: &[u8], key: &LogKey) -> Result<Self, ReceiptError> {
        let note = UnverifiedNote::parse(bytes)?;
        if note.text().lines().next() != Some(&*first_line(key)) {
            return Err(ReceiptError::WrongOrigin);
        }
        let note = note.verify(key)?;
        let mut lines = note.text().lines().skip(1);
        let slot = lines.next().and_then(slot_line).ok_or(ReceiptError::Slot)?;
        let mut leaves = Vec::new();
        for (at, line) in lines.enumerate() {
            if at >= MAX_POST_CELLS {
                return Err(ReceiptError::LeafCount);
            }
            leaves.push(LeafHash(base64_hash(line).ok_or(ReceiptError::Leaf { line: at + 1 })?));
        }
        if leaves.is_empty() {
            return Err(ReceiptError::LeafCount);
        }
        Ok(Self { slot, leaves, note })
    }

    /// Checks that the receipt is for exactly these cells in this order.
    ///
    /// # Errors
    /// [`ReceiptError::OtherCells`].
    pub fn check_leaves(&self, posted: &[LeafHash]) -> Result<(), ReceiptError> {
        if self.leaves == posted { Ok(()) } else { Err(ReceiptError::OtherCells) }
    }

    /// Judges the promise by a visit: `span` must be the one verified against `checkpoint`. // W15
    ///
    /// `span` should begin at or before the size that the log had when the cells were first posted;
    /// else the answer may be [`ReceiptState::NotSeen`].
    pub fn judge(&self, checkpoint: &Checkpoint, span: &Span) -> ReceiptState {
        let found: Option<Vec<u64>> = self.leaves.iter().map(|leaf| span.find(leaf)).collect();
        if let Some(places) = found {
            return ReceiptState::Kept(places);
        }
        if checkpoint.slot() < self.slot {
            return ReceiptState::NotDue;
        }
        match span.all_leaves() {
            Some(leaves) if checkpoint.size() == span.size() && checkpoint.root() == span.root() => {
                ReceiptState::Broken(Evidence::BrokenReceipt {
                    receipt: self.note.as_bytes().to_vec(),
                    checkpoint: checkpoint.note().as_bytes().to_vec(),
                    leaves,
                })
            }
            _ => ReceiptState::NotSeen,
        }
    }

    /// The slot by whose checkpoint the cells are in the tree.
    pub fn slot(&self) -> SlotNumber {
        self.slot
    }

    /// The cells, in the order posted.
    pub fn leaves(&self) -> &[LeafHash] {
        &self.leaves
    }

    /// The signed note, as received.
    pub fn note(&self) -> &Note {
        &self.note
    }
}

fn first_line(key: &LogKey) -> String {
    format!("{} receipt", key.origin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::leaf_hash;

    fn signer() -> LogSigner {
        LogSigner::from_seed(&[3; 32])
    }

    fn signed(text: &str) -> Result<Receipt, ReceiptError> {
        Receipt::verify(signer().sign(text).unwrap().as_bytes(), &signer().key())
    }

    #[test]
    fn what_is_signed_is_read_back() {
        let leaves = [leaf_hash(b"a"), leaf_hash(b"b")];
        let receipt = Receipt::sign(&signer(), SlotNumber(4), &leaves).unwrap();
        assert_eq!(Receipt::verify(receipt.note().as_bytes(), &signer().key()).as_ref(), Ok(&receipt));
        assert_eq!(receipt.check_leaves(&leaves), Ok(()));
        assert_eq!(receipt.check_leaves(&leaves[..1]), Err(ReceiptError::OtherCells));
        assert_eq!(receipt.check_leaves(&[leaves[1], leaves[0]]), Err(ReceiptError::OtherCells));
        assert_eq!(Receipt::sign(&signer(), SlotNumber(4), &[]), Err(ReceiptError::LeafCount));
        assert_eq!(Receipt::sign(&signer(), SlotNumber(4), &[leaves[0]; 5]), Err(ReceiptError::LeafCount));
    }

    #[test]
    fn every_line_is_checked() {
        let origin = signer().key().origin();
        let leaf = std::format!("{}\n", BASE64.encode(&[1; 32]));
        let cases = [
            (std::format!("{origin}\nslot 4\n{leaf}"), ReceiptError::WrongOrigin),
            (std::format!("{origin} policy\nslot 4\n{leaf}"), ReceiptError::WrongOrigin),
            (std::format!("{origin} receipt\nslot x\n{leaf}"), ReceiptError::Slot),
            (std::format!("{origin} receipt\n"), ReceiptError::Slot),
            (std::format!("{origin} receipt\nslot 4\n"), ReceiptError::LeafCount),
            (std::format!("{origin} receipt\nslot 4\n{}", leaf.repeat(5)), ReceiptError::LeafCount),
            (std::format!("{origin} receipt\nslot 4\n{leaf}\n"), ReceiptError::Leaf { line: 2 }),
            (std::format!("{origin} receipt\nslot 4\nAAAA\n"), ReceiptError::Leaf { line: 1 }),
        ];
        for (text, error) in cases {
            assert_eq!(signed(&text), Err(error), "{text}");
        }
    }
}
