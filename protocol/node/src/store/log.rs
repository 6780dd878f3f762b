//! The log as it is paged through (docs/protocol/08-node.md, section 9).

use pursuance_core::entry::Entry;
use pursuance_core::id::{EntryId, TaskId};
use pursuance_core::journal::MAX_LOG_TITLES;
use pursuance_core::logs::Standing;
use rusqlite::params;

use super::derived::standing;
use super::{Number, Result, Store, StoreError, signed, unsigned};

/// Which entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of the log.
    All,
    /// Those that do not count, as a whole or in part.
    Troubles,
}

/// An entry of a page.
pub struct ListedEntry {
    /// Its place among all that came.
    pub arrival: u64,
    /// The entry.
    pub entry: Entry,
    /// What became of it.
    pub standing: Standing,
    /// Tasks that its items are about, as far as they could be opened; a few.
    pub tasks: Vec<TaskId>,
    /// Numbers of the reasons for which items of it were refused.
    pub items_refused: Vec<u16>,
}

/// How many entries there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogCounts {
    /// In the log.
    pub entries: u32,
    /// Of these, those that do not count, as a whole or in part.
    pub troubles: u32,
}

/// An entry that does not count, or has an item that was refused or needs a newer version.
const TROUBLE: &str = "(standing > 0 OR EXISTS (SELECT 1 FROM item WHERE item.pursuance = entry.pursuance
    AND item.entry = entry.id AND item.state < 2))";

impl Store {
    /// The entry at a place of a chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn entry_at(&self, pursuance: Number, chain: u32, seq: u32) -> Result<Option<Entry>> {
        self.one_entry("chain = ?2 AND seq = ?3", params![pursuance, chain, seq])
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn entry(&self, pursuance: Number, id: EntryId) -> Result<Option<Entry>> {
        self.one_entry("id = ?2", params![pursuance, id.0])
    }

    fn one_entry(&self, which: &str, params: impl rusqlite::Params) -> Result<Option<Entry>> {
        let sql = format!("SELECT bytes FROM entry WHERE pursuance = ?1 AND {which}");
        let found = self.list(&sql, params, |row| {
            let bytes = row.get_ref(0)?.as_blob().map_err(|_| StoreError::Damaged)?;
            Entry::from_store(bytes).map_err(|_| StoreError::Damaged)
        })?;
        Ok(found.into_iter().next())
    }

    /// A page of the log, newest first: entries that came before that place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_page(
        &self,
        pursuance: Number,
        before: Option<u64>,
        which: Which,
        rows: usize,
    ) -> Result<Vec<ListedEntry>> {
        let trouble = match which {
            Which::All => "1",
            Which::Troubles => TROUBLE,
        };
        let sql = format!(
            "SELECT arrival, bytes, standing FROM entry
             WHERE pursuance = ?1 AND arrival < ?2 AND chain >= 0 AND {trouble} ORDER BY arrival DESC LIMIT ?3"
        );
        let before = before.map_or(i64::MAX, signed);
        let most = i64::try_from(rows).unwrap_or(i64::MAX);
        let mut page = self.list(&sql, params![pursuance, before, most], |row| {
            let entry = Entry::from_store(row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?);
            Ok(ListedEntry {
                arrival: unsigned(row, 0)?,
                entry: entry.map_err(|_| StoreError::Damaged)?,
                standing: standing(row.get(2)?)?,
                tasks: Vec::new(),
                items_refused: Vec::new(),
            })
        })?;
        for listed in &mut page {
            let sql = "SELECT DISTINCT task FROM touch WHERE pursuance = ?1 AND arrival = ?2 LIMIT ?3";
            let params = params![pursuance, signed(listed.arrival), MAX_LOG_TITLES as u32];
            listed.tasks = self.list(sql, params, |row| Ok(TaskId(row.get(0)?)))?;
            let sql = "SELECT DISTINCT reason FROM item WHERE pursuance = ?1 AND entry = ?2 AND state = 0";
            let reasons: Vec<String> =
                self.list(sql, params![pursuance, listed.entry.id().0], |row| Ok(row.get(0)?))?;
            listed.items_refused = reasons.iter().filter_map(|reason| number_of(reason)).collect();
        }
        Ok(page)
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_counts(&self, pursuance: Number) -> Result<LogCounts> {
        let count = |which: &str| -> Result<u32> {
            let sql = format!("SELECT COUNT(*) FROM entry WHERE pursuance = ?1 AND chain >= 0 AND {which}");
            let mut statement = self.connection.prepare_cached(&sql)?;
            Ok(statement.query_row([pursuance], |row| row.get(0))?)
        };
        Ok(LogCounts { entries: count("1")?, troubles: count(TROUBLE)? })
    }
}

/// The number that a kept reason begins with: `F41: ...`.
fn number_of(reason: &str) -> Option<u16> {
    reason.strip_prefix('F')?.split(':').next()?.parse().ok()
}
