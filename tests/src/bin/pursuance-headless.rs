//! `pursuance-headless DIR`: a node without a window, driven line by line; for tests that kill it or look into it
//! (docs/protocol/08-node.md, "The door").
//!
//! ```text
//! stdin   passphrase                                  the first line: makes the vault of an empty folder, or opens it
//!         {"request": {"kind": "lock"}}               then one request or query a line, as in protocol/node/src/api/
//!         {"view": {"kind": "app"}}
//! stdout  {"ok": ...} or {"trouble": ...}             one line for each, also for the passphrase; nothing else
//! ```
//!
//! It ends in order at the end of its input. It has the pace of tests and no Tor, logs to stderr what `PURSUANCE_LOG`
//! says, and wipes what it reads as the program with the window does.

use std::alloc::System;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use pursuance_node::api::{AppView, Query, Reply, Request, Stage, Trouble, View};
use pursuance_node::{Clock, Node, NodeConfig, Pace, RelayAddress, TorChoice};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use zeroize::{Zeroize, Zeroizing};
use zeroizing_alloc::ZeroAlloc;

/// As in the program with the window.
#[global_allocator]
static HEAP: ZeroAlloc<System> = ZeroAlloc(System);

/// Longest line that is read.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;
/// What is read at once.
const READ_BYTES: usize = 64 * 1024;

const USAGE: &str = "usage: pursuance-headless DIR [--loopback RELAY=127.0.0.1:PORT]... [--clock-offset SECONDS]";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Request(Request),
    View(Query),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "one is made for an answer and written out at once")]
enum Answer {
    Ok(Done),
    Trouble(Trouble),
}

#[derive(Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one is made for an answer and written out at once")]
enum Done {
    Reply(Reply),
    View(View),
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("PURSUANCE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(io::stderr).init();
    let Some(config) = config() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match drive(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pursuance-headless: {error}");
            ExitCode::FAILURE
        }
    }
}

fn config() -> Option<NodeConfig> {
    let mut arguments = std::env::args().skip(1);
    let data_dir = PathBuf::from(arguments.next()?);
    let mut loopback: Vec<(RelayAddress, SocketAddr)> = Vec::new();
    let mut clock = Clock::System;
    while let Some(option) = arguments.next() {
        let value = arguments.next()?;
        match option.as_str() {
            "--loopback" => {
                let (relay, at) = value.split_once('=')?;
                loopback.push((relay.parse().ok()?, at.parse().ok()?));
            }
            // Time that a test does not have. The program with the window has no such option.
            "--clock-offset" => clock = Clock::Offset { seconds: value.parse().ok()? },
            _ => return None,
        }
    }
    Some(NodeConfig { data_dir, loopback, tor: TorChoice::Off, clock })
}

async fn drive(config: NodeConfig) -> io::Result<()> {
    let mut lines = Lines::of_stdin()?;
    let Some(passphrase) = lines.next()? else { return Ok(()) };
    let node = match Node::start_with(config, Pace::hurried()) {
        Ok(node) => node,
        Err(trouble) => return say(&Answer::Trouble(trouble)),
    };
    let opened = open(&node, &passphrase).await.map(Done::Reply);
    // Before the answer: who hears it looks for what is left.
    drop(passphrase);
    say(&answered(opened))?;
    while let Some(line) = lines.next()? {
        let answer = match serde_json::from_slice(&line) {
            Ok(Line::Request(request)) => node.request(request).await.map(Done::Reply),
            Ok(Line::View(query)) => node.view(query).await.map(Done::View),
            Err(_) => Err(Trouble::Malformed),
        };
        drop(line);
        say(&answered(answer))?;
    }
    node.stop().await;
    Ok(())
}

async fn open(node: &Node, passphrase: &[u8]) -> Result<Reply, Trouble> {
    let passphrase = std::str::from_utf8(passphrase).map_err(|_| Trouble::Malformed)?.to_owned();
    match node.view(Query::App).await? {
        View::App(AppView { stage: Stage::Fresh, .. }) => node.request(Request::CreateVault { passphrase }).await,
        _ => node.request(Request::Unlock { passphrase }).await,
    }
}

fn answered(outcome: Result<Done, Trouble>) -> Answer {
    outcome.map_or_else(Answer::Trouble, Answer::Ok)
}

fn say(answer: &Answer) -> io::Result<()> {
    let mut line = Zeroizing::new(serde_json::to_vec(answer)?);
    line.push(b'\n');
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    out.write_all(&line)
}

/// The lines of the standard input, of which nothing stays behind: the library's own buffer would keep a copy.
struct Lines {
    input: File,
    /// As large as it ever gets from the start, so that it is never moved.
    kept: Zeroizing<Vec<u8>>,
}

impl Lines {
    fn of_stdin() -> io::Result<Self> {
        let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self { input, kept: Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES + READ_BYTES)) })
    }

    /// The next line without its end; `None` at the end of the input.
    fn next(&mut self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let mut chunk = Zeroizing::new([0; READ_BYTES]);
        loop {
            if let Some(end) = self.kept.iter().position(|&byte| byte == b'\n') {
                let line = Zeroizing::new(self.kept[..end].to_vec());
                let rest = self.kept.len() - end - 1;
                self.kept.copy_within(end + 1.., 0);
                self.kept[rest..].zeroize();
                self.kept.truncate(rest);
                return Ok(Some(line));
            }
            if self.kept.len() > MAX_LINE_BYTES {
                return Err(io::Error::other("a line is too long"));
            }
            match self.input.read(&mut *chunk)? {
                0 => return Ok(None),
                read => self.kept.extend_from_slice(&chunk[..read]),
            }
        }
    }
}
