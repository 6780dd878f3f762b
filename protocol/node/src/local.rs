//! What a person keeps for oneself: my order, my keys, when to lock, texts not sent yet. It stands in the encrypted database, and no entry and no cell is ever made of it
//! (docs/protocol/05-tasks.md, "My order").

use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_core::order::{Order, Past};

use crate::api::{ChosenKey, Draft, Reply, Trouble};
use crate::engine::Open;
use crate::requests::refused;
use crate::store::{Store, StoreError};

/// Keys that can be chosen.
pub const MAX_KEYS: usize = 100;
/// Bytes of a key's name, or of what it does.
pub const MAX_KEY_BYTES: usize = 32;
/// Minutes after which the window may lock by itself.
pub const LOCK_MINUTES: [u16; 3] = [5, 15, 60];
/// Texts not sent yet that are kept.
pub const MAX_DRAFTS: usize = 64;
/// Bytes of all of them together, with what they belong to.
pub const MAX_DRAFT_BYTES: usize = 64 * 1024;
/// Name of the meta value that keeps when to lock.
const LOCK_AFTER: &str = "lock after";
/// Name of the meta value that keeps texts not sent yet.
pub(crate) const DRAFTS: &str = "drafts";
const TASK_BYTES: usize = 16;
/// Name of the meta value that keeps the keys.
const KEYS: &str = "keys";

impl Open {
    pub(crate) fn reorder(&mut self, pursuance: PursuanceId, task: TaskId, past: Past) -> Result<Reply, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let order = held.replica.reorder(&held.order, task, past).map_err(refused)?;
        let bytes: Vec<u8> = order.tasks().iter().flat_map(|task| task.0).collect();
        self.store.write(|w| w.set_meta(&order_name(pursuance), &bytes))?;
        held.order = order;
        Ok(Reply::Done)
    }

    pub(crate) fn set_keys(&mut self, keys: Vec<ChosenKey>) -> Result<Reply, Trouble> {
        let fits = |text: &str| !text.is_empty() && text.len() <= MAX_KEY_BYTES;
        if keys.len() > MAX_KEYS || !keys.iter().all(|key| fits(&key.action) && fits(&key.key)) {
            return Err(Trouble::Malformed);
        }
        let bytes = serde_json::to_vec(&keys).map_err(|_| Trouble::Malformed)?;
        self.store.write(|w| w.set_meta(KEYS, &bytes))?;
        self.keys = keys;
        Ok(Reply::Done)
    }

    pub(crate) fn set_lock_after(&mut self, minutes: Option<u16>) -> Result<Reply, Trouble> {
        if minutes.is_some_and(|minutes| !LOCK_MINUTES.contains(&minutes)) {
            return Err(Trouble::Malformed);
        }
        self.store.write(|w| w.set_meta(LOCK_AFTER, &minutes.unwrap_or(0).to_be_bytes()))?;
        self.lock_after = minutes;
        Ok(Reply::Done)
    }

    pub(crate) fn keep_drafts(&mut self, drafts: &[Draft]) -> Result<Reply, Trouble> {
        let bytes: usize = drafts.iter().map(|draft| draft.at.len() + draft.text.len()).sum();
        if drafts.len() > MAX_DRAFTS || bytes > MAX_DRAFT_BYTES {
            return Err(Trouble::Malformed);
        }
        if drafts.iter().any(|draft| !self.held.contains_key(&draft.pursuance)) {
            return Err(Trouble::NoSuchPursuance);
        }
        let bytes = draft_bytes(drafts)?;
        self.store.write(|w| w.set_meta(DRAFTS, &bytes))?;
        // What was sent meanwhile is to go from older pages too.
        self.unswept = true;
        Ok(Reply::Done)
    }

    pub(crate) fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        match self.store.meta(DRAFTS)? {
            Some(bytes) if !bytes.is_empty() => serde_json::from_slice(&bytes).map_err(|_| StoreError::Damaged),
            _ => Ok(Vec::new()),
        }
    }

    /// What is kept of texts not sent yet once a pursuance goes, for [`DRAFTS`].
    pub(crate) fn drafts_without(&self, pursuance: PursuanceId) -> Result<Vec<u8>, StoreError> {
        let mut drafts = self.drafts()?;
        drafts.retain(|draft| draft.pursuance != pursuance);
        draft_bytes(&drafts)
    }
}

fn draft_bytes(drafts: &[Draft]) -> Result<Vec<u8>, StoreError> {
    if drafts.is_empty() { Ok(Vec::new()) } else { serde_json::to_vec(drafts).map_err(|_| StoreError::Disk) }
}

/// When to lock, as it was kept.
pub(crate) fn kept_lock_after(store: &Store) -> Result<Option<u16>, StoreError> {
    let Some(bytes) = store.meta(LOCK_AFTER)? else { return Ok(None) };
    let minutes = u16::from_be_bytes(bytes.try_into().map_err(|_| StoreError::Damaged)?);
    Ok((minutes > 0).then_some(minutes))
}

/// The keys as they were kept.
pub(crate) fn kept_keys(store: &Store) -> Result<Vec<ChosenKey>, StoreError> {
    let Some(bytes) = store.meta(KEYS)? else { return Ok(Vec::new()) };
    serde_json::from_slice(&bytes).map_err(|_| StoreError::Damaged)
}

/// My order in a pursuance as it was kept.
pub(crate) fn kept_order(store: &Store, pursuance: PursuanceId) -> Result<Order, StoreError> {
    let bytes = store.meta(&order_name(pursuance))?.unwrap_or_default();
    let tasks = bytes.chunks_exact(TASK_BYTES).filter_map(|task| task.try_into().ok());
    Ok(Order::of(tasks.map(TaskId)))
}

/// Where the store keeps my order in a pursuance.
pub(crate) fn order_name(pursuance: PursuanceId) -> String {
    format!("order {pursuance}")
}
