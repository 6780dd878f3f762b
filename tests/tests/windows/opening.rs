//! A task of organisers is opened to volunteers: what is said before names the true number of people and comments, and what is said
//! after it was closed again is not for them.

use pursuance_core::id::RoleId;
use pursuance_tests::people::{
    begin_with_invite, come_in_unseen, comment, invite_to, join, open_invite, open_relay, open_task, open_window,
    portraits, wait_rows,
};

use crate::desk::page;
use crate::governing::{FIRST_TASKS, NEWCOMER, campaign};

const VOLUNTEER: RoleId = RoleId(3);
const SECRET: &str = "Look for a second boat";
const AFTER: &str = "It is paid for by the printer";

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_opened_with_true_numbers_and_closed_again() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("opening", "maya", dir.path(), &relay).await;
    campaign(&maya, &relay).await;
    let volunteers = invite_to(&maya, VOLUNTEER.0, 2).await;
    let mut ben = open_window("opening", "ben", dir.path(), &relay).await;
    begin_with_invite(&ben).await;
    open_invite(&ben, &volunteers).await;
    join(&ben, "Ben").await;
    wait_rows(&ben, FIRST_TASKS).await;
    let (zoe, _) = come_in_unseen("Zoe", dir.path(), &relay, &volunteers);
    let newcomers = invite_to(&maya, NEWCOMER.0, 1).await;
    let mut kim = open_window("opening", "kim", dir.path(), &relay).await;
    begin_with_invite(&kim).await;
    open_invite(&kim, &newcomers).await;
    join(&kim, "Kim").await;
    wait_rows(&kim, FIRST_TASKS).await;

    maya.click("nav-tree").await;
    maya.fill("quick-add", &format!("{SECRET} @@organiser")).await;
    maya.click("quick-add-submit").await;
    wait_rows(&maya, FIRST_TASKS + 1).await;
    open_task(&maya, SECRET).await;
    comment(&maya, "The one at the lock is free").await;
    comment(&maya, "I asked").await;
    maya.click("readers-open").await;
    maya.find("readers-dialog").await;
    portraits(&maya, "opening-readers").await;
    maya.click_with("readers-role", "Everyone here").await;
    maya.wait_text("readers-warning", "everyone here (4 people now").await;
    maya.wait_text("readers-warning", "1 of them can read it already").await;
    maya.click("readers-back").await;
    maya.click_with("readers-role", "volunteer").await;
    maya.wait_text("readers-warning", "volunteer\u{2069} (2 people now, and whoever joins later)").await;
    maya.wait_text("readers-warning", "this task and its 2 comments. It cannot be undone.").await;
    portraits(&maya, "opening-warning").await;
    maya.click("readers-submit").await;
    maya.find("readers-shut").await;
    maya.wait_text("readers-shut-hint", "takes nothing back").await;
    maya.click("readers-close").await;
    maya.wait_text("task-readers", "volunteer\u{2069}: 2 people now").await;

    // Whoever volunteers reads all of it, and takes part.
    wait_rows(&ben, FIRST_TASKS + 1).await;
    open_task(&ben, SECRET).await;
    ben.wait_count("comment-text", 2).await;
    comment(&ben, "I can row it over").await;
    maya.wait_count("comment-text", 3).await;
    assert!(!page(&kim).await.contains(SECRET), "a newcomer is no volunteer");

    maya.click("readers-open").await;
    maya.click("readers-shut").await;
    maya.wait_gone("readers-shut").await;
    maya.click("readers-close").await;
    comment(&maya, AFTER).await;
    maya.fill("quick-add", "Bring flags").await;
    maya.click("quick-add-submit").await;
    wait_rows(&ben, FIRST_TASKS + 2).await;
    open_task(&ben, SECRET).await;
    ben.wait_count("comment-text", 3).await;
    assert!(!page(&ben).await.contains(AFTER));
    ben.wait_text("task-closed", "is not for you").await;
    portraits(&ben, "opening-closed").await;
    zoe.stop();
    for window in [&mut maya, &mut ben, &mut kim] {
        window.quit().await;
    }
}
