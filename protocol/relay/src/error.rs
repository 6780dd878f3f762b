//! Why a relay does not start or stops (`docs/operator-guide.md`).

use std::path::PathBuf;

use pursuance_onion::OnionError;
use rusqlite::ErrorCode;

use crate::check::Finding;

/// Why a relay does not start, each with its sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The data directory or a file in it cannot be used.
    #[error("the data directory {} cannot be used: {source}", path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The directory is there, and is something else's.
    #[error(
        "{} holds other files and no relay: the data directory must be a relay's, or empty, or not there yet; nothing was \
         changed",
        path.display()
    )]
    OtherFiles {
        /// The directory.
        path: PathBuf,
    },
    /// Another process has the data directory.
    #[error("another pursuance-relay is already running with the data directory {}", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// There is no relay in the data directory.
    #[error("there is no relay in {}", path.display())]
    NoRelay {
        /// The directory.
        path: PathBuf,
    },
    /// The database was written by a later version.
    #[error("the database was written by a newer pursuance-relay (format {found}, this one knows {known})")]
    NewerDatabase {
        /// Format found.
        found: u32,
        /// Newest format that this version knows.
        known: u32,
    },
    /// What the database holds does not fit together.
    #[error(
        "the database is damaged ({what}); nothing was changed. Do not repair it: make a new relay, of a backup \
         (pursuance-relay restore) or empty"
    )]
    Damaged {
        /// What does not fit.
        what: Damage,
    },
    /// The database cannot be read or written.
    #[error("the database cannot be used: {0}")]
    Database(rusqlite::Error),
    /// The database is not that of the newest checkpoint that the relay signed.
    #[error(
        "this is an older copy, or another log: the relay has signed {signed} cells in slot {slot}, the database holds \
         {held}. Serving it would be a second history; nothing was changed. Find the newest copy, or make a new relay \
         of this one with new keys: pursuance-relay restore"
    )]
    NotNewest {
        /// Slot that was signed last.
        slot: u64,
        /// Cells that were signed then.
        signed: u64,
        /// Cells of the database.
        held: u64,
    },
    /// There is a log and no record of what was signed last.
    #[error(
        "the file newest-checkpoint is missing in {}: the database may be an older copy. Put the file back, or make a \
         new relay of the database with new keys: pursuance-relay restore",
        path.display()
    )]
    NoRecord {
        /// The directory.
        path: PathBuf,
    },
    /// A backup where a relay's database should be.
    #[error("the database is a backup and has no keys: make a new relay of it with pursuance-relay restore")]
    IsBackup,
    /// A relay is to be made where there is one.
    #[error("there is a relay in {} already; nothing was changed", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A restore did not come to its end, and what is there of it is no relay.
    #[error("a restore into {} was interrupted: run it again", path.display())]
    HalfRestored {
        /// The directory.
        path: PathBuf,
    },
    /// A backup cannot be written there.
    #[error("the backup {} cannot be written: {source}", path.display())]
    Backup {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was to be restored is not sound.
    #[error("{} is not sound ({first}); nothing was restored", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// The first thing that was found.
        first: Finding,
    },
    /// A slot length other than that of the first start.
    #[error("this relay has slots of {kept} seconds since its first start; {asked} cannot be taken up later")]
    SlotSeconds {
        /// Length since the first start.
        kept: u32,
        /// Length asked for.
        asked: u32,
    },
    /// A setting out of its limits.
    #[error("{name} must be from {least} to {most}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Least value.
        least: u64,
        /// Greatest value.
        most: u64,
    },
    /// The system gave no randomness.
    #[error("the system gave no randomness for the keys")]
    NoRandomness,
    /// A thread could not be started.
    #[error("the relay's writer could not be started: {0}")]
    NoThread(std::io::Error),
    /// Tor failed.
    #[error("the onion service cannot be started: {0}")]
    Onion(#[from] OnionError),
    /// Cannot listen for loopback connections.
    #[error("cannot listen there: {0}")]
    Listen(std::io::Error),
}

/// What is wrong with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The two keys make no relay address.
    #[error("its keys are not usable")]
    Keys,
    /// A hash of the tree is missing or has another length.
    #[error("hashes of the log are missing")]
    Hashes,
    /// The newest checkpoint is not of this log.
    #[error("the newest checkpoint does not belong to the log")]
    Checkpoint,
    /// A cell that no checkpoint covers yet is missing.
    #[error("cells are missing")]
    Cells,
    /// Not a database of a relay at all.
    #[error("it is not a relay's")]
    Form,
    /// There is a record of what was signed and nothing else.
    #[error("it is empty, but the file newest-checkpoint is there")]
    Empty,
    /// Pages of the file are not what the database wrote.
    #[error("its pages are not in order")]
    Pages,
    /// The record of the newest checkpoint is not a checkpoint of this relay.
    #[error("the file newest-checkpoint is not this relay's")]
    Record,
}

impl From<rusqlite::Error> for RelayError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { what: Damage::Pages },
            _ => Self::Database(error),
        }
    }
}

/// Why a post is not accepted. Nothing of it is stored then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostRefusal {
    /// Too many posts wait for the disk.
    #[error("too many posts are waiting")]
    Busy,
    /// The current slot has as many cells as a slot may have.
    #[error("the slot is full")]
    SlotFull,
    /// The disk quota is used up, or the disk is full.
    #[error("the disk quota is used up")]
    DiskFull,
    /// The database failed.
    #[error("the database failed")]
    Failed,
    /// The relay is being stopped.
    #[error("the relay is stopping")]
    Stopping,
}
