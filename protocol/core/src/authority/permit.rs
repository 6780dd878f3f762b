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
use crate::crypto::kem::is_public_key;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, MemberId, PursuanceId, RoleId};
use crate::limits::{MAX_PACKAGES, MAX_ROLES, MAX_SENIORITY_DEPTH};
use crate::op::{KeyPackage, Op, Remove, RoleEpoch};
use crate::refusal::Refusal;
use crate::rule::{Object, Role, Rule, Verb};

mod coming;
mod deciding;
mod ruling;

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
                require(Switch::R8RoleAsked, asked.asks(actor.grant), Refusal::NoSuchProposal)?;
                require(Switch::R8SignsAlone, ops.len() == 1, Refusal::NoSuchProposal)?;
                let signed = asked.approvals.iter().filter(|id| self.seen.holds(**id));
                let by_me = |id: &EntryId| facts.acts.get(id).and_then(|act| facts.grants.get(&act.by?));
                let twice = { signed }.any(|id| by_me(id).is_some_and(|grant| grant.holder == actor.member))
                    || (asked.proposer == actor.member && asked.asks(&facts.grants[&asked.by]));
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
