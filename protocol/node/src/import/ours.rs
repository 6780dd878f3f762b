//! The list of tasks as JSON that loses nothing, written and read (docs/list-of-tasks.md).

use std::collections::HashMap;

use pursuance_core::day::Day;
use pursuance_core::detail::{Detail, Kind, Relation, Repeat, Unit};
use pursuance_core::importing::ImportTask;
use pursuance_core::limits::{
    MAX_BODY_BYTES, MAX_CHECK_BYTES, MAX_COMMENT_BYTES, MAX_DAY_BYTES, MAX_EFFORT_MINUTES, MAX_IMPORT_PARTS,
    MAX_LABEL_BYTES, MAX_ORIGIN_BYTES, MAX_ORIGIN_NAME_BYTES, MAX_ORIGIN_PEOPLE, MAX_OWNER_BYTES, MAX_REPEAT_EVERY,
    MAX_SKILL_BYTES, MAX_TITLE_BYTES, MAX_WHY_BYTES,
};
use pursuance_core::origin::{Mention, Origin, Part, Quote};
use pursuance_core::task::Status;
use serde::{Deserialize, Serialize};

use crate::api::{ImportFormat, ImportReason};
use crate::import::cells::{priority_word, read_day, read_priority};
use crate::import::few::Few;
use crate::import::{Gathered, ImportList, MAX_IMPORT_TASKS, not_json, one_line, only_problem, some_text};

/// What such a file says that it is.
pub const FORMAT: &str = "pursuance tasks";

/// The version written here.
pub const VERSION: u32 = 1;

/// A part of a task of which it has several.
type Parts<T> = Few<T, MAX_IMPORT_PARTS>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    tasks: Few<FileTask, MAX_IMPORT_TASKS>,
}

/// One task, as it is written; what nothing is said of is left out.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileTask {
    id: u32,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    parent: Option<u32>,
    title: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    body: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    why: String,
    #[serde(default = "open")]
    status: Status,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    filed: bool,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    kind: Kind,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    priority: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    start: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    due: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    not_before: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    keep_until: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    effort_minutes: u32,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    help_wanted: bool,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    places: Option<u8>,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    repeat: Option<FileRepeat>,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    repeats: Option<FileInstance>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    labels: Parts<String>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    skills: Parts<String>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    checklist: Parts<FileCheck>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    relations: Parts<FileRelation>,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    owner: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    started: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    finished: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    created: FileCreated,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    from: FileSource,
    #[serde(default, skip_serializing_if = "is_none_of")]
    taken_by: Parts<String>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    asked: Parts<String>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    reviewers: Parts<String>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    asked_roles: Parts<String>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    found_good: Parts<String>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    found_not_yet: Parts<String>,
    #[serde(default, skip_serializing_if = "is_none_of")]
    comments: Parts<FileComment>,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct FileRepeat {
    every: u16,
    unit: Unit,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct FileInstance {
    task: u32,
    since: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCheck {
    text: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    done: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRelation {
    kind: Relation,
    task: u32,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct FileCreated {
    #[serde(skip_serializing_if = "is_unsaid")]
    by: String,
    #[serde(skip_serializing_if = "is_unsaid")]
    at: String,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct FileSource {
    #[serde(skip_serializing_if = "is_unsaid")]
    source: String,
    #[serde(skip_serializing_if = "is_unsaid")]
    id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileComment {
    #[serde(default, skip_serializing_if = "is_unsaid")]
    by: String,
    #[serde(default, skip_serializing_if = "is_unsaid")]
    at: String,
    text: String,
}

fn is_unsaid<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_none_of<T>(parts: &Parts<T>) -> bool {
    parts.all.is_empty()
}

const fn open() -> Status {
    Status::Open
}

/// A list as the bytes of a file: one task a line, each called by its place, from 1.
pub(crate) fn write(tasks: &[ImportTask]) -> Vec<u8> {
    let mut file = format!("{{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"tasks\":[").into_bytes();
    for (at, task) in tasks.iter().enumerate() {
        file.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut file, &written(at, task)).expect("a task is written to memory");
    }
    file.extend_from_slice(b"\n]}\n");
    file
}

fn written(at: usize, task: &ImportTask) -> FileTask {
    let called = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let named = |part: Part| {
        let of = task.origin.people.iter().filter(move |mention| mention.part == part);
        Parts::from(of.map(|mention| mention.name.clone()).collect::<Vec<_>>())
    };
    let mut file = FileTask {
        id: called(at),
        parent: task.parent.map(called),
        title: task.title.clone(),
        body: task.body.clone(),
        why: String::new(),
        status: task.status.unwrap_or(Status::Open),
        filed: task.filed,
        kind: Kind::Task,
        priority: priority_word(task.priority).into(),
        start: String::new(),
        due: text(&task.due),
        not_before: String::new(),
        keep_until: String::new(),
        effort_minutes: 0,
        help_wanted: false,
        places: None,
        repeat: None,
        repeats: task.instance_of.map(|(of, since)| FileInstance { task: called(of), since: since.to_string() }),
        labels: task.labels.clone().into(),
        skills: task.skills.clone().into(),
        checklist: { task.checks.iter() }
            .map(|(text, done)| FileCheck { text: text.clone(), done: *done })
            .collect::<Vec<_>>()
            .into(),
        relations: { task.relations.iter() }
            .map(|(kind, other)| FileRelation { kind: *kind, task: called(*other) })
            .collect::<Vec<_>>()
            .into(),
        owner: text(&task.owner),
        started: text(&task.started),
        finished: text(&task.finished),
        created: FileCreated { by: task.origin.by.clone(), at: task.origin.created.clone() },
        from: FileSource { source: task.origin.source.clone(), id: task.origin.id.clone() },
        taken_by: named(Part::Took),
        asked: named(Part::Asked),
        reviewers: named(Part::Reviewer),
        asked_roles: named(Part::AskedRole),
        found_good: named(Part::FoundGood),
        found_not_yet: named(Part::FoundNotYet),
        comments: task.quotes.iter().map(written_comment).collect::<Vec<_>>().into(),
    };
    let day = |day: &Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    for detail in &task.details {
        match detail {
            Detail::Why(why) => file.why.clone_from(why),
            Detail::Start(start) => file.start = day(start),
            Detail::NotBefore(not_before) => file.not_before = day(not_before),
            Detail::KeepUntil(keep_until) => file.keep_until = day(keep_until),
            Detail::Effort(minutes) => file.effort_minutes = *minutes,
            Detail::HelpWanted(wanted) => file.help_wanted = *wanted,
            Detail::Places(places) => file.places = Some(*places).filter(|places| *places != 1),
            Detail::Kind(kind) => file.kind = *kind,
            Detail::Repeat(repeat) => file.repeat = repeat.map(|Repeat { every, unit }| FileRepeat { every, unit }),
        }
    }
    file
}

fn written_comment(quote: &Quote) -> FileComment {
    let at = if quote.claimed_seconds == 0 { String::new() } else { Day::written_moment(quote.claimed_seconds) };
    FileComment { by: quote.by.clone(), at, text: quote.text.clone() }
}

/// Reads such a file; what is wrong is among the problems.
pub(super) fn read(text: &str) -> ImportList {
    let file = match serde_json::from_str::<File>(text) {
        Ok(file) => file,
        Err(error) => return not_json(ImportFormat::Json, &error),
    };
    if file.format != FORMAT || file.version != VERSION {
        return only_problem(ImportFormat::Json, 1, ImportReason::UnknownFile);
    }
    let mut places: HashMap<u32, usize> = HashMap::new();
    let mut gathered = Gathered::default();
    for (at, task) in file.tasks.all.iter().enumerate() {
        if places.insert(task.id, at).is_some() {
            gathered.refuse(at, ImportReason::DuplicateId);
        }
    }
    if file.tasks.more {
        gathered.refuse(MAX_IMPORT_TASKS, ImportReason::TooMany);
    }
    for (at, task) in file.tasks.all.into_iter().enumerate() {
        gathered.take(read_task(at, task, &places));
    }
    gathered.finish(ImportFormat::Json, Vec::new())
}

fn read_task(at: usize, file: FileTask, places: &HashMap<u32, usize>) -> Result<ImportTask, ImportReason> {
    let place = |id: u32| places.get(&id).copied();
    let day = |text: &str| read_day(text)?.map(|day| Day::parse(&day).map_err(|_| ImportReason::NotADay)).transpose();
    let mut relations = Vec::new();
    for relation in all(file.relations)? {
        let other = place(relation.task).filter(|other| *other != at).ok_or(ImportReason::UnknownTask)?;
        relations.push((relation.kind, other));
    }
    let mut checks = Vec::new();
    for check in all(file.checklist)? {
        checks.extend(one_line(&check.text, MAX_CHECK_BYTES)?.map(|text| (text, check.done)));
    }
    let instance_of = match file.repeats {
        None => None,
        Some(FileInstance { task, since }) => {
            let of = place(task).filter(|of| *of < at).ok_or(ImportReason::UnknownTask)?;
            Some((of, day(&since)?.ok_or(ImportReason::NotADay)?))
        }
    };
    let mut people = Vec::new();
    for (part, names) in [
        (Part::Took, file.taken_by),
        (Part::Asked, file.asked),
        (Part::Reviewer, file.reviewers),
        (Part::AskedRole, file.asked_roles),
        (Part::FoundGood, file.found_good),
        (Part::FoundNotYet, file.found_not_yet),
    ] {
        people.extend(lines(names, MAX_ORIGIN_NAME_BYTES)?.into_iter().map(|name| Mention { part, name }));
    }
    people.sort();
    people.dedup();
    if people.len() > MAX_ORIGIN_PEOPLE {
        return Err(ImportReason::TooLong);
    }
    let some = |text: &str, max_bytes: usize| one_line(text, max_bytes).map(Option::unwrap_or_default);
    Ok(ImportTask {
        parent: file.parent.map(|id| place(id).ok_or(ImportReason::UnknownParent)).transpose()?,
        title: one_line(&file.title, MAX_TITLE_BYTES)?.ok_or(ImportReason::NoTitle)?,
        body: some_text(&file.body, MAX_BODY_BYTES)?,
        status: Some(file.status),
        owner: one_line(&file.owner, MAX_OWNER_BYTES)?,
        started: one_line(&file.started, MAX_DAY_BYTES)?,
        finished: one_line(&file.finished, MAX_DAY_BYTES)?,
        due: read_day(&file.due)?,
        priority: read_priority(&file.priority)?,
        labels: lines(file.labels, MAX_LABEL_BYTES)?,
        filed: file.filed,
        details: details([
            Detail::Why(some_text(&file.why, MAX_WHY_BYTES)?),
            Detail::Start(day(&file.start)?),
            Detail::NotBefore(day(&file.not_before)?),
            Detail::KeepUntil(day(&file.keep_until)?),
            Detail::Effort(file.effort_minutes),
            Detail::HelpWanted(file.help_wanted),
            Detail::Places(file.places.unwrap_or(1)),
            Detail::Kind(file.kind),
            Detail::Repeat(file.repeat.map(|FileRepeat { every, unit }| Repeat { every, unit })),
        ])?,
        skills: lines(file.skills, MAX_SKILL_BYTES)?,
        checks,
        relations,
        instance_of,
        origin: Origin {
            file: String::new(),
            source: some(&file.from.source, MAX_ORIGIN_BYTES)?,
            id: some(&file.from.id, MAX_ORIGIN_BYTES)?,
            by: some(&file.created.by, MAX_ORIGIN_NAME_BYTES)?,
            created: some(&file.created.at, MAX_DAY_BYTES)?,
            people,
        },
        quotes: quotes(all(file.comments)?)?,
    })
}

/// Those of which something is said, if all of them can be.
fn details(all: [Detail; 9]) -> Result<Vec<Detail>, ImportReason> {
    let can_be = all.iter().all(|detail| match detail {
        Detail::Effort(minutes) => *minutes <= MAX_EFFORT_MINUTES,
        Detail::Places(places) => *places >= 1,
        Detail::Repeat(Some(repeat)) => (1..=MAX_REPEAT_EVERY).contains(&repeat.every),
        _ => true,
    });
    let said = all.into_iter().filter(|detail| *detail != detail.unsaid());
    if can_be { Ok(said.collect()) } else { Err(ImportReason::WrongValue) }
}

fn quotes(comments: Vec<FileComment>) -> Result<Vec<Quote>, ImportReason> {
    let mut quotes = Vec::new();
    for FileComment { by, at, text } in comments {
        let claimed_seconds = match at.trim() {
            "" => 0,
            at => Day::parse_moment(at).ok_or(ImportReason::NotADay)?,
        };
        let (by, text) =
            (one_line(&by, MAX_ORIGIN_NAME_BYTES)?.unwrap_or_default(), some_text(&text, MAX_COMMENT_BYTES)?);
        if !text.is_empty() {
            quotes.push(Quote { by, claimed_seconds, text });
        }
    }
    Ok(quotes)
}

fn all<T>(parts: Parts<T>) -> Result<Vec<T>, ImportReason> {
    if parts.more { Err(ImportReason::TooLong) } else { Ok(parts.all) }
}

fn lines(parts: Parts<String>, max_bytes: usize) -> Result<Vec<String>, ImportReason> {
    let lines = all(parts)?.into_iter().filter_map(|text| one_line(&text, max_bytes).transpose());
    lines.collect()
}
