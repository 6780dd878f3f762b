//! What one relay has and another lacks is posted there again (docs/protocol/08-node.md, N68).
//!
//! ```text
//! new by one relay ──note──> lacking at the others ──ten minutes──> kept, and shown
//!        ^ comes by such another: no longer                    └──six hours, and it was read to its end──> sealed again for it
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use pursuance_core::bundle::Bundler;
use pursuance_core::crypto::Seed;
use pursuance_core::id::{EntryId, PursuanceId};

use crate::chance::random;
use crate::comparing::DAY_SECONDS;
use crate::engine::{Open, Surroundings};
use crate::held::Ingested;
use crate::relays::Relay;
use crate::store::{KeptStanding, Number, Store, StoreError};

/// Entries that a relay is known to lack, at most, for each pursuance; what else it lacks is not noted.
pub(crate) const MAX_LACKING: usize = 1_024;

/// Entries that are sealed again at once.
const PAGE: usize = 64;

/// How often one is posted again that does not come.
const MAX_TRIES: u8 = 3;

/// What it has lacked for longer it may have had and dropped.
const MAX_LACKING_FOR: Duration = Duration::from_secs(30 * DAY_SECONDS);

/// A relay's row, and an entry that it lacks.
type At = (Number, EntryId);

/// Bytes of each in the database: relay, entry, seconds, tries.
const KEPT_BYTES: usize = 8 + 32 + 8 + 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lack {
    /// When it came by another relay, or was posted again, in seconds since 1970.
    since_seconds: u64,
    tries: u8,
}

/// What relays lack, as far as this computer has seen.
#[derive(Default)]
pub(crate) struct Repair {
    /// Most of it comes in a moment, and never gets further.
    fresh: BTreeMap<PursuanceId, BTreeMap<At, u64>>,
    /// In the database, by pursuance.
    kept: BTreeMap<PursuanceId, BTreeMap<At, Lack>>,
    /// When a relay that was read to its end is given something.
    due: BTreeMap<Number, Instant>,
    /// Cells on their way, dropped once relays have them.
    cells: Vec<Number>,
    /// Something posted here came to a relay's log: it may be these.
    pub(crate) own_came: bool,
    /// It was looked for such that an earlier run left.
    looked: bool,
}

fn kept_name(pursuance: PursuanceId) -> String {
    format!("lacking {pursuance}")
}

fn load(store: &Store, pursuance: PursuanceId) -> Result<BTreeMap<At, Lack>, StoreError> {
    let bytes = store.meta(&kept_name(pursuance))?.unwrap_or_default();
    let (lacks, rest) = bytes.as_chunks::<KEPT_BYTES>();
    if !rest.is_empty() {
        return Err(StoreError::Damaged);
    }
    let read = |lack: &[u8; KEPT_BYTES]| {
        let number = |at: usize| lack[at..at + 8].iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let relay = Number::try_from(number(0)).map_err(|_| StoreError::Damaged)?;
        let entry: [u8; 32] = lack[8..40].try_into().map_err(|_| StoreError::Damaged)?;
        Ok(((relay, EntryId(entry)), Lack { since_seconds: number(40), tries: lack[48] }))
    };
    lacks.iter().map(read).collect()
}

fn bytes(lacks: &BTreeMap<At, Lack>) -> Vec<u8> {
    let write = |((relay, entry), lack): (&At, &Lack)| {
        [&relay.to_be_bytes()[..], &entry.0, &lack.since_seconds.to_be_bytes(), &[lack.tries]].concat()
    };
    lacks.iter().flat_map(write).collect()
}

impl Repair {
    pub(crate) fn load<'a>(store: &Store, held: impl Iterator<Item = &'a PursuanceId>) -> Result<Self, StoreError> {
        let kept = held.map(|pursuance| Ok((*pursuance, load(store, *pursuance)?)));
        Ok(Self { kept: kept.collect::<Result<_, StoreError>>()?, ..Self::default() })
    }

    /// Nothing is left of a pursuance that was dropped; in the database the caller sees to that.
    pub(crate) fn forget(&mut self, pursuance: PursuanceId) {
        self.fresh.remove(&pursuance);
        self.kept.remove(&pursuance);
    }

    /// How many entries a relay is known to lack.
    pub(crate) fn lacking(&self, pursuance: PursuanceId, relay: Number) -> usize {
        self.kept.get(&pursuance).map_or(0, |kept| kept.keys().filter(|(at, _)| *at == relay).count())
    }

    /// Notes what came, by a relay or a bundle: what is new may be lacking at `others`, and this one lacks it no longer.
    pub(crate) fn note(
        &mut self,
        store: &mut Store,
        pursuance: PursuanceId,
        relay: Option<Number>,
        others: &[(Number, u64)],
        ingested: &Ingested,
        now_seconds: u64,
    ) -> Result<(), StoreError> {
        let came = |(at, entry): &At| Some(*at) == relay && ingested.came.contains(entry);
        if let Some(fresh) = self.fresh.get_mut(&pursuance) {
            fresh.retain(|at, _| !came(at));
        }
        if self.kept.get(&pursuance).is_some_and(|kept| kept.keys().any(came)) {
            self.change(store, pursuance, |kept| kept.retain(|at, _| !came(at)))?;
        }
        for (other, kept_from) in others.iter().filter(|(other, _)| Some(*other) != relay) {
            let lacking = self.lacking(pursuance, *other);
            let fresh = self.fresh.entry(pursuance).or_default();
            let room = MAX_LACKING.saturating_sub(lacking + fresh.keys().filter(|(at, _)| at == other).count());
            // What it may have dropped already is another matter (N63).
            let lately = ingested.by_others.iter().filter(|(_, claimed_seconds)| claimed_seconds >= kept_from);
            fresh.extend(lately.take(room).map(|(entry, _)| ((*other, *entry), now_seconds)));
        }
        Ok(())
    }

    fn change(
        &mut self,
        store: &mut Store,
        pursuance: PursuanceId,
        how: impl FnOnce(&mut BTreeMap<At, Lack>),
    ) -> Result<(), StoreError> {
        let kept = self.kept.entry(pursuance).or_default();
        let mut changed = kept.clone();
        how(&mut changed);
        if changed != *kept {
            store.write(|w| w.set_meta(&kept_name(pursuance), &bytes(&changed)))?;
            *kept = changed;
        }
        Ok(())
    }

    /// Keeps what has been lacking for a while, and leaves out what no relay in use lacks; whether anything shown has changed.
    fn settle(
        &mut self,
        store: &mut Store,
        pursuance: PursuanceId,
        used: &BTreeSet<Number>,
        (since_seconds, before_seconds): (u64, u64),
    ) -> Result<bool, StoreError> {
        let fresh = self.fresh.entry(pursuance).or_default();
        let old: Vec<(At, u64)> = fresh.extract_if(.., |_, since| *since <= before_seconds).collect();
        let settled = |((relay, entry), since_seconds): (At, u64)| {
            used.contains(&relay).then_some(((relay, entry), Lack { since_seconds, tries: 0 }))
        };
        let kept = self.kept.entry(pursuance).or_default();
        let stays = |(relay, _): &At, lack: &Lack| used.contains(relay) && lack.since_seconds >= since_seconds;
        if old.is_empty() && kept.iter().all(|(at, lack)| stays(at, lack)) {
            return Ok(false);
        }
        let before = kept.len();
        self.change(store, pursuance, |kept| {
            kept.extend(old.into_iter().filter_map(settled));
            kept.retain(|at, lack| stays(at, lack));
        })?;
        Ok(self.kept.get(&pursuance).map_or(0, BTreeMap::len) != before)
    }

    fn is_idle(&self, pursuance: PursuanceId) -> bool {
        let nothing = |lacks: Option<usize>| lacks.unwrap_or(0) == 0;
        nothing(self.fresh.get(&pursuance).map(BTreeMap::len)) && nothing(self.kept.get(&pursuance).map(BTreeMap::len))
    }

    /// What a relay has lacked for long enough to be given it, if now is the time.
    fn due_at(
        &mut self,
        pursuance: PursuanceId,
        relay: Number,
        before_seconds: u64,
        pause: impl FnOnce() -> Duration,
    ) -> Vec<EntryId> {
        let Some(kept) = self.kept.get(&pursuance) else { return Vec::new() };
        let is_due = |lack: &Lack| lack.tries < MAX_TRIES && lack.since_seconds <= before_seconds;
        let due: Vec<EntryId> = { kept.iter() }
            .filter(|((at, _), lack)| *at == relay && is_due(lack))
            .map(|((_, entry), _)| *entry)
            .take(PAGE)
            .collect();
        if due.is_empty() || *self.due.entry(relay).or_insert_with(|| Instant::now() + pause()) > Instant::now() {
            return Vec::new();
        }
        due
    }
}

impl Open {
    /// Notes by which relay something came, if it came by one.
    pub(crate) fn note_came(
        &mut self,
        pursuance: (PursuanceId, Number),
        relay: Option<Number>,
        ingested: &Ingested,
        now_seconds: u64,
    ) -> Result<(), StoreError> {
        let used = self.relays.wanted(pursuance.1);
        let kept_from = |relay: &Relay| {
            let days = u64::from(relay.retention_days.unwrap_or(1)).saturating_sub(1);
            (relay.number, now_seconds.saturating_sub(days * DAY_SECONDS))
        };
        let others: Vec<(Number, u64)> =
            used.iter().filter_map(|address| self.relays.known.get(address)).map(kept_from).collect();
        self.repair.note(&mut self.store, pursuance.0, relay, &others, ingested, now_seconds)
    }

    /// Posts a little of what a relay lacks; whether anything shown has changed.
    pub(crate) fn repair(&mut self, around: &Surroundings) -> Result<bool, StoreError> {
        self.drop_spent()?;
        let now_seconds = around.clock.now_seconds();
        let ago = |pause: Duration| now_seconds.saturating_sub(pause.as_secs());
        let mut changed = false;
        let pursuances: Vec<(PursuanceId, Number)> = self.held.iter().map(|(id, held)| (*id, held.number)).collect();
        for (pursuance, number) in pursuances {
            if self.repair.is_idle(pursuance) {
                continue;
            }
            let used: BTreeSet<Number> = self.relays.wanted_numbers(number).into_iter().collect();
            let ages = (ago(MAX_LACKING_FOR), ago(around.pace.lacks_after));
            changed |= self.repair.settle(&mut self.store, pursuance, &used, ages)?;
            if self.held[&pursuance].is_silent() || self.held[&pursuance].standing != KeptStanding::Member {
                continue;
            }
            for address in self.relays.wanted(number) {
                let (Some(relay), Some(reading)) =
                    (self.relays.known.get(&address), self.relays.readings.get(&(number, address)))
                else {
                    continue;
                };
                let row = relay.number;
                if !relay.is_read(*reading) || relay.fault.is_some() {
                    self.repair.due.remove(&row);
                    continue;
                }
                let pause = || around.pace.repair_delay();
                let entries = self.repair.due_at(pursuance, row, ago(around.pace.repair_after), pause);
                if !entries.is_empty() && self.store.waiting_count(row)? == 0 {
                    self.post_what_it_lacks(pursuance, row, &entries, now_seconds)?;
                }
            }
        }
        Ok(changed)
    }

    /// Drops cells that have come to where they were for.
    fn drop_spent(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.repair.own_came) && !self.repair.cells.is_empty() {
            let cells = std::mem::take(&mut self.repair.cells);
            self.repair.cells = self.store.write(|w| w.drop_cells_seen(&cells))?;
        }
        if !self.repair.looked && self.store.has_cells_spent()? {
            self.store.write(|w| w.drop_cells_spent())?;
        }
        self.repair.looked = true;
        Ok(())
    }

    fn post_what_it_lacks(
        &mut self,
        pursuance: PursuanceId,
        relay: Number,
        lacking: &[EntryId],
        now_seconds: u64,
    ) -> Result<(), StoreError> {
        let Some(held) = self.held.get_mut(&pursuance) else { return Ok(()) };
        let mut entries = Vec::new();
        for entry in lacking {
            // What waits for others has no place yet, and no keys.
            let in_log = !held.replica.logs().is_waiting(*entry);
            entries.extend(self.store.entry(held.number, *entry)?.filter(|_| in_log));
        }
        // About as they came, so that those under the same keys share cells.
        entries.sort_by_key(|entry| entry.body().claimed_seconds);
        let shelf = self.store.shelf(held.number);
        let sealed = Bundler::seal_few(&mut held.replica, &entries, &shelf, &mut Seed::new(random()));
        shelf.check()?;
        held.put_down();
        let of = held.number;
        let numbers = self.store.write(|w| w.add_cells_again(of, &sealed, relay))?;
        self.repair.cells.extend(numbers);
        self.repair.due.remove(&relay);
        self.repair.change(&mut self.store, pursuance, |kept| {
            for entry in lacking {
                if let Some(lack) = kept.get_mut(&(relay, *entry)) {
                    *lack = Lack { since_seconds: now_seconds, tries: lack.tries.saturating_add(1) };
                }
            }
        })?;
        self.relays.wake_posters();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(came: &[u8], by_others: &[(u8, u64)]) -> Ingested {
        let id = |byte: &u8| EntryId([*byte; 32]);
        let by_others = by_others.iter().map(|(entry, claimed_seconds)| (id(entry), *claimed_seconds)).collect();
        Ingested { came: came.iter().map(id).collect(), by_others, ..Ingested::default() }
    }

    #[test]
    fn what_comes_by_one_relay_lacks_at_the_others_until_it_comes_there() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("db"), &crate::vault::fresh_key()).unwrap();
        let of = PursuanceId([3; 32]);
        let mut repair = Repair::load(&store, [of].iter()).unwrap();
        let used: BTreeSet<Number> = [1, 2].into();
        let others = [(1, 50), (2, 50)];
        // Of four, one is too old to be expected there, and one comes there at once.
        let first = brought(&[1, 2, 3, 4], &[(1, 100), (2, 100), (3, 100), (4, 49)]);
        repair.note(&mut store, of, Some(1), &others, &first, 1_000).unwrap();
        repair.note(&mut store, of, Some(2), &others, &brought(&[2], &[]), 1_001).unwrap();
        assert!(!repair.settle(&mut store, of, &used, (0, 999)).unwrap());
        assert_eq!(repair.lacking(of, 2), 0, "most of it comes in a moment");
        assert!(repair.settle(&mut store, of, &used, (0, 1_000)).unwrap());
        assert_eq!((repair.lacking(of, 1), repair.lacking(of, 2)), (0, 2));

        // It is kept as it was, and posted again a few times, each time after a pause.
        let mut repair = Repair::load(&store, [of].iter()).unwrap();
        let at_once = || Duration::ZERO;
        assert_eq!(repair.due_at(of, 2, 999, at_once), []);
        assert_eq!(repair.due_at(of, 2, 1_000, || Duration::from_secs(60)), []);
        repair.due.clear();
        assert_eq!(repair.due_at(of, 2, 1_000, at_once), [EntryId([1; 32]), EntryId([3; 32])]);
        let tired = |kept: &mut BTreeMap<At, Lack>| kept.values_mut().for_each(|lack| lack.tries = MAX_TRIES);
        repair.change(&mut store, of, tired).unwrap();
        assert_eq!((repair.due_at(of, 2, 1_000, at_once), repair.lacking(of, 2)), (vec![], 2));

        // It comes, or the relay is no longer used, or it is long ago.
        repair.note(&mut store, of, Some(2), &others, &brought(&[1], &[]), 2_000).unwrap();
        assert_eq!(repair.lacking(of, 2), 1);
        assert!(repair.settle(&mut store, of, &used, (1_001, 1_500)).unwrap());
        assert_eq!(repair.lacking(of, 2), 0);
        assert_eq!(load(&store, of).unwrap(), BTreeMap::new());
        store.write(|w| w.set_meta(&kept_name(of), &[1; KEPT_BYTES + 1])).unwrap();
        assert!(load(&store, of).is_err());
    }

    #[test]
    fn no_more_is_noted_than_there_is_room_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("db"), &crate::vault::fresh_key()).unwrap();
        let of = PursuanceId([3; 32]);
        let mut repair = Repair::default();
        for round in 0..5_u64 {
            let many = (0..400_u64).map(|n| {
                let mut id = [0; 32];
                id[..8].copy_from_slice(&(round * 400 + n).to_be_bytes());
                (EntryId(id), 100)
            });
            let ingested = Ingested { by_others: many.collect(), ..Ingested::default() };
            repair.note(&mut store, of, Some(1), &[(1, 0), (2, 0)], &ingested, 10).unwrap();
            repair.settle(&mut store, of, &[1, 2].into(), (0, 9 + round % 2)).unwrap();
        }
        repair.settle(&mut store, of, &[1, 2].into(), (0, 10)).unwrap();
        assert_eq!((repair.lacking(of, 1), repair.lacking(of, 2)), (0, MAX_LACKING));
    }
}
