//! One relay has what another lacks (docs/protocol/08-node.md, N68).

use pursuance_core::command::Command;
use pursuance_node::api::Request;

use crate::harbour::{Berth, Sailor};

/// Tasks of those who reach both relays: what the other one brings is less than a tenth.
const TASKS: usize = 40;

#[tokio::test]
async fn what_came_to_one_relay_comes_to_the_other_and_outlives_the_first() {
    let (first, second) = (Berth::open().await, Berth::open().await);
    let doors = [(first.address, first.at), (second.address, second.at)];
    let maya = Sailor::aboard(&doors).await;
    let pursuance = maya.found(Some(&first.address)).await;
    let relays = vec![first.address.to_string(), second.address.to_string()];
    maya.act(pursuance, Command::SetRelays { relays }).await;
    for number in 0..TASKS {
        maya.task(pursuance, &format!("Crane {number}"), None).await;
    }
    let link = maya.invite(pursuance, 2).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    ben.until_like(&maya, pursuance).await;

    // Zoe reaches only the first, says something, and is never seen again.
    let zoe = Sailor::aboard(&doors[..1]).await;
    zoe.come_in(&link, "Zoe").await;
    let task = zoe.task(pursuance, "The silo is open at night", None).await;
    zoe.act(pursuance, Command::Comment { task, text: "since the fourth ".repeat(200) }).await;
    for sailor in [&maya, &ben] {
        sailor.until_like(&zoe, pursuance).await;
    }
    zoe.node.stop().await;
    let lacks =
        async |sailor: &Sailor| sailor.relays(pursuance).await.iter().map(|view| view.lacks).collect::<Vec<_>>();
    for sailor in [&maya, &ben] {
        sailor
            .until_async("it shows what the second lacks", async || {
                let lacks = lacks(sailor).await;
                lacks[0] == 0 && lacks[1] > 0
            })
            .await;
    }
    for sailor in [&maya, &ben] {
        sailor.until_async("it is there", async || lacks(sailor).await == [0, 0]).await;
    }

    // Whoever comes when the first is gone finds it in the second.
    maya.act(pursuance, Command::SetRelays { relays: vec![second.address.to_string()] }).await;
    let link = maya.invite(pursuance, 1).await;
    drop(first);
    let kim = Sailor::aboard(&doors[1..]).await;
    kim.come_in(&link, "Kim").await;
    kim.until_like(&maya, pursuance).await;
}

#[tokio::test]
async fn what_somebody_brings_in_a_bundle_comes_to_the_relay() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let (maya, ben, zoe) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    let pursuance = maya.found(Some(&berth.address)).await;
    let link = maya.invite(pursuance, 2).await;
    ben.come_in(&link, "Ben").await;
    zoe.come_in(&link, "Zoe").await;
    for sailor in [&ben, &zoe] {
        sailor.until_like(&maya, pursuance).await;
    }
    // Where Zoe is, no relay is reached. Ben carries away what she wrote.
    zoe.ask(Request::SetOffline { offline: true }).await.unwrap();
    zoe.task(pursuance, "The silo is open at night", None).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("from-zoe.bundle").display().to_string();
    zoe.ask(Request::ExportBundle { pursuance, path: path.clone() }).await.unwrap();
    ben.ask(Request::ImportBundle { path }).await.unwrap();
    ben.until_like(&zoe, pursuance).await;
    zoe.node.stop().await;
    maya.until_like(&ben, pursuance).await;
}
