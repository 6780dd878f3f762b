//! The data directory: whose it is, and which database lies in it (`docs/protocol/06-relay.md`, section 3).

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Damage, RelayError};
use crate::record::{RECORD_FILE, Record};
use crate::store::{IDENTITY_SCHEMA, LOG_SCHEMA};

/// Name of the database in the directory.
pub(crate) const DATABASE_FILE: &str = "relay.sqlite";
/// The database that a restore writes, until it is whole and takes its name.
const PART_FILE: &str = "relay.sqlite.part";
const LOCK_FILE: &str = "in-use";
/// Format of the database; a column never changes its meaning. Since 2 the record of the newest checkpoint lies
/// beside it.
pub(crate) const FORMAT: u32 = 2;
/// Formats from here on are brought up to date.
pub(crate) const OLDEST_FORMAT: u32 = 1;
/// Seven cells to a page; at SQLite's usual size each cell would take a page of its own.
pub(crate) const PAGE_BYTES: u32 = 16_384;
const BUSY_MILLIS: u64 = 10_000;
/// Size to which the journal is cut back.
const JOURNAL_BYTES: u64 = 8 << 20;

/// The data directory, held by this process alone until dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    lock: File,
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // Closing alone would leave it to a process that is being started just now, which has the handle for a moment.
        let _ = self.lock.unlock();
    }
}

/// A database opened for the one writer.
pub(crate) struct Opened {
    pub(crate) db: Connection,
    /// Its format: [`FORMAT`], or an older one that is still to be brought up to date.
    pub(crate) format: u32,
}

impl DataDir {
    /// Makes the directory if needed, private, and takes it for this process. One that is there must be a relay's, or empty: somebody's home
    /// is not to be closed to everybody else because of a slip of the hand. // L1
    pub(crate) fn take(path: &Path) -> Result<Self, RelayError> {
        let failed = |source| RelayError::DataDir { path: path.to_owned(), source };
        if path.is_dir() && is_of_something_else(path).map_err(failed)? {
            return Err(RelayError::OtherFiles { path: path.to_owned() });
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        make_private(path, 0o700).map_err(failed)?;
        let lock = private_file(&path.join(LOCK_FILE)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => Err(RelayError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Is there a database already?
    pub(crate) fn has_database(&self) -> bool {
        fs::metadata(self.path.join(DATABASE_FILE)).is_ok_and(|file| file.len() > 0)
    }

    /// Opens the database for the one writer; makes it at the first start.
    pub(crate) fn open_writer(&self) -> Result<Opened, RelayError> {
        if !self.has_database() && self.path.join(PART_FILE).exists() {
            return Err(RelayError::HalfRestored { path: self.path.clone() });
        }
        self.open(DATABASE_FILE)
    }

    /// Makes the database that a restore writes, and clears away what an interrupted one left: the record too, which was of it and of no
    /// relay, since a restore writes it where there is none.
    pub(crate) fn open_part(&self) -> Result<Connection, RelayError> {
        self.remove_part()?;
        if Record::of(&self.path).exists() {
            return Err(RelayError::Damaged { what: Damage::Empty });
        }
        Ok(self.open(PART_FILE)?.db)
    }

    /// Gives the restored database, which is closed, its name: from now on there is a relay.
    pub(crate) fn finish_part(&self) -> Result<(), RelayError> {
        let part = self.path.join(PART_FILE);
        let renamed = File::open(&part).and_then(|part| part.sync_all()).and_then(|()| {
            fs::rename(&part, self.path.join(DATABASE_FILE))?;
            File::open(&self.path)?.sync_all()
        });
        renamed.map_err(|source| RelayError::DataDir { path: self.path.clone(), source })
    }

    /// Removes what a restore wrote that has not come to its end. The database goes last: while it is there, the rest is known to be of no
    /// relay.
    pub(crate) fn remove_part(&self) -> Result<(), RelayError> {
        if !self.path.join(PART_FILE).exists() {
            return Ok(());
        }
        let journals = ["-wal", "-shm", "-journal"].map(|journal| self.path.join(format!("{PART_FILE}{journal}")));
        let removed = Record::of(&self.path).remove().and_then(|()| {
            journals.iter().try_for_each(|journal| remove_if_there(journal))?;
            remove_if_there(&self.path.join(PART_FILE))
        });
        removed.map_err(|source| RelayError::DataDir { path: self.path.clone(), source })
    }

    fn open(&self, name: &str) -> Result<Opened, RelayError> {
        let file = self.path.join(name);
        // SQLite gives its journal the permissions of the database, so making this file first is enough.
        private_file(&file).map_err(|source| RelayError::DataDir { path: self.path.clone(), source })?;
        let mut db = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
        let format = read_format(&db)?;
        if format == 0 && Record::of(&self.path).exists() {
            return Err(RelayError::Damaged { what: Damage::Empty });
        }
        db.pragma_update(None, "page_size", PAGE_BYTES)?; // heeded by an empty database only
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?; // L7
        db.pragma_update(None, "journal_size_limit", JOURNAL_BYTES as i64)?;
        db.pragma_update(None, "secure_delete", "ON")?;
        if format > 0 {
            return Ok(Opened { db, format });
        }
        let first = db.transaction()?;
        first.execute_batch(IDENTITY_SCHEMA)?;
        first.execute_batch(LOG_SCHEMA)?;
        first.pragma_update(None, "user_version", FORMAT)?;
        first.commit()?;
        Ok(Opened { db, format: FORMAT })
    }
}

/// Does the directory hold files, and none of a relay among them?
fn is_of_something_else(path: &Path) -> io::Result<bool> {
    let mut other = false;
    for file in fs::read_dir(path)? {
        let name = file?.file_name();
        if [DATABASE_FILE, PART_FILE, RECORD_FILE, LOCK_FILE].iter().any(|ours| name == *ours) {
            return Ok(false);
        }
        // A disk of its own has this from the beginning.
        other |= name != "lost+found";
    }
    Ok(other)
}

/// Marks a database of an older format as one of this format; what that needs has been done.
pub(crate) fn mark_format(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "user_version", FORMAT)
}

/// Opens the database of a data directory that may be in use, for reading only.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, RelayError> {
    let file = path.join(DATABASE_FILE);
    if !file.exists() {
        return Err(RelayError::NoRelay { path: path.to_owned() });
    }
    open_read_only(&file)
}

/// Opens a database for reading only: a relay's, which may be in use, or a backup; also where nothing may be written.
pub(crate) fn open_read_only(file: &Path) -> Result<Connection, RelayError> {
    let open = |name: &str, flags| -> Result<Connection, RelayError> {
        let db = Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
        read_format(&db)?;
        Ok(db)
    };
    let name = file.to_str().ok_or_else(|| RelayError::NoRelay { path: file.to_owned() })?;
    match open(name, OpenFlags::empty()) {
        Err(RelayError::Database(error)) if is_alone(&error, file) => {
            open(&format!("{}?immutable=1", uri(name)), OpenFlags::SQLITE_OPEN_URI)
        }
        other => other,
    }
}

/// The name of a file as SQLite's URI.
pub(crate) fn uri(name: &str) -> String {
    format!("file:{}", name.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
}

/// Does the error say that nothing can be made beside a database for its users to share, and is there no journal, so that
/// there is nothing to share?
pub(crate) fn is_alone(error: &rusqlite::Error, file: &Path) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) && !has_journal(file)
}

fn has_journal(file: &Path) -> bool {
    let mut journal = file.as_os_str().to_owned();
    journal.push("-wal");
    fs::metadata(journal).is_ok_and(|journal| journal.len() > 0)
}

/// The format of a database; 0 if it is empty.
pub(crate) fn read_format(db: &Connection) -> Result<u32, RelayError> {
    let format: u32 = match db.query_row("PRAGMA user_version", [], |row| row.get(0)) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(RelayError::Damaged { what: Damage::Form });
        }
        other => other?,
    };
    if format > FORMAT {
        return Err(RelayError::NewerDatabase { found: format, known: FORMAT });
    }
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if (format < OLDEST_FORMAT) != (tables == 0) {
        return Err(RelayError::Damaged { what: Damage::Form });
    }
    Ok(format)
}

/// Opens a file that is the owner's alone, and makes it if there is none.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    make_private(path, 0o600)?;
    Ok(file)
}

/// Removes a file that may have gone already.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn make_private(path: &Path, mode: u32) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        data.open_writer().expect("opens").db.pragma_update(None, "user_version", 3).expect("set");
        assert!(matches!(data.open_writer(), Err(RelayError::NewerDatabase { found: 3, known: 2 })));
        fs::remove_file(dir.path().join(DATABASE_FILE)).expect("ours");
        fs::write(dir.path().join(DATABASE_FILE), [7; 4_096]).expect("ours");
        assert!(matches!(data.open_writer(), Err(RelayError::Damaged { what: Damage::Form })));
    }
}
