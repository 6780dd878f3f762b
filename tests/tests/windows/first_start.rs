//! The first start: a vault is made, locked, not opened by a wrong passphrase, opened again, and still there after the
//! program was killed; a second program in the same folder says so.

use std::process::{Command, Stdio};

use pursuance_tests::headless::Headless;
use pursuance_tests::people::{self, PASSPHRASE};
use pursuance_tests::window::{Launch, Window, hidden_screen, program};

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
    window.fill("passphrase", PASSPHRASE.trim_end_matches('r')).await;
    window.click("unlock-submit").await;
    window.wait_text("unlock", "This passphrase does not open it").await;
    window.fill("passphrase", PASSPHRASE).await;
    window.click("unlock-submit").await;
    window.wait_gone("unlock").await;

    // Killed without warning: the vault is there and closed.
    window.kill();
    let mut window = window.reopen().await;
    window.find("unlock").await;

    // A second start ends at once: the window that is there is the one. An invite given to it is shown there, also after
    // the vault was opened.
    let second = |invite: &[&str]| {
        let mut again = Command::new(program("pursuance"));
        again.arg("--data").arg(data.path()).arg("--no-tor").args(invite).env("DISPLAY", hidden_screen());
        assert!(again.status().unwrap().success());
    };
    second(&[]);
    second(&["pursuance:one"]);
    window.fill("passphrase", PASSPHRASE).await;
    window.click("unlock-submit").await;
    assert_eq!(window.value("join-link").await, "pursuance:one");
    second(&["pursuance:two"]);
    people::eventually(&window, "the second invite is not shown", async || {
        (window.value("join-link").await == "pursuance:two").then_some(())
    })
    .await;
    // A page that is made anew hears of none of them again.
    window.click("lock").await;
    people::unlock(&window).await;
    assert_eq!(window.count("join-link").await, 0);
    window.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_open_without_a_window_is_told() {
    let data = tempfile::tempdir().unwrap();
    let other = Headless::start(data.path(), PASSPHRASE, &[], ("warn", Stdio::inherit()));
    let window = Window::open(Launch::pursuance("second", data.path(), &["--no-tor"])).await;
    window.wait_text("start-trouble", "Another Pursuance has this folder open").await;
    drop((window, other));
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
