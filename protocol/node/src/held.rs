//! One pursuance as this node holds it: its replica, what is not whole yet, what is to be sealed (docs/protocol/08-node.md, section 6).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pursuance_core::code::DeviceCode;
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::fragment::Fragments;
use pursuance_core::id::{AuthorId, EntryId, EpochId, PursuanceId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::link::InviteLink;
use pursuance_core::op::{Op, RecoveryKey};
use pursuance_core::order::Order;
use pursuance_core::pages::Places;
use pursuance_core::plan::Circumstances;
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_wire::RelayAddress;
use pursuance_wire::log::SlotNumber;
use zeroize::Zeroizing;

use crate::chance::random;
use crate::devices::{OpenCode, kept_closing};
use crate::local::kept_order;
use crate::own::{Own, kept_own};
use crate::stack::wipe_stack;
use crate::store::{
    Changes, Door, Handed, KeptEntryBytes, KeptPursuance, KeptStanding, Number, Store, StoreError, StoreShelf,
};

mod apart;
mod ingest;
mod renewing;
mod writing;

pub(crate) use ingest::Ingested;
pub(crate) use writing::{new_entry, sealed_cells};

/// Entries that are held at once while everything is derived again.
const ENTRIES_AT_ONCE: usize = 1_000;

/// Secrets that are remembered so that each has everything read again once, for each pursuance: half a megabyte of ids.
const MAX_LEARNED_ONCE: usize = 16_384;

/// Changes that can be taken back, one after the other.
pub const MAX_UNDO: usize = 100;

/// By what this computer came, or comes.
pub(crate) enum Way {
    /// As somebody new.
    Invite(InviteLink),
    /// As a further computer of somebody.
    Code(DeviceCode),
}

impl Way {
    /// As it is kept.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let invite = InviteLink::parse(text).ok().map(Self::Invite);
        invite.or_else(|| DeviceCode::parse(text).ok().map(Self::Code))
    }

    fn cell_key(&self) -> CellKey {
        match self {
            Self::Invite(link) => CellKey::of_invite(&link.secret.cell_secret()),
            Self::Code(code) => code.secret.cell_key(),
        }
    }

    /// The relay that it names.
    pub(crate) const fn relay(&self) -> RelayAddress {
        match self {
            Self::Invite(link) => link.relay,
            Self::Code(code) => code.relay,
        }
    }

    /// What it opens stands on that relay at this index, or later.
    pub(crate) const fn first_index(&self) -> u64 {
        match self {
            Self::Invite(link) => link.from_index,
            Self::Code(code) => code.from_index,
        }
    }
}

/// One pursuance, or an open invite.
pub(crate) struct Held {
    pub(crate) number: Number,
    pub(crate) id: PursuanceId,
    pub(crate) standing: KeptStanding,
    pub(crate) since_seconds: u64,
    pub(crate) way: Option<Way>,
    pub(crate) preview: Option<Preview>,
    pub(crate) replica: Replica,
    pub(crate) own_invites: BTreeMap<EntryId, Zeroizing<String>>,
    /// The code shown for one more computer of mine.
    pub(crate) code: Option<OpenCode>,
    /// The entry that brought me back, while links are open that I made before.
    pub(crate) closing: Option<EntryId>,
    /// The public half of a recovery key whose phrase was shown, until the phrase is typed.
    pub(crate) shown_recovery: Option<RecoveryKey>,
    /// Changes that can be taken back, each with the steps that are taken back together.
    pub(crate) undo: Vec<Vec<Vec<Command>>>,
    /// What this person keeps about the tasks.
    pub(crate) own: Own,
    /// It is there to look around in.
    pub(crate) sample: bool,
    /// How this person arranged the tasks.
    pub(crate) order: Order,
    /// Where all tasks stand, from one change to the next, as far as anybody asked.
    pub(crate) places: Option<Arc<Places>>,
    /// When own entries without a cell are to be sealed.
    pub(crate) seal_due: Option<Instant>,
    /// Of relays, the last slot of which it was said here what they signed for it.
    pub(crate) said_seen: BTreeMap<Number, SlotNumber>,
    /// When a newcomer is to be welcomed, unless somebody else did.
    pub(crate) welcome_due: BTreeMap<AuthorId, Instant>,
    /// When a new epoch is to be made, unless somebody else did.
    pub(crate) epoch_due: Option<Instant>,
    /// When it is looked whether the key package is to be renewed.
    pub(crate) package_due: Option<Instant>,
    /// By how much later it is renewed than it could be.
    package_delay: Duration,
    /// When cells are posted that were sealed apart from those of other pursuances.
    pub(crate) post_due: Option<Instant>,
    /// Entries of newer versions, kept as they came.
    pub(crate) newer_entries: usize,
    /// A secret is held by which nothing was read yet.
    pub(crate) unread: bool,
    /// Secrets came by which older cells can be opened.
    learned: Vec<EpochId>,
    /// Those for which everything was read again since this was loaded.
    learned_once: LearnedOnce,
    fragments: BTreeMap<[u8; 32], Fragments>,
    /// What entries claim as their time that ended a task, as far as it was asked for.
    pub(crate) claimed_seconds: BTreeMap<EntryId, u64>,
    /// Own entries that no relay signed for.
    unhanded: BTreeSet<EntryId>,
    posted_to_invite: BTreeMap<EntryId, Handed>,
}

impl Held {
    /// A pursuance of which nothing but its row is there.
    pub(crate) fn new(
        number: Number,
        id: PursuanceId,
        standing: KeptStanding,
        device_seed: &[u8; 32],
        way: Option<Way>,
        since_seconds: u64,
    ) -> Self {
        let device = device_of_seed(device_seed);
        wipe_stack();
        Self::with(number, id, standing, device, way, since_seconds)
    }

    /// With the stack wiped beyond the caller: much of what is put together here is nothing yet, and the room of what is
    /// nothing is not written. It would keep for as long as this is held what lay on the stack before.
    fn with(
        number: Number,
        id: PursuanceId,
        standing: KeptStanding,
        device: DeviceKeys,
        way: Option<Way>,
        since_seconds: u64,
    ) -> Self {
        let preview = match &way {
            Some(Way::Invite(link)) => Some(Preview::new(id, link.invite, InviteSecret::new(*link.secret.as_bytes()))),
            Some(Way::Code(_)) | None => None,
        };
        Self {
            number,
            id,
            standing,
            since_seconds,
            preview,
            way,
            replica: Replica::new(id, device),
            own_invites: BTreeMap::new(),
            code: None,
            closing: None,
            shown_recovery: None,
            undo: Vec::new(),
            own: Own::default(),
            sample: false,
            order: Order::default(),
            seal_due: None,
            said_seen: BTreeMap::new(),
            welcome_due: BTreeMap::new(),
            epoch_due: None,
            package_due: None,
            package_delay: Duration::ZERO,
            post_due: None,
            newer_entries: 0,
            unread: false,
            learned: Vec::new(),
            learned_once: LearnedOnce::default(),
            fragments: BTreeMap::new(),
            places: None,
            claimed_seconds: BTreeMap::new(),
            unhanded: BTreeSet::new(),
            posted_to_invite: BTreeMap::new(),
        }
    }

    /// What is stored of a pursuance: what was derived is taken up, or derived again if it has another form.
    pub(crate) fn load(store: &mut Store, kept: &KeptPursuance) -> Result<Self, StoreError> {
        wipe_stack();
        Self::load_apart(store, kept)
    }

    /// Never part of its caller, which wiped what lies beyond its own frame.
    #[inline(never)]
    fn load_apart(store: &mut Store, kept: &KeptPursuance) -> Result<Self, StoreError> {
        let way = match &kept.link {
            Some(text) => Some(Way::parse(text).ok_or(StoreError::Damaged)?),
            None => None,
        };
        let device = device_keys(store, kept)?;
        wipe_stack();
        let mut held = Self::with(kept.number, kept.id, kept.standing, device, way, kept.since_seconds);
        let secrets = store.epochs(kept.number)?;
        for secret in store.list_secrets(kept.number)? {
            held.replica.take_up_list_secret(EpochSecret::new(*secret));
        }
        // A newcomer who holds a secret and is not in was interrupted before reading again what it opens.
        held.unread = !secrets.is_empty() && kept.standing == KeptStanding::Waiting;
        // So was whoever learned another, in the same moment.
        held.unread |= store.meta(&unread_name(kept.id))?.as_deref() == Some(UNREAD);
        held.replica.take_up_epochs(secrets.iter().map(|secret| EpochSecret::new(**secret)));
        let is_taken_up = store.is_derived(kept.number)? && held.take_up(store)?;
        if !is_taken_up {
            held.derive(store)?;
        }
        // A copy of a device that could add none here (N32).
        if kept.standing == KeptStanding::Member && held.replica.me().is_none() {
            held.replica.take_up_stranger();
        }
        for part in store.fragments(kept.number)? {
            let fragment = pursuance_core::cell::Fragment {
                entry: part.entry,
                count: part.parts,
                index: part.part,
                bytes: part.bytes,
            };
            held.fragments.entry(part.cell_key).or_default().insert(fragment);
        }
        held.own_invites = store.own_invites(kept.number)?.into_iter().collect();
        held.code = OpenCode::load(store, kept.id)?;
        held.closing = kept_closing(store, kept.id)?;
        held.newer_entries = store.needs_newer(kept.number)?;
        held.order = kept_order(store, kept.id)?;
        held.own = kept_own(store, kept.id)?;
        held.sample = store.meta(&sample_name(kept.id))?.as_deref() == Some(SAMPLE);
        held.refresh_posted(store)?;
        // What was saved and not sealed before the end comes first.
        held.seal_due = Some(Instant::now());
        Ok(held)
    }

    /// Takes up what was derived, and tries again what waits; `false` where it has to be derived again.
    fn take_up(&mut self, store: &mut Store) -> Result<bool, StoreError> {
        if !store.take_up(self.number, &mut self.replica)? {
            return Ok(false);
        }
        if store.is_overtaken(self.number)? {
            self.replica.take_up_overtaken();
        }
        if self.standing != KeptStanding::Member {
            // The preview is made of whatever the link opens.
            for stored in store.entries(self.number)? {
                self.show(&decoded(&stored)?);
            }
        }
        let (waiting, unread) = (store.waiting_entries(self.number)?, store.unread_entries(self.number)?);
        if waiting.is_empty() && unread.is_empty() {
            return Ok(true);
        }
        store.write(|w| {
            let shelf = w.shelf(self.number);
            for entry in unread {
                self.replica.take_up_unread(entry, &shelf);
            }
            for stored in &waiting {
                self.enter(stored, &shelf)?;
            }
            shelf.check()?;
            self.keep_derived(w)
        })?;
        self.put_down();
        Ok(true)
    }

    /// Derives everything from the stored entries, through the same door as when they came.
    fn derive(&mut self, store: &mut Store) -> Result<(), StoreError> {
        store.write(|w| {
            w.forget_derived(self.number)?;
            let mut last_arrival = 0;
            loop {
                let some = w.entries_after(self.number, last_arrival, ENTRIES_AT_ONCE)?;
                let Some((arrival, _)) = some.last() else { break };
                last_arrival = *arrival;
                let shelf = w.shelf(self.number);
                for (_, stored) in &some {
                    self.show(&decoded(stored)?);
                    self.enter(stored, &shelf)?;
                }
                shelf.check()?;
                self.keep_derived(w)?;
                self.put_down();
            }
            w.set_derived(self.number)
        })
    }

    /// A stored entry goes in by the side on which it came.
    fn enter(&mut self, stored: &KeptEntryBytes, shelf: &StoreShelf<'_>) -> Result<(), StoreError> {
        let entry = decoded(stored)?;
        // An entry of my own that was found elsewhere shows that I am overtaken, now as then.
        if stored.own {
            self.replica.append_from(entry, shelf);
        } else {
            self.replica.receive_from(entry, shelf);
        }
        Ok(())
    }

    /// Keeps what was derived and learned, in the transaction that keeps the entries.
    pub(crate) fn keep_derived(&mut self, w: &Changes<'_>) -> Result<(), StoreError> {
        for secret in self.replica.take_learned() {
            self.learned.push(secret.id());
            w.add_epoch(self.number, secret.as_bytes())?;
        }
        for secret in self.replica.take_learned_lists() {
            w.add_list_secret(self.number, secret.as_bytes())?;
        }
        w.keep_derived(self.number, &mut self.replica)
    }

    /// After a transaction: what the store has need not be held.
    pub(crate) fn put_down(&mut self) {
        self.replica.put_down();
    }

    /// Hands the epoch to a device, under the invite by which it came: the newcomer can read nothing else. Says whether there
    /// was something to hand.
    pub(crate) fn welcome(
        &mut self,
        store: &mut Store,
        to: AuthorId,
        relays: &[Number],
        now_seconds: u64,
    ) -> Result<bool, StoreError> {
        let Some(entry) = self.replica.welcome(to, now_seconds) else { return Ok(false) };
        let key = self.invite_key_of(to).or_else(|| self.code_key_of(to));
        self.commit(store, std::slice::from_ref(&entry), |w, number| {
            let Some(key) = key else { return Ok(()) };
            for (cell, cargo) in sealed_cells(&key, &[&entry]) {
                w.add_cell(number, &cell, &cargo, Door::Invite, relays)?;
            }
            Ok(())
        })?;
        Ok(true)
    }

    /// Hands a device a task that it may read and has no key of. Says whether there was something to hand.
    pub(crate) fn hand_on(&mut self, store: &mut Store, to: AuthorId, now_seconds: u64) -> Result<bool, StoreError> {
        let mut seed = Seed::new(random());
        let mut with = Circumstances { now_seconds, seed: &mut seed, since: Vec::new() };
        let shelf = store.shelf(self.number);
        let entries = self.replica.hand_on(to, &mut with, &shelf);
        shelf.check()?;
        if entries.is_empty() {
            return Ok(false);
        }
        self.commit(store, &entries, |_, _| Ok(()))?;
        Ok(true)
    }

    /// The entries of a pursuance that was founded just now, in the transaction that makes it.
    pub(crate) fn found(&mut self, w: &Changes<'_>, entries: Vec<Entry>) -> Result<(), StoreError> {
        let shelf = w.shelf(self.number);
        for entry in entries {
            w.add_entry(self.number, &new_entry(&entry, true))?;
            self.replica.append_from(entry, &shelf);
        }
        shelf.check()?;
        self.keep_derived(w)
    }

    /// Beside the door stands the preview while I am not in.
    fn show(&mut self, entry: &Entry) {
        if let Some(preview) = self.preview.as_mut().filter(|_| self.standing != KeptStanding::Member) {
            preview.add(entry.clone());
        }
    }

    /// Reads again how far own entries have come.
    pub(crate) fn refresh_posted(&mut self, store: &Store) -> Result<(), StoreError> {
        let join = self.replica.me().map(|me| EntryId(me.0));
        self.unhanded = store.unhanded_entries(self.number, join)?;
        self.posted_to_invite = store.posted_to_invites(self.number)?.into_iter().collect();
        Ok(())
    }

    /// Whether a relay signed for an own entry.
    pub(crate) fn is_handed(&self, entry: EntryId) -> bool {
        !self.unhanded.contains(&entry)
    }

    /// Whether a relay signed for what travels under an invite's key: its preview, or my join.
    pub(crate) fn is_handed_to_invite(&self, entry: EntryId) -> bool {
        self.posted_to_invite.get(&entry) == Some(&Handed::Yes)
    }

    /// Whether an invite's preview was sealed.
    pub(crate) fn has_preview(&self, invite: EntryId) -> bool {
        self.posted_to_invite.contains_key(&invite)
    }

    /// How many own entries no relay signed for.
    pub(crate) fn kept_entries(&self) -> u32 {
        // A join that waits for the log is not in it yet.
        let waiting_join = self.standing == KeptStanding::Waiting && !self.my_join_is_handed();
        u32::try_from(self.unhanded.len()).unwrap_or(u32::MAX).saturating_add(waiting_join.into())
    }

    /// Whether a relay signed for my join.
    pub(crate) fn my_join_is_handed(&self) -> bool {
        self.posted_to_invite.values().any(|handed| *handed == Handed::Yes)
    }

    /// The relays that the pursuance names, or that its link names while the log is not readable.
    pub(crate) fn relays(&self) -> Vec<RelayAddress> {
        // Whatever its log names, nothing of it leaves this computer.
        if self.sample {
            return Vec::new();
        }
        let named = self.replica.authority().relays();
        match (&self.way, named.is_empty() || self.standing != KeptStanding::Member) {
            (Some(way), true) => vec![way.relay()],
            _ => named.to_vec(),
        }
    }

    /// Why I am in no more, or this device is not.
    pub(crate) fn absence(&self) -> Option<Refusal> {
        let in_once = self.standing == KeptStanding::Member;
        self.replica.absence().filter(|absence| in_once && *absence != Refusal::NotAdmitted)
    }

    /// Whether nothing is to be posted: I am in no more, and have said neither that I go nor that I want to be taken back.
    pub(crate) fn is_silent(&self) -> bool {
        let last = |op: &Op| matches!(op, Op::Leave | Op::RemoveDevice(_) | Op::Propose(_) | Op::Approve(_));
        self.absence().is_some() && {
            let logs = self.replica.logs();
            let newest = logs.tip(self.replica.device().author()).and_then(|tip| logs.entry(tip.id));
            !newest.is_some_and(|entry| matches!(&entry.body().content, Content::Public(ops) if ops.iter().any(last)))
        }
    }

    /// When something is due that does not wait until somebody looks around anyway.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let Self { seal_due, epoch_due, post_due, welcome_due, .. } = self;
        seal_due.iter().chain(epoch_due).chain(post_due).chain(welcome_due.values()).min().copied()
    }

    /// Nothing is due where nothing may be said: what was would stay due for ever, and have the engine look again without a pause.
    pub(crate) fn forget_dues(&mut self) {
        (self.seal_due, self.epoch_due, self.package_due, self.post_due) = (None, None, None, None);
        self.welcome_due.clear();
    }

    /// Remembers how to take a change back, by itself or together with the one before.
    pub(crate) fn remember_undo(&mut self, commands: Vec<Command>, joins: Joins) {
        if commands.is_empty() {
            return;
        }
        match self.undo.last_mut().filter(|steps| joins == Joins::Last && steps.len() < MAX_UNDO) {
            Some(steps) => steps.push(commands),
            None => {
                if self.undo.len() == MAX_UNDO {
                    self.undo.remove(0);
                }
                self.undo.push(vec![commands]);
            }
        }
    }
}

/// Secrets for which everything was read again. Core holds only so many that nothing in the log names: one that it dropped comes again
/// with every reading of what brings it, and must not begin another.
#[derive(Default)]
struct LearnedOnce {
    noted: BTreeSet<EpochId>,
    /// In the order in which they came.
    order: VecDeque<EpochId>,
}

impl LearnedOnce {
    /// Whether it is the first time, as far as is remembered.
    fn note(&mut self, secret: EpochId) -> bool {
        let first = self.noted.insert(secret);
        if first {
            self.order.push_back(secret);
            if self.order.len() > MAX_LEARNED_ONCE
                && let Some(oldest) = self.order.pop_front()
            {
                self.noted.remove(&oldest);
            }
        }
        first
    }
}

/// What a change is taken back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joins {
    /// By itself.
    Nothing,
    /// With the one before.
    Last,
}

impl From<bool> for Joins {
    fn from(joins: bool) -> Self {
        if joins { Self::Last } else { Self::Nothing }
    }
}

/// The meta value of a pursuance that is there to look around in.
pub(crate) const SAMPLE: &[u8] = &[1];

/// Its name.
pub(crate) fn sample_name(pursuance: PursuanceId) -> String {
    format!("sample {pursuance}")
}

/// The meta value of a pursuance of which a secret came by which nothing was read yet.
const UNREAD: &[u8] = &[1];

/// Its name.
pub(crate) fn unread_name(pursuance: PursuanceId) -> String {
    format!("unread {pursuance}")
}

/// The keys that a seed gives.
#[inline(never)]
fn device_of_seed(seed: &[u8; 32]) -> DeviceKeys {
    DeviceKeys::from_seed(*seed)
}

/// A device's keys as they are kept.
#[inline(never)]
fn device_keys(store: &Store, kept: &KeptPursuance) -> Result<DeviceKeys, StoreError> {
    let mut packages = store.packages(kept.number)?.into_iter();
    let mut device = if kept.seed_spent {
        DeviceKeys::from_signing(*kept.device_seed, packages.next().ok_or(StoreError::Damaged)?)
    } else {
        device_of_seed(&kept.device_seed)
    };
    packages.for_each(|package| device.hold(package));
    Ok(device)
}

fn decoded(stored: &KeptEntryBytes) -> Result<Entry, StoreError> {
    Entry::from_store(&stored.bytes).map_err(|_| StoreError::Damaged)
}
