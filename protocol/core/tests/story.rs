//! Founding, inviting, joining, welcoming and working together, with the entries alone.

mod people;

use people::{World, create, exchange, take};
use pursuance_core::cell::{CellContent, open_cell, seal_entries};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Entry, UnverifiedEntry};
use pursuance_core::founding::{MEMBER, ORGANISER};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{EpochId, PursuanceId, TaskId};
use pursuance_core::keys::DeviceKeys;
use pursuance_core::logs::Append;
use pursuance_core::plan::{Circumstances, ImportTask};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::Verb;
use pursuance_core::task::Status;
use pursuance_core::view::Delivery;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

#[test]
fn two_people_work_together() {
    let mut world = World::new(1);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 2, reviewed: false });
    let permits = world.commit(&mut maya, &create("Photograph the permits", None)).task.expect("a task");
    let mut ben = world.joiner(&mut maya, &invite, "Ben");
    assert_eq!(ben.digest(), maya.digest());

    world.commit(&mut ben, &Command::Claim { task: permits });
    world.commit(&mut ben, &Command::Comment { task: permits, text: "On my way".into() });
    let said = world.commit(&mut ben, &create("Bring a lens", Some(permits)));
    let denied = Command::Assign { task: permits, member: maya.me().unwrap() };
    assert_eq!(
        world.act(&ben, &denied).err(),
        Some(Refusal::NotAllowed { verb: Verb::Assign, rule: Some(11), allowed_role: Some(1) })
    );
    let title = Command::SetTitle { task: permits, title: "x".into() };
    assert_eq!(world.act(&ben, &title).err(), Some(Refusal::OnlyOwn { verb: Verb::Edit, rule: 7 }));
    exchange(&mut maya, &mut ben);
    assert_eq!(ben.digest(), maya.digest());

    let view = maya.task_view(permits, &|_| false).expect("known");
    assert_eq!(view.row.status, Status::Doing);
    assert_eq!(view.row.claim.as_ref().map(|p| p.name.as_str()), Some("Ben"));
    assert_eq!(view.thread[0].text, "On my way");
    assert_eq!((view.row.total_below, view.row.comments), (1, 1));
    assert_eq!(world.act(&maya, &Command::Claim { task: permits }).err(), Some(Refusal::ClaimedByOther));
    let mine = ben.task_view(said.task.unwrap(), &|_| true).expect("known");
    assert_eq!(mine.row.delivery, Some(Delivery::Handed));
    world.commit(&mut maya, &Command::SetStatus { task: permits, status: Status::Done });
    exchange(&mut maya, &mut ben);
    assert_eq!(ben.task_view(said.task.unwrap(), &|_| true).unwrap().row.delivery, Some(Delivery::Seen));
    assert_eq!(ben.tree(&|_| true).done, 1);
}

#[test]
fn a_link_used_too_often() {
    let mut world = World::new(2);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 1, reviewed: false });
    // Two who cannot see each other: both count, one is surplus and is not welcomed unasked.
    let (_, concurrent) = world.join(&maya, &invite, "Kim").expect("no join is known yet");
    world.joiner(&mut maya, &invite, "Ben");
    assert_eq!(world.join(&maya, &invite, "Eve").err(), Some(Refusal::InviteUsedUp));
    take(&mut maya, std::slice::from_ref(&concurrent));
    assert_eq!(maya.people().members.len(), 3);
    let surplus = maya.people().members.iter().filter(|member| maya.is_surplus(member.person.member)).count();
    assert_eq!((surplus, maya.unwelcomed().len() <= 1), (1, true));
}

#[test]
fn every_order_gives_one_state() {
    for seed in 0..40 {
        let mut world = World::new(seed);
        let mut maya = world.founder();
        let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 3, reviewed: false });
        let mut ben = world.joiner(&mut maya, &invite, "Ben");
        let mut kim = world.joiner(&mut maya, &invite, "ben ");
        exchange(&mut maya, &mut ben);
        let mut tasks = Vec::new();
        for step in 0..60 {
            let who = world.rng.random_range(0..3);
            let replica = [&mut maya, &mut ben, &mut kim].into_iter().nth(who).unwrap();
            let known: Vec<TaskId> = tasks.iter().filter(|id| replica.tasks().task(**id).is_some()).copied().collect();
            let pick =
                |rng: &mut StdRng| if known.is_empty() { None } else { Some(known[rng.random_range(0..known.len())]) };
            let (a, b) = (pick(&mut world.rng), pick(&mut world.rng));
            let command = match (world.rng.random_range(0..9), a) {
                (0..=1, _) | (_, None) => create(&format!("task {step}"), b),
                (2, Some(task)) => Command::SetTitle { task, title: format!("title {step}") },
                (3, Some(task)) => Command::MoveTask { task, parent: b },
                (4, Some(task)) => Command::Claim { task },
                (5, Some(task)) => Command::SetStatus { task, status: Status::Done },
                (6, Some(task)) => Command::SetStatus { task, status: Status::Dropped },
                (7, Some(task)) => Command::AddLabel { task, label: format!("l{}", step % 3) },
                (_, Some(task)) => Command::Comment { task, text: format!("line {step}") },
            };
            if let Ok(authored) = world.act(replica, &command) {
                tasks.extend(authored.task);
                take(replica, &authored.entries);
            }
            match world.rng.random_range(0..8) {
                0 => exchange(&mut maya, &mut ben),
                1 => exchange(&mut ben, &mut kim),
                _ => {}
            }
        }
        exchange(&mut maya, &mut ben);
        exchange(&mut maya, &mut kim);
        exchange(&mut maya, &mut ben);
        assert_eq!(maya.digest(), ben.digest(), "seed {seed}");
        assert_eq!(maya.digest(), kim.digest(), "seed {seed}");

        let mut all: Vec<Entry> = maya.logs().iter().cloned().collect();
        all.shuffle(&mut world.rng);
        let mut other = Replica::new(maya.pursuance(), DeviceKeys::from_seed([0; 32]));
        let secret = maya.usable_epoch().expect("held").clone();
        let late = all.len() / 2;
        for (index, entry) in all.into_iter().enumerate() {
            if index == late {
                // The secret may come after much of what it opens.
                other.learn_epoch(secret.clone());
            }
            other.append(entry);
        }
        assert_eq!(other.logs().len(), maya.logs().len(), "seed {seed}");
        assert_eq!(other.digest(), maya.digest(), "seed {seed}");
    }
}

#[test]
fn an_import_is_one_commit_with_its_tree() {
    let mut world = World::new(3);
    let mut maya = world.founder();
    let rows: Vec<ImportTask> = (0..150)
        .map(|index| ImportTask {
            parent: (index % 3 != 0).then(|| index - index % 3),
            title: format!("row {index}"),
            status: Some(Status::Done),
            owner: Some("w01".into()),
            labels: vec!["db".into()],
            ..ImportTask::default()
        })
        .collect();
    let mut seed = Seed::new([1; 32]);
    let mut with = Circumstances { now_seconds: 1, seed: &mut seed, since: Vec::new() };
    let authored = maya.import(&rows, &mut with).expect("good rows");
    assert_eq!(authored.entries.len(), 3);
    take(&mut maya, &authored.entries);
    let tree = maya.tree(&|_| false);
    assert_eq!((tree.rows.len(), tree.total, tree.done), (150, 150, 150));
    for (index, row) in tree.rows.iter().enumerate() {
        assert_eq!(row.title, format!("row {index}"), "in the order of the file");
        assert_eq!(row.depth, u16::from(index % 3 != 0));
    }
}

#[test]
fn a_join_belongs_to_its_key_and_its_pursuance() {
    let mut world = World::new(4);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 5, reviewed: false });
    let (_, join) = world.join(&maya, &invite, "Ben").expect("a use is left");
    // Replayed by another key: the join's invite signature names the first author.
    let thief = world.device();
    let mut body = join.body().clone();
    body.author = thief.author();
    let stolen = Entry::sign(&thief.signing, Some(maya.pursuance()), &body);
    assert_eq!(maya.append(stolen).append, Append::Refused(Refusal::BadKeys));
    assert_eq!(maya.people().members.len(), 1);
    let elsewhere = UnverifiedEntry::decode(join.bytes()).unwrap().verify(PursuanceId([9; 32]));
    assert_eq!(elsewhere.err(), Some(pursuance_core::entry::VerifyError::Signature));
}

/// What a relay carries: cells under the keys that the author chose, read with the keys that a reader holds.
#[derive(Default)]
struct Relay {
    cells: Vec<pursuance_wire::Cell>,
    carried: std::collections::BTreeSet<pursuance_core::id::EntryId>,
}

impl Relay {
    /// Takes all own entries of a device that it did not take before; what may not be sealed yet stays there.
    fn post(&mut self, world: &mut World, from: &Replica) {
        let me = from.device().author();
        let own: Vec<&Entry> = from.logs().iter().filter(|entry| entry.body().author == me).collect();
        for entry in own {
            let keys = from.cell_keys_for(entry);
            if keys.is_empty() || !self.carried.insert(entry.id()) {
                continue;
            }
            let mut seed = Seed::new(world.rng.random());
            for key in keys {
                self.cells.extend(seal_entries(&key, [(entry.id(), entry.bytes())].into_iter(), &mut seed));
            }
        }
    }

    /// What a device can read of everything, again and again until it learns no more.
    fn read(&self, reader: &mut Replica) -> usize {
        let before = reader.logs().len();
        loop {
            let keys = reader.cell_keys();
            let mut fragments: std::collections::BTreeMap<[u8; 32], Fragments> = std::collections::BTreeMap::new();
            for cell in &self.cells {
                for key in &keys {
                    let entries = match open_cell(key, cell) {
                        Some(CellContent::Entries(entries)) => {
                            entries.iter().map(|bytes| UnverifiedEntry::decode(bytes).unwrap()).collect()
                        }
                        Some(CellContent::Fragment(part)) => {
                            match fragments.entry(*key.id()).or_default().insert(part) {
                                Assembly::Whole(entry) => vec![*entry],
                                Assembly::Kept | Assembly::Ignored => Vec::new(),
                            }
                        }
                        None => Vec::new(),
                    };
                    for entry in entries {
                        reader.receive(entry.verify(reader.pursuance()).unwrap());
                    }
                }
            }
            if reader.take_learned().is_empty() {
                return reader.logs().len() - before;
            }
        }
    }
}

fn remove(member: &Replica) -> Command {
    Command::RemoveMember { member: member.me().unwrap(), roles: Vec::new() }
}

fn rotate(world: &mut World, replica: &mut Replica) {
    assert!(replica.needs_epoch() && replica.usable_epoch().is_none());
    let epoch = replica.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("a member");
    take(replica, &[epoch]);
    assert!(!replica.needs_epoch() && replica.usable_epoch().is_some());
}

fn title(replica: &Replica, task: TaskId) -> Option<String> {
    let tree = replica.tree(&|_| false);
    tree.rows.into_iter().find(|row| row.task == task).map(|row| row.title)
}

#[test]
fn who_is_removed_reads_nothing_that_comes_after() {
    let mut world = World::new(21);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let mut ben = world.joiner(&mut maya, &invite, "Ben");
    let mut kim = world.joiner(&mut maya, &invite, "Kim");
    exchange(&mut maya, &mut ben);
    let before = world.commit(&mut kim, &create("Before", None));
    exchange(&mut maya, &mut kim);
    exchange(&mut maya, &mut ben);
    let first = maya.usable_epoch().unwrap().id();
    let mut relay = Relay::default();

    world.commit(&mut maya, &remove(&kim));
    assert!(world.act(&maya, &create("Not yet", None)).is_err(), "no epoch can be used before the next is made");
    rotate(&mut world, &mut maya);
    let after = world.commit(&mut maya, &create("After", None));
    relay.post(&mut world, &maya);

    // Ben, who lags, follows by the epoch that he holds.
    relay.read(&mut ben);
    assert_eq!(ben.usable_epoch().unwrap().id(), maya.usable_epoch().unwrap().id());
    assert_eq!(title(&ben, after.task.unwrap()).as_deref(), Some("After"));
    assert_eq!(title(&ben, before.task.unwrap()).as_deref(), Some("Before"), "what the removal knows stays");
    // Kim sees the removal and the new epoch, and nothing that follows.
    relay.read(&mut kim);
    assert!(!kim.is_here() && kim.usable_epoch().is_none());
    assert_eq!(title(&kim, after.task.unwrap()), None);
    assert!(maya.logs().iter().any(|entry| kim.logs().entry(entry.id()).is_none()), "an entry Kim cannot read");
    assert!(kim.rotate(world.now_seconds, &mut Seed::new([1; 32])).is_none());

    // Whoever comes later reads from the beginning, with one secret.
    let mut zoe = world.joiner(&mut maya, &invite, "Zoe");
    assert_ne!(first, maya.usable_epoch().unwrap().id());
    assert_eq!(title(&zoe, before.task.unwrap()).as_deref(), Some("Before"));
    relay.post(&mut world, &maya);
    relay.read(&mut zoe);
    assert_eq!(maya.digest(), zoe.digest());
}

#[test]
fn what_the_removed_writes_meanwhile_is_held_and_can_be_kept() {
    let mut world = World::new(22);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let mut kim = world.joiner(&mut maya, &invite, "Kim");
    let first = maya.usable_epoch().unwrap().clone();
    world.commit(&mut maya, &remove(&kim));
    rotate(&mut world, &mut maya);
    let meanwhile = world.commit(&mut kim, &create("Meanwhile", None));
    let task = meanwhile.task.unwrap();
    assert!(title(&kim, task).is_some());
    let before = maya.digest();
    take(&mut maya, &meanwhile.entries);
    assert_eq!(title(&maya, task), None, "outside of what the removal leaves");
    // The other way round: it was there first, and falls with the removal.
    let mut fresh = Replica::new(maya.pursuance(), DeviceKeys::from_seed([9; 32]));
    fresh.learn_epoch(first);
    fresh.learn_epoch(maya.usable_epoch().unwrap().clone());
    let theirs: Vec<Entry> = kim.logs().iter().chain(maya.logs().iter()).cloned().collect();
    theirs.into_iter().for_each(|entry| drop(fresh.append(entry)));
    assert_eq!(title(&fresh, task), None);
    assert_eq!(fresh.digest(), maya.digest());

    let entries = meanwhile.entries.iter().map(Entry::id).collect();
    world.commit(&mut maya, &Command::Ratify { entries });
    assert!(title(&maya, task).is_some(), "kept by somebody who may remove");
    assert_ne!(before, maya.digest());
}

#[test]
fn two_who_rotate_at_once_agree_and_a_crash_leaves_nothing_undone() {
    let mut world = World::new(23);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let mut ben = world.joiner(&mut maya, &invite, "Ben");
    let kim = world.joiner(&mut maya, &invite, "Kim");
    exchange(&mut maya, &mut ben);
    // The remover stops before the epoch: the next who may completes it.
    let removal = world.commit(&mut maya, &remove(&kim));
    take(&mut ben, &removal.entries);
    let mut both = (maya, ben);
    rotate(&mut world, &mut both.0);
    rotate(&mut world, &mut both.1);
    exchange(&mut both.0, &mut both.1);
    let (maya, ben) = both;
    assert_eq!(maya.usable_epoch().unwrap().id(), ben.usable_epoch().unwrap().id());
    assert!(!maya.needs_epoch() && !ben.needs_epoch());
    assert_eq!(maya.digest(), ben.digest());
}

#[test]
fn two_removals_at_once_end_with_keys_that_neither_has() {
    let mut world = World::new(26);
    let (mut maya, _, [mut ben, mut zoe, mut kim]) = world.four();
    world.commit(&mut maya, &Command::Grant { member: ben.me().unwrap(), role: ORGANISER });
    exchange(&mut maya, &mut ben);
    // Neither knows what the other does.
    world.commit(&mut maya, &remove(&kim));
    rotate(&mut world, &mut maya);
    world.commit(&mut ben, &remove(&zoe));
    rotate(&mut world, &mut ben);
    let halves = [&maya, &ben].map(|of| of.usable_epoch().unwrap().id());
    exchange(&mut maya, &mut ben);
    let give_all =
        |to: &mut Replica, from: &Replica| from.logs().iter().for_each(|entry| drop(to.append(entry.clone())));
    [&mut zoe, &mut kim].into_iter().for_each(|gone| give_all(gone, &maya));
    assert!(zoe.epoch(halves[0]).is_some() && kim.epoch(halves[1]).is_some(), "the control: each was sealed to once");
    // What follows is written with neither of the two.
    rotate(&mut world, &mut maya);
    exchange(&mut maya, &mut ben);
    let last = maya.usable_epoch().unwrap().id();
    assert!(!halves.contains(&last) && ben.usable_epoch().unwrap().id() == last && !ben.needs_epoch());
    let said = world.commit(&mut ben, &create("Without both", None));
    let key = ben.cell_keys_for(&said.entries[0]);
    for gone in [&mut zoe, &mut kim] {
        give_all(gone, &ben);
        assert!(gone.epoch(last).is_none() && !gone.is_here());
        assert!(gone.cell_keys().iter().all(|held| key.iter().all(|key| key.id() != held.id())));
    }
}

#[test]
fn who_is_removed_while_somebody_welcomes_them_reads_on_nowhere() {
    let mut world = World::new(24);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let mut ben = world.joiner(&mut maya, &invite, "Ben");
    let (device, join) = world.join(&maya, &invite, "Kim").expect("a use is left");
    take(&mut maya, std::slice::from_ref(&join));
    take(&mut ben, std::slice::from_ref(&join));
    // Nobody has handed Kim anything yet, as far as Maya knows; Ben does so at the same time.
    let kim = maya.authority().member_of(device.author()).unwrap();
    world.commit(&mut maya, &Command::RemoveMember { member: kim, roles: Vec::new() });
    let welcome = ben.welcome(device.author(), world.now_seconds).expect("Ben knows of no removal");
    assert!(maya.usable_epoch().is_none() && maya.needs_epoch(), "what Ben may hand over is used no more");
    rotate(&mut world, &mut maya);
    let after = maya.usable_epoch().unwrap().id();
    take(&mut maya, &[welcome]);
    assert_eq!(maya.usable_epoch().map(pursuance_core::keys::EpochSecret::id), Some(after), "one more is not needed");
    exchange(&mut maya, &mut ben);
    assert!(ben.welcome(device.author(), world.now_seconds).is_none() || !ben.unwelcomed().contains(&device.author()));
    // Who comes after the epoch, and goes again, was not known to it either.
    let (late, join) = world.join(&maya, &invite, "Zoe").expect("a use is left");
    take(&mut maya, &[join]);
    let zoe = maya.authority().member_of(late.author()).unwrap();
    assert!(maya.usable_epoch().is_some());
    world.commit(&mut maya, &Command::RemoveMember { member: zoe, roles: Vec::new() });
    rotate(&mut world, &mut maya);
    assert_ne!(maya.usable_epoch().unwrap().id(), after);
}

#[test]
fn what_is_written_with_the_epoch_of_somebody_removed_meanwhile_is_read_by_all() {
    let mut world = World::new(25);
    let (mut maya, invite, [mut ben, mut zoe, mut kim]) = world.four();
    let mut relay = Relay::default();
    // Kim goes, and Ben makes the epoch that follows; Zoe writes with it.
    world.commit(&mut kim, &Command::Leave);
    relay.post(&mut world, &kim);
    relay.read(&mut ben);
    rotate(&mut world, &mut ben);
    let of_ben = world.commit(&mut ben, &create("Of Ben", None));
    relay.post(&mut world, &ben);
    relay.read(&mut zoe);
    assert_eq!(zoe.usable_epoch().map(|epoch| epoch.id()), ben.usable_epoch().map(|epoch| epoch.id()));
    let of_zoe = world.commit(&mut zoe, &create("Of Zoe", None));
    relay.post(&mut world, &zoe);
    // Maya, who has heard of nothing, removes Ben.
    world.commit(&mut maya, &remove(&ben));
    rotate(&mut world, &mut maya);
    relay.post(&mut world, &maya);
    for _ in 0..2 {
        relay.read(&mut maya);
        relay.read(&mut zoe);
        if maya.needs_epoch() {
            rotate(&mut world, &mut maya);
            relay.post(&mut world, &maya);
        }
    }
    assert_eq!(title(&maya, of_zoe.task.unwrap()).as_deref(), Some("Of Zoe"), "Zoe is a member as before");
    assert_eq!(title(&maya, of_ben.task.unwrap()), None, "held, but read: it can be kept");
    assert!(maya.logs().announced().is_empty() && maya.logs().entry(of_ben.entries[0].id()).is_some());
    assert_eq!(maya.digest(), zoe.digest());
    // Who comes later needs that epoch too: what counts names what is held.
    let (device, join) = world.join(&maya, &invite, "Lea").expect("a use is left");
    let mut lea = Replica::new(maya.pursuance(), device);
    lea.append(join.clone());
    take(&mut maya, &[join]);
    while let Some(to) = maya.unwelcomed().first().copied() {
        let welcome = maya.welcome(to, world.now_seconds).expect("the epoch is held");
        take(&mut maya, std::slice::from_ref(&welcome));
        lea.append(welcome);
    }
    relay.post(&mut world, &maya);
    relay.read(&mut lea);
    assert!(lea.is_member() && lea.logs().announced().is_empty());
    assert_eq!(maya.digest(), lea.digest());
}

#[test]
fn what_was_said_before_an_epoch_is_sealed_for_those_whom_it_was_for() {
    let mut world = World::new(26);
    let (mut maya, _, [mut ben, mut zoe, mut kim]) = world.four();
    let mut relay = Relay::default();
    // Zoe goes, and Ben makes the epoch that follows: Kim is sealed it. Maya removes Kim meanwhile.
    world.commit(&mut zoe, &Command::Leave);
    relay.post(&mut world, &zoe);
    relay.read(&mut ben);
    rotate(&mut world, &mut ben);
    relay.post(&mut world, &ben);
    relay.read(&mut kim);
    let known_to_kim: Vec<EpochId> = kim.cell_keys().iter().map(|key| EpochId(*key.id())).collect();
    assert!(known_to_kim.contains(&ben.usable_epoch().unwrap().id()), "the control: Kim reads with it");
    world.commit(&mut maya, &remove(&kim));
    rotate(&mut world, &mut maya);
    let secret = world.commit(&mut maya, &create("Not for Kim", None));
    // Nothing of it is sealed yet when Maya reads what Ben did and makes the epoch that follows both.
    relay.read(&mut maya);
    assert!(maya.needs_epoch());
    rotate(&mut world, &mut maya);
    let keys = maya.cell_keys_for(&secret.entries[0]);
    assert!(!keys.is_empty() && keys.iter().all(|key| !known_to_kim.contains(&EpochId(*key.id()))));
    relay.post(&mut world, &maya);
    for _ in 0..2 {
        relay.read(&mut ben);
        relay.read(&mut kim);
    }
    // Ben opens the new epoch where it stands under his, before he knows what comes before it.
    assert_eq!(title(&ben, secret.task.unwrap()).as_deref(), Some("Not for Kim"));
    assert_eq!(maya.digest(), ben.digest());
    assert_eq!(title(&kim, secret.task.unwrap()), None);
    assert_eq!(kim.absence(), Some(Refusal::Removed), "and Kim can read that they were removed");
}
