//! Every screen about people and rules, empty, full, and with the longest names and rules, as the window's engine draws it: nothing is
//! cut off, axe finds nothing, and the pictures are in `tests/out`. The browser's own bar takes a little of the height: the page has
//! less room than in the window.

use std::path::{Path, PathBuf};

use pursuance_tests::people::{complaints, eventually};
use pursuance_tests::window::{Launch, Window, out_dir};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The policy of the real window, but for the way to the node.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'";
/// Part of the names of the screens to look at, for whoever changes one.
const PART_VARIABLE: &str = "PURSUANCE_SCREENS";
/// Set to anything, the pictures of the user guide are taken anew.
const WRITE_VARIABLE: &str = "PURSUANCE_WRITE_PICTURES";
const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
const MAX_REQUEST_BYTES: usize = 8_192;
const PATIENCE_SECONDS: u64 = 30;

/// A screen: its name, how the sample data begins, and what is pressed, in order.
struct Screen(&'static str, &'static str, &'static [Step]);

/// One step of a person.
enum Step {
    Press(&'static str),
    /// The one that says this.
    PressWith(&'static str, &'static str),
    /// The first, by number from 0, of several.
    PressNth(&'static str, usize),
    Type(&'static str, &'static str),
    Choose(&'static str, usize),
    See(&'static str),
    /// What stands further down is on the picture.
    Reach(&'static str),
    /// A key, where the focus is; a capital with Ctrl.
    Hit(char),
}

use Step::{Choose, Hit, Press, PressNth, PressWith, Reach, See, Type};

const LONG: &str = "?busy&long";
/// Nobody said yet whether Tor may be used.
const TOR_UNASKED: &str = "?status=%7B%22code%22%3A%22torUnasked%22%2C%22kept%22%3A0%7D";
/// A board, as the sample data reads one.
const BOARD: &str =
    r#"{"cards":[{"name":"Book a van","comments":[{"by":"Jo Bakker","text":"Zoe has one"}]},{"name":"Ask Zoe"}]}"#;
/// Everything that people wrote ends with what turns, hides and piles up, with markup and with a link.
const HOSTILE: &str = "?busy&hostile=%E2%80%AEgnp.exe%E2%80%AC%E2%80%8B%E2%80%8B%00o%CC%B5%CC%B5%CC%B5%CC%B5%CC%B5%CC%B5%CC%B5%CC%B5%CC%B5%3Cimg%20src=x%3E%20%5Brun%5D(javascript:run)%20%5Bplan%5D(https://192.0.2.7/)";
/// Keys of witnesses, one with a name without a space.
const WITNESS: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
const LONG_WITNESS: &str = "witness.residents-of-the-lower-quay-and-of-all-streets-that-lead-there.example/wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww+11111111+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
const CHANGE: &str = "role press rank 1 since-joining\nmember { remove member with 2 of member not-self }";
/// That of the sample data.
const PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const DECLARED: &[Step] = &[
    Press("nav-settings"),
    Press("settings-computers"),
    Press("recovery-make"),
    Press("recovery-written"),
    Type("recovery-again", PHRASE),
    Press("recovery-declare"),
    See("recovery-has"),
];
const SCREENS: &[Screen] = &[
    Screen("start", "?empty", &[Press("welcome-start"), Press("start-template-leakDesk"), See("start-caution")]),
    Screen("preview", "?empty&invite=review", &[See("preview-reviewed")]),
    Screen("waiting", "?empty&invite=reviewed", &[See("waiting")]),
    Screen("people", "?busy", &[Press("nav-people"), See("waiting-room")]),
    Screen("people-empty", "", &[PressNth("rail-pursuance", 1), Press("nav-people"), See("people-lone")]),
    Screen("people-long", LONG, &[Press("nav-people"), See("waiting-room")]),
    Screen("person", "?busy", &[Press("nav-people"), PressWith("member-open", "a3f1"), See("suspend")]),
    Screen("person-long", LONG, &[Press("nav-people"), PressNth("member-open", 1), See("phrase-words")]),
    Screen("person-refused", "?busy&role=2", &[Press("nav-people"), PressWith("member-open", "Maya"), See("vouch")]),
    Screen("leave", "", &[Press("nav-people"), PressWith("member-open", "Noor"), Press("leave-open"), See("leave")]),
    Screen(
        "remove",
        "?busy",
        &[Press("nav-people"), PressWith("member-open", "a3f1"), Press("person-remove"), See("remove-effects")],
    ),
    Screen(
        "remove-long",
        LONG,
        &[Press("nav-people"), PressNth("member-open", 1), Press("person-remove"), See("remove-effects")],
    ),
    Screen("arrested-empty", "?busy", &[Press("nav-people"), Press("arrested-open"), See("arrested-who")]),
    Screen(
        "arrested",
        "?busy",
        &[Press("nav-people"), Press("arrested-open"), Choose("arrested-who", 3), See("arrested-not")],
    ),
    Screen(
        "arrested-long",
        LONG,
        &[Press("nav-people"), Press("arrested-open"), Choose("arrested-who", 1), See("arrested-not")],
    ),
    Screen("computers", "?busy", &[Press("nav-settings"), Press("settings-computers"), See("recovery-none")]),
    Screen(
        "computers-phrase",
        "?busy",
        &[Press("nav-settings"), Press("settings-computers"), Press("recovery-make"), See("recovery-words")],
    ),
    Screen("computers-declared", "?busy", DECLARED),
    Screen(
        "computers-code",
        LONG,
        &[
            Press("nav-settings"),
            Press("settings-computers"),
            Press("recovery-make"),
            Press("recovery-written"),
            Type("recovery-again", PHRASE),
            Press("recovery-declare"),
            See("recovery-has"),
            Press("code-show"),
            See("code"),
        ],
    ),
    Screen(
        "computers-stolen",
        "?busy",
        &[
            Press("nav-settings"),
            Press("settings-computers"),
            Press("recovery-make"),
            Press("recovery-written"),
            Type("recovery-again", PHRASE),
            Press("recovery-declare"),
            See("recovery-has"),
            Press("stolen-open"),
            Type("stolen-phrase", "zebra"),
            Press("stolen-submit"),
            See("stolen-phrase-fault"),
        ],
    ),
    Screen("mine", "?empty", &[Press("welcome-mine"), Press("mine-submit"), See("mine-code-fault")]),
    Screen("coming", "?empty&invite=coming", &[See("coming")]),
    Screen("tree-several", "", &[See("tree-row"), Hit('A'), See("chosen-verbs")]),
    Screen("tree-several-long", LONG, &[See("tree-row"), Hit('A'), See("chosen-verbs")]),
    Screen("tree-most", "?rows=3127", &[See("tree-row"), Hit('A'), See("chosen-verbs")]),
    Screen("verbs", "", &[See("tree-row"), Hit('j'), Hit('.'), See("picker")]),
    Screen("verbs-several", "", &[See("tree-row"), Hit('A'), See("chosen-verbs"), Hit('.'), See("picker")]),
    Screen(
        "many",
        "?role=2",
        &[See("tree-row"), Hit('A'), See("chosen-verbs"), Hit('p'), Press("priority-option-2"), See("many-reason")],
    ),
    Screen("move", "", &[See("tree-row"), Hit('j'), Hit('m'), See("move-option")]),
    Screen("palette-found", "", &[See("tree-row"), Hit('K'), Type("picker-input", "the"), See("palette-task")]),
    Screen("list", "", &[Press("view-list"), See("list-row")]),
    Screen("list-long", LONG, &[Press("view-list"), See("list-row")]),
    Screen("list-big", "?rows=3127", &[Press("view-list"), See("list-row"), Press("head-due"), See("list-row")]),
    Screen(
        "list-grouped",
        "",
        &[Press("view-list"), See("list-row"), Press("list-group"), Press("group-due"), See("list-row")],
    ),
    Screen(
        "list-several",
        "",
        &[Press("view-list"), See("list-row"), Hit('j'), Hit('x'), Hit('j'), Hit('x'), See("chosen-verbs")],
    ),
    Screen("list-panel", "", &[Press("view-list"), PressNth("list-row", 2), See("task-panel")]),
    Screen("list-nothing", "", &[Press("view-list"), Type("tree-filter", "nothing such"), See("tree-clear-filter")]),
    Screen("board", "", &[Press("view-board"), See("card")]),
    Screen("board-long", LONG, &[Press("view-board"), See("card")]),
    Screen("board-big", "?rows=3127", &[Press("view-board"), See("card")]),
    Screen("board-panel", "", &[Press("view-board"), PressNth("card", 2), See("task-panel")]),
    Screen("board-nothing", "", &[Press("view-board"), Type("tree-filter", "nothing such"), See("tree-clear-filter")]),
    Screen("keys", "", &[See("tree-row"), Hit('?'), See("keys")]),
    Screen("settings", "", &[Press("nav-settings"), Press("sending-steady"), See("sending-hint")]),
    Screen("keymap", "", &[Press("nav-settings"), Press("key-status"), Hit('a'), See("keymap-fault")]),
    Screen("today", "", &[See("tree-row"), Press("nav-today"), See("today-row")]),
    Screen("today-long", LONG, &[See("tree-row"), Press("nav-today"), See("today")]),
    Screen("find", "", &[See("tree-row"), Press("nav-find"), Type("find-text", "the"), See("find-row")]),
    Screen("find-empty", "", &[See("tree-row"), Press("nav-find"), See("find-count")]),
    Screen("task-details", "", &[PressWith("tree-row", "Open evening"), See("checklist")]),
    Screen("task-more", "", &[PressWith("tree-row", "Open evening"), Press("detail-more"), See("picker")]),
    Screen("welcome", "?stage=fresh", &[See("welcome-model")]),
    Screen("about", "", &[Press("nav-settings"), Press("settings-about"), See("about-version")]),
    Screen("sample", "?empty", &[Press("welcome-look"), See("sample-line"), See("tree-row")]),
    Screen("task-marked", "?busy", &[PressWith("tree-row", "Find out who"), See("link-address")]),
    Screen(
        "task-history",
        "",
        &[
            PressWith("tree-row", "Find out who"),
            Press("history-toggle"),
            PressNth("history-read", 0),
            See("history-text"),
        ],
    ),
    Screen("task-history-long", LONG, &[PressNth("tree-row", 0), Press("history-toggle"), See("history-row")]),
    Screen(
        "task-own",
        "",
        &[
            PressWith("tree-row", "Compare with"),
            Press("own-watch"),
            Press("own-note-edit"),
            Type("own-note-input", "Ask the guard first"),
            Press("own-note-keep"),
            See("own-note"),
            Press("own-snooze"),
            See("own-snooze-day"),
        ],
    ),
    Screen(
        "today-snoozed",
        "",
        &[
            PressWith("tree-row", "Compare with"),
            Press("own-snooze"),
            PressNth("own-snooze-day", 0),
            See("own-snoozed"),
            Press("nav-today"),
            See("today-snoozed-row"),
        ],
    ),
    Screen("views", "", &[See("tree-row"), Press("views"), See("picker")]),
    Screen("hostile-tree", HOSTILE, &[PressNth("tree-row", 0), See("task-title")]),
    Screen("hostile-people", HOSTILE, &[Press("nav-people"), See("member")]),
    Screen("hostile-inbox", HOSTILE, &[Press("nav-inbox"), See("inbox-of")]),
    Screen("progress", "", &[Press("nav-progress"), See("weeks-table")]),
    Screen("progress-empty", "", &[PressNth("rail-pursuance", 1), Press("nav-progress"), See("weeks-said")]),
    Screen("progress-many", "?rows=3127", &[Press("nav-progress"), See("weeks-table")]),
    Screen("suggest", "?busy", &[Type("quick-add", "Ask @b"), See("suggest")]),
    Screen("suggest-long", LONG, &[Type("quick-add", "Ask @"), See("suggest")]),
    Screen("suggest-label", "", &[Type("quick-add", "Ask"), Type("quick-add", "Ask #"), See("suggest")]),
    Screen(
        "suggest-comment",
        "?busy",
        &[PressWith("tree-row", "Book the canteen"), Type("comment-input", "Ask @"), See("suggest")],
    ),
    Screen("suggest-comment-long", LONG, &[PressNth("tree-row", 0), Type("comment-input", "Ask @"), See("suggest")]),
    Screen("rules", "", &[Press("nav-rules"), See("try-answer")]),
    Screen("rules-long", LONG, &[Press("nav-rules"), See("try-answer")]),
    Screen("rules-table", "", &[Press("nav-rules"), Press("book-table"), See("rule-table")]),
    Screen("rules-table-long", LONG, &[Press("nav-rules"), Press("book-table"), See("rule-table")]),
    Screen(
        "rules-text",
        "",
        &[Press("nav-rules"), Press("book-text"), Type("rules-text", CHANGE), See("rules-changes")],
    ),
    Screen(
        "rules-text-long",
        LONG,
        &[Press("nav-rules"), Press("book-text"), Type("rules-text", CHANGE), See("rules-changes")],
    ),
    Screen(
        "rules-wrong",
        "",
        &[
            Press("nav-rules"),
            Press("book-text"),
            Type("rules-text", "organiser { bad tasks }"),
            See("rules-text-fault"),
        ],
    ),
    Screen("decisions", "?busy", &[Press("nav-decisions"), See("decision")]),
    Screen("decisions-empty", "", &[Press("nav-decisions"), See("decisions-none")]),
    Screen("decisions-long", LONG, &[Press("nav-decisions"), See("decision")]),
    Screen(
        "invites",
        "?busy",
        &[Press("nav-invites"), Press("invite-review-yes"), Press("invite-create"), See("invite-link")],
    ),
    Screen("invites-empty", "", &[PressNth("rail-pursuance", 1), Press("nav-invites"), See("invite-create")]),
    Screen("invites-long", LONG, &[Press("nav-invites"), See("invites-past")]),
    Screen("relays", "", &[Press("nav-relays"), See("relay")]),
    Screen("relays-convicted", "?busy", &[Press("nav-relays"), Press("proof-open"), See("proof-path")]),
    Screen("tor-asked", TOR_UNASKED, &[See("tor-connect")]),
    Screen("relays-bundle", "", &[Press("nav-relays"), Press("bundle-write"), See("bundle-done"), Reach("bundle")]),
    Screen(
        "relays-witnesses",
        "",
        &[
            Press("nav-relays"),
            Type("witness-key", WITNESS),
            Press("witness-add"),
            See("relay-cosigned"),
            Type("witness-key", LONG_WITNESS),
            Press("witness-add"),
            See("relay-unsigned"),
        ],
    ),
    Screen(
        "relays-witnesses-below",
        "",
        &[
            Press("nav-relays"),
            Type("witness-key", WITNESS),
            Press("witness-add"),
            See("witness"),
            Type("witness-key", LONG_WITNESS),
            Press("witness-add"),
            See("witness-added"),
            Type("witness-key", "w+00000000"),
            Press("witness-add"),
            See("witness-key-fault"),
            Reach("witnesses"),
        ],
    ),
    Screen("inbox", "?busy", &[Press("nav-inbox"), PressNth("held-refuse", 1), See("inbox-refused")]),
    Screen(
        "inbox-empty",
        "",
        &[Press("nav-inbox"), Press("inbox-look"), Press("person-let-in"), Press("nav-inbox"), See("inbox-empty")],
    ),
    Screen("inbox-long", LONG, &[Press("nav-inbox"), PressNth("held-refuse", 0), See("inbox-refused")]),
    Screen("task-origin", "", &[PressWith("tree-row", "Print leaflets"), See("origin-people"), See("comment-quoted")]),
    Screen("task-origin-long", LONG, &[PressNth("tree-row", 0), See("origin-people")]),
    Screen(
        "import-board",
        "",
        &[Press("nav-import"), Type("import-text", BOARD), See("import-left-out"), See("import-comments")],
    ),
    Screen("import-broken", LONG, &[Press("nav-import"), Type("import-text", "[{}, {}]"), See("import-problems")]),
    Screen("export", "", &[Press("nav-import"), Press("export-as-json"), See("export-says")]),
    Screen("export-long", LONG, &[Press("nav-import"), Press("export-as-iCalendar"), See("export-says")]),
    Screen("log", "?busy", &[Press("nav-log"), Press("log-plain-make"), See("log-plain-text")]),
    Screen("log-long", LONG, &[Press("nav-log"), See("log-why")]),
    Screen(
        "readers",
        "?busy",
        &[PressWith("tree-row", "Book the canteen"), Press("readers-open"), See("readers-role")],
    ),
    Screen(
        "readers-warning",
        "?busy",
        &[
            PressWith("tree-row", "Book the canteen"),
            Press("readers-open"),
            PressNth("readers-role", 1),
            See("readers-warning"),
        ],
    ),
    Screen(
        "tree-long",
        "?busy&long&suggesting",
        &[Type("quick-add", "Paint @nobody #field fri"), PressNth("tree-row", 0), See("task-title")],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_screen_about_people_and_rules_cuts_anything_off() {
    let browser = Launch::plain_browser("screens").expect("it comes with the library that the app is built with");
    let home = serve().await;
    let mut window = Window::open(browser).await;
    window.wait_up_to(PATIENCE_SECONDS);
    let mut all = Vec::new();
    let part = std::env::var(PART_VARIABLE).unwrap_or_default();
    for Screen(name, begins, steps) in SCREENS.iter().filter(|screen| screen.0.contains(&part)) {
        window.go(&format!("{home}{begins}")).await.expect("it is served");
        window.wait_seq_after(0).await;
        for step in *steps {
            take(&window, step).await;
        }
        all.extend(complaints(&window, &format!("screen-{name}")).await);
    }
    assert!(all.is_empty(), "{} complaints:\n{}", all.len(), all.join("\n"));
    if part.is_empty() && std::env::var_os(WRITE_VARIABLE).is_some() {
        for name in guide_pictures() {
            let taken = out_dir().join(format!("screen-{name}-light-1024.png"));
            std::fs::copy(taken, Path::new(GUIDE).join(format!("images/guide/{name}.png"))).expect("it was taken");
        }
    }
}

#[test]
fn each_picture_of_the_guide_is_of_a_screen() {
    let names = guide_pictures();
    assert!(!names.is_empty());
    for name in names {
        assert!(SCREENS.iter().any(|screen| screen.0 == name), "{name} is no screen");
        let picture = Path::new(GUIDE).join(format!("images/guide/{name}.png"));
        assert!(
            picture.is_file(),
            "{name} was not taken: {WRITE_VARIABLE}=1 cargo test --workspace --test windows screens"
        );
    }
}

/// The screens that the user guide shows, by its links to their pictures.
fn guide_pictures() -> Vec<String> {
    let guide = std::fs::read_to_string(Path::new(GUIDE).join("user-guide.md")).expect("there is a user guide");
    let links = guide.split("](images/guide/").skip(1);
    links.map(|link| link.split(".png)").next().unwrap_or_default().to_owned()).collect()
}

async fn take(window: &Window, step: &Step) {
    match step {
        Press(id) => press(window, id, 0).await,
        PressWith(id, text) => window.click_with(id, text).await,
        PressNth(id, nth) => press(window, id, *nth).await,
        Type(id, text) => window.paste(id, text).await,
        Choose(id, nth) => {
            window.find(id).await;
            let choose = "const list = document.querySelector(`[data-testid=${arguments[0]}]`); list.selectedIndex = arguments[1]; list.dispatchEvent(new Event('change', { bubbles: true }))";
            window.run(choose, vec![json!(id), json!(nth)]).await;
        }
        See(id) => {
            window.find(id).await;
        }
        Reach(id) => window.bring_into_sight(id).await,
        Hit(key) if key.is_ascii_uppercase() => window.press_ctrl(key.to_ascii_lowercase()).await,
        Hit(key) => window.press(&[*key]).await,
    }
}

/// Serves the built screens on this computer; gives their address.
pub(crate) async fn serve() -> String {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/dist");
    assert!(dist.join("index.html").is_file(), "build the screens first: ./x ui");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("this computer has a free port");
    let home = format!("http://{}/", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, dist.clone()));
        }
    });
    home
}

/// Answers one request with a file of the built screens.
async fn answer(mut stream: TcpStream, dist: PathBuf) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && request.len() < MAX_REQUEST_BYTES {
        let Ok(byte) = stream.read_u8().await else { return };
        request.push(byte);
    }
    let request = String::from_utf8_lossy(&request);
    let path = request.split([' ', '?']).nth(1).unwrap_or("/").trim_start_matches('/');
    let name = if path.is_empty() { "index.html" } else { path };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        _ => "application/octet-stream",
    };
    let file = if name.contains("..") { None } else { tokio::fs::read(dist.join(name)).await.ok() };
    let (status, body) = file.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}; charset=utf-8\r\ncontent-length: {length}\r\ncontent-security-policy: {POLICY}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).await.ok();
}

/// How a press reaches a screen is not asked here, and one that falls into scrolling never does.
async fn press(window: &Window, id: &str, nth: usize) {
    let press = "const found = document.querySelectorAll(`[data-testid=${arguments[0]}]`)[arguments[1]]; found?.click(); return found !== undefined";
    eventually(window, id, async || {
        (window.run(press, vec![json!(id), json!(nth)]).await == json!(true)).then_some(())
    })
    .await;
}
