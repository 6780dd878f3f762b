//! Files that a person wants outside of the data folder: whole or not there, never over another (docs/protocol/08-node.md, section 8).

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::api::Trouble;
use crate::folder::sync_parent;
use crate::storage::trouble_of;

/// What such a file is called while it is written, before and after some random letters.
const UNFINISHED: (&str, &str) = (".pursuance-", ".part");

/// A file on its way; gone again unless it is kept. Nobody but its owner may read it (0600).
pub(crate) struct NewFile {
    file: NamedTempFile,
    to: PathBuf,
    bytes: u64,
}

impl NewFile {
    /// Begins beside the place where it is to be.
    ///
    /// # Errors
    /// [`Trouble::NoSuchFolder`] where the path is not absolute, names no file, its folder is missing or belongs to the data
    /// folder; [`Trouble::FileExists`]; [`Trouble::DiskFull`], [`Trouble::ReadOnly`], [`Trouble::Disk`].
    pub(crate) fn beside(to: &Path, data_folder: &Path) -> Result<Self, Trouble> {
        let (Some(folder), Some(name)) = (to.parent().filter(|_| to.is_absolute()), to.file_name()) else {
            return Err(Trouble::NoSuchFolder);
        };
        // Compared as they really are: a link, or dots, could lead inside.
        let folder = folder.canonicalize().ok().filter(|folder| folder.is_dir()).ok_or(Trouble::NoSuchFolder)?;
        if data_folder.canonicalize().is_ok_and(|data| folder.starts_with(data)) {
            return Err(Trouble::NoSuchFolder);
        }
        let to = folder.join(name);
        if to.symlink_metadata().is_ok() {
            return Err(Trouble::FileExists);
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED.0).suffix(UNFINISHED.1);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
        let file = builder.tempfile_in(&folder).map_err(|error| refused(&error))?;
        Ok(Self { file, to, bytes: 0 })
    }

    /// Gives it its name, once all of it is on the disk; how many bytes it has.
    ///
    /// # Errors
    /// [`Trouble::FileExists`] where one came there meanwhile; [`Trouble::DiskFull`], [`Trouble::ReadOnly`], [`Trouble::Disk`].
    pub(crate) fn keep(self) -> Result<u64, Trouble> {
        self.file.as_file().sync_all().map_err(|error| refused(&error))?;
        self.file.persist_noclobber(&self.to).map_err(|error| refused(&error.error))?;
        sync_parent(&self.to).map_err(|error| refused(&error))?;
        Ok(self.bytes)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The path with the ending that such files have. A page that was taken over cannot have a file written that some program runs:
/// what is in it, others wrote.
pub(crate) fn named(path: &str, ending: &str) -> Result<PathBuf, Trouble> {
    if path.ends_with(std::path::is_separator) {
        return Err(Trouble::NoSuchFolder);
    }
    let path = PathBuf::from(path);
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending)) {
        return Ok(path);
    }
    let mut name = path.file_name().ok_or(Trouble::NoSuchFolder)?.to_owned();
    name.push(".");
    name.push(ending);
    Ok(path.with_file_name(name))
}

/// What a person is told when such a file cannot be written.
pub(crate) fn refused(error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Trouble::FileExists,
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Trouble::NoSuchFolder,
        kind => trouble_of(kind.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(to: &Path, data: &Path) -> Result<u64, Trouble> {
        let mut file = NewFile::beside(to, data)?;
        file.write_all(b"whole").unwrap();
        file.keep()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            dir.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn whole_private_and_never_over_another() {
        let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let to = dir.path().join("list.csv");
        assert_eq!(write(&to, data.path()), Ok(5));
        assert_eq!(std::fs::read(&to).unwrap(), b"whole");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(to.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let link = dir.path().join("link.csv");
            std::os::unix::fs::symlink("nowhere", &link).unwrap();
            assert_eq!(write(&link, data.path()), Err(Trouble::FileExists));
            std::fs::remove_file(link).unwrap();
        }
        assert_eq!(write(&to, data.path()), Err(Trouble::FileExists));

        // Given up, or beaten to it: nothing of it stays.
        let late = dir.path().join("late.csv");
        drop(NewFile::beside(&late, data.path()).unwrap());
        let slow = NewFile::beside(&late, data.path()).unwrap();
        assert_eq!(names(dir.path()).len(), 2);
        std::fs::write(&late, b"another's").unwrap();
        assert_eq!(slow.keep(), Err(Trouble::FileExists));
        assert_eq!(std::fs::read(&late).unwrap(), b"another's");
        assert_eq!(names(dir.path()), ["late.csv", "list.csv"]);
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let of = |kind: io::ErrorKind| refused(&kind.into());
        assert_eq!(of(io::ErrorKind::AlreadyExists), Trouble::FileExists);
        assert_eq!(of(io::ErrorKind::NotFound), Trouble::NoSuchFolder);
        assert_eq!(of(io::ErrorKind::StorageFull), Trouble::DiskFull);
        assert_eq!(of(io::ErrorKind::PermissionDenied), Trouble::ReadOnly);
        assert_eq!(of(io::ErrorKind::Other), Trouble::Disk);
    }

    #[test]
    fn only_where_a_person_could_mean() {
        let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let inside = data.path().join("tor");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(dir.path().join("file"), b"").unwrap();
        let around = inside.join("../list.csv");
        for to in [
            Path::new("list.csv"),
            Path::new("./list.csv"),
            Path::new("~/list.csv"),
            Path::new("/"),
            Path::new(""),
            &dir.path().join("missing/list.csv"),
            &dir.path().join("file/list.csv"),
            &dir.path().join(".."),
            &data.path().join("list.csv"),
            &inside.join("list.csv"),
            &around,
        ] {
            assert_eq!(write(to, data.path()), Err(Trouble::NoSuchFolder), "{}", to.display());
        }
        #[cfg(unix)]
        {
            let link = dir.path().join("link");
            std::os::unix::fs::symlink(data.path(), &link).unwrap();
            assert_eq!(write(&link.join("list.csv"), data.path()), Err(Trouble::NoSuchFolder));
        }
        assert_eq!(names(data.path()), ["tor"]);
    }
}
