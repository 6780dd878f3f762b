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
    /// The one already held, in the note that came now: since then others may have signed it too (W29).
    Known(Checkpoint),
    /// Of a later slot: to be accepted with tiles, or with the cells of a frame.
    Newer(Checkpoint),
}

/// How a checkpoint that somebody else accepted stands to what is held here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Of the same log.
    Same,
    /// Of a later slot than the newest one held: to be compared once this history is there.
    Ahead,
    /// Of a tree whose root cannot be computed from what is at hand.
    Unknown,
    /// The relay has signed two histories, one for each of us.
    Forked(Box<Evidence>),
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
    /// The tiles show that the cells that are already held are not the log's beginning. Two visits without so many cells between them
    /// would give a proof.
    #[error("the log does not begin with the {held} cells seen before")]
    NotContinued {
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
            return if same_tree { Ok(Standing::Known(offered)) } else { Err(forked(held, &offered)) }; // W23
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

    /// Holds a checkpoint that somebody else accepted against this history, with what was accepted for its slot and the
    /// proved hashes of the newest visit, as far as there are any. // W28
    ///
    /// # Errors
    /// It is no checkpoint of this relay.
    pub fn compare(
        &self,
        note: &[u8],
        accepted: Option<&Checkpoint>,
        span: Option<&Span>,
    ) -> Result<Compared, CheckpointError> {
        let theirs = Checkpoint::verify(note, &self.key)?;
        let Some(newest) = self.newest() else { return Ok(Compared::Ahead) };
        match self.examine(note) {
            Ok(Standing::Known(_)) => return Ok(Compared::Same),
            Ok(Standing::Newer(_)) => return Ok(Compared::Ahead),
            Err(HistoryError::Forked(evidence)) => return Ok(Compared::Forked(evidence)),
            // Of an earlier slot, as it should be.
            Err(_) => {}
        }
        let same_tree = |ours: &Checkpoint| (ours.size(), ours.root()) == (theirs.size(), theirs.root());
        if same_tree(newest) {
            return Ok(Compared::Same);
        }
        if let Some(ours) = accepted.filter(|ours| ours.slot() == theirs.slot()) {
            return Ok(if same_tree(ours) { Compared::Same } else { Compared::Forked(two_trees(ours, &theirs)) });
        }
        let span = span.filter(|span| (span.size(), span.root()) == (newest.size(), newest.root()));
        let Some(span) = span else { return Ok(Compared::Unknown) };
        Ok(match span.frontier_at(theirs.size()) {
            None => Compared::Unknown,
            Some(then) if then.root() == *theirs.root() => Compared::Same,
            // Of a size that is only tied to the span (W30), it would be no proof for others.
            Some(_) if theirs.size() < span.first() => Compared::Unknown,
            Some(_) => Compared::Forked(Box::new(Evidence::NotAPrefix {
                older: note.to_vec(),
                newer: newest.note().as_bytes().to_vec(),
                first: span.first(),
                tiles: span.tiles().cloned().collect(),
            })),
        })
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
    pub fn accept(&mut self, checkpoint: &Checkpoint, first: u64, tiles: &[HashTile]) -> Result<Span, HistoryError> {
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
        Ok(self.take(standing, span))
    }

    /// The same for a visit that starts after the cells already held, because the log has grown by more than one visit can prove: the
    /// tiles of [`tiles_to_tie(held, first)`](crate::log::tiles_to_tie) come after the others and show that everything seen before is the
    /// beginning all the same. With nothing held, or nothing that ends before `first`, it is [`accept`](Self::accept). // W30
    ///
    /// # Errors
    /// As [`accept`](Self::accept); but [`HistoryError::NotContinued`] where the older tree is not the beginning.
    pub fn accept_late(
        &mut self,
        checkpoint: &Checkpoint,
        first: u64,
        tiles: &[HashTile],
    ) -> Result<Span, HistoryError> {
        let Some(held) = self.newest.as_ref().filter(|held| first > held.checkpoint.size()) else {
            return self.accept(checkpoint, first, tiles);
        };
        let standing = self.examine(checkpoint.note().as_bytes())?;
        let size = held.checkpoint.size();
        let span = Span::verify_tied(size, first, checkpoint.size(), checkpoint.root(), tiles)?;
        let then = span.frontier_at(size).expect("it is tied to the span");
        if then.root() != *held.checkpoint.root() {
            return Err(HistoryError::NotContinued { held: size });
        }
        Ok(self.take(standing, span))
    }

    /// Takes a checkpoint that was proved by this span as the newest, if it is.
    fn take(&mut self, standing: Standing, span: Span) -> Span {
        if let Standing::Newer(checkpoint) = standing {
            let frontier = span.frontier_at(checkpoint.size()).expect("the span reaches to its size");
            self.newest = Some(Held { checkpoint, frontier });
        }
        span
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
    HistoryError::Forked(two_trees(one, other))
}

fn two_trees(one: &Checkpoint, other: &Checkpoint) -> Box<Evidence> {
    let (one, other) = (one.note().as_bytes().to_vec(), other.note().as_bytes().to_vec());
    Box::new(Evidence::TwoTrees { one, other })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Cell;
    use crate::log::evidence::EvidenceError;
    use crate::log::note::LogSigner;
    use crate::log::receipt::{Receipt, ReceiptState};
    use crate::log::span::tiles_to_tie;
    use crate::log::world::{World, cell, leaf};

    /// Visits and takes up what the world shows of its first `size` cells.
    fn visit(
        history: &mut RelayHistory,
        world: &World,
        slot: u64,
        first: u64,
        size: u64,
    ) -> Result<Span, HistoryError> {
        history.accept(&world.checkpoint(slot, size), first, &world.tiles(first, size))
    }

    fn examine(history: &RelayHistory, checkpoint: &Checkpoint) -> Result<Standing, HistoryError> {
        history.examine(checkpoint.note().as_bytes())
    }

    fn convicts(world: &World, refused: Result<impl core::fmt::Debug, HistoryError>) -> Evidence {
        let Err(HistoryError::Forked(evidence)) = refused else { panic!("no proof of forking: {refused:?}") };
        let key = world.signer.key();
        assert_eq!(evidence.verify(&key), Ok(()));
        let again = Evidence::decode(&evidence.encode()).expect("what is written is read");
        assert_eq!(again, *evidence);
        *evidence
    }

    /// What this history makes of a checkpoint of somebody else's, with all that a visit brings.
    fn compared(
        history: &RelayHistory,
        theirs: &Checkpoint,
        accepted: Option<&Checkpoint>,
        span: Option<&Span>,
    ) -> Compared {
        history.compare(theirs.note().as_bytes(), accepted, span).expect("signed by the relay")
    }

    #[test]
    fn whoever_was_shown_the_same_log_is_agreed_with() {
        let world = World::sized(1_000, 0);
        let mut history = RelayHistory::new(world.signer.key());
        assert_eq!(compared(&history, &world.checkpoint(3, 300), None, None), Compared::Ahead);
        visit(&mut history, &world, 2, 0, 200).expect("a visit");
        let span = visit(&mut history, &world, 9, 0, 900).expect("a later one");
        for (slot, size) in [(2, 200), (3, 256), (4, 300), (8, 899), (8, 900), (9, 900)] {
            assert_eq!(compared(&history, &world.checkpoint(slot, size), None, Some(&span)), Compared::Same, "{size}");
        }
        assert_eq!(compared(&history, &world.checkpoint(10, 950), None, Some(&span)), Compared::Ahead);
        // With nothing at hand about that size, nothing is said.
        let theirs = world.checkpoint(4, 300);
        assert_eq!(compared(&history, &theirs, None, None), Compared::Unknown);
        assert_eq!(compared(&history, &theirs, Some(&theirs), None), Compared::Same);
        let late = visit(&mut history, &world, 11, 512, 900).expect("a visit from later on");
        assert_eq!(compared(&history, &theirs, None, Some(&late)), Compared::Unknown);
        // A span of an older visit says nothing about this tree.
        visit(&mut history, &world, 12, 768, 1_000).expect("a visit");
        assert_eq!(compared(&history, &theirs, None, Some(&span)), Compared::Unknown);
    }

    #[test]
    fn whoever_was_shown_another_log_gives_the_proof() {
        let world = World::sized(1_000, 0);
        let other = World::sized(1_000, 5);
        let mut history = RelayHistory::new(world.signer.key());
        let span = visit(&mut history, &world, 9, 0, 900).expect("a visit");
        let accepted = world.checkpoint(4, 300);
        let cases = [
            ("the newest slot", other.checkpoint(9, 900), None, None),
            ("more in an earlier slot", other.checkpoint(4, 901), None, None),
            ("a slot that was accepted", other.checkpoint(4, 300), Some(&accepted), None),
            ("fewer in a slot that was accepted", world.checkpoint(4, 299), Some(&accepted), None),
            ("a slot in between", other.checkpoint(4, 300), None, Some(&span)),
        ];
        for (name, theirs, accepted, span) in cases {
            let Compared::Forked(evidence) = compared(&history, &theirs, accepted, span) else { panic!("{name}") };
            assert_eq!(evidence.verify(&world.signer.key()), Ok(()), "{name}");
            assert_eq!(evidence.accused(), Ok(world.signer.key()), "{name}");
        }
        // Somebody else's signature is no word of this relay's.
        let mut stranger = World::sized(300, 5);
        stranger.signer = LogSigner::from_seed(&[77; 32]);
        let theirs = stranger.checkpoint(4, 300);
        assert!(history.compare(theirs.note().as_bytes(), Some(&accepted), Some(&span)).is_err());
        assert!(history.compare(b"", None, None).is_err());
    }

    #[test]
    fn an_honest_log_is_followed_from_window_to_window_and_after_a_restart() {
        let world = World::sized(1_000, 0);
        let mut history = RelayHistory::new(world.signer.key());
        visit(&mut history, &world, 1, 0, 0).expect("empty");
        visit(&mut history, &world, 2, 0, 300).expect("grown");
        visit(&mut history, &world, 3, 256, 300).expect("the same in a later slot");
        let again = world.checkpoint(3, 300);
        assert_eq!(examine(&history, &again), Ok(Standing::Known(again)));
        let note = history.newest().expect("held").note().as_bytes().to_vec();
        let frontier = history.frontier().expect("held").clone();
        let mut history = RelayHistory::restore(world.signer.key(), &note, frontier).expect("belongs together");
        let span = visit(&mut history, &world, 9, 256, 1_000).expect("grown");
        assert_eq!((span.leaf(999), span.leaf(255)), (Some(leaf(999, 0)), None));
        assert_eq!(history.newest().map(Checkpoint::size), Some(1_000));
        let other = World::sized(300, 1).frontier(300);
        assert_eq!(RelayHistory::restore(world.signer.key(), &note, other), Err(HistoryError::Stored));
    }

    #[test]
    fn one_slot_with_two_trees_is_a_proof() {
        let (world, other) = (World::sized(300, 0), World::sized(300, 1));
        let mut history = RelayHistory::new(world.signer.key());
        visit(&mut history, &world, 5, 0, 300).expect("honest");
        let before = history.clone();
        convicts(&world, examine(&history, &other.checkpoint(5, 300)));
        convicts(&world, examine(&history, &world.checkpoint(5, 299)));
        convicts(&world, examine(&history, &other.checkpoint(6, 300))); // one size, two roots
        convicts(&world, visit(&mut history, &other, 5, 0, 300));
        assert_eq!(history, before);
    }

    #[test]
    fn lines_that_others_add_to_a_checkpoint_fork_nothing() {
        let cells: Vec<Cell> = (0..30).map(cell).collect();
        let world = World::of(&cells.iter().map(Cell::leaf_hash).collect::<Vec<_>>());
        let (plain, signed) = (world.checkpoint(5, 10), world.cosigned(5, 10));
        assert_ne!(plain.note(), signed.note());
        let key = world.signer.key();
        for (first, then) in [(&plain, &signed), (&signed, &plain)] {
            let mut history = RelayHistory::new(key);
            let span = history.accept(first, 0, &world.tiles(0, 10)).expect("honest");
            let before = history.clone();
            assert_eq!(examine(&history, then), Ok(Standing::Known(then.clone())), "with what was added");
            assert_eq!(history.accept(then, 0, &world.tiles(0, 10)), Ok(span.clone()));
            assert_eq!(compared(&history, then, Some(first), Some(&span)), Compared::Same);
            let frame = Frame { note: then.note().as_bytes().to_vec(), cells: cells[..10].to_vec() };
            assert_eq!(history.accept_frame(&frame), Ok(None));
            assert_eq!(history, before, "what is held stays");
            let both = [first, then].map(|checkpoint| checkpoint.note().as_bytes().to_vec());
            let [one, other] = both;
            assert_eq!(Evidence::TwoTrees { one, other }.verify(&key), Err(EvidenceError::Honest));
            // It goes on from either.
            assert!(matches!(examine(&history, &world.cosigned(6, 10)), Ok(Standing::Newer(_))));
            visit(&mut history, &world, 7, 0, 30).expect("grown");
            assert_eq!(compared(&history, then, Some(first), None), Compared::Same);
        }
        // Where the trees differ, what was added excuses nothing.
        let other = World::sized(10, 1);
        let mut history = RelayHistory::new(key);
        history.accept(&signed, 0, &world.tiles(0, 10)).expect("honest");
        convicts(&world, examine(&history, &other.cosigned(5, 10)));
    }

    #[test]
    fn a_smaller_tree_later_is_a_proof_and_an_older_one_is_stale() {
        let world = World::sized(300, 0);
        let mut history = RelayHistory::new(world.signer.key());
        visit(&mut history, &world, 5, 0, 280).expect("honest");
        convicts(&world, examine(&history, &world.checkpoint(6, 279)));
        convicts(&world, examine(&history, &world.checkpoint(4, 281)));
        let stale = HistoryError::Stale { found: SlotNumber(4), held: SlotNumber(5) };
        assert_eq!(examine(&history, &world.checkpoint(4, 270)), Err(stale.clone()));
        assert_eq!(examine(&history, &world.checkpoint(4, 280)), Err(stale));
    }

    #[test]
    fn a_rewritten_past_is_a_proof() {
        let world = World::sized(600, 0);
        let mut rewritten = world.leaves();
        rewritten[290] = leaf(290, 7);
        let rewritten = World::of(&rewritten);
        for first in [0, 256] {
            let mut history = RelayHistory::new(world.signer.key());
            visit(&mut history, &world, 5, 0, 300).expect("honest");
            let before = history.clone();
            let evidence = convicts(&world, visit(&mut history, &rewritten, 6, first, 600));
            assert!(matches!(evidence, Evidence::NotAPrefix { .. }));
            assert_eq!(history, before);
        }
    }

    #[test]
    fn what_does_not_tie_on_or_is_not_proved_is_refused() {
        let (world, other) = (World::sized(600, 0), World::sized(600, 1));
        let mut history = RelayHistory::new(world.signer.key());
        visit(&mut history, &world, 5, 0, 300).expect("honest");
        let before = history.clone();
        assert_eq!(
            visit(&mut history, &world, 6, 512, 600),
            Err(HistoryError::StartsTooLate { first: 512, held: 300 })
        );
        let foreign = history.accept(&world.checkpoint(6, 600), 256, &other.tiles(256, 600));
        assert_eq!(foreign, Err(HistoryError::Span(SpanError::RootMismatch)));
        let garbage = history.examine(b"<html>\n\n");
        assert!(matches!(garbage, Err(HistoryError::Checkpoint(CheckpointError::Note(_)))));
        assert_eq!(history, before);
    }

    #[test]
    fn a_visit_that_starts_late_is_tied_to_what_is_held() {
        let (world, other) = (World::sized(66_100, 0), World::sized(66_100, 1));
        let late = |history: &mut RelayHistory, world: &World, held, first, size| {
            let tie = tiles_to_tie(held, first).expect("within the limits").into_iter().map(|id| world.tile(id));
            let tiles: Vec<HashTile> = world.tiles(first, size).into_iter().chain(tie).collect();
            history.accept_late(&world.checkpoint(6, size), first, &tiles)
        };
        for (held, first) in [(300, 512), (300, 65_536), (65_000, 66_048), (0, 65_536), (300, 256)] {
            let mut history = RelayHistory::new(world.signer.key());
            visit(&mut history, &world, 5, 0, held).expect("honest");
            let before = history.clone();
            if held > 0 && first > held {
                let refused = late(&mut history, &other, held, first, 66_100);
                assert_eq!(refused, Err(HistoryError::NotContinued { held }), "{held}, {first}");
                let untied = history.accept_late(&world.checkpoint(6, 66_100), first, &world.tiles(first, 66_100));
                assert!(matches!(untied, Err(HistoryError::Span(SpanError::WrongTile { .. }))));
                assert_eq!(history, before);
            }
            let span = late(&mut history, &world, held, first, 66_100).expect("honest");
            assert_eq!((span.first(), history.newest().map(Checkpoint::size)), (first, Some(66_100)));
            assert_eq!(history.frontier(), Some(&world.frontier(66_100)));
            // The newest slot again, and one after it.
            late(&mut history, &world, 66_100, 66_048, 66_100).expect("known");
            visit(&mut history, &world, 7, 66_048, 66_100).expect("goes on");
        }
        // What others saw is compared with the span's own tiles, or not at all.
        let mut history = RelayHistory::new(world.signer.key());
        visit(&mut history, &world, 5, 0, 300).expect("honest");
        let span = late(&mut history, &world, 300, 65_536, 66_100).expect("honest");
        let theirs = compared(&history, &other.checkpoint(5, 66_000), None, Some(&span));
        let Compared::Forked(evidence) = theirs else { panic!("{theirs:?}") };
        assert_eq!(evidence.verify(&world.signer.key()), Ok(()));
        assert_eq!(compared(&history, &world.checkpoint(4, 200), None, Some(&span)), Compared::Unknown);
        assert_eq!(compared(&history, &world.checkpoint(4, 300), None, Some(&span)), Compared::Same);
        assert_eq!(compared(&history, &other.checkpoint(4, 300), None, Some(&span)), Compared::Unknown);
    }

    #[test]
    fn frames_lead_from_slot_to_slot() {
        let cells: Vec<Cell> = (0..30).map(cell).collect();
        let world = World::of(&cells.iter().map(Cell::leaf_hash).collect::<Vec<_>>());
        let frame = |slot, from: usize, to: usize| Frame {
            note: world.checkpoint(slot, to as u64).note().as_bytes().to_vec(),
            cells: cells[from..to].to_vec(),
        };
        let mut history = RelayHistory::new(world.signer.key());
        assert_eq!(history.accept_frame(&frame(2, 0, 3)), Err(HistoryError::NothingHeld));
        visit(&mut history, &world, 1, 0, 10).expect("honest");
        assert_eq!(history.accept_frame(&frame(2, 10, 20)), Ok(Some(10)));
        assert_eq!(history.accept_frame(&frame(2, 10, 20)), Ok(None));
        assert_eq!(history.accept_frame(&frame(3, 20, 20)), Ok(Some(20)));
        assert_eq!(history.accept_frame(&frame(5, 21, 30)), Err(HistoryError::FrameMismatch));
        let mut swapped = frame(5, 20, 30);
        swapped.cells.swap(0, 1);
        assert_eq!(history.accept_frame(&swapped), Err(HistoryError::FrameMismatch));
        // The right root under a wrong size.
        let lying = Checkpoint::sign(&world.signer, SlotNumber(5), 31, world.frontier(30).root());
        let lying = Frame { note: lying.note().as_bytes().to_vec(), ..frame(5, 20, 30) };
        assert_eq!(history.accept_frame(&lying), Err(HistoryError::FrameMismatch));
        assert_eq!(history.accept_frame(&frame(5, 20, 30)), Ok(Some(20)));
        assert_eq!(history.frontier(), Some(&world.frontier(30)));
    }

    #[test]
    fn receipts_are_kept_awaited_or_broken_with_a_proof() {
        let world = World::sized(600, 0);
        let receipt = |slot, leaves: &[_]| Receipt::sign(&world.signer, SlotNumber(slot), leaves).expect("1 to 4");
        let mut history = RelayHistory::new(world.signer.key());
        let checkpoint = world.checkpoint(5, 600);
        let late = history.accept(&checkpoint, 256, &world.tiles(256, 600)).expect("honest");
        let whole = history.accept(&checkpoint, 0, &world.tiles(0, 600)).expect("honest");
        assert_eq!(
            receipt(5, &[leaf(599, 0), leaf(256, 0)]).judge(&checkpoint, &late),
            ReceiptState::Kept(std::vec![599, 256])
        );
        assert_eq!(receipt(6, &[leaf(1, 9)]).judge(&checkpoint, &whole), ReceiptState::NotDue);
        assert_eq!(receipt(5, &[leaf(3, 0)]).judge(&checkpoint, &late), ReceiptState::NotSeen);
        assert_eq!(receipt(5, &[leaf(3, 0)]).judge(&checkpoint, &whole), ReceiptState::Kept(std::vec![3]));
        let broken = receipt(4, &[leaf(3, 0), leaf(1, 9)]);
        let ReceiptState::Broken(evidence) = broken.judge(&checkpoint, &whole) else { panic!("not proved") };
        assert_eq!(evidence.verify(&world.signer.key()), Ok(()));
        assert_eq!(Evidence::decode(&evidence.encode()), Ok(evidence));
        // A span of another checkpoint proves nothing.
        assert_eq!(broken.judge(&world.checkpoint(5, 599), &whole), ReceiptState::NotSeen);
    }
}
