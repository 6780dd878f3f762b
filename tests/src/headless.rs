//! A node in a process of its own, driven line by line (`pursuance-headless`), for tests that kill it or look into it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::window::program;

/// A running node; it is killed when this is dropped.
pub struct Headless {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Headless {
    /// Starts it on a folder and opens the vault there, or makes one. `options` as on its command line, `log` as in
    /// `PURSUANCE_LOG`; what it logs goes to `log_to`.
    ///
    /// # Panics
    /// When it does not start, or the vault does not open.
    #[must_use]
    pub fn start(data: &Path, passphrase: &str, options: &[&str], log: (&str, Stdio)) -> Self {
        let (says, to) = log;
        let mut process = Command::new(program("pursuance-headless"))
            .arg(data)
            .args(options)
            .env("PURSUANCE_LOG", says)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(to)
            .spawn()
            .expect("it starts");
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("it was piped"));
        let mut node = Self { process, input, output };
        let opened = node.line(passphrase);
        assert_eq!(opened, json!({ "ok": { "kind": "done" } }));
        node
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Has something done; gives the reply.
    ///
    /// # Panics
    /// When it is refused.
    pub fn request(&mut self, request: Value) -> Value {
        let answer = self.line(&json!({ "request": request }).to_string());
        answer.get("ok").unwrap_or_else(|| panic!("{request}: {answer}")).clone()
    }

    /// Asks for something that may be refused; why it was.
    ///
    /// # Panics
    /// When the program ended.
    pub fn refusal(&mut self, request: Value) -> Option<Value> {
        let answer = self.line(&json!({ "request": request }).to_string());
        answer.get("ok").is_none().then_some(answer)
    }

    /// Looks at something.
    ///
    /// # Panics
    /// When it is refused.
    pub fn view(&mut self, query: Value) -> Value {
        let answer = self.line(&json!({ "view": query }).to_string());
        answer.get("ok").and_then(|ok| ok.get("view")).unwrap_or_else(|| panic!("{query}: {answer}")).clone()
    }

    /// Says a line and gives the answer, whatever it is.
    ///
    /// # Panics
    /// When there is none.
    pub fn line(&mut self, line: &str) -> Value {
        let input = self.input.as_mut().expect("it was not closed");
        writeln!(input, "{line}").expect("it reads");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("it answers");
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("an answer and not {answer:?}"))
    }

    /// Ends it in order.
    ///
    /// # Panics
    /// When it ends otherwise.
    pub fn stop(mut self) {
        self.input = None;
        assert!(self.process.wait().expect("it has ended").success());
    }
}

impl Drop for Headless {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
