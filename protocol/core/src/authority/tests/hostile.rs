//! What must hold in each hostile world, and plays that such worlds brought up (docs/protocol/04-authority.md, "What is
//! proved").
//!
//! `PURSUANCE_AUTHORITY_WORLDS=<n>` lives through so many worlds, `PURSUANCE_AUTHORITY_SEED=<n>` through one;
//! `PURSUANCE_AUTHORITY_WITHOUT=<rule>` lives without a rule, and shows what is missed.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use std::println;
use std::sync::Mutex;

use super::Verdict;
use super::properties::{self, PROPERTIES, Property};
use super::stage::{FIRST, FOUNDER, SECOND, Stage, THIRD, alone, first, ranks, table, together};
use super::switch::{Switch, without};
use super::telling::{describe, shrink};
use super::worlds::world;
use crate::id::{EntryId, RoleId};
use crate::keys::DeviceKeys;
use crate::logs::Standing;
use crate::op::Op;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::rule::{Object, Verb};
use crate::shelf::Shelf;
use crate::shelf::drawer::Drawer;

/// Worlds of the ordinary run.
const WORLDS: u64 = 2_000;

/// Says which world it was in which something panicked.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("PURSUANCE_AUTHORITY_SEED={}", self.0);
        }
    }
}
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Checks a property in a world; where it fails, says in which, and what is left of it.
fn check(seed: u64, stage: &Stage, (name, property): &(&str, Property)) -> Result<(), String> {
    property(stage, seed).map_err(|what| {
        let least = shrink(stage, |stage| property(stage, seed).is_err());
        let what = property(&least, seed).err().unwrap_or(what);
        format!("PURSUANCE_AUTHORITY_SEED={seed}: {name}: {what}\n{}", describe(&least))
    })
}

#[test]
fn hostile_worlds() {
    let worlds = match number("PURSUANCE_AUTHORITY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PURSUANCE_AUTHORITY_WORLDS").unwrap_or(WORLDS),
    };
    let next = AtomicU64::new(worlds.start);
    let said: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());
    let failed: Mutex<BTreeMap<&'static str, Vec<u64>>> = Mutex::new(BTreeMap::new());
    let live = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= worlds.end {
                return;
            }
            let _named = Named(seed);
            let stage = world(seed);
            for property in &PROPERTIES {
                let first = |name| !failed.lock().unwrap().contains_key(name);
                if property.1(&stage, seed).is_err() {
                    if first(property.0) {
                        println!("{}", check(seed, &stage, property).unwrap_err());
                    }
                    failed.lock().unwrap().entry(property.0).or_default().push(seed);
                }
            }
            let mut said = said.lock().unwrap();
            for (word, count) in properties::words(&stage) {
                *said.entry(word).or_default() += count;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let off = std::env::var("PURSUANCE_AUTHORITY_WITHOUT").ok();
    let off = off.map(|name| *Switch::ALL.iter().find(|one| format!("{one:?}") == name).expect("a rule's name"));
    let live = || match off {
        Some(rule) => without(rule, live),
        None => live(),
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(live)));
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "these do not hold, in the worlds of these seeds: {failed:#?}");
    let worlds = worlds.end - worlds.start;
    let said = said.into_inner().unwrap();
    println!("{worlds} worlds: {said:?}");
    // The worlds are hostile, and not only noise: each of these happens, on average, at least so often in ten worlds.
    let often = [
        ("counts", 80),
        ("held", 4),
        ("refused", 10),
        ("removal counts", 5),
        ("removal held", 0),
        ("decided", 1),
        ("two histories", 5),
        ("ratified", 2),
    ];
    for (word, in_ten) in often {
        let count = said.get(word).copied().unwrap_or(0);
        assert!(count * 10 >= in_ten * worlds && (count > 0 || worlds < 100), "{word}: {count} in {worlds} worlds");
    }
}

/// All properties hold, whatever is left to chance in them.
fn all_hold(stage: &Stage) {
    for property in &PROPERTIES {
        for seed in 0..8 {
            check(seed, stage, property).unwrap_or_else(|what| panic!("{what}"));
        }
    }
}

#[test]
fn a_refusal_names_the_same_reason_whether_or_not_the_unknown_is_known_here() {
    let mut stage = Stage::found(table());
    let second = stage.newcomer(FOUNDER, SECOND);
    let third = stage.newcomer(FOUNDER, THIRD);
    let removal = stage.at(second).alone().remove(third);
    assert_eq!(stage.verdict(removal), Verdict::Refused(Refusal::NoSuchMember));
    all_hold(&stage);
}

#[test]
fn a_senior_removal_that_comes_late_gives_back_what_it_leaves() {
    let mut stage = Stage::found(table());
    let second = stage.newcomer(FOUNDER, SECOND);
    let third = stage.newcomer(FOUNDER, THIRD);
    let came = stage.came_by(third).entry;
    let device = stage.stranger();
    let added = stage.at(third).add_device(device);
    let junior = stage.at(second).knowing(&[came]).remove(third);
    assert_eq!(stage.verdict(added), Verdict::Held(Refusal::Removed));
    let senior = stage.at(FOUNDER).knowing(&[added]).remove(third);
    assert!(stage.counts(junior) && stage.counts(senior) && stage.counts(added));
    all_hold(&stage);
}

#[test]
fn what_was_put_down_is_judged_again_by_its_whole_past() {
    let mut stage = Stage::found(table());
    let [second, third] = [SECOND, THIRD].map(|role| stage.newcomer(FOUNDER, role));
    let laptop = stage.stranger();
    stage.at(second).add_device(laptop);
    let first = stage.at(laptop).speak();
    let beside = [(); 2].map(|()| stage.at(laptop).alone().speak());
    stage.at(FOUNDER).knowing(&[first]).speak();
    let mut replica = Replica::new(stage.pursuance, DeviceKeys::from_seed([9; 32]));
    let drawer = Drawer::default();
    stage.entries.iter().for_each(|entry| drop(replica.append_from(entry.clone(), &drawer)));
    drawer.lighten(&mut replica);
    assert_eq!(replica.logs.entry(first), None, "it was put down");
    // It knows the first without naming it, and not what stands beside; it is about somebody else.
    let removal = stage.at(FOUNDER).alone().remove(third);
    replica.append_from(stage.entry(removal).clone(), &drawer);
    drawer.lighten(&mut replica);
    for id in beside {
        assert_eq!(stage.verdict(id), Verdict::Counts);
        assert_eq!(drawer.entry(id).map(|kept| kept.standing), Some(Standing::Counts));
    }
}

#[test]
fn who_came_by_what_they_ratify_is_not_asked_without_end() {
    let mut stage = Stage::found(table());
    let second = stage.newcomer(FOUNDER, SECOND);
    let invite = stage.at(second).invite(THIRD, 1);
    let before = stage.newest(FOUNDER);
    let third = stage.join(invite);
    let join = stage.came_by(third).entry;
    let given = stage.at(FOUNDER).after(before).knowing(&[join]).grant(third, FIRST);
    let removal = stage.at(FOUNDER).after(before).knowing(&[invite.entry]).remove(second);
    assert_eq!((stage.verdict(removal), stage.counts(join)), (Verdict::Counts, false));
    stage.at(third).with(given).ratify(&[join]);
    all_hold(&stage);
}

#[test]
fn decisions_that_give_each_other_signers_are_not_asked_without_end() {
    let mut rules = table().rules;
    rules.push(together(SECOND, Verb::Grant, Object::Role(SECOND), 2, SECOND));
    let mut stage = Stage::found(ranks(3, rules));
    let [a, b] = [SECOND, SECOND].map(|role| stage.newcomer(FOUNDER, role));
    let [x, y] = [THIRD, THIRD].map(|role| stage.newcomer(FOUNDER, role));
    stage.at(FOUNDER).vouch(a);
    stage.at(FOUNDER).vouch(b);
    let gives = |stage: &mut Stage, whom| {
        let member = stage.member(whom);
        stage.at(a).propose(SECOND, Op::Grant(crate::op::Grant { member, role: SECOND }))
    };
    let (one, two) = (gives(&mut stage, x), gives(&mut stage, y));
    let begun = stage.newest(b);
    let first_signed = stage.at(b).approve(one);
    let second_signed = stage.at(b).after(begun).approve(two);
    assert!(stage.counts(first_signed) && stage.counts(second_signed));
    let (by_x, by_y) = (first(one), first(two));
    let x_signs = stage.at(x).knowing(&[first_signed]).with(by_x).approve(two);
    let y_signs = stage.at(y).knowing(&[second_signed]).with(by_y).approve(one);
    assert!(stage.counts(x_signs) && stage.counts(y_signs));
    all_hold(&stage);
}

#[test]
fn who_is_left_without_seniors_can_change_the_rules_unvouched() {
    let stage = world(89);
    check(89, &stage, &PROPERTIES[8]).unwrap_or_else(|what| panic!("{what}"));
}

/// Each of 64 ranks removes the next at the same time, and all hold what they hold by as long a path as there can be.
#[test]
fn the_deepest_question_fits_in_a_small_stack() {
    let deep = || {
        let role = |n: u16| RoleId(n);
        let mut rules = vec![alone(role(1), Verb::Amend, Object::Rules)];
        for n in 1..64 {
            rules.push(alone(role(n), Verb::Grant, Object::Role(role(n + 1))));
            rules.push(alone(role(n), Verb::Remove, Object::Role(role(n + 1))));
            rules.push(alone(role(n), Verb::Remove, Object::Role(role(64))));
        }
        rules.push(alone(role(1), Verb::Invite, Object::Role(role(64))));
        rules.push(alone(role(1), Verb::Grant, Object::Role(role(32))));
        let mut stage = Stage::found(ranks(64, rules));
        let invite = stage.at(FOUNDER).invite(role(64), 62);
        let mut line = vec![FOUNDER];
        for n in 2..64u16 {
            let new = stage.join(invite);
            // A path of 32 steps at most: in the middle the founder begins another.
            let by = if n == 32 { FOUNDER } else { *line.last().unwrap() };
            let given = stage.at(by).grant(new, role(n));
            assert!(stage.counts(given.entry), "{n}");
            line.push(new);
        }
        let removals: Vec<EntryId> = (0..62).map(|n| stage.at(line[n]).alone().remove(line[n + 1])).collect();
        // Each one is alive because whoever would remove its author was removed: the odd ones fall.
        let told = stage.replay(&stage.order());
        assert_eq!(told.state(), stage.told.state());
        assert_eq!(told.clone().state_anew(), told.state());
        assert!(stage.counts(removals[0]) && !stage.counts(removals[1]));
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(deep).unwrap().join().unwrap();
}
