//! R2: whether an entry's own past permits it. The answer is given once and never changes (docs/protocol/04-authority.md,
//! "Stage one").

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::facts::{Among, GrantFact, Needs, Source};
use super::occasion::Occasion;
use super::position::{Position, Step};
use super::seen::Seen;
use super::switch::{Switch, asks, bars, on, require};
use super::{join_message, package_tag, readers_hash};
use crate::crypto;
use crate::crypto::kem::is_public_key;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, MemberId, PursuanceId, RoleId};
use crate::limits::{MAX_DEVICES, MAX_PACKAGES, MAX_ROLES, MAX_RULES, MAX_SENIORITY_DEPTH};
use crate::op::{AddDevice, Invite, Join, KeyPackage, Op, Propose, Recover, Remove, RoleEpoch, SetRule};
use crate::refusal::Refusal;
use crate::rule::{Object, Role, Rule, Verb};

/// What a permitted entry stands on.
#[derive(Debug, Clone)]
pub(super) struct Permit {
    pub(super) position: Position,
    pub(super) leans: Vec<Vec<Source>>,
    pub(super) uses: Vec<Vec<Rule>>,
    /// Path of the author's device.
    pub(super) device: Vec<Step>,
    /// What a proposal needs to be decided.
    pub(super) asked: Option<Asked>,
}

/// See [`Permit::asked`].
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) majority_rank: u8,
    pub(super) rank: u8,
    pub(super) lines: Vec<Vec<Rule>>,
    /// What of it the one who proposes may do alone.
    pub(super) alone: Vec<Vec<Rule>>,
    pub(super) needs: Needs,
    pub(super) not: Option<MemberId>,
}

/// Why an entry is not permitted.
pub(super) enum Denial {
    /// It never counts.
    Refused(Refusal),
    /// A newer version will tell.
    NeedsNewer,
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Whether what is signed inside an entry, and its keys, were checked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// Not yet.
    Now,
    /// When the entry came; the verdict is final, and was kept.
    Before,
}

/// Who acts, and as what.
struct Actor<'a> {
    member: MemberId,
    at: GrantRef,
    grant: &'a GrantFact,
    device: Vec<Step>,
}

/// An entry before the view of its past.
pub(super) struct Case<'a, S> {
    pub(super) seen: &'a S,
    pub(super) pursuance: PursuanceId,
    pub(super) entry: &'a Entry,
    /// Whether an entry in the past needs a newer version.
    pub(super) newer: &'a dyn Fn(EntryId) -> bool,
    /// Entries of the past that need a newer version and add devices to whoever holds this grant.
    pub(super) newer_devices: &'a dyn Fn(GrantRef) -> bool,
    /// Whether the signatures inside were checked when it came.
    pub(super) checked: Checked,
}

impl<S: Seen> Case<'_, S> {
    /// Judges the entry.
    pub(super) fn judge(&self) -> Result<Permit, Denial> {
        match &self.entry.body().content {
            Content::Public(ops) => self.public(ops),
            Content::Role(part) => {
                let (actor, permit) = self.lean(Position::LAST)?;
                // Which devices a list is for, is for those to know who can open it; everybody may seal to a device.
                for audience in part.audiences.iter().filter(|audience| audience.role != RoleId::DEVICES) {
                    require(Switch::R2Reads, self.reads(&actor, audience.role), Refusal::NotAReader)?;
                    // An epoch that was never declared could be known to a few only, while the screen names a role.
                    let declared = self.seen.is_introduced(audience.epoch, audience.role);
                    require(Switch::R2EpochDeclared, declared, Refusal::BadKeys)?;
                }
                Ok(permit)
            }
        }
    }

    /// Whether the author may speak for whoever holds the grant leaned on, whatever is said.
    pub(super) fn leans(&self, ops: &[Op]) -> Result<(), Denial> {
        self.lean(self.limit(ops)).map(|_| ())
    }

    fn public(&self, ops: &[Op]) -> Result<Permit, Denial> {
        if bars(Switch::R2NewerOp, ops.iter().any(|op| matches!(op, Op::Unknown { .. }))) {
            return Err(Denial::NeedsNewer);
        }
        match ops.first() {
            Some(Op::Genesis(genesis)) => {
                let rank = genesis.table.roles[0].rank;
                let founder = super::SeniorityKey { rank, path: Vec::new() };
                Ok(Permit {
                    position: founder.before(),
                    leans: Vec::new(),
                    uses: Vec::new(),
                    device: Vec::new(),
                    asked: None,
                })
            }
            Some(Op::Join(join)) => self.join(join),
            Some(Op::Recover(recover)) => self.recover(recover),
            _ => {
                let (actor, mut permit) = self.lean(self.limit(ops))?;
                for op in ops {
                    self.op(&actor, op, ops, &mut permit)?;
                }
                Ok(permit)
            }
        }
    }

    /// Whoever signs what a majority decides is judged only by what stands before that decision (R8).
    fn limit(&self, ops: &[Op]) -> Position {
        let limit = |op: &Op| match op {
            Op::Approve(proposal) => {
                let asked = self.seen.facts().proposals.get(proposal).filter(|_| self.seen.holds(*proposal));
                asked.map(|asked| Position::majority(asked.majority_rank).next())
            }
            Op::Propose(propose) => Some(Position::majority(self.majority_rank(propose)?).next()),
            _ => None,
        };
        let limits: Option<Vec<Position>> = ops.iter().map(limit).collect();
        let limit = limits.and_then(|limits| limits.into_iter().max()).filter(|_| on(Switch::R8JudgedAsDecision));
        limit.unwrap_or(Position::LAST)
    }

    /// The grant leaned on is held, and the author is a device of who holds it (R2, D3).
    fn lean(&self, limit: Position) -> Result<(Actor<'_>, Permit), Denial> {
        let (body, facts) = (self.entry.body(), self.seen.facts());
        let at = body.by.ok_or(Refusal::GrantNotHeld)?;
        if bars(Switch::R2NewerLeans, (self.newer)(at.entry)) {
            return Err(Denial::NeedsNewer);
        }
        let Some(grant) = facts.grants.get(&at).filter(|_| self.seen.holds(at.entry)) else {
            return Err(Refusal::GrantNotHeld.into());
        };
        let member = grant.holder;
        let stranger = (!on(Switch::D3Speaks)).then(Vec::new);
        let Some(device) = self.seen.device_path(body.author, member).or(stranger) else {
            // A newer version will tell which device it was that was added there.
            return Err(if (self.newer_devices)(at) { Denial::NeedsNewer } else { Refusal::GrantNotHeld.into() });
        };
        if !asks(Switch::R2GrantActive, self.seen.is_active_below(at, &limit)) {
            let waits = grant.reviewed && !self.seen.is_admitted(grant, &limit);
            return Err(if waits { Refusal::NotAdmitted } else { Refusal::GrantNotHeld }.into());
        }
        let leans = leans(self.seen, body.author, grant);
        let position = grant.key.position(device.clone());
        let permit = Permit { position, leans, uses: Vec::new(), device: device.clone(), asked: None };
        Ok((Actor { member, at, grant, device }, permit))
    }

    fn op(&self, actor: &Actor<'_>, op: &Op, ops: &[Op], permit: &mut Permit) -> Result<(), Denial> {
        let facts = self.seen.facts();
        match op {
            // It says what a relay signed: whether it did shows to whoever compares.
            Op::SawCheckpoint(_) => {}
            Op::KeyPackage(package) => {
                let before = facts.packages.get(&self.entry.body().author).into_iter().flatten();
                let before = before.filter(|(_, entry, _)| self.seen.holds(*entry)).count();
                let here = ops.iter().filter(|op| matches!(op, Op::KeyPackage(_))).count();
                let most = Refusal::TooMany { max: MAX_PACKAGES as u32 };
                require(Switch::K20Most, before + here <= MAX_PACKAGES, most)?;
                require(
                    Switch::K1IsKey,
                    self.checks(|| is_public_key(package.suite, &package.public)),
                    Refusal::BadKeys,
                )?;
            }
            Op::AddDevice(added) => self.add_device(actor, added, ops)?,
            Op::RoleEpoch(epoch) => {
                // Whoever may not read would know what is said with it.
                require(Switch::K3Reads, self.reads(actor, epoch.role), Refusal::NotAReader)?;
                self.role_epoch(actor, epoch, ops)?;
            }
            // Any reader hands on what it holds, but to nobody known to read no more; the seal says for itself whether it is the secret.
            Op::Welcome(welcome) => {
                require(Switch::K5Reads, self.reads(actor, welcome.role), Refusal::NotAReader)?;
                let introduced = self.seen.is_introduced(welcome.epoch, welcome.role);
                require(Switch::K5Introduced, introduced, Refusal::BadKeys)?;
                require(Switch::K5Gone, !self.is_no_reader(welcome.to, welcome.role), Refusal::BadKeys)?;
            }
            Op::RecoveryKey(recovery) => {
                let known = facts.recovery.get(&actor.member).into_iter().flatten();
                let is_known = { known }.any(|(entry, _)| self.seen.counts(*entry));
                require(Switch::D7Once, !is_known, Refusal::NothingToChange)?;
                require(
                    Switch::D7KeyAgreed,
                    self.checks(|| recovery.is_agreed(self.pursuance, actor.member)),
                    Refusal::BadKeys,
                )?;
            }
            Op::RemoveDevice(author) => {
                self.acts_as_senior(actor)?;
                let path = self.seen.device_path(*author, actor.member).ok_or(Refusal::NoSuchDevice)?;
                require(
                    Switch::D6Senior,
                    path > actor.device || *author == self.entry.body().author,
                    Refusal::NotSenior,
                )?;
            }
            Op::Leave => {
                self.acts_as_senior(actor)?;
                let mine = |_: GrantRef, grant: &GrantFact| grant.holder == actor.member;
                self.keeps_an_amender(Switch::R13Leave, mine)?;
            }
            Op::SuspendDevice(author) => {
                let member = self.suspended(actor, *author)?;
                let standing = self.seen.standing(member).ok_or(Refusal::NothingToChange)?;
                require(Switch::R10Rank, actor.grant.key.rank <= standing, Refusal::NotSenior)?;
            }
            Op::Approve(proposal) => {
                let asked = facts.proposals.get(proposal).ok_or(Refusal::NoSuchProposal)?;
                require(Switch::R8ProposalInPast, self.seen.holds(*proposal), Refusal::NoSuchProposal)?;
                require(Switch::R8RoleAsked, actor.grant.role == asked.said.of, Refusal::NoSuchProposal)?;
                require(Switch::R8SignsAlone, ops.len() == 1, Refusal::NoSuchProposal)?;
                let signed = asked.approvals.iter().filter(|id| self.seen.holds(**id));
                let by_me = |id: &EntryId| facts.acts.get(id).and_then(|act| facts.grants.get(&act.by?));
                let twice = { signed }.any(|id| by_me(id).is_some_and(|grant| grant.holder == actor.member))
                    || (asked.proposer == actor.member && facts.grants[&asked.by].role == asked.said.of);
                require(Switch::R8SignsOnce, !twice, Refusal::NothingToChange)?;
                require(Switch::R8NotSelf, asked.not != Some(actor.member), Refusal::NothingToChange)?;
            }
            Op::WithdrawApproval(proposal) => {
                let asked = facts.proposals.get(proposal).ok_or(Refusal::NoSuchProposal)?;
                let open = self.seen.holds(*proposal) && self.seen.decided(*proposal).is_none();
                require(Switch::R8WithdrawOpen, open, Refusal::NoSuchProposal)?;
                let signed = asked.proposer == actor.member
                    || asked.approvals.iter().filter(|id| self.seen.holds(**id)).any(|id| {
                        let by = facts.acts.get(id).and_then(|act| facts.grants.get(&act.by?));
                        by.is_some_and(|grant| grant.holder == actor.member)
                    });
                require(Switch::R8WithdrawOwn, signed, Refusal::NothingToChange)?;
            }
            Op::Propose(propose) => {
                require(Switch::R8ProposesAlone, ops.len() == 1, Refusal::NotProposable)?;
                permit.asked = Some(self.propose(actor, propose)?);
                let asked = permit.asked.as_ref().expect("just set");
                permit.uses.extend(asked.lines.iter().chain(&asked.alone).cloned());
            }
            Op::Ratify(entries) => self.ratify(actor, entries, permit)?,
            Op::Checkpoint => require(Switch::R9OnlyDecided, false, Refusal::NotProposable)?,
            Op::Admit(join) => {
                let at = GrantRef { entry: *join, op: 0 };
                let joined = facts.grants.get(&at).filter(|_| self.seen.counts(*join));
                let joined = joined.ok_or(Refusal::NoSuchMember)?;
                let waits = joined.reviewed && !self.seen.is_admitted(joined, &Position::LAST);
                require(Switch::R2AdmitWaits, waits, Refusal::NothingToChange)?;
                let rank = actor.grant.key.rank;
                require(Switch::R2AdmitRank, joined.key.rank >= rank, Refusal::RankAboveOwn)?;
                let own = self.given_by(joined) == Some(actor.member);
                permit.uses.push(self.allowed(actor, Verb::Admit, Object::Role(joined.role), own)?);
            }
            Op::Vouch(vouch) => {
                require(Switch::R2VouchOther, vouch.member != actor.member, Refusal::NothingToChange)?;
                let held = self.seen.active_grants(vouch.member);
                let (_, first) = held.first().ok_or(Refusal::NoSuchMember)?;
                let role = Object::Role(first.role);
                permit.uses.push(self.allowed(actor, Verb::Vouch, role, false)?);
            }
            Op::RevokeInvite(at) => {
                let lines = self.closes_invite(actor, *at)?;
                permit.uses.extend(lines);
            }
            Op::Invite(invite) => {
                permit.uses.push(self.invite(actor, invite)?);
                self.lean_on_role(invite.role, permit);
            }
            // The shape rules keep these to the first place of a log, where they are judged on their own (E10).
            Op::Genesis(_) | Op::Join(_) | Op::Recover(_) | Op::Unknown { .. } => {
                return Err(Refusal::GrantNotHeld.into());
            }
            Op::SetName(_)
            | Op::SetRelays(_)
            | Op::DefineRole(_)
            | Op::RetireRole(_)
            | Op::SetRule(_)
            | Op::Grant(_)
            | Op::RevokeGrant(_)
            | Op::Remove(_) => {
                let standing = Standing { lowest_peer: u16::from(actor.grant.key.rank) + 1, own: actor.grant.key.rank };
                let own = self.is_own(actor, op);
                for (verb, object) in self.acts_on(op, &standing)? {
                    permit.uses.push(self.allowed(actor, verb, object, own)?);
                }
                if let Op::Grant(grant) = op {
                    let deep = Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 };
                    require(Switch::R2GrantDepth, actor.grant.key.path.len() < MAX_SENIORITY_DEPTH, deep)?;
                    self.lean_on_role(grant.role, permit);
                    if on(Switch::R4LeansJoin) {
                        permit.leans.push(vec![Source::Entry(EntryId(grant.member.0))]);
                    }
                }
                if let Op::Remove(Remove { pins, .. }) = op {
                    require(Switch::R2PinsTogether, pins.is_empty(), Refusal::NotProposable)?;
                }
            }
        }
        Ok(())
    }

    /// What an act is about, for which a rule is needed, and whether its author stands high enough: alone, one acts on those
    /// below; a majority acts on its own role too.
    fn acts_on(&self, op: &Op, standing: &Standing) -> Result<Vec<(Verb, Object)>, Refusal> {
        let below = |rank: u8| u16::from(rank) >= standing.lowest_peer;
        let amend = vec![(Verb::Amend, Object::Rules)];
        match op {
            Op::SetName(_) => Ok(amend),
            Op::SetRelays(_) => Ok(vec![(Verb::Amend, Object::Relays)]),
            Op::DefineRole(role) => {
                require(Switch::R2RoleNew, self.seen.role(role.id).is_none(), Refusal::NothingToChange)?;
                require(Switch::R2RoleBelow, below(role.rank), Refusal::RankAboveOwn)?;
                let roles = self.seen.facts().roles.keys().filter(|id| self.seen.role(**id).is_some()).count();
                require(Switch::R2RolesLimit, roles < MAX_ROLES, Refusal::TooMany { max: MAX_ROLES as u32 })?;
                Ok(amend)
            }
            Op::RetireRole(id) => {
                let rank = self.role(*id)?.rank;
                require(Switch::R2RetireOnce, !self.seen.is_retired(*id), Refusal::NothingToChange)?;
                require(Switch::R2RetireBelow, below(rank), Refusal::NotSenior)?;
                self.keeps_an_amender(Switch::R13Retire, |_, grant| grant.role == *id)?;
                Ok(amend)
            }
            Op::SetRule(set) => {
                self.set_rule(set, standing)?;
                Ok(amend)
            }
            Op::Grant(grant) => {
                let role = self.role(grant.role)?;
                require(Switch::R2GrantLiving, !self.seen.is_retired(grant.role), Refusal::NoSuchRole)?;
                require(Switch::R2GrantRank, role.rank >= standing.own, Refusal::RankAboveOwn)?;
                let known = self.seen.facts().members.contains_key(&grant.member);
                require(
                    Switch::R2GrantMember,
                    known && self.seen.counts(EntryId(grant.member.0)),
                    Refusal::NoSuchMember,
                )?;
                let held = self.seen.active_grants(grant.member);
                require(
                    Switch::R2GrantNews,
                    !held.iter().any(|(_, one)| one.role == grant.role),
                    Refusal::NothingToChange,
                )?;
                Ok(vec![(Verb::Grant, Object::Role(grant.role))])
            }
            Op::RevokeGrant(at) => {
                let grant = self.seen.facts().grants.get(at).filter(|_| self.seen.holds(at.entry));
                let grant = grant.ok_or(Refusal::GrantNotHeld)?;
                require(Switch::R2RevokeHeld, self.seen.is_active(*at), Refusal::NothingToChange)?;
                let standing = self.seen.standing(grant.holder).is_none_or(below);
                require(Switch::R2RevokeBelow, standing, Refusal::NotSenior)?;
                self.keeps_an_amender(Switch::R13Revoke, |one, _| one == *at)?;
                Ok(vec![(Verb::Revoke, Object::Role(grant.role))])
            }
            Op::Remove(remove) => {
                let came = EntryId(remove.member.0);
                let known = self.seen.facts().members.contains_key(&remove.member) && self.seen.holds(came);
                require(Switch::R2RemoveKnown, known, Refusal::NoSuchMember)?;
                let held = self.seen.active_grants(remove.member);
                let lost = |grant: &GrantFact| remove.roles.is_empty() || remove.roles.contains(&grant.role);
                let roles: BTreeSet<RoleId> =
                    held.iter().filter(|(_, grant)| lost(grant)).map(|(_, grant)| grant.role).collect();
                require(Switch::R2RemoveNews, !roles.is_empty(), Refusal::NothingToChange)?;
                require(
                    Switch::R2RemoveBelow,
                    held.iter().all(|(_, grant)| below(grant.key.rank)),
                    Refusal::NotSenior,
                )?;
                self.keeps_an_amender(Switch::R13Remove, |_, grant| grant.holder == remove.member && lost(grant))?;
                let mut needed: Vec<_> = roles.iter().map(|role| (Verb::Remove, Object::Role(*role))).collect();
                if !remove.pins.is_empty() {
                    require(
                        Switch::R2PinsKnown,
                        remove.pins.iter().all(|pin| self.seen.holds(*pin)),
                        Refusal::BadKeys,
                    )?;
                    needed.extend(roles.iter().map(|role| (Verb::RemoveRetroactive, Object::Role(*role))));
                }
                Ok(needed)
            }
            _ => Err(Refusal::NotProposable),
        }
    }

    fn set_rule(&self, set: &SetRule, standing: &Standing) -> Result<(), Refusal> {
        let rule = &set.rule;
        let below = |rank: u8| u16::from(rank) >= standing.lowest_peer;
        let rank = self.seen.rank(rule.role).ok_or(Refusal::NoSuchRole)?;
        require(Switch::R2RuleNews, self.seen.is_in_force(rule) != set.present, Refusal::NothingToChange)?;
        // Rules are changed only for roles of lower standing.
        require(Switch::R2RuleBelow, below(rank), Refusal::NotSenior)?;
        if let Object::Role(over) = rule.object {
            let over_rank = self.seen.rank(over).ok_or(Refusal::NoSuchRole)?;
            let governs = matches!(
                rule.verb,
                Verb::Invite | Verb::Admit | Verb::Grant | Verb::Revoke | Verb::Remove | Verb::RemoveRetroactive
            );
            require(Switch::R2RuleOverBelow, !(set.present && governs) || below(over_rank), Refusal::NotSenior)?;
            // Whom a junior role may act on by its majority stands after it, or the rule is made at rank 0 (succession).
            if let Some(quorum) = rule.quorum.filter(|_| set.present) {
                let of = self.seen.rank(quorum.of).ok_or(Refusal::NoSuchRole)?;
                require(Switch::R2RuleSuccession, over_rank >= of || standing.own == 0, Refusal::NotSenior)?;
            }
        }
        // Who may do what himself may let a lower role do it; the rules themselves and the relays too.
        if set.present {
            let lines = self.seen.lines_in_force();
            require(Switch::R2RulesLimit, lines < MAX_RULES, Refusal::TooMany { max: MAX_RULES as u32 })
        } else {
            let amends = rule.verb == Verb::Amend && rule.object == Object::Rules;
            if amends { self.keeps_an_amender_without(rule) } else { Ok(()) }
        }
    }

    /// R13
    fn keeps_an_amender(&self, switch: Switch, gone: impl Fn(GrantRef, &GrantFact) -> bool) -> Result<(), Refusal> {
        let had = self.seen.has_amender(|_, _| false);
        require(switch, !had || self.seen.has_amender(gone), Refusal::LastAmender)
    }

    fn keeps_an_amender_without(&self, line: &Rule) -> Result<(), Refusal> {
        let roles = |rule: &Rule| [Some(rule.role), rule.quorum.map(|quorum| quorum.of)];
        let others = self.seen.table().into_iter().filter(|rule| rule != line);
        let others = others.filter(|rule| rule.verb == Verb::Amend && rule.object == Object::Rules);
        let roles: BTreeSet<RoleId> = others.flat_map(|rule| roles(&rule)).flatten().collect();
        let stays = roles.iter().flat_map(|role| self.seen.may_be_active(Among::To(*role)));
        require(
            Switch::R13Line,
            { stays }.any(|at| self.seen.holds(at.entry) && self.seen.is_active(at)),
            Refusal::LastAmender,
        )
    }

    /// A proposal: which lines let it be decided, by whom, and where the decision stands.
    fn propose(&self, actor: &Actor<'_>, propose: &Propose) -> Result<Asked, Refusal> {
        let of = self.role(propose.of)?.rank;
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
    fn majority_rank(&self, propose: &Propose) -> Option<u8> {
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

    fn suspended(&self, actor: &Actor<'_>, author: AuthorId) -> Result<MemberId, Refusal> {
        let facts = self.seen.facts();
        let members = facts.devices.get(&author).into_iter().flatten().map(|device| device.member);
        // A device that began twice can speak for two.
        let speaks = members.filter(|member| self.seen.device_path(author, *member).is_some());
        let member = speaks.min().ok_or(Refusal::NoSuchDevice)?;
        require(Switch::R10Other, member != actor.member, Refusal::NotSenior)?;
        require(Switch::R10Proof, self.seen.is_forked(author), Refusal::NotTwoHistories)?;
        Ok(member)
    }

    fn ratify(&self, actor: &Actor<'_>, entries: &[EntryId], permit: &mut Permit) -> Result<(), Refusal> {
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

    fn closes_invite(&self, actor: &Actor<'_>, at: GrantRef) -> Result<Option<Vec<Rule>>, Refusal> {
        let invite = self.seen.facts().invites.get(&at).filter(|_| self.seen.counts(at.entry));
        let invite = invite.ok_or(Refusal::NoSuchMember)?;
        require(Switch::R2CloseOpen, self.seen.is_open(at), Refusal::NothingToChange)?;
        if invite.inviter == actor.member {
            return Ok(None);
        }
        let rank = self.seen.rank(invite.invite.role).unwrap_or(u8::MAX);
        require(Switch::R2CloseSenior, rank > actor.grant.key.rank, Refusal::NotSenior)?;
        let role = Object::Role(invite.invite.role);
        let revokes = self.allowed(actor, Verb::Revoke, role, false);
        revokes.or_else(|refusal| self.allowed(actor, Verb::Invite, role, false).map_err(|_| refusal)).map(Some)
    }

    fn invite(&self, actor: &Actor<'_>, invite: &Invite) -> Result<Vec<Rule>, Refusal> {
        let role = self.role(invite.role)?;
        require(Switch::R2InviteLiving, !self.seen.is_retired(invite.role), Refusal::NoSuchRole)?;
        let lines = self.allowed(actor, Verb::Invite, Object::Role(invite.role), false)?;
        // A rule named the role, so one's own rank may be offered; a higher one never (R2).
        require(Switch::R2InviteRank, role.rank >= actor.grant.key.rank, Refusal::RankAboveOwn)?;
        Ok(lines)
    }

    /// J7: signed by the invite key for this very author, and a use is left in the join's own past.
    fn join(&self, join: &Join) -> Result<Permit, Denial> {
        let facts = self.seen.facts();
        let by = self.entry.body().by.ok_or(Refusal::GrantNotHeld)?;
        if bars(Switch::R2NewerLeans, (self.newer)(by.entry)) {
            return Err(Denial::NeedsNewer);
        }
        let open = facts.invites.get(&by).filter(|_| self.seen.counts(by.entry)).ok_or(Refusal::GrantNotHeld)?;
        let message = join_message(self.pursuance, self.entry.body().author, &join.name, &join.package);
        let fits = self.checks(|| {
            crypto::verify(&open.invite.key, &message, &join.signature).is_ok()
                && is_public_key(join.package.suite, &join.package.public)
        });
        require(Switch::J7Agreed, fits, Refusal::BadKeys)?;
        require(Switch::J7Open, self.seen.is_open(by), Refusal::InviteClosed)?;
        require(Switch::J7Uses, !self.seen.is_used_up(by, open.invite.uses), Refusal::InviteUsedUp)?;
        let inviter = facts.grants.get(&open.by).ok_or(Refusal::GrantNotHeld)?;
        let too_deep = Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 };
        require(Switch::J7Depth, inviter.key.path.len() + 2 <= MAX_SENIORITY_DEPTH, too_deep)?;
        let key = invite_key(inviter, open.seq, by, self.seen.rank(open.invite.role).unwrap_or(u8::MAX));
        Ok(Permit {
            position: key.position(Vec::new()),
            leans: vec![vec![Source::Entry(by.entry)]],
            uses: Vec::new(),
            device: Vec::new(),
            asked: None,
        })
    }

    /// A recovery key lets one more device in and puts out all others.
    fn recover(&self, recover: &Recover) -> Result<Permit, Denial> {
        let (body, facts) = (self.entry.body(), self.seen.facts());
        let at = body.by.ok_or(Refusal::GrantNotHeld)?;
        if bars(Switch::R2NewerLeans, (self.newer)(at.entry)) {
            return Err(Denial::NeedsNewer);
        }
        let held = facts.grants.get(&at).filter(|_| self.seen.holds(at.entry) && self.seen.is_active(at));
        let grant = held.ok_or(Refusal::GrantNotHeld)?;
        let member = grant.holder;
        let first = self.seen.active_grants(member).first().map(|(at, _)| *at);
        require(Switch::D7LeansOnFirst, first == Some(at), Refusal::GrantNotHeld)?;
        let keys = facts.recovery.get(&member).into_iter().flatten();
        let mut counting: Vec<_> = keys.filter(|(entry, _)| self.seen.counts(*entry)).collect();
        counting.sort_by_key(|(entry, _)| (facts.acts[entry].position.clone(), *entry));
        let (made_by, key) = counting.first().ok_or(Refusal::NoSuchDevice)?;
        let fits = self.checks(|| {
            recover.is_agreed(self.pursuance, member, body.author, key)
                && is_public_key(recover.package.suite, &recover.package.public)
        });
        require(Switch::D7Agreed, fits, Refusal::BadKeys)?;
        require(Switch::D7New, self.seen.device_path(body.author, member).is_none(), Refusal::BadKeys)?;
        Ok(Permit {
            position: grant.key.recovery(),
            leans: vec![vec![grant.source], vec![Source::Entry(*made_by)]],
            uses: Vec::new(),
            device: Vec::new(),
            asked: None,
        })
    }

    /// D2.
    fn add_device(&self, actor: &Actor<'_>, added: &AddDevice, ops: &[Op]) -> Result<(), Refusal> {
        let new = || ops.iter().filter_map(|op| if let Op::AddDevice(new) = op { Some(new) } else { None });
        // Counted first: signatures are dear.
        let held = self.seen.facts().devices_of.get(&actor.member).into_iter().flatten();
        let held = held.filter(|author| self.seen.device_path(**author, actor.member).is_some()).count();
        require(Switch::D2Limit, held + new().count() <= MAX_DEVICES, Refusal::TooMany { max: MAX_DEVICES as u32 })?;
        let known = self.seen.facts().devices.get(&added.author).into_iter().flatten();
        let is_known = { known }.any(|device| self.seen.counts(device.source));
        let is_once = new().filter(|other| other.author == added.author).count() == 1;
        require(Switch::D2New, !is_known, Refusal::BadKeys)?;
        require(Switch::D2Once, is_once, Refusal::BadKeys)?;
        let fits = self.checks(|| {
            is_public_key(added.package.suite, &added.package.public) && added.is_agreed(self.pursuance, actor.member)
        });
        require(Switch::D1Agreed, fits, Refusal::BadKeys)
    }

    /// The readers of an epoch are exactly the reading devices in its past (K3).
    fn role_epoch(&self, actor: &Actor<'_>, epoch: &RoleEpoch, ops: &[Op]) -> Result<(), Refusal> {
        // An epoch is introduced once, for one role; whoever knows of it and does so again would change who it was sealed to.
        let known = self.seen.facts().epochs.range((epoch.epoch, RoleId(0))..=(epoch.epoch, RoleId(u16::MAX)));
        let introduced = { known }.any(|(_, entries)| entries.iter().any(|entry| self.seen.holds(*entry)));
        require(Switch::K3New, !introduced, Refusal::BadKeys)?;
        let leads_back = !epoch.backlinks.is_empty() && self.seen.is_since_joining(epoch.role);
        require(Switch::K26Backlinks, !leads_back, Refusal::BadKeys)?;
        let own = ops.iter().find_map(|op| if let Op::KeyPackage(package) = op { Some(package) } else { None });
        let mut ids: Vec<[u8; 32]> = ids_sealed_to(self.seen, epoch.role)
            .into_iter()
            // A package that comes with this very entry replaces the author's older one.
            .filter(|(member, author, _)| {
                own.is_none() || *author != self.entry.body().author || *member != actor.member
            })
            .map(|(.., id)| id)
            .collect();
        ids.extend(own.map(KeyPackage::id));
        ids.sort_unstable();
        let tags = epoch.seals.iter().map(|seal| seal.tag);
        require(Switch::K3Readers, epoch.readers == readers_hash(&ids), Refusal::BadKeys)?;
        require(Switch::K3Seals, tags.eq(ids.iter().map(package_tag)), Refusal::BadKeys)
    }

    /// Leaving, and what is about one's devices, leans on the first of one's grants, so that it stands before what is done with
    /// any of them.
    fn acts_as_senior(&self, actor: &Actor<'_>) -> Result<(), Refusal> {
        let first = self.seen.active_grants(actor.member).first().map(|(at, _)| *at);
        require(Switch::R2LeansOnFirst, first == Some(actor.at), Refusal::GrantNotHeld)
    }

    /// Lines by which who acts may do this alone.
    fn allowed(&self, actor: &Actor<'_>, verb: Verb, object: Object, own: bool) -> Result<Vec<Rule>, Refusal> {
        self.seen.allowed(actor.grant.role, verb, object, &self.occasion(actor, own))
    }

    fn occasion(&self, actor: &Actor<'_>, own: bool) -> Occasion<'static> {
        Occasion::of(actor.member, self.entry.body().seq).on_own(own)
    }

    /// Whether it is about what the one who acts gave, or whom they let in.
    fn is_own(&self, actor: &Actor<'_>, op: &Op) -> bool {
        match op {
            Op::RevokeGrant(at) => {
                let grant = self.seen.facts().grants.get(at);
                grant.is_some_and(|grant| self.given_by(grant) == Some(actor.member))
            }
            Op::Remove(remove) => {
                let held = self.seen.active_grants(remove.member);
                held.iter().all(|(_, grant)| self.given_by(grant) == Some(actor.member))
            }
            _ => false,
        }
    }

    /// Who gave a role, or let somebody in by an invite of theirs.
    fn given_by(&self, grant: &GrantFact) -> Option<MemberId> {
        let facts = self.seen.facts();
        let by = match (grant.invite, grant.source) {
            (Some(invite), _) => facts.invites.get(&invite)?.by,
            (None, Source::Entry(given)) => facts.acts.get(&given)?.by?,
            (None, Source::Decision(_)) => return None,
        };
        facts.grants.get(&by).map(|grant| grant.holder)
    }

    /// What was checked when the entry came is not checked again.
    fn checks(&self, check: impl FnOnce() -> bool) -> bool {
        self.checked == Checked::Before || check()
    }

    /// Whether an author is known as a device that may not read what is said to a role.
    fn is_no_reader(&self, author: AuthorId, role: RoleId) -> bool {
        let known = self.seen.facts().devices.get(&author).into_iter().flatten();
        let mut known = known.filter(|device| self.seen.holds(device.source)).peekable();
        let roles = self.seen.reading_roles(role);
        known.peek().is_some()
            && !known.any(|device| {
                let held = self.seen.active_grants(device.member);
                self.seen.device_path(author, device.member).is_some()
                    && held.iter().any(|(_, grant)| roles.contains(&grant.role) || roles.contains(&RoleId::EVERYONE))
            })
    }

    /// Whether who acts reads what is said to a role by the grant leaned on.
    fn reads(&self, actor: &Actor<'_>, role: RoleId) -> bool {
        let roles = self.seen.reading_roles(role);
        roles.contains(&RoleId::EVERYONE) || roles.contains(&actor.grant.role)
    }

    fn role(&self, id: RoleId) -> Result<&Role, Refusal> {
        self.seen.role(id).map(|(_, role)| role).ok_or(Refusal::NoSuchRole)
    }

    fn lean_on_role(&self, id: RoleId, permit: &mut Permit) {
        let defined = self.seen.role(id).filter(|_| on(Switch::R4LeansRole));
        permit.leans.extend(defined.map(|(source, _)| vec![source]));
    }

    fn may_amend(&self, role: RoleId) -> bool {
        !self.seen.lines_for(role, Verb::Amend, Object::Rules).is_empty()
    }

    /// The least rank number that somebody holds.
    fn first_rank(&self) -> Option<u8> {
        self.ranks_held().min()
    }

    /// The next rank after this one that somebody holds.
    fn next_rank(&self, rank: u8) -> Option<u8> {
        self.ranks_held().filter(|held| *held > rank).min()
    }

    fn ranks_held(&self) -> impl Iterator<Item = u8> + '_ {
        let facts = self.seen.facts();
        let held = self.seen.may_be_active(Among::All);
        let held = held.filter(|at| self.seen.holds(at.entry) && self.seen.is_active(*at));
        held.map(|at| facts.grants[&at].key.rank)
    }
}

/// What an entry by this author, leaning on this grant, stands on, in the view of its past.
pub(super) fn leans<S: Seen>(seen: &S, author: AuthorId, grant: &GrantFact) -> Vec<Vec<Source>> {
    let facts = seen.facts();
    let made_by = facts.devices.get(&author).into_iter().flatten().filter(|made| made.member == grant.holder);
    let made_by = made_by.map(|made| made.source).filter(|made| seen.holds(*made));
    let mut leans = vec![vec![grant.source]];
    if on(Switch::R4LeansDevice) {
        leans.push(made_by.map(Source::Entry).collect());
    }
    if bars(Switch::R4LeansAdmit, grant.reviewed) {
        let admits = facts.admits.get(&grant.source.entry()).into_iter().flatten();
        leans.push(admits.filter(|admit| seen.holds(**admit)).map(|admit| Source::Entry(*admit)).collect());
    }
    leans
}

/// How high an act stands.
struct Standing {
    /// The least rank number it may act on.
    lowest_peer: u16,
    /// Its own.
    own: u8,
}

/// Of [`packages`], those that an epoch is sealed to (K3): nothing is for whoever came by an invite that was used up and whom nobody
/// let in.
pub(super) fn sealed_to<S: Seen>(seen: &S, role: RoleId) -> Vec<(MemberId, AuthorId, &KeyPackage)> {
    let mut packages = packages(seen, role);
    packages.retain(|(member, ..)| asks(Switch::K3Place, seen.has_a_place(*member)));
    packages
}

/// The ids of those.
pub(super) fn ids_sealed_to<S: Seen>(seen: &S, role: RoleId) -> Vec<(MemberId, AuthorId, [u8; 32])> {
    let look = || sealed_to(seen, role).into_iter().map(|(member, author, package)| (member, author, package.id()));
    seen.known_packages(role).unwrap_or_else(|| look().collect())
}

/// The newest key package of each device of a view that reads what is said to a role.
pub(super) fn packages<S: Seen>(seen: &S, role: RoleId) -> Vec<(MemberId, AuthorId, &KeyPackage)> {
    let members = seen.readers(role).into_iter();
    let held = |member| packages_of(seen, member).map(move |(author, package)| (member, author, package));
    members.flat_map(held).collect()
}

/// The newest key package of each device that reads for a member.
pub(super) fn packages_of<S: Seen>(seen: &S, member: MemberId) -> impl Iterator<Item = (AuthorId, &KeyPackage)> {
    let facts = seen.facts();
    seen.reading(member).into_keys().filter_map(move |author| {
        let own = facts.packages.get(&author).into_iter().flatten();
        let newest = own.filter(|(_, entry, _)| seen.counts(*entry)).max_by_key(|(seq, entry, _)| (*seq, *entry));
        let came = facts.devices[&author].iter().filter(|device| device.member == member);
        let came = came.filter(|device| device.package.is_some() && seen.counts(device.source));
        let package = newest
            .map(|(.., package)| package)
            .or_else(|| came.max_by_key(|device| device.source).and_then(|device| device.package.as_ref()));
        Some((author, package?))
    })
}

/// R1: the key of whoever comes by an invite begins with this.
pub(super) fn invite_key(inviter: &GrantFact, seq: u32, at: GrantRef, rank: u8) -> super::SeniorityKey {
    let mut path = inviter.key.path.clone();
    path.push((seq, at.op, at.entry));
    super::SeniorityKey { rank, path }
}
