//! What organisers say among themselves: a newcomer's window holds nothing of it, until the newcomer is one of them.

use std::path::Path;

use pursuance_core::id::RoleId;
use pursuance_node::vault;
use pursuance_tests::memory::{Secret, look_below};
use pursuance_tests::pages::look_into_pages;
use pursuance_tests::people::{
    PASSPHRASE, begin_to_start, begin_with_invite, choose_template, come_again_unseen, come_in_unseen, give_role,
    invite_to, join, open_invite, open_relay, open_window, portraits, start_pursuance, until, wait_rows,
};
use pursuance_tests::window::Window;
use serde_json::json;

use crate::governing::{FIRST_TASKS, NEWCOMER, campaign};

const INTAKE: RoleId = RoleId(2);
const VERIFIER: RoleId = RoleId(3);
const RESEARCHER: RoleId = RoleId(6);
const SECRET: &str = "Talk about what Kim saw";

#[tokio::test(flavor = "multi_thread")]
async fn a_task_for_organisers_is_in_no_newcomers_window() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("desk", "maya", dir.path(), &relay).await;
    campaign(&maya, &relay).await;
    let link = invite_to(&maya, NEWCOMER.0, 1).await;
    let mut kim = open_window("desk", "kim", dir.path(), &relay).await;
    begin_with_invite(&kim).await;
    open_invite(&kim, &link).await;
    join(&kim, "Kim").await;
    wait_rows(&kim, FIRST_TASKS).await;

    // Who reads it is said before it is made, and where it stands.
    maya.click("nav-tree").await;
    maya.fill("quick-add", &format!("{SECRET} @@organiser")).await;
    maya.wait_text("chip-home", "organiser").await;
    maya.wait_text("quick-add-readers", "1 person now").await;
    portraits(&maya, "desk-adding").await;
    maya.click("quick-add-submit").await;
    wait_rows(&maya, FIRST_TASKS + 1).await;
    maya.wait_text("row-home", "organiser").await;
    maya.fill("quick-add", "Bring flags").await;
    maya.wait_text("quick-add-readers", "all 2 members").await;
    maya.click("quick-add-submit").await;

    wait_rows(&kim, FIRST_TASKS + 1).await;
    assert!(page(&kim).await.contains("Bring flags"), "the control");
    assert!(!page(&kim).await.contains(SECRET));
    kim.click("nav-log").await;
    kim.find("log-row").await;
    assert!(!page(&kim).await.contains(SECRET), "the log says that something was written, and not what");
    assert!(!kim.run("return document.title", vec![]).await.to_string().contains(SECRET), "nor does its title");
    assert_eq!(holds_secret(&dir.path().join("maya")), (true, false), "the control: sealed in files");
    assert_eq!(holds_secret(&dir.path().join("kim")), (false, false));
    assert!(!kim.log().contains(SECRET) && !maya.log().contains(SECRET), "no log of a program says it");

    // Given the role, Kim reads it once Maya's computer has handed the keys on.
    give_role(&maya, "Kim", "organiser").await;
    kim.click("nav-tree").await;
    wait_rows(&kim, FIRST_TASKS + 2).await;
    kim.wait_text("row-home", "organiser").await;
    portraits(&kim, "desk-tree").await;
    kim.click("nav-people").await;
    kim.wait_text("who-reads-role", "Maya").await;
    portraits(&kim, "desk-people").await;
    for window in [&mut maya, &mut kim] {
        window.quit().await;
    }
}

/// Who gives a role is not always one who holds it: then the keys come from somebody who does, when they are here again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_said_before_opens_when_one_who_reads_it_is_here_again() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("awaited", "maya", dir.path(), &relay).await;
    begin_to_start(&maya).await;
    choose_template(&maya, "leakDesk").await;
    start_pursuance(&maya, "The reading room", "Read what they sent", "Maya", relay.address()).await;
    let intake = invite_to(&maya, INTAKE.0, 1).await;
    let (mut ben, pursuance) = come_in_unseen("Ben", dir.path(), &relay, &intake);
    let create = json!({ "kind": "createTask", "title": SECRET, "parent": null, "assignees": [], "labels": [], "home": VERIFIER });
    ben.request(json!({ "kind": "act", "pursuance": pursuance, "command": create }));
    let researchers = invite_to(&maya, RESEARCHER.0, 1).await;
    let mut kim = open_window("awaited", "kim", dir.path(), &relay).await;
    begin_with_invite(&kim).await;
    open_invite(&kim, &researchers).await;
    join(&kim, "Kim").await;
    kim.find("quick-add").await;
    // What is to be kept from those who are not here must have arrived.
    until(&mut ben, "what Ben wrote was not handed over", |node| {
        node.view(json!({ "kind": "app" }))["pursuances"][0]["status"]["kept"] == 0
    });
    ben.stop();

    give_role(&maya, "Kim", "verifier").await;
    kim.wait_text(
        "awaited",
        "You now hold “\u{2068}verifier\u{2069}”. Older items open when someone who holds it is next online.",
    )
    .await;
    assert!(!page(&kim).await.contains(SECRET));
    portraits(&kim, "awaited-before").await;
    let ben = come_again_unseen("Ben", dir.path(), &relay);
    kim.wait_text("tree-row", SECRET).await;
    kim.wait_gone("awaited").await;
    portraits(&kim, "awaited-after").await;
    assert!(!page(&maya).await.contains(SECRET), "a steward gives the role and does not read it");
    ben.stop();
    for window in [&mut maya, &mut kim] {
        window.quit().await;
    }
}

/// Whether it stands in the decrypted store of somebody's folder, and whether in its files as they are.
fn holds_secret(data: &Path) -> (bool, bool) {
    let secret = [Secret::text("secret", SECRET)];
    let key = vault::open(&data.join("vault"), PASSPHRASE).expect("the passphrase opens it");
    (!look_into_pages(&data.join("store"), &key, &secret).is_empty(), !look_below(data, &secret).is_empty())
}

/// All that the page holds, shown or not.
pub async fn page(window: &Window) -> String {
    let html = window.run("return document.documentElement.outerHTML", vec![]).await;
    html.as_str().expect("a page").to_owned()
}
