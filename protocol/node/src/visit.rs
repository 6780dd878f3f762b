//! What is asked of a relay, and what of its answers is believed: visits, streams, posts (docs/protocol/08-node.md, section 4).

use std::ops::Range;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::{BLOCK_CELLS, MAX_FETCH_BLOCKS, MAX_NOTE_BYTES, MAX_POST_CELLS, TILE_HASHES};
use pursuance_wire::log::{
    CellsError, Checkpoint, CheckpointError, Evidence, HashTile, HistoryError, NoteError, Policy, PolicyError, Receipt,
    ReceiptError, RelayHistory, SlotNumber, Span, SpanError, Standing, TileError, first_provable, tiles_for_span,
    tiles_to_tie, window_start,
};
use pursuance_wire::{BlockRange, Cell, CellLengthError, Frame, FrameDecoder, FrameError, LeafHash, RelayAddress};

use crate::api::Fault;
use crate::http::{Following, Http, HttpError, Patience};
use crate::transport::{ConnectError, Purpose, Transport};

/// How many slots ahead of the newest known one a receipt may promise.
pub const MAX_RECEIPT_AHEAD_SLOTS: u64 = 10;

/// How far a relay's slot may lie beyond this computer's clock before its receipts are held implausible, while nothing else says how late
/// it is at the relay.
pub const MAX_RECEIPT_AHEAD_SECONDS: u64 = 2 * 86_400;

/// The same where a checkpoint was accepted in this run: what a clock may be off, or a computer may have slept unnoticed.
pub const MAX_RECEIPT_DRIFT_SECONDS: u64 = 600;

/// How long a window lasts at most: at 0, 6, 12 and 18 hours (UTC) another one begins, for everybody.
pub const WINDOW_SECONDS: u64 = 21_600;

/// Why a visit, a stream or a post came to nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VisitError {
    /// The relay was not reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The relay did not answer in its form.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The policy is none.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The checkpoint, or what came along, is not accepted.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A tile is none.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The span cannot be asked for.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// The bodies are not whole cells.
    #[error(transparent)]
    Length(#[from] CellLengthError),
    /// The bodies are not the log's.
    #[error(transparent)]
    Cells(#[from] CellsError),
    /// Bodies that came lately are said to have expired, or what the relay has just signed for is said not to be there.
    #[error("what is signed of cells from {from} on is there and is not handed out")]
    Withheld {
        /// Place of the first of them.
        from: u64,
    },
    /// The stream is no sequence of frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The receipt is none, or for other cells.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The receipt promises a slot that is too far away to be meant.
    #[error("the receipt promises slot {found}, too far after {newest}")]
    ReceiptSlot {
        /// Slot promised.
        found: SlotNumber,
        /// Newest slot known.
        newest: SlotNumber,
    },
    /// The stream ended.
    #[error("the relay ended the stream")]
    StreamEnded,
}

impl VisitError {
    /// In what way the relay broke its word, if it did.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::History(HistoryError::Forked(_)) => Some(Fault::Forked),
            Self::History(HistoryError::Stale { .. }) => Some(Fault::RolledBack),
            Self::History(HistoryError::Checkpoint(error)) => Some(match error {
                CheckpointError::WrongOrigin
                | CheckpointError::Note(NoteError::UnknownKey { .. } | NoteError::BadSignature) => Fault::WrongOrigin,
                _ => Fault::Garbage,
            }),
            Self::Policy(
                PolicyError::WrongOrigin | PolicyError::Note(NoteError::UnknownKey { .. } | NoteError::BadSignature),
            )
            | Self::Receipt(
                ReceiptError::WrongOrigin | ReceiptError::Note(NoteError::UnknownKey { .. } | NoteError::BadSignature),
            ) => Some(Fault::WrongOrigin),
            Self::History(_)
            | Self::Policy(_)
            | Self::Tile(_)
            | Self::Length(_)
            | Self::Cells(_)
            | Self::Frame(_)
            | Self::Receipt(_)
            | Self::ReceiptSlot { .. }
            | Self::Http(HttpError::Garbage | HttpError::TooLong { .. } | HttpError::Refused { .. }) => {
                Some(Fault::Garbage)
            }
            Self::Withheld { .. } => Some(Fault::Withholds),
            // A span that this client cannot ask for, and everything that merely failed.
            Self::Span(_) | Self::Connect(_) | Self::Http(_) | Self::StreamEnded => None,
        }
    }

    /// The proof, where there is one.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::History(HistoryError::Forked(evidence)) => Some(evidence),
            _ => None,
        }
    }
}

/// A reading connection to one relay.
pub struct Visit<'a> {
    transport: &'a Transport,
    relay: RelayAddress,
    patience: Patience,
    http: Http,
    /// Answers on this connection so far.
    answers: u64,
}

/// What one look at a relay's newest checkpoint gave.
pub struct Look {
    /// The checkpoint accepted, in the note that came.
    pub checkpoint: Checkpoint,
    /// Its proved hashes from the start of the visit on; `None` when nothing is to be read.
    pub span: Option<Span>,
    /// The first cell whose body is to be read.
    pub begin: u64,
    /// The slot before the window and its checkpoint, if it was asked for and is there; not held against anything yet.
    pub past: Option<(SlotNumber, Bytes)>,
}

impl<'a> Visit<'a> {
    /// Connects for reading.
    ///
    /// # Errors
    /// [`VisitError::Connect`], [`VisitError::Http`].
    pub async fn begin(transport: &'a Transport, relay: &RelayAddress, patience: Patience) -> Result<Self, VisitError> {
        let http = connect(transport, relay, Purpose::Read, patience).await?;
        Ok(Self { transport, relay: *relay, patience, http, answers: 0 })
    }

    /// Asks for the policy.
    ///
    /// # Errors
    /// [`VisitError`].
    pub async fn policy(&mut self) -> Result<Policy, VisitError> {
        let note = self.fetch("/policy", MAX_NOTE_BYTES).await?;
        Ok(Policy::verify(&note, &self.relay.log_key())?)
    }

    /// Asks for the newest checkpoint, demands that it continues what `history` holds, and proves the hashes of the cells
    /// from the start of a window on (N8): that of `from`, or so many windows `earlier`. `from` beyond the log's end, or beyond what
    /// was seen before, is cut to it; with nothing new and nothing to be read from `from` on, nothing more is fetched. Of more than one
    /// visit can prove, the newest part is read, and the rest is a hole as if it had expired.
    ///
    /// # Errors
    /// [`VisitError`]; `history` is as before then.
    pub async fn look(
        &mut self,
        history: &mut RelayHistory,
        from: u64,
        earlier: u64,
        slot_seconds: u32,
    ) -> Result<Look, VisitError> {
        let note = self.fetch("/checkpoint", MAX_NOTE_BYTES).await?;
        let checkpoint = match history.examine(&note)? {
            Standing::Newer(checkpoint) => checkpoint,
            Standing::Known(checkpoint) if from >= checkpoint.size() => {
                return Ok(Look { checkpoint, span: None, begin: from, past: None });
            }
            Standing::Known(checkpoint) => checkpoint,
        };
        let held_size = history.newest().map_or(checkpoint.size(), Checkpoint::size);
        let from = from.min(held_size).min(checkpoint.size());
        let mut by_time = 0;
        let mut past = None;
        // Of what was read up to the newest checkpoint it is known when it came.
        if let Some(held) = history.newest().filter(|held| from == held.size()) {
            let before = slot_before_window(held.slot(), earlier, slot_seconds);
            past = self.checkpoint_of(before).await?.map(|note| (before, note));
            let signed = past.as_ref().and_then(|(_, note)| Checkpoint::verify(note, &self.relay.log_key()).ok());
            by_time = signed.filter(|signed| signed.slot() == before).map_or(0, |signed| signed.size());
        }
        let begin = first_of_visit(from, earlier, by_time).max(first_provable(checkpoint.size()));
        let first = window_start(begin);
        let mut ids = tiles_for_span(first, checkpoint.size())?;
        // What is held may end before it, and is the log's beginning all the same.
        ids.append(&mut tiles_to_tie(held_size, first)?);
        let mut tiles = Vec::new();
        for id in ids {
            // Hashes are never dropped, and the partial ones of this size not before its checkpoint.
            let from = id.index() << (8 * (u32::from(id.level()) + 1));
            let bytes = signed_for(self.fetch(&id.path(), usize::from(id.width()) * 32).await, from)?;
            tiles.push(HashTile::decode(id, &bytes)?);
        }
        let span = history.accept_late(&checkpoint, first, &tiles)?;
        Ok(Look { checkpoint, span: Some(span), begin, past })
    }

    /// Asks for the checkpoint of an earlier slot; `None` if the relay has none of it, or none any more. It is not held
    /// against anything yet.
    ///
    /// # Errors
    /// [`VisitError`].
    pub async fn checkpoint_of(&mut self, slot: SlotNumber) -> Result<Option<Bytes>, VisitError> {
        match self.fetch(&format!("/checkpoint/{slot}"), MAX_NOTE_BYTES).await {
            Ok(note) => Ok(Some(note)),
            Err(VisitError::Http(HttpError::Gone | HttpError::NotFound)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Fetches the bodies of whole blocks and holds them against the proved hashes: the cells of `range` within the span,
    /// with the index of the first. Blocks that the relay keeps no longer are left out, which may be all; of cells from `fresh_from` on none
    /// can have expired, nor a block with one of them in it.
    ///
    /// # Errors
    /// [`VisitError`].
    pub async fn cells(
        &mut self,
        span: &Span,
        range: BlockRange,
        fresh_from: u64,
    ) -> Result<Option<(u64, Vec<Cell>)>, VisitError> {
        let end = range.first() + range.count();
        let mut begin = range.first();
        // More than once only if more has expired meanwhile.
        while let Ok(range) = BlockRange::new(begin, end - begin) {
            let wanted = range.cells(span.size());
            if wanted.is_empty() {
                break;
            }
            if let Some(bytes) = self.blocks(span, range, fresh_from).await? {
                return Ok(Some((wanted.start, checked(span, wanted, &bytes)?)));
            }
            begin = self.first_kept(span, range, fresh_from).await?;
        }
        Ok(None)
    }

    /// The first block after the first of this range that is still there; the end of the range if none is. Cells expire in their order, so
    /// a range that is gone as a whole takes one request more.
    async fn first_kept(&mut self, span: &Span, range: BlockRange, fresh_from: u64) -> Result<u64, VisitError> {
        let end = range.first() + range.count();
        // One that is gone, and one that is there, or would be.
        let (mut gone, mut kept) = (range.first(), end);
        let mut next = end - 1;
        while gone < next && next < kept {
            let block = BlockRange::new(next, 1).expect("it is in the range");
            match self.blocks(span, block, fresh_from).await? {
                Some(_) => kept = next,
                None => gone = next,
            }
            next = gone.midpoint(kept);
        }
        Ok(kept)
    }

    /// Blocks as they came, not held against anything yet; `None` if the relay keeps some of them no longer, as can be.
    async fn blocks(&mut self, span: &Span, range: BlockRange, fresh_from: u64) -> Result<Option<Bytes>, VisitError> {
        // The log may have grown since, so that the last block is longer now.
        let max_cells = range.count() * BLOCK_CELLS;
        let max_bytes = usize::try_from(max_cells).expect("64 blocks at most") * CELL_BYTES;
        // It may be the first that is gone, and a block goes when all of its cells are over their time, or not at all.
        let first = BlockRange::new(range.first(), 1).expect("it is in the range").cells(span.size());
        let from = first.start;
        match signed_for(self.fetch(&range.path(), max_bytes).await, from) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(VisitError::Http(HttpError::Gone)) if first.end <= fresh_from => Ok(None),
            Err(VisitError::Http(HttpError::Gone)) => Err(VisitError::Withheld { from }),
            Err(error) => Err(error),
        }
    }

    /// Stays connected: what every slot brings from now on.
    ///
    /// # Errors
    /// [`VisitError`].
    pub async fn stream(self) -> Result<Stream, VisitError> {
        Ok(Stream { following: self.http.follow("/stream").await?, decoder: FrameDecoder::new(), ready: Vec::new() })
    }

    /// A relay ends a connection after so many answers, or when the next request is long on its way: then that goes over another.
    async fn fetch(&mut self, path: &str, max_bytes: usize) -> Result<Bytes, VisitError> {
        let answer = self.http.fetch(path, max_bytes).await;
        if matches!(answer, Err(HttpError::Nothing | HttpError::Busy)) && self.answers > 0 {
            self.http = connect(self.transport, &self.relay, Purpose::Read, self.patience).await?;
            let answer = self.http.fetch(path, max_bytes).await?;
            self.answers = 1;
            return Ok(answer);
        }
        let answer = answer?;
        self.answers += 1;
        Ok(answer)
    }
}

/// How many windows earlier than needed a visit begins, by a number drawn evenly from 0 to 4: sometimes one or two, so that its start
/// says less about the last one.
#[must_use]
pub const fn windows_earlier(drawn: u64) -> u64 {
    drawn.saturating_sub(2)
}

/// The first cell that a visit reads: where the window begins that holds cell `from`, or so many windows earlier. `by_time` is the size
/// of the log before that window; 0 where that is not known.
#[must_use]
pub fn first_of_visit(from: u64, earlier: u64, by_time: u64) -> u64 {
    let by_cells = window_start(from).saturating_sub(earlier.saturating_mul(TILE_HASHES));
    by_cells.max(by_time.min(from))
}

/// The last slot before the window in which this one ended, or so many windows earlier: its checkpoint says where the window begins.
#[must_use]
pub fn slot_before_window(slot: SlotNumber, earlier: u64, slot_seconds: u32) -> SlotNumber {
    let window = slot.end_unix_seconds(slot_seconds) / WINDOW_SECONDS;
    let begins = window.saturating_sub(earlier).saturating_mul(WINDOW_SECONDS);
    SlotNumber(SlotNumber::at(begins, slot_seconds).0.saturating_sub(1))
}

/// What was asked for is there by the relay's own signature: that it is not (404), unlike that it was dropped (410), is withholding.
fn signed_for(answer: Result<Bytes, VisitError>, from: u64) -> Result<Bytes, VisitError> {
    match answer {
        Err(VisitError::Http(HttpError::NotFound)) => Err(VisitError::Withheld { from }),
        answer => answer,
    }
}

async fn connect(
    transport: &Transport,
    relay: &RelayAddress,
    purpose: Purpose,
    patience: Patience,
) -> Result<Http, VisitError> {
    let stream = transport.connect(relay, purpose).await?;
    Ok(Http::open(stream, &relay.onion_host(), patience).await?)
}

/// The requests for the bodies from cell `from` to the end of the span, in order.
pub fn block_ranges(span: &Span, from: u64) -> impl Iterator<Item = BlockRange> + use<> {
    BlockRange::covering(from.max(span.first())..span.size())
}

fn checked(span: &Span, wanted: Range<u64>, bytes: &Bytes) -> Result<Vec<Cell>, VisitError> {
    let limit = usize::try_from(MAX_FETCH_BLOCKS * BLOCK_CELLS).expect("a small limit");
    let mut cells = Cell::split(bytes, limit)?;
    span.check_cells(wanted.clone(), &cells)?;
    cells.truncate(usize::try_from(wanted.end - wanted.start).expect("as many as came"));
    Ok(cells)
}

/// An open `/stream`.
pub struct Stream {
    following: Following,
    decoder: FrameDecoder,
    ready: Vec<Frame>,
}

impl Stream {
    /// The next slot's frame, not held against anything yet.
    ///
    /// # Errors
    /// [`VisitError`]; [`HttpError::Slow`] when nothing came for `idle`.
    pub async fn frame(&mut self, idle: Duration) -> Result<Frame, VisitError> {
        loop {
            if !self.ready.is_empty() {
                return Ok(self.ready.remove(0));
            }
            let piece = self.following.piece(idle).await?.ok_or(VisitError::StreamEnded)?;
            self.ready = self.decoder.push(&piece)?;
        }
    }
}

/// Posts one to four cells on a connection of its own; the relay's signed promise, checked against the cells.
///
/// A receipt for a slot after `ahead` (see [`last_plausible_slot`]) is no promise; `newest` is only named in the error.
///
/// # Errors
/// [`VisitError`]; the cells may have been taken all the same, and are posted again.
///
/// # Panics
/// Never with at most `MAX_POST_CELLS` cells.
pub async fn post(
    transport: &Transport,
    relay: &RelayAddress,
    patience: Patience,
    cells: &[Cell],
    newest: SlotNumber,
    ahead: SlotNumber,
) -> Result<Receipt, VisitError> {
    assert!((1..=MAX_POST_CELLS).contains(&cells.len()), "a post has 1 to 4 cells");
    let mut http = connect(transport, relay, Purpose::Post, patience).await?;
    let mut body = BytesMut::with_capacity(cells.len() * CELL_BYTES);
    cells.iter().for_each(|cell| body.extend_from_slice(cell.as_bytes()));
    let note = http.post("/post", body.freeze(), MAX_NOTE_BYTES).await?;
    let receipt = Receipt::verify(&note, &relay.log_key())?;
    let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
    receipt.check_leaves(&leaves)?;
    if receipt.slot() > ahead {
        return Err(VisitError::ReceiptSlot { found: receipt.slot(), newest });
    }
    Ok(receipt)
}

/// The last slot that a receipt may promise: a few after the newest known, or after this computer's clock, since either may lag behind.
/// A promise is not looked for before its slot, so a relay could put off any post by as much as it may be ahead. `known_for` says how long
/// ago the newest slot was accepted; until one was in this run, it may be as old as the last one, and the clock wrong by days.
#[must_use]
pub fn last_plausible_slot(
    newest: SlotNumber,
    known_for: Option<Duration>,
    now_seconds: u64,
    slot_seconds: u32,
) -> SlotNumber {
    let ahead = |slot: SlotNumber, seconds: u64| {
        SlotNumber(
            slot.0.saturating_add(seconds / u64::from(slot_seconds.max(1))).saturating_add(MAX_RECEIPT_AHEAD_SLOTS),
        )
    };
    let (since_newest, beyond_clock) = match known_for {
        Some(known_for) => (known_for.as_secs().saturating_add(MAX_RECEIPT_DRIFT_SECONDS), MAX_RECEIPT_DRIFT_SECONDS),
        None => (0, MAX_RECEIPT_AHEAD_SECONDS),
    };
    let by_clock = SlotNumber::at(now_seconds.saturating_add(beyond_clock), slot_seconds);
    ahead(newest, since_newest).max(by_clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_was_heard_can_put_off_nothing_by_days() {
        const NOW_SECONDS: u64 = 1_790_000_000;
        const DAY_SECONDS: u64 = 86_400;
        let of = |seconds: u64| SlotNumber::at(seconds, 60);
        let last = |newest: u64, known_for: Option<u64>, now_seconds: u64| {
            last_plausible_slot(of(newest), known_for.map(Duration::from_secs), now_seconds, 60)
        };
        assert!(last(NOW_SECONDS, Some(30), NOW_SECONDS) < of(NOW_SECONDS + 1_800));
        assert!(last(NOW_SECONDS, Some(30), NOW_SECONDS) >= of(NOW_SECONDS + 600));
        // A clock that lags by days, a relay that was last heard hours ago, a computer that slept and did not count.
        assert!(last(NOW_SECONDS, Some(30), NOW_SECONDS - 9 * DAY_SECONDS) >= of(NOW_SECONDS + 60));
        assert!(last(NOW_SECONDS - 7_200, Some(7_200), NOW_SECONDS - 9 * DAY_SECONDS) >= of(NOW_SECONDS + 60));
        assert!(last(NOW_SECONDS - 7_200, Some(30), NOW_SECONDS) >= of(NOW_SECONDS + 60));
        // Nothing was heard in this run.
        assert!(last(NOW_SECONDS - 30 * DAY_SECONDS, None, NOW_SECONDS - DAY_SECONDS) >= of(NOW_SECONDS + 60));
    }

    #[test]
    fn a_window_begins_with_a_quarter_of_a_day_whatever_the_slots() {
        let six = 3 * 86_400 / WINDOW_SECONDS * WINDOW_SECONDS + WINDOW_SECONDS;
        for slot_seconds in [1, 7, 60, 300] {
            // A slot of the quarter, one that ends with it, and the first of the next.
            for (seconds, window) in
                [(six + 600, six), (six + WINDOW_SECONDS - 1, six), (six + WINDOW_SECONDS + 600, six + WINDOW_SECONDS)]
            {
                let slot = SlotNumber::at(seconds - u64::from(slot_seconds), slot_seconds);
                let before = slot_before_window(slot, 0, slot_seconds).end_unix_seconds(slot_seconds);
                assert!(
                    before <= window && before + u64::from(slot_seconds) > window,
                    "{slot_seconds}: {before}, not {window}"
                );
                let earlier = slot_before_window(slot, 2, slot_seconds).end_unix_seconds(slot_seconds);
                assert!(
                    earlier + 2 * WINDOW_SECONDS <= window
                        && earlier + 2 * WINDOW_SECONDS + u64::from(slot_seconds) > window
                );
            }
        }
        assert_eq!(slot_before_window(SlotNumber(5), 2, 60), SlotNumber(0));
    }
}
