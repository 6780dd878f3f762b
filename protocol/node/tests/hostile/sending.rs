//! When posts leave, as a relay sees it (docs/protocol/08-node.md, N62).

use std::collections::BTreeSet;
use std::time::Duration;

use pursuance_core::id::PursuanceId;
use pursuance_node::api::Request;
use pursuance_node::sending::Sending;
use tokio::time::sleep;

use crate::harbour::Sailor;
use crate::liar::{Liar, Shared, address};

/// Posts that a computer makes in a test although nobody says anything.
const DUMMIES: usize = 12;
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Looks in which nothing leaves.
const LOOKS: usize = 20;

async fn choose(sailor: &Sailor, sending: Sending) {
    sailor.ask(Request::SetSending { sending }).await.unwrap();
}

fn seen(relay: &Shared) -> (usize, usize) {
    let relay = relay.lock().unwrap();
    (relay.posts, relay.cells.len())
}

/// Posts that wait here.
async fn waiting(sailor: &Sailor, pursuance: PursuanceId) -> u32 {
    sailor.relays(pursuance).await[0].waiting
}

/// Somebody whose relay looks on, and who has nothing more to hand over.
async fn quiet() -> (Shared, Sailor, PursuanceId) {
    let (relay, at) = Liar::honest(0).serve().await;
    let maya = Sailor::aboard(&[(address(), at)]).await;
    let pursuance = maya.found(Some(&address())).await;
    let all_there = async || {
        let view = &maya.relays(pursuance).await[0];
        view.handed > 0 && view.waiting == 0
    };
    maya.until_async("what founding takes is handed over", all_there).await;
    (relay, maya, pursuance)
}

#[tokio::test]
async fn at_a_steady_rate_a_relay_sees_one_cell_at_a_time_whatever_is_said() {
    let (relay, maya, pursuance) = quiet().await;
    choose(&maya, Sending::Steady).await;
    let (posts, cells) = seen(&relay);
    maya.until_async("posts without anything to say", async || seen(&relay).0 >= posts + DUMMIES).await;
    assert_eq!(maya.relays(pursuance).await[0].waiting, 0);
    // A long text takes several cells; they leave one by one, like everything else.
    let said = maya.task(pursuance, &"what the harbour is like in the morning ".repeat(12), None).await;
    let long = pursuance_core::command::Command::Comment { task: said, text: "word ".repeat(1_500) };
    maya.act(pursuance, long).await;
    maya.until_async("the text waits for its turn", async || waiting(&maya, pursuance).await > 1).await;
    maya.until_async("all of it is handed over", async || waiting(&maya, pursuance).await == 0).await;
    let (later_posts, later_cells) = seen(&relay);
    assert_eq!(later_posts - posts, later_cells - cells, "one cell in each post");
    let all = relay.lock().unwrap().cells.iter().map(|cell| *cell.as_bytes()).collect::<BTreeSet<_>>();
    assert_eq!(all.len(), later_cells, "no dummy is like another");
    // Whoever reads them all finds what was said among them.
    let link = maya.invite(pursuance, 1).await;
    let ben = Sailor::aboard(&maya.loopback).await;
    ben.come_in(&link, "Ben").await;
    ben.until_like(&maya, pursuance).await;
    // Back to being prompt: what waits leaves at once.
    choose(&maya, Sending::AtOnce).await;
    maya.until_async("all is handed over", async || waiting(&maya, pursuance).await == 0).await;
    ben.until_like(&maya, pursuance).await;
}

#[tokio::test]
async fn what_is_not_to_leave_at_once_waits_and_a_choice_is_kept() {
    let (relay, maya, pursuance) = quiet().await;
    choose(&maya, Sending::WithinHour).await;
    let before = seen(&relay);
    maya.task(pursuance, "look at the cranes", None).await;
    maya.until_async("it waits", async || waiting(&maya, pursuance).await == 1).await;
    for _ in 0..LOOKS {
        sleep(LOOK).await;
        assert_eq!((seen(&relay), waiting(&maya, pursuance).await), (before, 1), "nothing leaves");
    }
    let maya = maya.restart().await;
    assert_eq!(maya.app().await.sending, Sending::WithinHour);
    maya.task(pursuance, "look at the silos", None).await;
    maya.until_async("both wait", async || waiting(&maya, pursuance).await == 2).await;
    assert_eq!(seen(&relay), before);
    // What waits leaves by the new choice, together.
    choose(&maya, Sending::WithinMinutes).await;
    maya.until_async("handed over", async || waiting(&maya, pursuance).await == 0).await;
    assert_eq!(seen(&relay), (before.0 + 1, before.1 + 2));
    for _ in 0..LOOKS {
        sleep(LOOK).await;
    }
    assert_eq!(seen(&relay), (before.0 + 1, before.1 + 2), "there are no dummies unless they are chosen");
    maya.ask(Request::Lock).await.unwrap();
    assert_eq!(maya.app().await.sending, Sending::AtOnce, "while locked nothing is said of it");
}
