//! Own entries: stored, and sealed into cells (docs/protocol/08-node.md, section 6).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use pursuance_core::cell::{CellContent, open_cell, seal_entries};
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::id::EntryId;
use pursuance_core::keys::CellKey;
use pursuance_core::many::ManyPlan;
use pursuance_core::op::Op;
use pursuance_core::plan::Circumstances;
use pursuance_wire::Cell;

use crate::chance::random;
use crate::held::Held;
use crate::store::{Changes, Door, NewEntry, Number, Store, StoreError};

impl Held {
    /// Stores own entries with whatever belongs to them and follows from them, in one transaction.
    pub(crate) fn commit(
        &mut self,
        store: &mut Store,
        entries: &[Entry],
        with: impl FnOnce(&Changes<'_>, Number) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        store.write(|w| {
            let shelf = w.shelf(self.number);
            for entry in entries {
                w.add_entry(self.number, &new_entry(entry, true))?;
                self.show(entry);
                self.replica.append_from(entry.clone(), &shelf);
            }
            shelf.check()?;
            self.keep_derived(w)?;
            with(w, self.number)
        })?;
        self.put_down();
        self.refresh_posted(store)
    }

    /// Stores many own changes in one transaction, each planned against what those before it led to; whether anybody reads them
    /// who could not read before.
    pub(crate) fn commit_many(
        &mut self,
        store: &mut Store,
        plan: &mut ManyPlan,
        with: &mut Circumstances<'_>,
    ) -> Result<bool, StoreError> {
        let mut public = false;
        store.write(|w| {
            loop {
                let shelf = w.shelf(self.number);
                let planned = plan.step(&self.replica, with, &shelf);
                // What was planned on half of what is known is not signed.
                shelf.check()?;
                let Some(entries) = planned else { break };
                let shelf = w.shelf(self.number);
                for entry in entries {
                    public |= matches!(entry.body().content, Content::Public(_));
                    w.add_entry(self.number, &new_entry(&entry, true))?;
                    self.replica.append_from(entry, &shelf);
                }
                shelf.check()?;
            }
            self.keep_derived(w)
        })?;
        self.put_down();
        self.refresh_posted(store)?;
        Ok(public)
    }

    /// Own entries without a cell wait this long for company, at most.
    pub(crate) fn seal_soon(&mut self, company: Duration) {
        let due = Instant::now() + company;
        self.seal_due = Some(self.seal_due.map_or(due, |sooner| sooner.min(due)));
    }

    /// Seals own entries that no cell carries yet under everyone's epoch, for these relays; whether there were any. What nobody
    /// may read yet waits.
    pub(crate) fn seal(&mut self, store: &mut Store, relays: &[Number]) -> Result<bool, StoreError> {
        let apart = self.post_due.is_some();
        // Others cannot read on before they have what was sealed apart.
        let sealed =
            self.seal_with(store, relays, |w, held| if apart { held.no_longer_apart(w, relays) } else { Ok(()) })?;
        self.post_due = self.post_due.filter(|_| !sealed);
        Ok(sealed)
    }

    /// The same with whatever belongs to it, in the same transaction.
    pub(super) fn seal_with(
        &mut self,
        store: &mut Store,
        relays: &[Number],
        with: impl FnOnce(&Changes<'_>, &Self) -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        let unsealed = self.unsealed(store)?;
        let mut joined = BTreeSet::new();
        let mut groups: Vec<(Vec<CellKey>, Vec<&Entry>)> = Vec::new();
        for entry in &unsealed {
            let keys = self.replica.cell_keys_for(entry);
            if keys.is_empty() {
                break;
            }
            if groups.last().is_none_or(|(last, _)| *last != keys) {
                groups.push((keys, Vec::new()));
            }
            let (_, group) = groups.last_mut().expect("pushed if there was none");
            let joins = self.joins_named(store, std::slice::from_ref(entry))?;
            group.extend(joins.into_iter().filter(|join| joined.insert(join.id())));
            group.push(entry);
        }
        if groups.is_empty() {
            return Ok(false);
        }
        let under = |(keys, group): &(Vec<CellKey>, Vec<&Entry>)| -> Vec<_> {
            keys.iter().flat_map(|key| sealed_cells(key, group)).collect()
        };
        let cells: Vec<_> = groups.iter().flat_map(under).collect();
        store.write(|w| {
            cells.iter().try_for_each(|(cell, cargo)| w.add_cell(self.number, cell, cargo, Door::Epoch, relays))?;
            with(w, self)
        })?;
        self.refresh_posted(store)?;
        Ok(true)
    }

    /// Own entries that no cell carries yet. A join travels under its invite's key alone.
    fn unsealed(&self, store: &Store) -> Result<Vec<Entry>, StoreError> {
        let stored = store.unsealed_entries(self.number)?;
        let entries = stored.iter().map(|bytes| Entry::from_store(bytes).map_err(|_| StoreError::Damaged));
        entries.filter(|entry| !entry.as_ref().is_ok_and(is_join)).collect()
    }

    /// Whether there is something that sealing puts into a cell now: the first that waits, since nothing goes before it.
    pub(crate) fn has_to_seal(&self, store: &Store) -> Result<bool, StoreError> {
        Ok(self.unsealed(store)?.first().is_some_and(|first| !self.replica.cell_keys_for(first).is_empty()))
    }

    /// Joins by others that these entries name, and those that they name, as far as no cell of ours carries them to members
    /// yet. A join came by one relay, under its invite's key: whoever names it brings it to where the naming is read.
    fn joins_named(&self, store: &Store, naming: &[Entry]) -> Result<Vec<&Entry>, StoreError> {
        let me = self.replica.device().author();
        let mut joins: BTreeMap<EntryId, &Entry> = BTreeMap::new();
        let mut open: Vec<EntryId> = naming.iter().flat_map(|entry| entry.body().heads.iter().copied()).collect();
        while let Some(id) = open.pop() {
            let join = self.replica.logs().entry(id).filter(|entry| is_join(entry) && entry.body().author != me);
            let Some(join) = join.filter(|_| !joins.contains_key(&id)) else { continue };
            if !store.is_carried(self.number, id, Door::Epoch)? {
                joins.insert(id, join);
                open.extend(&join.body().heads);
            }
        }
        Ok(joins.into_values().collect())
    }
}

/// Seals entries and says which are in which cell.
pub(crate) fn sealed_cells(key: &CellKey, entries: &[&Entry]) -> Vec<(Cell, Vec<EntryId>)> {
    let mut seed = Seed::new(random());
    let cells = seal_entries(key, entries.iter().map(|entry| (entry.id(), entry.bytes())), &mut seed);
    cells
        .into_iter()
        .map(|cell| {
            let cargo = match open_cell(key, &cell).expect("sealed with this key a moment ago") {
                CellContent::Fragment(fragment) => vec![fragment.entry],
                CellContent::Entries(all) => {
                    let carried = |entry: &&&Entry| all.iter().any(|bytes| bytes == entry.bytes());
                    entries.iter().filter(carried).map(|entry| entry.id()).collect()
                }
            };
            (cell, cargo)
        })
        .collect()
}

pub(crate) fn new_entry(entry: &Entry, own: bool) -> NewEntry<'_> {
    NewEntry { id: entry.id(), author: entry.body().author, seq: entry.body().seq, own, bytes: entry.bytes() }
}

fn is_join(entry: &Entry) -> bool {
    matches!(&entry.body().content, Content::Public(ops) if matches!(ops.first(), Some(Op::Join(_))))
}
