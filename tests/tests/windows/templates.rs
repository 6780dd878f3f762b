//! Each kind of group is started in a real window: its first tasks, its rules as they are meant, and what a lone founder is told.

use pursuance_core::language::parse;
use pursuance_core::templates::Template;
use pursuance_tests::people::{
    begin_to_start, choose_template, eventually, open_relay, open_window, portraits, start_pursuance, wait_rows,
};
use pursuance_tests::window::Window;
use serde_json::json;

/// A kind of group: in Rust, in the window's door, what its founders are called, and how many tasks it begins with.
type Kind = (Template, &'static str, &'static str, usize);

const KINDS: [Kind; 5] = [
    (Template::Plain, "plain", "organisers", 0),
    (Template::AffinityGroup, "affinityGroup", "members", 4),
    (Template::OpenCall, "openCall", "stewards", 4),
    (Template::VolunteerCampaign, "volunteerCampaign", "organisers", 5),
    (Template::LeakDesk, "leakDesk", "stewards", 4),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_group_starts_with_its_tasks_and_rules() {
    assert_eq!(KINDS.map(|kind| kind.0).iter().collect::<std::collections::BTreeSet<_>>().len(), Template::ALL.len());
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut window = open_window("templates", "maya", dir.path(), &relay).await;
    begin_to_start(&window).await;
    for (at, (template, code, founders, tasks)) in KINDS.into_iter().enumerate() {
        if at > 0 {
            window.click("rail-start").await;
        }
        choose_template(&window, code).await;
        window.wait_text("start-lone", &format!("While you are the only one of the {founders}")).await;
        if template == Template::LeakDesk {
            window.run("document.querySelector('[data-testid=start-submit]').scrollIntoView()", vec![]).await;
            portraits(&window, "templates-start").await;
        }
        start_pursuance(&window, code, "Keep the east quay open", "Maya", relay.address()).await;
        if tasks == 0 {
            window.find("tree-empty").await;
        } else {
            wait_rows(&window, tasks).await;
            let first = format!("Be three: find two more {founders}");
            let titles = row_titles(&window).await;
            for title in [first.as_str(), "Charter", "Code of conduct"] {
                assert!(titles.iter().any(|each| each == title), "{code}: {title} is not among {titles:?}");
            }
        }
        window.click("nav-rules").await;
        wait_rules(&window, template.table().rules.len()).await;
        if template == Template::LeakDesk {
            portraits(&window, "templates-rules").await;
        }
        window.click("book-text").await;
        let shown = parse(&window.value("rules-text").await).expect("the text that is shown can be read");
        assert_eq!(shown.table, template.table(), "{code}");
    }
    portraits(&window, "templates-text").await;
    window.quit().await;
}

async fn row_titles(window: &Window) -> Vec<String> {
    let script = "return Array.from(document.querySelectorAll('[data-testid=tree-row]'), row => row.dataset.title)";
    serde_json::from_value(window.run(script, vec![]).await).expect("a list of titles")
}

async fn wait_rules(window: &Window, count: usize) {
    eventually(window, &format!("there are not {count} rules"), async || {
        let script = "return document.querySelectorAll('[data-testid=rules] > li').length";
        (window.run(script, vec![]).await == json!(count)).then_some(())
    })
    .await;
}
