//! The package for Debian, in a file system of the test's own: installed, it takes invites that are opened anywhere on the
//! desktop; upgraded, it has what an older version kept; removed, it leaves nothing but what people made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pursuance_tests::apart::Run;
use pursuance_tests::own_root::{OwnRoot, enter};
use pursuance_tests::people::{self, eventually};
use pursuance_tests::window::{Launch, Window, hidden_screen, program};

const PROGRAM: &str = "/usr/bin/pursuance";
/// A data folder as version 3 of the store's schema had it, with three tasks; the stories' passphrase opens it.
const OLD_DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/data-of-schema-3");
/// What of the system's own takes note of packages: their list, its log, and caches of what they brought.
const THE_SYSTEMS: [&str; 3] = ["/var/lib/dpkg/", "/var/log/", "/var/cache/"];

#[tokio::test(flavor = "multi_thread")]
async fn installed_upgraded_removed() {
    let root = match enter("packaged::installed_upgraded_removed") {
        Run::Inside(root) => root,
        Run::Done => return,
        Run::Impossible(reason) => {
            eprintln!("not run, for this user can make no file system of their own here: {reason}");
            return;
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let (older, newer) = (pack(dir.path(), "0.0.9"), pack(dir.path(), env!("CARGO_PKG_VERSION")));
    let home = dir.path().join("home");
    let data = home.join("pursuance");
    fs::create_dir_all(&data).unwrap();
    for file in fs::read_dir(OLD_DATA).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), data.join(file.file_name())).unwrap();
    }

    install(&root, &older);
    assert_eq!(root.run("dpkg-query", &["--show", "--showformat=${Version}", "pursuance"]), "0.0.9");
    assert!(root.run(PROGRAM, &["--version"]).starts_with("pursuance "));
    root.run("desktop-file-validate", &["/usr/share/applications/pursuance.desktop"]);
    let handlers = root.run("gio", &["mime", "x-scheme-handler/pursuance"]);
    assert!(handlers.contains("pursuance.desktop"), "{handlers}");

    install(&root, &newer);
    assert_eq!(root.run("dpkg-query", &["--show", "--showformat=${Version}", "pursuance"]), env!("CARGO_PKG_VERSION"));
    assert_eq!(root.run("dpkg", &["--verify", "pursuance"]), "", "what was installed is what was packed");
    let launch = Launch::pursuance("packaged", &data, &["--no-tor"]).of(Path::new(PROGRAM));
    let mut window = Window::open(launch).await;
    window.wait_up_to(90);
    people::unlock(&window).await;
    people::wait_rows(&window, 3).await;
    people::open_task(&window, "Print leaflets").await;
    window.wait_text("comment-text", "The old text is still good.").await;

    // What anything on the desktop does with a link.
    let link = "pursuance:not-a-whole-one";
    let opened = Command::new("gio")
        .args(["open", link])
        .env("XDG_DATA_HOME", &home)
        .env("DISPLAY", hidden_screen())
        .env("GDK_BACKEND", "x11")
        .status();
    assert!(opened.unwrap().success());
    eventually(&window, "the link is not shown", async || {
        (window.count("join-link").await == 1 && window.value("join-link").await == link).then_some(())
    })
    .await;
    window.quit().await;

    root.run("dpkg", &["--remove", "pursuance"]);
    let left = |part| {
        let changed = root.changed(part).into_iter();
        let ours = changed.filter(|path| !THE_SYSTEMS.iter().any(|system| path.starts_with(system)));
        ours.collect::<Vec<PathBuf>>()
    };
    assert_eq!(left("pursuance"), Vec::<PathBuf>::new());
    let handlers = root.run("gio", &["mime", "x-scheme-handler/pursuance"]);
    assert!(!handlers.contains("pursuance.desktop"), "{handlers}");
    root.run("dpkg", &["--purge", "pursuance"]);
    let known = Command::new("dpkg-query").args(["--status", "pursuance"]).output().unwrap();
    assert!(!known.status.success(), "dpkg still knows of it");
    assert!(data.join("vault").exists(), "what a person made is theirs");
}

/// The package of the program as it was built for tests, under this version.
fn pack(dir: &Path, version: &str) -> PathBuf {
    let package = dir.join(format!("pursuance-{version}.deb"));
    let packed = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../src-tauri/debian/pack"))
        .args([program("pursuance").as_os_str(), version.as_ref(), package.as_os_str()])
        // Tests need it soon, not small.
        .env("PACK_OPTIONS", "-Zgzip -z1")
        .status();
    assert!(packed.unwrap().success());
    package
}

fn install(root: &OwnRoot, package: &Path) {
    root.run("dpkg", &["--install", &package.display().to_string()]);
    assert!(!root.changed("/usr/bin/pursuance").is_empty());
}
