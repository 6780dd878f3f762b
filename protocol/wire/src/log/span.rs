//! The span: what one visit reads, from the start of a window to a checkpoint's size, verified by
//! standard tiles alone (`docs/protocol/01-wire.md`, section 6).
//!
//! ```text
//! level 2                                  [e e]               e: at the edge, folded into the root
//! level 1              [ . . h h h h ][h h e]                  h: checked against the level above
//! level 0   ...   [full][full][full][full][partial]
//!                 ^ first (a multiple of 256)      ^ size
//! ```
//! On each level L the visit fetches the tiles from the one that holds node `first / 256^L` to the
//! edge of the tree. Then (a) the partial tiles of all levels hold exactly the complete subtrees whose
//! folding is the root (RFC 6962), so the checkpoint proves them; (b) each full tile's hash stands in a
//! tile of the next level that is fetched too, so by going down every hash is proved. And since every
//! tree of m leaves, `first <= m <= size`, has its own edge inside these tiles, its root can be computed
//! from them: that is the proof of consistency with any checkpoint held before. Cost: 32 bytes for
//! each new cell plus at most two tiles for each level.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use crate::cell::{Cell, LeafHash};
use crate::limits::{MAX_SPAN_CELLS, MAX_TREE_CELLS, TILE_HASHES};
use crate::log::tile::{HashTile, TileId};
use crate::log::tree::{Frontier, NodeHash, complete_root};

/// The start of the window that holds cell `position`: the multiple of 256 at or before it.
pub fn window_start(position: u64) -> u64 {
    position - position % TILE_HASHES
}

/// The hash tiles that prove the cells `first..size`, lowest level first: what a visit fetches.
///
/// # Errors
/// `first` is not the start of a window, lies beyond `size`, or the span is too long. // W19
pub fn tiles_for_span(first: u64, size: u64) -> Result<Vec<TileId>, SpanError> {
    if size > MAX_TREE_CELLS {
        return Err(SpanError::TooLarge { size });
    }
    if !first.is_multiple_of(TILE_HASHES) || first > size {
        return Err(SpanError::Start { first, size });
    }
    if size - first > MAX_SPAN_CELLS {
        return Err(SpanError::TooLong { cells: size - first });
    }
    let mut tiles = Vec::new();
    let (mut from, mut nodes) = (first, size);
    let mut level = 0;
    while nodes > 0 {
        for index in from / TILE_HASHES..nodes.div_ceil(TILE_HASHES) {
            let width = (nodes - index * TILE_HASHES).min(TILE_HASHES) as u16;
            tiles.push(TileId::new(level, index, width).expect("the size is within the limits"));
        }
        from /= TILE_HASHES;
        nodes /= TILE_HASHES;
        level += 1;
    }
    Ok(tiles)
}

/// Verified hashes of the cells `first..size` of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    first: u64,
    size: u64,
    root: NodeHash,
    tiles: BTreeMap<(u8, u64), HashTile>,
}

/// Why tiles do not prove a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// A size beyond the limit.
    #[error("a log of {size} cells is too large")]
    TooLarge {
        /// Cells of the log.
        size: u64,
    },
    /// The start is no multiple of 256 or lies beyond the end.
    #[error("a visit to {size} cells cannot start at {first}")]
    Start {
        /// First cell.
        first: u64,
        /// Cells of the log.
        size: u64,
    },
    /// More cells than one visit takes.
    #[error("{cells} cells are too many for one visit")]
    TooLong {
        /// Cells from start to end.
        cells: u64,
    },
    /// Not the tiles of [`tiles_for_span`], in its order.
    #[error("tile number {at} is not the one that was needed")]
    WrongTile {
        /// Place in the list.
        at: usize,
    },
    /// The edge of the tree leads to another root than the checkpoint's.
    #[error("the tiles lead to another root than the checkpoint's")]
    RootMismatch,
    /// A full tile has another hash than the level above says.
    #[error("tile {index} of level {level} is not the one that the tree holds")]
    TileMismatch {
        /// Level of the tile.
        level: u8,
        /// Place within its level.
        index: u64,
    },
}

/// Why bodies are not the cells of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellsError {
    /// Cells outside the span.
    #[error("cells from {start} on are not within the visit")]
    Outside {
        /// First cell offered.
        start: u64,
    },
    /// Fewer cells than asked for.
    #[error("{found} cells came instead of {expected}")]
    Count {
        /// Cells that came.
        found: usize,
        /// Cells asked for.
        expected: usize,
    },
    /// A cell that is not the one in the tree.
    #[error("cell {index} is not the one in the log")]
    Mismatch {
        /// Its place in the log.
        index: u64,
    },
}

impl Span {
    /// Proves the hashes of the cells `first..size` of the tree with this root. Pure.
    ///
    /// `tiles` are those of [`tiles_for_span`] in its order.
    ///
    /// # Errors
    /// The bounds are out of the limits, tiles are missing or others, or the hashes do not lead to
    /// `root`. // W19
    pub fn verify(first: u64, size: u64, root: &NodeHash, tiles: &[HashTile]) -> Result<Self, SpanError> {
        let plan = tiles_for_span(first, size)?;
        for at in 0..plan.len().max(tiles.len()) {
            if plan.get(at) != tiles.get(at).map(HashTile::id).as_ref() {
                return Err(SpanError::WrongTile { at });
            }
        }
        let tiles = tiles.iter().map(|tile| ((tile.id().level(), tile.id().index()), tile.clone())).collect();
        let span = Self { first, size, root: *root, tiles };
        let edge = span.frontier_at(size).expect("the tiles reach to the size");
        if edge.root() != *root {
            return Err(SpanError::RootMismatch);
        }
        for ((level, index), tile) in &span.tiles {
            let Some(hash) = tile.parent_hash() else { continue };
            let above = span.tile_hash(level + 1, *index).expect("the plan holds the parents of full tiles");
            if above != hash {
                return Err(SpanError::TileMismatch { level: *level, index: *index });
            }
        }
        Ok(span)
    }

    /// First cell, a multiple of 256.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Cells of the whole log.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the whole log.
    pub fn root(&self) -> &NodeHash {
        &self.root
    }

    /// The leaf hash of a cell; `None` outside the span.
    pub fn leaf(&self, index: u64) -> Option<LeafHash> {
        if !(self.first..self.size).contains(&index) {
            return None;
        }
        self.tile_hash(0, index).map(|hash| LeafHash(hash.0))
    }

    /// Place of the first cell with this hash; `None` if it is not within the span.
    pub fn find(&self, leaf: &LeafHash) -> Option<u64> {
        let mut windows = self.tiles.range((0, self.first / TILE_HASHES)..=(0, u64::MAX));
        windows.find_map(|((_, index), tile)| {
            let at = tile.hashes().iter().position(|hash| hash.0 == leaf.0)?;
            Some(index * TILE_HASHES + at as u64)
        })
    }

    /// All leaves of the log, if the span begins with the first.
    pub fn all_leaves(&self) -> Option<Vec<LeafHash>> {
        if self.first > 0 {
            return None;
        }
        (0..self.size).map(|index| self.leaf(index)).collect()
    }

    /// The frontier, and so the root, that the log had at `size` cells; `None` outside the span.
    pub fn frontier_at(&self, size: u64) -> Option<Frontier> {
        if size < self.first || size > self.size {
            return None;
        }
        let mut peaks = Vec::new();
        for bit in (0..=size.checked_ilog2().unwrap_or(0)).rev().filter(|bit| size >> bit & 1 == 1) {
            peaks.push(self.node(bit as u8, (size >> bit) - 1)?);
        }
        Frontier::from_parts(size, peaks).ok()
    }

    /// Root of the complete subtree of `2^level` leaves number `index`, if it lies in the tiles; the
    /// source for [`inclusion_proof`](crate::log::inclusion_proof).
    pub fn node(&self, level: u8, index: u64) -> Option<NodeHash> {
        let (tile_level, up) = (level / 8, level % 8);
        let start = index.checked_shl(u32::from(up))?;
        let tile = self.tiles.get(&(tile_level, start / TILE_HASHES))?;
        let at = (start % TILE_HASHES) as usize;
        complete_root(tile.hashes().get(at..at + (1 << up))?)
    }

    /// The hashes of the tiles, as fetched: what [`Evidence`](crate::log::Evidence) carries.
    pub fn tiles(&self) -> impl Iterator<Item = &HashTile> {
        self.tiles.values()
    }

    /// Checks that `cells` are the log's cells `range`: the bodies of blocks against the tree. // W21
    ///
    /// More cells than `range` are allowed (the log has grown since); the surplus is not looked at.
    ///
    /// # Errors
    /// The range is not within the span, cells are missing, or one is not the log's.
    pub fn check_cells(&self, range: Range<u64>, cells: &[Cell]) -> Result<(), CellsError> {
        if range.start < self.first || range.end > self.size {
            return Err(CellsError::Outside { start: range.start });
        }
        let expected = range.end.saturating_sub(range.start) as usize;
        if cells.len() < expected {
            return Err(CellsError::Count { found: cells.len(), expected });
        }
        for (index, cell) in range.zip(cells) {
            if self.leaf(index) != Some(cell.leaf_hash()) {
                return Err(CellsError::Mismatch { index });
            }
        }
        Ok(())
    }

    fn tile_hash(&self, level: u8, index: u64) -> Option<NodeHash> {
        let tile = self.tiles.get(&(level, index / TILE_HASHES))?;
        tile.hashes().get((index % TILE_HASHES) as usize).copied()
    }
}
