//! What waits for a person: signatures, newcomers, what somebody wrote before they were removed.

use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::could::Could;
use pursuance_core::effects::EffectsView;
use pursuance_core::founding::{MEMBER, ORGANISER};
use pursuance_core::id::{MemberId, PursuanceId};
use pursuance_core::inbox::{HeldWhat, InboxView};
use pursuance_core::refusal::Refusal;
use pursuance_node::api::{Query, Reply, Request, StatusLine, View};

use crate::harbour::{Berth, Sailor, row, with_ben};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_before_a_removal_waits_and_is_kept_or_refused() {
    let (_berth, maya, harbour, ben) = with_ben().await;
    let task = ben.task(harbour, "Photograph the permits", None).await;
    ben.act(harbour, Command::Claim { task }).await;
    maya.until_async("it came", async || maya.tree(harbour).await.rows.iter().any(|row| row.claim.is_some())).await;
    let him = member(&maya, harbour, "Ben").await;

    // While Maya is away, he writes; she removes him and knows nothing of it.
    maya.ask(Request::SetOffline { offline: true }).await.unwrap();
    ben.act(harbour, Command::Comment { task, text: "The east gate is open".into() }).await;
    let late = ben.task(harbour, "Ask at the gate", None).await;
    let handed = |app: &_| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. });
    ben.until("handed over", handed).await;
    let effects = effects(&maya, harbour, him).await;
    assert_eq!((effects.lost.len(), effects.kept.len(), effects.readable_tasks), (1, 0, 1));
    assert_eq!((effects.tasks.len(), effects.tasks[0].taken, effects.invites.len()), (1, true, 0));
    let remove = Command::RemoveMember { member: him, roles: vec![] };
    let could = could(&maya, harbour, remove.clone()).await;
    assert_eq!((could.refusal, could.rules, could.needed), (None, vec![20], None));
    maya.act(harbour, remove).await;
    assert_eq!(inbox(&maya, harbour).await, InboxView::default());
    maya.ask(Request::SetOffline { offline: false }).await.unwrap();
    maya.until_async("it waits", async || inbox(&maya, harbour).await.held.iter().any(|held| held.entries.len() == 2))
        .await;
    let held = inbox(&maya, harbour).await.held.remove(0);
    assert_eq!((held.by.name.as_str(), held.joined, &held.refusal), ("Ben", false, &Refusal::Removed));
    assert_eq!(held.words[0].task, "Photograph the permits");
    assert_eq!((held.words[0].what, held.words[0].text.as_str()), (HeldWhat::Commented, "The east gate is open"));
    assert_eq!((held.words[1].what, held.words[1].text.as_str()), (HeldWhat::Created, "Ask at the gate"));
    assert!(maya.task_view(harbour, task).await.unwrap().thread.is_empty());

    // She refuses the second, and that is remembered; the first she keeps, and takes the refusal back.
    let (first, second) = (held.entries[0], held.entries[1]);
    let refuse = |refused| Request::SetRefused { pursuance: harbour, entries: vec![second], refused };
    maya.ask(refuse(true)).await.unwrap();
    let maya = maya.restart().await;
    let waits = inbox(&maya, harbour).await;
    assert_eq!((waits.held[0].entries.as_slice(), waits.refused[0].entries.as_slice()), (&[first][..], &[second][..]));
    maya.act(harbour, Command::Ratify { entries: vec![first] }).await;
    assert_eq!(maya.task_view(harbour, task).await.unwrap().thread[0].text, "The east gate is open");
    assert!(maya.task_view(harbour, late).await.is_none());
    maya.ask(refuse(false)).await.unwrap();
    assert_eq!(inbox(&maya, harbour).await.held[0].entries, [second]);
    maya.act(harbour, Command::Ratify { entries: vec![second] }).await;
    assert!(maya.task_view(harbour, late).await.is_some());
    assert_eq!(inbox(&maya, harbour).await, InboxView::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_waits_for_whoever_may_sign_and_a_newcomer_for_whoever_may_admit() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let (ben, kim) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    ben.come_in(&maya.invite(harbour, 1).await, "Ben").await;
    let to = member(&maya, harbour, "Ben").await;
    maya.act(harbour, Command::Grant { member: to, role: ORGANISER }).await;
    let reviewed = Command::Invite { role: MEMBER, uses: 1, reviewed: true };
    let Reply::Invite { link } = maya.act(harbour, reviewed).await else { panic!("an invite") };
    kim.accept(&link, "Kim").await;
    ben.until_async("Kim waits for him too", async || inbox(&ben, harbour).await.waiting.len() == 1).await;
    let her = inbox(&ben, harbour).await.waiting.remove(0).person.member;
    ben.act(harbour, Command::Admit { member: her }).await;
    assert!(inbox(&ben, harbour).await.waiting.is_empty());
    let given = ben.people(harbour).await.members.into_iter().find(|one| one.person.me).unwrap().given_by;
    assert!(given.iter().flatten().all(|by| by.name == "Maya"), "{given:?}");

    let me = member(&maya, harbour, "Maya").await;
    let change = Change::Remove { member: me, roles: vec![], pins: vec![] };
    let could = could(&ben, harbour, Command::Propose { of: ORGANISER, change: change.clone() }).await;
    assert_eq!((could.refusal, could.rules, could.needed, could.holders), (None, vec![21], Some(2), Some(2)));
    ben.act(harbour, Command::Propose { of: ORGANISER, change: Change::Rename { name: "Quay".into() } }).await;
    assert!(inbox(&ben, harbour).await.decisions.is_empty(), "he has signed it");
    maya.until_async("Maya is asked", async || inbox(&maya, harbour).await.decisions.len() == 1).await;
    let asked = inbox(&maya, harbour).await.decisions.remove(0);
    assert_eq!((asked.rules, asked.decided_seconds), (vec![15], None));
    maya.act(harbour, Command::Approve { proposal: asked.proposal }).await;
    assert!(maya.people(harbour).await.decisions[0].decided_seconds.is_some());
    assert!(inbox(&maya, harbour).await.decisions.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_are_let_in_one_after_the_other_both_read() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let task = maya.task(harbour, "Photograph the permits", None).await;
    let reviewed = Command::Invite { role: MEMBER, uses: 2, reviewed: true };
    let Reply::Invite { link } = maya.act(harbour, reviewed).await else { panic!("an invite") };
    let (ben, kim) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    ben.accept(&link, "Ben").await;
    kim.accept(&link, "Kim").await;
    maya.until_async("both wait", async || inbox(&maya, harbour).await.waiting.len() == 2).await;
    for waits in inbox(&maya, harbour).await.waiting {
        maya.act(harbour, Command::Admit { member: waits.person.member }).await;
    }
    for sailor in [&ben, &kim] {
        sailor.until_async("it reads", async || sailor.task_view(harbour, task).await.is_some()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_too_many_is_let_in_by_hand() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let link = maya.invite(harbour, 1).await;
    let (ben, kim) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    // Both look before either joined.
    for (sailor, name) in [(&ben, "Ben"), (&kim, "Kim")] {
        let Ok(Reply::Pursuance { .. }) = sailor.ask(Request::OpenInvite { link: link.clone() }).await else {
            panic!()
        };
        sailor
            .until_async(name, async || {
                !matches!(sailor.preview(harbour).await, pursuance_node::api::PreviewState::Looking)
            })
            .await;
    }
    for (sailor, name) in [(&ben, "Ben"), (&kim, "Kim")] {
        sailor.ask(Request::SetOffline { offline: true }).await.unwrap();
        sailor.ask(Request::Join { pursuance: harbour, my_name: name.into() }).await.unwrap();
    }
    for sailor in [&ben, &kim] {
        sailor.ask(Request::SetOffline { offline: false }).await.unwrap();
    }
    maya.until_async("one too many", async || inbox(&maya, harbour).await.surplus.len() == 1).await;
    let surplus = inbox(&maya, harbour).await.surplus.remove(0).person;
    let late = if surplus.name == "Ben" { &ben } else { &kim };
    maya.ask(Request::LetIn { pursuance: harbour, member: surplus.member }).await.unwrap();
    let is_in = |app: &_| row(app, harbour).unwrap().standing == pursuance_node::api::Standing::Member;
    late.until("let in", is_in).await;
    assert!(inbox(&maya, harbour).await.surplus.is_empty());
}

async fn inbox(sailor: &Sailor, pursuance: PursuanceId) -> InboxView {
    match sailor.node.view(Query::Inbox { pursuance }).await {
        Ok(View::Inbox(inbox)) => inbox,
        other => panic!("{other:?}"),
    }
}

async fn could(sailor: &Sailor, pursuance: PursuanceId, command: Command) -> Could {
    match sailor.node.view(Query::Could { pursuance, commands: vec![command] }).await {
        Ok(View::Could(mut answers)) => answers.remove(0),
        other => panic!("{other:?}"),
    }
}

async fn effects(sailor: &Sailor, pursuance: PursuanceId, member: MemberId) -> EffectsView {
    match sailor.node.view(Query::Effects { pursuance, member, roles: vec![] }).await {
        Ok(View::Effects(effects)) => effects,
        other => panic!("{other:?}"),
    }
}

async fn member(sailor: &Sailor, pursuance: PursuanceId, name: &str) -> MemberId {
    let find = async || sailor.people(pursuance).await.members.into_iter().find(|one| one.person.name == name);
    sailor.until_async(name, async || find().await.is_some()).await;
    find().await.expect("just seen").person.member
}
