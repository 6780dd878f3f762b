//! All small histories: three members, two roles, a few acts, every past that a delivery order can give them, and one of the
//! three may show two histories (docs/protocol/04-authority.md, "What is proved").
//!
//! A history is a set of acts. From each set every act is added that somebody could say after some part of it. The same set is
//! reached by many ways, one for each order of arrival, and each way has to end in the same state: so all orders of all
//! histories agree. What is refused rests on its own past and changes nothing; no history goes on from it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use std::hash::DefaultHasher;
use std::println;

use super::definition::{Definition, Pasts};
use super::seen::Seen;
use super::stage::{FIRST, FOUNDER, SECOND, Stage, Told, Who, alone, ranks, removal, together};
use super::{Presence, Verdict};
use crate::entry::{Entry, GrantRef};
use crate::id::{EntryId, MemberId, RoleId};
use crate::op::{Grant, Op, Propose};
use crate::rule::{Object, RuleTable, Verb};

/// What makes an entry what it is: who, after what, knowing what, leaning on what, and what it says.
type Written = (Who, EntryId, Vec<EntryId>, GrantRef, Vec<u8>);

/// What is looked through.
struct Small {
    stage: Stage,
    actors: [Who; 3],
    /// Acts of one history.
    acts: usize,
    /// Whether a role decides over a senior one: then juniors do move seniors.
    succession: bool,
    /// What can be done to others.
    says: &'static [Says],
    /// What each act is, written once.
    written: BTreeMap<Written, Entry>,
    /// Permitted by their own pasts, so that only these are asked in other histories.
    permitted: BTreeMap<EntryId, bool>,
    /// The state of each history.
    states: BTreeMap<Vec<EntryId>, u64>,
    /// Ways from one history to another.
    ways: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    Remove,
    Grant,
    Leave,
    /// To the second role.
    ProposeRemoval,
    Approve,
}

/// The first role does everything over the second; two of the first decide over it, and, with succession, two of the second.
fn rules(succession: bool) -> RuleTable {
    let mut rules = Vec::new();
    for verb in [Verb::Invite, Verb::Grant, Verb::Remove, Verb::Vouch] {
        rules.push(alone(FIRST, verb, Object::Role(SECOND)));
    }
    rules.push(alone(FIRST, Verb::Invite, Object::Role(FIRST)));
    rules.push(alone(FIRST, Verb::Amend, Object::Rules));
    rules.push(alone(SECOND, Verb::Grant, Object::Role(SECOND)));
    rules.push(together(SECOND, Verb::Remove, Object::Role(SECOND), 0, SECOND));
    if succession {
        rules.push(together(SECOND, Verb::Remove, Object::Role(FIRST), 0, SECOND));
        rules.push(alone(SECOND, Verb::Amend, Object::Rules));
    }
    ranks(2, rules)
}

/// A founder in the first role and two in the second; the last of them may show two histories.
fn small(acts: usize, succession: bool, says: &'static [Says]) -> Small {
    let mut stage = Stage::found(rules(succession));
    let actors = [FOUNDER, stage.newcomer(FOUNDER, SECOND), stage.newcomer(FOUNDER, SECOND)];
    for who in &actors[1..] {
        stage.at(FOUNDER).vouch(*who);
    }
    // All three know all of this.
    for who in [1, 2, 0] {
        stage.at(actors[who]).speak();
    }
    let (written, permitted, states) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    Small { stage, actors, acts, succession, says, written, permitted, states, ways: 0 }
}

impl Small {
    fn look(&mut self) {
        let told = self.stage.told.clone();
        self.states.insert(Vec::new(), print(&told));
        let mut open = vec![(Vec::new(), told)];
        while let Some((history, told)) = open.pop() {
            for entry in self.next(&history, &told) {
                let mut longer: Vec<EntryId> = history.clone();
                longer.push(entry.id());
                longer.sort_unstable();
                let mut after = told.clone();
                after.hear(&entry);
                self.ways += 1;
                self.immune(&told, &after, &entry);
                let state = print(&after);
                if let Some(known) = self.states.get(&longer) {
                    assert_eq!(state, *known, "another order, another state: {}", self.shown(&after));
                    continue;
                }
                self.is_as_defined(&after);
                self.states.insert(longer.clone(), state);
                if longer.len() < self.acts {
                    open.push((longer, after));
                }
            }
        }
    }

    /// All that somebody could say next, in any past, and that is permitted.
    fn next(&mut self, history: &[EntryId], told: &Told) -> Vec<Entry> {
        let mut found = Vec::new();
        for (number, who) in self.actors.into_iter().enumerate() {
            let author = self.stage.author(who);
            let begun = self.stage.newest(who).expect("each has spoken");
            let own = |id: &&EntryId| told.logs.entry(**id).is_some_and(|entry| entry.body().author == author);
            let mine: Vec<EntryId> = history.iter().filter(own).copied().collect();
            let others: Vec<EntryId> = history.iter().filter(|id| !own(id)).copied().collect();
            // The last of the three may go on from anywhere; the others only from their newest.
            let newest = |id: &EntryId| !mine.iter().any(|other| told.logs.in_past(*id, *other));
            let prevs: Vec<EntryId> = match number {
                2 => mine.iter().copied().chain([begun]).collect(),
                _ => mine.iter().copied().chain([begun]).filter(newest).collect(),
            };
            for prev in prevs {
                for chosen in 0u32..1 << others.len() {
                    let heads = others.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, id)| *id);
                    let heads: Vec<EntryId> = heads.collect();
                    let before = |a: EntryId, b: EntryId| a == b || told.logs.in_past(a, b);
                    let lean = heads.iter().enumerate().all(|(at, head)| {
                        !before(*head, prev)
                            && !heads.iter().enumerate().any(|(other, id)| other != at && before(*head, *id))
                    });
                    if lean {
                        self.say(who, prev, &heads, told, &mut found);
                    }
                }
            }
        }
        found.retain(|entry| !history.contains(&entry.id()));
        found
    }

    fn say(&mut self, who: Who, prev: EntryId, heads: &[EntryId], told: &Told, found: &mut Vec<Entry>) {
        let me = self.stage.member(who);
        let knows = |id: EntryId| [prev].iter().chain(heads).any(|head| *head == id || told.logs.in_past(id, *head));
        // The role they came with, or whatever they were given since.
        let facts = &told.authority.facts;
        let given = facts.grants_of.get(&me).into_iter().flatten().copied().filter(|at| knows(at.entry));
        let bys: Vec<GrantRef> = given.collect();
        let mut ops: Vec<Op> = Vec::new();
        let others = self.actors.into_iter().filter(|other| *other != who).map(|other| self.stage.member(other));
        let others: Vec<MemberId> = others.collect();
        for says in self.says {
            match says {
                Says::Remove => ops.extend(others.iter().map(|other| removal(*other, &[], &[]))),
                Says::Grant => ops.extend(others.iter().map(|other| Op::Grant(Grant { member: *other, role: SECOND }))),
                Says::Leave => ops.push(Op::Leave),
                Says::ProposeRemoval => ops.extend(others.iter().map(|other| {
                    Op::Propose(Propose { of: SECOND, op: alloc::boxed::Box::new(removal(*other, &[], &[])) })
                })),
                Says::Approve => ops.extend(facts.proposals.keys().filter(|id| knows(**id)).map(|id| Op::Approve(*id))),
            }
        }
        for by in bys {
            for op in &ops {
                let key = (who, prev, heads.to_vec(), by, format!("{op:?}").into_bytes());
                let stage = &self.stage;
                let entry =
                    self.written.entry(key).or_insert_with(|| stage.write(who, prev, heads, told, by, op.clone()));
                let entry = entry.clone();
                if self.is_permitted(&entry, told) {
                    found.push(entry);
                }
            }
        }
    }

    /// R2: the same in every history, and by definition.
    fn is_permitted(&mut self, entry: &Entry, told: &Told) -> bool {
        if let Some(known) = self.permitted.get(&entry.id()) {
            return *known;
        }
        let past = told.heard.iter().copied().filter(|id| told.logs.names_in_past(*id, entry));
        let past: Vec<Entry> = past.map(|id| told.logs.entry(id).expect("it was heard").clone()).collect();
        let judge = |mut told: Told| {
            past.iter().for_each(|entry| _ = told.hear(entry));
            told.hear(entry).expect("it has its past")
        };
        let verdict = judge(self.stage.replay(&[]));
        assert_eq!(verdict, judge(self.stage.replay_by_definition(&[])), "the two evaluators differ");
        assert_eq!(Some(&verdict), {
            let mut there = told.clone();
            there.hear(entry);
            let refused = matches!(there.verdict(entry.id()), Some(Verdict::Refused(_)));
            (refused == matches!(verdict, Verdict::Refused(_))).then_some(&verdict)
        });
        let permitted = !matches!(verdict, Verdict::Refused(_));
        self.permitted.insert(entry.id(), permitted);
        permitted
    }

    fn is_as_defined(&self, told: &Told) {
        let (facts, pasts) = (&told.authority.facts, Pasts::default());
        let all = Definition::new(facts, &told.logs, &pasts, told.heard.iter().copied().collect());
        for act in facts.acts.values() {
            let held = all.held(act).map_or(Verdict::Counts, Verdict::Held);
            assert_eq!(told.verdict(act.id), Some(held), "{}", self.shown(told));
        }
        let now = told.authority.now(&told.logs);
        for at in facts.grants.keys() {
            assert_eq!(now.is_active(*at), all.is_active(*at), "{}", self.shown(told));
        }
    }

    /// Whoever a strict senior removed changes nothing that was there; and no junior changes what a senior did.
    fn immune(&self, before: &Told, after: &Told, entry: &Entry) {
        if self.succession {
            return;
        }
        let facts = &after.authority.facts;
        let Some(act) = facts.acts.get(&entry.id()).filter(|act| act.position.rank > 0) else { return };
        let author = act.by.map(|by| facts.grants[&by].holder);
        let gone = |member: MemberId| before.authority.members()[&member].presence == Presence::Gone;
        let by_founder = |member: MemberId| {
            facts.on_member.get(&member).into_iter().flatten().any(|index| {
                let source = facts.restrictions[*index].source.entry();
                let senior = facts.acts[&source].position.rank == 0 && source != entry.id();
                let alone = !facts.proposals.contains_key(&source);
                senior && alone && before.verdict(source) == Some(Verdict::Counts)
            })
        };
        let removed = author.is_some_and(|author| gone(author) && by_founder(author));
        for (id, verdict) in before.authority.verdicts() {
            let senior = facts.acts.get(&id).is_some_and(|act| act.position.rank == 0);
            if removed || senior {
                assert_eq!(after.verdict(id).as_ref(), Some(verdict), "{removed} {senior} {}", self.shown(after));
            }
        }
        if removed {
            assert_eq!(before.active_now(), after.active_now(), "{}", self.shown(after));
        }
        let holders = |told: &Told| told.holders(RoleId(1));
        assert_eq!(holders(before), holders(after), "{}", self.shown(after));
    }

    fn shown(&self, told: &Told) -> alloc::string::String {
        let entries = told.heard.iter().map(|id| told.logs.entry(*id).expect("it was heard").clone());
        super::telling::describe(&self.stage.with(entries.collect()))
    }
}

/// What a history comes to, in one number.
fn print(told: &Told) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (id, verdict) in told.authority.verdicts() {
        (id.0, format!("{verdict:?}")).hash(&mut hasher);
    }
    for (id, member) in told.authority.members() {
        (id.0, member.presence as u8, member.devices.len()).hash(&mut hasher);
        for grant in &member.grants {
            (grant.at.entry.0, grant.at.op).hash(&mut hasher);
        }
    }
    told.rules().len().hash(&mut hasher);
    let open: BTreeSet<_> = told.authority.invites().iter().map(|(at, open)| (at.entry.0, open.open)).collect();
    open.hash(&mut hasher);
    hasher.finish()
}

/// Looks through all, and sees that there are not fewer than there were.
fn all(mut small: Small, known_histories: usize, known_ways: usize) {
    small.look();
    let (histories, ways) = (small.states.len(), small.ways);
    let succession = small.succession;
    println!("{histories} histories of up to {} acts, {ways} ways between them; succession: {succession}", small.acts);
    assert!(histories >= known_histories && ways >= known_ways, "{histories} histories, {ways} ways: fewer than known");
}

/// Acts of one history; more, where a long run says so.
fn acts(ordinary: usize) -> usize {
    let acts = std::env::var("PURSUANCE_AUTHORITY_ACTS").ok();
    acts.map_or(ordinary, |acts| acts.parse().expect("a number"))
}

#[test]
fn all_small_histories_of_removing_and_giving_back() {
    all(small(acts(3), false, &[Says::Remove, Says::Grant, Says::Leave]), 378, 545);
}

#[test]
fn all_small_histories_of_deciding_together() {
    all(small(acts(3), true, &[Says::Remove, Says::ProposeRemoval, Says::Approve]), 532, 764);
}

#[test]
fn all_small_histories_of_five_acts() {
    all(small(5, false, &[Says::Remove, Says::Leave]), 90, 192);
}
