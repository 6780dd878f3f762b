//! Plays about who acts, and on what: all is judged once, by the entry's own past (R2).

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::super::occasion::Occasion;
use super::super::stage::{FIRST, FOUNDER, SECOND, Stage, THIRD, alone, first, ranks, removal, together};
use super::super::switch::Switch::*;
use super::{Play, Who, admitted, both, counts, desk, inviter, longest_path, plain, refused, two_remove, with};
use crate::id::{EntryId, EpochId, MemberId, RoleId};
use crate::limits::{MAX_ROLES, MAX_RULES, MAX_SENIORITY_DEPTH};
use crate::op::{Grant, Op, Propose};
use crate::refusal::Refusal as F;
use crate::rule::{Conditions, Object, Role, Rule, Verb};

const ME: MemberId = MemberId([1; 32]);

/// Me, on what others made.
const OTHERS: Occasion<'_> = Occasion::of(ME, 0);

/// Why a line does not apply.
fn judged(line: Rule, occasion: &Occasion<'_>) -> Option<F> {
    occasion.usable(&[(1, line)]).err().flatten()
}

const OVER_FIRST: Object = Object::Role(FIRST);
const OVER_SECOND: Object = Object::Role(SECOND);
const OVER_THIRD: Object = Object::Role(THIRD);

pub(super) const PLAYS: &[Play] = &[
    // Who acts
    (R2NewerOp, "an op without meaning makes the entry need a newer version", || {
        let mut stage = plain();
        let newer = stage.at(FOUNDER).say(vec![unknown()]);
        needs_newer(&stage, newer)
    }),
    (R2NewerLeans, "and so what leans on it", || {
        let mut stage = plain();
        let newer = stage.at(FOUNDER).say(vec![unknown()]);
        let leaning = stage.at(FOUNDER).with(first(newer)).recovery_key(0);
        needs_newer(&stage, leaning)
    }),
    (R2GrantActive, "who was removed and knows it does nothing more", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).remove(ann);
        let act = stage.at(ann).invite(THIRD, 1);
        refused(&stage, act.entry, F::GrantNotHeld)
    }),
    (R2Admitted, "who waits does nothing yet", || {
        let mut stage = plain();
        let invite = stage.at(FOUNDER).invite_reviewed(SECOND, 1);
        let ann = stage.join(invite);
        let act = stage.at(ann).invite(THIRD, 1);
        refused(&stage, act.entry, F::NotAdmitted)
    }),
    (R2Allowed, "no line lets the third role invite", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, THIRD);
        let act = stage.at(ann).invite(THIRD, 1);
        both(&stage, |told| matches!(told.verdict(act.entry), Some(super::Verdict::Refused(F::NotAllowed { .. }))))
    }),
    (R2Own, "a line about one's own reaches no other", || {
        let line = Rule { conditions: Conditions::OWN, ..alone(THIRD, Verb::Vouch, OVER_THIRD) };
        let mut stage = with(&[line]);
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, THIRD));
        let act = stage.at(ann).vouch(ben);
        both(&stage, |told| matches!(told.verdict(act), Some(super::Verdict::Refused(F::OnlyOwn { .. }))))
    }),
    (R2Together, "what two of them decide one does not", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let act = stage.at(ann).say(vec![Op::SetRelays(Vec::new())]);
        both(&stage, |told| matches!(told.verdict(act), Some(super::Verdict::Refused(F::NeedsQuorum { .. }))))
    }),
    (R2NotSelf, "on what others made only", || {
        let line = Rule { conditions: Conditions::NOT_SELF, ..alone(THIRD, Verb::Finish, OVER_THIRD) };
        judged(line, &OTHERS).is_none() && matches!(judged(line, &OTHERS.on_own(true)), Some(F::OnlyOthers { .. }))
    }),
    (R2NotSelf, "nobody finds good what they finish themselves", || {
        let conditions = Conditions { review: Some(SECOND), ..Conditions::NOT_SELF };
        let line = Rule { conditions, ..alone(THIRD, Verb::Finish, OVER_THIRD) };
        matches!(judged(line, &Occasion { agreed: &[(SECOND, ME)], ..OTHERS }), Some(F::NeedsReview { .. }))
    }),
    (R2Probation, "not before one has written so much", || {
        let conditions = Conditions { probation: Some(5), ..Conditions::ALWAYS };
        let mut stage = with(&[Rule { conditions, ..alone(THIRD, Verb::Vouch, OVER_THIRD) }]);
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, THIRD));
        let early = stage.at(ann).vouch(ben);
        let is_early =
            |told: &super::Told| matches!(told.verdict(early), Some(super::Verdict::Refused(F::OnProbation { .. })));
        both(&stage, is_early)
    }),
    (R2Reviewed, "not before two others found it good", || {
        let line = together(THIRD, Verb::Finish, OVER_THIRD, 2, SECOND);
        let (one, other, third) =
            ((SECOND, MemberId([2; 32])), (SECOND, MemberId([3; 32])), (THIRD, MemberId([4; 32])));
        let said = |agreed: &[_]| judged(line, &Occasion { agreed, ..OTHERS });
        said(&[one, other]).is_none() && matches!(said(&[one, third]), Some(F::NeedsReview { count: 2, .. }))
    }),
    (R2Reads, "who says something to a role reads it", || {
        let (mut stage, ann) = desk();
        let epoch = EpochId([9; 32]);
        let made = stage.epoch_for(SECOND, epoch, &[ann]);
        stage.at(ann).say(vec![Op::RoleEpoch(made)]);
        let (hers, his) = (stage.at(ann).speak_to(SECOND, epoch), stage.at(FOUNDER).speak_to(SECOND, epoch));
        counts(&stage, hers) && refused(&stage, his, F::NotAReader)
    }),
    (R2EpochDeclared, "nothing is sealed with an epoch that nobody declared", || {
        let mut stage = plain();
        stage.epoch = EpochId([9; 32]);
        let spoken = stage.at(FOUNDER).speak();
        refused(&stage, spoken, F::BadKeys)
    }),
    (R2LeansOnFirst, "who leaves does so with the first role they hold", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, THIRD);
        stage.at(FOUNDER).grant(ann, SECOND);
        let came = stage.came_by(ann);
        let act = stage.at(ann).with(came).leave();
        refused(&stage, act, F::GrantNotHeld)
    }),
    // Roles and rules
    (R2RoleNew, "a number is a role once", || {
        let mut stage = plain();
        let act = stage.at(FOUNDER).define_role(SECOND, 1);
        refused(&stage, act, F::NothingToChange)
    }),
    (R2RoleBelow, "nobody defines an equal", || {
        let mut stage = plain();
        let act = stage.at(FOUNDER).define_role(RoleId(9), 0);
        refused(&stage, act, F::RankAboveOwn)
    }),
    (R2RolesLimit, "64 roles and no more", || {
        let mut stage = plain();
        let role = |id: usize| {
            Op::DefineRole(Role { id: RoleId(id as u16), name: "more".into(), rank: 9, since_joining: false })
        };
        stage.at(FOUNDER).say((4..=MAX_ROLES).map(role).collect());
        let act = stage.at(FOUNDER).define_role(RoleId(65), 9);
        refused(&stage, act, F::TooMany { max: MAX_ROLES as u32 })
    }),
    (R2RetireOnce, "a role ends once", || {
        let mut stage = plain();
        stage.at(FOUNDER).retire_role(THIRD);
        let act = stage.at(FOUNDER).retire_role(THIRD);
        refused(&stage, act, F::NothingToChange)
    }),
    (R2RetireBelow, "nobody ends a senior role", || {
        let mut stage = with(&[alone(SECOND, Verb::Amend, Object::Rules)]);
        let ann = stage.newcomer(FOUNDER, SECOND);
        let act = stage.at(ann).retire_role(FIRST);
        refused(&stage, act, F::NotSenior)
    }),
    (R2RuleNews, "a line that is there is not written again", || {
        let mut stage = plain();
        let act = stage.at(FOUNDER).set_rule(alone(SECOND, Verb::Vouch, OVER_THIRD), true);
        refused(&stage, act, F::NothingToChange)
    }),
    (R2RuleBelow, "nobody gives their own role more", || {
        let mut stage = plain();
        let act = stage.at(FOUNDER).set_rule(alone(FIRST, Verb::Vouch, OVER_FIRST), true);
        refused(&stage, act, F::NotSenior)
    }),
    (R2RuleOverBelow, "nobody lets others govern their own role", || {
        let mut stage = plain();
        let act = stage.at(FOUNDER).set_rule(alone(SECOND, Verb::Remove, OVER_FIRST), true);
        refused(&stage, act, F::NotSenior)
    }),
    (R2RuleSuccession, "succession is a matter of rank 0", || {
        let mut stage = Stage::found(ranks(
            4,
            vec![alone(FIRST, Verb::Invite, OVER_SECOND), alone(SECOND, Verb::Amend, Object::Rules)],
        ));
        let ann = stage.newcomer(FOUNDER, SECOND);
        let line = together(RoleId(4), Verb::Remove, OVER_THIRD, 0, RoleId(4));
        let act = stage.at(ann).set_rule(line, true);
        refused(&stage, act, F::NotSenior)
    }),
    (R2RulesLimit, "512 lines and no more", || {
        let line = |count: usize| together(SECOND, Verb::Invite, OVER_THIRD, count as u16, SECOND);
        let mut lines: Vec<Rule> = (1..MAX_RULES).map(line).collect();
        lines.push(alone(FIRST, Verb::Amend, Object::Rules));
        let mut stage = Stage::found(ranks(3, lines));
        let act = stage.at(FOUNDER).set_rule(alone(SECOND, Verb::Vouch, OVER_THIRD), true);
        refused(&stage, act, F::TooMany { max: MAX_RULES as u32 })
    }),
    // Grants, removals, invites
    (R2GrantLiving, "nobody gets a role that ended", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).retire_role(THIRD);
        let act = stage.at(FOUNDER).grant(ann, THIRD);
        refused(&stage, act.entry, F::NoSuchRole)
    }),
    (R2GrantRank, "nobody makes somebody their senior", || {
        let mut stage = with(&[alone(SECOND, Verb::Grant, OVER_FIRST)]);
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        let act = stage.at(ann).grant(ben, FIRST);
        refused(&stage, act.entry, F::RankAboveOwn)
    }),
    (R2GrantMember, "nobody who is known not to have come gets a role", || {
        let mut stage = plain();
        let (ann, invite) = inviter(&mut stage);
        stage.at(FOUNDER).remove(ann);
        let ben = stage.stranger();
        stage.at(ben).knowing(&[invite.entry]).join(invite);
        let act = stage.at(FOUNDER).grant(ben, SECOND);
        refused(&stage, act.entry, F::NoSuchMember)
    }),
    (R2GrantNews, "nobody gets what they hold", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, THIRD);
        let act = stage.at(FOUNDER).grant(ann, THIRD);
        refused(&stage, act.entry, F::NothingToChange)
    }),
    (R2GrantDepth, "nobody grants at the end of the longest path", || {
        let mut stage = plain();
        let (last, ann) = (longest_path(&mut stage), stage.newcomer(FOUNDER, THIRD));
        let act = stage.at(last).grant(ann, SECOND);
        refused(&stage, act.entry, F::TooMany { max: MAX_SENIORITY_DEPTH as u32 })
    }),
    (R2GrantDepth, "nor does anybody propose it there", || {
        let mut stage = plain();
        let (last, ann) = (longest_path(&mut stage), stage.newcomer(FOUNDER, THIRD));
        let member = stage.member(ann);
        let act = stage.at(last).propose(FIRST, Op::Grant(Grant { member, role: FIRST }));
        refused(&stage, act, F::TooMany { max: MAX_SENIORITY_DEPTH as u32 })
    }),
    (R2RevokeHeld, "a grant is taken back once", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let came = stage.came_by(ann);
        stage.at(FOUNDER).revoke(came);
        let act = stage.at(FOUNDER).revoke(came);
        refused(&stage, act, F::NothingToChange)
    }),
    (R2RevokeBelow, "nobody takes back the grant of an equal", || {
        let mut stage = with(&[alone(SECOND, Verb::Revoke, OVER_SECOND)]);
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        let came = stage.came_by(ben);
        let act = stage.at(ann).revoke(came);
        refused(&stage, act, F::NotSenior)
    }),
    (R2RemoveKnown, "nobody unknown is removed", || {
        let mut stage = plain();
        let act = stage.at(FOUNDER).say(vec![removal(MemberId([9; 32]), &[], &[])]);
        refused(&stage, act, F::NoSuchMember)
    }),
    (R2RemoveNews, "nobody is removed from what they do not hold", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let act = stage.at(FOUNDER).remove_from(ann, &[THIRD]);
        refused(&stage, act, F::NothingToChange)
    }),
    (R2RemoveBelow, "nobody alone removes an equal", || {
        let mut stage = with(&[alone(SECOND, Verb::Remove, OVER_SECOND)]);
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        let act = stage.at(ann).remove(ben);
        refused(&stage, act, F::NotSenior)
    }),
    (R2RemoveBelow, "nor somebody who holds a junior role and a senior one", || {
        let mut stage = plain();
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        stage.at(FOUNDER).grant(ben, THIRD);
        let act = stage.at(ann).remove_from(ben, &[THIRD]);
        refused(&stage, act, F::NotSenior)
    }),
    (R2PinsKnown, "what is to stay is known to who proposes it", || {
        let mut stage = plain();
        let [ann, ben] = admitted(&mut stage, SECOND);
        let seen = stage.newest(ben).unwrap();
        let hidden = stage.at(ben).alone().recovery_key(0);
        let op = removal(stage.member(ben), &[], &[hidden]);
        let act = stage.at(ann).knowing(&[seen]).propose(SECOND, op);
        refused(&stage, act, F::BadKeys)
    }),
    (R2PinsTogether, "nobody alone lets less stay", || {
        let mut stage = with(&[alone(SECOND, Verb::RemoveRetroactive, OVER_THIRD)]);
        let ann = stage.newcomer(FOUNDER, SECOND);
        let ben = stage.newcomer(FOUNDER, THIRD);
        let (member, pin) = (stage.member(ben), stage.pursuance);
        let act = stage.at(ann).say(vec![removal(member, &[], &[EntryId(pin.0)])]);
        refused(&stage, act, F::NotProposable)
    }),
    (R2InviteLiving, "nobody is invited to a role that ended", || {
        let mut stage = plain();
        stage.at(FOUNDER).retire_role(THIRD);
        let act = stage.at(FOUNDER).invite(THIRD, 1);
        refused(&stage, act.entry, F::NoSuchRole)
    }),
    (R2InviteRank, "nobody invites a senior of theirs", || {
        let mut stage = with(&[alone(SECOND, Verb::Invite, OVER_FIRST)]);
        let ann = stage.newcomer(FOUNDER, SECOND);
        let act = stage.at(ann).invite(FIRST, 1);
        refused(&stage, act.entry, F::RankAboveOwn)
    }),
    (R2CloseOpen, "an invite is closed once", || {
        let mut stage = plain();
        let (_, invite) = inviter(&mut stage);
        stage.at(FOUNDER).revoke_invite(invite);
        let act = stage.at(FOUNDER).revoke_invite(invite);
        refused(&stage, act, F::NothingToChange)
    }),
    (R2CloseSenior, "nobody closes an equal's invite to their own role", || {
        let mut stage = plain();
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        let invite = stage.at(ann).invite(SECOND, 1);
        let act = stage.at(ben).revoke_invite(invite);
        refused(&stage, act, F::NotSenior)
    }),
    (R2AdmitWaits, "who was let in is not let in again", || {
        let mut stage = plain();
        let [ann] = admitted(&mut stage, SECOND);
        let join = stage.came_by(ann).entry;
        let act = stage.at(FOUNDER).admit(join);
        refused(&stage, act, F::NothingToChange)
    }),
    (R2AdmitRank, "nobody lets a senior in", || {
        let mut stage = with(&[alone(SECOND, Verb::Admit, OVER_FIRST)]);
        let ann = stage.newcomer(FOUNDER, SECOND);
        let invite = stage.at(FOUNDER).invite_reviewed(FIRST, 1);
        let ben = stage.join(invite);
        let join = stage.came_by(ben).entry;
        let act = stage.at(ann).admit(join);
        refused(&stage, act, F::RankAboveOwn)
    }),
    (R2VouchOther, "nobody vouches for themselves", || {
        let mut stage = with(&[alone(SECOND, Verb::Vouch, OVER_SECOND)]);
        let ann = stage.newcomer(FOUNDER, SECOND);
        let act = stage.at(ann).vouch(ann);
        refused(&stage, act, F::NothingToChange)
    }),
    // Proposals and signatures, as far as their own past goes
    (R8ProposalInPast, "nobody signs what they have not read", || {
        let mut stage = with(&[two_remove()]);
        let [ann, ben, cas] = admitted(&mut stage, SECOND);
        let op = removal(stage.member(cas), &[], &[]);
        let proposal = stage.at(ann).propose(SECOND, op);
        let act = stage.at(ben).alone().approve(proposal);
        refused(&stage, act, F::NoSuchProposal)
    }),
    (R8RoleAsked, "who was not asked does not sign", || {
        let (mut stage, _, proposal) = proposed();
        let dan = stage.newcomer(FOUNDER, THIRD);
        let act = stage.at(dan).approve(proposal);
        refused(&stage, act, F::NoSuchProposal)
    }),
    (R8SignsAlone, "a signature stands alone in its entry", || {
        let (mut stage, [_, ben, _], proposal) = proposed();
        let act = stage.at(ben).say(vec![Op::Approve(proposal), Op::Approve(proposal)]);
        refused(&stage, act, F::NoSuchProposal)
    }),
    (R8SignsOnce, "nobody signs twice", || {
        let (mut stage, [ann, ..], proposal) = proposed();
        let act = stage.at(ann).approve(proposal);
        refused(&stage, act, F::NothingToChange)
    }),
    (R8WithdrawOpen, "what was decided is not taken back", || {
        let (mut stage, [_, ben, _], proposal) = proposed();
        stage.at(ben).approve(proposal);
        let act = stage.at(ben).withdraw(proposal);
        refused(&stage, act, F::NoSuchProposal)
    }),
    (R8WithdrawOwn, "nobody takes back what they did not sign", || {
        let (mut stage, [_, ben, _], proposal) = proposed();
        let act = stage.at(ben).withdraw(proposal);
        refused(&stage, act, F::NothingToChange)
    }),
    (R8ProposesAlone, "a proposal stands alone in its entry", || {
        let mut stage = plain();
        let op = Op::Propose(Propose { of: FIRST, op: Box::new(Op::SetName("new".into())) });
        let act = stage.at(FOUNDER).say(vec![op, Op::SetName("other".into())]);
        refused(&stage, act, F::NotProposable)
    }),
    (R9OnlyDecided, "nobody seals the log alone", || {
        let mut stage = plain();
        let act = stage.at(FOUNDER).say(vec![Op::Checkpoint]);
        refused(&stage, act, F::NotProposable)
    }),
    // Two histories
    (R10Proof, "no device is stopped without proof", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let act = stage.at(FOUNDER).suspend(ann);
        refused(&stage, act, F::NotTwoHistories)
    }),
    (R10Other, "nobody stops a device of their own so", || {
        let (mut stage, ann) = forked(SECOND);
        let more = stage.stranger();
        stage.at(ann).add_device(more);
        let act = stage.at(more).suspend(ann);
        refused(&stage, act, F::NotSenior)
    }),
    (R10Rank, "nobody stops a device of a senior", || {
        let (mut stage, ann) = forked(SECOND);
        let ben = stage.newcomer(FOUNDER, THIRD);
        let act = stage.at(ben).suspend(ann);
        refused(&stage, act, F::NotSenior)
    }),
    (R10NextRank, "only the next rank decides it", || {
        let mut stage = plain();
        stage.newcomer(FOUNDER, SECOND);
        let [ann] = admitted(&mut stage, THIRD);
        let before = stage.newest(FOUNDER);
        stage.at(FOUNDER).set_name("one");
        stage.at(FOUNDER).after(before).set_name("two");
        let op = Op::SuspendDevice(stage.author(FOUNDER));
        let act = stage.at(ann).propose(THIRD, op);
        refused(&stage, act, F::NotSenior)
    }),
    // Ratifying
    (R12Known, "nobody ratifies what they have not heard", || {
        let (mut stage, join) = closed_join();
        let act = stage.at(FOUNDER).alone().ratify(&[join]);
        refused(&stage, act, F::NothingToChange)
    }),
    (R12Senior, "an equal ratifies no join", || {
        let mut stage = plain();
        let invite = stage.at(FOUNDER).invite(SECOND, 1);
        let ann = stage.newcomer(FOUNDER, SECOND);
        let ben = stage.stranger();
        stage.at(FOUNDER).revoke_invite(invite);
        let join = stage.at(ben).knowing(&[invite.entry]).join(invite);
        let act = stage.at(ann).ratify(&[join]);
        refused(&stage, act, F::NotSenior)
    }),
    (R12Joins, "what governs is done again, not ratified", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let ben = stage.newcomer(FOUNDER, THIRD);
        let removes = stage.at(ann).remove(ben);
        stage.at(FOUNDER).alone().remove(ann);
        let act = stage.at(FOUNDER).ratify(&[removes]);
        refused(&stage, act, F::NotProposable)
    }),
    (R12Held, "what counts is not ratified", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let join = stage.came_by(ann).entry;
        let act = stage.at(FOUNDER).ratify(&[join]);
        refused(&stage, act, F::NothingToChange)
    }),
    (R12SeniorRank, "an equal ratifies nobody's work", || {
        let mut stage = plain();
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        stage.at(FOUNDER).remove(ben);
        let spoken = stage.at(ben).alone().speak();
        let act = stage.at(ann).ratify(&[spoken]);
        refused(&stage, act, F::NotSenior)
    }),
    // The last right
    (R13Retire, "the role that changes the rules does not end itself", || {
        let mut stage = plain();
        let act = stage.at(FOUNDER).propose(FIRST, Op::RetireRole(FIRST));
        refused(&stage, act, F::LastAmender)
    }),
    (R13Revoke, "the last grant that changes the rules is not taken back", || {
        let mut stage = plain();
        let came = stage.came_by(FOUNDER);
        let act = stage.at(FOUNDER).propose(FIRST, Op::RevokeGrant(came));
        refused(&stage, act, F::LastAmender)
    }),
    (R13Remove, "the last who changes the rules is not removed", || {
        let mut stage = plain();
        let op = removal(stage.member(FOUNDER), &[], &[]);
        let act = stage.at(FOUNDER).propose(FIRST, op);
        refused(&stage, act, F::LastAmender)
    }),
    (R13Leave, "the last who changes the rules does not leave", || {
        let mut stage = plain();
        stage.newcomer(FOUNDER, SECOND);
        let act = stage.at(FOUNDER).leave();
        refused(&stage, act, F::LastAmender)
    }),
    (R13Line, "the last line about changing the rules is not taken back", || {
        let line = together(FIRST, Verb::Amend, Object::Rules, 0, FIRST);
        let mut stage = Stage::found(ranks(3, vec![line]));
        let op = Op::SetRule(crate::op::SetRule { rule: line, present: false });
        let act = stage.at(FOUNDER).propose(FIRST, op);
        refused(&stage, act, F::LastAmender)
    }),
];

fn unknown() -> Op {
    Op::Unknown { number: 999, arguments: Vec::new() }
}

fn needs_newer(stage: &Stage, id: EntryId) -> bool {
    both(stage, |told| told.verdict(id) == Some(super::Verdict::NeedsNewer))
}

/// Three of the second role; the first proposes to remove the third.
fn proposed() -> (Stage, [Who; 3], EntryId) {
    let mut stage = plain();
    let three: [Who; 3] = admitted(&mut stage, SECOND);
    let op = removal(stage.member(three[2]), &[], &[]);
    let proposal = stage.at(three[0]).propose(SECOND, op);
    (stage, three, proposal)
}

/// Somebody whose device shows two histories.
fn forked(role: RoleId) -> (Stage, Who) {
    let mut stage = plain();
    let ann = stage.newcomer(FOUNDER, role);
    let before = stage.newest(ann);
    stage.at(ann).recovery_key(0);
    stage.at(ann).after(before).recovery_key(1);
    (stage, ann)
}

/// A join by an invite that was closed at the same time.
fn closed_join() -> (Stage, EntryId) {
    let mut stage = plain();
    let invite = stage.at(FOUNDER).invite(THIRD, 1);
    stage.at(FOUNDER).revoke_invite(invite);
    let ann = stage.stranger();
    let join = stage.at(ann).knowing(&[invite.entry]).join(invite);
    (stage, join)
}
