//! The program itself: what it prints, and how it ends.

use std::process::Command;

use crate::program::{Process, command};
use crate::rig::cell;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_ends_in_order_and_has_said_nothing_about_anybody() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let process = Process::start(dir.path());
        let (address, port) = (process.address, process.port);
        let mut client = process.connect().await;
        client.post_cells(&[cell(1)], &address).await;
        client.get("/blocks/0/1").await;
        client.send(b"GET /etc/passwd?secret HTTP/1.1\r\nhost: visitor\r\n\r\n").await;
        client.answer().await.expect("404");
        let mut streaming = process.connect().await;
        streaming.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
        streaming.head().await.expect("answered");
        process.signal(signal);
        let (success, out, err) = process.ended();
        assert!(success, "{err}");
        assert_eq!(out, "", "two lines and no more");
        let leaf = data_encoding::HEXLOWER.encode(&cell(1).leaf_hash().as_bytes()[..6]);
        for word in ["passwd", "secret", "visitor", "blocks", "127.0.0.1", &leaf, &address.onion_host()[..20]] {
            assert!(!err.contains(word), "{word} in {err}"); // L15
        }
        assert!(!dir.path().join("relay.sqlite-wal").exists());
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        let printed = Command::new(env!("CARGO_BIN_EXE_pursuance-relay"))
            .args(["address", "--data"])
            .arg(dir.path())
            .output()
            .expect("runs");
        assert_eq!(String::from_utf8_lossy(&printed.stdout), format!("address {address}\n"));
    }
}

#[test]
fn every_way_not_to_start_has_its_sentence() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let said = |command: &mut Command| {
        let output = command.output().expect("runs");
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).expect("text")
    };
    let process = Process::start(dir.path());
    let second = said(command(dir.path()).args(["--listen", "127.0.0.1:0"]));
    assert!(second.contains("another pursuance-relay is already running"), "{second}");
    process.signal("-TERM");
    assert!(process.ended().0);
    for (address, sentence) in
        [("0.0.0.0:80", "others reach a relay over Tor alone"), ("localhost", "write an address and a port")]
    {
        let refused = said(command(dir.path()).args(["--listen", address]));
        assert!(refused.contains(sentence), "{refused}");
    }
    let missing = said(command(dir.path()).args(["--tor-config", "/nonexistent"]));
    assert!(missing.contains("the Tor settings in /nonexistent cannot be read"), "{missing}");
    let both = said(command(dir.path()).args(["--tor-config", "x", "--listen", "127.0.0.1:0"]));
    assert!(both.contains("cannot be used with"), "{both}");
    let size = said(command(dir.path()).args(["--listen", "127.0.0.1:0", "--max-disk", "many"]));
    assert!(size.contains("write a number with K, M, G or T"), "{size}");
    let empty = tempfile::tempdir().expect("a temporary directory");
    let none = said(Command::new(env!("CARGO_BIN_EXE_pursuance-relay")).args(["address", "--data"]).arg(empty.path()));
    assert!(none.contains("there is no relay in"), "{none}");
}
