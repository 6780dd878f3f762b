//! Tasks that are opened to others than the readers of their home, and closed to them again
//! (docs/protocol/03-keys.md, K14 to K16).

mod people;

use std::collections::BTreeSet;

use people::group::{ANN, BEN, DAN, Group, KIM, MAYA};
use people::take;
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Body, Content, Entry};
use pursuance_core::epochs::EPOCH_RENEWAL_SECONDS;
use pursuance_core::id::{EntryId, RoleId};
use pursuance_core::language::parse;
use pursuance_core::limits::MAX_LIST_SEALS;
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::RuleTable;
use pursuance_core::seal::{GivesKey, Item, TaskKey, Where, open_item, seal_items};
use pursuance_core::task::Status;
use pursuance_core::task_op::TaskOp;

const DESK: RoleId = RoleId(2);
const FIELD: RoleId = RoleId(3);

/// Neither desk nor field sees what is said to the other; stewards see nothing of either.
fn rules() -> RuleTable {
    let text = "role steward rank 0\nrole desk rank 1\nrole field rank 1\n\
        everyone { see tasks everyone create tasks everyone comment tasks everyone widen tasks everyone \
          comment tasks desk }\n\
        steward { invite desk invite field grant desk grant field revoke desk revoke field \
          remove desk remove field grant steward amend rules }\n\
        desk { see tasks desk create tasks desk edit tasks desk widen tasks desk }\n\
        field { see tasks field create tasks field }";
    parse(text).unwrap_or_else(|problems| panic!("{problems:?}")).table
}

fn group(seed: u64) -> Group {
    Group::new(seed, rules(), [DESK, FIELD])
}

/// The roles that an entry's lists are for.
fn lists(entry: &Entry) -> Vec<RoleId> {
    match &entry.body().content {
        Content::Role(part) => part.audiences.iter().map(|audience| audience.role).collect(),
        Content::Public(_) => Vec::new(),
    }
}

#[test]
fn a_task_that_is_opened_to_a_role_is_read_by_its_readers_from_the_beginning() {
    let mut group = group(51);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    group.says(ANN, task, "They close at four");
    group.settle();
    group.says(DAN, task, "I have the number");
    group.settle();
    assert_eq!(group.lines(task), [None, Some(2), Some(2), None, None]);
    // Ann does not read what is said to the field, so she hands the key to each of its readers.
    let widened = group.does(ANN, &Command::Widen { task, role: FIELD });
    assert_eq!(lists(widened.last().unwrap()), [DESK, RoleId::DEVICES]);
    group.settle();
    assert_eq!(group.lines(task), [None, Some(2), Some(2), Some(2), Some(2)]);
    // What somebody says who does not read its home is read there too, and by whoever comes to the field later.
    let said = group.says(BEN, task, "They do not answer");
    assert_eq!(lists(said.last().unwrap()), [FIELD]);
    group.settle();
    assert_eq!(group.lines(task), [None, Some(3), Some(3), Some(3), Some(3)]);
    let member = group.members[MAYA].me().unwrap();
    group.does(MAYA, &Command::Grant { member, role: FIELD });
    group.settle();
    assert_eq!(group.lines(task), [Some(3); 5]);
}

#[test]
fn who_comes_to_a_role_that_was_served_device_by_device_is_handed_the_task_by_whoever_reads_it() {
    let mut group = group(57);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    group.says(ANN, task, "They close at four");
    group.does(ANN, &Command::Widen { task, role: FIELD });
    group.settle();
    assert!(group.members.iter().all(|member| member.unhanded().is_empty()));
    // Nobody in the field said anything about it: no epoch of theirs leads to its key.
    let member = group.members[MAYA].me().unwrap();
    group.does(MAYA, &Command::Grant { member, role: FIELD });
    group.settle();
    assert_eq!(group.lines(task), [Some(1); 5]);
}

#[test]
fn a_task_that_is_opened_to_a_member_is_read_by_nobody_else() {
    let mut group = group(52);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    group.says(ANN, task, "They close at four");
    let member = group.members[KIM].me().unwrap();
    group.does(ANN, &Command::WidenTo { task, member });
    group.settle();
    assert_eq!(group.lines(task), [None, Some(1), Some(1), None, Some(1)]);
    // Kim reads no role of the task's: her entry says nothing of whom it is for.
    let said = group.says(KIM, task, "It rings, and nobody answers");
    assert_eq!(lists(said.last().unwrap()), [RoleId::DEVICES]);
    group.settle();
    assert_eq!(group.lines(task), [None, Some(2), Some(2), None, Some(2)]);
    let refused = group.world.act(&group.members[BEN], &Command::Comment { task, text: "Me too".into() }).err();
    assert_eq!(refused, Some(Refusal::NoSuchTask));
}

#[test]
fn what_is_said_after_a_task_was_closed_is_not_for_those_it_was_closed_to() {
    let mut group = group(53);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    let member = group.members[KIM].me().unwrap();
    group.does(ANN, &Command::WidenTo { task, member });
    group.does(ANN, &Command::Widen { task, role: FIELD });
    group.settle();
    group.says(KIM, task, "It rings");
    group.settle();
    assert_eq!(group.lines(task), [None, Some(1), Some(1), Some(1), Some(1)]);
    group.does(ANN, &Command::Narrow { task, role: FIELD });
    group.settle();
    group.says(ANN, task, "Only for us and Kim");
    group.settle();
    assert_eq!(group.lines(task), [None, Some(2), Some(2), Some(1), Some(2)]);
    let refused = group.world.act(&group.members[BEN], &Command::Comment { task, text: "And us?".into() }).err();
    assert_eq!(refused, Some(Refusal::NotAReader));
    group.does(DAN, &Command::NarrowTo { task, member });
    group.settle();
    group.says(ANN, task, "Only for us");
    group.settle();
    assert_eq!(group.lines(task), [None, Some(3), Some(3), Some(1), Some(2)]);
    // Opened once more, and all is there again.
    group.does(DAN, &Command::WidenTo { task, member });
    group.settle();
    assert_eq!(group.lines(task), [None, Some(3), Some(3), Some(1), Some(3)]);
}

#[test]
fn who_loses_a_role_by_which_they_read_a_task_reads_nothing_more_of_it() {
    let mut group = group(54);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    group.does(ANN, &Command::Widen { task, role: FIELD });
    group.settle();
    group.says(BEN, task, "It rings");
    group.settle();
    let member = group.members[KIM].me().unwrap();
    group.does(MAYA, &Command::RemoveMember { member, roles: vec![FIELD] });
    group.settle();
    // Ben reads the field alone, and makes a new key: Ann and Dan are handed it one by one.
    let said = group.says(BEN, task, "She is out");
    assert_eq!(lists(said.last().unwrap()), [FIELD, RoleId::DEVICES]);
    group.settle();
    group.says(DAN, task, "Understood");
    group.settle();
    assert_eq!(group.lines(task), [None, Some(3), Some(3), Some(3), Some(1)]);
}

#[test]
fn what_others_say_who_do_not_know_yet_that_it_was_opened_is_found() {
    let mut group = group(55);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    group.settle();
    let early = group.says(DAN, task, "Meanwhile");
    take(&mut group.members[BEN], &early);
    group.does(ANN, &Command::Widen { task, role: FIELD });
    let late = group.says(DAN, task, "And again");
    group.settle();
    assert_eq!(group.lines(task), [None, Some(2), Some(2), Some(2), Some(2)]);
    assert_eq!(lists(&late[0]), [DESK]);
}

/// A key that was handed on inside of an item is in hands that are not listed: it is used no more, whoever else has it.
#[test]
fn a_key_that_was_handed_on_is_not_used_after_the_task_was_closed_again() {
    let mut group = group(56);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    group.settle();
    let maya = group.members[MAYA].me().unwrap();
    // The second key begins because Maya has the first.
    group.does(ANN, &Command::WidenTo { task, member: maya });
    group.does(ANN, &Command::NarrowTo { task, member: maya });
    group.says(ANN, task, "Without Maya");
    group.settle();
    // The field is handed the second, and the first inside of the item.
    group.does(ANN, &Command::Widen { task, role: FIELD });
    group.settle();
    let generations = |group: &Group, who: usize| -> Vec<u32> {
        group.members[who].task_keys().of(task).iter().map(|held| held.generation).collect()
    };
    assert!(generations(&group, BEN).contains(&0) && generations(&group, BEN).contains(&1), "the control");
    // Maya reads again: of those who are known to have the first key, all read the task.
    group.does(ANN, &Command::WidenTo { task, member: maya });
    group.settle();
    group.does(ANN, &Command::Narrow { task, role: FIELD });
    group.settle();
    let before = group.lines(task)[BEN];
    let said = group.says(ANN, task, "Not for the field");
    group.settle();
    assert!(!people::opens(&group.members[BEN], said.last().unwrap()) && group.lines(task)[BEN] == before);
    assert!(
        people::opens(&group.members[DAN], said.last().unwrap())
            && people::opens(&group.members[MAYA], said.last().unwrap())
    );
}

/// Whoever is handed a task is told where all of it is, so that nobody has to look through what they cannot read.
#[test]
fn what_hands_a_task_on_names_the_places_of_all_that_was_said() {
    let mut group = group(57);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    group.settle();
    let said = [(DAN, "They close at four"), (ANN, "I have the number"), (DAN, "It rings")];
    let said = said.map(|(who, text)| {
        let entry = group.says(who, task, text).pop().unwrap().id();
        group.settle();
        (entry, 0)
    });
    let member = group.members[KIM].me().unwrap();
    let widened = group.does(ANN, &Command::WidenTo { task, member }).pop().unwrap();
    let (body, ann) = (widened.body(), &group.members[ANN]);
    let Content::Role(part) = &body.content else { panic!("about a task") };
    let at = Where { pursuance: ann.pursuance(), author: body.author, seq: body.seq, by: body.by.unwrap() };
    let opened = ann.task_keys().of(task).iter().find_map(|held| open_item(at, 0, &part.items[0], &held.key));
    let ops = opened.expect("her own").expect("strict");
    let handed = ops.iter().find_map(|op| match op {
        TaskOp::HandOn(handed) => Some(handed),
        _ => None,
    });
    let handed = handed.expect("Kim has none of its keys");
    let named: BTreeSet<(EntryId, u16)> = handed.places.iter().copied().collect();
    assert_eq!(named, BTreeSet::from(said));
    assert_eq!(handed.devices, [group.members[KIM].device().author()]);
}

/// Somebody who does not know that a task was opened says something with a key of their own, while others have a newer one.
#[test]
fn what_was_said_with_another_key_is_handed_on_to_whoever_lacks_it() {
    let mut group = group(58);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    let [maya, kim] = [MAYA, KIM].map(|who| group.members[who].me().unwrap());
    group.does(ANN, &Command::WidenTo { task, member: kim });
    group.settle();
    // Ann opens it to the field; Dan does not hear of that. Both hear that Kim, who has the key, is out.
    group.does(ANN, &Command::Widen { task, role: FIELD });
    group.does(MAYA, &Command::RemoveMember { member: kim, roles: Vec::new() });
    hears(&mut group, ANN, MAYA);
    hears(&mut group, DAN, MAYA);
    group.does(ANN, &Command::WidenTo { task, member: maya });
    group.does(ANN, &Command::NarrowTo { task, member: maya });
    group.says(ANN, task, "With the third key");
    let apart = group.says(DAN, task, "With another second key").pop().unwrap();
    let newest = |who: usize| group.members[who].task_keys().of(task).iter().map(|held| held.generation).max();
    assert_eq!((newest(ANN), newest(DAN)), (Some(2), Some(1)), "the control");
    group.settle();
    for (who, reads) in [(ANN, true), (DAN, true), (BEN, true), (KIM, false)] {
        assert_eq!(people::opens(&group.members[who], &apart), reads, "{who}");
    }
    assert_eq!(group.lines(task)[BEN], Some(2));
}

/// One hears what another knows.
fn hears(group: &mut Group, who: usize, from: usize) {
    let entries: Vec<Entry> = group.members[from].logs().iter().cloned().collect();
    entries.into_iter().for_each(|entry| drop(group.members[who].append(entry)));
}

/// A new key would be one more for each of them; then the one that there is goes on, as nobody lost it.
#[test]
fn a_new_key_for_more_readers_than_one_entry_can_hand_it_to_keeps_nobody_from_speaking() {
    let mut group = group(59);
    let task = group.creates(ANN, DESK, "Call the harbour office");
    let invite = Command::Invite { role: FIELD, uses: 300, reviewed: false };
    let invite = group.world.commit(&mut group.members[MAYA], &invite);
    let come = |group: &mut Group, count: usize| {
        for number in 0..count {
            let name = format!("Reader {number}");
            let (_, join) = group.world.join(&group.members[MAYA], &invite, &name).expect("a use is left");
            take(&mut group.members[MAYA], &[join]);
        }
        let known: Vec<Entry> = group.members[MAYA].logs().iter().cloned().collect();
        known.into_iter().for_each(|entry| drop(group.members[ANN].append(entry)));
    };
    come(&mut group, MAX_LIST_SEALS - 50);
    group.does(ANN, &Command::Widen { task, role: FIELD });
    come(&mut group, 60);
    group.says(ANN, task, "They close at four");
    let generations = |group: &Group| group.members[ANN].task_keys().of(task).len();
    assert_eq!(generations(&group), 1);
    group.world.now_seconds += EPOCH_RENEWAL_SECONDS;
    let said = group.says(ANN, task, "A month later");
    assert_eq!((said.len(), generations(&group)), (2, 1), "an epoch of the desk, and the key as it was");
}

/// What a changed client says next, for readers of the desk: each of these items with a key of its own list.
fn says_apart(maker: &Replica, items: &[Item]) -> Entry {
    let (author, epoch) = (maker.device().author(), maker.usable_epoch_of(DESK).expect("reads there"));
    let tip = maker.logs().tip(author).expect("has written");
    let grants = &maker.authority().members()[&maker.me().unwrap()].grants;
    let by = grants.iter().find(|grant| grant.role == DESK).expect("reads there").at;
    let at = Where { pursuance: maker.pursuance(), author, seq: tip.seq + 1, by };
    let body = Body {
        author,
        seq: at.seq,
        prev: Some(tip.id),
        heads: maker.logs().heads_for(author),
        by: Some(by),
        claimed_seconds: 1_790_000_000,
        checkpoints: Vec::new(),
        content: Content::Role(seal_items(at, DESK, epoch, items, &mut Seed::new([7; 32]))),
    };
    Entry::sign(&maker.device().signing, Some(maker.pursuance()), &body)
}

/// A reader says so much about a task, and with so many keys, that no entry has room to hand all of it on.
#[test]
fn whatever_was_said_about_a_task_it_can_be_opened_to_one_more() {
    for (entries, keys_each) in [(5, 64_u32), (430, 0)] {
        let mut group = group(61);
        let task = group.creates(ANN, DESK, "Call the harbour office");
        group.settle();
        let first = group.members[DAN].task_keys().of(task)[0].key.clone();
        for number in 0..entries {
            let items: Vec<Item> = (0..64_u32)
                .map(|item| {
                    let generation = if keys_each == 0 { 0 } else { 1 + number * keys_each + item };
                    let mut key = [9; 32];
                    key[..4].copy_from_slice(&generation.to_be_bytes());
                    let key = if keys_each == 0 { first.clone() } else { TaskKey::new(key) };
                    Item { task, generation, key, gives_key: GivesKey::Yes, ops: vec![TaskOp::Step(Status::Open)] }
                })
                .collect();
            let said = says_apart(&group.members[DAN], &items);
            take(&mut group.members[DAN], &[said]);
        }
        hears(&mut group, ANN, DAN);
        assert_eq!(group.members[ANN].task_keys().of(task).len() as u32, 1 + entries * keys_each, "the control");
        let member = group.member(KIM);
        let opened = group.does(ANN, &Command::WidenTo { task, member });
        assert!(opened.len() > 1);
        let said = group.says(ANN, task, "They close at four");
        hears(&mut group, KIM, ANN);
        assert!(people::opens(&group.members[KIM], said.last().unwrap()));
        assert_eq!(group.lines(task)[KIM], Some(1));
        let keys = |who: usize| group.members[who].task_keys().of(task).len();
        assert_eq!(keys(KIM), keys(ANN), "all of them are handed on");
    }
}
