//! Who has a way to a task's key by what was handed out, as long as somebody is here who can hand it on (docs/protocol/03-keys.md, K18).

use alloc::collections::{BTreeMap, BTreeSet};
use core::cell::RefCell;

use crate::id::{AuthorId, EpochId, RoleId};
use crate::replica::Replica;
use crate::task_keys::Given;

/// Who reads what is said to each role, and which epochs are in somebody's hands.
pub(crate) struct ByRole<'a> {
    replica: &'a Replica,
    devices: BTreeMap<RoleId, BTreeSet<AuthorId>>,
    in_hands: RefCell<BTreeMap<(RoleId, EpochId), bool>>,
}

impl Replica {
    /// The devices of all who read what is said to each role that I know of.
    pub(crate) fn by_role(&self) -> ByRole<'_> {
        let roles = core::iter::once(RoleId::EVERYONE).chain(self.roles());
        let devices = |role| {
            let readers = self.authority.readers(role).filter(|(id, _)| self.authority.has_a_place(&self.logs, *id));
            readers.flat_map(|(_, member)| member.devices.keys().copied()).collect()
        };
        let devices = roles.map(|role| (role, devices(role))).collect();
        ByRole { replica: self, devices, in_hands: RefCell::default() }
    }

    /// Whether somebody who reads a role now, or I, can come to one of its epochs, and so hands it to whoever else reads there (J9). What was
    /// sealed under one that is in nobody's hands comes to nobody by it any more.
    fn is_in_hands(&self, role: RoleId, epoch: EpochId) -> bool {
        let mine = self.epochs.contains_key(&epoch) && self.reading_grant(role).is_some();
        mine || self.authority.readers(role).any(|(_, member)| {
            member.devices.iter().any(|(author, device)| self.reachable(*author, device, role).contains(&epoch))
        })
    }
}

impl ByRole<'_> {
    /// Devices of those who read a role.
    pub(crate) fn devices(&self, role: RoleId) -> impl Iterator<Item = AuthorId> + '_ {
        self.devices.get(&role).into_iter().flatten().copied()
    }

    /// Whether a device has a way to a key that was handed out so; not if it was handed on.
    pub(crate) fn serves(&self, given: &Given, author: AuthorId) -> bool {
        match given {
            Given::Role(role, epoch) => {
                self.devices.get(role).is_some_and(|devices| devices.contains(&author))
                    && self.is_in_hands(*role, *epoch)
            }
            Given::Device(device) => *device == author,
            Given::Onward => false,
        }
    }

    /// The same of a role as a whole.
    pub(crate) fn serves_role(&self, given: &Given, role: RoleId) -> bool {
        matches!(given, Given::Role(to, epoch) if *to == role && self.is_in_hands(role, *epoch))
    }

    fn is_in_hands(&self, role: RoleId, epoch: EpochId) -> bool {
        let known = self.in_hands.borrow().get(&(role, epoch)).copied();
        known.unwrap_or_else(|| {
            let is_in_hands = self.replica.is_in_hands(role, epoch);
            self.in_hands.borrow_mut().insert((role, epoch), is_in_hands);
            is_in_hands
        })
    }
}
