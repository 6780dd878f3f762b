//! One pursuance as this node holds it: its replica, what is not whole yet, what is to be sealed (docs/protocol/08-node.md, section 6).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use pursuance_core::cell::{CellContent, open_cell, seal_entries};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry, EntryError, UnverifiedEntry};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{AuthorId, EntryId, PursuanceId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::link::InviteLink;
use pursuance_core::logs::Append;
use pursuance_core::op::Op;
use pursuance_core::replica::Replica;
use pursuance_wire::{Cell, RelayAddress};
use zeroize::Zeroizing;

use crate::chance::random;
use crate::store::{
    Changes, Door, KeptFragment, KeptPursuance, KeptStanding, NewEntry, Number, Posted, Store, StoreError,
};

/// Changes that can be taken back, one after the other.
pub const MAX_UNDO: usize = 100;

/// One pursuance, or an open invite.
pub(crate) struct Held {
    pub(crate) number: Number,
    pub(crate) id: PursuanceId,
    pub(crate) standing: KeptStanding,
    pub(crate) since_seconds: u64,
    pub(crate) link: Option<InviteLink>,
    pub(crate) preview: Option<Preview>,
    pub(crate) replica: Replica,
    pub(crate) own_invites: BTreeMap<EntryId, Zeroizing<String>>,
    pub(crate) undo: Vec<Vec<Command>>,
    /// When own entries without a cell are to be sealed.
    pub(crate) seal_due: Option<Instant>,
    /// When a newcomer is to be welcomed, unless somebody else did.
    pub(crate) welcome_due: BTreeMap<AuthorId, Instant>,
    /// Entries of newer versions, kept as they came.
    pub(crate) newer_entries: usize,
    /// A secret is held by which nothing was read yet.
    pub(crate) unread: bool,
    fragments: BTreeMap<[u8; 32], Fragments>,
    posted: BTreeMap<EntryId, Posted>,
    posted_to_invite: BTreeMap<EntryId, Posted>,
}

/// What reading cells changed.
#[derive(Default)]
pub(crate) struct Ingested {
    /// Something came that was not known.
    pub(crate) news: bool,
    /// A secret came by which older cells can be opened: they are to be read again.
    pub(crate) learned: bool,
}

/// What one round over cells found, verified and not stored yet.
#[derive(Default)]
struct Found {
    entries: Vec<Entry>,
    fragments: Vec<KeptFragment>,
    whole: Vec<EntryId>,
    newer: Vec<Vec<u8>>,
}

impl Held {
    /// A pursuance of which nothing but its row is there.
    pub(crate) fn new(
        number: Number,
        id: PursuanceId,
        standing: KeptStanding,
        device_seed: &[u8; 32],
        link: Option<InviteLink>,
        since_seconds: u64,
    ) -> Self {
        Self {
            number,
            id,
            standing,
            since_seconds,
            preview: link
                .as_ref()
                .map(|link| Preview::new(id, link.invite, InviteSecret::new(*link.secret.as_bytes()))),
            link,
            replica: Replica::new(id, DeviceKeys::from_seed(*device_seed)),
            own_invites: BTreeMap::new(),
            undo: Vec::new(),
            seal_due: None,
            welcome_due: BTreeMap::new(),
            newer_entries: 0,
            unread: false,
            fragments: BTreeMap::new(),
            posted: BTreeMap::new(),
            posted_to_invite: BTreeMap::new(),
        }
    }

    /// Everything that is stored of a pursuance, through the same door as when it came.
    pub(crate) fn load(store: &Store, kept: &KeptPursuance) -> Result<Self, StoreError> {
        let link = match &kept.link {
            Some(text) => Some(InviteLink::parse(text).map_err(|_| StoreError::Damaged)?),
            None => None,
        };
        let mut held = Self::new(kept.number, kept.id, kept.standing, &kept.device_seed, link, kept.since_seconds);
        for secret in store.epochs(kept.number)? {
            held.replica.learn_epoch(EpochSecret::new(*secret));
        }
        for stored in store.entries(kept.number)? {
            let entry = Entry::from_store(&stored.bytes).map_err(|_| StoreError::Damaged)?;
            // An entry of my own that was found elsewhere shows that I am overtaken, now as then.
            if stored.own {
                held.append(entry);
            } else {
                held.receive(entry);
            }
        }
        // A newcomer who holds a secret and is not in was interrupted before reading again what it opens.
        held.unread = !held.replica.take_learned().is_empty() && kept.standing == KeptStanding::Waiting;
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
        held.newer_entries = store.newer_entries(kept.number)?.len();
        held.refresh_posted(store)?;
        // What was saved and not sealed before the end comes first.
        held.seal_due = Some(Instant::now());
        Ok(held)
    }

    /// The one door for what is written here.
    fn append(&mut self, entry: Entry) -> Append {
        self.show(&entry);
        self.replica.append(entry).append
    }

    /// The one door for what comes from elsewhere.
    fn receive(&mut self, entry: Entry) -> Append {
        self.show(&entry);
        self.replica.receive(entry).append
    }

    /// Beside the door stands the preview while I am not in.
    fn show(&mut self, entry: &Entry) {
        if let Some(preview) = self.preview.as_mut().filter(|_| self.standing != KeptStanding::Member) {
            preview.add(entry.clone());
        }
    }

    /// Reads cells: opens what is ours, verifies, stores, appends. `last` is stored together with the last of it.
    pub(crate) fn ingest(
        &mut self,
        store: &mut Store,
        cells: &[Cell],
        last: impl FnOnce(&Changes<'_>) -> Result<(), StoreError>,
    ) -> Result<Ingested, StoreError> {
        let mut ingested = Ingested::default();
        let mut closed: Vec<&Cell> = cells.iter().collect();
        let mut last = Some(last);
        let mut keys_tried: BTreeSet<[u8; 32]> = BTreeSet::new();
        loop {
            // What came in the last round may bring keys for cells that did not open.
            let keys: Vec<CellKey> =
                self.cell_keys().into_iter().filter(|key| !keys_tried.contains(key.id())).collect();
            keys_tried.extend(keys.iter().map(|key| *key.id()));
            let mut found = Found::default();
            closed.retain(|cell| !self.look_into(cell, &keys, &mut found));
            let final_round = keys.is_empty() || found.entries.is_empty();
            let last_change = if final_round { last.take() } else { None };
            self.keep(store, found, last_change, &mut ingested)?;
            if final_round {
                return Ok(ingested);
            }
        }
    }

    /// Keys that open this pursuance's cells.
    fn cell_keys(&self) -> Vec<CellKey> {
        let by_link = self.link.iter().map(|link| CellKey::of_invite(&link.secret.cell_secret()));
        self.replica.cell_keys().into_iter().chain(by_link).collect()
    }

    /// Opens a cell, if one of these keys does, and sorts out what is in it.
    fn look_into(&mut self, cell: &Cell, keys: &[CellKey], found: &mut Found) -> bool {
        let Some((key, content)) = keys.iter().find_map(|key| Some((key, open_cell(key, cell)?))) else { return false };
        match content {
            CellContent::Entries(entries) => {
                for bytes in entries {
                    match UnverifiedEntry::decode(&bytes) {
                        Ok(entry) => self.take(entry, found),
                        Err(EntryError::Newer { .. }) => found.newer.push(bytes),
                        // Whoever holds the key can seal nonsense; it means nothing.
                        Err(_) => {}
                    }
                }
            }
            CellContent::Fragment(fragment) => {
                if self.replica.logs().entry(fragment.entry).is_some() {
                    return true;
                }
                let part = KeptFragment {
                    cell_key: *key.id(),
                    entry: fragment.entry,
                    parts: fragment.count,
                    part: fragment.index,
                    bytes: fragment.bytes.clone(),
                };
                match self.fragments.entry(*key.id()).or_default().insert(fragment) {
                    Assembly::Kept => found.fragments.push(part),
                    Assembly::Whole(entry) => {
                        found.whole.push(entry.id());
                        self.take(*entry, found);
                    }
                    Assembly::Ignored => {}
                }
            }
        }
        true
    }

    fn take(&self, entry: UnverifiedEntry, found: &mut Found) {
        let known = self.replica.logs().entry(entry.id()).is_some();
        if known || found.entries.iter().any(|other| other.id() == entry.id()) {
            return;
        }
        if let Ok(entry) = entry.verify(self.id) {
            found.entries.push(entry);
        }
    }

    /// Stores what was found, then appends it.
    fn keep(
        &mut self,
        store: &mut Store,
        found: Found,
        last: Option<impl FnOnce(&Changes<'_>) -> Result<(), StoreError>>,
        ingested: &mut Ingested,
    ) -> Result<(), StoreError> {
        store.write(|w| {
            for entry in &found.entries {
                // Whatever this device wrote is stored already, and stays its own.
                w.add_entry(self.number, &new_entry(entry, false))?;
            }
            for part in &found.fragments {
                w.add_fragment(self.number, part)?;
            }
            if !found.fragments.is_empty() {
                w.forget_fragments(self.number)?;
            }
            for entry in &found.whole {
                w.drop_fragments(self.number, *entry)?;
            }
            for bytes in &found.newer {
                w.add_newer_entry(self.number, bytes)?;
            }
            last.map_or(Ok(()), |last| last(w))
        })?;
        if !found.newer.is_empty() {
            self.newer_entries = store.newer_entries(self.number)?.len();
            ingested.news = true;
        }
        let me = self.replica.device().author();
        let mut refused = Vec::new();
        for entry in found.entries {
            let (id, mine) = (entry.id(), entry.body().author == me);
            match self.receive(entry) {
                Append::Appended | Append::Gap { .. } | Append::Equivocation { .. } => ingested.news = true,
                Append::Duplicate => {}
                // It shows, at every start, that a copy of this device is in use.
                Append::Malformed | Append::Full | Append::Refused(_) if mine => ingested.news = true,
                // Kept nowhere: what cannot be appended, and what does not fit, would grow without bound.
                Append::Malformed | Append::Full | Append::Refused(_) => refused.push(id),
            }
        }
        let learned = self.replica.take_learned();
        if !refused.is_empty() || !learned.is_empty() {
            store.write(|w| {
                for id in &refused {
                    w.drop_entry(self.number, *id)?;
                }
                for secret in &learned {
                    w.add_epoch(self.number, secret.as_bytes())?;
                }
                Ok(())
            })?;
            ingested.learned |= !learned.is_empty();
        }
        Ok(())
    }

    /// Stores own entries with whatever belongs to them, then appends them.
    pub(crate) fn commit(
        &mut self,
        store: &mut Store,
        entries: &[Entry],
        with: impl FnOnce(&Changes<'_>, Number) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        store.write(|w| {
            for entry in entries {
                w.add_entry(self.number, &new_entry(entry, true))?;
            }
            with(w, self.number)
        })?;
        for entry in entries {
            self.append(entry.clone());
        }
        let learned = self.replica.take_learned();
        if !learned.is_empty() {
            store.write(|w| learned.iter().try_for_each(|secret| w.add_epoch(self.number, secret.as_bytes())))?;
        }
        Ok(())
    }

    /// Seals own entries that no cell carries yet under everyone's epoch, for these relays; whether there were any.
    pub(crate) fn seal(&mut self, store: &mut Store, relays: &[Number]) -> Result<bool, StoreError> {
        let Some(key) = self.replica.usable_epoch().map(EpochSecret::cell_key) else { return Ok(false) };
        let waiting = store.own_entries_without_cell(self.number, Door::Epoch)?;
        let logs = self.replica.logs();
        // A join travels under its invite's key alone.
        let entries: Vec<&Entry> =
            waiting.iter().filter_map(|id| logs.entry(*id)).filter(|entry| !is_join(entry)).collect();
        if entries.is_empty() {
            return Ok(false);
        }
        let cells = sealed_cells(&key, &entries);
        store.write(|w| {
            cells.iter().try_for_each(|(cell, cargo)| w.add_cell(self.number, cell, cargo, Door::Epoch, relays))
        })?;
        self.refresh_posted(store)?;
        Ok(true)
    }

    /// Reads again how far own entries have come.
    pub(crate) fn refresh_posted(&mut self, store: &Store) -> Result<(), StoreError> {
        self.posted = store.posted(self.number, Door::Epoch)?.into_iter().collect();
        self.posted_to_invite = store.posted(self.number, Door::Invite)?.into_iter().collect();
        Ok(())
    }

    /// Whether a relay signed for an entry.
    pub(crate) fn is_handed(&self, entry: EntryId) -> bool {
        let posted = self.posted.get(&entry);
        // A join has no other way than its invite.
        let posted = posted.or_else(|| self.posted_to_invite.get(&entry).filter(|_| self.is_own_join(entry)));
        posted.is_some_and(|posted| *posted >= Posted::Handed)
    }

    /// Whether a relay signed for what travels under an invite's key: its preview, or my join.
    pub(crate) fn is_handed_to_invite(&self, entry: EntryId) -> bool {
        self.posted_to_invite.get(&entry).is_some_and(|posted| *posted >= Posted::Handed)
    }

    /// Whether an invite's preview was sealed.
    pub(crate) fn has_preview(&self, invite: EntryId) -> bool {
        self.posted_to_invite.contains_key(&invite)
    }

    /// Own entries that no relay signed for.
    pub(crate) fn kept_entries(&self) -> u32 {
        let me = self.replica.device().author();
        let own = self.replica.logs().iter().filter(|entry| entry.body().author == me);
        let kept = own.filter(|entry| !self.is_handed(entry.id())).count();
        // A join that waits for the log is not in it yet.
        let waiting_join = self.standing == KeptStanding::Waiting && !self.my_join_is_handed();
        u32::try_from(kept).unwrap_or(u32::MAX).saturating_add(waiting_join.into())
    }

    /// Whether a relay signed for my join.
    pub(crate) fn my_join_is_handed(&self) -> bool {
        self.posted_to_invite.values().any(|posted| *posted >= Posted::Handed)
    }

    /// The relays that the pursuance names, or that its link names while the log is not readable.
    pub(crate) fn relays(&self) -> Vec<RelayAddress> {
        let named = self.replica.authority().relays();
        match (&self.link, named.is_empty() || self.standing != KeptStanding::Member) {
            (Some(link), true) => vec![link.relay],
            _ => named.to_vec(),
        }
    }

    /// Remembers how to take a change back.
    pub(crate) fn remember_undo(&mut self, commands: Vec<Command>) {
        if commands.is_empty() {
            return;
        }
        if self.undo.len() == MAX_UNDO {
            self.undo.remove(0);
        }
        self.undo.push(commands);
    }

    fn is_own_join(&self, entry: EntryId) -> bool {
        let me = self.replica.device().author();
        self.replica.logs().entry(entry).is_some_and(|entry| entry.body().author == me && is_join(entry))
    }
}

/// Seals entries and says which are in which cell.
pub(crate) fn sealed_cells(key: &CellKey, entries: &[&Entry]) -> Vec<(Cell, Vec<EntryId>)> {
    let mut seed = Seed::new(random());
    let cells = seal_entries(key, entries.iter().map(|entry| (entry.id(), entry.bytes())), &mut seed);
    cells
        .into_iter()
        .map(|cell| {
            let cargo = match open_cell(key, &cell).expect("sealed with this key a moment ago") {
                CellContent::Fragment(fragment) => vec![fragment.entry],
                CellContent::Entries(all) => {
                    let carried = |entry: &&&Entry| all.iter().any(|bytes| bytes == entry.bytes());
                    entries.iter().filter(carried).map(|entry| entry.id()).collect()
                }
            };
            (cell, cargo)
        })
        .collect()
}

pub(crate) fn new_entry(entry: &Entry, own: bool) -> NewEntry<'_> {
    NewEntry { id: entry.id(), author: entry.body().author, seq: entry.body().seq, own, bytes: entry.bytes() }
}

fn is_join(entry: &Entry) -> bool {
    matches!(&entry.body().content, Content::Public(ops) if matches!(ops.first(), Some(Op::Join(_))))
}
