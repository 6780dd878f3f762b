//! Cells that came: opened, checked, stored, derived from (docs/protocol/08-node.md, section 6).

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::cell::{CellContent, open_cell};
use pursuance_core::code::Answer;
use pursuance_core::comparing::notes_in;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Entry, EntryError, UnverifiedEntry};
use pursuance_core::fragment::Assembly;
use pursuance_core::id::{AuthorId, EntryId};
use pursuance_core::keys::CellKey;
use pursuance_core::logs::Append;
use pursuance_wire::Cell;

use crate::chance::random;
use crate::devices::OpenCode;
use crate::held::{Held, UNREAD, Way, new_entry, unread_name};
use crate::returning::{Returned, Silence};
use crate::store::{Changes, KeptFragment, Store, StoreError};

/// What reading cells changed.
#[derive(Default)]
pub(crate) struct Ingested {
    /// Something came that was not known.
    pub(crate) news: bool,
    /// A secret came by which older cells can be opened: they are to be read again.
    pub(crate) learned: bool,
    /// What others said that relays signed.
    pub(crate) seen: Vec<Vec<u8>>,
    /// How many entries are new here.
    pub(crate) entries: usize,
    /// Those of them that another device wrote, with the times that they claim.
    pub(crate) by_others: Vec<(EntryId, u64)>,
    /// All entries that came whole or with their first part, known or not.
    pub(crate) came: BTreeSet<EntryId>,
    /// Cells, by their places, that nothing here opens.
    pub(crate) closed: Vec<usize>,
    /// What others' devices said that had said nothing for a day, the newest of each.
    pub(crate) returned: BTreeMap<AuthorId, Returned>,
}

/// What one round over cells found, not stored yet.
#[derive(Default)]
struct Found {
    /// Not stored yet and not verified, perhaps twice.
    claimed: Vec<UnverifiedEntry>,
    /// Verified, each once.
    entries: Vec<Entry>,
    fragments: Vec<KeptFragment>,
    whole: Vec<EntryId>,
    /// Whatever came, known or not.
    came: BTreeSet<EntryId>,
    newer: Vec<Vec<u8>>,
    /// To the code that is shown here; only the first is taken.
    answers: Vec<Answer>,
}

impl Held {
    /// Reads cells: opens what is ours, verifies, stores, appends. `last` is stored together with the last of it.
    pub(crate) fn ingest(
        &mut self,
        store: &mut Store,
        cells: &[Cell],
        last: impl FnOnce(&Changes<'_>) -> Result<(), StoreError>,
    ) -> Result<Ingested, StoreError> {
        let mut ingested = Ingested::default();
        let mut closed: Vec<usize> = (0..cells.len()).collect();
        let mut last = Some(last);
        let mut keys_tried: BTreeSet<[u8; 32]> = BTreeSet::new();
        loop {
            // What came in the last round may bring keys for cells that did not open.
            let keys: Vec<CellKey> =
                self.cell_keys().into_iter().filter(|key| !keys_tried.contains(key.id())).collect();
            keys_tried.extend(keys.iter().map(|key| *key.id()));
            let mut found = Found::default();
            let mut trouble = Ok(());
            closed.retain(|at| {
                !self.look_into(store, &cells[*at], &keys, &mut found).unwrap_or_else(|error| {
                    trouble = Err(error);
                    false
                })
            });
            trouble?;
            ingested.came.append(&mut found.came);
            self.verify(&mut found);
            let final_round = keys.is_empty() || found.entries.is_empty();
            let last_change = if final_round { last.take() } else { None };
            self.keep(store, found, last_change, &mut ingested)?;
            if final_round {
                ingested.closed = closed;
                return Ok(ingested);
            }
        }
    }

    /// Keys that open this pursuance's cells.
    fn cell_keys(&self) -> Vec<CellKey> {
        let by_code = self.code.iter().map(OpenCode::cell_key);
        self.replica.cell_keys().into_iter().chain(self.way.iter().map(Way::cell_key)).chain(by_code).collect()
    }

    /// Opens a cell, if one of these keys does, and sorts out what is in it.
    fn look_into(
        &mut self,
        store: &Store,
        cell: &Cell,
        keys: &[CellKey],
        found: &mut Found,
    ) -> Result<bool, StoreError> {
        let Some((key, content)) = keys.iter().find_map(|key| Some((key, open_cell(key, cell)?))) else {
            return Ok(false);
        };
        match content {
            CellContent::Entries(answers) if self.code.as_ref().is_some_and(|code| code.cell_key() == *key) => {
                let said = answers.iter().filter_map(|bytes| Answer::decode(bytes).ok());
                found.answers.extend(said.filter(|answer| self.is_first_answer(answer)).take(1));
            }
            CellContent::Entries(entries) => {
                for bytes in entries {
                    match UnverifiedEntry::decode(&bytes) {
                        Ok(entry) => self.take(store, entry, found)?,
                        Err(EntryError::Newer { .. }) => found.newer.push(bytes),
                        // Whoever holds the key can seal nonsense; it means nothing.
                        Err(_) => {}
                    }
                }
            }
            CellContent::Fragment(fragment) => {
                if fragment.index == 0 {
                    found.came.insert(fragment.entry);
                }
                if store.has_entry(self.number, fragment.entry)? {
                    return Ok(true);
                }
                let part = KeptFragment {
                    cell_key: *key.id(),
                    entry: fragment.entry,
                    parts: fragment.count,
                    part: fragment.index,
                    bytes: fragment.bytes.clone(),
                };
                match self.fragments.entry(*key.id()).or_default().insert(fragment) {
                    Assembly::Kept => found.fragments.push(part),
                    Assembly::Whole(entry) => {
                        found.whole.push(entry.id());
                        self.take(store, *entry, found)?;
                    }
                    Assembly::Ignored => {}
                }
            }
        }
        Ok(true)
    }

    fn take(&self, store: &Store, entry: UnverifiedEntry, found: &mut Found) -> Result<(), StoreError> {
        found.came.insert(entry.id());
        if !store.has_entry(self.number, entry.id())? {
            found.claimed.push(entry);
        }
        Ok(())
    }

    /// Checks all signatures of a round at once. An id does not cover its signature: a copy with a bad one keeps no good one out.
    fn verify(&self, found: &mut Found) {
        let claimed = std::mem::take(&mut found.claimed);
        let mut ids = BTreeSet::new();
        let judged = UnverifiedEntry::verify_all(claimed, self.id, &mut Seed::new(random()));
        found.entries.extend(judged.into_iter().flatten().filter(|entry| ids.insert(entry.id())));
    }

    /// Stores what was found and what follows from it, in one transaction.
    fn keep(
        &mut self,
        store: &mut Store,
        found: Found,
        last: Option<impl FnOnce(&Changes<'_>) -> Result<(), StoreError>>,
        ingested: &mut Ingested,
    ) -> Result<(), StoreError> {
        self.learned.clear();
        let mut learned = false;
        let newer = found.newer.len();
        let me = self.replica.device().author();
        store.write(|w| {
            for part in &found.fragments {
                w.add_fragment(self.number, part)?;
            }
            if !found.fragments.is_empty() {
                w.forget_fragments(self.number)?;
            }
            for entry in &found.whole {
                w.drop_fragments(self.number, *entry)?;
            }
            for bytes in &found.newer {
                w.add_newer_entry(self.number, bytes)?;
            }
            if let (Some(code), Some(answer)) = (self.code.as_mut(), found.answers.into_iter().next()) {
                code.answer = Some(answer);
                code.keep(w, self.id)?;
                ingested.news = true;
            }
            for entry in &found.entries {
                // Whatever this device wrote is stored already, and stays its own.
                w.add_entry(self.number, &new_entry(entry, false))?;
            }
            let shelf = w.shelf(self.number);
            for entry in found.entries {
                let (id, mine) = (entry.id(), entry.body().author == me);
                let silence = Silence::before(&entry, self.replica.logs()).filter(|_| !mine);
                ingested.seen.extend(notes_in(&entry).filter(|_| !mine).map(<[u8]>::to_vec));
                self.show(&entry);
                let claimed_seconds = entry.body().claimed_seconds;
                let append = self.replica.receive_from(entry, &shelf).append;
                if let (Append::Appended, Some(silence)) = (&append, silence) {
                    ingested.returned.extend(silence.ended_by(id, self.replica.logs()));
                }
                match append {
                    Append::Appended | Append::Gap { .. } | Append::Equivocation { .. } => {
                        ingested.news = true;
                        ingested.entries += 1;
                        ingested.by_others.extend((!mine).then_some((id, claimed_seconds)));
                    }
                    Append::Duplicate => {}
                    // It shows, at every start, that a copy of this device is in use.
                    Append::Malformed | Append::Full | Append::Refused(_) if mine => ingested.news = true,
                    // Kept nowhere: what cannot be appended, and what does not fit, would grow without bound.
                    Append::Malformed | Append::Full | Append::Refused(_) => w.drop_entry(self.number, id)?,
                }
            }
            shelf.check()?;
            self.keep_derived(w)?;
            for secret in self.learned.drain(..) {
                learned |= self.learned_once.note(secret);
            }
            if learned {
                w.set_meta(&unread_name(self.id), UNREAD)?;
            }
            last.map_or(Ok(()), |last| last(w))
        })?;
        self.put_down();
        ingested.news |= newer > 0;
        ingested.learned |= learned;
        self.newer_entries = store.needs_newer(self.number)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pursuance_core::keys::EpochSecret;
    use pursuance_core::limits::MAX_EPOCH_CANDIDATES;

    use super::*;
    use crate::growth::Pair;
    use crate::relays::Relays;

    /// Reads a page with which a secret comes; whether anything is to be read again.
    fn learns(pair: &mut Pair, n: usize, secret: [u8; 32]) -> bool {
        pair.held.replica.learn_epoch(EpochSecret::new(secret));
        let page = pair.other_writes(n, 1);
        let sealed = crate::growth::cells(&pair.held, page);
        pair.held.ingest(&mut pair.store, &sealed, |_| Ok(())).unwrap().learned
    }

    #[test]
    fn a_secret_has_everything_read_again_once() {
        let mut pair = Pair::new();
        assert!(learns(&mut pair, 1, [5; 32]));
        // So many that core holds it no longer.
        for n in 0..=MAX_EPOCH_CANDIDATES {
            let mut secret = [6; 32];
            secret[..8].copy_from_slice(&n.to_be_bytes());
            pair.held.replica.learn_epoch(EpochSecret::new(secret));
        }
        let id = EpochSecret::new([5; 32]).id();
        assert!(pair.held.replica.epoch(id).is_none(), "the case that this is about");
        assert!(learns(&mut pair, 2, [7; 32]), "the others, and one more");
        assert!(!learns(&mut pair, 3, [5; 32]), "it came before");
        assert!(pair.held.replica.epoch(id).is_some());
    }

    #[test]
    fn what_a_secret_opens_is_read_again_also_after_an_end_in_between() {
        let mut pair = Pair::new();
        let (number, address) = (pair.held.number, crate::transport::tests::relay());
        pair.store
            .write(|w| {
                let relay = w.relay(&address)?;
                w.want_relay(number, relay, 7)?;
                w.set_reading(number, relay, 7, 900)
            })
            .unwrap();
        let load = |pair: &mut Pair| {
            let kept = pair.store.pursuances().unwrap().remove(0);
            Held::load(&mut pair.store, &kept).unwrap()
        };
        assert!(!load(&mut pair).unread);
        assert!(learns(&mut pair, 1, [5; 32]));
        // The program ended before it could say that the relay is to be read again.
        let held = load(&mut pair);
        assert!(held.unread);
        let mut relays = Relays::load(&pair.store, 1).unwrap();
        relays.read_again(&mut pair.store, &held).unwrap();
        assert!(!load(&mut pair).unread, "once");
        assert_eq!(pair.store.readings().unwrap()[0].next, 7);
    }

    #[test]
    fn a_bad_signature_costs_its_own_entry_and_no_other() {
        let mut pair = Pair::new();
        let page = pair.other_writes(1, 20);
        let spoilt = |entry: &Entry| {
            let mut bytes = entry.bytes().to_vec();
            *bytes.last_mut().unwrap() ^= 1;
            (entry.id(), bytes)
        };
        let good = |entry: &Entry| (entry.id(), entry.bytes().to_vec());
        // A spoilt copy stands before one that is good, twice; the last one comes spoilt only.
        let (last, rest) = page.split_last().unwrap();
        let mut entries = vec![spoilt(&page[7])];
        entries.extend(rest.iter().map(good));
        entries.extend([good(&page[7]), spoilt(last)]);
        pair.read_sealed(&entries);
        let has = |pair: &Pair, entry: &Entry| pair.store.has_entry(pair.held.number, entry.id()).unwrap();
        assert!(rest.iter().all(|entry| has(&pair, entry)));
        assert!(!has(&pair, last));
        pair.read_sealed(&[good(last)]);
        assert!(has(&pair, last), "it was not kept out for good");
    }
}
