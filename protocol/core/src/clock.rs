//! Causal pasts in few bytes: how far each chain of entries is in somebody's past (docs/protocol/02-log.md, "Pasts").

use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer};

/// An entry by the chain it stands in and its place in its author's log. Chains are numbered by each store for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dot {
    /// The chain: an author's one history, or one branch of several.
    pub chain: u32,
    /// The entry's seq.
    pub seq: u32,
}

/// For each chain of which something is in the past, the seq of the first entry that is not. Ascending by chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clock(Vec<(u32, u32)>);

impl Clock {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether an entry is in the past that this clock stands for.
    #[must_use]
    pub fn holds(&self, dot: Dot) -> bool {
        self.end(dot.chain) > dot.seq
    }

    /// Takes in another past.
    pub fn join(&mut self, other: &Self) {
        if other.0.iter().all(|(chain, end)| self.end(*chain) >= *end) {
            return;
        }
        let mut joined = Vec::with_capacity(self.0.len().max(other.0.len()));
        let (mut a, mut b) = (self.0.iter().copied().peekable(), other.0.iter().copied().peekable());
        while let (Some(&(left, left_end)), Some(&(right, right_end))) = (a.peek(), b.peek()) {
            joined.push((
                left.min(right),
                match left.cmp(&right) {
                    core::cmp::Ordering::Less => left_end,
                    core::cmp::Ordering::Greater => right_end,
                    core::cmp::Ordering::Equal => left_end.max(right_end),
                },
            ));
            a.next_if(|_| left <= right);
            b.next_if(|_| right <= left);
        }
        joined.extend(a);
        joined.extend(b);
        self.0 = joined;
    }

    /// Takes in one entry.
    pub fn add(&mut self, dot: Dot) {
        match self.0.binary_search_by_key(&dot.chain, |(chain, _)| *chain) {
            Ok(at) => self.0[at].1 = self.0[at].1.max(dot.seq + 1),
            Err(at) => self.0.insert(at, (dot.chain, dot.seq + 1)),
        }
    }

    /// This past without its newest entry of one chain, which begins at `first`.
    #[must_use]
    pub fn without(&self, dot: Dot, first: u32) -> Self {
        let mut ends = self.0.clone();
        if let Ok(at) = ends.binary_search_by_key(&dot.chain, |(chain, _)| *chain) {
            ends[at].1 = ends[at].1.min(dot.seq);
            if ends[at].1 <= first {
                ends.remove(at);
            }
        }
        Self(ends)
    }

    /// The seq of the first entry of a chain that is not in the past.
    #[must_use]
    pub fn end(&self, chain: u32) -> u32 {
        self.0.binary_search_by_key(&chain, |(chain, _)| *chain).map_or(0, |at| self.0[at].1)
    }

    /// Chains, and the seq of the first entry of each that is not in the past.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().copied()
    }

    /// The bytes of what this clock has more than an older one; of all of it, where that is empty.
    #[must_use]
    pub fn encode_since(&self, older: &Self) -> Vec<u8> {
        let news: Vec<_> = self.0.iter().filter(|(chain, end)| older.end(*chain) != *end).collect();
        let mut w = Writer::new();
        w.array(news.len() * 2);
        for (chain, end) in news {
            w.uint((*chain).into()).uint((*end).into());
        }
        w.finish()
    }

    /// Takes in what [`Self::encode_since`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`], when it is not that.
    pub fn decode_onto(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut r = Reader::new(bytes);
        // However many chains there are: they were written here, and each takes bytes.
        let numbers = r.list(usize::MAX)?;
        for _ in 0..numbers / 2 {
            let (chain, end): (u32, u32) = (r.small()?, r.small()?);
            self.add(Dot { chain, seq: end.checked_sub(1).ok_or(DecodeError::Structure)? });
        }
        r.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(ends: &[(u32, u32)]) -> Clock {
        Clock(ends.to_vec())
    }

    #[test]
    fn a_join_is_the_greater_of_each() {
        let mut a = clock(&[(0, 3), (2, 1), (5, 9)]);
        a.join(&clock(&[(1, 4), (2, 2), (5, 8), (7, 1)]));
        assert_eq!(a, clock(&[(0, 3), (1, 4), (2, 2), (5, 9), (7, 1)]));
        let before = a.clone();
        a.join(&clock(&[(2, 1)]));
        assert_eq!(a, before);
        assert!(a.holds(Dot { chain: 5, seq: 8 }) && !a.holds(Dot { chain: 5, seq: 9 }));
        assert!(!a.holds(Dot { chain: 6, seq: 0 }));
    }

    #[test]
    fn what_is_written_is_read_onto_the_older_one() {
        let older = clock(&[(0, 3), (2, 1)]);
        let newer = clock(&[(0, 4), (1, 70_000), (2, 1)]);
        let mut again = older.clone();
        again.decode_onto(&newer.encode_since(&older)).unwrap();
        assert_eq!(again, newer);
        let mut whole = Clock::default();
        whole.decode_onto(&newer.encode_since(&Clock::default())).unwrap();
        assert_eq!(whole, newer);
        assert!(whole.decode_onto(&[0x82, 0x00, 0x00]).is_err(), "an end of 0 is written by nobody");
        assert!(whole.decode_onto(&[0x9f, 0xff]).is_err());
    }
}
