//! A relay in memory: an honest log over cells, the ways in which a network fails it, and the lies it can tell
//! (docs/protocol/06-relay.md).

mod face;
mod lie;

use std::collections::BTreeMap;

use pursuance_wire::log::{Checkpoint, LogKey, LogSigner, Receipt, SlotNumber, TileId};
use pursuance_wire::{BlockRange, Cell, Frame, LeafHash, RelayAddress};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use face::Face;
pub use face::Log;
pub use lie::{Lie, PostFate};

/// Seconds of a slot in every simulated world.
pub const SLOT_SECONDS: u32 = 60;

/// The other face that is shown to one client for one visit.
struct Deceit {
    victim: usize,
    lie: Lie,
    log: Option<Log>,
    note: Option<Checkpoint>,
    garbage: Option<Vec<u8>>,
    flip: usize,
    served: bool,
}

/// One relay of the simulated world.
pub struct Relay {
    signer: LogSigner,
    address: RelayAddress,
    key: LogKey,
    face: Face,
    /// What those are shown who were led onto a branch.
    branches: BTreeMap<usize, Face>,
    down_until: u64,
    deceit: Option<Deceit>,
    /// Whether it is to be relied on: never silent for good, nobody led astray for longer than a visit, nothing lost.
    pub steady: bool,
    /// Whether it went back to an older copy of its log.
    pub set_back: bool,
}

/// A cell of random bytes.
pub fn dummy(rng: &mut StdRng) -> Cell {
    let mut bytes = [0; pursuance_wire::cell::CELL_BYTES];
    rng.fill(&mut bytes[..]);
    Cell::from_bytes(bytes)
}

impl Relay {
    /// A relay that already holds some cells of strangers.
    pub fn new(rng: &mut StdRng, strangers: usize, steady: bool, now: u64) -> Self {
        let (onion, log): ([u8; 32], [u8; 32]) = (rng.random(), rng.random());
        let signer = LogSigner::from_seed(&log);
        let onion = *LogSigner::from_seed(&onion).key().as_bytes();
        let address = RelayAddress::new(onion, *signer.key().as_bytes()).expect("two keys");
        let mut relay = Self {
            key: signer.key(),
            signer,
            address,
            face: Face { taken: (0..strangers).map(|_| dummy(rng)).collect(), ..Face::default() },
            branches: BTreeMap::new(),
            down_until: 0,
            deceit: None,
            steady,
            set_back: false,
        };
        relay.publish(now);
        relay
    }

    /// Its identity, and the key in it.
    #[must_use]
    pub const fn address(&self) -> (RelayAddress, LogKey) {
        (self.address, self.key)
    }

    /// The published log of everybody.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.face.log
    }

    /// Whether this cell is published to a client or will be with the running slot.
    #[must_use]
    pub fn holds(&self, client: usize, leaf: &LeafHash) -> bool {
        self.face(client).holds(leaf)
    }

    /// Whether it answers.
    #[must_use]
    pub const fn is_up(&self, now: u64) -> bool {
        now >= self.down_until
    }

    /// Whether it never answers again.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.down_until == u64::MAX
    }

    /// Never answers again.
    pub const fn go(&mut self) {
        self.down_until = u64::MAX;
    }

    /// Whether a client is shown a branch of its own.
    #[must_use]
    pub fn leads_astray(&self, client: usize) -> bool {
        self.branches.contains_key(&client)
    }

    /// Loses its memory and starts again later; what was taken is on its disk.
    pub fn restart(&mut self, up_again: u64) {
        self.face.log = Log::of(&self.face.log.cells);
        self.down_until = self.down_until.max(up_again);
    }

    /// Its operator puts back an old copy of its log; it goes on from there. `false` when there is none.
    pub fn set_back(&mut self, rng: &mut StdRng) -> bool {
        let older: Vec<SlotNumber> = self.face.checkpoints.keys().copied().collect();
        let Some((_, older)) = older.split_last().filter(|(_, older)| !older.is_empty()) else { return false };
        let slot = older[rng.random_range(0..older.len())];
        let size = self.face.checkpoints[&slot].size();
        self.face.log = self.face.log.cut(size as usize);
        self.face.checkpoints.split_off(&slot.next());
        self.face.taken.clear();
        self.set_back = true;
        true
    }

    /// Answers again, if it ever does.
    pub fn mend(&mut self) {
        if !self.is_gone() {
            self.down_until = 0;
        }
        self.deceit = None;
    }

    /// Shows the tree of everybody to whoever was led onto a branch.
    pub fn show_the_truth(&mut self) {
        self.branches.clear();
    }

    /// The cells of a slot are brought into the tree in any order that the relay likes.
    pub fn shuffle(&mut self, rng: &mut StdRng) {
        self.face.taken.shuffle(rng);
    }

    /// Takes a cell that nobody posted: a stranger's, or one that it holds already.
    pub fn slip_in(&mut self, cell: Cell) {
        self.face.taken.push(cell);
    }

    /// A cell that it holds.
    pub fn any_cell(&self, rng: &mut StdRng) -> Option<Cell> {
        let cells = &self.face.log.cells;
        (!cells.is_empty()).then(|| cells[rng.random_range(0..cells.len())].clone())
    }

    /// Publishes the checkpoint of the last slot that has ended.
    pub fn publish(&mut self, now: u64) {
        if !self.is_up(now) {
            return;
        }
        let last = SlotNumber(SlotNumber::at(now, SLOT_SECONDS).0 - 1);
        self.face.publish(&self.signer, last);
        self.branches.values_mut().for_each(|branch| branch.publish(&self.signer, last));
    }

    /// `GET /checkpoint`; `behind` lets an answer be that of an older slot which is not older than `seen`.
    pub fn checkpoint(&mut self, client: usize, seen: Option<SlotNumber>, behind: usize) -> Option<Vec<u8>> {
        if let Some(deceit) = self.deceit.as_mut().filter(|deceit| deceit.victim == client) {
            let note = deceit.note.as_ref().map(|checkpoint| checkpoint.note().as_bytes().to_vec());
            if let Some(note) = note.or(deceit.garbage.clone()) {
                deceit.served = true;
                return Some(note);
            }
        }
        self.face(client).checkpoint(seen, behind)
    }

    /// `GET /tile/..`.
    pub fn tile(&mut self, client: usize, id: TileId) -> Option<Vec<u8>> {
        let Some(deceit) = self.deceit.as_mut().filter(|deceit| deceit.victim == client) else {
            return self.face(client).log.tile(id);
        };
        let mut bytes = deceit.log.as_ref().unwrap_or(&self.face.log).tile(id)?;
        if deceit.lie == Lie::GarbageTile && !deceit.served {
            deceit.served = true;
            let bit = deceit.flip % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        Some(bytes)
    }

    /// `GET /blocks/..`: the cells as they are published now, so that the last block may have grown.
    pub fn blocks(&mut self, client: usize, range: BlockRange, shown: u64) -> Vec<u8> {
        let deceit = self.deceit.as_ref().filter(|deceit| deceit.victim == client);
        let log = deceit.and_then(|deceit| deceit.log.as_ref()).unwrap_or(&self.face(client).log);
        let cells = range.cells(log.size());
        let cells = &log.cells[cells.start as usize..cells.end as usize];
        let mut bytes = Vec::with_capacity(cells.len() * pursuance_wire::cell::CELL_BYTES);
        cells.iter().for_each(|cell| bytes.extend_from_slice(cell.as_bytes()));
        let deceit = self.deceit.as_mut().filter(|deceit| deceit.victim == client);
        if let Some(deceit) = deceit.filter(|deceit| deceit.lie == Lie::GarbageCells) {
            // Only what the client's checkpoint covers is looked at.
            let wanted = range.cells(shown);
            let bits = (wanted.end - wanted.start) as usize * pursuance_wire::cell::CELL_BYTES * 8;
            deceit.served |= bits > 0;
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
    pub fn frames_after(&self, client: usize, seen: &Checkpoint) -> Vec<Frame> {
        self.face(client).frames_after(seen)
    }

    /// `POST /post`.
    pub fn post(&mut self, client: usize, cells: &[Cell], fate: PostFate, now: u64) -> Option<Vec<u8>> {
        let slot = SlotNumber::at(now, SLOT_SECONDS);
        let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
        let receipt = |signer: &LogSigner, leaves: &[LeafHash]| {
            Receipt::sign(signer, slot, leaves).expect("1 to 4 cells").note().as_bytes().to_vec()
        };
        if matches!(fate, PostFate::Taken | PostFate::AnswerLost) {
            // L10
            let new: Vec<Cell> = cells.iter().filter(|cell| !self.holds(client, &cell.leaf_hash())).cloned().collect();
            self.branches.get_mut(&client).unwrap_or(&mut self.face).taken.extend(new);
        }
        match fate {
            PostFate::Lost | PostFate::AnswerLost => None,
            PostFate::Taken => Some(receipt(&self.signer, &leaves)),
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
        let Some((newest, current)) = self.face.checkpoints.last_key_value() else { return false };
        let (newest, current) = (*newest, current.note().as_bytes().to_vec());
        let later = seen.filter(|seen| newest > seen.slot() && seen.size() <= self.face.log.size());
        let mut deceit = Deceit {
            victim,
            lie,
            log: None,
            note: None,
            garbage: None,
            flip: rng.random_range(0..1 << 20),
            served: false,
        };
        let show = |deceit: &mut Deceit, log: Log, slot| {
            deceit.note = Some(log.sign(&self.signer, slot));
            deceit.log = Some(log);
        };
        match (lie, later) {
            (Lie::GarbageTile | Lie::GarbageCells, _) => {}
            (Lie::GarbageNote, _) => deceit.garbage = Some(spoilt(current, rng)),
            (Lie::ForeignNote, _) => deceit.note = Some(self.face.log.sign(&LogSigner::from_seed(&[9; 32]), newest)),
            (Lie::RolledBack, _) => {
                let Some(seen) = seen else { return false };
                let older: Vec<&Checkpoint> = self.face.checkpoints.range(..seen.slot()).map(|(_, old)| old).collect();
                let Some(older) = (!older.is_empty()).then(|| older[rng.random_range(0..older.len())]) else {
                    return false;
                };
                deceit.note = Some(older.clone());
            }
            (Lie::TwoTrees, _) => {
                let Some(seen) = seen.filter(|seen| seen.size() <= self.face.log.size()) else { return false };
                let mut log = self.face.log.cut(seen.size() as usize);
                log.push(dummy(rng));
                show(&mut deceit, log, seen.slot());
            }
            (Lie::Shrunk, Some(seen)) if seen.size() > 0 => {
                show(&mut deceit, self.face.log.cut(rng.random_range(0..seen.size() as usize)), newest);
            }
            (Lie::RewrittenPast, Some(seen)) if seen.size() > 0 => {
                let mut cells = self.face.log.cells.clone();
                cells[rng.random_range(0..seen.size() as usize)] = dummy(rng);
                show(&mut deceit, Log::of(&cells), newest);
            }
            (Lie::HiddenBranch, Some(seen)) => {
                let mut log = self.face.log.cut(seen.size() as usize);
                for cell in &self.face.log.cells[seen.size() as usize..] {
                    if rng.random() {
                        log.push(cell.clone());
                    }
                }
                log.push(dummy(rng));
                show(&mut deceit, log, newest);
            }
            (Lie::PrivateTip, Some(_)) => {
                let mut log = self.face.log.clone();
                self.face.taken.iter().for_each(|cell| log.push(cell.clone()));
                show(&mut deceit, log, newest.next());
            }
            _ => return false,
        }
        self.deceit = Some(deceit);
        true
    }

    /// Ends a visit in which it meant to lie; whether it did. A branch goes on from there.
    pub fn confess(&mut self) -> bool {
        let Some(deceit) = self.deceit.take().filter(|deceit| deceit.served) else { return false };
        if let (Lie::HiddenBranch, Some(log), Some(note)) = (deceit.lie, deceit.log, deceit.note) {
            let checkpoints = BTreeMap::from([(note.slot(), note)]);
            self.branches.insert(deceit.victim, Face { log, taken: Vec::new(), checkpoints });
        }
        true
    }

    fn face(&self, client: usize) -> &Face {
        self.branches.get(&client).unwrap_or(&self.face)
    }
}

fn spoilt(mut note: Vec<u8>, rng: &mut StdRng) -> Vec<u8> {
    match rng.random_range(0..3) {
        0 => note.truncate(rng.random_range(0..note.len())),
        1 => note = dummy(rng).as_bytes().to_vec(),
        _ => {
            let bit = rng.random_range(0..note.len() * 8);
            note[bit / 8] ^= 1 << (bit % 8);
        }
    }
    note
}
