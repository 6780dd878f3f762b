//! What one does alone: each op about roles and rules, and each rule that says no.

use pursuance_core::id::RoleId;
use pursuance_core::op::{Grant, Op};
use pursuance_core::rule::{Object, Role, Verb};
use serde_json::json;

use super::stage::{ADA, KEEPER, MEMBER, STEWARD, Stage, alone, first, over, together, usual, usual_and};

pub const CASES: &[fn() -> Stage] = &[
    grant,
    grant_above_ones_own_rank,
    grant_of_ones_own_rank,
    grant_of_ones_own_rank_by_a_rule,
    grant_twice,
    revoke,
    revoke_of_how_somebody_came,
    revoke_from_a_peer,
    removal,
    removal_from_one_role,
    removal_of_a_peer,
    removal_of_a_senior,
    removal_twice,
    leave,
    leave_of_the_last_amender,
    define_role,
    define_role_of_ones_own_rank,
    two_definitions_of_one_number,
    role_with_history_since_joining,
    history_is_not_taken_back,
    history_by_who_stands_below,
    retire_role,
    rule_for_a_lower_role,
    rule_for_ones_own_role,
    rule_without_the_right,
    rule_of_a_lower_role_over_a_higher,
    names_at_once,
    needs_newer,
];

/// A role beyond those of the genesis.
const SCOUT: RoleId = RoleId(5);

fn grant() -> Stage {
    let mut s = Stage::found("grant", "A member holds as many roles as were given, the senior one first.", usual());
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let steward = s.at(ADA).grants("ada makes cora a steward", cora, STEWARD);
    s.at(cora).with(steward).invite("cora invites as a steward", MEMBER, 1);
    let one = json!({"members": {"cora joins": {"roles": [{"role": 3, "by": "cora joins"}]}}});
    s.misread("one-role-each", one);
    s
}

fn grant_above_ones_own_rank() -> Stage {
    let mut s = Stage::found("grant-above-ones-own-rank", "R2: nobody gives a role above their own.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let grant = s.at(ben).grants("ben makes cora a keeper", cora, KEEPER);
    s.refused(grant.entry, "F14 RankAboveOwn");
    s.misread("counts", json!({"verdicts": {"ben makes cora a keeper": "counts"}}));
    s
}

fn grant_of_ones_own_rank() -> Stage {
    let rules = usual_and(&[together(Verb::Grant, over(STEWARD), 0, STEWARD)]);
    let comment = "R2: a role of one's own rank is given only as a rule says; here stewards together.";
    let mut s = Stage::found("grant-of-ones-own-rank", comment, rules);
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let grant = s.at(ben).grants("ben makes cora a steward", cora, STEWARD);
    s.refused(grant.entry, "F26 NeedsQuorum");
    s.misread("counts", json!({"verdicts": {"ben makes cora a steward": "counts"}}));
    s
}

fn grant_of_ones_own_rank_by_a_rule() -> Stage {
    let rules = usual_and(&[alone(STEWARD, Verb::Grant, over(STEWARD))]);
    let comment = "R2: a role of one's own rank can be given where a rule says so.";
    let mut s = Stage::found("grant-of-ones-own-rank-by-a-rule", comment, rules);
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    s.at(ben).grants("ben makes cora a steward", cora, STEWARD);
    s.misread("only-below", json!({"verdicts": {"ben makes cora a steward": {"refused": "F14 RankAboveOwn"}}}));
    s
}

fn grant_twice() -> Stage {
    let mut s = Stage::found("grant-twice", "What somebody holds is not given to them again.", usual());
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let grant = s.at(ADA).grants("ada makes cora a member", cora, MEMBER);
    s.refused(grant.entry, "F18 NothingToChange");
    s.misread("counts", json!({"verdicts": {"ada makes cora a member": "counts"}}));
    s
}

fn revoke() -> Stage {
    let mut s = Stage::found("revoke", "What is revoked is one grant, not the member.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let member = s.at(ADA).grants("ada makes ben a member too", ben, MEMBER);
    s.at(ADA).say("ada takes that back", Op::RevokeGrant(member));
    let unaware = s.at(ben).with(member).unaware().harmless("ben uses it unaware");
    s.held(unaware, "F33 Removed").loses(member);
    s.misread("all-is-lost", json!({"members": {"ben joins": {"presence": "gone"}}}));
    s.misread("unaware-counts", json!({"verdicts": {"ben uses it unaware": "counts"}}));
    s.misread(
        "nothing-is-lost",
        json!({"members": {"ben joins": {"roles": [
        {"role": 2, "by": "ben joins"}, {"role": 3, "by": "ada makes ben a member too"}]}}}),
    );
    s
}

fn revoke_of_how_somebody_came() -> Stage {
    let comment = "A join gives a role as a grant does, and can be revoked; what the revoker knew stays.";
    let mut s = Stage::found("revoke-of-how-somebody-came", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    s.newcomer(ben, MEMBER, "Cora");
    let revoked = s.came_by(ben);
    s.at(ADA).say("ada revokes ben's role", Op::RevokeGrant(revoked));
    let late = s.at(ben).unaware().invite("ben invites unaware", MEMBER, 1);
    s.held(late.entry, "F33 Removed").gone(ben);
    s.misread("a-join-stays", json!({"members": {"ben joins": {"presence": "here"}}}));
    s.misread("unaware-counts", json!({"verdicts": {"ben invites unaware": "counts"}}));
    s.misread("what-was-known-falls", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s
}

fn revoke_from_a_peer() -> Stage {
    let comment = "R2: one signature acts only on members all of whose roles stand lower, whatever role it is about.";
    let mut s = Stage::found("revoke-from-a-peer", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let dora = s.newcomer(ADA, STEWARD, "Dora");
    let member = s.at(ADA).grants("ada makes dora a member too", dora, MEMBER);
    let revoked = s.at(ben).say("ben takes that back", Op::RevokeGrant(member));
    s.refused(revoked, "F25 NotSenior");
    s.misread("the-role-decides", json!({"verdicts": {"ben takes that back": "counts"}}));
    s
}

fn removal() -> Stage {
    let comment = "R7: of what the removed one wrote, that stays which the removal has in its past.";
    let mut s = Stage::found("removal", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    s.at(cora).harmless("cora writes before");
    s.at(ben).removes("ben removes cora", cora, &[]);
    let unaware = s.at(cora).unaware().harmless("cora writes unaware");
    let aware = s.at(cora).harmless("cora writes all the same");
    s.held(unaware, "F33 Removed").refused(aware, "F16 GrantNotHeld").gone(cora);
    s.misread("unaware-counts", json!({"verdicts": {"cora writes unaware": "counts"}}));
    s.misread("nothing-stays", json!({"verdicts": {"cora writes before": {"held": "F33 Removed"}}}));
    s.misread("held-is-refused", json!({"verdicts": {"cora writes unaware": {"refused": "F16 GrantNotHeld"}}}));
    s
}

fn removal_from_one_role() -> Stage {
    let comment = "R3: a removal from a role restricts what leans on that role, and nothing else of the same author.";
    let mut s = Stage::found("removal-from-one-role", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let member = s.at(ADA).grants("ada makes ben a member too", ben, MEMBER);
    s.at(ben).harmless("ben has heard of it");
    s.at(ADA).removes("ada removes ben from the stewards", ben, &[STEWARD]);
    let invite = s.at(ben).unaware().invite("ben invites as a steward", MEMBER, 1);
    s.at(ben).with(member).unaware().harmless("ben writes as a member");
    let steward = s.came_by(ben);
    s.held(invite.entry, "F33 Removed").loses(steward);
    s.misread("all-roles-go", json!({"members": {"ben joins": {"presence": "gone"}}}));
    s.misread("all-acts-fall", json!({"verdicts": {"ben writes as a member": {"held": "F33 Removed"}}}));
    s.misread("no-act-falls", json!({"verdicts": {"ben invites as a steward": "counts"}}));
    s
}

fn removal_of_a_peer() -> Stage {
    let comment = "Standing is rank alone: who came earlier has no right over a peer.";
    let mut s = Stage::found("removal-of-a-peer", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let dora = s.newcomer(ADA, STEWARD, "Dora");
    let removed = s.at(ben).removes("ben removes dora", dora, &[]);
    s.refused(removed, "F25 NotSenior");
    let gone = json!({
        "verdicts": {"ben removes dora": "counts"}, "members": {"dora joins": {"presence": "gone"}}});
    s.misread("the-earlier-wins", gone);
    s
}

fn removal_of_a_senior() -> Stage {
    let mut s = Stage::found("removal-of-a-senior", "R2: nobody removes somebody above them.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let removed = s.at(cora).removes("cora removes ben", ben, &[]);
    s.refused(removed, "F25 NotSenior");
    s.misread("counts", json!({"verdicts": {"cora removes ben": "counts"}}));
    s
}

fn removal_twice() -> Stage {
    let comment = "Who knows of a removal does not remove again; two removals at once both count.";
    let mut s = Stage::found("removal-twice", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let joined = s.newest(cora);
    s.at(ADA).removes("ada removes cora", cora, &[]);
    s.at(ben).knowing(&[joined]).removes("ben removes cora unaware", cora, &[]);
    let again = s.at(ben).removes("ben removes cora once more", cora, &[]);
    s.refused(again, "F18 NothingToChange").gone(cora);
    s.misread("again-counts", json!({"verdicts": {"ben removes cora once more": "counts"}}));
    s.misread(
        "the-second-falls",
        json!({"verdicts": {"ben removes cora unaware": {"refused": "F18 NothingToChange"}}}),
    );
    s
}

fn leave() -> Stage {
    let comment = "R3: leaving is a removal of oneself, placed just before one's own acts; it stops all devices.";
    let mut s = Stage::found("leave", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let other = s.second_device(ben);
    let added = s.newest(ben);
    s.at(ben).say("ben leaves", Op::Leave);
    let unaware = s.at(other).knowing(&[added]).harmless("ben's other device, unaware");
    let aware = s.at(other).harmless("ben's other device, aware");
    s.held(unaware, "F33 Removed").refused(aware, "F16 GrantNotHeld").gone(ben);
    s.misread("only-one-device-leaves", json!({"verdicts": {"ben's other device, unaware": "counts"}}));
    s.misread("still-here", json!({"members": {"ben joins": {"presence": "here"}}}));
    s
}

fn leave_of_the_last_amender() -> Stage {
    let comment = "R13: the last who may amend the rules does not go.";
    let mut s = Stage::found("leave-of-the-last-amender", comment, usual());
    s.newcomer(ADA, STEWARD, "Ben");
    let left = s.at(ADA).say("ada leaves", Op::Leave);
    s.refused(left, "F28 LastAmender");
    s.misread("gone", json!({"verdicts": {"ada leaves": "counts"}, "members": {"ada founds": {"presence": "gone"}}}));
    s
}

fn define_role() -> Stage {
    let comment = "Roles and rules can be added; whoever has them in their past uses them.";
    let mut s = Stage::found("define-role", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let scout = Role { id: SCOUT, name: "scout".into(), rank: 3, since_joining: false };
    let rule = alone(STEWARD, Verb::Grant, over(SCOUT));
    s.at(ADA).say("ada defines scouts", Op::DefineRole(scout.clone()));
    s.at(ADA).sets("ada lets stewards name them", rule, true);
    s.at(ben).grants("ben makes cora a scout", cora, SCOUT);
    s.defined(scout).in_force(rule, true);
    s.misread("only-the-genesis", json!({"verdicts": {"ben makes cora a scout": {"refused": "F5 NoSuchRole"}}}));
    s
}

fn define_role_of_ones_own_rank() -> Stage {
    let comment = "Alone one defines roles below one's own rank only.";
    let mut s = Stage::found("define-role-of-ones-own-rank", comment, usual());
    let peer = Role { id: SCOUT, name: "peer".into(), rank: 0, since_joining: false };
    let defined = s.at(ADA).say("ada defines a rank beside her", Op::DefineRole(peer));
    s.refused(defined, "F14 RankAboveOwn");
    s.misread("counts", json!({"verdicts": {"ada defines a rank beside her": "counts"}}));
    s
}

fn two_definitions_of_one_number() -> Stage {
    let comment = "R6: of two definitions of one role at once the senior one stands; the first device is senior.";
    let mut s = Stage::found("two-definitions-of-one-number", comment, usual());
    let other = s.second_device(ADA);
    let added = s.newest(ADA);
    let scout = Role { id: SCOUT, name: "scout".into(), rank: 3, since_joining: false };
    s.at(ADA).say("ada defines scouts", Op::DefineRole(scout.clone()));
    let scribe = Role { id: SCOUT, name: "scribe".into(), rank: 2, since_joining: false };
    s.at(other).knowing(&[added]).say("her other device defines scribes", Op::DefineRole(scribe));
    s.defined(scout);
    s.misread("the-later-stands", json!({"roles": {"5": {"name": "scribe", "rank": 2}}}));
    s.misread(
        "the-later-is-refused",
        json!({"verdicts": {
        "her other device defines scribes": {"refused": "F18 NothingToChange"}}}),
    );
    s
}

fn scout(name: &str, rank: u8, since_joining: bool) -> Role {
    Role { id: SCOUT, name: name.into(), rank, since_joining }
}

fn role_with_history_since_joining() -> Stage {
    let comment = "K26: of a role it is said when it is made that whoever comes reads what is written since.";
    let mut s = Stage::found("role-with-history-since-joining", comment, usual());
    let role = scout("scout", 3, true);
    s.at(ADA).say("ada defines scouts", Op::DefineRole(role.clone()));
    s.defined(role);
    s.misread("full", json!({"roles": {"5": {"history": "full"}}}));
    s.misread("newer", json!({"verdicts": {"ada defines scouts": "needs newer"}}));
    s
}

fn history_is_not_taken_back() -> Stage {
    let comment = "K26: of two definitions of one role at once the stricter history stands, if it counts and gives the role a rank that \
                   is not below; name and rank are those of the senior one.";
    let mut s = Stage::found("history-is-not-taken-back", comment, usual());
    let other = s.second_device(ADA);
    let added = s.newest(ADA);
    s.at(ADA).say("ada defines scouts", Op::DefineRole(scout("scout", 3, false)));
    let scribe = Op::DefineRole(scout("scribe", 3, true));
    s.at(other).knowing(&[added]).say("her other device defines scribes", scribe);
    s.defined(scout("scout", 3, true));
    s.misread("full", json!({"roles": {"5": {"history": "full"}}}));
    s
}

fn history_by_who_stands_below() -> Stage {
    let comment = "K26: who gives the role a rank below that of the senior definition says nothing of its history.";
    let rules = usual_and(&[alone(STEWARD, Verb::Amend, Object::Rules)]);
    let mut s = Stage::found("history-by-who-stands-below", comment, rules);
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    s.at(ADA).say("ada defines scouts", Op::DefineRole(scout("scout", 1, false)));
    let scribe = Op::DefineRole(scout("scribe", 2, true));
    s.at(ben).unaware().say("ben defines scribes", scribe);
    s.defined(scout("scout", 1, false));
    s.misread("since-joining", json!({"roles": {"5": {"history": "since joining"}}}));
    s
}

fn retire_role() -> Stage {
    let comment = "A retired role holds nobody, lets nobody in, and what leant on it unaware has no effect.";
    let mut s = Stage::found("retire-role", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    s.at(cora).harmless("cora writes before");
    s.at(ADA).say("ada retires the members", Op::RetireRole(MEMBER));
    let unaware = s.at(cora).unaware().harmless("cora writes unaware");
    let grant = s.at(ADA).grants("ada makes ben a member", ben, MEMBER);
    s.held(unaware, "F35 RoleRetired").refused(grant.entry, "F5 NoSuchRole").gone(cora).retired(MEMBER);
    s.misread("they-stay", json!({"members": {"cora joins": {"presence": "here"}}}));
    s.misread("unaware-counts", json!({"verdicts": {"cora writes unaware": "counts"}}));
    s.misread("still-open", json!({"invites": {"ben invites cora": {"open": true}}}));
    s
}

fn rule_for_a_lower_role() -> Stage {
    let comment = "Rules are changed for lower roles, by whoever may amend; whoever knows the line uses it.";
    let mut s = Stage::found("rule-for-a-lower-role", comment, usual());
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let dan = s.newcomer(ADA, MEMBER, "Dan");
    let before = s.at(dan).unaware().invite("dan invites too early", MEMBER, 1);
    let rule = alone(MEMBER, Verb::Invite, over(MEMBER));
    s.at(ADA).sets("ada lets members invite", rule, true);
    s.newcomer(cora, MEMBER, "Zoe");
    s.refused(before.entry, "F1 NotAllowed").in_force(rule, true);
    s.misread("only-the-genesis", json!({"verdicts": {"cora invites zoe": {"refused": "F1 NotAllowed"}}}));
    s.misread("the-rules-of-now", json!({"verdicts": {"dan invites too early": "counts"}}));
    s
}

fn rule_for_ones_own_role() -> Stage {
    let comment = "Rules are changed only for roles of lower standing.";
    let mut s = Stage::found("rule-for-ones-own-role", comment, usual());
    let set = s.at(ADA).sets("ada lets keepers invite keepers", alone(KEEPER, Verb::Invite, over(KEEPER)), true);
    s.refused(set, "F25 NotSenior");
    s.misread("counts", json!({"verdicts": {"ada lets keepers invite keepers": "counts"}}));
    s
}

fn rule_without_the_right() -> Stage {
    let mut s = Stage::found("rule-without-the-right", "Who has no line for it changes no rules.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let set = s.at(ben).sets("ben lets members vouch", alone(MEMBER, Verb::Vouch, over(MEMBER)), true);
    s.refused(set, "F1 NotAllowed");
    s.misread("counts", json!({"verdicts": {"ben lets members vouch": "counts"}}));
    s
}

fn rule_of_a_lower_role_over_a_higher() -> Stage {
    let comment = "Nobody gives a lower role alone what reaches over their own standing.";
    let mut s = Stage::found("rule-of-a-lower-role-over-a-higher", comment, usual());
    let set = s.at(ADA).sets("ada lets members remove keepers", alone(MEMBER, Verb::Remove, over(KEEPER)), true);
    s.refused(set, "F25 NotSenior");
    s.misread("counts", json!({"verdicts": {"ada lets members remove keepers": "counts"}}));
    s
}

fn names_at_once() -> Stage {
    let comment = "R11: of two names given at once the senior one is shown, whatever the clocks say.";
    let mut s = Stage::found("names-at-once", comment, usual());
    let other = s.second_device(ADA);
    let added = s.newest(ADA);
    s.at(ADA).say("ada says quay", Op::SetName("Quay".into()));
    s.at(other).knowing(&[added]).years_later(1).say("her other device says pier", Op::SetName("Pier".into()));
    s.named("Quay");
    s.misread("the-later-clock", json!({"name": "Pier"}));
    s.misread("the-genesis", json!({"name": "Harbour watch"}));
    s
}

fn needs_newer() -> Stage {
    let comment = "An entry counts whole or not at all: with one unknown op it waits for a newer version, and so does \
        what leans on it.";
    let mut s = Stage::found("needs-newer", comment, usual());
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let grant = Op::Grant(Grant { member: s.member(cora), role: STEWARD });
    let unknown = Op::Unknown { number: 900, arguments: vec![0x80] };
    let both = s.at(ADA).say_all("ada does something newer", vec![grant, unknown]);
    let leaning = s.at(cora).with(first(both)).harmless("cora leans on it");
    s.at(cora).harmless("cora leans on how she came");
    s.needs_newer(both).needs_newer(leaning);
    s.misread("the-known-part-counts", json!({"verdicts": {"ada does something newer": "counts"}}));
    s.misread("refused", json!({"verdicts": {"cora leans on it": {"refused": "F16 GrantNotHeld"}}}));
    s
}
