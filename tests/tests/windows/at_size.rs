//! Thousands of tasks in one window: a list comes in through the screen, is stopped once and then taken, is worked with by
//! keyboard, written out, and taken again elsewhere (docs/user-guide.md, "Lists in and out").

use std::collections::BTreeSet;
use std::path::Path;

use pursuance_core::task::Status;
use pursuance_node::import;
use pursuance_tests::people::{begin_to_start, eventually, start_pursuance};
use pursuance_tests::tasklist::{at_size, tasks};
use pursuance_tests::window::{Launch, Window};
use serde_json::{Value, json};

/// Rows of the tree that exist at once, wherever it is scrolled to.
const MAX_ROWS_ON_PAGE: usize = 80;
/// Rows of one answer to the page.
const MAX_ROWS_OF_VIEW: u64 = 50;
/// Where the list is scrolled to, besides its ends.
const SCROLLS: u32 = 12;
/// Imports begun to be stopped; the first stops unless this computer is too busy to press a button in time.
const CANCEL_TRIES: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_tasks_in_one_window() {
    let text = at_size();
    let list = import::read("", &text, None);
    assert_eq!(list.problems, []);
    let count = |is: fn(Status) -> bool| list.tasks.iter().filter(|task| task.status.is_some_and(is)).count();
    let (done, total) = (count(|status| status == Status::Done), count(|status| status != Status::Dropped));

    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = Window::open(Launch::pursuance("at-size", data.path(), &["--no-tor"])).await;
    window.wait_up_to(90);
    begin_to_start(&window).await;
    start_pursuance(&window, "Stopped 0", "Nothing comes in here", "Maya", "").await;
    an_import_is_stopped(&window).await;

    found(&window, "Harbour").await;
    columns_are_chosen(&window, &text).await;
    take(&window, list.tasks.len(), done, total).await;
    few_rows_exist(&window).await;
    keys_are_commands(&window).await;

    // What is there now, and what was added by hand: out, and into another pursuance.
    let (first, second) = (out.path().join("harbour.csv"), out.path().join("again.csv"));
    export(&window, &first).await;
    found(&window, "Again").await;
    window.click("nav-import").await;
    window.paste("import-text", &std::fs::read_to_string(&first).unwrap()).await;
    take(&window, list.tasks.len() + 1, done, total + 1).await;
    export(&window, &second).await;
    let read = |path: &Path| std::fs::read_to_string(path).expect("it was written");
    assert!(read(&first) == read(&second), "the two files differ: {} {}", first.display(), second.display());
    window.quit().await;
}

/// The largest list there may be is on its way, and the button that stops it is pressed as soon as it is there.
async fn an_import_is_stopped(window: &Window) {
    let text = tasks(import::MAX_IMPORT_TASKS);
    for attempt in 1..=CANCEL_TRIES {
        window.click("nav-import").await;
        window.paste("import-text", &text).await;
        preview(window, import::MAX_IMPORT_TASKS).await;
        let script = r"
            const done = arguments[arguments.length - 1];
            const of = (id) => document.querySelector(`[data-testid=${id}]`);
            const seen = [];
            const observer = new MutationObserver(() => {
                const running = of('import-running');
                if (running === null) { if (seen.length > 0) { observer.disconnect(); done(seen); } return; }
                seen.push([Number(running.dataset.done), Number(running.dataset.of)]);
                if (seen.length === 1) of('import-cancel').click();
            });
            observer.observe(document.body, { subtree: true, childList: true, attributes: true });
            of('import-commit').click();";
        let seen = window.run_async(script, vec![]).await;
        let seen: Vec<(u64, u64)> = serde_json::from_value(seen).expect("the script returns pairs");
        assert!(seen.iter().all(|(done, of)| done <= of && *of == import::MAX_IMPORT_TASKS as u64), "{seen:?}");
        // Stopped: the text is still there to be tried again, and nothing of it is in the tree.
        if eventually(window, "the import neither ended nor stopped", async || ended(window).await).await {
            assert_eq!(kept(window).await, 2, "a beginning and its first epoch, nothing else");
            window.click("nav-tree").await;
            window.find("tree-empty").await;
            assert_eq!(progress(window).await, Some((0, 0)));
            return;
        }
        assert!(attempt < CANCEL_TRIES, "no import was ever stopped in time");
        found(window, &format!("Stopped {attempt}")).await;
    }
}

/// Whether an import was stopped (and not: taken), once it is over.
async fn ended(window: &Window) -> Option<bool> {
    let script = "const of = (id) => document.querySelector(`[data-testid=${id}]`); \
        if (of('import-running') !== null) return null; \
        if (of('tree') !== null) return false; \
        return of('import-commit')?.getAttribute('aria-disabled') === 'true' ? null : of('import-text')?.value !== ''";
    window.run(script, vec![]).await.as_bool()
}

/// The title's column is left out and chosen again; everything else stays as guessed.
async fn columns_are_chosen(window: &Window, text: &str) {
    window.click("nav-import").await;
    window.paste("import-text", text).await;
    let count = import::read("", text, None).tasks.len();
    preview(window, count).await;
    let script = "const fields = [...document.querySelectorAll('select[data-testid^=import-field-]')]; \
        const field = fields.find((each) => each.value === arguments[0]); \
        field.value = arguments[1]; \
        field.dispatchEvent(new Event('change', { bubbles: true })); \
        return field.dataset.testid";
    let title = window.run(script, vec![json!("title"), json!("")]).await;
    eventually(window, "a list without titles has no problem", async || {
        (result(window).await? == (0, 1)).then_some(())
    })
    .await;
    let script = "const field = document.querySelector(`[data-testid=${arguments[0]}]`); \
        field.value = 'title'; field.dispatchEvent(new Event('change', { bubbles: true }))";
    window.run(script, vec![title]).await;
    preview(window, count).await;
    window.screenshot("at-size-columns").await;
}

/// Waits until the preview promises so many tasks.
async fn preview(window: &Window, tasks: usize) {
    let promised = (tasks as u64, 0);
    eventually(window, &format!("the preview does not promise {tasks} tasks"), async || {
        (result(window).await? == promised).then_some(())
    })
    .await;
}

/// Tasks and problems of the preview.
async fn result(window: &Window) -> Option<(u64, u64)> {
    numbers(window, "import-result", "tasks", "problems").await
}

/// Done and all tasks of the tree.
async fn progress(window: &Window) -> Option<(u64, u64)> {
    numbers(window, "progress", "done", "total").await
}

async fn numbers(window: &Window, testid: &str, first: &str, second: &str) -> Option<(u64, u64)> {
    let script = "const found = document.querySelector(`[data-testid=${arguments[0]}]`); \
        return found === null ? null : [Number(found.dataset[arguments[1]]), Number(found.dataset[arguments[2]])]";
    serde_json::from_value(window.run(script, vec![json!(testid), json!(first), json!(second)]).await).ok()
}

/// Takes what the preview shows.
async fn take(window: &Window, tasks: usize, done: usize, total: usize) {
    preview(window, tasks).await;
    window.click("import-commit").await;
    let expected = (done as u64, total as u64);
    eventually(window, &format!("the tree does not have {total} tasks"), async || {
        (progress(window).await? == expected).then_some(())
    })
    .await;
    window.click("nav-tree").await;
    window.find("tree-row").await;
}

/// Another pursuance, from the rail.
async fn found(window: &Window, name: &str) {
    window.click("rail-start").await;
    start_pursuance(window, name, "Know what is built there", "Maya", "").await;
}

/// Scrolls from one end to the other and back; at each place few rows exist, and they are those in sight.
async fn few_rows_exist(window: &Window) {
    // Answers when the rows in sight are there: pages may have to come first.
    let script = r"
        const [there, done] = arguments;
        const tree = document.querySelector('[data-testid=tree]');
        const box = [...tree.querySelectorAll('*')].find((each) => each.scrollHeight > each.clientHeight + 100);
        box.scrollTop = (box.scrollHeight - box.clientHeight) * there;
        let most = 0;
        const look = () => {
            const rows = [...tree.querySelectorAll('[data-testid=tree-row]')];
            most = Math.max(most, rows.length);
            const sight = box.getBoundingClientRect();
            const here = rows.filter((row) => { const at = row.getBoundingClientRect(); return at.top < sight.bottom && at.bottom > sight.top; });
            if (here.length === 0) { setTimeout(look, 20); return; }
            done([most, here.map((row) => row.dataset.task)]);
        };
        requestAnimationFrame(look);";
    let mut tasks: BTreeSet<String> = BTreeSet::new();
    for step in 0..=2 * SCROLLS {
        let there = 1.0 - f64::from(step.abs_diff(SCROLLS)) / f64::from(SCROLLS);
        let seen = window.run_async(script, vec![json!(there)]).await;
        let (most, here): (usize, Vec<String>) = serde_json::from_value(seen).expect("the script returns this");
        assert!((1..=MAX_ROWS_ON_PAGE).contains(&most), "{most} rows exist at {there}");
        tasks.extend(here);
    }
    assert!(tasks.len() > SCROLLS as usize, "each place has rows of its own, and there were {}", tasks.len());

    // The page is not told more than it can show, wherever it asks.
    let most = ask(
        window,
        r"const pages = await Promise.all([0, 50, 1500, 1000000].map((first) => look({
              kind: 'tree', pursuance, first, folded: [], filter: '', dropped: true, around: null })));
          return Math.max(...pages.map((page) => page.rows.length))",
    )
    .await;
    assert!(most.as_u64().is_some_and(|most| (1..=MAX_ROWS_OF_VIEW).contains(&most)), "{most}");
}

/// A task among thousands: added, found by the filter, given a day and a label, taken; each with its key, each one command.
async fn keys_are_commands(window: &Window) {
    let title = "Zinc plates for the lighthouse door";
    let before = kept(window).await;
    window.click("quick-add").await;
    window.type_text(title).await;
    window.press_key(fantoccini::key::Key::Enter).await;
    wait_kept(window, before + 1).await;

    window.paste("tree-filter", "zinc lighthouse").await;
    only(window, title).await;
    window.click("tree-filter").await;
    window.press_key(fantoccini::key::Key::Enter).await;

    window.press(&['d']).await;
    window.find("picker").await;
    window.type_text("2027-03-04").await;
    window.press_key(fantoccini::key::Key::Enter).await;
    wait_kept(window, before + 2).await;
    window.press(&['b']).await;
    window.find("picker").await;
    window.type_text("brass").await;
    window.press_key(fantoccini::key::Key::Enter).await;
    wait_kept(window, before + 3).await;
    window.press(&['p']).await;
    window.find("picker").await;
    window.type_text("1").await;
    window.press_key(fantoccini::key::Key::Enter).await;
    wait_kept(window, before + 4).await;
    window.press(&['i']).await;
    wait_kept(window, before + 5).await;

    // Found by each of them alone, and by nothing that it is not.
    for filter in ["#brass", "due:2027-03-04 priority:1 zinc", "@me", "zinc -#quay status:doing"] {
        window.paste("tree-filter", filter).await;
        only(window, title).await;
    }
    window.paste("tree-filter", "zinc -#brass").await;
    window.find("tree-empty").await;
    window.paste("tree-filter", "").await;
    let row = ask(
        window,
        r"const tree = await look({ kind: 'tree', pursuance, first: 0, folded: [], filter: '#brass', dropped: false, around: null });
          return [tree.rows.length, tree.rows[0].due, tree.rows[0].priority, tree.rows[0].labels, tree.rows[0].claim.name]",
    )
    .await;
    assert_eq!(row, json!([1, "2027-03-04", 1, ["brass"], "Maya"]));
    assert_eq!(kept(window).await, before + 5, "one command for each key, and none for looking");
    window.screenshot("at-size-tree").await;
}

/// Waits until the tree shows one row, with this title.
async fn only(window: &Window, title: &str) {
    eventually(window, &format!("the filter does not leave {title:?} alone"), async || {
        let script = "const rows = [...document.querySelectorAll('[data-testid=tree-row]')]; \
            return document.querySelector('[data-testid=tree]').dataset.rows === '1' ? rows.map((row) => row.dataset.title) : []";
        (window.run(script, vec![]).await == json!([title])).then_some(())
    })
    .await;
}

/// Own entries that no relay has, in the pursuance that is open.
async fn kept(window: &Window) -> u64 {
    ask(window, "return app.pursuances.find((row) => row.pursuance === pursuance).status.kept")
        .await
        .as_u64()
        .expect("a number")
}

async fn wait_kept(window: &Window, entries: u64) {
    eventually(window, &format!("there are not {entries} entries"), async || {
        (kept(window).await == entries).then_some(())
    })
    .await;
}

/// Asks the node as the page does. `app` and `pursuance` (the one that is open) are there for the script.
pub(crate) async fn ask(window: &Window, script: &str) -> Value {
    let whole = format!(
        r"const done = arguments[arguments.length - 1];
        const look = (query) => window.__TAURI_INTERNALS__.invoke('view', {{ query }}).then((answer) => answer.view);
        (async () => {{
            const app = await look({{ kind: 'app' }});
            const open = document.querySelector('[data-testid=rail-pursuance][aria-expanded=true]') ?? document.querySelector('[data-testid=rail-pursuance]');
            const pursuance = open.dataset.pursuance;
            {script};
        }})().then(done, (trouble) => done({{ trouble: String(trouble) }}));"
    );
    window.run_async(&whole, vec![]).await
}

async fn export(window: &Window, path: &Path) {
    window.click("nav-import").await;
    write(window, path).await;
}

/// Writes the list that is chosen into a file.
pub(crate) async fn write(window: &Window, path: &Path) {
    let path_text = path.display().to_string();
    // The field is filled by the app too, once it knows the folder.
    eventually(window, "the path does not stay", async || {
        window.paste("export-path", &path_text).await;
        let now = window.run("return document.querySelector('[data-testid=export-path]').value", vec![]).await;
        (now == json!(path_text)).then_some(())
    })
    .await;
    window.click("export-write").await;
    window.wait_text("export-done", &path.display().to_string()).await;
}
