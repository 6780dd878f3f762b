//! Who counts, by definition: R4 as it is written, with sets for views and no index. Slow, short, and what the other evaluator is
//! held against (docs/protocol/04-authority.md, "The formula").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cell::RefCell;

use super::facts::{Act, Facts, GrantFact, Kind, Restriction};
use super::position::Position;
use super::seen::Seen;
use super::switch::{Switch, asks, on};
use crate::id::{AuthorId, EntryId};
use crate::logs::Logs;
use crate::refusal::Refusal;

/// The past of each entry, by walking the graph.
pub(crate) type Pasts = RefCell<BTreeMap<EntryId, BTreeSet<EntryId>>>;

/// A view as a set.
pub(crate) struct Definition<'a> {
    facts: &'a Facts,
    logs: &'a Logs,
    pasts: &'a Pasts,
    view: BTreeSet<EntryId>,
}

impl<'a> Definition<'a> {
    pub(crate) const fn new(facts: &'a Facts, logs: &'a Logs, pasts: &'a Pasts, view: BTreeSet<EntryId>) -> Self {
        Self { facts, logs, pasts, view }
    }

    /// The past of what names these entries.
    pub(crate) fn past_of(
        facts: &'a Facts,
        logs: &'a Logs,
        pasts: &'a Pasts,
        named: impl Iterator<Item = EntryId>,
    ) -> Self {
        let mut view = BTreeSet::new();
        for id in named {
            view.extend(past(logs, pasts, id));
            view.insert(id);
        }
        Self::new(facts, logs, pasts, view)
    }
}

impl Definition<'_> {
    /// Why an act in the view does not count; `None` if it does. Of several reasons, the first in an order of kinds: what came
    /// first to whom has no part in it.
    pub(crate) fn held(&self, act: &Act) -> Option<Refusal> {
        if self.is_ratified(act, &act.position) {
            return None;
        }
        let restricted = (0..self.facts.restrictions.len()).filter_map(|index| {
            let reason = self.restricted(act, &act.position, core::iter::once(index))?;
            let kind = &self.facts.restrictions[index].kind;
            Some((if reason == Refusal::RuleTakenBack { 8 } else { self.order(kind, act) }, reason))
        });
        let restricted = restricted.min_by_key(|(order, _)| *order).map(|(_, reason)| reason);
        let leans =
            || act.leans.iter().all(|any| any.iter().any(|source| self.lean_counts(act, *source, &act.position)));
        restricted.or_else(|| (!leans()).then_some(Refusal::LeansOnHeld))
    }

    fn order(&self, kind: &Kind, act: &Act) -> u8 {
        let leant_on = self.facts.leant_on(act).map(|(_, grant)| grant.role);
        match kind {
            Kind::Checkpoint { .. } => 0,
            Kind::Member { .. } => 1,
            Kind::Grant(_) => 2,
            Kind::Role(role) if leant_on == Some(*role) => 3,
            Kind::OtherDevices { .. } => 4,
            Kind::Device(_) => 5,
            Kind::Invite(_) => 6,
            Kind::Role(_) => 7,
            Kind::Line(_) => 8,
        }
    }
}

/// Everything that an entry names, and what these name, and so on.
fn past(logs: &Logs, pasts: &Pasts, id: EntryId) -> BTreeSet<EntryId> {
    if let Some(known) = pasts.borrow().get(&id) {
        return known.clone();
    }
    let mut found = BTreeSet::new();
    let mut ahead: Vec<EntryId> = logs.entry(id).into_iter().flat_map(|entry| entry.body().named()).collect();
    while let Some(next) = ahead.pop() {
        if found.insert(next) {
            ahead.extend(logs.entry(next).into_iter().flat_map(|entry| entry.body().named()));
        }
    }
    pasts.borrow_mut().insert(id, found.clone());
    found
}

impl Seen for Definition<'_> {
    fn facts(&self) -> &Facts {
        self.facts
    }

    fn logs(&self) -> &Logs {
        self.logs
    }

    fn holds(&self, id: EntryId) -> bool {
        self.view.contains(&id)
    }

    fn in_past(&self, older: EntryId, newer: EntryId) -> bool {
        past(self.logs, self.pasts, newer).contains(&older)
    }

    fn counts_below(&self, id: EntryId, limit: &Position) -> bool {
        // R2 was asked of its past when it came: what was not permitted is no fact.
        let Some(act) = self.facts.acts.get(&id).filter(|_| self.holds(id)) else { return false };
        let limit = limit.min(&act.position);
        let below = if on(Switch::R4Limit) { limit } else { &Position::LAST };
        // R12
        self.is_ratified(act, limit)
            // What it leans on counts, as far as restrictions before this place go ...
            || (act.leans.iter().all(|any| asks(Switch::R4Leans, any.iter().any(|source| self.lean_counts(act, *source, below))))
                // ... and nothing before this place restricts it.
                && self.restricted(act, limit, 0..self.facts.restrictions.len()).is_none())
    }

    fn may_sign(&self, grant: &GrantFact) -> bool {
        let own = grant.key.position(Vec::new());
        self.words_for(grant).is_none_or(|words| {
            words.iter().any(|word| {
                let act = &self.facts.acts[word];
                // Who came by themselves gives no voice to others who did.
                let by = || act.by.and_then(|by| self.facts.grants.get(&by));
                let may = || act.position.rank < own.rank || by().is_some_and(|by| self.may_sign(by));
                self.holds(*word)
                    && self.counts_below(*word, &own)
                    && asks(Switch::R8VouchedSenior, act.position < own && may())
            })
        })
    }

    fn is_forked(&self, author: AuthorId) -> bool {
        let mut seen = BTreeSet::new();
        let own = self.view.iter().filter_map(|id| self.logs.entry(*id)).filter(|entry| entry.body().author == author);
        { own }.any(|entry| !seen.insert(entry.body().seq))
    }

    fn is_pinned(&self, restriction: &Restriction, id: EntryId) -> bool {
        restriction.pins.iter().any(|pin| *pin == id || self.in_past(id, *pin))
    }

    fn before(&self, entries: &[EntryId]) -> Self {
        let view = entries.iter().flat_map(|id| past(self.logs, self.pasts, *id)).collect();
        Self::new(self.facts, self.logs, self.pasts, view)
    }
}
