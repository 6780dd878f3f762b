//! The database: one encrypted file for all pursuances of this computer (docs/protocol/08-node.md, section 5).

use std::collections::BTreeSet;
use std::path::Path;

use pursuance_core::crypto::{KemSecret, KeySuite};
use pursuance_core::id::{EntryId, MemberId, PursuanceId};
use pursuance_core::limits::{FRAGMENT_BYTES, MAX_PENDING_FRAGMENT_BYTES};
use pursuance_wire::{Cell, LeafHash};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, TransactionBehavior, params};
use zeroize::{Zeroize, Zeroizing};

use crate::api::{Fault, StorageTrouble};
use crate::folder;
use crate::storage::Health;
use crate::vault::DatabaseKey;

mod changes;
mod derived;
mod kept;
mod log;
mod opening;
#[cfg(test)]
mod tests;

pub use changes::Changes;
pub(crate) use derived::{DERIVED, StoreShelf};
pub use kept::{
    Door, Handed, KeptEntryBytes, KeptFragment, KeptPursuance, KeptReading, KeptRelay, KeptStanding, NewEntry,
    OpenReceipt, PostCounts, WaitingCell,
};
pub use log::{ListedEntry, Which};
pub(crate) use opening::{build, connect};
use opening::{migrate, remove_half};

/// The schema written here.
pub const SCHEMA_VERSION: u32 = 7;

/// Checkpoints kept for each relay.
pub const MAX_CHECKPOINTS_SEEN: u64 = 10_000;

/// Entries of newer versions kept for each pursuance.
pub const MAX_NEWER_ENTRIES: u64 = 1_000;

/// Parts of long entries kept under each cell key, for each pursuance: what core keeps in memory.
pub const MAX_KEPT_FRAGMENTS: u64 = (MAX_PENDING_FRAGMENT_BYTES / FRAGMENT_BYTES) as u64;

/// Why the database could not be opened, read or written. What was committed before stays.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A page, a value or the whole file is not what was written.
    #[error("the database is damaged")]
    Damaged,
    /// A newer Pursuance wrote it; nothing was touched.
    #[error("the database is of schema {found}, known is {known}")]
    Newer {
        /// The file's schema.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The disk cannot be written to.
    #[error("the disk cannot be written to")]
    ReadOnly,
    /// The disk refused for another reason.
    #[error("the disk refused")]
    Disk,
}

/// SQLite could not make its index of the log of writes longer: for want of room.
const IOERR_SHMSIZE: i32 = 10 | 19 << 8;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        tracing::debug!(code = ?error.sqlite_error_code(), "the database said no");
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure)
                if error.sqlite_error().is_some_and(|code| code.extended_code == IOERR_SHMSIZE) =>
            {
                Self::Full
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted,
            ) => Self::Disk,
            // A value of another type or length than the schema says is damage as well.
            _ => Self::Damaged,
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// A row number of the database, of whatever table the name around it says.
pub type Number = i64;

/// The open database.
pub struct Store {
    connection: Connection,
    health: Health,
    /// All rows could not be written anew, for want of room perhaps: not tried again before the next opening.
    gave_up: bool,
}

/// What was erased since rows were last written anew ([`Store::sweep`]), kept in `meta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Erased {
    /// Single keys.
    Keys = 1,
    /// All of a pursuance.
    Pursuance = 2,
}

/// The name in `meta` of what was erased.
pub(crate) const ERASED: &str = "erased";

impl Store {
    /// Opens the database, or makes an empty one where there is no file; brings an older schema up to date.
    ///
    /// # Errors
    /// [`StoreError`]. A file of a newer schema is not touched.
    pub fn open(path: &Path, key: &DatabaseKey) -> Result<Self> {
        let fresh = !path.exists();
        if !fresh && std::fs::metadata(path)?.len() == 0 {
            return Err(StoreError::Damaged);
        }
        if fresh {
            // Made beside and renamed, so that a crash leaves no half-made database.
            let half = path.with_extension("half");
            remove_half(&half)?;
            folder::private_file(&half)?;
            let mut connection = connect(&half, key)?;
            build(&mut connection, SCHEMA_VERSION)?;
            connection.close().map_err(|(_, error)| error)?;
            std::fs::rename(&half, path).and_then(|()| folder::sync_parent(path))?;
        }
        let mut connection = connect(path, key)?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > SCHEMA_VERSION {
            return Err(StoreError::Newer { found, known: SCHEMA_VERSION });
        }
        // Every page carries a keyed checksum, looked at when it is read; all of them: `storage::Check`.
        if found == 0 {
            return Err(StoreError::Damaged);
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        migrate(&mut connection, found, SCHEMA_VERSION)?;
        Ok(Self { connection, health: Health::default(), gave_up: false })
    }

    /// Writes all that `change` does, or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is written then.
    pub fn write<T>(&mut self, change: impl FnOnce(&Changes<'_>) -> Result<T>) -> Result<T> {
        let outcome = self.try_write(change);
        self.health.note(outcome.as_ref().err());
        outcome
    }

    /// How the writes went.
    pub(crate) fn health(&mut self) -> &mut Health {
        &mut self.health
    }

    /// What the last write failed of, if it did.
    pub(crate) fn trouble(&self) -> Option<StorageTrouble> {
        self.health.trouble()
    }

    /// With another connection, for one that met a damaged page reads nothing any more.
    pub(crate) fn reopen(self, path: &Path, key: &DatabaseKey) -> Result<Self> {
        let Self { connection, health, .. } = self;
        drop(connection);
        Ok(Self { health, ..Self::open(path, key)? })
    }

    fn try_write<T>(&mut self, change: impl FnOnce(&Changes<'_>) -> Result<T>) -> Result<T> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = change(&Changes { transaction: &transaction })?;
        transaction.commit()?;
        Ok(done)
    }

    /// A small thing kept under a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn meta(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let mut statement = self.connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// All pursuances and open invites.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pursuances(&self) -> Result<Vec<KeptPursuance>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, id, standing, device_seed, link, since_seconds, seed_spent FROM pursuance ORDER BY number",
        )?;
        let mut rows = statement.query([])?;
        let mut kept = Vec::new();
        while let Some(row) = rows.next()? {
            let link: String = row.get(4)?;
            let mut seed: [u8; 32] = row.get(3)?;
            kept.push(KeptPursuance {
                number: row.get(0)?,
                id: PursuanceId(row.get(1)?),
                standing: match row.get(2)? {
                    0 => KeptStanding::Invited,
                    1 => KeptStanding::Waiting,
                    _ => KeptStanding::Member,
                },
                device_seed: Zeroizing::new(seed),
                link: (!link.is_empty()).then(|| Zeroizing::new(link)),
                since_seconds: unsigned(row, 5)?,
                seed_spent: row.get(6)?,
            });
            seed.zeroize();
        }
        Ok(kept)
    }

    /// Private halves of key packages that do not come from the seed, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn packages(&self, pursuance: Number) -> Result<Vec<KemSecret>> {
        let sql = "SELECT suite, private FROM package WHERE pursuance = ?1 ORDER BY number";
        self.list(sql, [pursuance], |row| {
            let suite = KeySuite::from_number(row.get(0)?).ok_or(StoreError::Damaged)?;
            Ok(KemSecret::from_private(suite, Zeroizing::new(row.get(1)?)))
        })
    }

    /// Whether every relay that a pursuance uses has shown all cells that carry an own entry in its log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_in_all_logs(&self, pursuance: Number, entry: EntryId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM cargo JOIN cell ON cell.number = cargo.cell
                WHERE cargo.entry = ?2 AND cargo.door = 0 AND cell.pursuance = ?1)
            AND EXISTS (SELECT 1 FROM reading WHERE reading.pursuance = ?1 AND wanted = 1)
            AND NOT EXISTS (SELECT 1 FROM cargo JOIN cell ON cell.number = cargo.cell JOIN reading
                WHERE cargo.entry = ?2 AND cargo.door = 0 AND cell.pursuance = ?1
                AND reading.pursuance = ?1 AND wanted = 1 AND NOT EXISTS (SELECT 1 FROM outbox
                    WHERE outbox.cell = cell.number AND outbox.relay = reading.relay AND outbox.state = 2))";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params![pursuance, entry.0], |row| row.get(0))?)
    }

    /// Has no page, in use or not, and no older page in the log of writes, hold anything that was erased; whether that could be done now.
    /// It cannot while another connection reads what is older.
    ///
    /// What SQLite frees it overwrites, but when it moves rows from page to page it leaves copies of them between those that are there, and does
    /// not know of these later. So after keys were erased, the tables that hold keys are written anew: they are small. After a pursuance
    /// was forgotten, all are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sweep(&mut self) -> Result<bool> {
        let anew = match self.meta(ERASED)?.as_deref() {
            None => Ok(true),
            Some([erased]) if *erased == Erased::Keys as u8 => self.write_keys_anew().map(|()| true),
            Some(_) if self.gave_up => Ok(false),
            Some(_) => {
                self.gave_up = true;
                self.connection.execute_batch("VACUUM")?;
                self.gave_up = false;
                self.try_write(|w| w.note_swept()).map(|()| true)
            }
        };
        let busy: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(anew? && busy == 0)
    }

    fn write_keys_anew(&mut self) -> Result<()> {
        // While references are followed, rows go one by one and take others along. It cannot be said inside of a transaction.
        self.connection.pragma_update(None, "foreign_keys", false)?;
        let written = self.try_write(|w| w.write_keys_anew());
        self.connection.pragma_update(None, "foreign_keys", true)?;
        written
    }

    /// The entries of a pursuance in the order in which they arrived.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn entries(&self, pursuance: Number) -> Result<Vec<KeptEntryBytes>> {
        let sql = "SELECT bytes, own FROM entry WHERE pursuance = ?1 ORDER BY arrival";
        self.list(sql, [pursuance], |row| Ok(KeptEntryBytes { bytes: row.get(0)?, own: row.get(1)? }))
    }

    /// Entries of newer versions, as they came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newer_entries(&self, pursuance: Number) -> Result<Vec<Vec<u8>>> {
        self.list("SELECT bytes FROM newer_entry WHERE pursuance = ?1", [pursuance], |row| Ok(row.get(0)?))
    }

    /// Parts of long entries that are not whole yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fragments(&self, pursuance: Number) -> Result<Vec<KeptFragment>> {
        let sql = "SELECT cell_key, entry, parts, part, bytes FROM fragment WHERE pursuance = ?1 ORDER BY rowid";
        self.list(sql, [pursuance], |row| {
            Ok(KeptFragment {
                cell_key: row.get(0)?,
                entry: EntryId(row.get(1)?),
                parts: row.get(2)?,
                part: row.get(3)?,
                bytes: row.get(4)?,
            })
        })
    }

    /// Epoch secrets learned.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn epochs(&self, pursuance: Number) -> Result<Vec<Zeroizing<[u8; 32]>>> {
        let sql = "SELECT secret FROM epoch WHERE pursuance = ?1 ORDER BY rowid";
        self.list(sql, [pursuance], |row| Ok(Zeroizing::new(row.get(0)?)))
    }

    /// Secrets of lists that were sealed to this device alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn list_secrets(&self, pursuance: Number) -> Result<Vec<Zeroizing<[u8; 32]>>> {
        let sql = "SELECT secret FROM list_secret WHERE pursuance = ?1";
        self.list(sql, [pursuance], |row| Ok(Zeroizing::new(row.get(0)?)))
    }

    /// Links of invites made here, with their entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn own_invites(&self, pursuance: Number) -> Result<Vec<(EntryId, Zeroizing<String>)>> {
        let sql = "SELECT entry, link FROM own_invite WHERE pursuance = ?1 ORDER BY rowid";
        self.list(sql, [pursuance], |row| Ok((EntryId(row.get(0)?), Zeroizing::new(row.get(1)?))))
    }

    /// All relays ever dealt with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn relays(&self) -> Result<Vec<KeptRelay>> {
        let sql = "SELECT number, address, checkpoint, peaks, slot_seconds, reached_seconds, fault, length(evidence) > 0 FROM relay ORDER BY number";
        self.list(sql, [], |row| {
            let address: String = row.get(1)?;
            let slot_seconds: u32 = row.get(4)?;
            let reached_seconds = unsigned(row, 5)?;
            Ok(KeptRelay {
                number: row.get(0)?,
                address: address.parse().map_err(|_| StoreError::Damaged)?,
                checkpoint: row.get(2)?,
                peaks: row.get(3)?,
                slot_seconds: (slot_seconds > 0).then_some(slot_seconds),
                reached_seconds: (reached_seconds > 0).then_some(reached_seconds),
                fault: fault(row.get(6)?)?,
                has_evidence: row.get(7)?,
            })
        })
    }

    /// The proof that a relay broke its word; empty where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn evidence(&self, relay: Number) -> Result<Vec<u8>> {
        let kept: Vec<Vec<u8>> =
            self.list("SELECT evidence FROM relay WHERE number = ?1", [relay], |row| Ok(row.get(0)?))?;
        Ok(kept.concat())
    }

    /// How far each relay was read for each pursuance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn readings(&self) -> Result<Vec<KeptReading>> {
        self.list("SELECT pursuance, relay, first, next, wanted FROM reading ORDER BY pursuance, relay", [], |row| {
            Ok(KeptReading {
                pursuance: row.get(0)?,
                relay: row.get(1)?,
                first: unsigned(row, 2)?,
                next: unsigned(row, 3)?,
                wanted: row.get(4)?,
            })
        })
    }

    /// The checkpoint of a relay that was seen for a slot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint_seen(&self, relay: Number, slot: u64) -> Result<Option<Vec<u8>>> {
        let mut statement =
            self.connection.prepare_cached("SELECT note FROM checkpoint_seen WHERE relay = ?1 AND slot = ?2")?;
        Ok(statement.query_row(params![relay, signed(slot)], |row| row.get(0)).optional()?)
    }

    /// When the phrase was compared with a member, if it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn compared_seconds(&self, pursuance: Number, member: MemberId) -> Result<Option<u64>> {
        let sql = "SELECT seconds FROM compared WHERE pursuance = ?1 AND member = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let seconds: Option<i64> = statement.query_row(params![pursuance, member.0], |row| row.get(0)).optional()?;
        Ok(seconds.map(|seconds| u64::try_from(seconds).unwrap_or_default()))
    }

    /// Own entries in the log that no cell carries yet, in order, as bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsealed_entries(&self, pursuance: Number) -> Result<Vec<Vec<u8>>> {
        let sql = "SELECT bytes FROM entry INDEXED BY entry_unsealed
            WHERE pursuance = ?1 AND own = 1 AND sealed = 0 AND chain >= 0 ORDER BY seq";
        self.list(sql, [pursuance], |row| Ok(row.get(0)?))
    }

    /// Whether a cell of ours carries an entry through a door.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_carried(&self, pursuance: Number, entry: EntryId, door: Door) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM cargo JOIN cell ON cell.number = cargo.cell
            WHERE cargo.entry = ?2 AND cargo.door = ?3 AND cell.pursuance = ?1)";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params![pursuance, entry.0, door as u8], |row| row.get(0))?)
    }

    /// Own entries that no relay signed for: those without a cell, and those with a cell that no relay took. `join` travels
    /// under its invite's key, and everything else under everyone's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unhanded_entries(&self, pursuance: Number, join: Option<EntryId>) -> Result<BTreeSet<EntryId>> {
        let sql = "SELECT id FROM entry INDEXED BY entry_unsealed
            WHERE pursuance = ?1 AND own = 1 AND sealed = 0 AND chain >= 0
            UNION SELECT cargo.entry FROM cell INDEXED BY cell_unhanded JOIN cargo ON cargo.cell = cell.number
            WHERE cell.pursuance = ?1 AND cell.handed = 0 AND (cargo.door = 0 OR cargo.entry = ?2)
            AND EXISTS (SELECT 1 FROM entry WHERE entry.pursuance = ?1 AND entry.id = cargo.entry AND entry.own = 1)";
        let join = join.map_or_else(Vec::new, |join| join.0.to_vec());
        Ok(self.list(sql, params![pursuance, join], |row| Ok(EntryId(row.get(0)?)))?.into_iter().collect())
    }

    /// The next cells to be posted to a relay: of one pursuance only, so that no post says that two share a computer. They take
    /// turns: it is the one whose number follows `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_cells(&self, relay: Number, after: Number, limit: usize) -> Result<Vec<WaitingCell>> {
        let sql = "WITH waiting (pursuance) AS (
                SELECT pursuance FROM outbox JOIN cell ON cell.number = outbox.cell WHERE relay = ?1 AND state = 0)
            SELECT cell.number, cell.bytes, pursuance FROM outbox JOIN cell ON cell.number = outbox.cell
            WHERE relay = ?1 AND state = 0 AND pursuance = COALESCE(
                (SELECT MIN(pursuance) FROM waiting WHERE pursuance > ?2), (SELECT MIN(pursuance) FROM waiting))
            ORDER BY cell.number LIMIT ?3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.list(sql, params![relay, after, limit], |row| {
            let bytes: [u8; pursuance_wire::cell::CELL_BYTES] = row.get(1)?;
            Ok(WaitingCell { number: row.get(0)?, pursuance: row.get(2)?, cell: Cell::from_bytes(bytes) })
        })
    }

    /// How many cells wait to be posted to a relay, of all pursuances.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_count(&self, relay: Number) -> Result<u32> {
        let sql = "SELECT COUNT(*) FROM outbox WHERE relay = ?1 AND state = 0";
        Ok(self.connection.prepare_cached(sql)?.query_row([relay], |row| row.get(0))?)
    }

    /// The slot for which a relay promised the first cell of an invite's preview; `None` unless it has promised all of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn preview_slot(&self, invite: EntryId, relay: Number) -> Result<Option<u64>> {
        let sql = "SELECT MIN(due_slot), MIN(state) FROM cargo JOIN outbox ON outbox.cell = cargo.cell
            WHERE cargo.entry = ?1 AND cargo.door = ?2 AND outbox.relay = ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
        let (slot, state) = statement.query_row(params![invite.0, Door::Invite as u8, relay], row)?;
        Ok(slot.filter(|_| state > Some(0)).and_then(|slot| u64::try_from(slot).ok()))
    }

    /// Promises of a relay that were not seen kept yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_receipts(&self, relay: Number) -> Result<Vec<OpenReceipt>> {
        let sql = "SELECT cell.number, cell.leaf, outbox.receipt, outbox.due_slot
            FROM outbox JOIN cell ON cell.number = outbox.cell WHERE relay = ?1 AND state = 1 ORDER BY cell.number";
        self.list(sql, [relay], |row| {
            Ok(OpenReceipt {
                cell: row.get(0)?,
                leaf: LeafHash(row.get(1)?),
                note: row.get(2)?,
                due_slot: unsigned(row, 3)?,
            })
        })
    }

    /// Leaf hashes of own cells that were not seen in a relay's log yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unseen_leaves(&self, relay: Number) -> Result<BTreeSet<LeafHash>> {
        let sql = "SELECT cell.leaf FROM outbox JOIN cell ON cell.number = outbox.cell WHERE relay = ?1 AND state < 2";
        Ok(self.list(sql, [relay], |row| Ok(LeafHash(row.get(0)?)))?.into_iter().collect())
    }

    /// Posts of one pursuance to one relay, counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post_counts(&self, pursuance: Number, relay: Number) -> Result<PostCounts> {
        let mut statement = self.connection.prepare_cached(
            "SELECT COALESCE(SUM(state > 0), 0), COALESCE(SUM(state = 0), 0)
             FROM outbox JOIN cell ON cell.number = outbox.cell WHERE cell.pursuance = ?1 AND relay = ?2",
        )?;
        Ok(statement
            .query_row([pursuance, relay], |row| Ok(PostCounts { handed: row.get(0)?, waiting: row.get(1)? }))?)
    }

    /// What travels under invites' keys, and whether a relay signed for all of its cells.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posted_to_invites(&self, pursuance: Number) -> Result<Vec<(EntryId, Handed)>> {
        let sql = "SELECT cargo.entry, MIN(cell.handed)
            FROM cargo INDEXED BY cargo_by_invite JOIN cell ON cell.number = cargo.cell
            WHERE cell.pursuance = ?1 AND cargo.door = 1 GROUP BY cargo.entry";
        self.list(sql, [pursuance], |row| {
            let handed = if row.get(1)? { Handed::Yes } else { Handed::NotYet };
            Ok((EntryId(row.get(0)?), handed))
        })
    }

    fn list<T, P: rusqlite::Params>(
        &self,
        sql: &str,
        params: P,
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        list(&self.connection, sql, params, read)
    }
}

/// The rows of a query.
fn list<T>(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        kept.push(read(row)?);
    }
    Ok(kept)
}

/// SQLite's numbers are signed; ours that are kept never reach the sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| StoreError::Damaged)
}

const fn fault_number(fault: Fault) -> u8 {
    match fault {
        Fault::Forked => 1,
        Fault::RolledBack => 2,
        Fault::BrokenReceipt => 3,
        Fault::Garbage => 4,
        Fault::WrongOrigin => 5,
        Fault::Stale => 6,
        Fault::Withholds => 7,
    }
}

fn fault(number: u8) -> Result<Option<Fault>> {
    Ok(Some(match number {
        0 => return Ok(None),
        1 => Fault::Forked,
        2 => Fault::RolledBack,
        3 => Fault::BrokenReceipt,
        4 => Fault::Garbage,
        5 => Fault::WrongOrigin,
        6 => Fault::Stale,
        7 => Fault::Withholds,
        _ => return Err(StoreError::Damaged),
    }))
}
