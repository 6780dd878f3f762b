//! Checkpoints (C2SP tlog-checkpoint): the signed head of a relay's tree, one for each slot
//! (`docs/protocol/01-wire.md`, section 4).
//!
//! ```text
//! pursuance.relay/<log key>
//! <size, decimal>
//! <root, base64>
//! slot <slot, decimal>
//! ```

use alloc::format;

use data_encoding::BASE64;

use crate::limits::{MAX_EXTENSION_LINES, MAX_TREE_CELLS};
use crate::log::note::{LogKey, LogSigner, Note, NoteError, UnverifiedNote};
use crate::log::slot::SlotNumber;
use crate::log::tree::NodeHash;
use crate::text::{base64_hash, decimal};

/// A verified checkpoint, with the note it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    slot: SlotNumber,
    size: u64,
    root: NodeHash,
    note: Note,
}

/// Why bytes are not a checkpoint of the expected relay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a note of the relay's key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The first line names another log.
    #[error("the checkpoint is of another log")]
    WrongOrigin,
    /// The second line is no size.
    #[error("the checkpoint's size is malformed")]
    Size,
    /// A size beyond the limit.
    #[error("a log of {size} cells is too large")]
    TooLarge {
        /// Cells claimed.
        size: u64,
    },
    /// The third line is no hash.
    #[error("the checkpoint's root is malformed")]
    Root,
    /// The fourth line is no slot.
    #[error("the checkpoint's slot line is missing or malformed")]
    Slot,
    /// Too many or empty extension lines.
    #[error("the checkpoint's extension lines are malformed")]
    Extension,
}

impl Checkpoint {
    /// Signs the head of a tree for a slot.
    pub fn sign(signer: &LogSigner, slot: SlotNumber, size: u64, root: NodeHash) -> Self {
        let origin = signer.key().origin();
        let text = format!("{origin}\n{size}\n{}\nslot {slot}\n", BASE64.encode(&root.0));
        let note = signer.sign(&text).expect("the text is plain lines, far below the limit");
        Self { slot, size, root, note }
    }

    /// Reads and verifies a checkpoint of the relay whose log key is `key`. // W13
    ///
    /// Further extension lines after the slot are kept in the note and otherwise passed over.
    ///
    /// # Errors
    /// Not a note, another origin, not signed by the key, or malformed lines.
    pub fn verify(bytes: &[u8], key: &LogKey) -> Result<Self, CheckpointError> {
        let note = UnverifiedNote::parse(bytes)?;
        if note.text().lines().next() != Some(&*key.origin()) {
            return Err(CheckpointError::WrongOrigin);
        }
        let note = note.verify(key)?;
        let mut lines = note.text().lines().skip(1);
        let size = lines.next().and_then(decimal).ok_or(CheckpointError::Size)?;
        if size > MAX_TREE_CELLS {
            return Err(CheckpointError::TooLarge { size });
        }
        let root = lines.next().and_then(base64_hash).ok_or(CheckpointError::Root)?;
        let slot = lines.next().and_then(slot_line).ok_or(CheckpointError::Slot)?;
        let further = lines.clone().count();
        if further + 1 > MAX_EXTENSION_LINES || lines.any(str::is_empty) {
            return Err(CheckpointError::Extension);
        }
        Ok(Self { slot, size, root: NodeHash(root), note })
    }

    /// The slot that it closes.
    pub fn slot(&self) -> SlotNumber {
        self.slot
    }

    /// Cells that it covers.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree over these cells.
    pub fn root(&self) -> &NodeHash {
        &self.root
    }

    /// The signed note, as received.
    pub fn note(&self) -> &Note {
        &self.note
    }
}

/// Reads `slot N`.
pub(crate) fn slot_line(line: &str) -> Option<SlotNumber> {
    line.strip_prefix("slot ").and_then(decimal).map(SlotNumber)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::empty_root;
    use std::string::String;

    fn signer() -> LogSigner {
        LogSigner::from_seed(&[3; 32])
    }

    fn signed(text: &str) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::verify(signer().sign(text).unwrap().as_bytes(), &signer().key())
    }

    #[test]
    fn what_is_signed_is_read_back_here_and_by_tlog_tiles() {
        let ours = Checkpoint::sign(&signer(), SlotNumber(9), 5, empty_root());
        assert_eq!(Checkpoint::verify(ours.note().as_bytes(), &signer().key()).as_ref(), Ok(&ours));
        let theirs = tlog_tiles::Checkpoint::from_bytes(ours.note().text().as_bytes()).unwrap();
        assert_eq!(theirs.origin(), signer().key().origin());
        assert_eq!((theirs.size(), theirs.hash().0), (5, empty_root().0));
        assert_eq!(theirs.extension(), "slot 9\n");
    }

    #[test]
    fn every_line_is_checked() {
        let origin = signer().key().origin();
        let root = BASE64.encode(&[1; 32]);
        let lines = |size: &str, root: &str, rest: &str| std::format!("{origin}\n{size}\n{root}\n{rest}");
        assert!(signed(&lines("5", &root, "slot 9\n")).is_ok());
        assert!(signed(&lines("5", &root, "slot 9\nkey later\n")).is_ok());
        let seven = String::from("x\n").repeat(7);
        assert!(signed(&lines("5", &root, &std::format!("slot 9\n{seven}"))).is_ok());
        let cases = [
            (lines("05", &root, "slot 9\n"), CheckpointError::Size),
            (lines("-5", &root, "slot 9\n"), CheckpointError::Size),
            (lines("1099511627777", &root, "slot 9\n"), CheckpointError::TooLarge { size: 1_099_511_627_777 }),
            (lines("5", &root[..43], "slot 9\n"), CheckpointError::Root),
            (lines("5", &root, "slot 09\n"), CheckpointError::Slot),
            (lines("5", &root, "key later\nslot 9\n"), CheckpointError::Slot),
            (std::format!("{origin}\n5\n{root}\n"), CheckpointError::Slot),
            (lines("5", &root, &std::format!("slot 9\n{seven}x\n")), CheckpointError::Extension),
            (std::format!("{origin}x\n5\n{root}\nslot 9\n"), CheckpointError::WrongOrigin),
            (std::format!("{origin} receipt\n5\n{root}\nslot 9\n"), CheckpointError::WrongOrigin),
        ];
        for (text, error) in cases {
            assert_eq!(signed(&text), Err(error), "{text}");
        }
    }

    #[test]
    fn another_relays_signature_is_refused() {
        let other = LogSigner::from_seed(&[4; 32]);
        let theirs = Checkpoint::sign(&other, SlotNumber(9), 5, empty_root());
        let read = |bytes: &[u8]| Checkpoint::verify(bytes, &signer().key());
        assert_eq!(read(theirs.note().as_bytes()), Err(CheckpointError::WrongOrigin));
        let text = theirs.note().text().replace(&other.key().origin(), &signer().key().origin());
        let lent = other.sign(&text).unwrap();
        let origin = signer().key().origin();
        assert_eq!(read(lent.as_bytes()), Err(CheckpointError::Note(NoteError::UnknownKey { origin })));
    }
}
