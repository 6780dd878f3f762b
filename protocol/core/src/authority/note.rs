//! What a permitted entry adds to the facts (docs/protocol/04-authority.md, "Ops").

use alloc::vec::Vec;

use super::facts::{
    Act, Beginning, DeviceFact, Facts, GrantFact, InviteFact, Kind, ProposalFact, Restriction, Source, Write,
};
use super::memory::LinePlace;
use super::permit::{Permit, invite_key};
use super::position::{Position, SeniorityKey};
use super::seen::Seen;
use super::switch::{Switch, asks, on};
use crate::clock::Clock;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{EntryId, MemberId, RoleId};
use crate::logs::Logs;
use crate::op::{Genesis, Op};

/// What is said in an entry, gathered before it is added: the view of its past looks at the facts as they are.
pub(super) struct Noted {
    act: Act,
    adds: Vec<Add>,
}

enum Add {
    Grant(GrantRef, GrantFact),
    Member(MemberId, Beginning),
    Device(crate::id::AuthorId, DeviceFact),
    Restriction(Restriction),
    Line(crate::rule::Rule, Write<bool>, LinePlace),
    Role(Source, crate::rule::Role),
    Proposal(ProposalFact),
    Invite(GrantRef, InviteFact),
    Name(Write<alloc::string::String>),
    Relays(Write<Vec<pursuance_wire::RelayAddress>>),
    Op(usize),
}

/// Reads a permitted public entry before the view of its past.
pub(super) fn read<S: Seen>(seen: &S, logs: &Logs, entry: &Entry, ops: &[Op], permit: Permit) -> Option<Noted> {
    let (id, body) = (entry.id(), entry.body());
    let act = Act {
        id,
        dot: logs.dot(id)?,
        depth: logs.depth(id)?,
        author: body.author,
        by: body.by,
        position: permit.position.clone(),
        leans: permit.leans.clone(),
        uses: permit.uses.clone(),
        join: matches!(ops.first(), Some(Op::Join(_))),
    };
    let facts = seen.facts();
    let actor = body.by.and_then(|by| facts.grants.get(&by));
    let mut adds = Vec::new();
    for (index, op) in ops.iter().enumerate() {
        let at = GrantRef { entry: id, op: u16::try_from(index).expect("at most MAX_OPS") };
        let step = (body.seq, at.op, id);
        match op {
            Op::Genesis(genesis) => begin(entry, at, genesis, &mut adds),
            Op::Join(join) => {
                let by = body.by?;
                let invite = facts.invites.get(&by)?;
                let rank = seen.rank(invite.invite.role)?;
                let mut key = invite_key(facts.grants.get(&invite.by)?, invite.seq, by, rank);
                key.path.push((0, 0, id));
                let member = MemberId(id.0);
                adds.push(Add::Member(
                    member,
                    Beginning { name: join.name.clone(), author: body.author, grant: at, invite: Some(by) },
                ));
                adds.push(Add::Grant(
                    at,
                    GrantFact {
                        holder: member,
                        role: invite.invite.role,
                        key,
                        source: Source::Entry(id),
                        knows: alloc::collections::BTreeSet::new(),
                        invite: Some(by),
                        reviewed: invite.invite.reviewed,
                    },
                ));
                adds.push(device(entry, member, Vec::new(), Some(join.package.clone())));
            }
            Op::Recover(recover) => {
                let member = actor?.holder;
                adds.push(device(entry, member, Vec::new(), Some(recover.package.clone())));
                let kind = Kind::OtherDevices { member, but: body.author };
                adds.push(restriction(Source::Entry(id), Some(permit.position.clone()), kind));
            }
            Op::AddDevice(added) => {
                let mut path = permit.device.clone();
                path.push(step);
                let fact = DeviceFact {
                    member: actor?.holder,
                    source: id,
                    path,
                    claimed_seconds: Some(body.claimed_seconds),
                    package: Some(added.package.clone()),
                };
                adds.push(Add::Device(added.author, fact));
            }
            Op::Invite(invite) => {
                let fact = InviteFact {
                    invite: invite.clone(),
                    inviter: actor?.holder,
                    by: body.by?,
                    seq: body.seq,
                    joins: Vec::new(),
                };
                adds.push(Add::Invite(at, fact));
            }
            Op::Leave => {
                let kind = Kind::Member { member: actor?.holder, roles: Vec::new() };
                adds.push(restriction(Source::Entry(id), Some(actor?.key.before()), kind));
            }
            Op::RemoveDevice(author) => {
                let place = Some(permit.position.clone());
                adds.push(restriction(Source::Entry(id), place, Kind::Device(*author)));
            }
            Op::Propose(propose) => {
                let asked = permit.asked.clone()?;
                effect(seen, logs, Source::Decision(id), None, actor?, step, &propose.op, &mut adds);
                adds.push(Add::Proposal(ProposalFact {
                    said: propose.clone(),
                    proposer: actor?.holder,
                    by: body.by?,
                    majority_rank: asked.majority_rank,
                    rank: asked.rank,
                    lines: asked.lines,
                    needs: asked.needs,
                    not: asked.not,
                    approvals: Vec::new(),
                    withdrawals: Vec::new(),
                }));
            }
            Op::SetName(_)
            | Op::DefineRole(_)
            | Op::RetireRole(_)
            | Op::SetRule(_)
            | Op::Grant(_)
            | Op::RevokeGrant(_)
            | Op::Remove(_)
            | Op::SuspendDevice(_)
            | Op::RevokeInvite(_)
            | Op::SetRelays(_) => {
                let place = Some(permit.position.clone());
                effect(seen, logs, Source::Entry(id), place, actor?, step, op, &mut adds);
            }
            Op::Approve(_)
            | Op::WithdrawApproval(_)
            | Op::Ratify(_)
            | Op::Admit(_)
            | Op::Vouch(_)
            | Op::KeyPackage(_)
            | Op::RoleEpoch(_)
            | Op::Welcome(_)
            | Op::RecoveryKey(_) => adds.push(Add::Op(index)),
            Op::Checkpoint | Op::SawCheckpoint(_) | Op::Unknown { .. } => {}
        }
    }
    Some(Noted { act, adds })
}

/// What one member does alone, or some decide together: the same effect from another place.
#[allow(clippy::too_many_arguments, reason = "an effect is all of these")]
fn effect<S: Seen>(
    seen: &S,
    logs: &Logs,
    source: Source,
    place: Option<Position>,
    actor: &GrantFact,
    step: super::position::Step,
    op: &Op,
    adds: &mut Vec<Add>,
) {
    let facts = seen.facts();
    match op {
        Op::SetName(name) => {
            adds.push(Add::Name(Write { source, follows: follows(seen, &facts.names), value: name.clone() }));
        }
        Op::SetRelays(relays) => {
            adds.push(Add::Relays(Write { source, follows: follows(seen, &facts.relays), value: relays.clone() }));
        }
        Op::DefineRole(role) => adds.push(Add::Role(source, role.clone())),
        Op::RetireRole(role) => adds.push(restriction(source, place, Kind::Role(*role))),
        Op::SetRule(set) => {
            let follows = facts.lines.get(&set.rule).map_or(0, |line| follows(seen, &line.writes));
            let among = (logs.depth(source.entry()).unwrap_or(0), 0, source.entry(), source);
            adds.push(Add::Line(set.rule, Write { source, follows, value: set.present }, among));
            if !set.present {
                adds.push(restriction(source, place, Kind::Line(set.rule)));
            }
        }
        Op::Grant(grant) => {
            // R1: intrinsic, whoever decides: the path of who granted or proposed it, and one step.
            let mut path = actor.key.path.clone();
            path.push(step);
            let rank = seen.rank(grant.role).unwrap_or(u8::MAX);
            let removals = facts.decided_removals.get(&grant.member).into_iter().flatten();
            let removals = removals.map(|index| facts.restrictions[*index].source);
            let knows = removals.filter(|source| {
                let proposal = source.entry();
                seen.holds(proposal) && asks(Switch::R5KnowsDecided, seen.decided(proposal).is_some())
            });
            let fact = GrantFact {
                holder: grant.member,
                role: grant.role,
                key: SeniorityKey { rank, path },
                source,
                knows: knows.collect(),
                invite: None,
                reviewed: false,
            };
            adds.push(Add::Grant(GrantRef { entry: step.2, op: step.1 }, fact));
        }
        Op::RevokeGrant(at) => adds.push(restriction(source, place, Kind::Grant(*at))),
        Op::Remove(remove) => {
            let kind = Kind::Member { member: remove.member, roles: remove.roles.clone() };
            let mut stays = Clock::default();
            for pin in remove.pins.iter().filter_map(|pin| logs.clock(*pin)) {
                stays.join(pin);
            }
            adds.push(Add::Restriction(Restriction {
                source,
                position: place,
                kind,
                pins: remove.pins.clone(),
                stays,
            }));
        }
        Op::SuspendDevice(author) => {
            // Just before whatever its member does: who shows two histories has no say about it (R10).
            let made = facts.devices.get(author).into_iter().flatten();
            let members = made.filter(|device| seen.holds(device.source)).map(|device| device.member);
            let keys =
                members.filter_map(|member| seen.active_grants(member).first().map(|(_, grant)| grant.key.before()));
            let before = keys.min().filter(|_| on(Switch::R10Before));
            let place = place.map(|place| before.map_or(place.clone(), |before| before.min(place)));
            adds.push(restriction(source, place, Kind::Device(*author)));
        }
        Op::RevokeInvite(at) => adds.push(restriction(source, place, Kind::Invite(*at))),
        Op::Checkpoint => adds.push(restriction(source, place, Kind::Checkpoint { rank: 0 })),
        _ => {}
    }
}

fn begin(entry: &Entry, at: GrantRef, genesis: &Genesis, adds: &mut Vec<Add>) {
    let (id, author) = (entry.id(), entry.body().author);
    let member = MemberId(id.0);
    let source = Source::Entry(id);
    let first = &genesis.table.roles[0];
    adds.push(Add::Member(member, Beginning { name: genesis.founder_name.clone(), author, grant: at, invite: None }));
    adds.push(Add::Grant(
        at,
        GrantFact {
            holder: member,
            role: first.id,
            key: SeniorityKey { rank: first.rank, path: Vec::new() },
            source,
            knows: alloc::collections::BTreeSet::new(),
            invite: None,
            reviewed: false,
        },
    ));
    adds.push(device(entry, member, Vec::new(), None));
    adds.push(Add::Name(Write { source, follows: 0, value: genesis.name.clone() }));
    adds.push(Add::Relays(Write { source, follows: 0, value: genesis.relays.clone() }));
    adds.extend(genesis.table.roles.iter().map(|role| Add::Role(source, role.clone())));
    let lines = genesis.table.rules.iter().enumerate();
    adds.extend(lines.map(|(index, line)| {
        let index = u16::try_from(index).expect("at most MAX_RULES");
        Add::Line(*line, Write { source, follows: 0, value: true }, (0, index, id, source))
    }));
}

fn device(
    entry: &Entry,
    member: MemberId,
    path: Vec<super::position::Step>,
    package: Option<crate::op::KeyPackage>,
) -> Add {
    let fact = DeviceFact { member, source: entry.id(), path, claimed_seconds: None, package };
    Add::Device(entry.body().author, fact)
}

/// How many of some writes, from the first on, are in a view. Found from the newest of them that the view holds: what that one
/// follows, the view holds too.
fn follows<S: Seen, T>(seen: &S, writes: &[Write<T>]) -> usize {
    let is_held = |write: &&Write<T>| seen.holds(write.source.entry());
    let known = writes.iter().rev().find(is_held).map_or(0, |write| write.follows);
    known + writes[known..].iter().take_while(is_held).count()
}

const fn restriction(source: Source, position: Option<Position>, kind: Kind) -> Add {
    Add::Restriction(Restriction { source, position, kind, pins: Vec::new(), stays: Clock::new() })
}

impl Facts {
    /// Adds what was read. Ranks of checkpoints follow from their proposals.
    pub(super) fn add(&mut self, entry: &Entry, noted: Noted) {
        let (id, author) = (entry.id(), entry.body().author);
        let member = noted.act.by.and_then(|by| self.grants.get(&by)).map(|grant| grant.holder);
        let Content::Public(ops) = &entry.body().content else { return };
        for add in noted.adds {
            match add {
                Add::Grant(at, grant) => self.take_grant(at, grant),
                Add::Member(member, beginning) => {
                    if let Some(invite) = beginning.invite.and_then(|by| self.invites.get_mut(&by)) {
                        invite.joins.push(id);
                    }
                    self.members.insert(member, beginning);
                }
                Add::Device(author, device) => self.take_device(author, device),
                Add::Restriction(restriction) => self.take_restriction(noted.act.dot.chain, restriction),
                Add::Line(line, write, place) => {
                    self.rules_changed |= entry.body().by.is_some();
                    let line = self.lines.entry(line).or_default();
                    if write.value {
                        line.adds.insert(place);
                    }
                    line.writes.push(write);
                }
                Add::Role(source, role) => self.roles.entry(role.id).or_default().push((source, role)),
                Add::Proposal(asked) => {
                    for index in self.carried_by.get(&id).into_iter().flatten() {
                        if let Kind::Checkpoint { rank } = &mut self.restrictions[*index].kind {
                            *rank = asked.rank;
                        }
                    }
                    self.proposals.insert(id, asked);
                }
                Add::Invite(at, invite) => {
                    self.invites_by.entry(invite.by).or_default().push(at);
                    self.invites.insert(at, invite);
                }
                Add::Name(name) => self.names.push(name),
                Add::Relays(relays) => self.relays.push(relays),
                Add::Op(index) => self.add_op(id, author, member, entry.body().seq, &ops[index]),
            }
        }
        self.take_act(noted.act);
    }

    fn add_op(&mut self, id: EntryId, author: crate::id::AuthorId, member: Option<MemberId>, seq: u32, op: &Op) {
        match op {
            Op::Approve(proposal) => {
                self.signed.insert(id, *proposal);
                if let Some(asked) = self.proposals.get_mut(proposal) {
                    asked.approvals.push(id);
                }
            }
            Op::WithdrawApproval(proposal) => {
                if let Some(asked) = self.proposals.get_mut(proposal) {
                    asked.withdrawals.push(id);
                }
            }
            Op::Ratify(entries) => {
                self.ratifies.entry(id).or_default().extend(entries);
                for entry in entries {
                    self.ratified.entry(*entry).or_default().push(id);
                }
            }
            Op::Admit(join) => self.admits.entry(*join).or_default().push(id),
            Op::Vouch(vouch) => self.vouches.entry(vouch.member).or_default().push(id),
            Op::KeyPackage(package) => {
                self.tags.entry(super::package_tag(&package.id())).or_default().insert(author);
                self.packages.entry(author).or_default().push((seq, id, package.clone()));
            }
            Op::RoleEpoch(epoch) => {
                self.epochs.entry((epoch.epoch, epoch.role)).or_default().push(id);
                for parent in &epoch.parents {
                    self.epochs_after.entry((*parent, epoch.role)).or_default().insert(epoch.epoch);
                }
            }
            Op::Welcome(welcome) => {
                if let Some(member) = member {
                    let handed = self.welcomes.entry((welcome.epoch, welcome.role, welcome.to, member)).or_default();
                    handed.push((id, welcome.clone()));
                    if welcome.role == RoleId::EVERYONE {
                        self.let_in.entry(welcome.to).or_default().push((id, member));
                    }
                }
            }
            Op::RecoveryKey(recovery) => {
                if let Some(member) = member {
                    self.recovery.entry(member).or_default().push((id, recovery.key));
                }
            }
            _ => {}
        }
    }
}

/// Whether an entry says what others may do: whoever knows all that does sees of everybody else what everything there is shows.
pub(super) fn governs(ops: &[Op]) -> bool {
    changes_others(ops) || ops.iter().any(|op| matches!(op, Op::Admit(_) | Op::SetRule(_) | Op::DefineRole(_)))
}

/// Whether an entry can take effect away from others, or give it back.
pub(super) fn changes_others(ops: &[Op]) -> bool {
    ops.iter().any(|op| match op {
        Op::SetRule(set) => !set.present,
        Op::RevokeGrant(_)
        | Op::Remove(_)
        | Op::Leave
        | Op::RetireRole(_)
        | Op::RemoveDevice(_)
        | Op::SuspendDevice(_)
        | Op::Recover(_)
        | Op::RevokeInvite(_)
        | Op::Propose(_)
        | Op::Approve(_)
        | Op::Ratify(_) => true,
        _ => false,
    })
}
