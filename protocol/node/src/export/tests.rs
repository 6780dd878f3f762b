//! What is written, read and written again is the same.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use pursuance_core::crypto::Seed;
use pursuance_core::day::Day;
use pursuance_core::detail::{Detail, Kind, Relation, Repeat, Unit};
use pursuance_core::founding::{Founding, found_with};
use pursuance_core::importing::ImportTask;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::limits::{
    MAX_CHECK_BYTES, MAX_COMMENT_BYTES, MAX_LABEL_BYTES, MAX_LABELS, MAX_ORIGIN_NAME_BYTES, MAX_OWNER_BYTES,
    MAX_SKILL_BYTES, MAX_TITLE_BYTES,
};
use pursuance_core::origin::{Mention, Origin, Quote};
use pursuance_core::plan::{Circumstances, line, text};
use pursuance_core::replica::Replica;
use pursuance_core::task::Status;
use pursuance_core::templates::Template;

use super::*;
use crate::import;

const NOW_SECONDS: u64 = 1_798_675_200;

/// A pursuance of Maya's with these tasks and nothing else.
fn state(tasks: &[ImportTask]) -> Replica {
    let device = DeviceKeys::from_seed([7; 32]);
    let mut seed = Seed::new([8; 32]);
    let founding = Founding { name: "n".into(), mission: String::new(), my_name: "Maya".into(), relays: vec![] };
    // Who founds such a group may do all that an import says.
    let table = Template::AffinityGroup.table();
    let founded = found_with(&founding, table, &device, NOW_SECONDS, &mut seed).unwrap();
    let mut replica = Replica::new(founded.pursuance, device);
    for entry in founded.entries {
        replica.append(entry);
    }
    let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
    for entry in replica.import(tasks, &mut with).unwrap().entries {
        replica.append(entry);
    }
    assert_eq!(replica.tasks().refused().len(), 0, "{:?}", replica.tasks().refused());
    replica
}

/// All that its tasks say.
fn listed(replica: &Replica) -> Vec<ImportTask> {
    replica.listed(|task| replica.tasks().task(task).map(|task| task.comments.clone()).unwrap_or_default()).tasks
}

fn read(text: &str) -> Vec<ImportTask> {
    let list = import::read("harbour.list", text, None);
    assert_eq!(list.problems, [], "{text}");
    list.tasks
}

/// Written as a table, read into another pursuance, and written again: every byte is the same.
fn goes_round_as_csv(tasks: &[ImportTask]) -> (Vec<ImportTask>, String) {
    let first = listed(&state(tasks));
    let text = String::from_utf8(csv(&first)).unwrap();
    let second = listed(&state(&read(&text)));
    assert_eq!(String::from_utf8(csv(&second)).unwrap(), text);
    assert_eq!(first.len(), tasks.len());
    (first, text)
}

/// What is listed of tasks that were imported: what was said of them as an import takes it, and where nobody is said to have made
/// them, who made them here.
fn imported(tasks: &[ImportTask]) -> Vec<ImportTask> {
    let mut tasks = tasks.to_vec();
    let one = |said: &String| line(said, MAX_TITLE_BYTES).unwrap();
    for task in &mut tasks {
        (task.title, task.body) = (one(&task.title), text(&task.body, usize::MAX).unwrap());
        for said in [&mut task.owner, &mut task.started, &mut task.finished] {
            *said = said.as_ref().map(one);
        }
        task.labels = task.labels.iter().map(one).collect();
        task.labels.sort();
        let Origin { source, id, by, created, .. } = &mut task.origin;
        [source, id, by, created].into_iter().filter(|said| !said.is_empty()).for_each(|said| *said = one(said));
        if task.origin.by.is_empty() && task.origin.created.is_empty() {
            (task.origin.by, task.origin.created) = ("Maya".into(), Day::written_moment(NOW_SECONDS));
        }
        task.status.get_or_insert(Status::Open);
        task.details.sort_by_key(Detail::number);
    }
    tasks
}

/// The same as JSON; and nothing of what a task says is lost.
fn goes_round_as_json(tasks: &[ImportTask]) -> String {
    let first = listed(&state(tasks));
    assert_eq!(first, imported(tasks), "lost before it was written");
    let text = String::from_utf8(ours::write(&first)).unwrap();
    let again = read(&text);
    let without_file = |tasks: &[ImportTask]| -> Vec<ImportTask> {
        let mut tasks = tasks.to_vec();
        tasks.iter_mut().for_each(|task| task.origin.file.clear());
        tasks
    };
    assert_eq!(without_file(&again), without_file(&first));
    let second = listed(&state(&again));
    assert_eq!(without_file(&second), without_file(&first));
    assert_eq!(String::from_utf8(ours::write(&second)).unwrap(), text);
    text
}

fn titled(title: &str) -> ImportTask {
    ImportTask { title: title.into(), ..ImportTask::default() }
}

fn mention(part: Part, name: &str) -> Mention {
    Mention { part, name: name.into() }
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
            origin: Origin {
                people: vec![mention(Part::Took, "=Ana"), mention(Part::Took, "Ben; Zoe"), mention(Part::Asked, "Kim")],
                ..Origin::default()
            },
            ..titled("=HYPERLINK(\"http://x\")")
        },
        ImportTask { parent: Some(0), status: Some(Status::Suggested), ..titled("Below, \u{feff}and plain") },
    ];
    let (_, text) = goes_round_as_csv(&tasks);
    assert_eq!(
        text,
        "\u{feff}id,parent,title,body,status,priority,due,labels,owner,started,finished,claimed by,asked,created,created by\r\n\
         1,,\"'=HYPERLINK(\"\"http://x\"\")\",\"Two\nlines\",done,high,2026-12-31,a\\;b;db,'-w01,2017-05-28,week 23,'=Ana;Ben\\; Zoe,Kim,2026-12-31,Maya\r\n\
         2,1,\"Below, \u{feff}and plain\",,suggested,,,,,,,,,2026-12-31,Maya\r\n"
    );
}

#[test]
fn every_column_is_understood() {
    let list = import::read("", &String::from_utf8(csv(&[])).unwrap(), None);
    assert!(list.columns.iter().all(|column| column.field.is_some()));
}

/// A cell that a spreadsheet would calculate is never written, and every such text comes back.
#[test]
fn no_cell_is_a_formula() {
    let starts = ["=", "+", "-", "@", "\t=", "\r=", "|", "%", " =", "＝", "'=", "''"];
    let formulas = starts.map(|start| format!("{start}cmd|' /C calc'!A0"));
    let tasks: Vec<ImportTask> = { formulas.iter() }
        .map(|formula| ImportTask {
            body: format!("{formula}\nmore"),
            owner: Some(formula.clone()),
            started: Some(formula.clone()),
            labels: vec![formula.clone()],
            origin: Origin { people: vec![mention(Part::Took, formula.trim())], ..Origin::default() },
            ..titled(formula)
        })
        .collect();
    let (_, text) = goes_round_as_csv(&tasks);
    goes_round_as_json(&tasks);
    let mut reader = ::csv::Reader::from_reader(text.trim_start_matches(BYTE_ORDER_MARK).as_bytes());
    let mut cells = 0;
    for record in reader.records() {
        for cell in record.unwrap().iter().filter(|cell| cell.contains("calc")) {
            cells += 1;
            assert!(cell.starts_with('\''), "{cell:?}");
        }
    }
    assert_eq!(cells, 6 * formulas.len());
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
        checks: (0..500).map(|n| (format!("{n:03}{}", "c".repeat(MAX_CHECK_BYTES - 3)), n % 2 == 0)).collect(),
        quotes: (0..40)
            .map(|n| Quote { by: format!("{n}"), claimed_seconds: n, text: "q".repeat(MAX_COMMENT_BYTES) })
            .collect(),
        ..titled(&"'".repeat(MAX_TITLE_BYTES))
    });
    let (rows, _) = goes_round_as_csv(&tasks);
    assert_eq!(rows[81].title.len() + rows[65].title.len(), MAX_TITLE_BYTES + 8);
    goes_round_as_json(&tasks);
}

#[test]
fn a_list_as_json() {
    let tasks = [
        ImportTask {
            relations: vec![(Relation::WaitsFor, 1)],
            origin: Origin {
                by: "Ana".into(),
                created: "2017-05-28T10:00:00Z".into(),
                source: "Trello: Quay".into(),
                id: "aB3".into(),
                people: vec![mention(Part::Asked, "Ana"), mention(Part::FoundNotYet, "Ben")],
                ..Origin::default()
            },
            quotes: vec![Quote { by: "Ana".into(), claimed_seconds: 1_495_965_600, text: "Two\nlines".into() }],
            ..titled("First")
        },
        ImportTask {
            instance_of: Some((0, Day::parse("2026-12-31").unwrap())),
            details: vec![Detail::Effort(90), Detail::Repeat(Some(Repeat { every: 2, unit: Unit::Weeks }))],
            checks: vec![("Ask".into(), true)],
            origin: Origin { by: "Maya".into(), ..Origin::default() },
            ..titled("Second")
        },
    ];
    assert_eq!(
        goes_round_as_json(&tasks),
        "{\"format\":\"pursuance tasks\",\"version\":1,\"tasks\":[\n\
         {\"id\":1,\"title\":\"First\",\"status\":\"open\",\"relations\":[{\"kind\":\"waitsFor\",\"task\":2}],\
         \"created\":{\"by\":\"Ana\",\"at\":\"2017-05-28T10:00:00Z\"},\"from\":{\"source\":\"Trello: Quay\",\"id\":\"aB3\"},\
         \"asked\":[\"Ana\"],\"foundNotYet\":[\"Ben\"],\"comments\":[{\"by\":\"Ana\",\"at\":\"2017-05-28T10:00:00Z\",\"text\":\"Two\\nlines\"}]},\n\
         {\"id\":2,\"title\":\"Second\",\"status\":\"open\",\"effortMinutes\":90,\"repeat\":{\"every\":2,\"unit\":\"weeks\"},\
         \"repeats\":{\"task\":1,\"since\":\"2026-12-31\"},\"checklist\":[{\"text\":\"Ask\",\"done\":true}],\"created\":{\"by\":\"Maya\"}}\n]}\n"
    );
}

/// Characters that mean something to CSV, to JSON, to spreadsheets, to the log, or to nobody.
fn hostile_text(max_pieces: usize) -> impl Strategy<Value = String> {
    let pieces = [
        "\"", "'", ",", ";", "\t", "\n", "\r\n", "\r", "=", "+", "-", "@", "|", "%", "\\", " ", "\u{feff}", "\u{200b}",
        "\u{202e}", "\u{2028}", "\u{85}", "\u{0}", "\u{a0}", "＝", "é", "🛶", "a", "B", "1", "=cmd", "id", "''", "{",
        "]", "\\u0000", "Maya",
    ];
    proptest::collection::vec(select(pieces.to_vec()), 0..max_pieces).prop_map(|all| all.concat())
}

fn some_line(max_bytes: usize) -> impl Strategy<Value = Option<String>> {
    hostile_text(5).prop_map(move |text| line(&text, max_bytes).ok())
}

fn lines(max_bytes: usize) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(some_line(max_bytes), 0..4).prop_map(|lines| {
        let mut lines: Vec<String> = lines.into_iter().flatten().collect();
        lines.sort();
        lines.dedup();
        lines
    })
}

fn day() -> impl Strategy<Value = Option<Day>> {
    let day =
        (1970u32..2100, 1u32..13, 1u32..29).prop_map(|(y, m, d)| Day::parse(&format!("{y}-{m:02}-{d:02}")).unwrap());
    proptest::option::of(day)
}

fn details() -> impl Strategy<Value = Vec<Detail>> {
    let kinds = [Kind::Task, Kind::Intake, Kind::Redaction, Kind::Release, Kind::Event, Kind::Decision];
    let units = [Unit::Days, Unit::Weeks, Unit::Months, Unit::Years];
    let repeat =
        proptest::option::of((1u16..401, select(units.to_vec())).prop_map(|(every, unit)| Repeat { every, unit }));
    let said =
        (hostile_text(8), (day(), day(), day()), 0u32..527_041, any::<bool>(), 1u8.., select(kinds.to_vec()), repeat);
    said.prop_map(|(why, (start, not_before, keep_until), effort, help, places, kind, repeat)| {
        let all = [
            Detail::Why(text(&why, 4_096).unwrap()),
            Detail::Start(start),
            Detail::NotBefore(not_before),
            Detail::KeepUntil(keep_until),
            Detail::Effort(effort),
            Detail::HelpWanted(help),
            Detail::Places(places),
            Detail::Kind(kind),
            Detail::Repeat(repeat),
        ];
        all.into_iter().filter(|detail| *detail != detail.unsaid()).collect()
    })
}

fn origin() -> impl Strategy<Value = Origin> {
    let parts = [Part::Took, Part::Asked, Part::Reviewer, Part::AskedRole, Part::FoundGood, Part::FoundNotYet];
    let mention = (select(parts.to_vec()), some_line(MAX_ORIGIN_NAME_BYTES))
        .prop_map(|(part, name)| name.map(|name| Mention { part, name }));
    let texts = (some_line(200), some_line(200), some_line(120), some_line(32));
    (texts, proptest::collection::vec(mention, 0..6)).prop_map(|((source, id, by, created), people)| {
        let mut people: Vec<Mention> = people.into_iter().flatten().collect();
        people.sort();
        people.dedup();
        let [source, id, by, created] = [source, id, by, created].map(Option::unwrap_or_default);
        Origin { file: String::new(), source, id, by, created: created.chars().take(9).collect(), people }
    })
}

fn task() -> impl Strategy<Value = ImportTask> {
    let title = hostile_text(8).prop_filter_map("a title is not empty", |title| line(&title, MAX_TITLE_BYTES).ok());
    let statuses = [Status::Suggested, Status::Open, Status::Doing, Status::Review, Status::Done, Status::Dropped];
    let quote =
        (some_line(120), 0u64..4_000_000_000, hostile_text(9)).prop_filter_map("not empty", |(by, at, said)| {
            let text = text(&said, MAX_COMMENT_BYTES).ok().filter(|text| !text.is_empty())?;
            Some(Quote { by: by.unwrap_or_default(), claimed_seconds: at, text })
        });
    let check = (some_line(MAX_CHECK_BYTES), any::<bool>()).prop_map(|(text, done)| text.map(|text| (text, done)));
    let texts = (title, hostile_text(12), some_line(MAX_OWNER_BYTES), some_line(32), some_line(32));
    let sets = (lines(MAX_LABEL_BYTES), lines(MAX_SKILL_BYTES), proptest::collection::vec(check, 0..70));
    let rest = (select(statuses.to_vec()), day(), 0u8..5, any::<bool>());
    (texts, sets, rest, details(), origin(), proptest::collection::vec(quote, 0..5)).prop_map(
        |(
            (title, body, owner, started, finished),
            (labels, skills, checks),
            (status, due, priority, filed),
            details,
            origin,
            quotes,
        )| {
            ImportTask {
                title,
                body: text(&body, 1_000).unwrap(),
                status: Some(status),
                owner,
                started: started.filter(|day| day.len() <= 32),
                finished: finished.filter(|day| day.len() <= 32),
                due: due.map(|day| day.to_string()),
                priority,
                labels,
                filed,
                details,
                skills,
                checks: checks.into_iter().flatten().collect(),
                origin,
                quotes,
                ..ImportTask::default()
            }
        },
    )
}

fn tasks() -> impl Strategy<Value = Vec<ImportTask>> {
    let relation = select(vec![
        Relation::WaitsFor,
        Relation::Related,
        Relation::Duplicates,
        Relation::Follows,
        Relation::EvidenceFor,
    ]);
    let ties = (
        any::<Index>(),
        proptest::option::of((any::<Index>(), day())),
        proptest::collection::vec((relation, any::<Index>()), 0..3),
    );
    proptest::collection::vec((task(), ties, any::<bool>()), 1..9).prop_map(|drawn| {
        let of = drawn.len();
        let mut tasks: Vec<ImportTask> = Vec::new();
        for (at, (task, (parent, instance, relations), turned)) in drawn.into_iter().enumerate() {
            // As far as itself: then it stands at the top. Some stand below a later one.
            let parent = if turned { at + parent.index(of - at) } else { parent.index(at + 1) };
            let mut relations: Vec<_> = { relations.into_iter() }
                .map(|(kind, other)| (kind, other.index(of)))
                .filter(|(_, other)| *other != at)
                .collect();
            relations.sort_unstable();
            relations.dedup();
            let instance = instance.filter(|_| at > 0).and_then(|(other, since)| Some((other.index(at), since?)));
            tasks.push(ImportTask {
                parent: Some(parent).filter(|parent| *parent != at),
                relations,
                instance_of: instance,
                ..task
            });
        }
        // No circles.
        for at in 0..of {
            let above = std::iter::successors(tasks[at].parent, |step| tasks[*step].parent);
            if above.take(of + 1).any(|step| step == at) {
                tasks[at].parent = None;
            }
        }
        tasks
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_written_comes_back(tasks in tasks()) {
        goes_round_as_csv(&tasks);
        goes_round_as_json(&tasks);
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
        assert_eq!(named(path, "csv"), Ok(is.into()));
    }
    assert_eq!(named("/a/list.csv", ending(ExportFormat::Json)), Ok("/a/list.csv.json".into()));
    assert_eq!(named("/a/list.desktop", ending(ExportFormat::ICalendar)), Ok("/a/list.desktop.ics".into()));
    for path in ["", "/", "/a/", "/a/..", ".."] {
        assert_eq!(named(path, "csv"), Err(Trouble::NoSuchFolder), "{path}");
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

/// Hostile and broken lists of ours: each is refused with its reason, or harmless.
#[test]
fn what_is_wrong_with_a_list_is_named() {
    use crate::api::ImportReason;

    let problem = |text: &str| {
        let list = import::read("list.json", text, None);
        let problem = list.problems.first().unwrap_or_else(|| panic!("nothing is wrong with {text}"));
        assert!(list.tasks.is_empty(), "{text}");
        (problem.line, problem.task, problem.reason)
    };
    let list = |tasks: &str| format!("{{\"format\":\"pursuance tasks\",\"version\":1,\"tasks\":[{tasks}]}}");
    let one = |more: &str| list(&format!("{{\"id\":1,\"title\":\"a\"{more}}}"));
    let (wrong, task) = (ImportReason::WrongValue, |reason| (0, Some(1), reason));
    assert_eq!(problem("{"), (1, None, ImportReason::NotJson));
    assert_eq!(
        problem("{\"format\":\"pursuance tasks\",\n\"version\":1,\n\"tasks\":[{]}"),
        (3, None, ImportReason::NotJson)
    );
    assert_eq!(problem("{\"title\":\"a\"}"), (1, None, ImportReason::UnknownFile));
    assert_eq!(problem("{\"format\":\"other\",\"version\":1,\"tasks\":[]}"), (1, None, ImportReason::UnknownFile));
    assert_eq!(problem("{\"format\":\"pursuance tasks\",\"version\":2}"), (1, None, ImportReason::NewerFile));
    assert_eq!(problem("{\"format\":\"pursuance tasks\",\"version\":1}"), (1, None, wrong));
    for unknown in
        [",\"colour\":\"red\"", ",\"title\":\"b\"", ",\"status\":\"later\"", ",\"places\":256", ",\"labels\":\"x\""]
    {
        assert_eq!(problem(&one(unknown)), (1, None, wrong), "{unknown}");
    }
    for (more, reason) in [
        (",\"places\":0", wrong),
        (",\"effortMinutes\":527041", wrong),
        (",\"repeat\":{\"every\":401,\"unit\":\"days\"}", wrong),
        (",\"due\":\"2026-02-30\"", ImportReason::NotADay),
        (",\"comments\":[{\"at\":\"yesterday\",\"text\":\"x\"}]", ImportReason::NotADay),
        (",\"priority\":\"soon\"", ImportReason::NotAPriority),
        (",\"parent\":9", ImportReason::UnknownParent),
        (",\"parent\":1", ImportReason::Cycle),
        (",\"relations\":[{\"kind\":\"related\",\"task\":9}]", ImportReason::UnknownTask),
        (",\"relations\":[{\"kind\":\"related\",\"task\":1}]", ImportReason::UnknownTask),
        (",\"repeats\":{\"task\":1,\"since\":\"2026-12-31\"}", ImportReason::UnknownTask),
    ] {
        assert_eq!(problem(&one(more)), task(reason), "{more}");
    }
    let long = "x".repeat(200_000);
    for field in ["title", "body", "why", "owner", "started"] {
        let text = list(&format!("{{\"id\":1,\"title\":\"a\",\"{field}\":\"{long}\"}}").replacen(
            "\"title\":\"a\",\"title\"",
            "\"title\"",
            1,
        ));
        assert_eq!(problem(&text), task(ImportReason::TooLong), "{field}");
    }
    let many = |of: &str, times: usize| vec![of; times].join(",");
    for field in ["labels", "skills", "asked", "takenBy"] {
        let text = one(&format!(",\"{field}\":[{}]", many("\"x\"", 1_001)));
        assert_eq!(problem(&text), task(ImportReason::TooLong), "{field}");
    }
    assert_eq!(problem(&list("{\"id\":1,\"title\":\"\u{202e}\\u0007 \"}")), task(ImportReason::NoTitle));
    assert_eq!(
        problem(&list("{\"id\":1,\"title\":\"a\"},{\"id\":1,\"title\":\"b\"}")),
        (0, Some(2), ImportReason::DuplicateId)
    );
    let circle = "{\"id\":1,\"title\":\"a\",\"parent\":2},{\"id\":2,\"title\":\"b\",\"parent\":1}";
    assert_eq!(problem(&list(circle)), task(ImportReason::Cycle));
    let crowd: Vec<String> = (0..=5_000).map(|id| format!("{{\"id\":{id},\"title\":\"a\"}}")).collect();
    assert_eq!(problem(&list(&crowd.join(","))), (0, Some(5_001), ImportReason::TooMany));
    assert_eq!(
        problem(&format!("{{\"a\":\"{}\"}}", "x".repeat(import::MAX_IMPORT_JSON_BYTES))).2,
        ImportReason::TooMany
    );
    assert_eq!(problem(&format!("{{\"a\":{}", "[".repeat(1_000_000))).2, ImportReason::NotJson);

    // What turns the line, or is no character to be seen, is taken out; a formula stays the text that it is.
    let tasks = read(&list(
        "{\"id\":1,\"title\":\"=1+1\u{202e}\\u0000\\u001b[31m\",\"comments\":[{\"by\":\"\\u202eAna\",\"text\":\"a\\u0008b\"}]}",
    ));
    assert_eq!((tasks[0].title.as_str(), tasks[0].origin.file.as_str()), ("=1+1[31m", "harbour.list"));
    assert_eq!((tasks[0].quotes[0].by.as_str(), tasks[0].quotes[0].text.as_str()), ("Ana", "ab"));
}
