//! Which lines would never do what they say (docs/protocol/09-rules-text.md, G10).

use super::words::is_out_of_form;
use crate::id::RoleId;
use crate::rule::{Object, Rule, Verb};

/// What of a line has no meaning with its verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Meaningless {
    /// The verb is not about this kind of thing.
    Over,
    /// *everyone* is no role that can be given, taken or asked to decide.
    OverEveryone,
    /// *own*: nothing of one's own can be meant.
    Own,
    /// *own* together with *not-self*: nothing is left.
    OwnAndNotSelf,
    /// *not-self*: nobody is decided about, and nothing is made.
    NotSelf,
    /// *with review*: there is no task.
    Review,
    /// *with*: nobody can be asked.
    Others,
    /// *with a majority*: how many hold a role cannot be told from a task.
    Majority,
    /// *with* so many of *everyone*: decisions are made by a role.
    OfEveryone,
    /// It is only ever decided together, and the line asks nobody.
    Alone,
    /// A checkpoint is decided by the role that it is over.
    OtherRole,
    /// *see* is holding a key: it has no conditions.
    Conditions,
}

/// Whether a line can ever do what it says; what has no effect in this version at all may be written as it likes.
///
/// # Errors
/// The first thing that has no meaning.
pub fn meaning(rule: &Rule) -> Result<(), Meaningless> {
    let Rule { verb, object, conditions: when, quorum, .. } = rule;
    let refuse = |wrong: bool, why| if wrong { Err(why) } else { Ok(()) };
    refuse(is_out_of_form(rule), Meaningless::Over)?;
    match verb {
        Verb::See => {
            let bare = *when == crate::rule::Conditions::ALWAYS && quorum.is_none();
            refuse(!bare, Meaningless::Conditions)
        }
        // What is being made is one's own, and nobody has seen it yet.
        Verb::Suggest | Verb::Create => {
            refuse(when.own, Meaningless::Own)?;
            refuse(when.not_self, Meaningless::NotSelf)?;
            refuse(when.review.is_some(), Meaningless::Review)?;
            refuse(quorum.is_some(), Meaningless::Others)
        }
        Verb::Contact
        | Verb::Dissolve
        | Verb::Attach
        | Verb::Publish
        | Verb::Link
        | Verb::Send
        | Verb::Accept
        | Verb::Splinter
        | Verb::Export => Ok(()),
        verb if verb.is_about_tasks() => {
            let asks = when.review.is_some() || quorum.is_some();
            refuse(when.own && when.not_self && !asks, Meaningless::OwnAndNotSelf)?;
            refuse(quorum.is_some_and(|quorum| quorum.count == 0), Meaningless::Majority)
        }
        verb => {
            refuse(*object == Object::Role(RoleId::EVERYONE), Meaningless::OverEveryone)?;
            let has_own = matches!(verb, Verb::Admit | Verb::Revoke | Verb::Remove | Verb::RemoveRetroactive);
            refuse(when.own && !has_own, Meaningless::Own)?;
            refuse(when.review.is_some(), Meaningless::Review)?;
            refuse(quorum.is_some() && matches!(verb, Verb::Invite | Verb::Admit | Verb::Vouch), Meaningless::Others)?;
            refuse(quorum.is_some_and(|quorum| quorum.of == RoleId::EVERYONE), Meaningless::OfEveryone)?;
            let together = matches!(verb, Verb::RemoveRetroactive | Verb::Checkpoint);
            refuse(together && quorum.is_none(), Meaningless::Alone)?;
            let removes = matches!(verb, Verb::Remove | Verb::RemoveRetroactive) && quorum.is_some();
            refuse(when.not_self && !removes, Meaningless::NotSelf)?;
            let other = quorum.is_some_and(|quorum| *object != Object::Role(quorum.of));
            refuse(*verb == Verb::Checkpoint && other, Meaningless::OtherRole)
        }
    }
}
