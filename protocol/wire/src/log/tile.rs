//! Tiles (C2SP tlog-tiles): how stock tools and clients read the tree (`docs/protocol/01-wire.md`,
//! section 6).
//!
//! A hash tile on level L holds up to 256 hashes of the tree's level 8 L; an entry bundle holds up to
//! 256 cells. Only the last of a level may be partial, and its path says how wide it is.

use alloc::{format, string::String, vec::Vec};

use crate::cell::{CELL_BYTES, Cell};
use crate::limits::{MAX_TILE_LEVEL, MAX_TILE_PATH_CHARS, MAX_TREE_CELLS, TILE_HASHES};
use crate::log::tree::{NodeHash, complete_root};
use crate::text::decimal;

/// Names a hash tile: `tile/<level>/<index>[.p/<width>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

/// Names an entry bundle: `tile/entries/<index>[.p/<width>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId {
    index: u64,
    width: u16,
}

/// Why a tile or its name is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not a tile path of C2SP's one form.
    #[error("the path names no tile")]
    Path,
    /// A level that no log within the limits has.
    #[error("no log has a tile level {level}")]
    Level {
        /// Level asked for.
        level: u8,
    },
    /// A width other than 1 to 256.
    #[error("a tile has 1 to 256 hashes, not {width}")]
    Width {
        /// Width asked for.
        width: u64,
    },
    /// A place that no log within the limits has.
    #[error("tile {index} is beyond the largest log")]
    Index {
        /// Index asked for.
        index: u64,
    },
    /// The body has another length than its name says.
    #[error("the tile has {found_bytes} bytes, not {expected_bytes}")]
    Length {
        /// Bytes found.
        found_bytes: usize,
        /// Bytes that the width needs.
        expected_bytes: usize,
    },
}

impl TileId {
    /// A tile of `width` hashes, 1 to 256.
    ///
    /// # Errors
    /// Level, index or width out of the limits. // W17
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, TileError> {
        if level > MAX_TILE_LEVEL {
            return Err(TileError::Level { level });
        }
        check_width(u64::from(width))?;
        if index > MAX_TREE_CELLS >> (8 * (u32::from(level) + 1)) {
            return Err(TileError::Index { index });
        }
        Ok(Self { level, index, width })
    }

    /// Level of the tile; its hashes are nodes of the tree's level 8 times this.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Place within the level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes in it, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Is it full?
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_HASHES
    }

    /// Does a tree of `size` leaves have this tile, full or as the partial one at its edge?
    pub fn is_of_tree(&self, size: u64) -> bool {
        is_of_level(self.index, self.width, size >> (8 * u32::from(self.level)))
    }

    /// `/tile/<level>/<index>[.p/<width>]`.
    pub fn path(&self) -> String {
        format!("/tile/{}/{}", self.level, index_path(self.index, self.width))
    }

    /// Reads what follows `/tile/` in a path.
    ///
    /// # Errors
    /// Not the one form of a tile path, or out of the limits.
    pub fn parse(rest: &str) -> Result<Self, TileError> {
        let (level, rest) = rest.split_once('/').ok_or(TileError::Path)?;
        let level = decimal(level).and_then(|level| u8::try_from(level).ok()).ok_or(TileError::Path)?;
        let (index, width) = parse_index(rest)?;
        Self::new(level, index, width)
    }
}

impl BundleId {
    /// A bundle of `width` cells, 1 to 256.
    ///
    /// # Errors
    /// Index or width out of the limits.
    pub fn new(index: u64, width: u16) -> Result<Self, TileError> {
        let tile = TileId::new(0, index, width)?;
        Ok(Self { index: tile.index, width: tile.width })
    }

    /// Place among the bundles; bundle n begins with cell 256 n.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Cells in it, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Does a log of `size` cells have this bundle?
    pub fn is_of_tree(&self, size: u64) -> bool {
        is_of_level(self.index, self.width, size)
    }

    /// `/tile/entries/<index>[.p/<width>]`.
    pub fn path(&self) -> String {
        format!("/tile/entries/{}", index_path(self.index, self.width))
    }

    /// Reads what follows `/tile/entries/` in a path.
    ///
    /// # Errors
    /// Not the one form of a bundle path, or out of the limits.
    pub fn parse(rest: &str) -> Result<Self, TileError> {
        let (index, width) = parse_index(rest)?;
        Self::new(index, width)
    }
}

/// A hash tile as fetched: nothing of it is known to be true until a span is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashTile {
    id: TileId,
    hashes: Vec<NodeHash>,
}

impl HashTile {
    /// Reads the body of a tile: 32 bytes for each hash.
    ///
    /// # Errors
    /// [`TileError::Length`] if the body is not exactly as wide as its name says.
    pub fn decode(id: TileId, bytes: &[u8]) -> Result<Self, TileError> {
        let expected_bytes = usize::from(id.width) * 32;
        if bytes.len() != expected_bytes {
            return Err(TileError::Length { found_bytes: bytes.len(), expected_bytes });
        }
        let (hashes, _) = bytes.as_chunks::<32>();
        Ok(Self { id, hashes: hashes.iter().map(|hash| NodeHash(*hash)).collect() })
    }

    /// The body of the tile.
    pub fn encode(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// Its name.
    pub fn id(&self) -> TileId {
        self.id
    }

    /// Its hashes, as many as its width.
    pub fn hashes(&self) -> &[NodeHash] {
        &self.hashes
    }

    /// Of a full tile, the hash that the next level holds for it.
    pub fn parent_hash(&self) -> Option<NodeHash> {
        if self.id.is_full() { complete_root(&self.hashes) } else { None }
    }
}

/// Why bytes are not an entry bundle of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The body has another length than its width in cells needs.
    #[error("the bundle has {found_bytes} bytes, not {expected_bytes}")]
    Length {
        /// Bytes found.
        found_bytes: usize,
        /// Bytes that the width needs.
        expected_bytes: usize,
    },
    /// An entry that is no cell.
    #[error("entry {at} of the bundle has {found_bytes} bytes and is no cell")]
    EntryLength {
        /// Place within the bundle.
        at: usize,
        /// Length claimed.
        found_bytes: u16,
    },
}

const BUNDLE_ENTRY_BYTES: usize = 2 + CELL_BYTES;

/// Writes an entry bundle: each cell after its length as 16 bits, big-endian.
pub fn encode_bundle(cells: &[Cell]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(cells.len() * BUNDLE_ENTRY_BYTES);
    for cell in cells {
        bytes.extend_from_slice(&(CELL_BYTES as u16).to_be_bytes());
        bytes.extend_from_slice(cell.as_bytes());
    }
    bytes
}

/// Reads an entry bundle. // W17
///
/// # Errors
/// Its length is not that of as many cells as its name says, or an entry is no cell.
pub fn decode_bundle(id: BundleId, bytes: &[u8]) -> Result<Vec<Cell>, BundleError> {
    let expected_bytes = usize::from(id.width) * BUNDLE_ENTRY_BYTES;
    if bytes.len() != expected_bytes {
        return Err(BundleError::Length { found_bytes: bytes.len(), expected_bytes });
    }
    let (entries, _) = bytes.as_chunks::<BUNDLE_ENTRY_BYTES>();
    let mut cells = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let (length, cell) = entry.split_first_chunk::<2>().expect("an entry is longer than its length");
        let cell: &[u8; CELL_BYTES] = cell.try_into().expect("an entry is two bytes longer than a cell");
        let found_bytes = u16::from_be_bytes(*length);
        if usize::from(found_bytes) != CELL_BYTES {
            return Err(BundleError::EntryLength { at, found_bytes });
        }
        cells.push(Cell::from_bytes(*cell));
    }
    Ok(cells)
}

fn is_of_level(index: u64, width: u16, nodes: u64) -> bool {
    let full = nodes / TILE_HASHES;
    let edge = nodes % TILE_HASHES;
    let width = u64::from(width);
    if width == TILE_HASHES { index < full } else { index == full && width == edge }
}

fn check_width(width: u64) -> Result<u16, TileError> {
    if width == 0 || width > TILE_HASHES {
        return Err(TileError::Width { width });
    }
    Ok(width as u16)
}

/// The index in groups of three digits, all but the last marked by `x`; then the width if partial.
fn index_path(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1_000);
    let mut rest = index / 1_000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1_000);
        rest /= 1_000;
    }
    if u64::from(width) < TILE_HASHES {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

fn parse_index(rest: &str) -> Result<(u64, u16), TileError> {
    if rest.len() > MAX_TILE_PATH_CHARS {
        return Err(TileError::Path);
    }
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, decimal(width).ok_or(TileError::Path)?),
        None => (rest, TILE_HASHES),
    };
    let width = check_width(width)?;
    let mut index = 0u64;
    let mut groups = number.split('/').peekable();
    while let Some(group) = groups.next() {
        let digits = if groups.peek().is_some() { group.strip_prefix('x') } else { Some(group) };
        let digits = digits.filter(|digits| digits.len() == 3 && digits.bytes().all(|d| d.is_ascii_digit()));
        let value: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or(TileError::Path)?;
        index = index.checked_mul(1_000).and_then(|index| index.checked_add(value)).ok_or(TileError::Path)?;
    }
    // One tile has one path: no leading groups of zeros, and a full tile names no width.
    if index_path(index, width) != rest {
        return Err(TileError::Path);
    }
    Ok((index, width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(TileId::new(0, 1_234_067, 256).unwrap().path(), "/tile/0/x001/x234/067");
        assert_eq!(TileId::new(1, 0, 8).unwrap().path(), "/tile/1/000.p/8");
        assert_eq!(BundleId::new(67, 255).unwrap().path(), "/tile/entries/067.p/255");
        let bad = [
            "",
            "0",
            "0/",
            "0/0",
            "0/00",
            "0/0000",
            "00/000",
            "0/x000/001",
            "0/001/067",
            "0/x001/067/",
            "0/067.p/0256",
            "0/067.p/",
            "0/067.p",
            "0/067.p/8/9",
            "0/06a",
            "0/+67",
            "x0/067",
            "0/067.p/256",
        ];
        for path in bad {
            assert_eq!(TileId::parse(path), Err(TileError::Path), "{path}");
        }
        assert_eq!(TileId::parse("0/067.p/0"), Err(TileError::Width { width: 0 }));
        assert_eq!(TileId::parse("0/067.p/257"), Err(TileError::Width { width: 257 }));
        assert_eq!(TileId::parse("63/067"), Err(TileError::Level { level: 63 }));
        assert_eq!(TileId::parse("5/001"), Err(TileError::Index { index: 1 }));
        assert_eq!(TileId::parse(&"x999/".repeat(40)), Err(TileError::Path));
    }

    #[test]
    fn a_tree_has_full_tiles_and_one_edge() {
        let has = |index, width, size| TileId::new(0, index, width).unwrap().is_of_tree(size);
        assert!(has(0, 256, 256) && has(0, 256, 257) && has(1, 1, 257) && has(0, 5, 5));
        assert!(!has(0, 256, 255) && !has(1, 1, 256) && !has(0, 5, 6) && !has(0, 4, 5) && !has(0, 1, 0));
        assert!(TileId::new(1, 0, 2).unwrap().is_of_tree(513));
    }

    #[test]
    fn bundles_hold_cells_only() {
        let cells = vec![Cell::from_bytes([1; CELL_BYTES]), Cell::from_bytes([2; CELL_BYTES])];
        let bytes = encode_bundle(&cells);
        let id = BundleId::new(0, 2).unwrap();
        assert_eq!(decode_bundle(id, &bytes), Ok(cells));
        let length = BundleError::Length { found_bytes: 4_099, expected_bytes: 4_100 };
        assert_eq!(decode_bundle(id, &bytes[1..]), Err(length));
        let mut bent = bytes;
        bent[2_050] = 0;
        bent[2_051] = 9;
        assert_eq!(decode_bundle(id, &bent), Err(BundleError::EntryLength { at: 1, found_bytes: 9 }));
    }

    #[test]
    fn a_tile_is_as_wide_as_its_name() {
        let id = TileId::new(0, 0, 2).unwrap();
        let tile = HashTile::decode(id, &[7; 64]).unwrap();
        assert_eq!((tile.encode(), tile.parent_hash()), (vec![7; 64], None));
        assert_eq!(HashTile::decode(id, &[7; 65]), Err(TileError::Length { found_bytes: 65, expected_bytes: 64 }));
    }

    proptest! {
        #[test]
        fn paths_round_trip_and_tlog_tiles_writes_the_same(index in 0u64..1 << 32, width in 1u16..=256) {
            let id = TileId::new(0, index, width).unwrap();
            prop_assert_eq!(TileId::parse(&id.path()["/tile/".len()..]), Ok(id));
            let theirs = tlog_tiles::Tile::new(8, 0, index, u32::from(width), false);
            let their_path = theirs.path();
            let (start, end) = (their_path.split('/').next().unwrap().len(), id.path());
            prop_assert!(their_path[start..].ends_with(&end["/tile/0".len()..]), "{} {}", their_path, end);
        }

        #[test]
        fn no_path_panics(path in "[0-9x/.p]{0,40}") {
            let _ = TileId::parse(&path);
            let _ = BundleId::parse(&path);
        }
    }
}
