//! What follows now: members, rules, invites, epochs, relays, from the facts that count (docs/protocol/04-authority.md, "State").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::facts::Source;
use super::seen::Seen;
use super::switch::{Switch, bars, on};
use super::{Authority, HeldGrant, KnownEpoch, MAX_WELCOMES, Member, OpenInvite, Position, Presence};
use crate::devices::Device;
use crate::entry::{Entry, GrantRef};
use crate::id::{EntryId, EpochId, MemberId};
use crate::logs::Logs;
use crate::op::Op;
use crate::rule::RuleTable;

impl Authority {
    /// Follows one entry that changed nobody else's verdict.
    pub(super) fn follow(&mut self, logs: &Logs, entry: &Entry, ops: &[Op], counts: bool) {
        let id = entry.id();
        let speaker = self.speaker(entry);
        for (index, op) in ops.iter().enumerate() {
            let at = GrantRef { entry: id, op: u16::try_from(index).expect("at most MAX_OPS") };
            match op {
                Op::Genesis(_) => self.follow_all(logs),
                Op::Join(_) => {
                    self.follow_member(logs, MemberId(id.0));
                    // One join more: the others need not be asked again.
                    if let Some(open) = entry.body().by.and_then(|by| self.invites.get_mut(&by)).filter(|_| counts) {
                        open.joins.push(id);
                    }
                }
                Op::Invite(_) => self.follow_invite(logs, at),
                Op::RoleEpoch(epoch) => self.follow_epoch(logs, epoch.epoch),
                Op::Welcome(welcome) => {
                    if let Some(by) = speaker.filter(|_| counts) {
                        let handed = self.welcomes.entry((welcome.epoch, welcome.to, by)).or_default();
                        if handed.len() < MAX_WELCOMES && !handed.contains(welcome) {
                            handed.push(welcome.clone());
                        }
                    }
                }
                Op::KeyPackage(_) | Op::AddDevice(_) | Op::RemoveDevice(_) | Op::RecoveryKey(_) | Op::Recover(_) => {
                    if let Some(member) = speaker {
                        self.follow_member(logs, member);
                    }
                }
                Op::Leave => {
                    if let Some(member) = speaker {
                        self.follow_gone(logs, member);
                    }
                }
                Op::Admit(join) => self.follow_member(logs, MemberId(join.0)),
                Op::Propose(_) => self.follow_decision(logs, id),
                Op::Approve(proposal) => self.follow_decision(logs, *proposal),
                // Decided or not: a withdrawal changes what is known to later signers only.
                Op::WithdrawApproval(_) | Op::Vouch(_) | Op::Checkpoint | Op::Unknown { .. } => {}
                // Those of public entries flipped; those of role entries are in doubt.
                Op::Ratify(_) => {}
                // What is held has no effect, however much of it there is; but for what stands before its author's own place.
                effect if counts || matches!(effect, Op::SuspendDevice(_)) => self.follow_effect(logs, effect),
                _ => {}
            }
        }
    }

    /// Follows everything anew.
    pub(super) fn follow_all(&mut self, logs: &Logs) {
        self.follow_names(logs);
        self.follow_table(logs);
        for member in self.facts.members.keys().copied().collect::<Vec<_>>() {
            self.follow_member(logs, member);
        }
        for at in self.facts.invites.keys().copied().collect::<Vec<_>>() {
            self.follow_invite(logs, at);
        }
        for epoch in self.facts.epochs.keys().copied().collect::<Vec<_>>() {
            self.follow_epoch(logs, epoch);
        }
        self.follow_welcomes(logs);
    }

    fn follow_decision(&mut self, logs: &Logs, proposal: EntryId) {
        let Some(asked) = self.facts.proposals.get(&proposal) else { return };
        let effect = (*asked.said.op).clone();
        if self.now(logs).decided(proposal).is_some() {
            self.follow_effect(logs, &effect);
        }
    }

    /// What one does alone, or some decide together.
    fn follow_effect(&mut self, logs: &Logs, op: &Op) {
        match op {
            Op::SetName(_) | Op::SetRelays(_) => self.follow_names(logs),
            Op::DefineRole(_) | Op::SetRule(_) => self.follow_table(logs),
            Op::RetireRole(role) => {
                self.follow_table(logs);
                let held = self.facts.grants_to.get(role).into_iter().flatten();
                let holders: BTreeSet<MemberId> = held.map(|at| self.facts.grants[at].holder).collect();
                for member in holders {
                    self.follow_gone(logs, member);
                }
                for at in self.facts.invites.keys().copied().collect::<Vec<_>>() {
                    self.follow_invite(logs, at);
                }
            }
            Op::Grant(grant) => self.follow_member(logs, grant.member),
            Op::RevokeGrant(at) => {
                if let Some(holder) = self.facts.grants.get(at).map(|grant| grant.holder) {
                    self.follow_gone(logs, holder);
                }
            }
            Op::Remove(remove) => self.follow_gone(logs, remove.member),
            Op::SuspendDevice(author) => {
                let members: BTreeSet<MemberId> = self.holders(*author).collect();
                for member in members {
                    self.follow_member(logs, member);
                }
            }
            Op::RevokeInvite(at) => self.follow_invite(logs, *at),
            _ => {}
        }
    }

    /// A member who may have lost a role, and their invites with it.
    fn follow_gone(&mut self, logs: &Logs, member: MemberId) {
        self.follow_member(logs, member);
        let theirs = self.facts.invites.iter().filter(|(_, invite)| invite.inviter == member);
        for at in theirs.map(|(at, _)| *at).collect::<Vec<_>>() {
            self.follow_invite(logs, at);
        }
    }

    fn follow_member(&mut self, logs: &Logs, id: MemberId) {
        match self.member_now(logs, id) {
            Some(member) => _ = self.members.insert(id, member),
            None => _ = self.members.remove(&id),
        }
    }

    fn member_now(&self, logs: &Logs, id: MemberId) -> Option<Member> {
        let now = self.now(logs);
        let beginning = self.facts.members.get(&id)?;
        let came = self.facts.grants.get(&beginning.grant)?;
        let held = now.active_grants(id);
        let grants: Vec<HeldGrant> =
            held.iter().map(|(at, grant)| HeldGrant { at: *at, role: grant.role, key: grant.key.clone() }).collect();
        let presence = if grants.is_empty() {
            let waits = came.reviewed
                && now.counts(beginning.grant.entry)
                && !now.is_admitted(came, &Position::LAST)
                && now.is_open(came.invite?);
            if waits { Presence::Waiting } else { Presence::Gone }
        } else {
            Presence::Here
        };
        let first = grants.first();
        Some(Member {
            name: beginning.name.clone(),
            author: beginning.author,
            devices: self.devices_now(&now, id),
            grant: first.map_or(beginning.grant, |grant| grant.at),
            role: first.map_or(came.role, |grant| grant.role),
            key: first.map_or_else(|| came.key.clone(), |grant| grant.key.clone()),
            grants,
            invite: beginning.invite,
            presence,
        })
    }

    fn devices_now<S: Seen>(&self, now: &S, member: MemberId) -> BTreeMap<crate::id::AuthorId, Device> {
        let mut devices = BTreeMap::new();
        for author in self.devices_of(member) {
            if now.device_path(author, member).is_none() {
                continue;
            }
            let made = self.facts.devices[&author].iter().filter(|made| made.member == member);
            let made: Vec<_> = made.filter(|made| now.counts(made.source)).collect();
            let mut device = Device {
                brought_by: made.iter().map(|made| made.source).collect(),
                added_seconds: made.iter().map(|made| made.claimed_seconds).min().flatten(),
                packages: Vec::new(),
            };
            for made in made {
                if let Some(package) = &made.package {
                    // What came with AddDevice is older than anything in the device's own log; a join is its first entry.
                    let seq = made.claimed_seconds.is_none().then_some(0);
                    device.hold(seq, made.source, package.clone());
                }
            }
            for (seq, entry, package) in self.facts.packages.get(&author).into_iter().flatten() {
                if now.counts(*entry) {
                    device.hold(Some(*seq), *entry, package.clone());
                }
            }
            devices.insert(author, device);
        }
        devices
    }

    fn follow_invite(&mut self, logs: &Logs, at: GrantRef) {
        self.follow_invite_alone(logs, at);
        // Nobody waits before a closed door.
        let Some(fact) = self.facts.invites.get(&at).filter(|fact| fact.invite.reviewed) else { return };
        let joined = fact.joins.iter().map(|join| MemberId(join.0));
        let here = |id: &MemberId| self.members.get(id).is_some_and(|member| member.presence == Presence::Here);
        for member in joined.filter(|id| !here(id)).collect::<Vec<_>>() {
            self.follow_member(logs, member);
        }
    }

    fn follow_invite_alone(&mut self, logs: &Logs, at: GrantRef) {
        let now = self.now(logs);
        let Some(fact) = self.facts.invites.get(&at) else { return };
        if !now.counts(at.entry) {
            self.invites.remove(&at);
            return;
        }
        let open = OpenInvite {
            invite: fact.invite.clone(),
            inviter: fact.inviter,
            seq: fact.seq,
            joins: now.joins(at),
            open: now.is_open(at),
        };
        self.invites.insert(at, open);
    }

    fn follow_epoch(&mut self, logs: &Logs, id: EpochId) {
        let Some((role, entries)) = self.facts.epochs.get(&id) else { return };
        let now = self.now(logs);
        let (counting, held): (Vec<EntryId>, Vec<EntryId>) = entries.iter().partition(|entry| now.counts(**entry));
        let counts = !counting.is_empty();
        let entries = if counts { counting } else { held };
        let entries = entries.into_iter().map(|entry| (logs.depth(entry).unwrap_or(0), entry)).collect();
        self.epochs.insert(id, KnownEpoch { role: *role, counts, entries });
    }

    fn follow_welcomes(&mut self, logs: &Logs) {
        let mut welcomes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let now = self.now(logs);
        for (entry, by, welcome) in &self.facts.welcomes {
            let handed = welcomes.entry((welcome.epoch, welcome.to, *by)).or_default();
            if handed.len() < MAX_WELCOMES && !handed.contains(welcome) && now.counts(*entry) {
                handed.push(welcome.clone());
            }
        }
        welcomes.retain(|_, handed| !handed.is_empty());
        self.welcomes = welcomes;
    }

    fn follow_names(&mut self, logs: &Logs) {
        let name = self.newest(logs, &self.facts.names).cloned().unwrap_or_default();
        let relays = self.newest(logs, &self.facts.relays).cloned().unwrap_or_default();
        (self.name, self.relays) = (name, relays);
    }

    /// Of writes that no other one replaces, the senior one (R11).
    fn newest<'a, T>(&self, logs: &Logs, writes: &'a [(Source, T)]) -> Option<&'a T> {
        let now = self.now(logs);
        let counting: Vec<(Position, Source, &T)> = writes
            .iter()
            .filter_map(|(source, value)| {
                let place = match source {
                    Source::Entry(id) => now.counts(*id).then(|| self.facts.acts[id].position.clone()),
                    Source::Decision(id) => now.decided(*id),
                };
                Some((place?, *source, value))
            })
            .collect();
        let replaced = |source: &Source| {
            counting.iter().any(|(_, later, _)| bars(Switch::R11Replaced, logs.in_past(source.entry(), later.entry())))
        };
        let newest = counting.iter().filter(|(_, source, _)| !replaced(source));
        // Two in one entry: the later one.
        newest
            .enumerate()
            .min_by(|(a_at, a), (b_at, b)| {
                let senior = (&a.0, a.1, b_at).cmp(&(&b.0, b.1, a_at));
                if on(Switch::R11Senior) { senior } else { senior.reverse() }
            })
            .map(|(_, one)| one.2)
    }

    fn follow_table(&mut self, logs: &Logs) {
        let now = self.now(logs);
        let defined = self.facts.roles.keys().filter(|id| !now.is_retired(**id));
        let roles = defined.filter_map(|id| Some(now.role(*id)?.1.clone())).collect();
        let rules = now.table();
        self.table = RuleTable { roles, rules };
    }
}
