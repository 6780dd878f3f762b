//! A relay that shows its visitors different logs, and members who compare (docs/protocol/08-node.md, N50 to N52).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_core::op::Op;
use pursuance_node::Clock;
use pursuance_node::api::{Fault, Reply, Request};
use pursuance_wire::log::{Checkpoint, Evidence, Frontier, LogSigner, NodeHash, SlotNumber};
use tokio::time::sleep;

use crate::harbour::{Berth, PASSPHRASE, Sailor};
use crate::liar::{Adds, Liar, Shared, address, cell, cells};
use crate::rogue::{Rogue, now_seconds};
use crate::witnesses::line;

/// Pause between two looks at what is known by now, how many there are before something is said again, and how often that is.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: usize = 30;
const TRIES: usize = 30;

/// An honest relay, and beside it the other one, which has a door for each of both.
struct Scene {
    berth: Berth,
    maya: Sailor,
    ben: Sailor,
    pursuance: PursuanceId,
    link: String,
}

impl Scene {
    async fn open(for_maya: SocketAddr, for_ben: SocketAddr) -> Self {
        let berth = Berth::open().await;
        let doors = |other| [(berth.address, berth.at), (address(), other)];
        let (maya, ben) = (Sailor::aboard(&doors(for_maya)).await, Sailor::aboard(&doors(for_ben)).await);
        let pursuance = maya.found(Some(&berth.address)).await;
        let relays = vec![berth.address.to_string(), address().to_string()];
        maya.act(pursuance, Command::SetRelays { relays }).await;
        let link = maya.invite(pursuance, 3).await;
        ben.come_in(&link, "Ben").await;
        let scene = Self { berth, maya, ben, pursuance, link };
        for sailor in [&scene.maya, &scene.ben] {
            sailor
                .until_async("reached", async || {
                    let relays = sailor.relays(pursuance).await;
                    relays.len() == 2 && relays.iter().all(|relay| relay.reached_seconds.is_some())
                })
                .await;
        }
        scene
    }

    /// Both say something now and then, so that what they saw goes along, until this is so.
    async fn speaking_until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        for _ in 0..TRIES {
            self.maya.task(self.pursuance, "from Maya", None).await;
            self.ben.task(self.pursuance, "from Ben", None).await;
            for _ in 0..LOOKS {
                if is_so().await {
                    return;
                }
                sleep(LOOK).await;
            }
        }
        panic!("waited in vain: {what}");
    }

    /// Until the one who did not speak first knows that the other was shown the same; nobody is accused.
    async fn until_agreed(&self) -> u64 {
        let agreed = async || {
            let both = [self.seen_by(&self.maya).await, self.seen_by(&self.ben).await];
            assert!(!both[0].0 && !both[1].0, "nobody lied");
            both[0].1.or(both[1].1)
        };
        self.speaking_until("agreed", async || agreed().await.is_some()).await;
        agreed().await.expect("a moment ago")
    }

    /// Whether somebody has a proof against the relay with two doors, and what they agreed about.
    async fn seen_by(&self, sailor: &Sailor) -> (bool, Option<u64>) {
        let relays = sailor.relays(self.pursuance).await;
        let of = relays.iter().find(|relay| relay.address == address().to_string()).expect("it is used");
        assert_eq!(of.has_proof, of.fault == Some(Fault::Forked));
        (of.has_proof, of.agreed_seconds)
    }

    /// Nothing is lost by it, and the other relay is above suspicion.
    async fn goes_on(&self) {
        self.ben.task(self.pursuance, "still here", None).await;
        self.maya.until_like(&self.ben, self.pursuance).await;
        for sailor in [&self.maya, &self.ben] {
            let relays = sailor.relays(self.pursuance).await;
            let honest = relays.iter().find(|relay| relay.address == self.berth.address.to_string());
            assert_eq!(honest.map(|relay| (relay.fault, relay.has_proof)), Some((None, false)));
        }
    }
}

/// What somebody can take elsewhere.
async fn proof(sailor: &Sailor) -> Evidence {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("proof").display().to_string();
    let written = sailor.ask(Request::ExportEvidence { relay: address().to_string(), path }).await.unwrap();
    let Reply::Written { path, .. } = written else { panic!("{written:?}") };
    let evidence = Evidence::decode(&std::fs::read(path).unwrap()).unwrap();
    evidence.verify(&address().log_key()).unwrap();
    evidence
}

fn other() -> Liar {
    let mut liar = Liar::honest(300);
    liar.cells[3] = cell(77);
    liar
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_who_were_shown_the_same_log_say_so() {
    let (shared, at): (Shared, SocketAddr) = Liar::honest(300).serve().await;
    let scene = Scene::open(at, at).await;
    let agreed = scene.until_agreed().await;
    assert_eq!(agreed % 86_400, 0, "it is of the last slot of a day");
    scene.goes_on().await;
    // Each asked for this one, and nobody for another but that of the day whose cells may be gone by now.
    let asked: Vec<String> = shared.lock().unwrap().asked.clone();
    let [same, gone] = [0, 29].map(|days| format!("/checkpoint/{}", agreed - 1 - days * 86_400));
    assert_eq!(asked.iter().filter(|path| **path == same).count(), 2, "{asked:?}");
    let others = asked.iter().filter(|path| path.starts_with("/checkpoint/") && **path != same);
    assert!(others.into_iter().all(|path| *path == gone), "{asked:?}");
}

/// Goes offline and comes back in a later slot, until the visit that follows is over.
async fn visit_again(sailor: &Sailor, relay: &Shared) {
    let streams = || relay.lock().unwrap().asked.iter().filter(|path| *path == "/stream").count();
    let before = streams();
    sailor.ask(Request::SetOffline { offline: true }).await.unwrap();
    relay.lock().unwrap().ahead += 1;
    sailor.ask(Request::SetOffline { offline: false }).await.unwrap();
    sailor.until_async("visited", async || streams() > before).await;
}

/// By itself what was seen would tell the relay who has just unlocked, and whoever reads it in two pursuances that it is one person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_only_unlocks_says_nothing() {
    // While it has nothing of yesterday, nobody can say what it signed then.
    let (relay, at) = Liar { had: None, ..Liar::honest(300) }.serve().await;
    let maya = Sailor::aboard(&[(address(), at)]).await;
    let pursuance = maya.found(Some(&address())).await;
    let ben = Sailor::aboard(&maya.loopback).await;
    ben.come_in(&maya.invite(pursuance, 1).await, "Ben").await;
    let nothing_waits = async || ben.relays(pursuance).await.iter().all(|relay| relay.waiting == 0);
    ben.until_async("all is handed over", nothing_waits).await;
    maya.until_like(&ben, pursuance).await;
    maya.ask(Request::Lock).await.unwrap();

    relay.lock().unwrap().had = Some(300);
    visit_again(&ben, &relay).await;
    let posts = || relay.lock().unwrap().posts;
    let before = posts();
    ben.ask(Request::Lock).await.unwrap();
    ben.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    visit_again(&ben, &relay).await;
    for _ in 0..LOOKS {
        sleep(LOOK).await;
        assert!(nothing_waits().await, "nothing is to be posted");
        assert_eq!(posts(), before, "nothing leaves");
    }
    // With the first thing that he says it goes along.
    ben.task(pursuance, "from Ben", None).await;
    ben.until_async("handed over", async || posts() > before && nothing_waits().await).await;
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    let agreed = async || maya.relays(pursuance).await[0].agreed_seconds.is_some();
    maya.until_async("she hears what he saw", agreed).await;
}

/// Checkpoints of the last slots of days that were asked for. Those of windows vary by chance, and some of them are among these.
fn ends_of_days(relay: &Shared) -> BTreeSet<u64> {
    let asked = &relay.lock().unwrap().asked;
    let slots = asked.iter().filter_map(|path| path.strip_prefix("/checkpoint/")?.parse().ok());
    slots.filter(|slot: &u64| (slot + 1).is_multiple_of(86_400)).collect()
}

/// Nobody else would ask for what a wrong clock takes for yesterday, so the relay would know its owner again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_asks_for_what_everybody_asks_for() {
    let mut asked = Vec::new();
    for days in [0, 1, 3, -5] {
        let (relay, at) = Liar::honest(300).serve().await;
        let clock = Clock::Offset { seconds: days * 86_400 };
        let sailor = Sailor::outside(&[(address(), at)], Arc::new(tempfile::tempdir().unwrap()), clock);
        sailor.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
        sailor.found(Some(&address())).await;
        sailor.until_async("a visit", async || relay.lock().unwrap().asked.iter().any(|path| path == "/stream")).await;
        visit_again(&sailor, &relay).await;
        asked.push(ends_of_days(&relay));
    }
    assert!(asked[0].contains(&slot_of_yesterday()), "{asked:?}");
    assert!(asked.iter().all(|by| *by == asked[0]), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_compare_whatever_lines_others_add() {
    // More than an entry can hold, and never the same twice.
    let asked = AtomicU64::new(0);
    let adds: Adds = Box::new(move |checkpoint| {
        let seconds = asked.fetch_add(1, Ordering::Relaxed);
        (10..22 + u8::try_from(seconds % 4).unwrap()).map(|seed| line(seed, "w", seconds, checkpoint)).collect()
    });
    let (_, at) = Liar { adds: Some(adds), ..Liar::honest(300) }.serve().await;
    let scene = Scene::open(at, at).await;
    scene.until_agreed().await;
    scene.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_logs_for_two_members_are_a_proof_for_both() {
    let (_, for_maya) = Liar::honest(300).serve().await;
    let (_, for_ben) = other().serve().await;
    let scene = Scene::open(for_maya, for_ben).await;
    let have = async || scene.seen_by(&scene.maya).await.0 && scene.seen_by(&scene.ben).await.0;
    scene.speaking_until("forked", have).await;
    // What one said oneself agrees with nobody, also in a later visit.
    let Scene { maya, .. } = &scene;
    for offline in [true, false] {
        maya.ask(Request::SetOffline { offline }).await.unwrap();
    }
    scene.goes_on().await;
    for sailor in [&scene.maya, &scene.ben] {
        assert_eq!(scene.seen_by(sailor).await, (true, None));
    }
    for sailor in [&scene.maya, &scene.ben] {
        assert!(matches!(proof(sailor).await, Evidence::TwoTrees { .. }));
    }
    scene.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_not_shown_that_slot_proves_it_by_the_next_visit() {
    // Its log is longer than what she was shown of that slot, so neither slot nor size are alike.
    let (_, for_maya) = Liar { had: Some(290), ..Liar::honest(300) }.serve().await;
    let (_, for_ben) = Liar { had: None, ..other() }.serve().await;
    let scene = Scene::open(for_maya, for_ben).await;
    scene.speaking_until("forked", async || scene.seen_by(&scene.ben).await.0).await;
    assert!(matches!(proof(&scene.ben).await, Evidence::NotAPrefix { .. }));
    scene.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_relay_signed_accuses_nobody() {
    let (_, at) = Liar::honest(300).serve().await;
    let scene = Scene::open(at, at).await;
    let mut eve = Rogue::join(&scene.link, "Eve", scene.berth.at).await;
    let signed = |signer: &LogSigner, size| {
        Checkpoint::sign(signer, SlotNumber(slot_of_yesterday()), size, NodeHash([9; 32])).note().as_bytes().to_vec()
    };
    let innocent = LogSigner::from_seed(&[2; 32]).key().origin();
    let stranger = signed(&LogSigner::from_seed(&[66; 32]), 300);
    let text = String::from_utf8(stranger.clone()).unwrap();
    let renamed = text.replace(text.split('\n').next().unwrap(), &innocent).into_bytes();
    let notes = vec![vec![], b"pursuance.relay/".to_vec(), vec![0xff; 1_024], stranger, renamed];
    for note in notes {
        let came = eve.came();
        let entry = eve.sign(came, vec![Op::SawCheckpoint(note)]);
        eve.post(&[entry]).await;
    }
    scene.until_agreed().await;
    scene.goes_on().await;
}

impl Scene {
    /// Everybody has read what was said until now, and visits the relay with two doors once more; how many asked for its first cells.
    async fn visited(&self, relay: &Shared) -> usize {
        self.goes_on().await;
        self.maya.task(self.pursuance, "heard", None).await;
        self.ben.until_like(&self.maya, self.pursuance).await;
        for sailor in [&self.maya, &self.ben] {
            visit_again(sailor, relay).await;
        }
        let asked = std::mem::take(&mut relay.lock().unwrap().asked);
        asked.iter().filter(|path| *path == "/tile/0/000").count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_says_what_a_relay_signed_long_ago_makes_nobody_read_its_log_again() {
    let (relay, at) = Liar::honest(300).serve().await;
    let scene = Scene::open(at, at).await;
    let mut eve = Rogue::join(&scene.link, "Eve", scene.berth.at).await;
    let mut frontier = Frontier::new();
    cells(100).iter().for_each(|cell| frontier.append(cell.leaf_hash()));
    let signer = LogSigner::from_seed(&[2; 32]);
    let mut say = async |ago_seconds: u64| {
        let signed = Checkpoint::sign(&signer, SlotNumber(now_seconds() - ago_seconds), 100, frontier.root());
        let came = eve.came();
        let entry = eve.sign(came, vec![Op::SawCheckpoint(signed.note().as_bytes().to_vec())]);
        eve.post(&[entry]).await;
    };
    scene.visited(&relay).await;
    for days in [4, 10, 4] {
        say(days * 86_400).await;
        assert_eq!(scene.visited(&relay).await, 0, "{days} days ago");
    }
    // What is of these days is looked for, once.
    say(40_000).await;
    assert_ne!(scene.visited(&relay).await, 0);
    for _ in 0..2 {
        assert_eq!(scene.visited(&relay).await, 0, "it was told");
    }
    scene.goes_on().await;
}

/// The last one, of a second.
fn slot_of_yesterday() -> u64 {
    now_seconds() / 86_400 * 86_400 - 1
}
