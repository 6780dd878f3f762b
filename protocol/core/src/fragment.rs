//! Putting long entries together from fragments, within bounds (docs/protocol/03-keys.md, "Fragments").

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::cell::Fragment;
use crate::entry::UnverifiedEntry;
use crate::id::EntryId;
use crate::limits::{FRAGMENT_BYTES, MAX_FRAGMENT_CANDIDATES, MAX_PENDING_FRAGMENT_BYTES};

/// What one kept fragment counts for, however short it is: a million last parts of one byte each would cost far more than
/// their bytes.
const CHARGED_BYTES: usize = FRAGMENT_BYTES;

/// Parts of entries that are not complete yet, for one cell key.
#[derive(Default)]
pub struct Fragments {
    pending: BTreeMap<EntryId, Pending>,
    bytes: usize,
    /// Entries begun so far.
    begun: u64,
}

struct Pending {
    /// How many were begun before it.
    age: u64,
    count: u16,
    parts: BTreeMap<u16, Vec<Vec<u8>>>,
}

/// What became of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assembly {
    /// Kept; others are missing.
    Kept,
    /// Nothing new, another count than before, or one candidate too many.
    Ignored,
    /// The entry is whole, and its bytes hash to its id.
    Whole(Box<UnverifiedEntry>),
}

impl Fragments {
    /// Takes a fragment.
    pub fn insert(&mut self, fragment: Fragment) -> Assembly {
        let id = fragment.entry;
        // A fragment that is not kept leaves nothing behind: an empty place would count as a part.
        if self.pending.get(&id).is_some_and(|pending| !pending.takes(&fragment)) {
            return Assembly::Ignored;
        }
        // Whoever holds the key can begin any number and finish none; the oldest of them make room.
        while self.bytes + CHARGED_BYTES > MAX_PENDING_FRAGMENT_BYTES {
            let others = self.pending.iter().filter(|(other, _)| **other != id);
            match others.min_by_key(|(_, pending)| pending.age).map(|(other, _)| *other) {
                Some(oldest) => self.drop_pending(oldest),
                None => self.drop_pending(id),
            }
        }
        self.bytes += CHARGED_BYTES;
        self.begun += 1;
        let age = self.begun;
        let pending =
            self.pending.entry(id).or_insert_with(|| Pending { age, count: fragment.count, parts: BTreeMap::new() });
        pending.parts.entry(fragment.index).or_default().push(fragment.bytes);
        match pending.whole(id) {
            None => Assembly::Kept,
            Some(entry) => {
                self.drop_pending(id);
                Assembly::Whole(entry)
            }
        }
    }

    /// Bytes charged for what is kept: [`FRAGMENT_BYTES`] a fragment.
    #[must_use]
    pub const fn pending_bytes(&self) -> usize {
        self.bytes
    }

    fn drop_pending(&mut self, id: EntryId) {
        if let Some(pending) = self.pending.remove(&id) {
            self.bytes -= pending.parts.values().map(Vec::len).sum::<usize>() * CHARGED_BYTES;
        }
    }
}

impl Pending {
    fn takes(&self, fragment: &Fragment) -> bool {
        let candidates = self.parts.get(&fragment.index).map_or(&[][..], Vec::as_slice);
        self.count == fragment.count
            && candidates.len() < MAX_FRAGMENT_CANDIDATES
            && !candidates.contains(&fragment.bytes)
    }

    /// Tries every choice at the first four indexes where two candidates differ. Whoever holds the key can spoil more than
    /// that, and so keep one long entry from being read until its parts are forgotten; short entries cannot be spoilt.
    fn whole(&self, id: EntryId) -> Option<Box<UnverifiedEntry>> {
        if self.parts.len() < usize::from(self.count) {
            return None;
        }
        let disputed: Vec<u16> = self.parts.iter().filter(|(_, c)| c.len() > 1).map(|(index, _)| *index).collect();
        // Two to the power of the disputed indexes would be the attacker's to choose: four at most are tried.
        for choice in 0..1_u32 << disputed.len().min(4) {
            let mut bytes = Vec::new();
            for (index, candidates) in &self.parts {
                let bit = disputed
                    .iter()
                    .position(|d| d == index)
                    .map_or(0, |at| choice.checked_shr(at as u32).unwrap_or(0) & 1);
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn part(entry: u8, count: u16, index: u16, bytes: Vec<u8>) -> Fragment {
        Fragment { entry: EntryId([entry; 32]), count, index, bytes }
    }

    #[test]
    fn a_part_of_another_count_fills_no_place() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.insert(part(1, 2, 0, vec![1])), Assembly::Kept);
        assert_eq!(fragments.insert(part(1, 3, 1, vec![1])), Assembly::Ignored);
        assert_eq!(fragments.insert(part(1, 2, 0, vec![2])), Assembly::Kept);
        assert_eq!(fragments.insert(part(1, 2, 0, vec![3])), Assembly::Ignored, "a third candidate");
        assert_eq!(fragments.pending_bytes(), 2 * CHARGED_BYTES);
    }

    #[test]
    fn short_parts_are_charged_in_full_and_the_oldest_make_room() {
        let mut fragments = Fragments::default();
        for entry in 0..u16::MAX {
            let mut id = [0; 32];
            id[..2].copy_from_slice(&entry.to_be_bytes());
            let fragment = Fragment { entry: EntryId(id), count: 2, index: 1, bytes: vec![1] };
            assert_eq!(fragments.insert(fragment), Assembly::Kept);
            assert!(fragments.pending_bytes() <= MAX_PENDING_FRAGMENT_BYTES);
        }
        assert_eq!(fragments.pending.len(), MAX_PENDING_FRAGMENT_BYTES / FRAGMENT_BYTES);
        let mut newest = [0; 32];
        newest[..2].copy_from_slice(&(u16::MAX - 1).to_be_bytes());
        assert!(fragments.pending.contains_key(&EntryId(newest)) && !fragments.pending.contains_key(&EntryId([0; 32])));
    }
}
