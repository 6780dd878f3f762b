//! The program as people have it: on a hidden screen, with a home of its own, driven by real keys and by nothing else.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::window::{QUIT_SECONDS, START_SECONDS, hidden_screen, out_dir, program, signal, with_descendants};

/// How long a look may be repeated before what is looked for counts as missing.
const WAIT_SECONDS: u64 = 60;
const POLL_MILLIS: u64 = 200;
/// Between two keys, so that the page keeps up.
const KEY_MILLIS: &str = "8";
/// Where in the window there is nothing to click on.
const NOWHERE: [&str; 2] = ["700", "780"];

/// A running program; it ends with everything it started when this is dropped.
pub struct Desktop {
    process: Child,
    home: PathBuf,
    log: PathBuf,
    screen: String,
}

impl Desktop {
    /// What the program is started through, and what looks into it must be: without root's right to look into everything,
    /// where root runs the tests.
    pub const SAME_RIGHTS: [&str; 4] = ["setpriv", "--bounding-set", "-sys_ptrace", "--"];

    /// Starts the program below the folder `dir`, where it finds its `home`, its folder for temporary files and its data,
    /// all empty unless they were filled before. The log is `tests/out/<name>.log`, and holds everything there is to log.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(name: &str, dir: &Path, passphrase: Option<&str>, options: &[&str]) -> Self {
        let home = dir.join("home");
        let temporary = dir.join("tmp");
        for dir in [&home, &temporary] {
            fs::create_dir_all(dir).expect("a folder of the test's own");
        }
        let log = out_dir().join(format!("{name}.log"));
        let writer = File::create(&log).expect("the log can be written");
        let screen = hidden_screen();
        let mut command = Command::new(Self::SAME_RIGHTS[0]);
        command
            .args(&Self::SAME_RIGHTS[1..])
            .arg(program("pursuance"))
            .arg("--data")
            .arg(dir.join("data"))
            .args(options)
            .env("HOME", &home)
            .env("TMPDIR", &temporary)
            .env("DISPLAY", &screen)
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("PURSUANCE_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .stdin(Stdio::piped())
            .stdout(writer.try_clone().expect("a file can be written to twice"))
            .stderr(writer);
        for variable in ["WAYLAND_DISPLAY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        if passphrase.is_some() {
            command.arg("--passphrase-stdin");
        }
        let mut process = command.spawn().expect("the program starts");
        let mut input = process.stdin.take().expect("it was piped");
        if let Some(passphrase) = passphrase {
            writeln!(input, "{passphrase}").expect("it reads its passphrase");
        }
        let desktop = Self { process, home, log, screen };
        desktop.until(START_SECONDS, "no window appears", || desktop.window().map(drop));
        desktop
    }

    /// The program's own process.
    #[must_use]
    pub fn app(&self) -> u32 {
        self.process.id()
    }

    /// The program and every process it started, WebKit's among them.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        with_descendants(self.process.id())
    }

    /// The home it was given.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Everything it wrote to the terminal so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Everything that the screen's other clients can know of its windows: names, classes, icon names and whatever else is
    /// set on them.
    #[must_use]
    pub fn properties(&self) -> String {
        let Some(window) = self.window() else { return String::new() };
        let output = self.on_screen("xprop", &["-id", &window]);
        String::from_utf8_lossy(&output).into_owned()
    }

    /// Presses keys together, such as `ctrl+l`, as xdotool calls them.
    pub fn press(&self, keys: &str) {
        self.on_screen("xdotool", &["key", "--clearmodifiers", keys]);
    }

    /// Types a text into whatever has the focus.
    pub fn type_text(&self, text: &str) {
        self.on_screen("xdotool", &["type", "--delay", KEY_MILLIS, text]);
    }

    /// Gives the window the keyboard: there is nobody on this screen who does.
    pub fn focus(&self) {
        let window = self.window().expect("it has a window");
        self.on_screen("xdotool", &["windowfocus", "--sync", &window]);
        self.on_screen("xdotool", &["mousemove", NOWHERE[0], NOWHERE[1], "click", "1"]);
    }

    /// Looks again and again for a while; `None` when nothing was there.
    pub fn look_for<T>(&self, seconds: u64, look: impl Fn() -> Option<T>) -> Option<T> {
        let limit = Instant::now() + Duration::from_secs(seconds);
        loop {
            let found = look();
            if found.is_some() || Instant::now() >= limit {
                return found;
            }
            std::thread::sleep(Duration::from_millis(POLL_MILLIS));
        }
    }

    /// Looks again and again until something is there.
    ///
    /// # Panics
    /// With the reason and the log's place when it is not there in time.
    pub fn until<T>(&self, seconds: u64, otherwise: &str, look: impl Fn() -> Option<T>) -> T {
        self.look_for(seconds, look)
            .unwrap_or_else(|| panic!("{otherwise} after {seconds} s; what it said is in {}", self.log.display()))
    }

    /// As [`Desktop::until`], with the patience that most things need.
    pub fn wait<T>(&self, otherwise: &str, look: impl Fn() -> Option<T>) -> T {
        self.until(WAIT_SECONDS, otherwise, look)
    }

    /// Sends a signal and waits until the program has ended; whether it ended in order.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn end_with(&mut self, name: &str) -> bool {
        signal(name, &self.process.id().to_string());
        let limit = Instant::now() + Duration::from_secs(QUIT_SECONDS);
        loop {
            if let Some(status) = self.process.try_wait().expect("a child can be waited for") {
                return status.success();
            }
            assert!(Instant::now() < limit, "SIG{name} did not end it; what it said is in {}", self.log.display());
            std::thread::sleep(Duration::from_millis(POLL_MILLIS));
        }
    }

    /// The window's number, by the process that owns it.
    fn window(&self) -> Option<String> {
        let pid = self.process.id().to_string();
        let found = self.on_screen("xdotool", &["search", "--onlyvisible", "--pid", &pid, "--class", "pursuance"]);
        String::from_utf8_lossy(&found).lines().next().map(str::to_owned)
    }

    fn on_screen(&self, program: &str, args: &[&str]) -> Vec<u8> {
        let output = Command::new(program).args(args).env("DISPLAY", &self.screen).stdin(Stdio::null()).output();
        output.unwrap_or_else(|_| panic!("{program} is installed (./x setup)")).stdout
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for pid in self.processes() {
            signal("KILL", &pid.to_string());
        }
        self.process.wait().ok();
    }
}
