//! What the disk does to us: how writes went, pauses after failures, and the check of all pages in the background
//! (docs/protocol/08-node.md, section 5).

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::InterruptHandle;

use crate::api::{StorageTrouble, Trouble};
use crate::engine::Message;
use crate::node::Pace;
use crate::stack;
use crate::store::{Result, StoreError, connect};
use crate::vault::DatabaseKey;

/// How long a check of all pages counts.
pub(crate) const CHECK_EVERY_SECONDS: u64 = 86_400;

/// Name of the meta value that keeps when all pages were last found whole.
pub(crate) const CHECKED: &str = "checked";

/// Name of the meta value that is written to see whether there is room again.
pub(crate) const TRIED: &str = "tried";

/// Longest pause between two tries to write: there may be room again.
const MAX_REST: Duration = Duration::from_secs(30);

/// How the writes of a store went.
#[derive(Debug, Default)]
pub(crate) struct Health {
    trouble: Option<StorageTrouble>,
    failed: bool,
}

impl Health {
    /// A write ended.
    pub(crate) fn note(&mut self, error: Option<&StoreError>) {
        self.failed |= error.is_some();
        self.trouble = error.map(|error| match error {
            StoreError::Full => StorageTrouble::Full,
            StoreError::ReadOnly => StorageTrouble::ReadOnly,
            StoreError::Damaged => StorageTrouble::Damaged,
            StoreError::Disk | StoreError::Newer { .. } => StorageTrouble::Failing,
        });
    }

    /// What the last write failed of, if it did.
    pub(crate) fn trouble(&self) -> Option<StorageTrouble> {
        self.trouble
    }

    /// Whether a write failed since the last call: what is in memory may be ahead of the disk.
    pub(crate) fn take_failed(&mut self) -> bool {
        std::mem::take(&mut self.failed)
    }
}

/// What is known about the storage of an open vault.
#[derive(Default)]
pub(crate) struct Storage {
    /// A page was met that is not what was written.
    pub(crate) damaged: bool,
    /// Nothing is tried before, after writes that failed.
    pub(crate) rest_until: Option<Instant>,
    failures: u32,
    failed_at: Option<Instant>,
    /// The check that runs, or ran.
    pub(crate) check: Option<Check>,
}

impl Storage {
    /// After a write that failed: relays and what falls due wait a while, longer each time.
    pub(crate) fn rest(&mut self, pace: &Pace) {
        let now = Instant::now();
        let calm = self.failed_at.is_none_or(|at| now - at > 2 * MAX_REST);
        self.failures = if calm { 1 } else { self.failures.saturating_add(1) };
        self.failed_at = Some(now);
        self.rest_until = Some(now + pace.retry(self.failures).min(MAX_REST));
    }

    /// Whether it is too early to try again.
    pub(crate) fn is_resting(&self, now: Instant) -> bool {
        self.rest_until.is_some_and(|until| until > now)
    }
}

/// A thread that reads every page once, beside everything else; dropping it ends it.
pub(crate) struct Check {
    run: u64,
    interrupt: InterruptHandle,
    thread: Option<JoinHandle<()>>,
}

impl Check {
    /// Starts it. What it finds comes as [`Message::Checked`].
    pub(crate) fn start(path: PathBuf, key: &DatabaseKey, run: u64, engine: Sender<Message>) -> Result<Self> {
        let connection = connect(&path, key)?;
        let interrupt = connection.get_interrupt_handle();
        let thread = stack::spawn("check", move || {
            let outcome = whole(&connection);
            drop(connection);
            let _ = engine.send(Message::Checked { run, outcome });
        })?;
        Ok(Self { run, interrupt, thread: Some(thread) })
    }

    /// Which opening of the store it is of.
    pub(crate) fn run(&self) -> u64 {
        self.run
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.interrupt.interrupt();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads every page that holds anything through the pager, in one snapshot, so that a write meanwhile is no damage. The
/// pragma that SQLCipher has for this reads the file past all locks.
pub(crate) fn whole(connection: &rusqlite::Connection) -> Result<()> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(StoreError::Damaged) }
}

/// Whether pages are to be checked again. A clock that was set back counts as long ago.
pub(crate) fn is_check_due(checked: Option<&[u8]>, now_seconds: u64) -> bool {
    let checked = checked.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    checked.is_none_or(|at| at > now_seconds || now_seconds - at >= CHECK_EVERY_SECONDS)
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Disk,
        }
    }
}

/// What a file of ours that cannot be read or written means to the person.
pub(crate) fn trouble_of(error: io::Error) -> Trouble {
    StoreError::from(error).into()
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged => Self::Damaged,
            StoreError::Newer { found, known } => Self::NewerFile { found, known },
            StoreError::Full => Self::DiskFull,
            StoreError::ReadOnly => Self::ReadOnly,
            StoreError::Disk => Self::Disk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_checked_once_a_day() {
        let at = |seconds: u64| seconds.to_be_bytes();
        assert!(is_check_due(None, 5));
        assert!(is_check_due(Some(b"?"), 5));
        assert!(!is_check_due(Some(&at(1_000)), 1_000));
        assert!(!is_check_due(Some(&at(1_000)), 87_399));
        assert!(is_check_due(Some(&at(1_000)), 87_400));
        assert!(is_check_due(Some(&at(1_000)), 999));
    }

    #[test]
    fn a_full_and_a_closed_disk_have_their_names() {
        let of = |kind: io::ErrorKind| trouble_of(kind.into());
        assert_eq!(of(io::ErrorKind::StorageFull), Trouble::DiskFull);
        assert_eq!(of(io::ErrorKind::QuotaExceeded), Trouble::DiskFull);
        assert_eq!(of(io::ErrorKind::ReadOnlyFilesystem), Trouble::ReadOnly);
        assert_eq!(of(io::ErrorKind::PermissionDenied), Trouble::ReadOnly);
        assert_eq!(of(io::ErrorKind::NotFound), Trouble::Disk);
    }
}
