//! A pursuance that moved on from a relay, and from whoever began it (docs/protocol/08-node.md, N63).

use pursuance_core::command::Command;
use pursuance_core::founding::ORGANISER;

use crate::harbour::{Berth, Sailor};

#[tokio::test]
async fn who_comes_to_another_relay_reads_what_somebody_said_who_has_gone() {
    let (first, second) = (Berth::open().await, Berth::open().await);
    let doors = [(first.address, first.at), (second.address, second.at)];
    let maya = Sailor::aboard(&doors).await;
    let pursuance = maya.found(Some(&first.address)).await;
    let task = maya.task(pursuance, "Look at the cranes", None).await;
    maya.act(pursuance, Command::Comment { task, text: "two are new ".repeat(300) }).await;
    let link = maya.invite(pursuance, 1).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    let people = maya.people(pursuance).await;
    let member = people.members.iter().find(|one| one.person.name == "Ben").expect("Ben").person.member;
    maya.act(pursuance, Command::Grant { member, role: ORGANISER }).await;
    ben.until_like(&maya, pursuance).await;
    maya.until_async("handed over", async || maya.relays(pursuance).await[0].waiting == 0).await;
    let organises = async || {
        let people = ben.people(pursuance).await;
        people.members.iter().any(|one| one.person.me && one.roles.iter().any(|role| role.id == ORGANISER))
    };
    ben.until_async("an organiser", organises).await;
    maya.node.stop().await;

    ben.act(pursuance, Command::SetRelays { relays: vec![second.address.to_string()] }).await;
    let link = ben.invite(pursuance, 1).await;
    drop(first);
    let zoe = Sailor::aboard(&[(second.address, second.at)]).await;
    zoe.come_in(&link, "Zoe").await;
    zoe.until_like(&ben, pursuance).await;
}
