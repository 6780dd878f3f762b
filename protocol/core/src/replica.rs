//! One pursuance as one device knows it: the door for entries, the secrets held, and what follows from both
//! (docs/protocol/02-log.md, "The one door").

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::{Authority, Verdict, package_tag};
use crate::clock::Dot;
use crate::entry::{Content, Entry};
use crate::epochs::SealedThen;
use crate::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId, TaskId};
use crate::kept::encode_task;
use crate::keys::{CellKey, DeviceKeys, EpochSecret};
use crate::limits::MAX_EPOCH_CANDIDATES;
use crate::logs::{Append, Chain, Logs, Standing};
use crate::op::Op;
use crate::opening::Arrival;
use crate::overtaken::OwnLog;
use crate::refusal::Refusal;
use crate::shelf::{Changes, ItemNote, KeptEntry, KeptTask, Nothing, Shelf, WHOLE_ENTRY};
use crate::since::ReadersThen;
use crate::task_keys::TaskKeys;
use crate::tasks::{Task, Tasks};
use crate::true_seals::Weighed;

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
    pub(crate) sealed: BTreeMap<EpochId, BTreeSet<EntryId>>,
    /// Which items are about which task; of those on a shelf, the shelf knows.
    pub(crate) touches: BTreeMap<TaskId, BTreeSet<(EntryId, u16)>>,
    /// Bytes of long work since the shelf took what changed.
    pub(crate) heavy_bytes: usize,
    learned: Vec<EpochSecret>,
    /// Secrets of lists that were sealed to this device alone (K15).
    pub(crate) list_secrets: BTreeMap<EpochId, EpochSecret>,
    /// Those that are to be kept.
    pub(crate) learned_lists: Vec<EpochSecret>,
    /// Tasks whose items others may have said in entries that are not for me, since these were looked through.
    pub(crate) newly_shared: BTreeSet<TaskId>,
    /// Secrets held of epochs that no entry names yet, oldest first.
    candidates: VecDeque<EpochId>,
    /// Devices that are known to have been handed an epoch: the seals were made again and compared.
    pub(crate) handed: BTreeSet<(EpochId, AuthorId)>,
    /// The same, by entries that introduce epochs (K24).
    pub(crate) weighed: Weighed,
    /// Who read when epochs were made.
    pub(crate) readers_then: ReadersThen,
    /// To which devices epochs were sealed.
    pub(crate) sealed_then: SealedThen,
    pub(crate) own_log: OwnLog,
    /// Standings that tests give to entries before they come.
    #[cfg(test)]
    pub(crate) forced: BTreeMap<EntryId, Standing>,
}

/// What a call of [`Replica::append`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// What became of the entry itself.
    pub append: Append,
    /// All entries that stand in the log now and did not before, in order.
    pub entries: Vec<EntryId>,
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
            task_keys: TaskKeys::default(),
            sealed: BTreeMap::new(),
            touches: BTreeMap::new(),
            heavy_bytes: 0,
            learned: Vec::new(),
            list_secrets: BTreeMap::new(),
            learned_lists: Vec::new(),
            newly_shared: BTreeSet::new(),
            candidates: VecDeque::new(),
            handed: BTreeSet::new(),
            weighed: Weighed::default(),
            readers_then: ReadersThen::default(),
            sealed_then: SealedThen::default(),
            own_log: OwnLog::default(),
            #[cfg(test)]
            forced: BTreeMap::new(),
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
        self.open_seals(&entry, shelf);
        let own = (entry.body().author == self.device.author()).then(|| entry.id());
        let first = self.append_one(entry, shelf, &mut entries, &mut released);
        if let Some(id) = own {
            self.own_log.note(id, &first);
        }
        // A list, not recursion: a chain of a million waiting entries must not overflow the stack.
        while let Some(entry) = released.pop() {
            self.append_one(entry, shelf, &mut entries, &mut released);
        }
        self.find_shared(shelf);
        Appended { append: first, entries }
    }

    /// Takes up where a shelf left off: what is known of the chains, the entries that nothing names yet and how many entries
    /// there are; the public layer in the order in which it came; role entries that ops of it mention ([`Entry::mentions`]).
    pub fn take_up(
        &mut self,
        chains: Vec<Chain>,
        arrivals: u64,
        public: Vec<KeptEntry>,
        unnamed: Vec<KeptEntry>,
        mentioned: Vec<KeptEntry>,
    ) {
        for kept in mentioned {
            self.logs.put_back(kept);
        }
        let tips = unnamed.iter().map(|kept| kept.entry.id()).collect();
        self.logs.put_back_chains(chains, tips, arrivals);
        for kept in public {
            let (id, standing) = (kept.entry.id(), kept.standing);
            self.logs.put_back(kept);
            let Some(entry) = self.logs.entry(id) else { continue };
            // What was permitted is permitted for ever; why something was refused is found again.
            if matches!(standing, Standing::Counts | Standing::Held) {
                self.authority.take_back(self.pursuance, &self.logs, entry);
            } else {
                self.authority.judge(self.pursuance, &self.logs, entry);
            }
        }
        for kept in unnamed {
            self.logs.put_back(kept);
        }
        // What followed was kept.
        self.authority.take_doubt();
        self.candidates.retain(|id| !self.authority.names_epoch(*id));
    }

    /// Takes up an entry that waits for an epoch's secret.
    pub fn take_up_unread(&mut self, id: EntryId, shelf: &dyn Shelf) {
        self.logs.fetch(id, shelf);
        self.tasks.note(id, WHOLE_ENTRY, ItemNote::Nothing);
        self.open_entry(id, Arrival::Late, shelf);
        if let Some(entry) = self.logs.entry(id).cloned() {
            self.lighten(&entry, shelf);
        }
    }

    /// Hands out what a shelf does not have yet.
    pub fn take_changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        let touches =
            self.touches.iter().flat_map(|(task, items)| items.iter().map(|(entry, item)| (*task, *entry, *item)));
        changes.touches.extend(touches);
        self.logs.take_changes(&mut changes);
        self.tasks.take_changes(&mut changes);
        changes
    }

    /// Brings entries into memory, if they stand in the log.
    pub fn fetch<'a>(&mut self, entries: impl Iterator<Item = &'a EntryId>, shelf: &dyn Shelf) {
        entries.for_each(|id| self.logs.fetch(*id, shelf));
    }

    /// Puts down what a shelf has: threads, and all entries but the public layer and those that nothing names.
    pub fn put_down(&mut self) {
        self.logs.put_down();
        self.authority.put_down(&self.logs);
        self.tasks.put_down();
        self.touches.clear();
    }

    /// Takes up a task as it was kept, without its thread, and its key.
    pub fn take_up_task(&mut self, id: TaskId, kept: KeptTask) {
        if kept.task.created.is_some() {
            self.tasks.put_back(id, kept.task);
        }
        self.task_keys.put_back(id, kept.keys);
    }

    /// A task that changed as bytes for the shelf: nothing but its key, where its creation does not count.
    #[must_use]
    pub fn kept_task(&self, id: TaskId) -> Option<Vec<u8>> {
        let keys = self.task_keys.of(id);
        let none = Task::default();
        (!keys.is_empty()).then(|| encode_task(self.tasks.task(id).unwrap_or(&none), keys))
    }

    /// Learns an epoch's secret, and reads what waited for it. Secrets of epochs that no entry names are kept too, the
    /// newest `MAX_EPOCH_CANDIDATES`: a newcomer holds the secret before the log, and junk must not keep the true one out.
    pub fn learn_epoch(&mut self, secret: EpochSecret) {
        self.learn_epoch_from(secret, &Nothing);
    }

    pub(crate) fn learn_epoch_from(&mut self, secret: EpochSecret, shelf: &dyn Shelf) {
        // A list, not recursion: anybody can make a long row of epochs.
        let mut open = vec![secret];
        while let Some(secret) = open.pop() {
            let id = secret.id();
            if self.epochs.contains_key(&id) {
                continue;
            }
            self.candidates.retain(|id| !self.authority.names_epoch(*id));
            if !self.authority.names_epoch(id) {
                self.candidates.push_back(id);
                if self.candidates.len() > MAX_EPOCH_CANDIDATES
                    && let Some(oldest) = self.candidates.pop_front()
                {
                    self.epochs.remove(&oldest);
                }
            }
            self.learned.push(secret.clone());
            self.epochs.insert(id, secret);
            // Where what made it came before its secret, older ones wait there too (K9).
            open.extend(self.linked_back_from(id));
            for entry in self.sealed.remove(&id).unwrap_or_default() {
                self.take_up_unread(entry, shelf);
            }
        }
        self.find_shared(shelf);
    }

    /// Takes up the secret of a list that was sealed to this device alone.
    pub fn take_up_list_secret(&mut self, secret: EpochSecret) {
        self.list_secrets.insert(secret.id(), secret);
    }

    /// Secrets of such lists learned since the last call: to be kept, as what they were sealed to may be erased.
    pub fn take_learned_lists(&mut self) -> Vec<EpochSecret> {
        core::mem::take(&mut self.learned_lists)
    }

    /// Takes up secrets as they were kept; which of them the log names, it says when it is taken up.
    pub fn take_up_epochs(&mut self, secrets: impl Iterator<Item = EpochSecret>) {
        for secret in secrets {
            let id = secret.id();
            self.candidates.push_back(id);
            self.epochs.insert(id, secret);
        }
    }

    /// Epoch secrets learned since the last call: to be kept, and cells to be read again with them.
    pub fn take_learned(&mut self) -> Vec<EpochSecret> {
        core::mem::take(&mut self.learned)
    }

    /// Keys by which cells of this pursuance are recognised: of all epochs held and of all invites known.
    #[must_use]
    pub fn cell_keys(&self) -> Vec<CellKey> {
        let invites = self.authority.invite_secrets().map(CellKey::of_invite);
        self.epochs.values().map(EpochSecret::cell_key).chain(invites).collect()
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

    /// The secret of an epoch, if it is held.
    #[must_use]
    pub fn epoch(&self, epoch: EpochId) -> Option<&EpochSecret> {
        self.epochs.get(&epoch)
    }

    /// The keys of tasks that are held.
    #[must_use]
    pub const fn task_keys(&self) -> &TaskKeys {
        &self.task_keys
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

    /// Whether I am a member and can write: I am here with this device, and hold a usable epoch.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.is_here() && self.held_epochs(RoleId::EVERYONE).next().is_some()
    }

    /// Why I belong no more, or not yet, or this device does not; `None` for whoever is here, and for a stranger who comes.
    #[must_use]
    pub fn absence(&self) -> Option<Refusal> {
        let Some(me) = self.me() else { return self.is_stranger().then_some(Refusal::DeviceRemoved) };
        let device = self.device.author();
        let taken = || !self.authority.members().get(&me).is_some_and(|member| member.devices.contains_key(&device));
        self.authority.absence(me).or_else(|| taken().then_some(Refusal::DeviceRemoved))
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
        let is_whole = self.logs.missing(&entry).is_some_and(|missing| missing.is_empty());
        let admitted = if is_whole { self.authority.admits(self.pursuance, &self.logs, &entry) } else { None };
        if let Some(Verdict::Refused(refusal)) = admitted {
            return Append::Refused(refusal);
        }
        let append = self.logs.append(entry, released);
        if matches!(append, Append::Appended | Append::Equivocation { .. }) {
            entries.push(id);
            self.derive(id, admitted.as_ref(), shelf);
        }
        append
    }

    /// Learns what an entry seals to this device, and older secrets that an epoch brings along (K9). This is done as soon as it
    /// is seen, before it can be judged: it names entries that only the epoch it brings makes readable. The secret is checked
    /// against the id that commits to it, and counts for nothing until the log names that id (K5).
    fn open_seals(&mut self, entry: &Entry, shelf: &dyn Shelf) {
        let Content::Public(ops) = &entry.body().content else { return };
        for op in ops {
            let (role, epoch, sealed) = match op {
                Op::RoleEpoch(made) => {
                    let mine: Vec<_> = self.device.key_packages().map(|package| package_tag(&package.id())).collect();
                    let Some(seal) = made.seals.iter().find(|seal| mine.contains(&seal.tag)) else { continue };
                    (made.role, made.epoch, &seal.sealed)
                }
                Op::Welcome(welcome) if welcome.to == self.device.author() => {
                    (welcome.role, welcome.epoch, &welcome.sealed)
                }
                _ => continue,
            };
            if self.epochs.contains_key(&epoch) {
                continue;
            }
            if let Ok(secret) = EpochSecret::open_seal(self.pursuance, role, epoch, &self.device, sealed) {
                self.learn_epoch_from(secret, shelf);
            }
        }
        for secret in ops.iter().flat_map(|op| self.linked_back(op)).collect::<Vec<_>>() {
            self.learn_epoch_from(secret, shelf);
        }
    }

    /// Whether an op brings secrets that are not held: an entry for hundreds of readers is not copied in vain.
    fn may_learn(&self, op: &Op) -> bool {
        match op {
            Op::RoleEpoch(made) => {
                let mut named = made.backlinks.iter().map(|link| link.parent).chain([made.epoch]);
                named.any(|epoch| !self.epochs.contains_key(&epoch))
            }
            Op::Welcome(welcome) => !self.epochs.contains_key(&welcome.epoch),
            _ => false,
        }
    }

    fn derive(&mut self, id: EntryId, admitted: Option<&Verdict>, shelf: &dyn Shelf) {
        let Some(entry) = self.logs.entry(id) else { return };
        // What was signed inside is dear to check; of who was just let in it was checked.
        let verdict = if admitted == Some(&Verdict::Counts) {
            self.authority.take_back(self.pursuance, &self.logs, entry)
        } else {
            self.authority.judge(self.pursuance, &self.logs, entry)
        };
        let standing = verdict.standing();
        #[cfg(test)]
        let standing = self.forced.get(&id).copied().unwrap_or(standing);
        self.logs.set_standing(id, standing);
        let Some(entry) = self.logs.entry(id) else { return };
        if matches!(entry.body().content, Content::Role(_)) {
            return self.open_entry(id, Arrival::InOrder, shelf);
        }
        if says(entry, |op| matches!(op, Op::KeyPackage(_))) {
            // What was sealed to an older one may have come too late (K22).
            let author = entry.body().author;
            self.handed.retain(|(_, to)| *to != author);
        }
        let Some(entry) = self.logs.entry(id) else { return };
        if matches!(standing, Standing::Counts | Standing::Held) && says(entry, |op| self.may_learn(op)) {
            // Once more, also where it is held: it may have been put aside as a candidate before the log named its epoch, and
            // others may have written with that epoch before they knew.
            let entry = entry.clone();
            self.open_seals(&entry, shelf);
        }
        self.settle(shelf);
    }

    /// Lets everybody whose verdict the newest entry changed stand as they are judged now.
    fn settle(&mut self, shelf: &dyn Shelf) {
        let doubt = self.authority.take_doubt();
        if doubt.is_empty() {
            return;
        }
        for id in doubt.public {
            let Some(standing) = self.authority.verdict(id).map(Verdict::standing) else { continue };
            self.logs.set_standing(id, standing);
        }
        let mut flipped = Vec::new();
        for (chain, from) in doubt.chains {
            for seq in from..=self.logs.chains()[chain as usize].tip.seq {
                let dot = Dot { chain, seq };
                let id = self.logs.at(dot).or_else(|| shelf.at(dot));
                flipped.extend(id.and_then(|id| self.stands_otherwise(id, shelf)));
            }
        }
        for id in doubt.ratified {
            flipped.extend(self.stands_otherwise(id, shelf));
        }
        self.restand(&flipped, shelf);
    }

    /// How a role entry stands now, if that is otherwise than before.
    fn stands_otherwise(&mut self, id: EntryId, shelf: &dyn Shelf) -> Option<(EntryId, Standing)> {
        self.logs.fetch(id, shelf);
        let entry = self.logs.entry(id).filter(|entry| matches!(entry.body().content, Content::Role(_)))?.clone();
        let before = self.logs.standing(id)?;
        let mut now = None;
        if matches!(before, Standing::Counts | Standing::Held) {
            let verdict = self.authority.judge_again(&self.logs, &entry);
            now = Some(verdict.standing()).filter(|now| *now != before);
            self.authority.note_verdict(id, verdict);
        }
        self.lighten(&entry, shelf);
        now.map(|now| (id, now))
    }
}

fn says(entry: &Entry, what: impl Fn(&Op) -> bool) -> bool {
    let Content::Public(ops) = &entry.body().content else { return false };
    ops.iter().any(what)
}
