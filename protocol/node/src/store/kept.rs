//! What is read from the store and put into it.

use pursuance_core::id::{AuthorId, EntryId, PursuanceId};
use pursuance_wire::{Cell, LeafHash, RelayAddress};
use zeroize::Zeroizing;

use crate::api::Fault;
use crate::store::Number;

/// How I stand in a pursuance, as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptStanding {
    /// An invite is open.
    Invited = 0,
    /// Joined, not welcomed yet.
    Waiting = 1,
    /// In.
    Member = 2,
}

/// A pursuance or open invite as kept.
pub struct KeptPursuance {
    /// Its row.
    pub number: Number,
    /// Which.
    pub id: PursuanceId,
    /// How I stand in it.
    pub standing: KeptStanding,
    /// Seed of this device's keys in it; or, where that is spent, the private key that signs.
    pub device_seed: Zeroizing<[u8; 32]>,
    /// Whether the seed's package was erased.
    pub seed_spent: bool,
    /// The link I came by, if I did not found it.
    pub link: Option<Zeroizing<String>>,
    /// When I founded it, opened its invite, or joined.
    pub since_seconds: u64,
}

/// A stored entry.
pub struct KeptEntryBytes {
    /// Its bytes, verified before they were stored.
    pub bytes: Vec<u8>,
    /// Whether this device wrote it.
    pub own: bool,
}

/// An entry to be stored.
pub struct NewEntry<'a> {
    /// Its id.
    pub id: EntryId,
    /// Its author.
    pub author: AuthorId,
    /// Its place in the author's log.
    pub seq: u32,
    /// Whether this device wrote it.
    pub own: bool,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A part of a long entry.
pub struct KeptFragment {
    /// The cell key that opened it.
    pub cell_key: [u8; 32],
    /// The entry.
    pub entry: EntryId,
    /// How many parts there are.
    pub parts: u16,
    /// Which this is.
    pub part: u16,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A relay as kept.
pub struct KeptRelay {
    /// Its row.
    pub number: Number,
    /// Its address.
    pub address: RelayAddress,
    /// Newest accepted checkpoint; empty before the first.
    pub checkpoint: Vec<u8>,
    /// Frontier of its tree, 32 bytes a peak.
    pub peaks: Vec<u8>,
    /// Slot length by its policy; `None` before it was read.
    pub slot_seconds: Option<u32>,
    /// The last visit.
    pub reached_seconds: Option<u64>,
    /// How it broke its word.
    pub fault: Option<Fault>,
    /// Whether there is a proof of it.
    pub has_evidence: bool,
}

/// How far a relay was read for a pursuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptReading {
    /// The pursuance's row.
    pub pursuance: Number,
    /// The relay's row.
    pub relay: Number,
    /// The pursuance has no cell before this index.
    pub first: u64,
    /// Everything before this index was read.
    pub next: u64,
    /// Whether the pursuance uses the relay now.
    pub wanted: bool,
}

/// Under which key an own entry travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The everyone-epoch's: for members.
    Epoch = 0,
    /// An invite's: previews, joins, welcomes.
    Invite = 1,
}

/// Whether a relay signed for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// None did.
    NotYet,
    /// One did.
    Yes,
}

/// A cell to be posted.
pub struct WaitingCell {
    /// Its row.
    pub number: Number,
    /// Whose it is.
    pub pursuance: Number,
    /// The cell.
    pub cell: Cell,
}

/// A promise that a relay has to keep.
pub struct OpenReceipt {
    /// The cell's row.
    pub cell: Number,
    /// The cell's leaf hash.
    pub leaf: LeafHash,
    /// The signed receipt.
    pub note: Vec<u8>,
    /// The slot by which the cell is in the log.
    pub due_slot: u64,
}

/// Posts of a relay, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PostCounts {
    /// Cells it signed for, seen in its log or not.
    pub handed: u32,
    /// Cells waiting for it.
    pub waiting: u32,
}
