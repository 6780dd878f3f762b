//! One pursuance as one device knows it: the door for entries, the secrets held, and what follows from both
//! (docs/protocol/02-log.md, "The one door").

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use crate::authority::{Authority, Verdict, package_tag};
use crate::devices::Device;
use crate::entry::{Content, Entry, GrantRef, RolePart};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId, TaskId};
use crate::kept::encode_task;
use crate::keys::{CellKey, DeviceKeys, EpochSecret};
use crate::limits::{MAX_DEVICES, MAX_EPOCH_CANDIDATES};
use crate::logs::{Append, Chain, Logs, Standing};
use crate::op::Op;
use crate::overtaken::OwnLog;
use crate::refusal::Refusal;
use crate::seal::{ItemHint, TaskKeys, Where, open_audience, open_item, task_id};
use crate::shelf::{Changes, KeptEntry, KeptTask, Nothing, Shelf, WHOLE_ENTRY};
use crate::tasks::{Opened, Tasks};

/// The state of one pursuance: a function of the entries appended and the secrets learned, in whatever order.
pub struct Replica {
    pub(crate) pursuance: PursuanceId,
    pub(crate) device: DeviceKeys,
    pub(crate) logs: Logs,
    pub(crate) authority: Authority,
    pub(crate) tasks: Tasks,
    pub(crate) epochs: BTreeMap<EpochId, EpochSecret>,
    pub(crate) task_keys: TaskKeys,
    /// Role entries that wait for an epoch's secret.
    sealed: BTreeMap<EpochId, BTreeSet<EntryId>>,
    /// Items that wait for a task's key.
    keyless: BTreeMap<(TaskId, u32), BTreeSet<(EntryId, u16)>>,
    learned: Vec<EpochSecret>,
    /// Secrets held of epochs that no entry names yet, oldest first.
    candidates: VecDeque<EpochId>,
    /// Devices that are known to have been handed an epoch: the seals were made again and compared.
    handed: BTreeSet<(EpochId, AuthorId)>,
    pub(crate) own_log: OwnLog,
    changes: Changes,
}

/// What a call of [`Replica::append`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// What became of the entry itself.
    pub append: Append,
    /// All entries that stand in the log now and did not before, in order.
    pub entries: Vec<EntryId>,
}

/// When an item comes to be read.
#[derive(Clone, Copy)]
enum Arrival {
    /// With its entry: nothing in memory or on the shelf has it in its past.
    WithEntry,
    /// Later, when its key came.
    Late,
}

/// Where an entry's sealed items stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    Done,
    WaitsForEpoch,
}

impl Replica {
    /// An empty one.
    #[must_use]
    pub fn new(pursuance: PursuanceId, device: DeviceKeys) -> Self {
        Self {
            pursuance,
            logs: Logs::default(),
            authority: Authority::default(),
            tasks: Tasks::of(device.author()),
            device,
            epochs: BTreeMap::new(),
            task_keys: BTreeMap::new(),
            sealed: BTreeMap::new(),
            keyless: BTreeMap::new(),
            learned: Vec::new(),
            candidates: VecDeque::new(),
            handed: BTreeSet::new(),
            own_log: OwnLog::default(),
            changes: Changes::default(),
        }
    }

    /// The one door: own and received entries, fresh and stored ones, come in here; what comes from elsewhere by
    /// [`receive`](Self::receive).
    pub fn append(&mut self, entry: Entry) -> Appended {
        self.append_from(entry, &Nothing)
    }

    /// [`append`](Self::append) for a replica that holds only a part in memory.
    pub fn append_from(&mut self, entry: Entry, shelf: &dyn Shelf) -> Appended {
        let mut entries = Vec::new();
        let mut released = Vec::new();
        self.look_for_welcome(&entry, shelf);
        let own = (entry.body().author == self.device.author()).then(|| entry.id());
        let first = self.append_one(entry, shelf, &mut entries, &mut released);
        if let Some(id) = own {
            self.own_log.note(id, &first);
        }
        // A list, not recursion: a chain of a million waiting entries must not overflow the stack.
        while let Some(entry) = released.pop() {
            self.append_one(entry, shelf, &mut entries, &mut released);
        }
        Appended { append: first, entries }
    }

    /// Takes up where a shelf left off: what is known of the chains, the entries that nothing names yet and how many entries
    /// there are; the public layer in the order in which it came; then the items that could not be read.
    pub fn take_up(&mut self, chains: Vec<Chain>, arrivals: u64, public: Vec<KeptEntry>, unnamed: Vec<KeptEntry>) {
        let tips = unnamed.iter().map(|kept| kept.entry.id()).collect();
        self.logs.put_back_chains(chains, tips, arrivals);
        for kept in public {
            let (id, standing) = (kept.entry.id(), kept.standing);
            self.logs.put_back(kept);
            let Some(entry) = self.logs.entry(id) else { continue };
            if standing == Standing::Counts {
                self.authority.take_back(&self.logs, entry);
            } else {
                self.authority.judge(self.pursuance, &self.logs, entry);
            }
        }
        for kept in unnamed {
            self.logs.put_back(kept);
        }
        self.candidates.retain(|id| !self.authority.epochs().contains_key(id));
    }

    /// Takes up an item that could not be read; [`WHOLE_ENTRY`] for all of an entry's.
    pub fn take_up_unread(&mut self, id: EntryId, item: u16, shelf: &dyn Shelf) {
        self.logs.fetch(id, shelf);
        self.changes.read.push((id, item));
        self.open_entry(id, item, Arrival::Late, shelf);
    }

    /// Whether an item waits for a key or for its task's creation; [`WHOLE_ENTRY`] for an entry none of whose could be opened.
    #[must_use]
    pub fn is_unread(&self, entry: EntryId, item: u16) -> bool {
        if item == WHOLE_ENTRY {
            return self.sealed.values().any(|waiting| waiting.contains(&entry));
        }
        self.keyless.values().any(|waiting| waiting.contains(&(entry, item))) || self.tasks.is_early(entry, item)
    }

    /// Hands out what a shelf does not have yet.
    pub fn take_changes(&mut self) -> Changes {
        let mut changes = core::mem::take(&mut self.changes);
        self.logs.take_changes(&mut changes);
        self.tasks.take_changes(&mut changes);
        changes
    }

    /// Puts down what a shelf has: threads, and all entries but the public layer and those that nothing names.
    pub fn put_down(&mut self) {
        self.logs.put_down();
        self.authority.put_down(&self.logs);
        self.tasks.put_down();
    }

    /// Takes up a task as it was kept, without its thread.
    pub fn take_up_task(&mut self, id: TaskId, kept: KeptTask) {
        self.tasks.put_back(id, kept.task);
        self.task_keys.insert((id, 0), kept.key);
    }

    /// A task that changed as bytes for the shelf.
    #[must_use]
    pub fn kept_task(&self, id: TaskId) -> Option<Vec<u8>> {
        Some(encode_task(self.tasks.task(id)?, self.task_keys.get(&(id, 0))?))
    }

    /// Learns an epoch's secret, and reads what waited for it. Secrets of epochs that no entry names are kept too, the
    /// newest `MAX_EPOCH_CANDIDATES`: a newcomer holds the secret before the log, and junk must not keep the true one out.
    pub fn learn_epoch(&mut self, secret: EpochSecret) {
        self.learn_epoch_from(secret, &Nothing);
    }

    fn learn_epoch_from(&mut self, secret: EpochSecret, shelf: &dyn Shelf) {
        let id = secret.id();
        if self.epochs.contains_key(&id) {
            return;
        }
        self.candidates.retain(|id| !self.authority.epochs().contains_key(id));
        if !self.authority.epochs().contains_key(&id) {
            self.candidates.push_back(id);
            if self.candidates.len() > MAX_EPOCH_CANDIDATES
                && let Some(oldest) = self.candidates.pop_front()
            {
                self.epochs.remove(&oldest);
            }
        }
        self.learned.push(secret.clone());
        self.epochs.insert(id, secret);
        for entry in self.sealed.remove(&id).unwrap_or_default() {
            self.take_up_unread(entry, WHOLE_ENTRY, shelf);
        }
    }

    /// Epoch secrets learned since the last call: to be kept, and cells to be read again with them.
    pub fn take_learned(&mut self) -> Vec<EpochSecret> {
        core::mem::take(&mut self.learned)
    }

    /// Keys by which cells of this pursuance are recognised: of all epochs held and of all invites known.
    #[must_use]
    pub fn cell_keys(&self) -> Vec<CellKey> {
        let invites = self.authority.invites().values().map(|open| CellKey::of_invite(&open.invite.cell_secret));
        self.epochs.values().map(EpochSecret::cell_key).chain(invites).collect()
    }

    /// The epoch that seals what is written now (K4): of those that count and are held, the first of the senior author.
    ///
    /// Nobody can be removed yet, so every possible knower of an epoch may read now, and there is never a reason to prefer a
    /// younger one.
    #[must_use]
    pub fn usable_epoch(&self) -> Option<&EpochSecret> {
        let counting = self
            .authority
            .epochs()
            .iter()
            .filter(|(id, known)| known.role == RoleId::EVERYONE && self.epochs.contains_key(id));
        let first = counting.min_by_key(|(_, known)| {
            let place = known.entries.first();
            let member =
                place.and_then(|(_, entry)| self.logs.entry(*entry)).and_then(|entry| self.authority.speaker(entry));
            (member.and_then(|member| self.authority.seniority(member)), place)
        });
        first.and_then(|(id, _)| self.epochs.get(id))
    }

    /// Devices that read everyone's epoch by right and have not been handed it, as far as is known here: to be welcomed; further
    /// devices of those who were come last.
    ///
    /// Once as many have been welcomed by one invite as it says, the rest is left to a person's decision: whoever holds a
    /// used link could otherwise let in any number, by naming none of those who came before.
    pub fn unwelcomed(&mut self) -> Vec<AuthorId> {
        let Some(secret) = self.usable_epoch().cloned() else { return Vec::new() };
        let epoch = secret.id();
        let mut waiting: Vec<(u32, EntryId, Option<GrantRef>, AuthorId)> = Vec::new();
        let mut welcomed: BTreeMap<GrantRef, usize> = BTreeMap::new();
        let mut further = Vec::new();
        let mut handed = core::mem::take(&mut self.handed);
        for (id, member) in self.authority.members() {
            let mut lacking = Vec::new();
            for (author, device) in &member.devices {
                if handed.contains(&(epoch, *author)) || self.was_handed(&secret, *author, device) {
                    handed.insert((epoch, *author));
                } else {
                    lacking.push(*author);
                }
            }
            if lacking.len() < member.devices.len() {
                // Who was let in is let in with all devices, as far as there may be so many.
                lacking.truncate(MAX_DEVICES.saturating_sub(member.devices.len() - lacking.len()));
                further.append(&mut lacking);
                if let Some(by) = member.invite {
                    *welcomed.entry(by).or_default() += 1;
                }
            } else {
                let entry = EntryId(id.0);
                waiting.push((self.logs.depth(entry).unwrap_or(0), entry, member.invite, member.author));
            }
        }
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
        due
    }

    /// Seals are made from the secret and the reader's package alone, so that whoever holds the secret can make one again
    /// and see whether what was handed over is it (K2). A junk welcome welcomes nobody.
    fn was_handed(&self, secret: &EpochSecret, author: AuthorId, device: &Device) -> bool {
        let epoch = secret.id();
        let introduced = self.authority.epochs().get(&epoch).into_iter().flat_map(|known| &known.entries);
        let introductions = introduced.filter_map(|(_, entry)| match &self.logs.entry(*entry)?.body().content {
            Content::Public(ops) => ops.iter().find_map(|op| match op {
                Op::RoleEpoch(made) if made.epoch == epoch => Some(made),
                _ => None,
            }),
            Content::Role(_) => None,
        });
        let introductions: Vec<_> = introductions.collect();
        device.packages.iter().any(|held| {
            let tag = package_tag(&held.package.id());
            let given: Vec<&[u8]> = introductions
                .iter()
                .flat_map(|made| &made.seals)
                .filter(|seal| seal.tag == tag)
                .map(|seal| &seal.sealed[..])
                .chain(self.authority.welcomes(epoch, author).map(|welcome| &welcome.sealed[..]))
                .collect();
            !given.is_empty()
                && secret
                    .seal_to(self.pursuance, RoleId::EVERYONE, &held.package)
                    .is_ok_and(|expected| given.contains(&&expected[..]))
        })
    }

    /// Whether more came by this member's invite than it says and this one is among those that make it too many: those who
    /// have written something since (so they were let in) come first, then by how late they came.
    #[must_use]
    pub fn is_surplus(&self, member: MemberId) -> bool {
        let Some(by) = self.authority.members().get(&member).and_then(|member| member.invite) else { return false };
        let Some(open) = self.authority.invites().get(&by) else { return false };
        let mut joins: Vec<_> = open
            .joins
            .iter()
            .map(|join| {
                let joined = self.authority.members().get(&MemberId(join.0));
                let written = joined.is_some_and(|member| self.logs.tip(member.author).is_some_and(|tip| tip.seq > 0));
                (!written, self.logs.depth(*join), *join)
            })
            .collect();
        joins.sort_unstable();
        let place = joins.iter().position(|(.., join)| join.0 == member.0);
        place.is_some_and(|place| place >= usize::from(open.invite.uses))
    }

    /// Which pursuance.
    #[must_use]
    pub const fn pursuance(&self) -> PursuanceId {
        self.pursuance
    }

    /// This device's keys.
    #[must_use]
    pub const fn device(&self) -> &DeviceKeys {
        &self.device
    }

    /// The graph of entries.
    #[must_use]
    pub const fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Who may do what.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The tasks.
    #[must_use]
    pub const fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The member that this device belongs to, once its first entry counts.
    #[must_use]
    pub fn me(&self) -> Option<MemberId> {
        self.authority.member_of(self.device.author())
    }

    /// Whether I am a member and can write: my first entry counts and I hold a usable epoch.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.me().is_some() && self.usable_epoch().is_some()
    }

    /// Entries that need a newer version.
    #[must_use]
    pub fn needs_newer(&self) -> usize {
        let public = self.authority.verdicts().filter(|(_, verdict)| **verdict == Verdict::NeedsNewer).count();
        public + self.tasks.needs_newer().len()
    }

    fn append_one(
        &mut self,
        entry: Entry,
        shelf: &dyn Shelf,
        entries: &mut Vec<EntryId>,
        released: &mut Vec<Entry>,
    ) -> Append {
        let id = entry.id();
        self.logs.fetch_for(&entry, shelf);
        // Judged before it is appended: links go from hand to hand, and what their holders send must not fill the log.
        if self.logs.missing(&entry).is_some_and(|missing| missing.is_empty())
            && let Some(Verdict::Refused(refusal)) = self.authority.admits(self.pursuance, &self.logs, &entry)
        {
            return Append::Refused(refusal);
        }
        let append = self.logs.append(entry, released);
        if matches!(append, Append::Appended | Append::Equivocation { .. }) {
            entries.push(id);
            self.derive(id, shelf);
        }
        append
    }

    /// A welcome can be opened before it can be judged: it names entries that only the epoch it brings makes readable. The
    /// secret is checked against the id that commits to it, and counts for nothing until the log names that id (K5).
    fn look_for_welcome(&mut self, entry: &Entry, shelf: &dyn Shelf) {
        let Content::Public(ops) = &entry.body().content else { return };
        let me = self.device.author();
        let found: Vec<EpochSecret> = ops
            .iter()
            .filter_map(|op| match op {
                Op::Welcome(welcome) if welcome.to == me && !self.epochs.contains_key(&welcome.epoch) => {
                    EpochSecret::open_seal(self.pursuance, welcome.role, welcome.epoch, &self.device, &welcome.sealed)
                        .ok()
                }
                _ => None,
            })
            .collect();
        for secret in found {
            self.learn_epoch_from(secret, shelf);
        }
    }

    fn derive(&mut self, id: EntryId, shelf: &dyn Shelf) {
        let Some(entry) = self.logs.entry(id) else { return };
        let standing = match self.authority.judge(self.pursuance, &self.logs, entry) {
            Verdict::Counts => Standing::Counts,
            Verdict::Refused(_) => Standing::Refused,
            Verdict::NeedsNewer => Standing::NeedsNewer,
            Verdict::Held(_) => Standing::Held,
        };
        self.logs.set_standing(id, standing);
        let Some(entry) = self.logs.entry(id).filter(|_| standing == Standing::Counts) else { return };
        let (me, mine) = (self.device.author(), package_tag(&self.device.key_package().id()));
        let seals: Vec<(RoleId, EpochId, Vec<u8>)> = match &entry.body().content {
            Content::Public(ops) => ops
                .iter()
                .filter_map(|op| match op {
                    Op::RoleEpoch(epoch) if !self.epochs.contains_key(&epoch.epoch) => {
                        let seal = epoch.seals.iter().find(|seal| seal.tag == mine)?;
                        Some((epoch.role, epoch.epoch, seal.sealed.clone()))
                    }
                    // Looked at once more: it may have been put aside as a candidate before the log named its epoch.
                    Op::Welcome(welcome) if welcome.to == me && !self.epochs.contains_key(&welcome.epoch) => {
                        Some((welcome.role, welcome.epoch, welcome.sealed.clone()))
                    }
                    _ => None,
                })
                .collect(),
            Content::Role(_) => Vec::new(),
        };
        if matches!(entry.body().content, Content::Role(_)) {
            self.open_entry(id, WHOLE_ENTRY, Arrival::WithEntry, shelf);
        }
        for (role, epoch, sealed) in seals {
            if let Ok(secret) = EpochSecret::open_seal(self.pursuance, role, epoch, &self.device, &sealed) {
                self.learn_epoch_from(secret, shelf);
            }
        }
    }

    /// Opens a role entry, or one item of it, as far as the secrets held allow; the rest waits.
    fn open_entry(&mut self, id: EntryId, only: u16, arrival: Arrival, shelf: &dyn Shelf) {
        let Some(entry) = self.logs.entry(id).cloned() else { return };
        let Content::Role(part) = &entry.body().content else { return };
        let audiences = 0..part.audiences.len();
        let opened: Vec<Opening> =
            audiences.map(|audience| self.open_for(&entry, part, audience, only, arrival, shelf)).collect();
        if !opened.contains(&Opening::Done) {
            self.changes.unread.push((id, WHOLE_ENTRY));
            for audience in &part.audiences {
                self.sealed.entry(audience.epoch).or_default().insert(id);
            }
        }
    }

    fn open_for(
        &mut self,
        entry: &Entry,
        part: &RolePart,
        audience: usize,
        only: u16,
        arrival: Arrival,
        shelf: &dyn Shelf,
    ) -> Opening {
        let audience = &part.audiences[audience];
        let Some(at) = self.place_of(entry) else { return Opening::Done };
        let Some(epoch) = self.epochs.get(&audience.epoch) else { return Opening::WaitsForEpoch };
        let wanted = |item: usize| only == WHOLE_ENTRY || number(item) == only;
        match open_audience(at, audience, epoch, part.items.len()) {
            // K8
            Err(_) => {
                for item in (0..part.items.len()).filter(|item| wanted(*item)) {
                    self.tasks.refuse(entry.id(), number(item), Refusal::BadKeys);
                }
            }
            Ok(hints) => {
                for (index, hint) in hints.into_iter().enumerate().filter(|(index, _)| wanted(*index)) {
                    let slot = (hint.task, hint.generation);
                    self.learn_task_key(at, number(index), hint, shelf);
                    self.open_one(entry, part, index, slot, audience.role, arrival, shelf);
                }
            }
        }
        Opening::Done
    }

    #[allow(clippy::too_many_arguments, reason = "an item is all of these")]
    fn open_one(
        &mut self,
        entry: &Entry,
        part: &RolePart,
        index: usize,
        slot: (TaskId, u32),
        audience: RoleId,
        arrival: Arrival,
        shelf: &dyn Shelf,
    ) {
        let (Some(at), Some(by)) = (self.place_of(entry), self.authority.speaker(entry)) else { return };
        let item = number(index);
        let Some(key) = self.task_keys.get(&slot) else {
            self.changes.unread.push((entry.id(), item));
            self.keyless.entry(slot).or_default().insert((entry.id(), item));
            return;
        };
        match open_item(at, index, &part.items[index], key) {
            Some(Ok(ops)) => {
                let own_id = task_id(at, item, key);
                let opened = Opened::new(entry, item, by, audience, slot.0, own_id, ops);
                self.fetch_for_item(&opened, arrival, shelf);
                self.tasks.take(&self.authority, &self.logs, opened);
            }
            Some(Err(_)) | None => self.tasks.refuse(entry.id(), item, Refusal::BadKeys),
        }
    }

    /// Brings into memory what an item is compared with: the writes it may come before, and items that wait for it.
    fn fetch_for_item(&mut self, opened: &Opened, arrival: Arrival, shelf: &dyn Shelf) {
        let late = match arrival {
            Arrival::Late => self.tasks.task(opened.task),
            Arrival::WithEntry => None,
        };
        let compared: Vec<EntryId> =
            late.iter().flat_map(|task| task.entries()).chain(self.tasks.early(opened.task)).collect();
        for entry in compared {
            self.logs.fetch(entry, shelf);
        }
    }

    /// A task's first key is taken only from where the task was created: there, and only there, the id shows that it is the
    /// one (T1). Whatever else somebody hands out for that task is ignored.
    fn learn_task_key(&mut self, at: Where, item: u16, hint: ItemHint, shelf: &dyn Shelf) {
        let slot = (hint.task, hint.generation);
        let Some(key) = hint.key.filter(|key| hint.generation == 0 && task_id(at, item, key) == hint.task) else {
            return;
        };
        if self.task_keys.contains_key(&slot) {
            return;
        }
        self.task_keys.insert(slot, key);
        for (id, item) in self.keyless.remove(&slot).unwrap_or_default() {
            self.changes.read.push((id, item));
            self.logs.fetch(id, shelf);
            let Some(entry) = self.logs.entry(id).cloned() else { continue };
            let Content::Role(part) = &entry.body().content else { continue };
            // Only *everyone* is an audience so far, so the audience of a waiting item needs no note of its own.
            self.open_one(&entry, part, usize::from(item), slot, RoleId::EVERYONE, Arrival::Late, shelf);
        }
    }

    fn place_of(&self, entry: &Entry) -> Option<Where> {
        let body = entry.body();
        Some(Where { pursuance: self.pursuance, author: body.author, seq: body.seq, by: body.by? })
    }
}

fn number(index: usize) -> u16 {
    u16::try_from(index).expect("at most MAX_ITEMS")
}
