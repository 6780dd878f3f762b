//! Holds a whole log against itself, without changing anything (`docs/protocol/06-relay.md`, section 6).

use std::path::{Path, PathBuf};

use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::{MAX_TILE_LEVEL, TILE_HASHES};
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{Checkpoint, Frontier, LogKey, NodeHash};
use pursuance_wire::{Cell, LeafHash};
use rusqlite::{Connection, OptionalExtension};

use crate::backup::backup_key;
use crate::data_dir::{DATABASE_FILE, OLDEST_FORMAT, open_read_only, read_format};
use crate::error::{Damage, RelayError};
use crate::limits::MAX_FINDINGS;
use crate::record::Record;
use crate::relay::keys;
use crate::store;

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Cells that the log has, those included that have expired.
    pub cells: u64,
    /// Cells whose bodies are held.
    pub held: u64,
    /// Checkpoints that are held.
    pub checkpoints: u64,
    /// Tile levels of the tree.
    pub levels: u8,
    /// What is wrong, the first [`MAX_FINDINGS`]; empty if the log is sound.
    pub findings: Vec<Finding>,
    /// More was wrong than `findings` has room for.
    pub more: bool,
}

/// Something wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// SQLite finds the file itself out of order.
    #[error("the pages of the database are not in order: {what}")]
    Pages {
        /// In SQLite's words.
        what: String,
    },
    /// The database could not be read to the end.
    #[error("the database cannot be read any further: {what}")]
    Unreadable {
        /// In SQLite's words.
        what: String,
    },
    /// A hash of the tree is missing.
    #[error("the hash at position {position} of level {level} is missing")]
    HashMissing {
        /// Tile level.
        level: u8,
        /// Position on the level.
        position: u64,
    },
    /// A hash above the leaves is not that of the tile below.
    #[error("the hash at position {position} of level {level} is not that of its tile")]
    WrongHash {
        /// Tile level.
        level: u8,
        /// Position on the level.
        position: u64,
    },
    /// There are hashes beyond the end of the log.
    #[error("level {level} has hashes beyond the end of the log")]
    HashBeyond {
        /// Tile level.
        level: u8,
    },
    /// A cell is not what the tree says.
    #[error("the cell at position {position} is not the one of the tree")]
    WrongCell {
        /// Place in the log.
        position: u64,
    },
    /// A cell is missing between others, or no checkpoint covers it yet.
    #[error("the cell at position {position} is missing")]
    CellMissing {
        /// Place in the log.
        position: u64,
    },
    /// A checkpoint is not signed by the relay, or its row says other than itself.
    #[error("the checkpoint of slot {slot} is not one of this relay")]
    WrongCheckpoint {
        /// The slot.
        slot: u64,
    },
    /// A checkpoint has another root, or more cells than the log.
    #[error("the checkpoint of slot {slot} ({size} cells) is not of this tree")]
    OtherTree {
        /// The slot.
        slot: u64,
        /// Cells that it covers.
        size: u64,
    },
    /// A later checkpoint covers fewer cells.
    #[error("the checkpoint of slot {slot} covers fewer cells than the one before")]
    Shrunk {
        /// The slot.
        slot: u64,
    },
    /// The record of the newest checkpoint is missing.
    #[error("the file newest-checkpoint is missing: the database may be an older copy")]
    NoRecord,
    /// The record of the newest checkpoint is no checkpoint of this relay.
    #[error("the file newest-checkpoint is not this relay's")]
    WrongRecord,
    /// The database is not that of the record.
    #[error("the newest checkpoint that was signed (slot {slot}, {size} cells) is not of this log: an older copy")]
    NotNewest {
        /// The slot.
        slot: u64,
        /// Cells that it covers.
        size: u64,
    },
}

/// Checks a relay's data directory, which may be in use or a copy, or the file of a backup.
///
/// Looked at: the pages of the database; every hash of every tile; every cell held, against its leaf; that no cell is
/// missing between those held, and none that no checkpoint covers yet; every checkpoint held, its signature, its order
/// and its root; the record of the newest checkpoint. Receipts are not kept by a relay: what they promise is that cells
/// are in the tree, which the checks of cells and of the tree cover for all cells that the database knows of.
///
/// # Errors
/// There is no relay, or its database cannot be opened. What is wrong inside is in [`Checked::findings`].
pub fn check(path: &Path) -> Result<Checked, RelayError> {
    let (file, dir) = database_of(path);
    if !file.exists() {
        return Err(RelayError::NoRelay { path: path.to_owned() });
    }
    let db = open_read_only(&file)?;
    // The record first: it may only be ahead of what the database holds later if the database is an older copy.
    let key = log_key(&db)?;
    let record = match &dir {
        Some(dir) => match Record::of(dir).read(&key) {
            Ok(None) if read_format(&db)? == OLDEST_FORMAT => None,
            read => Some(read),
        },
        None => None,
    };
    // One reading transaction sees one moment of a relay that runs.
    let snapshot = db.unchecked_transaction()?;
    let mut look = Look { db: &snapshot, key, checked: Checked::default() };
    if let Err(error) = look.all(record) {
        look.find(Finding::Unreadable { what: error.to_string() });
    }
    Ok(look.checked)
}

/// The database that is meant, and the data directory if it lies in one.
pub(crate) fn database_of(path: &Path) -> (PathBuf, Option<PathBuf>) {
    if path.is_dir() { (path.join(DATABASE_FILE), Some(path.to_owned())) } else { (path.to_owned(), None) }
}

/// The key that signs the log of a relay's database or of a backup.
pub(crate) fn log_key(db: &Connection) -> Result<LogKey, RelayError> {
    if let Some(key) = backup_key(db)? {
        return Ok(key);
    }
    let identity = store::read_identity(db)?.ok_or(RelayError::Damaged { what: Damage::Keys })?;
    Ok(keys(&identity)?.2.key())
}

struct Look<'a> {
    db: &'a Connection,
    key: LogKey,
    checked: Checked,
}

/// A checkpoint's row.
struct Row {
    slot: u64,
    size: u64,
    note: Vec<u8>,
}

impl Look<'_> {
    fn find(&mut self, finding: Finding) {
        if self.checked.findings.len() < MAX_FINDINGS {
            self.checked.findings.push(finding);
        } else {
            self.checked.more = true;
        }
    }

    fn all(&mut self, record: Option<Result<Option<Checkpoint>, RelayError>>) -> rusqlite::Result<()> {
        let pages: String = self.db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if pages != "ok" {
            self.find(Finding::Pages { what: pages.lines().last().unwrap_or_default().to_owned() });
        }
        self.checked.cells = store::log_size(self.db)?;
        self.tree()?;
        let newest = self.checkpoints()?;
        self.cells(newest)?;
        match record {
            None => {}
            Some(Ok(None)) if self.checked.checkpoints == 0 => {}
            Some(Ok(None)) => self.find(Finding::NoRecord),
            Some(Ok(Some(signed))) => {
                let fits = signed.size() <= self.checked.cells
                    && store::read_frontier(self.db, signed.size()).is_ok_and(|then| then.root() == *signed.root());
                if !fits {
                    self.find(Finding::NotNewest { slot: signed.slot().0, size: signed.size() });
                }
            }
            Some(Err(_)) => self.find(Finding::WrongRecord),
        }
        Ok(())
    }

    /// Every level is whole and follows from the one below, of which as many tiles are full as it has hashes.
    fn tree(&mut self) -> rusqlite::Result<()> {
        let mut expected = self.checked.cells;
        for level in 0..=MAX_TILE_LEVEL {
            self.level(level, expected)?;
            let most: Option<i64> =
                self.db.query_row("SELECT max(position) FROM hashes WHERE level = ?1", [level], |row| row.get(0))?;
            if most.is_some_and(|most| most as u64 >= expected) {
                self.find(Finding::HashBeyond { level });
            }
            if expected > 0 {
                self.checked.levels = level + 1;
            }
            expected /= TILE_HASHES;
        }
        Ok(())
    }

    fn level(&mut self, level: u8, expected: u64) -> rusqlite::Result<()> {
        let mut select = self.db.prepare(
            "SELECT position, hash FROM hashes WHERE level = ?1 AND position >= 0 AND position < ?2 ORDER BY position",
        )?;
        let mut rows = select.query((level, expected as i64))?;
        let mut next = 0;
        while next < expected {
            let found = match rows.next()? {
                Some(row) => (row.get::<_, i64>(0)? as u64, NodeHash(row.get(1)?)),
                None => (expected, NodeHash([0; 32])),
            };
            if found.0 > next {
                self.find(Finding::HashMissing { level, position: next });
            }
            next = found.0 + 1;
            if level == 0 || found.0 >= expected {
                continue;
            }
            let tile = store::read_hashes(self.db, level - 1, found.0 * TILE_HASHES, TILE_HASHES)?;
            if tile.and_then(|tile| complete_root(&tile)).is_some_and(|root| root != found.1) {
                self.find(Finding::WrongHash { level, position: found.0 });
            }
        }
        Ok(())
    }

    /// Every checkpoint is signed, covers no fewer cells than the one before, and has the root that the leaves had
    /// then. Returns how many cells the newest covers.
    fn checkpoints(&mut self) -> rusqlite::Result<u64> {
        let mut select = self.db.prepare("SELECT slot, size, note FROM checkpoints ORDER BY slot")?;
        let rows = select.query_map([], |row| {
            Ok(Row { slot: row.get::<_, i64>(0)? as u64, size: row.get::<_, i64>(1)? as u64, note: row.get(2)? })
        })?;
        let mut leaves = self.db.prepare("SELECT hash FROM hashes WHERE level = 0 ORDER BY position")?;
        let mut leaves = leaves.query_map([], |row| row.get(0).map(LeafHash))?;
        let mut frontier = Frontier::new();
        let mut covered = 0;
        for row in rows {
            let Row { slot, size, note } = row?;
            self.checked.checkpoints += 1;
            let Ok(checkpoint) = Checkpoint::verify(&note, &self.key) else {
                self.find(Finding::WrongCheckpoint { slot });
                continue;
            };
            if (checkpoint.slot().0, checkpoint.size()) != (slot, size) {
                self.find(Finding::WrongCheckpoint { slot });
                continue;
            }
            if size < covered {
                self.find(Finding::Shrunk { slot });
                continue;
            }
            covered = size;
            while frontier.size() < size
                && let Some(leaf) = leaves.next()
            {
                frontier.append(leaf?);
            }
            if frontier.size() != size || frontier.root() != *checkpoint.root() {
                self.find(Finding::OtherTree { slot, size });
            }
        }
        Ok(covered)
    }

    /// Every cell held is the one of its leaf, and those held are the last of the log, at least all that are uncovered.
    fn cells(&mut self, covered: u64) -> rusqlite::Result<()> {
        let first: Option<i64> =
            self.db.query_row("SELECT min(position) FROM cells", [], |row| row.get(0)).optional()?.flatten();
        let mut next = first.map_or(covered, |first| first as u64).min(covered);
        let mut select = self.db.prepare(
            "SELECT cells.position, leaf, cell, hash FROM cells
             LEFT JOIN hashes ON level = 0 AND hashes.position = cells.position ORDER BY cells.position",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let position = row.get::<_, i64>(0)? as u64;
            let (leaf, cell): ([u8; 32], [u8; CELL_BYTES]) = (row.get(1)?, row.get(2)?);
            let in_tree: Option<[u8; 32]> = row.get(3)?;
            self.checked.held += 1;
            if position > next {
                self.find(Finding::CellMissing { position: next });
            }
            next = position + 1;
            let hash = Cell::from_bytes(cell).leaf_hash().0;
            if hash != leaf || in_tree.is_some_and(|in_tree| in_tree != hash) || position >= self.checked.cells {
                self.find(Finding::WrongCell { position });
            }
        }
        if next < self.checked.cells {
            self.find(Finding::CellMissing { position: next });
        }
        Ok(())
    }
}
