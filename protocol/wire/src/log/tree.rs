//! The Merkle tree of RFC 6962, section 2.1: hashes, and the frontier that grows it leaf by leaf.
//!
//! ```text
//! size 7 = 4 + 2 + 1:   frontier = [ root of 0..4, root of 4..6, leaf 6 ]   root = H(p0, H(p1, p2))
//! ```

use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest, Sha256};

use crate::cell::LeafHash;
use crate::limits::MAX_TREE_CELLS;

/// First byte of what a leaf's hash covers. // W6
const LEAF_PREFIX: [u8; 1] = [0];
/// First byte of what an inner node's hash covers.
const NODE_PREFIX: [u8; 1] = [1];

/// Hash of a node of the tree, a leaf or the root included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeHash(pub [u8; 32]);

impl NodeHash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<LeafHash> for NodeHash {
    fn from(leaf: LeafHash) -> Self {
        Self(leaf.0)
    }
}

impl fmt::Debug for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LeafHash(self.0).fmt(f)
    }
}

/// Hash of a leaf: SHA-256 of 0x00 and the bytes.
pub fn leaf_hash(bytes: &[u8]) -> LeafHash {
    LeafHash(Sha256::new().chain_update(LEAF_PREFIX).chain_update(bytes).finalize().into())
}

/// Hash of an inner node: SHA-256 of 0x01 and both children.
pub fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    let hasher = Sha256::new().chain_update(NODE_PREFIX).chain_update(left.0).chain_update(right.0);
    NodeHash(hasher.finalize().into())
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> NodeHash {
    NodeHash(Sha256::digest([]).into())
}

/// Root of a complete subtree with 1, 2, 4, 8.. nodes at its lowest level.
///
/// `None` if the number of nodes is not a power of two.
pub fn complete_root(nodes: &[NodeHash]) -> Option<NodeHash> {
    if !nodes.len().is_power_of_two() {
        return None;
    }
    let mut level: Vec<NodeHash> = nodes.to_vec();
    while level.len() > 1 {
        let (pairs, _) = level.as_chunks::<2>();
        level = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    level.first().copied()
}

/// The complete subtrees that make up a tree, largest first: all that is needed to append and to
/// compute the root.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<NodeHash>,
}

/// Why a stored frontier cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// The number of hashes does not belong to the size.
    #[error("a tree of {size} leaves has not {found} subtrees")]
    PeakCount {
        /// Leaves claimed.
        size: u64,
        /// Hashes given.
        found: usize,
    },
    /// Larger than any log.
    #[error("a tree of {size} leaves is too large")]
    Size {
        /// Leaves claimed.
        size: u64,
    },
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a frontier kept earlier.
    ///
    /// # Errors
    /// The number of hashes is not the number of one-bits of `size`, or `size` is beyond the limit.
    pub fn from_parts(size: u64, peaks: Vec<NodeHash>) -> Result<Self, FrontierError> {
        if size > MAX_TREE_CELLS {
            return Err(FrontierError::Size { size });
        }
        if peaks.len() != size.count_ones() as usize {
            return Err(FrontierError::PeakCount { size, found: peaks.len() });
        }
        Ok(Self { size, peaks })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[NodeHash] {
        &self.peaks
    }

    /// Adds a leaf at the end.
    pub fn append(&mut self, leaf: LeafHash) {
        let mut node = NodeHash::from(leaf);
        let mut below = self.size;
        while below & 1 == 1 {
            let left = self.peaks.pop().expect("one subtree for each one-bit of the size");
            node = node_hash(&left, &node);
            below >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Root of the tree (RFC 6962, MTH). // W7
    pub fn root(&self) -> NodeHash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;

    /// RFC 6962's definition, word by word: the slow original that the frontier is held against.
    fn defined_root(leaves: &[LeafHash]) -> NodeHash {
        match leaves {
            [] => empty_root(),
            [leaf] => NodeHash::from(*leaf),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&defined_root(&leaves[..split]), &defined_root(&leaves[split..]))
            }
        }
    }

    #[test]
    fn frontier_definition_and_ct_merkle_agree() {
        let mut frontier = Frontier::new();
        let mut leaves = Vec::new();
        let mut theirs = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        for n in 0u32..300 {
            assert_eq!(frontier.root(), defined_root(&leaves), "{n} leaves");
            let kept = Frontier::from_parts(frontier.size(), frontier.peaks().to_vec());
            assert_eq!(kept.as_ref(), Ok(&frontier));
            let bytes = n.to_be_bytes();
            leaves.push(leaf_hash(&bytes));
            frontier.append(leaf_hash(&bytes));
            theirs.push(bytes.to_vec());
            let root = theirs.root();
            assert_eq!(frontier.root().0.as_slice(), root.as_bytes().as_slice());
        }
    }

    #[test]
    fn a_frontier_of_another_size_is_refused() {
        let peak = NodeHash([0; 32]);
        let of = |size, found| Frontier::from_parts(size, std::vec![peak; found]);
        assert_eq!(of(3, 1), Err(FrontierError::PeakCount { size: 3, found: 1 }));
        assert_eq!(of(u64::MAX, 64), Err(FrontierError::Size { size: u64::MAX }));
        assert!(of(3, 2).is_ok());
    }

    #[test]
    fn only_powers_of_two_are_complete() {
        let peak = NodeHash([0; 32]);
        assert_eq!(complete_root(&[]), None);
        assert_eq!(complete_root(&[peak; 3]), None);
        assert_eq!(complete_root(&[peak; 2]), Some(node_hash(&peak, &peak)));
    }
}
