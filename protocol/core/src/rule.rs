//! Roles, verbs and the one rule table (docs/protocol/04-authority.md).

use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer};
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
    /// Let somebody in who came by an invite with review.
    Admit = 2,
    /// Give a role to a member.
    Grant = 3,
    /// Take back what a grant gave.
    Revoke = 4,
    /// Remove members from a role; what they did before stays.
    Remove = 5,
    /// Say that one knows a member.
    Vouch = 6,
    /// Change rules, or what the object names.
    Amend = 8,
    /// Settle what has happened; only ever together.
    Checkpoint = 10,
    /// Remove members so that only what the removal names stays of what they did.
    RemoveRetroactive = 11,
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
    /// Every verb that this version knows.
    pub const ALL: [Self; 18] = [
        Self::See,
        Self::Invite,
        Self::Admit,
        Self::Grant,
        Self::Revoke,
        Self::Remove,
        Self::Vouch,
        Self::Amend,
        Self::Checkpoint,
        Self::RemoveRetroactive,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "over", content = "role", rename_all = "camelCase")]
pub enum Object {
    /// The members of a role, or the tasks whose audience it is.
    Role(RoleId),
    /// The list of relays.
    Relays,
    /// Name, roles and rules.
    Rules,
}

/// A condition on a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// None.
    Always,
    /// Only what one created oneself.
    Own,
    /// Only others, never oneself.
    NotSelf,
}

/// How many must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Quorum {
    /// How many holders of the role; 0 is more than half of them.
    pub count: u16,
    /// The role.
    pub of: RoleId,
}

/// One line: role, verb, over what, condition, and with how many. Its number is its place in the table, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
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
    /// Only together with others, or `None` where one is enough.
    pub quorum: Option<Quorum>,
}

impl Rule {
    /// Every role that it names.
    pub fn roles(&self) -> impl Iterator<Item = RoleId> + use<> {
        let over = match self.object {
            Object::Role(role) => Some(role),
            Object::Relays | Object::Rules => None,
        };
        [Some(self.role), over, self.quorum.map(|quorum| quorum.of)].into_iter().flatten()
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        let (kind, over) = match self.object {
            Object::Role(role) => (0, role.0),
            Object::Relays => (1, 0),
            Object::Rules => (2, 0),
        };
        w.array(if self.quorum.is_some() { 7 } else { 5 });
        w.uint(self.role.0.into()).uint(self.verb as u64).uint(kind).uint(over.into());
        w.uint(match self.condition {
            Condition::Always => 0,
            Condition::Own => 1,
            Condition::NotSelf => 2,
        });
        if let Some(quorum) = self.quorum {
            w.uint(quorum.count.into()).uint(quorum.of.0.into());
        }
    }

    /// Of five values, or of seven with a quorum; whether the roles exist is asked elsewhere.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let fields = r.list(7)?;
        if fields != 5 && fields != 7 {
            return Err(DecodeError::Structure);
        }
        let role = RoleId(r.small()?);
        let verb = Verb::from_number(r.small()?).ok_or(DecodeError::UnknownNumber)?;
        let object = match (r.uint()?, r.small()?) {
            (0, over) => Object::Role(RoleId(over)),
            (1, 0) => Object::Relays,
            (2, 0) => Object::Rules,
            _ => return Err(DecodeError::UnknownNumber),
        };
        let condition = match r.uint()? {
            0 => Condition::Always,
            1 => Condition::Own,
            2 => Condition::NotSelf,
            _ => return Err(DecodeError::UnknownNumber),
        };
        let quorum = if fields == 7 { Some(Quorum { count: r.small()?, of: RoleId(r.small()?) }) } else { None };
        Ok(Self { role, verb, object, condition, quorum })
    }
}

/// A role as defined; its rank never changes (0 highest).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct RuleTable {
    /// The roles, numbered from 1 in order.
    pub roles: Vec<Role>,
    /// The rules, numbered from 1 in order.
    pub rules: Vec<Rule>,
}
