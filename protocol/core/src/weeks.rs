//! How many tasks were opened and finished, week by week (docs/protocol/05-tasks.md, "Views").

use alloc::vec::Vec;

use crate::day::Day;
use crate::id::EntryId;
use crate::replica::Replica;
use crate::task::Status;
use crate::tasks::Task;
use crate::views::count;

/// Weeks that are shown; the last one is not over.
pub const WEEKS: usize = 12;

const DAYS_OF_A_WEEK: u32 = 7;

/// What was opened and what was finished of late, of the tasks that can be read here and as they stand now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct WeeksView {
    /// [`WEEKS`] of them, the earliest first; they begin on Mondays, in UTC.
    pub weeks: Vec<WeekRow>,
    /// Tasks that are to be done and have not ended.
    pub open: u32,
}

/// One week.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct WeekRow {
    /// Its Monday.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub first: Day,
    /// Tasks opened in it, whatever became of them.
    pub opened: u32,
    /// Tasks finished in it, that are still so.
    pub finished: u32,
    /// Tasks dropped in it, that are still so.
    pub dropped: u32,
}

impl Replica {
    /// The last weeks. `claimed`: what the entry with this id claims as its time, where it is known; asked only of tasks about which
    /// something was said in these weeks.
    #[must_use]
    pub fn weeks(&self, today: Day, mut claimed: impl FnMut(EntryId) -> Option<u64>) -> WeeksView {
        let last = count(WEEKS) - 1;
        let begin = today.monday().days_earlier(last * DAYS_OF_A_WEEK);
        let week = |number: u32| WeekRow {
            first: begin.plus_days(number * DAYS_OF_A_WEEK),
            opened: 0,
            finished: 0,
            dropped: 0,
        };
        let mut view = WeeksView { weeks: (0..=last).map(week).collect(), open: 0 };
        let place = |day: Day| {
            let days = day.of_first().checked_sub(begin.of_first())?;
            usize::try_from(days / DAYS_OF_A_WEEK).ok().filter(|place| *place < WEEKS)
        };
        for (_, task) in self.tasks.iter().filter(|(id, _)| self.tasks.shown_for(*id) == *id) {
            let status = self.status_of(task);
            if status == Status::Suggested || self.is_closed_to_me(task) {
                continue;
            }
            if let Some(week) = self.opened_on(task).and_then(place) {
                view.weeks[week].opened += 1;
            }
            if !matches!(status, Status::Done | Status::Dropped) {
                view.open += 1;
            } else if let Some(week) = self.ended_on(task, status, begin, &mut claimed).and_then(place) {
                let week = &mut view.weeks[week];
                *(if status == Status::Done { &mut week.finished } else { &mut week.dropped }) += 1;
            }
        }
        view
    }

    /// The day on which it was opened, as its import says, or who made it here.
    fn opened_on(&self, task: &Task) -> Option<Day> {
        let said =
            task.origin.shown(|member| self.authority.seniority(member)).and_then(|origin| day_in(&origin.created));
        said.or_else(|| task.created.as_ref().map(|created| Day::of_seconds(created.claimed_seconds)))
    }

    /// The day on which it came to this ending; `None` where that was before a day, or is not known.
    fn ended_on(
        &self,
        task: &Task,
        status: Status,
        since: Day,
        claimed: &mut impl FnMut(EntryId) -> Option<u64>,
    ) -> Option<Day> {
        let rank = |member| self.authority.seniority(member);
        let ending = task.ending.ranked(rank).into_iter().find(|write| write.value == Some(status))?;
        // A day that an import says counts for the ending that it brought, not for a later one.
        let imported = task.finished.ranked(rank).into_iter().find(|write| write.at.entry == ending.at.entry);
        if let Some(day) = imported.and_then(|write| day_in(&write.value)) {
            return Some(day);
        }
        // Nobody said anything later than what they said last.
        let last = task.news.get(&ending.by).copied().unwrap_or(u64::MAX);
        (Day::of_seconds(last) >= since).then(|| claimed(ending.at.entry).map(Day::of_seconds))?
    }
}

/// A day as lists write it, alone or with a time.
fn day_in(text: &str) -> Option<Day> {
    Day::parse(text).ok().or_else(|| Day::parse_moment(text).map(Day::of_seconds))
}

#[cfg(test)]
mod tests;
