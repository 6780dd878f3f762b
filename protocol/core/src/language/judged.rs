//! What this room says about standing and about ways from table to table, held against the judge that everybody runs.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::tests::{any_line, any_table};
use super::*;
use crate::authority::{package_tag, readers_hash};
use crate::change::Change;
use crate::command::Command;
use crate::crypto::Seed;
use crate::entry::{Body, Content, Entry, GrantRef};
use crate::founding::{ORGANISER, starting_rules};
use crate::id::{PursuanceId, RoleId};
use crate::keys::{DeviceKeys, EpochSecret};
use crate::op::{Genesis, Op, RoleEpoch, Seal};
use crate::plan::Circumstances;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable, Verb};

/// A pursuance with these rules, by whoever holds the first role alone.
fn begin(table: RuleTable) -> Replica {
    let device = DeviceKeys::from_seed([1; 32]);
    let genesis = Genesis {
        name: "Harbour watch".into(),
        mission: "".into(),
        founder_name: "Maya".into(),
        table,
        relays: Vec::new(),
        nonce: [7; 16],
    };
    let mut body = Body {
        author: device.author(),
        seq: 0,
        prev: None,
        heads: Vec::new(),
        by: None,
        claimed_seconds: 1_790_000_000,
        checkpoints: Vec::new(),
        content: Content::Public(vec![Op::Genesis(genesis)]),
    };
    let first = Entry::sign(&device.signing, None, &body);
    let pursuance = PursuanceId(first.id().0);
    let (epoch, package) = (EpochSecret::new([8; 32]), device.key_package().clone());
    let sealed = epoch.seal_to(pursuance, RoleId::EVERYONE, &package).expect("own package is a key");
    body.seq = 1;
    body.prev = Some(first.id());
    body.by = Some(GrantRef { entry: first.id(), op: 0 });
    body.content = Content::Public(vec![
        Op::RoleEpoch(RoleEpoch {
            role: RoleId::EVERYONE,
            epoch: epoch.id(),
            parents: Vec::new(),
            readers: readers_hash(&[package.id()]),
            seals: vec![Seal { tag: package_tag(&package.id()), sealed }],
            backlinks: Vec::new(),
        }),
        Op::KeyPackage(package),
    ]);
    let second = Entry::sign(&device.signing, Some(pursuance), &body);
    let mut replica = Replica::new(pursuance, device);
    replica.append(first);
    replica.append(second);
    replica
}

/// Signs a command, if the judge permits it.
fn sign(replica: &Replica, step: u64, command: &Command) -> Result<Vec<Entry>, Refusal> {
    let mut bytes = [3; 32];
    bytes[..8].copy_from_slice(&step.to_be_bytes());
    let mut with = Circumstances { now_seconds: 1_790_000_000 + step, seed: &mut Seed::new(bytes), since: Vec::new() };
    replica.command(command, &mut with).map(|authored| authored.entries)
}

fn in_force(replica: &Replica) -> RuleTable {
    replica.authority().table().expect("the genesis is here").clone()
}

/// Ranks 1, 0, 2, 3: the founder holds the first, which may change the rules alone and by a majority.
fn from_the_middle() -> RuleTable {
    let role = |id: u16, rank| Role { id: RoleId(id), name: format!("role {id}"), rank, since_joining: false };
    let amend = Rule {
        role: RoleId(1),
        verb: Verb::Amend,
        object: Object::Rules,
        conditions: Conditions::ALWAYS,
        quorum: None,
    };
    let together = Rule { quorum: Some(Quorum { count: 0, of: RoleId(1) }), ..amend };
    let roles = vec![role(1, 1), role(2, 0), role(3, 2), role(4, 3)];
    RuleTable { roles, rules: vec![amend, together] }
}

/// What somebody wants the rules to be: something else, with what lets organisers change them.
fn wanted(other: &RuleTable) -> RuleTable {
    let start = starting_rules();
    let amends = start.rules.iter().filter(|rule| rule.verb == Verb::Amend && rule.object == Object::Rules);
    let mut rules: Vec<Rule> = amends.copied().collect();
    let kept = start.rules.iter().filter(|rule| rule.verb as usize % 2 == other.rules.len() % 2);
    rules.extend(kept.filter(|rule| rule.verb != Verb::Amend));
    rules.extend(other.rules.iter().filter(|rule| !start.rules.contains(rule)));
    // The first is the organisers' still; the second is another, so *member* ends.
    let of = |role: &Role| Role { id: RoleId(role.id.0 + 2), ..role.clone() };
    let roles: Vec<Role> = [start.roles[0].clone()]
        .into_iter()
        .chain(other.roles.iter().filter(|role| role.id.0 < 60_000).map(of))
        .collect();
    let exists = |id: RoleId| id == RoleId::EVERYONE || roles.iter().any(|role| role.id == id);
    rules.retain(|rule| rule.roles().all(exists));
    RuleTable { roles, rules }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_step_is_permitted_after_the_ones_before(other in any_table()) {
        let wanted = wanted(&other);
        let mut replica = begin(starting_rules());
        let course = course(&in_force(&replica), &wanted, ORGANISER).expect("roles stay as they are");
        let mut step = 0;
        let mut act = |replica: &mut Replica, change: &Change| {
            step += 1;
            let entries = sign(replica, step, &Command::Propose { of: ORGANISER, change: change.clone() })?;
            entries.into_iter().for_each(|entry| drop(replica.append(entry)));
            Ok(())
        };
        let mut given = Vec::new();
        for change in &course.define {
            let before = in_force(&replica).roles;
            let signed: Result<(), Refusal> = act(&mut replica, change);
            prop_assert_eq!(signed, Ok(()), "{:?}", change);
            let new = in_force(&replica).roles.into_iter().find(|role| !before.contains(role));
            given.push(new.expect("defined").id);
        }
        for change in course.then_with(&given) {
            prop_assert_eq!(act(&mut replica, &change), Ok(()), "{:?}", change);
        }
        // The same, but for the numbers of roles and the order of lines.
        let all = wanted.rules.iter().map(|rule| Change::SetRule { rule: *rule, present: true }).collect();
        let renumbered = Course { then: all, ..course }.then_with(&given);
        let now = in_force(&replica);
        let set = |rule: &Rule| Change::SetRule { rule: *rule, present: true };
        prop_assert_eq!(now.rules.len(), wanted.rules.len());
        prop_assert!(now.rules.iter().all(|rule| renumbered.contains(&set(rule))));
        let names = |table: &RuleTable| -> BTreeSet<(String, u8)> {
            table.roles.iter().map(|role| (role.name.clone(), role.rank)).collect()
        };
        prop_assert_eq!(names(&now), names(&wanted));
    }

    #[test]
    fn standing_is_judged_as_everybody_judges_it(rules in prop::collection::vec(any_line(5), 24)) {
        let mut table = from_the_middle();
        let (there, new) = rules.split_at(rules.len() / 2);
        let exists = |rule: &&Rule| rule.roles().all(|role| role.0 <= 4);
        table.rules.extend(there.iter().filter(exists));
        let replica = begin(table);
        let table = in_force(&replica);
        // Whether somebody is left who may change the rules is another question.
        let there = there.iter().filter(exists).filter(|rule| rule.verb != Verb::Amend).map(|rule| (rule, false));
        let new = new.iter().filter(|rule| !table.rules.contains(rule)).map(|rule| (rule, true));
        for (rule, present) in there.chain(new) {
            let change = Change::SetRule { rule: *rule, present };
            for (signing, command) in [
                (Signing::Together(1), Command::Propose { of: RoleId(1), change }),
                (Signing::Alone(1), Command::SetRule { rule: *rule, present }),
            ] {
                let said = refuses(&table, rule, present, signing).map(|why| match why {
                    TooHigh::NoSuchRole => Refusal::NoSuchRole,
                    TooHigh::Role | TooHigh::Over | TooHigh::Succession => Refusal::NotSenior,
                });
                let judged = sign(&replica, 1, &command).map(|_| ());
                prop_assert_eq!(judged, said.map_or(Ok(()), Err), "{:?} {:?} {}", signing, rule, present);
            }
        }
    }
}
