//! Sealing what the log has once more, for a file (docs/protocol/08-node.md, "Bundles"): under the keys under which each entry is to
//! be read, in order, so that whoever may read it can open it as it comes.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use pursuance_wire::cell::Cell;

use crate::cell::{empty_cell, seal_entries};
use crate::crypto::Seed;
use crate::entry::{Content, Entry};
use crate::id::EntryId;
use crate::keys::{CellKey, EpochSecret};
use crate::logs::Logs;
use crate::replica::Replica;
use crate::shelf::Shelf;

/// The fewest cells of a bundle: a short history does not show how short it is.
pub const MIN_BUNDLE_CELLS: u64 = 16;

/// How many cells a bundle has in which so many are needed: at most an eighth more, so that its size tells little (Padmé: Nikitin,
/// Barman, Lueks et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019, section 4.3).
#[must_use]
pub const fn padded_cells(cells: u64) -> u64 {
    if cells <= MIN_BUNDLE_CELLS {
        return MIN_BUNDLE_CELLS;
    }
    let exponent = cells.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1 << (exponent - kept)) - 1;
    (cells + mask) & !mask
}

/// What an entry's keys depend on: how much of the public layer it knows, chain by chain, and whether it was said before the epoch
/// that is used now.
type Known = (Vec<(u32, usize)>, bool);

/// Seals a log again, page by page, from its first entry on.
pub struct Bundler {
    /// What introduces the epoch that is used now.
    introductions: Vec<EntryId>,
    /// Seqs of public entries, by chain.
    public: BTreeMap<u32, Vec<u32>>,
    /// Keys found for role entries.
    found: BTreeMap<Known, Vec<CellKey>>,
    left_out: usize,
}

impl Bundler {
    /// For what a replica has.
    #[must_use]
    pub fn new(replica: &Replica) -> Self {
        Self {
            introductions: replica.introductions_of_usable(),
            public: BTreeMap::new(),
            found: BTreeMap::new(),
            left_out: 0,
        }
    }

    /// Seals the next entries, in the order in which they arrived here. Those that nobody may read yet are left out.
    pub fn seal(&mut self, replica: &mut Replica, entries: &[Entry], shelf: &dyn Shelf, seed: &mut Seed) -> Vec<Cell> {
        self.seal_by(Self::keys, replica, entries, shelf, seed)
    }

    /// Seals a few entries from anywhere in the log: what their keys are is found anew for each.
    pub fn seal_few(replica: &mut Replica, entries: &[Entry], shelf: &dyn Shelf, seed: &mut Seed) -> Vec<Cell> {
        let keys = |_: &mut Self, replica: &Replica, entry: &Entry| replica.cell_keys_for(entry);
        Self::new(replica).seal_by(keys, replica, entries, shelf, seed)
    }

    fn seal_by(
        &mut self,
        keys_for: impl Fn(&mut Self, &Replica, &Entry) -> Vec<CellKey>,
        replica: &mut Replica,
        entries: &[Entry],
        shelf: &dyn Shelf,
        seed: &mut Seed,
    ) -> Vec<Cell> {
        let mut groups: Vec<(Vec<CellKey>, Vec<&Entry>)> = Vec::new();
        for entry in entries {
            replica.logs.fetch(entry.id(), shelf);
            let keys = keys_for(self, replica, entry);
            if keys.is_empty() {
                self.left_out += 1;
                continue;
            }
            if groups.last().is_none_or(|(last, _)| *last != keys) {
                groups.push((keys, Vec::new()));
            }
            groups.last_mut().expect("pushed if there was none").1.push(entry);
        }
        let mut cells = Vec::new();
        for (keys, group) in &groups {
            for key in keys {
                cells.extend(seal_entries(key, group.iter().map(|entry| (entry.id(), entry.bytes())), seed));
            }
        }
        cells
    }

    /// Cells without anything in them, which fill a bundle; none where this device may seal nothing. Whoever opens the others opens
    /// them too, and so can tell what was damaged.
    pub fn fill(replica: &Replica, count: u64, seed: &mut Seed) -> impl Iterator<Item = Cell> {
        let key = replica.usable_epoch().or_else(|| replica.youngest_epoch()).map(EpochSecret::cell_key);
        (0..count).map_while(move |_| key.as_ref().map(|key| empty_cell(key, seed)))
    }

    /// Entries that were left out so far.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    fn keys(&mut self, replica: &Replica, entry: &Entry) -> Vec<CellKey> {
        let logs = replica.logs();
        if matches!(entry.body().content, Content::Public(_)) {
            if let Some(dot) = logs.dot(entry.id()) {
                self.public.entry(dot.chain).or_default().push(dot.seq);
            }
            return replica.cell_keys_for(entry);
        }
        // Of the role layer, which is most of it, all that know the same of the public layer stand under the same keys.
        let is_before = self.introductions.iter().any(|introduced| logs.in_past(entry.id(), *introduced));
        let known = (self.known(logs, entry.id()), is_before);
        self.found.entry(known).or_insert_with(|| replica.cell_keys_for(entry)).clone()
    }

    fn known(&self, logs: &Logs, id: EntryId) -> Vec<(u32, usize)> {
        let Some(clock) = logs.clock(id) else { return Vec::new() };
        let count = |(chain, seqs): (&u32, &Vec<u32>)| {
            let end = clock.end(*chain);
            (*chain, seqs.partition_point(|seq| *seq < end))
        };
        self.public.iter().map(count).filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_tells_little_and_costs_little() {
        assert_eq!(
            [0, 1, 16, 17, 18, 31, 33, 100, 1_000, 1_025].map(padded_cells),
            [16, 16, 16, 18, 18, 32, 36, 104, 1_024, 1_088]
        );
        for cells in 1..100_000 {
            let padded = padded_cells(cells);
            assert!(padded >= cells && padded_cells(padded) == padded, "{cells}");
            assert!(cells <= MIN_BUNDLE_CELLS || padded - cells <= cells / 8, "{cells}: {padded}");
        }
    }
}
