//! The database: one encrypted file for all pursuances of this computer (docs/protocol/08-node.md, section 5).

use std::collections::BTreeSet;
use std::path::Path;

use pursuance_core::id::{AuthorId, EntryId, PursuanceId};
use pursuance_wire::{Cell, LeafHash, RelayAddress};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use zeroize::{Zeroize, Zeroizing};

use crate::api::Fault;
use crate::folder;
use crate::vault::DatabaseKey;

/// The schema written here.
pub const SCHEMA_VERSION: u32 = 1;

/// Checkpoints kept for each relay.
pub const MAX_CHECKPOINTS_SEEN: u64 = 10_000;

/// Entries of newer versions kept for each pursuance.
pub const MAX_NEWER_ENTRIES: u64 = 1_000;

/// What makes schema n + 1 of schema n, from 0.
const STEPS: [&str; SCHEMA_VERSION as usize] = [include_str!("schema_1.sql")];

/// How long a statement waits for another connection, which only a copying program could be.
const BUSY_MILLISECONDS: u64 = 5_000;

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
    /// The disk refused: full, read-only, broken.
    #[error("the disk refused")]
    Disk,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        tracing::debug!(code = ?error.sqlite_error_code(), "the database said no");
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory,
            ) => Self::Disk,
            // A value of another type or length than the schema says is damage as well.
            _ => Self::Damaged,
        }
    }
}

type Result<T> = std::result::Result<T, StoreError>;

/// A row number of the database, of whatever table the name around it says.
pub type Number = i64;

/// The open database.
pub struct Store {
    connection: Connection,
}

/// How I stand in a pursuance, as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptStanding {
    /// An invite is open.
    Invited = 0,
    /// Joined, not welcomed yet.
    Waiting = 1,
    /// In.
    Member = 2,
}

/// A pursuance or open invite as kept.
pub struct KeptPursuance {
    /// Its row.
    pub number: Number,
    /// Which.
    pub id: PursuanceId,
    /// How I stand in it.
    pub standing: KeptStanding,
    /// Seed of this device's keys in it.
    pub device_seed: Zeroizing<[u8; 32]>,
    /// The link I came by, if I did not found it.
    pub link: Option<Zeroizing<String>>,
    /// When I founded it, opened its invite, or joined.
    pub since_seconds: u64,
}

/// A stored entry.
pub struct KeptEntry {
    /// Its bytes, verified before they were stored.
    pub bytes: Vec<u8>,
    /// Whether this device wrote it.
    pub own: bool,
}

/// An entry to be stored.
pub struct NewEntry<'a> {
    /// Its id.
    pub id: EntryId,
    /// Its author.
    pub author: AuthorId,
    /// Its place in the author's log.
    pub seq: u32,
    /// Whether this device wrote it.
    pub own: bool,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A part of a long entry.
pub struct KeptFragment {
    /// The cell key that opened it.
    pub cell_key: [u8; 32],
    /// The entry.
    pub entry: EntryId,
    /// How many parts there are.
    pub parts: u16,
    /// Which this is.
    pub part: u16,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A relay as kept.
pub struct KeptRelay {
    /// Its row.
    pub number: Number,
    /// Its address.
    pub address: RelayAddress,
    /// Newest accepted checkpoint; empty before the first.
    pub checkpoint: Vec<u8>,
    /// Frontier of its tree, 32 bytes a peak.
    pub peaks: Vec<u8>,
    /// Slot length by its policy; `None` before it was read.
    pub slot_seconds: Option<u32>,
    /// The last visit.
    pub reached_seconds: Option<u64>,
    /// How it broke its word.
    pub fault: Option<Fault>,
    /// The proof, where there is one.
    pub evidence: Vec<u8>,
}

/// How far a relay was read for a pursuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptReading {
    /// The pursuance's row.
    pub pursuance: Number,
    /// The relay's row.
    pub relay: Number,
    /// The pursuance has no cell before this index.
    pub first: u64,
    /// Everything before this index was read.
    pub next: u64,
    /// Whether the pursuance uses the relay now.
    pub wanted: bool,
}

/// Under which key an own entry travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The everyone-epoch's: for members.
    Epoch = 0,
    /// An invite's: previews, joins, welcomes.
    Invite = 1,
}

/// What became of a cell at a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Posted {
    /// Nothing yet.
    Waiting = 0,
    /// The relay signed for it.
    Handed = 1,
    /// It stands in the relay's log.
    Seen = 2,
}

/// A cell to be posted.
pub struct WaitingCell {
    /// Its row.
    pub number: Number,
    /// The cell.
    pub cell: Cell,
}

/// A promise that a relay has to keep.
pub struct OpenReceipt {
    /// The cell's row.
    pub cell: Number,
    /// The cell's leaf hash.
    pub leaf: LeafHash,
    /// The signed receipt.
    pub note: Vec<u8>,
    /// The slot by which the cell is in the log.
    pub due_slot: u64,
}

/// Posts of a relay, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PostCounts {
    /// Cells it signed for, seen in its log or not.
    pub handed: u32,
    /// Cells waiting for it.
    pub waiting: u32,
}

impl Store {
    /// Opens the database, or makes an empty one where there is no file; brings an older schema up to date.
    ///
    /// # Errors
    /// [`StoreError`]. A file of a newer schema is not touched.
    pub fn open(path: &Path, key: &DatabaseKey) -> Result<Self> {
        let fresh = !path.exists();
        if !fresh && std::fs::metadata(path).map_err(|_| StoreError::Disk)?.len() == 0 {
            return Err(StoreError::Damaged);
        }
        if fresh {
            // Made beside and renamed, so that a crash leaves no half-made database.
            let half = path.with_extension("half");
            remove_half(&half)?;
            folder::private_file(&half).map_err(|_| StoreError::Disk)?;
            let mut connection = connect(&half, key)?;
            migrate(&mut connection, 0)?;
            connection.close().map_err(|(_, error)| error)?;
            std::fs::rename(&half, path).and_then(|()| folder::sync_parent(path)).map_err(|_| StoreError::Disk)?;
        }
        let mut connection = connect(path, key)?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > SCHEMA_VERSION {
            return Err(StoreError::Newer { found, known: SCHEMA_VERSION });
        }
        // Every page carries a keyed checksum; better to know now than in the middle of an evening.
        let mut bad = connection.prepare("PRAGMA cipher_integrity_check")?;
        let damaged = bad.query([])?.next()?.is_some();
        drop(bad);
        if damaged || found == 0 {
            return Err(StoreError::Damaged);
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        migrate(&mut connection, found)?;
        Ok(Self { connection })
    }

    /// Writes all that `change` does, or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is written then.
    pub fn write<T>(&mut self, change: impl FnOnce(&Changes<'_>) -> Result<T>) -> Result<T> {
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
            "SELECT number, id, standing, device_seed, link, since_seconds FROM pursuance ORDER BY number",
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
            });
            seed.zeroize();
        }
        Ok(kept)
    }

    /// The entries of a pursuance in the order in which they arrived.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn entries(&self, pursuance: Number) -> Result<Vec<KeptEntry>> {
        let sql = "SELECT bytes, own FROM entry WHERE pursuance = ?1 ORDER BY arrival";
        self.list(sql, [pursuance], |row| Ok(KeptEntry { bytes: row.get(0)?, own: row.get(1)? }))
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
        let sql = "SELECT number, address, checkpoint, peaks, slot_seconds, reached_seconds, fault, evidence FROM relay ORDER BY number";
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
                evidence: row.get(7)?,
            })
        })
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

    /// Own entries that no cell carries through this door yet, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn own_entries_without_cell(&self, pursuance: Number, door: Door) -> Result<Vec<EntryId>> {
        let sql = "SELECT id FROM entry WHERE pursuance = ?1 AND own = 1 AND NOT EXISTS
            (SELECT 1 FROM cargo JOIN cell ON cell.number = cargo.cell
             WHERE cargo.entry = entry.id AND cargo.door = ?2 AND cell.pursuance = ?1) ORDER BY seq";
        self.list(sql, params![pursuance, door as u8], |row| Ok(EntryId(row.get(0)?)))
    }

    /// The next cells to be posted to a relay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_cells(&self, relay: Number, limit: usize) -> Result<Vec<WaitingCell>> {
        let sql = "SELECT cell.number, cell.bytes FROM outbox JOIN cell ON cell.number = outbox.cell
            WHERE relay = ?1 AND state = 0 ORDER BY cell.number LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.list(sql, params![relay, limit], |row| {
            let bytes: [u8; pursuance_wire::cell::CELL_BYTES] = row.get(1)?;
            Ok(WaitingCell { number: row.get(0)?, cell: Cell::from_bytes(bytes) })
        })
    }

    /// Promises of a relay that were not seen kept yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_receipts(&self, relay: Number) -> Result<Vec<OpenReceipt>> {
        let sql = "SELECT cell.number, cell.leaf, outbox.receipt, outbox.due_slot
            FROM outbox JOIN cell ON cell.number = outbox.cell WHERE relay = ?1 AND state = 1 ORDER BY cell.number";
        self.list(sql, [relay], |row| {
            Ok(OpenReceipt { cell: row.get(0)?, leaf: LeafHash(row.get(1)?), note: row.get(2)?, due_slot: unsigned(row, 3)? })
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
        Ok(statement.query_row([pursuance, relay], |row| Ok(PostCounts { handed: row.get(0)?, waiting: row.get(1)? }))?)
    }

    /// How far each own entry has come through a door: the best that any relay did for the worst of its cells.
    /// Entries that no cell carries are not named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posted(&self, pursuance: Number, door: Door) -> Result<Vec<(EntryId, Posted)>> {
        let sql = "SELECT entry, MIN(best) FROM
            (SELECT cargo.entry AS entry, COALESCE(MAX(outbox.state), 0) AS best
             FROM cargo JOIN cell ON cell.number = cargo.cell LEFT JOIN outbox ON outbox.cell = cell.number
             WHERE cell.pursuance = ?1 AND cargo.door = ?2 GROUP BY cargo.entry, cell.number)
            GROUP BY entry";
        self.list(sql, params![pursuance, door as u8], |row| {
            let state = match row.get(1)? {
                0 => Posted::Waiting,
                1 => Posted::Handed,
                _ => Posted::Seen,
            };
            Ok((EntryId(row.get(0)?), state))
        })
    }

    fn list<T, P: rusqlite::Params>(&self, sql: &str, params: P, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut kept = Vec::new();
        while let Some(row) = rows.next()? {
            kept.push(read(row)?);
        }
        Ok(kept)
    }
}

/// One transaction.
pub struct Changes<'a> {
    transaction: &'a Transaction<'a>,
}

impl Changes<'_> {
    /// Keeps a small thing under a name.
    ///
    /// # Errors
    /// [`StoreError`], as of every method here.
    pub fn set_meta(&self, name: &str, value: &[u8]) -> Result<()> {
        self.run("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", params![name, value])
    }

    /// Adds a pursuance or open invite; returns its row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_pursuance(
        &self,
        id: PursuanceId,
        standing: KeptStanding,
        device_seed: &[u8; 32],
        link: &str,
        since_seconds: u64,
    ) -> Result<Number> {
        self.run(
            "INSERT INTO pursuance (id, standing, device_seed, link, since_seconds) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id.0, standing as u8, device_seed, link, signed(since_seconds)],
        )?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// Changes how I stand in a pursuance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_standing(&self, pursuance: Number, standing: KeptStanding, since_seconds: u64) -> Result<()> {
        self.run(
            "UPDATE pursuance SET standing = ?2, since_seconds = ?3 WHERE number = ?1",
            params![pursuance, standing as u8, signed(since_seconds)],
        )
    }

    /// Forgets a pursuance and everything of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_pursuance(&self, pursuance: Number) -> Result<()> {
        self.run("DELETE FROM pursuance WHERE number = ?1", [pursuance])
    }

    /// Stores an entry; one that is stored already is left as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_entry(&self, pursuance: Number, entry: &NewEntry<'_>) -> Result<()> {
        self.run(
            "INSERT INTO entry (pursuance, id, author, seq, own, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (pursuance, id) DO NOTHING",
            params![pursuance, entry.id.0, entry.author.0, entry.seq, entry.own, entry.bytes],
        )
    }

    /// Takes back an entry that the logs did not keep.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_entry(&self, pursuance: Number, entry: EntryId) -> Result<()> {
        self.run("DELETE FROM entry WHERE pursuance = ?1 AND id = ?2 AND own = 0", params![pursuance, entry.0])
    }

    /// Keeps an entry of a newer version, up to [`MAX_NEWER_ENTRIES`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_newer_entry(&self, pursuance: Number, bytes: &[u8]) -> Result<()> {
        self.run(
            "INSERT INTO newer_entry SELECT ?1, ?2
             WHERE (SELECT COUNT(*) FROM newer_entry WHERE pursuance = ?1) < ?3 ON CONFLICT DO NOTHING",
            params![pursuance, bytes, signed(MAX_NEWER_ENTRIES)],
        )
    }

    /// Keeps a part of a long entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_fragment(&self, pursuance: Number, fragment: &KeptFragment) -> Result<()> {
        self.run(
            "INSERT INTO fragment VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            params![pursuance, fragment.cell_key, fragment.entry.0, fragment.parts, fragment.part, fragment.bytes],
        )
    }

    /// Forgets the parts of an entry that is whole now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_fragments(&self, pursuance: Number, entry: EntryId) -> Result<()> {
        self.run("DELETE FROM fragment WHERE pursuance = ?1 AND entry = ?2", params![pursuance, entry.0])
    }

    /// Keeps an epoch secret.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_epoch(&self, pursuance: Number, secret: &[u8; 32]) -> Result<()> {
        self.run("INSERT INTO epoch VALUES (?1, ?2) ON CONFLICT DO NOTHING", params![pursuance, secret])
    }

    /// Keeps the link of an invite made here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_own_invite(&self, pursuance: Number, entry: EntryId, link: &str) -> Result<()> {
        self.run("INSERT INTO own_invite VALUES (?1, ?2, ?3)", params![pursuance, entry.0, link])
    }

    /// The row of a relay, made if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn relay(&self, address: &RelayAddress) -> Result<Number> {
        let address = address.to_string();
        self.run("INSERT INTO relay VALUES (NULL, ?1, x'', x'', 0, 0, 0, x'') ON CONFLICT DO NOTHING", [&address])?;
        Ok(self.transaction.query_row("SELECT number FROM relay WHERE address = ?1", [&address], |row| row.get(0))?)
    }

    /// Keeps a relay's newest accepted checkpoint with the frontier of its tree, and its note among those seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_checkpoint(&self, relay: Number, slot: u64, note: &[u8], peaks: &[u8]) -> Result<()> {
        self.run("UPDATE relay SET checkpoint = ?2, peaks = ?3 WHERE number = ?1", params![relay, note, peaks])?;
        self.run(
            "INSERT INTO checkpoint_seen VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![relay, signed(slot), note],
        )?;
        self.run(
            "DELETE FROM checkpoint_seen WHERE relay = ?1 AND slot <=
             (SELECT slot FROM checkpoint_seen WHERE relay = ?1 ORDER BY slot DESC LIMIT 1 OFFSET ?2)",
            params![relay, signed(MAX_CHECKPOINTS_SEEN)],
        )
    }

    /// Keeps what a relay's policy says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_slot_seconds(&self, relay: Number, slot_seconds: u32) -> Result<()> {
        self.run("UPDATE relay SET slot_seconds = ?2 WHERE number = ?1", params![relay, slot_seconds])
    }

    /// Keeps when a relay was reached.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_reached(&self, relay: Number, seconds: u64) -> Result<()> {
        self.run("UPDATE relay SET reached_seconds = ?2 WHERE number = ?1", params![relay, signed(seconds)])
    }

    /// Keeps how a relay broke its word; a proof, once there, is never replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_fault(&self, relay: Number, fault: Option<Fault>, evidence: &[u8]) -> Result<()> {
        self.run(
            "UPDATE relay SET fault = ?2, evidence = CASE WHEN length(evidence) = 0 THEN ?3 ELSE evidence END
             WHERE number = ?1",
            params![relay, fault.map_or(0, fault_number), evidence],
        )
    }

    /// Says that a pursuance uses a relay, and from where on it is to be read; what was read before stays read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn want_relay(&self, pursuance: Number, relay: Number, first: u64) -> Result<()> {
        self.run(
            "INSERT INTO reading VALUES (?1, ?2, ?3, ?3, 1) ON CONFLICT (pursuance, relay) DO UPDATE SET wanted = 1",
            params![pursuance, relay, signed(first)],
        )
    }

    /// Says that a pursuance no longer uses a relay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn leave_relay(&self, pursuance: Number, relay: Number) -> Result<()> {
        self.run("UPDATE reading SET wanted = 0 WHERE pursuance = ?1 AND relay = ?2", [pursuance, relay])
    }

    /// Says how far a relay was read for a pursuance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_reading(&self, pursuance: Number, relay: Number, first: u64, next: u64) -> Result<()> {
        self.run(
            "UPDATE reading SET first = ?3, next = ?4 WHERE pursuance = ?1 AND relay = ?2",
            params![pursuance, relay, signed(first), signed(next)],
        )
    }

    /// Keeps a sealed cell, what it carries, and that each of these relays is to get it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_cell(&self, pursuance: Number, cell: &Cell, cargo: &[EntryId], door: Door, relays: &[Number]) -> Result<()> {
        self.run(
            "INSERT INTO cell (pursuance, leaf, bytes) VALUES (?1, ?2, ?3)",
            params![pursuance, cell.leaf_hash().0, cell.as_bytes()],
        )?;
        let number = self.transaction.last_insert_rowid();
        for entry in cargo {
            self.run("INSERT INTO cargo VALUES (?1, ?2, ?3)", params![number, entry.0, door as u8])?;
        }
        for relay in relays {
            self.run("INSERT INTO outbox VALUES (?1, ?2, 0, x'', 0)", [number, *relay])?;
        }
        Ok(())
    }

    /// Puts all cells of a pursuance into the outbox for a relay that did not have them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post_all_to(&self, pursuance: Number, relay: Number) -> Result<()> {
        self.run(
            "INSERT INTO outbox SELECT number, ?2, 0, x'', 0 FROM cell WHERE pursuance = ?1 ON CONFLICT DO NOTHING",
            [pursuance, relay],
        )
    }

    /// Keeps a relay's receipt for a cell; one that was seen in the log stays seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_handed(&self, cell: Number, relay: Number, receipt: &[u8], due_slot: u64) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = MAX(state, 1), receipt = ?3, due_slot = ?4 WHERE cell = ?1 AND relay = ?2",
            params![cell, relay, receipt, signed(due_slot)],
        )
    }

    /// Takes back that a relay has a cell: it signed for it and did not keep it. The cell is posted again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_waiting_again(&self, cell: Number, relay: Number) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 0, receipt = x'', due_slot = 0 WHERE cell = ?1 AND relay = ?2 AND state = 1",
            [cell, relay],
        )
    }

    /// Says that the cell with this leaf hash, if it is ours, stands in a relay's log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_seen(&self, leaf: &LeafHash, relay: Number) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 2 WHERE relay = ?2 AND cell IN (SELECT number FROM cell WHERE leaf = ?1)",
            params![leaf.0, relay],
        )
    }

    fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<()> {
        self.transaction.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }
}

fn connect(path: &Path, key: &DatabaseKey) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MILLISECONDS))?;
    // Before the key: a wrong one would print to standard error.
    connection.pragma_update(None, "cipher_log_level", "NONE")?;
    let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(&**key));
    let raw = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", *hex));
    connection.execute_batch(&raw)?;
    connection.pragma_update(None, "cipher_memory_security", true)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, found: u32) -> Result<()> {
    for (version, step) in (1u32..).zip(STEPS).skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

fn remove_half(half: &Path) -> Result<()> {
    match std::fs::remove_file(half) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Disk),
        _ => Ok(()),
    }
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
        _ => return Err(StoreError::Damaged),
    }))
}

#[cfg(test)]
mod tests;
