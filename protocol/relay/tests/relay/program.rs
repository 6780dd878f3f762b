//! The program as a process, on loopback.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use pursuance_wire::RelayAddress;
use tokio::net::TcpStream;

use crate::rig::Client;

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Process {
    pub child: Child,
    pub address: RelayAddress,
    pub port: u16,
    stdout: BufReader<std::process::ChildStdout>,
    stderr: ChildStderr,
}

/// The relay on this directory, with slots of a second; where it listens is still to be said.
pub fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pursuance-relay"));
    command.args(["serve", "--slot-seconds", "1", "--data"]).arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Process {
    pub fn start(data: &Path) -> Self {
        Self::of(command(data).args(["--listen", "127.0.0.1:0"]))
    }

    /// Starts a command that is the relay, and waits until it listens.
    pub fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("starts");
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

    pub async fn connect(&self) -> Client<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("listens");
        Client { stream, host: self.address.onion_host() }
    }

    pub fn signal(&self, name: &str) {
        let done = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill is there");
        assert!(done.success());
    }

    /// Waits for the end; returns whether it was a success, and all that was said.
    pub fn ended(mut self) -> (bool, String, String) {
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

/// Runs another verb of the program to its end.
pub fn run<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pursuance-relay")).args(arguments).stdin(Stdio::null()).output().expect("runs")
}

/// What a program said on standard error; it has failed, and with an exit code of its own.
pub fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).expect("text")
}
