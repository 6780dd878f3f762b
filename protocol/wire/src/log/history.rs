//! What a client holds of one relay and demands of each visit (`docs/protocol/01-wire.md`, section 5).
//!
//! A visit is: fetch `/checkpoint`; [`RelayHistory::examine`]; if newer, choose a window start, fetch
//! the tiles of [`tiles_for_span`](crate::log::tiles_for_span); [`RelayHistory::accept`]; then fetch the
//! blocks whose leaves are unknown and hold them against the [`Span`] with `check_cells`; judge open
//! receipts with [`Receipt::judge`](crate::log::Receipt::judge). A stream is:
//! [`RelayHistory::accept_frame`] for each frame.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::frame::Frame;
use crate::log::checkpoint::{Checkpoint, CheckpointError};
use crate::log::evidence::Evidence;
use crate::log::note::LogKey;
use crate::log::slot::SlotNumber;
use crate::log::span::{Span, SpanError};
use crate::log::tile::HashTile;
use crate::log::tree::Frontier;

/// The newest checkpoint of one relay, and what is needed to check the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayHistory {
    key: LogKey,
    newest: Option<Held>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    checkpoint: Checkpoint,
    frontier: Frontier,
}

/// How an offered checkpoint stands to the newest one held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The one already held.
    Known,
    /// Of a later slot: to be accepted with tiles, or with the cells of a frame.
    Newer(Checkpoint),
}

/// Why a checkpoint, with what came along, is not accepted. What was held stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// Not a checkpoint of this relay.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An older checkpoint than the newest one held: the relay withholds or was set back.
    #[error("the relay answers with slot {found}, but slot {held} was seen")]
    Stale {
        /// Slot offered.
        found: SlotNumber,
        /// Slot held.
        held: SlotNumber,
    },
    /// The relay has signed two histories; this proves it to anyone.
    #[error("the relay has signed two histories")]
    Forked(Box<Evidence>),
    /// The tiles do not prove the checkpoint.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// The visit starts after the cells that are already held, so nothing ties both together.
    #[error("a visit from cell {first} cannot be tied to the {held} cells seen before")]
    StartsTooLate {
        /// First cell of the visit.
        first: u64,
        /// Cells of the newest checkpoint held.
        held: u64,
    },
    /// The cells of a frame do not lead from the newest checkpoint held to the frame's.
    #[error("the frame's cells do not lead to its checkpoint")]
    FrameMismatch,
    /// A frame while no checkpoint is held that it could follow.
    #[error("a frame came before any checkpoint was accepted")]
    NothingHeld,
    /// What was stored does not belong together.
    #[error("the stored checkpoint and frontier do not belong together")]
    Stored,
}

impl RelayHistory {
    /// The history of a relay never visited.
    pub fn new(key: LogKey) -> Self {
        Self { key, newest: None }
    }

    /// Takes up what was stored: the newest checkpoint's note and its frontier.
    ///
    /// # Errors
    /// The note is no checkpoint of this relay, or the frontier is of another tree.
    pub fn restore(key: LogKey, note: &[u8], frontier: Frontier) -> Result<Self, HistoryError> {
        let checkpoint = Checkpoint::verify(note, &key)?;
        if frontier.size() != checkpoint.size() || frontier.root() != *checkpoint.root() {
            return Err(HistoryError::Stored);
        }
        Ok(Self { key, newest: Some(Held { checkpoint, frontier }) })
    }

    /// The relay's log key.
    pub fn key(&self) -> &LogKey {
        &self.key
    }

    /// The newest checkpoint accepted.
    pub fn newest(&self) -> Option<&Checkpoint> {
        self.newest.as_ref().map(|held| &held.checkpoint)
    }

    /// The frontier of the newest checkpoint, to be stored beside its note.
    pub fn frontier(&self) -> Option<&Frontier> {
        self.newest.as_ref().map(|held| &held.frontier)
    }

    /// Checks what a checkpoint's note alone can show. Changes nothing. // W22
    ///
    /// # Errors
    /// Not this relay's checkpoint; an older one; or a proof of forking: another tree in the same slot,
    /// or a tree that is smaller in a later slot.
    pub fn examine(&self, note: &[u8]) -> Result<Standing, HistoryError> {
        let offered = Checkpoint::verify(note, &self.key)?;
        let Some(held) = self.newest() else { return Ok(Standing::Newer(offered)) };
        let same_tree = (offered.size(), offered.root()) == (held.size(), held.root());
        if offered.slot() == held.slot() {
            return if same_tree { Ok(Standing::Known) } else { Err(forked(held, &offered)) }; // W23
        }
        let (older, newer) = if offered.slot() < held.slot() { (&offered, held) } else { (held, &offered) };
        let grew = older.size() < newer.size();
        if !grew && !same_tree {
            return Err(forked(older, newer)); // W24: smaller later, or another tree of the same size
        }
        if offered.slot() < held.slot() {
            return Err(HistoryError::Stale { found: offered.slot(), held: held.slot() });
        }
        Ok(Standing::Newer(offered))
    }

    /// **The one call of a visit**: checks a newer checkpoint and the hashes of the cells `first..size`
    /// by hash tiles, demands that everything seen before is their beginning, and takes it as the newest.
    ///
    /// `first` is a multiple of 256 at or below the size of the newest checkpoint held (0 or any window
    /// start on a first visit); `tiles` are those of
    /// [`tiles_for_span(first, checkpoint.size())`](crate::log::tiles_for_span) in that order. Data read:
    /// 32 bytes for each cell from `first` on and at most two tiles for each level. Returns the proved
    /// hashes, against which bodies and receipts are held. // W25
    ///
    /// # Errors
    /// As [`examine`](Self::examine); or the tiles do not prove the checkpoint; or they prove that the
    /// older tree is not its beginning: [`HistoryError::Forked`]. Nothing changes then.
    pub fn accept(
        &mut self,
        checkpoint: &Checkpoint,
        first: u64,
        tiles: &[HashTile],
    ) -> Result<Span, HistoryError> {
        let standing = self.examine(checkpoint.note().as_bytes())?;
        if let Some(held) = self.newest()
            && first > held.size()
        {
            return Err(HistoryError::StartsTooLate { first, held: held.size() });
        }
        let span = Span::verify(first, checkpoint.size(), checkpoint.root(), tiles)?;
        if let Some(held) = self.newest() {
            let then = span.frontier_at(held.size()).expect("first <= held <= size was checked");
            if then.root() != *held.root() {
                return Err(HistoryError::Forked(Box::new(Evidence::NotAPrefix {
                    older: held.note().as_bytes().to_vec(),
                    newer: checkpoint.note().as_bytes().to_vec(),
                    first,
                    tiles: span.tiles().cloned().collect::<Vec<_>>(),
                })));
            }
        }
        if let Standing::Newer(checkpoint) = standing {
            let frontier = span.frontier_at(checkpoint.size()).expect("the span reaches to its size");
            self.newest = Some(Held { checkpoint, frontier });
        }
        Ok(span)
    }

    /// Checks a stream's frame: its cells must lead from the newest tree held to its checkpoint. Takes
    /// it as the newest and returns the index of the frame's first cell, or `None` if its checkpoint is
    /// the one already held. // W26
    ///
    /// A frame that fails with [`HistoryError::FrameMismatch`] may only mean that a slot was missed:
    /// make an ordinary visit.
    ///
    /// # Errors
    /// As [`examine`](Self::examine); or nothing is held; or the cells lead to another root.
    pub fn accept_frame(&mut self, frame: &Frame) -> Result<Option<u64>, HistoryError> {
        let standing = self.examine(&frame.note)?;
        let held = self.newest.as_ref().ok_or(HistoryError::NothingHeld)?;
        let Standing::Newer(checkpoint) = standing else { return Ok(None) };
        let start = held.frontier.size();
        if start + frame.cells.len() as u64 != checkpoint.size() {
            return Err(HistoryError::FrameMismatch);
        }
        let mut frontier = held.frontier.clone();
        for cell in &frame.cells {
            frontier.append(cell.leaf_hash());
        }
        if frontier.root() != *checkpoint.root() {
            return Err(HistoryError::FrameMismatch);
        }
        self.newest = Some(Held { checkpoint, frontier });
        Ok(Some(start))
    }
}

fn forked(one: &Checkpoint, other: &Checkpoint) -> HistoryError {
    HistoryError::Forked(Box::new(Evidence::TwoTrees {
        one: one.note().as_bytes().to_vec(),
        other: other.note().as_bytes().to_vec(),
    }))
}
