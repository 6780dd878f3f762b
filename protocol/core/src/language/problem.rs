//! What can be wrong with a text, where, and what was expected there (docs/protocol/09-rules-text.md, "Errors").

use alloc::string::String;
use alloc::vec::Vec;

use super::meaning::Meaningless;
use crate::limits::MAX_SHOWN_CHARS;
use crate::rule::Verb;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Place {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// Why a text is not taken: the first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[error("line {}, column {}, at {found:?}: {problem}", place.line, place.column)]
pub struct ParseError {
    /// Where it begins.
    pub place: Place,
    /// What stands there, at most `MAX_SHOWN_CHARS` characters; nothing at the end of the text.
    pub found: String,
    /// What is wrong with it.
    pub problem: Problem,
}

impl ParseError {
    pub(super) fn new(place: Place, found: &str, problem: Problem) -> Self {
        Self { place, found: shown(found), problem }
    }
}

/// What of a text an error shows.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN_CHARS).collect()
}

/// What is wrong; numbers are those of docs/protocol/09-rules-text.md.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Problem {
    /// Something else has to stand here.
    #[error("G3: expected {expected:?}")]
    Expected {
        /// Any of these.
        expected: Vec<Expected>,
        /// A word that is known and much like what was found.
        nearest: Option<String>,
    },
    /// A quotation mark or a block is opened here and not closed.
    #[error("G3: not closed")]
    NotClosed,
    /// The text is too long.
    #[error("G2: longer than {max_bytes} bytes")]
    TextTooLong {
        /// The limit.
        max_bytes: u32,
    },
    /// One line too many.
    #[error("G2: more than {max} rules")]
    TooManyRules {
        /// The limit.
        max: u32,
    },
    /// One role too many.
    #[error("G2: more than {max} roles")]
    TooManyRoles {
        /// The limit.
        max: u32,
    },
    /// A control character, or one that turns the direction of what follows.
    #[error("G2: a forbidden character")]
    ForbiddenCharacter,
    /// A name begins or ends with white space, or holds white space other than plain spaces.
    #[error("G7: white space in a name")]
    WhiteSpaceInName,
    /// A name says nothing.
    #[error("G7: an empty name")]
    EmptyName,
    /// A name is too long.
    #[error("G7: a name longer than {max_bytes} bytes")]
    NameTooLong {
        /// The limit.
        max_bytes: u32,
    },
    /// Two names can hardly be told apart.
    #[error("G8: looks like {other:?}")]
    LooksAlike {
        /// The other one.
        other: String,
    },
    /// There is no role of this name or number.
    #[error("G6: no such role")]
    NoSuchRole {
        /// A role with a name much like it.
        nearest: Option<String>,
    },
    /// Another role has this number.
    #[error("G5: the number is taken")]
    NumberTaken,
    /// A role's rank never changes, and is said the same everywhere.
    #[error("G5: its rank is {rank}")]
    RankIs {
        /// Its rank.
        rank: u8,
    },
    /// Of a role that there is, the history never changes: it was not said of this one.
    #[error("G5: its history is full")]
    FullHistory,
    /// A role's name never changes.
    #[error("G5: its name is {name:?}")]
    NameIs {
        /// Its name.
        name: String,
    },
    /// The line stands there already.
    #[error("G9: the same as rule {rule}")]
    Twice {
        /// Its number.
        rule: u16,
    },
    /// A condition of the same kind was named already.
    #[error("G9: said twice")]
    ConditionTwice,
    /// The line would never do what it says.
    #[error("G10: {why:?} means nothing for {verb:?}")]
    Meaningless {
        /// The verb.
        verb: Verb,
        /// What has no meaning with it.
        why: Meaningless,
    },
    /// There are no links between pursuances in this version.
    #[error("G11: no links in this version")]
    NoLinks,
    /// There is no such role of the moment in this version.
    #[error("G11: not in this version")]
    NotInThisVersion,
}

/// What can stand somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Expected {
    /// A role: its name, its name in quotation marks, its number after `@`, or *everyone*.
    Role,
    /// A name that can be a role's.
    RoleName,
    /// `{`
    BlockBegin,
    /// `}`
    BlockEnd,
    /// What a rule lets somebody do.
    Verb,
    /// `tasks`, and whose.
    Tasks,
    /// `labels`
    Labels,
    /// `relays`
    Relays,
    /// `rules`
    Rules,
    /// A condition.
    Condition,
    /// A number from 1 to 65,535.
    Number,
    /// A number from 0 to 255.
    Rank,
    /// `of`
    Of,
    /// `majority`
    Majority,
    /// `review`
    Review,
    /// A number from 1 to 65,535 and `/day`.
    TimesADay,
    /// A day, `YYYY-MM-DD`.
    Day,
    /// `\"`, `\\`, `\n` or `\t`.
    Escape,
    /// White space, after a quotation mark.
    Separator,
}
