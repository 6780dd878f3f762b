//! What survives a crash of a simulated node: everything that was saved, in whole transactions (docs/protocol/08-node.md).

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::cell::Fragment;
use pursuance_core::entry::Entry;
use pursuance_core::id::EntryId;
use pursuance_core::link::InviteLink;
use pursuance_wire::Cell;
use pursuance_wire::log::Frontier;

/// Id of the key that seals a cell: an epoch's, or an invite's.
pub type Door = [u8; 32];

/// Whose an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// This device's.
    Own,
    /// Somebody else's.
    Others,
}

/// How far a relay was read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// Nothing of the pursuance stands before this index.
    pub first: u64,
    /// The next cell to be read.
    pub next: u64,
}

/// What became of a cell at a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Post {
    /// To be posted.
    Waiting,
    /// Receipted; the signed note.
    Handed(Vec<u8>),
    /// Seen in the tree.
    Seen,
}

/// One line of the outbox.
#[derive(Debug, Clone)]
pub struct Line {
    /// Number of the cell.
    pub cell: usize,
    /// Number of the relay.
    pub relay: usize,
    /// Where it is.
    pub post: Post,
}

/// A node's disk; a clone is a copy of the data folder.
#[derive(Clone, Default)]
pub struct Disk {
    /// All secrets of the device come from it.
    pub device_seed: [u8; 32],
    /// The link by which it came; `None` for a founder.
    pub link: Option<InviteLink>,
    /// Entries in the order of arrival, those that wait for others too.
    pub entries: Vec<(Entry, Whose)>,
    ids: BTreeSet<EntryId>,
    /// Epoch secrets.
    pub epochs: Vec<[u8; 32]>,
    /// Secrets of lists that were sealed to this device alone.
    pub lists: Vec<[u8; 32]>,
    /// Parts of entries that are not whole.
    pub parts: Vec<(Door, Fragment)>,
    /// By relay: where the pursuance is read.
    pub readings: BTreeMap<usize, Reading>,
    /// By relay: the newest tree accepted.
    pub checkpoints: BTreeMap<usize, (Vec<u8>, Frontier)>,
    /// Relays that are posted to.
    pub wanted: BTreeSet<usize>,
    /// By relay: the newest proof of its misconduct, as a file.
    pub proofs: BTreeMap<usize, Vec<u8>>,
    /// Whether it was seen that the device is in.
    pub member: bool,
    /// Own cells, sealed once.
    pub cells: Vec<Cell>,
    /// Which entries have been sealed behind which door.
    pub cargo: BTreeSet<(EntryId, Door)>,
    /// What is to be posted, and what became of it.
    pub outbox: Vec<Line>,
}

/// One transaction.
#[derive(Default)]
pub struct Draft {
    /// New entries.
    pub entries: Vec<(Entry, Whose)>,
    /// New epoch secrets.
    pub epochs: Vec<[u8; 32]>,
    /// New secrets of lists.
    pub lists: Vec<[u8; 32]>,
    /// New parts.
    pub parts: Vec<(Door, Fragment)>,
    /// Entries that turned out to be of no use, and are forgotten.
    pub dropped: Vec<EntryId>,
    /// Readings as they are now.
    pub readings: Vec<(usize, Reading)>,
    /// A relay's newest tree.
    pub checkpoint: Option<(usize, Vec<u8>, Frontier)>,
    /// A relay that is posted to from now on.
    pub wanted: Option<usize>,
    /// A relay's misconduct.
    pub proofs: Vec<(usize, Vec<u8>)>,
    /// The device is in.
    pub member: bool,
    /// New cells.
    pub cells: Vec<Cell>,
    /// What they carry.
    pub cargo: Vec<(EntryId, Door)>,
    /// Lines for the new cells, numbered from the first new one.
    pub lines: Vec<Line>,
    /// Lines for cells that were there before.
    pub more_lines: Vec<Line>,
    /// Changed lines, by their number.
    pub posts: Vec<(usize, Post)>,
}

impl Disk {
    /// A new device's.
    #[must_use]
    pub fn new(device_seed: [u8; 32]) -> Self {
        Self { device_seed, ..Self::default() }
    }

    /// Saves a transaction, all of it.
    pub fn save(&mut self, draft: Draft) {
        for (entry, whose) in draft.entries {
            if self.ids.insert(entry.id()) {
                self.entries.push((entry, whose));
            }
        }
        self.epochs.extend(draft.epochs);
        self.lists.extend(draft.lists);
        self.parts.extend(draft.parts);
        self.parts.retain(|(_, part)| !self.ids.contains(&part.entry));
        for id in draft.dropped {
            self.drop_entry(id);
        }
        self.readings.extend(draft.readings);
        self.checkpoints.extend(draft.checkpoint.map(|(relay, note, frontier)| (relay, (note, frontier))));
        self.wanted.extend(draft.wanted);
        self.proofs.extend(draft.proofs);
        self.member |= draft.member;
        let known = self.cells.len();
        self.cells.extend(draft.cells);
        self.cargo.extend(draft.cargo);
        self.outbox.extend(draft.lines.into_iter().map(|line| Line { cell: line.cell + known, ..line }));
        self.outbox.extend(draft.more_lines);
        for (line, post) in draft.posts {
            self.outbox[line].post = post;
        }
    }

    /// Whether an entry is saved.
    #[must_use]
    pub fn has(&self, id: EntryId) -> bool {
        self.ids.contains(&id)
    }

    /// Own entries, oldest first.
    pub fn own(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(|(_, whose)| *whose == Whose::Own).map(|(entry, _)| entry)
    }

    /// Forgets an entry, and that it was ever sealed.
    fn drop_entry(&mut self, id: EntryId) {
        if self.ids.remove(&id) {
            self.entries.retain(|(entry, _)| entry.id() != id);
            self.cargo.retain(|(carried, _)| *carried != id);
        }
    }

    /// Loses the newest own entry and what it was sealed into: the least that an old copy of the folder lacks.
    pub fn set_back(&mut self) {
        let newest = self.own().next_back().filter(|entry| entry.body().seq > 1).map(Entry::id);
        if let Some(newest) = newest {
            self.drop_entry(newest);
        }
    }

    /// Lines of the outbox of one relay, with their numbers.
    pub fn lines(&self, relay: usize) -> impl Iterator<Item = (usize, &Line)> {
        self.outbox.iter().enumerate().filter(move |(_, line)| line.relay == relay)
    }
}
