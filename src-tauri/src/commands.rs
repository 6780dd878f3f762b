//! The three commands of the window, handed on to the node as they are (docs/protocol/08-node.md, "The door").

use std::sync::{Mutex, PoisonError};

use pursuance_node::Node;
use pursuance_node::api::{Query, Reply, Request, Trouble, View};
use tauri::ipc::Channel;
use tauri::{State, WebviewWindow};
use tokio::task::JoinHandle;

use crate::window;

/// What stands behind the window.
pub struct Door {
    node: Result<Node, Trouble>,
    watcher: Mutex<Option<JoinHandle<()>>>,
}

impl Door {
    /// A door to a node, or to the reason why there is none, which then answers everything.
    pub fn new(node: Result<Node, Trouble>) -> Self {
        Self { node, watcher: Mutex::new(None) }
    }

    fn node(&self) -> Result<&Node, Trouble> {
        self.node.as_ref().map_err(Clone::clone)
    }
}

/// Carries something out. With the lock the page goes too: what it showed would stay in its memory.
#[tauri::command]
pub async fn request(
    window: WebviewWindow,
    door: State<'_, Door>,
    request: serde_json::Value,
) -> Result<Reply, Trouble> {
    let request: Request = serde_json::from_value(request).map_err(|_| Trouble::Malformed)?;
    let locks = matches!(request, Request::Lock);
    let reply = door.node()?.request(request).await?;
    if locks {
        window::renew(&window);
    }
    Ok(reply)
}

/// Looks at something.
#[tauri::command]
pub async fn view(door: State<'_, Door>, query: serde_json::Value) -> Result<View, Trouble> {
    let query: Query = serde_json::from_value(query).map_err(|_| Trouble::Malformed)?;
    door.node()?.view(query).await
}

/// Says on the channel how far the views have come, now and whenever they move. One page watches at a time: a
/// reloaded page takes the place of the one before.
#[tauri::command]
pub async fn watch(door: State<'_, Door>, channel: Channel<u64>) -> Result<(), Trouble> {
    let mut seqs = door.node()?.watch();
    seqs.mark_changed();
    let watcher = tokio::spawn(async move {
        while seqs.changed().await.is_ok() {
            let seq = *seqs.borrow_and_update();
            if channel.send(seq).is_err() {
                return;
            }
        }
    });
    let before = door.watcher.lock().unwrap_or_else(PoisonError::into_inner).replace(watcher);
    if let Some(before) = before {
        before.abort();
    }
    Ok(())
}
