//! The words of the language, and over what each verb reaches (docs/protocol/09-rules-text.md, "Words").

use super::problem::Expected;
use crate::rule::{Object, Rule, Verb};

/// What a verb is written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `tasks` and a role.
    Tasks,
    /// The same, or `labels`.
    TasksOrLabels,
    /// A role: its members.
    Members,
    /// `relays` or `rules`.
    RelaysOrRules,
    /// `rules`: the pursuance as a whole.
    Rules,
}

impl Form {
    /// Of this verb.
    pub(super) const fn of(verb: Verb) -> Self {
        match verb {
            Verb::Label => Self::TasksOrLabels,
            Verb::Amend => Self::RelaysOrRules,
            Verb::Dissolve | Verb::Link | Verb::Splinter => Self::Rules,
            Verb::Invite
            | Verb::Admit
            | Verb::Grant
            | Verb::Revoke
            | Verb::Remove
            | Verb::RemoveRetroactive
            | Verb::Vouch
            | Verb::Contact
            | Verb::Checkpoint => Self::Members,
            _ => Self::Tasks,
        }
    }

    /// What has to stand there, for an error.
    pub(super) const fn expects(self) -> &'static [Expected] {
        match self {
            Self::Tasks => &[Expected::Tasks],
            Self::TasksOrLabels => &[Expected::Tasks, Expected::Labels],
            Self::Members => &[Expected::Role],
            Self::RelaysOrRules => &[Expected::Relays, Expected::Rules],
            Self::Rules => &[Expected::Rules],
        }
    }

    /// Whether an object can be written so.
    pub(super) const fn fits(self, object: &Object) -> bool {
        matches!(
            (self, object),
            (Self::Tasks | Self::TasksOrLabels | Self::Members, Object::Role(_))
                | (Self::TasksOrLabels, Object::NewLabels)
                | (Self::RelaysOrRules, Object::Relays)
                | (Self::RelaysOrRules | Self::Rules, Object::Rules)
        )
    }
}

/// Each verb's own word, by which it is printed.
pub(super) const fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::See => "see",
        Verb::Invite => "invite",
        Verb::Admit => "admit",
        Verb::Grant => "grant",
        Verb::Revoke => "revoke",
        Verb::Remove => "remove",
        Verb::Vouch => "vouch",
        Verb::Contact => "contact",
        Verb::Amend => "amend",
        Verb::Dissolve => "dissolve",
        Verb::Checkpoint => "checkpoint",
        Verb::RemoveRetroactive => "pin",
        Verb::Suggest => "suggest",
        Verb::Create => "create",
        Verb::Claim => "claim",
        Verb::Assign => "assign",
        Verb::Edit => "edit",
        Verb::Comment => "comment",
        Verb::Finish => "finish",
        Verb::Review => "review",
        Verb::Reopen => "reopen",
        Verb::File => "file",
        Verb::Widen => "widen",
        Verb::Label => "label",
        Verb::Attach => "attach",
        Verb::Publish => "publish",
        Verb::Link => "link",
        Verb::Send => "send",
        Verb::Accept => "accept",
        Verb::Splinter => "splinter",
        Verb::Export => "export",
    }
}

/// The verb of a word, synonyms included.
pub(super) fn verb(given: &str) -> Option<Verb> {
    match given {
        "cansee" => Some(Verb::See),
        "cancreate" => Some(Verb::Create),
        "kick" => Some(Verb::Remove),
        _ => Verb::ALL.into_iter().find(|verb| word(*verb) == given),
    }
}

/// Words that begin a condition.
pub(super) const CONDITIONS: [&str; 8] = ["own", "not-self", "with", "consensus", "probation", "limit", "after", "via"];

/// Words with a meaning of their own, besides verbs and what begins a condition: as names they need quotation marks.
const RESERVED: [&str; 12] = [
    "everyone",
    "labels",
    "majority",
    "number",
    "of",
    "over",
    "rank",
    "relays",
    "role",
    "rules",
    "since-joining",
    "tasks",
];

/// Whether a word as it stands cannot be a name.
pub(super) fn is_reserved(given: &str) -> bool {
    verb(given).is_some() || CONDITIONS.contains(&given) || RESERVED.contains(&given)
}

/// Whether the line is written over something that its verb is not about, so that it needs `over`.
pub(super) const fn is_out_of_form(rule: &Rule) -> bool {
    !Form::of(rule.verb).fits(&rule.object)
}
