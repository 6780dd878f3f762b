//! How a simulated client visits a relay: the real checks of its answers, and what is saved on the way
//! (docs/protocol/08-node.md, "Visits, streams, posts").

use pursuance_wire::limits::{BLOCK_CELLS, MAX_FETCH_BLOCKS};
use pursuance_wire::log::{
    Checkpoint, Evidence, HashTile, HistoryError, Receipt, ReceiptState, RelayHistory, Span, Standing, tiles_for_span,
    window_start,
};
use pursuance_wire::{BlockRange, Cell, LeafHash};
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Boundary, Node, Stop};
use crate::world::Defence;
use crate::world::disk::{Draft, Post, Reading};
use crate::world::relay::Relay;

/// Slots after its own that a promise is waited for before a visit looks for it.
const OVERDUE_SLOTS: u64 = 2;

/// Where a relay stops answering in the course of a visit, and how many slots behind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hearing {
    /// Answers until it falls silent; `None`: it does not.
    pub answers: Option<u32>,
    /// Checkpoints behind the newest, but never behind what the client has seen.
    pub behind: usize,
}

impl Hearing {
    /// Everything is answered.
    pub const GOOD: Self = Self { answers: None, behind: 0 };

    fn answer(&mut self) -> Result<(), Stop> {
        match &mut self.answers {
            Some(0) => Err(Stop::NoAnswer),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// What a visit brought, as far as it came.
#[derive(Debug, Default)]
pub struct Visited {
    /// Cells that a key of the pursuance opened.
    pub opened: Vec<LeafHash>,
    /// Receipts found broken, with the proof.
    pub broken: Vec<(Receipt, Evidence)>,
    /// Long entries put together from parts.
    pub assembled: usize,
    /// Everything up to the newest checkpoint was read.
    pub to_the_end: bool,
}

impl Node {
    /// One visit: a checkpoint, its tiles, the bodies not read yet, and receipts, all held against each other.
    ///
    /// # Errors
    /// [`Stop`]; what was checked and saved before stays.
    pub fn visit(
        &mut self,
        at: usize,
        relay: &mut Relay,
        hearing: Hearing,
        rng: &mut StdRng,
        visited: &mut Visited,
    ) -> Result<(), Stop> {
        let done = self.visit_in_order(at, relay, hearing, rng, visited);
        self.keep_proof(at, done)
    }

    /// Takes the frames of all slots since the newest checkpoint held, as a stream brings them.
    ///
    /// # Errors
    /// [`Stop`]; what was checked and saved before stays.
    pub fn listen(&mut self, at: usize, relay: &Relay, visited: &mut Visited) -> Result<(), Stop> {
        let done = self.listen_in_order(at, relay, visited);
        self.keep_proof(at, done)
    }

    fn visit_in_order(
        &mut self,
        at: usize,
        relay: &mut Relay,
        mut hearing: Hearing,
        rng: &mut StdRng,
        visited: &mut Visited,
    ) -> Result<(), Stop> {
        let mut history = self.history(at);
        let seen = history.newest().map(Checkpoint::slot);
        hearing.answer()?;
        let note = relay.checkpoint(self.number, seen, hearing.behind).ok_or(Stop::NoAnswer)?;
        let standing = history.examine(&note)?;
        self.memory.behind.remove(&at);
        let reading = self.disk.readings.get(&at).copied().unwrap_or_default();
        let from = if self.memory.prove.contains(&at) { 0 } else { reading.next };
        let held_size = history.newest().map(Checkpoint::size);
        let checkpoint = match (standing, history.newest()) {
            (Standing::Newer(checkpoint), _) => checkpoint,
            (Standing::Known(_), Some(held)) if from < held.size() => held.clone(),
            (Standing::Known(_), _) => {
                visited.to_the_end = true;
                return Err(Stop::Nothing);
            }
        };
        let mut first = window_start(from.min(held_size.unwrap_or(from)).min(checkpoint.size()));
        if rng.random_range(0..4) == 0 {
            first = window_start(first.saturating_sub(1));
        }
        let mut tiles = Vec::new();
        for id in tiles_for_span(first, checkpoint.size())? {
            hearing.answer()?;
            tiles.push(HashTile::decode(id, &relay.tile(self.number, id).ok_or(Stop::NoAnswer)?)?);
        }
        let span = history.accept(&checkpoint, first, &tiles)?;
        self.keep_checkpoint(at, history)?;
        let start = reading.next.max(span.first());
        for range in BlockRange::covering(start..span.size()) {
            hearing.answer()?;
            let bytes = relay.blocks(self.number, range, span.size());
            let limit = (MAX_FETCH_BLOCKS * BLOCK_CELLS) as usize;
            let mut block = match Cell::split(&bytes, limit) {
                Err(_) if self.lacks(Defence::Bodies) => Vec::new(),
                block => block?,
            };
            let wanted = range.cells(span.size());
            if !self.lacks(Defence::Bodies) {
                span.check_cells(wanted.clone(), &block)?;
            }
            block.truncate((wanted.end - wanted.start) as usize);
            // A block begins before the first cell that was not read: reading that again would hide what was lost.
            let skip = start.saturating_sub(wanted.start) as usize;
            let unread = block.get(skip..).unwrap_or_default();
            // In one piece or in several: a crash between them loses nothing.
            let piece = rng.random_range(1..=unread.len().max(1));
            let mut next = wanted.start.max(start);
            for cells in unread.chunks(piece) {
                next += cells.len() as u64;
                self.read(at, cells, next, visited)?;
            }
        }
        let mut draft = Draft::default();
        // Told to read again in the meantime, it stays told.
        if !self.memory.behind.contains(&at) {
            draft.readings.push((at, Reading { first: reading.first, next: reading.next.max(span.size()) }));
        }
        self.judge_receipts(at, &checkpoint, &span, draft, visited)?;
        visited.to_the_end = hearing.behind == 0;
        Ok(())
    }

    fn listen_in_order(&mut self, at: usize, relay: &Relay, visited: &mut Visited) -> Result<(), Stop> {
        let mut history = self.history(at);
        let held = history.newest().ok_or(Stop::Nothing)?.clone();
        for frame in relay.frames_after(self.number, &held) {
            let Some(start) = history.accept_frame(&frame)? else { continue };
            self.keep_checkpoint(at, history.clone())?;
            // A hole before it is for the next visit.
            if self.disk.readings.get(&at).is_some_and(|reading| reading.next == start) {
                self.read(at, &frame.cells, start + frame.cells.len() as u64, visited)?;
            }
        }
        Ok(())
    }

    fn keep_checkpoint(&mut self, at: usize, history: RelayHistory) -> Result<(), Stop> {
        let note = history.newest().expect("just accepted").note().as_bytes().to_vec();
        let frontier = history.frontier().expect("as newest").clone();
        self.save(Boundary::Checkpoint, Draft { checkpoint: Some((at, note, frontier)), ..Draft::default() })?;
        self.memory.histories.insert(at, history);
        Ok(())
    }

    /// A fork leaves a proof, which is kept.
    fn keep_proof(&mut self, at: usize, done: Result<(), Stop>) -> Result<(), Stop> {
        if let Err(Stop::History(HistoryError::Forked(evidence))) = &done
            && !self.lacks(Defence::KeepsProofs)
        {
            let proofs = vec![(at, evidence.encode())];
            self.save(Boundary::Proof, Draft { proofs, ..Draft::default() })?;
        }
        done
    }

    fn history(&self, at: usize) -> RelayHistory {
        let known = self.memory.histories.get(&at).filter(|_| !self.lacks(Defence::Consistency));
        known.cloned().unwrap_or_else(|| RelayHistory::new(self.directory[at].1))
    }

    fn judge_receipts(
        &mut self,
        at: usize,
        checkpoint: &Checkpoint,
        span: &Span,
        mut draft: Draft,
        visited: &mut Visited,
    ) -> Result<(), Stop> {
        let mut overdue = false;
        for (number, line) in self.disk.lines(at) {
            let Post::Handed(note) = &line.post else { continue };
            if note.is_empty() || self.lacks(Defence::Receipts) || self.lacks(Defence::Inclusion) {
                continue;
            }
            let receipt = Receipt::verify(note, &self.directory[at].1)?;
            if span.find(&self.disk.cells[line.cell].leaf_hash()).is_some() {
                draft.posts.push((number, Post::Seen));
                continue;
            }
            match receipt.judge(checkpoint, span) {
                ReceiptState::Kept(_) => draft.posts.push((number, Post::Seen)),
                ReceiptState::NotDue => {}
                ReceiptState::NotSeen => overdue |= receipt.slot().0 + OVERDUE_SLOTS <= checkpoint.slot().0,
                ReceiptState::Broken(evidence) => {
                    draft.posts.push((number, Post::Waiting));
                    if !self.lacks(Defence::KeepsProofs) {
                        draft.proofs.push((at, evidence.encode()));
                    }
                    visited.broken.push((receipt, evidence));
                }
            }
        }
        if overdue && !self.lacks(Defence::LooksBack) {
            self.memory.prove.insert(at);
        } else {
            self.memory.prove.remove(&at);
        }
        self.save(Boundary::Promises, draft)
    }
}
