//! The door between the window and the node: requests, replies, views, troubles (docs/protocol/08-node.md).

mod app;
mod lists;
mod mine;
mod people;
mod query;
mod request;
mod trouble;

pub use app::{
    AppView, ChosenKey, Fault, LogView, PursuanceRow, RelayView, Stage, Standing, StatusLine, StorageTrouble,
};
pub use lists::{
    ExportFormat, ImportColumn, ImportField, ImportFormat, ImportPreview, ImportProblem, ImportReason, ImportRow,
    ImportState, LeftOut, LeftOutKind,
};
pub use mine::{FindView, FoundRow, InboxOf, MentionRow, OwnView, SnoozedRow, TodayRow, TodayView, WatchedRow};
pub use people::{CodeState, CodeView, DevicesView, InviteRow, PhraseView, PreviewState, RecoveryWords};
pub use query::{Query, View};
pub use request::{Draft, OwnChange, Reply, Request, SavedView};
pub use trouble::Trouble;
