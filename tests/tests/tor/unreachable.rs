//! Tor cannot be reached at all: the window says so, everything stays possible, and nothing is lost.

use data_encoding::{BASE64_NOPAD, HEXUPPER};
use pursuance_core::crypto::SigningKey;
use pursuance_tests::people;
use pursuance_tests::window::{Launch, Window};
use pursuance_wire::RelayAddress;

/// arti takes some minutes of failures before it calls a network unreachable.
const SAYING_SO_SECONDS: u64 = 300;

/// Ways in; arti must have tried several before it judges.
const FALLBACKS: u8 = 12;

/// arti's settings for a network all of whose ways in are ports that nothing answers at.
fn dead_network() -> String {
    let mut settings =
        String::from("tor_network.authorities.v3idents = [\"0123456789ABCDEF0123456789ABCDEF01234567\"]\n");
    for number in 1..=FALLBACKS {
        let rsa = HEXUPPER.encode(&[number; 20]);
        let ed = BASE64_NOPAD.encode(&key(number));
        settings.push_str(&format!(
            "[[tor_network.fallback_caches]]\nrsa_identity = \"{rsa}\"\ned_identity = \"{ed}\"\norports = [\"127.0.0.1:{number}\"]\n"
        ));
    }
    settings
}

fn key(byte: u8) -> [u8; 32] {
    SigningKey::from_seed(&[byte; 32].into()).author().0
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tor_the_window_says_so_and_keeps_what_is_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("tor.toml");
    std::fs::write(&config, dead_network()).expect("a file");
    let relay = RelayAddress::new(key(1), key(2)).expect("two keys").to_string();
    let launch =
        Launch::pursuance("no-tor", &dir.path().join("data"), &["--tor-config", &config.display().to_string()]);
    let mut window = Window::open(launch).await;
    window.wait_up_to(SAYING_SO_SECONDS);
    people::begin_to_start(&window).await;
    people::start_pursuance(&window, "Harbour watch", "Know what is built", "Maya", &relay).await;
    people::connect(&window, &dir.path().join("data")).await;
    window.fill("quick-add", "Written without Tor").await;
    window.click("quick-add-submit").await;
    people::wait_rows(&window, 1).await;
    people::eventually(&window, "the window does not say that Tor is out of reach", async || {
        let code = window.run("return document.querySelector('[data-testid=status-line]').dataset.code", vec![]).await;
        (code == "torUnreachable").then_some(())
    })
    .await;
    window.screenshot("no-tor").await;
    window.kill();
    let window = window.reopen().await;
    people::unlock(&window).await;
    people::wait_rows(&window, 1).await;
    assert_eq!(people::everything(&window).await["rows"][0]["title"], "Written without Tor");
}
