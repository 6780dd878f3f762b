//! No packet elsewhere: whatever people do, nothing leaves the computer but what Tor sends (docs/threat-model.md,
//! "Connections").

use std::path::Path;
use std::time::Duration;

use pursuance_core::crypto::SigningKey;
use pursuance_tests::apart::Run;
use pursuance_tests::own_network::{Counted, enter};
use pursuance_tests::people;
use pursuance_tests::relay::RelayProcess;
use pursuance_tests::window::{Launch, Window};
use pursuance_wire::RelayAddress;

const NOTHING: Counted = Counted { packets: 0, datagrams: 0 };
/// Three vaults, two people and Tor's first packets may take a while on a busy computer.
const PATIENCE_SECONDS: u64 = 120;
/// How long the question stands, and nothing may be sent.
const ASKED_SECONDS: u64 = 5;
/// By then Tor has ended.
const RESTING_SECONDS: u64 = 3;
/// How long nothing may be sent by somebody who stays offline; Tor tries several times in it.
const QUIET_SECONDS: u64 = 15;

fn nobodys_relay() -> String {
    let key = |byte: u8| SigningKey::from_seed(&[byte; 32].into()).author().0;
    RelayAddress::new(key(1), key(2)).expect("two keys").to_string()
}

async fn two_people(dir: &Path) {
    let relay = RelayProcess::start(&dir.join("relay"), 1, &["--listen", "127.0.0.1:0"]);
    let options = relay.loopback();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut maya = Window::open(Launch::pursuance("packets-maya", &dir.join("maya"), &options)).await;
    maya.wait_up_to(PATIENCE_SECONDS);
    people::begin_to_start(&maya).await;
    people::start_pursuance(&maya, "Harbour watch", "See https://example.org/plans", "Maya", relay.address()).await;
    let link = people::invite(&maya, 5).await;

    let mut ben = Window::open(Launch::pursuance("packets-ben", &dir.join("ben"), &options)).await;
    ben.wait_up_to(PATIENCE_SECONDS);
    people::begin_with_invite(&ben).await;
    people::open_invite(&ben, &link).await;
    people::join(&ben, "Ben").await;
    ben.find("quick-add").await;
    // Texts that a careless program would follow.
    for title in ["http://192.0.2.7/plans.png", "<img src=\"http://192.0.2.8/x\">", "//192.0.2.9/share"] {
        ben.fill("quick-add", title).await;
        ben.click("quick-add-submit").await;
    }
    maya.click("nav-tree").await;
    people::wait_rows(&maya, 3).await;
    people::open_task(&maya, "//192.0.2.9/share").await;
    // A link shows its address, and that is all it does.
    maya.fill("comment-input", "[see](http://192.0.2.10/) and ben@example.org").await;
    maya.click("comment-send").await;
    maya.wait_text("link-address", "http://192.0.2.10/").await;
    people::open_task(&ben, "//192.0.2.9/share").await;
    ben.wait_text("link-address", "http://192.0.2.10/").await;
    ben.click("link-copy").await;
    maya.click("lock").await;
    maya.find("unlock").await;
    people::unlock(&maya).await;
    maya.quit().await;
    ben.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_this_computer() {
    let counter = match enter("packets::nothing_leaves_this_computer") {
        Run::Inside(counter) => counter,
        Run::Done => return,
        Run::Impossible(reason) => {
            println!("skipped: this user may make no network here: {reason}");
            return;
        }
    };
    let dir = tempfile::tempdir().expect("a folder");
    two_people(dir.path()).await;
    assert_eq!(counter.counted(), NOTHING, "two people through a relay on this computer");

    // With Tor: nothing before a relay is named, and nothing before somebody says that Tor may be used; then Tor's packets, which
    // this network has no answer to. No question to a resolver.
    let mut window = Window::open(Launch::pursuance("packets-tor", &dir.path().join("tor"), &[])).await;
    window.wait_up_to(PATIENCE_SECONDS);
    people::begin_to_start(&window).await;
    people::start_pursuance(&window, "Harbour watch", "Know what is built", "Maya", "").await;
    window.fill("quick-add", "Before any relay").await;
    window.click("quick-add-submit").await;
    people::wait_rows(&window, 1).await;
    assert_eq!(counter.counted(), NOTHING, "nobody is to be reached");
    window.click("nav-relays").await;
    window.paste("relay-address", &nobodys_relay()).await;
    window.click("relay-add").await;
    window.find("relay").await;
    window.find("tor-connect").await;
    tokio::time::sleep(Duration::from_secs(ASKED_SECONDS)).await;
    assert_eq!(counter.counted(), NOTHING, "nobody said yet that Tor may be used");
    people::connect(&window, &dir.path().join("tor")).await;
    people::eventually(&window, "Tor sends nothing, so the counter may be blind", async || {
        (counter.counted().packets > 0).then_some(())
    })
    .await;
    // Offline, there is no trying again.
    window.click("nav-settings").await;
    window.click("offline").await;
    tokio::time::sleep(Duration::from_secs(RESTING_SECONDS)).await;
    let so_far = counter.counted().packets;
    tokio::time::sleep(Duration::from_secs(QUIET_SECONDS)).await;
    assert_eq!(counter.counted().packets, so_far, "Tor goes on while the person stays offline");
    window.quit().await;
    assert_eq!(counter.counted().datagrams, 0, "Tor needs no resolver");

    counter.control();
    println!("counted at the end, by the control: {:?}", counter.counted());
}
