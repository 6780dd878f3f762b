//! People who share nothing but a link and a relay work together.

use pursuance_core::command::Command;
use pursuance_core::task::Status;
use pursuance_core::view::Delivery;
use pursuance_node::api::{PreviewState, Request, Standing, StatusLine};

use crate::harbour::{Berth, Sailor, everyone_may_see, row};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_people_the_founder_gone_and_the_relay_killed() {
    let mut berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let permits = maya.task(harbour, "Photograph the permits", None).await;
    let csv = "id,title,status,owner,labels,parent\n1,Survey the east quay,open,w01,quay;survey,\n2,Bring a lens,doing,w02,,1\n";
    maya.ask(Request::Import { pursuance: harbour, file: String::new(), text: csv.into(), fields: None })
        .await
        .unwrap();
    assert_eq!(maya.tree(harbour).await.rows.len(), 3);
    let link = maya.invite(harbour, 5).await;
    maya.until_async("the preview is handed", async || maya.invites(harbour).await[0].handed).await;
    assert!(!maya.invites(harbour).await[0].qr.is_empty());

    let ben = Sailor::aboard(&doors).await;
    assert_eq!(ben.come_in(&link, "Ben").await, harbour);
    ben.until_like(&maya, harbour).await;
    assert!(everyone_may_see(&ben.people(harbour).await));

    // The founder's computer is off from here on.
    maya.node.clone().stop().await;
    let kim = Sailor::aboard(&doors).await;
    kim.accept(&link, "Kim").await;
    kim.until("welcomed by Ben", |app| row(app, harbour).is_some_and(|row| row.standing == Standing::Member)).await;
    kim.until_like(&ben, harbour).await;
    kim.act(harbour, Command::Claim { task: permits }).await;
    kim.act(harbour, Command::Comment { task: permits, text: "On my way".into() }).await;
    ben.until_like(&kim, harbour).await;

    berth.close().await;
    kim.act(harbour, Command::SetStatus { task: permits, status: Status::Done }).await;
    kim.until("cut off", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Unreachable { kept: 1.., .. }))
        .await;
    // Kim's computer goes off with something unposted.
    let kim = kim.restart().await;
    berth.reopen().await;
    ben.until_like(&kim, harbour).await;

    let maya = maya.restart().await;
    maya.until_like(&ben, harbour).await;
    kim.until_like(&maya, harbour).await;
    let view = maya.task_view(harbour, permits).await.unwrap();
    assert_eq!((view.row.status, view.thread.len()), (Status::Done, 1));
    assert_eq!(maya.people(harbour).await.members.len(), 3);
    let own = kim.task_view(harbour, permits).await.unwrap().thread[0].delivery;
    assert!(own >= Some(Delivery::Handed), "{own:?}");
    kim.until("all is handed", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. }))
        .await;
    let relays = kim.relays(harbour).await;
    assert_eq!((relays.len(), relays[0].waiting, relays[0].fault), (1, 0, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_without_any_relay_and_is_posted_later() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(None).await;
    let task = maya.task(harbour, "Written on the train", None).await;
    maya.until("kept", |app| matches!(row(app, harbour).unwrap().status, StatusLine::NoRelay { kept: 3 })).await;
    assert_eq!(maya.task_view(harbour, task).await.unwrap().row.delivery, Some(Delivery::Kept));
    let maya = maya.restart().await;
    assert_eq!(maya.tree(harbour).await.rows.len(), 1);

    maya.act(harbour, Command::SetRelays { relays: vec![berth.address.to_string()] }).await;
    maya.until("handed", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
    assert_eq!(maya.task_view(harbour, task).await.unwrap().row.delivery, Some(Delivery::Handed));
    let link = maya.invite(harbour, 1).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    ben.until_like(&maya, harbour).await;
    ben.act(harbour, Command::Comment { task, text: "Read it".into() }).await;
    maya.until_async("seen", async || {
        maya.task_view(harbour, task).await.unwrap().row.delivery == Some(Delivery::Seen)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_rest_is_kept_through_a_restart() {
    let berth = Berth::open().await;
    let maya = Sailor::aboard(&[(berth.address, berth.at)]).await;
    let harbour = maya.found(Some(&berth.address)).await;
    maya.until("fine", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
    maya.ask(Request::SetOffline { offline: true }).await.unwrap();
    maya.task(harbour, "Quietly", None).await;
    let maya = maya.restart().await;
    assert!(maya.app().await.offline);
    assert_eq!(row(&maya.app().await, harbour).unwrap().status, StatusLine::Offline { kept: 1 });
    maya.ask(Request::SetOffline { offline: false }).await.unwrap();
    maya.until("fine again", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pursuance_moves_to_another_relay() {
    let mut old = Berth::open().await;
    let new = Berth::open().await;
    let doors = [(old.address, old.at), (new.address, new.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&old.address)).await;
    let link = maya.invite(harbour, 2).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    maya.act(harbour, Command::SetRelays { relays: vec![new.address.to_string()] }).await;
    ben.until_async("Ben learned the new relay", async || {
        ben.relays(harbour).await.iter().any(|relay| relay.address == new.address.to_string())
    })
    .await;
    ben.until("posted there", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. }))
        .await;
    old.close().await;
    let task = ben.task(harbour, "Said on the new one", None).await;
    maya.until_async("read there", async || maya.task_view(harbour, task).await.is_some()).await;

    // A fresh invite names the new relay, which has everything.
    let link = maya.invite(harbour, 1).await;
    let kim = Sailor::aboard(&doors).await;
    kim.come_in(&link, "Kim").await;
    kim.until_like(&maya, harbour).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pursuances_share_a_relay_and_a_store() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let (maya, ben) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    let harbour = maya.found(Some(&berth.address)).await;
    let garden = ben.found(Some(&berth.address)).await;
    maya.task(harbour, "In the harbour", None).await;
    ben.task(garden, "In the garden", None).await;
    maya.until("fine", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
    // Each reads what the other's relay had before they came.
    ben.come_in(&maya.invite(harbour, 1).await, "Ben").await;
    maya.come_in(&ben.invite(garden, 1).await, "Maya").await;
    ben.until_like(&maya, harbour).await;
    maya.until_like(&ben, garden).await;
    let maya = maya.restart().await;
    assert_eq!(maya.app().await.pursuances.len(), 2);
    assert_eq!(maya.tree(harbour).await.rows[0].title, "In the harbour");
    assert_eq!(maya.tree(garden).await.rows[0].title, "In the garden");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_can_be_taken_back() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    let task = maya.task(harbour, "One", None).await;
    maya.act(harbour, Command::SetTitle { task, title: "Two".into() }).await;
    assert!(row(&maya.app().await, harbour).unwrap().can_undo);
    maya.ask(Request::Undo { pursuance: harbour }).await.unwrap();
    assert_eq!(maya.tree(harbour).await.rows[0].title, "One");
    maya.ask(Request::Undo { pursuance: harbour }).await.unwrap();
    assert_eq!(maya.tree(harbour).await.total, 0);
    let nothing = maya.ask(Request::Undo { pursuance: harbour }).await;
    assert_eq!(nothing, Err(pursuance_node::api::Trouble::NothingToUndo));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_shows_what_one_would_join() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let link = maya.invite(harbour, 1).await;
    let ben = Sailor::aboard(&doors).await;
    ben.ask(Request::OpenInvite { link: link.clone() }).await.unwrap();
    ben.until_async("preview", async || matches!(ben.preview(harbour).await, PreviewState::Here { .. })).await;
    // It is still there after a restart, and without the relay.
    let ben = ben.restart().await;
    let PreviewState::Here { preview } = ben.preview(harbour).await else { panic!("it was here") };
    assert_eq!((preview.name.as_str(), preview.invited_by.as_str(), preview.used_up), ("Harbour watch", "Maya", false));
    assert_eq!(row(&ben.app().await, harbour).unwrap().standing, Standing::Invited);
    ben.ask(Request::DropInvite { pursuance: harbour }).await.unwrap();
    assert!(ben.app().await.pursuances.is_empty());
    ben.come_in(&link, "Ben").await;

    // Used up: the next one sees it and is refused.
    let kim = Sailor::aboard(&doors).await;
    kim.ask(Request::OpenInvite { link }).await.unwrap();
    kim.until_async(
        "used up",
        async || matches!(kim.preview(harbour).await, PreviewState::Here { preview } if preview.used_up),
    )
    .await;
    let refused = kim.ask(Request::Join { pursuance: harbour, my_name: "Kim".into() }).await;
    let refusal = pursuance_core::refusal::Refusal::InviteUsedUp;
    assert_eq!(refused, Err(pursuance_node::api::Trouble::Refused { refusal }));
}
