//! What a simulated client does with cells: opens, verifies, saves with the reading position, appends, and reads again with
//! a new secret (docs/protocol/08-node.md, "The engine").

use std::collections::BTreeSet;

use pursuance_core::cell::{CellContent, Fragment, open_cell};
use pursuance_core::entry::{Entry, UnverifiedEntry};
use pursuance_core::fragment::Assembly;
use pursuance_core::id::EntryId;
use pursuance_core::joining::Preview;
use pursuance_core::keys::CellKey;
use pursuance_core::logs::Append;
use pursuance_wire::Cell;

use super::{Boundary, Node, Stop, Visited};
use crate::world::Defence;
use crate::world::disk::{Door, Draft, Reading, Whose};

/// What one look through some cells brought.
#[derive(Default)]
struct Found {
    entries: Vec<Entry>,
    parts: Vec<(Door, Fragment)>,
}

impl Node {
    /// Reads the cells that end at `next`: what is in them is saved, the reading position with the last of it.
    pub(super) fn read(&mut self, at: usize, cells: &[Cell], next: u64, visited: &mut Visited) -> Result<(), Stop> {
        if self.memory.behind.contains(&at) {
            return Ok(());
        }
        let first = self.disk.readings.get(&at).copied().unwrap_or_default().first;
        let mut closed: Vec<&Cell> = cells.iter().collect();
        let mut tried: BTreeSet<Door> = BTreeSet::new();
        let mut learned = false;
        if self.lacks(Defence::OneTransaction) {
            self.save(Boundary::Reading, Draft { readings: vec![(at, Reading { first, next })], ..Draft::default() })?;
        }
        loop {
            // What came in the last round may bring keys for cells that did not open.
            let keys: Vec<CellKey> = self.keys().into_iter().filter(|key| !tried.contains(key.id())).collect();
            tried.extend(keys.iter().map(|key| *key.id()));
            let mut found = Found::default();
            closed.retain(|cell| !self.look_into(cell, &keys, &mut found, visited));
            let last = keys.is_empty() || found.entries.is_empty() || self.lacks(Defence::ReadAgain);
            let readings = if last { vec![(at, Reading { first, next })] } else { Vec::new() };
            learned |= self.keep(found, readings)?;
            if last {
                break;
            }
        }
        if learned && !self.lacks(Defence::ReadAgain) {
            self.read_again()?;
        }
        if !self.disk.member && self.memory.replica.is_member() {
            self.save(Boundary::Member, Draft { member: true, ..Draft::default() })?;
        }
        self.want_relays()
    }

    /// All relays are read again from where the pursuance begins: a secret came that opens what did not open before.
    pub(super) fn read_again(&mut self) -> Result<(), Stop> {
        let since = self.since();
        let readings = self.disk.readings.iter().map(|(at, kept)| {
            let first = since.as_ref().map_or(kept.first, |since| since(*at).min(kept.first));
            (*at, Reading { first, next: first })
        });
        let readings: Vec<(usize, Reading)> = readings.collect();
        self.memory.behind.extend(readings.iter().map(|(at, _)| *at));
        self.save(Boundary::ReadAgain, Draft { readings, ..Draft::default() })
    }

    /// Where the pursuance begins on each relay, by the invite through which this device came.
    pub(super) fn since(&self) -> Option<impl Fn(usize) -> u64 + use<>> {
        let preview = self.preview()?;
        let said = preview.since();
        let keys: Vec<[u8; 32]> = self.directory.iter().map(|(_, key)| *key.as_bytes()).collect();
        Some(move |at: usize| said.iter().find(|since| since.relay == keys[at]).map_or(0, |since| since.index))
    }

    /// What can be seen through the link by which this device came.
    pub(super) fn preview(&self) -> Option<Preview> {
        let link = self.disk.link.as_ref()?;
        let mut preview = Preview::new(self.pursuance, link.invite, link.secret.clone());
        self.disk.entries.iter().for_each(|(entry, _)| preview.add(entry.clone()));
        Some(preview)
    }

    fn keys(&self) -> Vec<CellKey> {
        let mut keys = self.memory.replica.cell_keys();
        if let Some(link) = &self.disk.link {
            let own = CellKey::of_invite(&link.secret.cell_secret());
            if !keys.contains(&own) {
                keys.push(own);
            }
        }
        keys
    }

    fn look_into(&mut self, cell: &Cell, keys: &[CellKey], found: &mut Found, visited: &mut Visited) -> bool {
        let Some((key, content)) = keys.iter().find_map(|key| Some((key, open_cell(key, cell)?))) else { return false };
        visited.opened.push(cell.leaf_hash());
        match content {
            CellContent::Entries(entries) => {
                for bytes in entries {
                    if let Ok(entry) = UnverifiedEntry::decode(&bytes) {
                        self.take(entry, Some(&bytes), found);
                    }
                }
            }
            CellContent::Fragment(part) => self.take_part(*key.id(), part, found, visited),
        }
        true
    }

    fn take(&self, entry: UnverifiedEntry, bytes: Option<&[u8]>, found: &mut Found) {
        let known = self.memory.replica.logs().entry(entry.id()).is_some();
        if known || found.entries.iter().any(|other| other.id() == entry.id()) {
            return;
        }
        let verified = match bytes.filter(|_| self.lacks(Defence::Signatures)) {
            Some(bytes) => Entry::from_store(bytes).ok(),
            None => entry.verify(self.pursuance).ok(),
        };
        found.entries.extend(verified);
    }

    fn take_part(&mut self, door: Door, part: Fragment, found: &mut Found, visited: &mut Visited) {
        if self.memory.replica.logs().entry(part.entry).is_some() {
            return;
        }
        match self.memory.fragments.entry(door).or_default().insert(part.clone()) {
            Assembly::Kept => {
                if !self.lacks(Defence::KeepsParts) {
                    found.parts.push((door, part));
                }
            }
            Assembly::Whole(entry) => {
                visited.assembled += 1;
                self.take(*entry, None, found);
            }
            Assembly::Ignored => {}
        }
    }

    /// Saves what was found, then appends it; whether a secret came with it.
    fn keep(&mut self, found: Found, readings: Vec<(usize, Reading)>) -> Result<bool, Stop> {
        let entries = found.entries.iter().map(|entry| (entry.clone(), Whose::Others)).collect();
        self.save(Boundary::Reading, Draft { entries, parts: found.parts, readings, ..Draft::default() })?;
        let mut dropped: Vec<EntryId> = Vec::new();
        for entry in found.entries {
            let id = entry.id();
            let appended = if self.lacks(Defence::StopsOvertaken) {
                self.memory.replica.append(entry)
            } else {
                self.memory.replica.receive(entry)
            };
            match appended.append {
                Append::Gap { .. } if self.lacks(Defence::KeepsWaiting) => dropped.push(id),
                Append::Appended | Append::Duplicate | Append::Gap { .. } | Append::Equivocation { .. } => {}
                Append::Malformed | Append::Full | Append::Refused(_) => dropped.push(id),
            }
        }
        let epochs: Vec<[u8; 32]> =
            self.memory.replica.take_learned().iter().map(|secret| *secret.as_bytes()).collect();
        let lists = self.learned_lists();
        let learned = !epochs.is_empty();
        if learned || !dropped.is_empty() || !lists.is_empty() {
            self.save(Boundary::Secrets, Draft { epochs, lists, dropped, ..Draft::default() })?;
        }
        Ok(learned)
    }
}
