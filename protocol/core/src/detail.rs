//! What else is said of a task, beside its title, text, place and status (docs/protocol/05-tasks.md, "Details").

use alloc::string::String;

use crate::codec::{DecodeError, Reader, Writer};
use crate::day::{self, Day};
use crate::id::{CheckId, MemberId, RoleId, TaskId};
use crate::limits::{MAX_DAY_BYTES, MAX_EFFORT_MINUTES, MAX_REPEAT_EVERY, MAX_SKILL_BYTES, MAX_WHY_BYTES};
use crate::rule::Verb;

/// One value of one field; the last one written is shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "field", content = "value", rename_all = "camelCase")]
pub enum Detail {
    /// What it is good for; may be empty.
    Why(String),
    /// The day on which it begins.
    Start(#[cfg_attr(feature = "bindings", ts(type = "string | null"))] Option<Day>),
    /// Its result is not to be shown to others before this day.
    NotBefore(#[cfg_attr(feature = "bindings", ts(type = "string | null"))] Option<Day>),
    /// It need not be kept after this day.
    KeepUntil(#[cfg_attr(feature = "bindings", ts(type = "string | null"))] Option<Day>),
    /// How long it takes, in minutes; 0: nothing is said.
    Effort(u32),
    /// Whether its doers ask others to help.
    HelpWanted(bool),
    /// How many may take it at once, 1 to 255.
    Places(u8),
    /// What kind of task it is.
    Kind(Kind),
    /// When it is to be done again.
    Repeat(Option<Repeat>),
}

/// What a task has several of; each is there, or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Element {
    /// A member who is to look at it when it is done.
    Reviewer {
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
    },
    /// A role whose holders are asked to do it.
    Asked {
        /// Which.
        role: RoleId,
    },
    /// What one has to know for it.
    Skill {
        /// In a word or two; not empty.
        skill: String,
    },
    /// How it is related to another task.
    Relation {
        /// In which way.
        relation: Relation,
        /// The other one.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        task: TaskId,
    },
}

/// The room between two lines of a checklist, so that others fit between them.
const BETWEEN_CHECKS: u32 = 1 << 16;

/// The id of a line between two others, or at an end; where there is no room left, it stands beside the first by chance.
#[must_use]
pub fn between(before: Option<CheckId>, after: Option<CheckId>, drawn: [u8; 4]) -> CheckId {
    let place = |check: CheckId| u32::from_be_bytes([check.0[0], check.0[1], check.0[2], check.0[3]]);
    let at = match (before.map(place), after.map(place)) {
        (None, None) => u32::MAX / 2,
        (Some(before), None) => before.saturating_add(BETWEEN_CHECKS),
        (None, Some(after)) => after.saturating_sub(BETWEEN_CHECKS),
        (Some(before), Some(after)) => before + after.saturating_sub(before) / 2,
    };
    let ([a, b, c, d], [e, f, g, h]) = (at.to_be_bytes(), drawn);
    CheckId([a, b, c, d, e, f, g, h])
}

/// What kind of task it is. It means nothing to the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum Kind {
    /// Something to do.
    #[default]
    Task = 0,
    /// Something that came in and is to be looked at.
    Intake = 1,
    /// Names and details to be taken out of a document.
    Redaction = 2,
    /// Something to be published.
    Release = 3,
    /// Something that happens on a day.
    Event = 4,
    /// Something to be decided.
    Decision = 5,
}

/// How one task is related to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum Relation {
    /// It waits for the other one to end.
    WaitsFor = 0,
    /// It has to do with it.
    Related = 1,
    /// It is the same.
    Duplicates = 2,
    /// It comes from it.
    Follows = 3,
    /// It shows something that the other one says.
    EvidenceFor = 4,
}

/// Every so many days, weeks, months or years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Repeat {
    /// 1 to `MAX_REPEAT_EVERY`.
    pub every: u16,
    /// Of what.
    pub unit: Unit,
}

/// What [`Repeat`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum Unit {
    /// Days.
    Days = 0,
    /// Weeks.
    Weeks = 1,
    /// Months of the calendar.
    Months = 2,
    /// Years of the calendar.
    Years = 3,
}

/// The number of the first op that sets a detail; they follow each other as [`Detail`] names them.
const FIRST_DETAIL: u16 = 28;
/// One above the last of them.
const END_OF_DETAILS: u16 = 37;
/// The number of the first op about an element: each kind has two, one to add it and one to take it away.
const FIRST_ELEMENT: u16 = 39;
const END_OF_ELEMENTS: u16 = 47;

impl Detail {
    /// The number of the op that sets it: which field it is a value of.
    #[must_use]
    pub const fn number(&self) -> u16 {
        FIRST_DETAIL
            + match self {
                Self::Why(_) => 0,
                Self::Start(_) => 1,
                Self::NotBefore(_) => 2,
                Self::KeepUntil(_) => 3,
                Self::Effort(_) => 4,
                Self::HelpWanted(_) => 5,
                Self::Places(_) => 6,
                Self::Kind(_) => 7,
                Self::Repeat(_) => 8,
            }
    }

    /// The same field where nothing is said.
    #[must_use]
    pub const fn unsaid(&self) -> Self {
        match self {
            Self::Why(_) => Self::Why(String::new()),
            Self::Start(_) => Self::Start(None),
            Self::NotBefore(_) => Self::NotBefore(None),
            Self::KeepUntil(_) => Self::KeepUntil(None),
            Self::Effort(_) => Self::Effort(0),
            Self::HelpWanted(_) => Self::HelpWanted(false),
            Self::Places(_) => Self::Places(1),
            Self::Kind(_) => Self::Kind(Kind::Task),
            Self::Repeat(_) => Self::Repeat(None),
        }
    }

    pub(crate) fn write(&self, a: &mut Writer) {
        match self {
            Self::Why(text) => a.text(text),
            Self::Start(day) | Self::NotBefore(day) | Self::KeepUntil(day) => a.text(&day::written(*day)),
            Self::Effort(minutes) => a.uint((*minutes).into()),
            Self::HelpWanted(wanted) => a.uint((*wanted).into()),
            Self::Places(places) => a.uint((*places).into()),
            Self::Kind(kind) => a.uint(*kind as u64),
            Self::Repeat(None) => a.array(0),
            Self::Repeat(Some(Repeat { every, unit })) => a.array(2).uint((*every).into()).uint(*unit as u64),
        };
    }

    /// `None`: the number is not that of a detail.
    pub(crate) fn read(number: u16, a: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        if !(FIRST_DETAIL..END_OF_DETAILS).contains(&number) {
            return Ok(None);
        }
        Ok(Some(match number - FIRST_DETAIL {
            0 => Self::Why(a.text(MAX_WHY_BYTES)?),
            1 => Self::Start(read_day(a)?),
            2 => Self::NotBefore(read_day(a)?),
            3 => Self::KeepUntil(read_day(a)?),
            4 => Self::Effort(meant(a.small()?, |minutes: &u32| *minutes <= MAX_EFFORT_MINUTES)?),
            5 => Self::HelpWanted(meant(a.uint()?, |wanted| *wanted <= 1)? == 1),
            6 => Self::Places(meant(a.small()?, |places| *places >= 1)?),
            7 => Self::Kind(Kind::from_number(a.uint()?).ok_or(DecodeError::UnknownNumber)?),
            _ => match a.list(2)? {
                0 => Self::Repeat(None),
                2 => {
                    let every = meant(a.small()?, |every| (1..=MAX_REPEAT_EVERY).contains(every))?;
                    let unit = Unit::from_number(a.uint()?).ok_or(DecodeError::UnknownNumber)?;
                    Self::Repeat(Some(Repeat { every, unit }))
                }
                _ => return Err(DecodeError::Structure),
            },
        }))
    }
}

impl Element {
    /// The verb that adding and removing it needs.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Reviewer { .. } | Self::Asked { .. } => Verb::Assign,
            Self::Skill { .. } => Verb::Label,
            Self::Relation { .. } => Verb::Edit,
        }
    }

    /// The number of the op that adds it; the one that takes it away is the next.
    #[must_use]
    pub const fn number(&self) -> u16 {
        FIRST_ELEMENT
            + match self {
                Self::Reviewer { .. } => 0,
                Self::Asked { .. } => 2,
                Self::Skill { .. } => 4,
                Self::Relation { .. } => 6,
            }
    }

    pub(crate) fn write(&self, a: &mut Writer) {
        match self {
            Self::Reviewer { member } => a.bytes(&member.0),
            Self::Asked { role } => a.uint(role.0.into()),
            Self::Skill { skill } => a.text(skill),
            Self::Relation { relation, task } => a.array(2).uint(*relation as u64).bytes(&task.0),
        };
    }

    /// With whether it is added; `None`: the number is not that of an element.
    pub(crate) fn read(number: u16, a: &mut Reader<'_>) -> Result<Option<(Self, bool)>, DecodeError> {
        if !(FIRST_ELEMENT..END_OF_ELEMENTS).contains(&number) {
            return Ok(None);
        }
        let of = number - FIRST_ELEMENT;
        let element = match of / 2 {
            0 => Self::Reviewer { member: MemberId(a.exact()?) },
            1 => Self::Asked { role: read_role(a)? },
            2 => Self::Skill { skill: read_some(a, MAX_SKILL_BYTES)? },
            _ => {
                a.array(2)?;
                let relation = Relation::from_number(a.uint()?).ok_or(DecodeError::UnknownNumber)?;
                Self::Relation { relation, task: TaskId(a.exact()?) }
            }
        };
        Ok(Some((element, of.is_multiple_of(2))))
    }
}

impl Kind {
    const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Task,
            1 => Self::Intake,
            2 => Self::Redaction,
            3 => Self::Release,
            4 => Self::Event,
            5 => Self::Decision,
            _ => return None,
        })
    }
}

impl Relation {
    const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::WaitsFor,
            1 => Self::Related,
            2 => Self::Duplicates,
            3 => Self::Follows,
            4 => Self::EvidenceFor,
            _ => return None,
        })
    }
}

impl Unit {
    const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Days,
            1 => Self::Weeks,
            2 => Self::Months,
            3 => Self::Years,
            _ => return None,
        })
    }
}

impl Repeat {
    /// The first day after `after` of those that are so often counted from `first`; `None` after the year 9999. Counted from the first
    /// one, so that the 31st stays the 31st where a month has one.
    #[must_use]
    pub fn next(self, first: Day, after: Day) -> Option<Day> {
        let every = u32::from(self.every);
        let nth = |times: u32| {
            let times = times.checked_mul(every)?;
            match self.unit {
                Unit::Days => first.later(times),
                Unit::Weeks => first.later(times.checked_mul(7)?),
                Unit::Months => first.months_later(times),
                Unit::Years => first.months_later(times.checked_mul(12)?),
            }
        };
        // Days never come earlier with more steps, so the first one after is found by halves.
        let (mut low, mut high) = (0, after.of_first().saturating_sub(first.of_first()) + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match nth(middle) {
                Some(day) if day <= after => low = middle + 1,
                _ => high = middle,
            }
        }
        nth(low)
    }
}

/// A number without this meaning may get one in a newer version.
fn meant<T>(number: T, means: impl Fn(&T) -> bool) -> Result<T, DecodeError> {
    if means(&number) { Ok(number) } else { Err(DecodeError::UnknownNumber) }
}

/// A role's number; the one that is none has no meaning here.
pub(crate) fn read_role(a: &mut Reader<'_>) -> Result<RoleId, DecodeError> {
    Some(RoleId(a.small()?)).filter(|role| *role != RoleId::DEVICES).ok_or(DecodeError::Structure)
}

pub(crate) fn read_some(a: &mut Reader<'_>, max: usize) -> Result<String, DecodeError> {
    let text = a.text(max)?;
    if text.is_empty() { Err(DecodeError::Structure) } else { Ok(text) }
}

/// Empty, or a real day: another text means nothing now and never will.
pub(crate) fn read_day(a: &mut Reader<'_>) -> Result<Option<Day>, DecodeError> {
    let text = a.text(MAX_DAY_BYTES)?;
    if text.is_empty() { Ok(None) } else { Day::parse(&text).map(Some).map_err(|_| DecodeError::Structure) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn a_repeat_counts_from_the_first_day() {
        let of =
            |every, unit, first, after| Repeat { every, unit }.next(day(first), day(after)).map(|day| day.to_string());
        let some = |text: &str| Some(text.to_string());
        assert_eq!(of(1, Unit::Days, "2026-02-28", "2026-02-28"), some("2026-03-01"));
        assert_eq!(of(2, Unit::Weeks, "2026-01-05", "2026-01-19"), some("2026-02-02"));
        assert_eq!(of(1, Unit::Months, "2026-01-31", "2026-01-31"), some("2026-02-28"));
        assert_eq!(of(1, Unit::Months, "2026-01-31", "2026-02-28"), some("2026-03-31"));
        assert_eq!(of(1, Unit::Years, "2024-02-29", "2024-03-01"), some("2025-02-28"));
        assert_eq!(of(4, Unit::Years, "2024-02-29", "2024-03-01"), some("2028-02-29"));
        // Where the day of today is long after the last one, nothing is made up for.
        assert_eq!(of(1, Unit::Weeks, "2026-01-05", "2026-06-02"), some("2026-06-08"));
        assert_eq!(of(400, Unit::Years, "9800-01-01", "9800-01-01"), None);
        assert_eq!(of(1, Unit::Days, "9999-12-31", "9999-12-31"), None);
        assert_eq!(of(1, Unit::Days, "2026-02-28", "2025-01-01"), some("2026-02-28"));
    }

    #[test]
    fn numbers_are_those_of_the_table() {
        assert_eq!((Detail::Why(String::new()).number(), Detail::Repeat(None).number()), (28, END_OF_DETAILS - 1));
        let relation = Element::Relation { relation: Relation::Related, task: TaskId([0; 16]) };
        assert_eq!(
            (Element::Reviewer { member: MemberId([0; 32]) }.number(), relation.number()),
            (39, END_OF_ELEMENTS - 2)
        );
    }
}
