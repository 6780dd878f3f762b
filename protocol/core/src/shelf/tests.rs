//! What a replica put down does not change what it makes of the rest.

use std::vec;
use std::vec::Vec;

use super::Shelf;
use super::drawer::Drawer;
use crate::authority::{Presence, Verdict};
use crate::command::Command;
use crate::entry::Entry;
use crate::id::{EntryId, TaskId};
use crate::keys::DeviceKeys;
use crate::logs::Append;
use crate::opening::tests::World;
use crate::replica::Replica;

const MAYA: usize = 0;
const BEN: usize = 1;
const KIM: usize = 2;

fn create() -> Command {
    Command::CreateTask {
        title: "Count the boats".into(),
        parent: None,
        assignees: vec![],
        labels: vec![],
        due: None,
        priority: 0,
        home: None,
    }
}

fn comment(world: &mut World, who: usize, task: TaskId) -> EntryId {
    let said = world.plan(who, &Command::Comment { task, text: "Twelve".into() });
    said.entries[0].id()
}

fn remove_kim(world: &mut World) -> Entry {
    let member = world.members[KIM].me().expect("a member");
    world.plan(MAYA, &Command::RemoveMember { member, roles: vec![] }).entries.remove(0)
}

fn entries(replica: &Replica) -> Vec<Entry> {
    replica.logs.iter().cloned().collect()
}

/// Another start of Maya's computer.
fn maya(world: &World) -> Replica {
    Replica::new(world.members[MAYA].pursuance(), DeviceKeys::from_seed(world.maya))
}

#[test]
fn who_was_removed_after_a_talk_is_gone_after_a_restart_too() {
    let mut world = World::new(1);
    let task = world.plan(MAYA, &create()).task.expect("a task");
    world.meet(MAYA, BEN);
    let said = comment(&mut world, BEN, task);
    world.meet(MAYA, BEN);
    let answer = comment(&mut world, MAYA, task);
    let removal = remove_kim(&mut world);
    assert_eq!((removal.body().prev, removal.body().heads.len()), (Some(answer), 0), "nothing public but her grant");
    let maya_now = &world.members[MAYA];
    assert!(maya_now.logs.in_past(said, answer));
    let mut seed = crate::crypto::Seed::new([7; 32]);
    let epoch = maya_now.rotate(removal.body().claimed_seconds, &mut seed).expect("she may");
    assert_eq!(world.members[MAYA].append(epoch.clone()).append, Append::Appended);

    let (drawer, mut replica) = (Drawer::default(), maya(&world));
    entries(&world.members[MAYA]).into_iter().for_each(|entry| drop(replica.append_from(entry, &drawer)));
    drawer.lighten(&mut replica);
    assert_eq!(replica.logs.entry(answer), None, "it was put down");
    for _ in 0..2 {
        replica = drawer.restart(&replica, maya(&world), &[]);
        let (before, now) = (&world.members[MAYA].authority, &replica.authority);
        for id in [removal.id(), epoch.id()] {
            assert_eq!(now.verdict(id), Some(&Verdict::Counts));
        }
        let kim = world.members[KIM].me().expect("a member");
        assert_eq!(now.members()[&kim].presence, Presence::Gone);
        assert_eq!((now.members(), now.epochs()), (before.members(), before.epochs()));
        assert!(replica.usable_epoch() == world.members[MAYA].usable_epoch());
    }
}
