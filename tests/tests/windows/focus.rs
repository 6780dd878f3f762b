//! Where Tab goes: through the main views in the order in which they are read, visibly, round and never stuck; and where the focus is
//! after something that lay above the window (docs/user-guide.md, "Keys"). The way in is `by_keys.rs`.

use fantoccini::key::Key;
use pursuance_tests::people::eventually;
use pursuance_tests::window::{Launch, Window};
use serde::Deserialize;
use serde_json::json;

use crate::screens::serve;

/// More stops than any view has.
const MOST_STOPS: usize = 90;
/// Presses of Tab in something that lies above the window: more than it has stops, mostly.
const TABS_ABOVE: usize = 12;
const PATIENCE_SECONDS: u64 = 60;
const BUSY: &str = "?busy";

/// A view: its name, how the sample data begins, what is pressed, and what is there then.
const VIEWS: &[(&str, &str, &[&str], &str)] = &[
    ("welcome", "?stage=fresh", &[], "welcome-start"),
    ("unlock", "?stage=locked", &[], "passphrase"),
    ("start", "?empty", &["welcome-start"], "start-name"),
    ("tree", BUSY, &[], "tree-row"),
    ("task", BUSY, &["tree-row"], "task-title"),
    ("list", BUSY, &["view-list"], "list-row"),
    ("board", BUSY, &["view-board"], "card"),
    ("today", BUSY, &["nav-today"], "today-row"),
    ("inbox", BUSY, &["nav-inbox"], "inbox-of"),
    ("find", BUSY, &["nav-find"], "find-text"),
    ("progress", BUSY, &["nav-progress"], "weeks-table"),
    ("people", BUSY, &["nav-people"], "member"),
    ("person", BUSY, &["nav-people", "member-open"], "person-name"),
    ("decisions", BUSY, &["nav-decisions"], "decision"),
    ("rules", BUSY, &["nav-rules"], "try-answer"),
    ("invites", BUSY, &["nav-invites"], "invite-create"),
    ("relays", BUSY, &["nav-relays"], "relay-add"),
    ("log", BUSY, &["nav-log"], "log-why"),
    ("import", BUSY, &["nav-import"], "import-text"),
    ("settings", BUSY, &["nav-settings"], "offline"),
];

/// What lies above the window: the view, what has the focus before, and the keys or the button that open it.
const ABOVE: &[(&str, &[&str], &str, &[char])] = &[
    ("palette", &[], "tree", &['\u{e009}', 'k']),
    ("keys", &[], "tree", &['?']),
    ("status", &["tree-row"], "tree", &['s']),
    ("assign", &["tree-row"], "tree", &['a']),
    ("label", &["tree-row"], "tree", &['b']),
    ("due", &["tree-row"], "tree", &['d']),
    ("move", &["tree-row"], "tree", &['m']),
    ("readers", &["tree-row"], "tree", &['w']),
    ("more", &["tree-row"], "detail-more", &[]),
    ("label of a task", &["tree-row"], "label-add", &[]),
    ("views", &[], "views", &[]),
    ("remove", &["nav-people", "member-open#1"], "person-remove", &[]),
];

/// Keeps what Tab does: where it is, and whether one sees it there.
const WATCH: &str = r"
    const looks = (element) => {
        const all = [element, element.parentElement, element.parentElement?.parentElement];
        const active = element.getAttribute('aria-activedescendant');
        if (active !== null) { const row = document.getElementById(active); all.push(row, ...(row?.children ?? [])); }
        return all.filter(Boolean).map((each) => {
            const style = getComputedStyle(each);
            return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow, style.borderColor, style.backgroundColor].join(' ');
        }).join(' | ');
    };
    const called = (element) => element.dataset.testid ?? `${element.tagName} ${(element.textContent ?? '').trim().slice(0, 30)}`;
    const places = new WeakMap();
    const seen = [];
    window.pursuanceStops = seen;
    window.pursuanceStop = () => {
        const last = seen.at(-1);
        const here = document.activeElement;
        // Where the focus was looks otherwise now, or nobody could see that it was there.
        if (last !== undefined && last.element !== here) last.visible = looks(last.element) !== last.looks;
        if (here === null || here === document.body || here === document.documentElement) return null;
        if (!places.has(here)) places.set(here, seen.length);
        const place = places.get(here);
        if (place < seen.length) return place;
        const box = here.getBoundingClientRect();
        // Where it stands in what is scrolled, not where it was scrolled to.
        const scrolled = { left: 0, top: 0 };
        for (let up = here.parentElement; up !== null; up = up.parentElement) { scrolled.left += up.scrollLeft; scrolled.top += up.scrollTop; }
        seen.push({
            element: here, looks: looks(here), visible: null, name: called(here), region: here.closest('[data-region]')?.dataset.region ?? '',
            left: box.left + scrolled.left, top: box.top + scrolled.top, right: box.right + scrolled.left, bottom: box.bottom + scrolled.top,
            after: seen.length === 0 || (seen.at(-1).element.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
        });
        return place;
    };";

/// A stop of Tab.
#[derive(Debug, Deserialize)]
struct Stop {
    name: String,
    region: String,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    after: bool,
    visible: Option<bool>,
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_goes_through_every_view_as_it_is_read() {
    let browser = Launch::plain_browser("focus").expect("it comes with the library that the app is built with");
    let home = serve().await;
    let mut window = Window::open(browser).await;
    window.wait_up_to(PATIENCE_SECONDS);
    window.resize(1280, 800).await;
    let mut wrong = Vec::new();
    for (name, begins, presses, there) in VIEWS {
        go(&window, &home, begins, presses, there).await;
        let stops = round(&window, name).await;
        assert!(stops.len() > 1, "{name}: {stops:?}");
        wrong.extend(complaints(name, &stops));
        println!("{name}: {} stops", stops.len());
    }
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_focus_comes_back_from_what_lies_above_the_window() {
    let browser = Launch::plain_browser("focus-above").expect("it comes with the library that the app is built with");
    let home = serve().await;
    let mut window = Window::open(browser).await;
    window.wait_up_to(PATIENCE_SECONDS);
    window.resize(1280, 800).await;
    let mut wrong = Vec::new();
    for (name, presses, opener, keys) in ABOVE {
        go(&window, &home, BUSY, presses, opener).await;
        let focus = "const found = document.querySelector(`[data-testid=${arguments[0]}]`); found.focus(); return document.activeElement === found";
        eventually(&window, &format!("{name}: {opener} does not take the focus"), async || {
            (window.run(focus, vec![json!(opener)]).await == json!(true)).then_some(())
        })
        .await;
        match keys {
            [] => window.press_key(Key::Enter).await,
            keys => window.press(keys).await,
        }
        let inside = "return document.querySelector('[data-overlay]')?.contains(document.activeElement) ?? null";
        eventually(&window, &format!("{name}: the focus is not in it"), async || {
            (window.run(inside, vec![]).await == json!(true)).then_some(())
        })
        .await;
        for keys in [&[char::from(Key::Tab)][..], &[char::from(Key::Shift), char::from(Key::Tab)]] {
            for _ in 0..TABS_ABOVE {
                window.press(keys).await;
                if window.run(inside, vec![]).await != json!(true) {
                    let at = window.run("return document.activeElement?.outerHTML.slice(0, 120)", vec![]).await;
                    wrong.push(format!("{name}: {} keys of Tab lead out of it, to {at}", keys.len()));
                    break;
                }
            }
        }
        window.press_key(Key::Escape).await;
        let back =
            "return [document.querySelector('[data-overlay]') === null, document.activeElement?.dataset?.testid ?? '']";
        eventually(&window, &format!("{name}: the focus does not come back to {opener}"), async || {
            (window.run(back, vec![]).await == json!([true, opener])).then_some(())
        })
        .await;
    }
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

/// Begins anew, and presses what leads to a view; of several that are called alike the first, or that after `#`.
async fn go(window: &Window, home: &str, begins: &str, presses: &[&str], there: &str) {
    window.go(&format!("{home}{begins}")).await.expect("it is served");
    window.wait_seq_after(0).await;
    for press in presses {
        let (id, at) = press.split_once('#').unwrap_or((press, "0"));
        let script = "const found = document.querySelectorAll(`[data-testid=${arguments[0]}]`)[Number(arguments[1])]; found?.click(); return found !== undefined";
        eventually(window, press, async || {
            (window.run(script, vec![json!(id), json!(at)]).await == json!(true)).then_some(())
        })
        .await;
    }
    window.find(there).await;
}

/// Presses Tab from the first stop on until it comes there again; all stops.
async fn round(window: &Window, name: &str) -> Vec<Stop> {
    // From the beginning of the page.
    let begin = format!(
        "{WATCH} document.activeElement?.blur(); getSelection().setBaseAndExtent(document.body, 0, document.body, 0);"
    );
    window.run(&begin, vec![]).await;
    for _ in 0..MOST_STOPS {
        window.press_key(Key::Tab).await;
        let at = window.run("return [window.pursuanceStop(), window.pursuanceStops.length]", vec![]).await;
        // Round once; the browser has no other stops than those of the page.
        if at[0] == json!(0) && at[1].as_u64().is_some_and(|stops| stops > 1) {
            let stops = "return window.pursuanceStops.map(({ element, looks, ...stop }) => stop)";
            return serde_json::from_value(window.run(stops, vec![]).await).expect("stops");
        }
        assert!(
            at[0].is_null() || at[0].as_u64() == at[1].as_u64().map(|stops| stops - 1),
            "{name}: Tab goes back to stop {} and is stuck there",
            at[0]
        );
    }
    panic!("{name}: {MOST_STOPS} times Tab do not lead round");
}

/// What is wrong with a round.
fn complaints(view: &str, stops: &[Stop]) -> Vec<String> {
    let mut wrong = Vec::new();
    // Where a round did not begin at the first of all, it comes to it once.
    let mut came_round = false;
    for (stop, next) in stops.iter().zip(stops.iter().skip(1)) {
        let (from, to) = (&stop.name, &next.name);
        if !next.after && core::mem::replace(&mut came_round, true) {
            wrong.push(format!("{view}: {to} stands before {from} in the page"));
        }
        // In one region nothing goes up but to a column beside, and nothing goes back in its line.
        let above = next.bottom <= stop.top + 1.0 && next.left < stop.right - 1.0;
        let overlaps = next.top < stop.bottom - 1.0 && stop.top < next.bottom - 1.0;
        let before = overlaps && next.right <= stop.left + 1.0;
        if stop.region == next.region && (above || before) {
            wrong.push(format!("{view}: {to} is read before {from}"));
        }
    }
    let unseen = stops.iter().filter(|stop| stop.visible == Some(false));
    wrong.extend(unseen.map(|stop| format!("{view}: nobody sees that {} has the focus", stop.name)));
    wrong
}
