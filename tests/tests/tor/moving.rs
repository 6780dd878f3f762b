//! A group whose relays die and lie, over a real Tor network: it moves on, and who was away for all of it misses nothing; and when
//! no relay is left, it goes on with files.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_node::api::{RelayView, Reply, Request};
use pursuance_node::http::Patience;
use pursuance_node::{Clock, Node, NodeConfig, Pace, TorChoice};
use pursuance_tests::relay::RelayProcess;
use pursuance_tests::tornet::TorNet;
use pursuance_wire::log::Evidence;

#[path = "../../../protocol/node/tests/stories/harbour.rs"]
#[allow(dead_code, reason = "the stories need more of it")]
mod harbour;

use harbour::{PASSPHRASE, Sailor};

/// The longest that one step may take: circuits are built, services published and found.
const STEP_SECONDS: u64 = 180;
const LOOK: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_moves_on_from_relays_that_die_and_lie_and_goes_on_without_any() {
    let began = Instant::now();
    let at = |what: &str| println!("{:5.1} s  {what}", began.elapsed().as_secs_f32());
    let net = tokio::task::spawn_blocking(TorNet::shared).await;
    let net = net.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("tor.toml");
    std::fs::write(&config, net.arti_toml()).expect("writable");
    let config = config.display().to_string();
    let start = |name: &str| RelayProcess::start(&dir.path().join(name), 1, &["--tor-config", &config]);
    let (mut dying, mut lying, mut third, mut fourth) = (start("a"), start("b"), start("c"), start("d"));

    let (maya, ben, kim) = (aboard(net).await, aboard(net).await, aboard(net).await);
    let harbour = maya.found(Some(&dying.address().parse().expect("an address"))).await;
    use_relays(&maya, harbour, &[&dying, &lying, &third]).await;
    let link = maya.invite(harbour, 2).await;
    for (sailor, name) in [(&ben, "Ben"), (&kim, "Kim")] {
        let Ok(Reply::Pursuance { pursuance }) = sailor.ask(Request::OpenInvite { link: link.clone() }).await else {
            panic!("an invite")
        };
        eventually(name, async || sailor.ask(Request::Join { pursuance, my_name: name.into() }).await.is_ok()).await;
        eventually(name, async || sailor.told(harbour).await.is_some()).await;
        at(name);
    }
    for sailor in [&ben, &kim] {
        eventually("all have the same", async || maya.told(harbour).await == sailor.told(harbour).await).await;
    }
    eventually("all three carry it", async || carry(&maya, harbour, 3).await && carry(&kim, harbour, 3).await).await;
    at("three relays");

    // Kim goes away. One relay's folder is copied as it is now.
    kim.ask(Request::SetOffline { offline: true }).await.expect("offline");
    lying.kill();
    copy(&dir.path().join("b"), &dir.path().join("b then"));
    lying = start("b");
    let before = of(&maya, harbour, &lying).await.handed;
    maya.task(harbour, "Said while three carried it", None).await;
    // Not by how much it holds: the copy may hold what others posted and Maya had not seen yet.
    eventually("the one that will lie signed for it", async || of(&maya, harbour, &lying).await.handed > before).await;
    at("one more task");

    // One dies, and one shows what it had before.
    dying.kill();
    lying.kill();
    std::fs::remove_dir_all(dir.path().join("b")).expect("it is there");
    std::fs::rename(dir.path().join("b then"), dir.path().join("b")).expect("it was copied");
    lying = start("b");
    ben.task(harbour, "Said while one was dead and one lied", None).await;
    // By what it lost it shows another log, or does not have what it signed for.
    eventually("Maya knows who lies", async || of(&maya, harbour, &lying).await.has_proof).await;
    for (relay, lies) in [(&dying, false), (&third, false), (&lying, true)] {
        let seen = of(&maya, harbour, relay).await;
        assert_eq!((seen.has_proof, seen.fault.is_some()), (lies, lies), "{seen:?}");
    }
    let proof = dir.path().join("proof").display().to_string();
    let request = Request::ExportEvidence { relay: lying.address().into(), path: proof };
    let Ok(Reply::Written { path, .. }) = maya.ask(request).await else { panic!("a proof") };
    let evidence = Evidence::decode(&std::fs::read(path).expect("it was written")).expect("a proof");
    let accused: pursuance_wire::RelayAddress = lying.address().parse().expect("an address");
    evidence.verify(&accused.log_key()).expect("it convicts");
    at("the lie is known");

    // They move to a fourth, and say more there.
    use_relays(&maya, harbour, &[&fourth]).await;
    eventually("Ben knows of the move", async || {
        ben.relays(harbour).await.iter().any(|relay| relay.used && relay.address == fourth.address())
    })
    .await;
    ben.task(harbour, "Said after the move", None).await;
    eventually("Maya has it", async || maya.told(harbour).await == ben.told(harbour).await).await;
    at("moved");

    // Kim comes back, and has everything; and what she says arrives.
    kim.ask(Request::SetOffline { offline: false }).await.expect("online");
    eventually("Kim has everything", async || kim.told(harbour).await == maya.told(harbour).await).await;
    kim.task(harbour, "Said by Kim", None).await;
    eventually("all have the same again", async || {
        let said = kim.told(harbour).await;
        said.is_some() && said == maya.told(harbour).await && said == ben.told(harbour).await
    })
    .await;
    at("Kim is back");

    // Then there is none.
    for relay in [&mut lying, &mut third, &mut fourth] {
        relay.kill();
    }
    let last = ben.task(harbour, "Said when no relay was left", None).await;
    let path = dir.path().join("log").display().to_string();
    let written = ben.ask(Request::ExportBundle { pursuance: harbour, path }).await;
    let Ok(Reply::Written { path, .. }) = written else { panic!("{written:?}") };
    for sailor in [&maya, &kim] {
        let merged = sailor.ask(Request::ImportBundle { path: path.clone() }).await;
        assert!(matches!(merged, Ok(Reply::Merged { entries: 1.., closed: 0, .. })), "{merged:?}");
        assert!(sailor.task_view(harbour, last).await.is_some());
        assert_eq!(sailor.told(harbour).await, ben.told(harbour).await);
    }
    at("by a file");
}

/// A computer with an open vault that may use this Tor network.
async fn aboard(net: &TorNet) -> Sailor {
    let dir = Arc::new(tempfile::tempdir().expect("a folder"));
    let tor = TorChoice::On { toml: Some(net.arti_toml()) };
    let config = NodeConfig { data_dir: dir.path().into(), loopback: vec![], tor, clock: Clock::System };
    let pace = Pace { patience: Patience::DEFAULT, ..Pace::hurried() };
    let sailor = Sailor { dir, node: Node::start_with(config, pace).expect("starts"), loopback: vec![] };
    sailor.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.expect("a vault");
    sailor.ask(Request::SetOffline { offline: false }).await.expect("it may");
    sailor
}

async fn use_relays(sailor: &Sailor, pursuance: PursuanceId, relays: &[&RelayProcess]) {
    let relays = relays.iter().map(|relay| relay.address().to_owned()).collect();
    sailor.act(pursuance, Command::SetRelays { relays }).await;
}

/// Whether so many relays are used and reached, and nothing waits for them.
async fn carry(sailor: &Sailor, pursuance: PursuanceId, count: usize) -> bool {
    let relays = sailor.relays(pursuance).await;
    relays.len() == count && relays.iter().all(|relay| relay.reached_seconds.is_some() && relay.waiting == 0)
}

async fn of(sailor: &Sailor, pursuance: PursuanceId, relay: &RelayProcess) -> RelayView {
    let relays = sailor.relays(pursuance).await;
    relays.into_iter().find(|each| each.address == relay.address()).expect("it is or was used")
}

async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let until = Instant::now() + Duration::from_secs(STEP_SECONDS);
    while !is_so().await {
        assert!(Instant::now() < until, "waited in vain: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// A folder and all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("it is not there yet");
    let permissions = std::fs::metadata(from).expect("a folder").permissions();
    std::fs::set_permissions(to, permissions).expect("it is ours");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}
