//! Hostile text from somebody who was let in: nothing is fetched or run, and the screen says what is so (docs/threat-model.md, "Members").

use pursuance_tests::apart::Run;
use pursuance_tests::own_network::{Counted, enter};
use pursuance_tests::people::{
    begin_to_start, come_in_unseen, complaints, eventually, invite, open_relay, open_task, open_window,
    start_pursuance, wait_rows,
};
use serde_json::{Value, json};

const NOTHING: Counted = Counted { packets: 0, datagrams: 0 };
/// Reads as *Maya*, with a letter of another script.
const LOOKS_LIKE_MAYA: &str = "M\u{430}ya";
const TITLE: &str = "Read the plan";
/// What no entry holds.
const UNCLEAN: [&str; 3] = ["a\u{202e}gnp.exe", "a\u{7}b\u{1b}[2J", "a\u{2067}b"];
/// Each names the address that it would reach, or the title that it would give to the page.
const MARKUP: &str = "<img src=http://192.0.2.7/a.png onerror=\"document.title='run'\"><script>document.title='run'</script><iframe src=http://192.0.2.7/></iframe> <style>*{display:none}</style>";
/// As long as a label may be.
const LABEL: &str = "<img src=x onerror=\"document.title='run'\">";
const LINKS: &str = "[the *plan*](https://192.0.2.8/plan) [run](javascript:document.title='run') [read](file:///etc/passwd) [data](data:text/html,<script>document.title='run'</script>) ![picture](http://192.0.2.9/p.png) <https://\u{430}pple.example/>";
const UNSEEN: &str = "pay\u{200b}pal\u{2060} \u{feff}here";

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_stays_text() {
    let counter = match enter("hostile_text::hostile_text_stays_text") {
        Run::Inside(counter) => Some(counter),
        Run::Done => return,
        Run::Impossible(reason) => {
            println!("packets are not counted: this user may make no network here: {reason}");
            None
        }
    };
    let dir = tempfile::tempdir().expect("a folder");
    let relay = open_relay(dir.path());
    let mut maya = open_window("hostile-text", "maya", dir.path(), &relay).await;
    begin_to_start(&maya).await;
    start_pursuance(&maya, "Harbour", "Know what is built there", "Maya", relay.address()).await;
    let link = invite(&maya, 1).await;
    maya.run(WATCH, vec![]).await;
    let (mut other, pursuance) = come_in_unseen(LOOKS_LIKE_MAYA, dir.path(), &relay, &link);
    let mut act = |command: Value| other.request(json!({ "kind": "act", "pursuance": pursuance, "command": command }));
    let created =
        act(json!({ "kind": "createTask", "title": TITLE, "parent": null, "assignees": [], "labels": [LABEL] }));
    let task = created["task"].as_str().unwrap_or_else(|| panic!("{created}")).to_owned();
    act(json!({ "kind": "setBody", "task": task, "body": format!("{LINKS}\n\n{MARKUP}") }));
    for text in [MARKUP, LINKS, UNSEEN, &"> ".repeat(2_000), &"*_[`(<".repeat(2_000)] {
        act(json!({ "kind": "comment", "task": task, "text": text }));
    }
    act(json!({ "kind": "claim", "task": task }));
    let comment = |text: &str| {
        let command = json!({ "kind": "comment", "task": task, "text": text });
        json!({ "kind": "act", "pursuance": pursuance, "command": command })
    };
    // An honest program leaves out what turns a line before it signs; what is too long it does not sign at all.
    for text in UNCLEAN {
        other.request(comment(text));
    }
    assert!(other.refusal(comment(&"W".repeat(200_000))).is_some(), "it was written");

    maya.click("nav-tree").await;
    wait_rows(&maya, 1).await;
    open_task(&maya, TITLE).await;
    maya.wait_count("comment-text", 5 + UNCLEAN.len()).await;
    maya.wait_text("task-claim", LOOKS_LIKE_MAYA).await;

    // What is shown is what was written, in its place, and the address of each link in the letters that say so.
    let body = maya.text("task-body").await;
    for said in [
        "<img src=http://192.0.2.7/a.png",
        "[run](javascript:document.title='run')",
        "[read](file:///etc/passwd)",
        "[data](data:",
    ] {
        assert!(body.contains(said), "{said:?} is not in {body:?}");
    }
    let addresses = maya.texts("link-address").await;
    for address in ["https://192.0.2.8/plan", "http://192.0.2.9/p.png", "https://xn--pple-43d.example/"] {
        assert!(addresses.iter().any(|shown| shown == address), "{address} is not in {addresses:?}");
    }
    let comments = maya.texts("comment-text").await;
    assert!(comments.iter().any(|text| text.contains("pay[U+200B]pal[U+2060]")), "{comments:?}");
    let turns = |c: char| {
        c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    assert!(!comments.iter().any(|text| text.contains(turns)), "{comments:?}");
    // Two who look alike: each with a mark, wherever they are named.
    let claim = maya.text("task-claim").await;
    assert!(claim.contains(" · "), "{claim:?} tells nobody which of the two it is");
    maya.click("nav-people").await;
    maya.wait_count("member", 2).await;
    let names = maya.texts("member").await;
    let marks = maya
        .run(
            "return [...document.querySelectorAll('[data-testid=member] .mark')].map((mark) => mark.textContent)",
            vec![],
        )
        .await;
    let marks: Vec<String> = serde_json::from_value(marks).expect("texts");
    assert!(
        marks.len() == 2 && marks[0] != marks[1] && marks.iter().all(|mark| mark.len() == 4),
        "{marks:?} {names:?}"
    );

    // Pressing a link does nothing but copy: the page stays, and nothing in it runs, is fetched, or is refused by the policy.
    maya.click("nav-tree").await;
    open_task(&maya, TITLE).await;
    let home = maya.address().await;
    maya.run("for (const link of document.querySelectorAll('[data-testid=link], [data-testid=link-address], [data-testid=link-copy]')) link.click()", vec![]).await;
    eventually(&maya, "nothing was said of the address", async || {
        let said = maya.count("notice").await + maya.count("copied").await;
        (said > 0).then_some(())
    })
    .await;
    assert_eq!(maya.address().await, home);
    let seen = maya.run(SEEN, vec![]).await;
    assert_eq!(seen, json!({ "title": "Pursuance", "violations": [], "elements": [], "fetched": [] }));
    let found = complaints(&maya, "hostile-text").await;
    assert!(found.is_empty(), "{}", found.join("\n"));
    other.stop();
    maya.quit().await;
    if let Some(counter) = counter {
        assert_eq!(counter.counted(), NOTHING, "of two people through a relay on this computer");
        counter.control();
    }
}

/// Notes from now on what the policy of the page refuses.
const WATCH: &str = "window.violations = []; document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));";
/// What a text could have become; what was asked of another address than the page's own.
const SEEN: &str = "const kinds = 'a, img, iframe, object, embed, video, audio, base, meta[http-equiv=refresh], [href^=\"http\"], [src^=\"http\"], [onerror], [onclick], body script, body style';
    return { title: document.title, violations: window.violations, elements: [...document.body.querySelectorAll(kinds)].map((found) => found.outerHTML.slice(0, 80)),
        fetched: performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => !name.startsWith('tauri://') && !name.startsWith('ipc://')) };";
