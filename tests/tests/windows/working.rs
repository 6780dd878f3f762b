//! Two at work on one task: what they say of it while they cannot hear each other, what is for whom, what is found, and what is done
//! again (docs/user-guide.md, "More about a task").

use std::process::Stdio;

use fantoccini::key::Key;
use pursuance_tests::headless::Headless;
use pursuance_tests::people::{
    PASSPHRASE, begin_to_start, begin_with_invite, come_in_unseen, comment, invite, join, open_invite, open_relay,
    open_task, open_window, portraits, start_pursuance, until, wait_rows,
};
use pursuance_tests::window::Window;
use serde_json::json;

const TASK: &str = "Book a van";
const BIG: &str = "Book a big van";
const RED: &str = "Book a red van";
const ABOVE: &str = "The trip to the harbour";
const NINE_DAYS_BEHIND: &str = "-777660";

#[tokio::test(flavor = "multi_thread")]
async fn two_edit_one_task_offline() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("working", "maya", dir.path(), &relay).await;
    begin_to_start(&maya).await;
    start_pursuance(&maya, "Harbour", "Know what is built there", "Maya", relay.address()).await;
    let link = invite(&maya, 1).await;
    let mut ben = open_window("working", "ben", dir.path(), &relay).await;
    begin_with_invite(&ben).await;
    open_invite(&ben, &link).await;
    join(&ben, "Ben").await;
    // His own tasks, so that the rules let him change all of them.
    for title in [ABOVE, TASK] {
        ben.find("quick-add").await;
        ben.fill("quick-add", title).await;
        ben.click("quick-add-submit").await;
    }
    wait_rows(&ben, 2).await;
    open_task(&ben, TASK).await;
    for line in ["Ask Zoe for hers", "Pay the deposit"] {
        ben.fill("check-input", line).await;
        ben.press_key(Key::Enter).await;
        ben.find_with("check", line).await;
    }
    maya.click("nav-tree").await;
    wait_rows(&maya, 2).await;
    open_task(&maya, TASK).await;
    maya.wait_count("check", 2).await;

    stay_away(&maya, TASK).await;
    stay_away(&ben, TASK).await;
    title(&maya, BIG).await;
    label(&maya, "money").await;
    tick(&maya, 0).await;
    more(&maya, "effort", "90 min").await;
    title(&ben, RED).await;
    label(&ben, "travel").await;
    tick(&ben, 1).await;
    more(&ben, "effort", "2 h").await;
    move_below(&ben, ABOVE).await;
    portraits(&ben, "working-alone").await;
    come_back(&maya).await;
    come_back(&ben).await;

    for window in [&maya, &ben] {
        window.click("nav-tree").await;
        wait_rows(window, 2).await;
        open_task(window, BIG).await;
        window.wait_text("other-title", RED).await;
        window.wait_text("other-title", "by \u{2068}Ben").await;
        window.wait_text("check-progress", "2 of 2 done").await;
        let row = window.find_with("tree-row", BIG).await;
        assert_eq!(row.attr("data-depth").await.unwrap().as_deref(), Some("1"), "it was moved");
        for each in ["money", "travel"] {
            window.find_with("task-labels", each).await;
        }
        window.wait_text("detail-effort", "1 hour 30 minutes").await;
        window.wait_text("detail-contested", "2 hours").await;
    }
    portraits(&maya, "working-two").await;
    // One key settles it for both.
    maya.click_with("tree-row", BIG).await;
    maya.press(&['u']).await;
    maya.wait_gone("other-title").await;
    ben.wait_gone("other-title").await;
    ben.wait_text("task-title", BIG).await;

    // What Maya asks of Ben stands under *Today*; what is in a comment is found in three keys and its words.
    assign(&maya, "Ben").await;
    comment(&maya, "The printer lends us his, the blue one").await;
    ben.wait_count("comment-text", 1).await;
    ben.click_with("tree-row", BIG).await;
    ben.press(&['g']).await;
    ben.press(&['y']).await;
    ben.wait_text("today-row", BIG).await;
    ben.wait_text("today-row", "you are asked to do it").await;
    portraits(&ben, "working-today").await;
    ben.press(&['/']).await;
    ben.find("find-text").await;
    ben.type_text("PRINTER blue").await;
    ben.wait_text("find-row", "The printer lends us his").await;
    portraits(&ben, "working-find").await;
    ben.press_key(Key::Enter).await;
    ben.wait_text("task-title", BIG).await;

    // It is done every week: whoever ends it makes the next one, and both see the same.
    more(&ben, "repeat", "week").await;
    ben.wait_text("detail-repeat", "Every week").await;
    ben.click_with("tree-row", BIG).await;
    ben.press(&['s']).await;
    ben.click("status-option-done").await;
    wait_rows(&ben, 3).await;
    wait_rows(&maya, 3).await;
    for window in [&mut maya, &mut ben] {
        window.quit().await;
    }
}

/// Hears nothing and tells nothing from now on.
async fn stay_away(window: &Window, task: &str) {
    window.click("nav-settings").await;
    window.click("offline").await;
    window.click("nav-tree").await;
    open_task(window, task).await;
}

async fn come_back(window: &Window) {
    window.click("nav-settings").await;
    window.click("offline").await;
}

async fn title(window: &Window, title: &str) {
    window.click("task-title-edit").await;
    window.fill("task-title-input", title).await;
    window.press_key(Key::Enter).await;
    window.wait_text("task-title", title).await;
}

async fn label(window: &Window, label: &str) {
    window.click("label-add").await;
    window.fill("picker-input", label).await;
    window.press_key(Key::Enter).await;
    window.find_with("task-labels", label).await;
}

async fn tick(window: &Window, line: usize) {
    let ticks = "document.querySelectorAll('[data-testid=\"check-tick\"]')[arguments[0]].click()";
    window.run(ticks, vec![line.into()]).await;
    window.wait_text("check-progress", "1 of 2 done").await;
}

/// Says more about the task by the list of all that can be said.
async fn more(window: &Window, field: &str, value: &str) {
    window.click("detail-more").await;
    window.click(&format!("detail-field-{field}")).await;
    window.fill("picker-input", value).await;
    window.press_key(Key::Enter).await;
    window.find(&format!("detail-{field}")).await;
}

async fn move_below(window: &Window, title: &str) {
    window.press(&['m']).await;
    window.fill("picker-input", title).await;
    window.find_with("move-option", title).await;
    window.press_key(Key::Enter).await;
    window.wait_gone("picker-input").await;
}

async fn assign(window: &Window, name: &str) {
    window.press(&['a']).await;
    window.fill("picker-input", name).await;
    window.press_key(Key::Enter).await;
    window.wait_gone("picker-input").await;
}

/// Ben took it nine days ago, by his clock, and nothing was heard of him since.
#[tokio::test(flavor = "multi_thread")]
async fn a_lapsed_claim_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("lapsed", "maya", dir.path(), &relay).await;
    begin_to_start(&maya).await;
    start_pursuance(&maya, "Harbour", "Know what is built there", "Maya", relay.address()).await;
    let link = invite(&maya, 1).await;
    let (ben, pursuance) = come_in_unseen("Ben", dir.path(), &relay, &link);
    ben.stop();
    let loopback = relay.loopback();
    let behind = [loopback[1].as_str(), loopback[2].as_str(), "--clock-offset", NINE_DAYS_BEHIND];
    let mut ben = Headless::start(&dir.path().join("Ben"), PASSPHRASE, &behind, ("warn", Stdio::inherit()));
    let created = ben.request(json!({ "kind": "act", "pursuance": pursuance, "command": {
        "kind": "createTask", "title": TASK, "parent": null, "assignees": [], "labels": [],
    } }));
    let task = created["task"].as_str().expect("a task").to_owned();
    ben.request(json!({ "kind": "act", "pursuance": pursuance, "command": { "kind": "claim", "task": task } }));
    maya.click("nav-tree").await;
    wait_rows(&maya, 1).await;
    open_task(&maya, TASK).await;
    maya.wait_text("claim-lapsed", "for 9 days: others can take it over").await;
    portraits(&maya, "lapsed").await;
    maya.click("take-over").await;
    maya.wait_text("task-claim", "You have taken it").await;
    maya.wait_gone("claim-lapsed").await;
    until(&mut ben, "he does not see it", |ben| {
        let view = ben.view(json!({ "kind": "task", "pursuance": pursuance, "task": task }));
        view["row"]["claim"]["name"] == "Maya"
    });
    ben.stop();
    maya.quit().await;
}
