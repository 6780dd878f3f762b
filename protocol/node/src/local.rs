//! What a person keeps for oneself: my order, my keys. It stands in the encrypted database, and no entry and no cell is ever made of it
//! (docs/protocol/05-tasks.md, "My order").

use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_core::order::{Order, Past};

use crate::api::{ChosenKey, Reply, Trouble};
use crate::engine::Open;
use crate::requests::refused;
use crate::store::{Store, StoreError};

/// Keys that can be chosen.
pub const MAX_KEYS: usize = 100;
/// Bytes of a key's name, or of what it does.
pub const MAX_KEY_BYTES: usize = 32;
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
