//! What people do in their windows, step by step as the screens offer it (docs/user-guide.md).

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::headless::Headless;
use crate::relay::RelayProcess;
use crate::window::{Launch, Window};

/// The passphrase of everybody in the stories.
pub const PASSPHRASE: &str = "a long walk along the harbour";

/// Several programs share a computer.
const PATIENCE_SECONDS: u64 = 90;
/// The sizes of windows that portraits show.
const SIZES: [(u32, u32); 2] = [(1024, 640), (1280, 800)];
const SLOT_SECONDS: u32 = 1;
/// Puts the page into a theme, a direction and a size of text, and ends when it has been drawn so; colours do not go over slowly.
const DRAWN: &str = "const [theme, direction, text, done] = arguments; const root = document.documentElement; \
    root.dataset.theme = theme; root.dir = direction; root.style.fontSize = text; \
    for (const fade of document.getAnimations()) fade.finish(); \
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))";
/// The browser's own size of text, and twice that.
const TEXT: [&str; 2] = ["", "200%"];

/// Says what is wrong with how the page looks.
const LOOKS: &str = include_str!("looks.js");

/// A relay of the story's own, in a folder of its own.
#[must_use]
pub fn open_relay(dir: &Path) -> RelayProcess {
    RelayProcess::start(&folder(dir, "relay"), SLOT_SECONDS, &["--listen", "127.0.0.1:0"])
}

/// A second relay of the story, in a folder of its own.
#[must_use]
pub fn open_another_relay(dir: &Path) -> RelayProcess {
    RelayProcess::start(&folder(dir, "another-relay"), SLOT_SECONDS, &["--listen", "127.0.0.1:0"])
}

/// A window with an empty data folder, without Tor, that reaches this relay.
pub async fn open_window(story: &str, person: &str, dir: &Path, relay: &RelayProcess) -> Window {
    let options = relay.loopback();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let launch = Launch::pursuance(&format!("{story}-{person}"), &folder(dir, person), &options);
    let mut window = Window::open(launch).await;
    window.wait_up_to(PATIENCE_SECONDS);
    window
}

/// Somebody whose window nobody looks at.
///
/// # Panics
/// When they do not come in in time.
#[must_use]
pub fn come_in_unseen(person: &str, dir: &Path, relay: &RelayProcess, link: &str) -> (Headless, String) {
    let options = relay.loopback();
    let options = [options[1].as_str(), options[2].as_str()];
    let mut node = Headless::start(&folder(dir, person), PASSPHRASE, &options, ("warn", Stdio::inherit()));
    let opened = node.request(json!({ "kind": "openInvite", "link": link }));
    let pursuance = opened["pursuance"].as_str().expect("a pursuance").to_owned();
    until(&mut node, "no preview came", |node| {
        node.view(json!({ "kind": "preview", "pursuance": pursuance }))["state"] == "here"
    });
    node.request(json!({ "kind": "join", "pursuance": pursuance, "myName": person }));
    until(&mut node, "nobody let them in", |node| {
        node.view(json!({ "kind": "app" }))["pursuances"][0]["standing"] == "member"
    });
    (node, pursuance)
}

/// The same folder again, opened with the same passphrase.
#[must_use]
pub fn come_again_unseen(person: &str, dir: &Path, relay: &RelayProcess) -> Headless {
    let options = relay.loopback();
    let options = [options[1].as_str(), options[2].as_str()];
    Headless::start(&dir.join(person), PASSPHRASE, &options, ("warn", Stdio::inherit()))
}

/// Looks again and again until something is so at a node.
///
/// # Panics
/// When it is not so in time.
pub fn until(node: &mut Headless, otherwise: &str, is_so: impl Fn(&mut Headless) -> bool) {
    let limit = std::time::Instant::now() + Duration::from_secs(PATIENCE_SECONDS);
    while !is_so(node) {
        assert!(std::time::Instant::now() < limit, "{otherwise}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn folder(dir: &Path, name: &str) -> std::path::PathBuf {
    let folder = dir.join(name);
    std::fs::create_dir(&folder).expect("a folder of the story's own");
    folder
}

/// Pictures at both sizes in both themes; nothing is cut off or wider than its place.
///
/// # Panics
/// When something is.
pub async fn portraits(window: &Window, name: &str) {
    for size in SIZES {
        for theme in ["light", "dark"] {
            let called = format!("{theme}-{}", size.0);
            let found = picture(window, name, (size, theme, "ltr", TEXT[0], "nothing", &called)).await;
            assert_eq!(found, [""; 0], "{name}");
        }
    }
}

/// Pictures at both sizes in both themes, from right to left, and with text of twice the size; and what is wrong with them:
/// what is cut off or wider than its place, and what axe finds, light from left to right and dark from right to left.
///
/// # Panics
/// When axe is not there.
pub async fn complaints(window: &Window, name: &str) -> Vec<String> {
    if window.run("return typeof window.axe", vec![]).await == json!("undefined") {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
        window.run(&std::fs::read_to_string(axe).expect("./x setup installs it"), vec![]).await;
    }
    let [small, large] = SIZES;
    let mut all = vec![];
    for look in [
        (small, "light", "ltr", TEXT[0], "axe", "light-1024"),
        (small, "dark", "ltr", TEXT[0], "nothing", "dark-1024"),
        (small, "dark", "rtl", TEXT[0], "axe", "leftwards"),
        (large, "light", "ltr", TEXT[0], "nothing", "light-1280"),
        (large, "dark", "ltr", TEXT[0], "nothing", "dark-1280"),
        (large, "light", "ltr", TEXT[1], "nothing", "twice"),
    ] {
        all.extend(picture(window, name, look).await);
    }
    // As it was before.
    window.run_async(DRAWN, vec![json!("light"), json!("ltr"), json!(TEXT[0])]).await;
    all
}

/// One picture: the window's size, theme, direction, size of text, what axe is asked, and what it is called.
type Look<'a> = ((u32, u32), &'a str, &'a str, &'a str, &'a str, &'a str);

/// Takes a picture; what is wrong with it.
async fn picture(window: &Window, name: &str, look: Look<'_>) -> Vec<String> {
    let ((width, height), theme, direction, text, asked, called) = look;
    window.resize(width, height).await;
    window.run_async(DRAWN, vec![json!(theme), json!(direction), json!(text)]).await;
    let found: Vec<String> =
        serde_json::from_value(window.run_async(LOOKS, vec![json!(asked)]).await).expect("a list of complaints");
    window.screenshot(&format!("{name}-{called}")).await;
    found.into_iter().map(|complaint| format!("{name}-{called}: {complaint}")).collect()
}

/// On the first screen of an empty data folder: chooses to start a pursuance, and makes the vault.
pub async fn begin_to_start(window: &Window) {
    make_vault(window, "welcome-start").await;
    window.find("start").await;
}

/// On the first screen of an empty data folder: chooses to use an invite, and makes the vault.
pub async fn begin_with_invite(window: &Window) {
    make_vault(window, "welcome-invite").await;
    window.find("join").await;
}

async fn make_vault(window: &Window, choice: &str) {
    window.click(choice).await;
    window.fill("passphrase", PASSPHRASE).await;
    window.fill("passphrase-again", PASSPHRASE).await;
    window.click("vault-create").await;
}

/// Opens the vault of a program that was started again.
pub async fn unlock(window: &Window) {
    window.fill("passphrase", PASSPHRASE).await;
    window.click("unlock-submit").await;
    window.find("status-line").await;
}

/// Chooses the kind of group on the screen that starts one; `code` as in the window's door.
pub async fn choose_template(window: &Window, code: &str) {
    let option = format!("start-template-{code}");
    // A page that scrolls between press and release has not been clicked.
    eventually(window, &format!("{code} is not chosen"), async || {
        window.click(&option).await;
        let script = "return document.querySelector(`[data-testid=${arguments[0]}]`).checked";
        (window.run(script, vec![json!(option)]).await == json!(true)).then_some(())
    })
    .await;
}

/// Founds a pursuance.
pub async fn start_pursuance(window: &Window, name: &str, mission: &str, my_name: &str, relay: &str) {
    window.fill("start-name", name).await;
    window.fill("start-mission", mission).await;
    window.fill("start-my-name", my_name).await;
    window.paste("start-relay", relay).await;
    window.click("start-submit").await;
    window.find("quick-add").await;
}

/// Says that Tor may be used. Until then it was not started: it has no folder among the data.
pub async fn connect(window: &Window, data: &Path) {
    window.find("tor-connect").await;
    assert!(!data.join("tor").exists(), "Tor was started before anybody said that it may");
    window.click("tor-connect").await;
    window.wait_gone("tor-line").await;
}

/// Adds one more relay to those that carry the pursuance.
pub async fn use_relay(window: &Window, relay: &str) {
    window.click("nav-relays").await;
    window.paste("relay-address", relay).await;
    window.click("relay-add").await;
    eventually(window, "the relay is not among those used", async || {
        let script = "return [...document.querySelectorAll('[data-testid=relay]')].some((each) => each.dataset.address === arguments[0])";
        (window.run(script, vec![json!(relay)]).await == json!(true)).then_some(())
    })
    .await;
}

/// Imports a task list after looking at its preview.
pub async fn import(window: &Window, csv: &str, tasks: usize) {
    window.click("nav-import").await;
    window.paste("import-text", csv).await;
    window.wait_text("import-result", &tasks.to_string()).await;
    window.click("import-commit").await;
    window.click("nav-tree").await;
    wait_rows(window, tasks).await;
}

/// Waits until the tree shows so many rows, most of which are not on the page.
pub async fn wait_rows(window: &Window, rows: usize) {
    eventually(window, &format!("the tree does not have {rows} rows"), async || {
        let found = window.run("return document.querySelector('[data-testid=tree]')?.dataset.rows ?? ''", vec![]).await;
        (found == json!(rows.to_string())).then_some(())
    })
    .await;
}

/// Makes an invite with review and gives its link, once a relay has signed for the preview.
pub async fn reviewed_invite(window: &Window, uses: u16) -> String {
    window.click("nav-invites").await;
    window.click("invite-review-yes").await;
    make_invite(window, uses).await
}

/// Makes an invite and gives its link, once a relay has signed for the preview.
pub async fn invite(window: &Window, uses: u16) -> String {
    window.click("nav-invites").await;
    make_invite(window, uses).await
}

async fn make_invite(window: &Window, uses: u16) -> String {
    window.fill("invite-uses", &uses.to_string()).await;
    window.click("invite-create").await;
    let link = window.value("invite-link").await;
    eventually(window, "no relay signed for the preview", async || {
        let handed =
            window.run("return document.querySelector('[data-testid=invite-row]')?.dataset.handed ?? ''", vec![]).await;
        (handed == json!("true")).then_some(())
    })
    .await;
    link
}

/// Makes an invite to a role of a template, which is known by its number, and gives its link.
pub async fn invite_to(window: &Window, role: u16, uses: u16) -> String {
    window.click("nav-invites").await;
    window.click(&format!("invite-role-{role}")).await;
    make_invite(window, uses).await
}

/// Gives somebody one more role, from the list of people.
pub async fn give_role(window: &Window, name: &str, role: &str) {
    window.click("nav-people").await;
    window.click_with("member-open", name).await;
    window.wait_text("person-name", name).await;
    let before = window.count("person-role").await;
    window.click_with("give-role", role).await;
    window.wait_count("person-role", before + 1).await;
}

/// Opens an invite link and waits for its preview.
pub async fn open_invite(window: &Window, link: &str) {
    give_link(window, link).await;
    window.find("preview").await;
}

/// Gives the link, and does not wait for what it leads to.
pub async fn give_link(window: &Window, link: &str) {
    window.paste("join-link", link).await;
    window.click("join-open").await;
}

/// Joins from the preview.
pub async fn join(window: &Window, my_name: &str) {
    window.fill("preview-my-name", my_name).await;
    window.click("preview-join").await;
}

/// Opens a task beside the tree by looking for its title.
pub async fn open_task(window: &Window, title: &str) {
    window.paste("tree-filter", title).await;
    eventually(window, &format!("no row is called {title:?}"), async || {
        let click = "const row = document.querySelector(`[data-testid=tree-row][data-title=${CSS.escape(arguments[0])}]`); \
            row?.click(); return row !== null";
        (window.run(click, vec![json!(title)]).await == json!(true)).then_some(())
    })
    .await;
    window.wait_text("task-title", title).await;
    window.paste("tree-filter", "").await;
}

/// Adds a line to the open task's thread.
pub async fn comment(window: &Window, text: &str) {
    window.fill("comment-input", text).await;
    window.click("comment-send").await;
    window.wait_text("comment-text", text).await;
}

/// Sets the open task's status through its menu.
pub async fn set_status(window: &Window, status_code: &str, option: &str) {
    window.click("task-status").await;
    window.click(option).await;
    eventually(window, &format!("the status is not {status_code}"), async || {
        let found = window
            .run(
                "return document.querySelector('[data-testid=task-status] [data-status]')?.dataset.status ?? ''",
                vec![],
            )
            .await;
        (found == json!(status_code)).then_some(())
    })
    .await;
}

/// What the window's first pursuance holds, in a form that is equal for everybody who holds the same: every row with its
/// thread, without what depends on who looks.
pub async fn everything(window: &Window) -> Value {
    let script = r"
        const done = arguments[arguments.length - 1];
        const look = (query) => window.__TAURI_INTERNALS__.invoke('view', { query }).then((answer) => answer.view);
        (async () => {
            const app = await look({ kind: 'app' });
            const pursuance = app.pursuances[0].pursuance;
            const page = (first) => look({ kind: 'tree', pursuance, first, dropped: true });
            const tree = await page(0);
            while (tree.rows.length < tree.shown) tree.rows.push(...(await page(tree.rows.length)).rows);
            const people = await look({ kind: 'people', pursuance });
            const name = (person) => person === null ? null : person.name;
            const rows = [];
            for (const row of tree.rows) {
                const task = row.comments > 0 ? await look({ kind: 'task', pursuance, task: row.task }) : null;
                rows.push({
                    task: row.task, title: row.title, status: row.status, depth: row.depth, parent: row.parent, labels: row.labels,
                    owner: row.ownerText, claim: name(row.claim), assignees: row.assignees.map(name),
                    thread: task === null ? [] : task.thread.map((line) => [line.entry, line.by.name, line.text]),
                });
            }
            return { name: tree.name, mission: tree.mission, done: tree.done, total: tree.total, rows,
                     members: people.members.map((member) => member.person.name) };
        })().then(done, (trouble) => done({ trouble }));";
    window.run_async(script, vec![]).await
}

/// Looks again and again until something is there, for as long as the window waits for things.
pub async fn eventually<T>(window: &Window, otherwise: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let limit = std::time::Instant::now() + window.patience();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(std::time::Instant::now() < limit, "{}: {otherwise}\n{}", window.name(), window.log());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
