//! What the window may ask to be shown, and what is shown (docs/protocol/08-node.md).

use pursuance_core::command::Command;
use pursuance_core::could::Could;
use pursuance_core::effects::EffectsView;
use pursuance_core::history::HistoryView;
use pursuance_core::id::{MemberId, PursuanceId, RoleId, TaskId};
use pursuance_core::inbox::InboxView;
use pursuance_core::language::Answer;
use pursuance_core::list::{Column, Direction, ListView, MeantView};
use pursuance_core::many::NotDone;
use pursuance_core::rule::{Object, Verb};
use pursuance_core::ruling::{RulesDraft, RulesView};
use pursuance_core::task::Status;
use pursuance_core::view::{PeopleView, TaskView, TreeRow, TreeView};
use pursuance_core::weeks::WeeksView;
use serde::{Deserialize, Serialize};

use crate::api::{
    AppView, DevicesView, Draft, FindView, ImportField, ImportPreview, InboxOf, InviteRow, LogView, OwnView,
    PhraseView, PreviewState, RelayView, TodayView,
};

/// What the window may look at.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Query {
    /// The frame around everything.
    App,
    /// Texts that were not sent yet, as they were kept.
    Drafts,
    /// A page of the tree of a pursuance.
    Tree {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// The first row wanted, of those that show, from 0.
        #[serde(default)]
        first: u32,
        /// Tasks below which nothing is shown; at most `MAX_FOLDED` are looked at.
        #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
        #[serde(default)]
        folded: Vec<TaskId>,
        /// The filter line; empty for all tasks.
        #[serde(default)]
        filter: String,
        /// Whether dropped tasks show.
        #[serde(default)]
        dropped: bool,
        /// A task that is wanted: the page that holds it.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        #[serde(default)]
        around: Option<TaskId>,
    },
    /// A page of the tasks of a pursuance as a flat list.
    List {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// The first row wanted, from 0.
        #[serde(default)]
        first: u32,
        /// The filter line; empty for all tasks.
        #[serde(default)]
        filter: String,
        /// Whether dropped tasks show.
        #[serde(default)]
        dropped: bool,
        /// A task that is wanted: the page that holds it.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        #[serde(default)]
        around: Option<TaskId>,
        /// Only tasks of this status.
        #[serde(default)]
        status: Option<Status>,
        /// By what it is sorted.
        sort: Column,
        /// Which way.
        direction: Direction,
        /// By what it is grouped first; *tree* for not at all.
        group: Column,
    },
    /// Which tasks a filter means, of those that show in the tree; at most `MAX_MANY` are named.
    Meant {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// As in the tree.
        #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
        #[serde(default)]
        folded: Vec<TaskId>,
        /// The filter line.
        #[serde(default)]
        filter: String,
        /// Whether dropped tasks show.
        #[serde(default)]
        dropped: bool,
    },
    /// Rows of these tasks, in the order of the tree; at most `MAX_MANY` are looked at.
    Rows {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Which.
        #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
        tasks: Vec<TaskId>,
    },
    /// What of many commands would be refused, each by itself; nothing is done.
    CouldMany {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// As in [`Request::ActAll`].
        commands: Vec<Command>,
    },
    /// All labels in use in a pursuance.
    Labels {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// One task.
    Task {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
    },
    /// Members, roles, rules.
    People {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// My computers, and whether I have a recovery phrase.
    Devices {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// Invites, with the links made on this computer.
    Invites {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// Whether commands would be carried out, by which rules; nothing is. At most `MAX_COULD`, the others are not answered.
    Could {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Which.
        commands: Vec<Command>,
    },
    /// What removing somebody would touch.
    Effects {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Whom.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
        /// From which roles; none: from all, and the pursuance.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<RoleId>>", optional))]
        roles: Vec<RoleId>,
    },
    /// What waits for me.
    Inbox {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// What waits for me in all pursuances, by name.
    Inboxes,
    /// What I keep for myself: views, and what is about one task.
    Own {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        #[serde(default)]
        task: Option<TaskId>,
    },
    /// A page of what was done to a task, newest first.
    History {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// `HistoryView.older` of the page before.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(optional = nullable))]
        before: Option<u32>,
    },
    /// How many tasks were opened and finished in the last weeks.
    Weeks {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// What is for me to do, in all pursuances.
    Today,
    /// Tasks of all pursuances that have all these words somewhere, their threads included.
    Find {
        /// The words.
        text: String,
    },
    /// Relays and what is known of them.
    Relays {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// A page of the log, newest first.
    Log {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Entries before this page's last one: `LogView.older` of that page.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(type = "number | null", optional = nullable))]
        before: Option<u64>,
        /// Only what does not count, as a whole or in part.
        #[serde(default)]
        trouble: bool,
    },
    /// The rules, as a table and as a text, and how they came to be.
    Rules {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// What a text would make of the rules; nothing is signed by looking.
    RulesDraft {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// The text.
        text: String,
    },
    /// Whether the rules let a member do something, and by which line.
    Try {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
        /// What.
        verb: Verb,
        /// Over whom or what.
        object: Object,
    },
    /// The words to compare with a member who came by my invite, or by whose invite I came.
    Phrase {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// With whom.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// What an open invite shows.
    Preview {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// What an import would do; changes nothing.
    ImportPreview {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// What the file is called; tasks say that they come from it. May be empty.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<String>", optional))]
        file: String,
        /// The file's text.
        text: String,
        /// What each column of a table becomes, in the file's order; `null`: as guessed.
        fields: Option<Vec<Option<ImportField>>>,
    },
}

impl Query {
    /// The first page of the tree, with nothing folded or filtered.
    #[must_use]
    pub const fn tree(pursuance: PursuanceId) -> Self {
        Self::Tree { pursuance, first: 0, folded: Vec::new(), filter: String::new(), dropped: false, around: None }
    }
}

/// What is to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", content = "view", rename_all = "camelCase")]
#[allow(clippy::large_enum_variant, reason = "one is made for an answer and written out at once")]
pub enum View {
    /// See [`Query::App`].
    App(AppView),
    /// See [`Query::Drafts`].
    Drafts(Vec<Draft>),
    /// See [`Query::Tree`].
    Tree(TreeView),
    /// See [`Query::List`].
    List(ListView),
    /// See [`Query::Meant`].
    Meant(MeantView),
    /// See [`Query::Rows`].
    Rows(Vec<TreeRow>),
    /// See [`Query::CouldMany`].
    CouldMany(Vec<NotDone>),
    /// See [`Query::Labels`].
    Labels(Vec<String>),
    /// See [`Query::Task`].
    Task(TaskView),
    /// See [`Query::People`].
    People(PeopleView),
    /// See [`Query::Devices`].
    Devices(DevicesView),
    /// See [`Query::Invites`].
    Invites(Vec<InviteRow>),
    /// See [`Query::Could`], in the order asked.
    Could(Vec<Could>),
    /// See [`Query::Effects`].
    Effects(EffectsView),
    /// See [`Query::Inbox`].
    Inbox(InboxView),
    /// See [`Query::Inboxes`].
    Inboxes(Vec<InboxOf>),
    /// See [`Query::Own`].
    Own(OwnView),
    /// See [`Query::History`].
    History(HistoryView),
    /// See [`Query::Weeks`].
    Weeks(WeeksView),
    /// See [`Query::Today`].
    Today(TodayView),
    /// See [`Query::Find`].
    Find(FindView),
    /// See [`Query::Relays`].
    Relays(Vec<RelayView>),
    /// See [`Query::Log`].
    Log(LogView),
    /// See [`Query::Rules`].
    Rules(RulesView),
    /// See [`Query::RulesDraft`].
    RulesDraft(RulesDraft),
    /// See [`Query::Try`]; `None` for whoever is not known.
    Try(Option<Answer>),
    /// See [`Query::Phrase`]; `None` where there are none for the two.
    Phrase(Option<PhraseView>),
    /// See [`Query::Preview`].
    Preview(PreviewState),
    /// See [`Query::ImportPreview`].
    ImportPreview(ImportPreview),
}
