//! What people do in their windows, step by step as the screens offer it (docs/user-guide.md).

use serde_json::{Value, json};

use crate::window::Window;

/// The passphrase of everybody in the stories.
pub const PASSPHRASE: &str = "a long walk along the harbour";

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

/// Founds a pursuance.
pub async fn start_pursuance(window: &Window, name: &str, mission: &str, my_name: &str, relay: &str) {
    window.fill("start-name", name).await;
    window.fill("start-mission", mission).await;
    window.fill("start-my-name", my_name).await;
    window.paste("start-relay", relay).await;
    window.click("start-submit").await;
    window.find("quick-add").await;
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

/// Opens an invite link and waits for its preview.
pub async fn open_invite(window: &Window, link: &str) {
    window.paste("join-link", link).await;
    window.click("join-open").await;
    window.find("preview").await;
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
