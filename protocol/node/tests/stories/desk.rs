//! Tasks of one role: who reads them follows the rules, on screens and in files (docs/protocol/03-keys.md, K13 and K14).

use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::founding::ORGANISER;
use pursuance_core::id::{PursuanceId, RoleId, TaskId};
use pursuance_core::refusal::Refusal;
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use pursuance_node::api::{Reply, Request, Trouble};

use crate::governing::{member, roles_of, thread};
use crate::harbour::{Berth, Sailor};
use crate::wreck::holds_text;

const SECRET: &str = "Meet the harbour master alone";
const LATER: &str = "He named the three ships";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_reads_its_own_tasks_and_nobody_else_does() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let desk = set_up(&maya, harbour).await;
    let link = maya.invite(harbour, 2).await;
    let (ben, kim) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    ben.come_in(&link, "Ben").await;
    kim.come_in(&link, "Kim").await;

    let task = task_of(&maya, harbour, desk).await;
    let after = maya.task(harbour, "Buy tape", None).await;
    ben.until_async("what came after is here", async || ben.task_view(harbour, after).await.is_some()).await;
    assert!(ben.task_view(harbour, task).await.is_none());
    assert_eq!(homes(&maya, harbour).await, [RoleId::EVERYONE, desk]);
    assert_eq!(homes(&ben, harbour).await, [RoleId::EVERYONE]);

    // Ben is given the role, and reads from the beginning once Maya's computer hands it on.
    let him = member(&maya, harbour, "Ben").await;
    maya.act(harbour, Command::Grant { member: him, role: desk }).await;
    ben.until_async("he reads it", async || ben.task_view(harbour, task).await.is_some()).await;
    let readers = ben.task_view(harbour, task).await.unwrap().readers;
    assert_eq!((readers[0].role, readers[0].name.as_str(), readers[0].members), (desk, "desk", 2));
    ben.act(harbour, Command::Comment { task, text: "I go with you".into() }).await;
    maya.until_async("it came", async || thread(&maya, harbour, task).await == 1).await;

    // It is taken back: what is said from then on is not for him, though he is still here.
    maya.ask(Request::Undo { pursuance: harbour }).await.unwrap();
    maya.act(harbour, Command::Comment { task, text: LATER.into() }).await;
    let last = maya.task(harbour, "Return the tape", None).await;
    for sailor in [&ben, &kim] {
        sailor.until_async("the last is here", async || sailor.task_view(harbour, last).await.is_some()).await;
    }
    assert_eq!(roles_of(&ben, harbour, "Ben").await, ["member"]);
    let again =
        ben.ask(Request::Act { pursuance: harbour, command: Command::Comment { task, text: "?".into() } }).await;
    let Err(Trouble::Refused { refusal: Refusal::NotAllowed { verb: Verb::Comment, .. } }) = again else {
        panic!("{again:?}")
    };
    assert_eq!((thread(&maya, harbour, task).await, thread(&ben, harbour, task).await), (2, 1));

    // The same in what is on their disks, decrypted with the passphrase of each.
    let mut texts = Vec::new();
    for sailor in [maya, ben, kim] {
        let dir = sailor.dir.clone();
        sailor.node.stop().await;
        texts.push([SECRET, LATER].map(|text| holds_text(dir.path(), text)));
    }
    assert_eq!(texts, [[true, true], [true, false], [false, false]]);
}

async fn homes(sailor: &Sailor, pursuance: PursuanceId) -> Vec<RoleId> {
    sailor.tree(pursuance).await.homes.iter().map(|readers| readers.role).collect()
}

/// A role that reads its own tasks and whose tasks organisers read and write; its number.
async fn set_up(maya: &Sailor, harbour: PursuanceId) -> RoleId {
    maya.act(harbour, Command::DefineRole { name: "desk".into(), rank: 1, since_joining: false }).await;
    let roles = maya.people(harbour).await.roles;
    let desk = roles.iter().find(|role| role.name == "desk").expect("just defined").id;
    let over = Object::Role(desk);
    for verb in [Verb::See, Verb::Comment] {
        maya.act(harbour, Command::SetRule { rule: line(desk, verb, over), present: true }).await;
    }
    for verb in [Verb::See, Verb::Create, Verb::Comment, Verb::Grant, Verb::Revoke] {
        let rule = line(ORGANISER, verb, over);
        maya.act(harbour, Command::Propose { of: ORGANISER, change: Change::SetRule { rule, present: true } }).await;
    }
    desk
}

async fn task_of(maya: &Sailor, harbour: PursuanceId, home: RoleId) -> TaskId {
    let create = Command::create_task_for(home, SECRET);
    let Reply::Task { task } = maya.act(harbour, create).await else { panic!("a task") };
    task
}

const fn line(role: RoleId, verb: Verb, object: Object) -> Rule {
    Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: None }
}
