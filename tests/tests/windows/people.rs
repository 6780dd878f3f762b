//! People decide about people, in three real windows: two come by an invite with review and wait, are let in and given a role; one
//! loses it again by two signatures with a rule cited, is removed, and all three windows say so.

use pursuance_tests::people::{
    begin_to_start, begin_with_invite, join, open_invite, open_relay, open_window, portraits, reviewed_invite,
    start_pursuance,
};

/// As long as names come.
const LONG_NAME: &str = "Kim Oosterhuis-Vanderlinden of the Lower Quay Residents’ Association";

#[tokio::test(flavor = "multi_thread")]
async fn two_come_for_review_and_one_is_removed_by_two() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());

    let mut maya = open_window("people", "maya", dir.path(), &relay).await;
    begin_to_start(&maya).await;
    start_pursuance(&maya, "Harbour for all", "Keep the east quay open", "Maya", relay.address()).await;
    let link = reviewed_invite(&maya, 2).await;
    portraits(&maya, "people-invites").await;

    // Both see the rules, join, and are told that a person has to let them in.
    let mut ben = open_window("people", "ben", dir.path(), &relay).await;
    let mut kim = open_window("people", "kim", dir.path(), &relay).await;
    for (window, name) in [(&ben, "Ben"), (&kim, LONG_NAME)] {
        begin_with_invite(window).await;
        open_invite(window, &link).await;
        window.wait_text("preview-reviewed", "you wait until a member lets you in").await;
        join(window, name).await;
        window.wait_text("waiting-text", "a person has to let you in").await;
        window.wait_text("waiting-text", "ask \u{2068}Maya").await;
    }
    portraits(&kim, "people-waiting").await;

    // The founder's inbox says so; she lets both in and makes them organisers.
    maya.wait_text("nav-inbox-count", "2").await;
    maya.click("nav-inbox").await;
    maya.wait_count("inbox-waiting", 2).await;
    portraits(&maya, "people-inbox").await;
    maya.click("nav-people").await;
    maya.wait_count("waits", 2).await;
    portraits(&maya, "people-waiting-room").await;
    maya.click("admit").await;
    maya.wait_count("waits", 1).await;
    maya.click("admit").await;
    maya.wait_gone("waits").await;
    for window in [&ben, &kim] {
        window.find("quick-add").await;
    }
    for name in ["Ben", "Kim"] {
        maya.click_with("member-open", name).await;
        maya.wait_text("person-name", name).await;
        maya.click("give-role").await;
        maya.wait_count("person-role", 2).await;
    }
    portraits(&maya, "people-person").await;

    // Kim is an organiser now, so one alone cannot remove them: it is proposed, with the rule that lets two of three decide.
    kim.wait_count("nav-inbox", 1).await;
    maya.click("person-remove").await;
    maya.wait_text("remove-rules", "Rule 21").await;
    maya.wait_text("remove-after", "cannot open").await;
    maya.wait_text("remove-lost", "organiser").await;
    maya.wait_text("remove-submit", "Propose: needs 2 of 3 organisers, you are 1").await;
    portraits(&maya, "people-remove").await;
    maya.click("remove-submit").await;
    maya.click("nav-decisions").await;
    maya.wait_text("decision-count", "1 of 2").await;

    ben.wait_text("nav-inbox-count", "1").await;
    ben.click("nav-inbox").await;
    ben.wait_text("inbox-decision", "asks for your signature").await;
    ben.click("inbox-look").await;
    ben.wait_text("decision-rule", "Rule 21").await;
    portraits(&ben, "people-decision-open").await;
    ben.click("decision-sign").await;
    for window in [&ben, &maya] {
        window.wait_text("decision-count", "2 of 2").await;
        window.wait_text("decision-outcome", "Decided").await;
    }
    portraits(&maya, "people-decided").await;

    kim.wait_text("status-line", "You are no longer a member. What you wrote stays here.").await;
    kim.click("nav-people").await;
    portraits(&kim, "people-removed").await;
    maya.click("nav-people").await;
    maya.wait_text("former", "Kim").await;

    for window in [&mut maya, &mut ben, &mut kim] {
        window.quit().await;
    }
}
