//! The cases in which orders, pins and seniority meet: two things at once, and who of the two has it.

use pursuance_core::id::RoleId;
use pursuance_core::op::Op;
use pursuance_core::rule::{Object, Role, Verb};
use serde_json::json;

use super::stage::{
    ADA, GUEST, KEEPER, MEMBER, STEWARD, Stage, alone, over, removal, removal_of, together, usual, usual_and,
};
use super::together::{PEERS, known, stewards};

pub const CASES: &[fn() -> Stage] = &[
    mutual_removal,
    founder_against_succession,
    removal_of_the_only_root,
    back_dated_acts,
    a_removal_lapses,
    every_second_one_stands,
    many_old_entries,
    pins_before_the_tip,
    pins_by_one,
    the_seniors_pin_decides,
    the_seniors_older_pin_decides,
    grant_cycle,
    re_add_unaware,
    re_add_aware,
    use_against_loss,
    use_by_another_line,
    deny_wins,
    equivocating_rule_changes,
    protege,
    suspended_by_the_next_rank,
];

fn mutual_removal() -> Stage {
    let comment = "Two admins of one rank who remove each other at once: neither may alone, so both stay.";
    let mut s = Stage::found("mutual-removal", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let dora = s.newcomer(ADA, STEWARD, "Dora");
    let joined = s.newest(dora);
    let one = s.at(ben).knowing(&[joined]).removes("ben removes dora", dora, &[]);
    let other = s.at(dora).unaware().removes("dora removes ben", ben, &[]);
    s.refused(one, "F25 NotSenior").refused(other, "F25 NotSenior");
    s.misread("the-elder-wins", json!({"members": {"dora joins": {"presence": "gone"}}}));
    s.misread("the-younger-wins", json!({"members": {"ben joins": {"presence": "gone"}}}));
    s.misread(
        "both-fall",
        json!({"members": {
        "ben joins": {"presence": "gone"}, "dora joins": {"presence": "gone"}}}),
    );
    s
}

fn founder_against_succession() -> Stage {
    let comment = "R8: a succession made at rank 0 stands before that rank: the group expels its founder, who expels \
        them at the same time.";
    let rules = [together(Verb::Remove, over(KEEPER), 0, STEWARD), together(Verb::Amend, Object::Rules, 0, STEWARD)];
    let mut s = Stage::found("founder-expelled-by-succession", comment, usual_and(&rules));
    let [ben, cy, dee] = stewards(&mut s, ["Ben", "Cy", "Dee"]);
    let remove = removal_of(&s, ADA);
    let proposal = s.at(ben).proposes("ben proposes to remove ada", STEWARD, remove);
    s.at(cy).approves("cy approves", proposal);
    for (who, name) in [(ben, "ben"), (cy, "cy"), (dee, "dee")] {
        let fell = s.at(ADA).unaware().removes(&format!("ada removes {name}"), who, &[]);
        s.held(fell, "F33 Removed");
    }
    s.gone(ADA);
    s.misread(
        "the-founder-wins",
        json!({"members": {
        "ada founds": {"presence": "here"}, "ben joins": {"presence": "gone"}}}),
    );
    s.misread("both-fall", json!({"members": {"ben joins": {"presence": "gone"}, "cy joins": {"presence": "gone"}}}));
    s.misread("ada-removes-who-did-not-sign", json!({"members": {"dee joins": {"presence": "gone"}}}));
    s
}

fn removal_of_the_only_root() -> Stage {
    let comment = "R13: the only one who may amend is not removed, by a majority either.";
    let rules = [together(Verb::Remove, over(KEEPER), 0, STEWARD)];
    let mut s = Stage::found("removal-of-the-only-root", comment, usual_and(&rules));
    let [ben, cy, _] = stewards(&mut s, ["Ben", "Cy", "Dee"]);
    let remove = removal_of(&s, ADA);
    let proposal = s.at(ben).proposes("ben proposes to remove ada", STEWARD, remove);
    let approved = s.at(cy).approves("cy approves", proposal);
    s.refused(proposal, "F28 LastAmender").refused(approved, "F27 NoSuchProposal");
    s.misread("removed", json!({"members": {"ada founds": {"presence": "gone"}}}));
    s.misread("counts", json!({"verdicts": {"ben proposes to remove ada": "counts"}}));
    s
}

fn back_dated_acts() -> Stage {
    let comment = "What a removed admin writes as if from before has no effect, harmless or not, and takes nothing \
        from whoever they let in before.";
    let mut s = Stage::found("back-dated-acts-of-a-removed-admin", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let came = s.newest(ben);
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let joined = s.newest(cora);
    s.at(ADA).removes("ada removes ben", ben, &[]);
    s.at(cora).harmless("cora writes on");
    let harmless = s.at(ben).after(came).unaware().harmless("ben writes something harmless");
    let against = s.at(ben).knowing(&[joined]).removes("ben removes cora", cora, &[]);
    let up = s.at(ben).unaware().removes("ben removes ada", ADA, &[]);
    let invite = s.at(ben).unaware().invite("ben invites", MEMBER, 9);
    let zoe = s.stranger();
    let by_that = s.at(zoe).knowing(&[invite.entry]).join("Zoe", invite);
    s.held(harmless, "F33 Removed").held(against, "F33 Removed").refused(up, "F25 NotSenior");
    s.held(invite.entry, "F33 Removed").held(by_that, "F38 InviteClosed").gone(ben);
    s.misread("who-was-let-in-falls", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s.misread("the-harmless-counts", json!({"verdicts": {"ben writes something harmless": "counts"}}));
    s.misread(
        "the-remover-falls",
        json!({"members": {
        "ada founds": {"presence": "gone"}, "ben joins": {"presence": "here"}}}),
    );
    s.misread("whom-they-let-in-since", json!({"members": {"zoe joins": {"presence": "here"}}}));
    s.misread("the-first-history-falls", json!({"verdicts": {"ben invites cora": {"held": "F33 Removed"}}}));
    s
}

fn a_removal_lapses() -> Stage {
    let comment = "R4: a removal by somebody whom a senior removes at the same time has no effect.";
    let mut s = Stage::found("a-removal-lapses-with-its-author", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let joined = s.newest(cora);
    s.at(ADA).removes("ada removes ben", ben, &[]);
    let against = s.at(ben).knowing(&[joined]).removes("ben removes cora", cora, &[]);
    s.held(against, "F33 Removed").gone(ben);
    s.misread("both-go", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s.misread("neither-goes", json!({"members": {"ben joins": {"presence": "here"}}}));
    s
}

fn every_second_one_stands() -> Stage {
    let comment =
        "R4: of a chain of removals at once the senior's stands, the next falls, and so the one after it stands.";
    let rules = [alone(MEMBER, Verb::Remove, over(GUEST)), alone(KEEPER, Verb::Invite, over(GUEST))];
    let mut s = Stage::found("a-chain-of-removals", comment, usual_and(&rules));
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let gil = s.newcomer(ADA, GUEST, "Gil");
    let joined = s.newest(gil);
    s.at(cora).knowing(&[joined]).removes("cora removes gil", gil, &[]);
    let middle = s.at(ben).knowing(&[joined]).removes("ben removes cora", cora, &[]);
    s.at(ADA).knowing(&[joined]).removes("ada removes ben", ben, &[]);
    s.held(middle, "F33 Removed").gone(ben).gone(gil);
    s.misread("juniors-first", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s.misread("the-last-falls-with-the-second", json!({"members": {"gil joins": {"presence": "here"}}}));
    s
}

fn many_old_entries() -> Stage {
    let comment = "However much a removed member back-dates, it has no effect, and changes nobody.";
    let mut s = Stage::found("many-old-entries-at-once", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let joined = s.newest(cora);
    s.at(ADA).removes("ada removes ben", ben, &[]);
    for number in 1..=25 {
        let old = s.at(ben).unaware().harmless(&format!("old entry {number}"));
        s.held(old, "F33 Removed");
    }
    let against = s.at(ben).knowing(&[joined]).removes("an old removal of cora", cora, &[]);
    s.held(against, "F33 Removed");
    for number in 26..=50 {
        let old = s.at(ben).unaware().harmless(&format!("old entry {number}"));
        s.held(old, "F33 Removed");
    }
    s.gone(ben);
    s.misread("the-harmless-count", json!({"verdicts": {"old entry 1": "counts", "old entry 50": "counts"}}));
    s.misread("cora-goes", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s
}

fn pins_before_the_tip() -> Stage {
    let comment = "R7: a removal by a quorum can say what stays; nothing else of theirs in that role does.";
    let rules =
        [together(Verb::Remove, over(MEMBER), 0, STEWARD), together(Verb::RemoveRetroactive, over(MEMBER), 0, STEWARD)];
    let mut s = Stage::found("pins-before-the-tip", comment, usual_and(&rules));
    let [ben, eli, _] = stewards(&mut s, ["Ben", "Eli", "Fay"]);
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let kept = s.at(cora).harmless("cora writes what stays");
    let not = s.at(cora).harmless("cora writes what does not");
    let remove = removal(s.member(cora), &[], &[kept]);
    let proposal = s.at(ben).proposes("ben proposes to remove cora from there on", STEWARD, remove);
    s.at(eli).approves("eli approves", proposal);
    s.held(not, "F33 Removed").gone(cora);
    s.misread("the-pin-is-the-tip", json!({"verdicts": {"cora writes what does not": "counts"}}));
    s.misread("nothing-stays", json!({"verdicts": {"cora writes what stays": {"held": "F33 Removed"}}}));
    s
}

fn pins_by_one() -> Stage {
    let comment = "R7: nobody alone says that less stays than they know, whatever a line says.";
    let rules = usual_and(&[alone(STEWARD, Verb::RemoveRetroactive, over(MEMBER))]);
    let mut s = Stage::found("pins-by-one", comment, rules);
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let kept = s.at(cora).harmless("cora writes what stays");
    s.at(cora).harmless("cora writes more");
    let remove = removal(s.member(cora), &[], &[kept]);
    let removed = s.at(ben).say("ben removes cora from there on", remove);
    s.refused(removed, "F32 NotProposable");
    s.misread("counts", json!({"verdicts": {"ben removes cora from there on": "counts"}}));
    s.misread("less-stays", json!({"verdicts": {"cora writes more": {"held": "F33 Removed"}}}));
    s
}

fn the_seniors_pin_decides() -> Stage {
    let comment = "R7: of two removals at once the senior's pin decides: what it covers is safe from the other.";
    let rules =
        [together(Verb::Remove, over(MEMBER), 0, STEWARD), together(Verb::RemoveRetroactive, over(MEMBER), 0, STEWARD)];
    let mut s = Stage::found("the-seniors-pin-decides", comment, usual_and(&rules));
    let [ben, eli, _] = stewards(&mut s, ["Ben", "Eli", "Fay"]);
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let first = s.at(cora).harmless("cora writes first");
    let second = s.at(cora).harmless("cora writes again");
    let third = s.at(cora).harmless("cora writes a third time");
    let remove = removal(s.member(cora), &[], &[first]);
    let proposal = s.at(ben).knowing(&[third]).proposes("ben proposes to remove cora", STEWARD, remove);
    s.at(eli).knowing(&[proposal]).approves("eli approves", proposal);
    s.at(ADA).knowing(&[second]).removes("ada removes cora", cora, &[]);
    s.held(third, "F33 Removed").gone(cora);
    s.misread("the-shorter-pin", json!({"verdicts": {"cora writes again": {"held": "F33 Removed"}}}));
    s.misread("the-longer-pin", json!({"verdicts": {"cora writes a third time": "counts"}}));
    s
}

fn the_seniors_older_pin_decides() -> Stage {
    let comment = "R7: of two removals at once the senior's pin decides, also where it covers less.";
    let mut s = Stage::found("the-seniors-older-pin-decides", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let first = s.at(cora).unaware().harmless("cora writes first");
    let second = s.at(cora).unaware().harmless("cora writes again");
    s.at(ben).knowing(&[second]).removes("ben removes cora", cora, &[]);
    s.at(ADA).knowing(&[first]).removes("ada removes cora", cora, &[]);
    s.held(second, "F33 Removed").gone(cora);
    s.misread("the-longer-pin", json!({"verdicts": {"cora writes again": "counts"}}));
    s
}

fn grant_cycle() -> Stage {
    let comment =
        "Two who gave each other roles do not hold each other up, once what the first of them leant on is gone.";
    let mut s = Stage::found("grant-cycle", comment, usual());
    let scout = Role { id: RoleId(5), name: "scout".into(), rank: 1, since_joining: false };
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    s.at(ADA).say("ada defines scouts", Op::DefineRole(scout.clone()));
    let lines = [
        (alone(STEWARD, Verb::Grant, over(scout.id)), "ada lets stewards name scouts"),
        (alone(scout.id, Verb::Grant, over(scout.id)), "ada lets scouts name scouts"),
        (alone(scout.id, Verb::Grant, over(STEWARD)), "ada lets scouts name stewards"),
    ];
    for (line, name) in lines {
        s.at(ADA).sets(name, line, true);
        s.in_force(line, true);
    }
    let set = s.newest(ADA);
    let one = s.at(ben).knowing(&[set]).grants("ben makes cora a scout", cora, scout.id);
    let two = s.at(cora).with(one).knowing(&[one.entry]).grants("cora makes ben a scout", ben, scout.id);
    let three = s.at(ben).with(two).knowing(&[two.entry]).grants("ben makes cora a steward as a scout", cora, STEWARD);
    let root = s.came_by(ben);
    s.at(ADA).unaware().say("ada revokes how ben came", Op::RevokeGrant(root));
    s.defined(scout).held(one.entry, "F33 Removed").held(two.entry, "F39 LeansOnHeld");
    s.held(three.entry, "F39 LeansOnHeld").gone(ben);
    s.misread("they-hold-each-other-up", json!({"members": {"ben joins": {"presence": "here"}}}));
    s.misread("the-second-stands", json!({"verdicts": {"cora makes ben a scout": "counts"}}));
    s.misread("the-third-stands", json!({"verdicts": {"ben makes cora a steward as a scout": "counts"}}));
    s
}

fn re_add_unaware() -> Stage {
    let comment = "R5: a role given to somebody removed by a senior at the same time gives nothing: removal wins.";
    let mut s = Stage::found("re-add-against-removal", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let joined = s.newest(cora);
    s.at(ADA).removes("ada removes cora", cora, &[]);
    let grant = s.at(ben).knowing(&[joined]).grants("ben makes cora a guest unaware", cora, GUEST);
    let wrote = s.at(cora).with(grant).knowing(&[grant.entry]).harmless("cora writes as a guest");
    s.held(wrote, "F33 Removed").gone(cora);
    s.misread("the-grant-wins", json!({"members": {"cora joins": {"presence": "here"}}}));
    s.misread("what-leans-on-it-counts", json!({"verdicts": {"cora writes as a guest": "counts"}}));
    s
}

fn re_add_aware() -> Stage {
    let comment = "R5: whoever knows of the removal can give a role again; what was held by the old one stays so.";
    let mut s = Stage::found("re-add-knowing-the-removal", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let old = s.came_by(cora);
    s.at(ADA).removes("ada removes cora", cora, &[]);
    let unaware = s.at(cora).unaware().harmless("cora writes unaware");
    let again = s.at(ben).grants("ben makes cora a member again", cora, MEMBER);
    let leant = s.at(cora).with(old).harmless("cora leans on the old");
    s.at(cora).with(again).harmless("cora leans on the new");
    s.held(unaware, "F33 Removed").refused(leant, "F16 GrantNotHeld").loses(old);
    s.misread("for-ever", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s.misread("the-old-comes-back", json!({"verdicts": {"cora writes unaware": "counts"}}));
    s.misread("with-the-old", json!({"verdicts": {"cora leans on the old": "counts"}}));
    s
}

fn use_against_loss() -> Stage {
    let comment = "R3: a permission used while it is taken back is not there; used before, it was.";
    let mut s = Stage::found("use-of-a-line-against-its-loss", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let before = s.at(ben).invite("ben invites before", MEMBER, 9);
    let line = alone(STEWARD, Verb::Invite, over(MEMBER));
    s.at(ADA).sets("ada takes the line out", line, false);
    let unaware = s.at(ben).unaware().invite("ben invites unaware", MEMBER, 9);
    let zoe = s.stranger();
    let by_that = s.at(zoe).knowing(&[unaware.entry]).join("Zoe", unaware);
    let yan = s.stranger();
    s.at(yan).knowing(&[before.entry]).join("Yan", before);
    let aware = s.at(ben).invite("ben invites aware", MEMBER, 9);
    s.held(unaware.entry, "F36 RuleTakenBack").held(by_that, "F39 LeansOnHeld");
    s.refused(aware.entry, "F1 NotAllowed").in_force(line, false);
    s.misread("use-wins", json!({"verdicts": {"ben invites unaware": "counts"}}));
    s.misread("who-came-by-it-stays", json!({"members": {"zoe joins": {"presence": "here"}}}));
    s.misread("every-use-falls", json!({"members": {"yan joins": {"presence": "gone"}}}));
    s
}

fn use_by_another_line() -> Stage {
    let comment = "R3: what another line allows too is not lost with the first.";
    let other = alone(RoleId::EVERYONE, Verb::Invite, over(MEMBER));
    let mut s = Stage::found("use-by-another-line", comment, usual_and(&[other]));
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let line = alone(STEWARD, Verb::Invite, over(MEMBER));
    s.at(ADA).sets("ada takes one line out", line, false);
    s.at(ben).unaware().invite("ben invites unaware", MEMBER, 9);
    s.in_force(line, false);
    s.misread("lost", json!({"verdicts": {"ben invites unaware": {"held": "F36 RuleTakenBack"}}}));
    s
}

fn deny_wins() -> Stage {
    let comment = "R6: of writes of one line at once, of which none knows the other, the one that takes it out wins.";
    let mut s = Stage::found("deny-wins", comment, usual());
    let other = s.second_device(ADA);
    let line = alone(MEMBER, Verb::Invite, over(MEMBER));
    let put = s.at(ADA).sets("ada puts the line in", line, true);
    s.at(other).knowing(&[put]).sets("her other device takes it out", line, false);
    s.at(ADA).unaware().sets("ada takes it out", line, false);
    s.at(ADA).unaware().sets("ada puts it in again", line, true);
    s.misread("the-senior-write", json!({"rules": {"3 1 0 3 0": usual().len() + 1}}));
    s.misread("one-falls", json!({"verdicts": {"ada puts it in again": {"held": "F36 RuleTakenBack"}}}));
    s
}

fn equivocating_rule_changes() -> Stage {
    let comment = "R6, R10: who changes a line in one history and not in another has changed it.";
    let mut s = Stage::found("equivocating-rule-changes", comment, usual());
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let line = alone(MEMBER, Verb::Invite, over(MEMBER));
    let put = s.at(ADA).sets("ada puts the line in", line, true);
    s.at(ADA).sets("ada takes it out in one history", line, false);
    let name = s.at(ADA).after(put).unaware().say("ada says quay in the other", Op::SetName("Quay".into()));
    let used = s.at(cora).knowing(&[name]).invite("cora invites by the other", MEMBER, 9);
    s.held(used.entry, "F36 RuleTakenBack").in_force(line, false).named("Quay");
    s.misread("the-other-history-counts", json!({"verdicts": {"cora invites by the other": "counts"}}));
    s.misread("neither-history-counts", json!({"name": "Harbour watch"}));
    s.misread("in-force", json!({"rules": {"3 1 0 3 0": usual().len() + 1}}));
    s
}

fn protege() -> Stage {
    let comment = "R1: rank first, then the path: a guest whom the founder brought stands below a steward.";
    let rules = [alone(KEEPER, Verb::Invite, over(GUEST)), alone(GUEST, Verb::Invite, over(GUEST))];
    let mut s = Stage::found("protege-of-the-founder-against-a-steward", comment, usual_and(&rules));
    let pip = s.newcomer(ADA, GUEST, "Pip");
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let joined = s.newest(ben);
    s.at(ben).removes("ben removes pip", pip, &[]);
    let against = s.at(pip).knowing(&[joined]).removes("pip removes ben", ben, &[]);
    let invite = s.at(pip).unaware().invite("pip invites", GUEST, 9);
    s.refused(against, "F25 NotSenior").held(invite.entry, "F33 Removed").gone(pip);
    s.misread(
        "the-path-first",
        json!({
        "verdicts": {"pip invites": "counts"}, "members": {"pip joins": {"presence": "here"}}}),
    );
    s.misread("the-protege-wins", json!({"members": {"ben joins": {"presence": "gone"}}}));
    s
}

fn suspended_by_the_next_rank() -> Stage {
    let comment = "R10: a majority of the next rank stops a device that shows two histories; the member stays.";
    let mut s = Stage::found("suspended-by-the-next-rank", comment, usual_and(&[PEERS]));
    let [cora, dan, _] = known(&mut s, MEMBER, ["Cora", "Dan", "Eve"]);
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let before = s.newest(ben);
    s.at(ben).harmless("ben in one history");
    s.at(ben).after(before).harmless("ben in another history");
    let author = s.author(ben);
    let proposal = s.at(cora).proposes("cora proposes to stop the device", MEMBER, Op::SuspendDevice(author));
    s.at(dan).approves("dan approves", proposal);
    let unaware = s.at(ben).unaware().invite("ben invites unaware", MEMBER, 9);
    let aware = s.at(ben).harmless("ben writes all the same");
    s.refused(aware, "F16 GrantNotHeld").taken(ben);
    s.misread("not-stopped", json!({"verdicts": {"ben writes all the same": "counts"}}));
    s.misread("the-member-falls", json!({"members": {"ben joins": {"presence": "gone"}}}));
    s.held(unaware.entry, "F34 DeviceRemoved");
    s.misread("unaware-counts", json!({"verdicts": {"ben invites unaware": "counts"}}));
    s
}
