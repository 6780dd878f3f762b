//! A script in the window reaches no address and calls no command but the three (docs/threat-model.md, "The window").
//!
//! The script is run by the driver, so nothing stops it from running; what it does must lead nowhere. The same script in
//! a browser that protects nothing shows that the ways are ways.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pursuance_tests::window::{Launch, Window};
use serde_json::{Value, json};

const WAYS: &str = include_str!("hostile_page.js");
/// How long after the last try a connection may still come.
const AFTERMATH_MILLIS: u64 = 3_000;
/// How long a page that is led away may take to go.
const LEAVE_MILLIS: u64 = 400;
/// The fewest ways that must reach the listener from an unprotected page, or the test tries nothing.
const MIN_WAYS: usize = 35;
const REQUEST_BYTES: usize = 4_096;

/// An address that counts whoever comes.
struct Listener {
    tcp: SocketAddr,
    udp: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (tcp, udp) = (listener.local_addr().unwrap(), socket.local_addr().unwrap());
        let tcp_seen = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&tcp_seen);
                std::thread::spawn(move || answer(stream, &seen));
            }
        });
        let udp_seen = Arc::clone(&seen);
        std::thread::spawn(move || {
            while socket.recv_from(&mut [0; 1]).is_ok() {
                udp_seen.lock().unwrap().push("a datagram".into());
            }
        });
        Self { tcp, udp, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }

    async fn sees(&self, way: &str, within: Duration) -> bool {
        let limit = Instant::now() + within;
        while Instant::now() < limit {
            if self.seen().iter().any(|seen| seen == way) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    /// The script of all ways, followed by what to do with them.
    fn script(&self, then: &str) -> (String, Vec<Value>) {
        (format!("{WAYS}\n{then}"), vec![json!(format!("http://{}", self.tcp)), json!(self.udp.to_string())])
    }
}

/// A connection counts before it says anything; what it asks for only names it.
fn answer(mut stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let place = {
        let mut seen = seen.lock().unwrap();
        seen.push("a connection".into());
        seen.len() - 1
    };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut request = vec![0; REQUEST_BYTES];
    let read = stream.read(&mut request).unwrap_or(0);
    let request = String::from_utf8_lossy(&request[..read]).into_owned();
    if let Some(path) = request.split(' ').nth(1)
        && let Some(named) = seen.lock().unwrap().get_mut(place)
    {
        *named = path.trim_start_matches('/').split('?').next().unwrap().into();
    }
    let page = "<!doctype html><title>plain</title><body>plain</body>";
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}", page.len()).ok();
}

/// Fires all quiet ways; what they throw does not matter.
const ALL_QUIET: &str = "for (const way of Object.values(quiet)) { try { Promise.resolve(way()).catch(() => {}); } catch {} } return Object.keys(quiet).length;";
const LOUD_NAMES: &str = "return Object.keys(loud);";
const ONE_LOUD: &str = "try { loud[arguments[2]](); } catch {} return true;";

#[tokio::test(flavor = "multi_thread")]
async fn no_way_out() {
    let listener = Listener::start();

    // Control: a connection and a datagram are seen.
    TcpStream::connect(listener.tcp).unwrap();
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().send_to(b"x", listener.udp).unwrap();
    assert!(listener.sees("a connection", Duration::from_secs(5)).await, "the listener counts connections");
    assert!(listener.sees("a datagram", Duration::from_secs(5)).await, "the listener counts datagrams");
    tokio::time::sleep(Duration::from_millis(100)).await;
    listener.forget();

    let data = tempfile::tempdir().unwrap();
    let window = Window::open(Launch::pursuance("hostile", data.path(), &["--no-tor"])).await;
    let home = window.address().await;
    assert!(home.starts_with("tauri://localhost"), "{home}");

    let (script, args) = listener.script(ALL_QUIET);
    let quiet = window.run(&script, args).await.as_u64().unwrap();
    tokio::time::sleep(Duration::from_millis(AFTERMATH_MILLIS)).await;
    assert_eq!(listener.seen(), [""; 0], "of {quiet} ways that stay on the page");

    let (script, args) = listener.script(LOUD_NAMES);
    let loud: Vec<String> = serde_json::from_value(window.run(&script, args).await).unwrap();
    for way in &loud {
        let (script, mut args) = listener.script(ONE_LOUD);
        args.push(json!(way));
        window.run(&script, args).await;
        tokio::time::sleep(Duration::from_millis(LEAVE_MILLIS)).await;
        let address = window.address().await;
        assert!(address.starts_with("tauri://localhost"), "{way} led the window to {address}");
        assert_eq!(listener.seen(), [""; 0], "{way} got out");
    }
    tokio::time::sleep(Duration::from_millis(AFTERMATH_MILLIS)).await;
    assert_eq!(listener.seen(), [""; 0], "after {} ways that lead the page away", loud.len());
    println!("{} ways tried, none got out", quiet as usize + loud.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ways_are_ways() {
    let Some(browser) = Launch::plain_browser("plain") else {
        println!("no plain browser is installed here: the control was not run");
        return;
    };
    let listener = Listener::start();
    let home = format!("http://{}/", listener.tcp);
    let window = Window::open(browser).await;
    window.go(&home).await.unwrap();

    let (script, args) = listener.script(ALL_QUIET);
    window.run(&script, args).await;
    tokio::time::sleep(Duration::from_millis(AFTERMATH_MILLIS)).await;
    let mut reached: BTreeSet<String> = listener.seen().into_iter().collect();

    let (script, args) = listener.script(LOUD_NAMES);
    let loud: Vec<String> = serde_json::from_value(window.run(&script, args).await).unwrap();
    for way in &loud {
        window.go(&home).await.ok();
        let (script, mut args) = listener.script(ONE_LOUD);
        args.push(json!(way));
        window.run(&script, args).await;
        if listener.sees(way, Duration::from_millis(LEAVE_MILLIS * 2)).await {
            reached.insert(way.clone());
        }
    }
    let known = |way: &String| WAYS.contains(&format!("'{way}':")) || way == "a datagram";
    let reached: Vec<String> = reached.into_iter().filter(known).collect();
    println!("{} ways reached the listener from a plain page: {}", reached.len(), reached.join(", "));
    assert!(reached.len() >= MIN_WAYS, "only {}", reached.len());
    for way in ["fetch", "websocket", "img", "iframe", "stylesheet", "location", "link", "form-post", "meta-refresh"] {
        assert!(reached.iter().any(|reached| reached == way), "{way} is no way even where nothing is protected");
    }
}

/// Every command that tauri itself brings, by the manifest that its build wrote, and those of plugins that are not here.
fn foreign_commands() -> Vec<String> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../src-tauri/gen/schemas/acl-manifests.json");
    let manifest = std::fs::read_to_string(manifest).expect("the build of src-tauri writes it");
    let manifests: BTreeMap<String, Value> = serde_json::from_str(&manifest).unwrap();
    let mut commands = BTreeSet::new();
    for (plugin, manifest) in &manifests {
        let Some(plugin) = plugin.strip_prefix("core:") else { continue };
        for permission in manifest["permissions"].as_object().into_iter().flatten() {
            for command in permission.1["commands"]["allow"].as_array().into_iter().flatten() {
                commands.insert(format!("plugin:{plugin}|{}", command.as_str().unwrap()));
            }
        }
    }
    assert!(commands.len() > 100, "the manifest lists {} commands", commands.len());
    let absent = [
        "plugin:shell|open",
        "plugin:shell|execute",
        "plugin:opener|open_url",
        "plugin:fs|read_text_file",
        "plugin:fs|write_file",
        "plugin:http|fetch",
        "plugin:dialog|open",
        "plugin:clipboard-manager|read_text",
        "plugin:process|exit",
        "plugin:updater|check",
        "plugin:store|load",
        "plugin:os|hostname",
        "plugin:notification|notify",
        "plugin:sql|load",
        "plugin:websocket|connect",
        "start",
        "stop",
        "",
    ];
    commands.extend(absent.map(str::to_owned));
    commands.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_but_the_three() {
    let data = tempfile::tempdir().unwrap();
    let window = Window::open(Launch::pursuance("commands", data.path(), &["--no-tor"])).await;
    let script = "const [commands, done] = arguments; \
        Promise.all(commands.map((c) => Promise.race([ \
            window.__TAURI_INTERNALS__.invoke(c, {}).then((v) => [c, 'answered', JSON.stringify(v) ?? ''], (e) => [c, 'refused', String(e.message ?? e)]), \
            new Promise((r) => setTimeout(() => r([c, 'silent', '']), 10000))]))).then(done);";
    let commands = foreign_commands();
    let answers = window.run_async(script, vec![json!(commands)]).await;
    let answers: Vec<(String, String, String)> = serde_json::from_value(answers).unwrap();
    assert_eq!(answers.len(), commands.len());
    for (command, outcome, text) in &answers {
        assert_eq!(outcome, "refused", "{command}: {text}");
        assert!(
            text.contains("not allowed") || text.contains("not found"),
            "{command} was refused for another reason: {text}"
        );
    }

    // Control: the door itself is open, in the same way.
    let control = "const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('view', { query: { kind: 'app' } }).then((v) => done(v.kind), (e) => done(JSON.stringify(e)));";
    assert_eq!(window.run_async(control, vec![]).await, json!("app"));
    // A request that means nothing is answered with a trouble of ours.
    let nonsense = "const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('request', { request: { kind: 'own' } }).then((v) => done('ok'), (e) => done(e.code));";
    assert_eq!(window.run_async(nonsense, vec![]).await, json!("malformed"));
    // A call past tauri's own door, without the key that its script holds, is not even answered.
    let past = "const done = arguments[0]; setTimeout(() => done('silence'), 2000); fetch('ipc://localhost/view', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Tauri-Callback': '1', 'Tauri-Error': '2', 'Tauri-Invoke-Key': 'x' }, body: '{\"query\":{\"kind\":\"app\"}}' }).then((r) => done(r.status), () => done('refused'));";
    assert_ne!(window.run_async(past, vec![]).await, json!(200));
    println!("{} commands tried, none allowed", commands.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_keeps_nothing_and_changes_nothing_of_the_language() {
    let data = tempfile::tempdir().unwrap();
    let window = Window::open(Launch::pursuance("closed", data.path(), &["--no-tor"])).await;
    let look = |script: &'static str| window.run(script, vec![]);
    assert_eq!(look("return typeof window.__TAURI__").await, json!("undefined"));
    assert_eq!(look("return Object.isFrozen(Object.prototype)").await, json!(true));
    assert_eq!(
        look("try { localStorage.setItem('a', 'b'); return localStorage.getItem('a') } catch (e) { return null }")
            .await,
        json!(null)
    );
    assert_eq!(look("return typeof RTCPeerConnection").await, json!("undefined"));
    assert_eq!(look("return document.createElement('canvas').getContext('webgl')").await, json!(null));
    // Where the computer lets a sandbox be made, the part that runs scripts is in it.
    if !window.log().contains("makes no sandbox") && !window.log().contains("make no sandbox") {
        assert!(scripts_have_no_network(&window), "the web process has a network");
    }
}

/// Whether every process of the window that runs scripts has a network namespace of its own.
fn scripts_have_no_network(window: &Window) -> bool {
    let own = std::fs::read_link("/proc/self/ns/net").unwrap();
    let mut found = false;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if name.trim() == "WebKitWebProces" && window.is_ancestor_of(pid) {
            found = true;
            if std::fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|net| net == own) {
                return false;
            }
        }
    }
    found
}
