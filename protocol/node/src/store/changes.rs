//! What can be written, inside one transaction (docs/protocol/08-node.md, section 5).

use pursuance_core::crypto::KemSecret;
use pursuance_core::id::{EntryId, MemberId, PursuanceId};
use pursuance_core::kept::KEPT_FORM;
use pursuance_core::keys::{DeviceKeys, DeviceRoot};
use pursuance_wire::{Cell, LeafHash, RelayAddress};
use rusqlite::types::Value;
use rusqlite::{Transaction, params, params_from_iter};
use zeroize::{Zeroize, Zeroizing};

use super::{
    Door, ERASED, Erased, KeptFragment, KeptStanding, MAX_CHECKPOINTS_SEEN, MAX_KEPT_FRAGMENTS, MAX_NEWER_ENTRIES,
    NewEntry, Number, Result, Store, fault_number, signed,
};
use crate::api::Fault;

/// The tables of which rows that hold keys go one by one. They are as long as there are keys, however long the log is.
const KEY_TABLES: [&str; 6] = ["meta", "pursuance", "epoch", "list_secret", "own_invite", "package"];

/// One transaction.
pub struct Changes<'a> {
    pub(super) transaction: &'a Transaction<'a>,
}

/// A cell that carries nothing of its author's and stands in the logs of all relays that it was for.
const SPENT: &str = "NOT EXISTS (SELECT 1 FROM cargo WHERE cargo.cell = cell.number)
    AND EXISTS (SELECT 1 FROM outbox WHERE outbox.cell = cell.number)
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.cell = cell.number AND state < 2)";

impl Store {
    /// Whether there are cells that [`Changes::drop_cells_spent`] would drop.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub(crate) fn has_cells_spent(&self) -> Result<bool> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM cell WHERE {SPENT})");
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }
}

impl Changes<'_> {
    /// Keeps a small thing under a name.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError), as of every method here.
    pub fn set_meta(&self, name: &str, value: &[u8]) -> Result<()> {
        self.run("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", params![name, value])
    }

    /// Forgets what is kept under a name.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn forget_meta(&self, name: &str) -> Result<()> {
        self.run("DELETE FROM meta WHERE name = ?1", [name])
    }

    /// Forgets all that is kept under a name for a pursuance, its id in those names too: they end with it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn forget_meta_of(&self, pursuance: PursuanceId) -> Result<()> {
        self.run("DELETE FROM meta WHERE name LIKE '% ' || ?1", [pursuance.to_string()])
    }

    /// Adds a pursuance or open invite; returns its row.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_pursuance(
        &self,
        id: PursuanceId,
        standing: KeptStanding,
        device_seed: &[u8; 32],
        link: &str,
        since_seconds: u64,
    ) -> Result<Number> {
        self.run(
            "INSERT INTO pursuance (id, standing, device_seed, link, since_seconds, derived)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id.0, standing as u8, device_seed, link, signed(since_seconds), KEPT_FORM],
        )?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// Changes how I stand in a pursuance.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_standing(&self, pursuance: Number, standing: KeptStanding, since_seconds: u64) -> Result<()> {
        self.run(
            "UPDATE pursuance SET standing = ?2, since_seconds = ?3 WHERE number = ?1",
            params![pursuance, standing as u8, signed(since_seconds)],
        )
    }

    /// Gives this computer other keys in a pursuance: what was derived is derived again, as another device sees it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_device(&self, pursuance: Number, device_seed: &[u8; 32]) -> Result<()> {
        self.note_erased(Erased::Keys)?;
        self.run("DELETE FROM package WHERE pursuance = ?1", [pursuance])?;
        self.run(
            "UPDATE pursuance SET device_seed = ?2, seed_spent = 0, derived = 0, overtaken = 0 WHERE number = ?1",
            params![pursuance, device_seed],
        )
    }

    /// Forgets a pursuance and everything of it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn drop_pursuance(&self, pursuance: Number) -> Result<()> {
        self.note_erased(Erased::Pursuance)?;
        self.run("DELETE FROM pursuance WHERE number = ?1", [pursuance])
    }

    /// Notes when the phrase was compared with a member.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_compared(&self, pursuance: Number, member: MemberId, seconds: u64) -> Result<()> {
        self.run(
            "INSERT INTO compared (pursuance, member, seconds) VALUES (?1, ?2, ?3)
             ON CONFLICT (pursuance, member) DO UPDATE SET seconds = excluded.seconds",
            params![pursuance, member.0, signed(seconds)],
        )
    }

    /// Stores an entry; one that is stored already is left as it is.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
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
    /// [`StoreError`](super::StoreError).
    pub fn drop_entry(&self, pursuance: Number, entry: EntryId) -> Result<()> {
        self.run("DELETE FROM entry WHERE pursuance = ?1 AND id = ?2 AND own = 0", params![pursuance, entry.0])
    }

    /// Keeps an entry of a newer version, up to [`MAX_NEWER_ENTRIES`].
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
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
    /// [`StoreError`](super::StoreError).
    pub fn add_fragment(&self, pursuance: Number, fragment: &KeptFragment) -> Result<()> {
        self.run(
            "INSERT INTO fragment VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            params![pursuance, fragment.cell_key, fragment.entry.0, fragment.parts, fragment.part, fragment.bytes],
        )
    }

    /// Forgets all but the newest [`MAX_KEPT_FRAGMENTS`] parts under each cell key: no more are held in memory either.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn forget_fragments(&self, pursuance: Number) -> Result<()> {
        self.run(
            "DELETE FROM fragment WHERE rowid IN (
                 SELECT place FROM (
                     SELECT rowid AS place, ROW_NUMBER() OVER (PARTITION BY cell_key ORDER BY rowid DESC) AS age
                     FROM fragment WHERE pursuance = ?1)
                 WHERE age > ?2)",
            params![pursuance, signed(MAX_KEPT_FRAGMENTS)],
        )
    }

    /// Forgets the parts of an entry that is whole now.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn drop_fragments(&self, pursuance: Number, entry: EntryId) -> Result<()> {
        self.run("DELETE FROM fragment WHERE pursuance = ?1 AND entry = ?2", params![pursuance, entry.0])
    }

    /// Keeps an epoch secret.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_epoch(&self, pursuance: Number, secret: &[u8; 32]) -> Result<()> {
        self.run("INSERT INTO epoch VALUES (?1, ?2) ON CONFLICT DO NOTHING", params![pursuance, secret])
    }

    /// Keeps the secret of a list that was sealed to this device alone.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_list_secret(&self, pursuance: Number, secret: &[u8; 32]) -> Result<()> {
        self.run("INSERT INTO list_secret VALUES (?1, ?2) ON CONFLICT DO NOTHING", params![pursuance, secret])
    }

    /// Keeps the private half of a key package, newer than those that are kept.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_package(&self, pursuance: Number, package: &KemSecret) -> Result<()> {
        self.run(
            "INSERT INTO package (pursuance, suite, private) VALUES (?1, ?2, ?3)",
            params![pursuance, package.suite() as u8, package.private()],
        )
    }

    /// Keeps of a device's keys what it holds, and nothing else.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn keep_keys(&self, pursuance: Number, device: &DeviceKeys) -> Result<()> {
        self.note_erased(Erased::Keys)?;
        if let DeviceRoot::Signing(private) = device.root() {
            self.run(
                "UPDATE pursuance SET device_seed = ?2, seed_spent = 1 WHERE number = ?1 AND seed_spent = 0",
                params![pursuance, private],
            )?;
        }
        let held: Vec<&[u8; 32]> = device.privates().collect();
        let sql = "SELECT number, private FROM package WHERE pursuance = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let kept = statement.query_map([pursuance], |row| Ok((row.get(0)?, Zeroizing::new(row.get(1)?))))?;
        let kept: Vec<(Number, Zeroizing<[u8; 32]>)> = kept.collect::<rusqlite::Result<_>>()?;
        for (number, _) in kept.iter().filter(|(_, private)| !held.contains(&&**private)) {
            self.run("DELETE FROM package WHERE number = ?1", [*number])?;
        }
        Ok(())
    }

    /// Keeps the link of an invite made here.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_own_invite(&self, pursuance: Number, entry: EntryId, link: &str) -> Result<()> {
        self.run("INSERT INTO own_invite VALUES (?1, ?2, ?3)", params![pursuance, entry.0, link])
    }

    /// The row of a relay, made if there is none.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn relay(&self, address: &RelayAddress) -> Result<Number> {
        let address = address.to_string();
        self.run("INSERT INTO relay VALUES (NULL, ?1, x'', x'', 0, 0, 0, x'') ON CONFLICT DO NOTHING", [&address])?;
        Ok(self.transaction.query_row("SELECT number FROM relay WHERE address = ?1", [&address], |row| row.get(0))?)
    }

    /// Keeps a relay's newest accepted checkpoint with the frontier of its tree, and its note among those seen.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_checkpoint(&self, relay: Number, slot: u64, note: &[u8], peaks: &[u8]) -> Result<()> {
        self.run("UPDATE relay SET checkpoint = ?2, peaks = ?3 WHERE number = ?1", params![relay, note, peaks])?;
        self.add_checkpoint_seen(relay, slot, note)
    }

    /// Keeps the checkpoint of a slot among those seen.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_checkpoint_seen(&self, relay: Number, slot: u64, note: &[u8]) -> Result<()> {
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
    /// [`StoreError`](super::StoreError).
    pub fn set_slot_seconds(&self, relay: Number, slot_seconds: u32) -> Result<()> {
        self.run("UPDATE relay SET slot_seconds = ?2 WHERE number = ?1", params![relay, slot_seconds])
    }

    /// Keeps when a relay was reached.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_reached(&self, relay: Number, seconds: u64) -> Result<()> {
        self.run("UPDATE relay SET reached_seconds = ?2 WHERE number = ?1", params![relay, signed(seconds)])
    }

    /// Keeps how a relay broke its word; a proof, once there, is never replaced.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
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
    /// [`StoreError`](super::StoreError).
    pub fn want_relay(&self, pursuance: Number, relay: Number, first: u64) -> Result<()> {
        self.run(
            "INSERT INTO reading VALUES (?1, ?2, ?3, ?3, 1) ON CONFLICT (pursuance, relay) DO UPDATE SET wanted = 1",
            params![pursuance, relay, signed(first)],
        )
    }

    /// Says that a pursuance no longer uses a relay.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn leave_relay(&self, pursuance: Number, relay: Number) -> Result<()> {
        self.run("UPDATE reading SET wanted = 0 WHERE pursuance = ?1 AND relay = ?2", [pursuance, relay])
    }

    /// Says how far a relay was read for a pursuance.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_reading(&self, pursuance: Number, relay: Number, first: u64, next: u64) -> Result<()> {
        self.run(
            "UPDATE reading SET first = ?3, next = ?4 WHERE pursuance = ?1 AND relay = ?2",
            params![pursuance, relay, signed(first), signed(next)],
        )
    }

    /// Keeps a sealed cell, what it carries, and that each of these relays is to get it.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_cell(
        &self,
        pursuance: Number,
        cell: &Cell,
        cargo: &[EntryId],
        door: Door,
        relays: &[Number],
    ) -> Result<()> {
        self.run(
            "INSERT INTO cell (pursuance, leaf, bytes) VALUES (?1, ?2, ?3)",
            params![pursuance, cell.leaf_hash().0, cell.as_bytes()],
        )?;
        let number = self.transaction.last_insert_rowid();
        for entry in cargo {
            self.run("INSERT INTO cargo VALUES (?1, ?2, ?3)", params![number, entry.0, door as u8])?;
            // A log's first entry, a join, has no other way than its invite.
            self.run(
                "UPDATE entry SET sealed = 1 WHERE pursuance = ?1 AND id = ?2 AND own = 1 AND (?3 = 0 OR seq = 0)",
                params![pursuance, entry.0, door as u8],
            )?;
        }
        for relay in relays {
            self.run("INSERT INTO outbox VALUES (?1, ?2, 0, x'', 0)", [number, *relay])?;
        }
        Ok(())
    }

    /// Adds cells for one relay that carry what others than their author wait for; returns their rows.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_cells_again(&self, pursuance: Number, cells: &[Cell], relay: Number) -> Result<Vec<Number>> {
        let add = |cell: &Cell| {
            self.add_cell(pursuance, cell, &[], Door::Epoch, &[relay])?;
            Ok(self.transaction.query_row("SELECT MAX(number) FROM cell", [], |row| row.get(0))?)
        };
        cells.iter().map(add).collect()
    }

    /// Drops those of these cells that stand in the logs of all relays that they were for; the others are left.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn drop_cells_seen(&self, cells: &[Number]) -> Result<Vec<Number>> {
        let mut left = Vec::new();
        for cell in cells {
            self.run(
                "DELETE FROM cell WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE cell = ?1 AND state < 2)",
                [cell],
            )?;
            let mut statement =
                self.transaction.prepare_cached("SELECT EXISTS (SELECT 1 FROM cell WHERE number = ?1)")?;
            if statement.query_row([cell], |row| row.get(0))? {
                left.push(*cell);
            }
        }
        Ok(left)
    }

    /// Drops what was posted for others than its author and has come to all relays that it was for.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn drop_cells_spent(&self) -> Result<()> {
        self.run(&format!("DELETE FROM cell WHERE {SPENT}"), [])
    }

    /// Drops the cells of an invite's preview, so that it is sealed anew.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn drop_preview(&self, pursuance: Number, invite: EntryId) -> Result<()> {
        self.run(
            "DELETE FROM cell WHERE pursuance = ?1 AND number IN (SELECT cell FROM cargo WHERE entry = ?2 AND door = ?3)",
            params![pursuance, invite.0, Door::Invite as u8],
        )
    }

    /// Puts all cells of a pursuance into the outbox for a relay that did not have them.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn post_all_to(&self, pursuance: Number, relay: Number) -> Result<()> {
        self.run(
            "INSERT INTO outbox SELECT number, ?2, 0, x'', 0 FROM cell WHERE pursuance = ?1 ON CONFLICT DO NOTHING",
            [pursuance, relay],
        )
    }

    /// Keeps a relay's receipt for a cell with this leaf hash; one that was seen in the log stays seen. If the cell was dropped while its
    /// receipt was on the way, its row may be another's by now: that one was promised nothing.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_handed(
        &self,
        cell: Number,
        leaf: &LeafHash,
        relay: Number,
        receipt: &[u8],
        due_slot: u64,
    ) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = MAX(state, 1), receipt = ?3, due_slot = ?4 WHERE cell = ?1 AND relay = ?2
             AND EXISTS (SELECT 1 FROM cell WHERE number = ?1 AND leaf = ?5)",
            params![cell, relay, receipt, signed(due_slot), leaf.0],
        )?;
        self.run("UPDATE cell SET handed = 1 WHERE number = ?1 AND leaf = ?2 AND handed = 0", params![cell, leaf.0])
    }

    /// Takes back that a relay has a cell: it signed for it and did not keep it. The cell is posted again.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_waiting_again(&self, cell: Number, relay: Number) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 0, receipt = x'', due_slot = 0 WHERE cell = ?1 AND relay = ?2 AND state = 1",
            [cell, relay],
        )?;
        self.run(
            "UPDATE cell SET handed = EXISTS (SELECT 1 FROM outbox WHERE cell = ?1 AND state > 0) WHERE number = ?1",
            [cell],
        )
    }

    /// Says that the cell with this leaf hash, if it is ours, stands in a relay's log.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_seen(&self, leaf: &LeafHash, relay: Number) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 2 WHERE relay = ?2 AND cell IN (SELECT number FROM cell WHERE leaf = ?1)",
            params![leaf.0, relay],
        )?;
        self.run(
            "UPDATE cell SET handed = 1 WHERE leaf = ?1 AND handed = 0
             AND EXISTS (SELECT 1 FROM outbox WHERE cell = cell.number AND relay = ?2)",
            params![leaf.0, relay],
        )
    }

    /// Keeps that something was erased, until what is left of it in pages is gone.
    fn note_erased(&self, erased: Erased) -> Result<()> {
        self.run(
            "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = MAX(value, excluded.value)",
            params![ERASED, [erased as u8]],
        )
    }

    pub(super) fn note_swept(&self) -> Result<()> {
        self.run("DELETE FROM meta WHERE name = ?1", [ERASED])
    }

    /// Writes every row of the tables with keys once more, into pages that were emptied whole: an order without a condition empties a
    /// table, and the index beside it, page by page, where no reference is followed.
    pub(super) fn write_keys_anew(&self) -> Result<()> {
        self.note_swept()?;
        for table in KEY_TABLES {
            let rows = self.rows_of(table)?;
            self.transaction.execute(&format!("DELETE FROM {table}"), [])?;
            let Some(columns) = rows.first().map(|row| row.0.len()) else { continue };
            let places = vec!["?"; columns].join(", ");
            let mut insert = self.transaction.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
            for row in &rows {
                insert.execute(params_from_iter(row.0.iter()))?;
            }
        }
        Ok(())
    }

    fn rows_of(&self, table: &str) -> Result<Vec<WholeRow>> {
        let mut statement = self.transaction.prepare(&format!("SELECT * FROM {table} ORDER BY rowid"))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            // Long enough from the start: what grows leaves copies.
            let mut whole = WholeRow(Vec::with_capacity(columns));
            for column in 0..columns {
                whole.0.push(row.get(column)?);
            }
            all.push(whole);
        }
        Ok(all)
    }

    pub(crate) fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<()> {
        self.transaction.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }
}

/// Everything of a row, keys among it.
struct WholeRow(Vec<Value>);

impl Drop for WholeRow {
    fn drop(&mut self) {
        for value in &mut self.0 {
            match value {
                Value::Text(text) => text.zeroize(),
                Value::Blob(bytes) => bytes.zeroize(),
                Value::Null | Value::Integer(_) | Value::Real(_) => {}
            }
        }
    }
}
