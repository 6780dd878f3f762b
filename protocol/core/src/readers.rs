//! Who reads what is said to a role, as screens say it (docs/protocol/03-keys.md, K13).

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::authority::Presence;
use crate::id::{MemberId, RoleId};
use crate::replica::Replica;
use crate::rule::Verb;
use crate::tasks::Task;
use crate::view::{Openable, Readers, ReadersView};
use crate::views::{Names, count};

impl Replica {
    /// Who reads what is said to a role.
    pub(crate) fn readers_of(&self, role: RoleId) -> Readers {
        let roles = self.authority.table().into_iter().flat_map(|table| &table.roles);
        let name = { roles }.find(|defined| defined.id == role).map(|role| role.name.clone()).unwrap_or_default();
        let since_joining = self.authority.is_since_joining(role);
        Readers { role, name, members: count(self.authority.readers(role).count()), since_joining }
    }

    /// Who reads a task by a role, without those who came later.
    pub(crate) fn readers_of_task(&self, role: RoleId, came_later: &BTreeSet<MemberId>) -> Readers {
        let read = self.authority.readers(role).filter(|(id, _)| !came_later.contains(id));
        Readers { members: count(read.count()), ..self.readers_of(role) }
    }

    /// Members that a task was opened to by name, who are here.
    pub(crate) fn readers_as_persons<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = MemberId> + 'a {
        let here =
            |id: &MemberId| self.authority.members().get(id).is_some_and(|member| member.presence == Presence::Here);
        task.read_by_persons().filter(here)
    }

    /// All who can read a task.
    pub(crate) fn reading_members(&self, task: &Task) -> BTreeSet<MemberId> {
        let by_role = task.read_by().flat_map(|role| self.authority.readers(role)).map(|(id, _)| id);
        by_role.chain(self.readers_as_persons(task)).collect()
    }

    /// Whether what is said about a task now is not for me, though I am here.
    pub(crate) fn is_closed_to_me(&self, task: &Task) -> bool {
        self.me().is_some_and(|me| self.absence().is_none() && !self.reading_members(task).contains(&me))
    }

    /// Roles that a task could be opened to.
    pub(crate) fn openable(&self, task: &Task) -> Vec<Openable> {
        let read_by: BTreeSet<RoleId> = task.read_by().collect();
        let now = self.reading_members(task);
        let others = core::iter::once(RoleId::EVERYONE).chain(self.roles()).filter(|role| !read_by.contains(role));
        let openable = others.map(|role| {
            let new = self.authority.readers(role).filter(|(id, _)| !now.contains(id)).count();
            Openable { readers: self.readers_of(role), new: count(new) }
        });
        openable.filter(|openable| openable.readers.members > 0).collect()
    }

    /// Roles other than *everyone*, in their order.
    pub(crate) fn roles(&self) -> impl Iterator<Item = RoleId> + '_ {
        self.authority.table().into_iter().flat_map(|table| &table.roles).map(|role| role.id)
    }

    /// Roles for which I may create a task.
    pub(crate) fn homes(&self) -> Vec<Readers> {
        let Some(me) = self.me().filter(|_| self.absence().is_none()) else { return Vec::new() };
        let occasion = self.occasion(me, None, &[]);
        let may = |role: &RoleId| {
            let create: &[&'static [Verb]] = &[&[Verb::Create]];
            self.authority.grant_for_all(me, create, *role, &occasion).is_ok()
        };
        core::iter::once(RoleId::EVERYONE).chain(self.roles()).filter(may).map(|role| self.readers_of(role)).collect()
    }

    /// Roles that I read, and of whose tasks I was not handed all keys yet.
    pub(crate) fn awaited(&self) -> Vec<Readers> {
        let epochs = self.authority.epochs();
        let lacks = |role: &RoleId| {
            let mut known = epochs.iter().filter(|((_, of), known)| of == role && known.counts);
            // What will never be handed over is not waited for.
            let is_mine = |epoch| self.me().is_some_and(|me| self.is_epoch_for(me, epoch, *role));
            known.any(|((epoch, _), _)| !self.epochs.contains_key(epoch) && is_mine(*epoch))
        };
        let reads = |role: &RoleId| self.absence().is_none() && self.reading_grant(*role).is_some();
        self.roles().filter(reads).filter(lacks).map(|role| self.readers_of(role)).collect()
    }

    /// Who does, by name; nothing where nobody ever can.
    pub(crate) fn who_reads(&self, role: RoleId, names: &Names) -> Option<ReadersView> {
        let by: Vec<RoleId> = self.authority.reading_roles(role).into_iter().collect();
        let mut readers: Vec<_> = self.authority.readers(role).collect();
        readers.sort_by_key(|(_, member)| &member.key);
        let people = readers.into_iter().map(|(id, _)| self.person(id, names)).collect();
        (!by.is_empty()).then_some(ReadersView { role, by, people })
    }
}
