//! Roles with history since joining: whoever comes to read one reads what is written after that, whatever is opened to whom, and whoever
//! forgets whom (docs/protocol/03-keys.md, K26 to K30).

mod people;

use std::collections::{BTreeMap, BTreeSet};

use people::group::{ANN, BEN, DAN, Group, KIM, MAYA};
use people::{exchange, opens, take};
use pursuance_core::authority::{package_tag, readers_hash};
use pursuance_core::command::Command;
use pursuance_core::entry::{Body, Content, Entry};
use pursuance_core::epochs::EPOCH_RENEWAL_SECONDS;
use pursuance_core::id::{EntryId, EpochId, MemberId, RoleId, TaskId};
use pursuance_core::language::parse;
use pursuance_core::logs::Standing;
use pursuance_core::op::{Op, RoleEpoch, Seal};
use pursuance_core::replica::Replica;
use pursuance_core::rule::RuleTable;
use rand::RngExt;
use rand::seq::IndexedRandom;

const PRESS: RoleId = RoleId(2);
const FIELD: RoleId = RoleId(3);
const DESK: RoleId = RoleId(4);

/// Press has history since joining, field all of it. Stewards see nothing of either, the desk of both.
fn rules() -> RuleTable {
    let text = "role steward rank 0\nrole press rank 1 since-joining\nrole field rank 1\nrole desk rank 1\n\
        everyone { see tasks everyone create tasks everyone comment tasks everyone comment tasks press comment tasks field }\n\
        steward { invite press invite field grant press grant field revoke press revoke field \
          remove press remove field grant desk grant steward amend rules }\n\
        press { see tasks press create tasks press edit tasks press widen tasks press }\n\
        field { see tasks field create tasks field widen tasks field }\n\
        desk { see tasks press see tasks field widen tasks field }";
    parse(text).unwrap_or_else(|problems| panic!("{problems:?}")).table
}

fn group(seed: u64) -> Group {
    Group::new(seed, rules(), [PRESS, FIELD])
}

/// What these stories need of a group besides.
trait Also {
    fn grants(&mut self, who: usize, role: RoleId);
    fn second_computer(&mut self, of: usize) -> Option<usize>;
}

impl Also for Group {
    fn grants(&mut self, who: usize, role: RoleId) {
        let member = self.member(who);
        self.does(MAYA, &Command::Grant { member, role });
        self.settle();
    }

    /// One more computer of somebody's.
    fn second_computer(&mut self, of: usize) -> Option<usize> {
        let device = self.world.device();
        let added = self.members[of].add_device(&device, self.world.now_seconds).ok()?;
        take(&mut self.members[of], &[added]);
        let mut second = Replica::new(self.members[of].pursuance(), device);
        exchange(&mut self.members[of], &mut second);
        self.members.push(second);
        Some(self.members.len() - 1)
    }
}

#[test]
fn who_comes_reads_what_is_written_since_and_nothing_older() {
    let mut group = group(61);
    let old = group.creates(ANN, PRESS, "Who gave us the ledger");
    group.settle();
    group.says(DAN, old, "Somebody of the harbour office");
    group.settle();
    group.grants(BEN, PRESS);
    // Nothing was said since: there is nothing to hand over, and nothing is waited for.
    assert_eq!(group.lines(old), [None, Some(1), Some(1), None, None]);
    assert!(group.members[BEN].tree(&|_| false).awaited.is_empty());
    // What is said next has a new epoch, and so has the task a new key.
    let new = group.creates(DAN, PRESS, "Call the printer");
    let said = group.says(ANN, old, "She wrote again");
    group.settle();
    assert_eq!(group.lines(new), [None, Some(0), Some(0), Some(0), None]);
    assert_eq!(group.lines(old), [None, Some(2), Some(2), None, None]);
    assert!(opens(&group.members[BEN], said.last().unwrap()), "it was written since, and shows nothing by itself");
    let older =
        group.members[BEN].logs().iter().filter(|entry| group.members[ANN].logs().in_past(entry.id(), said[0].id()));
    let older: Vec<Entry> = older.filter(|entry| matches!(entry.body().content, Content::Role(_))).cloned().collect();
    assert!(older.len() >= 2 && !older.iter().any(|entry| opens(&group.members[BEN], entry)));
    // Who came writes as others do.
    group.says(BEN, new, "Closed on Mondays");
    group.settle();
    assert_eq!(group.lines(new), [None, Some(1), Some(1), Some(1), None]);
    assert!(group.members[BEN].tree(&|_| false).awaited.is_empty());
}

#[test]
fn an_epoch_of_such_a_role_leads_back_to_none() {
    let mut group = group(62);
    group.creates(ANN, PRESS, "Before");
    group.settle();
    group.world.now_seconds += EPOCH_RENEWAL_SECONDS;
    let next = group.does(DAN, &Command::create_task_for(PRESS, "After"));
    let Content::Public(ops) = &next[0].body().content else { panic!("an epoch") };
    let [Op::RoleEpoch(made)] = &ops[..] else { panic!("an epoch") };
    assert_eq!((made.parents.len(), made.backlinks.len()), (1, 0));
    let other = group.does(KIM, &Command::create_task_for(FIELD, "Before"));
    group.world.now_seconds += EPOCH_RENEWAL_SECONDS;
    let next = group.does(KIM, &Command::create_task_for(FIELD, "After"));
    let Content::Public(ops) = &next[0].body().content else { panic!("an epoch") };
    assert!(matches!(&ops[..], [Op::RoleEpoch(made)] if made.backlinks.len() == 1) && other.len() == 2, "the control");
}

#[test]
fn an_older_task_that_is_opened_by_name_is_read_by_that_one_only() {
    let mut group = group(63);
    let old = group.creates(ANN, PRESS, "Who gave us the ledger");
    group.settle();
    group.says(DAN, old, "Somebody of the harbour office");
    group.settle();
    group.grants(BEN, PRESS);
    group.says(ANN, old, "She wrote again");
    group.settle();
    // Kim reads nothing of the press; Ben came to it later.
    let member = group.member(KIM);
    group.does(DAN, &Command::WidenTo { task: old, member });
    group.settle();
    assert_eq!(group.lines(old), [None, Some(2), Some(2), None, Some(2)]);
    group.says(KIM, old, "I know her");
    group.settle();
    assert_eq!(group.lines(old), [None, Some(3), Some(3), None, Some(3)]);
    // Her other computer reads what she reads.
    let second = group.second_computer(KIM).unwrap();
    group.settle();
    assert_eq!(group.lines(old)[second], Some(3));
    assert_eq!(group.lines(old)[BEN], None);
    // And Ben does, once somebody means him.
    let member = group.member(BEN);
    group.does(ANN, &Command::WidenTo { task: old, member });
    group.settle();
    assert_eq!(group.lines(old)[BEN], Some(3));
    let second = group.second_computer(BEN).unwrap();
    group.settle();
    assert_eq!(group.lines(old)[second], Some(3));
}

#[test]
fn an_older_task_that_is_opened_to_a_role_is_read_there_and_by_nobody_who_comes_to_the_press_later() {
    for author_reads_both in [false, true] {
        let mut group = group(64);
        if author_reads_both {
            group.grants(ANN, FIELD);
        }
        let old = group.creates(ANN, PRESS, "Who gave us the ledger");
        group.settle();
        group.grants(MAYA, PRESS);
        group.says(ANN, old, "She wrote again");
        group.settle();
        group.does(ANN, &Command::Widen { task: old, role: FIELD });
        group.settle();
        assert_eq!(group.lines(old), [None, Some(1), Some(1), Some(1), Some(1)]);
        group.says(BEN, old, "I know her");
        group.settle();
        assert_eq!(group.lines(old), [None, Some(2), Some(2), Some(2), Some(2)]);
        // Field has all of its history: whoever comes to it reads the task.
        group.grants(MAYA, FIELD);
        group.says(KIM, old, "Me too");
        group.settle();
        assert_eq!(group.lines(old), [Some(3); 5], "{author_reads_both}");
    }
}

#[test]
fn a_task_that_is_opened_to_such_a_role_is_read_by_those_who_read_there_then() {
    for (author_reads_both, is_renewed) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut group = group(65);
        if author_reads_both {
            group.grants(BEN, PRESS);
        }
        let task = group.creates(BEN, FIELD, "Who comes by boat");
        group.settle();
        let mut older = group.says(KIM, task, "Two, at night");
        group.settle();
        if is_renewed {
            group.world.now_seconds += EPOCH_RENEWAL_SECONDS;
        }
        older.extend(group.says(KIM, task, "Three by now"));
        group.settle();
        older.extend(group.does(BEN, &Command::Widen { task, role: PRESS }));
        group.settle();
        older.extend(group.says(KIM, task, "They unload"));
        group.settle();
        assert_eq!(group.lines(task), [None, Some(3), Some(3), Some(3), Some(3)]);
        group.grants(MAYA, PRESS);
        let since = group.says(KIM, task, "And gone");
        group.settle();
        let course = (author_reads_both, is_renewed);
        assert_eq!(group.lines(task), [None, Some(4), Some(4), Some(4), Some(4)], "{course:?}");
        // Kim reads nothing of the press: her key went to its devices one by one, and stands under no epoch of it.
        assert!(!older.iter().any(|entry| opens(&group.members[MAYA], entry)), "{course:?}");
        assert!(opens(&group.members[MAYA], since.last().unwrap()), "{course:?}: the control");
    }
}

/// By which name somebody is told of those who came later and do not read a task.
fn came_later(member: &Replica, task: TaskId) -> Vec<String> {
    let view = member.task_view(task, &|_| false).expect("it is read");
    view.came_later.into_iter().map(|person| person.name).collect()
}

#[test]
fn who_reads_an_older_task_is_told_who_came_later() {
    let mut group = group(72);
    let old = group.creates(ANN, PRESS, "Who gave us the ledger");
    group.settle();
    group.grants(BEN, PRESS);
    let member = group.member(KIM);
    group.does(DAN, &Command::WidenTo { task: old, member });
    group.settle();
    // Kim was handed a key alone. For whom it was before, the entries say that she was shown with it.
    for reader in [ANN, DAN, KIM] {
        assert_eq!(came_later(&group.members[reader], old), ["Ben"], "{reader}");
    }
    let new = group.creates(DAN, PRESS, "Call the printer");
    group.settle();
    assert!(came_later(&group.members[BEN], new).is_empty());
}

#[test]
fn who_was_handed_keys_alone_knows_to_which_role_they_went_later() {
    let mut group = group(73);
    group.grants(ANN, DESK);
    let task = group.creates(BEN, FIELD, "Who comes by boat");
    group.settle();
    let member = group.member(MAYA);
    group.does(BEN, &Command::WidenTo { task, member });
    group.world.now_seconds += EPOCH_RENEWAL_SECONDS;
    group.says(KIM, task, "Two, at night");
    group.settle();
    // Ann reads both by one role: the newer key goes to the press with a list that is not for Maya, and with no word of it.
    group.does(ANN, &Command::Widen { task, role: PRESS });
    group.settle();
    assert_eq!(group.lines(task), [Some(1); 5]);
    for reader in [MAYA, ANN, BEN] {
        assert!(came_later(&group.members[reader], task).is_empty(), "{reader}");
    }
    let keys = |group: &Group| group.members[MAYA].task_keys().of(task).len();
    let before = keys(&group);
    group.says(MAYA, task, "I see them");
    assert_eq!((before, keys(&group)), (2, 2), "all who read it may have the newer key");
    group.settle();
    assert_eq!(group.lines(task), [Some(2); 5]);
}

#[test]
fn the_second_computer_of_who_was_there_reads_what_they_read() {
    let mut group = group(66);
    let old = group.creates(ANN, PRESS, "Who gave us the ledger");
    group.settle();
    group.grants(BEN, PRESS);
    let new = group.creates(DAN, PRESS, "Call the printer");
    group.says(ANN, old, "She wrote again");
    group.settle();
    let (anns, bens) = (group.second_computer(ANN).unwrap(), group.second_computer(BEN).unwrap());
    // It is no reason for another epoch.
    group.settle();
    assert_eq!(group.does(DAN, &Command::create_task_for(PRESS, "And the editor")).len(), 1);
    group.settle();
    assert_eq!((group.lines(old)[anns], group.lines(new)[anns]), (Some(1), Some(0)));
    assert_eq!((group.lines(old)[bens], group.lines(new)[bens]), (None, Some(0)));
    for who in [anns, bens] {
        assert!(group.members[who].tree(&|_| false).awaited.is_empty());
    }
}

#[test]
fn whoever_comes_to_read_by_a_line_reads_what_is_written_since() {
    let mut group = group(67);
    let old = group.creates(ANN, PRESS, "Who gave us the ledger");
    group.settle();
    let see = "role steward rank 0\nrole press rank 1\nrole field rank 1\nfield { see tasks press }";
    let rule = parse(see).unwrap().table.rules[0];
    group.does(MAYA, &Command::SetRule { rule, present: true });
    group.settle();
    let new = group.creates(DAN, PRESS, "Call the printer");
    group.settle();
    assert_eq!(group.lines(old), [None, Some(0), Some(0), None, None]);
    assert_eq!(group.lines(new), [None, Some(0), Some(0), Some(0), Some(0)]);
}

#[test]
fn whoever_comes_back_reads_what_was_there_before_and_comes_after() {
    let mut group = group(68);
    let first = group.creates(ANN, PRESS, "Who gave us the ledger");
    group.settle();
    let member = group.member(DAN);
    let grant = group.members[MAYA].authority().members()[&member].grants[0].at;
    group.grants(DAN, FIELD);
    group.does(MAYA, &Command::RevokeGrant { grant });
    group.settle();
    let between = group.creates(ANN, PRESS, "Dan must not know");
    group.settle();
    group.grants(DAN, PRESS);
    let after = group.creates(ANN, PRESS, "Call the printer");
    group.settle();
    let read = [first, between, after].map(|task| group.lines(task)[DAN].is_some());
    assert_eq!(read, [true, false, true]);
}

/// What a changed client signs next.
fn signed(maker: &Replica, role: RoleId, content: Content) -> Entry {
    let author = maker.device().author();
    let tip = maker.logs().tip(author).expect("has written");
    let grants = &maker.authority().members()[&maker.me().unwrap()].grants;
    let reading = grants.iter().find(|grant| grant.role == role).unwrap_or(&grants[0]);
    let body = Body {
        author,
        seq: tip.seq + 1,
        prev: Some(tip.id),
        heads: maker.logs().heads_for(author),
        by: Some(reading.at),
        claimed_seconds: 1_790_000_000,
        checkpoints: Vec::new(),
        content,
    };
    Entry::sign(&maker.device().signing, Some(maker.pursuance()), &body)
}

/// An entry that introduces somebody else's epoch once more, for a role, with nothing in the seals.
fn counterfeit(maker: &Replica, epoch: EpochId, role: RoleId) -> Entry {
    let mut packages: Vec<_> = maker.authority().packages_known(maker.logs());
    let reads = |author| maker.authority().readers(role).any(|(_, member)| member.devices.contains_key(&author));
    packages.retain(|(.., author)| reads(*author));
    packages.sort_by_key(|(id, ..)| *id);
    let ids: Vec<[u8; 32]> = packages.iter().map(|(id, ..)| *id).collect();
    let seals = ids.iter().map(|id| Seal { tag: package_tag(id), sealed: vec![7; 1_168] }).collect();
    let (parents, backlinks) = (Vec::new(), Vec::new());
    let made = RoleEpoch { role, epoch, parents, readers: readers_hash(&ids), seals, backlinks };
    signed(maker, role, Content::Public(vec![Op::RoleEpoch(made)]))
}

/// A changed client of somebody who just came, and sees what is public of an epoch that was made while they came, introduces it once more:
/// for the press, with themselves among the readers; for another role that they read; for everyone.
#[test]
fn who_comes_cannot_have_an_older_epoch_handed_to_them_by_introducing_it_once_more() {
    for role in [PRESS, FIELD, RoleId::EVERYONE] {
        let mut group = group(69);
        group.grants(ANN, FIELD);
        // Ann does not know yet that Ben comes.
        let old = group.creates(ANN, PRESS, "Who gave us the ledger");
        let epoch = group.members[ANN].usable_epoch_of(PRESS).expect("just made").id();
        let member = group.member(BEN);
        group.does(MAYA, &Command::Grant { member, role: PRESS });
        let (maya, ben) = {
            let (left, right) = group.members.split_at_mut(BEN);
            (&mut left[MAYA], &mut right[0])
        };
        exchange(maya, ben);
        let act = counterfeit(ben, epoch, role);
        take(ben, std::slice::from_ref(&act));
        group.settle();
        assert_eq!(group.members[ANN].logs().standing(act.id()), Some(Standing::Counts), "the control");
        group.creates(ANN, PRESS, "Call the printer");
        group.creates(ANN, FIELD, "Look who comes");
        group.world.now_seconds += EPOCH_RENEWAL_SECONDS;
        group.creates(ANN, FIELD, "Look again");
        group.settle();
        assert!(group.members[BEN].epoch(epoch).is_none(), "{role:?}");
        assert_eq!(group.lines(old), [None, Some(0), Some(0), None, None], "{role:?}");
    }
}

/// Kim read for the press and does not know that she does so no more, nor that Ben does: a changed client of hers introduces the newest epoch
/// once more, with seals that are none. It does not count, and says nothing of who read when the epoch was made.
#[test]
fn whoever_went_cannot_deny_that_somebody_read_when_an_epoch_was_made() {
    let mut group = group(74);
    group.grants(KIM, PRESS);
    let (her, him) = (group.member(KIM), group.member(BEN));
    let grants = group.members[MAYA].authority().members()[&her].grants.clone();
    let grant = grants.iter().find(|grant| grant.role == PRESS).unwrap().at;
    group.does(MAYA, &Command::RevokeGrant { grant });
    group.does(MAYA, &Command::Grant { member: him, role: PRESS });
    for who in [ANN, BEN] {
        let (left, right) = group.members.split_at_mut(who);
        exchange(&mut left[MAYA], &mut right[0]);
    }
    let task = group.creates(ANN, PRESS, "Call the printer");
    let epoch = group.members[ANN].usable_epoch_of(PRESS).expect("just made").id();
    let act = counterfeit(&group.members[KIM], epoch, PRESS);
    take(&mut group.members[KIM], std::slice::from_ref(&act));
    group.settle();
    assert_eq!(group.members[ANN].logs().standing(act.id()), Some(Standing::Held), "the control");
    assert_eq!(group.members[ANN].usable_epoch_of(PRESS).map(|used| used.id()), Some(epoch));
    assert_eq!(group.says(ANN, task, "On Monday").len(), 1, "with the same epoch");
    let second = group.second_computer(BEN).unwrap();
    group.settle();
    assert_eq!(group.lines(task)[second], Some(1));
}

/// A changed client of somebody who just came publishes the key package to which an older epoch is sealed, as if it were their own.
#[test]
fn a_package_that_was_copied_makes_nobody_a_reader_of_then() {
    let mut group = group(70);
    let copied = group.members[DAN].device().key_package().clone();
    let act = signed(&group.members[BEN], FIELD, Content::Public(vec![Op::KeyPackage(copied)]));
    take(&mut group.members[BEN], &[act]);
    group.settle();
    let old = group.creates(ANN, PRESS, "Who gave us the ledger");
    let epoch = group.members[ANN].usable_epoch_of(PRESS).expect("just made").id();
    group.settle();
    let second = group.second_computer(BEN).unwrap();
    group.grants(BEN, PRESS);
    group.creates(ANN, PRESS, "Call the printer");
    group.settle();
    assert!(group.members[second].epoch(epoch).is_none());
    assert_eq!((group.lines(old)[BEN], group.lines(old)[second]), (None, None));
}

/// A changed client hands on an older epoch all the same: it can give away what it holds itself, and nothing else comes of it.
#[test]
fn a_changed_client_gives_away_what_it_holds_itself() {
    let mut group = group(71);
    let old = group.creates(ANN, PRESS, "Who gave us the ledger");
    let epoch = group.members[ANN].usable_epoch_of(PRESS).expect("just made").clone();
    group.settle();
    group.grants(BEN, PRESS);
    let to = group.members[BEN].device();
    let sealed = epoch.seal_to(group.members[DAN].pursuance(), PRESS, to.key_package()).unwrap();
    let welcome = pursuance_core::op::Welcome { role: PRESS, epoch: epoch.id(), to: to.author(), sealed };
    let act = signed(&group.members[DAN], PRESS, Content::Public(vec![Op::Welcome(welcome)]));
    take(&mut group.members[DAN], &[act]);
    group.settle();
    assert_eq!(group.lines(old)[BEN], Some(0));
    group.grants(KIM, PRESS);
    group.says(ANN, old, "She wrote again");
    group.settle();
    assert_eq!(group.lines(old), [None, Some(1), Some(1), Some(1), None]);
}

/// What was said, about which task, and who read the press then as its author knew.
struct Said {
    entry: EntryId,
    task: TaskId,
    read_by: BTreeSet<MemberId>,
}

/// Random courses: whoever opens an entry about a task of the press read there as its author knew, or had the task opened to them; and
/// whoever did, and reads there, opens it.
#[test]
fn whatever_happens_nobody_opens_what_was_written_before_they_came() {
    for seed in 0..courses() {
        let mut group = group(1_000 + seed);
        let (mut said, mut opened): (Vec<Said>, BTreeMap<TaskId, BTreeSet<MemberId>>) = (Vec::new(), BTreeMap::new());
        let mut created: BTreeMap<TaskId, usize> = BTreeMap::new();
        for _ in 0..40 {
            let who = group.world.rng.random_range(0..group.members.len());
            let readers = |member: &Replica| -> BTreeSet<MemberId> {
                member.authority().readers(PRESS).map(|(id, _)| id).collect()
            };
            let tasks: Vec<TaskId> =
                created.keys().copied().filter(|id| group.members[who].tasks().task(*id).is_some()).collect();
            let task = tasks.choose(&mut group.world.rng).copied();
            let other = group.world.rng.random_range(0..group.members.len());
            let other = group.member(other);
            match group.world.rng.random_range(0..12_u32) {
                0 | 1 => {
                    let read_by = readers(&group.members[who]);
                    let made = group.world.act(&group.members[who], &Command::create_task_for(PRESS, "Work"));
                    let Ok(made) = made else { continue };
                    take(&mut group.members[who], &made.entries);
                    let task = made.task.unwrap();
                    created.insert(task, said.len());
                    said.push(Said { entry: made.entries.last().unwrap().id(), task, read_by });
                }
                2..=4 => {
                    let Some(task) = task else { continue };
                    let read_by = readers(&group.members[who]);
                    let command = Command::Comment { task, text: "Words".into() };
                    let Ok(made) = group.world.act(&group.members[who], &command) else { continue };
                    take(&mut group.members[who], &made.entries);
                    let entries = made.entries.iter().filter(|entry| matches!(entry.body().content, Content::Role(_)));
                    said.extend(entries.map(|entry| Said { entry: entry.id(), task, read_by: read_by.clone() }));
                }
                5 => {
                    let Some(task) = task else { continue };
                    let command = Command::WidenTo { task, member: other };
                    let Ok(made) = group.world.act(&group.members[who], &command) else { continue };
                    take(&mut group.members[who], &made.entries);
                    opened.entry(task).or_default().insert(other);
                }
                6 => {
                    let role = if group.world.rng.random_bool(0.5) { PRESS } else { FIELD };
                    let command = Command::Grant { member: other, role };
                    let Ok(made) = group.world.act(&group.members[MAYA], &command) else { continue };
                    take(&mut group.members[MAYA], &made.entries);
                }
                7 => {
                    let grants = group.members[MAYA].authority().members()[&other].grants.clone();
                    let Some(grant) = grants.iter().find(|grant| grant.role == PRESS && grants.len() > 1) else {
                        continue;
                    };
                    let command = Command::RevokeGrant { grant: grant.at };
                    let Ok(made) = group.world.act(&group.members[MAYA], &command) else { continue };
                    take(&mut group.members[MAYA], &made.entries);
                }
                8 if group.members.len() < 8 => {
                    if group.members[who].is_here() {
                        let _ = group.second_computer(who);
                    }
                }
                9 if group.world.rng.random_bool(0.3) => group.world.now_seconds += EPOCH_RENEWAL_SECONDS,
                10 => group.settle(),
                _ => {
                    let with = group.world.rng.random_range(0..group.members.len());
                    if with != who {
                        let (low, high) = (who.min(with), who.max(with));
                        let (left, right) = group.members.split_at_mut(high);
                        exchange(&mut left[low], &mut right[0]);
                    }
                }
            }
        }
        group.settle();
        for said in &said {
            for (who, member) in group.members.iter().enumerate() {
                let me = member.me().unwrap();
                let entry = member.logs().entry(said.entry).expect("settled").clone();
                let may = said.read_by.contains(&me) || opened.get(&said.task).is_some_and(|to| to.contains(&me));
                assert!(may || !opens(member, &entry), "seed {seed}: {who} opens what is older");
            }
        }
        for Said { entry, task, read_by } in &said {
            let began = &said[created[task]].read_by;
            let now = group.members[MAYA].authority().readers(PRESS).map(|(id, _)| id).collect::<BTreeSet<_>>();
            for (who, member) in group.members.iter().enumerate() {
                let me = member.me().unwrap();
                if began.contains(&me) && read_by.contains(&me) && now.contains(&me) {
                    assert!(
                        opens(member, member.logs().entry(*entry).unwrap()),
                        "seed {seed}: {who} misses what is theirs"
                    );
                }
            }
        }
    }
}

/// How many random courses are gone; more where somebody asks for more.
fn courses() -> u64 {
    std::env::var("PURSUANCE_SINCE_COURSES").map_or(24, |count| count.parse().expect("a number"))
}
