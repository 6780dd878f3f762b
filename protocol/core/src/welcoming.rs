//! Who is still to be handed an epoch, and which (docs/protocol/03-keys.md, "Coverage"; 07-joining.md).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::{HeldPackage, Presence, package_tag};
use crate::devices::Device;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId};
use crate::keys::EpochSecret;
use crate::limits::MAX_DEVICES;
use crate::op::{Op, RoleEpoch, Welcome};
use crate::replica::Replica;

impl Replica {
    /// Hands an epoch to a device that cannot come to it: everyone's usable one first, the roles' last; nothing from a device that may
    /// not sign.
    #[must_use]
    pub fn welcome(&self, to: AuthorId, now_seconds: u64) -> Option<Entry> {
        self.writer().ok()?;
        let (role, epoch) = self.wanted_by(to)?;
        let packages = self.authority.packages_known(&self.logs);
        let (_, package, _) = packages.into_iter().find(|(.., author)| *author == to)?;
        let sealed = epoch.seal_to(self.pursuance, role, package).ok()?;
        let op = Op::Welcome(Welcome { role, epoch: epoch.id(), to, sealed });
        Some(self.sign_next(Content::Public(vec![op]), self.reading_grant(role)?, None, now_seconds))
    }

    /// Devices that read everyone's epochs, or a role's, by right and cannot come to one of them, as far as is known here: to be welcomed;
    /// further devices of those who were let in come last.
    ///
    /// Once as many have been welcomed by one invite as it says, the rest is left to a person's decision: whoever holds a
    /// used link could otherwise let in any number, by naming none of those who came before.
    pub fn unwelcomed(&mut self) -> Vec<AuthorId> {
        self.weigh_all();
        let Some(epoch) = self.usable_epoch().map(EpochSecret::id) else { return Vec::new() };
        let everyone = RoleId::EVERYONE;
        let older: Vec<EpochId> = self.held_epochs(everyone).filter(|older| *older != epoch).collect();
        let mut waiting: Vec<(u32, EntryId, Option<GrantRef>, AuthorId)> = Vec::new();
        let mut welcomed: BTreeMap<GrantRef, usize> = BTreeMap::new();
        let mut further = Vec::new();
        // Who was let in and is gone does not come back by the link: that would undo a removal.
        let gone = self.authority.members().iter().filter(|(_, member)| member.presence != Presence::Here);
        for (_, by) in
            gone.filter_map(|(id, member)| Some((id, member.invite?))).filter(|(id, _)| self.authority.was_let_in(**id))
        {
            *welcomed.entry(by).or_default() += 1;
        }
        let mut handed = core::mem::take(&mut self.handed);
        for (id, member) in self.authority.present() {
            let (mut lacking, mut late) = (Vec::new(), Vec::new());
            for (author, device) in &member.devices {
                let known = |epoch: &EpochId| handed.contains(&(*epoch, *author));
                if !known(&epoch) || !older.iter().all(known) {
                    handed.extend(self.held_by(*author, device, everyone));
                }
                let has = |epoch: &EpochId| handed.contains(&(*epoch, *author));
                if !has(&epoch) {
                    lacking.push(*author);
                } else if !older.iter().all(has) {
                    // Written by those who did not know of them.
                    late.push(*author);
                }
            }
            further.append(&mut late);
            if lacking.len() < member.devices.len() {
                // Who was let in is let in with all devices, as far as there may be so many.
                lacking.truncate(MAX_DEVICES.saturating_sub(member.devices.len() - lacking.len()));
                further.append(&mut lacking);
                if let Some(by) = member.invite {
                    *welcomed.entry(by).or_default() += 1;
                }
            } else if self.knew_before(id, &member.devices) {
                // Let in before, and left out only because two things happened at once.
                further.append(&mut lacking);
            } else {
                let entry = EntryId(id.0);
                waiting.push((self.logs.depth(entry).unwrap_or(0), entry, member.invite, member.author));
            }
        }
        let of_roles = self.unwelcomed_to_roles(epoch, &mut handed);
        self.handed = handed;
        waiting.sort_unstable();
        let mut due = Vec::new();
        for (_, _, invite, author) in waiting {
            let Some(by) = invite else { continue };
            let used = welcomed.entry(by).or_default();
            let uses = self.authority.invites().get(&by).map_or(0, |open| usize::from(open.invite.uses));
            if *used < uses {
                *used += 1;
                due.push(author);
            }
        }
        due.append(&mut further);
        due.extend(of_roles.into_iter().filter(|author| !due.contains(author)).collect::<Vec<_>>());
        due
    }

    /// Devices that read what is said to a role by right and cannot come to one of its epochs. Only of those who hold everyone's:
    /// a link that lets too many in would otherwise have them all handed the role it offers.
    fn unwelcomed_to_roles(
        &self,
        everyones: EpochId,
        handed: &mut BTreeSet<(EpochId, AuthorId)>,
    ) -> BTreeSet<AuthorId> {
        let mut due = BTreeSet::new();
        for (role, epochs) in self.epochs_of_roles() {
            for (id, member) in self.authority.readers(role) {
                let theirs: Vec<EpochId> =
                    { epochs.iter().copied() }.filter(|epoch| self.is_epoch_for(id, *epoch, role)).collect();
                for (author, device) in &member.devices {
                    let lacks = |handed: &BTreeSet<_>| theirs.iter().any(|epoch| !handed.contains(&(*epoch, *author)));
                    if !handed.contains(&(everyones, *author)) || !lacks(handed) {
                        continue;
                    }
                    handed.extend(self.held_by(*author, device, role));
                    if lacks(handed) {
                        due.insert(*author);
                    }
                }
            }
        }
        due
    }

    /// Roles other than everyone's that I read, each with its epochs that are held here, the one that seals what is said now first. The
    /// others seal what was said by those who did not know of it.
    fn epochs_of_roles(&self) -> impl Iterator<Item = (RoleId, Vec<EpochId>)> + '_ {
        let roles: BTreeSet<RoleId> = self.authority.epochs().keys().map(|(_, role)| *role).collect();
        let others = roles.into_iter().filter(|role| *role != RoleId::EVERYONE && self.reading_grant(*role).is_some());
        others.map(|role| {
            let usable = self.usable_epoch_of(role).map(EpochSecret::id);
            let older = self.held_epochs(role).filter(|epoch| Some(*epoch) != usable);
            (role, usable.into_iter().chain(older).collect())
        })
    }

    /// The epoch that a device is to be handed: everyone's usable one, or another in which something was written that it cannot read;
    /// then those of the roles that it reads.
    fn wanted_by(&self, to: AuthorId) -> Option<(RoleId, &EpochSecret)> {
        let (everyone, usable) = (RoleId::EVERYONE, self.usable_epoch()?);
        let Some((id, member)) = self.authority.present().find(|(_, member)| member.devices.contains_key(&to)) else {
            return Some((everyone, usable));
        };
        let device = &member.devices[&to];
        let reached = self.reachable(to, device, everyone);
        if !reached.contains(&usable.id()) {
            return Some((everyone, usable));
        }
        let held = |role, id: EpochId| self.epochs.get(&id).map(|secret| (role, secret));
        if let Some(older) = self.held_epochs(everyone).find(|id| !reached.contains(id)) {
            return held(everyone, older);
        }
        let reads = |role: &RoleId| self.authority.readers(*role).any(|(_, member)| member.devices.contains_key(&to));
        let mut lacking = self.epochs_of_roles().filter(|(role, _)| reads(role)).filter_map(|(role, epochs)| {
            let reached = self.reachable(to, device, role);
            let is_lacking = |epoch: &EpochId| !reached.contains(epoch) && self.is_epoch_for(id, *epoch, role);
            Some((role, epochs.into_iter().find(is_lacking)?))
        });
        lacking.next().map_or(Some((everyone, usable)), |(role, id)| held(role, id))
    }

    /// Whether a device of a member was not handed the usable epoch.
    pub(crate) fn lacks_epoch(&self, author: AuthorId) -> bool {
        let Some(usable) = self.usable_epoch().map(EpochSecret::id) else { return false };
        let device = self.authority.present().find_map(|(_, member)| member.devices.get(&author));
        device.is_some_and(|device| !self.reachable(author, device, RoleId::EVERYONE).contains(&usable))
    }

    /// Whether one of a member's devices was handed some epoch before, and there are keys for them at all.
    ///
    /// The entry says which device stands at the place of a seal, and the seal's tag does not: whoever was removed, or found a used link,
    /// could publish a key package that somebody else had, and would come in by what was sealed to that.
    fn knew_before(&self, member: MemberId, devices: &BTreeMap<AuthorId, Device>) -> bool {
        self.authority.has_a_place(&self.logs, member)
            && self.authority.epochs().keys().any(|(epoch, role)| {
                let mut handed = self.authority.handed(*epoch, *role);
                handed.any(|to| devices.contains_key(&to))
                    || self
                        .introductions(*epoch, *role)
                        .any(|(intro, _)| self.sealed_to_in(intro, *role).iter().any(|to| devices.contains_key(to)))
            })
    }

    /// Epochs that are held here and that a device can come to. Of one that is not held, the seals cannot be made again: that is found out
    /// once it is.
    fn held_by(
        &self,
        author: AuthorId,
        device: &Device,
        role: RoleId,
    ) -> impl Iterator<Item = (EpochId, AuthorId)> + use<'_> {
        let held = self.reachable(author, device, role).into_iter().filter(|epoch| self.epochs.contains_key(epoch));
        held.map(move |epoch| (epoch, author))
    }

    /// Epochs that a device can come to by what it was handed. A seal in the entry that introduces an epoch is of use only to whoever
    /// can read that entry, which stands under its parents (K12); a later epoch leads back to those before it (K9).
    ///
    /// What is said of an epoch that is not held is believed of that one, and proves nothing of one that is held: anybody can make an epoch
    /// that nobody holds, with seals that are none, and say that it leads to any other.
    ///
    /// A list, not recursion: anybody can make a long row of epochs.
    pub(crate) fn reachable(&self, author: AuthorId, device: &Device, role: RoleId) -> BTreeSet<EpochId> {
        let begins = |epoch: &EpochId| {
            let given = |(entry, welcome): &(EntryId, Welcome)| {
                let fits = self.packages_of_seal(*epoch, role, device, &welcome.sealed);
                { fits }.any(|package| self.is_kept_for(author, package, *entry))
            };
            self.authority.welcomes(*epoch, role, author).any(given)
                || self.introductions(*epoch, role).any(|(intro, made)| {
                    let own = self.logs.entry(intro).is_some_and(|entry| entry.body().author == author);
                    let stands_alone = made.parents.is_empty() || role != RoleId::EVERYONE;
                    (own || stands_alone) && self.is_sealed_in(intro, made, author, device)
                })
        };
        // It stands under those parents that its author held, and links back to them.
        let leads_to = |made: &RoleEpoch, epoch| made.backlinks.iter().any(|link| link.parent == epoch);
        let all = self.authority.epochs().keys().filter(|(_, of)| *of == role).map(|(epoch, _)| epoch);
        let mut open: Vec<EpochId> = all.filter(|epoch| begins(epoch)).copied().collect();
        let mut reached = BTreeSet::new();
        while let Some(epoch) = open.pop() {
            if reached.insert(epoch) {
                open.extend(self.leads_back(epoch, role));
                let proves = |later: &EpochId| self.epochs.contains_key(&epoch) || !self.epochs.contains_key(later);
                let later = self.authority.epochs_after(epoch, role).filter(proves);
                let later = later.filter(|later| !reached.contains(later));
                open.extend(later.filter(|later| {
                    self.introductions(*later, role)
                        .any(|(intro, made)| leads_to(made, epoch) && self.is_sealed_in(intro, made, author, device))
                }));
            }
        }
        reached
    }

    /// Epochs whose secrets an epoch brings along. Of one that is not held this cannot be tried: it is believed of others that are not held
    /// either, and of none that is.
    pub(crate) fn leads_back(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = EpochId> {
        let links = self.introductions(epoch, role).flat_map(|(_, made)| &made.backlinks);
        let true_ones = links.filter(move |link| match self.epochs.get(&epoch) {
            Some(secret) => secret.open_back(self.pursuance, role, link).is_ok(),
            None => !self.epochs.contains_key(&link.parent),
        });
        true_ones.map(|link| link.parent)
    }

    fn is_sealed_in(&self, entry: EntryId, made: &RoleEpoch, author: AuthorId, device: &Device) -> bool {
        device.packages.iter().filter(|held| self.is_kept_for(author, held, entry)).any(|held| {
            let tag = package_tag(&held.package.id());
            let mut sealed = made.seals.iter().filter(|seal| seal.tag == tag);
            let known = || self.is_weighed_true(entry, made.epoch, &held.package.id());
            sealed.any(|seal| known().unwrap_or_else(|| self.is_true_seal(made.epoch, made.role, held, &seal.sealed)))
        })
    }

    /// The packages of a device to which something is the seal of an epoch, newest first.
    fn packages_of_seal<'a>(
        &'a self,
        epoch: EpochId,
        role: RoleId,
        device: &'a Device,
        sealed: &'a [u8],
    ) -> impl Iterator<Item = &'a HeldPackage> {
        let newest_first = device.packages.iter().rev();
        newest_first.filter(move |held| self.is_true_seal(epoch, role, held, sealed))
    }

    /// Whether a seal is the one that is made to this package. The secret of an epoch that is not held makes none to compare with: then a
    /// seal is taken for a seal.
    fn is_true_seal(&self, epoch: EpochId, role: RoleId, held: &HeldPackage, sealed: &[u8]) -> bool {
        let Some(secret) = self.epochs.get(&epoch) else { return true };
        sealed.len() == held.package.suite.seal_bytes()
            && secret.seal_to(self.pursuance, role, &held.package).is_ok_and(|expected| expected[..] == *sealed)
    }
}
