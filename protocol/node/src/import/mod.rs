//! Reading a task list from CSV: columns, rows with their problems, tasks in reading order (docs/protocol/08-node.md, section 8).

pub(crate) mod cells;
mod columns;
pub(crate) mod job;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use pursuance_core::importing::ImportTask as PlannedTask;
use pursuance_core::limits::{MAX_BODY_BYTES, MAX_DAY_BYTES, MAX_OWNER_BYTES, MAX_TITLE_BYTES};
use pursuance_core::plan::{line, text};
use pursuance_core::refusal::Refusal;
use pursuance_core::task::Status;

use crate::api::{ImportColumn, ImportField, ImportPreview, ImportProblem, ImportReason, ImportRow};
use crate::import::cells::{read_day, read_priority, read_status, split_labels, unguard};
use crate::import::columns::{chosen_twice, columns, separator};

pub use crate::import::columns::Chosen;

/// Bytes of a file that is looked at.
pub const MAX_IMPORT_BYTES: usize = 8 << 20;

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

/// A file that was read: tasks with their parents before them, and what could not be taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportList {
    /// The file's columns.
    pub columns: Vec<ImportColumn>,
    /// The tasks in reading order, every parent before its children.
    pub tasks: Vec<ImportTask>,
    /// Rows that cannot be taken, by line.
    pub problems: Vec<ImportProblem>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportTask {
    /// Its place in [`ImportList::tasks`] is its name there; this is the place of its parent, always a smaller one.
    pub parent: Option<usize>,
    /// Steps below the top.
    pub depth: u16,
    /// Never empty.
    pub title: String,
    /// May be empty.
    pub body: String,
    /// `Open` where the file says nothing.
    pub status: Status,
    /// The owner as text.
    pub owner: Option<String>,
    /// The day it was started, as text.
    pub started: Option<String>,
    /// The day it was finished, as text.
    pub finished: Option<String>,
    /// The day by which it should be done, `YYYY-MM-DD`.
    pub due: Option<String>,
    /// 0 none, 1 urgent to 4 low.
    pub priority: u8,
    /// Labels, each once.
    pub labels: Vec<String>,
}

/// Reads the text of a file, its columns as chosen or else as guessed. It never fails: what is wrong is among the problems.
#[must_use]
pub fn read(text: &str, chosen: Option<Chosen<'_>>) -> ImportList {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > MAX_IMPORT_BYTES {
        return only_problem(1, ImportReason::TooMany);
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(separator(text)).from_reader(text.as_bytes());
    let Ok(headers) = reader.headers() else {
        return only_problem(1, ImportReason::NotCsv);
    };
    if headers.len() > MAX_IMPORT_COLUMNS {
        return only_problem(1, ImportReason::NotCsv);
    }
    let columns = columns(headers, chosen);
    if chosen_twice(&columns) {
        return ImportList { columns, ..only_problem(1, ImportReason::FieldTwice) };
    }
    if !columns.iter().any(|column| column.field == Some(ImportField::Title)) {
        return ImportList { columns, ..only_problem(1, ImportReason::NoTitleColumn) };
    }
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                problems.push(ImportProblem { line, reason: ImportReason::NotCsv });
                break;
            }
        };
        let line = record.position().map_or(1, csv::Position::line);
        if rows.len() + problems.len() == MAX_IMPORT_TASKS {
            problems.push(ImportProblem { line, reason: ImportReason::TooMany });
            break;
        }
        match row(&columns, &record, line) {
            Ok(row) => rows.push(row),
            Err(reason) => problems.push(ImportProblem { line, reason }),
        }
    }
    let tasks = arrange(rows, &mut problems);
    problems.sort_by_key(|problem| problem.line);
    ImportList { columns, tasks, problems }
}

impl ImportList {
    /// As core plans it.
    #[must_use]
    pub fn planned(self) -> Vec<PlannedTask> {
        let planned = |task: ImportTask| PlannedTask {
            parent: task.parent,
            title: task.title,
            body: task.body,
            status: Some(task.status),
            owner: task.owner,
            started: task.started,
            finished: task.finished,
            due: task.due,
            priority: task.priority,
            labels: task.labels,
        };
        self.tasks.into_iter().map(planned).collect()
    }

    /// What the window shows before anything is done.
    #[must_use]
    pub fn preview(&self) -> ImportPreview {
        let count = |n: usize| u32::try_from(n).expect("at most MAX_IMPORT_TASKS");
        ImportPreview {
            tasks: count(self.tasks.len()),
            nested: count(self.tasks.iter().filter(|task| task.parent.is_some()).count()),
            columns: self.columns.clone(),
            rows: self
                .tasks
                .iter()
                .take(IMPORT_PREVIEW_ROWS)
                .map(|task| ImportRow {
                    depth: task.depth,
                    title: task.title.clone(),
                    status: task.status,
                    owner: task.owner.clone(),
                    labels: task.labels.clone(),
                })
                .collect(),
            problems: self.problems.iter().take(MAX_IMPORT_PROBLEMS).cloned().collect(),
        }
    }
}

fn only_problem(line: u64, reason: ImportReason) -> ImportList {
    ImportList { problems: vec![ImportProblem { line, reason }], ..ImportList::default() }
}

struct Row {
    line: u64,
    id: Option<String>,
    parent: Option<String>,
    task: ImportTask,
}

fn row(columns: &[ImportColumn], record: &csv::StringRecord, line_number: u64) -> Result<Row, ImportReason> {
    let cell = |field: ImportField| {
        let column = columns.iter().position(|column| column.field == Some(field));
        unguard(column.and_then(|column| record.get(column)).unwrap_or_default())
    };
    let some_line = |field: ImportField, max_bytes: usize| match line(cell(field), max_bytes) {
        Ok(text) => Ok(Some(text)),
        Err(Refusal::Empty) => Ok(None),
        Err(_) => Err(ImportReason::TooLong),
    };
    Ok(Row {
        line: line_number,
        id: some_line(ImportField::Id, MAX_IMPORT_ID_BYTES)?,
        parent: some_line(ImportField::Parent, MAX_IMPORT_ID_BYTES)?,
        task: ImportTask {
            parent: None,
            depth: 0,
            title: some_line(ImportField::Title, MAX_TITLE_BYTES)?.ok_or(ImportReason::NoTitle)?,
            body: text(cell(ImportField::Body), MAX_BODY_BYTES).map_err(|_| ImportReason::TooLong)?,
            status: read_status(cell(ImportField::Status))?,
            owner: some_line(ImportField::Owner, MAX_OWNER_BYTES)?,
            started: some_line(ImportField::Started, MAX_DAY_BYTES)?,
            finished: some_line(ImportField::Finished, MAX_DAY_BYTES)?,
            due: read_day(cell(ImportField::Due))?,
            priority: read_priority(cell(ImportField::Priority))?,
            labels: split_labels(cell(ImportField::Labels))?,
        },
    })
}

/// Puts the rows in reading order, children right below their parents, otherwise as in the file.
fn arrange(mut rows: Vec<Row>, problems: &mut Vec<ImportProblem>) -> Vec<ImportTask> {
    let mut by_id: HashMap<String, usize> = HashMap::new();
    let mut bad = vec![false; rows.len()];
    let mut refuse = |at: usize, reason: ImportReason, rows: &[Row]| {
        problems.push(ImportProblem { line: rows[at].line, reason });
        bad[at] = true;
    };
    for at in 0..rows.len() {
        let Some(id) = rows[at].id.take() else { continue };
        match by_id.entry(id) {
            Entry::Occupied(_) => refuse(at, ImportReason::DuplicateId, &rows),
            Entry::Vacant(free) => {
                free.insert(at);
            }
        }
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    let mut tops = Vec::new();
    for at in 0..rows.len() {
        match rows[at].parent.as_ref().map(|id| by_id.get(id)) {
            None => tops.push(at),
            Some(Some(&parent)) => children[parent].push(at),
            Some(None) => refuse(at, ImportReason::UnknownParent, &rows),
        }
    }
    // Walked with a list of its own: a file may nest as deep as it has rows.
    let mut order: Vec<(usize, Option<usize>, u16)> = Vec::new();
    let mut reached = vec![false; rows.len()];
    let mut open: Vec<(usize, Option<usize>, u16)> = tops.iter().rev().map(|&at| (at, None, 0)).collect();
    while let Some((at, parent, depth)) = open.pop() {
        reached[at] = true;
        let place = order.len();
        order.push((at, parent, depth));
        open.extend(children[at].iter().rev().map(|&child| (child, Some(place), depth.saturating_add(1))));
    }
    for at in 0..rows.len() {
        // What hangs below an unknown parent is named once, at the top of it.
        if !reached[at] && !bad[at] && !hangs_below_bad(at, &rows, &by_id, &bad) {
            problems.push(ImportProblem { line: rows[at].line, reason: ImportReason::Cycle });
        }
    }
    let mut tasks: Vec<Option<ImportTask>> = rows.into_iter().map(|row| Some(row.task)).collect();
    order
        .into_iter()
        .map(|(at, parent, depth)| {
            let task = tasks[at].take().expect("a row has one parent at most, so it is reached once");
            ImportTask { parent, depth, ..task }
        })
        .collect()
}

fn hangs_below_bad(at: usize, rows: &[Row], by_id: &HashMap<String, usize>, bad: &[bool]) -> bool {
    let mut at = at;
    for _ in 0..rows.len() {
        match rows[at].parent.as_ref().and_then(|id| by_id.get(id)) {
            Some(&parent) if bad[parent] => return true,
            Some(&parent) => at = parent,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use pursuance_core::limits::MAX_LABEL_BYTES;

    use super::*;

    fn problems(text: &str) -> Vec<(u64, ImportReason)> {
        read(text, None).problems.into_iter().map(|problem| (problem.line, problem.reason)).collect()
    }

    /// The shape of a real export: own numbers, days, labels with `;`, children after their parents.
    fn project(tasks: usize) -> String {
        let mut text = String::from("id,title,status,owner,started,finished,labels,parent\n");
        for n in 1..=tasks {
            let parent = if n % 3 == 1 { String::new() } else { (n - (n + 2) % 3).to_string() };
            let status = ["done", "open", "doing", "review"][n % 4];
            text += &format!(
                "{n},\"Task {n}, with a comma and \"\"quotes\"\"\",{status},w{:02},2017-05-28,,db;src,{parent}\n",
                n % 7
            );
        }
        text
    }

    #[test]
    fn a_real_shape_is_read_whole() {
        let list = read(&project(150), None);
        assert_eq!(list.problems, []);
        assert_eq!(list.tasks.len(), 150);
        assert!(list.tasks.iter().enumerate().all(|(at, task)| task.parent.is_none_or(|parent| parent < at)));
        let first = &list.tasks[0];
        assert_eq!(first.title, "Task 1, with a comma and \"quotes\"");
        assert_eq!(first.status, Status::Open);
        assert_eq!(first.owner.as_deref(), Some("w01"));
        assert_eq!(first.started.as_deref(), Some("2017-05-28"));
        assert_eq!(first.finished, None);
        assert_eq!(first.labels, ["db", "src"]);
        let preview = list.preview();
        assert_eq!((preview.tasks, preview.nested, preview.rows.len()), (150, 100, IMPORT_PREVIEW_ROWS));
        assert!(preview.columns.iter().all(|column| column.field.is_some()));
    }

    #[test]
    fn children_come_below_their_parents_wherever_they_stand_in_the_file() {
        let list = read("id,title,parent\n1,child,2\n2,parent,\n3,grandchild,1\n4,other,\n", None);
        let got: Vec<_> = list.tasks.iter().map(|task| (task.title.as_str(), task.depth, task.parent)).collect();
        assert_eq!(got, [("parent", 0, None), ("child", 1, Some(0)), ("grandchild", 2, Some(1)), ("other", 0, None)]);
    }

    #[test]
    fn headers_have_usual_names() {
        let list = read("Summary;State;Assignee;Tags;Colour\na;Done;Ana;x\n", None);
        assert_eq!(problems("Summary;State\na;Done\n"), []);
        assert_eq!(list.columns[4].field, None);
        assert_eq!(read("\u{feff}TITLE\tstatus\na\tDROPPED\n", None).tasks[0].status, Status::Dropped);
        assert_eq!(read("title\njust one column\n", None).tasks.len(), 1);
    }

    #[test]
    fn a_person_chooses_what_columns_become() {
        use ImportField::{Body, Labels, Title};
        let text = "title,summary,notes\na,b,c\n";
        let chosen = read(text, Some(&[Some(Labels), Some(Title)]));
        assert_eq!(
            chosen.columns.iter().map(|column| column.field).collect::<Vec<_>>(),
            [Some(Labels), Some(Title), None]
        );
        assert_eq!((chosen.tasks[0].title.as_str(), &chosen.tasks[0].labels[..]), ("b", &["a".to_owned()][..]));
        let reasons = |chosen: Chosen<'_>| -> Vec<_> {
            read(text, Some(chosen)).problems.into_iter().map(|problem| (problem.line, problem.reason)).collect()
        };
        assert_eq!(reasons(&[Some(Title), Some(Title), Some(Body)]), [(1, ImportReason::FieldTwice)]);
        assert_eq!(reasons(&[None, None, Some(Body)]), [(1, ImportReason::NoTitleColumn)]);
        assert_eq!(reasons(&[]), [(1, ImportReason::NoTitleColumn)]);
        // More choices than columns: the file is another one by now; what it has counts.
        assert_eq!(reasons(&[Some(Title), None, None, Some(Title)]), []);
        assert!(read(text, None).columns[1].field.is_none(), "of two guesses the first");
    }

    #[test]
    fn days_and_priorities_are_read_strictly() {
        let list = read("title;Deadline;Prio\na;2026-12-31;H\nb;;\nc;2028-02-29;4\n", None);
        let got: Vec<_> = list.tasks.iter().map(|task| (task.due.as_deref(), task.priority)).collect();
        assert_eq!(got, [(Some("2026-12-31"), 2), (None, 0), (Some("2028-02-29"), 4)]);
        assert_eq!(
            problems("title,due,priority\na,31.12.2026,1\nb,2026-12-31,very\nc,2026-02-30,\nd,,5\n"),
            [
                (2, ImportReason::NotADay),
                (3, ImportReason::NotAPriority),
                (4, ImportReason::NotADay),
                (5, ImportReason::NotAPriority)
            ]
        );
    }

    #[test]
    fn an_apostrophe_that_export_put_there_comes_off() {
        let list = read("title,body,owner\n'=1+1,' \"x\"=2,'tis\n'@home,''quoted'',-\n", None);
        let got: Vec<_> =
            list.tasks.iter().map(|task| (task.title.as_str(), task.body.as_str(), task.owner.as_deref())).collect();
        assert_eq!(got, [("=1+1", "' \"x\"=2", Some("'tis")), ("@home", "'quoted''", Some("-"))]);
    }

    #[test]
    fn labels_are_cut_by_semicolons_and_kept_once() {
        assert_eq!(read("title,labels\na,one; two ;one;;\n", None).tasks[0].labels, ["one", "two"]);
    }

    #[test]
    fn each_problem_has_its_line() {
        assert_eq!(problems(""), [(1, ImportReason::NoTitleColumn)]);
        assert_eq!(problems("a,b\n1,2\n"), [(1, ImportReason::NoTitleColumn)]);
        assert_eq!(problems("title,status\nok,open\n,open\n"), [(3, ImportReason::NoTitle)]);
        assert_eq!(problems("title,status\na,waiting\n"), [(2, ImportReason::UnknownStatus)]);
        assert_eq!(problems("id,title,parent\n1,a,9\n2,b,1\n"), [(2, ImportReason::UnknownParent)]);
        assert_eq!(problems("id,title\n1,a\n1,b\n"), [(3, ImportReason::DuplicateId)]);
        assert_eq!(problems("title,status\n\"a\nb\",open\nc,what\n"), [(4, ImportReason::UnknownStatus)]);
        assert_eq!(problems("title,status\na,open,more\n"), [(2, ImportReason::NotCsv)]);
        assert_eq!(
            problems("id,title,parent\n1,a,2\n2,b,1\n3,c,3\n4,d,\n"),
            [(2, ImportReason::Cycle), (3, ImportReason::Cycle), (4, ImportReason::Cycle)]
        );
    }

    #[test]
    fn limits_hold() {
        let long = |bytes: usize| "x".repeat(bytes);
        assert_eq!(problems(&format!("title\n{}\n", long(MAX_TITLE_BYTES))), []);
        assert_eq!(problems(&format!("title\n{}\n", long(MAX_TITLE_BYTES + 1))), [(2, ImportReason::TooLong)]);
        assert_eq!(problems(&format!("title,labels\na,{}\n", long(MAX_LABEL_BYTES + 1))), [(2, ImportReason::TooLong)]);
        assert_eq!(problems(&format!("title,owner\na,{}\n", long(MAX_OWNER_BYTES + 1))), [(2, ImportReason::TooLong)]);
        let many = format!("title\n{}", "a\n".repeat(MAX_IMPORT_TASKS + 1));
        assert_eq!(problems(&many), [(MAX_IMPORT_TASKS as u64 + 2, ImportReason::TooMany)]);
        assert_eq!(problems(&"x".repeat(MAX_IMPORT_BYTES + 1)), [(1, ImportReason::TooMany)]);
        assert_eq!(problems(&",".repeat(MAX_IMPORT_COLUMNS + 1)), [(1, ImportReason::NotCsv)]);
    }

    #[test]
    fn deep_nesting_needs_no_stack() {
        let mut text = String::from("id,title,parent\n1,t,\n");
        for n in 2..=MAX_IMPORT_TASKS {
            text += &format!("{n},t,{}\n", n - 1);
        }
        let list = read(&text, None);
        assert_eq!(list.problems, []);
        assert_eq!(list.tasks.last().map(|task| usize::from(task.depth)), Some(MAX_IMPORT_TASKS - 1));
    }

    #[test]
    fn control_characters_do_not_get_in() {
        assert_eq!(read("title\na\u{0}b\u{1b}[31mc\u{202e}\n", None).tasks[0].title, "ab[31mc");
        // A title that consists of them is none.
        assert_eq!(problems("title,status\n\u{202e}\u{1},\n"), [(2, ImportReason::NoTitle)]);
    }
}
