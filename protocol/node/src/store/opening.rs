//! Opening a database, and bringing it up to date.

use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use zeroize::Zeroizing;

use crate::store::{Result, SCHEMA_VERSION};
use crate::vault::DatabaseKey;

/// What makes schema n + 1 of schema n, from 0.
const STEPS: [&str; SCHEMA_VERSION as usize] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
];

/// How long a statement waits for another connection, which only a copying program could be.
const BUSY_MILLISECONDS: u64 = 5_000;

/// How often it is asked whether the cipher takes keys yet.
const CIPHER_TRIES: u32 = 100;

/// How long is waited between two of them.
const CIPHER_WAIT: Duration = Duration::from_millis(20);

/// A connection that knows the key; nothing was read yet.
pub(crate) fn connect(path: &Path, key: &DatabaseKey) -> Result<Connection> {
    static CIPHER_READY: Once = Once::new();
    CIPHER_READY.call_once(wait_for_cipher);
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_millis(BUSY_MILLISECONDS))?;
    silence(&connection)?;
    let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(&key[..]));
    let raw = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", *hex));
    connection.execute_batch(&raw)?;
    connection.pragma_update(None, "cipher_memory_security", true)?;
    Ok(connection)
}

/// SQLite calls itself ready a moment before its cipher is (`SQLITE_EXTRA_INIT` runs last), and a key that is given in
/// that moment is refused as if the file were damaged: the first of this process opens nothing until a key is taken.
fn wait_for_cipher() {
    for _ in 0..CIPHER_TRIES {
        let taken = Connection::open_in_memory()
            .and_then(|connection| silence(&connection).and_then(|()| connection.execute_batch("PRAGMA key = 'any'")));
        match taken {
            Ok(()) => return,
            Err(error) => tracing::debug!(code = ?error.sqlite_error_code(), "the cipher is not ready"),
        }
        std::thread::sleep(CIPHER_WAIT);
    }
}

/// Before the key: a wrong one would print to standard error.
fn silence(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cipher_log_level", "NONE")
}

/// Makes the tables of a schema in an empty database.
pub(crate) fn build(connection: &mut Connection, schema: u32) -> Result<()> {
    migrate(connection, 0, schema)
}

pub(super) fn migrate(connection: &mut Connection, found: u32, to: u32) -> Result<()> {
    for (version, step) in (1u32..=to).zip(STEPS).skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

pub(super) fn remove_half(half: &Path) -> Result<()> {
    match std::fs::remove_file(half) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
