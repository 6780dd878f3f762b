//! One person's computers, in real windows: the founder makes a recovery phrase, a second computer comes by code and phrase and opens what
//! was there, also what organisers say among themselves; it is stolen, and shut out with the phrase, whatever it signs.

use pursuance_tests::people::{
    come_in_unseen, eventually, invite_to, open_relay, open_task, open_window, portraits, until, wait_rows,
};
use pursuance_tests::window::Window;
use serde_json::{Value, json};

use crate::governing::{FIRST_TASKS, NEWCOMER, campaign};

const PASSPHRASE: &str = pursuance_tests::people::PASSPHRASE;
const ORGANISERS_TASK: &str = "Talk about what Kim saw";
const BEFORE: &str = "Photograph the permits";
const AFTER: &str = "Meet at the other quay";
/// Of BIP 39, and nobody's here.
const ANOTHER_PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_computer_joins_is_stolen_and_is_shut_out() {
    let dir = tempfile::tempdir().unwrap();
    let relay = open_relay(dir.path());
    let mut maya = open_window("devices", "maya", dir.path(), &relay).await;
    campaign(&maya, &relay).await;
    for title in [BEFORE.to_owned(), format!("{ORGANISERS_TASK} @@organiser")] {
        maya.fill("quick-add", &title).await;
        maya.click("quick-add-submit").await;
    }
    wait_rows(&maya, FIRST_TASKS + 2).await;
    let link = invite_to(&maya, NEWCOMER.0, 2).await;
    let (mut ben, pursuance) = come_in_unseen("Ben", dir.path(), &relay, &link);

    // The phrase is shown once, and asked back whole.
    computers(&maya).await;
    maya.wait_text("recovery-none", "You have none here.").await;
    maya.wait_text("code-show", "Show a code").await;
    portraits(&maya, "devices-none").await;
    maya.click("recovery-make").await;
    maya.wait_count("recovery-word", 12).await;
    portraits(&maya, "devices-phrase").await;
    let phrase = maya.texts("recovery-word").await.join(" ");
    maya.click("recovery-written").await;
    maya.wait_count("recovery-word", 0).await;
    maya.paste("recovery-again", ANOTHER_PHRASE).await;
    maya.click("recovery-declare").await;
    maya.wait_text("recovery-again-fault", "This is not the phrase that was shown last.").await;
    portraits(&maya, "devices-phrase-again").await;
    maya.paste("recovery-again", &phrase).await;
    maya.click("recovery-declare").await;
    maya.wait_text("recovery-has", "You have one.").await;
    assert!(!page(&maya).await.contains(&phrase), "it is not on the page any more");

    // The code alone lets nobody in; with the phrase it does.
    maya.click("code-show").await;
    let code = maya.value("code").await;
    portraits(&maya, "devices-code").await;
    let mut second = open_window("devices", "second", dir.path(), &relay).await;
    second.find("welcome-mine").await;
    portraits(&second, "devices-welcome").await;
    second.click("welcome-mine").await;
    second.fill("passphrase", PASSPHRASE).await;
    second.fill("passphrase-again", PASSPHRASE).await;
    second.click("vault-create").await;
    second.paste("mine-code", &code).await;
    second.paste("mine-phrase", ANOTHER_PHRASE).await;
    second.click("mine-submit").await;
    second.wait_text("mine-phrase-fault", "This code is not of the person with this phrase.").await;
    portraits(&second, "devices-answering").await;
    second.paste("mine-phrase", &phrase).await;
    second.click("mine-submit").await;
    wait_rows(&second, FIRST_TASKS + 2).await;
    maya.wait_text("code-answered", "A computer answered with your phrase.").await;
    maya.wait_count("computer", 2).await;
    portraits(&maya, "devices-two").await;
    open_task(&second, BEFORE).await;
    open_task(&second, ORGANISERS_TASK).await;
    portraits(&second, "devices-second").await;
    computers(&second).await;
    second.wait_count("computer", 2).await;
    second.wait_text("computers", "added").await;

    // It is stolen. Whoever has it stays away from the relay, and signs what they can.
    let known = json!({ "kind": "people", "pursuance": pursuance });
    until(&mut ben, "the second computer is not known", |ben| devices_of(&ben.view(known.clone()), "Maya") == 2);
    let ben_is = member(&ben.view(known.clone()), "Ben");
    let first =
        view(&second, json!({ "kind": "devices", "pursuance": pursuance })).await["devices"][0]["author"].clone();
    second.click("nav-settings").await;
    second.click("offline").await;
    let refused = act(&second, &pursuance, json!({ "kind": "removeDevice", "author": first })).await;
    assert_eq!(refused["trouble"]["refusal"]["code"], "notSenior", "{refused}");
    for command in [
        json!({ "kind": "createTask", "title": "By the thief", "parent": null, "assignees": [], "labels": [] }),
        json!({ "kind": "removeMember", "member": ben_is }),
        json!({ "kind": "invite", "role": NEWCOMER.0, "uses": 9 }),
    ] {
        let done = act(&second, &pursuance, command).await;
        assert!(done["trouble"].is_null(), "{done}");
    }

    // The first computer shuts it out; what that does and does not do stands before the button.
    computers(&maya).await;
    maya.click("stolen-open").await;
    maya.wait_text("stolen", "What it does not do").await;
    portraits(&maya, "devices-stolen").await;
    maya.paste("stolen-phrase", ANOTHER_PHRASE).await;
    maya.click("stolen-submit").await;
    maya.wait_text("stolen-phrase-fault", "this is not your recovery phrase here (F47)").await;
    maya.paste("stolen-phrase", &phrase).await;
    maya.click("stolen-submit").await;
    maya.wait_count("computer", 1).await;
    maya.wait_text("notice", "This computer has new keys.").await;
    portraits(&maya, "devices-back").await;
    maya.click("nav-tree").await;
    maya.fill("quick-add", AFTER).await;
    maya.click("quick-add-submit").await;
    maya.fill("quick-add", &format!("{AFTER}, said to organisers @@organiser")).await;
    maya.click("quick-add-submit").await;
    wait_rows(&maya, FIRST_TASKS + 4).await;

    // Back at the relay, the thief's window says that it is out, and holds nothing of what came after.
    second.click("nav-settings").await;
    second.click("offline").await;
    second.wait_text("device-out-line", "This computer was taken out").await;
    second.wait_text("status-line", "This device was taken out.").await;
    portraits(&second, "devices-out").await;
    let refused = act(&second, &pursuance, json!({ "kind": "removeDevice", "author": first })).await;
    assert!(!refused["trouble"].is_null(), "{refused}");
    let tree = json!({ "kind": "tree", "pursuance": pursuance });
    until(&mut ben, "what was written after the theft did not come", |ben| {
        ben.view(tree.clone()).to_string().contains(AFTER)
    });
    let of_ben = (ben.view(known.clone()), ben.view(tree.clone()).to_string());
    assert_eq!((devices_of(&of_ben.0, "Maya"), of_ben.1.contains("By the thief")), (1, false));
    assert_eq!(of_ben.0["members"].as_array().map(Vec::len), Some(2), "nobody was removed");
    second.click("nav-tree").await;
    second.find("tree").await;
    assert!(!page(&second).await.contains(AFTER));
    let whole = view(&second, tree.clone()).await.to_string();
    assert!(whole.contains(BEFORE) && !whole.contains(AFTER), "{whole}");

    // The owner goes on, and so does what they wrote on the computer that they still have.
    open_task(&maya, BEFORE).await;
    maya.click("nav-people").await;
    maya.wait_count("member", 2).await;
    ben.stop();
    for window in [&mut maya, &mut second] {
        window.quit().await;
    }
}

/// Goes to the screen about my computers.
async fn computers(window: &Window) {
    window.click("nav-settings").await;
    window.click("settings-computers").await;
    window.find("recovery").await;
}

async fn page(window: &Window) -> String {
    let html = window.run("return document.documentElement.outerHTML", vec![]).await;
    html.as_str().expect("a page").to_owned()
}

/// What the window's node shows.
async fn view(window: &Window, query: Value) -> Value {
    let script = "const done = arguments[1]; window.__TAURI_INTERNALS__.invoke('view', { query: arguments[0] }).then((answer) => done(answer.view), (trouble) => done({ trouble }))";
    window.run_async(script, vec![query]).await
}

/// Has the window's node carry a command out, as whoever changed the page could.
async fn act(window: &Window, pursuance: &str, command: Value) -> Value {
    let script = "const done = arguments[1]; window.__TAURI_INTERNALS__.invoke('request', { request: arguments[0] }).then((reply) => done({ reply, trouble: null }), (trouble) => done({ trouble }))";
    let request = json!({ "kind": "act", "pursuance": pursuance, "command": command });
    eventually(window, "no answer", async || {
        let done = window.run_async(script, vec![request.clone()]).await;
        done.is_object().then_some(done)
    })
    .await
}

fn devices_of(people: &Value, name: &str) -> usize {
    let members = people["members"].as_array().expect("a list");
    let found = members.iter().find(|member| member["person"]["name"] == name).expect("a member");
    found["devices"].as_array().map_or(0, Vec::len)
}

fn member(people: &Value, name: &str) -> Value {
    let members = people["members"].as_array().expect("a list");
    members.iter().find(|member| member["person"]["name"] == name).expect("a member")["person"]["member"].clone()
}
