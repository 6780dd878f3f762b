//! The first start: a vault is made, locked, not opened by a wrong passphrase, opened again, and still there after the
//! program was killed; a second program in the same folder says so.

use pursuance_tests::window::{Launch, Window};

const PASSPHRASE: &str = "seven rusty bicycle bells";

#[tokio::test(flavor = "multi_thread")]
async fn create_lock_unlock() {
    let data = tempfile::tempdir().unwrap();
    let launch = Launch::pursuance("first-start", data.path(), &["--no-tor"]);
    let mut window = Window::open(launch).await;

    // Nothing is there yet, and the window says where it will be.
    window.find("welcome").await;
    window.click("welcome-start").await;
    window.fill("passphrase", PASSPHRASE).await;
    window.fill("passphrase-again", PASSPHRASE).await;
    window.screenshot("first-start").await;
    window.click("vault-create").await;
    window.find("start").await;
    let before = window.seq().await;
    assert!(before > 0, "the page says which state it shows");

    // Locked: everything is gone from the screen, and another passphrase does not bring it back.
    window.click("lock").await;
    window.find("unlock").await;
    window.wait_gone("start").await;
    assert!(window.seq().await > before);
    window.fill("passphrase", "seven rusty bicycle bell").await;
    window.click("unlock-submit").await;
    window.wait_text("unlock", "This passphrase does not open it").await;
    window.fill("passphrase", PASSPHRASE).await;
    window.click("unlock-submit").await;
    window.wait_gone("unlock").await;

    // Killed without warning: the vault is there and closed.
    window.kill();
    let mut window = window.reopen().await;
    window.find("unlock").await;
    window.fill("passphrase", PASSPHRASE).await;
    window.click("unlock-submit").await;
    window.wait_gone("unlock").await;

    // A second program in the same folder opens nothing, and its window says why.
    let second = Window::open(Launch::pursuance("second", data.path(), &["--no-tor"])).await;
    second.wait_text("start-trouble", "Another Pursuance has this folder open").await;
    drop(second);
    window.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_given_at_the_start_is_offered() {
    let data = tempfile::tempdir().unwrap();
    let link = "pursuance:invite/not-a-real-one'\"</script>";
    let mut window = Window::open(Launch::pursuance("start-invite", data.path(), &["--no-tor", link])).await;
    window.click("welcome-start").await;
    window.fill("passphrase", PASSPHRASE).await;
    window.fill("passphrase-again", PASSPHRASE).await;
    window.click("vault-create").await;
    assert_eq!(window.value("join-link").await, link);
    // It is not opened before the person says so, and what is wrong with it is said then.
    window.click("join-open").await;
    window.wait_text("join", "link").await;
    window.find("join-link-fault").await;
    window.quit().await;
}
