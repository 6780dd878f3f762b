//! History since joining: whoever comes to read a role reads what is written after that (docs/protocol/03-keys.md, K26 to K30).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::entry::Content;
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId, TaskId};
use crate::limits::{MAX_HANDED_PLACES, MAX_ITEMS, MAX_LIST_SEALS};
use crate::op::KeyPackage;
use crate::plan::within;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::{Finder, GivesKey, Item, TaskKey};
use crate::sharing::{Audience, ForRole, Telling};
use crate::shelf::Shelf;
use crate::task_keys::{Given, HeldKey};
use crate::task_op::{HandedOn, TaskOp};
use crate::tasks::Task;

/// Members for whom epochs were made, by the entry and the role: it is the same for ever.
pub(crate) type ReadersThen = RefCell<BTreeMap<(EntryId, RoleId), Arc<BTreeSet<MemberId>>>>;

/// Who reads a task of which some are to read only what was written since they came.
pub(crate) struct Parted {
    /// All who read it now.
    now: BTreeSet<MemberId>,
    /// Those of them who may read it from its beginning: it was opened to them by name, or they read by a role with full history, or it is
    /// opened to them now.
    whole: BTreeSet<MemberId>,
    /// Those to whom it is opened now.
    new: BTreeSet<MemberId>,
    /// Roles to which it is opened now.
    new_roles: BTreeSet<RoleId>,
    /// Who reads by each role by which a key of it was ever handed out.
    by_role: BTreeMap<RoleId, BTreeSet<MemberId>>,
}

impl Replica {
    /// Whether an epoch may be handed to a member's devices (K28): of a role with history since joining, those only who read it when the
    /// epoch was made.
    pub(crate) fn is_epoch_for(&self, member: MemberId, epoch: EpochId, role: RoleId) -> bool {
        !self.authority.is_since_joining(role) || self.read_when_made(member, epoch, role)
    }

    /// Whether somebody read what is said to a role by what each entry knew that introduces this epoch. Each, and not some: whoever came
    /// later could introduce it once more and count themselves in.
    ///
    /// Where somebody truly sealed it, those only are asked who did: anybody who does not know yet that somebody reads could otherwise introduce
    /// it once more, with seals that are none, and deny for ever that they did.
    pub(crate) fn read_when_made(&self, member: MemberId, epoch: EpochId, role: RoleId) -> bool {
        let read = |intro: &EntryId| self.readers_then(*intro, role).contains(&member);
        let (read, did_not): (Vec<EntryId>, Vec<EntryId>) = self.authority.introduced_in(epoch, role).partition(read);
        let is_true = |intro: &EntryId| self.seals_truly(*intro, epoch, role);
        !read.is_empty() && (did_not.is_empty() || (!did_not.iter().any(is_true) && read.iter().any(is_true)))
    }

    fn readers_then(&self, intro: EntryId, role: RoleId) -> Arc<BTreeSet<MemberId>> {
        if let Some(known) = self.readers_then.borrow().get(&(intro, role)) {
            return known.clone();
        }
        let Some(entry) = self.logs.entry(intro) else { return Arc::default() };
        let readers = Arc::new(self.authority.readers_of_epoch(&self.logs, entry, role));
        self.readers_then.borrow_mut().insert((intro, role), readers.clone());
        readers
    }

    /// Members with a device and a place who read what is said to a role now.
    pub(crate) fn placed_readers(&self, role: RoleId) -> BTreeSet<MemberId> {
        let readers = self.authority.readers(role).filter(|(_, member)| !member.devices.is_empty());
        readers.map(|(id, _)| id).filter(|id| self.authority.has_a_place(&self.logs, *id)).collect()
    }

    /// Who reads a task, where one of the roles has history since joining; `None` where all may read all of it.
    pub(crate) fn parted(&self, audience: &Audience, task: &Task, held: &[HeldKey]) -> Option<Parted> {
        let is_since = |role: &RoleId| self.authority.is_since_joining(*role);
        if !audience.roles.iter().any(is_since) {
            return None;
        }
        let given = held.iter().flat_map(|held| &held.given).filter_map(Given::role);
        let roles: BTreeSet<RoleId> = audience.roles.iter().copied().chain(given).collect();
        let by_role: BTreeMap<_, _> = roles.into_iter().map(|role| (role, self.placed_readers(role))).collect();
        let of = |role: &RoleId| by_role.get(role).into_iter().flatten().copied();
        let persons = self.authority.present().filter(|(id, _)| audience.persons.contains(id));
        let persons: BTreeSet<MemberId> = persons.map(|(id, _)| id).collect();
        let new_roles: BTreeSet<RoleId> =
            { audience.roles.iter().copied() }.filter(|role| !task.read_by().any(|known| known == *role)).collect();
        let new_persons = persons.iter().filter(|id| !task.read_by_persons().any(|known| known == **id)).copied();
        let new: BTreeSet<MemberId> = new_roles.iter().flat_map(of).chain(new_persons).collect();
        let full = audience.roles.iter().filter(|role| !is_since(role)).flat_map(of);
        let whole = full.chain(persons.iter().copied()).chain(new.iter().copied()).collect();
        let now = audience.roles.iter().flat_map(of).chain(persons).collect();
        Some(Parted { now, whole, new, new_roles, by_role })
    }

    /// Whether a key came to a member, as far as is known here: with an epoch of a role that they read, or when it was made, or on a
    /// device.
    fn came_to(&self, parted: &Parted, member: MemberId, key: &HeldKey) -> bool {
        key.given.iter().any(|given| match given {
            Given::Role(role, epoch) => self.came_with(parted, member, *role, *epoch),
            Given::Device(device) => self.authority.member_of(*device) == Some(member),
            Given::Onward => false,
        })
    }

    fn came_with(&self, parted: &Parted, member: MemberId, role: RoleId, epoch: EpochId) -> bool {
        let reads = parted.by_role.get(&role).is_some_and(|readers| readers.contains(&member));
        if self.authority.is_since_joining(role) { self.read_when_made(member, epoch, role) } else { reads }
    }

    /// Whether a member may have a key of a task (K29).
    fn may_have(&self, parted: &Parted, member: MemberId, key: &HeldKey) -> bool {
        parted.whole.contains(&member) || self.came_to(parted, member, key)
    }

    /// Whether all who read a task now may have this key: otherwise what is said next needs another (K29).
    pub(crate) fn is_for_all(&self, parted: &Parted, key: &HeldKey) -> bool {
        parted.now.iter().all(|member| self.may_have(parted, *member, key))
    }

    /// Whether a device has no way to a key that its member may have.
    fn is_owed(&self, parted: &Parted, device: AuthorId, key: &HeldKey) -> bool {
        let Some(member) = self.authority.member_of(device) else { return false };
        let served = key.given.iter().any(|given| match given {
            Given::Role(role, epoch) => self.came_with(parted, member, *role, *epoch),
            Given::Device(known) => *known == device,
            Given::Onward => false,
        });
        !served && self.may_have(parted, member, key)
    }

    /// Devices that read a task and are owed one of its keys (K18).
    pub(crate) fn owed_some(&self, task: &Task, held: &[HeldKey]) -> Option<BTreeSet<AuthorId>> {
        let audience = Audience::of(task);
        let parted = self.parted(&audience, task, held)?;
        let readers = self.reading_devices(&audience);
        let owed = held.iter().flat_map(|key| self.owed(&parted, readers.keys().copied(), key));
        Some(owed.collect())
    }

    /// Those of some devices that are owed a key.
    fn owed<'a>(
        &'a self,
        parted: &'a Parted,
        devices: impl Iterator<Item = AuthorId> + 'a,
        key: &'a HeldKey,
    ) -> impl Iterator<Item = AuthorId> + 'a {
        devices.filter(|device| *device != self.device.author()).filter(|device| self.is_owed(parted, *device, key))
    }

    /// Keys of a task for those who have no way to them and may have them, each sealed with nothing but itself (K30): so whoever reads what is
    /// said now, and came later, opens none. In entries of their own.
    ///
    /// `said` is the key of what is said with it and to whom that is handed; nothing where keys are handed on unasked (K18), to whoever is
    /// owed any.
    pub(crate) fn hand_apart(
        &self,
        (id, task): (TaskId, &Task),
        parted: &Parted,
        readers: &BTreeMap<AuthorId, &KeyPackage>,
        held: &[HeldKey],
        said: Option<(&TaskKey, &BTreeSet<AuthorId>, &[ForRole])>,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Telling>, Refusal> {
        let created = task.created.as_ref().map(|created| (created.at.entry, created.at.item));
        let created = created.ok_or(Refusal::NoSuchTask)?;
        let for_roles: Vec<ForRole> = said.map_or_else(Vec::new, |(.., lists)| {
            lists.iter().filter(|list| parted.new_roles.contains(&list.role())).map(ForRole::with_keys).collect()
        });
        let by_list = |member: MemberId| {
            { for_roles.iter() }.any(|list| parted.by_role.get(&list.role()).is_some_and(|by| by.contains(&member)))
        };
        let is_meant = |device: &AuthorId| {
            let Some(member) = self.authority.member_of(*device) else { return false };
            !by_list(member)
                && said.is_none_or(|(_, handed, _)| handed.contains(device) || parted.new.contains(&member))
        };
        let mut by_readers: BTreeMap<BTreeSet<AuthorId>, Vec<&HeldKey>> = BTreeMap::new();
        for key in held.iter().filter(|held| said.is_none_or(|(key, ..)| held.key != *key)) {
            let devices = readers.keys().copied().filter(is_meant);
            let mut devices: BTreeSet<AuthorId> = self.owed(parted, devices, key).collect();
            if said.is_none() {
                // The rest comes next time.
                devices = devices.into_iter().take(MAX_LIST_SEALS).collect();
            }
            within(devices.len(), MAX_LIST_SEALS)?;
            if !devices.is_empty() || !for_roles.is_empty() {
                by_readers.entry(devices).or_default().push(key);
            }
        }
        let places = self.places_by_key(id, held, shelf);
        let mut tellings = Vec::new();
        for (devices, keys) in by_readers {
            let packages: Vec<KeyPackage> = devices.iter().map(|author| readers[author].clone()).collect();
            let devices: Vec<AuthorId> = devices.into_iter().collect();
            let (mut items, mut named) = (Vec::new(), 0);
            for key in keys {
                let theirs = places.get(&key.key).map_or(&[][..], Vec::as_slice);
                let none: &[(EntryId, u16)] = &[];
                let chunks = theirs.chunks(MAX_HANDED_PLACES);
                for some in chunks.chain(core::iter::once(none).filter(|_| theirs.is_empty())) {
                    if items.len() == MAX_ITEMS || named + some.len() > MAX_HANDED_PLACES {
                        tellings.push(Telling::of_keys(&for_roles, packages.clone(), core::mem::take(&mut items)));
                        named = 0;
                    }
                    named += some.len();
                    let keys = vec![(key.generation, key.key.clone())];
                    let handed = HandedOn { devices: devices.clone(), created, keys, places: some.to_vec() };
                    items.push(Item {
                        task: id,
                        generation: key.generation,
                        key: key.key.clone(),
                        gives_key: GivesKey::Yes,
                        ops: vec![TaskOp::HandOn(handed)],
                    });
                }
            }
            tellings.push(Telling::of_keys(&for_roles, packages, items));
        }
        Ok(tellings)
    }

    /// Where something is said about a task, by the key that it is sealed with: whoever is handed one is told of no more than it opens.
    pub(crate) fn places_by_key(
        &self,
        id: TaskId,
        held: &[HeldKey],
        shelf: &dyn Shelf,
    ) -> BTreeMap<TaskKey, Vec<(EntryId, u16)>> {
        let finder = Finder::new(held.iter().map(|held| (&held.key, ())));
        let mut places: BTreeMap<TaskKey, BTreeSet<(EntryId, u16)>> = BTreeMap::new();
        for touch in self.touching(id, shelf).into_keys() {
            let kept = self.logs.entry(touch.entry).cloned().or_else(|| Some(shelf.entry(touch.entry)?.entry));
            let Some(Content::Role(part)) = kept.map(|entry| entry.body().content.clone()) else { continue };
            let key = part.items.get(usize::from(touch.item)).and_then(|item| finder.find(item));
            if let Some((key, ())) = key {
                places.entry(key.clone()).or_default().insert((touch.entry, touch.item));
            }
        }
        places.into_iter().map(|(key, places)| (key, places.into_iter().collect())).collect()
    }

    /// Members who read what is said now to a role that a task is for, and not the task: they came to read there later.
    pub(crate) fn came_later(&self, id: TaskId, task: &Task) -> BTreeSet<MemberId> {
        let held = self.task_keys.of(id);
        let Some(parted) = self.parted(&Audience::of(task), task, held) else { return BTreeSet::new() };
        // Without the first key nothing of the task is shown (T4).
        let Some(first) = held.iter().find(|held| held.generation == 0) else { return BTreeSet::new() };
        let lacks = |member: &MemberId| Some(*member) != self.me() && !self.may_have(&parted, *member, first);
        parted.now.iter().copied().filter(lacks).collect()
    }
}
