//! What a relay shows to somebody: cells with their tree, and a checkpoint for each slot (docs/protocol/06-relay.md, "Order").

use std::collections::BTreeMap;

use pursuance_wire::limits::TILE_HASHES;
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{Checkpoint, Frontier, LogSigner, NodeHash, SlotNumber, TileId};
use pursuance_wire::{Cell, Frame, LeafHash};

/// A log's cells with their tree.
#[derive(Clone, Default)]
pub struct Log {
    pub(super) cells: Vec<Cell>,
    leaves: Vec<LeafHash>,
    frontier: Frontier,
}

impl Log {
    pub(super) fn of(cells: &[Cell]) -> Self {
        let mut log = Self::default();
        cells.iter().for_each(|cell| log.push(cell.clone()));
        log
    }

    pub(super) fn push(&mut self, cell: Cell) {
        let leaf = cell.leaf_hash();
        self.frontier.append(leaf);
        self.leaves.push(leaf);
        self.cells.push(cell);
    }

    /// The beginning of this log.
    pub(super) fn cut(&self, size: usize) -> Self {
        Self::of(&self.cells[..size])
    }

    pub(super) fn sign(&self, signer: &LogSigner, slot: SlotNumber) -> Checkpoint {
        Checkpoint::sign(signer, slot, self.size(), self.frontier.root())
    }

    /// Cells in it.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.cells.len() as u64
    }

    /// Its cells in order.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Leaf hashes in order.
    #[must_use]
    pub fn leaves(&self) -> &[LeafHash] {
        &self.leaves
    }

    /// Whether the tree of a checkpoint is the beginning of this one.
    #[must_use]
    pub fn begins_with(&self, checkpoint: &Checkpoint) -> bool {
        let mut frontier = Frontier::default();
        let Some(leaves) = self.leaves.get(..checkpoint.size() as usize) else { return false };
        leaves.iter().for_each(|leaf| frontier.append(*leaf));
        frontier.root() == *checkpoint.root()
    }

    pub(super) fn tile(&self, id: TileId) -> Option<Vec<u8>> {
        let below = usize::try_from(TILE_HASHES.pow(id.level().into())).expect("a small log");
        let start = usize::try_from(id.index() * TILE_HASHES).expect("a small log");
        let mut bytes = Vec::new();
        for node in start..start + usize::from(id.width()) {
            let leaves = self.leaves.get(node * below..(node + 1) * below)?;
            let hashes: Vec<NodeHash> = leaves.iter().map(|leaf| NodeHash::from(*leaf)).collect();
            bytes.extend_from_slice(&complete_root(&hashes)?.0);
        }
        Some(bytes)
    }
}

/// A published log, its checkpoints, and what the running slot has taken.
#[derive(Clone, Default)]
pub(super) struct Face {
    pub(super) log: Log,
    /// Taken durably, not in a published tree yet.
    pub(super) taken: Vec<Cell>,
    pub(super) checkpoints: BTreeMap<SlotNumber, Checkpoint>,
}

impl Face {
    /// The slot of the newest checkpoint.
    pub(super) fn newest_slot(&self) -> Option<SlotNumber> {
        self.checkpoints.last_key_value().map(|(slot, _)| *slot)
    }

    /// Publishes the checkpoint of a slot, if neither it nor a later one has one.
    pub(super) fn publish(&mut self, signer: &LogSigner, slot: SlotNumber) {
        if self.newest_slot().is_some_and(|newest| newest >= slot) {
            return;
        }
        for cell in std::mem::take(&mut self.taken) {
            self.log.push(cell);
        }
        self.checkpoints.insert(slot, self.log.sign(signer, slot));
    }

    pub(super) fn checkpoint(&self, seen: Option<SlotNumber>, behind: usize) -> Option<Vec<u8>> {
        let mut newest_first = self.checkpoints.range(seen.unwrap_or(SlotNumber(0))..).rev();
        let mut found = newest_first.next();
        for _ in 0..behind {
            found = newest_first.next().or(found);
        }
        // Whoever has seen a slot that is not here any more is shown what there is.
        found.or(self.checkpoints.last_key_value()).map(|(_, checkpoint)| checkpoint.note().as_bytes().to_vec())
    }

    pub(super) fn frames_after(&self, seen: &Checkpoint) -> Vec<Frame> {
        let mut at = seen.size() as usize;
        let later = self.checkpoints.range(seen.slot().next()..);
        later
            .map(|(_, checkpoint)| {
                let end = checkpoint.size() as usize;
                let cells = self.log.cells.get(at..end).unwrap_or_default().to_vec();
                at = end;
                Frame { note: checkpoint.note().as_bytes().to_vec(), cells }
            })
            .collect()
    }

    pub(super) fn holds(&self, leaf: &LeafHash) -> bool {
        self.log.leaves.contains(leaf) || self.taken.iter().any(|cell| cell.leaf_hash() == *leaf)
    }
}
