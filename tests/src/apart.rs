//! A test that runs itself once more in surroundings that the kernel makes for it alone.
//!
//! ```text
//! test --unshare, script--> the same test once more, in there
//! ```

use std::fs;
use std::process::{Command, Stdio};

/// How a test is run.
pub enum Run<Inside> {
    /// In surroundings of its own.
    Inside(Inside),
    /// Not here: the second run did it, and passed.
    Done,
    /// This user may make none here, and this is not a computer where that must be.
    Impossible(String),
}

/// What a second run finds around it.
pub(crate) struct Surroundings {
    /// Says in the second run that it is the second.
    pub variable: &'static str,
    /// What it shares with nobody, as `unshare` calls it.
    pub apart: &'static [&'static str],
    /// Makes them, in words for the shell; ends by starting `"$@"` in them.
    pub script: String,
}

impl Surroundings {
    /// Runs the test of this name (as `cargo test` lists it) a second time in these surroundings; in that second run,
    /// `arrive`s.
    ///
    /// # Panics
    /// When the second run fails, and where there can be no second run although there must: as root, and where `CI` is set.
    pub fn enter<Inside>(&self, test: &str, arrive: impl FnOnce() -> Inside) -> Run<Inside> {
        if std::env::var_os(self.variable).is_some() {
            return Run::Inside(arrive());
        }
        if let Err(reason) = self.possible() {
            assert!(!required(), "{test} cannot be run here: {reason}");
            return Run::Impossible(reason);
        }
        let program = std::env::current_exe().expect("a running program has a path");
        let output = self
            .start()
            .arg(program)
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(self.variable, "1")
            .stderr(Stdio::inherit())
            .output()
            .expect("unshare is there: it was tried a moment ago");
        let said = String::from_utf8_lossy(&output.stdout);
        // Its own closing line would be counted as one more test.
        let shown: Vec<&str> = said.lines().filter(|line| !line.starts_with("test result: ")).collect();
        println!("{}", shown.join("\n"));
        assert!(output.status.success() && said.contains("1 passed"), "{test} failed in surroundings of its own");
        Run::Done
    }

    /// A command that starts what is added to it in there; others than root become root inside, where the system lets them.
    fn start(&self) -> Command {
        let mut command = Command::new("unshare");
        command.args(self.apart);
        if !is_root() {
            command.arg("--map-root-user");
        }
        command.args(["--", "/bin/sh", "-c", &self.script, "sh"]);
        command
    }

    fn possible(&self) -> Result<(), String> {
        match self.start().arg("/bin/true").output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(format!("unshare: {error}")),
        }
    }
}

/// Where surroundings that cannot be made are a failure and not a fact about the computer.
fn required() -> bool {
    std::env::var_os("CI").is_some() || is_root()
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("proc(5) is there");
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")).expect("proc(5): every process has a Uid");
    uid.split_whitespace().nth(1) == Some("0")
}
