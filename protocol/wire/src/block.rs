//! Whole blocks of cells, the unit in which bodies are fetched (`docs/protocol/01-wire.md`, section 6).

use alloc::{format, string::String};
use core::ops::Range;

use crate::limits::{BLOCK_CELLS, MAX_FETCH_BLOCKS, MAX_TREE_CELLS};
use crate::text::decimal;

/// Blocks `first .. first + count`; block n holds the cells 16 n up to 16 n + 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRange {
    first: u64,
    count: u64,
}

/// Why a range of blocks cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockRangeError {
    /// Not two plain decimal numbers.
    #[error("a range of blocks is two decimal numbers")]
    Malformed,
    /// No block, or more than 64.
    #[error("{count} blocks cannot be asked for at once")]
    Count {
        /// Blocks asked for.
        count: u64,
    },
    /// Beyond the largest tree.
    #[error("block {first} is beyond the largest log")]
    TooFar {
        /// First block asked for.
        first: u64,
    },
}

impl BlockRange {
    /// A range of 1 to 64 blocks.
    ///
    /// # Errors
    /// Count or place out of the limits. // W18
    pub fn new(first: u64, count: u64) -> Result<Self, BlockRangeError> {
        if count == 0 || count > MAX_FETCH_BLOCKS {
            return Err(BlockRangeError::Count { count });
        }
        if first > MAX_TREE_CELLS / BLOCK_CELLS {
            return Err(BlockRangeError::TooFar { first });
        }
        Ok(Self { first, count })
    }

    /// The requests that together cover the cells `cells`, in order, each as large as allowed.
    pub fn covering(cells: Range<u64>) -> impl Iterator<Item = Self> {
        let first = cells.start / BLOCK_CELLS;
        let end = if cells.is_empty() { first } else { cells.end.div_ceil(BLOCK_CELLS) };
        (first..end)
            .step_by(MAX_FETCH_BLOCKS as usize)
            .map(move |first| Self { first, count: (end - first).min(MAX_FETCH_BLOCKS) })
    }

    /// First block.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Number of blocks, 1 to 64.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The cells of these blocks in a log of `size` cells; the last block may be short, and the range
    /// is empty if the log ends before it.
    pub fn cells(&self, size: u64) -> Range<u64> {
        let start = (self.first * BLOCK_CELLS).min(size);
        start..((self.first + self.count) * BLOCK_CELLS).min(size)
    }

    /// `/blocks/<first>/<count>`.
    pub fn path(&self) -> String {
        format!("/blocks/{}/{}", self.first, self.count)
    }

    /// Reads what follows `/blocks/` in a path.
    ///
    /// # Errors
    /// Anything but two decimal numbers within the limits.
    pub fn parse(rest: &str) -> Result<Self, BlockRangeError> {
        let (first, count) = rest.split_once('/').ok_or(BlockRangeError::Malformed)?;
        let first = decimal(first).ok_or(BlockRangeError::Malformed)?;
        let count = decimal(count).ok_or(BlockRangeError::Malformed)?;
        Self::new(first, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn limits_hold() {
        assert_eq!(BlockRange::new(0, 0), Err(BlockRangeError::Count { count: 0 }));
        assert_eq!(BlockRange::new(0, 65), Err(BlockRangeError::Count { count: 65 }));
        assert_eq!(BlockRange::new(u64::MAX, 1), Err(BlockRangeError::TooFar { first: u64::MAX }));
        for bad in ["", "1", "1/", "/1", "01/1", "1/1/1", "-1/1", "1/1?x"] {
            assert_eq!(BlockRange::parse(bad), Err(BlockRangeError::Malformed), "{bad}");
        }
        assert_eq!(BlockRange::new(2, 2).unwrap().cells(40), 32..40);
        assert_eq!(BlockRange::new(3, 1).unwrap().cells(40), 40..40);
    }

    proptest! {
        #[test]
        fn requests_cover_the_cells_without_overlap(start in 0u64..5_000, length in 0u64..5_000) {
            let size = start + length;
            let mut next = start - start % BLOCK_CELLS;
            for range in BlockRange::covering(start..size) {
                prop_assert_eq!(BlockRange::parse(&range.path()["/blocks/".len()..]), Ok(range));
                prop_assert_eq!(range.cells(size).start, next);
                next = range.cells(size).end;
            }
            if length > 0 {
                prop_assert_eq!(next, size);
            }
        }
    }
}
