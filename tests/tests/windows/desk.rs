//! What organisers say among themselves: a newcomer's window holds nothing of it, until the newcomer is one of them.

use pursuance_tests::people::{
    begin_with_invite, give_role, invite_to, join, open_invite, open_relay, open_window, portraits, wait_rows,
};
use pursuance_tests::window::Window;

use crate::governing::{FIRST_TASKS, NEWCOMER, campaign};

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

/// All that the page holds, shown or not.
async fn page(window: &Window) -> String {
    let html = window.run("return document.documentElement.outerHTML", vec![]).await;
    html.as_str().expect("a page").to_owned()
}
