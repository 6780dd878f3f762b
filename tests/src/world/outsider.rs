//! Somebody who reads as far as secrets lead, in no order, and asks nobody whether it counts.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::authority::package_tag;
use pursuance_core::cell::{CellContent, open_cell};
use pursuance_core::entry::{Content, Entry, UnverifiedEntry};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{EntryId, EpochId, PursuanceId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret};
use pursuance_core::op::{Op, RoleEpoch};
use pursuance_wire::Cell;

use super::disk::Door;

/// What they have, and what they read by it.
pub(super) struct Outsider {
    pub(super) pursuance: PursuanceId,
    pub(super) device: DeviceKeys,
    pub(super) cells: Vec<Cell>,
    pub(super) invites: Vec<CellKey>,
    pub(super) secrets: BTreeMap<EpochId, EpochSecret>,
    pub(super) entries: BTreeMap<EntryId, Entry>,
}

impl Outsider {
    /// With all entries at hand.
    pub(super) fn with_entries(
        pursuance: PursuanceId,
        device: DeviceKeys,
        secrets: impl Iterator<Item = [u8; 32]>,
        entries: BTreeMap<EntryId, Entry>,
    ) -> Self {
        let secrets = secrets.map(EpochSecret::new).map(|secret| (secret.id(), secret)).collect();
        Self { pursuance, device, cells: Vec::new(), invites: Vec::new(), secrets, entries }
    }

    /// All secrets to which that leads.
    pub(super) fn follow_all(mut self) -> (DeviceKeys, BTreeMap<EpochId, EpochSecret>) {
        while self.follow() {}
        (self.device, self.secrets)
    }

    /// All entries that can be read so.
    pub(super) fn read(mut self) -> Vec<Entry> {
        let mut fragments: BTreeMap<Door, Fragments> = BTreeMap::new();
        let mut tried: BTreeSet<Door> = BTreeSet::new();
        loop {
            let keys = self.secrets.values().map(EpochSecret::cell_key).chain(self.invites.iter().cloned());
            let keys: Vec<CellKey> = keys.filter(|key| tried.insert(*key.id())).collect();
            if keys.is_empty() {
                return self.entries.into_values().collect();
            }
            let mut found = Vec::new();
            self.cells.retain(|cell| {
                let Some((door, content)) = keys.iter().find_map(|key| Some((*key.id(), open_cell(key, cell)?))) else {
                    return true;
                };
                match content {
                    CellContent::Entries(entries) => {
                        found.extend(entries.iter().filter_map(|bytes| UnverifiedEntry::decode(bytes).ok()));
                    }
                    CellContent::Fragment(part) => {
                        if let Assembly::Whole(entry) = fragments.entry(door).or_default().insert(part) {
                            found.push(*entry);
                        }
                    }
                }
                false
            });
            for entry in found.into_iter().filter_map(|entry| entry.verify(self.pursuance).ok()) {
                self.entries.insert(entry.id(), entry);
            }
            while self.follow() {}
        }
    }

    /// Takes what is sealed to it, or follows backlinks, in everything read; whether that brought anything.
    fn follow(&mut self) -> bool {
        let me = self.device.author();
        let mine = package_tag(&self.device.key_package().id());
        let mut found = Vec::new();
        let open =
            |role, epoch, sealed: &[u8]| EpochSecret::open_seal(self.pursuance, role, epoch, &self.device, sealed).ok();
        for op in self.entries.values().flat_map(public) {
            match op {
                Op::RoleEpoch(RoleEpoch { role, epoch, seals, backlinks, .. }) => {
                    match self.secrets.get(epoch) {
                        Some(secret) => {
                            let links = backlinks.iter().filter(|link| !self.secrets.contains_key(&link.parent));
                            found.extend(links.filter_map(|link| secret.open_back(self.pursuance, *role, link).ok()));
                        }
                        None => {
                            let seals = seals.iter().filter(|seal| seal.tag == mine);
                            found.extend(seals.filter_map(|seal| open(*role, *epoch, &seal.sealed)));
                        }
                    };
                }
                Op::Welcome(welcome) if welcome.to == me && !self.secrets.contains_key(&welcome.epoch) => {
                    found.extend(open(welcome.role, welcome.epoch, &welcome.sealed));
                }
                Op::Invite(invite) => {
                    let key = CellKey::of_invite(&invite.cell_secret);
                    if !self.invites.contains(&key) {
                        self.invites.push(key);
                    }
                }
                _ => {}
            }
        }
        let before = self.secrets.len();
        self.secrets.extend(found.into_iter().map(|secret| (secret.id(), secret)));
        self.secrets.len() > before
    }
}

/// What an entry says to all.
pub(super) fn public(entry: &Entry) -> std::slice::Iter<'_, Op> {
    match &entry.body().content {
        Content::Public(ops) => ops.iter(),
        Content::Role(_) => [].iter(),
    }
}
