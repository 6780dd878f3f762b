//! What the conditions of a line are asked of, and which of several lines lets somebody do something alone
//! (docs/protocol/04-authority.md, "Rules and roles").

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::switch::{Switch, asks, bars, on};
use crate::id::{MemberId, RoleId};
use crate::refusal::Refusal;
use crate::rule::{Rule, Verb};

/// An act, as far as conditions ask about it. All of it follows from the act's own past.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// Who acts.
    pub by: MemberId,
    /// Whether it is done to what they created, let in or gave themselves.
    pub own: bool,
    /// Entries of the acting device's log before it.
    pub entries: u32,
    /// Who found good what it is done to, each with the role they did that with.
    pub agreed: &'a [(RoleId, MemberId)],
}

impl Occasion<'_> {
    /// Done by somebody to what is not their own, and agreed to by nobody.
    #[must_use]
    pub const fn of(by: MemberId, entries: u32) -> Self {
        Self { by, own: false, entries, agreed: &[] }
    }

    /// The same, done to what is one's own where that is so.
    #[must_use]
    pub const fn on_own(self, own: bool) -> Self {
        Self { own, ..self }
    }

    /// Why a line does not apply; `None` where it does. `number` is the line's place in the table.
    fn unmet(&self, line: &Rule, number: u16) -> Option<Refusal> {
        let (verb, when) = (line.verb, &line.conditions);
        if !asks(Switch::R2Own, !when.own || self.own) {
            return Some(Refusal::OnlyOwn { verb, rule: number });
        }
        if !asks(Switch::R2Probation, when.probation.is_none_or(|least| self.entries >= u32::from(least))) {
            return Some(Refusal::OnProbation { verb, rule: number, entries: when.probation.unwrap_or_default() });
        }
        if !verb.is_about_tasks() {
            if let Some(of) = when.review {
                return Some(Refusal::NeedsReview { verb, rule: number, count: 1, of: of.0 });
            }
            let quorum = line.quorum.filter(|_| on(Switch::R2Together));
            return quorum.map(|quorum| Refusal::NeedsQuorum {
                verb,
                rule: number,
                count: quorum.count,
                of: quorum.of.0,
            });
        }
        let asked = line.quorum.map(|quorum| (quorum.of, quorum.count)).into_iter();
        let mut asked = asked.chain(when.review.map(|of| (of, 1))).peekable();
        // Where others are asked, *not oneself* is about whom is asked.
        if asked.peek().is_none() {
            let barred = bars(Switch::R2NotSelf, when.not_self && self.own);
            return barred.then_some(Refusal::OnlyOthers { verb, rule: number });
        }
        let missing = asked.find(|(of, count)| {
            let agrees = |role: RoleId, member: MemberId| {
                (role == *of || *of == RoleId::EVERYONE) && !bars(Switch::R2NotSelf, when.not_self && member == self.by)
            };
            let agreed: BTreeSet<MemberId> =
                self.agreed.iter().filter(|(role, member)| agrees(*role, *member)).map(|(_, member)| *member).collect();
            // More than half of the holders cannot be told from one task; no line asks for it.
            !asks(Switch::R2Reviewed, *count > 0 && agreed.len() >= usize::from(*count))
        });
        missing.map(|(of, count)| Refusal::NeedsReview { verb, rule: number, count, of: of.0 })
    }

    /// Whether a line that asks others lets this one propose it to them.
    pub(super) fn lets_propose(&self, line: &Rule) -> bool {
        self.unmet(&Rule { quorum: None, ..*line }, 0).is_none()
    }

    /// The lines, of those that give the verb to the role that acts, by which it may be done alone.
    ///
    /// # Errors
    /// Why the line that asks least does not apply, or `None` where there is no line.
    pub(super) fn usable(&self, lines: &[(u16, Rule)]) -> Result<Vec<Rule>, Option<Refusal>> {
        let mut refusal: Option<Refusal> = None;
        let mut usable = Vec::new();
        for (number, line) in lines {
            match self.unmet(line, *number) {
                None => usable.push(*line),
                // What can be done alone says more than what cannot.
                Some(new @ Refusal::NeedsQuorum { .. }) => refusal = refusal.or(Some(new)),
                Some(new) => {
                    refusal = Some(refusal.filter(|old| !matches!(old, Refusal::NeedsQuorum { .. })).unwrap_or(new))
                }
            }
        }
        if usable.is_empty() { Err(refusal) } else { Ok(usable) }
    }
}

/// That nothing gives a verb to a role, and what gives it to another.
pub(super) fn not_allowed(verb: Verb, elsewhere: Option<(u16, RoleId)>) -> Refusal {
    Refusal::NotAllowed {
        verb,
        rule: elsewhere.map(|(number, _)| number),
        allowed_role: elsewhere.map(|(_, role)| role.0),
    }
}
