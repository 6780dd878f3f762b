//! Who reads, as it is remembered from entry to entry: what is found by looking at each of them
//! (docs/protocol/04-authority.md, "What is remembered").

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use allocation_counter::measure;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::permit;
use super::properties::some_order;
use super::seen::Seen;
use super::sight::{Learned, View, questions_asked};
use super::stage::{FIRST, FOUNDER, SECOND, Stage, THIRD, Told, Who, alone, first, newest_package, table};
use super::worlds::world;
use crate::entry::Entry;
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId};
use crate::op::Op;
use crate::rule::{Object, Verb};

/// Worlds that are gone through.
const WORLDS: u64 = 300;

/// Of all that was asked, at least so much must have been known: otherwise nothing was compared.
const KNOWN_OF_TEN: u64 = 2;

type Ids = BTreeSet<(MemberId, AuthorId, [u8; 32])>;

/// What an entry that comes next would find of who reads a role: remembered, where that is known, and looked at.
fn both(told: &Told, next: &Entry, role: RoleId) -> (Option<Ids>, Ids) {
    let before = told.authority.before(&told.logs, next, &Learned::default());
    let known = before.known_packages(role).map(|known| known.into_iter().collect());
    let past = told.authority.sight(&told.logs, View::Past(told.logs.past_of(next)));
    (known, permit::ids_sealed_to(&past, role).into_iter().collect())
}

/// A world of a seed, in which devices publish other packages after all that happened there, and some go after that.
fn world_with_packages(seed: u64) -> Stage {
    let mut stage = world(seed);
    let mut chance = StdRng::seed_from_u64(seed ^ 7);
    let speaking = |stage: &Stage| -> Vec<Who> {
        (0..stage.len()).map(Who).filter(|who| stage.has_member(*who) && stage.newest(*who).is_some()).collect()
    };
    for number in 0..chance.random_range(4..12_usize) {
        let Some(who) = speaking(&stage).choose(&mut chance).copied() else { continue };
        let (by, whom) = (stage.came_by(who), *speaking(&stage).choose(&mut chance).expect("the founder speaks"));
        let saying = stage.at(who).with(by);
        let saying = if chance.random_range(0..4) == 0 { saying.alone() } else { saying };
        match chance.random_range(0..6) {
            0 => _ = saying.remove(whom),
            1 => _ = saying.grant(whom, THIRD),
            2 => _ = saying.remove_device(whom),
            3 => _ = saying.set_rule(alone(SECOND, Verb::See, Object::Role(FIRST)), number % 2 == 0),
            _ => _ = saying.say(vec![Op::KeyPackage(newest_package(seed, number))]),
        }
    }
    stage
}

#[test]
fn who_reads_is_remembered_as_it_is_found() {
    let (mut asked, mut known) = (0_u64, 0_u64);
    for seed in 0..WORLDS {
        let stage = world_with_packages(seed);
        let mut chance = StdRng::seed_from_u64(seed ^ 8);
        for order in [stage.order(), some_order(&stage, &mut chance)] {
            let mut told = stage.replay(&[]);
            for id in order {
                let next = stage.entry(id);
                for role in [RoleId::EVERYONE, FIRST, SECOND, THIRD] {
                    let (remembered, looked_at) = both(&told, next, role);
                    asked += 1;
                    if let Some(remembered) = remembered {
                        known += 1;
                        assert_eq!(remembered, looked_at, "seed {seed}: {role:?}, before {id:?}");
                    }
                }
                told.hear(next);
            }
        }
    }
    std::println!("{known} of {asked} were known");
    assert!(10 * known >= KNOWN_OF_TEN * asked, "{known} of {asked} were known");
}

/// Asks what the founder's next entry finds, who knows everything; says what is remembered of everyone.
fn remembered(stage: &mut Stage) -> Ids {
    let told = stage.told.clone();
    let next = stage.at(FOUNDER).set_name("The same");
    let (known, looked_at) = both(&told, stage.entry(next), RoleId::EVERYONE);
    assert_eq!(known.as_ref(), Some(&looked_at));
    looked_at
}

/// Packages that are known of some members, who came by these entries.
fn of_these(ids: &Ids, joins: [EntryId; 2]) -> Vec<[u8; 32]> {
    ids.iter().filter(|(member, ..)| joins.contains(&EntryId(member.0))).map(|(.., id)| *id).collect()
}

/// One device that began twice, and so is that of two members: what it publishes for the one it does for the other.
#[test]
fn a_package_of_a_device_of_two_members_is_remembered_for_both() {
    let mut stage = Stage::found(table());
    let invite = stage.at(FOUNDER).invite(THIRD, 2);
    let who = stage.stranger();
    let joins = [stage.at(who).join(invite), stage.at(who).after(None).join(invite)];
    assert_eq!(of_these(&remembered(&mut stage), joins).len(), 2);
    let package = newest_package(0, 0);
    let saying = stage.at(who).after(Some(joins[0])).with(first(joins[0]));
    let published = saying.say(vec![Op::KeyPackage(package.clone())]);
    assert!(stage.counts(published));
    assert_eq!(of_these(&remembered(&mut stage), joins), [package.id(); 2]);
}

/// A device that came by itself and was added to another member by somebody who did not know: taken out, it is gone for both.
#[test]
fn a_device_of_two_members_that_is_taken_out_is_remembered_for_neither() {
    let mut stage = Stage::found(table());
    let invite = stage.at(FOUNDER).invite(THIRD, 2);
    let (who, device) = (stage.stranger(), stage.stranger());
    let joins = [stage.at(who).join(invite), stage.at(device).join(invite)];
    let by = first(joins[0]);
    let added = stage.at(who).alone().with(by).add_device(device);
    assert!(stage.counts(added));
    assert_eq!(of_these(&remembered(&mut stage), joins).len(), 3);
    // Who takes it out knows how it came: that is judged as it was.
    let removed = stage.at(who).with(by).remove_device(device);
    assert!(stage.counts(removed));
    assert_eq!(of_these(&remembered(&mut stage), joins).len(), 1);
}

/// A group of so many; and an epoch for all of them, which nobody heard yet.
fn group(readers: usize) -> (Told, Entry) {
    let mut stage = Stage::found(table());
    let by = stage.came_by(FOUNDER);
    let mut all = vec![FOUNDER];
    while all.len() < readers {
        let who = stage.newcomer(FOUNDER, THIRD);
        let joined = stage.newest(who).expect("joined");
        // An entry names some heads only: so the founder's newest knows all.
        stage.at(FOUNDER).knowing(&[joined]).with(by).vouch(who);
        all.push(who);
    }
    let told = stage.told.clone();
    let epoch = stage.epoch_for(RoleId::EVERYONE, EpochId([9; 32]), &all);
    let entry = stage.at(FOUNDER).alone().with(by).say(vec![Op::RoleEpoch(epoch)]);
    assert!(stage.counts(entry), "it names its readers");
    (told, stage.entry(entry).clone())
}

#[test]
fn growth_of_an_epoch_asks_nothing_more_where_more_people_read() {
    let costs = [20, 80].map(|readers| {
        let (mut told, epoch) = group(readers);
        let before = questions_asked();
        let allocations = measure(|| _ = told.hear(&epoch)).count_total;
        (questions_asked() - before, allocations)
    });
    std::println!("an epoch for 20, for 80: {costs:?}");
    let [(few, few_allocations), (many, many_allocations)] = costs;
    assert_eq!(few, many, "questions asked of views");
    // Lists grow, and the seals of one entry are one allocation each where it is copied.
    assert!(many_allocations <= few_allocations + 4 * 60, "{costs:?}");
}
