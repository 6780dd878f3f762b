//! What a removal would touch, before anybody signs it (docs/protocol/05-tasks.md, "Views").

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use crate::authority::HeldGrant;
use crate::entry::GrantRef;
use crate::id::{MemberId, RoleId, TaskId};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::rule::Role;
use crate::task::Status;
use crate::tasks::Task;
use crate::view::{InviteView, Person, Readers};
use crate::views::there;

/// What removing a member from some roles, or from all, would do as far as is known here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct EffectsView {
    /// Whom.
    pub person: Person,
    /// Roles that they would hold no more, senior first.
    pub lost: Vec<Role>,
    /// Roles that they would go on holding; none: they would be gone.
    pub kept: Vec<Role>,
    /// Tasks not ended that they have taken, or are asked to do, in the order of the tree.
    pub tasks: Vec<AffectedTask>,
    /// Open invites of theirs that nobody could come by any more.
    pub invites: Vec<InviteView>,
    /// Who waits to be let in by one of those.
    pub waiting: Vec<Person>,
    /// Entries by them that are known here and would stay.
    pub entries: u32,
    /// Roles other than everyone whose tasks they read now: what is said to them so far they go on having, whether I can read it or
    /// not.
    pub reads: Vec<Readers>,
    /// Of those roles, the ones that they would go on reading.
    pub goes_on_reading: Vec<RoleId>,
    /// Tasks known here that they could read so far and whose contents they go on having.
    pub readable_tasks: u32,
    /// Lines in the threads of those.
    pub readable_comments: u32,
}

/// A task of somebody who is to be removed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct AffectedTask {
    /// Which.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Whether they have taken it; otherwise they are asked to do it.
    pub taken: bool,
}

impl Replica {
    /// What removing a member from these roles would do; from all and the pursuance, where none is named.
    ///
    /// # Errors
    /// [`Refusal::NoSuchMember`].
    pub fn effects(&self, id: MemberId, roles: &[RoleId]) -> Result<EffectsView, Refusal> {
        let member = self.authority.members().get(&id).ok_or(Refusal::NoSuchMember)?;
        let names = self.names();
        let goes = |role: RoleId| roles.is_empty() || roles.contains(&role);
        let (lost, kept): (Vec<_>, Vec<_>) = member.grants.iter().partition(|grant| goes(grant.role));
        let role = |grant: &&HeldGrant| self.authority.role(grant.role).cloned();
        let lost_grants: BTreeSet<GrantRef> = lost.iter().map(|grant| grant.at).collect();
        let closes = |invite: &InviteView| {
            let at = GrantRef { entry: invite.invite, op: invite.op };
            let by = self.authority.invite_leans_on(at);
            invite.open && invite.inviter.member == id && by.is_some_and(|by| lost_grants.contains(&by))
        };
        let invites: Vec<InviteView> = self.invites().into_iter().filter(closes).collect();
        let by = |held: &[&HeldGrant]| -> Vec<RoleId> {
            let roles: BTreeSet<RoleId> = held.iter().map(|grant| grant.role).collect();
            let reads = |role: &RoleId| !self.authority.reading_roles(*role).is_disjoint(&roles);
            self.roles().filter(reads).collect()
        };
        let reads = by(&member.grants.iter().collect::<Vec<_>>());
        let theirs = |role| role == RoleId::EVERYONE || reads.contains(&role);
        let could =
            |(at, task): &(TaskId, &Task)| task.was_for(theirs, id) && !self.came_later(*at, task).contains(&id);
        let readable: Vec<u32> = self.tasks.iter().filter(could).map(|(_, task)| task.comment_count).collect();
        Ok(EffectsView {
            person: self.person(id, &names),
            tasks: self.tasks_of(id),
            waiting: invites.iter().flat_map(|invite| invite.waiting.iter().cloned()).collect(),
            invites,
            entries: self.entries_of(id),
            goes_on_reading: by(&kept),
            reads: reads.into_iter().map(|role| self.readers_of(role)).collect(),
            readable_tasks: count(readable.len()),
            readable_comments: readable.iter().sum(),
            lost: lost.iter().filter_map(role).collect(),
            kept: kept.iter().filter_map(role).collect(),
        })
    }

    fn tasks_of(&self, id: MemberId) -> Vec<AffectedTask> {
        let rank = |member| self.authority.seniority(member);
        let places = self.places();
        let theirs = places.iter().filter_map(|place| {
            let task = self.tasks.task(place.task)?;
            let ended = matches!(self.status_of(task), Status::Done | Status::Dropped);
            let taken = task.claimant(rank) == Some(id);
            let asked = there(&task.assignees).any(|member| *member == id);
            let title = task.title.shown(rank).cloned().unwrap_or_default();
            (!ended && (taken || asked)).then_some(AffectedTask { task: place.task, title, taken })
        });
        theirs.collect()
    }

    fn entries_of(&self, id: MemberId) -> u32 {
        let logs = self.authority.all_devices_of(id).filter_map(|author| self.logs.tip(author));
        logs.map(|tip| tip.seq.saturating_add(1)).sum()
    }
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
