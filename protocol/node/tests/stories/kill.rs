//! A node that is killed at any moment loses nothing that it said was done, and says nothing twice.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use pursuance_core::id::PursuanceId;
use pursuance_node::api::{Request, StatusLine};
use pursuance_node::{Clock, Node, NodeConfig, Pace, RelayAddress, TorChoice};

use crate::harbour::{Berth, PASSPHRASE, Sailor, row};

const DIR: &str = "PURSUANCE_TEST_DIR";
const RELAY: &str = "PURSUANCE_TEST_RELAY";
const AT: &str = "PURSUANCE_TEST_AT";
const PURSUANCE: &str = "PURSUANCE_TEST_PURSUANCE";
const ROUND: &str = "PURSUANCE_TEST_ROUND";

/// Kills of one run; each at another moment.
const ROUNDS: u32 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_to_be_done_is_there_after_every_kill() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let link = maya.invite(harbour, 1).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    let dir = maya.dir.clone();
    maya.node.stop().await;

    let mut done: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        let path = dir.path().to_owned();
        let relay = berth.address;
        let at = berth.at;
        // Whatever the moment is: while it opens, saves, seals, posts, reads.
        let alive = Duration::from_millis(150 + u64::from(round * round) * 37);
        let said = tokio::task::spawn_blocking(move || {
            let mut child = Process::new(std::env::current_exe().unwrap())
                .args(["--exact", "kill::a_node_to_be_killed", "--ignored", "--nocapture"])
                .env(DIR, path)
                .env(RELAY, relay.to_string())
                .env(AT, at.to_string())
                .env(PURSUANCE, harbour.to_string())
                .env(ROUND, round.to_string())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let reading = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
            std::thread::sleep(alive);
            child.kill().unwrap();
            child.wait().unwrap();
            reading.join().unwrap()
        })
        .await
        .unwrap();
        done.extend(said.into_iter().filter_map(|line| line.strip_prefix("done ").map(str::to_owned)));
    }
    assert!(done.len() > 10, "the kills came too early to show anything: {} done", done.len());

    let maya = Sailor::outside(&doors, dir, Clock::System);
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    let titles: Vec<String> = maya.tree(harbour).await.rows.into_iter().map(|row| row.title).collect();
    let unique: BTreeSet<&String> = titles.iter().collect();
    assert_eq!(unique.len(), titles.len(), "nothing twice");
    let lost: Vec<&String> = done.iter().filter(|title| !unique.contains(title)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    maya.until("all handed", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
    ben.until_like(&maya, harbour).await;
    // No second history, no fault: the same entries went out again as the same bytes.
    ben.until("fine", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { .. })).await;
}

/// Not a test: what the story above starts and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the story that kills it"]
async fn a_node_to_be_killed() {
    let get = |name: &str| std::env::var(name).expect("started by the story");
    let relay: RelayAddress = get(RELAY).parse().unwrap();
    let harbour: PursuanceId = get(PURSUANCE).parse().unwrap();
    let loopback = vec![(relay, get(AT).parse().unwrap())];
    let config = NodeConfig { data_dir: get(DIR).into(), loopback, tor: TorChoice::Off, clock: Clock::System };
    let maya = Node::start_with(config, Pace::hurried()).unwrap();
    maya.request(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    let started = Instant::now();
    for n in 0.. {
        let title = format!("round {} number {n}", get(ROUND));
        let parent = None;
        let command = pursuance_core::command::Command::CreateTask {
            title: title.clone(),
            parent,
            assignees: vec![],
            labels: vec![],
            due: None,
            priority: 0,
        };
        maya.request(Request::Act { pursuance: harbour, command }).await.unwrap();
        println!("done {title}");
        std::io::stdout().flush().unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(started.elapsed() < Duration::from_secs(30), "nobody killed it");
    }
}
