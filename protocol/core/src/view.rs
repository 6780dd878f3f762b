//! What is seen: plain data for the window, computed from the state and nothing else (docs/protocol/05-tasks.md, "Views").

use alloc::string::String;
use alloc::vec::Vec;

use crate::authority::Presence;
use crate::change::Change;
use crate::detail::{Detail, Kind, Relation};
use crate::entry::GrantRef;
use crate::id::{AuthorId, CheckId, EntryId, MemberId, PursuanceId, RoleId, TaskId};
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::rule::{Role, Rule, Verb};
use crate::task::Status;

/// How far an own change is known to have come; `None` in a view means it is somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Delivery {
    /// Saved on this computer.
    Kept,
    /// A relay signed a receipt for it.
    Handed,
    /// Another member's entry refers to it.
    Seen,
}

/// A page of the tree of tasks in reading order.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct TreeView {
    /// The pursuance's name.
    pub name: String,
    /// Its mission, the root of the tree.
    pub mission: String,
    /// Ended tasks (done), of all that are not dropped.
    pub done: u32,
    /// All tasks that are not dropped.
    pub total: u32,
    /// Dropped tasks.
    pub dropped: u32,
    /// Which of the rows that show is the first one here, from 0.
    pub first: u32,
    /// How many rows show, with what is folded and filtered.
    pub shown: u32,
    /// How many tasks the filter is for, folded away or not; all that may show without a filter.
    pub matching: u32,
    /// Rows in reading order, parents before children.
    pub rows: Vec<TreeRow>,
    /// Folded tasks that count as open, because they stand above the one asked for.
    #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
    pub opened: Vec<TaskId>,
    /// Imports of others of which not all tasks are here yet.
    pub arriving: Vec<Arriving>,
    /// What I may not do here and why, by verb; a verb that is absent is allowed.
    pub cannot: Vec<Cannot>,
    /// Roles for which I may create a task, by who reads them.
    pub homes: Vec<Readers>,
    /// Roles that I read, and of whose tasks I was not handed all keys yet.
    pub awaited: Vec<Readers>,
}

/// An import of which not all tasks are here yet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Arriving {
    /// Who imports.
    pub by: Person,
    /// Tasks that are here.
    pub arrived: u32,
    /// Tasks that there are.
    pub of: u32,
}

/// A verb that is refused to me, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Cannot {
    /// The verb.
    pub verb: Verb,
    /// Why not.
    pub refusal: Refusal,
}

/// A member as named on a row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Who.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub member: MemberId,
    /// The name they chose.
    pub name: String,
    /// Four characters that tell two people of one name apart; empty when the name is unique here.
    pub mark: String,
    /// Whether this is me.
    pub me: bool,
}

/// One task in the tree.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct TreeRow {
    /// Which task.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub task: TaskId,
    /// The role at which it is at home: who reads it; 0 is everyone.
    pub home: RoleId,
    /// Its parent, or `null` below the mission.
    #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
    pub parent: Option<TaskId>,
    /// The parent's parent: where it goes when it moves out.
    #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
    pub grandparent: Option<TaskId>,
    /// The task before it below the same parent that is not dropped: where it goes when it moves in.
    #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
    pub above: Option<TaskId>,
    /// Steps below the mission, from 0.
    pub depth: u16,
    /// Something that shows is below it.
    pub has_children: bool,
    /// What is below it is folded away.
    pub folded: bool,
    /// The filter is for it, and not only for something below it; true without a filter.
    pub matches: bool,
    /// Its title.
    pub title: String,
    /// Its status.
    pub status: Status,
    /// Two different endings at once.
    pub two_answers: bool,
    /// Whoever took it.
    pub claim: Option<Person>,
    /// Whoever is asked to do it.
    pub assignees: Vec<Person>,
    /// The owner an import named, as text.
    pub owner_text: Option<String>,
    /// Labels in order.
    pub labels: Vec<String>,
    /// The day by which it should be done, `YYYY-MM-DD`.
    pub due: Option<String>,
    /// How it presses: 0 none, 1 urgent, 2 high, 3 normal, 4 low.
    pub priority: u8,
    /// Lines in its thread.
    pub comments: u32,
    /// Done tasks below it (all depths).
    pub done_below: u32,
    /// Tasks below it (all depths) that are not dropped.
    pub total_below: u32,
    /// It waits for a task that has not ended.
    pub blocked: bool,
    /// What kind of task it is.
    pub kind: Kind,
    /// The day on which it begins, `YYYY-MM-DD`.
    pub start: Option<String>,
    /// Its doers ask others to help.
    pub help_wanted: bool,
    /// It is done again and again.
    pub repeats: bool,
    /// Lines of its checklist that are done.
    pub checks_done: u32,
    /// Lines of its checklist.
    pub checks: u32,
    /// Whether it was put out of sight.
    pub filed: bool,
    /// How many roles and members it was opened to, beside its home.
    pub opened: u32,
    /// How far the newest own change of it has come.
    pub delivery: Option<Delivery>,
}

/// One task in full.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// The row of the tree.
    pub row: TreeRow,
    /// Titles from the mission's child down to the parent.
    pub path: Vec<String>,
    /// Its body, markdown as plain text.
    pub body: String,
    /// Other values written at the same time for the title, if any.
    pub other_titles: Vec<OtherText>,
    /// Other values written at the same time for the body, if any.
    pub other_bodies: Vec<OtherText>,
    /// Who created it.
    pub creator: Person,
    /// Claimed time of the creation, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub created_seconds: u64,
    /// The day an import says it was started, as text.
    pub started: Option<String>,
    /// The day an import says it was finished, as text.
    pub finished: Option<String>,
    /// Where it comes from, as an import says.
    pub origin: Option<Origin>,
    /// Who found it done well, or not yet, since it was last opened again: the last word of each, oldest first.
    pub reviews: Vec<ReviewView>,
    /// What else is said of it.
    pub details: DetailsView,
    /// The thread, oldest first.
    pub thread: Vec<CommentView>,
    /// Roles that can read it, with the number of members in each: the one at which it is at home first.
    pub readers: Vec<Readers>,
    /// Members it was opened to by name, who are here.
    pub persons: Vec<Person>,
    /// All who can read it, each once.
    pub read_by: u32,
    /// Whether what is said about it now is not for me: it was closed to me, or I lost the role by which I read it.
    pub closed: bool,
    /// Roles that it could be opened to: somebody reads what is said to them.
    pub openable: Vec<Openable>,
    /// Members who read what is said now to a role that it is for, and not this task: they came later.
    pub came_later: Vec<Person>,
    /// What I may not do to this task and why; a verb that is absent is allowed.
    pub cannot: Vec<Cannot>,
}

/// What is said of a task beside what its row has.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct DetailsView {
    /// Fields of which something is said, in the order of their numbers.
    pub said: Vec<Detail>,
    /// Other values that were written at the same time.
    pub contested: Vec<Detail>,
    /// Who is to look at it when it is done.
    pub reviewers: Vec<Person>,
    /// Roles whose holders are asked to do it.
    pub asked: Vec<Role>,
    /// What one has to know for it.
    pub skills: Vec<String>,
    /// How it is related to others, and others to it.
    pub relations: Vec<RelationView>,
    /// Its checklist.
    pub checks: Vec<CheckView>,
    /// Whoever took it, senior first.
    pub claims: Vec<ClaimView>,
    /// The task that it repeats, if that can be read here.
    #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
    pub repeats: Option<TaskId>,
    /// The task that repeats it.
    #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
    pub repeated: Option<TaskId>,
}

/// A text that was written at the same time as the one shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct OtherText {
    /// What it says.
    pub text: String,
    /// Who wrote it.
    pub by: Person,
}

/// How two tasks are related.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct RelationView {
    /// In which way.
    pub relation: Relation,
    /// The other task.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub task: TaskId,
    /// It is the other one that says so.
    pub points_here: bool,
    /// Its title; `null` where it cannot be read here.
    pub title: Option<String>,
    /// Its status.
    pub status: Option<Status>,
}

/// A line of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// Which.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub check: CheckId,
    /// What is to be done.
    pub text: String,
    /// Whether it is.
    pub done: bool,
}

/// Whoever took a task.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ClaimView {
    /// Who.
    pub person: Person,
    /// The latest claimed time of what they said about it, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub heard_of_seconds: u64,
    /// From when on others may take it over, if nothing is heard until then; seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub lapses_seconds: u64,
}

/// A role that a task could be opened to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Openable {
    /// Who reads what is said to the role.
    pub readers: Readers,
    /// Those of them who cannot read the task yet.
    pub new: u32,
}

/// What somebody found of how a task was done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    /// Who.
    pub by: Person,
    /// The role with which they said it.
    pub role: RoleId,
    /// Whether it is done well.
    pub good: bool,
}

/// A role that can read, and how many hold it now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Readers {
    /// Which role; 0 is everyone.
    pub role: RoleId,
    /// Its name; empty for everyone.
    pub name: String,
    /// Members who read what is said to it now; of a task, who read it.
    pub members: u32,
    /// Whether whoever comes later reads only what is made after that.
    #[serde(skip_serializing_if = "crate::rule::is_no")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
    pub since_joining: bool,
}

/// One line of a thread.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct CommentView {
    /// The entry it came with.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub entry: EntryId,
    /// Who wrote it, or brought it here.
    pub by: Person,
    /// Who wrote it elsewhere, as they say; `null` where they wrote it themselves.
    pub quoted: Option<QuotedView>,
    /// The text.
    pub text: String,
    /// Claimed time, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub claimed_seconds: u64,
    /// How far it has come, if mine.
    pub delivery: Option<Delivery>,
}

/// Of a comment that was written elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct QuotedView {
    /// By whom, or empty.
    pub by: String,
    /// When, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub claimed_seconds: u64,
}

/// How a member came.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CameBy {
    /// Started the pursuance.
    Founder,
    /// Joined by an invite.
    Invite {
        /// Whoever made the invite.
        inviter: Person,
        /// More came by this invite than it says.
        surplus: bool,
    },
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// Who.
    pub person: Person,
    /// Whether they belong to the pursuance.
    pub presence: Presence,
    /// Roles held, senior first.
    pub roles: Vec<Role>,
    /// The grants by which they hold them, in the same order.
    pub grants: Vec<GrantRef>,
    /// Who gave each of them, in the same order: one alone, or those who decided it; nobody, where they came with it.
    pub given_by: Vec<Vec<Person>>,
    /// Who vouched for them.
    pub vouched_by: Vec<Person>,
    /// How they came.
    pub came_by: CameBy,
    /// Claimed time of their newest entry, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub heard_of_seconds: u64,
    /// A device of theirs shows two histories.
    pub two_histories: bool,
    /// Epochs that they made and that do not open for everybody they are for.
    pub false_seals: Vec<FalseSealsView>,
    /// Their devices, the one they came with first.
    pub devices: Vec<DeviceView>,
}

/// Epochs that somebody made for a role and that do not open for everybody they are for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct FalseSealsView {
    /// For which role.
    pub role: RoleId,
    /// For whom they do not open; nobody, where only this computer was found to be left out.
    pub to: Vec<Person>,
}

/// One device of a member.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// The key that signs its log.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub author: AuthorId,
    /// Claimed time at which it was added, seconds since 1970; `null` for the device the member came with.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub added_seconds: Option<u64>,
    /// Whether it is this device.
    pub mine: bool,
    /// It shows two histories.
    pub two_histories: bool,
}

/// Members, roles and rules.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PeopleView {
    /// Members who are here, senior first.
    pub members: Vec<MemberView>,
    /// Those who wait to be let in, and those who are gone.
    pub others: Vec<MemberView>,
    /// All roles in force.
    pub roles: Vec<Role>,
    /// All rules in force, in their numbers' order.
    pub rules: Vec<Rule>,
    /// What was proposed to be decided together, oldest first.
    pub decisions: Vec<DecisionView>,
    /// Of each role whose tasks somebody may see: who does.
    pub readers: Vec<ReadersView>,
    /// What I may not do here and why (invite, amend).
    pub cannot: Vec<Cannot>,
}

/// Who reads what is said to a role.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ReadersView {
    /// Which role.
    pub role: RoleId,
    /// The roles by which they do.
    pub by: Vec<RoleId>,
    /// Members who do now, senior first.
    pub people: Vec<Person>,
}

/// Something that some decide together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct DecisionView {
    /// The entry that proposes it.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub proposal: EntryId,
    /// What is to be decided.
    pub change: Change,
    /// Whoever proposed it.
    pub proposer: Person,
    /// The role whose holders decide.
    pub of: RoleId,
    /// Those of them who signed.
    pub signed: Vec<Person>,
    /// How many must sign, as far as is known here.
    pub needed: u32,
    /// Whether it is decided.
    pub decided: bool,
    /// Whether I signed it.
    pub mine: bool,
    /// The numbers of the lines by which it can be decided, from 1; none where no line is needed.
    pub rules: Vec<u16>,
    /// Claimed time of the proposal, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub proposed_seconds: u64,
    /// Claimed time of the signature that decided it, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub decided_seconds: Option<u64>,
}

/// An invite as its pursuance knows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct InviteView {
    /// The entry that made it.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub invite: EntryId,
    /// The op of that entry, from 0.
    pub op: u16,
    /// Whoever made it.
    pub inviter: Person,
    /// The role offered.
    pub role: Role,
    /// How many may come by it.
    pub uses: u16,
    /// How many came.
    pub used: u16,
    /// Whether one can still come by it, as long as it is not used up.
    pub open: bool,
    /// Whether whoever comes by it waits to be let in.
    pub reviewed: bool,
    /// What its maker noted; whoever has the link can read it.
    pub note: String,
    /// Who became a member by it, oldest first; also those who are gone by now.
    pub came: Vec<Person>,
    /// Who came by it and waits to be let in.
    pub waiting: Vec<Person>,
}

/// What an invite shows before it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PreviewView {
    /// Which pursuance.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub pursuance: PursuanceId,
    /// Its name.
    pub name: String,
    /// Its mission.
    pub mission: String,
    /// All roles.
    pub roles: Vec<Role>,
    /// All rules, in their numbers' order.
    pub rules: Vec<Rule>,
    /// The role offered.
    pub role: Role,
    /// The name of whoever invites.
    pub invited_by: String,
    /// Whether as many have joined as the invite says.
    pub used_up: bool,
    /// Whether whoever comes by it waits until somebody lets them in.
    pub reviewed: bool,
    /// What its maker noted.
    pub note: String,
}
