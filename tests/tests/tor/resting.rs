//! Tor rests when nothing is to be sent and can be started again; what it kept of bridges that are not in use any more is gone.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pursuance_node::RelayAddress;
use pursuance_node::transport::{Purpose, TorStage, Transport};
use pursuance_onion::{OnionKey, Tor};
use pursuance_tests::memory::{Secret, look_below};
use pursuance_tests::tornet::{TorNet, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;

const PORT: u16 = 80;
const DEADLINE_SECONDS: u64 = 180;
const POLL_MILLIS: u64 = 100;
const SEED: [u8; 32] = [0x5b; 32];
/// As arti's are called here.
const TOR_THREAD: &str = "tor";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tor_rests_and_keeps_nothing_of_bridges_that_are_gone() {
    let net = tokio::task::spawn_blocking(TorNet::shared).await.expect("a network");
    let bridge = tokio::task::spawn_blocking(|| net.start_bridge("resting")).await.expect("a bridge");
    let deadline = Instant::now() + Duration::from_secs(DEADLINE_SECONDS);
    let dir = tempfile::tempdir().expect("a folder");
    let visitor = dir.path().join("visitor");

    let home = Tor::start(net.tor_config(&dir.path().join("service"))).expect("starts");
    let key = OnionKey::from_seed(&SEED);
    let mut service = home.serve(&key, PORT).await.expect("serves");
    let serving = tokio::spawn(async move {
        while let Some(mut stream) = service.accept().await {
            // Whoever hears nothing fails the test.
            let _ = stream.write_all(b"hello").await;
            let _ = stream.shutdown().await;
        }
    });
    let relay = RelayAddress::new(key.public(), key.public()).expect("a key, and one that nobody asks for");
    let others = tor_threads();

    let transport = Arc::new(Transport::new([], Some(net.tor_config(&visitor))));
    let [plain, _] = &bridge.lines;
    let (address, fingerprint) = plain.split_once(' ').expect("an address and a fingerprint");
    let fingerprint = data_encoding::HEXUPPER.decode(fingerprint.as_bytes()).expect("forty digits");
    let secret = [Secret::text("address", address), Secret::bytes("fingerprint", &fingerprint)];
    hello(&transport, &relay, deadline).await;
    assert!(tor_threads() > others, "the control: it runs");
    assert_eq!(look_below(&visitor, &secret), [], "nobody named a bridge");

    // Other bridges end it; the next stream goes by them.
    let bridges = vec![plain.parse().expect("a line as bridges write it")];
    transport.set_bridges(&Handle::current(), plain.clone(), Some(bridges), 1);
    rested(&transport, others, deadline).await;
    hello(&transport, &relay, deadline).await;
    assert!(!look_below(&visitor, &secret).is_empty(), "the control: in use, they stand there");

    // It rests, and comes back with what it kept.
    transport.rest(&Handle::current());
    rested(&transport, others, deadline).await;
    assert!(!look_below(&visitor, &secret).is_empty(), "they are still the ones to use");
    hello(&transport, &relay, deadline).await;

    transport.set_bridges(&Handle::current(), String::new(), Some(Vec::new()), 2);
    rested(&transport, others, deadline).await;
    assert_eq!(look_below(&visitor, &secret), [], "not in use any more");
    hello(&transport, &relay, deadline).await;
    transport.stop().await;
    // It runs as long as the service does.
    serving.abort();
    home.stop().await;
}

/// Reaches the relay, as soon as Tor lets it.
async fn hello(transport: &Transport, relay: &RelayAddress, deadline: Instant) {
    let began = Instant::now();
    let mut stream = until(deadline, || transport.connect(relay, Purpose::Read)).await.expect("connects");
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.expect("the stream holds");
    assert_eq!(heard, b"hello");
    println!("reached after {:.1} s", began.elapsed().as_secs_f32());
}

/// Waits until Tor has ended, and its threads with it.
async fn rested(transport: &Transport, others: usize, deadline: Instant) {
    let began = Instant::now();
    while transport.tor_stage() != TorStage::Asleep || tor_threads() > others {
        assert!(Instant::now() < deadline, "{:?}, {} threads", transport.tor_stage(), tor_threads());
        tokio::time::sleep(Duration::from_millis(POLL_MILLIS)).await;
    }
    println!("rests after {:.1} s", began.elapsed().as_secs_f32());
}

fn tor_threads() -> usize {
    let tasks = fs::read_dir(Path::new("/proc/self/task")).expect("proc(5)").flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == TOR_THREAD).count()
}
