//! Who is in, what they hold, what they decide, and who may come.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::alike::Names;
use crate::authority::{Decision, Member, OpenInvite, Presence, SeniorityKey};
use crate::change::Change;
use crate::entry::GrantRef;
use crate::id::{EntryId, MemberId, RoleId};
use crate::replica::Replica;
use crate::rule::{Object, Role, Verb};
use crate::true_seals::FalseSeals;
use crate::view::{CameBy, Cannot, DecisionView, FalseSealsView, InviteView, MemberView, PeopleView, Person};
use crate::views::count;

impl Replica {
    /// Members, roles, rules, and what is being decided.
    #[must_use]
    pub fn people(&self) -> PeopleView {
        let names = self.names();
        let table = self.authority.table();
        let false_seals = self.false_seals();
        let mut everybody: Vec<(&SeniorityKey, MemberView)> = self
            .authority
            .members()
            .iter()
            .map(|(id, member)| (&member.key, self.member(*id, member, &names, &false_seals)))
            .collect();
        everybody.sort_by_key(|(key, _)| *key);
        let everybody = everybody.into_iter().map(|(_, view)| view);
        let (members, others) = everybody.partition(|view| view.presence == Presence::Here);
        PeopleView {
            members,
            others,
            roles: table.map(|table| table.roles.clone()).unwrap_or_default(),
            rules: table.map(|table| table.rules.clone()).unwrap_or_default(),
            decisions: self.decisions(&names),
            readers: self.roles().filter_map(|role| self.who_reads(role, &names)).collect(),
            cannot: self.cannot_govern(),
        }
    }

    fn member(&self, id: MemberId, member: &Member, names: &Names, false_seals: &BTreeSet<FalseSeals>) -> MemberView {
        let inviter = member.invite.and_then(|by| self.authority.inviter(by));
        let came_by = inviter.map_or(CameBy::Founder, |inviter| CameBy::Invite {
            inviter: self.person(inviter, names),
            surplus: self.is_surplus(id),
        });
        let devices = self.device_views(id);
        let known = member.grants.iter().filter_map(|held| Some((held.at, self.authority.role(held.role)?.clone())));
        let (grants, roles): (Vec<GrantRef>, Vec<Role>) = known.unzip();
        MemberView {
            person: self.person(id, names),
            presence: member.presence,
            roles,
            given_by: self.given_by(&grants, names),
            vouched_by: self.authority.vouched_by(id).into_iter().map(|by| self.person(by, names)).collect(),
            grants,
            came_by,
            heard_of_seconds: member
                .devices
                .keys()
                .map(|author| self.logs.heard_of_seconds(*author))
                .max()
                .unwrap_or(0),
            two_histories: devices.iter().any(|device| device.two_histories),
            false_seals: self.false_seals_of(id, false_seals, names),
            devices,
        }
    }

    /// One line for each role; what is proven of it says more than what is not.
    fn false_seals_of(&self, id: MemberId, found: &BTreeSet<FalseSeals>, names: &Names) -> Vec<FalseSealsView> {
        let mut by_role: BTreeMap<(RoleId, bool), BTreeSet<MemberId>> = BTreeMap::new();
        for found in found.iter().filter(|found| found.by == id) {
            by_role.entry((found.role, found.is_proven)).or_default().extend(&found.to);
        }
        let view = |((role, is_proven), to): ((RoleId, bool), BTreeSet<MemberId>)| {
            let to = to.into_iter().filter(|_| is_proven).map(|member| self.person(member, names)).collect();
            FalseSealsView { role, to }
        };
        by_role.into_iter().map(view).collect()
    }

    fn given_by(&self, grants: &[GrantRef], names: &Names) -> Vec<Vec<Person>> {
        let by = |at: &GrantRef| self.authority.given_by(*at).into_iter().map(|by| self.person(by, names)).collect();
        grants.iter().map(by).collect()
    }

    fn decisions(&self, names: &Names) -> Vec<DecisionView> {
        let known = self.authority.decisions(&self.logs);
        let seconds = |entry: &EntryId| self.logs.entry(*entry).map(|entry| entry.body().claimed_seconds);
        let view = |decision: Decision<'_>| {
            let last = decision.signatures.get(decision.needed.max(1) - 1).or(decision.signatures.last());
            Some(DecisionView {
                rules: self.numbers_of(&decision.lines),
                proposed_seconds: seconds(&decision.proposal).unwrap_or_default(),
                decided_seconds: last.filter(|_| decision.decided).and_then(seconds),
                proposal: decision.proposal,
                change: Change::of(decision.op)?,
                proposer: self.person(decision.proposer, names),
                of: decision.of,
                mine: self.me().is_some_and(|me| decision.signed.contains(&me)),
                signed: decision.signed.into_iter().map(|member| self.person(member, names)).collect(),
                needed: count(decision.needed),
                decided: decision.decided,
            })
        };
        known.into_iter().filter_map(view).collect()
    }

    /// Whether I can invite to no role at all, or not move to other relays.
    fn cannot_govern(&self) -> Vec<Cannot> {
        let mut cannot = Vec::new();
        let Some(me) = self.me() else { return cannot };
        let occasion = self.occasion(me, None, &[]).on_own(false);
        let allows = |verb, object| match self.absence() {
            Some(refusal) => Err(refusal),
            None => self.authority.allows(me, verb, object, &occasion),
        };
        let roles = self.authority.table().map_or(&[][..], |table| &table.roles);
        let invites: Vec<_> = roles.iter().map(|role| allows(Verb::Invite, Object::Role(role.id))).collect();
        if !invites.iter().any(Result::is_ok)
            && let Some(Err(refusal)) = invites.into_iter().next_back()
        {
            cannot.push(Cannot { verb: Verb::Invite, refusal });
        }
        if let Err(refusal) = allows(Verb::Amend, Object::Relays) {
            cannot.push(Cannot { verb: Verb::Amend, refusal });
        }
        cannot
    }

    /// Invites that count, oldest first.
    #[must_use]
    pub fn invites(&self) -> Vec<InviteView> {
        let names = self.names();
        let mut invites: Vec<_> = self
            .authority
            .invites()
            .iter()
            .filter_map(|(id, open)| {
                let view = InviteView {
                    invite: id.entry,
                    op: id.op,
                    inviter: self.person(open.inviter, &names),
                    role: self.authority.role(open.invite.role)?.clone(),
                    uses: open.invite.uses,
                    used: u16::try_from(open.joins.len()).unwrap_or(u16::MAX),
                    open: open.open,
                    reviewed: open.invite.reviewed,
                    note: open.invite.note.clone(),
                    came: self.came_by(open, &names),
                    waiting: self.waiting_for(*id, &names),
                };
                Some(((self.logs.depth(id.entry), *id), view))
            })
            .collect();
        invites.sort_by_key(|(order, _)| *order);
        invites.into_iter().map(|(_, view)| view).collect()
    }

    fn came_by(&self, open: &OpenInvite, names: &Names) -> Vec<Person> {
        let joined = open.joins.iter().map(|join| MemberId(join.0));
        let waits = |id: &MemberId| self.presence_of(*id) == Some(Presence::Waiting);
        joined.filter(|id| !waits(id)).map(|id| self.person(id, names)).collect()
    }

    fn waiting_for(&self, invite: GrantRef, names: &Names) -> Vec<Person> {
        let waits = |id: &MemberId| self.presence_of(*id) == Some(Presence::Waiting);
        self.authority.joined_by(invite).filter(waits).map(|id| self.person(id, names)).collect()
    }

    fn presence_of(&self, id: MemberId) -> Option<Presence> {
        self.authority.members().get(&id).map(|member| member.presence)
    }
}
