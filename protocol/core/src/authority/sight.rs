//! The evaluator that every client runs: it looks up what could restrict an act, and remembers what it found.
//!
//! Its answers are those of [`super::definition`]; it only asks fewer questions. How deep it can go is bounded: a step to what an
//! act leans on shortens the path of seniority or of devices, and a step to what restricts it goes to a lesser rank, of which
//! there are at most `MAX_ROLES`.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::facts::{Act, Facts, Restriction};
use super::position::Position;
use super::seen::Seen;
use super::switch::{Switch, asks, on};
use crate::clock::Clock;
use crate::id::{AuthorId, EntryId};
use crate::logs::Logs;
use crate::refusal::Refusal;

/// Whether a proposal is carried by some signatures: it follows from their pasts alone, and never changes.
pub(crate) type Outcomes = BTreeMap<(EntryId, Position, Vec<EntryId>), bool>;

/// Those found while looking.
pub(crate) type Learned = Rc<RefCell<Outcomes>>;

/// Which entries are looked at.
pub(crate) enum View {
    /// All that stand in the log.
    All,
    /// A past.
    Past(Clock),
}

/// A view and what was found in it so far.
pub(crate) struct Sight<'a> {
    facts: &'a Facts,
    logs: &'a Logs,
    outcomes: &'a Outcomes,
    learned: Learned,
    view: View,
    found: RefCell<BTreeMap<(EntryId, Position), bool>>,
}

impl<'a> Sight<'a> {
    pub(crate) fn new(facts: &'a Facts, logs: &'a Logs, outcomes: &'a Outcomes, learned: Learned, view: View) -> Self {
        Self { facts, logs, outcomes, learned, view, found: RefCell::new(BTreeMap::new()) }
    }

    /// Why an act in the view does not count; `None` if it does.
    pub(crate) fn held(&self, act: &Act) -> Option<Refusal> {
        if self.is_ratified(act, &act.position) {
            return None;
        }
        let restricted = self.restricted(act, &act.position, self.candidates(act).into_iter());
        restricted.or_else(|| (!self.leans_count(act, &act.position)).then_some(Refusal::LeansOnHeld))
    }

    fn leans_count(&self, act: &Act, limit: &Position) -> bool {
        let limit = if on(Switch::R4Limit) { limit } else { &Position::LAST };
        act.leans
            .iter()
            .all(|any| asks(Switch::R4Leans, any.iter().any(|source| self.lean_counts(act, *source, limit))))
    }

    /// Restrictions that could be about an act.
    fn candidates(&self, act: &Act) -> Vec<usize> {
        let facts = self.facts;
        let mut found = facts.checkpoints.clone();
        if let Some((at, grant)) = facts.leant_on(act) {
            found.extend(self.about_grant(at, grant));
            found.extend(facts.on_devices_of.get(&grant.holder).into_iter().flatten());
        }
        found.extend(facts.on_device.get(&act.author).into_iter().flatten());
        if let Some(invite) = act.by.filter(|_| act.join) {
            found.extend(facts.on_invite.get(&invite).into_iter().flatten());
            let offered = facts.invites.get(&invite).map(|invite| invite.invite.role);
            found.extend(offered.and_then(|role| facts.on_role.get(&role)).into_iter().flatten());
        }
        found
    }
}

impl Seen for Sight<'_> {
    fn facts(&self) -> &Facts {
        self.facts
    }

    fn logs(&self) -> &Logs {
        self.logs
    }

    fn holds(&self, id: EntryId) -> bool {
        match &self.view {
            View::All => true,
            View::Past(clock) => self.logs.dot(id).is_some_and(|dot| clock.holds(dot)),
        }
    }

    fn in_past(&self, older: EntryId, newer: EntryId) -> bool {
        self.logs.in_past(older, newer)
    }

    fn counts_below(&self, id: EntryId, limit: &Position) -> bool {
        let Some(act) = self.facts.acts.get(&id).filter(|_| self.holds(id)) else { return false };
        let limit = limit.min(&act.position);
        let asked = (id, limit.clone());
        if let Some(found) = self.found.borrow().get(&asked) {
            return *found;
        }
        let counts = self.is_ratified(act, limit)
            || (self.leans_count(act, limit)
                && self.restricted(act, limit, self.candidates(act).into_iter()).is_none());
        self.found.borrow_mut().insert(asked, counts);
        counts
    }

    fn before(&self, entries: &[EntryId]) -> Self {
        let mut clock = Clock::default();
        for past in entries.iter().filter_map(|id| self.logs.past(*id)) {
            clock.join(&past);
        }
        Self::new(self.facts, self.logs, self.outcomes, self.learned.clone(), View::Past(clock))
    }

    fn is_forked(&self, author: AuthorId) -> bool {
        self.logs.shows_two_histories(author, |dot| match &self.view {
            View::All => true,
            View::Past(clock) => clock.holds(dot),
        })
    }

    fn is_pinned(&self, restriction: &Restriction, id: EntryId) -> bool {
        self.logs.dot(id).is_some_and(|dot| restriction.stays.holds(dot))
    }

    fn remembered(&self, proposal: EntryId, place: &Position, signatures: &[EntryId]) -> Option<bool> {
        let asked = (proposal, place.clone(), signatures.to_vec());
        self.outcomes.get(&asked).copied().or_else(|| self.learned.borrow().get(&asked).copied())
    }

    fn remember(&self, proposal: EntryId, place: &Position, signatures: &[EntryId], carried: bool) {
        self.learned.borrow_mut().insert((proposal, place.clone(), signatures.to_vec()), carried);
    }
}
