//! One pursuance as one device knows it: the door for entries, the secrets held, and what follows from both
//! (docs/protocol/02-log.md, "The one door").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::authority::{Authority, Verdict, package_tag};
use crate::entry::{Content, Entry, RolePart};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId, TaskId};
use crate::keys::{CellKey, DeviceKeys, EpochSecret};
use crate::limits::MAX_EPOCH_CANDIDATES;
use crate::logs::{Append, Logs};
use crate::op::Op;
use crate::refusal::Refusal;
use crate::seal::{MAX_TASK_KEY_CANDIDATES, TaskKey, TaskKeys, Where, open_audience, open_item, task_id};
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
}

/// What a call of [`Replica::append`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// What became of the entry itself.
    pub append: Append,
    /// All entries that stand in the log now and did not before, in order.
    pub entries: Vec<EntryId>,
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
            device,
            logs: Logs::default(),
            authority: Authority::default(),
            tasks: Tasks::default(),
            epochs: BTreeMap::new(),
            task_keys: BTreeMap::new(),
            sealed: BTreeMap::new(),
            keyless: BTreeMap::new(),
            learned: Vec::new(),
        }
    }

    /// The one door: own and received entries, fresh and stored ones, come in here.
    pub fn append(&mut self, entry: Entry) -> Appended {
        let mut entries = Vec::new();
        let mut released = Vec::new();
        self.look_for_welcome(&entry);
        let first = self.append_one(entry, &mut entries, &mut released);
        // A list, not recursion: a chain of a million waiting entries must not overflow the stack.
        while let Some(entry) = released.pop() {
            self.append_one(entry, &mut entries, &mut released);
        }
        Appended { append: first, entries }
    }

    /// Learns an epoch's secret, and reads what waited for it. Secrets of epochs that no entry names are kept too, up to
    /// `MAX_EPOCH_CANDIDATES`: a newcomer holds the secret before the log.
    pub fn learn_epoch(&mut self, secret: EpochSecret) {
        let id = secret.id();
        let unnamed = self.epochs.keys().filter(|id| !self.authority.epochs().contains_key(id)).count();
        if self.epochs.contains_key(&id)
            || (unnamed >= MAX_EPOCH_CANDIDATES && !self.authority.epochs().contains_key(&id))
        {
            return;
        }
        self.learned.push(secret.clone());
        self.epochs.insert(id, secret);
        for entry in self.sealed.remove(&id).unwrap_or_default() {
            self.open_entry(entry);
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
        let counting = self.authority.epochs().iter().filter(|(id, (role, _))| {
            *role == RoleId::EVERYONE && self.epochs.contains_key(id)
        });
        let first = counting.min_by_key(|(_, (_, entry))| {
            let author = self.logs.entry(*entry).map(|entry| entry.body().author);
            let member = author.and_then(|author| self.authority.member_of(author));
            (member.and_then(|member| self.authority.seniority(member)), self.logs.depth(*entry), *entry)
        });
        first.and_then(|(id, _)| self.epochs.get(id))
    }

    /// Devices that read everyone's epoch by right and have not been handed it, as far as is known here: to be welcomed.
    /// Those that came by a link used more often than it says are left to a person's decision (J9).
    #[must_use]
    pub fn unwelcomed(&self) -> Vec<AuthorId> {
        let Some(epoch) = self.usable_epoch().map(EpochSecret::id) else { return Vec::new() };
        let Some((_, made)) = self.authority.epochs().get(&epoch) else { return Vec::new() };
        let sealed_to: BTreeSet<AuthorId> =
            self.authority.packages_known(&self.logs, Some(*made)).into_iter().map(|(.., author)| author).collect();
        let members = self.authority.members().iter();
        members
            .filter(|(id, member)| {
                !sealed_to.contains(&member.author)
                    && !self.authority.is_welcomed(epoch, member.author)
                    && !self.is_surplus(**id)
            })
            .map(|(_, member)| member.author)
            .collect()
    }

    /// Whether more members came by this member's invite than it says, and this one is not among the first of them (J8).
    #[must_use]
    pub fn is_surplus(&self, member: MemberId) -> bool {
        let Some(by) = self.authority.members().get(&member).and_then(|member| member.invite) else { return false };
        let Some(open) = self.authority.invites().get(&by) else { return false };
        let mut joins: Vec<_> = open.joins.iter().map(|join| (self.logs.depth(*join), *join)).collect();
        joins.sort_unstable();
        let place = joins.iter().position(|(_, join)| join.0 == member.0);
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

    fn append_one(&mut self, entry: Entry, entries: &mut Vec<EntryId>, released: &mut Vec<Entry>) -> Append {
        let id = entry.id();
        let append = self.logs.append(entry, released);
        if matches!(append, Append::Appended | Append::Equivocation { .. }) {
            entries.push(id);
            self.derive(id);
        }
        append
    }

    /// A welcome can be opened before it can be judged: it names entries that only the epoch it brings makes readable. The
    /// secret is checked against the id that commits to it, and counts for nothing until the log names that id (K5).
    fn look_for_welcome(&mut self, entry: &Entry) {
        let Content::Public(ops) = &entry.body().content else { return };
        let me = self.device.author();
        let found: Vec<EpochSecret> = ops
            .iter()
            .filter_map(|op| match op {
                Op::Welcome(welcome) if welcome.to == me && !self.epochs.contains_key(&welcome.epoch) => {
                    EpochSecret::open_seal(self.pursuance, welcome.role, welcome.epoch, &self.device, &welcome.sealed).ok()
                }
                _ => None,
            })
            .collect();
        for secret in found {
            self.learn_epoch(secret);
        }
    }

    fn derive(&mut self, id: EntryId) {
        let Some(entry) = self.logs.entry(id) else { return };
        let verdict = self.authority.judge(self.pursuance, &self.logs, entry);
        if verdict != Verdict::Counts {
            return;
        }
        let mine = package_tag(&self.device.key_package().id());
        let seals: Vec<(RoleId, EpochId, Vec<u8>)> = match &entry.body().content {
            Content::Public(ops) => ops
                .iter()
                .filter_map(|op| match op {
                    Op::RoleEpoch(epoch) if !self.epochs.contains_key(&epoch.epoch) => {
                        let seal = epoch.seals.iter().find(|seal| seal.tag == mine)?;
                        Some((epoch.role, epoch.epoch, seal.sealed.clone()))
                    }
                    _ => None,
                })
                .collect(),
            Content::Role(_) => Vec::new(),
        };
        if matches!(entry.body().content, Content::Role(_)) {
            self.open_entry(id);
        }
        for (role, epoch, sealed) in seals {
            if let Ok(secret) = EpochSecret::open_seal(self.pursuance, role, epoch, &self.device, &sealed) {
                self.learn_epoch(secret);
            }
        }
    }

    /// Opens a role entry as far as the secrets held allow; the rest waits.
    fn open_entry(&mut self, id: EntryId) {
        let Some(entry) = self.logs.entry(id).cloned() else { return };
        let Content::Role(part) = &entry.body().content else { return };
        let opened: Vec<Opening> =
            (0..part.audiences.len()).map(|audience| self.open_for(&entry, part, audience)).collect();
        if !opened.contains(&Opening::Done) {
            for audience in &part.audiences {
                self.sealed.entry(audience.epoch).or_default().insert(id);
            }
        }
    }

    fn open_for(&mut self, entry: &Entry, part: &RolePart, audience: usize) -> Opening {
        let audience = &part.audiences[audience];
        let at = Where { pursuance: self.pursuance, author: entry.body().author, seq: entry.body().seq };
        let Some(epoch) = self.epochs.get(&audience.epoch) else { return Opening::WaitsForEpoch };
        match open_audience(at, audience, epoch, part.items.len()) {
            // K8
            Err(_) => {
                for item in 0..part.items.len() {
                    self.tasks.refuse(entry.id(), number(item), Refusal::BadKeys);
                }
            }
            Ok(hints) => {
                for (index, hint) in hints.into_iter().enumerate() {
                    let slot = (hint.task, hint.generation);
                    if let Some(key) = hint.key {
                        self.learn_task_key(slot, key);
                    }
                    self.open_one(entry, part, index, slot, audience.role);
                }
            }
        }
        Opening::Done
    }

    fn open_one(&mut self, entry: &Entry, part: &RolePart, index: usize, slot: (TaskId, u32), audience: RoleId) {
        let at = Where { pursuance: self.pursuance, author: entry.body().author, seq: entry.body().seq };
        let item = number(index);
        let keys = self.task_keys.get(&slot).map_or(&[][..], Vec::as_slice);
        let Some(opened) = keys.iter().find_map(|key| open_item(at, index, &part.items[index], key)) else {
            self.keyless.entry(slot).or_default().insert((entry.id(), item));
            return;
        };
        match (opened, self.authority.speaker(entry)) {
            (Ok(ops), Some(by)) => {
                let opened = Opened::new(entry, item, by, audience, slot.0, task_id(at, item), ops);
                self.tasks.take(&self.authority, &self.logs, opened);
            }
            _ => self.tasks.refuse(entry.id(), item, Refusal::BadKeys),
        }
    }

    fn learn_task_key(&mut self, slot: (TaskId, u32), key: TaskKey) {
        let keys = self.task_keys.entry(slot).or_default();
        if keys.len() >= MAX_TASK_KEY_CANDIDATES || keys.contains(&key) {
            return;
        }
        keys.push(key);
        for (entry, item) in self.keyless.remove(&slot).unwrap_or_default() {
            let Some(entry) = self.logs.entry(entry).cloned() else { continue };
            let Content::Role(part) = &entry.body().content else { continue };
            // Only *everyone* is an audience so far, so the audience of a waiting item needs no note of its own.
            self.open_one(&entry, part, usize::from(item), slot, RoleId::EVERYONE);
        }
    }
}

fn number(index: usize) -> u16 {
    u16::try_from(index).expect("at most MAX_ITEMS")
}
