//! What some decide together: proposals, approvals, withdrawals, how many, and where a decision stands.

use pursuance_core::id::RoleId;
use pursuance_core::op::{Grant, Op, SetRule};
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use serde_json::json;

use super::stage::{ADA, KEEPER, MEMBER, STEWARD, Stage, Who, alone, first, over, removal_of, together, usual_and};

pub const CASES: &[fn() -> Stage] = &[
    majority,
    granted_together,
    too_few,
    approved_twice,
    approved_without_the_role,
    withdrawn,
    withdrawn_unknown_to_the_signers,
    withdrawn_too_late,
    two_automatic_joiners,
    vouched_by_a_peer,
    approvals_of_somebody_removed,
    removed_in_the_same_breath,
    expelled_holders_and_an_insider,
    an_insider_who_knows,
    two_by_two,
    a_majority_undoes_what_fewer_did,
    the_expelled_sign_with_the_majority,
    not_the_one_it_is_about,
    the_last_line_that_amends,
    rank_0_amends_itself_together,
    a_role_amending_itself,
    orphaned_rules,
    checkpoint,
    checkpoint_by_half,
    checkpoint_alone,
];

/// Stewards remove each other, more than half of them.
pub const PEERS: Rule = together(Verb::Remove, over(STEWARD), 0, STEWARD);
/// Two of them are enough.
const TWO: Rule = together(Verb::Remove, over(STEWARD), 2, STEWARD);

/// Stewards for whom Ada vouched, so that they sign.
pub fn stewards<const N: usize>(s: &mut Stage, names: [&'static str; N]) -> [Who; N] {
    known(s, STEWARD, names)
}

/// The same for any role.
pub fn known<const N: usize>(s: &mut Stage, role: RoleId, names: [&'static str; N]) -> [Who; N] {
    let joined = names.map(|name| s.newcomer(ADA, role, name));
    for (who, name) in joined.iter().zip(names) {
        s.at(ADA).vouches(&format!("ada vouches for {}", name.to_lowercase()), *who);
    }
    // All have heard of all.
    for (who, name) in joined.iter().zip(names) {
        let newest = s.newest(ADA);
        s.at(*who).knowing(&[newest]).harmless(&format!("{} has heard of all", name.to_lowercase()));
    }
    joined
}

fn majority() -> Stage {
    let comment = "R8: a majority of the holders decides, and its decision stands before all of them.";
    let mut s = Stage::found("majority", comment, usual_and(&[PEERS]));
    let [ben, eli, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    let remove = removal_of(&s, dora);
    let proposal = s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    s.at(eli).approves("eli approves", proposal);
    let unaware = s.at(dora).unaware().invite("dora invites unaware", MEMBER, 1);
    s.held(unaware.entry, "F33 Removed").gone(dora);
    s.misread("all-must-sign", json!({"members": {"dora joins": {"presence": "here"}}}));
    s.misread("unaware-counts", json!({"verdicts": {"dora invites unaware": "counts"}}));
    s
}

fn granted_together() -> Stage {
    let comment = "R2, R8: a role of their own rank is given by those whom a rule asks, together.";
    let line = together(Verb::Grant, over(STEWARD), 0, STEWARD);
    let mut s = Stage::found("granted-together", comment, usual_and(&[line]));
    let [ben, cy, _] = stewards(&mut s, ["Ben", "Cy", "Dee"]);
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let grant = Op::Grant(Grant { member: s.member(cora), role: STEWARD });
    let proposal = s.at(ben).proposes("ben proposes cora", STEWARD, grant);
    let early = s.at(cora).with(first(proposal)).unaware().harmless("cora leans on it too early");
    s.at(cy).approves("cy approves", proposal);
    s.at(cora).with(first(proposal)).harmless("cora leans on it");
    s.refused(early, "F16 GrantNotHeld").holds(cora, STEWARD, proposal);
    s.misread("not-decided", json!({"members": {"cora joins": {"roles": [{"role": 3, "by": "cora joins"}]}}}));
    s.misread("before-it-was-decided", json!({"verdicts": {"cora leans on it too early": "counts"}}));
    s
}

fn too_few() -> Stage {
    let comment = "R8: who proposes is one signature, and one of three is no majority.";
    let mut s = Stage::found("too-few", comment, usual_and(&[PEERS]));
    let [ben, _, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    let remove = removal_of(&s, dora);
    s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    s.at(dora).unaware().invite("dora invites unaware", MEMBER, 1);
    s.misread("decided", json!({"members": {"dora joins": {"presence": "gone"}}}));
    s
}

fn approved_twice() -> Stage {
    let comment = "R8: members sign, not devices; nobody signs twice.";
    let mut s = Stage::found("approved-twice", comment, usual_and(&[PEERS]));
    let [ben, _, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    let other = s.second_device(ben);
    let remove = removal_of(&s, dora);
    let proposal = s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    let second = s.at(other).approves("ben's other device approves", proposal);
    s.refused(second, "F18 NothingToChange");
    s.misread("two-devices-are-two", json!({"members": {"dora joins": {"presence": "gone"}}}));
    s.misread("counts", json!({"verdicts": {"ben's other device approves": "counts"}}));
    s
}

fn approved_without_the_role() -> Stage {
    let comment = "R8: whoever does not hold the role asked does not sign, however high they stand.";
    let mut s = Stage::found("approved-without-the-role", comment, usual_and(&[PEERS]));
    let [ben, _, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    let remove = removal_of(&s, dora);
    let proposal = s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    let approved = s.at(ADA).approves("ada approves", proposal);
    s.refused(approved, "F27 NoSuchProposal");
    s.misread("decided", json!({"members": {"dora joins": {"presence": "gone"}}}));
    s.misread("counts", json!({"verdicts": {"ada approves": "counts"}}));
    s
}

fn withdrawn() -> Stage {
    let comment = "R8: a signature taken back before the others sign is none.";
    let mut s = Stage::found("withdrawn", comment, usual_and(&[PEERS]));
    let [ben, eli, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    let remove = removal_of(&s, dora);
    let proposal = s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    s.at(ben).say("ben takes it back", Op::WithdrawApproval(proposal));
    s.at(eli).approves("eli approves", proposal);
    s.misread("decided", json!({"members": {"dora joins": {"presence": "gone"}}}));
    s
}

fn withdrawn_unknown_to_the_signers() -> Stage {
    let comment =
        "R8: a decision follows from what its signers know; nobody undoes it by signing later that they withdrew.";
    let mut s = Stage::found("withdrawn-unknown-to-the-signers", comment, usual_and(&[PEERS]));
    let [ben, eli, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    let remove = removal_of(&s, dora);
    let proposal = s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    s.at(ben).say("ben takes it back", Op::WithdrawApproval(proposal));
    s.at(eli).knowing(&[proposal]).approves("eli approves unaware", proposal);
    s.gone(dora);
    s.misread("the-later-signature-undoes-the-decision", json!({"members": {"dora joins": {"presence": "here"}}}));
    s
}

fn withdrawn_too_late() -> Stage {
    let comment = "R8: what is decided is not taken back by a signature.";
    let mut s = Stage::found("withdrawn-too-late", comment, usual_and(&[PEERS]));
    let [ben, eli, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    let remove = removal_of(&s, dora);
    let proposal = s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    s.at(eli).approves("eli approves", proposal);
    let late = s.at(ben).say("ben takes it back", Op::WithdrawApproval(proposal));
    s.refused(late, "F27 NoSuchProposal").gone(dora);
    s.misread("undone", json!({"members": {"dora joins": {"presence": "here"}}}));
    s.misread("counts", json!({"verdicts": {"ben takes it back": "counts"}}));
    s
}

fn two_automatic_joiners() -> Stage {
    let comment = "R8: whoever came by an automatic invite signs only after somebody strictly senior vouched or \
        admitted: else two who share a link decide.";
    let two = together(Verb::Remove, over(MEMBER), 2, MEMBER);
    let mut s = Stage::found("two-automatic-joiners", comment, usual_and(&[two]));
    let invite = s.at(ADA).invite("ada invites members", MEMBER, 4);
    let [cora, yan, zoe] = ["Cora", "Yan", "Zoe"].map(|name| s.join(name, invite));
    let remove = removal_of(&s, cora);
    let proposal = s.at(yan).proposes("yan proposes to remove cora", MEMBER, remove);
    s.at(zoe).approves("zoe approves", proposal);
    s.misread("decided", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s
}

fn vouched_by_a_peer() -> Stage {
    let comment = "R8: the word of a peer whom nobody vouched for makes no signer, even if they stand first in the \
        order of seniority: else three who share a link decide.";
    let rules = [together(Verb::Remove, over(MEMBER), 2, MEMBER), alone(MEMBER, Verb::Vouch, over(MEMBER))];
    let mut s = Stage::found("vouched-by-a-peer", comment, usual_and(&rules));
    let invite = s.at(ADA).invite("ada invites members", MEMBER, 5);
    let [cora, dan] = ["Cora", "Dan"].map(|name| s.join(name, invite));
    let mut three = ["Xan", "Yan", "Zoe"].map(|name| s.join(name, invite));
    // Of one invite, the least id stands first.
    three.sort_by_key(|who| s.member(*who));
    let [peer, one, other] = three;
    s.at(peer).vouches("a peer vouches for one", one);
    s.at(peer).vouches("the peer vouches for another", other);
    let remove = removal_of(&s, cora);
    let first = s.at(one).proposes("one proposes to remove cora", MEMBER, remove);
    s.at(other).approves("another approves", first);
    s.at(ADA).vouches("ada vouches for one", one);
    s.at(ADA).vouches("ada vouches for another", other);
    let remove = removal_of(&s, dan);
    let second = s.at(one).proposes("one proposes to remove dan", MEMBER, remove);
    s.at(other).approves("another approves that too", second);
    s.gone(dan);
    s.misread("peers-are-enough", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s.misread("nobody-signs", json!({"members": {"dan joins": {"presence": "here"}}}));
    s
}

fn approvals_of_somebody_removed() -> Stage {
    let comment = "R4, R8: an approval is judged against what is senior to the decision: who is removed by a senior at \
        the same time does not sign.";
    let mut s = Stage::found("approvals-of-somebody-removed", comment, usual_and(&[PEERS]));
    let [ben, eli, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    let remove = removal_of(&s, dora);
    let proposal = s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    s.at(ADA).removes("ada removes eli", eli, &[]);
    let approved = s.at(eli).knowing(&[proposal]).approves("eli approves unaware", proposal);
    s.held(approved, "F33 Removed").gone(eli);
    s.misread("decided", json!({"members": {"dora joins": {"presence": "gone"}}}));
    s.misread("counts", json!({"verdicts": {"eli approves unaware": "counts"}}));
    s
}

fn removed_in_the_same_breath() -> Stage {
    let comment =
        "R8: acts at one position never restrict each other: two majorities that meet in one person both decide.";
    let mut s = Stage::found("removed-in-the-same-breath", comment, usual_and(&[PEERS]));
    let [ben, eli, dora] = stewards(&mut s, ["Ben", "Eli", "Dora"]);
    // Dora has not heard that he has.
    let heard = s.newest(eli);
    let remove = removal_of(&s, dora);
    let against_dora = s.at(ben).proposes("ben proposes to remove dora", STEWARD, remove);
    let remove = removal_of(&s, eli);
    let against_eli = s.at(dora).unaware().proposes("dora proposes to remove eli", STEWARD, remove);
    let approved = s.at(eli).knowing(&[against_dora]).approves("eli approves against dora", against_dora);
    s.at(ben).knowing(&[against_eli]).approves("ben approves against eli", against_eli);
    // Each was removed by the other decision, and spoke without knowing it.
    s.held(heard, "F33 Removed").held(approved, "F33 Removed").held(against_eli, "F33 Removed").gone(dora).gone(eli);
    s.misread("the-first-one-wins", json!({"members": {"eli joins": {"presence": "here"}}}));
    s.misread("the-last-one-wins", json!({"members": {"dora joins": {"presence": "here"}}}));
    s.misread(
        "neither-stands",
        json!({"members": {
        "dora joins": {"presence": "here"}, "eli joins": {"presence": "here"}}}),
    );
    s
}

fn expelled_holders_and_an_insider() -> Stage {
    let comment = "R8: expelled holders and an insider who sign over the old list of holders decide nothing: a senior \
        removed them.";
    let mut s = Stage::found("expelled-holders-and-an-insider", comment, usual_and(&[PEERS]));
    let [ben, cy, dee, fay] = stewards(&mut s, ["Ben", "Cy", "Dee", "Fay"]);
    let old = s.newest(ben);
    s.at(ADA).removes("ada removes cy", cy, &[]);
    s.at(ADA).removes("ada removes dee", dee, &[]);
    s.at(ben).harmless("ben has heard of that");
    let remove = removal_of(&s, fay);
    let proposal = s.at(ben).after(old).unaware().proposes("ben proposes from the past", STEWARD, remove);
    let cys = s.at(cy).knowing(&[proposal]).approves("cy approves", proposal);
    let dees = s.at(dee).knowing(&[proposal]).approves("dee approves", proposal);
    s.held(cys, "F33 Removed").held(dees, "F33 Removed").gone(cy).gone(dee);
    s.misread("the-old-majority-decides", json!({"members": {"fay joins": {"presence": "gone"}}}));
    s.misread("they-come-back", json!({"members": {"cy joins": {"presence": "here"}}}));
    s
}

fn an_insider_who_knows() -> Stage {
    let comment =
        "R8: holders are taken over the union of what all signers know: one who knows of a removal brings it along.";
    let mut s = Stage::found("an-insider-who-knows", comment, usual_and(&[PEERS]));
    let [ben, cy, dee, fay, gus] = stewards(&mut s, ["Ben", "Cy", "Dee", "Fay", "Gus"]);
    for (expelled, name) in [(cy, "cy"), (dee, "dee")] {
        let remove = removal_of(&s, expelled);
        let out = s.at(ben).proposes(&format!("ben proposes to remove {name}"), STEWARD, remove);
        s.at(fay).approves(&format!("fay approves against {name}"), out);
        s.at(gus).approves(&format!("gus approves against {name}"), out);
    }
    s.at(ben).harmless("ben knows that");
    // The expelled hide what they heard; Ben cannot, without a second history.
    let remove = removal_of(&s, fay);
    let proposal = s.at(cy).unaware().proposes("cy proposes to remove fay", STEWARD, remove);
    let dees = s.at(dee).knowing(&[proposal]).approves("dee approves", proposal);
    s.at(ben).approves("ben approves", proposal);
    s.held(proposal, "F33 Removed").held(dees, "F33 Removed").gone(cy).gone(dee);
    s.misread("three-of-the-old-five", json!({"members": {"fay joins": {"presence": "gone"}}}));
    s.misread("the-first-decision-falls", json!({"members": {"cy joins": {"presence": "here"}}}));
    s
}

fn two_by_two() -> Stage {
    let comment = "R8: two pairs that remove each other's half at once, where two are enough, both succeed.";
    let mut s = Stage::found("mutual-removal-two-by-two", comment, usual_and(&[TWO]));
    let [ben, cy, dee, fay, gus] = stewards(&mut s, ["Ben", "Cy", "Dee", "Fay", "Gus"]);
    // Dee has not heard that he has.
    let heard = s.newest(ben);
    let remove = removal_of(&s, dee);
    let against_dee = s.at(ben).proposes("ben proposes to remove dee", STEWARD, remove);
    let remove = removal_of(&s, ben);
    let against_ben = s.at(dee).unaware().proposes("dee proposes to remove ben", STEWARD, remove);
    s.at(cy).knowing(&[against_dee]).approves("cy approves", against_dee);
    s.at(fay).knowing(&[against_ben]).approves("fay approves", against_ben);
    s.at(gus).harmless("gus has heard of both");
    s.held(heard, "F33 Removed").held(against_dee, "F33 Removed").held(against_ben, "F33 Removed").gone(ben).gone(dee);
    s.misread("the-first-wins", json!({"members": {"ben joins": {"presence": "here"}}}));
    s.misread("the-last-wins", json!({"members": {"dee joins": {"presence": "here"}}}));
    s
}

fn a_majority_undoes_what_fewer_did() -> Stage {
    let comment =
        "R8: a decision by fewer stands after those of the majority: the majority, the expelled included, undoes it.";
    let mut s = Stage::found("a-majority-undoes-what-fewer-did", comment, usual_and(&[TWO]));
    let [ben, cy, dee, fay, gus] = stewards(&mut s, ["Ben", "Cy", "Dee", "Fay", "Gus"]);
    // Dee has not heard that he has.
    let heard = s.newest(ben);
    let remove = removal_of(&s, dee);
    let against_dee = s.at(ben).proposes("ben proposes to remove dee", STEWARD, remove);
    s.at(cy).approves("cy approves", against_dee);
    // At the same time, three of the five.
    let remove = removal_of(&s, ben);
    let against_ben = s.at(dee).unaware().proposes("dee proposes to remove ben", STEWARD, remove);
    s.at(fay).knowing(&[against_ben]).approves("fay approves", against_ben);
    s.at(gus).knowing(&[against_ben]).approves("gus approves", against_ben);
    s.held(heard, "F33 Removed").held(against_dee, "F33 Removed").gone(ben);
    s.misread("both-stand", json!({"members": {"dee joins": {"presence": "gone"}}}));
    s.misread("the-expelled-do-not-sign", json!({"members": {"ben joins": {"presence": "here"}}}));
    s
}

fn the_expelled_sign_with_the_majority() -> Stage {
    let comment =
        "R8: whoever fewer expelled signs with the majority, though they know it; what the majority knew of stays.";
    let mut s = Stage::found("the-expelled-sign-with-the-majority", comment, usual_and(&[TWO]));
    let [ben, cy, dee, fay, gus] = stewards(&mut s, ["Ben", "Cy", "Dee", "Fay", "Gus"]);
    let remove = removal_of(&s, dee);
    let against_dee = s.at(ben).proposes("ben proposes to remove dee", STEWARD, remove);
    s.at(cy).approves("cy approves", against_dee);
    let remove = removal_of(&s, ben);
    let against_ben = s.at(fay).proposes("fay proposes to remove ben", STEWARD, remove);
    s.at(gus).approves("gus approves", against_ben);
    let dees = s.at(dee).approves("dee approves", against_ben);
    s.held(dees, "F33 Removed").gone(ben).gone(dee);
    s.misread("the-expelled-do-not-sign", json!({"members": {"ben joins": {"presence": "here"}}}));
    s.misread("refused", json!({"verdicts": {"dee approves": {"refused": "F16 GrantNotHeld"}}}));
    s.misread("the-first-decision-falls", json!({"members": {"dee joins": {"presence": "here"}}}));
    s
}

fn not_the_one_it_is_about() -> Stage {
    let comment = "A line can say that the one it is about does not sign.";
    let line = Rule { conditions: Conditions::NOT_SELF, ..TWO };
    let mut s = Stage::found("not-the-one-it-is-about", comment, usual_and(&[line]));
    let [ben, cy, dee] = stewards(&mut s, ["Ben", "Cy", "Dee"]);
    let remove = removal_of(&s, dee);
    let proposal = s.at(ben).proposes("ben proposes to remove dee", STEWARD, remove);
    let own = s.at(dee).approves("dee approves of it", proposal);
    s.at(cy).harmless("cy keeps out of it");
    s.refused(own, "F18 NothingToChange");
    s.misread("decided", json!({"members": {"dee joins": {"presence": "gone"}}}));
    s.misread("counts", json!({"verdicts": {"dee approves of it": "counts"}}));
    s
}

fn the_last_line_that_amends() -> Stage {
    let comment = "R13: the last line by which rules are changed is not taken out, by nobody.";
    let line = together(Verb::Amend, Object::Rules, 0, KEEPER);
    let mut rules = usual_and(&[line]);
    rules.retain(|rule| rule.quorum.is_some() || rule.object != line.object);
    let mut s = Stage::found("the-last-line-that-amends", comment, rules);
    s.newcomer(ADA, STEWARD, "Ben");
    let out = Op::SetRule(SetRule { rule: line, present: false });
    let proposal = s.at(ADA).proposes("ada proposes to take it out", KEEPER, out);
    s.refused(proposal, "F28 LastAmender");
    s.misread("counts", json!({"verdicts": {"ada proposes to take it out": "counts"}}));
    s
}

fn rank_0_amends_itself_together() -> Stage {
    let comment = "Rules of rank 0 are changed by its holders together; one alone changes only those of lower roles.";
    let line = together(Verb::Amend, Object::Rules, 0, KEEPER);
    let mut s = Stage::found("rank-0-amends-itself-together", comment, usual_and(&[line]));
    let new = together(Verb::Remove, over(KEEPER), 0, STEWARD);
    let set = Op::SetRule(SetRule { rule: new, present: true });
    s.at(ADA).proposes("ada proposes a succession", KEEPER, set);
    let own = alone(KEEPER, Verb::Invite, over(KEEPER));
    let set = Op::SetRule(SetRule { rule: own, present: true });
    s.at(ADA).proposes("ada proposes to invite keepers", KEEPER, set);
    s.in_force(new, true).in_force(own, true);
    s.misread("never", json!({"verdicts": {"ada proposes to invite keepers": {"refused": "F25 NotSenior"}}}));
    s
}

fn a_role_amending_itself() -> Stage {
    let comment = "A role that may change rules does not change its own, nor what reaches over its own standing.";
    let line = alone(STEWARD, Verb::Amend, Object::Rules);
    let mut s = Stage::found("a-role-amending-itself", comment, usual_and(&[line]));
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let own = s.at(ben).sets("ben lets stewards vouch for keepers", alone(STEWARD, Verb::Vouch, over(KEEPER)), true);
    let succession = together(Verb::Remove, over(KEEPER), 0, MEMBER);
    let above = s.at(ben).sets("ben lets members remove keepers", succession, true);
    let lower = alone(MEMBER, Verb::Vouch, over(MEMBER));
    s.at(ben).sets("ben lets members vouch", lower, true);
    s.refused(own, "F25 NotSenior").refused(above, "F25 NotSenior").in_force(lower, true);
    s.misread("own-role", json!({"verdicts": {"ben lets stewards vouch for keepers": "counts"}}));
    s.misread("over-a-senior", json!({"verdicts": {"ben lets members remove keepers": "counts"}}));
    s
}

fn orphaned_rules() -> Stage {
    let comment =
        "R13: if two at once leave nobody who may amend, that belongs to two thirds of the next rank with holders.";
    let mut s = Stage::found("orphaned-rules", comment, usual_and(&[alone(KEEPER, Verb::Invite, over(KEEPER))]));
    let [ben, cy, dee] = stewards(&mut s, ["Ben", "Cy", "Dee"]);
    let bea = s.newcomer(ADA, KEEPER, "Bea");
    let before = s.newest(ADA);
    s.at(bea).harmless("bea is there");
    let joined = s.newest(bea);
    s.at(ADA).knowing(&[joined]).say("ada leaves", Op::Leave);
    s.at(bea).knowing(&[before]).say("bea leaves", Op::Leave);
    let one = s.at(ben).proposes("ben proposes a name", STEWARD, Op::SetName("Quay".into()));
    s.at(cy).approves("cy approves", one);
    s.at(dee).proposes("dee proposes another", STEWARD, Op::SetName("Pier".into()));
    s.gone(ADA).gone(bea).named("Quay");
    s.misread("nobody-amends", json!({"name": "Harbour watch"}));
    s.misread("one-is-enough", json!({"name": "Pier"}));
    s.misread("one-of-them-stays", json!({"members": {"ada founds": {"presence": "here"}}}));
    s
}

fn checkpoint() -> Stage {
    let comment = "R9: a checkpoint of two thirds seals its role and those below: what it does not contain and what \
        does not know of it is void.";
    let line = together(Verb::Checkpoint, over(MEMBER), 0, MEMBER);
    let mut s = Stage::found("checkpoint", comment, usual_and(&[line]));
    let [cora, dan, eve] = known(&mut s, MEMBER, ["Cora", "Dan", "Eve"]);
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let old = s.newest(ben);
    let proposal = s.at(cora).proposes("cora proposes a checkpoint", MEMBER, Op::Checkpoint);
    s.at(dan).approves("dan approves", proposal);
    let silent = s.at(eve).unaware().harmless("eve speaks from the past");
    s.at(ben).after(old).unaware().harmless("ben speaks from the past");
    s.at(eve).harmless("eve speaks aware of it");
    s.held(silent, "F37 SealedOff");
    s.misread("nothing-is-sealed", json!({"verdicts": {"eve speaks from the past": "counts"}}));
    s.misread("seniors-too", json!({"verdicts": {"ben speaks from the past": {"held": "F37 SealedOff"}}}));
    s.misread("for-ever", json!({"verdicts": {"eve speaks aware of it": {"held": "F37 SealedOff"}}}));
    s
}

fn checkpoint_by_half() -> Stage {
    let comment = "R9: less than two thirds seal nothing, whatever number the line says.";
    let line = together(Verb::Checkpoint, over(MEMBER), 2, MEMBER);
    let mut s = Stage::found("checkpoint-by-half", comment, usual_and(&[line]));
    let [cora, dan, eve, _] = known(&mut s, MEMBER, ["Cora", "Dan", "Eve", "Fay"]);
    let proposal = s.at(cora).proposes("cora proposes a checkpoint", MEMBER, Op::Checkpoint);
    s.at(dan).approves("dan approves", proposal);
    s.at(eve).unaware().harmless("eve speaks from the past");
    s.misread("sealed", json!({"verdicts": {"eve speaks from the past": {"held": "F37 SealedOff"}}}));
    s
}

fn checkpoint_alone() -> Stage {
    let comment = "R9: nobody seals alone.";
    let mut s = Stage::found("checkpoint-alone", comment, usual_and(&[alone(KEEPER, Verb::Checkpoint, over(MEMBER))]));
    let sealed = s.at(ADA).say("ada seals", Op::Checkpoint);
    s.refused(sealed, "F32 NotProposable");
    s.misread("counts", json!({"verdicts": {"ada seals": "counts"}}));
    s
}
