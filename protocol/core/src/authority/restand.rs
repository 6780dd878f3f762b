//! What a new entry changes for others: it costs what it touches, not the whole history (docs/protocol/04-authority.md, "What a
//! restriction touches").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::facts::{Facts, Kind, Restriction, Source};
use super::note::changes_others;
use super::seen::Seen;
use super::{Authority, Verdict};
use crate::clock::Clock;
use crate::entry::Entry;
use crate::id::{AuthorId, EntryId};
use crate::logs::Logs;
use crate::op::Op;

/// Entries whose verdict may have changed since they were judged: for each chain, all from a place on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubt {
    /// Public entries that changed.
    pub public: BTreeSet<EntryId>,
    /// By chain, the seq of the first entry in doubt.
    pub chains: BTreeMap<u32, u32>,
    /// Role entries that somebody took on as their own.
    pub ratified: BTreeSet<EntryId>,
}

impl Doubt {
    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.public.is_empty() && self.chains.is_empty() && self.ratified.is_empty()
    }
}

impl Authority {
    /// Whose verdicts may have changed since this was last asked. Those of public entries are mended already.
    pub fn take_doubt(&mut self) -> Doubt {
        core::mem::take(&mut self.doubt)
    }

    /// Lets an entry that was just added have its effect: on others first, then on what is shown.
    pub(super) fn restand(&mut self, logs: &Logs, entry: &Entry, ops: &[Op], counts: bool) {
        let new = self.in_effect.len()..self.facts.restrictions.len();
        self.in_effect.resize(self.facts.restrictions.len(), None);
        let mut mended = Mended::default();
        if changes_others(ops) {
            self.spread(logs, entry, ops, new.collect(), &mut mended);
        }
        self.follow(logs, entry, ops, counts, &mended.judged);
        self.doubt.public.extend(mended.flipped);
    }

    /// Whether an entry that was just added can have an effect on others. What it does stands at its own place or before it, and
    /// changes nothing of what it stands on: so what was found before may be asked. Of decisions it is not so.
    pub(super) fn may_change(&mut self, logs: &Logs, entry: EntryId, ops: &[Op]) -> bool {
        if ops.iter().any(|op| matches!(op, Op::Propose(_) | Op::Approve(_))) {
            return true;
        }
        let ratifies = ops.iter().any(|op| matches!(op, Op::Ratify(_)));
        self.look(logs, |facts, now| {
            let mut carried = facts.carried_by.get(&entry).into_iter().flatten();
            let has_effect =
                |index: &usize| now.effective(&facts.restrictions[*index], &super::Position::LAST).is_some();
            (ratifies && now.counts(entry)) || carried.any(has_effect)
        })
    }

    /// Forgets what was found of all that an entry which was just added may change: whether it does is asked anew.
    pub(super) fn forget_changed(&mut self, logs: &Logs, entry: EntryId) {
        let facts = &self.facts;
        let (mut ahead, mut done) = (alloc::vec![entry], BTreeSet::new());
        let (mut restrictions, mut reached) = (BTreeSet::new(), BTreeMap::new());
        while let Some(id) = ahead.pop() {
            if !done.insert(id) {
                continue;
            }
            self.memory.found.forget(id);
            let signed = facts.signed.get(&id);
            // What leans on a decision knows the signatures that carry it: the newest entry is none of those.
            let decided = signed.filter(|_| id != entry).and_then(|proposal| facts.leaning.get(proposal));
            let leaning = [facts.leaning.get(&id), decided, facts.ratifies.get(&id)];
            ahead.extend(leaning.into_iter().flatten().flatten());
            let carried = [Some(&id), signed].into_iter().flatten().filter_map(|by| facts.carried_by.get(by));
            for index in carried.flatten().filter(|index| restrictions.insert(**index)) {
                for stays in touches(facts, logs, *index, |_| true) {
                    acts_outside(facts, &stays, &mut reached, &mut ahead);
                }
            }
        }
    }

    /// Judges anew the public entries whose verdict may change, each once. Whatever can change is outside what some changed
    /// restriction leaves: all that leans on an entry has it in its past, so one look at what stands beside or after each changed
    /// restriction finds everything.
    fn spread(&mut self, logs: &Logs, entry: &Entry, ops: &[Op], new: Vec<usize>, mended: &mut Mended) {
        mended.judged.insert(entry.id());
        let mut to_ask: BTreeSet<usize> = new.into_iter().collect();
        // A signature may carry its proposal, and so may what it brings along.
        for op in ops {
            if let Op::Approve(proposal) = op {
                to_ask.extend(self.facts.carried_by.get(proposal).into_iter().flatten());
            }
        }
        let (mut asked, mut reached) = (BTreeSet::new(), BTreeMap::new());
        let ratified = ops.iter().flat_map(|op| if let Op::Ratify(entries) = op { &entries[..] } else { &[] });
        self.bring_along(logs, ratified.copied().collect(), mended, &mut to_ask);
        while let Some(index) = to_ask.pop_first() {
            if !asked.insert(index) {
                continue;
            }
            let place = self.look(logs, |facts, now| now.effective(&facts.restrictions[index], &super::Position::LAST));
            if self.in_effect[index] == place {
                continue;
            }
            self.in_effect[index] = place;
            let mut touched = Vec::new();
            for stays in touches(&self.facts, logs, index, |other| self.in_effect[other].is_some()) {
                self.doubt_outside(logs, &stays);
                acts_outside(&self.facts, &stays, &mut reached, &mut touched);
            }
            for id in touched {
                if self.mend(logs, id, mended) {
                    let ratified = self.facts.ratifies.get(&id).cloned().unwrap_or_default();
                    self.bring_along(logs, ratified, mended, &mut to_ask);
                }
                // Even where its verdict stays, what it says may stand on less than before.
                to_ask.extend(self.facts.carried_by.get(&id).into_iter().flatten());
                if let Some(proposal) = self.facts.signed.get(&id) {
                    to_ask.extend(self.facts.carried_by.get(proposal).into_iter().flatten());
                }
            }
        }
        mended.judged.remove(&entry.id());
    }

    /// What was ratified, and what leans on it, stands or falls with who ratified it: that may be in the past of all that changed.
    /// Where the verdict of one stays, that of what leans on it may change nonetheless: each asks as far as its own position, and
    /// who ratified it may stand before one of them and not before the other.
    fn bring_along(
        &mut self,
        logs: &Logs,
        mut ratified: Vec<EntryId>,
        mended: &mut Mended,
        to_ask: &mut BTreeSet<usize>,
    ) {
        while let Some(id) = ratified.pop() {
            if !self.facts.acts.contains_key(&id) {
                self.doubt.ratified.insert(id);
                continue;
            }
            if mended.judged.contains(&id) {
                continue;
            }
            if self.mend(logs, id, mended) {
                ratified.extend(self.facts.ratifies.get(&id).into_iter().flatten());
            }
            self.doubt_after(logs, id);
            let decided = self.facts.signed.get(&id);
            for what in [Some(&id), decided].into_iter().flatten() {
                ratified.extend(self.facts.leaning.get(what).into_iter().flatten());
                to_ask.extend(self.facts.carried_by.get(what).into_iter().flatten());
            }
        }
    }

    /// Judges a public entry anew, unless that was done; says whether its verdict changed.
    fn mend(&mut self, logs: &Logs, id: EntryId, mended: &mut Mended) -> bool {
        if !self.facts.acts.contains_key(&id) || !mended.judged.insert(id) {
            return false;
        }
        let held = self.look(logs, |facts, now| now.held(&facts.acts[&id]));
        let verdict = held.map_or(Verdict::Counts, Verdict::Held);
        let flips = self.verdicts.insert(id, verdict.clone()).is_none_or(|before| before != verdict);
        if flips {
            mended.flipped.insert(id);
        }
        flips
    }

    /// Role entries outside what a restriction leaves are in doubt.
    fn doubt_outside(&mut self, logs: &Logs, stays: &Clock) {
        for (number, chain) in (0u32..).zip(logs.chains()) {
            let from = stays.end(number).max(chain.first.0);
            if from <= chain.tip.seq {
                let known = self.doubt.chains.entry(number).or_insert(from);
                *known = (*known).min(from);
            }
        }
    }

    /// All that can lean on an entry is in doubt: what has it in its past.
    fn doubt_after(&mut self, logs: &Logs, id: EntryId) {
        let stays = logs.clock(id).cloned().unwrap_or_default();
        self.doubt_outside(logs, &stays);
    }

    /// The devices of a member, for what is shown of them.
    pub(super) fn devices_of(&self, member: crate::id::MemberId) -> impl Iterator<Item = AuthorId> + '_ {
        self.facts.devices_of.get(&member).into_iter().flatten().copied()
    }
}

/// What was judged anew.
#[derive(Default)]
struct Mended {
    judged: BTreeSet<EntryId>,
    /// Those whose verdict changed.
    flipped: BTreeSet<EntryId>,
}

/// What is outside one of these can change with a restriction: what it does not leave itself, and, as it protects what it leaves
/// (R7), what other removals of the same member that it does not know do not leave.
fn touches(facts: &Facts, logs: &Logs, index: usize, may_count: impl Fn(usize) -> bool) -> Vec<Clock> {
    let restriction = &facts.restrictions[index];
    let mut touched = alloc::vec![stays(logs, restriction)];
    if let Kind::Member { member, .. } = &restriction.kind {
        let is_known =
            |other: &usize| logs.in_past(facts.restrictions[*other].source.entry(), restriction.source.entry());
        // Of one chain, what it knows comes first.
        let alone = facts.removals.get(member).into_iter().flat_map(BTreeMap::values);
        let alone = alone.flat_map(|chain| &chain[chain.partition_point(is_known)..]);
        let decided = facts.decided_removals.get(member).into_iter().flatten().filter(|other| !is_known(other));
        let others = alone.chain(decided).filter(|other| **other != index && may_count(**other));
        touched.extend(others.map(|other| stays(logs, &facts.restrictions[*other])));
    }
    touched
}

/// Acts that a restriction does not leave standing, but for those that were found before: in each chain from `reached` on.
fn acts_outside(facts: &Facts, stays: &Clock, reached: &mut BTreeMap<u32, u32>, found: &mut Vec<EntryId>) {
    for (chain, acts) in &facts.acts_of {
        let end = stays.end(*chain);
        let newest = acts.last().map_or(0, |(seq, _)| *seq);
        if newest < end {
            continue;
        }
        let before = reached.get(chain).copied().unwrap_or(u32::MAX);
        let from = acts.partition_point(|(seq, _)| *seq < end);
        let until = acts.partition_point(|(seq, _)| *seq < before);
        if from < until {
            found.extend(acts[from..until].iter().map(|(_, id)| *id));
            reached.insert(*chain, end);
        }
    }
}

/// What a restriction leaves standing, as a past.
fn stays(logs: &Logs, restriction: &Restriction) -> Clock {
    if restriction.pins.is_empty() {
        let (Source::Entry(id) | Source::Decision(id)) = restriction.source;
        logs.past(id).unwrap_or_default()
    } else {
        restriction.stays.clone()
    }
}
