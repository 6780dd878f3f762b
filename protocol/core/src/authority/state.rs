//! What follows now: members, rules, invites, epochs, relays, from the facts that count (docs/protocol/04-authority.md, "State").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::facts::{Among, Handed, Source, Write};
use super::permit;
use super::seen::Seen;
use super::sight::{Learned, Sight};
use super::switch::{Switch, on};
use super::{Authority, HeldGrant, KnownEpoch, MAX_WELCOMES, Member, OpenInvite, Position, Presence};
use crate::devices::Device;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{EntryId, EpochId, MemberId, RoleId};
use crate::logs::Logs;
use crate::op::{Op, Welcome};
use crate::rule::{Role, Rule};

/// What may be otherwise than it was.
#[derive(Default)]
struct News {
    names: bool,
    roles: bool,
    lines: BTreeSet<Rule>,
    grants: BTreeSet<GrantRef>,
    members: BTreeSet<MemberId>,
    /// Invites that count or are open.
    invites: BTreeSet<GrantRef>,
    /// Invites by which others came.
    joins: BTreeSet<GrantRef>,
    epochs: BTreeSet<(EpochId, RoleId)>,
    welcomes: BTreeSet<Handed>,
}

/// Whether all that something takes away can come back with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    /// It came last: what was gone before stays so.
    Now,
    /// It was there, and may have had its effect or not.
    Before,
}

impl Authority {
    /// Follows an entry that came, and those that were judged anew with it.
    pub(super) fn follow(&mut self, logs: &Logs, entry: &Entry, ops: &[Op], counts: bool, judged: &BTreeSet<EntryId>) {
        if let Some(Op::Genesis(_)) = ops.first() {
            return self.follow_all(logs);
        }
        let mut news = News::default();
        self.look_at(logs, entry, ops, counts, &mut news);
        for before in judged.iter().filter_map(|id| logs.entry(*id)) {
            if let Content::Public(ops) = &before.body().content {
                self.look_at_again(logs, before, ops, &mut news);
            }
        }
        self.follow_news(logs, news);
    }

    /// What one more entry may change.
    fn look_at(&mut self, logs: &Logs, entry: &Entry, ops: &[Op], counts: bool, news: &mut News) {
        let id = entry.id();
        for (index, op) in ops.iter().enumerate() {
            let at = GrantRef { entry: id, op: u16::try_from(index).expect("at most MAX_OPS") };
            match op {
                Op::Join(_) => {
                    news.grants.insert(at);
                    news.members.insert(MemberId(id.0));
                    // One join more: the others need not be asked again.
                    if let Some(open) = entry.body().by.and_then(|by| self.invites.get_mut(&by)).filter(|_| counts) {
                        open.joins.push(id);
                    }
                }
                Op::Welcome(welcome) => {
                    if let Some(by) = self.speaker(entry).filter(|_| counts) {
                        let handed = self.welcomes.entry((welcome.epoch, welcome.role, welcome.to, by)).or_default();
                        if handed.len() < MAX_WELCOMES && handed.iter().all(|(_, other)| other != welcome) {
                            handed.push((id, welcome.clone()));
                        }
                    }
                }
                Op::Propose(_) => self.look_at_decision(logs, id, news),
                Op::Approve(proposal) => self.look_at_decision(logs, *proposal, news),
                Op::SetName(_)
                | Op::SetRelays(_)
                | Op::DefineRole(_)
                | Op::RetireRole(_)
                | Op::SetRule(_)
                | Op::Grant(_)
                | Op::RevokeGrant(_)
                | Op::Remove(_)
                | Op::RevokeInvite(_) => {
                    // What is held has no effect, however much of it there is. A suspension stands before its author's own place.
                    if counts {
                        self.look_at_effect(op, at, Came::Now, news);
                    }
                }
                op => self.look_at_own(entry, op, at, Came::Now, news),
            }
        }
    }

    /// What an entry that was there may change, now that it was judged anew.
    fn look_at_again(&mut self, logs: &Logs, entry: &Entry, ops: &[Op], news: &mut News) {
        let id = entry.id();
        for (index, op) in ops.iter().enumerate() {
            let at = GrantRef { entry: id, op: u16::try_from(index).expect("at most MAX_OPS") };
            match op {
                Op::Join(_) => {
                    news.grants.insert(at);
                    news.members.insert(MemberId(id.0));
                    news.joins.extend(entry.body().by);
                }
                Op::Welcome(welcome) => {
                    news.welcomes.extend(self.speaker(entry).map(|by| (welcome.epoch, welcome.role, welcome.to, by)));
                }
                Op::Propose(_) => self.look_at_decision(logs, id, news),
                Op::Approve(proposal) => self.look_at_decision(logs, *proposal, news),
                op => self.look_at_own(entry, op, at, Came::Before, news),
            }
        }
    }

    fn look_at_own(&self, entry: &Entry, op: &Op, at: GrantRef, came: Came, news: &mut News) {
        match op {
            Op::Invite(_) => _ = news.invites.insert(at),
            Op::RoleEpoch(epoch) => _ = news.epochs.insert((epoch.epoch, epoch.role)),
            // A device that began twice is that of two.
            Op::KeyPackage(_) => news.members.extend(self.holders(entry.body().author)),
            Op::RemoveDevice(removed) => {
                news.members.extend(self.speaker(entry));
                news.members.extend(self.holders(*removed));
            }
            Op::AddDevice(_) | Op::RecoveryKey(_) | Op::Recover(_) => news.members.extend(self.speaker(entry)),
            Op::Leave => {
                if let Some(member) = self.speaker(entry) {
                    self.look_at_gone(member, came, news);
                }
            }
            Op::Admit(join) => {
                news.grants.insert(GrantRef { entry: *join, op: 0 });
                news.members.insert(MemberId(join.0));
            }
            op => self.look_at_effect(op, at, came, news),
        }
    }

    /// One more signature, or one less that counts.
    fn look_at_decision(&mut self, logs: &Logs, proposal: EntryId, news: &mut News) {
        let place = self.look(logs, |_, now| now.decided(proposal));
        let before = self.memory.decide(proposal, place.clone());
        if let Some(asked) = self.facts.proposals.get(&proposal).filter(|_| place != before) {
            let came = if before.is_none() { Came::Now } else { Came::Before };
            self.look_at_effect(&asked.said.op, GrantRef { entry: proposal, op: 0 }, came, news);
        }
    }

    /// What one does alone, or some decide together.
    fn look_at_effect(&self, op: &Op, at: GrantRef, came: Came, news: &mut News) {
        match op {
            Op::SetName(_) | Op::SetRelays(_) => news.names = true,
            Op::DefineRole(_) => news.roles = true,
            Op::SetRule(set) => _ = news.lines.insert(set.rule),
            Op::RetireRole(role) => {
                news.roles = true;
                news.grants.extend(self.grants(Among::To(*role), came));
                let offering = self.facts.invites.iter().filter(|(_, invite)| invite.invite.role == *role);
                news.invites.extend(offering.map(|(at, _)| *at));
            }
            Op::Grant(grant) => {
                news.grants.insert(at);
                news.members.insert(grant.member);
            }
            Op::RevokeGrant(at) => _ = news.grants.insert(*at),
            Op::Remove(remove) => self.look_at_gone(remove.member, came, news),
            Op::SuspendDevice(author) => news.members.extend(self.holders(*author)),
            Op::RevokeInvite(at) => _ = news.invites.insert(*at),
            // Decided or not: a withdrawal changes what is known to later signers only. Those whom a checkpoint seals off, and
            // those who are ratified, are judged anew themselves.
            _ => {}
        }
    }

    /// A member who may have lost roles, or has them again.
    fn look_at_gone(&self, member: MemberId, came: Came, news: &mut News) {
        news.members.insert(member);
        news.grants.extend(self.grants(Among::Of(member), came));
    }

    /// Grants that something which takes them away can change.
    fn grants(&self, among: Among, came: Came) -> Vec<GrantRef> {
        match came {
            Came::Now => self.memory.active.among(among).collect(),
            Came::Before => self.facts.granted(among).collect(),
        }
    }

    /// Follows everything anew, and forgets what was found.
    pub(super) fn follow_all(&mut self, logs: &Logs) {
        self.memory.forget();
        let facts = &self.facts;
        let news = News {
            names: true,
            roles: true,
            lines: facts.lines.keys().copied().collect(),
            grants: facts.grants.keys().copied().collect(),
            members: facts.members.keys().copied().collect(),
            invites: facts.invites.keys().copied().collect(),
            joins: facts.invites.keys().copied().collect(),
            epochs: facts.epochs.keys().copied().collect(),
            welcomes: facts.welcomes.keys().copied().collect(),
        };
        self.follow_news(logs, news);
    }

    fn follow_news(&mut self, logs: &Logs, mut news: News) {
        if news.names {
            self.follow_names(logs);
        }
        if news.roles {
            let now = self.counting(logs, &Learned::default());
            let defined = self.facts.roles.keys().filter(|id| !now.is_retired(**id));
            let defined = defined.filter_map(|id| Some((id, now.role(*id)?.1)));
            let of_now =
                |(id, role): (&RoleId, &Role)| Role { since_joining: now.is_since_joining(*id), ..role.clone() };
            let roles = defined.map(of_now).collect();
            let since_joining = self.facts.roles.keys().copied().filter(|id| now.is_since_joining(*id)).collect();
            (self.table.roles, self.since_joining) = (roles, since_joining);
        }
        for line in &news.lines {
            let place = |now: &Sight<'_>| if now.is_in_force(line) { now.line_place(line) } else { None };
            let place = self.look(logs, |_, now| place(now));
            self.memory.lines.set(*line, place);
        }
        if !news.lines.is_empty() {
            self.table.rules = self.memory.lines.in_order().copied().collect();
        }
        for at in core::mem::take(&mut news.grants) {
            let is_active = self.look(logs, |_, now| now.is_active(at));
            if self.memory.active.set(&self.facts, at, is_active) {
                news.members.extend(self.facts.grants.get(&at).map(|grant| grant.holder));
                news.invites.extend(self.facts.invites_by.get(&at).into_iter().flatten());
            }
        }
        for member in news.members {
            self.follow_member(logs, member);
        }
        for at in news.invites {
            self.follow_invite(logs, at);
        }
        for at in news.joins {
            let joins = self.look(logs, |_, now| now.joins(at).collect());
            if let Some(open) = self.invites.get_mut(&at) {
                open.joins = joins;
            }
        }
        for epoch in news.epochs {
            self.follow_epoch(logs, epoch);
        }
        for handed in news.welcomes {
            self.follow_welcomes(logs, handed);
        }
    }

    fn follow_member(&mut self, logs: &Logs, id: MemberId) {
        let now = self.counting(logs, &Learned::default());
        let packages = permit::packages_of(&now, id).map(|(author, package)| (author, package.id())).collect();
        self.memory.hold_packages(id, packages);
        match self.member_now(logs, id) {
            Some(member) => _ = self.members.insert(id, member),
            None => _ = self.members.remove(&id),
        }
    }

    fn member_now(&self, logs: &Logs, id: MemberId) -> Option<Member> {
        let now = self.counting(logs, &Learned::default());
        let beginning = self.facts.members.get(&id)?;
        let came = self.facts.grants.get(&beginning.grant)?;
        let held = self.memory.active.among(Among::Of(id)).filter_map(|at| Some((at, self.facts.grants.get(&at)?)));
        let mut grants: Vec<HeldGrant> =
            held.map(|(at, grant)| HeldGrant { at, role: grant.role, key: grant.key.clone() }).collect();
        grants.sort_by(|a, b| (&a.key, a.at).cmp(&(&b.key, b.at)));
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
                    device.hold(made.first_seq(), made.source, package.clone());
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
        if !self.facts.invites.contains_key(&at) {
            return;
        }
        let was = self.invites.get(&at).map(|open| open.open);
        let found = self.look(logs, |_, now| now.counts(at.entry).then(|| now.is_open(at)));
        match (found, self.invites.get_mut(&at)) {
            (Some(open), Some(known)) => known.open = open,
            (Some(open), None) => {
                let fact = &self.facts.invites[&at];
                let (invite, inviter, seq) = (fact.invite.clone(), fact.inviter, fact.seq);
                let joins = self.counting(logs, &Learned::default()).joins(at).collect();
                self.invites.insert(at, OpenInvite { invite, inviter, seq, joins, open });
            }
            (None, _) => _ = self.invites.remove(&at),
        }
        // Nobody waits before a closed door.
        if found != was && self.facts.invites[&at].invite.reviewed {
            let joined = self.facts.invites[&at].joins.iter().map(|join| MemberId(join.0));
            let here = |id: &MemberId| self.members.get(id).is_some_and(|member| member.presence == Presence::Here);
            for member in joined.filter(|id| !here(id)).collect::<Vec<_>>() {
                self.follow_member(logs, member);
            }
        }
    }

    fn follow_epoch(&mut self, logs: &Logs, at: (EpochId, RoleId)) {
        let Some(entries) = self.facts.epochs.get(&at) else { return };
        let now = self.counting(logs, &Learned::default());
        let (counting, held): (Vec<EntryId>, Vec<EntryId>) = entries.iter().partition(|entry| now.counts(**entry));
        let counts = !counting.is_empty();
        let entries = if counts { counting } else { held };
        let entries = entries.into_iter().map(|entry| (logs.depth(entry).unwrap_or(0), entry)).collect();
        self.epochs.insert(at, KnownEpoch { counts, entries });
    }

    fn follow_welcomes(&mut self, logs: &Logs, key: Handed) {
        let Some(all) = self.facts.welcomes.get(&key) else { return };
        let now = self.counting(logs, &Learned::default());
        let mut handed: Vec<(EntryId, Welcome)> = Vec::new();
        for (entry, welcome) in all {
            let is_new = handed.iter().all(|(_, other)| other != welcome);
            if handed.len() < MAX_WELCOMES && is_new && now.counts(*entry) {
                handed.push((*entry, welcome.clone()));
            }
        }
        if handed.is_empty() {
            self.welcomes.remove(&key);
        } else {
            self.welcomes.insert(key, handed);
        }
    }

    fn follow_names(&mut self, logs: &Logs) {
        let name = self.newest(logs, &self.facts.names).cloned().unwrap_or_default();
        let relays = self.newest(logs, &self.facts.relays).cloned().unwrap_or_default();
        (self.name, self.relays) = (name, relays);
    }

    /// Of writes that no other one replaces, the senior one (R11).
    fn newest<'a, T>(&self, logs: &Logs, writes: &'a [Write<T>]) -> Option<&'a T> {
        let now = self.counting(logs, &Learned::default());
        let place = |write: &Write<T>| match write.source {
            Source::Entry(id) => now.counts(id).then(|| self.facts.acts[&id].position.clone()),
            Source::Decision(id) => now.decided(id),
        };
        let newest = now.unreplaced(Switch::R11Replaced, writes, place);
        // Two in one entry: the later one.
        newest
            .into_iter()
            .min_by(|(a_at, a), (b_at, b)| {
                let senior = (a, writes[*a_at].source, b_at).cmp(&(b, writes[*b_at].source, a_at));
                if on(Switch::R11Senior) { senior } else { senior.reverse() }
            })
            .map(|(at, _)| &writes[at].value)
    }
}
