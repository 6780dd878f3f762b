//! Putting long entries together from fragments, within bounds (docs/protocol/03-keys.md, "Fragments").

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::cell::Fragment;
use crate::entry::UnverifiedEntry;
use crate::id::EntryId;
use crate::limits::{MAX_FRAGMENT_CANDIDATES, MAX_PENDING_FRAGMENT_BYTES};

/// Parts of entries that are not complete yet, for one cell key.
#[derive(Default)]
pub struct Fragments {
    pending: BTreeMap<EntryId, Pending>,
    bytes: usize,
}

struct Pending {
    count: u16,
    parts: BTreeMap<u16, Vec<Vec<u8>>>,
}

/// What became of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assembly {
    /// Kept; others are missing.
    Kept,
    /// Nothing new, or one candidate too many.
    Ignored,
    /// The entry is whole, and its bytes hash to its id.
    Whole(Box<UnverifiedEntry>),
    /// There is no room for more unfinished entries.
    Full,
}

impl Fragments {
    /// Takes a fragment.
    pub fn insert(&mut self, fragment: Fragment) -> Assembly {
        if self.bytes + fragment.bytes.len() > MAX_PENDING_FRAGMENT_BYTES {
            return Assembly::Full;
        }
        let id = fragment.entry;
        let pending =
            self.pending.entry(id).or_insert_with(|| Pending { count: fragment.count, parts: BTreeMap::new() });
        let candidates = pending.parts.entry(fragment.index).or_default();
        if pending.count != fragment.count
            || candidates.len() >= MAX_FRAGMENT_CANDIDATES
            || candidates.contains(&fragment.bytes)
        {
            return Assembly::Ignored;
        }
        self.bytes += fragment.bytes.len();
        candidates.push(fragment.bytes);
        match pending.whole(id) {
            None => Assembly::Kept,
            Some(entry) => {
                self.drop_pending(id);
                Assembly::Whole(entry)
            }
        }
    }

    /// Bytes kept.
    #[must_use]
    pub const fn pending_bytes(&self) -> usize {
        self.bytes
    }

    fn drop_pending(&mut self, id: EntryId) {
        if let Some(pending) = self.pending.remove(&id) {
            self.bytes -= pending.parts.values().flatten().map(Vec::len).sum::<usize>();
        }
    }
}

impl Pending {
    /// Tries the newest candidates together with every choice at one index where two differ; an honest author's parts are
    /// found unless somebody who holds the key spoils two indexes of one entry, and then the author's next post wins.
    fn whole(&self, id: EntryId) -> Option<Box<UnverifiedEntry>> {
        if self.parts.len() < usize::from(self.count) {
            return None;
        }
        let disputed: Vec<u16> = self.parts.iter().filter(|(_, c)| c.len() > 1).map(|(index, _)| *index).collect();
        // Two to the power of the disputed indexes would be the attacker's to choose: four at most are tried.
        for choice in 0..1_u32 << disputed.len().min(4) {
            let mut bytes = Vec::new();
            for (index, candidates) in &self.parts {
                let bit = disputed.iter().position(|d| d == index).map_or(0, |at| choice.checked_shr(at as u32).unwrap_or(0) & 1);
                bytes.extend_from_slice(&candidates[bit as usize % candidates.len()]);
            }
            if let Ok(entry) = UnverifiedEntry::decode(&bytes)
                && entry.id() == id
            {
                return Some(Box::new(entry));
            }
        }
        None
    }
}
