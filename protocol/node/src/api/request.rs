//! What the window may ask to be done, and what comes back (docs/protocol/08-node.md).

use pursuance_core::command::Command;
use pursuance_core::day::Day;
use pursuance_core::id::{EntryId, MemberId, PursuanceId, TaskId};
use pursuance_core::many::NotDone;
use pursuance_core::order::Past;
use pursuance_core::templates::Template;
use serde::{Deserialize, Serialize};

use crate::api::{ChosenKey, ExportFormat, ImportField, RecoveryWords};
use crate::sending::Sending;

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
