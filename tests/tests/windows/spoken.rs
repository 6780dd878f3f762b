//! What a screen reader is told of each screen, while WebKit's process that runs scripts is shut in: every control has a kind and
//! a name, and nothing that can be pressed or typed into is missing.

use std::time::Duration;

use fantoccini::key::Key;
use pursuance_tests::people::{self, PASSPHRASE, begin_to_start, eventually, start_pursuance, wait_rows};
use pursuance_tests::spoken::{Desk, Spoken};
use pursuance_tests::window::{Launch, Window};

/// Things that one presses, chooses or types into, as AT-SPI2 numbers them: check box, combo box, menu item, password text,
/// push, radio, spin and toggle button, slider, entry, link, tree item, list box.
const CONTROLS: [u32; 13] = [7, 11, 35, 40, 43, 44, 52, 62, 51, 79, 88, 91, 98];
/// The page's own list of them; nothing around an open dialog counts.
const IN_THE_PAGE: &str = r"
    const around = document.querySelector('dialog[open], [aria-modal=true]') ?? document;
    const controls = around.querySelectorAll('button, input, select, textarea, a[href], [role=treeitem], [role=button]');
    return [...controls].filter((each) => each.checkVisibility() && each.closest('[inert], [aria-hidden=true]') === null).length";
const TREE_MILLIS: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn every_control_has_a_name() {
    let desk = Desk::start().await;
    let dir = tempfile::tempdir().unwrap();
    let launch = Launch::pursuance("spoken", dir.path(), &["--no-tor"]).heard_on(&desk);
    let mut window = Window::open(launch).await;
    window.find("welcome").await;
    named(&window, &desk, "welcome", "Start a pursuance").await;
    begin_to_start(&window).await;
    named(&window, &desk, "start", "Mission").await;
    start_pursuance(&window, "Harbour watch", "Keep the east quay open", "Maya", "").await;
    for title in ["Rent a hall", "Print leaflets"] {
        window.fill("quick-add", title).await;
        window.press_key(Key::Enter).await;
    }
    wait_rows(&window, 2).await;
    people::open_task(&window, "Rent a hall").await;
    named(&window, &desk, "a task beside the tree", "Rent a hall").await;
    window.click("task-status").await;
    window.find("picker").await;
    named(&window, &desk, "a picker", "Done").await;
    window.press_key(Key::Escape).await;
    for (nav, text) in [
        ("nav-people", "Invite somebody"),
        ("nav-rules", "Table"),
        ("nav-invites", "How many may join"),
        ("nav-log", "All"),
        ("nav-settings", "Change the passphrase"),
        ("nav-today", "Today"),
    ] {
        window.click(nav).await;
        named(&window, &desk, nav, text).await;
    }
    window.click("lock").await;
    window.find("unlock").await;
    let told = named(&window, &desk, "locked", "Passphrase").await;
    // What is locked is told to nobody.
    let words = ["Rent a hall", "Harbour watch", "Maya", PASSPHRASE];
    assert!(!told.iter().any(|each| words.iter().any(|word| each.name.contains(word))), "{told:#?}");
    if window.log().contains("make no sandbox") {
        eprintln!("this computer lets nobody make a sandbox: what was told came from outside of one");
    }
    window.quit().await;
}

/// Waits until a screen is told with `text` as a name, then holds what is told against the page.
async fn named(window: &Window, desk: &Desk, screen: &str, text: &str) -> Vec<Spoken> {
    let told = eventually(window, &format!("{screen}: nobody is told {text:?}"), async || {
        let told = desk.everything().await;
        let found = told.iter().any(|each| each.name.contains(text));
        if !found {
            tokio::time::sleep(Duration::from_millis(TREE_MILLIS)).await;
        }
        found.then_some(told)
    })
    .await;
    let controls: Vec<&Spoken> = told.iter().filter(|each| CONTROLS.contains(&each.role)).collect();
    let nameless: Vec<&&Spoken> = controls.iter().filter(|each| each.name.trim().is_empty()).collect();
    assert!(
        nameless.is_empty(),
        "{screen}: {} of {} controls have no name: {nameless:?}",
        nameless.len(),
        controls.len()
    );
    let there = window.run(IN_THE_PAGE, vec![]).await.as_u64().expect("a number");
    assert!(controls.len() as u64 >= there, "{screen}: {there} controls, {} are told of: {told:#?}", controls.len());
    told
}
