//! A board of Trello, as its "Export as JSON" writes it (docs/protocol/08-node.md, section 8).

use std::collections::HashMap;

use pursuance_core::day::Day;
use pursuance_core::detail::Detail;
use pursuance_core::importing::ImportTask;
use pursuance_core::limits::{
    MAX_BODY_BYTES, MAX_CHECK_BYTES, MAX_COMMENT_BYTES, MAX_IMPORT_PARTS, MAX_LABEL_BYTES, MAX_ORIGIN_BYTES,
    MAX_ORIGIN_NAME_BYTES, MAX_ORIGIN_PEOPLE, MAX_TITLE_BYTES,
};
use pursuance_core::origin::{Mention, Origin, Part, Quote};
use pursuance_core::task::Status;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::api::{ImportFormat, ImportReason, LeftOutKind};
use crate::import::few::Few;
use crate::import::{Gathered, ImportList, MAX_IMPORT_TASKS, left_out, not_json, one_line, only_problem, some_text};

/// What the tasks are said to come from.
const SOURCE: &str = "Trello";

/// Cards of a board that are looked at: patterns are among them.
const MAX_CARDS: usize = 2 * MAX_IMPORT_TASKS;
/// Lists, members of a board.
const MAX_LISTS: usize = 1_000;
/// Checklists of all cards of a board.
const MAX_CHECKLISTS: usize = 20_000;
/// What happened on a board: Trello itself writes the last thousand.
const MAX_ACTIONS: usize = 50_000;

/// Names of lists that say how far their cards are.
const STEPS: [(&str, Status); 9] = [
    ("doing", Status::Doing),
    ("in progress", Status::Doing),
    ("review", Status::Review),
    ("in review", Status::Review),
    ("done", Status::Done),
    ("finished", Status::Done),
    ("complete", Status::Done),
    ("completed", Status::Done),
    ("ideas", Status::Suggested),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Board {
    #[serde(default)]
    name: String,
    lists: Few<List, MAX_LISTS>,
    cards: Few<Card, MAX_CARDS>,
    #[serde(default)]
    checklists: Few<Checklist, MAX_CHECKLISTS>,
    #[serde(default)]
    members: Few<Member, MAX_LISTS>,
    #[serde(default)]
    actions: Few<Action, MAX_ACTIONS>,
}

#[derive(Deserialize)]
struct List {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    closed: bool,
    #[serde(default)]
    pos: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    desc: String,
    #[serde(default)]
    closed: bool,
    due: Option<String>,
    #[serde(default)]
    due_complete: bool,
    start: Option<String>,
    #[serde(default)]
    id_list: String,
    #[serde(default)]
    id_members: Few<String, MAX_ORIGIN_PEOPLE>,
    #[serde(default)]
    labels: Few<Label, MAX_IMPORT_PARTS>,
    #[serde(default)]
    pos: f64,
    #[serde(default)]
    short_link: String,
    #[serde(default)]
    is_template: bool,
    #[serde(default)]
    attachments: Few<IgnoredAny, MAX_IMPORT_PARTS>,
    #[serde(default)]
    custom_field_items: Few<IgnoredAny, MAX_IMPORT_PARTS>,
}

#[derive(Deserialize)]
struct Label {
    #[serde(default)]
    name: String,
    color: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checklist {
    #[serde(default)]
    id_card: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    pos: f64,
    #[serde(default)]
    check_items: Few<CheckItem, MAX_IMPORT_PARTS>,
}

#[derive(Deserialize)]
struct CheckItem {
    #[serde(default)]
    name: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    pos: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    #[serde(default)]
    id: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    username: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    date: String,
    member_creator: Option<Member>,
    data: Option<ActionData>,
}

#[derive(Deserialize)]
struct ActionData {
    text: Option<String>,
    card: Option<ActionCard>,
}

#[derive(Deserialize)]
struct ActionCard {
    #[serde(default)]
    id: String,
}

impl Member {
    fn called(&self) -> &str {
        if self.full_name.trim().is_empty() { &self.username } else { &self.full_name }
    }
}

/// What is said of cards elsewhere in the file.
#[derive(Default)]
struct Around<'a> {
    lists: HashMap<&'a str, &'a List>,
    members: HashMap<&'a str, &'a Member>,
    checklists: HashMap<&'a str, Vec<&'a Checklist>>,
    /// Comments on a card, oldest first.
    comments: HashMap<&'a str, Vec<&'a Action>>,
    /// The action that made a card.
    made: HashMap<&'a str, &'a Action>,
}

/// Reads such a file; what is wrong is among the problems.
pub(super) fn read(text: &str) -> ImportList {
    let board = match serde_json::from_str::<Board>(text) {
        Ok(board) => board,
        Err(error) => return not_json(ImportFormat::Trello, &error),
    };
    let too_many = [board.lists.more, board.cards.more, board.checklists.more, board.members.more, board.actions.more];
    if too_many.contains(&true) {
        return only_problem(ImportFormat::Trello, 1, ImportReason::TooMany);
    }
    let around = around(&board);
    let mut cards: Vec<&Card> = board.cards.all.iter().filter(|card| !card.is_template).collect();
    let place = |card: &Card| around.lists.get(card.id_list.as_str()).map_or(f64::INFINITY, |list| list.pos);
    cards.sort_by(|a, b| place(a).total_cmp(&place(b)).then(a.pos.total_cmp(&b.pos)));
    let mut gathered = Gathered::default();
    if cards.len() > MAX_IMPORT_TASKS {
        gathered.refuse(MAX_IMPORT_TASKS, ImportReason::TooMany);
        cards.truncate(MAX_IMPORT_TASKS);
    }
    let source = format!("{SOURCE}: {}", board.name);
    let source = one_line(&source[..source.floor_char_boundary(MAX_ORIGIN_BYTES)], MAX_ORIGIN_BYTES);
    let source = source.ok().flatten().unwrap_or_else(|| SOURCE.into());
    for card in &cards {
        gathered.take(task(card, &source, &around));
    }
    let told = ["commentCard", "createCard", "copyCard", "convertToCardFromCheckItem"];
    let with_hours = |card: &&&Card| [&card.due, &card.start].into_iter().flatten().any(|moment| has_hour(moment));
    let left_out = left_out([
        (LeftOutKind::Attachments, cards.iter().map(|card| card.attachments.all.len()).sum()),
        (LeftOutKind::CustomFields, cards.iter().map(|card| card.custom_field_items.all.len()).sum()),
        (LeftOutKind::Templates, board.cards.all.iter().filter(|card| card.is_template).count()),
        (LeftOutKind::History, board.actions.all.iter().filter(|action| !told.contains(&&*action.kind)).count()),
        (LeftOutKind::Hours, cards.iter().filter(with_hours).count()),
    ]);
    gathered.finish(ImportFormat::Trello, left_out)
}

fn around(board: &Board) -> Around<'_> {
    let mut around = Around {
        lists: board.lists.all.iter().map(|list| (list.id.as_str(), list)).collect(),
        members: board.members.all.iter().map(|member| (member.id.as_str(), member)).collect(),
        ..Around::default()
    };
    for checklist in &board.checklists.all {
        around.checklists.entry(&checklist.id_card).or_default().push(checklist);
    }
    // The newest stands first in such a file.
    for action in board.actions.all.iter().rev() {
        let Some(card) = action.data.as_ref().and_then(|data| data.card.as_ref()) else { continue };
        match action.kind.as_str() {
            "commentCard" => around.comments.entry(&card.id).or_default().push(action),
            "createCard" | "copyCard" | "convertToCardFromCheckItem" => drop(around.made.insert(&card.id, action)),
            _ => {}
        }
    }
    around
}

fn task(card: &Card, source: &str, around: &Around<'_>) -> Result<ImportTask, ImportReason> {
    let list = around.lists.get(card.id_list.as_str());
    let list_name = list.map_or("", |list| list.name.trim());
    let step = STEPS.iter().find(|(name, _)| list_name.to_lowercase() == *name).map(|(_, status)| *status);
    let mut labels = Vec::new();
    if card.labels.more || card.id_members.more {
        return Err(ImportReason::TooLong);
    }
    // A list that says how far its cards are says nothing else.
    if step.is_none() {
        labels.extend(one_line(list_name, MAX_LABEL_BYTES)?);
    }
    for label in &card.labels.all {
        let named = if label.name.trim().is_empty() { label.color.as_deref().unwrap_or("") } else { &label.name };
        labels.extend(one_line(named, MAX_LABEL_BYTES)?);
    }
    labels.sort();
    labels.dedup();
    let mut people = Vec::new();
    for member in card.id_members.all.iter().filter_map(|id| around.members.get(id.as_str())) {
        people
            .extend(one_line(member.called(), MAX_ORIGIN_NAME_BYTES)?.map(|name| Mention { part: Part::Asked, name }));
    }
    people.sort();
    people.dedup();
    let made = around.made.get(card.id.as_str());
    let by = made.and_then(|action| action.member_creator.as_ref()).map_or("", Member::called);
    let created = made.and_then(|action| Day::parse_moment(&action.date)).or_else(|| seconds_of_id(&card.id));
    Ok(ImportTask {
        title: one_line(&card.name, MAX_TITLE_BYTES)?.ok_or(ImportReason::NoTitle)?,
        body: some_text(&card.desc, MAX_BODY_BYTES)?,
        status: Some(if card.due_complete { Status::Done } else { step.unwrap_or(Status::Open) }),
        due: card.due.as_deref().map(day).transpose()?.map(|day| day.to_string()),
        labels,
        filed: card.closed || list.is_some_and(|list| list.closed),
        details: match card.start.as_deref().map(day).transpose()? {
            Some(day) => vec![Detail::Start(Some(day))],
            None => Vec::new(),
        },
        checks: checks(around.checklists.get(card.id.as_str()).map_or(&[][..], Vec::as_slice))?,
        origin: Origin {
            file: String::new(),
            source: source.into(),
            id: one_line(&card.short_link, MAX_ORIGIN_BYTES)?.unwrap_or_default(),
            by: one_line(by, MAX_ORIGIN_NAME_BYTES)?.unwrap_or_default(),
            created: created.map(Day::written_moment).unwrap_or_default(),
            people,
        },
        quotes: quotes(around.comments.get(card.id.as_str()).map_or(&[][..], Vec::as_slice))?,
        ..ImportTask::default()
    })
}

/// The lines of all checklists of a card; each says to which it belongs, where there are several.
fn checks(checklists: &[&Checklist]) -> Result<Vec<(String, bool)>, ImportReason> {
    let mut checklists = checklists.to_vec();
    checklists.sort_by(|a, b| a.pos.total_cmp(&b.pos));
    let mut checks = Vec::new();
    for checklist in &checklists {
        let mut items: Vec<&CheckItem> = checklist.check_items.all.iter().collect();
        items.sort_by(|a, b| a.pos.total_cmp(&b.pos));
        for item in items {
            let several = checklists.len() > 1 && !checklist.name.trim().is_empty();
            let text = if several { &format!("{}: {}", checklist.name.trim(), item.name) } else { &item.name };
            checks.extend(one_line(text, MAX_CHECK_BYTES)?.map(|text| (text, item.state == "complete")));
        }
        if checklist.check_items.more || checks.len() > MAX_IMPORT_PARTS {
            return Err(ImportReason::TooLong);
        }
    }
    Ok(checks)
}

fn quotes(comments: &[&Action]) -> Result<Vec<Quote>, ImportReason> {
    if comments.len() > MAX_IMPORT_PARTS {
        return Err(ImportReason::TooLong);
    }
    let mut quotes = Vec::new();
    for comment in comments {
        let said = comment.data.as_ref().and_then(|data| data.text.as_deref()).unwrap_or_default();
        let text = some_text(said, MAX_COMMENT_BYTES)?;
        let by = comment.member_creator.as_ref().map_or("", Member::called);
        let by = one_line(by, MAX_ORIGIN_NAME_BYTES)?.unwrap_or_default();
        if !text.is_empty() {
            quotes.push(Quote { by, claimed_seconds: Day::parse_moment(&comment.date).unwrap_or(0), text });
        }
    }
    Ok(quotes)
}

/// The day of a moment, in UTC: Trello writes no other.
fn day(moment: &str) -> Result<Day, ImportReason> {
    Day::parse_moment(moment).map(Day::of_seconds).ok_or(ImportReason::NotADay)
}

fn has_hour(moment: &str) -> bool {
    const SECONDS_OF_A_DAY: u64 = 86_400;
    Day::parse_moment(moment).is_some_and(|seconds| seconds % SECONDS_OF_A_DAY != 0)
}

/// When an id was made: its first eight digits count the seconds.
fn seconds_of_id(id: &str) -> Option<u64> {
    const ID_CHARS: usize = 24;
    let is_one = id.len() == ID_CHARS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| u64::from_str_radix(&id[..8], 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = include_str!("../../tests/fixtures/trello-board.json");

    fn read(text: &str) -> ImportList {
        crate::import::read("board.json", text, None)
    }

    #[test]
    fn a_board_becomes_tasks() {
        let list = read(BOARD);
        assert_eq!((list.format, &list.problems[..]), (ImportFormat::Trello, &[][..]));
        let titles: Vec<_> = list.tasks.iter().map(|task| (task.title.as_str(), task.status)).collect();
        let of = |status| Some(status);
        assert_eq!(
            titles,
            [
                ("Ask the harbour office", of(Status::Open)),
                ("Photograph the permits", of(Status::Doing)),
                ("Book a van", of(Status::Done)),
                ("Old leaflet", of(Status::Done)),
            ]
        );
        let permits = &list.tasks[1];
        assert_eq!(permits.body, "Both sides.\nAnd the stamps.");
        assert_eq!(
            (permits.due.as_deref(), &permits.labels[..]),
            (Some("2026-12-31"), &["field".into(), "red".into()][..])
        );
        assert_eq!(permits.details, [Detail::Start(Some(Day::parse("2026-12-01").unwrap()))]);
        let checks: Vec<_> = permits.checks.iter().map(|(text, done)| (text.as_str(), *done)).collect();
        assert_eq!(checks, [("Before: Bring a lens", true), ("Before: Charge it", false), ("After: Copy them", false)]);
        let said: Vec<_> = permits
            .quotes
            .iter()
            .map(|quote| (quote.by.as_str(), quote.claimed_seconds, quote.text.as_str()))
            .collect();
        assert_eq!(said, [("Ana Maria", 1_790_935_200, "On my way"), ("ben", 1_790_938_800, "Me, too")]);
        let origin = &permits.origin;
        assert_eq!((origin.file.as_str(), origin.source.as_str()), ("board.json", "Trello: Harbour"));
        assert_eq!((origin.id.as_str(), origin.by.as_str()), ("aB3dEf9h", "Ana Maria"));
        assert_eq!(origin.created, "2026-10-02T09:00:00Z");
        assert_eq!(origin.people.iter().map(|mention| mention.name.as_str()).collect::<Vec<_>>(), ["Ana Maria", "ben"]);
        assert_eq!(list.tasks[0].labels, ["To do"]);
        assert_eq!(list.tasks[0].origin.created, "2017-05-31T19:00:54Z", "as its id says");
        assert_eq!(list.tasks.iter().map(|task| task.filed).collect::<Vec<_>>(), [false, false, false, true]);
        let left_out: Vec<_> = list.left_out.iter().map(|left| (left.what, left.count)).collect();
        assert_eq!(
            left_out,
            [
                (LeftOutKind::Attachments, 2),
                (LeftOutKind::CustomFields, 1),
                (LeftOutKind::Templates, 1),
                (LeftOutKind::History, 1),
                (LeftOutKind::Hours, 1)
            ]
        );
        assert_eq!(list.preview().comments, 2);
    }

    #[test]
    fn what_is_wrong_with_a_board_is_named() {
        let problem = |text: &str| {
            let problem = read(text).problems.into_iter().next().expect("one");
            (problem.line, problem.task, problem.reason)
        };
        let card = |card: &str| format!("{{\"lists\":[],\"cards\":[{card}]}}");
        assert_eq!(problem(&card("{\"id\":\"1\"}")), (0, Some(1), ImportReason::NoTitle));
        assert_eq!(problem(&card("{\"id\":\"1\",\"name\":\"\u{202e}\"}")), (0, Some(1), ImportReason::NoTitle));
        let long = "x".repeat(200_000);
        assert_eq!(
            problem(&card(&format!("{{\"id\":\"1\",\"name\":\"{long}\"}}"))),
            (0, Some(1), ImportReason::TooLong)
        );
        let due = card("{\"id\":\"1\",\"name\":\"a\",\"due\":\"tomorrow\"}");
        assert_eq!(problem(&due), (0, Some(1), ImportReason::NotADay));
        assert_eq!(problem(&card("{\"id\":1,\n\"name\":\"a\"}")), (1, None, ImportReason::WrongValue));
        assert_eq!(problem("{\"lists\":[],\"cards\":[{}\n"), (2, None, ImportReason::NotJson));
        let many = vec!["{\"id\":\"1\",\"name\":\"a\"}"; MAX_CARDS + 1].join(",");
        assert_eq!(problem(&card(&many)), (1, None, ImportReason::TooMany));
        // A bomb of brackets is no stack of ours.
        let deep = format!("{{\"lists\":[],\"cards\":[],\"x\":{}", "[".repeat(1_000_000));
        assert_eq!(problem(&deep).2, ImportReason::NotJson);
    }
}
