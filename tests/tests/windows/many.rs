//! Forty tasks at once, by keys alone: found, chosen, changed, and brought back; then the same tasks as a list and on a board
//! (docs/user-guide.md, "Several tasks at once").

use std::cell::Cell;

use fantoccini::key::Key;
use pursuance_tests::people::{begin_to_start, complaints, eventually, import, start_pursuance, wait_rows};
use pursuance_tests::window::{Launch, Window};
use serde_json::{Value, json};

use crate::at_size::ask;

const OVERDUE: usize = 40;
const OTHERS: usize = 25;
/// As many keys as the whole work may take.
const MOST_KEYS: u32 = 12;

/// A hand on the keyboard: it presses nothing else, and counts.
struct Hand<'a> {
    window: &'a Window,
    keys: Cell<u32>,
}

impl Hand<'_> {
    async fn key(&self, key: char) {
        self.keys.set(self.keys.get() + 1);
        self.window.press(&[key]).await;
    }

    async fn enter(&self) {
        self.key(char::from(Key::Enter)).await;
    }

    async fn with(&self, held: Key, key: char) {
        self.keys.set(self.keys.get() + 1);
        self.window.press(&[char::from(held), key]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_tasks_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::open(Launch::pursuance("many", dir.path(), &["--no-tor"])).await;
    begin_to_start(&window).await;
    start_pursuance(&window, "Harbour", "Know what is built there", "Maya", "").await;
    import(&window, &list(), OVERDUE + OTHERS).await;
    window.click("nav-tree").await;
    wait_rows(&window, OVERDUE + OTHERS).await;
    let before = tasks(&window).await;
    window.click("tree-filter").await;
    window.press_key(Key::Enter).await;

    let hand = Hand { window: &window, keys: Cell::new(0) };
    hand.with(Key::Control, 'k').await;
    window.find("picker").await;
    for letter in ['v', 'e', 'r'] {
        hand.key(letter).await;
    }
    hand.enter().await;
    wait_rows(&window, OVERDUE).await;
    hand.with(Key::Control, 'a').await;
    window.wait_text("chosen", "40 tasks are selected.").await;
    hand.key('s').await;
    window.wait_text("picker", "Set status · 40 tasks").await;
    hand.enter().await;
    all(&window, "status", "open").await;
    window.wait_text("notice", "40 tasks were changed. Ctrl Z takes it back.").await;
    hand.key('a').await;
    window.find("assign-option").await;
    hand.enter().await;
    all(&window, "asked", "Maya").await;
    hand.key('d').await;
    window.find("due-option").await;
    hand.enter().await;
    let today = ask(&window, "return new Date().toISOString().slice(0, 10)").await;
    all(&window, "due", today.as_str().expect("a day")).await;
    assert!(hand.keys.get() <= MOST_KEYS, "{} keys", hand.keys.get());

    // Three changes of the same tasks are taken back by one key: all forty, and no other.
    window.wait_text("notice", "40 tasks were changed. Ctrl Z takes back all 3 changes of these tasks.").await;
    hand.with(Key::Control, 'z').await;
    for left in ["due", "asked", "status"] {
        let how = format!("{left} is not as it was");
        eventually(&window, &how, async || (column(&window, left).await == field(&before, left)).then_some(())).await;
    }
    assert_eq!(tasks(&window).await, before);

    // The selection stays until it is let go.
    window.wait_text("chosen", "40 tasks are selected.").await;
    window.press_key(Key::Escape).await;
    window.press_key(Key::Escape).await;
    eventually(&window, "they are still selected", async || {
        let chosen = "return document.querySelector('[data-testid=chosen]').dataset.chosen";
        (window.run(chosen, vec![]).await == json!("0")).then_some(())
    })
    .await;
    in_other_layouts(&hand).await;
    window.quit().await;
}

/// As a list, a row is chosen with the next two; on a board, a card goes to the next column and back.
async fn in_other_layouts(hand: &Hand<'_>) {
    let window = hand.window;
    hand.key('v').await;
    hand.key('l').await;
    window.find("list-row").await;
    assert!(window.count("list-row").await <= 80);
    hand.key('x').await;
    hand.with(Key::Shift, char::from(Key::Down)).await;
    hand.with(Key::Shift, char::from(Key::Down)).await;
    window.wait_text("chosen", "3 tasks are selected.").await;
    let mut found = complaints(window, "many-list").await;
    hand.key('p').await;
    window.find("priority-option-1").await;
    hand.enter().await;
    eventually(window, "three are not urgent", async || {
        let rows = "return [...document.querySelectorAll('[data-testid=list-row][data-priority=\"1\"]')].length";
        (window.run(rows, vec![]).await == json!(3)).then_some(())
    })
    .await;
    hand.key(char::from(Key::Escape)).await;
    hand.key(char::from(Key::Escape)).await;

    hand.key('v').await;
    hand.key('b').await;
    window.find("card").await;
    let doing = cards(window, "doing").await;
    assert_eq!(doing, OVERDUE as u64);
    found.extend(complaints(window, "many-board").await);
    hand.with(Key::Alt, char::from(Key::Right)).await;
    eventually(window, "no card went on", async || (cards(window, "review").await == 1).then_some(())).await;
    assert_eq!(cards(window, "doing").await, doing - 1);
    hand.with(Key::Alt, char::from(Key::Left)).await;
    eventually(window, "it did not come back", async || (cards(window, "doing").await == doing).then_some(())).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

async fn cards(window: &Window, status: &str) -> u64 {
    let script = "return Number(document.querySelector(`[data-testid=board-column][data-status=${arguments[0]}]`)?.dataset.cards ?? -1)";
    window.run(script, vec![json!(status)]).await.as_u64().unwrap_or(u64::MAX)
}

/// Forty that should be done by now, and some that are nobody's haste.
fn list() -> String {
    let mut text = "title,status,due\n".to_owned();
    for n in 0..OVERDUE {
        text += &format!("Photograph folder {n},doing,2020-01-{:02}\n", n % 28 + 1);
    }
    for n in 0..OTHERS {
        text += &format!("Read shelf {n},open,\n");
    }
    text
}

/// What each task says, by title.
async fn tasks(window: &Window) -> Value {
    ask(
        window,
        r"const rows = [];
          for (let first = 0; ; first += 50) {
              const page = (await look({ kind: 'list', pursuance, first, sort: 'title', direction: 'up', group: 'tree' })).page;
              rows.push(...page.rows);
              if (page.rows.length === 0) break;
          }
          return rows.map((row) => ({ title: row.title, status: row.status, due: row.due, asked: row.assignees.map((each) => each.name).join(' ') }))",
    )
    .await
}

/// One thing of each of the forty.
fn field(tasks: &Value, name: &str) -> Vec<Value> {
    let tasks = tasks.as_array().expect("rows");
    let forty = tasks.iter().filter(|task| task["title"].as_str().is_some_and(|title| title.starts_with("Photograph")));
    forty.map(|task| task[name].clone()).collect()
}

async fn column(window: &Window, name: &str) -> Vec<Value> {
    field(&tasks(window).await, name)
}

/// Waits until all forty say this.
async fn all(window: &Window, name: &str, value: &str) {
    eventually(window, &format!("not all have {name} {value}"), async || {
        let column = column(window, name).await;
        (column.len() == OVERDUE && column.iter().all(|said| *said == json!(value))).then_some(())
    })
    .await;
}
