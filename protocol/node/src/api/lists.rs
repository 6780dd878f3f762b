//! Lists that come in and go out as files.

use pursuance_core::id::PursuanceId;
use pursuance_core::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// How far an import is. Nothing of it is saved before all of it is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportState {
    /// Into which pursuance.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub pursuance: PursuanceId,
    /// Tasks planned.
    pub done: u32,
    /// All its tasks.
    pub of: u32,
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportPreview {
    /// What kind of file it is.
    pub format: ImportFormat,
    /// Tasks that would be created.
    pub tasks: u32,
    /// How many of them stand below another.
    pub nested: u32,
    /// Comments that would be quoted.
    pub comments: u32,
    /// The columns of a table and what they become.
    pub columns: Vec<ImportColumn>,
    /// The first rows as they would appear, at most `IMPORT_PREVIEW_ROWS`.
    pub rows: Vec<ImportRow>,
    /// What the file has and no task gets, on purpose.
    pub left_out: Vec<LeftOut>,
    /// Rows that cannot be taken, with the reason.
    pub problems: Vec<ImportProblem>,
    /// Why the rules do not let me import any of it.
    pub refusal: Option<Refusal>,
}

/// A kind of file that is imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum ImportFormat {
    /// A table.
    #[default]
    Csv,
    /// Our own list of tasks.
    Json,
    /// A board of Trello.
    Trello,
    /// What Taskwarrior exports.
    Taskwarrior,
}

/// A form in which tasks are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// A table that spreadsheets open.
    Csv,
    /// All that is said of the tasks.
    Json,
    /// To-dos for a calendar.
    ICalendar,
}

/// What a file has and no task gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// What.
    pub what: LeftOutKind,
    /// How many there are.
    pub count: u32,
}

/// See [`LeftOut`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum LeftOutKind {
    /// Files that hang on tasks.
    Attachments,
    /// Fields that people made for themselves.
    CustomFields,
    /// Cards that are there to be copied.
    Templates,
    /// What happened before, other than comments.
    History,
    /// Hours of days: a day has none here.
    Hours,
    /// Patterns of tasks that repeat; the tasks made of them are taken.
    Patterns,
    /// Days on which a task was to go by itself.
    Dates,
    /// Relations to tasks that are not in the file.
    Relations,
    /// That tasks are out of sight, where the rules do not let me put them there.
    Filed,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportColumn {
    /// As the file calls it.
    pub header: String,
    /// What it becomes; `null` when it is left out.
    pub field: Option<ImportField>,
}

/// What a column becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum ImportField {
    /// The row's own name, which `parent` refers to.
    Id,
    /// Title.
    Title,
    /// Body.
    Body,
    /// Status.
    Status,
    /// Owner, kept as text.
    Owner,
    /// Started on.
    Started,
    /// Finished on.
    Finished,
    /// Labels, separated by `;`.
    Labels,
    /// Parent.
    Parent,
    /// The day by which it should be done.
    Due,
    /// How it presses.
    Priority,
    /// Who took it, separated by `;`.
    ClaimedBy,
    /// Who was asked to do it, separated by `;`.
    Asked,
    /// When it was created.
    Created,
    /// Who created it.
    Creator,
}

/// One row as it would appear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportRow {
    /// Steps below the top.
    pub depth: u16,
    /// Title.
    pub title: String,
    /// Status.
    pub status: pursuance_core::task::Status,
    /// Owner as text.
    pub owner: Option<String>,
    /// Labels.
    pub labels: Vec<String>,
}

/// A row that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportProblem {
    /// Line of the file, from 1; 0 where a task is named.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub line: u64,
    /// Which task of a file that has no line for each, from 1.
    pub task: Option<u32>,
    /// Why.
    pub reason: ImportReason,
}

/// Why a row cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum ImportReason {
    /// It is not CSV.
    NotCsv,
    /// There is no title column.
    NoTitleColumn,
    /// The title is empty.
    NoTitle,
    /// The status is not one of the six.
    UnknownStatus,
    /// The parent is not in the file.
    UnknownParent,
    /// The row would end up below itself.
    Cycle,
    /// Two rows have the same id.
    DuplicateId,
    /// A field is too long.
    TooLong,
    /// There are more rows than `MAX_IMPORT_TASKS`.
    TooMany,
    /// The due day is not written `YYYY-MM-DD`, or is no day.
    NotADay,
    /// The priority is none of the accepted texts.
    NotAPriority,
    /// Two columns were to become the same field.
    FieldTwice,
    /// It is not JSON.
    NotJson,
    /// It is JSON, and none that is known here.
    UnknownFile,
    /// A newer Pursuance wrote it.
    NewerFile,
    /// A value is not one that can stand there.
    WrongValue,
    /// Another task that it names is not in the file, or not before it.
    UnknownTask,
}
