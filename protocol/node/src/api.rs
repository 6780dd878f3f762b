//! The door between the window and the node: requests, replies, views, troubles (docs/protocol/08-node.md).

use pursuance_core::command::Command;
use pursuance_core::could::Could;
use pursuance_core::day::Day;
use pursuance_core::effects::EffectsView;
use pursuance_core::history::HistoryView;
use pursuance_core::id::{EntryId, MemberId, PursuanceId, RoleId, TaskId};
use pursuance_core::inbox::InboxView;
use pursuance_core::journal::LogRow;
use pursuance_core::language::Answer;
use pursuance_core::list::{Column, Direction, ListView, MeantView};
use pursuance_core::many::NotDone;
use pursuance_core::order::Past;
use pursuance_core::refusal::Refusal;
use pursuance_core::rule::{Object, Verb};
use pursuance_core::ruling::{RulesDraft, RulesView};
use pursuance_core::task::Status;
use pursuance_core::templates::Template;
use pursuance_core::today::Mine;
use pursuance_core::view::{DeviceView, InviteView, PeopleView, Person, PreviewView, TaskView, TreeRow, TreeView};
use pursuance_core::weeks::WeeksView;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::bridges::BridgesView;
use crate::sending::Sending;
use crate::witnesses::{CosignedView, WitnessView};

/// What the window may ask to be done.
#[derive(Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// Makes the vault of an empty data folder and opens it.
    CreateVault {
        /// At least `MIN_PASSPHRASE_CHARS`.
        passphrase: String,
    },
    /// Opens the vault.
    Unlock {
        /// The passphrase it was made with.
        passphrase: String,
    },
    /// Drops the keys; everything shown goes.
    Lock,
    /// Has the open vault opened by another passphrase from now on; the database and its key stay as they are.
    ChangePassphrase {
        /// The passphrase it opens with now.
        old: String,
        /// At least `MIN_PASSPHRASE_CHARS`.
        new: String,
    },
    /// Founds a pursuance.
    StartPursuance {
        /// Its name.
        name: String,
        /// What it is for.
        mission: String,
        /// The founder's pseudonym in it.
        my_name: String,
        /// A relay address, if one is known already.
        relay: Option<String>,
        /// Which roles and rules it starts with.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<Template>", optional))]
        template: Template,
    },
    /// Reads an invite link and starts looking for its preview.
    OpenInvite {
        /// The link as pasted.
        link: String,
    },
    /// Accepts the invite whose preview is open.
    Join {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// My pseudonym in it.
        my_name: String,
    },
    /// Forgets an invite that was not accepted, or a pursuance in which I am no more; one that I left, once a relay has that.
    DropInvite {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// Carries out a command in a pursuance.
    Act {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// What.
        command: Command,
    },
    /// Carries out many commands about tasks at once, at most `MAX_MANY`: what is allowed is done, what is not is named. One undo takes all of it back.
    ActAll {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// What, one after the other.
        commands: Vec<Command>,
        /// Whether it is about the same tasks as the last change and is taken back together with that.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
        joins: bool,
    },
    /// Founds a pursuance to look around in. It has no relay, whatever is said in it, so nothing of it ever leaves this computer.
    StartSample {
        /// Its name.
        name: String,
        /// What it is for.
        mission: String,
        /// The founder's pseudonym in it.
        my_name: String,
    },
    /// Changes what I keep for myself; nothing is written into the log.
    ChangeOwn {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// What.
        change: OwnChange,
    },
    /// Puts a task past a neighbour, in my own order; nothing is written into the log.
    Reorder {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Past which neighbour.
        past: Past,
    },
    /// Keeps which keys this person chose instead of those that there are; all others are as they were.
    SetKeys {
        /// At most `MAX_KEYS`.
        keys: Vec<ChosenKey>,
    },
    /// Keeps after how many minutes without a key or a pointer the window locks; `null`: never.
    SetLockAfter {
        /// One of `LOCK_MINUTES`.
        minutes: Option<u16>,
    },
    /// Keeps when posts leave this computer.
    SetSending {
        /// When.
        sending: Sending,
    },
    /// Keeps the bridges by which Tor is reached from its next start on, one a line; none: without.
    SetBridges {
        /// At most `MAX_BRIDGES`, of `MAX_BRIDGE_BYTES` together.
        lines: String,
    },
    /// Shows from now on where a witness signed relays' checkpoints too. Nothing is asked of it.
    AddWitness {
        /// Its name and key, as they are handed around: `<name>+<key id>+<key>`. At most `MAX_WITNESSES` are kept.
        key: String,
    },
    /// Shows it no more.
    RemoveWitness {
        /// Name and key, as they are kept.
        key: String,
    },
    /// Keeps texts that were not sent yet, instead of those kept before; the window asks for it before it locks.
    KeepDrafts {
        /// At most `MAX_DRAFTS`, of `MAX_DRAFT_BYTES` together.
        drafts: Vec<Draft>,
    },
    /// A counter-entry to my last change in this pursuance; where that was many at once, to all of them.
    Undo {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// Imports a task list in one commit; answered at its end. Meanwhile `AppView.import` says how far it is.
    Import {
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
    /// Stops the import that is on its way; nothing of it stays.
    CancelImport,
    /// Writes all tasks of a pursuance into a new file.
    Export {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// In which form.
        format: ExportFormat,
        /// Where: an absolute path, in a folder that exists, of a file that does not. Without the ending of its form it gets it.
        path: String,
    },
    /// Writes all that is known of a pursuance into a new file that its members can read, sealed as cells are and filled up: for
    /// people who have no relay between them.
    ExportBundle {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Where: as with `Export`; the ending is `bundle`.
        path: String,
    },
    /// Reads in what such a file has, for all pursuances. What is known already changes nothing.
    ImportBundle {
        /// The file: an absolute path.
        path: String,
    },
    /// Writes the proof that a relay broke its word into a new file, for whoever is to be convinced: it names the relay and
    /// shows hashes of what it holds, and nothing of anybody's texts.
    ExportEvidence {
        /// The relay's address.
        relay: String,
        /// Where: as with `Export`; the ending is `evidence`.
        path: String,
    },
    /// Writes a backup of everything into a new file; answered at its end. It adds a device in every pursuance: the copy's.
    Backup {
        /// Where: an absolute path, in a folder that exists, of a file that does not.
        path: String,
        /// What opens it: at least `MIN_PASSPHRASE_CHARS`.
        passphrase: String,
    },
    /// Makes a fresh data folder of a backup, and opens it.
    Restore {
        /// The backup's file.
        path: String,
        /// What opens it.
        backup_passphrase: String,
        /// The vault's from now on: at least `MIN_PASSPHRASE_CHARS`.
        passphrase: String,
    },
    /// Writes what can be read of a damaged database as lists, one for each pursuance, into a folder; the vault is locked.
    Rescue {
        /// The vault's.
        passphrase: String,
        /// Where: an absolute path of a folder that exists.
        folder: String,
    },
    /// Signs what a text changes about the rules, step by step, alone where the rules let me and as proposals where they do not.
    ChangeRules {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// The text.
        text: String,
    },
    /// Notes on this computer that I compared the phrase with a member, and that it was the same.
    PhraseCompared {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// With whom.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// Shows the words of a recovery phrase; nothing is declared, or kept, until they are typed.
    MakeRecoveryPhrase {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// Declares my recovery key, by the phrase that was shown last.
    DeclareRecovery {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// The whole phrase.
        phrase: String,
    },
    /// Shows a code for one more computer of mine; one that was shown before is void.
    ShowCode {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// Shows it no more: nothing that answers it is taken.
    CloseCode {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// Makes this computer one more of mine, by the code that another one shows.
    AnswerCode {
        /// The code as pasted.
        code: String,
        /// The recovery phrase.
        phrase: String,
    },
    /// Gives this computer new keys in a pursuance, and puts out all others of mine.
    Recover {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// The recovery phrase.
        phrase: String,
    },
    /// Hands the key to somebody who came by an invite that was used up meanwhile.
    LetIn {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Whom.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// Says that held entries are to stay without effect, or takes that back; only this computer knows.
    SetRefused {
        /// Which pursuance.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
        /// Which; at most `MAX_RATIFIED`.
        #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
        entries: Vec<EntryId>,
        /// Whether they are.
        refused: bool,
    },
    /// Stays away from all relays, or goes back to them.
    SetOffline {
        /// Whether to stay away.
        offline: bool,
    },
}

/// A change of what I keep for myself about the tasks of a pursuance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum OwnChange {
    /// A note about a task; an empty one takes it away.
    Note {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// At most `MAX_NOTE_BYTES`.
        text: String,
    },
    /// Shows in the inbox what others change about a task, or no more.
    Watch {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Whether it does.
        watched: bool,
    },
    /// What is new about a watched task was seen.
    SeenTask {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
    },
    /// Leaves a task out of *today* before a day.
    Snooze {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// That day; `null`: no more.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        until: Option<Day>,
    },
    /// Keeps a view under its name, instead of another one of that name.
    SaveView {
        /// Which.
        view: SavedView,
    },
    /// Keeps it no more.
    DropView {
        /// Its name.
        name: String,
    },
    /// Puts a mention away.
    Seen {
        /// The entry that says it.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        entry: EntryId,
    },
}

/// A filter with a layout, under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SavedView {
    /// Its name.
    pub name: String,
    /// The filter line.
    pub filter: String,
    /// How tasks are laid out; what it means is the window's own.
    pub how: String,
}

/// A text that was not sent yet. What it belongs to is the window's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// In which pursuance.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub pursuance: PursuanceId,
    /// What it is to be, and on what.
    pub at: String,
    /// The text.
    pub text: String,
}

/// What a request led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reply {
    /// Done; the views tell the rest.
    Done,
    /// A pursuance was founded, or an invite opened.
    Pursuance {
        /// Which.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        pursuance: PursuanceId,
    },
    /// A task was created.
    Task {
        /// Which.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
    },
    /// Many were carried out.
    Acted {
        /// How many changed something.
        done: u32,
        /// The others, with the reasons.
        refused: Vec<NotDone>,
    },
    /// An invite was made.
    Invite {
        /// The link to hand over.
        link: String,
    },
    /// A recovery phrase was made.
    RecoveryPhrase {
        /// Its words, to be written on paper.
        #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
        words: RecoveryWords,
    },
    /// A list was imported.
    Imported {
        /// How many tasks.
        tasks: u32,
    },
    /// A file was written.
    Written {
        /// Where.
        path: String,
        /// How long it is, in bytes.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        bytes: u64,
    },
    /// A bundle was read in.
    Merged {
        /// Entries that are new here.
        entries: u32,
        /// Parts that the file has.
        parts: u32,
        /// Of those, how many do not open here: they are for others, or damaged.
        closed: u32,
    },
    /// What could be read of a damaged database was written.
    Rescued {
        /// Lists written.
        pursuances: u32,
        /// Tasks in them.
        tasks: u32,
        /// Changes that could not be read, or whose predecessors could not; as far as they can be counted.
        lost: u32,
    },
}

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

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LogView {
    /// Entries in the order in which they came here, newest first.
    pub rows: Vec<LogRow>,
    /// Where the next page begins; `None` at the end.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub older: Option<u64>,
    /// Entries in the log.
    pub entries: u32,
    /// Of those: entries that do not count, as a whole or in part.
    pub troubles: u32,
    /// Entries that others name and that have not arrived.
    pub announced: u32,
}

/// What to compare aloud with somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PhraseView {
    /// Four words.
    pub words: Vec<String>,
    /// When I noted last that they were the same, by this computer's clock, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub compared_seconds: Option<u64>,
}

/// The frame around everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct AppView {
    /// Grows by one with every change of anything shown.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub seq: u64,
    /// Where the vault stands.
    pub stage: Stage,
    /// The data folder, as shown to the person.
    pub data_folder: String,
    /// Pursuances and open invites, by name.
    pub pursuances: Vec<PursuanceRow>,
    /// Whether the person chose to stay offline.
    pub offline: bool,
    /// A relay is wanted that is reached by Tor, and the person did not say yet whether Tor may be used ([`Request::SetOffline`]).
    pub asks_tor: bool,
    /// Whether relays are substituted by loopback addresses (demo and tests).
    pub loopback: bool,
    /// This computer's clock differs from what relays' slots say, by this many seconds (positive: it is ahead).
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub clock_off_seconds: Option<i64>,
    /// The import that is on its way.
    pub import: Option<ImportState>,
    /// The folder proposed for files that a person wants written; it may not exist.
    pub save_folder: String,
    /// What is wrong with the disk or the database while it is open.
    pub storage: Option<StorageTrouble>,
    /// Keys that this person chose.
    pub keys: Vec<ChosenKey>,
    /// After how many minutes without a key or a pointer the window locks; `null`: never.
    pub lock_after: Option<u16>,
    /// When posts leave this computer.
    pub sending: Sending,
    /// The bridges by which Tor is reached; empty while locked.
    pub bridges: BridgesView,
    /// The witnesses that this person named; empty while locked.
    pub witnesses: Vec<WitnessView>,
}

/// A key that a person chose for something, instead of the one that there is. What it means is the window's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ChosenKey {
    /// What it does.
    pub action: String,
    /// The key.
    pub key: String,
}

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

/// What is wrong with the disk or the database while it is open. What was said to be kept is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum StorageTrouble {
    /// The last write failed: the disk is full.
    Full,
    /// The last write failed: the disk cannot be written to.
    ReadOnly,
    /// The last write failed for another reason.
    Failing,
    /// A page of the database is not what was written.
    Damaged,
}

/// Where the vault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// There is no vault in the data folder yet.
    Fresh,
    /// There is one, and it is closed.
    Locked,
    /// It is open.
    Open,
}

/// One pursuance in the left rail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PursuanceRow {
    /// Which.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub pursuance: PursuanceId,
    /// Its name; empty while an invite's preview has not arrived.
    pub name: String,
    /// How I stand in it.
    pub standing: Standing,
    /// The one status sentence.
    pub status: StatusLine,
    /// The last change can be undone.
    pub can_undo: bool,
    /// It is there to look around in, and nothing of it ever leaves this computer.
    pub sample: bool,
}

/// How I stand in a pursuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// An invite is open, not accepted.
    Invited,
    /// I joined; nobody's app has welcomed mine yet.
    Waiting,
    /// I am in.
    Member,
}

/// The status sentence of Design-level wording, as a code with its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StatusLine {
    /// No relay is set.
    NoRelay {
        /// Own changes not handed over.
        kept: u32,
    },
    /// The person chose to stay offline.
    Offline {
        /// Own changes not handed over.
        kept: u32,
    },
    /// The person did not say yet whether Tor may be used.
    TorUnasked {
        /// Own changes not handed over.
        kept: u32,
    },
    /// Tor is starting.
    TorStarting {
        /// 0 to 100.
        percent: u8,
        /// Own changes not handed over.
        kept: u32,
    },
    /// Tor cannot be reached at all.
    TorUnreachable {
        /// Own changes not handed over.
        kept: u32,
    },
    /// Nothing was reached yet, the first try is under way.
    Connecting {
        /// Own changes not handed over.
        kept: u32,
    },
    /// Reading, and more is known to come.
    Reading {
        /// Cells read of those known.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        read: u64,
        /// Cells known.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        of: u64,
    },
    /// Nothing newer known.
    Fine {
        /// Relays reached.
        reached: u16,
        /// Relays there are.
        of: u16,
        /// Seconds since 1970 of the last visit.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        at_seconds: u64,
        /// Own changes not handed over.
        kept: u32,
    },
    /// No relay could be reached.
    Unreachable {
        /// Seconds since 1970 since when.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        since_seconds: u64,
        /// Own changes not handed over.
        kept: u32,
        /// Seconds until the next try.
        retry_seconds: u32,
    },
    /// The relay gave something that breaks its word.
    RelayFault {
        /// What.
        fault: Fault,
    },
    /// Entries are announced and have not arrived.
    Gap {
        /// How many.
        entries: u32,
        /// The author's name, where it is one author only.
        by: Option<String>,
    },
    /// This device's own log goes on elsewhere: a copy of its folder is in use, so this one signs nothing more.
    Overtaken,
    /// I am no longer a member; what is here stays readable, and nothing is posted any more, but that I go.
    Removed {
        /// Own changes that still have to be handed over, so that the others know that I went.
        kept: u32,
    },
    /// This device was taken out by another one of mine, or stopped; likewise.
    DeviceRemoved,
    /// A device shows two histories.
    TwoHistories {
        /// Its owner's name.
        by: String,
    },
    /// Entries need a newer Pursuance.
    NeedsNewer {
        /// How many.
        entries: u32,
    },
}

/// In what way a relay broke its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// It showed two logs.
    Forked,
    /// It forgot what it had.
    RolledBack,
    /// It signed for something and does not have it.
    BrokenReceipt,
    /// Its answers make no sense.
    Garbage,
    /// It is not the relay it should be.
    WrongOrigin,
    /// It stopped making checkpoints.
    Stale,
    /// It hands out nothing of what came lately, and says that it was kept long enough.
    Withholds,
}

/// A relay of a pursuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct RelayView {
    /// Its address.
    pub address: String,
    /// Seconds since 1970 when it was last reached.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub reached_seconds: Option<u64>,
    /// Cells it holds, as far as known.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub cells: u64,
    /// Cells of it read here.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub read: u64,
    /// Posts it signed for.
    pub handed: u32,
    /// Posts waiting for it.
    pub waiting: u32,
    /// Entries of this pursuance that came by another relay and not by this one, as far as that is known.
    pub lacks: u32,
    /// How it broke its word.
    pub fault: Option<Fault>,
    /// The last try came to nothing.
    pub failing: bool,
    /// Seconds since 1970 at the end of the newest slot for which another computer is known to have been shown the same log.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub agreed_seconds: Option<u64>,
    /// Witnesses that signed a checkpoint of it too, each with the newest one of which this is known; the newest first.
    pub cosigned: Vec<CosignedView>,
    /// There is a proof of that, for anybody.
    pub has_proof: bool,
    /// The pursuance posts to it. One that was left is still read: whoever was away may have posted there.
    pub used: bool,
}

/// The words of a recovery phrase: overwritten when they are dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryWords(Zeroizing<Vec<String>>);

impl RecoveryWords {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self(Zeroizing::new(words))
    }

    /// The words, in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl std::fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecoveryWords").finish_non_exhaustive()
    }
}

impl Serialize for RecoveryWords {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// My computers in a pursuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct DevicesView {
    /// The one I came with first, then as they were added; none that is out.
    pub devices: Vec<DeviceView>,
    /// I declared a recovery key, so that there is a phrase.
    pub has_recovery: bool,
    /// The code shown for one more, if there is one.
    pub code: Option<CodeView>,
}

/// A code for one more computer of mine.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct CodeView {
    /// The code.
    pub code: String,
    /// The same as a QR code: one string a row, `#` dark and ` ` light.
    pub qr: Vec<String>,
    /// Seconds since 1970 until when it is taken.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub until_seconds: u64,
    /// What became of it.
    pub state: CodeState,
}

impl std::fmt::Debug for CodeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The code is never printed.
        f.debug_struct("CodeView").field("state", &self.state).finish_non_exhaustive()
    }
}

/// What became of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CodeState {
    /// Nobody answered it yet.
    Open,
    /// A computer answered it, with the phrase, and is mine.
    Answered,
    /// One answered it, with the phrase, and cannot be mine.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

/// An invite with its link, where it was made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct InviteRow {
    /// What the pursuance knows of it.
    pub invite: InviteView,
    /// The link; `null` when it was made on another computer.
    pub link: Option<String>,
    /// The link as a QR code: one string a row, `#` dark and ` ` light; empty without a link.
    pub qr: Vec<String>,
    /// A relay signed for the preview, so that the link works for others.
    pub handed: bool,
}

/// How far the preview of an invite has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PreviewState {
    /// Still looking for it at the relay.
    Looking,
    /// Here it is.
    Here {
        /// What it shows.
        preview: PreviewView,
    },
    /// This computer is to be one more of mine, and waits for the one that shows the code.
    Coming {
        /// Seconds since 1970 when the code was answered.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        since_seconds: u64,
        /// A relay signed for the answer.
        handed: bool,
    },
    /// I joined and wait to be welcomed.
    Waiting {
        /// What it showed.
        preview: PreviewView,
        /// Seconds since 1970 when I joined.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        since_seconds: u64,
        /// A relay signed for my join.
        handed: bool,
    },
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

/// Why a request or query was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Trouble {
    /// The rules, or the state, refuse it.
    #[error("refused: {refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// The passphrase does not open this vault.
    #[error("the passphrase does not open this vault")]
    WrongPassphrase,
    /// The passphrase is shorter than it may be.
    #[error("the passphrase is shorter than {min_chars} characters")]
    PassphraseTooShort {
        /// The limit.
        min_chars: u32,
    },
    /// There is a vault in this folder already.
    #[error("there is a vault already")]
    VaultExists,
    /// There is no vault in this folder.
    #[error("there is no vault")]
    NoVault,
    /// The vault is locked.
    #[error("the vault is locked")]
    Locked,
    /// The vault's file is damaged.
    #[error("the file is damaged")]
    Damaged,
    /// The vault's file was written by a newer Pursuance.
    #[error("the file is of version {found}, this Pursuance reads up to {known}")]
    NewerFile {
        /// Its version.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// Another Pursuance has the folder open.
    #[error("another Pursuance has this folder open")]
    InUse,
    /// The disk refused in a way that has no name of its own.
    #[error("the disk refused to write")]
    Disk,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// The disk or the folder cannot be written to.
    #[error("the folder cannot be written to")]
    ReadOnly,
    /// The link is not whole.
    #[error("the link is not whole")]
    LinkTruncated,
    /// The link is not an invite.
    #[error("this is not an invite link")]
    NotAnInvite,
    /// The link is for a newer Pursuance.
    #[error("the link needs a newer Pursuance")]
    LinkNewer,
    /// The words are no recovery phrase.
    #[error("this is no recovery phrase")]
    NotARecoveryPhrase {
        /// The first word that stands in no list, from 1; none where all do, and they do not belong together.
        word: Option<u32>,
    },
    /// The phrase is not the one that was shown.
    #[error("not the phrase that was shown")]
    NotThePhraseShown,
    /// The text is no code for one more computer.
    #[error("this is no code for one more computer")]
    NotACode,
    /// I am in this pursuance already.
    #[error("already a member")]
    AlreadyMember,
    /// There is no such pursuance here.
    #[error("no such pursuance")]
    NoSuchPursuance,
    /// Nothing can be undone.
    #[error("nothing to undo")]
    NothingToUndo,
    /// The list cannot be imported as it is.
    #[error("the list has {problems} rows that cannot be taken")]
    ImportProblems {
        /// How many.
        problems: u32,
    },
    /// The import was stopped before anything of it was saved.
    #[error("the import was cancelled")]
    ImportCancelled,
    /// An import is on its way in this pursuance; or another import is, anywhere.
    #[error("an import is on its way")]
    ImportRunning,
    /// The file is no backup, or it is damaged.
    #[error("this is no backup, or a damaged one")]
    NotABackup,
    /// A backup is being written.
    #[error("a backup is being written")]
    BackupRunning,
    /// There is no such file.
    #[error("there is no such file")]
    NoSuchFile,
    /// There is a file of this name.
    #[error("there is such a file already")]
    FileExists,
    /// There is no such folder, or it is the data folder, or the path is not absolute.
    #[error("there is no such folder for files")]
    NoSuchFolder,
    /// The file is no bundle, or not whole, or nothing in it can be opened here.
    #[error("this is no bundle, or not whole")]
    NotABundle,
    /// A bundle may not be so long.
    #[error("a bundle may not be so long")]
    BundleTooLong,
    /// Nothing of the pursuance can be sealed yet: whoever just joined waits for its keys.
    #[error("nothing can be sealed for the others yet")]
    NothingToBundle,
    /// A line that describes no bridge.
    #[error("line {line} describes no bridge")]
    NotABridge {
        /// Which, from 1 on.
        line: u32,
    },
    /// A bridge that is spoken to in a way that is not spoken here.
    #[error("the bridge of line {line} needs a transport that is not spoken")]
    BridgeTransport {
        /// Which, from 1 on.
        line: u32,
    },
    /// The text is no witness's name and key.
    #[error("this is no witness's key")]
    NotAWitness,
    /// It is a key, and not of the kind by which witnesses sign here.
    #[error("a key of this kind signs nothing that is read here")]
    WitnessOfAnotherKind,
    /// Name and key do not belong together: something of the text was changed.
    #[error("the witness's name and key do not belong together")]
    WitnessChanged,
    /// This witness was named already.
    #[error("this witness is there already")]
    WitnessThere,
    /// No more witnesses can be named.
    #[error("no more than {most} witnesses can be named")]
    TooManyWitnesses {
        /// The limit.
        most: u32,
    },
    /// There is no proof against this relay.
    #[error("there is no proof against this relay")]
    NoEvidence,
    /// The request itself was malformed.
    #[error("malformed request")]
    Malformed,
}
