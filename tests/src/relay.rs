//! A relay as an operator runs it: the real program in a process of its own (docs/operator-guide.md).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::window::program;

/// A running relay; it is killed when this is dropped.
pub struct RelayProcess {
    process: Child,
    address: String,
}

impl RelayProcess {
    /// Starts `pursuance-relay serve` and waits until it has said its address.
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
        let mut relay = Self { process, address: String::new() };
        let mut line = String::new();
        let out = relay.process.stdout.take().expect("it was piped");
        BufReader::new(out).read_line(&mut line).expect("the relay says something");
        line.trim().strip_prefix("address ").expect("the relay says its address first").clone_into(&mut relay.address);
        relay
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
