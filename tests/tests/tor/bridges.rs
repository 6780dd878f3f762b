//! Tor reached by a bridge, as Tor speaks and as obfs4 does, and by nothing else where the bridge is not there.

use std::path::Path;
use std::time::{Duration, Instant};

use pursuance_onion::{Bridge, Isolation, OnionKey, Tor, TorConfig, bridge_program};
use pursuance_tests::tornet::{TorNet, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const PORT: u16 = 80;
const DEADLINE_SECONDS: u64 = 180;
/// How long it is watched that nothing is found; with a bridge that is there it takes a tenth of it.
const IN_VAIN_SECONDS: u64 = 20;
const SEED: [u8; 32] = [0x5a; 32];

fn by(net: &TorNet, dir: &Path, line: &str) -> TorConfig {
    let bridge: Bridge = line.parse().expect("a line as bridges write it");
    TorConfig { bridges: vec![bridge], ..net.tor_config(dir) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_is_reached_by_a_bridge_and_by_nothing_else() {
    let net = tokio::task::spawn_blocking(TorNet::shared).await.expect("a network");
    let bridge = tokio::task::spawn_blocking(|| net.start_bridge("bridge")).await.expect("a bridge");
    let limit = Duration::from_secs(DEADLINE_SECONDS);
    timeout(limit, story(net, &bridge.lines, Instant::now() + limit)).await.expect("done within the deadline");
}

async fn story(net: &TorNet, lines: &[String; 2], deadline: Instant) {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(bridge_program().is_some(), "Debian's package `obfs4proxy` is installed");
    let home = Tor::start(net.tor_config(&dir.path().join("service"))).expect("starts");
    let key = OnionKey::from_seed(&SEED);
    let onion = key.public();
    let mut service = home.serve(&key, PORT).await.expect("serves");
    let serving = tokio::spawn(async move {
        while let Some(mut stream) = service.accept().await {
            // Whoever hears nothing fails the test.
            let _ = stream.write_all(b"hello").await;
            let _ = stream.shutdown().await;
        }
    });
    for (number, line) in lines.iter().enumerate() {
        let began = Instant::now();
        let away = Tor::start(by(net, &dir.path().join(format!("visitor{number}")), line)).expect("starts");
        away.ready().await.expect("bootstraps");
        let isolation = Isolation::new();
        let mut stream = until(deadline, || away.connect(&onion, PORT, &isolation)).await.expect("connects");
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.expect("the stream holds");
        assert_eq!(heard, b"hello");
        println!("{:5.1} s by {}", began.elapsed().as_secs_f32(), line.split(' ').next().unwrap_or_default());
        away.stop().await;
    }
    // The same without the bridge, in a network of which everything else is there.
    let [plain, _] = lines;
    let (_, rest) = plain.split_once(' ').expect("an address and a fingerprint");
    let nobody = format!("127.0.0.1:1 {rest}");
    let lost = Tor::start(by(net, &dir.path().join("lost"), &nobody)).expect("starts");
    let ready = timeout(Duration::from_secs(IN_VAIN_SECONDS), lost.ready()).await;
    assert!(ready.is_err(), "nothing else is tried: {ready:?}");
    lost.stop().await;
    // It runs as long as the service does.
    serving.abort();
    home.stop().await;
}
