//! What is for me to do, and what is found, over all pursuances (docs/protocol/08-node.md, section 9).

use std::collections::BTreeMap;

use pursuance_core::day::Day;
use pursuance_core::finding::{Found, Words};
use pursuance_core::id::TaskId;
use pursuance_core::task::Status;
use pursuance_core::today::MineRow;

use crate::api::{FindView, FoundRow, SnoozedRow, TodayRow, TodayView, Trouble};
use crate::engine::Open;
use crate::held::Held;
use crate::store::Number;

/// Tasks that *today* shows at most.
pub const MAX_TODAY_ROWS: usize = 200;

/// Tasks that are shown of those found.
pub const MAX_FOUND_ROWS: usize = 50;

impl Open {
    pub(crate) fn today(&self, today: Day) -> TodayView {
        let mut rows: Vec<TodayRow> = Vec::new();
        let mut snoozed: Vec<SnoozedRow> = Vec::new();
        for (pursuance, held) in &self.held {
            let mine = held.replica.mine(&|entry| held.is_handed(entry));
            let named = |MineRow { why, row }| TodayRow { pursuance: *pursuance, name: name(held), why, row };
            for row in mine.into_iter().map(named) {
                match held.own.snoozed.get(&row.row.task).filter(|until| **until > today) {
                    Some(until) => snoozed.push(SnoozedRow { until: *until, row }),
                    None => rows.push(row),
                }
            }
        }
        snoozed.sort_by_cached_key(|snoozed| (snoozed.until, snoozed.row.row.title.clone(), snoozed.row.row.task));
        snoozed.truncate(MAX_TODAY_ROWS);
        // No day comes after every day, and no priority after every priority.
        let place = |row: &TodayRow| {
            let priority = if row.row.priority == 0 { u8::MAX } else { row.row.priority };
            (row.row.due.is_none(), row.row.due.clone(), priority, row.row.title.clone(), row.row.task)
        };
        rows.sort_by_cached_key(place);
        let of = count(rows.len());
        rows.truncate(MAX_TODAY_ROWS);
        TodayView { rows, of, snoozed }
    }

    /// Looks through all texts: what is read is decrypted page by page, and nothing of it is kept.
    pub(crate) fn find(&self, text: &str) -> Result<FindView, Trouble> {
        let words = Words::of(text);
        if words.is_empty() {
            return Ok(FindView { rows: Vec::new(), of: 0 });
        }
        let mut found: BTreeMap<Number, BTreeMap<TaskId, Found>> =
            self.held.values().map(|held| (held.number, held.replica.find(&words))).collect();
        self.store.for_each_comment(|number, task, line| {
            if let Some(found) = found.get_mut(&number) {
                Found::look_at_line(found, &words, task, line);
            }
        })?;
        let mut rows: Vec<FoundRow> = Vec::new();
        for (pursuance, held) in &self.held {
            for (task, here) in found.remove(&held.number).unwrap_or_default() {
                let Some((known, excerpt)) = held.replica.tasks().task(task).zip(here.whole(&words)) else { continue };
                let rank = |member| held.replica.authority().seniority(member);
                let title = known.title.shown(rank).cloned().unwrap_or_default();
                let status = held.replica.status_of(known);
                rows.push(FoundRow { pursuance: *pursuance, name: name(held), task, title, status, excerpt });
            }
        }
        let ended = |row: &FoundRow| matches!(row.status, Status::Done | Status::Dropped);
        rows.sort_by_cached_key(|row| (ended(row), row.title.to_lowercase(), row.task));
        let of = count(rows.len());
        rows.truncate(MAX_FOUND_ROWS);
        Ok(FindView { rows, of })
    }
}

fn name(held: &Held) -> String {
    held.replica.authority().name().into()
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
