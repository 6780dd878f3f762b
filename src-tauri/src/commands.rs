//! The three commands of the window, handed on to the node as they are (docs/protocol/08-node.md, "The door").

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use pursuance_node::Node;
use pursuance_node::api::{Query, Reply, Request, Trouble, View};
use serde::Serialize;
use tauri::ipc::Channel;
use tauri::{AppHandle, Manager, State, WebviewWindow};
use tokio::sync::watch::Sender;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::window;

/// What stands behind the window.
pub struct Door {
    node: Result<Node, Trouble>,
    watcher: Mutex<Option<JoinHandle<()>>>,
    /// An invite that no page has heard of yet.
    invite: Sender<Option<Zeroizing<String>>>,
    /// The page before was lost, and none has heard of it yet.
    lost: AtomicBool,
}

/// What a page hears on its channel.
#[derive(Clone, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Heard {
    /// The views have come this far.
    Seq {
        /// As in `AppView`.
        seq: u64,
    },
    /// Somebody opened an invite on this computer.
    Invite {
        /// As it was given.
        link: String,
    },
    /// The process of the page before this one ended by itself.
    Lost,
}

impl Door {
    /// A door to a node, or to the reason why there is none, which then answers everything.
    pub fn new(node: Result<Node, Trouble>) -> Self {
        Self { node, watcher: Mutex::new(None), invite: Sender::new(None), lost: AtomicBool::new(false) }
    }

    /// Gives the page an invite, now or once there is a page that listens; a newer one takes its place.
    pub fn give(&self, invite: Zeroizing<String>) {
        self.invite.send_replace(Some(invite));
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

/// The page's process ended by itself: a fault of WebKit's, or somebody's attempt on it. What comes next is shown to whoever has the
/// passphrase: an attempt that failed cannot be repeated by being shown again and again.
pub async fn page_lost(app: AppHandle) {
    let door = app.state::<Door>();
    door.lost.store(true, Ordering::Relaxed);
    if let Ok(node) = door.node()
        && let Err(trouble) = node.request(Request::Lock).await
    {
        tracing::warn!("not locked after the page was lost: {trouble}");
    }
    if let Some(window) = app.get_webview_window(window::LABEL) {
        window::show_again(&window);
    }
}

/// Looks at something.
#[tauri::command]
pub async fn view(door: State<'_, Door>, query: serde_json::Value) -> Result<View, Trouble> {
    let query: Query = serde_json::from_value(query).map_err(|_| Trouble::Malformed)?;
    door.node()?.view(query).await
}

/// Says on the channel how far the views have come, now and whenever they move, and what invite was opened. One page watches
/// at a time: a reloaded page takes the place of the one before.
#[tauri::command]
pub async fn watch(door: State<'_, Door>, channel: Channel<Heard>) -> Result<(), Trouble> {
    let mut seqs = door.node()?.watch();
    seqs.mark_changed();
    let invites = door.invite.clone();
    let mut given = invites.subscribe();
    given.mark_changed();
    if door.lost.swap(false, Ordering::Relaxed) && channel.send(Heard::Lost).is_err() {
        return Ok(());
    }
    let watcher = tokio::spawn(async move {
        loop {
            let heard = tokio::select! {
                changed = seqs.changed() => changed.map(|()| Some(Heard::Seq { seq: *seqs.borrow_and_update() })),
                changed = given.changed() => changed.map(|()| {
                    // Told once: a page that is made anew, after a lock, does not hear of it again.
                    let mut link = None;
                    invites.send_if_modified(|invite| { link = invite.take(); false });
                    link.map(|link| Heard::Invite { link: link.to_string() })
                }),
            };
            match heard.map(|heard| heard.map_or(Ok(()), |heard| channel.send(heard))) {
                Ok(Ok(())) => {}
                _ => return,
            }
        }
    });
    let before = door.watcher.lock().unwrap_or_else(PoisonError::into_inner).replace(watcher);
    if let Some(before) = before {
        before.abort();
    }
    Ok(())
}
