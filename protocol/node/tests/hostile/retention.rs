//! A relay that drops what is old, and people who come later (docs/protocol/08-node.md, N63 and N64).

use std::time::Duration;

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_node::Clock;
use pursuance_node::api::Request;
use pursuance_wire::limits::BLOCK_CELLS;
use tokio::time::{sleep, timeout};

use crate::harbour::{PASSPHRASE, Sailor};
use crate::liar::{Liar, Shared, address};

/// A slot here is a second.
const DAY: u64 = 86_400;
/// Tasks that are there before anybody comes late.
const TASKS: usize = 150;

/// So many days go by, in which the relay drops all that it had, but for a block that is not full.
fn forgets_everything(relay: &Shared, days: u64) -> usize {
    let mut relay = relay.lock().unwrap();
    // Whole blocks go; one that is not full stays.
    let had = relay.cells.len();
    relay.had = Some(had);
    relay.kept_from_block = had as u64 / BLOCK_CELLS;
    relay.ahead += days * DAY;
    had
}

async fn until_all_is_there(sailor: &Sailor, pursuance: PursuanceId) {
    let is_there = async || {
        let view = &sailor.relays(pursuance).await[0];
        view.waiting == 0 && view.handed > 0 && view.read == view.cells
    };
    sailor.until_async("all is handed over and read", is_there).await;
}

/// Goes offline and comes back: the next visit is another.
async fn come_back(sailor: &Sailor) {
    for offline in [true, false] {
        sailor.ask(Request::SetOffline { offline }).await.unwrap();
    }
}

#[tokio::test]
async fn who_comes_after_the_relay_dropped_everything_reads_everything() {
    let (relay, at) = Liar::honest(0).serve().await;
    let maya = Sailor::aboard(&[(address(), at)]).await;
    let pursuance = maya.found(Some(&address())).await;
    for number in 0..TASKS {
        let task = maya.task(pursuance, &format!("Crane {number}"), None).await;
        if number == 0 {
            maya.act(pursuance, Command::Comment { task, text: "seen from the pier ".repeat(400) }).await;
        }
    }
    let link = maya.invite(pursuance, 4).await;
    let ben = Sailor::aboard(&maya.loopback).await;
    ben.come_in(&link, "Ben").await;
    ben.task(pursuance, "Ask about the silos", None).await;
    maya.until_like(&ben, pursuance).await;
    until_all_is_there(&maya, pursuance).await;
    until_all_is_there(&ben, pursuance).await;

    // Half of its time goes by: the open invite gets a preview that is kept on.
    relay.lock().unwrap().ahead += 16 * DAY;
    let before = relay.lock().unwrap().cells.len();
    come_back(&maya).await;
    maya.until_async("a fresh preview", async || relay.lock().unwrap().cells.len() > before).await;
    until_all_is_there(&maya, pursuance).await;
    let fresh = relay.lock().unwrap().cells[before..].to_vec();
    assert!(fresh.len() < 8, "nothing else is posted again: {}", fresh.len());

    // All of the rest goes by: what was there is gone, but for what came in the last half.
    let had = forgets_everything(&relay, 30);
    relay.lock().unwrap().cells.extend(fresh);
    come_back(&maya).await;
    come_back(&ben).await;
    let zoe = Sailor::aboard(&maya.loopback).await;
    zoe.come_in(&link, "Zoe").await;
    zoe.until_like(&maya, pursuance).await;
    ben.until_like(&maya, pursuance).await;
    until_all_is_there(&maya, pursuance).await;
    let again = relay.lock().unwrap().cells.len() - had;
    let entries = TASKS as u64 / 2;
    assert!((again as u64) < entries, "they share cells: {again}");

    // The next one finds it all there, and nothing is posted again.
    let before = relay.lock().unwrap().cells.len();
    let kim = Sailor::aboard(&maya.loopback).await;
    kim.come_in(&link, "Kim").await;
    kim.until_like(&maya, pursuance).await;
    until_all_is_there(&maya, pursuance).await;
    until_all_is_there(&ben, pursuance).await;
    let more = relay.lock().unwrap().cells.len() - before;
    assert!(more < again / 2, "a join, a welcome and what they take: {more}, after {again}");
}

/// The program ends, and starts again so many days after it was first used.
async fn after_days(sailor: Sailor, days: u64) -> Sailor {
    let Sailor { dir, node, loopback } = sailor;
    node.stop().await;
    let clock = Clock::Offset { seconds: i64::try_from(days * DAY).unwrap() };
    let sailor = Sailor::outside(&loopback, dir, clock);
    sailor.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    sailor
}

#[tokio::test]
async fn who_was_away_for_longer_than_the_relay_keeps_anything_reads_everything() {
    let (relay, at) = Liar::honest(0).serve().await;
    let maya = Sailor::aboard(&[(address(), at)]).await;
    let pursuance = maya.found(Some(&address())).await;
    let link = maya.invite(pursuance, 1).await;
    let ben = Sailor::aboard(&maya.loopback).await;
    ben.come_in(&link, "Ben").await;
    ben.task(pursuance, "Ask about the silos", None).await;
    maya.until_like(&ben, pursuance).await;
    until_all_is_there(&maya, pursuance).await;
    until_all_is_there(&ben, pursuance).await;

    // Ben is away for forty days, and the relay keeps thirty.
    let Sailor { dir, node, loopback } = ben;
    node.stop().await;
    for number in 0..20 {
        maya.task(pursuance, &format!("Crane {number}"), None).await;
    }
    until_all_is_there(&maya, pursuance).await;
    let had = forgets_everything(&relay, 40);
    let maya = after_days(maya, 40).await;
    maya.task(pursuance, "Said when all that was gone", None).await;
    until_all_is_there(&maya, pursuance).await;
    let quiet = relay.lock().unwrap().cells.len() - had;

    let ben = Sailor::outside(&loopback, dir, Clock::Offset { seconds: i64::try_from(40 * DAY).unwrap() });
    ben.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    // Some time after he has said something, as one who did not make an invite waits; once more, if something came meanwhile.
    let posted = async {
        while relay.lock().unwrap().cells.len() <= had + 2 * quiet {
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(Duration::from_secs(180), posted).await.expect("it is posted again");
    ben.until_like(&maya, pursuance).await;
    until_all_is_there(&maya, pursuance).await;
    let again = relay.lock().unwrap().cells.len() - had - quiet;
    assert!(again > quiet, "it was posted again: {again}, after {quiet}");

    // Once: what comes from them now brings nothing more.
    let before = relay.lock().unwrap().cells.len();
    let task = ben.task(pursuance, "Back at the pier", None).await;
    maya.until_async("it is read", async || maya.task_view(pursuance, task).await.is_some()).await;
    until_all_is_there(&maya, pursuance).await;
    let more = relay.lock().unwrap().cells.len() - before;
    assert!(more < again / 2, "one thing that was said: {more}, after {again}");
}
