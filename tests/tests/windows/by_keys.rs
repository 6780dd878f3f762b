//! From an empty folder to a group with three tasks, one of them below another, with the keyboard alone and no network
//! (docs/user-guide.md, "Keys").

use fantoccini::key::Key;
use pursuance_tests::people::{PASSPHRASE, eventually};
use pursuance_tests::window::{Launch, Window};
use serde_json::json;

use crate::at_size::ask;

/// More stops than any of these screens has.
const MOST_TABS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn a_first_group_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::open(Launch::pursuance("by-keys", dir.path(), &["--no-tor"])).await;
    window.find("welcome").await;
    tab_to(&window, "welcome-start").await;
    window.press_key(Key::Enter).await;

    has_focus(&window, "passphrase").await;
    window.type_text(PASSPHRASE).await;
    tab_to(&window, "passphrase-again").await;
    window.type_text(PASSPHRASE).await;
    window.press_key(Key::Enter).await;

    has_focus(&window, "start-name").await;
    window.type_text("Harbour watch").await;
    tab_to(&window, "start-mission").await;
    window.type_text("Keep the east quay open").await;
    tab_to(&window, "start-my-name").await;
    window.type_text("Maya").await;
    window.press_key(Key::Enter).await;

    // The mission stands at the root, and one key begins a task.
    window.find("quick-add").await;
    for title in ["Rent a hall", "Print leaflets"] {
        window.press(&['c']).await;
        has_focus(&window, "quick-add").await;
        window.type_text(title).await;
        window.press_key(Key::Enter).await;
        window.wait_text("tree-row", title).await;
        window.press_key(Key::Escape).await;
    }
    // The newest is selected; what is added with O stands below it.
    window.press(&['o']).await;
    window.type_text("Ask the shipyard for paper").await;
    window.press_key(Key::Enter).await;
    window.wait_text("tree-row", "Ask the shipyard for paper").await;
    let rows = "return Array.from(document.querySelectorAll('[data-testid=tree-row]'), row => [row.dataset.title, row.ariaLevel])";
    let [hall, leaflets, paper] = ["Rent a hall", "Print leaflets", "Ask the shipyard for paper"];
    assert_eq!(ask(&window, rows).await, json!([[hall, "1"], [leaflets, "1"], [paper, "2"]]));
    window.wait_text("status-line", "No relay").await;
    window.quit().await;
}

/// Moves the focus on until it is there.
async fn tab_to(window: &Window, testid: &str) {
    for _ in 0..MOST_TABS {
        if focus(window).await == testid {
            return;
        }
        window.press_key(Key::Tab).await;
    }
    panic!("{testid} is not reached; the focus is on {:?}", focus(window).await);
}

async fn has_focus(window: &Window, testid: &str) {
    let how = format!("{testid} does not have the focus");
    eventually(window, &how, async || (focus(window).await == testid).then_some(())).await;
}

/// What has the focus, by its test id.
async fn focus(window: &Window) -> String {
    let testid = "return document.activeElement?.dataset?.testid ?? ''";
    window.run(testid, vec![]).await.as_str().expect("a text").to_owned()
}
