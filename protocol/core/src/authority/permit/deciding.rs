//! What is decided together: asked for, ratified, undone.

use alloc::vec;
use alloc::vec::Vec;

use super::{Actor, Asked, Case, Permit, Standing};
use crate::authority::facts::Needs;
use crate::authority::seen::Seen;
use crate::authority::switch::{Switch, bars, on, require};
use crate::id::{AuthorId, EntryId, MemberId};
use crate::limits::MAX_SENIORITY_DEPTH;
use crate::op::{Op, Propose};
use crate::refusal::Refusal;
use crate::rule::{Object, Rule, Verb};

impl<S: Seen> Case<'_, S> {
    /// A proposal: which lines let it be decided, by whom, and where the decision stands.
    pub(super) fn propose(&self, actor: &Actor<'_>, propose: &Propose) -> Result<Asked, Refusal> {
        let of = self.role(propose.of)?.rank;
        if let Op::Grant(_) = &*propose.op {
            let deep = Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 };
            let has_room = actor.grant.key.path.len() < MAX_SENIORITY_DEPTH;
            require(Switch::R2GrantDepth, has_room, deep)?;
        }
        let majority_rank = self.majority_rank(propose).ok_or(Refusal::NotProposable)?;
        let mut needs = Needs::Rule;
        let standing = Standing { lowest_peer: u16::from(majority_rank), own: majority_rank };
        let needed = match &*propose.op {
            Op::Checkpoint => {
                needs = Needs::TwoThirds;
                vec![(Verb::Checkpoint, Object::Role(propose.of))]
            }
            Op::SuspendDevice(author) => {
                let member = self.suspended(actor, *author)?;
                let standing = self.seen.standing(member).ok_or(Refusal::NothingToChange)?;
                require(Switch::R10NextRank, self.next_rank(standing) == Some(of), Refusal::NotSenior)?;
                return Ok(Asked {
                    majority_rank,
                    rank: of,
                    lines: Vec::new(),
                    alone: Vec::new(),
                    needs: Needs::Majority,
                    not: None,
                });
            }
            Op::RevokeInvite(at) => {
                let invite = self.seen.facts().invites.get(at).filter(|_| self.seen.counts(at.entry));
                vec![(Verb::Revoke, Object::Role(invite.ok_or(Refusal::NoSuchMember)?.invite.role))]
            }
            op => self.acts_on(op, &standing)?,
        };
        // R13: rules that nobody is left to change belong to two thirds of the next rank that has holders.
        let orphaned = needed == [(Verb::Amend, Object::Rules)]
            || matches!(&*propose.op, Op::Grant(grant) if self.may_amend(grant.role));
        if bars(Switch::R13Fallback, orphaned && !self.seen.has_amender(|_, _| false)) && self.first_rank() == Some(of)
        {
            return Ok(Asked {
                majority_rank,
                rank: of,
                lines: Vec::new(),
                alone: Vec::new(),
                needs: Needs::TwoThirds,
                not: None,
            });
        }
        let changes_rules = needed.contains(&(Verb::Amend, Object::Rules));
        if bars(Switch::R8RulesByMajority, changes_rules) && needs == Needs::Rule {
            needs = Needs::Majority;
        }
        let (mut lines, mut alone): (Vec<Vec<Rule>>, Vec<Vec<Rule>>) = (Vec::new(), Vec::new());
        let own = self.is_own(actor, &propose.op);
        let occasion = self.occasion(actor, own);
        for (verb, object) in needed {
            let found = self.seen.lines_for(actor.grant.role, verb, object);
            let found = found.into_iter().filter(|line| line.quorum.is_some_and(|quorum| quorum.of == propose.of));
            let with: Vec<Rule> = found.filter(|line| occasion.lets_propose(line)).collect();
            if with.is_empty() {
                // What who proposes may do alone needs nobody's signature, where something else of it does.
                alone.push(self.allowed(actor, verb, object, own)?);
            } else {
                lines.push(with);
            }
        }
        if lines.is_empty() {
            return Err(Refusal::NotProposable);
        }
        if !on(Switch::R8EachAsked) {
            lines.truncate(1);
        }
        let not_self = |with: &Vec<Rule>| with.iter().all(|line| line.conditions.not_self);
        let not = match &*propose.op {
            Op::Remove(remove) if lines.iter().any(not_self) => Some(remove.member),
            _ => None,
        };
        Ok(Asked { majority_rank, rank: of, lines, alone, needs, not })
    }

    /// The rank before which a majority's decision stands: that of the role asked, or of a senior one that it is about.
    pub(super) fn majority_rank(&self, propose: &Propose) -> Option<u8> {
        let of = self.seen.role(propose.of)?.1.rank;
        let about = match &*propose.op {
            Op::Remove(remove) => self.seen.standing(remove.member),
            Op::RevokeGrant(at) => {
                let grant = self.seen.facts().grants.get(at).filter(|_| self.seen.holds(at.entry));
                grant.and_then(|grant| self.seen.standing(grant.holder))
            }
            Op::Grant(grant) => self.seen.rank(grant.role),
            // R10: those below judge whoever shows two histories.
            Op::SuspendDevice(author) => {
                let known = self.seen.facts().devices.get(author).into_iter().flatten();
                known.filter_map(|device| self.seen.standing(device.member)).min()
            }
            _ => None,
        };
        Some(about.filter(|_| on(Switch::R8BeforeSenior)).map_or(of, |about| about.min(of)))
    }

    pub(super) fn suspended(&self, actor: &Actor<'_>, author: AuthorId) -> Result<MemberId, Refusal> {
        let facts = self.seen.facts();
        let members = facts.devices.get(&author).into_iter().flatten().map(|device| device.member);
        // A device that began twice can speak for two.
        let speaks = members.filter(|member| self.seen.device_path(author, *member).is_some());
        let member = speaks.min().ok_or(Refusal::NoSuchDevice)?;
        require(Switch::R10Other, member != actor.member, Refusal::NotSenior)?;
        require(Switch::R10Proof, self.seen.is_forked(author), Refusal::NotTwoHistories)?;
        Ok(member)
    }

    pub(super) fn ratify(&self, actor: &Actor<'_>, entries: &[EntryId], permit: &mut Permit) -> Result<(), Refusal> {
        let facts = self.seen.facts();
        for id in entries {
            require(Switch::R12Known, self.seen.holds(*id), Refusal::NothingToChange)?;
            if let Some(act) = facts.acts.get(id) {
                // Who governs can do it again himself; what cannot be done again is how somebody came.
                let invite = act.by.filter(|_| act.join).and_then(|by| facts.invites.get(&by));
                let Some(invite) = invite else {
                    require(Switch::R12Joins, false, Refusal::NotProposable)?;
                    continue;
                };
                require(Switch::R12Senior, permit.position < act.position, Refusal::NotSenior)?;
                require(Switch::R12Held, !self.seen.counts(*id), Refusal::NothingToChange)?;
                let role = Object::Role(invite.invite.role);
                let admits = self.allowed(actor, Verb::Admit, role, false);
                let lines = admits.or_else(|_| self.allowed(actor, Verb::Invite, role, false))?;
                permit.uses.push(lines);
            } else {
                let by = self.seen.logs().entry(*id).and_then(|entry| entry.body().by);
                let grant = by.and_then(|by| facts.grants.get(&by)).ok_or(Refusal::NothingToChange)?;
                require(Switch::R12SeniorRank, actor.grant.key.rank < grant.key.rank, Refusal::NotSenior)?;
                // Whoever may remove them decides what stays of them.
                let lines = self.seen.lines_for(actor.grant.role, Verb::Remove, Object::Role(grant.role));
                if lines.is_empty() {
                    self.allowed(actor, Verb::Remove, Object::Role(grant.role), false)?;
                }
                permit.uses.push(lines);
            }
        }
        Ok(())
    }
}
