//! What a person wants done inside one pursuance (docs/protocol/05-tasks.md, "Commands").

use alloc::string::String;
use alloc::vec::Vec;

use crate::change::Change;
use crate::detail::{Detail, Element};
use crate::entry::GrantRef;
use crate::id::{AuthorId, CheckId, EntryId, MemberId, RoleId, TaskId};
use crate::rule::Rule;
use crate::task::Status;

/// One wish; planning it against the state gives ops, or a [`Refusal`](crate::refusal::Refusal).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    /// A new task, below `parent` or below the mission.
    CreateTask {
        /// The only required text.
        title: String,
        /// `null` puts it below the mission.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        parent: Option<TaskId>,
        /// Members who are to do it.
        #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
        assignees: Vec<MemberId>,
        /// Labels, each at most `MAX_LABEL_BYTES`.
        labels: Vec<String>,
        /// The day by which it should be done, `YYYY-MM-DD`.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(optional = nullable))]
        due: Option<String>,
        /// 0 none, 1 urgent, 2 high, 3 normal, 4 low.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<u8>", optional))]
        priority: u8,
        /// The role that is to read it; as its parent, where none is named.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(optional = nullable))]
        home: Option<RoleId>,
    },
    /// A new task that somebody who creates tasks is to look at first.
    SuggestTask {
        /// The only text.
        title: String,
        /// `null` puts it below the mission.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        parent: Option<TaskId>,
    },
    /// I found it done well, or not yet.
    Review {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Whether it is.
        good: bool,
    },
    /// Puts it out of sight, or takes it out again.
    SetFiled {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Whether it is out of sight from now on.
        filed: bool,
    },
    /// Another title.
    SetTitle {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Not empty.
        title: String,
    },
    /// Another body (markdown as plain text).
    SetBody {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// May be empty.
        body: String,
    },
    /// Another status; the verb it needs depends on the step.
    SetStatus {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Where it goes.
        status: Status,
    },
    /// Another parent: in- and outdent.
    MoveTask {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// `null` puts it below the mission.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        parent: Option<TaskId>,
    },
    /// Asks a member to do it.
    Assign {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// Takes the wish back.
    Unassign {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// I take it.
    Claim {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
    },
    /// I give it back.
    GiveBack {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
    },
    /// One more line in the task's thread.
    Comment {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Not empty.
        text: String,
    },
    /// Adds a label.
    AddLabel {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Which label.
        label: String,
    },
    /// Removes a label.
    RemoveLabel {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Which label.
        label: String,
    },
    /// Another day by which it should be done.
    SetDue {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// `YYYY-MM-DD`, or `null` for none.
        due: Option<String>,
    },
    /// Another priority.
    SetPriority {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// 0 none, 1 urgent, 2 high, 3 normal, 4 low.
        priority: u8,
    },
    /// Says one more thing of a task.
    SetDetail {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// What.
        detail: Detail,
    },
    /// Adds an element to a task, or takes it away.
    SetElement {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Which.
        element: Element,
        /// Whether it is there from now on.
        there: bool,
    },
    /// A new line of its checklist.
    AddCheck {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Not empty.
        text: String,
        /// The line after which it stands; `null`: at the end.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(type = "string | null", optional = nullable))]
        after: Option<CheckId>,
    },
    /// Another text of a line of its checklist; empty takes it away.
    SetCheck {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Which line.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        check: CheckId,
        /// What it says.
        text: String,
    },
    /// Ticks a line of its checklist, or takes that back.
    Tick {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Which line.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        check: CheckId,
        /// Whether it is done.
        done: bool,
    },
    /// I take it from somebody of whom nothing was heard for `LEASE_DAYS`.
    TakeOver {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// From whom.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        from: MemberId,
    },
    /// Creates the next one of a row, where a task that repeats has ended without one.
    Repeat {
        /// Which task is repeated.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
    },
    /// Lets a role read a task too, with all that was said about it; it cannot be undone.
    Widen {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Which role.
        role: RoleId,
    },
    /// The same for one member.
    WidenTo {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// Tells a role nothing more of a task; what they could read they keep.
    Narrow {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Which role.
        role: RoleId,
    },
    /// The same for one member.
    NarrowTo {
        /// Which task.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// A link by which others may join.
    Invite {
        /// The role offered.
        role: RoleId,
        /// How many may come by it, 1 to `MAX_INVITE_USES`.
        uses: u16,
        /// Whoever comes by it waits until somebody lets them in.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
        reviewed: bool,
    },
    /// Which relays carry this pursuance, in their text form; at most `MAX_RELAYS`.
    SetRelays {
        /// `<onion>.onion/<log key>` each.
        relays: Vec<String>,
    },
    /// Another name of the pursuance.
    Rename {
        /// Not empty.
        name: String,
    },
    /// One more role; its number is chosen.
    DefineRole {
        /// Not empty.
        name: String,
        /// 0 is the highest; it never changes.
        rank: u8,
        /// Whether those who come to read it read only what is written after that; it never changes either.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
        since_joining: bool,
    },
    /// Ends a role: nobody holds it any more.
    RetireRole {
        /// Which.
        role: RoleId,
    },
    /// Puts a line into the rules, or takes it out.
    SetRule {
        /// The whole line.
        rule: Rule,
        /// Whether it stands there from now on.
        present: bool,
    },
    /// Gives a member a role.
    Grant {
        /// To whom.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
        /// Which role; never *everyone*.
        role: RoleId,
    },
    /// Takes back what a grant gave.
    RevokeGrant {
        /// Which grant.
        grant: GrantRef,
    },
    /// Removes a member; what stands here of what they did stays.
    RemoveMember {
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
        /// From which roles; none: from all, and the pursuance.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<RoleId>>", optional))]
        roles: Vec<RoleId>,
    },
    /// I go.
    Leave,
    /// Stops a device of somebody else that shows two histories.
    SuspendDevice {
        /// Which.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        author: AuthorId,
    },
    /// Takes one of my devices out.
    RemoveDevice {
        /// Which.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        author: AuthorId,
    },
    /// Asks the holders of a role to decide something together; I sign it, if I am one of them.
    Propose {
        /// The role.
        of: RoleId,
        /// What is to be decided.
        change: Change,
    },
    /// Does it alone where the rules let me, or else asks those whom they name to decide it together.
    Decide {
        /// What is to be done, or decided.
        change: Change,
    },
    /// I agree to a proposal.
    Approve {
        /// The entry that proposes it.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        proposal: EntryId,
    },
    /// I take my agreement to a proposal back, while it is not decided.
    WithdrawApproval {
        /// The entry that proposes it.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        proposal: EntryId,
    },
    /// Gives effect again to entries that lost it; at most `MAX_RATIFIED`.
    Ratify {
        /// Which.
        #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
        entries: Vec<EntryId>,
    },
    /// Closes an invite.
    RevokeInvite {
        /// Which.
        invite: GrantRef,
    },
    /// Lets in somebody who came by an invite with review.
    Admit {
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// Says that I know a member.
    Vouch {
        /// Whom.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
        /// How, in a few words; may be empty.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<String>", optional))]
        note: String,
    },
}

impl Command {
    /// A new task below the mission with a title and nothing else.
    #[must_use]
    pub fn create_task(title: &str) -> Self {
        Self::create(title, None)
    }

    /// The same for a role.
    #[must_use]
    pub fn create_task_for(home: RoleId, title: &str) -> Self {
        Self::create(title, Some(home))
    }

    fn create(title: &str, home: Option<RoleId>) -> Self {
        Self::CreateTask {
            title: title.into(),
            parent: None,
            assignees: Vec::new(),
            labels: Vec::new(),
            due: None,
            priority: 0,
            home,
        }
    }
}
