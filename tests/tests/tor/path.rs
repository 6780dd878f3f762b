//! The whole product: three people, three windows, one relay, a real Tor network, and crashes in the middle; and no packet that
//! leaves the computer.

use std::path::Path;
use std::time::{Duration, Instant};

use pursuance_tests::apart::Run;
use pursuance_tests::own_network::{Counted, enter};
use pursuance_tests::people;
use pursuance_tests::relay::RelayProcess;
use pursuance_tests::tornet::TorNet;
use pursuance_tests::window::{Launch, Window};

/// Tor may need a while: circuits are built, descriptors published, and a restarted relay publishes again.
const TOR_WAIT_SECONDS: u64 = 180;
const TASKS: usize = 150;
/// Long enough not to stand in random bytes by chance.
const FOUNDER: &str = "Maya Lindqvist";

/// A list like those that groups bring along: two levels, owners, dates, labels.
fn task_list() -> String {
    let mut csv = String::from("id,title,status,owner,started,finished,labels,parent\n");
    for number in 1..=TASKS {
        let top = number - (number - 1) % 5;
        let parent = if top == number { String::new() } else { top.to_string() };
        let (status, finished) = if number % 3 == 0 { ("done", "2026-03-04") } else { ("open", "") };
        csv.push_str(&format!(
            "{number},\"Check pier {number}, both sides\",{status},w{:02},2026-03-01,{finished},harbour;p{},{parent}\n",
            number % 7,
            number % 4
        ));
    }
    csv
}

async fn open(name: &str, data: &Path, tor_config: &Path) -> Window {
    let config = tor_config.display().to_string();
    let mut window = Window::open(Launch::pursuance(name, data, &["--tor-config", &config])).await;
    window.wait_up_to(TOR_WAIT_SECONDS);
    window
}

/// Waits until all windows hold the same, and gives it.
async fn agreed(windows: [&Window; 3]) -> serde_json::Value {
    let limit = Instant::now() + Duration::from_secs(TOR_WAIT_SECONDS);
    loop {
        let mut held = Vec::new();
        for window in windows {
            held.push(people::everything(window).await);
        }
        if held[0] == held[1] && held[0] == held[2] {
            return held.swap_remove(0);
        }
        assert!(Instant::now() < limit, "they do not agree:\n{:#}\n{:#}\n{:#}", held[0], held[1], held[2]);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_people_one_link_and_a_founder_who_leaves() {
    match enter("tor::path::three_people_one_link_and_a_founder_who_leaves") {
        Run::Done => {}
        Run::Inside(counter) => {
            story().await;
            let nothing = Counted { packets: 0, datagrams: 0 };
            assert_eq!(counter.counted(), nothing, "everybody is on this computer");
            counter.control();
        }
        Run::Impossible(reason) => {
            println!("packets are not counted: this user may make no network here: {reason}");
            story().await;
        }
    }
}

async fn story() {
    let dir = tempfile::tempdir().expect("a folder");
    let tor_config = dir.path().join("tor.toml");
    std::fs::write(&tor_config, TorNet::shared().arti_toml()).expect("a file");
    let at = |name: &str| dir.path().join(name);
    let config = tor_config.display().to_string();
    let mut relay = RelayProcess::start(&at("relay"), 2, &["--tor-config", &config]);

    // Maya founds, imports, invites.
    let mut maya = open("path-maya", &at("maya"), &tor_config).await;
    people::begin_to_start(&maya).await;
    people::start_pursuance(&maya, "Harbour watch", "Know what is built at the harbour", FOUNDER, relay.address())
        .await;
    people::connect(&maya, &at("maya")).await;
    people::import(&maya, &task_list(), TASKS).await;
    maya.screenshot("path-1-maya-imported").await;
    let link = people::invite(&maya, 5).await;
    maya.screenshot("path-2-maya-invite").await;

    // Ben joins and is welcomed by Maya's app.
    let ben = open("path-ben", &at("ben"), &tor_config).await;
    people::begin_with_invite(&ben).await;
    people::give_link(&ben, &link).await;
    people::connect(&ben, &at("ben")).await;
    ben.find("preview").await;
    ben.screenshot("path-3-ben-preview").await;
    assert_eq!(ben.text("preview-name").await, "Harbour watch");
    people::join(&ben, "Ben").await;
    people::wait_rows(&ben, TASKS).await;
    ben.screenshot("path-4-ben-tree").await;

    // Maya is gone; Kim comes by the same link and is welcomed by Ben's app.
    maya.quit().await;
    let mut kim = open("path-kim", &at("kim"), &tor_config).await;
    people::begin_with_invite(&kim).await;
    people::give_link(&kim, &link).await;
    people::connect(&kim, &at("kim")).await;
    kim.find("preview").await;
    people::join(&kim, "Kim").await;
    people::wait_rows(&kim, TASKS).await;
    people::open_task(&kim, "Check pier 7, both sides").await;
    kim.click("claim").await;
    kim.find("give-back").await;
    people::comment(&kim, "The north side is closed").await;
    people::set_status(&kim, "done", "status-option-done").await;
    kim.screenshot("path-5-kim-task").await;

    // The relay dies where it stands, and comes back with what it signed for.
    relay.kill();
    people::open_task(&ben, "Check pier 8, both sides").await;
    people::comment(&ben, "Written while no relay answers").await;
    let address = relay.address().to_owned();
    relay = RelayProcess::start(&at("relay"), 2, &["--tor-config", &config]);
    assert_eq!(relay.address(), address);

    // Kim's app dies while it posts.
    for line in 0..5 {
        people::comment(&kim, &format!("Line {line}")).await;
    }
    kim.kill();
    let kim = kim.reopen().await;
    people::unlock(&kim).await;

    // Maya returns.
    let maya = maya.reopen().await;
    people::unlock(&maya).await;
    people::wait_rows(&maya, TASKS).await;
    let held = agreed([&maya, &ben, &kim]).await;

    let mut members: Vec<&str> =
        held["members"].as_array().expect("members").iter().filter_map(|name| name.as_str()).collect();
    members.sort_unstable();
    assert_eq!(members, ["Ben", "Kim", FOUNDER]);
    assert_eq!(held["total"], TASKS);
    let rows = held["rows"].as_array().expect("rows");
    let row = |title: &str| rows.iter().find(|row| row["title"] == title).unwrap_or_else(|| panic!("no {title}"));
    let seven = row("Check pier 7, both sides");
    assert_eq!((&seven["status"], &seven["claim"]), (&"done".into(), &"Kim".into()));
    let said: Vec<&str> =
        seven["thread"].as_array().expect("a thread").iter().filter_map(|line| line[2].as_str()).collect();
    assert_eq!(
        said,
        ["The north side is closed", "Line 0", "Line 1", "Line 2", "Line 3", "Line 4"],
        "nothing lost, nothing twice"
    );
    assert_eq!(row("Check pier 8, both sides")["thread"][0][2], "Written while no relay answers");
    let mut ids: Vec<&str> = rows.iter().filter_map(|row| row["task"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), TASKS);
    for (window, name) in [(&maya, "maya"), (&ben, "ben"), (&kim, "kim")] {
        window.screenshot(&format!("path-6-{name}")).await;
    }

    // What the relay keeps says nothing of it, and neither do the members' own closed files.
    relay.kill();
    let texts = [
        "Harbour watch",
        "Know what is built",
        "Check pier",
        FOUNDER,
        "The north side is closed",
        "Line 4",
        "harbour",
        "Written while",
    ];
    let needles: Vec<String> =
        texts.iter().map(ToString::to_string).chain(ids.iter().take(10).map(ToString::to_string)).collect();
    let opened = held.to_string().into_bytes();
    for needle in &needles {
        assert!(says(&opened, needle), "the control: {needle:?} is in what was opened");
    }
    for (whose, files) in [("relay", at("relay")), ("maya", at("maya")), ("ben", at("ben"))] {
        let files = all_files(&files);
        assert!(files.len() > 100_000, "{whose} keeps something: {} bytes", files.len());
        for needle in &needles {
            assert!(!says(&files, needle), "{whose} keeps {needle:?} in the open");
        }
    }
}

/// Whether bytes hold a text, or, where it is an identifier in hexadecimal, its bytes.
fn says(bytes: &[u8], text: &str) -> bool {
    let raw = data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap_or_default();
    let holds = |needle: &[u8]| !needle.is_empty() && bytes.windows(needle.len()).any(|window| window == needle);
    holds(text.as_bytes()) || holds(&raw)
}

/// All files below a folder, one after the other; WebKit's own cache of the program's screens is not about anybody.
fn all_files(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if let Ok(file) = std::fs::read(&entry) {
                bytes.extend(file);
                bytes.push(b'\n');
            }
        }
    }
    bytes
}
