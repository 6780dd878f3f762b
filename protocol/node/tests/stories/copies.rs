//! A folder that was copied: the one whose log goes on elsewhere stops signing and says why (docs/protocol/02-log.md, "Overtaken").

use std::path::Path;
use std::sync::Arc;

use pursuance_core::command::Command;
use pursuance_core::refusal::Refusal;
use pursuance_node::Clock;
use pursuance_node::api::{Request, StatusLine, Trouble};

use crate::harbour::{Berth, PASSPHRASE, Sailor, row};

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_folder_that_fell_behind_signs_nothing_more() {
    let berth = Berth::open().await;
    let loopback = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&loopback).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let task = maya.task(harbour, "Photograph the permits", None).await;
    let fine = |status: &StatusLine| matches!(status, StatusLine::Fine { kept: 0, .. });
    maya.until("handed", |app| row(app, harbour).is_some_and(|row| fine(&row.status))).await;
    maya.node.clone().stop().await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    copy(maya.dir.path(), folder.path());

    // The first goes on, and reads back what it wrote itself: all is well with it.
    let maya = maya.restart().await;
    maya.task(harbour, "Bring a lens", None).await;
    maya.until("handed", |app| row(app, harbour).is_some_and(|row| fine(&row.status))).await;
    let maya = maya.restart().await;
    maya.until("read again", |app| row(app, harbour).is_some_and(|row| fine(&row.status))).await;

    // The copy finds at the relay what it has not written.
    let stops = async |copied: &Sailor| {
        let refused = Err(Trouble::Refused { refusal: Refusal::OvertakenElsewhere });
        let comment = Command::Comment { task, text: "me too".into() };
        assert_eq!(copied.ask(Request::Act { pursuance: harbour, command: comment }).await, refused);
        let title = Command::SetTitle { task, title: "Mine".into() };
        assert_eq!(copied.ask(Request::Act { pursuance: harbour, command: title }).await, refused);
        assert_eq!(copied.tree(harbour).await.rows.len(), 2, "it reads on");
    };
    let copied = Sailor::outside(&loopback, folder.clone(), Clock::System);
    copied.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    let overtaken = |status: &StatusLine| *status == StatusLine::Overtaken;
    copied.until("overtaken", |app| row(app, harbour).is_some_and(|row| overtaken(&row.status))).await;
    stops(&copied).await;
    copied.node.clone().stop().await;

    // It still knows when it starts again and reaches nobody.
    let alone = Sailor::outside(&[], folder, Clock::System);
    alone.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    stops(&alone).await;
    assert!(row(&maya.app().await, harbour).is_some_and(|row| fine(&row.status)), "nothing was signed twice");
    assert!(!maya.people(harbour).await.members[0].two_histories);
}
