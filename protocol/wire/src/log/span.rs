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

/// The first window from which one visit can prove all cells up to `size`: 0 unless the log is very long.
pub fn first_provable(size: u64) -> u64 {
    size.saturating_sub(MAX_SPAN_CELLS).next_multiple_of(TILE_HASHES)
}

/// The hash tiles that tie the tree of `held` cells to a span that starts after it, lowest level first: one for each level on which
/// the span's tiles begin later. All of them are full.
///
/// ```text
/// level 1       [ . . h . ]...[ . h h h ]        the tile that holds node `held / 256^(L + 1)`, and so on upwards,
/// level 0       [ . h . . ]...      [full]...    until it is one of the span's own
///                   ^ held          ^ first
/// ```
///
/// # Errors
/// `first` is beyond the limits.
pub fn tiles_to_tie(held: u64, first: u64) -> Result<Vec<TileId>, SpanError> {
    if first > MAX_TREE_CELLS {
        return Err(SpanError::TooLarge { size: first });
    }
    let mut tiles = Vec::new();
    let (mut at, mut from) = (held / TILE_HASHES, first / TILE_HASHES);
    let mut level = 0;
    while at < from {
        tiles.push(TileId::new(level, at, TILE_HASHES as u16).expect("the first cell is within the limits"));
        at /= TILE_HASHES;
        from /= TILE_HASHES;
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
    /// The size of an earlier tree that other tiles tie to it.
    tied: Option<u64>,
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
        Self::of_plan(tiles_for_span(first, size)?, first, size, root, tiles, None)
    }

    /// The same, with the edge of the tree of `held` cells, which ends before `first`: after the tiles of [`tiles_for_span`] come those of
    /// [`tiles_to_tie`].
    ///
    /// # Errors
    /// As [`verify`](Self::verify). // W30
    pub fn verify_tied(
        held: u64,
        first: u64,
        size: u64,
        root: &NodeHash,
        tiles: &[HashTile],
    ) -> Result<Self, SpanError> {
        let mut plan = tiles_for_span(first, size)?;
        plan.append(&mut tiles_to_tie(held, first)?);
        Self::of_plan(plan, first, size, root, tiles, Some(held))
    }

    fn of_plan(
        plan: Vec<TileId>,
        first: u64,
        size: u64,
        root: &NodeHash,
        tiles: &[HashTile],
        tied: Option<u64>,
    ) -> Result<Self, SpanError> {
        for at in 0..plan.len().max(tiles.len()) {
            if plan.get(at) != tiles.get(at).map(HashTile::id).as_ref() {
                return Err(SpanError::WrongTile { at });
            }
        }
        let tiles = tiles.iter().map(|tile| ((tile.id().level(), tile.id().index()), tile.clone())).collect();
        let span = Self { first, size, root: *root, tiles, tied };
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

    /// The frontier, and so the root, that the log had at `size` cells; `None` outside the span, but for the size that is tied to it.
    pub fn frontier_at(&self, size: u64) -> Option<Frontier> {
        if (size < self.first && self.tied != Some(size)) || size > self.size {
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

    /// The hashes of the span's own tiles, as fetched: what [`Evidence`](crate::log::Evidence) carries.
    pub fn tiles(&self) -> impl Iterator<Item = &HashTile> {
        let own = |level: u8, index: u64| index >= self.first >> (8 * (u32::from(level) + 1));
        self.tiles.iter().filter(move |((level, index), _)| own(*level, *index)).map(|(_, tile)| tile)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::proof::{inclusion_proof, verify_inclusion};
    use crate::log::world::{World, cell, leaf};
    use proptest::prelude::*;
    use std::vec;

    fn verify(world: &World, first: u64, tiles: &[HashTile]) -> Result<Span, SpanError> {
        Span::verify(first, world.size(), &world.frontier(world.size()).root(), tiles)
    }

    #[test]
    fn a_log_with_three_tile_levels_is_proved_from_any_window_with_few_tiles() {
        let world = World::sized(66_100, 0);
        let edge = world.frontier(world.size());
        for first in [0, 256, 30_208, 65_280, 65_536, 65_792, 66_048] {
            let tiles = world.tiles(first, world.size());
            let most = (world.size() - first) / 256 + 1 + 2 * 2;
            assert!(tiles.len() as u64 <= most, "{} tiles from {first}", tiles.len());
            let span = verify(&world, first, &tiles).expect("honest");
            assert_eq!(span.frontier_at(world.size()), Some(edge.clone()));
            assert_eq!(span.leaf(66_099), Some(leaf(66_099, 0)));
            assert_eq!(span.leaf(66_100), None);
            assert_eq!(span.find(&leaf(66_050, 0)), Some(66_050));
            assert_eq!(first == 0, span.find(&leaf(3, 0)).is_some());
            assert_eq!(first == 0, span.all_leaves().is_some());
        }
    }

    #[test]
    fn every_earlier_root_within_the_span_is_computed_from_it() {
        let world = World::sized(1_030, 0);
        let span = verify(&world, 256, &world.tiles(256, 1_030)).expect("honest");
        for size in [256, 257, 511, 512, 513, 700, 1_023, 1_024, 1_025, 1_030] {
            assert_eq!(span.frontier_at(size), Some(world.frontier(size)), "{size}");
        }
        assert_eq!(span.frontier_at(255), None);
        assert_eq!(span.frontier_at(1_031), None);
    }

    #[test]
    fn an_earlier_tree_is_tied_to_a_span_that_starts_after_it() {
        let world = World::sized(66_100, 0);
        let root = world.frontier(66_100).root();
        for first in [256, 512, 30_208, 65_536, 66_048] {
            for held in [0, 1, 255, 256, 257, 300, 511, 512, 30_000, 65_535, 65_536, 65_537, 66_000] {
                if held > first {
                    continue;
                }
                let tie = tiles_to_tie(held, first).expect("within the limits");
                assert!(tie.len() <= 2, "{} tiles from {held} to {first}", tie.len());
                let tie: Vec<HashTile> = tie.into_iter().map(|id| world.tile(id)).collect();
                let tiles = [world.tiles(first, 66_100), tie].concat();
                let span = Span::verify_tied(held, first, 66_100, &root, &tiles).expect("honest");
                assert_eq!(span.frontier_at(held), Some(world.frontier(held)), "{held} before {first}");
                assert_eq!(span.tiles().cloned().collect::<Vec<_>>(), sorted(world.tiles(first, 66_100)));
                assert_eq!(span.find(&leaf(3, 0)), None, "what is before the span is not in it");
                assert!((0..held).all(|size| size >= first || span.frontier_at(size).is_none()));
                if tiles.len() > world.tiles(first, 66_100).len() {
                    let refused = verify(&world, first, &tiles);
                    assert!(matches!(refused, Err(SpanError::WrongTile { .. })), "they belong to no other span");
                }
            }
        }
    }

    #[test]
    fn one_bent_hash_of_a_tie_is_noticed() {
        let world = World::sized(66_100, 0);
        let root = world.frontier(66_100).root();
        let (held, first) = (300, 65_536);
        let span = world.tiles(first, 66_100);
        let tie: Vec<HashTile> = tiles_to_tie(held, first).unwrap().into_iter().map(|id| world.tile(id)).collect();
        assert_eq!(tie.len(), 2);
        for (at, hash) in [(0, 0), (0, 43), (0, 255), (1, 0), (1, 1), (1, 255)] {
            let mut bent = tie.clone();
            let mut bytes = bent[at].encode();
            bytes[32 * hash] ^= 1;
            bent[at] = HashTile::decode(bent[at].id(), &bytes).unwrap();
            let refused = Span::verify_tied(held, first, 66_100, &root, &[span.clone(), bent].concat());
            assert!(matches!(refused, Err(SpanError::TileMismatch { .. })), "{at}, {hash}: {:?}", refused.map(|_| ()));
        }
        let less = Span::verify_tied(held, first, 66_100, &root, &[&span[..], &tie[..1]].concat());
        assert_eq!(less.map(|_| ()), Err(SpanError::WrongTile { at: span.len() + 1 }));
    }

    #[test]
    fn the_newest_part_of_a_long_log_can_be_proved() {
        for (size, first) in
            [(0, 0), (1 << 20, 0), ((1 << 20) + 1, 256), ((1 << 20) + 256, 256), ((1 << 20) + 257, 512)]
        {
            assert_eq!(first_provable(size), first);
            assert!(tiles_for_span(first, size).is_ok(), "{size}");
        }
        assert!(tiles_for_span(first_provable(MAX_TREE_CELLS), MAX_TREE_CELLS).is_ok());
    }

    fn sorted(mut tiles: Vec<HashTile>) -> Vec<HashTile> {
        tiles.sort_by_key(|tile| (tile.id().level(), tile.id().index()));
        tiles
    }

    #[test]
    fn the_smallest_logs() {
        for size in [0, 1, 2, 255, 256, 257] {
            let world = World::sized(size, 0);
            let span = verify(&world, 0, &world.tiles(0, size)).expect("honest");
            assert_eq!(span.all_leaves(), Some(world.leaves()), "{size}");
        }
        assert_eq!(verify(&World::sized(0, 0), 0, &[]).map(|span| span.size()), Ok(0));
    }

    #[test]
    fn bounds_are_checked_before_anything_is_made() {
        assert_eq!(tiles_for_span(1, 5), Err(SpanError::Start { first: 1, size: 5 }));
        assert_eq!(tiles_for_span(256, 255), Err(SpanError::Start { first: 256, size: 255 }));
        assert_eq!(tiles_for_span(0, u64::MAX), Err(SpanError::TooLarge { size: u64::MAX }));
        assert_eq!(tiles_for_span(0, (1 << 20) + 1), Err(SpanError::TooLong { cells: (1 << 20) + 1 }));
        assert!(tiles_for_span(MAX_TREE_CELLS - 256, MAX_TREE_CELLS).is_ok_and(|tiles| tiles.len() <= 10));
    }

    #[test]
    fn other_tiles_than_planned_are_refused() {
        let world = World::sized(600, 0);
        let tiles = world.tiles(256, 600);
        assert_eq!(verify(&world, 256, &tiles[1..]), Err(SpanError::WrongTile { at: 0 }));
        assert_eq!(verify(&world, 256, &tiles[..2]), Err(SpanError::WrongTile { at: 2 }));
        assert_eq!(verify(&world, 0, &tiles), Err(SpanError::WrongTile { at: 0 }));
        let doubled = [&tiles[..], &tiles[..1]].concat();
        assert_eq!(verify(&world, 256, &doubled), Err(SpanError::WrongTile { at: tiles.len() }));
    }

    #[test]
    fn bodies_are_held_against_the_leaves() {
        let cells: Vec<Cell> = (0..40).map(cell).collect();
        let world = World::of(&cells.iter().map(Cell::leaf_hash).collect::<Vec<_>>());
        let span = verify(&world, 0, &world.tiles(0, 40)).expect("honest");
        assert_eq!(span.check_cells(16..32, &cells[16..32]), Ok(()));
        assert_eq!(span.check_cells(32..40, &[&cells[32..], &cells[..8]].concat()), Ok(())); // grown since
        assert_eq!(span.check_cells(16..32, &cells[16..31]), Err(CellsError::Count { found: 15, expected: 16 }));
        assert_eq!(span.check_cells(32..48, &cells[32..]), Err(CellsError::Outside { start: 32 }));
        let mut bent = cells[16..32].to_vec();
        bent.swap(3, 4);
        assert_eq!(span.check_cells(16..32, &bent), Err(CellsError::Mismatch { index: 19 }));
    }

    #[test]
    fn tlog_tiles_checks_the_same_leaves_by_the_same_tiles() {
        struct Theirs<'a>(&'a World);
        impl tlog_tiles::TileReader for Theirs<'_> {
            fn height(&self) -> u8 {
                8
            }
            fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
                let id = |tile: &tlog_tiles::Tile| {
                    TileId::new(tile.level(), tile.level_index(), tile.width() as u16).expect("within the limits")
                };
                Ok(tiles.iter().map(|tile| self.0.tile(id(tile)).encode()).collect())
            }
            fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
        }
        let world = World::sized(1_030, 0);
        let root = tlog_tiles::Hash(world.frontier(1_030).root().0);
        let theirs = Theirs(&world);
        let reader = tlog_tiles::TileHashReader::new(1_030, root, &theirs);
        assert_eq!(tlog_tiles::tree_hash(1_030, &reader).expect("reads").0, root.0);
        for index in [0, 255, 256, 700, 1_029] {
            let proof = tlog_tiles::prove_record(1_030, index, &reader).expect("reads");
            let leaf = tlog_tiles::Hash(world.leaves()[index as usize].0);
            tlog_tiles::check_record(&proof, 1_030, root, index, leaf).expect("proved");
            let span = verify(&world, 0, &world.tiles(0, 1_030)).expect("honest");
            let ours = inclusion_proof(index, 1_030, |level, at| span.node(level, at)).expect("in the tiles");
            verify_inclusion(LeafHash(leaf.0), index, 1_030, &ours, span.root()).expect("proved");
            assert_eq!(
                ours.iter().map(|hash| hash.0).collect::<Vec<_>>(),
                proof.iter().map(|h| h.0).collect::<Vec<_>>()
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn one_bent_hash_anywhere_is_noticed(
            size in 1u64..1_500, window in any::<prop::sample::Index>(), tile in any::<prop::sample::Index>(),
            hash in any::<prop::sample::Index>(), bit in 0usize..256,
        ) {
            let world = World::sized(size, 0);
            let first = 256 * window.index((size / 256 + 1) as usize) as u64;
            let mut tiles = world.tiles(first, size);
            let at = tile.index(tiles.len());
            let mut bytes = tiles[at].encode();
            let start = 32 * hash.index(bytes.len() / 32);
            bytes[start + bit / 8] ^= 1 << (bit % 8);
            tiles[at] = HashTile::decode(tiles[at].id(), &bytes).unwrap();
            let refused = verify(&world, first, &tiles);
            prop_assert!(
                matches!(refused, Err(SpanError::RootMismatch | SpanError::TileMismatch { .. })),
                "{:?}", refused.map(|_| ())
            );
        }

        #[test]
        fn frontiers_are_those_of_appending(size in 0u64..1_500, parts in prop::collection::vec(any::<prop::sample::Index>(), 2)) {
            let world = World::sized(size, 0);
            let first = 256 * parts[0].index((size / 256 + 1) as usize) as u64;
            let span = verify(&world, first, &world.tiles(first, size)).unwrap();
            let then = first + parts[1].index((size - first + 1) as usize) as u64;
            prop_assert_eq!(span.frontier_at(then), Some(world.frontier(then)));
        }
    }

    #[test]
    fn windows_start_at_whole_tiles() {
        assert_eq!(vec![0, 255, 256, 700].into_iter().map(window_start).collect::<Vec<_>>(), [0, 0, 256, 512]);
    }
}
