//! Roles, verbs and the one rule table (docs/protocol/04-authority.md).

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::RoleId;

/// What a rule may allow; the numbers are reserved for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum Verb {
    /// Hold the key.
    See = 0,
    /// Invite to a role.
    Invite = 1,
    /// Change rules, or what the object names.
    Amend = 8,
    /// Create tasks.
    Create = 17,
    /// Take a task, and give it back.
    Claim = 18,
    /// Ask others to do it.
    Assign = 19,
    /// Change title, body, place in the tree.
    Edit = 20,
    /// Write in the thread.
    Comment = 21,
    /// End a task: done or dropped.
    Finish = 22,
    /// Open an ended task again.
    Reopen = 24,
    /// Add and remove labels.
    Label = 27,
}

impl Verb {
    /// Every verb that this version judges.
    pub const ALL: [Self; 11] = [
        Self::See,
        Self::Invite,
        Self::Amend,
        Self::Create,
        Self::Claim,
        Self::Assign,
        Self::Edit,
        Self::Comment,
        Self::Finish,
        Self::Reopen,
        Self::Label,
    ];

    /// The verb with this number; others are reserved.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| *verb as u8 == number)
    }
}

/// Over whom or what a rule reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "over", content = "role", rename_all = "camelCase")]
pub enum Object {
    /// The members of a role, or the tasks whose audience it is.
    Role(RoleId),
    /// The list of relays.
    Relays,
}

/// A condition on a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// None.
    Always,
    /// Only what one created oneself.
    Own,
}

/// One line: role, verb, over what, condition. Its number is its place in the table, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Rule {
    /// Who may.
    pub role: RoleId,
    /// What they may.
    pub verb: Verb,
    /// Over whom or what.
    pub object: Object,
    /// When.
    pub condition: Condition,
}

/// A role as defined; its rank never changes (0 highest).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Role {
    /// Its number, from 1; 0 is *everyone* and never defined.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// Its rank.
    pub rank: u8,
}

/// Roles and rules together, as a genesis declares them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct RuleTable {
    /// The roles, numbered from 1 in order.
    pub roles: Vec<Role>,
    /// The rules, numbered from 1 in order.
    pub rules: Vec<Rule>,
}
