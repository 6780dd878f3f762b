//! Real windows for tests: each person has the real program, a data folder and a WebDriver of their own
//! (docs/user-guide.md describes what they do in them).
//!
//! ```text
//! test -- fantoccini --> WebKitWebDriver (own port, own process group) --> pursuance --data DIR ... on a hidden screen
//! ```
//!
//! Nothing here waits a fixed time: elements are looked for until a limit, and the page says in `data-view-seq` which
//! state it shows. Every call to a driver has a limit. When a test fails, the window's screenshot and log stay in
//! `tests/out/`. However the test program ends, the hidden screen goes with it, and the windows with the screen.

use std::fs::{self, File};
use std::future::Future;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::spoken::Desk;

/// How long a driver may take for one call.
pub const CALL_SECONDS: u64 = 30;
/// How long a program may take to show its window, on a computer that compiles something beside.
pub const START_SECONDS: u64 = 90;
/// How long something may take to appear, unless a test says otherwise.
pub const WAIT_SECONDS: u64 = 30;
/// What the driver says when the result of a script got lost, and how often that is borne.
const LOST_RESULT: &str = "Could not parse script result";
const LOST_RESULTS: usize = 3;
/// How long a program may take to end when it is asked to.
pub const QUIT_SECONDS: u64 = 20;

const POLL_MILLIS: u64 = 40;
/// How often one looks whether something stands still before it is clicked, how long apart, in milliseconds.
const STILL_LOOKS: u32 = 20;
const STILL_MILLIS: u32 = 25;
const LOG_TAIL_LINES: usize = 25;
const SCREEN: &str = "1280x900x24";
/// Set to anything, windows appear on the screen one sits at.
const SHOW_VARIABLE: &str = "PURSUANCE_SHOW";
/// WebKit's own small browser, which protects its pages from nothing.
const PLAIN_BROWSER: &str = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

/// Which program a window is of, and how it is started.
#[derive(Clone, Debug)]
pub struct Launch {
    name: String,
    program: PathBuf,
    args: Vec<String>,
    sandboxed: bool,
    /// The bus on which screen readers hear it, if they do.
    heard_on: Option<String>,
}

impl Launch {
    /// Pursuance for one person, with everything it keeps in `data`. `args` are further options, `--no-tor` among them
    /// if it is wanted. `name` is what the person's log and screenshots are called.
    #[must_use]
    pub fn pursuance(name: &str, data: &Path, args: &[&str]) -> Self {
        let mut all = vec!["--data".to_owned(), data.display().to_string()];
        all.extend(args.iter().map(|&arg| arg.to_owned()));
        fs::remove_file(log_path(name)).ok();
        Self { name: name.into(), program: program("pursuance"), args: all, sandboxed: true, heard_on: None }
    }

    /// The same on a desktop with a screen reader.
    #[must_use]
    pub fn heard_on(mut self, desk: &Desk) -> Self {
        self.heard_on = Some(desk.address().to_owned());
        self
    }

    /// The same with another build of the program.
    #[must_use]
    pub fn of(mut self, program: &Path) -> Self {
        self.program = program.into();
        self
    }

    /// The same with other options, for the next start.
    #[must_use]
    pub fn with(mut self, args: &[&str]) -> Self {
        self.args.truncate(2);
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// A browser that protects its page from nothing: the control of what a protected one is said to keep in.
    /// `None` where it is not installed.
    #[must_use]
    pub fn plain_browser(name: &str) -> Option<Self> {
        let program = PathBuf::from(PLAIN_BROWSER);
        program.exists().then(|| Self {
            name: name.into(),
            program,
            args: vec!["--automation".into()],
            sandboxed: false,
            heard_on: None,
        })
    }
}

/// A program of this workspace, where cargo put it.
///
/// # Panics
/// When it was not built: `cargo test` alone builds no programs.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let profile = test.ancestors().find(|dir| dir.ends_with("debug") || dir.ends_with("release"));
    let program = profile.expect("cargo keeps tests below the profile's folder").join(name);
    assert!(
        program.is_file(),
        "{} is missing: run `cargo build --workspace --bins --tests` first, as `./x test` does",
        program.display()
    );
    program
}

/// Where screenshots and logs go.
#[must_use]
pub fn out_dir() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("out");
    fs::create_dir_all(&dir).expect("the folder for screenshots can be made");
    dir
}

fn log_path(name: &str) -> PathBuf {
    out_dir().join(format!("{name}.log"))
}

/// A person's window.
pub struct Window {
    launch: Launch,
    driver: Driver,
    client: Client,
    wait: Duration,
}

/// The driver's process, with everything it started.
struct Driver {
    process: Child,
    port: u16,
    session: Option<String>,
    log: PathBuf,
    name: String,
}

impl Window {
    /// Starts the program and waits until its window takes orders.
    ///
    /// # Panics
    /// With the end of its log when it does not within [`START_SECONDS`].
    pub async fn open(launch: Launch) -> Self {
        let mut driver = Driver::start(&launch);
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut builder = ClientBuilder::new(connector);
        let browser = json!({ "binary": launch.program, "args": launch.args });
        builder.capabilities([("webkitgtk:browserOptions".to_owned(), browser)].into_iter().collect());
        let url = format!("http://127.0.0.1:{}", driver.port);
        let client = match tokio::time::timeout(Duration::from_secs(START_SECONDS), builder.connect(&url)).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => panic!("{} did not start: {error}\n{}", launch.name, driver.log_tail()),
            Err(_) => panic!("{} did not start within {START_SECONDS} s\n{}", launch.name, driver.log_tail()),
        };
        driver.session = client.session_id().await.ok().flatten();
        Self { launch, driver, client, wait: Duration::from_secs(WAIT_SECONDS) }
    }

    /// From now on, looks for things this long before giving up.
    pub fn wait_up_to(&mut self, seconds: u64) {
        self.wait = Duration::from_secs(seconds);
    }

    /// How long things are looked for.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.wait
    }

    /// What the person is called in logs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.launch.name
    }

    // --- Looking ---

    /// The first visible element with this test id.
    ///
    /// # Panics
    /// With the end of the log when there is none in time. So do all below.
    pub async fn find(&self, testid: &str) -> Element {
        self.until(&format!("nothing visible is called {testid}"), async || {
            let found = self.client.find(Locator::Css(&css(testid))).await?;
            Ok(found.is_displayed().await?.then_some(found))
        })
        .await
    }

    /// The first element with this test id that has `text` in it, such as one row of many.
    pub async fn find_with(&self, testid: &str, text: &str) -> Element {
        self.until(&format!("no {testid} says {text:?}"), async || self.one_with(testid, text).await).await
    }

    /// The text of the first visible element with this test id.
    pub async fn text(&self, testid: &str) -> String {
        let element = self.find(testid).await;
        self.call("reading a text", element.prop("innerText")).await.unwrap_or_default()
    }

    /// The texts of all elements with this test id, in the page's order, as they are now.
    pub async fn texts(&self, testid: &str) -> Vec<String> {
        let script = "return Array.from(document.querySelectorAll(arguments[0]), e => e.innerText)";
        let texts = self.run(script, vec![json!(css(testid))]).await;
        serde_json::from_value(texts).expect("the script returns a list of texts")
    }

    /// What stands in an input field.
    pub async fn value(&self, testid: &str) -> String {
        let element = self.find(testid).await;
        self.call("reading a field", element.prop("value")).await.unwrap_or_default()
    }

    /// How many elements have this test id now.
    pub async fn count(&self, testid: &str) -> usize {
        self.call("counting", self.client.find_all(Locator::Css(&css(testid)))).await.len()
    }

    /// Waits until an element with this test id has `text` in it.
    pub async fn wait_text(&self, testid: &str, text: &str) {
        self.find_with(testid, text).await;
    }

    /// Waits until so many elements have this test id.
    pub async fn wait_count(&self, testid: &str, count: usize) {
        self.until(&format!("there are not {count} of {testid}"), async || {
            Ok((self.client.find_all(Locator::Css(&css(testid))).await?.len() == count).then_some(()))
        })
        .await;
    }

    /// Waits until nothing visible has this test id.
    pub async fn wait_gone(&self, testid: &str) {
        self.until(&format!("{testid} is still there"), async || {
            for element in self.client.find_all(Locator::Css(&css(testid))).await? {
                if element.is_displayed().await.unwrap_or(false) {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await;
    }

    /// The state that the page shows, as it says itself; 0 before it shows any.
    pub async fn seq(&self) -> u64 {
        let seq = self.run("return Number(document.documentElement.dataset.viewSeq || 0)", vec![]).await;
        seq.as_u64().unwrap_or(0)
    }

    /// Waits until the page shows a later state than `seq`.
    pub async fn wait_seq_after(&self, seq: u64) -> u64 {
        self.until(&format!("the page still shows state {seq}"), async || {
            let now = self.seq().await;
            Ok((now > seq).then_some(now))
        })
        .await
    }

    // --- Doing ---

    /// Clicks the first visible element with this test id.
    pub async fn click(&self, testid: &str) {
        self.until(&format!("{testid} cannot be clicked"), async || {
            let found = self.client.find(Locator::Css(&css(testid))).await?;
            if !found.is_displayed().await? || !found.is_enabled().await? {
                return Ok(None);
            }
            self.bring_into_sight(testid).await;
            found.click().await.map(Some)
        })
        .await;
    }

    /// Clicks the element with this test id that has `text` in it; one that was drawn anew or covered in between is tried again.
    pub async fn click_with(&self, testid: &str, text: &str) {
        self.until(&format!("no {testid} that says {text:?} can be clicked"), async || {
            match self.one_with(testid, text).await? {
                Some(element) => element.click().await.map(Some),
                None => Ok(None),
            }
        })
        .await;
    }

    /// Scrolls there, the driver alone does not scroll a box within the page far enough, and waits until it stands still: a
    /// click goes where the element was a moment ago.
    pub async fn bring_into_sight(&self, testid: &str) {
        let script = r"
            const [query, looks, every, done] = arguments;
            document.querySelector(query)?.scrollIntoView({ block: 'center' });
            const place = () => JSON.stringify(document.querySelector(query)?.getBoundingClientRect() ?? null);
            let [last, left] = [place(), looks];
            const look = () => {
                const now = place();
                if (now === last || left === 0) done(null);
                else { [last, left] = [now, left - 1]; setTimeout(look, every); }
            };
            setTimeout(look, every);";
        self.run_async(script, vec![json!(css(testid)), json!(STILL_LOOKS), json!(STILL_MILLIS)]).await;
    }

    /// Replaces what stands in an input field.
    pub async fn fill(&self, testid: &str, text: &str) {
        let limit = Instant::now() + self.wait;
        loop {
            let element = self.find(testid).await;
            self.bring_into_sight(testid).await;
            let typing = async {
                element.clear().await?;
                element.send_keys(text).await
            };
            match tokio::time::timeout(Duration::from_secs(CALL_SECONDS), typing).await {
                Ok(Ok(())) => return,
                // A field that was drawn anew in between is another element.
                Ok(Err(_)) if Instant::now() < limit => tokio::time::sleep(Duration::from_millis(POLL_MILLIS)).await,
                failed => panic!("{}: typing into {testid}: {failed:?}\n{}", self.launch.name, self.driver.log_tail()),
            }
        }
    }

    /// Types into whatever has the focus.
    pub async fn type_text(&self, text: &str) {
        let element = self.call("asking for the focus", self.client.active_element()).await;
        self.call("typing", element.send_keys(text)).await;
    }

    /// Puts a long text into a field at once, as pasting does.
    pub async fn paste(&self, testid: &str, text: &str) {
        self.find(testid).await;
        let script = "const field = document.querySelector(arguments[0]); field.focus(); \
            const proto = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype; \
            Object.getOwnPropertyDescriptor(proto, 'value').set.call(field, arguments[1]); \
            field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }))";
        self.run(script, vec![json!(css(testid)), json!(text)]).await;
    }

    /// Chooses an option of a `select` by its visible text.
    pub async fn choose(&self, testid: &str, label: &str) {
        let element = self.find(testid).await;
        self.call("choosing", element.select_by_label(label)).await;
    }

    /// Gives a file to a file field.
    pub async fn give_file(&self, testid: &str, file: &Path) {
        let field = self.call("looking for the file field", self.client.find(Locator::Css(&css(testid)))).await;
        self.call("giving a file", field.send_keys(&file.display().to_string())).await;
    }

    /// Presses keys together: all down in order, then up in reverse. A character or a [`Key`] each.
    pub async fn press(&self, keys: &[char]) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for &value in keys {
            actions = actions.then(KeyAction::Down { value });
        }
        for &value in keys.iter().rev() {
            actions = actions.then(KeyAction::Up { value });
        }
        self.call("pressing keys", self.client.perform_actions(actions)).await;
    }

    /// Presses one special key.
    pub async fn press_key(&self, key: Key) {
        self.press(&[char::from(key)]).await;
    }

    /// Presses Ctrl and a key.
    pub async fn press_ctrl(&self, key: char) {
        self.press(&[char::from(Key::Control), key]).await;
    }

    /// Runs a script in the page and returns what it returns.
    pub async fn run(&self, script: &str, args: Vec<Value>) -> Value {
        self.answered(async || self.client.execute(script, args.clone()).await).await
    }

    /// Runs a script in the page that ends by calling its last argument.
    pub async fn run_async(&self, script: &str, args: Vec<Value>) -> Value {
        self.answered(async || self.client.execute_async(script, args.clone()).await).await
    }

    /// Runs a script again whose result got lost: on a busy machine the driver now and then says that it cannot parse one.
    async fn answered(&self, run: impl AsyncFn() -> Result<Value, CmdError>) -> Value {
        for _ in 0..LOST_RESULTS {
            match tokio::time::timeout(Duration::from_secs(CALL_SECONDS), run()).await {
                Ok(Err(error)) if error.to_string().contains(LOST_RESULT) => {
                    tokio::time::sleep(Duration::from_millis(POLL_MILLIS)).await;
                }
                Ok(Ok(value)) => return value,
                _ => break,
            }
        }
        self.call("running a script", run()).await
    }

    /// Goes to an address, as far as the window lets itself be led there.
    pub async fn go(&self, url: &str) -> Result<(), CmdError> {
        let went = tokio::time::timeout(Duration::from_secs(CALL_SECONDS), self.client.goto(url)).await;
        went.unwrap_or_else(|_| panic!("{}: going somewhere took more than {CALL_SECONDS} s", self.launch.name))
    }

    /// Where the page is.
    pub async fn address(&self) -> String {
        self.call("asking for the address", self.client.current_url()).await.to_string()
    }

    /// Gives the page another size.
    pub async fn resize(&self, width_pixels: u32, height_pixels: u32) {
        self.call("changing the size", self.client.set_window_size(width_pixels, height_pixels)).await;
    }

    /// Writes `tests/out/<name>.png`.
    pub async fn screenshot(&self, name: &str) {
        let png = self.call("taking a screenshot", self.client.screenshot()).await;
        fs::write(out_dir().join(format!("{name}.png")), png).expect("the folder for screenshots can be written to");
    }

    // --- Starting and ending ---

    /// Kills the program where it stands (`kill -9`), as a power cut would, with whatever it started.
    pub fn kill(&mut self) {
        let app = self.app().unwrap_or_else(|| panic!("{} does not run", self.launch.name));
        signal("KILL", &app.to_string());
        // Its memory, much of it locked, goes before its files do, with its last thread: until then the folder counts as open.
        let limit = Instant::now() + Duration::from_secs(QUIT_SECONDS);
        while is_running(app) || threads_of(app) > 1 {
            assert!(Instant::now() < limit, "{} is there after being killed", self.launch.name);
            std::thread::sleep(Duration::from_millis(POLL_MILLIS));
        }
        self.driver.end();
    }

    /// Asks the program to end and waits until it has.
    pub async fn quit(&mut self) {
        let app = self.app().unwrap_or_else(|| panic!("{} does not run", self.launch.name));
        signal("TERM", &app.to_string());
        let limit = Instant::now() + Duration::from_secs(QUIT_SECONDS);
        while is_running(app) {
            assert!(
                Instant::now() < limit,
                "{} did not end within {QUIT_SECONDS} s\n{}",
                self.launch.name,
                self.driver.log_tail()
            );
            tokio::time::sleep(Duration::from_millis(POLL_MILLIS)).await;
        }
        self.driver.end();
    }

    /// Starts the program again with the same data folder, after [`Window::kill`] or [`Window::quit`].
    pub async fn reopen(self) -> Self {
        let launch = self.launch.clone();
        let wait = self.wait;
        drop(self);
        let mut window = Self::open(launch).await;
        window.wait = wait;
        window
    }

    /// The program's process id, if it runs.
    #[must_use]
    pub fn app(&self) -> Option<u32> {
        children(self.driver.process.id()).into_iter().find(|&pid| {
            fs::read_link(format!("/proc/{pid}/exe"))
                .is_ok_and(|exe| exe.file_name() == self.launch.program.file_name())
        })
    }

    /// Whether a process was started by this window, by however many steps.
    #[must_use]
    pub fn is_ancestor_of(&self, pid: u32) -> bool {
        let parent = |&pid: &u32| process_stat(pid).map(|(_, parent)| parent).filter(|&parent| parent > 1);
        std::iter::successors(Some(pid), parent).any(|pid| pid == self.driver.process.id())
    }

    /// Everything that the program and its driver wrote to the terminal so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.driver.log).unwrap_or_default()
    }

    // --- How ---

    async fn one_with(&self, testid: &str, text: &str) -> Result<Option<Element>, CmdError> {
        for element in self.client.find_all(Locator::Css(&css(testid))).await? {
            // Asked of the page: the driver's own reading of a row left out its title.
            if element.prop("innerText").await.is_ok_and(|found| found.unwrap_or_default().contains(text)) {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// Looks until something is there. An error counts as nothing: what is not drawn yet, or drawn anew in between, is one.
    async fn until<T>(&self, otherwise: &str, look: impl AsyncFn() -> Result<Option<T>, CmdError>) -> T {
        let limit = Instant::now() + self.wait;
        loop {
            match tokio::time::timeout(Duration::from_secs(CALL_SECONDS), look()).await {
                Ok(Ok(Some(found))) => return found,
                Ok(_) if Instant::now() < limit => tokio::time::sleep(Duration::from_millis(POLL_MILLIS)).await,
                Ok(last) => panic!(
                    "{}: {otherwise} after {} s; the driver last said {}; the program {}\n{}",
                    self.launch.name,
                    self.wait.as_secs(),
                    last.err().map_or_else(|| "nothing".into(), |error| error.to_string()),
                    if self.app().is_some() { "runs" } else { "has ended" },
                    self.driver.log_tail()
                ),
                Err(_) => panic!("{}: the driver does not answer\n{}", self.launch.name, self.driver.log_tail()),
            }
        }
    }

    async fn call<T>(&self, doing: &str, call: impl Future<Output = Result<T, CmdError>>) -> T {
        match tokio::time::timeout(Duration::from_secs(CALL_SECONDS), call).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => panic!("{}: {doing}: {error}\n{}", self.launch.name, self.driver.log_tail()),
            Err(_) => {
                panic!("{}: {doing} took more than {CALL_SECONDS} s\n{}", self.launch.name, self.driver.log_tail())
            }
        }
    }
}

impl Driver {
    fn start(launch: &Launch) -> Self {
        let port = free_port();
        let log = log_path(&launch.name);
        let writer = File::options().create(true).append(true).open(&log).expect("the log can be written");
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .arg("--host=127.0.0.1")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("GDK_BACKEND", "x11")
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("a file can be written to twice"))
            .stderr(writer)
            .process_group(0);
        if let Some(display) = display() {
            command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY");
        }
        match &launch.heard_on {
            Some(bus) => command.env("DBUS_SESSION_BUS_ADDRESS", bus),
            None => command.env("NO_AT_BRIDGE", "1"),
        };
        if !launch.sandboxed {
            command.env_remove("WEBKIT_FORCE_SANDBOX");
        }
        let process = command.spawn().expect("WebKitWebDriver is installed (./x setup)");
        let driver = Self { process, port, session: None, log, name: launch.name.clone() };
        let limit = Instant::now() + Duration::from_secs(START_SECONDS);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < limit, "WebKitWebDriver does not answer\n{}", driver.log_tail());
            std::thread::sleep(Duration::from_millis(POLL_MILLIS));
        }
        driver
    }

    /// The screenshot of a failure, by hand: nothing can be awaited while a test unwinds.
    fn last_look(&self) -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(CALL_SECONDS))).ok()?;
        let session = self.session.as_ref()?;
        write!(stream, "GET /session/{session}/screenshot HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            .ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let body = &answer[answer.windows(4).position(|end| end == b"\r\n\r\n")? + 4..];
        let value: Value = serde_json::from_slice(body).ok()?;
        data_encoding::BASE64.decode(value["value"].as_str()?.as_bytes()).ok()
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n");
        format!("--- the end of {}\n{tail}\n---", self.log.display())
    }

    fn end(&mut self) {
        signal("KILL", &format!("-{}", self.process.id()));
        self.process.wait().ok();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(png) = self.last_look()
        {
            let path = out_dir().join(format!("failed-{}.png", self.name));
            fs::write(&path, png).ok();
            eprintln!("{}: what it showed is in {}, what it said in {}", self.name, path.display(), self.log.display());
        }
        // A group that has ended already does not mind.
        self.end();
    }
}

fn css(testid: &str) -> String {
    format!("[data-testid=\"{testid}\"]")
}

/// The shell's own `kill` is there on every computer, and a signal sent from Rust would need unsafe code.
pub(crate) fn signal(name: &str, whom: &str) {
    Command::new("/bin/sh")
        .args(["-c", &format!("kill -s {name} -- {whom}")])
        .stderr(Stdio::null())
        .status()
        .expect("there is a shell");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("this computer has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn children(of: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|&pid| process_stat(pid).is_some_and(|(_, parent)| parent == of)).collect()
}

pub(crate) fn is_running(pid: u32) -> bool {
    process_stat(pid).is_some_and(|(state, _)| state != 'Z')
}

/// Threads of a process that are not gone yet; the first stays until somebody asks how it ended.
fn threads_of(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

/// A process and everything that it started, by however many steps.
pub(crate) fn with_descendants(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut at = 0;
    while at < all.len() {
        all.extend(children(all[at]));
        at += 1;
    }
    all
}

/// State and parent, from proc(5): they follow the name, which stands in parentheses and may hold anything.
fn process_stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// The screen to show windows on, or `None` for the one there is.
fn display() -> Option<String> {
    std::env::var_os(SHOW_VARIABLE).is_none().then(hidden_screen)
}

/// The hidden screen of this test program.
///
/// # Panics
/// When no server for it can be started.
#[must_use]
#[expect(clippy::zombie_processes, reason = "the server outlives every test and ends with its last client")]
pub fn hidden_screen() -> String {
    struct Screen {
        name: String,
        /// The server ends when its last client is gone, and this one stays as long as the test program does.
        _client: UnixStream,
    }
    static HIDDEN: OnceLock<Screen> = OnceLock::new();
    let screen = HIDDEN.get_or_init(|| {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", SCREEN, "-nolisten", "tcp", "-terminate"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("Xvfb is installed (./x setup)");
        let mut number = String::new();
        let mut digits = server.stdout.take().expect("it was piped");
        let mut byte = [0];
        while digits.read(&mut byte).is_ok_and(|read| read == 1) && byte[0] != b'\n' {
            number.push(byte[0].into());
        }
        assert!(!number.is_empty(), "Xvfb opened no screen");
        let mut client = UnixStream::connect(format!("/tmp/.X11-unix/X{number}")).expect("Xvfb takes clients");
        // The X protocol's connection setup: byte order, version 11.0, no authorization.
        client.write_all(&[b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0]).expect("Xvfb takes clients");
        client.read_exact(&mut [0; 8]).expect("Xvfb answers");
        Screen { name: format!(":{number}"), _client: client }
    });
    screen.name.clone()
}
