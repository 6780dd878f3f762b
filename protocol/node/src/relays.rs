//! What is known of each relay, how far it was read for whom, and its two tasks (docs/protocol/08-node.md, section 4).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pursuance_core::joining::Preview;
use pursuance_wire::RelayAddress;
use pursuance_wire::log::{Checkpoint, Frontier, NodeHash, RelayHistory, SlotNumber};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::api::Fault;
use crate::comparing::SeenByOthers;
use crate::engine::Surroundings;
use crate::held::{Held, Way, unread_name};
use crate::store::{KeptRelay, KeptStanding, Number, Store, StoreError};
use crate::witnesses::Cosigned;
use crate::worker::{self, Worker};

/// Stands for "the end of the log at the first visit": nothing of ours can be before it.
pub(crate) const FROM_END: u64 = i64::MAX as u64;

/// Slots without a new checkpoint after which a relay counts as having stopped.
const STALE_SLOTS: u32 = 5;

/// What is added to them, for the way and for a busy computer.
const STALE_EXTRA_SECONDS: u64 = 60;

/// Half of the shortest retention that a policy may name (chapter 1), so that what is on its way is no matter.
const FRESH_SECONDS: u64 = 43_200;

/// What the person said about reaching relays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nothing yet. That a computer uses Tor can be seen in its network, and that can be dangerous: it is asked before the first time.
    Unasked,
    /// Not now.
    Offline,
    /// Through Tor.
    Online,
}

impl Reach {
    /// By the value that is kept.
    pub(crate) fn kept(value: Option<&[u8]>) -> Self {
        match value {
            None => Self::Unasked,
            Some([1]) => Self::Offline,
            Some(_) => Self::Online,
        }
    }

    const fn allows(self, needs_tor: bool) -> bool {
        match self {
            Self::Unasked => !needs_tor,
            Self::Offline => false,
            Self::Online => true,
        }
    }
}

/// All relays, and how far each was read for each pursuance.
pub(crate) struct Relays {
    pub(crate) known: BTreeMap<RelayAddress, Relay>,
    pub(crate) readings: BTreeMap<(Number, RelayAddress), Reading>,
    next_run: u64,
}

/// One relay.
pub(crate) struct Relay {
    pub(crate) number: Number,
    pub(crate) history: RelayHistory,
    pub(crate) slot_seconds: Option<u32>,
    /// Days for which it keeps cells at least, by the policy that was read since the program started.
    pub(crate) retention_days: Option<u32>,
    /// A slot, and how many cells its log had by then, which it may have dropped since; 0 where that is not known.
    pub(crate) expired: Option<(SlotNumber, u64)>,
    /// A visit is wanted that asks for it.
    pub(crate) asks_expiry: bool,
    pub(crate) reached_seconds: Option<u64>,
    pub(crate) fault: Option<Fault>,
    /// A fault with a proof is never forgotten.
    pub(crate) has_proof: bool,
    /// The last visit succeeded, and the stream after it has not ended.
    pub(crate) online: bool,
    pub(crate) failing_since_seconds: Option<u64>,
    pub(crate) retry_at: Option<Instant>,
    /// When the newest checkpoint was accepted.
    pub(crate) newest_at: Option<Instant>,
    /// When the visit under way accepted its checkpoint: until it ends, no newer one can come.
    pub(crate) visiting_since: Option<Instant>,
    /// How long visits took since the newest checkpoint was accepted.
    pub(crate) visited: Duration,
    /// A promise could not be found kept: the next visit starts at the first cell, to find it or to prove that it was broken.
    pub(crate) prove: bool,
    pub(crate) clock_off_seconds: Option<i64>,
    pub(crate) lately: Lately,
    /// What others said that they saw of it.
    pub(crate) seen: SeenByOthers,
    /// Which witnesses signed its checkpoints.
    pub(crate) cosigned: Cosigned,
    /// Whose cells were posted last; 0 before any were.
    pub(crate) posted: Number,
    pub(crate) run: u64,
    tasks: Option<Tasks>,
}

/// Checkpoints that were accepted since the program started: whatever came after one of them cannot have expired half a day later,
/// since no relay may keep cells for less than a day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lately {
    older: Option<(SlotNumber, u64)>,
    newer: Option<(SlotNumber, u64)>,
}

impl Lately {
    /// One now and then is enough.
    pub(crate) fn accept(&mut self, checkpoint: &Checkpoint, slot_seconds: u32) {
        let (slot, size) = (checkpoint.slot(), checkpoint.size());
        if self.newer.is_none_or(|(newer, _)| seconds_between(newer, slot, slot_seconds) >= FRESH_SECONDS / 2) {
            *self = Self { older: self.newer, newer: Some((slot, size)) };
        }
    }

    /// Cells from this place on cannot have expired in the log of this slot.
    pub(crate) fn fresh_from(&self, slot: SlotNumber, slot_seconds: u32) -> u64 {
        let known = [self.older, self.newer].into_iter().flatten();
        let fresh = known.filter(|(seen, _)| seconds_between(*seen, slot, slot_seconds) < FRESH_SECONDS);
        fresh.map(|(_, size)| size).min().unwrap_or(u64::MAX)
    }
}

const fn seconds_between(from: SlotNumber, to: SlotNumber, slot_seconds: u32) -> u64 {
    to.0.saturating_sub(from.0).saturating_mul(slot_seconds as u64)
}

struct Tasks {
    reader: JoinHandle<()>,
    poster: JoinHandle<()>,
    wake_reader: Arc<Notify>,
    wake_poster: Arc<Notify>,
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.reader.abort();
        self.poster.abort();
    }
}

/// How far a relay was read for a pursuance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) first: u64,
    pub(crate) next: u64,
    pub(crate) wanted: bool,
    /// The visit under way began without knowing where this one stands: its cells are not counted for it.
    pub(crate) behind: bool,
}

impl Relays {
    pub(crate) fn load(store: &Store, run: u64) -> Result<Self, StoreError> {
        let mut known = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        for kept in store.relays()? {
            addresses.insert(kept.number, kept.address);
            known.insert(kept.address, Relay::restore(kept)?);
        }
        let mut readings = BTreeMap::new();
        for kept in store.readings()? {
            let address = *addresses.get(&kept.relay).ok_or(StoreError::Damaged)?;
            let reading = Reading { first: kept.first, next: kept.next, wanted: kept.wanted, behind: true };
            readings.insert((kept.pursuance, address), reading);
        }
        Ok(Self { known, readings, next_run: run << 32 })
    }

    /// Brings a pursuance's readings in step with the relays it names now. Cells that a new relay lacks are put into its outbox.
    pub(crate) fn want(&mut self, store: &mut Store, held: &Held) -> Result<(), StoreError> {
        let named = held.relays();
        for address in &named {
            let key = (held.number, *address);
            if self.readings.get(&key).is_some_and(|reading| reading.wanted) {
                continue;
            }
            let first = first_cell(held, address);
            let number = store.write(|w| {
                let number = w.relay(address)?;
                w.want_relay(held.number, number, first)?;
                w.post_all_to(held.number, number)?;
                Ok(number)
            })?;
            let fresh = Reading { first, next: first, wanted: true, behind: true };
            self.readings.entry(key).and_modify(|reading| reading.wanted = true).or_insert(fresh);
            self.known.entry(*address).or_insert_with(|| Relay::new(number, *address));
            self.wake(address);
        }
        let gone: Vec<RelayAddress> = self
            .of(held.number)
            .filter(|(address, reading)| reading.wanted && !named.contains(address))
            .map(|(a, _)| a)
            .collect();
        for address in gone {
            // It is still read: whoever was offline may post there until they learn of the move.
            let number = self.known[&address].number;
            store.write(|w| w.leave_relay(held.number, number))?;
            self.readings.entry((held.number, address)).and_modify(|reading| reading.wanted = false);
        }
        Ok(())
    }

    /// Reads everything again for a pursuance, from where it begins: a secret came that opens what did not open before.
    pub(crate) fn read_again(&mut self, store: &mut Store, held: &Held) -> Result<(), StoreError> {
        let again = |(address, kept): (RelayAddress, Reading)| {
            // A founder holds the first secret already, so this is somebody who came by a link or a code.
            let first = begins(held, &address).map_or(kept.first, |first| first.min(kept.first));
            (address, Reading { first, next: first, behind: true, ..kept })
        };
        let all: Vec<(RelayAddress, Reading)> = self.of(held.number).map(again).collect();
        store.write(|w| {
            for (address, reading) in &all {
                w.set_reading(held.number, self.known[address].number, reading.first, reading.next)?;
            }
            w.forget_meta(&unread_name(held.id))
        })?;
        for (address, reading) in all {
            self.readings.insert((held.number, address), reading);
            if let Some(tasks) = self.known.get(&address).and_then(|relay| relay.tasks.as_ref()) {
                tasks.wake_reader.notify_one();
            }
        }
        Ok(())
    }

    /// The relays that a pursuance was ever read from.
    pub(crate) fn of(&self, pursuance: Number) -> impl Iterator<Item = (RelayAddress, Reading)> + '_ {
        let mine = self.readings.iter().filter(move |((number, _), _)| *number == pursuance);
        mine.map(|((_, address), reading)| (*address, *reading))
    }

    /// The relays that a pursuance posts to.
    pub(crate) fn wanted(&self, pursuance: Number) -> Vec<RelayAddress> {
        self.of(pursuance).filter(|(_, reading)| reading.wanted).map(|(address, _)| address).collect()
    }

    /// Rows of the relays that a pursuance posts to.
    pub(crate) fn wanted_numbers(&self, pursuance: Number) -> Vec<Number> {
        self.of(pursuance)
            .filter(|(_, reading)| reading.wanted)
            .map(|(address, _)| self.known[&address].number)
            .collect()
    }

    /// Forgets where a dropped pursuance stood.
    pub(crate) fn forget(&mut self, pursuance: Number) {
        self.readings.retain(|(number, _), _| *number != pursuance);
    }

    /// Where the next visit of a relay begins: before whatever is missing for anybody.
    pub(crate) fn from(&mut self, address: &RelayAddress) -> u64 {
        let mut from = u64::MAX;
        for ((_, at), reading) in &mut self.readings {
            if at == address {
                reading.behind = false;
                if reading.next != FROM_END {
                    from = from.min(reading.next);
                }
            }
        }
        // What another member saw can be told from there on.
        let seen = self.known.get(address).and_then(|relay| relay.seen.from);
        seen.map_or(from, |seen| from.min(seen))
    }

    /// Wakes both tasks of a relay: there is something to do.
    pub(crate) fn wake(&self, address: &RelayAddress) {
        if let Some(tasks) = self.known.get(address).and_then(|relay| relay.tasks.as_ref()) {
            tasks.wake_reader.notify_one();
            tasks.wake_poster.notify_one();
        }
    }

    /// Wakes the posting tasks: there are cells to be posted.
    pub(crate) fn wake_posters(&self) {
        for tasks in self.known.values().filter_map(|relay| relay.tasks.as_ref()) {
            tasks.wake_poster.notify_one();
        }
    }

    /// Starts the tasks of relays that are read for somebody and may be reached, ends the others.
    pub(crate) fn run_workers(&mut self, around: &Surroundings, reach: Reach) {
        for (address, relay) in &mut self.known {
            let used = self.readings.keys().any(|(_, at)| at == address);
            if !used || !reach.allows(around.transport.needs_tor(address)) {
                relay.tasks = None;
                relay.online = false;
                relay.visit_ended();
                continue;
            }
            if relay.tasks.is_some() {
                continue;
            }
            self.next_run += 1;
            relay.run = self.next_run;
            let (wake_reader, wake_poster) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let worker = |wake: &Arc<Notify>| Worker {
                relay: *address,
                run: self.next_run,
                transport: around.transport.clone(),
                engine: around.inbox.clone(),
                wake: wake.clone(),
                pace: around.pace,
            };
            relay.tasks = Some(Tasks {
                reader: around.runtime.spawn(worker::read(worker(&wake_reader))),
                poster: around.runtime.spawn(worker::write(worker(&wake_poster))),
                wake_reader,
                wake_poster,
            });
        }
    }

    /// How far this computer's clock is off, by the relay that says least.
    pub(crate) fn clock_off_seconds(&self) -> Option<i64> {
        let said: Vec<Option<i64>> = self
            .known
            .values()
            .filter(|relay| relay.newest_at.is_some())
            .map(|relay| relay.clock_off_seconds)
            .collect();
        said.into_iter().min_by_key(|off| off.map_or(0, i64::unsigned_abs)).flatten()
    }
}

impl Relay {
    pub(crate) fn new(number: Number, address: RelayAddress) -> Self {
        Self {
            number,
            history: RelayHistory::new(address.log_key()),
            slot_seconds: None,
            retention_days: None,
            expired: None,
            asks_expiry: false,
            reached_seconds: None,
            fault: None,
            has_proof: false,
            online: false,
            failing_since_seconds: None,
            retry_at: None,
            newest_at: None,
            visiting_since: None,
            visited: Duration::ZERO,
            prove: false,
            clock_off_seconds: None,
            lately: Lately::default(),
            seen: SeenByOthers::default(),
            cosigned: Cosigned::default(),
            posted: 0,
            run: 0,
            tasks: None,
        }
    }

    fn restore(kept: KeptRelay) -> Result<Self, StoreError> {
        let mut relay = Self::new(kept.number, kept.address);
        if !kept.checkpoint.is_empty() {
            let key = kept.address.log_key();
            let checkpoint = Checkpoint::verify(&kept.checkpoint, &key).map_err(|_| StoreError::Damaged)?;
            let (peaks, rest) = kept.peaks.as_chunks::<32>();
            let peaks: Vec<NodeHash> = peaks.iter().map(|peak| NodeHash(*peak)).collect();
            let frontier = Frontier::from_parts(checkpoint.size(), peaks).ok().filter(|_| rest.is_empty());
            let frontier = frontier.ok_or(StoreError::Damaged)?;
            relay.history = RelayHistory::restore(key, &kept.checkpoint, frontier).map_err(|_| StoreError::Damaged)?;
        }
        relay.slot_seconds = kept.slot_seconds;
        relay.reached_seconds = kept.reached_seconds;
        relay.fault = kept.fault;
        relay.has_proof = kept.has_evidence;
        Ok(relay)
    }

    /// Cells that the newest accepted checkpoint covers.
    pub(crate) fn size(&self) -> u64 {
        self.history.newest().map_or(0, Checkpoint::size)
    }

    /// Whether all of its log, as far as it is known, was read for somebody, in a visit that went well.
    pub(crate) fn is_read(&self, reading: Reading) -> bool {
        self.online && !reading.behind && reading.next != FROM_END && reading.next >= self.size()
    }

    /// The frontier of the newest accepted checkpoint, as it is stored.
    pub(crate) fn peaks(&self) -> Vec<u8> {
        self.history
            .frontier()
            .map(|frontier| frontier.peaks().iter().flat_map(|peak| peak.0).collect())
            .unwrap_or_default()
    }

    /// A visit accepted its checkpoint.
    pub(crate) fn visit_began(&mut self) {
        self.visiting_since = Some(Instant::now());
    }

    /// The visit came to its end, or to nothing.
    pub(crate) fn visit_ended(&mut self) {
        self.visited += self.visiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
    }

    /// Whether checkpoints stopped coming although the relay answers. While a visit is under way none is asked for, however long it takes.
    pub(crate) fn is_stale(&self) -> bool {
        let Some(slot_seconds) = self.slot_seconds else { return false };
        let patience = Duration::from_secs(u64::from(slot_seconds * STALE_SLOTS) + STALE_EXTRA_SECONDS);
        let waited = |at: Instant| at.elapsed().saturating_sub(self.visited);
        self.online && self.visiting_since.is_none() && self.newest_at.is_some_and(|at| waited(at) > patience)
    }
}

/// Where a relay is to be read from for a pursuance that did not read it before.
fn first_cell(held: &Held, address: &RelayAddress) -> u64 {
    match &held.way {
        // Nothing but the preview, or what is said about the code, can be opened yet.
        Some(way) if held.standing != KeptStanding::Member && way.relay() == *address => way.first_index(),
        Some(_) => begins(held, address).unwrap_or(0),
        // This device's alone so far: what it has not posted is not there.
        None if held.replica.authority().members().values().map(|member| member.devices.len()).sum::<usize>() <= 1 => {
            FROM_END
        }
        None => 0,
    }
}

/// Where on a relay a pursuance begins, by what I came by; the first cell where that does not say.
fn begins(held: &Held, address: &RelayAddress) -> Option<u64> {
    match (&held.way, &held.preview) {
        (Some(Way::Code(code)), _) if code.relay == *address => Some(code.since_index),
        (Some(Way::Code(_)), _) => Some(0),
        (_, preview) => preview.as_ref().map(|preview| since(preview, address)),
    }
}

/// Where on a relay a pursuance begins, by the invite I came by; the first cell where it does not say.
fn since(preview: &Preview, address: &RelayAddress) -> u64 {
    let said = preview.since();
    said.iter().find(|since| since.relay == *address.log_key().as_bytes()).map_or(0, |since| since.index)
}

#[cfg(test)]
mod tests {
    use pursuance_wire::log::LogSigner;

    use super::*;

    const SLOT_SECONDS: u32 = 60;
    const HOUR: u64 = 3_600 / SLOT_SECONDS as u64;

    #[test]
    fn who_is_being_visited_has_not_stopped() {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).expect("it runs for longer");
        let mut relay = Relay::new(1, crate::transport::tests::relay());
        (relay.online, relay.slot_seconds, relay.newest_at) = (true, Some(1), Some(ago(300)));
        assert!(relay.is_stale(), "nothing has come for long");
        relay.visiting_since = Some(ago(290));
        assert!(!relay.is_stale(), "a long visit");
        relay.visit_ended();
        assert!(!relay.is_stale(), "there was no time for another checkpoint yet");
        // Short visits in which nothing newer is found excuse nothing.
        relay.newest_at = Some(ago(600));
        relay.visit_began();
        relay.visit_ended();
        assert!(relay.is_stale());
    }

    #[test]
    fn what_came_within_half_a_day_cannot_have_expired() {
        let signer = LogSigner::from_seed(&[2; 32]);
        let checkpoint = |slot, size| Checkpoint::sign(&signer, SlotNumber(slot), size, NodeHash([0; 32]));
        let mut lately = Lately::default();
        assert_eq!(lately.fresh_from(SlotNumber(0), SLOT_SECONDS), u64::MAX, "nothing is known");
        for hour in 0..40 {
            lately.accept(&checkpoint(hour * HOUR, 100 * hour), SLOT_SECONDS);
            let from = lately.fresh_from(SlotNumber(hour * HOUR), SLOT_SECONDS);
            assert!(from <= 100 * hour && from >= 100 * hour.saturating_sub(12), "hour {hour}: {from}");
        }
        // Whoever was away for a day knows nothing of what can have expired since.
        assert_eq!(lately.fresh_from(SlotNumber(64 * HOUR), SLOT_SECONDS), u64::MAX);
    }
}
