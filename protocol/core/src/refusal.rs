//! Why a command was not carried out, or an entry does not count (docs/protocol/04-authority.md, "Refusals").

use crate::rule::Verb;

/// A numbered reason; the window shows one sentence for each and keeps what was typed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Refusal {
    /// No rule gives this verb to any of the author's roles.
    #[error("F1: no rule lets this role {verb:?}")]
    NotAllowed {
        /// What was tried.
        verb: Verb,
        /// The number of the first rule that gives the verb to some role, if there is one.
        rule: Option<u16>,
        /// The role that this rule names.
        allowed_role: Option<u16>,
    },
    /// A rule gives the verb, but only on one's own.
    #[error("F2: rule {rule} lets this role {verb:?} only its own")]
    OnlyOwn {
        /// What was tried.
        verb: Verb,
        /// The rule with the condition.
        rule: u16,
    },
    /// The task is not known here.
    #[error("F3: no such task")]
    NoSuchTask,
    /// The member is not known here.
    #[error("F4: no such member")]
    NoSuchMember,
    /// The role is not defined here.
    #[error("F5: no such role")]
    NoSuchRole,
    /// A text that must say something is empty.
    #[error("F6: the text is empty")]
    Empty,
    /// A text is longer than its limit.
    #[error("F7: the text is longer than {max_bytes} bytes")]
    TooLong {
        /// The limit.
        max_bytes: u32,
    },
    /// A list is longer than its limit.
    #[error("F8: more than {max} at once")]
    TooMany {
        /// The limit.
        max: u32,
    },
    /// The task would end up below itself.
    #[error("F9: a task cannot be below itself")]
    Cycle,
    /// The status step does not exist from where the task is.
    #[error("F10: this step does not follow from the task's status")]
    NoSuchStep,
    /// Somebody else holds the claim.
    #[error("F11: somebody else has taken this task")]
    ClaimedByOther,
    /// The task is not claimed by the one who gives it back.
    #[error("F12: the task is not yours to give back")]
    NotClaimed,
    /// The invite was already used as often as it says.
    #[error("F13: the invite is used up")]
    InviteUsedUp,
    /// The offered role's rank is above the inviter's own (R2).
    #[error("F14: nobody invites to a role above their own")]
    RankAboveOwn,
    /// The relay address is not a v3 onion address with a log key.
    #[error("F15: not a relay address")]
    NotARelayAddress,
    /// The grant that the entry leans on is not its author's, or not in its past (R2).
    #[error("F16: the grant leaned on is not the author's")]
    GrantNotHeld,
    /// The entry could not be decided here yet: this is a newer kind.
    #[error("F17: needs a newer Pursuance")]
    NeedsNewer,
    /// Nothing would change.
    #[error("F18: nothing to change")]
    NothingToChange,
    /// This device is not a member yet.
    #[error("F19: waiting to be welcomed")]
    NotWelcomedYet,
    /// Key material in the entry is wrong: a task key that does not fit, a reader set that differs.
    #[error("F20: keys do not fit")]
    BadKeys,
    /// The task already exists, or its id does not come from where it was created.
    #[error("F21: not a valid creation")]
    NotACreation,
    /// The text names no day of the calendar.
    #[error("F22: not a day written YYYY-MM-DD")]
    NotADay,
    /// This device's log goes on somewhere else: a copy of its folder is in use, so this one signs nothing more.
    #[error("F23: this device's log goes on elsewhere")]
    OvertakenElsewhere,
    /// There is no such priority.
    #[error("F24: a priority is 0 to 4")]
    NoSuchPriority,
    /// Somebody acted on stands as high or higher: alone one acts only on members all of whose roles stand lower.
    #[error("F25: somebody acted on stands as high or higher")]
    NotSenior,
    /// A rule gives the verb, but only together with others.
    #[error("F26: rule {rule} lets this role {verb:?} only when {count} holders of role {of} agree")]
    NeedsQuorum {
        /// What was tried.
        verb: Verb,
        /// The rule that asks for others.
        rule: u16,
        /// How many must agree; 0 is more than half of them.
        count: u16,
        /// The role whose holders decide.
        of: u16,
    },
    /// The proposal is not known here, or not in the entry's past.
    #[error("F27: no such proposal")]
    NoSuchProposal,
    /// Nobody could amend the rules any more.
    #[error("F28: the last who may amend the rules would be gone")]
    LastAmender,
    /// The member has no such device.
    #[error("F29: no such device")]
    NoSuchDevice,
    /// Only a device of which two histories are known can be suspended.
    #[error("F30: no two histories of that device are known")]
    NotTwoHistories,
    /// Whoever came by an invite with review has to be admitted first.
    #[error("F31: not admitted yet")]
    NotAdmitted,
    /// It can only be proposed, or it cannot be decided together.
    #[error("F32: this cannot be done in this way")]
    NotProposable,
    /// Held: the author had been removed from the role leaned on, and this is outside what stays.
    #[error("F33: the author was removed")]
    Removed,
    /// Held: the device had been removed, and this is outside what stays.
    #[error("F34: the device was removed")]
    DeviceRemoved,
    /// Held: the role leaned on was retired.
    #[error("F35: the role was retired")]
    RoleRetired,
    /// Held: the rule that allowed it was taken back at the same time.
    #[error("F36: the rule was taken back")]
    RuleTakenBack,
    /// Held: a checkpoint does not contain it.
    #[error("F37: outside a checkpoint")]
    SealedOff,
    /// Held: the invite was closed, or whoever made it was removed.
    #[error("F38: the invite was closed")]
    InviteClosed,
    /// Held: something it leans on has no effect any more.
    #[error("F39: it leans on what has no effect any more")]
    LeansOnHeld,
    /// A rule gives the verb, but only on what is not one's own.
    #[error("F40: rule {rule} lets this role {verb:?} only what others made")]
    OnlyOthers {
        /// What was tried.
        verb: Verb,
        /// The rule with the condition.
        rule: u16,
    },
    /// A rule gives the verb only after others found the task good.
    #[error("F41: rule {rule} lets this role {verb:?} only after {count} holders of role {of} agreed")]
    NeedsReview {
        /// What was tried.
        verb: Verb,
        /// The rule that asks for it.
        rule: u16,
        /// How many must have agreed; 0 where a line asks for what no task can show.
        count: u16,
        /// The role whose holders they are.
        of: u16,
    },
    /// A rule gives the verb only to who has written more.
    #[error("F42: rule {rule} lets this role {verb:?} only after {entries} entries of one's own")]
    OnProbation {
        /// What was tried.
        verb: Verb,
        /// The rule that asks for it.
        rule: u16,
        /// How many entries one's own log must have.
        entries: u16,
    },
    /// The author does not read what is said to that role, with the grant leaned on.
    #[error("F45: not a reader of that role")]
    NotAReader,
    /// One's own client, by the advice of a rule: not before that day.
    #[error("F43: rule {rule} says not before {day}")]
    NotBefore {
        /// The rule that says so.
        rule: u16,
        /// `YYYY-MM-DD`.
        day: alloc::string::String,
    },
    /// One's own client, by the advice of a rule: not more often today.
    #[error("F44: rule {rule} says at most {times} a day")]
    EnoughToday {
        /// The rule that says so.
        rule: u16,
        /// How often.
        times: u16,
    },
    /// The member has no recovery key: nothing can be done with its phrase.
    #[error("F46: no recovery key was declared")]
    NoRecoveryKey,
    /// The phrase is another one than that of the member's recovery key.
    #[error("F47: not the phrase of the recovery key")]
    OtherRecoveryKey,
    /// Whoever took the task was heard of not long ago.
    #[error("F48: whoever took it was heard of not long ago")]
    NotLapsed,
}
