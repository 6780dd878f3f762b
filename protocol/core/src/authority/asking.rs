//! Questions before something is signed, and about what is open: the answers are those that judging gives
//! (docs/protocol/04-authority.md, "Commands").

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::facts::{Needs, ProposalFact, Source};
use super::occasion::Occasion;
use super::permit::Checked;
use super::seen::Seen;
use super::sight::Learned;
use super::{Authority, Position, Presence, Verdict};
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, MemberId, PursuanceId, RoleId};
use crate::logs::Logs;
use crate::op::Op;
use crate::refusal::Refusal;
use crate::rule::{Object, Rule, Verb};
use crate::tasks::any_of;

/// What a permitted entry stands on.
pub(crate) struct StandsOn {
    /// Lines of the rules that allow it; of a proposal, those by which it could be carried.
    pub(crate) lines: Vec<Rule>,
    /// Of a proposal: how many must sign, of how many who hold the role asked.
    pub(crate) asked: Option<(usize, usize)>,
}

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
    /// The entries that sign it, the proposal among them, in the order in which they are counted.
    pub signatures: Vec<EntryId>,
    /// Lines in force that let it be carried; none where no line is needed.
    pub lines: Vec<Rule>,
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

    /// By which lines an entry that nobody has yet is permitted, and who would have to sign it; `None` where it is not.
    pub(crate) fn stands_on(&self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Option<StandsOn> {
        let permit = self.permit(pursuance, logs, entry, Checked::Now, &Learned::default()).ok()?;
        let now = self.everything(logs);
        let proposal = match &entry.body().content {
            Content::Public(ops) => {
                ops.iter().find_map(|op| if let Op::Propose(said) = op { Some(said) } else { None })
            }
            Content::Role(_) => None,
        };
        let lines = match &permit.asked {
            Some(asked) => in_force(&now, &asked.lines),
            None => permit.uses.into_iter().flatten().collect(),
        };
        let asked = permit.asked.as_ref().zip(proposal).map(|(asked, said)| {
            let one_place = asked.needs != Needs::Rule || asked.majority_rank != asked.rank;
            let holders = now.holders_asked(said.of, asked.rank, &asked.lines, &Position::LAST).len();
            (so_many(&now, &asked.lines, asked.needs, one_place, holders), holders)
        });
        Some(StandsOn { lines, asked })
    }

    /// Who gave a role: one alone, or those who decided it; nobody, where somebody came with it.
    pub(crate) fn given_by(&self, at: GrantRef) -> Vec<MemberId> {
        let holder = |entry: &EntryId| {
            let by = self.facts.acts.get(entry).and_then(|act| act.by);
            by.and_then(|by| self.facts.grants.get(&by)).map(|grant| grant.holder)
        };
        match self.facts.grants.get(&at) {
            Some(grant) if grant.invite.is_none() => match grant.source {
                Source::Entry(entry) => holder(&entry).into_iter().collect(),
                Source::Decision(entry) => {
                    let approvals = self.facts.proposals.get(&entry).map_or(&[][..], |asked| &asked.approvals);
                    core::iter::once(&entry).chain(approvals).filter_map(holder).collect()
                }
            },
            _ => Vec::new(),
        }
    }

    /// Who vouched for a member, as far as that counts.
    pub(crate) fn vouched_by(&self, member: MemberId) -> BTreeSet<MemberId> {
        let vouches = self.facts.vouches.get(&member).into_iter().flatten();
        let counting = vouches.filter(|vouch| self.verdicts.get(vouch) == Some(&Verdict::Counts));
        let by = counting.filter_map(|vouch| self.facts.acts.get(vouch)?.by);
        by.filter_map(|by| Some(self.facts.grants.get(&by)?.holder)).collect()
    }

    /// All devices that a member ever had.
    pub(crate) fn all_devices_of(&self, member: MemberId) -> impl Iterator<Item = AuthorId> + '_ {
        self.devices_of(member)
    }

    /// Whether something was ever said that can take effect away from a member.
    pub(crate) fn was_restricted(&self, member: MemberId) -> bool {
        let facts = &self.facts;
        let here = self.members.get(&member).is_some_and(|member| member.presence == Presence::Here);
        let grants = facts.grants_of.get(&member).into_iter().flatten();
        let role_ended =
            |at: &GrantRef| facts.grants.get(at).is_some_and(|grant| facts.on_role.contains_key(&grant.role));
        !here
            || !facts.checkpoints.is_empty()
            || facts.on_member.contains_key(&member)
            || facts.on_devices_of.contains_key(&member)
            || self.devices_of(member).any(|author| facts.on_device.contains_key(&author))
            || grants.clone().any(|at| facts.on_grant.contains_key(at) || role_ended(at))
    }

    /// The grant that the maker of an invite leant on.
    pub(crate) fn invite_leans_on(&self, invite: GrantRef) -> Option<GrantRef> {
        self.facts.invites.get(&invite).map(|fact| fact.by)
    }

    /// Everybody whose join stands by an invite, whether it counts or not.
    pub(crate) fn joined_by(&self, invite: GrantRef) -> impl Iterator<Item = MemberId> + '_ {
        self.facts.invites.get(&invite).into_iter().flat_map(|fact| &fact.joins).map(|join| MemberId(join.0))
    }

    /// The grant by which the rules let a member do all of these now to tasks of a role, and by which they read them.
    ///
    /// # Errors
    /// As [`Self::grant_for`], and [`Refusal::NotAReader`].
    pub(crate) fn grant_for_all(
        &self,
        member: MemberId,
        verbs: &[&'static [Verb]],
        home: RoleId,
        occasion: &Occasion<'_>,
    ) -> Result<GrantRef, Refusal> {
        let reading = self.reading_roles(home);
        let allowed = self.grants_for_all(member, verbs, home, occasion)?;
        let reads = |role: &RoleId| reading.contains(role) || reading.contains(&RoleId::EVERYONE);
        allowed.into_iter().find(|(_, role)| reads(role)).map(|(at, _)| at).ok_or(Refusal::NotAReader)
    }

    /// The grants by which the rules let a member do all of these now to tasks of a role, with their roles, senior first; at least one.
    ///
    /// # Errors
    /// As [`Self::grant_for`].
    pub(crate) fn grants_for_all(
        &self,
        member: MemberId,
        verbs: &[&'static [Verb]],
        home: RoleId,
        occasion: &Occasion<'_>,
    ) -> Result<Vec<(GrantRef, RoleId)>, Refusal> {
        let held = self.members.get(&member).map_or(&[][..], |member| &member.grants);
        let (mut allowed, mut refusal) = (Vec::new(), None);
        for grant in held {
            let allows = |verb: &Verb| self.allows_role(Some(grant.role), *verb, Object::Role(home), occasion);
            match verbs.iter().try_for_each(|verbs| any_of(verbs, allows)) {
                Ok(()) => allowed.push((grant.at, grant.role)),
                Err(new) => refusal = refusal.or(Some(new)),
            }
        }
        if allowed.is_empty() { Err(refusal.unwrap_or(Refusal::GrantNotHeld)) } else { Ok(allowed) }
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

    /// How many proposals that are open lean on one of these lines alone.
    pub(crate) fn open_leaning_on(&self, logs: &Logs, gone: &BTreeSet<Rule>) -> usize {
        let open = self.decisions(logs).into_iter().filter(|decision| !decision.decided);
        let leans = |decision: &Decision<'_>| {
            let asked = self.facts.proposals.get(&decision.proposal);
            asked.is_some_and(|asked| asked.lines.iter().any(|lines| lines.iter().all(|line| gone.contains(line))))
        };
        open.filter(leans).count()
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
    let (mut signed, mut signatures) = (BTreeSet::new(), Vec::new());
    for signature in core::iter::once(&id).chain(&asked.approvals).filter(|one| now.counts_below(**one, &place)) {
        let by = if *signature == id { Some(asked.by) } else { facts.acts.get(signature).and_then(|act| act.by) };
        let Some((at, grant)) = by.and_then(|by| Some((by, facts.grants.get(&by)?))) else { continue };
        // Of what is decided, who was removed since had signed all the same.
        let stands = decided.is_some()
            || (now.is_active_below(at, &limit)
                && now.may_sign(grant)
                && !now.has_withdrawn(asked, *signature, grant.holder));
        if stands && asked.asks(grant) && asked.not != Some(grant.holder) {
            signed.insert(grant.holder);
            signatures.push(*signature);
        }
    }
    signatures.sort_by_key(|one| (now.logs().depth(*one), *one));
    let holders = now.holders_asked(asked.said.of, asked.rank, &asked.lines, &limit).len();
    let needed = so_many(now, &asked.lines, asked.needs, now.places(id).len() == 1, holders);
    let (op, proposer, of) = (&*asked.said.op, asked.proposer, asked.said.of);
    let lines = in_force(now, &asked.lines);
    Some(Decision { proposal: id, op, proposer, of, signed, needed, decided: decided.is_some(), signatures, lines })
}

/// Of the lines that allow each thing needed, those in force.
fn in_force<S: Seen>(now: &S, lines: &[Vec<Rule>]) -> Vec<Rule> {
    lines.iter().flatten().filter(|line| now.is_in_force(line)).copied().collect()
}

/// How many of the holders must sign.
fn so_many<S: Seen>(now: &S, lines: &[Vec<Rule>], needs: Needs, one_place: bool, holders: usize) -> usize {
    let majority = holders / 2 + 1;
    // Everything that it needs asks for so many; of several lines that allow one thing, the least.
    let least = lines.iter().filter_map(|lines| {
        let counts = lines.iter().filter(|line| now.is_in_force(line)).filter_map(|line| line.quorum);
        counts.map(|quorum| if quorum.count == 0 { majority } else { quorum.count.into() }).min()
    });
    let least = least.max().unwrap_or(1);
    // Where a decision by fewer has no place, only a majority decides.
    let by_rule = if one_place { least.max(majority) } else { least };
    match needs {
        Needs::Rule => by_rule,
        Needs::Majority => by_rule.max(majority),
        Needs::TwoThirds => by_rule.max((2 * holders).div_ceil(3)),
    }
}
