//! Members with modified clients sign what the rules do not let them: nothing changes in honest windows, and the log says why in
//! the same words, also to somebody who comes later and whose relay gives it to them the other way round.

use std::net::SocketAddr;

use pursuance_core::cell::open_cell;
use pursuance_core::entry::Entry;
use pursuance_core::founding::ORGANISER;
use pursuance_core::fragment::Fragments;
use pursuance_core::id::{EntryId, MemberId, RoleId};
use pursuance_core::link::InviteLink;
use pursuance_core::op::{Grant, Op, Remove, SetRule};
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use pursuance_node::RelayAddress;
use pursuance_tests::people::{
    begin_to_start, begin_with_invite, eventually, invite, join, open_another_relay, open_invite, open_relay,
    open_window, portraits, start_pursuance, use_relay,
};
use pursuance_tests::window::Window;
use serde_json::json;

use crate::rogue::{LOOK, Rogue, WAIT, entries_in, ferry, fetch, post};

#[tokio::test(flavor = "multi_thread")]
async fn what_modified_clients_sign_changes_nothing_and_is_told_alike_in_either_order() {
    let dir = tempfile::tempdir().unwrap();
    // Maya's window reaches the one and Ben's the other.
    let (hers, his) = (open_relay(dir.path()), open_another_relay(dir.path()));
    let mut maya = open_window("modified", "maya", dir.path(), &hers).await;
    begin_to_start(&maya).await;
    start_pursuance(&maya, "Harbour for all", "Keep the east quay open", "Maya", hers.address()).await;
    use_relay(&maya, his.address()).await;
    let link = invite(&maya, 3).await;
    let mut eve = Rogue::join(&link, "Eve", hers.listening()).await;
    let mut kim = Rogue::join(&link, "Kim", hers.listening()).await;
    maya.click("nav-people").await;
    maya.wait_count("member", 3).await;
    let before = told(&maya).await;
    // Up to here both relays hold the same.
    eve.read().await;
    post(his.listening(), &eve.cells).await;

    // Eve makes itself organiser and lets everyone remove organisers; Kim, at the same time, removes the founder.
    let everyone_removes = Rule {
        role: RoleId::EVERYONE,
        verb: Verb::Remove,
        object: Object::Role(ORGANISER),
        conditions: Conditions::ALWAYS,
        quorum: None,
    };
    let founder = MemberId(eve.pursuance().0);
    let acts = [
        eve.sign(eve.came(), vec![Op::Grant(Grant { member: eve.member(), role: ORGANISER })]),
        eve.sign(eve.came(), vec![Op::SetRule(SetRule { rule: everyone_removes, present: true })]),
        kim.sign(kim.came(), vec![Op::Remove(Remove { member: founder, roles: vec![], pins: vec![] })]),
    ];
    let forwards: Vec<&Entry> = acts.iter().collect();
    let backwards: Vec<&Entry> = acts.iter().rev().collect();
    post_one_by_one(&mut eve, hers.listening(), &forwards).await;
    post_one_by_one(&mut eve, his.listening(), &backwards).await;
    let carrying = tokio::spawn(ferry(hers.listening(), his.listening()));

    let told_her = trouble(&maya).await;
    portraits(&maya, "modified-log").await;
    maya.click("nav-people").await;
    maya.wait_count("member", 3).await;
    assert_eq!(told(&maya).await, before);

    // Whoever comes later reads it all at once, the other way round, and is told the same.
    let mut ben = open_window("modified", "ben", dir.path(), &his).await;
    begin_with_invite(&ben).await;
    open_invite(&ben, &by_way_of(&link, his.address())).await;
    join(&ben, "Ben").await;
    ben.find("quick-add").await;
    assert_eq!(trouble(&ben).await, told_her);
    maya.wait_count("member", 4).await;
    assert_eq!(told(&maya).await, told(&ben).await);
    carrying.abort();
    for window in [&mut maya, &mut ben] {
        window.quit().await;
    }
}

/// Posts each once the one before is published, so that the relay's log has them in this order.
async fn post_one_by_one(rogue: &mut Rogue, at: SocketAddr, entries: &[&Entry]) {
    rogue.at = at;
    let ids: Vec<EntryId> = entries.iter().map(|entry| entry.id()).collect();
    for (index, entry) in entries.iter().enumerate() {
        rogue.post(std::slice::from_ref(entry)).await;
        let published = async {
            while published(rogue, at, &ids).await.len() <= index {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(WAIT, published).await.expect("it is published");
    }
    assert_eq!(published(rogue, at, &ids).await, ids);
}

/// Those of these entries that a relay holds, in its order.
async fn published(rogue: &Rogue, at: SocketAddr, among: &[EntryId]) -> Vec<EntryId> {
    let (cells, keys, mut fragments) = (fetch(at, 0).await, rogue.keys(), Fragments::default());
    let opened = cells.iter().filter_map(|cell| keys.iter().find_map(|key| open_cell(key, cell)));
    let entries = opened.flat_map(|content| entries_in(content, &mut fragments, rogue.pursuance()));
    entries.map(|entry| entry.id()).filter(|id| among.contains(id)).collect()
}

/// The same invite, looked for at another relay.
fn by_way_of(link: &str, relay: &str) -> String {
    let mut link = InviteLink::parse(link).expect("a whole link");
    link.relay = relay.parse::<RelayAddress>().expect("an address");
    link.from_index = 0;
    link.to_text().to_string()
}

/// The three rows of the log that have no effect, each with its reason; sorted.
async fn trouble(window: &Window) -> Vec<String> {
    window.click("nav-log").await;
    window.click("log-trouble").await;
    window.wait_count("log-row", 3).await;
    window.wait_count("log-why", 3).await;
    let mut rows = window.texts("log-row").await;
    rows.sort();
    rows
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
