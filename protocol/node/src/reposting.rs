//! What a relay keeps no longer is posted again for whoever comes (docs/protocol/08-node.md, N63 and N64).
//!
//! ```text
//! each cell read ──count──> from which cell on this relay's log has all of the pursuance
//! once a day     ──ask────> before which cell the relay may have dropped what it had
//! welcomed here, and the first lies before the second ──> the log, sealed again, a page whenever nothing else waits there
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use bytes::Bytes;
use pursuance_core::bundle::Bundler;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::id::{EntryId, PursuanceId};
use pursuance_wire::RelayAddress;
use pursuance_wire::log::{Checkpoint, LogKey, SlotNumber};

use crate::chance::random;
use crate::comparing::{DAY_SECONDS, last_slot_of_yesterday};
use crate::engine::{Open, Surroundings};
use crate::held::{Held, Ingested};
use crate::node::Pace;
use crate::relays::Relay;
use crate::store::{KeptStanding, Number, Store, StoreError};

/// Entries that are sealed again at once: what somebody says meanwhile waits behind no more than these.
const PAGE: usize = 64;

/// A relay's log counts as having all of a pursuance from a cell on, when so many in ten of its entries have come from there on: some may
/// be on their way.
const MOST_IN_TEN: u64 = 9;

/// What is kept of where relays have a pursuance, and whether somebody may lack what they dropped.
#[derive(Default)]
pub(crate) struct Reposting {
    kept: BTreeMap<PursuanceId, Kept>,
    /// Entries counted since the first one of a pursuance came by a relay, and the cell that it came with.
    counting: BTreeMap<(PursuanceId, RelayAddress), (u64, u64)>,
    /// When somebody here looks whether relays lack something, unless that is at once; and how much of it another has posted by then.
    due: BTreeMap<PursuanceId, (Instant, u64)>,
    /// Of each relay and each pursuance, one at most: a relay that takes nothing holds up nobody elsewhere.
    jobs: Vec<Job>,
}

/// In the database, by pursuance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Kept {
    /// Somebody was welcomed here, and it was not looked yet whether relays still have what they need.
    is_wanted: bool,
    /// By relay, the cell from which on its log has everything.
    whole_from: BTreeMap<Number, u64>,
}

/// A log on its way to a relay once more.
struct Job {
    pursuance: PursuanceId,
    relay: RelayAddress,
    bundler: Bundler,
    /// The last entry that was sealed.
    after: i64,
    all_sealed: bool,
    /// The log's size when it began.
    since: u64,
    /// Cells that the relay's log was not seen to have yet.
    cells: Vec<Number>,
}

fn kept_name(pursuance: PursuanceId) -> String {
    format!("reposting {pursuance}")
}

impl Kept {
    fn load(store: &Store, pursuance: PursuanceId) -> Result<Self, StoreError> {
        let bytes = store.meta(&kept_name(pursuance))?.unwrap_or_default();
        let Some((wanted, places)) = bytes.split_first() else { return Ok(Self::default()) };
        let (places, rest) = places.as_chunks::<16>();
        if *wanted > 1 || !rest.is_empty() {
            return Err(StoreError::Damaged);
        }
        let whole_from = places.iter().map(|place| {
            let (relay, cell) = place.split_at(8);
            let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            Ok((Number::try_from(number(relay)).map_err(|_| StoreError::Damaged)?, number(cell)))
        });
        Ok(Self { is_wanted: *wanted == 1, whole_from: whole_from.collect::<Result<_, StoreError>>()? })
    }

    fn bytes(&self) -> Vec<u8> {
        let places =
            self.whole_from.iter().flat_map(|(relay, cell)| [relay.to_be_bytes(), cell.to_be_bytes()].concat());
        std::iter::once(u8::from(self.is_wanted)).chain(places).collect()
    }
}

impl Reposting {
    pub(crate) fn load<'a>(store: &Store, held: impl Iterator<Item = &'a PursuanceId>) -> Result<Self, StoreError> {
        let kept = held.map(|pursuance| Ok((*pursuance, Kept::load(store, *pursuance)?)));
        Ok(Self { kept: kept.collect::<Result<_, StoreError>>()?, ..Self::default() })
    }

    /// Nothing is left of a pursuance that was dropped; in the database the caller sees to that.
    pub(crate) fn forget(&mut self, pursuance: PursuanceId) {
        self.kept.remove(&pursuance);
        self.due.remove(&pursuance);
        self.counting.retain(|(of, _), _| *of != pursuance);
        self.jobs.retain(|job| job.pursuance != pursuance);
    }

    fn change(
        &mut self,
        store: &mut Store,
        pursuance: PursuanceId,
        how: impl FnOnce(&mut Kept),
    ) -> Result<(), StoreError> {
        let mut changed = self.kept.get(&pursuance).cloned().unwrap_or_default();
        how(&mut changed);
        if self.kept.get(&pursuance) != Some(&changed) {
            store.write(|w| w.set_meta(&kept_name(pursuance), &changed.bytes()))?;
            self.kept.insert(pursuance, changed);
        }
        Ok(())
    }

    /// Says that somebody was welcomed here, who is to have all that there is, and when it is looked at.
    pub(crate) fn want(&mut self, store: &mut Store, pursuance: PursuanceId, due: Instant) -> Result<(), StoreError> {
        self.change(store, pursuance, |kept| kept.is_wanted = true)?;
        let sooner = self.due.get(&pursuance).map_or(due, |(sooner, _)| due.min(*sooner));
        self.due.insert(pursuance, (sooner, self.counted(pursuance)));
        Ok(())
    }

    /// Entries that came towards whole logs at relays.
    fn counted(&self, pursuance: PursuanceId) -> u64 {
        self.counting.iter().filter(|((of, _), _)| *of == pursuance).map(|(_, (_, counted))| *counted).sum()
    }

    /// Whether it is time to look; while another posts it, it is not.
    fn is_due(&mut self, pursuance: PursuanceId, pace: &Pace) -> bool {
        let now = Instant::now();
        let posted = self.counted(pursuance);
        // After a start it is not known for how long it has waited.
        let (due, seen) = self.due.entry(pursuance).or_insert_with(|| (now + pace.repost_delay(), posted));
        if now < *due {
            return false;
        }
        if posted > *seen {
            (*due, *seen) = (now + pace.repost_delay(), posted);
            return false;
        }
        true
    }

    /// Counts what came with the cells from `start` on, known or not.
    pub(crate) fn count(
        &mut self,
        store: &mut Store,
        held: &Held,
        relay: (Number, RelayAddress),
        start: u64,
        ingested: &Ingested,
    ) -> Result<(), StoreError> {
        let at = (held.id, relay.1);
        if ingested.came.contains(&EntryId(held.id.0)) {
            self.counting.insert(at, (start, 0));
        }
        let Some((from, counted)) = self.counting.get_mut(&at) else { return Ok(()) };
        *counted += ingested.came.len() as u64;
        if 10 * *counted < MOST_IN_TEN * held.replica.logs().arrivals() {
            return Ok(());
        }
        let from = *from;
        self.counting.remove(&at);
        self.change(store, held.id, |kept| {
            let whole_from = kept.whole_from.entry(relay.0).or_default();
            *whole_from = from.max(*whole_from);
        })
    }
}

impl Relay {
    /// The slot before which everything may have been dropped within a day from now, by the relay's own time.
    pub(crate) fn expiry_slot(&self) -> Option<SlotNumber> {
        let (slot_seconds, days) = (self.slot_seconds?, self.retention_days?);
        let now = self.history.newest()?.slot().end_unix_seconds(slot_seconds);
        let then = now.saturating_sub(u64::from(days.saturating_sub(1)) * DAY_SECONDS);
        Some(last_slot_of_yesterday(then, slot_seconds))
    }

    /// The same, unless it is known what the log had then.
    pub(crate) fn unknown_expiry_slot(&self) -> Option<SlotNumber> {
        self.expiry_slot().filter(|slot| self.expired.is_none_or(|(known, _)| known != *slot))
    }

    /// Takes what a visit brought, if it asked for that slot: by its end another day may have begun. A relay that has no checkpoint of it
    /// was not there then, as far as anybody can tell.
    pub(crate) fn take_expiry(&mut self, asked: &[(SlotNumber, Option<Bytes>)], key: &LogKey) {
        let Some(slot) = self.expiry_slot() else { return };
        let Some((_, note)) = asked.iter().find(|(at, _)| *at == slot) else { return };
        let signed = note.as_ref().and_then(|note| Checkpoint::verify(note, key).ok());
        self.expired = Some((slot, signed.filter(|signed| signed.slot() == slot).map_or(0, |signed| signed.size())));
    }
}

impl Open {
    /// Posts a little of what somebody may lack, where nothing else waits to be posted.
    pub(crate) fn repost(&mut self, around: &Surroundings) -> Result<(), StoreError> {
        for mut job in std::mem::take(&mut self.reposting.jobs) {
            if self.repost_more(&mut job)? {
                self.reposting.jobs.push(job);
            }
        }
        let wanted = self.reposting.kept.iter().filter(|(_, kept)| kept.is_wanted);
        let wanted: Vec<PursuanceId> = wanted.map(|(pursuance, _)| *pursuance).collect();
        for pursuance in wanted {
            let is_done = !self.reposting.jobs.iter().any(|job| job.pursuance == pursuance);
            if is_done && self.reposting.is_due(pursuance, &around.pace) {
                self.look_what_is_lacking(pursuance)?;
            }
        }
        Ok(())
    }

    /// Begins where a relay may lack something; ends when none does.
    fn look_what_is_lacking(&mut self, pursuance: PursuanceId) -> Result<(), StoreError> {
        let Some(held) = self.held.get(&pursuance) else { return Ok(()) };
        if held.standing != KeptStanding::Member || held.is_silent() {
            return self.reposting.change(&mut self.store, pursuance, |kept| kept.is_wanted = false);
        }
        let mut may_lack = false;
        for address in self.relays.wanted(held.number) {
            let Some(relay) = self.relays.known.get_mut(&address) else { continue };
            let known = relay.expired.filter(|(slot, _)| Some(*slot) == relay.expiry_slot());
            let Some((_, expired)) = known else {
                may_lack = true;
                // Asked in a visit like any other; once, until that has ended.
                if relay.online && !relay.asks_expiry {
                    relay.asks_expiry = true;
                    self.relays.wake(&address);
                }
                continue;
            };
            let whole_from = self.reposting.kept.get(&pursuance).and_then(|kept| kept.whole_from.get(&relay.number));
            if whole_from.is_some_and(|from| *from >= expired) {
                continue;
            }
            may_lack = true;
            if !self.reposting.jobs.iter().any(|job| job.pursuance == pursuance || job.relay == address) {
                let bundler = Bundler::new(&held.replica);
                let (after, all_sealed, since, cells) = (0, false, relay.size(), Vec::new());
                self.reposting.jobs.push(Job { pursuance, relay: address, bundler, after, all_sealed, since, cells });
            }
        }
        if !may_lack {
            self.reposting.due.remove(&pursuance);
            self.reposting.change(&mut self.store, pursuance, |kept| kept.is_wanted = false)?;
        }
        Ok(())
    }

    /// The next page, if the relay has the last one; whether something is left to do.
    fn repost_more(&mut self, job: &mut Job) -> Result<bool, StoreError> {
        let number = self.relays.known.get(&job.relay).map(|relay| relay.number);
        let (Some(relay), Some(held)) = (number, self.held.get_mut(&job.pursuance)) else { return Ok(false) };
        let is_wanted = self.relays.readings.get(&(held.number, job.relay)).is_some_and(|reading| reading.wanted);
        if !is_wanted || held.is_silent() {
            return Ok(false);
        }
        if self.store.waiting_count(relay)? > 0 {
            return Ok(true);
        }
        if job.all_sealed {
            // They have done what they were for once the relay's log has them.
            let left = self.store.write(|w| w.drop_cells_seen(&job.cells))?;
            job.cells = left;
            if !job.cells.is_empty() {
                return Ok(true);
            }
            // What could not be sealed here is not tried again and again.
            let since = job.since;
            self.reposting.change(&mut self.store, job.pursuance, |kept| {
                let whole_from = kept.whole_from.entry(relay).or_default();
                *whole_from = since.max(*whole_from);
            })?;
            return Ok(false);
        }
        let page = self.store.write(|w| w.entries_after(held.number, job.after, PAGE))?;
        let Some((last, _)) = page.last() else {
            job.all_sealed = true;
            return Ok(true);
        };
        job.after = *last;
        let entries = page.iter().map(|(_, kept)| Entry::from_store(&kept.bytes)).collect::<Result<Vec<_>, _>>();
        let entries = entries.map_err(|_| StoreError::Damaged)?;
        let shelf = self.store.shelf(held.number);
        let sealed = job.bundler.seal(&mut held.replica, &entries, &shelf, &mut Seed::new(random()));
        shelf.check()?;
        held.put_down();
        // They carry nothing that is waited for: who said it has posted it long ago.
        let of = held.number;
        let numbers = self.store.write(|w| w.add_cells_again(of, &sealed, relay))?;
        job.cells.extend(numbers);
        self.relays.wake_posters();
        Ok(true)
    }

    /// Has the previews of open invites sealed anew that a relay has had for half of the time for which it keeps anything (N64).
    pub(crate) fn renew_previews(&mut self, address: &RelayAddress) -> Result<(), StoreError> {
        let Some(relay) = self.relays.known.get(address) else { return Ok(()) };
        let (Some(slot_seconds), Some(days), Some(newest)) =
            (relay.slot_seconds, relay.retention_days, relay.history.newest())
        else {
            return Ok(());
        };
        let half = u64::from(days) * DAY_SECONDS / 2 / u64::from(slot_seconds);
        let old = newest.slot().0.saturating_sub(half);
        for held in self.held.values_mut().filter(|held| !held.is_silent()) {
            if !self.relays.readings.get(&(held.number, *address)).is_some_and(|reading| reading.wanted) {
                continue;
            }
            let open = held.replica.authority().invites().keys().map(|grant| grant.entry);
            let mine: BTreeSet<EntryId> = open.filter(|entry| held.own_invites.contains_key(entry)).collect();
            let mut any = false;
            for invite in mine {
                if self.store.preview_slot(invite, relay.number)?.is_some_and(|slot| slot < old) {
                    self.store.write(|w| w.drop_preview(held.number, invite))?;
                    any = true;
                }
            }
            if any {
                held.refresh_posted(&self.store)?;
                held.seal_due = Some(Instant::now());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::tests::relay;
    use pursuance_wire::log::{Frontier, LogSigner, NodeHash, RelayHistory};

    #[test]
    fn what_is_kept_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("db"), &crate::vault::fresh_key()).unwrap();
        let pursuance = PursuanceId([3; 32]);
        let mut reposting = Reposting::load(&store, [pursuance].iter()).unwrap();
        assert_eq!(reposting.kept[&pursuance], Kept::default());
        reposting.want(&mut store, pursuance, Instant::now()).unwrap();
        reposting.change(&mut store, pursuance, |kept| _ = kept.whole_from.insert(2, 77)).unwrap();
        let again = Reposting::load(&store, [pursuance].iter()).unwrap();
        assert_eq!(again.kept[&pursuance], Kept { is_wanted: true, whole_from: [(2, 77)].into() });
        for damaged in [&[2][..], &[1; 16]] {
            store.write(|w| w.set_meta(&kept_name(pursuance), damaged)).unwrap();
            assert!(Kept::load(&store, pursuance).is_err());
        }
    }

    #[test]
    fn what_may_be_gone_within_a_day_is_told_by_the_relays_own_days() {
        let signer = LogSigner::from_seed(&[2; 32]);
        let mut one = Relay::new(1, relay());
        let at = |seconds: u64| {
            let slot = SlotNumber::at(seconds, 60);
            let note = Checkpoint::sign(&signer, slot, 0, Frontier::new().root());
            RelayHistory::restore(signer.key(), note.note().as_bytes(), Frontier::new()).expect("of this key")
        };
        let midnight = 20_000 * DAY_SECONDS;
        one.history = at(midnight + 3_600);
        assert_eq!(one.expiry_slot(), None, "its policy is not known");
        (one.slot_seconds, one.retention_days) = (Some(60), Some(30));
        let slot = one.expiry_slot().expect("known");
        assert_eq!(slot.end_unix_seconds(60), midnight - 29 * DAY_SECONDS);
        let asked_about = |slot: SlotNumber, of: SlotNumber| {
            let note = Checkpoint::sign(&signer, of, 500, NodeHash([1; 32]));
            [(slot, Some(Bytes::copy_from_slice(note.note().as_bytes())))]
        };
        // Known for a day.
        one.take_expiry(&asked_about(slot, slot), &signer.key());
        assert_eq!((one.expired, one.unknown_expiry_slot()), (Some((slot, 500)), None));
        one.history = at(midnight + DAY_SECONDS + 3_600);
        let next = one.unknown_expiry_slot().expect("another day");
        one.take_expiry(&asked_about(slot, slot), &signer.key());
        assert_eq!(one.unknown_expiry_slot(), Some(next), "what was asked the day before says nothing");
        one.take_expiry(&asked_about(next, slot), &signer.key());
        assert_eq!(one.expired, Some((next, 0)), "nor does what is of another slot");
    }
}
