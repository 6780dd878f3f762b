//! Keys of tasks, by generation: which are held, who was given them, and which one seals what is said now
//! (docs/protocol/03-keys.md, "Task keys").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::crypto::Seed;
use crate::id::{EpochId, RoleId, TaskId};
use crate::keys::EpochSecret;
use crate::replica::Replica;
use crate::seal::{GivesKey, TaskKey};

/// A key of a task, and under which epochs it was ever handed out, as far as is known here.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldKey {
    /// Its generation: 0 is the one that the task's id commits to. Two members can begin one generation at once.
    pub generation: u32,
    /// The key.
    pub key: TaskKey,
    /// The roles and epochs whose readers have it.
    pub given: BTreeSet<(RoleId, EpochId)>,
}

/// The keys held, by task.
#[derive(Default)]
pub struct TaskKeys(BTreeMap<TaskId, Vec<HeldKey>>);

/// What one more mention of a key brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brought {
    /// The key was not held.
    Key,
    /// It was, and others have it than were known to.
    Readers,
    /// Nothing.
    Nothing,
}

impl TaskKeys {
    /// All keys of a task, in the order in which they came.
    #[must_use]
    pub fn of(&self, task: TaskId) -> &[HeldKey] {
        self.0.get(&task).map_or(&[], Vec::as_slice)
    }

    /// Those of one generation.
    pub fn of_generation(&self, task: TaskId, generation: u32) -> impl Iterator<Item = &TaskKey> {
        self.of(task).iter().filter(move |held| held.generation == generation).map(|held| &held.key)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (TaskId, &HeldKey)> {
        self.0.iter().flat_map(|(task, held)| held.iter().map(|held| (*task, held)))
    }

    /// Takes a key that was handed out under these epochs.
    pub(crate) fn take(
        &mut self,
        task: TaskId,
        generation: u32,
        key: TaskKey,
        given: impl Iterator<Item = (RoleId, EpochId)>,
    ) -> Brought {
        let held = self.0.entry(task).or_default();
        if let Some(known) = held.iter_mut().find(|known| known.generation == generation && known.key == key) {
            let before = known.given.len();
            known.given.extend(given);
            return if known.given.len() > before { Brought::Readers } else { Brought::Nothing };
        }
        held.push(HeldKey { generation, key, given: given.collect() });
        Brought::Key
    }

    /// Takes up what a shelf kept.
    pub(crate) fn put_back(&mut self, task: TaskId, keys: Vec<HeldKey>) {
        self.0.insert(task, keys);
    }
}

impl Replica {
    /// The key that seals what is said about a task now, and whether the entry is to hand it out (K14): the newest that nobody can know
    /// who may not read the task now, or else a new one.
    pub(crate) fn key_for(
        &self,
        task: TaskId,
        home: RoleId,
        epoch: &EpochSecret,
        seed: &mut Seed,
    ) -> (u32, TaskKey, GivesKey) {
        let held = self.task_keys.of(task);
        let safe = self.covered_epochs(home, held.iter().flat_map(|held| &held.given));
        let usable = held.iter().filter(|held| held.given.is_subset(&safe)).max_by_key(|held| held.generation);
        if let Some(usable) = usable {
            let gives_key = if self.comes_to(home, epoch.id(), &usable.given) { GivesKey::No } else { GivesKey::Yes };
            return (usable.generation, usable.key.clone(), gives_key);
        }
        let newest = held.iter().map(|held| held.generation).max();
        (newest.map_or(0, |newest| newest.saturating_add(1)), TaskKey::new(seed.draw()), GivesKey::Yes)
    }

    /// Whether who holds an epoch comes to one of these by what it leads back to.
    fn comes_to(&self, role: RoleId, epoch: EpochId, given: &BTreeSet<(RoleId, EpochId)>) -> bool {
        let (mut open, mut seen) = (alloc::vec![epoch], BTreeSet::new());
        while let Some(id) = open.pop() {
            if given.contains(&(role, id)) {
                return true;
            }
            if seen.insert(id) {
                open.extend(self.leads_back(id, role));
            }
        }
        false
    }
}
