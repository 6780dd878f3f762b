//! What is for one: today, the inbox, what one finds, what one keeps for oneself.

use pursuance_core::day::Day;
use pursuance_core::id::{EntryId, PursuanceId, TaskId};
use pursuance_core::inbox::InboxView;
use pursuance_core::task::Status;
use pursuance_core::today::Mine;
use pursuance_core::view::{Person, TreeRow};
use serde::Serialize;

use crate::api::SavedView;

/// What is for me to do: what is due comes first, then what presses; at most `MAX_TODAY_ROWS`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct TodayView {
    /// The tasks.
    pub rows: Vec<TodayRow>,
    /// How many there are.
    pub of: u32,
    /// Tasks that I put off to a later day, beside those; at most `MAX_TODAY_ROWS`.
    pub snoozed: Vec<SnoozedRow>,
}

/// A task that is for me, and put off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SnoozedRow {
    /// The day on which it shows again.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub until: Day,
    /// The task.
    pub row: TodayRow,
}

/// What waits for me in one pursuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct InboxOf {
    /// Which.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub pursuance: PursuanceId,
    /// Its name.
    pub name: String,
    /// What is mine to decide.
    pub inbox: InboxView,
    /// Where others named me; at most `MAX_MENTIONS`.
    pub mentions: Vec<MentionRow>,
    /// What is new about tasks that I watch.
    pub watched: Vec<WatchedRow>,
}

/// A text that names me.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct MentionRow {
    /// The entry that says it.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub entry: EntryId,
    /// In which task.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// By whom.
    pub by: Person,
    /// Whether it is a comment; else it is what the task says.
    pub comment: bool,
    /// The beginning of the text.
    pub excerpt: String,
}

/// A watched task about which others said something since I looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct WatchedRow {
    /// Which task.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// How many changes.
    pub changes: u32,
}

/// What I keep for myself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct OwnView {
    /// Views, in the order in which they were kept.
    pub views: Vec<SavedView>,
    /// My note about the task; empty where there is none.
    pub note: String,
    /// Whether I watch it.
    pub watched: bool,
    /// The day before which it is not among what is for me.
    #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
    pub snoozed: Option<Day>,
}

/// A task that is for me.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct TodayRow {
    /// In which pursuance.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub pursuance: PursuanceId,
    /// Its name.
    pub name: String,
    /// Why it is for me.
    pub why: Vec<Mine>,
    /// The task.
    pub row: TreeRow,
}

/// Tasks that were found, those that have not ended first; at most `MAX_FOUND_ROWS`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct FindView {
    /// The tasks.
    pub rows: Vec<FoundRow>,
    /// How many there are.
    pub of: u32,
}

/// A task that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct FoundRow {
    /// In which pursuance.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub pursuance: PursuanceId,
    /// Its name.
    pub name: String,
    /// Which task.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Its status.
    pub status: Status,
    /// The line in which most of the words stand.
    pub excerpt: String,
}
