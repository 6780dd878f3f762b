//! What is secret is in memory while it is needed, and nowhere afterwards (docs/threat-model.md, "Forensics after locking").
//!
//! Every test first finds what it looks for where it must be, so that not finding it later means something.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use pursuance_core::crypto::SigningKey;
use pursuance_node::store::Store;
use pursuance_node::vault;
use pursuance_tests::desktop::Desktop;
use pursuance_tests::headless::Headless;
use pursuance_tests::memory::{Secret, Sighting, look_below, look_into};
use pursuance_tests::pages::look_into_pages;
use pursuance_wire::RelayAddress;
use serde_json::{Value, json};

const PASSPHRASE: &str = "nine violet herons at dusk";
const TITLE: &str = "Repaint the old ferry hull";
const COMMENT: &str = "Ask Ingrid for the scaffold";
const NAME: &str = "Ferry circle of Vadstena";
const TYPED: &str = "Borrow the pressure washer";

/// How often, and how long each time, a passphrase is typed into a page that may not be there yet.
const MAX_TRIES: usize = 6;
const TRY_SECONDS: u64 = 10;

/// What passes between the program and its page does so in WebKit's own memory, which nobody wipes (docs/threat-model.md).
const PASSED_BY_WEBKIT: [&str; 6] = ["passphrase", "title", "comment", "name", "typed", "link"];

fn texts() -> Vec<Secret> {
    [("passphrase", PASSPHRASE), ("title", TITLE), ("comment", COMMENT), ("name", NAME), ("typed", TYPED)]
        .map(|(name, text)| Secret::text(name, text))
        .into()
}

/// The keys that a closed data folder keeps, by what they are called, and the links.
fn kept_keys(data: &Path) -> Vec<Secret> {
    let key = vault::open(&data.join("vault"), PASSPHRASE).expect("the passphrase opens it");
    let store = Store::open(&data.join("store"), &key).expect("the key opens it");
    let mut secrets = vec![Secret::bytes("database key", &key[..])];
    for kept in store.pursuances().expect("readable") {
        secrets.push(Secret::bytes("device seed", &kept.device_seed[..]));
        for epoch in store.epochs(kept.number).expect("readable") {
            secrets.push(Secret::bytes("epoch secret", &epoch[..]));
        }
        for (_, link) in store.own_invites(kept.number).expect("readable") {
            secrets.push(Secret::text("link", &link));
        }
    }
    secrets
}

fn names(seen: &[Sighting]) -> BTreeSet<&str> {
    seen.iter().map(|sighting| sighting.name.as_str()).collect()
}

fn nobodys_relay() -> String {
    let key = |byte: u8| SigningKey::from_seed(&[byte; 32].into()).author().0;
    RelayAddress::new(key(1), key(2)).expect("two keys").to_string()
}

/// A pursuance with a task, a comment and an invite, all of it looked at; gives the invite's link.
fn fill(node: &mut Headless) -> String {
    let (name, relay) = (NAME, nobodys_relay());
    let started = node.request(json!({ "kind": "startPursuance", "name": name, "mission": "Keep it afloat", "myName": "Maya", "relay": relay }));
    let pursuance = &started["pursuance"];
    let mut act = |command: Value| node.request(json!({ "kind": "act", "pursuance": pursuance, "command": command }));
    let created = act(json!({ "kind": "createTask", "title": TITLE, "parent": null, "assignees": [], "labels": [] }));
    act(json!({ "kind": "comment", "task": created["task"], "text": COMMENT }));
    let people = node.view(json!({ "kind": "people", "pursuance": pursuance }));
    let organisers = people["roles"].as_array().expect("roles").iter().max_by_key(|role| role["rank"].as_u64());
    let command = json!({ "kind": "invite", "role": organisers.expect("a role")["id"], "uses": 5 });
    let invite = node.request(json!({ "kind": "act", "pursuance": pursuance, "command": command }));
    for kind in ["tree", "people", "invites", "relays"] {
        node.view(json!({ "kind": kind, "pursuance": pursuance }));
    }
    node.view(json!({ "kind": "task", "pursuance": pursuance, "task": created["task"] }));
    invite["link"].as_str().expect("a link").to_owned()
}

fn sightings(node: &Headless, secrets: &[Secret]) -> Vec<Sighting> {
    look_into(node.pid(), secrets).expect("a child may be looked into")
}

#[test]
fn a_locked_node_holds_no_secret() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let log = || Stdio::from(File::options().append(true).create(true).open(dir.path().join("log")).expect("a file"));

    // Made in this process.
    let mut node = Headless::start(&data, PASSPHRASE, &[], ("trace", log()));
    fill(&mut node);
    let open = sightings(&node, &texts());
    // Lines of threads stay on the disk until somebody looks at them.
    assert!(names(&open).is_superset(&["title", "name"].into()), "the control: {open:#?}");
    assert!(!names(&open).contains("passphrase"), "it is needed for a moment only: {open:#?}");
    assert_eq!(look_below(dir.path(), &texts()), [], "in files, while it is open");
    node.request(json!({ "kind": "lock" }));
    let secrets: Vec<Secret> = texts().into_iter().chain(kept_keys(&data)).collect();
    assert_eq!(sightings(&node, &secrets), [], "locked");
    node.stop();

    // Read from the disk.
    let mut node = Headless::start(&data, PASSPHRASE, &[], ("trace", log()));
    let open = sightings(&node, &secrets);
    let needed = ["title", "name", "device seed", "epoch secret", "link"];
    assert!(names(&open).is_superset(&needed.into()), "the control: {open:#?}");
    assert!(!names(&open).contains("passphrase"), "{open:#?}");
    node.request(json!({ "kind": "lock" }));
    assert_eq!(sightings(&node, &secrets), [], "locked again");
    // What does not open anything leaves nothing either.
    let wrong = format!("{PASSPHRASE} or dawn");
    let answer = node.line(&json!({ "request": { "kind": "unlock", "passphrase": wrong } }).to_string());
    assert_eq!(answer["trouble"]["code"], "wrongPassphrase");
    assert_eq!(sightings(&node, &secrets), [], "after a wrong passphrase");
    assert_eq!(look_below(dir.path(), &secrets), [], "in files and the log");
    let log = fs::read_to_string(dir.path().join("log")).expect("a log");
    let relay = nobodys_relay();
    assert!(!relay.split('/').any(|part| log.contains(part)), "the log names a relay");
    node.stop();
}

#[test]
fn what_is_erased_is_gone_from_the_pages() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut maya = Headless::start(&dir.path().join("maya"), PASSPHRASE, &[], ("off", Stdio::null()));
    let text = fill(&mut maya);
    let link = [Secret::text("link", &text)];
    let data = dir.path().join("ben");
    let mut ben = Headless::start(&data, PASSPHRASE, &[], ("off", Stdio::null()));
    let opened = ben.request(json!({ "kind": "openInvite", "link": text }));
    assert!(!sightings(&ben, &link).is_empty(), "the control: it is in memory");
    ben.request(json!({ "kind": "lock" }));
    assert!(is_in_pages(&data, &text), "the control: it is in the pages");
    assert_eq!(sightings(&ben, &link), [], "locked");

    ben.request(json!({ "kind": "unlock", "passphrase": PASSPHRASE }));
    ben.request(json!({ "kind": "dropInvite", "pursuance": opened["pursuance"] }));
    assert_eq!(sightings(&ben, &link), [], "dropped");
    ben.request(json!({ "kind": "lock" }));
    assert!(!data.join("store-wal").exists(), "older pages are gone with the lock");
    assert!(!is_in_pages(&data, &text), "freed pages are overwritten");
    assert_eq!(look_below(&data, &link), []);
    ben.stop();
    maya.stop();
}

/// Whether a text stands in any page of the database, those in no use included.
fn is_in_pages(data: &Path, text: &str) -> bool {
    let key = vault::open(&data.join("vault"), PASSPHRASE).expect("the passphrase opens it");
    !look_into_pages(&data.join("store"), &key, &[Secret::text("text", text)]).is_empty()
}

/// The processes, the program's own apart, that hold one of the texts.
fn pages_with(desktop: &Desktop, text: &str) -> BTreeSet<u32> {
    let pages = desktop.processes().into_iter().filter(|pid| *pid != desktop.app());
    let text: Vec<Secret> = texts().into_iter().filter(|secret| secret.name() == text).collect();
    pages.filter(|&pid| look_into(pid, &text).is_ok_and(|seen| !seen.is_empty())).collect()
}

/// Types the passphrase until a page shows one of the texts; gives the processes that do. The page takes keys as soon as it is
/// there, which nobody says.
fn open_by_typing(desktop: &Desktop, text: &str) -> BTreeSet<u32> {
    let typed = (0..MAX_TRIES).find_map(|_| {
        desktop.press("ctrl+a");
        desktop.type_text(PASSPHRASE);
        desktop.press("Return");
        desktop.look_for(TRY_SECONDS, || Some(pages_with(desktop, text)).filter(|pids| !pids.is_empty()))
    });
    typed.expect("the passphrase opens it")
}

/// Sightings in all processes of a window, with the process each is in.
fn in_all_processes(desktop: &Desktop, secrets: &[Secret]) -> Vec<(u32, Sighting)> {
    let mut seen = Vec::new();
    for pid in desktop.processes() {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        // One that ends meanwhile holds nothing.
        for mut sighting in look_into(pid, secrets).unwrap_or_default() {
            sighting.place = format!("{} {}", name.trim(), sighting.place);
            seen.push((pid, sighting));
        }
    }
    seen
}

/// An open window over a folder that was filled, and the folder's keys; `None` where nobody may look into it.
fn open_desktop(name: &str, dir: &Path) -> Option<(Desktop, Vec<Secret>)> {
    let data = dir.join("data");
    let mut node = Headless::start(&data, PASSPHRASE, &[], ("off", Stdio::null()));
    fill(&mut node);
    node.stop();
    let keys = kept_keys(&data);
    let desktop = Desktop::start(name, dir, Some(PASSPHRASE), &["--no-tor"]);
    if File::open(format!("/proc/{}/mem", desktop.app())).is_err() {
        println!("skipped: only root may look into a program that keeps its memory to itself");
        return None;
    }
    Some((desktop, keys))
}

#[test]
fn a_locked_window_leaves_no_secret() {
    let dir = tempfile::tempdir().expect("a folder");
    let Some((mut desktop, keys)) = open_desktop("secrets", dir.path()) else { return };
    let texts = texts();
    let shown = |text: &str| {
        desktop.wait(&format!("no page shows the {text}"), || {
            let pids = pages_with(&desktop, text);
            (!pids.is_empty()).then_some(pids)
        })
    };

    // Opened by the passphrase on standard input, with a task typed in, then locked by its key.
    let first_pages = shown("title");
    desktop.focus();
    desktop.press("c");
    desktop.type_text(TYPED);
    desktop.press("Return");
    shown("typed");
    let open = in_all_processes(&desktop, &keys);
    let app = desktop.app();
    for key in ["device seed", "epoch secret"] {
        assert!(open.iter().any(|(pid, sighting)| *pid == app && sighting.name == key), "the control: {open:#?}");
    }
    assert!(
        open.iter().all(|(pid, sighting)| *pid == app || sighting.name == "link"),
        "no key is the page's: {open:#?}"
    );
    assert_window_says_nothing(&desktop, &texts);
    assert_eq!(look_below(dir.path(), &texts), [], "in files, while it is open");

    let all: Vec<Secret> = self::texts().into_iter().chain(keys).collect();
    lock(&desktop, &first_pages, &all);

    // Opened again by typing, and locked again: the page is another one, and nothing of it stays either.
    let second_pages = open_by_typing(&desktop, "typed");
    assert!(first_pages.is_disjoint(&second_pages));
    lock(&desktop, &second_pages, &all);

    assert_window_says_nothing(&desktop, &all);
    assert!(desktop.end_with("TERM"), "it ends in order");
    assert_eq!(look_below(dir.path(), &all), [], "in its home, its temporary files and its data");
    assert!(!desktop.home().join(".local/share/recently-used.xbel").exists(), "nothing is remembered as used");
    let log = desktop.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is as talkative as it can be");
    for secret in &all {
        assert!(!secret.is_in(log.as_bytes()), "the log tells the {}", secret.name());
    }
    assert!(!nobodys_relay().split('/').any(|part| log.contains(part)), "the log names a relay");
}

/// Locks by the key for it. Then the processes that held the page have ended, the page that is there instead holds
/// nothing, and the program holds no key.
fn lock(desktop: &Desktop, pages: &BTreeSet<u32>, secrets: &[Secret]) {
    desktop.press("ctrl+l");
    desktop.wait("the page that was locked is still there", || {
        pages.iter().all(|page| !desktop.processes().contains(page)).then_some(())
    });
    let left = desktop.wait("a secret stays in the locked window", || {
        let seen = in_all_processes(desktop, secrets);
        let may_stay = |pid: u32, sighting: &Sighting| {
            let passed = PASSED_BY_WEBKIT.contains(&sighting.name.as_str());
            pid == desktop.app() && passed
        };
        let stays: Vec<_> = seen.iter().filter(|(pid, sighting)| !may_stay(*pid, sighting)).collect();
        if !stays.is_empty() {
            println!("stays (the program is {}): {stays:?}", desktop.app());
        }
        stays.is_empty().then_some(seen)
    });
    println!("locked; left in WebKit's own memory in the program: {left:?}");
}

/// The window's title is the program's name, whatever it shows.
fn assert_window_says_nothing(desktop: &Desktop, secrets: &[Secret]) {
    let properties = desktop.properties();
    assert!(properties.contains("_NET_WM_NAME(UTF8_STRING) = \"Pursuance\"\n"), "{properties}");
    assert!(properties.contains("WM_NAME(STRING) = \"Pursuance\"\n"), "{properties}");
    for secret in secrets {
        assert!(!secret.is_in(properties.as_bytes()), "the window tells the {}", secret.name());
    }
}

/// Whether a program of the same user, with the same rights, may look into a process.
fn may_look_into(pid: u32) -> bool {
    let look = format!(": < /proc/{pid}/mem");
    let mut command = Command::new(Desktop::SAME_RIGHTS[0]);
    command.args(&Desktop::SAME_RIGHTS[1..]).args(["/bin/sh", "-c", &look]).stderr(Stdio::null());
    command.status().expect("setpriv is part of every Debian").success()
}

#[test]
fn a_page_that_is_lost_comes_back_locked() {
    let dir = tempfile::tempdir().expect("a folder");
    let Some((desktop, keys)) = open_desktop("lost", dir.path()) else { return };
    let held = || look_into(desktop.app(), &keys).is_ok_and(|seen| names(&seen).contains("epoch secret"));
    let pages =
        desktop.wait("no page shows the title", || Some(pages_with(&desktop, "title")).filter(|pids| !pids.is_empty()));
    assert!(held(), "the control: it is open");
    desktop.focus();
    for page in &pages {
        let killed = Command::new("kill").args(["-s", "KILL", &page.to_string()]).status().expect("there is a shell");
        assert!(killed.success(), "the control: it was there");
    }
    desktop.wait("it stays open though nobody sees it", || (!held()).then_some(()));
    assert_eq!(pages_with(&desktop, "title"), BTreeSet::new());
    let again = open_by_typing(&desktop, "title");
    assert!(pages.is_disjoint(&again) && held());
}

#[test]
fn nobody_looks_into_the_program_and_no_fault_dumps_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let desktop = Desktop::start("closed-memory", dir.path(), None, &["--no-tor"]);
    let mut other = Command::new(Desktop::SAME_RIGHTS[0]);
    let mut other = other.args(&Desktop::SAME_RIGHTS[1..]).args(["sleep", "60"]).spawn().expect("setpriv is there");
    desktop.wait("the control: an ordinary program of the same user can be looked into", || {
        may_look_into(other.id()).then_some(())
    });
    assert!(!may_look_into(desktop.app()), "the program can be looked into");
    other.kill().expect("it runs");
    other.wait().expect("it has ended");
    // One byte is the kernel's sign for no dump, not even to a program that collects them.
    for pid in desktop.processes() {
        // One that has ended meanwhile left nothing.
        let Ok(limits) = fs::read_to_string(format!("/proc/{pid}/limits")) else { continue };
        let core =
            limits.lines().find_map(|line| line.strip_prefix("Max core file size")).expect("proc(5): it is listed");
        assert_eq!(core.split_whitespace().collect::<Vec<_>>(), ["1", "1", "bytes"], "process {pid}");
    }
}
