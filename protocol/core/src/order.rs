//! My order: how a person arranged the tasks below one parent for oneself; nobody else learns of it (docs/protocol/05-tasks.md, "My order").

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::id::TaskId;
use crate::limits::MAX_ORDERED;
use crate::plan::within;
use crate::refusal::Refusal;
use crate::replica::Replica;

/// Tasks that were arranged. Among those below one parent they come first, as they stand here; the others follow in the order in which
/// they were created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    tasks: Vec<TaskId>,
    ranks: BTreeMap<TaskId, usize>,
}

/// Past which neighbour a task goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Past {
    /// The one before it.
    Before,
    /// The one after it.
    After,
}

impl Order {
    /// As it was kept; what is beyond [`MAX_ORDERED`] is not looked at.
    #[must_use]
    pub fn of(tasks: impl Iterator<Item = TaskId>) -> Self {
        let tasks: Vec<TaskId> = tasks.take(MAX_ORDERED).collect();
        let ranks = tasks.iter().enumerate().map(|(rank, task)| (*task, rank)).collect();
        Self { tasks, ranks }
    }

    /// As it is to be kept.
    #[must_use]
    pub fn tasks(&self) -> &[TaskId] {
        &self.tasks
    }

    /// What a task is sorted by among its siblings.
    #[must_use]
    pub(crate) fn rank(&self, task: TaskId) -> usize {
        self.ranks.get(&task).copied().unwrap_or(usize::MAX)
    }
}

impl Replica {
    /// My order with a task gone past a neighbour: the next one below the same parent that is not dropped.
    ///
    /// # Errors
    /// [`Refusal::NoSuchTask`]; [`Refusal::NothingToChange`] at either end; [`Refusal::TooMany`] where too many stand below one parent.
    pub fn reorder(&self, order: &Order, task: TaskId, past: Past) -> Result<Order, Refusal> {
        let (places, _) = self.places_in(order);
        let parent = places.iter().find(|place| place.task == task).ok_or(Refusal::NoSuchTask)?.parent;
        let mut siblings: Vec<TaskId> =
            places.iter().filter(|place| place.parent == parent).map(|place| place.task).collect();
        within(siblings.len(), MAX_ORDERED)?;
        let at = siblings.iter().position(|sibling| *sibling == task).ok_or(Refusal::NoSuchTask)?;
        let alive = |at: &usize| !self.is_dropped(siblings[*at]);
        let neighbour = match past {
            Past::Before => (0..at).rev().find(alive),
            Past::After => (at + 1..siblings.len()).find(alive),
        };
        let to = neighbour.ok_or(Refusal::NothingToChange)?;
        siblings.remove(at);
        siblings.insert(to, task);
        let others = order.tasks.iter().filter(|task| !siblings.contains(task)).copied();
        let kept: Vec<TaskId> = others.chain(siblings.iter().copied()).collect();
        // What was arranged longest ago falls back to the order of creation first.
        let spare = kept.len().saturating_sub(MAX_ORDERED);
        Ok(Order::of(kept.into_iter().skip(spare)))
    }

    fn is_dropped(&self, task: TaskId) -> bool {
        self.tasks.task(task).is_some_and(|task| self.status_of(task) == crate::task::Status::Dropped)
    }
}
