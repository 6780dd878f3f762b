//! Two tasks for each relay: one reads, one posts; they do network and nothing else (docs/protocol/08-node.md, section 4).

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use bytes::Bytes;
use pursuance_wire::log::{Checkpoint, HistoryError, Policy, Receipt, RelayHistory, SlotNumber, Span};
use pursuance_wire::{Cell, RelayAddress};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use crate::chance::{below, evenly};
use crate::engine::Message;
use crate::node::Pace;
use crate::relays::Lately;
use crate::sending::Sending;
use crate::store::Number;
use crate::transport::Transport;
use crate::visit::{Visit, VisitError, block_ranges, post, windows_earlier};

/// Slots that a stream may stay silent before it is given up.
const SILENT_SLOTS: u32 = 3;

/// What is added to them, for the way.
const SILENT_EXTRA_SECONDS: u64 = 60;

/// Frames of a stream that are taken as fast as they come; a way that was held up brings some together.
const FRAMES_AT_ONCE: u32 = 64;

/// The engine has ended, or no longer wants this task.
pub(crate) struct Dismissed;

/// What a reading task tells the engine or asks of it.
pub(crate) enum ReaderNews {
    /// Asks what is to be read.
    Plan(oneshot::Sender<ReadPlan>),
    /// Asks of which older slots the checkpoints are asked for too, now that one was accepted.
    Older(oneshot::Sender<Vec<SlotNumber>>),
    /// What the relay says of itself.
    Policy(Policy),
    /// A checkpoint was accepted.
    Accepted(Box<RelayHistory>),
    /// Cells of the log from `start` on, held against the tree; with them the history of a frame that proves itself.
    Cells { start: u64, cells: Vec<Cell>, history: Option<Box<RelayHistory>>, done: oneshot::Sender<()> },
    /// Everything up to the checkpoint was read; the span, where one was needed, for judging receipts; the older slots that were
    /// asked for with their checkpoints, not held against anything yet.
    Done {
        checkpoint: Checkpoint,
        span: Option<Span>,
        older: Vec<(SlotNumber, Option<Bytes>)>,
        done: oneshot::Sender<()>,
    },
    /// It came to nothing; the next try is after `retry`.
    Failed { error: VisitError, retry: Duration },
}

/// What is to be read.
pub(crate) struct ReadPlan {
    pub(crate) history: RelayHistory,
    pub(crate) from: u64,
    /// `None`: its policy is to be read.
    pub(crate) slot_seconds: Option<u32>,
    /// What tells which cells cannot have expired.
    pub(crate) lately: Lately,
}

/// What a posting task tells the engine or asks of it.
pub(crate) enum PosterNews {
    /// Asks what is to be posted, and when; `None` when nothing is.
    Plan(oneshot::Sender<Option<PostPlan>>),
    /// The relay signed for these cells.
    Handed { pursuance: Number, cells: Vec<Number>, receipt: Receipt, done: oneshot::Sender<()> },
    /// It came to nothing.
    Failed { error: VisitError },
}

/// One post. A dummy has no number.
pub(crate) struct PostPlan {
    /// Whose cells they are.
    pub(crate) pursuance: Number,
    pub(crate) numbers: Vec<Number>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) newest: SlotNumber,
    pub(crate) ahead: SlotNumber,
    /// When it is to leave.
    pub(crate) sending: Sending,
    /// How many posts what waits for this relay is, this one included.
    pub(crate) posts: u32,
}

/// Frames are taken no faster than a relay ends its slots, twice over: each costs a write to the disk. Some may come at once.
struct Measure {
    frames: u32,
    each: Duration,
    /// By when all that were taken would have come at that rate.
    even: Option<Instant>,
}

impl Measure {
    fn new(slot_seconds: u32) -> Self {
        Self { frames: 0, each: Duration::from_secs(slot_seconds.into()) / 2, even: None }
    }

    /// When the next one may be taken.
    fn next(&mut self, now: Instant) -> Instant {
        self.frames += 1;
        let even = self.even.map_or(now, |even| even.max(now)) + self.each;
        self.even = Some(even);
        even.checked_sub(self.each * FRAMES_AT_ONCE).map_or(now, |next| next.max(now))
    }
}

/// What both tasks of a relay work with.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) relay: RelayAddress,
    /// Which start of the workers this is: news of an earlier one are not heard.
    pub(crate) run: u64,
    pub(crate) transport: Arc<Transport>,
    pub(crate) engine: Sender<Message>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) pace: Pace,
}

/// Visits, then stays on the stream, again and again.
pub(crate) async fn read(worker: Worker) {
    let mut failures = 0;
    let mut missed = 0;
    loop {
        match worker.visit(&mut failures).await {
            Ok(Streamed::Woken) => missed = 0,
            Ok(Streamed::Missed { frames }) => {
                // Now and then a slot ends between the two; a relay for which it always does would keep this computer busy.
                missed = if frames > FRAMES_AT_ONCE { 1 } else { missed + 1 };
                if missed > 1 {
                    tokio::select! {
                        () = sleep(worker.pace.retry(missed)) => {}
                        () = worker.wake.notified() => {}
                    }
                }
            }
            Err(Ended::Dismissed) => return,
            Err(Ended::Failed(error)) => {
                failures += 1;
                let retry = worker.pace.retry(failures);
                tracing::debug!(%error, failures, "a visit came to nothing");
                if worker.tell_reader(ReaderNews::Failed { error, retry }).is_err() {
                    return;
                }
                tokio::select! {
                    () = sleep(retry) => {}
                    () = worker.wake.notified() => {}
                }
            }
        }
    }
}

/// Posts what the outbox holds when it is to leave, and sleeps until there is more.
pub(crate) async fn write(worker: Worker) {
    let mut failures = 0;
    // When the next post leaves, by what the person chose then, and by when all that waits has left.
    let mut due: Option<(Sending, Instant)> = None;
    let mut gone: Option<(Sending, Instant)> = None;
    loop {
        let Ok(plan) = worker.ask(|reply| worker.tell_poster(PosterNews::Plan(reply))).await else { return };
        let Some(plan) = plan else {
            (due, gone) = (None, None);
            worker.wake.notified().await;
            continue;
        };
        let now = Instant::now();
        let within = plan.sending.within(&worker.pace).unwrap_or_default();
        let (_, until) = *gone.insert(
            gone.filter(|(sending, until)| *sending == plan.sending && *until > now)
                .unwrap_or((plan.sending, now + within)),
        );
        let leaves = match due {
            Some((sending, leaves)) if sending == plan.sending => leaves,
            _ => now + plan.sending.pause(&worker.pace, until - now, plan.posts, evenly()),
        };
        due = Some((plan.sending, leaves));
        if Instant::now() < leaves {
            // More may wait by then, or something else be chosen.
            tokio::select! {
                () = sleep_until(leaves) => {}
                () = worker.wake.notified() => {}
            }
            continue;
        }
        due = None;
        let posted =
            post(&worker.transport, &worker.relay, worker.pace.patience, &plan.cells, plan.newest, plan.ahead).await;
        match posted {
            Ok(receipt) => {
                failures = 0;
                let (pursuance, cells) = (plan.pursuance, plan.numbers);
                let told =
                    worker.ask(|done| worker.tell_poster(PosterNews::Handed { pursuance, cells, receipt, done }));
                if told.await.is_err() {
                    return;
                }
            }
            Err(error) => {
                failures += 1;
                tracing::debug!(%error, failures, "a post came to nothing");
                if worker.tell_poster(PosterNews::Failed { error }).is_err() {
                    return;
                }
                // At a steady rate a failure changes nothing.
                if plan.sending != Sending::Steady {
                    due = Some((plan.sending, Instant::now() + worker.pace.retry(failures)));
                }
            }
        }
    }
}

/// Why a stream was left that did not fail.
enum Streamed {
    /// Something older is to be read.
    Woken,
    /// After so many frames, one did not follow what came before.
    Missed { frames: u32 },
}

enum Ended {
    Dismissed,
    Failed(VisitError),
}

impl From<Dismissed> for Ended {
    fn from(_: Dismissed) -> Self {
        Self::Dismissed
    }
}

impl From<VisitError> for Ended {
    fn from(error: VisitError) -> Self {
        Self::Failed(error)
    }
}

impl Worker {
    async fn visit(&self, failures: &mut u32) -> Result<Streamed, Ended> {
        let plan = self.ask(|reply| self.tell_reader(ReaderNews::Plan(reply))).await?;
        let mut visit = Visit::begin(&self.transport, &self.relay, self.pace.patience).await?;
        let slot_seconds = match plan.slot_seconds {
            Some(seconds) => seconds,
            None => {
                let policy = visit.policy().await?;
                let seconds = policy.slot_seconds;
                self.tell_reader(ReaderNews::Policy(policy))?;
                seconds
            }
        };
        let ReadPlan { mut history, from, lately, .. } = plan;
        let look = visit.look(&mut history, from, windows_earlier(below(5)), slot_seconds).await?;
        self.tell_reader(ReaderNews::Accepted(Box::new(history.clone())))?;
        if let Some(span) = &look.span {
            let fresh_from = lately.fresh_from(look.checkpoint.slot(), slot_seconds);
            for range in block_ranges(span, look.begin) {
                if let Some((start, cells)) = visit.cells(span, range, fresh_from).await? {
                    self.ask(|done| self.tell_reader(ReaderNews::Cells { start, cells, history: None, done })).await?;
                }
            }
        }
        let mut older: Vec<(SlotNumber, Option<Bytes>)> =
            look.past.into_iter().map(|(slot, note)| (slot, Some(note))).collect();
        for slot in self.ask(|reply| self.tell_reader(ReaderNews::Older(reply))).await? {
            older.push((slot, visit.checkpoint_of(slot).await?));
        }
        let (checkpoint, span) = (look.checkpoint, look.span);
        self.ask(|done| self.tell_reader(ReaderNews::Done { checkpoint, span, older, done })).await?;
        *failures = 0;

        let silent = Duration::from_secs(u64::from(slot_seconds * SILENT_SLOTS) + SILENT_EXTRA_SECONDS);
        let mut stream = visit.stream().await?;
        let mut measure = Measure::new(slot_seconds);
        loop {
            let next = measure.next(Instant::now());
            let frame = async {
                sleep_until(next).await;
                stream.frame(silent).await
            };
            let frame = tokio::select! {
                frame = frame => frame?,
                // Something older is to be read.
                () = self.wake.notified() => return Ok(Streamed::Woken),
            };
            match history.accept_frame(&frame) {
                Ok(None) => {}
                Ok(Some(start)) => {
                    let history = Some(Box::new(history.clone()));
                    self.ask(|done| self.tell_reader(ReaderNews::Cells { start, cells: frame.cells, history, done }))
                        .await?;
                }
                // Slots went by between the visit and the stream.
                Err(HistoryError::FrameMismatch) => return Ok(Streamed::Missed { frames: measure.frames }),
                Err(error) => return Err(VisitError::from(error).into()),
            }
        }
    }

    fn tell_reader(&self, news: ReaderNews) -> Result<(), Dismissed> {
        self.engine.send(Message::Reader { relay: self.relay, run: self.run, news }).map_err(|_| Dismissed)
    }

    fn tell_poster(&self, news: PosterNews) -> Result<(), Dismissed> {
        self.engine.send(Message::Poster { relay: self.relay, run: self.run, news }).map_err(|_| Dismissed)
    }

    /// Asks the engine and waits; an engine that drops the question wants no more of this task.
    async fn ask<T>(&self, send: impl FnOnce(oneshot::Sender<T>) -> Result<(), Dismissed>) -> Result<T, Dismissed> {
        let (reply, answer) = oneshot::channel();
        send(reply)?;
        answer.await.map_err(|_| Dismissed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_as_slots_end() {
        let (mut measure, began) = (Measure::new(60), Instant::now());
        // Those that were held up on the way, at once; then two in each slot.
        let taken: Vec<Duration> = (0..FRAMES_AT_ONCE + 5).map(|_| measure.next(began) - began).collect();
        let (together, later) = taken.split_at(FRAMES_AT_ONCE as usize);
        assert!(together.iter().all(Duration::is_zero));
        assert_eq!(later, [30, 60, 90, 120, 150].map(Duration::from_secs));
        // Whoever waited long takes as many at once again, and no more.
        let later = began + Duration::from_secs(86_400);
        let taken = (0..2 * FRAMES_AT_ONCE).map(|_| measure.next(later) - later).filter(Duration::is_zero).count();
        assert_eq!(taken, FRAMES_AT_ONCE as usize);
        // A slot that ends each minute is never waited for.
        let mut measure = Measure::new(60);
        let ends = (0..1_000).map(|slot| began + Duration::from_secs(60 * slot));
        assert!({ ends }.all(|end| measure.next(end) == end));
    }
}
