//! Somebody was arrested: they are removed, and of what their computer wrote unheard one thing is kept and one refused.

use std::fs;
use std::path::Path;

use pursuance_tests::headless::Headless;
use pursuance_tests::people::{
    begin_to_start, begin_with_invite, come_again_unseen, come_in_unseen, invite, join, open_invite, open_relay,
    open_window, portraits, start_pursuance, until, wait_rows,
};
use serde_json::{Value, json};

/// What is said before the arrest, and after it.
const KNOWN: &str = "Count the crates at the quay";
const MOVED: &str = "Take the papers to the green house";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_unheard_waits_and_is_kept_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("arrested", "maya", dir.path(), &relay).await;
    begin_to_start(&maya).await;
    start_pursuance(&maya, "Harbour for all", "Keep the east quay open", "Maya", relay.address()).await;
    let link = invite(&maya, 2).await;
    let mut ben = open_window("arrested", "ben", dir.path(), &relay).await;
    begin_with_invite(&ben).await;
    open_invite(&ben, &link).await;
    join(&ben, "Ben").await;
    ben.find("quick-add").await;
    let (mut kim, pursuance) = come_in_unseen("Kim", dir.path(), &relay, &link);

    maya.click("nav-tree").await;
    maya.fill("quick-add", KNOWN).await;
    maya.click("quick-add-submit").await;
    until(&mut kim, "Kim never reads it", |node| holds(&tasks(node, &pursuance), KNOWN));

    // Kim writes without a connection; then Kim's computer is in other hands.
    kim.request(json!({ "kind": "setOffline", "offline": true }));
    for title in ["Ask the crane driver", "Meet at the north gate at six"] {
        let create = json!({ "kind": "createTask", "title": title, "parent": null, "assignees": [], "labels": [] });
        kim.request(json!({ "kind": "act", "pursuance": pursuance, "command": create }));
    }
    kim.stop();
    // Whoever has the computer has all that it holds, and the passphrase.
    copy_folder(&dir.path().join("Kim"), &dir.path().join("seized"));
    maya.click("nav-people").await;
    maya.wait_count("member-open", 3).await;
    maya.click("arrested-open").await;
    maya.choose("arrested-who", "Kim").await;
    maya.wait_text("arrested-nothing", "Nothing by \u{2068}Kim\u{2069} waits").await;
    portraits(&maya, "arrested-before").await;
    maya.click("arrested-remove").await;
    maya.wait_text("remove-rules", "Rule").await;
    maya.click("remove-submit").await;
    maya.wait_text("arrested-removed", "Kim\u{2069} is removed").await;
    ben.click("nav-people").await;
    ben.wait_text("former", "Kim").await;

    // What arrives now has no effect for anybody and waits.
    let mut kim = come_again_unseen("Kim", dir.path(), &relay);
    kim.request(json!({ "kind": "setOffline", "offline": false }));
    maya.wait_text("held-sentence", "2 changes by \u{2068}Kim\u{2069}, written before").await;
    maya.wait_count("held-line", 2).await;
    portraits(&maya, "arrested-held").await;
    ben.click("nav-tree").await;
    wait_rows(&ben, 1).await;
    maya.click("held-keep-one").await;
    maya.wait_count("held-line", 1).await;
    maya.wait_text("held-sentence", "1 change by").await;
    maya.click("held-refuse").await;
    maya.find("arrested-nothing").await;
    maya.click("nav-inbox").await;
    maya.wait_text("inbox-refused", "Meet at the north gate at six").await;
    maya.wait_gone("inbox-held").await;
    portraits(&maya, "arrested-refused").await;

    // The one that was kept counts for everybody, the other for nobody.
    maya.click("nav-tree").await;
    for window in [&maya, &ben] {
        window.wait_text("tree-row", "Ask the crane driver").await;
        wait_rows(window, 2).await;
    }
    kim.stop();

    // The copy of the folder reads that Kim was removed, and nothing of what is said since.
    maya.fill("quick-add", MOVED).await;
    maya.click("quick-add-submit").await;
    ben.wait_text("tree-row", MOVED).await;
    let mut seized = come_again_unseen("seized", dir.path(), &relay);
    seized.request(json!({ "kind": "setOffline", "offline": false }));
    let log = |node: &mut Headless| {
        node.view(json!({ "kind": "log", "pursuance": pursuance, "trouble": false, "before": null }))
    };
    until(&mut seized, "the copy never learns that Kim was removed", |node| holds(&log(node), r#""kind":"remove""#));
    let tree = tasks(&mut seized, &pursuance);
    let log = log(&mut seized);
    assert!(holds(&tree, KNOWN) && !holds(&tree, MOVED) && !holds(&log, MOVED), "{tree} {log}");
    seized.stop();
    for window in [&mut maya, &mut ben] {
        window.quit().await;
    }
}

fn tasks(node: &mut Headless, pursuance: &str) -> Value {
    node.view(json!({
        "kind": "tree", "pursuance": pursuance, "filter": "", "showDropped": true, "folded": [], "first": 0, "around": null
    }))
}

fn holds(view: &Value, text: &str) -> bool {
    view.to_string().contains(text)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder of the story's own");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be read");
        if entry.file_type().expect("known").is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("room");
        }
    }
}
