//! All small histories: three actors, two roles, up to five acts that govern, every past that a delivery order can give them, and
//! one of the three may show two histories (docs/protocol/04-authority.md, "What is proved").
//!
//! A *history* is a set of acts that holds the past of each. From each history every act is added that one of the three could say
//! after some part of it ([`acts`]) and that is permitted, and the evaluator that every client runs hears it. This is the whole
//! product, with nothing left to chance. What is not looked at twice, and why nothing is lost by it:
//!
//! - *Orders that heard the same.* A machine that heard the same set in another order has to be in the same state: that is
//!   asserted each time a history is reached again, for all that the state holds. So it is gone on from one of them. Each history
//!   is reached from each of its ends, which is asserted too: by induction all delivery orders end in one state. `orders` counts
//!   them.
//! - *What knowing can be written in several ways.* An act names the newest of what it knows. Naming what these know already adds
//!   nothing to its past, and all that is judged follows from the past.
//! - *What is refused.* That rests on its own past, and what is refused is no fact: nobody can be moved by it, or lean on it.
//! - *The same past in another history.* What is permitted is asked once for each past, of both evaluators. That an act stays
//!   permitted is asserted wherever it is heard.
//! - *More than one who shows two histories.* One forker is asked for; whichever of the three.
//!
//! The three cannot be renamed: no two of them stand equal, since whoever came first is senior.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use std::collections::HashMap;
use std::hash::DefaultHasher;
use std::println;

use super::definition::{Definition, Pasts};
use super::facts::Source;
use super::properties::what_a_pin_covers_stays_with;
use super::seen::Seen;
use super::stage::{FIRST, FOUNDER, SECOND, Stage, Told, Who, alone, ranks, together};
use super::{Presence, Verdict};
use crate::entry::{Entry, GrantRef};
use crate::id::{EntryId, MemberId};
use crate::rule::{Object, Rule, RuleTable, Verb};

mod acts;

use acts::Says;

/// Acts of one history, at most.
const MOST: usize = 5;

/// What is looked through.
struct Small {
    stage: Stage,
    actors: [Who; 3],
    /// The entries with which they begin to act; `None` for somebody who is yet to come.
    begun: [Option<EntryId>; 3],
    /// Invites by which one can come.
    invites: Vec<GrantRef>,
    /// Lines that can be taken out and put back.
    lines: Vec<Rule>,
    /// What can be done.
    says: &'static [Says],
    /// Acts of the longest histories.
    most: usize,
    /// Acts that are in more than one history, by their numbers.
    acts: Vec<Rc<Act>>,
    /// What is permitted to say, from where.
    permitted: HashMap<Standpoint, Vec<Rc<Act>>>,
    /// Histories that can be reached in more than one way, by the numbers of their acts.
    reached: HashMap<[u32; MOST], Reached>,
    pasts: Pasts,
    count: Count,
}

/// Something that one of them says.
struct Act {
    /// In [`Small::acts`]; none where only one history has it.
    number: Option<u32>,
    entry: Entry,
    actor: usize,
    /// Acts in its past.
    past: Vec<u32>,
    /// Those of them that it goes on from: what its author said in the same history before.
    line: Vec<u32>,
}

/// After which own act, and knowing which others.
#[derive(PartialEq, Eq, Hash)]
struct Standpoint {
    actor: usize,
    prev: Option<u32>,
    heads: Vec<u32>,
}

struct Reached {
    state: u64,
    ways: u8,
    /// Acts that nothing in it knows: so many ways there have to be.
    ends: u8,
}

/// What was looked at.
#[derive(Debug, Default)]
struct Count {
    histories: u64,
    /// Histories in which something has no effect.
    held: u64,
    /// Histories in which somebody shows two.
    forked: u64,
    /// Ways from one history to another.
    ways: u64,
    /// Delivery orders of all histories together.
    orders: u64,
    /// Acts that were asked whether they are permitted, and those that were not.
    asked: u64,
    refused: u64,
}

/// The first role does everything over the second alone; a majority of the second decides about it, and, with succession, about
/// the first.
fn rules(succession: bool) -> RuleTable {
    let (first, second) = (Object::Role(FIRST), Object::Role(SECOND));
    let verbs = [Verb::Invite, Verb::Admit, Verb::Grant, Verb::Revoke, Verb::Remove, Verb::Vouch];
    let mut rules: Vec<Rule> = verbs.into_iter().map(|verb| alone(FIRST, verb, second)).collect();
    rules.push(alone(FIRST, Verb::Invite, first));
    rules.push(alone(FIRST, Verb::Amend, Object::Rules));
    rules.extend([Verb::Invite, Verb::Grant].map(|verb| alone(SECOND, verb, second)));
    for role in [FIRST, SECOND] {
        rules.extend([Verb::Remove, Verb::RemoveRetroactive].map(|verb| together(role, verb, second, 0, role)));
    }
    rules.push(together(FIRST, Verb::Checkpoint, first, 0, FIRST));
    if succession {
        rules.push(together(SECOND, Verb::Remove, first, 0, SECOND));
        rules.push(alone(SECOND, Verb::Amend, Object::Rules));
    }
    ranks(2, rules)
}

/// Who they are.
#[derive(Clone, Copy)]
enum Cast {
    /// A founder in the first role and two in the second.
    AllIn,
    /// The same, and the second role can take the place of the first.
    Succession,
    /// A founder, one of the second role, and one who can come by the link of either; who comes by the founder's waits.
    OneComes,
}

fn small(cast: Cast, most: usize, says: &'static [Says]) -> Small {
    let mut stage = Stage::found(rules(matches!(cast, Cast::Succession)));
    let second = stage.newcomer(FOUNDER, SECOND);
    stage.at(FOUNDER).vouch(second);
    let mut lines = vec![alone(SECOND, Verb::Grant, Object::Role(SECOND))];
    let mut invites = Vec::new();
    let third = if matches!(cast, Cast::OneComes) {
        lines = vec![alone(SECOND, Verb::Invite, Object::Role(SECOND))];
        invites = vec![stage.at(second).invite(SECOND, 1), stage.at(FOUNDER).invite_reviewed(SECOND, 1)];
        stage.stranger()
    } else {
        lines.push(together(SECOND, Verb::Remove, Object::Role(SECOND), 0, SECOND));
        let third = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).vouch(third);
        stage.at(third).speak();
        third
    };
    // All know all of this.
    for who in [second, FOUNDER] {
        stage.at(who).speak();
    }
    let actors = [FOUNDER, second, third];
    Small {
        begun: actors.map(|who| stage.newest(who)),
        stage,
        actors,
        invites,
        lines,
        says,
        most,
        acts: Vec::new(),
        permitted: HashMap::new(),
        reached: HashMap::new(),
        pasts: Pasts::default(),
        count: Count::default(),
    }
}

impl Small {
    fn look(&mut self) {
        let mut open = vec![(Vec::new(), self.stage.told.clone())];
        self.count.histories += 1;
        while let Some((history, mut told)) = open.pop() {
            for act in self.next(&history, &mut told) {
                let mut after = told.clone();
                let verdict = after.hear(&act.entry).expect("its past is here");
                assert!(!matches!(verdict, Verdict::Refused(_)), "permitted, and then not: {}", self.shown(&after));
                self.count.ways += 1;
                self.moves_nobody(&told, &after, &act);
                let Some(number) = act.number else {
                    // It knows all the others: nothing else is the end, and there is no other way.
                    self.arrive(&after, self.forks(&history) || self.begins_again(&history, &act));
                    self.count.orders += self.orders(&history);
                    continue;
                };
                let mut longer: Vec<u32> = history.clone();
                longer.push(number);
                longer.sort_unstable();
                let state = print(&after);
                if let Some(known) = self.reached.get_mut(&key(&longer)) {
                    known.ways += 1;
                    let same = known.state == state;
                    assert!(same, "another order, another state: {}", self.shown(&after));
                    continue;
                }
                let ends = u8::try_from(self.ends(&longer).count()).expect("few acts");
                self.reached.insert(key(&longer), Reached { state, ways: 1, ends });
                self.count.orders += self.orders(&longer);
                self.arrive(&after, self.forks(&longer));
                if longer.len() < self.most {
                    open.push((longer, after));
                }
            }
        }
        let left_out = self.reached.iter().find(|(_, reached)| reached.ways != reached.ends);
        assert!(left_out.is_none(), "an order was left out");
    }

    /// A history is here for the first time.
    fn arrive(&mut self, told: &Told, forked: bool) {
        self.count.histories += 1;
        self.count.forked += u64::from(forked);
        let held = |(_, verdict): (EntryId, &Verdict)| matches!(verdict, Verdict::Held(_));
        self.count.held += u64::from(told.authority.verdicts().any(held));
        self.is_as_defined(told);
        if let Err(what) = what_a_pin_covers_stays_with(told) {
            panic!("{what}: {}", self.shown(told));
        }
    }

    fn past(&self, act: u32) -> &[u32] {
        &self.acts[act as usize].past
    }

    fn line(&self, act: u32) -> &[u32] {
        &self.acts[act as usize].line
    }

    /// Acts that no other act in a history knows.
    fn ends<'a>(&'a self, history: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        history.iter().copied().filter(|one| !history.iter().any(|other| self.past(*other).contains(one)))
    }

    /// In how many orders the acts of a history can arrive.
    fn orders(&self, history: &[u32]) -> u64 {
        if history.is_empty() {
            return 1;
        }
        let without = |end: u32| -> Vec<u32> { history.iter().copied().filter(|one| *one != end).collect() };
        self.ends(history).map(|end| self.orders(&without(end))).sum()
    }

    fn mine(&self, actor: usize, history: &[u32]) -> Vec<u32> {
        history.iter().copied().filter(|act| self.acts[*act as usize].actor == actor).collect()
    }

    /// Whether an actor shows two histories. One may know of the other, by somebody who heard it.
    fn is_forked(&self, actor: usize, history: &[u32]) -> bool {
        let mine = self.mine(actor, history);
        let apart =
            |one: u32, other: u32| one != other && !self.line(one).contains(&other) && !self.line(other).contains(&one);
        mine.iter().any(|one| mine.iter().any(|other| apart(*one, *other)))
    }

    fn forks(&self, history: &[u32]) -> bool {
        (0..3).any(|actor| self.is_forked(actor, history))
    }

    /// Whether an act does not go on from an older one of its author.
    fn begins_again(&self, history: &[u32], act: &Act) -> bool {
        self.mine(act.actor, history).iter().any(|one| !act.line.contains(one))
    }

    /// All that can be said next, from anywhere.
    fn next(&mut self, history: &[u32], told: &mut Told) -> Vec<Rc<Act>> {
        let mut found: Vec<Rc<Act>> = Vec::new();
        for at in self.standpoints(history) {
            if !self.permitted.contains_key(&at) {
                let acts = self.permitted_from(&at, told);
                // Whoever knows all of the longest past is in one history only.
                if acts.iter().any(|act| act.number.is_none()) {
                    found.extend(acts);
                    continue;
                }
                self.permitted.insert(Standpoint { heads: at.heads.clone(), ..at }, acts);
            }
            found.extend(self.permitted[&at].iter().cloned());
        }
        found.retain(|act| act.number.is_none_or(|number| !history.contains(&number)));
        found
    }

    fn standpoints(&self, history: &[u32]) -> Vec<Standpoint> {
        let mut found = Vec::new();
        for actor in 0..3 {
            let mine = self.mine(actor, history);
            let others: Vec<u32> = history.iter().copied().filter(|act| !mine.contains(act)).collect();
            // Only one of them goes on from anywhere; the others from their newest.
            let may_fork = !(0..3).any(|other| other != actor && self.is_forked(other, history));
            let newest = |prev: Option<u32>| match prev {
                Some(act) => !mine.iter().any(|other| self.line(*other).contains(&act)),
                None => mine.is_empty(),
            };
            let prevs = mine.iter().copied().map(Some).chain([None]).filter(|prev| may_fork || newest(*prev));
            for prev in prevs {
                let known = |act: u32| prev.is_some_and(|prev| prev == act || self.past(prev).contains(&act));
                let news: Vec<u32> = others.iter().copied().filter(|act| !known(*act)).collect();
                for chosen in 0u32..1 << news.len() {
                    let heads = news.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, act)| *act);
                    let heads: Vec<u32> = heads.collect();
                    if heads.iter().all(|one| heads.iter().all(|other| !self.past(*other).contains(one))) {
                        found.push(Standpoint { actor, prev, heads });
                    }
                }
            }
        }
        found
    }

    /// What one could say from a standpoint and is permitted, to both evaluators; it changes nothing on the machine it asks.
    fn permitted_from(&mut self, at: &Standpoint, told: &mut Told) -> Vec<Rc<Act>> {
        let named = at.prev.iter().chain(&at.heads);
        let past: BTreeSet<u32> = named.flat_map(|act| self.past(*act).iter().copied().chain([*act])).collect();
        let past: Vec<u32> = past.into_iter().collect();
        let line: Vec<u32> = at.prev.iter().flat_map(|prev| self.line(*prev).iter().copied().chain([*prev])).collect();
        let is_last = past.len() + 1 == self.most;
        let mut found = Vec::new();
        for entry in self.said(at, &past, told) {
            self.count.asked += 1;
            if !self.is_permitted(&entry, told) {
                self.count.refused += 1;
                continue;
            }
            let number = (!is_last).then(|| u32::try_from(self.acts.len()).expect("fewer acts"));
            let act = Rc::new(Act { number, entry, actor: at.actor, past: past.clone(), line: line.clone() });
            self.acts.extend(number.map(|_| act.clone()));
            found.push(act);
        }
        found
    }

    /// R2, by both evaluators.
    fn is_permitted(&mut self, entry: &Entry, told: &mut Told) -> bool {
        let pursuance = self.stage.pursuance;
        let fast = told.authority.would(pursuance, &told.logs, entry);
        told.authority.by_definition = Some(core::mem::take(&mut self.pasts));
        let slow = told.authority.would(pursuance, &told.logs, entry);
        self.pasts = told.authority.by_definition.take().expect("just set");
        assert_eq!(fast, slow, "the two evaluators differ: {}", self.shown(told));
        fast.is_ok()
    }

    /// R4 and R5, by both.
    fn is_as_defined(&mut self, told: &Told) {
        let facts = &told.authority.facts;
        let pasts = core::mem::take(&mut self.pasts);
        let all = Definition::new(facts, &told.logs, &pasts, told.heard.iter().copied().collect());
        for act in facts.acts.values() {
            let held = all.held(act).map_or(Verdict::Counts, Verdict::Held);
            assert_eq!(told.verdict(act.id), Some(held), "{}", self.shown(told));
        }
        let now = told.authority.now(&told.logs);
        for at in facts.grants.keys() {
            assert_eq!(now.is_active(*at), all.is_active(*at), "{}", self.shown(told));
        }
        if told.heard.len() - self.stage.told.heard.len() == self.most {
            // Nothing is after the last one.
            pasts.borrow_mut().remove(told.heard.last().expect("just heard"));
        }
        self.pasts = pasts;
    }

    /// No junior changes what a senior did; and whoever a strict senior removed, and whoever comes by their invites, changes
    /// nothing that was there.
    fn moves_nobody(&self, before: &Told, after: &Told, act: &Act) {
        let facts = &after.authority.facts;
        // Where a majority of juniors is asked about seniors, it stands before them: succession, and two histories.
        if facts.proposals.values().any(|asked| asked.majority_rank < asked.rank) {
            return;
        }
        let said = &facts.acts[&act.entry.id()];
        if said.position.rank == 0 {
            return;
        }
        let by = said.by.expect("the founder is of rank 0");
        let speaker = if said.join { facts.invites[&by].inviter } else { facts.grants[&by].holder };
        let gone = |member: MemberId| before.authority.members()[&member].presence == Presence::Gone;
        let by_founder = |member: MemberId| {
            facts.on_member.get(&member).into_iter().flatten().any(|index| {
                let Source::Entry(id) = facts.restrictions[*index].source else { return false };
                facts.acts[&id].position.rank == 0 && before.verdict(id) == Some(Verdict::Counts)
            })
        };
        let removed = gone(speaker) && by_founder(speaker);
        for (id, verdict) in before.authority.verdicts() {
            let act = facts.acts.get(&id);
            let senior = act.is_some_and(|act| act.position.rank == 0);
            // Of somebody who leaves in two histories, either leaving holds the other, and both are in effect.
            let by = act.and_then(|act| act.by).and_then(|by| facts.grants.get(&by));
            let own = by.is_some_and(|by| by.holder == speaker);
            if (removed && !own) || senior {
                assert_eq!(after.verdict(id).as_ref(), Some(verdict), "{removed} {senior} {}", self.shown(after));
            }
        }
        if removed {
            assert_eq!(before.active_now(), after.active_now(), "{}", self.shown(after));
            assert_eq!(before.rules(), after.rules(), "{}", self.shown(after));
        }
        assert_eq!(before.holders(FIRST), after.holders(FIRST), "{}", self.shown(after));
    }

    fn shown(&self, told: &Told) -> String {
        let entries = told.heard.iter().map(|id| told.logs.entry(*id).expect("it was heard").clone());
        super::telling::describe(&self.stage.with(entries.collect()))
    }
}

/// The acts of a history, and nothing in the places that are left.
fn key(history: &[u32]) -> [u32; MOST] {
    let mut key = [u32::MAX; MOST];
    key[..history.len()].copy_from_slice(history);
    key
}

/// All that a machine makes of a history, in one number: what is shown, and what it goes on from.
fn print(told: &Told) -> u64 {
    let (mut hasher, authority) = (DefaultHasher::new(), &told.authority);
    for (id, verdict) in authority.verdicts() {
        match verdict {
            Verdict::Counts => id.hash(&mut hasher),
            other => (id, format!("{other:?}")).hash(&mut hasher),
        }
    }
    for (id, member) in authority.members() {
        (id, member.presence as u8, member.grant, member.role, member.invite).hash(&mut hasher);
        member.devices.keys().for_each(|device| device.hash(&mut hasher));
        member.grants.iter().for_each(|grant| (grant.at, grant.role, &grant.key.path).hash(&mut hasher));
    }
    for (at, open) in authority.invites() {
        (at, open.open, open.joins.iter().collect::<BTreeSet<_>>()).hash(&mut hasher);
    }
    let (rules, roles) = (told.rules(), authority.table().map_or(0, |table| table.roles.len()));
    (format!("{rules:?}"), roles, authority.name()).hash(&mut hasher);
    for (id, epoch) in authority.epochs() {
        (id, &epoch.entries).hash(&mut hasher);
    }
    let facts = &authority.facts;
    let effect = |(restriction, place): (&super::facts::Restriction, &Option<super::Position>)| {
        (restriction.source, format!("{:?} {place:?}", restriction.kind))
    };
    let in_effect = facts.restrictions.iter().zip(&authority.in_effect).map(effect);
    let in_effect: BTreeMap<_, _> = in_effect.collect();
    format!("{in_effect:?}").hash(&mut hasher);
    hasher.finish()
}

/// Looks through all, and sees that there are not fewer than there were.
fn all(mut small: Small, known_histories: u64, known_orders: u64) -> Count {
    small.look();
    let count = small.count;
    println!("{:?}, up to {} acts: {count:?}", small.says, small.most);
    let fewer = count.histories < known_histories || count.orders < known_orders;
    assert!(!fewer, "{} histories, {} orders: fewer than known", count.histories, count.orders);
    count
}

/// Acts of one history; more, where a long run says so.
fn most(ordinary: usize) -> usize {
    let acts = std::env::var("PURSUANCE_AUTHORITY_ACTS").ok();
    acts.map_or(ordinary, |acts| acts.parse().expect("a number")).min(MOST)
}

#[test]
fn all_small_histories_of_three_who_are_in() {
    let count = all(small(Cast::AllIn, most(3), Says::ALL), 13_501, 30_264);
    assert!(count.held > 0 && count.forked > 0);
}

#[test]
fn all_small_histories_with_succession() {
    let count = all(small(Cast::Succession, most(3), Says::ALL), 22_475, 50_205);
    assert!(count.held > 0 && count.forked > 0);
}

#[test]
fn all_small_histories_of_one_who_comes() {
    let count = all(small(Cast::OneComes, most(3), Says::ALL), 4_917, 10_861);
    assert!(count.held > 0 && count.forked > 0);
}

/// Five acts of a few kinds each, complete for these kinds. The ordinary run has three pairs of kinds; a long one any two kinds, or any
/// three.
#[test]
fn all_small_histories_of_five_acts() {
    use Says::{Amend, Leave, Remove, Retire, Revoke};
    let of = |says: &'static [Says], histories, orders| all(small(Cast::AllIn, MOST, says), histories, orders);
    of(&[Remove, Leave], 255, 3_752);
    of(&[Revoke, Leave], 255, 3_752);
    of(&[Amend, Retire], 1_048, 7_377);
    let Ok(kinds) = std::env::var("PURSUANCE_AUTHORITY_KINDS") else { return };
    let kinds: u32 = kinds.parse().expect("a number");
    for chosen in (0_u32..1 << Says::ALL.len()).filter(|chosen| chosen.count_ones() == kinds) {
        let says = Says::ALL.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, says)| *says);
        let says: &'static [Says] = says.collect::<Vec<_>>().leak();
        // Somebody has yet to come where coming is looked at.
        let cast = if says.contains(&Says::Come) { Cast::OneComes } else { Cast::AllIn };
        all(small(cast, MOST, says), 1, 1);
    }
}
