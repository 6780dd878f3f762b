//! What the relay keeps, in one SQLite file (`docs/protocol/06-relay.md`, section 3).
//!
//! ```text
//! relay        the two secret seeds and the slot length         one row
//! hashes       tile level, position, hash                       for ever
//! cells        position, leaf hash, 2,048 bytes                 until retention is over
//! checkpoints  slot, size, signed note                          for ever
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::TILE_HASHES;
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{BundleId, Checkpoint, Frontier, LogKey, NodeHash, SlotNumber, TileId};
use pursuance_wire::{Cell, LeafHash};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};
use zeroize::Zeroizing;

use crate::error::{Damage, RelayError};

const DATABASE_FILE: &str = "relay.sqlite";
const LOCK_FILE: &str = "in-use";
/// Format of the database; a column never changes its meaning.
const FORMAT: u32 = 1;
/// Seven cells to a page; at SQLite's usual size each cell would take a page of its own.
const PAGE_BYTES: u32 = 16_384;
const BUSY_MILLIS: u64 = 10_000;
/// Size to which the journal is cut back.
const JOURNAL_BYTES: u64 = 8 << 20;

const SCHEMA: &str = "
CREATE TABLE relay (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    onion_seed BLOB NOT NULL CHECK (length(onion_seed) = 32),
    log_seed BLOB NOT NULL CHECK (length(log_seed) = 32),
    slot_seconds INTEGER NOT NULL
) STRICT;
CREATE TABLE hashes (
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE cells (
    position INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL UNIQUE,
    cell BLOB NOT NULL CHECK (length(cell) = 2048)
) STRICT;
CREATE TABLE checkpoints (
    slot INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    note BLOB NOT NULL
) STRICT;
CREATE INDEX checkpoints_by_size ON checkpoints (size);
";

/// The data directory, held by this process alone until dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// What never changes: made at the first start.
pub(crate) struct Identity {
    pub(crate) onion_seed: Zeroizing<[u8; 32]>,
    pub(crate) log_seed: Zeroizing<[u8; 32]>,
    pub(crate) slot_seconds: u32,
}

/// What a database holds of its log when it is opened.
pub(crate) struct Held {
    pub(crate) frontier: Frontier,
    pub(crate) newest: Option<Checkpoint>,
    /// Cells that no checkpoint covers yet.
    pub(crate) uncovered: Vec<Cell>,
}

impl DataDir {
    /// Makes the directory if needed, private, and takes it for this process. // L1
    pub(crate) fn take(path: &Path) -> Result<Self, RelayError> {
        let failed = |source| RelayError::DataDir { path: path.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let lock = private_file(&path.join(LOCK_FILE)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(RelayError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the database for the one writer; makes it at the first start.
    pub(crate) fn open_writer(&self) -> Result<Connection, RelayError> {
        let file = self.path.join(DATABASE_FILE);
        // SQLite gives its journal the permissions of the database, so making this file first is enough.
        private_file(&file).map_err(|source| RelayError::DataDir { path: self.path.clone(), source })?;
        let mut db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.busy_timeout(std::time::Duration::from_millis(BUSY_MILLIS))?;
        let found: u32 = match db.query_row("PRAGMA user_version", [], |row| row.get(0)) {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
                return Err(RelayError::Damaged { what: Damage::Form });
            }
            other => other?,
        };
        if found > FORMAT {
            return Err(RelayError::NewerDatabase { found, known: FORMAT });
        }
        db.pragma_update(None, "page_size", PAGE_BYTES)?; // heeded by an empty database only
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?; // L7
        db.pragma_update(None, "journal_size_limit", JOURNAL_BYTES as i64)?;
        db.pragma_update(None, "secure_delete", "ON")?;
        if found == 0 {
            let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables > 0 {
                return Err(RelayError::Damaged { what: Damage::Form });
            }
            let first = db.transaction()?;
            first.execute_batch(SCHEMA)?;
            first.pragma_update(None, "user_version", FORMAT)?;
            first.commit()?;
        }
        Ok(db)
    }
}

/// Opens the database of a data directory that may be in use, for reading only.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, RelayError> {
    let file = path.join(DATABASE_FILE);
    if !file.exists() {
        return Err(RelayError::NoRelay { path: path.to_owned() });
    }
    let db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.busy_timeout(std::time::Duration::from_millis(BUSY_MILLIS))?;
    Ok(db)
}

/// The identity, if there has been a first start.
pub(crate) fn read_identity(db: &Connection) -> Result<Option<Identity>, RelayError> {
    let row = db
        .query_row("SELECT onion_seed, log_seed, slot_seconds FROM relay", [], |row| {
            Ok(Identity {
                onion_seed: Zeroizing::new(row.get(0)?),
                log_seed: Zeroizing::new(row.get(1)?),
                slot_seconds: row.get(2)?,
            })
        })
        .optional()?;
    Ok(row)
}

/// Keeps a new identity, at the first start.
pub(crate) fn write_identity(db: &Connection, identity: &Identity) -> Result<(), RelayError> {
    db.execute(
        "INSERT INTO relay (only, onion_seed, log_seed, slot_seconds) VALUES (1, ?1, ?2, ?3)",
        params![identity.onion_seed.as_slice(), identity.log_seed.as_slice(), identity.slot_seconds],
    )?;
    Ok(())
}

/// Reads the state of the log and checks that the newest checkpoint belongs to it. // L8
pub(crate) fn read_held(db: &Connection, key: &LogKey) -> Result<Held, RelayError> {
    let size: i64 =
        db.query_row("SELECT coalesce(max(position) + 1, 0) FROM hashes WHERE level = 0", [], |row| row.get(0))?;
    let frontier = read_frontier(db, size as u64)?;
    let note: Option<Vec<u8>> =
        db.query_row("SELECT note FROM checkpoints ORDER BY slot DESC LIMIT 1", [], |row| row.get(0)).optional()?;
    let Some(note) = note else {
        let uncovered = read_cells(db, 0, frontier.size())?;
        let uncovered = uncovered.ok_or(RelayError::Damaged { what: Damage::Cells })?;
        return Ok(Held { frontier, newest: None, uncovered });
    };
    let damaged = RelayError::Damaged { what: Damage::Checkpoint };
    let Ok(newest) = Checkpoint::verify(&note, key) else { return Err(damaged) };
    if newest.size() > frontier.size() || read_frontier(db, newest.size())?.root() != *newest.root() {
        return Err(damaged);
    }
    let uncovered = read_cells(db, newest.size(), frontier.size())?;
    let uncovered = uncovered.ok_or(RelayError::Damaged { what: Damage::Cells })?;
    Ok(Held { frontier, newest: Some(newest), uncovered })
}

/// Stores one more leaf and the hashes of the tiles that it fills. // L6
pub(crate) fn append(tx: &Transaction<'_>, position: u64, leaf: &LeafHash, cell: &Cell) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO cells (position, leaf, cell) VALUES (?1, ?2, ?3)")?.execute(params![
        position as i64,
        leaf.as_bytes(),
        cell.as_bytes().as_slice()
    ])?;
    let mut insert = tx.prepare_cached("INSERT INTO hashes (level, position, hash) VALUES (?1, ?2, ?3)")?;
    let (mut level, mut position, mut hash) = (0u8, position, NodeHash::from(*leaf));
    loop {
        insert.execute(params![level, position as i64, hash.as_bytes()])?;
        if (position + 1) % TILE_HASHES != 0 {
            return Ok(());
        }
        let tile = read_hashes(tx, level, position + 1 - TILE_HASHES, TILE_HASHES)?;
        let Some(root) = tile.and_then(|hashes| complete_root(&hashes)) else {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        };
        (level, position, hash) = (level + 1, position / TILE_HASHES, root);
    }
}

/// Is a cell with this leaf hash held?
pub(crate) fn holds(tx: &Transaction<'_>, leaf: &LeafHash) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT 1 FROM cells WHERE leaf = ?1")?.exists([leaf.as_bytes()])
}

/// Keeps a checkpoint; fails if its slot has one already. // L9
pub(crate) fn write_checkpoint(db: &Connection, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO checkpoints (slot, size, note) VALUES (?1, ?2, ?3)")?.execute(params![
        checkpoint.slot().0 as i64,
        checkpoint.size() as i64,
        checkpoint.note().as_bytes()
    ])?;
    Ok(())
}

/// Drops bodies that are covered by a checkpoint of a slot before `oldest`, at most `limit` of them.
pub(crate) fn expire(db: &Connection, oldest: SlotNumber, limit: u64) -> rusqlite::Result<usize> {
    let covered: Option<i64> = db
        .query_row(
            "SELECT size FROM checkpoints WHERE slot < ?1 ORDER BY slot DESC LIMIT 1",
            [oldest.0 as i64],
            |row| row.get(0),
        )
        .optional()?;
    let first: Option<i64> = db.query_row("SELECT min(position) FROM cells", [], |row| row.get(0))?;
    match (first, covered) {
        (Some(first), Some(covered)) if first < covered => {
            db.execute("DELETE FROM cells WHERE position < ?1", [covered.min(first + limit as i64)])
        }
        _ => Ok(0),
    }
}

/// Bytes of the database that are in use.
pub(crate) fn used_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok((pages * pragma("page_size")?) as u64)
}

/// Moves the journal into the database and empties it.
pub(crate) fn checkpoint_journal(db: &Connection) -> rusqlite::Result<()> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// The signed checkpoint of a slot.
pub(crate) fn read_checkpoint(db: &Connection, slot: SlotNumber) -> rusqlite::Result<Option<Vec<u8>>> {
    let Ok(slot) = i64::try_from(slot.0) else { return Ok(None) };
    db.prepare_cached("SELECT note FROM checkpoints WHERE slot = ?1")?.query_row([slot], |row| row.get(0)).optional()
}

/// The body of a hash tile that some published checkpoint implies. // L11
pub(crate) fn read_tile(db: &Connection, id: TileId) -> rusqlite::Result<Option<Vec<u8>>> {
    if !is_published(db, id.level(), id.index(), id.width())? {
        return Ok(None);
    }
    let hashes = read_hashes(db, id.level(), id.index() * TILE_HASHES, u64::from(id.width()))?;
    Ok(hashes.map(|hashes| hashes.iter().flat_map(|hash| hash.0).collect()))
}

/// Is this an entry bundle that some published checkpoint implies? // L11
pub(crate) fn is_published_bundle(db: &Connection, id: BundleId) -> rusqlite::Result<bool> {
    is_published(db, 0, id.index(), id.width())
}

/// Cells `start..end`; `None` if one of them is not held any more.
pub(crate) fn read_cells(db: &Connection, start: u64, end: u64) -> rusqlite::Result<Option<Vec<Cell>>> {
    let mut select =
        db.prepare_cached("SELECT cell FROM cells WHERE position >= ?1 AND position < ?2 ORDER BY position")?;
    let cells: Vec<Cell> = select
        .query_map([start as i64, end as i64], |row| row.get::<_, [u8; CELL_BYTES]>(0).map(Cell::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok((cells.len() as u64 == end - start).then_some(cells))
}

/// A width is published if a checkpoint's size has exactly that many nodes on the level; a full tile if
/// the size has as many or more.
fn is_published(db: &Connection, level: u8, index: u64, width: u16) -> rusqlite::Result<bool> {
    let nodes = index * TILE_HASHES + u64::from(width);
    let shift = 8 * u32::from(level);
    let least = (nodes << shift) as i64;
    let most = if u64::from(width) == TILE_HASHES { i64::MAX } else { ((nodes + 1) << shift) as i64 };
    db.prepare_cached("SELECT 1 FROM checkpoints WHERE size >= ?1 AND size < ?2 LIMIT 1")?.exists([least, most])
}

fn read_hashes(db: &Connection, level: u8, start: u64, count: u64) -> rusqlite::Result<Option<Vec<NodeHash>>> {
    let mut select = db.prepare_cached(
        "SELECT hash FROM hashes WHERE level = ?1 AND position >= ?2 AND position < ?3 ORDER BY position",
    )?;
    let hashes: Vec<NodeHash> = select
        .query_map([i64::from(level), start as i64, (start + count) as i64], |row| row.get(0).map(NodeHash))?
        .collect::<Result<_, _>>()?;
    Ok((hashes.len() as u64 == count).then_some(hashes))
}

/// The frontier that the log had at `size` cells, from the stored tile hashes.
fn read_frontier(db: &Connection, size: u64) -> Result<Frontier, RelayError> {
    let mut peaks = Vec::new();
    let mut start = 0;
    for bit in (0..u64::BITS as u8).rev().filter(|bit| size >> bit & 1 == 1) {
        let (level, count) = (bit / 8, 1 << (bit % 8));
        let hashes = read_hashes(db, level, start >> (8 * level), count)?;
        let peak = hashes.and_then(|hashes| complete_root(&hashes));
        peaks.push(peak.ok_or(RelayError::Damaged { what: Damage::Hashes })?);
        start += 1 << bit;
    }
    Frontier::from_parts(size, peaks).map_err(|_| RelayError::Damaged { what: Damage::Hashes })
}

fn private_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(n: u64) -> Cell {
        Cell::from_bytes(std::array::from_fn(|at| n.to_be_bytes()[at % 8]))
    }

    #[test]
    fn the_stored_hashes_are_the_tree() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = DataDir::take(dir.path()).expect("free");
        let mut db = data.open_writer().expect("opens");
        let mut frontier = Frontier::new();
        let tx = db.transaction().expect("begins");
        for n in 0..600 {
            append(&tx, n, &cell(n).leaf_hash(), &cell(n)).expect("appends");
            frontier.append(cell(n).leaf_hash());
            if n % 97 == 0 || n > 510 && n < 515 {
                assert_eq!(read_frontier(&tx, n + 1).expect("stored"), frontier);
            }
        }
        tx.commit().expect("commits");
        let levels: i64 = db.query_row("SELECT max(level) FROM hashes", [], |row| row.get(0)).expect("a row");
        assert_eq!(levels, 1);
        assert_eq!(read_cells(&db, 590, 600).expect("reads").map(|cells| cells.len()), Some(10));
        assert_eq!(read_cells(&db, 590, 601).expect("reads"), None);
    }

    #[test]
    fn files_are_private_and_the_directory_has_one_user() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("relay");
        let data = DataDir::take(&path).expect("free");
        let _db = data.open_writer().expect("opens");
        assert!(matches!(DataDir::take(&path), Err(RelayError::InUse { .. })));
        let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        let files: Vec<_> = fs::read_dir(&path).expect("ours").map(|file| file.expect("ours").path()).collect();
        assert!(files.len() >= 3, "database, journal and lock: {files:?}");
        files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{file:?}"));
        drop(data);
        DataDir::take(&path).expect("free again");
    }

    #[test]
    fn newer_and_foreign_databases_are_left_alone() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = DataDir::take(dir.path()).expect("free");
        data.open_writer().expect("opens").pragma_update(None, "user_version", 2).expect("set");
        assert!(matches!(data.open_writer(), Err(RelayError::NewerDatabase { found: 2, known: 1 })));
        fs::remove_file(dir.path().join(DATABASE_FILE)).expect("ours");
        fs::write(dir.path().join(DATABASE_FILE), [7; 4_096]).expect("ours");
        assert!(matches!(data.open_writer(), Err(RelayError::Damaged { what: Damage::Form })));
    }
}
