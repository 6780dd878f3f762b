//! The gate: for every rule of authority a small play that comes out wrong when that rule is left out
//! (docs/protocol/04-authority.md, "Rules of judgement").

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use std::panic::catch_unwind;

use super::definition::{Definition, Pasts};
use super::seen::Seen;
use super::stage::{FIRST, FOUNDER, SECOND, Stage, THIRD, Told, alone, table, together};
use super::switch::{Switch, without};
use super::{Authority, Verdict};
use crate::entry::GrantRef;
use crate::id::{EntryId, RoleId};
use crate::limits::MAX_SENIORITY_DEPTH;
use crate::refusal::Refusal;
use crate::rule::{Object, Rule, Verb};

mod acting;
mod arriving;
mod deciding;
mod restricting;

/// A rule, what happens, and whether that is what the rule wants.
pub(super) type Play = (Switch, &'static str, fn() -> bool);

fn plays() -> impl Iterator<Item = &'static Play> {
    acting::PLAYS.iter().chain(arriving::PLAYS).chain(restricting::PLAYS).chain(deciding::PLAYS)
}

#[test]
fn each_rule_is_needed() {
    let mut wrong = Vec::new();
    for (switch, name, play) in plays() {
        // A play that breaks off does not come out as the rules want either.
        if !catch_unwind(play).unwrap_or(false) {
            wrong.push(alloc::format!("{switch:?}: {name}: does not come out as the rules want"));
        }
        if without(*switch, || catch_unwind(play)).unwrap_or(false) {
            wrong.push(alloc::format!("{switch:?}: {name}: comes out the same without the rule"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_rule_has_a_play() {
    let without: Vec<&Switch> = Switch::ALL.iter().filter(|rule| !plays().any(|(one, ..)| one == *rule)).collect();
    assert!(without.is_empty(), "{without:?}");
    assert_eq!(plays().map(|(_, name, _)| name).collect::<BTreeSet<_>>().len(), plays().count(), "a name twice");
}

#[test]
fn each_rule_stands_in_the_chapter() {
    let chapter = include_str!("../../../../../docs/protocol/04-authority.md");
    let missing: Vec<&Switch> =
        Switch::ALL.iter().filter(|rule| !chapter.contains(&alloc::format!("| {rule:?} |"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Whether a machine says so, one that judges by definition says so as well, R4 by definition lets the same acts count, and
/// looking at everything anew changes nothing.
pub(super) fn both(stage: &Stage, says: impl Fn(&Told) -> bool) -> bool {
    let slow = stage.replay_by_definition(&stage.order());
    let anew = stage.replay(&stage.order()).state_anew();
    says(&stage.told)
        && says(&slow)
        && counting(&stage.told) == by_definition(&stage.told)
        && anew == stage.told.state()
}

/// The acts that count.
pub(super) fn counting(told: &Told) -> BTreeSet<EntryId> {
    let facts = &told.authority.facts;
    facts.acts.keys().copied().filter(|id| told.verdict(*id) == Some(Verdict::Counts)).collect()
}

/// The acts that count, by definition.
pub(super) fn by_definition(told: &Told) -> BTreeSet<EntryId> {
    let Authority { facts, .. } = &told.authority;
    let pasts = Pasts::default();
    let all = Definition::new(facts, &told.logs, &pasts, told.heard.iter().copied().collect());
    facts.acts.keys().copied().filter(|id| all.counts(*id)).collect()
}

/// Whether an entry was refused for this reason, or kept out.
pub(super) fn refused(stage: &Stage, id: EntryId, refusal: Refusal) -> bool {
    both(stage, |told| {
        let reason = match told.verdict(id) {
            Some(Verdict::Refused(reason)) => Some(reason),
            Some(_) => None,
            None => told.kept_out.get(&id).cloned(),
        };
        reason.as_ref() == Some(&refusal)
    })
}

/// Whether an entry is held for this reason.
pub(super) fn held(stage: &Stage, id: EntryId, refusal: Refusal) -> bool {
    both(stage, |told| told.verdict(id) == Some(Verdict::Held(refusal.clone())))
}

pub(super) fn counts(stage: &Stage, id: EntryId) -> bool {
    both(stage, |told| told.verdict(id) == Some(Verdict::Counts))
}

pub(super) fn is_here(stage: &Stage, who: Who) -> bool {
    both(stage, |told| told.is_here(stage.member(who)))
}

pub(super) fn is_gone(stage: &Stage, who: Who) -> bool {
    both(stage, |told| !told.is_here(stage.member(who)))
}

/// Whether somebody does not hold a role.
pub(super) fn lacks(stage: &Stage, who: Who, role: RoleId) -> bool {
    both(stage, |told| !told.holders(role).contains(&stage.member(who)))
}

/// Whether somebody holds a role.
pub(super) fn holds(stage: &Stage, who: Who, role: RoleId) -> bool {
    both(stage, |told| told.holders(role).contains(&stage.member(who)))
}

pub(super) use super::stage::Who;

pub(super) fn plain() -> Stage {
    Stage::found(table())
}

/// The rules of the stage, and these.
pub(super) fn with(lines: &[Rule]) -> Stage {
    let mut rules = table();
    rules.rules.extend(lines);
    Stage::found(rules)
}

/// Two of the second role decide who stays in it.
pub(super) fn two_remove() -> Rule {
    together(SECOND, Verb::Remove, Object::Role(SECOND), 2, SECOND)
}

/// The second role grants itself.
pub(super) fn grants_own() -> Rule {
    alone(SECOND, Verb::Grant, Object::Role(SECOND))
}

/// Holders of a role who were let in by the founder one by one, and know it, so that they may sign.
pub(super) fn admitted<const N: usize>(stage: &mut Stage, role: RoleId) -> [Who; N] {
    [(); N].map(|()| let_in_by(stage, FOUNDER, role))
}

/// Somebody who came by a reviewed invite, was let in by whoever made it, and knows it.
pub(super) fn let_in_by(stage: &mut Stage, by: Who, role: RoleId) -> Who {
    let invite = stage.at(by).invite_reviewed(role, 1);
    let who = stage.join(invite);
    let join = EntryId(stage.member(who).0);
    let admit = stage.at(by).admit(join);
    stage.at(who).knowing(&[admit]).speak();
    who
}

/// A second history of somebody, which knows only what they knew at that entry.
pub(super) fn beside(stage: &mut Stage, who: Who, at: EntryId) -> super::stage::Saying<'_> {
    stage.at(who).after(Some(at)).alone()
}

/// Whoever holds the second role reads what is said to it; one does.
pub(super) fn desk() -> (Stage, Who) {
    let mut stage = with(&[alone(SECOND, Verb::See, Object::Role(SECOND))]);
    let ann = stage.newcomer(FOUNDER, SECOND);
    (stage, ann)
}

/// Somebody of the second role, and an invite of theirs to the third.
pub(super) fn inviter(stage: &mut Stage) -> (Who, GrantRef) {
    let ann = stage.newcomer(FOUNDER, SECOND);
    let invite = stage.at(ann).invite(THIRD, 5);
    (ann, invite)
}

/// Whoever stands at the end of the longest path: each invited the next one.
pub(super) fn longest_path(stage: &mut Stage) -> Who {
    let mut last = FOUNDER;
    for _ in 0..MAX_SENIORITY_DEPTH / 2 {
        last = stage.newcomer(last, FIRST);
    }
    last
}
