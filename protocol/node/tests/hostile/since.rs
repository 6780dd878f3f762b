//! Whoever comes to a role with history since joining, with a modified client: they get nothing that is older
//! (docs/protocol/03-keys.md, K28).

use pursuance_core::authority::{package_tag, readers_hash};
use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::founding::ORGANISER;
use pursuance_core::id::{EpochId, PursuanceId, RoleId};
use pursuance_core::op::{Op, RoleEpoch, Seal};
use pursuance_core::replica::Replica;
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use pursuance_node::api::Reply;

use crate::harbour::{Berth, Sailor};
use crate::rogue::{Rogue, device};

/// Bytes of a sealed secret, with nothing in them.
const EMPTY_SEAL: usize = 1_168;

/// A role with history since joining, read and written by itself and by organisers.
async fn press(maya: &Sailor, harbour: PursuanceId) -> RoleId {
    maya.act(harbour, Command::DefineRole { name: "press".into(), rank: 1, since_joining: true }).await;
    let roles = maya.people(harbour).await.roles;
    let press = roles.iter().find(|role| role.name == "press").expect("just defined").id;
    let line = |role, verb| {
        let object = Object::Role(press);
        Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: None }
    };
    for verb in [Verb::See, Verb::Create] {
        maya.act(harbour, Command::SetRule { rule: line(press, verb), present: true }).await;
    }
    for verb in [Verb::See, Verb::Create, Verb::Invite] {
        let change = Change::SetRule { rule: line(ORGANISER, verb), present: true };
        maya.act(harbour, Command::Propose { of: ORGANISER, change }).await;
    }
    press
}

async fn link_to(maya: &Sailor, harbour: PursuanceId, role: RoleId) -> String {
    let Reply::Invite { link } = maya.act(harbour, Command::Invite { role, uses: 1, reviewed: false }).await else {
        panic!("a link")
    };
    link
}

async fn both_read(sailors: [&Sailor; 2], harbour: PursuanceId, home: RoleId, title: &str) {
    let Reply::Task { task } = sailors[0].act(harbour, Command::create_task_for(home, title)).await else {
        panic!("a task")
    };
    sailors[1].until_async(title, async || sailors[1].task_view(harbour, task).await.is_some()).await;
}

/// An entry that introduces an epoch of others once more, as it looks to somebody who knows nothing but what their own join has in its past:
/// with themselves among the readers, and nothing in the seals.
fn counted_in(eve: &Rogue, epoch: EpochId, role: RoleId) -> Entry {
    let logs = eve.replica.logs();
    let mut then = Replica::new(eve.pursuance(), device("Eve"));
    let known: Vec<Entry> = logs.iter().filter(|entry| logs.in_past(entry.id(), eve.first.id())).cloned().collect();
    // Each after what it names, whatever the order in which they are kept.
    for _ in 0..=known.len() {
        for entry in known.iter().chain([&eve.first]) {
            then.append(entry.clone());
        }
    }
    let reads = |author| then.authority().readers(role).any(|(_, member)| member.devices.contains_key(&author));
    let mut packages = then.authority().packages_known(then.logs());
    packages.retain(|(.., author)| reads(*author));
    let mut ids: Vec<[u8; 32]> = packages.iter().map(|(id, ..)| *id).collect();
    ids.sort_unstable();
    let seals = ids.iter().map(|id| Seal { tag: package_tag(id), sealed: vec![7; EMPTY_SEAL] }).collect();
    let (parents, backlinks) = (Vec::new(), Vec::new());
    let made = RoleEpoch { role, epoch, parents, readers: readers_hash(&ids), seals, backlinks };
    eve.after(&eve.first, Vec::new(), eve.came(), Content::Public(vec![Op::RoleEpoch(made)]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_introduces_an_older_epoch_once_more_and_counts_themselves_in_gets_nothing() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let (maya, ann) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    let harbour = maya.found(Some(&berth.address)).await;
    let press = press(&maya, harbour).await;
    ann.come_in(&link_to(&maya, harbour, press).await, "Ann").await;
    // Eve's link is made before the epoch, so that her join does not know of it.
    let link = link_to(&maya, harbour, press).await;
    both_read([&ann, &maya], harbour, press, "Who gave us the ledger").await;

    let mut eve = Rogue::join(&link, "Eve", berth.at).await;
    let introduced = |eve: &Rogue| {
        eve.replica.logs().iter().find_map(|entry| match &entry.body().content {
            Content::Public(ops) => ops.iter().find_map(|op| match op {
                Op::RoleEpoch(made) if made.role == press => Some(made.epoch),
                _ => None,
            }),
            Content::Role(_) => None,
        })
    };
    eve.until("she sees that there is an epoch", |eve| introduced(eve).is_some()).await;
    let epoch = introduced(&eve).expect("just seen");
    let act = counted_in(&eve, epoch, press);
    eve.post(std::slice::from_ref(&act)).await;
    let id = act.id();
    eve.until("it is in the log", |eve| eve.reason(id) != "unknown").await;
    assert_eq!(eve.reason(id), "counts", "the control");

    // All that honest clients do from then on gives her what is written from then on.
    both_read([&ann, &maya], harbour, RoleId::EVERYONE, "Ann was here").await;
    both_read([&maya, &ann], harbour, press, "Call the printer").await;
    both_read([&ann, &maya], harbour, press, "And the editor").await;
    both_read([&maya, &ann], harbour, RoleId::EVERYONE, "Maya was here").await;
    both_read([&ann, &maya], harbour, RoleId::EVERYONE, "That is all").await;
    eve.until("she reads what is new", |eve| {
        ["Call the printer", "And the editor", "That is all"].iter().all(|title| eve.has_task(title))
    })
    .await;
    assert!(!eve.has_task("Who gave us the ledger"));
    assert!(eve.replica.epoch(epoch).is_none(), "nobody handed it to her");
}
