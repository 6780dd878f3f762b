//! The relay alone behind its onion service: reached by its address, killed, reached again, with the same log.

use std::time::{Duration, Instant};

use pursuance_onion::{Isolation, Tor};
use pursuance_tests::relay::RelayProcess;
use pursuance_tests::tornet::{TorNet, until};
use pursuance_wire::RelayAddress;
use pursuance_wire::log::{ReceiptState, RelayHistory};

#[path = "../../../protocol/relay/tests/relay/rig.rs"]
#[allow(dead_code)]
mod rig;

use rig::{Client, cell};

const DEADLINE_SECONDS: u64 = 380;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_is_reached_by_its_address_over_tor_and_survives_a_kill() {
    let began = Instant::now();
    let at = |what: &str| println!("{:5.1} s  {what}", began.elapsed().as_secs_f32());
    let deadline = Instant::now() + Duration::from_secs(DEADLINE_SECONDS);
    let net = tokio::task::spawn_blocking(TorNet::shared).await;
    let net = net.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
    at("network");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("relay");
    let toml = dir.path().join("tor.toml");
    std::fs::write(&toml, net.arti_toml()).expect("writable");
    let config = toml.display().to_string();
    let start = || {
        let relay = RelayProcess::start(&data, 1, &["--tor-config", &config]);
        let address: RelayAddress = relay.address().parse().expect("a relay address");
        (relay, address)
    };
    let (mut relay, address) = start();
    at("relay says its address");
    let away = Tor::start(net.tor_config(&dir.path().join("visitor"))).expect("starts");
    let connect = async || {
        let isolation = Isolation::new();
        let stream = until(deadline, || away.connect(address.onion(), 80, &isolation)).await.expect("connects");
        Client { stream, host: address.onion_host() }
    };
    let mut client = connect().await;
    at("connected");
    let mut history = RelayHistory::new(address.log_key());
    let receipt = client.post_cells(&[cell(1), cell(2)], &address).await;
    at("receipt");
    let mut stream = connect().await;
    stream.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(stream.head().await.as_deref(), Some("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
    at("stream head");
    let chunk = stream.chunk().await;
    assert!(chunk.len() > 100);
    at("stream frame");
    loop {
        let (checkpoint, span, _) = client.visit(&mut history, 0).await;
        if let ReceiptState::Kept(places) = receipt.judge(&checkpoint, &span) {
            assert_eq!(places, [0, 1]);
            break;
        }
    }
    at("visited");
    relay.kill();
    let (mut relay, again) = start();
    assert_eq!(again, address);
    at("restarted");
    let mut client = connect().await;
    at("connected again");
    client.post_cells(&[cell(3)], &address).await;
    let (checkpoint, _, _) = client.visit(&mut history, 0).await;
    assert!(checkpoint.size() >= 2);
    at("visited again");
    assert!(relay.stop());
    at("stopped in order");
}
