//! A further computer by code and phrase, and coming back with the phrase after a theft (docs/protocol/04-authority.md, "Devices";
//! 07-joining.md, "A further computer").

#[path = "people/mod.rs"]
mod people;

use people::{World, create, exchange, take};
use pursuance_core::authority::Verdict;
use pursuance_core::code::{Answer, CodeSecret, DeviceCode};
use pursuance_core::command::Command;
use pursuance_core::crypto::{Seed, SigningKey};
use pursuance_core::entry::{Body, Content, Entry};
use pursuance_core::founding::{MEMBER, ORGANISER};
use pursuance_core::id::TaskId;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::limits::MAX_DEVICES;
use pursuance_core::op::{Op, RecoveryKey};
use pursuance_core::recovery::{RECOVERY_BYTES, RecoverySecret};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_wire::RelayAddress;
use rand::RngExt;
use zeroize::Zeroizing;

fn phrase(byte: u8) -> RecoverySecret {
    RecoverySecret::new([byte; RECOVERY_BYTES])
}

fn relay() -> RelayAddress {
    let key = |byte| SigningKey::from_seed(&Zeroizing::new([byte; 32])).author().0;
    RelayAddress::new(key(2), key(3)).expect("two keys")
}

fn declare(world: &mut World, replica: &mut Replica, secret: &RecoverySecret) -> Entry {
    let me = replica.may_declare_recovery_key().expect("none was declared");
    let key = RecoveryKey::new(replica.pursuance(), me, &secret.key(replica.pursuance()));
    world.now_seconds += 10;
    let entry = replica.declare_recovery_key(key, world.now_seconds).expect("it agreed");
    take(replica, std::slice::from_ref(&entry));
    entry
}

fn code(world: &mut World, replica: &Replica) -> Result<DeviceCode, Refusal> {
    replica.code(relay(), 0, 5, CodeSecret::new(world.rng.random()))
}

/// Adds a computer of whoever `first` is, as the two computers do, and hands it all that `first` has.
fn second_computer(world: &mut World, first: &mut Replica, secret: &RecoverySecret) -> Replica {
    let code = code(world, first).expect("there is a key");
    let code = DeviceCode::parse(&code.to_text()).expect("whole");
    let device = world.device();
    let answer = code.answer(&device, secret).expect("the phrase");
    let answer = Answer::decode(&answer.encode()).expect("strict");
    let added = first.enrol(&code, &answer, world.now_seconds).expect("it proved itself");
    take(first, &[added]);
    let mut second = Replica::new(first.pursuance(), device);
    while let Some(to) = first.unwelcomed().first().copied() {
        let welcome = first.welcome(to, world.now_seconds).expect("the epoch is held");
        take(first, std::slice::from_ref(&welcome));
        second.append(welcome);
    }
    exchange(first, &mut second);
    assert!(second.is_member() && second.me() == first.me());
    second
}

/// The same computer, with all that it knows and other keys: what a node makes of it.
fn as_device(replica: &mut Replica, device: DeviceKeys) -> Replica {
    let mut other = Replica::new(replica.pursuance(), device);
    for secret in replica.take_learned() {
        other.learn_epoch(secret);
    }
    replica.logs().iter().for_each(|entry| drop(other.append(entry.clone())));
    other
}

fn recover(world: &mut World, replica: &mut Replica, secret: &RecoverySecret) -> (Replica, Entry) {
    let device = world.device();
    let entry = replica.recover(&device, secret, world.now_seconds).expect("it can");
    let mut back = as_device(replica, device);
    take(&mut back, std::slice::from_ref(&entry));
    (back, entry)
}

fn rotate(world: &mut World, replica: &mut Replica) -> Entry {
    assert!(replica.needs_epoch());
    let entry = replica.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("it can");
    take(replica, std::slice::from_ref(&entry));
    entry
}

fn counts(replica: &Replica, entry: &Entry) -> bool {
    replica.authority().verdict(entry.id()) == Some(&Verdict::Counts)
}

fn held(replica: &Replica, entry: &Entry) -> bool {
    matches!(replica.authority().verdict(entry.id()), Some(Verdict::Held(_)))
}

fn devices(replica: &Replica) -> usize {
    replica.authority().members()[&replica.me().expect("a member")].devices.len()
}

fn reads(replica: &Replica, task: TaskId) -> bool {
    replica.tasks().task(task).is_some()
}

/// Maya with a phrase, and Ben.
fn two(world: &mut World) -> (Replica, Replica) {
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 3, reviewed: false });
    let mut ben = world.joiner(&mut maya, &invite, "Ben");
    declare(world, &mut maya, &phrase(7));
    exchange(&mut maya, &mut ben);
    (maya, ben)
}

#[test]
fn a_further_computer_comes_by_code_and_phrase_and_reads_what_was_there() {
    let mut world = World::new(1);
    let (mut maya, mut ben) = two(&mut world);
    let before = world.commit(&mut ben, &create("Photograph the permits", None)).task.expect("a task");
    exchange(&mut maya, &mut ben);
    let mut second = second_computer(&mut world, &mut maya, &phrase(7));
    assert!(reads(&second, before));
    // Whatever it writes is its member's.
    let mine = world.commit(&mut second, &create("Bring a lens", None)).task.expect("a task");
    exchange(&mut second, &mut ben);
    assert!(reads(&ben, mine) && ben.people().members.len() == 2 && ben.digest() == second.digest());
    assert_eq!(devices(&maya), 2);
}

#[test]
fn neither_the_code_nor_the_phrase_is_enough() {
    let mut world = World::new(2);
    let (mut maya, ben) = two(&mut world);
    // Who declared no key has no code to show.
    assert_eq!(code(&mut world, &ben).err(), Some(Refusal::NoRecoveryKey));
    let shown = code(&mut world, &maya).expect("there is a key");
    let device = world.device();
    assert_eq!(shown.answer(&device, &phrase(8)).err(), Some(Refusal::OtherRecoveryKey));
    let answer = shown.answer(&device, &phrase(7)).expect("the phrase");
    // Signed with another key, by whoever has the code and changed what it says.
    let other = DeviceCode { recovery: phrase(8).key(maya.pursuance()).author().0, ..shown.clone() };
    let forged = other.answer(&device, &phrase(8)).expect("its own phrase");
    let now = world.now_seconds;
    for (of, answer) in [(&shown, &forged), (&other, &forged), (&other, &answer)] {
        assert_eq!(maya.enrol(of, answer, now).err(), Some(Refusal::OtherRecoveryKey));
    }
    // For another code, and at another member's computer.
    let next = code(&mut world, &maya).expect("there is a key");
    assert_eq!(maya.enrol(&next, &answer, now).err(), Some(Refusal::OtherRecoveryKey));
    assert_eq!(ben.enrol(&shown, &answer, now).err(), Some(Refusal::NoRecoveryKey));
    let added = maya.enrol(&shown, &answer, now).expect("it proved itself");
    take(&mut maya, &[added]);
    // Said again, it adds nothing.
    assert_eq!(maya.enrol(&shown, &answer, now).err(), Some(Refusal::BadKeys));
    while devices(&maya) < MAX_DEVICES {
        let added = maya.add_device(&world.device(), now).expect("there is room");
        take(&mut maya, &[added]);
    }
    assert_eq!(code(&mut world, &maya).err(), Some(Refusal::TooMany { max: 16 }));
    let last = next.answer(&world.device(), &phrase(7)).expect("the phrase");
    assert_eq!(maya.enrol(&next, &last, now).err(), Some(Refusal::TooMany { max: 16 }));
    // One key for a member, and only one that agreed.
    assert_eq!(maya.may_declare_recovery_key().err(), Some(Refusal::NothingToChange));
    let me = ben.me().expect("a member");
    let foreign = RecoveryKey::new(ben.pursuance(), maya.me().expect("a member"), &phrase(9).key(ben.pursuance()));
    assert_eq!(ben.declare_recovery_key(foreign, now).err(), Some(Refusal::BadKeys));
    let good = RecoveryKey::new(ben.pursuance(), me, &phrase(9).key(ben.pursuance()));
    assert!(ben.declare_recovery_key(good, now).is_ok());
}

#[test]
fn a_stolen_computer_is_shut_out_whatever_it_signs() {
    let mut world = World::new(3);
    let (mut maya, mut ben) = two(&mut world);
    let mut thief = second_computer(&mut world, &mut maya, &phrase(7));
    let known = world.commit(&mut thief, &create("Before the theft", None)).task.expect("a task");
    exchange(&mut thief, &mut maya);
    exchange(&mut maya, &mut ben);
    // It cannot put the first one out; it brings one of its own in, and makes a link, which nobody knows yet.
    let remove = Command::RemoveDevice { author: maya.device().author() };
    assert_eq!(world.act(&thief, &remove).err(), Some(Refusal::NotSenior));
    let accomplice = world.device();
    let adds = thief.add_device(&accomplice, world.now_seconds).expect("any device may");
    take(&mut thief, std::slice::from_ref(&adds));
    let link = world.commit(&mut thief, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let task = world.commit(&mut thief, &create("By the thief", None));
    assert_eq!(maya.recover(&world.device(), &phrase(8), 0).err(), Some(Refusal::OtherRecoveryKey));
    let (mut back, recovers) = recover(&mut world, &mut maya, &phrase(7));
    assert!(counts(&back, &recovers) && back.is_here() && devices(&back) == 1);
    rotate(&mut world, &mut back);
    let after = world.commit(&mut back, &create("After the theft", None)).task.expect("a task");
    // Everybody hears of everything, in either order.
    let mut other_ben = as_device(&mut ben, DeviceKeys::from_seed([99; 32]));
    exchange(&mut thief, &mut other_ben);
    exchange(&mut back, &mut ben);
    exchange(&mut thief, &mut ben);
    exchange(&mut back, &mut thief);
    exchange(&mut back, &mut other_ben);
    exchange(&mut thief, &mut back);
    for replica in [&ben, &back, &thief] {
        let lost = [&adds, &link.entries[0], &task.entries[0]];
        assert!(counts(replica, &recovers) && lost.into_iter().all(|entry| held(replica, entry)));
        assert_eq!(replica.people().members.len(), 2);
    }
    assert_eq!(ben.authority().members()[&back.me().expect("a member")].devices.len(), 1);
    assert!(reads(&ben, after) && reads(&ben, known) && !reads(&thief, after));
    assert_eq!((thief.absence(), world.act(&thief, &create("x", None)).err()), {
        let out = Some(Refusal::DeviceRemoved);
        (out.clone(), out)
    });
    assert!(!ben.tasks().iter().any(|(id, _)| Some(id) == task.task));
    assert!(back.unwelcomed().is_empty() && !ben.needs_epoch());
    // What its own device would have read is not for it either.
    let mut accomplice = as_device(&mut thief, accomplice);
    exchange(&mut back, &mut accomplice);
    assert!(!reads(&accomplice, after) && accomplice.absence() == Some(Refusal::DeviceRemoved));
}

#[test]
fn who_has_the_first_computer_neither_goes_nor_throws_the_owner_out() {
    let mut world = World::new(4);
    let (mut thief, mut ben) = two(&mut world);
    // Somebody else could change the rules, so she may go.
    let organiser = Command::Grant { member: ben.me().expect("a member"), role: ORGANISER };
    world.commit(&mut thief, &organiser);
    let mut owner = second_computer(&mut world, &mut thief, &phrase(7));
    exchange(&mut owner, &mut ben);
    // It takes the owner's computer out, says that the member goes, and on a second history that its key is the recovery key.
    let genesis_tip = thief.logs().iter().find(|entry| entry.body().seq == 1).expect("the first epoch").clone();
    let me = thief.me().expect("a member");
    let removes = world.commit(&mut thief, &Command::RemoveDevice { author: owner.device().author() });
    let rival = RecoveryKey::new(thief.pursuance(), me, &phrase(66).key(thief.pursuance()));
    let body = Body {
        author: thief.device().author(),
        seq: 2,
        prev: Some(genesis_tip.id()),
        heads: vec![],
        by: genesis_tip.body().by,
        claimed_seconds: 0,
        checkpoints: vec![],
        content: Content::Public(vec![Op::RecoveryKey(rival)]),
    };
    let rival = Entry::sign(&thief.device().signing, Some(thief.pursuance()), &body);
    let invite = world.commit(&mut ben, &create("Seen by all", None));
    exchange(&mut thief, &mut ben);
    let leaves = world.commit(&mut thief, &Command::Leave);
    let mut forked = as_device(&mut thief, DeviceKeys::from_seed([98; 32]));
    forked.append(rival.clone());
    exchange(&mut forked, &mut ben);
    exchange(&mut forked, &mut owner);
    // To the owner's computer it looks as if everything were lost.
    assert!(owner.absence().is_some() && counts(&owner, &leaves.entries[0]) && counts(&owner, &removes.entries[0]));
    let (mut back, recovers) = recover(&mut world, &mut owner, &phrase(7));
    assert!(counts(&back, &recovers) && back.is_here(), "{:?}", back.authority().verdict(recovers.id()));
    rotate(&mut world, &mut back);
    let after = world.commit(&mut back, &create("After the theft", None)).task.expect("a task");
    exchange(&mut back, &mut ben);
    for replica in [&back, &ben] {
        assert!(held(replica, &leaves.entries[0]) && held(replica, &rival));
        assert_eq!(replica.people().members.len(), 2);
    }
    assert!(reads(&ben, after) && reads(&ben, invite.task.expect("a task")));
    exchange(&mut back, &mut thief);
    assert!(!reads(&thief, after) && devices(&back) == 1 && ben.digest() == back.digest());
}

#[test]
fn a_computer_that_was_taken_out_and_missed_what_came_after_comes_back() {
    let mut world = World::new(5);
    let (mut thief, mut ben) = two(&mut world);
    let mut owner = second_computer(&mut world, &mut thief, &phrase(7));
    world.commit(&mut thief, &Command::RemoveDevice { author: owner.device().author() });
    rotate(&mut world, &mut thief);
    exchange(&mut thief, &mut ben);
    let missed = world.commit(&mut ben, &create("While the owner was out", None)).task.expect("a task");
    // The owner hears nothing of that: only what stands under epochs that it holds.
    let (mut back, recovers) = recover(&mut world, &mut owner, &phrase(7));
    rotate(&mut world, &mut back);
    exchange(&mut back, &mut ben);
    assert!(counts(&ben, &recovers));
    while let Some(to) = ben.unwelcomed().first().copied() {
        let welcome = ben.welcome(to, world.now_seconds).expect("the epoch is held");
        take(&mut ben, &[welcome]);
    }
    exchange(&mut back, &mut ben);
    assert!(reads(&back, missed) && back.absence().is_none());
    let after = world.commit(&mut ben, &create("After the theft", None)).task.expect("a task");
    exchange(&mut ben, &mut back);
    exchange(&mut ben, &mut thief);
    assert!(reads(&back, after) && !reads(&thief, after));
    // Stolen once more, with the same phrase.
    let (again, _) = recover(&mut world, &mut back, &phrase(7));
    assert!(again.is_here() && devices(&again) == 1);
}

#[test]
fn the_phrase_does_not_bring_back_whom_others_removed() {
    let mut world = World::new(6);
    let (mut maya, mut ben) = two(&mut world);
    declare(&mut world, &mut ben, &phrase(9));
    exchange(&mut ben, &mut maya);
    world.commit(&mut maya, &Command::RemoveMember { member: ben.me().expect("a member"), roles: vec![] });
    exchange(&mut maya, &mut ben);
    assert_eq!(ben.recover(&world.device(), &phrase(9), 0).err(), Some(Refusal::Removed));
    let (zoe, no_key) = (world.device(), Replica::new(maya.pursuance(), world.device()));
    assert_eq!(no_key.recover(&zoe, &phrase(9), 0).err(), Some(Refusal::NotWelcomedYet));
}
