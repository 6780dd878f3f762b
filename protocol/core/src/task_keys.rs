//! Keys of tasks, by generation: which are held, and who was handed them (docs/protocol/03-keys.md, "Task keys").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::id::{AuthorId, EpochId, RoleId, TaskId};
use crate::seal::{Finder, TaskKey};

/// A key of a task, and to whom it was ever handed, as far as is known here.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldKey {
    /// Its generation: 0 is the one that the task's id commits to. Two members can begin one generation at once.
    pub generation: u32,
    /// The key.
    pub key: TaskKey,
    /// Who has it.
    pub given: BTreeSet<Given>,
}

/// A way in which a key was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// To the readers of a role, who hold this epoch of it.
    Role(RoleId, EpochId),
    /// To a device.
    Device(AuthorId),
    /// With a newer key, to whoever was handed that; or to devices of which only they know.
    Onward,
}

/// The keys held, by task.
#[derive(Default)]
pub struct TaskKeys {
    held: BTreeMap<TaskId, Vec<HeldKey>>,
    /// Tasks of which somebody else was handed a key than the readers of one role: items can come in entries whose lists are not
    /// for me.
    shared: BTreeSet<TaskId>,
}

/// What one more mention of a key brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Brought {
    /// Nothing.
    Nothing,
    /// It was held, and others have it than were known to.
    Readers,
    /// The key was not held.
    Key,
}

impl HeldKey {
    /// Whether others have it than the readers of one role.
    fn is_shared(&self) -> bool {
        let roles: BTreeSet<Option<RoleId>> = self.given.iter().map(|given| given.role()).collect();
        roles.len() > 1 || roles.contains(&None)
    }
}

impl Given {
    /// The role whose readers have it.
    #[must_use]
    pub const fn role(&self) -> Option<RoleId> {
        match self {
            Self::Role(role, _) => Some(*role),
            Self::Device(_) | Self::Onward => None,
        }
    }
}

impl TaskKeys {
    /// All keys of a task, in the order in which they came.
    #[must_use]
    pub fn of(&self, task: TaskId) -> &[HeldKey] {
        self.held.get(&task).map_or(&[], Vec::as_slice)
    }

    /// Those of one generation.
    pub fn of_generation(&self, task: TaskId, generation: u32) -> impl Iterator<Item = &TaskKey> {
        self.of(task).iter().filter(move |held| held.generation == generation).map(|held| &held.key)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (TaskId, &HeldKey)> {
        self.held.iter().flat_map(|(task, held)| held.iter().map(|held| (*task, held)))
    }

    /// Finds items of these tasks, whoever their lists are for: by commitments to keys that others have too.
    pub(crate) fn finder<'a>(&'a self, tasks: impl Iterator<Item = &'a TaskId>) -> Finder<'a, (TaskId, u32)> {
        let shared = tasks.filter(|task| self.shared.contains(*task));
        let keys = shared.flat_map(|task| self.of(*task).iter().map(|held| (&held.key, (*task, held.generation))));
        Finder::new(keys)
    }

    /// Tasks whose items can come in entries whose lists are not for me.
    pub(crate) const fn shared(&self) -> &BTreeSet<TaskId> {
        &self.shared
    }

    /// Takes a key that was handed out in these ways.
    pub(crate) fn take(
        &mut self,
        task: TaskId,
        generation: u32,
        key: TaskKey,
        given: impl Iterator<Item = Given>,
    ) -> Brought {
        let all = self.held.entry(task).or_default();
        let known = all.iter_mut().find(|known| known.generation == generation && known.key == key);
        let (held, brought) = match known {
            Some(known) => {
                let before = known.given.len();
                known.given.extend(given);
                let brought = if known.given.len() > before { Brought::Readers } else { Brought::Nothing };
                (&*known, brought)
            }
            None => {
                all.push(HeldKey { generation, key, given: given.collect() });
                (&all[all.len() - 1], Brought::Key)
            }
        };
        if brought != Brought::Nothing && held.is_shared() {
            self.shared.insert(task);
        }
        brought
    }

    /// Takes up what a shelf kept.
    pub(crate) fn put_back(&mut self, task: TaskId, keys: Vec<HeldKey>) {
        if keys.iter().any(HeldKey::is_shared) {
            self.shared.insert(task);
        }
        self.held.insert(task, keys);
    }
}
