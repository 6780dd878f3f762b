//! The evaluator that every client runs: it looks up what could restrict an act, and remembers what it found.
//!
//! Its answers are those of [`super::definition`]; it only asks fewer questions. How deep it can go is bounded: a step to what an
//! act leans on shortens the path of seniority or of devices, and a step to what restricts it goes to a lesser rank, of which
//! there are at most `MAX_ROLES`.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::facts::{Act, Among, Facts, Restriction};
use super::memory::{Asked, Memory};
use super::position::Position;
use super::seen::Seen;
use super::switch::{Switch, asks, on};
use crate::clock::Clock;
use crate::crypto::{self, label};
use crate::entry::GrantRef;
use crate::id::{AuthorId, EntryId, MemberId, RoleId};
use crate::logs::Logs;
use crate::refusal::Refusal;
use crate::rule::Rule;

/// Whether a proposal is carried by some signatures, named by a hash of them: it follows from their pasts alone, and never changes.
pub(crate) type Outcomes = BTreeMap<(EntryId, Position, [u8; 32]), bool>;

/// What was found while looking.
#[derive(Default)]
pub(crate) struct Lessons {
    pub(crate) outcomes: Outcomes,
    /// Of a view in which everything counts that does in the view of everything.
    pub(crate) found: BTreeMap<Asked, bool>,
}

/// That, of several views.
pub(crate) type Learned = Rc<RefCell<Lessons>>;

/// What is known of a view before it is asked.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    /// Nothing.
    Nothing,
    /// Which older entries count.
    Counting(&'a Memory),
    /// That, and all that follows: nothing that governs is missing in it, or came since.
    Everything(&'a Memory),
}

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
    known: Known<'a>,
    found: RefCell<BTreeMap<Asked, bool>>,
}

impl<'a> Sight<'a> {
    pub(crate) fn new(facts: &'a Facts, logs: &'a Logs, outcomes: &'a Outcomes, learned: Learned, view: View) -> Self {
        Self { facts, logs, outcomes, learned, view, known: Known::Nothing, found: RefCell::new(BTreeMap::new()) }
    }

    /// The same view, of which this is known.
    pub(crate) fn knowing(self, known: Known<'a>) -> Self {
        Self { known, ..self }
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
        let mut found = Vec::new();
        for chain in facts.checkpoints.values() {
            // What knows the act comes last.
            let beside = self.beside(chain, Switch::R9Known, act.id);
            let uncovered = beside.partition_point(|index| !self.is_covered(&facts.restrictions[*index], act.id));
            found.extend_from_slice(&beside[..uncovered]);
        }
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

    /// What was found of a question before, in this view or in one that says the same.
    fn recall(&self, asked: &Asked) -> Option<bool> {
        match self.known {
            Known::Nothing => self.found.borrow().get(asked).copied(),
            Known::Counting(memory) | Known::Everything(memory) => {
                memory.found.of(asked).or_else(|| self.learned.borrow().found.get(asked).copied())
            }
        }
    }

    fn keep(&self, asked: Asked, counts: bool) {
        match self.known {
            Known::Nothing => _ = self.found.borrow_mut().insert(asked, counts),
            Known::Counting(_) | Known::Everything(_) => _ = self.learned.borrow_mut().found.insert(asked, counts),
        }
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
        #[cfg(test)]
        for_tests::asked();
        match &self.view {
            View::All => true,
            View::Past(clock) => self.logs.dot(id).is_some_and(|dot| clock.holds(dot)),
        }
    }

    fn in_past(&self, older: EntryId, newer: EntryId) -> bool {
        #[cfg(test)]
        for_tests::asked();
        self.logs.in_past(older, newer)
    }

    fn counts_below(&self, id: EntryId, limit: &Position) -> bool {
        #[cfg(test)]
        for_tests::asked();
        let Some(act) = self.facts.acts.get(&id).filter(|_| self.holds(id)) else { return false };
        let limit = limit.min(&act.position);
        let asked = (id, (limit < &act.position).then(|| limit.clone()));
        if let Some(found) = self.recall(&asked) {
            return found;
        }
        let counts = self.is_ratified(act, limit)
            || (self.leans_count(act, limit)
                && self.restricted(act, limit, self.candidates(act).into_iter()).is_none());
        self.keep(asked, counts);
        counts
    }

    fn known_packages(&self, role: RoleId) -> Option<Vec<(MemberId, AuthorId, [u8; 32])>> {
        let (Known::Everything(memory), View::Past(clock)) = (self.known, &self.view) else { return None };
        memory.is_whole(clock).then(|| {
            let members = memory.readers(self.facts, role).into_iter();
            let placed = members.filter(|member| asks(Switch::K3Place, self.has_a_place(*member)));
            let held = |member| memory.packages(member).iter().map(move |(author, id)| (member, *author, *id));
            placed.flat_map(held).collect()
        })
    }

    fn may_be_active(&self, among: Among) -> Box<dyn Iterator<Item = GrantRef> + '_> {
        match self.known {
            Known::Everything(memory) => memory.active.among(among),
            _ => self.facts.granted(among),
        }
    }

    fn may_be_in_force(&self) -> Box<dyn Iterator<Item = &Rule> + '_> {
        match self.known {
            Known::Everything(memory) => Box::new(memory.lines.iter()),
            _ => Box::new(self.facts.lines.keys()),
        }
    }

    fn lines_in_force(&self) -> usize {
        match self.known {
            Known::Everything(memory) => memory.lines.len(),
            _ => self.may_be_in_force().filter(|line| self.is_in_force(line)).count(),
        }
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
        let asked = outcome(proposal, place, signatures);
        self.outcomes.get(&asked).copied().or_else(|| self.learned.borrow().outcomes.get(&asked).copied())
    }

    fn remember(&self, proposal: EntryId, place: &Position, signatures: &[EntryId], carried: bool) {
        let asked = outcome(proposal, place, signatures);
        self.learned.borrow_mut().outcomes.insert(asked, carried);
    }
}

/// By what an outcome is found again.
fn outcome(proposal: EntryId, place: &Position, signatures: &[EntryId]) -> (EntryId, Position, [u8; 32]) {
    let signatures: Vec<&[u8]> = signatures.iter().map(|id| &id.0[..]).collect();
    (proposal, place.clone(), crypto::hash::hash(label::SIGNATURES, &signatures))
}

#[cfg(test)]
pub(crate) use for_tests::questions_asked;

#[cfg(test)]
mod for_tests {
    use core::cell::Cell;

    std::thread_local! {
        static ASKED: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn asked() {
        ASKED.set(ASKED.get() + 1);
    }

    /// How many questions were asked of views by this thread.
    pub(crate) fn questions_asked() -> u64 {
        ASKED.get()
    }
}
