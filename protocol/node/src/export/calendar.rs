//! Tasks as to-dos for a calendar: RFC 5545, one VTODO for each (docs/protocol/08-node.md, section 8).

use data_encoding::HEXLOWER;
use pursuance_core::day::Day;
use pursuance_core::detail::Detail;
use pursuance_core::exporting::TaskList;
use pursuance_core::id::TaskId;
use pursuance_core::importing::ImportTask;
use pursuance_core::task::Status;

/// Octets of a line, without its end (RFC 5545, section 3.1).
const MAX_LINE_OCTETS: usize = 75;

/// What calendars call our priorities: 1 is the highest, 9 the lowest, 5 in the middle (section 3.8.1.9).
const PRIORITIES: [u8; 4] = [1, 3, 5, 7];

/// A list as the bytes of a file, in the order of the list.
pub(super) fn write(list: &TaskList, now_seconds: u64) -> Vec<u8> {
    let mut file = Vec::new();
    for text in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Pursuance//Tasks//EN"] {
        line(&mut file, text);
    }
    for (id, task) in list.ids.iter().zip(&list.tasks) {
        let parent = task.parent.and_then(|parent| list.ids.get(parent));
        to_do(&mut file, *id, parent.copied(), task, now_seconds);
    }
    line(&mut file, "END:VCALENDAR");
    file
}

fn to_do(file: &mut Vec<u8>, id: TaskId, parent: Option<TaskId>, task: &ImportTask, now_seconds: u64) {
    line(file, "BEGIN:VTODO");
    line(file, &format!("UID:{}", uid(id)));
    line(file, &format!("DTSTAMP:{}", moment(now_seconds)));
    if let Some(created) = Day::parse_moment(&task.origin.created) {
        line(file, &format!("CREATED:{}", moment(created)));
    }
    line(file, &format!("SUMMARY:{}", escaped(&task.title)));
    if !task.body.is_empty() {
        line(file, &format!("DESCRIPTION:{}", escaped(&task.body)));
    }
    let status = match task.status.unwrap_or(Status::Open) {
        Status::Suggested | Status::Open => "NEEDS-ACTION",
        Status::Doing | Status::Review => "IN-PROCESS",
        Status::Done => "COMPLETED",
        Status::Dropped => "CANCELLED",
    };
    line(file, &format!("STATUS:{status}"));
    if let Some(priority) = usize::from(task.priority).checked_sub(1).and_then(|at| PRIORITIES.get(at)) {
        line(file, &format!("PRIORITY:{priority}"));
    }
    let due = task.due.as_deref().and_then(|due| Day::parse(due).ok());
    let start = task.details.iter().find_map(|detail| match detail {
        Detail::Start(start) => *start,
        _ => None,
    });
    // Nothing may be due before it begins (section 3.8.2.3).
    if let Some(start) = start.filter(|start| due.is_none_or(|due| *start <= due)) {
        line(file, &format!("DTSTART;VALUE=DATE:{}", day(start)));
    }
    if let Some(due) = due {
        line(file, &format!("DUE;VALUE=DATE:{}", day(due)));
    }
    if !task.labels.is_empty() {
        let labels: Vec<String> = task.labels.iter().map(|label| escaped(label)).collect();
        line(file, &format!("CATEGORIES:{}", labels.join(",")));
    }
    if let Some(parent) = parent {
        line(file, &format!("RELATED-TO:{}", uid(parent)));
    }
    line(file, "END:VTODO");
}

/// The same however often it is written: a calendar knows again what it has.
fn uid(task: TaskId) -> String {
    format!("{}@pursuance", HEXLOWER.encode(&task.0))
}

fn day(day: Day) -> String {
    day.to_string().replace('-', "")
}

fn moment(seconds: u64) -> String {
    Day::written_moment(seconds).replace(['-', ':'], "")
}

/// A text as a value (section 3.3.11). What a task says has no other control characters than these.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A line, cut where it is too long, and never within a character.
fn line(file: &mut Vec<u8>, text: &str) {
    let mut rest = text;
    let mut room = MAX_LINE_OCTETS;
    while rest.len() > room {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(room));
        file.extend_from_slice(piece.as_bytes());
        file.extend_from_slice(b"\r\n ");
        // The blank counts.
        (rest, room) = (after, MAX_LINE_OCTETS - 1);
    }
    file.extend_from_slice(rest.as_bytes());
    file.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use icalendar::parser::{read_calendar, unfold};

    use super::*;

    fn list(tasks: Vec<ImportTask>) -> TaskList {
        let ids = (0..tasks.len()).map(|at| TaskId([u8::try_from(at).expect("few"); 16])).collect();
        TaskList { ids, tasks }
    }

    /// What an independent reader finds in a list: the properties of each task, as it gives them.
    fn read(list: &TaskList) -> Vec<Vec<(String, String)>> {
        let file = String::from_utf8(write(list, 1_798_675_200)).expect("text");
        for line in file.split_terminator("\r\n") {
            assert!(line.len() <= MAX_LINE_OCTETS && !line.contains(['\r', '\n']), "{line}");
        }
        let unfolded = unfold(&file);
        let calendar = read_calendar(&unfolded).expect("a calendar");
        let property =
            |property: &icalendar::parser::Property<'_>| (property.name.to_string(), property.val.to_string());
        { calendar.components.iter() }
            .map(|component| {
                assert_eq!(component.name, "VTODO");
                component.properties.iter().map(property).collect()
            })
            .collect()
    }

    fn value<'a>(properties: &'a [(String, String)], name: &str) -> &'a str {
        properties.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn what_calendars_read() {
        let tasks = list(vec![
            ImportTask {
                title: "Photograph the permits; both sides, please \\o/".into(),
                body: "Two\nlines".into(),
                status: Some(Status::Doing),
                due: Some("2026-12-31".into()),
                priority: 2,
                labels: vec!["field".into(), "a,b".into()],
                details: vec![Detail::Start(Day::parse("2026-12-01").ok())],
                ..ImportTask::default()
            },
            ImportTask { parent: Some(0), title: "Below".into(), status: Some(Status::Done), ..ImportTask::default() },
            ImportTask {
                title: "Begins too late".into(),
                status: Some(Status::Dropped),
                due: Some("2026-11-01".into()),
                details: vec![Detail::Start(Day::parse("2026-12-01").ok())],
                ..ImportTask::default()
            },
        ]);
        let read = read(&tasks);
        let first = &read[0];
        assert_eq!(value(first, "UID"), "00000000000000000000000000000000@pursuance");
        assert_eq!(value(first, "DTSTAMP"), "20261231T000000Z");
        // It takes the backslashes off again.
        assert_eq!(value(first, "SUMMARY"), tasks.tasks[0].title);
        assert_eq!(value(first, "DESCRIPTION"), "Two\nlines");
        assert_eq!((value(first, "STATUS"), value(first, "PRIORITY")), ("IN-PROCESS", "3"));
        assert_eq!((value(first, "DTSTART"), value(first, "DUE")), ("20261201", "20261231"));
        // Of a list it gives the whole as it stands.
        assert_eq!(value(first, "CATEGORIES"), "field,a\\,b");
        assert_eq!((value(&read[1], "RELATED-TO"), value(&read[1], "STATUS")), (value(first, "UID"), "COMPLETED"));
        assert_eq!((value(&read[2], "DTSTART"), value(&read[2], "STATUS")), ("", "CANCELLED"));
    }

    #[test]
    fn long_and_hostile_texts_stay_in_their_value() {
        for title in [
            "é".repeat(499),
            "🛶".repeat(249),
            "x".repeat(1_000),
            "\r\nEND:VTODO\r\nBEGIN:VALARM\r\nACTION:AUDIO".to_owned(),
            "\u{2028}END:VTODO\u{85}".to_owned(),
            ";VALUE=DATE:20260101".to_owned(),
            "\"quoted\": \\n not a line".to_owned(),
        ] {
            let task = ImportTask { title: title.clone(), ..ImportTask::default() };
            let read = read(&list(vec![task]));
            assert_eq!(read.len(), 1, "{title}");
            let kept = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
            assert_eq!(value(&read[0], "SUMMARY"), title.chars().map(kept).collect::<String>());
        }
    }
}
