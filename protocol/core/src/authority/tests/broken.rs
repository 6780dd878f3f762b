//! Properties that can fail: each is seen to fail in some hostile world in which something is broken on purpose, and to hold
//! in the world of the same seed in which nothing is.

use alloc::string::String;
use std::println;

use super::fault::{Fault, making};
use super::properties::PROPERTIES;
use super::switch::{Switch, without};
use super::worlds::world;

/// Worlds looked through for each.
const WORLDS: u64 = 2_000;

/// What is broken.
#[derive(Debug, Clone, Copy)]
enum Broken {
    /// A rule does not hold.
    Rule(Switch),
    /// A mistake is made.
    Fault(Fault),
}

/// All properties, each with what breaks it.
const BROKEN: [(&str, Broken); PROPERTIES.len()] = [
    ("any order gives the same state", Broken::Fault(Fault::DoubtIsForgotten)),
    ("the definition agrees", Broken::Fault(Fault::DefinitionLacksARule)),
    ("what is followed entry by entry is what is found anew", Broken::Fault(Fault::DoubtIsForgotten)),
    ("what was stored gives the same state", Broken::Fault(Fault::HeldIsNotStored)),
    ("an old view stays as it was", Broken::Fault(Fault::PastsKnowBetter)),
    // A role is given to who came by nothing that counts.
    ("juniors never move seniors", Broken::Rule(Switch::R2GrantMember)),
    // Somebody comes by an old link of who is gone.
    ("who was removed by a senior stays removed", Broken::Rule(Switch::R3InviterGone)),
    // A junior takes what a senior left.
    ("what a pin covers stays", Broken::Rule(Switch::R7Senior)),
    // Of those who are left, nobody may put a line back.
    ("somebody can still change the rules", Broken::Rule(Switch::R13Fallback)),
];

/// What a property says of the world of a seed, both of them broken in this way.
fn asked(name: &str, broken: Option<Broken>, seed: u64) -> Result<(), String> {
    let (_, property) = PROPERTIES.iter().find(|(one, _)| *one == name).expect("a property");
    let ask = || property(&world(seed), seed);
    match broken {
        None => ask(),
        Some(Broken::Rule(rule)) => without(rule, ask),
        Some(Broken::Fault(fault)) => making(fault, ask),
    }
}

#[test]
fn every_property_can_fail() {
    assert_eq!(BROKEN.map(|(name, _)| name), PROPERTIES.map(|(name, _)| name));
    for (name, broken) in &BROKEN {
        let seed = (0..WORLDS).find(|seed| asked(name, Some(*broken), *seed).is_err());
        let seed = seed.unwrap_or_else(|| panic!("{name} holds in {WORLDS} worlds with {broken:?}"));
        println!("{name}: fails in the world of seed {seed} with {broken:?}");
        assert_eq!(asked(name, None, seed), Ok(()), "{name}: seed {seed}");
    }
}
