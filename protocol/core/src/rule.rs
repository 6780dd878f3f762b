//! Roles, verbs and the one rule table (docs/protocol/04-authority.md).

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer};
use crate::day::Day;
use crate::id::RoleId;
use crate::limits::{MAX_CONDITION_FIELDS, MAX_CONDITIONS};

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
    /// Write to a member in private.
    Contact = 7,
    /// Change rules, or what the object names.
    Amend = 8,
    /// End the pursuance.
    Dissolve = 9,
    /// Settle what has happened; only ever together.
    Checkpoint = 10,
    /// Remove members so that only what the removal names stays of what they did.
    RemoveRetroactive = 11,
    /// Create tasks as suggestions.
    Suggest = 16,
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
    /// Say of a task that it is done well, or not.
    Review = 23,
    /// Open an ended task again.
    Reopen = 24,
    /// Put a task out of sight, and take it out again.
    File = 25,
    /// Let more people read a task.
    Widen = 26,
    /// Add and remove labels.
    Label = 27,
    /// Attach a file to a task.
    Attach = 28,
    /// Let what is attached leave the pursuance.
    Publish = 29,
    /// Agree with another pursuance to exchange tasks.
    Link = 30,
    /// Send a task by a link.
    Send = 31,
    /// Take a task that came by a link.
    Accept = 32,
    /// Found a new pursuance with a part of this one.
    Splinter = 33,
    /// Take contents out; advice, since whoever can read can copy.
    Export = 34,
}

impl Verb {
    /// Every verb that this version knows.
    pub const ALL: [Self; 31] = [
        Self::See,
        Self::Invite,
        Self::Admit,
        Self::Grant,
        Self::Revoke,
        Self::Remove,
        Self::Vouch,
        Self::Contact,
        Self::Amend,
        Self::Dissolve,
        Self::Checkpoint,
        Self::RemoveRetroactive,
        Self::Suggest,
        Self::Create,
        Self::Claim,
        Self::Assign,
        Self::Edit,
        Self::Comment,
        Self::Finish,
        Self::Review,
        Self::Reopen,
        Self::File,
        Self::Widen,
        Self::Label,
        Self::Attach,
        Self::Publish,
        Self::Link,
        Self::Send,
        Self::Accept,
        Self::Splinter,
        Self::Export,
    ];

    /// The verb with this number; others are reserved.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| *verb as u8 == number)
    }

    /// A list of this one.
    #[must_use]
    pub fn alone(self) -> &'static [Self] {
        let at = Self::ALL.iter().position(|verb| *verb == self).expect("all are listed");
        &Self::ALL[at..=at]
    }

    /// Whether it is done to tasks, and so judged by those who read them.
    #[must_use]
    pub const fn is_about_tasks(self) -> bool {
        matches!(
            self,
            Self::See
                | Self::Suggest
                | Self::Create
                | Self::Claim
                | Self::Assign
                | Self::Edit
                | Self::Comment
                | Self::Finish
                | Self::Review
                | Self::Reopen
                | Self::File
                | Self::Widen
                | Self::Label
        )
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
    /// Labels that no task has yet.
    NewLabels,
}

/// When a rule applies: all that is set must hold. How many must agree stands beside it, as [`Quorum`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct Conditions {
    /// Only what one created oneself; of people, whom one let in or gave the role.
    pub own: bool,
    /// Only others, never oneself: not on what one created; where others agree, not by one's own agreement.
    pub not_self: bool,
    /// Of task verbs: only after a holder of this role found it good.
    pub review: Option<RoleId>,
    /// Only once one's own log has so many entries.
    pub probation: Option<u16>,
    /// Advice: so often a day.
    pub daily: Option<u16>,
    /// Advice: not before that day.
    #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
    pub after: Option<Day>,
}

impl Conditions {
    /// None.
    pub const ALWAYS: Self =
        Self { own: false, not_self: false, review: None, probation: None, daily: None, after: None };
    /// Only what one created oneself.
    pub const OWN: Self = Self { own: true, ..Self::ALWAYS };
    /// Only others.
    pub const NOT_SELF: Self = Self { not_self: true, ..Self::ALWAYS };
}

/// Numbers of conditions on the wire, reserved for ever. 4 is kept for *via a link*.
mod condition {
    pub(super) const OWN: u64 = 0;
    pub(super) const NOT_SELF: u64 = 1;
    pub(super) const QUORUM: u64 = 2;
    pub(super) const REVIEW: u64 = 3;
    pub(super) const VIA: u64 = 4;
    pub(super) const PROBATION: u64 = 5;
    pub(super) const DAILY: u64 = 6;
    pub(super) const AFTER: u64 = 7;
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
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(as = "Conditions"))]
    pub conditions: Conditions,
    /// Only together with others, or `None` where one is enough.
    pub quorum: Option<Quorum>,
}

impl Rule {
    /// The roles to which this line gives the keys of a role's tasks (K13): the one that may see them, and those whose agreement with a
    /// task it asks for, as nobody agrees with what they cannot read.
    pub(crate) fn readers_of(&self, role: RoleId) -> impl Iterator<Item = RoleId> + use<> {
        let about = self.object == Object::Role(role) && self.verb.is_about_tasks();
        let bare = self.conditions == Conditions::ALWAYS && self.quorum.is_none();
        let readers = match self.verb {
            // A key is held or not: no line gives it on conditions.
            Verb::See => [bare.then_some(self.role), None],
            _ => [self.quorum.map(|quorum| quorum.of), self.conditions.review],
        };
        readers.into_iter().flatten().filter(move |_| about)
    }

    /// Every role that it names.
    pub fn roles(&self) -> impl Iterator<Item = RoleId> + use<> {
        let over = match self.object {
            Object::Role(role) => Some(role),
            Object::Relays | Object::Rules | Object::NewLabels => None,
        };
        [Some(self.role), over, self.quorum.map(|quorum| quorum.of), self.conditions.review].into_iter().flatten()
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        let (kind, over) = match self.object {
            Object::Role(role) => (0, role.0),
            Object::Relays => (1, 0),
            Object::Rules => (2, 0),
            Object::NewLabels => (3, 0),
        };
        let Conditions { own, not_self, review, probation, daily, after } = self.conditions;
        let conditions = [
            own.then(|| vec![condition::OWN]),
            not_self.then(|| vec![condition::NOT_SELF]),
            self.quorum.map(|quorum| vec![condition::QUORUM, quorum.count.into(), quorum.of.0.into()]),
            review.map(|of| vec![condition::REVIEW, of.0.into()]),
            probation.map(|entries| vec![condition::PROBATION, entries.into()]),
            daily.map(|times| vec![condition::DAILY, times.into()]),
            after.map(|day| vec![condition::AFTER, day.of_first().into()]),
        ];
        w.array(5).uint(self.role.0.into()).uint(self.verb as u64).uint(kind).uint(over.into());
        w.array(conditions.iter().flatten().count());
        for numbers in conditions.into_iter().flatten() {
            w.array(numbers.len());
            for number in numbers {
                w.uint(number);
            }
        }
    }

    /// Whether the roles exist is asked elsewhere.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array(5)?;
        let role = RoleId(r.small()?);
        let verb = Verb::from_number(r.small()?).ok_or(DecodeError::UnknownNumber)?;
        let object = match (r.uint()?, r.small()?) {
            (0, over) => Object::Role(RoleId(over)),
            (1, 0) => Object::Relays,
            (2, 0) => Object::Rules,
            (3, 0) => Object::NewLabels,
            _ => return Err(DecodeError::UnknownNumber),
        };
        let (mut conditions, mut quorum) = (Conditions::default(), None);
        let mut last = None;
        for _ in 0..r.list(MAX_CONDITIONS)? {
            let fields = r.list(MAX_CONDITION_FIELDS)?;
            let number = r.uint()?;
            // Ascending, so that a line has one form.
            if last.is_some_and(|last| last >= number) {
                return Err(DecodeError::NotSorted);
            }
            last = Some(number);
            match (number, fields) {
                (condition::OWN, 1) => conditions.own = true,
                (condition::NOT_SELF, 1) => conditions.not_self = true,
                (condition::QUORUM, 3) => quorum = Some(Quorum { count: r.small()?, of: RoleId(r.small()?) }),
                (condition::REVIEW, 2) => conditions.review = Some(RoleId(r.small()?)),
                (condition::PROBATION, 2) => conditions.probation = Some(at_least_one(r)?),
                (condition::DAILY, 2) => conditions.daily = Some(at_least_one(r)?),
                (condition::AFTER, 2) => {
                    conditions.after = Some(Day::from_first(r.small()?).ok_or(DecodeError::Structure)?);
                }
                (condition::OWN..=condition::AFTER, _) if number != condition::VIA => {
                    return Err(DecodeError::Structure);
                }
                _ => return Err(DecodeError::UnknownNumber),
            }
        }
        Ok(Self { role, verb, object, conditions, quorum })
    }
}

fn at_least_one(r: &mut Reader<'_>) -> Result<u16, DecodeError> {
    let number = r.small()?;
    if number == 0 { Err(DecodeError::Structure) } else { Ok(number) }
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
    /// Whether those who come to read it read only what is written after that (K26). It never changes.
    #[serde(default, rename = "sinceJoining", skip_serializing_if = "is_no")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
    pub since_joining: bool,
}

impl Role {
    /// What stands for its history on the wire: nothing where that is full, so that there is one form for it.
    pub(crate) fn write_history(&self, w: &mut Writer) {
        if self.since_joining {
            w.uint(SINCE_JOINING);
        }
    }

    /// How many values a role has that says so many of itself besides its history.
    pub(crate) const fn values(&self, besides: usize) -> usize {
        besides + if self.since_joining { 1 } else { 0 }
    }
}

/// The one kind of history that is written down.
const SINCE_JOINING: u64 = 1;

/// Reads what stands for a role's history, in the last of so many values.
pub(crate) fn read_history(r: &mut Reader<'_>, values: usize, besides: usize) -> Result<bool, DecodeError> {
    if values == besides {
        return Ok(false);
    }
    match r.uint()? {
        SINCE_JOINING => Ok(true),
        // Full history has one form: nothing.
        0 => Err(DecodeError::NotCanonical),
        _ => Err(DecodeError::UnknownNumber),
    }
}

/// Reads how many values a role has that says so many of itself besides its history.
pub(crate) fn read_role_values(r: &mut Reader<'_>, besides: usize) -> Result<usize, DecodeError> {
    let values = r.list(besides + 1)?;
    if values < besides { Err(DecodeError::Structure) } else { Ok(values) }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
pub(crate) const fn is_no(given: &bool) -> bool {
    !*given
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
