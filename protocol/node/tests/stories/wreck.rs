//! A look into a node's database from outside, on a copy of its files: what a crash left, as it was left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pursuance_node::vault;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use tempfile::TempDir;

use crate::harbour::PASSPHRASE;

/// What must never change once it is there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Own entries by id: author, place in its log, bytes.
    pub own: BTreeMap<[u8; 32], (Vec<u8>, u32, Vec<u8>)>,
    /// All entries by id.
    pub entries: BTreeMap<[u8; 32], Vec<u8>>,
    /// Cells by number.
    pub cells: BTreeMap<i64, Vec<u8>>,
    /// Which cells carry an entry, through each door.
    pub cargo: BTreeMap<(Vec<u8>, u8), BTreeSet<i64>>,
    /// Cells that a relay signed for.
    pub receipted: BTreeSet<(i64, i64)>,
    /// Authors with two entries at one place.
    pub forked: Vec<(Vec<u8>, u32)>,
}

impl Snapshot {
    /// Of the database in a data folder whose node is not running; nothing in the folder is touched.
    pub fn of(folder: &Path) -> Self {
        let (_copy, connection) = decrypted(folder);
        let mut all = Self::default();
        each(&connection, "SELECT id, author, seq, own, bytes FROM entry", |row| {
            let id: [u8; 32] = row.get(0).unwrap();
            let bytes: Vec<u8> = row.get(4).unwrap();
            if row.get(3).unwrap() {
                all.own.insert(id, (row.get(1).unwrap(), row.get(2).unwrap(), bytes.clone()));
            }
            all.entries.insert(id, bytes);
        });
        each(&connection, "SELECT number, bytes FROM cell", |row| {
            all.cells.insert(row.get(0).unwrap(), row.get(1).unwrap());
        });
        each(&connection, "SELECT entry, door, cell FROM cargo", |row| {
            let carried = (row.get(0).unwrap(), row.get(1).unwrap());
            all.cargo.entry(carried).or_default().insert(row.get(2).unwrap());
        });
        each(&connection, "SELECT cell, relay FROM outbox WHERE state > 0", |row| {
            all.receipted.insert((row.get(0).unwrap(), row.get(1).unwrap()));
        });
        each(&connection, "SELECT author, seq FROM entry GROUP BY pursuance, author, seq HAVING COUNT(*) > 1", |row| {
            all.forked.push((row.get(0).unwrap(), row.get(1).unwrap()));
        });
        all
    }

    /// Whether everything of an earlier look is there as it was: entries, cells byte for byte, which cell carries what, and
    /// what was receipted.
    pub fn goes_on_from(&self, before: &Self) {
        assert!(self.forked.is_empty(), "two entries at one place: {:?}", self.forked);
        for (id, entry) in &before.own {
            assert_eq!(self.own.get(id), Some(entry), "an own entry");
        }
        for (number, cell) in &before.cells {
            assert!(self.cells.get(number) == Some(cell), "cell {number} is not what it was");
        }
        for (entry, cells) in &before.cargo {
            assert_eq!(self.cargo.get(entry), Some(cells), "an entry is carried by the cells that were sealed once");
        }
        let lost: Vec<_> = before.receipted.difference(&self.receipted).collect();
        assert!(lost.is_empty(), "receipts lost: {lost:?}");
    }
}

/// A copy of the database in a data folder whose node is not running, and a look into it.
fn decrypted(folder: &Path) -> (TempDir, Connection) {
    let copy = tempfile::tempdir().unwrap();
    for name in ["store", "store-wal"] {
        if folder.join(name).exists() {
            std::fs::copy(folder.join(name), copy.path().join(name)).unwrap();
        }
    }
    let connection = open(&copy.path().join("store"), &vault::open(&folder.join("vault"), PASSPHRASE).unwrap());
    (copy, connection)
}

/// Whether a text stands anywhere in the decrypted database of a data folder, in whatever column.
pub fn holds_text(folder: &Path, text: &str) -> bool {
    let (_copy, connection) = decrypted(folder);
    let mut tables: Vec<String> = Vec::new();
    each(&connection, "SELECT name FROM sqlite_master WHERE type = 'table'", |row| tables.push(row.get(0).unwrap()));
    assert!(tables.len() > 5, "a database as nodes keep it");
    let mut found = false;
    for table in tables {
        each(&connection, &format!("SELECT * FROM \"{table}\""), |row| {
            for column in 0.. {
                let Ok(value) = row.get_ref(column) else { break };
                let bytes = match value {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
                    ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => continue,
                };
                found |= bytes.windows(text.len()).any(|window| window == text.as_bytes());
            }
        });
    }
    found
}

/// A connection to a database whose key is at hand.
pub fn open(path: &Path, key: &[u8; 32]) -> Connection {
    let connection = Connection::open(path).unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    connection.execute_batch(&format!("PRAGMA key = \"x'{hex}'\"")).unwrap();
    connection
}

fn each(connection: &Connection, sql: &str, mut take: impl FnMut(&Row<'_>)) {
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        take(row);
    }
}
