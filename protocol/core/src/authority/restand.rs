//! What a new entry changes for others: it costs what it touches, not the whole history (docs/protocol/04-authority.md, "What a
//! restriction touches").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::facts::{Kind, Restriction, Source};
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
        let flipped = if changes_others(ops) { self.spread(logs, entry, ops, new.collect()) } else { BTreeSet::new() };
        if flipped.is_empty() {
            self.follow(logs, entry, ops, counts);
        } else {
            self.follow_all(logs);
        }
        self.doubt.public.extend(flipped);
    }

    /// Finds the public entries whose verdict changes. Whatever can change is outside what some changed restriction leaves: all
    /// that leans on an entry has it in its past, so one look at what stands beside or after each changed restriction finds
    /// everything.
    fn spread(&mut self, logs: &Logs, entry: &Entry, ops: &[Op], new: Vec<usize>) -> BTreeSet<EntryId> {
        let mut flipped = BTreeSet::new();
        let mut to_ask: BTreeSet<usize> = new.into_iter().collect();
        // A signature may carry its proposal, and so may what it brings along.
        for op in ops {
            if let Op::Approve(proposal) = op {
                to_ask.extend(self.facts.carried_by.get(proposal).into_iter().flatten());
            }
        }
        let mut asked: BTreeSet<usize> = BTreeSet::new();
        let ratified = ops.iter().flat_map(|op| if let Op::Ratify(entries) = op { &entries[..] } else { &[] });
        self.bring_along(logs, ratified.copied().collect(), &mut flipped, &mut to_ask);
        while let Some(index) = to_ask.pop_first() {
            if !asked.insert(index) {
                continue;
            }
            let place = self.look(logs, |facts, now| now.effective(&facts.restrictions[index], &super::Position::LAST));
            if self.in_effect[index] == place {
                continue;
            }
            self.in_effect[index] = place;
            let mut touched: BTreeSet<EntryId> = BTreeSet::new();
            for stays in self.touches(logs, index) {
                self.doubt_outside(logs, &stays);
                touched.extend(self.acts_outside(&stays));
            }
            touched.remove(&entry.id());
            for id in touched {
                if self.mend(logs, id) {
                    flipped.insert(id);
                    let ratified = self.facts.ratifies.get(&id).cloned().unwrap_or_default();
                    self.bring_along(logs, ratified, &mut flipped, &mut to_ask);
                }
                // Even where its verdict stays, what it says may stand on less than before.
                to_ask.extend(self.facts.carried_by.get(&id).into_iter().flatten());
                if let Some(proposal) = self.facts.signed.get(&id) {
                    to_ask.extend(self.facts.carried_by.get(proposal).into_iter().flatten());
                }
            }
        }
        flipped
    }

    /// What was ratified, and what leans on it, stands or falls with who ratified it: that may be in the past of all that changed.
    fn bring_along(
        &mut self,
        logs: &Logs,
        mut ratified: Vec<EntryId>,
        flipped: &mut BTreeSet<EntryId>,
        to_ask: &mut BTreeSet<usize>,
    ) {
        while let Some(id) = ratified.pop() {
            if !self.facts.acts.contains_key(&id) {
                self.doubt.ratified.insert(id);
            } else if self.mend(logs, id) {
                flipped.insert(id);
                ratified.extend(self.facts.leaning.get(&id).into_iter().flatten());
                ratified.extend(self.facts.ratifies.get(&id).into_iter().flatten());
                self.doubt_after(logs, id);
                to_ask.extend(self.facts.carried_by.get(&id).into_iter().flatten());
            }
        }
    }

    /// Judges a public entry anew; says whether its verdict changed.
    fn mend(&mut self, logs: &Logs, id: EntryId) -> bool {
        if !self.facts.acts.contains_key(&id) {
            return false;
        }
        let held = self.look(logs, |facts, now| now.held(&facts.acts[&id]));
        let verdict = held.map_or(Verdict::Counts, Verdict::Held);
        self.verdicts.insert(id, verdict.clone()).is_none_or(|before| before != verdict)
    }

    /// What is outside one of these can change with a restriction: what it does not leave itself, and, as it protects what it
    /// leaves (R7), what other removals of the same member do not leave.
    fn touches(&self, logs: &Logs, index: usize) -> Vec<Clock> {
        let restriction = &self.facts.restrictions[index];
        let mut touched = alloc::vec![stays(logs, restriction)];
        if let Kind::Member { member, .. } = &restriction.kind {
            let others = self.facts.on_member[member].iter().filter(|other| **other != index);
            let others = others.filter(|other| self.in_effect[**other].is_some());
            touched.extend(others.map(|other| stays(logs, &self.facts.restrictions[*other])));
        }
        touched
    }

    /// Acts that a restriction does not leave standing.
    fn acts_outside(&self, stays: &Clock) -> Vec<EntryId> {
        let mut found = Vec::new();
        for acts in self.facts.acts_of.values() {
            let mut several = acts.iter().map(|id| self.facts.acts[id].dot.chain);
            let first = several.next();
            let one_chain = several.all(|chain| Some(chain) == first);
            for id in acts.iter().rev() {
                if !stays.holds(self.facts.acts[id].dot) {
                    found.push(*id);
                } else if one_chain {
                    break;
                }
            }
        }
        found
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

/// What a restriction leaves standing, as a past.
fn stays(logs: &Logs, restriction: &Restriction) -> Clock {
    if restriction.pins.is_empty() {
        let (Source::Entry(id) | Source::Decision(id)) = restriction.source;
        logs.past(id).unwrap_or_default()
    } else {
        restriction.stays.clone()
    }
}
