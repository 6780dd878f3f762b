//! Answers read the database on connections of their own, a few at a time (`docs/protocol/06-relay.md`,
//! section 3).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::data_dir::open_reader;
use crate::limits::MAX_READERS;

/// Read-only connections to the database, opened when first needed.
pub(crate) struct Readers {
    path: PathBuf,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// The database could not be read; what it said went to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database could not be read")]
pub(crate) struct Unreadable;

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self { path, permits: Semaphore::new(MAX_READERS), idle: Mutex::default() })
    }

    /// Runs a query off the async threads.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unreadable> {
        let _permit = self.permits.acquire().await.map_err(|_| Unreadable)?;
        let readers = self.clone();
        tokio::task::spawn_blocking(move || {
            let idle = readers.idle().pop();
            let db = match idle {
                Some(db) => db,
                None => open_reader(&readers.path).map_err(|error| {
                    tracing::error!(%error, "the database could not be opened for reading");
                    Unreadable
                })?,
            };
            let found = query(&db).map_err(|error| {
                tracing::error!(%error, "the database could not be read");
                Unreadable
            })?;
            readers.idle().push(db);
            Ok(found)
        })
        .await
        .unwrap_or(Err(Unreadable))
    }

    /// Closes the connections that nobody uses, so that the writer, closing last, puts the journal away.
    pub(crate) fn close(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // A panic elsewhere leaves a list of connections as good as it was.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
