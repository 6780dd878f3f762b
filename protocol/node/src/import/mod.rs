//! Reading a task list from a file: which format it has, the tasks in it, and what cannot be taken (docs/protocol/08-node.md, section 8).

pub(crate) mod cells;
mod columns;
mod few;
pub(crate) mod job;
pub(crate) mod order;
pub mod ours;
mod table;
mod taskwarrior;
mod trello;

use pursuance_core::importing::ImportTask;
use pursuance_core::limits::MAX_ORIGIN_BYTES;
use pursuance_core::origin::Part;
use pursuance_core::plan::{line, text};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::task::Status;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::api::{
    ImportColumn, ImportFormat, ImportPreview, ImportProblem, ImportReason, ImportRow, LeftOut, LeftOutKind,
};
use crate::import::order::in_reading_order;

pub use crate::import::columns::Chosen;

/// Bytes of a table that is looked at.
pub const MAX_IMPORT_BYTES: usize = 8 << 20;

/// Bytes of a JSON file that is looked at: it says more of each task.
pub const MAX_IMPORT_JSON_BYTES: usize = 32 << 20;

/// Tasks of one import.
pub const MAX_IMPORT_TASKS: usize = pursuance_core::limits::MAX_IMPORT_TASKS as usize;

/// Columns that are looked at; a wider file is not CSV for us.
pub const MAX_IMPORT_COLUMNS: usize = 256;

/// Bytes of a row's own name.
pub const MAX_IMPORT_ID_BYTES: usize = 200;

/// Rows that the preview shows.
pub const IMPORT_PREVIEW_ROWS: usize = 20;

/// Problems that the preview lists.
pub const MAX_IMPORT_PROBLEMS: usize = 200;

/// Problems after which nothing more is looked for.
const MAX_PROBLEMS: usize = MAX_IMPORT_TASKS;

/// A file that was read: its tasks, and what could not be taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportList {
    /// What kind of file it is.
    pub format: ImportFormat,
    /// The columns of a table.
    pub columns: Vec<ImportColumn>,
    /// The tasks, in the order in which they are made.
    pub tasks: Vec<ImportTask>,
    /// What the file has and no task gets, on purpose.
    pub left_out: Vec<LeftOut>,
    /// What cannot be taken; nothing is imported while there is any.
    pub problems: Vec<ImportProblem>,
}

/// Reads the text of a file, the columns of a table as chosen or else as guessed. The file's name is where its tasks come from; it
/// may be empty. It never fails: what is wrong is among the problems.
#[must_use]
pub fn read(file: &str, text: &str, chosen: Option<Chosen<'_>>) -> ImportList {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut list = match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => read_json(text),
        _ => table::read(text, chosen),
    };
    let file = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let file = line(&file[..file.floor_char_boundary(MAX_ORIGIN_BYTES)], MAX_ORIGIN_BYTES).unwrap_or_default();
    for task in &mut list.tasks {
        task.origin.file.clone_from(&file);
    }
    list
}

/// What tells the formats apart.
#[derive(Deserialize)]
struct Head {
    format: Option<IgnoredAny>,
    version: Option<u64>,
    lists: Option<IgnoredAny>,
    cards: Option<IgnoredAny>,
    uuid: Option<IgnoredAny>,
    description: Option<IgnoredAny>,
}

fn read_json(text: &str) -> ImportList {
    if text.len() > MAX_IMPORT_JSON_BYTES {
        return only_problem(ImportFormat::Json, 1, ImportReason::TooMany);
    }
    if text.trim_start().starts_with('[') {
        return taskwarrior::read(text);
    }
    // The first value: Taskwarrior can write one after the other.
    let head = match serde_json::Deserializer::from_str(text).into_iter::<Head>().next() {
        Some(Ok(head)) => head,
        Some(Err(error)) => return not_json(ImportFormat::Json, &error),
        None => return only_problem(ImportFormat::Json, 1, ImportReason::NotJson),
    };
    match head {
        Head { format: Some(_), version: Some(version), .. } if version > ours::VERSION.into() => {
            only_problem(ImportFormat::Json, 1, ImportReason::NewerFile)
        }
        Head { format: Some(_), .. } => ours::read(text),
        Head { lists: Some(_), cards: Some(_), .. } => trello::read(text),
        Head { uuid: Some(_), description: Some(_), .. } => taskwarrior::read(text),
        _ => only_problem(ImportFormat::Json, 1, ImportReason::UnknownFile),
    }
}

impl ImportList {
    /// What the window shows before anything is done in this pursuance.
    pub(crate) fn preview_in(&self, replica: &Replica) -> ImportPreview {
        let mut preview = self.preview();
        match replica.may_import(&self.tasks) {
            Ok(may) if may.file => {}
            Ok(_) => {
                let filed = self.tasks.iter().filter(|task| task.filed).count();
                preview.left_out.extend(left_out([(LeftOutKind::Filed, filed)]));
            }
            Err(refusal) => preview.refusal = Some(refusal),
        }
        preview
    }

    /// What the window shows before anything is done, wherever that is.
    #[must_use]
    pub fn preview(&self) -> ImportPreview {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let row = |(at, depth): (usize, u16)| {
            let task = &self.tasks[at];
            // Whoever is named first, if nobody is called its owner.
            let named = task.origin.people.iter().find(|mention| matches!(mention.part, Part::Took | Part::Asked));
            ImportRow {
                depth,
                title: task.title.clone(),
                status: task.status.unwrap_or(Status::Open),
                owner: task.owner.clone().or_else(|| named.map(|mention| mention.name.clone())),
                labels: task.labels.clone(),
            }
        };
        let order = in_reading_order(self.tasks.iter().map(|task| task.parent));
        ImportPreview {
            format: self.format,
            tasks: count(self.tasks.len()),
            nested: count(self.tasks.iter().filter(|task| task.parent.is_some()).count()),
            comments: count(self.tasks.iter().map(|task| task.quotes.len()).sum()),
            columns: self.columns.clone(),
            rows: order.into_iter().take(IMPORT_PREVIEW_ROWS).map(row).collect(),
            left_out: self.left_out.clone(),
            problems: self.problems.iter().take(MAX_IMPORT_PROBLEMS).cloned().collect(),
            refusal: None,
        }
    }
}

/// Tasks on their way out of a file that has no lines of its own: each is called by its place in it.
#[derive(Default)]
struct Gathered {
    tasks: Vec<ImportTask>,
    problems: Vec<ImportProblem>,
}

impl Gathered {
    /// One more, or why not.
    fn take(&mut self, task: Result<ImportTask, ImportReason>) {
        let task = task.unwrap_or_else(|reason| {
            self.refuse(self.tasks.len(), reason);
            ImportTask::default()
        });
        self.tasks.push(task);
    }

    fn refuse(&mut self, at: usize, reason: ImportReason) {
        if self.problems.len() < MAX_PROBLEMS {
            let task = u32::try_from(at + 1).unwrap_or(u32::MAX);
            self.problems.push(ImportProblem { line: 0, task: Some(task), reason });
        }
    }

    /// Names what stands below itself.
    fn finish(mut self, format: ImportFormat, left_out: Vec<LeftOut>) -> ImportList {
        let mut reached = vec![false; self.tasks.len()];
        for (at, _) in in_reading_order(self.tasks.iter().map(|task| task.parent)) {
            reached[at] = true;
        }
        for at in (0..reached.len()).filter(|at| !reached[*at]) {
            self.refuse(at, ImportReason::Cycle);
        }
        self.problems.sort_by_key(|problem| problem.task);
        // What cannot be taken is not shown either.
        let tasks = if self.problems.is_empty() { self.tasks } else { Vec::new() };
        ImportList { format, columns: Vec::new(), tasks, left_out, problems: self.problems }
    }
}

fn only_problem(format: ImportFormat, line: u64, reason: ImportReason) -> ImportList {
    ImportList { format, problems: vec![ImportProblem { line, task: None, reason }], ..ImportList::default() }
}

/// A file that is not what it has to be, with the line where that shows.
fn not_json(format: ImportFormat, error: &serde_json::Error) -> ImportList {
    let reason = if error.is_data() { ImportReason::WrongValue } else { ImportReason::NotJson };
    only_problem(format, u64::try_from(error.line()).unwrap_or(u64::MAX).max(1), reason)
}

/// One line as it can stand in a task; `None` where nothing is left of it.
fn one_line(given: &str, max_bytes: usize) -> Result<Option<String>, ImportReason> {
    match line(given, max_bytes) {
        Ok(line) => Ok(Some(line)),
        Err(Refusal::Empty) => Ok(None),
        Err(_) => Err(ImportReason::TooLong),
    }
}

/// Several lines, likewise.
fn some_text(given: &str, max_bytes: usize) -> Result<String, ImportReason> {
    text(given, max_bytes).map_err(|_| ImportReason::TooLong)
}

/// As many as something has, if it has any.
fn left_out(counted: impl IntoIterator<Item = (LeftOutKind, usize)>) -> Vec<LeftOut> {
    let counted = counted.into_iter().filter(|(_, count)| *count > 0);
    counted.map(|(what, count)| LeftOut { what, count: u32::try_from(count).unwrap_or(u32::MAX) }).collect()
}
