//! The data folder: who may enter it, who is in it, what lies where (docs/protocol/08-node.md, section 1).

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const LOCK_FILE: &str = "in-use";
const VAULT_FILE: &str = "vault";
const DATABASE_FILE: &str = "store";
const TOR_DIR: &str = "tor";
/// There while a vault is being made: whatever lies beside it was never finished, and nothing in it was ever used.
const MAKING_FILE: &str = "making";
/// What SQLite puts beside a database.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];
const BACKUP_COPY_FILE: &str = "backup.half";
const RESTORE_COPY_FILE: &str = "restore.half";

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another program, or another node of this one, is in it.
    #[error("the data folder is in use")]
    InUse,
    /// The disk refused.
    #[error("the disk refused")]
    Disk(#[source] io::Error),
}

/// A data folder that is ours for as long as this lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is missing, closes it to others (0700) and locks it.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn enter(path: &Path) -> Result<Self, FolderError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(FolderError::Disk)?;
        #[cfg(unix)]
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .map_err(FolderError::Disk)?;
        let lock = private_file(&path.join(LOCK_FILE)).map_err(FolderError::Disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::InUse),
            Err(TryLockError::Error(error)) => return Err(FolderError::Disk(error)),
        }
        let folder = Self { path: path.to_owned(), _lock: lock };
        // Of a backup that was never finished.
        remove_database(&folder.backup_copy()).map_err(FolderError::Disk)?;
        // Of a change of passphrase that was never finished: the vault itself is whole.
        remove(&folder.vault().with_extension("half")).map_err(FolderError::Disk)?;
        if folder.path.join(MAKING_FILE).exists() {
            folder.clear().map_err(FolderError::Disk)?;
        }
        Ok(folder)
    }

    /// Begins to make what a fresh folder is to hold: all of it, or nothing, also when the program is killed on the way.
    pub(crate) fn make(&self) -> io::Result<Making<'_>> {
        let making = Making { folder: self, done: false };
        private_file(&self.path.join(MAKING_FILE))?.sync_all()?;
        sync_parent(&self.path.join(MAKING_FILE))?;
        Ok(making)
    }

    /// Removes what was never finished; the mark goes last.
    fn clear(&self) -> io::Result<()> {
        for path in [self.vault(), self.database()] {
            remove_database(&path)?;
            remove_database(&path.with_extension("half"))?;
        }
        remove_database(&self.restore_copy())?;
        sync_parent(&self.vault())?;
        remove(&self.path.join(MAKING_FILE))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the vault file is.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.path.join(VAULT_FILE)
    }

    /// Where the database is.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE_FILE)
    }

    /// Where the copy lies from which a backup is made.
    pub(crate) fn backup_copy(&self) -> PathBuf {
        self.path.join(BACKUP_COPY_FILE)
    }

    /// Where the database of a backup lies that is being restored.
    pub(crate) fn restore_copy(&self) -> PathBuf {
        self.path.join(RESTORE_COPY_FILE)
    }

    /// Where Tor keeps its guards; no key of ours is ever in there.
    #[must_use]
    pub fn tor_state(&self) -> PathBuf {
        self.path.join(TOR_DIR).join("state")
    }

    /// Where Tor keeps the network's public directory.
    #[must_use]
    pub fn tor_cache(&self) -> PathBuf {
        self.path.join(TOR_DIR).join("cache")
    }

    /// Whether anything was ever kept here: the vault, or a database whose vault is gone.
    #[must_use]
    pub fn holds_something(&self) -> bool {
        self.vault().exists() || self.database().exists()
    }
}

/// A folder whose content is being made; dropping it takes everything back.
pub(crate) struct Making<'a> {
    folder: &'a Folder,
    done: bool,
}

impl Making<'_> {
    /// All is there.
    pub(crate) fn done(mut self) -> io::Result<()> {
        remove(&self.folder.path.join(MAKING_FILE))?;
        self.done = true;
        sync_parent(&self.folder.vault())
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        if !self.done
            && let Err(error) = self.folder.clear()
        {
            // The mark stays, so that the next start tries again.
            tracing::warn!(kind = ?error.kind(), "what was not finished could not be removed");
        }
    }
}

/// Removes a database, if it is there, and what SQLite puts beside it.
pub(crate) fn remove_database(path: &Path) -> io::Result<()> {
    BESIDE.iter().try_for_each(|beside| {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        remove(Path::new(&name))
    })
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Opens or makes a file that only its owner may read and write (0600).
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Makes a rename in a folder survive a power cut.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let folder = Folder::enter(&path).unwrap();
        assert!(matches!(Folder::enter(&path), Err(FolderError::InUse)));
        drop(folder);
        Folder::enter(&path).unwrap();
    }

    #[test]
    fn what_was_never_finished_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::enter(dir.path()).unwrap();
        let fill = |folder: &Folder| {
            for path in [folder.vault(), folder.database(), dir.path().join("store.half"), dir.path().join("store-wal")]
            {
                std::fs::write(path, b"half").unwrap();
            }
        };
        let making = folder.make().unwrap();
        fill(&folder);
        drop(making);
        assert!(!folder.holds_something());
        // Killed on the way: the next start finds the mark.
        let making = folder.make().unwrap();
        fill(&folder);
        std::mem::forget(making);
        drop(folder);
        let folder = Folder::enter(dir.path()).unwrap();
        assert!(!folder.holds_something());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "the lock alone");
        let making = folder.make().unwrap();
        fill(&folder);
        making.done().unwrap();
        drop(folder);
        assert!(Folder::enter(dir.path()).unwrap().holds_something());
    }

    #[cfg(unix)]
    #[test]
    fn closed_to_others_even_if_it_was_open() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let _folder = Folder::enter(dir.path()).unwrap();
        assert_eq!(std::fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
