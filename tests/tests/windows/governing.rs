//! A campaign of volunteers: what a newcomer is told, how its rules change by two signatures, and how it goes on without its
//! founder.

use pursuance_core::id::RoleId;
use pursuance_core::rule::{Object, Verb};
use pursuance_core::templates::Template;
use pursuance_tests::people::{
    begin_to_start, begin_with_invite, choose_template, come_in_unseen, give_role, invite_to, join, open_invite,
    open_relay, open_task, open_window, portraits, start_pursuance, until, wait_rows,
};
use pursuance_tests::relay::RelayProcess;
use pursuance_tests::window::Window;
use serde_json::json;

const COORDINATOR: RoleId = RoleId(2);
pub const NEWCOMER: RoleId = RoleId(4);
/// Tasks that a campaign begins with.
pub const FIRST_TASKS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_is_refused_and_reads_the_rule() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("newcomer", "maya", dir.path(), &relay).await;
    campaign(&maya, &relay).await;
    let link = invite_to(&maya, NEWCOMER.0, 1).await;
    let mut kim = open_window("newcomer", "kim", dir.path(), &relay).await;
    begin_with_invite(&kim).await;
    open_invite(&kim, &link).await;
    join(&kim, "Kim").await;

    // What there is to do, and nothing that asks for attention.
    wait_rows(&kim, FIRST_TASKS).await;
    for asks in ["notice", "nav-inbox-count", "storage-line", "overtaken-line"] {
        kim.wait_gone(asks).await;
    }
    open_task(&kim, "Write three first tasks that need no knowledge").await;
    portraits(&kim, "newcomer-tree").await;
    kim.fill("quick-add", "Bring a thermos").await;
    kim.wait_text("quick-add-suggests", "A suggestion").await;
    kim.click("quick-add-submit").await;
    wait_rows(&kim, FIRST_TASKS + 1).await;

    // Asking somebody is not a newcomer's: one sentence, the rule's number, and the way to the rule.
    let table = Template::VolunteerCampaign.table();
    let assign = table.rules.iter().position(|rule| (rule.role, rule.verb) == (COORDINATOR, Verb::Assign));
    let number = assign.expect("coordinators ask others") + 1;
    kim.click("assign").await;
    let refusal = format!("only \u{2068}coordinators\u{2069} may ask others to do tasks (rule {number})");
    kim.wait_text("notice", &refusal).await;
    portraits(&kim, "newcomer-refused").await;
    kim.click("notice-rule").await;
    kim.wait_text("rule-cited", "may ask others to do tasks").await;
    kim.wait_text("rule-cited", &number.to_string()).await;
    portraits(&kim, "newcomer-rule").await;

    // What was suggested is there for whoever takes it up.
    maya.click("nav-tree").await;
    wait_rows(&maya, FIRST_TASKS + 1).await;
    for window in [&mut maya, &mut kim] {
        window.quit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_change_by_two_and_the_group_outlives_its_founder() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("governing", "maya", dir.path(), &relay).await;
    campaign(&maya, &relay).await;
    let link = invite_to(&maya, COORDINATOR.0, 2).await;
    let mut ben = open_window("governing", "ben", dir.path(), &relay).await;
    begin_with_invite(&ben).await;
    open_invite(&ben, &link).await;
    join(&ben, "Ben").await;
    wait_rows(&ben, FIRST_TASKS).await;
    let (mut kim, pursuance) = come_in_unseen("Kim", dir.path(), &relay, &link);
    give_role(&maya, "Ben", "organiser").await;

    // Coordinators are to remove newcomers, and no more to open again what was ended. Who gains and who loses is said first.
    maya.click("nav-rules").await;
    maya.click("book-text").await;
    let text = maya.value("rules-text").await;
    maya.paste("rules-text", &changed(&text)).await;
    maya.wait_text("rules-come", "may remove \u{2068}newcomers").await;
    maya.wait_text("rules-go", "may open ended tasks again").await;
    maya.wait_text("rules-gains", "Kim\u{2069} may from then on: \u{2068}Remove newcomers").await;
    maya.wait_text("rules-loses", "Kim\u{2069} may no more: \u{2068}Open ended tasks again").await;
    maya.wait_text("rules-how", "\u{2068}the organisers\u{2069} decide together").await;
    maya.run("document.querySelector('[data-testid=rules-changes]').scrollIntoView()", vec![]).await;
    portraits(&maya, "governing-difference").await;
    maya.click("rules-sign").await;

    // Each change waits as 1 of 2, with the rule by which it is decided, until the other organiser has signed.
    maya.click("nav-decisions").await;
    maya.wait_count("decision-sign", 0).await;
    maya.wait_count("decision", 2).await;
    assert_eq!(maya.texts("decision-count").await, ["1 of 2", "1 of 2"]);
    ben.wait_text("nav-inbox-count", "2").await;
    ben.click("nav-rules").await;
    ben.wait_text("book-versions", "Nothing was changed").await;
    ben.click("nav-decisions").await;
    ben.wait_count("decision-sign", 2).await;
    portraits(&ben, "governing-decisions").await;
    ben.click("decision-sign").await;
    ben.wait_count("decision-sign", 1).await;
    ben.click("decision-sign").await;
    for window in [&ben, &maya] {
        window.wait_count("decision-outcome", 2).await;
        window.click("nav-rules").await;
        window.wait_text("rules", "Coordinators\u{2069} may remove \u{2068}newcomers").await;
        window
            .wait_text("book-versions", "Add a rule: \u{2068}Coordinators\u{2069} may remove \u{2068}newcomers")
            .await;
        let signed = window.text("book-versions").await;
        let orders = ["signed by \u{2068}Maya\u{2069}, \u{2068}Ben", "signed by \u{2068}Ben\u{2069}, \u{2068}Maya"];
        assert!(orders.iter().any(|order| signed.contains(order)), "{signed}");
    }
    maya.run("document.querySelector('[data-testid=book-versions]').scrollIntoView()", vec![]).await;
    portraits(&maya, "governing-versions").await;
    maya.choose("try-who", "Kim").await;
    maya.choose("try-verb", "remove people").await;
    maya.choose("try-over", "newcomer").await;
    maya.wait_text("try-answer", "Yes, alone:").await;

    // The founder leaves: it is said what that means, and her window keeps what was there.
    maya.click("nav-people").await;
    maya.click_with("member-open", "Maya").await;
    maya.click("leave-open").await;
    maya.wait_text("leave", "There is no undo").await;
    portraits(&maya, "governing-leave").await;
    maya.click("leave-submit").await;
    maya.wait_text("status-line", "You are no longer a member. What you wrote stays here.").await;
    maya.click("nav-tree").await;
    wait_rows(&maya, FIRST_TASKS).await;
    // What this computer keeps of it goes, once she says so twice.
    maya.click("forget-open").await;
    maya.wait_text("gone-line", "A relay keeps sealed cells until it drops them.").await;
    portraits(&maya, "governing-forget").await;
    maya.click("forget-submit").await;
    maya.wait_text("notice", "Forgotten on this computer.").await;

    // The others go on: work, and rules, which the one organiser who is left now changes alone.
    ben.click("nav-people").await;
    ben.wait_text("former", "Maya").await;
    maya.quit().await;
    portraits(&ben, "governing-without-founder").await;
    ben.click("nav-tree").await;
    ben.fill("quick-add", "Find a third organiser").await;
    ben.click("quick-add-submit").await;
    wait_rows(&ben, FIRST_TASKS + 1).await;
    give_role(&ben, "Kim", "organiser").await;
    let me = json!({ "kind": "people", "pursuance": pursuance });
    until(&mut kim, "Kim is no organiser", |kim| {
        let people = kim.view(me.clone());
        let members = people["members"].as_array().expect("a list");
        members.len() == 2 && members.iter().all(|member| member["roles"].to_string().contains("organiser"))
    });
    let tree = json!({ "kind": "tree", "pursuance": pursuance });
    until(&mut kim, "what was written without the founder did not come", |kim| {
        kim.view(tree.clone()).to_string().contains("Find a third organiser")
    });
    kim.stop();
    ben.quit().await;
}

/// Starts a campaign of volunteers from an empty data folder.
pub async fn campaign(window: &Window, relay: &RelayProcess) {
    begin_to_start(window).await;
    choose_template(window, "volunteerCampaign").await;
    start_pursuance(window, "East quay", "Keep the east quay open", "Maya", relay.address()).await;
    wait_rows(window, FIRST_TASKS).await;
}

/// One line more for coordinators, and one less.
fn changed(text: &str) -> String {
    let (before, after) = text.split_once("coordinator {\n").expect("coordinators have rules");
    let (block, rest) = after.split_once("}\n").expect("a block ends");
    let less = block.replace("  reopen tasks everyone\n", "");
    assert_ne!(less, block);
    let table = Template::VolunteerCampaign.table();
    let is_there = |role| {
        table
            .rules
            .iter()
            .any(|rule| (rule.role, rule.verb, rule.object) == (role, Verb::Remove, Object::Role(NEWCOMER)))
    };
    assert!(is_there(RoleId(1)) && !is_there(COORDINATOR));
    format!("{before}coordinator {{\n{less}  remove newcomer\n}}\n{rest}")
}
