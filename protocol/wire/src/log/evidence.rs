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
    /// The notes in it name no relay.
    #[error("this names no relay")]
    NamesNobody,
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

    /// The log key of the relay that it is about, as its first note names it. Anybody can write a file that names
    /// anybody: only [`Evidence::verify`] with this key convicts. // W27
    ///
    /// # Errors
    /// [`EvidenceError::NamesNobody`].
    pub fn accused(&self) -> Result<LogKey, EvidenceError> {
        let (Self::TwoTrees { one: note, .. }
        | Self::NotAPrefix { older: note, .. }
        | Self::BrokenReceipt { receipt: note, .. }) = self;
        let line = note.split(|byte| *byte == b'\n').next().unwrap_or_default();
        // The first line of a receipt has a word more.
        let origin = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        let origin = core::str::from_utf8(origin).map_err(|_| EvidenceError::NamesNobody)?;
        LogKey::of_origin(origin).ok_or(EvidenceError::NamesNobody)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::note::{LogSigner, NoteError};
    use crate::log::slot::SlotNumber;
    use crate::log::world::{World, leaf};
    use alloc::string::String;
    use proptest::prelude::*;

    fn note(checkpoint: &Checkpoint) -> Vec<u8> {
        checkpoint.note().as_bytes().to_vec()
    }

    #[test]
    fn an_honest_relay_is_never_convicted() {
        let world = World::sized(40, 0);
        let key = world.signer.key();
        for (slot, size) in [(1, 10), (2, 10), (2, 20), (3, 40)] {
            for (later, grown) in [(3, 40), (9, 40)] {
                let one = note(&world.checkpoint(slot, size));
                let other = note(&world.checkpoint(later, grown));
                let both = [(one.clone(), other.clone()), (other.clone(), one.clone())];
                for (one, other) in both {
                    assert_eq!(Evidence::TwoTrees { one, other }.verify(&key), Err(EvidenceError::Honest));
                }
                let tiles = world.tiles(0, grown);
                let claim = Evidence::NotAPrefix { older: one, newer: other, first: 0, tiles };
                assert_eq!(claim.verify(&key), Err(EvidenceError::Honest));
            }
        }
        let receipt = |slot, n| {
            let receipt = Receipt::sign(&world.signer, SlotNumber(slot), &[leaf(n, 0)]).expect("one");
            receipt.note().as_bytes().to_vec()
        };
        let claim = |receipt, size: u64, leaves: &[_]| Evidence::BrokenReceipt {
            receipt,
            checkpoint: note(&world.checkpoint(3, size)),
            leaves: leaves.to_vec(),
        };
        let leaves = world.leaves();
        assert_eq!(claim(receipt(3, 39), 40, &leaves).verify(&key), Err(EvidenceError::Honest));
        assert_eq!(claim(receipt(4, 39), 20, &leaves[..20]).verify(&key), Err(EvidenceError::Honest));
        assert_eq!(claim(receipt(3, 39), 40, &leaves[..20]).verify(&key), Err(EvidenceError::LeavesMismatch));
        assert_eq!(claim(receipt(3, 39), 20, &leaves[..20]).verify(&key), Ok(()));
    }

    #[test]
    fn nobody_is_convicted_by_anothers_signature() {
        let world = World::sized(40, 0);
        let frame_up = Evidence::TwoTrees { one: note(&world.checkpoint(1, 10)), other: note(&world.checkpoint(1, 9)) };
        assert_eq!(frame_up.verify(&world.signer.key()), Ok(()));
        let innocent = LogSigner::from_seed(&[6; 32]).key();
        let refused = Err(EvidenceError::Checkpoint(CheckpointError::WrongOrigin));
        assert_eq!(frame_up.verify(&innocent), refused);
        // It names the one who signed. One that names somebody else is not theirs.
        assert_eq!(frame_up.accused(), Ok(world.signer.key()));
        let renamed = |note: Vec<u8>| {
            let text = String::from_utf8(note).expect("a note is text");
            text.replace(&world.signer.key().origin(), &innocent.origin()).into_bytes()
        };
        let Evidence::TwoTrees { one, other } = frame_up.clone() else { panic!("made above") };
        let slander = Evidence::TwoTrees { one: renamed(one), other: renamed(other) };
        assert_eq!(slander.accused(), Ok(innocent));
        assert!(slander.verify(&innocent).is_err());
        let forged = Evidence::TwoTrees {
            one: note(&world.checkpoint(1, 10)),
            other: b"x\n\n\xe2\x80\x94 a AAAAAAA=\n".to_vec(),
        };
        assert_eq!(forged.verify(&world.signer.key()), refused);
    }

    #[test]
    fn a_file_of_another_form_is_refused() {
        let world = World::sized(3, 0);
        let good = Evidence::TwoTrees { one: note(&world.checkpoint(1, 2)), other: note(&world.checkpoint(1, 3)) };
        let file = good.encode();
        assert_eq!(Evidence::decode(&file), Ok(good));
        assert_eq!(Evidence::decode(&file[..file.len() - 1]), Err(EvidenceError::Cut));
        assert_eq!(Evidence::decode(&[&file[..], b"x"].concat()), Err(EvidenceError::Cut));
        assert_eq!(Evidence::decode(b"pursuance evidence 2\n\x01"), Err(EvidenceError::UnknownForm));
        assert_eq!(Evidence::decode(b"pursuance evidence 1\n\x09"), Err(EvidenceError::UnknownForm));
        assert_eq!(Evidence::decode(b"pursuance evidence 1\n"), Err(EvidenceError::Cut));
        let long = [HEADING, &[TWO_TREES], &u32::MAX.to_be_bytes()].concat();
        assert_eq!(Evidence::decode(&long), Err(EvidenceError::TooLong { found_bytes: u32::MAX as usize }));
        let unsigned = Evidence::TwoTrees { one: b"x".to_vec(), other: b"y".to_vec() };
        assert_eq!(unsigned.accused(), Err(EvidenceError::NamesNobody));
        let refused = Err(EvidenceError::Checkpoint(CheckpointError::Note(NoteError::NoSignatures)));
        assert_eq!(unsigned.verify(&world.signer.key()), refused);
    }

    proptest! {
        #[test]
        fn no_file_panics(kind in 0u8..5, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let file = [HEADING, &[kind], &bytes].concat();
            if let Ok(evidence) = Evidence::decode(&file) {
                prop_assert!(evidence.accused().is_err());
                prop_assert!(evidence.verify(&LogSigner::from_seed(&[5; 32]).key()).is_err());
            }
        }
    }
}
