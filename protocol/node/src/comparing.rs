//! What others saw of a relay, held against what was seen here: a relay that shows two logs cannot let those who saw different
//! ones ever meet in one of them (docs/protocol/08-node.md, N50 to N52).

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::limits::MAX_SEEN_NOTE_BYTES;
use pursuance_wire::RelayAddress;
use pursuance_wire::log::{Checkpoint, Compared, Evidence, LogKey, SlotNumber, Span, first_provable};

use crate::api::Fault;
use crate::engine::Open;
use crate::held::Held;
use crate::relays::{Relay, Relays};
use crate::store::{Number, Store, StoreError};

/// Of UTC.
pub(crate) const DAY_SECONDS: u64 = 86_400;

/// How far back it is looked whether something was said already: yesterday, whatever clocks say.
const SAID_LATELY_SECONDS: u64 = 2 * DAY_SECONDS;

/// How far back before the newest slot a visit begins earlier for what somebody saw: who says it says it of yesterday.
const LOOKED_FOR_SECONDS: u64 = 3 * DAY_SECONDS;

/// Checkpoints of others that could not be compared yet and wait, for each relay; those of the latest slots go.
pub const MAX_SEEN_WAITING: usize = 64;

/// A relay's checkpoints that others accepted.
#[derive(Default)]
pub(crate) struct SeenByOthers {
    waiting: BTreeSet<(SlotNumber, Vec<u8>)>,
    /// The newest slot for which another device has the same log.
    pub(crate) agreed: Option<SlotNumber>,
    /// A visit that begins at this cell can tell.
    pub(crate) from: Option<u64>,
}

impl SeenByOthers {
    /// Keeps what could not be compared yet. Of too many, those of the earliest slots can be compared first.
    fn keep(&mut self, undecided: BTreeSet<(SlotNumber, Vec<u8>)>) {
        self.waiting = undecided.into_iter().take(MAX_SEEN_WAITING).collect();
    }
}

/// The log key that a note's first line names.
fn named_in(note: &[u8]) -> Option<LogKey> {
    let origin = note.split(|byte| *byte == b'\n').next()?;
    LogKey::of_origin(std::str::from_utf8(origin).ok()?)
}

/// The last slot of yesterday: everybody can ask for its checkpoint, and whoever names it names nothing of today.
pub(crate) fn last_slot_of_yesterday(now_seconds: u64, slot_seconds: u32) -> SlotNumber {
    let midnight = now_seconds - now_seconds % DAY_SECONDS;
    // The slot that midnight falls in ends today.
    SlotNumber(SlotNumber::at(midnight, slot_seconds).0.saturating_sub(1))
}

impl Relay {
    /// Yesterday's last slot, by the newest one that the relay signed: a clock here that is wrong would name one that nobody else names.
    pub(crate) fn yesterday(&self) -> Option<SlotNumber> {
        let (newest, slot_seconds) = self.history.newest().zip(self.slot_seconds)?;
        Some(last_slot_of_yesterday(newest.slot().end_unix_seconds(slot_seconds), slot_seconds))
    }

    /// The slot whose checkpoint a visit is to ask for: yesterday's last, unless it is kept here.
    pub(crate) fn past_slot(&self, store: &Store) -> Result<Option<SlotNumber>, StoreError> {
        let Some(slot) = self.yesterday() else { return Ok(None) };
        Ok(store.checkpoint_seen(self.number, slot.0)?.is_none().then_some(slot))
    }

    /// Whether a slot ended so long before the newest one that no visit begins earlier for it. Whoever holds any cell's key can name slots
    /// of long ago, as often as they like.
    fn is_long_ago(&self, slot: SlotNumber) -> bool {
        let Some((newest, slot_seconds)) = self.history.newest().zip(self.slot_seconds) else { return false };
        let ended = |slot: SlotNumber| slot.end_unix_seconds(slot_seconds);
        ended(newest.slot()).saturating_sub(ended(slot)) > LOOKED_FOR_SECONDS
    }

    /// Keeps the proof that it signed two logs, unless there is one already.
    fn convict(&mut self, store: &mut Store, evidence: &Evidence) -> Result<(), StoreError> {
        if self.has_proof {
            return Ok(());
        }
        self.fault = Some(Fault::Forked);
        self.has_proof = true;
        store.write(|w| w.set_fault(self.number, self.fault, &evidence.encode()))
    }
}

impl Held {
    /// Says what the relays signed for yesterday's last slot, where it was accepted here and nobody said so yet. Asked only where
    /// something else is to be sealed: by itself it would tell the relay that somebody looks.
    pub(crate) fn say_seen(&mut self, store: &mut Store, relays: &Relays, now_seconds: u64) -> Result<(), StoreError> {
        let (mut said, mut notes) = (Vec::new(), Vec::new());
        for address in relays.wanted(self.number) {
            let relay = &relays.known[&address];
            let key = address.log_key();
            // Of a relay that is not reached, yesterday may be long ago, and would say when it was reached last.
            let slot = relay.yesterday().filter(|_| relay.online);
            let slot = slot.filter(|slot| self.said_seen.get(&relay.number) != Some(slot));
            let note = slot.map(|slot| store.checkpoint_seen(relay.number, slot.0)).transpose()?.flatten();
            let mine = note.map(|note| Checkpoint::verify(&note, &key)).transpose().map_err(|_| StoreError::Damaged)?;
            // Whatever lines others added: they are none of its word, and would take room.
            let alone = mine.map(|mine| (mine.note().alone(&key), mine));
            let Some((note, mine)) = alone.filter(|(note, _)| note.len() <= MAX_SEEN_NOTE_BYTES) else { continue };
            said.push((relay.number, mine.slot()));
            let is_mine =
                |said: &Checkpoint| (said.slot(), said.size(), said.root()) == (mine.slot(), mine.size(), mine.root());
            let mut lately = self.replica.said_seen(now_seconds.saturating_sub(SAID_LATELY_SECONDS));
            // Whoever said otherwise is to hear it.
            if !lately.any(|(_, said)| Checkpoint::verify(said, &key).is_ok_and(|said| is_mine(&said))) {
                notes.push(note);
            }
        }
        // As what it goes along with: by a time of its own it would be alike wherever it is said in the same moment.
        let last = self.replica.logs().tip(self.replica.device().author());
        let claimed_seconds = last.map_or(now_seconds, |last| last.claimed_seconds);
        if let Some(entry) = self.replica.say_seen(notes, claimed_seconds) {
            self.commit(store, &[entry], |_, _| Ok(()))?;
        }
        self.said_seen.extend(said);
        Ok(())
    }
}

impl Open {
    /// After a visit: compares what came in it, and what was said lately, also before this relay was known or this program started.
    pub(crate) fn compare_visit(
        &mut self,
        address: &RelayAddress,
        span: Option<&Span>,
        now_seconds: u64,
    ) -> Result<(), StoreError> {
        let key = address.log_key();
        let since = now_seconds.saturating_sub(SAID_LATELY_SECONDS);
        let mut notes = BTreeSet::new();
        for held in self.held.values().filter(|held| self.relays.readings.contains_key(&(held.number, *address))) {
            // What this device said itself agrees with nobody.
            let mine = held.replica.device().author();
            let said = held.replica.said_seen(since).filter(|(by, note)| *by != mine && named_in(note) == Some(key));
            notes.extend(said.map(|(_, note)| note.to_vec()));
        }
        self.compare_seen(address, notes, span)
    }

    /// Takes what others said of the relays of a pursuance.
    pub(crate) fn hear_seen(&mut self, pursuance: Number, notes: Vec<Vec<u8>>) -> Result<(), StoreError> {
        let mut heard: BTreeMap<RelayAddress, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for note in notes {
            let Some(key) = named_in(&note) else { continue };
            let address = self.relays.of(pursuance).map(|(address, _)| address).find(|read| read.log_key() == key);
            let Some(address) = address else { continue };
            heard.entry(address).or_default().insert(note);
        }
        heard.into_iter().try_for_each(|(address, notes)| self.compare_seen(&address, notes, None))
    }

    /// Compares these and what waits, with the hashes of a visit, where one was just made.
    fn compare_seen(
        &mut self,
        address: &RelayAddress,
        mut notes: BTreeSet<Vec<u8>>,
        span: Option<&Span>,
    ) -> Result<(), StoreError> {
        let key = address.log_key();
        let relay = self.relays.known.get_mut(address).expect("the caller looked");
        let mut from = None;
        let mut undecided = BTreeSet::new();
        notes.extend(std::mem::take(&mut relay.seen.waiting).into_iter().map(|(_, note)| note));
        for note in notes {
            // Whoever says what this relay never signed says nothing.
            let Ok(theirs) = Checkpoint::verify(&note, &key) else { continue };
            let accepted = self.store.checkpoint_seen(relay.number, theirs.slot().0)?;
            let accepted = accepted.and_then(|accepted| Checkpoint::verify(&accepted, &key).ok());
            match relay.history.compare(&note, accepted.as_ref(), span) {
                Ok(Compared::Same) => {
                    relay.seen.agreed = relay.seen.agreed.max(Some(theirs.slot()));
                    // Whoever says it again has nobody begin earlier again.
                    if accepted.is_none() && span.is_some() {
                        self.store.write(|w| w.add_checkpoint_seen(relay.number, theirs.slot().0, &note))?;
                    }
                }
                Ok(Compared::Ahead) => _ = undecided.insert((theirs.slot(), note)),
                // No visit can tell any more, or none is made for it.
                Ok(Compared::Unknown)
                    if theirs.size() < first_provable(relay.size()) || relay.is_long_ago(theirs.slot()) => {}
                Ok(Compared::Unknown) => {
                    from = Some(from.unwrap_or(u64::MAX).min(theirs.size()));
                    undecided.insert((theirs.slot(), note));
                }
                Ok(Compared::Forked(evidence)) => relay.convict(&mut self.store, &evidence)?,
                Err(_) => {}
            }
        }
        relay.seen.keep(undecided);
        relay.seen.from = from;
        Ok(())
    }

    /// Has the relay visited again where an earlier start can tell what another member saw. Such a visit is like any other.
    pub(crate) fn look_again(&mut self, address: &RelayAddress) {
        if self.relays.known.get(address).is_some_and(|relay| relay.seen.from.is_some()) {
            self.relays.wake(address);
        }
    }

    /// Takes the checkpoint of an older slot that a visit asked for: it is kept if it is of the log that was read.
    pub(crate) fn take_past(
        &mut self,
        address: &RelayAddress,
        note: &[u8],
        span: Option<&Span>,
        now_seconds: u64,
    ) -> Result<(), StoreError> {
        let relay = self.relays.known.get_mut(address).expect("the caller looked");
        let Ok(past) = Checkpoint::verify(note, &address.log_key()) else { return Ok(()) };
        match relay.history.compare(note, None, span) {
            Ok(Compared::Same) => {
                relay.cosigned.look(&self.witnesses, &past, now_seconds);
                self.store.write(|w| w.add_checkpoint_seen(relay.number, past.slot().0, note))
            }
            Ok(Compared::Forked(evidence)) => relay.convict(&mut self.store, &evidence),
            Ok(Compared::Ahead | Compared::Unknown) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_compared_first_is_not_pushed_out_by_what_never_can() {
        let mut seen = SeenByOthers::default();
        let far = (0..500).map(|n| (SlotNumber(u64::MAX - n), vec![n as u8]));
        seen.keep(far.chain([(SlotNumber(7), b"soon".to_vec())]).collect());
        assert_eq!(seen.waiting.len(), MAX_SEEN_WAITING);
        assert_eq!(seen.waiting.first(), Some(&(SlotNumber(7), b"soon".to_vec())));
    }

    #[test]
    fn yesterday_ends_before_midnight_of_this_day() {
        let midnight = 20_000 * DAY_SECONDS;
        for (slot_seconds, after) in [(1, 0), (60, 59), (300, DAY_SECONDS - 1), (7, 11)] {
            let slot = last_slot_of_yesterday(midnight + after, slot_seconds);
            let end = slot.end_unix_seconds(slot_seconds);
            assert!(end <= midnight && end + u64::from(slot_seconds) > midnight, "{slot_seconds}: {end}");
        }
    }
}
