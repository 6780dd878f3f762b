//! What members saw of relays, said in the log so that others can compare (docs/protocol/08-node.md, N50).

use alloc::vec::Vec;

use crate::entry::{Content, Entry};
use crate::id::AuthorId;
use crate::limits::MAX_RELAYS;
use crate::op::Op;
use crate::replica::Replica;

impl Replica {
    /// The entry that says what relays signed, as this device accepted it; nothing where there is nothing to say, or from a device that
    /// may not sign.
    #[must_use]
    pub fn say_seen(&self, notes: Vec<Vec<u8>>, now_seconds: u64) -> Option<Entry> {
        self.writer().ok()?;
        let ops: Vec<Op> = notes.into_iter().take(MAX_RELAYS).map(Op::SawCheckpoint).collect();
        if ops.is_empty() {
            return None;
        }
        Some(self.sign_next(Content::Public(ops), self.my_grant()?, None, now_seconds))
    }

    /// What was said of relays in entries whose claimed times are not before this, whether they count or not: what a relay
    /// signed it signed. Each with the device that said it.
    pub fn said_seen(&self, since_seconds: u64) -> impl Iterator<Item = (AuthorId, &[u8])> {
        let recent = self.logs().iter().filter(move |entry| entry.body().claimed_seconds >= since_seconds);
        recent.flat_map(|entry| notes_in(entry).map(|note| (entry.body().author, note)))
    }
}

/// What an entry says of relays.
pub fn notes_in(entry: &Entry) -> impl Iterator<Item = &[u8]> {
    let ops = match &entry.body().content {
        Content::Public(ops) => &ops[..],
        Content::Role(_) => &[],
    };
    ops.iter().filter_map(|op| if let Op::SawCheckpoint(note) = op { Some(note.as_slice()) } else { None })
}
