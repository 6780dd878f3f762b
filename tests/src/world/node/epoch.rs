//! Epochs as a simulated client makes them, and the keys under which its entries stand (docs/protocol/03-keys.md, "Coverage").

use pursuance_core::entry::{Content, Entry};
use pursuance_core::id::RoleId;
use pursuance_core::keys::{CellKey, EpochSecret};
use pursuance_core::op::{Op, RoleEpoch};
use rand::rngs::StdRng;

use super::{Boundary, Node, Stop};
use crate::world::Defence;
use crate::world::disk::{Draft, Whose};

impl Node {
    /// Whether it would make the next epoch, if it were its turn.
    #[must_use]
    pub fn wants_epoch(&self) -> bool {
        self.memory.replica.needs_epoch() && !self.is_overtaken() && !self.lacks(Defence::Coverage)
    }

    /// Signs the next epoch, if one is wanted.
    pub fn next_epoch(&self, now: u64, rng: &mut StdRng) -> Option<Entry> {
        if !self.wants_epoch() {
            return None;
        }
        let now_seconds = self.clock(now, rng);
        self.memory.replica.rotate(now_seconds, &mut super::seed(rng, self.without))
    }

    /// Saves an epoch of its own with its secret.
    ///
    /// # Errors
    /// [`Stop::Crashed`].
    pub fn commit_epoch(&mut self, entry: Entry) -> Result<(), Stop> {
        let device = self.memory.replica.device();
        let open = |made: &RoleEpoch| {
            made.seals.iter().find_map(|seal| {
                EpochSecret::open_seal(self.pursuance, RoleId::EVERYONE, made.epoch, device, &seal.sealed).ok()
            })
        };
        let epochs = introduced(&entry).and_then(open).map(|secret| *secret.as_bytes()).into_iter().collect();
        let draft = Draft { entries: vec![(entry.clone(), Whose::Own)], epochs, ..Draft::default() };
        self.save(Boundary::Entry, draft)?;
        self.memory.said.insert(entry.id());
        self.memory.replica.append(entry);
        Ok(())
    }

    /// Under which epochs an own entry stands.
    pub(super) fn epoch_keys(&self, entry: &Entry) -> Vec<CellKey> {
        let replica = &self.memory.replica;
        if self.lacks(Defence::Coverage) {
            let known = replica.authority();
            let held = self.disk.epochs.iter().map(|secret| EpochSecret::new(*secret));
            return held.filter(|secret| known.names_epoch(secret.id())).take(1).map(|one| one.cell_key()).collect();
        }
        let mut keys = replica.cell_keys_for(entry);
        match introduced(entry) {
            Some(made) if self.lacks(Defence::EpochUnderParents) => keys.retain(|key| *key.id() == made.epoch.0),
            Some(made) if self.lacks(Defence::EpochUnderItself) && !made.parents.is_empty() => {
                keys.retain(|key| *key.id() != made.epoch.0);
            }
            None if self.lacks(Defence::PastUnderItsEpoch) && !keys.is_empty() => {
                keys = replica.usable_epoch().map(EpochSecret::cell_key).into_iter().collect();
            }
            _ => {}
        }
        keys
    }
}

/// The epoch of everyone that an entry introduces.
#[must_use]
pub fn introduced(entry: &Entry) -> Option<&RoleEpoch> {
    let Content::Public(ops) = &entry.body().content else { return None };
    ops.iter().find_map(|op| match op {
        Op::RoleEpoch(made) if made.role == RoleId::EVERYONE => Some(made),
        _ => None,
    })
}
