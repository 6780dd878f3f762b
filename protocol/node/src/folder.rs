//! The data folder: who may enter it, who is in it, what lies where (docs/protocol/08-node.md, section 1).

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const LOCK_FILE: &str = "in-use";
const VAULT_FILE: &str = "vault";
const DATABASE_FILE: &str = "store";
const TOR_DIR: &str = "tor";

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
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse),
            Err(TryLockError::Error(error)) => Err(FolderError::Disk(error)),
        }
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
