//! A line that is slow: 20 kbit/s, and a long way (docs/protocol/08-node.md, N10).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_node::api::{PreviewState, Reply, Request, Standing};
use pursuance_node::{Clock, Node, NodeConfig, Pace, RelayAddress, TorChoice};
use pursuance_relay::RelayConfig;
use pursuance_relay::limits::Patience;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, sleep, sleep_until};

use crate::doors::door;
use crate::harbour::{Berth, PASSPHRASE, Sailor, row};

/// 20 kbit/s.
const BYTES_PER_SECOND: usize = 2_500;
/// What passes at once.
const PIECE_BYTES: usize = 250;
/// How long everything is on its way; `PURSUANCE_SLOW_LINE_MILLISECONDS` says otherwise.
const ON_ITS_WAY_MILLISECONDS: u64 = 300;
/// Ways there and back that a step may take, besides what it takes by itself.
const MOST_WAYS: u32 = 60;
/// That.
const STEP: Duration = Duration::from_secs(120);

fn on_its_way() -> Duration {
    let chosen = std::env::var("PURSUANCE_SLOW_LINE_MILLISECONDS").ok();
    Duration::from_millis(chosen.map_or(ON_ITS_WAY_MILLISECONDS, |text| text.parse().expect("a number")))
}

/// Takes what comes at the line's rate, and lets it out after its time.
async fn crawl(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let (sender, mut pieces) = unbounded_channel::<(Instant, Vec<u8>)>();
    let taking = async move {
        let mut bytes = vec![0; PIECE_BYTES];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            sleep(Duration::from_secs_f64(read as f64 / BYTES_PER_SECOND as f64)).await;
            if sender.send((Instant::now() + on_its_way(), bytes[..read].to_vec())).is_err() {
                return;
            }
        }
    };
    let giving = async move {
        while let Some((due, bytes)) = pieces.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // Nobody is left to be told that this fails.
        let _ = to.shutdown().await;
    };
    tokio::join!(taking, giving);
}

/// Somebody whose program has the patience that people's have.
async fn aboard(relay: RelayAddress, door: SocketAddr) -> Sailor {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let loopback = vec![(relay, door)];
    let config = NodeConfig {
        data_dir: dir.path().into(),
        loopback: loopback.clone(),
        tor: TorChoice::Off,
        clock: Clock::System,
    };
    let pace = Pace { patience: pursuance_node::http::Patience::DEFAULT, ..Pace::hurried() };
    let sailor = Sailor { dir, node: Node::start_with(config, pace).unwrap(), loopback };
    sailor.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
    sailor
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let limit = Instant::now() + STEP + on_its_way() * 2 * MOST_WAYS;
    while !is_so().await {
        assert!(Instant::now() < limit, "waited in vain: {what}");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn has_task(sailor: &Sailor, pursuance: PursuanceId, title: &str) -> bool {
    sailor.tree(pursuance).await.rows.iter().any(|row| row.title == title)
}

#[tokio::test]
async fn a_slow_line_and_a_long_way_keep_nobody_out() {
    goes_well_by(Berth::open().await).await;
}

/// Where the way is longer than the relay waits for the next request, each of them goes over a connection of its own.
#[tokio::test]
async fn a_way_that_is_longer_than_the_relay_waits_keeps_nobody_out() {
    let head = on_its_way() * 3 / 2;
    goes_well_by(
        Berth::open_as(|config| RelayConfig { patience: Patience { head, ..config.patience }, ..config }).await,
    )
    .await;
}

async fn goes_well_by(berth: Berth) {
    let door = door(berth.at, |from, to, _| crawl(from, to)).await;
    let (maya, ben) = (aboard(berth.address, door).await, aboard(berth.address, door).await);
    let pursuance = maya.found(Some(&berth.address)).await;
    let task = maya.task(pursuance, "Count the trucks at the east gate", None).await;
    // Longer than a line like this can bring within the time that an answer has by itself, if it were shorter.
    let text = "what the harbour is like in the morning ".repeat(200);
    maya.act(pursuance, Command::Comment { task, text }).await;
    let link = maya.invite(pursuance, 1).await;
    until("the invite is handed over", async || maya.relays(pursuance).await[0].waiting == 0).await;

    let Ok(Reply::Pursuance { .. }) = ben.ask(Request::OpenInvite { link }).await else { panic!("an invite") };
    until("a preview", async || matches!(ben.preview(pursuance).await, PreviewState::Here { .. })).await;
    ben.ask(Request::Join { pursuance, my_name: "Ben".into() }).await.unwrap();
    let is_in = async || row(&ben.app().await, pursuance).is_some_and(|row| row.standing == Standing::Member);
    until("welcomed", is_in).await;
    until("the task", async || has_task(&ben, pursuance, "Count the trucks at the east gate").await).await;
    ben.task(pursuance, "Two more than yesterday", None).await;
    until("the answer", async || has_task(&maya, pursuance, "Two more than yesterday").await).await;
    for sailor in [&maya, &ben] {
        assert!(sailor.relays(pursuance).await.iter().all(|relay| relay.fault.is_none()), "a slow line is no fault");
    }
}
