//! A role with history since joining: whoever comes to it sees the task that is made after, not the one before, until that is opened to them.

use pursuance_tests::people::{
    begin_to_start, begin_with_invite, eventually, invite_to, join, open_invite, open_relay, open_task, open_window,
    portraits, start_pursuance, wait_rows,
};
use pursuance_tests::window::Window;

use crate::desk::page;

const OLD: &str = "Who gave us the ledger";
const NEW: &str = "Call the printer";

/// Lines for a press that reads and writes its own tasks, and that organisers read too.
const LINES: &str = "role press rank 1 since-joining\n\
    press { see tasks press create tasks press comment tasks press }\n\
    organiser { see tasks press create tasks press comment tasks press widen tasks press invite press }\n";

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_to_the_press_sees_what_is_made_since() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("since", "maya", dir.path(), &relay).await;
    begin_to_start(&maya).await;
    start_pursuance(&maya, "Harbour watch", "Know what is built there", "Maya", relay.address()).await;

    // What it means is said before it is signed.
    maya.click("nav-rules").await;
    maya.click("book-text").await;
    let text = maya.value("rules-text").await;
    maya.paste("rules-text", &format!("{text}\n{LINES}")).await;
    maya.wait_text("rules-new-role", "reads those that are made after they come. That stays so for ever").await;
    maya.wait_text("rules-gains", "those that are made after they come").await;
    maya.run("document.querySelector('[data-testid=rules-changes]').scrollIntoView()", vec![]).await;
    portraits(&maya, "since-rules").await;
    maya.click("rules-sign").await;
    eventually(&maya, "it is not in force", async || {
        maya.value("rules-text").await.contains("role press rank 1 since-joining").then_some(())
    })
    .await;
    maya.wait_text("rules-same", "This is what is in force.").await;
    maya.click("nav-people").await;
    maya.wait_text("who-reads-history", "Whoever comes later reads the tasks that are made after they come.").await;

    maya.click("nav-tree").await;
    maya.fill("quick-add", &format!("{OLD} @@press")).await;
    maya.wait_text("quick-add-readers", "1 person now, and not those who come later").await;
    portraits(&maya, "since-adding").await;
    maya.click("quick-add-submit").await;
    wait_rows(&maya, 1).await;

    let link = invite_to(&maya, press(&maya).await, 1).await;
    let mut kim = open_window("since", "kim", dir.path(), &relay).await;
    begin_with_invite(&kim).await;
    open_invite(&kim, &link).await;
    join(&kim, "Kim").await;
    kim.find("quick-add").await;
    maya.click("nav-tree").await;
    maya.fill("quick-add", &format!("{NEW} @@press")).await;
    maya.wait_text("quick-add-readers", "2 people now, and not those who come later").await;
    maya.click("quick-add-submit").await;
    wait_rows(&kim, 1).await;
    kim.wait_text("tree-row", NEW).await;
    kim.wait_gone("awaited").await;
    assert!(!page(&kim).await.contains(OLD));
    portraits(&kim, "since-tree").await;

    // Whoever reads the older one is told who does not, and can open it to them.
    open_task(&maya, OLD).await;
    maya.wait_text("task-readers", "1 person; not those who come later").await;
    maya.click("readers-open").await;
    maya.wait_text("readers-came-later", "Kim").await;
    portraits(&maya, "since-readers").await;
    maya.click_with("readers-person", "Kim").await;
    maya.click("readers-submit").await;
    maya.wait_gone("readers-came-later").await;
    wait_rows(&kim, 2).await;
    open_task(&kim, OLD).await;
    portraits(&kim, "since-opened").await;
    for window in [&mut maya, &mut kim] {
        window.quit().await;
    }
}

/// The number that the press was given.
async fn press(window: &Window) -> u16 {
    window.click("nav-invites").await;
    eventually(window, "one can invite to the press", async || {
        let script = "const all = [...document.querySelectorAll('[data-testid^=invite-role-]')]; \
            const press = all.find((each) => each.closest('label')?.textContent.includes('press')); \
            return press?.dataset.testid.slice('invite-role-'.length) ?? ''";
        window.run(script, vec![]).await.as_str().and_then(|number| number.parse().ok())
    })
    .await
}
