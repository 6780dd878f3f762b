//! The log in its database: what is kept, and how it is read (`docs/protocol/06-relay.md`, section 3).
//!
//! ```text
//! relay        the two secret seeds and the slot length         one row
//! hashes       tile level, position, hash                       for ever
//! cells        position, leaf hash, 2,048 bytes                 until retention is over
//! checkpoints  slot, size, signed note                          until retention is over
//! ```

use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::{BLOCK_CELLS, TILE_HASHES};
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{BundleId, Checkpoint, Frontier, LogKey, NodeHash, SlotNumber, TileId};
use pursuance_wire::{Cell, LeafHash};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use zeroize::Zeroizing;

use crate::error::{Damage, RelayError};

/// The table of the keys, in a relay's database alone.
pub(crate) const IDENTITY_SCHEMA: &str = "
CREATE TABLE relay (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    onion_seed BLOB NOT NULL CHECK (length(onion_seed) = 32),
    log_seed BLOB NOT NULL CHECK (length(log_seed) = 32),
    slot_seconds INTEGER NOT NULL
) STRICT;
";

/// The tables of the log, in a relay's database and in a backup.
pub(crate) const LOG_SCHEMA: &str = "
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

/// The identity, if there has been a first start.
pub(crate) fn read_identity(db: &Connection) -> Result<Option<Identity>, RelayError> {
    if !has_table(db, "relay")? {
        return Err(RelayError::IsBackup);
    }
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

/// Is there a table of this name?
pub(crate) fn has_table(db: &Connection, name: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?.exists([name])
}

/// Keeps a new identity, at the first start.
pub(crate) fn write_identity(db: &Connection, identity: &Identity) -> Result<(), RelayError> {
    db.execute(
        "INSERT INTO relay (only, onion_seed, log_seed, slot_seconds) VALUES (1, ?1, ?2, ?3)",
        params![identity.onion_seed.as_slice(), identity.log_seed.as_slice(), identity.slot_seconds],
    )?;
    Ok(())
}

/// Reads the state of the log and checks that it is the one that was signed: the newest checkpoint belongs to it,
/// and every leaf after that checkpoint is the hash of a cell that is held. // L8
pub(crate) fn read_held(db: &Connection, key: &LogKey) -> Result<Held, RelayError> {
    let note: Option<Vec<u8>> =
        db.query_row("SELECT note FROM checkpoints ORDER BY slot DESC LIMIT 1", [], |row| row.get(0)).optional()?;
    let newest = match note {
        Some(note) => {
            Some(Checkpoint::verify(&note, key).map_err(|_| RelayError::Damaged { what: Damage::Checkpoint })?)
        }
        None => None,
    };
    let size = log_size(db)?;
    let covered = newest.as_ref().map_or(0, Checkpoint::size);
    let mut frontier = match &newest {
        Some(newest) if newest.size() > size => return Err(RelayError::Damaged { what: Damage::Checkpoint }),
        _ => read_frontier(db, covered)?,
    };
    if newest.as_ref().is_some_and(|newest| frontier.root() != *newest.root()) {
        return Err(RelayError::Damaged { what: Damage::Checkpoint });
    }
    // These are in no root yet. Whatever the disk made of them would be signed at the end of the slot.
    let missing = RelayError::Damaged { what: Damage::Cells };
    let Some(uncovered) = read_cells(db, covered, size)? else { return Err(missing) };
    let hashes = read_hashes(db, 0, covered, size - covered)?.ok_or(RelayError::Damaged { what: Damage::Hashes })?;
    for (cell, hash) in uncovered.iter().zip(hashes) {
        if NodeHash::from(cell.leaf_hash()) != hash {
            return Err(missing);
        }
        frontier.append(cell.leaf_hash());
    }
    Ok(Held { frontier, newest, uncovered })
}

/// Cells that the log has, those included that were dropped.
pub(crate) fn log_size(db: &Connection) -> rusqlite::Result<u64> {
    db.query_row("SELECT coalesce(max(position) + 1, 0) FROM hashes WHERE level = 0", [], |row| row.get::<_, i64>(0))
        .map(|size| size as u64)
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

/// Drops bodies that are covered by a checkpoint of a slot before `oldest`, at most `limit` of them, which is some whole blocks.
///
/// Bodies are handed out by whole blocks, so they are dropped by whole blocks: one of which anything has still to be kept stays, or
/// what comes into it next could be read by nobody. // L12
pub(crate) fn expire(db: &Connection, oldest: SlotNumber, limit: u64) -> rusqlite::Result<usize> {
    let covered: Option<i64> = db
        .query_row(
            "SELECT size FROM checkpoints WHERE slot < ?1 ORDER BY slot DESC LIMIT 1",
            [oldest.0 as i64],
            |row| row.get(0),
        )
        .optional()?;
    let first: Option<i64> = db.query_row("SELECT min(position) FROM cells", [], |row| row.get(0))?;
    let block_start = |position: i64| position - position % BLOCK_CELLS as i64;
    match (first, covered.map(block_start)) {
        (Some(first), Some(end)) if first < end => {
            // The first cell of an older version's database may stand within a block.
            db.execute("DELETE FROM cells WHERE position < ?1", [end.min(block_start(first) + limit as i64)])
        }
        _ => Ok(0),
    }
}

/// Cells that are wanting until the log's last block is full, if a part of that block is gone; else 0.
///
/// Earlier versions dropped cell by cell. Nothing of such a block is handed out, what would come into it neither. // L12
pub(crate) fn missing_of_broken_block(db: &Connection, size: u64) -> rusqlite::Result<u64> {
    let first: Option<i64> = db.query_row("SELECT min(position) FROM cells", [], |row| row.get(0))?;
    let first = first.map_or(size, |first| first as u64);
    Ok(first.next_multiple_of(BLOCK_CELLS).saturating_sub(size))
}

/// Drops checkpoints of slots before `oldest`, at most `limit` of them, but for the newest of these: by it the cells
/// that it covers expire.
pub(crate) fn prune(db: &Connection, oldest: SlotNumber, limit: u64) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "DELETE FROM checkpoints WHERE slot IN (
            SELECT slot FROM checkpoints WHERE slot < (SELECT max(slot) FROM checkpoints WHERE slot < ?1)
            ORDER BY slot LIMIT ?2)",
    )?
    .execute([oldest.0 as i64, limit as i64])
}

/// Bytes of the database that are in use.
pub(crate) fn used_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok((pages * pragma("page_size")?) as u64)
}

/// Moves what the journal holds into the database as far as readers allow, so that its room is used again.
pub(crate) fn reuse_journal(db: &Connection) -> rusqlite::Result<()> {
    db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Moves the journal into the database and empties it.
pub(crate) fn checkpoint_journal(db: &Connection) -> rusqlite::Result<()> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// What there is to say about a slot.
pub(crate) enum OfSlot {
    /// Its checkpoint.
    Checkpoint(Vec<u8>),
    /// It is older than the oldest checkpoint that is kept.
    Dropped,
    /// It has none, or none yet.
    Nothing,
}

/// The signed checkpoint of a slot.
pub(crate) fn read_checkpoint(db: &Connection, slot: SlotNumber) -> rusqlite::Result<OfSlot> {
    let Ok(slot) = i64::try_from(slot.0) else { return Ok(OfSlot::Nothing) };
    let mut select = db.prepare_cached("SELECT slot, note FROM checkpoints WHERE slot >= ?1 ORDER BY slot LIMIT 1")?;
    let next: Option<(i64, Vec<u8>)> = select.query_row([slot], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((found, note)) = next else { return Ok(OfSlot::Nothing) };
    if found == slot {
        return Ok(OfSlot::Checkpoint(note));
    }
    let older = db.prepare_cached("SELECT 1 FROM checkpoints WHERE slot < ?1 LIMIT 1")?.exists([slot])?;
    Ok(if older { OfSlot::Nothing } else { OfSlot::Dropped })
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

/// Hashes `start..start + count` of a tile level; `None` if one is missing.
pub(crate) fn read_hashes(
    db: &Connection,
    level: u8,
    start: u64,
    count: u64,
) -> rusqlite::Result<Option<Vec<NodeHash>>> {
    let mut select = db.prepare_cached(
        "SELECT hash FROM hashes WHERE level = ?1 AND position >= ?2 AND position < ?3 ORDER BY position",
    )?;
    let hashes: Vec<NodeHash> = select
        .query_map([i64::from(level), start as i64, (start + count) as i64], |row| row.get(0).map(NodeHash))?
        .collect::<Result<_, _>>()?;
    Ok((hashes.len() as u64 == count).then_some(hashes))
}

/// The frontier that the log had at `size` cells, from the stored tile hashes.
pub(crate) fn read_frontier(db: &Connection, size: u64) -> Result<Frontier, RelayError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    fn cell(n: u64) -> Cell {
        Cell::from_bytes(std::array::from_fn(|at| n.to_be_bytes()[at % 8]))
    }

    #[test]
    fn the_stored_hashes_are_the_tree() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = DataDir::take(dir.path()).expect("free");
        let mut db = data.open_writer().expect("opens").db;
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
    fn whole_blocks_expire_a_limited_number_at_a_time() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = DataDir::take(dir.path()).expect("free");
        let mut db = data.open_writer().expect("opens").db;
        let tx = db.transaction().expect("begins");
        (0..100).for_each(|n| append(&tx, n, &cell(n).leaf_hash(), &cell(n)).expect("appends"));
        let covers = |slot: i64, size: i64| {
            tx.execute("INSERT INTO checkpoints VALUES (?1, ?2, zeroblob(1))", [slot, size]).expect("written")
        };
        _ = (covers(1, 90), covers(2, 100));
        let expires = |slot: u64| expire(&tx, SlotNumber(slot), 32).expect("expires");
        assert_eq!([expires(1), expires(2), expires(2), expires(2), expires(2)], [0, 32, 32, 16, 0]);
        assert_eq!([expires(3), expires(3)], [16, 0], "an unfinished block stays");
        // As an older version may have left it.
        (100..200).for_each(|n| append(&tx, n, &cell(n).leaf_hash(), &cell(n)).expect("appends"));
        tx.execute("DELETE FROM cells WHERE position < 101", []).expect("changes");
        covers(3, 200);
        assert_eq!([expires(4), expires(4), expires(4), expires(4)], [27, 32, 32, 0]);
    }
}
