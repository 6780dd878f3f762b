//! A relay in memory: an honest log over cells, the ways in which a network fails it, and the lies it can tell
//! (docs/protocol/06-relay.md).

use std::collections::BTreeMap;

use pursuance_wire::limits::TILE_HASHES;
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{Checkpoint, Frontier, LogSigner, NodeHash, Receipt, SlotNumber, TileId};
use pursuance_wire::{BlockRange, Cell, Frame, LeafHash, RelayAddress};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// Seconds of a slot in every simulated world.
pub const SLOT_SECONDS: u32 = 60;

/// A lie that a relay tells one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// A later tree in which a cell that the client has seen is another.
    RewrittenPast,
    /// Another tree for a slot whose tree the client has seen.
    TwoTrees,
    /// A smaller tree in a later slot.
    Shrunk,
    /// A genuine checkpoint that is older than the newest one seen.
    RolledBack,
    /// A tree of its own for the client, which becomes visible when the tree of everybody is shown again.
    HiddenBranch,
    /// Bytes that are no note of this relay.
    GarbageNote,
    /// A checkpoint signed by another key.
    ForeignNote,
    /// A bit changed in a hash tile.
    GarbageTile,
    /// A bit changed in a cell, or cells left out.
    GarbageCells,
    /// A receipt for cells that never come into the tree.
    EmptyReceipt,
    /// A receipt for other cells.
    OtherReceipt,
    /// A receipt by another key.
    ForgedReceipt,
}

impl Lie {
    /// Every lie.
    pub const ALL: [Self; 12] = [
        Self::RewrittenPast,
        Self::TwoTrees,
        Self::Shrunk,
        Self::RolledBack,
        Self::HiddenBranch,
        Self::GarbageNote,
        Self::ForeignNote,
        Self::GarbageTile,
        Self::GarbageCells,
        Self::EmptyReceipt,
        Self::OtherReceipt,
        Self::ForgedReceipt,
    ];

    /// Whether it is told in the answer to a post.
    #[must_use]
    pub const fn is_about_a_post(self) -> bool {
        matches!(self, Self::EmptyReceipt | Self::OtherReceipt | Self::ForgedReceipt)
    }
}

/// What becomes of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostFate {
    /// Taken and receipted.
    Taken,
    /// Taken, but the answer does not arrive.
    AnswerLost,
    /// Neither taken nor answered.
    Lost,
    /// Answered with a lie.
    Lie(Lie),
}

/// A log's cells with their tree.
#[derive(Clone, Default)]
pub struct Log {
    cells: Vec<Cell>,
    leaves: Vec<LeafHash>,
    frontier: Frontier,
}

impl Log {
    fn of(cells: &[Cell]) -> Self {
        let mut log = Self::default();
        cells.iter().for_each(|cell| log.push(cell.clone()));
        log
    }

    fn push(&mut self, cell: Cell) {
        let leaf = cell.leaf_hash();
        self.frontier.append(leaf);
        self.leaves.push(leaf);
        self.cells.push(cell);
    }

    /// The beginning of this log.
    fn cut(&self, size: usize) -> Self {
        Self::of(&self.cells[..size])
    }

    /// Cells in it.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.cells.len() as u64
    }

    /// Leaf hashes in order.
    #[must_use]
    pub fn leaves(&self) -> &[LeafHash] {
        &self.leaves
    }

    fn tile(&self, id: TileId) -> Option<Vec<u8>> {
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

/// The other face that is shown to one client for one visit.
struct Deceit {
    victim: usize,
    lie: Lie,
    log: Option<Log>,
    note: Option<Vec<u8>>,
    flip: usize,
    served: bool,
}

/// One relay of the simulated world.
pub struct Relay {
    signer: LogSigner,
    address: RelayAddress,
    log: Log,
    /// Taken durably, not in a published tree yet.
    taken: Vec<Cell>,
    checkpoints: BTreeMap<SlotNumber, Checkpoint>,
    down_until: u64,
    deceit: Option<Deceit>,
}

/// A cell of random bytes.
pub fn dummy(rng: &mut StdRng) -> Cell {
    let mut bytes = [0; pursuance_wire::cell::CELL_BYTES];
    rng.fill(&mut bytes[..]);
    Cell::from_bytes(bytes)
}

impl Relay {
    /// A relay that already holds some cells of strangers.
    pub fn new(rng: &mut StdRng, strangers: usize, now: u64) -> Self {
        let (onion, log): ([u8; 32], [u8; 32]) = (rng.random(), rng.random());
        let signer = LogSigner::from_seed(&log);
        let onion = *LogSigner::from_seed(&onion).key().as_bytes();
        let address = RelayAddress::new(onion, *signer.key().as_bytes()).expect("two keys");
        let mut relay = Self {
            signer,
            address,
            log: Log::default(),
            taken: (0..strangers).map(|_| dummy(rng)).collect(),
            checkpoints: BTreeMap::new(),
            down_until: 0,
            deceit: None,
        };
        relay.publish(now);
        relay
    }

    /// Its identity.
    #[must_use]
    pub const fn address(&self) -> RelayAddress {
        self.address
    }

    /// The published log.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Whether this cell is published or will be with the running slot.
    #[must_use]
    pub fn holds(&self, leaf: &LeafHash) -> bool {
        self.log.leaves.contains(leaf) || self.taken.iter().any(|cell| cell.leaf_hash() == *leaf)
    }

    /// Whether it answers.
    #[must_use]
    pub const fn is_up(&self, now: u64) -> bool {
        now >= self.down_until
    }

    /// Loses its memory and starts again later; what was taken is on its disk.
    pub fn restart(&mut self, up_again: u64) {
        self.log = Log::of(&self.log.cells);
        self.down_until = up_again;
    }

    /// Answers again.
    pub fn mend(&mut self) {
        self.down_until = 0;
        self.deceit = None;
    }

    /// The cells of a slot are brought into the tree in any order that the relay likes.
    pub fn shuffle(&mut self, rng: &mut StdRng) {
        self.taken.shuffle(rng);
    }

    /// Takes a cell that nobody posted: a stranger's, or one that it holds already.
    pub fn slip_in(&mut self, cell: Cell) {
        self.taken.push(cell);
    }

    /// A cell that it holds.
    pub fn any_cell(&self, rng: &mut StdRng) -> Option<Cell> {
        (!self.log.cells.is_empty()).then(|| self.log.cells[rng.random_range(0..self.log.cells.len())].clone())
    }

    /// Publishes the checkpoint of the last slot that has ended, and of the one before if it is missing.
    pub fn publish(&mut self, now: u64) {
        let running = SlotNumber::at(now, SLOT_SECONDS);
        let last = SlotNumber(running.0 - 1);
        if self.newest_slot().is_some_and(|newest| newest >= last) || !self.is_up(now) {
            return;
        }
        for cell in std::mem::take(&mut self.taken) {
            self.log.push(cell);
        }
        let (size, root) = (self.log.size(), self.log.frontier.root());
        self.checkpoints.insert(last, Checkpoint::sign(&self.signer, last, size, root));
    }

    /// The slot of the newest checkpoint.
    #[must_use]
    pub fn newest_slot(&self) -> Option<SlotNumber> {
        self.checkpoints.last_key_value().map(|(slot, _)| *slot)
    }

    /// `GET /checkpoint`; `behind` lets an answer be that of an older slot which is not older than `seen`.
    pub fn checkpoint(&mut self, client: usize, seen: Option<SlotNumber>, behind: usize) -> Option<Vec<u8>> {
        if let Some(deceit) = self.deceit.as_mut().filter(|deceit| deceit.victim == client)
            && let Some(note) = &deceit.note
        {
            deceit.served = true;
            return Some(note.clone());
        }
        let from = seen.unwrap_or(SlotNumber(0));
        let mut newest_first = self.checkpoints.range(from..).rev();
        let mut found = newest_first.next();
        for _ in 0..behind {
            found = newest_first.next().or(found);
        }
        found.map(|(_, checkpoint)| checkpoint.note().as_bytes().to_vec())
    }

    /// `GET /tile/..`.
    pub fn tile(&mut self, client: usize, id: TileId) -> Option<Vec<u8>> {
        let Some(deceit) = self.deceit.as_mut().filter(|deceit| deceit.victim == client) else {
            return self.log.tile(id);
        };
        let mut bytes = deceit.log.as_ref().unwrap_or(&self.log).tile(id)?;
        if deceit.lie == Lie::GarbageTile && !deceit.served {
            deceit.served = true;
            let bit = deceit.flip % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        Some(bytes)
    }

    /// `GET /blocks/..`: the cells as they are published now, so that the last block may have grown.
    pub fn blocks(&mut self, client: usize, range: BlockRange, shown: u64) -> Vec<u8> {
        let deceit = self.deceit.as_mut().filter(|deceit| deceit.victim == client);
        let log = deceit.as_ref().and_then(|deceit| deceit.log.as_ref()).unwrap_or(&self.log);
        let cells = range.cells(log.size());
        let cells = &log.cells[cells.start as usize..cells.end as usize];
        let mut bytes: Vec<u8> = cells.iter().flat_map(|cell| *cell.as_bytes()).collect();
        if let Some(deceit) = deceit
            && deceit.lie == Lie::GarbageCells
        {
            // Only what the client's checkpoint covers is looked at.
            let wanted = range.cells(shown);
            let bits = (wanted.end - wanted.start) as usize * pursuance_wire::cell::CELL_BYTES * 8;
            deceit.served = bits > 0;
            if deceit.flip.is_multiple_of(4) {
                bytes.truncate(bits / 8 / 2);
            } else if bits > 0 {
                let bit = deceit.flip % bits;
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
        bytes
    }

    /// `GET /stream`: the frames of all slots after one.
    pub fn frames_after(&self, seen: &Checkpoint) -> Vec<Frame> {
        let mut at = seen.size() as usize;
        let later = self.checkpoints.range(seen.slot().next()..);
        later
            .map(|(_, checkpoint)| {
                let cells = self.log.cells[at..checkpoint.size() as usize].to_vec();
                at = checkpoint.size() as usize;
                Frame { note: checkpoint.note().as_bytes().to_vec(), cells }
            })
            .collect()
    }

    /// `POST /post`.
    pub fn post(&mut self, cells: &[Cell], fate: PostFate, now: u64) -> Option<Vec<u8>> {
        let slot = SlotNumber::at(now, SLOT_SECONDS);
        let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
        let receipt = |signer: &LogSigner, leaves: &[LeafHash]| {
            Receipt::sign(signer, slot, leaves).expect("1 to 4 cells").note().as_bytes().to_vec()
        };
        match fate {
            PostFate::Lost => None,
            PostFate::AnswerLost => {
                self.taken.extend_from_slice(cells);
                None
            }
            PostFate::Taken => {
                self.taken.extend_from_slice(cells);
                Some(receipt(&self.signer, &leaves))
            }
            PostFate::Lie(Lie::ForgedReceipt) => Some(receipt(&LogSigner::from_seed(&[9; 32]), &leaves)),
            PostFate::Lie(Lie::OtherReceipt) => {
                let others: Vec<LeafHash> = leaves.iter().map(|leaf| LeafHash(leaf.0.map(|byte| !byte))).collect();
                Some(receipt(&self.signer, &others))
            }
            PostFate::Lie(_) => Some(receipt(&self.signer, &leaves)),
        }
    }

    /// Makes ready to lie to a client that holds `seen`; `false` when there is nothing to lie about yet.
    pub fn deceive(&mut self, victim: usize, lie: Lie, seen: Option<&Checkpoint>, rng: &mut StdRng) -> bool {
        let Some((newest, current)) = self.checkpoints.last_key_value() else { return false };
        let (newest, current) = (*newest, current.note().as_bytes().to_vec());
        let mut deceit =
            Deceit { victim, lie, log: None, note: None, flip: rng.random_range(0..1 << 20), served: false };
        let sign = |signer: &LogSigner, slot, log: &Log| {
            let checkpoint = Checkpoint::sign(signer, slot, log.size(), log.frontier.root());
            Some(checkpoint.note().as_bytes().to_vec())
        };
        match (lie, seen) {
            (Lie::GarbageTile | Lie::GarbageCells, _) => {}
            (Lie::GarbageNote, _) => {
                let mut note = current;
                match rng.random_range(0..3) {
                    0 => note.truncate(rng.random_range(0..note.len())),
                    1 => note = dummy(rng).as_bytes().to_vec(),
                    _ => {
                        let bit = rng.random_range(0..note.len() * 8);
                        note[bit / 8] ^= 1 << (bit % 8);
                    }
                }
                deceit.note = Some(note);
            }
            (Lie::ForeignNote, _) => deceit.note = sign(&LogSigner::from_seed(&[9; 32]), newest, &self.log),
            (Lie::RolledBack, Some(seen)) => {
                let older: Vec<&Checkpoint> = self.checkpoints.range(..seen.slot()).map(|(_, older)| older).collect();
                let Some(older) = (!older.is_empty()).then(|| older[rng.random_range(0..older.len())]) else {
                    return false;
                };
                deceit.note = Some(older.note().as_bytes().to_vec());
            }
            (Lie::Shrunk, Some(seen)) if seen.size() > 0 && newest > seen.slot() => {
                let log = self.log.cut(rng.random_range(0..seen.size() as usize));
                deceit.note = sign(&self.signer, newest, &log);
                deceit.log = Some(log);
            }
            (Lie::TwoTrees, Some(seen)) => {
                let mut log = self.log.cut(seen.size() as usize);
                log.push(dummy(rng));
                deceit.note = sign(&self.signer, seen.slot(), &log);
                deceit.log = Some(log);
            }
            (Lie::RewrittenPast, Some(seen)) if seen.size() > 0 && newest > seen.slot() => {
                let mut cells = self.log.cells.clone();
                cells[rng.random_range(0..seen.size() as usize)] = dummy(rng);
                let log = Log::of(&cells);
                deceit.note = sign(&self.signer, newest, &log);
                deceit.log = Some(log);
            }
            (Lie::HiddenBranch, Some(seen)) if newest > seen.slot() => {
                let mut log = self.log.cut(seen.size() as usize);
                for _ in 0..rng.random_range(1..6) {
                    log.push(dummy(rng));
                }
                deceit.note = sign(&self.signer, newest, &log);
                deceit.log = Some(log);
            }
            _ => return false,
        }
        self.deceit = Some(deceit);
        true
    }

    /// Ends the lie; whether it was told.
    pub fn confess(&mut self) -> bool {
        self.deceit.take().is_some_and(|deceit| deceit.served)
    }
}
