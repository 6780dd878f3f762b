//! Plays about what takes effect away from what was permitted, and what does not (R1, R3 to R7, R11, R12).

use super::super::stage::{FIRST, FOUNDER, SECOND, Stage, THIRD, alone, removal};
use super::super::switch::Switch::*;
use super::{
    Play, Who, admitted, beside, both, counts, grants_own, held, holds, inviter, is_gone, is_here, lacks, plain,
    two_remove, with,
};
use crate::id::{EntryId, RoleId};
use crate::op::Op;
use crate::refusal::Refusal as F;
use crate::rule::{Object, Rule, Verb};

/// A line that the founder can add and take back.
const LINE: Rule = alone(SECOND, Verb::Vouch, Object::Role(SECOND));

pub(super) const PLAYS: &[Play] = &[
    // Seniority
    (R1Rank, "a later friend of the founder is senior to an earlier one of a lower role", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let ben = stage.newcomer(FOUNDER, FIRST);
        stage.at(ben).remove(ann);
        let act = stage.at(ann).alone().recovery_key(0);
        held(&stage, act, F::Removed)
    }),
    (R1Path, "of names given at once that of who let the other in is shown", || {
        let (stage, ..) = (0..).find_map(|turn| two_names(turn).filter(|(_, one, two)| one > two)).unwrap();
        both(&stage, |told| told.authority.name() == "one")
    }),
    (R1Device, "a device that added another can stop it at once", || {
        let (mut stage, ann, device) = two_devices();
        stage.at(ann).alone().remove_device(device);
        let act = stage.at(device).alone().recovery_key(0);
        held(&stage, act, F::DeviceRemoved)
    }),
    (R1Before, "who left did nothing else meanwhile", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let before = stage.newest(ann).unwrap();
        stage.at(ann).leave();
        let act = beside(&mut stage, ann, before).recovery_key(0);
        held(&stage, act, F::Removed)
    }),
    (R1Recovery, "nobody leaves with a device that recovery puts out", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(ann).recovery_key(0);
        let device = stage.stranger();
        stage.at(device).recover(ann, 0);
        stage.at(ann).alone().leave();
        is_here(&stage, ann)
    }),
    // R3
    (R3Member, "what a removed member does meanwhile has no effect", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).remove(ann);
        let act = stage.at(ann).alone().recovery_key(0);
        held(&stage, act, F::Removed)
    }),
    (R3MemberRoles, "who lost one role goes on in another", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, THIRD);
        let grant = stage.at(FOUNDER).grant(ann, SECOND);
        let knows = stage.at(ann).recovery_key(0);
        stage.at(FOUNDER).remove_from(ann, &[THIRD]);
        let act = stage.at(ann).after(Some(knows)).alone().with(grant).invite(THIRD, 1);
        counts(&stage, act.entry)
    }),
    (R3Grant, "nor what is done with a grant that was taken back", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let came = stage.came_by(ann);
        stage.at(FOUNDER).revoke(came);
        let act = stage.at(ann).alone().recovery_key(0);
        held(&stage, act, F::Removed)
    }),
    (R3Role, "nor what is done with a role that ended", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).retire_role(SECOND);
        let act = stage.at(ann).alone().recovery_key(0);
        held(&stage, act, F::RoleRetired)
    }),
    (R3Device, "nor what is done by a device that was removed", || {
        let (mut stage, ann, device) = two_devices();
        stage.at(ann).alone().remove_device(device);
        let act = stage.at(device).alone().invite(THIRD, 1);
        held(&stage, act.entry, F::DeviceRemoved)
    }),
    (R3OtherDevices, "nor what is done by a device that recovery put out", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(ann).recovery_key(0);
        let device = stage.stranger();
        stage.at(device).recover(ann, 0);
        let act = stage.at(ann).alone().invite(THIRD, 1);
        held(&stage, act.entry, F::DeviceRemoved)
    }),
    (R3Line, "nor what is done by a line that is taken back meanwhile", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).set_rule(alone(SECOND, Verb::Invite, Object::Role(THIRD)), false);
        let act = stage.at(ann).alone().invite(THIRD, 1);
        held(&stage, act.entry, F::RuleTakenBack)
    }),
    (R3Invite, "nor a join by an invite that is closed meanwhile", || {
        let (mut stage, _, invite) = invited();
        stage.at(FOUNDER).revoke_invite(invite);
        let (_, join) = joins_late(&mut stage, invite);
        held(&stage, join, F::InviteClosed)
    }),
    (R3InviterGone, "nor one by the invite of somebody who is removed meanwhile", || {
        let (mut stage, ann, invite) = invited();
        stage.at(FOUNDER).remove(ann);
        let (_, join) = joins_late(&mut stage, invite);
        held(&stage, join, F::InviteClosed)
    }),
    (R3InviteRole, "nor one to a role that ends meanwhile", || {
        let (mut stage, _, invite) = invited();
        stage.at(FOUNDER).retire_role(THIRD);
        let (_, join) = joins_late(&mut stage, invite);
        held(&stage, join, F::RoleRetired)
    }),
    // R4
    (R4Counts, "who was removed meanwhile removes nobody", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let ben = stage.newcomer(FOUNDER, THIRD);
        stage.at(ann).remove(ben);
        stage.at(FOUNDER).alone().remove(ann);
        let act = stage.at(ben).alone().recovery_key(0);
        counts(&stage, act)
    }),
    (R4Strict, "two majorities at once both have their way", || {
        let mut stage = plain();
        let [ann, ben, cas, dan, eve] = admitted(&mut stage, SECOND);
        let heads = [stage.newest(FOUNDER).unwrap()];
        let (cas_out, eve_out) = (removal(stage.member(cas), &[], &[]), removal(stage.member(eve), &[], &[]));
        let one = stage.at(ann).knowing(&heads).propose(SECOND, cas_out);
        let two = stage.at(cas).knowing(&heads).propose(SECOND, eve_out);
        for who in [ben, dan] {
            stage.at(who).knowing(&[heads[0], two]).approve(two);
            stage.at(who).knowing(&[one]).approve(one);
        }
        is_gone(&stage, cas) && is_gone(&stage, eve)
    }),
    (R4Limit, "a majority's signatures stand, whatever befell meanwhile what they lean on", || {
        let mut stage = with(&[grants_own()]);
        let [ann, ben] = admitted(&mut stage, SECOND);
        let [cas, dan] = [(); 2].map(|()| stage.newcomer(FOUNDER, THIRD));
        let before = stage.at(ben).recovery_key(0);
        let grant = stage.at(ben).grant(cas, SECOND);
        let op = Op::Grant(crate::op::Grant { member: stage.member(dan), role: SECOND });
        let proposal = stage.at(ann).propose(SECOND, op);
        stage.at(cas).with(grant).approve(proposal);
        beside(&mut stage, ben, before).leave();
        holds(&stage, dan, SECOND) && lacks(&stage, cas, SECOND)
    }),
    (R4Leans, "what is done with a grant that has no effect has none", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let ben = stage.newcomer(FOUNDER, SECOND);
        let grant = stage.at(ann).grant(ben, THIRD);
        stage.at(FOUNDER).alone().remove(ann);
        let act = stage.at(ben).knowing(&[grant.entry]).with(grant).recovery_key(0);
        held(&stage, act, F::LeansOnHeld)
    }),
    (R4LeansDevice, "what is done by a device that a removed one added has none", || {
        let (mut stage, ann, device) = two_devices();
        let newest = stage.stranger();
        stage.at(device).alone().add_device(newest);
        let known = stage.newest(device).unwrap();
        stage.at(ann).alone().remove_device(device);
        let act = stage.at(newest).knowing(&[known]).recovery_key(0);
        held(&stage, act, F::LeansOnHeld)
    }),
    (R4LeansAdmit, "what is done by who was let in without effect has none", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let invite = stage.at(FOUNDER).invite_reviewed(THIRD, 1);
        let ben = stage.join(invite);
        let join = stage.came_by(ben).entry;
        let admit = stage.at(ann).admit(join);
        stage.at(FOUNDER).alone().remove(ann);
        let act = stage.at(ben).knowing(&[admit]).recovery_key(0);
        held(&stage, act, F::LeansOnHeld)
    }),
    (R4LeansRole, "nobody holds a role that was defined without effect", || {
        let mut stage = with(&[alone(SECOND, Verb::Amend, Object::Rules)]);
        let new = RoleId(9);
        let ann = stage.newcomer(FOUNDER, SECOND);
        let ben = stage.newcomer(FOUNDER, FIRST);
        let cas = stage.newcomer(FOUNDER, THIRD);
        stage.at(ann).define_role(new, 5);
        stage.at(ann).set_rule(alone(RoleId::EVERYONE, Verb::Grant, Object::Role(new)), true);
        let grant = stage.at(ben).grant(cas, new);
        stage.at(FOUNDER).alone().remove(ann);
        held(&stage, grant.entry, F::LeansOnHeld)
    }),
    (R4LeansJoin, "nobody who came without effect gets a role", || {
        let (mut stage, ann, invite) = invited();
        let ben = stage.newcomer(FOUNDER, FIRST);
        let cas = stage.join(invite);
        let grant = stage.at(ben).grant(cas, SECOND);
        stage.at(FOUNDER).alone().remove(ann);
        held(&stage, grant.entry, F::LeansOnHeld)
    }),
    // R5, R6
    (R5Removed, "who was removed holds nothing", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).remove(ann);
        is_gone(&stage, ann)
    }),
    (R5Knows, "who is taken back is back", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).remove(ann);
        let grant = stage.at(FOUNDER).grant(ann, SECOND);
        let act = stage.at(ann).with(grant).invite(THIRD, 1);
        is_here(&stage, ann) && counts(&stage, act.entry)
    }),
    (R5KnowsDecided, "a grant does not stand against what is decided later", || {
        let mut stage = plain();
        let [ann, ben, cas] = admitted(&mut stage, SECOND);
        let op = removal(stage.member(cas), &[], &[]);
        let proposal = stage.at(ann).propose(SECOND, op);
        stage.at(FOUNDER).grant(cas, THIRD);
        stage.at(ben).knowing(&[proposal]).approve(proposal);
        is_gone(&stage, cas)
    }),
    (R6DenyWins, "written and taken back at once is taken back", || {
        let mut stage = plain();
        let ben = stage.newcomer(FOUNDER, FIRST);
        stage.at(FOUNDER).set_rule(LINE, true);
        stage.at(ben).alone().set_rule(LINE, true);
        stage.at(ben).alone().set_rule(LINE, false);
        both(&stage, |told| !told.rules().contains(&LINE))
    }),
    (R6Replaced, "a line is written again", || {
        let mut stage = plain();
        for present in [true, false, true] {
            stage.at(FOUNDER).set_rule(LINE, present);
        }
        both(&stage, |told| told.rules().contains(&LINE))
    }),
    (R6RoleSenior, "of two roles of one number the senior's is it", || {
        let mut stage = plain();
        let ben = stage.newcomer(FOUNDER, FIRST);
        stage.at(ben).alone().define_role(RoleId(9), 7);
        stage.at(FOUNDER).alone().define_role(RoleId(9), 5);
        both(&stage, |told| told.authority.role(RoleId(9)).is_some_and(|role| role.rank == 5))
    }),
    // R7
    (R7Covered, "what a removed member did before stays", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let act = stage.at(ann).invite(THIRD, 1);
        stage.at(FOUNDER).remove(ann);
        counts(&stage, act.entry)
    }),
    (R7Pinned, "unless it was decided that less stays", || {
        let mut stage = plain();
        let [ann, ben, cas] = admitted(&mut stage, SECOND);
        let stays = stage.at(cas).recovery_key(0);
        let goes = stage.at(cas).invite(THIRD, 1);
        let op = removal(stage.member(cas), &[], &[stays]);
        let proposal = stage.at(ann).propose(SECOND, op);
        stage.at(ben).approve(proposal);
        counts(&stage, stays) && held(&stage, goes.entry, F::Removed)
    }),
    (R7Senior, "what the senior of two removals leaves stays", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let ben = stage.newcomer(FOUNDER, THIRD);
        let known = stage.newest(ben).unwrap();
        let act = stage.at(ben).recovery_key(0);
        stage.at(FOUNDER).remove(ben);
        stage.at(ann).knowing(&[known]).remove(ben);
        counts(&stage, act)
    }),
    // R9
    (R9TwoThirds, "three of five seal nothing", || {
        let (stage, act, _) = sealed::<5>(2);
        counts(&stage, act)
    }),
    (R9Seals, "two of three seal what was not known", || {
        let (stage, act, _) = sealed::<3>(1);
        held(&stage, act, F::SealedOff)
    }),
    (R9Known, "whoever knows it goes on", || {
        let (mut stage, _, dan) = sealed::<3>(1);
        let act = stage.at(dan).recovery_key(1);
        counts(&stage, act)
    }),
    // R10
    (R10Before, "who shows two histories has no say about being stopped for it", || {
        let mut stage = plain();
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        let before = stage.newest(ann).unwrap();
        let one = stage.at(ann).alone().recovery_key(0);
        beside(&mut stage, ann, before).recovery_key(1);
        stage.at(ben).suspend(ann);
        let act = stage.at(ann).after(Some(one)).alone().invite(THIRD, 1);
        held(&stage, act.entry, F::DeviceRemoved)
    }),
    // R11, R12
    (R11Replaced, "the later name is the name", || {
        let mut stage = plain();
        let ben = stage.newcomer(FOUNDER, FIRST);
        stage.at(FOUNDER).set_name("one");
        stage.at(ben).set_name("two");
        both(&stage, |told| told.authority.name() == "two")
    }),
    (R11Senior, "of names given at once the senior's is shown", || {
        let (stage, ..) = two_names(0).unwrap();
        both(&stage, |told| told.authority.name() == "one")
    }),
    (R12Counts, "a join that a senior takes on counts", || {
        let (mut stage, ann, invite) = invited();
        stage.at(FOUNDER).remove(ann);
        let (ben, join) = joins_late(&mut stage, invite);
        stage.at(FOUNDER).ratify(&[join]);
        counts(&stage, join) && is_here(&stage, ben)
    }),
    (R8FewerPlace, "two of five decide, where a line says so", || {
        let mut stage = with(&[two_remove()]);
        let five: [Who; 5] = admitted(&mut stage, SECOND);
        let op = removal(stage.member(five[4]), &[], &[]);
        let proposal = stage.at(five[0]).propose(SECOND, op);
        stage.at(five[1]).approve(proposal);
        is_gone(&stage, five[4])
    }),
];

/// The founder and another of the first role name the pursuance at once; the turn makes other entries of it.
fn two_names(turn: usize) -> Option<(Stage, EntryId, EntryId)> {
    let mut stage = plain();
    let ben = stage.newcomer(FOUNDER, FIRST);
    stage.at(FOUNDER).recovery_key(turn);
    let one = stage.at(FOUNDER).alone().set_name("one");
    let two = stage.at(ben).alone().set_name("two");
    Some((stage, one, two))
}

/// Somebody with two devices; the first added the second, which knows it.
fn two_devices() -> (Stage, Who, Who) {
    let mut stage = plain();
    let ann = stage.newcomer(FOUNDER, SECOND);
    let device = stage.stranger();
    stage.at(ann).add_device(device);
    stage.at(device).speak();
    (stage, ann, device)
}

fn invited() -> (Stage, Who, crate::entry::GrantRef) {
    let mut stage = plain();
    let (ann, invite) = inviter(&mut stage);
    (stage, ann, invite)
}

/// Somebody joins who knows nothing but the invite.
fn joins_late(stage: &mut Stage, invite: crate::entry::GrantRef) -> (Who, EntryId) {
    let who = stage.stranger();
    let join = stage.at(who).knowing(&[invite.entry]).join(invite);
    (who, join)
}

/// N of the second role; one proposes a checkpoint, so many more sign; somebody of the third role acts unknowing.
fn sealed<const N: usize>(more: usize) -> (Stage, EntryId, Who) {
    let mut stage = plain();
    let holders: [Who; N] = admitted(&mut stage, SECOND);
    let dan = stage.newcomer(FOUNDER, THIRD);
    let proposal = stage.at(holders[0]).checkpoint(SECOND);
    for who in &holders[1..=more] {
        stage.at(*who).approve(proposal);
    }
    let act = stage.at(dan).alone().recovery_key(0);
    (stage, act, dan)
}
