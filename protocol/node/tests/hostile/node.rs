//! What a node makes of a relay that lies.

use std::sync::Arc;
use std::time::Duration;

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_core::templates::Template;
use pursuance_node::api::{AppView, Fault, Query, Reply, Request, StatusLine, Trouble, View};
use pursuance_node::{Clock, Node, NodeConfig, Pace, TorChoice};
use pursuance_wire::limits::{BLOCK_CELLS, MAX_SPAN_CELLS};
use pursuance_wire::log::Evidence;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::liar::{Liar, Shared, address, cell};

/// A founder whose only relay is this one.
pub async fn founder(liar: Liar) -> (Node, Arc<TempDir>, PursuanceId, Shared) {
    let (shared, at) = liar.serve().await;
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let config = NodeConfig {
        data_dir: dir.path().into(),
        loopback: vec![(address(), at)],
        tor: TorChoice::Off,
        clock: Clock::System,
    };
    let node = Node::start_with(config, Pace::hurried()).unwrap();
    node.request(Request::CreateVault { passphrase: "a long enough passphrase".into() }).await.unwrap();
    let request = Request::StartPursuance {
        name: "Harbour watch".into(),
        mission: String::new(),
        my_name: "Maya".into(),
        relay: Some(address().to_string()),
        template: Template::Plain,
    };
    let Ok(Reply::Pursuance { pursuance }) = node.request(request).await else { panic!("founded") };
    (node, dir, pursuance, shared)
}

pub async fn until(node: &Node, what: &str, is_so: impl Fn(&StatusLine) -> bool) -> StatusLine {
    let mut seq = node.watch();
    let waiting = async {
        loop {
            seq.mark_unchanged();
            let Ok(View::App(AppView { pursuances, .. })) = node.view(Query::App).await else { panic!("the frame") };
            if is_so(&pursuances[0].status) {
                return pursuances[0].status.clone();
            }
            let _ = timeout(Duration::from_millis(300), seq.changed()).await;
        }
    };
    timeout(Duration::from_secs(60), waiting).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

pub async fn say(node: &Node, pursuance: PursuanceId, title: &str) {
    let command = Command::create_task(title);
    node.request(Request::Act { pursuance, command }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_promise_is_proved_and_the_cells_are_posted_again() {
    let (node, _dir, pursuance, shared) = founder(Liar { forgets: true, ..Liar::honest(300) }).await;
    let status = until(&node, "the fault", |status| matches!(status, StatusLine::RelayFault { .. })).await;
    assert_eq!(status, StatusLine::RelayFault { fault: Fault::BrokenReceipt });
    let Ok(View::Relays(relays)) = node.view(Query::Relays { pursuance }).await else { panic!("relays") };
    assert_eq!(relays[0].fault, Some(Fault::BrokenReceipt));

    shared.lock().unwrap().forgets = false;
    until_posted(&node, pursuance).await;
    // A fault with a proof is not forgotten, whatever the relay does afterwards.
    until(&node, "still the fault", |status| matches!(status, StatusLine::RelayFault { fault: Fault::BrokenReceipt }))
        .await;
    assert!(shared.lock().unwrap().cells.len() > 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_log_too_long_to_prove_anything_nobody_is_accused_and_the_cells_are_posted_again() {
    // Its older cells are gone, so that nobody has to read them.
    let alike = MAX_SPAN_CELLS + 8_192;
    let long = Liar { alike, had: None, kept_from_block: alike / BLOCK_CELLS, forgets: true, ..Liar::honest(0) };
    let (node, _dir, pursuance, shared) = founder(long).await;
    let again = async {
        while shared.lock().unwrap().posts < 4 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(120), again).await.expect("posted again");
    shared.lock().unwrap().forgets = false;
    let status = until(&node, "kept", |status| matches!(status, StatusLine::Fine { kept: 0, .. })).await;
    assert!(matches!(status, StatusLine::Fine { .. }));
    let posted = async {
        loop {
            let Ok(View::Relays(relays)) = node.view(Query::Relays { pursuance }).await else { panic!("relays") };
            assert_eq!((relays[0].fault, relays[0].has_proof), (None, false));
            if relays[0].waiting == 0 && relays[0].handed > 0 && relays[0].cells > alike {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(60), posted).await.expect("it is in the log");
}

async fn until_posted(node: &Node, pursuance: PursuanceId) {
    let waiting = async {
        loop {
            let Ok(View::Relays(relays)) = node.view(Query::Relays { pursuance }).await else { panic!("relays") };
            if relays[0].waiting == 0 && relays[0].handed > 0 && relays[0].cells > 300 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(60), waiting).await.expect("posted again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_is_shown_and_survives_a_restart() {
    let (node, dir, pursuance, shared) = founder(Liar::honest(40)).await;
    until(&node, "fine", |status| matches!(status, StatusLine::Fine { kept: 0, .. })).await;
    shared.lock().unwrap().cells[3] = cell(77);
    say(&node, pursuance, "more").await;
    until(&node, "forked", |status| *status == StatusLine::RelayFault { fault: Fault::Forked }).await;
    node.stop().await;
    let config =
        NodeConfig { data_dir: dir.path().into(), loopback: vec![], tor: TorChoice::Off, clock: Clock::System };
    let node = Node::start_with(config, Pace::hurried()).unwrap();
    node.request(Request::Unlock { passphrase: "a long enough passphrase".into() }).await.unwrap();
    until(&node, "still forked", |status| *status == StatusLine::RelayFault { fault: Fault::Forked }).await;
    let Ok(View::Tree(tree)) = node.view(Query::tree(pursuance)).await else { panic!("a tree") };
    assert_eq!(tree.rows[0].title, "more");

    // The proof leaves as a file, by which somebody who has nothing else convicts the relay.
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("proof").display().to_string();
    let request = || Request::ExportEvidence { relay: address().to_string(), path: path.clone() };
    let written = node.request(request()).await.unwrap();
    let Reply::Written { path: file, bytes } = written else { panic!("{written:?}") };
    assert_eq!(file, format!("{path}.evidence"));
    let file = std::fs::read(file).unwrap();
    assert_eq!(file.len() as u64, bytes);
    let evidence = Evidence::decode(&file).unwrap();
    assert_eq!(evidence.accused(), Ok(address().log_key()));
    evidence.verify(&address().log_key()).unwrap();
    let before: Vec<u8> = file[..].into();
    assert_eq!(node.request(request()).await, Err(Trouble::FileExists));
    let unknown = Request::ExportEvidence { relay: "nobody".into(), path: path.clone() };
    assert_eq!(node.request(unknown).await, Err(Trouble::NoEvidence));
    assert_eq!(std::fs::read(out.path().join("proof.evidence")).unwrap(), before);

    // The group goes on without it; what it did stays to be seen.
    node.request(Request::Act { pursuance, command: Command::SetRelays { relays: vec![] } }).await.unwrap();
    let Ok(View::Relays(relays)) = node.view(Query::Relays { pursuance }).await else { panic!("relays") };
    let seen: Vec<_> = relays.iter().map(|relay| (relay.used, relay.has_proof, relay.fault)).collect();
    assert_eq!(seen, [(false, true, Some(Fault::Forked))]);
    until(&node, "without a relay", |status| matches!(status, StatusLine::NoRelay { .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_nonsense_is_forgiven() {
    let (node, _dir, pursuance, shared) = founder(Liar::honest(40)).await;
    until(&node, "fine", |status| matches!(status, StatusLine::Fine { kept: 0, .. })).await;
    shared.lock().unwrap().instead.push(("/checkpoint", "nonsense".into()));
    until(&node, "nonsense", |status| *status == StatusLine::RelayFault { fault: Fault::Garbage }).await;
    say(&node, pursuance, "kept meanwhile").await;
    shared.lock().unwrap().instead.clear();
    until(&node, "fine again", |status| matches!(status, StatusLine::Fine { kept: 0, .. })).await;
}
