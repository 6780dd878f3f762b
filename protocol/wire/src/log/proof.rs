//! Inclusion and consistency proofs (RFC 9162, sections 2.1.3 and 2.1.4; the same as RFC 6962).
//!
//! Clients of Pursuance read tiles instead (`span`); these are for auditors, evidence and tests.

use alloc::vec::Vec;

use crate::cell::LeafHash;
use crate::log::tree::{NodeHash, complete_root, node_hash};

/// Why a proof cannot be made or does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf is not within the tree.
    #[error("leaf {index} is not within a tree of {size}")]
    IndexOutside {
        /// Leaf asked for.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree is empty or larger than the newer.
    #[error("a tree of {older} leaves cannot grow into one of {newer}")]
    SizesSwapped {
        /// Leaves of the older tree.
        older: u64,
        /// Leaves of the newer tree.
        newer: u64,
    },
    /// A stored hash is missing; only when making a proof.
    #[error("the hash of node {index} on level {level} is not stored")]
    NodeMissing {
        /// Level above the leaves.
        level: u8,
        /// Place within the level.
        index: u64,
    },
    /// The proof has too many or too few hashes.
    #[error("the proof has the wrong length")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    RootMismatch,
}

/// Makes the proof that leaf `index` is in the tree of `size` leaves.
///
/// `node(level, index)` gives the root of the complete subtree of `2^level` leaves number `index`.
///
/// # Errors
/// The leaf is outside, or a needed hash is missing.
pub fn inclusion_proof(
    index: u64,
    size: u64,
    mut node: impl FnMut(u8, u64) -> Option<NodeHash>,
) -> Result<Vec<NodeHash>, ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutside { index, size });
    }
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(subtree(middle, high, &mut node)?);
            high = middle;
        } else {
            path.push(subtree(low, middle, &mut node)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Makes the proof that the tree of `older` leaves is the beginning of the tree of `newer`.
///
/// # Errors
/// `older` is 0 or above `newer`, or a needed hash is missing.
pub fn consistency_proof(
    older: u64,
    newer: u64,
    mut node: impl FnMut(u8, u64) -> Option<NodeHash>,
) -> Result<Vec<NodeHash>, ProofError> {
    if older == 0 || older > newer {
        return Err(ProofError::SizesSwapped { older, newer });
    }
    let (mut low, mut high) = (0, newer);
    let mut path = Vec::new();
    // As long as the older tree's edge cuts this subtree, go down towards the edge.
    while older < high {
        let middle = low + split(high - low);
        if older <= middle {
            path.push(subtree(middle, high, &mut node)?);
            high = middle;
        } else {
            path.push(subtree(low, middle, &mut node)?);
            low = middle;
        }
    }
    if low > 0 {
        path.push(subtree(low, high, &mut node)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is leaf `index` of the tree of `size` leaves with this root. // W8
///
/// # Errors
/// It is not shown to be: wrong index, wrong length, or another root.
pub fn verify_inclusion(
    leaf: LeafHash,
    index: u64,
    size: u64,
    proof: &[NodeHash],
    root: &NodeHash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutside { index, size });
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = NodeHash::from(leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash != *root {
        return Err(ProofError::RootMismatch);
    }
    Ok(())
}

/// Checks that the older tree is the beginning of the newer one. // W8
///
/// # Errors
/// It is not shown to be: sizes swapped, wrong length, or another root.
pub fn verify_consistency(
    older: u64,
    older_root: &NodeHash,
    newer: u64,
    newer_root: &NodeHash,
    proof: &[NodeHash],
) -> Result<(), ProofError> {
    if older == 0 || older > newer {
        return Err(ProofError::SizesSwapped { older, newer });
    }
    if older == newer {
        if !proof.is_empty() {
            return Err(ProofError::Length);
        }
        return if older_root == newer_root { Ok(()) } else { Err(ProofError::RootMismatch) };
    }
    let (start, rest) = if older.is_power_of_two() {
        (*older_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::Length)?;
        (*first, rest)
    };
    let shift = (older - 1).trailing_ones();
    let (mut at, mut last) = ((older - 1) >> shift, (newer - 1) >> shift);
    let (mut old, mut new) = (start, start);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if old != *older_root || new != *newer_root {
        return Err(ProofError::RootMismatch);
    }
    Ok(())
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// Root of the leaves `low..high`, a subtree that RFC 6962's splitting reaches.
fn subtree(low: u64, high: u64, node: &mut impl FnMut(u8, u64) -> Option<NodeHash>) -> Result<NodeHash, ProofError> {
    let mut peaks = Vec::new();
    let mut at = low;
    while at < high {
        let level = (high - at).ilog2() as u8;
        let index = at >> level;
        peaks.push(node(level, index).ok_or(ProofError::NodeMissing { level, index })?);
        at += 1 << level;
    }
    let last = peaks.pop().expect("a subtree has a leaf");
    Ok(peaks.iter().rev().fold(last, |right, left| node_hash(left, &right)))
}

/// Answers for [`inclusion_proof`] from all leaves of a tree: for auditors who hold them.
pub fn node_of_leaves(leaves: &[LeafHash], level: u8, index: u64) -> Option<NodeHash> {
    let start = usize::try_from(index.checked_shl(u32::from(level))?).ok()?;
    let count = 1usize.checked_shl(u32::from(level))?;
    let nodes: Vec<NodeHash> =
        leaves.get(start..start.checked_add(count)?)?.iter().map(|leaf| NodeHash::from(*leaf)).collect();
    complete_root(&nodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::{Frontier, leaf_hash};
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
    use proptest::prelude::*;
    use sha2::Sha256;

    const MOST: u64 = 70;

    fn leaves() -> Vec<LeafHash> {
        (0..MOST).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn root(size: u64) -> NodeHash {
        let mut frontier = Frontier::new();
        leaves()[..size as usize].iter().for_each(|leaf| frontier.append(*leaf));
        frontier.root()
    }

    fn joined(proof: &[NodeHash]) -> Vec<u8> {
        proof.iter().flat_map(|hash| hash.0).collect()
    }

    #[test]
    fn every_proof_is_the_one_that_ct_merkle_makes_and_both_accept_it() {
        let leaves = leaves();
        let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        for size in 1..=MOST {
            theirs.push((size - 1).to_be_bytes().to_vec());
            let held = |level, index| node_of_leaves(&leaves[..size as usize], level, index);
            for index in 0..size {
                let proof = inclusion_proof(index, size, held).unwrap();
                let their_proof = theirs.prove_inclusion(index as usize);
                assert_eq!(joined(&proof), their_proof.as_bytes(), "leaf {index} of {size}");
                verify_inclusion(leaves[index as usize], index, size, &proof, &root(size)).unwrap();
                let ours = InclusionProof::<Sha256>::try_from_bytes(joined(&proof)).unwrap();
                theirs.root().verify_inclusion(&index.to_be_bytes().to_vec(), index, &ours).unwrap();
            }
            for older in 1..size {
                let proof = consistency_proof(older, size, held).unwrap();
                let added = (size - older) as usize;
                assert_eq!(joined(&proof), theirs.prove_consistency(added).as_bytes(), "{older} to {size}");
                verify_consistency(older, &root(older), size, &root(size), &proof).unwrap();
                let ours = ConsistencyProof::<Sha256>::try_from_bytes(joined(&proof)).unwrap();
                let old = RootHash::<Sha256>::new(root(older).0.into(), older);
                theirs.root().verify_consistency(&old, &ours).unwrap();
            }
        }
    }

    #[test]
    fn misuse_is_refused() {
        let none = |_, _| None;
        assert_eq!(inclusion_proof(3, 3, none), Err(ProofError::IndexOutside { index: 3, size: 3 }));
        assert_eq!(consistency_proof(0, 3, none), Err(ProofError::SizesSwapped { older: 0, newer: 3 }));
        assert_eq!(consistency_proof(4, 3, none), Err(ProofError::SizesSwapped { older: 4, newer: 3 }));
        assert_eq!(inclusion_proof(0, 3, none), Err(ProofError::NodeMissing { level: 0, index: 2 }));
        let (leaf, root) = (leaves()[0], root(3));
        assert_eq!(verify_inclusion(leaf, 3, 3, &[], &root), Err(ProofError::IndexOutside { index: 3, size: 3 }));
        assert_eq!(verify_inclusion(leaf, 0, 3, &[root; 80], &root), Err(ProofError::Length));
        assert_eq!(verify_inclusion(leaf, 0, 3, &[], &root), Err(ProofError::Length));
        assert_eq!(verify_consistency(3, &root, 5, &root, &[]), Err(ProofError::Length));
        assert_eq!(verify_consistency(2, &root, 5, &root, &[root; 80]), Err(ProofError::Length));
        assert_eq!(verify_consistency(3, &root, 3, &root, &[root]), Err(ProofError::Length));
        let other = NodeHash([0; 32]);
        assert_eq!(verify_consistency(3, &root, 3, &other, &[]), Err(ProofError::RootMismatch));
    }

    proptest! {
        #[test]
        fn a_bent_proof_does_not_hold(
            size in 2u64..MOST, place in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(), bit in 0usize..256,
        ) {
            let leaves = leaves();
            let held = |level, index| node_of_leaves(&leaves[..size as usize], level, index);
            let bend = |proof: &mut Vec<NodeHash>| {
                let hash = at.get(proof).0;
                let mut bent = hash;
                bent[bit / 8] ^= 1 << (bit % 8);
                let found = proof.iter().position(|one| one.0 == hash).unwrap();
                proof[found] = NodeHash(bent);
            };
            let index = place.index(size as usize) as u64;
            let mut proof = inclusion_proof(index, size, held).unwrap();
            bend(&mut proof);
            prop_assert_eq!(
                verify_inclusion(leaves[index as usize], index, size, &proof, &root(size)),
                Err(ProofError::RootMismatch)
            );
            let older = 1 + place.index(size as usize - 1) as u64;
            let mut proof = consistency_proof(older, size, held).unwrap();
            bend(&mut proof);
            prop_assert_eq!(
                verify_consistency(older, &root(older), size, &root(size), &proof),
                Err(ProofError::RootMismatch)
            );
        }
    }
}
