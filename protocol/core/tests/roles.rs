//! Tasks of a role: read by those whom a line lets see them, and by nobody else, whatever order entries come in and whoever forgets
//! whom (docs/protocol/03-keys.md, K13 and K14).

mod people;

use std::collections::BTreeSet;

use people::{REDACTOR, VERIFIER, World, at, comment, desks, exchange, opens, settle, take};
use pursuance_core::authority::{package_tag, readers_hash};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Body, Content, Entry};
use pursuance_core::epochs::EPOCH_RENEWAL_SECONDS;
use pursuance_core::id::{AuthorId, EntryId, MemberId, RoleId, TaskId};
use pursuance_core::keys::{DeviceKeys, EpochSecret};
use pursuance_core::logs::Standing;
use pursuance_core::op::{KeyPackage, Op, RoleEpoch, Seal};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use rand::RngExt;

fn reads(replica: &Replica, task: TaskId) -> bool {
    replica.tasks().task(task).is_some()
}

/// A steward, a verifier and a redactor, who know each other.
fn three(world: &mut World) -> [Replica; 3] {
    let mut maya = world.founder_with(desks());
    let mut come = |world: &mut World, role, name| {
        let invite = world.commit(&mut maya, &Command::Invite { role, uses: 1, reviewed: false });
        world.joiner(&mut maya, &invite, name)
    };
    let (ben, zoe) = (come(world, VERIFIER, "Ben"), come(world, REDACTOR, "Zoe"));
    let mut members = [maya, ben, zoe];
    settle(world, &mut members);
    members
}

#[test]
fn a_task_is_read_by_those_whom_a_line_lets_see_it() {
    let mut world = World::new(31);
    let mut members = three(&mut world);
    let [maya, ben, zoe] = &mut members;
    assert_eq!(world.act(maya, &at(VERIFIER, "Not for me")).err(), not_allowed(maya, VERIFIER));
    let hers = world.commit(ben, &at(VERIFIER, "Check the stamps"));
    assert_eq!(hers.entries.len(), 2, "the first thing said to a role brings its epoch");
    let his = world.commit(zoe, &at(REDACTOR, "Black out the names")).task.unwrap();
    let again = world.commit(zoe, &at(REDACTOR, "Black out the numbers"));
    assert_eq!(again.entries.len(), 1);
    settle(&world, &mut members);
    let [maya, ben, zoe] = &members;
    let hers = hers.task.unwrap();
    let read = |member| (reads(member, hers), reads(member, his));
    assert_eq!((read(maya), read(ben), read(zoe)), ((false, false), (true, true), (false, true)));
    for member in &members {
        let refused =
            member.logs().iter().filter(|entry| member.logs().standing(entry.id()) == Some(Standing::Refused));
        assert_eq!(refused.count(), 0, "whoever cannot read an entry lets it stand all the same");
    }
}

fn not_allowed(replica: &Replica, home: RoleId) -> Option<Refusal> {
    let me = replica.me().expect("a member");
    let occasion = pursuance_core::authority::Occasion::of(me, 0);
    let object = pursuance_core::rule::Object::Role(home);
    replica.authority().allows(me, pursuance_core::rule::Verb::Create, object, &occasion).err()
}

/// Ben opens a task of his desk to Zoe by name, and goes. Nobody is left who holds the desk's epoch; Zoe holds the task's key.
#[test]
fn a_task_whose_desk_has_gone_is_handed_on_by_whoever_it_was_opened_to() {
    for zoe_comes_to_the_desk in [false, true] {
        let mut world = World::new(48);
        let [mut maya, mut ben, mut zoe] = three(&mut world);
        let task = world.commit(&mut ben, &at(VERIFIER, "Check the stamps")).task.unwrap();
        world.commit(&mut ben, &comment(task, "All of them"));
        world.commit(&mut ben, &Command::WidenTo { task, member: zoe.me().unwrap() });
        world.commit(&mut ben, &Command::Leave);
        exchange(&mut maya, &mut ben);
        exchange(&mut maya, &mut zoe);
        assert!(reads(&zoe, task));
        let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("Ben has gone");
        take(&mut maya, &[made]);
        if zoe_comes_to_the_desk {
            world.commit(&mut maya, &Command::Grant { member: zoe.me().unwrap(), role: VERIFIER });
        }
        let invite = world.commit(&mut maya, &Command::Invite { role: VERIFIER, uses: 1, reviewed: false });
        let kim = world.joiner(&mut maya, &invite, "Kim");
        let mut members = [maya, zoe, kim];
        settle(&world, &mut members);
        let [maya, zoe, kim] = &members;
        let lines = |member: &Replica| member.task_view(task, &|_| true).map(|view| view.thread.len());
        assert_eq!((lines(maya), lines(zoe), lines(kim)), (None, Some(1), Some(1)));
    }
}

/// Zoe reads a task of Ben's desk when he opens it to her by name, so she is handed nothing; then she is out for a while.
#[test]
fn whom_a_task_was_opened_to_by_name_reads_it_when_they_come_back_with_any_role() {
    let mut world = World::new(49);
    let mut members = three(&mut world);
    let her = members[2].me().unwrap();
    let grant = |world: &mut World, maya: &mut Replica, role| {
        world.commit(maya, &Command::Grant { member: her, role });
    };
    grant(&mut world, &mut members[0], VERIFIER);
    settle(&world, &mut members);
    let [maya, ben, zoe] = &mut members;
    let task = world.commit(ben, &at(VERIFIER, "Check the stamps")).task.unwrap();
    let opened = world.commit(ben, &Command::WidenTo { task, member: her });
    assert_eq!(opened.entries.len(), 1);
    exchange(maya, ben);
    for held in maya.authority().members()[&her].grants.clone() {
        world.commit(maya, &Command::RevokeGrant { grant: held.at });
    }
    exchange(maya, ben);
    exchange(maya, zoe);
    assert!(!zoe.is_here());
    let made = ben.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("Zoe is out");
    take(ben, &[made]);
    let said = world.commit(ben, &comment(task, "All of them")).entries;
    exchange(maya, ben);
    exchange(ben, zoe);
    assert!(!opens(zoe, said.last().unwrap()));
    grant(&mut world, maya, REDACTOR);
    settle(&world, &mut members);
    let zoe = &members[2];
    assert!(opens(zoe, said.last().unwrap()), "it is still opened to her");
    assert_eq!(zoe.task_view(task, &|_| true).unwrap().thread.len(), 1);
}

/// Two come by a link that lets in one, to two members who do not know of each other's. Kim is let in; Ola has no place at it, and no epoch is
/// sealed to her. She would read there all the same, and the task is opened to her by name.
#[test]
fn who_has_no_place_is_handed_a_task_that_is_opened_to_them_by_name_and_only_once() {
    let mut world = World::new(50);
    let mut members = three(&mut world);
    let [maya, ben, _] = &mut members;
    let invite = world.commit(maya, &Command::Invite { role: VERIFIER, uses: 1, reviewed: false });
    exchange(maya, ben);
    let kim = world.joiner(maya, &invite, "Kim");
    let (device, join) = world.join(ben, &invite, "Ola").unwrap();
    let ola = MemberId(join.id().0);
    take(ben, &[join]);
    let mut members: Vec<Replica> = members.into_iter().chain([kim]).collect();
    settle(&world, &mut members);
    assert!(!members[1].authority().has_a_place(members[1].logs(), ola));
    let task = world.commit(&mut members[1], &at(VERIFIER, "Check the stamps")).task.unwrap();
    // So that others than the readers of one role have its key.
    let zoe = members[2].me().unwrap();
    for member in [zoe, ola] {
        world.commit(&mut members[1], &Command::WidenTo { task, member });
    }
    settle(&world, &mut members);
    let mut ola = Replica::new(members[1].pursuance(), device);
    exchange(&mut members[1], &mut ola);
    assert!(reads(&ola, task));
}

/// Kim is handed the epoch when she has all entries, and opens them in no order: that Zoe was handed a key she may see before the key.
#[test]
fn who_comes_later_knows_to_whom_a_task_was_opened_whatever_they_open_first() {
    let mut world = World::new(47);
    let mut members = three(&mut world);
    let tasks: Vec<TaskId> = { 0..8 }
        .map(|number| {
            let task = world.commit(&mut members[1], &at(VERIFIER, &format!("Stamp {number}"))).task.unwrap();
            let member = members[2].me().unwrap();
            world.commit(&mut members[1], &Command::WidenTo { task, member });
            task
        })
        .collect();
    settle(&world, &mut members);
    let [maya, ben, zoe] = &mut members;
    assert!(tasks.iter().all(|task| reads(zoe, *task)));
    let invite = world.commit(maya, &Command::Invite { role: VERIFIER, uses: 1, reviewed: false });
    let mut kim = world.joiner(maya, &invite, "Kim");
    exchange(maya, ben);
    exchange(ben, &mut kim);
    let welcome = ben.welcome(kim.device().author(), world.now_seconds).expect("Kim reads there");
    take(ben, &[welcome]);
    exchange(ben, &mut kim);
    assert!(tasks.iter().all(|task| reads(&kim, *task)), "Kim opens what she had when the secret came");
    let member = zoe.me().unwrap();
    for task in &tasks {
        world.commit(ben, &Command::NarrowTo { task: *task, member });
    }
    exchange(ben, &mut kim);
    exchange(ben, zoe);
    for task in tasks {
        let said = world.commit(&mut kim, &comment(task, "This one is forged")).entries;
        exchange(&mut kim, ben);
        exchange(&mut kim, zoe);
        let said = said.last().unwrap();
        assert!(opens(ben, said) && !opens(zoe, said), "the task was taken from Zoe, and Kim knows it");
    }
}

#[test]
fn who_is_granted_a_role_later_reads_from_the_beginning_once_somebody_hands_it_on() {
    let mut world = World::new(32);
    let mut members = three(&mut world);
    let [maya, ben, zoe] = &mut members;
    let task = world.commit(ben, &at(VERIFIER, "Check the stamps")).task.unwrap();
    exchange(maya, ben);
    exchange(maya, zoe);
    let grant = Command::Grant { member: zoe.me().unwrap(), role: VERIFIER };
    world.commit(maya, &grant);
    exchange(maya, zoe);
    assert!(!reads(zoe, task) && maya.unwelcomed().is_empty(), "a steward cannot hand on what they do not hold");
    exchange(maya, ben);
    assert_eq!(ben.unwelcomed(), [zoe.device().author()]);
    let welcome = ben.welcome(zoe.device().author(), world.now_seconds).unwrap();
    take(ben, &[welcome]);
    exchange(ben, zoe);
    assert!(reads(zoe, task) && ben.unwelcomed().is_empty());
    let said = world.commit(zoe, &comment(task, "All three are forged"));
    assert_eq!(said.entries.len(), 1, "with the epoch and the key that there are");
}

/// Epochs lead back one to the next, also where the entries that made them came before any of their secrets.
#[test]
fn who_is_granted_a_role_after_its_keys_changed_reads_from_the_beginning() {
    let mut world = World::new(41);
    let mut members = three(&mut world);
    let [maya, ben, zoe] = &mut members;
    let said: Vec<TaskId> = (0..4)
        .map(|month| {
            world.now_seconds += EPOCH_RENEWAL_SECONDS;
            let said = world.commit(ben, &at(VERIFIER, "Check the stamps"));
            assert_eq!(said.entries.len(), 2, "month {month}: a new epoch");
            exchange(ben, zoe);
            said.task.unwrap()
        })
        .collect();
    world.commit(maya, &Command::Grant { member: zoe.me().unwrap(), role: VERIFIER });
    exchange(maya, ben);
    let welcome = ben.welcome(zoe.device().author(), world.now_seconds).unwrap();
    take(ben, &[welcome]);
    assert!(ben.unwelcomed().is_empty(), "the newest leads back to all");
    exchange(ben, zoe);
    assert_eq!(said.iter().map(|task| reads(zoe, *task)).collect::<Vec<_>>(), [true; 4]);
}

/// Nobody went; what was copied a month ago opens the task's older words, and none that come after its key and the role's were renewed.
#[test]
fn the_key_of_a_task_follows_the_epoch_of_its_role() {
    for home in [VERIFIER, RoleId::EVERYONE] {
        let mut world = World::new(42);
        let mut members = three(&mut world);
        let [maya, ben, _] = &mut members;
        let task = world.commit(ben, &at(home, "Check the stamps")).task.unwrap();
        let before = world.commit(ben, &comment(task, "Before"));
        assert_eq!(before.entries.len(), 1);
        let mut thief = Replica::new(ben.pursuance(), DeviceKeys::from_seed(*ben.device().seed()));
        thief.take_up_epochs(ben.authority().epochs().keys().filter_map(|(id, _)| ben.epoch(*id).cloned()));
        world.now_seconds += EPOCH_RENEWAL_SECONDS;
        let mut seed = Seed::new(world.rng.random());
        let (renewed, secret) = ben.renew_package(world.now_seconds, &mut seed).expect("it is time");
        take(ben, &[renewed]);
        ben.hold_package(secret);
        if home == RoleId::EVERYONE {
            assert!(ben.is_epoch_old(home, world.now_seconds), "by Ben, who made none yet");
            let made = ben.rotate(world.now_seconds, &mut seed).expect("is here");
            take(ben, &[made]);
        }
        let after = world.commit(ben, &comment(task, "After"));
        assert_eq!(
            after.entries.len(),
            if home == RoleId::EVERYONE { 1 } else { 2 },
            "an epoch for the role comes with it"
        );
        let next = world.commit(ben, &comment(task, "Next"));
        assert_eq!(next.entries.len(), 1);
        let generations: Vec<u32> = ben.task_keys().of(task).iter().map(|held| held.generation).collect();
        assert_eq!(generations, [0, 1], "one new key, and not one for each thing that is said");
        ben.logs().iter().for_each(|entry| drop(thief.append(entry.clone())));
        let last = |said: &pursuance_core::plan::Authored| said.entries.last().unwrap().clone();
        assert!(opens(&thief, &last(&before)), "the control");
        assert!(!opens(&thief, &last(&after)) && !opens(&thief, &last(&next)));
        exchange(maya, ben);
        assert!(home != RoleId::EVERYONE || opens(maya, &last(&next)), "others come to it by the epoch");
    }
}

#[test]
fn who_loses_a_role_reads_nothing_that_is_said_to_it_afterwards() {
    let mut world = World::new(33);
    let mut members = three(&mut world);
    let [maya, ben, zoe] = &mut members;
    let zoe_reads = Command::Grant { member: zoe.me().unwrap(), role: VERIFIER };
    let granted = world.commit(maya, &zoe_reads).entries[0].id();
    let task = world.commit(ben, &at(VERIFIER, "Check the stamps")).task.unwrap();
    settle(&world, &mut members);
    let [maya, ben, zoe] = &mut members;
    assert!(reads(zoe, task), "the control");
    let before = world.commit(zoe, &comment(task, "Mine"));
    exchange(zoe, ben);
    exchange(zoe, maya);

    let grant = pursuance_core::entry::GrantRef { entry: granted, op: 0 };
    world.commit(maya, &Command::RevokeGrant { grant });
    exchange(maya, ben);
    let after = world.commit(ben, &comment(task, "What she is not to know"));
    assert_eq!(after.entries.len(), 2, "a new epoch, and a new key of the task with it");
    let next = world.commit(ben, &comment(task, "Nor this"));
    assert_eq!(next.entries.len(), 1);
    for said in after.entries.iter().chain(&next.entries) {
        zoe.receive(said.clone());
    }
    exchange(maya, zoe);
    assert!(zoe.is_here() && reads(zoe, task));
    let thread = |member: &Replica| member.tasks().task(task).unwrap().comment_count;
    assert_eq!((thread(zoe), thread(ben)), (1, 3));
    assert!(opens(zoe, &before.entries[0]) && !opens(zoe, &after.entries[1]) && !opens(zoe, &next.entries[0]));
    assert!(world.act(zoe, &comment(task, "I still write")).is_err());
}

#[test]
fn an_entry_for_a_role_one_does_not_read_is_refused_everywhere() {
    let mut world = World::new(34);
    let mut members = three(&mut world);
    let [_, ben, zoe] = &mut members;
    world.commit(ben, &at(VERIFIER, "Check the stamps"));
    exchange(ben, zoe);
    let known: Vec<EntryId> = zoe.logs().iter().map(Entry::id).collect();
    assert_eq!(world.act(zoe, &at(VERIFIER, "Mine")).err(), not_allowed(zoe, VERIFIER));
    assert_eq!(zoe.logs().iter().count(), known.len());
}

/// An epoch of a role, made by a member's changed client: `seal` says what each reader gets instead of the secret, `None` for the
/// secret itself.
fn forged(maker: &Replica, role: RoleId, seal: impl Fn(AuthorId) -> Option<Vec<u8>>) -> (Entry, EpochSecret) {
    let secret = EpochSecret::new([0x5e; 32]);
    let mut packages: Vec<_> = maker.authority().packages_known(maker.logs());
    let reads =
        |author: AuthorId| maker.authority().readers(role).any(|(_, member)| member.devices.contains_key(&author));
    packages.retain(|(.., author)| reads(*author));
    packages.sort_by_key(|(id, ..)| *id);
    let ids: Vec<[u8; 32]> = packages.iter().map(|(id, ..)| *id).collect();
    let seals = packages.iter().map(|(id, package, author)| Seal {
        tag: package_tag(id),
        sealed: seal(*author).unwrap_or_else(|| secret.seal_to(maker.pursuance(), role, package).unwrap()),
    });
    let op = Op::RoleEpoch(RoleEpoch {
        role,
        epoch: secret.id(),
        parents: Vec::new(),
        readers: readers_hash(&ids),
        seals: seals.collect(),
        backlinks: Vec::new(),
    });
    (signed(maker, Content::Public(vec![op])), secret)
}

/// What a changed client signs next.
fn signed(maker: &Replica, content: Content) -> Entry {
    let author = maker.device().author();
    let tip = maker.logs().tip(author).expect("has written");
    let body = Body {
        author,
        seq: tip.seq + 1,
        prev: Some(tip.id),
        heads: maker.logs().heads_for(author),
        by: Some(maker.authority().members()[&maker.me().unwrap()].grant),
        claimed_seconds: 1_790_000_000,
        checkpoints: Vec::new(),
        content,
    };
    Entry::sign(&maker.device().signing, Some(maker.pursuance()), &body)
}

/// Three who verify, one of them with a changed client.
fn verifiers(world: &mut World) -> [Replica; 3] {
    let mut maya = world.founder_with(desks());
    let mut members: Vec<Replica> = ["Ann", "Ben", "Mallory"]
        .into_iter()
        .map(|name| {
            let invite = world.commit(&mut maya, &Command::Invite { role: VERIFIER, uses: 1, reviewed: false });
            world.joiner(&mut maya, &invite, name)
        })
        .collect();
    members.push(maya);
    settle(world, &mut members);
    members.pop();
    members.try_into().unwrap_or_else(|_| unreachable!("three"))
}

#[test]
fn a_seal_that_opens_for_some_only_is_found_and_made_good_by_whoever_reads() {
    let mut world = World::new(35);
    let mut members = verifiers(&mut world);
    let [ann, ben, mallory] = &mut members;
    let victim = ben.device().author();
    let (epoch, secret) = forged(mallory, VERIFIER, |to| (to == victim).then(|| vec![7; 1_168]));
    take(mallory, &[epoch]);
    exchange(mallory, ann);
    exchange(mallory, ben);
    assert!(ann.epoch(secret.id()).is_some() && ben.epoch(secret.id()).is_none(), "the control");
    // Ann holds the secret, makes the seals again, and sees which one is none.
    assert_eq!(ann.unwelcomed(), [victim]);
    assert!(ann.usable_epoch_of(VERIFIER).is_none(), "it leaves somebody out");
    let said = world.commit(ann, &at(VERIFIER, "For Ben too, whatever Mallory wanted"));
    assert_eq!(said.entries.len(), 2, "with an epoch of her own");
    settle(&world, &mut members);
    for member in &mut members {
        assert!(reads(member, said.task.unwrap()) && member.unwelcomed().is_empty());
        assert!(member.epoch(secret.id()).is_some(), "what was said with it all the same can be read");
    }
}

#[test]
fn an_epoch_that_opens_for_nobody_keeps_nobody_from_reading_and_writing() {
    let mut world = World::new(36);
    let mut members = verifiers(&mut world);
    let [ann, ben, mallory] = &mut members;
    let (epoch, _) = forged(mallory, VERIFIER, |_| Some(vec![7; 1_168]));
    take(mallory, &[epoch]);
    exchange(mallory, ann);
    exchange(mallory, ben);
    let said = world.commit(ann, &at(VERIFIER, "Check the stamps"));
    assert_eq!(said.entries.len(), 2, "with an epoch of her own");
    settle(&world, &mut members);
    assert!(members.iter().all(|member| reads(member, said.task.unwrap())));
}

#[test]
fn the_secret_of_one_role_given_to_another_is_used_no_more() {
    let mut world = World::new(37);
    let mut members = three(&mut world);
    let [maya, ben, zoe] = &mut members;
    world.commit(ben, &at(VERIFIER, "Check the stamps"));
    exchange(ben, maya);
    exchange(ben, zoe);
    let before = ben.usable_epoch_of(VERIFIER).expect("just made").clone();
    // Ben's copy of his own folder says at once, knowing nothing of it, that this is the redactors' epoch.
    let id = before.id();
    let to = zoe.device().key_package().clone();
    let also: Vec<_> =
        ben.authority().packages_known(ben.logs()).into_iter().map(|(_, package, _)| package.clone()).collect();
    let readers = |all: &[KeyPackage], sealed: &dyn Fn(&KeyPackage) -> Vec<u8>| {
        let mut ids: Vec<_> = all.iter().map(|package| (package.id(), package.clone())).collect();
        ids.sort_by_key(|(id, _)| *id);
        let seals = ids.iter().map(|(id, package)| Seal { tag: package_tag(id), sealed: sealed(package) }).collect();
        (readers_hash(&ids.iter().map(|(id, _)| *id).collect::<Vec<_>>()), seals)
    };
    assert!(also.len() == 3 && also.contains(&to));
    let desk: Vec<KeyPackage> = vec![ben.device().key_package().clone(), to];
    for (case, given_away) in [("garbage", false), ("the secret", true)] {
        let sealed = |package: &KeyPackage| {
            if given_away { before.seal_to(ben.pursuance(), REDACTOR, package).unwrap() } else { vec![7; 1_168] }
        };
        let (hash, seals) = readers(&desk, &sealed);
        let op = RoleEpoch { role: REDACTOR, epoch: id, parents: vec![], readers: hash, seals, backlinks: vec![] };
        // Zoe, who reads for redactors, signs it beside: her past does not have the verifiers' epoch.
        let mut other = Replica::new(zoe.pursuance(), DeviceKeys::from_seed(*zoe.device().seed()));
        for entry in
            zoe.logs().iter().filter(|entry| entry.body().author != ben.device().author() || entry.body().seq == 0)
        {
            other.receive(entry.clone());
        }
        let act = signed(&other, Content::Public(vec![Op::RoleEpoch(op)]));
        let mut reader = Replica::new(ben.pursuance(), DeviceKeys::from_seed(*ben.device().seed()));
        reader.learn_epoch(before.clone());
        ben.logs().iter().for_each(|entry| drop(reader.append(entry.clone())));
        reader.receive(act.clone());
        assert_eq!(reader.logs().standing(act.id()), Some(Standing::Counts), "{case}");
        assert_eq!(reader.usable_epoch_of(VERIFIER).is_some(), !given_away, "{case}");
        // Whoever holds it hands it to her as hers only if somebody did so already: the entry alone needs no secret.
        let due = reader.unwelcomed();
        let mut welcomes = due.into_iter().filter_map(|to| reader.welcome(to, world.now_seconds));
        let hands = |entry: Entry| match &entry.body().content {
            Content::Public(ops) => {
                ops.iter().any(|op| matches!(op, Op::Welcome(handed) if handed.epoch == id && handed.role == REDACTOR))
            }
            Content::Role(_) => false,
        };
        assert!(!welcomes.any(hands), "{case}");
    }
}

#[test]
fn a_flood_of_key_packages_makes_no_epoch_longer() {
    let mut world = World::new(38);
    let [mut ann, mut ben, mut mallory] = verifiers(&mut world);
    for number in 0..200u8 {
        let package = DeviceKeys::from_seed([number; 32]).key_package().clone();
        let flood = signed(&mallory, Content::Public(vec![Op::KeyPackage(package)]));
        take(&mut mallory, &[flood]);
    }
    exchange(&mut mallory, &mut ann);
    exchange(&mut ann, &mut ben);
    let made = world.commit(&mut ann, &at(VERIFIER, "Check the stamps")).entries.remove(0);
    let Content::Public(ops) = &made.body().content else { panic!("an epoch comes first") };
    let [Op::RoleEpoch(made)] = &ops[..] else { panic!("alone") };
    assert_eq!(made.seals.len(), 3, "the newest of each device");
}

#[test]
fn a_storm_of_rotations_ends_with_one_epoch() {
    let members = std::env::var("PURSUANCE_STORM").map_or(16, |count| count.parse().expect("a number"));
    let mut world = World::new(39);
    let mut maya = world.founder_with(desks());
    let mut others = Vec::new();
    for number in 0..members {
        let invite = world.commit(&mut maya, &Command::Invite { role: VERIFIER, uses: 1, reviewed: false });
        others.push(world.joiner(&mut maya, &invite, &format!("Member {number}")));
    }
    let all = |maya: &mut Replica, others: &mut [Replica]| {
        for _ in 0..2 {
            others.iter_mut().for_each(|other| exchange(maya, other));
        }
    };
    all(&mut maya, &mut others);
    let gone = others.pop().expect("several").me().unwrap();
    world.commit(&mut maya, &Command::RemoveMember { member: gone, roles: Vec::new() });
    others.iter_mut().for_each(|other| exchange(&mut maya, other));
    // Nobody waits for anybody.
    for other in &mut others {
        let made = other.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
        take(other, &[made]);
        world.commit(other, &at(VERIFIER, "Mine"));
    }
    all(&mut maya, &mut others);
    let used: BTreeSet<_> = others.iter().map(|other| other.usable_epoch().map(EpochSecret::id)).collect();
    let of_role: BTreeSet<_> =
        others.iter().map(|other| other.usable_epoch_of(VERIFIER).map(EpochSecret::id)).collect();
    assert_eq!((used.len(), of_role.len()), (1, 1));
    assert!(!used.contains(&None) && !of_role.contains(&None));
    for other in &mut others {
        assert!(!other.needs_epoch() && other.unwelcomed().is_empty(), "nothing more is made");
        assert_eq!(world.commit(other, &at(VERIFIER, "Next")).entries.len(), 1);
    }
}

#[test]
fn before_a_removal_it_is_said_what_somebody_could_read_and_goes_on_reading() {
    let mut world = World::new(40);
    let mut members = three(&mut world);
    let [maya, ben, zoe] = &mut members;
    world.commit(maya, &Command::create_task("For all"));
    world.commit(maya, &Command::Grant { member: ben.me().unwrap(), role: REDACTOR });
    exchange(maya, ben);
    world.commit(ben, &at(VERIFIER, "Check the stamps"));
    world.commit(zoe, &at(REDACTOR, "Black out the names"));
    settle(&world, &mut members);
    let [_, ben, zoe] = &members;
    let (him, her) = (ben.me().unwrap(), zoe.me().unwrap());
    let told = |by: &Replica, who: MemberId, roles: &[RoleId]| {
        let effects = by.effects(who, roles).expect("a member");
        let reads: Vec<RoleId> = effects.reads.iter().map(|readers| readers.role).collect();
        (reads, effects.goes_on_reading, effects.readable_tasks)
    };
    assert_eq!(told(ben, him, &[]), (vec![VERIFIER, REDACTOR], vec![], 3));
    assert_eq!(told(ben, him, &[VERIFIER]), (vec![VERIFIER, REDACTOR], vec![REDACTOR], 3));
    assert_eq!(told(ben, her, &[]), (vec![REDACTOR], vec![], 2), "of the three that he knows");
    assert_eq!(told(zoe, him, &[]), (vec![VERIFIER, REDACTOR], vec![], 2), "of the two that she knows");
}

#[test]
fn what_was_opened_to_somebody_counts_as_read_though_it_was_closed_again() {
    let mut world = World::new(41);
    let mut members = three(&mut world);
    let [_, ben, zoe] = &mut members;
    let her = zoe.me().unwrap();
    let mut task = || world.commit(ben, &at(VERIFIER, "Check the stamps")).task.expect("a task");
    let (by_name, by_role, shut, _) = (task(), task(), task(), task());
    for command in [
        Command::WidenTo { task: by_name, member: her },
        Command::Widen { task: by_role, role: REDACTOR },
        Command::WidenTo { task: shut, member: her },
        Command::NarrowTo { task: shut, member: her },
    ] {
        world.commit(ben, &command);
    }
    assert_eq!(ben.effects(her, &[]).expect("a member").readable_tasks, 3);
}

/// Zoe reads nothing of the verifiers, and sees the ids of their epochs. She says of one that it is everyone's, as if it were sealed to a
/// computer too that Ben took out.
#[test]
fn a_seal_that_is_none_gives_nothing_away_to_a_computer_that_was_taken_out() {
    for given_away in [false, true] {
        let mut world = World::new(41);
        let [mut maya, mut ben, mut zoe] = three(&mut world);
        let second = world.device();
        let added = ben.add_device(&second, world.now_seconds).expect("room");
        take(&mut ben, &[added]);
        exchange(&mut ben, &mut maya);
        exchange(&mut ben, &mut zoe);
        world.commit(&mut ben, &Command::RemoveDevice { author: second.author() });
        world.commit(&mut ben, &at(VERIFIER, "Check the stamps"));
        let used = ben.usable_epoch_of(VERIFIER).expect("just made").clone();
        // She knows neither of what took it out nor of the epoch.
        let packages = zoe.authority().packages_known(zoe.logs());
        let ids: Vec<[u8; 32]> = packages.iter().map(|(id, ..)| *id).collect();
        let seals = packages.iter().map(|(id, package, author)| Seal {
            tag: package_tag(id),
            sealed: if given_away && *author == second.author() {
                used.seal_to(zoe.pursuance(), RoleId::EVERYONE, package).unwrap()
            } else {
                vec![7; 1_168]
            },
        });
        let op = Op::RoleEpoch(RoleEpoch {
            role: RoleId::EVERYONE,
            epoch: used.id(),
            parents: Vec::new(),
            readers: readers_hash(&ids),
            seals: seals.collect(),
            backlinks: Vec::new(),
        });
        let act = signed(&zoe, Content::Public(vec![op]));
        take(&mut zoe, std::slice::from_ref(&act));
        exchange(&mut zoe, &mut ben);
        assert_eq!(ben.logs().standing(act.id()), Some(Standing::Counts), "the control");
        let next = world.commit(&mut ben, &at(VERIFIER, "Check the dates"));
        assert_eq!(next.entries.len(), if given_away { 2 } else { 1 }, "{given_away}");
    }
}
