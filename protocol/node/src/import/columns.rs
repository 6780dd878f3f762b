//! What each column of a list becomes: by its usual name, or as a person chose (docs/protocol/08-node.md, section 8).

use pursuance_core::limits::MAX_TITLE_BYTES;

use crate::api::{ImportColumn, ImportField};

/// Separators tried on the first line, the most common first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// A person's choice for each column, in the file's order; columns beyond it are left out.
pub type Chosen<'a> = &'a [Option<ImportField>];

/// The separator that cuts the first line into most pieces.
pub(crate) fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let pieces = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    // The first of equals: `max_by_key` would take the last.
    SEPARATORS.into_iter().rev().max_by_key(pieces).expect("there are three")
}

/// What each column becomes. Guessing, of two columns for one field the first is taken.
pub(crate) fn columns(headers: &csv::StringRecord, chosen: Option<Chosen<'_>>) -> Vec<ImportColumn> {
    let mut columns: Vec<ImportColumn> = Vec::new();
    for (at, header) in headers.iter().enumerate() {
        let field = match chosen {
            Some(chosen) => chosen.get(at).copied().flatten(),
            None => guess(header).filter(|field| !columns.iter().any(|column| column.field == Some(*field))),
        };
        columns.push(ImportColumn { header: header[..header.floor_char_boundary(MAX_TITLE_BYTES)].into(), field });
    }
    columns
}

/// Whether a field was chosen for two columns.
pub(crate) fn chosen_twice(columns: &[ImportColumn]) -> bool {
    let mut fields = columns.iter().filter_map(|column| column.field);
    // There are fifteen fields: nothing is gained by a set.
    let mut seen: Vec<ImportField> = Vec::new();
    fields.any(|field| {
        let again = seen.contains(&field);
        seen.push(field);
        again
    })
}

fn guess(header: &str) -> Option<ImportField> {
    Some(match header.trim().to_lowercase().as_str() {
        "id" | "key" | "number" | "#" | "issue" => ImportField::Id,
        "title" | "name" | "task" | "summary" | "subject" => ImportField::Title,
        "body" | "description" | "notes" | "details" => ImportField::Body,
        "status" | "state" => ImportField::Status,
        "owner" | "assignee" | "assigned to" | "who" | "responsible" => ImportField::Owner,
        "started" | "start" | "start date" | "started on" => ImportField::Started,
        "finished" | "done" | "completed" | "finish date" | "finished on" | "closed" => ImportField::Finished,
        "labels" | "label" | "tags" => ImportField::Labels,
        "parent" | "parent id" | "parent_id" | "below" => ImportField::Parent,
        "due" | "due date" | "due on" | "due_date" | "deadline" => ImportField::Due,
        "priority" | "prio" => ImportField::Priority,
        "claimed by" | "taken by" => ImportField::ClaimedBy,
        "asked" => ImportField::Asked,
        "created" | "created on" | "created at" => ImportField::Created,
        "created by" | "creator" | "author" | "reporter" => ImportField::Creator,
        _ => return None,
    })
}
