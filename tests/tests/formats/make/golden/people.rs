//! How people come and go: invites, admission, links that leak, devices, recovery, what is ratified.

use pursuance_core::op::Op;
use pursuance_core::rule::Verb;
use serde_json::json;

use super::stage::{ADA, GUEST, MEMBER, STEWARD, Stage, alone, over, removal_of, together, usual, usual_and};
use super::together::known;

pub const CASES: &[fn() -> Stage] = &[
    reviewed_invite,
    admitted_by_who_may_not,
    an_admission_falls_with_who_admitted,
    invite_revoked,
    invite_revoked_by_others,
    invite_above_ones_own_rank,
    invite_used_up,
    leaked_link_used_twice,
    leaked_link_years_later,
    open_invites_of_an_ex_member,
    a_new_device_by_an_open_invite,
    devices_in_their_order,
    thiefs_device_against_its_owner,
    device_of_somebody_else,
    recovery,
    recovery_with_another_key,
    recovery_without_a_key,
    second_recovery_key,
    two_histories,
    suspended,
    suspended_without_proof,
    suspended_by_a_junior,
    vouch_for_oneself,
    ratified_join,
    ratified_twice,
    ratified_signer,
    ratified_by_a_junior,
    ratified_act,
    ratified_though_it_counts,
    ratified_role_entry,
];

fn reviewed_invite() -> Stage {
    let comment = "Whoever comes by an invite with review is a member only after an Admit.";
    let mut s = Stage::found("reviewed-invite", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let invite = s.at(ADA).invite_reviewed("ada invites with review", MEMBER, 2);
    let yan = s.join("Yan", invite);
    let zoe = s.join("Zoe", invite);
    let early = s.at(zoe).unaware().harmless("zoe writes too early");
    let join = s.came_by(zoe).entry;
    s.at(ben).say("ben admits zoe", Op::Admit(join));
    let again = s.at(ADA).say("ada admits zoe again", Op::Admit(join));
    s.at(zoe).harmless("zoe writes");
    s.refused(early, "F31 NotAdmitted").refused(again, "F18 NothingToChange").waits(yan);
    s.misread("a-member-at-once", json!({"members": {"yan joins": {"presence": "here"}}}));
    s.misread("it-counts-afterwards", json!({"verdicts": {"zoe writes too early": "counts"}}));
    s.misread("a-waiting-one-is-gone", json!({"members": {"yan joins": {"presence": "gone"}}}));
    s
}

fn admitted_by_who_may_not() -> Stage {
    let mut s = Stage::found("admitted-by-who-may-not", "To admit needs a line.", usual());
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let invite = s.at(ADA).invite_reviewed("ada invites with review", MEMBER, 1);
    let zoe = s.join("Zoe", invite);
    let join = s.came_by(zoe).entry;
    let admitted = s.at(cora).say("cora admits zoe", Op::Admit(join));
    s.refused(admitted, "F1 NotAllowed").waits(zoe);
    s.misread("admitted", json!({"members": {"zoe joins": {"presence": "here"}}}));
    s
}

fn an_admission_falls_with_who_admitted() -> Stage {
    let comment = "R4: what leans on an admission has no effect while that has none; whoever was admitted waits again.";
    let mut s = Stage::found("an-admission-falls-with-who-admitted", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let invite = s.at(ADA).invite_reviewed("ada invites with review", MEMBER, 1);
    let zoe = s.join("Zoe", invite);
    let join = s.came_by(zoe).entry;
    s.at(ADA).removes("ada removes ben", ben, &[]);
    let admit = s.at(ben).knowing(&[join]).say("ben admits zoe unaware", Op::Admit(join));
    let wrote = s.at(zoe).knowing(&[admit]).harmless("zoe writes");
    s.held(admit, "F33 Removed").held(wrote, "F39 LeansOnHeld").gone(ben).waits(zoe);
    s.misread("still-admitted", json!({"members": {"zoe joins": {"presence": "here"}}}));
    s.misread("what-leans-on-it-counts", json!({"verdicts": {"zoe writes": "counts"}}));
    s.misread("gone", json!({"members": {"zoe joins": {"presence": "gone"}}}));
    s
}

fn invite_revoked() -> Stage {
    let comment = "Who joined in the past of the closing stays; who did not know of it is held; who knew is kept out.";
    let mut s = Stage::found("invite-revoked", comment, usual());
    let invite = s.at(ADA).invite("ada invites members", MEMBER, 5);
    s.join("Yan", invite);
    s.at(ADA).say("ada closes it", Op::RevokeInvite(invite));
    let zoe = s.stranger();
    let unaware = s.at(zoe).knowing(&[invite.entry]).join("Zoe", invite);
    let xan = s.stranger();
    let aware = s.at(xan).in_vain().join("Xan", invite);
    s.held(unaware, "F38 InviteClosed").refused(aware, "F38 InviteClosed").closed(invite);
    s.misread("unaware-counts", json!({"verdicts": {"zoe joins": "counts"}}));
    s.misread("all-joins-fall", json!({"members": {"yan joins": {"presence": "gone"}}}));
    s.misread("still-open", json!({"invites": {"ada invites members": {"open": true}}}));
    s
}

fn invite_revoked_by_others() -> Stage {
    let comment = "An invite is closed by whoever may revoke the role it offers and stands above that role.";
    let mut s = Stage::found("invite-revoked-by-others", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let one = s.at(ADA).invite("ada invites members", MEMBER, 5);
    let other = s.at(ADA).invite("ada invites more members", MEMBER, 5);
    s.at(ben).say("ben closes one", Op::RevokeInvite(one));
    let peer = s.at(cora).say("cora closes the other", Op::RevokeInvite(other));
    s.refused(peer, "F25 NotSenior").closed(one);
    s.misread("only-who-made-it", json!({"invites": {"ada invites members": {"open": true}}}));
    s.misread("anybody", json!({"invites": {"ada invites more members": {"open": false}}}));
    s
}

fn invite_above_ones_own_rank() -> Stage {
    let comment = "R2: nobody invites to a role above their own, whatever a line says.";
    let rules = usual_and(&[alone(MEMBER, Verb::Invite, over(STEWARD))]);
    let mut s = Stage::found("invite-above-ones-own-rank", comment, rules);
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let invite = s.at(cora).invite("cora invites stewards", STEWARD, 1);
    s.refused(invite.entry, "F14 RankAboveOwn");
    s.misread("by-the-line", json!({"verdicts": {"cora invites stewards": "counts"}}));
    s
}

fn invite_used_up() -> Stage {
    let mut s = Stage::found("invite-used-up", "The limit is hard for who comes after and knows it.", usual());
    let invite = s.at(ADA).invite("ada invites one", MEMBER, 1);
    s.join("Yan", invite);
    let zoe = s.stranger();
    let second = s.at(zoe).in_vain().join("Zoe", invite);
    s.refused(second, "F13 InviteUsedUp");
    s.misread("counts", json!({"verdicts": {"zoe joins": "counts"}}));
    s
}

fn leaked_link_used_twice() -> Stage {
    let comment = "A link for one, used twice by who do not know of each other, lets in both, however many years lie \
        between: they are shown, and one signature removes the surplus.";
    let mut s = Stage::found("one-leaked-link-used-twice-years-apart", comment, usual());
    let invite = s.at(ADA).invite("ada invites one", MEMBER, 1);
    s.join("Yan", invite);
    let zoe = s.stranger();
    s.at(zoe).knowing(&[invite.entry]).years_later(3).join("Zoe", invite);
    s.misread("the-later-falls", json!({"members": {"zoe joins": {"presence": "gone"}}}));
    s.misread("the-later-is-kept-out", json!({"verdicts": {"zoe joins": {"refused": "F13 InviteUsedUp"}}}));
    s.misread("the-earlier-falls", json!({"members": {"yan joins": {"presence": "gone"}}}));
    s
}

fn leaked_link_years_later() -> Stage {
    let comment = "A link that was closed lets nobody in who cannot have come before, though they name nothing newer \
        than the invite.";
    let mut s = Stage::found("one-leaked-link-used-after-it-was-closed", comment, usual());
    let invite = s.at(ADA).invite("ada invites one", MEMBER, 1);
    s.join("Yan", invite);
    s.at(ADA).say("ada closes it", Op::RevokeInvite(invite));
    let zoe = s.stranger();
    let late = s.at(zoe).knowing(&[invite.entry]).join("Zoe", invite);
    let wrote = s.at(zoe).unaware().harmless("zoe writes");
    s.held(late, "F38 InviteClosed").held(wrote, "F39 LeansOnHeld").closed(invite);
    s.misread("the-clock-says-before", json!({"verdicts": {"zoe joins": "counts"}}));
    s.misread("what-leans-on-it-counts", json!({"verdicts": {"zoe writes": "counts"}}));
    s
}

fn open_invites_of_an_ex_member() -> Stage {
    let comment = "R3: a removal closes the invites of the removed; who came before stays.";
    let mut s = Stage::found("open-invites-of-an-ex-member", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let invite = s.at(ben).invite("ben invites members", MEMBER, 9);
    s.join("Yan", invite);
    s.at(ADA).removes("ada removes ben", ben, &[]);
    let zoe = s.stranger();
    let unaware = s.at(zoe).knowing(&[invite.entry]).join("Zoe", invite);
    let xan = s.stranger();
    let aware = s.at(xan).in_vain().join("Xan", invite);
    let again = s.at(ben).unaware().invite("ben invites from the past", MEMBER, 9);
    let wim = s.stranger();
    let by_that = s.at(wim).knowing(&[]).join("Wim", again);
    s.held(unaware, "F38 InviteClosed").refused(aware, "F38 InviteClosed").held(again.entry, "F33 Removed");
    s.held(by_that, "F38 InviteClosed").gone(ben);
    s.misread("unaware-counts", json!({"verdicts": {"zoe joins": "counts"}}));
    s.misread("still-open", json!({"invites": {"ben invites members": {"open": true}}}));
    s.misread("who-came-before-falls", json!({"members": {"yan joins": {"presence": "gone"}}}));
    s.misread("by-a-new-invite", json!({"members": {"wim joins": {"presence": "here"}}}));
    s
}

fn a_new_device_by_an_open_invite() -> Stage {
    let comment = "Who was removed and comes again by an invite that stands open is somebody new: nobody can tell; \
        invites are closed with a removal.";
    let mut s = Stage::found("return-by-an-open-invite", comment, usual());
    let invite = s.at(ADA).invite("ada invites members", MEMBER, 9);
    let cora = s.join("Cora", invite);
    s.at(ADA).removes("ada removes cora", cora, &[]);
    s.join("Cara", invite);
    let old = s.at(cora).harmless("cora writes as before");
    s.refused(old, "F16 GrantNotHeld").gone(cora);
    s.misread("removed-with-her", json!({"members": {"cara joins": {"presence": "gone"}}}));
    s.misread("she-is-back", json!({"members": {"cora joins": {"presence": "here"}}}));
    s
}

fn devices_in_their_order() -> Stage {
    let comment = "A device stops those that came after it, and itself; what it stops unaware is held. Devices added \
        before stay.";
    let mut s = Stage::found("devices-in-their-order", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let second = s.second_device(ben);
    let third = s.stranger();
    s.at(second).add_device("ben's second device adds a third", third);
    s.at(third).harmless("ben's third device writes");
    let up = s.at(third).removes_device("the third stops the second", second);
    s.at(ben).removes_device("the first stops the second", second);
    let unaware = s.at(second).unaware().harmless("the second writes unaware");
    s.at(third).harmless("the third writes on");
    s.refused(up, "F25 NotSenior").held(unaware, "F34 DeviceRemoved").taken(second);
    s.misread("the-added-falls-too", json!({"verdicts": {"the third writes on": {"refused": "F16 GrantNotHeld"}}}));
    s.misread("any-device", json!({"verdicts": {"the third stops the second": "counts"}}));
    s.misread("unaware-counts", json!({"verdicts": {"the second writes unaware": "counts"}}));
    s
}

fn thiefs_device_against_its_owner() -> Stage {
    let comment = "A thief with a later device and its owner stop each other: the earlier device stands, and what the \
        thief added falls.";
    let mut s = Stage::found("thiefs-device-against-its-owner", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let stolen = s.second_device(ben);
    let owner = ben;
    s.at(stolen).harmless("ben writes with his second device");
    s.at(owner).removes_device("the owner stops the stolen device", stolen);
    let against = s.at(stolen).unaware().removes_device("the thief stops the owner", owner);
    let third = s.stranger();
    let more = s.at(stolen).unaware().add_device("the thief adds a device", third);
    let wrote = s.at(third).knowing(&[more]).harmless("the thief's new device writes");
    s.at(owner).harmless("the owner writes on");
    s.refused(against, "F25 NotSenior").held(more, "F34 DeviceRemoved").held(wrote, "F39 LeansOnHeld").taken(stolen);
    s.misread("the-thief-wins", json!({"verdicts": {"the owner writes on": {"refused": "F16 GrantNotHeld"}}}));
    s.misread("both-fall", json!({"verdicts": {"the thief stops the owner": "counts"}}));
    s.misread("what-they-added-stays", json!({"verdicts": {"the thief's new device writes": "counts"}}));
    s.misread("the-member-falls", json!({"members": {"ben joins": {"presence": "gone"}}}));
    s
}

fn device_of_somebody_else() -> Stage {
    let mut s = Stage::found("device-of-somebody-else", "RemoveDevice is about one's own devices.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let stopped = s.at(ben).removes_device("ben stops cora's device", cora);
    s.refused(stopped, "F29 NoSuchDevice");
    s.misread("counts", json!({"verdicts": {"ben stops cora's device": "counts"}}));
    s
}

fn recovery() -> Stage {
    let comment = "A recovery key brings a new device in and puts all others out, the first one too; the member and \
        their roles stay.";
    let mut s = Stage::found("recovery-key", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    s.at(ben).recovery_key("ben declares a recovery key", 1);
    let declared = s.newest(ben);
    let new = s.stranger();
    s.at(new).knowing(&[declared]).recovers("ben comes back", ben, 1);
    let invite = s.at(ben).unaware().invite("the thief invites unaware", MEMBER, 9);
    let third = s.stranger();
    let more = s.at(ben).unaware().add_device("the thief adds a device", third);
    let aware = s.at(ben).harmless("the thief writes all the same");
    s.at(new).invite("ben invites again", MEMBER, 1);
    s.held(invite.entry, "F34 DeviceRemoved").held(more, "F34 DeviceRemoved").refused(aware, "F16 GrantNotHeld");
    s.taken(ben);
    s.misread("the-first-device-stands", json!({"verdicts": {"the thief invites unaware": "counts"}}));
    s.misread("somebody-new", json!({"members": {"ben comes back": {"presence": "here"}}}));
    s.misread("the-member-falls", json!({"members": {"ben joins": {"presence": "gone"}}}));
    s
}

fn recovery_with_another_key() -> Stage {
    let mut s = Stage::found("recovery-with-another-key", "Only the key that was declared brings back.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    s.at(ben).recovery_key("ben declares a recovery key", 1);
    let new = s.stranger();
    let back = s.at(new).in_vain().recovers("somebody comes back as ben", ben, 2);
    s.refused(back, "F20 BadKeys");
    s.misread("counts", json!({"verdicts": {"somebody comes back as ben": "counts"}}));
    s
}

fn recovery_without_a_key() -> Stage {
    let mut s = Stage::found("recovery-without-a-key", "Without a declared key nobody comes back.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let new = s.stranger();
    let back = s.at(new).in_vain().recovers("somebody comes back as ben", ben, 1);
    s.refused(back, "F29 NoSuchDevice");
    s.misread("counts", json!({"verdicts": {"somebody comes back as ben": "counts"}}));
    s
}

fn second_recovery_key() -> Stage {
    let comment = "A member has one recovery key: the one declared first; a thief does not replace it.";
    let mut s = Stage::found("second-recovery-key", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    s.at(ben).recovery_key("ben declares a recovery key", 1);
    let second = s.at(ben).recovery_key("the thief declares another", 2);
    let new = s.stranger();
    s.at(new).recovers("ben comes back", ben, 1);
    s.refused(second, "F18 NothingToChange").taken(ben);
    s.misread("the-newer-key", json!({"verdicts": {"ben comes back": {"refused": "F20 BadKeys"}}}));
    s
}

fn two_histories() -> Stage {
    let comment = "R10: two histories of one device are acts at the same time: both count.";
    let mut s = Stage::found("two-histories", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let before = s.newest(ben);
    let one = s.at(ben).invite("ben invites in one history", MEMBER, 1);
    s.join("Yan", one);
    let other = s.at(ben).after(before).unaware().invite("ben invites in another", MEMBER, 1);
    s.join("Zoe", other);
    s.misread("the-second-falls", json!({"verdicts": {"ben invites in another": {"refused": "F16 GrantNotHeld"}}}));
    s.misread(
        "both-fall",
        json!({"members": {
        "yan joins": {"presence": "gone"}, "zoe joins": {"presence": "gone"}}}),
    );
    s
}

fn suspended() -> Stage {
    let comment = "R10: whoever knows of two histories stops that device; what was known of both stays, and so do the \
        member and other devices.";
    let mut s = Stage::found("suspended", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let other = s.second_device(cora);
    let before = s.newest(cora);
    s.at(cora).unaware().harmless("cora in one history");
    s.at(cora).after(before).unaware().harmless("cora in another history");
    s.at(ben).suspends("ben stops the device", cora);
    let unaware = s.at(cora).unaware().harmless("cora writes on unaware");
    s.at(other).harmless("cora writes with her other device");
    s.held(unaware, "F34 DeviceRemoved").taken(cora);
    s.misread("the-member-falls", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s.misread("one-history-falls", json!({"verdicts": {"cora in another history": {"held": "F34 DeviceRemoved"}}}));
    s.misread("unaware-counts", json!({"verdicts": {"cora writes on unaware": "counts"}}));
    s
}

fn suspended_without_proof() -> Stage {
    let mut s = Stage::found("suspended-without-proof", "R10: no device is stopped by others without proof.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let stopped = s.at(ben).suspends("ben stops cora's device", cora);
    s.refused(stopped, "F30 NotTwoHistories");
    s.misread("counts", json!({"verdicts": {"ben stops cora's device": "counts"}}));
    s
}

fn suspended_by_a_junior() -> Stage {
    let comment = "R10: it takes a holder of equal or higher rank, or a majority of the next.";
    let mut s = Stage::found("suspended-by-a-junior", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let dora = s.newcomer(ADA, STEWARD, "Dora");
    let before = s.newest(ben);
    s.at(ben).harmless("ben in one history");
    s.at(ben).after(before).harmless("ben in another history");
    let junior = s.at(cora).suspends("cora stops ben's device", ben);
    s.at(dora).suspends("dora stops ben's device", ben);
    s.refused(junior, "F25 NotSenior").taken(ben);
    s.misread("counts", json!({"verdicts": {"cora stops ben's device": "counts"}}));
    s.misread("not-by-a-peer", json!({"verdicts": {"dora stops ben's device": {"refused": "F25 NotSenior"}}}));
    s
}

fn vouch_for_oneself() -> Stage {
    let mut s = Stage::found("vouch-for-oneself", "Nobody vouches for themselves.", usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let vouched = s.at(ben).vouches("ben vouches for ben", ben);
    s.refused(vouched, "F18 NothingToChange");
    s.misread("counts", json!({"verdicts": {"ben vouches for ben": "counts"}}));
    s
}

fn ratified_join() -> Stage {
    let comment = "R12: whoever came by the invite of somebody removed can be taken on by somebody senior, with all \
        that leans on it.";
    let mut s = Stage::found("ratified-join", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let invite = s.at(ben).invite("ben invites members", MEMBER, 9);
    s.at(ADA).removes("ada removes ben", ben, &[]);
    let zoe = s.stranger();
    let joined = s.at(zoe).knowing(&[invite.entry]).join("Zoe", invite);
    s.at(zoe).unaware().harmless("zoe writes");
    let wim = s.stranger();
    let other = s.at(wim).knowing(&[invite.entry]).join("Wim", invite);
    s.at(ADA).ratifies("ada takes zoe on", &[joined]);
    s.held(other, "F38 InviteClosed").gone(ben);
    s.misread("still-held", json!({"verdicts": {"zoe joins": {"held": "F38 InviteClosed"}}}));
    s.misread("only-the-join", json!({"verdicts": {"zoe writes": {"held": "F39 LeansOnHeld"}}}));
    s.misread("the-others-too", json!({"members": {"wim joins": {"presence": "here"}}}));
    s.misread("the-inviter-too", json!({"members": {"ben joins": {"presence": "here"}}}));
    s
}

fn ratified_twice() -> Stage {
    let comment = "R12: what somebody ratifies brings back what leans on it only below their own place; a senior who \
        ratifies it too brings back the rest.";
    let mut s = Stage::found("ratified-twice", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cy = s.newcomer(ADA, STEWARD, "Cy");
    let invite = s.at(ADA).invite("ada invites a member", MEMBER, 2);
    let zoe = s.join("Zoe", invite);
    let wim = s.join("Wim", invite);
    let [zoes, wims] = [zoe, wim].map(|who| s.newest(who));
    s.at(ben).knowing(&[zoes]).grants("ben makes zoe a guest too", zoe, GUEST);
    let only = s.at(cy).knowing(&[wims]).grants("cy makes wim a guest too", wim, GUEST);
    let closed = s.at(ADA).unaware().say("ada closes it", Op::RevokeInvite(invite));
    s.at(ben).knowing(&[closed]).ratifies("ben takes zoe on", &[zoes]);
    s.at(cy).knowing(&[closed]).ratifies("cy takes wim on", &[wims]);
    s.at(ADA).knowing(&[zoes]).ratifies("ada takes zoe on", &[zoes]);
    s.held(only.entry, "F39 LeansOnHeld").loses(only).closed(invite);
    s.misread("one-is-enough", json!({"verdicts": {"cy makes wim a guest too": "counts"}}));
    s.misread("the-first-decides", json!({"verdicts": {"ben makes zoe a guest too": {"held": "F39 LeansOnHeld"}}}));
    s.misread("wim-is-gone", json!({"members": {"wim joins": {"presence": "gone"}}}));
    s
}

fn ratified_signer() -> Stage {
    let comment = "R12: whoever is taken on has signed again what they signed, and what was decided so stands again.";
    let mut s = Stage::found("ratified-signer", comment, usual_and(&[together(Verb::Remove, over(MEMBER), 2, MEMBER)]));
    let eve = s.newcomer(ADA, STEWARD, "Eve");
    let [ben, dee] = known(&mut s, MEMBER, ["Ben", "Dee"]);
    let invite = s.at(ADA).invite("ada invites a member", MEMBER, 1);
    let zed = s.join("Zed", invite);
    let joined = s.newest(zed);
    let vouched = s.at(eve).knowing(&[joined]).vouches("eve vouches for zed", zed);
    let remove = removal_of(&s, dee);
    let proposal = s.at(ben).knowing(&[vouched]).proposes("ben proposes to remove dee", MEMBER, remove);
    s.at(zed).approves("zed approves", proposal);
    let late = s.at(dee).unaware().harmless("dee writes unaware");
    s.at(ADA).unaware().say("ada closes it", Op::RevokeInvite(invite));
    s.at(ADA).knowing(&[joined]).ratifies("ada takes zed on", &[joined]);
    s.held(late, "F33 Removed").gone(dee).closed(invite);
    s.misread("dee-stays", json!({"members": {"dee joins": {"presence": "here"}}}));
    s.misread("what-dee-did-counts", json!({"verdicts": {"dee writes unaware": "counts"}}));
    s.misread("one-signature", json!({"verdicts": {"zed approves": {"held": "F39 LeansOnHeld"}}}));
    s
}

fn ratified_by_a_junior() -> Stage {
    let mut s = Stage::found("ratified-by-a-junior", "R12: only a senior takes on what fell.", usual());
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let invite = s.at(ADA).invite("ada invites a steward", STEWARD, 1);
    s.at(ADA).say("ada closes it", Op::RevokeInvite(invite));
    let zed = s.stranger();
    let joined = s.at(zed).knowing(&[invite.entry]).join("Zed", invite);
    let ratified = s.at(cora).ratifies("cora takes zed on", &[joined]);
    s.held(joined, "F38 InviteClosed").refused(ratified, "F25 NotSenior").closed(invite);
    s.misread("counts", json!({"verdicts": {"cora takes zed on": "counts"}}));
    s.misread("back", json!({"members": {"zed joins": {"presence": "here"}}}));
    s
}

fn ratified_act() -> Stage {
    let comment = "What governs is not ratified: whoever may, does it again.";
    let mut s = Stage::found("ratified-act", comment, usual());
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    let joined = s.newest(cora);
    s.at(ADA).removes("ada removes ben", ben, &[]);
    let removal = s.at(ben).knowing(&[joined]).removes("ben removes cora unaware", cora, &[]);
    let ratified = s.at(ADA).ratifies("ada takes that on", &[removal]);
    s.held(removal, "F33 Removed").refused(ratified, "F32 NotProposable").gone(ben);
    s.misread("counts", json!({"verdicts": {"ben removes cora unaware": "counts"}}));
    s.misread("cora-goes", json!({"members": {"cora joins": {"presence": "gone"}}}));
    s
}

fn ratified_though_it_counts() -> Stage {
    let mut s = Stage::found("ratified-though-it-counts", "What counts is not ratified.", usual());
    let cora = s.newcomer(ADA, MEMBER, "Cora");
    let joined = s.newest(cora);
    let ratified = s.at(ADA).ratifies("ada takes cora on", &[joined]);
    s.refused(ratified, "F18 NothingToChange");
    s.misread("counts", json!({"verdicts": {"ada takes cora on": "counts"}}));
    s
}

fn ratified_role_entry() -> Stage {
    let comment = "R12: whoever may remove somebody decides what of their work stays after all.";
    let mut s = Stage::found("ratified-role-entry", comment, usual());
    s.first_epoch();
    let ben = s.newcomer(ADA, STEWARD, "Ben");
    let cora = s.newcomer(ben, MEMBER, "Cora");
    s.at(cora).writes("cora writes before");
    s.at(ben).removes("ben removes cora", cora, &[]);
    let kept = s.at(cora).unaware().writes("cora writes unaware");
    let other = s.at(cora).unaware().writes("cora writes more");
    s.at(ben).ratifies("ben takes one on", &[kept]);
    s.held(other, "F33 Removed").gone(cora);
    s.misread("still-held", json!({"verdicts": {"cora writes unaware": {"held": "F33 Removed"}}}));
    s.misread("the-others-too", json!({"verdicts": {"cora writes more": "counts"}}));
    s.misread("cora-too", json!({"members": {"cora joins": {"presence": "here"}}}));
    s
}
