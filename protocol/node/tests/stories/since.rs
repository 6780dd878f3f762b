//! A role with history since joining: who comes reads what is written after that, on screens and in files
//! (docs/protocol/03-keys.md, K26 to K30).

use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::founding::ORGANISER;
use pursuance_core::id::{PursuanceId, RoleId, TaskId};
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use pursuance_node::api::Reply;

use crate::devices::{further, phrase_of};
use crate::governing::{member, thread};
use crate::harbour::{Berth, Sailor};
use crate::wreck::holds_text;

const OLD: &str = "Who gave us the ledger";
const SAID_BEFORE: &str = "Somebody of the harbour office";
const SAID_SINCE: &str = "She wrote once more";
const NEW: &str = "Call the printer";
const FIELD_OLD: &str = "Who comes by boat";

/// Maya, who reads everything; Ann of the press, who was there from the start.
struct Group {
    berth: Berth,
    maya: Sailor,
    ann: Sailor,
    harbour: PursuanceId,
    /// History since joining.
    press: RoleId,
    /// All of its history.
    field: RoleId,
}

impl Group {
    async fn open() -> Self {
        let berth = Berth::open().await;
        let doors = [(berth.address, berth.at)];
        let maya = Sailor::aboard(&doors).await;
        let harbour = maya.found(Some(&berth.address)).await;
        let press = role(&maya, harbour, "press", true).await;
        let field = role(&maya, harbour, "field", false).await;
        let ann = comes(&maya, harbour, &berth, press, "Ann").await;
        Self { berth, maya, ann, harbour, press, field }
    }

    async fn comes(&self, home: RoleId, name: &str) -> Sailor {
        comes(&self.maya, self.harbour, &self.berth, home, name).await
    }

    async fn creates(&self, sailor: &Sailor, home: RoleId, title: &str) -> TaskId {
        let Reply::Task { task } = sailor.act(self.harbour, Command::create_task_for(home, title)).await else {
            panic!("a task")
        };
        task
    }

    async fn says(&self, sailor: &Sailor, task: TaskId, text: &str) {
        sailor.act(self.harbour, Command::Comment { task, text: text.into() }).await;
    }

    async fn opens(&self, sailor: &Sailor, task: TaskId, name: &str) {
        let member = member(sailor, self.harbour, name).await;
        sailor.act(self.harbour, Command::WidenTo { task, member }).await;
    }

    /// Waits until somebody reads a task with so many lines.
    async fn reads(&self, sailor: &Sailor, task: TaskId, lines: usize) {
        let harbour = self.harbour;
        let is_there =
            async || sailor.task_view(harbour, task).await.is_some() && thread(sailor, harbour, task).await == lines;
        sailor.until_async("it is read", is_there).await;
    }

    /// Waits until all that was said so far is with all of them.
    async fn settled(&self, all: &[&Sailor]) {
        for says in all {
            let last = says.task(self.harbour, "So far", None).await;
            for hears in all {
                let is_there = async || hears.task_view(self.harbour, last).await.is_some();
                hears.until_async("all came", is_there).await;
            }
        }
    }

    async fn is_hidden(&self, sailor: &Sailor, task: TaskId) -> bool {
        let tree = sailor.tree(self.harbour).await;
        sailor.task_view(self.harbour, task).await.is_none() && tree.rows.iter().all(|row| row.task != task)
    }
}

/// A role whose tasks it reads and writes itself, and organisers too; its number.
async fn role(maya: &Sailor, harbour: PursuanceId, name: &str, since_joining: bool) -> RoleId {
    maya.act(harbour, Command::DefineRole { name: name.into(), rank: 1, since_joining }).await;
    let roles = maya.people(harbour).await.roles;
    let made = roles.iter().find(|role| role.name == name).expect("just defined");
    assert_eq!(made.since_joining, since_joining);
    let line = |role, verb| {
        let object = Object::Role(made.id);
        Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: None }
    };
    for verb in [Verb::See, Verb::Create, Verb::Comment, Verb::Widen] {
        maya.act(harbour, Command::SetRule { rule: line(made.id, verb), present: true }).await;
    }
    for verb in [Verb::See, Verb::Create, Verb::Comment, Verb::Widen, Verb::Invite] {
        let change = Change::SetRule { rule: line(ORGANISER, verb), present: true };
        maya.act(harbour, Command::Propose { of: ORGANISER, change }).await;
    }
    made.id
}

/// Somebody is let in by a link to a role.
async fn comes(maya: &Sailor, harbour: PursuanceId, berth: &Berth, role: RoleId, name: &str) -> Sailor {
    let Reply::Invite { link } = maya.act(harbour, Command::Invite { role, uses: 1, reviewed: false }).await else {
        panic!("a link")
    };
    let sailor = Sailor::aboard(&[(berth.address, berth.at)]).await;
    sailor.come_in(&link, name).await;
    sailor
}

async fn texts(sailor: Sailor, texts: &[&str]) -> Vec<bool> {
    let Sailor { dir, node, .. } = sailor;
    node.stop().await;
    texts.iter().map(|text| holds_text(dir.path(), text)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_reads_what_is_written_since_on_screens_and_on_disk() {
    let group = Group::open().await;
    let (maya, ann, harbour) = (&group.maya, &group.ann, group.harbour);
    let old = group.creates(ann, group.press, OLD).await;
    let field_old = group.creates(maya, group.field, FIELD_OLD).await;
    group.reads(maya, old, 0).await;
    group.says(maya, old, SAID_BEFORE).await;
    group.reads(ann, old, 1).await;

    let (ben, kim) = (group.comes(group.press, "Ben").await, group.comes(group.field, "Kim").await);
    group.reads(&kim, field_old, 0).await;
    let new = group.creates(ann, group.press, NEW).await;
    group.reads(&ben, new, 0).await;
    // Nor does he read what is said about the older one now, and nothing is waited for.
    group.says(ann, old, SAID_SINCE).await;
    group.reads(maya, old, 2).await;
    group.says(&ben, new, "Closed on Mondays").await;
    group.reads(maya, new, 1).await;
    group.settled(&[maya, ann, &ben, &kim]).await;
    assert!(group.is_hidden(&ben, old).await && group.is_hidden(&kim, old).await);
    assert!(ben.tree(harbour).await.awaited.is_empty());

    // Those who read it are told who does not.
    for sailor in [maya, ann] {
        let (view, new) =
            (sailor.task_view(harbour, old).await.unwrap(), sailor.task_view(harbour, new).await.unwrap());
        let names: Vec<&str> = view.came_later.iter().map(|person| person.name.as_str()).collect();
        assert_eq!((names, view.read_by, view.readers[0].members), (vec!["Ben"], 2, 2));
        assert!(view.readers[0].since_joining && new.came_later.is_empty());
        assert_eq!((new.read_by, new.readers[0].members), (3, 3));
    }

    // It stays so when the program starts again, and in what is on the disks.
    let ben = ben.restart().await;
    group.reads(&ben, new, 1).await;
    assert!(group.is_hidden(&ben, old).await && ben.tree(harbour).await.awaited.is_empty());
    let looked_for = [OLD, SAID_BEFORE, SAID_SINCE, NEW, FIELD_OLD];
    let Group { maya, ann, .. } = group;
    assert_eq!(texts(maya, &looked_for).await, [true, true, true, true, true]);
    assert_eq!(texts(ann, &looked_for).await, [true, true, true, true, false]);
    assert_eq!(texts(ben, &looked_for).await, [false, false, false, true, false]);
    assert_eq!(texts(kim, &looked_for).await, [false, false, false, false, true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_computer_gets_what_its_member_reads() {
    let group = Group::open().await;
    let (maya, ann, harbour) = (&group.maya, &group.ann, group.harbour);
    let old = group.creates(ann, group.press, OLD).await;
    group.reads(maya, old, 0).await;
    let ben = group.comes(group.press, "Ben").await;
    let new = group.creates(maya, group.press, NEW).await;
    group.says(maya, old, SAID_SINCE).await;
    group.reads(ann, old, 1).await;
    group.reads(&ben, new, 0).await;
    let (anns, bens) = (phrase_of(ann, harbour).await, phrase_of(&ben, harbour).await);
    // Each sees what the first computer of the same person does.
    let anns = further(&group.berth, ann, harbour, &anns).await;
    let bens = further(&group.berth, &ben, harbour, &bens).await;
    group.reads(&anns, old, 1).await;
    group.reads(&bens, new, 0).await;
    group.settled(&[maya, &anns, &bens]).await;
    assert!(group.is_hidden(&bens, old).await);
    assert!(anns.tree(harbour).await.awaited.is_empty() && bens.tree(harbour).await.awaited.is_empty());
    assert_eq!(texts(anns, &[OLD, SAID_SINCE, NEW]).await, [true, true, true]);
    assert_eq!(texts(bens, &[OLD, SAID_SINCE, NEW]).await, [false, false, true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_task_that_is_opened_by_name_is_read_from_its_beginning_and_no_other() {
    let group = Group::open().await;
    let (maya, ann) = (&group.maya, &group.ann);
    let old = group.creates(ann, group.press, OLD).await;
    let other = group.creates(ann, group.press, "Who else knows").await;
    group.reads(maya, other, 0).await;
    group.says(maya, old, SAID_BEFORE).await;
    group.reads(ann, old, 1).await;
    let (ben, kim) = (group.comes(group.press, "Ben").await, group.comes(group.press, "Kim").await);
    group.says(ann, old, SAID_SINCE).await;
    group.says(ann, other, "Nobody").await;
    group.settled(&[maya, ann, &ben, &kim]).await;
    assert!(group.is_hidden(&ben, old).await && group.is_hidden(&kim, old).await);

    group.opens(ann, old, "Ben").await;
    group.reads(&ben, old, 2).await;
    group.says(&ben, old, "I know her").await;
    group.reads(maya, old, 3).await;
    group.settled(&[maya, ann, &ben, &kim]).await;
    assert!(group.is_hidden(&ben, other).await && group.is_hidden(&kim, old).await);
    // Kim, for whom it was not meant, finds no key of it in what was handed on.
    let ben = ben.restart().await;
    group.reads(&ben, old, 3).await;
    let looked_for = [OLD, SAID_BEFORE, SAID_SINCE, "I know her", "Who else knows"];
    assert_eq!(texts(ben, &looked_for).await, [true, true, true, true, false]);
    assert_eq!(texts(kim, &looked_for).await, [false; 5]);
}
