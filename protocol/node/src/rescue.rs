//! What can still be read of a damaged database, as lists (docs/protocol/08-node.md, section 12).
//!
//! A page that is not what was written takes its rows along, and SQLCipher reads nothing more through a connection that met
//! one: rows are read as far as it goes, then the next that can be read is looked for through fresh connections.

use std::io::Write;
use std::path::{Path, PathBuf};

use pursuance_core::entry::Entry;
use pursuance_core::id::PursuanceId;
use pursuance_core::keys::{DeviceKeys, EpochSecret};
use pursuance_core::replica::Replica;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Row};
use zeroize::Zeroizing;

use crate::api::{Reply, Trouble};
use crate::export::csv;
use crate::folder::Folder;
use crate::outside::{NewFile, refused};
use crate::store::{Number, StoreError, connect};
use crate::vault::DatabaseKey;

/// A row of ours takes at least so many bytes, so that a file of a length holds no more rows than that.
const MIN_ROW_BYTES: u64 = 32;

/// Longest name of a list, in characters.
const MAX_NAME_CHARS: usize = 60;

/// Lists of one name in one folder.
const MAX_SAME_NAMES: u32 = 100;

/// Writes a list for each pursuance of which anything can be read. The database is not changed.
///
/// # Errors
/// [`Trouble::Damaged`] if there is nothing to be read at all, and what writing the lists fails of.
pub(crate) fn rescue(folder: &Folder, key: &DatabaseKey, to: &Path) -> Result<Reply, Trouble> {
    // Before anything is read: a folder that cannot be written to is told at once.
    drop(NewFile::beside(&to.join("pursuance.csv.try"), folder.path())?);
    let mut wreck = Wreck { path: folder.database(), key, connection: None };
    let pursuances: Table<Pursuance> = wreck.read("pursuance", "number, id, device_seed, number", |row| {
        Ok((row.get(0)?, PursuanceId(row.get(1)?), Zeroizing::new(row.get(2)?)))
    });
    let epochs: Table<(Number, EpochSecret)> =
        wreck.read("epoch", "pursuance, secret, rowid", |row| Ok((row.get(0)?, EpochSecret::new(row.get(1)?))));
    let list_secrets: Table<(Number, EpochSecret)> =
        wreck.read("list_secret", "pursuance, secret, rowid", |row| Ok((row.get(0)?, EpochSecret::new(row.get(1)?))));
    let entries: Table<(Number, Vec<u8>)> =
        wreck.read("entry", "pursuance, bytes, rowid", |row| Ok((row.get(0)?, row.get(1)?)));
    if pursuances.rows.is_empty() {
        return Err(Trouble::Damaged);
    }
    let (mut lists, mut tasks, mut lost) = (0, 0, entries.lost);
    for (number, id, seed) in &pursuances.rows {
        let mut replica = Replica::new(*id, DeviceKeys::from_seed(**seed));
        for (_, secret) in epochs.rows.iter().filter(|(of, _)| of == number) {
            replica.learn_epoch(secret.clone());
        }
        for (_, secret) in list_secrets.rows.iter().filter(|(of, _)| of == number) {
            replica.take_up_list_secret(secret.clone());
        }
        let mut given = 0;
        for (_, bytes) in entries.rows.iter().filter(|(of, _)| of == number) {
            given += 1;
            if let Ok(entry) = Entry::from_store(bytes) {
                replica.append(entry);
            }
        }
        // Those that wait for what cannot be read cannot be shown either.
        lost += given - u64::try_from(replica.logs().len()).unwrap_or(u64::MAX).min(given);
        let rows = replica.listed(|_| Vec::new()).tasks;
        if given == 0 {
            continue;
        }
        let name = replica.authority().name().to_owned();
        let mut file = fresh(to, &name, folder)?;
        file.write_all(&csv(&rows)).map_err(|error| refused(&error))?;
        file.keep()?;
        lists += 1;
        tasks += u32::try_from(rows.len()).unwrap_or(u32::MAX);
    }
    Ok(Reply::Rescued { pursuances: lists, tasks, lost: u32::try_from(lost).unwrap_or(u32::MAX) })
}

type Pursuance = (Number, PursuanceId, Zeroizing<[u8; 32]>);

/// What could be read of a table.
struct Table<T> {
    rows: Vec<T>,
    /// Rows that could not: exactly where the database can still count them, at most so many where not.
    lost: u64,
}

/// A database of which not everything can be read.
struct Wreck<'a> {
    path: PathBuf,
    key: &'a DatabaseKey,
    connection: Option<Connection>,
}

impl Wreck<'_> {
    /// Every row that can be read, in the order of their row numbers; the last of the columns is that number.
    fn read<T>(&mut self, table: &str, columns: &str, take: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Table<T> {
        let at = columns.split(", ").count() - 1;
        let sql = format!("SELECT {columns} FROM {table} WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid");
        let (mut rows, mut failed, mut first, last) = (Vec::new(), 0, 1, self.last(table));
        while first <= last {
            let before = first;
            let outcome = self.attempt(|connection| {
                let mut statement = connection.prepare(&sql)?;
                let mut found = statement.query([first, last])?;
                while let Some(row) = found.next()? {
                    rows.push(take(row)?);
                    first = row.get::<_, i64>(at)? + 1;
                }
                Ok(())
            });
            if outcome.is_ok() {
                break;
            }
            if first == before {
                let next = self.next_readable(table, first, last).unwrap_or(last + 1);
                failed += u64::try_from(next - first).unwrap_or(0);
                first = next;
            }
        }
        let counted = self.attempt(|connection| {
            connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
        });
        let lost = match counted {
            Ok(all) => u64::try_from(all).unwrap_or(0).saturating_sub(rows.len() as u64),
            Err(_) => failed,
        };
        Table { rows, lost }
    }

    /// The first row number after a damaged page: by steps of twice the length, then by halves. What stands between two
    /// damaged pages that are close to each other may be passed over.
    fn next_readable(&mut self, table: &str, bad: i64, last: i64) -> Option<i64> {
        let sql = format!("SELECT COUNT(*) FROM (SELECT * FROM {table} WHERE rowid = ?1)");
        let mut is_readable =
            |number: i64| self.attempt(|connection| connection.query_row(&sql, [number], |_| Ok(()))).is_ok();
        let (mut bad, mut step) = (bad, 1);
        let mut good = loop {
            let next = bad.saturating_add(step);
            if next > last {
                // The very last may still be there.
                break Some(last).filter(|last| *last > bad && is_readable(*last))?;
            }
            if is_readable(next) {
                break next;
            }
            (bad, step) = (next, step * 2);
        };
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2;
            if is_readable(middle) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        Some(good)
    }

    /// The last row number of a table, or one that is not smaller.
    fn last(&mut self, table: &str) -> i64 {
        let by_table = format!("SELECT MAX(rowid) FROM {table}");
        let by_index = format!("SELECT MAX(+rowid) FROM {table} INDEXED BY sqlite_autoindex_{table}_1");
        for sql in [by_table, by_index] {
            let last = self.attempt(|connection| connection.query_row(&sql, [], |row| row.get::<_, Option<i64>>(0)));
            if let Ok(last) = last {
                return last.unwrap_or(0);
            }
        }
        let bytes = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        i64::try_from(bytes / MIN_ROW_BYTES).unwrap_or(i64::MAX)
    }

    /// Reads through a connection that has not met a damaged page yet.
    fn attempt<T>(&mut self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path, self.key)?;
                // What was not written back to the file yet stays where it is.
                connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
                connection
            }
        };
        let outcome = read(&connection)?;
        self.connection = Some(connection);
        Ok(outcome)
    }
}

/// A new list in a folder, called like its pursuance.
fn fresh(to: &Path, name: &str, folder: &Folder) -> Result<NewFile, Trouble> {
    let plain = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { ' ' };
    let words: Vec<String> =
        name.chars().take(MAX_NAME_CHARS).map(plain).collect::<String>().split_whitespace().map(Into::into).collect();
    let name = if words.is_empty() { "pursuance".to_owned() } else { words.join(" ") };
    for number in 1..=MAX_SAME_NAMES {
        let path = if number == 1 { format!("{name}.csv") } else { format!("{name} {number}.csv") };
        match NewFile::beside(&to.join(path), folder.path()) {
            Err(Trouble::FileExists) => {}
            other => return other,
        }
    }
    Err(Trouble::FileExists)
}
