//! Who reads what is said to a role, as screens say it (docs/protocol/03-keys.md, K13).

use alloc::vec::Vec;

use crate::id::RoleId;
use crate::replica::Replica;
use crate::rule::Verb;
use crate::view::{Readers, ReadersView};
use crate::views::{Names, count};

impl Replica {
    /// Who reads what is said to a role.
    pub(crate) fn readers_of(&self, role: RoleId) -> Readers {
        let roles = self.authority.table().into_iter().flat_map(|table| &table.roles);
        let name = { roles }.find(|defined| defined.id == role).map(|role| role.name.clone()).unwrap_or_default();
        Readers { role, name, members: count(self.authority.readers(role).count()) }
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
            known.any(|((epoch, _), _)| !self.epochs.contains_key(epoch))
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
