//! A pursuance as large as the app is made for, in a folder that a window opens: 60 people, 5,000 tasks, 40,000 entries
//! (docs/benchmarks.md, "A large pursuance").

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures::future::join_all;
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::founding::MEMBER;
use pursuance_core::id::TaskId;
use pursuance_core::plan::Circumstances;
use pursuance_core::task::Status;
use pursuance_tests::headless::Headless;
use pursuance_tests::people::{PASSPHRASE, open_relay, until};
use pursuance_tests::tasklist;
use serde_json::json;

use crate::rogue::{Rogue, now_seconds};

/// How large it is.
pub struct Large {
    pub members: usize,
    pub tasks: usize,
    pub entries: usize,
}

/// Who opens it, and is named now and then.
const ME: &str = "Maya";
/// One line of so many names her.
const LINES_FOR_A_NAME: usize = 200;
/// Weeks over which the work is spread.
const WEEKS: u64 = 12;
const WEEK_SECONDS: u64 = 7 * 24 * 60 * 60;
/// How long all that was written may take to come in.
const COMING_SECONDS: u64 = 600;
const FIRST_NAMES: [&str; 10] = ["Ana", "Ben", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana", "Ivo", "Jun"];
const LAST_NAMES: [&str; 6] = ["Abara", "Brandt", "Castro", "Dekker", "Eze", "Fofana"];

/// Makes it below `dir`. The others write through a real relay what clients write; gives the folder of whoever opens it.
pub async fn make(dir: &Path, large: &Large) -> PathBuf {
    let relay = open_relay(dir);
    let options = relay.loopback();
    let folder = dir.join(ME);
    let mut maya = Headless::start(&folder, PASSPHRASE, &[&options[1], &options[2]], ("warn", Stdio::inherit()));
    let started = maya.request(json!({
        "kind": "startPursuance", "name": "Harbour watch", "mission": "Know what is built there", "myName": ME,
        "relay": relay.address(), "template": "plain",
    }));
    let pursuance = started["pursuance"].clone();
    let others = large.members - 1;
    let invite = json!({ "kind": "invite", "role": MEMBER, "uses": others, "reviewed": false });
    let invited = maya.request(json!({ "kind": "act", "pursuance": pursuance, "command": invite }));
    let link = invited["link"].as_str().expect("a link").to_owned();
    let at = relay.listening();
    let joining = (0..others).map(|other| {
        let (link, name) = (link.clone(), name(other));
        async move { Rogue::join(&link, &name, at).await }
    });
    let rogues = join_all(joining).await;
    maya.request(json!({ "kind": "import", "pursuance": pursuance, "file": "harbour.csv", "text": tasklist::tasks(large.tasks), "fields": null }));

    let so_far = entries(&mut maya, &pursuance);
    let missing = large.entries.saturating_sub(usize::try_from(so_far).expect("few"));
    for (other, mut rogue) in rogues.into_iter().enumerate() {
        rogue.until("all tasks", |rogue| rogue.replica.tasks().iter().count() >= large.tasks).await;
        // The rest goes to the last.
        let share = if other + 1 == others { missing - missing / others * (others - 1) } else { missing / others };
        work(&mut rogue, other, others, share).await;
    }
    let limit = Instant::now() + Duration::from_secs(COMING_SECONDS);
    let wanted = u64::try_from(large.entries).expect("few");
    while entries(&mut maya, &pursuance) < wanted {
        assert!(Instant::now() < limit, "only {} entries came", entries(&mut maya, &pursuance));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    until(&mut maya, "not all came in", |node| {
        let people = node.view(json!({ "kind": "people", "pursuance": pursuance }));
        people["members"].as_array().is_some_and(|members| members.len() == large.members)
    });
    maya.stop();
    folder
}

/// What one member does, each with every so many-th task: takes it, says something, ends it now and then.
async fn work(rogue: &mut Rogue, mine: usize, of: usize, entries: usize) {
    let tasks: Vec<TaskId> = rogue.replica.tasks().iter().map(|(id, _)| id).skip(mine).step_by(of).collect();
    let mut seed = Seed::new([u8::try_from(mine).expect("few"); 32]);
    let begun = now_seconds() - WEEKS * WEEK_SECONDS;
    let mut written = Vec::new();
    for n in 0.. {
        if written.len() >= entries {
            break;
        }
        let task = tasks[n % tasks.len()];
        let comment = || {
            let named = if n % LINES_FOR_A_NAME == 7 { format!("@{ME}, ") } else { String::new() };
            Command::Comment {
                task,
                text: format!("{named}what was seen on watch {n}, in a line or two as people write them"),
            }
        };
        let wish = match n / tasks.len() {
            0 => Command::Claim { task },
            2 if n % 3 == 0 => Command::SetStatus { task, status: Status::Done },
            _ => comment(),
        };
        let passed = WEEKS * WEEK_SECONDS * u64::try_from(n).expect("few") / u64::try_from(entries).expect("few");
        let mut with = Circumstances { now_seconds: begun + passed, seed: &mut seed, since: vec![] };
        // Not every imported task can be taken, but everybody may say something.
        let authored =
            rogue.replica.command(&wish, &mut with).or_else(|_| rogue.replica.command(&comment(), &mut with));
        for entry in authored.expect("a member may comment").entries {
            rogue.replica.append(entry.clone());
            written.push(entry);
        }
    }
    rogue.post(&written).await;
}

fn entries(node: &mut Headless, pursuance: &serde_json::Value) -> u64 {
    node.view(json!({ "kind": "log", "pursuance": pursuance }))["entries"].as_u64().expect("a number")
}

fn name(other: usize) -> String {
    format!("{} {}", FIRST_NAMES[other % FIRST_NAMES.len()], LAST_NAMES[other / FIRST_NAMES.len()])
}
