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
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// The database could not be read; what it said went to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database could not be read")]
pub(crate) struct Unreadable;

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self { path, permits: Arc::new(Semaphore::new(MAX_READERS)), idle: Mutex::default() })
    }

    /// Runs a query off the async threads.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unreadable> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Unreadable)?;
        let readers = self.clone();
        tokio::task::spawn_blocking(move || {
            // A query goes on when who asked has hung up, and takes its place until it has ended. So there are never more connections
            // than places.
            let _permit = permit;
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::data_dir::DataDir;

    #[tokio::test]
    async fn the_place_of_whoever_hangs_up_is_taken_until_the_query_has_ended() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = DataDir::take(dir.path()).expect("free");
        let _db = data.open_writer().expect("opens");
        let readers = Readers::new(dir.path().to_owned());
        let (begins, begun) = mpsc::channel();
        // A query lasts until what is returned with it is dropped.
        let start = || {
            let (readers, begins, (end, ends)) = (readers.clone(), begins.clone(), mpsc::channel::<()>());
            let query = move |_: &Connection| {
                begins.send(()).expect("the test listens");
                let _ = ends.recv();
                Ok(())
            };
            (tokio::spawn(async move { readers.read(query).await }), end)
        };
        let soon = async |what: &str| {
            for _ in 0..500 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                if begun.try_recv().is_ok() {
                    return;
                }
            }
            panic!("{what} does not begin");
        };
        let mut ends = Vec::new();
        for _ in 0..MAX_READERS {
            let (reader, end) = start();
            soon("a query").await;
            reader.abort();
            assert!(reader.await.is_err_and(|error| error.is_cancelled()));
            ends.push(end);
        }
        let (one_more, end) = start();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(begun.try_recv().is_err(), "more than {MAX_READERS} queries at once");
        ends.pop();
        soon("one more").await;
        drop((ends, end));
        assert_eq!(one_more.await.expect("no panic"), Ok(()));
        let _all = readers.permits.acquire_many(MAX_READERS as u32).await.expect("open");
        assert!((1..=MAX_READERS).contains(&readers.idle().len()));
    }
}
