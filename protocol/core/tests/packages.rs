//! Key packages that are renewed, and what a copy of an older one opens (docs/protocol/03-keys.md, K20 to K22).

mod people;

use std::collections::BTreeSet;

use people::{World, create, exchange, take};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::epochs::EPOCH_RENEWAL_SECONDS;
use pursuance_core::id::EntryId;
use pursuance_core::keys::{DeviceKeys, DeviceRoot, EpochSecret};
use pursuance_core::logs::Standing;
use pursuance_core::op::Op;
use pursuance_core::packages::PACKAGE_RENEWAL_SECONDS;
use pursuance_core::replica::Replica;
use rand::RngExt;

/// Publishes another key package, as a node does.
fn renew(world: &mut World, replica: &mut Replica) -> EntryId {
    let (entry, secret) =
        replica.renew_package(world.now_seconds, &mut Seed::new(world.rng.random())).expect("may sign");
    replica.hold_package(secret);
    take(replica, std::slice::from_ref(&entry));
    entry.id()
}

fn rotate(world: &mut World, replica: &mut Replica) -> Entry {
    let made = replica.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(replica, std::slice::from_ref(&made));
    made
}

fn epoch_of(made: &Entry) -> pursuance_core::id::EpochId {
    let Content::Public(ops) = &made.body().content else { panic!("an epoch") };
    let Some(Op::RoleEpoch(made)) = ops.first() else { panic!("an epoch") };
    made.epoch
}

/// Erases what may be erased, as a node does once all relays know.
fn erase(replica: &mut Replica) -> usize {
    let spent = replica.spent_packages();
    spent.iter().for_each(|(package, _)| replica.erase_package(package));
    spent.len()
}

#[test]
fn a_package_is_renewed_after_a_month_by_ones_own_clock() {
    let mut world = World::new(71);
    let mut maya = world.founder();
    let began = world.now_seconds;
    assert!(!maya.needs_package(began + PACKAGE_RENEWAL_SECONDS - 1));
    assert!(maya.needs_package(began + PACKAGE_RENEWAL_SECONDS));
    assert!(maya.needs_package(began - PACKAGE_RENEWAL_SECONDS), "the clock was wrong when it was made");
    world.now_seconds += PACKAGE_RENEWAL_SECONDS;
    renew(&mut world, &mut maya);
    assert!(!maya.needs_package(world.now_seconds));
    let made = rotate(&mut world, &mut maya);
    let mut copy = Replica::new(maya.pursuance(), DeviceKeys::from_seed(*maya.device().seed()));
    maya.logs().iter().for_each(|entry| drop(copy.append(entry.clone())));
    assert!(copy.cell_keys().len() == 1, "the first epoch: the seed does not give the newer package");
    assert_eq!(maya.usable_epoch().map(EpochSecret::id), Some(epoch_of(&made)));
}

/// Somebody copied Ben's secrets; afterwards he renews his package, and an epoch is made by somebody who knows of it.
#[test]
fn a_copy_of_yesterday_opens_no_epoch_made_after_a_renewal() {
    let mut world = World::new(72);
    let (mut maya, _, [mut ben, mut zoe, _]) = world.four();
    let thief = |ben: &Replica| {
        let mut thief = Replica::new(ben.pursuance(), DeviceKeys::from_seed(*ben.device().seed()));
        thief.learn_epoch(ben.usable_epoch().expect("is in").clone());
        thief
    };
    let mut stolen = thief(&ben);
    renew(&mut world, &mut ben);
    // Zoe has not heard of it: what she makes is still open to the thief.
    let open = rotate(&mut world, &mut zoe);
    exchange(&mut ben, &mut maya);
    let closed = rotate(&mut world, &mut maya);
    exchange(&mut maya, &mut zoe);
    exchange(&mut maya, &mut ben);
    let said = world.commit(&mut zoe, &create("After", None));
    for member in [&maya, &ben, &zoe] {
        assert!(member.epoch(epoch_of(&closed)).is_some() && member.epoch(epoch_of(&open)).is_some());
    }
    zoe.logs().iter().for_each(|entry| drop(stolen.append(entry.clone())));
    assert!(stolen.epoch(epoch_of(&open)).is_some(), "the control");
    assert!(stolen.epoch(epoch_of(&closed)).is_none());
    // What is said now is sealed, cells and all, with keys that the thief does not hold.
    let keys = |replica: &Replica| -> BTreeSet<[u8; 32]> { replica.cell_keys().iter().map(|key| *key.id()).collect() };
    for said in &said.entries {
        let under = zoe.cell_keys_for(said);
        assert!(!under.is_empty() && under.iter().all(|key| keys(&ben).contains(key.id())));
        assert!(under.iter().all(|key| !keys(&stolen).contains(key.id())));
    }
}

#[test]
fn an_old_private_half_opens_until_two_newer_ones_are_published() {
    let mut world = World::new(73);
    let (mut maya, _, [mut ben, ..]) = world.four();
    let first = ben.device().key_package().clone();
    renew(&mut world, &mut ben);
    assert_eq!(erase(&mut ben), 0, "somebody may seal to the older one this moment");
    let late = rotate(&mut world, &mut maya);
    exchange(&mut ben, &mut maya);
    assert!(ben.epoch(epoch_of(&late)).is_some());
    let second = renew(&mut world, &mut ben);
    assert_eq!(ben.spent_packages(), [(first.id(), second)]);
    let seed = *ben.device().seed();
    assert_eq!(erase(&mut ben), 1);
    assert!(ben.device().key_packages().all(|held| *held != first) && ben.device().key_packages().count() == 2);
    // What is left of the seed signs as before, and gives the erased package no more.
    let DeviceRoot::Signing(left) = ben.device().root() else { panic!("the seed would give it again") };
    assert!(*left != seed && DeviceKeys::from_seed(*left).key_package() != &first);
    let author = ben.device().author();
    world.commit(&mut ben, &create("Mine", None));
    assert_eq!(ben.device().author(), author);
    let mut third = renew(&mut world, &mut ben);
    assert_eq!(erase(&mut ben), 1, "the second one by the fourth");
    third = std::mem::replace(&mut third, EntryId([0; 32]));
    assert!(matches!(ben.device().root(), DeviceRoot::Signing(_)) && ben.logs().standing(third).is_some());
    exchange(&mut ben, &mut maya);
    let made = rotate(&mut world, &mut maya);
    exchange(&mut ben, &mut maya);
    assert!(ben.epoch(epoch_of(&made)).is_some() && maya.unwelcomed().is_empty());
}

/// Who was away for long seals to a package whose private half is gone.
#[test]
fn what_was_sealed_to_an_erased_package_is_handed_once_more() {
    let mut world = World::new(74);
    let (mut maya, _, [mut ben, mut zoe, _]) = world.four();
    renew(&mut world, &mut ben);
    renew(&mut world, &mut ben);
    assert_eq!(erase(&mut ben), 1);
    let late = rotate(&mut world, &mut zoe);
    let task = world.commit(&mut zoe, &create("While I was away", None)).task.expect("a task");
    exchange(&mut zoe, &mut ben);
    assert!(ben.epoch(epoch_of(&late)).is_none(), "he cannot open it");
    exchange(&mut ben, &mut maya);
    exchange(&mut zoe, &mut maya);
    assert_eq!(maya.unwelcomed(), [ben.device().author()], "and whoever holds it knows that");
    let welcome = maya.welcome(ben.device().author(), world.now_seconds).expect("she holds it");
    take(&mut maya, std::slice::from_ref(&welcome));
    take(&mut ben, &[welcome]);
    assert!(ben.epoch(epoch_of(&late)).is_some() && ben.tasks().task(task).is_some());
    exchange(&mut ben, &mut zoe);
    assert!(maya.unwelcomed().is_empty() && zoe.unwelcomed().is_empty(), "once");
    // Renewals that know of it ask for nothing more.
    for _ in 0..3 {
        renew(&mut world, &mut ben);
        exchange(&mut ben, &mut maya);
        assert!(maya.unwelcomed().is_empty());
    }
}

#[test]
fn a_flood_of_renewals_is_refused_and_changes_no_epoch() {
    let mut world = World::new(75);
    let (mut maya, _, [mut ben, ..]) = world.four();
    let most = pursuance_core::limits::MAX_PACKAGES;
    let last: Vec<EntryId> = (0..most + 20).map(|_| renew(&mut world, &mut ben)).collect();
    exchange(&mut ben, &mut maya);
    let counting = last.iter().filter(|id| maya.logs().standing(**id) == Some(Standing::Counts)).count();
    assert_eq!(counting, most, "the first came with the join");
    let made = rotate(&mut world, &mut maya);
    let Content::Public(ops) = &made.body().content else { panic!("an epoch") };
    assert!(matches!(&ops[0], Op::RoleEpoch(made) if made.seals.len() == 4));
    assert!(!ben.needs_package(world.now_seconds + 2 * PACKAGE_RENEWAL_SECONDS), "there are no more");
}

/// A package that a grant brought which was taken back at the same time counts no more; by then what others seal to is erased.
#[test]
fn who_holds_nothing_that_others_seal_to_renews_at_once() {
    let mut world = World::new(76);
    let (mut maya, _, [mut ben, ..]) = world.four();
    let organiser = pursuance_core::founding::ORGANISER;
    let granted = world.commit(&mut maya, &Command::Grant { member: ben.me().expect("came"), role: organiser });
    exchange(&mut maya, &mut ben);
    let mut maya_apart = maya;
    world.now_seconds += PACKAGE_RENEWAL_SECONDS;
    renew(&mut world, &mut ben);
    world.now_seconds += PACKAGE_RENEWAL_SECONDS;
    renew(&mut world, &mut ben);
    assert_eq!(erase(&mut ben), 1);
    let grant = pursuance_core::entry::GrantRef { entry: granted.entries[0].id(), op: 0 };
    let Ok(revoked) = world.act(&maya_apart, &Command::RevokeGrant { grant }) else { return };
    take(&mut maya_apart, &revoked.entries);
    exchange(&mut maya_apart, &mut ben);
    assert!(ben.is_here());
    let newest = &maya_apart.authority().members()[&ben.me().unwrap()].devices[&ben.device().author()];
    let is_held =
        ben.device().key_packages().any(|held| Some(held) == newest.packages.last().map(|held| &held.package));
    assert!(!is_held, "the control: others seal to the first one again");
    assert!(!ben.needs_package(world.now_seconds), "not within a day of the last");
    world.now_seconds += 86_400;
    assert!(ben.needs_package(world.now_seconds));
    renew(&mut world, &mut ben);
    assert!(!ben.needs_package(world.now_seconds));
    exchange(&mut maya_apart, &mut ben);
    let made = rotate(&mut world, &mut maya_apart);
    take(&mut ben, std::slice::from_ref(&made));
    assert!(ben.epoch(epoch_of(&made)).is_some());
}

#[test]
fn an_old_epoch_is_renewed_by_whoever_may_and_once() {
    let mut world = World::new(77);
    let (mut maya, _, [mut ben, mut zoe, _]) = world.four();
    let everyone = pursuance_core::id::RoleId::EVERYONE;
    assert!(!maya.is_epoch_old(everyone, world.now_seconds));
    world.now_seconds += EPOCH_RENEWAL_SECONDS;
    for member in [&maya, &ben, &zoe] {
        assert!(member.is_epoch_old(everyone, world.now_seconds));
    }
    let made = epoch_of(&rotate(&mut world, &mut ben));
    exchange(&mut ben, &mut maya);
    exchange(&mut ben, &mut zoe);
    for member in [&maya, &ben, &zoe] {
        assert_eq!(
            member.usable_epoch().map(EpochSecret::id),
            Some(made),
            "the newer one, though a senior made the older"
        );
        assert!(!member.is_epoch_old(everyone, world.now_seconds));
    }
    // Somebody whose clock is wrong: everybody else makes one at most.
    let right = world.now_seconds;
    world.now_seconds += 100 * EPOCH_RENEWAL_SECONDS;
    rotate(&mut world, &mut zoe);
    world.now_seconds = right + EPOCH_RENEWAL_SECONDS / 2;
    exchange(&mut maya, &mut zoe);
    assert!(maya.is_epoch_old(everyone, world.now_seconds));
    rotate(&mut world, &mut maya);
    assert!(!maya.is_epoch_old(everyone, world.now_seconds));
    world.now_seconds += 100 * EPOCH_RENEWAL_SECONDS;
    exchange(&mut maya, &mut zoe);
    assert!(!zoe.is_epoch_old(everyone, world.now_seconds), "nor does she make another");
}

/// Whoever is removed can read that they are, also where only one stays.
#[test]
fn a_removal_is_sealed_for_whoever_is_removed() {
    let mut world = World::new(78);
    let mut maya = world.founder();
    let invite =
        world.commit(&mut maya, &Command::Invite { role: pursuance_core::founding::MEMBER, uses: 1, reviewed: false });
    let mut ben = world.joiner(&mut maya, &invite, "Ben");
    world.commit(&mut maya, &create("One", None));
    exchange(&mut maya, &mut ben);
    world.commit(&mut ben, &create("Two", None));
    exchange(&mut maya, &mut ben);
    let member = ben.me().expect("came");
    let removal = world.commit(&mut maya, &Command::RemoveMember { member, roles: Vec::new() }).entries.remove(0);
    let made = rotate(&mut world, &mut maya);
    let held: BTreeSet<[u8; 32]> = ben.cell_keys().iter().map(|key| *key.id()).collect();
    for entry in [&removal, &made] {
        assert!(maya.cell_keys_for(entry).iter().any(|key| held.contains(key.id())));
    }
    take(&mut ben, &[removal, made]);
    assert!(!ben.is_here());
}
