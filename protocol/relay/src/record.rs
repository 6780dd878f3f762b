//! The record of the newest checkpoint, outside the database: by it a relay notices that its database is an older copy
//! (`docs/protocol/06-relay.md`, section 3).
//!
//! ```text
//! sign ─> newest-checkpoint (durable) ─> database (durable) ─> readers
//! ```
//!
//! So the record is never behind what anybody was shown, and at most one checkpoint ahead of the database.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pursuance_wire::limits::MAX_NOTE_BYTES;
use pursuance_wire::log::{Checkpoint, LogKey};
use rusqlite::Connection;

use crate::data_dir::{OLDEST_FORMAT, mark_format, private_file, remove_if_there};
use crate::error::{Damage, RelayError};
use crate::store::{self, Held};

/// Name of the record in the directory.
pub(crate) const RECORD_FILE: &str = "newest-checkpoint";
/// What is being written, until it takes the record's name.
const NEXT_FILE: &str = "newest-checkpoint.next";

/// Where the record lies.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    dir: PathBuf,
}

impl Record {
    pub(crate) fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub(crate) fn exists(&self) -> bool {
        self.dir.join(RECORD_FILE).exists()
    }

    /// Replaces the record, durably: a crash leaves the old one or the new one.
    pub(crate) fn write(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let next = self.dir.join(NEXT_FILE);
        let mut file = private_file(&next)?;
        file.set_len(0)?;
        file.write_all(checkpoint.note().as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, self.dir.join(RECORD_FILE))?;
        File::open(&self.dir)?.sync_all()
    }

    /// Removes the record that a restore wrote which did not come to its end.
    pub(crate) fn remove(&self) -> io::Result<()> {
        remove_if_there(&self.dir.join(NEXT_FILE))?;
        remove_if_there(&self.dir.join(RECORD_FILE))
    }

    /// The checkpoint that was signed last; `None` if there is no record.
    pub(crate) fn read(&self, key: &LogKey) -> Result<Option<Checkpoint>, RelayError> {
        let path = self.dir.join(RECORD_FILE);
        let bytes = match fs::metadata(&path).map(|file| file.len()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(bytes) if bytes > MAX_NOTE_BYTES as u64 => Ok(Vec::new()),
            _ => fs::read(&path),
        };
        let bytes = bytes.map_err(|source| RelayError::DataDir { path: self.dir.clone(), source })?;
        let checkpoint = Checkpoint::verify(&bytes, key);
        checkpoint.map(Some).map_err(|_| RelayError::Damaged { what: Damage::Record })
    }

    /// Brings record and database together at a start, or says that they are not of one history. Takes up a checkpoint
    /// that was signed just before a crash, so that its slot gets no second one. // L16
    pub(crate) fn settle(&self, db: &Connection, format: u32, key: &LogKey, held: &mut Held) -> Result<(), RelayError> {
        match (self.read(key)?, &held.newest) {
            (None, None) => {}
            (None, Some(newest)) if format == OLDEST_FORMAT => {
                self.write(newest).map_err(|source| RelayError::DataDir { path: self.dir.clone(), source })?;
            }
            (None, Some(_)) => return Err(RelayError::NoRecord { path: self.dir.clone() }),
            (Some(signed), newest) => {
                let covered = newest.as_ref().map_or(0, Checkpoint::size);
                let order = newest.as_ref().map_or(Ordering::Greater, |newest| signed.slot().cmp(&newest.slot()));
                let fits = match order {
                    Ordering::Greater => signed.size() >= covered,
                    Ordering::Equal => signed.size() == covered,
                    Ordering::Less => signed.size() <= covered,
                };
                if !fits || !is_of(db, &signed, held.frontier.size())? {
                    return Err(RelayError::NotNewest {
                        slot: signed.slot().0,
                        signed: signed.size(),
                        held: held.frontier.size(),
                    });
                }
                if order == Ordering::Greater {
                    store::write_checkpoint(db, &signed)?;
                    held.uncovered.drain(..(signed.size() - covered) as usize);
                    held.newest = Some(signed);
                }
            }
        }
        if format == OLDEST_FORMAT {
            mark_format(db)?;
        }
        Ok(())
    }
}

/// Is this checkpoint one of the log of `size` cells that the database holds?
pub(crate) fn is_of(db: &Connection, checkpoint: &Checkpoint, size: u64) -> Result<bool, RelayError> {
    Ok(checkpoint.size() <= size && store::read_frontier(db, checkpoint.size())?.root() == *checkpoint.root())
}
