//! A member with a modified client signs what the rules do not let them: nothing changes in honest windows, and the log says why in
//! the same words, also to somebody who comes later.

use pursuance_core::founding::ORGANISER;
use pursuance_core::id::{MemberId, RoleId};
use pursuance_core::op::{Grant, Op, Remove, SetRule};
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use pursuance_tests::people::{
    begin_to_start, begin_with_invite, eventually, invite, join, open_invite, open_relay, open_window, portraits,
    start_pursuance,
};
use pursuance_tests::window::Window;
use serde_json::json;

use crate::rogue::Rogue;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_modified_client_signs_changes_nothing_and_is_told_alike() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("modified", "maya", dir.path(), &relay).await;
    begin_to_start(&maya).await;
    start_pursuance(&maya, "Harbour for all", "Keep the east quay open", "Maya", relay.address()).await;
    let link = invite(&maya, 2).await;
    let mut eve = Rogue::join(&link, "Eve", relay.listening()).await;
    maya.click("nav-people").await;
    maya.wait_count("member", 2).await;
    let before = told(&maya).await;

    // It makes itself organiser, lets everyone remove organisers, and removes the founder.
    let everyone_removes = Rule {
        role: RoleId::EVERYONE,
        verb: Verb::Remove,
        object: Object::Role(ORGANISER),
        conditions: Conditions::ALWAYS,
        quorum: None,
    };
    let founder = MemberId(eve.pursuance().0);
    // What was signed first arrives last.
    let mut signed = Vec::new();
    for op in [
        Op::Grant(Grant { member: eve.member(), role: ORGANISER }),
        Op::SetRule(SetRule { rule: everyone_removes, present: true }),
        Op::Remove(Remove { member: founder, roles: vec![], pins: vec![] }),
    ] {
        signed.push(eve.sign(eve.came(), vec![op]));
    }
    for entry in signed.into_iter().rev() {
        eve.post(&[entry]).await;
    }
    let hers = trouble(&maya).await;
    portraits(&maya, "modified-log").await;
    maya.click("nav-people").await;
    maya.wait_count("member", 2).await;
    assert_eq!(told(&maya).await, before);

    // Whoever comes later reads it all at once, and is told the same.
    let mut ben = open_window("modified", "ben", dir.path(), &relay).await;
    begin_with_invite(&ben).await;
    open_invite(&ben, &link).await;
    join(&ben, "Ben").await;
    ben.find("quick-add").await;
    let mut his = trouble(&ben).await;
    his.sort();
    let mut sorted = hers;
    sorted.sort();
    assert_eq!(his, sorted);
    maya.wait_count("member", 3).await;
    assert_eq!(told(&maya).await, told(&ben).await);
    for window in [&mut maya, &mut ben] {
        window.quit().await;
    }
}

/// The three rows of the log that have no effect, each with its reason.
async fn trouble(window: &Window) -> Vec<String> {
    window.click("nav-log").await;
    window.click("log-trouble").await;
    window.wait_count("log-why", 3).await;
    window.texts("log-row").await
}

/// Members with their roles, and the rules, as the window's door tells them.
async fn told(window: &Window) -> serde_json::Value {
    let script = r"
        const done = arguments[arguments.length - 1];
        const look = (query) => window.__TAURI_INTERNALS__.invoke('view', { query }).then((answer) => answer.view);
        look({ kind: 'app' }).then((app) => look({ kind: 'people', pursuance: app.pursuances[0].pursuance })).then((people) => done({
            rules: people.rules, roles: people.roles, others: people.others.length,
            members: people.members.map((member) => [member.person.name, member.roles.map((role) => role.name)]).sort(),
        }), (trouble) => done({ trouble }));";
    eventually(window, "nobody is told", async || {
        let told = window.run_async(script, vec![]).await;
        (told["trouble"] == json!(null)).then_some(told)
    })
    .await
}
