//! A backup is the log without the keys; what is restored of it is a new relay (`docs/protocol/06-relay.md`, section 6).
//!
//! ```text
//! relay, also while it runs ── cells, hashes, checkpoints ──> backup ── signed anew by new keys ──> new relay
//! ```
//!
//! A copy with the old keys would sign a second history as soon as it is older than what visitors have seen.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use pursuance_wire::RelayAddress;
use pursuance_wire::log::{Checkpoint, LogKey, SlotNumber};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::check::{Checked, check, database_of, log_key};
use crate::data_dir::{DataDir, FORMAT, PAGE_BYTES, is_alone, open_read_only, private_file, uri};
use crate::error::{Damage, RelayError};
use crate::record::Record;
use crate::relay::{keys, new_identity};
use crate::store::{self, Identity, LOG_SCHEMA};

/// Instead of the keys: whose log it was.
const BACKUP_SCHEMA: &str = "
CREATE TABLE backup (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    log_key BLOB NOT NULL CHECK (length(log_key) = 32),
    slot_seconds INTEGER NOT NULL
) STRICT;
";

const COPY: &str = "
INSERT INTO hashes SELECT level, position, hash FROM source.hashes ORDER BY level, position;
INSERT INTO cells SELECT position, leaf, cell FROM source.cells ORDER BY position;
INSERT INTO checkpoints SELECT slot, size, note FROM source.checkpoints ORDER BY slot;
";

/// Pages held in memory while a log is copied, as SQLite counts it: in KiB, below zero.
const COPY_CACHE_KIB: i64 = -32_768;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The new relay's address.
    pub address: RelayAddress,
    /// Cells that its log has.
    pub cells: u64,
}

/// Writes a backup of the relay in a data directory, which may be running, to a new file, and checks it.
///
/// It is the state of one moment, and holds no keys: nobody can pretend to be the relay with it.
///
/// # Errors
/// There is no relay, it cannot be read, or the file exists already or cannot be written. What the check found is in
/// [`Checked::findings`].
pub fn backup(data: &Path, file: &Path) -> Result<Checked, RelayError> {
    let failed = |source| RelayError::Backup { path: file.to_owned(), source };
    if file.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let (source, _) = database_of(data);
    if !source.exists() {
        return Err(RelayError::NoRelay { path: data.to_owned() });
    }
    let reader = open_read_only(&source)?;
    let key = log_key(&reader)?;
    let slot_seconds = slot_seconds(&reader)?;
    drop(reader);
    let part = part_of(file);
    let written = (|| {
        private_file(&part).map_err(failed)?.set_len(0).map_err(failed)?;
        let mut db =
            Connection::open_with_flags(&part, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI)?;
        db.pragma_update(None, "page_size", PAGE_BYTES)?;
        db.pragma_update(None, "journal_mode", "OFF")?; // a half written file is thrown away
        db.pragma_update(None, "cache_size", COPY_CACHE_KIB)?;
        attach(&db, &source)?;
        let copy = db.transaction()?;
        copy.execute_batch(BACKUP_SCHEMA)?;
        copy.execute_batch(LOG_SCHEMA)?;
        copy.execute(
            "INSERT INTO backup (only, log_key, slot_seconds) VALUES (1, ?1, ?2)",
            params![key.as_bytes().as_slice(), slot_seconds],
        )?;
        copy.execute_batch(COPY)?;
        copy.pragma_update(None, "user_version", FORMAT)?;
        copy.commit()?;
        drop(db);
        let checked = check(&part)?;
        File::open(&part).and_then(|part| part.sync_all()).map_err(failed)?;
        fs::rename(&part, file).map_err(failed)?;
        Ok(checked)
    })();
    if written.is_err() {
        // An Err means that there is none.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Makes a new relay, with new keys and so with a new address, of a backup or of any copy of a relay's database: the same
/// cells in the same order, the same slots, all signed anew. The directory may not hold a relay. A restore that is interrupted leaves
/// none, and can be run again.
///
/// # Errors
/// The source is missing or not sound, the directory holds a relay, or cannot be written.
pub fn restore(from: &Path, data: &Path) -> Result<Restored, RelayError> {
    let (source, _) = database_of(from);
    // Of the record beside an old database nothing is asked: the new keys have signed nothing yet.
    if let Some(first) = check(&source)?.findings.first() {
        return Err(RelayError::Unsound { path: source, first: first.clone() });
    }
    let data = DataDir::take(data)?;
    if data.has_database() {
        return Err(RelayError::NotEmpty { path: data.path().to_owned() });
    }
    let identity = new_identity(slot_seconds(&open_read_only(&source)?)?)?;
    let db = data.open_part()?;
    let restored = copy_signed_anew(&source, db, &identity, &data).and_then(|restored| {
        data.finish_part()?;
        Ok(restored)
    });
    if restored.is_err() {
        // What cannot be removed is noticed by the next start, and removed by the next restore.
        let _ = data.remove_part();
    }
    restored
}

/// Fills the database of a new relay and closes it. The record comes before the database has its name, so that no relay is without it.
fn copy_signed_anew(
    source: &Path,
    mut db: Connection,
    identity: &Identity,
    data: &DataDir,
) -> Result<Restored, RelayError> {
    let (address, _, signer) = keys(identity)?;
    attach(&db, source)?;
    let copy = db.transaction()?;
    copy.execute_batch(COPY)?;
    let rows: Vec<(i64, i64)> = copy
        .prepare("SELECT slot, size FROM checkpoints ORDER BY slot")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    copy.execute("DELETE FROM checkpoints", [])?;
    let mut newest = None;
    for (slot, size) in rows {
        let root = store::read_frontier(&copy, size as u64)?.root();
        let checkpoint = Checkpoint::sign(&signer, SlotNumber(slot as u64), size as u64, root);
        store::write_checkpoint(&copy, &checkpoint)?;
        newest = Some(checkpoint);
    }
    let cells = store::log_size(&copy)?;
    store::write_identity(&copy, identity)?;
    copy.commit()?;
    store::checkpoint_journal(&db)?;
    db.close().map_err(|(_, error)| error)?;
    if let Some(newest) = newest {
        let written = Record::of(data.path()).write(&newest);
        written.map_err(|source| RelayError::DataDir { path: data.path().to_owned(), source })?;
    }
    Ok(Restored { address, cells })
}

/// The key whose log a backup holds; `None` if the database is no backup.
pub(crate) fn backup_key(db: &Connection) -> Result<Option<LogKey>, RelayError> {
    if !store::has_table(db, "backup")? {
        return Ok(None);
    }
    let key: Option<[u8; 32]> = db.query_row("SELECT log_key FROM backup", [], |row| row.get(0)).optional()?;
    let key = key.and_then(|key| LogKey::new(key).ok());
    key.map(Some).ok_or(RelayError::Damaged { what: Damage::Keys })
}

fn slot_seconds(db: &Connection) -> Result<u32, RelayError> {
    let table = if store::has_table(db, "backup")? { "backup" } else { "relay" };
    Ok(db.query_row(&format!("SELECT slot_seconds FROM {table}"), [], |row| row.get(0))?)
}

fn attach(db: &Connection, source: &Path) -> Result<(), RelayError> {
    let name = source.to_str().ok_or_else(|| RelayError::NoRelay { path: source.to_owned() })?;
    let attach = |how: &str| -> rusqlite::Result<()> {
        db.execute("ATTACH DATABASE ?1 AS source", [format!("{}?{how}", uri(name))])?;
        db.query_row("SELECT count(*) FROM source.sqlite_schema", [], |_| Ok(()))
    };
    match attach("mode=ro") {
        Err(error) if is_alone(&error, source) => {
            // An Err means that it was not attached at all.
            let _ = db.execute("DETACH DATABASE source", []);
            Ok(attach("immutable=1")?)
        }
        other => Ok(other?),
    }
}

/// The file that a backup is written to until it is whole.
fn part_of(file: &Path) -> PathBuf {
    let mut name = OsString::from(file.as_os_str());
    name.push(".part");
    name.into()
}
