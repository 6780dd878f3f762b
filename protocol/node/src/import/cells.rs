//! What stands in a single cell of a list, written and read back exactly (docs/protocol/08-node.md, section 8).
//!
//! ```text
//! export:  text -> guard   -> quoted by the CSV writer
//! import:  CSV reader -> unguard -> text
//! ```

use std::borrow::Cow;

use pursuance_core::day::Day;
use pursuance_core::limits::{MAX_LABEL_BYTES, MAX_LABELS};
use pursuance_core::plan::line;
use pursuance_core::refusal::Refusal;
use pursuance_core::task::Status;

use crate::api::ImportReason;

/// Stands before a cell that a spreadsheet would calculate.
const GUARD: char = '\'';

/// What separates labels inside their cell.
const LABEL_SEPARATOR: char = ';';

/// Stands before a separator that belongs to a label, and before itself.
const LABEL_ESCAPE: char = '\\';

/// The texts for each status, as they are written.
const STATUSES: [(Status, &str); 6] = [
    (Status::Suggested, "suggested"),
    (Status::Open, "open"),
    (Status::Doing, "doing"),
    (Status::Review, "review"),
    (Status::Done, "done"),
    (Status::Dropped, "dropped"),
];

/// The words for priorities 1 to 4.
const PRIORITIES: [&str; 4] = ["urgent", "high", "normal", "low"];

/// A cell as it is written: text that a spreadsheet could take for a formula gets an apostrophe in front.
pub(crate) fn guard(cell: &str) -> Cow<'_, str> {
    if needs_guard(cell) { Cow::Owned(format!("{GUARD}{cell}")) } else { Cow::Borrowed(cell) }
}

/// A cell as it was before [`guard`]; what nobody guarded stays as it is.
pub(crate) fn unguard(cell: &str) -> &str {
    cell.strip_prefix(GUARD).filter(|rest| needs_guard(rest)).unwrap_or(cell)
}

/// A text that begins with an apostrophe is guarded too: so each written cell comes from one text only.
fn needs_guard(cell: &str) -> bool {
    if cell.starts_with([GUARD, '\t', '\r', '\n']) {
        return true;
    }
    // Programs skip different things before they decide, so all of them are looked behind.
    let skipped = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '\'' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
    };
    cell.trim_start_matches(skipped).starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'])
}

/// Labels, or names, in one cell.
pub(crate) fn join_labels<'a>(labels: impl IntoIterator<Item = &'a String>) -> String {
    let mut cell = String::new();
    for label in labels {
        if !cell.is_empty() {
            cell.push(LABEL_SEPARATOR);
        }
        for c in label.chars() {
            if matches!(c, LABEL_SEPARATOR | LABEL_ESCAPE) {
                cell.push(LABEL_ESCAPE);
            }
            cell.push(c);
        }
    }
    cell
}

/// The labels of a cell, cleaned, each once.
pub(crate) fn split_labels(cell: &str) -> Result<Vec<String>, ImportReason> {
    split(cell, MAX_LABEL_BYTES, MAX_LABELS)
}

/// The pieces of a cell, likewise; at most so many, and none longer than may be.
pub(crate) fn split(cell: &str, max_bytes: usize, most: usize) -> Result<Vec<String>, ImportReason> {
    let mut labels: Vec<String> = Vec::new();
    let mut label = String::new();
    let mut chars = cell.chars().peekable();
    loop {
        match chars.next() {
            Some(LABEL_ESCAPE) => {
                let escaped = chars.next_if(|c| matches!(*c, LABEL_SEPARATOR | LABEL_ESCAPE));
                label.push(escaped.unwrap_or(LABEL_ESCAPE));
            }
            Some(c) if c != LABEL_SEPARATOR => label.push(c),
            end => {
                match line(&label, max_bytes) {
                    Ok(label) if !labels.contains(&label) => labels.push(label),
                    Ok(_) | Err(Refusal::Empty) => {}
                    Err(_) => return Err(ImportReason::TooLong),
                }
                if labels.len() > most {
                    return Err(ImportReason::TooLong);
                }
                if end.is_none() {
                    return Ok(labels);
                }
                label.clear();
            }
        }
    }
}

/// A status as it is written.
pub(crate) fn status_word(status: Status) -> &'static str {
    let found = STATUSES.iter().find(|(known, _)| *known == status);
    found.map(|(_, word)| *word).expect("all six are listed")
}

/// A status in any case; open where the cell is empty.
pub(crate) fn read_status(cell: &str) -> Result<Status, ImportReason> {
    let cell = cell.trim().to_lowercase();
    if cell.is_empty() {
        return Ok(Status::Open);
    }
    STATUSES.iter().find(|(_, word)| *word == cell).map(|(status, _)| *status).ok_or(ImportReason::UnknownStatus)
}

/// A priority as it is written; nothing for none.
pub(crate) fn priority_word(priority: u8) -> &'static str {
    usize::from(priority).checked_sub(1).and_then(|at| PRIORITIES.get(at).copied()).unwrap_or_default()
}

/// A priority: 0 to 4, a word, or one of the three letters that other programs use; 0 where the cell is empty.
pub(crate) fn read_priority(cell: &str) -> Result<u8, ImportReason> {
    let cell = cell.trim().to_lowercase();
    Ok(match cell.as_str() {
        "" | "0" => 0,
        "1" | "urgent" => 1,
        "2" | "high" | "h" => 2,
        "3" | "normal" | "m" => 3,
        "4" | "low" | "l" => 4,
        _ => return Err(ImportReason::NotAPriority),
    })
}

/// A day, `YYYY-MM-DD` and nothing else; none where the cell is empty.
pub(crate) fn read_day(cell: &str) -> Result<Option<String>, ImportReason> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    Day::parse(cell).map(|_| Some(cell.into())).map_err(|_| ImportReason::NotADay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_guarded_and_nothing_else() {
        for cell in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "|calc",
            "%x",
            "\t",
            "\ttab",
            "\r",
            "\n=1",
            " =1",
            "\u{a0}+1",
            "\"=1",
            "' =1",
            "'",
            "'tis",
            "''",
            "'=1",
            "\u{feff}=1",
            "\u{200b}=1",
            "\u{0}=1",
            " \" ' \t-",
            "＝1",
            "＋",
            "－",
            "＠",
        ] {
            assert_eq!(guard(cell), format!("'{cell}"), "{cell:?}");
        }
        for cell in ["", " ", "a=1", "1-2", "x", "\"quoted\"", "ünïcode", "a\n=1", "– dash", "#1", "\u{a0}"] {
            assert_eq!(guard(cell), cell, "{cell:?}");
        }
    }

    /// Every text over an alphabet of the characters that matter, up to five of them.
    #[test]
    fn unguarding_reverses_guarding_and_leaves_other_texts_alone() {
        let alphabet = ["'", "=", "-", " ", "\"", "a", "\t", "＝", "\u{feff}"];
        let mut texts = vec![String::new()];
        let mut seen = std::collections::HashSet::new();
        for _ in 0..5 {
            for text in &texts {
                assert_eq!(unguard(&guard(text)), text);
                assert!(!guard(text).starts_with(['=', '+', '-', '@', '\t', ' ']) || !needs_guard(text));
                // No two texts are written alike, or reading could not tell them apart.
                assert!(seen.insert(guard(text).into_owned()), "{text:?}");
            }
            texts = texts.iter().flat_map(|text| alphabet.map(|c| format!("{text}{c}"))).collect();
        }
        assert_eq!(unguard("'tis the season"), "'tis the season");
        assert_eq!(unguard("'a' and 'b'"), "'a' and 'b'");
        assert_eq!(unguard("'-5"), "-5");
    }

    #[test]
    fn labels_come_back_whatever_they_hold() {
        for labels in [
            &["a", "b"][..],
            &["semi;colon", "back\\slash"],
            &["\\;", ";\\", "\\\\"],
            &["=1"],
            &["'"],
            &[],
            &["ends\\"],
        ] {
            let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
            assert_eq!(split_labels(&join_labels(&labels)).unwrap(), labels);
        }
        assert_eq!(split_labels("C:\\data; two ;one;;one").unwrap(), ["C:\\data", "two", "one"]);
        assert_eq!(split_labels(&"x".repeat(MAX_LABEL_BYTES + 1)), Err(ImportReason::TooLong));
        let many: Vec<String> = (0..=MAX_LABELS).map(|n| n.to_string()).collect();
        assert_eq!(split_labels(&join_labels(&many)), Err(ImportReason::TooLong));
    }

    #[test]
    fn words_come_back() {
        for (status, word) in STATUSES {
            assert_eq!((status_word(status), read_status(&word.to_uppercase())), (word, Ok(status)));
        }
        for priority in 0..=4 {
            assert_eq!(read_priority(priority_word(priority)), Ok(priority));
            assert_eq!(read_priority(&priority.to_string()), Ok(priority));
        }
        assert_eq!(["H", "m", "L", " Urgent "].map(read_priority), [Ok(2), Ok(3), Ok(4), Ok(1)]);
        for not in ["5", "-1", "p1", "A", "none", "1.0"] {
            assert_eq!(read_priority(not), Err(ImportReason::NotAPriority), "{not}");
        }
        assert_eq!(read_day(" 2026-12-31 "), Ok(Some("2026-12-31".into())));
        assert_eq!(read_day(" "), Ok(None));
        for not in ["2026-02-29", "31.12.2026", "12/31/2026", "2026-12-31T10:00", "tomorrow", "20261231"] {
            assert_eq!(read_day(not), Err(ImportReason::NotADay), "{not}");
        }
    }
}
