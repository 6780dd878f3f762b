//! Questions before something is signed, and about what is open: the answers are those that judging gives
//! (docs/protocol/04-authority.md, "Commands").

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::facts::{Needs, ProposalFact};
use super::permit::Checked;
use super::seen::Seen;
use super::sight::Learned;
use super::{Authority, Position, Presence, Verdict};
use crate::entry::{Entry, GrantRef};
use crate::id::{EntryId, MemberId, PursuanceId, RoleId};
use crate::logs::Logs;
use crate::op::Op;
use crate::refusal::Refusal;
use crate::rule::{Object, Verb};

/// A proposal, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The entry that proposes it.
    pub proposal: EntryId,
    /// What is to be decided.
    pub op: &'a Op,
    /// Whoever proposed it.
    pub proposer: MemberId,
    /// The role whose holders decide.
    pub of: RoleId,
    /// Those of them who signed.
    pub signed: BTreeSet<MemberId>,
    /// How many must sign, as far as is known here.
    pub needed: usize,
    /// Whether it is decided.
    pub decided: bool,
}

impl Authority {
    /// What judging an entry that nobody has yet would say of it: whether its own past permits it (R2).
    ///
    /// # Errors
    /// The refusal that every client would give.
    pub(crate) fn would(&self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Result<(), Refusal> {
        match self.permit(pursuance, logs, entry, Checked::Now, &Learned::default()) {
            Ok(_) => Ok(()),
            Err(Verdict::Refused(refusal)) => Err(refusal),
            Err(_) => Err(Refusal::NeedsNewer),
        }
    }

    /// The grant by which the rules let a member do all of these over that now.
    ///
    /// # Errors
    /// As [`Self::grant_for`].
    pub(crate) fn grant_for_all(
        &self,
        member: MemberId,
        verbs: &[Verb],
        object: Object,
        own: bool,
    ) -> Result<GrantRef, Refusal> {
        let held = self.members.get(&member).map_or(&[][..], |member| &member.grants);
        let mut refusal = None;
        for grant in held {
            match verbs.iter().try_for_each(|verb| self.allows_role(Some(grant.role), *verb, object, own)) {
                Ok(()) => return Ok(grant.at),
                Err(new) => refusal = refusal.or(Some(new)),
            }
        }
        Err(refusal.unwrap_or(Refusal::GrantNotHeld))
    }

    /// Grants that a member may try to lean on: those held, senior first, then those that were taken back, which a majority
    /// may give back (R8).
    pub(crate) fn grants_to_try(&self, member: MemberId) -> Vec<GrantRef> {
        let held: Vec<GrantRef> =
            self.members.get(&member).into_iter().flat_map(|member| &member.grants).map(|grant| grant.at).collect();
        let ever = self.facts.grants_of.get(&member).into_iter().flatten();
        let taken: Vec<GrantRef> = ever.filter(|at| !held.contains(at)).copied().collect();
        held.into_iter().chain(taken).collect()
    }

    /// The role that a grant gives, to whom.
    pub(crate) fn granted(&self, at: GrantRef) -> Option<(MemberId, RoleId)> {
        self.facts.grants.get(&at).map(|grant| (grant.holder, grant.role))
    }

    /// Whoever made an invite, whether it counts or not.
    pub(crate) fn inviter(&self, at: GrantRef) -> Option<MemberId> {
        self.facts.invites.get(&at).map(|invite| invite.inviter)
    }

    /// The role whose holders a proposal asks.
    pub(crate) fn asked_of(&self, proposal: EntryId) -> Option<RoleId> {
        self.facts.proposals.get(&proposal).map(|asked| asked.said.of)
    }

    /// The entries that define a role.
    pub(crate) fn defined_in(&self, id: RoleId) -> impl Iterator<Item = EntryId> + '_ {
        self.facts.roles.get(&id).into_iter().flatten().map(|(source, _)| source.entry())
    }

    /// Whether a number was ever given to a role, whatever became of it.
    pub(crate) fn knows_role(&self, id: RoleId) -> bool {
        self.facts.roles.contains_key(&id)
    }

    /// Proposals that count, oldest first.
    #[must_use]
    pub fn decisions(&self, logs: &Logs) -> Vec<Decision<'_>> {
        let now = self.everything(logs);
        let mut found: Vec<_> = self.facts.proposals.iter().filter(|(id, _)| now.holds(**id)).collect();
        found.sort_by_key(|(id, _)| (logs.depth(**id), **id));
        found.into_iter().filter_map(|(id, asked)| decision(&now, *id, asked)).collect()
    }

    /// Why a member belongs no more, or not yet; `None` for whoever is here.
    pub(crate) fn absence(&self, member: MemberId) -> Option<Refusal> {
        match self.members.get(&member)?.presence {
            Presence::Here => None,
            Presence::Waiting => Some(Refusal::NotAdmitted),
            Presence::Gone => Some(match self.verdicts.get(&EntryId(member.0)) {
                Some(Verdict::Held(why)) => why.clone(),
                _ => Refusal::Removed,
            }),
        }
    }
}

fn decision<'a, S: Seen>(now: &S, id: EntryId, asked: &'a ProposalFact) -> Option<Decision<'a>> {
    let facts = now.facts();
    let decided = now.decided(id);
    let place = decided.clone().or_else(|| now.places(id).pop())?;
    if decided.is_none() && !now.counts_below(id, &place) {
        return None;
    }
    let limit = place.next();
    let mut signed = BTreeSet::new();
    for signature in core::iter::once(&id).chain(&asked.approvals).filter(|one| now.counts_below(**one, &place)) {
        let by = if *signature == id { Some(asked.by) } else { facts.acts.get(signature).and_then(|act| act.by) };
        let Some((at, grant)) = by.and_then(|by| Some((by, facts.grants.get(&by)?))) else { continue };
        // Of what is decided, who was removed since had signed all the same.
        let stands = decided.is_some()
            || (now.is_active_below(at, &limit)
                && now.may_sign(grant)
                && !now.has_withdrawn(asked, *signature, grant.holder));
        if stands && grant.role == asked.said.of && asked.not != Some(grant.holder) {
            signed.insert(grant.holder);
        }
    }
    let needed = needed(now, id, asked, &limit);
    let (op, proposer, of) = (&*asked.said.op, asked.proposer, asked.said.of);
    Some(Decision { proposal: id, op, proposer, of, signed, needed, decided: decided.is_some() })
}

fn needed<S: Seen>(now: &S, id: EntryId, asked: &ProposalFact, limit: &Position) -> usize {
    let holders = now.holders_below(asked.said.of, limit).len();
    let majority = holders / 2 + 1;
    // Everything that it needs asks for so many; of several lines that allow one thing, the least.
    let least = asked.lines.iter().filter_map(|lines| {
        let counts = lines.iter().filter(|line| now.is_in_force(line)).filter_map(|line| line.quorum);
        counts.map(|quorum| if quorum.count == 0 { majority } else { quorum.count.into() }).min()
    });
    let least = least.max().unwrap_or(1);
    // Where a decision by fewer has no place, only a majority decides.
    let by_rule = if now.places(id).len() == 1 { least.max(majority) } else { least };
    match asked.needs {
        Needs::Rule => by_rule,
        Needs::Majority => by_rule.max(majority),
        Needs::TwoThirds => by_rule.max((2 * holders).div_ceil(3)),
    }
}
