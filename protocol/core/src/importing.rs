//! An import: many tasks at once, planned entry by entry, so that it can be shown and stopped before anything is saved
//! (docs/protocol/05-tasks.md, "Imports").

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::day::Day;
use crate::entry::Entry;
use crate::id::{EntryId, RoleId, TaskId};
use crate::limits::{
    MAX_BODY_BYTES, MAX_DAY_BYTES, MAX_ENTRY_BYTES, MAX_IMPORT_TASKS, MAX_ITEMS, MAX_LABEL_BYTES, MAX_LABELS,
    MAX_OWNER_BYTES, MAX_TITLE_BYTES,
};
use crate::plan::{Authored, Circumstances, due_day, line, priority, text, within};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::{GivesKey, Item, TaskKey, task_id};
use crate::task::Status;
use crate::task_op::TaskOp;

/// A task to be imported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportTask {
    /// Index of its parent in the same list, which stands before it; `None`: below the mission.
    pub parent: Option<usize>,
    /// Title.
    pub title: String,
    /// Body, may be empty.
    pub body: String,
    /// Status; `None`: open.
    pub status: Option<Status>,
    /// Owner as text.
    pub owner: Option<String>,
    /// First day, as text.
    pub started: Option<String>,
    /// Last day, as text.
    pub finished: Option<String>,
    /// The day by which it should be done, `YYYY-MM-DD`.
    pub due: Option<String>,
    /// 0 none, 1 urgent, 2 high, 3 normal, 4 low.
    pub priority: u8,
    /// Labels.
    pub labels: Vec<String>,
}

/// An import on its way: entries signed so far, which exist nowhere else yet.
pub struct ImportPlan {
    rows: Vec<ImportTask>,
    import: [u8; 16],
    /// The newest own entry when it began: whatever is signed here follows that one.
    tip: Option<EntryId>,
    entries: Vec<Entry>,
    /// The tasks of the rows that are done.
    ids: Vec<TaskId>,
}

impl ImportPlan {
    /// Begins; nothing is signed yet.
    ///
    /// # Errors
    /// [`Refusal::TooMany`]; and whatever is refused to a device that cannot write.
    pub fn new(replica: &Replica, rows: Vec<ImportTask>, with: &mut Circumstances<'_>) -> Result<Self, Refusal> {
        replica.writer()?;
        within(rows.len(), MAX_IMPORT_TASKS as usize)?;
        Ok(Self { rows, import: with.seed.draw(), tip: replica.my_tip(), entries: Vec::new(), ids: Vec::new() })
    }

    /// Tasks planned so far.
    #[must_use]
    pub const fn done(&self) -> usize {
        self.ids.len()
    }

    /// All its tasks.
    #[must_use]
    pub const fn of(&self) -> usize {
        self.rows.len()
    }

    /// Plans and signs the next entry; `false` when no row is left. If this device has written anything since the plan began,
    /// it begins again: two entries of one place in a log would be two histories.
    ///
    /// # Errors
    /// [`Refusal`], for what a row says or because it is not allowed. The plan is worth nothing then.
    ///
    /// # Panics
    /// If a parent does not stand before its child: the list was not checked by the caller.
    pub fn step(&mut self, replica: &Replica, with: &mut Circumstances<'_>) -> Result<bool, Refusal> {
        let me = replica.writer()?;
        if self.tip != replica.my_tip() {
            self.tip = replica.my_tip();
            self.entries.clear();
            self.ids.clear();
        }
        let rest = &self.rows[self.ids.len()..];
        if rest.is_empty() {
            return Ok(false);
        }
        let of = u32::try_from(self.rows.len()).expect("at most MAX_IMPORT_TASKS");
        let part = || TaskOp::PartOf { import: self.import, of };
        let rows = &rest[..rows_of_one_entry(rest)];
        let planned: Vec<Vec<TaskOp>> = rows.iter().map(|row| ops(row, part())).collect::<Result<_, _>>()?;
        let by = replica.grant_to_create(me, &planned.concat(), RoleId::EVERYONE)?;
        let audience = replica.audience(RoleId::EVERYONE, with)?;
        let at = replica.place_after(by, self.entries.last());
        let mut items = Vec::new();
        for (index, (row, said)) in rows.iter().zip(planned).enumerate() {
            let key = TaskKey::new(with.seed.draw());
            let task = task_id(at, u16::try_from(index).expect("at most MAX_ITEMS"), &key);
            let parent = row.parent.map(|parent| *self.ids.get(parent).expect("a parent stands before its child"));
            let ops = core::iter::once(TaskOp::Create { parent }).chain(said).collect();
            self.ids.push(task);
            items.push(Item { task, generation: 0, key, gives_key: GivesKey::Yes, ops });
        }
        self.entries.push(replica.sign_items(&items, &audience, by, self.entries.last(), with));
        Ok(self.ids.len() < self.rows.len())
    }

    /// What was planned, to be appended as a whole before this device writes anything else.
    #[must_use]
    pub fn finish(self) -> Authored {
        Authored { entries: self.entries, undo: Vec::new(), task: None, invite: None }
    }
}

impl Replica {
    /// Plans and signs an import at once: all tasks or none.
    ///
    /// # Errors
    /// [`Refusal`].
    ///
    /// # Panics
    /// If a parent does not stand before its child: the list was not checked by the caller.
    pub fn import(&self, rows: &[ImportTask], with: &mut Circumstances<'_>) -> Result<Authored, Refusal> {
        let mut plan = ImportPlan::new(self, rows.to_vec(), with)?;
        while plan.step(self, with)? {}
        Ok(plan.finish())
    }
}

/// How many of these rows go into one entry: at most `MAX_ITEMS`, and well below the size that an entry may have. One row alone
/// always fits: its texts have limits of their own.
fn rows_of_one_entry(rows: &[ImportTask]) -> usize {
    const MAX_ROWS_BYTES: usize = MAX_ENTRY_BYTES / 4;
    let mut bytes = 0;
    let fits = |row: &&ImportTask| {
        bytes += row.title.len() + row.body.len() + row.labels.iter().map(String::len).sum::<usize>();
        bytes <= MAX_ROWS_BYTES
    };
    rows.iter().take(MAX_ITEMS).take_while(fits).count().max(1).min(rows.len())
}

/// What a row says of its task, after the creation.
fn ops(row: &ImportTask, part: TaskOp) -> Result<Vec<TaskOp>, Refusal> {
    within(row.labels.len(), MAX_LABELS)?;
    let mut ops = vec![part, TaskOp::SetTitle(line(&row.title, MAX_TITLE_BYTES)?)];
    if !row.body.is_empty() {
        ops.push(TaskOp::SetBody(text(&row.body, MAX_BODY_BYTES)?));
    }
    match row.status {
        None | Some(Status::Open) => {}
        Some(ending @ (Status::Done | Status::Dropped)) => ops.push(TaskOp::End(ending)),
        Some(step) => ops.push(TaskOp::Step(step)),
    }
    if let Some(owner) = &row.owner {
        ops.push(TaskOp::SetOwner(line(owner, MAX_OWNER_BYTES)?));
    }
    if let Some(day) = &row.started {
        ops.push(TaskOp::SetStarted(line(day, MAX_DAY_BYTES)?));
    }
    if let Some(day) = &row.finished {
        ops.push(TaskOp::SetFinished(line(day, MAX_DAY_BYTES)?));
    }
    ops.extend(when(due_day(row.due.as_deref())?, row.priority)?);
    for label in &row.labels {
        ops.push(TaskOp::AddLabel(line(label, MAX_LABEL_BYTES)?));
    }
    Ok(ops)
}

/// What a new task says of its due day and priority: nothing, where there is none.
pub(crate) fn when(due: Option<Day>, of: u8) -> Result<impl Iterator<Item = TaskOp>, Refusal> {
    let priority = Some(priority(of)?).filter(|priority| *priority != 0);
    Ok(due.map(|day| TaskOp::SetDue(Some(day))).into_iter().chain(priority.map(TaskOp::SetPriority)))
}
