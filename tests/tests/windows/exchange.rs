//! Lists of other programs come in, say where they are from, and go on as they were (docs/user-guide.md, "Lists in and out").

use std::path::Path;

use fantoccini::key::Key;
use pursuance_tests::people::{begin_to_start, eventually, open_task, portraits, start_pursuance, wait_rows};
use pursuance_tests::window::{Launch, Window};
use serde_json::json;

use crate::at_size::write;

/// A board of four cards, with two comments on one of them.
const BOARD: &str = include_str!("../../../protocol/node/tests/fixtures/trello-board.json");
const QUOTED: &str = "On my way";

#[tokio::test(flavor = "multi_thread")]
async fn a_board_comes_in_is_found_by_its_file_and_goes_on() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = Window::open(Launch::pursuance("exchange", data.path(), &["--no-tor"])).await;
    begin_to_start(&window).await;
    start_pursuance(&window, "Harbour", "Know what is built there", "Maya", "").await;

    // What cannot be read is named, and nothing is there.
    let broken = files.path().join("broken.json");
    std::fs::write(&broken, &BOARD[..BOARD.len() / 2]).unwrap();
    window.click("nav-import").await;
    window.give_file("import-file", &broken).await;
    window.wait_text("import-problems", "is not JSON, or ends too early").await;
    let commit = window.find("import-commit").await;
    assert_eq!(commit.attr("aria-disabled").await.unwrap().as_deref(), Some("true"));

    // A board: what it becomes is said before, and what is left out.
    let board = files.path().join("quay-2026.json");
    std::fs::write(&board, BOARD).unwrap();
    window.give_file("import-file", &board).await;
    window.wait_text("import-format", "A board of Trello").await;
    window.wait_text("import-left-out", "1 card that is there to be copied").await;
    window.wait_text("import-comments", "2 comments are quoted").await;
    portraits(&window, "exchange-board").await;
    window.click("import-commit").await;
    wait_rows(&window, 4).await;

    // It is found by the file that it came from: `/`, some of its name, Enter.
    window.press(&['/']).await;
    window.find("find-text").await;
    window.type_text("quay-2026 permits").await;
    window.wait_text("find-row", "Photograph the permits").await;
    window.press_key(Key::Enter).await;
    window.wait_text("task-title", "Photograph the permits").await;
    window.wait_text("task-origin", "quay-2026.json").await;
    window.wait_text("origin-people", "asked to do it: \u{2068}Ana Maria, ben\u{2069}").await;
    // What others are said to have written is nobody's word here.
    window.wait_count("comment-quoted", 2).await;
    window.find_with("comment-text", QUOTED).await;
    window.wait_text("comment-quoted", "Written elsewhere by \u{2068}Ana Maria\u{2069}").await;
    portraits(&window, "exchange-origin").await;
    window.click("origin-file").await;
    wait_rows(&window, 4).await;
    let filter = window.find("tree-filter").await;
    assert_eq!(filter.prop("value").await.unwrap().as_deref(), Some("origin:quay-2026.json"));

    // All of it goes out, and comes in elsewhere as it was.
    let (first, second) = (files.path().join("harbour.json"), files.path().join("again.json"));
    export(&window, &first).await;
    let text = std::fs::read_to_string(&first).unwrap();
    assert!(text.contains(QUOTED) && text.contains("\"source\":\"Trello: Harbour\""), "{text}");
    window.click("rail-start").await;
    start_pursuance(&window, "Again", "The same elsewhere", "Ana", "").await;
    window.click("nav-import").await;
    window.give_file("import-file", &first).await;
    window.wait_text("import-format", "A list that Pursuance wrote").await;
    window.click("import-commit").await;
    wait_rows(&window, 4).await;
    open_task(&window, "Photograph the permits").await;
    window.wait_text("task-origin", "harbour.json").await;
    export(&window, &second).await;
    assert_eq!(std::fs::read_to_string(&second).unwrap(), text);
    window.quit().await;
}

async fn export(window: &Window, to: &Path) {
    window.click("nav-import").await;
    // The screen may still be coming.
    eventually(window, "the form is not chosen", async || {
        window.click("export-as-json").await;
        let script = "return document.querySelector('[data-testid=export-as-json]')?.checked === true";
        (window.run(script, vec![]).await == json!(true)).then_some(())
    })
    .await;
    window.wait_text("export-says", "All that is said of the tasks").await;
    write(window, to).await;
}
