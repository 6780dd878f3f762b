//! A task list of any length that is the same every time: for what is to work at size (docs/benchmarks.md).
//!
//! It looks like what people export: work packages with steps below them, numbers of their own, owners, days, labels; and here and
//! there a cell that a spreadsheet would calculate, with quotes, or with several lines.

use std::fmt::Write;

/// Tasks that a window must take at once.
pub const AT_SIZE: usize = 3_127;
/// A file that is taken instead of the list made here.
pub const FILE_VARIABLE: &str = "PURSUANCE_TASKS_CSV";

const LABELS: usize = 40;
const OWNERS: usize = 17;
/// Levels below the top.
const MAX_DEPTH: usize = 5;

const VERBS: [&str; 12] = [
    "Survey",
    "Photograph",
    "Translate",
    "Check",
    "Write down",
    "Call about",
    "Order",
    "Repair",
    "Read through",
    "Map",
    "Publish",
    "File",
];
const THINGS: [&str; 14] = [
    "the east quay",
    "the permits of 2017",
    "the tide tables",
    "the minutes, part two",
    "the crane's log",
    "Łódź's answer",
    "the customs forms",
    "the \"temporary\" fence",
    "the ferry's timetable",
    "the old signal mast",
    "the oil barrier",
    "the fishermen's list",
    "the lock keeper's notes",
    "the night shift's plan",
];
const FORMULAS: [&str; 6] =
    ["=SUM(A1:A9)", "+49 call back", "-1 on this", "@home", "'quoted' once", " =1+1 with a blank"];
const TOPICS: [&str; 8] = ["quay", "permits", "press", "legal", "boats", "food", "night", "archive"];

/// The list that a test at size takes: of [`AT_SIZE`] tasks, or the file that [`FILE_VARIABLE`] names.
///
/// # Panics
/// If that file cannot be read.
#[must_use]
pub fn at_size() -> String {
    match std::env::var_os(FILE_VARIABLE) {
        Some(path) => std::fs::read_to_string(path).expect("the named list is a file with text"),
        None => tasks(AT_SIZE),
    }
}

/// A list of so many tasks, with a header line; the same for the same number.
#[must_use]
pub fn tasks(count: usize) -> String {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut csv = String::from("id,title,status,priority,owner,started,finished,due,labels,parent,notes\n");
    // The newest task of each level.
    let mut above: Vec<usize> = Vec::new();
    for id in 1..=count {
        let depth = chance.below(MAX_DEPTH + 1).min(above.len());
        above.truncate(depth);
        let parent = above.last().map(ToString::to_string).unwrap_or_default();
        above.push(id);
        let title = match chance.below(50) {
            0 => (*chance.of(&FORMULAS)).to_owned(),
            1 => format!("{} {}\nand what comes after", chance.of(&VERBS), chance.of(&THINGS)),
            _ => format!("{} {}, {id}", chance.of(&VERBS), chance.of(&THINGS)),
        };
        let status = *chance.of(&[
            "open",
            "open",
            "open",
            "doing",
            "review",
            "done",
            "done",
            "Done",
            "dropped",
            "suggested",
            "",
        ]);
        let priority = *chance.of(&["", "", "", "urgent", "high", "normal", "low", "H", "3"]);
        let owner = if chance.below(3) == 0 { String::new() } else { format!("w{:02}", chance.below(OWNERS)) };
        let started = if status.is_empty() { String::new() } else { chance.day() };
        let finished = if status.eq_ignore_ascii_case("done") { chance.day() } else { String::new() };
        let due = if chance.below(4) == 0 { chance.day() } else { String::new() };
        let labels: Vec<String> = (0..chance.below(4)).map(|_| label(chance.below(LABELS))).collect();
        let notes = match chance.below(10) {
            0 => "Two lines:\n- one\n- two",
            1 => "=cmd|' /C calc'!A1",
            _ => "",
        };
        let cells = [&title, status, priority, &owner, &started, &finished, &due, &labels.join(";"), &parent, notes];
        write!(csv, "{id}").expect("memory takes it");
        for cell in cells {
            if cell.contains([',', '"', '\n']) {
                write!(csv, ",\"{}\"", cell.replace('"', "\"\"")).expect("memory takes it");
            } else {
                write!(csv, ",{cell}").expect("memory takes it");
            }
        }
        csv.push('\n');
    }
    csv
}

fn label(number: usize) -> String {
    format!("{} {}", TOPICS[number % TOPICS.len()], number / TOPICS.len() + 1)
}

/// Numbers that look random and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 33) % end as u64).expect("less than a usize")
    }

    fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    fn day(&mut self) -> String {
        format!("{}-{:02}-{:02}", 2017 + self.below(12), 1 + self.below(12), 1 + self.below(28))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use std::path::Path;

    use pursuance_core::id::PursuanceId;
    use pursuance_core::templates::Template;
    use pursuance_node::api::{ExportFormat, Reply, Request};
    use pursuance_node::{Clock, Node, NodeConfig, Pace, TorChoice, import};

    use super::*;

    #[test]
    fn the_list_is_what_it_says() {
        let text = tasks(AT_SIZE);
        assert_eq!(text, tasks(AT_SIZE));
        let list = import::read("", &text, None);
        assert_eq!((list.tasks.len(), list.problems.len()), (AT_SIZE, 0));
        let above = |at: usize| std::iter::successors(list.tasks[at].parent, |step| list.tasks[*step].parent).count();
        assert_eq!((0..list.tasks.len()).map(above).max(), Some(MAX_DEPTH));
        let labels: BTreeSet<&String> = list.tasks.iter().flat_map(|task| &task.labels).collect();
        let owners: BTreeSet<&String> = list.tasks.iter().filter_map(|task| task.owner.as_ref()).collect();
        assert_eq!((labels.len(), owners.len()), (LABELS, OWNERS));
        assert!(list.tasks.iter().any(|task| task.title.starts_with('=')) && text.contains("\"\"temporary\"\""));
        assert!(list.tasks.iter().filter(|task| task.due.is_some()).count() > AT_SIZE / 5);
    }

    /// Through a whole node, out into a file, and back in: the second file is the first.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn it_goes_round_through_a_node() {
        let text = at_size();
        let tasks = u32::try_from(import::read("", &text, None).tasks.len()).unwrap();
        let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let config = NodeConfig {
            data_dir: data.path().into(),
            loopback: Vec::new(),
            tor: TorChoice::Off,
            clock: Clock::System,
        };
        let node = Node::start_with(config, Pace::hurried()).unwrap();
        node.request(Request::CreateVault { passphrase: "a long enough passphrase".into() }).await.unwrap();
        let mut csv = text;
        let mut written: Vec<String> = Vec::new();
        for name in ["first.csv", "second.csv"] {
            let pursuance = found(&node, name).await;
            let imported =
                node.request(Request::Import { pursuance, file: name.into(), text: csv, fields: None }).await;
            assert_eq!(imported, Ok(Reply::Imported { tasks }));
            let path = out.path().join(name);
            export(&node, pursuance, &path).await;
            csv = std::fs::read_to_string(&path).unwrap();
            written.push(csv.clone());
        }
        assert!(written[0] == written[1], "see the two files");
        node.stop().await;
    }

    async fn found(node: &Node, name: &str) -> PursuanceId {
        let (mission, my_name) = (String::new(), "Maya".to_owned());
        match node
            .request(Request::StartPursuance {
                name: name.into(),
                mission,
                my_name,
                relay: None,
                template: Template::Plain,
            })
            .await
        {
            Ok(Reply::Pursuance { pursuance }) => pursuance,
            other => panic!("{other:?}"),
        }
    }

    async fn export(node: &Node, pursuance: PursuanceId, path: &Path) {
        let path = path.display().to_string();
        node.request(Request::Export { pursuance, format: ExportFormat::Csv, path }).await.unwrap();
    }
}
