//! A relay as an operator runs it: the real program in a process of its own (docs/operator-guide.md).

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::window::program;

/// A running relay; it is killed when this is dropped.
pub struct RelayProcess {
    process: Child,
    address: String,
    listening: Option<String>,
}

impl RelayProcess {
    /// Starts `pursuance-relay serve` and waits until it has said its address, and where it listens if that is among the
    /// options.
    ///
    /// # Panics
    /// When it ends before, or says something else.
    #[must_use]
    pub fn start(data: &Path, slot_seconds: u32, options: &[&str]) -> Self {
        let process = Command::new(program("pursuance-relay"))
            .args(["serve", "--slot-seconds", &slot_seconds.to_string(), "--data"])
            .arg(data)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the relay starts");
        let mut relay = Self { process, address: String::new(), listening: None };
        let mut out = BufReader::new(relay.process.stdout.take().expect("it was piped"));
        let mut says = |what: &str| {
            let mut line = String::new();
            out.read_line(&mut line).expect("the relay says something");
            line.trim().strip_prefix(what).unwrap_or_else(|| panic!("not {what:?} but {line:?}")).to_owned()
        };
        relay.address = says("address ");
        relay.listening = options.contains(&"--listen").then(|| says("listening "));
        relay
    }

    /// The options by which a window reaches it without Tor.
    ///
    /// # Panics
    /// When it was not started with `--listen`.
    #[must_use]
    pub fn loopback(&self) -> [String; 3] {
        let at = self.listening.as_ref().expect("it was started with --listen");
        ["--no-tor".into(), "--loopback".into(), format!("{}={at}", self.address)]
    }

    /// Where it listens.
    ///
    /// # Panics
    /// When it was not started with `--listen`.
    #[must_use]
    pub fn listening(&self) -> SocketAddr {
        let at = self.listening.as_ref().expect("it was started with --listen");
        at.parse().expect("an address and a port")
    }

    /// Its address, as it said it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it has ended");
    }

    /// Asks it to end; whether it ended in order.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&mut self) -> bool {
        Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("there is a kill");
        self.process.wait().expect("it has ended").success()
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
