//! A node that is killed at any moment loses nothing that it said was done, and says nothing twice.
//!
//! `PURSUANCE_KILLS` says how often (20), `PURSUANCE_SEED` repeats a run.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pursuance_core::command::Command;
use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_node::api::{Reply, Request, StatusLine, Trouble};
use pursuance_node::{Clock, Node, NodeConfig, Pace, RelayAddress, TorChoice};

use crate::harbour::{Berth, PASSPHRASE, Sailor, row};
use crate::wreck::Snapshot;

const DIR: &str = "PURSUANCE_TEST_DIR";
const RELAY: &str = "PURSUANCE_TEST_RELAY";
const AT: &str = "PURSUANCE_TEST_AT";
const PURSUANCE: &str = "PURSUANCE_TEST_PURSUANCE";
const ROUND: &str = "PURSUANCE_TEST_ROUND";
const CHILD_SEED: &str = "PURSUANCE_TEST_SEED";

/// Kills of an ordinary run.
const KILLS: u32 = 20;

/// Latest moment of a kill, counted from the start of the process.
const MAX_ALIVE_MILLISECONDS: u64 = 1_200;

/// Rows of a list that may be on its way when the kill comes; long enough for many entries.
const IMPORT_ROWS: usize = 130;

/// Words in the body of such a row.
const IMPORT_BODY_WORDS: usize = 30;

/// Latest moment of a kill that is aimed at a list, counted from its beginning.
const MAX_LIST_MILLISECONDS: u64 = 80;

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the killed processes said, all of them.
#[derive(Default)]
struct Said {
    tasks: BTreeSet<String>,
    comments: Vec<(TaskId, String)>,
    imports_begun: BTreeSet<String>,
    imports_done: BTreeSet<String>,
    opened: u32,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let Some((word, rest)) = line.split_once(' ') else { return };
        match word {
            "opened" => self.opened += 1,
            "task" => _ = self.tasks.insert(rest.into()),
            "begun" => _ = self.imports_begun.insert(rest.into()),
            "imported" => _ = self.imports_done.insert(rest.into()),
            "comment" => {
                let (task, text) = rest.split_once(' ').unwrap();
                self.comments.push((task.parse().unwrap(), text.into()));
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_to_be_done_is_there_after_every_kill() {
    let kills = number("PURSUANCE_KILLS").map_or(KILLS, |kills| u32::try_from(kills).unwrap());
    let from_clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
    let seed = number("PURSUANCE_SEED").unwrap_or_else(from_clock);
    println!("PURSUANCE_SEED={seed} PURSUANCE_KILLS={kills}");
    let mut dice = Dice(seed);

    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let link = maya.invite(harbour, 1).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    let dir = maya.dir.clone();
    maya.node.stop().await;

    let (mut said, mut before) = (Said::default(), Snapshot::of(dir.path()));
    for round in 0..kills {
        let alive = Duration::from_millis(30 + dice.below(MAX_ALIVE_MILLISECONDS));
        let child = start(dir.path(), berth.address, berth.at, harbour, round, dice.below(u64::MAX));
        if round == 0 {
            refused_a_second(dir.path()).await;
        }
        // Half of them are aimed at a list on its way, if there is one before the time is up.
        let aimed = dice.below(2).checked_sub(1).map(|_| Duration::from_millis(dice.below(MAX_LIST_MILLISECONDS)));
        let lines = tokio::task::spawn_blocking(move || kill_after(child, alive, aimed)).await.unwrap();
        lines.iter().for_each(|line| said.hear(line));
        let after = Snapshot::of(dir.path());
        after.goes_on_from(&before);
        before = after;
        // Often one crash follows another; sometimes somebody looks in between.
        if dice.below(4) == 0 {
            let maya = Sailor::outside(&doors, dir.clone(), Clock::System);
            maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
            all_is_there(&maya, harbour, &said).await;
            maya.node.stop().await;
            let after = Snapshot::of(dir.path());
            after.goes_on_from(&before);
            before = after;
        }
    }
    println!("{} tasks, {} comments, {} lists", said.tasks.len(), said.comments.len(), said.imports_done.len());
    assert!(said.opened * 2 > kills, "the kills came too early: {} opened", said.opened);
    assert!(said.tasks.len() > kills as usize, "the kills came too early: {} tasks", said.tasks.len());

    let maya = Sailor::outside(&doors, dir, Clock::System);
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    all_is_there(&maya, harbour, &said).await;
    for (task, text) in &said.comments {
        let view = maya.task_view(harbour, *task).await.expect("a task that was said to be there");
        assert_eq!(view.thread.iter().filter(|said| said.text == *text).count(), 1, "{text}");
    }
    maya.until("all handed", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
    // The rows alone: the entries below them are compared byte by byte in the end.
    let rows = async |sailor: &Sailor| -> Vec<_> {
        sailor.tree(harbour).await.rows.into_iter().map(|row| (row.task, row.title, row.comments)).collect()
    };
    let mine = rows(&maya).await;
    ben.until_async("the same rows", async || rows(&ben).await == mine).await;
    // No second history, no fault: the same entries went out again as the same bytes.
    ben.until("fine", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { .. })).await;
    for sailor in [&maya, &ben] {
        sailor.node.clone().stop().await;
    }
    let (mine, his) = (Snapshot::of(maya.dir.path()), Snapshot::of(ben.dir.path()));
    mine.goes_on_from(&before);
    assert!(his.forked.is_empty(), "{:?}", his.forked);
    for (id, (_, _, bytes)) in &mine.own {
        assert_eq!(his.entries.get(id), Some(bytes), "Ben has every entry as it was written");
    }
}

/// Everything that was answered is there once; a list is there whole or not at all.
async fn all_is_there(maya: &Sailor, harbour: PursuanceId, said: &Said) {
    let titles: Vec<String> = maya.tree(harbour).await.rows.into_iter().map(|row| row.title).collect();
    let unique: BTreeSet<&String> = titles.iter().collect();
    assert_eq!(unique.len(), titles.len(), "nothing twice");
    let lost: Vec<&String> = said.tasks.iter().filter(|title| !unique.contains(title)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    for list in &said.imports_begun {
        let rows = titles.iter().filter(|title| title.starts_with(&format!("{list} row "))).count();
        let expected = if said.imports_done.contains(list) { &[IMPORT_ROWS][..] } else { &[0, IMPORT_ROWS] };
        assert!(expected.contains(&rows), "{list}: {rows} rows");
    }
}

/// A folder in which another process is.
async fn refused_a_second(dir: &Path) {
    let mut waited = 0;
    // The other process needs a moment to get there.
    while !dir.join("store-wal").exists() && waited < 500 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        waited += 1;
    }
    let config = NodeConfig { data_dir: dir.into(), loopback: vec![], tor: TorChoice::Off, clock: Clock::System };
    assert_eq!(Node::start_with(config, Pace::hurried()).err(), Some(Trouble::InUse));
}

fn start(dir: &Path, relay: RelayAddress, at: SocketAddr, harbour: PursuanceId, round: u32, seed: u64) -> Child {
    Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::a_node_to_be_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .env(RELAY, relay.to_string())
        .env(AT, at.to_string())
        .env(PURSUANCE, harbour.to_string())
        .env(ROUND, round.to_string())
        .env(CHILD_SEED, seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// SIGKILL, and what was said before.
fn kill_after(mut child: Child, alive: Duration, aimed: Option<Duration>) -> Vec<String> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, receiver) = channel();
    let reading = std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let (mut said, mut end) = (Vec::new(), Instant::now() + alive);
    while let Ok(line) = receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
        if let (true, Some(after)) = (line.starts_with("begun "), aimed) {
            end = end.min(Instant::now() + after);
        }
        said.push(line);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap();
    said.extend(receiver.try_iter());
    said
}

/// Not a test: what the story above starts and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the story that kills it"]
async fn a_node_to_be_killed() {
    let get = |name: &str| std::env::var(name).expect("started by the story");
    let relay: RelayAddress = get(RELAY).parse().unwrap();
    let harbour: PursuanceId = get(PURSUANCE).parse().unwrap();
    let mut dice = Dice(get(CHILD_SEED).parse().unwrap());
    let loopback = vec![(relay, get(AT).parse().unwrap())];
    let config = NodeConfig { data_dir: get(DIR).into(), loopback, tor: TorChoice::Off, clock: Clock::System };
    let maya = Node::start_with(config, Pace::hurried()).unwrap();
    maya.request(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    say(&format!("opened {}", get(ROUND)));
    let started = Instant::now();
    let mut tasks: Vec<TaskId> = Vec::new();
    for n in 0.. {
        let name = format!("round {} number {n}", get(ROUND));
        match dice.below(30) {
            0 => {
                let body = "a word ".repeat(IMPORT_BODY_WORDS);
                let rows: String = (0..IMPORT_ROWS).map(|row| format!("{name} row {row},{body}\n")).collect();
                let csv = format!("title,body\n{rows}");
                let import = Request::Import { pursuance: harbour, file: String::new(), text: csv, fields: None };
                say(&format!("begun {name}"));
                maya.request(import).await.unwrap();
                say(&format!("imported {name}"));
            }
            1..12 if !tasks.is_empty() => {
                let task = tasks[usize::try_from(dice.below(tasks.len() as u64)).unwrap()];
                // Now and then one that needs several cells.
                let text = name + &" and so on".repeat(if dice.below(8) == 0 { 500 } else { 0 });
                let command = Command::Comment { task, text: text.clone() };
                maya.request(Request::Act { pursuance: harbour, command }).await.unwrap();
                say(&format!("comment {task} {text}"));
            }
            _ => {
                let (title, parent) = (name, None);
                let (assignees, labels, due) = (vec![], vec![], None);
                let command = Command::CreateTask {
                    title: title.clone(),
                    parent,
                    assignees,
                    labels,
                    due,
                    priority: 0,
                    home: None,
                };
                let reply = maya.request(Request::Act { pursuance: harbour, command }).await.unwrap();
                let Reply::Task { task } = reply else { panic!("a task") };
                tasks.push(task);
                say(&format!("task {title}"));
            }
        }
        tokio::time::sleep(Duration::from_millis(dice.below(8))).await;
        assert!(started.elapsed() < Duration::from_secs(30), "nobody killed it");
    }
}

/// A line that is read even if nothing comes after it.
fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().unwrap();
}
