//! The program itself: what it prints, how it ends, and what a kill leaves.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use pursuance_wire::log::{Receipt, ReceiptState, RelayHistory};
use pursuance_wire::{Cell, RelayAddress};
use tokio::net::TcpStream;

use crate::rig::{Client, cell};

const PATIENCE: Duration = Duration::from_secs(60);

struct Process {
    child: Child,
    address: RelayAddress,
    port: u16,
    stdout: BufReader<std::process::ChildStdout>,
    stderr: ChildStderr,
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pursuance-relay"));
    command.args(["serve", "--slot-seconds", "1", "--data"]).arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut child = command(data).args(["--listen", "127.0.0.1:0"]).spawn().expect("starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let stderr = child.stderr.take().expect("piped");
        let mut line = |what: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("readable");
            line.trim_end().strip_prefix(what).unwrap_or_else(|| panic!("{what}: {line:?}")).to_owned()
        };
        let address = line("address ").parse().expect("a relay address");
        let listening = line("listening 127.0.0.1:");
        Self { child, address, port: listening.parse().expect("a port"), stdout, stderr }
    }

    async fn connect(&self) -> Client<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("listens");
        Client { stream, host: self.address.onion_host() }
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill is there");
        assert!(done.success());
    }

    /// Waits for the end; returns whether it was a success, and all that was said.
    fn ended(mut self) -> (bool, String, String) {
        let until = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("ours") {
                break status;
            }
            assert!(Instant::now() < until, "does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let (mut out, mut err) = (String::new(), String::new());
        self.stdout.read_to_string(&mut out).expect("text");
        self.stderr.read_to_string(&mut err).expect("text");
        (status.success(), out, err)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An Err means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_relay_has_lost_nothing_it_gave_a_receipt_for() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut history = None;
    let mut receipts: Vec<(Receipt, u64)> = Vec::new();
    let mut next = 0;
    for round in 0..6u64 {
        let process = Process::start(dir.path());
        let history = history.get_or_insert_with(|| RelayHistory::new(process.address.log_key()));
        assert_eq!(history.key(), &process.address.log_key());
        let mut client = process.connect().await;
        let (_, _, bodies) = client.visit(history, 0).await;
        assert!(bodies.len() <= next as usize);
        // Posts of four cells from several visitors at once; the kill comes while they are under way.
        let posting: Vec<_> = (0..4u64)
            .map(|visitor| {
                let first = next + visitor * 10_000;
                let (port, address) = (process.port, process.address);
                tokio::spawn(async move {
                    let mut got = Vec::new();
                    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await else { return got };
                    let mut client = Client { stream, host: "x".to_owned() };
                    for n in 0..200u64 {
                        let cells = [0, 1, 2, 3].map(|one| cell(first + 4 * n + one));
                        let body: Vec<u8> = cells.iter().flat_map(|cell| *cell.as_bytes()).collect();
                        let head = format!("POST /post HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
                        use tokio::io::AsyncWriteExt;
                        if client.stream.write_all(&[head.as_bytes(), &body].concat()).await.is_err() {
                            break;
                        }
                        let Some(answer) = client.answer().await else { break };
                        if answer.status != 200 {
                            assert_eq!(answer.status, 503, "two rounds may fall into one slot and fill it");
                            break;
                        }
                        let receipt = Receipt::verify(&answer.body, &address.log_key()).expect("signed");
                        let leaves: Vec<_> = cells.iter().map(Cell::leaf_hash).collect();
                        receipt.check_leaves(&leaves).expect("for these cells");
                        got.push((receipt, first + 4 * n));
                    }
                    got
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(150 + 170 * round)).await;
        process.signal("-KILL");
        for posts in posting {
            receipts.extend(posts.await.expect("no panic"));
        }
        assert!(!process.ended().0);
        next += 100_000;
    }
    assert!(receipts.len() > 20, "only {} receipts: nothing was shown", receipts.len());

    let process = Process::start(dir.path());
    let mut history = history.expect("visited");
    let mut client = process.connect().await;
    // Repeating what was receipted adds nothing.
    let (receipt, first) = receipts.last().expect("many").clone();
    let again = client.post_cells(&[0, 1, 2, 3].map(|one| cell(first + one)), &process.address).await;
    assert_eq!(again.leaves(), receipt.leaves());
    let due = receipts.iter().map(|(receipt, _)| receipt.slot()).max().expect("many").max(again.slot());
    let until = Instant::now() + PATIENCE;
    loop {
        let (checkpoint, span, cells) = client.visit(&mut history, 0).await;
        if checkpoint.slot() < due {
            assert!(Instant::now() < until, "no checkpoint of slot {due}");
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        for (receipt, first) in &receipts {
            let ReceiptState::Kept(places) = receipt.judge(&checkpoint, &span) else { panic!("a receipt is broken") };
            let bodies: Vec<_> = places.iter().map(|place| cells[*place as usize].clone()).collect();
            assert_eq!(bodies, [0, 1, 2, 3].map(|one| cell(first + one)));
        }
        let mut unique: Vec<_> = cells.iter().map(Cell::leaf_hash).collect();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), cells.len(), "nothing is there twice");
        println!("{} receipts over 6 kills, {} cells", receipts.len(), cells.len());
        break;
    }
    process.signal("-TERM");
    assert!(process.ended().0);
}

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
