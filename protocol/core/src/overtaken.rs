//! A device whose log goes on somewhere else: a copy of its folder is in use (docs/protocol/02-log.md, "Overtaken").

use alloc::collections::BTreeSet;

use crate::entry::Entry;
use crate::id::EntryId;
use crate::logs::Append;
use crate::replica::{Appended, Replica};
use crate::shelf::{Nothing, Shelf};

/// What is known of this device's own log besides what stands in it.
#[derive(Default)]
pub(crate) struct OwnLog {
    /// An entry of this device came from elsewhere and was not written here.
    overtaken: bool,
    /// This device was never anybody's, where another one was before.
    stranger: bool,
    /// Entries written here that the logs did not keep.
    unkept: BTreeSet<EntryId>,
}

impl OwnLog {
    /// Notes what became of an entry that was written here.
    pub(crate) fn note(&mut self, id: EntryId, append: &Append) {
        match append {
            Append::Full | Append::Malformed | Append::Refused(_) => drop(self.unkept.insert(id)),
            _ => drop(self.unkept.remove(&id)),
        }
    }
}

impl Replica {
    /// [`append`](Self::append) for what comes from elsewhere: a relay, another member, a file; and for what came from there and
    /// was stored. Whatever this device signs is appended here before it is handed to anybody, so an entry of its own that
    /// comes and is not known was signed by a copy: from then on this one signs nothing.
    pub fn receive(&mut self, entry: Entry) -> Appended {
        self.receive_from(entry, &Nothing)
    }

    /// [`receive`](Self::receive) for a replica that holds only a part in memory.
    pub fn receive_from(&mut self, entry: Entry, shelf: &dyn Shelf) -> Appended {
        if entry.body().author == self.device.author() && !self.own_log.unkept.contains(&entry.id()) {
            self.logs.fetch(entry.id(), shelf);
            self.own_log.overtaken |= self.logs.missing(&entry).is_some();
        }
        self.append_from(entry, shelf)
    }

    /// Takes up what a shelf knows: an entry of this device came from elsewhere before.
    pub const fn take_up_overtaken(&mut self) {
        self.own_log.overtaken = true;
    }

    /// Takes up that this is a copy whose device nobody added: what the one before it read is here, and it is in no more than a device
    /// that was removed. Until somebody adds it.
    pub const fn take_up_stranger(&mut self) {
        self.own_log.stranger = true;
    }

    pub(crate) const fn is_stranger(&self) -> bool {
        self.own_log.stranger
    }

    /// Whether this device's log goes on elsewhere: it signs nothing more.
    #[must_use]
    pub const fn is_overtaken(&self) -> bool {
        self.own_log.overtaken
    }
}
