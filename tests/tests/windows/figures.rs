//! How long one waits at the size that the app is made for, from the key to the changed screen. Printed on request, never judged
//! (docs/benchmarks.md, "A large pursuance").
//!
//! ```text
//! ./x bench window
//! ```

use std::path::PathBuf;

use fantoccini::key::Key;
use pursuance_tests::people::{PASSPHRASE, eventually};
use pursuance_tests::window::{Launch, Window};

use crate::at_size::ask;
use crate::large::{Large, make};

const LARGE: Large = Large { members: 60, tasks: 5_000, entries: 40_000 };
const ROUNDS: usize = 9;
/// Numbers that stand in titles of the list: with each digit fewer rows are left.
const NUMBERS: [&str; 5] = ["4321", "1234", "2718", "3141", "4096"];
/// Where a pursuance made before is found again, or kept.
const FOLDER_VARIABLE: &str = "PURSUANCE_FIGURES_FOLDER";
/// What leaves about 200 tasks.
const BULK_FILTER: &str = "label:\"quay 3\"";
const PATIENCE_SECONDS: u64 = 120;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "figures, on request"]
async fn figures_of_a_large_pursuance() {
    let dir = tempfile::tempdir().unwrap();
    let kept = std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
    let at = kept.unwrap_or_else(|| dir.path().into());
    let folder = match at.join("Maya") {
        there if there.exists() => there,
        _ => make(&at, &LARGE).await,
    };
    let mut window = Window::open(Launch::pursuance("figures", &folder, &["--no-tor"])).await;
    window.wait_up_to(PATIENCE_SECONDS);
    println!(
        "{} members, {} tasks, {} entries; from the key to the screen, median:",
        LARGE.members, LARGE.tasks, LARGE.entries
    );

    let rounds = Rounds::begin(&window);
    let mut unlocking = Vec::new();
    for round in 0..=ROUNDS {
        window.fill("passphrase", PASSPHRASE).await;
        let took = took(&window, "document.querySelector('[data-testid=tree-row]') !== null", Key::Enter.into()).await;
        // The first one starts what stays.
        if round > 0 {
            unlocking.push(took);
        }
        window.find("tree-row").await;
        if round < ROUNDS {
            window.press_ctrl('l').await;
            window.find("unlock").await;
        }
    }
    rounds.say("unlock, key derivation apart", unlocking);
    looks(&window).await;

    let rounds = Rounds::begin(&window);
    let mut filtering = Vec::new();
    for number in NUMBERS {
        window.click("tree-filter").await;
        for digit in number.chars() {
            let rows = "document.querySelector('[data-testid=tree]')?.dataset.rows";
            filtering.push(took(&window, rows, digit).await);
        }
        window.paste("tree-filter", "").await;
        rows(&window, |rows| rows > 1_000).await;
    }
    rounds.say("a letter of a filter", filtering);

    window.press_key(Key::Escape).await;
    let rounds = Rounds::begin(&window);
    let mut searching = Vec::new();
    for number in NUMBERS {
        window.press(&['/']).await;
        window.find("find-text").await;
        window.paste("find-text", "").await;
        window.click("find-text").await;
        for digit in number.chars() {
            let found = "document.querySelector('[data-testid=find-count]').textContent";
            searching.push(took(&window, found, digit).await);
        }
        window.press_key(Key::Escape).await;
    }
    rounds.say("a letter of a search", searching);

    window.click("nav-tree").await;
    window.find("tree-row").await;
    // Enter in the filter's field goes to the first row.
    window.click("tree-filter").await;
    window.press_key(Key::Enter).await;
    window.press(&['v']).await;
    window.press(&['b']).await;
    window.find("card").await;
    let rounds = Rounds::begin(&window);
    let mut carrying = Vec::new();
    for round in 0..2 * ROUNDS {
        let cards =
            "[...document.querySelectorAll('[data-testid=board-column]')].map((each) => each.dataset.cards).join()";
        let arrow = if round % 2 == 0 { Key::Right } else { Key::Left };
        carrying.push(took_with(&window, cards, &[Key::Alt.into(), arrow.into()]).await);
    }
    rounds.say("a card to the next column", carrying);

    window.press(&['v']).await;
    window.press(&['l']).await;
    window.find("list-row").await;
    window.paste("tree-filter", BULK_FILTER).await;
    eventually(&window, "the list is not filtered", async || {
        let matching = "return Number(document.querySelector('[data-testid=tree-matching]')?.dataset.matching || 0)";
        window.run(matching, vec![]).await.as_u64().filter(|matching| (100..400).contains(matching))
    })
    .await;
    window.click("tree-filter").await;
    window.press_key(Key::Enter).await;
    window.press_ctrl('a').await;
    let chosen = eventually(&window, "nothing is chosen", async || {
        let chosen = "return Number(document.querySelector('[data-testid=chosen]').dataset.chosen)";
        window.run(chosen, vec![]).await.as_u64().filter(|chosen| *chosen > 1)
    })
    .await;
    let rounds = Rounds::begin(&window);
    let mut changing = Vec::new();
    for round in 0..ROUNDS {
        window.press(&['p']).await;
        window.find("picker").await;
        window.type_text(if round % 2 == 0 { "1" } else { "4" }).await;
        let priorities =
            "[...document.querySelectorAll('[data-chosen=true]')].map((row) => row.dataset.priority).join()";
        changing.push(took(&window, priorities, Key::Enter.into()).await);
        window.wait_gone("picker").await;
    }
    rounds.say(&format!("another priority for {chosen} tasks"), changing);
    window.quit().await;
}

/// What the page asks the node for, each by itself.
async fn looks(window: &Window) {
    let script = r"
        const list = { kind: 'list', pursuance, first: 0, sort: 'title', direction: 'up', group: 'tree' };
        const tree = { kind: 'tree', pursuance, first: 0, folded: [], filter: '', dropped: false, around: null };
        const queries = {
            'the frame': { kind: 'app' }, 'a page of the tree': tree, 'the same, filtered': { ...tree, filter: '432' }, 'a page of the list': list,
            'one column of the board': { ...list, group: 'tree', filter: 'status:doing' }, 'the inbox': { kind: 'inboxes' }, 'today': { kind: 'today' },
            'a search': { kind: 'find', text: 'watch 432' }, 'the people': { kind: 'people', pursuance },
        };
        const took = {};
        for (const [name, query] of Object.entries(queries)) {
            took[name] = [];
            for (let round = 0; round < 9; round++) {
                const begun = performance.now();
                await look(query);
                took[name].push(performance.now() - begun);
            }
        }
        return took";
    let took = ask(window, script).await;
    for (name, times) in took.as_object().unwrap_or_else(|| panic!("figures and not {took}")) {
        let times: Vec<f64> = serde_json::from_value(times.clone()).expect("numbers");
        println!("{}", said(&format!("    what the node answers: {name}"), times));
    }
}

async fn rows(window: &Window, are: impl Fn(u64) -> bool) {
    eventually(window, "the tree shows other rows", async || {
        let rows =
            window.run("return Number(document.querySelector('[data-testid=tree]')?.dataset.rows)", vec![]).await;
        rows.as_u64().is_some_and(&are).then_some(())
    })
    .await;
}

async fn took(window: &Window, changed: &str, key: char) -> f64 {
    took_with(window, changed, &[key]).await
}

/// Presses keys; milliseconds from the last of them until what this script says is another, and is on the screen.
async fn took_with(window: &Window, changed: &str, keys: &[char]) -> f64 {
    let begin = format!(
        r"const look = () => String({changed});
        const before = look();
        const figure = {{ before, pressed: null, took: null }};
        window.pursuanceFigure = figure;
        const key = (event) => {{ figure.pressed = event.timeStamp; }};
        window.addEventListener('keydown', key, {{ capture: true }});
        const observer = new MutationObserver(() => {{
            if (figure.pressed === null || look() === before) return;
            observer.disconnect();
            window.removeEventListener('keydown', key, {{ capture: true }});
            requestAnimationFrame(() => setTimeout(() => {{ figure.took = performance.now() - figure.pressed; }}));
        }});
        observer.observe(document.documentElement, {{ subtree: true, childList: true, attributes: true, characterData: true }});"
    );
    window.run(&begin, vec![]).await;
    window.press(keys).await;
    eventually(window, &format!("nothing changed in {changed}"), async || {
        window.run("return window.pursuanceFigure.took", vec![]).await.as_f64()
    })
    .await
}

/// What the program's own process does while something is measured, the time that its page takes not among it.
struct Rounds {
    app: u32,
    before: f64,
}

impl Rounds {
    fn begin(window: &Window) -> Self {
        let app = window.app().expect("it runs");
        Self { app, before: processor_millis(app) }
    }

    fn say(&self, what: &str, times: Vec<f64>) {
        let each = (processor_millis(self.app) - self.before) / times.len() as f64;
        println!("{}, processor time of the program {each:.0} ms a round", said(what, times));
    }
}

/// Processor time of all threads that a process has now, from proc(5).
fn processor_millis(process: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    let nanos = threads.filter_map(|thread| {
        let said = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        said.split(' ').next()?.parse::<u64>().ok()
    });
    nanos.sum::<u64>() as f64 / 1e6
}

fn said(what: &str, mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let (first, last) = (times[0], times[times.len() - 1]);
    format!("{what:52} {:6.0} ms ({first:.0} to {last:.0}, {} rounds)", times[times.len() / 2], times.len())
}
