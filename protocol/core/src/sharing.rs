//! With which key something is said about a task, and to whom that key is handed (docs/protocol/03-keys.md, K14 to K16).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::Presence;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId, TaskId};
use crate::keys::EpochSecret;
use crate::limits::{MAX_AUDIENCES, MAX_HANDED_KEYS, MAX_HANDED_PLACES, MAX_ITEMS, MAX_LIST_SEALS};
use crate::op::KeyPackage;
use crate::plan::{Circumstances, within};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::{Addressee, Carries, GivesKey, Item, List, TaskKey, seal_items_to};
use crate::serving::ByRole;
use crate::shelf::Shelf;
use crate::task_keys::{Given, HeldKey};
use crate::task_op::{HandedOn, TaskOp};
use crate::tasks::Task;

/// Who is to read a task.
pub(crate) struct Audience {
    /// Roles whose readers do; the one at which it is at home comes first.
    pub roles: Vec<RoleId>,
    /// Members who do whatever their roles.
    pub persons: BTreeSet<MemberId>,
}

impl Audience {
    /// Who reads a task now.
    pub(crate) fn of(task: &Task) -> Self {
        Self { roles: task.read_by().collect(), persons: task.read_by_persons().collect() }
    }

    /// Who is to read what these ops say. Whom the task is taken from by them reads that it was.
    fn with(mut self, ops: &[TaskOp]) -> Self {
        for op in ops {
            match op {
                TaskOp::Widen(role) if !self.roles.contains(role) => self.roles.push(*role),
                TaskOp::WidenTo(member) => drop(self.persons.insert(*member)),
                _ => {}
            }
        }
        self
    }
}

/// Epochs with which something is said to roles.
type Epochs = Vec<(RoleId, EpochSecret)>;

/// A list that carries the key, or not, for a role whose epoch I can use.
#[derive(Clone)]
pub(crate) struct ForRole {
    role: RoleId,
    epoch: EpochSecret,
    carries: Carries,
}

/// What is to be said, before it is sealed and signed.
pub(crate) struct Telling {
    /// The entry that makes the epoch, where none could be used: it comes before.
    pub made: Option<Entry>,
    /// Lists for roles.
    for_roles: Vec<ForRole>,
    /// Of single devices that are handed the key.
    packages: Vec<KeyPackage>,
    /// What is said.
    pub items: Vec<Item>,
    /// Older keys for those who may have them, in entries of their own that come after (K30).
    apart: Vec<Self>,
}

impl ForRole {
    pub(crate) const fn role(&self) -> RoleId {
        self.role
    }

    /// The same list, with the keys of all items.
    pub(crate) fn with_keys(&self) -> Self {
        Self { carries: Carries::All, ..self.clone() }
    }
}

impl Telling {
    /// Nothing but keys for these.
    pub(crate) fn of_keys(for_roles: &[ForRole], packages: Vec<KeyPackage>, items: Vec<Item>) -> Self {
        Self { made: None, for_roles: for_roles.to_vec(), packages, items, apart: Vec::new() }
    }

    /// What must be the same of two that go into one entry; `None` where it needs an entry of its own: because something is handed to single
    /// devices with it, or an epoch made for it.
    pub(crate) fn company(&self) -> Option<Vec<(RoleId, EpochId, Carries)>> {
        let alone = self.made.is_some() || !self.packages.is_empty() || self.for_roles.is_empty();
        let alone = alone || !self.apart.is_empty();
        (!alone).then(|| self.for_roles.iter().map(|list| (list.role, list.epoch.id(), list.carries)).collect())
    }
}

impl Replica {
    /// Signs what is said about a task.
    pub(crate) fn say(
        &self,
        about: (TaskId, &Task),
        ops: Vec<TaskOp>,
        (by, role_leant_on): (GrantRef, RoleId),
        with: &mut Circumstances<'_>,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Entry>, Refusal> {
        let telling = self.telling(about, ops, role_leant_on, with, shelf)?;
        Ok(self.sign_all(telling, by, with))
    }

    /// Signs all that is to be said, in its order.
    pub(crate) fn sign_all(&self, telling: Telling, by: GrantRef, with: &mut Circumstances<'_>) -> Vec<Entry> {
        let said = self.sign_telling(&telling, by, telling.made.as_ref(), with);
        let mut entries: Vec<Entry> = telling.made.into_iter().chain([said]).collect();
        for apart in &telling.apart {
            entries.push(self.sign_telling(apart, by, entries.last(), with));
        }
        entries
    }

    /// What is said about a task, with its key and those to whom it is handed: the newest key that nobody can know who may not read
    /// the task now, and that follows the epochs of its roles, or else a new one; handed to those of its readers who have no way to it yet.
    pub(crate) fn telling(
        &self,
        (id, task): (TaskId, &Task),
        ops: Vec<TaskOp>,
        role_leant_on: RoleId,
        with: &mut Circumstances<'_>,
        shelf: &dyn Shelf,
    ) -> Result<Telling, Refusal> {
        let audience = Audience::of(task).with(&ops);
        let readers: BTreeMap<AuthorId, &KeyPackage> = self.reading_devices(&audience);
        if !readers.contains_key(&self.device.author()) {
            return Err(Refusal::NotAReader);
        }
        let held = self.task_keys.of(id);
        let parted = self.parted(&audience, task, held);
        let is_for_all = |held: &&HeldKey| parted.as_ref().is_none_or(|parted| self.is_for_all(parted, held));
        let safe = self.safe_epochs(&audience.roles, held);
        let is_safe = |given: &Given| match given {
            Given::Role(role, epoch) => safe.contains(&(*role, *epoch)),
            Given::Device(author) => readers.contains_key(author),
            Given::Onward => false,
        };
        let (made, epochs) = self.epochs_for(&audience, role_leant_on, with)?;
        let is_known_to = |held: &HeldKey, role: RoleId| held.given.iter().any(|given| given.role() == Some(role));
        let follows = |held: &&HeldKey| {
            let mut known_to = epochs.iter().filter(|(role, _)| is_known_to(held, *role));
            known_to.all(|(role, epoch)| held.given.contains(&Given::Role(*role, epoch.id())))
        };
        let all_safe = || held.iter().filter(|held| held.given.iter().all(is_safe)).filter(is_for_all);
        let none = BTreeSet::new();
        // A new key that cannot be handed to all of them keeps nobody from speaking: only safety needs it.
        let is_new_too_dear = || {
            let lists = self.lists_for(&epochs, &none);
            self.lacking(&audience, &readers, &none, &lists).len() > MAX_LIST_SEALS
        };
        let newest = |some: &mut dyn Iterator<Item = &'_ HeldKey>| some.max_by_key(|held| held.generation).cloned();
        let usable = newest(&mut all_safe().filter(follows));
        let usable = usable.or_else(|| if is_new_too_dear() { newest(&mut all_safe()) } else { None });
        let (generation, key, given) = match &usable {
            Some(usable) => (usable.generation, usable.key.clone(), &usable.given),
            None => {
                let newest = held.iter().map(|held| held.generation).max();
                let next = newest.map_or(0, |newest| newest.saturating_add(1));
                (next, TaskKey::new(with.seed.draw()), &none)
            }
        };
        let for_roles = self.lists_for(&epochs, given);
        let mut devices = self.lacking(&audience, &readers, given, &for_roles);
        let mut lacking_some = BTreeSet::new();
        // What somebody lacks of what was said before keeps nobody from saying something.
        if ops.is_empty() && held.iter().any(|held| held.key != key) {
            let authors = readers.keys().copied().collect();
            let others = held.iter().filter(|held| held.key != key);
            lacking_some = self.lacking_some(others, &authors, &self.by_role());
            devices.extend(lacking_some.iter().copied());
        }
        within(devices.len(), MAX_LIST_SEALS)?;
        let packages: Vec<KeyPackage> = devices.iter().map(|author| readers[author].clone()).collect();
        let has_older = held.iter().any(|held| held.key != key);
        let (mut says, older) = match parted.filter(|_| has_older) {
            Some(parted) => {
                let said = Some((&key, &devices, &for_roles[..]));
                let older = self.hand_apart((id, task), &parted, &readers, held, said, shelf)?;
                let known = held.iter().find(|held| held.key == key);
                let places = known.and_then(|_| self.places_by_key(id, held, shelf).remove(&key)).unwrap_or_default();
                (with_names(task, ops, devices, &places)?, older)
            }
            None => {
                (self.handing_on((id, task), ops, devices, &lacking_some, &for_roles, held, &key, shelf)?, Vec::new())
            }
        };
        let item = |ops| Item { task: id, generation, key: key.clone(), gives_key: GivesKey::Yes, ops };
        // What one item has no room for is named in entries of their own: whatever others said, there is room for what is said now.
        let more = says.split_off(1).into_iter();
        let more = more.map(|ops| Self::further(&for_roles, &packages, item(ops)));
        let apart = more.chain(older).collect();
        let items = says.into_iter().map(item).collect();
        Ok(Telling { made, for_roles, packages, items, apart })
    }

    /// One more item for the same readers, in an entry of its own.
    fn further(for_roles: &[ForRole], packages: &[KeyPackage], item: Item) -> Telling {
        Telling::of_keys(for_roles, packages.to_vec(), vec![item])
    }

    /// Seals and signs it, after `after` where that has not been appended yet.
    pub(crate) fn sign_telling(
        &self,
        telling: &Telling,
        by: GrantRef,
        after: Option<&Entry>,
        with: &mut Circumstances<'_>,
    ) -> Entry {
        let packages: Vec<&KeyPackage> = telling.packages.iter().collect();
        let mut lists: Vec<List<'_>> = { &telling.for_roles }
            .iter()
            .map(|list| List { to: Addressee::Role(list.role, &list.epoch), carries: list.carries })
            .collect();
        if !packages.is_empty() || lists.is_empty() {
            lists.push(List { to: Addressee::Devices(&packages), carries: Carries::All });
        }
        let part = seal_items_to(self.place_after(by, after), &lists, &telling.items, with.seed);
        self.sign_next(Content::Role(part), by, after, with.now_seconds)
    }

    /// Devices that may read a task which I read, and that come to its newest key by nothing that was handed out: those of a member it was
    /// opened to that were added since, and of whoever reads by a role since that was served device by device; and those that come so to another
    /// key of it, with which somebody said something who did not know that they read it.
    ///
    /// Looks at each task that was ever opened to others than the readers of one role.
    #[must_use]
    pub fn unhanded(&self) -> BTreeSet<AuthorId> {
        let by_role = self.by_role();
        self.readable_shared().flat_map(|(id, task)| self.lacking_newest(id, task, &by_role)).collect()
    }

    /// Hands a device the first task of those that it lacks, with all that was said about it; nothing where it lacks none.
    #[must_use]
    pub fn hand_on(&self, to: AuthorId, with: &mut Circumstances<'_>, shelf: &dyn Shelf) -> Vec<Entry> {
        let Ok(me) = self.writer() else { return Vec::new() };
        let by_role = self.by_role();
        let lacks = |(id, task): &(TaskId, &Task)| self.lacking_newest(*id, task, &by_role).contains(&to);
        let Some((id, task)) = self.readable_shared().find(lacks) else { return Vec::new() };
        let held = self.task_keys.of(id);
        if let Some(parted) = self.parted(&Audience::of(task), task, held) {
            let Ok((by, _)) = self.grant_to_say(me, &[], task) else { return Vec::new() };
            let readers = self.reading_devices(&Audience::of(task));
            let tellings = self.hand_apart((id, task), &parted, &readers, held, None, shelf).unwrap_or_default();
            let mut entries: Vec<Entry> = Vec::new();
            for telling in &tellings {
                entries.push(self.sign_telling(telling, by, entries.last(), with));
            }
            return entries;
        }
        let handed = self.grant_to_say(me, &[], task).and_then(|by| self.say((id, task), Vec::new(), by, with, shelf));
        handed.unwrap_or_default()
    }

    /// Tasks that others than the readers of one role read, or have a key of, and that I read. Whoever it was opened to may have had its
    /// keys then by a role that they lost since.
    fn readable_shared(&self) -> impl Iterator<Item = (TaskId, &Task)> {
        let is_opened = |task: &Task| task.read_by().nth(1).is_some() || task.read_by_persons().next().is_some();
        let shared = self.task_keys.shared();
        let known = shared.union(self.tasks.opened()).filter_map(|id| Some((*id, self.tasks.task(*id)?)));
        known.filter(move |(id, task)| (shared.contains(id) || is_opened(task)) && !self.is_closed_to_me(task))
    }

    fn lacking_newest(&self, id: TaskId, task: &Task, by_role: &ByRole<'_>) -> BTreeSet<AuthorId> {
        let held = self.task_keys.of(id);
        if let Some(owed) = self.owed_some(task, held) {
            return owed;
        }
        let newest = held.iter().map(|held| held.generation).max();
        let given: BTreeSet<Given> = { held.iter() }
            .filter(|held| Some(held.generation) == newest)
            .flat_map(|held| held.given.iter().copied())
            .collect();
        let audience = Audience::of(task);
        let is_unserved = |role: &&RoleId| !given.iter().any(|given| by_role.serves_role(given, **role));
        let unserved = audience.roles.iter().filter(is_unserved);
        let persons = audience.persons.iter().filter_map(|id| self.authority.members().get(id));
        let devices =
            persons.filter(|member| member.presence == Presence::Here).flat_map(|member| member.devices.keys());
        let devices = devices.copied().chain(unserved.flat_map(|role| by_role.devices(*role)));
        // What was said to a role that does not read the task any more serves nobody.
        let reads = |given: &&Given| given.role().is_none_or(|role| audience.roles.contains(&role));
        let has = |author: &AuthorId| {
            *author == self.device.author() || given.iter().filter(reads).any(|given| by_role.serves(given, *author))
        };
        let mut lacking: BTreeSet<AuthorId> = devices.filter(|author| !has(author)).collect();
        let persons = audience.persons.iter().filter_map(|id| self.authority.members().get(id));
        let persons = persons.filter(|member| member.presence == Presence::Here);
        let by_role_read = audience.roles.iter().flat_map(|role| by_role.devices(*role));
        let readers = persons.flat_map(|member| member.devices.keys()).copied().chain(by_role_read).collect();
        lacking.extend(self.lacking_some(held.iter(), &readers, by_role));
        lacking
    }

    /// Of the devices that read a task, those that come to one of these keys of it by nothing that was handed out. One that was handed on
    /// once was handed to all who lacked it.
    fn lacking_some<'a>(
        &self,
        held: impl Iterator<Item = &'a HeldKey>,
        readers: &BTreeSet<AuthorId>,
        by_role: &ByRole<'_>,
    ) -> BTreeSet<AuthorId> {
        let mut lacking = BTreeSet::new();
        for key in held.filter(|key| !key.given.contains(&Given::Onward)) {
            let has = |author: &AuthorId| {
                *author == self.device.author() || key.given.iter().any(|given| by_role.serves(given, *author))
            };
            lacking.extend(readers.iter().filter(|author| !has(author)).copied());
        }
        lacking
    }

    /// Devices of those who are to read it, with what is sealed to them.
    pub(crate) fn reading_devices(&self, audience: &Audience) -> BTreeMap<AuthorId, &KeyPackage> {
        let roles = audience.roles.iter().flat_map(|role| self.authority.readers(*role));
        let persons = self.authority.present().filter(|(id, _)| audience.persons.contains(id));
        let authors: BTreeSet<AuthorId> = roles
            .filter(|(id, _)| self.authority.has_a_place(&self.logs, *id))
            .chain(persons)
            .flat_map(|(_, member)| member.devices.keys().copied())
            .collect();
        let packages = self.authority.packages_known(&self.logs).into_iter();
        packages.filter(|(.., author)| authors.contains(author)).map(|(_, package, author)| (author, package)).collect()
    }

    /// The epochs with which something is said to the roles that I read, the home's first. At most one is made for it, where none can be
    /// used or the one there is is old (K23); whoever is left out is handed the key one by one.
    fn epochs_for(
        &self,
        audience: &Audience,
        leant_on: RoleId,
        with: &mut Circumstances<'_>,
    ) -> Result<(Option<Entry>, Epochs), Refusal> {
        let reads = |role: &RoleId| {
            let by = self.authority.reading_roles(*role);
            by.contains(&leant_on) || by.contains(&RoleId::EVERYONE)
        };
        let (mut made, mut epochs) = (None, Vec::new());
        for role in audience.roles.iter().filter(|role| reads(role)).take(MAX_AUDIENCES - 1) {
            let epoch = if made.is_some() {
                self.usable_epoch_of(*role).cloned()
            } else {
                let (entry, epoch) = self.epoch_for(*role, with.now_seconds, with.seed)?;
                made = entry;
                Some(epoch)
            };
            epochs.extend(epoch.map(|epoch| (*role, epoch)));
        }
        Ok((made, epochs))
    }

    /// The lists for roles: one that I can seal to in any case, so that most readers find the items at once, and those that carry the
    /// key to a role that has none of it.
    fn lists_for(&self, epochs: &[(RoleId, EpochSecret)], given: &BTreeSet<Given>) -> Vec<ForRole> {
        let mut lists = Vec::new();
        for (role, epoch) in epochs {
            let comes = self.comes_to(*role, epoch.id(), given);
            if !comes || lists.is_empty() {
                let carries = if comes { Carries::None } else { Carries::All };
                lists.push(ForRole { role: *role, epoch: epoch.clone(), carries });
            }
        }
        lists.sort_by_key(|list| list.role);
        lists
    }

    /// Devices of readers who come to the key by nothing that was handed out before, nor by these lists.
    fn lacking(
        &self,
        audience: &Audience,
        readers: &BTreeMap<AuthorId, &KeyPackage>,
        given: &BTreeSet<Given>,
        lists: &[ForRole],
    ) -> BTreeSet<AuthorId> {
        let listed = lists.iter().map(|list| list.role);
        // What stands under an epoch of a role is read by all who read the role now: it is usable because they do.
        let served: BTreeSet<RoleId> = given.iter().filter_map(Given::role).chain(listed).collect();
        let by_role: BTreeSet<AuthorId> = { audience.roles.iter() }
            .filter(|role| served.contains(role))
            .flat_map(|role| self.authority.readers(*role))
            // No epoch is sealed to the others (K3): it may be opened to them by name.
            .filter(|(id, _)| self.authority.has_a_place(&self.logs, *id))
            .flat_map(|(_, member)| member.devices.keys().copied())
            .collect();
        let lacks = |author: &&AuthorId| !by_role.contains(author) && !given.contains(&Given::Device(**author));
        let mine = self.device.author();
        // Mine holds it; of a new key, the list is where this device itself takes it from.
        let new_to_me = given.is_empty() && !by_role.contains(&mine);
        readers.keys().filter(lacks).filter(|author| **author != mine || new_to_me).copied().collect()
    }

    /// What is said, as items: with what new readers need. Whoever has none of the task's keys is handed the older ones too, and is told
    /// where what was said before is.
    #[expect(clippy::too_many_arguments, reason = "all of it is about one entry")]
    fn handing_on(
        &self,
        (id, task): (TaskId, &Task),
        ops: Vec<TaskOp>,
        devices: BTreeSet<AuthorId>,
        lacking_some: &BTreeSet<AuthorId>,
        lists: &[ForRole],
        held: &[HeldKey],
        key: &TaskKey,
        shelf: &dyn Shelf,
    ) -> Result<Vec<Vec<TaskOp>>, Refusal> {
        let ever: BTreeSet<Given> = held.iter().flat_map(|held| held.given.iter().copied()).collect();
        let roles_ever: BTreeSet<RoleId> = ever.iter().filter_map(Given::role).collect();
        let new_role = lists.iter().any(|list| list.carries == Carries::All && !roles_ever.contains(&list.role));
        let all_had = || {
            let by_role = self.by_role();
            devices.iter().all(|author| ever.iter().any(|given| by_role.serves(given, *author)))
        };
        let is_new = new_role || !lacking_some.is_empty() || !(devices.is_empty() || all_had());
        if !is_new && devices.is_empty() {
            return Ok(vec![ops]);
        }
        let created = task.created.as_ref().map(|created| (created.at.entry, created.at.item));
        let created = created.ok_or(Refusal::NoSuchTask)?;
        let (mut keys, mut places) = (Vec::new(), Vec::new());
        if is_new {
            keys =
                held.iter().filter(|held| held.key != *key).map(|held| (held.generation, held.key.clone())).collect();
            keys.sort_unstable();
            let touches = self.touching(id, shelf);
            let others: BTreeSet<(EntryId, u16)> = touches.keys().map(|touch| (touch.entry, touch.item)).collect();
            places = others.into_iter().filter(|place| *place != created).collect();
        }
        let devices = devices.into_iter().collect();
        Ok(in_parts(ops, HandedOn { devices, created, keys, places }))
    }

    /// Of the epochs under which keys were handed out, those of roles that read the task which nobody can know who may not read them
    /// now.
    fn safe_epochs(&self, roles: &[RoleId], held: &[HeldKey]) -> BTreeSet<(RoleId, EpochId)> {
        let mut given: BTreeMap<RoleId, BTreeSet<EpochId>> = BTreeMap::new();
        for way in held.iter().flat_map(|held| &held.given) {
            if let Given::Role(role, epoch) = way
                && roles.contains(role)
            {
                given.entry(*role).or_default().insert(*epoch);
            }
        }
        let covered = given.into_iter().flat_map(|(role, epochs)| self.covered_epochs(role, epochs));
        covered.collect()
    }

    /// Whether who holds an epoch comes to one of these by what it leads back to.
    fn comes_to(&self, role: RoleId, epoch: EpochId, given: &BTreeSet<Given>) -> bool {
        let (mut open, mut seen) = (vec![epoch], BTreeSet::new());
        while let Some(id) = open.pop() {
            if given.contains(&Given::Role(role, id)) {
                return true;
            }
            if seen.insert(id) {
                open.extend(self.leads_back(id, role));
            }
        }
        false
    }
}

/// What is said, with the names of devices that are handed its key and where else something is sealed with that, and nothing of older keys.
fn with_names(
    task: &Task,
    ops: Vec<TaskOp>,
    devices: BTreeSet<AuthorId>,
    places: &[(EntryId, u16)],
) -> Result<Vec<Vec<TaskOp>>, Refusal> {
    if devices.is_empty() {
        return Ok(vec![ops]);
    }
    let created = task.created.as_ref().map(|created| (created.at.entry, created.at.item));
    let created = created.ok_or(Refusal::NoSuchTask)?;
    let (devices, places) = (devices.into_iter().collect(), places.to_vec());
    Ok(in_parts(ops, HandedOn { devices, created, keys: Vec::new(), places }))
}

/// What is said, and what is handed on with it, in as many items as that needs. However much others said, and with however many keys, it is
/// no reason to refuse what is said now: of places some are left to whoever looks for them by their keys (K17).
fn in_parts(mut ops: Vec<TaskOp>, all: HandedOn) -> Vec<Vec<TaskOp>> {
    let hand_on = |keys: &[(u32, TaskKey)], places: &[(EntryId, u16)]| {
        let (devices, keys, places) = (all.devices.clone(), keys.to_vec(), places.to_vec());
        TaskOp::HandOn(HandedOn { devices, created: all.created, keys, places })
    };
    // Keys first: what is at a place is found by them.
    let full = all.keys.len().saturating_sub(1) / MAX_HANDED_KEYS * MAX_HANDED_KEYS;
    let (early, last) = all.keys.split_at(full);
    let mut places = all.places.chunks(MAX_HANDED_PLACES).take(MAX_ITEMS);
    let with_last = hand_on(last, places.next().unwrap_or_default());
    let mut parts = early.chunks(MAX_HANDED_KEYS).map(|keys| hand_on(keys, &[])).collect::<Vec<_>>();
    parts.push(with_last);
    parts.extend(places.map(|places| hand_on(&[], places)));
    let mut parts = parts.into_iter();
    ops.extend(parts.next());
    core::iter::once(ops).chain(parts.map(|part| vec![part])).collect()
}
