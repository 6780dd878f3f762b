//! A task list as a table: columns, rows with their problems, tasks in reading order (docs/protocol/08-node.md, section 8).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use pursuance_core::importing::ImportTask;
use pursuance_core::limits::{
    MAX_BODY_BYTES, MAX_DAY_BYTES, MAX_ORIGIN_NAME_BYTES, MAX_ORIGIN_PEOPLE, MAX_OWNER_BYTES, MAX_TITLE_BYTES,
};
use pursuance_core::origin::{Mention, Origin, Part};

use crate::api::{ImportColumn, ImportField, ImportFormat, ImportProblem, ImportReason};
use crate::import::cells::{read_day, read_priority, read_status, split, split_labels, unguard};
use crate::import::columns::{Chosen, chosen_twice, columns, separator};
use crate::import::order::in_reading_order;
use crate::import::{
    ImportList, MAX_IMPORT_BYTES, MAX_IMPORT_COLUMNS, MAX_IMPORT_ID_BYTES, MAX_IMPORT_TASKS, one_line, some_text,
};

/// Reads the text of a table, its columns as chosen or else as guessed.
pub(super) fn read(text: &str, chosen: Option<Chosen<'_>>) -> ImportList {
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
                problems.push(ImportProblem { line, task: None, reason: ImportReason::NotCsv });
                break;
            }
        };
        let line = record.position().map_or(1, csv::Position::line);
        if rows.len() + problems.len() == MAX_IMPORT_TASKS {
            problems.push(ImportProblem { line, task: None, reason: ImportReason::TooMany });
            break;
        }
        match row(&columns, &record, line) {
            Ok(row) => rows.push(row),
            Err(reason) => problems.push(ImportProblem { line, task: None, reason }),
        }
    }
    let tasks = arrange(rows, &mut problems);
    problems.sort_by_key(|problem| problem.line);
    ImportList { columns, tasks, problems, ..ImportList::default() }
}

fn only_problem(line: u64, reason: ImportReason) -> ImportList {
    super::only_problem(ImportFormat::Csv, line, reason)
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
    let some_line = |field: ImportField, max_bytes: usize| one_line(cell(field), max_bytes);
    let id = some_line(ImportField::Id, MAX_IMPORT_ID_BYTES)?;
    let mut people = Vec::new();
    for (part, field) in [(Part::Took, ImportField::ClaimedBy), (Part::Asked, ImportField::Asked)] {
        let names = split(cell(field), MAX_ORIGIN_NAME_BYTES, MAX_ORIGIN_PEOPLE)?;
        people.extend(names.into_iter().map(|name| Mention { part, name }));
    }
    people.sort();
    if people.len() > MAX_ORIGIN_PEOPLE {
        return Err(ImportReason::TooLong);
    }
    let created = some_line(ImportField::Created, MAX_DAY_BYTES)?.unwrap_or_default();
    let by = some_line(ImportField::Creator, MAX_ORIGIN_NAME_BYTES)?.unwrap_or_default();
    Ok(Row {
        line: line_number,
        parent: some_line(ImportField::Parent, MAX_IMPORT_ID_BYTES)?,
        task: ImportTask {
            title: some_line(ImportField::Title, MAX_TITLE_BYTES)?.ok_or(ImportReason::NoTitle)?,
            body: some_text(cell(ImportField::Body), MAX_BODY_BYTES)?,
            status: Some(read_status(cell(ImportField::Status))?),
            owner: some_line(ImportField::Owner, MAX_OWNER_BYTES)?,
            started: some_line(ImportField::Started, MAX_DAY_BYTES)?,
            finished: some_line(ImportField::Finished, MAX_DAY_BYTES)?,
            due: read_day(cell(ImportField::Due))?,
            priority: read_priority(cell(ImportField::Priority))?,
            labels: split_labels(cell(ImportField::Labels))?,
            origin: Origin { id: id.clone().unwrap_or_default(), by, created, people, ..Origin::default() },
            ..ImportTask::default()
        },
        id,
    })
}

/// Puts the rows in reading order, children right below their parents, otherwise as in the file.
fn arrange(mut rows: Vec<Row>, problems: &mut Vec<ImportProblem>) -> Vec<ImportTask> {
    let mut by_id: HashMap<String, usize> = HashMap::new();
    let mut bad = vec![false; rows.len()];
    let mut refuse = |at: usize, reason: ImportReason, rows: &[Row]| {
        problems.push(ImportProblem { line: rows[at].line, task: None, reason });
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
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(rows.len());
    let mut unknown = vec![false; rows.len()];
    for at in 0..rows.len() {
        let parent = rows[at].parent.as_ref().map(|id| by_id.get(id).copied());
        if parent == Some(None) {
            refuse(at, ImportReason::UnknownParent, &rows);
            unknown[at] = true;
        }
        parents.push(parent.flatten());
    }
    // What stands below an unknown row is left out with it, as what hangs in a circle is.
    let order: Vec<usize> = {
        let known = parents.iter().enumerate().map(|(at, parent)| if unknown[at] { Some(at) } else { *parent });
        in_reading_order(known).into_iter().map(|(at, _)| at).collect()
    };
    let mut reached = vec![false; rows.len()];
    order.iter().for_each(|at| reached[*at] = true);
    for at in 0..rows.len() {
        // What hangs below an unknown parent is named once, at the top of it.
        if !reached[at] && !bad[at] && !hangs_below_bad(at, &rows, &by_id, &bad) {
            problems.push(ImportProblem { line: rows[at].line, task: None, reason: ImportReason::Cycle });
        }
    }
    let mut places = vec![0; rows.len()];
    order.iter().enumerate().for_each(|(place, at)| places[*at] = place);
    let mut tasks: Vec<Option<ImportTask>> = rows.into_iter().map(|row| Some(row.task)).collect();
    let arranged = order.into_iter().map(|at| {
        let task = tasks[at].take().expect("a row has one parent at most, so it is reached once");
        ImportTask { parent: parents[at].map(|parent| places[parent]), ..task }
    });
    arranged.collect()
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
    use pursuance_core::task::Status;

    use super::*;
    use crate::import::IMPORT_PREVIEW_ROWS;

    /// As a file that was chosen.
    fn read(text: &str, chosen: Option<Chosen<'_>>) -> ImportList {
        crate::import::read("harbour.csv", text, chosen)
    }

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
        assert_eq!(first.status, Some(Status::Open));
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
        let got: Vec<_> = list.tasks.iter().map(|task| (task.title.as_str(), task.parent)).collect();
        assert_eq!(got, [("parent", None), ("child", Some(0)), ("grandchild", Some(1)), ("other", None)]);
        let preview = list.preview();
        assert_eq!(preview.rows.iter().map(|row| row.depth).collect::<Vec<_>>(), [0, 1, 2, 0]);
        let origin = &list.tasks[1].origin;
        assert_eq!((origin.file.as_str(), origin.id.as_str()), ("harbour.csv", "1"));
    }

    #[test]
    fn headers_have_usual_names() {
        let list = read("Summary;State;Assignee;Tags;Colour\na;Done;Ana;x\n", None);
        assert_eq!(problems("Summary;State\na;Done\n"), []);
        assert_eq!(list.columns[4].field, None);
        assert_eq!(read("\u{feff}TITLE\tstatus\na\tDROPPED\n", None).tasks[0].status, Some(Status::Dropped));
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
        assert_eq!(list.tasks.last().and_then(|task| task.parent), Some(MAX_IMPORT_TASKS - 2));
        assert_eq!(list.preview().rows.last().map(|row| usize::from(row.depth)), Some(IMPORT_PREVIEW_ROWS - 1));
    }

    #[test]
    fn control_characters_do_not_get_in() {
        assert_eq!(read("title\na\u{0}b\u{1b}[31mc\u{202e}\n", None).tasks[0].title, "ab[31mc");
        // A title that consists of them is none.
        assert_eq!(problems("title,status\n\u{202e}\u{1},\n"), [(2, ImportReason::NoTitle)]);
    }
}
