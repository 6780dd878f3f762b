//! What was derived from the entries, as rows: places in the graph, chains, tasks, threads (docs/protocol/08-node.md, section 5;
//! docs/protocol/02-log.md, "Memory").

use std::cell::RefCell;

use pursuance_core::clock::{Clock, Dot};
use pursuance_core::entry::Entry;
use pursuance_core::id::{AuthorId, EntryId, MemberId, TaskId};
use pursuance_core::kept::{KEPT_FORM, decode_task};
use pursuance_core::logs::{Chain, Standing, Tip};
use pursuance_core::register::Place;
use pursuance_core::replica::Replica;
use pursuance_core::shelf::{ItemNote, KeptEntry, Shelf, ThreadChange, Touch, WHOLE_ENTRY};
use pursuance_core::tasks::{Comment, Quoted};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Changes, KeptEntryBytes, Number, Result, Store, StoreError, list, signed, unsigned};

/// Entries between two of a chain whose clock is kept whole, at most; read back at once.
const MAX_CLOCK_STEPS: u32 = 32;

/// Entries that one statement changes at most.
const ROWS_AT_ONCE: usize = 1_000;

/// The tables that hold nothing else than what is derived.
pub(crate) const DERIVED: [&str; 5] = ["chain", "task", "comment", "item", "touch"];

/// The shelf of one pursuance. What goes wrong is remembered: ask [`Self::check`] before anything that followed is kept.
pub(crate) struct StoreShelf<'a> {
    connection: &'a Connection,
    /// Where what changed is put; a shelf that is only read has none.
    changes: Option<&'a Changes<'a>>,
    pursuance: Number,
    trouble: RefCell<Option<StoreError>>,
}

impl StoreShelf<'_> {
    /// Whether every answer was one.
    pub(crate) fn check(self) -> Result<()> {
        self.trouble.into_inner().map_or(Ok(()), Err)
    }

    fn answer<T: Default>(&self, found: Result<T>) -> T {
        found.unwrap_or_else(|error| {
            self.trouble.borrow_mut().get_or_insert(error);
            T::default()
        })
    }

    fn connection(&self) -> &Connection {
        self.connection
    }
}

impl Shelf for StoreShelf<'_> {
    fn entry(&self, id: EntryId) -> Option<KeptEntry> {
        let one = || {
            let sql = format!("{PLACED} AND id = ?2");
            kept_entries(self.connection(), self.pursuance, &sql, params![self.pursuance, id.0])
        };
        self.answer(one().map(|found| found.into_iter().next()))
    }

    fn at(&self, dot: Dot) -> Option<EntryId> {
        let one = || {
            let sql = "SELECT id FROM entry WHERE pursuance = ?1 AND chain = ?2 AND seq = ?3";
            let mut statement = self.connection().prepare_cached(sql)?;
            let id = statement.query_row(params![self.pursuance, dot.chain, dot.seq], |row| row.get(0)).optional()?;
            Ok(id.map(EntryId))
        };
        self.answer(one())
    }

    fn touching(&self, task: TaskId) -> Vec<(Touch, Standing)> {
        let sql = "SELECT entry.depth, entry.id, touch.item, entry.standing FROM touch JOIN entry ON entry.arrival = touch.arrival
            WHERE touch.pursuance = ?1 AND touch.task = ?2";
        self.answer(list(self.connection(), sql, params![self.pursuance, task.0], |row| {
            let touch = Touch { depth: row.get(0)?, entry: EntryId(row.get(1)?), item: row.get(2)? };
            Ok((touch, standing(row.get(3)?)?))
        }))
    }

    fn touched_by(&self, entry: EntryId) -> Vec<TaskId> {
        let sql =
            "SELECT DISTINCT touch.task FROM entry JOIN touch ON touch.pursuance = ?1 AND touch.arrival = entry.arrival
            WHERE entry.pursuance = ?1 AND entry.id = ?2";
        let params = params![self.pursuance, entry.0];
        self.answer(list(self.connection(), sql, params, |row| Ok(TaskId(row.get(0)?))))
    }

    fn held_by(&self, author: AuthorId, most: usize) -> Vec<EntryId> {
        let sql = "SELECT id FROM entry WHERE pursuance = ?1 AND author = ?2 AND standing = 3 AND public = 0
            ORDER BY depth, id LIMIT ?3";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.answer(list(self.connection(), sql, params![self.pursuance, author.0, most], |row| {
            Ok(EntryId(row.get(0)?))
        }))
    }

    fn unread(&self) -> Vec<EntryId> {
        self.answer(unread_entries(self.connection(), self.pursuance))
    }

    fn lighten(&self, replica: &mut Replica) {
        if let Some(changes) = self.changes {
            self.answer(changes.keep_derived(self.pursuance, replica));
            replica.put_down();
        }
    }
}

/// Entries that stand in the log. Which index to use is for the rest of the query to say: by chain, all would be looked at.
const PLACED: &str = "SELECT arrival, bytes, chain, seq, depth, clock, whole_clock, standing FROM entry
    WHERE pursuance = ?1 AND +chain >= 0";

impl Store {
    /// The shelf of a pursuance for looking only.
    pub(crate) fn shelf(&self, pursuance: Number) -> StoreShelf<'_> {
        StoreShelf { connection: &self.connection, changes: None, pursuance, trouble: RefCell::new(None) }
    }

    /// Whether what was derived of a pursuance has the form that this program reads.
    ///
    /// # Errors
    /// [`StoreError`], as of every method here.
    pub fn is_derived(&self, pursuance: Number) -> Result<bool> {
        let sql = "SELECT derived FROM pursuance WHERE number = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([pursuance], |row| row.get::<_, u32>(0))? == KEPT_FORM)
    }

    /// Whether an entry of this device came from elsewhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_overtaken(&self, pursuance: Number) -> Result<bool> {
        let sql = "SELECT overtaken FROM pursuance WHERE number = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([pursuance], |row| row.get(0))?)
    }

    /// Has a replica take up what was derived: chains, the public layer, entries that nothing names, tasks. `false`, and nothing is taken
    /// up, where a task cannot be read: it can be derived again from the entries, and one task must not keep a vault shut.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_up(&self, pursuance: Number, replica: &mut Replica) -> Result<bool> {
        let mut tasks = Vec::new();
        let mut statement = self.connection.prepare_cached("SELECT id, bytes FROM task WHERE pursuance = ?1")?;
        let mut rows = statement.query([pursuance])?;
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?;
            let Ok(kept) = decode_task(bytes) else { return Ok(false) };
            tasks.push((TaskId(row.get(0)?), kept));
        }
        let chains = self.list(
            "SELECT author, first_seq, first, beside, tip, tip_seq, tip_claimed, seen_end FROM chain
             WHERE pursuance = ?1 ORDER BY number",
            [pursuance],
            chain,
        )?;
        let sql = "SELECT COALESCE(MAX(arrival), 0) FROM entry";
        let arrivals: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        let arrivals = u64::try_from(arrivals).map_err(|_| StoreError::Damaged)? + 1;
        let public = format!("{PLACED} AND public = 1 ORDER BY depth, arrival");
        let public = kept_entries(&self.connection, pursuance, &public, [pursuance])?;
        let unnamed = format!("{PLACED} AND unnamed = 1");
        let unnamed = kept_entries(&self.connection, pursuance, &unnamed, [pursuance])?;
        let mut mentioned = Vec::new();
        for id in public.iter().flat_map(|kept| kept.entry.mentions()) {
            let sql = format!("{PLACED} AND public = 0 AND id = ?2");
            mentioned.extend(kept_entries(&self.connection, pursuance, &sql, params![pursuance, id.0])?);
        }
        replica.take_up(chains, arrivals, public, unnamed, mentioned);
        for (id, kept) in tasks {
            replica.take_up_task(id, kept);
        }
        Ok(true)
    }

    /// Entries that wait for others, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_entries(&self, pursuance: Number) -> Result<Vec<KeptEntryBytes>> {
        let sql = "SELECT bytes, own FROM entry WHERE pursuance = ?1 AND chain = -1 ORDER BY arrival";
        self.list(sql, [pursuance], |row| Ok(KeptEntryBytes { bytes: row.get(0)?, own: row.get(1)? }))
    }

    /// Entries that wait for an epoch's secret. Items that wait for something else are found when that comes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unread_entries(&self, pursuance: Number) -> Result<Vec<EntryId>> {
        unread_entries(&self.connection, pursuance)
    }

    /// How many entries and items need a newer Pursuance, those included that could not even be decoded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn needs_newer(&self, pursuance: Number) -> Result<usize> {
        let sql = "SELECT (SELECT COUNT(*) FROM newer_entry WHERE pursuance = ?1)
            + (SELECT COUNT(*) FROM entry INDEXED BY entry_newer WHERE pursuance = ?1 AND standing = 2)
            + (SELECT COUNT(DISTINCT entry) FROM item INDEXED BY item_by_state
                WHERE pursuance = ?1 AND state = 1 AND state > 0)";
        let count: u32 = self.connection.prepare_cached(sql)?.query_row([pursuance], |row| row.get(0))?;
        Ok(count as usize)
    }

    /// The rows of a query, as text.
    #[cfg(test)]
    pub(crate) fn dump(&self, sql: &str) -> Result<Vec<String>> {
        let columns = self.connection.prepare(sql)?.column_count();
        self.list(sql, [], |row| {
            (0..columns).map(|at| Ok(format!("{:?} ", row.get_ref(at)?))).collect::<Result<String>>()
        })
    }

    /// Role entries, in the order in which they came.
    #[cfg(test)]
    pub(crate) fn role_entries(&self) -> Result<Vec<EntryId>> {
        let sql = "SELECT id FROM entry WHERE public = 0 AND chain >= 0 ORDER BY arrival";
        self.list(sql, [], |row| Ok(EntryId(row.get(0)?)))
    }

    /// Writes a database as an older schema had it, with all rows that were there then.
    #[cfg(test)]
    pub(crate) fn write_as_schema(
        &self,
        schema: u32,
        path: &std::path::Path,
        key: &crate::vault::DatabaseKey,
    ) -> Result<()> {
        super::build(&mut super::connect(path, key)?, schema)?;
        let hex = data_encoding::HEXLOWER.encode(&**key);
        self.connection.execute_batch(&format!("ATTACH '{}' AS old KEY \"x'{hex}'\"", path.display()))?;
        let tables = "SELECT name FROM old.sqlite_schema WHERE type = 'table' ORDER BY rowid";
        for table in self.list(tables, [], |row| Ok(row.get::<_, String>(0)?))? {
            let columns = "SELECT name FROM pragma_table_info(?1, 'old') ORDER BY cid";
            let columns = self.list(columns, [&table], |row| Ok(row.get::<_, String>(0)?))?.join(", ");
            let copy = format!("INSERT INTO old.{table} ({columns}) SELECT {columns} FROM main.{table}");
            self.connection.execute_batch(&copy)?;
        }
        if schema > 1 {
            self.connection.execute_batch("UPDATE old.pursuance SET derived = 1")?;
        }
        Ok(self.connection.execute_batch("DETACH old")?)
    }

    /// Counts the steps of the database's own machine from now on, of all statements, one by one.
    #[cfg(test)]
    pub(crate) fn count_steps(&self, steps: std::sync::Arc<std::sync::atomic::AtomicU64>) -> Result<()> {
        let count = move || {
            steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            false
        };
        Ok(self.connection.progress_handler(1, Some(count))?)
    }

    /// How many entries a pursuance has.
    #[cfg(test)]
    pub(crate) fn entry_count(&self, pursuance: Number) -> Result<u32> {
        let sql = "SELECT COUNT(*) FROM entry WHERE pursuance = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([pursuance], |row| row.get(0))?)
    }

    /// Whether an entry is here, in the log or waiting.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_entry(&self, pursuance: Number, id: EntryId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM entry WHERE pursuance = ?1 AND id = ?2)";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![pursuance, id.0], |row| row.get(0))?)
    }

    /// The thread of a task, oldest line first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn thread(&self, pursuance: Number, task: TaskId) -> Result<Vec<Comment>> {
        let sql =
            "SELECT depth, entry, item, op, author, by, chain, seq, claimed, text, quoted, quoted_by, quoted_claimed
            FROM comment
            WHERE pursuance = ?1 AND task = ?2 ORDER BY depth, entry, item, op";
        self.list(sql, params![pursuance, task.0], |row| {
            Ok(Comment {
                depth: row.get(0)?,
                at: Place { entry: EntryId(row.get(1)?), item: row.get(2)?, op: row.get(3)? },
                author: AuthorId(row.get(4)?),
                by: MemberId(row.get(5)?),
                dot: Dot { chain: row.get(6)?, seq: row.get(7)? },
                claimed_seconds: unsigned(row, 8)?,
                text: row.get(9)?,
                quoted: match row.get(10)? {
                    true => Some(Quoted { by: row.get(11)?, claimed_seconds: unsigned(row, 12)? }),
                    false => None,
                },
            })
        })
    }
}

impl Store {
    /// Hands out the lines of all threads of all pursuances, one by one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn for_each_comment(&self, mut each: impl FnMut(Number, TaskId, &str)) -> Result<()> {
        // By an index each line would be looked up by itself, and its page decrypted once more.
        let sql = "SELECT pursuance, task, text FROM comment NOT INDEXED";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(2)?.as_str().map_err(|_| StoreError::Damaged)?;
            each(row.get(0)?, TaskId(row.get(1)?), text);
        }
        Ok(())
    }
}

/// A line of a thread that may name somebody.
pub(crate) struct MentionLine {
    pub(crate) task: TaskId,
    pub(crate) at: Place,
    pub(crate) by: MemberId,
    pub(crate) claimed_seconds: u64,
    pub(crate) comment: String,
}

impl Store {
    /// The newest lines of threads with an `@` in them, at most so many; the others are not looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn lines_with_at(&self, pursuance: Number, most: u32) -> Result<Vec<MentionLine>> {
        let sql = "SELECT task, entry, item, op, by, claimed, text FROM comment INDEXED BY comment_at
            WHERE pursuance = ?1 AND instr(text, '@') > 0 ORDER BY rowid DESC LIMIT ?2";
        self.list(sql, params![pursuance, most], |row| {
            Ok(MentionLine {
                task: TaskId(row.get(0)?),
                at: Place { entry: EntryId(row.get(1)?), item: row.get(2)?, op: row.get(3)? },
                by: MemberId(row.get(4)?),
                claimed_seconds: unsigned(row, 5)?,
                comment: row.get(6)?,
            })
        })
    }

    /// The arrival of the newest entry about a task.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn newest_about(&self, pursuance: Number, task: TaskId) -> Result<i64> {
        let sql = "SELECT COALESCE(MAX(arrival), 0) FROM touch WHERE pursuance = ?1 AND task = ?2";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![pursuance, task.0], |row| row.get(0))?)
    }

    /// How many entries of others about a task came after one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn others_about(&self, pursuance: Number, task: TaskId, arrival: i64) -> Result<u32> {
        let sql = "SELECT COUNT(DISTINCT touch.arrival) FROM touch JOIN entry ON entry.arrival = touch.arrival
            WHERE touch.pursuance = ?1 AND touch.task = ?2 AND touch.arrival > ?3 AND entry.own = 0";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![pursuance, task.0, arrival], |row| row.get(0))?)
    }

    /// Whether an item was refused by the rules.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn is_item_refused(&self, pursuance: Number, entry: EntryId, item: u16) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE pursuance = ?1 AND entry = ?2 AND item = ?3 AND state = 0)";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![pursuance, entry.0, item], |row| row.get(0))?)
    }
}

impl Changes<'_> {
    /// The shelf of a pursuance, as this transaction sees it.
    pub(crate) fn shelf(&self, pursuance: Number) -> StoreShelf<'_> {
        StoreShelf { connection: self.transaction, changes: Some(self), pursuance, trouble: RefCell::new(None) }
    }

    /// The next entries of a pursuance after one, in the order in which they arrived, each with its place in it; from 0 the first.
    ///
    /// # Errors
    /// [`StoreError`], as of every method here.
    pub fn entries_after(&self, pursuance: Number, arrival: i64, limit: usize) -> Result<Vec<(i64, KeptEntryBytes)>> {
        // By any index they would all be read, and sorted.
        let sql = "SELECT arrival, bytes, own FROM entry NOT INDEXED
            WHERE pursuance = ?1 AND arrival > ?2 ORDER BY arrival LIMIT ?3";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![pursuance, arrival, limit], |row| {
            Ok((row.get(0)?, KeptEntryBytes { bytes: row.get(1)?, own: row.get(2)? }))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Forgets what was derived of a pursuance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_derived(&self, pursuance: Number) -> Result<()> {
        for table in DERIVED {
            self.run(&format!("DELETE FROM {table} WHERE pursuance = ?1"), [pursuance])?;
        }
        let last: i64 =
            self.transaction.query_row("SELECT COALESCE(MAX(arrival), 0) FROM entry", [], |row| row.get(0))?;
        for first in (0..=last).step_by(ROWS_AT_ONCE) {
            // The database keeps in memory what one statement changes, until that is done.
            self.run(
                "UPDATE entry NOT INDEXED SET
                    chain = -1, depth = 0, clock = x'', whole_clock = 0, public = 0, standing = 0, unnamed = 0
                 WHERE pursuance = ?1 AND arrival >= ?2 AND arrival < ?3",
                params![pursuance, first, first + ROWS_AT_ONCE as i64],
            )?;
        }
        Ok(())
    }

    /// Says that what is derived of a pursuance has the form of this program.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_derived(&self, pursuance: Number) -> Result<()> {
        self.run("UPDATE pursuance SET derived = ?2 WHERE number = ?1", params![pursuance, KEPT_FORM])
    }

    /// Keeps whatever a replica derived since the last time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_derived(&self, pursuance: Number, replica: &mut Replica) -> Result<()> {
        let changes = replica.take_changes();
        for placed in &changes.entries {
            self.run(
                "UPDATE entry SET chain = ?3, depth = ?4, clock = ?5, whole_clock = ?6, public = ?7, standing = ?8, unnamed = 1
                 WHERE pursuance = ?1 AND id = ?2",
                params![
                    pursuance,
                    placed.id.0,
                    placed.dot.chain,
                    placed.depth,
                    placed.clock,
                    placed.whole_clock,
                    placed.public,
                    placed.standing as u8
                ],
            )?;
        }
        for named in &changes.named {
            self.run("UPDATE entry SET unnamed = 0 WHERE pursuance = ?1 AND id = ?2", params![pursuance, named.0])?;
        }
        for (entry, standing) in &changes.restood {
            self.run(
                "UPDATE entry SET standing = ?3 WHERE pursuance = ?1 AND id = ?2",
                params![pursuance, entry.0, *standing as u8],
            )?;
        }
        for (task, entry, item) in &changes.touches {
            self.run(
                "INSERT INTO touch SELECT ?1, ?2, arrival, ?4 FROM entry WHERE pursuance = ?1 AND id = ?3
                 ON CONFLICT DO NOTHING",
                params![pursuance, task.0, entry.0, item],
            )?;
        }
        for (number, chain) in &changes.chains {
            self.keep_chain(pursuance, *number, chain)?;
        }
        for task in &changes.tasks {
            if let Some(bytes) = replica.kept_task(*task) {
                self.run(
                    "INSERT INTO task VALUES (?1, ?2, ?3) ON CONFLICT (pursuance, id) DO UPDATE SET bytes = ?3",
                    params![pursuance, task.0, bytes],
                )?;
            }
        }
        for (task, change) in &changes.threads {
            match change {
                ThreadChange::Emptied => {
                    self.run("DELETE FROM comment WHERE pursuance = ?1 AND task = ?2", params![pursuance, task.0])?;
                }
                ThreadChange::Line(comment) => self.keep_comment(pursuance, *task, comment)?,
            }
        }
        for (entry, item, note) in &changes.items {
            match note {
                ItemNote::Nothing => self.run(
                    "DELETE FROM item WHERE pursuance = ?1 AND entry = ?2 AND item = ?3",
                    params![pursuance, entry.0, item],
                )?,
                ItemNote::Refused(refusal) => self.keep_item(pursuance, *entry, *item, 0, &refusal.to_string())?,
                ItemNote::Newer => self.keep_item(pursuance, *entry, *item, 1, "")?,
                ItemNote::Waits => self.keep_item(pursuance, *entry, *item, 2, "")?,
            }
        }
        if replica.is_overtaken() {
            self.run("UPDATE pursuance SET overtaken = 1 WHERE number = ?1 AND overtaken = 0", [pursuance])?;
        }
        Ok(())
    }

    fn keep_chain(&self, pursuance: Number, number: u32, chain: &Chain) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO chain VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                pursuance,
                number,
                chain.author.0,
                chain.first.0,
                chain.first.1.0,
                chain.beside.as_ref().map_or(&[][..], |beside| &beside.0),
                chain.tip.id.0,
                chain.tip.seq,
                signed(chain.tip.claimed_seconds),
                chain.seen_end
            ],
        )
    }

    fn keep_comment(&self, pursuance: Number, task: TaskId, comment: &Comment) -> Result<()> {
        self.run(
            "INSERT INTO comment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT DO NOTHING",
            params![
                pursuance,
                task.0,
                comment.depth,
                comment.at.entry.0,
                comment.at.item,
                comment.at.op,
                comment.author.0,
                comment.by.0,
                comment.dot.chain,
                comment.dot.seq,
                signed(comment.claimed_seconds),
                comment.text,
                comment.quoted.is_some(),
                comment.quoted.as_ref().map_or("", |quoted| &quoted.by),
                comment.quoted.as_ref().map_or(0, |quoted| signed(quoted.claimed_seconds))
            ],
        )
    }

    fn keep_item(&self, pursuance: Number, entry: EntryId, item: u16, state: u8, reason: &str) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO item VALUES (?1, ?2, ?3, ?4, ?5)",
            params![pursuance, entry.0, item, state, reason],
        )
    }
}

fn chain(row: &Row<'_>) -> Result<Chain> {
    let beside: Vec<u8> = row.get(3)?;
    Ok(Chain {
        author: AuthorId(row.get(0)?),
        first: (row.get(1)?, EntryId(row.get(2)?)),
        beside: (!beside.is_empty())
            .then(|| beside.try_into().map(EntryId).map_err(|_| StoreError::Damaged))
            .transpose()?,
        tip: Tip { id: EntryId(row.get(4)?), seq: row.get(5)?, claimed_seconds: unsigned(row, 6)? },
        seen_end: row.get(7)?,
    })
}

/// Entries with their clocks, from a query that begins with [`PLACED`].
fn kept_entries(
    connection: &Connection,
    pursuance: Number,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<KeptEntry>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?;
        let (chain, seq): (u32, u32) = (row.get(2)?, row.get(3)?);
        let clock = if row.get(6)? {
            let mut clock = Clock::default();
            let bytes = row.get_ref(5)?.as_blob().map_err(|_| StoreError::Damaged)?;
            clock.decode_onto(bytes).map_err(|_| StoreError::Damaged)?;
            clock
        } else {
            clock_at(connection, pursuance, Dot { chain, seq })?
        };
        kept.push(KeptEntry {
            entry: Entry::from_store(bytes).map_err(|_| StoreError::Damaged)?,
            chain,
            depth: row.get(4)?,
            clock,
            standing: standing(row.get(7)?)?,
            arrival: unsigned(row, 0)?,
        });
    }
    Ok(kept)
}

pub(super) fn standing(number: u8) -> Result<Standing> {
    Ok(match number {
        0 => Standing::Counts,
        1 => Standing::Refused,
        2 => Standing::NeedsNewer,
        3 => Standing::Held,
        _ => return Err(StoreError::Damaged),
    })
}

/// A clock from the last whole one of its chain, and what came after.
fn clock_at(connection: &Connection, pursuance: Number, dot: Dot) -> Result<Clock> {
    let sql = "SELECT clock, whole_clock FROM entry WHERE pursuance = ?1 AND chain = ?2 AND seq <= ?3
        ORDER BY seq DESC LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![pursuance, dot.chain, dot.seq, MAX_CLOCK_STEPS])?;
    let mut steps: Vec<Vec<u8>> = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(row.get(0)?);
        if row.get(1)? {
            let mut clock = Clock::default();
            for step in steps.iter().rev() {
                clock.decode_onto(step).map_err(|_| StoreError::Damaged)?;
            }
            return Ok(clock);
        }
    }
    Err(StoreError::Damaged)
}

fn unread_entries(connection: &Connection, pursuance: Number) -> Result<Vec<EntryId>> {
    let sql = "SELECT entry FROM item INDEXED BY item_by_state
        WHERE pursuance = ?1 AND state = 2 AND state > 0 AND item = ?2";
    list(connection, sql, params![pursuance, WHOLE_ENTRY], |row| Ok(EntryId(row.get(0)?)))
}
