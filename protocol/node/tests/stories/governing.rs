//! Who is in, who may what: changed by people, seen by all.

use pursuance_core::authority::Presence;
use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::entry::GrantRef;
use pursuance_core::founding::{MEMBER, ORGANISER};
use pursuance_core::id::{MemberId, PursuanceId, RoleId};
use pursuance_core::refusal::Refusal;
use pursuance_core::rule::{Conditions, Object, Quorum, Rule, Verb};
use pursuance_core::view::MemberView;
use pursuance_node::api::{Reply, Request, Standing, StatusLine, Trouble};

use crate::harbour::{Berth, Sailor, row, with_ben_and_kim};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_role_is_given_and_used_and_taken_back() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&maya.invite(harbour, 1).await, "Ben").await;
    maya.act(harbour, Command::DefineRole { name: "greeter".into(), rank: 1, since_joining: false }).await;
    let roles = maya.people(harbour).await.roles;
    let greeter = roles.iter().find(|role| role.name == "greeter").expect("just defined").id;
    let rule = line(greeter, Verb::Invite, Object::Role(MEMBER));
    maya.act(harbour, Command::SetRule { rule, present: true }).await;
    // What organisers may do themselves, more than half of them decide; she is the only one.
    for verb in [Verb::Grant, Verb::Revoke] {
        let rule = line(ORGANISER, verb, Object::Role(greeter));
        let alone = maya.ask(act(harbour, Command::SetRule { rule, present: true })).await;
        assert_eq!(alone, refused(Refusal::NotSenior));
        maya.act(harbour, Command::Propose { of: ORGANISER, change: Change::SetRule { rule, present: true } }).await;
        let decision = maya.people(harbour).await.decisions.pop().expect("just proposed");
        assert_eq!((decision.decided, decision.mine, decision.signed.len(), decision.needed), (true, true, 1, 1));
    }
    let to = member(&maya, harbour, "Ben").await;
    maya.act(harbour, Command::Grant { member: to, role: greeter }).await;
    ben.until_async("he greets", async || roles_of(&ben, harbour, "Ben").await.len() == 2).await;

    // Whoever is invited by a role given later sees where it comes from.
    let link = ben.invite(harbour, 1).await;
    let kim = Sailor::aboard(&doors).await;
    kim.come_in(&link, "Kim").await;
    maya.until_async("Kim is in", async || maya.people(harbour).await.members.len() == 3).await;

    maya.ask(Request::Undo { pursuance: harbour }).await.unwrap();
    ben.until_async("he greets no more", async || roles_of(&ben, harbour, "Ben").await == ["member"]).await;
    let again = ben.ask(act(harbour, Command::Invite { role: MEMBER, uses: 1, reviewed: false })).await;
    assert!(matches!(again, Err(Trouble::Refused { refusal: Refusal::NotAllowed { verb: Verb::Invite, .. } })));
    let invites = ben.invites(harbour).await;
    assert!(invites.iter().any(|row| row.invite.inviter.me && !row.invite.open), "what he offered is closed with it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_removed_keeps_what_is_there_and_adds_nothing() {
    let (_berth, maya, harbour, ben, kim) = with_ben_and_kim().await;
    let task = ben.task(harbour, "Photograph the permits", None).await;
    ben.act(harbour, Command::Comment { task, text: "On my way".into() }).await;
    maya.until_async("it came", async || thread(&maya, harbour, task).await == 1).await;

    let him = member(&maya, harbour, "Ben").await;
    maya.act(harbour, Command::RemoveMember { member: him, roles: vec![] }).await;
    ben.until("he is told", |app| row(app, harbour).unwrap().status == StatusLine::Removed { kept: 0 }).await;
    let comment = Command::Comment { task, text: "Still here".into() };
    assert_eq!(ben.ask(act(harbour, comment.clone())).await, refused(Refusal::Removed));
    assert_eq!(ben.task_view(harbour, task).await.unwrap().cannot[0].refusal, Refusal::Removed);
    let ben = ben.restart().await;
    assert_eq!(row(&ben.app().await, harbour).unwrap().status, StatusLine::Removed { kept: 0 });
    assert_eq!(thread(&ben, harbour, task).await, 1, "what is there stays readable");
    assert_eq!(ben.ask(act(harbour, comment)).await, refused(Refusal::Removed));

    kim.until_async("Kim knows", async || kim.people(harbour).await.members.len() == 2).await;
    let later = kim.task(harbour, "Without him", None).await;
    maya.until_async("they go on", async || maya.task_view(harbour, later).await.is_some()).await;
    let view = maya.task_view(harbour, task).await.unwrap();
    assert_eq!((view.thread[0].by.name.as_str(), view.readers[0].members), ("Ben", 2), "his name stays");
    let gone = maya.people(harbour).await.others;
    assert_eq!((gone.len(), gone[0].presence), (1, Presence::Gone));
    let assign = Command::Assign { task, member: him };
    assert_eq!(maya.ask(act(harbour, assign)).await, refused(Refusal::NoSuchMember));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_a_role_decide() {
    let (_berth, maya, harbour, ben, kim) = with_ben_and_kim().await;
    let quorum = Some(Quorum { count: 2, of: MEMBER });
    let over = Object::Role(MEMBER);
    let rule = Rule { conditions: Conditions::NOT_SELF, quorum, ..line(MEMBER, Verb::Remove, over) };
    maya.act(harbour, Command::SetRule { rule, present: true }).await;
    let (me, him) = (member(&maya, harbour, "Maya").await, member(&maya, harbour, "Ben").await);
    maya.act(harbour, Command::Grant { member: me, role: MEMBER }).await;
    maya.act(harbour, Command::Vouch { member: him, note: "We met at the gate".into() }).await;
    ben.until_async("Ben knows", async || roles_of(&ben, harbour, "Maya").await.len() == 2).await;

    let her = member(&ben, harbour, "Kim").await;
    let remove = Change::Remove { member: her, roles: vec![], pins: vec![] };
    let alone = ben.ask(act(harbour, Command::RemoveMember { member: her, roles: vec![] })).await;
    assert_eq!(alone, refused(Refusal::NotSenior));
    ben.act(harbour, Command::Propose { of: MEMBER, change: remove.clone() }).await;
    maya.until_async("Maya is asked", async || maya.people(harbour).await.decisions.len() == 1).await;
    let asked = maya.people(harbour).await.decisions.remove(0);
    assert_eq!((asked.change, asked.signed.len(), asked.needed, asked.decided), (remove.clone(), 1, 2, false));
    assert_eq!((asked.mine, asked.proposer.name.as_str()), (false, "Ben"));

    // He thinks again, and once more.
    ben.ask(Request::Undo { pursuance: harbour }).await.unwrap();
    maya.until_async("taken back", async || maya.people(harbour).await.decisions[0].signed.is_empty()).await;
    maya.act(harbour, Command::Approve { proposal: asked.proposal }).await;
    let twice = maya.ask(act(harbour, Command::Approve { proposal: asked.proposal })).await;
    assert_eq!(twice, refused(Refusal::NothingToChange));
    assert!(!maya.people(harbour).await.decisions[0].decided);
    ben.act(harbour, Command::Propose { of: MEMBER, change: remove }).await;
    maya.until_async("asked again", async || maya.people(harbour).await.decisions.len() == 2).await;
    let proposal = maya.people(harbour).await.decisions[1].proposal;
    maya.act(harbour, Command::Approve { proposal }).await;
    assert!(maya.people(harbour).await.decisions[1].decided);
    kim.until("she is told", |app| row(app, harbour).unwrap().status == StatusLine::Removed { kept: 0 }).await;
    ben.until_async("two are left", async || ben.people(harbour).await.members.len() == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_for_review_waits_and_whoever_leaves_is_gone() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let reviewed = Command::Invite { role: MEMBER, uses: 2, reviewed: true };
    let Reply::Invite { link } = maya.act(harbour, reviewed).await else { panic!("an invite") };
    let ben = Sailor::aboard(&doors).await;
    ben.accept(&link, "Ben").await;
    maya.until_async("somebody waits", async || maya.people(harbour).await.others.len() == 1).await;
    let people = maya.people(harbour).await;
    assert_eq!((people.members.len(), people.others[0].presence), (1, Presence::Waiting));
    assert_eq!(row(&ben.app().await, harbour).unwrap().standing, Standing::Waiting);
    maya.act(harbour, Command::Admit { member: people.others[0].person.member }).await;
    ben.until("let in", |app| row(app, harbour).unwrap().standing == Standing::Member).await;
    ben.until_like(&maya, harbour).await;

    let invite = maya.invites(harbour).await.remove(0).invite;
    assert!(invite.open && invite.reviewed);
    let invite = GrantRef { entry: invite.invite, op: invite.op };
    let his = ben.ask(act(harbour, Command::RevokeInvite { invite })).await;
    assert_eq!(his, refused(Refusal::NotSenior));
    maya.act(harbour, Command::RevokeInvite { invite }).await;
    assert!(!maya.invites(harbour).await[0].invite.open);
    assert_eq!(maya.ask(act(harbour, Command::Leave)).await, refused(Refusal::LastAmender));

    // That he goes is kept until a relay has it, also over a restart.
    ben.ask(Request::SetOffline { offline: true }).await.expect("offline");
    ben.act(harbour, Command::Leave).await;
    assert_eq!(row(&ben.app().await, harbour).unwrap().status, StatusLine::Removed { kept: 1 });
    let ben = ben.restart().await;
    assert_eq!(row(&ben.app().await, harbour).unwrap().status, StatusLine::Removed { kept: 1 });
    ben.ask(Request::SetOffline { offline: false }).await.expect("not offline any more");
    ben.until("handed over", |app| row(app, harbour).unwrap().status == StatusLine::Removed { kept: 0 }).await;
    maya.until_async("he went", async || maya.people(harbour).await.members.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_and_the_name_change_for_all() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let task = maya.task(harbour, "Photograph the permits", None).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&maya.invite(harbour, 1).await, "Ben").await;
    let rule = line(RoleId::EVERYONE, Verb::Comment, Object::Role(RoleId::EVERYONE));
    maya.act(harbour, Command::SetRule { rule, present: false }).await;
    ben.until_async("the line is gone", async || !ben.people(harbour).await.rules.contains(&rule)).await;
    let comment = Command::Comment { task, text: "On my way".into() };
    let refusal = Refusal::NotAllowed { verb: Verb::Comment, rule: None, allowed_role: None };
    assert_eq!(ben.ask(act(harbour, comment.clone())).await, refused(refusal));
    maya.ask(Request::Undo { pursuance: harbour }).await.unwrap();
    ben.until_async("it is back", async || ben.people(harbour).await.rules.contains(&rule)).await;
    ben.act(harbour, comment).await;

    maya.act(harbour, Command::Rename { name: "Quay watch".into() }).await;
    ben.until("the new name", |app| row(app, harbour).unwrap().name == "Quay watch").await;
    let his = ben.ask(act(harbour, Command::Rename { name: "Mine".into() })).await;
    assert!(matches!(his, Err(Trouble::Refused { refusal: Refusal::NotAllowed { verb: Verb::Amend, .. } })));
    maya.until_async("his line came", async || thread(&maya, harbour, task).await == 1).await;
    maya.act(harbour, Command::Propose { of: ORGANISER, change: Change::Checkpoint }).await;
    assert!(maya.people(harbour).await.decisions[0].decided);
    ben.until_async("settled", async || ben.people(harbour).await.decisions.len() == 1).await;
    ben.act(harbour, Command::Comment { task, text: "After it".into() }).await;
    maya.until_async("work goes on", async || thread(&maya, harbour, task).await == 2).await;
}

const fn line(role: RoleId, verb: Verb, object: Object) -> Rule {
    Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: None }
}

const fn act(pursuance: PursuanceId, command: Command) -> Request {
    Request::Act { pursuance, command }
}

const fn refused(refusal: Refusal) -> Result<Reply, Trouble> {
    Err(Trouble::Refused { refusal })
}

async fn view_of(sailor: &Sailor, pursuance: PursuanceId, name: &str) -> Option<MemberView> {
    sailor.people(pursuance).await.members.into_iter().find(|member| member.person.name == name)
}

pub async fn member(sailor: &Sailor, pursuance: PursuanceId, name: &str) -> MemberId {
    sailor.until_async(name, async || view_of(sailor, pursuance, name).await.is_some()).await;
    view_of(sailor, pursuance, name).await.expect("just seen").person.member
}

pub async fn roles_of(sailor: &Sailor, pursuance: PursuanceId, name: &str) -> Vec<String> {
    let view = view_of(sailor, pursuance, name).await;
    view.into_iter().flat_map(|view| view.roles).map(|role| role.name).collect()
}

pub async fn thread(sailor: &Sailor, pursuance: PursuanceId, task: pursuance_core::id::TaskId) -> usize {
    sailor.task_view(pursuance, task).await.map_or(0, |view| view.thread.len())
}
