//! Writing a pursuance's tasks as a list that spreadsheets open, and that import reads back exactly
//! (docs/protocol/08-node.md, section 8).

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use pursuance_core::day::Day;
use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_core::replica::Replica;
use pursuance_core::task::Status;
use pursuance_core::view::Person;

use crate::api::{Reply, Trouble};
use crate::engine::{Open, Surroundings};
use crate::import::cells::{guard, join_labels, priority_word, status_word};
use crate::outside::{NewFile, refused};

/// What a file begins with, so that programs take it for UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns. Import knows all but the last three by these names.
const HEADERS: [&str; 14] = [
    "id",
    "parent",
    "title",
    "body",
    "status",
    "priority",
    "due",
    "labels",
    "owner",
    "started",
    "finished",
    "claimed by",
    "asked",
    "created",
];

/// What every list's name ends in.
const ENDING: &str = "csv";

/// What separates names in one cell.
const NAME_SEPARATOR: &str = "; ";

/// The environment's word for where a person keeps what was downloaded; set by some desktops.
const DOWNLOADS_VARIABLE: &str = "XDG_DOWNLOAD_DIR";
const HOME_VARIABLE: &str = "HOME";

/// One task as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListRow {
    /// Its parent's place in the list, from 0, always a smaller one; `None`: below the mission.
    pub(crate) parent: Option<usize>,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) status: Status,
    /// 0 none, 1 urgent to 4 low.
    pub(crate) priority: u8,
    /// `YYYY-MM-DD`.
    pub(crate) due: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) owner: Option<String>,
    pub(crate) started: Option<String>,
    pub(crate) finished: Option<String>,
    pub(crate) claimed_by: Option<String>,
    pub(crate) asked: Vec<String>,
    /// The claimed day of its creation, `YYYY-MM-DD`.
    pub(crate) created: String,
}

impl Open {
    /// Writes all tasks of a pursuance into a new file.
    pub(crate) fn export_csv(
        &self,
        around: &Surroundings,
        pursuance: PursuanceId,
        path: &str,
    ) -> Result<Reply, Trouble> {
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let path = named(path)?;
        let mut file = NewFile::beside(&path, around.folder.path())?;
        file.write_all(&csv(&rows(&held.replica))).map_err(|error| refused(&error))?;
        Ok(Reply::Written { path: path.display().to_string(), bytes: file.keep()? })
    }
}

/// The path with the ending that lists have. A page that was taken over cannot have a file written that some program runs:
/// what is in a list, others wrote.
fn named(path: &str) -> Result<PathBuf, Trouble> {
    if path.ends_with(std::path::is_separator) {
        return Err(Trouble::NoSuchFolder);
    }
    let path = PathBuf::from(path);
    let has_ending = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING));
    if has_ending {
        return Ok(path);
    }
    let mut name = path.file_name().ok_or(Trouble::NoSuchFolder)?.to_owned();
    name.push(".");
    name.push(ENDING);
    Ok(path.with_file_name(name))
}

/// The tasks that can be read here, in reading order.
pub(crate) fn rows(replica: &Replica) -> Vec<ListRow> {
    let rank = |member| replica.authority().seniority(member);
    let mut places: HashMap<TaskId, usize> = HashMap::new();
    let mut rows = Vec::new();
    for row in replica.tree(&|_| false).rows {
        let Some(task) = replica.tasks().task(row.task) else { continue };
        let some = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
        places.insert(row.task, rows.len());
        rows.push(ListRow {
            parent: row.parent.and_then(|parent| places.get(&parent).copied()),
            title: row.title,
            body: task.body.shown(rank).cloned().unwrap_or_default(),
            status: row.status,
            priority: row.priority,
            due: row.due,
            labels: row.labels,
            owner: row.owner_text,
            started: some(task.started.shown(rank)),
            finished: some(task.finished.shown(rank)),
            claimed_by: row.claim.as_ref().map(name),
            asked: row.assignees.iter().map(name).collect(),
            created: Day::of_seconds(task.created.as_ref().map_or(0, |created| created.claimed_seconds)).to_string(),
        });
    }
    rows
}

/// A list as the bytes of a file: RFC 4180, with a byte order mark. A row is called by its place, from 1.
pub(crate) fn csv(rows: &[ListRow]) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let in_memory = "a list is written to memory, and all rows are of one length";
    writer.write_record(HEADERS).expect(in_memory);
    for (at, row) in rows.iter().enumerate() {
        let cells: [&str; HEADERS.len()] = [
            &(at + 1).to_string(),
            &row.parent.map(|parent| (parent + 1).to_string()).unwrap_or_default(),
            &row.title,
            &row.body,
            status_word(row.status),
            priority_word(row.priority),
            row.due.as_deref().unwrap_or_default(),
            &join_labels(&row.labels),
            row.owner.as_deref().unwrap_or_default(),
            row.started.as_deref().unwrap_or_default(),
            row.finished.as_deref().unwrap_or_default(),
            row.claimed_by.as_deref().unwrap_or_default(),
            &row.asked.join(NAME_SEPARATOR),
            &row.created,
        ];
        writer.write_record(cells.map(|cell| guard(cell).into_owned())).expect(in_memory);
    }
    writer.into_inner().expect(in_memory)
}

/// The folder that is proposed for files: what the environment names, and else where the data folder is. Nothing is looked at.
pub(crate) fn save_folder(data_folder: &Path) -> PathBuf {
    let named = [DOWNLOADS_VARIABLE, HOME_VARIABLE].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    proposed(named, data_folder)
}

fn proposed(named: impl IntoIterator<Item = PathBuf>, data_folder: &Path) -> PathBuf {
    let mut named = named.into_iter().filter(|folder| folder.is_absolute());
    named.next().unwrap_or_else(|| data_folder.parent().unwrap_or(data_folder).into())
}

/// A name, with the mark that tells two of one name apart.
fn name(person: &Person) -> String {
    if person.mark.is_empty() { person.name.clone() } else { format!("{} ({})", person.name, person.mark) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pursuance_core::crypto::Seed;
    use pursuance_core::founding::{Founding, found};
    use pursuance_core::importing::ImportTask;
    use pursuance_core::keys::DeviceKeys;
    use pursuance_core::limits::{MAX_LABEL_BYTES, MAX_LABELS, MAX_OWNER_BYTES, MAX_TITLE_BYTES};
    use pursuance_core::plan::{Circumstances, line};

    use super::*;
    use crate::import;

    const NOW_SECONDS: u64 = 1_798_675_200;

    /// A pursuance with these tasks and nothing else.
    fn state(tasks: &[ImportTask]) -> Replica {
        let device = DeviceKeys::from_seed([7; 32]);
        let mut seed = Seed::new([8; 32]);
        let founding = Founding { name: "n".into(), mission: String::new(), my_name: "Maya".into(), relays: vec![] };
        let founded = found(&founding, &device, NOW_SECONDS, &mut seed).unwrap();
        let mut replica = Replica::new(founded.pursuance, device);
        for entry in founded.entries {
            replica.append(entry);
        }
        let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
        for entry in replica.import(tasks, &mut with).unwrap().entries {
            replica.append(entry);
        }
        replica
    }

    fn written(tasks: &[ImportTask]) -> (Vec<ListRow>, String) {
        let rows = rows(&state(tasks));
        let text = String::from_utf8(csv(&rows)).unwrap();
        (rows, text)
    }

    /// What is written, read, and written again is the same: rows, tree, order, and every byte.
    fn goes_round(tasks: &[ImportTask]) -> (Vec<ListRow>, String) {
        let (first, text) = written(tasks);
        assert_eq!(first.len(), tasks.len());
        let list = import::read(&text, None);
        assert_eq!(list.problems, [], "{text}");
        let (second, again) = written(&list.planned());
        assert_eq!(second, first);
        assert_eq!(again, text);
        (first, text)
    }

    fn titled(title: &str) -> ImportTask {
        ImportTask { title: title.into(), ..ImportTask::default() }
    }

    #[test]
    fn a_list_as_a_spreadsheet_sees_it() {
        let tasks = [
            ImportTask {
                body: "Two\nlines".into(),
                status: Some(Status::Done),
                owner: Some("-w01".into()),
                started: Some("2017-05-28".into()),
                finished: Some("week 23".into()),
                due: Some("2026-12-31".into()),
                priority: 2,
                labels: vec!["db".into(), "a;b".into()],
                ..titled("=HYPERLINK(\"http://x\")")
            },
            ImportTask { parent: Some(0), status: Some(Status::Suggested), ..titled("Below, \u{feff}and plain") },
        ];
        let (_, text) = goes_round(&tasks);
        assert_eq!(
            text,
            "\u{feff}id,parent,title,body,status,priority,due,labels,owner,started,finished,claimed by,asked,created\r\n\
             1,,\"'=HYPERLINK(\"\"http://x\"\")\",\"Two\nlines\",done,high,2026-12-31,a\\;b;db,'-w01,2017-05-28,week 23,,,2026-12-31\r\n\
             2,1,\"Below, \u{feff}and plain\",,suggested,,,,,,,,,2026-12-31\r\n"
        );
    }

    #[test]
    fn every_column_is_understood_or_left_out_on_purpose() {
        let list = import::read(&String::from_utf8(csv(&[])).unwrap(), None);
        let left_out: Vec<_> =
            list.columns.iter().filter(|column| column.field.is_none()).map(|column| column.header.as_str()).collect();
        assert_eq!(left_out, ["claimed by", "asked", "created"]);
    }

    #[test]
    fn the_longest_and_the_deepest() {
        let chain = |n: usize| ImportTask { parent: n.checked_sub(1), ..titled(&format!("level {n}")) };
        let mut tasks: Vec<ImportTask> = (0..=80).map(chain).collect();
        tasks.push(ImportTask {
            parent: Some(64),
            body: format!("\n  {}", "=\"\"\n".repeat(16_000)),
            owner: Some("=".repeat(MAX_OWNER_BYTES)),
            labels: (0..MAX_LABELS).map(|n| format!("{n:02}{}", "\\".repeat(MAX_LABEL_BYTES - 2))).collect(),
            ..titled(&"'".repeat(MAX_TITLE_BYTES))
        });
        let (rows, _) = goes_round(&tasks);
        assert_eq!(rows[81].title.len() + rows[65].title.len(), MAX_TITLE_BYTES + 8);
    }

    /// Characters that mean something to CSV, to spreadsheets, to the log, or to nobody.
    fn hostile_text(max_chars: usize) -> impl Strategy<Value = String> {
        let pieces = [
            "\"", "'", ",", ";", "\t", "\n", "\r\n", "\r", "=", "+", "-", "@", "|", "%", "\\", " ", "\u{feff}",
            "\u{200b}", "\u{202e}", "\u{2028}", "\u{85}", "\u{0}", "\u{a0}", "＝", "é", "🛶", "a", "B", "1", "=cmd",
            "id", "''",
        ];
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..max_chars).prop_map(|all| all.concat())
    }

    fn hostile_task() -> impl Strategy<Value = ImportTask> {
        let some_line = || hostile_text(5).prop_map(|text| line(&text, MAX_OWNER_BYTES).ok());
        let title = hostile_text(8).prop_filter("a title is not empty", |title| line(title, MAX_TITLE_BYTES).is_ok());
        let label = hostile_text(4).prop_filter("nor a label", |label| line(label, MAX_LABEL_BYTES).is_ok());
        let status = proptest::sample::select(vec![
            Status::Suggested,
            Status::Open,
            Status::Doing,
            Status::Review,
            Status::Done,
            Status::Dropped,
        ]);
        let due = proptest::option::of((1970u32..2100, 1u32..13, 1u32..29));
        let texts = (title, hostile_text(12), some_line(), some_line());
        (texts, status, due, 0u8..5, proptest::collection::vec(label, 0..4)).prop_map(
            |((title, body, owner, started), status, due, priority, labels)| ImportTask {
                parent: None,
                title,
                body,
                status: Some(status),
                owner,
                started: started.filter(|day| day.len() <= 32),
                finished: None,
                due: due.map(|(year, month, day)| format!("{year}-{month:02}-{day:02}")),
                priority,
                labels,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn whatever_is_written_comes_back(
            mut tasks in proptest::collection::vec(hostile_task(), 1..10),
            parents in proptest::collection::vec(any::<proptest::sample::Index>(), 10),
        ) {
            for at in 1..tasks.len() {
                // As far as itself: then it stands at the top.
                tasks[at].parent = Some(parents[at].index(at + 1)).filter(|parent| *parent < at);
            }
            // Reading order is what a file is in.
            let (rows, text) = written(&tasks);
            let list = import::read(&text, None);
            prop_assert_eq!(&list.problems, &[]);
            let (again, again_text) = written(&list.planned());
            prop_assert_eq!(again, rows);
            prop_assert_eq!(again_text, text);
        }
    }

    #[test]
    fn every_list_is_called_one() {
        for (path, is) in [
            ("/a/list.csv", "/a/list.csv"),
            ("/a/LIST.CSV", "/a/LIST.CSV"),
            ("/a/list", "/a/list.csv"),
            ("/a/.bash_aliases", "/a/.bash_aliases.csv"),
            ("/a/.csv", "/a/.csv.csv"),
            ("/a/list.csv.desktop", "/a/list.csv.desktop.csv"),
            ("list", "list.csv"),
        ] {
            assert_eq!(named(path), Ok(is.into()));
        }
        for path in ["", "/", "/a/", "/a/..", ".."] {
            assert_eq!(named(path), Err(Trouble::NoSuchFolder), "{path}");
        }
    }

    #[test]
    fn the_folder_proposed() {
        let data = Path::new("/home/maya/data");
        let named = |folders: &[&str]| proposed(folders.iter().map(PathBuf::from), data);
        assert_eq!(named(&["/downloads", "/home/maya"]), Path::new("/downloads"));
        assert_eq!(named(&["$HOME/Downloads", "/home/maya"]), Path::new("/home/maya"));
        assert_eq!(named(&[""]), Path::new("/home/maya"));
        assert_eq!(named(&[]), Path::new("/home/maya"));
    }
}
