//! The one writer: puts cells in order, makes them durable, signs receipts and slot checkpoints
//! (`docs/protocol/06-relay.md`, sections 2 and 3).
//!
//! ```text
//! post ─queue─> [ take all that wait ─> one transaction ─> commit ] ─> receipts
//! end of slot ─────────────> sign ─> commit the checkpoint ─> readers and streams see it
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::MAX_SLOT_CELLS;
use pursuance_wire::log::{Checkpoint, Frontier, LogSigner, Receipt, SlotNumber};
use pursuance_wire::{Cell, Frame, LeafHash};
use rusqlite::Connection;
use tokio::sync::{broadcast, oneshot, watch};

use crate::error::{PostRefusal, RelayError};
use crate::limits::{
    MAX_COMMIT_POSTS, MAX_EXPIRED_CELLS, MAX_PRUNED_CHECKPOINTS, MAX_STREAM_LAG_SLOTS, MAX_WAITING_POSTS, TICK_MILLIS,
};
use crate::record::Record;
use crate::store::{self, Held};

/// Reads the time: milliseconds since 1970. The real one, or one that a test sets.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

const DAY_SECONDS: u64 = 86_400;
/// What a stored cell costs on disk: body, hashes, indexes, the rest of the page.
const STORED_CELL_BYTES: u64 = 2_560;

/// A slot that is over: what readers may see from then on.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) size: u64,
    pub(crate) note: Bytes,
    /// The stream frame: this note and the cells since the checkpoint before.
    pub(crate) frame: Bytes,
}

/// What the writer is started with.
pub(crate) struct Settings {
    pub(crate) signer: LogSigner,
    pub(crate) slot_seconds: u32,
    pub(crate) retention_days: u32,
    pub(crate) max_disk_bytes: u64,
    pub(crate) clock: Clock,
    pub(crate) record: Record,
}

/// The door to the writer.
#[derive(Clone)]
pub(crate) struct Sequencer {
    queue: SyncSender<Command>,
    newest: watch::Receiver<Option<Arc<Published>>>,
    slots: broadcast::Sender<Arc<Published>>,
}

enum Command {
    Post { cells: Vec<Cell>, reply: oneshot::Sender<Result<Bytes, PostRefusal>> },
    Close,
}

impl Sequencer {
    /// Starts the writer on its own thread. The newest checkpoint is published when this returns.
    pub(crate) fn start(db: Connection, held: Held, settings: Settings) -> Result<(Self, JoinHandle<()>), RelayError> {
        let (queue, commands) = sync_channel(MAX_WAITING_POSTS);
        let (announce, newest) = watch::channel(None);
        let (slots, _) = broadcast::channel(MAX_STREAM_LAG_SLOTS);
        let last = held.newest.as_ref().map(Checkpoint::slot);
        if let Some(checkpoint) = &held.newest {
            announce.send_replace(Some(Arc::new(publication(checkpoint, &[]))));
        }
        let mut writer = Writer {
            db,
            frontier: held.frontier,
            last,
            uncovered: held.uncovered,
            signed: held.newest,
            settings,
            failing: false,
            refusing: false,
            announce,
            slots: slots.clone(),
            recent: VecDeque::with_capacity(MAX_STREAM_LAG_SLOTS),
        };
        writer.close_slot();
        writer.fill_broken_block()?;
        let thread = thread::Builder::new()
            .name("sequencer".to_owned())
            .spawn(move || writer.run(&commands))
            .map_err(RelayError::NoThread)?;
        Ok((Self { queue, newest, slots }, thread))
    }

    /// Posts 1 to 4 cells and waits until they are durable; returns the signed receipt. // L5
    pub(crate) async fn post(&self, cells: Vec<Cell>) -> Result<Bytes, PostRefusal> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Command::Post { cells, reply }).map_err(|error| match error {
            TrySendError::Full(_) => PostRefusal::Busy,
            TrySendError::Disconnected(_) => PostRefusal::Stopping,
        })?;
        answer.await.unwrap_or(Err(PostRefusal::Stopping))
    }

    /// The newest published slot; `None` only before the very first.
    pub(crate) fn newest(&self) -> Option<Arc<Published>> {
        self.newest.borrow().clone()
    }

    /// The slots published from now on.
    pub(crate) fn slots(&self) -> broadcast::Receiver<Arc<Published>> {
        self.slots.subscribe()
    }

    /// Waits until the writer has ended, by order or by a fault.
    pub(crate) async fn ended(&self) {
        let mut newest = self.newest.clone();
        while newest.changed().await.is_ok() {}
    }

    /// Finishes the posts that wait, then ends the writer. Blocks while the queue is full.
    pub(crate) fn close(&self) {
        // An Err means that it has ended already.
        let _ = self.queue.send(Command::Close);
    }
}

struct Writer {
    db: Connection,
    frontier: Frontier,
    /// The newest slot that has a checkpoint.
    last: Option<SlotNumber>,
    /// Cells that no checkpoint covers yet.
    uncovered: Vec<Cell>,
    /// What the record outside the database holds; that slot gets no other checkpoint.
    signed: Option<Checkpoint>,
    settings: Settings,
    /// The last attempt to keep a checkpoint failed, and the log says so.
    failing: bool,
    /// The last posts were refused for the database's sake, and the log says so.
    refusing: bool,
    announce: watch::Sender<Option<Arc<Published>>>,
    slots: broadcast::Sender<Arc<Published>>,
    /// The slots published last, for streams that are still being given one of them.
    recent: VecDeque<Arc<Published>>,
}

/// Why a checkpoint was not kept, and so not shown.
#[derive(Debug, thiserror::Error)]
enum Unkept {
    #[error("the record of it: {0}")]
    Record(#[from] std::io::Error),
    #[error("the database: {0}")]
    Database(#[from] rusqlite::Error),
}

type Post = (Vec<Cell>, oneshot::Sender<Result<Bytes, PostRefusal>>);

impl Writer {
    fn run(mut self, commands: &Receiver<Command>) {
        let mut open = true;
        while open {
            let first = match commands.recv_timeout(self.pause()) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            self.close_slot();
            let mut posts = Vec::new();
            let mut next = first;
            while let Some(command) = next {
                match command {
                    Command::Post { cells, reply } => posts.push((cells, reply)),
                    Command::Close => open = false,
                }
                next = if posts.len() < MAX_COMMIT_POSTS { commands.try_recv().ok() } else { None };
            }
            if !posts.is_empty() {
                self.take(posts);
            }
        }
        while let Ok(Command::Post { reply, .. }) = commands.try_recv() {
            let _ = reply.send(Err(PostRefusal::Stopping));
        }
        if let Err(error) = store::checkpoint_journal(&self.db) {
            tracing::warn!(%error, "the journal stays beside the database");
        }
    }

    /// Stores posts in one transaction and answers them. // L5 L7
    fn take(&mut self, posts: Vec<Post>) {
        // A receipt names a slot, and by its end the cells are to be in a checkpoint: none is signed while that cannot be kept.
        if self.failing {
            for (_, reply) in posts {
                let _ = reply.send(Err(PostRefusal::Failed));
            }
            return;
        }
        let slot = self.open_slot();
        match self.store(&posts) {
            Ok((frontier, fresh, verdicts)) => {
                if std::mem::take(&mut self.refusing) {
                    tracing::info!("posts are taken again");
                }
                self.frontier = frontier;
                self.uncovered.extend(fresh);
                for ((_, reply), verdict) in posts.into_iter().zip(verdicts) {
                    let receipt = verdict.and_then(|leaves| {
                        let receipt = Receipt::sign(&self.settings.signer, slot, &leaves);
                        let receipt = receipt.map_err(|_| PostRefusal::Failed)?;
                        Ok(Bytes::copy_from_slice(receipt.note().as_bytes()))
                    });
                    // Nobody waits any more: the cells are stored all the same, and may be posted again.
                    let _ = reply.send(receipt);
                }
            }
            Err(error) => {
                let full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
                let refusal = if full { PostRefusal::DiskFull } else { PostRefusal::Failed };
                // Where the journal takes the last room, this gives it back, for the expiry of cells too. An Err means that
                // the disk allows not even that.
                let _ = store::reuse_journal(&self.db);
                if !std::mem::replace(&mut self.refusing, true) {
                    tracing::error!(%error, "posts are refused until the database takes them again");
                }
                for (_, reply) in posts {
                    let _ = reply.send(Err(refusal));
                }
            }
        }
    }

    /// Puts random cells into the last block if nobody could read what came into it, so that the next cell begins a new one. // L12
    fn fill_broken_block(&mut self) -> Result<(), RelayError> {
        let mut filling = Vec::new();
        for _ in 0..store::missing_of_broken_block(&self.db, self.frontier.size())? {
            let mut random = [0; CELL_BYTES];
            getrandom::fill(&mut random).map_err(|_| RelayError::NoRandomness)?;
            // Nobody waits for the receipt. Where the disk is full the next start tries again.
            filling.push((vec![Cell::from_bytes(random)], oneshot::channel().0));
        }
        if !filling.is_empty() {
            self.take(filling);
        }
        Ok(())
    }

    /// Changes nothing of `self` but the database, and that only as a whole.
    #[allow(clippy::type_complexity)]
    fn store(
        &mut self,
        posts: &[Post],
    ) -> rusqlite::Result<(Frontier, Vec<Cell>, Vec<Result<Vec<LeafHash>, PostRefusal>>)> {
        let mut frontier = self.frontier.clone();
        let mut fresh: Vec<Cell> = Vec::new();
        let mut verdicts = Vec::new();
        let used_bytes = store::used_bytes(&self.db)?;
        let tx = self.db.transaction()?;
        for (cells, _) in posts {
            let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
            let needed_bytes = (fresh.len() + cells.len()) as u64 * STORED_CELL_BYTES;
            if self.uncovered.len() + fresh.len() + cells.len() > MAX_SLOT_CELLS {
                verdicts.push(Err(PostRefusal::SlotFull)); // L14
                continue;
            }
            if used_bytes + needed_bytes > self.settings.max_disk_bytes {
                verdicts.push(Err(PostRefusal::DiskFull)); // L14
                continue;
            }
            for (cell, leaf) in cells.iter().zip(&leaves) {
                // A repeated post gets a receipt that looks like any other, and adds nothing. // L10
                if !store::holds(&tx, leaf)? {
                    store::append(&tx, frontier.size(), leaf, cell)?;
                    frontier.append(*leaf);
                    fresh.push(cell.clone());
                }
            }
            verdicts.push(Ok(leaves));
        }
        tx.commit()?;
        Ok((frontier, fresh, verdicts))
    }

    /// Publishes the checkpoint of the slot that has just ended, if it has none and none later does. // L9
    fn close_slot(&mut self) {
        let Some(ended) = self.now_slot().0.checked_sub(1).map(SlotNumber) else { return };
        if self.last.is_some_and(|last| ended <= last) {
            return; // also when the clock went backwards: until it has passed the last slot
        }
        let checkpoint = match self.keep(ended) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(%error, "a checkpoint could not be kept and was not published; trying again, and posts are refused until then");
                }
                return;
            }
        };
        if std::mem::take(&mut self.failing) {
            tracing::info!("checkpoints are kept and published again");
        }
        self.last = Some(ended);
        let after = (self.frontier.size() - checkpoint.size()) as usize;
        let covered: Vec<Cell> = self.uncovered.drain(..self.uncovered.len() - after).collect();
        let published = Arc::new(publication(&checkpoint, &covered));
        self.announce.send_replace(Some(published.clone()));
        self.recent.truncate(MAX_STREAM_LAG_SLOTS - 1);
        self.recent.push_front(published.clone());
        // An Err means that nobody streams.
        let _ = self.slots.send(published);
        self.expire(ended);
    }

    /// Signs the checkpoint of a slot and makes it durable: first in the record, then in the database. // L16
    fn keep(&mut self, ended: SlotNumber) -> Result<Checkpoint, Unkept> {
        let checkpoint = match &self.signed {
            // The database refused it a moment ago. Nobody has seen it, but one is enough.
            Some(signed) if signed.slot() == ended => signed.clone(),
            _ => {
                let (size, root) = (self.frontier.size(), self.frontier.root());
                let checkpoint = Checkpoint::sign(&self.settings.signer, ended, size, root);
                self.settings.record.write(&checkpoint)?;
                self.signed = Some(checkpoint.clone());
                checkpoint
            }
        };
        store::write_checkpoint(&self.db, &checkpoint)?;
        Ok(checkpoint)
    }

    fn expire(&mut self, ended: SlotNumber) {
        let kept_slots = u64::from(self.settings.retention_days) * DAY_SECONDS / u64::from(self.settings.slot_seconds);
        let oldest = SlotNumber(ended.0.saturating_sub(kept_slots));
        if let Err(error) = store::expire(&self.db, oldest, MAX_EXPIRED_CELLS) {
            tracing::warn!(%error, "expired cells could not be dropped");
        }
        if let Err(error) = store::prune(&self.db, oldest, MAX_PRUNED_CHECKPOINTS) {
            tracing::warn!(%error, "old checkpoints could not be dropped");
        }
    }

    /// The slot by whose end cells that come now are in the tree.
    fn open_slot(&self) -> SlotNumber {
        let now = self.now_slot();
        self.last.map_or(now, |last| now.max(last.next()))
    }

    fn now_slot(&self) -> SlotNumber {
        SlotNumber::at((self.settings.clock)() / 1_000, self.settings.slot_seconds)
    }

    fn pause(&self) -> Duration {
        let now = (self.settings.clock)();
        let end = self.now_slot().end_unix_seconds(self.settings.slot_seconds).saturating_mul(1_000);
        Duration::from_millis(end.saturating_sub(now).clamp(1, TICK_MILLIS))
    }
}

fn publication(checkpoint: &Checkpoint, cells: &[Cell]) -> Published {
    let note = checkpoint.note().as_bytes();
    let frame = Frame::encode(note, cells).expect("a slot takes no more cells than a frame");
    Published { size: checkpoint.size(), note: Bytes::copy_from_slice(note), frame: frame.into() }
}
