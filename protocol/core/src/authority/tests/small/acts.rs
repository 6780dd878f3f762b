//! What one of three can say from a standpoint: all acts that govern.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::stage::{FIRST, SECOND, Told, removal};
use super::{Small, Standpoint};
use crate::entry::{Entry, GrantRef};
use crate::id::{EntryId, MemberId, RoleId};
use crate::op::{Grant, Op, Propose, SetRule};

/// Kinds of acts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Says {
    /// Removing another member.
    Remove,
    /// Giving the second role.
    Grant,
    /// Taking a grant back.
    Revoke,
    Leave,
    /// Stopping a device that shows two histories, alone or together.
    Suspend,
    /// Taking a line of the rules out, and putting it back.
    Amend,
    /// Ending the second role.
    Retire,
    /// Proposing to remove, or to give the second role; agreeing, and taking that back.
    Decide,
    /// Proposing a removal that says what stays.
    Pin,
    /// Proposing a checkpoint.
    Checkpoint,
    /// Coming by an invite, letting in, closing an invite, and taking a join on.
    Come,
}

impl Says {
    pub(super) const ALL: &[Self] = &[
        Self::Remove,
        Self::Grant,
        Self::Revoke,
        Self::Leave,
        Self::Suspend,
        Self::Amend,
        Self::Retire,
        Self::Decide,
        Self::Pin,
        Self::Checkpoint,
        Self::Come,
    ];
}

impl Small {
    /// Entries that somebody could write at a standpoint, whether permitted or not. `past` is what is known there.
    pub(super) fn said(&self, at: &Standpoint, past: &[u32], told: &Told) -> Vec<Entry> {
        let who = self.actors[at.actor];
        let entry = |act: &u32| self.acts[*act as usize].entry.id();
        let prev = at.prev.as_ref().map(entry).or(self.begun[at.actor]);
        let heads: Vec<EntryId> = at.heads.iter().map(entry).collect();
        let Some(prev) = prev else {
            // Whoever is yet to come names the invites, which all know.
            let comes = self.says.contains(&Says::Come);
            let invites = self.invites.iter().filter(|_| comes);
            let write = |invite: &GrantRef| {
                let op = self.stage.joining(who, *invite);
                self.stage.write(who, None, &heads, told, *invite, op)
            };
            return invites.map(write).collect();
        };
        let facts = &told.authority.facts;
        let knows = |id: EntryId| self.stage.told.logs.entry(id).is_some() || past.iter().any(|act| entry(act) == id);
        let made = facts.devices.get(&self.stage.author(who)).into_iter().flatten();
        let me: Vec<MemberId> = made.filter(|made| knows(made.source)).map(|made| made.member).collect();
        let others = facts.members.keys().filter(|member| knows(EntryId(member.0)) && !me.contains(member));
        let others: Vec<MemberId> = others.copied().collect();
        let mut ops = Vec::new();
        for says in self.says {
            self.ops(*says, at.actor, past, &others, told, &knows, &mut ops);
        }
        let grants = me.iter().flat_map(|me| facts.grants_of.get(me)).flatten();
        let grants: Vec<GrantRef> = grants.copied().filter(|at| knows(at.entry)).collect();
        let said = grants.iter().flat_map(|by| ops.iter().map(move |op| (*by, op.clone())));
        said.map(|(by, op)| self.stage.write(who, Some(prev), &heads, told, by, op)).collect()
    }

    #[allow(clippy::too_many_arguments, reason = "a standpoint is all of these")]
    fn ops(
        &self,
        says: Says,
        actor: usize,
        past: &[u32],
        others: &[MemberId],
        told: &Told,
        knows: &impl Fn(EntryId) -> bool,
        ops: &mut Vec<Op>,
    ) {
        let facts = &told.authority.facts;
        let propose = |of: RoleId, op: Op| Op::Propose(Propose { of, op: Box::new(op) });
        let grant = |member: &MemberId| Op::Grant(Grant { member: *member, role: SECOND });
        match says {
            Says::Remove => ops.extend(others.iter().map(|other| removal(*other, &[], &[]))),
            Says::Grant => ops.extend(others.iter().map(grant)),
            Says::Revoke => {
                let theirs = others.iter().flat_map(|other| &facts.grants_of[other]);
                ops.extend(theirs.filter(|at| knows(at.entry)).map(|at| Op::RevokeGrant(*at)));
            }
            Says::Leave => ops.push(Op::Leave),
            Says::Suspend => {
                let forked = (0..3).filter(|other| *other != actor && self.is_forked(*other, past));
                for other in forked {
                    let suspend = Op::SuspendDevice(self.stage.author(self.actors[other]));
                    ops.extend([suspend.clone(), propose(SECOND, suspend)]);
                }
            }
            Says::Amend => {
                let writes = self.lines.iter().flat_map(|line| [false, true].map(|present| (*line, present)));
                ops.extend(writes.map(|(rule, present)| Op::SetRule(SetRule { rule, present })));
            }
            Says::Retire => ops.push(Op::RetireRole(SECOND)),
            Says::Decide => {
                ops.extend(others.iter().map(|other| propose(SECOND, removal(*other, &[], &[]))));
                ops.extend(others.iter().map(|other| propose(SECOND, grant(other))));
                let asked = facts.proposals.keys().filter(|id| knows(**id));
                ops.extend(asked.flat_map(|id| [Op::Approve(*id), Op::WithdrawApproval(*id)]));
            }
            Says::Pin => {
                // How they came stays, and nothing that they did.
                let pinned = |other: &MemberId| removal(*other, &[], &[EntryId(other.0)]);
                let asked = [FIRST, SECOND].into_iter().flat_map(|of| others.iter().map(move |other| (of, other)));
                ops.extend(asked.map(|(of, other)| propose(of, pinned(other))));
            }
            Says::Checkpoint => ops.push(propose(FIRST, Op::Checkpoint)),
            Says::Come => {
                let joins = facts.invites.values().flat_map(|invite| &invite.joins);
                let joins = joins.copied().filter(|join| self.stage.told.logs.entry(*join).is_none() && knows(*join));
                ops.extend(joins.flat_map(|join| [Op::Admit(join), Op::Ratify(alloc::vec![join])]));
                ops.extend(self.invites.iter().map(|invite| Op::RevokeInvite(*invite)));
            }
        }
    }
}
