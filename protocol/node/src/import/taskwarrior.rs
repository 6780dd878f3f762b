//! What Taskwarrior's `task export` writes: a list of tasks, or one after the other (docs/protocol/08-node.md, section 8).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use pursuance_core::day::Day;
use pursuance_core::detail::{Detail, Relation, Repeat, Unit};
use pursuance_core::importing::ImportTask;
use pursuance_core::limits::{
    MAX_COMMENT_BYTES, MAX_IMPORT_PARTS, MAX_LABEL_BYTES, MAX_ORIGIN_BYTES, MAX_REPEAT_EVERY, MAX_TITLE_BYTES,
};
use pursuance_core::origin::{Origin, Quote};
use pursuance_core::task::Status;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::api::{ImportFormat, ImportReason, LeftOutKind};
use crate::import::few::Few;
use crate::import::{Gathered, ImportList, MAX_IMPORT_TASKS, left_out, not_json, one_line, only_problem, some_text};

/// What the tasks are said to come from.
const SOURCE: &str = "Taskwarrior";

/// Tasks that are looked at: patterns of tasks that repeat are among them.
const MAX_TASKS: usize = 2 * MAX_IMPORT_TASKS;

/// What says nothing of a task that is not said otherwise.
const DERIVED: [&str; 8] = ["id", "modified", "urgency", "mask", "imask", "rtype", "last", "template"];

/// One task as it is written. Whatever else it has is counted: everybody can give one's tasks fields of their own.
#[derive(Default)]
struct FileTask {
    uuid: String,
    description: String,
    status: String,
    entry: String,
    start: String,
    end: String,
    due: String,
    scheduled: String,
    wait: String,
    until: String,
    project: String,
    priority: String,
    recur: String,
    parent: String,
    tags: Few<String, MAX_IMPORT_PARTS>,
    depends: Vec<String>,
    depends_more: bool,
    annotations: Few<Annotation, MAX_IMPORT_PARTS>,
    own_fields: usize,
}

#[derive(Deserialize)]
struct Annotation {
    #[serde(default)]
    entry: String,
    #[serde(default)]
    description: String,
}

/// Other tasks: a list, or in older versions names with commas between them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Depends {
    Line(String),
    List(Few<String, MAX_IMPORT_PARTS>),
}

impl<'de> Deserialize<'de> for FileTask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = FileTask;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a task")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FileTask, A::Error> {
                let mut task = FileTask::default();
                while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                    let text = match &*key {
                        "uuid" => &mut task.uuid,
                        "description" => &mut task.description,
                        "status" => &mut task.status,
                        "entry" => &mut task.entry,
                        "start" => &mut task.start,
                        "end" => &mut task.end,
                        "due" => &mut task.due,
                        "scheduled" => &mut task.scheduled,
                        "wait" => &mut task.wait,
                        "until" => &mut task.until,
                        "project" => &mut task.project,
                        "priority" => &mut task.priority,
                        "recur" => &mut task.recur,
                        "parent" => &mut task.parent,
                        "tags" => {
                            task.tags = map.next_value()?;
                            continue;
                        }
                        "annotations" => {
                            task.annotations = map.next_value()?;
                            continue;
                        }
                        "depends" => {
                            match map.next_value()? {
                                Depends::Line(line) => {
                                    task.depends_more = line.split(',').count() > MAX_IMPORT_PARTS;
                                    let names = line.split(',').take(MAX_IMPORT_PARTS).map(str::trim);
                                    task.depends = names.map(str::to_owned).collect();
                                }
                                Depends::List(list) => (task.depends, task.depends_more) = (list.all, list.more),
                            }
                            continue;
                        }
                        other => {
                            task.own_fields += usize::from(!DERIVED.contains(&other));
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if !text.is_empty() {
                        return Err(A::Error::custom("a field twice"));
                    }
                    *text = map.next_value()?;
                }
                Ok(task)
            }
        }
        deserializer.deserialize_map(Reads)
    }
}

/// Reads such a file; what is wrong is among the problems.
pub(super) fn read(text: &str) -> ImportList {
    let tasks = if text.trim_start().starts_with('[') {
        match serde_json::from_str::<Few<FileTask, MAX_TASKS>>(text) {
            Ok(Few { all, more: false }) => all,
            Ok(_) => return only_problem(ImportFormat::Taskwarrior, 1, ImportReason::TooMany),
            Err(error) => return not_json(ImportFormat::Taskwarrior, &error),
        }
    } else {
        let mut all = Vec::new();
        for (at, task) in serde_json::Deserializer::from_str(text).into_iter::<FileTask>().enumerate() {
            match task {
                Ok(_) if at == MAX_TASKS => {
                    return only_problem(ImportFormat::Taskwarrior, 1, ImportReason::TooMany);
                }
                Ok(task) => all.push(task),
                Err(error) => return not_json(ImportFormat::Taskwarrior, &error),
            }
        }
        all
    };
    gather(&tasks)
}

fn gather(all: &[FileTask]) -> ImportList {
    let mut gathered = Gathered::default();
    let mut tasks: Vec<&FileTask> = all.iter().filter(|task| task.status != "recurring").collect();
    if tasks.len() > MAX_IMPORT_TASKS {
        gathered.refuse(MAX_IMPORT_TASKS, ImportReason::TooMany);
        tasks.truncate(MAX_IMPORT_TASKS);
    }
    let mut places: HashMap<&str, usize> = HashMap::new();
    // Of the instances of one pattern, the last that is not done goes on.
    let mut goes_on: HashMap<&str, usize> = HashMap::new();
    for (at, task) in tasks.iter().enumerate() {
        if !task.uuid.is_empty() && places.insert(&task.uuid, at).is_some() {
            gathered.refuse(at, ImportReason::DuplicateId);
        }
        if !task.parent.is_empty() && !matches!(task.status.as_str(), "completed" | "deleted") {
            let last = goes_on.entry(&task.parent).or_insert(at);
            if tasks[*last].due < task.due {
                *last = at;
            }
        }
    }
    for (at, file) in tasks.iter().enumerate() {
        let repeats = goes_on.get(file.parent.as_str()) == Some(&at);
        gathered.take(task(at, file, repeats, &places));
    }
    let moments = |task: &&FileTask| [&task.due, &task.scheduled].into_iter().any(|text| has_hour(text));
    let not_there = |task: &&FileTask| task.depends.iter().filter(|id| !places.contains_key(id.as_str())).count();
    let left_out = left_out([
        (LeftOutKind::Patterns, all.iter().filter(|task| task.status == "recurring").count()),
        (LeftOutKind::Dates, tasks.iter().map(|task| usize::from(!task.until.is_empty())).sum()),
        (LeftOutKind::Relations, tasks.iter().map(not_there).sum()),
        (LeftOutKind::CustomFields, tasks.iter().map(|task| task.own_fields).sum()),
        (LeftOutKind::Hours, tasks.iter().filter(|task| moments(task)).count()),
    ]);
    gathered.finish(ImportFormat::Taskwarrior, left_out)
}

fn task(at: usize, file: &FileTask, repeats: bool, places: &HashMap<&str, usize>) -> Result<ImportTask, ImportReason> {
    if file.tags.more || file.depends_more || file.annotations.more {
        return Err(ImportReason::TooLong);
    }
    let mut labels = Vec::new();
    for label in file.tags.all.iter().chain([&file.project]) {
        labels.extend(one_line(label, MAX_LABEL_BYTES)?);
    }
    labels.sort();
    labels.dedup();
    let waits = file.depends.iter().filter_map(|id| places.get(id.as_str()).copied()).filter(|other| *other != at);
    let mut relations: Vec<_> = waits.map(|other| (Relation::WaitsFor, other)).collect();
    relations.sort_unstable();
    relations.dedup();
    let begins = if file.scheduled.is_empty() { &file.wait } else { &file.scheduled };
    let mut details: Vec<Detail> = day(begins)?.map(|day| Detail::Start(Some(day))).into_iter().collect();
    if repeats {
        details.extend(repeat(&file.recur).map(|repeat| Detail::Repeat(Some(repeat))));
    }
    let mut quotes = Vec::new();
    for Annotation { entry, description } in &file.annotations.all {
        let text = some_text(description, MAX_COMMENT_BYTES)?;
        if !text.is_empty() {
            quotes.push(Quote { by: String::new(), claimed_seconds: moment(entry).unwrap_or(0), text });
        }
    }
    let status = match file.status.as_str() {
        "pending" | "waiting" | "" if file.start.is_empty() => Status::Open,
        "pending" | "waiting" | "" => Status::Doing,
        "completed" => Status::Done,
        "deleted" => Status::Dropped,
        _ => return Err(ImportReason::UnknownStatus),
    };
    let written = |text: &str| day(text).map(|day| day.map(|day| day.to_string()));
    Ok(ImportTask {
        title: one_line(&file.description, MAX_TITLE_BYTES)?.ok_or(ImportReason::NoTitle)?,
        status: Some(status),
        started: written(&file.start)?,
        finished: written(&file.end)?,
        due: written(&file.due)?,
        priority: match file.priority.as_str() {
            "" => 0,
            "H" => 2,
            "M" => 3,
            "L" => 4,
            _ => return Err(ImportReason::NotAPriority),
        },
        labels,
        details,
        relations,
        origin: Origin {
            source: SOURCE.into(),
            id: one_line(&file.uuid, MAX_ORIGIN_BYTES)?.unwrap_or_default(),
            created: moment(&file.entry).map(Day::written_moment).unwrap_or_default(),
            ..Origin::default()
        },
        quotes,
        ..ImportTask::default()
    })
}

/// A moment as Taskwarrior writes it: `20260131T093000Z`, or as everybody else does.
fn moment(text: &str) -> Option<u64> {
    let (Some(day), Some(clock)) = (text.get(..8), text.get(8..)) else { return None };
    let spread = |digits: &str, at: [usize; 2], with: char| {
        let parts = [digits.get(..at[0])?, digits.get(at[0]..at[1])?, digits.get(at[1]..)?];
        Some(parts.join(&with.to_string()))
    };
    let clock = clock.strip_prefix('T').and_then(|clock| clock.strip_suffix('Z')).filter(|clock| clock.len() == 6);
    match clock {
        Some(clock) => Day::parse_moment(&format!("{}T{}Z", spread(day, [4, 6], '-')?, spread(clock, [2, 4], ':')?)),
        None => Day::parse_moment(text),
    }
}

/// The day of a moment, in UTC.
fn day(text: &str) -> Result<Option<Day>, ImportReason> {
    if text.is_empty() {
        return Ok(None);
    }
    moment(text).map(|seconds| Some(Day::of_seconds(seconds))).ok_or(ImportReason::NotADay)
}

fn has_hour(text: &str) -> bool {
    const SECONDS_OF_A_DAY: u64 = 86_400;
    moment(text).is_some_and(|seconds| seconds % SECONDS_OF_A_DAY != 0)
}

/// How often something repeats; `None` for what cannot be said in days, weeks, months or years.
fn repeat(recur: &str) -> Option<Repeat> {
    let digits = recur.len() - recur.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, word) = recur.split_at(digits);
    let number: u16 = if number.is_empty() { 1 } else { number.parse().ok()? };
    let (times, unit) = match word {
        "daily" | "day" | "days" | "d" => (1, Unit::Days),
        "weekly" | "week" | "weeks" | "wk" | "wks" | "w" => (1, Unit::Weeks),
        "biweekly" | "fortnight" => (2, Unit::Weeks),
        "monthly" | "month" | "months" | "mo" => (1, Unit::Months),
        "bimonthly" => (2, Unit::Months),
        "quarterly" | "quarter" | "quarters" | "q" => (3, Unit::Months),
        "semiannual" => (6, Unit::Months),
        "annual" | "yearly" | "year" | "years" | "yr" | "yrs" | "y" => (1, Unit::Years),
        "biannual" | "biyearly" => (2, Unit::Years),
        _ => return None,
    };
    let every = number.checked_mul(times).filter(|every| (1..=MAX_REPEAT_EVERY).contains(every))?;
    Some(Repeat { every, unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = include_str!("../../tests/fixtures/taskwarrior.json");

    fn read(text: &str) -> ImportList {
        crate::import::read("/home/maya/tasks.json", text, None)
    }

    #[test]
    fn an_export_becomes_tasks() {
        let list = read(EXPORT);
        assert_eq!((list.format, &list.problems[..]), (ImportFormat::Taskwarrior, &[][..]));
        let shown: Vec<_> = list.tasks.iter().map(|task| (task.title.as_str(), task.status, task.priority)).collect();
        let of = |status| Some(status);
        assert_eq!(
            shown,
            [
                ("Buy milk", of(Status::Open), 2),
                ("Book a van", of(Status::Doing), 0),
                ("Old idea", of(Status::Dropped), 4),
                ("Water the plants", of(Status::Done), 0),
                ("Water the plants", of(Status::Open), 0),
            ]
        );
        let van = &list.tasks[1];
        assert_eq!((van.started.as_deref(), van.due.as_deref()), (Some("2026-11-20"), Some("2026-12-31")));
        assert_eq!(van.labels, ["harbour.transport", "phone"]);
        assert_eq!(van.relations, [(Relation::WaitsFor, 0)]);
        let said: Vec<_> = van.quotes.iter().map(|quote| (quote.claimed_seconds, quote.text.as_str())).collect();
        assert_eq!(said, [(1_790_935_200, "Zoe has paid"), (1_790_938_800, "=cmd|' /C calc'!A0")]);
        assert_eq!(van.origin.source, SOURCE);
        assert_eq!((van.origin.file.as_str(), van.origin.created.as_str()), ("tasks.json", "2026-10-02T09:00:00Z"));
        assert_eq!(list.tasks[0].details, [Detail::Start(Some(Day::parse("2026-12-01").unwrap()))]);
        assert_eq!(list.tasks[3].details, []);
        let weekly = Repeat { every: 1, unit: Unit::Weeks };
        assert_eq!(list.tasks[4].details, [Detail::Repeat(Some(weekly))]);
        let left_out: Vec<_> = list.left_out.iter().map(|left| (left.what, left.count)).collect();
        assert_eq!(
            left_out,
            [
                (LeftOutKind::Patterns, 1),
                (LeftOutKind::Dates, 1),
                (LeftOutKind::Relations, 1),
                (LeftOutKind::CustomFields, 2),
                (LeftOutKind::Hours, 1)
            ]
        );
        // Older versions wrote one task after the other, and names with commas.
        let lines: Vec<_> = EXPORT.lines().filter(|line| line.starts_with('{')).collect();
        let older = lines.join("\n").replace("},\n", "}\n").replace("[\"11111111-", "\"11111111-");
        let older =
            older.replace("\",\"99999999-9999-4999-8999-999999999999\"]", ",99999999-9999-4999-8999-999999999999\"");
        let again = read(&older);
        assert_eq!((again.tasks, again.problems), (list.tasks, list.problems));
    }

    #[test]
    fn what_is_wrong_with_an_export_is_named() {
        let problem = |text: &str| {
            let problem = read(text).problems.into_iter().next().expect("one");
            (problem.line, problem.task, problem.reason)
        };
        let task = |more: &str| format!("[{{\"uuid\":\"a\",\"description\":\"x\"{more}}}]");
        assert_eq!(problem("[{}]"), (0, Some(1), ImportReason::NoTitle));
        assert_eq!(problem(&task(",\"status\":\"lost\"")), (0, Some(1), ImportReason::UnknownStatus));
        assert_eq!(problem(&task(",\"priority\":\"A\"")), (0, Some(1), ImportReason::NotAPriority));
        assert_eq!(problem(&task(",\"due\":\"20260230T000000Z\"")), (0, Some(1), ImportReason::NotADay));
        assert_eq!(problem(&task(",\"uuid\":\"b\"")), (1, None, ImportReason::WrongValue));
        assert_eq!(problem(&task("},{\"uuid\":\"a\",\"description\":\"y\"")), (0, Some(2), ImportReason::DuplicateId));
        assert_eq!(problem("[1]"), (1, None, ImportReason::WrongValue));
        assert_eq!(problem("["), (1, None, ImportReason::NotJson));
        let long = "x".repeat(200_000);
        let annotated = task(&format!(",\"annotations\":[{{\"description\":\"{long}\"}}]"));
        assert_eq!(problem(&annotated), (0, Some(1), ImportReason::TooLong));
        let many = vec!["{}"; MAX_TASKS + 1].join(",");
        assert_eq!(problem(&format!("[{many}]")), (1, None, ImportReason::TooMany));
        assert_eq!(problem(&"[".repeat(1_000_000)).2, ImportReason::WrongValue);
    }

    #[test]
    fn how_often() {
        let of = |text: &str| repeat(text).map(|Repeat { every, unit }| (every, unit));
        for (text, every) in [("daily", 1), ("3days", 3), ("400d", 400)] {
            assert_eq!(of(text), Some((every, Unit::Days)), "{text}");
        }
        assert_eq!((of("quarterly"), of("2weeks")), (Some((3, Unit::Months)), Some((2, Unit::Weeks))));
        for not in ["", "weekdays", "0days", "401d", "99999999d", "P1D", "day3", "200quarters"] {
            assert_eq!(of(not), None, "{not}");
        }
    }
}
