//! What a person keeps about tasks for oneself: notes, what is watched, what is put off, views that were given a name. It stands in the
//! encrypted database, and no entry and no cell is ever made of it (docs/protocol/05-tasks.md, "My order").

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::day::Day;
use pursuance_core::id::{EntryId, PursuanceId, TaskId};
use serde::{Deserialize, Serialize};

use crate::api::{OwnChange, OwnView, Reply, SavedView, Trouble};
use crate::engine::Open;
use crate::store::{Store, StoreError};

/// Tasks of one pursuance that have a note, are watched, or are put off: each at most.
pub const MAX_OWN_TASKS: usize = 2_000;
/// Bytes of a note.
pub const MAX_NOTE_BYTES: usize = 4 * 1024;
/// Views of one pursuance.
pub const MAX_VIEWS: usize = 40;
/// Bytes of a view's name, and of how it is laid out.
pub const MAX_VIEW_BYTES: usize = 120;
/// Bytes of a view's filter.
pub const MAX_FILTER_BYTES: usize = 1_000;
/// Mentions that are remembered as put away.
const MAX_SEEN: usize = 4_096;

/// All of it, in one pursuance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Own {
    notes: BTreeMap<TaskId, String>,
    /// With the arrival of the newest entry about it that was seen.
    pub(crate) watched: BTreeMap<TaskId, i64>,
    pub(crate) snoozed: BTreeMap<TaskId, Day>,
    views: Vec<SavedView>,
    /// Entries whose mentions were put away.
    pub(crate) seen: BTreeSet<EntryId>,
}

impl Own {
    /// What was given a limit stays within it.
    fn change(&mut self, change: OwnChange, newest: i64) -> Result<(), Trouble> {
        match change {
            OwnChange::Note { task, text } => {
                if text.len() > MAX_NOTE_BYTES {
                    return Err(Trouble::Malformed);
                }
                if text.trim().is_empty() {
                    self.notes.remove(&task);
                } else {
                    self.notes.insert(task, text);
                }
            }
            OwnChange::Watch { task, watched: true } | OwnChange::SeenTask { task } => {
                self.watched.insert(task, newest);
            }
            OwnChange::Watch { task, watched: false } => {
                self.watched.remove(&task);
            }
            OwnChange::Snooze { task, until: Some(until) } => {
                self.snoozed.insert(task, until);
            }
            OwnChange::Snooze { task, until: None } => {
                self.snoozed.remove(&task);
            }
            OwnChange::SaveView { view } => {
                let fits = |text: &str, most: usize| text.len() <= most;
                let is_view = !view.name.trim().is_empty()
                    && fits(&view.name, MAX_VIEW_BYTES)
                    && fits(&view.how, MAX_VIEW_BYTES)
                    && fits(&view.filter, MAX_FILTER_BYTES);
                if !is_view {
                    return Err(Trouble::Malformed);
                }
                self.views.retain(|known| known.name != view.name);
                self.views.push(view);
            }
            OwnChange::DropView { name } => self.views.retain(|known| known.name != name),
            OwnChange::Seen { entry } => {
                if self.seen.len() >= MAX_SEEN {
                    self.seen.pop_first();
                }
                self.seen.insert(entry);
            }
        }
        let tasks = [self.notes.len(), self.watched.len(), self.snoozed.len()];
        if tasks.into_iter().any(|tasks| tasks > MAX_OWN_TASKS) || self.views.len() > MAX_VIEWS {
            return Err(Trouble::Malformed);
        }
        Ok(())
    }
}

impl Open {
    pub(crate) fn change_own(&mut self, pursuance: PursuanceId, change: OwnChange) -> Result<Reply, Trouble> {
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let newest = match &change {
            OwnChange::Watch { task, watched: true } | OwnChange::SeenTask { task } => {
                self.store.newest_about(held.number, *task)?
            }
            _ => 0,
        };
        let erases = matches!(change, OwnChange::Note { .. } | OwnChange::DropView { .. });
        let mut own = held.own.clone();
        own.change(change, newest)?;
        let bytes = serde_json::to_vec(&own).map_err(|_| Trouble::Malformed)?;
        self.store.write(|w| w.set_meta(&own_name(pursuance), &bytes))?;
        // What was taken away is to go from older pages too.
        self.unswept |= erases;
        self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?.own = own;
        Ok(Reply::Done)
    }

    pub(crate) fn own(&self, pursuance: PursuanceId, task: Option<TaskId>) -> Result<OwnView, Trouble> {
        let own = &self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?.own;
        Ok(OwnView {
            views: own.views.clone(),
            note: task.and_then(|task| own.notes.get(&task).cloned()).unwrap_or_default(),
            watched: task.is_some_and(|task| own.watched.contains_key(&task)),
            snoozed: task.and_then(|task| own.snoozed.get(&task).copied()),
        })
    }
}

/// As it was kept.
pub(crate) fn kept_own(store: &Store, pursuance: PursuanceId) -> Result<Own, StoreError> {
    match store.meta(&own_name(pursuance))? {
        Some(bytes) if !bytes.is_empty() => serde_json::from_slice(&bytes).map_err(|_| StoreError::Damaged),
        _ => Ok(Own::default()),
    }
}

/// Where the store keeps what is mine about the tasks of a pursuance.
pub(crate) fn own_name(pursuance: PursuanceId) -> String {
    format!("own {pursuance}")
}
