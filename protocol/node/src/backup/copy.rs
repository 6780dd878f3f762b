//! All rows of one database in another with a key of its own (docs/protocol/08-node.md, section 11).

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, InterruptHandle, config::DbConfig, params};
use zeroize::Zeroizing;

use crate::engine::OFFLINE;
use crate::folder;
use crate::store::{self, DERIVED, Number, SCHEMA_VERSION, StoreError, connect};
use crate::vault::DatabaseKey;

/// The table of this device's own later keys: a copy is another device.
const OWN_KEYS: &str = "package";

/// What stands for a pursuance in a copy that is a device of its own.
pub(crate) struct Substitute {
    /// The seed in place of this device's.
    pub(crate) seed: Zeroizing<[u8; 32]>,
    /// Whether what this device was about to do here (a join on its way) is not the copy's to do.
    pub(crate) starts_over: bool,
}

/// A copy on its way: what it copies was fixed when it began, whatever is written meanwhile.
pub(crate) struct Copy {
    connection: Connection,
}

impl Copy {
    /// Makes an empty database at `to`, and fixes what of `from` is copied. `from` is of any schema known, and may be a
    /// stranger's.
    pub(crate) fn begin(
        from: &Path,
        from_key: &DatabaseKey,
        to: &Path,
        to_key: &DatabaseKey,
    ) -> Result<Self, StoreError> {
        let schema = schema_of(from, from_key)?;
        folder::remove_database(to)?;
        folder::private_file(to)?;
        let mut connection = connect(to, to_key)?;
        // Nobody else sees this file before it is whole, and it is made durable at its end.
        connection.pragma_update(None, "journal_mode", "OFF")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        store::build(&mut connection, schema)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        let path = from.to_str().ok_or(StoreError::Disk)?;
        let hex = Zeroizing::new(format!("x'{}'", data_encoding::HEXLOWER.encode(&from_key[..])));
        connection.execute("ATTACH DATABASE ?1 AS old KEY ?2", params![path, *hex])?;
        // Not an immediate one: that would close both to writing. The first look at it is what fixes it.
        connection.execute_batch("BEGIN")?;
        let same: bool = connection.query_row(
            "SELECT NOT EXISTS (SELECT type, name, tbl_name, sql FROM old.sqlite_schema
                EXCEPT SELECT type, name, tbl_name, sql FROM main.sqlite_schema)",
            [],
            |row| row.get(0),
        )?;
        // Triggers, views, other tables: nothing that we made.
        if !same {
            return Err(StoreError::Damaged);
        }
        Ok(Self { connection })
    }

    /// Stops it from another thread.
    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// Copies every row. With substitutes it is a backup that is made: the seeds of devices, and their key packages, never come
    /// near it. Without, it is one that is restored, where nobody has said yet that Tor may be used.
    pub(crate) fn run(self, substitutes: Option<&BTreeMap<Number, Substitute>>) -> Result<(), StoreError> {
        let Self { connection, .. } = self;
        if let Some(substitutes) = substitutes {
            connection
                .execute_batch("CREATE TEMP TABLE substitute (number INTEGER PRIMARY KEY, seed BLOB, starts_over)")?;
            for (number, substitute) in substitutes {
                connection.execute(
                    "INSERT INTO temp.substitute VALUES (?1, ?2, ?3)",
                    params![number, &substitute.seed[..], substitute.starts_over],
                )?;
            }
        }
        for table in tables(&connection)? {
            // What is derived is derived again by another device: a page of it that cannot be read is no loss.
            if substitutes.is_some() && (table == OWN_KEYS || DERIVED.contains(&&*table)) {
                continue;
            }
            let columns = columns(&connection, &table)?;
            let taken = columns.iter().map(|column| match (substitutes, table.as_str(), column.as_str()) {
                (Some(_), "pursuance", "device_seed") => {
                    "(SELECT seed FROM temp.substitute AS s WHERE s.number = pursuance.number)".to_owned()
                }
                (Some(_), "pursuance", "standing") => "(SELECT CASE WHEN starts_over THEN 0 ELSE standing END
                      FROM temp.substitute AS s WHERE s.number = pursuance.number)"
                    .to_owned(),
                // Another device has other own changes; and nobody knows of it yet.
                (Some(_), "pursuance", "derived" | "overtaken" | "seed_spent") => "0".to_owned(),
                _ => format!("\"{column}\""),
            });
            let (names, taken) = (quoted(&columns), taken.collect::<Vec<_>>().join(", "));
            connection.execute_batch(&format!(
                "INSERT INTO main.\"{table}\" ({names}) SELECT {taken} FROM old.\"{table}\""
            ))?;
        }
        if substitutes.is_some() {
            connection.execute_batch(
                "DELETE FROM main.cell WHERE pursuance IN (SELECT number FROM temp.substitute WHERE starts_over);
                 DELETE FROM main.entry
                 WHERE own = 1 AND pursuance IN (SELECT number FROM temp.substitute WHERE starts_over);
                 DELETE FROM main.pursuance
                 WHERE link LIKE 'pursuance-computer:%' AND number IN (SELECT number FROM temp.substitute WHERE starts_over);
                 DELETE FROM main.meta WHERE name LIKE 'code %';",
            )?;
        } else {
            // It may be another computer, in another network or country.
            connection.execute("DELETE FROM main.meta WHERE name = ?1", [OFFLINE])?;
        }
        connection.execute_batch("COMMIT; DETACH DATABASE old")?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(())
    }
}

fn schema_of(path: &Path, key: &DatabaseKey) -> Result<u32, StoreError> {
    let schema = connect(path, key)?.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match schema {
        1..=SCHEMA_VERSION => Ok(schema),
        0 => Err(StoreError::Damaged),
        found => Err(StoreError::Newer { found, known: SCHEMA_VERSION }),
    }
}

/// Our tables, those that others refer to first.
fn tables(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(names)
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1, 'main') ORDER BY cid")?;
    let names = statement.query_map([table], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(names)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use pursuance_core::crypto::{KemSecret, KeySuite};
    use pursuance_core::id::{AuthorId, EntryId, PursuanceId};

    use super::*;
    use crate::store::{Door, KeptStanding, NewEntry, Store};

    const SEED: [u8; 32] = [66; 32];
    const FRESH: [u8; 32] = [77; 32];
    const PACKAGE: [u8; 32] = [88; 32];

    pub(crate) fn key(byte: u8) -> DatabaseKey {
        Zeroizing::new([byte; 32])
    }

    fn count(connection: &Connection, table: &str) -> i64 {
        connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// A store with something in it: a pursuance, and one where a join is on its way.
    pub(crate) fn filled(dir: &Path) -> Store {
        let mut store = Store::open(&dir.join("store"), &key(7)).unwrap();
        store
            .write(|w| {
                for (n, standing) in [(1, KeptStanding::Member), (2, KeptStanding::Waiting)] {
                    let number = w.add_pursuance(PursuanceId([n; 32]), standing, &SEED, "", 5)?;
                    for own in [true, false] {
                        let id = EntryId([n * 10 + u8::from(own); 32]);
                        let entry = NewEntry { id, author: AuthorId([9; 32]), seq: 0, own, bytes: b"bytes" };
                        w.add_entry(number, &entry)?;
                    }
                    let relay = w.relay(&crate::transport::tests::relay())?;
                    w.want_relay(number, relay, 0)?;
                    w.add_epoch(number, &[3; 32])?;
                    w.add_package(number, &KemSecret::from_private(KeySuite::X25519, Zeroizing::new(PACKAGE)))?;
                    let cell = pursuance_wire::Cell::from_bytes([n; pursuance_wire::cell::CELL_BYTES]);
                    w.add_cell(number, &cell, &[EntryId([n * 10 + 1; 32])], Door::Epoch, &[relay])?;
                }
                Ok(())
            })
            .unwrap();
        store
    }

    fn substitutes() -> BTreeMap<Number, Substitute> {
        let substitute = |starts_over| Substitute { seed: Zeroizing::new(FRESH), starts_over };
        [(1, substitute(false)), (2, substitute(true))].into()
    }

    #[test]
    fn everything_goes_along_but_the_seeds_and_what_is_written_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = filled(dir.path());
        let to = dir.path().join("copy");
        let copy = Copy::begin(&dir.path().join("store"), &key(7), &to, &key(8)).unwrap();
        store.write(|w| w.set_meta("later", b"x")).unwrap();
        copy.run(Some(&substitutes())).unwrap();

        let connection = connect(&to, &key(8)).unwrap();
        let counts = ["pursuance", "entry", "epoch", "relay", "reading", "cell", "cargo", "outbox", "meta", "package"]
            .map(|table| (table, count(&connection, table)));
        let expected = [2, 3, 2, 1, 2, 1, 1, 1, 0, 0];
        assert_eq!(counts.map(|(_, count)| count), expected, "{counts:?}");
        let standing: Vec<(i64, Vec<u8>)> = connection
            .prepare("SELECT standing, device_seed FROM pursuance ORDER BY number")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(standing, [(2, FRESH.to_vec()), (0, FRESH.to_vec())]);
        // Not one page of it knows the seed that signs now, freed ones included.
        let plain = dir.path().join("plain");
        connection.execute("ATTACH DATABASE ?1 AS plain KEY ''", [plain.to_str().unwrap()]).unwrap();
        connection.query_row("SELECT sqlcipher_export('plain')", [], |_| Ok(())).unwrap();
        let bytes = std::fs::read(&plain).unwrap();
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(has(&FRESH) && !has(&SEED) && !has(&PACKAGE));
        drop(connection);
        Store::open(&to, &key(8)).unwrap();
    }

    #[test]
    fn what_is_derived_again_need_not_be_readable() {
        for table in DERIVED {
            let dir = tempfile::tempdir().unwrap();
            drop(filled(dir.path()));
            let from = dir.path().join("store");
            let connection = connect(&from, &key(7)).unwrap();
            let sql = "SELECT (rootpage - 1) * page_size FROM sqlite_schema, pragma_page_size WHERE tbl_name = ?1";
            let pages: Vec<u32> = connection
                .prepare(sql)
                .unwrap()
                .query_map([table], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            drop(connection);
            let mut bytes = std::fs::read(&from).unwrap();
            pages.iter().for_each(|page| bytes[*page as usize + 40] ^= 1);
            std::fs::write(&from, bytes).unwrap();
            let copy = |to| Copy::begin(&from, &key(7), &dir.path().join(to), &key(8)).unwrap();
            copy("backup").run(Some(&substitutes())).unwrap();
            assert!(matches!(copy("whole").run(None), Err(StoreError::Damaged)), "{table} is damaged");
        }
    }

    #[test]
    fn whoever_restores_is_asked_again_before_tor_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = filled(dir.path());
        for answer in [b"\0", b"\x01"] {
            store.write(|w| w.set_meta(OFFLINE, answer).and_then(|()| w.set_meta("kept", answer))).unwrap();
            let (backup, restored) = (dir.path().join("backup"), dir.path().join("restored"));
            Copy::begin(&dir.path().join("store"), &key(7), &backup, &key(8))
                .unwrap()
                .run(Some(&substitutes()))
                .unwrap();
            Copy::begin(&backup, &key(8), &restored, &key(9)).unwrap().run(None).unwrap();
            let store = Store::open(&restored, &key(9)).unwrap();
            assert_eq!(store.meta(OFFLINE).unwrap(), None);
            assert_eq!(store.meta("kept").unwrap().as_deref(), Some(&answer[..]));
        }
    }

    #[test]
    fn an_older_schema_is_copied_as_it_is_and_brought_up_to_date_after() {
        let dir = tempfile::tempdir().unwrap();
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/store-schema-1");
        std::fs::copy(fixture, dir.path().join("store")).unwrap();
        let to = dir.path().join("copy");
        Copy::begin(&dir.path().join("store"), &key(7), &to, &key(8)).unwrap().run(None).unwrap();
        let store = Store::open(&to, &key(8)).unwrap();
        assert_eq!(store.entries(store.pursuances().unwrap()[0].number).unwrap().len(), 2);
    }

    #[test]
    fn what_we_never_made_is_not_taken() {
        for sql in [
            "CREATE TRIGGER evil AFTER INSERT ON meta BEGIN DELETE FROM entry; END",
            "CREATE VIEW evil AS SELECT * FROM meta",
            "CREATE TABLE evil (x)",
            "CREATE INDEX evil ON entry (bytes)",
            "DROP TABLE fragment; CREATE TABLE fragment (x)",
            "PRAGMA user_version = 0",
        ] {
            let dir = tempfile::tempdir().unwrap();
            drop(filled(dir.path()));
            let from = dir.path().join("store");
            connect(&from, &key(7)).unwrap().execute_batch(sql).unwrap();
            let copied = Copy::begin(&from, &key(7), &dir.path().join("copy"), &key(8));
            assert!(matches!(copied.err(), Some(StoreError::Damaged)), "{sql}");
        }
    }

    #[test]
    fn rows_that_break_the_schema_are_not_taken() {
        for sql in [
            "PRAGMA ignore_check_constraints = 1; UPDATE pursuance SET standing = 7",
            "PRAGMA ignore_check_constraints = 1; UPDATE entry SET id = x'00' WHERE arrival = 1",
            "PRAGMA foreign_keys = 0; UPDATE entry SET pursuance = 99",
        ] {
            let dir = tempfile::tempdir().unwrap();
            drop(filled(dir.path()));
            let from = dir.path().join("store");
            connect(&from, &key(7)).unwrap().execute_batch(sql).unwrap();
            let copy = Copy::begin(&from, &key(7), &dir.path().join("copy"), &key(8)).unwrap();
            assert!(matches!(copy.run(None), Err(StoreError::Damaged)), "{sql}");
        }
    }
}
