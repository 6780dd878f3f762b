//! A task of one role that is opened to a member who does not read it, and what a changed client makes of that (K15 to K17, T15).

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry, RolePart};
use pursuance_core::founding::MEMBER;
use pursuance_core::id::{AuthorId, EntryId, RoleId, TaskId};
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use pursuance_core::seal::{Addressee, Carries, GivesKey, Item, List, TaskKey, Where, seal_items_to};
use pursuance_core::task_op::{HandedOn, TaskOp};
use serde_json::json;

use super::desk::{Desk, cast_says};
use super::{Cast, Shelf, act, take};

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    let mut desk = Desk::new(cast);
    let rule = Rule {
        role: MEMBER,
        verb: Verb::Widen,
        object: Object::Role(MEMBER),
        conditions: Conditions::ALWAYS,
        quorum: None,
    };
    let line = act(&desk.maya, 0x81, &Command::SetRule { rule, present: true });
    desk.hears(&line.entries);
    let task = desk.task();
    let said = act(&desk.ben, 0x82, &Command::Claim { task });
    desk.hears(&said.entries);
    let closed = desk.seen_by(shelf, "ok-task-of-a-role-before-it-is-opened", &cast.maya_seed, &[]);
    assert_eq!(closed["tasks"], 1);

    let maya = desk.maya.me().expect("a member");
    let opened = act(&desk.ben, 0x83, &Command::WidenTo { task, member: maya });
    let opened = &opened.entries[0];
    let found = desk.seen_by(shelf, "ok-task-opened-to-a-member", &cast.maya_seed, &[opened]);
    assert_eq!((&found["tasks"], &found["refused_items"]), (&json!(2), &json!([])));
    let found = desk.seen_by(shelf, "ok-task-opened-to-a-member-by-its-reader", &cast.ben_seed, &[opened]);
    assert_eq!(found["tasks"], 2);

    // A changed client hands on what it likes.
    let true_key = desk.ben.task_keys().of(task)[0].key.clone();
    let created = desk.created();
    let honest = HandedOn { devices: vec![desk.maya.device().author()], created, keys: Vec::new(), places: Vec::new() };
    let wrong_key = desk.hands_on(cast, task, &TaskKey::new([0x41; 32]), honest.clone());
    let found = desk.seen_by(
        shelf,
        "ok-first-key-that-the-task-does-not-commit-to-is-not-taken",
        &cast.maya_seed,
        &[&wrong_key],
    );
    assert_eq!(found["tasks"], 1);
    let elsewhere = HandedOn { created: (line.entries[0].id(), 0), ..honest.clone() };
    let elsewhere = desk.hands_on(cast, task, &true_key, elsewhere);
    let found = desk.seen_by(shelf, "ok-first-key-for-another-place-is-not-taken", &cast.maya_seed, &[&elsewhere]);
    assert_eq!(found["tasks"], 1);
    let older = HandedOn { keys: vec![(0, TaskKey::new([0x42; 32])), (1, TaskKey::new([0x43; 32]))], ..honest.clone() };
    let older = desk.hands_on(cast, task, &true_key, older);
    let found = desk.seen_by(shelf, "ok-older-first-key-that-is-none-is-not-taken", &cast.maya_seed, &[&older]);
    assert_eq!(found["tasks"], 2);
    let unnamed = desk.hands_on(cast, task, &true_key, HandedOn { devices: Vec::<AuthorId>::new(), ..honest });
    let found = desk.seen_by(shelf, "ok-handed-to-devices-that-it-does-not-name", &cast.maya_seed, &[&unnamed]);
    assert_eq!(found["tasks"], 2);

    // Lists for devices that are none.
    let mut part = desk.part(cast, task, &true_key, Vec::new(), 0);
    part.audiences[0].sealed.push(0);
    let trailing = cast_says(cast, &desk.ben, Content::Role(part));
    let found =
        desk.seen_by(shelf, "ok-list-for-devices-that-is-not-strict-is-passed-over", &cast.ben_seed, &[&trailing]);
    assert_eq!((&found["tasks"], &found["refused_items"]), (&json!(2), &json!([])));
    let mut part = desk.part(cast, task, &true_key, Vec::new(), 1);
    let last = part.audiences[0].sealed.len() - 1;
    part.audiences[0].sealed[last] ^= 1;
    let garbled = cast_says(cast, &desk.ben, Content::Role(part));
    let found =
        desk.seen_by(shelf, "ok-list-for-devices-that-does-not-open-is-passed-over", &cast.maya_seed, &[&garbled]);
    assert_eq!((&found["tasks"], &found["refused_items"]), (&json!(1), &json!([])));
}

impl Desk {
    /// Both hear what was said.
    fn hears(&mut self, said: &[Entry]) {
        take(&mut self.maya, said, &mut self.entries);
        said.iter().for_each(|entry| drop(self.ben.append(entry.clone())));
    }

    /// The task at home at the desk.
    fn task(&self) -> TaskId {
        let mut tasks = self.ben.tasks().iter();
        tasks.find(|(_, task)| task.home() == Some(MEMBER)).expect("he made it").0
    }

    fn created(&self) -> (EntryId, u16) {
        let created = self.ben.tasks().task(self.task()).and_then(|task| task.created.clone()).expect("he made it");
        (created.at.entry, created.at.item)
    }

    /// What a changed client of Ben's seals to Maya's device and to nobody else.
    fn hands_on(&self, cast: &Cast, task: TaskId, key: &TaskKey, handed: HandedOn) -> Entry {
        let part = self.part(cast, task, key, vec![TaskOp::HandOn(handed)], 1);
        cast_says(cast, &self.ben, Content::Role(part))
    }

    fn part(&self, cast: &Cast, task: TaskId, key: &TaskKey, ops: Vec<TaskOp>, seals: usize) -> RolePart {
        let by = self.ben.authority().members()[&self.ben.me().expect("a member")].grant;
        let author = self.ben.device().author();
        let seq = self.ben.logs().tip(author).expect("written").seq + 1;
        let place = Where { pursuance: cast.pursuance, author, seq, by };
        let item = Item { task, generation: 0, key: key.clone(), gives_key: GivesKey::Yes, ops };
        let packages = [self.maya.device().key_package()];
        let lists = [List { to: Addressee::Devices(&packages[..seals]), carries: Carries::All }];
        seal_items_to(place, &lists, &[item], &mut Seed::new([0x64; 32]))
    }
}

/// No role has the number that lists for devices have.
const _: () = assert!(RoleId::DEVICES.0 == u16::MAX);
