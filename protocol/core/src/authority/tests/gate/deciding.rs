//! Plays about what several decide together (R8, R9, R13).

use alloc::vec;

use super::super::stage::{FIRST, FOUNDER, SECOND, Stage, THIRD, alone, ranks, removal, table, together};
use super::super::switch::Switch::*;
use super::{
    Play, Who, admitted, both, grants_own, holds, is_gone, is_here, lacks, let_in_by, plain, refused, two_remove, with,
};
use crate::id::{EntryId, RoleId};
use crate::limits::MAX_DEVICES;
use crate::op::{Grant, Op};
use crate::refusal::Refusal as F;
use crate::rule::{Conditions, Object, Role, Rule, Verb};

const OVER_FIRST: Object = Object::Role(FIRST);
const OVER_SECOND: Object = Object::Role(SECOND);

pub(super) const PLAYS: &[Play] = &[
    (R8JudgedAsDecision, "whom two expelled has a say in what the majority decides", || {
        let (stage, dan) = expelled_signs();
        holds(&stage, dan, SECOND)
    }),
    (R8MajorityPlace, "what two decided stands behind what the majority decides", || {
        let (stage, dan) = expelled_signs();
        holds(&stage, dan, SECOND)
    }),
    (R8NotSelf, "who is to be removed does not sign, where the line says so", || {
        let line = Rule { conditions: Conditions::NOT_SELF, ..two_remove() };
        let rules = vec![line, alone(FIRST, Verb::Invite, OVER_SECOND), alone(FIRST, Verb::Admit, OVER_SECOND)];
        let mut stage = Stage::found(ranks(3, rules));
        let [ann, ben] = admitted(&mut stage, SECOND);
        let proposal = expels(&mut stage, ann, ben);
        let act = stage.at(ben).approve(proposal);
        refused(&stage, act, F::NothingToChange)
    }),
    (R8RulesByMajority, "two of five do not change the rules, whatever a line says", || {
        let rules = vec![
            together(FIRST, Verb::Amend, Object::Rules, 2, FIRST),
            alone(FIRST, Verb::Invite, OVER_FIRST),
            alone(FIRST, Verb::Admit, OVER_FIRST),
        ];
        let mut stage = Stage::found(ranks(3, rules));
        let [ann, ben, _, _] = admitted(&mut stage, FIRST);
        let proposal = stage.at(ann).propose(FIRST, Op::SetName("new".into()));
        stage.at(ben).approve(proposal);
        both(&stage, |told| told.authority.name() == "stage")
    }),
    (R8EachAsked, "where two things are needed each has its number", || {
        let mut stage = with(&[two_remove()]);
        let [ann, ben, cas, ..]: [Who; 5] = admitted(&mut stage, SECOND);
        let stays = stage.at(cas).recovery_key(0);
        stage.at(cas).invite(THIRD, 1);
        let op = removal(stage.member(cas), &[], &[stays]);
        let proposal = stage.at(ann).propose(SECOND, op);
        stage.at(ben).approve(proposal);
        is_here(&stage, cas)
    }),
    (R8BeforeSenior, "where a line says so, those below expel a senior", || {
        let lines = [
            together(SECOND, Verb::Remove, OVER_FIRST, 0, SECOND),
            together(SECOND, Verb::Amend, Object::Rules, 0, SECOND),
        ];
        let mut stage = with(&lines);
        let [ann, ben, cas] = admitted(&mut stage, SECOND);
        let before = stage.newest(FOUNDER).unwrap();
        let proposal = expels(&mut stage, ann, FOUNDER);
        stage.at(ben).approve(proposal);
        stage.at(FOUNDER).after(Some(before)).alone().remove(cas);
        is_gone(&stage, FOUNDER) && is_here(&stage, cas)
    }),
    (R8Union, "who was expelled and somebody who knows do not decide", || {
        let (stage, ann) = old_holders();
        is_here(&stage, ann)
    }),
    (R8Active, "nor do they count as holders", || {
        let (stage, ann) = old_holders();
        holds(&stage, ann, SECOND)
    }),
    (R8First, "a signature that comes later and knows more changes nothing", || {
        let mut stage = plain();
        let [ann, ben, cas] = admitted(&mut stage, SECOND);
        let dan = stage.newcomer(FOUNDER, THIRD);
        let proposal = lets_in(&mut stage, ann, dan);
        stage.at(ben).alone().knowing(&[proposal]).approve(proposal);
        let _: [Who; 4] = admitted(&mut stage, SECOND);
        let known = [stage.newest(FOUNDER).unwrap(), proposal];
        stage.at(cas).knowing(&known).approve(proposal);
        holds(&stage, dan, SECOND)
    }),
    (R8ByRank, "who is alone in one of the roles of a rank does not decide for it", || {
        let mut rules = table();
        let fourth = RoleId(4);
        rules.roles.push(Role { id: fourth, name: "role 4".into(), rank: 1, since_joining: false });
        rules.rules.extend([Verb::Invite, Verb::Admit].map(|verb| alone(FIRST, verb, Object::Role(fourth))));
        let mut stage = Stage::found(rules);
        let _: [Who; 4] = admitted(&mut stage, SECOND);
        let [eve] = admitted(&mut stage, fourth);
        nobody_is_left(&mut stage);
        stage.at(eve).propose(fourth, Op::SetName("new".into()));
        both(&stage, |told| told.authority.name() != "new")
    }),
    (R8PerMember, "in how many histories somebody signs changes nothing", || {
        let mut stage = plain();
        let [ann, ben, dan] = admitted(&mut stage, SECOND);
        let cas = stage.newcomer(FOUNDER, SECOND);
        let op = removal(stage.member(ann), &[], &[]);
        let proposal = stage.at(dan).propose(SECOND, op);
        let before = stage.newest(ben);
        for _ in 0..MAX_DEVICES {
            stage.at(ben).after(before).knowing(&[proposal]).approve(proposal);
        }
        stage.at(cas).knowing(&[proposal]).approve(proposal);
        // One more knows that somebody vouched for the other who signs.
        let vouched = stage.at(FOUNDER).knowing(&[proposal]).vouch(cas);
        stage.at(ben).after(before).knowing(&[vouched]).approve(proposal);
        is_here(&stage, ann)
    }),
    (R8Vouched, "two who came by themselves expel nobody", || {
        let mut stage = with(&[two_remove()]);
        let [ann] = admitted(&mut stage, SECOND);
        let [ben, cas] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        outlasts(stage, ann, [ben, cas])
    }),
    (R8VouchedSenior, "nor do two for whom a third one vouches who came by themselves", || {
        let mut stage = with(&[two_remove(), alone(SECOND, Verb::Vouch, OVER_SECOND)]);
        let [ann] = admitted(&mut stage, SECOND);
        let dan = stage.newcomer(FOUNDER, SECOND);
        let [ben, cas] = [(); 2].map(|()| stage.newcomer(dan, SECOND));
        stage.at(dan).vouch(ben);
        stage.at(dan).vouch(cas);
        outlasts(stage, ann, [ben, cas])
    }),
    (R8VouchedSenior, "nor two for whom a later equal vouches", || {
        let mut stage = with(&[two_remove(), alone(SECOND, Verb::Vouch, OVER_SECOND)]);
        let [ben, cas] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        let [ann, dan] = admitted(&mut stage, SECOND);
        stage.at(dan).vouch(ben);
        stage.at(dan).vouch(cas);
        outlasts(stage, ann, [ben, cas])
    }),
    (R8LetIn, "nor do two whom a third one let in who came by themselves", || {
        let invites = [Verb::Invite, Verb::Admit].map(|verb| alone(SECOND, verb, OVER_SECOND));
        let mut stage = with(&[two_remove(), invites[0], invites[1]]);
        let [ann] = admitted(&mut stage, SECOND);
        let dan = stage.newcomer(FOUNDER, SECOND);
        let [ben, cas] = [(); 2].map(|()| let_in_by(&mut stage, dan, SECOND));
        outlasts(stage, ann, [ben, cas])
    }),
    (R8LetIn, "nor two to whom such a one gave the role", || {
        let mut stage = with(&[two_remove(), grants_own()]);
        let [ann] = admitted(&mut stage, SECOND);
        let [ben, cas] = [(); 2].map(|()| stage.newcomer(FOUNDER, THIRD));
        let dan = stage.newcomer(FOUNDER, SECOND);
        let proposal = removal(stage.member(ann), &[], &[]);
        let [one, other] = [ben, cas].map(|who| stage.at(dan).grant(who, SECOND));
        let proposal = stage.at(ben).with(one).propose(SECOND, proposal);
        stage.at(cas).with(other).approve(proposal);
        is_here(&stage, ann)
    }),
    (R8Withdrawn, "a signature taken back is none", || {
        let (mut stage, [_, ben, cas, ..], dan, proposal) = five_grant();
        stage.at(ben).approve(proposal);
        stage.at(ben).withdraw(proposal);
        stage.at(cas).approve(proposal);
        lacks(&stage, dan, SECOND)
    }),
    (R8WithdrawalKnows, "one that the withdrawal does not know is one", || {
        let (mut stage, [_, ben, cas, ..], dan, proposal) = five_grant();
        let before = stage.newest(ben);
        stage.at(ben).approve(proposal);
        stage.at(ben).withdraw(proposal);
        stage.at(ben).after(before).knowing(&[proposal]).approve(proposal);
        stage.at(cas).approve(proposal);
        holds(&stage, dan, SECOND)
    }),
    (R8LineInForce, "a line that those who sign know to be taken back decides nothing", || {
        let mut stage = plain();
        let [ann, ben, cas] = admitted(&mut stage, SECOND);
        let proposal = expels(&mut stage, ann, cas);
        stage.at(FOUNDER).set_rule(together(SECOND, Verb::Remove, OVER_SECOND, 0, SECOND), false);
        stage.at(ben).approve(proposal);
        is_here(&stage, cas)
    }),
    (R8Count, "two are not three", || {
        let three = together(SECOND, Verb::Remove, OVER_SECOND, 3, SECOND);
        let rules = vec![three, alone(FIRST, Verb::Invite, OVER_SECOND), alone(FIRST, Verb::Admit, OVER_SECOND)];
        let mut stage = Stage::found(ranks(3, rules));
        let [ann, ben, cas]: [Who; 3] = admitted(&mut stage, SECOND);
        outlasts(stage, cas, [ann, ben])
    }),
    (R13Fallback, "where nobody is left who may, the next rank changes the rules", || {
        let (stage, name) = orphaned::<3>(1);
        both(&stage, |told| told.authority.name() == name)
    }),
    (R13TwoThirds, "by two thirds of it", || {
        let (stage, name) = orphaned::<5>(2);
        both(&stage, |told| told.authority.name() != name)
    }),
];

/// Somebody of the second role proposes to remove another one.
fn expels(stage: &mut Stage, who: Who, whom: Who) -> EntryId {
    let op = removal(stage.member(whom), &[], &[]);
    stage.at(who).propose(SECOND, op)
}

/// Somebody of the second role proposes to let somebody in.
fn lets_in(stage: &mut Stage, who: Who, whom: Who) -> EntryId {
    let op = Op::Grant(Grant { member: stage.member(whom), role: SECOND });
    stage.at(who).propose(SECOND, op)
}

/// Whether somebody is here although two tried to remove them.
fn outlasts(mut stage: Stage, whom: Who, [one, other]: [Who; 2]) -> bool {
    let proposal = expels(&mut stage, one, whom);
    stage.at(other).approve(proposal);
    is_here(&stage, whom)
}

/// Five of the second role; two of them expel the last, as a line says they may. The other three let somebody in.
fn expelled_signs() -> (Stage, Who) {
    let mut stage = with(&[two_remove()]);
    let five: [Who; 5] = admitted(&mut stage, SECOND);
    let dan = stage.newcomer(FOUNDER, THIRD);
    let proposal = expels(&mut stage, five[0], five[4]);
    stage.at(five[1]).approve(proposal);
    let proposal = lets_in(&mut stage, five[2], dan);
    stage.at(five[3]).approve(proposal);
    stage.at(five[4]).approve(proposal);
    (stage, dan)
}

/// Five of the second role; the first proposes to let somebody of the third in.
fn five_grant() -> (Stage, [Who; 5], Who, EntryId) {
    let mut stage = plain();
    let five: [Who; 5] = admitted(&mut stage, SECOND);
    let dan = stage.newcomer(FOUNDER, THIRD);
    let proposal = lets_in(&mut stage, five[0], dan);
    (stage, five, dan, proposal)
}

/// Of five the last two are expelled. They sign that the first is expelled, as if they knew nothing; so does the third, who
/// knows.
fn old_holders() -> (Stage, Who) {
    let mut stage = plain();
    let five: [Who; 5] = admitted(&mut stage, SECOND);
    let [ann, ben, cas, dan, eve] = five;
    let then = stage.newest(FOUNDER).unwrap();
    for gone in [dan, eve] {
        let proposal = expels(&mut stage, ann, gone);
        stage.at(ben).approve(proposal);
        stage.at(cas).approve(proposal);
    }
    let op = removal(stage.member(ann), &[], &[]);
    let proposal = stage.at(dan).knowing(&[then]).propose(SECOND, op);
    stage.at(eve).knowing(&[proposal]).approve(proposal);
    stage.at(cas).knowing(&[proposal]).approve(proposal);
    (stage, ann)
}

/// Both of the first role leave, and neither knows that the other does.
fn nobody_is_left(stage: &mut Stage) {
    let last = stage.newcomer(FOUNDER, FIRST);
    let join = stage.newest(last).unwrap();
    stage.at(last).leave();
    stage.at(FOUNDER).knowing(&[join]).leave();
}

/// The same; of N of the second role one proposes a name, so many more sign.
fn orphaned<const N: usize>(more: usize) -> (Stage, &'static str) {
    let mut stage = plain();
    let holders: [Who; N] = admitted(&mut stage, SECOND);
    nobody_is_left(&mut stage);
    let proposal = stage.at(holders[0]).propose(SECOND, Op::SetName("new".into()));
    for who in &holders[1..=more] {
        stage.at(*who).approve(proposal);
    }
    (stage, "new")
}
