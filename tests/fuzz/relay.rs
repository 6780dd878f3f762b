//! What visitors send to a relay, byte for byte, through its own door (docs/protocol/06-relay.md).

use std::time::Duration;

use pursuance_relay::{Door, Relay, RelayConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::{Target, seeds};

/// Beyond this, posts are refused: mutations of a post are posts.
const MAX_DISK_BYTES: u64 = 64 << 20;

/// How long the relay waits for the rest of a head or a body.
const PATIENCE: Duration = Duration::from_millis(2);

/// Connections from within this program.
struct Hatch(mpsc::Receiver<DuplexStream>);

impl Door for Hatch {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> Option<DuplexStream> {
        self.0.recv().await
    }
}

/// A relay, and the way in.
struct Served {
    runtime: Runtime,
    visitors: mpsc::Sender<DuplexStream>,
    _relay: Relay,
    _folder: TempDir,
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = RelayConfig::new(folder.path());
        (config.slot_seconds, config.max_disk_bytes) = (Some(1), MAX_DISK_BYTES);
        // All that will come is there from the beginning.
        (config.patience.head, config.patience.body) = (PATIENCE, PATIENCE);
        let relay = Relay::open(&config).expect("a new relay");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (visitors, door) = mpsc::channel(1);
        runtime.spawn(relay.serve(Hatch(door)));
        let served = Self { runtime, visitors, _relay: relay, _folder: folder };
        served.publish();
        served
    }

    /// Posts a cell and waits until it can be read, so that there is something to be had.
    fn publish(&self) {
        let post = [b"POST /post HTTP/1.1\r\ncontent-length: 2048\r\n\r\n", &[7; 2_048][..]].concat();
        let blocks = b"GET /blocks/0/1 HTTP/1.1\r\n\r\n";
        let said = |bytes| self.runtime.block_on(said(&self.visitors, bytes));
        assert!(said(&post).starts_with(b"HTTP/1.1 200"));
        while !said(blocks).starts_with(b"HTTP/1.1 200") {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

thread_local! {
    static SERVED: Served = Served::new();
}

/// The beginning of what the relay says to these bytes; all of it is taken.
async fn said(visitors: &mpsc::Sender<DuplexStream>, bytes: &[u8]) -> Vec<u8> {
    let (mut ours, theirs) = tokio::io::duplex(64 << 10);
    ours.write_all(bytes).await.expect("the stream holds it");
    // Without an empty line there is no request, and nothing to be waited for.
    let is_whole = bytes.windows(4).any(|four| four == b"\r\n\r\n") || bytes.windows(2).any(|two| two == b"\n\n");
    if !is_whole {
        ours.shutdown().await.expect("it is open");
    }
    visitors.send(theirs).await.expect("the relay serves");
    let mut answer = Vec::with_capacity(4 << 10);
    let _ = ours.read_buf(&mut answer).await;
    // Who hangs up before there is an answer gets none; who has the beginning of one gets the rest.
    let _ = ours.shutdown().await;
    let mut rest = [0; 4 << 10];
    while ours.read(&mut rest).await.is_ok_and(|bytes| bytes > 0) {}
    answer
}

#[test]
fn http_request() {
    let read: fn(&[u8]) -> bool = |bytes| {
        let answer = SERVED.with(|served| served.runtime.block_on(said(&served.visitors, bytes)));
        let Some(rest) = answer.strip_prefix(b"HTTP/1.") else {
            assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
            return false;
        };
        let status = rest.get(2..5).map(String::from_utf8_lossy).unwrap_or_default();
        let known = ["100", "200", "400", "404", "405", "408", "410", "411", "413", "414", "429", "431", "503", "505"];
        assert!(known.contains(&&*status), "{}", String::from_utf8_lossy(&answer));
        status == "200"
    };
    let target = Target::new("http request", seeds::corpus("http-request"), read);
    Target { base_bytes: 1 << 20, copies: 16, micros: 10_000, ..target }.run();
}
