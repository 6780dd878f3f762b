//! The demo is what it says: two people in one pursuance, who see what the other does.

use pursuance_tests::demo::{Demo, PASSPHRASE};
use pursuance_tests::window::{Launch, Window};

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_one_pursuance() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::prepare(dir.path()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut windows = Vec::new();
    for (person, name) in ["demo-ada", "demo-ben"].into_iter().enumerate() {
        let options = demo.options(person);
        let more: Vec<&str> = options[2..].iter().map(String::as_str).collect();
        let window = Window::open(Launch::pursuance(name, &demo.folders()[person], &more)).await;
        window.fill("passphrase", PASSPHRASE).await;
        window.click("unlock-submit").await;
        window.find("quick-add").await;
        window.wait_count("tree-row", 12).await;
        windows.push(window);
    }
    windows[1].fill("quick-add", "Thank the library").await;
    windows[1].click("quick-add-submit").await;
    windows[0].wait_count("tree-row", 13).await;
    windows[0].wait_text("tree-row", "Thank the library").await;
    windows[0].screenshot("demo-ada").await;
    windows[1].screenshot("demo-ben").await;
    for mut window in windows {
        window.quit().await;
    }
    demo.close();
}
